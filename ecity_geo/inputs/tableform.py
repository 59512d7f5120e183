"""The form of a table: one header, named columns, rows as wide as it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.schema import Checked, Repair

MAX_COLUMNS = 5000
_INVISIBLE = dict.fromkeys([0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0xFEFF])

Row = tuple[int, list[str]]


def frame_of(rows: Sequence[Row], *, place: str, source: str) -> Checked[pd.DataFrame]:
    """Make a frame of text from numbered rows, the first being the header.

    Parameters
    ----------
    rows
        Line or row number, and cells.
    place
        Name of the index: ``"line"`` or ``"row"``.
    source
        The file as the user named it.

    Returns
    -------
    table
        All columns text; blank rows are left out and counted as a repair.

    Raises
    ------
    InputError
        With all faults of header and rows.
    """
    while rows and _is_blank(rows[-1]):
        rows = rows[:-1]
    if len(rows) < 2:
        raise InputError(_no_rows(rows, source))
    body = [row for row in rows[1:] if not _is_blank(row)]
    header = _header(rows[0], body)
    faults = [*_header_faults(header, rows[0][0], body, place, source)]
    faults += _width_faults(len(header), body, place, source)
    if faults:
        raise InputError(faults)
    width = len(header)
    data = pd.DataFrame(
        [(cells + [""] * width)[:width] for _, cells in body],
        columns=pd.Index(header, dtype=object),
        index=pd.Index([number for number, _ in body], name=place),
        dtype=str,
    )
    return Checked(data=data, repairs=tuple(_blank_repair(len(rows) - 1 - len(body), source)))


def _is_blank(row: Row) -> bool:
    return not any(cell.strip() for cell in row[1])


def _no_rows(rows: Sequence[Row], source: str) -> Fault:
    found = "a header without rows" if rows else "no rows"
    return Fault(
        source=source,
        found=found,
        expected="a header and at least one row",
        cure="Export the table again, or name another file.",
    )


def _header(first: Row, body: Sequence[Row]) -> list[str]:
    """Column names, trimmed; unnamed columns at the end that hold nothing are dropped."""
    names = [name.translate(_INVISIBLE).strip() for name in first[1]]
    while names and not names[-1]:
        column = len(names) - 1
        if any(len(cells) > column and cells[column].strip() for _, cells in body):
            break
        names.pop()
    return names


def _header_faults(
    header: list[str], number: int, body: Sequence[Row], place: str, source: str
) -> Iterator[Fault]:
    where = f"{place} {number}"
    if len(header) > MAX_COLUMNS:
        found, expected = f"{len(header)} columns", f"at most {MAX_COLUMNS}"
        cure = "Keep the columns that the study names."
        yield Fault(source=source, where=where, found=found, expected=expected, cure=cure)
        return
    if sum(map(bool, header)) == 1 and max((len(cells) for _, cells in body), default=0) > 1:
        yield Fault(
            source=source,
            where=where,
            found="a title",
            expected="the names of the columns",
            cure=f"Delete the rows above the names of the columns, so that these are {place} 1.",
        )
        return
    seen: dict[str, int] = {}
    for column, name in enumerate(header, start=1):
        if not name:
            cure = "Name the column, or delete it."
            found = f"no name over column {column}"
            yield Fault(source=source, where=where, found=found, expected="a name", cure=cure)
        elif name in seen:
            yield Fault(
                source=source,
                where=where,
                field=name,
                found=f"the same name over columns {seen[name]} and {column}",
                expected="a name of its own for each column",
                cure="Rename one of the columns.",
            )
        seen.setdefault(name, column)


def _width_faults(width: int, body: Sequence[Row], place: str, source: str) -> Iterator[Fault]:
    for number, cells in body:
        extra = any(cell.strip() for cell in cells[width:])
        if extra or len(cells) < width:
            yield Fault(
                source=source,
                where=f"{place} {number}",
                found=f"{len(cells)} cells",
                expected=f"{width}, as in the header",
                cure="Quote cells that hold the delimiter, or complete the row.",
            )


def _blank_repair(count: int, source: str) -> Iterator[Repair]:
    if count:
        yield Repair(source=source, kind="blank_rows", count=count, detail="empty rows left out")
