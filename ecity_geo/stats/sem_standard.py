"""Standardised solution: all variables, latent ones too, with variance 1."""

from __future__ import annotations

import numpy as np

from ecity_geo.stats.sem_defined import defined_values
from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_table import Parameter, ParameterTable


def row_values(model: CompiledModel, theta: np.ndarray) -> np.ndarray:
    """Return the value of each row of the table, fixed or free.

    Parameters
    ----------
    model
        Compiled, with the moments of exogenous variables.
    theta
        Free parameters.

    Returns
    -------
    values
        In the order of `model.table.rows`.
    """
    filled = [model.filled(theta, group) for group in range(model.table.groups)]
    place = {name: at for at, name in enumerate(model.variables)}
    return np.array([_value(row, filled[row.group], place) for row in model.table.rows])


def _value(
    row: Parameter, filled: tuple[np.ndarray, np.ndarray, np.ndarray], place: dict[str, int]
) -> float:
    directed, symmetric, intercept = filled
    if row.op == "=~":
        return float(directed[place[row.rhs], place[row.lhs]])
    if row.op == "~":
        return float(directed[place[row.lhs], place[row.rhs]])
    if row.op == "~~":
        return float(symmetric[place[row.lhs], place[row.rhs]])
    return float(intercept[place[row.lhs]])


def standardised(model: CompiledModel, theta: np.ndarray) -> np.ndarray:
    """Completely standardise a solution (lavaan's ``std.all``).

    Parameters
    ----------
    model
        Compiled.
    theta
        Free parameters.

    Returns
    -------
    std
        Of each row: loadings and paths times ratios of model-implied standard deviations,
        variances as shares, covariances as correlations of what remains unexplained. NaN where a
        variance is not positive.
    """
    values = row_values(model, theta)
    place = {name: at for at, name in enumerate(model.variables)}
    result = np.empty(len(values))
    groups = range(model.table.groups)
    total = [np.diag(model.total(theta, group)[0]) for group in groups]
    own = [np.diag(model.filled(theta, group)[1]) for group in groups]
    for at, row in enumerate(model.table.rows):
        result[at] = standardise(row, values[at], total[row.group], own[row.group], place)
    return result


def standardise(
    row: Parameter, value: float, total: np.ndarray, own: np.ndarray, place: dict[str, int]
) -> float:
    """Standardise one parameter.

    Parameters
    ----------
    row
        Which.
    value
        Its value.
    total, own
        Variances of all variables, and the part of them that nothing explains.
    place
        Of each variable.

    Returns
    -------
    std
        NaN where a variance is not positive.
    """
    left = place[row.lhs]
    right = place[row.rhs] if row.rhs else left
    if row.op == "=~":
        ratio = total[left] / total[right] if total[right] > 0 else np.nan
    elif row.op == "~":
        ratio = total[right] / total[left] if total[left] > 0 else np.nan
    elif row.op == "~~" and left != right:
        both = own[left] * own[right]
        ratio = 1 / both if own[left] > 0 and own[right] > 0 else np.nan
    else:
        ratio = 1 / total[left] if total[left] > 0 else np.nan
        if row.op == "~~":
            return float(value * ratio)
    return float(value * np.sqrt(ratio)) if ratio >= 0 else np.nan


def labelled(table: ParameterTable, values: np.ndarray) -> dict[str, float]:
    """Return the value behind each label, the first row of a label telling it."""
    found: dict[str, float] = {}
    for row, value in zip(table.rows, values, strict=True):
        if row.label:
            found.setdefault(row.label, float(value))
    return found


def defined_standardised(table: ParameterTable, std: np.ndarray) -> dict[str, float]:
    """Return defined quantities made of standardised parameters.

    Parameters
    ----------
    table
        With its definitions.
    std
        From `standardised`.

    Returns
    -------
    defined
        By name.
    """
    return defined_values(table.definitions, labelled(table, std))
