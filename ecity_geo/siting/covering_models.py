"""Models of covering everybody: as few sites as possible, or as near as possible."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import aligned_prices, within
from ecity_geo.siting.capacitated import capacitated
from ecity_geo.siting.centre import Centre, find_centre
from ecity_geo.siting.covers import solve_cover
from ecity_geo.siting.instance import CLOSED_GAP, Flags, Floats, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import Question, ask
from ecity_geo.siting.reach import out_of_reach
from ecity_geo.siting.ties import earliest_cover
from ecity_geo.siting.watching import Teller, teller

COVERS = ("all", "reachable")
_LEAST_TIME = 0.01
"""Seconds to make a cover in, however late it is."""


def lscp(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    prices: pd.Series | None = None,
    capacity: pd.Series | None = None,
    cover: str = "all",
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose the fewest (or cheapest) new sites that bring everybody within a standard.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates.
    population
        Persons per demand point, aligned by id; points without people need not be covered.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.
    candidates, existing
        Ids of the possible sites (by default all facilities of `cost` that are not existing), and
        of those that stand and stay; there may be no candidates where the sites that stand do.
    prices
        Price of each candidate, from 0, by id; 1 each by default. Of candidates without a price
        as few are taken as do.
    capacity
        People whom each site can serve, existing ones too, by id; any number by default. People
        are split among sites where a capacity asks for it. With capacities a plan is proven
        within 1e-7, as in `ecity_geo.siting.planning.plan_sites`.
    cover
        ``"all"``, or ``"reachable"``: leave out whom no candidate could reach, and name them in
        `SitingPlan.unreachable`.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Its objective is the number, or the price, of the new sites; there are none where the
        existing ones do. Its gains are people newly covered.

    Raises
    ------
    AnalysisError
        If somebody is beyond the standard from every site that could be open (the message says
        who, and which standard would do), or as in `ecity_geo.siting.models.mclp`.

    Notes
    -----
    Location set covering problem of Toregas, Swain, ReVelle & Bergman (1971),
    doi:10.1287/opre.19.6.1363, with facilities that are open already.
    """
    began = time.monotonic()
    if cover not in COVERS:
        raise AnalysisError(f"cover is {cover!r}; expected {' or '.join(COVERS)}.")
    asked: dict[str, Any] = {
        "candidates": candidates,
        "existing": existing,
        "time_limit": time_limit,
    }
    near_cost = within(cost, standard)
    question = ask(cost, population, p=0, least=0, **asked)
    price = aligned_prices(prices, question.candidates)
    beyond, facts = out_of_reach(question, standard, cost.unit)
    if facts.points and cover == "all":
        raise AnalysisError(f"{facts.told} Or ask for cover='reachable'.")
    if capacity is not None:
        return capacitated(
            "lscp",
            question,
            cost,
            capacity,
            p=None,
            standard=standard,
            prices=price,
            served=~beyond,
            time_limit=time_limit,
        )
    near = ask(near_cost, population, p=0, least=0, **asked)
    rows = _open_rows(near) & ~beyond
    covers = near.reach(rows)
    tell = teller("lscp")
    chosen, bound = _cheapest(covers, price, deadline=began + time_limit, tell=tell)
    chosen, ties = earliest_cover(covers, price, chosen)
    plan = _covering_plan(near, chosen, price, bound, ties, standard, cost.unit, began)
    return tell.done(plan)


