"""A plan under conditions, as its user reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.siting.adding import added, by_load, travelled
from ecity_geo.siting.assigning import assign, worth
from ecity_geo.siting.deciding import Decision
from ecity_geo.siting.instance import Flags, Floats, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.program import COVERAGE, PRICE, TRAVEL, Model
from ecity_geo.siting.question import Question
from ecity_geo.siting.taming import price_of

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
    found: Decision,
    *,
    ties: int | None,
    unit: str,
    standard: float | None,
    deadline: float,
) -> ConditionedPlan:
    """Tell a plan as its user reads it.

    Parameters
    ----------
    question, model
        What was asked, and in numbers, before these were tamed.
    table
        Sites.
    lives
        Position of each row of the model in the question.
    names
        Of the groups.
    found
        The plan, which has sites.
    ties
        Exchanges that would be as good; None where they were not counted.
    unit, standard
        As in the plan.
    deadline
        On the monotonic clock, for telling who goes where.
    """
    tamed, opened = found.model, found.opened
    if opened is None:
        raise AnalysisError("No plan was found in the time. Give more time, or ask for less.")
    near = None
    if not tamed.single:  # whole homes are a program of their own, which knows no time
        near = assign(replace(tamed, objective=model.objective), opened, deadline, near=True)
    share = found.share if near is None else near
    if worth(tamed, opened, share) > found.value + PROVEN_GAP * abs(found.value):
        share = found.share
    used = np.flatnonzero(share)
    people = share[used] * tamed.people[tamed.row[used]]
    ids = table.index.to_numpy(dtype=object)
    shares = pd.DataFrame(
        {
            "demand_id": question.demand[lives[tamed.row[used]]],
            "facility_id": ids[tamed.column[used]],
            "share": people / model.people[tamed.row[used]],
            "people": people,
            "cost": tamed.cost[used],
        }
    )
    served = np.asarray(np.bincount(tamed.column[used], people, model.n_sites), dtype=np.float64)
    value, limit, gap = _proof(
        replace(tamed, objective=model.objective), opened, found.share, found
    )
    order, gains = _gains(model, tamed, opened, served, value, deadline)
    alone = (model.group < 0) & bool(names)
    plan = SitingPlan(
        model=f"conditioned_{model.objective}",
        sites=table.index[order],
        existing=table.index[opened & model.sites.standing],
        assignment=_assignment(question, shares),
        objective=value,
        bound=limit,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains.set_axis(table.index[order], axis=0),
        standard=standard,
        unit=unit,
        unreachable=question.unreachable,
        ties=ties,
        seconds=0.0,
    )
    return ConditionedPlan(
        plan=plan,
        closed=table.index[~opened & model.sites.standing],
        price=price_of(model, opened),
        shares=shares,
        load=_load(table, opened, served),
        groups=_group_table(tamed, names, share),
        ungrouped=question.asked[question.asked.isin(question.demand[lives[alone]])],
    )


def _proof(
    model: Model, opened: Flags, share: Floats, found: Decision
) -> tuple[float, float, float]:
    """Return the objective, its bound and the gap, in which rounding counts as none."""
    value, limit = _worth(model, opened, share, found.bound)
    gap = abs(limit - value) / abs(value) if value else float(abs(limit - value) > 1e-9)
    return (value, value, 0.0) if gap <= PROVEN_GAP else (value, limit, gap)


def _gains(
    model: Model, tamed: Model, opened: Flags, load: Floats, value: float, deadline: float
) -> tuple[Integers, pd.DataFrame]:
    """Order the new sites by whom they newly serve, or, for travel, tell what each one saves."""
    total = float(model.people.sum()) or np.nan
    if model.objective == TRAVEL:
        order = by_load(tamed, opened, load)
        # whole homes, floors and inequality are not asked of the steps: none betters the plan
        paid = np.maximum(travelled(tamed, opened, order, deadline), value)
        paid[-1] = value
        gains = {
            "added": paid[:-1] - paid[1:],
            "cumulative": paid[1:],
            "share": load[order] / total,
        }
    else:
        order, served = added(tamed, opened, load, deadline)
        served = np.minimum(served, load.sum())
        gained = np.diff(served)
        gains = {"added": gained, "cumulative": served[1:], "share": gained / total}
    return order, pd.DataFrame(gains)


def _worth(model: Model, opened: Flags, share: Floats, bound: float) -> tuple[float, float]:
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
        value = price_of(model, opened)
        return value, min(max(bound + given, least), value)
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


def _load(table: pd.DataFrame, opened: Flags, served: Floats) -> pd.DataFrame:
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
    part = shares.groupby("demand_id")["share"].sum()
    table["served"] = part.reindex(question.asked).fillna(0.0).clip(upper=1.0)
    return table
