"""What one more site brings, and what coverage costs in other aims."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.covering import coverage, undominated
from ecity_geo.siting.covering_models import p_center
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.explain import explain
from ecity_geo.siting.instance import CLOSED_GAP, Instance
from ecity_geo.siting.models import mclp, p_median
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import ask
from ecity_geo.siting.search import Outcome, search


def coverage_curve(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    ps: Iterable[int],
    candidates: pd.Index,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> pd.DataFrame:
    """Cover most people with each number of new sites: the exact front of coverage and number.

    Each plan is sought from the plan before and the sites that add most to it, so that it is
    never worse, whenever the time ends.

    Parameters
    ----------
    cost, population, standard, candidates, existing
        As in `ecity_geo.siting.models.mclp`.
    ps
        Numbers of new sites.
    time_limit
        Seconds for each.

    Returns
    -------
    curve
        Indexed by `p`: `covered` people, `share` of all, `added` against the number before,
        `bound` (no plan of so many sites covers more), `gap`, `kept` (sites of the number before
        that are still chosen: plans need not be nested) and `sites`.

    Raises
    ------
    AnalysisError
        If there are no numbers, or as in `ecity_geo.siting.models.mclp`.
    """
    began, numbers = time.monotonic(), sorted(set(ps))
    if not numbers:
        raise AnalysisError("A curve needs at least one number of sites.")
    if not standard >= 0:
        raise AnalysisError(f"The standard must be a number from 0, not {standard!r}.")
    reach = cost.within(standard)
    plans: list[SitingPlan] = []
    outcome: Outcome | None = None
    for p in numbers:
        question = ask(
            reach,
            population,
            p=p,
            candidates=candidates,
            existing=existing,
            time_limit=time_limit,
        )
        instance = coverage(question)
        outcome = _extended(instance, outcome, time_limit=time_limit)
        seconds = time.monotonic() - began
        plan = explain(
            "mclp",
            question,
            instance,
            outcome,
            unit=cost.unit,
            standard=float(standard),
            seconds=seconds,
        )
        plans.append(plan)
    return _curve(numbers, plans, float(population.reindex(cost.demand_ids).sum()))


def _extended(instance: Instance, before: Outcome | None, *, time_limit: float) -> Outcome:
    """Search from the plan of fewer sites and the best sites beside it; never be worse."""
    if before is None:
        return search(instance, use=undominated(instance), time_limit=time_limit)
    start = greedy(instance, before.chosen)
    found = search(instance, use=undominated(instance), time_limit=time_limit, start=start)
    cost = instance.objective(start)
    if found.cost <= cost:
        return found
    return replace(found, chosen=np.sort(start), cost=cost, bound=min(found.bound, cost))


def _curve(numbers: list[int], plans: list[SitingPlan], total: float) -> pd.DataFrame:
    """Tell each plan beside the one before; what bounds more sites bounds fewer."""
    covered = np.array([plan.objective for plan in plans])
    bound = np.minimum.accumulate([plan.bound for plan in plans][::-1])[::-1]
    bound = np.maximum(bound, covered)
    gap = np.where(covered > 0, (bound - covered) / np.where(covered > 0, covered, 1), bound > 0)
    before: list[pd.Index] = [pd.Index([], dtype=object), *(plan.sites for plan in plans[:-1])]
    curve = pd.DataFrame(
        {
            "covered": covered,
            "share": covered / total if total else np.nan,
            "added": pd.Series(covered).diff().to_numpy(),
            "bound": np.where(gap <= CLOSED_GAP, covered, bound),
            "gap": np.where(gap <= CLOSED_GAP, 0.0, gap),
            "kept": [
                int(plan.sites.isin(sites).sum()) for plan, sites in zip(plans, before, strict=True)
            ],
        },
        index=pd.Index(numbers, name="p"),
    )
    curve["sites"] = [tuple(plan.sites) for plan in plans]
    return curve


def compare_aims(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    p: int,
    candidates: pd.Index,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> pd.DataFrame:
    """Show what each aim costs in the others: coverage, mean way and longest way.

    Parameters
    ----------
    cost, population, standard, p, candidates, existing, time_limit
        As in `ecity_geo.siting.models.mclp`.

    Returns
    -------
    aims
        A row per aim (``"coverage"``, ``"mean"``, ``"longest"``), each with the plan that is best
        for it: `covered` share within the standard, `mean` and `longest` cost of those who reach
        a site, `out_of_reach` people, and `sites`. The ends of the trade-offs: no plan has more
        of any column than the row of its aim.

    Raises
    ------
    AnalysisError
        As in the three models.
    """
    asked = {
        "p": p,
        "candidates": candidates,
        "existing": existing,
        "time_limit": time_limit,
    }
    plans = {
        "coverage": mclp(cost, population, standard=standard, **asked),  # type: ignore[arg-type]
        "mean": p_median(cost, population, **asked),  # type: ignore[arg-type]
        "longest": p_center(cost, population, **asked),  # type: ignore[arg-type]
    }
    people = population.reindex(cost.demand_ids).astype(float)
    rows = []
    for aim, plan in plans.items():
        open_sites = pd.Index([*plan.existing, *plan.sites])
        way = cost.select(open_sites).nearest()["cost"]
        lives = people > 0
        reached = lives & (way < float("inf"))
        rows.append(
            {
                "aim": aim,
                "covered": float(people[way <= standard].sum() / people.sum()),
                "mean": float((people * way)[reached].sum() / people[reached].sum()),
                "longest": float(way[reached].max()),
                "out_of_reach": float(people[lives & ~reached].sum()),
                "sites": tuple(plan.sites),
            }
        )
    return pd.DataFrame(rows).set_index("aim")
