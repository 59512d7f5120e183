"""What a floor for each district or fabric costs a study in people covered."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.site_findings.conditions import groups_of_floor
from ecity_geo.site_findings.work import standing
from ecity_geo.siting import price_of_fairness
from ecity_geo.study import Study


def fairness_of(study: Study, costs: CostMatrix, floors: Iterable[float] = ()) -> pd.DataFrame:
    """Compare the plan of a study that covers most people with fair ones of as many sites.

    Parameters
    ----------
    study
        The study; its groups are districts or fabrics, by `Conditions.floor_by`.
    costs
        Travel costs from all demand to all services and candidates.
    floors
        Least shares covered of each group, each for a plan of its own.

    Returns
    -------
    plans
        As in `ecity_geo.siting.fairness.price_of_fairness`, in the time of one model.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.siting.fairness.price_of_fairness`.
    """
    return price_of_fairness(
        costs,
        study.demand["population"],
        standard=study.options.standard,
        p=study.options.p,
        groups=groups_of_floor(study),
        candidates=study.candidates.index,
        existing=standing(study),
        floors=floors,
        time_limit=study.options.time_limit,
    )
