"""Compiled loops of :mod:`ecity_geo.geo.zonal` and :mod:`ecity_geo.geo.coverage`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST = 1e-12
"""As in :mod:`ecity_geo.geo.coverage`."""
ROOM = 1024
"""Entries that a list begins with; it doubles when it is full."""


@kernel
def add_runs(
    values: NDArray[Any],
    nodata: float,
    first: int,
    owner: Integers,
    row: Integers,
    start: Integers,
    stop: Integers,
    share: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Add runs of cells to the sum, count, least and greatest value of their polygons.

    As long as the runs are of one polygon, its figures stay at hand.
    """
    k = 0
    while k < len(owner):
        zone = owner[k]
        total, count, least, greatest = totals[zone]
        while k < len(owner) and owner[k] == zone:
            line, part, cells = row[k] - first, 0.0, 0
            for column in range(start[k], stop[k]):
                value = float(values[line, column])
                # A value that is not itself is NaN; so is `nodata` where there is none.
                if value == nodata or value != value:  # noqa: PLR0124
                    continue
                part += value
                cells += 1
                least = min(least, value)
                greatest = max(greatest, value)
            total += share[k] * part
            count += share[k] * cells
            k += 1
        totals[zone] = (total, count, least, greatest)


@kernel
def exact_runs(
    edges: Floats, owner: Integers, sign: Floats, first: int, last: int, width: int
) -> tuple[Integers, Integers, Integers, Integers, Floats]:
    """Cover the cells of some rows, polygon by polygon: owner, row, start, stop, share of runs.

    Edges point down the raster; `sign` is -1 where they were turned.
    """
    crossed, moved = np.empty(ROOM, dtype=np.int64), np.empty((ROOM, 2))
    cells, share = np.empty((ROOM, 4), dtype=np.int64), np.empty(ROOM)
    runs, begin = 0, 0
    while begin < len(owner):
        count, stop = 0, begin
        while stop < len(owner) and owner[stop] == owner[begin]:
            u1, v1, u2, v2 = edges[stop]
            # One piece per row, and one more per column that it crosses into.
            most = (
                count + int(abs(u2 - u1)) + 2 * (min(int(v2) + 1, last) - max(int(v1), first)) + 4
            )
            while most > len(crossed):
                crossed = np.concatenate((crossed, np.empty_like(crossed)))
                moved = np.concatenate((moved, np.empty_like(moved)))
            count = cut(edges[stop], sign[stop], first, last, width, crossed, moved, count)
            stop += 1
        while runs + 2 * count > len(share):
            cells = np.concatenate((cells, np.empty_like(cells)))
            share = np.concatenate((share, np.empty_like(share)))
        order = np.argsort(crossed[:count], kind="mergesort")
        runs = walk(order, crossed, moved, owner[begin], width, cells, share, runs)
        begin = stop
    return cells[:runs, 0], cells[:runs, 1], cells[:runs, 2], cells[:runs, 3], share[:runs]


@kernel
def cut(
    edge: Floats,
    sign: float,
    first: int,
    last: int,
    width: int,
    crossed: Integers,
    moved: Floats,
    count: int,
) -> int:
    """Cut an edge at rows, then at columns; add the cells it crosses, their area and their rise."""
    u1, v1, u2, v2 = edge
    slope = (u2 - u1) / (v2 - v1)
    for row in range(max(int(np.floor(v1)), first), min(int(np.ceil(v2)), last)):
        upper, lower = max(v1, float(row)), min(v2, row + 1.0)
        one = u1 if upper == v1 else u1 + (upper - v1) * slope
        other = u2 if lower == v2 else u1 + (lower - v1) * slope
        low, high = min(one, other), max(one, other)
        rise = (lower - upper) * sign
        # Left of the raster an edge covers whole rows, right of it nothing: not cut there.
        begin = max(int(np.floor(low)) + 1, 0)
        end = min(int(np.ceil(high)) - 1, width)
        for number in range(max(end - begin + 1, 0) + 1):
            column = begin + number - 1
            left = low if number == 0 else max(low, float(column))
            right = high if column + 1 > end else column + 1.0
            risen = rise * (right - left) / (high - low) if high > low else rise
            inside = 1.0 if column < 0 else column + 1 - (left + right) / 2
            crossed[count] = row * (width + 1) + min(max(column, 0), width)
            moved[count, 0] = 0.0 if column >= width else risen * inside
            moved[count, 1] = risen
            count += 1
    return count


@kernel
def walk(
    order: Integers,
    crossed: Integers,
    moved: Floats,
    owner: int,
    width: int,
    cells: Integers,
    share: Floats,
    runs: int,
) -> int:
    """Add up along each row of a polygon; write its crossed cells, and the runs between them."""
    line, column, behind = -1, 0, 0.0
    for k in range(len(order)):
        key = crossed[order[k]]
        if k == 0 or key != crossed[order[k - 1]]:
            row, here = key // (width + 1), key % (width + 1)
            if row != line:
                behind = 0.0
            elif here > column + 1 and tidied(behind) > 0.0:
                cells[runs] = (owner, row, column + 1, here)
                share[runs] = tidied(behind)
                runs += 1
            line, column, area = row, here, behind
        area += moved[order[k], 0]
        behind += moved[order[k], 1]
        done = k + 1 == len(order) or crossed[order[k + 1]] != key
        if done and column < width and tidied(area) > 0.0:
            cells[runs] = (owner, line, column, column + 1)
            share[runs] = tidied(area)
            runs += 1
    return runs


@kernel
def tidied(share: float) -> float:
    """Return a share without the rounding error of nothing and of a whole cell."""
    if share < LEAST:
        return 0.0
    return 1.0 if share > 1 - LEAST else share
