# Oracle of tests/stats/test_validity.py: Rscript validity.R > validity.json
suppressMessages({library(jsonlite); library(lavaan); library(semTools); library(psych)})
hs <- read.csv("HolzingerSwineford1939.csv")
m <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
f <- cfa(m, hs)
ht <- function(v) { h <- htmt(m, hs, htmt2 = v == "htmt2", absolute = TRUE); c(h[2, 1], h[3, 1], h[3, 2]) }
att <- read.csv("attitude.csv"); nm <- names(att)
one <- paste0("f =~ ", paste0("l", 1:7, "*", nm, collapse = " + "), "\n", paste0(nm, " ~~ e", 1:7, "*", nm, collapse = "\n"),
 "\nomega := (", paste0("l", 1:7, collapse = "+"), ")^2/((", paste0("l", 1:7, collapse = "+"), ")^2 + ", paste0("e", 1:7, collapse = "+"), ")",
 "\nrest := log(1 - omega)")
o <- parameterEstimates(cfa(one, att, std.lv = TRUE, estimator = "MLR")); o <- o[o$op == ":=", ]
o <- list(est = o$est[1], ci.lower = 1 - exp(o$ci.upper[2]), ci.upper = 1 - exp(o$ci.lower[2]))
b <- read.csv("bfi_182x25.csv")[, 2:5]; b <- b[complete.cases(b), ]
R <- lavCor(b, ordered = names(b)); k <- 4
q <- read.csv("bfi_182x25.csv")
green <- function(v) { x <- q[, v]; x <- x[complete.cases(x), ]
  g <- cfa(paste("f =~", paste(v, collapse = " + ")), x, ordered = TRUE, estimator = "DWLS", std.lv = TRUE)
  unname(compRelSEM(g, obs.var = FALSE)) }
a1 <- cfa(paste("f =~", paste(nm, collapse = " + ")), att, std.lv = TRUE)
g <- cfa("agree =~ A2 + A3 + A4 + A5\nwork =~ C1 + C2 + C3", q, ordered = TRUE, estimator = "WLSMV")
feldt <- function(a, n, k) unlist(alpha.ci(a, n, k, digits = 8)[c("lower.ci", "upper.ci")])
out <- list(source = "R 4.2.2, lavaan 0.6-14, semTools 0.5-6 compRelSEM, AVE, htmt; omega with := and estimator MLR on attitude, its ends from log(1 - omega); ordinal alpha of A2-A5 from lavCor",
  omega = as.list(compRelSEM(f)), ave = as.list(AVE(f)), htmt = ht("htmt"), htmt2 = ht("htmt2"),
  htmt_signed = { h <- htmt(m, hs, absolute = FALSE, htmt2 = FALSE); c(h[2, 1], h[3, 1], h[3, 2]) },
  attitude_omega = c(o$est, o$ci.lower, o$ci.upper), ordinal_alpha = k/(k-1)*(1 - k/sum(R)),
  attitude_compRelSEM = c(unname(compRelSEM(a1, obs.var = FALSE)), unname(compRelSEM(a1))),
  ordinal_omega = list(A = green(c("A2", "A3", "A4", "A5")), N = green(c("N1", "N2", "N3", "N4", "N5"))),
  ordinal_ave = as.list(AVE(g)), ordinal_cr = as.list(compRelSEM(g, obs.var = FALSE, ord.scale = FALSE)),
  feldt = list(list(alpha = .85, n = 89, items = 7, ends = feldt(.85, 89, 7)), list(alpha = .7, n = 30, items = 6, ends = feldt(.7, 30, 6)), list(alpha = -.2, n = 12, items = 2, ends = feldt(-.2, 12, 2))))
cat(toJSON(out, digits = 10, auto_unbox = TRUE, pretty = TRUE))
