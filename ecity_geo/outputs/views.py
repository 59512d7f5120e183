"""Views of the districts: a colour per district, what is said of it, and the legend."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.indicators.gaps import CLASSES
from ecity_geo.outputs import palette
from ecity_geo.outputs.sheet import Item, Legend, View
from ecity_geo.outputs.text import interval, number, percent, reason, text

SHARE_BREAKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
READINESS = "readiness"

Show = Callable[[float], str]


def district_view(findings: Findings, measure: str, lang: str) -> View:
    """Prepare the view of one measure.

    Parameters
    ----------
    findings
        The findings.
    measure
        ``"readiness"``, ``"readiness_<construct>"``, ``"covered_share"``,
        ``"covered_share_planned"``, ``"gap_class"``, ``"gap_index"`` or ``"score"``.
    lang
        Language.

    Returns
    -------
    view
        A colour and a text per district, in the order of `findings.districts`.

    Raises
    ------
    ValueError
        If there is no such measure.
    """
    if measure in readiness_measures(findings):
        return _readiness_view(findings, measure, lang)
    if measure in ("covered_share", "covered_share_planned"):
        return _share_view(findings, measure, lang)
    if measure == "gap_class":
        return _gap_class_view(findings, lang)
    if measure in ("gap_index", "score"):
        return _index_view(findings, measure, lang)
    others = ("covered_share", "covered_share_planned", "gap_class", "gap_index", "score")
    measures = ", ".join([*readiness_measures(findings), *others])
    raise ValueError(f"no measure {measure!r}; there are {measures}")


def readiness_measures(findings: Findings) -> dict[str, str]:
    """Map each readiness column of the districts to its measure in the readiness table."""
    constructs = [construct.id for construct in findings.study.instrument.constructs]
    return {READINESS: "overall", **{f"{READINESS}_{each}": each for each in constructs}}


def readiness_breaks(findings: Findings, columns: list[str]) -> tuple[float, ...]:
    """Find the classes that the readiness columns of the districts share.

    Parameters
    ----------
    findings
        The findings.
    columns
        Of `findings.districts`.

    Returns
    -------
    breaks
        Round borders on the scale, as no mean lies past its ends; empty without a mean.
    """
    instrument = findings.study.instrument
    breaks = palette.round_breaks(findings.districts[columns].to_numpy(dtype=float).ravel())
    return palette.keep_within(breaks, float(instrument.scale_min), float(instrument.scale_max))


def readiness_texts(findings: Findings, measure: str, lang: str) -> list[str]:
    """Write each district's mean with its interval, or why there is none.

    Parameters
    ----------
    findings
        The findings.
    measure
        ``"overall"`` or a construct.
    lang
        Language.

    Returns
    -------
    texts
        In the order of `findings.districts`.
    """
    table = findings.readiness
    kind = "overall" if measure == "overall" else "construct"
    chosen = table[
        (table["level"] == "district") & (table["kind"] == kind) & (table["measure"] == measure)
    ].set_index("unit_id")
    min_count = findings.study.options.min_count
    texts = []
    for _, row in chosen.reindex(findings.districts.index).iterrows():
        if pd.isna(row["mean"]):
            why = row["reason"] if isinstance(row["reason"], str) else ""
            known = reason(why, lang, min_count=min_count)
            texts.append(known or text("common.no_data", lang))
        else:
            texts.append(estimate(row["mean"], row["low"], row["high"], lang))
    return texts


def estimate(mean: float, low: float, high: float, lang: str) -> str:
    """Write a mean with two decimals and its interval, if it has one."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(mean, lang, 2)
    return text(
        "popup.estimate", lang, value=number(mean, lang, 2), interval=interval(low, high, lang, 2)
    )


def legend_items(
    breaks: tuple[float, ...], colours: tuple[str, ...], lang: str, *, show: Show
) -> list[Item]:
    """Write a legend line for each class, highest first."""
    items = [
        Item(
            label=text("legend.range", lang, low=show(low), high=show(high)),
            kind="area",
            colour=colour,
        )
        for (low, high), colour in zip(palette.ranges(breaks), colours, strict=True)
    ]
    return items[::-1]


