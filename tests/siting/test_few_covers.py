"""Covers of so many columns: the tree, its cuts and its relaxation against enumeration."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from ecity_geo.siting import few_covers
from ecity_geo.siting.cover_cuts import triple_cuts
from ecity_geo.siting.cover_program import CoverProgram
from ecity_geo.siting.cover_tree import few_columns
from ecity_geo.siting.few_covers import cover_of_few
from ecity_geo.siting.swaps import swapped

SMALL = settings(max_examples=60, deadline=None, derandomize=True)
Matrix = NDArray[np.float32]


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 14, most_columns: int = 10) -> Matrix:
    """Rows x columns; each row has a column, none has all."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    m, n = draw(st.integers(1, most_rows)), draw(st.integers(3, most_columns))
    table = (rng.random((m, n)) < draw(st.floats(0.1, 0.6))).astype(np.float32)
    table[np.arange(m), rng.integers(0, n, m)] = 1
    return table


def steiner() -> Matrix:
    """Lines of the affine plane of order 3: 12 lines of 3 of 9 points; 5 points meet them all."""
    points = [(x, y) for x in range(3) for y in range(3)]
    lines = {
        tuple(sorted(((x + t * dx) % 3, (y + t * dy) % 3) for t in range(3)))
        for x, y in points
        for dx, dy in ((0, 1), (1, 0), (1, 1), (1, 2))
    }
    return np.array([[point in line for point in points] for line in sorted(lines)], np.float32)


def fewest(table: Matrix) -> int:
    n = table.shape[1]
    return next(
        count
        for count in range(n + 1)
        if any(table[:, each].any(axis=1).all() for each in combinations(range(n), count))
    )


def is_cover(table: Matrix, chosen: NDArray[np.int64] | None) -> bool:
    return chosen is not None and bool(table[:, chosen].any(axis=1).all())


@SMALL
@given(tables())
def test_the_tree_finds_the_smallest_cover_and_proves_it(table: Matrix) -> None:
    needed = fewest(table)
    chosen, decided = few_columns(table, needed, deadline=math.inf)
    assert decided
    assert is_cover(table, chosen)
    assert len(set(chosen)) <= needed
    assert few_columns(table, needed - 1, deadline=math.inf) == (None, True)


def test_a_triple_system_needs_as_many_columns_as_was_proven() -> None:
    # Fulkerson, Nemhauser & Trotter (1974): the covering numbers of the Steiner triple systems of
    # 9 and 27 points are 5 and 18.
    table = steiner()
    assert table.shape == (12, 9)
    assert few_columns(table, 4, deadline=math.inf) == (None, True)
    assert is_cover(table, few_columns(table, 5, deadline=math.inf)[0])


@SMALL
@given(tables(most_rows=9, most_columns=8), st.integers(0, 100))
def test_a_cut_excludes_no_cover(table: Matrix, seed: int) -> None:
    x = np.random.default_rng(seed).random(table.shape[1])
    x /= (table @ x).min()  # a row is tight, as in a relaxation
    best = linprog(np.ones(len(x)), A_ub=-table, b_ub=-np.ones(len(table)), bounds=(0, 1)).x
    n = table.shape[1]
    for point in (x, best):
        for cut in triple_cuts(table, point):
            assert cut @ point < 2
            for size in range(n + 1):
                for each in combinations(range(n), size):
                    if table[:, each].any(axis=1).all():
                        assert cut[list(each)].sum() >= 2


def test_three_rows_in_a_ring_ask_for_two_columns() -> None:
    # By hand: a half of each column covers every row, 1.5 in all; whole columns are 2.
    ring = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], dtype=np.float32)
    assert triple_cuts(ring, np.full(3, 0.5)).tolist() == [[1, 1, 1]]


@SMALL
@given(tables(), st.data())
def test_relaxations_are_those_of_another_solver(table: Matrix, data: st.DataObject) -> None:
    m, n = table.shape
    program = CoverProgram()
    program.load(table, np.ones(m), None)
    first = program.solve()
    own = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=2, unique=True)))
    row = np.isin(np.arange(n), own).astype(np.float32)
    within, without = program.within(row), program.without(own)
    wider = np.concatenate([table, row[None]])
    left = np.delete(table, own, axis=1)
    for bound, rows in ((first.bound, table), (within.bound, wider), (without.bound, left)):
        if rows.shape[1] and rows.any(axis=1).all():
            other = linprog(
                np.ones(rows.shape[1]), A_ub=-rows, b_ub=-np.ones(len(rows)), bounds=(0, 1)
            )
            assert bound == pytest.approx(other.fun, abs=1e-6)
    assert program.solve().bound == pytest.approx(first.bound, abs=1e-6)


@SMALL
@given(tables(), st.integers(1, 4))
def test_exchanges_give_covers_or_nothing(table: Matrix, count: int) -> None:
    start = np.arange(min(count, table.shape[1]))
    chosen = swapped(table, start, steps=50, deadline=math.inf)
    if chosen is not None:
        assert is_cover(table, chosen)
        assert len(set(chosen)) == len(start)
        assert len(start) >= fewest(table)


@SMALL
@given(tables(), st.integers(0, 5), st.booleans())
def test_all_means_together_decide_as_enumeration_does(
    table: Matrix, at_most: int, large: bool
) -> None:
    covers = csr_array(table.astype(float))
    with pytest.MonkeyPatch.context() as patch:
        if large:  # as where tables are too large for the tree
            patch.setattr(few_covers, "TREE_CELLS", 0)
        cover = cover_of_few(covers, at_most, time_limit=60)
        quick = cover_of_few(covers, at_most, time_limit=60, decide=False)
    if fewest(table) <= at_most:
        assert is_cover(table, cover.chosen)
        assert len(cover.chosen) <= at_most
        assert quick.bound == 0
    else:
        assert (cover.chosen, cover.bound) == (None, math.inf)
        assert quick.chosen is None


def test_no_time_decides_nothing_and_claims_nothing() -> None:
    assert few_columns(steiner(), 4, deadline=-math.inf) == (None, False)
    assert swapped(steiner(), np.arange(4), steps=9, deadline=-math.inf) is None
