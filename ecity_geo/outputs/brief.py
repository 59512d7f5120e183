"""The first screen of the council page: headline figures, and what they say in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from babel.lists import format_list

from ecity_geo.findings import Findings
from ecity_geo.outputs import brief_sites
from ecity_geo.outputs.brief_sites import figures
from ecity_geo.outputs.popups import place_name, within
from ecity_geo.outputs.text import Joined, isolate, number, percent, text
from ecity_geo.outputs.text import interval as write_interval
from ecity_geo.outputs.views import plain

MANY = 6  # names beyond this many are counted instead of listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A headline figure.

    Parameters
    ----------
    label
        What it counts.
    figure
        The figure, as it is read.
    note
        Its unit, interval or meaning.
    accent
        Whether it is one of the figures that call for a decision.
    """

    label: str
    figure: str
    note: str
    accent: bool = False


def tiles(findings: Findings, lang: str) -> list[Tile]:
    """Prepare the headline figures.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    tiles
        People, respondents, readiness, covered share, people out of reach, people in districts
        with both gaps, and what the new sites bring.
    """
    city, study = figures(findings), findings.study
    # Where no readiness is known, nobody can say how many people have both gaps: not "none".
    unknown = (findings.districts["gap_class"] == "unknown").all()
    both = None if unknown else city["people_both"]
    shown = {
        "population": number(city["population"], lang),
        "respondents": number(city["respondents"], lang),
        "readiness": number(city["readiness"], lang, 2),
        "covered": percent(city["covered_share"], lang),
        "uncovered": number(city["people_uncovered"], lang),
        "both": number(both, lang),
    }
    notes = {
        "population": text(
            "report.tile.population_note",
            lang,
            districts=number(len(findings.districts), lang),
            area=number(city["area_km2"], lang),
        ),
        "respondents": text(
            "report.tile.respondents_note", lang, items=number(len(study.instrument.items), lang)
        ),
        "readiness": _readiness_note(findings, lang),
        "covered": text(
            "report.tile.covered_note",
            lang,
            within=within(study, lang),
            measure=text(f"common.measure.{study.options.measure}", lang),
        ),
        "uncovered": text("report.tile.uncovered_note", lang),
        "both": text("report.tile.both_note", lang),
    }
    made = [
        Tile(
            label=text(f"report.tile.{name}", lang),
            figure=figure,
            note=notes[name],
            accent=name in ("uncovered", "both"),
        )
        for name, figure in shown.items()
    ]
    figure, note = brief_sites.figure(findings, lang)
    label = text("report.tile.sites", lang)
    return [*made, Tile(label=label, figure=figure, note=note, accent=bool(findings.plans))]


def sentences(findings: Findings, lang: str) -> list[str]:
    """Say the findings in plain sentences.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    sentences
        Readiness, coverage, gaps, new sites, ranking; what does not apply is left out.
    """
    said = [
        _readiness_sentence(findings, lang),
        _coverage_sentence(findings, lang),
        gaps_sentence(findings, lang),
        *brief_sites.sentences(findings, lang),
        _ranking_sentence(findings, lang),
        _unranked_sentence(findings, lang),
    ]
    return [sentence for sentence in said if sentence]


def verdict(findings: Findings, lang: str) -> str:
    """Say where the city's readiness lies against the threshold, given its interval."""
    city, test = figures(findings), findings.study.options.test_value
    word = "unclear"
    if city["readiness_high"] < test:
        word = "below"
    elif city["readiness_low"] > test:
        word = "above"
    return text(f"report.verdict.{word}", lang, test=plain(test, lang))


def listing(names: Iterable[str], lang: str, *, most: int = MANY) -> str:
    """Write names in a row; those beyond `most` are counted.

    Each is isolated, and not the row: its commas and its "and" are words of the language.
    """
    listed = [isolate(name, lang) for name in names]
    if len(listed) > most:
        rest = text("common.and_more", lang, count=number(len(listed) - most, lang))
        listed = [*listed[:most], rest]
    return Joined(format_list(listed, style="standard", locale=lang))


def names_of(findings: Findings, districts: Iterable[str], lang: str) -> list[str]:
    """Name districts given by id."""
    places = findings.districts.index.get_indexer(pd.Index(list(districts)))
    return [place_name(findings.districts.iloc[place], lang) for place in places]


