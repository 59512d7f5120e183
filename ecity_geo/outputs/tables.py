"""Findings as plain tables, for spreadsheets (CSV) and for scripts (JSON).

``columns.csv`` beside this module says what each column is, its unit, and how many decimals it
keeps, so that the same findings give the same bytes. CSV files begin with a byte-order mark:
without one a spreadsheet reads Persian names as another encoding, while pandas and R skip it.
Scripts that mind have the JSON. No table has a row per respondent.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.inputs.sections import Label
from ecity_geo.outputs import site_tables
from ecity_geo.outputs.runinfo import portable
from ecity_geo.outputs.site_tables import unit_names
from ecity_geo.siting import Front
from ecity_geo.study import Study

SCHEMA_VERSION = 1
BYTE_ORDER_MARK = "\ufeff"

# What a spreadsheet would run as a formula, or a terminal as a command.
_FORMULA = re.compile(r"[=+\-@\t\n]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column of a table is.

    Parameters
    ----------
    table, name
        Where it stands; a name that ends in ``*`` speaks for all columns that begin so.
    unit
        Unit of its numbers; empty for text.
    digits
        Decimals kept; missing for text.
    meaning
        What it says, in both languages.
    """

    table: str
    name: str
    unit: str
    digits: int | None
    meaning: Label


@lru_cache(maxsize=1)
def columns() -> tuple[Column, ...]:
    """Return the dictionary of all columns, table by table, in order.

    Returns
    -------
    columns
        As in ``columns.csv``.
    """
    content = (files("ecity_geo.outputs") / "columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(
            table=row["table"],
            name=row["column"],
            unit=row["unit"],
            digits=int(row["digits"]) if row["digits"] else None,
            meaning=Label(fa=row["fa"], en=row["en"]),
        )
        for row in csv.DictReader(StringIO(content))
    )


def tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """Write the findings as plain tables.

    Parameters
    ----------
    findings
        The findings.

    Returns
    -------
    tables
        `ranking`, `districts`, `fabrics`, `readiness`, `services`, `sites`, `plans`,
        `before_after`, `coverage_curve`, `matches`, `repairs` and `tallies`; columns, order and
        decimals as in ``columns.csv``.
    """
    return {name: shape(name, make(findings)) for name, make in _TABLES.items()}


def table_names() -> tuple[str, ...]:
    """Return the names of all tables that a run writes, in order."""
    return tuple(_TABLES)


def check_table(study: Study) -> pd.DataFrame:
    """Tell what was read, and what was mended.

    Parameters
    ----------
    study
        A study.

    Returns
    -------
    check
        A row per row count that is not zero, then a row per repair: `source`, `kind`, `count`,
        `detail`.
    """
    counts = [
        (tally.source, kind, getattr(tally, kind), tally.role)
        for tally in study.tallies
        for kind in ("read", "matched", "unmatched", "rejected")
        if kind == "read" or getattr(tally, kind)
    ]
    mended = [(each.source, each.kind, each.count, each.detail) for each in study.repairs]
    frame = pd.DataFrame([*counts, *mended], columns=["source", "kind", "count", "detail"])
    return shape("check", frame)


def curve_table(curve: pd.DataFrame) -> pd.DataFrame:
    """Write a coverage curve as a plain table.

    Parameters
    ----------
    curve
        As `ecity_geo.siting.tradeoffs.coverage_curve` gives it.

    Returns
    -------
    table
        As in ``columns.csv``.
    """
    return shape("coverage_curve", site_tables.curve(curve))


def front_table(front: Front) -> pd.DataFrame:
    """Write a front of coverage and another aim as a plain table.

    Parameters
    ----------
    front
        As `ecity_geo.siting.front.pareto_front` finds it.

    Returns
    -------
    table
        As in ``columns.csv``; columns of the other aims are empty.
    """
    return shape("pareto_front", site_tables.front(front))


