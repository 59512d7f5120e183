"""Candidates on a grid and at junctions: where people are, apart, and the same each time."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist
from shapely import LineString, box

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.siting import grid_candidates, street_candidates

CRS = "EPSG:32638"


def homes(rows: Any, **columns: Any) -> gpd.GeoDataFrame:
    """Rows of x, y and people."""
    x, y, people = np.array(rows, dtype=float).reshape(-1, 3).T
    ids = [f"h{at:03d}" for at in range(len(x))]
    columns = {"population": people, **columns}
    return gpd.GeoDataFrame(columns, index=ids, geometry=gpd.points_from_xy(x, y), crs=CRS)


def town(seed: int, count: int = 60) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    spread = rng.choice([100.0, 900.0], count)[:, None]
    at = 2000 + rng.normal(0, 1, (count, 2)) * spread
    return homes(np.column_stack([at, rng.integers(0, 30, count)]))


def grid_of_streets(blocks: int = 8, side: float = 100.0) -> StreetGraph:
    """Streets of a square town: (blocks + 1)^2 junctions, with a dead end in the north-west."""
    ends = np.arange(blocks + 1) * side
    far = blocks * side
    lines = [LineString([(e, n) for n in ends]) for e in ends]
    lines += [LineString([(e, n) for e in ends]) for n in ends]
    lines.append(LineString([(0, far), (0, far + side)]))
    return StreetGraph.from_lines(np.array(lines, dtype=object), shapely.length(lines) / 80)


def places(layer: gpd.GeoDataFrame) -> np.ndarray:
    return shapely.get_coordinates(layer.geometry.to_numpy())


def test_a_square_is_named_by_its_corner_and_served_from_the_home_nearest_to_its_people() -> None:
    # The centre of 1, 1 and 98 people at 100, 200 and 300 m lies at 297 m: the third home.
    found = grid_candidates(
        homes([(100, 50, 1), (200, 50, 1), (300, 50, 98), (900, 700, 5)]), spacing=500
    )
    assert found.index.tolist() == ["500mN500E500", "500mN0E0"]
    assert found["population"].tolist() == [5, 100]
    assert places(found).tolist() == [[900, 700], [300, 50]]
    centre = grid_candidates(homes([(100, 50, 1), (200, 50, 1), (300, 50, 98)]), spacing=500)
    assert centre.crs == CRS


def test_the_centre_of_the_people_may_be_asked_for() -> None:
    rows = [(100, 50, 1), (200, 50, 1), (300, 50, 98)]
    found = grid_candidates(homes(rows), spacing=500, at="centre")
    assert places(found) == pytest.approx(np.array([[297, 50]]))
    # Where it may not stand there, the nearest home that it may stand at serves.
    area = gpd.GeoSeries([box(0, 0, 250, 100)], crs=CRS)
    found = grid_candidates(homes(rows), spacing=500, at="centre", within=area)
    assert places(found).tolist() == [[200, 50]]
    assert found["population"].tolist() == [100]


def test_squares_with_many_people_are_parted_in_four() -> None:
    rows = [(100, 100, 60), (100, 400, 60), (400, 100, 60), (410, 110, 60), (900, 100, 60)]
    found = grid_candidates(homes(rows), spacing=500, most=100)
    assert found.index.tolist() == [
        "250mN250E0", "250mN0E0", "125mN0E375", "500mN0E500",
    ]  # fmt: skip
    # 400 and 410 m stay together: no square is narrower than a quarter of the spacing.
    assert found["population"].tolist() == [60, 60, 120, 60]
    finer = grid_candidates(homes(rows), spacing=500, most=100, smallest=10)
    assert len(finer) == 5


@given(st.integers(0, 10_000), st.sampled_from([0.0, 40.0, 200.0]))
@settings(max_examples=25, deadline=None)
def test_squares_hold_everybody_once_and_their_medians_by_enumeration(
    seed: int, most: float
) -> None:
    demand = town(seed)
    found = grid_candidates(demand, spacing=800, most=most, smallest=100)
    assert found["population"].sum() == demand["population"].sum()
    assert found.index.is_unique
    assert ((found["population"] <= most) | (found["side"] == 100)).all() or most == 0
    living = demand[demand["population"] > 0]
    at, people = places(living), living["population"].to_numpy()
    for (site, row), place in zip(found.iterrows(), places(found), strict=True):
        corner = np.array(str(site).split("mN")[1].split("E")[::-1], dtype=float)
        mine = ((at >= corner) & (at < corner + row["side"])).all(axis=1)
        assert people[mine].sum() == row["population"]
        travel = (cdist(at[mine], at[mine], "sqeuclidean") * people[mine]).sum(axis=1)
        chosen = travel[(at[mine] == place).all(axis=1)].min()
        assert chosen == pytest.approx(travel.min(), rel=1e-4)


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_a_home_less_changes_its_own_square_only(seed: int, random: Any) -> None:
    demand = town(seed)
    found = grid_candidates(demand, spacing=500)
    gone = random.randrange(len(demand))
    kept = [at for at in range(len(demand)) if at != gone]
    random.shuffle(kept)
    again = grid_candidates(demand.iloc[kept], spacing=500)
    x, y = places(demand)[gone]
    own = f"500mN{y // 500 * 500:g}E{x // 500 * 500:g}"
    others = found.index.drop(own, errors="ignore")
    assert again.index.drop(own, errors="ignore").tolist() == others.tolist()
    assert again.loc[others].geometry.geom_equals(found.loc[others].geometry).all()


def test_squares_with_few_people_are_left_out() -> None:
    rows = [(100, 100, 3), (900, 100, 5)]
    assert len(grid_candidates(homes(rows), spacing=500, fewest=5)) == 1
    with pytest.raises(AnalysisError, match="has 6 people or more"):
        grid_candidates(homes(rows), spacing=500, fewest=6)


def test_of_crossings_that_are_near_the_one_with_more_people_stays() -> None:
    demand = homes([(310, 400, 200), (300, 480, 50), (510, 400, 10)])
    found = street_candidates(grid_of_streets(), crs=CRS, spacing=150, near=demand, reach=60)
    assert found["population"].to_dict() == {"N400E300": 200, "N400E500": 10}
    assert (found["streets"] == 4).all()
    wide = street_candidates(grid_of_streets(), crs=CRS, spacing=100, near=demand, reach=60)
    assert wide["population"].to_dict() == {"N500E300": 50, "N400E300": 200, "N400E500": 10}


def test_a_dead_end_stands_in_only_where_no_crossing_is_near() -> None:
    streets = grid_of_streets()
    assert "N900E0" not in street_candidates(streets, crs=CRS, spacing=120).index
    assert street_candidates(streets, crs=CRS, spacing=100).loc["N900E0", "streets"] == 1
    assert len(street_candidates(streets, crs=CRS, spacing=100)) == 82


@given(st.integers(0, 10_000), st.sampled_from([100.0, 150.0, 260.0, 500.0]))
@settings(max_examples=20, deadline=None)
def test_junctions_lie_apart_and_none_that_could_be_added_is_missing(
    seed: int, spacing: float
) -> None:
    rng = np.random.default_rng(seed)
    demand = homes(np.column_stack([rng.random((15, 2)) * 800, rng.integers(0, 9, 15)]))
    streets = grid_of_streets()
    found = street_candidates(streets, crs=CRS, spacing=spacing, near=demand, reach=120)
    kept = places(found)
    assert len(kept) < 2 or pdist(kept).min() >= spacing
    nodes = np.column_stack([streets.x, streets.y])
    close = cdist(nodes, places(demand)) <= 120
    people = close @ demand["population"].to_numpy()
    assert (cdist(nodes[people > 0], kept).min(axis=1) < spacing).all()
    own = cdist(kept, nodes).argmin(axis=1)
    np.testing.assert_allclose(found["population"], people[own])
    again = street_candidates(streets, crs=CRS, spacing=spacing, near=demand.iloc[::-1], reach=120)
    pd.testing.assert_frame_equal(again.drop(columns="geometry"), found.drop(columns="geometry"))


def test_junctions_outside_the_area_are_left_out() -> None:
    area = gpd.GeoSeries([box(0, 0, 100, 100), box(700, 700, 800, 800)], crs=CRS)
    found = street_candidates(grid_of_streets(), crs=CRS, spacing=100, within=area)
    assert len(found) == 8
    assert found["population"].isna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spacing": 0}, "spacing: found 0, expected a number above 0"),
        ({"spacing": np.nan}, "spacing: found nan"),
        ({"smallest": -1}, "smallest: found -1"),
        ({"most": -1}, "most: found -1, expected a number from 0"),
        ({"fewest": np.inf}, "fewest: found inf"),
        ({"at": "middle"}, "at: found 'middle', expected 'home' or 'centre'"),
        ({"within": gpd.GeoSeries([box(0, 0, 1, 1)], crs="EPSG:4326")}, "the same"),
        ({"within": gpd.GeoSeries([box(0, 0, 1, 1)], crs=CRS)}, "where a site may stand"),
    ],
)
def test_grid_that_cannot_be_says_why(change: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        grid_candidates(homes([(100, 100, 3)]), **{"spacing": 500, **change})


def test_demand_must_have_people_and_metres() -> None:
    demand = homes([(100, 100, 3)])
    with pytest.raises(AnalysisError, match="expected 'population'"):
        grid_candidates(demand.rename(columns={"population": "pop"}), spacing=500)
    with pytest.raises(AnalysisError, match="Nobody lives"):
        grid_candidates(demand.assign(population=0), spacing=500)
    with pytest.raises(AnalysisError, match="population: found -1"):
        grid_candidates(demand.assign(population=-1), spacing=500)
    with pytest.raises(AnalysisError, match="metre"):
        grid_candidates(demand.set_crs("EPSG:4326", allow_override=True), spacing=500)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spacing": 1}, "a spacing of 1 m"),
        ({"reach": -1}, "a reach of -1 m"),
        ({"crs": "EPSG:4326"}, "metre"),
        ({"crs": "EPSG:32639"}, "the same"),
        ({"near": homes([(90_000, 0, 5)])}, "has people within 100 m"),
    ],
)
def test_junctions_that_cannot_be_say_why(change: dict[str, Any], message: str) -> None:
    asked = {"crs": CRS, "spacing": 100, "near": homes([(100, 100, 3)]), **change}
    with pytest.raises(AnalysisError, match=message):
        street_candidates(grid_of_streets(), **asked)
