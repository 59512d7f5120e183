"""A street graph from frames of nodes and edges, such as those of osmnx."""

from __future__ import annotations

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_same_crs, coordinates, name_some
from ecity_geo.geo.street_lines import LINESTRING
from ecity_geo.geo.streets import StreetGraph, check_snap
from ecity_geo.given import as_number, as_numbers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Geometries = NDArray[np.object_]

MISS = 10.0
"""Metres by which the drawing of an edge may miss its nodes."""
_MARKS = {"true": 1, "yes": 1, "1": 1, "1.0": 1, "-1": -1, "-1.0": -1, "reverse": -1}
_BOTH = ("false", "no", "0", "0.0", "nan", "none", "<na>", "")


class _Ways(NamedTuple):
    """Edges, each open from its first node to its second, the other way, or both."""

    ends: Integers
    drawn: Geometries
    metres: Floats
    minutes: Floats
    marks: Integers


def streets_from_edges(
    nodes: gpd.GeoDataFrame,
    edges: pd.DataFrame,
    *,
    kmh: float | None = None,
    directed: bool | None = None,
    snap: float = 500.0,
) -> StreetGraph:
    """Build a street graph from nodes and edges: edges meet where they share a node.

    Parameters
    ----------
    nodes
        Points in a metric CRS, indexed by unique id.
    edges
        Columns `from` and `to` (or `u` and `v`) with ids of nodes, or an index of them, as
        osmnx's ``(u, v, key)``. Of further columns are used: `geometry`, the drawing (a straight
        line where there is none); `length` in metres (by default that of the drawing); `minutes`,
        or osmnx's `travel_time` in seconds, or `speed` or `speed_kph` in km/h; and `oneway`: true,
        yes or 1 (open from first to second node only), -1 (the other way only), else both.
    kmh
        One speed for all edges, in place of their own, such as 4.8 to walk.
    directed
        Whether each row is open from its first node to its second only, whatever `oneway` says,
        as in the frames of osmnx's directed graphs. By default so where the index holds the nodes.
    snap
        A point farther than this many metres from every street is unreachable.

    Returns
    -------
    streets
        The graph, of the nodes that have an edge. A row and the row that leads back along the
        same drawing are one street.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, ids repeat or are unknown, a drawing is no line or
        does not end at its nodes, no speed or time is known, or a number is not above 0.
    """
    check_snap(snap)
    crs = require_metric(nodes, "nodes")
    if isinstance(edges, gpd.GeoDataFrame) and edges.active_geometry_name is not None:
        check_same_crs(nodes, edges, "nodes and edges")
    if not nodes.index.is_unique:
        twice = name_some(nodes.index, nodes.index.duplicated())
        raise AnalysisError(f"nodes: found the ids {twice} more than once, expected unique ids.")
    places = np.column_stack(coordinates(nodes.geometry, "nodes"))
    labels, indexed = _labels(edges)
    ends = _ends(labels, nodes.index, edges.index)
    drawn = _drawn(edges, places, ends)
    kept = shapely.length(drawn) > 0
    if not kept.any():
        raise AnalysisError("edges: found none of any length, expected some streets.")
    metres = _metres(edges, drawn, kept)
    marks = np.ones(len(edges), dtype=np.int64)
    if not (indexed if directed is None else directed):
        marks = _marks(edges)
    minutes = _minutes(edges, metres, kmh, kept)
    used, at = np.unique(ends[kept], return_inverse=True)
    x, y = places[used].T
    ways = _Ways(at.reshape(-1, 2), drawn[kept], metres[kept], minutes[kept], marks[kept])
    return _graph(ways, x, y, snap=float(snap), crs=crs)


def _labels(edges: pd.DataFrame) -> tuple[list[pd.Index], bool]:
    """Ids at both ends of each edge, and whether they were in the index."""
    for first, second in (("from", "to"), ("u", "v")):
        if first in edges.columns and second in edges.columns and edges.index.nlevels == 1:
            return [pd.Index(edges[first]), pd.Index(edges[second])], False
    if edges.index.nlevels >= 2:
        return [edges.index.get_level_values(0), edges.index.get_level_values(1)], True
    raise AnalysisError(
        f"edges: found the columns {list(edges.columns)}, expected 'from' and 'to' (or 'u' and "
        "'v'), or an index of both nodes."
    )


def _ends(labels: list[pd.Index], ids: pd.Index, index: pd.Index) -> Integers:
    ends = np.column_stack([ids.get_indexer(each) for each in labels]).astype(np.int64)
    lost = np.asarray((ends < 0).any(axis=1))
    if lost.any():
        raise AnalysisError(
            f"edges: found nodes that are not among the nodes at {name_some(index, lost)}, "
            "expected ids of the index of nodes, of the same type."
        )
    return ends


