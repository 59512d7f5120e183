"""From a study to every table of its survey."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem import SemFit
from ecity_geo.study import Study
from ecity_geo.survey_findings import answer_tables, comparison, model_tables
from ecity_geo.survey_findings.data import Settings, SurveyData
from ecity_geo.survey_findings.work import Work

Progress = Callable[[str], None]

CHAPTERS: dict[str, tuple[str, ...]] = {
    "sampling": ("sample-size", "allocation"),
    "instrument": ("reliability", "items"),
    "level": ("one-sample",),
    "ranks": ("friedman", "mean-ranks", "pairs"),
    "measurement": ("cfa-fit", "loadings", "modification"),
    "path": ("path-fit",),
    "compare": ("compare",),
}
"""Chapters of the statistics, and the tables in each."""

ALIASES: Mapping[str, str] = {"cfa": "measurement"}
"""Other words for a chapter."""

TABLES: dict[str, Callable[[Work], pd.DataFrame]] = {
    "sample-size": answer_tables.sample_size,
    "allocation": answer_tables.allocation,
    "reliability": answer_tables.alphas,
    "items": answer_tables.items,
    "one-sample": answer_tables.one_sample,
    "friedman": answer_tables.friedman,
    "mean-ranks": answer_tables.mean_ranks,
    "pairs": answer_tables.pairs,
    "cfa-fit": model_tables.cfa_fit,
    "loadings": model_tables.loadings,
    "modification": model_tables.modification,
    "path-fit": model_tables.path_fit,
    "compare": comparison.compare_published,
}
"""How each table is made."""


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
    path_fit
        The structural model as fitted; None where it was not asked for, or has no proper
        solution.
    """

    study: Study
    data: SurveyData
    tables: dict[str, pd.DataFrame]
    untold: dict[str, str]
    path_fit: SemFit | None


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
        Names of tables; all by default, ``"compare"`` where there are published figures.
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
    for name in _names(work) if only is None else only:
        if progress is not None:
            progress(name)
        try:
            tables[name] = TABLES[name](work)
        except AnalysisError as error:
            untold[name] = str(error)
    return SurveyFindings(
        study=study,
        data=work.data,
        tables=tables,
        untold=untold,
        path_fit=work.path_fit if "path-fit" in tables else None,
    )


def _names(work: Work) -> list[str]:
    """Name all tables: the comparison only where there is something to compare with."""
    return [name for name in TABLES if name != "compare" or work.settings.published]
