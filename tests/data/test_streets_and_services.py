"""The shipped streets and services: a planar connected graph, and gaps where they should be."""

from __future__ import annotations

import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import KDTree

from build_tabriz import DATA

STREETS = DATA / "roads/streets.gpkg"
METRES_PER_MINUTE = 80.0  # 4.8 km/h


@pytest.fixture(scope="module")
def streets() -> gpd.GeoDataFrame:
    return gpd.read_file(STREETS)


@pytest.fixture(scope="module")
def services() -> gpd.GeoDataFrame:
    table = pd.read_csv(DATA / "services/services.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=points).to_crs("EPSG:32638")


@pytest.fixture(scope="module")
def city() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "boundaries/districts.geojson").to_crs("EPSG:32638")


@pytest.fixture(scope="module")
def graph(streets: gpd.GeoDataFrame) -> tuple[np.ndarray, coo_array]:
    """Node coordinates and walking minutes between them."""
    ends = shapely.get_coordinates(streets.geometry.to_numpy())
    nodes, number = np.unique(ends, axis=0, return_inverse=True)
    tail, head = number.reshape(-1, 2).T
    return nodes, coo_array((streets["minutes"], (tail, head)), shape=(len(nodes),) * 2)


@pytest.fixture(scope="module")
def people(
    city: gpd.GeoDataFrame, services: gpd.GeoDataFrame, graph: tuple[np.ndarray, coo_array]
) -> gpd.GeoDataFrame:
    """Cells with people, and their walk to the nearest open service."""
    with rasterio.open(DATA / "population/population.tif") as raster:
        band = raster.read(1)
        rows, columns = np.nonzero(band > 0)
        x, y = raster.xy(rows, columns)
    nodes, edges = graph
    tree = KDTree(nodes)
    access, source = tree.query(
        shapely.get_coordinates(services[services.status == "open"].geometry)
    )
    walk = dijkstra(edges.tocsr(), directed=False, indices=source) + access[:, None] / 80
    off_street, node = tree.query(np.column_stack([x, y]))
    frame = gpd.GeoDataFrame(
        {
            "persons": band[rows, columns].astype(float),
            "off_street": off_street,
            "minutes": walk.min(axis=0)[node] + off_street / METRES_PER_MINUTE,
        },
        geometry=gpd.points_from_xy(x, y),
        crs="EPSG:32638",
    )
    fabric = gpd.read_file(DATA / "boundaries/fabric.geojson").to_crs("EPSG:32638")
    return frame.sjoin(fabric[["district_id", "fabric", "geometry"]], predicate="within")


def covered_share(people: pd.DataFrame) -> float:
    return float(people["persons"][people["minutes"] <= 15].sum() / people["persons"].sum())


def test_streets_are_planar(streets: gpd.GeoDataFrame) -> None:
    noded = shapely.node(shapely.multilinestrings(streets.geometry.to_numpy()))
    assert len(shapely.get_parts(noded)) == len(streets)


def test_streets_hang_together(graph: tuple[np.ndarray, coo_array]) -> None:
    nodes, edges = graph
    assert 3_000 < len(nodes) < 6_000
    assert connected_components(edges, directed=False)[0] == 1


def test_streets_stay_inside_the_city(streets: gpd.GeoDataFrame, city: gpd.GeoDataFrame) -> None:
    assert streets.within(city.union_all()).all()


def test_street_takes_its_length_at_a_walk(streets: gpd.GeoDataFrame) -> None:
    minutes = streets.length / METRES_PER_MINUTE
    np.testing.assert_allclose(streets["minutes"], minutes, atol=0.0006)


def test_street_fields(streets: gpd.GeoDataFrame) -> None:
    assert streets.crs.to_epsg() == 32638
    assert streets["street_id"].is_unique
    assert streets.groupby("class")["speed_kmh"].unique().explode().to_dict() == {
        "collector": 30,
        "local": 20,
        "main": 50,
    }
    assert not streets["oneway"].any()
    assert streets["synthetic"].all()


def test_geopackage_is_marked_and_its_time_fixed() -> None:
    with sqlite3.connect(f"file:{STREETS}?mode=ro", uri=True) as package:
        (changed,) = package.execute("SELECT last_change FROM gpkg_contents").fetchone()
        (metadata,) = package.execute("SELECT metadata FROM gpkg_metadata").fetchone()
    package.close()
    assert changed == "2016-10-01T00:00:00.000Z"
    assert "SYNTHETIC" in metadata


def test_everybody_lives_near_a_street(people: gpd.GeoDataFrame) -> None:
    assert people["off_street"].max() < 500  # the snap of study.toml


def test_services_are_complete(services: gpd.GeoDataFrame, city: gpd.GeoDataFrame) -> None:
    assert services["service_id"].is_unique
    assert services["name_en"].is_unique
    assert services["name_fa"].is_unique
    assert (services["synthetic"] == "yes").all()
    assert (services["capacity"] > 0).all()
    assert set(services["type"]) == {"kiosk", "e_office", "municipality", "post_office"}
    assert services["status"].value_counts().to_dict() == {"open": 36, "planned": 4}
    assert services.within(city.union_all()).all()


def test_each_district_has_one_municipality_of_its_own(
    services: gpd.GeoDataFrame, city: gpd.GeoDataFrame
) -> None:
    halls = services[services["type"] == "municipality"].sjoin(city, predicate="within")
    assert sorted(halls["district_id"]) == sorted(city["district_id"])
    named = halls["name_en_left"].str.removeprefix("Municipality of district ")
    assert list(named) == list(halls["district_id"])


def test_city_is_partly_covered(people: gpd.GeoDataFrame) -> None:
    assert 0.55 < covered_share(people) < 0.70


def test_gaps_lie_in_the_thin_fabrics_and_the_outer_districts(people: gpd.GeoDataFrame) -> None:
    fabric = people.groupby("fabric")[["persons", "minutes"]].apply(covered_share)
    assert fabric["rural"] < fabric["informal"] < 0.6 < fabric["planned"] < fabric["historic"]
    district = people.groupby("district_id")[["persons", "minutes"]].apply(covered_share)
    assert district[["6", "7", "9", "10"]].max() < district[["1", "2", "3", "4", "8"]].min()
