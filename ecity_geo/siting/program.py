"""Location questions in numbers: capacities, budgets, kinds of site, closings, floors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.instance import Flags, Floats, Integers

COVERAGE, TRAVEL, PRICE, FAIREST = "coverage", "travel", "price", "fairest"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """Sites of a question, by position.

    Parameters
    ----------
    standing
        Which are open already.
    closable
        Which of these may be closed.
    price
        Of opening a new site, or of closing one that stands (less than 0: it saves).
    capacity
        People whom each can serve; infinite where that does not matter.
    place
        Number of the place: at most one site is open at each.
    shut
        New sites that cannot be open in any plan; None: none.
    """

    standing: Flags
    closable: Flags
    price: Floats
    capacity: Floats
    place: Integers
    shut: Flags | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A question in numbers.

    Parameters
    ----------
    row, column, cost
        Pairs within reach.
    people
        Per row, positive.
    sites
        Of the columns.
    objective
        ``"coverage"`` (most people), ``"travel"`` (least person-cost), ``"price"`` (cheapest) or
        ``"fairest"`` (largest smallest share of a group).
    p
        Number of new sites exactly; None for any number.
    budget
        Greatest price; infinite where there is none.
    group
        Group of each row, from 0; -1 for none.
    floor
        Least share of the people of each group that are served.
    served
        Whether every row must be served whole.
    gini
        Greatest Gini coefficient of the groups' shares served, over people; 1: any.
    single
        Whether a row is served at one site only.
    covers
        Rows x sites, where it only matters whether a row is served: then it has one pair, whose
        column means nothing, and is served whole where one of its sites is open.
    all_people
        Per group, where `people` are less than all of them.
    aim, worth
        An objective, and the cost of it that a plan must not exceed; none where `aim` is empty.
    cuts
        Of each pair of arrays of sites, one of the first is closed or one of the second open.
    """

    row: Integers
    column: Integers
    cost: Floats
    people: Floats
    sites: Sites
    objective: str
    p: int | None
    budget: float
    group: Integers
    floor: Floats
    served: bool
    gini: float = 1.0
    single: bool = False
    covers: csr_array | None = None
    all_people: Floats | None = None
    aim: str = ""
    worth: float = 0.0
    cuts: tuple[tuple[Integers, Integers], ...] = ()

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.sites.price)

    @property
    def spread(self) -> int:
        """Number of variables: sites, pairs, differences between groups, the smallest share."""
        pairs = self.n_sites + len(self.row)
        return pairs + self.differences + (self.objective == FAIREST)

    @property
    def differences(self) -> int:
        """Number of pairs of groups whose shares are compared."""
        n = len(self.floor)
        return n * (n - 1) // 2 if self.gini < 1 else 0

    @property
    def totals(self) -> Floats:
        """People of each group."""
        if self.all_people is not None:
            return self.all_people
        known = self.group >= 0
        people = np.bincount(self.group[known], self.people[known], len(self.floor))
        return people.astype(float, copy=False)


def site_prices(model: Model) -> tuple[Floats, float]:
    """Return what each site adds to the price when it is open, and what is paid when none is."""
    sites = model.sites
    closing = np.where(sites.standing, sites.price, 0.0)
    return np.where(sites.standing, -sites.price, sites.price), float(closing[sites.closable].sum())


def costs(model: Model) -> Floats:
    """Return the cost of each variable of the program."""
    cost = np.zeros(model.spread)
    pairs = slice(model.n_sites, model.n_sites + len(model.row))
    people = model.people[model.row]
    if model.objective == COVERAGE:
        cost[pairs] = -people
    elif model.objective == FAIREST:
        cost[-1] = -1.0
    elif model.objective == TRAVEL:
        cost[pairs] = people * model.cost
    else:
        price, _ = site_prices(model)
        use = ~model.sites.standing | model.sites.closable
        cost[: model.n_sites] = np.where(use, price, 0.0)
    return cost
