"""What the data can bear: rows counted, repairs made, keys matched."""

from __future__ import annotations

from ecity_geo.findings import Findings
from ecity_geo.outputs.brief_sites import figures
from ecity_geo.outputs.grid import Cell, Grid, Kind, columns
from ecity_geo.outputs.reasons import detail_text
from ecity_geo.outputs.runinfo import portable
from ecity_geo.outputs.text import has_text, isolate, localise_digits, number, text


def remarks(findings: Findings, lang: str) -> list[str]:
    """Say in sentences what the data can bear.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    sentences
        CRS, matching, people outside and unreachable, seed.
    """
    study, city = findings.study, figures(findings)
    said = [text("report.quality.crs", lang, crs=f"{study.crs.name} ({study.crs.to_string()})")]
    if len(study.matches):
        exact = int((study.matches["tier"].astype(int) == 0).sum())
        said.append(
            text(
                "report.quality.matches",
                lang,
                exact=number(exact, lang),
                folded=number(len(study.matches) - exact, lang),
            )
        )
    for name, key in (("population_outside", "outside"), ("people_unreachable", "unreachable")):
        if city.get(name, 0) > 0:
            said.append(text(f"report.quality.{key}", lang, people=number(city[name], lang)))
    # A seed is a name, not an amount: no separators.
    said.append(
        text("report.quality.seed", lang, seed=localise_digits(str(study.options.seed), lang))
    )
    return said


def tally_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate the rows of each file."""
    counts = ("read", "matched", "unmatched", "rejected")
    rows = tuple(
        (
            Cell(text=_role(tally.role, lang)),
            Cell(text=isolate(portable(tally.source), lang), ltr=True),
            *(Cell(text=number(getattr(tally, count), lang)) for count in counts),
        )
        for tally in findings.study.tallies
    )
    kinds: dict[str, Kind] = {"role": "name", "file": "text", **dict.fromkeys(counts, "number")}
    return Grid(caption=text("report.quality.rows", lang), columns=columns(kinds, lang), rows=rows)


def repair_grid(findings: Findings, lang: str) -> Grid:
    """Tabulate what was mended."""
    rows = tuple(
        (
            Cell(text=_repair(repair.kind, lang)),
            Cell(text=number(repair.count, lang)),
            Cell(text=isolate(portable(repair.source), lang), ltr=True),
            Cell(text=isolate(detail_text(repair.detail, lang), lang), ltr=lang == "en"),
        )
        for repair in findings.study.repairs
    )
    kinds: dict[str, Kind] = {"repair": "name", "count": "number", "file": "text", "detail": "text"}
    return Grid(
        caption=text("report.quality.repairs", lang), columns=columns(kinds, lang), rows=rows
    )


def _role(role: str, lang: str) -> str:
    key = f"report.role.{role}"
    return text(key, lang) if has_text(key, lang) else role


def _repair(kind: str, lang: str) -> str:
    key = f"report.repair.{kind}"
    return text(key, lang) if has_text(key, lang) else kind.replace("_", " ")
