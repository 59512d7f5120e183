"""A proven bound by Lagrangian relaxation.

The demand that each row be served once is priced at ``u``. What remains separates by column:
``L(u) = sum(u) - (sum of the p largest worths)`` with
``worth[b] = sum over the rows of max(0, u - cost)`` and ``u <= base``; no plan costs less than
``L(u)``. Cornuejols, Fisher & Nemhauser (1977), doi:10.1287/mnsc.23.8.789.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.instance import Floats, Instance, Integers
from ecity_geo.siting.watching import SILENT, Teller

HALVINGS = 9
"""The step is halved this often before the ascent ends."""
FRESHNESS = 0.1
"""Weight of the newest step in the average of the chosen columns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """Prices of the rows and what they prove.

    Parameters
    ----------
    u
        Price of each row.
    bound
        No plan costs less.
    worth
        What each column saves at these prices.
    chosen
        The ``p`` columns of greatest worth.
    """

    u: Floats
    bound: float
    worth: Floats
    chosen: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ascent:
    """The way to the best prices.

    Parameters
    ----------
    best
        The best prices.
    seen
        Columns that were chosen whenever the bound rose.
    share
        How often each column was chosen, the last steps counting most: an estimate of the
        fractional solution, as in the volume algorithm.
    """

    best: Prices
    seen: list[Integers]
    share: Floats


class Relaxation:
    """The relaxed problem of an instance, its pairs sorted by column for fast sums.

    Parameters
    ----------
    instance
        The problem.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        order = np.lexsort((instance.row, instance.column))
        self.row = instance.row[order]
        self.column = instance.column[order]
        self.cost = instance.cost[order]
        start = np.searchsorted(self.column, np.arange(instance.n_columns + 1))
        self.filled = np.flatnonzero(np.diff(start))
        self.first = start[self.filled]
        self.parts = [
            slice(*ends) for ends in zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
        ]
        # a price under the cheapest pair is never better than that pair's cost
        self.lowest = instance.base.copy()
        has = np.diff(instance.start) > 0
        self.lowest[has] = instance.cost[instance.start[:-1][has]]
        # and one above the penalty would only lose digits
        self.highest = instance.priced(instance.base)

    def evaluate(self, u: Floats) -> Prices:
        """Return the bound at these prices."""
        u = np.clip(u, self.lowest, self.highest)
        saved = u[self.row]
        saved -= self.cost
        np.maximum(saved, 0.0, out=saved)
        worth = np.zeros(self.instance.n_columns)
        # A tenth of the time that `column_sums` takes: the pairs of a column stand together.
        worth[self.filled] = np.add.reduceat(saved, self.first) if len(saved) else 0.0
        chosen = np.sort(np.argsort(-worth, kind="stable")[: self.instance.p])
        bound = self.instance.offset + float(u.sum() - worth[chosen].sum())
        return Prices(u=u, bound=bound, worth=worth, chosen=chosen)

    def excess(self, prices: Prices) -> Floats:
        """Subgradient: one minus the number of chosen columns that serve a row at a profit."""
        parts = [slice(0), *(self.parts[column] for column in prices.chosen)]
        row = np.concatenate([self.row[part] for part in parts])
        cost = np.concatenate([self.cost[part] for part in parts])
        served = row[cost < prices.u[row]]
        excess: Floats = np.ones(self.instance.n_rows)
        excess -= np.bincount(served, minlength=self.instance.n_rows)
        # a price that stands at its limit cannot rise
        excess[(prices.u >= self.highest) & (excess > 0)] = 0.0
        return excess

    def ascend(
        self,
        u: Floats,
        upper: float,
        *,
        iterations: int,
        patience: int,
        deadline: float = math.inf,
        tell: Teller = SILENT,
    ) -> Ascent:
        """Raise the bound by subgradient steps towards `upper`, the cost of a known plan.

        The step is halved after `patience` steps without a better bound; `tell` is told of those.
        """
        best = at = self.evaluate(u)
        seen = [best.chosen]
        step, stale, halvings = 1.5, 0, 0
        direction = np.zeros(self.instance.n_rows)
        share = np.zeros(self.instance.n_columns)
        for _ in range(iterations):
            excess = self.excess(at)
            direction = excess + 0.3 * direction
            norm = float(direction @ direction)
            done = best.bound > upper - self.instance.tolerance or time.monotonic() > deadline
            if not excess.any() or not norm or done or halvings > HALVINGS:
                break
            target = upper + 0.02 * (upper - best.bound)
            at = self.evaluate(at.u + step * (target - at.bound) / norm * direction)
            share *= 1 - FRESHNESS
            share[at.chosen] += FRESHNESS
            stale += 1
            if at.bound > best.bound:
                best, stale = at, 0
                tell(bound=at.bound)
                seen.append(best.chosen)
            elif stale >= patience:
                at, step, stale, halvings = best, step / 2, 0, halvings + 1
                direction[:] = 0.0
        return Ascent(best=best, seen=seen, share=share)
