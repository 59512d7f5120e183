"""What popups and the tables under the maps say: pairs of label and value, as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.outputs.cluster_view import cluster_words
from ecity_geo.outputs.text import (
    has_text,
    interval,
    isolate,
    localise_digits,
    number,
    percent,
    text,
)
from ecity_geo.outputs.views import known, plain, readiness_measures, readiness_texts
from ecity_geo.study import Study

Pair = tuple[str, str]
Show = Callable[[Findings, pd.Series, str], str]
FOREMOST = 25
"""So many sites of a model are told apart; a hundred numbers say nothing to a council."""


def place_name(row: pd.Series, lang: str) -> str:
    """Name a district or place in a language, in the other where it is missing, or by its id.

    Parameters
    ----------
    row
        With `name_fa` and `name_en`; its name is the id.
    lang
        Language.

    Returns
    -------
    name
        Without controls of direction.
    """
    order = ("name_fa", "name_en") if lang == "fa" else ("name_en", "name_fa")
    for column in order:
        name = row.get(column)
        if isinstance(name, str) and name.strip():
            return isolate(_in_script(name.strip(), lang), lang)
    return isolate(str(row.name), lang)


def _in_script(name: str, lang: str) -> str:
    """Give a name in Persian letters Persian digits; one with Latin letters stays as it is."""
    letters = [letter for letter in name if letter.isalpha()]
    foreign = not letters or any(letter.isascii() for letter in letters)
    return name if foreign else localise_digits(name, lang)


def district_names(findings: Findings, lang: str) -> list[str]:
    """Return the districts' names, in their order."""
    return [place_name(row, lang) for _, row in findings.districts.iterrows()]


def short_names(names: Sequence[str]) -> list[str]:
    """Shorten names for a narrow map by the words that all begin with.

    Parameters
    ----------
    names
        Names of the districts.

    Returns
    -------
    shorts
        ``"1"`` and ``"2"`` for ``"District 1"`` and ``"District 2"``; the names themselves where
        nothing would be left, or two would be the same.
    """
    words = [name.split() for name in names]
    shared = 0
    while len(names) > 1 and all(len(each) > shared + 1 for each in words):
        if len({each[shared] for each in words}) > 1:
            break
        shared += 1
    shorts = [" ".join(each[shared:]) for each in words]
    return shorts if len(set(shorts)) == len(set(names)) else list(names)


def fabric_label(study: Study, fabric: Any, lang: str) -> str:
    """Call a fabric by its label, or by its own word where it has none."""
    if not isinstance(fabric, str) or not fabric:
        return text("common.no_data", lang)
    label = study.options.fabric_labels.get(fabric)
    if label is not None and label.text(lang):
        return isolate(label.text(lang), lang)
    key = f"common.fabric.{fabric}"
    return text(key, lang) if has_text(key, lang) else isolate(fabric, lang)


def type_label(study: Study, kind: Any, lang: str) -> str:
    """Call a type of service by its label, or by its own word where it has none."""
    label = study.options.type_labels.get(str(kind))
    if label is not None and label.text(lang):
        return isolate(label.text(lang), lang)
    return isolate(str(kind).replace("_", " "), lang)


def model_label(model: str, lang: str) -> str:
    """Call a location model by its name."""
    return text(f"common.model.{model}", lang)


def new_sites(count: int, lang: str) -> str:
    """Count new sites in words."""
    if count == 1:
        return text("common.new_site", lang)
    return text("common.new_sites", lang, count=number(count, lang))


def within(study: Study, lang: str) -> str:
    """Write the service standard, to stand after "within"."""
    options = study.options
    return text(f"common.within.{options.unit}", lang, standard=plain(options.standard, lang))


def cost_text(cost: float, study: Study, lang: str) -> str:
    """Write a travel cost with its unit, or that there is none."""
    if pd.isna(cost) or not np.isfinite(cost):
        return text("common.no_data", lang)
    unit = study.options.unit
    return f"{number(cost, lang, 1 if unit == 'min' else 0)} {text(f'common.unit.{unit}', lang)}"


