"""Places joined to a street graph, and the graph turned round, so that ways run towards goals."""

from __future__ import annotations

from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from scipy.sparse import csr_array

from ecity_geo.crs import crs_name, require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import coordinates
from ecity_geo.geo.streets import Snapped, StreetGraph, Unit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Places = tuple[tuple[Snapped, Integers], tuple[Snapped, Integers]]
"""Places and positions of the demand points and of the facilities that join the streets."""

WALK = 80.0
"""Walking speed off the streets, in metres per minute (4.8 km/h)."""


def walking(unit: Unit) -> float:
    """Return the metres off the streets that one unit of cost pays for.

    Parameters
    ----------
    unit
        ``"m"`` or ``"min"``.

    Returns
    -------
    metres
        Per minute, or 1.

    Raises
    ------
    AnalysisError
        If there is no such unit.
    """
    if unit not in get_args(Unit):
        raise AnalysisError(f'unit: found {unit!r}, expected "m" or "min".')
    return WALK if unit == "min" else 1.0


def check_streets(streets: StreetGraph, points: gpd.GeoDataFrame | gpd.GeoSeries) -> None:
    """Hold that streets are a graph in the CRS of the points.

    Parameters
    ----------
    streets
        Street graph.
    points
        Layer that meets it, in a metric CRS.

    Raises
    ------
    AnalysisError
        If it is no graph, or has another CRS. Of streets whose CRS is unknown nothing is told.
    """
    if not isinstance(streets, StreetGraph):
        raise AnalysisError(
            f"streets: found a {type(streets).__name__}, expected a StreetGraph. "
            "Build it with StreetGraph.from_lines()."
        )
    if streets.crs is not None and not streets.crs.equals(CRS(points.crs), True):
        raise AnalysisError(
            f"streets and points: found the CRS {crs_name(streets.crs)} and "
            f"{crs_name(CRS(points.crs))}, expected the same. Reproject one with to_crs()."
        )


def unjoined(streets: StreetGraph, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tell which points do not join the streets, and why.

    Parameters
    ----------
    streets
        Street graph.
    points
        Points in its CRS.

    Returns
    -------
    unjoined
        Indexed like those of the points that join no street: `reason`, ``"too far"`` (no street
        within `StreetGraph.snap`) or ``"island"`` (only streets that are cut off from the rest,
        see `StreetGraph.on_mainland`), and `metres` to the nearest street of all.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, or a point is missing or not finite.
    """
    require_metric(points, "points")
    check_streets(streets, points)
    places = np.column_stack(coordinates(points.geometry, "points"))
    found = streets.snap_points(places[:, 0], places[:, 1])
    return why_unjoined(streets, places, np.flatnonzero(found.line >= 0), points.index)


def why_unjoined(
    streets: StreetGraph, points: Floats, joined: Integers, ids: pd.Index
) -> pd.DataFrame:
    """Tell why points do not join the streets, once it is known which do.

    Parameters
    ----------
    streets
        Street graph.
    points
        Coordinates, n x 2.
    joined
        Positions of those that join.
    ids
        Ids of all.

    Returns
    -------
    unjoined
        As from `unjoined`.
    """
    lost = np.setdiff1d(np.arange(len(points)), joined)
    metres = np.empty(len(lost))
    if len(lost):
        places = np.array(shapely.points(points[lost]), dtype=object)
        (point, _), away = shapely.STRtree(streets.lines).query_nearest(
            places, return_distance=True
        )
        metres[point] = away
    return pd.DataFrame(
        {"reason": np.where(metres > streets.snap, "too far", "island"), "metres": metres},
        index=ids[lost],
    )


def unjoined_of(
    streets: StreetGraph,
    demand: tuple[Floats, Integers, pd.Index],
    facilities: tuple[Floats, Integers, pd.Index],
) -> pd.DataFrame:
    """Tell why demand points and facilities do not join the streets.

    Parameters
    ----------
    streets
        Street graph.
    demand, facilities
        Coordinates, the positions of those that join, and the ids of all.

    Returns
    -------
    unjoined
        `role`, `id`, `reason` and `metres`; see `ecity_geo.geo.cost.CostMatrix`.
    """
    parts = {"demand": demand, "facility": facilities}
    told = [
        why_unjoined(streets, *part).rename_axis("id").reset_index().assign(role=role)
        for role, part in parts.items()
    ]
    return pd.concat(told, ignore_index=True)[["role", "id", "reason", "metres"]]


def join_streets(streets: StreetGraph, points: Floats, name: str) -> tuple[Snapped, Integers]:
    """Snap points.

    Parameters
    ----------
    streets
        Street graph.
    points
        Coordinates, n x 2.
    name
        What one of them is, for the message.

    Returns
    -------
    places, position
        The places of those near a street, and which of the points they are.

    Raises
    ------
    AnalysisError
        If no point is near a street.
    """
    return _near(streets, streets.snap_points(points[:, 0], points[:, 1]), points, name)


def join_both(streets: StreetGraph, homes: Floats, goals: Floats) -> Places:
    """Snap demand points and facilities as `join_streets` does, looking the streets up once.

    Parameters
    ----------
    streets
        Street graph.
    homes, goals
        Coordinates, n x 2 and m x 2.

    Returns
    -------
    homes, goals
        Places and positions of each, as from `join_streets`.

    Raises
    ------
    AnalysisError
        If no demand point or no facility is near a street.
    """
    points = np.concatenate([homes, goals])
    found = streets.snap_points(points[:, 0], points[:, 1])
    count = len(homes)
    first, last = (
        Snapped(line=found.line[part], along=found.along[part], metres=found.metres[part])
        for part in (slice(None, count), slice(count, None))
    )
    return (
        _near(streets, first, homes, "demand point"),
        _near(streets, last, goals, "facility"),
    )


def _near(
    streets: StreetGraph, places: Snapped, points: Floats, name: str
) -> tuple[Snapped, Integers]:
    """Keep the places of points near a street."""
    near = np.flatnonzero(places.line >= 0)
    if not near.size:
        raise AnalysisError(_nowhere(streets, points, name))
    kept = Snapped(line=places.line[near], along=places.along[near], metres=places.metres[near])
    return kept, near


def _nowhere(streets: StreetGraph, points: Floats, name: str) -> str:
    lost = why_unjoined(streets, points, np.empty(0, dtype=np.int64), pd.RangeIndex(len(points)))
    if (lost["reason"] == "island").any():
        return (
            f"No {name} lies within {streets.snap:g} m of a street that leads to the rest of the "
            f"city; the {int((lost['reason'] == 'island').sum())} nearest a street are on islands. "
            "Mend the lines where they should meet, or give a larger snap."
        )
    return (
        f"No {name} lies within {streets.snap:g} m of a street; the nearest is "
        f"{lost['metres'].min():,.0f} m away. "
        "Give streets of this city in the CRS of the points, or a larger snap."
    )


def reversed_with_places(
    streets: StreetGraph, homes: Snapped, goals: Snapped, *, unit: Unit
) -> csr_array:
    """Turn the streets round and join places to them.

    Parameters
    ----------
    streets
        Street graph of n nodes.
    homes, goals
        Places where ways begin and end.
    unit
        ``"m"`` or ``"min"``.

    Returns
    -------
    graph
        The streets turned round, behind them a node per goal, and behind these a node per home.
        Goals lead onto their line, and lines onto their homes. Nothing leads to a goal or from a
        home, so no way can run through a place that is not its own.
    """
    nodes, count = len(streets.x), len(goals.line)
    speed = walking(unit)
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
