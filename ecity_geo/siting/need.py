"""Need: people weighted by how far their readiness lags, and plans that stand its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import is_number, numbers, shown, types_differ
from ecity_geo.siting.arguments import aligned_population, by_id, kind, number_list
from ecity_geo.siting.instance import CLOSED_GAP
from ecity_geo.siting.models import mclp
from ecity_geo.siting.plan import SitingPlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustPlan:
    """A plan that is good in the mean of many draws, and how it fares in each.

    Parameters
    ----------
    plan
        Best for the mean weight of each demand point.
    chosen
        Per candidate that any draw chooses, or the plan: `share` of the draws whose own best
        plan has it, and `in_plan`; most often chosen first.
    draws
        Per draw: `covered` weight by the plan, `best` that any plan covers there, and `regret`,
        the share of it that the plan misses.
    """

    plan: SitingPlan
    chosen: pd.DataFrame
    draws: pd.DataFrame


def need(
    population: pd.Series,
    readiness: pd.Series | pd.DataFrame,
    *,
    scale: tuple[float, float],
    mix: float = 1.0,
) -> pd.Series | pd.DataFrame:
    """Weigh people by the gap between their readiness and the top of the scale.

    Parameters
    ----------
    population
        Persons per demand point.
    readiness
        Readiness of each demand point (that of its district, say), or a column per draw;
        aligned by index. Missing where it is not known: there the mean gap of the others
        stands in.
    scale
        Least and greatest readiness.
    mix
        0 counts people alike, 1 in proportion to the gap.

    Returns
    -------
    weights
        Like `readiness`: ``population (1 - mix + mix gap / mean gap)``, where the mean is over
        people, so that the weights add up to the population in each draw.

    Raises
    ------
    AnalysisError
        If `mix` leaves 0 to 1, the population is incomplete or negative, a readiness lies off the
        scale or is given twice, nobody's is known, or everybody is at the top of the scale.
    """
    low, high = _check_scale(scale, mix)
    table = _readiness_table(readiness)
    population = by_id(population, "The population", "demand")
    people = aligned_population(population, population.index)
    known = _known(table.reindex(population.index), low, high)
    gap = (high - known) / (high - low)
    held = gap.notna().mul(people, axis=0).sum()
    if (held <= 0).any():
        raise AnalysisError(
            "Nobody's readiness is known."
            f"{types_differ(population.index, table.index)} "
            "Index it like the population, or weigh by population alone."
        )
    mean = gap.mul(people, axis=0).sum() / held
    if (mean <= 0).any():
        raise AnalysisError(
            "Everybody is at the top of the scale: there is no gap to weigh by. "
            "Correct the scale, or weigh by population alone."
        )
    relative = gap.fillna(mean).div(mean)
    weights = (1 - mix + mix * relative).mul(people, axis=0)
    return weights.iloc[:, 0] if isinstance(readiness, pd.Series) else weights


def _check_scale(scale: tuple[float, float], mix: float) -> tuple[float, float]:
    if not is_number(mix) or not 0 <= mix <= 1:
        raise AnalysisError(f"mix is a share between 0 and 1, not {mix!r}. Correct it.")
    ends = number_list(scale, "The ends of a scale")
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise AnalysisError(
            f"A scale goes from its least value to its greatest, not {scale!r}. Give (1, 5), say."
        )
    return ends[0], ends[1]


def _readiness_table(readiness: object) -> pd.DataFrame:
    """Return a column per draw; ids given twice: an error."""
    if not isinstance(readiness, pd.Series | pd.DataFrame):
        raise AnalysisError(
            f"Readiness is a Series, or a table with a column per draw, not {kind(readiness)}. "
            "Index it like the population: pd.Series(values, index=population.index)."
        )
    twice = readiness.index[readiness.index.duplicated()].unique()
    if len(twice):
        raise AnalysisError(
            f"Some demand has more than one readiness: {shown(twice)}. Give each one row."
        )
    return readiness.to_frame() if isinstance(readiness, pd.Series) else readiness


def _known(table: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    """Return the numbers of the draws; words, and values off the scale: an error."""
    columns = []
    for at in range(table.shape[1]):
        values, text = numbers(table.iloc[:, at])
        wrong = table.index[text | (values < low) | (values > high)]
        if len(wrong):
            raise AnalysisError(
                f"A readiness lies off the scale from {low:g} to {high:g}, or is no number, at "
                f"{len(wrong)} demand points: {shown(wrong)}. Correct these, or the scale."
            )
        columns.append(values)
    found = np.array(columns).reshape(table.shape[1], len(table)).T
    return pd.DataFrame(found, index=table.index, columns=table.columns)


def robust_mclp(
    cost: CostMatrix,
    weights: pd.DataFrame,
    *,
    standard: float,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> RobustPlan:
    """Choose ``p`` new sites for weights that are not sure.

    Parameters
    ----------
    cost, standard, p, candidates, existing
        As in `ecity_geo.siting.models.mclp`.
    weights
        Weight per demand point, a column per draw: bootstrap or posterior draws of the need.
    time_limit
        Seconds per draw, and for the plan.

    Returns
    -------
    robust
        The plan for the mean weights, how often each site is chosen across the draws, and the
        regret of the plan in each.

    Raises
    ------
    AnalysisError
        If there are no draws or two have the same name, or as in `ecity_geo.siting.models.mclp`.

    Notes
    -----
    Covered weight is linear in the weights: the plan for their mean is the best in expectation
    (Snyder 2006, doi:10.1080/07408170500216480).
    """
    _check_draws(weights)
    asked = {
        "standard": standard,
        "p": p,
        "candidates": candidates,
        "existing": existing,
        "time_limit": time_limit,
    }
    plan = mclp(cost, weights.mean(axis=1), **asked)  # type: ignore[arg-type]
    covered = np.isfinite(plan.assignment["cost"].reindex(weights.index)).to_numpy()
    own = {draw: mclp(cost, weights[draw], **asked) for draw in weights}  # type: ignore[arg-type]
    best = np.array([each.objective for each in own.values()])
    ours = weights.to_numpy(dtype=float)[covered].sum(axis=0)
    counts = pd.Series(
        [site for each in own.values() for site in each.sites], dtype=object
    ).value_counts()
    sites = pd.Index([*counts.index, *plan.sites.difference(counts.index, sort=False)])
    chosen = pd.DataFrame({"share": counts.reindex(sites).fillna(0) / len(own)}, index=sites)
    chosen["in_plan"] = sites.isin(plan.sites)
    regret = np.divide(best - ours, best, out=np.zeros(len(best)), where=best > 0)
    regret[regret <= CLOSED_GAP] = 0.0  # rounding of the sums
    draws = pd.DataFrame({"covered": ours, "best": best, "regret": regret}, index=weights.columns)
    return RobustPlan(plan=plan, chosen=chosen.rename_axis("site_id"), draws=draws)


def _check_draws(weights: object) -> None:
    if not isinstance(weights, pd.DataFrame):
        raise AnalysisError(
            f"Weights are a table with a column per draw, not {kind(weights)}. "
            "Give one; for weights without draws there is mclp."
        )
    if not weights.shape[1] or not weights.columns.is_unique:
        raise AnalysisError(
            "Draws of the weights need a column each, with a name of its own. Name them anew."
        )
    for draw in weights:
        wrong = weights.index[numbers(weights[draw])[1]]
        if len(wrong):
            raise AnalysisError(
                f"The weights of draw {draw!r} are no numbers at {len(wrong)} demand points: "
                f"{shown(wrong)}. Make numbers of what is text."
            )
