"""Why no plan keeps all conditions: which one alone stands in the way, and what would do."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from ecity_geo.given import enough
from ecity_geo.siting import highs
from ecity_geo.siting.instance import Floats
from ecity_geo.siting.program import FAIREST, Model
from ecity_geo.siting.rows import program
from ecity_geo.siting.taming import covering, tame

_QUICK = 2_000
"""Pairs up to which the smallest Gini coefficient is looked for."""

_LEAST_SECONDS = 0.05
_OR_LESS = {True: "", False: " (less may do)"}
_NAMES = {
    "p": "p",
    "budget": "budget",
    "gini": "limit of the Gini coefficient",
    "single": "single source",
    "capacity": "capacities",
    "floors": "floors",
}


def why_not(model: Model, names: list[object], *, time_limit: float) -> str:
    """Say that no plan keeps all conditions, and each single change that would give one.

    Parameters
    ----------
    model
        A question without an answer.
    names
        Of the groups.
    time_limit
        Seconds for all that is tried.

    Returns
    -------
    sentence
        The smallest p, the smallest budget and the greatest floor that would do, and each other
        condition without which there is a plan. Where the time does not prove a number the best
        one, it would do all the same, and the sentence says that a smaller change may.
    """
    until = time.monotonic() + time_limit
    variants = _variants(model)
    told = []
    for left, (name, variant) in zip(range(len(variants), 0, -1), variants.items(), strict=True):
        share = max((until - time.monotonic()) / left, _LEAST_SECONDS)
        easier = _small(variant)
        written = program(easier)
        plan = _any_plan(written, share / 2)
        if plan is not None:
            told.append(_enough(name, model, names, easier, written, plan, share / 2))
    if told:
        return f"No plan keeps all conditions together (proven). {_one_of(told)}."
    tried = ", ".join(_NAMES[name] for name in variants) or "these conditions"
    return (
        "No plan keeps all conditions together (proven), and none was found with one of them "
        f"alone left out ({tried}). Ease two of them."
    )


def _one_of(changes: list[str]) -> str:
    if len(changes) == 1:
        return f"This change would do: {changes[0]}"
    return f"One of these changes would do: {', or '.join(changes)}"


def _variants(model: Model) -> dict[str, Model]:
    """Return the question without each of its conditions in turn."""
    found = {}
    if model.p is not None:
        found["p"] = replace(model, p=None)
    if math.isfinite(model.budget):
        found["budget"] = replace(model, budget=math.inf)
    if model.gini < 1:
        found["gini"] = replace(model, gini=1.0)
    if model.single:
        found["single"] = replace(model, single=False)
    if np.isfinite(model.sites.capacity).any():
        unlimited = np.full_like(model.sites.capacity, math.inf)
        found["capacity"] = replace(model, sites=replace(model.sites, capacity=unlimited))
    if model.floor.any():
        # The last one: the greatest floor takes longest, and has what time the others leave.
        found["floors"] = replace(model, floor=np.zeros_like(model.floor))
    return found


def _enough(
    name: str,
    model: Model,
    names: list[object],
    easier: Model,
    written: highs.Program,
    plan: Floats,
    time_limit: float,
) -> str:
    """Say which change of a condition gives a plan; `plan` is one without the condition."""
    if name == "floors":
        return _floor_that_would_do(model, names, time_limit)
    if name == "gini":
        return _gini_that_would_do(model, time_limit)
    sites = easier.sites
    if name == "p":
        least, proven = _least(written, np.where(sites.standing, 0.0, 1.0), plan, time_limit)
        return f"p = {round(least)} instead of {model.p}{_OR_LESS[proven]}"
    if name == "budget":
        price = np.where(sites.standing, -sites.price, sites.price)
        price = np.where(sites.standing & ~sites.closable, 0.0, price)
        least, proven = _least(written, price, plan, time_limit)
        given = float(sites.price[sites.closable].sum())
        would_do = enough(least + given, digits=10)
        return f"a budget of {would_do} instead of {model.budget:.10g}{_OR_LESS[proven]}"
    return f"leaving out the {_NAMES[name]}"


def _floor_that_would_do(model: Model, names: list[object], time_limit: float) -> str:
    """Say the greatest floor for all groups; nothing where each has its own, or none is found."""
    if model.floor.min() < model.floor.max():
        return "lower floors"
    fairest = _small(replace(model, objective=FAIREST, floor=np.zeros_like(model.floor)))
    answer = highs.solve(program(fairest), time_limit=time_limit, tolerance=1e-6)
    would_do = 0.0 if answer.x is None else math.floor(answer.x[-1] * 1000 + 1e-6) / 1000
    if answer.x is None or not would_do:
        return "leaving out the floors"
    more = "" if answer.solved else "; a higher one may do"
    worst = _worst(fairest, names, answer.x)
    return f"a floor of {would_do:g} instead of {model.floor.max():g} ({worst!r} is worst{more})"


def _worst(model: Model, names: list[object], x: Floats) -> object:
    """Return the group of which the least share is served."""
    known = model.group[model.row] >= 0
    served = (x[model.n_sites : model.n_sites + len(model.row)] * model.people[model.row])[known]
    people = np.bincount(model.group[model.row[known]], served, len(names))
    return names[int(np.argmin(people / model.totals))]


def _gini_that_would_do(model: Model, time_limit: float) -> str:
    """Say the smallest limit to a thousandth, by halving what lies between."""
    alone = f"leaving out the {_NAMES['gini']}"
    if len(model.row) >= _QUICK:
        return alone
    ends = time.monotonic() + time_limit
    low, high = math.floor(model.gini * 1000), 1000
    while high - low > 1:
        left = ends - time.monotonic()
        middle = (low + high) // 2
        if left < 0:
            return alone
        easier = _small(replace(model, gini=middle / 1000))
        found = _any_plan(program(easier), left) is not None
        low, high = (low, middle) if found else (middle, high)
    return f"a Gini limit of {high / 1000:g} instead of {model.gini:g}"


def _small(model: Model) -> Model:
    """Return the question with a row per home instead of one per pair, where that is possible."""
    tamed = tame(model)
    reached = np.zeros(len(tamed.people), dtype=bool)
    reached[tamed.row] = True
    # a merged question forgets rows that no site reaches, and these must be served here
    small = None if tamed.served and not reached.all() else covering(tamed)
    return small or tamed


def _any_plan(written: highs.Program, time_limit: float) -> Floats | None:
    free = replace(written, cost=np.zeros(len(written.cost)))
    return highs.solve(free, time_limit=time_limit, tolerance=1.0).x


def _least(
    written: highs.Program, price: Floats, plan: Floats, time_limit: float
) -> tuple[float, bool]:
    """Return the least sum of prices that is found, that of `plan` at most; and if it is proven."""
    cost = np.zeros(len(written.cost))
    cost[: len(price)] = price
    answer = highs.solve(replace(written, cost=cost), time_limit=time_limit, tolerance=1e-6)
    found = plan if answer.x is None else answer.x
    return float(cost @ np.round(found)), answer.solved
