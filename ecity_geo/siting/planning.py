"""Plans under real conditions: capacities, prices, kinds of site, closings, floors, fairness."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting import highs
from ecity_geo.siting.instance import CLOSED_GAP, Floats, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model, Sites, program
from ecity_geo.siting.question import Question, ask, shown
from ecity_geo.siting.start import greedy_start
from ecity_geo.siting.why import why_not

OBJECTIVES = (COVERAGE, TRAVEL, PRICE, FAIREST)
_COLUMNS = {
    "standing": False,
    "closable": False,
    "price": 1.0,
    "capacity": math.inf,
    "place": None,
}
_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6, so the objective is brought to this size."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConditionedPlan:
    """A plan under conditions.

    Parameters
    ----------
    plan
        Sites, objective, bound and gap as in every plan; its assignment names the site that
        serves the largest part of each demand point.
    closed
        Sites that stand and are closed.
    price
        Of opening and closing.
    shares
        A row per pair that is used: `demand_id`, `facility_id`, `share` of the people, `people`,
        `cost`.
    load
        Per open site: `people` whom it serves, `capacity` and `used`, their ratio.
    groups
        Per group: `people`, `served`, `share` and its `floor`.
    """

    plan: SitingPlan
    closed: pd.Index
    price: float
    shares: pd.DataFrame
    load: pd.DataFrame
    groups: pd.DataFrame


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
    floors: float | Mapping[str, float] = 0.0,
    time_limit: float = 20.0,
) -> ConditionedPlan:
    """Choose sites under capacities, prices, closings and floors of coverage.

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
        several kinds of site at one place at most one is open; default a place each). A site that
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
        Group of each demand point, such as its district or fabric, by id.
    floors
        Least share of the people of each group that are served: one number for all, or by group.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Demand is split among sites where a capacity asks for it.

    Raises
    ------
    AnalysisError
        If an argument is missing or impossible, or no plan keeps the conditions: the message
        says which condition, and by how much it is missed.

    Notes
    -----
    Capacitated forms of Church & ReVelle (1974), ReVelle & Swain (1970) and Toregas et al.
    (1971) with shares of demand as in Current & Storbeck (1988), doi:10.1068/b150153.
    """
    began = time.monotonic()
    _check(objective, standard, p, budget)
    table = _sites(sites)
    reach = cost if standard is None else cost.within(standard)
    question = ask(
        reach,
        population,
        p=1,
        candidates=table.index,
        existing=None,
        time_limit=time_limit,
    )
    model, lives, names = _model(question, table, objective, p, budget, groups, floors)
    _refuse_hopeless(question, model, lives)
    written = program(model)
    factor = _SIZE / (float(np.abs(written.cost).max()) * max(len(written.cost), 1) or 1.0)
    factor = 1.0 if objective == FAIREST else min(max(factor, 1e-9), 1.0)
    scaled = highs.Program(
        cost=written.cost * factor,
        limit=written.limit,
        whole=written.whole,
        rows=written.rows,
        lower=written.lower,
        upper=written.upper,
    )
    left = time_limit - (time.monotonic() - began)
    start = greedy_start(model, written)
    answer = highs.solve(scaled, time_limit=left, tolerance=1e-9, start=start)
    if answer.x is None:
        if not (math.isinf(answer.bound) and answer.bound > 0):
            raise AnalysisError("No plan was found in the time. Give more time, or ask for less.")
        raise AnalysisError(why_not(model, time_limit=max(time_limit, 1.0)))
    return _plan(
        question,
        model,
        table,
        lives,
        names,
        answer.x,
        answer.bound / factor,
        unit=cost.unit,
        standard=standard,
        seconds=time.monotonic() - began,
    )


def _check(objective: str, standard: float | None, p: int | None, budget: float) -> None:
    if objective not in OBJECTIVES:
        raise AnalysisError(f"No objective {objective!r}; there are {', '.join(OBJECTIVES)}.")
    if objective in (COVERAGE, FAIREST):
        if standard is None:
            raise AnalysisError(f"{objective!r} needs a standard within which people are served.")
        if p is None and math.isinf(budget):
            raise AnalysisError("Without p and without a budget every site would be opened.")
    if standard is not None and not standard >= 0:
        raise AnalysisError(f"The standard must be a number from 0, not {standard!r}.")
    if math.isnan(budget) or (p is not None and (p != int(p) or p < 0)):
        raise AnalysisError(f"p = {p!r} and a budget of {budget!r} cannot be kept.")


def _sites(sites: pd.DataFrame) -> pd.DataFrame:
    """Fill in what is not given, and check what is."""
    if sites.index.has_duplicates or not len(sites):
        raise AnalysisError("Sites need ids of their own, and there must be one.")
    table = pd.DataFrame(index=sites.index)
    for name in ("standing", "closable"):
        table[name] = sites[name].astype(bool) if name in sites else False
    price = sites["price"] if "price" in sites else pd.Series(np.nan, index=sites.index)
    table["price"] = price.astype(float).fillna((~table["standing"]).astype(float))
    table["capacity"] = (
        sites["capacity"].astype(float).fillna(math.inf) if "capacity" in sites else math.inf
    )
    place = sites["place"] if "place" in sites else pd.Series(sites.index, index=sites.index)
    table["place"] = pd.factorize(place.astype(object).where(place.notna(), sites.index))[0]
    new = table[~table["standing"]]
    if (new["price"] < 0).any():
        name = new.index[new["price"] < 0][0]
        raise AnalysisError(f"Opening {name!r} has a price below 0; only closing may save.")
    if (table["capacity"] < 0).any() or not np.isfinite(table["price"]).all():
        raise AnalysisError("Capacities must not be negative, and prices must be numbers.")
    return table


def _model(
    question: Question,
    table: pd.DataFrame,
    objective: str,
    p: int | None,
    budget: float,
    groups: pd.Series | None,
    floors: float | Mapping[str, float],
) -> tuple[Model, Integers, list[str]]:
    """Turn the question into numbers: rows with people only."""
    lives = np.flatnonzero(question.people > 0)
    place = np.full(len(question.people), -1)
    place[lives] = np.arange(len(lives))
    pair = place[question.row] >= 0
    code, names = _groups(groups, question.demand[lives], objective)
    model = Model(
        row=place[question.row[pair]],
        column=question.column[pair],
        cost=question.cost[pair],
        people=question.people[lives],
        sites=Sites(
            standing=table["standing"].to_numpy(dtype=bool),
            closable=(table["closable"] & table["standing"]).to_numpy(dtype=bool),
            price=table["price"].to_numpy(dtype=float),
            capacity=table["capacity"].to_numpy(dtype=float),
            place=table["place"].to_numpy(dtype=np.int64),
        ),
        objective=objective,
        p=p,
        budget=budget,
        group=code,
        floor=_floor(floors, names),
        served=objective in (TRAVEL, PRICE),
    )
    return model, lives, names


def _groups(
    groups: pd.Series | None, demand: pd.Index, objective: str
) -> tuple[Integers, list[str]]:
    if groups is None:
        if objective == FAIREST:
            raise AnalysisError("'fairest' is between groups: say which demand is in which.")
        return np.full(len(demand), -1), []
    given = groups.reindex(demand)
    code, names = pd.factorize(given.astype(object))
    return np.asarray(code, dtype=np.int64), [str(name) for name in names]


def _floor(floors: float | Mapping[str, float], names: list[str]) -> Floats:
    if isinstance(floors, Mapping):
        unknown = [name for name in floors if name not in names]
        if unknown:
            raise AnalysisError(f"No demand is in group {unknown[0]!r}, which has a floor.")
        values = np.array([float(floors.get(name, 0.0)) for name in names])
    else:
        if floors and not names:
            raise AnalysisError("A floor is of groups: say which demand is in which.")
        values = np.full(len(names), float(floors))
    if ((values < 0) | (values > 1)).any():
        raise AnalysisError("A floor is a share of the people, between 0 and 1.")
    return values


def _refuse_hopeless(question: Question, model: Model, lives: Integers) -> None:
    """Name conditions that no choice of sites can keep."""
    if model.p is not None and model.p > int((~model.sites.standing).sum()):
        raise AnalysisError(f"p = {model.p} new sites are asked for, of fewer candidates.")
    reached = np.zeros(len(model.people), dtype=bool)
    reached[model.row] = True
    if model.served and not reached.all():
        missed = question.demand[lives[~reached]]
        raise AnalysisError(
            f"{len(missed)} demand points ({model.people[~reached].sum():g} people) are within "
            f"reach of no site: {shown(missed)}. Widen the standard, or leave them out."
        )
    room = float(model.sites.capacity.sum())
    if model.served and room < model.people.sum():
        raise AnalysisError(
            f"All sites together have room for {room:g} people, and there are "
            f"{model.people.sum():g}: {model.people.sum() - room:g} too many."
        )


def _plan(
    question: Question,
    model: Model,
    table: pd.DataFrame,
    lives: Integers,
    names: list[str],
    x: Floats,
    bound: float,
    *,
    unit: str,
    standard: float | None,
    seconds: float,
) -> ConditionedPlan:
    opened = x[: model.n_sites] > 0.5
    share = np.clip(x[model.n_sites : model.n_sites + len(model.row)], 0.0, 1.0)
    share[(share < 1e-9) | ~opened[model.column]] = 0.0
    used = np.flatnonzero(share)
    people = share[used] * model.people[model.row[used]]
    ids = table.index.to_numpy(dtype=object)
    shares = pd.DataFrame(
        {
            "demand_id": question.demand[lives[model.row[used]]],
            "facility_id": ids[model.column[used]],
            "share": share[used],
            "people": people,
            "cost": model.cost[used],
        }
    )
    served = np.asarray(np.bincount(model.column[used], people, model.n_sites), dtype=np.float64)
    value, limit = _worth(model, opened, share, bound)
    new = np.flatnonzero(opened & ~model.sites.standing)
    order = new[np.lexsort((new, -served[new]))]
    closed = table.index[~opened & model.sites.standing]
    gap = abs(limit - value) / abs(value) if value else float(abs(limit - value) > 1e-9)
    gap = 0.0 if gap <= max(CLOSED_GAP, 1e-7) else gap
    total = float(model.people.sum()) or np.nan
    gains = pd.DataFrame(
        {
            "added": served[order],
            "cumulative": np.cumsum(served[order]),
            "share": served[order] / total,
        },
        index=table.index[order],
    )
    plan = SitingPlan(
        model=f"conditioned_{model.objective}",
        sites=table.index[order],
        existing=table.index[opened & model.sites.standing],
        assignment=_assignment(question, shares),
        objective=value,
        bound=value if gap == 0 else limit,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains,
        standard=standard,
        unit=unit,
        unreachable=question.asked[~question.asked.isin(question.demand[np.unique(question.row)])],
        ties=0,
        seconds=seconds,
    )
    return ConditionedPlan(
        plan=plan,
        closed=closed,
        price=_price(model, opened),
        shares=shares,
        load=_load(table, opened, served),
        groups=_group_table(model, names, share),
    )


def _price(model: Model, opened: np.ndarray) -> float:
    sites = model.sites
    return float(sites.price[opened & ~sites.standing].sum()) + float(
        sites.price[~opened & sites.standing].sum()
    )


def _worth(model: Model, opened: np.ndarray, share: Floats, bound: float) -> tuple[float, float]:
    """Return the objective as the user sees it, and its bound: at worst what nobody can beat."""
    people = model.people[model.row]
    if model.objective == COVERAGE:
        reached = float(model.people[np.unique(model.row)].sum())
        return float(share @ people), min(-bound, reached)
    if model.objective == TRAVEL:
        nearest = np.full(len(model.people), np.inf)
        np.minimum.at(nearest, model.row, model.cost)
        return float(share @ (people * model.cost)), max(bound, float(nearest @ model.people))
    if model.objective == PRICE:
        sites = model.sites
        given = float(sites.price[sites.closable].sum())
        least = float(np.minimum(sites.price, 0.0)[sites.closable].sum())
        return _price(model, opened), max(bound + given, least)
    smallest = _shares(model, share).min(initial=1.0)
    return float(smallest), min(max(-bound, float(smallest)), 1.0)


def _shares(model: Model, share: Floats) -> Floats:
    n, known = len(model.floor), model.group >= 0
    totals = np.bincount(model.group[known], model.people[known], n)
    pair = model.group[model.row] >= 0
    served = np.bincount(model.group[model.row[pair]], (share * model.people[model.row])[pair], n)
    return np.asarray(served / totals)


def _group_table(model: Model, names: list[str], share: Floats) -> pd.DataFrame:
    known = model.group >= 0
    people = np.bincount(model.group[known], model.people[known], len(names))
    shares = _shares(model, share) if names else np.empty(0)
    return pd.DataFrame(
        {"people": people, "served": shares * people, "share": shares, "floor": model.floor},
        index=pd.Index(names, name="group"),
    )


def _load(table: pd.DataFrame, opened: np.ndarray, served: Floats) -> pd.DataFrame:
    load = pd.DataFrame(
        {"people": served[opened], "capacity": table["capacity"].to_numpy()[opened]},
        index=table.index[opened],
    )
    return load.assign(used=load["people"] / load["capacity"].replace(0.0, np.nan))


def _assignment(question: Question, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the site that serves most of each demand point; the nearer of equals."""
    order = shares.sort_values(["share", "cost"], ascending=[False, True], kind="stable")
    first = order.drop_duplicates("demand_id").set_index("demand_id")
    table = first[["facility_id", "cost"]].reindex(question.asked)
    table["facility_id"] = table["facility_id"].astype(object).where(table["cost"].notna(), None)
    table["cost"] = table["cost"].fillna(math.inf)
    return table
