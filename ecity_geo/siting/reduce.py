"""Smaller problems with the same optimum: decide columns and drop pairs by what a bound proves.

If opening one more column, or serving a row by one pair, lifts the Lagrangian bound above the
best known plan, then no better plan does so. Beasley (1993), doi:10.1016/0377-2217(93)90182-M.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.instance import Flags, Floats, Instance, Integers
from ecity_geo.siting.lagrange import Prices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Core:
    """What is left to decide: every better plan is `forced` and a choice in `instance`.

    Parameters
    ----------
    instance
        The problem that is left.
    columns
        Its columns, as columns of the whole problem.
    rows
        Its rows, as rows of the whole problem.
    forced
        Columns of the whole problem that every better plan has.
    """

    instance: Instance
    columns: Integers
    rows: Integers
    forced: Integers

    def whole(self, chosen: Integers) -> Integers:
        """Return a choice of the core as columns of the whole problem."""
        return np.sort(np.concatenate([self.forced, self.columns[chosen]]))

    @property
    def solved(self) -> bool:
        """Whether there is nothing left to choose."""
        return self.instance.p <= 0 or self.instance.p >= self.instance.n_columns

    def last_choice(self) -> Integers:
        """Return the only plan that is left of a solved core."""
        return self.whole(np.arange(self.instance.p))

    @property
    def hopeless(self) -> bool:
        """Whether no better plan exists: too few columns, or a row that cannot be reached."""
        if self.instance.p < 0 or self.instance.p > self.instance.n_columns:
            return True
        stranded = np.diff(self.instance.start) == 0
        return bool(np.isinf(self.instance.base[stranded]).any())


def whole_core(instance: Instance) -> Core:
    """Return a core in which nothing is decided."""
    return Core(
        instance=instance,
        columns=np.arange(instance.n_columns),
        rows=np.arange(instance.n_rows),
        forced=np.empty(0, dtype=np.int64),
    )


def tighten(core: Core, prices: Prices, upper: float) -> Core:
    """Keep what a plan better than `upper` may use."""
    instance = core.instance
    slack = upper - instance.tolerance - prices.bound
    ranked = np.sort(prices.worth)[::-1]
    in_plan = np.zeros(instance.n_columns, dtype=bool)
    in_plan[prices.chosen] = True
    extra = np.where(in_plan, 0.0, ranked[instance.p - 1] - prices.worth)
    next_best = ranked[instance.p] if instance.p < instance.n_columns else -np.inf
    forced = in_plan & (prices.worth - next_best > slack)
    barred = extra > slack
    lift = np.maximum(0.0, instance.cost - prices.u[instance.row])
    kept = (lift + extra[instance.column] <= slack) & ~barred[instance.column]
    # where paying the base would lift the bound too far, a better plan must reach the row
    base = np.where(instance.base - prices.u > slack, np.inf, instance.base)
    return _absorb(core, base, kept, forced, ~(forced | barred))


def decide(core: Core, column: int, *, chosen: bool) -> Core:
    """Choose a column of the core, or leave it out."""
    this = np.arange(core.instance.n_columns) == column
    forced = this if chosen else np.zeros_like(this)
    kept = np.ones(len(core.instance.row), dtype=bool)
    return _absorb(core, core.instance.base, kept, forced, ~this)


def _absorb(core: Core, base: Floats, kept: Flags, forced: Flags, free: Flags) -> Core:
    """Let the forced columns become part of the base, and drop rows that have no choice left."""
    old = core.instance
    served = kept & forced[old.column]
    base = base.copy()
    np.minimum.at(base, old.row[served], old.cost[served])
    pair = kept & free[old.column] & (old.cost < base[old.row])
    open_row = np.isinf(base)
    open_row[old.row[pair]] = True
    new_row = np.cumsum(open_row) - 1
    new_column = np.cumsum(free) - 1
    # both numberings keep their order, so the pairs stay sorted
    instance = Instance(
        row=new_row[old.row[pair]],
        column=new_column[old.column[pair]],
        cost=old.cost[pair],
        base=base[open_row],
        n_columns=int(free.sum()),
        p=old.p - int(forced.sum()),
        scale=old.scale,
        offset=old.offset + float(base[~open_row].sum()),
    )
    return Core(
        instance=instance,
        columns=core.columns[free],
        rows=core.rows[open_row],
        forced=np.concatenate([core.forced, core.columns[forced]]),
    )
