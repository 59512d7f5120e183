"""As good for less money: what serves nobody more is left out, then the price is minimised."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from ecity_geo.siting.assigning import assign, may_open, variables, worth
from ecity_geo.siting.deciding import CLOSED, Decision
from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model, site_prices
from ecity_geo.siting.serving import LARGE
from ecity_geo.siting.solving import solve
from ecity_geo.siting.taming import covering, price_of


def cheapest(best: Decision, deadline: float) -> None:
    """Make a plan cheaper that is as good, where the number of sites is free.

    Parameters
    ----------
    best
        The plan; where it is proven, the result is the cheapest of all plans that are as good, as
        far as the time goes.
    deadline
        On the monotonic clock, in seconds.
    """
    model = best.model
    if model.p is not None or best.opened is None:
        return
    _drop(best, deadline)
    if not best.closed or model.objective == PRICE:
        return
    question = _priced(best)
    if question is None:
        return
    start = _start(question, best.opened)
    answer = solve(question, deadline=deadline, start=start)
    if answer.x is not None:
        _take(best, answer.x[: model.n_sites] > 0.5, deadline)
        _drop(best, deadline)


def _take(best: Decision, opened: Flags, deadline: float) -> bool:
    """Take a plan that is as good and no dearer."""
    model = best.model
    if best.opened is None or not may_open(model, opened):
        return False
    share = assign(model, opened, deadline)
    if share is None:
        return False
    value = worth(model, opened, share)
    cheap = price_of(model, opened) <= price_of(model, best.opened)
    if not cheap or value > best.value + CLOSED * abs(best.value):
        return False
    best.opened, best.share = opened, share
    best.value = min(best.value, value) if best.closed else value
    return True


def _drop(best: Decision, deadline: float) -> None:
    """Close what serves nobody more, the dearest first; what saves nothing stays."""
    model = best.model
    if best.opened is None:
        return
    price, _ = site_prices(model)
    may = best.opened & (~model.sites.standing | (model.sites.closable & (price > 0)))
    columns = np.flatnonzero(may)
    needed = _Needed(model)
    for column in columns[np.lexsort((-columns, -price[columns]))]:
        if time.monotonic() > deadline:
            return
        if needed.by_nearest(best.opened, int(column)):
            continue
        rest = best.opened.copy()
        rest[column] = False
        _take(best, rest, deadline)


class _Needed:
    """Tell cheaply which sites cannot be left out."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.free = not np.isfinite(model.sites.capacity[model.column]).any()
        self.row_order = np.lexsort((model.column, model.cost, model.row))

    def by_nearest(self, opened: Flags, column: int) -> bool:
        """Tell whether somebody would be served worse without a site, where nothing is full."""
        model = self.model
        if not self.free or model.objective in (PRICE, FAIREST):
            return False
        kept = self.row_order[opened[model.column[self.row_order]]]
        row, site, cost = model.row[kept], model.column[kept], model.cost[kept]
        first = np.append(True, row[1:] != row[:-1]) if len(row) else np.empty(0, dtype=bool)
        alone = np.append(first[1:], True)
        mine = first & (site == column)
        if model.objective == COVERAGE:
            return bool((mine & alone).any())
        # the row's second site comes right after its first
        second = np.append(cost[1:], np.inf)
        return bool((mine & (alone | (second > cost))).any())


def _priced(best: Decision) -> Model | None:
    """Ask for the lowest price at the same objective; None where that is too large to ask."""
    model = best.model
    covers = covering(model)
    asked = covers or model
    if covers is None and model.objective == TRAVEL and _all_at_their_nearest(best):
        near = np.full(len(model.people), np.inf)
        np.minimum.at(near, model.row, model.cost)
        pair = np.flatnonzero(model.cost <= near[model.row])
        row, column, cost = model.row[pair], model.column[pair], model.cost[pair]
        few = replace(model, row=row, column=column, cost=cost, objective=PRICE)
        return covering(few)
    if covers is None and len(model.row) >= LARGE:
        return None
    if model.objective == FAIREST:
        floor = np.minimum(np.maximum(model.floor, -best.value), 1.0)
        return replace(asked, objective=PRICE, floor=floor)
    return replace(asked, objective=PRICE, aim=model.objective, worth=best.value)


def _all_at_their_nearest(best: Decision) -> bool:
    """Tell whether everybody goes to the nearest of all sites, with room for all."""
    model = best.model
    if np.isfinite(model.sites.capacity[model.column]).any():
        return False
    near = np.full(len(model.people), np.inf)
    np.minimum.at(near, model.row, model.cost)
    return best.value <= float(near @ model.people) * (1 + 1e-12)


def _start(question: Model, opened: Flags) -> Floats | None:
    if question.covers is None:
        return None
    met = (question.covers @ opened.astype(float)) > 0
    return variables(question, opened, met.astype(float))
