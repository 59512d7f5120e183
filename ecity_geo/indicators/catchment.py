"""Floating catchments: how much of the services' capacity reaches each person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators.amounts import (
    align_amounts,
    people_at,
    sum_over_demand,
    sum_over_facilities,
)
from ecity_geo.indicators.decay import Decay, weights_of

Floats = NDArray[np.float64]
METHODS = ("2sfca", "m2sfca", "3sfca")


def floating_catchment(
    cost: CostMatrix,
    population: pd.Series,
    capacity: pd.Series,
    *,
    catchment: float,
    decay: Decay | None = None,
    method: str = "2sfca",
) -> pd.Series:
    """Two-step floating catchment access, and its kin.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    population
        Persons per demand point, aligned with the rows of `cost` by id.
    capacity
        Capacity per facility, aligned with the columns of `cost` by id; see
        `ecity_geo.indicators.access.fill_capacity`.
    catchment
        Greatest cost at which a person uses a facility, in the unit of `cost`. Inclusive.
    decay
        Weight W of a cost within the catchment, from `ecity_geo.indicators.decay`; 1 everywhere
        by default.
    method
        ``"2sfca"`` (with a decay E2SFCA), ``"m2sfca"`` or ``"3sfca"``.

    Returns
    -------
    access
        Capacity per person, indexed by demand id; 0 where no facility is in reach. Summed over
        all people it gives back the capacity of every facility with somebody in its catchment;
        less with M2SFCA, where capacity that is far from its people is partly lost. The
        attributes ``attrs["facilities_unused"]`` and ``attrs["capacity_unused"]`` count the
        facilities with nobody in their catchment, and their capacity, which nobody has.

    Raises
    ------
    AnalysisError
        If `catchment` exceeds the cutoff of `cost`, the method is unknown, a weight is negative
        or not finite, or a population or capacity is missing, negative or not finite.

    Notes
    -----
    2SFCA, Luo & Wang (2003), doi:10.1068/b29120: each facility shares its capacity among all
    people in its catchment, ``R_j = S_j / sum_i P_i W_ij``, and each person adds up the shares in
    reach, ``A_i = sum_j R_j W_ij``. E2SFCA, Luo & Qi (2009),
    doi:10.1016/j.healthplace.2009.06.002: the same with a decay. M2SFCA, Delamater (2013),
    doi:10.1016/j.healthplace.2013.07.012: ``A_i = sum_j R_j W_ij^2``. 3SFCA, Wan, Zou & Sternberg
    (2012), doi:10.1080/13658816.2011.624987: both sums weigh each pair by ``G_ij = W_ij / sum_k
    W_ik`` too, the share of a person's trips that the facility gets. A facility with nobody in
    its catchment gives to nobody.
    """
    check_method(method)
    near = cost.within(catchment)
    weight = weigh(near.costs.data, decay)
    demanded = supplied = weight
    if method == "m2sfca":
        supplied = weight**2
    elif method == "3sfca":
        demanded = supplied = weight * _trip_share(near, weight)
    supply = align_amounts(capacity, cost.facility_ids, "capacity", "facility")
    people = sum_over_demand(near, people_at(cost, population), demanded)
    share = np.divide(supply, people, out=np.zeros_like(supply), where=people > 0)
    access = sum_over_facilities(near, share, supplied)
    return access_of(access, near.demand_ids, supply, people)


def opportunities(
    cost: CostMatrix, amounts: pd.Series, *, standard: float, decay: Decay | None = None
) -> pd.Series:
    """Cumulative opportunities: what is in reach of each demand point, shared with nobody.

    Parameters
    ----------
    cost
        Travel cost, ``n_demand x n_facility``.
    amounts
        Opportunities per facility (1 each to count them), aligned by id.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.
    decay
        Weight of a cost; 1 everywhere by default. With one this is Hansen's accessibility.

    Returns
    -------
    opportunities
        Sum within reach, indexed by demand id.

    Raises
    ------
    AnalysisError
        If `standard` exceeds the cutoff of `cost`, or an amount is missing, negative or not
        finite.

    Notes
    -----
    Hansen (1959), doi:10.1080/01944365908978307.
    """
    near = cost.within(standard)
    supply = align_amounts(amounts, cost.facility_ids, "amounts", "facility")
    found = sum_over_facilities(near, supply, weigh(near.costs.data, decay))
    return pd.Series(found, index=near.demand_ids, name="opportunities")


def access_of(access: Floats, ids: pd.Index, supply: Floats, users: Floats) -> pd.Series:
    """Return access with what nobody uses beside it, as attributes.

    Parameters
    ----------
    access, ids
        Capacity per person, and the id, of each demand point.
    supply, users
        Capacity, and people in the catchment, of each facility.

    Returns
    -------
    access
        Named, with ``attrs["facilities_unused"]`` and ``attrs["capacity_unused"]``.
    """
    named = pd.Series(access, index=ids, name="access")
    unused = ~(users > 0)
    named.attrs["facilities_unused"] = int(unused.sum())
    named.attrs["capacity_unused"] = float(supply[unused].sum())
    return named


def check_method(method: str) -> None:
    """Raise an `AnalysisError` unless there is such a method."""
    if method not in METHODS:
        raise AnalysisError(f"No catchment method '{method}'; there are {', '.join(METHODS)}.")


def weigh(costs: Floats, decay: Decay | None) -> Floats:
    """Return the weight of each cost, or an `AnalysisError` if the decay gives an odd one."""
    if decay is None:
        return np.ones(len(costs))
    weight = weights_of(decay, costs)
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise AnalysisError("The decay gives a weight that is negative or not finite.")
    return weight


def _trip_share(near: CostMatrix, weight: Floats) -> Floats:
    """Share of a demand point's trips that each facility in reach gets."""
    rows = near.rows()
    total = sum_over_facilities(near, np.ones(len(near.facility_ids)), weight)[rows]
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
