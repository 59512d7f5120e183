"""The tables of the council page: ranking, readiness, coverage, new sites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.outputs.brief import names_of
from ecity_geo.outputs.brief_sites import counts_planned, covering_model
from ecity_geo.outputs.grid import Bar, Cell, Column, Grid, Kind, columns
from ecity_geo.outputs.popups import cost_text, fabric_label, place_name, within
from ecity_geo.outputs.text import interval, isolate, number, percent, reason, text
from ecity_geo.outputs.views import plain


def ranking_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate the ranking, with rank intervals and the figures behind it."""
    table, districts = findings.ranking.table, findings.districts
    ranked = int(table["rank"].notna().sum())
    rows = []
    for at, (_, place) in zip(
        districts.index.get_indexer(table.index), table.iterrows(), strict=True
    ):
        row = districts.iloc[at]
        rows.append(
            (
                Cell(text=number(place["rank"], lang)),
                Cell(text=place_name(row, lang)),
                Cell(text=fabric_label(findings.study, row["fabric"], lang)),
                Cell(text=number(place["score"], lang, 2)),
                _rank_cell(place, row, findings, lang, ranked),
                _mean_cell(row, findings, lang),
                Cell(text=percent(row["covered_share"], lang)),
                Cell(text=number(row["access_per_1000"], lang, 1)),
            )
        )
    kinds: dict[str, Kind] = {
        "rank": "number",
        "district": "name",
        "main_fabric": "text",
        "score": "number",
        "rank_interval": "bar",
        "readiness": "number",
        "covered": "number",
        "access": "number",
    }
    return Grid(
        caption=text("report.section.ranking", lang),
        columns=columns(kinds, lang),
        rows=tuple(rows),
        note=text(
            "report.note.ranking",
            lang,
            confidence=percent(findings.ranking.confidence, lang),
            draws=number(findings.ranking.draws, lang),
        ),
    )


def readiness_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate readiness by construct, for the city and each district."""
    instrument = findings.study.instrument
    labels = {each.id: each.label for each in instrument.constructs}
    measures = ["overall", *labels]
    table = findings.readiness[findings.readiness["measure"].isin(measures)]
    cells = {
        (str(row["unit_id"]), str(row["measure"])): row
        for _, row in table[table["level"].isin(["city", "district"])].iterrows()
    }
    units = [("city", text("report.note.city", lang))]
    ids = [str(each) for each in findings.districts.index]
    units += list(zip(ids, names_of(findings, ids, lang), strict=True))
    ends = _bar_ends(table[table["measure"] == "overall"], findings)
    rows = []
    for unit, name in units:
        overall = cells[unit, "overall"]
        n = "–" if overall["suppressed"] else number(overall["n"], lang)
        means = [_estimate_cell(cells[unit, measure], findings, lang) for measure in measures]
        rows.append((Cell(text=name), Cell(text=n), _bar_cell(overall, findings, ends), *means))
    heads = (
        *columns({"unit": "name", "n": "number"}, lang),
        Column(label=text("report.column.interval", lang), kind="bar"),
        Column(label=text("report.column.overall", lang)),
        *(Column(label=isolate(label.text(lang) or id_, lang)) for id_, label in labels.items()),
    )
    return Grid(
        caption=text("report.section.readiness", lang),
        columns=heads,
        rows=tuple(rows),
        note=_scale_note(findings, ends, lang),
    )


def question_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate the city's mean on each question, part by part."""
    table = findings.readiness
    items = table[(table["level"] == "city") & (table["kind"] == "item")]
    found = {str(row["measure"]): row for _, row in items.iterrows()}
    ends = _bar_ends(items, findings)
    rows = []
    for construct in findings.study.instrument.constructs:
        for item in (each for each in construct.items if each.id in found):
            row = found[item.id]
            rows.append(
                (
                    Cell(text=isolate(item.label.text(lang) or item.id, lang)),
                    Cell(text=isolate(construct.label.text(lang) or construct.id, lang)),
                    _bar_cell(row, findings, ends),
                    _estimate_cell(row, findings, lang),
                    Cell(text=number(row["n"], lang)),
                )
            )
    part: dict[str, Kind] = {"question": "name", "part": "text"}
    return Grid(
        caption=text("report.section.questions", lang),
        columns=(
            *columns(part, lang),
            Column(label=text("report.column.interval", lang), kind="bar"),
            *columns({"mean": "number", "n": "number"}, lang),
        ),
        rows=tuple(rows),
        note=_scale_note(findings, ends, lang),
    )


