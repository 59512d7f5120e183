"""The one problem behind MCLP and p-median: pay for each demand row, or be reached by a site.

Choose ``p`` columns to minimise the sum over the rows of ``min(base, cheapest chosen pair)``.

==========  ============================  ==========================================
model       cost of a pair                base of a row (what it pays if left alone)
==========  ============================  ==========================================
MCLP        0 (within the standard)       its people: they stay uncovered
p-median    people x travel cost          people x cost to the nearest existing site,
                                          infinite where none reaches it
==========  ============================  ==========================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ranks = NDArray[np.int32]

CLOSED_GAP = 1e-9
"""Relative gap at which a plan counts as optimal."""

WHOLE_SCALE = 1e7
"""Up to this size of the objective a bound is exact to a hundredth."""

TABLE_CELLS = 20_000_000
"""A table of ranks has no more cells than this, 80 MB,"""
TABLE_FILLING = 4
"""and no more than so many for each pair."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """Pairs sorted by row, then cost, then column; each pair costs less than its row's base.

    Parameters
    ----------
    row, column, cost
        The pairs.
    base
        What a row pays when no chosen column reaches it; infinite: it must be reached.
    n_columns
        Number of columns.
    p
        Number of columns to choose.
    scale
        Size of the objective as the user sees it, to which a gap is relative.
    offset
        Cost that no choice changes.
    """

    row: Integers
    column: Integers
    cost: Floats
    base: Floats
    n_columns: int
    p: int
    scale: float
    offset: float = 0.0

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.base)

    @cached_property
    def start(self) -> Integers:
        """Position of each row's first pair, and the number of pairs at the end."""
        return np.searchsorted(self.row, np.arange(self.n_rows + 1))

    @cached_property
    def rank(self) -> Ranks | None:
        """Place of each column among the pairs of each row, rows x columns; none is `n_columns`.

        None where such a table would be large, or mostly empty.
        """
        cells = self.n_rows * self.n_columns
        if cells > min(TABLE_CELLS, TABLE_FILLING * len(self.row)):
            return None
        rank = np.full((self.n_rows, self.n_columns), self.n_columns, dtype=np.int32)
        rank[self.row, self.column] = np.arange(len(self.row)) - self.start[self.row]
        return rank

    @cached_property
    def penalty(self) -> float:
        """Price of a row that must be reached and is not: more than all else can save."""
        most = np.where(np.isinf(self.base), 0.0, self.base)
        has = np.flatnonzero(np.isinf(self.base) & (np.diff(self.start) > 0))
        most[has] = self.cost[self.start[has + 1] - 1]
        return 1.0 + 2.0 * float(most.sum())

    @cached_property
    def tolerance(self) -> float:
        """By how much a plan must be better to be worth looking for.

        With whole numbers any better plan is better by at least one (if they are small enough
        for the rounding of a bound to stay far below one); otherwise a tenth of the gap that
        counts as closed.
        """
        finite = self.base[np.isfinite(self.base)]
        whole = not (np.mod(self.cost, 1).any() or np.mod(finite, 1).any())
        whole &= self.scale <= WHOLE_SCALE
        small = 0.1 * CLOSED_GAP * self.scale
        return 0.99 if whole else small

    def restrict(self, columns: Integers, *, p: int) -> Instance:
        """Keep some columns, which are numbered anew in the order given."""
        place = np.full(self.n_columns, -1)
        place[columns] = np.arange(len(columns))
        kept = place[self.column] >= 0
        return build(
            self.row[kept],
            place[self.column[kept]],
            self.cost[kept],
            self.base,
            n_columns=len(columns),
            p=p,
            scale=self.scale,
            offset=self.offset,
        )

    def cost_at(self, rank: Ranks, base: Floats) -> Floats:
        """Return the cost of the pair at this place in each row; the base where there is none."""
        pay = base.copy()
        has = np.flatnonzero(rank < self.n_columns)
        pay[has] = self.cost[self.start[has] + rank[has]]
        return pay

    def priced(self, pay: Floats) -> Floats:
        """Replace what is infinite by the penalty."""
        return np.where(np.isinf(pay), self.penalty, pay)

    def objective(self, chosen: Integers) -> float:
        """Cost of choosing these columns; infinite when a row that must be reached is not."""
        return self.offset + float(self.pay(chosen).sum())

    def pay(self, chosen: Integers) -> Floats:
        """Return what each row pays when these columns are chosen."""
        if self.rank is not None:
            nearest = self.rank[:, chosen].min(axis=1, initial=self.n_columns)
            return self.cost_at(nearest, self.base)
        is_chosen = np.zeros(self.n_columns, dtype=bool)
        is_chosen[chosen] = True
        kept = is_chosen[self.column]
        pay = self.base.copy()
        np.minimum.at(pay, self.row[kept], self.cost[kept])
        return pay


def build(
    row: Integers,
    column: Integers,
    cost: Floats,
    base: Floats,
    *,
    n_columns: int,
    p: int,
    scale: float,
    offset: float = 0.0,
) -> Instance:
    """Sort the pairs and drop those that are no better than the base of their row."""
    useful = cost < base[row]
    row, column, cost = row[useful], column[useful], cost[useful]
    order = np.lexsort((column, cost, row))
    return Instance(
        row=row[order],
        column=column[order],
        cost=cost[order],
        base=base,
        n_columns=n_columns,
        p=p,
        scale=scale,
        offset=offset,
    )


def column_sums(column: Integers, values: Floats, n_columns: int) -> Floats:
    """Sum the values of each column."""
    return np.bincount(column, weights=values, minlength=n_columns).astype(float, copy=False)


def set_keys(row: Integers, column: Integers, n_columns: int) -> NDArray[np.uint64]:
    """Key of the set of columns from the first pair of a row up to each pair; rows in order.

    The key is a sum of random 64-bit numbers, one for each column: two different sets share a
    key with a probability of 5e-20.
    """
    label = np.random.default_rng(0).integers(0, 2**64, size=n_columns, dtype=np.uint64)
    total = np.cumsum(label[column], dtype=np.uint64)
    opens = np.ones(len(row), dtype=bool)
    opens[1:] = row[1:] != row[:-1]
    before = np.concatenate([np.zeros(1, dtype=np.uint64), total])[np.flatnonzero(opens)]
    return np.asarray(total - before[np.cumsum(opens) - 1])
