"""Many points in polygons: a grid of cells that know their polygon, an exact test for the rest.

The box of the polygons is cut into square-many cells. Most lie wholly in one polygon, or in none:
their points are looked up. A cell that a boundary passes keeps the polygons to ask, in the order
of the frame; asking casts a ray among the few edges of that polygon that share the point's row,
and which side of an edge a point is on is decided without rounding error.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import shapely
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernels, threads
from ecity_geo.geo.rings import Floats, Geometries, Integers, corners_of

Codes = NDArray[np.int32]

MANY = 400_000
"""Points from which the grid pays, even where it must be compiled first (a few seconds, once)."""
POINTS_PER_CELL = 3
LEAST_SIDE, MOST_SIDE = 64, 1024
"""Cells along a side: a table of 4 MB stays near the processor; four times as many cells, and
looking up takes three times as long."""
MOST_STRIPS = 30_000_000
"""Entries in the lists of edges by row; the grid is made coarser where they would be more."""
MOST_EDGES = 2**31 - 1
SAFE = 1e140
"""Beyond it products of coordinates could overflow; GEOS is asked there."""
STEPS = 64
"""A cell is at least so many floating-point steps wide, so that its middle lies within it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolygonGrid:
    """Polygons made ready for many points.

    Attributes
    ----------
    cells
        Code of each cell, rows from the south: a polygon, -1 for nobody, below that a link.
    chain
        Links: a polygon to ask, the code that follows it, and the first and last (exclusive) place
        in `strip` of those edges of the polygon that share the row of the cell.
    edges
        ``x1, y1, x2, y2``, each pointing upwards.
    strip
        Positions of edges, row by row of each polygon.
    frame
        West, south, columns per unit, rows per unit.
    box
        West, south, east, north of all polygons.
    """

    cells: Codes
    chain: Codes
    edges: Floats
    strip: Codes
    frame: Floats
    box: Floats
    kernels: ModuleType

    def locate(self, x: Floats, y: Floats) -> tuple[Codes, bool]:
        """Return the position of the first polygon that holds each point, -1 for none.

        Parameters
        ----------
        x, y
            Coordinates; one that is not finite is nowhere.

        Returns
        -------
        position
            One per point.
        finite
            Whether all coordinates are finite: known in passing, while to look before takes a
            fifth of the time.
        """
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        found = np.empty(len(x), dtype=np.int32)
        workers = threads()
        cuts = np.linspace(0, len(x), 4 * workers + 1).astype(int)

        def some(start: int, stop: int) -> bool:
            part = slice(start, stop)
            finite: bool = self.kernels.look_up(
                x[part],
                y[part],
                self.cells,
                self.chain,
                self.edges,
                self.strip,
                self.frame,
                self.box,
                found[part],
            )
            return finite

        with ThreadPoolExecutor(workers) as pool:
            return found, all(list(pool.map(some, cuts[:-1], cuts[1:])))


def grid_for(polygons: Geometries, points: int) -> PolygonGrid | None:
    """Make polygons ready for many points.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons.
    points
        How many points will be asked for, roughly.

    Returns
    -------
    grid
        None where the plain path is the better one: few points, no polygon, coordinates beyond
        reason, or no place for compiled code.
    """
    if points < MANY or not len(polygons):
        return None
    box = np.array(shapely.total_bounds(polygons))
    if np.abs(box).max() > SAFE:
        return None
    module = kernels("ecity_geo.geo.locate_kernels")
    corners, ring, polygon = corners_of(polygons)
    if module is None or len(corners) > MOST_EDGES:
        return None
    edges, owner = module.rising_edges(corners, ring, polygon)
    side = _side(box, edges, points)
    return _build(edges, owner, shapely.bounds(polygons), side, module)


def _side(box: Floats, edges: Floats, points: int) -> int:
    """Cells along each side of the grid."""
    west, south, east, north = box
    narrow = min(east - west, north - south)
    finest = narrow / (STEPS * np.spacing(np.abs(box).max()))
    wanted = min(max(np.sqrt(points / POINTS_PER_CELL), LEAST_SIDE), MOST_SIDE, finest)
    rows_per_unit = float(((edges[:, 3] - edges[:, 1]) / (north - south)).sum())
    roomy = max(MOST_STRIPS - 2 * len(edges), 1) / max(rows_per_unit, 1.0)
    return max(int(min(wanted, roomy)), 1)


def _build(
    edges: Floats, owner: Integers, extents: Floats, side: int, module: ModuleType
) -> PolygonGrid:
    west, south = extents[:, :2].min(axis=0)
    east, north = extents[:, 2:].max(axis=0)
    frame = np.array([west, south, side / (east - west), side / (north - south)])
    rows = _cell_of(edges[:, [1, 3]], south, frame[3], side)
    begin = np.flatnonzero(np.diff(owner, prepend=-1))
    # The cell of the least coordinate is the least cell.
    bounds = np.stack(
        [
            _cell_of(extents[:, [0, 2]], west, frame[2], side),
            _cell_of(extents[:, [1, 3]], south, frame[3], side),
        ],
        axis=1,
    ).reshape(-1, 4)
    first = bounds[:, 2].copy()
    base = np.concatenate([[0], np.cumsum(bounds[:, 3] - first + 1)])
    start = module.count_strips(rows, owner, base, first)
    strip = module.fill_strips(rows, owner, base, first, start)
    begin = np.append(begin, len(owner))
    known = edges, rows, bounds, begin, base, start, strip, frame
    cells, chain = _fill(known, side, module)
    return PolygonGrid(
        cells=cells,
        chain=chain,
        edges=edges,
        strip=strip,
        frame=frame,
        box=np.array([west, south, east, north]),
        kernels=module,
    )


def _fill(known: tuple[object, ...], side: int, module: ModuleType) -> tuple[Codes, Codes]:
    """Fill the rows of cells, a band in each thread, and count their links through."""
    cells, marks = np.full((2, side, side), -1, dtype=np.int32)
    cuts = np.linspace(0, side, min(threads(), side) + 1).astype(int)

    def band(first: int, stop: int) -> Codes:
        chain: Codes = module.fill_cells(*known, cells, marks, first, stop - 1)
        return chain

    with ThreadPoolExecutor(len(cuts) - 1) as pool:
        chains = list(pool.map(band, cuts[:-1], cuts[1:]))
    places = np.cumsum([0] + [len(chain) for chain in chains])
    for k, chain in enumerate(chains[1:], start=1):
        module.move_links(cells[cuts[k] : cuts[k + 1]], chain, places[k])
    return cells, np.concatenate(chains)


def _cell_of(values: Floats, origin: float, scale: float, side: int) -> Integers:
    """Cells of coordinates, by the same arithmetic as the kernels."""
    cells = ((values - origin) * scale).astype(np.int64)
    return np.ascontiguousarray(np.minimum(cells, side - 1))
