"""A table of the council page, as it is read: every cell is text, with a drawing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ecity_geo.outputs.text import text

Kind = Literal["name", "number", "text", "bar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A small drawing in a cell; all places are percentages of its width.

    Parameters
    ----------
    kind
        ``"interval"``: a line from `low` to `high` with a dot at `at`; ``"share"``: a bar up to
        `at`, and a lighter one on to `high`.
    low, at, high
        Where.
    mark
        A threshold, if any.
    """

    kind: Literal["interval", "share"]
    low: float
    at: float
    high: float
    mark: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table.

    Parameters
    ----------
    text
        What it says.
    note
        A smaller line under it: an interval, or why there is no number.
    bar
        A drawing.
    ltr
        Whether it runs from left to right in any language, as coordinates do.
    """

    text: str = ""
    note: str = ""
    bar: Bar | None = None
    ltr: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Head of a column.

    Parameters
    ----------
    label
        Its name.
    kind
        ``"name"`` heads the rows; numbers are aligned at their end.
    """

    label: str
    kind: Kind = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table.

    Parameters
    ----------
    caption
        Its name, for a reader who cannot see where it stands.
    columns
        Heads of its columns.
    rows
        A cell per column.
    note
        How to read it.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def columns(kinds: dict[str, Kind], lang: str) -> tuple[Column, ...]:
    """Make heads of columns from their keys in the catalogue and their kinds."""
    return tuple(
        Column(label=text(f"report.column.{name}", lang), kind=kind) for name, kind in kinds.items()
    )
