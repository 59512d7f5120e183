# Oracle of tests/stats/test_effects.py: Rscript effects.R > effects.json
suppressMessages({library(jsonlite); library(lavaan)})
pd <- read.csv("PoliticalDemocracy.csv"); hs <- read.csv("HolzingerSwineford1939.csv")
m <- "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + y2 + y3 + y4\ndem65 =~ y5 + y6 + y7 + y8\ndem60 ~ a*ind60\ndem65 ~ c*ind60 + b*dem60\nindirect := a*b\ntotal := c + a*b"
e <- parameterEstimates(sem(m, pd), standardized = TRUE); d <- e[e$op == ":=", ]
std <- standardizedSolution(sem(m, pd)); std <- std[std$op == ":=", ]
v <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
steps <- list("none", "loadings", c("loadings", "intercepts"), c("loadings", "intercepts", "residuals"))
inv <- function(est) { f <- lapply(steps, function(s) cfa(v, hs, group = "school", group.equal = s, estimator = est)); t <- lavTestLRT(f[[1]], f[[2]], f[[3]], f[[4]], method = "satorra.bentler.2001")
  list(chisq = sapply(f, fitmeasures, if (est == "MLR") "chisq.scaled" else "chisq"), df = sapply(f, fitmeasures, "df"), cfi = sapply(f, fitmeasures, if (est == "MLR") "cfi.robust" else "cfi"), rmsea = sapply(f, fitmeasures, if (est == "MLR") "rmsea.robust" else "rmsea"), srmr = sapply(f, fitmeasures, "srmr"), diff = t[["Chisq diff"]][-1], p = t[["Pr(>Chisq)"]][-1]) }
out <- list(source = "R 4.2.2, lavaan 0.6-14: sem on PoliticalDemocracy with := (delta method); cfa on HolzingerSwineford1939 by school, lavTestLRT",
  est = d$est, se = d$se, std = std$est.std, std_se = std$se, paths = e[e$op == "~", c("lhs", "rhs", "est", "se", "z", "pvalue", "std.all")], ML = inv("ML"), MLR = inv("MLR"))
cat(toJSON(out, digits = 10, auto_unbox = TRUE, pretty = TRUE))
