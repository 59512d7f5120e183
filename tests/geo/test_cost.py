"""The cost matrix: alignment by id, zeros that stay, nothing lost in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

FRAME = pd.DataFrame(
    [[0.0, 5.0], [3.0, np.inf], [np.nan, np.inf]], index=["h1", "h2", "h3"], columns=["k1", "k2"]
)


def test_wide_frame_and_back() -> None:
    cost = CostMatrix.from_frame(FRAME, unit="m")
    pd.testing.assert_frame_equal(cost.to_frame(), FRAME.fillna(np.inf))
    assert cost.costs.nnz == 3


def test_zero_cost_is_kept_as_a_true_zero() -> None:
    cost = CostMatrix.from_frame(FRAME, unit="m").within(4)
    assert cost.nearest().loc["h1"].to_dict() == {"cost": 0.0, "facility_id": "k1"}


def test_nearest_of_unreachable_demand_is_infinite_and_nameless() -> None:
    nearest = CostMatrix.from_frame(FRAME, unit="m").nearest()
    assert nearest["cost"].tolist() == [0, 3, np.inf]
    assert nearest["facility_id"].tolist() == ["k1", "k1", None]


def test_tie_goes_to_the_first_facility() -> None:
    tied = pd.DataFrame([[2.0, 2.0]], index=["h"], columns=["z", "a"])
    assert CostMatrix.from_frame(tied, unit="m").nearest()["facility_id"].tolist() == ["z"]


def test_standard_beyond_the_cutoff_is_refused() -> None:
    cost = CostMatrix.from_frame(FRAME, unit="m", cutoff=4)
    assert cost.costs.nnz == 2
    with pytest.raises(AnalysisError, match="exceeds the cutoff of 4 m"):
        cost.within(5)


def test_select_by_id_in_the_order_given() -> None:
    cost = CostMatrix.from_frame(FRAME, unit="m").select(pd.Index(["k2", "k1"]))
    pd.testing.assert_frame_equal(cost.to_frame(), FRAME.fillna(np.inf)[["k2", "k1"]])


def test_unknown_facility_is_named() -> None:
    with pytest.raises(AnalysisError, match="k9"):
        CostMatrix.from_frame(FRAME, unit="m").select(pd.Index(["k9"]))


@pytest.mark.parametrize("bad", [-1.0, np.inf, np.nan])
def test_impossible_costs_are_refused(bad: float) -> None:
    with pytest.raises(AnalysisError, match="finite and not negative"):
        CostMatrix.from_pairs(
            np.array([0]),
            np.array([0]),
            np.array([bad]),
            demand_ids=pd.Index(["h"]),
            facility_ids=pd.Index(["k"]),
            unit="m",
        )


def test_duplicate_ids_are_refused() -> None:
    with pytest.raises(AnalysisError, match="unique"):
        CostMatrix.from_frame(pd.concat([FRAME, FRAME]), unit="m")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), standard=st.floats(0, 10))
def test_within_and_nearest_agree_with_the_dense_table(seed: int, standard: float) -> None:
    rng = np.random.default_rng(seed)
    dense = pd.DataFrame(rng.integers(0, 10, (7, 4)).astype(float))
    dense = dense.where(rng.random((7, 4)) < 0.7, np.inf)
    cost = CostMatrix.from_frame(dense, unit="min")
    assert cost.within(standard).costs.nnz == (dense <= standard).sum(axis=None)
    assert cost.nearest()["cost"].tolist() == dense.min(axis=1).tolist()


def test_without_facilities_nothing_is_near() -> None:
    costs = CostMatrix.from_frame(pd.DataFrame({"k": [1.0, 2.0]}, index=["a", "b"]), unit="m")
    near = costs.select(pd.Index([], dtype="str")).nearest()
    assert near["cost"].tolist() == [np.inf, np.inf]
    assert near["facility_id"].tolist() == [None, None]


def test_a_pair_given_twice_is_refused() -> None:
    with pytest.raises(AnalysisError, match="more than one cost, first row 'a', column 'x'"):
        CostMatrix.from_pairs(
            np.array([0, 0]),
            np.array([0, 0]),
            np.array([1.0, 2.0]),
            demand_ids=pd.Index(["a"]),
            facility_ids=pd.Index(["x"]),
            unit="m",
        )


@pytest.mark.parametrize(
    ("value", "cutoff", "message"),
    [
        ("far", np.inf, "numbers only, and 1 .* first 'far' in row 'a', column 'x'"),
        ("1", np.inf, "first '1' in row 'a'"),
        (-np.inf, np.inf, "first -inf in row 'a', column 'x'"),
        (1.0, np.nan, "cutoff must be"),
        (1.0, -1.0, "cutoff must be"),
    ],
)
def test_a_table_that_would_lose_pairs_in_silence_is_refused(
    value: object, cutoff: float, message: str
) -> None:
    frame = pd.DataFrame({"x": [value]}, index=["a"])
    with pytest.raises(AnalysisError, match=message):
        CostMatrix.from_frame(frame, unit="m", cutoff=cutoff)


def test_a_negative_cost_is_named_by_its_ids_and_counted() -> None:
    frame = pd.DataFrame({"x": [1.0, 7.0], "y": [9.0, 2.0]}, index=["a", "b"])
    with pytest.raises(AnalysisError, match="2 of 4 are not, first -4 in row 'a', column 'x'"):
        CostMatrix.from_frame(frame - 5, unit="m")  # -4 and -3 by hand


def test_an_array_of_costs_is_told_how_to_become_a_table() -> None:
    with pytest.raises(AnalysisError, match=r"not ndarray.*pd\.DataFrame\(costs, index="):
        CostMatrix.from_frame(np.ones((2, 2)), unit="m")  # type: ignore[arg-type]


def test_facilities_that_are_not_there_are_counted_and_differing_types_told() -> None:
    cost = CostMatrix.from_frame(pd.DataFrame({1: [1.0], 2: [2.0]}, index=["a"]), unit="m")
    with pytest.raises(AnalysisError, match=r"'1', '2': 2 of the 3.*'1' \(str\) is no 1 \(int\)"):
        cost.select(pd.Index(["1", "2", 2], dtype=object))
    with pytest.raises(AnalysisError, match=r"9: 1 of the 1 asked for\. Ask for ids"):
        cost.select(pd.Index([9]))


def test_numbers_of_any_type_and_missing_pairs_make_a_table() -> None:
    frame = pd.DataFrame({"x": pd.array([1, None], dtype="Int64"), "y": [None, 2.5]})
    frame["y"] = frame["y"].astype(object)
    assert CostMatrix.from_frame(frame, unit="m").costs.data.tolist() == [1.0, 2.5]
