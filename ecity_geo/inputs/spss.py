"""SPSS files as tables of text."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from ecity_geo.inputs import spss_child
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.sheets import cell_text, damaged, optional
from ecity_geo.inputs.tableform import frame_of

SECONDS = 600
_KIND = "SPSS (.sav)"


def read_spss(path: Path, *, encoding: str, source: str) -> Checked[pd.DataFrame]:
    """Read an SPSS file as text, codes as they are, indexed by row.

    Parameters
    ----------
    path
        An existing ``.sav`` or ``.zsav`` file.
    encoding
        Empty for the one that the file states.
    source
        The file as the user named it.

    Returns
    -------
    table
        Columns of text, index ``"row"`` from 1; values that the file declares missing are empty
        and counted. Value labels are in ``data.attrs["value_labels"]``.

    Raises
    ------
    InputError
        If the file is damaged, holds no rows, or ``pyreadstat`` is missing.

    Notes
    -----
    The library behind ``pyreadstat`` reads some damaged files beyond their end and takes its
    whole process down: it has one of its own.
    """
    optional("pyreadstat", source)
    content = _read_apart(path, encoding, source)
    columns: dict[str, list[Any]] = content["columns"]
    blanked = sum(_blank(columns[name], spans) for name, spans in content["missing"].items())
    rows = [(0, list(columns))]
    texts = ([cell_text(value) for value in values] for values in columns.values())
    rows += [(number, list(cells)) for number, cells in enumerate(zip(*texts, strict=True), 1)]
    table = frame_of(rows, place="row", source=source)
    table.data.attrs["value_labels"] = {
        name: {cell_text(code): label for code, label in pairs}
        for name, pairs in content["labels"].items()
    }
    if not blanked:
        return table
    detail = "answers that the SPSS file declares missing"
    repair = Repair(source=source, kind="missing_codes", count=blanked, detail=detail)
    return Checked(data=table.data, repairs=(*table.repairs, repair))


def _read_apart(path: Path, encoding: str, source: str) -> dict[str, Any]:
    """Read in another process, unless this one is a program that only contains Python."""
    if not Path(sys.executable or "").stem.lower().startswith(("python", "pypy")):
        content = spss_child.read(str(path), encoding)
    else:
        content = _ask(path, encoding, source)
    if "error" in content:
        raise damaged(source, content["error"], _KIND)
    return content


def _ask(path: Path, encoding: str, source: str) -> dict[str, Any]:
    command = [sys.executable, "-P", spss_child.__file__, str(path), encoding]
    try:
        done = subprocess.run(  # noqa: S603 - our own program and a path that was resolved
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise damaged(source, f"no end after {SECONDS} s", _KIND) from error
    if done.returncode in (0, spss_child.DAMAGED):
        content: dict[str, Any] = json.loads(done.stdout)
        return content
    raise damaged(source, _cause(done), _KIND)


def _cause(done: subprocess.CompletedProcess[bytes]) -> str:
    """Tell how the reading process ended."""
    if done.returncode < 0:
        return f"the reader broke down: {signal.Signals(-done.returncode).name}"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"the reader broke down: code {done.returncode}"


def _blank(values: list[Any], spans: list[Any]) -> int:
    """Empty the values in the declared spans, and count them."""
    count = 0
    for place, value in enumerate(values):
        if value is not None and any(_within(value, span) for span in spans):
            values[place] = None
            count += 1
    return count


def _within(value: Any, span: Any) -> bool:
    low, high = (span["lo"], span["hi"]) if isinstance(span, dict) else (span, span)
    return isinstance(value, type(low) if isinstance(low, str) else float | int) and bool(
        low <= value <= high
    )
