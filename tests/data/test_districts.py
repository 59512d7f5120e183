"""The shipped districts and fabrics against published facts and as an exact partition."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Point

from build_tabriz import DATA

# Census 1395 (2016): population, km2, code. Typed again from the source, not imported.
PUBLISHED = {
    "1": (218_647, 15.41, "0303031621"),
    "2": (196_507, 20.80, "0303031622"),
    "3": (229_474, 27.85, "0303031623"),
    "4": (315_183, 25.40, "0303031624"),
    "5": (143_138, 31.53, "0303031651"),
    "6": (108_959, 72.18, "0303031652"),
    "7": (161_873, 28.92, "0303031653"),
    "8": (29_384, 3.88, "0303032521"),
    "9": (2_250, 8.03, "0303032071"),
    "10": (187_958, 10.51, "0303032072"),
}


@pytest.fixture(scope="module")
def districts() -> gpd.GeoDataFrame:
    frame = gpd.read_file(DATA / "boundaries/districts.geojson")
    return frame.to_crs("EPSG:32638").set_index("district_id")


@pytest.fixture(scope="module")
def fabrics() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries/fabric.geojson").to_crs("EPSG:32638")


def test_ten_districts_carry_the_published_facts(districts: gpd.GeoDataFrame) -> None:
    facts = {
        name: (int(row.population_1395), float(row.area_km2), row.stat_code)
        for name, row in districts.iterrows()
    }
    assert facts == PUBLISHED
    assert list(districts["name_fa"].iloc[[0, 9]]) == ["منطقه ۱", "منطقه ۱۰"]
    assert list(districts["name_en"].iloc[[0, 9]]) == ["District 1", "District 10"]


@pytest.mark.parametrize("district", PUBLISHED)
def test_area_agrees_with_the_published_one(districts: gpd.GeoDataFrame, district: str) -> None:
    area = districts.geometry[district].area / 1e6
    assert area == pytest.approx(PUBLISHED[district][1], rel=0.005)


def test_mismatch_with_the_city_total_is_stated() -> None:
    total = sum(population for population, _, _ in PUBLISHED.values())
    assert total == 1_593_373
    assert round((total / 1_558_693 - 1) * 100, 1) == 2.2
    for name in ("README.md", "study.toml"):
        text = (DATA / name).read_text(encoding="utf-8")
        assert "1,593,373" in text
        assert "1,558,693" in text


@pytest.mark.parametrize("name", ["districts", "fabric"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32638"])
def test_layer_is_an_exact_partition(name: str, crs: str) -> None:
    shapes = gpd.read_file(DATA / f"boundaries/{name}.geojson").to_crs(crs).geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    union = shapely.union_all(shapes)
    assert union.geom_type == "Polygon"
    assert not union.interiors
    assert union.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-12)


def test_fabrics_lie_exactly_on_the_districts(
    districts: gpd.GeoDataFrame, fabrics: gpd.GeoDataFrame
) -> None:
    joined = fabrics.dissolve("district_id", method="coverage").geometry
    for name, shape in districts.geometry.items():
        assert shape.symmetric_difference(joined[name]).area < 1e-3


def test_each_vertex_of_a_shared_border_belongs_to_both_sides() -> None:
    shapes = gpd.read_file(DATA / "boundaries/districts.geojson").geometry
    outline = shapely.get_coordinates(shapes.union_all().boundary)
    edge = {tuple(point) for point in outline}
    owners: dict[tuple[float, float], int] = {}
    for shape in shapes:
        for point in {tuple(point) for point in shapely.get_coordinates(shape)}:
            owners[point] = owners.get(point, 0) + 1
    inner = [count for point, count in owners.items() if point not in edge]
    assert len(inner) > 500
    assert min(inner) >= 2


def test_districts_lie_where_the_sources_say(districts: gpd.GeoDataFrame) -> None:
    towards = {"east": 0, "north-east": 45, "north": 90, "north-west": 135, "west": 180}
    towards |= {"south-west": 225, "south": 270, "south-east": 315}
    centre = gpd.GeoSeries([Point(46 + 17 / 60, 38 + 5 / 60)], crs=4326).to_crs(32638).iloc[0]
    assert districts.geometry["8"].contains(centre)
    for name, row in districts.drop(index="8").iterrows():
        there = row.geometry.centroid
        angle = np.degrees(np.arctan2(there.y - centre.y, there.x - centre.x))
        wanted = towards.get(row.position_en, 337.5)  # Khavaran: between east and south-east
        assert abs((angle - wanted + 180) % 360 - 180) < 45, name  # one point of the compass


def test_neighbours_are_plausible(districts: gpd.GeoDataFrame) -> None:
    shapes = districts.geometry
    beside = {
        name: {other for other in shapes.index if other != name and shape.touches(shapes[other])}
        for name, shape in shapes.items()
    }
    assert beside["8"] == {"1", "3", "4", "10"}
    assert {"4", "7"} <= beside["6"]
    assert {"2", "5"} == beside["9"]


def test_borders_are_not_ruled(districts: gpd.GeoDataFrame) -> None:
    for name, shape in districts.geometry.items():
        others = districts.geometry.drop(name)
        for other in others[others.touches(shape)].index:
            shared = shapely.line_merge(shape.intersection(others[other]))
            line = max(shapely.get_parts(shared), key=shapely.length)
            ends = line.coords[0], line.coords[-1]
            if line.length > 1500:
                assert line.length > 1.003 * np.hypot(*np.subtract(*ends)), (name, other)


def test_published_fabrics_are_told_from_assumptions(districts: gpd.GeoDataFrame) -> None:
    published = districts[districts["fabric_source"] == "published study"]
    assert published["published_fabric"].to_dict() == {
        "3": "inner-city fabric",
        "5": "planned fabric",
        "7": "informal fabric",
        "8": "central business district",
    }
    rest = districts.drop(index=published.index)
    assert set(rest["fabric_source"]) == {"our assumption"}
    assert published["fabric"].to_dict() == {
        "3": "planned",
        "5": "planned",
        "7": "informal",
        "8": "historic",
    }


def test_fabric_of_a_district_is_also_its_largest(
    districts: gpd.GeoDataFrame, fabrics: gpd.GeoDataFrame
) -> None:
    area = fabrics.assign(area=fabrics.area).pivot(
        index="district_id", columns="fabric", values="area"
    )
    assert set(area.columns) == {"planned", "historic", "rural", "informal"}
    assert area.idxmax(axis=1).to_dict() == districts["fabric"].to_dict()


@pytest.mark.parametrize("name", ["districts", "fabric"])
def test_layer_says_that_it_is_synthetic(name: str) -> None:
    content = json.loads((DATA / f"boundaries/{name}.geojson").read_text(encoding="utf-8"))
    assert content["synthetic"] is True
    assert content["sources"]
    assert all(feature["properties"]["synthetic"] is True for feature in content["features"])
