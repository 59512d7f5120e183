"""Conditions that no choice of sites keeps at any price: who is concerned, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.given import enough, shown
from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.program import COVERAGE, Model
from ecity_geo.siting.question import Question
from ecity_geo.siting.reach import out_of_reach
from ecity_geo.siting.relief import Relief

_ROUNDING = 1e-9


def refuse_crowded(model: Model, sites: pd.Index) -> None:
    """Refuse standing sites at one place of which none may be closed."""
    kept = np.flatnonzero(model.sites.standing & ~model.sites.closable)
    count = np.bincount(model.sites.place[kept], minlength=model.n_sites)
    crowded = kept[count[model.sites.place[kept]] > 1]
    if len(crowded):
        raise AnalysisError(
            f"Some sites stand at one place, where at most one is open, and may not be closed: "
            f"{shown(sites[crowded])}. Correct their `place`, or make them `closable`."
        )


def refuse_out_of_reach(
    model: Model, wide: Callable[[], Question], standard: float | None, unit: str
) -> None:
    """Name the demand that must be served and that no site reaches."""
    reached = np.zeros(len(model.people), dtype=bool)
    reached[model.row] = True
    if not model.served or reached.all():
        return
    question = wide()
    far, facts = out_of_reach(question, np.inf if standard is None else standard, unit)
    if standard is not None and far.any():
        raise AnalysisError(
            f"{facts.told} Nobody may be left out here: widen the standard, or leave them out."
        )
    _, cost = question.nearest(np.arange(len(question.facilities)))
    missed = np.isinf(cost) & (question.people > 0)
    raise AnalysisError(
        f"{int(missed.sum())} demand points ({question.people[missed].sum():,.10g} people) are "
        f"within reach of no site: {shown(question.demand[missed])}. Build the costs with a larger "
        "cutoff, give more sites, or leave them out."
    )


def too_full(model: Model, demand: pd.Index) -> str:
    """Name the demand whose sites have too little room for it together.

    These are the demand of a smallest cut: what its dual values tell from the rest.
    """
    if not model.served or not np.isfinite(model.sites.capacity).any():
        return ""
    relief = Relief(replace(model, objective=COVERAGE, served=False))
    best = relief.transport(np.ones(model.n_sites, dtype=bool))
    people = float(model.people.sum())
    if best is None or best.cost <= 1e-7 * people:
        return ""
    rows = np.flatnonzero(best.worth > 0.5)
    sites = np.unique(model.column[np.isin(model.row, rows)])
    room = float(model.sites.capacity[sites].sum())
    few = float(model.people[rows].sum())
    return (
        f"{len(rows)} demand points ({few:,.10g} people: {shown(demand[rows])}) reach sites with "
        f"room for {room:,.10g} in all ({len(sites)} sites): {few - room:,.10g} places are "
        "missing. Raise their capacities, give more sites near, or widen the standard."
    )


def floors_out_of_reach(
    model: Model,
    names: list[object],
    wide: Callable[[], Question],
    unit: str,
) -> str:
    """Name groups that all sites serve to less than their floor, and what standard would do."""
    if not model.floor.any() or model.served:
        return ""
    reached = np.zeros(len(model.people), dtype=bool)
    reached[model.row] = True
    totals = model.totals
    known = (model.group >= 0) & reached
    share = np.bincount(model.group[known], model.people[known], len(names)) / totals
    short = np.flatnonzero(share < model.floor - _ROUNDING)
    if not len(short):
        return ""
    question = wide()
    lives = question.people > 0
    _, cost = question.nearest(np.arange(len(question.facilities)))
    cost, people = cost[lives], question.people[lives]
    told = [
        f"{names[at]!r} ({share[at]:.3g} of {model.floor[at]:g}"
        f"{_standard(cost, people, model.group == at, float(model.floor[at]), unit)})"
        for at in short
    ]
    return (
        f" With all sites open the floors are out of reach of {len(short)} groups: "
        f"{', '.join(told[:10])}. Lower these floors, widen the standard, or give more sites."
    )


def _standard(cost: Floats, people: Floats, mine: Flags, floor: float, unit: str) -> str:
    """Say the smallest standard at which enough of a group is within reach."""
    order = np.argsort(cost[mine], kind="stable")
    share = np.cumsum(people[mine][order]) / people[mine].sum()
    reached = np.flatnonzero(share >= floor - _ROUNDING)
    needed = float(cost[mine][order][reached[0]])
    return f"; a standard of {enough(needed)} {unit} would do" if np.isfinite(needed) else ""