def _classed(
    values: pd.Series,
    breaks: tuple[float, ...],
    lang: str,
    *,
    label: str,
    title: str,
    note: str,
    texts: list[str],
    show: Show,
    reverse: bool = False,
    missing: str = "legend.missing",
) -> View:
    colours = palette.colours(max(len(breaks) - 1, 1), reverse=reverse)
    classes = palette.classify(values, breaks)
    fills = tuple(None if each == palette.MISSING else colours[each] for each in classes)
    items = legend_items(breaks, colours, lang, show=show) if breaks else []
    if None in fills:
        items.append(Item(label=text(missing, lang), kind="missing"))
    return View(
        label=label,
        legend=Legend(title=title, items=tuple(items), note=note),
        fills=fills,
        values=tuple(texts),
    )


def _readiness_view(findings: Findings, measure: str, lang: str) -> View:
    instrument = findings.study.instrument
    columns = readiness_measures(findings)
    labels = {construct.id: construct.label.text(lang) for construct in instrument.constructs}
    # The constructs share their classes, because they are there to be compared; their mean
    # spreads less, and would lie in two or three of those classes.
    together = (
        [measure] if measure == READINESS else [each for each in columns if each != READINESS]
    )
    breaks = readiness_breaks(findings, together)
    decimals = palette.decimals_of(breaks)
    return _classed(
        findings.districts[measure],
        breaks,
        lang,
        label=labels.get(columns[measure]) or text("map.view.overall", lang),
        title=text(
            "legend.title.readiness",
            lang,
            low=number(instrument.scale_min, lang),
            high=number(instrument.scale_max, lang),
        ),
        note=text(f"legend.note.{'readiness' if measure == READINESS else 'constructs'}", lang),
        texts=readiness_texts(findings, columns[measure], lang),
        show=lambda value: number(value, lang, decimals),
    )


def _share_view(findings: Findings, measure: str, lang: str) -> View:
    shares = findings.districts[measure]
    return _classed(
        shares,
        SHARE_BREAKS,
        lang,
        label=text("map.view.share", lang),
        title=text(f"legend.title.{measure}", lang),
        note=text("legend.note.share", lang),
        texts=[known(share, lang, percent) for share in shares],
        show=lambda value: percent(value, lang),
        missing="legend.unpeopled",
    )


def _index_view(findings: Findings, measure: str, lang: str) -> View:
    values = findings.districts[measure]
    breaks = palette.round_breaks(values)
    decimals = palette.decimals_of(breaks)
    return _classed(
        values,
        breaks,
        lang,
        label=text("map.view.index" if measure == "gap_index" else "map.view.score", lang),
        title=text(f"legend.title.{measure}", lang),
        note=text(f"legend.note.{measure}", lang),
        texts=[known(value, lang, lambda v, to: number(v, to, 2)) for value in values],
        show=lambda value: number(value, lang, decimals),
        reverse=measure == "gap_index",
    )


def _gap_class_view(findings: Findings, lang: str) -> View:
    options = findings.study.options
    classes = findings.districts["gap_class"]
    people = findings.districts["population"].groupby(classes).sum().reindex(CLASSES).fillna(0)
    whole = max(float(people.sum()), 1e-12)
    items = [
        Item(
            label=text(f"common.gap.{name}", lang),
            kind="missing" if name == "unknown" else "area",
            colour=palette.GAP_COLOURS.get(name, ""),
            amount=percent(people[name] / whole, lang),
        )
        for name in CLASSES
        if name != "unknown" or (classes == "unknown").any()
    ]
    note = text(
        "legend.note.gap_class",
        lang,
        test=plain(options.test_value, lang),
        target=percent(options.coverage_target, lang),
    )
    return View(
        label=text("map.view.class", lang),
        legend=Legend(title=text("legend.title.gap_class", lang), items=tuple(items), note=note),
        fills=tuple(palette.GAP_COLOURS.get(name) for name in classes),
        values=tuple(text(f"common.gap.{name}", lang) for name in classes),
    )


def known(value: float, lang: str, show: Callable[[float, str], str]) -> str:
    """Write a value, or that there is none."""
    return text("common.no_data", lang) if pd.isna(value) else show(value, lang)


def plain(value: float, lang: str) -> str:
    """Write a number with as many decimals as it has, at most two."""
    digits = next((d for d in (0, 1) if np.isclose(value, round(value, d))), 2)
    return number(value, lang, digits)
