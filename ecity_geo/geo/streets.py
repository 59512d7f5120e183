"""A street graph as arrays: nodes, directed edges, costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreetGraph:
    """Directed street graph in the working CRS.

    Parameters
    ----------
    x, y
        Node coordinates in metres.
    tail, head
        Node positions of each directed edge.
    metres, minutes
        Length and travel time of each directed edge.
    snap
        A point farther than this many metres from the nearest node's street is unreachable.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    metres: NDArray[np.float64]
    minutes: NDArray[np.float64]
    snap: float = 500.0
