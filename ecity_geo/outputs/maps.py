"""The four maps: readiness, coverage, gaps, and where new services help most.

Each is a `folium.Map` that shows itself in a notebook and opens from a file without a network::

    from ecity_geo.outputs import maps

    page = maps.coverage_map(findings, lang="fa")
    Path("coverage.html").write_text(maps.map_html(page), encoding="utf-8")
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ecity_geo.findings import Findings
from ecity_geo.outputs import brief_sites, layers, map_tables, popups
from ecity_geo.outputs.brief import gaps_sentence
from ecity_geo.outputs.catchments import catchment_areas, catchment_lines
from ecity_geo.outputs.cluster_view import cluster_view, clusters
from ecity_geo.outputs.condition_words import conditions_said
from ecity_geo.outputs.fence import OfflineMap
from ecity_geo.outputs.people import coverage_view, covered_by, share_after, siting_view
from ecity_geo.outputs.picture import district_svg
from ecity_geo.outputs.places import fabric_lines, place_layers, service_marks, site_marks
from ecity_geo.outputs.popups import Pair
from ecity_geo.outputs.sheet import Link, Sheet, View
from ecity_geo.outputs.text import interval, number, percent, text
from ecity_geo.outputs.views import district_view, plain, readiness_measures

KINDS = ("readiness", "coverage", "gaps", "siting")

_WORDS = (
    "map",
    "legend",
    "pages",
    "views",
    "layers",
    "hint",
    "made_with",
    "zoom_in",
    "zoom_out",
    "close",
    "metre",
    "kilometre",
)


def make_map(findings: Findings, kind: str, lang: str) -> OfflineMap:
    """Make a map by its name.

    Parameters
    ----------
    findings
        The findings.
    kind
        ``"readiness"``, ``"coverage"``, ``"gaps"`` or ``"siting"``.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    map
        The map.

    Raises
    ------
    ValueError
        If there is no such map.
    """
    makers: dict[str, Callable[[Findings, str], OfflineMap]] = {
        "readiness": readiness_map,
        "coverage": coverage_map,
        "gaps": gaps_map,
        "siting": siting_map,
    }
    if kind not in makers:
        raise ValueError(f"no map {kind!r}; there are {', '.join(KINDS)}")
    return makers[kind](findings, lang)


def readiness_map(findings: Findings, lang: str = "en") -> OfflineMap:
    """Map the mean readiness of the districts, all together and construct by construct.

    Parameters
    ----------
    findings
        The findings.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    map
        A `folium.Map`; suppressed districts are hatched, with the reason.
    """
    views = [district_view(findings, each, lang) for each in readiness_measures(findings)]
    return _map(
        findings,
        "readiness",
        lang,
        headline=_readiness_headline(findings, lang),
        views=views,
        rows=popups.readiness_rows(findings, lang),
        picture="readiness",
    )


def coverage_map(findings: Findings, lang: str = "en") -> OfflineMap:
    """Map how far people have to go to an open service, and which share is covered.

    Parameters
    ----------
    findings
        The findings.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    map
        A `folium.Map`; people are gathered into at most 2,000 circles.
    """
    grid = layers.PeopleGrid(findings.demand)
    city = findings.city
    return _map(
        findings,
        "coverage",
        lang,
        headline=text(
            "map.headline.coverage",
            lang,
            share=percent(float(city["covered_share"]), lang),
            population=number(float(city["population"]), lang),
            standard=popups.within(findings.study, lang),
            measure=text(f"common.measure.{findings.study.options.measure}", lang),
            uncovered=number(float(city["people_uncovered"]), lang),
        ),
        views=[
            coverage_view(findings, grid, lang),
            district_view(findings, "covered_share", lang),
            *([] if clusters(findings) is None else [cluster_view(findings, lang)]),
        ],
        rows=popups.coverage_rows(findings, lang),
        picture="covered_share",
        grid=grid,
        services=True,
    )


def gaps_map(findings: Findings, lang: str = "en") -> OfflineMap:
    """Map which districts fall short in readiness, in coverage, or in both.

    Parameters
    ----------
    findings
        The findings.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    map
        A `folium.Map`.
    """
    return _map(
        findings,
        "gaps",
        lang,
        headline=_gaps_headline(findings, lang),
        views=[
            district_view(findings, "gap_class", lang),
            district_view(findings, "gap_index", lang),
        ],
        rows=popups.gap_rows(findings, lang),
        picture="gap_class",
        services=True,
        show_services=False,
    )


def siting_map(findings: Findings, lang: str = "en") -> OfflineMap:
    """Map the new sites of each model, and whom they cover.

    Parameters
    ----------
    findings
        The findings.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    map
        A `folium.Map`; with no plan at all it shows the covered share today.
    """
    grid = layers.PeopleGrid(findings.demand)
    classes = {model: covered_by(findings, model) for model in findings.plans}
    after = {model: share_after(findings, each) for model, each in classes.items()}
    views = [
        replace(
            siting_view(findings, grid, model, classes[model], lang),
            headline=plan_headline(findings, model, lang),
        )
        for model in classes
    ]
    return _map(
        findings,
        "siting",
        lang,
        headline=views[0].headline if views else text("map.headline.siting_none", lang),
        views=views or [district_view(findings, "covered_share", lang)],
        rows=popups.siting_rows(findings, after, lang),
        picture="covered_share_planned" if after else "covered_share",
        grid=grid if views else None,
        services=True,
        outlines=catchment_lines(catchment_areas(findings, grid)),
        sites=True,
    )


def map_html(page: OfflineMap) -> str:
    """Return a map as a page that opens without a network.

    Parameters
    ----------
    page
        A map of this module.

    Returns
    -------
    html
        The whole document; the same findings give the same text.
    """
    return str(page.get_root().render())


def _map(
    findings: Findings,
    kind: str,
    lang: str,
    *,
    headline: str,
    views: Sequence[View],
    rows: Sequence[Sequence[Pair]],
    picture: str,
    grid: layers.PeopleGrid | None = None,
    services: bool = False,
    show_services: bool = True,
    sites: bool = False,
    outlines: tuple[dict[str, Any], ...] = (),
) -> OfflineMap:
    study = findings.study
    names = popups.district_names(findings, lang)
    marks = service_marks(findings, lang) if services else ()
    lines = fabric_lines(findings, lang)
    tables = [map_tables.district_table(names, rows, lang)]
    tables.extend(map_tables.service_table(marks, lang))
    words = {word: text(f"map.words.{word}", lang) for word in _WORDS}
    if len(tables) > 1:
        words["hint"] = f"{words['hint']} {text('map.words.hint_services', lang)}"
    if sites and len(findings.sites):
        marks += site_marks(findings, lang)
        tables.extend(map_tables.site_table(findings, model, lang) for model in findings.plans)
    sheet = Sheet(
        lang=lang,
        city=study.name.text(lang),
        title=text(f"map.title.{kind}", lang),
        headline=headline,
        badge=text("common.synthetic", lang) if study.synthetic else "",
        note=study.note.text(lang),
        words=words,
        bounds=layers.bounds(findings.districts.geometry),
        areas=layers.area_features(
            findings.districts, names=names, shorts=popups.short_names(names), rows=rows
        ),
        cells=grid.circles() if grid is not None else (),
        marks=marks,
        lines=lines,
        outlines=outlines,
        views=tuple(views),
        layers=place_layers(
            findings,
            lang,
            services=services,
            shown=show_services,
            fabric=bool(lines),
            catchments=bool(outlines),
        ),
        tables=tuple(tables),
        picture=district_svg(findings, picture, lang),
    )
    return OfflineMap(sheet)


def _readiness_headline(findings: Findings, lang: str) -> str:
    city, instrument = findings.city, findings.study.instrument
    if not np.isfinite(float(city["readiness"])):
        return text("map.headline.readiness_unknown", lang)
    return text(
        "map.headline.readiness",
        lang,
        mean=number(float(city["readiness"]), lang, 2),
        lowest=number(instrument.scale_min, lang),
        highest=number(instrument.scale_max, lang),
        confidence=percent(findings.study.options.confidence, lang),
        interval=interval(float(city["readiness_low"]), float(city["readiness_high"]), lang, 2),
        n=number(_answers(findings), lang),
    )


def _answers(findings: Findings) -> int:
    """Count the respondents behind the city's mean: some may have answered too little."""
    table = findings.readiness
    overall = table[(table["level"] == "city") & (table["kind"] == "overall")]
    return int(overall["n"].iloc[0])


