"""Fit indices of structural equation models, as lavaan defines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from ecity_geo.stats.sem_ml import Pattern, inverse_root
from ecity_geo.stats.sem_moments import Moments

_CLOSE = 0.05
_LEVEL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A chi-square of a model beside that of its baseline.

    Parameters
    ----------
    chi_square, df
        Of the model.
    baseline_chi_square, baseline_df
        Of the model in which nothing is related.
    scale, baseline_scale
        Correction factors of both, for robust indices; 1 otherwise.
    """

    chi_square: float
    df: float
    baseline_chi_square: float
    baseline_df: float
    scale: float = 1.0
    baseline_scale: float = 1.0


def comparative_indices(test: Test) -> dict[str, float]:
    """Compare a model with its baseline: CFI, TLI, NFI, RFI and IFI.

    Parameters
    ----------
    test
        Chi-squares; with `scale` the noncentralities are ``chi2 - scale df``.

    Returns
    -------
    indices
        `cfi` (Bentler 1990, doi:10.1037/0033-2909.107.2.238), `tli` (Tucker & Lewis 1973,
        doi:10.1007/BF02291170), `nfi` (Bentler & Bonett 1980, doi:10.1037/0033-2909.88.3.588),
        `rfi` and `ifi` (Bollen 1986, 1989). A model without degrees of freedom has 1 in all.
    """
    chi, df, base, base_df = test.chi_square, test.df, test.baseline_chi_square, test.baseline_df
    excess = chi - test.scale * df
    base_excess = base - test.baseline_scale * base_df
    most = max(excess, base_excess, 0.0)
    cfi = 1 - max(excess, 0.0) / most if most > 1e-8 else 1.0
    if df <= 0 or base_df <= 0 or base <= 0:
        return {"cfi": cfi, "tli": 1.0, "nfi": 1.0, "rfi": 1.0, "ifi": 1.0}
    tli = 1 - excess * base_df / (base_excess * df) if base_excess else 1.0
    ifi = (base - chi) / (base - df) if base > df else 1.0
    rfi = (base / base_df - chi / df) / (base / base_df)
    return {"cfi": cfi, "tli": tli, "nfi": (base - chi) / base, "rfi": rfi, "ifi": ifi}


def rmsea_indices(
    chi_square: float,
    df: float,
    n: float,
    *,
    groups: int = 1,
    scale: float = 1.0,
    tested: float | None = None,
) -> dict[str, float]:
    """Root mean square error of approximation, with interval and test of close fit.

    Parameters
    ----------
    chi_square, df
        Of the model.
    n
        Respondents (less the number of groups in the convention of AMOS).
    groups
        Number of groups.
    scale
        Correction factor of robust variants.
    tested
        Chi-square behind interval and test, where it is another one (robust variants).

    Returns
    -------
    indices
        `rmsea`, `rmsea_low` and `rmsea_high` (90 %), `p_close` (of RMSEA <= 0.05).

    Notes
    -----
    ``sqrt(max(chi2 - scale df, 0) / (df n)) sqrt(groups)`` (Steiger 1998,
    doi:10.1080/10705519809540115); the interval inverts the noncentral chi-square (Browne &
    Cudeck 1993, doi:10.1177/0049124192021002005).
    """
    if df <= 0:
        return {"rmsea": 0.0, "rmsea_low": 0.0, "rmsea_high": 0.0, "p_close": np.nan}
    tested = chi_square if tested is None else tested
    unit = scale * groups / (n * df)
    rmsea = np.sqrt(max(chi_square - scale * df, 0.0) * groups / (n * df))
    low, high = (
        _noncentrality(tested, df, share) for share in ((1 + _LEVEL) / 2, (1 - _LEVEL) / 2)
    )
    close = 1 - special.chndtr(tested, df, _CLOSE**2 / unit)
    return {
        "rmsea": float(rmsea),
        "rmsea_low": float(np.sqrt(low * unit)),
        "rmsea_high": float(np.sqrt(high * unit)),
        "p_close": float(close),
    }


