"""What is left as a small exact program.

A row pays for its cheapest pair, and the step up to the next cost for each set of nearest columns
of which none is chosen (Cornuejols, Nemhauser & Wolsey 1980; the radius formulation of Garcia,
Labbe & Marin 2011, doi:10.1287/ijoc.1100.0418). Rows with the same set of nearest columns share
one variable (Church 2003, COBRA), so that the covering model is the case of one set for each row::

    z[set] >= z[set without its farthest columns] - sum of y over those columns,  z[empty] = 1
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.highs import Program
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers, column_sums, set_keys


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chains:
    """Distinct sets of nearest columns, each with the set that it extends.

    Parameters
    ----------
    parent
        The set that each set extends; -1 for the empty one.
    member_set, member
        Columns by which each set extends its parent.
    step
        What is paid for each set of which no column is chosen; infinite: not allowed.
    floor
        What the rows pay at least.
    """

    parent: Integers
    member_set: Integers
    member: Integers
    step: Floats
    floor: float


def chains(instance: Instance) -> Chains:
    """Find the distinct sets of nearest columns of all rows."""
    row, column, cost = instance.row, instance.column, instance.cost
    last = np.ones(len(row), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (cost[1:] != cost[:-1])
    group = np.cumsum(last) - last
    key = set_keys(row, column, instance.n_columns)[last]
    _, first, node = np.unique(key, return_index=True, return_inverse=True)
    end_row, end_cost = row[last], cost[last]
    opens = np.ones(len(end_row), dtype=bool)
    opens[1:] = end_row[1:] != end_row[:-1]
    following = instance.base[end_row]
    following[:-1] = np.where(opens[1:], following[:-1], end_cost[1:])
    alone = float(instance.base[np.diff(instance.start) == 0].sum())
    parent = np.where(opens[first], -1, node[first - 1])
    inside = np.isin(group, first)
    return Chains(
        parent=parent,
        member_set=node[group[inside]],
        member=column[inside],
        step=column_sums(node, following - end_cost, len(first)),
        floor=instance.offset + alone + float(end_cost[opens].sum()),
    )


def program(sets: Chains, instance: Instance, *, factor: float) -> Program:
    """Write the program: first a variable for each column, then one for each set."""
    n, k = instance.n_columns, len(sets.parent)
    must = np.isinf(sets.step)
    chained = np.flatnonzero(sets.parent >= 0)
    rows = np.concatenate([sets.member_set, np.arange(k), chained, np.full(n, k)])
    columns = np.concatenate(
        [sets.member, n + np.arange(k), n + sets.parent[chained], np.arange(n)]
    )
    values = np.ones(len(rows))
    values[len(sets.member) + k : len(sets.member) + k + len(chained)] = -1.0
    step = np.where(must, 0.0, sets.step)
    return Program(
        cost=factor * np.concatenate([np.zeros(n), step]),
        limit=np.concatenate([np.ones(n), np.where(must, 0.0, 1.0)]),
        whole=np.concatenate([np.ones(n, dtype=bool), np.zeros(k, dtype=bool)]),
        rows=csr_array((values, (rows, columns)), shape=(k + 1, n + k)),
        lower=np.append(np.where(sets.parent < 0, 1.0, 0.0), float(instance.p)),
        upper=np.append(np.full(k, np.inf), float(instance.p)),
    )


def solution(sets: Chains, instance: Instance, chosen: Integers) -> Floats:
    """Write a choice of columns as a solution of the program."""
    y = np.zeros(instance.n_columns)
    y[chosen] = 1.0
    met = np.bincount(sets.member_set, weights=y[sets.member], minlength=len(sets.parent)) > 0
    z = _unmet(sets.parent, met)
    return np.concatenate([y, z.astype(float)])


def _unmet(parent: Integers, met: Flags) -> Flags:
    """Tell which sets have no chosen column, theirs or their parents'; by doubling the jumps."""
    jump = parent.copy()
    met = met.copy()
    while (jump >= 0).any():
        has = jump >= 0
        met[has] |= met[jump[has]]
        jump[has] = jump[jump[has]]
    return ~met
