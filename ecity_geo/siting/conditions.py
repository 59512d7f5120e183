"""What is asked of a plan under conditions, checked and turned into numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.given import is_number, shown, types_differ
from ecity_geo.siting.arguments import by_id, check_number, check_standard
from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model, Sites
from ecity_geo.siting.question import Question

OBJECTIVES = (COVERAGE, TRAVEL, PRICE, FAIREST)


def check(
    objective: str, standard: float | None, p: int | None, budget: float, gini: float
) -> None:
    """Refuse what cannot be asked, whatever the sites are."""
    if objective not in OBJECTIVES:
        raise AnalysisError(
            f"There is no objective {objective!r}. Take one of {', '.join(OBJECTIVES)}."
        )
    if not is_number(budget) or not budget > -math.inf:
        raise AnalysisError(
            f"The budget must be a number, not {budget!r}. Leave it out for no limit."
        )
    if objective in (COVERAGE, FAIREST):
        if standard is None:
            raise AnalysisError(
                f"{objective!r} is about people served within a standard, and there is none. "
                "Give the standard."
            )
        if p is None and budget == math.inf:
            raise AnalysisError(
                "Without p and without a budget every site would be opened. Give one of them."
            )
    if standard is not None:
        check_standard(standard)
    if p is not None:
        check_number(p, least=0)
    if not is_number(gini) or not 0 <= gini <= 1:
        raise AnalysisError(
            f"A Gini coefficient is between 0 and 1, not {gini!r}. Leave it out for no limit."
        )


def pose(
    question: Question,
    table: pd.DataFrame,
    objective: str,
    p: int | None,
    budget: float,
    groups: pd.Series | None,
    floors: float | Mapping[Any, float],
) -> tuple[Model, Integers, list[object]]:
    """Turn the question into numbers: rows with people only."""
    lives = np.flatnonzero(question.people > 0)
    place = np.full(len(question.people), -1)
    place[lives] = np.arange(len(lives))
    pair = place[question.row] >= 0
    code, names = _groups(groups, question.demand[lives], objective)
    model = Model(
        row=place[question.row[pair]],
        column=question.column[pair],
        cost=question.cost[pair],
        people=question.people[lives],
        sites=Sites(
            standing=table["standing"].to_numpy(dtype=bool),
            closable=(table["closable"] & table["standing"]).to_numpy(dtype=bool),
            price=table["price"].to_numpy(dtype=float),
            capacity=table["capacity"].to_numpy(dtype=float),
            place=table["place"].to_numpy(dtype=np.int64),
        ),
        objective=objective,
        p=p,
        budget=budget,
        group=code,
        floor=_floor(floors, names, grouped=groups is not None),
        served=objective in (TRAVEL, PRICE),
    )
    return model, lives, names


def _groups(
    groups: pd.Series | None, demand: pd.Index, objective: str
) -> tuple[Integers, list[object]]:
    """Give the groups numbers, and keep each name as it was given."""
    if groups is None:
        if objective == FAIREST:
            raise AnalysisError(
                "'fairest' is between groups, and there are none. "
                "Give the group of each demand point."
            )
        return np.full(len(demand), -1), []
    groups = by_id(groups, "The table of groups", "demand")
    code, names = pd.factorize(groups.reindex(demand).astype(object))
    if len(demand) and not len(names):
        raise AnalysisError(
            f"No demand with people is in a group.{types_differ(demand, groups.index)} "
            "Index the groups like the demand."
        )
    return np.asarray(code, dtype=np.int64), list(names)


def _floor(floors: object, names: list[object], *, grouped: bool) -> Floats:
    """Return the floor of each group."""
    if isinstance(floors, Mapping):
        known = pd.Index(names, dtype=object)
        unknown = pd.Index([name for name in floors if name not in names], dtype=object)
        if len(unknown):
            raise AnalysisError(
                f"No demand is in {len(unknown)} of the groups that have a floor: "
                f"{shown(unknown)}.{types_differ(unknown, known)} "
                f"The groups are {shown(known) or 'not given'}."
            )
        given = [floors.get(name, 0.0) for name in names]
    else:
        if isinstance(floors, pd.Series):
            raise AnalysisError(
                "Floors are one number or a mapping, not a Series. Give floors.to_dict()."
            )
        if is_number(floors) and floors and not grouped:
            raise AnalysisError(
                "A floor is of groups, and there are none. Give the group of each demand point."
            )
        given = [floors] * max(len(names), 1)
    wrong = [value for value in given if not is_number(value) or not 0 <= value <= 1]
    if wrong:
        raise AnalysisError(
            f"A floor is a share of the people, between 0 and 1, not {wrong[0]!r}. Correct it."
        )
    return np.array(given[: len(names)], dtype=float)


def refuse_hopeless(model: Model) -> None:
    """Name conditions that no choice of sites can keep."""
    if model.gini < 1 and not len(model.floor):
        raise AnalysisError(
            "A Gini coefficient is between groups, and there are none. "
            "Give the group of each demand point."
        )
    free = int((~model.sites.standing).sum())
    if model.p is not None and model.p > free:
        raise AnalysisError(
            f"p = {model.p} new sites are asked for, of fewer candidates ({free}). "
            "Lower p, or give more candidates."
        )
    room = float(model.sites.capacity.sum())
    if model.served and room < model.people.sum():
        raise AnalysisError(
            f"All sites together have room for {room:,.10g} people, and there are "
            f"{model.people.sum():,.10g}: {model.people.sum() - room:,.10g} too many. "
            "Raise the capacities, give more sites, or ask for coverage."
        )
