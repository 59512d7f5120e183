"""The tables under a map, which say what its popups say: its alternative in text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecity_geo.findings import Findings
from ecity_geo.outputs import popups
from ecity_geo.outputs.popups import Pair
from ecity_geo.outputs.sheet import Grid
from ecity_geo.outputs.text import text


def district_table(names: Sequence[str], rows: Sequence[Sequence[Pair]], lang: str) -> Grid:
    """Tabulate what the popups of the districts say."""
    return Grid(
        caption=text("map.table.districts", lang),
        columns=(text("map.table.district", lang), *_labels(rows)),
        rows=_cells(names, rows),
    )


def site_table(findings: Findings, model: str, lang: str) -> Grid:
    """Tabulate what the popups of a plan's sites say."""
    sites = findings.sites[findings.sites["model"] == model].drop(columns="geometry")
    marks = [popups.site_mark(findings, row, lang) for _, row in sites.iterrows()]
    rows = [mark["rows"] for mark in marks]
    return Grid(
        caption=text("map.table.sites", lang, model=popups.model_label(model, lang)),
        columns=(text("map.table.site", lang), *_labels(rows)),
        rows=_cells([mark["name"] for mark in marks], rows),
    )


def service_table(marks: Sequence[dict[str, Any]], lang: str) -> list[Grid]:
    """Tabulate what the popups of services say; no table where only their places are kept."""
    told = [mark for mark in marks if "rows" in mark]
    if not told:
        return []
    # A planned service has no people nearest to it, and a capacity may be unknown.
    labels = list(dict.fromkeys(label for mark in told for label, _ in mark["rows"]))
    rows = [[(label, dict(mark["rows"]).get(label, "")) for label in labels] for mark in told]
    return [
        Grid(
            caption=text("map.table.services", lang),
            columns=(text("map.table.service", lang), *labels),
            rows=_cells([mark["name"] for mark in told], rows),
        )
    ]


def _labels(rows: Sequence[Sequence[Pair]]) -> list[str]:
    """Column heads of rows that all hold the same labels, by position: two may be alike."""
    return [label for label, _ in rows[0]] if rows else []


def _cells(names: Sequence[str], rows: Sequence[Sequence[Pair]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (name, *(value for _, value in pairs)) for name, pairs in zip(names, rows, strict=True)
    )