def _gaps_headline(findings: Findings, lang: str) -> str:
    if not (findings.districts["gap_class"] == "both").any():
        return gaps_sentence(findings, lang)
    options = findings.study.options
    return text(
        "map.headline.gaps",
        lang,
        people=number(float(findings.city["people_both"]), lang),
        test=plain(options.test_value, lang),
        target=percent(options.coverage_target, lang),
    )


def plan_headline(findings: Findings, model: str, lang: str) -> str:
    """Say over its view what a plan is after, and what it brings.

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
    headline
        Its aim in plain words, the share covered today and then, and what else it is after.
    """
    city = brief_sites.city_change(findings, model)
    planned = brief_sites.counts_planned(findings, model)
    said = text(
        "map.headline.siting_planned" if planned else "map.headline.siting",
        lang,
        aim=text(f"report.plan.{brief_sites.aim(findings, model)}", lang),
        model=popups.model_label(model, lang),
        sites=popups.new_sites(len(findings.plans[model].sites), lang),
        before=percent(city["covered_before"], lang),
        after=percent(city["covered_after"], lang),
        standard=popups.within(findings.study, lang),
    )
    more = {
        brief_sites.SAVED: _saved,
        brief_sites.LONGEST: brief_sites.longest_sentence,
        "conditioned": conditions_said,
    }.get(model)
    return said if more is None else f"{said} {more(findings, lang)}"


def _saved(findings: Findings, lang: str) -> str:
    return text("map.headline.saved", lang, saved=brief_sites.saved(findings, lang))


def linked(page: OfflineMap, links: Sequence[Link]) -> OfflineMap:
    """Return a map whose page leads to others that lie beside it.

    Parameters
    ----------
    page
        A map of this module.
    links
        Where it leads.

    Returns
    -------
    map
        The same map.
    """
    return OfflineMap(replace(page.sheet, links=tuple(links)))
