"""From a study to every table of its survey."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.soar import Soar
from ecity_geo.stats.sem import SemFit
from ecity_geo.study import Study
from ecity_geo.survey_findings import (
    answer_tables,
    comparison_tables,
    model_tables,
    published_tables,
    soar_tables,
)
from ecity_geo.survey_findings.data import Settings, SurveyData
from ecity_geo.survey_findings.work import Work

Progress = Callable[[str], None]

CHAPTERS: dict[str, tuple[str, ...]] = {
    "sampling": ("sample-size", "allocation", "estimates"),
    "instrument": ("reliability", "items", "pilot", "content", "factorability"),
    "level": ("one-sample",),
    "ranks": ("friedman", "mean-ranks", "pairs"),
    "regression": ("regression", "coefficients", "regression-checks", "one-predictor"),
    "measurement": (
        "cfa-fit",
        "loadings",
        "validity",
        "fornell-larcker",
        "htmt",
        "modification",
        "invariance",
    ),
    "path": ("path-fit", "hypotheses", "effects"),
    "groups": ("groups", "group-pairs"),
    "soar": ("soar", "soar-items", "soar-choice", "soar-measures"),
    "compare": ("compare",),
}
"""Chapters of the statistics, and the tables in each."""

ALIASES: Mapping[str, str] = {"cfa": "measurement"}
"""Other words for a chapter."""

TABLES: dict[str, Callable[[Work], pd.DataFrame]] = {
    "sample-size": answer_tables.sample_size,
    "allocation": answer_tables.allocation,
    "estimates": comparison_tables.estimates,
    "reliability": answer_tables.alphas,
    "items": answer_tables.items,
    "pilot": answer_tables.pilot,
    "content": answer_tables.content,
    "factorability": answer_tables.suited,
    "one-sample": answer_tables.one_sample,
    "friedman": answer_tables.friedman,
    "mean-ranks": answer_tables.mean_ranks,
    "pairs": answer_tables.pairs,
    "regression": comparison_tables.regression,
    "coefficients": comparison_tables.coefficients,
    "regression-checks": comparison_tables.checks,
    "one-predictor": comparison_tables.one_by_one,
    "cfa-fit": model_tables.cfa_fit,
    "loadings": model_tables.loadings,
    "validity": model_tables.validity,
    "fornell-larcker": model_tables.larcker,
    "htmt": model_tables.ratios,
    "modification": model_tables.modification,
    "invariance": model_tables.invariant,
    "path-fit": model_tables.path_fit,
    "hypotheses": model_tables.supposed,
    "effects": model_tables.all_effects,
    "groups": comparison_tables.group_tests,
    "group-pairs": comparison_tables.group_pairs,
    "soar": soar_tables.quadrants,
    "soar-items": soar_tables.items,
    "soar-choice": soar_tables.choice,
    "soar-measures": soar_tables.measures,
    "compare": published_tables.compare_published,
}
"""How each table is made."""

WEIGHTED = ("estimates", "one-sample")
"""Tables that use the survey's weights; those of the rest that are of answers do not."""
_NOT_OF_ANSWERS = ("sample-size", "allocation", "content", "compare", *CHAPTERS["soar"])


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
        By name, in the order of `CHAPTERS`. Where the survey has weights, the tables of answers
        have a column `weights`: ``"used"`` or ``"not used"``.
    untold
        Reason per table that could not be made.
    path_fit
        The structural model as fitted; None where it was not asked for, or has no proper
        solution.
    soar
        The SOAR sheet as scored; None where there is none or it was not asked for.
    """

    study: Study
    data: SurveyData
    tables: dict[str, pd.DataFrame]
    untold: dict[str, str]
    path_fit: SemFit | None
    soar: Soar | None


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
        Names of tables; by default all, but for those of a panel, an outcome, a path model, a
        SOAR sheet or published figures where there are none.
    settings
        What is asked otherwise than the study file says.
    progress
        Told each table before it is made.

    Returns
    -------
    findings
        Tables, and the reason for each that has no answer. Its study has the test value that
        was asked for.

    Raises
    ------
    AnalysisError
        If the test value asked for lies outside the scale of the answers.
    """
    asked = settings or Settings()
    study = _tested(study, asked.test_value)
    work = Work(study, asked)
    tables: dict[str, pd.DataFrame] = {}
    untold: dict[str, str] = {}
    for name in _names(work) if only is None else only:
        if progress is not None:
            progress(name)
        try:
            tables[name] = _with_weights(work, name, TABLES[name](work))
        except AnalysisError as error:
            untold[name] = str(error)
    return SurveyFindings(
        study=study,
        data=work.data,
        tables=tables,
        untold=untold,
        path_fit=work.path_fit if "path-fit" in tables else None,
        soar=work.soar if "soar" in tables else None,
    )


def _with_weights(work: Work, name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Say in a table of answers whether the survey's weights are in it, where there are any."""
    if work.data.weights is None or name in _NOT_OF_ANSWERS:
        return table
    return table.assign(weights="used" if name in WEIGHTED else "not used")


def _tested(study: Study, test_value: float | None) -> Study:
    """Return the study with another test value, so that tables, figures and words all have it."""
    if test_value is None:
        return study
    low, high = study.instrument.scale_min, study.instrument.scale_max
    if not low <= test_value <= high:
        raise AnalysisError(
            f"A test value of {test_value:g} lies outside the scale of the answers, {low:g} to "
            f"{high:g}. Give one within it."
        )
    return replace(study, options=replace(study.options, test_value=test_value))


def _names(work: Work) -> list[str]:
    """Name all tables but those of what the study does not have."""
    told = {"compare": work.settings.published is not None}
    told |= dict.fromkeys(CHAPTERS["soar"], work.study.soar is not None)
    told |= {"soar-measures": bool(work.study.soar and work.study.soar.strategies)}
    told |= {"content": work.study.panel is not None}
    told |= dict.fromkeys(CHAPTERS["regression"], bool(work.study.instrument.outcomes))
    told |= dict.fromkeys(CHAPTERS["path"], bool(work.model.paths or work.model.syntax))
    return [name for name in TABLES if told.get(name, True)]
