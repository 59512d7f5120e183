"""What stands on the page of one map: plain data, prepared before anything is drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

# Digits of both scripts with their signs, perhaps a unit of one word behind.
_FIGURE = re.compile("[\u200e\u2212–]*[0-9۰-۹.,٬٫]*[%٪]?( \\S+)?")

Kind = Literal["area", "missing", "dot", "shape", "line", "outline", "number", "heading", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a legend.

    Parameters
    ----------
    label
        What the symbol means.
    kind
        What is drawn before it; a ``"heading"`` has no symbol.
    colour
        Of an area or a dot.
    shape
        ``"circle"``, ``"square"`` ... of a shape.
    open
        Whether a shape stands for an open service (filled) or a planned one (hollow).
    amount
        A figure at the end of the line.
    """

    label: str
    kind: Kind = "none"
    colour: str = ""
    shape: str = "circle"
    open: bool = True
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A page that lies beside the map's.

    Parameters
    ----------
    label
        What it is called there.
    href
        Its file; empty for the page itself.
    lang
        Its language, where that is another one.
    """

    label: str
    href: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """Legend of a view.

    Parameters
    ----------
    title
        What the colours stand for, with the unit.
    items
        Its lines.
    note
        How the classes were made.
    """

    title: str
    items: tuple[Item, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to colour the map; a page with several has a switch.

    Parameters
    ----------
    label
        Its name on the switch.
    legend
        Its legend.
    fills
        Colour per district; None where there are no data, empty where only the outline is drawn.
    values
        What is said of each district on hover and to a screen reader.
    cells
        Class per circle of people; empty where the view shows none.
    colours
        Colour per class of `cells`.
    groups
        Groups of marks that only this view shows.
    headline
        What the page says over this view; empty where all views have the same.
    """

    label: str
    legend: Legend
    fills: tuple[str | None, ...]
    values: tuple[str, ...]
    cells: tuple[int, ...] = ()
    colours: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    headline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer that the reader can switch on and off.

    Parameters
    ----------
    id
        Group of marks, or ``"lines"``, ``"names"``.
    label
        Its name.
    shown
        Whether it is on at first.
    kind, open
        Symbol, as in `Item`.
    items
        Legend lines under it.
    """

    id: str
    label: str
    shown: bool = True
    kind: Kind = "none"
    shape: str = "circle"
    colour: str = ""
    open: bool = True
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table under the map: its text alternative.

    Parameters
    ----------
    caption
        Its name.
    columns
        Column heads.
    rows
        Cells, as they are read.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def figures(self) -> tuple[bool, ...]:
        """Per column, whether its cells are figures, which are aligned at their end."""
        return tuple(
            place > 0 and all(_FIGURE.fullmatch(row[place]) for row in self.rows if row[place])
            for place in range(len(self.columns))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything on the page of one map.

    Parameters
    ----------
    lang
        ``"fa"`` or ``"en"``.
    city, title, headline, badge, note
        Texts of the page's head; `badge` is empty where the data are real.
    words
        Texts of the page's frame.
    bounds
        South-west and north-east corner, latitude first.
    areas
        Districts as a GeoJSON FeatureCollection; properties `index`, `name`, `short`, `at`,
        `rank` and `rows` (pairs of label and value).
    cells
        Circles of people: latitude, longitude, radius in metres.
    marks
        Places: `at`, `layer`, and unless they are too many `name`, `shape`, `open`, `rows` and
        `text` (a number, for new sites).
    lines
        GeoJSON geometries of outlines.
    outlines
        GeoJSON features of catchments; the property `group` names the group of marks that they
        are shown with.
    views, layers, tables
        What can be switched, and the tables under the map; at least one view.
    picture
        Static drawing, for a browser without scripts.
    links
        Pages that lie beside it; none where it is written alone.
    """

    lang: str
    city: str
    title: str
    headline: str
    words: dict[str, str]
    bounds: tuple[tuple[float, float], tuple[float, float]]
    areas: dict[str, Any]
    views: tuple[View, ...]
    badge: str = ""
    note: str = ""
    cells: tuple[tuple[float, float, float], ...] = ()
    marks: tuple[dict[str, Any], ...] = ()
    lines: tuple[dict[str, Any], ...] = ()
    outlines: tuple[dict[str, Any], ...] = ()
    layers: tuple[Layer, ...] = ()
    tables: tuple[Grid, ...] = ()
    picture: str = field(default="", repr=False)
    links: tuple[Link, ...] = ()

    @property
    def dir(self) -> str:
        """Direction of the language's script."""
        return "rtl" if self.lang == "fa" else "ltr"
