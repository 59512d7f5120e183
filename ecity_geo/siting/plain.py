"""A question without its conditions: its best plan to begin from, and a bound for all others.

Capacities, floors, shared places and limits of inequality only take plans away, so that no plan
under them is better than the best one without. A budget counts as the number of sites that it
pays at most.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ecity_geo.siting.covering import covering_instance, undominated
from ecity_geo.siting.exchange import greedy, interchange
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers, build
from ecity_geo.siting.program import TRAVEL, Model, site_prices
from ecity_geo.siting.search import Outcome, search


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plain:
    """Answer to a question without its conditions.

    Parameters
    ----------
    opened
        Sites; None where none were found.
    bound
        No plan costs less, in the cost of the program; infinite where there is none.
    """

    opened: Flags | None
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """Sites that stay, those to choose from, and how many of them at most."""

    kept: Flags
    free: Integers
    number: int

    @staticmethod
    def of(model: Model) -> _Choice:
        sites = model.sites
        new = ~sites.standing
        if sites.shut is not None:
            new &= ~sites.shut
        if model.p is not None:
            return _Choice(kept=sites.standing, free=np.flatnonzero(new), number=model.p)
        price, given = site_prices(model)
        # a site whose closing saves nothing is worth keeping
        saves = sites.closable & (price > 0)
        free = np.flatnonzero(new | saves)
        paid = np.cumsum(np.sort(price[free]))
        room = model.budget - given + float(np.maximum(-price[sites.closable], 0.0).sum())
        room += 1e-9 * (abs(room) + float(np.abs(price[free]).sum()))
        number = int(np.searchsorted(paid, room, side="right"))
        return _Choice(kept=sites.standing & ~saves, free=free, number=number)


def plain_plan(model: Model, deadline: float) -> Plain:
    """Cover most, or travel least, without the conditions.

    Parameters
    ----------
    model
        The question; for other objectives than ``"travel"`` the most people are covered.
    deadline
        On the monotonic clock, in seconds.
    """
    choice = _Choice.of(model)
    pose = _travel if model.objective == TRAVEL else _covering
    instance, paid = pose(model, choice)
    if not instance.p:  # no site is free to come: what is kept is the only plan
        return Plain(opened=choice.kept.copy(), bound=float(instance.base.sum()) + paid)
    left = max(deadline - time.monotonic(), 0.01)
    if model.objective == TRAVEL:
        outcome = _search_travel(instance, left)
    else:
        outcome = search(instance, use=undominated(instance), time_limit=left)
    if np.isinf(outcome.cost):
        return Plain(opened=None, bound=np.inf if outcome.bound == np.inf else -np.inf)
    opened = choice.kept.copy()
    opened[choice.free[outcome.chosen]] = True
    return Plain(opened=opened, bound=outcome.bound + paid)


def _covering(model: Model, choice: _Choice) -> tuple[Instance, float]:
    """Pose who is covered by the free sites only, and what the cost of all others is."""
    done = np.zeros(len(model.people), dtype=bool)
    place = _places(model, choice)
    if model.covers is not None:
        pairs = model.covers.tocoo()
        row, column = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    else:
        row, column = model.row, model.column
    done[row[choice.kept[column]]] = True
    pair = (place[column] >= 0) & ~done[row]
    instance = covering_instance(
        row[pair],
        place[column[pair]],
        model.people,
        n_columns=len(choice.free),
        p=min(choice.number, len(choice.free)),
        scale=1.0,
    )
    uncovered = float(instance.base.sum())
    already = float(model.people[done].sum())
    saved = uncovered - instance.objective(greedy(instance))
    return replace(instance, scale=already + saved or 1.0), -already - uncovered


def _travel(model: Model, choice: _Choice) -> tuple[Instance, float]:
    """Pose the way of all, with the sites that stay as the base."""
    kept = choice.kept[model.column]
    base = np.full(len(model.people), np.inf)
    np.minimum.at(base, model.row[kept], model.cost[kept])
    place = _places(model, choice)
    pair = place[model.column] >= 0
    instance = build(
        model.row[pair],
        place[model.column[pair]],
        (model.people[model.row] * model.cost)[pair],
        model.people * base,
        n_columns=len(choice.free),
        p=min(choice.number, len(choice.free)),
        scale=1.0,
    )
    return instance, 0.0


def _places(model: Model, choice: _Choice) -> Integers:
    place = np.full(model.n_sites, -1)
    place[choice.free] = np.arange(len(choice.free))
    return place


def _search_travel(instance: Instance, seconds: float) -> Outcome:
    """Search from a plan that reaches everybody; its cost is infinite where there is none."""
    ends = time.monotonic() + seconds
    start, cost = interchange(instance, greedy(instance), deadline=ends)
    if np.isinf(cost):
        stranded = np.isinf(instance.base)
        pair = stranded[instance.row]
        weight: Floats = stranded.astype(float)
        never = stranded.copy()
        never[instance.row] = False
        cover = covering_instance(
            instance.row[pair],
            instance.column[pair],
            weight,
            n_columns=instance.n_columns,
            p=instance.p,
            scale=1.0,
        )
        reached = search(cover, use=undominated(cover), time_limit=seconds)
        if never.any() or reached.cost > 0:
            proven = never.any() or reached.bound > 0
            bound = np.inf if proven else 0.0
            return Outcome(chosen=reached.chosen, cost=np.inf, bound=bound, ties=0)
        start, cost = interchange(instance, reached.chosen, deadline=ends)
    instance = replace(instance, scale=cost or 1.0)
    useful = np.bincount(instance.column, minlength=instance.n_columns) > 0
    left = max(ends - time.monotonic(), 0.01)
    return search(instance, use=useful, time_limit=left, start=start)
