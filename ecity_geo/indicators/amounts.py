"""Amounts per demand point or facility, aligned with a cost matrix by id."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

Floats = NDArray[np.float64]


def sum_over_demand(near: CostMatrix, amounts: Floats, weights: Floats | None = None) -> Floats:
    """Sum amounts of demand over the stored pairs of each facility.

    Parameters
    ----------
    near
        The pairs.
    amounts
        One per row of `near`.
    weights
        One per stored pair; 1 each by default.

    Returns
    -------
    sums
        One per column of `near`.
    """
    return np.asarray(_weighted(near, weights).T @ amounts, dtype=np.float64)


def sum_over_facilities(near: CostMatrix, amounts: Floats, weights: Floats) -> Floats:
    """Sum amounts of facilities over the stored pairs of each demand point.

    Parameters
    ----------
    near
        The pairs.
    amounts
        One per column of `near`.
    weights
        One per stored pair.

    Returns
    -------
    sums
        One per row of `near`.
    """
    return np.asarray(_weighted(near, weights) @ amounts, dtype=np.float64)


def _weighted(near: CostMatrix, weights: Floats | None) -> csr_array:
    data = np.ones(near.costs.nnz) if weights is None else weights
    return csr_array((data, near.costs.indices, near.costs.indptr), shape=near.costs.shape)


def people_at(cost: CostMatrix, population: pd.Series) -> Floats:
    """Return the population in the order of the rows of a cost matrix; see `align_amounts`."""
    return align_amounts(population, cost.demand_ids, "population", "demand point")


def align_amounts(values: pd.Series, ids: pd.Index, name: str, unit: str) -> Floats:
    """Align amounts with ids, and hold that none is missing: by position they would be wrong.

    Parameters
    ----------
    values
        Amounts, indexed by id.
    ids
        The order wanted; `values` may hold more.
    name, unit
        What the amounts are, and of what, for messages.

    Returns
    -------
    amounts
        One per id.

    Raises
    ------
    AnalysisError
        If an id is missing or there twice, or an amount is missing, negative or infinite.
    """
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
    check_amounts(aligned, name)
    return aligned.to_numpy(dtype=float)


def check_amounts(values: pd.Series, name: str) -> None:
    """Raise an `AnalysisError` unless all amounts are finite and 0 or more."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        first = values.index[wrong][0]
        raise AnalysisError(
            f"{name}: found {values.loc[first]} at {first!r} ({int(wrong.sum())} such rows), "
            "expected finite numbers of 0 or more. Correct them or leave them out."
        )
