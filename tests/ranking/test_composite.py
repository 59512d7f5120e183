"""Ranks against scipy, and properties that any composite index must have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from ecity_geo.errors import AnalysisError
from ecity_geo.ranking.composite import normalise, rank_districts, ranks

EQUAL = {"x": 1.0, "y": 1.0}


def frame(x: list[float], y: list[float]) -> pd.DataFrame:
    index = pd.Index([f"d{i}" for i in range(len(x))], name="district_id")
    return pd.DataFrame({"x": x, "y": y}, index=index)


def test_three_districts_by_hand() -> None:
    ranking = rank_districts(frame([1, 2, 3], [10, 30, 10]), weights=EQUAL)
    # Normalised x: 0, .5, 1; y: 0, 1, 0.
    assert ranking.table["score"].to_dict() == {"d1": 0.75, "d2": 0.5, "d0": 0.0}
    assert ranking.table["rank"].tolist() == [1, 2, 3]
    assert ranking.weights.to_dict() == {"x": 0.5, "y": 0.5}


def test_ties_share_the_better_rank_and_keep_the_given_order() -> None:
    table = rank_districts(frame([1, 2, 2, 3], [0, 0, 0, 0]), weights={"x": 1.0}).table
    assert table["rank"].to_dict() == {"d3": 1, "d1": 2, "d2": 2, "d0": 4}
    assert table.index.tolist() == ["d3", "d1", "d2", "d0"]


def test_missing_indicator_leaves_the_district_unranked_with_a_reason() -> None:
    table = rank_districts(frame([1, np.nan, 3], [1, 2, np.nan]), weights=EQUAL).table
    assert table["rank"].isna().to_dict() == {"d0": False, "d1": True, "d2": True}
    assert table["reason"].to_dict() == {"d0": "", "d1": "no x", "d2": "no y"}


def test_indicator_without_weight_is_not_needed() -> None:
    table = rank_districts(frame([1, 2], [np.nan, np.nan]), weights={"x": 1.0, "y": 0.0}).table
    assert table["rank"].notna().all()
    assert "y" not in table


def test_no_district_complete_gives_no_ranks() -> None:
    table = rank_districts(frame([np.nan, np.nan], [1, 2]), weights=EQUAL).table
    assert table["rank"].isna().all()


@pytest.mark.parametrize("weights", [{"x": -1.0, "y": 2.0}, {"x": 0.0}, {"x": float("nan")}])
def test_bad_weights_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(AnalysisError, match="Weights"):
        rank_districts(frame([1, 2], [1, 2]), weights=weights)


def test_unknown_weight_is_named() -> None:
    with pytest.raises(AnalysisError, match="shoes"):
        rank_districts(frame([1, 2], [1, 2]), weights={"shoes": 1.0})


def test_constant_indicator_is_one_half_for_all() -> None:
    assert normalise(frame([1, 2], [7, 7]))["y"].tolist() == [0.5, 0.5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=12))
def test_ranks_agree_with_scipy(values: list[float]) -> None:
    score = pd.Series(np.round(values, 3))
    assert ranks(score).tolist() == rankdata(-score, method="min").astype(int).tolist()


@settings(max_examples=40, deadline=None)
@given(
    x=st.lists(st.integers(0, 50), min_size=3, max_size=10, unique=True),
    scale=st.floats(0.1, 10),
    shift=st.floats(-5, 5),
)
def test_changing_the_unit_of_an_indicator_changes_no_rank(
    x: list[int], scale: float, shift: float
) -> None:
    values = [float(v) for v in x]
    before = rank_districts(frame(values, values[::-1]), weights=EQUAL).table["rank"]
    moved = frame([scale * v + shift for v in values], values[::-1])
    after = rank_districts(moved, weights=EQUAL).table["rank"]
    assert after.reindex(before.index).tolist() == before.tolist()


def test_draws_of_an_indicator_without_weight_are_not_used() -> None:
    indicators = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 1.0]}, index=["x", "y"])
    draws = {"b": pd.DataFrame([[1.0, 3.0]], columns=["x", "y"])}
    ranking = rank_districts(indicators, weights={"a": 1, "b": 0}, draws=draws)
    assert ranking.table["rank"].to_dict() == {"y": 1, "x": 2}
    assert ranking.table["rank_low"].isna().all()
    assert ranking.draws == 0
