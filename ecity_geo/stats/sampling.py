"""How many to ask, what margin an answered number has, and how to share them over strata."""

from __future__ import annotations

from math import ceil, floor, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError


def cochran(
    population: int | None = None,
    *,
    margin: float = 0.05,
    proportion: float = 0.5,
    confidence: float = 0.95,
) -> int:
    """Sample size that keeps a proportion's margin of error, by Cochran's formula.

    Parameters
    ----------
    population
        People who could be asked; None for a population so large that it does not matter.
    margin
        Half the width of the interval, as a fraction.
    proportion
        Expected proportion; one half needs most.
    confidence
        Level of the interval.

    Returns
    -------
    n
        Rounded up: a smaller sample has a larger margin.

    Raises
    ------
    AnalysisError
        If a parameter is outside its range.

    Notes
    -----
    ``n0 = z^2 p (1 - p) / e^2`` and ``n = n0 / (1 + (n0 - 1) / N)`` (Cochran 1977, Sampling
    Techniques, 4.3-4.4).
    """
    _check(population, margin=margin, proportion=proportion, confidence=confidence)
    n0 = _z(confidence) ** 2 * proportion * (1 - proportion) / margin**2
    n = n0 if population is None else n0 / (1 + (n0 - 1) / population)
    return max(1, ceil(n - 1e-9))


def krejcie_morgan(
    population: int, *, margin: float = 0.05, proportion: float = 0.5, confidence: float = 0.95
) -> int:
    """Sample size by Krejcie and Morgan's formula, rounded as in their table.

    Parameters
    ----------
    population
        People who could be asked.
    margin, proportion, confidence
        As in `cochran`.

    Returns
    -------
    n
        Rounded to the nearest whole number.

    Raises
    ------
    AnalysisError
        If a parameter is outside its range.

    Notes
    -----
    ``X^2 N p (1 - p) / (d^2 (N - 1) + X^2 p (1 - p))`` with X^2 to three decimals, as their
    chi-square table had it (Krejcie & Morgan 1970, doi:10.1177/001316447003000308).
    """
    _check(population, margin=margin, proportion=proportion, confidence=confidence)
    spread = round(_z(confidence) ** 2, 3) * proportion * (1 - proportion)
    return floor(spread * population / (margin**2 * (population - 1) + spread) + 0.5)


def margin_of_error(
    n: int,
    population: int | None = None,
    *,
    proportion: float = 0.5,
    confidence: float = 0.95,
) -> float:
    """Margin of error that a simple random sample of `n` has.

    Parameters
    ----------
    n
        People who answered.
    population
        People who could be asked; None for one so large that it does not matter.
    proportion, confidence
        As in `cochran`.

    Returns
    -------
    margin
        Half the width of the normal interval of a proportion, as a fraction; 0 when everybody
        was asked.

    Raises
    ------
    AnalysisError
        If `n` is below 1 or above the population, or another parameter outside its range.

    Notes
    -----
    ``z sqrt(p (1 - p) / n * (N - n) / (N - 1))`` (Cochran 1977, 3.2).
    """
    _check(population, proportion=proportion, confidence=confidence)
    if not 1 <= n < np.inf or (population is not None and n > population):
        raise AnalysisError(f"A sample of {n} out of {population or 'many'} is impossible.")
    rest = 1.0 if population is None else (population - n) / max(population - 1, 1)
    return _z(confidence) * sqrt(proportion * (1 - proportion) / n * rest)


def allocate_proportional(n: int, sizes: pd.Series, *, minimum: int = 0) -> pd.Series:
    """Share a sample over strata by their size.

    Parameters
    ----------
    n
        People to ask.
    sizes
        People per stratum.
    minimum
        Fewest to ask in a stratum that has people; never more than it has.

    Returns
    -------
    allocation
        Whole numbers that add up to `n`, indexed like `sizes`, none above its stratum.

    Raises
    ------
    AnalysisError
        If `n` exceeds the people there are, or the minima exceed `n`.

    Notes
    -----
    Largest remainders (Hamilton); equal remainders go to the larger stratum, then to the
    earlier one.
    """
    return _allocate(n, sizes, sizes.to_numpy(dtype=float), minimum)


