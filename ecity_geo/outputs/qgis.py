"""Styles for QGIS (QML), with the same classes and colours as the maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree as ET

from ecity_geo.findings import Findings
from ecity_geo.outputs import palette
from ecity_geo.outputs.people import BY_SITES, COVER_COLOURS, COVERED, UNCOVERED
from ecity_geo.outputs.text import has_text, number, percent, text
from ecity_geo.outputs.views import READINESS, SHARE_BREAKS, readiness_breaks

INK, PAPER = "#16222e", "#ffffff"

_FABRIC_COLOURS = ("#8da7be", "#c9a227", "#7a9e7e", "#c06a5a", "#9a86a4", "#b8b2a7")
# Colour and shape of the new sites of each model.
_SITES = {
    "mclp": (COVER_COLOURS[BY_SITES], "circle"),
    "p_median": ("#5b3f8c", "diamond"),
    "p_center": ("#b5482a", "triangle"),
    "lscp": ("#4f86b8", "square"),
    "gradual_coverage": ("#7a9e2e", "pentagon"),
    "backup_coverage": ("#0b5c6b", "hexagon"),
    "p_dispersion": ("#8a6d1f", "star"),
    "conditioned": ("#6b2455", "octagon"),
}
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A named style of one layer.

    Parameters
    ----------
    layer
        Layer that it is for.
    name
        Its name in QGIS.
    qml
        The style.
    default
        Whether QGIS opens the layer with it.
    """

    layer: str
    name: str
    qml: str
    default: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a legend: what it shows, and how.

    Parameters
    ----------
    filter
        QGIS expression; never made of a user's text.
    label
        Text of the legend.
    symbol
        Properties of the symbol; ``kind`` is ``"fill"`` or ``"marker"``.
    """

    filter: str
    label: str
    symbol: dict[str, str]


def styles(findings: Findings, lang: str) -> list[Style]:
    """Make the styles of all layers of ``study.gpkg``.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language of the legends.

    Returns
    -------
    styles
        Districts have three: readiness (the default), coverage, and gaps.
    """
    breaks = readiness_breaks(findings, [READINESS])
    digits = palette.decimals_of(breaks)
    readiness = [number(each, lang, digits) for each in breaks]
    shares = [percent(each, lang) for each in SHARE_BREAKS]
    name = f"name_{lang}"
    classes = {
        "readiness": _classes("readiness", breaks, readiness, lang),
        "coverage": _classes("covered_share", SHARE_BREAKS, shares, lang),
        "gaps": _gaps(lang),
    }
    made = [
        Style(layer="districts", name=key, qml=qml(rules, label=name), default=key == "readiness")
        for key, rules in classes.items()
    ]
    fabrics = [str(fabric) for fabric in findings.fabrics.index]
    return [
        *made,
        Style(layer="fabrics", name="fabric", qml=_fabric_qml(findings, fabrics, lang)),
        Style(layer="demand", name="coverage", qml=qml(_demand(lang))),
        Style(layer="services", name="status", qml=qml(_services(lang))),
        Style(layer="candidates", name="candidates", qml=qml(_candidates(lang))),
        Style(layer="catchments", name="catchments", qml=qml(_catchments(findings, lang))),
        Style(layer="sites", name="sites", qml=qml(_sites(findings, lang), label="order")),
    ]


def qml(rules: Iterable[Rule], *, label: str = "") -> str:
    """Write rules as a QGIS style.

    Parameters
    ----------
    rules
        The lines of the legend, in order.
    label
        Field that labels the features; empty for none.

    Returns
    -------
    qml
        The style as XML.
    """
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology|Labeling")
    root.set("labelsEnabled", "1" if label else "0")
    renderer = ET.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0")
    listed = ET.SubElement(renderer, "rules", key="{0}")
    symbols = ET.SubElement(renderer, "symbols")
    for at, rule in enumerate(rules):
        key = {"key": f"{{{at + 1}}}", "symbol": str(at), "label": rule.label}
        ET.SubElement(listed, "rule", {**key, "filter": rule.filter})
        _symbol(symbols, str(at), rule.symbol)
    if label:
        _labelling(root, label)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _fabric_qml(findings: Findings, fabrics: list[str], lang: str) -> str:
    """Colour by category, not by rule: a fabric's name must not stand in an expression."""
    root = ET.Element("qgis", version="3.28.0", styleCategories="Symbology", labelsEnabled="0")
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol", attr="fabric")
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    labels = findings.study.options.fabric_labels
    for at, fabric in enumerate(fabrics):
        key = f"common.fabric.{fabric}"
        known = text(key, lang) if has_text(key, lang) else fabric
        label = labels[fabric].text(lang) if fabric in labels else known
        value = {"value": fabric, "type": "string", "symbol": str(at), "label": label}
        ET.SubElement(categories, "category", {**value, "render": "true"})
        _symbol(symbols, str(at), _fill(_FABRIC_COLOURS[at % len(_FABRIC_COLOURS)]))
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _classes(field: str, breaks: tuple[float, ...], shown: list[str], lang: str) -> list[Rule]:
    rules = []
    for at, (low, high) in enumerate(pairwise(breaks)):
        last = at == len(breaks) - 2
        upper = "<=" if last else "<"
        rules.append(
            Rule(
                filter=f'"{field}" >= {low!r} AND "{field}" {upper} {high!r}',
                label=text("common.interval", lang, low=shown[at], high=shown[at + 1]),
                symbol=_fill(palette.colours(len(breaks) - 1)[at]),
            )
        )
    missing = {**_fill(palette.NO_DATA), "outline_style": "dash"}
    return [*rules, Rule(filter="ELSE", label=text("common.no_data", lang), symbol=missing)]


