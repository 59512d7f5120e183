# Steps of invariance of ordered answers after Wu and Estabrook (2016): lavaan 0.6-14 with the
# models that semTools 0.5-6 writes (theta parameterisation, latent variances 1), WLSMV, and
# differences by Satorra (2000). Real answers: bfi_182x25.csv, groups by another of its items.
#   Rscript invariance_ordinal.R > invariance_ordinal.json
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
answers <- read.csv("bfi_182x25.csv")
items <- c("A2", "A3", "A4", "A5", "N1", "N2", "N3", "N4")
model <- "a =~ A2 + A3 + A4 + A5\nn =~ N1 + N2 + N3 + N4"
steps <- list(
  configural = character(), thresholds = "thresholds", metric = c("thresholds", "loadings"),
  scalar = c("thresholds", "loadings", "intercepts"),
  strict = c("thresholds", "loadings", "intercepts", "residuals"))
names <- c("chisq.scaled", "df", "pvalue.scaled", "cfi.scaled", "rmsea.scaled", "srmr")
run <- function(lowest, highest) {
  data <- as.data.frame(lapply(answers[items], function(x) pmin(pmax(x, lowest), highest)))
  data$g <- ifelse(answers$C2 > 4, "high", "low")
  fits <- lapply(steps, function(equal) measEq.syntax(
    model, data = data, group = "g", ordered = items, parameterization = "theta",
    ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group.equal = equal, return.fit = TRUE,
    estimator = "WLSMV"))
  differences <- lapply(2:5, function(at) suppressWarnings(unlist(
    lavTestLRT(fits[[at - 1]], fits[[at]])[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])))
  list(indices = lapply(fits, function(fit) as.list(fitMeasures(fit)[names])),
       differences = lapply(differences, unname))
}
cat(toJSON(list(three = run(3, 5), four = run(2, 5), six = run(1, 6)), digits = NA,
           auto_unbox = TRUE, pretty = 1))
