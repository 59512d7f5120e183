"""The best plan under conditions: from the plain plan, over exchanges, to a proof.

Only plans that keep all conditions, as recounted here, are ever taken; a solver's word is not.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.assigning import assign, may_open, variables, worth
from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.plain import plain_plan
from ecity_geo.siting.plan_swaps import Swaps
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model
from ecity_geo.siting.relief import Relief
from ecity_geo.siting.serving import LARGE, serve_all
from ecity_geo.siting.solving import solve
from ecity_geo.siting.taming import covering, levels

CLOSED = 1e-9
_CLOSE = 1e-7
"""Relative difference within which a plan that a solver calls proven meets its bound."""
_EXACT = 1e-10
_SERVING = 2.0
"""Seconds at least in which a plan is valued."""
_FIRST = 0.25
"""Of the time, for the plain question where conditions may change its answer."""
_SECOND = 0.5
"""Of the time that is left, for exchanges."""


class Decision:
    """The best plan so far, and what is proven.

    Parameters
    ----------
    model
        The question, tamed.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.opened: Flags | None = None
        self.share: Floats = np.zeros(len(model.row))
        self.value = math.inf
        self.bound = -math.inf

    @property
    def closed(self) -> bool:
        """Whether no better plan exists, or none at all."""
        # also where there is no plan, and that is proven: both are infinite
        return self.bound >= self.value or self.bound >= self.value - CLOSED * abs(self.value)

    def offer(self, opened: Flags | None, deadline: float) -> float:
        """Take a plan that keeps all conditions and is better; return its cost."""
        if opened is None or not may_open(self.model, opened):
            return math.inf
        # a plan that is known is worth the moment it takes to say who goes where
        share = assign(self.model, opened, max(deadline, time.monotonic() + _SERVING))
        if share is None:
            return math.inf
        value = worth(self.model, opened, share)
        if self.opened is None or value < self.value - 1e-13 * abs(self.value):
            self.opened, self.share, self.value = opened.copy(), share, value
        return value

    def prove(self, bound: float, *, solved: bool = False) -> None:
        """Take a bound; that of a solver that has ended is that of its plan."""
        near = abs(bound - self.value) <= _CLOSE * abs(self.value) + _EXACT
        if solved and math.isfinite(self.value) and near:
            bound = self.value
        self.bound = max(self.bound, min(bound, self.value))

    def answered(self, answer: highs.Answer, deadline: float) -> None:
        """Take the answer of a solver."""
        if answer.x is not None:
            self.offer(answer.x[: self.model.n_sites] > 0.5, deadline)
        self.prove(answer.bound, solved=answer.solved)


def decide(model: Model, deadline: float) -> Decision:
    """Find the best plan in the time, and a bound.

    Parameters
    ----------
    model
        The question, tamed.
    deadline
        On the monotonic clock, in seconds.

    Returns
    -------
    decision
        Without sites where none were found; its bound is infinite where there are none.
    """
    best = Decision(model)
    covers = covering(model)
    if covers is not None and model.served and len(covers.people) < _reached(model):
        best.bound = math.inf
        return best
    begun = len(model.row) >= LARGE and model.objective != PRICE
    if begun and _begin(best, covers, deadline):
        return best
    _close(best, covers, deadline)
    return best


def _reached(model: Model) -> int:
    """Return 1 where a row has no site at all, so that no plan serves everybody."""
    reached = np.zeros(len(model.people), dtype=bool)
    reached[model.row] = True
    return 0 if reached.all() else len(model.people) + 1