def _gaps(lang: str) -> list[Rule]:
    rules = [
        Rule(
            filter=f"\"gap_class\" = '{name}'",
            label=text(f"common.gap.{name}", lang),
            symbol=_fill(colour),
        )
        for name, colour in palette.GAP_COLOURS.items()
    ]
    missing = {**_fill(palette.NO_DATA), "outline_style": "dash"}
    return [*rules, Rule(filter="ELSE", label=text("common.gap.unknown", lang), symbol=missing)]


def _demand(lang: str) -> list[Rule]:
    return [
        Rule(filter=expression, label=text(f"common.demand.{name}", lang), symbol=_dot(colour))
        for name, expression, colour in (
            ("covered", '"covered"', COVER_COLOURS[COVERED]),
            ("added", 'NOT "covered" AND "covered_planned"', COVER_COLOURS[BY_SITES]),
            ("uncovered", "ELSE", COVER_COLOURS[UNCOVERED]),
        )
    ]


def _services(lang: str) -> list[Rule]:
    is_open = {**_dot(INK, size="2.8"), "outline_color": _rgb(PAPER)}
    planned = {**_dot(PAPER, size="2.8"), "outline_color": _rgb(INK), "outline_width": "0.5"}
    return [
        Rule(filter="\"status\" = 'open'", label=text("common.status.open", lang), symbol=is_open),
        Rule(filter="ELSE", label=text("common.status.planned", lang), symbol=planned),
    ]


def _candidates(lang: str) -> list[Rule]:
    symbol = {**_dot("#8a949c", size="1.6"), "name": "cross2", "outline_color": _rgb("#8a949c")}
    return [Rule(filter="TRUE", label=text("common.candidates", lang), symbol=symbol)]


def _catchments(findings: Findings, lang: str) -> list[Rule]:
    return [
        Rule(
            filter=f"\"model\" = '{model}'",
            label=text(f"common.model.{model}", lang),
            symbol={
                **_fill(PAPER),
                "style": "no",
                "outline_color": _rgb(_SITES[model][0]),
                "outline_width": "0.6",
            },
        )
        for model in findings.plans
    ]


def _sites(findings: Findings, lang: str) -> list[Rule]:
    return [
        Rule(
            filter=f"\"model\" = '{model}'",
            label=text(f"common.model.{model}", lang),
            symbol={**_dot(_SITES[model][0], size="4.5"), "name": _SITES[model][1]},
        )
        for model in findings.plans
    ]


def _fill(colour: str) -> dict[str, str]:
    return {
        "kind": "fill",
        "color": _rgb(colour),
        "style": "solid",
        "outline_color": _rgb(INK),
        "outline_style": "solid",
        "outline_width": "0.26",
    }


def _dot(colour: str, *, size: str = "1.2") -> dict[str, str]:
    return {
        "kind": "marker",
        "name": "circle",
        "color": _rgb(colour),
        "outline_color": _rgb(PAPER),
        "outline_width": "0.1",
        "size": size,
    }


def _rgb(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _symbol(parent: ET.Element, name: str, properties: dict[str, str]) -> None:
    kind = properties["kind"]
    symbol = ET.SubElement(parent, "symbol", name=name, type=kind, alpha="1", clip_to_extent="1")
    drawing = "SimpleFill" if kind == "fill" else "SimpleMarker"
    layer = ET.SubElement(
        symbol, "layer", {"class": drawing, "pass": "0", "locked": "0", "enabled": "1"}
    )
    options = ET.SubElement(layer, "Option", type="Map")
    for key, value in properties.items():
        if key != "kind":
            # QGIS before 3.26 reads <prop>, later ones read <Option>.
            ET.SubElement(options, "Option", name=key, type="QString", value=value)
            ET.SubElement(layer, "prop", k=key, v=value)


def _labelling(root: ET.Element, field: str) -> None:
    labelling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labelling, "settings", calloutType="simple")
    style = ET.SubElement(settings, "text-style", fieldName=field, isExpression="0")
    style.attrib.update(fontSize="9", fontSizeUnit="Point", textColor=_rgb(INK), textOpacity="1")
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferColor": _rgb(PAPER)}
    ET.SubElement(style, "text-buffer", {**buffer, "bufferSizeUnits": "MM"})
    ET.SubElement(settings, "placement", placement="1")
