"""The location models: maximal covering and p-median, given the sites that stand."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import within
from ecity_geo.siting.capacitated import capacitated
from ecity_geo.siting.covering import coverage, covering_teller, undominated
from ecity_geo.siting.exchange import greedy, interchange
from ecity_geo.siting.explain import explain
from ecity_geo.siting.median import reach_all, travel
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import ask
from ecity_geo.siting.search import search
from ecity_geo.siting.watching import teller


def mclp(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    capacity: pd.Series | None = None,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites so that most people live within a service standard.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates; other columns are
        not used.
    population
        Persons per demand point, aligned by id; ids that `cost` does not have are left out.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.
    p
        Number of new sites. Exactly this many are chosen, even if fewer would cover the same:
        the last ones then add nobody, which `SitingPlan.gains` shows.
    candidates
        Ids of the possible sites; by default all facilities of `cost` that are not existing.
        Where an earlier candidate would do as well in the place of a chosen one, the earlier one
        is chosen.
    existing
        Ids of the sites that stand and stay; none by default.
    capacity
        People whom each site can serve, existing ones too, by id; any number by default. People
        are split among sites where a capacity asks for it, and the objective counts those served.
        With capacities a plan is proven within 1e-7, as in `ecity_geo.siting.planning.plan_sites`.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Its objective counts all people covered, by existing and new sites. Its assignment
        names the nearest site within the standard.

    Raises
    ------
    AnalysisError
        If `p` is not between 1 and the number of candidates, the population is incomplete,
        negative or missing, a site is unknown, given twice or without a capacity where others
        have one, or `standard` exceeds the cutoff of `cost`.

    Notes
    -----
    Maximal covering location problem of Church & ReVelle (1974), doi:10.1007/BF01942293, with
    facilities that are open already.
    """
    began = time.monotonic()
    question = ask(
        within(cost, standard),
        population,
        p=p,
        candidates=candidates,
        existing=existing,
        time_limit=time_limit,
    )
    if capacity is not None:
        return capacitated(
            "mclp", question, cost, capacity, p=question.p, standard=standard, time_limit=time_limit
        )
    instance = coverage(question)
    tell = covering_teller(question)
    outcome = search(instance, use=undominated(instance), time_limit=time_limit, tell=tell)
    plan = explain(
        "mclp",
        question,
        instance,
        outcome,
        unit=cost.unit,
        standard=float(standard),
        seconds=time.monotonic() - began,
    )
    return tell.done(plan)


def p_median(
    cost: CostMatrix,
    population: pd.Series,
    *,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    capacity: pd.Series | None = None,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites so that people travel least to their nearest site.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates; other columns are
        not used. A pair that is absent cannot be travelled.
    population
        Persons per demand point, aligned by id; ids that `cost` does not have are left out.
    p
        Number of new sites.
    candidates
        Ids of the possible sites; by default all facilities of `cost` that are not existing.
        Where an earlier candidate would do as well in the place of a chosen one, the earlier one
        is chosen.
    existing
        Ids of the sites that stand and stay; none by default.
    capacity
        People whom each site can serve, existing ones too, by id; any number by default. All who
        can reach a site are served, split among sites where a capacity asks for it. With
        capacities a plan is proven within 1e-7, as in `ecity_geo.siting.planning.plan_sites`.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Its objective is person-cost: the sum over demand of people times the cost to the
        nearest site. Demand that neither an existing site nor a candidate reaches is named in
        `SitingPlan.unreachable` and left out of it.

    Raises
    ------
    AnalysisError
        If `p` is not between 1 and the number of candidates, the population is incomplete,
        negative or missing, or a site is unknown or given twice; and if no ``p`` candidates
        reach all the people whom some candidate reaches. The message then names demand that
        stays out of reach and the number of sites that would do. With capacities also if these
        have no room for all.

    Notes
    -----
    p-median of Hakimi (1964), doi:10.1287/opre.12.3.450, as ReVelle & Swain (1970),
    doi:10.1111/j.1538-4632.1970.tb00142.x, posed it, with facilities that are open already.
    """
    began = time.monotonic()
    question = ask(
        cost, population, p=p, candidates=candidates, existing=existing, time_limit=time_limit
    )
    if capacity is not None:
        reached = ~question.demand.isin(question.unreachable)
        return capacitated(
            "p_median",
            question,
            cost,
            capacity,
            p=question.p,
            served=reached,
            time_limit=time_limit,
        )
    instance = travel(question)
    start, found = interchange(instance, greedy(instance), deadline=began + time_limit)
    if np.isinf(found):
        start = reach_all(question, instance, time_limit=time_limit)
        start, found = interchange(instance, start, deadline=began + time_limit)
    instance = replace(instance, scale=found or 1.0)
    useful = np.bincount(instance.column, minlength=instance.n_columns) > 0
    left = began + time_limit - time.monotonic()
    tell = teller("p_median")
    outcome = search(instance, use=useful, time_limit=left, start=start, tell=tell)
    plan = explain(
        "p_median",
        question,
        instance,
        outcome,
        unit=cost.unit,
        standard=None,
        seconds=time.monotonic() - began,
    )
    return tell.done(plan)