def _begin(best: Decision, covers: Model | None, deadline: float) -> bool:
    """Begin from the plain plan and exchange sites; tell whether that is all there is to do."""
    model = best.model
    now = time.monotonic()
    bare = _is_bare(model, covers)
    plain = plain_plan(covers or model, deadline if bare else now + _FIRST * (deadline - now))
    counts = model.objective in (COVERAGE, TRAVEL)
    if plain.opened is None:
        best.prove(plain.bound)
        return best.closed
    cost = best.offer(plain.opened, deadline)
    if counts:
        best.prove(plain.bound)
        whole = _plain_cost(model, plain.opened)
        if cost <= whole + CLOSED * abs(whole):
            if not (bare or best.closed):
                # no condition binds: what time is left is best spent without them
                longer = plain_plan(covers or model, deadline)
                best.offer(longer.opened, deadline)
                best.prove(longer.bound)
            return True
    _exchange(best, covers, plain.opened, deadline)
    return best.closed


def _is_bare(model: Model, covers: Model | None) -> bool:
    """Tell whether nothing but a number of sites is asked."""
    limited = np.isfinite(model.sites.capacity[model.column]).any()
    simple = model.objective == COVERAGE or (model.objective == TRAVEL and not limited)
    apart = np.bincount(model.sites.place).max(initial=0) <= 1
    fair = not model.floor.any() and not model.differences
    free = model.p is not None and math.isinf(model.budget)
    return bool(simple and apart and fair and free and (covers is not None or not limited))


def _plain_cost(model: Model, opened: Flags) -> float:
    """Return the cost of a plan without capacities."""
    free = replace(model.sites, capacity=np.full(model.n_sites, math.inf))
    plain = replace(model, sites=free, floor=np.zeros_like(model.floor), gini=1.0, served=False)
    share = assign(plain, opened, math.inf)
    return math.inf if share is None else worth(plain, opened, share)


def _exchange(best: Decision, covers: Model | None, start: Flags, deadline: float) -> None:
    """Exchange sites of the plain plan, first as if there were room for all."""
    model = best.model
    now = time.monotonic()
    ends = now + _SECOND * (deadline - now)
    opened = start
    if model.objective != TRAVEL:
        unlimited = replace(model.sites, capacity=np.full(model.n_sites, math.inf))
        free = covers or covering(replace(model, sites=unlimited))
        if free is not None and free.covers is not None:
            swaps = Swaps(free, free.covers)
            by = swaps.fairer if model.objective == FAIREST else swaps.improve
            opened = by(start, ends)
            best.offer(opened, deadline)
    plain = not model.floor.any() and not model.differences
    if covers is None and plain and model.objective in (COVERAGE, TRAVEL):
        best.offer(Relief(model).improve(opened, ends), deadline)


def _close(best: Decision, covers: Model | None, deadline: float) -> None:
    """Prove the plan, or find a better one, with a solver."""
    model = best.model
    if covers is not None:
        if best.opened is None and covers.covers is not None:
            first = Swaps(covers, covers.covers)
            kept = model.sites.standing.copy()
            best.offer(
                first.cover(kept) if model.served else first.improve(kept, deadline), deadline
            )
        start = None
        if best.opened is not None and covers.covers is not None:
            met = (covers.covers @ best.opened.astype(float)) > 0
            start = variables(covers, best.opened, met.astype(float))
        for level in levels(covers):
            best.answered(solve(level, deadline=deadline, start=start), deadline)
            if best.closed:
                return
        return
    for level in levels(model):
        x = None if best.opened is None else variables(model, best.opened, best.share)
        if model.served and len(model.row) >= LARGE:
            answer = serve_all(level, deadline=deadline, start=x, bound=best.bound)
        else:
            answer = solve(level, deadline=deadline, start=x)
        best.answered(answer, deadline)
        if best.closed:
            return


def most_of_fairest(best: Decision, deadline: float) -> Decision:
    """Serve most people among the fairest plans, as far as the time goes."""
    model = best.model
    if model.objective != FAIREST or best.opened is None:
        return best
    floor = np.maximum(model.floor, -best.value)
    most = Decision(replace(model, objective=COVERAGE, floor=np.minimum(floor, 1.0)))
    most.offer(best.opened, deadline)
    if best.closed:
        _close(most, covering(most.model), deadline)
    return most
