"""The council page: one page that leads through all findings, without a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ecity_geo import __version__
from ecity_geo.findings import Findings
from ecity_geo.inputs.conditions import MODELS
from ecity_geo.outputs import assets, grids, quality, site_grids
from ecity_geo.outputs.brief import Tile, listing, sentences, tiles
from ecity_geo.outputs.brief_sites import counts_planned, covering_model
from ecity_geo.outputs.brief_spread import spread
from ecity_geo.outputs.cluster_view import clusters
from ecity_geo.outputs.grid import Grid
from ecity_geo.outputs.pages import render
from ecity_geo.outputs.popups import model_label, within
from ecity_geo.outputs.site_figures import CHANGE, CURVE
from ecity_geo.outputs.statistics_figures import Figure
from ecity_geo.outputs.tables import table_names
from ecity_geo.outputs.text import DIRECTION, has_text, number, percent, text
from ecity_geo.outputs.views import plain
from ecity_geo.stats.cluster_notes import FEW

# Name and source of each method; its formula, where words are not enough, is in the catalogue.
METHODS = (
    (
        "readiness",
        "Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, 5.7",
    ),
    ("suppression", ""),
    ("coverage", "Church & ReVelle (1974), doi:10.1007/BF01942293"),
    (
        "access",
        "Luo & Wang (2003), doi:10.1068/b29120",
    ),
    (
        "spread",
        "Theil (1967); Kakwani et al. (1997), doi:10.1016/S0304-4076(96)01807-6; Moran (1950)",
    ),
    ("gap", ""),
    ("siting", ""),
    (
        "ranking",
        "OECD/JRC (2008), Composite Indicators; Efron & Tibshirani (1993), Bootstrap",
    ),
)
# Who posed each location model.
SITING_SOURCES = {
    "mclp": "Church & ReVelle (1974), doi:10.1007/BF01942293",
    "p_median": "Hakimi (1964), doi:10.1287/opre.12.3.450",
    "p_center": "Minieka (1970), doi:10.1137/1012016",
    "lscp": "Toregas et al. (1971), doi:10.1287/opre.19.6.1363",
    "gradual_coverage": "Berman & Krass (2002), doi:10.1016/S0305-0548(01)00079-X",
    "backup_coverage": "Hogan & ReVelle (1986), doi:10.1287/mnsc.32.11.1434",
    "p_dispersion": "Kuby (1987), doi:10.1111/j.1538-4632.1987.tb00133.x",
    "conditioned": "Current & Storbeck (1988), doi:10.1068/b150153",
}
MAPS = ("readiness", "coverage", "gaps", "siting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A map as the council page shows it.

    Parameters
    ----------
    title
        Its title.
    sentence
        What it says.
    picture
        An ``<svg>`` element of ours, safe to stand in a page.
    href
        File of the map.
    """

    title: str
    sentence: str
    picture: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyPart:
    """What the council page says of the survey's statistics.

    Parameters
    ----------
    sentences
        In plain words.
    wide, narrow
        One figure, for a page and for a phone; empty where it has no answer.
    href
        File of the statistics page.
    """

    sentences: list[str]
    wide: str
    narrow: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure on the council page.

    Parameters
    ----------
    wide, narrow
        An ``<svg>`` element of ours, for a page and for a phone.
    caption
        What it shows.
    """

    wide: str
    narrow: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How something was computed.

    Parameters
    ----------
    title, text
        In words.
    formula
        As a formula; empty where words are enough.
    source
        Who found it; empty where it is our own.
    """

    title: str
    text: str
    formula: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Files of one kind beside the page.

    Parameters
    ----------
    hrefs
        Their names.
    label
        What they are.
    """

    hrefs: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that stands on the council page, as text.

    Parameters
    ----------
    lang, dir
        Language, and the direction of its script.
    city, badge, note
        Name of the city; what a reader must know of the data.
    other, other_lang
        File and language of the page in the other language; empty without one.
    tiles, sentences, cards
        The first screens.
    ranking, readiness, questions, fabrics, coverage, sites, tallies, repairs
        The tables.
    candidates, quality, methods, files, made, licences
        The rest.
    survey
        What the survey says statistically, where that was asked for.
    spread
        How evenly access is shared, over people and over the map.
    change, curve
        Figures of what the new sites change, and of what each one more brings.
    """

    lang: str
    dir: str
    city: str
    badge: str
    note: str
    other: str
    other_lang: str
    tiles: list[Tile]
    sentences: list[str]
    cards: list[Card]
    ranking: Grid
    readiness: Grid
    questions: Grid
    fabrics: Grid
    coverage: Grid
    sites: list[Grid]
    candidates: str
    quality: list[str]
    tallies: Grid
    repairs: Grid
    methods: list[Method]
    files: list[File]
    made: str
    licences: list[assets.Licence]
    survey: SurveyPart | None = None
    spread: list[str] = field(default_factory=list)
    change: Drawn | None = None
    curve: Drawn | None = None


def council_page(
    findings: Findings,
    lang: str,
    cards: Mapping[str, Card],
    *,
    languages: tuple[str, ...],
    survey: SurveyPart | None = None,
    drawn: Mapping[str, Figure] | None = None,
) -> str:
    """Write the council page.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language of the page.
    cards
        The four maps, by kind.
    languages
        Languages that the page is written in; it links to the other one.
    survey
        What the survey says statistically; left out by default.
    drawn
        Figures of `ecity_geo.outputs.site_figures.site_figures`; none by default.

    Returns
    -------
    html
        The whole document: one file, no script, nothing asked of the network.
    """
    page = prepare(findings, lang, cards, languages=languages, survey=survey, drawn=drawn)
    return render("council.html.jinja", page=page, t=partial(text, lang=lang))


