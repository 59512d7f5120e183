"""Conditional permutation of spatial lags, without drawing for each place anew.

The question at place i: with its own value held, how often does a random choice of other places
give a lag as large as the neighbours' own? One random order of places per permutation serves all
i: its first k places are the neighbours drawn. Where i itself is among them, the next place in
the order takes its seat, so that a draw never contains i and is uniform over all others. The
draws of different places are dependent, each place's p is not: esda does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.geo.compiled import threads
from ecity_geo.stats.one_thread import one_thread

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Block: TypeAlias = tuple[Integers, Floats]

# Sums in another order differ by the last bits, which must not break a tie.
_SLACK = 1e-10
# Simulated lags that a thread holds at once, for weights that differ within a row: they stay in
# its cache, and memory does not grow with the map.
_BLOCK = 500_000
# Weights that differ by less, relatively, are equal.
_SAME = 1e-12
# So many times the square of a draw's length, and places rarely come up twice in it.
_SPARSE = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tails:
    """How observed lags lie among permuted ones.

    Parameters
    ----------
    at_least, at_most
        Permutations whose lag is at least, or at most, the observed one; per place.
    permutations
        Number of permutations.
    """

    at_least: Integers
    at_most: Integers
    permutations: int

    def p_two_sided(self) -> Floats:
        """Return twice the smaller tail, the observed value counted among the permuted ones."""
        smaller = np.minimum(self.at_least, self.at_most)
        return np.minimum(2.0 * (smaller + 1) / (self.permutations + 1), 1.0)


def conditional_tails(
    values: Floats, matrix: csr_array, observed: Floats, *, permutations: int, seed: int
) -> Tails:
    """Count permuted lags beyond the observed ones.

    Parameters
    ----------
    values
        One per place.
    matrix
        Weights, ``n x n``, nothing on the diagonal.
    observed
        Lag of each place, ``matrix @ values``.
    permutations
        Random draws.
    seed
        Of the draws.

    Returns
    -------
    tails
        Counts per place; an island's lag is 0 in every draw.
    """
    orders = _orders(matrix, permutations, seed)
    slack = _slack(values)

    def count(rows: Integers, weights: Floats) -> Integers:
        return _count(_lags(values, rows, weights, orders), observed[rows], slack)

    tails = np.full((2, len(values)), permutations, dtype=np.int64)
    for rows, weights in _alike(matrix):
        equal = _equal(weights)
        if equal.any():
            some = rows[equal]
            target = observed[some] / weights[equal, 0]
            tails[:, some] = _sorted_sums(values, some, target, orders[:, : weights.shape[1] + 1])
        blocks = _blocks(rows[~equal], weights[~equal], permutations)
        for some, counts in _counted(count, blocks):
            tails[:, some] = counts
    return Tails(at_least=tails[0], at_most=tails[1], permutations=permutations)


def difference_tails(
    values: Floats, matrix: csr_array, observed: Floats, *, permutations: int, seed: int
) -> Tails:
    """Count permuted sums of squared differences beyond the observed ones.

    Parameters
    ----------
    values
        One per place.
    matrix
        Weights, ``n x n``, nothing on the diagonal.
    observed
        ``sum w_ij (values_i - values_j)^2`` of each place.
    permutations
        Random draws.
    seed
        Of the draws.

    Returns
    -------
    tails
        Counts per place.
    """
    orders = _orders(matrix, permutations, seed)
    slack = _slack(values**2)

    def count(rows: Integers, weights: Floats) -> Integers:
        lags, squares = (_lags(each, rows, weights, orders) for each in (values, values**2))
        held = values[rows]
        sums = held**2 * weights.sum(axis=1) - 2 * held * lags + squares
        return _count(sums, observed[rows], slack)

    tails = np.full((2, len(values)), permutations, dtype=np.int64)
    for rows, weights in _alike(matrix):
        for some, counts in _counted(count, _blocks(rows, weights, permutations)):
            tails[:, some] = counts
    return Tails(at_least=tails[0], at_most=tails[1], permutations=permutations)


def _orders(matrix: csr_array, permutations: int, seed: int) -> Integers:
    """Return the beginnings of random orders of the places, one per permutation."""
    rng = np.random.default_rng(seed)
    n = matrix.shape[0]
    length = min(int(np.diff(matrix.indptr).max(initial=0)) + 1, n)
    if n < _SPARSE * length**2:
        return np.stack([rng.choice(n, length, replace=False) for _ in range(permutations)])
    # Draws with a place twice are rare here; drawn anew, the others are uniform without it.
    orders = rng.integers(n, size=(permutations, length))
    while True:
        ordered = np.sort(orders, axis=1)
        twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not twice.size:
            return orders
        orders[twice] = rng.integers(n, size=(len(twice), length))


def _slack(values: Floats) -> float:
    return _SLACK * max(float(np.abs(values).max(initial=0.0)), 1.0)


def _alike(matrix: csr_array) -> Iterator[Block]:
    """Yield the rows with as many neighbours, and their weights, ``rows x neighbours``."""
    counts = np.diff(matrix.indptr)
    for k in np.unique(counts[counts > 0]):
        rows = np.flatnonzero(counts == k)
        yield rows, matrix.data[matrix.indptr[rows][:, None] + np.arange(k)]


def _equal(weights: Floats) -> NDArray[np.bool_]:
    """Tell which rows hold the same weight throughout, but for rounding."""
    if np.ptp(weights) <= _SAME * weights[0, 0]:
        return np.ones(len(weights), dtype=np.bool_)
    same: NDArray[np.bool_] = np.ptp(weights, axis=1) <= _SAME * weights[:, 0]
    return same


def _blocks(rows: Integers, weights: Floats, permutations: int) -> Iterator[Block]:
    step = max(_BLOCK // permutations, 1)
    for start in range(0, len(rows), step):
        yield rows[start : start + step], weights[start : start + step]


def _counted(
    count: Callable[[Integers, Floats], Integers], blocks: Iterable[Block]
) -> Iterator[tuple[Integers, Integers]]:
    """Yield the rows of each block and their counts, counted in threads where blocks are many."""
    some = list(blocks)
    if len(some) < 2:
        yield from ((rows, count(rows, weights)) for rows, weights in some)
        return
    with one_thread(), ThreadPoolExecutor(threads()) as pool:
        counts = pool.map(lambda block: count(*block), some)
        yield from zip((rows for rows, _ in some), counts, strict=True)


def _sorted_sums(values: Floats, rows: Integers, target: Floats, orders: Integers) -> Integers:
    """Count for rows of k equal weights: all share one sum per permutation, so sort it once."""
    drawn, spare = orders[:, :-1], orders[:, -1]
    sums = values[drawn].sum(axis=1)
    slack = _slack(values)
    at_least, at_most = _tails_of_one(sums, target, slack)
    permutation, seat, row = _seated(drawn, rows, len(values))
    before = sums[permutation]
    after = before - values[drawn[permutation, seat]] + values[spare[permutation]]
    low, high = target[row] - slack, target[row] + slack
    more = (after >= low).astype(float) - (before >= low)
    less = (after <= high).astype(float) - (before <= high)
    return np.stack(
        [
            at_least + np.bincount(row, weights=more, minlength=len(rows)).astype(np.int64),
            at_most + np.bincount(row, weights=less, minlength=len(rows)).astype(np.int64),
        ]
    )


def _tails_of_one(sums: Floats, target: Floats, slack: float) -> tuple[Integers, Integers]:
    """Count the sums that are at least, and at most, each target.

    The few sums are looked up among the many targets, not the other way round.
    """
    order = np.argsort(target)
    ordered = target[order]
    beyond = np.searchsorted(ordered, sums + slack, side="right")
    below = np.searchsorted(ordered, sums - slack, side="left")
    tails = np.empty((2, len(target)), dtype=np.int64)
    tails[0, order] = len(sums) - np.cumsum(np.bincount(beyond, minlength=len(target) + 1))[:-1]
    tails[1, order] = np.cumsum(np.bincount(below, minlength=len(target) + 1))[:-1]
    return tails[0], tails[1]


def _lags(values: Floats, rows: Integers, weights: Floats, orders: Integers) -> Floats:
    """Return the permuted lags of rows of k weights each, ``permutations x rows``."""
    k = weights.shape[1]
    drawn = orders[:, :k]
    lags = values[drawn] @ weights.T
    permutation, seat, row = _seated(drawn, rows, len(values))
    place, spare = drawn[permutation, seat], orders[permutation, k]
    lags[permutation, row] += weights[row, seat] * (values[spare] - values[place])
    return np.asarray(lags, dtype=np.float64)


def _count(lags: Floats, observed: Floats, slack: float) -> Integers:
    return np.stack(
        [(lags >= observed - slack).sum(axis=0), (lags <= observed + slack).sum(axis=0)]
    )


def _seated(drawn: Integers, rows: Integers, places: int) -> tuple[Integers, Integers, Integers]:
    """Find who was drawn as a neighbour of itself: permutation, seat, and place in `rows`."""
    row = np.full(places, -1)
    row[rows] = np.arange(len(rows))
    at = row[drawn]
    permutation, seat = np.nonzero(at >= 0)
    return permutation, seat, at[permutation, seat]
