"""Covering that fades with the way, and covering twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import is_number
from ecity_geo.indicators.decay import weights_of
from ecity_geo.siting import highs
from ecity_geo.siting.arguments import within
from ecity_geo.siting.covering_models import assigned
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.instance import CLOSED_GAP, Flags, Floats, Instance, Integers, build
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import Question, ask
from ecity_geo.siting.search import OBJECTIVE_SIZE, search
from ecity_geo.siting.ties import earliest_backup
from ecity_geo.siting.watching import teller

Decay = Callable[[Floats], Floats]


def gradual_coverage(
    cost: CostMatrix,
    population: pd.Series,
    *,
    decay: Decay,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites where being near counts more than being within a standard.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates.
    population
        Persons per demand point, aligned by id.
    decay
        Worth of a site at each cost, from 1 (at hand) to 0 (of no use), never rising: such as
        `ecity_geo.indicators.decay.gaussian` gives.
    p, candidates, existing, time_limit
        As in `ecity_geo.siting.models.mclp`.

    Returns
    -------
    plan
        Its objective is the sum over demand of people times the worth of their best site.

    Raises
    ------
    AnalysisError
        If the worth leaves 0 to 1, rises with the cost or is not one number per cost, or as in
        `ecity_geo.siting.models.mclp`.

    Notes
    -----
    Gradual covering of Berman & Krass (2002), doi:10.1016/S0305-0548(01)00079-X. With a worth of
    1 up to a standard and 0 beyond it is the MCLP.
    """
    began = time.monotonic()
    question = ask(
        cost, population, p=p, candidates=candidates, existing=existing, time_limit=time_limit
    )
    worth = _worth(decay, question.cost)
    instance = _fading(question, worth)
    useful = np.bincount(instance.column, minlength=instance.n_columns) > 0
    left = began + time_limit - time.monotonic()
    could = _best(question, worth, np.arange(len(question.candidates)))
    tell = teller("gradual_coverage", lambda lost: float(question.people @ could) - lost)
    outcome = search(instance, use=useful, time_limit=left, tell=tell)
    order = greedy(instance.restrict(outcome.chosen, p=len(outcome.chosen)))
    columns = outcome.chosen[order]
    total = float(question.people.sum())
    lost = np.array([instance.objective(columns[:k]) for k in range(len(columns) + 1)])
    objective = float(question.people @ _best(question, worth, columns))
    excess = max(0.0, outcome.cost - outcome.bound)
    gap = excess / objective if objective else float(excess > 0)
    gap = 0.0 if gap <= CLOSED_GAP else gap
    facility, away = question.nearest(
        np.concatenate([np.arange(question.n_existing), question.n_existing + columns])
    )
    sites = question.candidates.take(columns)
    added = lost[:-1] - lost[1:]
    gains = pd.DataFrame(
        {
            "added": added,
            "cumulative": objective - (lost[1:] - lost[-1]),
            "share": added / (total or np.nan),
        },
        index=sites,
    )
    plan = SitingPlan(
        model="gradual_coverage",
        sites=sites,
        existing=question.existing,
        assignment=assigned(question, facility, away),
        objective=objective,
        bound=objective if gap == 0 else objective + excess,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains,
        standard=None,
        unit=cost.unit,
        unreachable=question.unreachable,
        ties=outcome.ties,
        seconds=time.monotonic() - began,
    )
    return tell.done(plan)


