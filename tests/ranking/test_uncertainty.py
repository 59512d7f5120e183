"""Rank intervals: against the bootstrap's own theory and cases that leave no doubt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.ranking.composite import min_max, rank_districts
from ecity_geo.ranking.uncertainty import bootstrap_means, rank_intervals

UNITS = pd.Index(["a", "b", "c"], name="district_id")


def test_bootstrap_spread_is_the_standard_error_of_the_mean() -> None:
    rng = np.random.default_rng(3)
    scores = pd.Series(rng.normal(3, 1, 60))
    means = bootstrap_means(
        scores, pd.Series(["a"] * 60), units=pd.Index(["a"]), draws=20_000, seed=1
    )["a"]
    # Efron & Tibshirani 1993, 5.12: the bootstrap error of a mean is sigma_hat / sqrt(n).
    assert means.std() == pytest.approx(scores.std(ddof=0) / np.sqrt(60), rel=0.02)
    assert means.mean() == pytest.approx(scores.mean(), abs=0.01)


def test_same_seed_same_draws_and_empty_unit_is_missing() -> None:
    scores = pd.Series([1.0, 2.0, 3.0, np.nan])
    by = pd.Series(["a", "a", "b", "c"])
    first = bootstrap_means(scores, by, units=UNITS, draws=50, seed=7)
    again = bootstrap_means(scores, by, units=UNITS, draws=50, seed=7)
    pd.testing.assert_frame_equal(first, again)
    assert first["c"].isna().all()
    assert (first["b"] == 3).all()


def test_respondents_without_unit_are_ignored() -> None:
    by = pd.Series(["a", None, pd.NA], dtype="string")
    means = bootstrap_means(pd.Series([1.0, 5.0, 5.0]), by, units=pd.Index(["a"]), draws=10)
    assert (means["a"] == 1).all()


def test_clear_order_has_intervals_of_one_rank() -> None:
    indicators = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=UNITS)
    draws = pd.DataFrame(np.tile([1.0, 2.0, 3.0], (100, 1)), columns=UNITS)
    intervals = rank_intervals(
        indicators, pd.Series({"x": 1.0}), draws={"x": draws}, normalise=min_max
    )
    assert intervals["rank_low"].tolist() == [3, 2, 1]
    assert intervals["rank_high"].tolist() == [3, 2, 1]


def test_equal_districts_may_stand_anywhere() -> None:
    rng = np.random.default_rng(5)
    draws = pd.DataFrame(rng.normal(size=(2000, 3)), columns=UNITS)
    indicators = pd.DataFrame({"x": [0.0, 0.01, 0.02]}, index=UNITS)
    table = rank_districts(indicators, weights={"x": 1.0}, draws={"x": draws}).table
    assert (table["rank_low"] == 1).all()
    assert (table["rank_high"] == 3).all()


def test_without_draws_there_is_no_interval() -> None:
    indicators = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=UNITS)
    table = rank_districts(indicators, weights={"x": 1.0}).table
    assert table[["rank_low", "rank_high"]].isna().all(axis=None)


def test_ranks_of_a_draw_are_those_of_comparing_all_pairs() -> None:
    rng = np.random.default_rng(7)
    units = pd.Index([f"d{at}" for at in range(12)])
    draws = pd.DataFrame(rng.integers(0, 6, (200, 12)) / 5, columns=units)
    indicators = pd.DataFrame({"r": draws.mean()}, index=units)
    intervals = rank_intervals(
        indicators, pd.Series({"r": 1.0}), draws={"r": draws}, normalise=lambda x: x, confidence=0.9
    )
    ranks = np.array([[(row > each).sum() + 1 for each in row] for row in draws.to_numpy()])
    low, high = np.quantile(ranks, [0.05, 0.95], axis=0, method="inverted_cdf")
    assert intervals["rank_low"].tolist() == low.tolist()
    assert intervals["rank_high"].tolist() == high.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_rank_lies_within_its_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = pd.Series(rng.integers(1, 6, 60).astype(float))
    by = pd.Series(rng.choice(UNITS, 60))
    means = answers.groupby(by).mean().reindex(UNITS)
    indicators = pd.DataFrame({"x": means, "y": rng.random(3)}, index=UNITS)
    draws = {"x": bootstrap_means(answers, by, units=UNITS, draws=40, seed=seed)}
    table = rank_districts(indicators, weights={"x": 1.0, "y": 1.0}, draws=draws).table.dropna()
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
