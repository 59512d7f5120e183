"""A plan to begin from, so that a time limit that strikes early leaves a plan all the same."""

from __future__ import annotations

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.program import FAIREST, Model

_ROUNDING = 1e-9


def greedy_start(model: Model, written: highs.Program) -> Floats | None:
    """Open the site that serves most people more (for its price, if p is free) again and again.

    Parameters
    ----------
    model
        The question. Standing sites stay open.
    written
        Its program.

    Returns
    -------
    x
        A solution of the program; None where the greedy one breaks a condition.
    """
    filling = _Filling(model)
    for column in np.flatnonzero(model.sites.standing):
        filling.open(int(column))
    money, new = model.budget, 0
    while model.p is None or new < model.p:
        best = filling.best(money)
        if best is None:
            break
        filling.open(best)
        money, new = money - float(model.sites.price[best]), new + 1
    x = filling.solution()
    values = written.rows @ x
    kept = (values >= written.lower - _ROUNDING) & (values <= written.upper + _ROUNDING)
    return x if kept.all() else None


class _Filling:
    """Open sites, each filled with the nearest of those who are not served yet."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.opened: Flags = np.zeros(model.n_sites, dtype=bool)
        self.left = model.people.copy()
        self.share = np.zeros(len(model.row))
        self.order = np.lexsort((model.cost, model.column))
        self.start = np.searchsorted(model.column[self.order], np.arange(model.n_sites + 1))

    def open(self, column: int) -> None:
        model = self.model
        self.opened[column] = True
        pair = self.order[self.start[column] : self.start[column + 1]]
        people = self.left[model.row[pair]]
        before = np.cumsum(people) - people
        taken = np.clip(model.sites.capacity[column] - before, 0.0, people)
        if model.single:
            taken = np.where(
                (taken >= people) & (people >= model.people[model.row[pair]]), people, 0
            )
        self.share[pair] = taken / model.people[model.row[pair]]
        self.left[model.row[pair]] -= taken

    def best(self, money: float) -> int | None:
        """Return the next site; None where none may be opened, or none is worth it."""
        model, sites = self.model, self.model.sites
        free = ~self.opened & ~sites.standing & (sites.price <= money)
        if sites.shut is not None:
            free &= ~sites.shut
        free &= ~np.isin(sites.place, sites.place[self.opened])
        reached = np.bincount(model.column, self.left[model.row], model.n_sites)
        gain = np.minimum(reached, sites.capacity)
        if model.p is None:
            free &= gain > _ROUNDING
            gain = gain / np.maximum(sites.price, _ROUNDING)
        return int(np.argmax(np.where(free, gain, -1.0))) if free.any() else None

    def solution(self) -> Floats:
        model = self.model
        parts = [self.opened.astype(float), self.share]
        known = model.group >= 0
        served = (model.people - self.left)[known]
        people = np.bincount(model.group[known], served, len(model.floor))
        shares = np.clip(people / model.totals, 0.0, 1.0)
        if model.differences:
            one, other = np.triu_indices(len(shares), 1)
            parts.append(np.abs(shares[one] - shares[other]))
        if model.objective == FAIREST:
            parts.append(np.array([float(shares.min(initial=1.0))]))
        return np.concatenate(parts)