def backup_coverage(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    backup: float = 0.5,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites so that people are within a standard of one, and of a second one.

    Parameters
    ----------
    cost, population, standard, p, candidates, existing, time_limit
        As in `ecity_geo.siting.models.mclp`.
    backup
        Weight of being covered twice, 0 to 1; the rest is that of being covered once.

    Returns
    -------
    plan
        Its objective is ``(1 - backup)`` times the people covered once or more plus `backup`
        times the people covered twice or more.

    Raises
    ------
    AnalysisError
        If `backup` does not lie between 0 and 1, or as in `ecity_geo.siting.models.mclp`.

    Notes
    -----
    Backup covering (BACOP2) of Hogan & ReVelle (1986), doi:10.1287/mnsc.32.11.1434, with
    facilities that are open already.
    """
    began = time.monotonic()
    if not is_number(backup) or not 0 <= backup <= 1:
        raise AnalysisError(
            f"The weight of a second site is between 0 and 1, not {backup!r}. Correct backup."
        )
    question = ask(
        within(cost, standard),
        population,
        p=p,
        candidates=candidates,
        existing=existing,
        time_limit=time_limit,
    )
    written = _twice(question, backup)
    left = began + time_limit - time.monotonic()
    start = _first_plan(question, backup)
    factor = OBJECTIVE_SIZE / (float(question.people.sum()) or 1.0)
    scaled = replace(written, cost=written.cost * factor)
    stands = _standing(question, backup)
    tell = teller("backup_coverage", lambda lost: stands - lost)
    answer = highs.solve(
        scaled, time_limit=left, tolerance=1e-6, start=start, report=tell.reporter(scale=1 / factor)
    )
    x = start if answer.x is None else answer.x
    chosen, ties = earliest_backup(
        question.reach(question.people > 0),
        question.people[question.people > 0],
        _times(question)[question.people > 0],
        backup,
        np.flatnonzero(x[: len(question.candidates)] > 0.5),
    )
    # before the solver proves anything: nobody counts for more than one
    bound = min(stands - answer.bound / factor, float(question.people.sum()))
    plan = _backup_plan(question, chosen, backup, bound, ties, cost.unit, float(standard), began)
    return tell.done(plan)


def _worth(decay: Decay, cost: Floats) -> Floats:
    worth = weights_of(decay, cost)
    order = np.argsort(cost, kind="stable")
    if len(worth) and not (
        worth.min() >= 0 and worth.max() <= 1 + 1e-12 and (np.diff(worth[order]) <= 1e-12).all()
    ):
        raise AnalysisError(
            "The worth of a site must fall from at most 1 to at least 0 as the cost rises."
        )
    return worth


def _best(question: Question, worth: Floats, columns: Integers) -> Floats:
    """Return the worth of the best site of each demand point, of those that stand and some new."""
    use = np.zeros(len(question.facilities), dtype=bool)
    use[: question.n_existing] = True
    use[question.n_existing + columns] = True
    kept = use[question.column]
    best = np.zeros(len(question.people))
    np.maximum.at(best, question.row[kept], worth[kept])
    return best


def _fading(question: Question, worth: Floats) -> Instance:
    """Pose gradual covering as what is lost: people times what their best site has more worth.

    Against the best of all sites, not against 1, so that a small worth is not lost to rounding.
    """
    people, n = question.people, len(question.candidates)
    stands = _best(question, worth, np.empty(0, dtype=np.int64))
    could = _best(question, worth, np.arange(n))
    reached = np.zeros(len(people), dtype=bool)
    reached[question.row] = True
    place = np.cumsum(reached) - 1
    pair = question.column >= question.n_existing
    row = question.row[pair]
    instance = build(
        place[row],
        question.column[pair] - question.n_existing,
        people[row] * (could[row] - worth[pair]),
        (people * (could - stands))[reached],
        n_columns=n,
        p=question.p,
        scale=1.0,
    )
    reaches = float(people @ _best(question, worth, greedy(instance)))
    return replace(instance, scale=reaches or 1.0)


def _times(question: Question) -> Integers:
    """Count the existing sites within the standard of each demand point."""
    old = question.column < question.n_existing
    return np.bincount(question.row[old], minlength=len(question.people))


def _standing(question: Question, backup: float) -> float:
    """Return what the existing sites achieve."""
    times = _times(question)
    once, twice = (float(question.people[times >= count].sum()) for count in (1, 2))
    return (1 - backup) * once + backup * twice


def _twice(question: Question, backup: float) -> highs.Program:
    """Write backup covering: a variable per candidate, then once and twice per open row."""
    times, new = _times(question), question.column >= question.n_existing
    rows = np.flatnonzero((times < 2) & (question.people > 0))
    place = np.full(len(times), -1)
    place[rows] = np.arange(len(rows))
    pair = new & (place[question.row] >= 0)
    n, m = len(question.candidates), len(rows)
    at = np.arange(m)
    # covered by new sites >= once + twice
    matrix = csr_array(
        (
            np.concatenate([np.ones(int(pair.sum())), -np.ones(2 * m), np.ones(n)]),
            (
                np.concatenate([place[question.row[pair]], at, at, np.full(n, m)]),
                np.concatenate(
                    [
                        question.column[pair] - question.n_existing,
                        n + at,
                        n + m + at,
                        np.arange(n),
                    ]
                ),
            ),
        ),
        shape=(m + 1, n + 2 * m),
    )
    people = question.people[rows]
    once = np.where(times[rows] == 0, people * (1 - backup), 0.0)
    limit = np.ones(n + 2 * m)
    # Whom an existing site covers once has that for nothing: only the second cover is open.
    limit[n : n + m] = times[rows] == 0
    whole = np.zeros(n + 2 * m, dtype=bool)
    # With the sites whole, so are the rows where a first cover is worth no less than a second.
    whole[: n if backup <= 0.5 else n + 2 * m] = True
    cost = np.concatenate([np.zeros(n), -once, -people * backup])
    rows_lower = np.concatenate([np.zeros(m), [float(question.p)]])
    upper = np.concatenate([np.full(m, np.inf), [float(question.p)]])
    written = highs.Program(
        cost=cost, limit=limit, whole=whole, rows=matrix, lower=rows_lower, upper=upper
    )
    return _once_first(written, n, standing=times[rows] > 0)


def _first_plan(question: Question, backup: float) -> Floats:
    """Choose greedily, as a solution of the program."""
    times, new = _times(question), question.column >= question.n_existing
    rows = np.flatnonzero((times < 2) & (question.people > 0))
    row, column = question.row[new], question.column[new] - question.n_existing
    n, stood = len(question.candidates), times[rows]
    y = np.zeros(n)
    for _ in range(question.p):
        worth = np.array([1 - backup, backup, 0.0])[np.minimum(times, 2)] * question.people
        gain = np.bincount(column, worth[row], n)
        best = int(np.argmax(np.where(y > 0, -1.0, gain)))
        y[best] = 1.0
        times = times + np.bincount(row[column == best], minlength=len(times))
    return np.concatenate([y, (stood == 0) & (times[rows] >= 1), times[rows] >= 2])


def _once_first(written: highs.Program, n: int, *, standing: Flags) -> highs.Program:
    """Hold that nobody is covered twice who is not covered once, by a new or a standing site."""
    m = len(standing)
    at = np.arange(m)
    rows = csr_array(
        (
            np.concatenate([np.ones(m), -np.ones(m)]),
            (np.concatenate([at, at]), np.concatenate([n + at, n + m + at])),
        ),
        shape=(m, n + 2 * m),
    )
    return highs.Program(
        cost=written.cost,
        limit=written.limit,
        whole=written.whole,
        rows=csr_array(vstack([written.rows, rows])),
        lower=np.concatenate([written.lower, -standing.astype(float)]),
        upper=np.concatenate([written.upper, np.full(m, np.inf)]),
    )


def _backup_plan(
    question: Question,
    chosen: Integers,
    backup: float,
    bound: float,
    ties: int,
    unit: str,
    standard: float,
    began: float,
) -> SitingPlan:
    reach = {int(c): question.row[question.column == c + question.n_existing] for c in chosen}
    times, people = _times(question).astype(float), question.people

    def worth(counts: Floats) -> float:
        once, twice = (float(people[counts >= k].sum()) for k in (1, 2))
        return (1 - backup) * once + backup * twice

    order: list[int] = []
    values = [worth(times)]
    while reach:
        tried = {c: worth(times + np.bincount(rows, minlength=len(times)))
                 for c, rows in reach.items()}  # fmt: skip
        best = min(tried, key=lambda c: (-tried[c], c))
        times = times + np.bincount(reach.pop(best), minlength=len(times))
        order.append(best)
        values.append(tried[best])
    columns = np.array(order, dtype=np.int64)
    facility, away = question.nearest(
        np.concatenate([np.arange(question.n_existing), question.n_existing + columns])
    )
    objective = values[-1]
    gap = max(bound - objective, 0.0) / objective if objective else 0.0
    gap = 0.0 if gap <= CLOSED_GAP else gap
    sites = question.candidates.take(columns)
    added = np.diff(values)
    gains = pd.DataFrame(
        {
            "added": added,
            "cumulative": values[1:],
            "share": added / (float(people.sum()) or np.nan),
        },
        index=sites,
    )
    return SitingPlan(
        model="backup_coverage",
        sites=sites,
        existing=question.existing,
        assignment=assigned(question, facility, away),
        objective=objective,
        bound=objective if gap == 0 else bound,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains,
        standard=standard,
        unit=unit,
        unreachable=question.unreachable,
        ties=ties,
        seconds=time.monotonic() - began,
    )
