"""Any table of the statistics as people publish it: named columns, rounded figures, notes.

``statistics.csv`` beside this module says per column how it is called and how its figures are
written, for one table or (``*``) for all. A column that it does not know is written by its kind,
so that no table needs code of its own.

Formats: ``d0`` to ``d3`` decimals, ``b2`` and ``b3`` the same for what cannot pass 1, ``i2`` and
``ib2`` intervals of two columns (``low..high``), ``p``, ``count``, ``df``, ``share0`` and
``share1`` per cent, ``yes``, ``name``, ``district``, ``group`` (of what the column ``by`` says),
``soar`` (entry of the sheet), ``path`` (names joined by operators), ``word`` (of the catalogue),
``text``, ``evidence`` (``kind:id``), ``reason`` (why there is no figure), ``hide``. With a
question mark, a column that says the same in every row moves into the note. A row without a
column may set a table upright: ``transpose``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from ecity_geo.inputs.sections import Label
from ecity_geo.outputs.apa import bounded, brackets, p_value
from ecity_geo.outputs.grid import Cell, Grid, Kind
from ecity_geo.outputs.grid import Column as Head
from ecity_geo.outputs.pages import fragment, template_source
from ecity_geo.outputs.reasons import reason_text
from ecity_geo.outputs.statistics_columns import (
    Column,
    column_of,
    columns,
    dictionary,
    known,
    layouts,
)
from ecity_geo.outputs.text import (
    DIRECTION,
    MISSING,
    finite,
    has_text,
    isolate,
    number,
    percent,
    text,
)
from ecity_geo.study import Study

Labels = Mapping[str, str]
Row = Mapping[str, Any]

_WORDS = ("name", "district", "group", "soar", "path", "word", "text", "reason", "evidence", "yes")
# Checks whose figure is a number of respondents.
_COUNTED = {"cooks_distance_above_1"}
_FIGURES: dict[str, Callable[[Any, str], str]] = {
    **{f"d{digits}": partial(number, digits=digits) for digits in range(4)},
    **{f"b{digits}": partial(bounded, digits=digits) for digits in (2, 3)},
    **{f"share{digits}": partial(percent, digits=digits) for digits in (0, 1)},
    "p": p_value,
    "count": number,
    "df": lambda value, lang: number(value, lang, 0 if _whole(value) else 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How the figures of a table are written.

    Parameters
    ----------
    lang
        Language of the words.
    digits
        Language of the digits.
    labels
        Names by id: of questions, parts, ``district:<id>`` and ``fabric:<id>``.
    confidence
        Level of the intervals, for headings.
    """

    lang: str
    digits: str
    labels: Labels
    confidence: float = 0.95


def table_html(
    frame: pd.DataFrame,
    name: str,
    lang: str,
    *,
    digits: str | None = None,
    labels: Labels | None = None,
    confidence: float = 0.95,
    styled: bool = True,
) -> str:
    """Write a table of the statistics as HTML.

    Parameters
    ----------
    frame
        The table, as `ecity_geo.survey_findings.analyse_survey` returns it.
    name
        Its name, such as ``"one-sample"``: it decides caption, headings and decimals.
    lang
        ``"fa"`` or ``"en"``.
    digits
        ``"fa"`` for Persian digits and decimal mark, ``"en"`` for Latin ones; as the language
        by default.
    labels
        Names by id, as `study_labels` makes them; ids where there is none.
    confidence
        Level of the intervals in it.
    styled
        Whether a style sheet comes along, for a notebook; a page has its own.

    Returns
    -------
    html
        A table with three rules, a caption and notes below; every text escaped.
    """
    style = Style(lang=lang, digits=digits or lang, labels=labels or {}, confidence=confidence)
    grid = table_grid(frame, name, style)
    css = _scoped(template_source("statistics.css")) if styled else ""
    return fragment(
        "statistics_table.html.jinja",
        grid=grid,
        lang=lang,
        dir=DIRECTION[lang],
        css=css,
        notes=text("statistics.notes", lang),
    )


