"""Whom a plan covers by district and fabric: sums that can be done in the head."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

KM = pd.DataFrame({"A": [1.0, 1, 5, np.nan]}, index=["a", "b", "c", "d"])
PEOPLE = pd.Series({"a": 100.0, "b": 50.0, "c": 150.0, "d": 10.0})
DISTRICT = pd.Series({"d": 2, "c": 1, "b": 1, "a": 2})
FABRIC = pd.Series({"a": "old", "b": None, "c": "old"})
GROUPS = {"district": DISTRICT, "fabric": FABRIC}


@pytest.fixture
def plan() -> siting.SitingPlan:
    cost = CostMatrix.from_frame(KM, unit="km")
    return siting.mclp(cost, PEOPLE, standard=2, p=1, candidates=pd.Index(["A"]))


def table(plan: siting.SitingPlan, **given: Any) -> pd.DataFrame:
    covered = siting.covered_by(plan, **given).covered
    assert covered is not None
    return covered


def test_shares_are_those_done_by_hand(plan: siting.SitingPlan) -> None:
    rows = table(plan, population=PEOPLE, groups=GROUPS).to_dict("index")
    assert rows == {
        ("district", 1): {"people": 200.0, "covered": 50.0, "share": 0.25},
        ("district", 2): {"people": 110.0, "covered": 100.0, "share": 100 / 110},
        ("fabric", "old"): {"people": 250.0, "covered": 100.0, "share": 0.4},  # b is in none
    }


def test_the_order_of_people_and_groups_changes_nothing(plan: siting.SitingPlan) -> None:
    shuffled = {level: group.sample(frac=1, random_state=3) for level, group in GROUPS.items()}
    pd.testing.assert_frame_equal(
        table(plan, population=PEOPLE[::-1], groups=shuffled),
        table(plan, population=PEOPLE, groups=GROUPS),
    )


def test_a_median_covers_within_the_standard_that_is_given() -> None:
    cost = CostMatrix.from_frame(KM, unit="km")
    plan = siting.p_median(cost, PEOPLE, p=1, candidates=pd.Index(["A"]))
    given = {"population": PEOPLE, "groups": {"district": DISTRICT}}
    assert table(plan, **given)["covered"].to_dict() == {
        ("district", 1): 200.0,
        ("district", 2): 100.0,
    }
    assert table(plan, standard=1, **given)["covered"].to_dict() == {
        ("district", 1): 50.0,
        ("district", 2): 100.0,
    }


def test_without_groups_there_is_nothing_and_the_seed_is_told(plan: siting.SitingPlan) -> None:
    assert plan.covered is None
    assert plan.seed == 0
    empty = table(plan, population=PEOPLE, groups={})
    assert empty.empty
    assert list(empty.columns) == ["people", "covered", "share"]


def test_demand_in_two_groups_is_named(plan: siting.SitingPlan) -> None:
    twice = pd.concat([DISTRICT, DISTRICT.iloc[:1]])
    with pytest.raises(
        AnalysisError, match=r"'district' names some demand ids more than once: 'd'"
    ):
        siting.covered_by(plan, PEOPLE, {"district": twice})


def test_people_for_whom_there_is_no_room_are_not_covered() -> None:
    frame = pd.DataFrame({"s": [1.0, 9], "t": [9.0, 1]}, index=["a", "b"])
    people = pd.Series({"a": 100.0, "b": 50.0})
    plan = siting.mclp(
        CostMatrix.from_frame(frame, unit="km"),
        people,
        standard=1,
        p=2,
        capacity=pd.Series({"s": 10.0, "t": 10.0}),
    )
    side = {"side": pd.Series({"a": "west", "b": "east"})}
    told = siting.covered_by(plan, people, side).covered
    assert told is not None
    assert told["covered"].sum() == plan.objective == 20
    assert told.loc[("side", "west"), "share"] == 0.1
