# Reference fits of structural equation models: Rscript sem.R  (R 4.2.2, lavaan 0.6-14)
# Reads HolzingerSwineford1939.csv and writes PoliticalDemocracy.csv, hs_missing.csv, sem.json.
suppressMessages({library(lavaan); library(jsonlite)})
hs <- read.csv("HolzingerSwineford1939.csv")
data(PoliticalDemocracy)
write.csv(PoliticalDemocracy, "PoliticalDemocracy.csv", row.names = FALSE)
items <- paste0("x", 1:9)
gone <- hs[, c("school", "ageyr", items)]
set.seed(7)
for (item in items[c(2, 3, 5, 8, 9)]) gone[runif(nrow(gone)) < 0.08, item] <- NA
gone$x6[gone$x4 > 4.5] <- NA
gone[17, items] <- NA
write.csv(gone, "hs_missing.csv", row.names = FALSE, na = "")

three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
political <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8"
political_equal <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p*ind60
dem65 ~ ind60 + q*dem60
through := p*q
ratio := through/(1 + exp(p))"
path <- "x7 ~ x1 + x4 + ageyr\nx9 ~ x7 + x1\nx8 ~ x7"
mediation <- "x7 ~ a*x1
x9 ~ c*x1 + b*x7
indirect := a*b
total := c + indirect"
mimic <- paste(three, "visual ~ ageyr + sex\nspeed ~ ageyr + visual", sep = "\n")
modified <- "visual =~ NA*x1 + start(0.5)*x2 + 0.7*x3
visual ~~ 1*visual
textual =~ x4 + l*x5 + l*x6
speed =~ x7 + x8 + x9
visual ~~ 0*textual
x7 ~~ x8
x1 ~ 4.9*1"
second <- paste(three, "g =~ visual + textual + speed", sep = "\n")
single <- "visual =~ x1 + x2 + x3\none =~ x4\none ~ visual"
per_group <- "visual =~ x1 + c(a, b)*x2 + c(0.7, NA)*x3
textual =~ x4 + d*x5 + x6
visual ~~ c(v1, v2)*visual
difference := v1 - v2"

tell <- function(made, data, index = FALSE) {
  fit <- made$fit
  columns <- c("lhs", "op", "rhs", "group", "label", "est", "se", "z", "pvalue", "ci.lower",
               "ci.upper", "std.all")
  rows <- parameterEstimates(fit, standardized = TRUE)
  if (is.null(rows$group)) rows$group <- 1
  if (is.null(rows$label)) rows$label <- ""
  out <- list(call = made$call, data = data,
              fit = as.list(fitMeasures(fit)), parameters = as.data.frame(rows)[, columns])
  if (index) out$indices <- as.data.frame(modindices(fit))
  out
}
# lavaan's search stops early; the tightest tolerance that it still calls converged is kept.
m <- function(...) {
  called <- sub("^m\\(", "sem(", gsub(" +", " ", paste(deparse(sys.call()), collapse = " ")))
  for (tolerance in c(1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10)) {
    fit <- suppressWarnings(sem(..., control = list(rel.tol = tolerance), em.h1.tol = 1e-12,
                                em.h1.iter.max = 5000))
    if (lavInspect(fit, "converged")) break
  }
  list(fit = fit, call = called)
}
fits <- list(
  hs = tell(m(three, hs), "hs", TRUE),
  hs_wishart = tell(m(three, hs, likelihood = "wishart"), "hs", TRUE),
  hs_std_lv = tell(m(three, hs, std.lv = TRUE), "hs"),
  hs_means = tell(m(three, hs, meanstructure = TRUE), "hs", TRUE),
  political = tell(m(political, PoliticalDemocracy), "political", TRUE),
  political_equal = tell(m(political_equal, PoliticalDemocracy), "political", TRUE),
  path = tell(m(path, hs), "hs", TRUE),
  path_random = tell(m(path, hs, fixed.x = FALSE), "hs"),
  mediation = tell(m(mediation, hs), "hs"),
  mimic = tell(m(mimic, hs), "hs", TRUE),
  modified = tell(m(modified, hs), "hs"),
  second = tell(m(second, hs), "hs"),
  single = tell(m(single, hs), "hs"),
  hs_fiml = tell(m(three, gone, missing = "fiml"), "missing", TRUE),
  path_fiml = tell(m(path, gone, missing = "fiml"), "missing"),
  groups_fiml = tell(m(three, gone, missing = "fiml", group = "school",
                       group.equal = c("loadings", "intercepts")), "missing"),
  hs_mlr = tell(m(three, hs, estimator = "MLR"), "hs"),
  political_mlr = tell(m(political, PoliticalDemocracy, estimator = "MLR"), "political"),
  mimic_mlr = tell(m(mimic, hs, estimator = "MLR"), "hs"),
  hs_mlr_fiml = tell(m(three, gone, estimator = "MLR", missing = "fiml"), "missing"),
  configural = tell(m(three, hs, group = "school"), "hs", TRUE),
  metric = tell(m(three, hs, group = "school", group.equal = "loadings"), "hs"),
  scalar = tell(m(three, hs, group = "school", group.equal = c("loadings", "intercepts")), "hs"),
  partial = tell(m(three, hs, group = "school", group.equal = c("loadings", "intercepts"),
                   group.partial = c("x3~1", "visual=~x2")), "hs"),
  strict = tell(m(three, hs, group = "school",
                  group.equal = c("loadings", "intercepts", "residuals")), "hs"),
  means = tell(m(three, hs, group = "school", group.equal = c("loadings", "intercepts",
                 "residuals", "means", "lv.variances", "lv.covariances")), "hs"),
  metric_std_lv = tell(m(three, hs, group = "school", group.equal = "loadings",
                         std.lv = TRUE), "hs"),
  scalar_mlr = tell(m(three, hs, group = "school", estimator = "MLR",
                      group.equal = c("loadings", "intercepts")), "hs"),
  scalar_wishart = tell(m(three, hs, group = "school", likelihood = "wishart",
                          group.equal = c("loadings", "intercepts")), "hs"),
  mimic_groups = tell(m(mimic, hs, group = "school"), "hs"),
  per_group = tell(m(per_group, hs, group = "school"), "hs")
)
models <- list(three = three, political = political, political_equal = political_equal,
  path = path, mediation = mediation, mimic = mimic, modified = modified, second = second,
  single = single, per_group = per_group)
about <- list(source = paste("lavaan", packageVersion("lavaan"), "on", R.version.string))
write_json(c(about, list(models = models, fits = fits)), "sem.json", digits = 10,
           auto_unbox = TRUE, na = "null")
