"""Estimates as a table, and what makes them unusable."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from ecity_geo.stats.sem_defined import defined_gradient, defined_values
from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_standard import (
    defined_standardised,
    labelled,
    row_values,
    standardised,
)
from ecity_geo.stats.sem_table import ParameterTable

_SINGULAR = 1e-9


def parameter_frame(
    model: CompiledModel,
    theta: np.ndarray,
    covariance: np.ndarray,
    *,
    labels: tuple[str, ...] = ("",),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Tell every parameter with its uncertainty.

    Parameters
    ----------
    model
        Compiled, with the moments of exogenous variables.
    theta
        Estimates.
    covariance
        Of the estimates, q x q; NaN where it is not defined.
    labels
        Of the groups.
    confidence
        Level of the intervals.

    Returns
    -------
    parameters
        A row per parameter in lavaan's order, then a row per defined quantity (group ""):
        `lhs`, `op`, `rhs`, `group`, `label`, `free`, `estimate`, `se` (0 where fixed), `z`, `p`
        (NaN where fixed), `low`, `high`, `std` (completely standardised).
    """
    table = model.table
    values, std = row_values(model, theta), standardised(model, theta)
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    se = np.where(table.index >= 0, spread[table.index], 0.0) if len(theta) else 0 * values
    head = [
        (row.lhs, row.op, row.rhs, labels[row.group], row.label, row.free) for row in table.rows
    ]
    if table.definitions:
        defined = defined_values(table.definitions, labelled(table, values))
        head += [(d.name, ":=", d.expression, "", d.name, False) for d in table.definitions]
        values = np.append(values, list(defined.values()))
        std = np.append(std, list(defined_standardised(table, std).values()))
        se = np.append(se, _defined_se(table, row_values(model, theta), covariance))
    frame = pd.DataFrame(head, columns=["lhs", "op", "rhs", "group", "label", "free"])
    return _with_intervals(frame, values, se, confidence).assign(std=std)


def _with_intervals(
    frame: pd.DataFrame, values: np.ndarray, se: np.ndarray, confidence: float
) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se == 0, np.nan, values / se)
    width = float(special.ndtri((1 + confidence) / 2)) * se
    return frame.assign(
        estimate=values,
        se=se,
        z=z,
        p=2 * special.ndtr(-np.abs(z)),
        low=values - width,
        high=values + width,
    )


def _defined_se(table: ParameterTable, values: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return standard errors by the delta method."""
    index = {
        row.label: int(at)
        for row, at in zip(table.rows, table.index, strict=True)
        if row.label and at >= 0
    }
    gradients = defined_gradient(table.definitions, labelled(table, values))
    result = []
    for slopes in gradients.values():
        weights = np.zeros(len(covariance))
        for label, at in index.items():
            weights[at] += slopes[label]
        result.append(np.sqrt(max(weights @ covariance @ weights, 0.0)))
    return np.array(result)


def invert_information(information: np.ndarray) -> np.ndarray:
    """Return the covariance of estimates, all NaN where the information is singular.

    Parameters
    ----------
    information
        Of the whole sample, q x q.

    Returns
    -------
    covariance
        Its inverse.
    """
    scale = _scale(information)
    scaled = information / np.outer(scale, scale)
    if not len(scaled) or np.linalg.eigvalsh(scaled)[0] < _SINGULAR:
        return np.full_like(information, np.nan)
    inverse: np.ndarray = np.linalg.inv(scaled) / np.outer(scale, scale)
    return inverse


def problems_of(
    model: CompiledModel, theta: np.ndarray, information: np.ndarray, *, converged: bool
) -> tuple[str, ...]:
    """Say what forbids to publish a solution.

    Parameters
    ----------
    model
        Compiled.
    theta
        Where the search ended.
    information
        Expected there.
    converged
        What the search says.

    Returns
    -------
    problems
        One sentence each; empty when the solution is proper.
    """
    df = model.moment_count() - model.count
    if df < 0:
        fact = (
            f"The model is not identified: it has {model.count} parameters for "
            f"{model.moment_count()} moments (df = {df}). Fix or equate some parameters."
        )
        return (fact,)
    found = []
    if not converged:
        found.append("The search for estimates did not converge. Simplify the model.")
    blurred = _unidentified(model.table, information)
    if blurred:
        found.append(
            f"The model is not identified: {', '.join(blurred)} cannot be told apart. Fix or "
            "equate some of them."
        )
    return (*found, *_improper(model, theta))


def _scale(information: np.ndarray) -> np.ndarray:
    """Return the roots of the diagonal, 1 where nothing is known."""
    diagonal = np.diag(information)
    return np.asarray(np.sqrt(np.where(diagonal > 1e-200, diagonal, 1.0)))


def _unidentified(table: ParameterTable, information: np.ndarray) -> list[str]:
    scale = _scale(information)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if not len(values) or values[0] >= _SINGULAR:
        return []
    part = set(np.flatnonzero(np.abs(vectors[:, 0]) > 0.05).tolist())
    names = [row.name for row, at in zip(table.rows, table.index, strict=True) if int(at) in part]
    return names if len(names) <= 6 else [*names[:6], f"{len(names) - 6} more"]


def _improper(model: CompiledModel, theta: np.ndarray) -> list[str]:
    values = row_values(model, theta)
    negative = [
        f"{row.lhs} ({value:.3g})"
        for row, value in zip(model.table.rows, values, strict=True)
        if row.op == "~~" and row.lhs == row.rhs and value < 0
    ]
    if negative:
        fact = (
            f"A variance is negative (Heywood case): {', '.join(negative)}. The model is wrong "
            "for these items, or the sample too small; leave an item out or fix its variance."
        )
        return [fact]
    p = model.observed
    found = []
    for group in range(model.table.groups):
        own = model.filled(theta, group)[1][:p, :p]
        latent = model.total(theta, group)[0][p:, p:]
        for matrix, what in ((latent, "latent variables"), (own, "residuals")):
            if len(matrix) and _not_definite(matrix):
                found.append(
                    f"The covariance matrix of the {what} is not positive definite: some are "
                    "correlated beyond 1. Merge constructs, or drop a covariance."
                )
    return list(dict.fromkeys(found))


def _not_definite(matrix: np.ndarray) -> bool:
    spread = np.sqrt(np.diag(matrix))
    spread = np.where(spread > 0, spread, 1.0)
    return bool(np.linalg.eigvalsh(matrix / np.outer(spread, spread))[0] < -1e-8)
