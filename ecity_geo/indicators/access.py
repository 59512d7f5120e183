"""How well people reach services: coverage, mean cost, floating catchments."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

Floats = NDArray[np.float64]


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
        District (or fabric) of each demand point, aligned by id; points without one belong to
        no district.

    Returns
    -------
    covered_share
        Fraction in [0, 1], indexed by the sorted districts; NaN where nobody lives.

    Raises
    ------
    AnalysisError
        If `standard` exceeds the cutoff that `cost` was built with, or a demand point lacks its
        population.

    Notes
    -----
    Binary coverage of Church & ReVelle (1974), doi:10.1007/BF01942293.
    """
    people = _people(cost, population)
    held = people * covered(cost, standard=standard)
    sums = pd.DataFrame({"people": people, "held": held}, index=cost.demand_ids)
    sums = sums.groupby(by.reindex(cost.demand_ids)).sum()
    return (sums["held"] / sums["people"].where(sums["people"] > 0)).rename("covered_share")


def mean_cost(cost: CostMatrix, population: pd.Series, *, by: pd.Series) -> pd.DataFrame:
    """Average cost of a person's way to the nearest facility.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    by
        District (or fabric) of each demand point, aligned by id; points without one belong to
        no district.

    Returns
    -------
    mean_cost
        Indexed by the sorted districts: `mean_cost`, in the unit of `cost`, over the people who
        reach any facility (NaN where nobody does); `people_reached` and `people_unreachable`,
        which add up to the population.

    Raises
    ------
    AnalysisError
        If a demand point lacks its population.
    """
    people = _people(cost, population)
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
    sums = sums.groupby(by.reindex(cost.demand_ids)).sum()
    mean = sums.pop("person_cost") / sums["people_reached"].where(sums["people_reached"] > 0)
    sums.insert(0, "mean_cost", mean)
    return sums


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
    people = _sum_over_demand(cost.within(standard), _people(cost, population))
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
        If a known capacity is negative or infinite.
    """
    _check_amounts(capacity.dropna(), "capacity")
    median = capacity.groupby(kind.reindex(capacity.index), dropna=False).transform("median")
    filled = capacity.fillna(median).fillna(1.0)
    return filled.astype(float), int(capacity.isna().sum())


def floating_catchment(
    cost: CostMatrix, population: pd.Series, capacity: pd.Series, *, catchment: float
) -> pd.Series:
    """Two-step floating catchment access.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    capacity
        Capacity per facility, aligned with the columns of `cost` by id; see `fill_capacity`.
    catchment
        Greatest cost at which a person uses a facility, in the unit of `cost`. Inclusive.

    Returns
    -------
    access
        Capacity per person, indexed by demand id; 0 where no facility is in reach. Summed over
        all people it gives back the capacity of every facility with somebody in its catchment.

    Raises
    ------
    AnalysisError
        If `catchment` exceeds the cutoff of `cost`, or a population or capacity is missing,
        negative or not finite.

    Notes
    -----
    Luo & Wang (2003), doi:10.1068/b29120: step 1, each facility shares its capacity among all
    people in its catchment, ``R_j = S_j / sum_i P_i``; step 2, each person adds up the shares in
    reach, ``A_i = sum_j R_j``. A facility with nobody in its catchment gives to nobody.
    """
    near = cost.within(catchment)
    supply = _amounts(capacity, cost.facility_ids, "capacity", "facility")
    people = _sum_over_demand(near, _people(cost, population))
    share = np.divide(supply, people, out=np.zeros_like(supply), where=people > 0)
    shares = share[near.costs.indices]
    access = np.bincount(near.rows(), weights=shares, minlength=len(cost.demand_ids))
    return pd.Series(access, index=cost.demand_ids, name="access", dtype=float)


def _sum_over_demand(near: CostMatrix, people: Floats) -> Floats:
    """Sum people over the stored pairs of each facility."""
    weights = people[near.rows()]
    sums = np.bincount(near.costs.indices, weights=weights, minlength=len(near.facility_ids))
    return sums.astype(np.float64)


def _people(cost: CostMatrix, population: pd.Series) -> Floats:
    return _amounts(population, cost.demand_ids, "population", "demand point")


def _amounts(values: pd.Series, ids: pd.Index, name: str, unit: str) -> Floats:
    """Align amounts with ids, and hold that none is missing: by position they would be wrong."""
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()].tolist()[:5]
        raise AnalysisError(f"{name}: found ids twice {twice}, expected one row per {unit}.")
    missing = ids.difference(values.index, sort=False)
    if len(missing):
        raise AnalysisError(
            f"{name}: found none for {len(missing)} of {len(ids)} {unit}s "
            f"({missing.tolist()[:5]} ...), expected one for each. Join by id."
        )
    aligned = values.reindex(ids)
    _check_amounts(aligned, name)
    return aligned.to_numpy(dtype=float)


def _check_amounts(values: pd.Series, name: str) -> None:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        first = values.index[wrong][0]
        raise AnalysisError(
            f"{name}: found {values.loc[first]} at {first!r} ({int(wrong.sum())} such rows), "
            "expected finite numbers of 0 or more. Correct them or leave them out."
        )
