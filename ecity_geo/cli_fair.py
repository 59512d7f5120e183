"""Tables of ``ecity-geo site`` beside that of the sites: a robust plan, the price of fairness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecity_geo.cli_plans import amount, percent
from ecity_geo.progress import stages

if TYPE_CHECKING:
    import pandas as pd

    from ecity_geo.siting import RobustPlan
    from ecity_geo.study import Study

ROBUST, FAIRNESS = "robust_sites", "price_of_fairness"


def robust_table(study: Study, draws: int) -> tuple[pd.DataFrame, list[str], dict[str, Any]]:
    """Site under draws of the readiness.

    Parameters
    ----------
    study
        The study.
    draws
        Number of them.

    Returns
    -------
    table, lines, more
        How often each site is chosen; the regret of the plan in words, and for JSON.
    """
    from ecity_geo.findings import district_readiness, score_survey, travel_costs
    from ecity_geo.outputs import site_tables, tables
    from ecity_geo.site_findings import robust

    with stages(siting=True) as tell:
        tell("readiness")
        scores = score_survey(study)
        readiness = district_readiness(study, scores)
        tell("access")
        costs = travel_costs(study)
        tell("siting")
        found = robust(study, costs, scores["overall"], readiness, draws=draws)
    table = tables.shape(ROBUST, site_tables.robust(found, study))
    return table, _said(found), {"plan": _plan(found), "regret": _regret(found)}


def _said(found: RobustPlan) -> list[str]:
    plan, regret = found.plan, found.draws["regret"]
    proof = (
        f"{plan.model}: objective {amount(plan.objective)} of people weighted by need, bound "
        f"{amount(plan.bound)}, gap {percent(plan.gap)}, {plan.status}."
    )
    missed = (
        f"Over {len(regret)} draws of the survey the plan misses {percent(regret.mean())} of what "
        f"the best plan of each draw covers, at worst {percent(regret.max())}."
    )
    return [proof, missed]


def _plan(found: RobustPlan) -> dict[str, Any]:
    plan = found.plan
    return {
        "status": plan.status,
        "objective": float(f"{plan.objective:.9g}"),
        "bound": float(f"{plan.bound:.9g}"),
        "gap": float(f"{plan.gap:.9g}"),
        "sites": [str(site) for site in plan.sites],
    }


def _regret(found: RobustPlan) -> dict[str, Any]:
    regret = found.draws["regret"]
    mean, worst = (float(f"{value:.9g}") for value in (regret.mean(), regret.max()))
    return {"draws": len(regret), "mean": mean, "worst": worst}


def fairness_table(study: Study) -> tuple[pd.DataFrame, list[str]]:
    """Tell what fairness costs.

    Parameters
    ----------
    study
        The study; if it has one floor for all groups, that is among the plans.

    Returns
    -------
    table, lines
        The plans, and what fairness costs in words.
    """
    from ecity_geo.findings import travel_costs
    from ecity_geo.outputs import site_tables, tables
    from ecity_geo.site_findings import fairness_of

    floor = study.options.conditions.floor
    floors = [floor] if isinstance(floor, float | int) and floor else []
    with stages(siting=True) as tell:
        tell("access")
        costs = travel_costs(study)
        tell("siting")
        plans = fairness_of(study, costs, floors)
    return tables.shape(FAIRNESS, site_tables.fairness(plans)), [
        _priced(row) for row in plans.to_dict("records")
    ]


def _priced(row: dict[Any, Any]) -> str:
    """Say of a plan how many people it covers fewer than the first one."""
    name = f"floor {row['floor']:g}" if row["plan"] == "floor" else str(row["plan"])
    if row["status"] in ("infeasible", "unknown"):
        return f"{name}: {row['status']}."
    proof = row["status"] if row["gap"] == 0 else f"gap {percent(row['gap'])}, {row['status']}"
    return (
        f"{name}: covers {row['covered']:,.0f} people, {percent(row['worst'])} of {row['group']} "
        f"at worst; costs {row['lost']:,.0f} people ({percent(row['price'])}), {proof}."
    )
