"""Ids that stand twice or are unknown, and values that are no numbers: one clear error each."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators import decay
from ecity_geo.indicators.access import covered_share, fill_capacity, mean_cost, people_within
from ecity_geo.indicators.catchment import floating_catchment, opportunities
from ecity_geo.indicators.inequality import concentration_index, gini, lorenz, palma, theil
from ecity_geo.indicators.straight import (
    straight_catchment,
    straight_nearest,
    straight_opportunities,
)

COST = CostMatrix.from_frame(
    pd.DataFrame({"k": [100.0, 900.0], "l": [np.inf, np.inf]}, index=["a", "b"]), unit="m"
)
PEOPLE = pd.Series({"a": 10.0, "b": 20.0})
CAPACITY = pd.Series({"k": 20.0, "l": 5.0})
DISTRICT = pd.Series({"a": "x", "b": "y"})
TWICE = pd.Series([1.0, 3.0, 2.0], index=["a", "a", "b"])
BY_DISTRICT = {
    "covered_share": lambda by: covered_share(COST, PEOPLE, standard=500, by=by),
    "mean_cost": lambda by: mean_cost(COST, PEOPLE, by=by),
    "theil": lambda by: theil(PEOPLE, PEOPLE, by=by),
}


def points(ids: list[str]) -> gpd.GeoSeries:
    return gpd.GeoSeries(gpd.points_from_xy(range(len(ids)), [0] * len(ids)), ids, crs=32638)


@pytest.mark.parametrize(("homes", "goals"), [(["a", "a"], ["k"]), (["a"], ["k", "k"])])
def test_points_that_stand_twice_are_not_counted_twice(homes: list[str], goals: list[str]) -> None:
    demand, facilities = points(homes), points(goals)
    people, capacity = pd.Series({"a": 10.0}), pd.Series({"k": 20.0})
    word = "found ids twice" + (r" \['k'\]" if len(goals) > 1 else r" \['a'\]")
    for call in (
        lambda: straight_catchment(demand, facilities, people, capacity, catchment=100),
        lambda: straight_opportunities(demand, facilities, capacity, standard=100),
        lambda: straight_nearest(demand, facilities),
    ):
        with pytest.raises(AnalysisError, match=word):
            call()


@pytest.mark.parametrize(
    "measure",
    [
        gini,
        lorenz,
        palma,
        lambda access, people: theil(access, people, by=DISTRICT),
        lambda access, people: concentration_index(access, people, rank_by=PEOPLE),
    ],
)
def test_access_that_stands_twice_is_not_shared_twice(
    measure: Callable[[pd.Series, pd.Series], object],
) -> None:
    for access, people in ((TWICE, PEOPLE), (PEOPLE, TWICE)):
        with pytest.raises(AnalysisError, match=r"found ids twice \['a'\]"):
            measure(access, people)


@pytest.mark.parametrize("name", list(BY_DISTRICT))
def test_districts_that_stand_twice_are_named(name: str) -> None:
    by = pd.Series(["x", "y", "x"], index=["a", "a", "b"])
    with pytest.raises(AnalysisError, match=r"by: found ids twice \['a'\]"):
        BY_DISTRICT[name](by)


def test_ranks_and_kinds_that_stand_twice_are_named() -> None:
    with pytest.raises(AnalysisError, match=r"rank_by: found ids twice \['a'\]"):
        concentration_index(PEOPLE, PEOPLE, rank_by=TWICE)
    with pytest.raises(AnalysisError, match=r"kind: found ids twice \['k'\]"):
        fill_capacity(CAPACITY, pd.Series(["x", "y", "z"], index=["k", "k", "l"]))
    with pytest.raises(AnalysisError, match=r"capacity: found ids twice \['k'\]"):
        fill_capacity(pd.Series([1.0, np.nan], index=["k", "k"]), pd.Series({"k": "x"}))


@pytest.mark.parametrize("name", ["covered_share", "mean_cost"])
def test_districts_of_other_points_lose_nobody_in_silence(name: str) -> None:
    for by, lost in ((DISTRICT.reset_index(drop=True), "2 of 2"), (DISTRICT.head(1), "1 of 2")):
        with pytest.raises(AnalysisError, match=f"by: found none for {lost} demand points"):
            BY_DISTRICT[name](by)


@pytest.mark.parametrize("name", ["covered_share", "mean_cost"])
def test_people_of_no_district_are_counted_beside_the_table(name: str) -> None:
    # By hand: "b" is said to lie in no district, and 20 people live there.
    found = BY_DISTRICT[name](pd.Series({"a": "x", "b": None}))
    assert found.index.tolist() == ["x"]
    assert found.attrs == {"people_without_district": 20.0}
    assert BY_DISTRICT[name](DISTRICT).attrs == {"people_without_district": 0.0}


@pytest.mark.parametrize("text", [["10", "20"], ["many", "few"], [10.0, "x"]])
def test_amounts_written_as_text_are_no_numbers(text: list[object]) -> None:
    people = pd.Series(text, index=["a", "b"])
    supply = people.set_axis(["k", "l"])
    homes, goals = points(["a", "b"]), points(["k", "l"])
    for call in (
        lambda: people_within(COST, people, standard=500),
        lambda: floating_catchment(COST, PEOPLE, supply, catchment=500),
        lambda: opportunities(COST, supply, standard=500),
        lambda: straight_catchment(homes, goals, people, CAPACITY, catchment=9),
        lambda: fill_capacity(supply, pd.Series({"k": "x", "l": "x"})),
        lambda: gini(people, PEOPLE),
        lambda: gini(PEOPLE, people),
        lambda: concentration_index(PEOPLE, PEOPLE, rank_by=people),
    ):
        with pytest.raises(AnalysisError, match="expected numbers"):
            call()


def test_numbers_in_a_column_of_objects_are_numbers() -> None:
    people = pd.Series([10, 20.0], index=["a", "b"], dtype=object)
    assert people_within(COST, people, standard=500).to_dict() == {"k": 10, "l": 0}


@pytest.mark.parametrize(
    "make",
    [
        lambda: decay.step({"a": 1}),  # type: ignore[dict-item]
        lambda: decay.step([100, 200]),  # type: ignore[arg-type]
        lambda: decay.step({100: "much"}),  # type: ignore[dict-item]
        lambda: decay.gaussian("5"),  # type: ignore[arg-type]
        lambda: decay.power([1]),  # type: ignore[arg-type]
        lambda: decay.exponential(None),  # type: ignore[arg-type]
        lambda: opportunities(COST, CAPACITY, standard=500, decay="gaussian"),  # type: ignore[arg-type]
    ],
)
def test_decays_that_are_none_are_named(make: Callable[[], object]) -> None:
    with pytest.raises(AnalysisError, match=r"found .* expected"):
        make()
