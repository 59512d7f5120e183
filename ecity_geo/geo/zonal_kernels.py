"""Compiled loop of :mod:`ecity_geo.geo.zonal`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Integers = NDArray[np.int64]


@kernel
def add_runs(
    values: NDArray[Any],
    nodata: float,
    first: int,
    owner: Integers,
    row: Integers,
    start: Integers,
    stop: Integers,
    share: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Add runs of cells to the sum, count, least and greatest value of their polygons."""
    for k in range(len(owner)):
        total, count, least, greatest = 0.0, 0, np.inf, -np.inf
        line = row[k] - first
        for column in range(start[k], stop[k]):
            value = float(values[line, column])
            # A value that is not itself is NaN; so is `nodata` where there is none.
            if value == nodata or value != value:  # noqa: PLR0124
                continue
            total += value
            count += 1
            least = min(least, value)
            greatest = max(greatest, value)
        if count:
            zone = owner[k]
            totals[zone, 0] += share[k] * total
            totals[zone, 1] += share[k] * count
            totals[zone, 2] = min(totals[zone, 2], least)
            totals[zone, 3] = max(totals[zone, 3], greatest)
