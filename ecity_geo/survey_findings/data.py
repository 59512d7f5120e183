"""Answers of a study as the statistics take them, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ecity_geo.findings import score_survey
from ecity_geo.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be asked otherwise than the study file says.

    Parameters
    ----------
    test_value
        Value that items are tested against; as the study says by default.
    population
        People who could have been asked; else ``[survey] population``, else all inhabitants.
    posthoc, correction
        How pairs of items are compared, and how their p are adjusted.
    bootstrap
        Resamples behind the intervals of effects; as the study says by default, 0 for none.
    published
        Figures of a paper that ours are set beside, as
        `ecity_geo.stats.published.read_published` returns them.
    city
        Figures of the city that the SOAR sheet may point to, as `Findings.city` has them.
    """

    test_value: float | None = None
    population: int | None = None
    posthoc: str = "conover"
    correction: str = "holm"
    bootstrap: int | None = None
    published: Mapping[str, Any] | None = None
    city: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyData:
    """Answers of a study as the statistics take them.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, the reversed items turned round.
    outcomes
        The answers to the questions about outcomes, a column each.
    scores
        A column per construct (mean of its items), then ``"overall"``.
    constructs
        Items of each construct.
    groupings
        ``"district"`` and ``"fabric"``: that of each respondent, where known.
    weights
        Survey weights; None where all are equal.
    """

    answers: pd.DataFrame
    outcomes: pd.DataFrame
    scores: pd.DataFrame
    constructs: dict[str, list[str]]
    groupings: dict[str, pd.Series]
    weights: pd.Series | None


def survey_data(study: Study) -> SurveyData:
    """Prepare the answers of a study for the statistics.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    data
        Answers with reversed items turned round, scores, groups and weights.
    """
    scores = score_survey(study)
    instrument, responses = study.instrument, study.responses
    constructs = {
        construct.id: [item.id for item in construct.items] for construct in instrument.constructs
    }
    weight = responses["weight"]
    return SurveyData(
        answers=scores[[item.id for item in instrument.items]],
        outcomes=responses[[outcome.id for outcome in instrument.outcomes]].astype(float),
        scores=scores[[*constructs, "overall"]],
        constructs=constructs,
        groupings={"district": responses["district_id"], "fabric": responses["fabric"]},
        weights=None if (weight == weight.iloc[0]).all() else weight,
    )
