"""Modification indices: what freeing one more parameter would gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, product

import numpy as np
import pandas as pd

from ecity_geo.stats.sem_estimate import Estimated
from ecity_geo.stats.sem_matrices import compile_model
from ecity_geo.stats.sem_parameters import invert_information
from ecity_geo.stats.sem_standard import standardise
from ecity_geo.stats.sem_table import Parameter, ParameterTable

_NOTHING = 1e-6
_COLUMNS = ["lhs", "op", "rhs", "group", "mi", "epc", "std_epc"]


def modification_indices(estimated: Estimated) -> pd.DataFrame:
    """Score every parameter that the model fixes or leaves out.

    Parameters
    ----------
    estimated
        A proper solution.

    Returns
    -------
    modifications
        A row per parameter that could be estimated, greatest `mi` first: `lhs`, `op`, `rhs`,
        `group`, `mi` (fall of chi-square if it were freed, 1 df), `epc` (expected change of the
        parameter), `std_epc` (completely standardised).

    Notes
    -----
    Score test with the expected information: ``s^2 / V`` and ``s / V`` with the score s and
    ``V = I11 - I12 I22^-1 I21`` (Soerbom 1989, doi:10.1007/BF02294623). Loadings of all latent
    variables, residual covariances of indicators, covariances of latent variables, paths between
    the variables of the structural part, and whatever the syntax fixes.
    """
    table = estimated.model.table
    rows, extra = _with_candidates(table)
    fixed = np.array([row.value for row in rows])
    index = np.concatenate((table.index, np.full(len(rows) - len(table.rows), -1)))
    index[extra] = table.count + np.arange(len(extra))
    model = compile_model(replace(table, rows=tuple(rows), index=index), estimated.moments)
    theta = np.append(estimated.theta, fixed[extra])
    at = replace(estimated.objective, model=model).evaluate(theta)
    q = table.count
    inner = invert_information(at.information[:q, :q])
    crossed = at.information[q:, :q]
    own = np.diag(at.information)[q:]
    variance = own - np.einsum("ij,jk,ik->i", crossed, inner, crossed)
    score = -at.gradient[q:]
    told = np.flatnonzero(variance > _NOTHING * own)
    found = [(rows[extra[k]], score[k] ** 2 / variance[k], score[k] / variance[k]) for k in told]
    return _frame(estimated, found)


def _frame(estimated: Estimated, found: list[tuple[Parameter, float, float]]) -> pd.DataFrame:
    model, theta = estimated.model, estimated.theta
    place = {name: at for at, name in enumerate(model.variables)}
    groups = range(model.table.groups)
    total = [np.diag(model.total(theta, group)[0]) for group in groups]
    own = [np.diag(model.filled(theta, group)[1]) for group in groups]
    labels = estimated.sample.labels
    data = [
        (
            *(row.lhs, row.op, row.rhs, labels[row.group], mi, epc),
            standardise(row, epc, total[row.group], own[row.group], place),
        )
        for row, mi, epc in found
    ]
    frame = pd.DataFrame(data, columns=_COLUMNS)
    return frame.sort_values("mi", ascending=False, kind="stable", ignore_index=True)


def _with_candidates(table: ParameterTable) -> tuple[list[Parameter], list[int]]:
    """Return the rows of the table and of all candidates, and the places of the candidates."""
    rows = list(table.rows)
    known = {(row.lhs, row.op, row.rhs, row.group) for row in rows}
    known |= {(row.rhs, row.op, row.lhs, row.group) for row in rows if row.op == "~~"}
    for group in range(table.groups):
        for lhs, op, rhs in _candidates(table):
            if (lhs, op, rhs, group) not in known:
                row = Parameter(lhs=lhs, op=op, rhs=rhs, group=group, free=False, value=0.0)
                rows.append(row)
    extra = [at for at, row in enumerate(rows) if not row.free and not row.exogenous]
    return rows, extra


def _candidates(table: ParameterTable) -> Iterator[tuple[str, str, str]]:
    structural = list(
        dict.fromkeys(name for row in table.rows if row.op == "~" for name in (row.lhs, row.rhs))
    )
    measured = {row.rhs for row in table.rows if row.op == "=~"}
    inner = [name for name in table.observed if name not in table.given]
    for latent, item in product(table.latent, inner):
        if item not in structural:
            yield latent, "=~", item
    indicators = [name for name in inner if name in measured]
    for one, other in combinations_with_replacement(indicators, 2):
        yield one, "~~", other
    for one, other in combinations_with_replacement(table.latent, 2):
        yield one, "~~", other
    for one, other in product(structural, repeat=2):
        indicator_on_latent = one in measured and one not in table.latent and other in table.latent
        if one != other and one not in table.given and not indicator_on_latent:
            yield one, "~", other
