# Oracle of tests/stats/test_validity.py: Rscript validity.R > validity.json
suppressMessages({library(jsonlite); library(lavaan); library(semTools); library(psych)})
hs <- read.csv("HolzingerSwineford1939.csv")
m <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
f <- cfa(m, hs)
ht <- function(v) { h <- htmt(m, hs, htmt2 = v == "htmt2", absolute = TRUE); c(h[2, 1], h[3, 1], h[3, 2]) }
att <- read.csv("attitude.csv"); nm <- names(att)
one <- paste0("f =~ ", paste0("l", 1:7, "*", nm, collapse = " + "), "\n", paste0(nm, " ~~ e", 1:7, "*", nm, collapse = "\n"),
 "\nomega := (", paste0("l", 1:7, collapse = "+"), ")^2/((", paste0("l", 1:7, collapse = "+"), ")^2 + ", paste0("e", 1:7, collapse = "+"), ")")
o <- parameterEstimates(cfa(one, att, std.lv = TRUE, estimator = "MLR")); o <- o[o$op == ":=", ]
b <- read.csv("bfi_182x25.csv")[, 2:5]; b <- b[complete.cases(b), ]
R <- lavCor(b, ordered = names(b)); k <- 4
out <- list(source = "R 4.2.2, lavaan 0.6-14, semTools 0.5-6 compRelSEM, AVE, htmt; omega with := and estimator MLR on attitude; ordinal alpha of A2-A5 from lavCor",
  omega = as.list(compRelSEM(f)), ave = as.list(AVE(f)), htmt = ht("htmt"), htmt2 = ht("htmt2"),
  attitude_omega = c(o$est, o$ci.lower, o$ci.upper), ordinal_alpha = k/(k-1)*(1 - k/sum(R)))
cat(toJSON(out, digits = 10, auto_unbox = TRUE, pretty = TRUE))
