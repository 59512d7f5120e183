"""Good plans fast: greedy choice, then the best exchange of one site for another.

Teitz & Bart (1968) vertex substitution in the all-pairs-at-once form of Whitaker (1983) and
Resende & Werneck (2007), as array sums over the pairs.
"""

from __future__ import annotations

import math
import time

import numpy as np

from ecity_geo.siting.instance import Flags, Floats, Instance, Integers, Ranks, column_sums

TIE = 1e-12
"""Relative difference below which two choices count as equally good."""


def greedy(instance: Instance, chosen: Integers | None = None) -> Integers:
    """Add the column that saves most until ``p`` are chosen; ties go to the first column."""
    chosen = np.empty(0, dtype=np.int64) if chosen is None else chosen
    pay = instance.priced(instance.pay(chosen))
    picked = chosen.tolist()
    free = np.ones(instance.n_columns, dtype=bool)
    free[chosen] = False
    while len(picked) < instance.p:
        saving = np.where(free, _savings(instance, pay), -1.0)
        best = int(np.flatnonzero(saving >= saving.max() * (1 - TIE))[0])
        picked.append(best)
        free[best] = False
        reached = instance.column == best
        np.minimum.at(pay, instance.row[reached], instance.cost[reached])
    return np.array(picked, dtype=np.int64)


def interchange(
    instance: Instance, chosen: Integers, *, deadline: float = math.inf
) -> tuple[Integers, float]:
    """Exchange one column at a time, the best exchange first, until none helps.

    Parameters
    ----------
    instance
        The problem.
    chosen
        Columns to begin from.
    deadline
        Value of `time.monotonic` at which to stop.

    Returns
    -------
    chosen, cost
        The columns, sorted, and their cost: infinite if a row that must be reached is not.
    """
    chosen = np.sort(chosen)
    cost = instance.priced(instance.pay(chosen)).sum()
    while time.monotonic() < deadline:
        change = exchange_changes(instance, chosen)
        change[:, chosen] = np.inf
        leaving, coming = np.unravel_index(int(np.argmin(change)), change.shape)
        if not change[leaving, coming] < -TIE * instance.scale:
            break
        trial = np.sort(np.append(np.delete(chosen, leaving), coming))
        trial_cost = instance.priced(instance.pay(trial)).sum()
        if not trial_cost < cost:
            break
        chosen, cost = trial, trial_cost
    return chosen, instance.objective(chosen)


def exchange_changes(instance: Instance, chosen: Integers) -> Floats:
    """Change of cost when ``chosen[a]`` leaves and column ``b`` comes, ``p x n_columns``."""
    nearest, first, second = two_nearest(instance, chosen)
    gap = _nearer(instance, chosen, second)
    row, column, cost = instance.row[gap], instance.column[gap], instance.cost[gap]
    served = nearest[row] >= 0
    # a row that nobody serves has first == second == base: the newcomer's saving is all there is
    saving = np.maximum(0.0, first[row] - cost)
    softened = (second[row] - np.maximum(cost, first[row]))[served]
    cell = nearest[row[served]] * instance.n_columns + column[served]
    size = len(chosen) * instance.n_columns
    kept = column_sums(cell, softened, size)
    has = nearest >= 0
    loss = column_sums(nearest[has], (second - first)[has], len(chosen))
    gain = column_sums(column, saving, instance.n_columns)
    return np.asarray(loss[:, None] - gain[None, :] - kept.reshape(len(chosen), instance.n_columns))


def prefer_earlier(instance: Instance, chosen: Integers) -> tuple[Integers, int]:
    """Replace columns by earlier ones that are exactly as good, and count the ties that remain.

    This makes the answer that of "ties go to the first candidate" whichever way it was found.

    Returns
    -------
    chosen, ties
        The columns, and the number of exchanges that would leave the cost as it is.
    """
    chosen = np.sort(chosen)
    cost = instance.objective(chosen)
    slack = TIE * instance.scale
    while True:
        equal = np.abs(exchange_changes(instance, chosen)) <= slack
        equal[:, chosen] = False
        earlier = equal & (np.arange(instance.n_columns) < chosen[:, None])
        trial = _first_exchange(chosen, earlier.T)
        if trial is None or abs(instance.objective(trial) - cost) > slack:
            return chosen, int(equal.sum())
        chosen = trial


def _first_exchange(chosen: Integers, allowed: Flags) -> Integers | None:
    """Let the earliest column come for the latest that may leave."""
    columns = np.flatnonzero(allowed.any(axis=1))
    if not columns.size:
        return None
    leaving = np.flatnonzero(allowed[columns[0]])[-1]
    return np.sort(np.append(np.delete(chosen, leaving), columns[0]))


def _savings(instance: Instance, pay: Floats) -> Floats:
    saved = np.maximum(0.0, pay[instance.row] - instance.cost)
    return column_sums(instance.column, saved, instance.n_columns)


def two_nearest(instance: Instance, chosen: Integers) -> tuple[Integers, Floats, Floats]:
    """Position in `chosen` of each row's nearest (-1: none), its cost, and the second cost."""
    if instance.rank is not None:
        return _two_in_table(instance, chosen)
    position = np.full(instance.n_columns, -1)
    position[chosen] = np.arange(len(chosen))
    kept = position[instance.column] >= 0
    row, column, cost = instance.row[kept], instance.column[kept], instance.cost[kept]
    base = instance.priced(instance.base)
    nearest = np.full(instance.n_rows, -1)
    first, second = base.copy(), base.copy()
    # pairs are sorted by row and cost, so a row's first kept pair is its nearest
    new = np.ones(len(row), dtype=bool)
    new[1:] = row[1:] != row[:-1]
    at = np.flatnonzero(new)
    nearest[row[at]] = position[column[at]]
    first[row[at]] = cost[at]
    after = at + 1
    after = after[after < len(row)]
    after = after[~new[after]]
    second[row[after]] = cost[after]
    return nearest, first, second


def _two_in_table(instance: Instance, chosen: Integers) -> tuple[Integers, Floats, Floats]:
    """Find the two nearest among the ranks of the chosen columns, looking at nothing else."""
    base = instance.priced(instance.base)
    ranks = _ranks(instance, chosen)
    nearest = np.argmin(ranks, axis=1)
    ranks.partition(1, axis=1)
    nearest[ranks[:, 0] == instance.n_columns] = -1
    return nearest, instance.cost_at(ranks[:, 0], base), instance.cost_at(ranks[:, 1], base)


def _nearer(instance: Instance, chosen: Integers, second: Floats) -> Flags | Integers:
    """Tell which pairs are cheaper than the second nearest of the chosen columns of their row."""
    if instance.rank is None:
        return instance.cost < second[instance.row]
    size = np.diff(instance.start)
    ranks = _ranks(instance, chosen)
    ranks.partition(1, axis=1)
    # A row's pairs are sorted: they come first. Of equals some may, which change nothing.
    count = np.minimum(ranks[:, 1], size)
    before = np.cumsum(count) - count
    return np.repeat(instance.start[:-1] - before, count) + np.arange(int(count.sum()))


def _ranks(instance: Instance, chosen: Integers) -> Ranks:
    """Return the ranks of the chosen columns, and two that stand for none."""
    none = np.full((instance.n_rows, 2), instance.n_columns, dtype=np.int32)
    return none if instance.rank is None else np.hstack([instance.rank[:, chosen], none])
