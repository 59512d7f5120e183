"""The section ``[siting]`` of the study file: which models, and under which conditions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ecity_geo.errors import Fault
from ecity_geo.inputs.conditions import (
    CONDITIONED,
    GROUPS,
    MIX,
    MODELS,
    POPULATION,
    WEIGHED,
    Conditions,
    SiteKind,
)
from ecity_geo.inputs.sections import Options, StudyConfig
from ecity_geo.inputs.text import nearest
from ecity_geo.inputs.toml import Section

OBJECTIVES = ("coverage", "travel", "price", "fairest")
DECAYS = ("gaussian", "exponential")
_OWN = (
    *("objective", "budget", "floor", "floor_by", "gini", "single_source"),
    *("closing", "people_per_capacity", "kinds"),
)
"""Keys that the model under conditions alone reads."""


def read_siting(section: Section) -> dict[str, Any]:
    """Read how new sites are chosen.

    Parameters
    ----------
    section
        The section ``[siting]``; its faults are noted there.

    Returns
    -------
    options
        The fields of `Options` that it sets.
    """
    default = Options()
    curve = section.whole("curve", 0, least=0)
    models = section.texts("models", default.models, choices=MODELS)
    conditions = _conditions(section)
    options = {
        "p": section.whole("p", default.p, least=1),
        "models": models,
        "time_limit": section.number("time_limit", default.time_limit, above=0),
        "include_planned": section.flag("include_planned", default=default.include_planned),
        "backup": section.number("backup", default.backup, least=0, most=1),
        "decay": section.text("decay", default.decay, choices=DECAYS),
        "curve": curve if "curve" in section else None,
        "need": section.text("need", POPULATION, choices=tuple(MIX)),
        "conditions": conditions,
    }
    _without_their_model(section, models)
    if CONDITIONED in models:
        _without_their_key(section, conditions)
    if options["need"] != POPULATION and not set(models) & set(WEIGHED):
        cure = "Add one of them to 'siting.models', or remove the key."
        section.fault("need", options["need"], f"a model of {', '.join(WEIGHED)}", cure)
    section.close()
    return options


def _conditions(section: Section) -> Conditions:
    kinds = section.section("kinds")
    return Conditions(
        objective=section.text("objective", "coverage", choices=OBJECTIVES),
        budget=_optional(section, "budget", least=0),
        floor=_floor(section),
        floor_by=section.text("floor_by", "district", choices=GROUPS),
        gini=section.number("gini", 1.0, least=0, most=1),
        single_source=section.flag("single_source"),
        closing=_optional(section, "closing"),
        people_per_capacity=_optional(section, "people_per_capacity", above=0),
        kinds={name: _kind(kinds.section(name)) for name in kinds.data},
    )


def _optional(section: Section, key: str, **bounds: float) -> float | None:
    """Take a number that may be left out."""
    value = section.number(key, math.nan, **bounds)
    return None if math.isnan(value) else value


def _floor(section: Section) -> float | dict[str, float]:
    if not isinstance(section.data.get("floor"), dict):
        return section.number("floor", 0.0, least=0, most=1)
    table = section.section("floor")
    return {group: table.number(group, 0.0, least=0, most=1) for group in table.data}


def _kind(section: Section) -> SiteKind:
    kind = SiteKind(
        price=section.number("price", 1.0, least=0),
        capacity=_optional(section, "capacity", above=0),
    )
    section.close()
    return kind


def _without_their_model(section: Section, models: tuple[str, ...]) -> None:
    """Note keys that none of the models would read: they would be ignored in silence."""
    readers = {"backup": "backup_coverage", "decay": "gradual_coverage"}
    readers |= dict.fromkeys(_OWN, CONDITIONED)
    for key, model in readers.items():
        if key in section and model not in models:
            cure = f"Add '{model}' to 'siting.models', or remove the key."
            section.fault(key, section.data[key], f"the model '{model}' that reads it", cure)


def _without_their_key(section: Section, conditions: Conditions) -> None:
    """Note conditions that would bind nothing without another one."""
    given = section.data
    groups = "floor" in section or "gini" in section or conditions.objective == "fairest"
    if "floor_by" in section and not groups:
        cure = "Give 'siting.floor' or 'siting.gini', or remove the key."
        section.fault("floor_by", given["floor_by"], "a floor or a limit of these groups", cure)
    if "gini" in section and conditions.serves_all:
        cure = "Ask for 'coverage' or 'fairest', or remove the key."
        expected = f"an objective that may serve some only; '{conditions.objective}' serves all"
        section.fault("gini", given["gini"], expected, cure)
    if conditions.single_source and "people_per_capacity" not in section:
        cure = "Give 'siting.people_per_capacity', or remove the key."
        section.fault("single_source", True, "capacities, which alone split people", cure)


def floor_faults(
    config: StudyConfig, *, districts: Iterable[object], fabrics: Iterable[object]
) -> list[Fault]:
    """Hold the groups that conditions are about against those of the study.

    Parameters
    ----------
    config
        The study file.
    districts, fabrics
        Ids of the districts, and the fabrics that people live in.

    Returns
    -------
    faults
        One for each group that has a floor and is not there; one where there are none.
    """
    conditions = config.options.conditions
    by = conditions.floor_by
    known = [str(each) for each in (districts if by == "district" else fabrics)]
    if conditions.between_groups and not known:
        return [_no_groups(config, by)]
    faults: list[Fault] = []
    if not isinstance(conditions.floor, dict):
        return faults
    for group in conditions.floor:
        if group in known:
            continue
        close = nearest(group, known, 1)
        faults.append(
            Fault(
                source=config.source,
                where="[siting.floor]",
                field=group,
                found=f"a floor for a {by} that is not there",
                expected=f"one of {', '.join(map(repr, known[:20]))}",
                cure=f"Did you mean {close[0]!r}?" if close else "Correct it, or set floor_by.",
            )
        )
    return faults


def _no_groups(config: StudyConfig, by: str) -> Fault:
    return Fault(
        source=config.source,
        where="[siting]",
        field="floor_by",
        found=f'"{by}"',
        expected=f"people who live in a {by}; nobody's is known",
        cure="Give 'fabric' of [boundaries] or [fabric], or set floor_by to \"district\".",
    )
