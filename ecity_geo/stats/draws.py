"""Random orders of places, of which only the beginnings are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Short = NDArray[np.signedinteger[Any]]

# So many times the square of an order's length, and places rarely come up twice in it.
_SPARSE = 10
# From this share of all places on, to shuffle them all is as quick as to draw again and again.
_MOST = 0.25
# Places noted at once, which stay near the processor.
_NOTED = 500_000
_NOBODY = -1


def random_orders(places: int, length: int, permutations: int, seed: int) -> Integers:
    """Draw places one after the other, none twice, anew for each permutation.

    Parameters
    ----------
    places
        Number of places.
    length
        How many are drawn, up to all.
    permutations
        Number of orders.
    seed
        Of the draws.

    Returns
    -------
    orders
        Positions of places, ``length x permutations``: what is drawn first is the first row.

    Notes
    -----
    A place that is drawn twice is drawn anew. Whether it is does not depend on which place it is,
    so that every order of different places is as likely as any other.
    """
    rng = np.random.default_rng(seed)
    if length > _MOST * places:
        drawn = [rng.choice(places, length, replace=False) for _ in range(permutations)]
        return np.stack(drawn, axis=1)
    if places >= _SPARSE * length**2:
        return _seldom_twice(places, length, permutations, rng)
    return _often_twice(places, length, permutations, rng)


def _seldom_twice(
    places: int, length: int, permutations: int, rng: np.random.Generator
) -> Integers:
    orders = rng.integers(places, size=(permutations, length))
    while True:
        ordered = np.sort(orders, axis=1)
        twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not twice.size:
            return np.ascontiguousarray(orders.T)
        orders[twice] = rng.integers(places, size=(len(twice), length))


def _often_twice(places: int, length: int, permutations: int, rng: np.random.Generator) -> Integers:
    orders = np.empty((length, permutations), dtype=np.int64)
    step = min(max(_NOTED // places, 1), permutations)
    whose: Short = np.empty(step * places, dtype=np.int16 if length < 2**15 else np.int32)
    seat: Short = np.tile(np.arange(length, dtype=whose.dtype), step)
    first = np.repeat(np.arange(step) * places, length)
    for begin in range(0, permutations, step):
        some = min(step, permutations - begin) * length
        drawn = _drawn(places, seat[:some], first[:some], whose, rng) - first[:some]
        orders[:, begin : begin + step] = drawn.reshape(-1, length).T
    return orders


def _drawn(
    places: int, seat: Short, first: Integers, whose: Short, rng: np.random.Generator
) -> Integers:
    """Draw a place for each seat: who finds it taken, or another named there, draws again."""
    whose.fill(_NOBODY)
    drawn = rng.integers(places, size=len(seat)) + first
    whose[drawn] = seat
    lost = np.flatnonzero(whose.take(drawn) != seat)
    while lost.size:
        again = rng.integers(places, size=len(lost)) + first.take(lost)
        free = whose.take(again) == _NOBODY
        whose[again[free]] = seat.take(lost[free])
        won = free & (whose.take(again) == seat.take(lost))
        drawn[lost[won]] = again[won]
        lost = lost[~won]
    return drawn
