"""What each new site adds to those before it, with everybody served as well as can be."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np

from ecity_geo.siting.assigning import assign, served_people
from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.program import COVERAGE, TRAVEL, Model

WORK = 100_000
"""Sites times pairs up to which each site is taken that adds most, where capacities bind."""


def by_load(model: Model, opened: Flags, load: Floats) -> Integers:
    """Order new sites by the people whom they serve in the whole plan."""
    new = np.flatnonzero(opened & ~model.sites.standing)
    return new[np.lexsort((new, -load[new]))]


def added(model: Model, opened: Flags, load: Floats, deadline: float) -> tuple[Integers, Floats]:
    """Order new sites by what they add, the most first.

    Parameters
    ----------
    model
        The question.
    opened
        Open sites.
    load
        People whom each site serves.
    deadline
        On the monotonic clock, in seconds.

    Returns
    -------
    order
        New sites.
    values
        People served by the standing sites that stay, then with each new site in this order.
    """
    plain = replace(
        _among(model, opened),
        objective=COVERAGE,
        served=False,
        floor=np.zeros_like(model.floor),
        gini=1.0,
        single=False,
    )
    new = np.flatnonzero(opened & ~model.sites.standing)
    before = opened & model.sites.standing
    values = [_served(plain, before, deadline)]
    # What a site adds only falls as others come, so that an old figure is a limit of the new one
    # (Minoux 1978): most sites need not be valued again.
    heap = [(-math.inf, int(site), -1) for site in new]
    order: list[int] = []
    work = len(new) * (len(new) + len(plain.row))
    if work > WORK and np.isfinite(model.sites.capacity[opened]).any():
        # each value is a transport problem: then they come by whom they serve in the whole plan
        heap = []
        for site in by_load(model, opened, load):
            before = before.copy()
            before[site] = True
            order.append(int(site))
            values.append(max(_served(plain, before, deadline), values[-1]))
    while heap:
        gain, site, when = heapq.heappop(heap)
        if when == len(order):
            order.append(site)
            before = before.copy()
            before[site] = True
            values.append(values[-1] - gain)
            continue
        trial = before.copy()
        trial[site] = True
        gain = max(_served(plain, trial, deadline) - values[-1], 0.0)
        heapq.heappush(heap, (-gain, site, len(order)))
    return np.array(order, dtype=np.int64), np.array(values)


def travelled(model: Model, opened: Flags, order: Integers, deadline: float) -> Floats:
    """Return the person-cost with the standing sites that stay, then with each new one.

    Missing as long as not everybody is served.
    """
    plain = replace(_among(model, opened), objective=TRAVEL, served=True, single=False)
    sites = opened & model.sites.standing
    values = []
    for site in [-1, *order.tolist()]:
        if site >= 0:
            sites = sites.copy()
            sites[site] = True
        room = float(model.sites.capacity[sites].sum())
        share = assign(plain, sites, deadline) if room >= model.people.sum() else None
        paid = math.nan
        if share is not None:
            paid = float(plain.people[plain.row] @ (share * plain.cost))
        values.append(paid)
    return np.array(values)


def _among(model: Model, opened: Flags) -> Model:
    """Keep the pairs of open sites."""
    use = opened[model.column]
    return replace(model, row=model.row[use], column=model.column[use], cost=model.cost[use])


def _served(model: Model, opened: Flags, deadline: float) -> float:
    share = assign(model, opened, deadline)
    return 0.0 if share is None else float(served_people(model, share).sum())
