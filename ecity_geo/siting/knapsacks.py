"""A proven bound of plans that serve everybody at sites with capacities.

The demand that each row be served is priced at ``u`` per person. What remains separates by site:
an open site gains most by serving whom it profits from most until it is full, a knapsack with
fractions, ``worth[b] = max of the sum over the rows of people * (u - cost) * share``, with the
people served at most its capacity. No plan costs less than ``sum(people * u) - (most that a
permitted choice of sites is worth)``. Geoffrion & McBride (1978), doi:10.1080/05695557808975181.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.instance import Flags, Floats, Integers, column_sums
from ecity_geo.siting.program import PRICE, TRAVEL, Model, site_prices

_PATIENCE = 15
_HALVINGS = 10
_FRESHNESS = 0.05
"""Weight of the newest step in the average of the chosen sites."""
_HOPE = 0.05
"""Where no plan is known, the ascent heads this share of the prices above what it has proven."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """What prices of the rows prove.

    Parameters
    ----------
    u
        Price of serving one person of each row.
    bound
        No plan costs less.
    regret
        By how much the bound rises if a site that is not chosen must be open; 0 for the others.
    chosen
        Sites that are open in the relaxed problem.
    excess
        One minus the share of each row that these serve.
    """

    u: Floats
    bound: float
    regret: Floats
    chosen: Floats
    excess: Floats


class Knapsacks:
    """The relaxed problem of a model in which everybody is served.

    Parameters
    ----------
    model
        The question.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        cost = model.cost if model.objective == TRAVEL else np.zeros(len(model.cost))
        # by site and cost, so that little is left to sort when there are prices
        order = np.lexsort((cost, model.column))
        self.row, self.column, self.cost = model.row[order], model.column[order], cost[order]
        price, _ = site_prices(model)
        self.paid = price if model.objective == PRICE else np.zeros(model.n_sites)
        standing, closable = model.sites.standing, model.sites.closable
        self.kept: Flags = standing & ~closable
        self.free: Flags = ~standing
        self.paid = np.where(self.kept, 0.0, self.paid)
        # where there is no plan the prices would rise without end
        most = model.people.sum() * self.cost.max(initial=0.0) + np.abs(self.paid).sum()
        self.highest = float(most) / float(model.people.min(initial=math.inf)) + 1.0
        self.money = model.budget + float(np.maximum(-model.sites.price[closable], 0.0).sum())

    def evaluate(self, u: Floats) -> Relaxed:
        """Return the bound at these prices per person."""
        model = self.model
        profit = u[self.row] - self.cost
        pair = np.flatnonzero(profit > 0)
        # one key sorts several times faster than two: by column, then by falling profit
        key = self.column[pair] - 0.999 * profit[pair] / profit[pair].max(initial=1e-300)
        pair = pair[np.argsort(key, kind="stable")]
        row, column, profit = self.row[pair], self.column[pair], profit[pair]
        people = model.people[row]
        before = np.cumsum(people) - people
        first = np.searchsorted(column, np.arange(model.n_sites))
        before -= np.append(before, 0.0)[first][column]
        taken = np.clip(model.sites.capacity[column] - before, 0.0, people)
        value = self.paid - column_sums(column, taken * profit, model.n_sites)
        chosen, regret = self._choose(value)
        served = np.bincount(row, chosen[column] * taken / people, minlength=len(model.people))
        return Relaxed(
            u=u,
            bound=float(model.people @ u + value @ chosen),
            regret=regret,
            chosen=chosen,
            excess=np.asarray(1.0 - served, dtype=np.float64),
        )

    def _choose(self, value: Floats) -> tuple[Floats, Floats]:
        """Return the cheapest choice of sites, and what forcing in another one costs."""
        chosen = (self.kept | (~self.free & (value < 0))).astype(float)
        new = np.flatnonzero(self.free)
        new = new[np.argsort(value[new], kind="stable")]
        # with a budget the best of a place may be too dear: then a place may open all its kinds
        any_price = self.model.p is not None or math.isinf(self.money)
        best = new[_first(self.model.sites.place[new])] if any_price else new
        rate = 0.0
        if self.model.p is not None:
            best = best[: self.model.p]
            rate = float(value[best[-1]]) if len(best) == self.model.p > 0 else 0.0
            chosen[best] = 1.0
            regret = value - rate
        else:
            best = best[value[best] < 0]
            rate = self._afford(value, best, chosen)
            regret = value - rate * self.model.sites.price
        return chosen, np.where(self.free & (chosen == 0), np.maximum(regret, 0.0), 0.0)

    def _afford(self, value: Floats, best: Integers, chosen: Floats) -> float:
        """Choose by value for the price until the budget is used; return the last one's rate."""
        price = self.model.sites.price[best]
        if price.sum() <= self.money:
            chosen[best] = 1.0
            return 0.0
        chosen[best[price == 0]] = 1.0
        best, price = best[price > 0], price[price > 0]
        order = np.argsort(value[best] / price, kind="stable")
        best, price = best[order], price[order]
        part = np.clip((self.money - (np.cumsum(price) - price)) / price, 0.0, 1.0)
        chosen[best] = part
        last = max(int(np.count_nonzero(part)) - 1, 0)
        return float(value[best[last]] / price[last]) if len(best) else 0.0

    def ascend(
        self, u: Floats, upper: float, *, iterations: int, deadline: float
    ) -> tuple[Relaxed, Floats]:
        """Raise the bound by subgradient steps towards `upper`, the cost of a known plan.

        Returns
        -------
        best, share
            The best prices, and how often each site was chosen, the last steps counting most.
        """
        best = at = self.evaluate(u)
        step, stale, halvings = 1.5, 0, 0
        direction = np.zeros(len(u))
        share = at.chosen.copy()
        for _ in range(iterations):
            direction = at.excess + 0.3 * direction
            norm = float(direction @ (self.model.people * direction))
            if not norm or halvings > _HALVINGS or time.monotonic() > deadline:
                break
            hoped = best.bound + _HOPE * float(self.model.people @ best.u)
            goal = upper if math.isfinite(upper) else hoped
            target = goal + 0.02 * abs(goal - best.bound)
            u = at.u + step * max(target - at.bound, 0.0) / norm * direction
            at = self.evaluate(np.clip(u, 0.0, self.highest))
            share += _FRESHNESS * (at.chosen - share)
            stale += 1
            if at.bound > best.bound:
                best, stale = at, 0
            elif stale >= _PATIENCE:
                at, step, stale, halvings = best, step / 2, 0, halvings + 1
                direction = np.zeros(len(u))
        return best, share


def _first(values: Integers) -> Integers:
    """Return the positions of the first of each value, in order."""
    return np.sort(np.unique(values, return_index=True)[1])
