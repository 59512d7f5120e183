"""Before and after: the covered share of every district and fabric, today and with a plan."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ecity_geo.outputs.chart_rows import (
    MARGIN,
    SMALL,
    Labels,
    Layout,
    Place,
    Row,
    lay_out,
    write_heads,
    write_label,
    write_legend,
)
from ecity_geo.outputs.drawing import ACCENT, ALERT, FAINT, SOFT, WIDE, Drawing
from ecity_geo.outputs.text import number, percent, text

LEVELS = ("city", "district", "fabric")
_ADDED, _PLANNED = "#00805a", "#4f86b8"
_COLUMN = 50.0
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def change_svg(
    change: pd.DataFrame,
    *,
    lang: str,
    labels: Labels | None = None,
    target: float | None = None,
    width: float = WIDE,
) -> str:
    """Draw what a plan changes as a dumbbell per unit: from the share covered today to that after.

    Parameters
    ----------
    change
        Rows of one plan of `ecity_geo.site_findings.change.before_after`: `level`, `unit_id`,
        `covered_before`, `covered_standing`, `covered_after`.
    lang
        ``"fa"`` or ``"en"``.
    labels
        Names of the units by ``"level:unit_id"``, and of the levels by ``"level"``.
    target
        Share that a line marks; none by default.
    width
        Width of the drawing; with less than 560 names stand above their rows, for a phone.

    Returns
    -------
    svg
        A ring for today, a dot for the plan, and a tick between them for services that are planned
        already. Units of a level stand in the order of what is covered today, least first.
    """
    rows = {f"{row['level']}:{row['unit_id']}": row for _, row in _ordered(change).iterrows()}
    groups = {
        "" if level == LEVELS[0] else level: [key for key in rows if key.startswith(f"{level}:")]
        for level in LEVELS
    }
    names = dict(labels or {})
    drawing = Drawing(width, lang)
    planned = any(_differ(row["covered_before"], row["covered_standing"]) for row in rows.values())
    top = write_legend(drawing, _legend(drawing, lang, planned=planned, target=target))
    kept = {level: keys for level, keys in groups.items() if keys}
    layout = lay_out(drawing, kept, names, top=top + 20, ends=2 * _COLUMN + 12)
    place = layout.scale(0, 1)
    _axis(drawing, layout, place, top, target)
    write_heads(drawing, layout)
    for row in layout.rows:
        write_label(drawing, row)
        _dumbbell(drawing, row, place, rows[row.item])
    said = "; ".join(_said(names.get(key, key), row, lang) for key, row in rows.items())
    label = f"{text('report.change.title', lang)}. {said}"
    return drawing.svg(layout.bottom + MARGIN, label=label, kind="change")


def _ordered(change: pd.DataFrame) -> pd.DataFrame:
    """Put the units of each level in the order of what is covered today, by id where equal."""
    place = {level: at for at, level in enumerate(LEVELS)}
    known = change[change["covered_before"].notna() & change["level"].isin(LEVELS)]
    ordered = known.assign(place=known["level"].map(place))
    return ordered.sort_values(["place", "covered_before", "unit_id"], kind="stable")


def _differ(one: float, other: float) -> bool:
    """Tell whether two shares lie apart on paper."""
    return abs(float(one) - float(other)) >= 0.002


def _legend(
    drawing: Drawing, lang: str, *, planned: bool, target: float | None
) -> list[tuple[Callable[[float, float], None], str]]:
    entries: list[tuple[Callable[[float, float], None], str]] = [
        (lambda x, y: _ring(drawing, x, y), text("report.change.before", lang))
    ]
    after = "after" if planned else "after_only"
    if planned:
        word = text("report.change.planned", lang)
        entries.append((lambda x, y: _tick(drawing, x, y), word))
    entries.append((lambda x, y: _dot(drawing, x, y), text(f"report.change.{after}", lang)))
    if target is not None:
        word = text("report.change.target", lang, target=percent(target, lang))
        entries.append((lambda x, y: _mark(drawing, x, y), word))
    return entries


def _axis(drawing: Drawing, layout: Layout, place: Place, top: float, target: float | None) -> None:
    for tick in _TICKS:
        drawing.line((place(tick), top + 20), (place(tick), layout.bottom), stroke=FAINT, weight=1)
        words = percent(tick, drawing.lang)
        drawing.words(place(tick), top + 10, words, anchor="middle", size=SMALL, fill=SOFT)
    if target is not None:
        ends = (place(target), top + 20), (place(target), layout.bottom)
        drawing.line(*ends, stroke=ALERT, weight=1.4, dash="4 3")
    for at, key in ((1, "today"), (0, "after")):
        x = drawing.width - MARGIN - at * _COLUMN
        words = text(f"report.change.{key}_head", drawing.lang)
        drawing.words(x, top + 10, words, anchor="end", size=SMALL, fill=SOFT)


def _dumbbell(drawing: Drawing, row: Row, place: Place, change: pd.Series) -> None:
    before, standing, after = (
        float(change[f"covered_{state}"]) for state in ("before", "standing", "after")
    )
    y = row.middle
    drawing.line((place(before), y), (place(standing), y), stroke=_PLANNED, weight=3)
    drawing.line((place(standing), y), (place(after), y), stroke=_ADDED, weight=3)
    if _differ(before, standing) and _differ(standing, after):
        _tick(drawing, place(standing), y)
    _ring(drawing, place(before), y)
    if _differ(before, after):
        _dot(drawing, place(after), y)
    weight = 700 if change["level"] == LEVELS[0] else 400
    for at, share in ((1, before), (0, after)):
        x = drawing.width - MARGIN - at * _COLUMN
        drawing.words(x, y, percent(share, drawing.lang), anchor="end", weight=weight)


def _ring(drawing: Drawing, x: float, y: float) -> None:
    drawing.ellipse(x, y, 4.6, 4.6, fill="#ffffff", stroke=ACCENT)


def _dot(drawing: Drawing, x: float, y: float) -> None:
    drawing.ellipse(x, y, 5.4, 5.4, fill=_ADDED, stroke="#ffffff")


def _tick(drawing: Drawing, x: float, y: float) -> None:
    drawing.line((x, y - 6), (x, y + 6), stroke=_PLANNED, weight=3)


def _mark(drawing: Drawing, x: float, y: float) -> None:
    drawing.line((x, y - 8), (x, y + 8), stroke=ALERT, weight=1.4, dash="4 3")


def _said(name: str, row: pd.Series, lang: str) -> str:
    return text(
        "report.change.said",
        lang,
        name=name,
        before=percent(row["covered_before"], lang),
        after=percent(row["covered_after"], lang),
        people=number(row["uncovered_before"] - row["uncovered_after"], lang),
    )
