"""The classic models with capacities: the same questions, put to a plan under conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import numbers, shown
from ecity_geo.siting.arguments import by_id
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.program import COVERAGE, PRICE, TRAVEL
from ecity_geo.siting.question import Question, joined

OBJECTIVES = {"mclp": COVERAGE, "p_median": TRAVEL, "lscp": PRICE}


def capacitated(
    model: str,
    question: Question,
    cost: CostMatrix,
    capacity: pd.Series,
    *,
    p: int | None,
    standard: float | None = None,
    prices: np.ndarray | None = None,
    served: np.ndarray | None = None,
    time_limit: float,
) -> SitingPlan:
    """Ask ``"mclp"``, ``"p_median"`` or ``"lscp"`` where each site serves so many people at most.

    Parameters
    ----------
    model
        Its name.
    question
        Its demand and sites.
    cost
        Travel cost from demand to the sites.
    capacity
        People whom each site can serve, by id.
    p, standard, time_limit
        As in the model.
    prices
        Of each candidate; 1 by default.
    served
        Which demand is to be counted; all by default.

    Returns
    -------
    plan
        That of `ecity_geo.siting.planning.plan_sites`, under the name of the model.
    """
    # plans under conditions may ask the plain models, which ask this
    from ecity_geo.siting.planning import plan_sites

    ids = joined(question.existing, question.candidates)
    standing = np.arange(len(ids)) < question.n_existing
    price = np.ones(len(question.candidates)) if prices is None else prices
    sites = pd.DataFrame(
        {
            "standing": standing,
            "price": np.concatenate([np.zeros(question.n_existing), price]),
            "capacity": _capacities(capacity, ids),
        },
        index=ids,
    )
    counted = question.people if served is None else np.where(served, question.people, 0.0)
    found = plan_sites(
        cost,
        pd.Series(counted, index=question.demand),
        sites,
        objective=OBJECTIVES[model],
        standard=standard,
        p=p,
        time_limit=time_limit,
    )
    return replace(found.plan, model=model)


def _capacities(capacity: pd.Series, ids: pd.Index) -> np.ndarray:
    """Return the capacity of each site, aligned by id; each one must have one."""
    given, _ = numbers(by_id(capacity, "The table of capacities", "site").reindex(ids))
    wrong = ids[~(given >= 0)]
    if len(wrong):
        raise AnalysisError(
            f"The capacity of {len(wrong)} of the {len(ids)} sites is missing, negative or no "
            f"number: {shown(wrong)}. Give each site, existing ones too, the people it can serve; "
            "math.inf for any number."
        )
    return given
