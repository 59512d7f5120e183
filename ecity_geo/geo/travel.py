"""Travel costs from demand to facilities: in a straight line, or along the streets."""

from __future__ import annotations

from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix, check_unique
from ecity_geo.geo.joined import check_streets, join_both, reversed_with_places, unjoined_of
from ecity_geo.geo.near import NearPairs
from ecity_geo.geo.points import places_of
from ecity_geo.geo.search import Reached, nearest_start, reached_within
from ecity_geo.geo.streets import Snapped, StreetGraph, Unit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Measure = Literal["straight", "streets"]


def cost_matrix(
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    measure: Measure | None = None,
    unit: Unit = "m",
    streets: StreetGraph | None = None,
    cutoff: float = np.inf,
) -> CostMatrix:
    """Travel costs from demand to facilities, along streets or in a straight line.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    measure
        ``"straight"`` (metres only) or ``"streets"``; by default along the streets where they
        are given.
    unit
        ``"m"`` or ``"min"``.
    streets
        Street graph in the CRS of the points; needed for ``"streets"``.
    cutoff
        Pairs that cost more are left out, in `unit`; inclusive.

    Returns
    -------
    cost_matrix
        ``n_demand x n_facility``.

    Raises
    ------
    AnalysisError
        If streets are missing, a straight line is asked for in minutes, or as for
        :func:`straight_line` and :func:`along_streets`.
    """
    network = check_measure(measure, unit, streets)
    if network is None:
        return straight_line(demand, facilities, cutoff=cutoff)
    return along_streets(demand, facilities, network, unit=unit, cutoff=cutoff)


def check_measure(
    measure: Measure | None, unit: Unit, streets: StreetGraph | None
) -> StreetGraph | None:
    """Hold that a measure, its unit and the streets go together.

    Parameters
    ----------
    measure, unit, streets
        As for :func:`cost_matrix`.

    Returns
    -------
    streets
        The streets to travel along; none for the straight line.

    Raises
    ------
    AnalysisError
        If the measure is unknown, streets are missing, or a straight line is asked for in minutes.
    """
    if measure is None:
        measure = "straight" if streets is None else "streets"
    if measure not in get_args(Measure):
        raise AnalysisError(f'measure: found {measure!r}, expected "straight" or "streets".')
    if measure == "streets":
        if streets is None:
            raise AnalysisError(
                "Travel along streets needs a street graph, and there is none. "
                "Give streets, or measure in a straight line."
            )
        return streets
    if unit != "m":
        raise AnalysisError(
            f"A straight line is measured in metres, not in {unit!r}. "
            'Ask for the unit "m", or measure along streets.'
        )
    return None


def straight_line(
    demand: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, *, cutoff: float = np.inf
) -> CostMatrix:
    """Straight-line distances.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    cutoff
        Pairs farther apart than this are left out, in metres; inclusive.

    Returns
    -------
    cost_matrix
        ``n_demand x n_facility``, in metres.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing or not finite, ids repeat, or the
        cutoff is negative.
    """
    homes, goals = places_of(demand, facilities, cutoff)
    row, column, metres = NearPairs.of(homes, goals, float(cutoff)).all()
    return CostMatrix.from_pairs(
        row,
        column,
        metres,
        demand_ids=demand.index,
        facility_ids=facilities.index,
        unit="m",
        cutoff=float(cutoff),
    )


def along_streets(
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    streets: StreetGraph,
    *,
    unit: Unit = "min",
    cutoff: float = np.inf,
) -> CostMatrix:
    """Cheapest travel along streets, from demand to facility.

    A point joins the streets at the nearest place on any of them, in the middle of a street too.
    The way there is a straight line, walked at 4.8 km/h (80 m/min) whatever moves on the streets.

    Parameters
    ----------
    demand, facilities
        Points in the CRS of the streets, each with unique index labels.
    streets
        Street graph in that CRS. A point farther from every street than its `snap` is
        unreachable: its row or column stays empty.
    unit
        ``"min"`` for the quickest way, ``"m"`` for the shortest.
    cutoff
        Pairs that cost more are left out, in `unit`; inclusive.

    Returns
    -------
    cost_matrix
        ``n_demand x n_facility``, in `unit`. Asymmetric where streets are one-way. Which points
        join no street, and why, is in its `unjoined`; see also `CostMatrix.unreached`.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, also from that of the streets, a point is missing or
        not finite, ids repeat, the cutoff is negative, or no demand or no facility at all lies at
        the streets.

    Notes
    -----
    One search of Dijkstra (1959), doi:10.1007/BF01386390, from each facility over the reversed
    streets, so that costs run towards it.
    """
    homes, goals = places_of(demand, facilities, cutoff)
    check_streets(streets, demand)
    (at_home, rows), (at_goal, columns) = join_both(streets, homes, goals)
    goal, home, cost = _search(streets, at_home, at_goal, unit=unit, cutoff=cutoff)
    return CostMatrix.from_pairs(
        rows[home],
        columns[goal],
        cost,
        demand_ids=demand.index,
        facility_ids=facilities.index,
        unit=unit,
        cutoff=float(cutoff),
        unjoined=unjoined_of(
            streets, (homes, rows, demand.index), (goals, columns, facilities.index)
        ),
    )


def nearest_along_streets(
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    streets: StreetGraph,
    *,
    unit: Unit = "min",
    cutoff: float = np.inf,
) -> pd.DataFrame:
    """Find each demand point's nearest facility along streets, without all costs between them.

    Parameters
    ----------
    demand, facilities, streets, unit, cutoff
        As for :func:`along_streets`.

    Returns
    -------
    nearest
        As from `CostMatrix.nearest` on the costs of `along_streets`: indexed by demand id, `cost`
        in `unit` (infinite where no facility is within reach) and `facility_id` (missing there);
        of facilities that are equally near the first. `ecity_geo.geo.joined.unjoined` tells which
        points are too far from the streets or on an island.

    Raises
    ------
    AnalysisError
        As for :func:`along_streets`.

    Notes
    -----
    One search of Dijkstra from all facilities at once over the reversed streets (Erwig 2000,
    doi:10.1002/1097-0037(200010)36:3<156::AID-NET2>3.0.CO;2-L): the time does not grow with the
    number of facilities, and no pair is stored.
    """
    homes, goals = places_of(demand, facilities, cutoff)
    check_streets(streets, demand)
    check_unique(demand.index, facilities.index)
    (at_home, rows), (at_goal, columns) = join_both(streets, homes, goals)
    nodes, count = len(streets.x), len(columns)
    graph = reversed_with_places(streets, at_home, at_goal, unit=unit)
    starts = np.arange(nodes, nodes + count)
    goal, paid = nearest_start(graph, starts, limit=cutoff, first=nodes + count)
    cost, facility = np.full(len(demand), np.inf), np.full(len(demand), None, dtype=object)
    cost[rows] = paid
    served = goal >= 0
    facility[rows[served]] = facilities.index.to_numpy(dtype=object)[columns[goal[served]]]
    ids = pd.Series(facility, index=demand.index, dtype=object)
    return pd.DataFrame({"cost": cost, "facility_id": ids})


def _search(
    streets: StreetGraph, homes: Snapped, goals: Snapped, *, unit: Unit, cutoff: float
) -> Reached:
    """Return goal and home positions and their cost."""
    nodes, count = len(streets.x), len(goals.line)
    graph = reversed_with_places(streets, homes, goals, unit=unit)
    starts = np.arange(nodes, nodes + count)
    return reached_within(graph, starts, limit=cutoff, first=nodes + count)