def study_labels(study: Study, lang: str) -> dict[str, str]:
    """Return the names of everything that a table of the study may speak of.

    Parameters
    ----------
    study
        The study.
    lang
        Language.

    Returns
    -------
    labels
        By id: questions, parts, outcomes, ``district:<id>``, ``fabric:<id>`` and ``soar:<id>``.
    """
    instrument = study.instrument
    named = [*instrument.items, *instrument.constructs, *getattr(instrument, "outcomes", ())]
    labels = {each.id: each.label.text(lang) or each.id for each in named}
    for row in study.districts.itertuples():
        both = Label(fa=str(row.name_fa), en=str(row.name_en))
        labels[f"district:{row.Index}"] = both.text(lang) or str(row.Index)
    if study.soar is not None:
        for entry in study.soar.items:
            labels[f"soar:{entry.id}"] = entry.label.text(lang) or entry.id
        for strategy, measures in study.soar.strategies.items():
            for number, measure in enumerate(measures, start=1):
                labels[f"soar:{strategy}.{number}"] = measure.text(lang)
    fabrics = {str(each) for each in study.responses["fabric"].dropna()}
    for fabric in sorted(fabrics | set(study.options.fabric_labels)):
        given = study.options.fabric_labels.get(fabric, Label()).text(lang)
        key = f"common.fabric.{fabric}"
        shown = text(key, lang) if has_text(key, lang) else fabric
        labels[f"fabric:{fabric}"] = given or shown
    return labels


