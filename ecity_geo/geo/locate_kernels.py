"""Compiled loops of :mod:`ecity_geo.geo.locate_grid`.

Everything rests on one property: the cell of a coordinate, ``int((x - origin) * scale)``, never
falls when `x` grows, whatever the rounding. So an edge lies in the rows between those of its ends,
and a cell that no edge was marked in has no boundary inside.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int32]

EPSILON = 2.0**-53
FILTER = (3 + 16 * EPSILON) * EPSILON
"""Bound of the rounding error of a 2 x 2 determinant (Shewchuk 1997, `ccwerrboundA`)."""
BLOCK = 1024
"""Points that take each step of a search together, so that what is known of them stays near."""
SPLITTER = 2.0**27 + 1
SLACK = 1e-9
"""Widening of a row, in rows, when an edge is cut at it: far above the rounding of any cell
coordinate (below 1e-12 for 4,096 cells), far below anything that costs time."""


@kernel
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 if the point lies left of the line from a to b, -1 if right, 0 exactly on it."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    bound = FILTER * (abs(left) + abs(right))
    if determinant > bound:
        return 1
    if determinant < -bound:
        return -1
    return exact_side(ax, ay, bx, by, px, py)


@kernel
def exact_side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the sign of the determinant from its six products, added without any rounding.

    Shewchuk (1997), Adaptive precision floating-point arithmetic and fast robust geometric
    predicates, doi:10.1007/PL00009321: `two_product`, `grow_expansion`.
    """
    total = np.zeros(12)
    ones = (ax, -ax, -px, -ay, ay, py)
    others = (by, py, by, bx, px, bx)
    for k in range(6):
        product = ones[k] * others[k]
        wide = SPLITTER * ones[k]
        high1 = wide - (wide - ones[k])
        low1 = ones[k] - high1
        wide = SPLITTER * others[k]
        high2 = wide - (wide - others[k])
        low2 = others[k] - high2
        error = low1 * low2 - (((product - high1 * high2) - low1 * high2) - high1 * low2)
        grow(total, 2 * k, error)
        grow(total, 2 * k + 1, product)
    for k in range(11, -1, -1):
        if total[k] != 0.0:
            return 1 if total[k] > 0.0 else -1
    return 0


@kernel
def grow(total: Floats, length: int, term: float) -> None:
    """Add a number to a sum that is kept as non-overlapping parts, the smallest first."""
    for k in range(length):
        part = total[k]
        added = term + part
        rest = added - term
        total[k] = (term - (added - rest)) + (part - rest)
        term = added
    total[length] = term


@kernel
def holds(px: float, py: float, edges: Floats, strip: Codes, start: int, stop: int) -> bool:
    """Tell whether a polygon holds a point, from its edges that the point's row meets.

    Each edge points upwards. A ray to the right crosses the edges that the point is left of; the
    upper end of an edge does not belong to it, so that a corner counts once.
    """
    odd = False
    for k in range(start, stop):
        x1, y1, x2, y2 = edges[strip[k]]
        left = (x1 - px) * (y2 - py)
        right = (y1 - py) * (x2 - px)
        determinant = left - right
        unsure = abs(determinant) <= FILTER * (abs(left) + abs(right))
        if unsure and py >= y1 and py <= y2 and px <= max(x1, x2):
            turn = side(x1, y1, x2, y2, px, py)
            if turn == 0 and (y1 < y2 or px >= min(x1, x2)):
                return True
            odd ^= turn > 0 and py < y2
        else:
            # without a branch, which would be guessed wrong half of the time
            odd ^= (determinant > 0.0) & (py >= y1) & (py < y2)
    return odd


