"""Marks and words that the figures of trade-offs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ecity_geo.outputs.chart_rows import MARGIN, SMALL
from ecity_geo.outputs.drawing import ACCENT, ALERT, Drawing, words_width
from ecity_geo.outputs.plane import Plane, decimals, round_ticks
from ecity_geo.outputs.text import has_text, number, percent, text
from ecity_geo.outputs.views import plain

Mark = Callable[[float, float], None]
Places = Sequence[tuple[float, float]]
HEADROOM = 0.1
"""Part of the values' span that is free above them, for labels."""
MOST_LABELS = 7
DOT, RING = 4.5, 8.5


def lay_out_plane(
    drawing: Drawing,
    top: float,
    height: float,
    *,
    x: tuple[float, float],
    shares: Sequence[float],
    least_left: float = 0.0,
) -> Plane:
    """Lay out a plane with shares from bottom to top.

    Parameters
    ----------
    drawing
        The sheet.
    top, height
        Of the plane.
    x
        Values at its sides.
    shares
        Shares that it holds.
    least_left
        Room for words beside it, where another plane needs more than its own.
    """
    low, high = min(shares), max(shares)
    ticks = round_ticks(low, min(high + HEADROOM * (high - low), max(1.0, high)), most=8)
    room = max(words_width(share_tick(ticks, drawing.lang)(tick), SMALL) for tick in ticks)
    return Plane(
        drawing=drawing,
        left=MARGIN + 8 + max(room, least_left),
        right=drawing.width - MARGIN - 10,
        top=top,
        bottom=top + height,
        x_ends=x,
        y_ticks=ticks,
    )


def share_tick(ticks: Sequence[float], lang: str) -> Callable[[float], str]:
    """Return how shares are written on an axis: with the decimals that tell them apart.

    Parameters
    ----------
    ticks
        All values of the axis.
    lang
        Language.
    """
    digits, sign = max(decimals(ticks) - 2, 0), percent(0.0, lang)[-1]
    return lambda tick: number(100 * tick, lang, digits) + sign


def worth_a_label(places: Places, marked: int | None) -> list[int]:
    """Return the points to name: the marked one, the ends, then those farthest from all these.

    Parameters
    ----------
    places
        Places of the points on the sheet.
    marked
        Position of the marked one.
    """
    named = [] if marked is None else [marked]
    named = list(dict.fromkeys([*named, len(places) - 1, 0]))
    while len(named) < min(MOST_LABELS, len(places)):
        away = [
            min(abs(x - places[at][0]) + abs(y - places[at][1]) for at in named) for x, y in places
        ]
        named.append(int(np.argmax(away)))
    return list(dict.fromkeys(named))


def within(standard: float, unit: str, lang: str) -> str:
    """Return a service standard in words that follow "within".

    Parameters
    ----------
    standard, unit
        The standard.
    lang
        Language.
    """
    key = f"common.within.{unit}"
    if has_text(key, lang):
        return text(key, lang, standard=plain(standard, lang))
    return f"{plain(standard, lang)} {unit}"


def unit_name(unit: str, lang: str) -> str:
    """Return the name of a unit of travel; a unit of the caller's own stays as it is.

    Parameters
    ----------
    unit
        The unit.
    lang
        Language.
    """
    key = f"common.unit.{unit}"
    return text(key, lang) if has_text(key, lang) else unit


def sites(count: float, lang: str) -> str:
    """Return a number of new sites in words.

    Parameters
    ----------
    count
        The number.
    lang
        Language.
    """
    if count == 0:
        return text("tradeoff.no_site", lang)
    if count == 1:
        return text("common.new_site", lang)
    return text("common.new_sites", lang, count=number(count, lang))


def dot(drawing: Drawing, *, proven: bool, title: str = "") -> Mark:
    """Return what draws a plan: full where it is proven, hollow where it is not."""
    fill, stroke = (ACCENT, "#ffffff") if proven else ("#ffffff", ALERT)
    return lambda x, y: drawing.ellipse(x, y, DOT, DOT, fill=fill, stroke=stroke, title=title)


def ring(drawing: Drawing) -> Mark:
    """Return what draws a ring around the chosen plan."""
    return lambda x, y: drawing.ellipse(x, y, RING, RING, fill="none", stroke=ALERT)


def swatch(drawing: Drawing, colour: str) -> Mark:
    """Return what draws a colour in a legend."""
    return lambda x, y: drawing.box(x - 6, y - 6, 12, 12, fill=colour, stroke="#8a949b", weight=0.5)
