"""Travel costs that can still matter where some facilities stand, in little memory.

Whoever has a service at hand never goes to one farther off, whatever else is built. All that is
asked of nearest services, of coverage and of plans that close nothing needs no pair that is
farther than the nearest standing one and farther than the standard. In a city of 200,000 cells
and 6,000 places these are a few million pairs of a thousand million.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.compiled import threads
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.joined import Places, check_streets, join_both, reversed_with_places, unjoined_of
from ecity_geo.geo.near import NearPairs, Pairs
from ecity_geo.geo.points import places_of
from ecity_geo.geo.search import nearest_start, reached_within
from ecity_geo.geo.streets import StreetGraph, Unit
from ecity_geo.geo.travel import Measure, check_measure

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PAIRS = 20_000_000
"""Pairs held at once before those that cannot matter are left out (480 MB at most)."""
ROUNDING = 1 + 1e-9
"""The nearest standing facility itself stays, however its cost was added up."""


def useful_costs(
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    standing: pd.Index,
    within: float,
    measure: Measure | None = None,
    unit: Unit = "m",
    streets: StreetGraph | None = None,
) -> CostMatrix:
    """Travel costs up to a cost, or up to the nearest standing facility if that is farther.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    standing
        Labels of the facilities that nobody closes.
    within
        Cost up to which every pair is kept, in `unit`; inclusive.
    measure, unit, streets
        As for `ecity_geo.geo.travel.cost_matrix`.

    Returns
    -------
    cost_matrix
        ``n_demand x n_facility`` with `within` as its cutoff. Of the facilities that stand and any
        others it tells the nearest as the whole matrix would; a demand point that reaches no
        standing facility has all its pairs.

    Raises
    ------
    AnalysisError
        As for `ecity_geo.geo.travel.cost_matrix`, or if a standing facility is unknown.
    """
    homes, goals = places_of(demand, facilities, within)
    stands = np.asarray(facilities.index.isin(standing))
    if not standing.isin(facilities.index).all():
        raise AnalysisError("A standing facility is not among the facilities.")
    network = check_measure(measure, unit, streets)
    lost = None
    if network is None:
        parts = list(_straight(homes, goals, stands, within))
    else:
        check_streets(network, demand)
        joined = join_both(network, homes, goals)
        parts = list(_along(network, joined, stands, within, unit))
        at = joined[0][1], joined[1][1]
        lost = unjoined_of(network, (homes, at[0], demand.index), (goals, at[1], facilities.index))
    row, column, cost = (np.concatenate(part) for part in zip(*parts, strict=True))
    return CostMatrix.from_pairs(
        row,
        column,
        cost,
        demand_ids=demand.index,
        facility_ids=facilities.index,
        unit=unit,
        cutoff=float(within),
        unjoined=lost,
    )


def _straight(homes: Floats, goals: Floats, stands: Bools, within: float) -> Iterator[Pairs]:
    nearest = np.full(len(homes), np.inf)
    if stands.any():
        nearest = np.asarray(KDTree(goals[stands]).query(homes, workers=threads())[0])
    bound = _bound(nearest, within)
    pairs = NearPairs.of(homes, goals, float(bound.max()))
    for block in pairs.blocks:
        yield _kept(pairs.read(block), bound)


def _along(
    streets: StreetGraph, places: Places, stands: Bools, within: float, unit: Unit
) -> Iterator[Pairs]:
    (at_home, rows), (at_goal, columns) = places
    graph = reversed_with_places(streets, at_home, at_goal, unit=unit)
    starts = len(streets.x) + np.arange(len(columns))
    first = len(streets.x) + len(columns)
    joined = stands[columns]
    nearest = np.full(len(rows), np.inf)
    if joined.any():
        nearest = nearest_start(graph, starts[joined], first=first)[1]
    bound = _bound(nearest, within)
    step = max(1, PAIRS // len(rows))
    for begin in range(0, len(starts), step):
        part = starts[begin : begin + step]
        goal, home, cost = reached_within(graph, part, limit=float(bound.max()), first=first)
        at, to, paid = _kept((home.astype(np.int64), begin + goal.astype(np.int64), cost), bound)
        yield rows[at], columns[to], paid


def _bound(nearest: Floats, within: float) -> Floats:
    """Return the greatest cost of each home that can matter; infinite where nothing is reached."""
    return np.maximum(nearest * ROUNDING, within)


def _kept(pairs: Pairs, bound: Floats) -> Pairs:
    home, goal, cost = pairs
    near = np.flatnonzero(cost <= bound[home])
    return home[near], goal[near], cost[near]
