"""Plans under real conditions: capacities, prices, kinds of site, closings, floors, fairness."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import check_cost
from ecity_geo.siting.conditioned import ConditionedPlan, conditioned_plan
from ecity_geo.siting.conditions import check, pose, refuse_hopeless
from ecity_geo.siting.deciding import Decision, decide, most_of_fairest
from ecity_geo.siting.hopeless import (
    floors_out_of_reach,
    refuse_crowded,
    refuse_out_of_reach,
    too_full,
)
from ecity_geo.siting.program import COVERAGE, Model
from ecity_geo.siting.question import Question, ask
from ecity_geo.siting.settling import nearest_shares, settle
from ecity_geo.siting.site_table import site_table
from ecity_geo.siting.taming import tame
from ecity_geo.siting.thrift import cheapest
from ecity_geo.siting.watching import teller, unwatched
from ecity_geo.siting.why import why_not

_TOLD = 0.05
"""Of the time, for telling who goes where and what each site adds."""


def plan_sites(
    cost: CostMatrix,
    population: pd.Series,
    sites: pd.DataFrame,
    *,
    objective: str = COVERAGE,
    standard: float | None = None,
    p: int | None = None,
    budget: float = math.inf,
    groups: pd.Series | None = None,
    floors: float | Mapping[Any, float] = 0.0,
    gini: float = 1.0,
    single_source: bool = False,
    time_limit: float = 20.0,
) -> ConditionedPlan:
    """Choose sites under capacities, prices, closings, and floors and limits of fairness.

    Parameters
    ----------
    cost
        Travel cost from demand to all sites.
    population
        Persons per demand point, aligned by id.
    sites
        A row per site, indexed by id, with any of the columns `standing` (open already, default
        False), `closable` (a standing site may be closed, default False), `price` (of opening a
        new site, or of closing a standing one; below 0 where closing saves; default 1 for new
        sites, 0 for standing ones), `capacity` (people, default any number) and `place` (of
        several kinds of site at one place at most one is open; default a place each). Other
        columns are not read; one that is another word for one of these is an error. A site that
        moves is one that is closed and a new one.
    objective
        ``"coverage"``: most people served within the standard; ``"travel"``: all served at the
        least person-cost; ``"price"``: all served at the lowest price; ``"fairest"``: the group
        that is served worst is served as well as can be, then most people.
    standard
        Greatest acceptable cost; needed for ``"coverage"`` and ``"fairest"``.
    p
        Number of new sites exactly; None for any number that the budget allows.
    budget
        Greatest price of opening and closing together.
    groups
        Group of each demand point, such as its district or fabric, by id. Demand without a group
        is named in `ConditionedPlan.ungrouped`.
    floors
        Least share of the people of each group that are served: one number for all, or by group.
    gini
        Greatest Gini coefficient of the groups' shares served, over people: 0 asks for equal
        shares, 1 for nothing. Whoever is within reach of a site without a capacity is served.
    single_source
        Whether each demand point is served at one site; else it is split where a capacity asks
        for it.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Proven within a gap of 1e-7. For ``"fairest"`` the proof is of the smallest share; most
        people are served for it as far as the time goes.

    Raises
    ------
    AnalysisError
        If an argument is missing or impossible, or no plan keeps the conditions: the message
        says which condition, and by how much it is missed.

    Notes
    -----
    Capacitated forms of Church & ReVelle (1974), ReVelle & Swain (1970) and Toregas et al.
    (1971) with shares of demand as in Current & Storbeck (1988), doi:10.1068/b150153. The Gini
    coefficient of the shares c of groups of n of N people is the sum over pairs of groups of
    ``n_i n_j |c_i - c_j|``, divided by N squared and the mean share (Sen 1973, On Economic
    Inequality); as that mean is linear in the plan, so is the limit (Drezner, Drezner & Guyse
    2009, doi:10.1080/07408170802712590, minimise it).
    """
    began = time.monotonic()
    tell = teller(f"conditioned_{objective}")
    check_cost(cost)
    check(objective, standard, p, budget, gini)
    table = site_table(sites)
    reach = cost if standard is None else cost.within(standard)
    question = ask(
        reach,
        population,
        p=1,
        candidates=table.index,
        existing=None,
        time_limit=time_limit,
    )
    model, lives, names = pose(question, table, objective, p, budget, groups, floors)
    model = replace(model, gini=float(gini), single=single_source)
    refuse_hopeless(model)
    refuse_crowded(model, table.index)
    wide = partial(
        ask, cost, population, p=1, candidates=table.index, existing=None, time_limit=time_limit
    )
    refuse_out_of_reach(model, wide, standard, cost.unit)
    deadline = began + time_limit
    found = _best(model, deadline - _TOLD * time_limit)
    if found.opened is None:
        demand = question.demand[lives]
        raise AnalysisError(_refusal(found, model, names, demand, wide, cost.unit, deadline))
    ties = _settled(model, found)
    plan = conditioned_plan(
        question,
        model,
        table,
        lives,
        names,
        found,
        ties=ties,
        unit=cost.unit,
        standard=standard,
        deadline=math.inf,
    )
    seconds = time.monotonic() - began
    return replace(plan, plan=tell.done(replace(plan.plan, seconds=seconds)))


def _settled(model: Model, found: Decision) -> int | None:
    """Let earlier sites stand where they do as well; return the ties, None where not counted."""
    if found.opened is None:
        return None
    opened, ties = settle(model, found.opened)
    if ties is not None:
        found.opened, found.share = opened, nearest_shares(found.model, opened)
    return ties


def _refusal(
    found: Decision,
    model: Model,
    names: list[object],
    demand: pd.Index,
    wide: Callable[[], Question],
    unit: str,
    deadline: float,
) -> str:
    """Say why there is no plan."""
    if not (math.isinf(found.bound) and found.bound > 0):
        return "No plan was found in the time. Give more time, or ask for less."
    full = too_full(model, demand)
    left = max(deadline - time.monotonic(), 1.0)
    beyond = floors_out_of_reach(model, names, wide, unit)
    return full or why_not(model, names, time_limit=left) + beyond


def _best(model: Model, deadline: float) -> Decision:
    """Return the best plan in the time: first its objective, then most people, then the price."""
    tamed = tame(model)
    best = decide(tamed, deadline)
    with unwatched():
        most = most_of_fairest(best, deadline)
        cheapest(most, deadline)
    if most is not best and most.opened is not None and most.share is not None:
        best.opened, best.share = most.opened, most.share
    return best