def shape(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns, their order and their decimals that the dictionary states.

    Parameters
    ----------
    table
        Its name.
    frame
        Its rows; columns that the dictionary has and the frame has not are missing throughout.

    Returns
    -------
    shaped
        A plain frame with a fresh index.
    """
    shaped: dict[str, pd.Series] = {}
    listed = {column.name for column in columns() if column.table == table}
    for column in (column for column in columns() if column.table == table):
        names = [column.name]
        if column.name.endswith("*"):
            stem = column.name[:-1]
            found = [str(name) for name in frame]
            names = [name for name in found if name.startswith(stem) and name not in listed]
        for name in names:
            values = frame.get(name, pd.Series(np.nan, index=frame.index))
            shaped[name] = _column(values, column.digits)
    return pd.DataFrame(shaped, index=frame.index).reset_index(drop=True)


def to_csv(frame: pd.DataFrame) -> str:
    """Write a table as CSV.

    Parameters
    ----------
    frame
        The table.

    Returns
    -------
    csv
        Missing values are empty; text that a spreadsheet would run begins with an apostrophe;
        line breaks inside a cell are line feeds.
    """
    safe = frame.rename(columns=_disarm)
    for name in safe:
        if not pd.api.types.is_numeric_dtype(safe[name].dtype):
            safe[name] = safe[name].map(_disarm)
    return str(safe.to_csv(index=False, lineterminator="\n"))


def to_json(
    frame: pd.DataFrame, *, name: str, study: Study, more: Mapping[str, Any] | None = None
) -> str:
    """Write a table as JSON.

    Parameters
    ----------
    frame
        The table.
    name
        Its name.
    study
        The study that it comes from.
    more
        What stands beside the rows, by key.

    Returns
    -------
    json
        An object with `schema_version`, `table`, `study`, `synthetic` and `rows`, then what more
        there is; missing values are null.
    """
    head = {
        "schema_version": SCHEMA_VERSION,
        "table": name,
        "study": study.id,
        "synthetic": study.synthetic,
    }
    # A row on a line: small enough to send, and a difference of two runs can be read.
    rows = ",\n  ".join(_dump(row) for row in _records(frame))
    start = _dump(head)[:-1]
    end = "".join(f", {_dump(key)}: {_dump(value)}" for key, value in (more or {}).items())
    listed = f"[\n  {rows}\n]" if rows else "[]"
    return f'{start}, "rows": {listed}{end}}}\n'


def to_text(frame: pd.DataFrame) -> str:
    """Write a table for a terminal.

    Parameters
    ----------
    frame
        The table.

    Returns
    -------
    text
        Aligned columns; characters that a terminal would obey are replaced.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in frame:
        number = pd.api.types.is_numeric_dtype(frame[name].dtype)
        head = Text(_CONTROLS.sub("\ufffd", str(name)))
        table.add_column(head, justify="right" if number else "left")
    for row in _records(frame):
        table.add_row(*(Text(_CONTROLS.sub("\ufffd", _plain(value))) for value in row.values()))
    written = StringIO()
    Console(file=written, width=10_000, color_system=None).print(table)
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def _column(values: pd.Series, digits: int | None) -> pd.Series:
    if digits is None or pd.api.types.is_bool_dtype(values.dtype):
        return values if pd.api.types.is_bool_dtype(values.dtype) else _texts(values)
    if digits == 0 and not pd.api.types.is_float_dtype(values.dtype):
        return values.astype("Int64")
    numbers = pd.Series(values.to_numpy(dtype=float, na_value=np.nan), index=values.index)
    # Adding zero turns -0.0, which prints as such, into 0.0.
    rounded = numbers.where(np.isfinite(numbers)).round(digits) + 0.0
    return rounded.astype("Int64") if digits == 0 else rounded


def _texts(values: pd.Series) -> pd.Series:
    return values.map(lambda value: None if pd.isna(value) else str(value)).astype(object)


def _disarm(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A bare carriage return would not be quoted, and end the row for some readers.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if _FORMULA.match(text) else text


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = {str(name): [_python(value) for value in frame[name]] for name in frame}
    return [{name: plain[name][at] for name in plain} for at in range(len(frame))]


def _python(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _ranking(findings: Findings) -> pd.DataFrame:
    names = findings.districts[["name_fa", "name_en"]]
    return pd.DataFrame(findings.ranking.table.join(names)).rename_axis("district_id").reset_index()


def _districts(findings: Findings) -> pd.DataFrame:
    frame = pd.DataFrame(findings.districts.drop(columns="geometry"))
    return frame.rename_axis("district_id").reset_index()


def _fabrics(findings: Findings) -> pd.DataFrame:
    frame = findings.fabrics.rename_axis("fabric").reset_index()
    labels = findings.study.options.fabric_labels
    for lang in ("fa", "en"):
        frame[f"label_{lang}"] = [
            labels.get(fabric, Label()).text(lang) or fabric for fabric in frame["fabric"]
        ]
    return frame


def _readiness(findings: Findings) -> pd.DataFrame:
    study, names = findings.study, unit_names(findings.study)
    labels = {item.id: item.label for item in study.instrument.items}
    labels |= {construct.id: construct.label for construct in study.instrument.constructs}
    frame = findings.readiness.copy()
    units = list(zip(frame["level"], frame["unit_id"], strict=True))
    for lang in ("fa", "en"):
        frame[f"unit_{lang}"] = [names.get(unit, Label()).text(lang) or unit[1] for unit in units]
        frame[f"measure_{lang}"] = [
            labels.get(measure, Label()).text(lang) or measure for measure in frame["measure"]
        ]
    return frame


def _services(findings: Findings) -> pd.DataFrame:
    return _located(findings.services.rename_axis("service_id").reset_index())


def _located(points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Replace the points by their coordinates."""
    degrees = points.geometry.to_crs("EPSG:4326")
    return pd.DataFrame(points.drop(columns="geometry")).assign(
        x=points.geometry.x, y=points.geometry.y, lon=degrees.x, lat=degrees.y
    )


def _matches(findings: Findings) -> pd.DataFrame:
    """Match table; the rows of a district give away how many of its people answered."""
    study = findings.study
    matches = study.matches.copy()
    if matches.empty:
        return matches
    survey = {tally.source for tally in study.tallies if tally.role == "survey"}
    survey |= {source.path for source in study.sources if source.role == "survey"}
    hidden = findings.districts.index[findings.districts["readiness_reason"] != ""]
    withheld = matches["source"].isin(survey) & matches["matched"].isin(hidden)
    return matches.assign(
        source=matches["source"].map(portable),
        rows=matches["rows"].astype("Int64").mask(withheld),
    )


def _repairs(findings: Findings) -> pd.DataFrame:
    rows = [
        (portable(each.source), each.kind, each.count, each.detail)
        for each in findings.study.repairs
    ]
    return pd.DataFrame(rows, columns=["source", "kind", "count", "detail"])


def _tallies(findings: Findings) -> pd.DataFrame:
    names = ["source", "role", "read", "matched", "unmatched", "rejected"]
    rows = [tuple(getattr(tally, name) for name in names) for tally in findings.study.tallies]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(source=frame["source"].map(portable))


_TABLES: dict[str, Callable[[Findings], pd.DataFrame]] = {
    "ranking": _ranking,
    "districts": _districts,
    "fabrics": _fabrics,
    "readiness": _readiness,
    "services": _services,
    "sites": lambda findings: _located(findings.sites),
    "plans": site_tables.plans,
    "before_after": site_tables.before_after,
    "coverage_curve": lambda findings: site_tables.curve(findings.curve),
    "matches": _matches,
    "repairs": _repairs,
    "tallies": _tallies,
}
