# Oracle of tests/stats/test_regression.py: Rscript regression.R > regression.json
suppressMessages({library(jsonlite); library(car); library(sandwich); library(lmtest)})
m <- lm(mpg ~ wt + hp + qsec, mtcars)
bp <- function(m) { e2 <- residuals(m)^2; a <- lm(e2 ~ model.matrix(m)[, -1]); length(e2) * summary(a)$r.squared }
f2 <- fitted(m)^2; f3 <- fitted(m)^3
reset <- anova(m, lm(mpg ~ wt + hp + qsec + f2 + f3, mtcars))
e <- residuals(m); n <- length(e)
b2 <- mean((e - mean(e))^3)/mean((e-mean(e))^2)^1.5; b4 <- mean((e-mean(e))^4)/mean((e-mean(e))^2)^2
r2ci <- function(level) { f <- summary(m)$fstatistic; g <- function(t) uniroot(function(nc) pf(f[1], f[2], f[3], nc) - t, c(0, 2000), tol = 1e-12)$root
  a <- (1 - level)/2; nc <- c(g(1 - a), g(a)); unname(nc/(nc + n)) }
x <- model.matrix(m); x <- sweep(x, 2, sqrt(colSums(x^2)), "/")
# Random predictors: R2 is beta with a negative binomial number of pairs of df more; the whole sum.
below <- function(r2, rho, n, p) { j <- 0:2e5; sum(dnbinom(j, (n - 1)/2, 1 - rho)*pbeta(r2, p/2 + j, (n - p - 1)/2)) }
r2random <- function(r2, n, p) { g <- function(t) if (below(r2, 0, n, p) <= t) 0 else uniroot(function(rho) below(r2, rho, n, p) - t, c(0, .9999), tol = 1e-13)$root; c(g(.975), g(.025)) }
# 182 respondents: extraversion on agreeableness, conscientiousness and neuroticism.
b <- read.csv("bfi_182x25.csv"); d <- data.frame(E = rowMeans(b[, 11:15]), A = rowMeans(b[, 1:5]), C = rowMeans(b[, 6:10]), N = rowMeans(b[, 16:20]))
l <- lm(E ~ A + C + N, d); s <- summary(l); hc <- coeftest(l, vcov. = hccm(l, type = "hc3")); hi <- coefci(l, vcov. = hccm(l, type = "hc3"))
white <- bptest(l, ~ A + C + N + I(A^2) + I(C^2) + I(N^2) + A:C + A:N + C:N, data = d); rs <- resettest(l, power = 2:3, type = "fitted")
# A predictor of two values: its square is itself, and White's test is Breusch and Pagan's.
d$Y <- as.numeric(d$N > 3); l2 <- lm(E ~ Y + A, d); white2 <- bptest(l2, ~ Y + A + I(A^2) + Y:A, data = d)
bfi <- list(n = nobs(l), coef = unname(coef(s)), beta = unname(coef(lm(scale(E) ~ scale(A) + scale(C) + scale(N), d))[-1]), vif = unname(vif(l)),
  ci = unname(confint(l)), hc3 = unname(hc[, 1:4]), hc3_ci = unname(hi), f = unname(s$fstatistic), p = unname(pf(s$fstatistic[1], s$fstatistic[2], s$fstatistic[3], lower.tail = FALSE)),
  r2 = s$r.squared, r2_adjusted = s$adj.r.squared, se = s$sigma, durbin_watson = unname(dwtest(l)$statistic),
  breusch_pagan = c(unname(bptest(l)$statistic), unname(bptest(l)$p.value)), white = c(unname(white$statistic), unname(white$parameter), unname(white$p.value)),
  reset = c(unname(rs$statistic), unname(rs$p.value)), white_of_two_values = c(unname(white2$statistic), unname(white2$parameter), unname(white2$p.value)),
  shapiro = c(unname(shapiro.test(residuals(l))$statistic), shapiro.test(residuals(l))$p.value))
out <- list(
  source = "R 4.2.2 lm, sandwich::vcovHC type HC3, shapiro.test, kappa; Koenker's Breusch-Pagan, RESET and Jarque-Bera by their formulas; bfi: lm, lmtest::bptest, resettest, dwtest, coeftest, coefci, car::hccm, vif, means of A, C, N, E of bfi_182x25",
  hc3 = unname(sqrt(diag(vcovHC(m, type = "HC3")))), breusch_pagan = bp(m),
  breusch_pagan_p = pchisq(bp(m), 3, lower.tail = FALSE),
  reset = reset$F[2], reset_p = reset$`Pr(>F)`[2],
  jarque_bera = n/6*(b2^2 + (b4-3)^2/4), shapiro = unname(shapiro.test(e)$statistic), shapiro_p = shapiro.test(e)$p.value,
  r2 = r2ci(.95), r2_random = list(mtcars = r2random(summary(m)$r.squared, 32, 3), bfi = r2random(s$r.squared, 182, 3), strong = r2random(.99, 50, 2), weak = r2random(.02, 60, 3)), kappa = kappa(x, exact = TRUE), cook = max(cooks.distance(m)), bfi = bfi)
cat(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = TRUE))
