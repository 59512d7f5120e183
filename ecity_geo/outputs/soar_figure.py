"""The SOAR matrix as SVG: four quadrants with their items, the chosen pair marked."""

from __future__ import annotations

from collections.abc import Mapping

from ecity_geo.outputs.drawing import ACCENT, SOFT, WIDE, Drawing, wrap
from ecity_geo.outputs.text import number, percent, text
from ecity_geo.soar import QUADRANTS, STRATEGIES, Soar

MARGIN, GAP, PADDING = 12.0, 12.0, 14.0
_HEAD, _LINE, _APART = 38.0, 17.0, 6.0
_TINT = "#e8f1f3"
_MOST = 9  # items that a box shows
_ROWS = (QUADRANTS[:2], QUADRANTS[2:])


def soar_svg(
    sheet: Soar, *, lang: str, labels: Mapping[str, str] | None = None, width: float = WIDE
) -> str:
    """Draw a SOAR matrix.

    Parameters
    ----------
    sheet
        As `ecity_geo.soar.soar` scores it.
    lang
        ``"fa"`` or ``"en"``.
    labels
        Names of the items by id; ids where there is none.
    width
        Of the sheet; a narrow one has the quadrants under one another.

    Returns
    -------
    svg
        Strengths and opportunities above, aspirations and results below, in the direction of the
        script; the quadrants of the chosen strategy are filled. Items stand in the order of
        weight times score.
    """
    names = labels or {}
    drawing = Drawing(width, lang)
    abreast = 2 if width >= WIDE else 1
    room = (width - 2 * MARGIN - (abreast - 1) * GAP) / abreast
    chosen = STRATEGIES.get(sheet.strategy, ())
    top = MARGIN
    for row in _ROWS if abreast == 2 else [(name,) for name in QUADRANTS]:
        lines = {name: _lines(sheet, name, names, lang, room) for name in row}
        height = max(_height(each) for each in lines.values())
        for at, name in enumerate(row):
            left = MARGIN + at * (room + GAP)
            _box(drawing, sheet, name, lines[name], (left, top, room, height), chosen)
        top += height + GAP
    top = _choice(drawing, sheet, top + 8, width)
    return drawing.svg(top + MARGIN, label=_told(sheet, lang), kind="soar")


def _lines(
    sheet: Soar, quadrant: str, names: Mapping[str, str], lang: str, room: float
) -> list[tuple[str, list[str], str]]:
    """Return the items of a quadrant: figure, lines, and the whole text."""
    own = sheet.items[sheet.items["quadrant"] == quadrant]
    own = own.sort_values("weighted", ascending=False, kind="stable")
    shown = []
    figures = own["weighted"].to_numpy(dtype=float)
    for item, figure in zip(own["id"].head(_MOST), figures, strict=False):
        whole = names.get(str(item), str(item))
        broken = wrap(whole, room - 2 * PADDING - 44, lines=2)
        shown.append((number(float(figure), lang, 3), broken, whole))
    left = len(own) - len(shown)
    if left:
        more = text("statistics.figure.soar_more", lang, count=number(left, lang))
        shown.append(("", [more], more))
    return shown


def _height(lines: list[tuple[str, list[str], str]]) -> float:
    return _HEAD + sum(len(broken) * _LINE + _APART for _, broken, _ in lines) + PADDING


def _box(
    drawing: Drawing,
    sheet: Soar,
    quadrant: str,
    lines: list[tuple[str, list[str], str]],
    place: tuple[float, float, float, float],
    chosen: tuple[str, ...],
) -> None:
    left, top, room, height = place
    lang, marked = drawing.lang, quadrant in chosen
    drawing.box(
        left,
        top,
        room,
        height,
        fill=_TINT if marked else "#ffffff",
        stroke=ACCENT if marked else SOFT,
        weight=2.4 if marked else 1.0,
        corner=8,
    )
    score = _scores(sheet)[quadrant]
    title = text(f"statistics.word.{quadrant}", lang)
    drawing.words(left + PADDING, top + 22, title, size=15, weight=700)
    end = left + room - PADDING
    drawing.words(end, top + 22, number(score, lang, 3), anchor="end", size=15, weight=700)
    y = top + _HEAD + _LINE / 2
    for figure, broken, whole in lines:
        if figure:
            drawing.words(end, y, figure, anchor="end")
        for line in broken:
            drawing.words(left + PADDING, y, line, of=whole)
            y += _LINE
        y += _APART


def _choice(drawing: Drawing, sheet: Soar, top: float, width: float) -> float:
    """Write the strategies under the matrix, and return where they end."""
    lang = drawing.lang
    for row in sheet.choice.to_dict("records"):
        pair = " + ".join(
            text(f"statistics.word.{row[name]}", lang) for name in ("first", "second")
        )
        weight = 700 if row["chosen"] else 400
        drawing.words(MARGIN + PADDING, top, f"{row['strategy']}: {pair}", weight=weight)
        drawing.words(
            width - MARGIN - PADDING - 88,
            top,
            number(row["score"], lang, 3),
            anchor="end",
            weight=weight,
        )
        share = percent(row["survival"], lang, 0)
        drawing.words(width - MARGIN - PADDING, top, share, anchor="end", weight=weight)
        top += 20
    said = text("statistics.figure.soar_share", lang, move=number(sheet.move, lang))
    for line in wrap(said, width - 2 * (MARGIN + PADDING), size=11, lines=3):
        drawing.words(MARGIN + PADDING, top + 2, line, size=11, of=said)
        top += 15
    return top


def _scores(sheet: Soar) -> dict[str, float]:
    table = sheet.quadrants
    return dict(zip(table["quadrant"], table["score"].to_numpy(dtype=float).tolist(), strict=True))


def _told(sheet: Soar, lang: str) -> str:
    said = "; ".join(
        f"{text(f'statistics.word.{name}', lang)}: {number(score, lang, 3)}"
        for name, score in _scores(sheet).items()
    )
    return f"{text('statistics.figure.soar', lang)}. {said}. {sheet.strategy}"
