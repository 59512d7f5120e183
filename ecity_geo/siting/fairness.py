"""What fairness costs: the coverage that a floor for each group takes from the best plan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import number_list, within
from ecity_geo.siting.boxes import Box, Found, Point
from ecity_geo.siting.fair_aims import FairAims
from ecity_geo.siting.front import group_codes
from ecity_geo.siting.instance import CLOSED_GAP
from ecity_geo.siting.question import Question, ask

MOST, FLOOR, FAIREST = "most people", "floor", "fairest"


def price_of_fairness(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    p: int,
    groups: pd.Series,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    floors: Iterable[float] = (),
    time_limit: float = 60.0,
) -> pd.DataFrame:
    """Compare the plan that covers most people with plans that cover each group to a floor.

    Parameters
    ----------
    cost, population, standard, p, candidates, existing
        As in `ecity_geo.siting.models.mclp`.
    groups
        Group of each demand point, such as its district or fabric, by id. Demand without a group
        counts in the total only, and its people are told in `ungrouped`; a group without people
        does not count.
    floors
        Least shares covered of each group, each for a plan of its own.
    time_limit
        Seconds for all plans.

    Returns
    -------
    plans
        A row per plan: `plan` (``"most people"``, ``"floor"``, by rising floors, ``"fairest"``:
        the group served worst is served as well as can be, then most people), `floor`; `covered`
        people and their `share` of all; `worst` (share covered of the group served worst) and
        `group`, its name; `lost`, the people fewer than in the first plan; `price`, that as a
        part of those covered by the first plan, and `price_low` and `price_high`, between which
        it is proven to lie; `bound`, which no such plan exceeds, `gap`; `status`: ``"optimal"``,
        ``"time_limit"``, ``"infeasible"`` (no plan keeps the floor; the fairest plan says how far
        one can go) or ``"unknown"`` (none was found in the time); `sites`, the new ones;
        `ungrouped`, people whose group is not given, the same in each row: no floor is theirs.
        Without a plan its numbers are missing.

    Raises
    ------
    AnalysisError
        If a floor is no share, no demand with people has a group, or as in
        `ecity_geo.siting.models.mclp`.

    Notes
    -----
    Price of fairness of Bertsimas, Farias & Trichakis (2011), doi:10.1287/opre.1100.0865: (best
    total - total of the fair plan) / best total.
    """
    began = time.monotonic()
    levels = sorted(set(number_list(floors, "Floors")))
    wrong = [level for level in levels if not 0 <= level <= 1]
    if wrong:
        raise AnalysisError(
            f"A floor is a share of the people, between 0 and 1, not {wrong[0]!r}. Correct it."
        )
    question = ask(
        within(cost, standard),
        population,
        p=p,
        candidates=candidates,
        existing=existing,
        time_limit=time_limit,
    )
    group, names = group_codes(groups, question)
    aims = FairAims(question, group, len(names))
    rows = [
        _row(aims, question, names, *answer)
        for answer in _answers(aims, levels, began + time_limit)
    ]
    alone = float(question.people[group < 0].sum())
    return _priced(pd.DataFrame(rows)).assign(ungrouped=alone)


def _answers(
    aims: FairAims, levels: list[float], deadline: float
) -> Iterator[tuple[str, float, Found]]:
    """Solve for most people, each floor, and the fairest plan."""
    now = time.monotonic()
    fairest, most = aims.ends(now + (deadline - now) / 3)
    yield MOST, 0.0, most
    start = _point(aims, most)
    for at, level in enumerate(levels):
        now = time.monotonic()
        until = now + (deadline - now) / (len(levels) - at + 1)
        yield FLOOR, level, _floored(aims, level, start, until)
    fair = _point(aims, fairest)
    found = _floored(aims, -fair.other, fair, deadline)
    covered = found.columns is not None and aims.total(found.columns) >= fair.covered
    yield FAIREST, -fair.other, found if covered else fairest


def _point(aims: FairAims, found: Found) -> Point:
    columns = np.empty(0, dtype=np.int64) if found.columns is None else found.columns
    covered, other = aims.values(columns)
    return Point(columns=columns, covered=covered, other=other)


def _floored(aims: FairAims, level: float, start: Point, deadline: float) -> Found:
    box = Box(low=-1.0, high=-level, least=0.0, most=aims.sets.reachable)
    return aims.look(box, -level, start, deadline)


def _row(
    aims: FairAims, question: Question, names: list[object], plan: str, level: float, found: Found
) -> dict[str, object]:
    columns = found.columns
    row: dict[str, object] = {"plan": plan, "floor": level}
    if columns is None:
        status = "infeasible" if found.bound == -np.inf else "unknown"
        bound = np.nan if status == "infeasible" else found.bound
        return row | {"bound": bound, "status": status, "sites": ()}
    covered, other = aims.values(columns)
    gap = (found.bound - covered) / covered if covered else float(found.bound > 0)
    gap = 0.0 if gap <= CLOSED_GAP else gap
    return row | {
        "covered": covered,
        "share": covered / (float(question.people.sum()) or np.nan),
        "worst": -other + 0.0,
        "group": names[int(np.argmin(aims.shares(columns)))],
        "bound": covered if gap == 0 else found.bound,
        "gap": gap,
        "status": "optimal" if gap == 0 else "time_limit",
        "sites": tuple(question.candidates.take(columns)),
    }


def _priced(plans: pd.DataFrame) -> pd.DataFrame:
    """Add what each plan costs beside the first one, and what is proven of that."""
    covered, bound = plans["covered"], plans["bound"]
    best = float(covered.iloc[0])
    price = pd.DataFrame(
        {
            "lost": best - covered,
            "price": 1.0 - covered / best if best else covered * 0.0,
            "price_low": (1.0 - bound / best).clip(lower=0.0) if best else covered * 0.0,
            "price_high": 1.0 - covered / float(bound.iloc[0]) if best else covered * 0.0,
        }
    )
    columns = ["plan", "floor", "covered", "share", "worst", "group"]
    return pd.concat([plans[columns], price, plans[["bound", "gap", "status", "sites"]]], axis=1)
