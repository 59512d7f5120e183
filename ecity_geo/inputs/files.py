"""Files as the study names them: found, judged, hashed, and read as tables of text."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from pathlib import Path

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.delimited import read_delimited
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.sheets import read_excel
from ecity_geo.inputs.sniff import TABLES, check_safe
from ecity_geo.inputs.spss import read_spss

__all__ = ["check_safe", "read_table", "resolve", "sha256"]

# One letter before the colon is a drive of Windows; more are a driver of GDAL.
_DRIVER = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]+:")
_VIRTUAL = re.compile(r"(^|[/\\])vsi\w*[/\\]", re.IGNORECASE)
_KINDS = {".xlsx": "excel", ".sav": "spss", ".zsav": "spss"}
_KOBO_MARKS = {"_uuid", "meta/instanceID", "instanceID", "formhub/uuid", "KEY"}


def resolve(path: str | Path, base: Path) -> Path:
    """Find a file that a study names.

    Parameters
    ----------
    path
        As the user wrote it, absolute or relative to `base`.
    base
        Folder of the study file.

    Returns
    -------
    file
        Absolute path of an existing local file.

    Raises
    ------
    InputError
        If it is no plain local path (``/vsi...``, an address, a driver prefix, inline XML), or
        there is no such file; the fault names files of the folder with similar names.
    """
    text = str(path)
    if not text.strip() or _is_foreign(text):
        raise InputError(
            Fault(
                source=text[:200] or "(empty path)",
                found="no plain path of a local file",
                expected="the path of a file on this machine",
                cure="Download the data and name the file, relative to the study file.",
            )
        )
    # Study files written under Windows hold backslashes.
    file = Path(os.path.abspath(base / text.replace("\\", "/")))  # noqa: PTH100 - keeps links
    try:
        found = file.is_file()
    except OSError:
        found = False
    if not found:
        raise InputError(_missing(file, text))
    return file


def _is_foreign(text: str) -> bool:
    control = any(ord(character) < 32 for character in text)
    return bool(
        control
        or "<" in text
        or "://" in text
        or _VIRTUAL.search(text)
        or _DRIVER.match(text.strip())
    )


def _missing(file: Path, text: str) -> Fault:
    found, cure = "no such file", "Correct the path; it starts from the folder of the study file."
    try:
        if file.is_dir():
            found = "a folder"
        elif file.parent.is_dir():
            names = sorted(entry.name for entry in file.parent.iterdir() if entry.is_file())
            close = _similar(file.name, names)
            if close:
                cure = f"Files of similar name in that folder: {', '.join(close)}."
        else:
            found = f"no such file, nor the folder '{file.parent.name}'"
    except OSError as error:
        found = f"a path that cannot be read ({error.strerror})"
    return Fault(source=text, found=found, expected="an existing file", cure=cure)


def _similar(name: str, names: list[str]) -> list[str]:
    lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.6)
    stem = Path(name).stem.lower()
    same = [key for key in lower if Path(key).stem == stem and key not in close]
    return [lower[key] for key in (*same, *close)][:3]


def sha256(path: Path) -> str:
    """Hash a file's bytes.

    Parameters
    ----------
    path
        An existing file.

    Returns
    -------
    digest
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(
    path: Path,
    *,
    sheet: str = "",
    delimiter: str = "",
    encoding: str = "",
    format: str = "",  # noqa: A002 - as the key in study.toml
    source: str = "",
) -> Checked[pd.DataFrame]:
    """Read a table of text from CSV, Excel, SPSS or a KoboToolbox or ODK export.

    Parameters
    ----------
    path
        An existing file; see `resolve`.
    sheet
        Sheet of an Excel file; by default its only visible one.
    delimiter, encoding
        Of a CSV; detected by default, and told as a repair.
    format
        ``"csv"``, ``"excel"``, ``"spss"`` or ``"kobo"``; by default from the name of the file.
    source
        The file as the user named it; by default its name.

    Returns
    -------
    table
        All columns text, ``""`` for an empty cell; the index is the place in the file and is
        named ``"line"`` (CSV) or ``"row"``. Group prefixes of a Kobo export are gone. Value
        labels of an SPSS file are in ``data.attrs["value_labels"]``: column, code, label; headers
        of an export as written in ``data.attrs["headers"]``, by column.

    Raises
    ------
    InputError
        With every fault of the table's form: rows wider or narrower than the header, unnamed or
        repeated columns, merged cells, formulas, unknown encoding, missing optional package.
    """
    source = source or path.name
    check_safe(path, "table", source=source)
    suffix = path.suffix.lower()
    kind = format if format in {"csv", "excel", "spss"} else _KINDS.get(suffix, "csv")
    if kind != _KINDS.get(suffix, "csv"):
        raise InputError(
            Fault(
                source=source,
                found=f"a {suffix} file",
                expected=f"a file of format '{kind}'",
                cure=f"Remove the key 'format', or name a file of one of {', '.join(TABLES)}.",
            )
        )
    if kind == "excel":
        table = read_excel(path, sheet=sheet, source=source)
    elif kind == "spss":
        table = read_spss(path, encoding=encoding, source=source)
    else:
        table = read_delimited(path, delimiter=delimiter, encoding=encoding, source=source)
    if format == "kobo" or (not format and _KOBO_MARKS & set(table.data.columns)):
        return _without_groups(table, source)
    return table


def _without_groups(table: Checked[pd.DataFrame], source: str) -> Checked[pd.DataFrame]:
    """Name the columns of an export by their question, where the group adds nothing."""
    columns = [str(column) for column in table.data.columns]
    # ODK Central, whose id column is KEY, joins with a hyphen; elsewhere it is part of a name.
    joint = r"[/:-]" if "KEY" in columns else r"[/:]"
    short = [re.split(joint, column)[-1] or column for column in columns]
    names = [
        name if short.count(name) == 1 else column
        for name, column in zip(short, columns, strict=True)
    ]
    count = sum(name != column for name, column in zip(names, columns, strict=True))
    data = table.data.set_axis(names, axis=1)
    data.attrs["headers"] = dict(zip(names, columns, strict=True))
    if not count:
        return Checked(data=data, repairs=table.repairs)
    repair = Repair(
        source=source,
        kind="group_columns",
        count=count,
        detail="columns of the form export were named by their question, without the group",
    )
    return Checked(data=data, repairs=(*table.repairs, repair))