def _drawn(edges: pd.DataFrame, places: Floats, ends: Integers) -> Geometries:
    """Lines from first to second node."""
    straight = np.array(shapely.linestrings(places[ends]), dtype=object)
    if not isinstance(edges, gpd.GeoDataFrame) or edges.active_geometry_name is None:
        return straight
    given = edges.geometry.to_numpy()
    none = shapely.is_missing(given) | shapely.is_empty(given)
    lines = np.where(none, straight, given)
    wrong = shapely.get_type_id(lines) != LINESTRING
    if wrong.any():
        raise AnalysisError(
            f"edges: found something else than a line at {name_some(edges.index, wrong)}, "
            "expected a line, or none for a straight one. Explode lines of several parts."
        )
    tips = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], 1)
    ahead, back = (np.hypot(*(tips - places[each]).T).max(axis=0) for each in (ends, ends[:, ::-1]))
    astray = ~(np.minimum(ahead, back) <= MISS)
    if astray.any():
        raise AnalysisError(
            f"edges: found drawings that do not end at their nodes at "
            f"{name_some(edges.index, astray)}, expected {MISS:g} m at most between them."
        )
    return np.array(np.where(back < ahead, shapely.reverse(lines), lines), dtype=object)


def _metres(edges: pd.DataFrame, drawn: Geometries, kept: Flags) -> Floats:
    if "length" not in edges.columns:
        return np.asarray(shapely.length(drawn), dtype=np.float64)
    return _above_zero(edges, "length", "metres above 0", kept)


def _minutes(edges: pd.DataFrame, metres: Floats, kmh: float | None, kept: Flags) -> Floats:
    if kmh is not None:
        if not 0 < as_number(kmh, "kmh", "a speed above 0") < np.inf:
            raise AnalysisError(f"kmh: found {kmh:g}, expected a speed above 0.")
        return metres / 1000 / kmh * 60
    for name, seconds in (("minutes", 60), ("travel_time", 1)):
        if name in edges.columns:
            return _above_zero(edges, name, "a time above 0", kept) * seconds / 60
    for name in ("speed", "speed_kph"):
        if name in edges.columns:
            return metres / 1000 / _above_zero(edges, name, "km/h above 0", kept) * 60
    raise AnalysisError(
        "edges: found neither minutes nor a speed, expected a column 'minutes', 'speed' (km/h), "
        "'travel_time' (seconds) or 'speed_kph'. Or give kmh, such as kmh=4.8 to walk."
    )


def _above_zero(edges: pd.DataFrame, name: str, expected: str, kept: Flags) -> Floats:
    values = as_numbers(edges[name].to_numpy(), f"edges: {name}", expected)
    wrong = ~(np.isfinite(values) & (values > 0)) & kept
    if wrong.any():
        raise AnalysisError(
            f"edges: found no usable {name!r} at {name_some(edges.index, wrong)}, expected "
            f"{expected}. Fill them, or leave these edges out."
        )
    return values


def _marks(edges: pd.DataFrame) -> Integers:
    if "oneway" not in edges.columns:
        return np.zeros(len(edges), dtype=np.int64)
    words = edges["oneway"].astype(str).str.strip().str.lower()
    wrong = ~words.isin([*_MARKS, *_BOTH]).to_numpy()
    if wrong.any():
        raise AnalysisError(
            f"edges: found unknown one-way marks at {name_some(edges.index, wrong)}, expected "
            "true, false, yes, no, 1, 0 or -1."
        )
    return np.array([_MARKS.get(word, 0) for word in words], dtype=np.int64)


def _graph(ways: _Ways, x: Floats, y: Floats, *, snap: float, crs: CRS) -> StreetGraph:
    """Make the graph; two rows that lead to and fro along one drawing are one line."""
    # Drawn alike, whichever way: only so can a point on the street go both ways from it.
    # (GEOS' own normal form moves the first vertex of a loop, which is its node.)
    reversed_ = np.array(shapely.reverse(ways.drawn), dtype=object)
    turned = np.array(shapely.to_wkb(ways.drawn) > shapely.to_wkb(reversed_), dtype=bool)
    alike = np.where(turned, reversed_, ways.drawn)
    against = np.where(turned, -ways.marks, ways.marks)
    street = pd.DataFrame(
        {
            "low": ways.ends.min(axis=1),
            "high": ways.ends.max(axis=1),
            "drawn": shapely.to_wkb(alike),
            "both": ways.marks == 0,
            "mark": against,
        }
    )
    # Two rows the same way are two streets.
    street["nth"] = street.groupby(list(street.columns)).cumcount()
    keys = ["low", "high", "drawn", "both", "nth"]
    line = street.groupby(keys, sort=False).ngroup().to_numpy(dtype=np.int64)
    _, first = np.unique(line, return_index=True)
    ends = np.where(turned[:, None], ways.ends[:, ::-1], ways.ends)
    along, back = np.flatnonzero(against >= 0), np.flatnonzero(against <= 0)
    row = np.concatenate([along, back])
    return StreetGraph(
        x=x,
        y=y,
        tail=np.concatenate([ends[along, 0], ends[back, 1]]),
        head=np.concatenate([ends[along, 1], ends[back, 0]]),
        metres=ways.metres[row],
        minutes=ways.minutes[row],
        lines=alike[first],
        line=line[row],
        against=np.repeat([False, True], [len(along), len(back)]),
        snap=snap,
        crs=crs,
    )
