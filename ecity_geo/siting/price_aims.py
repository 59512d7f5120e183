"""Coverage against price: most people for the least money."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting import highs
from ecity_geo.siting.boxes import Box, Found, Point, step_of
from ecity_geo.siting.covering import coverage, undominated
from ecity_geo.siting.covering_program import OBJECTIVE_SIZE, CoveringAims
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.question import Question
from ecity_geo.siting.search import search


class PriceAims(CoveringAims):
    """Most people for the least money.

    Parameters
    ----------
    question
        Pairs within the standard.
    prices
        Of the candidates, not negative.
    budget
        Greatest price.
    """

    def __init__(self, question: Question, prices: Floats, budget: float) -> None:
        super().__init__(question, np.full(len(question.demand), -1), 0)
        self.prices = prices
        self.payable = prices <= budget
        self.budget = min(budget, float(prices[self.payable].sum()))
        # what no plan can pay must not set the scale of all that it can
        some = prices[self.payable]
        self.money, self.whole = step_of(some, scale=float(some.sum()))
        one = bool(len(prices)) and bool((prices == prices[0]).all()) and prices[0] > 0
        self.price = float(prices[0]) if one else 0.0
        self.known: dict[int, tuple[Integers, float]] = {}

    def values(self, columns: Integers) -> tuple[float, float]:
        """Return the people covered and the price."""
        return self.total(columns), float(self.prices[columns].sum())

    def better(self, other: float) -> float:
        """Return the price one step below."""
        return other - self.money

    def ends(self, deadline: float) -> tuple[Found, Found]:
        """Return the plan that costs nothing, and the one that covers most in the budget."""
        given = np.flatnonzero(self.prices == 0)
        box = Box(low=0.0, high=self.budget, least=0.0, most=self.sets.reachable)
        start = Point(columns=given, covered=self.total(given), other=0.0)
        lowest = Found(columns=given, limit=0.0, bound=start.covered, cheapest=0.0)
        highest = self.look(box, self.budget, start, deadline)
        columns = given if highest.columns is None else highest.columns
        return lowest, replace(highest, columns=columns)

    def look(self, box: Box, limit: float, start: Point, deadline: float) -> Found:
        """Cover most for a price; then do that for the least price."""
        if self.price:
            return self._look_by_number(limit, deadline)
        first = self._cover(limit, start, deadline)
        columns = self.opened(first)
        bound = self.most(first, columns)
        if columns is None or self.total(columns) < box.least - self.step / 2:
            return Found(columns=None, limit=limit, bound=bound)
        columns = self._useful(columns)
        second = self._pay(self.total(columns), columns, deadline)
        cheaper = self.opened(second)
        if cheaper is not None and self.prices[cheaper].sum() < self.prices[columns].sum():
            columns = self._useful(cheaper)
        value = float(self.prices[columns].sum())
        cheapest = value if second.solved else second.bound / self._scale()
        return Found(columns=columns, limit=limit, bound=bound, cheapest=cheapest)

    def _scale(self) -> float:
        """Return the units of the program that make a unit of money."""
        if self.whole:
            return 1.0 / self.money
        return OBJECTIVE_SIZE / (float(self.prices[self.payable].sum()) or 1.0)

    def _cost(self) -> Floats:
        price = self._scale() * np.where(self.payable, self.prices, 0.0)
        return np.concatenate([np.rint(price) if self.whole else price, np.zeros(self.n_sets)])

    def _cover(self, limit: float, start: Point, deadline: float) -> highs.Answer:
        room = self._scale() * limit
        room = np.floor(room + 1e-6) + 0.4 if self.whole else room * (1 + 1e-9)
        inside = start.other <= limit
        return self.solve(
            self.uncovered(),
            csr_array(self._cost()[None]),
            np.array([room]),
            use=self.payable,
            tolerance=self.tolerance(),
            start=self.solution(start.columns) if inside else None,
            deadline=deadline,
        )

    def _pay(self, covered: float, columns: Integers, deadline: float) -> highs.Answer:
        return self.solve(
            self._cost(),
            csr_array(self.uncovered()[None]),
            np.array([self.lost(covered)]),
            use=self.payable,
            tolerance=0.9 if self.whole else 0.01 * self._scale() * self.money,
            start=self.solution(columns),
            deadline=deadline,
        )

    def _useful(self, columns: Integers) -> Integers:
        """Leave out sites that cost something and cover nobody more, the dearest first."""
        total = self.total(columns)
        for column in columns[np.lexsort((columns, -self.prices[columns]))]:
            rest = columns[columns != column]
            if self.prices[column] > 0 and self.total(rest) >= total:
                columns = rest
        return columns

    def _look_by_number(self, limit: float, deadline: float) -> Found:
        """Equal prices are a number of sites: the search for covering plans knows more there."""
        number = min(int(limit / self.price + 1e-9), self.sets.n_columns)
        columns, bound = self._best(number, deadline)
        cheapest = 0.0
        while len(columns) and bound == self.total(columns):
            # Where sites are many most of them add nobody: one by one would outlast the deadline.
            columns = self._useful(columns)
            number = len(columns)
            self.known[number] = columns, bound
            if not number:
                break
            fewer, most = self._best(number - 1, deadline)
            if self.total(fewer) < bound:
                cheapest = number * self.price if most < bound else 0.0
                break
            columns = fewer
        return Found(columns=columns, limit=limit, bound=bound, cheapest=cheapest)

    def _best(self, number: int, deadline: float) -> tuple[Integers, float]:
        """Return the plan of so many sites, and the most that so many cover."""
        if number == 0:
            none = np.empty(0, dtype=np.int64)
            return none, self.total(none)
        if number not in self.known or self.known[number][1] > self.total(self.known[number][0]):
            self.known[number] = self._search(number, deadline)
        return self.known[number]

    def _search(self, number: int, deadline: float) -> tuple[Integers, float]:
        instance = coverage(replace(self.question, p=number))
        before = [self.known[each][0] for each in self.known if each <= number]
        start = max(before, key=len) if before else np.empty(0, dtype=np.int64)
        left = max(deadline - time.monotonic(), 0.01)
        outcome = search(instance, use=undominated(instance), time_limit=left, start=start)
        fallback = greedy(instance, start)
        best = min(outcome.chosen, fallback, key=instance.objective)
        covered = self.total(best)
        excess = max(0.0, instance.objective(best) - outcome.bound)
        return best, covered if excess < self.step / 2 else covered + excess
