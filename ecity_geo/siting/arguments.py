"""What every location model is given, held to what it must be; each fault with its cure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import is_number, numbers, shown, types_differ
from ecity_geo.siting.instance import Flags, Floats


def check_cost(cost: object) -> None:
    """Raise AnalysisError unless there is a cost matrix: a table alone has no unit."""
    if not isinstance(cost, CostMatrix):
        raise AnalysisError(
            f"Costs are a CostMatrix, which knows its unit, not {kind(cost)}. "
            'Make it of a table: CostMatrix.from_frame(frame, unit="m").'
        )


def within(cost: CostMatrix, standard: float) -> CostMatrix:
    """Keep the pairs within a standard; what is no cost matrix or no standard: an error."""
    check_cost(cost)
    check_standard(standard)
    return cost.within(standard)


def check_standard(standard: object) -> None:
    """Raise AnalysisError unless the standard is a cost."""
    if not is_number(standard) or not standard >= 0:
        raise AnalysisError(
            f"The standard must be a number from 0, not {standard!r}. "
            "Give the greatest acceptable cost, in the unit of the costs."
        )


def check_time(time_limit: object) -> None:
    """Raise AnalysisError unless there is time to answer in."""
    if not is_number(time_limit) or not time_limit > 0:
        raise AnalysisError(
            f"The time limit must be more than 0 seconds, not {time_limit!r}. "
            "Give a number of seconds."
        )


def check_number(p: object, *, least: int) -> None:
    """Raise AnalysisError unless a number of new sites is whole and large enough."""
    if not is_number(p) or not float(p).is_integer() or p < least:
        raise AnalysisError(
            f"The number of new sites p must be a whole number from {least}, not {p!r}. Correct p."
        )


def check_sites(p: float, candidates: pd.Index, existing: pd.Index, *, least: int = 1) -> None:
    """Raise AnalysisError unless p of the candidates can be chosen beside the existing sites."""
    for name, ids in (("candidates", candidates), ("existing sites", existing)):
        twice = ids[ids.duplicated()].unique()
        if len(twice):
            raise AnalysisError(
                f"Some {name} are given more than once: {shown(twice)}. Give each id once."
            )
    both = candidates[candidates.isin(existing)]
    if len(both):
        raise AnalysisError(
            f"Some sites are both existing and candidates: {shown(both)}. "
            "Leave those that stand already out of the candidates."
        )
    check_number(p, least=least)
    if p > len(candidates):
        raise AnalysisError(
            f"p = {int(p)} new sites are asked for, but there are only {len(candidates)} "
            "candidates. Lower p, or give more candidates."
        )


def site_ids(ids: pd.Index | Iterable[object] | None) -> pd.Index:
    """Return ids as an index, whatever holds them in an order; none if there are none."""
    if ids is None:
        return pd.Index([], dtype=object)
    if isinstance(ids, str | pd.DataFrame) or not isinstance(ids, Iterable):
        raise AnalysisError(
            f"Candidates and existing sites are ids, not {kind(ids)}. "
            "Give an index or a list, such as that of a table: table.index."
        )
    if isinstance(ids, set | frozenset):
        raise AnalysisError(
            "Candidates and existing sites stand in an order, by which ties are broken, and a set "
            "has none. Give a list: sorted(ids)."
        )
    return ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype=object)


def candidate_ids(
    candidates: pd.Index | Iterable[object] | None, existing: pd.Index, known: pd.Index
) -> pd.Index:
    """Return the candidates: where none are named, all facilities that do not stand."""
    if candidates is None:
        return known[~known.isin(existing)]
    return site_ids(candidates)


def number_list(values: object, what: str) -> list[float]:
    """Return several numbers as a list; one alone, or anything else: an error."""
    if is_number(values):
        raise AnalysisError(f"{what} are several numbers, not one. Write [{values!r}].")
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise AnalysisError(f"{what} are numbers, not {kind(values)}. Give a list of them.")
    several = list(values)
    wrong = [value for value in several if not is_number(value)]
    if wrong:
        raise AnalysisError(f"{what} are numbers, not {wrong[0]!r}. Give a list of numbers.")
    return several


def by_id(values: object, what: str, of: str) -> pd.Series:
    """Hold that values stand in a Series with an id each.

    Parameters
    ----------
    values
        As given.
    what
        What they are, with its article, to begin a sentence: ``"The population"``.
    of
        What has the ids: ``"demand point"``.

    Returns
    -------
    values
        The same.
    """
    if isinstance(values, pd.DataFrame):
        columns = shown(values.columns)
        raise AnalysisError(
            f"{what} is a table with the columns {columns}, not one of them. "
            "Give one column: table['name']."
        )
    if not isinstance(values, pd.Series):
        raise AnalysisError(
            f"{what} is {kind(values)}, which does not say whose each value is. "
            f"Give a Series with the id of each {of}: pd.Series(values, index=ids)."
        )
    twice = values.index[values.index.duplicated()].unique()
    if len(twice):
        raise AnalysisError(
            f"{what} names some {of} ids more than once: {shown(twice)}. Give each {of} one row."
        )
    return values


def aligned_population(population: pd.Series, demand_ids: pd.Index) -> Floats:
    """Return the population in the order of the demand ids; missing or impossible: an error."""
    population = by_id(population, "The population", "demand")
    absent = demand_ids.difference(population.index, sort=False)
    if len(absent):
        raise AnalysisError(
            f"The population lacks {len(absent)} of the {len(demand_ids)} demand ids of the cost "
            f"matrix: {shown(absent)}.{types_differ(absent, population.index)} "
            "Index it like the rows of the costs."
        )
    people, text = numbers(population.reindex(demand_ids))
    _refuse_text("The population", "demand points", demand_ids, text)
    wrong = demand_ids[~(np.isfinite(people) & (people >= 0))]
    if len(wrong):
        raise AnalysisError(
            f"The population of {len(wrong)} demand points is negative, missing or infinite: "
            f"{shown(wrong)}. Correct the values, or leave these points out of the costs."
        )
    return people


def aligned_prices(prices: pd.Series | None, candidates: pd.Index) -> Floats:
    """Return the price of each candidate, from 0; 1 each where none are given."""
    if prices is None:
        return np.ones(len(candidates))
    prices = by_id(prices, "The table of prices", "candidate")
    absent = candidates[~candidates.isin(prices.index)]
    if len(absent):
        raise AnalysisError(
            f"{len(absent)} candidates have no price: {shown(absent)}."
            f"{types_differ(absent, prices.index)} Give each one its price, or 0."
        )
    values, text = numbers(prices.reindex(candidates))
    _refuse_text("The price", "candidates", candidates, text)
    wrong = candidates[~(np.isfinite(values) & (values >= 0))]
    if len(wrong):
        raise AnalysisError(
            f"The price of {len(wrong)} candidates is negative, missing or infinite: "
            f"{shown(wrong)}. Give each one its price, or 0."
        )
    return values


def _refuse_text(what: str, whose: str, ids: pd.Index, text: Flags) -> None:
    if text.any():
        raise AnalysisError(
            f"{what} of {int(text.sum())} {whose} is no number: {shown(ids[text])}. "
            "Make numbers of what is text, such as with pd.to_numeric."
        )


def kind(value: object) -> str:
    """Name the type of a value in a sentence."""
    return "None" if value is None else f"a {type(value).__name__}"
