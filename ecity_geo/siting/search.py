"""From an instance to a plan with its proof: heuristics, bounds, reductions, then HiGHS."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.chains import chains, program, solution
from ecity_geo.siting.exchange import greedy, interchange, prefer_earlier, two_nearest
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers
from ecity_geo.siting.lagrange import Relaxation
from ecity_geo.siting.reduce import Core, tighten, whole_core

ROUNDS = 8
ITERATIONS = 200
SHRINKAGE = 0.9
"""Rounds go on while a round leaves less than this share of the pairs."""
RESTARTS = 6
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
    ties: int = 0


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
    """

    def __init__(self, instance: Instance, start: Integers, *, time_limit: float) -> None:
        self.deadline = time.monotonic() + time_limit
        self.instance = instance
        self.chosen, self.cost = interchange(instance, start, deadline=self.deadline)
        self.core = whole_core(instance)
        self.bound = -np.inf
        self.tried: set[bytes] = set()

    def run(self) -> Outcome:
        """Search until the plan is proven or the time is over."""
        u = self._first_prices()
        for _ in range(ROUNDS):
            pairs = len(self.core.instance.row)
            u = self._round(u)
            if self._closed or self.core.solved or self._late:
                break
            if len(self.core.instance.row) > SHRINKAGE * pairs:
                break
        if not self._closed:
            self._finish()
        bound = self.cost if self._closed else self.bound
        return Outcome(chosen=self.chosen, cost=self.cost, bound=bound)

    @property
    def _closed(self) -> bool:
        return self.bound > self.cost - 1.001 * self.instance.tolerance

    @property
    def _late(self) -> bool:
        return time.monotonic() > self.deadline

    def _first_prices(self) -> Floats:
        """Prices half-way between the costs of the nearest and the second site of the plan."""
        _, first, second = two_nearest(self.instance, self.chosen)
        return np.asarray((first + second) / 2)

    def _round(self, u: Floats) -> Floats:
        """Raise the bound, look for better plans among those seen, decide what is proven."""
        relaxation = Relaxation(self.core.instance)
        prices, seen = relaxation.ascend(
            u, self.cost, iterations=ITERATIONS, deadline=self.deadline
        )
        self._raise(prices.bound)
        for chosen in seen[: -RESTARTS - 1 : -1]:
            self._improve(self.core.whole(chosen))
        if self._closed:
            return u
        core = tighten(self.core, prices, self.cost)
        kept = np.isin(self.core.rows, core.rows)
        self.core = core
        return prices.u[kept]

    def _raise(self, bound: float) -> None:
        """Take a bound of the core: outside of it no plan is better than the best one."""
        self.bound = max(self.bound, min(bound, self.cost - self.instance.tolerance))

    def _improve(self, chosen: Integers) -> None:
        """Begin an interchange from these columns unless that was done already."""
        key = chosen.tobytes()
        if key in self.tried or len(chosen) != self.instance.p or self._late:
            return
        self.tried.add(key)
        found, cost = interchange(self.instance, chosen, deadline=self.deadline)
        if cost < self.cost:
            self.chosen, self.cost = found, cost

    def _finish(self) -> None:
        """Solve what is left exactly, as far as the time allows."""
        core = self.core
        if core.hopeless:
            self._raise(np.inf)
        elif core.solved:
            self._improve(core.whole(np.arange(core.instance.n_columns)))
            self._raise(np.inf)
        elif not self._late:
            self._solve_exactly(core)

    def _solve_exactly(self, core: Core) -> None:
        instance = core.instance
        factor = OBJECTIVE_SIZE / instance.scale
        sets = chains(instance)
        in_core = np.flatnonzero(np.isin(core.columns, self.chosen))
        whole = np.array_equal(core.whole(in_core), self.chosen)
        start = solution(sets, instance, in_core) if whole else None
        answer = highs.solve(
            program(sets, instance, factor=factor),
            time_limit=self.deadline - time.monotonic(),
            tolerance=factor * instance.tolerance,
            start=start,
        )
        if answer.x is not None:
            self._improve(core.whole(np.flatnonzero(answer.x[: instance.n_columns] > 0.5)))
        self._raise(sets.floor + answer.bound / factor)


def search(
    instance: Instance, *, use: Flags, time_limit: float, start: Integers | None = None
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
    """
    columns = np.flatnonzero(use)
    if len(columns) <= instance.p:
        chosen, bound = columns, -np.inf
    else:
        inner = instance.restrict(columns, p=instance.p)
        known = np.empty(0, dtype=np.int64) if start is None else start[use[start]]
        begin = greedy(inner, np.searchsorted(columns, known))
        found = Search(inner, begin, time_limit=time_limit).run()
        chosen, bound = columns[found.chosen], found.bound
    rest = np.setdiff1d(np.arange(instance.n_columns), chosen)
    chosen = np.concatenate([chosen, rest[: instance.p - len(chosen)]])
    chosen, ties = prefer_earlier(instance, chosen)
    cost = instance.objective(chosen)
    return Outcome(
        chosen=chosen,
        cost=cost,
        bound=cost if len(columns) <= instance.p else min(bound, cost),
        ties=ties,
    )