def readiness_rows(findings: Findings, lang: str) -> list[list[Pair]]:
    """Rows of each district on the readiness map: every construct with its interval, and n."""
    instrument = findings.study.instrument
    labels = {each.id: isolate(each.label.text(lang), lang) for each in instrument.constructs}
    columns = [
        (
            labels.get(measure) or text("popup.readiness", lang),
            readiness_texts(findings, measure, lang),
        )
        for measure in readiness_measures(findings).values()
    ]
    rows = []
    for position, (_, district) in enumerate(findings.districts.iterrows()):
        n = district["readiness_n"]
        suppressed = pd.isna(n)
        count = text("popup.too_few", lang) if suppressed else number(n, lang)
        # One reason says it all where the whole district is suppressed; an empty text keeps
        # the place of its column in the table, and is left out of the popup.
        silent = bool(district["readiness_reason"])
        rows.append(
            [
                *(
                    (label, "" if silent and place else texts[position])
                    for place, (label, texts) in enumerate(columns)
                ),
                (text("popup.respondents", lang), count),
                *_about(findings.study, district, lang),
            ]
        )
    return rows


def coverage_rows(findings: Findings, lang: str) -> list[list[Pair]]:
    """Rows of each district on the coverage map."""
    study, told = findings.study, cluster_words(findings, lang)
    return [
        [
            (text("popup.covered_share", lang), known(row["covered_share"], lang, percent)),
            (text("popup.people_uncovered", lang), number(row["people_uncovered"], lang)),
            (text("popup.mean_cost", lang), cost_text(row["mean_cost"], study, lang)),
            (text("popup.services", lang), number(row["services_open"], lang)),
            (text("popup.services_planned", lang), number(row["services_planned"], lang)),
            (
                text("popup.services_per_10k", lang),
                known(row["services_per_10k"], lang, _two_decimals),
            ),
            *((text("popup.cluster", lang), words) for words in told[at : at + 1]),
            *_about(study, row, lang),
        ]
        for at, (_, row) in enumerate(findings.districts.iterrows())
    ]


def gap_rows(findings: Findings, lang: str) -> list[list[Pair]]:
    """Rows of each district on the map of gaps."""
    study = findings.study
    overall = readiness_texts(findings, "overall", lang)
    return [
        [
            (text("popup.gap_class", lang), text(f"common.gap.{row['gap_class']}", lang)),
            (text("popup.gap_index", lang), known(row["gap_index"], lang, _two_decimals)),
            (text("popup.readiness", lang), overall[position]),
            (text("popup.covered_share", lang), known(row["covered_share"], lang, percent)),
            (text("popup.people_uncovered", lang), number(row["people_uncovered"], lang)),
            (text("popup.rank", lang), _rank(findings, str(row.name), lang)),
            *_about(study, row, lang),
        ]
        for position, (_, row) in enumerate(findings.districts.iterrows())
    ]


def siting_rows(findings: Findings, after: dict[str, pd.Series], lang: str) -> list[list[Pair]]:
    """Rows of each district on the siting map.

    Parameters
    ----------
    findings
        The findings.
    after
        Per model the covered share of each district once its sites stand.
    lang
        Language.

    Returns
    -------
    rows
        Per district, pairs of label and value.
    """
    rows = []
    for identifier, row in findings.districts.iterrows():
        pairs = [(text("popup.before", lang), known(row["covered_share"], lang, percent))]
        pairs.append((text("popup.people_uncovered", lang), number(row["people_uncovered"], lang)))
        for model, shares in after.items():
            label = text("popup.after", lang, model=model_label(model, lang))
            pairs.append((label, known(shares.loc[str(identifier)], lang, percent)))
        rows.append([*pairs, *_about(findings.study, row, lang)])
    return rows


def service_mark(findings: Findings, row: pd.Series, shape: str, lang: str) -> dict[str, Any]:
    """Describe one service: its symbol and what its popup says."""
    study = findings.study
    rows = [
        (text("popup.type", lang), type_label(study, row["type"], lang)),
        (text("popup.status", lang), text(f"common.status.{row['status']}", lang)),
    ]
    if pd.notna(row["capacity"]):
        rows.append((text("popup.capacity", lang), number(row["capacity"], lang)))
    label = text("popup.people_within", lang, standard=within(study, lang))
    rows.append((label, number(row["people_within"], lang)))
    if row["status"] == "open":
        rows.append((text("popup.people_nearest", lang), number(row["people_nearest"], lang)))
    return {
        "name": place_name(row, lang),
        "shape": shape,
        "open": row["status"] == "open",
        "rows": rows,
    }


