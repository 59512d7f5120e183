"""Better plans under capacities, by one exchange of sites at a time.

With the sites given, who goes where is a transport problem. Its dual values say what serving one
more person of each row is worth, and so what a further site can save at most: it fills itself with
those whose service is worth most. Exchanges that cannot help are never looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Flags, Floats, Integers, column_sums
from ecity_geo.siting.plan_swaps import Exchanges
from ecity_geo.siting.program import TRAVEL, Model

_TRIALS = 40
"""Exchanges of a round that are looked at, the most hopeful first."""
_BETTER = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transport:
    """Cost of serving from some sites, and what serving a person of each row is worth."""

    cost: float
    worth: Floats


class Relief(Exchanges):
    """Plans under capacities, for coverage or travel.

    Parameters
    ----------
    model
        The question; floors and limits of inequality are not looked at.
    """

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.away = model.cost if model.objective == TRAVEL else np.zeros(len(model.row))
        # whoever is not served costs more than any way, so that more are served first of all
        self.left = 1.0 if model.objective != TRAVEL else 2.0 * float(self.away.max(initial=1.0))
        self.size = float(model.people.sum()) / len(model.people)

    def improve(self, opened: Flags, deadline: float) -> Flags:
        """Exchange sites until no exchange is better, or time is over."""
        best = self.transport(opened)
        while best is not None and time.monotonic() < deadline:
            found = self._exchange(opened, best.cost, deadline)
            if found is None:
                break
            opened, best = found
        return opened

    def _exchange(
        self, opened: Flags, cost: float, deadline: float
    ) -> tuple[Flags, Transport] | None:
        """Return the plan of an exchange that is better."""
        hopes = []
        for site in self.leaving(opened):
            if time.monotonic() > deadline:
                return None
            rest = opened.copy()
            if site >= 0:
                rest[site] = False
            coming = self.coming(opened, site)
            without = self.transport(rest) if len(coming) else None
            if without is None:
                continue
            hoped = without.cost - self._savings(without.worth)[coming]
            good = np.flatnonzero(hoped < cost * (1 - _BETTER))
            hopes += [(float(hoped[at]), site, int(coming[at])) for at in good]
        for _, site, new in sorted(hopes)[:_TRIALS]:
            if time.monotonic() > deadline:
                return None
            trial = opened.copy()
            trial[site if site >= 0 else new] = False
            trial[new] = True
            found = self.transport(trial)
            if found is not None and found.cost < cost * (1 - _BETTER):
                return trial, found
        return None

    def _savings(self, worth: Floats) -> Floats:
        """Return what each site saves at most, filled with those whose service is worth most."""
        model = self.model
        profit = worth[model.row] - self.away
        pair = np.flatnonzero(profit > 0)
        pair = pair[np.lexsort((-profit[pair], model.column[pair]))]
        column, people = model.column[pair], model.people[model.row[pair]]
        before = np.cumsum(people) - people
        first = np.searchsorted(column, np.arange(model.n_sites))
        before -= np.append(before, 0.0)[first][column]
        taken = np.clip(model.sites.capacity[column] - before, 0.0, people)
        return column_sums(column, taken * profit[pair], model.n_sites)

    def transport(self, opened: Flags) -> Transport | None:
        """Serve from these sites: flows in people, and who is left over."""
        model = self.model
        pair = np.flatnonzero(opened[model.column])
        rows = np.unique(model.row[pair])
        limited = np.flatnonzero(opened & np.isfinite(model.sites.capacity))
        place = np.full(model.n_sites, -1)
        place[limited] = np.arange(len(limited))
        n, m, k = len(pair), len(rows), len(limited)
        bounded = np.flatnonzero(place[model.column[pair]] >= 0)
        at = np.concatenate([np.searchsorted(rows, model.row[pair]), np.arange(m)])
        at = np.concatenate([at, m + place[model.column[pair[bounded]]]])
        variable: Integers = np.concatenate([np.arange(n + m), bounded])
        people, room = model.people[rows] / self.size, model.sites.capacity[limited] / self.size
        answer = highs.linear(
            highs.Program(
                cost=np.concatenate([self.away[pair], np.full(m, self.left)]),
                limit=np.full(n + m, np.inf),
                whole=np.zeros(n + m, dtype=bool),
                rows=csr_array((np.ones(len(at)), (at, variable)), shape=(m + k, n + m)),
                lower=np.concatenate([people, np.full(k, -np.inf)]),
                upper=np.concatenate([people, room]),
            )
        )
        if answer is None:
            return None
        x, dual = answer
        worth = np.full(len(model.people), self.left)
        worth[rows] = dual[:m]
        cost = float(self.away[pair] @ x[:n]) + self.left * float(x[n:].sum())
        unreached = float(model.people.sum()) / self.size - float(people.sum())
        return Transport(cost=self.size * (cost + self.left * unreached), worth=worth)
