"""Whom a plan covers, district by district and fabric by fabric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.siting.arguments import aligned_population, by_id
from ecity_geo.siting.plan import SitingPlan


def covered_by(
    plan: SitingPlan,
    population: pd.Series,
    groups: Mapping[str, pd.Series],
    *,
    standard: float | None = None,
) -> SitingPlan:
    """Add to a plan the share of each group's people that it covers.

    Parameters
    ----------
    plan
        A plan of any model that assigns people to sites.
    population
        Persons per demand point, aligned by id.
    groups
        Per level, such as ``"district"`` and ``"fabric"``, the group of each demand point, by id.
        Demand without a group is in none.
    standard
        Greatest acceptable cost, inclusive; that of the plan by default. Where neither has one,
        people are covered who are assigned to a site at all.

    Returns
    -------
    plan
        The same plan with its `covered` filled.

    Raises
    ------
    AnalysisError
        If the population is incomplete or negative, or demand is in two groups of a level.
    """
    limit = plan.standard if standard is None else standard
    way = plan.assignment["cost"]
    shares = covered_shares(
        way,
        pd.Series(aligned_population(population, way.index), index=way.index),
        groups,
        served=plan.assignment.get("served"),
        standard=math.inf if limit is None else limit,
    )
    return replace(plan, covered=shares)


def covered_shares(
    way: pd.Series,
    people: pd.Series,
    groups: Mapping[str, pd.Series],
    *,
    standard: float,
    served: pd.Series | None = None,
) -> pd.DataFrame:
    """Return the people of each group, how many are covered, and their share.

    Parameters
    ----------
    way
        Cost of each demand point to its site, infinite where it has none.
    people
        Persons per demand point, by the same ids.
    groups
        As in `covered_by`.
    standard
        Greatest acceptable cost, inclusive.
    served
        Part of each demand point that is served where capacities limit it; all by default.

    Returns
    -------
    covered
        As in `SitingPlan.covered`.
    """
    within = np.isfinite(way) & (way <= standard)
    part = 1.0 if served is None else served.reindex(way.index)
    counted = pd.DataFrame({"people": people, "covered": people.where(within, 0.0) * part})
    parts = {}
    for level, group in groups.items():
        known = by_id(group, f"The table of groups {level!r}", "demand")
        by = known.reindex(way.index).astype(object)
        parts[level] = counted.groupby(by, sort=False).sum()
    if not parts:
        return counted.iloc[:0].assign(share=0.0)
    covered = pd.concat(parts, names=["level", "group"])
    covered["share"] = covered["covered"] / covered["people"].where(covered["people"] > 0)
    return covered
