"""Excel files as tables of text.

A merged cell keeps its text in one corner and leaves the others empty, and a formula holds what
some program last computed: both are refused with their place, never guessed at.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.sniff import ARCHIVE_ERRORS
from ecity_geo.inputs.tableform import frame_of

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_CELLS = 10_000_000


def read_excel(path: Path, *, sheet: str, source: str) -> Checked[pd.DataFrame]:
    """Read a sheet as text, indexed by row.

    Parameters
    ----------
    path
        An existing ``.xlsx`` file.
    sheet
        Name of the sheet; empty for the only visible one.
    source
        The file as the user named it.

    Returns
    -------
    table
        Columns of text, index ``"row"`` (as Excel numbers them); hidden sheets that were passed
        over are told as a repair.

    Raises
    ------
    InputError
        For merged cells, formulas, error values, several sheets of which none is named, faults of
        form, a damaged file, or a missing ``openpyxl``.
    """
    book = open_book(path, source)
    chosen, repairs = _choose(book, sheet, source)
    _refuse_stray(chosen, source)
    faults = [*_merged(chosen, source), *_computed(chosen, source)]
    if faults:
        raise InputError(faults)
    rows = [
        (number, [cell_text(cell.value) for cell in cells])
        for number, cells in enumerate(chosen.iter_rows(), start=1)
    ]
    while rows and not any(rows[0][1]):
        rows.pop(0)
    table = frame_of(rows, place="row", source=source)
    return Checked(data=table.data, repairs=(*repairs, *table.repairs))


def optional(module: str, source: str) -> ModuleType:
    """Import a package that not every installation has.

    Parameters
    ----------
    module
        Its name.
    source
        The file that needs it, as the user named it.

    Returns
    -------
    module
        The package.

    Raises
    ------
    InputError
        If it is missing.
    """
    try:
        return import_module(module)
    except ImportError as error:
        fault = Fault(
            source=source,
            found=f"no package '{module}' on this machine",
            expected="the package for this kind of file",
            cure='Run: pip install "ecity_geo[survey]"',
        )
        raise InputError(fault) from error


def damaged(source: str, cause: object, kind: str) -> InputError:
    """Make the error for a file that its reader cannot read.

    Parameters
    ----------
    source
        The file as the user named it.
    cause
        What the reader said.
    kind
        What it should be, ``"Excel (.xlsx)"``.

    Returns
    -------
    error
        To be raised.
    """
    return InputError(
        Fault(
            source=source,
            found=f"a file that cannot be read ({cause})",
            expected=f"an undamaged {kind} file without a password",
            cure="Open it in the program that made it and save it again, or export it as CSV.",
        )
    )


def open_book(path: Path, source: str) -> Workbook:
    """Open an Excel file.

    Parameters
    ----------
    path
        An existing ``.xlsx`` file.
    source
        The file as the user named it.

    Returns
    -------
    book
        The workbook of `openpyxl`.

    Raises
    ------
    InputError
        If the file is damaged, or ``openpyxl`` is missing.
    """
    openpyxl = optional("openpyxl", source)
    try:
        # An open file of our own, since openpyxl leaves its one open when it fails.
        with path.open("rb") as file, warnings.catch_warnings():
            # Styles and validations that openpyxl passes over do not touch the values.
            warnings.simplefilter("ignore", UserWarning)
            book: Workbook = openpyxl.load_workbook(file, rich_text=False)
    # openpyxl lets whatever its XML and zip readers raise come through.
    except (*ARCHIVE_ERRORS, KeyError, ValueError, TypeError, SyntaxError, OSError) as error:
        raise damaged(source, error, "Excel (.xlsx)") from error
    return book


def _choose(book: Workbook, name: str, source: str) -> tuple[Worksheet, list[Repair]]:
    visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    filled = [title for title in visible if book[title].max_row > 1]
    titles = [sheet.title for sheet in book.worksheets]
    problem = ""
    if name and name not in titles:
        problem = f"no sheet '{name}'"
    elif not name and len(filled) != 1:
        problem = f"{len(filled)} visible sheets with rows"
    if problem:
        fault = Fault(
            source=source,
            field="sheet",
            found=problem,
            expected="one of the sheets " + ", ".join(f"'{title}'" for title in titles),
            cure="Name the sheet with the key 'sheet'.",
        )
        raise InputError(fault)
    chosen: Worksheet = book[name or filled[0]]
    hidden = [title for title in titles if title not in visible and title != chosen.title]
    if not hidden:
        return chosen, []
    detail = f"hidden sheets were not read: {', '.join(hidden)}"
    return chosen, [Repair(source=source, kind="hidden_sheets", count=len(hidden), detail=detail)]


def _refuse_stray(sheet: Worksheet, source: str) -> None:
    """Refuse a forgotten cell far away, which would make all cells up to it be read."""
    if sheet.max_row * sheet.max_column <= MAX_CELLS:
        return
    fault = Fault(
        source=source,
        where=f"sheet '{sheet.title}'",
        found=f"cells as far as {sheet.dimensions.rpartition(':')[2]}",
        expected=f"a table of at most {MAX_CELLS:,} cells",
        cure="Delete all rows below the table and all columns beside it.",
    )
    raise InputError(fault)


def _merged(sheet: Worksheet, source: str) -> Iterator[Fault]:
    for cells in sorted(sheet.merged_cells.ranges, key=lambda cells: cells.bounds):
        yield Fault(
            source=source,
            where=f"sheet '{sheet.title}', cells {cells.coord}",
            found="merged cells",
            expected="one value in each cell",
            cure="Unmerge the cells and write the value into each of them.",
        )


def _computed(sheet: Worksheet, source: str) -> Iterator[Fault]:
    """One fault per column that holds formulas or error values."""
    kinds = {"f": ("a formula", "Copy the column and paste it as values.")}
    kinds["e"] = ("an error value", "Correct the cell, or empty it.")
    places: dict[tuple[str, int], list[Cell | MergedCell]] = {}
    for cells in sheet.iter_rows():
        for cell in cells:
            if cell.data_type in kinds:
                places.setdefault((cell.data_type, cell.column or 0), []).append(cell)
    for (kind, _), found in places.items():
        more = f" and {len(found) - 1} more of its column" if len(found) > 1 else ""
        what, cure = kinds[kind]
        yield Fault(
            source=source,
            where=f"sheet '{sheet.title}', cell {found[0].coordinate}{more}",
            found=what,
            expected="a value",
            cure=cure,
        )


def cell_text(value: Any) -> str:
    """Write a cell as a CSV would hold it: whole numbers without a point, dates in ISO form.

    Parameters
    ----------
    value
        What `openpyxl` or `pyreadstat` give.

    Returns
    -------
    text
        Trimmed; ``""`` for an empty cell.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value).strip()
