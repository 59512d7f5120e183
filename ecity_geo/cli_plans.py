"""What ``ecity-geo site`` says of its plans on stderr, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecity_geo.findings import Findings
    from ecity_geo.siting import SitingPlan

SHOWN = 10
BY = {"readiness": "readiness gap", "both": "number and readiness gap, half and half"}


def plan_lines(findings: Findings) -> Iterator[str]:
    """Say how good each plan is, what it costs and closes, and whom no site can reach.

    Parameters
    ----------
    findings
        The findings.

    Yields
    ------
    line
        A sentence.
    """
    from ecity_geo.outputs.plan_facts import closed, need, price

    for model, plan in findings.plans.items():
        yield (
            f"{plan.model}: objective {amount(plan.objective)}, bound {amount(plan.bound)}, "
            f"gap {percent(plan.gap)}, {plan.status}{_weighed(need(findings, model))}; "
            f"{_covered(findings, model)}"
        )
        paid, shut = price(findings, model), closed(findings, model)
        if paid is not None:
            yield f"{plan.model}: price {amount(paid)}."
        if shut:
            yield f"{plan.model}: closes {', '.join(shut)}."
        if plan.standard is None and len(plan.unreachable):
            yield _unreachable(findings, plan)
    if findings.out_of_reach and any(_leaves(plan) for plan in findings.plans.values()):
        yield findings.out_of_reach


def _weighed(by: str) -> str:
    return "" if by == "population" else f"; people weighted by {BY[by]}"


def amount(value: float) -> str:
    """Write a number, a small one with four digits of its own.

    Parameters
    ----------
    value
        The number.
    """
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def percent(share: float) -> str:
    """Write a share in percent; one that two decimals would hide, with two digits.

    Parameters
    ----------
    share
        The share.
    """
    return f"{share:.2%}" if not 0 < share < 5e-5 else f"{100 * share:.2g}%"


def _covered(findings: Findings, model: str) -> str:
    """Say how many people live within the standard of the study, whatever the model is about."""
    rows = findings.before_after
    city = rows[(rows["level"] == "city") & (rows["model"] == model)].iloc[0]
    return (
        f"{city['population'] - city['uncovered_after']:,.0f} of {city['population']:,.0f} "
        f"people within the standard ({city['covered_after']:.1%})."
    )


def _leaves(plan: SitingPlan) -> bool:
    """Tell whether a plan has a standard, and leaves demand that no site reaches within it."""
    return plan.standard is not None and len(plan.unreachable) > 0


def _unreachable(findings: Findings, plan: SitingPlan) -> str:
    people = findings.demand["population"].reindex(plan.unreachable).sum()
    shown = ", ".join(str(each) for each in plan.unreachable[:SHOWN])
    rest = len(plan.unreachable) - SHOWN
    names = f"{shown} and {rest} more" if rest > 0 else shown
    return (
        f"{plan.model}: {len(plan.unreachable)} points with {people:,.0f} people are in reach of "
        f"no site: {names}."
    )