def allocate_neyman(n: int, sizes: pd.Series, sd: pd.Series, *, minimum: int = 0) -> pd.Series:
    """Share a sample over strata so that the mean over all is as precise as it can be.

    Parameters
    ----------
    n
        People to ask.
    sizes
        People per stratum.
    sd
        Standard deviation of the answers in each stratum, by its id.
    minimum
        As in `allocate_proportional`.

    Returns
    -------
    allocation
        As in `allocate_proportional`; a stratum that would get more than it has is asked
        whole, and the rest shared anew.

    Raises
    ------
    AnalysisError
        If a standard deviation is missing, negative, or all are zero; or as in
        `allocate_proportional`.

    Notes
    -----
    ``n_h`` in proportion to ``N_h S_h`` (Neyman 1934, doi:10.2307/2342192).
    """
    spread = sd.reindex(sizes.index).to_numpy(dtype=float)
    if not (np.isfinite(spread).all() and (spread >= 0).all() and (spread > 0).any()):
        raise AnalysisError(
            "Neyman allocation needs a standard deviation for each stratum, none negative and "
            f"not all zero; found {dict(zip(sizes.index, spread.tolist(), strict=True))}."
        )
    return _allocate(n, sizes, sizes.to_numpy(dtype=float) * spread, minimum)


def design_effect(weights: pd.Series) -> float:
    """How many times unequal weights inflate the variance of a mean.

    Parameters
    ----------
    weights
        Survey weight of each respondent, positive.

    Returns
    -------
    effect
        1 for equal weights; n divided by it is the effective sample size.

    Raises
    ------
    AnalysisError
        If there are no weights, or one is missing or not positive.

    Notes
    -----
    Kish's approximation, ``n sum(w^2) / sum(w)^2`` (Kish 1965, Survey Sampling, 11.7).
    """
    w = weights.to_numpy(dtype=float)
    if not (w.size and np.isfinite(w).all() and (w > 0).all()):
        raise AnalysisError("A design effect needs weights, each of them positive.")
    return float(w.size * (w**2).sum() / w.sum() ** 2)


def _allocate(n: int, sizes: pd.Series, shares: np.ndarray, minimum: int) -> pd.Series:
    room = sizes.to_numpy(dtype=float)
    if not (np.isfinite(room).all() and (room >= 0).all()):
        raise AnalysisError("Sizes of strata must be known and not negative.")
    room = np.floor(room).astype(np.int64)
    least = np.minimum(minimum, room)
    if n != np.floor(n):
        raise AnalysisError(f"{n} people cannot be shared out; give a whole number.")
    if not least.sum() <= n <= room.sum():
        raise AnalysisError(
            f"{n} respondents cannot be shared over strata of {room.sum()} people in all with "
            f"at least {minimum} each ({least.sum()})."
        )
    given = np.zeros(len(room), dtype=np.int64)
    free = np.ones(len(room), dtype=bool)
    # A stratum whose share passes a bound is held there, and the others share what is left.
    while True:
        rest = n - given[~free].sum()
        quota = _quotas(rest, shares, room, free)
        over, under = free & (quota > room), free & (quota < least)
        held = over if over.any() else under
        if not held.any():
            break
        given[held] = np.where(over, room, least)[held]
        free &= ~held
    order = np.lexsort((np.arange(len(room)), -room, -(quota % 1)))
    given[free] = np.floor(quota[free]).astype(np.int64)
    for at in order[free[order]][: n - given.sum()]:
        given[at] += 1
    return pd.Series(given, index=sizes.index, name="allocation")


def _quotas(n: int, shares: np.ndarray, room: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Exact shares of the free strata; by size where no share is above zero."""
    weight = np.where(free, shares, 0.0)
    if not weight.any():
        weight = np.where(free, room, 0).astype(float)
    total = weight.sum()
    # Rounding keeps 3 from being 2.9999999999999996, whose remainder would win.
    return np.round(n * weight / total, 9) if total else weight


def _z(confidence: float) -> float:
    return float(stats.norm.isf((1 - confidence) / 2))


def _check(population: int | None, **fractions: float) -> None:
    if population is not None and not 1 <= population < np.inf:
        raise AnalysisError(
            f"A population of {population} cannot be sampled; give a number of people."
        )
    for name, value in fractions.items():
        if not 0 < value < 1:
            raise AnalysisError(f"{name} is {value}; it must lie between 0 and 1.")
