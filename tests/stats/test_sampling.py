"""Sample sizes, margins and allocation: against published tables, and by enumeration."""

from __future__ import annotations

from itertools import product
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sampling import (
    allocate_neyman,
    allocate_proportional,
    cochran,
    design_effect,
    krejcie_morgan,
    margin_of_error,
)

TABLE = pd.read_csv(Path(__file__).parent / "reference" / "krejcie_morgan.csv")


def test_krejcie_and_morgan_give_their_own_table() -> None:
    assert [krejcie_morgan(n) for n in TABLE["N"]] == TABLE["S_published"].tolist()


def test_the_papers_sample_has_a_margin_of_almost_seven_percent() -> None:
    # Reference audit of the paper: n = 182 of 1400 has 0.068, and 302 are needed for 0.05.
    assert margin_of_error(182, 1400) == pytest.approx(0.068, abs=5e-4)
    assert cochran(1400) == krejcie_morgan(1400) == 302


def test_cochran_of_textbooks() -> None:
    # 385 for 5 % and 1068 for 3 % at 95 %, one half, any large population.
    assert cochran() == 385
    assert cochran(margin=0.03) == 1068
    assert cochran(10**9) == 385


@settings(max_examples=60, deadline=None)
@given(population=st.integers(2, 100_000), margin=st.floats(0.01, 0.2))
def test_cochrans_size_is_the_smallest_that_keeps_the_margin(
    population: int, margin: float
) -> None:
    n = cochran(population, margin=margin)
    assert 1 <= n <= population
    assert margin_of_error(n, population) <= margin + 1e-9
    # One fewer is too few; Cochran's formula has N for N - 1, worth at most one person.
    if n > 2:
        assert margin_of_error(n - 2, population) > margin


def test_everybody_asked_leaves_no_margin() -> None:
    assert margin_of_error(50, 50) == 0
    assert margin_of_error(1, 1) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda: margin_of_error(0, 10),
        lambda: margin_of_error(11, 10),
        lambda: cochran(0),
        lambda: cochran(100, margin=5),
        lambda: krejcie_morgan(100, confidence=95),
        lambda: design_effect(pd.Series([1.0, 0.0])),
        lambda: design_effect(pd.Series([], dtype=float)),
        lambda: allocate_proportional(11, pd.Series([4, 6])),
        lambda: allocate_proportional(3, pd.Series([4, 6]), minimum=2),
        lambda: allocate_proportional(3, pd.Series([4, np.nan])),
        lambda: allocate_proportional(2.5, pd.Series([4, 6])),
        lambda: cochran(np.nan),
        lambda: krejcie_morgan(np.inf),
        lambda: margin_of_error(np.nan, 1400),
        lambda: margin_of_error(182, np.nan),
        lambda: allocate_neyman(3, pd.Series([4, 6]), pd.Series([1.0])),
        lambda: allocate_neyman(3, pd.Series([4, 6]), pd.Series([0.0, 0.0])),
    ],
)
def test_question_without_an_answer_says_so(ask: object) -> None:
    with pytest.raises(AnalysisError):
        ask()  # type: ignore[operator]


def test_hamilton_shares_the_house_of_the_alabama_paradox() -> None:
    # The textbook example (Balinski & Young 1982): with 10 seats C has 2, with 11 only 1.
    sizes = pd.Series({"A": 6, "B": 6, "C": 2})
    assert allocate_proportional(10, sizes).to_dict() == {"A": 4, "B": 4, "C": 2}
    assert allocate_proportional(11, sizes).to_dict() == {"A": 5, "B": 5, "C": 1}


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 500), min_size=1, max_size=8),
    share=st.floats(0, 1),
    minimum=st.integers(0, 5),
)
def test_allocation_adds_up_and_stays_within_the_strata(
    sizes: list[int], share: float, minimum: int
) -> None:
    strata = pd.Series(sizes, index=[f"d{at}" for at in range(len(sizes))])
    n = max(int(share * sum(sizes)), sum(min(minimum, size) for size in sizes))
    given_ = allocate_proportional(n, strata, minimum=minimum)
    assert given_.sum() == n
    assert (given_ <= strata).all()
    assert (given_ >= np.minimum(minimum, strata)).all()
    if minimum == 0 and n:
        assert ((given_ - n * strata / strata.sum()).abs() < 1).all()


def variance(given: tuple[int, ...], sizes: pd.Series, sd: pd.Series) -> float:
    """Variance of the mean over strata without the correction for finite strata."""
    if min(given) == 0:
        return float("inf")
    return float(sum(n**2 * s**2 / g for n, s, g in zip(sizes, sd, given, strict=True)))


def test_neyman_is_as_precise_as_the_best_of_all_allocations() -> None:
    sizes = pd.Series({"a": 100, "b": 200, "c": 300})
    sd = pd.Series({"c": 1.0, "a": 3.0, "b": 0.5})  # another order: ids count
    ours = allocate_neyman(24, sizes, sd)
    aligned = sd[sizes.index]
    every = [g for g in product(range(1, 23), repeat=3) if sum(g) == 24]
    best = min(variance(g, sizes, aligned) for g in every)
    assert variance(tuple(ours), sizes, aligned) <= best * 1.005
    assert ours.to_dict() == {"a": 10, "b": 4, "c": 10}  # 300 : 100 : 300 of 24


def test_neyman_asks_a_small_varied_stratum_whole() -> None:
    sizes, sd = pd.Series({"a": 5, "b": 100, "c": 100}), pd.Series({"a": 50.0, "b": 1.0, "c": 1.0})
    assert allocate_neyman(25, sizes, sd).to_dict() == {"a": 5, "b": 10, "c": 10}


def test_strata_that_do_not_vary_take_what_is_left() -> None:
    sizes, sd = pd.Series({"a": 2, "b": 30, "c": 10}), pd.Series({"a": 1.0, "b": 0.0, "c": 0.0})
    assert allocate_neyman(10, sizes, sd).to_dict() == {"a": 2, "b": 6, "c": 2}


def test_design_effect_by_hand() -> None:
    # Weights 1 and 3: 2 (1 + 9) / 16 = 1.25.
    assert design_effect(pd.Series([1.0, 3.0])) == 1.25
    assert design_effect(pd.Series([2.0] * 7)) == pytest.approx(1)
    rng = np.random.default_rng(0)
    w = rng.uniform(0.5, 2, 40)
    # Kish's other form: 1 + squared coefficient of variation.
    assert design_effect(pd.Series(w)) == pytest.approx(1 + (w.std() / w.mean()) ** 2)
    assert sqrt(design_effect(pd.Series(w))) > 1
