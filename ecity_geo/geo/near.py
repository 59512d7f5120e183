"""Pairs of points that lie within a distance of each other, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_SIDE = 1024
"""Rows and columns of cells at most."""
CELLS = 4
"""Rows of cells to the distance, so that the rows trace a circle closely."""
BLOCK = 500_000
"""Pairs looked at together: they stay in the cache."""
SLACK = 1e-6
"""Widening of the search, in cells, and ..."""
ROUNDING = 1e-15
"""... as a share of the coordinates: far above their rounding, far below a pair more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearGrid:
    """Points in rows of cells, ready to be asked who is near.

    Attributes
    ----------
    places
        Coordinates sorted by cell, row by row.
    order
        Position of each in the order given.
    start
        Where each cell begins in them, and their number behind the last.
    corner
        West and south end of the cells.
    cell
        Width and height of a cell.
    side
        Cells in a row, and rows.
    reach
        Greatest distance, inclusive.
    """

    places: Floats
    order: Integers
    start: Integers
    corner: Floats
    cell: float
    side: int
    reach: float

    @classmethod
    def of(cls, places: Floats, reach: float) -> NearGrid:
        """Sort points into cells.

        Parameters
        ----------
        places
            Finite coordinates, n x 2, of one point at least.
        reach
            Greatest distance that will be asked for, 0 or more; infinite for all pairs.

        Returns
        -------
        grid
            The points.
        """
        corner = places.min(axis=0)
        extent = float((places.max(axis=0) - corner).max()) or 1.0
        cell = min(max(reach / CELLS, extent / MOST_SIDE), extent)
        side = int(extent / cell) + 1
        column, row = ((places - corner) / cell).astype(np.int64).T
        number = row * side + column
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number, minlength=side * side)
        return cls(
            places=places[order],
            order=order,
            start=np.concatenate([[0], np.cumsum(counts)]),
            corner=corner,
            cell=cell,
            side=side,
            reach=reach,
        )

    def blocks(self, goals: Floats) -> Iterator[tuple[int, int]]:
        """Part other points into blocks that look at few enough pairs.

        Parameters
        ----------
        goals
            Their coordinates, m x 2.

        Yields
        ------
        first, last
            Position of the first of a block, and of the one behind its last.
        """
        goal, start, stop = self._runs(goals)
        looked = np.cumsum(np.bincount(goal, weights=stop - start, minlength=len(goals)))
        first, before = 0, 0.0
        while first < len(goals):
            last = max(int(np.searchsorted(looked, before + BLOCK, side="right")), first + 1)
            yield first, last
            first, before = last, looked[last - 1]

    def pairs(self, goals: Floats) -> tuple[Integers, Integers, Floats]:
        """Find the points near each of a few others.

        Parameters
        ----------
        goals
            Their coordinates, m x 2.

        Returns
        -------
        place, goal, metres
            Positions and distance of each pair within reach, ascending by goal.
        """
        number, start, stop = self._runs(goals)
        length = stop - start
        goal = np.repeat(number, length)
        at = np.arange(len(goal)) + np.repeat(stop - np.cumsum(length), length)
        away = self.places[at] - goals[goal]
        metres = np.hypot(away[:, 0], away[:, 1])
        near = np.flatnonzero(metres <= self.reach)
        return self.order[at[near]], goal[near], metres[near]

    def _runs(self, goals: Floats) -> tuple[Integers, Integers, Integers]:
        """Goals, and the points to look at for each in one row of cells: first, behind the last."""
        slack = SLACK * self.cell + ROUNDING * max(np.abs(goals).max(), np.abs(self.corner).max())
        wide = self.reach + slack
        low, high = self._cells(goals[:, 1] - wide, 1), self._cells(goals[:, 1] + wide, 1)
        rows = high - low + 1
        goal = np.repeat(np.arange(len(goals)), rows)
        row = np.arange(len(goal)) - np.repeat(np.cumsum(rows) - rows - low, rows)
        x, y = goals[goal].T
        south = self.corner[1] + row * self.cell
        # What lies beyond the first and last row is in them, so there the row has no edge.
        below = np.where(row > 0, south - y, -np.inf)
        above = np.where(row < self.side - 1, y - south - self.cell, -np.inf)
        away = np.maximum(np.maximum(below, above) - slack, 0.0)
        reach = np.sqrt(np.maximum(wide**2 - away**2, 0.0)) + slack
        west, east = self._cells(x - reach, 0), self._cells(x + reach, 0)
        return goal, self.start[row * self.side + west], self.start[row * self.side + east + 1]

    def _cells(self, at: Floats, axis: int) -> Integers:
        cell = np.clip((at - self.corner[axis]) / self.cell, 0, self.side - 1)
        return cell.astype(np.int64)
