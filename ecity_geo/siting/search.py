"""From an instance to a plan with its proof.

Greedy and interchange give a plan, the Lagrangian a bound; together they decide most columns.
What is left is shaken, or annealed and merged, for a better plan and then closed: by branch and
bound where costs differ, by HiGHS where rows are only covered or not (its cuts are worth more
there) or little is left.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.anneal import EARLY, LATE, anneal, can_anneal
from ecity_geo.siting.branch import Node, branch
from ecity_geo.siting.chains import Chains, chains, program, solution
from ecity_geo.siting.exchange import greedy, prefer_earlier, two_nearest
from ecity_geo.siting.incumbent import Incumbent
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers
from ecity_geo.siting.lagrange import Relaxation
from ecity_geo.siting.reduce import tighten, whole_core
from ecity_geo.siting.watching import SILENT, Teller

ROUNDS = 8
SHRINKAGE = 0.9
"""Rounds go on while a round leaves less than this share of the pairs."""
COVER_STEPS = 300
"""Of an ascent where few rows are left that are only covered or not: HiGHS closes them sooner."""
ASCENT_WORK = 60_000_000
"""Pairs that the ascent of a round may go through, between 200 and 1500 steps."""
PATIENCE = 40
RESTARTS = 6
SMALL_PAIRS = 1_000
LARGE_PAIRS = 20_000
"""A core under the first size goes to HiGHS; one above the second is too large for it."""
PRICED_PAIRS = 1_000_000
"""A covering core between the last two sizes is annealed, and priced by its linear relaxation."""
SMALL_GAP = 0.003
"""Of a covering plan, as a part of the people covered."""
NODES = 500
OBJECTIVE_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6, so the objective is brought to this size."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """Best columns, their cost, and a proven bound.

    Parameters
    ----------
    chosen
        Columns, sorted.
    cost
        Their cost.
    bound
        No choice costs less; equal to `cost` when that is proven within the closed gap.
    ties
        Exchanges of one column that would leave the cost as it is.
    """

    chosen: Integers
    cost: float
    bound: float
    ties: int


class Search:
    """One search: the best plan so far, and what is left to decide.

    Parameters
    ----------
    instance
        The problem.
    start
        Columns to begin from; every row that must be reached is.
    time_limit
        Seconds.
    tell
        Told of better plans and bounds.
    """

    def __init__(
        self, instance: Instance, start: Integers, *, time_limit: float, tell: Teller = SILENT
    ) -> None:
        deadline = time.monotonic() + time_limit
        self.tolerance = instance.tolerance
        self.best = Incumbent(instance, start, deadline=deadline, tell=tell)
        self.core = whole_core(instance)
        _, first, second = two_nearest(instance, self.best.chosen)
        self.u: Floats = (first + second) / 2
        # whatever is chosen, no row pays less than its cheapest pair
        self.bound = instance.offset + float(Relaxation(instance).lowest.sum())
        tell(bound=self.bound)

    def run(self) -> None:
        """Search until the plan is proven or the time is over."""
        self._rounds()
        if not (self.over or self.nearly):
            before = self.best.cost
            if not (self.wide and anneal(self.best, self.core.columns, effort=EARLY)):
                self.best.shake(self.core.columns)
            if self.best.cost < before:
                self._rounds()
        if self.wide and not self.over:
            self._price()
        if self.wide and not (self.over or self.nearly):
            before = self.best.cost
            anneal(self.best, self.core.columns, effort=LATE)
            if self.best.cost < before:
                self._price()
        if not self.over:
            self._close()

    @property
    def closed(self) -> bool:
        """Whether no better plan exists."""
        return self.bound >= self.best.cost - self.tolerance

    @property
    def nearly(self) -> bool:
        """Whether rows are only covered or not, and HiGHS closes the gap sooner than luck does."""
        gap = (self.best.cost - self.bound) / self.best.instance.scale
        return gap <= SMALL_GAP and not self.best.instance.cost.any()

    @property
    def wide(self) -> bool:
        """Whether rows are only covered or not, and much is left of them."""
        left = len(self.core.instance.row)
        return LARGE_PAIRS < left <= PRICED_PAIRS and can_anneal(self.best.instance)

    @property
    def over(self) -> bool:
        """Whether the search has ended."""
        return self.closed or self.best.late

    def _rounds(self) -> None:
        """Bound and reduce for as long as that decides something."""
        for _ in range(ROUNDS):
            pairs = len(self.core.instance.row)
            self._round()
            if self.over or len(self.core.instance.row) > SHRINKAGE * pairs:
                return

    def _round(self) -> None:
        """Raise the bound, look for better plans among those seen, decide what is proven."""
        core = self.core
        if self._settle():
            return
        steps = int(np.clip(ASCENT_WORK // (1 + len(core.instance.row)), 200, 1500))
        part = 15
        if not (core.instance.cost.any() or self.wide):
            steps, part = min(steps, COVER_STEPS), 25
        ascent = Relaxation(core.instance).ascend(
            self.u,
            self.best.cost,
            iterations=steps,
            patience=min(PATIENCE, steps // part),
            deadline=self.best.deadline,
            tell=self.best.tell,
        )
        self._raise(ascent.best.bound)
        for chosen in ascent.seen[: -RESTARTS - 1 : -1]:
            self.best.improve(core.whole(chosen))
        if not self.over:
            self.core = tighten(core, ascent.best, self.best.cost)
            self.u = ascent.best.u[np.isin(core.rows, self.core.rows)]

    def _price(self) -> None:
        """Take the prices of the linear relaxation, whose bound the ascent only comes near."""
        if self._settle():
            return
        core, instance = self.core, self.core.instance
        rows = Chains(
            parent=np.full(instance.n_rows, -1),
            member_set=instance.row,
            member=instance.column,
            step=instance.base,
            floor=instance.offset,
        )
        factor = OBJECTIVE_SIZE / instance.scale
        left = self.best.deadline - time.monotonic()
        prices = highs.relaxed_prices(program(rows, instance, factor=factor), time_limit=left)
        if prices is None:
            return
        found = Relaxation(instance).evaluate(prices[: instance.n_rows] / factor)
        if found.bound > self.bound:
            self._raise(found.bound)
            self.core = tighten(core, found, self.best.cost)
            self.u = found.u[np.isin(core.rows, self.core.rows)]

    def _settle(self) -> bool:
        """End the search if nothing is left to decide."""
        if self.core.hopeless:
            self._raise(np.inf)
        elif self.core.solved:
            self.best.improve(self.core.last_choice())
            self._raise(np.inf)
        return self.closed

    def _raise(self, bound: float) -> None:
        """Take a bound of the core: outside of it no plan is better than the best one."""
        self.bound = max(self.bound, min(bound, self.best.cost - self.tolerance))
        self.best.tell(bound=self.bound)

    def _close(self) -> None:
        """Solve what is left exactly, as far as the time allows."""
        if self._settle():
            return
        pairs = len(self.core.instance.row)
        covering = not self.core.instance.cost.any()
        if not covering and pairs > SMALL_PAIRS:
            root = Node(bound=self.bound, core=self.core, u=self.u)
            self._raise(branch(root, self.best, nodes=None if pairs > LARGE_PAIRS else NODES))
        if not self.over:
            self._solve_program()

    def _solve_program(self) -> None:
        """Let HiGHS solve the core, from the best plan if that lies in it."""
        core, instance = self.core, self.core.instance
        pairs = len(instance.row)
        factor = OBJECTIVE_SIZE / instance.scale
        sets = chains(instance)
        inside = np.flatnonzero(np.isin(core.columns, self.best.chosen))
        whole = np.array_equal(core.whole(inside), self.best.chosen)
        answer = highs.solve(
            program(sets, instance, factor=factor),
            time_limit=self.best.deadline - time.monotonic(),
            tolerance=factor * self.tolerance,
            start=solution(sets, instance, inside) if whole else None,
            interior=SMALL_PAIRS < pairs <= PRICED_PAIRS,
            presolve=not self.wide,
            report=self.best.tell.reporter(scale=1 / factor, shift=sets.floor),
        )
        if answer.x is not None:
            self.best.improve(core.whole(np.flatnonzero(answer.x[: instance.n_columns] > 0.5)))
        self._raise(sets.floor + answer.bound / factor)


def search(
    instance: Instance,
    *,
    use: Flags,
    time_limit: float,
    start: Integers | None = None,
    tell: Teller = SILENT,
) -> Outcome:
    """Find the best columns and prove how good they are.

    Parameters
    ----------
    instance
        The problem.
    use
        Columns among which an optimum lies; others only fill up to ``p``.
    time_limit
        Seconds.
    start
        Columns to begin from, by which every row that must be reached is; greedy by default.
    tell
        Told of better plans and bounds.
    """
    columns = np.flatnonzero(use)
    chosen, bound = columns, np.inf
    if len(columns) > instance.p:
        inner = instance.restrict(columns, p=instance.p)
        known = np.empty(0, dtype=np.int64) if start is None else start[use[start]]
        begin = greedy(inner, np.searchsorted(columns, known))
        found = Search(inner, begin, time_limit=time_limit, tell=tell)
        found.run()
        chosen = columns[found.best.chosen]
        bound = np.inf if found.closed else found.bound
    rest = np.setdiff1d(np.arange(instance.n_columns), chosen)
    chosen = np.concatenate([chosen, rest[: instance.p - len(chosen)]])
    chosen, ties = prefer_earlier(instance, chosen)
    cost = instance.objective(chosen)
    return Outcome(chosen=chosen, cost=cost, bound=min(bound, cost), ties=ties)
