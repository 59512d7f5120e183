"""A street graph as arrays: junctions, directed edges, and the lines that they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from ecity_geo.errors import AnalysisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Unit = Literal["m", "min"]

LINESTRING = 1
"""Shapely's type number of a line."""
GRID = 1e-3
"""Lines meet where their vertices agree to the millimetre."""
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
    """Directed street graph in the working CRS; see `from_lines`.

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

    @classmethod
    def from_lines(
        cls,
        geometry: ArrayLike,
        minutes: ArrayLike,
        *,
        oneway: ArrayLike | None = None,
        snap: float = 500.0,
    ) -> StreetGraph:
        """Build the graph from street lines.

        Lines meet at vertices that they share, to the millimetre, be it in their middle (as OSM
        ways do). Lines that merely cross do not meet: one of them is a bridge.

        Parameters
        ----------
        geometry
            n LineStrings in a metric CRS.
        minutes
            Travel time along each whole line; shared out by length where a line is split.
        oneway
            Per line 1 (open in the direction in which it is drawn), -1 (against it) or 0 (both
            ways); both ways for all when left out.
        snap
            A point farther than this many metres from every street is unreachable.

        Returns
        -------
        streets
            The graph. Lines shorter than a millimetre are gone.

        Raises
        ------
        AnalysisError
            If a geometry is not a line with finite coordinates, a travel time is negative or not
            finite, a one-way mark is unknown, `snap` is not above 0, or no line is left.
        """
        if not snap > 0:
            raise AnalysisError(f"snap: found {snap:g} m, expected a distance above 0.")
        streets = np.asarray(geometry, dtype=object)
        time = np.asarray(minutes, dtype=float)
        marks = np.zeros(len(streets)) if oneway is None else np.asarray(oneway, dtype=float)
        _check_lines(streets, time, marks)
        nodes, lines, ends, source, metres = _split(streets)
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
    along = np.where(metres < GRID, 0.0, np.minimum(metres / length, 1.0))
    return np.where(length - metres < GRID, 1.0, along)


def _check_lines(streets: NDArray[np.object_], minutes: Floats, marks: Floats) -> None:
    """Hold that each street is a line that can be travelled."""
    if not len(streets) == len(minutes) == len(marks):
        raise AnalysisError(
            f"streets: found {len(streets)} lines, {len(minutes)} travel times and {len(marks)} "
            "one-way marks, expected one of each per line."
        )
    points, source = shapely.get_coordinates(streets, return_index=True)
    nowhere = np.zeros(len(streets), dtype=bool)
    nowhere[source[~np.isfinite(points).all(axis=1)]] = True
    faults = {
        "something else than a line": shapely.get_type_id(streets) != LINESTRING,
        "coordinates that are not finite": nowhere,
        "a travel time that is negative or not finite": ~(np.isfinite(minutes) & (minutes >= 0)),
        "a one-way mark that is not 1, 0 or -1": ~np.isin(marks, (1, 0, -1)),
    }
    for fault, wrong in faults.items():
        if wrong.any():
            first, count = int(np.argmax(wrong)), int(wrong.sum())
            raise AnalysisError(
                f"streets: found {fault} in {count} of {len(wrong)} lines, the first at position "
                f"{first}. Correct them or leave them out."
            )


def _split(
    streets: NDArray[np.object_],
) -> tuple[Floats, NDArray[np.object_], Integers, Integers, Floats]:
    """Cut lines at every vertex that they share with another line or pass twice.

    Returns node coordinates, the pieces, their end nodes (n x 2), the line that each is a part
    of, and their length in metres.
    """
    places, place, source = _vertices(streets)
    end = np.ones(len(place), dtype=bool)
    end[1:-1] = (source[1:-1] != source[:-2]) | (source[1:-1] != source[2:])
    stop = np.flatnonzero(end | (np.bincount(place)[place] > 1))
    joined = source[stop[:-1]] == source[stop[1:]]
    first, last = stop[:-1][joined], stop[1:][joined]
    if not len(first):
        raise AnalysisError("streets: found no line of any length, expected some streets.")

    size = last - first + 1
    piece = np.repeat(np.arange(len(size)), size)
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    lines = shapely.linestrings(places[place[np.repeat(first, size) + within]], indices=piece)
    used, ends = np.unique(place[np.column_stack([first, last])], return_inverse=True)
    return places[used], lines, ends.reshape(-1, 2), source[first], shapely.length(lines)


def _vertices(streets: NDArray[np.object_]) -> tuple[Floats, Integers, Integers]:
    """Return the distinct places, and of each vertex its place and its line.

    A vertex that repeats the one before it in its line is left out.
    """
    points, source = shapely.get_coordinates(streets, return_index=True)
    # As complex numbers, x + iy, NumPy sorts them without Python objects.
    rounded = (np.rint(points / GRID) * GRID).view(np.complex128).ravel()
    places, place = np.unique(rounded, return_inverse=True)
    moved = np.ones(len(place), dtype=bool)
    moved[1:] = (place[1:] != place[:-1]) | (source[1:] != source[:-1])
    return places.view(np.float64).reshape(-1, 2), place[moved], source[moved].astype(np.int64)
