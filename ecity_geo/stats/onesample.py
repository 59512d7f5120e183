"""What a one-sample comparison is made of: the interval of d, and the signed rank test."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
from scipy import optimize, special, stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence

# From here on the normal approximation stands in for the exact distribution, as in R.
EXACT_BELOW = 50


def cohen_d_interval(t: float, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a one-sample Cohen's d, from its t.

    Parameters
    ----------
    t
        One-sample t statistic.
    n
        Answers, at least two.
    confidence
        Level of the interval.

    Returns
    -------
    low, high
        The noncentralities at which `t` is a quantile of the noncentral t distribution, over
        the root of n.

    Raises
    ------
    AnalysisError
        If `n` is below 2, `t` is not finite, or the level is not between 0 and 1.

    Notes
    -----
    Steiger & Fouladi (1997). ``P(T <= t) = E[Phi(t S - delta)]`` with S a chi over the root of
    its degrees of freedom is integrated by Gauss-Legendre: SciPy's ``nct`` is NaN far out.
    """
    check_confidence(confidence)
    if n < 2 or not np.isfinite(t):
        raise AnalysisError(f"No interval of d with n = {n} and t = {t}.")
    df = n - 1
    low, high = (sqrt(tail / df) for tail in (stats.chi2.ppf(1e-17, df), stats.chi2.isf(1e-17, df)))
    nodes, weights = _nodes()
    s = (high - low) / 2 * nodes + (high + low) / 2
    mass = (high - low) / 2 * weights * stats.chi.pdf(s * sqrt(df), df) * sqrt(df)

    def excess(delta: float, level: float) -> float:
        return float(mass @ special.ndtr(t * s - delta)) - level

    # Phi is 0 or 1 to the last bit beyond nine standard deviations.
    ends = min(t, 0.0) * high - 9, max(t, 0.0) * high + 9
    tail = (1 - confidence) / 2
    found = [
        optimize.brentq(excess, *ends, args=(level,), xtol=1e-13, rtol=1e-14)
        for level in (1 - tail, tail)
    ]
    return float(found[0]) / sqrt(n), float(found[1]) / sqrt(n)


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights: always the same, and dearer than all the rest of an interval."""
    return np.polynomial.legendre.leggauss(200)


def signed_rank(differences: np.ndarray) -> tuple[float, float]:
    """Wilcoxon's signed rank test of differences.

    Parameters
    ----------
    differences
        At least one of them not zero; zeros are left out.

    Returns
    -------
    v, p
        Sum of the ranks of the positive differences, and the two-sided p: exact below 50
        differences without ties or zeros, else normal, corrected for ties and continuity.

    Raises
    ------
    AnalysisError
        If all differences are zero.
    """
    d = differences[differences != 0]
    m = len(d)
    if m == 0:
        raise AnalysisError("A signed rank test needs a difference that is not zero.")
    ranks = stats.rankdata(np.abs(d))
    v = float(ranks[d > 0].sum())
    _, ties = np.unique(ranks, return_counts=True)
    if m == len(differences) < EXACT_BELOW and (ties == 1).all():
        return v, float(stats.wilcoxon(d, method="exact").pvalue)
    variance = m * (m + 1) * (2 * m + 1) / 24 - float((ties**3 - ties).sum()) / 48
    distance = max(abs(v - m * (m + 1) / 4) - 0.5, 0.0)
    return v, float(2 * stats.norm.sf(distance / sqrt(variance)))
