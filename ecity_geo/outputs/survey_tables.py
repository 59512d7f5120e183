"""Statistics of the survey as plain tables, with a dictionary of their columns.

Each table of `ecity_geo.survey_findings` is a file of its own, ``survey_<table>.csv``. Figures keep
six significant digits: p values and coefficients have no common number of decimals.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from math import isfinite, nan

import pandas as pd

from ecity_geo.outputs.statistics_table import column_meaning
from ecity_geo.survey_findings import SurveyFindings

_DIGITS = 6
_FIELDS = ("table", "column", "unit", "digits", "en", "fa")


def survey_table_name(table: str) -> str:
    """Return what a table of the statistics is called among the tables of a run.

    Parameters
    ----------
    table
        As `ecity_geo.survey_findings.TABLES` names it, such as ``"one-sample"``.

    Returns
    -------
    name
        Such as ``"survey_one_sample"``.
    """
    return f"survey_{table.replace('-', '_')}"


def survey_tables(survey: SurveyFindings) -> dict[str, pd.DataFrame]:
    """Return the tables that could be made, by their names in a run.

    Parameters
    ----------
    survey
        The statistics.

    Returns
    -------
    tables
        Figures with six significant digits.
    """
    return {survey_table_name(name): frame.map(_short) for name, frame in survey.tables.items()}


def survey_dictionary(tables: Mapping[str, pd.DataFrame], *, confidence: float) -> str:
    """Write what each column of these tables is, as further lines of ``columns.csv``.

    Parameters
    ----------
    tables
        By the names of `survey_tables`.
    confidence
        Level of the intervals.

    Returns
    -------
    lines
        CSV without a head: table, column, unit, digits, English, Persian. Unit and digits are
        empty: figures keep six significant digits, and have the unit that their meaning says.
    """
    written = StringIO()
    lines = csv.DictWriter(written, _FIELDS, lineterminator="\n")
    for name, frame in tables.items():
        table = name.removeprefix("survey_").replace("_", "-")
        for column in map(str, frame.columns):
            meaning = {
                lang: column_meaning(column, table, frame, lang, confidence=confidence)
                for lang in ("en", "fa")
            }
            lines.writerow({"table": name, "column": column, "unit": "", "digits": "", **meaning})
    return written.getvalue()


def _short(value: object) -> object:
    if not isinstance(value, float):
        return value
    return float(f"{value:.{_DIGITS}g}") if isfinite(value) else nan
