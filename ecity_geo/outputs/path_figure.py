"""The path diagram of a structural model as SVG, laid out by layers, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.outputs.apa import bounded, brackets, p_value
from ecity_geo.outputs.drawing import ACCENT, NARROW, SOFT, Drawing, words_width, wrap
from ecity_geo.outputs.path_arrows import (
    ARC,
    DASH,
    LEVEL,
    MARGIN,
    Box,
    Labels,
    Measures,
    Part,
    Sheet,
    draw_arc,
    draw_head,
    draw_route,
    ink_of,
    line_dash,
    line_weight,
    reach_of_arcs,
    split_routes,
    write_estimate,
)
from ecity_geo.outputs.path_layout import Arrow, Model, Places, Point, place, read_model
from ecity_geo.outputs.text import finite, number, text

WIDE = Measures()
UPRIGHT = Measures(column=68.0, gap=84.0, across=162.0, apart=14.0, lane=24.0, turned=True)
INDENT, ITEM, LINE = 26.0, 26.0, 15.0
BESIDE, ITEMS_BESIDE = 120.0, 250.0  # where there is one layer: arrows to items, and their boxes
_NUMBER = 11.5


def path_svg(
    parameters: pd.DataFrame,
    fit: Mapping[str, float] | pd.Series | None,
    labels: Labels,
    lang: str,
    *,
    items: bool = True,
) -> str:
    """Draw a structural or measurement model with its standardised estimates.

    Parameters
    ----------
    parameters
        Rows of one group with `lhs`, `op`, `rhs`, `std` and `p`, as `SemFit.parameters` has
        them; p is missing where a parameter was fixed.
    fit
        Fit indices that stand under the figure (`chi_square`, `df`, `p`, `cfi`, `tli`, `rmsea`,
        `rmsea_low`, `rmsea_high`, `srmr`, `n`; those that are missing are left out), or None.
    labels
        Names of constructs and items; ids where there is none.
    lang
        ``"fa"`` or ``"en"``.
    items
        Whether items are drawn; without them the layers run from top to bottom, for a phone.
        Where a model has no paths, its items are drawn anyway.

    Returns
    -------
    svg
        Constructs are ellipses, observed variables boxes. A broken line could be zero
        (p >= .05), the width of a line grows with its estimate. Causes stand before their
        effects in the direction of the script.

    Raises
    ------
    ValueError
        If there are several groups in the frame, or nothing to draw.
    """
    drawn = parameters[parameters["op"].isin(["=~", "~", "~~"])]
    if "group" in drawn and len(set(drawn["group"])) > 1:
        raise ValueError("a path diagram shows one group: pass the rows of one")
    model = read_model(drawn)
    if not model.nodes:
        raise ValueError("no parameter of the frame is a loading or a path")
    if model.paths and not items:
        model = replace(model, items={})
        return _compose(model, fit, labels, lang, UPRIGHT)
    return _compose(model, fit, labels, lang, WIDE)


def _compose(
    model: Model,
    fit: Mapping[str, float] | pd.Series | None,
    labels: Labels,
    lang: str,
    measures: Measures,
) -> str:
    beside = not model.paths
    routes, arcs = split_routes(model)
    sizes = {
        name: _size(model.items.get(name, []), labels, measures, beside=beside)
        for name in model.nodes
    }
    places = place(model, routes, sizes, gap=measures.apart, lane=measures.lane)
    left = MARGIN + ARC * reach_of_arcs(arcs, places) + (24 if arcs else 0)
    layers = len(places.layers)
    along = left + layers * measures.column + (layers - 1) * measures.gap + MARGIN
    along += BESIDE + ITEMS_BESIDE if beside else 0
    across = 2 * MARGIN + places.extent
    width, height = (max(across, NARROW), along) if measures.turned else (along, across)
    shift = (width - across) / 2 if measures.turned else 0.0
    sheet = Sheet(Drawing(width, lang), labels, measures, left, MARGIN + shift)
    parts = _parts(model, places, sheet, beside=beside)
    for name in model.nodes:
        _draw_items(sheet, model.items.get(name, []), parts[name], beside=beside)
    for at, arrow in enumerate(routes):
        draw_route(sheet, arrow, parts, places.lanes[at], at, routes, places)
    for arrow in arcs:
        draw_arc(sheet, arrow, parts, places)
    for name, part in parts.items():
        _draw_part(sheet, part, sheet.name(name), model.r2.get(name))
        sheet.taken.append(part.box)
    for arrow, points in sheet.curves:
        write_estimate(sheet, arrow, points)
    bottom = _write_foot(sheet, fit, height + 8)
    return sheet.drawing.svg(bottom, label=_spoken(sheet, model), kind="path-diagram")


def _size(items: list[Arrow], labels: Labels, measures: Measures, *, beside: bool) -> float:
    heights = [_item_height(labels.get(a.target) or a.target, beside=beside) for a in items]
    if beside:
        return max(measures.across, sum(heights))
    return measures.across + (8 + sum(heights) if heights else 0)


def _item_lines(words: str, *, beside: bool) -> list[str]:
    room = ITEMS_BESIDE - 16 if beside else WIDE.column - INDENT - 50
    return wrap(words, room, size=12, lines=2 if beside else 3)


def _item_height(words: str, *, beside: bool) -> float:
    return ITEM + LINE * (len(_item_lines(words, beside=beside)) - 1) + 5


def _parts(model: Model, places: Places, sheet: Sheet, *, beside: bool) -> dict[str, Part]:
    parts = {}
    measures = sheet.measures
    for name in model.nodes:
        slot = places.slot(name)
        y = sheet.top + slot.middle
        if not beside:
            y += measures.across / 2 - slot.size / 2
        x = sheet.start(places.layer_of[name]) + measures.column / 2
        latent = name in model.latent
        half = measures.across / 2 - (0 if latent else 3)
        parts[name] = Part(x, y, measures.column / 2, half, latent)
    return parts


def _draw_part(sheet: Sheet, part: Part, name: str, r2: float | None) -> None:
    drawing = sheet.drawing
    (x, y), (rx, ry) = sheet.paper((part.x, part.y)), sheet.paper((part.rx, part.ry))
    if part.latent:
        drawing.ellipse(x, y, rx, ry, fill="#eef5f5", stroke=ACCENT, title=name)
    else:
        look = {"fill": "#fbf6ea", "stroke": "#8a6d1f", "title": name}
        drawing.box(x - rx, y - ry, 2 * rx, 2 * ry, corner=3, weight=1.6, **look)
    lines = wrap(name, 2 * rx * (0.8 if part.latent else 0.92), lines=3, weight=700)
    rows = [(line, 700, 13.0, name) for line in lines]
    if r2 is not None and finite(r2) is not None:
        written = bounded(r2, drawing.lang)
        rows.append((text("statistics.figure.r2", drawing.lang, r2=written), 400, 12.0, ""))
    for at, (line, weight, size, whole) in enumerate(rows):
        middle = y + (17 if len(rows) < 4 else 15) * (at - (len(rows) - 1) / 2)
        drawing.words(x, middle, line, anchor="middle", weight=weight, size=size, of=whole)


def _draw_items(sheet: Sheet, items: list[Arrow], part: Part, *, beside: bool) -> None:
    """Draw the boxes of items: under their construct, or beside it where there is one layer."""
    heights = [_item_height(sheet.name(a.target), beside=beside) for a in items]
    top = part.y - sum(heights) / 2 if beside else part.y + part.ry + 8
    left = part.x - part.rx + (WIDE.column + BESIDE if beside else INDENT)
    width = ITEMS_BESIDE if beside else WIDE.column - INDENT
    for arrow, height in zip(items, heights, strict=True):
        middle = top + height / 2
        written = bounded(arrow.std, sheet.drawing.lang)
        (_fan if beside else _rung)(sheet, arrow, part, (left, middle))
        _draw_item(sheet, arrow, (left, top + 2.5, left + width, top + height - 2.5), beside=beside)
        if not beside:
            sheet.drawing.words(
                left + width - 6, middle, written, anchor="end", size=_NUMBER, fill=ink_of(arrow)
            )
        top += height


def _draw_item(sheet: Sheet, arrow: Arrow, box: Box, *, beside: bool) -> None:
    name = sheet.name(arrow.target)
    left, top, right, bottom = box
    sheet.drawing.box(
        left,
        top,
        right - left,
        bottom - top,
        fill="#ffffff",
        stroke="#8a949b",
        corner=2,
        title=name,
    )
    sheet.taken.append(box)
    lines = _item_lines(name, beside=beside)
    for at, line in enumerate(lines):
        y = (top + bottom) / 2 + LINE * (at - (len(lines) - 1) / 2)
        sheet.drawing.words(left + 7, y, line, size=12, of=name)


def _rung(sheet: Sheet, arrow: Arrow, part: Part, end: Point) -> None:
    """Lead an arrow from the construct down beside its items, and into one."""
    x = part.x - part.rx + 12
    above = part.y + part.ry * float(np.sqrt(1 - ((part.rx - 12) / part.rx) ** 2))
    sheet.drawing.line((x, above), (x, end[1]), stroke=SOFT, weight=1.1)
    sheet.drawing.line(
        (x, end[1]), end, stroke=SOFT, weight=1.1, dash="3 2" * bool(line_dash(arrow))
    )
    draw_head(sheet, (x, end[1]), end, SOFT, 6)


def _fan(sheet: Sheet, arrow: Arrow, part: Part, end: Point) -> None:
    start = part.port(1, float(np.clip((end[1] - part.y) * 0.2, -part.ry * 0.7, part.ry * 0.7)))
    sheet.drawing.line(start, end, stroke=SOFT, weight=line_weight(arrow), dash=line_dash(arrow))
    draw_head(sheet, start, end, SOFT, 7)
    t = 0.74
    at = (start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1]))
    written = bounded(arrow.std, sheet.drawing.lang)
    sheet.drawing.words(*at, written, anchor="middle", size=_NUMBER, fill=ink_of(arrow), plate=True)


def _write_foot(sheet: Sheet, fit: Mapping[str, float] | pd.Series | None, top: float) -> float:
    """Write what the lines mean, and the fit of the model."""
    drawing = sheet.drawing
    x, y = MARGIN, top + 10
    for word, dash in (("solid", ""), ("broken", DASH)):
        words = text(f"statistics.figure.{word}", drawing.lang, level=bounded(LEVEL, drawing.lang))
        if x > MARGIN and x + 40 + words_width(words, 12) > drawing.width - MARGIN:
            x, y = MARGIN, y + 20
        drawing.line((x, y), (x + 32, y), stroke=ACCENT, weight=2, dash=dash)
        drawing.words(x + 40, y, words, size=12, fill=SOFT)
        x += 40 + words_width(words, 12) + 24
    for line in wrap(_fit_words(fit, drawing.lang), drawing.width - 2 * MARGIN, size=12, lines=4):
        if line:
            y += 20
            drawing.words(MARGIN, y, line, size=12, fill=SOFT)
    return y + 18


def _fit_words(fit: Mapping[str, float] | pd.Series | None, lang: str) -> str:
    if fit is None:
        return ""
    known = {str(key): fit[key] for key in fit.keys() if finite(fit[key]) is not None}  # noqa: SIM118
    said = []
    if "chi_square" in known:
        chi = f"χ²({number(known.get('df'), lang)}) = {number(known['chi_square'], lang, 2)}"
        p = p_value(known.get("p"), lang)
        said.append(f"{chi}, p {p if p.startswith('<') else f'= {p}'}")
    for name in ("cfi", "tli", "rmsea", "srmr"):
        if name in known:
            said.append(f"{name.upper()} = {bounded(known[name], lang, 3)}")
            if name == "rmsea" and {"rmsea_low", "rmsea_high"} <= set(known):
                ends = known["rmsea_low"], known["rmsea_high"]
                said[-1] += f" {brackets(*ends, lang, 3, below_one=True)}"
    if "n" in known:
        said.append(f"n = {number(known['n'], lang)}")
    return "; ".join(said)


def _spoken(sheet: Sheet, model: Model) -> str:
    lang = sheet.drawing.lang
    said = [text("statistics.figure.path", lang)]
    loadings = [arrow for items in model.items.values() for arrow in items]
    for arrow in (*model.paths, *loadings, *model.covariances):
        sign = "↔" if arrow.op == "~~" else ("←" if lang == "fa" else "→")
        ends = f"{sheet.name(arrow.source)} {sign} {sheet.name(arrow.target)}"
        said.append(f"{ends}: {bounded(arrow.std, lang)}")
    return "; ".join(said)