def table_grid(frame: pd.DataFrame, name: str, style: Style) -> Grid:
    """Prepare a table as text; see `table_html`."""
    chosen = columns(frame, name)
    rows = [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
    upright = (name, "transpose") in layouts()
    constant = [each for each in chosen if each.constant and not upright and _same(frame, each)]
    shown = [column for column in chosen if column not in constant]
    notes = [_stated(column, rows[0], style) for column in constant] if rows else []
    key = f"statistics.note.{name}"
    if has_text(key, style.lang):
        notes.append(text(key, style.lang, confidence=percent(style.confidence, style.digits)))
    caption = _caption(name, style.lang)
    note = " ".join(notes)
    if upright:
        return _upright(caption, shown, rows, note, style)
    return Grid(
        caption=caption,
        columns=tuple(
            Head(label=_heading(column, style), kind=_kind(column, shown)) for column in shown
        ),
        rows=tuple(tuple(_cell(row, column, style) for column in shown) for row in rows),
        note=note,
    )


def _upright(
    caption: str, shown: list[Column], rows: list[dict[str, Any]], note: str, style: Style
) -> Grid:
    """Set a table of few rows upright: a row for each measure."""
    named = [column for column in shown if column.style in _WORDS]
    heads = [
        " · ".join(_cell(row, column, style).text for column in named)
        or text("statistics.value", style.lang)
        for row in rows
    ]
    return Grid(
        caption=caption,
        columns=(
            Head(label=text("statistics.measure", style.lang), kind="name"),
            *(Head(label=head) for head in heads),
        ),
        rows=tuple(
            (Cell(text=_heading(column, style)), *(_cell(row, column, style) for row in rows))
            for column in shown
            if column not in named
        ),
        note=note,
    )


def column_meaning(
    name: str, table: str, frame: pd.DataFrame, lang: str, *, confidence: float
) -> str:
    """Say in words what a column of a table is.

    Parameters
    ----------
    name
        Column of the frame.
    table
        Name of the table.
    frame
        The table.
    lang
        ``"fa"`` or ``"en"``.
    confidence
        Level of the intervals in it.

    Returns
    -------
    meaning
        Its heading; the ends of an interval say which end they are.
    """
    entries = dictionary()
    style = Style(lang=lang, digits=lang, labels={}, confidence=confidence)
    for owner in (table, "*"):
        if (owner, name) in entries:
            return _heading(entries[owner, name], style)
        for (of, pair), column in entries.items():
            ends = pair.split("..")
            if of == owner and name in ends and set(ends) <= set(frame.columns):
                key = "statistics.low_end" if name == ends[0] else "statistics.high_end"
                return text(key, lang, heading=_heading(column, style))
    return _heading(entries.get((table, "*")) or column_of(name, table, frame), style)


def _cell(row: Row, column: Column, style: Style) -> Cell:
    if ".." in column.name:
        low, high = (row[name] for name in column.name.split(".."))
        places = int(column.style[-1])
        below_one = column.style.startswith("ib")
        written = brackets(low, high, style.digits, places, below_one=below_one)
        return Cell(text=written, ltr=True)
    value = row[column.name]
    if not known(value):
        return Cell(text=MISSING)
    if column.style in _FIGURES:
        if row.get("check") in _COUNTED and column.name == "statistic":
            return Cell(text=number(value, style.digits), ltr=True)
        return Cell(text=_figure(value, column.style, style.digits), ltr=True)
    return Cell(text=_words(value, row, column.style, style))


def _figure(value: Any, style: str, digits: str) -> str:
    return str(value) if isinstance(value, str) else _FIGURES[style](value, digits)


def _words(value: Any, row: Row, style: str, how: Style) -> str:
    written = str(value)
    if style == "yes":
        return text(f"statistics.word.{'yes' if value else 'no'}", how.lang)
    if style == "path":
        return path_words(written, how.labels, how.lang)
    if style in ("evidence", "reason"):
        return _evidence(written, how) if style == "evidence" else _reason(written, how)
    by = str(row.get("by", "")) if style == "group" else style
    if style == "group" and f"{by}:{written}" not in how.labels:
        comma = "، " if how.lang == "fa" else ", "
        return comma.join(_named(each, style, by, how) for each in written.split(", "))
    return _named(written, style, by, how)


def _named(written: str, style: str, by: str, how: Style) -> str:
    """Return the name of what an id stands for, or the word of the catalogue."""
    if style in ("district", "group", "soar"):
        return isolate(how.labels.get(f"{by}:{written}", written), how.lang)
    if style == "name" and written in how.labels:
        return isolate(how.labels[written], how.lang)
    if style in ("name", "word"):
        key = f"statistics.word.{re.sub('[^a-z0-9]+', '_', written.lower()).strip('_')}"
        if has_text(key, how.lang):
            return text(key, how.lang)
    return isolate(written, how.lang)


def _evidence(written: str, how: Style) -> str:
    """Name the question, part or figure of the city that ``kind:id`` points to."""
    kind, _, plain = written.partition(":")
    key = f"statistics.city.{plain}"
    if kind == "city" and has_text(key, how.lang):
        return text(key, how.lang)
    return isolate(how.labels.get(plain, written), how.lang)


def _reason(written: str, how: Style) -> str:
    key = f"statistics.word.{written}"
    if has_text(key, how.lang):
        return text(key, how.lang)
    return reason_text(written, how.lang, how.labels)


def path_words(written: str, labels: Labels, lang: str) -> str:
    """Name the ends of a path; in ``a ~ b`` the second leads to the first."""
    parts = re.split(r"\s*(=~|~~|->|→|~)\s*", written)
    names = [isolate(labels.get(part, part), lang) for part in parts[::2]]
    arrow = "←" if lang == "fa" else "→"
    if "~" in parts[1::2]:
        names.reverse()
    if "~~" in parts[1::2]:
        arrow = "↔"
    return f" {arrow} ".join(names)


def _stated(column: Column, row: Row, style: Style) -> str:
    """Say in the note what a column says in every row."""
    said = _cell(row, column, style).text
    return text("statistics.stated", style.lang, heading=_heading(column, style), value=said)


def _heading(column: Column, style: Style) -> str:
    if column.name in style.labels and ("*", column.name) not in dictionary():
        return isolate(style.labels[column.name], style.lang)
    heading = column.heading.text(style.lang) or column.name
    return heading.replace("{confidence}", percent(style.confidence, style.digits))


def _kind(column: Column, shown: list[Column]) -> Kind:
    if column.style not in _WORDS:
        return "number"
    first = next((each for each in shown if each.style in _WORDS), None)
    return "name" if column is first else "text"


def _caption(name: str, lang: str) -> str:
    key = f"statistics.table.{name}"
    return text(key, lang) if has_text(key, lang) else name.replace("-", " ").capitalize()


def _same(frame: pd.DataFrame, column: Column) -> bool:
    return len(frame) > 1 and len(set(frame[column.name].map(str))) == 1


def _whole(value: Any) -> bool:
    known = finite(value)
    return known is None or abs(known - round(known)) < 1e-9


def _scoped(css: str) -> str:
    """Keep what a style sheet says of these tables, for a place that has its own styles."""
    return css.split("/* The page. */", maxsplit=1)[0].strip()
