# Oracle of tests/stats/test_groups.py: Rscript groups.R > groups.json
suppressMessages(library(jsonlite))
b <- read.csv("bfi_182x25.csv"); y <- rowMeans(b[, 1:5]); g <- cut(seq_along(y), c(0, 40, 75, 130, 182), labels = c("a", "b", "c", "d"))
ok <- !is.na(y); y <- y[ok]; g <- g[ok]
k <- kruskal.test(y, g); a <- oneway.test(y ~ g, var.equal = TRUE); w <- oneway.test(y ~ g)
bf <- anova(lm(abs(y - ave(y, g, FUN = median)) ~ g))
tk <- TukeyHSD(aov(y ~ g))$g
r <- rank(y); n <- tapply(r, g, length); m <- tapply(r, g, mean); N <- length(r); t <- table(r)
v <- N*(N+1)/12 - sum(t^3 - t)/(12*(N-1)); pr <- combn(names(n), 2)
z <- apply(pr, 2, function(p) (m[p[1]] - m[p[2]])/sqrt(v*(1/n[p[1]] + 1/n[p[2]])))
gh <- apply(pr, 2, function(p) { x <- y[g == p[1]]; u <- y[g == p[2]]; tt <- t.test(x, u); c(unname(tt$statistic)*sqrt(2), ptukey(abs(unname(tt$statistic))*sqrt(2), 4, unname(tt$parameter), lower.tail = FALSE)) })
f <- unname(a$statistic); df <- unname(a$parameter); lim <- function(t) if (pf(f, df[1], df[2], 0) <= t) 0 else uniroot(function(nc) pf(f, df[1], df[2], nc) - t, c(0, 200), tol = 1e-12)$root
h <- unname(k$statistic); limh <- function(t) if (pchisq(h, 3, 0) <= t) 0 else uniroot(function(nc) pchisq(h, 3, nc) - t, c(0, 200), tol = 1e-12)$root
out <- list(source = "R 4.2.2 kruskal.test, oneway.test, anova, TukeyHSD, t.test, ptukey, pf, pchisq; Dunn's z by its formula; mean of A1-A5 of bfi_182x25 in four groups of consecutive respondents",
  n = length(y), kruskal = c(h, k$p.value), anova = c(f, a$p.value), welch = c(unname(w$statistic), unname(w$parameter[2]), w$p.value),
  brown_forsythe = c(bf$`F value`[1], bf$`Pr(>F)`[1]), dunn = unname(z), dunn_p = unname(2*pnorm(-abs(z))),
  tukey_difference = -unname(tk[, "diff"]), tukey_p = unname(tk[, "p adj"]), games_howell = unname(gh[1, ]), games_howell_p = unname(gh[2, ]),
  pairs = apply(pr, 2, paste, collapse = "-"), f_limits = c(lim(.975), lim(.025)), h_limits = c(limh(.975), limh(.025)))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = TRUE))
