"""Need in a study: people weighted by how far the readiness of their district lags."""

from __future__ import annotations

from typing import cast

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.inputs.conditions import MIX, POPULATION, READINESS
from ecity_geo.ranking.uncertainty import bootstrap_means
from ecity_geo.site_findings.work import standing
from ecity_geo.siting import RobustPlan, need, robust_mclp
from ecity_geo.study import Study

LEAST = 1e-6
"""Of a person, for whom readiness is at the top: counts for nothing, but has to be reached."""


def need_weights(study: Study, readiness: pd.Series) -> pd.Series | None:
    """Weigh the people of each demand point by the study's need.

    Parameters
    ----------
    study
        The study; `Options.need` says by what.
    readiness
        Mean readiness of each district; missing where it is suppressed: there the mean gap of the
        others stands in.

    Returns
    -------
    weights
        As in `ecity_geo.siting.need.need`, by demand id; missing where people count alike.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.siting.need.need`.
    """
    if study.options.need == POPULATION:
        return None
    return cast("pd.Series", _weights(study, readiness, study.options.need))


def robust(
    study: Study,
    costs: CostMatrix,
    scores: pd.Series,
    readiness: pd.Series,
    *,
    draws: int,
) -> RobustPlan:
    """Choose sites for a need that the survey knows only so well.

    Parameters
    ----------
    study
        The study. If its need is that of the population, which has no draws, readiness is taken.
    costs
        Travel costs from all demand to all services and candidates.
    scores
        Overall readiness of each respondent.
    readiness
        Mean readiness of each district; missing where it is suppressed.
    draws
        Number of bootstrap samples of the respondents, within districts, by the study's seed.

    Returns
    -------
    robust
        As from `ecity_geo.siting.need.robust_mclp`.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.siting.need.need` and `ecity_geo.siting.models.mclp`.
    """
    options = study.options
    means = bootstrap_means(
        scores,
        study.responses["district_id"],
        units=study.districts.index,
        weight=study.responses["weight"],
        draws=draws,
        seed=options.seed,
    ).T
    known = means.where(readiness.reindex(means.index).notna())
    weighed_by = READINESS if options.need == POPULATION else options.need
    weights = _weights(study, known, weighed_by)
    if not isinstance(weights, pd.DataFrame):
        raise AnalysisError("Draws of the readiness need a column each.")
    return robust_mclp(
        costs,
        weights,
        standard=options.standard,
        p=options.p,
        candidates=study.candidates.index,
        existing=standing(study),
        time_limit=options.time_limit,
    )


def _weights(
    study: Study, readiness: pd.Series | pd.DataFrame, weighed_by: str
) -> pd.Series | pd.DataFrame:
    """Give each demand point the readiness of its district, and weigh its people by it."""
    people = study.demand["population"]
    own = readiness.reindex(study.demand["district_id"].to_numpy())
    own.index = study.demand.index
    scale = float(study.instrument.scale_min), float(study.instrument.scale_max)
    weights = need(people, own, scale=scale, mix=MIX[weighed_by])
    if isinstance(weights, pd.DataFrame):
        return weights.clip(lower=LEAST * people, axis=0)
    return weights.clip(lower=LEAST * people)
