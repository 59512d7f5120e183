"""Whether like values lie together on a map: Moran's I, bivariate Moran, join counts.

Values are aligned with the weights by id; p are two-sided, by permutation. Where they lie
together, `ecity_geo.stats.clusters` tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import SpatialWeights
from ecity_geo.stats.cluster_notes import few_places, island_names, with_islands

Floats = NDArray[np.float64]
LARGEST = 1e150
# Values that differ by less, relatively, are the same.
_SAME = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GlobalMoran:
    """Moran's I of a whole map.

    Parameters
    ----------
    i, expected
        The statistic, and its expectation without any pattern.
    z, p_normal
        Against the normal approximation of the randomisation assumption, two-sided; missing
        for two variables.
    p
        By permutation, two-sided: of all values over the places, with two variables of y alone.
    permutations, seed
        Of the permutation test.
    n
        Places.
    islands
        Places without a neighbour.
    note
        Empty, or why the test can tell little, or why z and p_normal are missing.
    """

    i: float
    expected: float
    z: float
    p_normal: float
    p: float
    permutations: int
    seed: int
    n: int
    islands: tuple[str, ...]
    note: str


def moran(
    values: pd.Series, weights: SpatialWeights, *, permutations: int = 999, seed: int = 0
) -> GlobalMoran:
    """Global Moran's I.

    Parameters
    ----------
    values
        One number per place, aligned with `weights` by id.
    weights
        Row-standardised here.
    permutations
        Random draws of the test.
    seed
        Of the draws.

    Returns
    -------
    moran
        Near 1 where like values lie together, 0 without pattern, below where neighbours differ.

    Raises
    ------
    AnalysisError
        If a value is missing, not finite or above 1e150, all are equal, there are fewer than four
        places, or no place has a neighbour.

    Notes
    -----
    Moran (1950), doi:10.2307/2332142; variance under randomisation of Cliff & Ord (1981).
    """
    return _global(values, None, weights, permutations, seed)


def bivariate_moran(
    x: pd.Series, y: pd.Series, weights: SpatialWeights, *, permutations: int = 999, seed: int = 0
) -> GlobalMoran:
    """Moran's I of x against its neighbours' y, such as readiness against coverage.

    Parameters
    ----------
    x, y
        One number per place, aligned with `weights` by id.
    weights
        Row-standardised here.
    permutations
        Random draws of the test, which permute y.
    seed
        Of the draws.

    Returns
    -------
    moran
        Above 0 where places that are high in x lie among neighbours that are high in y.

    Raises
    ------
    AnalysisError
        As in `moran`.

    Notes
    -----
    Wartenberg (1985), doi:10.1111/j.1538-4632.1985.tb00849.x. What x and y share at the same
    place raises it too where both are clustered (Lee 2001): look at their correlation beside it.
    """
    return _global(x, y, weights, permutations, seed)


def join_counts(
    groups: pd.Series, weights: SpatialWeights, *, permutations: int = 999, seed: int = 0
) -> pd.DataFrame:
    """Count neighbours of the same group, such as an urban fabric, against chance.

    Parameters
    ----------
    groups
        Group of each place, aligned with `weights` by id.
    weights
        Neighbours, taken as binary; a pair that neighbours one way only counts half.
    permutations
        Random draws, which permute the groups over all places.
    seed
        Of the draws.

    Returns
    -------
    joins
        Indexed by group, then ``"all"``: `places`, `joins` (pairs of neighbours of this group),
        `expected`, and `p` (two-sided). What is told of the whole test is a column too:
        `permutations`, `seed`, `islands` (how many places have no neighbour) and `note` (empty, or
        why it can tell little, and which places are islands); all islands are in
        ``attrs["islands"]``.

    Raises
    ------
    AnalysisError
        If a place has no group or two, all have the same, or no place has a neighbour.

    Notes
    -----
    Moran (1948), doi:10.1111/j.2517-6161.1948.tb00012.x; Cliff & Ord (1981).
    """
    codes, names = _groups(groups, weights)
    check_neighbours(weights)
    check_draws(permutations, seed)
    one, other = (each.astype(np.int64) for each in weights.matrix.nonzero())
    observed = _joins(codes, one, other, len(names))
    rng = np.random.default_rng(seed)
    drawn = np.stack(
        [_joins(rng.permutation(codes), one, other, len(names)) for _ in range(permutations)]
    )
    at_least = (drawn >= observed - 1e-9).sum(axis=0)
    at_most = (drawn <= observed + 1e-9).sum(axis=0)
    p = np.minimum(2 * (np.minimum(at_least, at_most) + 1) / (permutations + 1), 1.0)
    places = np.bincount(codes, minlength=len(names))
    n = len(codes)
    chance = places * (places - 1) / (n * (n - 1)) * len(one) / 2
    table = pd.DataFrame(
        {
            "places": [*places, n],
            "joins": observed,
            "expected": [*chance, chance.sum()],
            "p": p,
            "permutations": permutations,
            "seed": seed,
            "islands": len(weights.islands),
            "note": with_islands(few_places(n), weights),
        },
        index=pd.Index([*names, "all"], name="group"),
    )
    table.attrs["islands"] = island_names(weights)
    return table


def _groups(groups: pd.Series, weights: SpatialWeights) -> tuple[NDArray[np.int64], pd.Index]:
    """Return the number of each place's group in the order of the weights, and their names."""
    if not groups.index.is_unique:
        twice = groups.index[groups.index.duplicated()].unique().tolist()[:5]
        raise AnalysisError(f"Join counts need one group per place; found ids twice {twice}.")
    aligned = groups.reindex(weights.ids)
    if aligned.isna().any():
        lost = aligned.index[aligned.isna()].tolist()[:5]
        raise AnalysisError(f"Join counts need a group for each place; none for {lost}.")
    codes, names = pd.factorize(aligned, sort=True)
    if len(names) < 2:
        raise AnalysisError("Join counts need at least two groups.")
    return codes, names


