"""Pairs of points that lie within a distance of each other, without a table of all of them.

The points are sorted into small square cells, row by row. Around each goal the cells within reach
are one run of points per row, so that hardly any pair is looked at in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Pairs = tuple[Integers, Integers, Floats]

MOST_SIDE = 1024
"""Rows and columns of cells at most."""
CELLS = 4
"""Rows of cells to the distance, so that the runs trace a circle closely."""
BLOCK = 60_000
"""Pairs looked at together: few enough to stay near the processor."""
MANY = 1_000_000
"""Pairs to look at from which compiled code is worth loading."""
MOST_SHORT = 2**16
SLACK = 1e-6
"""Widening of the search in cells, and ..."""
ROUNDING = 1e-15
"""... as a share of the coordinates: above their rounding, too little to cost anything."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Points sorted by cell; cell `c` of row `r` begins at ``start[r * side + c]``."""

    places: Floats
    order: Integers
    start: Integers
    corner: Floats
    cell: float
    side: int

    @classmethod
    def of(cls, places: Floats, reach: float) -> _Cells:
        corner = np.array([places[:, axis].min() for axis in (0, 1)])
        extent = float(max(places[:, axis].max() - corner[axis] for axis in (0, 1))) or 1.0
        cell = min(max(reach / CELLS, extent / MOST_SIDE), extent)
        side = int(extent / cell) + 1
        column, row = ((places - corner) / cell).astype(np.int64).T
        number = row * side + column
        if side * side <= MOST_SHORT:
            # NumPy sorts these by their digits, several times as fast.
            number = number.astype(np.uint16)
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number, minlength=side * side)
        return cls(
            places=places[order],
            order=order,
            start=np.concatenate([[0], np.cumsum(counts)]),
            corner=corner,
            cell=cell,
            side=side,
        )

    def at(self, coordinate: Floats, axis: int) -> Integers:
        """Column (axis 0) or row (1) of coordinates, the nearest for those beside the cells."""
        cell = np.clip((coordinate - self.corner[axis]) / self.cell, 0, self.side - 1)
        return np.asarray(cell.astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearPairs:
    """Places within reach of goals, to be read a block of goals at a time; see `of`.

    Attributes
    ----------
    blocks
        First goal of each block, and the goal behind its last.
    """

    blocks: list[tuple[int, int]]
    _cells: _Cells
    _goals: Floats
    _reach: float
    _runs: tuple[Integers, Integers, Integers]
    _module: ModuleType | None

    @classmethod
    def of(cls, places: Floats, goals: Floats, reach: float) -> NearPairs:
        """Make points ready to be paired.

        Parameters
        ----------
        places, goals
            Finite coordinates, n x 2 and m x 2, of one point at least.
        reach
            Greatest distance, 0 or more, inclusive; infinite for all pairs.

        Returns
        -------
        pairs
            Nothing is paired yet.
        """
        cells = _Cells.of(places, reach)
        runs = _runs(cells, goals, reach)
        looked = np.bincount(runs[0], weights=runs[2] - runs[1], minlength=len(goals))
        many = looked.sum() >= MANY
        return cls(
            blocks=_blocks(np.cumsum(looked)),
            _cells=cells,
            _goals=goals,
            _reach=reach,
            _runs=runs,
            _module=kernels("ecity_geo.geo.near_kernels") if many else None,
        )

    @property
    def many(self) -> bool:
        """Whether there are so many pairs to look at that compiled code pays."""
        return self._module is not None

    def read(self, block: tuple[int, int]) -> Pairs:
        """Pair the goals of one block; threads may read at once.

        Parameters
        ----------
        block
            One of `blocks`.

        Returns
        -------
        place, goal, metres
            Positions and distance of each pair within reach, ascending by goal.
        """
        begin, end = np.searchsorted(self._runs[0], block)
        goal, start, stop = (each[begin:end] for each in self._runs)
        length = stop - start
        if self._module is None:
            return self._read(np.repeat(goal, length), length, stop)
        size = int(length.sum())
        found = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
        cells = self._cells
        total = self._module.pairs(
            cells.places, cells.order, self._goals, (goal, start, stop), self._reach, found
        )
        return found[0][:total], found[1][:total], found[2][:total]

    def all(self) -> Pairs:
        """Pair all goals, as `read` does one block."""
        found = [self.read(block) for block in self.blocks]
        place, goal, metres = (np.concatenate(part) for part in zip(*found, strict=True))
        return place, goal, metres

    def _read(self, goal: Integers, length: Integers, stop: Integers) -> Pairs:
        at = np.arange(len(goal)) + np.repeat(stop - np.cumsum(length), length)
        away = self._cells.places[at] - self._goals[goal]
        metres = np.hypot(away[:, 0], away[:, 1])
        near = np.flatnonzero(metres <= self._reach)
        return self._cells.order[at[near]], goal[near], metres[near]


def _runs(cells: _Cells, goals: Floats, reach: float) -> tuple[Integers, Integers, Integers]:
    """Goals, and the places to look at for each in one row: the first, the one behind the last."""
    greatest = max(np.abs(goals).max(), np.abs(cells.corner).max() + cells.side * cells.cell)
    slack = SLACK * cells.cell + ROUNDING * greatest
    wide = reach + slack
    low, high = cells.at(goals[:, 1] - wide, 1), cells.at(goals[:, 1] + wide, 1)
    rows = high - low + 1
    goal = np.repeat(np.arange(len(goals)), rows)
    row = np.arange(len(goal)) - np.repeat(np.cumsum(rows) - rows - low, rows)
    x, y = goals[goal].T
    south = cells.corner[1] + row * cells.cell
    away = np.maximum(np.maximum(south - y, y - south - cells.cell) - slack, 0.0)
    half = np.sqrt(np.maximum(wide - away, 0.0)) * np.sqrt(wide + away) + slack
    first = row * cells.side + cells.at(x - half, 0)
    last = row * cells.side + cells.at(x + half, 0)
    return goal, cells.start[first], cells.start[last + 1]


def _blocks(looked: Floats) -> list[tuple[int, int]]:
    blocks, first, before = [], 0, 0.0
    while first < len(looked):
        last = max(int(np.searchsorted(looked, before + BLOCK, side="right")), first + 1)
        blocks.append((first, last))
        first, before = last, float(looked[last - 1])
    return blocks