def _readiness_note(findings: Findings, lang: str) -> str:
    city, study = figures(findings), findings.study
    if not np.isfinite(city["readiness"]):
        return text("report.brief.readiness_unknown", lang)
    return text(
        "report.tile.readiness_note",
        lang,
        highest=number(study.instrument.scale_max, lang),
        confidence=percent(study.options.confidence, lang),
        interval=write_interval(city["readiness_low"], city["readiness_high"], lang, 2),
        verdict=verdict(findings, lang),
    )


def _readiness_sentence(findings: Findings, lang: str) -> str:
    city, instrument = figures(findings), findings.study.instrument
    if not np.isfinite(city["readiness"]):
        return text("report.brief.readiness_unknown", lang)
    values = {
        "mean": number(city["readiness"], lang, 2),
        "lowest": number(instrument.scale_min, lang),
        "highest": number(instrument.scale_max, lang),
        "verdict": verdict(findings, lang),
    }
    table = findings.readiness
    parts = table[(table["level"] == "city") & (table["kind"] == "construct")].dropna(
        subset=["mean"]
    )
    best_to_worst = parts["mean"].max() - parts["mean"].min()
    if len(parts) < 2 or best_to_worst < 0.005:
        return text("report.brief.readiness_plain", lang, **values)
    means = parts.set_index("measure")["mean"]
    labels = {construct.id: construct.label.text(lang) for construct in instrument.constructs}
    best, worst = str(means.idxmax()), str(means.idxmin())
    return text(
        "report.brief.readiness",
        lang,
        best=labels[best] or best,
        best_mean=number(means[best], lang, 2),
        worst=labels[worst] or worst,
        worst_mean=number(means[worst], lang, 2),
        **values,
    )


def _coverage_sentence(findings: Findings, lang: str) -> str:
    share = percent(figures(findings)["covered_share"], lang)
    distance = within(findings.study, lang)
    # Rounded as they are written: whole people, of whom there may be none.
    uncovered = findings.districts["people_uncovered"].round()
    if not uncovered.max() > 0:
        return text("report.brief.coverage_plain", lang, share=share, within=distance)
    worst = uncovered.index[uncovered == uncovered.max()]
    return text(
        "report.brief.coverage" if len(worst) == 1 else "report.brief.coverage_tied",
        lang,
        share=share,
        within=distance,
        uncovered=number(figures(findings)["people_uncovered"], lang),
        most=number(uncovered.max(), lang),
        district=listing(names_of(findings, worst, lang), lang),
    )


def gaps_sentence(findings: Findings, lang: str) -> str:
    """Say where readiness and coverage are both low, or how far that is known."""
    districts = findings.districts
    both = districts.index[districts["gap_class"] == "both"]
    if both.empty:
        unknown = districts["gap_class"] == "unknown"
        word = "_unknown" if unknown.all() else "_none_known" if unknown.any() else "_none"
        return text(f"report.brief.gaps{word}", lang)
    return text(
        "report.brief.gaps",
        lang,
        districts=listing(names_of(findings, both, lang), lang),
        people=number(figures(findings)["people_both"], lang),
    )


def _ranking_sentence(findings: Findings, lang: str) -> str:
    ranks = findings.ranking.table["rank"].dropna()
    if len(ranks) < 2:
        return ""
    count = number(len(ranks), lang)
    best, worst = (ranks.index[ranks == end] for end in (ranks.min(), ranks.max()))
    if len(best) == len(ranks):
        return text("report.brief.ranking_level", lang, count=count)
    tied = len(best) + len(worst) > 2
    return text(
        "report.brief.ranking_tied" if tied else "report.brief.ranking",
        lang,
        best=listing(names_of(findings, best, lang), lang),
        worst=listing(names_of(findings, worst, lang), lang),
        count=count,
    )


def _unranked_sentence(findings: Findings, lang: str) -> str:
    table = findings.ranking.table
    unranked = table.index[pd.isna(table["rank"])]
    if unranked.empty:
        return ""
    names = listing(names_of(findings, unranked, lang), lang)
    return text("report.brief.unranked", lang, districts=names)
