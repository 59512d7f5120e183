"""Covering made small: demand with the same choice merged, dominated candidates left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting import highs
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.instance import (
    Flags,
    Floats,
    Instance,
    Integers,
    build,
    column_sums,
    set_keys,
)
from ecity_geo.siting.question import Question
from ecity_geo.siting.watching import Teller, teller

DOMINANCE_WORK = 50_000_000
"""Pairs of pairs up to which dominated candidates are looked for: about a second."""


def coverage(question: Question) -> Instance:
    """Pose a question as covering: what no existing site covers, on the candidates."""
    old = question.column < question.n_existing
    covered = np.zeros(len(question.demand), dtype=bool)
    covered[question.row[old]] = True
    pair = ~old & ~covered[question.row] & (question.people[question.row] > 0)
    instance = covering_instance(
        question.row[pair],
        question.column[pair] - question.n_existing,
        question.people,
        n_columns=len(question.candidates),
        p=question.p,
        scale=1.0,
    )
    saved = float(instance.base.sum()) - instance.objective(greedy(instance))
    return replace(instance, scale=float(question.people[covered].sum()) + saved or 1.0)


def covering_teller(question: Question) -> Teller:
    """Return what tells of the people covered, where the search counts those that are not."""
    reachable = float(question.people[np.unique(question.row)].sum())
    return teller("mclp", lambda missed: reachable - missed)


def covering_instance(
    row: Integers,
    column: Integers,
    people: Floats,
    *,
    n_columns: int,
    p: int,
    scale: float,
) -> Instance:
    """Make the instance of a covering model; rows covered by the same columns become one.

    Parameters
    ----------
    row, column
        Pairs within the standard; a row without pairs is left out.
    people
        Weight of each row: what it pays when it is not covered.
    n_columns, p, scale
        As for `Instance`.
    """
    order = np.lexsort((column, row))
    row, column = row[order], column[order]
    key = set_keys(row, column, n_columns)
    last = np.append(row[1:] != row[:-1], True) if len(row) else np.empty(0, dtype=bool)
    _, first, group = np.unique(key[last], return_index=True, return_inverse=True)
    weight = column_sums(group, people[row[last]], len(first))
    keeper = row[last][first]
    place = np.full(len(people), -1)
    place[keeper] = np.arange(len(first))
    kept = place[row] >= 0
    return build(
        place[row[kept]],
        column[kept],
        np.zeros(int(kept.sum())),
        weight,
        n_columns=n_columns,
        p=p,
        scale=scale,
    )


def undominated(instance: Instance) -> Flags:
    """Tell which columns no other column replaces: covers all that it covers.

    Of columns that cover the same, the first one stays.
    """
    useful = np.zeros(instance.n_columns, dtype=bool)
    useful[instance.column] = True
    degree = np.diff(instance.start).astype(float)
    if float(degree @ degree) > DOMINANCE_WORK:
        return useful
    covers = csr_array(
        (np.ones(len(instance.row)), (instance.row, instance.column)),
        shape=(instance.n_rows, instance.n_columns),
    )
    shared = (covers.T @ covers).tocoo()
    size = np.bincount(instance.column, minlength=instance.n_columns)
    mine, other = shared.row, shared.col
    within = (shared.data == size[mine]) & (mine != other)
    replaced = within & ((size[other] > size[mine]) | (other < mine))
    useful[mine[replaced]] = False
    return useful


def smallest_cover(instance: Instance, *, time_limit: float) -> int | None:
    """Count the columns that it takes to cover all rows: the location set covering problem.

    Toregas, Swain, ReVelle & Bergman (1971), doi:10.1287/opre.19.6.1363. None if no cover was
    found in the time.
    """
    n = instance.n_columns
    program = highs.Program(
        cost=np.ones(n),
        limit=np.ones(n),
        whole=np.ones(n, dtype=bool),
        rows=csr_array(
            (np.ones(len(instance.row)), (instance.row, instance.column)),
            shape=(instance.n_rows, n),
        ),
        lower=np.ones(instance.n_rows),
        upper=np.full(instance.n_rows, math.inf),
    )
    answer = highs.solve(program, time_limit=time_limit, tolerance=0.99)
    return None if answer.x is None else round(float(answer.x.sum()))
