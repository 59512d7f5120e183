"""Coverage against travel: most people within the standard, and the shortest way for all.

Any weighted sum of the two is a location instance like that of the p-median: a pair costs people
times ``alpha * way + beta * [way > standard]``. Its search finds the plans on the hull of the
front, its bound decides sites for all plans in a box, and what is left of a box goes to HiGHS.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ecity_geo.siting.boxes import Box, Found, Point, Reduced, step_of
from ecity_geo.siting.exchange import greedy, interchange, two_nearest
from ecity_geo.siting.few_plans import are_few, every_plan
from ecity_geo.siting.instance import Floats, Integers, build
from ecity_geo.siting.lagrange import Relaxation
from ecity_geo.siting.median import reach_all, travel
from ecity_geo.siting.question import Question
from ecity_geo.siting.reduce import Core, tighten
from ecity_geo.siting.search import search
from ecity_geo.siting.travel_program import TravelProgram, Ways

ROUNDS = 4
SHRINKAGE = 0.9
"""Rounds go on while a round leaves less than this share of the pairs."""
ASCENT = 300
PATIENCE = 20
"""Steps of the bound in a round, and those without a better bound before they are halved."""


class TravelAims:
    """Most people within a standard for the least person-cost, with a given number of sites.

    Parameters
    ----------
    question
        All pairs, and the number of new sites.
    standard
        Greatest acceptable cost.
    """

    def __init__(self, question: Question, standard: float) -> None:
        self.question, self.standard = question, standard
        new = question.column >= question.n_existing
        _, self.now = question.nearest(np.arange(question.n_existing))
        reached = np.isfinite(self.now)
        reached[question.row[new]] = True
        lives = reached & (question.people > 0)
        place = np.cumsum(lives) - 1
        pair = new & lives[question.row]
        self.row = place[question.row[pair]]
        self.column = question.column[pair] - question.n_existing
        self.away = question.cost[pair]
        self.people, self.now = question.people[lives], self.now[lives]
        self.total = float(self.people.sum())
        self.p, self.n_columns = question.p, len(question.candidates)
        self.step, self.whole = step_of(self.people, scale=self.total)
        self.way, self.whole_way = 0.0, False

    def values(self, columns: Integers) -> tuple[float, float]:
        """Return the people within the standard, and the person-cost of all."""
        away = self.away_from(columns)
        covered = float(self.people[away <= self.standard].sum())
        return covered, float((self.people * away).sum())

    def better(self, other: float) -> float:
        """Return the person-cost one step below."""
        return other - self.way

    def ends(self, deadline: float) -> tuple[Found, Found]:
        """Return the plan of least person-cost, and the one that covers most."""
        seconds = max(deadline - time.monotonic(), 0.01)
        start = self._reaching(seconds)
        shortest, least, _ = self._search(1.0, 0.0, start, deadline)
        way = self.values(shortest)[1]
        paid = np.append(self.people[self.row] * self.away, self.people[np.isfinite(self.now)])
        self.way, self.whole_way = step_of(paid, scale=way)
        widest, lost, _ = self._search(0.0, 1.0, shortest, deadline)
        covered = self.values(widest)[0]
        bound = self.total - lost
        bound = covered if bound < covered + self.step / 2 else bound
        lowest = Found(columns=shortest, limit=way, bound=bound, cheapest=min(least, way))
        return lowest, Found(columns=widest, limit=np.inf, bound=bound)

    def look(self, box: Box, limit: float, start: Point, deadline: float) -> Found:
        """Look for a plan on the hull; where there is none, solve what a bound leaves."""
        if box.reduced is None and np.isfinite(box.high):
            found = self._supported(box, start, deadline)
            if found is not None:
                return found
        if box.reduced is not None and box.reduced.points is not None:
            return self._listed(box, box.reduced)
        core = self._core(box, start, deadline)
        if core.hopeless:
            return Found(columns=None, limit=box.high, bound=-np.inf)
        ways = self._ways(core)
        reduced = Reduced(forced=core.forced, free=core.columns)
        if are_few(ways):
            return self._listed(box, replace(reduced, points=self._every(core, ways)))
        columns, bound, cheapest = self._solve(box, core, ways, deadline)
        return Found(
            columns=columns, limit=box.high, bound=bound, cheapest=cheapest, reduced=reduced
        )

    def _every(self, core: Core, ways: Ways) -> list[Point]:
        """Look at every plan of a core."""
        plans = [core.whole(columns) for columns in every_plan(ways).columns]
        values = [self.values(columns) for columns in plans]
        return [
            Point(columns=columns, covered=covered, other=way)
            for columns, (covered, way) in zip(plans, values, strict=True)
        ]

    def _listed(self, box: Box, reduced: Reduced) -> Found:
        """Answer from the list of all plans."""
        least = box.least - self.step / 2
        inside = [
            point
            for point in reduced.points or []
            if point.other <= box.high and point.covered >= least
        ]
        if not inside:
            return Found(columns=None, limit=box.high, bound=-np.inf, reduced=reduced)
        best = max(inside, key=lambda point: (point.covered, -point.other))
        return Found(
            columns=best.columns,
            limit=box.high,
            bound=best.covered,
            cheapest=best.other,
            reduced=reduced,
        )

    def _reaching(self, seconds: float) -> Integers:
        """Return columns by which everybody is reached who can be; an error where none do."""
        instance = travel(self.question)
        start, cost = interchange(instance, greedy(instance))
        if np.isinf(cost):
            start = reach_all(self.question, instance, time_limit=seconds)
        return start

    def away_from(self, columns: Integers) -> Floats:
        """Return the way of each row to its nearest site, of the existing ones and these."""
        chosen = np.zeros(self.n_columns, dtype=bool)
        chosen[columns] = True
        kept = chosen[self.column]
        away = self.now.copy()
        np.minimum.at(away, self.row[kept], self.away[kept])
        return away

    def _pay(self, row: Integers, away: Floats, alpha: float, beta: float) -> Floats:
        finite = np.where(np.isfinite(away), away, 0.0)
        paid = self.people[row] * (alpha * finite + beta * (away > self.standard))
        return np.where(np.isfinite(away), paid, np.inf)

    def _weighted(self, alpha: float, beta: float, reduced: Reduced | None = None) -> Core:
        """Return the instance of a weighted sum, less what is decided already."""
        every = np.arange(self.n_columns)
        reduced = reduced or Reduced(forced=every[:0], free=every)
        base = self.away_from(reduced.forced)
        place = np.full(self.n_columns, -1)
        place[reduced.free] = np.arange(len(reduced.free))
        kept = (place[self.column] >= 0) & (self.away < base[self.row])
        row, away = self.row[kept], self.away[kept]
        instance = build(
            row,
            place[self.column[kept]],
            self._pay(row, away, alpha, beta),
            self._pay(np.arange(len(base)), base, alpha, beta),
            n_columns=len(reduced.free),
            p=self.p - len(reduced.forced),
            scale=1.0,
        )
        rows = np.arange(len(base))
        return Core(instance=instance, columns=reduced.free, rows=rows, forced=reduced.forced)

    def _search(
        self, alpha: float, beta: float, start: Integers, deadline: float
    ) -> tuple[Integers, float, bool]:
        """Return the plan of the least weighted sum, its bound, and whether it is proven."""
        instance = self._weighted(alpha, beta).instance
        instance = replace(instance, scale=instance.objective(start) or 1.0)
        useful = np.bincount(instance.column, minlength=instance.n_columns) > 0
        left = max(deadline - time.monotonic(), 0.01)
        outcome = search(instance, use=useful, time_limit=left, start=start)
        return outcome.chosen, outcome.bound, outcome.bound >= outcome.cost

    def _weights(self, box: Box) -> tuple[float, float]:
        """Return weights under which the two ends of a box are as good."""
        rise = max(box.most - box.least, 0.0) + self.step
        run = max(box.high - box.low, 0.0) + self.way
        return rise / (rise + run), run / (rise + run)

    def _supported(self, box: Box, start: Point, deadline: float) -> Found | None:
        """Return the plan of the hull that lies in a box: no plan dominates it."""
        columns, _, proven = self._search(*self._weights(box), start.columns, deadline)
        covered, way = self.values(columns)
        wide = box.least - self.step / 2 <= covered <= box.most + self.step / 2
        if not (proven and wide and box.low <= way <= box.high):
            return None
        return Found(columns=columns, limit=way, bound=covered, cheapest=way)

    def _core(self, box: Box, start: Point, deadline: float) -> Core:
        """Decide what the plans of a box have in common: none of them has a larger sum."""
        if not np.isfinite(box.high):
            return self._weighted(0.5, 0.5)
        alpha, beta = self._weights(box)
        upper = alpha * box.high + beta * (self.total - box.least + self.step / 4)
        upper *= 1 + 1e-9
        core = self._weighted(alpha, beta, box.reduced)
        inside = np.flatnonzero(np.isin(core.columns, start.columns))
        _, first, second = two_nearest(core.instance, inside)
        prices = (first + second) / 2
        for _ in range(ROUNDS):
            if core.hopeless or core.solved:
                break
            ascent = Relaxation(core.instance).ascend(
                prices, upper, iterations=ASCENT, patience=PATIENCE, deadline=deadline
            )
            if ascent.best.bound > upper:
                return replace(core, instance=replace(core.instance, p=-1))
            before, core = core, tighten(core, ascent.best, upper)
            prices = ascent.best.u[np.isin(before.rows, core.rows)]
            if len(core.instance.row) > SHRINKAGE * len(before.instance.row):
                break
        return core

    def _solve(
        self, box: Box, core: Core, ways: Ways, deadline: float
    ) -> tuple[Integers | None, float, float]:
        """Cover most within a person-cost; then do that for the least person-cost."""
        program = TravelProgram(ways)
        lost = self.total - box.least + self.step * 0.4
        way = box.high + (0.4 * self.way if self.whole_way else 1e-9 * box.high)
        least = self.step * (0.9 if self.whole else 0.01)
        first, beyond = program.least_lost(way, lost, tolerance=least, deadline=deadline)
        if first.x is None:
            return None, -np.inf if first.bound == np.inf else box.most, -np.inf
        columns = core.whole(program.opened(first.x))
        covered = self.values(columns)[0]
        bound = covered if first.solved else self.total - beyond
        second, shortest = program.least_way(
            way,
            self.total - covered + self.step * 0.4,
            tolerance=self.way * (0.9 if self.whole_way else 0.01),
            start=first.x,
            deadline=deadline,
        )
        if second.x is not None:
            columns = core.whole(program.opened(second.x))
        return columns, bound, self.values(columns)[1] if second.solved else shortest

    def _ways(self, core: Core) -> Ways:
        """Return the pairs of a core, with their cost instead of the weighted sum, and all rows."""
        instance = core.instance
        row, column = core.rows[instance.row], core.columns[instance.column]
        key = self.row * self.n_columns + self.column
        order = np.argsort(key)
        at = order[np.searchsorted(key[order], row * self.n_columns + column)]
        must = np.zeros(len(self.people), dtype=bool)
        must[core.rows] = np.isinf(instance.base)
        return Ways(
            row=row,
            column=instance.column,
            away=self.away[at],
            people=self.people,
            base=self.away_from(core.forced),
            must=must,
            n_columns=instance.n_columns,
            p=instance.p,
            standard=self.standard,
        )
