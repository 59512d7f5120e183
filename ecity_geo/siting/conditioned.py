"""A plan under conditions, as its user reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.program import COVERAGE, PRICE, TRAVEL, Model
from ecity_geo.siting.question import Question

PROVEN_GAP = 1e-7
"""Relative gap at which a plan counts as optimal: HiGHS keeps rows to about as much."""


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
    ungrouped
        Ids of the demand with people whose group is not given, where groups are: no floor and no
        limit of inequality is theirs.
    """

    plan: SitingPlan
    closed: pd.Index
    price: float
    shares: pd.DataFrame
    load: pd.DataFrame
    groups: pd.DataFrame
    ungrouped: pd.Index


def conditioned_plan(
    question: Question,
    model: Model,
    table: pd.DataFrame,
    lives: Integers,
    names: list[object],
    x: Floats,
    bound: float,
    *,
    ties: int | None,
    unit: str,
    standard: float | None,
    seconds: float,
) -> ConditionedPlan:
    """Read a plan off the variables of its program.

    Parameters
    ----------
    question, model
        What was asked, and in numbers.
    table
        Sites.
    lives
        Position of each row of the model in the question.
    names
        Of the groups.
    x
        Variables.
    bound
        Of their cost.
    ties
        Exchanges that would be as good; None where they were not counted.
    unit, standard, seconds
        As in the plan.
    """
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
    gap = 0.0 if gap <= PROVEN_GAP else gap
    total = float(model.people.sum()) or np.nan
    standing = float(served[opened & model.sites.standing].sum())
    gains = pd.DataFrame(
        {
            "added": served[order],
            "cumulative": standing + np.cumsum(served[order]),
            "share": served[order] / total,
        },
        index=table.index[order],
    )
    alone = (model.group < 0) & bool(names)
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
        unreachable=question.unreachable,
        ties=ties,
        seconds=seconds,
    )
    return ConditionedPlan(
        plan=plan,
        closed=closed,
        price=_price(model, opened),
        shares=shares,
        load=_load(table, opened, served),
        groups=_group_table(model, names, share),
        ungrouped=question.asked[question.asked.isin(question.demand[lives[alone]])],
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
    pair = model.group[model.row] >= 0
    people = (share * model.people[model.row])[pair]
    served = np.bincount(model.group[model.row[pair]], people, len(model.floor))
    return np.asarray(served / model.totals)


def _group_table(model: Model, names: list[object], share: Floats) -> pd.DataFrame:
    people = model.totals
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
