"""Rows of a chart: names beside or above their bars, axes, legends and marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecity_geo.outputs.drawing import ACCENT, ALERT, FAINT, SOFT, Drawing, words_width, wrap
from ecity_geo.outputs.views import plain

Labels = Mapping[str, str]
Groups = Mapping[str, Sequence[str]]
Place = Callable[[float], float]

MARGIN, LABELS, LINE, BAR = 10.0, 232.0, 17.0, 18.0
SMALL = 11.5
_SIDE_BY_SIDE = 560.0


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row lies: its name, and the middle of its bar."""

    item: str
    lines: tuple[str, ...]
    top: float
    middle: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Head:
    """A heading over rows."""

    words: str
    middle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the rows of a chart lie, and the room for their bars."""

    rows: list[Row]
    heads: list[Head]
    left: float
    right: float
    bottom: float
    stacked: bool

    def scale(self, low: float, high: float) -> Place:
        """Map values onto the room for bars."""
        room = self.right - self.left
        return lambda value: self.left + room * (float(value) - low) / (high - low)


def lay_out(drawing: Drawing, groups: Groups, names: Labels, *, top: float, ends: float) -> Layout:
    """Place rows under headings; `ends` is the room for figures behind the bars."""
    stacked = drawing.width < _SIDE_BY_SIDE
    left = MARGIN + 8 if stacked else MARGIN + LABELS + 14
    room = drawing.width - 2 * MARGIN if stacked else LABELS
    rows, heads, y = [], [], top
    for group, items in groups.items():
        if group:
            heads.append(Head(names.get(group, group), y + 16))
            y += 32
        for item in items:
            lines = tuple(wrap(names.get(str(item), str(item)), room))
            height = LINE * len(lines)
            full = height + BAR + 10 if stacked else max(height, BAR) + 9
            middle = y + height + BAR / 2 + 1 if stacked else y + full / 2
            rows.append(Row(str(item), lines, y, middle, y + full))
            y += full
    return Layout(
        rows=rows,
        heads=heads,
        left=left,
        right=drawing.width - MARGIN - ends,
        bottom=y,
        stacked=stacked,
    )


def write_heads(drawing: Drawing, layout: Layout) -> None:
    """Write the headings over their rows, on top of the axis."""
    for head in layout.heads:
        words = wrap(head.words, drawing.width - 2 * MARGIN, lines=1, weight=700)[0]
        drawing.words(MARGIN, head.middle, words, weight=700, halo=True)


def write_label(drawing: Drawing, row: Row) -> None:
    """Write the name of a row, beside its bar or above it."""
    stacked = drawing.width < _SIDE_BY_SIDE
    first = row.top + LINE / 2 if stacked else row.middle - LINE * (len(row.lines) - 1) / 2
    for at, line in enumerate(row.lines):
        drawing.words(MARGIN, first + LINE * at, line, halo=stacked, of=" ".join(row.lines))


def write_legend(
    drawing: Drawing, entries: Sequence[tuple[Callable[[float, float], None], str]]
) -> float:
    """Write symbols with their meaning in as many lines as it takes; return where they end."""
    x, y = MARGIN, 12.0
    for draw, name in entries:
        words = wrap(name, drawing.width - 2 * MARGIN - 22, lines=1)[0]
        wide = 22 + words_width(words) + 16
        if x > MARGIN and x + wide - 16 > drawing.width - MARGIN:
            x, y = MARGIN, y + 22
        draw(x + 7, y)
        drawing.words(x + 20, y, words, fill=SOFT)
        x += wide
    return y + 14


def value_axis(
    drawing: Drawing,
    layout: Layout,
    place: Place,
    ends: tuple[float, float],
    top: float,
) -> None:
    """Draw lines at round values, and write them on top."""
    span = ends[1] - ends[0]
    step = next(each for each in (0.5, 1, 2, 5, 10, 20, 50, 100) if span / each <= 8 or each == 100)
    for tick in np.arange(np.ceil(ends[0] / step) * step, ends[1] + 1e-9, step):
        drawing.line((place(tick), top + 20), (place(tick), layout.bottom), stroke=FAINT, weight=1)
        drawing.words(
            place(tick),
            top + 10,
            plain(float(tick), drawing.lang),
            anchor="middle",
            size=SMALL,
            fill=SOFT,
        )


def draw_interval(drawing: Drawing, row: Row, place: Place, low: float, high: float) -> None:
    """Draw an interval as a band; none where an end is missing."""
    if np.isfinite(low) and np.isfinite(high) and high > low:
        drawing.line(
            (place(low), row.middle), (place(high), row.middle), stroke="#7fa9b2", weight=5
        )


def marker(drawing: Drawing, verdict: str) -> Callable[[float, float], None]:
    """Return what draws the mark of a verdict at a place."""

    def draw(x: float, y: float) -> None:
        if verdict not in ("above", "below"):
            drawing.ellipse(x, y, 5, 5, fill="#ffffff", stroke=SOFT)
            return
        up = 1 if verdict == "above" else -1
        corners = [(x - 6.5, y + 5 * up), (x + 6.5, y + 5 * up), (x, y - 6.5 * up)]
        fill = ACCENT if verdict == "above" else ALERT
        drawing.path([("M", corners[:1]), ("L", corners[1:]), ("Z", [])], fill=fill)

    return draw


def draw_dot(drawing: Drawing, x: float, y: float) -> None:
    """Draw a dot."""
    drawing.ellipse(x, y, 4.5, 4.5, fill=ACCENT, stroke="#ffffff")


def half_points(values: Sequence[float], *, step: float = 0.5) -> tuple[float, float]:
    """Return the ends of an axis that holds all values, with room at both sides."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    room = 0.03 * (known.max() - known.min())
    low = float(np.floor((known.min() - room) / step) * step)
    high = float(np.ceil((known.max() + room) / step) * step)
    return (low, high) if high > low else (low - step, high + step)
