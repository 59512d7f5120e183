"""Which items rank above which: Friedman's test of all items, and the comparison of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import inf, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import check_confidence, complete_answers
from ecity_geo.stats.concordance import w_interval
from ecity_geo.stats.friedman_null import exact_p, permutation_p
from ecity_geo.stats.ranks import conover_t, rank_rows, signed_rank_pairs, studentized_range_sf
from ecity_geo.stats.resampling import resampling

Floats = NDArray[np.float64]

METHODS = ("conover", "wilcoxon", "nemenyi")
DRAWS = 1999
"""Random orders of everybody's ranks where no number is asked for, and resamples for W."""
_WHAT = "Friedman's test"
# Ranks permuted at most where no number of draws is asked for: some tenths of a second. With more
# answers than that the chi-square needs no check.
_PERMUTED = 40_000_000


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
    w_low, w_high
        Interval of the population's coefficient. The sample's lies too high by (1 - W)/n.
    w_method
        ``"bootstrap-t"``, or ``"student"`` from 2,000 respondents on.
    confidence
        Level of the interval.
    f, f_df, f_p
        Iman and Davenport's F, less conservative than chi-square; infinite when all
        respondents rank alike.
    p_exact
        Exact p given the ties, where there are few enough orders to go through; else None.
    p_permutation
        p from `draws` random orders, where there is no exact one; else None.
    draws
        Random orders drawn; 0 without `p_permutation`.
    seed
        Of the random orders and of the bootstrap.
    """

    mean_ranks: pd.Series
    n: int
    missing: int
    chi_square: float
    df: int
    p: float
    kendall_w: float
    w_low: float
    w_high: float
    w_method: str
    confidence: float
    f: float
    f_df: tuple[int, int]
    f_p: float
    p_exact: float | None
    p_permutation: float | None
    draws: int
    seed: int


def friedman(
    answers: pd.DataFrame,
    *,
    confidence: float = 0.95,
    draws: int | None = None,
    replicates: int = DRAWS,
    strata: pd.Series | None = None,
    seed: int = 0,
) -> Friedman:
    """Test whether respondents rank some items above others.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Respondents with a missing answer are
        left out of the whole test, and counted.
    confidence
        Level of the interval of W.
    draws
        Random orders for `p_permutation`. A number is drawn even where there is an exact p, 0
        draws none. By default 1,999 where there is no exact p and the answers are fewer than
        some 20,000.
    replicates
        Resamples for the interval of W.
    strata
        Stratum of each respondent by the index of `answers`, within which the bootstrap of W
        resamples.
    seed
        Of the random numbers.

    Returns
    -------
    friedman
        Mean ranks, chi-square with ties, Kendall's W with its interval, Iman-Davenport's F, and
        the exact or the permutation p.

    Raises
    ------
    AnalysisError
        With fewer than two items, fewer respondents than items, an item that all answer alike,
        two items that everybody answers alike, or strata as in
        `ecity_geo.stats.resampling.resampling`.

    Notes
    -----
    Friedman (1937), doi:10.1080/01621459.1937.10503522; Kendall & Babington Smith (1939); F of
    Iman & Davenport (1980), doi:10.1080/03610928008827904. Exact and permutation p hold each
    respondent's ties as they are: `ecity_geo.stats.friedman_null`. Interval of W:
    `ecity_geo.stats.concordance.w_interval`.
    """
    check_confidence(confidence)
    complete, missing = complete_answers(answers, what=_WHAT)
    n, k = complete.shape
    ranks = rank_rows(complete.to_numpy())
    means = ranks.mean(axis=0)
    # Sum of squares of the ranks within respondents: n (k^3 - k) / 12, less with ties.
    within = float(((ranks - (k + 1) / 2) ** 2).sum())
    w = min(n * float(((means - (k + 1) / 2) ** 2).sum()) / within, 1.0)
    chi_square = n * (k - 1) * w
    f = inf if w == 1 else (n - 1) * w / (1 - w)
    f_df = k - 1, (k - 1) * (n - 1)
    ways = resampling(complete.index, strata)
    w_low, w_high, w_method = w_interval(
        ranks, ways, confidence=confidence, replicates=replicates, seed=seed
    )
    p_exact, p_permutation, drawn = _permuted(ranks, draws, seed)
    return Friedman(
        mean_ranks=pd.Series(means, index=complete.columns, name="mean_rank").rename_axis("item"),
        n=n,
        missing=missing,
        chi_square=chi_square,
        df=k - 1,
        p=float(stats.chi2.sf(chi_square, k - 1)),
        kendall_w=w,
        w_low=w_low,
        w_high=w_high,
        w_method=w_method,
        confidence=confidence,
        f=f,
        f_df=f_df,
        f_p=float(stats.f.sf(f, *f_df)),
        p_exact=p_exact,
        p_permutation=p_permutation,
        draws=drawn,
        seed=seed,
    )


def _permuted(
    ranks: Floats, draws: int | None, seed: int
) -> tuple[float | None, float | None, int]:
    """Return the exact p, the permutation p, and the number of draws."""
    exact = exact_p(ranks)
    if draws is None:
        draws = DRAWS if exact is None and ranks.size * DRAWS <= _PERMUTED else 0
    if draws == 0:
        return exact, None, 0
    return exact, permutation_p(ranks, draws=draws, seed=seed), draws


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
    correction for ties and so is conservative with them. Items that the pairs leave together:
    `ecity_geo.stats.homogeneous.homogeneous_groups`.
    """
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    adjust_p(np.array([]), correction)
    complete, _ = complete_answers(answers, what=_WHAT)
    x = complete.to_numpy()
    n, k = x.shape
    ranks = rank_rows(x)
    means = ranks.mean(axis=0)
    first, second = np.array(list(combinations(range(k), 2))).T
    difference = means[first] - means[second]
    if method == "conover":
        statistic, p = conover_t(ranks, difference)
    elif method == "wilcoxon":
        statistic, p = signed_rank_pairs(x)
    else:
        statistic = np.abs(difference) / sqrt(k * (k + 1) / (12 * n))
        p = studentized_range_sf(statistic, k)
    return pd.DataFrame(
        {
            "first": complete.columns[first],
            "second": complete.columns[second],
            "difference": difference,
            "statistic": statistic,
            "p": p,
            "p_adjusted": adjust_p(p, "none" if method == "nemenyi" else correction),
            "method": method,
            "correction": "single step" if method == "nemenyi" else correction,
        }
    )
