"""Access without a pair table: what the cost matrix gives, what PySAL gives, what must hold."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from access import fca
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.geo import near
from ecity_geo.geo.travel import straight_line
from ecity_geo.indicators import decay
from ecity_geo.indicators.catchment import METHODS, floating_catchment, opportunities
from ecity_geo.indicators.straight import (
    straight_catchment,
    straight_nearest,
    straight_opportunities,
)

CRS = "EPSG:32638"
DECAYS = {
    "none": None,
    "step": decay.step({2: 1.0, 4: 0.68, 6: 0.22}),
    "gaussian": decay.gaussian(3),
    "power": decay.power(1.5),
}


def points(xy: object, prefix: str) -> gpd.GeoDataFrame:
    x, y = np.asarray(xy, dtype=float).reshape(-1, 2).T
    ids = [f"{prefix}{number}" for number in range(len(x))]
    return gpd.GeoDataFrame(index=ids, geometry=gpd.points_from_xy(x, y), crs=CRS)


def city(seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    demand, services = (
        points(rng.integers(0, 25, (60, 2)), "h"),
        points(rng.random((9, 2)) * 25, "k"),
    )
    people = pd.Series(rng.integers(0, 50, 60).astype(float), index=demand.index)
    return demand, services, people, pd.Series(rng.integers(0, 9, 9), index=services.index)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(list(DECAYS)),
    method=st.sampled_from(METHODS),
    block=st.sampled_from([1, 30, 10**6]),
    compiled=st.booleans(),
)
def test_access_is_that_of_the_cost_matrix(
    seed: int, name: str, method: str, block: int, compiled: bool
) -> None:
    demand, services, people, capacity = city(seed)
    weigh = DECAYS[name]
    expected = floating_catchment(
        straight_line(demand, services), people, capacity, catchment=6, decay=weigh, method=method
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "BLOCK", block)
        patch.setattr(near, "MANY", 0 if compiled else 10**12)
        found = straight_catchment(
            demand,
            services,
            people.iloc[::-1],
            capacity.iloc[::-1],
            catchment=6,
            decay=weigh,
            method=method,
        )
    pd.testing.assert_series_equal(found, expected, rtol=1e-9)


# The peer drops a column in a way that pandas 3 calls old.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_compiled_access_is_that_of_pysal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "MANY", 0)
    demand, services, people, capacity = city(7)
    away = {k: demand.distance(place) for k, place in services.geometry.items()}
    pairs = pd.DataFrame(away).stack().rename("cost").rename_axis(["origin", "dest"]).reset_index()
    peer = fca.two_stage_fca(
        people.rename("demand").rename_axis("geoid").to_frame(),
        capacity.rename("supply").rename_axis("geoid").to_frame(),
        pairs,
        max_cost=6,
    )
    found = straight_catchment(demand, services, people, capacity, catchment=6)
    expected = peer.reindex(found.index).fillna(0.0)
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    assert (found > 0).sum() > 30


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360))
def test_capacity_is_given_back_wherever_the_city_lies(seed: int, turn: float) -> None:
    demand, services, people, capacity = city(seed)
    moved = [
        frame.set_geometry(frame.rotate(turn, origin=(0, 0)).translate(6e5, 4.2e6))
        for frame in (demand, services)
    ]
    found = straight_catchment(*moved, people + 1, capacity, catchment=40, decay=DECAYS["gaussian"])
    assert (found * (people + 1)).sum() == pytest.approx(capacity.sum())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(list(DECAYS)))
def test_opportunities_and_nearest_are_those_of_the_cost_matrix(seed: int, name: str) -> None:
    demand, services, _, amounts = city(seed)
    cost = straight_line(demand, services)
    found = straight_opportunities(demand, services, amounts, standard=6, decay=DECAYS[name])
    expected = opportunities(cost, amounts, standard=6, decay=DECAYS[name])
    pd.testing.assert_series_equal(found, expected, rtol=1e-9)
    nearest = straight_nearest(demand, services)
    assert nearest["cost"].tolist() == cost.nearest()["cost"].tolist()
    own = demand.distance(services.geometry.loc[nearest["facility_id"]], align=False)
    assert own.tolist() == pytest.approx(nearest["cost"].tolist())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("compiled", [True, False])
def test_capacity_that_nobody_reaches_is_told(
    method: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By hand: k1 has nobody within 9, k2 only a home where nobody lives; 3 + 5 are lost.
    monkeypatch.setattr(near, "MANY", 0 if compiled else 10**12)
    demand, services = points([(0, 0), (50, 0)], "h"), points([(1, 0), (99, 0), (51, 0)], "k")
    people, capacity = pd.Series({"h0": 2, "h1": 0}), pd.Series({"k0": 4, "k1": 3, "k2": 5})
    straight = straight_catchment(demand, services, people, capacity, catchment=9, method=method)
    costs = straight_line(demand, services)
    for access in (
        straight,
        floating_catchment(costs, people, capacity, catchment=9, method=method),
    ):
        assert access.attrs == {"facilities_unused": 2, "capacity_unused": 8.0}
        assert access["h0"] == 2


def test_nobody_in_reach_is_no_access() -> None:
    demand, services = points([(0, 0), (1, 0)], "h"), points([(90, 0)], "k")
    one = pd.Series(1.0, index=["h0", "h1", "k0"])
    assert straight_catchment(demand, services, one, one, catchment=9).tolist() == [0, 0]
    assert straight_opportunities(demand, services, one, standard=9).tolist() == [0, 0]


def test_what_cannot_be_answered_is_refused() -> None:
    demand, services, people, capacity = city(1)
    given_ = demand, services, people, capacity
    with pytest.raises(AnalysisError, match="2sfca, m2sfca, 3sfca"):
        straight_catchment(*given_, catchment=6, method="4sfca")
    with pytest.raises(AnalysisError, match="negative or not finite"):
        straight_catchment(*given_, catchment=6, decay=lambda cost: cost - 99)
    with pytest.raises(AnalysisError, match="capacity: found none"):
        straight_catchment(demand, services, people, capacity.iloc[1:], catchment=6)
    with pytest.raises(AnalysisError, match="expected a cost of 0 or more"):
        straight_opportunities(demand, services, capacity, standard=-1)
    with pytest.raises(AnalysisError, match="degree"):
        straight_nearest(demand.set_crs(4326, allow_override=True), services)
