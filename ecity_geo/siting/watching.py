"""How far a model has come, for whoever wants to see it while it works."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ecity_geo.siting.plan import SitingPlan

EVERY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SitingProgress:
    """The best plan so far of a model that is still at work, and what is proven of it.

    Parameters
    ----------
    model
        As in `SitingPlan.model`.
    objective
        Value of the best plan so far.
    bound
        No plan is better; infinite as long as nothing is proven.
    gap
        ``|bound - objective| / |objective|``.
    seconds
        Since the model began.
    """

    model: str
    objective: float
    bound: float
    gap: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watcher:
    callback: Callable[[SitingProgress], None]
    every: float


_WATCHER: ContextVar[_Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watch(callback: Callable[[SitingProgress], None], *, every: float = EVERY) -> Iterator[None]:
    """Be told how far each model has come, as long as the ``with`` block lasts.

    Plans and their proofs are the same as without: the callback only looks on.

    Parameters
    ----------
    callback
        Called in the thread that solves, when the best plan or its bound has changed, and once
        at the end of each model. An error that it raises ends the model.
    every
        Least number of seconds between two calls for one model.

    Yields
    ------
    None
        Nothing; models that are called inside are watched.
    """
    token = _WATCHER.set(_Watcher(callback=callback, every=every))
    try:
        yield
    finally:
        _WATCHER.reset(token)


@contextmanager
def unwatched() -> Iterator[None]:
    """Tell nobody of questions that are a part of a larger one: their values mean nothing."""
    token = _WATCHER.set(None)
    try:
        yield
    finally:
        _WATCHER.reset(token)


class Teller:
    """Tells a watcher of one model; silent where nobody watches.

    Parameters
    ----------
    model
        Its name.
    value
        From a cost, which the search makes small, to the objective that the user reads.
    watcher
        Who is told.
    """

    def __init__(
        self, model: str, value: Callable[[float], float], watcher: _Watcher | None
    ) -> None:
        self.model, self.value, self.watcher = model, value, watcher
        self.began = time.monotonic()
        self.told = -math.inf
        self.cost, self.bound = math.inf, -math.inf

    @property
    def due(self) -> bool:
        """Whether the watcher would be told now of a change; to be asked before dear sums."""
        return self.watcher is not None and time.monotonic() - self.told >= self.watcher.every

    def __call__(self, *, cost: float = math.inf, bound: float = -math.inf) -> None:
        """Note a plan of some cost, or that none costs less than a bound, and tell of it if due.

        Parameters
        ----------
        cost, bound
            What is new; a worse one than before changes nothing.
        """
        if self.watcher is None:
            return
        before = self.cost, self.bound
        self.cost = min(self.cost, cost)
        self.bound = max(self.bound, min(bound, self.cost))
        if before != (self.cost, self.bound) and math.isfinite(self.cost) and self.due:
            objective, bound = self.value(self.cost), self.value(self.bound)
            excess = abs(bound - objective)
            gap = excess / abs(objective) if objective else (math.inf if excess else 0.0)
            self._tell(objective, bound, gap)

    def reporter(
        self, *, scale: float = 1.0, shift: float = 0.0
    ) -> Callable[[float, float], None] | None:
        """Return what takes costs and bounds of a program; none where nobody watches.

        Parameters
        ----------
        scale, shift
            From a cost of the program to one of the search: ``shift + scale cost``.
        """
        if self.watcher is None:
            return None
        return lambda cost, bound: self(cost=shift + scale * cost, bound=shift + scale * bound)

    def done(self, plan: SitingPlan) -> SitingPlan:
        """Tell of the plan at the end, and return it."""
        if self.watcher is not None:
            self._tell(plan.objective, plan.bound, plan.gap)
        return plan

    def _tell(self, objective: float, bound: float, gap: float) -> None:
        if self.watcher is None:
            return
        self.told = time.monotonic()
        seconds = self.told - self.began
        self.watcher.callback(
            SitingProgress(
                model=self.model, objective=objective, bound=bound, gap=gap, seconds=seconds
            )
        )


def teller(model: str, value: Callable[[float], float] = float) -> Teller:
    """Return what tells the present watcher, if any, of a model that begins now.

    Parameters
    ----------
    model
        Its name.
    value
        From a cost to the objective; the cost itself by default.
    """
    return Teller(model, value, _WATCHER.get())


SILENT = Teller("", float, None)
"""Tells nobody: for searches that are a part of a larger one, whose values mean nothing outside."""
