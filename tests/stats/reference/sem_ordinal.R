# Rscript sem_ordinal.R > sem_ordinal.json   (in this directory; R 4.2.2, lavaan 0.6-14)
suppressMessages({library(lavaan); library(jsonlite)})
options(warn = -1)
bfi <- read.csv("bfi_182x25.csv")
hs <- read.csv("HolzingerSwineford1939.csv")
survey <- read.csv("../../../data/survey/responses.csv")
holes <- as.matrix(fromJSON("polychoric.json")$holes) == 1
# x1-x9 in two to five categories
cuts <- list(x1 = c(4, 5, 6), x2 = c(5, 6, 7), x3 = c(1, 2, 3), x4 = c(2, 3, 4, 5), x5 = c(3.5, 5),
             x6 = 2, x7 = c(3, 4, 5, 6), x8 = c(5, 6), x9 = c(4.5, 5.5, 6.5))
ordered_hs <- hs
for (item in names(cuts)) ordered_hs[[item]] <- findInterval(hs[[item]], cuts[[item]])
items <- paste0("x", 1:9)
plus <- function(names) paste(names, collapse = " + ")
technical <- c("local_network", "internet_network", "value_added_services", "hardware", "data_call_centre",
               "security", "gis")
services <- c("mechanised_affairs", "location_enabled", "website_portal", "electronic_services", "integration")
organisation <- c("it_users", "it_specialists", "ict_management", "strategy_alignment", "financial", "legal")
survey_model <- paste0("technical =~ ", plus(technical), "\nservices =~ ", plus(services), "\norganisation =~ ",
                       plus(organisation))
paths <- paste0(survey_model, "\nservices ~ a*technical + organisation",
                "\nrealisation ~ technical + b*services + organisation\nindirect := a*b")
hs_model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
measures <- c("npar", "chisq", "df", "pvalue", "chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor",
  "baseline.chisq", "baseline.df", "baseline.chisq.scaled", "baseline.chisq.scaling.factor",
  "cfi", "tli", "nfi", "ifi", "rfi", "cfi.scaled", "tli.scaled", "nfi.scaled", "ifi.scaled", "rfi.scaled", "cfi.robust", "tli.robust",
  "gfi", "agfi", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue",
  "rmsea.scaled", "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled",
  "rmsea.robust", "rmsea.ci.lower.robust", "rmsea.ci.upper.robust", "rmsea.pvalue.robust", "srmr")
fitted_by <- function(model, data, ordered, estimator = "WLSMV", ...) {
  fit <- sem(model, data, ordered = ordered, estimator = estimator, auto.var = TRUE, auto.cov.lv.x = TRUE, ...)
  est <- parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE)
  if (is.null(est$group)) est$group <- 1L
  found <- fitMeasures(fit)
  found <- found[intersect(measures, names(found))]
  rows <- est[!est$op %in% c("~*~", "~1"), c("lhs", "op", "rhs", "group", "est", "se", "std.all")]
  names(rows)[7] <- "std"
  mi <- if (estimator == "WLSMV" && is.null(list(...)$group)) modindices(fit, sort = TRUE)[1:8, c("lhs", "op", "rhs", "mi", "epc", "sepc.all")] else NULL
  list(model = model, estimator = estimator, n = lavInspect(fit, "ntotal"), fit = as.list(unclass(found)),
       parameters = as.list(rows), modification = as.list(mi))
}
hs_extra <- "visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\nx7 ~~ x8\ntwice := 2*a"
higher <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9\ngeneral =~ visual + textual + speed"
mediator <- "agreeable =~ A2 + A3 + A4 + A5\nE1 ~ agreeable\nN1 ~ E1 + agreeable"
bfi_model <- "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5\nE =~ E1 + E2 + E3 + E4 + E5"
short <- "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
bfi_items <- names(bfi)[1:15]
gaps <- bfi[, 1:10]
gaps[holes] <- NA
out <- list(
  program = "R 4.2.2, lavaan 0.6-14: sem(model, data, ordered, estimator)",
  cuts = cuts,
  survey = fitted_by(survey_model, survey, c(technical, services, organisation)),
  survey_uls = fitted_by(survey_model, survey, c(technical, services, organisation), "ULSMV"),
  survey_dwls = fitted_by(survey_model, survey, c(technical, services, organisation), "DWLS"),
  paths = fitted_by(paths, survey, c(technical, services, organisation, "realisation")),
  bfi = fitted_by(bfi_model, bfi, bfi_items),
  bfi_uls = fitted_by(bfi_model, bfi, bfi_items, "ULSMV"),
  mediator = fitted_by(mediator, bfi, c("A2", "A3", "A4", "A5", "E1", "N1")),
  hs = fitted_by(hs_model, ordered_hs, items),
  hs_std = fitted_by(hs_model, ordered_hs, items, std.lv = TRUE),
  hs_extra = fitted_by(hs_extra, ordered_hs, items),
  hs_higher = fitted_by(higher, ordered_hs, items),
  hs_groups = fitted_by(hs_model, ordered_hs, items, group = "school"),
  hs_equal = fitted_by(hs_model, ordered_hs, items, group = "school", group.equal = "loadings"),
  pairwise = fitted_by(short, gaps, names(gaps), missing = "pairwise"),
  complete = fitted_by(short, gaps, names(gaps)))
cat(toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"))
