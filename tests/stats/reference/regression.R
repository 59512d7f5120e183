# Oracle of tests/stats/test_regression.py: Rscript regression.R > regression.json
suppressMessages({library(jsonlite); library(car); library(sandwich)})
m <- lm(mpg ~ wt + hp + qsec, mtcars)
bp <- function(m) { e2 <- residuals(m)^2; a <- lm(e2 ~ model.matrix(m)[, -1]); length(e2) * summary(a)$r.squared }
f2 <- fitted(m)^2; f3 <- fitted(m)^3
reset <- anova(m, lm(mpg ~ wt + hp + qsec + f2 + f3, mtcars))
e <- residuals(m); n <- length(e)
b2 <- mean((e - mean(e))^3)/mean((e-mean(e))^2)^1.5; b4 <- mean((e-mean(e))^4)/mean((e-mean(e))^2)^2
r2ci <- function(level) { f <- summary(m)$fstatistic; g <- function(t) uniroot(function(nc) pf(f[1], f[2], f[3], nc) - t, c(0, 2000), tol = 1e-12)$root
  a <- (1 - level)/2; nc <- c(g(1 - a), g(a)); unname(nc/(nc + n)) }
x <- model.matrix(m); x <- sweep(x, 2, sqrt(colSums(x^2)), "/")
out <- list(
  source = "R 4.2.2 lm, sandwich::vcovHC type HC3, shapiro.test, kappa; Koenker's Breusch-Pagan, RESET and Jarque-Bera by their formulas",
  hc3 = unname(sqrt(diag(vcovHC(m, type = "HC3")))), breusch_pagan = bp(m),
  breusch_pagan_p = pchisq(bp(m), 3, lower.tail = FALSE),
  reset = reset$F[2], reset_p = reset$`Pr(>F)`[2],
  jarque_bera = n/6*(b2^2 + (b4-3)^2/4), shapiro = unname(shapiro.test(e)$statistic), shapiro_p = shapiro.test(e)$p.value,
  r2 = r2ci(.95), kappa = kappa(x, exact = TRUE), cook = max(cooks.distance(m)))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = TRUE))
