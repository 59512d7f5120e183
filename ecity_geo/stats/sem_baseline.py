"""The baseline model, in which nothing is related, and the saturated one."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from ecity_geo.stats.sem_table import Parameter, ParameterTable


def baseline_table(table: ParameterTable) -> ParameterTable:
    """Return the model that the same variables have when nothing relates them.

    Parameters
    ----------
    table
        Of a model.

    Returns
    -------
    baseline
        Variances, covariances of exogenous variables among themselves, and means if the model
        has them; nothing is held equal over groups.
    """
    return _moments_table(table, saturated=False)


def saturated_table(table: ParameterTable) -> ParameterTable:
    """Return the model in which every moment of the same variables is free.

    Parameters
    ----------
    table
        Of a model.

    Returns
    -------
    saturated
        As `baseline_table`, with all covariances.
    """
    return _moments_table(table, saturated=True)


def _moments_table(table: ParameterTable, *, saturated: bool) -> ParameterTable:
    rows = []
    for group in range(table.groups):
        for one, other in combinations_with_replacement(table.observed, 2):
            outer = one in table.given and other in table.given
            if saturated or one == other or outer:
                rows.append(_row(table, group, one, "~~", other))
        if table.means:
            rows += [_row(table, group, name, "~1", "") for name in table.observed]
    free = np.array([row.free for row in rows])
    return ParameterTable(
        rows=tuple(rows),
        index=np.where(free, np.cumsum(free) - 1, -1),
        observed=table.observed,
        latent=(),
        given=table.given,
        exogenous=table.exogenous,
        groups=table.groups,
        means=table.means,
        definitions=(),
    )


def _row(table: ParameterTable, group: int, lhs: str, op: str, rhs: str) -> Parameter:
    fixed = lhs in table.exogenous and rhs in (*table.exogenous, "")
    return Parameter(lhs=lhs, op=op, rhs=rhs, group=group, free=not fixed, exogenous=fixed)
