"""All statistics of a study's survey, as plain tables: `analyse_survey` is the one entry.

Pages, commands and notebooks print these tables; the arithmetic is in `ecity_geo.stats`. A table
without an answer (an item that all answered alike, no outcome in the survey) does not hide the
others: it stands in `SurveyFindings.untold` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.findings import score_survey
from ecity_geo.stats import friedman, inference, reliability, sampling
from ecity_geo.study import Study

Progress = Callable[[str], None]

CHAPTERS: dict[str, tuple[str, ...]] = {
    "sampling": ("sample-size", "allocation"),
    "instrument": ("reliability", "items"),
    "level": ("one-sample",),
    "ranks": ("friedman", "mean-ranks", "pairs"),
}
"""Chapters of the statistics, and the tables in each."""


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
    """

    test_value: float | None = None
    population: int | None = None
    posthoc: str = "conover"
    correction: str = "holm"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyData:
    """Answers of a study as the statistics take them.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, the reversed items turned round.
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
    scores: pd.DataFrame
    constructs: dict[str, list[str]]
    groupings: dict[str, pd.Series]
    weights: pd.Series | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyFindings:
    """Statistics of a survey.

    Parameters
    ----------
    study
        The study.
    data
        Its answers as they were used.
    tables
        By name, in the order of `CHAPTERS`.
    untold
        Reason per table that could not be made.
    """

    study: Study
    data: SurveyData
    tables: dict[str, pd.DataFrame]
    untold: dict[str, str]


def analyse_survey(
    study: Study,
    *,
    only: Iterable[str] | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> SurveyFindings:
    """Compute the statistics of a study's survey.

    Parameters
    ----------
    study
        The study.
    only
        Names of tables; all by default.
    settings
        What is asked otherwise than the study file says.
    progress
        Told each table before it is made.

    Returns
    -------
    findings
        Tables, and the reason for each that has no answer.
    """
    work = Work(study, settings or Settings())
    tables: dict[str, pd.DataFrame] = {}
    untold: dict[str, str] = {}
    for name in TABLES if only is None else only:
        if progress is not None:
            progress(name)
        try:
            tables[name] = TABLES[name](work)
        except AnalysisError as error:
            untold[name] = str(error)
    return SurveyFindings(study=study, data=work.data, tables=tables, untold=untold)


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
    items = [item.id for item in study.instrument.items]
    constructs = {
        construct.id: [item.id for item in construct.items]
        for construct in study.instrument.constructs
    }
    weight = study.responses["weight"]
    return SurveyData(
        answers=scores[items],
        scores=scores[[*constructs, "overall"]],
        constructs=constructs,
        groupings={
            "district": study.responses["district_id"],
            "fabric": study.responses["fabric"],
        },
        weights=None if (weight == weight.iloc[0]).all() else weight,
    )


class Work:
    """A study with everything that several tables share, made once when first asked for."""

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.settings = settings
        self.options = study.options

    @property
    def confidence(self) -> float:
        """Level of all intervals."""
        return self.options.confidence

    @property
    def test_value(self) -> float:
        """Value that items are tested against."""
        asked = self.settings.test_value
        return self.options.test_value if asked is None else asked

    @cached_property
    def data(self) -> SurveyData:
        """The answers."""
        return survey_data(self.study)

    @cached_property
    def friedman(self) -> friedman.Friedman:
        """Friedman's test of all items."""
        return friedman.friedman(self.data.answers)


def _sample_size(work: Work) -> pd.DataFrame:
    everyone = round(float(work.study.demand["population"].sum()))
    people = work.settings.population or everyone
    n, level = len(work.data.answers), work.confidence
    row = {
        "n": n,
        "population": people,
        "confidence": level,
        "margin": sampling.margin_of_error(n, people, confidence=level),
        "cochran_5_percent": sampling.cochran(people, confidence=level),
        "krejcie_morgan_5_percent": sampling.krejcie_morgan(people, confidence=level),
    }
    return pd.DataFrame([row])


def _allocation(work: Work) -> pd.DataFrame:
    """Return what each district's share of as many respondents would be."""
    study = work.study
    people = study.demand.groupby("district_id")["population"].sum()
    sizes = people.reindex(study.districts.index).fillna(0.0).round()
    shares = sampling.allocate_proportional(len(study.responses), sizes)
    table = pd.DataFrame({"population": sizes.astype("Int64"), "proportional": shares})
    return table.rename_axis("district_id").reset_index()


def _reliability(work: Work) -> pd.DataFrame:
    data = work.data
    table = reliability.reliability(data.answers, data.constructs, confidence=work.confidence)
    return table.reset_index()


def _items(work: Work) -> pd.DataFrame:
    return reliability.item_reliability(work.data.answers, work.data.constructs)


def _one_sample(work: Work) -> pd.DataFrame:
    table = inference.one_sample(
        work.data.answers, test_value=work.test_value, confidence=work.confidence
    )
    return table.reset_index()


def _friedman(work: Work) -> pd.DataFrame:
    test = work.friedman
    row: dict[str, object] = {"items": len(test.mean_ranks)}
    for name in ("n", "missing", "chi_square", "df", "p", "kendall_w", "f"):
        row[name] = getattr(test, name)
    row |= {"f_df1": test.f_df[0], "f_df2": test.f_df[1], "f_p": test.f_p}
    return pd.DataFrame([row])


def _mean_ranks(work: Work) -> pd.DataFrame:
    return work.friedman.mean_ranks.reset_index()


def _pairs(work: Work) -> pd.DataFrame:
    settings = work.settings
    return friedman.friedman_pairs(
        work.data.answers, method=settings.posthoc, correction=settings.correction
    )


TABLES: dict[str, Callable[[Work], pd.DataFrame]] = {
    "sample-size": _sample_size,
    "allocation": _allocation,
    "reliability": _reliability,
    "items": _items,
    "one-sample": _one_sample,
    "friedman": _friedman,
    "mean-ranks": _mean_ranks,
    "pairs": _pairs,
}
"""How each table is made."""