@kernel
def rising_edges(corners: Floats, ring: Integers, polygon: Integers) -> tuple[Floats, Integers]:
    """Cut rings into edges that point upwards, and name the polygon of each."""
    edges = np.empty((len(corners), 4))
    owner = np.empty(len(corners), dtype=np.int64)
    found = 0
    for k in range(len(corners) - 1):
        if ring[k] != ring[k + 1]:
            continue
        low, high = (k, k + 1) if corners[k, 1] <= corners[k + 1, 1] else (k + 1, k)
        edges[found, 0], edges[found, 1] = corners[low]
        edges[found, 2], edges[found, 3] = corners[high]
        owner[found] = polygon[ring[k]]
        found += 1
    return edges[:found], owner[:found]


@kernel
def count_strips(rows: Integers, owner: Integers, base: Integers, first: Integers) -> Integers:
    """Return where the edges of each row of each polygon start in the list of strips."""
    start = np.zeros(base[-1] + 1, dtype=np.int64)
    for edge in range(len(owner)):
        at = base[owner[edge]] - first[owner[edge]]
        for row in range(rows[edge, 0], rows[edge, 1] + 1):
            start[at + row + 1] += 1
    for k in range(1, len(start)):
        start[k] += start[k - 1]
    return start


@kernel
def fill_strips(
    rows: Integers, owner: Integers, base: Integers, first: Integers, start: Integers
) -> Codes:
    """Return the edges of each row of each polygon."""
    place = start[:-1].copy()
    strip = np.empty(start[-1], dtype=np.int32)
    for edge in range(len(owner)):
        at = base[owner[edge]] - first[owner[edge]]
        for row in range(rows[edge, 0], rows[edge, 1] + 1):
            strip[place[at + row]] = edge
            place[at + row] += 1
    return strip


@kernel
def mark(
    edge: Floats, frame: Floats, rows: Integers, first: int, last: int, polygon: int, marks: Codes
) -> None:
    """Mark the cells of some rows that an edge meets, or passes within a hair's breadth."""
    west, south, wide, high = frame
    side_cells = marks.shape[1]
    u1, v1 = (edge[0] - west) * wide, (edge[1] - south) * high
    u2, v2 = (edge[2] - west) * wide, (edge[3] - south) * high
    rise = v2 - v1
    for row in range(max(rows[0], first), min(rows[1], last) + 1):
        low, up = 0.0, 1.0
        # Most edges are short: an edge within one row is not cut.
        if rows[0] < rows[1] and rise > 0.0:
            low = min(max((row - SLACK - v1) / rise, 0.0), 1.0)
            up = min(max((row + 1 + SLACK - v1) / rise, 0.0), 1.0)
        one, other = u1 + low * (u2 - u1), u1 + up * (u2 - u1)
        begin = max(int(min(one, other) - SLACK), 0)
        end = min(int(max(one, other) + SLACK), side_cells - 1)
        for column in range(begin, end + 1):
            marks[row, column] = polygon


@kernel
def fill_cells(
    edges: Floats,
    rows: Integers,
    bounds: Integers,
    begin: Integers,
    base: Integers,
    start: Integers,
    strip: Codes,
    frame: Floats,
    cells: Codes,
    marks: Codes,
    first: int,
    last: int,
) -> Codes:
    """Write into each cell of some rows who holds its points, or the first polygon to ask.

    A code of 0 or more is a polygon that holds the whole cell, -1 is nobody, and -2 - k means:
    ask polygon ``chain[k, 0]`` by its edges ``strip[chain[k, 2]:chain[k, 3]]``, and if it does not
    hold the point, go on with code ``chain[k, 1]``. The polygons are taken from the last to the
    first, each put before those that are there.
    """
    chain = np.empty((1024, 4), dtype=np.int32)
    links = 0
    west, south, wide, high = frame
    for polygon in range(len(begin) - 2, -1, -1):
        left, right, bottom, top = bounds[polygon]
        if bottom > last or top < first:
            continue
        for edge in range(begin[polygon], begin[polygon + 1]):
            mark(edges[edge], frame, rows[edge], first, last, polygon, marks)
        for row in range(max(bottom, first), min(top, last) + 1):
            at = base[polygon] + row - bottom
            known, inside = False, False
            for column in range(left, right + 1):
                if marks[row, column] == polygon:
                    if links == len(chain):
                        chain = np.concatenate((chain, np.empty_like(chain)))
                    chain[links, 0] = polygon
                    chain[links, 1] = cells[row, column]
                    chain[links, 2] = start[at]
                    chain[links, 3] = start[at + 1]
                    cells[row, column] = -2 - links
                    links += 1
                    known = False
                    continue
                if not known:
                    x, y = west + (column + 0.5) / wide, south + (row + 0.5) / high
                    inside = holds(x, y, edges, strip, start[at], start[at + 1])
                    known = True
                if inside:
                    cells[row, column] = polygon
    return chain[:links].copy()


