"""A sheet for figures in SVG that reads in both directions: shapes, words, and nothing that runs.

Places are logical: x counts from the side where the script begins, so that a figure is laid out
once and comes out mirrored in Persian. Words keep their own direction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import escape
from itertools import accumulate, takewhile
from typing import Literal

from ecity_geo.outputs import assets
from ecity_geo.outputs.symbols import INK
from ecity_geo.outputs.text import DIRECTION, without_direction

SOFT, FAINT, ACCENT, ALERT = "#4c5a66", "#dde1e4", "#0b5c6b", "#a2401f"
WIDE, NARROW = 760.0, 380.0
SIZE = 13.0

Anchor = Literal["start", "middle", "end"]

_RIGHT = {"R", "AL"}
_ISOLATES, _POP = {"fa": "\u2066", "en": "\u2067"}, "\u2069"
# What XML cannot hold, escaped or not.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_BOX = re.compile(
    r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)" width="[\d.]+" height="[\d.]+"'
)
_SIDE = 12.0

# Families that show Persian where the fonts of the page are not at hand.
_FAMILIES = {
    "fa": "'Noto Sans Arabic','Noto Sans',Vazirmatn,Tahoma,'Segoe UI','Geeza Pro',sans-serif",
    "en": "'Noto Sans','Noto Sans Arabic','Segoe UI',Tahoma,'Geeza Pro',sans-serif",
}

# Advance widths of Noto Sans and Noto Sans Arabic in em, rounded up by classes of letters.
_WIDTHS = {
    letter: width
    for letters, width in (
        (" .,:;'!|()[]ijlIfrtاأآإ،؛٫٬", 0.36),
        ("mwMW%", 0.93),
        ("ABCDGHKNOQRUVXY&", 0.74),
        ("سشصض", 0.97),
        ("بپتثنیفقکگ", 0.62),
        ("درزژذوهلم", 0.52),
    )
    for letter in letters
}
_OTHER_WIDTH = 0.62


def words_width(words: str, size: float = SIZE, *, weight: int = 400) -> float:
    """Estimate how wide words come out, rather too wide than too narrow.

    Parameters
    ----------
    words
        A line of text.
    size
        Size of the letters.
    weight
        400, or up to 700 for bold.

    Returns
    -------
    width
        In the unit of `size`.
    """
    return sum(map(_letter_width, words)) * _em(size, weight)


def _letter_width(letter: str) -> float:
    silent = unicodedata.category(letter) in ("Mn", "Cf")
    return 0.0 if silent else _WIDTHS.get(letter, _OTHER_WIDTH)


def _em(size: float, weight: int) -> float:
    return size * (1.08 if weight > 400 else 1.0)


def _fitting(words: str, room: float, size: float, weight: int) -> int:
    """Count the first letters that fit, looking at no more than these."""
    widths = accumulate(map(_letter_width, words))
    return sum(1 for _ in takewhile(lambda em: em * _em(size, weight) <= room, widths))


def wrap(
    words: str, room: float, *, size: float = SIZE, lines: int = 3, weight: int = 400
) -> list[str]:
    """Break words into lines that fit, and cut what does not.

    Parameters
    ----------
    words
        The text.
    room
        Width of a line.
    size, weight
        As in `words_width`.
    lines
        Most lines; the last one ends in an ellipsis where words are left over.

    Returns
    -------
    lines
        At least one; each as wide as `room` at most.
    """
    broken: list[str] = []
    rest = words.split()
    while rest and len(broken) < lines:
        line, rest = _line(rest, room, size, weight)
        broken.append(line)
    if rest and broken:
        broken[-1] = _cut(f"{broken[-1]} {' '.join(rest)}", room, size, weight)
    return broken or [""]


def _line(words: list[str], room: float, size: float, weight: int) -> tuple[str, list[str]]:
    width, space = (
        words_width(words[0], size, weight=weight),
        _letter_width(" ") * _em(size, weight),
    )
    if width > room:
        keep = max(_fitting(words[0], room, size, weight), 1)
        return words[0][:keep], [words[0][keep:], *words[1:]]
    count = 1
    while count < len(words):
        width += space + words_width(words[count], size, weight=weight)
        if width > room:
            break
        count += 1
    return " ".join(words[:count]), words[count:]


def _cut(words: str, room: float, size: float, weight: int) -> str:
    fitting = _fitting(words, room - words_width("…", size, weight=weight), size, weight)
    return f"{words[:fitting].rstrip()}…"


class Drawing:
    """A sheet that elements are put on, in the order in which they cover one another."""

    def __init__(self, width: float, lang: str) -> None:
        self.width = width
        self.lang = lang
        self._parts: list[str] = []

    def x(self, place: float) -> float:
        """Turn a logical place into one on paper."""
        return self.width - place if self.lang == "fa" else place

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        corner: float = 0,
        title: str = "",
        weight: float = 1.2,
    ) -> None:
        """Draw a rectangle; `left` is the side where the script begins."""
        start = self.x(left + width) if self.lang == "fa" else left
        rounded = f' rx="{corner:g}"' if corner else ""
        self._parts.append(
            f'<rect x="{start:.1f}" y="{top:.1f}" width="{max(width, 0):.1f}" '
            f'height="{height:.1f}" fill="{fill}"{_stroke(stroke, weight)}'
            f"{rounded}{_closed('rect', title)}"
        )

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, *, fill: str, stroke: str, title: str = ""
    ) -> None:
        """Draw an ellipse around a place."""
        self._parts.append(
            f'<ellipse cx="{self.x(x):.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" '
            f'fill="{fill}"{_stroke(stroke, 1.6)}{_closed("ellipse", title)}'
        )

    def path(
        self,
        commands: Iterable[tuple[str, list[tuple[float, float]]]],
        *,
        stroke: str = "none",
        weight: float = 1.2,
        fill: str = "none",
        dash: str = "",
        title: str = "",
    ) -> None:
        """Draw a path of commands (``M``, ``L``, ``C``, ``Q``, ``Z``) with their points."""
        steps = "".join(
            command + " ".join(f"{self.x(x):.1f},{y:.1f}" for x, y in points)
            for command, points in commands
        )
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<path d="{steps}" fill="{fill}"{_stroke(stroke, weight)}{dashed}'
            f"{_closed('path', title)}"
        )

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        stroke: str = INK,
        weight: float = 1.2,
        dash: str = "",
    ) -> None:
        """Draw a straight line."""
        self.path([("M", [start]), ("L", [end])], stroke=stroke, weight=weight, dash=dash)

    def words(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Anchor = "start",
        size: float = SIZE,
        weight: int = 400,
        fill: str = INK,
        halo: bool = False,
        plate: bool = False,
        of: str = "",
    ) -> None:
        """Write a line; `y` is its middle, `x` the end that `anchor` names.

        A `halo` keeps letters apart from what they lie on, a `plate` hides it. `of` is the text
        that the line was broken out of: it decides the direction of the line.
        """
        if plate:
            half = words_width(words, size, weight=weight) / 2 + 1
            self.box(x - half, y - 0.6 * size, 2 * half, 1.2 * size, fill="#ffffff")
        outline = (
            ' stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
            if halo
            else ""
        )
        bold = f' font-weight="{weight}"' if weight != 400 else ""
        self._parts.append(
            f'<text x="{self.x(x):.1f}" y="{y + 0.36 * size:.1f}" text-anchor="{anchor}" '
            f'direction="{DIRECTION[self.lang]}" font-size="{size:g}" fill="{fill}"{bold}{outline}>'
            f"{_safe(_turned(words, of or words, self.lang))}</text>"
        )

    def elements(self) -> str:
        """Return what has been drawn, without the sheet."""
        return "".join(self._parts)

    def svg(self, height: float, *, label: str, kind: str) -> str:
        """Return the figure.

        Parameters
        ----------
        height
            Height of the sheet.
        label
            What a reader who cannot see it is told.
        kind
            Class of the element, for style sheets.

        Returns
        -------
        svg
            An ``<svg>`` element without scripts, styles and addresses, all words escaped.
        """
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" '
            f'viewBox="0 0 {self.width:g} {height:.0f}" width="{self.width:g}" '
            f'height="{height:.0f}" role="img" lang="{self.lang}" '
            f'aria-label="{_safe(label)}" font-family="{_FAMILIES[self.lang]}" '
            f'font-size="{SIZE:g}" fill="{INK}">{"".join(self._parts)}</svg>'
        )


def standalone(svg: str, *, title: str = "", badge: str = "") -> str:
    """Turn a figure into a file of its own that shows Persian on any machine.

    Parameters
    ----------
    svg
        A figure of this package.
    title
        What it shows and of which city, written over it; a page says so around it.
    badge
        What a reader must know of the data, such as that they are synthetic.

    Returns
    -------
    document
        The figure on white with the fonts inside, asking nothing of the network.
    """
    head, rest = svg.split(">", 1)
    sheet = '<rect width="100%" height="100%" fill="#ffffff"/>'
    named = f"<title>{_safe(title)}</title>" if title else ""
    named += f"<desc>{_safe(badge)}</desc>" if badge else ""
    if title or badge:
        head, rest = _headed(head, rest, title, badge)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"{head}>{named}<style>{assets.font_css()}</style>{sheet}{rest}\n"
    )


def _headed(head: str, rest: str, title: str, badge: str) -> tuple[str, str]:
    """Make room over a figure for its title and badge."""
    box = _BOX.search(head)
    lang = "fa" if ' lang="fa"' in head else "en"
    if box is None:
        return head, rest
    width, height = float(box["width"]), float(box["height"])
    top, over = 0.0, Drawing(width, lang)
    for words, size, weight, colour in ((title, 15, 700, INK), (badge, 13, 600, ALERT)):
        for line in wrap(words, width - 2 * _SIDE, size=size, weight=weight) if words else []:
            top += 1.5 * size
            place = top - 0.4 * size + 6
            over.words(_SIDE, place, line, size=size, weight=weight, fill=colour, of=words)
    top += 14
    room = f"{height + top:.0f}"
    tall = f'viewBox="0 0 {width:g} {room}" width="{width:g}" height="{room}"'
    body = rest.removesuffix("</svg>")
    moved = f'{over.elements()}<g transform="translate(0 {top:.1f})">{body}</g></svg>'
    return head.replace(box[0], tall), moved


def _stroke(colour: str, weight: float) -> str:
    return "" if colour == "none" else f' stroke="{colour}" stroke-width="{weight:g}"'


def _closed(tag: str, title: str) -> str:
    return f"><title>{_safe(title)}</title></{tag}>" if title else "/>"


def _turned(words: str, whole: str, lang: str) -> str:
    """Let a text without letters of the language run in its own direction."""
    own, other = (_RIGHT, {"L"}) if lang == "fa" else ({"L"}, _RIGHT)
    kinds = {unicodedata.bidirectional(letter) for letter in whole}
    plain = without_direction(words)
    if kinds & own or not kinds & other:
        return plain
    return f"{_ISOLATES[lang]}{plain}{_POP}"


def _safe(words: str) -> str:
    return escape(_ILLEGAL.sub("", words))
