"""An audit of published survey figures: what arithmetic allows them to be.

Not a judgement of people: a misprint, a wrong column, or another n than the one stated all give
figures that arithmetic does not allow. What the audit calls possible may still be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import pandas as pd

from ecity_geo.stats.audit_answers import (
    answer_findings,
    p_finding,
    p_findings,
    rank_findings,
    stated_findings,
)
from ecity_geo.stats.audit_models import (
    fit_findings,
    ratio_findings,
    regression_findings,
    sample_findings,
    soar_findings,
)
from ecity_geo.stats.evidence import Finding, Row, Survey, row_of, rows_of, survey_of
from ecity_geo.stats.published import FIT_FIGURES, blocks, check_published
from ecity_geo.stats.recompute import parse_result

COLUMNS = ["table", "cell", "verdict", "why"]
# In the paper that the format was made for, SOAR scores are the seventh table.
SOAR_TABLE = "7"


RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("p", "R2", "CFI"), (0.0, 1.0)),
    **dict.fromkeys(("sd", "se", "F", "chi_square", "RMSEA"), (0.0, inf)),
    "R": (-1.0, 1.0),
    **dict.fromkeys(("adj_R2", "NFI"), (-inf, 1.0)),
}
"""What a figure can be at all, by its name."""


def audit(published: Mapping[str, Any]) -> pd.DataFrame:
    """Judge every published figure that arithmetic can judge.

    Parameters
    ----------
    published
        Figures as `ecity_geo.stats.published.read_published` returns them.

    Returns
    -------
    audit
        A row per figure: `table`, `cell` (row and column, ``"security.t"``), `verdict`
        (``"possible"``, ``"doubtful"`` or ``"impossible"``) and `why` (the arithmetic).
        Figures that no check knows have no row.

    Raises
    ------
    InputError
        If the figures have not the shape of the format, or are no numbers.

    Notes
    -----
    GRIM (Brown & Heathers 2017), GRIMMER (Anaya 2016), statcheck (Nuijten et al. 2016), and
    identities of regression, rank tests and fit indices; docs/statistics.md gives each.
    """
    check_published(published)
    found = list(_findings(published))
    outside = {(one.table, one.cell): one for one in _out_of_range(published)}
    found = [outside.pop((one.table, one.cell), one) for one in found] + list(outside.values())
    rows = [(one.table, one.cell, one.verdict, one.why) for one in found]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _findings(published: Mapping[str, Any]) -> Iterator[Finding]:
    survey = survey_of(published)
    every: list[Row] = []
    for key, block in blocks(published):
        rows = rows_of(block_name(key, block), block)
        every += rows
        yield from _table_findings(block_name(key, block), rows, block, survey)
    yield from regression_findings(every, survey)
    for key, block in blocks(published):
        if any(name in block for name in FIT_FIGURES):
            name = _fit_table(published, key, block)
            yield from fit_findings(row_of(name, key, block), survey)
        if key == "soar":
            yield from soar_findings(str(block.get("table", SOAR_TABLE)), block)
        if key == "results":
            yield from _result_findings(block["results"], survey)
    yield from sample_findings(survey)


def _out_of_range(published: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what no such figure can ever be; what lies in its range is not told."""
    for row in _every_row(published):
        for name, figure in row.figures.items():
            low, high = RANGES.get(name, (-inf, inf))
            if figure.ends[1] < low or figure.ends[0] > high:
                bounds = f"between {low:g} and {high:g}" if high < inf else f"at {low:g} or above"
                bounds = bounds if low > -inf else f"at {high:g} or below"
                yield row.judge(name, False, f"{name} lies {bounds}; printed {figure}")


def _every_row(published: Mapping[str, Any]) -> Iterator[Row]:
    for key, block in blocks(published):
        table = block_name(key, block)
        if "rows" in block:
            yield from rows_of(table, block)
        if "friedman" in block:
            yield row_of(table, "friedman", block["friedman"])
        if any(name in block for name in FIT_FIGURES):
            yield row_of(_fit_table(published, key, block), key, block)


def _fit_table(published: Mapping[str, Any], key: str, block: Mapping[str, Any]) -> str:
    """Name the table that a model of its own counts to: its own, or that of the other models."""
    others = (
        row.table
        for name, other in blocks(published)
        for row in (rows_of(block_name(name, other), other) if "rows" in other else ())
        if "NFI" in row.figures
    )
    return str(block.get("table", next(others, key)))


def _table_findings(
    table: str, rows: list[Row], block: Mapping[str, Any], survey: Survey
) -> Iterator[Finding]:
    for row in rows:
        yield from answer_findings(row, survey)
        if "mean" not in row.figures:
            yield from ratio_findings(row)
        yield from p_findings(row, survey)
        yield from fit_findings(row, survey)
    yield from rank_findings(table, rows, block, survey)
    yield from stated_findings(table, rows, block, survey)


def _result_findings(results: list[str], survey: Survey) -> Iterator[Finding]:
    """Results in running text; their df are their own, and so is their n."""
    for number, text in enumerate(results, start=1):
        parsed = parse_result(text)
        if parsed is not None:
            kind, value, p, df = parsed
            row = Row(table="text", label=f"results.{number}", figures={}, counts={})
            yield p_finding(row, kind, value, p, df, survey)


def block_name(key: str, block: Mapping[str, Any]) -> str:
    """Name a part of the file: as it says, or by its key without ``table_``."""
    return str(block.get("table", key.removeprefix("table_")))
