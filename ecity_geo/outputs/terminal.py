"""Tables for reading on a terminal: whole people, units in the heads, nothing that says nothing.

Scripts read CSV and JSON, whose columns never change; this form may.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ecity_geo.outputs.tables import columns, to_text

LONGEST = 80
"""Letters of a list of ids, at most."""
_WHOLE = ("persons", "of the model", "person-cost")
_LARGE = 100.0
_LISTS = ("sites", "closed")
_COMPONENTS = ("readiness", "coverage", "access")
_TOLD = {"m": "m", "persons": "people", "unit of travel cost": "{unit}"}
_TOLD |= {"person-cost": "people x {unit}"}


def table_text(frame: pd.DataFrame, *, name: str, unit: str) -> str:
    """Write a table of the dictionary for a terminal.

    Parameters
    ----------
    frame
        The table, as `ecity_geo.outputs.tables` gives it.
    name
        Its name.
    unit
        Unit of travel cost.

    Returns
    -------
    text
        Aligned columns without those that are empty in every row; people are whole numbers, and
        lists of ids are cut after some.
    """
    units = {each.name: each.unit for each in columns() if each.table == name}
    kept = frame if frame.empty else frame.loc[:, [not _is_empty(frame[each]) for each in frame]]
    shown = {}
    for column in map(str, kept):
        written = _written(kept[column], units.get(column, ""))
        head = _head(name, column, units, unit)
        if pd.api.types.is_numeric_dtype(kept[column].dtype):
            width = max([len(head), *written.str.len()])
            head, written = head.rjust(width), written.str.rjust(width)
        elif column in _LISTS:
            written = written.map(_cut)
        shown[head] = written
    return to_text(pd.DataFrame(shown, index=kept.index))


def _is_empty(values: pd.Series) -> bool:
    return bool((values.isna() | (values.astype(str) == "")).all())


def _head(table: str, column: str, units: Mapping[str, str], unit: str) -> str:
    if table == "ranking" and column in _COMPONENTS:
        # The components carry the names of measures that districts have in other units.
        return f"{column} (rescaled)"
    told = _TOLD.get(units.get(column, ""), "").format(unit=unit)
    return f"{column} ({told})" if told else column


def _written(values: pd.Series, unit: str) -> pd.Series:
    """Write the values of a column alike; missing ones as nothing."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or values.dtype == bool:
        return values.map(lambda value: "" if pd.isna(value) else str(value)).astype(object)
    known = values.dropna().astype(float)
    if unit in _WHOLE and (unit == "persons" or known.abs().max() >= _LARGE):
        style = ",.0f"
    elif (known % 1 == 0).all():
        style = ".0f"
    else:
        style = f".{max(len(repr(float(value)).partition('.')[2]) for value in known)}f"
    return values.map(lambda value: "" if pd.isna(value) else format(float(value), style)).astype(
        object
    )


def _cut(listed: str) -> str:
    if len(listed) <= LONGEST:
        return listed
    shown = listed[: listed.rindex(" ", 0, LONGEST)] if " " in listed[:LONGEST] else listed
    return f"{shown} ... ({len(listed.split())} in all)"
