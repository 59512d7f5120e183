"""Better plans of who is covered, by one exchange at a time under all conditions.

An exchange opens a new site for another one, closes a standing site for another one that stood,
or, where the number of sites is free, any site for any other: a move. All sites that could come
for one that leaves are valued together.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.program import COVERAGE, FAIREST, Model, site_prices

_BETTER = 1e-12
_FINE = 1e-4
"""Shares are told apart to this when floors are tried."""


class Exchanges:
    """Which sites may come when one leaves.

    Parameters
    ----------
    model
        The question.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        price, given = site_prices(model)
        kept = model.sites.standing & ~model.sites.closable
        self.price = np.where(kept, 0.0, price)
        shut = model.sites.shut
        self.fixed: Flags = kept if shut is None else kept | shut
        room = model.budget - given
        self.room = room + 1e-12 * (abs(room) + float(np.abs(self.price).sum()))

    def leaving(self, opened: Flags) -> list[int]:
        """Return the sites that may leave; -1 where one may come without that."""
        found = [int(site) for site in np.flatnonzero(opened & ~self.fixed)]
        return found if self.model.p is not None else [*found, -1]

    def coming(self, opened: Flags, site: int) -> Integers:
        """Return the sites that may come when one leaves."""
        sites = self.model.sites
        free = ~opened & ~self.fixed
        stays = opened.copy()
        paid = float(self.price[opened].sum())
        if site >= 0:
            stays[site] = free[site] = False
            paid -= float(self.price[site])
            if self.model.p is not None:
                free &= sites.standing == sites.standing[site]
        elif self.model.p is not None:
            free &= ~sites.standing
        free &= ~np.isin(sites.place, sites.place[stays])
        return np.flatnonzero(free & (self.price <= self.room - paid))


