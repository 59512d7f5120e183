"""Coverage, mean cost and floating catchments: by hand, by enumeration, and against PySAL."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators.access import (
    covered,
    covered_share,
    fill_capacity,
    mean_cost,
    people_within,
)
from ecity_geo.indicators.catchment import floating_catchment

TABLE = pd.DataFrame(
    [[100.0, 900.0], [500.0, 500.0], [np.inf, 800.0], [np.inf, np.inf]],
    index=["h1", "h2", "h3", "h4"],
    columns=["k1", "k2"],
)
COST = CostMatrix.from_frame(TABLE, unit="m")
PEOPLE = pd.Series({"h1": 10.0, "h2": 20.0, "h3": 30.0, "h4": 40.0})
DISTRICT = pd.Series({"h1": "a", "h2": "a", "h3": "b", "h4": "b"})


def random_city(seed: int) -> tuple[CostMatrix, pd.Series, pd.Series, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    homes, kiosks = [f"h{i}" for i in range(12)], [f"k{i}" for i in range(5)]
    table = pd.DataFrame(rng.integers(0, 10, (12, 5)).astype(float), index=homes, columns=kiosks)
    table = table.where(rng.random((12, 5)) < 0.8, np.inf)
    people = pd.Series(rng.integers(0, 50, 12).astype(float), index=homes)
    capacity = pd.Series(rng.integers(0, 9, 5).astype(float), index=kiosks)
    return CostMatrix.from_frame(table, unit="min"), people, capacity, table


def test_covered_is_inclusive() -> None:
    assert covered(COST, standard=500).to_dict() == {
        "h1": True,
        "h2": True,
        "h3": False,
        "h4": False,
    }
    assert covered(COST, standard=499.9).tolist() == [True, False, False, False]


def test_covered_share_counts_people_not_places() -> None:
    share = covered_share(COST, PEOPLE, standard=800, by=DISTRICT)
    assert share.to_dict() == {"a": 1, "b": pytest.approx(30 / 70)}
    assert covered_share(COST, PEOPLE, standard=100, by=DISTRICT)["a"] == pytest.approx(1 / 3)


def test_covered_share_is_missing_where_nobody_lives() -> None:
    nobody = PEOPLE.mask(DISTRICT == "b", 0.0)
    assert covered_share(COST, nobody, standard=800, by=DISTRICT).isna().to_dict() == {
        "a": False,
        "b": True,
    }


def test_points_outside_every_district_count_in_none() -> None:
    outside = DISTRICT.mask(DISTRICT.index == "h4", None)
    assert covered_share(COST, PEOPLE, standard=800, by=outside)["b"] == 1


def test_mean_cost_is_over_those_who_arrive_and_tells_of_the_others() -> None:
    table = mean_cost(COST, PEOPLE, by=DISTRICT)
    assert table["mean_cost"].to_dict() == {
        "a": pytest.approx((100 * 10 + 500 * 20) / 30),
        "b": 800,
    }
    assert table["people_reached"].to_dict() == {"a": 30, "b": 30}
    assert table["people_unreachable"].to_dict() == {"a": 0, "b": 40}


def test_mean_cost_is_missing_where_nobody_arrives() -> None:
    lost = mean_cost(COST, PEOPLE, by=pd.Series(DISTRICT.index, index=DISTRICT.index))
    assert np.isnan(lost.loc["h4", "mean_cost"])


def test_people_within_counts_who_has_two_at_both() -> None:
    assert people_within(COST, PEOPLE, standard=500).to_dict() == {"k1": 30, "k2": 20}


def test_floating_catchment_of_one_kiosk_by_hand() -> None:
    # Capacity 10 for the 200 people within reach; the other 300 have nothing.
    table = pd.DataFrame({"k": [0.0, 400.0, 900.0]}, index=["h1", "h2", "h3"])
    people = pd.Series({"h1": 50.0, "h2": 150.0, "h3": 300.0})
    access = floating_catchment(
        CostMatrix.from_frame(table, unit="m"), people, pd.Series({"k": 10.0}), catchment=500
    )
    assert access.to_dict() == {"h1": 0.05, "h2": 0.05, "h3": 0}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), catchment=st.integers(0, 10))
def test_floating_catchment_agrees_with_both_steps_written_out(seed: int, catchment: int) -> None:
    cost, people, capacity, table = random_city(seed)
    expected = {}
    for home in table.index:
        expected[home] = 0.0
        for kiosk in table.columns:
            users = people[table[kiosk] <= catchment].sum()
            if table.loc[home, kiosk] <= catchment and users > 0:
                expected[home] += capacity[kiosk] / users
    access = floating_catchment(cost, people, capacity, catchment=catchment)
    assert access.to_dict() == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), catchment=st.integers(0, 10))
def test_access_over_all_people_gives_back_the_capacity(seed: int, catchment: int) -> None:
    cost, people, capacity, table = random_city(seed)
    access = floating_catchment(cost, people, capacity, catchment=catchment)
    used = (table <= catchment).mul(people, axis=0).sum() > 0
    assert (access * people).sum() == pytest.approx(capacity[used].sum())
    assert (access >= 0).all()


def test_floating_catchment_agrees_with_pysal_access() -> None:
    peer = pytest.importorskip("access.fca", reason="PySAL access is not installed")
    for seed in range(5):
        cost, people, capacity, table = random_city(seed)
        people += 1  # the peer divides nothing by nobody
        pairs = table.stack().rename("cost").rename_axis(["origin", "dest"]).reset_index()
        expected = peer.two_stage_fca(
            people.rename("demand").rename_axis("geoid").to_frame(),
            capacity.rename("supply").rename_axis("geoid").to_frame(),
            pairs[np.isfinite(pairs["cost"])],
            max_cost=6,
        )
        access = floating_catchment(cost, people, capacity, catchment=6)
        assert expected.reindex(access.index).fillna(0).tolist() == pytest.approx(access.tolist())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), standard=st.integers(0, 10))
def test_covered_share_never_falls_when_a_kiosk_is_added(seed: int, standard: int) -> None:
    cost, people, _, table = random_city(seed)
    by = pd.Series(np.arange(12) % 3, index=people.index)
    fewer = covered_share(cost.select(table.columns[:4]), people, standard=standard, by=by)
    assert (fewer <= covered_share(cost, people, standard=standard, by=by))[fewer.notna()].all()
    wider = covered_share(cost, people, standard=standard + 1, by=by)
    assert (covered_share(cost, people, standard=standard, by=by) <= wider)[wider.notna()].all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), standard=st.integers(0, 10))
def test_shares_and_means_agree_with_the_dense_table(seed: int, standard: int) -> None:
    cost, people, _, table = random_city(seed)
    by = pd.Series(np.arange(12) % 3, index=people.index).astype(str)
    best = table.min(axis=1)
    shares = covered_share(cost, people, standard=standard, by=by)
    means = mean_cost(cost, people, by=by)
    for unit in ("0", "1", "2"):
        inside, arrive = by == unit, np.isfinite(best)
        assert shares[unit] == pytest.approx(
            np.average(best[inside] <= standard, weights=people[inside])
        )
        assert means.loc[unit, "mean_cost"] == pytest.approx(
            np.average(best[inside & arrive], weights=people[inside & arrive])
        )
    near = (table <= standard).mul(people, axis=0).sum()
    assert people_within(cost, people, standard=standard).to_dict() == near.to_dict()
    assert means[["people_reached", "people_unreachable"]].sum().sum() == people.sum()


def test_shuffled_people_capacities_and_districts_change_nothing() -> None:
    cost, people, capacity, _ = random_city(3)
    by = pd.Series(np.arange(12) % 3, index=people.index)
    for measure in (
        lambda p, c, b: floating_catchment(cost, p, c, catchment=5),
        lambda p, c, b: covered_share(cost, p, standard=5, by=b),
        lambda p, c, b: mean_cost(cost, p, by=b)["mean_cost"],
        lambda p, c, b: people_within(cost, p, standard=5),
    ):
        straight = measure(people, capacity, by)
        mixed = measure(people.iloc[::-1], capacity.iloc[::-1], by.sample(frac=1, random_state=1))
        pd.testing.assert_series_equal(mixed, straight)


def test_nothing_in_reach_gives_zeros_not_gaps() -> None:
    far = COST.within(50)
    access = floating_catchment(far, PEOPLE, pd.Series({"k1": 1.0, "k2": 1.0}), catchment=50)
    assert access.tolist() == [0.0] * 4
    assert access.dtype == float
    assert people_within(far, PEOPLE, standard=50).dtype == float


def test_unknown_capacity_is_the_median_of_its_type_or_one() -> None:
    capacity = pd.Series([10.0, 30.0, np.nan, np.nan, 50.0, np.nan], index=list("abcdef"))
    kind = pd.Series(["kiosk", "kiosk", "kiosk", "bank", "post", None], index=list("abcdef"))
    filled, count = fill_capacity(capacity, kind.iloc[::-1])
    assert filled.to_dict() == {"a": 10, "b": 30, "c": 20, "d": 1, "e": 50, "f": 1}
    assert count == 3


def test_known_capacities_stay_zero_too() -> None:
    filled, count = fill_capacity(pd.Series([0.0, 4.0]), pd.Series(["kiosk", "kiosk"]))
    assert filled.tolist() == [0, 4]
    assert count == 0


def test_standard_beyond_the_cutoff_is_refused() -> None:
    near = CostMatrix.from_frame(TABLE, unit="m", cutoff=600)
    for measure in (
        lambda: covered_share(near, PEOPLE, standard=700, by=DISTRICT),
        lambda: people_within(near, PEOPLE, standard=700),
        lambda: floating_catchment(near, PEOPLE, PEOPLE, catchment=700),
    ):
        with pytest.raises(AnalysisError, match="exceeds the cutoff of 600 m"):
            measure()


def test_population_must_stand_for_every_demand_point() -> None:
    with pytest.raises(AnalysisError, match=r"population: found none for 1 of 4 .*'h2'"):
        people_within(COST, PEOPLE.drop("h2"), standard=500)
    with pytest.raises(AnalysisError, match=r"ids twice \['h1'\]"):
        people_within(COST, pd.concat([PEOPLE, PEOPLE.head(1)]), standard=500)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_impossible_amounts_are_named(wrong: float) -> None:
    with pytest.raises(AnalysisError, match=f"population: found {wrong} at 'h3'"):
        mean_cost(COST, PEOPLE.mask(PEOPLE.index == "h3", wrong), by=DISTRICT)
    with pytest.raises(AnalysisError, match=f"capacity: found {wrong} at 'k2'"):
        floating_catchment(COST, PEOPLE, pd.Series({"k1": 1.0, "k2": wrong}), catchment=500)


def test_negative_capacity_is_refused_before_it_is_averaged() -> None:
    with pytest.raises(AnalysisError, match=r"capacity: found -5.0 at 'k'"):
        fill_capacity(pd.Series({"k": -5.0, "l": np.nan}), pd.Series({"k": "kiosk", "l": "kiosk"}))
