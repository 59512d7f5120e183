# Oracle of tests/stats/test_groups.py: Rscript groups.R > groups.json
suppressMessages({library(jsonlite); library(car); library(multcomp)})
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
h <- unname(k$statistic); fr <- unname(oneway.test(rank(y) ~ g, var.equal = TRUE)$statistic); limh <- function(t) if (pf(fr, df[1], df[2], 0) <= t) 0 else uniroot(function(nc) pf(fr, df[1], df[2], nc) - t, c(0, 200), tol = 1e-12)$root
# Data sets of R whose groups do differ: chickwts (six groups of 10 to 14), InsectSprays (ties, unequal variances).
published <- function(y, g) { g <- factor(g); k <- nlevels(g); N <- length(y); pr <- combn(levels(g), 2); part <- split(y, g)
  kw <- kruskal.test(y, g); a <- oneway.test(y ~ g, var.equal = TRUE); w <- oneway.test(y ~ g); tab <- anova(lm(y ~ g))
  lv <- leveneTest(y, g, center = mean); bf <- leveneTest(y, g, center = median); tk <- TukeyHSD(aov(y ~ g))$g
  lim <- function(p, q, top) if (p(0) <= q) 0 else uniroot(function(nc) p(nc) - q, c(0, top), tol = 1e-12)$root
  pf0 <- function(nc) pf(unname(a$statistic), k - 1, N - k, nc); fr <- unname(oneway.test(rank(y) ~ g, var.equal = TRUE)$statistic); pr0 <- function(nc) pf(fr, k - 1, N - k, nc)
  r <- rank(y); m <- tapply(r, g, mean); n <- tapply(r, g, length); S2 <- (sum(r^2) - N*(N+1)^2/4)/(N-1)
  z <- apply(pr, 2, function(p) (m[p[1]] - m[p[2]])/sqrt(S2*(1/n[p[1]] + 1/n[p[2]])))
  gh <- apply(pr, 2, function(p) { t <- t.test(part[[p[1]]], part[[p[2]]]); q <- abs(unname(t$statistic))*sqrt(2); c(unname(t$statistic)*sqrt(2), ptukey(q, k, unname(t$parameter), lower.tail = FALSE)) })
  cliff <- apply(pr, 2, function(p) { x <- part[[p[1]]]; u <- part[[p[2]]]; d <- sign(outer(x, u, "-")); D <- mean(d); a1 <- length(x); a2 <- length(u); q <- qnorm(.975)
    if (abs(D) == 1) { b <- min(a1, a2); e <- (b - q^2)/(b + q^2); return(if (D > 0) c(D, e, 1) else c(D, -1, -e)) }
    v <- (a2^2*sum((rowMeans(d) - D)^2) + a1^2*sum((colMeans(d) - D)^2) - sum((d - D)^2))/(a1*a2*(a1 - 1)*(a2 - 1)); v <- max(v, (1 - D^2)/(a1*a2 - 1))
    e <- q*sqrt(v)*sqrt((1 - D^2)^2 + q^2*v); c(D, max(-1, (D - D^3 - e)/(1 - D^2 + q^2*v)), min(1, (D - D^3 + e)/(1 - D^2 + q^2*v))) })
  hedges <- apply(pr, 2, function(p) { x <- part[[p[1]]]; u <- part[[p[2]]]; df <- length(x) + length(u) - 2
    t <- unname(t.test(x, u, var.equal = TRUE)$statistic); d <- t*sqrt(1/length(x) + 1/length(u)); g1 <- d*gamma(df/2)/(sqrt(df/2)*gamma((df - 1)/2))
    se <- sqrt((df + 2)/(length(x)*length(u)) + g1^2/(2*(df + 2))); g1 + c(0, -1, 1)*qnorm(.975)*se })
  ss <- tab$`Sum Sq`; ms <- tab$`Mean Sq`
  list(y = y, g = as.character(g), kruskal_wallis = c(unname(kw$statistic), kw$p.value), anova = c(unname(a$statistic), a$p.value), welch = c(unname(w$statistic), w$p.value), welch_df2 = unname(w$parameter[2]),
    levene = c(lv$`F value`[1], lv$`Pr(>F)`[1]), brown_forsythe = c(bf$`F value`[1], bf$`Pr(>F)`[1]), omega = (ss[1] - (k - 1)*ms[2])/(sum(ss) + ms[2]), epsilon = unname(kw$statistic)*(N + 1)/(N^2 - 1),
    omega_limits = { l <- c(lim(pf0, .975, 500), lim(pf0, .025, 500)); l/(l + N) }, epsilon_limits = { l <- c(lim(pr0, .975, 900), lim(pr0, .025, 900)); l/(l + N) },
    pairs = apply(pr, 2, paste, collapse = "-"), dunn = unname(z), dunn_holm = p.adjust(2*pnorm(-abs(z)), "holm"), tukey_p = unname(tk[, "p adj"]),
    multcomp_p = { set.seed(1); unname(summary(glht(aov(y ~ g), mcp(g = "Tukey")))$test$pvalues[seq_len(ncol(pr))]) },
    games_howell = gh[1, ], games_howell_p = gh[2, ], cliff = t(cliff), hedges = t(hedges),
    letters = cld(glht(aov(y ~ g), mcp(g = "Tukey")), level = .05, decreasing = TRUE)$mcletters$Letters) }
out <- list(source = "R 4.2.2 kruskal.test, oneway.test, anova, TukeyHSD, t.test, ptukey, pf, pchisq; Dunn's z by its formula; car::leveneTest, multcomp::glht and cld; Cliff's delta, Hedges' g, omega squared by their formulas; R's chickwts and InsectSprays; mean of A1-A5 of bfi_182x25 in four groups of consecutive respondents",
  n = length(y), kruskal = c(h, k$p.value), anova = c(f, a$p.value), welch = c(unname(w$statistic), unname(w$parameter[2]), w$p.value),
  brown_forsythe = c(bf$`F value`[1], bf$`Pr(>F)`[1]), dunn = unname(z), dunn_p = unname(2*pnorm(-abs(z))),
  tukey_difference = -unname(tk[, "diff"]), tukey_p = unname(tk[, "p adj"]), games_howell = unname(gh[1, ]), games_howell_p = unname(gh[2, ]),
  pairs = apply(pr, 2, paste, collapse = "-"), f_limits = c(lim(.975), lim(.025)), h_limits = c(limh(.975), limh(.025)),
  chickwts = published(chickwts$weight, chickwts$feed), InsectSprays = published(InsectSprays$count, InsectSprays$spray))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, pretty = TRUE))
