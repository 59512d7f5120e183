"""What is asked of a plan under conditions, checked and turned into numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model, Sites
from ecity_geo.siting.question import Question, shown

OBJECTIVES = (COVERAGE, TRAVEL, PRICE, FAIREST)


def check(
    objective: str, standard: float | None, p: int | None, budget: float, gini: float
) -> None:
    """Refuse what cannot be asked, whatever the sites are."""
    if objective not in OBJECTIVES:
        raise AnalysisError(f"No objective {objective!r}; there are {', '.join(OBJECTIVES)}.")
    if objective in (COVERAGE, FAIREST):
        if standard is None:
            raise AnalysisError(f"{objective!r} needs a standard within which people are served.")
        if p is None and math.isinf(budget):
            raise AnalysisError("Without p and without a budget every site would be opened.")
    if standard is not None and not standard >= 0:
        raise AnalysisError(f"The standard must be a number from 0, not {standard!r}.")
    if p is not None and not (p >= 0 and float(p).is_integer()):
        raise AnalysisError(f"p must be a whole number from 0, not {p!r}.")
    if math.isnan(budget):
        raise AnalysisError(f"The budget must be a number, not {budget!r}.")
    if not 0 <= gini <= 1:
        raise AnalysisError(f"A Gini coefficient is between 0 and 1, not {gini!r}.")


def site_table(sites: pd.DataFrame) -> pd.DataFrame:
    """Fill in what is not given, and check what is."""
    if sites.index.has_duplicates or not len(sites):
        raise AnalysisError("Sites need ids of their own, and there must be one.")
    table = pd.DataFrame(index=sites.index)
    for name in ("standing", "closable"):
        table[name] = _flags(sites[name]) if name in sites else False
    price = _numbers(sites, "price")
    table["price"] = price.fillna((~table["standing"]).astype(float))
    table["capacity"] = _numbers(sites, "capacity").fillna(math.inf)
    place = sites["place"] if "place" in sites else pd.Series(sites.index, index=sites.index)
    table["place"] = pd.factorize(place.astype(object).where(place.notna(), sites.index))[0]
    new = table[~table["standing"]]
    if (new["price"] < 0).any():
        name = new.index[new["price"] < 0][0]
        raise AnalysisError(f"Opening {name!r} has a price below 0; only closing may save.")
    if (table["capacity"] < 0).any() or not np.isfinite(table["price"]).all():
        raise AnalysisError("Capacities must not be negative, and prices must be numbers.")
    return table


def _flags(given: pd.Series) -> pd.Series:
    """Return yes and no; words such as "False" are neither."""
    wrong = [value for value in given if value not in (True, False)]
    if wrong:
        raise AnalysisError(f"{given.name!r} must be True or False, not {wrong[0]!r}.")
    return given.astype(bool)


def _numbers(sites: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of numbers; what is missing, or the whole column, is NaN."""
    if name not in sites:
        return pd.Series(np.nan, index=sites.index)
    try:
        return sites[name].astype(float)
    except (TypeError, ValueError) as problem:
        raise AnalysisError(f"{name!r} of the sites must be numbers: {problem}.") from problem


def pose(
    question: Question,
    table: pd.DataFrame,
    objective: str,
    p: int | None,
    budget: float,
    groups: pd.Series | None,
    floors: float | Mapping[str, float],
) -> tuple[Model, Integers, list[str]]:
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
        floor=_floor(floors, names),
        served=objective in (TRAVEL, PRICE),
    )
    return model, lives, names


def _groups(
    groups: pd.Series | None, demand: pd.Index, objective: str
) -> tuple[Integers, list[str]]:
    if groups is None:
        if objective == FAIREST:
            raise AnalysisError("'fairest' is between groups: say which demand is in which.")
        return np.full(len(demand), -1), []
    if groups.index.has_duplicates:
        twice = groups.index[groups.index.duplicated()][0]
        raise AnalysisError(f"Demand {twice!r} is in groups more than once.")
    given = groups.reindex(demand)
    code, names = pd.factorize(given.astype(object))
    return np.asarray(code, dtype=np.int64), [str(name) for name in names]


def _floor(floors: float | Mapping[str, float], names: list[str]) -> Floats:
    if isinstance(floors, Mapping):
        floors = {str(name): value for name, value in floors.items()}
        unknown = [name for name in floors if name not in names]
        if unknown:
            raise AnalysisError(f"No demand is in group {unknown[0]!r}, which has a floor.")
        values = np.array([float(floors.get(name, 0.0)) for name in names])
    else:
        if floors and not names:
            raise AnalysisError("A floor is of groups: say which demand is in which.")
        values = np.full(len(names), float(floors))
    if not ((values >= 0) & (values <= 1)).all():
        raise AnalysisError("A floor is a share of the people, between 0 and 1.")
    return values


def refuse_hopeless(question: Question, model: Model, lives: Integers) -> None:
    """Name conditions that no choice of sites can keep."""
    if model.gini < 1 and not len(model.floor):
        raise AnalysisError("A Gini coefficient is between groups: say which demand is in which.")
    free = int((~model.sites.standing).sum())
    if model.p is not None and model.p > free:
        raise AnalysisError(f"p = {model.p} new sites are asked for, of fewer candidates ({free}).")
    reached = np.zeros(len(model.people), dtype=bool)
    reached[model.row] = True
    if model.served and not reached.all():
        missed = question.demand[lives[~reached]]
        raise AnalysisError(
            f"{len(missed)} demand points ({model.people[~reached].sum():g} people) are within "
            f"reach of no site: {shown(missed)}. Widen the standard, or leave them out."
        )
    room = float(model.sites.capacity.sum())
    if model.served and room < model.people.sum():
        raise AnalysisError(
            f"All sites together have room for {room:g} people, and there are "
            f"{model.people.sum():g}: {model.people.sum() - room:g} too many."
        )
