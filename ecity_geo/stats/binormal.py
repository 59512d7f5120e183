"""Probabilities of the standard bivariate normal distribution, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, owens_t

_FAR = 40.0  # Beyond it nothing is left of a normal distribution in double precision.
_NEAR = 1e-300


def binormal_cdf(x: np.ndarray, y: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Probability that two standard normal variables lie below `x` and `y`.

    Parameters
    ----------
    x, y
        Limits, which may be infinite; broadcast against `rho`.
    rho
        Correlations, between -1 and 1 but neither.

    Returns
    -------
    probability
        Exact to about 1e-15.

    Notes
    -----
    ``(Φ(x) + Φ(y))/2 - T(x, (y - ρx)/(x√(1-ρ²))) - T(y, (x - ρy)/(y√(1-ρ²))) - β`` with Owen's T
    and β = 1/2 where x and y have different signs, else 0 (Owen 1956,
    doi:10.1214/aoms/1177728074).
    """
    x, y, rho = np.broadcast_arrays(_finite(x), _finite(y), np.asarray(rho, dtype=float))
    root = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(over="ignore"):  # A limit at 0 has an infinite slope, which T understands.
        slope_x = (y - rho * x) / x / root
        slope_y = (x - rho * y) / y / root
    across = 0.5 * ((x < 0) != (y < 0))
    total = (ndtr(x) + ndtr(y)) / 2 - across - owens_t(x, slope_x) - owens_t(y, slope_y)
    return np.asarray(np.clip(total, 0.0, 1.0))


def binormal_pdf(x: np.ndarray, y: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Density of two standard normal variables with correlation `rho` at `x` and `y`.

    Parameters
    ----------
    x, y, rho
        As in `binormal_cdf`; the density at infinity is 0.

    Returns
    -------
    density
        It is also the derivative of `binormal_cdf` by `rho` (Plackett 1954).
    """
    x, y = _finite(x), _finite(y)
    rest = (1 - rho) * (1 + rho)
    density = np.exp(-(x * x - 2 * rho * x * y + y * y) / (2 * rest))
    return np.asarray(density / (2 * np.pi * np.sqrt(rest)))


def binormal_pdf_slope(x: np.ndarray, y: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Give the derivative of `binormal_pdf` by `rho`."""
    x, y = _finite(x), _finite(y)
    rest = (1 - rho) * (1 + rho)
    bend = x * y * rest - rho * (x * x - 2 * rho * x * y + y * y) + rho * rest
    return np.asarray(binormal_pdf(x, y, rho) * bend / rest**2)


def rectangles(x: np.ndarray, y: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Probabilities of the cells that thresholds cut out of bivariate normal distributions.

    Parameters
    ----------
    x
        Ascending thresholds of the first variable, pairs x rows; infinite where a pair has fewer.
    y
        Thresholds of the second, pairs x columns.
    rho
        Correlation of each pair.

    Returns
    -------
    probability
        Pairs x (rows + 1) x (columns + 1); the cells of a pair sum to 1.
    """
    pairs, rows, columns = len(rho), x.shape[1] + 1, y.shape[1] + 1
    below = np.zeros((pairs, rows + 1, columns + 1))
    below[:, 1:-1, 1:-1] = binormal_cdf(x[:, :, None], y[:, None, :], rho[:, None, None])
    below[:, 1:-1, -1], below[:, -1, 1:-1] = ndtr(x), ndtr(y)
    below[:, -1, -1] = 1.0
    return np.diff(np.diff(below, axis=1), axis=2)


def corners(at_thresholds: np.ndarray) -> np.ndarray:
    """Turn a quantity at the crossings of thresholds into its differences over the cells.

    What is 0 at infinite limits, as a density is, needs no more than the crossings.
    """
    framed = np.pad(at_thresholds, ((0, 0), (1, 1), (1, 1)))
    return np.diff(np.diff(framed, axis=1), axis=2)


def pad_thresholds(taus: Sequence[np.ndarray]) -> np.ndarray:
    """Put thresholds of several items in one array, items x thresholds, infinite where none is."""
    widest = max(len(tau) for tau in taus)
    return np.array([np.pad(t, (0, widest - len(t)), constant_values=np.inf) for t in taus])


def _finite(limits: np.ndarray) -> np.ndarray:
    """Bring infinite limits near enough to divide by, and zeros away from 0."""
    limits = np.clip(np.asarray(limits, dtype=float), -_FAR, _FAR)
    return np.where(np.abs(limits) < _NEAR, _NEAR, limits)
