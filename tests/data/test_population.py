"""The shipped population raster: census sums, plausible densities, marked as made."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from build_tabriz import DATA
from tabriz.population import apportion

CENSUS = {
    "1": 218_647,
    "2": 196_507,
    "3": 229_474,
    "4": 315_183,
    "5": 143_138,
    "6": 108_959,
    "7": 161_873,
    "8": 29_384,
    "9": 2_250,
    "10": 187_958,
}
RASTER = DATA / "population/population.tif"


@pytest.fixture(scope="module")
def cells() -> gpd.GeoDataFrame:
    """Every cell with data, joined to district and fabric by geopandas."""
    with rasterio.open(RASTER) as raster:
        band = raster.read(1, masked=True)
        rows, columns = np.nonzero(~band.mask)
        x, y = raster.xy(rows, columns)
    points = gpd.GeoDataFrame(
        {"persons": band.data[rows, columns].astype(float)},
        geometry=gpd.points_from_xy(x, y),
        crs="EPSG:32638",
    )
    for name, field in (("districts", "district_id"), ("fabric", "fabric")):
        layer = gpd.read_file(DATA / f"boundaries/{name}.geojson").to_crs("EPSG:32638")
        joined = points.sjoin(layer[[field, "geometry"]], how="left", predicate="within")
        assert len(joined) == len(points)
        points[field] = joined[field]
    return points


def test_cells_of_each_district_add_up_to_the_census(cells: gpd.GeoDataFrame) -> None:
    assert cells.groupby("district_id")["persons"].sum().to_dict() == CENSUS
    assert cells["district_id"].notna().all()


def test_cells_hold_whole_persons(cells: gpd.GeoDataFrame) -> None:
    assert (cells["persons"] >= 0).all()
    assert (cells["persons"] == cells["persons"].round()).all()


def test_raster_is_declared_and_marked() -> None:
    with rasterio.open(RASTER) as raster:
        assert raster.crs.to_epsg() == 32638
        assert raster.res == (200.0, 200.0)
        assert raster.nodata == -1.0
        assert raster.dtypes == ("float32",)
        assert raster.compression.name == "deflate"
        assert raster.tags()["SYNTHETIC"] == "true"
        assert "synthetic" in raster.descriptions[0]


def test_people_live_where_a_city_would_have_them(cells: gpd.GeoDataFrame) -> None:
    per_km2 = cells.groupby("fabric")["persons"].mean() * 25
    assert per_km2["rural"] < per_km2["planned"] < per_km2["informal"]
    assert cells["persons"].max() * 25 < 60_000
    empty = (cells["persons"] == 0).groupby(cells["district_id"]).mean()
    assert empty["6"] == empty.max()
    assert 0.3 < empty["6"] < 0.8


def test_fabric_of_a_district_is_where_most_of_its_people_live(cells: gpd.GeoDataFrame) -> None:
    people = cells.pivot_table(
        index="district_id", columns="fabric", values="persons", aggfunc="sum"
    )
    districts = gpd.read_file(DATA / "boundaries/districts.geojson").set_index("district_id")
    assert people.idxmax(axis=1).to_dict() == districts["fabric"].to_dict()


def test_no_cell_centre_lies_on_a_border(cells: gpd.GeoDataFrame) -> None:
    layer = gpd.read_file(DATA / "boundaries/districts.geojson").to_crs("EPSG:32638")
    borders = layer.boundary.union_all()
    assert cells.distance(borders).min() > 0.01


@given(
    weights=st.lists(st.floats(0.01, 1000), min_size=1, max_size=30),
    total=st.integers(0, 100_000),
)
@settings(max_examples=50, deadline=None)
def test_apportionment_keeps_the_total_and_the_quota(weights: list[float], total: int) -> None:
    # Hamilton's method satisfies the quota rule (Balinski & Young 1982).
    shares = apportion(np.array(weights), total)
    quota = np.array(weights) / sum(weights) * total
    assert shares.sum() == total
    assert (np.abs(shares - quota) < 1 + 1e-6).all()


def test_apportionment_agrees_with_a_known_example() -> None:
    # The Alabama paradox as it is usually told: 10 seats for populations 6, 6 and 2.
    parties = pd.Series([6.0, 6.0, 2.0])
    assert apportion(parties.to_numpy(), 10).tolist() == [4, 4, 2]
    assert apportion(parties.to_numpy(), 11).tolist() == [5, 5, 1]
