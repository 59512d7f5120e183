"""A cover of so many columns by exchanges: rows that stay uncovered weigh ever more."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from ecity_geo.siting.instance import Integers

Matrix = NDArray[np.float32]

CLOCK = 100
"""Steps between two looks at the clock."""


def swapped(rows: Matrix, start: Integers, *, steps: int, deadline: float) -> Integers | None:
    """Look for as many columns as in `start` that cover every row.

    Parameters
    ----------
    rows
        Rows x columns, 1 where the column covers the row; each row has a column.
    start
        Columns to begin from.
    steps
        Greatest number of exchanges.
    deadline
        Value of `time.monotonic` at which to stop.

    Returns
    -------
    chosen
        The columns, sorted; None if none were found, which proves nothing.

    Notes
    -----
    The vertex weighting tabu search for the p-center of Zhang, Lu, Su et al. (2020),
    doi:10.24963/ijcai.2020/206: an uncovered row is taken at random, one of its columns comes for
    the column that is missed least, neither of which may go back at once; where even the best
    exchange gains nothing, uncovered rows weigh one more. Random numbers have a fixed seed.
    """
    rng = np.random.default_rng(0)
    weight = np.ones(len(rows), dtype=np.float32)
    chosen = start.copy()
    times = rows[:, chosen].sum(axis=1)
    left, came = -1, -1
    for step in range(steps):
        open_rows = np.flatnonzero(times == 0)
        if not len(open_rows):
            return np.sort(chosen)
        if step % CLOCK == 0 and time.monotonic() > deadline:
            return None
        others = np.flatnonzero(rows[open_rows[rng.integers(len(open_rows))]])
        if len(others) > 1:
            others = others[others != left]
        change = _changes(rows, weight, times, chosen, others)
        change[chosen == came] = np.inf
        out, new = np.unravel_index(int(np.argmin(change)), change.shape)
        left, came = int(chosen[out]), int(others[new])
        stuck = change[out, new] >= 0
        times += rows[:, came] - rows[:, left]
        chosen[out] = came
        if stuck:
            weight[times == 0] += 1
    return None


def _changes(
    rows: Matrix, weight: Matrix, times: Matrix, chosen: Integers, others: Integers
) -> Matrix:
    """Return by how much more is uncovered if one of `chosen` leaves and one of `others` comes."""
    open_rows = np.flatnonzero(times == 0)
    gain = weight[open_rows] @ rows[np.ix_(open_rows, others)]
    once = np.flatnonzero(times == 1)
    missed = rows[np.ix_(once, chosen)] * weight[once, None]
    change = missed.T @ (1 - rows[np.ix_(once, others)]) - gain
    return np.asarray(change, dtype=np.float32)
