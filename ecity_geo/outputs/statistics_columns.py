"""How the columns of the statistics are called and written, as ``statistics.csv`` says.

It stands beside this module; `ecity_geo.outputs.statistics_table` tells its formats. A column that
it does not know is written by its kind.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from typing import Any

import pandas as pd

from ecity_geo.inputs.sections import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a column of a table is shown.

    Parameters
    ----------
    name
        Of the frame; ``low..high`` stands for two.
    style
        One of the formats.
    heading
        In both languages.
    constant
        Whether it moves into the note where it says the same in every row.
    """

    name: str
    style: str
    heading: Label
    constant: bool = False


@lru_cache(maxsize=1)
def dictionary() -> dict[tuple[str, str], Column]:
    """Return the columns by table (``"*"`` for all) and name."""
    entries = {}
    for row in _lines():
        if row["column"]:
            entries[row["table"], row["column"]] = Column(
                name=row["column"],
                style=row["format"].rstrip("?"),
                heading=Label(fa=row["fa"], en=row["en"]),
                constant=row["format"].endswith("?"),
            )
    return entries


@lru_cache(maxsize=1)
def layouts() -> frozenset[tuple[str, str]]:
    """Return the tables that are laid out in another way, with the way."""
    return frozenset((row["table"], row["format"]) for row in _lines() if not row["column"])


@lru_cache(maxsize=1)
def _lines() -> tuple[dict[str, str], ...]:
    content = (files("ecity_geo.outputs") / "statistics.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(StringIO(content)))


def columns(frame: pd.DataFrame, table: str) -> list[Column]:
    """Choose the columns that are shown, in the order of the frame; the question comes first."""
    names = [str(name) for name in frame.columns]
    pairs = {
        pair.split("..")[0]: (pair, pair.split("..")[1])
        for owner, pair in dictionary()
        if ".." in pair and owner in ("*", table) and set(pair.split("..")) <= set(names)
    }
    seconds = {second for _, second in pairs.values()}
    chosen = []
    for name in names:
        if name in seconds:
            continue
        column = column_of(pairs[name][0] if name in pairs else name, table, frame)
        if column.style != "hide" and frame[name].map(known).any():
            chosen.append(column)
    return sorted(chosen, key=lambda column: column.name != "item")


def column_of(name: str, table: str, frame: pd.DataFrame) -> Column:
    """Return how a column is shown: as its table says, as all tables say, or by its kind."""
    entries = dictionary()
    found = entries.get((table, name)) or entries.get(("*", name))
    if found is not None:
        return found
    words = name.replace("_", " ").replace("-", " ").strip().capitalize()
    heading = Label(fa=words, en=words)
    return Column(name=name, style=_style_of(name, frame[name]), heading=heading)


def _style_of(name: str, values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "yes"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "count"
    if pd.api.types.is_float_dtype(values.dtype):
        return "p" if name == "p" or name.startswith("p_") else "d3"
    return "word"


def known(value: Any) -> bool:
    """Tell whether there is a value: an empty text is none."""
    return bool(value) if isinstance(value, str) else not pd.isna(value)
