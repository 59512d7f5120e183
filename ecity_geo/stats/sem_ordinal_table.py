"""Tables of a model of ordered items: parameters with thresholds, and what freeing more gains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from ecity_geo.stats.sem_matrices import compile_model
from ecity_geo.stats.sem_ordinal import OrderedSolution
from ecity_geo.stats.sem_parameters import invert_information, parameter_frame
from ecity_geo.stats.sem_standard import standardise
from ecity_geo.stats.sem_table import Parameter, ParameterTable

_COLUMNS = ["lhs", "op", "rhs", "group", "mi", "epc", "std_epc"]


def ordered_parameters(
    solution: OrderedSolution, *, labels: tuple[str, ...], confidence: float
) -> pd.DataFrame:
    """Tell every parameter, thresholds among them, with its uncertainty.

    Parameters
    ----------
    solution
        Of `fit_ordered`.
    labels
        Of the groups.
    confidence
        Level of the intervals.

    Returns
    -------
    parameters
        As `parameter_frame`, with a row ``item | t1`` per threshold after the relations that were
        written. Residual variances are not free: they are what is left of 1.
    """
    model = solution.discrepancy.model
    frame = parameter_frame(
        model, solution.theta, solution.covariance, labels=labels, confidence=confidence
    )
    table = model.table
    left_over = [
        row.op == "~~" and row.lhs == row.rhs and row.lhs in table.observed for row in table.rows
    ]
    frame.loc[np.flatnonzero(left_over), "free"] = False
    parts, begin = [], 0
    for group, own_thresholds in enumerate(_thresholds(solution, confidence)):
        own = [at for at, row in enumerate(table.rows) if row.group == group]
        written = sum(not table.rows[at].added for at in own)
        middle, end = begin + written, begin + len(own)
        thresholds = own_thresholds.assign(group=labels[group])[list(frame.columns)]
        parts += [frame.iloc[begin:middle], thresholds, frame.iloc[middle:end]]
        begin = end
    return pd.concat([*parts, frame.iloc[begin:]], ignore_index=True)


def _thresholds(solution: OrderedSolution, confidence: float) -> Iterator[pd.DataFrame]:
    samples = solution.discrepancy.samples
    total = sum(one.n for one in samples)
    width = float(special.ndtri((1 + confidence) / 2))
    for one in samples:
        value = one.thresholds["value"].to_numpy()
        variance = np.diag(one.gamma)[: len(value)] * total / one.n / (total - len(samples))
        se = np.sqrt(variance)
        yield pd.DataFrame(
            {
                "lhs": one.thresholds["item"],
                "op": "|",
                "rhs": [f"t{number}" for number in one.thresholds["threshold"]],
                "label": "",
                "free": True,
                "estimate": value,
                "se": se,
                "z": value / se,
                "p": 2 * special.ndtr(-np.abs(value / se)),
                "low": value - width * se,
                "high": value + width * se,
                "std": value,
            }
        )


def ordered_modifications(solution: OrderedSolution, *, labels: tuple[str, ...]) -> pd.DataFrame:
    """Score cross-loadings, residual covariances and covariances that a model leaves out.

    Parameters
    ----------
    solution
        A proper one.
    labels
        Of the groups.

    Returns
    -------
    modifications
        `lhs`, `op`, `rhs`, `group`, `mi` (fall of the plain chi-square, nearly), `epc` (expected
        value) and `std_epc`, greatest first.

    Notes
    -----
    Score tests of one parameter at a time (Sörbom 1989, doi:10.1007/BF02294623), with
    ``Δ' W Δ`` as information, as lavaan has them for these estimators.
    """
    made = solution.discrepancy
    table = made.model.table
    more = list(_candidates(table))
    q = made.model.count
    wider = replace(
        table,
        rows=(*table.rows, *more),
        index=np.append(table.index, q + np.arange(len(more))),
    )
    model = compile_model(wider)
    theta = np.append(solution.theta, np.zeros(len(more)))
    whole = replace(made, model=model, free=np.append(made.free, q + np.arange(len(more))))
    at = whole.evaluate(np.append(solution.theta[made.free], np.zeros(len(more))))
    old = len(made.free)
    information = whole.information(theta) * sum(one.n for one in made.samples)
    across = information[old:, :old]
    reach = across @ invert_information(information[:old, :old])
    rest = np.diag(information)[old:] - np.sum(reach * across, axis=1)
    # What adds nothing to the parameters there are cannot be told apart from them.
    told = rest > 1e-8 * np.diag(information)[old:]
    rest = np.where(told, rest, 1.0)
    epc = -at.gradient[old:] / rest
    columns = {
        "lhs": [row.lhs for row in more],
        "op": [row.op for row in more],
        "rhs": [row.rhs for row in more],
        "group": [labels[row.group] for row in more],
        "mi": -at.gradient[old:] * epc,
        "epc": epc,
        "std_epc": [_standard(solution, row, value) for row, value in zip(more, epc, strict=True)],
    }
    found = pd.DataFrame(columns, columns=_COLUMNS)
    order = np.flatnonzero(told)[np.argsort(-found["mi"].to_numpy()[told], kind="stable")]
    return found.iloc[order].reset_index(drop=True)


def _standard(solution: OrderedSolution, row: Parameter, value: float) -> float:
    model = solution.discrepancy.model
    place = {name: at for at, name in enumerate(model.variables)}
    total = np.diag(model.total(solution.theta, row.group)[0])
    own = np.diag(model.filled(solution.theta, row.group)[1])
    return standardise(row, value, total, own, place)


def _candidates(table: ParameterTable) -> Iterator[Parameter]:
    there = {(row.lhs, row.op, row.rhs) for row in table.rows}
    there |= {(row.rhs, "~~", row.lhs) for row in table.rows if row.op == "~~"}
    explained = {row.lhs for row in table.rows if row.op == "~"}
    measures = [row for row in table.rows if row.op == "=~"]
    items = [name for name in table.observed if name in {row.rhs for row in measures}]
    higher = {row.lhs for row in measures if row.rhs in table.latent}
    outer = [
        name
        for name in table.latent
        if name not in explained and name not in {row.rhs for row in measures}
    ]
    wanted = [(f, "=~", i) for f in table.latent if f not in higher for i in items]
    wanted += [(one, "~~", other) for one, other in combinations(table.observed, 2)]
    wanted += [(one, "~~", other) for one, other in combinations(outer, 2)]
    for group in range(table.groups):
        for lhs, op, rhs in wanted:
            if (lhs, op, rhs) not in there:
                yield Parameter(lhs=lhs, op=op, rhs=rhs, group=group, added=True)
