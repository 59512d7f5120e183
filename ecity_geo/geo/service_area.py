"""Service areas: the places from which a facility is reached within a limit, as polygons."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.joined import (
    Floats,
    Integers,
    check_streets,
    join_streets,
    reversed_with_places,
    walking,
)
from ecity_geo.geo.points import coordinates
from ecity_geo.geo.search import reached_within
from ecity_geo.geo.streets import Snapped, StreetGraph, Unit
from ecity_geo.given import as_number, as_numbers

Geometries = NDArray[np.object_]
Flags = NDArray[np.bool_]

HAIR = 1e-9
"""Share of a line that is too short to draw."""
NOWHERE = Snapped(line=np.empty(0, dtype=np.int64), along=np.empty(0), metres=np.empty(0))


def service_areas(
    facilities: gpd.GeoDataFrame,
    limits: Sequence[float],
    *,
    streets: StreetGraph | None = None,
    unit: Unit = "m",
    width: float = 50.0,
) -> gpd.GeoDataFrame:
    """Draw the places from which each facility is reached within some limits (isochrones).

    Parameters
    ----------
    facilities
        Points in a metric CRS, each with a unique index label.
    limits
        Greatest costs, above 0, in `unit`; inclusive.
    streets
        Street graph in the CRS of the points. Without one the areas are circles, in metres.
    unit
        ``"m"``, or ``"min"`` along streets.
    width
        Metres on either side of a reached street that belong to the area; see the notes.

    Returns
    -------
    areas
        `facility_id`, `limit` and the polygon, a row per facility and limit, the limits
        ascending; each area holds those of smaller limits. The polygon is empty where the way
        from the facility to the nearest street already exceeds the limit, or no street is near.

    Raises
    ------
    AnalysisError
        If the CRS is not metric, there is no facility, a point is missing, a limit or `width` is
        not above 0 and finite, minutes are asked for without streets, or no facility lies at the
        streets.

    Notes
    -----
    The costs are those of `ecity_geo.geo.travel.along_streets`: towards the facility, cheapest
    first, the last stretch of a street as far as the limit reaches, where the area ends square.
    So each home at a street whose cost is within the limit lies inside. Besides, there lie inside
    all places within `width` of a reached stretch, whose way across it is not counted: homes
    beside it, and at other streets that pass so near, up to that distance beyond the limit. A
    last stretch shorter than `width` is no wider than long. Streets that no home joins (see
    `StreetGraph.on_mainland`) are left out. Circles have 64 corners on the circle, so that they
    lack up to 0.12 % of the limit between two of them.
    """
    require_metric(facilities, "facilities")
    if facilities.empty:
        raise AnalysisError("There are no facilities to draw the areas of.")
    points = np.column_stack(coordinates(facilities.geometry, "facilities"))
    ends = _limits(limits, width)
    if streets is None:
        if unit != "m":
            raise AnalysisError(
                f"A straight line is measured in metres, not in {unit!r}. Give streets."
            )
        shapes = shapely.buffer(np.array(facilities.geometry)[:, None], ends, quad_segs=16)
    else:
        shapes = np.full((len(points), len(ends)), shapely.Polygon(), dtype=object)
        check_streets(streets, facilities)
        goals, position = join_streets(streets, points, "facility")
        shapes[position] = _along_streets(streets, goals, ends, unit, width)
    return gpd.GeoDataFrame(
        {
            "facility_id": np.repeat(facilities.index.to_numpy(dtype=object), len(ends)),
            "limit": np.tile(ends, len(points)),
        },
        geometry=np.asarray(shapes).ravel(),
        crs=facilities.crs,
    )


def _limits(limits: Sequence[float], width: float) -> Floats:
    ends = np.unique(as_numbers(limits, "limits", "a list of numbers above 0"))
    as_number(width, "width", "metres above 0")
    for name, values in (("limits", ends), ("width", np.array([width]))):
        if not (len(values) and np.isfinite(values).all() and (values > 0).all()):
            raise AnalysisError(f"{name}: found {values.tolist()}, expected numbers above 0.")
    return ends


def _along_streets(
    streets: StreetGraph, goals: Snapped, limits: Floats, unit: Unit, width: float
) -> Geometries:
    """Areas, goals x limits."""
    nodes, count = len(streets.x), len(goals.line)
    graph = reversed_with_places(streets, NOWHERE, goals, unit=unit)
    starts = np.arange(nodes, nodes + count)
    start, node, cost = reached_within(graph, starts, limit=limits[-1])
    bounds = np.searchsorted(start, np.arange(count + 1))
    mainland = np.flatnonzero(streets.on_mainland)
    ends, run = streets.line_ends()[mainland], streets.line_costs(unit)[mainland]
    lines = streets.lines[mainland]
    shapes = np.empty((count, len(limits)), dtype=object)
    at_node = np.full(nodes + count, np.inf)
    for goal in range(count):
        within = slice(bounds[goal], bounds[goal + 1])
        at_node[node[within]] = cost[within]
        own = int(np.searchsorted(mainland, goals.line[goal]))
        near = np.union1d(np.flatnonzero(np.isfinite(at_node[ends]).any(axis=1)), [own])
        place = float(goals.along[goal]), float(goals.metres[goal]) / walking(unit)
        for k, limit in enumerate(limits):
            at_ends = at_node[ends[near]]
            shares = _reach(at_ends, run[near], limit)
            # Where a way is closed the limit cuts nothing.
            cut = np.isfinite(run[near, ::-1]) | (at_ends > limit)
            pieces, corners, room = _pieces(lines[near], ends[near], cut, *shares, width)
            pieces += _own_piece(lines[own], run[own], *place, limit)
            at = np.column_stack([streets.x[corners], streets.y[corners]])
            junctions = np.array(shapely.points(at), dtype=object)
            shapes[goal, k] = _widened(pieces, junctions, room, width)
        at_node[node[within]] = np.inf
    return shapes


def _reach(at_ends: Floats, run: Floats, limit: float) -> tuple[Floats, Floats]:
    """Shares of each line, from its first and from its last vertex, that reach the goal in time.

    From a place on the line one goes to the first vertex against its direction.
    """
    left = np.maximum(limit - at_ends, 0.0)
    back = run[:, ::-1]
    free = (back == 0) & (at_ends <= limit)
    share = np.divide(left, back, out=np.zeros_like(left), where=(back > 0) & (left > 0))
    share = np.minimum(np.where(free, 1.0, share), 1.0)
    return share[:, 0], share[:, 1]


def _pieces(
    lines: Geometries, ends: Integers, cut: Flags, first: Floats, last: Floats, width: float
) -> tuple[list[shapely.Geometry], Integers, Floats]:
    """Cut out what is reached; also the junctions there, and how wide the area may be at each."""
    whole = first + last >= 1 - HAIR
    pieces = list(lines[whole])
    for share, begin in ((first, True), (last, False)):
        for line in np.flatnonzero(~whole & (share > HAIR)):
            start, end = (0.0, share[line]) if begin else (1 - share[line], 1.0)
            pieces.append(substring(lines[line], start, end, normalized=True))
    reached = np.column_stack([first, last]) * shapely.length(lines)[:, None]
    room = np.where(cut & ~whole[:, None], np.minimum(reached, width), width)
    corners, which = np.unique(ends, return_inverse=True)
    least = np.full(len(corners), width)
    np.minimum.at(least, which.ravel(), room.ravel())
    return pieces, corners[least > 0], least[least > 0]


def _own_piece(
    line: shapely.LineString, run: Floats, along: float, walk: float, limit: float
) -> list[shapely.Geometry]:
    """Cut out what reaches a goal on its own line, without a junction."""
    left = limit - walk
    if left < 0:
        return []
    before, behind = (
        min(left / cost, 1.0) if cost > 0 else 1.0 for cost in (float(run[0]), float(run[1]))
    )
    low, high = max(along - before, 0.0), min(along + behind, 1.0)
    return [substring(line, low, high, normalized=True)]


def _widened(
    pieces: list[shapely.Geometry], junctions: Geometries, room: Floats, width: float
) -> shapely.Geometry:
    """Widen stretches, square at their ends, and junctions, round, to one area.

    A stretch shorter than the width is no wider than long, so that the area ends at the limit in
    the streets across it too.
    """
    lines = np.array(pieces, dtype=object)
    half = np.minimum(shapely.length(lines), width)
    long = shapely.multilinestrings(lines[half == width])
    narrow = half < width
    areas = [
        shapely.buffer(long, width, quad_segs=4, cap_style="flat"),
        *shapely.buffer(lines[narrow], half[narrow], quad_segs=4, cap_style="flat"),
        *shapely.buffer(junctions, room, quad_segs=4),
    ]
    return shapely.union_all(np.array(areas, dtype=object))
