"""From chosen columns to a plan that says what each site does for whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.instance import CLOSED_GAP, Floats, Instance, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import Question
from ecity_geo.siting.search import Outcome


def explain(
    model: str,
    question: Question,
    instance: Instance,
    outcome: Outcome,
    *,
    unit: str,
    standard: float | None,
    seconds: float,
) -> SitingPlan:
    """Make the plan of an outcome.

    Parameters
    ----------
    model
        ``"mclp"``, whose objective is the people served, or ``"p_median"``, whose objective
        is their person-cost.
    question, instance, outcome
        What was asked, the instance that was solved for it, and its answer.
    unit, standard, seconds
        Passed to the plan.
    """
    order = greedy(instance.restrict(outcome.chosen, p=len(outcome.chosen)))
    columns = outcome.chosen[order]
    facility, cost = question.nearest(
        np.concatenate([np.arange(question.n_existing), question.n_existing + columns])
    )
    served = facility >= 0
    people = question.people
    sign = 1.0 if model == "mclp" else -1.0
    paid = people if model == "mclp" else people * np.where(served, cost, 0.0)
    objective = float(paid[served].sum())
    bound, gap = _proof(objective, sign * max(0.0, outcome.cost - outcome.bound))
    sites = question.candidates.take(columns)
    gains = _gains(instance, columns, objective, sign)
    taken = np.bincount(
        facility[served], weights=people[served], minlength=len(question.facilities)
    )
    total = float(people.sum()) or np.nan
    gains["share"] = (
        gains["added"] if model == "mclp" else taken[question.n_existing + columns]
    ) / total
    return SitingPlan(
        model=model,
        sites=sites,
        existing=question.existing,
        assignment=_assignment(question, facility, cost),
        objective=objective,
        bound=bound,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains.set_axis(sites, axis=0),
        standard=standard,
        unit=unit,
        unreachable=question.unreachable,
        ties=outcome.ties,
        seconds=seconds,
    )


def _proof(objective: float, excess: float) -> tuple[float, float]:
    """Bound and relative gap; a gap of at most 1e-9 is rounding, and counts as none."""
    gap = abs(excess) / abs(objective) if objective else float(excess != 0)
    return (objective, 0.0) if gap <= CLOSED_GAP else (objective + excess, gap)


def _gains(instance: Instance, columns: Integers, objective: float, sign: float) -> pd.DataFrame:
    """Tell what each site adds to those before it; missing while some demand is out of reach."""
    costs = np.array([instance.objective(columns[:k]) for k in range(len(columns) + 1)])
    finite: Floats = np.where(np.isfinite(costs), costs, np.nan)
    return pd.DataFrame(
        {
            "added": finite[:-1] - finite[1:],
            "cumulative": objective - sign * (finite[1:] - finite[-1]),
        }
    )


def _assignment(question: Question, facility: Integers, cost: Floats) -> pd.DataFrame:
    ids = pd.Series(question.facilities.take(facility), index=question.demand, dtype=object)
    table = pd.DataFrame({"facility_id": ids.where(facility >= 0, None), "cost": cost})
    return table.loc[question.asked]
