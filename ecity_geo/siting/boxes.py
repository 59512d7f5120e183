"""All plans that two aims leave undominated, found box by box.

Between two plans that are known lies a box of values in which more may lie. A question about a
box finds the plan in it that covers most under a limit of the other aim, or proves that there is
none; what is left are smaller boxes. Boxes that are left when the time is over are what is not
proven. After Hamacher, Pedersen & Ruzika (2007), doi:10.1016/j.orl.2006.08.002.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ecity_geo.siting.instance import Floats, Integers

SPREAD = 12
"""Up to this many plans boxes are halved, so that an early end leaves plans all over the front;
then they are taken from their end, which needs one question for each plan."""
TRIES = 6
"""Questions about a box without an answer before it is left."""
PATIENCE = 3
"""A question may use one of so many parts of the time that is left."""
ROUNDING = 1e-9
FINEST = 1e-6
"""Values closer than this part of their size count as one, unless all are multiples of a step."""
EXACT = 1e-7
"""Smallest step, as a part of the size, that HiGHS can still tell apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """A plan and its two values.

    Parameters
    ----------
    columns
        New sites.
    covered
        People within the standard: more is better.
    other
        Value of the other aim: less is better.
    """

    columns: Integers
    covered: float
    other: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduced:
    """What a proof has decided about all plans of a box.

    Parameters
    ----------
    forced
        Columns that each of them has.
    free
        Columns that they may have.
    points
        The undominated ones of them, where all have been looked at.
    """

    forced: Integers
    free: Integers
    points: list[Point] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Box:
    """Values that undominated plans may have which are not known yet.

    Parameters
    ----------
    low, high
        Of the other aim: more than `low`, at most `high`.
    least, most
        Of the people covered.
    tries
        Questions that were asked about it in vain.
    halved
        Whether its lower half has no plan: then it is asked about from its end.
    reduced
        What is decided about its plans.
    """

    low: float
    high: float
    least: float
    most: float
    tries: int = 0
    halved: bool = False
    reduced: Reduced | None = None

    @property
    def area(self) -> float:
        """Its size; a box without an end comes first."""
        if not np.isfinite(self.high):
            return np.inf
        return (self.high - self.low) * (1.0 + self.most - self.least)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The answer about a box.

    Parameters
    ----------
    columns
        The plan that covers most with the other value at most `limit`; of these the one with
        the least other value. None if none was found.
    limit
        Of the other value.
    bound
        No plan within `limit` covers more.
    cheapest
        No plan that covers as many has a lower other value.
    reduced
        What is decided about all plans of the box.
    """

    columns: Integers | None
    limit: float
    bound: float
    cheapest: float = -np.inf
    reduced: Reduced | None = None


class Aims(Protocol):
    """Coverage and another aim, as questions that can be solved."""

    step: float

    def values(self, columns: Integers) -> tuple[float, float]:
        """Return the people covered and the other value of a plan."""

    def better(self, other: float) -> float:
        """Return the greatest other value that counts as better."""

    def ends(self, deadline: float) -> tuple[Found, Found]:
        """Return the plan that is best in the other aim, and the one that covers most."""

    def look(self, box: Box, limit: float, start: Point, deadline: float) -> Found:
        """Answer a question about a box, beginning from a plan beside it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explored:
    """Plans, and the boxes that the time left over.

    Parameters
    ----------
    points
        By rising other value.
    boxes
        Where more may lie.
    """

    points: list[Point]
    boxes: list[Box]


def explore(aims: Aims, *, time_limit: float) -> Explored:
    """Find the undominated plans of two aims.

    Parameters
    ----------
    aims
        The aims.
    time_limit
        Seconds.
    """
    search = _Exploration(aims, time_limit)
    search.run()
    points = _undominated(search.points, aims.step)
    return Explored(points=points, boxes=[*search.open, *search.left])


