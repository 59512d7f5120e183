"""The tables of new sites on the council page: what each one brings, and how sure that is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.inputs.conditions import POPULATION
from ecity_geo.inputs.sections import Label
from ecity_geo.outputs.brief import listing, names_of
from ecity_geo.outputs.brief_sites import aim
from ecity_geo.outputs.condition_words import conditions_said
from ecity_geo.outputs.grid import Cell, Grid, Kind, columns
from ecity_geo.outputs.plan_facts import need
from ecity_geo.outputs.popups import FOREMOST, cost_text, fabric_label, place_name, type_label
from ecity_geo.outputs.text import isolate, number, percent, text
from ecity_geo.outputs.views import plain

_GAINS = {
    "mclp": ("added", "cumulative", "share"),
    "lscp": ("added", "cumulative", "share"),
    "p_median": ("saved", "reached", "nearest"),
    "p_center": ("longest_way", "reached", "nearest"),
    "gradual_coverage": ("weighted", "reached", "nearest"),
    "backup_coverage": ("weighted", "reached", "nearest"),
    "p_dispersion": ("apart", "reached", "nearest"),
    "conditioned": ("served", "reached", "nearest"),
}


def site_grid(findings: Findings, model: str, lang: str) -> Grid:
    """Tabulate the new sites of a model, in the order of what they add.

    Parameters
    ----------
    findings
        The findings.
    model
        A model that they have a plan of.
    lang
        Language.

    Returns
    -------
    grid
        The first `FOREMOST` sites; its note says how good the plan is proved to be.
    """
    sites = findings.sites[findings.sites["model"] == model]
    count, sites = len(sites), sites.head(FOREMOST)
    degrees = sites.geometry.to_crs("EPSG:4326")
    study = findings.study
    kinds = bool(model == "conditioned" and study.options.conditions.kinds)
    rows = []
    for at, (_, site) in enumerate(sites.iterrows()):
        # Latin digits in any language: they are there to be pasted into another map.
        coordinates = f"{degrees.y.iloc[at]:.5f}, {degrees.x.iloc[at]:.5f}"
        order = number(site["order"], lang)
        kind = [Cell(text=type_label(study, site["kind"], lang))] if kinds else []
        rows.append(
            (
                Cell(text=order),
                Cell(text=_site_name(site, order, lang)),
                Cell(text=_district_name(findings, site["district_id"], lang)),
                Cell(text=fabric_label(study, site["fabric"], lang)),
                *kind,
                *(Cell(text=_gain(each, site, findings, lang)) for each in _GAINS[model]),
                Cell(text=coordinates, ltr=True),
            )
        )
    return Grid(
        caption=text(f"report.plan.{aim(findings, model)}", lang),
        columns=columns(_kinds(findings, model, kinds=kinds), lang),
        rows=tuple(rows),
        note=" ".join(_notes(findings, model, lang, count)),
    )


def proof(findings: Findings, model: str, lang: str) -> str:
    """Say how good a plan is proved to be."""
    plan = findings.plans[model]
    if plan.sites.empty:
        return text(f"report.proof.{'none_kept' if model == 'conditioned' else 'none'}", lang)
    if plan.status != "optimal":
        return text("report.proof.limit", lang, gap=percent(plan.gap, lang, 2))
    word = "one" if len(plan.sites) == 1 else "optimal"
    if model == "lscp" and "price" in findings.study.candidates:
        word = "cheapest"
    backup = findings.study.options.backup
    return text(
        f"report.proof.{word}_{model}",
        lang,
        count=number(len(plan.sites), lang),
        first=percent(1 - backup, lang),
        second=percent(backup, lang),
    )


def _kinds(findings: Findings, model: str, *, kinds: bool) -> dict[str, Kind]:
    unit = findings.study.options.unit
    gains = [f"saved_{unit}" if each == "saved" else each for each in _GAINS[model]]
    found: dict[str, Kind] = {"order": "number", "site": "name", "district": "text"}
    found |= {"fabric": "text"}
    if kinds:
        found |= {"kind": "text"}
    return found | {**dict.fromkeys(gains, "number"), "place": "number"}


def _notes(findings: Findings, model: str, lang: str, count: int) -> list[str]:
    """Say how good the plan is, and what it leaves, closes and costs."""
    plan = findings.plans[model]
    notes = [proof(findings, model, lang)]
    if (by := need(findings, model)) != POPULATION:
        notes.append(text(f"report.proof.need_{by}", lang))
    left = findings.demand["population"].reindex(plan.unreachable).sum()
    if model == "lscp" and left > 0:
        notes.append(text("report.proof.unreachable", lang, people=number(left, lang)))
    under = findings.conditioned
    if model == "conditioned" and under is not None:
        notes.insert(0, conditions_said(findings, lang))
        if findings.study.options.conditions.budget is not None:
            notes.append(text("report.proof.price", lang, price=plain(under.price, lang)))
        if len(under.closed):
            closed = findings.services.loc[under.closed]
            names = [place_name(row, lang) for _, row in closed.iterrows()]
            notes.append(text("report.proof.closed", lang, services=listing(names, lang)))
    if count > FOREMOST:
        shown, all_ = number(FOREMOST, lang), number(count, lang)
        notes.append(text("report.proof.shown", lang, shown=shown, count=all_))
    return notes


def _gain(gain: str, site: pd.Series, findings: Findings, lang: str) -> str:
    study, population = findings.study, float(findings.city["population"])
    if gain == "share":
        return percent(site["cumulative"] / population, lang, 1)
    if gain == "nearest":
        return percent(site["nearest"] / population, lang, 1)
    if gain in ("longest_way", "apart"):
        return cost_text(site["cumulative"], study, lang)
    if gain == "saved":
        return number(site["added"] / (1000 if study.options.unit == "m" else 1), lang)
    column = {"weighted": "added", "served": "added"}.get(gain, gain)
    return number(site[column], lang)


def _site_name(site: pd.Series, order: str, lang: str) -> str:
    name = Label(fa=str(site["name_fa"] or ""), en=str(site["name_en"] or "")).text(lang)
    return isolate(name, lang) if name else text("report.note.site", lang, order=order)


def _district_name(findings: Findings, district: Any, lang: str) -> str:
    return names_of(findings, [str(district)], lang)[0] if pd.notna(district) else "–"
