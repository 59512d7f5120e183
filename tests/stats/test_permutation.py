"""The draws behind the local tests, and the two ways of counting them."""

from __future__ import annotations

import tracemalloc
from itertools import permutations as every_order

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csr_array

from ecity_geo.stats import permutation
from ecity_geo.stats.draws import random_orders
from ecity_geo.stats.equal_weights import _below
from ecity_geo.stats.permutation import conditional_tails, difference_tails


@pytest.mark.parametrize(("places", "length"), [(6, 3), (12, 3), (25, 2), (60, 2)])
def test_every_order_of_different_places_is_as_likely(places: int, length: int) -> None:
    # Against the chi-square distribution, which a fair draw exceeds once in ten thousand. The
    # four cases take all three ways of drawing; twelve places repeat in one draw of four.
    draws = 50_000
    orders = random_orders(places, length, draws, seed=5)
    assert orders.shape == (length, draws)
    number = places ** np.arange(length) @ orders
    found = dict(zip(*np.unique(number, return_counts=True), strict=True))
    expected = [places ** np.arange(length) @ order for order in every_order(range(places), length)]
    assert set(found) == set(map(int, expected))
    assert stats.chisquare(list(found.values())).pvalue > 1e-4


@pytest.mark.parametrize(("places", "length"), [(400, 4), (400, 40), (400, 100), (400, 400)])
def test_each_seat_of_a_long_order_is_fair_and_nobody_sits_twice(places: int, length: int) -> None:
    orders = random_orders(places, length, 5_000, seed=2)
    assert (np.diff(np.sort(orders, axis=0), axis=0) > 0).all()
    last = np.bincount(orders[-1], minlength=places)
    assert stats.chisquare(last).pvalue > 1e-4
    assert (orders == random_orders(places, length, 5_000, seed=2)).all()


def neighbours(n: int, seed: int) -> csr_array:
    """Binary weights with many different counts, none and all others among them."""
    rng = np.random.default_rng(seed)
    share = rng.random(n)
    share[:2] = 0, 2
    pairs = (rng.random((n, n)) < share[:, None]) & ~np.eye(n, dtype=bool)
    return csr_array(pairs.astype(float))


def none_equal(matrix: csr_array, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    assert matrix.shape[0] == len(counts)
    return np.zeros(len(counts), dtype=bool), np.ones(len(counts))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(5, 60), whole=st.booleans())
def test_shared_sums_count_what_lags_drawn_one_by_one_count(seed: int, n: int, whole: bool) -> None:
    # Identity: the way for weights that differ within a row, told that none are equal.
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, n).astype(float) if whole else rng.normal(size=n)
    values[0] += 9
    matrix = neighbours(n, seed)
    for tails in (conditional_tails, difference_tails):
        shared = tails(values, matrix, permutations=99, seed=seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(permutation, "_equal", none_equal)
            plain = tails(values, matrix, permutations=99, seed=seed)
        assert shared.at_least.tolist() == plain.at_least.tolist()
        assert shared.at_most.tolist() == plain.at_most.tolist()


def test_weights_in_another_unit_count_the_same() -> None:
    values, matrix = np.random.default_rng(1).normal(size=40), neighbours(40, 3)
    rows = csr_array(matrix / np.maximum(matrix.sum(axis=1), 1)[:, None])
    for tails in (conditional_tails, difference_tails):
        one, other = (tails(values, w, permutations=99, seed=1) for w in (matrix, rows))
        assert one.at_least.tolist() == other.at_least.tolist()


def test_searches_halved_together_find_what_each_finds_alone() -> None:
    # Against numpy.searchsorted, with whole numbers, so that most are ties.
    rng = np.random.default_rng(6)
    ordered = np.sort(rng.integers(0, 12, (7, 99)), axis=1).astype(float)
    row, limit = rng.integers(0, 7, 300), rng.integers(-1, 13, 300).astype(float)
    for inclusive, side in ((False, "left"), (True, "right")):
        expected = [np.searchsorted(ordered[r], x, side) for r, x in zip(row, limit, strict=True)]
        assert _below(ordered, row, limit, inclusive=inclusive).tolist() == expected


def test_memory_does_not_grow_with_the_neighbours() -> None:
    # 20,000 places with 1 to 120 neighbours: 999 lags of each would be 160 MB.
    n = 20_000
    counts = np.arange(n) % 120 + 1
    ends = np.concatenate([[0], np.cumsum(counts)])
    step = np.arange(ends[-1]) - np.repeat(ends[:-1], counts) + 1
    columns = (np.repeat(np.arange(n), counts) + step) % n
    matrix = csr_array((np.ones(ends[-1]), columns, ends), shape=(n, n))
    values = np.random.default_rng(1).normal(size=n)
    for tails in (conditional_tails, difference_tails):
        tracemalloc.start()
        tails(values, matrix, permutations=999, seed=0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30e6
