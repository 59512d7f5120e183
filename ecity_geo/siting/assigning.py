"""Who is served where, once it is known which sites are open."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Flags, Floats
from ecity_geo.siting.parts import Part
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, TRAVEL, Model, costs
from ecity_geo.siting.rows import program
from ecity_geo.siting.taming import smallest_share, too_dear

_FULL = 1e-9
"""What a sum may exceed its limit by, as a part: rounding."""
_SHARE = 1e-8
"""What a share may miss of its floor: HiGHS keeps rows of shares to a tenth of that."""
_NEARLY = 1e-6
"""What a whole home or a full site may lack for HiGHS to have meant the whole of it."""
_SIZE = 1e5


def may_open(model: Model, opened: Flags) -> bool:
    """Tell whether sites may be open together: number, price, places, and what must stand."""
    sites = model.sites
    if (sites.standing & ~sites.closable & ~opened).any() or too_dear(model, opened):
        return False
    if sites.shut is not None and (opened & sites.shut).any():
        return False
    if model.p is not None and int((opened & ~sites.standing).sum()) != model.p:
        return False
    return bool(np.bincount(sites.place[opened]).max(initial=0) <= 1)


def assign(model: Model, opened: Flags, deadline: float, *, near: bool = False) -> Floats | None:
    """Serve people from these sites as well as can be.

    Parameters
    ----------
    model
        The question, with its pairs.
    opened
        The sites.
    deadline
        On the monotonic clock, in seconds.
    near
        Whether the way must be the least among the assignments that are as good.

    Returns
    -------
    share
        Per pair: part of the row's people. None where no condition can be kept with these sites,
        or time is over.
    """
    share = nearest(model, opened)
    if _fits(model, share) and keeps(model, share):
        return share
    use = opened[model.column]
    limited = np.isfinite(model.sites.capacity[model.column[use]]).any()
    if not limited:
        return None
    objective = TRAVEL if model.objective == PRICE else model.objective
    part = _fixed(replace(model, objective=objective), opened)
    answer = _solved(part.model, deadline)
    if answer is None:
        return None
    if near and objective != TRAVEL:
        value = float(costs(part.model) @ answer)
        aim = replace(part.model, objective=TRAVEL, aim=objective, worth=value)
        if objective == FAIREST:
            floor = np.maximum(part.model.floor, answer[-1] - _FULL)
            aim = replace(part.model, objective=COVERAGE, floor=floor)
            most = _solved(aim, deadline)
            if most is not None:
                aim = replace(aim, objective=TRAVEL, aim=COVERAGE, worth=float(costs(aim) @ most))
        least = _solved(aim, deadline)
        answer = answer if least is None else least
    found = np.zeros(len(model.row))
    first = part.model.n_sites
    found[part.pairs] = np.clip(answer[first : first + len(part.pairs)], 0.0, 1.0)
    found = _within_room(model, found)
    return found if keeps(model, found) else None


def nearest(model: Model, opened: Flags) -> Floats:
    """Return the share of each pair when everybody goes to the nearest open site."""
    share = np.zeros(len(model.row))
    pair = np.flatnonzero(opened[model.column])
    pair = pair[np.lexsort((model.column[pair], model.cost[pair], model.row[pair]))]
    _, first = np.unique(model.row[pair], return_index=True)
    share[pair[first]] = 1.0
    return share


def keeps(model: Model, share: Floats) -> bool:
    """Tell whether an assignment keeps what is asked of the people served."""
    people = served_people(model, share)
    if model.served and (people < model.people * (1 - 1e-6)).any():
        return False
    if not len(model.floor) or not (model.floor.any() or model.differences):
        return True
    known = model.group >= 0
    groups = np.bincount(model.group[known], people[known], len(model.floor)) / model.totals
    if (groups < model.floor - _SHARE).any():
        return False
    return not model.differences or gini_of(groups, model.totals) <= model.gini + _SHARE


def gini_of(shares: Floats, people: Floats) -> float:
    """Return the Gini coefficient of shares over people; 0 where nobody is served."""
    part = people / people.sum()
    mean = float(part @ shares)
    apart = np.abs(shares[:, None] - shares[None])
    return float(part @ apart @ part) / (2 * mean) if mean else 0.0


def served_people(model: Model, share: Floats) -> Floats:
    """Return the people served of each row."""
    people = np.bincount(model.row, share * model.people[model.row], len(model.people))
    return np.asarray(people, dtype=np.float64)


def worth(model: Model, opened: Flags, share: Floats) -> float:
    """Return the cost of a plan as `costs` counts it."""
    people = served_people(model, share)
    if model.objective == COVERAGE:
        return -float(people.sum())
    if model.objective == FAIREST:
        return -smallest_share(model, people)
    if model.objective == TRAVEL:
        return float(model.people[model.row] @ (share * model.cost))
    return float(costs(model)[: model.n_sites] @ opened)


def variables(model: Model, opened: Flags, share: Floats) -> Floats:
    """Return a plan as a solution of its program."""
    parts = [opened.astype(float), share]
    if len(model.floor):
        known = model.group >= 0
        people = served_people(model, share)[known]
        groups = np.bincount(model.group[known], people, len(model.floor)) / model.totals
        if model.differences:
            one, other = np.triu_indices(len(groups), 1)
            parts.append(np.abs(groups[one] - groups[other]))
        if model.objective == FAIREST:
            parts.append(np.array([float(groups.min(initial=1.0))]))
    elif model.objective == FAIREST:
        parts.append(np.ones(1))
    return np.concatenate(parts)


def _fits(model: Model, share: Floats) -> bool:
    load = np.bincount(model.column, share * model.people[model.row], model.n_sites)
    return bool((load <= model.sites.capacity * (1 + 1e-12)).all())


def _fixed(model: Model, opened: Flags) -> Part:
    """Return the question of these sites alone, all of which stay open."""
    part = Part.of(model, opened, np.flatnonzero(opened[model.column]))
    n = part.model.n_sites
    sites = replace(
        part.model.sites,
        standing=np.ones(n, dtype=bool),
        closable=np.zeros(n, dtype=bool),
        place=np.arange(n),
        shut=None,
    )
    return replace(part, model=replace(part.model, sites=sites, p=None, budget=math.inf, cuts=()))


def _solved(model: Model, deadline: float) -> Floats | None:
    written = program(model)
    largest = float(np.abs(written.cost).max(initial=0.0))
    factor = _SIZE / (largest * (1 if model.objective == FAIREST else len(written.cost)) or 1.0)
    left = deadline - time.monotonic()
    answer = highs.solve(
        replace(written, cost=written.cost * factor), time_limit=left, tolerance=1e-9
    )
    return answer.x


def _within_room(model: Model, share: Floats) -> Floats:
    """Take back what exceeds a capacity by the tolerance of the solver."""
    share = np.where(share < _FULL, 0.0, share)
    total = np.bincount(model.row, share, len(model.people))
    share = share / np.where(np.abs(total - 1) < _NEARLY, total, 1.0)[model.row]
    load = np.bincount(model.column, share * model.people[model.row], model.n_sites)
    over = load > model.sites.capacity
    part = np.where(over, model.sites.capacity / np.where(over, load, 1.0), 1.0)
    return _filled(model, np.asarray(share * part[model.column]))


def _filled(model: Model, share: Floats) -> Floats:
    """Give back what a full site lacks by the tolerance of the solver, to who is served in part."""
    people = share * model.people[model.row]
    lack = model.sites.capacity - np.bincount(model.column, people, model.n_sites)
    total = np.bincount(model.row, share, len(model.people))
    in_part = np.where(total[model.row] < 1 - _NEARLY, people, 0.0)
    base = np.bincount(model.column, in_part, model.n_sites)
    nearly = (lack > 0) & (lack <= _NEARLY * model.sites.capacity) & (base > lack)
    more = np.where(nearly, lack / np.where(nearly, base, 1.0), 0.0)
    share = np.where(in_part > 0, share * (1 + more[model.column]), share)
    total = np.bincount(model.row, share, len(model.people))
    return np.asarray(share / np.maximum(total, 1.0)[model.row])
