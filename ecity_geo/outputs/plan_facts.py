"""What is known of each plan beside its sites, as plain values for JSON."""

from __future__ import annotations

import math
from typing import Any

from ecity_geo.findings import Findings
from ecity_geo.inputs.conditions import CONDITIONED, POPULATION, WEIGHED
from ecity_geo.siting import SitingPlan


def plan_facts(findings: Findings) -> dict[str, dict[str, Any]]:
    """Tell of each plan how good it is proved to be, what it costs and whom it leaves.

    Parameters
    ----------
    findings
        The findings.

    Returns
    -------
    facts
        Per model: `status`, `objective`, `bound`, `gap`, `sites`, `closed` services, `price` of
        all (null where sites have none), `standard`, `unit`, `unreachable` (demand ids) and
        `unreachable_people`, `need` (what people are weighted by), `ties`, `seed`, and `covered`:
        people covered, and their share, by district and fabric.
    """
    return {model: _facts(findings, model, plan) for model, plan in findings.plans.items()}


def _facts(findings: Findings, model: str, plan: SitingPlan) -> dict[str, Any]:
    left = findings.demand["population"].reindex(plan.unreachable).sum()
    return {
        "status": plan.status,
        "objective": _number(plan.objective),
        "bound": _number(plan.bound),
        "gap": _number(plan.gap),
        "sites": [str(site) for site in plan.sites],
        "closed": closed(findings, model),
        "price": price(findings, model),
        "standard": plan.standard,
        "unit": plan.unit,
        "unreachable": [str(each) for each in plan.unreachable],
        "unreachable_people": _number(left),
        "need": need(findings, model),
        "ties": plan.ties,
        "seed": plan.seed,
        "covered": _covered(plan),
    }


def closed(findings: Findings, model: str) -> list[str]:
    """Name the services that a plan closes.

    Parameters
    ----------
    findings
        The findings.
    model
        A model of `findings.plans`.
    """
    under = findings.conditioned
    if model != CONDITIONED or under is None:
        return []
    return [str(each) for each in under.closed]


def price(findings: Findings, model: str) -> float | None:
    """Sum up what a plan opens and closes; none where nothing has a price.

    Parameters
    ----------
    findings
        The findings.
    model
        A model of `findings.plans`.
    """
    under = findings.conditioned
    if model == CONDITIONED and under is not None:
        return _number(under.price)
    candidates = findings.study.candidates
    if "price" not in candidates:
        return None
    return _number(candidates.loc[findings.plans[model].sites, "price"].sum())


def need(findings: Findings, model: str) -> str:
    """Say what a model weighs people by.

    Parameters
    ----------
    findings
        The findings.
    model
        A model of `findings.plans`.
    """
    return findings.study.options.need if model in WEIGHED else POPULATION


def _covered(plan: SitingPlan) -> list[dict[str, Any]]:
    if plan.covered is None:
        return []
    return [
        {
            "level": str(level),
            "group": str(group),
            **{str(name): _number(value) for name, value in row.items()},
        }
        for (level, group), row in zip(
            plan.covered.index, plan.covered.to_dict("records"), strict=True
        )
    ]


def _number(value: float) -> float | None:
    # Sums differ in the last digits from one processor to another.
    return float(f"{value:.9g}") if math.isfinite(value) else None