def fabric_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate the measures per urban fabric."""
    study = findings.study
    rows = tuple(
        (
            Cell(text=fabric_label(study, fabric, lang)),
            Cell(text=number(row["population"], lang)),
            Cell(text=number(row["districts"], lang)),
            _mean_cell(row, findings, lang),
            Cell(text=percent(row["covered_share"], lang)),
            Cell(text=_cost(row["mean_cost"], findings, lang)),
            Cell(text=number(row["people_uncovered"], lang)),
        )
        for fabric, row in findings.fabrics.iterrows()
    )
    kinds: dict[str, Kind] = {
        "fabric": "name",
        "population": "number",
        "districts": "number",
        "readiness": "number",
        "covered": "number",
        "mean_cost": "number",
        "uncovered": "number",
    }
    return Grid(
        caption=text("report.section.fabrics", lang),
        columns=columns(kinds, lang),
        rows=rows,
        note=text("report.note.fabrics", lang),
    )


def coverage_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate coverage by district, today and with the new sites."""
    names = names_of(findings, findings.districts.index, lang)
    target = findings.study.options.coverage_target
    word = "coverage" if counts_planned(findings) else "coverage_sites"
    left = uncovered_after(findings)
    rows: list[tuple[Cell, ...]] = []
    for name, (_, row) in zip(names, findings.districts.iterrows(), strict=True):
        before, after = row["covered_share"], row["covered_share_planned"]
        bar = None
        if pd.notna(before):
            bar = Bar(kind="share", low=0, at=100 * before, high=100 * after, mark=100 * target)
        rows.append(
            (
                Cell(text=name),
                Cell(text=number(row["population"], lang)),
                Cell(text=number(row["services_open"], lang)),
                Cell(text=number(row["services_planned"], lang)),
                Cell(text=_cost(row["mean_cost"], findings, lang)),
                Cell(text=percent(before, lang)),
                Cell(text=number(row["people_uncovered"], lang)),
                Cell(bar=bar, note="" if bar else text("report.note.nobody", lang)),
                Cell(text=percent(after, lang)),
                *(Cell(text=number(each, lang)) for each in left[len(rows) : len(rows) + 1]),
            )
        )
    kinds: dict[str, Kind] = {
        "district": "name",
        "population": "number",
        "services": "number",
        "planned": "number",
        "mean_cost": "number",
        "today": "number",
        "uncovered": "number",
        "change": "bar",
        "after": "number",
        **({"uncovered_after": "number"} if left else {}),
    }
    return Grid(
        caption=text("report.section.coverage", lang),
        columns=columns(kinds, lang),
        rows=tuple(rows),
        note=text(
            f"report.note.{word}",
            lang,
            within=within(findings.study, lang),
            measure=text(f"common.measure.{findings.study.options.measure}", lang),
            target=percent(target, lang),
        ),
    )


def uncovered_after(findings: Findings) -> list[float]:
    """Count the people of each district whom the plan of `covered_share_planned` leaves."""
    model = covering_model(findings)
    if model is None:
        return []
    change = findings.before_after
    change = change[(change["model"] == model) & (change["level"] == "district")]
    left = change.set_index("unit_id")["uncovered_after"]
    # Nobody lives in a district that the table of changes does not have.
    return [float(each) for each in left.reindex(findings.districts.index).fillna(0.0)]


def _rank_cell(
    place: pd.Series, row: pd.Series, findings: Findings, lang: str, ranked: int
) -> Cell:
    if pd.isna(place["rank"]):
        return Cell(note=_why_unranked(row, findings, lang))
    if pd.isna(place["rank_low"]):
        return Cell()
    low, high = int(place["rank_low"]), int(place["rank_high"])
    scale = _scaler(1, max(ranked, 2))
    bar = Bar(kind="interval", low=scale(low), at=scale(int(place["rank"])), high=scale(high))
    same = low == high
    return Cell(text=number(low, lang) if same else interval(low, high, lang), bar=bar)


def _why_unranked(row: pd.Series, findings: Findings, lang: str) -> str:
    why = str(row["readiness_reason"] or "")
    if why:
        return reason(why, lang, min_count=findings.study.options.min_count)
    return text("report.note.nobody", lang)


def _mean_cell(row: pd.Series, findings: Findings, lang: str) -> Cell:
    """Write a unit's overall readiness with its interval, or why there is none."""
    if pd.isna(row["readiness"]):
        why = str(row["readiness_reason"] or "")
        note = reason(why, lang, min_count=findings.study.options.min_count)
        return Cell(text="–", note=note)
    return Cell(
        text=number(row["readiness"], lang, 2),
        note=interval(row["readiness_low"], row["readiness_high"], lang, 2),
    )


def _estimate_cell(row: pd.Series, findings: Findings, lang: str) -> Cell:
    if pd.isna(row["mean"]):
        why = str(row["reason"] or "")
        note = reason(why, lang, min_count=findings.study.options.min_count)
        return Cell(text="–", note=note)
    return Cell(text=number(row["mean"], lang, 2), note=interval(row["low"], row["high"], lang, 2))


def _bar_ends(rows: pd.DataFrame, findings: Findings) -> tuple[float, float]:
    """Find the half points of the scale between which all intervals and the threshold lie."""
    test = findings.study.options.test_value
    low = np.nanmin([test, *rows["low"].to_numpy(dtype=float)])
    high = np.nanmax([test, *rows["high"].to_numpy(dtype=float)])
    start, end = float(np.floor(2 * low) / 2), float(np.ceil(2 * high) / 2)
    return (start, end) if end > start else (start, start + 0.5)


def _bar_cell(row: pd.Series, findings: Findings, ends: tuple[float, float]) -> Cell:
    if not np.isfinite([row["mean"], row["low"], row["high"]]).all():
        return Cell()
    scale = _scaler(*ends)
    mark = scale(findings.study.options.test_value)
    low, at, high = (scale(row[name]) for name in ("low", "mean", "high"))
    return Cell(bar=Bar(kind="interval", low=low, at=at, high=high, mark=mark))


def _scaler(low: float, high: float) -> Callable[[float], float]:
    return lambda value: 100 * (float(value) - low) / (high - low)


def _scale_note(findings: Findings, ends: tuple[float, float], lang: str) -> str:
    instrument, options = findings.study.instrument, findings.study.options
    return text(
        "report.note.readiness",
        lang,
        lowest=number(instrument.scale_min, lang),
        highest=number(instrument.scale_max, lang),
        confidence=percent(options.confidence, lang),
        test=plain(options.test_value, lang),
        start=plain(ends[0], lang),
        end=plain(ends[1], lang),
    )


def _cost(cost: float, findings: Findings, lang: str) -> str:
    return "–" if pd.isna(cost) else cost_text(cost, findings.study, lang)