def _noncentrality(chi_square: float, df: float, share: float) -> float:
    """Return the noncentrality that leaves `share` of the distribution below, 0 if none does."""
    below: Callable[[float], float] = lambda nc: float(special.chndtr(chi_square, df, nc)) - share  # noqa: E731
    if below(0.0) <= 0:
        return 0.0
    high = max(4 * chi_square, 10.0)
    while below(high) > 0:
        high *= 2
    return float(optimize.brentq(below, 0.0, high, xtol=1e-10))


def absolute_indices(
    moments: Sequence[Moments],
    implied: Sequence[tuple[np.ndarray, np.ndarray]],
    patterns: Sequence[Sequence[Pattern]],
    available: Sequence[Moments],
    given: Sequence[int] = (),
    *,
    means: bool,
    df: float,
) -> dict[str, float]:
    """Compare moments with what the model implies: GFI, AGFI and SRMR.

    Parameters
    ----------
    moments
        Of the sample, per group.
    implied
        Covariance and mean per group.
    patterns
        Of answers, per group; GFI weighs the moments by what was answered.
    available
        Moments that GFI compares: those of `moments`, or of the answers available for each pair.
    given
        Places of exogenous variables, whose own moments are no merit of the model.
    means
        Whether the model has means; they count then.
    df
        Of the model.

    Returns
    -------
    indices
        `gfi` and `agfi` (Joereskog & Soerbom 1984) and `srmr` (Bentler 1995: residuals over the
        standard deviations of the sample), weighed by the size of the groups.
    """
    n = np.array([one.n for one in moments], dtype=float)
    triples = zip(available, implied, patterns, strict=True)
    gfi = np.average([_gfi(*three, given, means=means) for three in triples], weights=n)
    pairs = zip(moments, implied, strict=True)
    srmr = np.average([_srmr(one, *model, means=means) for one, model in pairs], weights=n)
    p = len(moments[0].mean)
    count = len(moments) * (p * (p + 1) // 2 + (p if means else 0))
    agfi = 1 - count / df * (1 - gfi) if df > 0 else 1.0
    return {"gfi": float(gfi), "agfi": float(agfi), "srmr": float(srmr)}


def _gfi(
    sample: Moments,
    implied: tuple[np.ndarray, np.ndarray],
    patterns: Sequence[Pattern],
    given: Sequence[int],
    *,
    means: bool,
) -> float:
    sigma, mu = implied
    outer = np.array(given, dtype=int)
    own, level = sample.covariance.copy(), sample.mean.copy()
    own[np.ix_(outer, outer)], level[outer] = 0.0, 0.0
    apart = whole = 0.0
    for pattern in patterns:
        at = np.arange(len(mu)) if pattern.at is None else pattern.at
        square = np.ix_(at, at)
        root = inverse_root(sigma[square])
        if root is None:
            return np.nan
        weight = pattern.moments.weight
        apart += weight / 2 * np.sum((root @ (sample.covariance - sigma)[square] @ root.T) ** 2)
        whole += weight / 2 * np.sum((root @ own[square] @ root.T) ** 2)
        if means:
            apart += weight * np.sum((root @ (sample.mean - mu)[at]) ** 2)
            whole += weight * np.sum((root @ level[at]) ** 2)
    return float(1 - apart / whole)


def _srmr(sample: Moments, sigma: np.ndarray, mu: np.ndarray, *, means: bool) -> float:
    spread = np.sqrt(np.diag(sample.covariance))
    residual = (sample.covariance - sigma) / np.outer(spread, spread)
    squares = residual[np.tril_indices(len(spread))] ** 2
    if means:
        squares = np.append(squares, ((sample.mean - mu) / spread) ** 2)
    return float(np.sqrt(squares.mean()))
