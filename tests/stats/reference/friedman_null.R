# R 4.2.2, coin 1.4-2, multcomp 1.4-22. Rscript friedman_null.R > friedman_null.json
library(coin); library(jsonlite); library(multcomp)
rounding <- read.csv("friedman_rounding_times.csv")
bfi <- read.csv("bfi_182x25.csv")
long <- function(x) data.frame(y = as.vector(as.matrix(x)),
  item = factor(rep(seq_along(x), each = nrow(x))), who = factor(rep(seq_len(nrow(x)), length(x))))
draws <- 200000
test <- function(x) { set.seed(1)
  t <- friedman_test(y ~ item | who, data = long(x), distribution = approximate(nresample = draws))
  list(chisq = as.numeric(statistic(t)), p = as.numeric(pvalue(t)),
       interval = as.numeric(attr(pvalue(t), "conf.int"))) }
few <- bfi[1:12, 1:4]; some <- bfi[1:15, 1:6]
# Pairs told apart, by Holm-adjusted Wilcoxon tests of bfi A1-C5; letters of multcomp.
x <- bfi[, 1:10]; pairs <- combn(10, 2)
p <- apply(pairs, 2, function(j) suppressWarnings(
  wilcox.test(x[[j[1]]], x[[j[2]]], paired = TRUE)$p.value))
adjusted <- p.adjust(p, "holm")
told <- setNames(adjusted < .05, apply(pairs, 2, function(j) paste(names(x)[j], collapse = "-")))
means <- rowMeans(apply(x, 1, rank))
cld <- multcomp:::insert_absorb(told, decreasing = TRUE, lvl_order = names(x)[order(-means)])
cat(toJSON(list(
  source = "R 4.2.2 coin 1.4-2 friedman_test(distribution = approximate(200000)), seed 1; multcomp insert_absorb; friedman_null.R",
  rounding = test(rounding), bfi_first12_A1_A4 = test(few), bfi_first15_A1_C1 = test(some),
  letters = as.list(cld$Letters), told = as.list(told)), auto_unbox = TRUE, digits = 10, pretty = TRUE))
