"""Whether a measurement model means the same in all groups: the steps of invariance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence
from ecity_geo.stats.one_thread import one_thread
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.stats.sem_moments import select_sample
from ecity_geo.stats.sem_ordinal_groups import (
    GroupsSolution,
    fit_ordered_groups,
    groups_indices,
    scaled_difference,
)
from ecity_geo.stats.sem_ordinal_sample import OrderedSample, ordered_samples
from ecity_geo.stats.sem_syntax import parse_syntax
from ecity_geo.stats.sem_table import build_table

STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
"""What each step holds equal in all groups."""
ORDERED_STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    **{name: ("thresholds", *STEPS[name]) for name in ("metric", "scalar", "strict")},
}
"""The same of ordered answers, whose thresholds come first."""
MIN_COUNT = 50
_LIMITS, _SMALL_LIMITS = (0.010, 0.015), (0.005, 0.010)
"""Greatest fall of CFI and rise of RMSEA; stricter in samples of 300 or fewer."""
_SMALL = 300
_ESTIMATORS = ("ML", "MLR", "WLSMV")


def invariance(
    syntax: str,
    answers: pd.DataFrame,
    groups: pd.Series,
    *,
    estimator: str = "ML",
    min_count: int = MIN_COUNT,
    hide_below: int = 0,
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
        ``"ML"``, ``"MLR"`` with scaled differences of chi-square, or ``"WLSMV"`` for answers
        taken as ordered: items of three answers or more, loadings and covariances alone.
    min_count
        Groups with fewer complete respondents take no part, and neither do those with no more
        respondents than items.
    hide_below
        Where those groups hold fewer complete respondents than this between them, the smallest
        of the others takes no part either, so that `n` does not give them away.
    confidence
        Level of the test of the differences.

    Returns
    -------
    steps
        A row per step: `step`, `n`, `groups`, `left_out` (respondents of groups that take no
        part, without a group, or with a missing answer), `chi_square`, `df`, `p`, `cfi`,
        `rmsea`, `srmr`, `delta_chi_square`, `delta_df`, `p_delta`, `delta_cfi`, `delta_rmsea`
        (against the last step with a solution), `verdict` (``"base"`` for the first;
        ``"holds"`` where CFI falls by at most .010 and RMSEA rises by at most .015, or .005 and
        .010 with 300 respondents or fewer; else ``"does not hold"``; ``"no answer"`` where the
        step has no proper solution) and `problem`, why not. With ``"MLR"``, chi-square and p are
        the scaled ones, CFI and RMSEA the robust ones; with ``"WLSMV"`` all are the scaled ones,
        and a step ``"thresholds"`` stands second.

    Raises
    ------
    AnalysisError
        If fewer than two groups are large enough, the estimator is another one, the model
        measures nothing, or the first step has no proper solution; with ``"WLSMV"`` also for a
        model with paths, means or labels, an item of two answers, or an answer that a group
        lacks.

    Notes
    -----
    Limits of Cheung & Rensvold (2002), doi:10.1207/S15328007SEM0902_5, and Chen (2007),
    doi:10.1080/10705510701301834; the p of the difference stands beside, and rejects trifles in
    large samples. Scaled difference of Satorra & Bentler (2001), doi:10.1007/BF02296192. Ordered
    answers are identified and stepped as by Wu & Estabrook (2016),
    doi:10.1007/s11336-016-9506-0, theta parameterisation, as semTools' measEq.syntax does;
    their difference is that of Satorra (2000). Limits made for ML are lenient there.
    """
    check_confidence(confidence)
    if estimator not in _ESTIMATORS:
        raise AnalysisError(f"Steps of invariance are by {' or '.join(_ESTIMATORS)}.")
    kept = _large_groups(syntax, answers, groups, min_count, hide_below)
    rows: list[dict[str, object]] = []
    before: _Step | None = None
    ordered = estimator == "WLSMV"
    fit = _ordered_fit(syntax, answers, kept) if ordered else _fit(syntax, answers, kept, estimator)
    for name, equal in (ORDERED_STEPS if ordered else STEPS).items():
        found = fit(equal)
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
    solution: GroupsSolution | None = None


def _large_groups(
    syntax: str, answers: pd.DataFrame, groups: pd.Series, min_count: int, hide_below: int
) -> pd.Series:
    known = groups.reindex(answers.index)
    parsed = parse_syntax(syntax)
    if not any(term.op == "=~" for term in parsed.terms):
        raise AnalysisError("Invariance is of what measures something: the model has no =~.")
    observed = build_table(parsed).observed
    used = [name for name in observed if name in answers.columns]
    complete = answers[used].notna().all(axis=1) & known.notna()
    counts = known[complete].value_counts()
    least = max(min_count, len(used) + 1)
    large = counts.index[counts >= least]
    if 0 < counts[counts < least].sum() < hide_below:
        # `value_counts` puts the smallest last.
        large = large[:-1]
    if len(large) < 2:
        # Sizes of small groups are nobody's business: only how many are large enough is told.
        raise AnalysisError(
            f"Invariance needs two groups of at least {least} complete respondents; "
            f"{len(large) or 'none'} of {len(counts)} {'is' if len(large) < 2 else 'are'} so "
            "large. Merge groups, or compare their means only."
        )
    return known.where(complete & known.isin(large))


