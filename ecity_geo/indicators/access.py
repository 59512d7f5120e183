"""How well people reach services: coverage, mean cost, people within reach."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators.amounts import (
    Floats,
    align_labels,
    check_amounts,
    check_ids,
    people_at,
    sum_over_demand,
)


def covered(cost: CostMatrix, *, standard: float) -> pd.Series:
    """Tell which demand points have a facility within the service standard.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.

    Returns
    -------
    covered
        True or false, indexed by demand id.

    Raises
    ------
    AnalysisError
        If `standard` exceeds the cutoff of `cost`: pairs would be missing.
    """
    pairs = np.diff(cost.within(standard).costs.indptr)
    return pd.Series(pairs > 0, index=cost.demand_ids, name="covered")


def covered_share(
    cost: CostMatrix, population: pd.Series, *, standard: float, by: pd.Series
) -> pd.Series:
    """Share of each district's population within the service standard.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``; pairs beyond the cutoff are absent.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.
    by
        District (or fabric) of each demand point, aligned by id; missing where a point lies in
        no district.

    Returns
    -------
    covered_share
        Fraction in [0, 1], indexed by the sorted districts; NaN where nobody lives. The attribute
        ``attrs["people_without_district"]`` counts the people of points in no district.

    Raises
    ------
    AnalysisError
        If `standard` exceeds the cutoff that `cost` was built with, or a demand point lacks its
        population or has no row in `by`.

    Notes
    -----
    Binary coverage of Church & ReVelle (1974), doi:10.1007/BF01942293.
    """
    people = people_at(cost, population)
    held = people * covered(cost, standard=standard)
    sums = pd.DataFrame({"people": people, "held": held}, index=cost.demand_ids)
    district, rest = _districts(cost, people, by)
    sums = sums.groupby(district).sum()
    share = (sums["held"] / sums["people"].where(sums["people"] > 0)).rename("covered_share")
    share.attrs["people_without_district"] = rest
    return share


def mean_cost(cost: CostMatrix, population: pd.Series, *, by: pd.Series) -> pd.DataFrame:
    """Average cost of a person's way to the nearest facility.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    by
        District (or fabric) of each demand point, aligned by id; missing where a point lies in
        no district.

    Returns
    -------
    mean_cost
        Indexed by the sorted districts: `mean_cost`, in the unit of `cost`, over the people who
        reach any facility (NaN where nobody does); `people_reached` and `people_unreachable`,
        which add up to the population of the districts. The attribute
        ``attrs["people_without_district"]`` counts the people of points in no district.

    Raises
    ------
    AnalysisError
        If a demand point lacks its population or has no row in `by`.
    """
    people = people_at(cost, population)
    nearest = cost.nearest()["cost"].to_numpy()
    reached = np.where(np.isfinite(nearest), people, 0.0)
    sums = pd.DataFrame(
        {
            "person_cost": reached * np.where(np.isfinite(nearest), nearest, 0.0),
            "people_reached": reached,
            "people_unreachable": people - reached,
        },
        index=cost.demand_ids,
    )
    district, rest = _districts(cost, people, by)
    sums = sums.groupby(district).sum()
    mean = sums.pop("person_cost") / sums["people_reached"].where(sums["people_reached"] > 0)
    sums.insert(0, "mean_cost", mean)
    sums.attrs["people_without_district"] = rest
    return sums


def _districts(cost: CostMatrix, people: Floats, by: pd.Series) -> tuple[pd.Series, float]:
    """Return the district of each demand point, and how many people live in none."""
    district = align_labels(by, cost.demand_ids, "by", "demand point")
    return district, float(people[district.isna().to_numpy()].sum())


def people_within(cost: CostMatrix, population: pd.Series, *, standard: float) -> pd.Series:
    """Count the people who live within the service standard of each facility.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.

    Returns
    -------
    people_within
        Persons, indexed by facility id. Who has two facilities in reach counts at both.

    Raises
    ------
    AnalysisError
        If `standard` exceeds the cutoff of `cost`, or a demand point lacks its population.
    """
    people = sum_over_demand(cost.within(standard), people_at(cost, population))
    return pd.Series(people, index=cost.facility_ids, name="people_within")


def fill_capacity(capacity: pd.Series, kind: pd.Series) -> tuple[pd.Series, int]:
    """Put a plain guess where the capacity of a service is not known.

    Parameters
    ----------
    capacity
        Capacity per service in any one unit; NaN where it is not known.
    kind
        Type of each service, aligned by id.

    Returns
    -------
    capacity
        The median of the services of its type that have one; 1 where none of that type has, so
        that these count alike.
    filled
        Number of services whose capacity was guessed.

    Raises
    ------
    AnalysisError
        If a known capacity is negative or infinite, or an id stands twice.
    """
    check_ids(capacity.index, "capacity", "service")
    check_ids(kind.index, "kind", "service")
    check_amounts(capacity.dropna(), "capacity")
    median = capacity.groupby(kind.reindex(capacity.index), dropna=False).transform("median")
    filled = capacity.fillna(median).fillna(1.0)
    return filled.astype(float), int(capacity.isna().sum())
