# Rscript polychoric.R > polychoric.json   (in this directory; R 4.2.2, lavaan 0.6-14, psych 2.2.9)
suppressMessages({library(lavaan); library(psych); library(jsonlite)})
options(warn = -1)
bfi <- read.csv("bfi_182x25.csv")
survey <- read.csv("../../../data/survey/responses.csv")[, 3:20]
estimated <- function(data, missing = "listwise") {
  items <- names(data)
  fit <- lavCor(data, ordered = items, missing = missing, se = "robust.sem", test = "none", output = "fit",
                estimator = "WLSMV")
  list(call = paste0("lavCor(ordered, missing = '", missing, "', output = 'fit'); lavInspect(fit, 'gamma')"),
       items = items, correlations = unname(unclass(lavInspect(fit, "sampstat")$cov)),
       thresholds = unname(as.list(unclass(lavInspect(fit, "sampstat")$th))),
       names = names(lavInspect(fit, "sampstat")$th),
       gamma_names = colnames(lavInspect(fit, "gamma")), gamma = unname(unclass(lavInspect(fit, "gamma"))),
       n = lavInspect(fit, "nobs"))
}
# 2 x 2 with one empty cell, and a table without any: 60 respondents
two <- data.frame(a = rep(c(1, 1, 2, 2), c(20, 0, 15, 25)), b = rep(c(1, 2, 1, 2), c(20, 0, 15, 25)))
two$c <- rep(c(1, 2), 30)
three <- data.frame(a = rep(1:3, c(20, 20, 20)), b = rep(c(1, 2, 2, 3, 1, 3), 10), c = rep(c(1, 1, 2), 20),
                    d = rep(c(1, 2, 1, 3, 2, 1), c(15, 10, 5, 15, 5, 10)))
holes <- bfi[, 1:10]
holes[matrix((outer(seq_len(182), seq_len(10), function(i, j) (7 * i + 13 * j) %% 29)) == 0, 182)] <- NA
ps <- psych::polychoric(bfi[, 1:15], correct = 0)
out <- list(
  program = "R 4.2.2, lavaan 0.6-14, psych 2.2.9",
  bfi = estimated(bfi[, 1:6]), survey_correlations = estimated(survey)$correlations,
  survey_gamma_diagonal = diag(estimated(survey)$gamma),
  empty_cell = estimated(two), small = estimated(three), two = two, three = three,
  holes = as.data.frame(is.na(holes) * 1),
  pairwise = estimated(holes[, 1:5], "pairwise"), complete = estimated(holes[, 1:5]),
  psych = list(call = "psych::polychoric(bfi[, 1:15], correct = 0)", rho = unname(ps$rho)))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"))