def chooser_page(findings: Findings, languages: tuple[str, ...]) -> str:
    """Write the small page that leads to each language.

    Parameters
    ----------
    findings
        The findings.
    languages
        Languages of the council page.

    Returns
    -------
    html
        The whole document.
    """
    study = findings.study
    choices = [
        {
            "lang": lang,
            "dir": DIRECTION[lang],
            "href": page_name(lang),
            "city": study.name.text(lang),
            "language": text("common.language", lang),
            "title": text("report.title", lang),
            "badge": text("common.synthetic", lang) if study.synthetic else "",
        }
        for lang in languages
    ]
    return render("chooser.html.jinja", choices=choices)


def page_name(lang: str) -> str:
    """Return the file of the council page in a language."""
    return f"index.{lang}.html"


def prepare(
    findings: Findings,
    lang: str,
    cards: Mapping[str, Card],
    *,
    languages: tuple[str, ...],
    survey: SurveyPart | None = None,
    drawn: Mapping[str, Figure] | None = None,
) -> Page:
    """Collect everything that stands on the council page; see `council_page`."""
    shown = drawn or {}
    study = findings.study
    others = [each for each in languages if each != lang]
    return Page(
        lang=lang,
        dir=DIRECTION[lang],
        city=study.name.text(lang),
        badge=text("common.synthetic", lang) if study.synthetic else "",
        note=study.note.text(lang),
        other=page_name(others[0]) if others else "",
        other_lang=others[0] if others else "",
        tiles=tiles(findings, lang),
        sentences=sentences(findings, lang),
        cards=[cards[kind] for kind in MAPS],
        ranking=grids.ranking_grid(findings, lang),
        readiness=grids.readiness_grid(findings, lang),
        questions=grids.question_grid(findings, lang),
        fabrics=grids.fabric_grid(findings, lang),
        coverage=grids.coverage_grid(findings, lang),
        sites=[site_grids.site_grid(findings, model, lang) for model in findings.plans],
        candidates=text(
            "report.note.candidates", lang, candidates=number(len(study.candidates), lang)
        ),
        quality=quality.remarks(findings, lang),
        tallies=quality.tally_grid(findings, lang),
        repairs=quality.repair_grid(findings, lang),
        methods=methods(findings, lang),
        files=_files(lang, survey),
        made=text("report.foot.made", lang, version=__version__),
        licences=[each for each in assets.licences() if each.package.startswith("fontpkg")],
        survey=survey,
        spread=spread(findings, lang),
        change=_change(findings, shown.get(CHANGE), lang),
        curve=_curve(findings, shown.get(CURVE), lang),
    )


def _change(findings: Findings, figure: Figure | None, lang: str) -> Drawn | None:
    model = covering_model(findings)
    if figure is None or model is None:
        return None
    caption = text(
        "report.change.caption",
        lang,
        within=within(findings.study, lang),
        plan=model_label(model, lang),
    )
    return Drawn(wide=figure.wide, narrow=figure.narrow, caption=caption)


def _curve(findings: Findings, figure: Figure | None, lang: str) -> Drawn | None:
    if figure is None:
        return None
    word = "curve_planned" if counts_planned(findings) else "curve"
    caption = text(f"report.change.{word}", lang, within=within(findings.study, lang))
    return Drawn(wide=figure.wide, narrow=figure.narrow, caption=caption)


def methods(findings: Findings, lang: str) -> list[Method]:
    """Say how each measure was computed, with its source.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    methods
        In the order of the page.
    """
    study = findings.study
    options = study.options
    catchment = text(f"common.within.{options.unit}", lang, standard=plain(options.catchment, lang))
    values = {
        "confidence": percent(options.confidence, lang),
        "min_count": number(options.min_count, lang),
        "standard": within(study, lang),
        "measure": text(f"common.measure.{options.measure}", lang),
        "catchment": catchment,
        "test": plain(options.test_value, lang),
        "target": percent(options.coverage_target, lang),
        "weights": _weights(findings, lang),
        "models": listing(
            [model_label(model, lang) for model in findings.plans], lang, most=len(MODELS)
        ),
        "few": number(FEW, lang),
        "clusters": ""
        if clusters(findings) is None
        else text("report.method.spread_clusters", lang),
    }
    sited = "; ".join(SITING_SOURCES[model] for model in findings.plans)
    return [
        Method(
            title=text(f"report.method.{name}", lang),
            text=text(f"report.method.{name}_text", lang, **values),
            formula=_formula(name, lang),
            source=sited if name == "siting" else source,
        )
        for name, source in METHODS
        if name != "siting" or findings.plans
    ]


def _formula(name: str, lang: str) -> str:
    key = f"report.method.{name}_formula"
    return text(key, lang) if has_text(key, lang) else ""


def _weights(findings: Findings, lang: str) -> str:
    weights = findings.ranking.weights.to_numpy(dtype=float)
    if np.allclose(weights, weights.mean()):
        return text("report.weights.equal", lang)
    shares = text("common.list_separator", lang).join(percent(each, lang) for each in weights)
    return text("report.weights.given", lang, shares=shares)


def _files(lang: str, survey: SurveyPart | None) -> list[File]:
    tabled = [f"tables/{name}.csv" for name in table_names()]
    names = {
        "tables": tabled,
        "columns": ["tables/columns.csv"],
        "gpkg": ["study.gpkg"],
        "run": ["run.json"],
    }
    if survey is not None:
        names = {"statistics": [survey.href], **names}
    return [
        File(hrefs=tuple(hrefs), label=text(f"report.file.{key}", lang))
        for key, hrefs in names.items()
    ]
