"""Parts of a model: some of its sites and pairs, there and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.program import Model, Sites

ROUNDING = 1e-6
"""Prices up to this are those of rounding."""
_USED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """Pairs of some sites by row and cost.

    Parameters
    ----------
    pair
        Positions of the pairs in the model.
    rank
        Of each in its row, from 0.
    """

    pair: Integers
    rank: Integers

    @staticmethod
    def of(model: Model, sites: Flags) -> Ranked:
        """Sort the pairs of these sites."""
        pair = np.flatnonzero(sites[model.column])
        pair = pair[np.lexsort((model.column[pair], model.cost[pair], model.row[pair]))]
        first = np.searchsorted(model.row[pair], np.arange(len(model.people)))
        return Ranked(pair=pair, rank=np.arange(len(pair)) - first[model.row[pair]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A model of some sites and pairs; perhaps with an imaginary site that always stands.

    Parameters
    ----------
    whole
        The model.
    sites, pairs
        Positions of those that are kept.
    model
        The part.
    """

    whole: Model
    sites: Integers
    pairs: Integers
    model: Model

    @staticmethod
    def of(
        model: Model, sites: Flags, pairs: Integers, beyond: tuple[Integers, Floats] | None = None
    ) -> Part:
        """Keep some sites and pairs; `beyond` are rows of the imaginary site, and their costs."""
        kept = np.flatnonzero(sites)
        place = np.full(model.n_sites, -1)
        place[kept] = np.arange(len(kept))
        row, column, cost = model.row[pairs], place[model.column[pairs]], model.cost[pairs]
        some = _sites(model.sites, kept, imaginary=beyond is not None)
        if beyond is not None:
            row = np.concatenate([row, beyond[0]])
            column = np.concatenate([column, np.full(len(beyond[0]), len(kept))])
            cost = np.concatenate([cost, beyond[1]])
        part = replace(model, row=row, column=column, cost=cost, sites=some)
        return Part(whole=model, sites=kept, pairs=pairs, model=part)

    def lift(self, x: Floats) -> Floats:
        """Return the variables of the whole model."""
        lifted = np.zeros(self.whole.spread)
        lifted[self.sites] = np.round(x[: len(self.sites)])
        first = self.model.n_sites
        lifted[self.whole.n_sites + self.pairs] = x[first : first + len(self.pairs)]
        return lifted

    def lower(self, x: Floats) -> Floats:
        """Return the variables of the part; what it has not, and imaginary ones, are left out."""
        lowered = np.zeros(self.model.spread)
        lowered[: len(self.sites)] = x[self.sites]
        lowered[len(self.sites) : self.model.n_sites] = 1.0
        first = self.model.n_sites
        lowered[first : first + len(self.pairs)] = x[self.whole.n_sites + self.pairs]
        return lowered

    def beyond(self, x: Floats) -> Integers:
        """Return the rows that an imaginary site serves."""
        at = self.model.n_sites + len(self.pairs)
        return self.model.row[len(self.pairs) :][x[at:] > _USED]


def _sites(sites: Sites, kept: Integers, *, imaginary: bool) -> Sites:
    def some(values: NDArray[Any], last: float) -> NDArray[Any]:
        return np.append(values[kept], np.array([last], values.dtype)[: int(imaginary)])

    return Sites(
        standing=some(sites.standing, True),
        closable=some(sites.closable, False),
        price=some(sites.price, 0.0),
        capacity=some(sites.capacity, math.inf),
        place=some(sites.place, sites.place.max(initial=0) + 1),
        shut=None if sites.shut is None else some(sites.shut, False),
    )
