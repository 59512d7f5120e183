"""What a test of clusters says beside its figures: what it cannot tell, and who is an island."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from ecity_geo.geo.weights import SpatialWeights

Floats = NDArray[np.float64]
# Fewer places than this tell little of clusters (Cliff & Ord 1981 take 20 to 30 as the least).
FEW = 20


def few_places(n: int) -> str:
    """Say that there are too few places for a test; empty where there are enough."""
    if n >= FEW:
        return ""
    return (
        f"{n} places are too few for a test of clusters: it finds only the strongest pattern, "
        "and no cluster does not mean no pattern."
    )


def island_names(weights: SpatialWeights) -> tuple[str, ...]:
    """Return the ids of the places without a neighbour, as text."""
    return tuple(str(island) for island in weights.islands)


def with_islands(note: str, weights: SpatialWeights) -> str:
    """Add to a note which places have no neighbour: the first five, and how many."""
    names = island_names(weights)
    if not names:
        return note
    some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    have = "place has" if len(names) == 1 else "places have"
    return f"{note} {len(names)} {have} no neighbour: {some}.".strip()


def coarse(neighbours: NDArray[np.int64], n: int, permutations: int, alpha: float) -> str:
    """Say when no p can be small enough for a cluster, even before adjustment."""
    most = neighbours[np.abs(neighbours - (n - 1) / 2).argmin()]
    draws = float(comb(n - 1, most))
    least = 2 / (min(permutations, draws) + 1)
    if least <= alpha:
        return ""
    if draws < permutations:
        return (
            f"There are only {draws:g} choices of neighbours for a place, so that no p lies below "
            f"{least:.3g}; take more neighbours."
        )
    return f"With {permutations} permutations no p lies below {least:.3g}; take more."


def adjusted_away(p: Floats, adjusted: Floats, permutations: int, alpha: float) -> str:
    """Say when places with the least p that draws can give are no clusters once adjusted."""
    least = 2 / (permutations + 1)
    floor = p <= least * (1 + 1e-9)
    if not floor.any() or adjusted[floor].min() <= alpha:
        return ""
    enough = ceil(2 * len(p) / (alpha * int(floor.sum()))) - 1
    return (
        f"No p of {int(floor.sum())} places can be smaller than {least:.3g} with {permutations} "
        f"permutations, and adjusted over {len(p)} places it is {adjusted[floor].min():.2g}, above "
        f"{alpha:g}. It takes {enough:,} permutations at least."
    )
