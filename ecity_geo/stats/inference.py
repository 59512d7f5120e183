"""What answers say of each item: whether its mean lies above or below a value."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import (
    as_numbers,
    check_confidence,
    check_test_value,
    refuse_constant,
)
from ecity_geo.stats.design import Design, survey_design, survey_means
from ecity_geo.stats.linearised import linearise
from ecity_geo.stats.onesample import cohen_d_interval, signed_rank

# Share of the standard deviation below which a standard error is rounding.
_CRUMBS = 1e-12


def one_sample(
    answers: pd.DataFrame,
    *,
    test_value: float = 3.0,
    confidence: float = 0.95,
    weights: pd.Series | Design | None = None,
) -> pd.DataFrame:
    """Test the mean of each item against a value.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. A missing answer leaves the respondent
        out of that item only, and is counted.
    test_value
        Value to test against, such as the middle of the scale.
    confidence
        Level of the intervals and of the verdict.
    weights
        Survey weight of each respondent, or a whole design of
        `ecity_geo.stats.design.survey_design`, with strata and finite population.

    Returns
    -------
    tests
        Indexed by item: `n`, `missing`, `mean`, `sd`, `low`, `high` (interval of the mean), `t`,
        `df`, `p` (two-sided), `p_holm`, `p_bh` (adjusted over the items), `d` (Cohen's, signed),
        `d_low`, `d_high`, `wilcoxon_v` (sum of positive ranks), `wilcoxon_p`, and `verdict`:
        ``"above"`` or ``"below"`` where `p_holm` is below ``1 - confidence``, else
        ``"cannot tell"``. With weights, mean, SD and d are those of the people behind the
        sample; the columns `se` and `design_effect` stand after `sd`, and those of the signed
        rank test are not there: it has no weighted form.

    Raises
    ------
    AnalysisError
        If an item has fewer than two answers, or all its answers are alike, or the test value is
        no finite number; or for weights as
        in `ecity_geo.stats.design`.

    Notes
    -----
    Student's t; the interval of d from the noncentral t (Steiger & Fouladi 1997). The signed
    rank test leaves out answers equal to `test_value`, and is exact below 50 answers without
    ties, else normal with corrections for ties and continuity, as R's ``wilcox.test``.

    With weights the standard error is that of the design (Taylor linearisation), with as many
    degrees of freedom as respondents less strata; the interval of d is Student's with the
    linearised error of d, not noncentral.
    """
    check_confidence(confidence)
    check_test_value(test_value)
    if weights is not None:
        return _weighted(answers, weights, test_value, confidence)
    numbers = as_numbers(answers)
    few = [name for name in numbers if numbers[name].count() < 2]
    if few:
        raise AnalysisError(f"A t test needs two answers; too few to items {few[:5]}.")
    refuse_constant(numbers, what="A t test")
    rows = {name: _one(numbers[name], test_value, confidence) for name in numbers}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("item")
    order = ["n", "missing", "mean", "sd", "low", "high", "t", "df", "p", "p_holm", "p_bh"]
    order += ["d", "d_low", "d_high", "wilcoxon_v", "wilcoxon_p", "verdict"]
    return _judged(table, confidence)[order]


def _judged(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add p adjusted over the items, and the verdict of Holm's."""
    table["p_holm"] = adjust_p(table["p"].to_numpy(), "holm")
    table["p_bh"] = adjust_p(table["p"].to_numpy(), "bh")
    told = np.where(table["t"] > 0, "above", "below")
    table["verdict"] = np.where(table["p_holm"] < 1 - confidence, told, "cannot tell")
    return table.astype(dict.fromkeys(("n", "missing", "df"), "Int64"))


def _weighted(
    answers: pd.DataFrame, weights: pd.Series | Design, test_value: float, confidence: float
) -> pd.DataFrame:
    design = weights if isinstance(weights, Design) else survey_design(weights)
    table = survey_means(answers, design, confidence=confidence)
    parts = linearise(answers, design)
    sd, se = np.sqrt(parts.variance), table["se"].to_numpy()
    if not (se > _CRUMBS * sd).all():
        raise AnalysisError(
            "The means have no sampling error, so that there is nothing to test: everybody was "
            "asked, or the margins of the weights explain the answers entirely."
        )
    t = (parts.mean - test_value) / se
    d = (parts.mean - test_value) / sd
    table["t"], table["p"], table["d"] = t, 2 * stats.t.sf(np.abs(t), design.df), d
    spread = (parts.share * parts.deviation**2).sum(axis=0)
    pull = parts.deviation / sd - d / 2 * (parts.deviation**2 / spread - 1)
    error = np.sqrt(design.variance(parts.share * pull))
    half = stats.t.ppf((1 + confidence) / 2, design.df) * error
    table["d_low"], table["d_high"] = d - half, d + half
    order = ["n", "missing", "mean", "sd", "se", "design_effect", "low", "high", "t", "df", "p"]
    return _judged(table, confidence)[[*order, "p_holm", "p_bh", "d", "d_low", "d_high", "verdict"]]


def _one(values: pd.Series, test_value: float, confidence: float) -> dict[str, float]:
    x = values.dropna().to_numpy(dtype=float)
    n = len(x)
    mean, sd = float(x.mean()), float(x.std(ddof=1))
    error = sd / sqrt(n)
    t = (mean - test_value) / error
    half = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    d_low, d_high = cohen_d_interval(t, n, confidence=confidence)
    v, wilcoxon_p = signed_rank(x - test_value)
    return {
        "n": n,
        "missing": len(values) - n,
        "mean": mean,
        "sd": sd,
        "low": mean - half,
        "high": mean + half,
        "t": t,
        "df": n - 1,
        "p": float(2 * stats.t.sf(abs(t), n - 1)),
        "d": t / sqrt(n),
        "d_low": d_low,
        "d_high": d_high,
        "wilcoxon_v": v,
        "wilcoxon_p": wilcoxon_p,
    }
