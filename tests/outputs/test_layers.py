"""Layers as plain values: light enough for a page, and nobody lost on the way."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from ecity_geo.outputs import layers
from outputs.factory import CITY_CRS, SOUTH, WEST, make_findings


def demand_at(xy: np.ndarray, people: np.ndarray | float = 1.0) -> gpd.GeoDataFrame:
    points = shapely.points(xy + np.array([WEST, SOUTH]))
    frame = pd.DataFrame({"population": np.broadcast_to(people, len(xy)).astype(float)})
    return gpd.GeoDataFrame(frame, geometry=points, crs=CITY_CRS)


def raster(side: int, step: float = 100.0) -> np.ndarray:
    steps = np.arange(side) * step
    return np.column_stack([part.ravel() for part in np.meshgrid(steps, steps)])


def wavy_city(n_vertices: int) -> gpd.GeoSeries:
    """Two districts whose shared border has many vertices."""
    y = np.linspace(0, 4000, n_vertices)
    border = np.column_stack([2000 + 40 * np.sin(y / 5), y])
    west = np.vstack([[[0, 0]], border, [[0, 4000]]])
    east = np.vstack([border, [[4000, 4000], [4000, 0]]])
    shapes = [shapely.Polygon(part + np.array([WEST, SOUTH])) for part in (west, east)]
    return gpd.GeoSeries(shapes, crs=CITY_CRS)


def test_outlines_that_are_light_stay_as_they_are() -> None:
    shapes = make_findings().districts.geometry
    assert layers.light_outlines(shapes) is shapes


def test_heavy_outlines_become_light_and_keep_their_shared_border() -> None:
    heavy = wavy_city(4000)
    light = layers.light_outlines(heavy, max_vertices=500)
    assert shapely.get_num_coordinates(light.to_numpy()).sum() <= 500
    # GEOS itself says whether the coverage still has neither gaps nor overlaps.
    assert shapely.coverage_is_valid(light.to_numpy())
    assert light.union_all().area == pytest.approx(heavy.union_all().area, rel=0.01)


def test_outlines_are_simplified_once_for_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = wavy_city(7_000)
    first = layers.light_outlines(heavy, max_vertices=300)
    monkeypatch.delattr(shapely, "coverage_simplify")
    again = layers.light_outlines(heavy.copy(), max_vertices=300)
    assert again.geom_equals_exact(first, 0).all()


def test_rounded_coordinates_are_within_a_metre() -> None:
    shapes = make_findings().districts.geometry
    geometries = layers.geojson_geometries(shapes)
    back = gpd.GeoSeries([shapely.geometry.shape(g) for g in geometries], crs="EPSG:4326")
    moved = shapely.hausdorff_distance(back.to_crs(CITY_CRS).to_numpy(), shapes.to_numpy())
    assert moved.max() < 1.0


def test_neighbours_still_share_corners_after_rounding() -> None:
    first, second, *_ = layers.geojson_geometries(make_findings().districts.geometry)
    corners = [{tuple(xy) for xy in shape["coordinates"][0]} for shape in (first, second)]
    assert len(corners[0] & corners[1]) == 2


def test_label_stands_inside_even_where_the_centroid_does_not() -> None:
    horseshoe = shapely.Polygon(
        [(0, 0), (300, 0), (300, 300), (200, 300), (200, 100), (100, 100), (100, 300), (0, 300)]
    )
    shapes = gpd.GeoSeries([horseshoe], crs=CITY_CRS)
    assert not shapes.centroid.within(shapes).iloc[0]
    assert layers.label_points(shapes).within(shapes).iloc[0]


def test_label_of_a_long_strip_stands_in_its_middle() -> None:
    strip = gpd.GeoSeries([shapely.box(0, 0, 100, 900)], crs=CITY_CRS)
    assert layers.label_points(strip).iloc[0].equals(shapely.Point(50, 450))


def test_features_carry_names_places_and_rows() -> None:
    findings = make_findings()
    names = [f"name {d}" for d in findings.districts.index]
    collection = layers.area_features(
        findings.districts, names=names, shorts=names, rows=[[("label", "value")]] * 6
    )
    assert collection["type"] == "FeatureCollection"
    properties = [feature["properties"] for feature in collection["features"]]
    assert [each["index"] for each in properties] == list(range(6))
    assert [each["name"] for each in properties] == names
    assert sorted(each["rank"] for each in properties) == list(range(6))
    assert properties[0]["rows"] == [["label", "value"]]


@settings(max_examples=25)
@given(
    st.integers(1, 400),
    st.integers(1, 60),
    st.integers(0, 2**32 - 1),
)
def test_gathering_loses_nobody_and_keeps_the_budget(n: int, budget: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = rng.uniform(0.1, 100, n)
    grid = layers.PeopleGrid(demand_at(rng.uniform(0, 5000, (n, 2)), people), max_cells=budget)
    assert grid.population.sum() == pytest.approx(people.sum())
    assert len(grid.population) <= max(budget, n if n <= budget else budget)
    assert len(grid.circles()) == len(grid.population)


def test_a_raster_is_gathered_into_whole_squares_of_cells() -> None:
    grid = layers.PeopleGrid(demand_at(raster(20)), max_cells=100)
    assert grid.size == 200
    assert set(grid.population) == {4.0}
    assert len(grid.population) == 100


def test_few_points_keep_their_own_place() -> None:
    demand = demand_at(raster(5))
    grid = layers.PeopleGrid(demand)
    assert grid.size == 100
    assert grid.centres.geom_equals_exact(demand.geometry, 1e-6, align=False).all()


def test_area_of_a_circle_follows_its_people() -> None:
    people = np.array([1.0, 4.0, 4.0, 4.0])
    grid = layers.PeopleGrid(demand_at(raster(2, 1000.0), people))
    small, large = (circle[2] for circle in grid.circles()[:2])
    assert large / small == pytest.approx(2, rel=0.01)


def test_nobody_makes_no_circle() -> None:
    assert layers.PeopleGrid(demand_at(np.empty((0, 2)))).circles() == ()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_median_is_the_weighted_one_of_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, people = rng.permutation(30).astype(float), rng.uniform(0.5, 3, 30)
    grid = layers.PeopleGrid(demand_at(raster(6)[:30], people), max_cells=4)
    expected = [
        DescrStatsW(cost[grid.cell == cell], people[grid.cell == cell])
        .quantile(0.5, return_pandas=False)
        .item()
        for cell in range(len(grid.population))
    ]
    assert grid.median(cost) == pytest.approx(expected)


def test_median_is_infinite_where_most_cannot_reach() -> None:
    grid = layers.PeopleGrid(demand_at(np.zeros((3, 2)), np.array([1.0, 1.0, 3.0])), max_cells=1)
    assert grid.median(np.array([5.0, 7.0, np.inf])).tolist() == [np.inf]
    assert grid.median(np.array([np.inf, np.inf, 6.0])).tolist() == [6.0]


def test_majority_counts_people_not_points() -> None:
    grid = layers.PeopleGrid(demand_at(np.zeros((3, 2)), np.array([1.0, 1.0, 3.0])), max_cells=1)
    assert grid.majority(np.array([0, 0, 2]), 3).tolist() == [2]
    assert grid.majority(np.array([0, 1, 1]), 3).tolist() == [1]


def test_marks_tell_more_while_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    services = make_findings().services
    few = layers.marks(services, layer="open", describe=lambda row: {"name": row["name_en"]})
    assert [mark["name"] for mark in few] == [f"Kiosk {n}" for n in range(1, 5)]
    monkeypatch.setattr(layers, "MAX_MARKS", 3)
    many = layers.marks(services, layer="open", describe=lambda row: {"name": row["name_en"]})
    assert [set(mark) for mark in many] == [{"at", "layer"}] * 4
    assert [mark["at"] for mark in many] == [mark["at"] for mark in few]


def test_bounds_hold_every_district() -> None:
    shapes = make_findings().districts.geometry
    (south, west), (north, east) = layers.bounds(shapes)
    assert 38 < south < north < 39
    assert 46 < west < east < 47
    assert [west, south, east, north] == pytest.approx(
        shapes.to_crs("EPSG:4326").total_bounds, abs=1e-5
    )
