"""Large plans that serve everybody: a bound, a plan of few sites, and a proof by what remains.

Written out in full, such a program has a row for each pair of demand and site, and HiGHS spends
its time on the first relaxation. So (1) a Lagrangian ascent proves a bound and shows the sites
that matter, (2) HiGHS plans with these, (3) sites that the bound excludes are left out, and HiGHS
plans with what remains. For travel, (3) keeps the nearest sites of each row and one imaginary
site that serves it at the cost of the next one: no plan costs less, and a plan that needs no
imaginary site is the best one. Rows that use theirs are given more sites, until none does.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.knapsacks import Knapsacks, Relaxed
from ecity_geo.siting.parts import ROUNDING, Part, Ranked
from ecity_geo.siting.program import PRICE, TRAVEL, Model, costs, site_prices
from ecity_geo.siting.rows import program
from ecity_geo.siting.solving import solve
from ecity_geo.siting.start import greedy_start

LARGE = 2_000
"""From this number of pairs on the detour is the shorter way."""
_ITERATIONS = 800
_NEAREST = 8
"""Sites at which a row may be served in a first plan."""
_WIDTHS = (1.0, 1.5, 2.5, math.inf)
"""Sites of a first plan, as a multiple of those that are open."""
_ENOUGH = 1.5
"""Width up to which each plan is followed by one of more sites."""
_PART = 0.4
"""Of the time that is left, for a first plan."""
_RISE = 0.25
"""Of the time that is left, for an ascent."""
_CHEAP = 0.6
"""Of the time that is left, for plans within budgets."""
_BUDGETS = 10
_FINE = 0.01
"""Budgets are told apart to this share."""
_CLOSED = 1e-9


def serve_all(
    model: Model, *, deadline: float, start: Floats | None = None, bound: float = -math.inf
) -> highs.Answer:
    """Find the best plan that serves everybody, for the least travel or the lowest price.

    Parameters
    ----------
    model
        The question; `served`, objective ``"travel"`` or ``"price"``.
    deadline
        On the monotonic clock, in seconds.
    start, bound
        A plan and a bound that are known.

    Returns
    -------
    answer
        Sites, then pairs; the bound of their cost.
    """
    # everybody is served, so every group is
    model = replace(model, floor=np.zeros_like(model.floor), gini=1.0)
    best = _Best(model)
    if start is not None:
        best.offer(start[: model.spread])
    best.prove(bound)
    best.offer(greedy_start(model, program(model)))
    if model.single:
        _split_first(model, best, deadline)
    relaxation = Knapsacks(model)
    now = time.monotonic()
    prices, share = relaxation.ascend(
        _first_prices(model),
        best.value,
        iterations=_ITERATIONS,
        deadline=now + _RISE * (deadline - now),
    )
    best.prove(prices.bound)
    if model.objective == PRICE:
        _plan_cheaply(model, best, deadline)
    elif not (model.single and best.found):
        best.offer(_plan(model, share, deadline))
    if not best.closed:
        now = time.monotonic()
        prices, _ = relaxation.ascend(
            prices.u,
            best.value,
            iterations=_ITERATIONS,
            deadline=now + _RISE * (deadline - now),
        )
        best.prove(prices.bound)
        _prove(model, best, prices, deadline)
    return highs.Answer(x=best.x, bound=min(best.bound, best.value), solved=best.closed)


def _split_first(model: Model, best: _Best, deadline: float) -> None:
    """Take the sites of the plan that may split rows, which no other plan can beat."""
    now = time.monotonic()
    split = serve_all(replace(model, single=False), deadline=now + _PART * (deadline - now))
    best.prove(split.bound)
    if split.x is not None:
        now = time.monotonic()
        opened = split.x[: model.n_sites] > 0.5
        best.offer(_serve_from(model, opened, now + _PART * (deadline - now)))


def _plan(model: Model, share: Floats, deadline: float) -> Floats | None:
    """Plan with the sites that are open most, and with ever more while that is quick."""
    best = _Best(model)
    for width in _WIDTHS:
        now = time.monotonic()
        if now > deadline or (best.found and width > _ENOUGH):
            break
        best.offer(_plan_with_few(model, share, width, now + _PART * (deadline - now)))
    return best.x


def _plan_cheaply(model: Model, best: _Best, deadline: float) -> None:
    """Travel least within a budget, which is halved between what is proven and what is known.

    Prices alone do not tell HiGHS which of many sites go well together; travel does.
    """
    given = site_prices(model)[1]
    step = 1.0 if best.whole else 0.0
    low, u = best.bound - step, _first_prices(replace(model, objective=TRAVEL))
    ends = time.monotonic() + _CHEAP * (deadline - time.monotonic())
    for _ in range(_BUDGETS):
        now = time.monotonic()
        if best.closed or now > ends:
            return
        high = best.value if best.found else low + step + 0.5 * abs(low)
        budget = math.floor((low + high) / 2) if best.whole else (low + high) / 2
        if budget <= low or (not best.whole and high - low <= _FINE * abs(high)):
            return
        travel = replace(model, objective=TRAVEL, budget=min(model.budget, budget + given))
        prices, share = Knapsacks(travel).ascend(
            u, math.inf, iterations=_ITERATIONS, deadline=now + _RISE * (ends - now)
        )
        x, u = _plan(travel, share, now + _PART * (ends - now)), prices.u
        best.offer(x)
        low = budget if x is None else low


class _Best:
    """The best plan and the best bound so far."""

    def __init__(self, model: Model) -> None:
        self.cost = costs(model)
        self.whole = model.objective == PRICE and not np.mod(model.sites.price, 1.0).any()
        self.x: Floats | None = None
        self.value = math.inf
        self.bound = -math.inf

    @property
    def found(self) -> bool:
        return self.x is not None

    @property
    def closed(self) -> bool:
        # also where there is no plan, and that is proven: both are infinite
        return self.bound >= self.value or self.bound >= self.value - _CLOSED * abs(self.value)

    def offer(self, x: Floats | None) -> None:
        if x is not None and float(self.cost @ x) < self.value:
            self.x, self.value = x, float(self.cost @ x)

    def prove(self, bound: float) -> None:
        if self.whole and math.isfinite(bound):
            bound = math.ceil(bound - ROUNDING)
        self.bound = max(self.bound, bound)


def _first_prices(model: Model) -> Floats:
    """Price each person at what a full site costs, or at the cost of a site about two away."""
    sites, people = model.sites, model.people
    reached = np.bincount(model.column, people[model.row], model.n_sites)
    room = np.minimum(sites.capacity, reached)
    if model.objective == PRICE:
        new = (room > 0) & ~sites.standing
        each = float(np.median(sites.price[new] / room[new])) if new.any() else 0.0
        return np.full(len(people), each)
    n_open = people.sum() / max(float(np.median(room)), 1.0)
    if model.p is not None:
        n_open = model.p + int(sites.standing.sum())
    away = max(int(2 * model.n_sites / max(n_open, 1.0)), 1)
    ranked = Ranked.of(model, np.ones(model.n_sites, dtype=bool))
    near = ranked.pair[ranked.rank < away]
    u = np.zeros(len(people))
    np.maximum.at(u, model.row[near], model.cost[near])
    return u


def _plan_with_few(model: Model, share: Floats, width: float, deadline: float) -> Floats | None:
    """Plan with the sites that the relaxation opens most, each row near some of them."""
    sites = model.sites.standing.copy()
    new = np.flatnonzero(~sites)
    n_open = max(float(share[new].sum()), model.p or 0, 1.0)
    count = math.ceil(min(width * n_open, len(new)))
    sites[new[np.argsort(-share[new], kind="stable")[:count]]] = True
    ranked = Ranked.of(model, sites)
    part = Part.of(model, sites, ranked.pair[ranked.rank < _NEAREST * width])
    answer = solve(replace(part.model, single=False), deadline=deadline)
    if answer.x is None:
        return None
    x = part.lift(answer.x)
    return _serve_from(model, x[: model.n_sites] > 0.5, deadline) if model.single else x


def _prove(model: Model, best: _Best, prices: Relaxed, deadline: float) -> None:
    """Plan with all sites that may be in a better plan, until the bound meets the plan."""
    # a site of the best plan itself must not go by rounding
    sites = prices.bound + prices.regret <= best.value + _CLOSED * abs(best.value)
    ranked = Ranked.of(model, sites)
    many = 2 * _NEAREST if model.objective == TRAVEL else len(model.row)
    count = np.full(len(model.people), many)
    while not best.closed and time.monotonic() < deadline:
        part = _near(model, sites, ranked, count, best)
        start = part.lower(best.x) if best.x is not None else None
        answer = solve(part.model, deadline=deadline, start=start)
        best.prove(answer.bound)
        if answer.x is None:
            break
        beyond = part.beyond(answer.x)
        if not len(beyond):
            best.offer(part.lift(answer.x))
            break
        opened = part.lift(answer.x)[: model.n_sites] > 0.5
        best.offer(_serve_from(model, opened, deadline))
        count[beyond] *= 2
        if not answer.solved:
            break


def _near(model: Model, sites: Flags, ranked: Ranked, count: Integers, best: _Best) -> Part:
    """Keep the nearest sites of each row, those of the best plan, and an imaginary one."""
    row = model.row[ranked.pair]
    inside = ranked.rank < count[row]
    if best.x is not None:
        inside |= best.x[model.n_sites + ranked.pair] > 0
    next_one = np.flatnonzero(ranked.rank == count[row])
    beyond = (row[next_one], model.cost[ranked.pair[next_one]]) if len(next_one) else None
    return Part.of(model, sites, ranked.pair[inside], beyond)


def _serve_from(model: Model, opened: Flags, deadline: float) -> Floats | None:
    """Serve everybody from these sites, as well as can be."""
    if not opened.any():
        return None
    part = Part.of(model, opened, np.flatnonzero(opened[model.column]))
    answer = solve(part.model, deadline=deadline)
    return None if answer.x is None else part.lift(answer.x)
