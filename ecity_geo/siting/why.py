"""Why no plan keeps all conditions: which one alone stands in the way, and what would do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Floats
from ecity_geo.siting.program import FAIREST, Model, program


def why_not(model: Model, *, time_limit: float) -> str:
    """Say which condition stands in the way, and the least that would do.

    Parameters
    ----------
    model
        A question without an answer.
    time_limit
        Seconds for all that is tried.

    Returns
    -------
    sentence
        Each condition without which there is a plan; the smallest p, the smallest budget and the
        greatest floor that would do, where it is one of these.
    """
    told = []
    variants = _variants(model)
    each = time_limit / max(2 * len(variants), 1)
    for name, easier in variants.items():
        written = program(easier)
        if not _solved(written, each):
            continue
        told.append(_enough(name, model, easier, written, each))
    if told:
        return f"No plan keeps all conditions together, as is proven: {'; '.join(told)}."
    names = ", ".join(variants) or "these conditions"
    return (
        f"No plan keeps all conditions together: proven, and leaving out one alone ({names}) does "
        "not help. Ease two of them."
    )


def _variants(model: Model) -> dict[str, Model]:
    """Return the question without each of its conditions in turn."""
    found = {}
    if model.p is not None:
        found["p"] = replace(model, p=None)
    if math.isfinite(model.budget):
        found["the budget"] = replace(model, budget=math.inf)
    if model.floor.any():
        found["the floors"] = replace(model, floor=np.zeros_like(model.floor))
    if model.gini < 1:
        found["the Gini coefficient"] = replace(model, gini=1.0)
    if model.single:
        found["the single source"] = replace(model, single=False)
    if np.isfinite(model.sites.capacity).any():
        unlimited = np.full_like(model.sites.capacity, math.inf)
        found["the capacities"] = replace(model, sites=replace(model.sites, capacity=unlimited))
    return found


def _enough(
    name: str, model: Model, easier: Model, written: highs.Program, time_limit: float
) -> str:
    """Say that there is a plan without a condition, and how much of it would do."""
    if name == "the floors":
        return "the floors are in the way" + _floor_that_would_do(model, time_limit)
    if name in ("the Gini coefficient", "the single source"):
        return f"{name} is in the way: there is a plan without it"
    sites = easier.sites
    if name == "p":
        counted = np.where(sites.standing, 0.0, 1.0)
        least = _least(written, counted, time_limit)
        return "p is in the way" + (f": p = {round(least)} would do" if least is not None else "")
    if name == "the budget":
        price = np.where(sites.standing, -sites.price, sites.price)
        price = np.where(sites.standing & ~sites.closable, 0.0, price)
        least = _least(written, price, time_limit)
        given = float(sites.price[sites.closable].sum())
        more = f": {least + given:g} would do" if least is not None else ""
        return f"the budget is in the way{more}"
    return f"{name} are in the way: there is a plan without them"


def _floor_that_would_do(model: Model, time_limit: float) -> str:
    """Say the greatest floor for all groups; nothing where each has its own, or time is over."""
    alone = ": there is a plan without them"
    if model.floor.min() < model.floor.max():
        return alone
    fairest = replace(model, objective=FAIREST, floor=np.zeros_like(model.floor))
    answer = highs.solve(program(fairest), time_limit=time_limit, tolerance=1e-6)
    if answer.x is None or not answer.solved:
        return alone
    would_do = math.floor(answer.x[-1] * 1000 + 1e-6) / 1000
    return f": a floor of {would_do:g} would do"


def _solved(written: highs.Program, time_limit: float) -> bool:
    free = replace(written, cost=np.zeros(len(written.cost)))
    return highs.solve(free, time_limit=time_limit, tolerance=1.0).x is not None


def _least(written: highs.Program, price: Floats, time_limit: float) -> float | None:
    """Return the least sum of prices of a plan, where that is proven in the time."""
    cost = np.zeros(len(written.cost))
    cost[: len(price)] = price
    answer = highs.solve(replace(written, cost=cost), time_limit=time_limit, tolerance=1e-6)
    if answer.x is None or not answer.solved:
        return None
    return float(cost @ np.round(answer.x))