class Swaps(Exchanges):
    """Plans of a covering question.

    Parameters
    ----------
    model
        The question, with `covers`.
    """

    def __init__(self, model: Model, covers: csr_array) -> None:
        super().__init__(model)
        self.covers = covers
        self.by_site = covers.tocsc()
        n = len(model.floor)
        code = np.where(model.group >= 0, model.group, n)
        rows = np.arange(len(model.people))
        self.groups = csr_array((model.people, (code, rows)), shape=(n + 1, len(rows)))

    def improve(self, opened: Flags, deadline: float) -> Flags:
        """Exchange sites, the best exchange first, until none is better or time is over."""
        opened = self._affordable(opened.copy())
        missing = 0 if self.model.p is None else self.model.p
        missing -= int((opened & ~self.model.sites.standing).sum())
        for _ in range(missing if self.model.p is not None else 0):
            added = self._best(opened, [-1], np.full(2, -np.inf), deadline)
            if added is None:
                return opened
            opened[added[1]] = True
        score = self._score(self._served(opened)[:, None])[:, 0]
        while time.monotonic() < deadline:
            best = self._best(opened, self.leaving(opened), score, deadline)
            if best is None:
                break
            leaving, coming, score = best
            if leaving >= 0:
                opened[leaving] = False
            opened[coming] = True
        return opened

    def fairer(self, opened: Flags, deadline: float) -> Flags:
        """Raise the smallest share by floors between what is reached and what is not.

        The smallest share of all alone shows an exchange no way that helps no group but the worst;
        what all groups lack of a floor does.
        """
        opened = self.improve(opened, deadline)
        low, high = self._smallest(opened), 1.0
        while high - low > _FINE and time.monotonic() < deadline:
            level = (low + high) / 2
            floor = np.maximum(self.model.floor, level)
            floored = replace(self.model, objective=COVERAGE, floor=floor)
            found = Swaps(floored, self.covers).improve(opened, deadline)
            reached = self._smallest(found)
            if reached > low:
                opened, low = self.improve(found, deadline), reached
                low = max(low, self._smallest(opened))
            if reached < level:
                high = level
        return opened

    def _smallest(self, opened: Flags) -> float:
        n = len(self.model.floor)
        return float((self._served(opened)[:n] / self.model.totals).min(initial=1.0))

    def cover(self, opened: Flags) -> Flags:
        """Open sites until everybody is covered, who costs least for each person first."""
        left = np.asarray(self.covers @ opened.astype(float)) == 0
        while left.any():
            people = np.asarray(self.by_site.T @ np.where(left, self.model.people, 0.0))
            coming = self.coming(opened, -1)
            rate = people[coming] / np.maximum(self.price[coming], 1e-9)
            if not len(coming) or rate.max() <= 0:
                break
            opened[coming[int(np.argmax(rate))]] = True
            left = np.asarray(self.covers @ opened.astype(float)) == 0
        return opened

    def _best(
        self, opened: Flags, leaving: list[int], score: Floats, deadline: float
    ) -> tuple[int, int, Floats] | None:
        """Return the best exchange; -1 leaves where a site comes without another's going."""
        best = None
        times = np.asarray(self.covers @ opened.astype(float))
        for site in leaving:
            if time.monotonic() > deadline:
                break
            coming = self.coming(opened, site)
            if not len(coming):
                continue
            covered = times.copy()
            if site >= 0:
                covered[self._rows(site)] -= 1
            met = covered > 0
            base = np.asarray(self.groups @ met.astype(float))
            gains = (self.groups * (~met).astype(float)[None]) @ self.covers
            scores = self._score(base[:, None] + np.asarray(gains.todense())[:, coming])
            at = int(np.lexsort((-np.arange(len(coming)), scores[1], scores[0]))[-1])
            if _better(scores[:, at], score):
                best, score = (site, int(coming[at])), scores[:, at]
        return None if best is None else (*best, score)

    def _rows(self, site: int) -> Integers:
        start = self.by_site.indptr
        return np.asarray(self.by_site.indices[start[site] : start[site + 1]])

    def _served(self, opened: Flags) -> Floats:
        met = np.asarray(self.covers @ opened.astype(float)) > 0
        return np.asarray(self.groups @ met.astype(float))

    def _score(self, served: Floats) -> Floats:
        """Return what a floor lacks, below 0, and the objective, of plans as columns."""
        model, n = self.model, len(self.model.floor)
        total = served.sum(axis=0)
        if not n:
            return np.stack([np.zeros(len(total)), total])
        shares = served[:n] / model.totals[:, None]
        lacks = np.maximum(model.floor[:, None] - shares, 0.0)
        short = np.where(lacks > _BETTER, lacks, 0.0).sum(axis=0)
        if model.differences:
            short = short + np.maximum(_gini(shares, model.totals) - model.gini, 0.0)
        if model.objective == FAIREST:
            return np.stack(
                [-short, shares.min(axis=0) + total / (float(model.people.sum()) or 1.0) * 1e-9]
            )
        return np.stack([-short, total])

    def _affordable(self, opened: Flags) -> Flags:
        """Close what adds least for its price, until the others can be paid and stand apart."""
        model = self.model
        while True:
            sites = model.sites
            counts = np.bincount(sites.place[opened], minlength=len(sites.place))
            crowded = opened & ~self.fixed & (counts[sites.place] > 1)
            over = float(self.price[opened].sum()) > self.room
            leaving = crowded if crowded.any() else opened & ~self.fixed & (self.price > 0)
            if model.p is not None and not crowded.any():
                leaving &= sites.standing
            if not (crowded.any() or over) or not leaving.any():
                return opened
            times = np.asarray(self.covers @ opened.astype(float))
            alone = np.where(times == 1, model.people, 0.0)
            lost = np.asarray(self.by_site.T @ alone)
            rate = lost / np.where(self.price > 0, self.price, 1.0)
            opened[np.flatnonzero(leaving)[int(np.argmin(rate[leaving]))]] = False


def _better(one: Floats, other: Floats) -> bool:
    if not np.isfinite(other).all():
        return True
    for mine, theirs in zip(one.tolist(), other.tolist(), strict=True):
        if abs(mine - theirs) > _BETTER * max(abs(mine), abs(theirs)):
            return bool(mine > theirs)
    return False


def _gini(shares: Floats, people: Floats) -> Floats:
    part = people / people.sum()
    mean = part @ shares
    apart = np.abs(shares[:, None] - shares[None])
    total = np.einsum("i,ijk,j->k", part, apart, part)
    return np.asarray(total / np.where(mean > 0, 2 * mean, 1.0))
