"""Coverage against fairness: most people, and the worst share of a group as high as can be."""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from ecity_geo.siting import highs
from ecity_geo.siting.boxes import Box, Found, Point
from ecity_geo.siting.covering import coverage, undominated
from ecity_geo.siting.covering_program import SHARES, CoveringAims
from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.question import Question
from ecity_geo.siting.search import search

_ROUNDING = 1e-9


class FairAims(CoveringAims):
    """Most people for the fairest share; the other value is the worst share, below 0.

    Parameters
    ----------
    question
        Pairs within the standard, and the number of new sites.
    group
        Group of each demand point, from 0; -1 for none. Each group has people.
    n_groups
        Number of groups.
    """

    def __init__(self, question: Question, group: Integers, n_groups: int) -> None:
        super().__init__(question, group, n_groups)
        self.p, self.n_groups = question.p, n_groups
        self.instance = coverage(question)
        self.use = undominated(self.instance)

    def shares(self, columns: Integers) -> Floats:
        """Return the share covered of each group."""
        return np.asarray(self.sets.covered(columns)[: self.n_groups] / self.sets.totals)

    def values(self, columns: Integers) -> tuple[float, float]:
        """Return the people covered, and the worst share below 0."""
        return self.total(columns), -float(self.shares(columns).min())

    def better(self, other: float) -> float:
        """Return the next higher share that the people of some group can make."""
        people = -other * self.sets.totals
        if self.exact:
            people = np.floor(people / self.step + _ROUNDING) * self.step
        return -float(((people + self.step) / self.sets.totals).min())

    def ends(self, deadline: float) -> tuple[Found, Found]:
        """Return the fairest plan, and the one that covers most."""
        left = max(deadline - time.monotonic(), 0.01)
        outcome = search(self.instance, use=self.use, time_limit=left)
        most = self.total(outcome.chosen)
        excess = max(0.0, outcome.cost - outcome.bound)
        bound = most if excess < self.step / 2 else most + excess
        fairest, cheapest = self._fairest(0.0, outcome.chosen, deadline)
        columns, least = self._fairest(most, outcome.chosen, deadline)
        lowest = Found(columns=fairest, limit=cheapest, bound=bound, cheapest=cheapest)
        return lowest, Found(columns=columns, limit=0.0, bound=bound, cheapest=least)

    def look(self, box: Box, limit: float, start: Point, deadline: float) -> Found:
        """Cover most with no share below a floor; then raise the worst share."""
        first = self._cover(-limit, start, deadline)
        columns = self.opened(first)
        if columns is not None:
            columns = self._filled(columns)
        bound = self.most(first, columns)
        if columns is None or self.total(columns) < box.least - self.step / 2:
            return Found(columns=None, limit=limit, bound=bound)
        columns, cheapest = self._fairest(self.total(columns), columns, deadline)
        return Found(columns=columns, limit=limit, bound=bound, cheapest=cheapest)

    def _cover(self, floor: float, start: Point, deadline: float) -> highs.Answer:
        need = floor * self.sets.totals
        slack = _ROUNDING * self.sets.totals
        if self.exact:
            need = np.ceil(need / self.step - _ROUNDING) * self.step
            slack = np.full(self.n_groups, 0.4 * self.step)
        rows, available = self._groups()
        scale = SHARES / self.sets.totals
        room = scale * (available - need + slack)
        return self.solve(
            self.uncovered(),
            csr_array(vstack([rows * scale[:, None], self._number()])),
            np.append(room, self.p),
            use=self.use,
            tolerance=self.tolerance(),
            start=self._start(start.columns) if -start.other >= floor - _ROUNDING else None,
            deadline=deadline,
        )

    def _fairest(
        self, covered: float, columns: Integers, deadline: float
    ) -> tuple[Integers, float]:
        """Return the fairest plan that covers so many, and what no such plan betters."""
        rows, available = self._groups()
        scale = SHARES / self.sets.totals
        shares = hstack([rows * scale[:, None], csr_array(np.ones((self.n_groups, 1)))])
        none = csr_array((2, 1))
        others = hstack([vstack([csr_array(self.uncovered()[None]), self._number()]), none])
        start = np.append(self._start(columns), SHARES * self.shares(columns).min())
        answer = self.solve(
            np.append(np.zeros(self.n), -1.0),
            csr_array(vstack([shares, others])),
            np.concatenate([scale * available, [self.lost(covered), self.p]]),
            use=self.use,
            tolerance=SHARES * _ROUNDING,
            start=start,
            deadline=deadline,
        )
        found = self.opened(answer)
        if found is not None:
            columns = max(columns, self._filled(found), key=lambda each: self.shares(each).min())
        worst = -float(self.shares(columns).min())
        proven = answer.solved or answer.bound / SHARES >= worst - _ROUNDING
        return columns, worst if proven else max(answer.bound / SHARES, -1.0)

    def _groups(self) -> tuple[csr_array, Floats]:
        """Return the people of each group that are uncovered, as rows, and who can be covered."""
        known = np.flatnonzero(self.sets.group >= 0)
        group, weight = self.sets.group[known], self.sets.weight[known]
        shape = (self.n_groups, self.n)
        rows = csr_array((weight, (group, self.sets.n_columns + known)), shape=shape)
        available = self.sets.already[: self.n_groups] + np.bincount(group, weight, self.n_groups)
        return rows, np.asarray(available)

    def _number(self) -> csr_array:
        row = np.zeros(self.n)
        row[: self.sets.n_columns] = 1.0
        return csr_array(row[None])

    def _start(self, columns: Integers) -> Floats:
        """Write a plan as a solution, its replaced sites by those that replace them."""
        return self.solution(columns[self.use[columns]])

    def _filled(self, columns: Integers) -> Integers:
        """Add sites up to the number asked for: the first ones, which harm nobody."""
        rest = np.setdiff1d(np.arange(self.sets.n_columns), columns)
        return np.sort(np.append(columns, rest[: self.p - len(columns)]))
