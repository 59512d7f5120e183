"""Compiled loop of :mod:`ecity_geo.geo.near`."""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLOSE = 1e-12
"""Far above the rounding of a square root of a sum of squares, as a share of it."""


@kernel
def pairs(
    places: Floats,
    order: Integers,
    goals: Floats,
    runs: tuple[Integers, Integers, Integers],
    reach: float,
    found: tuple[Integers, Integers, Floats],
) -> int:
    """Write the pairs within reach among the runs of places to look at; return their number."""
    goal, start, stop = runs
    place, whose, metres = found
    least, most = (reach * (1 - CLOSE)) ** 2, (reach * (1 + CLOSE)) ** 2
    total = 0
    for run in range(len(goal)):
        x, y = goals[goal[run]]
        for at in range(start[run], stop[run]):
            dx, dy = places[at, 0] - x, places[at, 1] - y
            square = dx * dx + dy * dy
            if square > most or (square > least and hypot(dx, dy) > reach):
                continue
            # The root may be a unit in the last place above hypot, and so above the reach.
            away = min(sqrt(square), reach)
            place[total], whose[total], metres[total] = order[at], goal[run], away
            total += 1
    return total
