"""Whether so many columns cover every row: one question of a p-center."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from ecity_geo.siting import highs
from ecity_geo.siting.cover_tree import few_columns
from ecity_geo.siting.covering import covering_instance
from ecity_geo.siting.covers import Cover, cover_program, greedy_cover, thinned
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.incumbent import Incumbent
from ecity_geo.siting.instance import Integers
from ecity_geo.siting.swaps import swapped

TREE_CELLS = 1_000_000
"""Rows times columns up to which covers are sought in tables; HiGHS decides the larger ones."""
STEPS = 3000
"""Exchanges before the tree is asked: a part of a second."""
_ERROR = 1e-6


def cover_of_few(
    covers: csr_array,
    at_most: int,
    *,
    time_limit: float,
    start: Integers | None = None,
    steps: int = STEPS,
    decide: bool = True,
) -> Cover:
    """Find at most so many columns that cover every row, or prove that there are none.

    Parameters
    ----------
    covers
        Rows x columns, 1 where the column covers the row.
    at_most
        Greatest number of columns.
    time_limit
        Seconds.
    start
        Columns that cover most rows, from which to begin.
    steps
        Exchanges of columns to try.
    decide
        Whether to search until it is decided. Otherwise only quick means have a say, and the
        answer may be neither.

    Returns
    -------
    cover
        Columns, if they were found; the bound is infinite if there are none.

    Notes
    -----
    First what is cheap: rows and columns that decide nothing go; a greedy cover; as many rows
    without a common column; the linear relaxation; exchanges; then the tree.
    """
    deadline = time.monotonic() + time_limit
    if not covers.shape[0]:
        return Cover(chosen=np.empty(0, dtype=np.int64), bound=0.0)
    if (np.diff(covers.indptr) == 0).any():
        return Cover(chosen=None, bound=math.inf)
    price = np.ones(covers.shape[1])
    rows, columns = thinned(covers, price)
    small = covers[rows][:, columns]
    found: Integers | None
    found, decided = greedy_cover(small, price[columns]), True
    if len(found) > at_most:
        first = np.flatnonzero(np.isin(columns, [] if start is None else start))
        begin = _filled(first, found, at_most, len(columns))
        found, decided = _sought(small, at_most, begin, steps, decide, deadline)
    if found is None:
        return Cover(chosen=None, bound=math.inf if decided else 0.0)
    return Cover(chosen=np.sort(columns[found]), bound=0.0)


def _sought(
    covers: csr_array, at_most: int, begin: Integers, steps: int, decide: bool, deadline: float
) -> tuple[Integers | None, bool]:
    """Ask one means after the other; return columns, and whether that settles it."""
    if _apart(covers) > at_most or _relaxed(covers, deadline) > at_most + _ERROR:
        return None, True
    if math.prod(covers.shape) > TREE_CELLS:
        found = _exchanged(covers, at_most, deadline)
        return (found, True) if found is not None else _by_program(covers, at_most, deadline)
    table = covers.toarray().astype(np.float32)
    # The order of the rows is that of their sets, so that the order of demand changes nothing.
    table = table[np.lexsort(table.T)]
    found = swapped(table, begin, steps=steps, deadline=deadline)
    if found is not None or not decide:
        return found, found is not None
    return few_columns(table, at_most, deadline=deadline)


def _filled(first: Integers, then: Integers, count: int, n: int) -> Integers:
    """Take so many of `n` columns: the first ones, then others, then whichever."""
    order = np.concatenate([first, then, np.arange(n)])
    _, at = np.unique(order, return_index=True)
    return order[np.sort(at)[:count]]


def _apart(covers: csr_array) -> int:
    """Count rows of which no two share a column: as many columns are needed at least."""
    used = np.zeros(covers.shape[1], dtype=bool)
    count = 0
    for row in np.argsort(np.diff(covers.indptr), kind="stable"):
        own = covers.indices[covers.indptr[row] : covers.indptr[row + 1]]
        if not used[own].any():
            used[own] = True
            count += 1
    return count


def _relaxed(covers: csr_array, deadline: float) -> float:
    """Return how many columns it takes when they may be chosen in parts: no cover has fewer."""
    program = cover_program(covers, np.ones(covers.shape[1]))
    parts = replace(program, whole=np.zeros(covers.shape[1], dtype=bool))
    answer = highs.solve(parts, time_limit=deadline - time.monotonic(), tolerance=0.0)
    return float(answer.x.sum()) if answer.x is not None and answer.solved else 0.0


def _exchanged(covers: csr_array, count: int, deadline: float) -> Integers | None:
    """Look for a cover of so many columns by exchanges and shakes of the maximal covering."""
    pairs = covers.tocoo()
    instance = covering_instance(
        pairs.row.astype(np.int64),
        pairs.col.astype(np.int64),
        np.ones(covers.shape[0]),
        n_columns=covers.shape[1],
        p=min(count, covers.shape[1]),
        scale=float(covers.shape[0]),
    )
    best = Incumbent(instance, greedy(instance), deadline=deadline)
    if best.cost > 0:
        best.shake(np.arange(covers.shape[1]))
    return best.chosen if best.cost <= 0 else None


def _by_program(covers: csr_array, at_most: int, deadline: float) -> tuple[Integers | None, bool]:
    """Let HiGHS decide."""
    n = covers.shape[1]
    # The number of columns guides the solver although any cover will do: the first one ends it.
    free = cover_program(covers, np.ones(n))
    program = replace(
        free,
        rows=csr_array(vstack([free.rows, csr_array(np.ones((1, n)))])),
        lower=np.append(free.lower, 0.0),
        upper=np.append(free.upper, float(at_most)),
    )
    left = deadline - time.monotonic()
    answer = highs.solve(program, time_limit=left, tolerance=float(n), reliable=0)
    if answer.x is not None:
        return np.flatnonzero(answer.x > 0.5), True
    return None, math.isinf(answer.bound) and answer.bound > 0
