"""A street graph as arrays: junctions, directed edges, and the lines that they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.street_lines import MILLIMETRE, check_lines, lines_of, per_line, split
from ecity_geo.given import as_number

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Unit = Literal["m", "min"]

ONEWAY = "1, -1 or 0 (as drawn, against it, both) for each line"
ISLAND = 2000.0
"""Metres of street below which a part that is cut off from the rest is an island."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """How far a street graph hangs together.

    Parameters
    ----------
    weak, strong
        Number of parts when one-way signs are ignored, and when they are obeyed.
    largest_weak, largest_strong
        Share of the street length that lies inside the largest such part, 0 to 1.
    islands
        Share of the street length on islands, which no point joins; see
        `StreetGraph.on_mainland`.
    """

    weak: int
    strong: int
    largest_weak: float
    largest_strong: float
    islands: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapped:
    """Places on the streets that are nearest to some points.

    Parameters
    ----------
    line
        Position in `StreetGraph.lines`; -1 where no street lies within `StreetGraph.snap`.
    along
        Share of the line's length before the place, 0 at its first vertex to 1 at its last.
    metres
        Distance from the point to the place; infinite where there is none.
    """

    line: Integers
    along: Floats
    metres: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetGraph:
    """Directed street graph in a metric CRS; see `from_lines`.

    A line runs from junction to junction. It carries one directed edge where it is one-way and
    two otherwise. Parallel lines and loops are kept: people live there too.

    Parameters
    ----------
    x, y
        Node coordinates in metres.
    tail, head
        Node positions of each directed edge.
    metres, minutes
        Length and travel time of each directed edge.
    lines
        The streets between junctions.
    line
        Position in `lines` of each directed edge.
    against
        Whether the edge runs against the direction in which its line is drawn.
    snap
        A point farther than this many metres from every street of the mainland is unreachable.
    crs
        CRS of the coordinates; points in another one are refused. Unknown where the lines came
        without: then nobody can hold the points against it.
    """

    x: Floats
    y: Floats
    tail: Integers
    head: Integers
    metres: Floats
    minutes: Floats
    lines: NDArray[np.object_]
    line: Integers
    against: NDArray[np.bool_]
    snap: float = 500.0
    crs: CRS | None = None

    @classmethod
    def from_lines(
        cls,
        geometry: gpd.GeoSeries | gpd.GeoDataFrame | ArrayLike,
        minutes: ArrayLike,
        *,
        oneway: ArrayLike | None = None,
        snap: float = 500.0,
        crs: CRS | str | int | None = None,
    ) -> StreetGraph:
        """Build the graph from street lines.

        Lines meet at vertices that they share, be it in their middle (as OSM ways do). Vertices
        a millimetre apart or less are one, and so are those that a chain of such steps joins.
        Lines that merely cross do not meet: one of them is a bridge.

        Parameters
        ----------
        geometry
            n LineStrings in a metric CRS.
        minutes
            Travel time along each whole line, above 0; shared out by length where a line is
            split.
        oneway
            Per line 1 (open in the direction in which it is drawn), -1 (against it) or 0 (both
            ways); both ways for all when left out.
        snap
            A point farther than this many metres from every street is unreachable.
        crs
            Their CRS; by default that of the layer, and unknown for a plain list.

        Returns
        -------
        streets
            The graph. Lines shorter than a millimetre are gone.

        Raises
        ------
        AnalysisError
            If a geometry is not a line with finite coordinates, the CRS is not metric or another
            than that of the layer, a travel time is not above 0 or not finite, a one-way mark is
            unknown, `snap` is not above 0, or no line is left.
        """
        check_snap(snap)
        streets, known = lines_of(geometry, crs)
        time = per_line(minutes, geometry, "minutes", "one number for each line")
        marks = (
            np.zeros(len(streets))
            if oneway is None
            else per_line(oneway, geometry, "oneway", ONEWAY)
        )
        check_lines(streets, time, marks, known)
        nodes, lines, ends, source, metres = split(streets)
        whole = np.bincount(source, weights=metres, minlength=len(streets))
        time = time[source] * metres / whole[source]
        with_it = np.flatnonzero(marks[source] >= 0)
        against_it = np.flatnonzero(marks[source] <= 0)
        line = np.concatenate([with_it, against_it])
        return cls(
            x=nodes[:, 0],
            y=nodes[:, 1],
            tail=np.concatenate([ends[with_it, 0], ends[against_it, 1]]),
            head=np.concatenate([ends[with_it, 1], ends[against_it, 0]]),
            metres=metres[line],
            minutes=time[line],
            lines=lines,
            line=line,
            against=np.repeat([False, True], [len(with_it), len(against_it)]),
            snap=float(snap),
            crs=known,
        )

    @property
    def components(self) -> Components:
        """How far the streets hang together."""
        length = shapely.length(self.lines)
        weak, held_weak = self._parts("weak")
        strong, held_strong = self._parts("strong")
        return Components(
            weak=int(weak.max()) + 1,
            strong=int(strong.max()) + 1,
            largest_weak=min(float(held_weak.max() / length.sum()), 1.0),
            largest_strong=min(float(held_strong.max() / length.sum()), 1.0),
            islands=float(length[~self.on_mainland].sum() / length.sum()),
        )

    @property
    def on_mainland(self) -> NDArray[np.bool_]:
        """Whether each line lies where one can get there and away again.

        Real street data hold courtyards, platforms and one-way stubs at the edge of the extract
        that hang on to nothing. A person or service joined to one of them would be cut off from
        the city in silence, so points join the mainland only: parts, in which every junction
        reaches every other, of at least 2 km of street or as large as the largest.
        """
        part, held = self._parts("strong")
        kept = held >= min(ISLAND, held.max())
        return np.array(kept[part[self.line_ends()]].all(axis=1))

    def _parts(self, connection: Literal["weak", "strong"]) -> tuple[Integers, Floats]:
        """Part of each node, and the metres of street inside each part."""
        count, part = connected_components(self.matrix("m"), directed=True, connection=connection)
        ends = part[self.line_ends()]
        inside = ends[:, 0] == ends[:, 1]
        metres = shapely.length(self.lines[inside])
        held = np.bincount(ends[inside, 0], weights=metres, minlength=count)
        return part.astype(np.int64), held.astype(np.float64)

    def cost(self, unit: Unit) -> Floats:
        """Return the cost of each directed edge.

        Parameters
        ----------
        unit
            ``"m"`` for length, ``"min"`` for travel time.

        Returns
        -------
        cost
            `metres` or `minutes`.
        """
        return self.metres if unit == "m" else self.minutes

    def matrix(self, unit: Unit) -> csr_array:
        """Return the edges as a sparse matrix, tail to head.

        Parameters
        ----------
        unit
            ``"m"`` or ``"min"``.

        Returns
        -------
        matrix
            ``n_node x n_node``; of parallel edges the cheapest, loops left out. A stored zero is
            an edge without cost.
        """
        edge = np.flatnonzero(self.tail != self.head)
        cost = self.cost(unit)[edge]
        order = np.lexsort((cost, self.head[edge], self.tail[edge]))
        edge, cost = edge[order], cost[order]
        tail, head = self.tail[edge], self.head[edge]
        first = np.ones(len(edge), dtype=bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        size = len(self.x)
        return coo_array((cost[first], (tail[first], head[first])), shape=(size, size)).tocsr()

    def line_ends(self) -> Integers:
        """Return the nodes at the first and last vertex of each line, ``n_line x 2``."""
        ends = np.empty((len(self.lines), 2), dtype=np.int64)
        ends[self.line, self.against.astype(int)] = self.tail
        ends[self.line, 1 - self.against.astype(int)] = self.head
        return ends

    def line_costs(self, unit: Unit) -> Floats:
        """Return what it costs to run each line, ``n_line x 2``.

        Parameters
        ----------
        unit
            ``"m"`` or ``"min"``.

        Returns
        -------
        cost
            First column as drawn, second against it; infinite where that way is closed.
        """
        costs = np.full((len(self.lines), 2), np.inf)
        costs[self.line, self.against.astype(int)] = self.cost(unit)
        return costs

    def snap_points(self, x: ArrayLike, y: ArrayLike) -> Snapped:
        """Find the place on the streets that is nearest to each point.

        Parameters
        ----------
        x, y
            Coordinates in metres.

        Returns
        -------
        snapped
            A place per point, anywhere along a line of the mainland (see `on_mainland`); of
            equally near lines the first.
        """
        mainland = np.flatnonzero(self.on_mainland)
        points = np.array(shapely.points(np.column_stack([x, y]).astype(float)), dtype=object)
        tree = shapely.STRtree(self.lines[mainland])
        (point, near), away = tree.query_nearest(
            points, max_distance=self.snap, return_distance=True
        )
        order = np.lexsort((near, point))
        reached, first = np.unique(point[order], return_index=True)
        chosen = order[first]
        line = np.full(len(points), -1, dtype=np.int64)
        along = np.zeros(len(points))
        metres = np.full(len(points), np.inf)
        line[reached] = mainland[near[chosen]]
        metres[reached] = away[chosen]
        along[reached] = _along(self.lines[line[reached]], points[reached])
        return Snapped(line=line, along=along, metres=metres)


def _along(lines: NDArray[np.object_], points: NDArray[np.object_]) -> Floats:
    """Share of each line before its point; a millimetre from a junction is at the junction.

    Otherwise rounding could put a place just behind the mouth of a one-way street.
    """
    length = shapely.length(lines)
    metres = shapely.line_locate_point(lines, points)
    along = np.where(metres < MILLIMETRE, 0.0, np.minimum(metres / length, 1.0))
    return np.where(length - metres < MILLIMETRE, 1.0, along)


def check_snap(snap: object) -> None:
    """Hold that the greatest distance from the streets is one.

    Parameters
    ----------
    snap
        As for `StreetGraph.from_lines`.

    Raises
    ------
    AnalysisError
        If it is no number, or not above 0.
    """
    if not as_number(snap, "snap", "metres above 0") > 0:
        raise AnalysisError(f"snap: found {snap:g} m, expected a distance above 0.")
