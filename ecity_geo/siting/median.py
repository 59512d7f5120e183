"""The p-median as an instance, and who stays out of reach when p is too small."""

from __future__ import annotations

import numpy as np

from ecity_geo.errors import AnalysisError
from ecity_geo.siting.covering import covering_instance, undominated
from ecity_geo.siting.instance import Instance, Integers, build
from ecity_geo.siting.question import Question
from ecity_geo.siting.reach import too_few_sites
from ecity_geo.siting.search import search


def travel(question: Question) -> Instance:
    """Pose a question as a p-median: person-cost of each pair, existing sites as the base.

    Demand that nobody reaches and demand without people have no row.
    """
    _, nearest = question.nearest(np.arange(question.n_existing))
    new = question.column >= question.n_existing
    reached = np.isfinite(nearest)
    reached[question.row[new]] = True
    open_row = reached & (question.people > 0)
    place = np.cumsum(open_row) - 1
    pair = new & open_row[question.row]
    row = question.row[pair]
    return build(
        place[row],
        question.column[pair] - question.n_existing,
        question.people[row] * question.cost[pair],
        (question.people[open_row] * nearest[open_row]),
        n_columns=len(question.candidates),
        p=question.p,
        scale=1.0,
    )


def reach_all(question: Question, instance: Instance, *, time_limit: float) -> Integers:
    """Find columns that reach every row that must be reached.

    Raises
    ------
    AnalysisError
        If there are none, or none were found in the time.
    """
    stranded = np.isinf(instance.base)
    pair = stranded[instance.row]
    cover = covering_instance(
        instance.row[pair],
        instance.column[pair],
        np.ones(instance.n_rows),
        n_columns=instance.n_columns,
        p=instance.p,
        scale=1.0,
    )
    outcome = search(cover, use=undominated(cover), time_limit=time_limit)
    if outcome.cost > 0:
        raise AnalysisError(too_few_sites(question, cover, outcome, time_limit=time_limit))
    return outcome.chosen
