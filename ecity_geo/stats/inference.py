"""What answers say of each item: whether its mean lies above or below a value."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import as_numbers, check_confidence, refuse_constant
from ecity_geo.stats.onesample import cohen_d_interval, signed_rank


def one_sample(
    answers: pd.DataFrame, *, test_value: float = 3.0, confidence: float = 0.95
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

    Returns
    -------
    tests
        Indexed by item: `n`, `missing`, `mean`, `sd`, `low`, `high` (interval of the mean), `t`,
        `df`, `p` (two-sided), `p_holm`, `p_bh` (adjusted over the items), `d` (Cohen's, signed),
        `d_low`, `d_high`, `wilcoxon_v` (sum of positive ranks), `wilcoxon_p`, and `verdict`:
        ``"above"`` or ``"below"`` where `p_holm` is below ``1 - confidence``, else
        ``"cannot tell"``.

    Raises
    ------
    AnalysisError
        If an item has fewer than two answers, or all its answers are alike.

    Notes
    -----
    Student's t; the interval of d from the noncentral t (Steiger & Fouladi 1997). The signed
    rank test leaves out answers equal to `test_value`, and is exact below 50 answers without
    ties, else normal with corrections for ties and continuity, as R's ``wilcox.test``.
    """
    check_confidence(confidence)
    numbers = as_numbers(answers)
    few = [name for name in numbers if numbers[name].count() < 2]
    if few:
        raise AnalysisError(f"A t test needs two answers; too few to items {few[:5]}.")
    refuse_constant(numbers, what="A t test")
    rows = {name: _one(numbers[name], test_value, confidence) for name in numbers}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("item")
    table["p_holm"] = adjust_p(table["p"].to_numpy(), "holm")
    table["p_bh"] = adjust_p(table["p"].to_numpy(), "bh")
    told = np.where(table["t"] > 0, "above", "below")
    table["verdict"] = np.where(table["p_holm"] < 1 - confidence, told, "cannot tell")
    table = table.astype(dict.fromkeys(("n", "missing", "df"), "Int64"))
    order = ["n", "missing", "mean", "sd", "low", "high", "t", "df", "p", "p_holm", "p_bh"]
    return table[[*order, "d", "d_low", "d_high", "wilcoxon_v", "wilcoxon_p", "verdict"]]


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
