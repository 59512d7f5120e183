"""All plans of a box, one by one, where they are few."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.travel_program import Ways

WORK = 600_000_000
"""Ways that may be compared: some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plans:
    """Undominated plans by rising person-cost.

    Parameters
    ----------
    columns
        A row of columns for each plan.
    way
        Person-cost of each.
    lost
        People beyond the standard of each.
    """

    columns: Integers
    way: Floats
    lost: Floats


def are_few(ways: Ways) -> bool:
    """Tell whether all plans can be looked at."""
    return math.comb(ways.n_columns, ways.p) * len(np.unique(ways.row)) <= WORK


def every_plan(ways: Ways) -> Plans:
    """Look at all plans, and keep those that no other betters in both values.

    Parameters
    ----------
    ways
        What is left to decide. Rows without a choice are the same in all plans, and left out of
        the values.
    """
    rows, row = np.unique(ways.row, return_inverse=True)
    people = ways.people[rows]
    away = np.full((ways.n_columns, len(rows)), np.inf)
    away[ways.column, row] = ways.away
    base = np.where(ways.must, np.inf, ways.base)[rows]
    kept = Plans(columns=np.empty((0, ways.p), dtype=int), way=np.empty(0), lost=np.empty(0))
    for first in _choices(ways.n_columns, ways.p - 1):
        start = first[-1] + 1 if len(first) else 0
        if start >= ways.n_columns:
            continue
        before = np.minimum(base, away[first].min(axis=0, initial=np.inf))
        both = np.minimum(away[start:], before)
        reached = np.flatnonzero(np.isfinite(both).all(axis=1))
        columns = np.column_stack([np.tile(first, (len(reached), 1)), start + reached])
        way = both[reached] @ people
        lost = (both[reached] > ways.standard) @ people
        kept = _better(kept, Plans(columns=columns, way=way, lost=lost))
    return kept


def _choices(n: int, k: int) -> Iterator[Integers]:
    """Return all choices of k of n numbers, each rising."""
    chosen = np.arange(k)
    while k <= n:
        yield chosen
        moving = np.flatnonzero(chosen < n - k + np.arange(k))
        if not len(moving):
            return
        at = moving[-1]
        chosen = np.concatenate([chosen[:at], chosen[at] + 1 + np.arange(k - at)])


def _better(one: Plans, other: Plans) -> Plans:
    """Join two lists, less what is dominated."""
    columns = np.concatenate([one.columns, other.columns])
    way, lost = np.concatenate([one.way, other.way]), np.concatenate([one.lost, other.lost])
    order = np.lexsort((lost, way))
    before = np.concatenate([[np.inf], np.minimum.accumulate(lost[order])[:-1]])
    kept = order[lost[order] < before]
    return Plans(columns=columns[kept], way=way[kept], lost=lost[kept])
