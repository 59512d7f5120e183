"""Coverage over the number of new sites as SVG, and what each one more adds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.outputs.chart_rows import MARGIN, SMALL, write_legend
from ecity_geo.outputs.drawing import ACCENT, ALERT, SOFT, WIDE, Drawing, words_width
from ecity_geo.outputs.plane import Plane, draw_axes, round_ticks, write_titles
from ecity_geo.outputs.text import number, percent, text
from ecity_geo.outputs.tradeoff_marks import (
    Mark,
    dot,
    lay_out_plane,
    ring,
    share_tick,
    sites,
    swatch,
    within,
    worth_a_label,
)

_BAR = "#9cc3cb"
_SIDES = [(-1, -1), (1, 1)]


def coverage_curve_figure(
    curve: pd.DataFrame,
    *,
    lang: str,
    standard: float,
    unit: str,
    chosen: int | None = None,
    width: float = WIDE,
) -> str:
    """Draw coverage over the number of new sites, and what each one more adds.

    Parameters
    ----------
    curve
        As `ecity_geo.siting.coverage_curve` returns it.
    lang
        ``"fa"`` or ``"en"``.
    standard, unit
        The service standard, for the words.
    chosen
        Number of sites that is marked; none by default.
    width
        Of the sheet.

    Returns
    -------
    svg
        The line of the covered share, with a mark over each plan that is not proven at what no
        plan exceeds; under it the people that each number of sites adds to the one before.

    Raises
    ------
    AnalysisError
        If the curve is empty, nobody lives there, or it has no number `chosen`.
    """
    if not len(curve) or curve["share"].isna().any():
        raise AnalysisError("The curve has no plan, or nobody lives there: nothing to draw.")
    if chosen is not None and chosen not in curve.index:
        raise AnalysisError(f"The curve has no plan of {chosen!r} sites.")
    steps = _steps(curve)
    drawing = Drawing(width, lang)
    top = _legend(drawing, steps, chosen)
    upper, lower = _planes(drawing, steps, top + 32)
    _draw_axes(upper, lower, steps)
    _draw_added(lower, steps)
    title = text("tradeoff.coverage", lang, within=within(standard, unit, lang))
    write_titles(upper, x="", y=title, y_top=top + 12)
    write_titles(lower, x=text("tradeoff.sites", lang), y="", y_top=lower.top)
    _draw_curve(upper, steps, chosen)
    label = _told(steps, lang)
    return drawing.svg(lower.bottom + 36 + MARGIN + 8, label=label, kind="coverage-curve")


def _steps(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the curve with its bound as a share."""
    total = float((curve["covered"] / curve["share"]).max())
    total = total if np.isfinite(total) else 1.0
    return curve[["covered", "share", "added", "gap"]].assign(bound_share=curve["bound"] / total)


def _legend(drawing: Drawing, steps: pd.DataFrame, chosen: int | None) -> float:
    lang = drawing.lang
    entries: list[tuple[Mark, str]] = [
        (dot(drawing, proven=True), text("tradeoff.legend.covered", lang))
    ]
    if (steps["gap"] > 0).any():
        entries.append((_whisker(drawing), text("tradeoff.legend.bound", lang)))
    if chosen is not None:
        entries.append((ring(drawing), text("tradeoff.legend.chosen", lang)))
    entries.append((swatch(drawing, _BAR), text("tradeoff.legend.added", lang)))
    return write_legend(drawing, entries)


def _planes(drawing: Drawing, steps: pd.DataFrame, top: float) -> tuple[Plane, Plane]:
    """Lay out the plane of the curve, and that of the bars under it."""
    most = float(steps["added"].max()) if steps["added"].notna().any() else 0.0
    ticks = round_ticks(0.0, most or 1.0, most=5, whole=most >= 1)
    room = max(words_width(number(tick, drawing.lang), SMALL) for tick in ticks)
    ends = (float(steps.index.min()) - 0.6, float(steps.index.max()) + 0.6)
    shares = [*steps["share"], *steps["bound_share"]]
    upper = lay_out_plane(drawing, top, 220.0, x=ends, shares=shares, least_left=room)
    lower = Plane(
        drawing=drawing,
        left=upper.left,
        right=upper.right,
        top=upper.bottom + 30,
        bottom=upper.bottom + 140,
        x_ends=ends,
        y_ticks=ticks,
    )
    return upper, lower