@kernel
def move_links(cells: Codes, chain: Codes, places: int) -> None:
    """Count the links of some rows on from those of the rows before them."""
    for row in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            if cells[row, column] < -1:
                cells[row, column] -= places
    for link in range(len(chain)):
        if chain[link, 1] < -1:
            chain[link, 1] -= places


@kernel
def look_up(
    x: Floats,
    y: Floats,
    cells: Codes,
    chain: Codes,
    edges: Floats,
    strip: Codes,
    frame: Floats,
    box: Floats,
    found: Codes,
) -> bool:
    """Write the polygon of each point, -1 for none; tell whether all coordinates are finite.

    A block of points takes each step together, in loops without branches, which the processor
    does several points at a time; only points whose cell a boundary passes are asked one by one.
    """
    place = np.empty(BLOCK, dtype=np.int32)
    finite = True
    for begin in range(0, len(x), BLOCK):
        stop = min(begin + BLOCK, len(x))
        px, py, code = x[begin:stop], y[begin:stop], found[begin:stop]
        finite &= find_cells(px, py, frame, box, len(cells), place)
        read_cells(place, cells, code)
        for k in range(stop - begin):
            if code[k] < -1:
                code[k] = ask(px[k], py[k], code[k], chain, edges, strip)
    return finite


@kernel
def find_cells(
    x: Floats, y: Floats, frame: Floats, box: Floats, side_cells: int, place: Codes
) -> bool:
    """Write the place of each point's cell, -1 outside the box; tell whether all are finite."""
    west, south, wide, high = frame
    left, bottom, right, top = box
    last = float(side_cells - 1)
    odd = np.int32(0)
    for k in range(len(x)):
        inside = (x[k] >= left) & (x[k] <= right) & (y[k] >= bottom) & (y[k] <= top)
        # A comparison with what is not a number fails, so that only numbers are made whole.
        column = (x[k] - west) * wide
        column = column if column < last else last
        row = (y[k] - south) * high
        row = row if row < last else last
        at = np.int32(row) * np.int32(side_cells) + np.int32(column)
        place[k] = at if inside else -1
        # Infinity less infinity is not a number.
        odd |= np.int32(not ((x[k] - x[k] == 0.0) & (y[k] - y[k] == 0.0)))
    return bool(odd == 0)


@kernel
def read_cells(place: Codes, cells: Codes, code: Codes) -> None:
    """Write the code of each cell, -1 where there is none."""
    flat = cells.ravel()
    for k in range(len(code)):
        # Unsigned, because a signed place might count from the end, which is looked at each time.
        here = flat[np.uint32(max(place[k], 0))]
        code[k] = here if place[k] >= 0 else -1


@kernel
def ask(px: float, py: float, code: int, chain: Codes, edges: Floats, strip: Codes) -> int:
    """Ask the polygons of a chain, one after the other, until one holds the point."""
    while code < -1:
        polygon, other, start, stop = chain[-2 - code]
        if holds(px, py, edges, strip, start, stop):
            return int(polygon)
        code = other
    return int(code)
