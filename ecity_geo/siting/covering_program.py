"""Who may be covered by which sites, as programs that HiGHS solves under further limits.

Variables: a site is open (0 or 1), then each set of demand with the same choice of sites is left
uncovered (0 to 1), then what a question adds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from ecity_geo.siting import highs
from ecity_geo.siting.boxes import step_of
from ecity_geo.siting.covering import covering_instance
from ecity_geo.siting.instance import Flags, Floats, Integers, column_sums
from ecity_geo.siting.question import Question

OBJECTIVE_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6: values are brought to this size at most."""
SHARES = 1e4
"""So many units of the program make a share of 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covering:
    """Who may be covered, in sets with the same sites and the same group.

    Parameters
    ----------
    row, column
        Pairs of set and candidate.
    weight, group
        People and group of each set; group -1 is none.
    already
        People whom existing sites cover, by group, those of no group last.
    totals
        People of each group.
    n_columns
        Number of candidates.
    """

    row: Integers
    column: Integers
    weight: Floats
    group: Integers
    already: Floats
    totals: Floats
    n_columns: int

    def covered(self, columns: Integers) -> Floats:
        """Return the people covered of each group, and of none."""
        chosen = np.zeros(self.n_columns, dtype=bool)
        chosen[columns] = True
        met = np.zeros(len(self.weight), dtype=bool)
        met[self.row[chosen[self.column]]] = True
        n = len(self.already)
        return self.already + np.bincount(self.group[met] % n, self.weight[met], n)

    @property
    def reachable(self) -> float:
        """People whom all sites together cover."""
        return float(self.already.sum() + self.weight.sum())


def covering(question: Question, group: Integers, n_groups: int) -> Covering:
    """Merge the demand of a question.

    Parameters
    ----------
    question
        Pairs within the standard.
    group
        Group of each demand point, from 0; -1 for none.
    n_groups
        Number of groups.
    """
    old = question.column < question.n_existing
    done = np.zeros(len(question.demand), dtype=bool)
    done[question.row[old]] = True
    pair = ~old & ~done[question.row] & (question.people[question.row] > 0)
    row, column = question.row[pair], question.column[pair] - question.n_existing
    rows, columns, weights, groups, n = [], [], [], [], 0
    for each in range(-1, n_groups):
        mine = group[row] == each
        part = covering_instance(
            row[mine],
            column[mine],
            question.people,
            n_columns=len(question.candidates),
            p=question.p,
            scale=1.0,
        )
        rows.append(part.row + n)
        columns.append(part.column)
        weights.append(part.base)
        groups.append(np.full(part.n_rows, each))
        n += part.n_rows
    return Covering(
        row=np.concatenate(rows),
        column=np.concatenate(columns),
        weight=np.concatenate(weights),
        group=np.concatenate(groups),
        already=column_sums(group[done] % (n_groups + 1), question.people[done], n_groups + 1),
        totals=column_sums(group % (n_groups + 1), question.people, n_groups + 1)[:n_groups],
        n_columns=len(question.candidates),
    )


class CoveringAims:
    """The people covered, and their program.

    Parameters
    ----------
    question
        Pairs within the standard.
    group
        Group of each demand point, from 0; -1 for none.
    n_groups
        Number of groups.
    """

    def __init__(self, question: Question, group: Integers, n_groups: int) -> None:
        self.question = question
        self.sets = covering(question, group, n_groups)
        total = float(question.people.sum())
        self.step, self.exact = step_of(question.people, scale=total)
        self.factor = OBJECTIVE_SIZE / (total or 1.0)

    def total(self, columns: Integers) -> float:
        """Return the people whom a plan covers."""
        return float(self.sets.covered(columns).sum())

    @property
    def n_sets(self) -> int:
        """Number of sets of demand."""
        return len(self.sets.weight)

    @property
    def n(self) -> int:
        """Number of variables that every question has."""
        return self.sets.n_columns + self.n_sets

    def links(self, n: int) -> csr_array:
        """Return the rows by which a set is uncovered, or one of its sites is open."""
        sets, k = self.sets, self.n_sets
        rows = np.concatenate([sets.row, np.arange(k)])
        columns = np.concatenate([sets.column, sets.n_columns + np.arange(k)])
        return csr_array((np.ones(len(rows)), (rows, columns)), shape=(k, n))

    def uncovered(self) -> Floats:
        """Return the people left uncovered, as a row of the program."""
        return np.concatenate([np.zeros(self.sets.n_columns), self.factor * self.sets.weight])

    def lost(self, covered: float) -> float:
        """Return the limit of that row when so many people must be covered."""
        return self.factor * (self.sets.reachable - covered + self.step * 0.4)

    def solution(self, columns: Integers) -> Floats:
        """Write a plan as a solution of the program."""
        sets = self.sets
        x = np.zeros(self.n)
        x[columns] = 1.0
        met = np.zeros(len(sets.weight), dtype=bool)
        met[sets.row[x[sets.column] > 0]] = True
        x[sets.n_columns :] = ~met
        return x

    def solve(
        self,
        cost: Floats,
        rows: csr_array,
        upper: Floats,
        *,
        use: Flags,
        tolerance: float,
        start: Floats | None,
        deadline: float,
    ) -> highs.Answer:
        """Solve the program with further `rows` up to `upper`; `use` are sites that may open."""
        n, k = len(cost), self.n_sets
        links = self.links(n)
        limit = np.ones(n)
        limit[: self.sets.n_columns] = use
        limit[self.n :] = SHARES
        return highs.solve(
            highs.Program(
                cost=cost,
                limit=limit,
                whole=np.arange(n) < self.sets.n_columns,
                rows=csr_array(vstack([links, rows])),
                lower=np.concatenate([np.ones(k), np.full(len(upper), -np.inf)]),
                upper=np.concatenate([np.full(k, np.inf), upper]),
            ),
            time_limit=deadline - time.monotonic(),
            tolerance=tolerance,
            start=start,
        )

    def opened(self, answer: highs.Answer) -> Integers | None:
        """Return the plan of an answer."""
        if answer.x is None:
            return None
        return np.flatnonzero(answer.x[: self.sets.n_columns] > 0.5)

    def tolerance(self) -> float:
        """Return the gap of people uncovered, in the program, that counts as closed."""
        return self.factor * self.step * (0.9 if self.exact else 0.01)

    def most(self, answer: highs.Answer, columns: Integers | None) -> float:
        """Return how many can be covered at most: what is found, where that is proven."""
        if columns is None:
            return -np.inf if answer.solved or answer.bound == np.inf else self.sets.reachable
        if answer.solved:
            return self.total(columns)
        return min(self.sets.reachable, self.sets.reachable - answer.bound / self.factor)
