"""Conditional permutation of spatial lags, without drawing for each place anew.

The question at place i: with its own value held, how often does a random choice of other places
give a lag as large as the neighbours' own? One random order of places per permutation serves all
i: its first k places are the neighbours drawn. Where i itself is among them, the next place in
the order takes its seat, so that a draw never contains i and is uniform over all others. The
draws of different places are dependent, each place's p is not: esda does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.geo.compiled import threads
from ecity_geo.stats.draws import random_orders
from ecity_geo.stats.equal_weights import EqualRows, equal_tails
from ecity_geo.stats.one_thread import one_thread

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Block: TypeAlias = tuple[Integers, Floats]

# Sums in another order differ by the last bits, which must not break a tie: by so much of the
# largest value, times the weights of the sum.
_ROUNDING = 16 * float(np.finfo(np.float64).eps)
# Simulated lags that a thread holds at once, for weights that differ within a row: they stay in
# its cache, and memory does not grow with the map.
_BLOCK = 500_000
# Weights that differ by less, relatively, are equal.
_SAME = 1e-12


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Question:
    """What is permuted: ``sum_f factors_f lag(features_f)`` of each place; `slack` per weight."""

    features: tuple[Floats, ...]
    factors: tuple[Floats, ...]
    slack: float

    def observed(self, matrix: csr_array) -> Floats:
        parts = zip(self.features, self.factors, strict=True)
        return np.asarray(sum(factor * (matrix @ feature) for feature, factor in parts))


def conditional_tails(values: Floats, matrix: csr_array, *, permutations: int, seed: int) -> Tails:
    """Count permuted lags beyond the observed ones, ``matrix @ values``.

    Parameters
    ----------
    values
        One per place, not all the same. Their unit and origin do not matter.
    matrix
        Weights, ``n x n``, nothing on the diagonal.
    permutations
        Random draws.
    seed
        Of the draws.

    Returns
    -------
    tails
        Counts per place; an island's lag is 0 in every draw.
    """
    z, rounding = _scores(values)
    question = _Question(features=(z,), factors=(np.ones_like(z),), slack=rounding)
    return _tails(question, matrix, permutations, seed)


def difference_tails(values: Floats, matrix: csr_array, *, permutations: int, seed: int) -> Tails:
    """Count permuted sums of squared differences, ``sum w_ij (x_i - x_j)^2``, beyond the observed.

    Parameters
    ----------
    values
        One per place, not all the same. Their unit and origin do not matter.
    matrix
        Weights, ``n x n``, nothing on the diagonal.
    permutations
        Random draws.
    seed
        Of the draws.

    Returns
    -------
    tails
        Counts per place.
    """
    z, rounding = _scores(values)
    # The square of its own value is the same in every draw, and is left out.
    question = _Question(
        features=(z, z**2),
        factors=(-2 * z, np.ones_like(z)),
        slack=4 * rounding * float(np.abs(z).max()),
    )
    return _tails(question, matrix, permutations, seed)


def row_sums(matrix: csr_array) -> Floats:
    """Return the sum of the weights of each place, in no time where all weigh the same."""
    if matrix.nnz and np.ptp(matrix.data) == 0:
        return np.diff(matrix.indptr) * float(matrix.data[0])
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def _scores(values: Floats) -> tuple[Floats, float]:
    """Return standard scores, and how far rounding of the values themselves moves one."""
    spread = values.std()
    return (values - values.mean()) / spread, float(_ROUNDING * np.abs(values).max() / spread)


def _tails(question: _Question, matrix: csr_array, permutations: int, seed: int) -> Tails:
    n = matrix.shape[0]
    counts = np.diff(matrix.indptr).astype(np.int64)
    length = min(int(counts.max(initial=0)) + 1, n)
    orders = random_orders(n, length, permutations, seed)
    observed = question.observed(matrix)
    slack = question.slack * row_sums(matrix)
    low, high = observed - slack, observed + slack
    equal, weight = _equal(matrix, counts)
    tails = equal_tails(
        EqualRows(
            features=question.features,
            factors=question.factors,
            counts=np.where(equal, counts, 0),
            low=low / weight,
            high=high / weight,
        ),
        orders,
    )
    tails[:, counts == 0] = permutations
    blocks = list(_blocks(matrix, np.where(equal, 0, counts), permutations))
    for (rows, _), found in zip(blocks, _counted(question, blocks, orders, low, high), strict=True):
        tails[:, rows] = found
    return Tails(at_least=tails[0], at_most=tails[1], permutations=permutations)


def _equal(matrix: csr_array, counts: Integers) -> tuple[NDArray[np.bool_], Floats]:
    """Tell which rows hold the same weight throughout, but for rounding, and which weight."""
    if np.ptp(matrix.data) == 0:
        return np.ones(len(counts), dtype=np.bool_), np.full(len(counts), matrix.data[0])
    some = counts > 0
    starts = matrix.indptr[:-1][some]
    least, largest = np.ones(len(counts)), np.ones(len(counts))
    least[some] = np.minimum.reduceat(matrix.data, starts)
    largest[some] = np.maximum.reduceat(matrix.data, starts)
    return largest - least <= _SAME * largest, least


def _blocks(matrix: csr_array, counts: Integers, permutations: int) -> Iterator[Block]:
    """Yield some rows with as many neighbours, and their weights, ``rows x neighbours``."""
    step = max(_BLOCK // permutations, 1)
    for k in np.unique(counts[counts > 0]):
        alike = np.flatnonzero(counts == k)
        for first in range(0, len(alike), step):
            rows = alike[first : first + step]
            yield rows, matrix.data[matrix.indptr[rows][:, None] + np.arange(k)]


def _counted(
    question: _Question, blocks: list[Block], orders: Integers, low: Floats, high: Floats
) -> Iterator[Integers]:
    """Yield the tails of each block, counted in threads where blocks are many."""

    def count(block: Block) -> Integers:
        rows, weights = block
        lags = _lags(question, rows, weights, orders)
        return np.stack([(lags >= low[rows]).sum(axis=0), (lags <= high[rows]).sum(axis=0)])

    if len(blocks) < 2:
        yield from map(count, blocks)
        return
    with one_thread(), ThreadPoolExecutor(threads()) as pool:
        yield from pool.map(count, blocks)


def _lags(question: _Question, rows: Integers, weights: Floats, orders: Integers) -> Floats:
    """Return the permuted sums of rows of k weights each, ``permutations x rows``."""
    k = weights.shape[1]
    drawn = orders[:k]
    row, seat, draw = _seated(drawn, rows, len(question.features[0]))
    own, spare = drawn[seat, draw], orders[k, draw] if len(row) else row
    lags, change = np.zeros(0), np.zeros(len(row))
    for feature, factor in zip(question.features, question.factors, strict=True):
        times = weights * factor[rows, None]
        part = feature[drawn].T @ times.T
        lags = np.add(lags, part, out=part) if lags.size else part
        change += times[row, seat] * (feature[spare] - feature[own])
    lags[draw, row] += change
    return lags


def _seated(drawn: Integers, rows: Integers, places: int) -> tuple[Integers, Integers, Integers]:
    """Find who was drawn as a neighbour of itself: place in `rows`, seat, and permutation."""
    row = np.full(places, -1)
    row[rows] = np.arange(len(rows))
    at = row[drawn]
    seat, draw = np.nonzero(at >= 0)
    return at[seat, draw], seat, draw