def _joins(
    codes: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], groups: int
) -> Floats:
    same = codes[one][codes[one] == codes[other]]
    counts = np.bincount(same, minlength=groups) / 2
    return np.append(counts, counts.sum())


def _global(
    x: pd.Series, y: pd.Series | None, weights: SpatialWeights, permutations: int, seed: int
) -> GlobalMoran:
    """Return I of x against its neighbours' y, or without a y against their x."""
    one = standard_scores(values_at(x, weights, "Moran's I"))
    other = one if y is None else standard_scores(values_at(y, weights, "Moran's I"))
    check_draws(permutations, seed)
    n = len(one)
    matrix = weights.row_standardised().matrix
    total = float(matrix.sum())
    spread = matrix.T @ one * n / (total * n)
    i = float(spread @ other)
    draws = _shuffles(other, permutations, seed)
    # One variable moves as a whole: shuffled against itself as it lies, a place could meet its own
    # value as a neighbour's, and the mean would be 0 instead of -1 / (n - 1).
    if y is None:
        drawn = np.array([draw @ (matrix @ draw) for draw in draws]) / total
        z, note = _against_chance(i, matrix, one)
    else:
        drawn = np.array([spread @ draw for draw in draws])
        z, note = float("nan"), ""
    slack = 1e-12
    smaller = min((drawn >= i - slack).sum(), (drawn <= i + slack).sum())
    return GlobalMoran(
        i=i,
        expected=-1 / (n - 1) if y is None else 0.0,
        z=z,
        p_normal=float(2 * stats.norm.sf(abs(z))),
        p=float(min(2 * (smaller + 1) / (permutations + 1), 1.0)),
        permutations=permutations,
        seed=seed,
        n=n,
        islands=island_names(weights),
        note=note or few_places(n),
    )


def _shuffles(values: Floats, permutations: int, seed: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    return (rng.permutation(values) for _ in range(permutations))


def _against_chance(i: float, matrix: csr_array, scores: Floats) -> tuple[float, str]:
    """Return z of I, or why there is none."""
    n = len(scores)
    variance = _variance(matrix, scores)
    # What is left of a difference that should be 0.
    if variance <= 1e-10 / (n - 1) ** 2:
        return float("nan"), (
            f"With these neighbours Moran's I is {i:.3g} wherever the values lie, as when all "
            "places are neighbours of all. Take fewer neighbours."
        )
    return (i + 1 / (n - 1)) / sqrt(variance), ""


def _variance(w: csr_array, z: Floats) -> float:
    """Variance of I when the values are shuffled over the places (Cliff & Ord 1981, 2.37)."""
    n = len(z)
    s0 = float(w.sum())
    both = w + w.T
    s1 = float((both.multiply(both)).sum()) / 2
    rows = np.asarray(w.sum(axis=1)).ravel()
    columns = np.asarray(w.sum(axis=0)).ravel()
    s2 = float(((rows + columns) ** 2).sum())
    kurtosis = float((z**4).mean() / (z**2).mean() ** 2)
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    return (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1 / (n - 1) ** 2


def values_at(values: pd.Series, weights: SpatialWeights, what: str) -> Floats:
    """Return values in the order of the weights, or an `AnalysisError` that says why not."""
    if not values.index.is_unique:
        raise AnalysisError(f"{what} needs one value per place; some ids stand twice.")
    kinds = pd.api.types
    if not kinds.is_numeric_dtype(values) or kinds.is_complex_dtype(values):
        raise AnalysisError(f"{what} needs numbers; found values of type {values.dtype}.")
    aligned = values.reindex(weights.ids).to_numpy(dtype=float, na_value=np.nan)
    # Squares of larger ones overflow.
    lost = ~(np.abs(aligned) <= LARGEST)
    if lost.any():
        names = weights.ids[lost].tolist()[:5]
        raise AnalysisError(
            f"{what} needs a finite value up to {LARGEST:g} for each place; {int(lost.sum())} have "
            f"none: {names}. Leave them out of the weights too."
        )
    if len(aligned) < 4:
        raise AnalysisError(f"{what} needs at least four places; there are {len(aligned)}.")
    # The mean of equal values rounds, and then their spread is not quite 0. Values that differ by
    # less than floating point can square are the same too.
    if np.ptp(aligned) <= _SAME * np.abs(aligned).max() or aligned.std() == 0:
        raise AnalysisError(f"{what} cannot tell anything: all places have the same value.")
    check_neighbours(weights)
    return aligned


def check_draws(permutations: int, seed: int) -> None:
    """Raise an `AnalysisError` unless a permutation test can be drawn so."""
    if not (isinstance(permutations, int | np.integer) and permutations >= 1):
        raise AnalysisError(f"permutations: found {permutations!r}, expected 1 or more.")
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise AnalysisError(f"seed: found {seed!r}, expected a whole number of 0 or more.")


def check_neighbours(weights: SpatialWeights) -> None:
    """Raise an `AnalysisError` if no place has a neighbour."""
    if not weights.matrix.nnz:
        raise AnalysisError("No place has a neighbour. Take other weights, such as k nearest.")


def standard_scores(values: Floats) -> Floats:
    """Return values minus their mean, over their standard deviation (of a population)."""
    return np.asarray((values - values.mean()) / values.std(), dtype=np.float64)
