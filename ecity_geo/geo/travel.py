"""Travel costs from demand to facilities: in a straight line, or along the streets."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.near import NearPairs
from ecity_geo.geo.points import places_of
from ecity_geo.geo.search import Reached, reached_within
from ecity_geo.geo.streets import Snapped, StreetGraph, Unit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Measure = Literal["straight", "streets"]

WALK = 80.0
"""Walking speed off the streets, in metres per minute (4.8 km/h)."""


def cost_matrix(
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    measure: Measure = "straight",
    unit: Unit = "m",
    streets: StreetGraph | None = None,
    cutoff: float = np.inf,
) -> CostMatrix:
    """Travel costs from demand to facilities, by the measure that a study asks for.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS, each with unique index labels.
    measure
        ``"straight"`` (metres only) or ``"streets"``.
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
    if measure == "streets":
        if streets is None:
            raise AnalysisError(
                "Travel along streets needs a street graph, and there is none. "
                "Give streets, or measure in a straight line."
            )
        return along_streets(demand, facilities, streets, unit=unit, cutoff=cutoff)
    if unit != "m":
        raise AnalysisError(
            f"A straight line is measured in metres, not in {unit!r}. "
            'Ask for the unit "m", or measure along streets.'
        )
    return straight_line(demand, facilities, cutoff=cutoff)


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
        Street graph. A point farther from every street than its `snap` is unreachable: its row
        or column stays empty.
    unit
        ``"min"`` for the quickest way, ``"m"`` for the shortest.
    cutoff
        Pairs that cost more are left out, in `unit`; inclusive.

    Returns
    -------
    cost_matrix
        ``n_demand x n_facility``, in `unit`. Asymmetric where streets are one-way.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing or not finite, ids repeat, the
        cutoff is negative, or no demand or no facility at all lies at the streets.

    Notes
    -----
    One search of Dijkstra (1959), doi:10.1007/BF01386390, from each facility over the reversed
    streets, so that costs run towards it.
    """
    homes, goals = places_of(demand, facilities, cutoff)
    at_home, rows = _join(streets, homes, "demand point")
    at_goal, columns = _join(streets, goals, "facility")
    goal, home, cost = _search(streets, at_home, at_goal, unit=unit, cutoff=cutoff)
    return CostMatrix.from_pairs(
        rows[home],
        columns[goal],
        cost,
        demand_ids=demand.index,
        facility_ids=facilities.index,
        unit=unit,
        cutoff=float(cutoff),
    )


def _join(streets: StreetGraph, points: Floats, name: str) -> tuple[Snapped, Integers]:
    """Snap points; return the places of those near a street, and their positions."""
    places = streets.snap_points(points[:, 0], points[:, 1])
    near = np.flatnonzero(places.line >= 0)
    if not near.size:
        raise AnalysisError(
            f"No {name} lies within {streets.snap:g} m of a street. "
            "Give streets of this city in the CRS of the points, or a larger snap."
        )
    kept = Snapped(line=places.line[near], along=places.along[near], metres=places.metres[near])
    return kept, near


def _search(
    streets: StreetGraph, homes: Snapped, goals: Snapped, *, unit: Unit, cutoff: float
) -> Reached:
    """Return goal and home positions and their cost."""
    nodes, count = len(streets.x), len(goals.line)
    graph = _reversed_with_places(streets, homes, goals, unit=unit)
    starts = np.arange(nodes, nodes + count)
    return reached_within(graph, starts, limit=cutoff, first=nodes + count)


def _reversed_with_places(
    streets: StreetGraph, homes: Snapped, goals: Snapped, *, unit: Unit
) -> csr_array:
    """Streets turned round, behind them a node per goal, and behind these a node per home.

    Goals lead onto their line, and lines onto their homes. Nothing leads to a goal or from a
    home, so no way can run through a place that is not its own.
    """
    nodes, count = len(streets.x), len(goals.line)
    speed = WALK if unit == "min" else 1.0
    run = streets.line_costs(unit)
    back = streets.matrix(unit).tocoo()
    goal, onto, arrive = _to_ends(streets, goals, run[goals.line], speed)
    home, off, leave = _to_ends(streets, homes, run[homes.line][:, ::-1], speed)
    at, near, direct = _on_the_way(homes, goals, run, speed)
    tail, head = back.coords
    return csr_array(
        (
            np.concatenate([back.data, arrive, leave, direct]),
            (
                np.concatenate([head, nodes + goal, off, nodes + at]),
                np.concatenate([tail, onto, nodes + count + home, nodes + count + near]),
            ),
        ),
        shape=(nodes + count + len(homes.line),) * 2,
    )


def _to_ends(
    streets: StreetGraph, places: Snapped, run: Floats, speed: float
) -> tuple[Integers, Integers, Floats]:
    """Places, the ends of their lines, and the cost between them where the way is open.

    `run` is the cost of the whole line in the direction of the way at its first and at its last
    vertex. A place at an end is there without cost, even where that direction is closed.
    """
    share = np.column_stack([places.along, 1 - places.along])
    legs = np.multiply(share, run, out=np.zeros_like(share), where=share > 0)
    legs += (places.metres / speed)[:, None]
    ends = streets.line_ends()[places.line]
    loop = ends[:, 0] == ends[:, 1]
    legs[loop, 0] = legs[loop].min(axis=1)
    legs[loop, 1] = np.inf
    place, end = np.nonzero(np.isfinite(legs))
    return place, ends[place, end], legs[place, end]


def _on_the_way(
    homes: Snapped, goals: Snapped, run: Floats, speed: float
) -> tuple[Integers, Integers, Floats]:
    """Goals and homes on one line that can be run from home to goal, and that cost."""
    order = np.argsort(homes.line, kind="stable")
    first, last = (
        np.searchsorted(homes.line[order], goals.line, side) for side in ("left", "right")
    )
    goal = np.repeat(np.arange(len(goals.line)), last - first)
    within = np.arange(len(goal)) - np.repeat(np.cumsum(last - first) - last, last - first)
    home = order[within]
    ahead = goals.along[goal] - homes.along[home]
    way = run[homes.line[home], (ahead < 0).astype(int)]
    cost = np.multiply(np.abs(ahead), way, out=np.zeros_like(way), where=ahead != 0)
    cost += (goals.metres[goal] + homes.metres[home]) / speed
    open_ = np.isfinite(cost)
    return goal[open_], home[open_], cost[open_]
