"""A plane with two axes of values, and labels on it that keep apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ecity_geo.outputs.chart_rows import MARGIN, SMALL
from ecity_geo.outputs.drawing import FAINT, SOFT, Anchor, Drawing, words_width, wrap

Ends = tuple[float, float]
Written = Callable[[float], str]
_Box = tuple[float, float, float, float]
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_AWAY = 9.0
"""From a point to its label."""


@dataclass(slots=True, kw_only=True)
class Plane:
    """Where values lie on a sheet; labels remember what they must not cover.

    Parameters
    ----------
    drawing
        The sheet.
    left, right, top, bottom
        Of the plane, in logical places: `left` is where the script begins.
    x_ends
        Values at its sides; the first is where the script begins.
    y_ticks
        Round values from its bottom to its top.
    """

    drawing: Drawing
    left: float
    right: float
    top: float
    bottom: float
    x_ends: Ends
    y_ticks: list[float]
    taken: list[_Box] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Return the place of a value along the lines."""
        low, high = self.x_ends
        return self.left + (self.right - self.left) * (float(value) - low) / (high - low)

    def y(self, value: float) -> float:
        """Return the place of a value from the top."""
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return self.bottom - (self.bottom - self.top) * (float(value) - low) / (high - low)

    def keep_free(self, x: float, y: float, size: float) -> None:
        """Let no label cover a mark."""
        self.taken.append((x - size, y - size, x + size, y + size))

    def keep_line_free(self, corners: Sequence[tuple[float, float]]) -> None:
        """Let no label cover a line."""
        for (x, y), (to_x, to_y) in pairwise(corners):
            parts = max(int(np.hypot(to_x - x, to_y - y) // 5), 1)
            for part in np.linspace(0, 1, parts + 1):
                self.keep_free(x + part * (to_x - x), y + part * (to_y - y), 1.0)

    def label(
        self,
        x: float,
        y: float,
        words: str,
        sides: Sequence[tuple[int, int]],
        *,
        always: bool = False,
    ) -> None:
        """Write beside a point, at the first of the sides that is free; else not at all.

        Parameters
        ----------
        x, y
            The point.
        words
            The label.
        sides
            Directions from the point: 1 onwards or -1 back along the line, 1 below or -1 above.
        always
            Write at the first side within the plane even where something else is.
        """
        width = words_width(words, SMALL)
        boxes = {side: _beside(x, y, width, side) for side in sides}
        inside = [side for side in sides if self._is_inside(boxes[side])]
        free = [side for side in inside if self._is_free(boxes[side])]
        for side in (free or (inside if always else []))[:1]:
            box = boxes[side]
            self.taken.append(box)
            anchor: Anchor = "start" if side[0] > 0 else "end"
            place, middle = box[0] if side[0] > 0 else box[2], (box[1] + box[3]) / 2
            self.drawing.words(place, middle, words, anchor=anchor, size=SMALL, halo=True)

    def _is_inside(self, box: _Box) -> bool:
        along = box[0] >= self.left - 2 and box[2] <= self.drawing.width - MARGIN / 2
        return along and box[1] >= self.top - 10 and box[3] <= self.bottom

    def _is_free(self, box: _Box) -> bool:
        return not any(
            box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
            for other in self.taken
        )


def _beside(x: float, y: float, width: float, side: tuple[int, int]) -> _Box:
    start = x + _AWAY if side[0] > 0 else x - _AWAY - width
    middle = y + side[1] * (_AWAY + 2)
    return start, middle - SMALL * 0.6, start + width, middle + SMALL * 0.6


def draw_axes(
    plane: Plane,
    *,
    x_ticks: Iterable[float],
    x_written: Written,
    y_written: Written,
) -> None:
    """Draw lines at round values and write these beside them.

    Parameters
    ----------
    plane
        The plane.
    x_ticks
        Values along the lines.
    x_written, y_written
        How they are written.
    """
    drawing = plane.drawing
    for tick in plane.y_ticks:
        y = plane.y(tick)
        drawing.line((plane.left, y), (plane.right, y), stroke=FAINT, weight=1)
        drawing.words(plane.left - 6, y, y_written(tick), anchor="end", size=SMALL, fill=SOFT)
    drawing.line((plane.left, plane.bottom), (plane.right, plane.bottom), stroke=SOFT, weight=1)
    for tick in x_ticks:
        x = plane.x(tick)
        drawing.line((x, plane.bottom), (x, plane.bottom + 4), stroke=SOFT, weight=1)
        place = plane.bottom + 14
        drawing.words(x, place, x_written(tick), anchor="middle", size=SMALL, fill=SOFT)


def write_titles(plane: Plane, *, x: str, y: str, y_top: float) -> None:
    """Write what the axes are: that of y above it, that of x under the middle of its values.

    Parameters
    ----------
    plane
        The plane.
    x, y
        The titles.
    y_top
        Middle of the line above.
    """
    drawing = plane.drawing
    room = drawing.width - 2 * MARGIN
    drawing.words(MARGIN, y_top, wrap(y, room, lines=1)[0], weight=700)
    middle = (plane.left + plane.right) / 2
    line = wrap(x, room, lines=1)[0]
    half = words_width(line, weight=700) / 2
    middle = min(max(middle, MARGIN + half), drawing.width - MARGIN - half)
    drawing.words(middle, plane.bottom + 36, line, anchor="middle", weight=700)


def round_ticks(low: float, high: float, *, most: int, whole: bool = False) -> list[float]:
    """Return round values that hold both ends between them.

    Parameters
    ----------
    low, high
        The ends.
    most
        Most values, at least 2.
    whole
        Whether all values are whole numbers.

    Returns
    -------
    ticks
        Multiples of 1, 2, 2.5 or 5 times a power of ten, rising.
    """
    span = high - low or max(abs(high), 1.0) * 0.1
    power = 10.0 ** np.floor(np.log10(span / most))
    steps = [power * each for each in (*_STEPS, 20.0, 25.0, 50.0)]
    for step in [each for each in steps if not whole or each == round(each) >= 1]:
        first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
        if last == first:
            last = first + 1
        if last - first + 1 <= most:
            return [float(np.round(each * step, 12)) for each in np.arange(first, last + 1)]
    return [low, high]


def decimals(ticks: Sequence[float]) -> int:
    """Count the decimals that tell values apart, at most 6."""
    for digits in range(6):
        if all(abs(round(tick, digits) - tick) < 1e-9 for tick in ticks):
            return digits
    return 6
