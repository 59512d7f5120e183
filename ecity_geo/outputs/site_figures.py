"""The figures of new sites: what a plan changes for whom, and what each one more brings."""

from __future__ import annotations

import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.outputs.brief_sites import covering_model
from ecity_geo.outputs.change_figure import change_svg
from ecity_geo.outputs.curve_figure import coverage_curve_figure
from ecity_geo.outputs.drawing import NARROW, WIDE
from ecity_geo.outputs.popups import fabric_label, place_name
from ecity_geo.outputs.statistics_figures import Figure
from ecity_geo.outputs.text import text

CHANGE, CURVE = "before-after", "coverage-curve"


def site_figures(findings: Findings, lang: str) -> dict[str, Figure]:
    """Draw what new sites change.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    figures
        By name: ``"before-after"``, of the plan that the shares "with the new sites" belong to,
        and ``"coverage-curve"``, where the study asks for one; none without a plan.
    """
    model = covering_model(findings)
    if model is None:
        return {}
    figures = {CHANGE: _change(findings, model, lang)}
    if findings.curve is not None and findings.curve["share"].notna().all():
        figures[CURVE] = _curve(findings, findings.curve, model, lang)
    return figures


def _change(findings: Findings, model: str, lang: str) -> Figure:
    change = findings.before_after[findings.before_after["model"] == model]
    labels = unit_labels(findings, lang)
    target = findings.study.options.coverage_target
    wide, narrow = (
        change_svg(change, lang=lang, labels=labels, target=target, width=width)
        for width in (WIDE, NARROW)
    )
    title = text("report.change.title", lang)
    return Figure(name=CHANGE, chapter="coverage", wide=wide, narrow=narrow, title=title)


def _curve(findings: Findings, curve: pd.DataFrame, model: str, lang: str) -> Figure:
    """Draw the curve from the services that plans count on, the plan of most people marked."""
    options = findings.study.options
    sites = len(findings.plans[model].sites)
    wide, narrow = (
        coverage_curve_figure(
            curve,
            lang=lang,
            standard=options.standard,
            unit=options.unit,
            chosen=sites if model == "mclp" and sites in curve.index else None,
            width=width,
        )
        for width in (WIDE, NARROW)
    )
    title = text("report.curve.title", lang)
    return Figure(name=CURVE, chapter="sites", wide=wide, narrow=narrow, title=title)


def unit_labels(findings: Findings, lang: str) -> dict[str, str]:
    """Name the city, the districts and the fabrics as `change_svg` asks for them."""
    districts = {
        f"district:{unit}": place_name(row, lang) for unit, row in findings.districts.iterrows()
    }
    fabrics = {
        f"fabric:{fabric}": fabric_label(findings.study, fabric, lang)
        for fabric in findings.fabrics.index
    }
    heads = {level: text(f"report.change.{level}", lang) for level in ("district", "fabric")}
    return {"city:city": findings.study.name.text(lang), **districts, **fabrics, **heads}
