"""Options and arrays that once gave an answer to another question."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString, Point, box

from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.geo.locate import locate, locate_parquet
from ecity_geo.geo.service_area import service_areas
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets, cost_matrix
from ecity_geo.geo.weights import distance_band, k_nearest, queen
from ecity_geo.geo.zonal import zonal

SQUARE = gpd.GeoDataFrame(geometry=[box(0, 0, 3, 3)], crs="EPSG:32638")
HOME = gpd.GeoDataFrame(geometry=[Point(0, 5)], index=["h"], crs="EPSG:32638")
STREETS = StreetGraph.from_lines([LineString([(0, 0), (1000, 0)])], [10.0])
VALUES = np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3)


def raster(path: Path, **changes: object) -> Path:
    profile = {"crs": "EPSG:32638", "transform": from_origin(0, 3, 1, 1), "dtype": "float32"}
    with rasterio.open(
        path, "w", driver="GTiff", height=3, width=3, count=1, **{**profile, **changes}
    ) as made:
        made.write(VALUES)
    return path


def test_a_unit_that_is_none_is_not_taken_for_metres() -> None:
    with pytest.raises(AnalysisError, match='found \'km\', expected "m" or "min"'):
        along_streets(HOME, HOME, STREETS, unit="km")  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="found 'km'"):
        service_areas(HOME, [100], streets=STREETS, unit="km")  # type: ignore[arg-type]


def test_a_measure_that_is_none_is_not_taken_for_a_straight_line() -> None:
    with pytest.raises(AnalysisError, match='found \'road\', expected "straight" or "streets"'):
        cost_matrix(HOME, HOME, measure="road")  # type: ignore[arg-type]


def test_masked_coordinates_are_missing() -> None:
    x = np.ma.array([0.5, 1.5], mask=[False, True])
    with pytest.raises(AnalysisError, match="not finite at 1"):
        locate((x, [0.5, 0.5]), SQUARE)


@pytest.mark.parametrize("kind", ["complex128", "datetime64[s]", "timedelta64[s]"])
def test_coordinates_of_another_kind_are_named(kind: str) -> None:
    with pytest.raises(AnalysisError, match="no numbers"):
        locate((np.array([1, 2]).astype(kind), [0.5, 0.5]), SQUARE)


def test_damaged_pages_of_a_parquet_file_are_named(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    path = tmp_path / "points.parquet"
    numbers = np.random.default_rng(0).random(50_000)
    table = arrow.table({"x": numbers, "y": numbers})
    parquet.write_table(table, path, compression="gzip", use_dictionary=False)
    damaged = bytearray(path.read_bytes())
    damaged[2000:3000] = bytes(range(250)) * 4
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="expected readable pages"):
        list(locate_parquet(path, SQUARE, x="x", y="y"))


def test_cells_without_an_area_are_named(tmp_path: Path) -> None:
    path = raster(tmp_path / "flat.tif", transform=rasterio.Affine(1, 1, 0, 1, 1, 0))
    with pytest.raises(InputError, match="cells without an area"):
        zonal(path, SQUARE)


def test_bands_may_be_numbers_of_numpy(tmp_path: Path) -> None:
    path = raster(tmp_path / "cells.tif")
    plain = zonal(path, SQUARE)
    pd.testing.assert_frame_equal(zonal(path, SQUARE, band=np.int64(1)), plain)
    assert zonal(path, SQUARE, band=np.array([1])).columns.tolist() == [(1, "sum")]


@pytest.mark.parametrize("band", ["1", 1.5, [1, 1], [], True])
def test_bands_that_are_none_are_named(tmp_path: Path, band: object) -> None:
    with pytest.raises(AnalysisError, match="band: found"):
        zonal(raster(tmp_path / "cells.tif"), SQUARE, band=band)  # type: ignore[arg-type]


def test_a_stat_asked_for_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="stats: found"):
        zonal(raster(tmp_path / "cells.tif"), SQUARE, stats=["sum", "sum"])


@pytest.mark.parametrize("standard", [-1.0, float("nan")])
def test_a_standard_that_is_none_is_not_out_of_reach_of_all(standard: float) -> None:
    with pytest.raises(AnalysisError, match="standard: found"):
        cost_matrix(HOME, HOME).within(standard)


def test_words_in_place_of_numbers_are_told() -> None:
    asked = [
        ("distance_band: found '5', expected metres", lambda: distance_band(HOME, "5")),
        ("queen: tolerance: found '5'", lambda: queen(SQUARE, tolerance="5")),
        ("limits: found 'a', expected a list", lambda: service_areas(HOME, "a")),
        ("width: found 'a', expected metres", lambda: service_areas(HOME, [1], width="a")),
        ("standard: found 'a'", lambda: cost_matrix(HOME, HOME).within("a")),
    ]
    for message, call in asked:
        with pytest.raises(AnalysisError, match=message):
            call()


@pytest.mark.parametrize("k", ["2", 2.0, True, 0, 3])
def test_neighbours_are_a_whole_number(k: object) -> None:
    three = gpd.GeoSeries([Point(x, 0) for x in range(3)], crs="EPSG:32638")
    with pytest.raises(AnalysisError, match=f"found k = {k!r}, expected 1 to 2"):
        k_nearest(three, k)  # type: ignore[arg-type]
    assert k_nearest(three, np.int64(2)).kind == "2 nearest"


def test_ids_of_weights_that_stand_twice_are_named() -> None:
    three = gpd.GeoSeries([Point(x, 0) for x in range(3)], index=["a", "b", "a"], crs="EPSG:32638")
    with pytest.raises(AnalysisError, match="found the ids 'a' more than once"):
        k_nearest(three, 1)


def test_a_frame_without_geometry_is_told() -> None:
    plain = pd.DataFrame({"a": [1]})
    for layer in (plain, gpd.GeoDataFrame(plain)):
        with pytest.raises(AnalysisError, match="DataFrame without geometry"):
            cost_matrix(layer, HOME)
        with pytest.raises(AnalysisError, match="DataFrame without geometry"):
            queen(layer)


@pytest.mark.parametrize("crs", [3395, 6933])
def test_metres_that_are_not_true_to_scale_are_refused(crs: int) -> None:
    # Two points of Tabriz 11.1 km apart are 14.1 km apart in World Mercator (1 / cos 38 degrees,
    # on the ellipsoid).
    ends = gpd.GeoDataFrame(geometry=[Point(46.3, 38.0), Point(46.3, 38.1)], crs="EPSG:4326")
    with pytest.raises(AnalysisError, match="in which a metre of this city measures"):
        cost_matrix(ends.to_crs(crs), ends.to_crs(crs))
    utm = ends.to_crs(32638)
    assert cost_matrix(utm, utm).costs.max() == pytest.approx(11_097, abs=10)
    # At the equator World Mercator is true.
    if crs == 3395:
        near = gpd.GeoDataFrame(geometry=[Point(9, 0.1), Point(9, 0.2)], crs="EPSG:4326")
        cost_matrix(near.to_crs(crs), near.to_crs(crs))
