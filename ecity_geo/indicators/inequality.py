"""How unequally people have access, and whether the ready have more of it.

All measures are over people, not places: a demand point counts as many equals as live there. The
population is taken for what it is, not for a sample of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.indicators.amounts import check_ids, numbers_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Theil:
    """Theil's index and where it comes from.

    Parameters
    ----------
    total
        0 when all people have the same, up to the logarithm of the population.
    between
        Part that would be left if everybody had the mean of their group.
    within
        The rest: inequality inside the groups.
    groups
        Indexed by group: `population`, `mean` access, `theil` inside it, `share` (of all access)
        and `between` and `within`, which add up to the figures above.
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


def lorenz(access: pd.Series, population: pd.Series) -> pd.DataFrame:
    """Lorenz curve of access over people.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more.
    population
        Persons per demand point, aligned by id.

    Returns
    -------
    lorenz
        `people` and `access`, cumulative shares from (0, 0) to (1, 1), those with the least
        first; a row per demand point where somebody lives, and one before them.

    Raises
    ------
    AnalysisError
        If an access or a population is missing, negative or infinite, or nobody has any access.

    Notes
    -----
    Lorenz (1905), doi:10.2307/2276207.
    """
    have, people = _sorted(access, population, "lorenz")
    living = people > 0
    held = np.concatenate([[0.0], np.cumsum((have * people)[living])])
    counted = np.concatenate([[0.0], np.cumsum(people[living])])
    _some(held[-1], "lorenz")
    return pd.DataFrame({"people": counted / counted[-1], "access": held / held[-1]})


def gini(access: pd.Series, population: pd.Series) -> float:
    """Gini coefficient of access over people.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more.
    population
        Persons per demand point, aligned by id.

    Returns
    -------
    gini
        0 when all people have the same, towards 1 when few have it all.

    Raises
    ------
    AnalysisError
        If an access or a population is missing, negative or infinite, or nobody has any access.

    Notes
    -----
    Twice the area between the Lorenz curve of persons sorted by access and the diagonal, which
    is half the mean difference between two people over the mean (Gini 1912).
    """
    have, people = _sorted(access, population, "gini")
    held = np.cumsum(have * people)
    _some(held[-1] if held.size else 0.0, "gini")
    before = held - have * people
    twice_below = (people * (held + before)).sum() / (people.sum() * held[-1])
    return max(float(1 - twice_below), 0.0)


def palma(access: pd.Series, population: pd.Series) -> float:
    """Access of the best-served tenth of people over that of the worst-served four tenths.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more.
    population
        Persons per demand point, aligned by id.

    Returns
    -------
    palma
        0.25 when all people have the same; infinite when the four tenths have nothing. People
        of one point are split where a tenth ends inside it.

    Raises
    ------
    AnalysisError
        If an access or a population is missing, negative or infinite, or nobody has any access.

    Notes
    -----
    Palma (2011), doi:10.1111/j.1467-7660.2011.01680.x; of incomes there, of access here.
    """
    curve = lorenz(access, population)
    low, high = np.interp([0.4, 0.9], curve["people"], curve["access"])
    return float((1 - high) / low) if low > 0 else float("inf")


def theil(access: pd.Series, population: pd.Series, *, by: pd.Series) -> Theil:
    """Theil's T of access over people, split into between and within groups.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more; who has none counts 0 (the limit).
    population
        Persons per demand point, aligned by id.
    by
        Group (fabric, district) of each demand point, aligned by id; all need one.

    Returns
    -------
    theil
        Total, between, within, and the figures of each group.

    Raises
    ------
    AnalysisError
        If an access, a population or a group is missing, an amount is negative or infinite, or
        nobody has any access.

    Notes
    -----
    ``T = sum p a / (N m) ln(a / m)`` over people with mean m, Theil (1967); with ``s_g`` the
    share of all access that group g has, ``T = sum s_g ln(m_g / m) + sum s_g T_g``
    (Shorrocks 1980, doi:10.2307/1913126).
    """
    have, people = _aligned(access, population, "theil")
    # What is had where nobody lives is nobody's, even where a whole group has none.
    have = np.where(people > 0, have, 0.0)
    check_ids(by.index, "by", "demand point")
    groups = by.reindex(access.index)
    if groups.isna().any():
        lost = groups.index[groups.isna()].tolist()[:5]
        raise AnalysisError(f"theil: found no group for {lost}, expected one for each point.")
    frame = pd.DataFrame({"people": people, "held": have * people, "group": groups.to_numpy()})
    _some(frame["held"].sum(), "theil")
    sums = frame.groupby("group")[["people", "held"]].sum()
    mean = (sums["held"] / sums["people"]).where(sums["people"] > 0)
    inside = frame["group"].map(mean).to_numpy(dtype=float)
    own = frame["held"] * _log_ratio(have, inside)
    one = own.groupby(frame["group"]).sum() / sums["held"].where(sums["held"] > 0)
    share = sums["held"] / sums["held"].sum()
    overall = sums["held"].sum() / sums["people"].sum()
    between = share * _log_ratio(mean.fillna(0.0).to_numpy(), overall)
    within = share * one.fillna(0.0)
    table = pd.DataFrame(
        {
            "population": sums["people"],
            "mean": mean,
            "theil": one,
            "share": share,
            "between": between,
            "within": within,
        }
    ).rename_axis("group")
    parts = float(between.sum()), float(within.sum())
    return Theil(total=sum(parts), between=parts[0], within=parts[1], groups=table)


