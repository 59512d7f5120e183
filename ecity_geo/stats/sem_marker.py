"""The item that sets the unit of a latent variable, and another one in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_table import ParameterTable


def strongest_markers(table: ParameterTable, moments: Sequence[Moments]) -> ParameterTable | None:
    """Let the item that is most like the others set the unit of each latent variable.

    A first item that hardly belongs to the others makes a bad unit: its loading of 1 keeps the
    latent variable on one side of 0, where searches end at a variance near 0 and ever larger
    loadings. The model stays the same, and so do the numbers of its free parameters.

    Parameters
    ----------
    table
        Parameters.
    moments
        One per group; the first tells which items are the strongest.

    Returns
    -------
    other
        With other units; None where no unit can be changed.
    """
    changed = {}
    for latent in table.latent:
        pair = _pair(table, moments[0], latent)
        if pair is not None:
            changed[latent] = pair
    if not changed:
        return None
    rows, index = list(table.rows), table.index.copy()
    for first, second in changed.values():
        for one, other in zip(_at(table, first), _at(table, second), strict=True):
            rows[one] = replace(rows[one], free=True, value=np.nan)
            rows[other] = replace(rows[other], free=False, value=1.0)
            index[[one, other]] = index[[other, one]]
    return replace(table, rows=tuple(rows), index=index)


def in_first_units(table: ParameterTable, other: ParameterTable, theta: np.ndarray) -> np.ndarray:
    """Return estimates of the same model in the units of its first items.

    Parameters
    ----------
    table
        Parameters.
    other
        As `strongest_markers` returns it.
    theta
        Its free parameters.

    Returns
    -------
    first
        Those of `table`: latent variables are multiplied by the loading of their first item.
    """
    unit = {
        (mine.lhs, mine.group): float(theta[at])
        for mine, its, at in zip(table.rows, other.rows, other.index, strict=True)
        if its.free and not mine.free and theta[at] != 0
    }
    first = theta.copy()
    for row, its, at in zip(table.rows, other.rows, table.index, strict=True):
        if at < 0:
            continue
        left, right = (unit.get((name, row.group), 1.0) for name in (row.lhs, row.rhs))
        if row.op == "=~":
            # The strongest item had a loading of 1, and its number stood for the first one.
            first[at] = (theta[at] if its.free else 1.0) * right / left
        else:
            first[at] = theta[at] * left * (right if row.op == "~~" else 1 / right)
    return first


def _pair(table: ParameterTable, sample: Moments, latent: str) -> tuple[str, str] | None:
    """Name the loading of a latent variable that is 1, and that of its strongest item."""
    observed = {name: at for at, name in enumerate(table.observed)}
    rows = [row for row in table.rows if row.op == "=~" and row.lhs == latent and row.group == 0]
    items = [row for row in rows if row.rhs in observed]
    fixed = [row for row in rows if not row.free]
    if len(fixed) != 1 or fixed[0].value != 1 or fixed[0] not in items:
        return None
    places = [observed[row.rhs] for row in items]
    covariance = sample.covariance[np.ix_(places, places)]
    spread = np.sqrt(np.diag(covariance))
    loading = np.linalg.eigh(covariance / np.outer(spread, spread))[1][:, -1]
    strongest = items[int(np.argmax(abs(loading)))]
    numbers = table.index[_at(table, strongest.name)]
    # A loading that is held equal to another one, or begins where it was told to, stays as it is.
    alone = {table.rows[at].name for at in np.flatnonzero(np.isin(table.index, numbers))}
    if strongest is fixed[0] or len(alone) > 1 or not np.isnan(strongest.value):
        return None
    return fixed[0].name, strongest.name


def _at(table: ParameterTable, name: str) -> list[int]:
    return [at for at, row in enumerate(table.rows) if row.name == name]
