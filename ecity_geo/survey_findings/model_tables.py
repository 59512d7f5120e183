"""Tables of the models behind the answers: measurement and paths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.effects import effects, hypotheses
from ecity_geo.stats.invariance import invariance
from ecity_geo.stats.omega import omegas
from ecity_geo.stats.reliability import reliability
from ecity_geo.stats.sem import SemFit
from ecity_geo.stats.validity import convergent_validity, fornell_larcker, htmt
from ecity_geo.survey_findings.work import ALL, Work

LARGEST = 10
"""Modification indices that are shown at most; only those that chance alone rarely gives."""
_CHI_SQUARE_1 = 3.841458820694124
_SATURATED = (
    "The model has no degrees of freedom: it fits any answers, and its indices say nothing."
)
_ESTIMATORS = ("ML", "MLR", "WLSMV")
_PLAIN = (
    *("npar", "chi_square", "df", "p", "chi_square_df", "gfi", "agfi", "nfi", "ifi", "tli", "cfi"),
    *("rmsea", "rmsea_low", "rmsea_high", "p_close", "srmr", "aic", "bic"),
)
_ROBUST = (
    *("chi_square_scaled", "df_scaled", "p_scaled", "cfi_robust", "tli_robust"),
    *("rmsea_robust", "rmsea_low_robust", "rmsea_high_robust"),
)


def cfa_fit(work: Work) -> pd.DataFrame:
    """Return the fit of the measurement models.

    All constructs together come first, by maximum likelihood, its robust form and an ordinal
    estimator; then each construct alone, as papers print it. A model without a proper solution
    has its reason in place of figures; one that fits any answers is told beside them.
    """
    asked = [(ALL, estimator) for estimator in _ESTIMATORS]
    constructs = work.data.constructs
    if len(constructs) > 1:
        asked += [(name, "ML") for name, items in constructs.items() if len(items) > 2]
    rows = [_fit_row(work, *each) for each in asked]
    table = pd.DataFrame(rows)
    if table["n"].isna().all():
        raise AnalysisError(str(rows[0]["problem"]))
    return table


def _fit_row(work: Work, construct: str, estimator: str) -> dict[str, object]:
    row: dict[str, object] = {"model": construct, "estimator": estimator}
    try:
        fit = work.measurement(construct, estimator)
        return row | fit_figures(fit) | {"problem": "" if fit.df else _SATURATED}
    except AnalysisError as error:
        nothing = dict.fromkeys(("n", "left_out", *_PLAIN, *_ROBUST), np.nan)
        return row | nothing | {"problem": str(error)}


def fit_figures(fit: SemFit) -> dict[str, object]:
    """Return the indices of a fit that tables show; robust ones are NaN where there are none."""
    indices = fit.fit_indices()
    figures = {name: indices.get(name, np.nan) for name in (*_PLAIN, *_ROBUST)}
    return {"n": fit.n, "left_out": fit.left_out, **figures}


def loadings(work: Work) -> pd.DataFrame:
    """Return the loadings of all items, and those of the answers taken as ordered."""
    parameters = _proper(work.measurement()).parameters
    table = parameters[parameters["op"] == "=~"].reset_index(drop=True)
    # A loading that sets the scale was not estimated, and has no error.
    table[["se", "low", "high"]] = table[["se", "low", "high"]].where(table["free"])
    table = table.rename(columns={"lhs": "construct", "rhs": "item", "z": "critical_ratio"})
    names = ["construct", "item", "estimate", "se", "critical_ratio", "p", "low", "high", "std"]
    return table[names].assign(std_ordinal=_ordinal_loadings(work, len(table)))


def _ordinal_loadings(work: Work, count: int) -> np.ndarray:
    try:
        ordinal = _proper(work.measurement(estimator="WLSMV")).parameters
    except AnalysisError:
        return np.full(count, np.nan)
    return ordinal.loc[ordinal["op"] == "=~", "std"].to_numpy()


def validity(work: Work) -> pd.DataFrame:
    """Return reliability and variance extracted of each construct, alpha and omega beside."""
    data = work.data
    table = convergent_validity(work.measured_by_several())
    alone = omegas(data.answers, data.constructs, confidence=work.confidence)
    alphas = reliability(data.answers, data.constructs, confidence=work.confidence)
    names = ["omega", "omega_low", "omega_high", "omega_ordinal", "alpha_ordinal"]
    against = table["against"].map(_told_against)
    table = table[["items", "cr", "ave", "verdict"]].join(alone[[*names, "reason"]])
    table["problem"] = (against + " " + table["reason"]).str.strip()
    table = table.join(alphas["alpha"])
    order = ["items", "alpha", "alpha_ordinal", *names[:4], "cr", "ave", "verdict", "problem"]
    return table[order].reset_index()


def _told_against(items: str) -> str:
    if not items:
        return ""
    return (
        f"Against the others of their construct load: {items}. Turn them round, or its "
        "reliability is that of a sum in which they cancel the others."
    )


def larcker(work: Work) -> pd.DataFrame:
    """Return correlations of the constructs, with the root of each AVE on the diagonal."""
    return fornell_larcker(work.measured_by_several()).reset_index()


def ratios(work: Work) -> pd.DataFrame:
    """Return HTMT of each pair of constructs with its interval, its signed form and HTMT2."""
    data, seed = work.data, work.options.seed
    table, geometric = (
        htmt(
            data.answers,
            data.constructs,
            variant=variant,
            confidence=work.confidence,
            seed=seed,
        )
        for variant in ("htmt", "htmt2")
    )
    names = ["first", "second", "n", "missing", "htmt", "signed", "low", "high"]
    return table[names].assign(htmt2=geometric["htmt"], verdict=table["verdict"])


def invariant(work: Work) -> pd.DataFrame:
    """Return the steps of invariance between fabrics and between districts.

    By maximum likelihood, then with the answers taken as ordered. A grouping without two groups
    that are large enough is left out, unless none has.
    """
    found, reasons = [], []
    for by, grouping in work.data.groupings.items():
        try:
            plain = _steps(work, grouping, "ML")
        except AnalysisError as error:
            reasons.append(f"By {by}: {error}")
            continue
        for estimator, table in (("ML", plain), ("WLSMV", _ordered_steps(work, grouping))):
            table.insert(0, "by", by)
            table.insert(1, "estimator", estimator)
            found.append(table)
    if not found:
        raise AnalysisError(" ".join(reasons))
    return pd.concat(found, ignore_index=True)


def _steps(work: Work, grouping: pd.Series, estimator: str) -> pd.DataFrame:
    return invariance(
        work.measurement_syntax(),
        work.data.answers,
        grouping,
        estimator=estimator,
        hide_below=work.options.min_count,
        confidence=work.confidence,
    )


def _ordered_steps(work: Work, grouping: pd.Series) -> pd.DataFrame:
    """Return the steps of ordered answers, or one row that says why there are none."""
    try:
        return _steps(work, grouping, "WLSMV")
    except AnalysisError as error:
        row = {"step": "configural", "verdict": "no answer", "problem": str(error)}
        return pd.DataFrame([row])


def supposed(work: Work) -> pd.DataFrame:
    """Return the paths of the structural model as hypotheses, each with its verdict."""
    return hypotheses(work.path_fit, level=1 - work.confidence)


def all_effects(work: Work) -> pd.DataFrame:
    """Return direct, indirect and total effects of the structural model."""
    return effects(
        work.path_fit,
        work.everything,
        replicates=work.replicates,
        confidence=work.confidence,
        seed=work.options.seed,
    )


def modification(work: Work) -> pd.DataFrame:
    """Return the largest modification indices of the measurement model."""
    table = work.measurement().modification_indices()
    large = table[table["mi"] > _CHI_SQUARE_1].head(LARGEST)
    names = large["lhs"] + " " + large["op"] + " " + large["rhs"]
    shown = large[["mi", "epc", "std_epc"]].reset_index(drop=True)
    shown.insert(0, "parameter", names.to_numpy())
    return shown


def path_fit(work: Work) -> pd.DataFrame:
    """Return the fit of the structural model in one row."""
    return pd.DataFrame([{"estimator": work.path_fit.estimator, **fit_figures(work.path_fit)}])


def _proper(fit: SemFit) -> SemFit:
    """Refuse a solution that may not be published."""
    if fit.problems:
        raise AnalysisError(" ".join(fit.problems))
    return fit
