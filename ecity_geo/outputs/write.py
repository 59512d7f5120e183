"""Everything that a run writes: the only module that knows all outputs."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from ecity_geo.findings import Findings
from ecity_geo.outputs import maps, report, runinfo, statistics, tables
from ecity_geo.outputs.brief_sites import covering_model
from ecity_geo.outputs.drawing import standalone
from ecity_geo.outputs.fence import OfflineMap
from ecity_geo.outputs.files import output_set, write_file
from ecity_geo.outputs.geopackage import write_geopackage
from ecity_geo.outputs.headlines import council_sentences
from ecity_geo.outputs.picture import district_svg
from ecity_geo.outputs.sheet import Link
from ecity_geo.outputs.site_figures import site_figures
from ecity_geo.outputs.statistics_figures import Figure, figures
from ecity_geo.outputs.survey_tables import (
    survey_dictionary,
    survey_table_name,
    survey_tables,
)
from ecity_geo.outputs.text import LANGUAGES, text
from ecity_geo.survey_findings import Settings, SurveyFindings, analyse_survey

Drawn = dict[str, dict[str, Figure]]
COUNCIL_FIGURE = "means"
SYNTHETIC_NOTE = "tables/SYNTHETIC.txt"


def write_outputs(
    findings: Findings,
    out: Path,
    *,
    languages: Iterable[str] | None = None,
    survey: SurveyFindings | None = None,
) -> list[Path]:
    """Write maps, pages, figures, tables, GeoPackage and run record, all or nothing.

    Parameters
    ----------
    findings
        The findings.
    out
        Folder; made if it does not exist. Files in it that no run has written are left alone.
    languages
        ``"fa"``, ``"en"``; as the study says by default.
    survey
        Statistics of the survey; computed here by default.

    Returns
    -------
    paths
        The files, in a fixed order: ``index.html`` is the one to open.

    Raises
    ------
    InputError
        If they cannot be written; the earlier outputs are whole then.
    """
    chosen = tuple(dict.fromkeys(languages or findings.study.options.languages))
    counted = survey or analyse_survey(findings.study, settings=Settings(city=findings.city))
    drawn = {lang: figures(counted, lang) for lang in chosen}
    sited = {lang: site_figures(findings, lang) for lang in chosen}
    shown = [name for each in (drawn, sited) for name in next(iter(each.values()), {})]
    names = output_names(
        chosen,
        figures=shown,
        statistics_tables=counted.tables,
        synthetic=findings.study.synthetic,
    )
    with output_set(out, names) as staging:
        for name, content in _pages(findings, chosen, counted, drawn, sited).items():
            _write(staging / name, content)
        for name, content in _tables(findings, counted).items():
            _write(staging / name, content)
        _write(staging / "run.json", runinfo.to_json(runinfo.run_info(findings)))
        write_geopackage(findings, staging / "study.gpkg")
    return [out / name for name in names]


def output_names(
    languages: tuple[str, ...],
    *,
    figures: Iterable[str] = (),
    statistics_tables: Iterable[str] = (),
    synthetic: bool = False,
) -> list[str]:
    """Name every file of a run.

    Parameters
    ----------
    languages
        Languages of the pages.
    figures
        Names of the figures that could be drawn.
    statistics_tables
        Names of the tables of the survey that could be made.
    synthetic
        Whether the data are made up, which a note beside the tables says.

    Returns
    -------
    names
        Relative paths with ``/``.
    """
    pages = [report.page_name(lang) for lang in languages]
    pages += [statistics.statistics_name(lang) for lang in languages]
    pictures = [figure_name(figure, lang) for figure in figures for lang in languages]
    drawn = [map_name(kind, lang) for kind in maps.KINDS for lang in languages]
    tabled = [f"tables/{name}.{end}" for name in tables.table_names() for end in ("csv", "json")]
    return [
        "index.html",
        *pages,
        *drawn,
        *pictures,
        *tabled,
        *(f"tables/{survey_table_name(name)}.csv" for name in statistics_tables),
        "tables/columns.csv",
        *([SYNTHETIC_NOTE] if synthetic else []),
        "study.gpkg",
        "run.json",
    ]


def map_name(kind: str, lang: str) -> str:
    """Return the file of a map in a language."""
    return f"{kind}.{lang}.html"


def figure_name(figure: str, lang: str) -> str:
    """Return the file of a figure in a language."""
    return f"figures/{figure}.{lang}.svg"


def write_map(findings: Findings, kind: str, lang: str, out: Path) -> Path:
    """Write one map as a page that opens without a network.

    Parameters
    ----------
    findings
        The findings.
    kind
        ``"readiness"``, ``"coverage"``, ``"gaps"`` or ``"siting"``.
    lang
        ``"fa"`` or ``"en"``.
    out
        The file.

    Returns
    -------
    path
        The same file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    page = maps.map_html(maps.make_map(findings, kind, lang))
    return write_file(out, page.encode())