def site_mark(findings: Findings, row: pd.Series, lang: str) -> dict[str, Any]:
    """Describe one new site: its number, what its popup says, and whether it is but a dot."""
    order = number(row["order"], lang)
    named = row.rename(str(row["site_id"]))
    rows = [*site_rows(findings, row, lang)]
    district = row["district_id"]
    inside = isinstance(district, str) and district in findings.districts.index
    name = place_name(findings.districts.loc[district], lang) if inside else ""
    rows.append((text("popup.district", lang), name))
    rows.append((text("popup.fabric", lang), fabric_label(findings.study, row["fabric"], lang)))
    has_name = any(isinstance(row[c], str) and row[c].strip() for c in ("name_fa", "name_en"))
    title = text("popup.new_site", lang, order=order)
    return {
        "name": f"{title}: {place_name(named, lang)}" if has_name else title,
        "text": order,
        "rows": rows,
        **({"minor": True} if row["order"] > FOREMOST else {}),
    }


def site_rows(findings: Findings, row: pd.Series, lang: str) -> list[Pair]:
    """Say what one new site brings, in the terms of its model."""
    return [
        (text(f"popup.{key}", lang, **_UNITS.get(key, _no_unit)(findings.study, lang)),
         _SITE_VALUES[key](findings, row, lang))
        for key in site_keys(findings, str(row["model"]))
    ]  # fmt: skip


def site_keys(findings: Findings, model: str) -> tuple[str, ...]:
    """Name what is said of each new site of a model: first what the model is after."""
    kinds = ("kind",) if findings.study.options.conditions.kinds else ()
    first = {
        "mclp": ("added", "cumulative"),
        "lscp": ("added", "cumulative"),
        "p_median": ("saved", "reached"),
        "p_center": ("longest", "reached"),
        "gradual_coverage": ("weighted", "reached"),
        "backup_coverage": ("weighted", "reached"),
        "p_dispersion": ("apart", "reached"),
        "conditioned": (*kinds, "served", "reached"),
    }
    return (*first[model], "people_nearest", "mean_way")


def _saved(findings: Findings, row: pd.Series, lang: str) -> str:
    population = float(findings.city["population"])
    return known(row["added"] / population if population else np.nan, lang, _two_decimals)


def _people(column: str) -> Show:
    return lambda findings, row, lang: number(row[column], lang)


def _cost(column: str) -> Show:
    return lambda findings, row, lang: cost_text(row[column], findings.study, lang)


def _about(study: Study, district: pd.Series, lang: str) -> list[Pair]:
    return [
        (text("popup.population", lang), number(district["population"], lang)),
        (text("popup.main_fabric", lang), fabric_label(study, district["fabric"], lang)),
    ]


def _rank(findings: Findings, district: str, lang: str) -> str:
    row = findings.ranking.table.loc[[district], ["rank", "rank_low", "rank_high"]]
    rank, low, high = row.to_numpy(dtype=float, na_value=np.nan)[0].tolist()
    if np.isnan(rank):
        return text("common.no_data", lang)
    spread = interval(low, high, lang)
    return text("popup.estimate", lang, value=number(rank, lang), interval=spread)


def _two_decimals(value: float, lang: str) -> str:
    return number(value, lang, 2)


def _no_unit(study: Study, lang: str) -> dict[str, str]:
    return {}


def _unit(study: Study, lang: str) -> dict[str, str]:
    return {"unit": text(f"common.unit.{study.options.unit}", lang)}


def _standard(study: Study, lang: str) -> dict[str, str]:
    return {"standard": within(study, lang)}


# What stands in a label, and how a value is written.
_UNITS = {"saved": _unit, "reached": _standard}
_SITE_VALUES: dict[str, Show] = {
    "added": _people("added"),
    "cumulative": _people("cumulative"),
    "saved": _saved,
    "reached": _people("reached"),
    "longest": _cost("cumulative"),
    "weighted": _people("added"),
    "apart": _cost("cumulative"),
    "served": _people("added"),
    "kind": lambda findings, row, lang: type_label(findings.study, row["kind"], lang),
    "people_nearest": _people("nearest"),
    "mean_way": _cost("mean_cost"),
}