class _Exploration:
    def __init__(self, aims: Aims, time_limit: float) -> None:
        self.aims = aims
        self.deadline = time.monotonic() + time_limit
        self.points: list[Point] = []
        self.open: list[Box] = []
        self.left: list[Box] = []

    def run(self) -> None:
        self._begin()
        while self.open and time.monotonic() < self.deadline:
            self._ask(self._most_urgent())

    def _begin(self) -> None:
        """Find the ends; what they leave open is between them, and beyond an unproven one.

        Unless proven otherwise, the first end may be dominated by a plan of the same other value
        that covers more, and the last one by a plan that covers as many for less: the box between
        has room for both.
        """
        lowest, highest = self.aims.ends(self._slice())
        first, last = self._add(lowest), self._add(highest)
        step = self.aims.step
        low = _under(min(first.other, lowest.cheapest))
        if lowest.cheapest >= first.other and lowest.bound <= first.covered + step / 2:
            low = first.other
        high, least = self.aims.better(last.other), first.covered + step
        most = last.covered - (step if highest.cheapest >= last.other else 0.0)
        self._keep(Box(low=low, high=high, least=least, most=most))
        self._keep(Box(low=low, high=np.inf, least=last.covered + step, most=highest.bound))
        if lowest.cheapest < first.other:
            high = self.aims.better(first.other)
            self._keep(Box(low=low, high=high, least=0.0, most=first.covered))

    def _most_urgent(self) -> Box:
        urgency = [(-box.tries, box.area) for box in self.open]
        return self.open.pop(urgency.index(max(urgency)))

    def _slice(self) -> float:
        now = time.monotonic()
        return now + max((self.deadline - now) / PATIENCE, 0.02)

    def _ask(self, box: Box) -> None:
        """Ask about a box, and keep what its answer leaves open."""
        halve = len(self.points) < SPREAD and not (box.tries or box.halved)
        halve &= bool(np.isfinite(box.high))
        limit = (box.low + box.high) / 2 if halve else box.high
        found, point = self._look(box, limit)
        box = replace(box, reduced=found.reduced or box.reduced)
        if box.high > found.limit:
            least = box.least if point is None else point.covered + self.aims.step
            self._keep(replace(box, low=found.limit, least=least, halved=point is None))
        if point is None:
            self._retry(box, low=box.low, high=found.limit, least=box.least, most=found.bound)
        else:
            self.points.append(point)
            self._below(box, point, found)

    def _look(self, box: Box, limit: float) -> tuple[Found, Point | None]:
        """Answer a question; a plan that passes its limit by rounding is not one."""
        found = self.aims.look(box, limit, self._beside(box), self._slice())
        point = None if found.columns is None else self._point(found.columns)
        if point is not None and self.aims.better(point.other) < found.limit < point.other:
            # HiGHS takes sites that are open but for a millionth: ask beyond its tolerance.
            closer = self.aims.better(limit)
            found = self.aims.look(box, closer, self._beside(box), self._slice())
            found = replace(found, limit=limit if found.limit == closer else found.limit)
            point = None if found.columns is None else self._point(found.columns)
        if point is not None and not self._holds(box, found.limit, point):
            point = None
        return found, point

    def _holds(self, box: Box, limit: float, point: Point) -> bool:
        """Tell whether a plan lies where it was looked for, but for rounding."""
        high = limit + ROUNDING * max(abs(limit), 1.0)
        return point.covered >= box.least - self.aims.step / 2 and point.other <= high

    def _below(self, box: Box, point: Point, found: Found) -> None:
        """Keep what lies under the limit: beside the plan, and what is not proven of it."""
        high, step = self.aims.better(point.other), self.aims.step
        self._keep(replace(box, high=high, most=point.covered - step, tries=0, halved=False))
        if found.cheapest < point.other:
            low = max(box.low, _under(found.cheapest))
            self._retry(box, low=low, high=high, least=point.covered, most=point.covered)
        least = point.covered + step
        self._retry(box, low=box.low, high=found.limit, least=least, most=found.bound)

    def _retry(self, box: Box, *, low: float, high: float, least: float, most: float) -> None:
        again = replace(box, low=low, high=high, least=least, most=min(most, box.most))
        self._keep(replace(again, tries=box.tries + 1))

    def _keep(self, box: Box) -> None:
        if box.low < box.high and box.least <= box.most + self.aims.step / 4:
            (self.left if box.tries >= TRIES else self.open).append(box)

    def _add(self, found: Found) -> Point:
        columns = found.columns if found.columns is not None else np.empty(0, dtype=np.int64)
        point = self._point(columns)
        self.points.append(point)
        return point

    def _point(self, columns: Integers) -> Point:
        covered, other = self.aims.values(columns)
        return Point(columns=np.sort(columns), covered=covered, other=other)

    def _beside(self, box: Box) -> Point:
        """Return the plan next to the box that keeps every limit of the other value in it."""
        under = [point for point in self.points if point.other <= box.low] or self.points
        return max(under, key=lambda point: (point.other <= box.low, point.covered))


def _under(value: float) -> float:
    """Return the next number below, so that the value itself lies above it."""
    return float(np.nextafter(value, -np.inf))


def _undominated(points: list[Point], step: float) -> list[Point]:
    kept: list[Point] = []
    for point in sorted(points, key=lambda each: (each.other, -each.covered)):
        if not kept or point.covered > kept[-1].covered + step / 2:
            kept.append(point)
    return kept


def step_of(values: Floats, *, scale: float) -> tuple[float, bool]:
    """Find the step of which all values, and so all their sums, are multiples.

    Parameters
    ----------
    values
        The values.
    scale
        Size of the sums.

    Returns
    -------
    step
        At least `EXACT` of the scale.
    exact
        Whether it is a step of all values; otherwise it is only the least difference that
        counts.
    """
    finest = FINEST * scale or FINEST
    for digits in range(7):
        whole = values * 10.0**digits
        if np.abs(whole).max(initial=0.0) > 2**50:
            break
        if np.allclose(whole, np.rint(whole), rtol=0, atol=1e-6):
            step = float(np.gcd.reduce(np.rint(whole).astype(np.int64))) / 10.0**digits
            return (step, True) if step >= EXACT * scale > 0 else (finest, False)
    return finest, False