def _pages(
    findings: Findings,
    languages: tuple[str, ...],
    survey: SurveyFindings,
    drawn: Drawn,
    sited: Drawn,
) -> dict[str, str]:
    pages = {"index.html": report.chooser_page(findings, languages)}
    for lang in languages:
        cards = {}
        for kind in maps.KINDS:
            made = maps.linked(maps.make_map(findings, kind, lang), _links(kind, lang, languages))
            pages[map_name(kind, lang)] = maps.map_html(made)
            cards[kind] = _card(findings, made, kind)
        pages[report.page_name(lang)] = report.council_page(
            findings,
            lang,
            cards,
            languages=languages,
            survey=survey_part(survey, lang, drawn[lang].get(COUNCIL_FIGURE)),
            drawn=sited[lang],
        )
        pages[statistics.statistics_name(lang)] = statistics.statistics_page(
            survey, lang, languages=languages, drawn=drawn[lang]
        )
        for name, figure in {**drawn[lang], **sited[lang]}.items():
            pages[figure_name(name, lang)] = _figure_file(findings, figure, lang)
    return pages


def _figure_file(findings: Findings, figure: Figure, lang: str) -> str:
    """Write a figure that says of itself what it shows, of which city, and whether it is real."""
    study = findings.study
    title = text("common.titled", lang, city=study.name.text(lang), title=figure.title)
    badge = text("common.synthetic", lang) if study.synthetic else ""
    return standalone(figure.wide, title=title, badge=badge)


def _links(kind: str, lang: str, languages: tuple[str, ...]) -> list[Link]:
    """Lead from a map to the council page, to the other maps and to the other language."""
    found = [Link(label=text("map.link.council", lang), href=report.page_name(lang))]
    for each in maps.KINDS:
        href = "" if each == kind else map_name(each, lang)
        found.append(Link(label=text(f"map.link.{each}", lang), href=href))
    return found + [
        Link(label=text("common.language", each), href=map_name(kind, each), lang=each)
        for each in languages
        if each != lang
    ]


def survey_part(survey: SurveyFindings, lang: str, figure: Figure | None) -> report.SurveyPart:
    """Return what the council page says of the survey's statistics.

    Parameters
    ----------
    survey
        The statistics.
    lang
        Language.
    figure
        The figure that stands there; None where it has no answer.

    Returns
    -------
    part
        A few sentences, the figure, and where all of it stands.
    """
    return report.SurveyPart(
        sentences=council_sentences(survey, lang),
        wide=figure.wide if figure else "",
        narrow=figure.narrow if figure else "",
        href=statistics.statistics_name(lang),
    )


def _card(findings: Findings, drawn: OfflineMap, kind: str) -> report.Card:
    sheet = drawn.sheet
    picture, sentence = sheet.picture, sheet.headline
    if kind == "siting" and findings.plans:
        sites = findings.sites
        model = str(covering_model(findings))
        sentence = maps.plan_headline(findings, model, sheet.lang)
        shown = sites[sites["model"] == model].geometry
        picture = district_svg(findings, "covered_share_planned", sheet.lang, sites=shown)
    return report.Card(
        title=sheet.title,
        sentence=sentence,
        picture=picture,
        href=map_name(kind, sheet.lang),
    )


def _tables(findings: Findings, survey: SurveyFindings) -> dict[str, str]:
    written = {}
    for name, frame in tables.tables(findings).items():
        written[f"tables/{name}.csv"] = tables.BYTE_ORDER_MARK + tables.to_csv(frame)
        written[f"tables/{name}.json"] = tables.to_json(frame, name=name, study=findings.study)
    counted = survey_tables(survey)
    for name, frame in counted.items():
        written[f"tables/{name}.csv"] = tables.BYTE_ORDER_MARK + tables.to_csv(frame)
    dictionary = (files("ecity_geo.outputs") / "columns.csv").read_text(encoding="utf-8")
    more = survey_dictionary(counted, confidence=survey.study.options.confidence)
    written["tables/columns.csv"] = tables.BYTE_ORDER_MARK + dictionary + more
    if findings.study.synthetic:
        written[SYNTHETIC_NOTE] = _synthetic_note(findings)
    return written


def _synthetic_note(findings: Findings) -> str:
    """Say in both languages what the CSV files cannot, whose columns are those of any study."""
    study = findings.study
    said = (
        f"{text('common.synthetic_tables', lang, city=study.name.text(lang))}\n"
        f"{study.note.text(lang)}\n"
        for lang in LANGUAGES
    )
    return "\n".join(said)


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", newline="\n")
