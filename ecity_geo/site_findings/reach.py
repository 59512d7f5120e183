"""Whom no site of a study can reach, whichever is chosen."""

from __future__ import annotations

import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.question import ask
from ecity_geo.siting.reach import out_of_reach
from ecity_geo.study import Study


def beyond_all(study: Study, costs: CostMatrix, existing: pd.Index) -> str:
    """Say who lies beyond the standard from every site, by how much, and which one would do.

    Parameters
    ----------
    study
        The study.
    costs
        Travel costs from all demand to all services and candidates.
    existing
        Services that plans count on.

    Returns
    -------
    told
        A sentence; empty where nobody does.
    """
    question = ask(
        costs,
        study.demand["population"],
        p=0,
        least=0,
        candidates=study.candidates.index,
        existing=existing,
        time_limit=study.options.time_limit,
    )
    _, facts = out_of_reach(question, study.options.standard, costs.unit)
    return facts.told if facts.points else ""
