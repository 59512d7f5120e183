"""The statistics page: every table of the survey, each chapter in plain words first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ecity_geo import __version__
from ecity_geo.outputs import assets
from ecity_geo.outputs.grid import Grid
from ecity_geo.outputs.headlines import headline
from ecity_geo.outputs.pages import STATISTICS_STYLE, render
from ecity_geo.outputs.reasons import reason_text
from ecity_geo.outputs.report import page_name
from ecity_geo.outputs.statistics_figures import Figure, figures
from ecity_geo.outputs.statistics_table import Style, study_labels, table_grid
from ecity_geo.outputs.text import DIRECTION, has_text, number, text
from ecity_geo.survey_findings import CHAPTERS, SurveyFindings

LONG = 40  # rows beyond which a table is folded away
MOST = 1000  # rows that a page has of one table


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A table without an answer.

    Parameters
    ----------
    table
        Its caption.
    reason
        Why.
    """

    table: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A chapter of the page.

    Parameters
    ----------
    id, title
        Its name.
    headline
        What it says, in a sentence; empty where it has no answer.
    figures, tables
        What it shows.
    folded
        Captions of long tables that are folded away, with their rows.
    untold
        What has no answer.
    """

    id: str
    title: str
    headline: str
    figures: list[Figure]
    tables: list[Grid]
    folded: dict[str, str]
    untold: list[Untold]


def statistics_page(
    survey: SurveyFindings,
    lang: str,
    *,
    languages: tuple[str, ...] = ("fa", "en"),
    digits: str | None = None,
    drawn: Mapping[str, Figure] | None = None,
    alone: bool = False,
) -> str:
    """Write the statistics page.

    Parameters
    ----------
    survey
        The statistics.
    lang
        Language of the page.
    languages
        Languages that it is written in; it links to the other one.
    digits
        ``"fa"`` or ``"en"`` digits in its tables; as the language by default.
    drawn
        Figures, where they are drawn already.
    alone
        Whether the page stands without the other pages and files of a run: it links to none.

    Returns
    -------
    html
        The whole document: one file, no script, nothing asked of the network.
    """
    study = survey.study
    shown = figures(survey, lang) if drawn is None else drawn
    style = Style(
        lang=lang,
        digits=digits or lang,
        labels=study_labels(study, lang),
        confidence=study.options.confidence,
    )
    others = [each for each in languages if each != lang]
    return render(
        "statistics.html.jinja",
        styles=STATISTICS_STYLE,
        t=partial(text, lang=lang),
        lang=lang,
        dir=DIRECTION[lang],
        city=study.name.text(lang),
        badge=text("common.synthetic", lang) if study.synthetic else "",
        note=study.note.text(lang),
        alone=alone,
        back=page_name(lang),
        other=statistics_name(others[0]) if others else "",
        other_lang=others[0] if others else "",
        chapters=[_chapter(survey, name, style, shown) for name in _told(survey)],
        made=text("report.foot.made", lang, version=__version__),
        licences=[each for each in assets.licences() if each.package.startswith("fontpkg")],
    )


def statistics_name(lang: str) -> str:
    """Return the file of the statistics page in a language."""
    return f"statistics.{lang}.html"


def _told(survey: SurveyFindings) -> list[str]:
    """Name the chapters with a table that was asked for."""
    asked = survey.tables.keys() | survey.untold.keys()
    return [name for name, tables in CHAPTERS.items() if asked & set(tables)]


def _chapter(
    survey: SurveyFindings, name: str, style: Style, drawn: Mapping[str, Figure]
) -> Chapter:
    told = {table: survey.tables[table] for table in CHAPTERS[name] if table in survey.tables}
    grids = {table: table_grid(_foremost(frame), table, style) for table, frame in told.items()}
    return Chapter(
        id=name,
        title=_title(f"statistics.chapter.{name}", name, style.lang),
        headline=headline(survey, name, style.lang),
        figures=[figure for figure in drawn.values() if figure.chapter == name],
        tables=list(grids.values()),
        folded={
            grid.caption: _row_count(len(grid.rows), len(told[table]), style.lang)
            for table, grid in grids.items()
            if len(grid.rows) > LONG
        },
        untold=[
            Untold(
                table=_title(f"statistics.table.{table}", table, style.lang),
                reason=reason_text(survey.untold[table], style.lang, style.labels),
            )
            for table in CHAPTERS[name]
            if table in survey.untold
        ],
    )


def _foremost(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of a very long table that say most; no page could show those of all pairs."""
    if len(frame) <= MOST:
        return frame
    by = next((column for column in ("p_adjusted", "p") if column in frame), None)
    if by is None:
        return frame.iloc[:MOST]
    least = np.argsort(frame[by].to_numpy(dtype=float), kind="stable")[:MOST]
    return frame.iloc[np.sort(least)]


def _row_count(shown: int, whole: int, lang: str) -> str:
    if shown >= whole or whole <= MOST:
        return text("statistics.rows", lang, count=number(shown, lang))
    return text("statistics.rows_of", lang, count=number(shown, lang), whole=number(whole, lang))


def _title(key: str, name: str, lang: str) -> str:
    return text(key, lang) if has_text(key, lang) else name.replace("-", " ").capitalize()
