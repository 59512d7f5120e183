"""What one more site brings, and what coverage costs in other aims."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import check_sites, number_list, within
from ecity_geo.siting.covering import coverage, covering_teller, undominated
from ecity_geo.siting.covering_models import p_center
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.explain import explain
from ecity_geo.siting.instance import CLOSED_GAP, Flags, Instance
from ecity_geo.siting.models import mclp, p_median
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import Question, ask
from ecity_geo.siting.search import Outcome, search
from ecity_geo.siting.watching import Teller


def coverage_curve(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    ps: Iterable[int],
    candidates: pd.Index | None = None,
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
        Numbers of new sites, from 0.
    time_limit
        Seconds for each.

    Returns
    -------
    curve
        Indexed by `p`, from 0 (what the sites that stand cover alone, whether `ps` has it or
        not): `covered` people, `share` of all (missing where nobody lives), `added` against the
        number before (missing for 0), `bound` (no plan of so many sites covers more), `gap`,
        `kept` (sites of the number before that are still chosen: plans need not be nested) and
        `sites`.

    Raises
    ------
    AnalysisError
        If there are no numbers, or as in `ecity_geo.siting.models.mclp`.
    """
    numbers = number_list(ps, "The numbers of sites ps")
    if not numbers:
        raise AnalysisError("A curve needs at least one number of sites. Give ps=range(1, 11).")
    question = ask(
        within(cost, standard),
        population,
        p=0,
        candidates=candidates,
        existing=existing,
        time_limit=time_limit,
        least=0,
    )
    for p in numbers:
        check_sites(p, question.candidates, question.existing, least=0)
    standing, _ = question.nearest(np.arange(question.n_existing))
    people = _people(question, standing >= 0)
    steps = [_Step(p=0, covered=people, bound=people, sites=question.candidates[:0])]
    outcome: Outcome | None = None
    for p in sorted({int(p) for p in numbers if p > 0}):
        began, posed = time.monotonic(), replace(question, p=p)
        instance = coverage(posed)
        tell = covering_teller(posed)
        outcome = _extended(instance, outcome, tell, time_limit=time_limit)
        seconds = time.monotonic() - began
        plan = explain(
            "mclp",
            posed,
            instance,
            outcome,
            unit=cost.unit,
            standard=float(standard),
            seconds=seconds,
        )
        tell.done(plan)
        steps.append(_Step(p=p, covered=plan.objective, bound=plan.bound, sites=plan.sites))
    return _curve(steps, float(question.people.sum()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    """People whom a number of new sites covers, and more than whom no plan does."""

    p: int
    covered: float
    bound: float
    sites: pd.Index


def _extended(
    instance: Instance, before: Outcome | None, tell: Teller, *, time_limit: float
) -> Outcome:
    """Search from the plan of fewer sites and the best sites beside it; never be worse."""
    if before is None:
        return search(instance, use=undominated(instance), time_limit=time_limit, tell=tell)
    start = greedy(instance, before.chosen)
    use = undominated(instance)
    found = search(instance, use=use, time_limit=time_limit, start=start, tell=tell)
    cost = instance.objective(start)
    if found.cost <= cost:
        return found
    return replace(found, chosen=np.sort(start), cost=cost, bound=min(found.bound, cost))


def _curve(steps: list[_Step], total: float) -> pd.DataFrame:
    """Tell each number beside the one before; what bounds more sites bounds fewer."""
    covered = np.array([step.covered for step in steps])
    bound = np.minimum.accumulate([step.bound for step in steps][::-1])[::-1]
    bound = np.maximum(bound, covered)
    gap = np.where(covered > 0, (bound - covered) / np.where(covered > 0, covered, 1), bound > 0)
    kept = [int(step.sites.isin(before.sites).sum()) for before, step in pairwise(steps)]
    curve = pd.DataFrame(
        {
            "covered": covered,
            "share": covered / total if total else np.nan,
            "added": pd.Series(covered).diff().to_numpy(),
            "bound": np.where(gap <= CLOSED_GAP, covered, bound),
            "gap": np.where(gap <= CLOSED_GAP, 0.0, gap),
            "kept": [0, *kept],
        },
        index=pd.Index([step.p for step in steps], name="p"),
    )
    curve["sites"] = [tuple(step.sites) for step in steps]
    return curve


def compare_aims(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> pd.DataFrame:
    """Show what each aim costs in the others: coverage, mean way and longest way.

    Parameters
    ----------
    cost, population, standard, p, candidates, existing
        As in `ecity_geo.siting.models.mclp`.
    time_limit
        Seconds for each of the three models.

    Returns
    -------
    aims
        A row per aim (``"coverage"``, ``"mean"``, ``"longest"``), each with the plan that is best
        for it: `covered` share of all people within the standard; `mean` and `longest` cost of
        the people whom some site could reach, the same ones in each row, infinite where the plan
        leaves any of them without a way (only that of ``"coverage"`` can); `out_of_reach`,
        people without a way in this plan; `gap` of the plan in its own aim, and `sites`. The
        ends of the trade-offs: where `gap` is 0, no plan of `p` sites is better than the row of
        an aim in the column of that aim. Of plans that are as good in it, the one shown need not
        be the best in the others: `ecity_geo.siting.front.pareto_front` finds these.

    Raises
    ------
    AnalysisError
        If nobody lives at the demand, or no site could reach anybody, or as in the three models.
    """
    asked: dict[str, Any] = {
        "p": p,
        "candidates": candidates,
        "existing": existing,
        "time_limit": time_limit,
    }
    question = ask(cost, population, **asked)
    counted = _reachable_people(question)
    plans = {
        "coverage": mclp(cost, population, standard=standard, **asked),
        "mean": p_median(cost, population, **asked),
        "longest": p_center(cost, population, **asked),
    }
    rows = [
        {"aim": aim, **_all_aims(question, counted, plan, standard)} for aim, plan in plans.items()
    ]
    return pd.DataFrame(rows).set_index("aim")


def _reachable_people(question: Question) -> Flags:
    """Tell which demand has people whom some site could reach; nobody: an error."""
    if not question.people.any():
        raise AnalysisError(
            f"Nobody lives at the {len(question.demand)} demand points: there is nothing to "
            "compare. Check the population."
        )
    counted = np.zeros(len(question.demand), dtype=bool)
    counted[question.row] = True
    counted &= question.people > 0
    if not counted.any():
        raise AnalysisError(
            "No existing site and no candidate reaches anybody: there are no ways to compare. "
            "Build the costs with a larger cutoff, or give more candidates."
        )
    return counted


def _all_aims(
    question: Question, counted: Flags, plan: SitingPlan, standard: float
) -> dict[str, object]:
    """Value a plan in all three aims, the ways over the same people for every plan."""
    new = question.n_existing + question.candidates.get_indexer(plan.sites)
    facility, way = question.nearest(np.concatenate([np.arange(question.n_existing), new]))
    people = question.people
    return {
        "covered": _people(question, way <= standard) / float(people.sum()),
        "mean": float(people[counted] @ way[counted]) / _people(question, counted),
        "longest": float(way[counted].max()),
        "out_of_reach": _people(question, facility < 0),
        "gap": plan.gap,
        "sites": tuple(plan.sites),
    }


def _people(question: Question, demand: Flags) -> float:
    return float(question.people[demand].sum())
