"""Who is out of reach, by how much, and which standard or number of sites would reach all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecity_geo.given import SHOWN_IDS, enough, shown
from ecity_geo.siting.covering import smallest_cover
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers
from ecity_geo.siting.question import Question
from ecity_geo.siting.search import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """Demand beyond a standard from every site that could be open.

    Parameters
    ----------
    points, people
        How many.
    standard
        Smallest standard at which nobody would be out of reach; infinite where some cannot be
        reached at all.
    told
        All of it as a sentence.
    """

    points: int
    people: float
    standard: float
    told: str


def out_of_reach(question: Question, standard: float, unit: str) -> tuple[Flags, OutOfReach]:
    """Find the demand that no existing site and no candidate reaches within a standard.

    Parameters
    ----------
    question
        With all pairs that there are, also those beyond the standard.
    standard
        Greatest acceptable cost.
    unit
        Its unit.

    Returns
    -------
    beyond
        Per demand point that has people.
    facts
        How many, and what would reach them.
    """
    _, cost = question.nearest(np.arange(len(question.facilities)))
    lives = question.people > 0
    beyond = lives & (cost > standard)
    worst = np.argsort(-np.where(beyond, cost, -1.0), kind="stable")[: int(beyond.sum())]
    needed = float(cost[lives].max(initial=0.0))
    people = float(question.people[beyond].sum())
    if np.isinf(needed):
        never = int(np.isinf(cost[lives]).sum())
        cure = (
            f"{never} of them no site reaches at all, at any standard: build the costs with a "
            "larger cutoff, give more candidates, or leave this demand out"
        )
    else:
        cure = f"a standard of {enough(needed)} {unit} would reach all"
    told = (
        f"{int(beyond.sum())} of {len(question.demand)} demand points ({people:,.10g} people) lie "
        f"beyond {standard:g} {unit} from every site that could be open: "
        f"{_with_costs(question, worst, cost, unit)}, the farthest first; {cure}."
    )
    facts = OutOfReach(points=int(beyond.sum()), people=people, standard=needed, told=told)
    return beyond, facts


def _with_costs(question: Question, rows: Integers, cost: Floats, unit: str) -> str:
    """First ids, each with its cost to the nearest site that could be open; the rest counted."""
    text = ", ".join(
        f"{question.demand[row]!r} ({cost[row]:g} {unit})"
        if np.isfinite(cost[row])
        else f"{question.demand[row]!r} (no way)"
        for row in rows[:SHOWN_IDS]
    )
    rest = len(rows) - SHOWN_IDS
    return f"{text} and {rest} more" if rest > 0 else text


def too_few_sites(
    question: Question, cover: Instance, outcome: Outcome, *, time_limit: float
) -> str:
    """Say whom the best plan leaves out, and the smallest number of sites that would do.

    Parameters
    ----------
    question
        What was asked.
    cover
        The demand that only candidates reach, as a covering instance.
    outcome
        Its best answer, which leaves somebody out.
    time_limit
        Seconds it had, and seconds to find the number.

    Returns
    -------
    told
        Sentences.
    """
    open_columns = np.concatenate(
        [np.arange(question.n_existing), question.n_existing + outcome.chosen]
    )
    could, _ = question.nearest(np.arange(len(question.facilities)))
    does, _ = question.nearest(open_columns)
    left = (could >= 0) & (does < 0) & (question.people > 0)
    proven = outcome.bound > 0
    verdict = (
        f"p = {question.p} is too small; the best choice"
        if proven
        else f"No choice for p = {question.p} that reaches all was found in {time_limit:g} "
        "seconds; the best one found"
    )
    fact = (
        f"{verdict} leaves {int(left.sum())} of {len(question.demand)} demand points "
        f"({question.people[left].sum():,.10g} people) out of reach that some candidate reaches: "
        f"{shown(question.demand[left])}."
    )
    enough = smallest_cover(cover, time_limit=time_limit)
    cure = f"p = {enough} would reach all" if enough else "A larger p may reach all"
    return f"{fact} {cure}; or build the costs with a larger cutoff, or leave this demand out."
