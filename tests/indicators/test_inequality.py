"""The Gini coefficient against its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.indicators.inequality import gini


def by_pairs(access: np.ndarray, people: np.ndarray) -> float:
    """Half the mean difference between two people over the mean (Gini 1912)."""
    differences = np.abs(access[:, None] - access) * people[:, None] * people
    mean = (access * people).sum() / people.sum()
    return float(differences.sum() / (2 * mean * people.sum() ** 2))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 12))
def test_agrees_with_the_mean_difference_between_two_people(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    access = rng.integers(0, 5, count) + rng.random(count) * (seed % 2) + 0.01
    people = rng.integers(0, 9, count) + 0.5
    found = gini(pd.Series(access), pd.Series(people).iloc[::-1])
    assert found == pytest.approx(by_pairs(access, people), abs=1e-12)
    assert found == pytest.approx(gini(pd.Series(access * 1000), pd.Series(people * 7)))


def test_equal_access_has_no_inequality() -> None:
    assert gini(pd.Series([0.3] * 7), pd.Series([1.0, 2, 3, 4, 5, 6, 7])) == pytest.approx(0)


def test_one_in_ten_who_has_all() -> None:
    assert gini(pd.Series([5.0, 0.0]), pd.Series([1.0, 9.0])) == pytest.approx(0.9)


def test_splitting_a_place_changes_nothing() -> None:
    whole = gini(pd.Series([1.0, 3.0]), pd.Series([10.0, 20.0]))
    assert gini(pd.Series([3.0, 1.0, 3.0]), pd.Series([15.0, 10.0, 5.0])) == pytest.approx(whole)


@pytest.mark.parametrize(("access", "people"), [([], []), ([0.0, 0.0], [1.0, 2.0]), ([3.0], [0.0])])
def test_nothing_to_share_out_has_no_coefficient(access: list[float], people: list[float]) -> None:
    assert np.isnan(gini(pd.Series(access, dtype=float), pd.Series(people, dtype=float)))


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_impossible_amounts_are_refused(wrong: float) -> None:
    for access, people in (([1.0, wrong], [1.0, 1.0]), ([1.0, 1.0], [1.0, wrong])):
        with pytest.raises(AnalysisError, match="missing, negative or infinite"):
            gini(pd.Series(access), pd.Series(people))
    with pytest.raises(AnalysisError):
        gini(pd.Series([1.0, 2.0]), pd.Series([1.0]))
