"""The front of coverage and another aim as SVG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.outputs.chart_rows import MARGIN, write_legend
from ecity_geo.outputs.drawing import ACCENT, WIDE, Drawing
from ecity_geo.outputs.plane import Plane, decimals, draw_axes, round_ticks, write_titles
from ecity_geo.outputs.text import number, percent, text
from ecity_geo.outputs.tradeoff_marks import (
    HEADROOM,
    Mark,
    dot,
    lay_out_plane,
    ring,
    share_tick,
    sites,
    swatch,
    unit_name,
    within,
    worth_a_label,
)
from ecity_geo.outputs.views import plain
from ecity_geo.siting import Front

_TINT, _OPEN = "#e8f1f3", "#f7e6dd"
_RISING = [(-1, -1), (1, 1), (1, -1), (-1, 1)]
_FALLING = [(1, -1), (-1, 1), (-1, -1), (1, 1)]
_COLUMNS = {"price": "price", "travel": "mean", "fairness": "worst"}


def pareto_figure(
    front: Front,
    *,
    lang: str,
    chosen: int | None = None,
    money: str = "",
    width: float = WIDE,
) -> str:
    """Draw the plans of a front, and how much coverage can be had for how much of the other aim.

    Parameters
    ----------
    front
        As `ecity_geo.siting.pareto_front` finds it.
    lang
        ``"fa"`` or ``"en"``.
    chosen
        Number of the plan in the table of the front that is marked; none by default.
    money
        Unit of the prices, in the language. Without one, where each site costs 1, the axis
        counts sites.
    width
        Of the sheet.

    Returns
    -------
    svg
        All plans lie under the line. A hollow point is not proven; where more plans may lie that
        the time did not suffice to find, the ground is coloured.

    Raises
    ------
    AnalysisError
        If the front has no plan `chosen`.
    """
    if chosen is not None and chosen not in front.table.index:
        raise AnalysisError(
            f"The front has no plan {chosen!r}: its {len(front.table)} plans are numbered from 0."
        )
    view = _view(front, lang, money, width)
    drawing = Drawing(width, lang)
    top = _legend(drawing, front, chosen)
    height = 340.0 if width >= WIDE else 300.0
    ends = [*view.y, *_open_shares(front)]
    if not view.rising:
        # The fairest plan stands in the lower corner: room for its label under it.
        ends.append(max(min(ends) - HEADROOM * (max(ends) - min(ends)), 0.0))
    plane = lay_out_plane(drawing, top + 32, height, x=view.ends, shares=ends)
    _draw_ground(plane, front, view)
    draw_axes(
        plane,
        x_ticks=[tick for tick in view.ticks if view.ends[0] <= tick <= view.ends[1]],
        x_written=view.tick,
        y_written=share_tick(plane.y_ticks, lang),
    )
    write_titles(plane, x=view.x_title, y=view.y_title, y_top=top + 12)
    _draw_points(plane, front, view, chosen)
    label = _told(front, view, chosen)
    return drawing.svg(plane.bottom + 36 + MARGIN + 8, label=label, kind="pareto")


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What a front shows: values of both axes, and how they are written.

    Parameters
    ----------
    x, y
        The other aim and the covered share of each plan.
    ends, ticks
        Of the axis of the other aim.
    x_title, y_title
        Of the axes.
    tick
        Writes a value on the axis of the other aim.
    point
        Writes both values of a plan, told by its position.
    lang
        Language.
    rising
        Whether more of the other aim is paid for more coverage: it is not against fairness.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    ends: tuple[float, float]
    ticks: list[float]
    x_title: str
    y_title: str
    tick: Callable[[float], str]
    point: Callable[[int], str]
    lang: str
    rising: bool


def _view(front: Front, lang: str, money: str, width: float) -> _View:
    x = front.table[_COLUMNS[front.against]].to_numpy(dtype=float)
    y = front.table["share"].to_numpy(dtype=float)
    low, high = float(x.min()), float(x.max())
    room = 0.05 * (high - low or max(high, 1.0))
    ends = (max(low - room, 0.0), high + room)
    whole = not np.mod(x, 1).any() and front.against == "price"
    ticks = round_ticks(*ends, most=10 if width >= WIDE else 7, whole=whole)
    title, tick, said = _other(front, lang, money, decimals(ticks))
    key = "tradeoff.point_fair" if front.against == "fairness" else "tradeoff.point"
    return _View(
        x=x,
        y=y,
        ends=ends,
        ticks=ticks,
        x_title=title,
        y_title=text("tradeoff.coverage", lang, within=within(front.standard, front.unit, lang)),
        tick=share_tick(ticks, lang) if front.against == "fairness" else tick,
        point=lambda at: text(key, lang, other=said(x[at]), share=percent(y[at], lang, 1)),
        lang=lang,
        rising=front.against != "fairness",
    )


def _other(
    front: Front, lang: str, money: str, digits: int
) -> tuple[str, Callable[[float], str], Callable[[float], str]]:
    """Return the title of the other aim, and how its values stand on an axis and in words."""

    def tick(value: float) -> str:
        return number(value, lang, digits)

    if front.against == "fairness":
        return text("tradeoff.worst", lang), tick, lambda value: percent(value, lang, 1)
    if front.against == "travel":
        unit, finer = unit_name(front.unit, lang), max(digits, 1)
        title = text("tradeoff.travel", lang, unit=unit)
        return title, tick, lambda value: f"{number(value, lang, finer)} {unit}"
    if not money and (front.table["price"] == front.table["n_sites"]).all():
        return text("tradeoff.sites", lang), tick, lambda value: sites(value, lang)
    if not money:
        return text("tradeoff.price", lang), tick, lambda value: plain(value, lang)
    title = text("tradeoff.price_unit", lang, money=money)
    return title, tick, lambda value: f"{plain(value, lang)} {money}"


def _legend(drawing: Drawing, front: Front, chosen: int | None) -> float:
    lang = drawing.lang
    proven = front.table["status"] == "optimal"
    entries: list[tuple[Mark, str]] = []
    if proven.any():
        entries.append((dot(drawing, proven=True), text("tradeoff.legend.plan", lang)))
    if not proven.all():
        entries.append((dot(drawing, proven=False), text("tradeoff.legend.unproven", lang)))
    if chosen is not None:
        entries.append((ring(drawing), text("tradeoff.legend.chosen", lang)))
    if len(front.unexplored):
        entries.append((swatch(drawing, _OPEN), text("tradeoff.legend.unexplored", lang)))
    return write_legend(drawing, entries)


def _open_shares(front: Front) -> list[float]:
    return (front.unexplored["covered_to"] / (front.people or 1.0)).tolist()


def _draw_ground(plane: Plane, front: Front, view: _View) -> None:
    """Colour what plans can have, and where more of them may lie; draw the line between."""
    stairs = _stairs(plane, view)
    floor = [(stairs[-1][0], plane.bottom), (stairs[0][0], plane.bottom)]
    plane.drawing.path([("M", stairs[:1]), ("L", [*stairs[1:], *floor]), ("Z", [])], fill=_TINT)
    for row in front.unexplored.to_dict("records"):
        _draw_open(plane, front, row)
    plane.drawing.path([("M", stairs[:1]), ("L", stairs[1:])], stroke=ACCENT, weight=1.6)
    plane.keep_line_free(stairs)


def _stairs(plane: Plane, view: _View) -> list[tuple[float, float]]:
    """Return the border of what plans can have, in the order of their coverage.

    Whoever pays more, or is content with a less fair plan, can have what comes before.
    """
    x, y = [plane.x(each) for each in view.x], [plane.y(each) for each in view.y]
    corners = [(x[0], y[0])] if view.rising else [(x[0], plane.bottom), (x[0], y[0])]
    for at in range(1, len(x)):
        corners += [(x[at], y[at - 1]), (x[at], y[at])]
    return [*corners, (plane.right if view.rising else plane.left, y[-1])]


def _draw_open(plane: Plane, front: Front, row: dict[Any, Any]) -> None:
    """Colour a range in which more plans may lie, as far as the plane goes."""
    per_unit = 1.0
    if front.against == "travel":
        first = front.table.iloc[0]
        per_unit = float(first["mean"] / (first["travel"] or 1.0))
    places = [plane.x(per_unit * row[end]) for end in ("other_from", "other_to")]
    start, end = (min(max(each, plane.left), plane.right) for each in sorted(places))
    heights = [plane.y(row[each] / front.people) for each in ("covered_to", "covered_from")]
    above, below = (min(max(each, plane.top), plane.bottom) for each in heights)
    size = max(end - start, 2.0), max(below - above, 2.0)
    plane.drawing.box(start, above, *size, fill=_OPEN)


def _draw_points(plane: Plane, front: Front, view: _View, chosen: int | None) -> None:
    lang, table = view.lang, front.table
    places = [(plane.x(x), plane.y(y)) for x, y in zip(view.x, view.y, strict=True)]
    marked = None if chosen is None else table.index.tolist().index(chosen)
    for at, (place, status) in enumerate(zip(places, table["status"], strict=True)):
        if at == marked:
            ring(plane.drawing)(*place)
        plane.keep_free(*place, 5.5)
        people = text("tradeoff.people", lang, count=number(table["covered"].iloc[at], lang))
        title = text("tradeoff.named", lang, name=view.point(at), said=people)
        dot(plane.drawing, proven=status == "optimal", title=title)(*place)
    sides = _RISING if view.rising else _FALLING
    ends = (0, len(places) - 1)
    for at in worth_a_label(places, marked):
        plane.label(*places[at], view.point(at), sides, always=at == marked or at in ends)


def _told(front: Front, view: _View, chosen: int | None) -> str:
    lang = view.lang
    count = number(len(front.table), lang)
    told = [text(f"tradeoff.told.{front.against}", lang, count=count)]
    if not front.complete:
        told.append(text("tradeoff.told.incomplete", lang))
    if chosen is not None:
        at = front.table.index.tolist().index(chosen)
        told.append(text("tradeoff.told.chosen", lang, point=view.point(at)))
    told.append("; ".join(view.point(at) for at in range(len(front.table))))
    return " ".join(told)
