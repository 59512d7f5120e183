"""The figures of a survey's statistics, each for a wide page and, where it helps, for a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from ecity_geo.outputs import charts
from ecity_geo.outputs.drawing import NARROW, WIDE
from ecity_geo.outputs.path_figure import path_svg
from ecity_geo.outputs.soar_figure import soar_svg
from ecity_geo.outputs.statistics_table import study_labels
from ecity_geo.outputs.text import text
from ecity_geo.outputs.views import plain
from ecity_geo.survey_findings import SurveyFindings

Fit = Mapping[str, float] | pd.Series | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as SVG.

    Parameters
    ----------
    name
        Its name, and that of its file.
    chapter
        Where it stands.
    wide
        For a page.
    narrow
        The same for a phone; empty where the wide one is rolled instead.
    title
        What it shows, for its caption and for its file.
    """

    name: str
    chapter: str
    wide: str
    narrow: str = ""
    title: str = ""


def figures(survey: SurveyFindings, lang: str) -> dict[str, Figure]:
    """Draw what can be drawn of a survey.

    Parameters
    ----------
    survey
        The statistics.
    lang
        Language.

    Returns
    -------
    figures
        By name: ``"likert"``, ``"means"``, ``"mean-ranks"``, ``"path"``, ``"soar"``; without
        those whose tables have no answer.
    """
    labels = study_labels(survey.study, lang)
    drawn = {}
    for name, (chapter, needed, draw) in _FIGURES.items():
        if not needed or needed in survey.tables:
            drawn[name] = Figure(
                name=name,
                chapter=chapter,
                wide=draw(survey, labels, lang, WIDE),
                narrow=draw(survey, labels, lang, NARROW),
                title=_title(survey, name, lang),
            )
    if survey.path_fit is not None:
        indices = survey.path_fit.fit_indices()
        drawn["path"] = path_figure(survey, survey.path_fit.parameters, indices, lang)
    if survey.soar is not None:
        named = {
            name.removeprefix("soar:"): label
            for name, label in labels.items()
            if name.startswith("soar:")
        }
        drawn["soar"] = Figure(
            name="soar",
            chapter="soar",
            wide=soar_svg(survey.soar, lang=lang, labels=named),
            narrow=soar_svg(survey.soar, lang=lang, labels=named, width=NARROW),
            title=text("statistics.figure.soar", lang),
        )
    return drawn


def path_figure(survey: SurveyFindings, parameters: pd.DataFrame, fit: Fit, lang: str) -> Figure:
    """Draw the path model of a survey, with its items for a page and without for a phone.

    Parameters
    ----------
    survey
        The statistics that it belongs to, for the names.
    parameters, fit
        As `ecity_geo.outputs.path_figure.path_svg` takes them.
    lang
        Language.

    Returns
    -------
    figure
        ``"path"``.
    """
    labels = study_labels(survey.study, lang)
    return Figure(
        name="path",
        chapter="path",
        wide=path_svg(parameters, fit, labels, lang),
        narrow=path_svg(parameters, fit, labels, lang, items=False),
        title=text("statistics.figure.path", lang),
    )


def _title(survey: SurveyFindings, name: str, lang: str) -> str:
    if name == "mean-ranks":
        grouped = "group" in survey.tables[name]
        return text(f"statistics.figure.{'ranks_grouped' if grouped else 'ranks'}", lang)
    test = plain(survey.study.options.test_value, lang)
    return text(f"statistics.figure.{name}", lang, test=test)


def _likert(survey: SurveyFindings, labels: dict[str, str], lang: str, width: float) -> str:
    instrument = survey.study.instrument
    named = {point: label.text(lang) for point, label in instrument.scale_labels.items()}
    return charts.likert_svg(
        survey.data.answers,
        scale=(instrument.scale_min, instrument.scale_max),
        lang=lang,
        labels=labels,
        constructs=survey.data.constructs,
        scale_labels=named,
        width=width,
    )


def _means(survey: SurveyFindings, labels: dict[str, str], lang: str, width: float) -> str:
    return charts.means_svg(
        survey.tables["one-sample"].set_index("item"),
        test_value=survey.study.options.test_value,
        lang=lang,
        labels=labels,
        constructs=survey.data.constructs,
        width=width,
    )


def _mean_ranks(survey: SurveyFindings, labels: dict[str, str], lang: str, width: float) -> str:
    ranks = survey.tables["mean-ranks"].set_index("item")
    return charts.mean_ranks_svg(ranks, lang=lang, labels=labels, width=width)


_Draw = Callable[[SurveyFindings, dict[str, str], str, float], str]
# Chapter, the table that must have an answer, and how it is drawn.
_FIGURES: dict[str, tuple[str, str, _Draw]] = {
    "likert": ("instrument", "", _likert),
    "means": ("level", "one-sample", _means),
    "mean-ranks": ("ranks", "mean-ranks", _mean_ranks),
}
