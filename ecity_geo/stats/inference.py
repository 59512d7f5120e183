"""What answers say of items: above or below a value, and which items rank above which.

`one_sample` tests each item against a value, `friedman` all items against one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import inf, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import (
    as_numbers,
    check_confidence,
    complete_answers,
    refuse_constant,
)
from ecity_geo.stats.onesample import cohen_d_interval, signed_rank

METHODS = ("conover", "wilcoxon", "nemenyi")
_WHAT = "Friedman's test"


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Friedman:
    """Friedman's test of items ranked by each respondent.

    Parameters
    ----------
    mean_ranks
        Per item, 1 for the lowest answers; they sum to k(k + 1)/2.
    n
        Respondents who answered every item.
    missing
        Respondents left out because they did not.
    chi_square, df, p
        The test, corrected for ties.
    kendall_w
        Kendall's coefficient of concordance, 0 to 1.
    f, f_df, f_p
        Iman and Davenport's F, less conservative than chi-square; infinite when all
        respondents rank alike.
    """

    mean_ranks: pd.Series
    n: int
    missing: int
    chi_square: float
    df: int
    p: float
    kendall_w: float
    f: float
    f_df: tuple[int, int]
    f_p: float


def friedman(answers: pd.DataFrame) -> Friedman:
    """Test whether respondents rank some items above others.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Respondents with a missing answer are
        left out of the whole test, and counted.

    Returns
    -------
    friedman
        Mean ranks, chi-square with ties, Kendall's W and Iman-Davenport's F.

    Raises
    ------
    AnalysisError
        With fewer than two items, fewer respondents than items, an item that all answer alike,
        or two items that everybody answers alike.

    Notes
    -----
    Friedman (1937), doi:10.1080/01621459.1937.10503522; Kendall & Babington Smith (1939); F of
    Iman & Davenport (1980), doi:10.1080/03610928008827904.
    """
    complete, missing = complete_answers(answers, what=_WHAT)
    n, k = complete.shape
    ranks = _ranks(complete)
    means = ranks.mean(axis=0)
    # Sum of squares of the ranks within respondents: n (k^3 - k) / 12, less with ties.
    within = float(((ranks - (k + 1) / 2) ** 2).sum())
    w = min(n * float(((means - (k + 1) / 2) ** 2).sum()) / within, 1.0)
    chi_square = n * (k - 1) * w
    f = inf if w == 1 else (n - 1) * w / (1 - w)
    f_df = k - 1, (k - 1) * (n - 1)
    return Friedman(
        mean_ranks=pd.Series(means, index=complete.columns, name="mean_rank").rename_axis("item"),
        n=n,
        missing=missing,
        chi_square=chi_square,
        df=k - 1,
        p=float(stats.chi2.sf(chi_square, k - 1)),
        kendall_w=w,
        f=f,
        f_df=f_df,
        f_p=float(stats.f.sf(f, *f_df)),
    )


def friedman_pairs(
    answers: pd.DataFrame, *, method: str = "conover", correction: str = "holm"
) -> pd.DataFrame:
    """Compare each pair of items after Friedman's test.

    Parameters
    ----------
    answers
        As in `friedman`, with the same policy on missing answers.
    method
        ``"conover"`` (t on rank sums, with the variance of the ranks as they are),
        ``"wilcoxon"`` (signed ranks of each pair alone) or ``"nemenyi"`` (studentized range).
    correction
        As in `ecity_geo.stats.adjust.adjust_p`. Nemenyi's p are adjusted already, in a single
        step, and stay as they are.

    Returns
    -------
    pairs
        A row per pair: `first`, `second`, `difference` (of mean ranks), `statistic` (t, V or
        q), `p`, `p_adjusted`, `method` and `correction` by name.

    Raises
    ------
    AnalysisError
        If the method or correction is unknown, or as in `friedman`.

    Notes
    -----
    Conover (1999), Practical Nonparametric Statistics, 5.8; Nemenyi (1963), whose p makes no
    correction for ties and so is conservative with them.
    """
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    adjust_p(np.array([]), correction)
    complete, _ = complete_answers(answers, what=_WHAT)
    ranks = _ranks(complete)
    means = ranks.mean(axis=0)
    first, second = np.array(list(combinations(range(complete.shape[1]), 2))).T
    difference = means[first] - means[second]
    if method == "conover":
        statistic, p = _conover(ranks, difference)
    elif method == "wilcoxon":
        x = complete.to_numpy()
        tests = [signed_rank(x[:, a] - x[:, b]) for a, b in zip(first, second, strict=True)]
        statistic, p = np.array(tests).T
    else:
        statistic, p = _nemenyi(difference, *complete.shape)
        correction = "none"
    return pd.DataFrame(
        {
            "first": complete.columns[first],
            "second": complete.columns[second],
            "difference": difference,
            "statistic": statistic,
            "p": p,
            "p_adjusted": adjust_p(p, correction),
            "method": method,
            "correction": "single step" if method == "nemenyi" else correction,
        }
    )


def _ranks(complete: pd.DataFrame) -> np.ndarray:
    return np.asarray(stats.rankdata(complete.to_numpy(), axis=1))


def _conover(ranks: np.ndarray, difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, k = ranks.shape
    df = (n - 1) * (k - 1)
    sums = ranks.sum(axis=0)
    rest = max(float(2 * (n * (ranks**2).sum() - (sums**2).sum())), 0.0)
    with np.errstate(divide="ignore"):
        t = n * difference / sqrt(rest / df)
    return t, 2 * stats.t.sf(np.abs(t), df)


def _nemenyi(difference: np.ndarray, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    q = np.abs(difference) / sqrt(k * (k + 1) / (12 * n))
    # Quadrature may leave a probability by the last bits.
    return q, np.clip(stats.studentized_range.sf(q, k, np.inf), 0.0, 1.0)
