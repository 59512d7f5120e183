"""Set covering: the cheapest sites that reach every row, made small and then solved exactly."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting import highs
from ecity_geo.siting.covering import DOMINANCE_WORK
from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.search import OBJECTIVE_SIZE
from ecity_geo.siting.watching import SILENT, Teller

ROUNDS = 6
"""Times that rows and columns are thinned out; mostly two change nothing more."""
DENSE_CELLS = 36_000_000
DENSE_WORK = 3e10
"""Limits of a comparison of all sets at once, where most pairs share something: about a second."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Answer to a covering question.

    Parameters
    ----------
    chosen
        Columns that cover every row, sorted; missing where none were found, or there are none.
    bound
        No cover costs less; infinite where there is none (of so many columns).
    """

    chosen: Integers | None
    bound: float


def solve_cover(
    covers: csr_array,
    price: Floats,
    *,
    time_limit: float,
    tell: Teller = SILENT,
) -> Cover:
    """Find the cheapest columns that cover every row.

    Parameters
    ----------
    covers
        Rows x columns, 1 where the column covers the row.
    price
        Of each column, positive.
    time_limit
        Seconds.
    tell
        Told of cheaper covers and of bounds.

    Returns
    -------
    cover
        Columns, and a bound of their price.

    Notes
    -----
    Toregas, Swain, ReVelle & Bergman (1971), doi:10.1287/opre.19.6.1363. A row goes that is
    covered wherever another one is, and a column that another no dearer one replaces (Garfinkel
    & Nemhauser 1972); HiGHS solves what is left.
    """
    deadline = time.monotonic() + time_limit
    if not covers.shape[0]:
        return Cover(chosen=np.empty(0, dtype=np.int64), bound=0.0)
    if (np.diff(covers.indptr) == 0).any():
        return Cover(chosen=None, bound=math.inf)
    rows, columns = thinned(covers, price)
    small = covers[rows][:, columns]
    start = greedy_cover(small, price[columns])
    tell(cost=float(price[columns[start]].sum()))
    step = _step(price)
    # HiGHS works to absolute tolerances: 1 of its units is a step, or a small part of all prices.
    unit = step or float(price.sum()) / OBJECTIVE_SIZE
    answer = highs.solve(
        cover_program(small, price[columns] / unit),
        time_limit=deadline - time.monotonic(),
        tolerance=_tolerance(price, step) / unit,
        start=_marked(start, len(columns)),
        reliable=0,
        report=tell.reporter(scale=unit),
    )
    found = np.flatnonzero(answer.x > 0.5) if answer.x is not None else start
    chosen = np.sort(columns[found])
    return Cover(chosen=chosen, bound=_raised(answer.bound * unit, step))


def greedy_cover(covers: csr_array, price: Floats) -> Integers:
    """Cover all rows greedily (Chvatal 1979), and drop the columns that are not needed.

    Parameters
    ----------
    covers, price
        As in `solve_cover`; each row has a column.

    Returns
    -------
    columns
        In the order in which they were taken; the first of equals.
    """
    by_column = covers.tocsc()
    left = np.ones(covers.shape[0], dtype=bool)
    taken: list[int] = []
    while left.any():
        gain = by_column.T @ left.astype(float)
        best = int(np.argmax(gain / price))
        taken.append(best)
        left[by_column.indices[by_column.indptr[best] : by_column.indptr[best + 1]]] = False
    times = np.asarray(covers[:, taken].sum(axis=1)).ravel()
    kept = []
    for column in sorted(taken, key=lambda each: (-price[each], -taken.index(each))):
        own = by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]
        if (times[own] > 1).all():
            times[own] -= 1
        else:
            kept.append(column)
    return np.array([column for column in taken if column in set(kept)], dtype=np.int64)


def thinned(covers: csr_array, price: Floats) -> tuple[Integers, Integers]:
    """Find the rows and columns that decide.

    Parameters
    ----------
    covers, price
        As in `solve_cover`; each row has a column.

    Returns
    -------
    rows, columns
        What is left when rows that another one implies and columns that another one replaces
        are gone, in turn; the first of equals stays.
    """
    rows, columns = np.arange(covers.shape[0]), np.arange(covers.shape[1])
    for _ in range(ROUNDS):
        part = covers[rows][:, columns]
        size = len(rows), len(columns)
        rows = rows[_deciding_rows(part)]
        columns = columns[_best_columns(covers[rows][:, columns], price[columns])]
        if (len(rows), len(columns)) == size:
            break
    return rows, columns


def _deciding_rows(covers: csr_array) -> Flags:
    """Tell which rows no other row implies: whatever covers that one covers this one."""
    kept = np.ones(covers.shape[0], dtype=bool)
    size = np.diff(covers.indptr)
    other, mine = _contained(covers)
    kept[mine[(size[other] < size[mine]) | (other < mine)]] = False
    return kept


def _best_columns(covers: csr_array, price: Floats) -> Flags:
    """Tell which columns cover something, and no other column replaces at no higher price."""
    size = np.bincount(covers.indices, minlength=covers.shape[1])
    kept = size > 0
    mine, other = _contained(csr_array(covers.T))
    same = (size[other] == size[mine]) & (price[other] == price[mine])
    kept[mine[(price[other] <= price[mine]) & (~same | (other < mine))]] = False
    return kept


def _contained(sets: csr_array) -> tuple[Integers, Integers]:
    """Return pairs of sets of which the first lies within the second; none if that is dear."""
    size = np.diff(sets.indptr)
    degree = np.bincount(sets.indices, minlength=sets.shape[1]).astype(float)
    if float(degree @ degree) <= DOMINANCE_WORK:
        shared = (sets @ sets.T).tocoo()
        pair = (shared.data == size[shared.row]) & (shared.row != shared.col)
        return shared.row[pair], shared.col[pair]
    cells = sets.shape[0] ** 2
    if cells > DENSE_CELLS or cells * sets.shape[1] > DENSE_WORK:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    dense = sets.toarray().astype(np.float32)
    inside = dense @ dense.T == size[:, None]
    np.fill_diagonal(inside, False)
    first, second = np.nonzero(inside)
    return first, second


def cover_program(covers: csr_array, price: Floats) -> highs.Program:
    """Write a set cover as a program.

    Parameters
    ----------
    covers, price
        As in `solve_cover`.
    """
    n = covers.shape[1]
    return highs.Program(
        cost=price,
        limit=np.ones(n),
        whole=np.ones(n, dtype=bool),
        rows=csr_array(covers.astype(float)),
        lower=np.ones(covers.shape[0]),
        upper=np.full(covers.shape[0], math.inf),
    )


def _step(price: Floats) -> float:
    """Return what every total is a multiple of; 0 if nothing useful is known."""
    multiples = price / price.min()
    if (np.abs(multiples - np.round(multiples)) <= 1e-9).all():
        return float(price.min())
    whole = (price == np.round(price)).all() and price.max() < 2**53
    return float(np.gcd.reduce(price.astype(np.int64))) if whole else 0.0


def _tolerance(price: Floats, step: float) -> float:
    """Return the gap that counts as closed: no total lies within it."""
    return 0.99 * step or 1e-9 * float(price.min())


def _raised(bound: float, step: float) -> float:
    """Raise a bound to the next total that there can be."""
    return math.ceil(bound / step - 1e-6) * step if step and math.isfinite(bound) else bound


def _marked(columns: Integers, n: int) -> Floats:
    x = np.zeros(n)
    x[columns] = 1.0
    return x
