"""The conditions of a plan in words: what a council must know to defend or to change it."""

from __future__ import annotations

from collections.abc import Iterator

from ecity_geo.findings import Findings
from ecity_geo.inputs.conditions import SiteKind
from ecity_geo.outputs.brief import names_of
from ecity_geo.outputs.popups import fabric_label, new_sites, type_label
from ecity_geo.outputs.text import Joined, number, percent, text
from ecity_geo.outputs.views import plain


def conditions_said(findings: Findings, lang: str) -> str:
    """Say which conditions the plan of the model ``"conditioned"`` keeps.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    sentence
        Number or price of the sites, their kinds, what closing costs, the least share of each
        group, the limit of inequality and what capacities are enough for.
    """
    parts = [*_price(findings, lang), *_groups(findings, lang), *_capacity(findings, lang)]
    mark = text("common.clause_separator", lang)
    return text("report.conditions.said", lang, conditions=Joined(mark.join(parts)))


def _price(findings: Findings, lang: str) -> Iterator[str]:
    options = findings.study.options
    conditions = options.conditions
    if conditions.budget is not None:
        yield text("report.conditions.budget", lang, price=plain(conditions.budget, lang))
    elif conditions.objective != "price":
        yield new_sites(options.p, lang)
    if conditions.kinds:
        kinds = [_kind(findings, name, kind, lang) for name, kind in conditions.kinds.items()]
        mark = text("common.list_separator", lang)
        yield text("report.conditions.kinds", lang, kinds=Joined(mark.join(kinds)))
    if conditions.closing is not None:
        word = "closing" if conditions.closing >= 0 else "closing_saves"
        price = plain(abs(conditions.closing), lang)
        yield text(f"report.conditions.{word}", lang, price=price)


def _kind(findings: Findings, name: str, kind: SiteKind, lang: str) -> str:
    values = {"kind": type_label(findings.study, name, lang), "price": plain(kind.price, lang)}
    if kind.capacity is None:
        return text("report.conditions.kind", lang, **values)
    return text(
        "report.conditions.kind_capacity", lang, capacity=plain(kind.capacity, lang), **values
    )


def _groups(findings: Findings, lang: str) -> Iterator[str]:
    conditions = findings.study.options.conditions
    by = conditions.floor_by
    if isinstance(conditions.floor, dict):
        mark = text("common.list_separator", lang)
        floors = [
            text(
                "report.conditions.floor_one",
                lang,
                share=percent(share, lang),
                group=_group(findings, group, lang),
            )
            for group, share in conditions.floor.items()
        ]
        yield text("report.conditions.floor_each", lang, floors=Joined(mark.join(floors)))
    elif conditions.floor:
        share = percent(conditions.floor, lang)
        yield text(f"report.conditions.floor_{by}", lang, share=share)
    if conditions.gini < 1:
        yield text(f"report.conditions.gini_{by}", lang, limit=plain(conditions.gini, lang))


def _group(findings: Findings, group: str, lang: str) -> str:
    if findings.study.options.conditions.floor_by == "fabric":
        return fabric_label(findings.study, group, lang)
    return names_of(findings, [group], lang)[0]


def _capacity(findings: Findings, lang: str) -> Iterator[str]:
    people = findings.study.options.conditions.people_per_capacity
    if people is not None:
        yield text("report.conditions.capacity", lang, people=number(people, lang))
