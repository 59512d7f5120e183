"""Permuted lags of places whose neighbours all weigh the same.

All places with k neighbours share the sum of a permutation's first k places, so that one running
sum along the order serves every k. Only where a place was drawn as its own neighbour does its sum
differ, and these few are counted once more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Numbers held at once, which stay near the processor.
_BLOCK = 60_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EqualRows:
    """Places whose neighbours weigh the same, and what is asked of their sums.

    A place asks how often ``sum_f factors_f sum(features_f of its neighbours)`` is at least `low`
    and at most `high`.

    Parameters
    ----------
    features
        Numbers of all places, n each.
    factors
        What each place multiplies the sums by, n each.
    counts
        Neighbours of each place; 0 where nothing is asked.
    low, high
        What to hold the permuted sums against, n each.
    """

    features: tuple[Floats, ...]
    factors: tuple[Floats, ...]
    counts: Integers
    low: Floats
    high: Floats


def equal_tails(asked: EqualRows, orders: Integers) -> Integers:
    """Count the permuted sums beyond the limits of each place.

    Parameters
    ----------
    asked
        The places.
    orders
        Random orders, ``length x permutations``, longer than any count, or of all places.

    Returns
    -------
    tails
        Permutations at least `low`, and at most `high`, ``2 x n``.
    """
    counts = np.unique(asked.counts[asked.counts > 0])
    tails = np.zeros((2, len(asked.counts)), dtype=np.int64)
    if not counts.size:
        return tails
    sums = [_running(feature, counts, orders) for feature in asked.features]
    group = np.searchsorted(counts, asked.counts)
    rows = np.flatnonzero(asked.counts)
    tails[:, rows] = _shared(asked, sums, group[rows], rows)
    step = max(_BLOCK // orders.shape[1], 1)
    for first in range(0, int(counts[-1]), step):
        tails += _corrections(asked, sums, group, orders, slice(first, first + step))
    return tails


def _running(feature: Floats, counts: Integers, orders: Integers) -> Floats:
    """Return the sums over the first places of each order, a row per count."""
    sums, total = np.empty((len(counts), orders.shape[1])), np.zeros(orders.shape[1])
    begin = 0
    for row, count in enumerate(counts.tolist()):
        # Not all at once: many places may have very many neighbours.
        for seat in range(begin, count):
            total += feature[orders[seat]]
        sums[row], begin = total, count
    return sums


def _shared(asked: EqualRows, sums: list[Floats], group: Integers, rows: Integers) -> Integers:
    """Count as if no place had been drawn as its own neighbour."""
    if len(sums) == 1:
        ordered = np.sort(sums[0], axis=1)
        factor = asked.factors[0][rows]
        below = _below(ordered, group, asked.low[rows] / factor, inclusive=False)
        up_to = _below(ordered, group, asked.high[rows] / factor, inclusive=True)
        return np.stack([ordered.shape[1] - below, up_to])
    tails = np.empty((2, len(rows)), dtype=np.int64)
    step = max(_BLOCK // sums[0].shape[1], 1)
    for first in range(0, len(rows), step):
        some = slice(first, first + step)
        tails[:, some] = _one_by_one(asked, sums, group[some], rows[some])
    return tails


def _one_by_one(asked: EqualRows, sums: list[Floats], group: Integers, rows: Integers) -> Integers:
    found = np.zeros((len(rows), sums[0].shape[1]))
    for factor, total in zip(asked.factors, sums, strict=True):
        found += factor[rows, None] * total[group]
    return np.stack(
        [
            np.count_nonzero(found >= asked.low[rows, None], axis=1),
            np.count_nonzero(found <= asked.high[rows, None], axis=1),
        ]
    )


def _below(ordered: Floats, row: Integers, limit: Floats, *, inclusive: bool) -> Integers:
    """Count the numbers of an ordered row below each limit, by halving all searches at once."""
    flat, length = ordered.ravel(), ordered.shape[1]
    before = np.less_equal if inclusive else np.less
    begin = row * length
    at, rest = begin.copy(), length
    while rest > 1:
        half = rest // 2
        at += half * before(flat[at + half - 1], limit)
        rest -= half
    return np.asarray(at - begin + before(flat[at], limit), dtype=np.int64)


def _corrections(
    asked: EqualRows, sums: list[Floats], group: Integers, orders: Integers, seats: slice
) -> Integers:
    """Count anew where a place was drawn as its own neighbour: the next one takes its seat."""
    place, permutations = orders[seats], orders.shape[1]
    seat = np.arange(seats.start, seats.start + len(place))
    own = np.flatnonzero(seat[:, None] < asked.counts.take(place))
    i = place.ravel().take(own)
    draw = np.tile(np.arange(permutations), len(place)).take(own)
    spare = orders.ravel().take(asked.counts.take(i) * permutations + draw)
    at = group.take(i) * permutations + draw
    before, after = np.zeros(len(i)), np.zeros(len(i))
    for feature, factor, total in zip(asked.features, asked.factors, sums, strict=True):
        times, held = factor.take(i), total.ravel().take(at)
        before += times * held
        after += times * (held + (feature.take(spare) - feature.take(i)))
    low, high = asked.low.take(i), asked.high.take(i)
    n = len(group)
    return np.stack(
        [
            _moved(i, before >= low, after >= low, n),
            _moved(i, before <= high, after <= high, n),
        ]
    )


def _moved(i: Integers, before: NDArray[np.bool_], after: NDArray[np.bool_], n: int) -> Integers:
    """Count for each place how many draws have come in, less those that have gone."""
    changed = np.flatnonzero(before != after)
    sign = np.where(after[changed], 1.0, -1.0)
    return np.bincount(i[changed], weights=sign, minlength=n).astype(np.int64)
