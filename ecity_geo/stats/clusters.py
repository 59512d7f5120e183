"""Where like values lie together: local Moran, Gi* and local Geary of each place.

Values are aligned with the weights by id; p are two-sided, by conditional permutation, which
never draws a place as its own neighbour, and adjusted over the places by Benjamini and Hochberg.
Islands (places without a neighbour) have no statistic, and are marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import SpatialWeights
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.cluster_notes import (
    adjusted_away,
    coarse,
    few_places,
    island_names,
    with_islands,
)
from ecity_geo.stats.permutation import conditional_tails, difference_tails, row_sums
from ecity_geo.stats.spatial import check_draws, standard_scores, values_at

Floats = NDArray[np.float64]
QUADRANTS = ("high-high", "low-high", "low-low", "high-low")
_NAMES = (*QUADRANTS, "hot", "cold", "alike", "unlike", "not significant", "island")
_NOT_SIGNIFICANT, _ISLAND = len(_NAMES) - 2, len(_NAMES) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalClusters:
    """A local statistic of each place.

    Parameters
    ----------
    table
        Indexed by id: `value`, `lag` (mean of the neighbours), `statistic`, `p` (two-sided,
        conditional permutation), `p_fdr` (Benjamini & Hochberg over the places), `neighbours`,
        `quadrant` and `cluster`: the quadrant where `p_fdr` is at most `alpha`, else
        ``"not significant"``, or ``"island"``.
    permutations, seed, alpha
        Of the test.
    islands
        Places without a neighbour.
    note
        Empty, or why the test can tell little, and which places are islands.
    """

    table: pd.DataFrame
    permutations: int
    seed: int
    alpha: float
    islands: tuple[str, ...]
    note: str


def local_moran(
    values: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alpha: float = 0.05,
) -> LocalClusters:
    """Local Moran's I: which places lie among neighbours like or unlike themselves.

    Parameters
    ----------
    values
        One number per place, aligned with `weights` by id.
    weights
        Row-standardised here.
    permutations
        Random draws per place.
    seed
        Of the draws.
    alpha
        Level of a cluster, held against the adjusted p.

    Returns
    -------
    clusters
        `statistic` is ``(n - 1) z_i lag(z)_i / sum z^2``.

    Raises
    ------
    AnalysisError
        As in `moran`.

    Notes
    -----
    Anselin (1995), doi:10.1111/j.1538-4632.1995.tb00338.x.
    """
    return _local(values, values, weights, permutations, seed, alpha)


def local_bivariate_moran(
    x: pd.Series,
    y: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alpha: float = 0.05,
) -> LocalClusters:
    """Local Moran of x against its neighbours' y.

    Parameters
    ----------
    x, y
        One number per place, aligned with `weights` by id.
    weights
        Row-standardised here.
    permutations
        Random draws per place; x and y of the place itself are held.
    seed
        Of the draws.
    alpha
        Level of a cluster, held against the adjusted p.

    Returns
    -------
    clusters
        `quadrant` names x first: ``"low-high"`` is a place low in x among neighbours high in y.

    Raises
    ------
    AnalysisError
        As in `moran`.

    Notes
    -----
    Anselin, Syabri & Smirnov (2002).
    """
    return _local(x, y, weights, permutations, seed, alpha)


def getis_ord(
    values: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alpha: float = 0.05,
) -> LocalClusters:
    """Gi*: hot and cold spots, each place counted among its own neighbours.

    Parameters
    ----------
    values
        One number of 0 or more per place, aligned with `weights` by id.
    weights
        Binary here: every neighbour counts 1, and so does the place itself.
    permutations
        Random draws per place.
    seed
        Of the draws.
    alpha
        Level of a spot, held against the adjusted p.

    Returns
    -------
    clusters
        `statistic` is the z of Gi*; `quadrant` is ``"hot"`` or ``"cold"``.

    Raises
    ------
    AnalysisError
        As in `moran`, or if a value is negative.

    Notes
    -----
    Ord & Getis (1995), doi:10.1111/j.1538-4632.1995.tb00912.x.
    """
    x = values_at(values, weights, "Gi*")
    if (x < 0).any():
        raise AnalysisError("Gi* is for values of 0 or more; found negative ones.")
    check_draws(permutations, seed)
    n = len(x)
    counts = weights.cardinality.to_numpy().astype(float)
    matrix = weights.matrix.copy()
    matrix.data = np.ones_like(matrix.data)
    lag = matrix @ x
    members = counts + 1
    spread = x.std() * np.sqrt((n * members - members**2) / (n - 1))
    z = np.divide(lag + x - members * x.mean(), spread, out=np.full(n, np.nan), where=spread > 0)
    tails = conditional_tails(x, matrix, permutations=permutations, seed=seed)
    hot = np.where(z >= 0, _NAMES.index("hot"), _NAMES.index("cold"))
    mean = np.divide(lag, counts, out=np.full(n, np.nan), where=counts > 0)
    return _clusters(weights, x, mean, z, tails.p_two_sided(), hot, permutations, seed, alpha)


def local_geary(
    values: pd.Series,
    weights: SpatialWeights,
    *,
    permutations: int = 999,
    seed: int = 0,
    alpha: float = 0.05,
) -> LocalClusters:
    """Local Geary's c: the mean squared difference between a place and its neighbours.

    Parameters
    ----------
    values
        One number per place, aligned with `weights` by id.
    weights
        Row-standardised here.
    permutations
        Random draws per place.
    seed
        Of the draws.
    alpha
        Level of a cluster, held against the adjusted p.

    Returns
    -------
    clusters
        `statistic` is ``sum w_ij (z_i - z_j)^2`` of standardised values; `quadrant` is
        ``"alike"`` below its expectation given the place's own value, else ``"unlike"``.

    Raises
    ------
    AnalysisError
        As in `moran`.

    Notes
    -----
    Anselin (1995, 2019, doi:10.1111/gean.12164). Given its own z, a place's permuted c is
    ``z^2 - 2 z lag(z) + lag(z^2)``, the lag of ``(z_i - z_j)^2``.
    """
    x = values_at(values, weights, "Local Geary")
    check_draws(permutations, seed)
    z = standard_scores(x)
    mean = _means(weights, x)
    lag, squares = (mean - x.mean()) / x.std(), _means(weights, z**2)
    statistic = z**2 - 2 * z * lag + squares
    p = difference_tails(x, weights.matrix, permutations=permutations, seed=seed).p_two_sided()
    n = len(z)
    # Over all other places: their mean is -z / (n - 1), their squares are what z leaves.
    expected = z**2 + 2 * z * z / (n - 1) + ((z**2).sum() - z**2) / (n - 1)
    alike = np.where(statistic <= expected, _NAMES.index("alike"), _NAMES.index("unlike"))
    return _clusters(weights, x, mean, statistic, p, alike, permutations, seed, alpha)


def _local(
    x: pd.Series,
    y: pd.Series,
    weights: SpatialWeights,
    permutations: int,
    seed: int,
    alpha: float,
) -> LocalClusters:
    value, other = (values_at(each, weights, "Local Moran") for each in (x, y))
    check_draws(permutations, seed)
    one, mean = standard_scores(value), _means(weights, other)
    lag = (mean - other.mean()) / other.std()
    n = len(one)
    statistic = one * lag * (n - 1) / n
    tails = conditional_tails(other, weights.matrix, permutations=permutations, seed=seed)
    place = np.where(one > 0, np.where(lag > 0, 0, 3), np.where(lag > 0, 1, 2))
    p = tails.p_two_sided()
    return _clusters(weights, value, mean, statistic, p, place, permutations, seed, alpha)


def _means(weights: SpatialWeights, values: Floats) -> Floats:
    """Return the weighted mean of the neighbours of each place; NaN for an island."""
    sums = row_sums(weights.matrix)
    mean: Floats = np.divide(
        weights.matrix @ values, sums, out=np.full(len(sums), np.nan), where=sums > 0
    )
    return mean


def _clusters(
    weights: SpatialWeights,
    value: Floats,
    lag: Floats,
    statistic: Floats,
    p: Floats,
    quadrant: NDArray[np.int64],
    permutations: int,
    seed: int,
    alpha: float,
) -> LocalClusters:
    _check_level(alpha)
    neighbours = weights.cardinality.to_numpy()
    island = neighbours == 0
    adjusted = np.full(len(p), np.nan)
    adjusted[~island] = adjust_p(p[~island], "bh")
    sure = np.nan_to_num(adjusted, nan=1.0) <= alpha
    cluster = np.where(sure, quadrant, _NOT_SIGNIFICANT)
    names = pd.array(list(_NAMES), dtype="str")
    table = pd.DataFrame(
        {
            "value": value,
            "lag": np.where(island, np.nan, lag),
            "statistic": np.where(island, np.nan, statistic),
            "p": np.where(island, np.nan, p),
            "p_fdr": adjusted,
            "neighbours": neighbours,
            # Numbered until here: to make so many strings takes longer than all else.
            "quadrant": names.take(np.where(island, _ISLAND, quadrant)),
            "cluster": names.take(np.where(island, _ISLAND, cluster)),
        },
        index=weights.ids,
    )
    told = ~island
    few = few_places(len(p)) or coarse(neighbours[told], len(p), permutations, alpha)
    few = few or adjusted_away(p[told], adjusted[told], permutations, alpha)
    return LocalClusters(
        table=table,
        permutations=permutations,
        seed=seed,
        alpha=alpha,
        islands=island_names(weights),
        note=with_islands(few, weights),
    )


def _check_level(alpha: object) -> None:
    if not (isinstance(alpha, Real) and 0 < float(alpha) < 1):
        raise AnalysisError(f"alpha: found {alpha!r}, expected a level between 0 and 1.")
