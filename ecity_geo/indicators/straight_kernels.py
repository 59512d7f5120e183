"""Compiled loop of :mod:`ecity_geo.indicators.straight`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@kernel
def hand_out(
    home: Integers,
    facility: Integers,
    asked: Floats,
    given: Floats,
    people: Floats,
    supply: Floats,
    access: Floats,
    users: Floats,
) -> None:
    """Share the supply of each facility among its people, and add the shares to their access.

    Pairs ascend by facility; `asked` and `given` weigh them in the first and second step. `users`
    takes the weighed people of each facility, all of whose pairs are given at once.
    """
    begin = 0
    while begin < len(home):
        which, own, end = facility[begin], 0.0, begin
        while end < len(home) and facility[end] == which:
            own += people[home[end]] * asked[end]
            end += 1
        users[which] = own
        if own > 0.0:
            share = supply[which] / own
            for at in range(begin, end):
                access[home[at]] += share * given[at]
        begin = end