def p_center(
    cost: CostMatrix,
    population: pd.Series,
    *,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites so that the farthest person has the shortest way.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates. A pair that is absent
        cannot be travelled.
    population
        Persons per demand point, aligned by id; points without people bind nothing.
    p
        Number of new sites.
    candidates, existing, time_limit
        As in `lscp`.

    Returns
    -------
    plan
        Its objective is the greatest cost of anybody whom some site can reach; whom none can is
        named in `SitingPlan.unreachable`. Of choices with the same greatest cost that is taken
        which no exchange of one site makes shorter for all people together, then that of earlier
        candidates; `ties` counts the exchanges that would leave the greatest cost. Its gains
        are the fall of the greatest cost; missing as long as somebody is out of reach of the
        sites so far.

    Raises
    ------
    AnalysisError
        If no ``p`` candidates reach all whom some candidate reaches, or as in
        `ecity_geo.siting.models.mclp`.

    Notes
    -----
    p-center of Hakimi (1964), doi:10.1287/opre.12.3.450, by bisection over the costs with a set
    cover at each (Minieka 1970, doi:10.1137/1012016).
    """
    began = time.monotonic()
    question = ask(
        cost, population, p=p, candidates=candidates, existing=existing, time_limit=time_limit
    )
    tell = teller("p_center")
    centre = find_centre(question, deadline=began + time_limit, tell=tell)
    return tell.done(_centre_plan(question, centre, cost.unit, began))


def _open_rows(question: Question) -> Flags:
    """Tell which demand has people and no existing site among its pairs."""
    rows = question.people > 0
    rows[question.row[question.column < question.n_existing]] = False
    return rows


def _cheapest(
    covers: csr_array, price: Floats, *, deadline: float, tell: Teller
) -> tuple[Integers, float]:
    """Return the cheapest columns that cover every row, and a bound of their price.

    Columns without a price are always worth having: the others cover what these leave, and then
    as few of these as do are taken for the rest.
    """
    free, priced = np.flatnonzero(price == 0), np.flatnonzero(price > 0)
    rows = np.asarray(covers[:, free].sum(axis=1)).ravel() == 0
    seconds = max(deadline - time.monotonic(), _LEAST_TIME)
    paid = solve_cover(covers[rows][:, priced], price[priced], time_limit=seconds, tell=tell)
    chosen = priced[paid.chosen] if paid.chosen is not None else priced[:0]
    left = ~rows & (np.asarray(covers[:, chosen].sum(axis=1)).ravel() == 0)
    seconds = max(deadline - time.monotonic(), _LEAST_TIME)
    given = solve_cover(covers[left][:, free], np.ones(len(free)), time_limit=seconds)
    more = free[given.chosen] if given.chosen is not None else free[:0]
    return np.sort(np.append(chosen, more)), paid.bound


def _covering_plan(
    question: Question,
    chosen: Integers,
    price: Floats,
    least: float,
    ties: int,
    standard: float,
    unit: str,
    began: float,
) -> SitingPlan:
    order, added = _by_people(question, chosen)
    sites = question.candidates.take(order)
    facility, cost = question.nearest(
        np.concatenate([np.arange(question.n_existing), question.n_existing + order])
    )
    objective = float(price[chosen].sum())
    bound = min(max(least, 0.0), objective)
    gap = (objective - bound) / objective if objective else 0.0
    if gap <= CLOSED_GAP:
        bound, gap = objective, 0.0
    total = float(question.people.sum()) or np.nan
    before = float(question.people[facility >= 0].sum()) - added.sum()
    gains = pd.DataFrame(
        {"added": added, "cumulative": before + np.cumsum(added), "share": added / total},
        index=sites,
    )
    return SitingPlan(
        model="lscp",
        sites=sites,
        existing=question.existing,
        assignment=assigned(question, facility, cost),
        objective=objective,
        bound=bound,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains,
        standard=float(standard),
        unit=unit,
        unreachable=question.unreachable,
        ties=ties,
        seconds=time.monotonic() - began,
    )


def _by_people(question: Question, chosen: Integers) -> tuple[Integers, Floats]:
    """Order columns by the people that each newly covers, and tell how many."""
    covered = np.zeros(len(question.demand), dtype=bool)
    covered[question.row[question.column < question.n_existing]] = True
    reach = {
        int(column): question.row[question.column == column + question.n_existing]
        for column in chosen
    }
    order: list[int] = []
    added: list[float] = []
    while reach:
        gain = {
            column: float(question.people[rows[~covered[rows]]].sum())
            for column, rows in reach.items()
        }
        best = min(gain, key=lambda column: (-gain[column], column))
        covered[reach.pop(best)] = True
        order.append(best)
        added.append(gain[best])
    return np.array(order, dtype=np.int64), np.array(added, dtype=float)


def _centre_plan(question: Question, centre: Centre, unit: str, began: float) -> SitingPlan:
    order, radii = _by_radius(question, centre.chosen)
    sites = question.candidates.take(order)
    facility, cost = question.nearest(
        np.concatenate([np.arange(question.n_existing), question.n_existing + order])
    )
    served, people = facility >= 0, question.people
    objective = centre.radius
    gap = (objective - centre.bound) / objective if objective > centre.bound else 0.0
    taken = np.bincount(
        facility[served], weights=people[served], minlength=len(question.facilities)
    )
    finite = np.where(np.isfinite(radii), radii, np.nan)
    gains = pd.DataFrame(
        {
            "added": finite[:-1] - finite[1:],
            "cumulative": finite[1:],
            "share": taken[question.n_existing + order] / (float(people.sum()) or np.nan),
        },
        index=sites,
    )
    return SitingPlan(
        model="p_center",
        sites=sites,
        existing=question.existing,
        assignment=assigned(question, facility, cost),
        objective=objective,
        bound=objective if gap <= CLOSED_GAP else centre.bound,
        gap=gap if gap > CLOSED_GAP else 0.0,
        status="optimal" if gap <= CLOSED_GAP else "time_limit",
        gains=gains,
        standard=None,
        unit=unit,
        unreachable=question.unreachable,
        ties=centre.ties,
        seconds=time.monotonic() - began,
    )


def _by_radius(question: Question, chosen: Integers) -> tuple[Integers, Floats]:
    """Order columns by how much each shortens the longest way, and tell the ways."""
    rows = question.people > 0
    _, could = question.nearest(np.arange(len(question.facilities)))
    rows &= np.isfinite(could)
    _, cost = question.nearest(np.arange(question.n_existing))
    left, order = [int(column) for column in chosen], []
    radii = [float(cost[rows].max(initial=0.0))]
    dense = {}
    for column in left:
        own = question.column == column + question.n_existing
        dense[column] = np.full(len(question.demand), math.inf)
        dense[column][question.row[own]] = question.cost[own]
    while left:
        tried = {each: np.minimum(cost, dense[each]) for each in left}
        best = min(left, key=lambda each: (*_worst(tried[each][rows]), each))
        cost = tried[best]
        left.remove(best)
        order.append(best)
        radii.append(float(cost[rows].max(initial=0.0)))
    return np.array(order, dtype=np.int64), np.array(radii)


def _worst(cost: Floats) -> tuple[int, float]:
    """Return how many are out of reach, and the longest way of the others."""
    finite = np.isfinite(cost)
    return int((~finite).sum()), float(cost[finite].max(initial=0.0))


def assigned(question: Question, facility: Integers, cost: Floats) -> pd.DataFrame:
    """Return the facility and the cost of each demand point, in the order it was asked in."""
    ids = pd.Series(question.facilities.take(facility), index=question.demand, dtype=object)
    table = pd.DataFrame({"facility_id": ids.where(facility >= 0, None), "cost": cost})
    return table.loc[question.asked]
