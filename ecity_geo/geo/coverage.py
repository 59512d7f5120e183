"""Which share of each raster cell a polygon covers, as runs of cells.

Coordinates are columns `u` and rows `v` of the raster, so a cell is a unit square. An edge that
crosses a cell adds, to the right of it, its signed rise to every cell of the row, and to its own
cell the rise times the part that lies to the right of the edge; the sums along a row are the
covered areas (the scan conversion with exact area coverage of font rasterisers). Between two
crossed cells the sum is constant, so that inner cells are not touched one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.rings import Floats, Integers

How = Literal["exact", "centre"]

LEAST = 1e-12
"""A share that is less from nothing, or from a whole cell, is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Cells next to each other in a row, covered by one polygon to the same share.

    Attributes
    ----------
    owner
        Position of the polygon.
    row, start, stop
        Row, first column and the column behind the last.
    share
        Covered share of each cell, in (0, 1].
    """

    owner: Integers
    row: Integers
    start: Integers
    stop: Integers
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Crossings:
    """Cells that edges cross: the area right of the edge inside, and its rise to the right."""

    owner: Integers
    row: Integers
    column: Integers
    area: Floats
    rise: Floats


def covered_runs(
    edges: Floats,
    owner: Integers,
    *,
    rows: tuple[int, int],
    width: int,
    how: How = "exact",
    compiled: ModuleType | None = None,
) -> Runs:
    """Cover the cells of some rows of a raster.

    Parameters
    ----------
    edges
        ``u1, v1, u2, v2`` of each edge in columns and rows, the rings turned so that the covered
        side is on the right of an edge that goes down the raster (growing `v`) with sign +1.
    owner
        Position of the polygon of each edge.
    rows
        First row, and the row behind the last.
    width
        Columns of the raster.
    how
        ``"exact"`` shares, or 1 for each cell whose ``"centre"`` a polygon holds; a centre on a
        border goes to the right or lower polygon, so that a partition shares no cell.
    compiled
        Kernels that cut exact shares in many rows; None cuts them with NumPy.

    Returns
    -------
    runs
        In no order that is promised.
    """
    met = (
        (edges[:, 1] != edges[:, 3])
        & (np.minimum(edges[:, 1], edges[:, 3]) < rows[1])
        & (np.maximum(edges[:, 1], edges[:, 3]) > rows[0])
        & _not_beside(edges, owner, width)
    )
    edges, owner = edges[met], owner[met]
    # Both polygons at a border must see the same edge, to the last bit: each is walked downwards.
    up = edges[:, 1] > edges[:, 3]
    sign = np.where(up, -1.0, 1.0)
    edges = np.where(up[:, None], edges[:, [2, 3, 0, 1]], edges)
    if compiled is not None and how == "exact":
        return _runs(*compiled.exact_runs(edges, owner, sign, *rows, width))
    cut = _cut_exact if how == "exact" else _cut_centre
    return _summed(cut(edges, owner, sign, rows, width), rows, width)


def _not_beside(edges: Floats, owner: Integers, width: int) -> NDArray[np.bool_]:
    """Tell which edges are of a polygon that is not wholly left or right of the raster."""
    begin = np.flatnonzero(np.diff(owner, prepend=-1))
    low = np.minimum.reduceat(np.minimum(edges[:, 0], edges[:, 2]), begin)
    high = np.maximum.reduceat(np.maximum(edges[:, 0], edges[:, 2]), begin)
    return np.repeat((high > 0) & (low < width), np.diff(begin, append=len(owner)))


def _runs(owner: Integers, row: Integers, start: Integers, stop: Integers, share: Floats) -> Runs:
    return Runs(owner=owner, row=row, start=start, stop=stop, share=share)


def _numbered(counts: Integers) -> tuple[Integers, Integers]:
    """Position repeated by its count, and the number within each repetition."""
    position = np.repeat(np.arange(len(counts)), counts)
    return position, np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)


def _cut_exact(
    edges: Floats, owner: Integers, sign: Floats, rows: tuple[int, int], width: int
) -> _Crossings:
    """Cut edges at the rows, then at the columns."""
    top = np.maximum(np.floor(edges[:, 1]).astype(np.int64), rows[0])
    bottom = np.minimum(np.ceil(edges[:, 3]).astype(np.int64), rows[1])
    edge, number = _numbered(bottom - top)
    row = top[edge] + number
    u1, v1, u2, v2 = edges[edge].T
    slope = (u2 - u1) / (v2 - v1)
    upper, lower = np.maximum(v1, row), np.minimum(v2, row + 1)
    one = np.where(upper == v1, u1, u1 + (upper - v1) * slope)
    other = np.where(lower == v2, u2, u1 + (lower - v1) * slope)
    rise = (lower - upper) * sign[edge]
    low, high = np.minimum(one, other), np.maximum(one, other)

    # Left of the raster an edge covers whole rows, right of it nothing: no need to cut it there.
    first = np.maximum(np.floor(low).astype(np.int64) + 1, 0)
    last = np.minimum(np.ceil(high).astype(np.int64) - 1, width)
    piece, number = _numbered(np.maximum(last - first + 1, 0) + 1)
    column = first[piece] + number - 1
    left = np.maximum(low[piece], np.where(number == 0, -np.inf, column))
    right = np.where(column + 1 > last[piece], high[piece], column + 1)
    reach = (high - low)[piece]
    share = np.divide(right - left, reach, out=np.ones(len(piece)), where=reach > 0)
    risen = rise[piece] * share
    inside = np.where(column < 0, 1.0, column + 1 - (left + right) / 2)
    beyond = column >= width
    return _Crossings(
        owner=owner[edge][piece],
        row=row[piece],
        column=np.clip(column, 0, width),
        area=np.where(beyond, 0.0, risen * inside),
        rise=risen,
    )


def _cut_centre(
    edges: Floats, owner: Integers, sign: Floats, rows: tuple[int, int], width: int
) -> _Crossings:
    """Cross the lines through the centres of the rows; the upper end of an edge belongs to it."""
    top = np.maximum(np.ceil(edges[:, 1] - 0.5).astype(np.int64), rows[0])
    bottom = np.minimum(np.ceil(edges[:, 3] - 0.5).astype(np.int64), rows[1])
    edge, number = _numbered(np.maximum(bottom - top, 0))
    row = top[edge] + number
    u1, v1, u2, v2 = edges[edge].T
    crossing = u1 + (row + 0.5 - v1) * ((u2 - u1) / (v2 - v1))
    column = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.int64)
    return _Crossings(owner=owner[edge], row=row, column=column, area=sign[edge], rise=sign[edge])


def _summed(cut: _Crossings, rows: tuple[int, int], width: int) -> Runs:
    """Add what the edges do to each cell, and from left to right along each row."""
    line = cut.owner * (rows[1] - rows[0]) + (cut.row - rows[0])
    key = line * (width + 1) + cut.column
    order = np.argsort(key, kind="stable")
    begin = np.flatnonzero(np.diff(key[order], prepend=-1))
    if not len(begin):
        none = np.empty(0, dtype=np.int64)
        return _runs(none, none, none, none, np.empty(0))
    area = np.add.reduceat(cut.area[order], begin)
    rise = np.add.reduceat(cut.rise[order], begin)
    cell = order[begin]
    owner, row, column, line = cut.owner[cell], cut.row[cell], cut.column[cell], line[cell]

    behind = np.cumsum(rise)
    fresh = np.diff(line, prepend=-1) != 0
    start_of_line = np.maximum.accumulate(np.where(fresh, np.arange(len(line)), 0))
    behind -= (behind - rise)[start_of_line]
    share = _tidied(behind - rise + area)
    after = _tidied(behind)
    crossed = (share > 0) & (column < width)

    follower = np.append(column[1:], width)
    inner = (np.append(line[1:], -1) == line) & (after > 0) & (follower > column + 1)
    return _runs(
        np.concatenate([owner[crossed], owner[inner]]),
        np.concatenate([row[crossed], row[inner]]),
        np.concatenate([column[crossed], column[inner] + 1]),
        np.concatenate([column[crossed] + 1, follower[inner]]),
        np.concatenate([share[crossed], after[inner]]),
    )


def _tidied(share: Floats) -> Floats:
    """Shares without the rounding error of nothing and of a whole cell."""
    tidy = np.where(share < LEAST, 0.0, share)
    return np.where(tidy > 1 - LEAST, 1.0, tidy)
