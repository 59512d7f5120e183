"""Who is out of reach, by how much, and which standard would reach all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.instance import Flags
from ecity_geo.siting.question import Question, shown


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
        cure = f"{never} of them no site reaches at all, at any standard"
    else:
        cure = f"a standard of {needed:g} {unit} would reach all"
    told = (
        f"{int(beyond.sum())} of {len(question.demand)} demand points ({people:g} people) lie "
        f"beyond {standard:g} {unit} from every site that could be open: "
        f"{shown(question.demand[worst])}, the farthest first; {cure}."
    )
    facts = OutOfReach(points=int(beyond.sum()), people=people, standard=needed, told=told)
    return beyond, facts
