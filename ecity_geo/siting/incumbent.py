"""The best plan so far, and the ways to a better one."""

from __future__ import annotations

import time

import numpy as np

from ecity_geo.siting.exchange import interchange
from ecity_geo.siting.instance import Instance, Integers
from ecity_geo.siting.plan import SEED
from ecity_geo.siting.watching import SILENT, Teller

SHAKES = 100
"""Shaking ends when so many in a row brought nothing."""
SHAKE_WORK = 10_000_000
"""Pairs that may be shaken in all: some seconds."""


class Incumbent:
    """The best columns known of an instance; each better one ends an interchange.

    Parameters
    ----------
    instance
        The problem.
    start
        Columns to begin from; every row that must be reached is.
    deadline
        Value of `time.monotonic` after which no interchange begins.
    tell
        Told of each better plan.
    """

    def __init__(
        self, instance: Instance, start: Integers, *, deadline: float, tell: Teller = SILENT
    ) -> None:
        self.instance = instance
        self.deadline = deadline
        self.tell = tell
        self.chosen, self.cost = interchange(instance, start, deadline=deadline)
        tell(cost=self.cost)
        self.tried: set[bytes] = set()

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline

    def improve(self, chosen: Integers) -> None:
        """Begin an interchange from these columns, unless that was done already."""
        key = np.sort(chosen).tobytes()
        if key in self.tried or len(chosen) != self.instance.p or self.late:
            return
        self.tried.add(key)
        found, cost = interchange(self.instance, chosen, deadline=self.deadline)
        if cost < self.cost:
            self.chosen, self.cost = found, cost
            self.tell(cost=cost)

    def shake(self, columns: Integers) -> None:
        """Exchange a third of the plan for some of `columns` at random, and interchange again.

        Iterated local search (Lourenco, Martin & Stutzle 2003); the number of trials follows
        from the size of the problem, never from the clock.
        """
        rng = np.random.default_rng(SEED)
        strength = max(2, self.instance.p // 3)
        cost, last = self.cost, 0
        for trial in range(SHAKE_WORK // (1 + len(self.instance.row))):
            if self.cost < cost:
                cost, last = self.cost, trial
            if trial - last >= SHAKES:
                return
            others = np.setdiff1d(columns, self.chosen)
            if self.late or len(others) < strength or self.instance.p < strength:
                return
            leaving = rng.choice(self.instance.p, strength, replace=False)
            coming = rng.choice(others, strength, replace=False)
            self.improve(np.append(np.delete(self.chosen, leaving), coming))
