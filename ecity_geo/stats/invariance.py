"""Whether a measurement model means the same in all groups: the steps of invariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence
from ecity_geo.stats.sem import SemFit, fit_model

STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
"""What each step holds equal in all groups."""
MIN_COUNT = 50
_CFI_FALL, _RMSEA_RISE = 0.010, 0.015
_ESTIMATORS = ("ML", "MLR")


def invariance(
    syntax: str,
    answers: pd.DataFrame,
    groups: pd.Series,
    *,
    estimator: str = "ML",
    min_count: int = MIN_COUNT,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Hold more and more of a measurement model equal in all groups.

    Parameters
    ----------
    syntax
        Measurement model in lavaan's language, without labels.
    answers
        A row per respondent.
    groups
        Group of each respondent, aligned by index; missing where unknown.
    estimator
        ``"ML"``, or ``"MLR"`` with scaled differences of chi-square.
    min_count
        Groups with fewer complete respondents take no part, and neither do those with no more
        respondents than items.
    confidence
        Level of the test of the differences.

    Returns
    -------
    steps
        A row per step: `step`, `n`, `groups`, `left_out` (respondents of groups that take no
        part, without a group, or with a missing answer), `chi_square`, `df`, `p`, `cfi`,
        `rmsea`, `srmr`, `delta_chi_square`, `delta_df`, `p_delta`, `delta_cfi`, `delta_rmsea`
        (against the step before), `verdict` (``"base"`` for the first; ``"holds"`` where CFI
        falls by at most .010 and RMSEA rises by at most .015; else ``"does not hold"``;
        ``"no answer"`` where the step has no proper solution) and `problem`, why not.

    Raises
    ------
    AnalysisError
        If fewer than two groups are large enough, the estimator is another one, or the first
        step has no proper solution.

    Notes
    -----
    Limits of Cheung & Rensvold (2002), doi:10.1207/S15328007SEM0902_5, and Chen (2007),
    doi:10.1080/10705510701301834; the p of the difference stands beside, and rejects trifles in
    large samples. Scaled difference of Satorra & Bentler (2001), doi:10.1007/BF02296192.
    """
    check_confidence(confidence)
    if estimator not in _ESTIMATORS:
        raise AnalysisError(f"Steps of invariance are by {' or '.join(_ESTIMATORS)}.")
    kept = _large_groups(syntax, answers, groups, min_count)
    rows: list[dict[str, object]] = []
    before: _Step | None = None
    for name, equal in STEPS.items():
        found = _fit(syntax, answers, kept, equal, estimator)
        row: dict[str, object] = {"step": name, "n": found.n, "groups": kept.nunique()}
        row["left_out"] = len(answers) - found.n
        if found.problem and before is None and name == "configural":
            raise AnalysisError(found.problem)
        rows.append(row | _figures(found, before))
        if not found.problem:
            before = found
    return pd.DataFrame(rows).astype(dict.fromkeys(("n", "groups", "left_out"), "Int64"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    n: int
    indices: pd.Series | None
    problem: str


def _large_groups(
    syntax: str, answers: pd.DataFrame, groups: pd.Series, min_count: int
) -> pd.Series:
    known = groups.reindex(answers.index)
    used = [name for name in answers.columns if name in _words(syntax)]
    complete = answers[used].notna().all(axis=1) & known.notna()
    counts = known[complete].value_counts()
    least = max(min_count, len(used) + 1)
    large = counts.index[counts >= least]
    if len(large) < 2:
        sizes = ", ".join(f"{name!r} {count}" for name, count in counts.items())
        raise AnalysisError(
            f"Invariance needs two groups of at least {least} complete respondents; there are "
            f"{sizes or 'none'}. Merge groups, or compare their means only."
        )
    return known.where(complete & known.isin(large))


def _words(syntax: str) -> set[str]:
    for sign in "=~+*;#!(),":
        syntax = syntax.replace(sign, " ")
    return set(syntax.split())


def _fit(
    syntax: str, answers: pd.DataFrame, groups: pd.Series, equal: tuple[str, ...], estimator: str
) -> _Step:
    n = int(groups.notna().sum())
    try:
        fit: SemFit = fit_model(syntax, answers, groups=groups, equal=equal, estimator=estimator)
        return _Step(n=fit.n, indices=fit.fit_indices(), problem="")
    except AnalysisError as error:
        return _Step(n=n, indices=None, problem=str(error))


_INDICES = ("chi_square", "df", "p", "cfi", "rmsea", "srmr")
_CHANGES = ("delta_chi_square", "delta_df", "p_delta", "delta_cfi", "delta_rmsea")


def _figures(step: _Step, before: _Step | None) -> dict[str, object]:
    nothing = dict.fromkeys(_CHANGES, np.nan)
    if step.indices is None:
        verdict = {"verdict": "no answer", "problem": step.problem}
        return {**dict.fromkeys(_INDICES, np.nan), **nothing, **verdict}
    own = {name: float(step.indices[name]) for name in _INDICES}
    if before is None or before.indices is None:
        return {**own, **nothing, "verdict": "base", "problem": ""}
    chi_square, df = _difference(step.indices, before.indices)
    fall = own["cfi"] - float(before.indices["cfi"])
    rise = own["rmsea"] - float(before.indices["rmsea"])
    holds = fall >= -_CFI_FALL and rise <= _RMSEA_RISE
    p = float(stats.chi2.sf(chi_square, df))
    changes = dict(zip(_CHANGES, (chi_square, df, p, fall, rise), strict=True))
    return {**own, **changes, "verdict": "holds" if holds else "does not hold", "problem": ""}


def _difference(step: pd.Series, before: pd.Series) -> tuple[float, float]:
    """Return the difference of chi-squares, scaled where they are."""
    df = float(step["df"] - before["df"])
    plain = float(step["chi_square"] - before["chi_square"])
    if "scaling_factor" not in step:
        return plain, df
    scale = (step["df"] * step["scaling_factor"] - before["df"] * before["scaling_factor"]) / df
    if scale <= 0:
        raise AnalysisError(
            "The scaled difference of chi-squares is negative, as may happen in small samples. "
            "Take estimator='ML'."
        )
    return plain / float(scale), df