def _fit(
    syntax: str, answers: pd.DataFrame, groups: pd.Series, estimator: str
) -> Callable[[tuple[str, ...]], _Step]:
    n = int(groups.notna().sum())

    def fit(equal: tuple[str, ...]) -> _Step:
        try:
            found: SemFit = fit_model(
                syntax, answers, groups=groups, equal=equal, estimator=estimator
            )
            return _Step(n=found.n, indices=found.fit_indices(), problem="")
        except AnalysisError as error:
            return _Step(n=n, indices=None, problem=str(error))

    return fit


def _ordered_fit(
    syntax: str, answers: pd.DataFrame, groups: pd.Series
) -> Callable[[tuple[str, ...]], _Step]:
    parsed = parse_syntax(syntax)
    _check_plain(syntax)
    sample = select_sample(answers, build_table(parsed).observed, groups=groups)
    samples = ordered_samples(sample, build_table(parsed).observed, missing="complete")
    _check_answers(samples[0])

    def fit(equal: tuple[str, ...]) -> _Step:
        with one_thread():
            found = fit_ordered_groups(parsed, samples, equal=equal)
            if found.problems:
                return _Step(n=sample.n, indices=None, problem=" ".join(found.problems))
            indices = pd.Series(groups_indices(found))
        return _Step(n=sample.n, indices=indices, problem="", solution=found)

    return fit


def _check_plain(syntax: str) -> None:
    for term in parse_syntax(syntax).terms:
        if term.op not in ("=~", "~~") or term.fixed or term.label:
            raise AnalysisError(
                f"Line {term.line} of the model: steps of ordered answers are of loadings and "
                f"covariances without labels or fixed values, not of {term.lhs} {term.op} "
                f"{term.rhs}. Leave it out, or use ML or MLR."
            )


def _check_answers(sample: OrderedSample) -> None:
    counts = sample.thresholds["item"].value_counts(sort=False)
    two = [str(name) for name in counts.index[counts < 2]]
    if two:
        raise AnalysisError(
            f"Steps of ordered answers need three answers to each item; {', '.join(two[:5])} "
            "had two: levels and spreads of groups cannot be told apart there. Use ML or MLR."
        )


_INDICES = ("chi_square", "df", "p", "cfi", "rmsea", "srmr")
_ROBUST = {
    "chi_square": "chi_square_scaled",
    "p": "p_scaled",
    "cfi": "cfi_robust",
    "rmsea": "rmsea_robust",
}
_CHANGES = ("delta_chi_square", "delta_df", "p_delta", "delta_cfi", "delta_rmsea")


def _figures(step: _Step, before: _Step | None) -> dict[str, object]:
    nothing = dict.fromkeys(_CHANGES, np.nan)
    if step.indices is None:
        verdict = {"verdict": "no answer", "problem": step.problem}
        return {**dict.fromkeys(_INDICES, np.nan), **nothing, **verdict}
    own = _shown(step.indices)
    if before is None or before.indices is None:
        return {**own, **nothing, "verdict": "base", "problem": ""}
    earlier = _shown(before.indices)
    chi_square, df = _difference(step, before)
    fall, rise = own["cfi"] - earlier["cfi"], own["rmsea"] - earlier["rmsea"]
    most_fall, most_rise = _SMALL_LIMITS if step.n <= _SMALL else _LIMITS
    holds = fall >= -most_fall and rise <= most_rise
    p = float(stats.chi2.sf(chi_square, df)) if np.isfinite(chi_square) and df else np.nan
    changes = dict(zip(_CHANGES, (chi_square, df, p, fall, rise), strict=True))
    problem = _NEGATIVE if not np.isfinite(chi_square) else "" if df else _NOTHING_HELD
    return {**own, **changes, "verdict": "holds" if holds else "does not hold", "problem": problem}


def _shown(indices: pd.Series) -> dict[str, float]:
    """Return the indices that a reader wants: the robust ones where there are any."""
    return {name: float(indices.get(_ROBUST.get(name, name), indices[name])) for name in _INDICES}


_NEGATIVE = (
    "The scaled difference of chi-squares is negative, as may happen in small samples: it has no "
    "test. Take estimator='ML' for one."
)


_NOTHING_HELD = (
    "Items of three answers have two thresholds, a level and a spread: equal thresholds hold "
    "nothing equal yet."
)


def _difference(step: _Step, before: _Step) -> tuple[float, float]:
    """Return the difference of chi-squares, scaled where they are; NaN if the scale is negative."""
    if step.solution is not None and before.solution is not None:
        return scaled_difference(before.solution, step.solution)
    own, earlier = step.indices, before.indices
    if own is None or earlier is None:
        return np.nan, np.nan
    df = float(own["df"] - earlier["df"])
    plain = float(own["chi_square"] - earlier["chi_square"])
    if "scaling_factor" not in own:
        return plain, df
    scale = (own["df"] * own["scaling_factor"] - earlier["df"] * earlier["scaling_factor"]) / df
    return (plain / float(scale) if scale > 0 else np.nan), df
