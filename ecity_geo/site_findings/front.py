"""What coverage costs a study in another aim: every plan that none betters in both."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.site_findings.work import standing
from ecity_geo.siting import Front, pareto_front
from ecity_geo.siting.front import FAIRNESS, PRICE
from ecity_geo.study import Study

GROUP_COLUMNS = {"district": "district_id", "fabric": "fabric"}


def front_of(study: Study, costs: CostMatrix, against: str) -> Front:
    """Find the plans of a study of which none is better in coverage and in another aim.

    Parameters
    ----------
    study
        The study. Against price a place costs what its cheapest kind does, 1 in a study without
        kinds, or its own price, and the budget of the study holds where it has one; capacities
        are not counted, and nothing is closed. Against travel and fairness plans have
        `Options.p` new sites; fairness is the share covered of the district or fabric
        (`Conditions.floor_by`) that is served worst.
    costs
        Travel costs from all demand to all services and candidates.
    against
        ``"price"``, ``"travel"`` or ``"fairness"``.

    Returns
    -------
    front
        As `ecity_geo.siting.front.pareto_front` finds it, in the time of one model.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.siting.front.pareto_front`.
    """
    options = study.options
    asked: dict[str, Any] = {}
    if against == PRICE:
        budget = options.conditions.budget
        asked["prices"] = _prices(study)
        asked["budget"] = math.inf if budget is None else budget
    else:
        asked["p"] = options.p
    if against == FAIRNESS:
        asked["groups"] = study.demand[GROUP_COLUMNS[options.conditions.floor_by]]
    return pareto_front(
        costs,
        study.demand["population"],
        standard=options.standard,
        against=against,
        candidates=study.candidates.index,
        existing=standing(study),
        time_limit=options.time_limit,
        **asked,
    )


def _prices(study: Study) -> pd.Series | None:
    """Price every place by its cheapest kind; whichever stands there, it covers the same."""
    kinds = study.options.conditions.kinds.values()
    own = study.candidates.get("price")
    if not kinds:
        return own
    cheapest = min(kind.price for kind in kinds)
    return pd.Series(cheapest if own is None else own + cheapest, index=study.candidates.index)