def _draw_axes(upper: Plane, lower: Plane, steps: pd.DataFrame) -> None:
    lang = upper.drawing.lang
    every = -(-len(steps) // (16 if upper.drawing.width >= WIDE else 8))
    draw_axes(
        upper,
        x_ticks=[],
        x_written=str,
        y_written=share_tick(upper.y_ticks, lang),
    )
    draw_axes(
        lower,
        x_ticks=[float(p) for p in steps.index[::every]],
        x_written=lambda tick: number(tick, lang),
        y_written=lambda tick: number(tick, lang),
    )


def _draw_added(plane: Plane, steps: pd.DataFrame) -> None:
    """Draw the bars, on which their values stand where there is room."""
    drawing = plane.drawing
    room = plane.x(1) - plane.x(0)
    wide = min(0.6 * room, 36.0)
    for p, added in zip(steps.index, steps["added"], strict=True):
        if np.isfinite(added):
            x, y = plane.x(p), plane.y(added)
            written = number(added, drawing.lang)
            drawing.box(x - wide / 2, y, wide, plane.bottom - y, fill=_BAR, title=written)
            if words_width(written, SMALL) <= room - 4:
                drawing.words(x, y - 8, written, anchor="middle", size=SMALL, fill=SOFT, halo=True)


def _draw_curve(plane: Plane, steps: pd.DataFrame, chosen: int | None) -> None:
    drawing, lang = plane.drawing, plane.drawing.lang
    places = [
        (plane.x(p), plane.y(share)) for p, share in zip(steps.index, steps["share"], strict=True)
    ]
    drawing.path([("M", places[:1]), ("L", places[1:])], stroke=ACCENT, weight=1.8)
    plane.keep_line_free(places)
    records = steps.to_dict("records")
    for place, p, row in zip(places, steps.index, records, strict=True):
        _draw_point(plane, place, row, marked=p == chosen)
    marked = None if chosen is None else steps.index.tolist().index(chosen)
    for at in worth_a_label(places, marked):
        share = percent(records[at]["share"], lang, 1)
        plane.label(*places[at], share, _SIDES, always=at in (marked, 0, len(places) - 1))


def _draw_point(
    plane: Plane, place: tuple[float, float], row: dict[Any, Any], *, marked: bool
) -> None:
    drawing, lang = plane.drawing, plane.drawing.lang
    x, y = place
    if row["gap"] > 0:
        above = plane.y(row["bound_share"])
        drawing.line((x, y), (x, above), stroke=ALERT, dash="3 2")
        drawing.line((x - 5, above), (x + 5, above), stroke=ALERT, weight=1.6)
        plane.keep_line_free([(x, y), (x, above)])
    if marked:
        ring(drawing)(x, y)
    plane.keep_free(x, y, 5.5)
    people = text("tradeoff.people", lang, count=number(row["covered"], lang))
    title = text("tradeoff.named", lang, name=percent(row["share"], lang, 1), said=people)
    dot(drawing, proven=row["gap"] == 0, title=title)(x, y)


def _told(steps: pd.DataFrame, lang: str) -> str:
    said = []
    for p, row in zip(steps.index, steps.to_dict("records"), strict=True):
        values = {"sites": sites(p, lang), "share": percent(row["share"], lang, 1)}
        if np.isfinite(row["added"]):
            values["added"] = number(row["added"], lang)
        key = "step" if "added" in values else "first"
        said.append(text(f"tradeoff.told.{key}", lang, **values))
    return f"{text('tradeoff.told.curve', lang)} {'; '.join(said)}"


def _whisker(drawing: Drawing) -> Mark:
    def draw(x: float, y: float) -> None:
        drawing.line((x, y + 6), (x, y - 6), stroke=ALERT, dash="3 2")
        drawing.line((x - 5, y - 6), (x + 5, y - 6), stroke=ALERT, weight=1.6)

    return draw
