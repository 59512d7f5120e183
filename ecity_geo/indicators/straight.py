"""Access in a straight line without a table of pairs: the same figures, in little memory.

What `ecity_geo.indicators.access` and `ecity_geo.indicators.catchment` compute from a cost matrix
is computed here from the points themselves, some facilities at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ecity_geo.geo.compiled import kernels, threads
from ecity_geo.geo.near import NearPairs, Pairs
from ecity_geo.geo.points import places_of
from ecity_geo.indicators.amounts import align_amounts, check_ids
from ecity_geo.indicators.catchment import access_of, check_method, weigh
from ecity_geo.indicators.decay import Decay

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Points = gpd.GeoDataFrame | gpd.GeoSeries

SHARES = 8
"""Parts of the work, each with sums of its own, whatever the number of threads."""


def straight_catchment(
    demand: Points,
    facilities: Points,
    population: pd.Series,
    capacity: pd.Series,
    *,
    catchment: float,
    decay: Decay | None = None,
    method: str = "2sfca",
) -> pd.Series:
    """Two-step floating catchment access, and its kin, in a straight line.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    population
        Persons per demand point, aligned by id.
    capacity
        Capacity per facility, aligned by id.
    catchment
        Greatest distance at which a person uses a facility, in metres. Inclusive.
    decay
        Weight of a distance within the catchment; 1 everywhere by default.
    method
        ``"2sfca"`` (with a decay E2SFCA), ``"m2sfca"`` or ``"3sfca"``.

    Returns
    -------
    access
        As from `ecity_geo.indicators.catchment.floating_catchment` on the distances; see there
        for the formulas.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing or an id there twice, the method is
        unknown, a weight is negative or not finite, or a population or capacity is missing,
        negative or not finite.
    """
    check_method(method)
    pairs = _pairs(demand, facilities, catchment)
    people = align_amounts(population, demand.index, "population", "demand point")
    supply = align_amounts(capacity, facilities.index, "capacity", "facility")
    module = kernels("ecity_geo.indicators.straight_kernels") if pairs.many else None
    hand_out = _hand_out if module is None else module.hand_out
    trips, users = np.empty(0), np.zeros(len(supply))
    if method == "3sfca":
        trips = _gathered(pairs, decay, len(people), _add_weights)

    def share_out(pair: Pairs, access: Floats) -> None:
        home, facility, weight = pair
        if method == "3sfca":
            total = trips[home]
            weight = weight * np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        given = weight**2 if method == "m2sfca" else weight
        hand_out(home, facility, weight, given, people, supply, access, users)

    access = _gathered(pairs, decay, len(people), share_out)
    return access_of(access, demand.index, supply, users)


def straight_opportunities(
    demand: Points,
    facilities: Points,
    amounts: pd.Series,
    *,
    standard: float,
    decay: Decay | None = None,
) -> pd.Series:
    """Cumulative opportunities in a straight line: what is in reach, shared with nobody.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    amounts
        Opportunities per facility (1 each to count them), aligned by id.
    standard
        Greatest acceptable distance, in metres. Inclusive.
    decay
        Weight of a distance; 1 everywhere by default.

    Returns
    -------
    opportunities
        As from `ecity_geo.indicators.catchment.opportunities` on the distances.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing or an id there twice, or an amount
        is missing, negative or not finite.
    """
    pairs = _pairs(demand, facilities, standard)
    supply = align_amounts(amounts, facilities.index, "amounts", "facility")
    found = _gathered(
        pairs,
        decay,
        len(demand),
        lambda pair, total: np.add.at(total, pair[0], supply[pair[1]] * pair[2]),
    )
    return pd.Series(found, index=demand.index, name="opportunities")


def straight_nearest(demand: Points, facilities: Points) -> pd.DataFrame:
    """Find each demand point's nearest facility in a straight line.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.

    Returns
    -------
    nearest
        Indexed by demand id: `cost`, in metres, and `facility_id`; of facilities that are equally
        near, any one, the same in each run. Covered is who has a `cost` within the standard.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing, or an id is there twice.
    """
    homes, goals = _places(demand, facilities)
    nearest = np.asarray(KDTree(goals).query(homes, workers=threads())[1], dtype=np.int64)
    away = homes - goals[nearest]
    return pd.DataFrame(
        {
            "cost": np.hypot(away[:, 0], away[:, 1]),
            "facility_id": facilities.index.take(nearest).astype(object),
        },
        index=demand.index,
    )


def _pairs(demand: Points, facilities: Points, reach: float) -> NearPairs:
    homes, goals = _places(demand, facilities, reach)
    return NearPairs.of(homes, goals, float(reach))


def _places(demand: Points, facilities: Points, reach: float = np.inf) -> tuple[Floats, Floats]:
    check_ids(demand.index, "demand", "demand point")
    check_ids(facilities.index, "facilities", "facility")
    return places_of(demand, facilities, reach)


def _gathered(
    pairs: NearPairs, decay: Decay | None, homes: int, add: Callable[[Pairs, Floats], None]
) -> Floats:
    """Let each block of weighted pairs add to the homes, some blocks per thread at a time.

    The shares and their order are the same on any machine, and so are the last bits of the sums.
    """

    def gather(blocks: list[tuple[int, int]]) -> Floats:
        total = np.zeros(homes)
        for block in blocks:
            home, facility, metres = pairs.read(block)
            add((home, facility, weigh(metres, decay)), total)
        return total

    step = -(-len(pairs.blocks) // SHARES)
    shares = [pairs.blocks[k : k + step] for k in range(0, len(pairs.blocks), step)]
    with ThreadPoolExecutor(threads()) as pool:
        return np.asarray(sum(pool.map(gather, shares)), dtype=np.float64)


def _add_weights(pair: Pairs, total: Floats) -> None:
    np.add.at(total, pair[0], pair[2])


def _hand_out(
    home: Integers,
    facility: Integers,
    asked: Floats,
    given: Floats,
    people: Floats,
    supply: Floats,
    access: Floats,
    users: Floats,
) -> None:
    """Do what the compiled loop does, for few pairs."""
    own = np.bincount(facility, weights=people[home] * asked, minlength=len(supply))
    share = np.divide(supply, own, out=np.zeros_like(supply), where=own > 0)
    # All pairs of a facility lie in one block: other threads write elsewhere.
    used = own > 0
    users[used] = own[used]
    np.add.at(access, home, share[facility] * given)
