"""Ratings of a panel of experts: how necessary and how relevant each item is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.files import read_table, resolve
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.survey_columns import missing_column
from ecity_geo.inputs.text import fold, nearest, to_number

KEYS = ("item", "panelist")
SCALES = {"essential": (1, 3), "relevance": (1, 4)}
"""Ratings and their ends: 1 essential, 2 useful, 3 not necessary; relevance from 1 to 4."""


def read_panel(name: str, instrument: Instrument, *, folder: Path) -> Checked[pd.DataFrame]:
    """Read the ratings of a panel.

    Parameters
    ----------
    name
        A CSV, Excel or SPSS table, as the user named it.
    instrument
        Whose items and outcomes may be rated.
    folder
        Folder of the study file.

    Returns
    -------
    ratings
        A row per item and panelist in the order of the file, numbered from 0: `item`, `panelist`
        (text), `essential` (1 essential, 2 useful, 3 not necessary; Lawshe 1975) and `relevance`
        (1 not relevant to 4 highly relevant; Lynn 1986) as nullable integers; a rating that the
        file has no column for is missing throughout. Rows without any rating are left out and
        told as a repair.

    Raises
    ------
    InputError
        With every fault of the file at once: missing columns, unknown items, panelists without
        a name, ratings off their scale, an item rated twice by one panelist.
    """
    table = read_table(resolve(name, folder), source=name)
    data = _columns(table.data, name)
    ratings = pd.DataFrame({column: _ratings(data, column) for column in SCALES})
    known = {fold(question.id, 1): question.id for question in instrument.questions}
    ratings.insert(0, "item", data["item"].map(lambda text: known.get(fold(text, 1), "")))
    ratings.insert(1, "panelist", data["panelist"].str.strip())
    faults = [
        *_item_faults(data, ratings, instrument, name),
        *_panelist_faults(data, ratings, name),
        *(fault for column in SCALES for fault in _rating_faults(data, column, name)),
    ]
    if faults:
        raise InputError(sorted(faults, key=lambda fault: int(fault.where.split()[-1])))
    rated = ratings[list(SCALES)].notna().any(axis=1)
    if not rated.any():
        raise InputError(_nothing(len(data), name))
    kept = ratings[rated].reset_index(drop=True)
    return Checked(data=kept, repairs=(*table.repairs, *_left_out(rated, name)))


def _columns(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Columns by their part; at least one of the ratings must be there."""
    known = [str(column) for column in table.columns]
    folded: dict[str, list[str]] = {}
    for column in known:
        folded.setdefault(fold(column, 1), []).append(column)
    found = {part: folded.get(part, []) for part in (*KEYS, *SCALES)}
    faults = [
        missing_column(part, columns, known, source)
        for part, columns in found.items()
        if len(columns) > 1 or (part in KEYS and not columns)
    ]
    if not any(found[part] for part in SCALES):
        faults.append(missing_column(next(iter(SCALES)), [], known, source))
    if faults:
        raise InputError(faults)
    names = {columns[0]: part for part, columns in found.items() if columns}
    data = table[list(names)].rename(columns=names)
    return data.reindex(columns=[*KEYS, *SCALES], fill_value="")


def _ratings(data: pd.DataFrame, column: str) -> pd.Series:
    """Whole numbers on the scale; anything else is missing here and a fault elsewhere."""
    low, high = SCALES[column]
    values = []
    for text in data[column]:
        number = to_number(text)
        good = number is not None and number.is_integer() and low <= number <= high
        values.append(int(number) if good and number is not None else pd.NA)
    return pd.Series(pd.array(values, dtype="Int64"), index=data.index)


def _item_faults(
    data: pd.DataFrame, ratings: pd.DataFrame, instrument: Instrument, source: str
) -> Iterator[Fault]:
    ids = [question.id for question in instrument.questions]
    for row in data.index[ratings["item"] == ""]:
        text = str(data.loc[row, "item"])
        close = nearest(text, ids)
        shown = ", ".join(f"'{other}'" for other in close or ids[:8])
        yield _fault(
            data,
            row,
            source,
            field="item",
            found=f"'{text[:40]}'",
            expected=f"an item of the instrument; {'nearest' if close else 'there are'}: {shown}",
            cure="Correct the name of the item.",
        )


def _panelist_faults(data: pd.DataFrame, ratings: pd.DataFrame, source: str) -> Iterator[Fault]:
    seen: dict[tuple[str, str], object] = {}
    for row, item, panelist in zip(data.index, ratings["item"], ratings["panelist"], strict=True):
        key = (item, fold(panelist, 1))
        if not panelist:
            found, expected = "an empty cell", "the name or number of the panelist"
            cure = "Give each panelist a name or a number."
        elif item and key in seen:
            place = f"{data.index.name} {seen[key]}"
            found, expected = f"'{item}' again, as in {place}", "one rating per item and panelist"
            cure = "Remove one of the rows."
        else:
            seen[key] = row
            continue
        yield _fault(data, row, source, field="panelist", found=found, expected=expected, cure=cure)


def _rating_faults(data: pd.DataFrame, column: str, source: str) -> Iterator[Fault]:
    low, high = SCALES[column]
    wrong = _ratings(data, column).isna() & (data[column].str.strip() != "")
    for row in data.index[wrong]:
        yield _fault(
            data,
            row,
            source,
            field=column,
            found=f"'{str(data.loc[row, column])[:40]}'",
            expected=f"a whole number from {low} to {high}",
            cure="Correct the rating, or leave the cell empty.",
        )


def _fault(
    data: pd.DataFrame,
    row: object,
    source: str,
    *,
    field: str,
    found: str,
    expected: str,
    cure: str,
) -> Fault:
    return Fault(
        source=source,
        where=f"{data.index.name} {row}",
        field=field,
        found=found,
        expected=expected,
        cure=cure,
    )


def _left_out(rated: pd.Series, source: str) -> Iterator[Repair]:
    count = int((~rated).sum())
    if count:
        detail = "rows of the panel without a rating were left out"
        yield Repair(source=source, kind="without_ratings", count=count, detail=detail)


def _nothing(rows: int, source: str) -> Fault:
    return Fault(
        source=source,
        found=f"{rows} rows without a rating",
        expected="ratings of at least one item",
        cure="Fill in 'essential' or 'relevance', or remove survey.panel.",
    )
