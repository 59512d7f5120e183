"""Amounts per demand point or facility, aligned with a cost matrix by id."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

Floats = NDArray[np.float64]
# What pandas calls a column of objects that holds only numbers.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")


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
        If an id is missing or there twice, or an amount is missing, no number, negative or
        infinite.
    """
    aligned = align_labels(values, ids, name, unit)
    check_amounts(aligned, name)
    return numbers_of(aligned, name)


def align_labels(values: pd.Series, ids: pd.Index, name: str, unit: str) -> pd.Series:
    """Align districts, kinds or other values with ids, and hold that each id has its row.

    Parameters
    ----------
    values
        One per id, which may be missing; may hold more ids.
    ids
        The order wanted.
    name, unit
        What the values are, and of what, for messages.

    Returns
    -------
    aligned
        One per id.

    Raises
    ------
    AnalysisError
        If an id has no row, or two.
    """
    check_ids(values.index, name, unit)
    missing = ids.difference(values.index, sort=False)
    if len(missing):
        raise AnalysisError(
            f"{name}: found none for {len(missing)} of {len(ids)} {unit}s "
            f"({missing.tolist()[:5]} ...), expected one for each. Join by id."
        )
    return values.reindex(ids)


def check_ids(ids: pd.Index, name: str, unit: str) -> None:
    """Raise an `AnalysisError` if an id stands twice: its people would count twice."""
    if not ids.is_unique:
        twice = ids[ids.duplicated()].unique().tolist()[:5]
        raise AnalysisError(f"{name}: found ids twice {twice}, expected one row per {unit}.")


def numbers_of(values: pd.Series, name: str) -> Floats:
    """Return values as floating-point numbers, or an `AnalysisError` if they are text or the like.

    Parameters
    ----------
    values
        Numbers, in a column of numbers or of objects; NaN where missing.
    name
        What they are, for the message.

    Returns
    -------
    numbers
        In the same order.

    Raises
    ------
    AnalysisError
        If a value is no number. Text is not read as numbers: who knows which comma it means.
    """
    kinds = pd.api.types
    numeric = kinds.is_numeric_dtype(values) and not kinds.is_complex_dtype(values)
    if not numeric and kinds.infer_dtype(values, skipna=True) not in _NUMBERS:
        raise AnalysisError(
            f"{name}: found values of type {values.dtype}, expected numbers. "
            "Convert them with pandas.to_numeric()."
        )
    return values.to_numpy(dtype=float, na_value=np.nan)


def check_amounts(values: pd.Series, name: str) -> None:
    """Raise an `AnalysisError` unless all amounts are finite and 0 or more."""
    numbers = numbers_of(values, name)
    wrong = ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        first = values.index[wrong][0]
        raise AnalysisError(
            f"{name}: found {values.loc[first]} at {first!r} ({int(wrong.sum())} such rows), "
            "expected finite numbers of 0 or more. Correct them or leave them out."
        )
