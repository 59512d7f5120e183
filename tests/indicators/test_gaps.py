"""The joint gap: corner values that follow from its formula, and its order properties."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.indicators.gaps import gap_class, gap_index


def test_corners_of_the_index() -> None:
    readiness = pd.Series([1.0, 5.0, 1.0, 3.0], index=list("abcd"))
    covered = pd.Series([0.0, 0.0, 1.0, 0.5], index=list("abcd"))
    index = gap_index(readiness, covered, scale=(1, 5))
    assert index.to_dict() == {"a": 1.0, "b": 0.0, "c": 0.0, "d": 0.5}


def test_aligned_by_id_not_by_position() -> None:
    readiness = pd.Series([1.0, 5.0], index=["a", "b"])
    covered = pd.Series([1.0, 0.0], index=["b", "a"])
    assert gap_index(readiness, covered, scale=(1, 5)).to_dict() == {"a": 1.0, "b": 0.0}


@settings(max_examples=50)
@given(r=st.floats(1, 5), c=st.floats(0, 1), less=st.floats(0, 1), worse=st.floats(0, 1))
def test_index_never_falls_when_readiness_or_coverage_falls(
    r: float, c: float, less: float, worse: float
) -> None:
    before = gap_index(pd.Series([r]), pd.Series([c]), scale=(1, 5)).iloc[0]
    lower = gap_index(pd.Series([1 + (r - 1) * less]), pd.Series([c * worse]), scale=(1, 5)).iloc[0]
    assert lower >= before - 1e-12
    assert 0 <= before <= 1


def test_classes_and_unknown() -> None:
    readiness = pd.Series([2.0, 4.0, 2.0, 4.0, np.nan])
    covered = pd.Series([0.5, 0.5, 0.9, 0.9, 0.5])
    classes = gap_class(readiness, covered, test_value=3, coverage_target=0.8)
    assert classes.tolist() == ["both", "coverage", "readiness", "neither", "unknown"]


def test_thresholds_themselves_are_good_enough() -> None:
    classes = gap_class(pd.Series([3.0]), pd.Series([0.8]), test_value=3, coverage_target=0.8)
    assert classes.tolist() == ["neither"]


def test_missing_readiness_gives_no_index() -> None:
    index = gap_index(pd.Series([np.nan]), pd.Series([0.2]), scale=(1, 5))
    assert index.isna().all()
    assert index.name == "gap_index"