def concentration_index(access: pd.Series, population: pd.Series, *, rank_by: pd.Series) -> float:
    """Say whether access lies with people who rank high on something else.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more.
    population
        Persons per demand point, aligned by id.
    rank_by
        What people are ranked by (readiness of their district, income), aligned by id; points
        where it is missing are left out. Infinite is a rank: above, or below, all others.

    Returns
    -------
    concentration_index
        Between -1 and 1: above 0 where those who rank high have more access, 0 where rank does
        not matter. Ranked by access itself it is Gini's coefficient.

    Raises
    ------
    AnalysisError
        If an access or a population is missing, negative or infinite, or nobody who is ranked
        has any access.

    Notes
    -----
    ``2 cov(access, fractional rank) / mean`` over people, Kakwani, Wagstaff & van Doorslaer
    (1997), doi:10.1016/S0304-4076(96)01807-6; people of equal rank share its middle.
    """
    have, people = _aligned(access, population, "concentration_index")
    check_ids(rank_by.index, "rank_by", "demand point")
    order = numbers_of(rank_by.reindex(access.index), "rank_by")
    # Infinite is a rank, such as the cost of who reaches nothing; missing is none.
    known = ~np.isnan(order) & (people > 0)
    if people.any() and not known.any():
        raise AnalysisError("concentration_index: found no rank for anybody. Join by id.")
    have, people, order = have[known], people[known], order[known]
    _some(float((have * people).sum()), "concentration_index")
    values, place = np.unique(order, return_inverse=True)
    counts = np.bincount(place, weights=people, minlength=len(values))
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    weight = people / people.sum()
    mean = weight @ have
    return float(2 * (weight @ (have * middle[place])) / mean - 1)


def _log_ratio(values: Floats, mean: Floats | float) -> Floats:
    """Logarithm of values over a mean; 0 where there is nothing, whose product is 0."""
    ratio = np.divide(values, mean, out=np.ones_like(values), where=values > 0)
    return np.asarray(np.log(ratio), dtype=np.float64)


def _sorted(access: pd.Series, population: pd.Series, what: str) -> tuple[Floats, Floats]:
    have, people = _aligned(access, population, what)
    order = np.argsort(have, kind="stable")
    return have[order], people[order]


def _aligned(access: pd.Series, population: pd.Series, what: str) -> tuple[Floats, Floats]:
    check_ids(access.index, f"{what}: access", "demand point")
    check_ids(population.index, f"{what}: population", "demand point")
    _all_heard(access, population, what)
    have = numbers_of(access, f"{what}: access")
    people = numbers_of(population.reindex(access.index), f"{what}: population")
    amounts = np.concatenate([have, people])
    if not (np.isfinite(amounts).all() and (amounts >= 0).all()):
        raise AnalysisError(
            f"{what}: found an access or a population that is missing, negative or infinite, "
            "expected numbers of 0 or more for each demand point. Leave those points out."
        )
    return have, people


def _all_heard(access: pd.Series, population: pd.Series, what: str) -> None:
    """Hold that all people have an access value: who reaches nothing has 0, not none."""
    rest = population[~population.index.isin(access.index)]
    lost = rest[numbers_of(rest, f"{what}: population") > 0]
    if len(lost):
        raise AnalysisError(
            f"{what}: {lost.sum():g} people live at {len(lost)} points without an access value "
            f"({lost.index.tolist()[:5]}). Give them 0 if they reach nothing, or leave these "
            "points out of the population."
        )


def _some(held: float, what: str) -> None:
    if not held > 0:
        raise AnalysisError(f"{what}: nobody has any access, so there is nothing to share.")
