"""How large a difference between groups is, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from ecity_geo.errors import AnalysisError

Floats = NDArray[np.float64]

_NEAR_ZERO = 1e-12


def cliffs_delta(x: Floats, y: Floats, confidence: float) -> tuple[float, float, float]:
    """Cliff's delta: how much more often x is above y than below.

    Parameters
    ----------
    x, y
        Scores of two groups, two or more each.
    confidence
        Level of the interval.

    Returns
    -------
    delta, low, high
        From -1 to 1.

    Notes
    -----
    The unbiased variance and the asymmetric interval of Cliff (1996, doi:10.4324/9781315806730);
    without overlap that of Feng & Cliff (2004).
    """
    signs = np.sign(x[:, None] - y[None, :])
    m, n, delta = len(x), len(y), float(signs.mean())
    if abs(delta) == 1:
        return delta, *_apart(delta, min(m, n), confidence)
    rows, columns = signs.mean(axis=1) - delta, signs.mean(axis=0) - delta
    inner = ((signs - delta) ** 2).sum()
    variance = (n**2 * (rows**2).sum() + m**2 * (columns**2).sum() - inner) / (
        m * n * (m - 1) * (n - 1)
    )
    variance = max(variance, (1 - delta**2) / (m * n - 1))
    z = float(special.ndtri((1 + confidence) / 2))
    centre, root = delta - delta**3, z * sqrt(variance)
    half = root * sqrt((1 - delta**2) ** 2 + z**2 * variance)
    below = 1 - delta**2 + z**2 * variance
    return delta, max((centre - half) / below, -1.0), min((centre + half) / below, 1.0)


def _apart(delta: float, n: int, confidence: float) -> tuple[float, float]:
    """Return the interval of groups that do not overlap (Feng & Cliff 2004)."""
    z2 = float(special.ndtri((1 + confidence) / 2)) ** 2
    inner = (n - z2) / (n + z2)
    return (inner, 1.0) if delta > 0 else (-1.0, -inner)


def hedges_g(x: Floats, y: Floats, confidence: float) -> tuple[float, float, float]:
    """Hedges' g: the difference of means over the pooled standard deviation, unbiased.

    Parameters
    ----------
    x, y
        Scores of two groups, two or more each.
    confidence
        Level of the interval.

    Returns
    -------
    g, low, high
        In standard deviations.

    Raises
    ------
    AnalysisError
        If neither group varies.

    Notes
    -----
    Hedges (1981), doi:10.3102/10769986006002107, with the exact correction; standard error of
    Hedges & Olkin (1985).
    """
    m, n = len(x), len(y)
    df = m + n - 2
    pooled = ((m - 1) * x.var(ddof=1) + (n - 1) * y.var(ddof=1)) / df
    # Of equal scores such as 3.4 the variance is not 0 but rounding error.
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        raise AnalysisError("Two groups vary nowhere; compare them by ranks (dunn).")
    factor = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / sqrt(df / 2)
    g = float(factor * (x.mean() - y.mean()) / sqrt(pooled))
    se = sqrt((m + n) / (m * n) + g**2 / (2 * (m + n)))
    half = float(special.ndtri((1 + confidence) / 2)) * se
    return g, g - half, g + half


def f_limits(f: float, df1: int, df2: int, confidence: float) -> tuple[float, float]:
    """Interval of a noncentrality: those at which `f` is a quantile of the noncentral F."""
    return _limits(lambda nc: _noncentral_f(f, df1, df2, nc), confidence, f * df1)


def _noncentral_f(f: float, df1: int, df2: int, nc: float) -> float:
    """Return P(F <= f); far out, where SciPy's is NaN, by the normal of Severo & Zelen (1960)."""
    below = float(special.ncfdtr(df1, df2, nc, f))
    if not np.isnan(below):
        return below
    ratio, v, w = df1 * f / (df1 + nc), 2 * (df1 + 2 * nc) / (9 * (df1 + nc) ** 2), 2 / (9 * df2)
    cube = ratio ** (1 / 3)
    return float(special.ndtr((cube * (1 - w) - (1 - v)) / sqrt(v + w * cube**2)))


def _limits(below: Callable[[float], float], confidence: float, size: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    return _limit(below, 1 - tail, size), _limit(below, tail, size)


def _limit(below: Callable[[float], float], level: float, size: float) -> float:
    if below(_NEAR_ZERO) <= level:
        return 0.0
    top = 10.0 + 2 * size
    while below(top) > level:
        top *= 2
    return float(optimize.brentq(lambda nc: below(nc) - level, _NEAR_ZERO, top))
