"""What one more site brings, and what coverage costs in other aims."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.covering_models import p_center
from ecity_geo.siting.models import mclp, p_median


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
        `bound`, `gap`, `kept` (sites of the number before that are still chosen: plans need not
        be nested) and `sites`.

    Raises
    ------
    AnalysisError
        If there are no numbers, or as in `ecity_geo.siting.models.mclp`.
    """
    numbers = sorted(set(ps))
    if not numbers:
        raise AnalysisError("A curve needs at least one number of sites.")
    rows: list[dict[str, object]] = []
    before: pd.Index = pd.Index([], dtype=object)
    for p in numbers:
        plan = mclp(
            cost,
            population,
            standard=standard,
            p=p,
            candidates=candidates,
            existing=existing,
            time_limit=time_limit,
        )
        rows.append(
            {
                "p": p,
                "covered": plan.objective,
                "bound": plan.bound,
                "gap": plan.gap,
                "kept": int(plan.sites.isin(before).sum()),
                "sites": tuple(plan.sites),
            }
        )
        before = plan.sites
    curve = pd.DataFrame(rows).set_index("p")
    total = float(population.reindex(cost.demand_ids).sum())
    curve.insert(1, "share", curve["covered"] / total if total else float("nan"))
    curve.insert(2, "added", curve["covered"].diff())
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
