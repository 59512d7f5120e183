"""What no plan can use is left out, so that numbers of very different size never meet.

Planners mark what they do not want by a price or a distance of 1e9, and HiGHS keeps its rows to an
absolute 1e-6: beside such a number nothing else would bind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.instance import Flags, Floats, set_keys
from ecity_geo.siting.program import PRICE, TRAVEL, Model

_LEVEL = 1e4
"""Numbers that exceed those that every plan needs by more are first taken as this many times."""
_ROUNDING = 1e-9


def tame(model: Model) -> Model:
    """Shut sites that are too dear, and bring capacities and people to what can matter.

    Parameters
    ----------
    model
        The question.

    Returns
    -------
    tamed
        A question with the same plans. A row has the people who can be served at most, so that
        `people` may be less than all; a capacity that cannot bind is infinite, unless a limit of
        inequality tells sites with a capacity from those without.
    """
    model = _affordable(model)
    sites = model.sites
    use = sites.capacity[model.column] > 0
    if sites.shut is not None:
        use &= ~sites.shut[model.column]
    if model.single:
        room = sites.capacity * (1 + _ROUNDING)
        use &= model.people[model.row] <= room[model.column]
    model = replace(model, row=model.row[use], column=model.column[use], cost=model.cost[use])
    return _roomy(model) if np.isfinite(sites.capacity).any() else model


def _affordable(model: Model) -> Model:
    """Shut new sites that all savings cannot pay, and keep standing ones too dear to close."""
    if math.isinf(model.budget):
        return model
    sites = model.sites
    saved = float(np.maximum(-sites.price[sites.closable], 0.0).sum())
    dear = sites.price > slack_of(model.budget, saved)
    shut, closable = dear & ~sites.standing, sites.closable & ~dear
    # a price that nobody pays must not set the scale of those that are paid
    price = np.where(dear, 0.0, sites.price)
    return replace(model, sites=replace(sites, shut=shut, closable=closable, price=price))


def slack_of(budget: float, saved: float) -> float:
    """Return the greatest price that counts as within a budget and savings: sums round."""
    return budget + saved + 1e-12 * (abs(budget) + saved)


def _roomy(model: Model) -> Model:
    """Count no more people than sites have room for, and no more room than people."""
    sites, people = model.sites, model.people
    if not (model.served or model.single):
        room = np.bincount(model.row, sites.capacity[model.column], len(people))
        people = np.where(room > 0, np.minimum(people, room), people)
    reached = np.bincount(model.column, people[model.row], model.n_sites)
    capacity = np.minimum(sites.capacity, reached)
    capacity = np.where(np.isinf(sites.capacity), math.inf, capacity)
    if not model.differences:
        capacity = np.where(sites.capacity >= reached * (1 + _ROUNDING), math.inf, capacity)
    return replace(
        model,
        people=people.astype(float, copy=False),
        all_people=model.totals,
        sites=replace(sites, capacity=capacity),
    )


def levels(model: Model) -> Iterator[Model]:
    """Take costs that no good plan pays as less than they are, and then ever less so.

    A plan that uses none of them is the best one at their full size as well, and the bound holds
    in any case.

    Parameters
    ----------
    model
        The question; for ``"travel"`` pairs are capped, for ``"price"`` prices.

    Yields
    ------
    capped
        The question itself at the last.
    """
    sites = model.sites
    values = model.cost if model.objective == TRAVEL else sites.price
    if model.objective not in (TRAVEL, PRICE) or not len(model.row) or not len(values):
        yield model
        return
    level = _LEVEL * _needed(model)
    while values.max() > level > 0:
        capped = np.minimum(values, level)
        if model.objective == TRAVEL:
            yield replace(model, cost=capped)
        else:
            yield replace(model, sites=replace(sites, price=capped))
        level *= _LEVEL
    yield model


def _needed(model: Model) -> float:
    """Return the largest cost that every plan pays somewhere; else the smallest there is."""
    price = np.where(model.sites.standing, 0.0, model.sites.price)
    row, column = model.row, model.column
    if model.covers is not None:
        pairs = model.covers.tocoo()
        row, column = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    values = model.cost if model.objective == TRAVEL else price[column]
    least = np.full(len(model.people), math.inf)
    np.minimum.at(least, row, values)
    most = float(least[np.isfinite(least)].max(initial=0.0))
    return most if most > 0 else float(values[values > 0].min(initial=math.inf))


def covering(model: Model) -> Model | None:
    """Return the question of who is served at all, where no capacity binds; else None.

    Rows with the same sites and group become one: a program with a row for each, not one for
    each pair.
    """
    if model.objective == TRAVEL or np.isfinite(model.sites.capacity[model.column]).any():
        return None
    order = np.lexsort((model.column, model.row))
    row, column = model.row[order], model.column[order]
    last = np.append(row[1:] != row[:-1], True) if len(row) else np.empty(0, dtype=bool)
    key = set_keys(row, column, model.n_sites)[last]
    lives = row[last]
    _, first, at = np.unique(
        np.stack([key, model.group[lives].astype(np.uint64)]),
        axis=1,
        return_index=True,
        return_inverse=True,
    )
    people = np.bincount(at.ravel(), model.people[lives], len(first)).astype(float)
    place = np.full(len(model.people), -1)
    place[lives[first]] = np.arange(len(first))
    kept = place[row] >= 0
    covers = csr_array(
        (np.ones(int(kept.sum())), (place[row[kept]], column[kept])),
        shape=(len(first), model.n_sites),
    )
    return replace(
        model,
        row=np.arange(len(first)),
        column=np.zeros(len(first), dtype=np.int64),
        cost=np.zeros(len(first)),
        people=people,
        group=model.group[lives[first]],
        all_people=model.totals,
        single=False,
        covers=covers,
    )


def price_of(model: Model, opened: Flags) -> float:
    """Return what opening and closing costs in all."""
    sites = model.sites
    new, closed = opened & ~sites.standing, ~opened & sites.standing
    return math.fsum([*sites.price[new], *sites.price[closed]])


def too_dear(model: Model, opened: Flags) -> bool:
    """Tell whether a plan exceeds the budget by more than the rounding of its sum."""
    if math.isinf(model.budget):
        return False
    sites = model.sites
    used = np.where(sites.standing, ~opened, opened)
    size = abs(model.budget) + float(np.abs(sites.price[used]).sum())
    return price_of(model, opened) > model.budget + 1e-12 * size


def smallest_share(model: Model, served: Floats) -> float:
    """Return the share of the group that is served worst, of the people served by row."""
    known = model.group >= 0
    groups = np.bincount(model.group[known], served[known], len(model.floor))
    return float((groups / model.totals).min(initial=1.0))
