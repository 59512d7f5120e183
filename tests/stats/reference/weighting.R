# R 4.2.2, survey 4.1-1. Rscript weighting.R > weighting.json; writes api_schools.csv
library(survey); library(jsonlite)
data(api)
columns <- c("stype", "sch.wide", "api00", "enroll", "pw", "fpc")
both <- rbind(cbind(sample = "srs", apisrs[columns]), cbind(sample = "strat", apistrat[columns]))
# Some answers are taken away, for domains.
both$partial <- both$api00; both$partial[seq(7, nrow(both), 11)] <- NA
write.csv(both, "api_schools.csv", row.names = FALSE, quote = FALSE)
srs <- svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = subset(both, sample == "srs"))
strat <- svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc,
                   data = subset(both, sample == "strat"))
without <- svydesign(id = ~1, strata = ~stype, weights = ~pw, data = subset(both, sample == "strat"))
types <- table(stype = apipop$stype); wide <- table(sch.wide = apipop$sch.wide)
raked <- rake(srs, list(~stype, ~sch.wide), list(types, wide),
              control = list(maxit = 200, epsilon = 1e-9, verbose = FALSE))
mean_of <- function(design, what = ~api00) {
  m <- svymean(what, design, na.rm = TRUE, deff = TRUE)
  list(mean = as.numeric(coef(m)), se = as.numeric(SE(m)), deff = as.numeric(deff(m)),
       interval = as.numeric(confint(m, df = degf(design))), df = degf(design)) }
total <- svytotal(~enroll, strat)
share <- svyciprop(~I(sch.wide == "Yes"), strat, method = "logit", df = degf(strat))
t <- svyttest(I(api00 - 650) ~ 0, strat)
rm <- svymean(~api00, raked)
cat(toJSON(list(
  source = "R 4.2.2 survey 4.1-1, data(api): svymean, svytotal, svyciprop, svyttest, rake; weighting.R",
  types = as.list(types), wide = as.list(wide),
  srs = mean_of(srs), strat = mean_of(strat), without_fpc = mean_of(without),
  partial = mean_of(strat, ~partial), sd = sqrt(as.numeric(svyvar(~api00, strat))),
  total = list(total = as.numeric(coef(total)), se = as.numeric(SE(total))),
  share = list(share = as.numeric(coef(share)), se = as.numeric(SE(share)), interval = as.numeric(confint(share))),
  t650 = list(t = as.numeric(t$statistic), df = as.numeric(t$parameter), p = as.numeric(t$p.value)),
  raked = list(mean = as.numeric(coef(rm)), se = as.numeric(SE(rm)), weights = weights(raked)[1:20])),
  auto_unbox = TRUE, digits = 10, pretty = TRUE))
