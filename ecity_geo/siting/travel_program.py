"""What is left of a box of coverage and travel, as a program with both values."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from ecity_geo.siting import highs
from ecity_geo.siting.chains import chains, program
from ecity_geo.siting.instance import Floats, Instance, Integers, build, column_sums, set_keys

OBJECTIVE_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6: values are brought to this size at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ways:
    """Pairs of people and free sites.

    Parameters
    ----------
    row, column, away
        The pairs and their cost.
    people
        Of each row.
    base
        Cost of each row to what is open already.
    must
        Rows that a free site has to serve.
    n_columns, p
        Free sites, and how many of them open.
    standard
        Greatest acceptable cost.
    """

    row: Integers
    column: Integers
    away: Floats
    people: Floats
    base: Floats
    must: Floats
    n_columns: int
    p: int
    standard: float


class TravelProgram:
    """Least people beyond the standard, or least person-cost, under limits of both.

    Parameters
    ----------
    ways
        What is left to decide.
    """

    def __init__(self, ways: Ways) -> None:
        base = np.where(ways.must, np.inf, ways.people * ways.base)
        instance = build(
            ways.row,
            ways.column,
            ways.people[ways.row] * ways.away,
            base,
            n_columns=ways.n_columns,
            p=ways.p,
            scale=1.0,
        )
        self.n_columns = ways.n_columns
        sets = chains(instance)
        self.program = program(sets, instance, factor=1.0)
        self.way, self.way_floor = self.program.cost, sets.floor
        self.lost, self.lost_floor = _beyond(instance, ways)
        self.way_scale = _scale(self.way_floor + float(self.way.sum()))
        self.lost_scale = _scale(self.lost_floor + float(self.lost.sum()))

    def opened(self, x: Floats) -> Integers:
        """Return the free sites that a solution opens."""
        return np.flatnonzero(x[: self.n_columns] > 0.5)

    def least_lost(
        self, way: float, lost: float, *, tolerance: float, deadline: float
    ) -> tuple[highs.Answer, float]:
        """Leave fewest people beyond the standard; the answer, and what none betters."""
        answer = self._solve(
            self.lost_scale * self.lost, way, lost, tolerance * self.lost_scale, None, deadline
        )
        return answer, self.lost_floor + answer.bound / self.lost_scale

    def least_way(
        self, way: float, lost: float, *, tolerance: float, start: Floats, deadline: float
    ) -> tuple[highs.Answer, float]:
        """Travel least; the answer, and what none betters."""
        answer = self._solve(
            self.way_scale * self.way, way, lost, tolerance * self.way_scale, start, deadline
        )
        return answer, self.way_floor + answer.bound / self.way_scale

    def _solve(
        self,
        cost: Floats,
        way: float,
        lost: float,
        tolerance: float,
        start: Floats | None,
        deadline: float,
    ) -> highs.Answer:
        limits = np.array(
            [
                self.way_scale * (way - self.way_floor),
                self.lost_scale * (lost - self.lost_floor),
            ]
        )
        rows = csr_array(np.array([self.way_scale * self.way, self.lost_scale * self.lost]))
        known = self.program
        return highs.solve(
            replace(
                known,
                cost=cost,
                rows=csr_array(vstack([known.rows, rows])),
                lower=np.concatenate([known.lower, np.full(2, -math.inf)]),
                upper=np.concatenate([known.upper, limits]),
            ),
            time_limit=deadline - time.monotonic(),
            tolerance=tolerance,
            start=start,
        )


def _scale(size: float) -> float:
    return OBJECTIVE_SIZE / (size or 1.0)


def _beyond(instance: Instance, ways: Ways) -> tuple[Floats, float]:
    """Return the people whom each variable leaves beyond the standard, as `chains` has the sets.

    A row is beyond it from the last set within the standard on: it pays its people for the step
    that crosses the standard, and from the beginning where no pair is within it.
    """
    row, column, paid = instance.row, instance.column, instance.cost
    last = np.ones(len(row), dtype=bool)
    last[:-1] = (row[1:] != row[:-1]) | (paid[1:] != paid[:-1])
    key = set_keys(row, column, instance.n_columns)[last]
    _, first, node = np.unique(key, return_index=True, return_inverse=True)
    end = row[last]
    away = _aways(instance, ways)[last]
    lost = np.where(away > ways.standard, ways.people[end], 0.0)
    opens = np.ones(len(end), dtype=bool)
    opens[1:] = end[1:] != end[:-1]
    closes = np.append(opens[1:], True) if len(end) else opens
    following = np.append(lost[1:], 0.0) if len(end) else lost
    beyond = np.where(ways.base > ways.standard, ways.people, 0.0)
    following = np.where(closes, np.where(ways.must, 0.0, beyond)[end], following)
    following = np.maximum(following, lost)
    alone = float(beyond[np.diff(instance.start) == 0].sum())
    steps = column_sums(node, following - lost, len(first))
    return (
        np.concatenate([np.zeros(instance.n_columns), steps]),
        alone + float(lost[opens].sum()),
    )


def _aways(instance: Instance, ways: Ways) -> Floats:
    """Return the cost of the pairs of an instance, in its order."""
    given = ways.row * ways.n_columns + ways.column
    order = np.argsort(given)
    wanted = instance.row * ways.n_columns + instance.column
    return ways.away[order[np.searchsorted(given[order], wanted)]]
