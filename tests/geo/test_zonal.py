"""Rasters on polygons: against exactextract, the areas of shapely, and numbers done by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import exactextract
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine, from_origin
from shapely import MultiPolygon, Polygon, box

from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.geo import zonal as module
from ecity_geo.geo.zonal import STATS, zonal

CRS = "EPSG:32638"
PEER = STATS[:5]
"""What exactextract knows too."""
NORTH_UP = from_origin(0, 4, 1, 1)
HAND = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]], dtype="float64")


def written(path: Path, values: NDArray[Any], transform: Affine = NORTH_UP, **more: Any) -> Path:
    profile = {"driver": "GTiff", "crs": CRS, "count": 1, "dtype": values.dtype, **more}
    height, width = values.shape
    with rasterio.open(
        path, "w", height=height, width=width, transform=transform, **profile
    ) as made:
        made.write(values, 1)
    return path


def frame(*shapes: Polygon, crs: str | None = CRS) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=list(shapes), index=[f"d{k}" for k in range(len(shapes))]
    ).set_crs(crs)


def partition(rng: np.random.Generator, number: int, size: float) -> list[Polygon]:
    seeds = shapely.multipoints(rng.uniform(0, size, (number, 2)))
    square = box(-1.3, -0.7, size + 0.9, size + 1.1)
    return list(
        shapely.intersection(
            shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square)), square
        )
    )


def by_shapely(values: NDArray[Any], shapes: list[Polygon], transform: Affine) -> NDArray[Any]:
    """Sums from the area of each intersection of a cell with a polygon."""
    rows, columns = np.indices(values.shape)
    corner = [
        np.stack(transform * (columns + i, rows + j), axis=-1)
        for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))
    ]
    cells = shapely.polygons(np.stack(corner, axis=-2))
    return np.array(
        [
            (shapely.area(shapely.intersection(cells, shape)) / shapely.area(cells) * values).sum()
            for shape in shapes
        ]
    )


def test_half_and_quarter_cells_by_hand(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    # Halves of cells 1 and 2; all of 6; a quarter of 11, 12, 15 and 16.
    shapes = frame(box(0, 3, 2, 3.5), box(1, 2, 2, 3), box(2.5, 0.5, 3.5, 1.5))
    found = zonal(raster, shapes, stats=PEER)
    assert found["sum"].tolist() == [1.5, 6, 13.5]
    assert found["count"].tolist() == [1, 1, 1]
    assert found["mean"].tolist() == [1.5, 6, 13.5]
    assert found["min"].tolist() == [1, 6, 11]
    assert found["max"].tolist() == [2, 6, 16]
    assert found.index.tolist() == ["d0", "d1", "d2"]


def test_centres_by_hand(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    found = zonal(
        raster, frame(box(0, 2.6, 1.6, 4), box(1.6, 0, 4, 4)), stats=["sum", "count"], how="centre"
    )
    assert found.to_numpy().tolist() == [[3, 2], [3 + 7 + 11 + 15 + 4 + 8 + 12 + 16, 8]]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000), compiled=st.booleans())
def test_exact_sums_equal_areas_and_exactextract(tmp_path: Path, seed: int, compiled: bool) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 9, (20, 20))
    transform = from_origin(0, 20, 1, 1)
    raster = written(tmp_path / "r.tif", values, transform)
    shapes = partition(rng, 7, 20)
    shapes.append(shapes[0].buffer(3).difference(shapes[0].buffer(0.4)))
    shapes.append(MultiPolygon([box(0.3, 0.2, 1.7, 1.1), box(7.2, 7.5, 9, 9.9)]))
    polygons = frame(*shapes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MANY_CELLS", 0 if compiled else 10**9)
        found = zonal(raster, polygons, stats=PEER)
    assert found["sum"].to_numpy() == pytest.approx(
        by_shapely(values, shapes, transform), rel=1e-11
    )
    peer = exactextract.exact_extract(str(raster), polygons, list(PEER), output="pandas")
    # exactextract keeps shares in single precision, 6e-8 each.
    assert found[["sum", "mean", "count"]].to_numpy() == pytest.approx(
        peer[["sum", "mean", "count"]].to_numpy(), rel=3e-7
    )
    assert found[["min", "max"]].to_numpy().tolist() == peer[["min", "max"]].to_numpy().tolist()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000))
def test_shares_that_single_precision_can_hold_equal_exactextract_to_the_last_digits(
    tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    raster = written(tmp_path / "r.tif", rng.uniform(1, 9, (20, 20)), from_origin(0, 20, 1, 1))
    low = rng.integers(-8, 150, (9, 2)) / 8
    high = low + rng.integers(1, 80, (9, 2)) / 8
    kept = [k for k in range(9) if (high[k] > 0).all() and (low[k] < 20).all()]
    polygons = frame(*(box(*low[k], *high[k]) for k in kept))
    found = zonal(raster, polygons, stats=PEER)
    peer = exactextract.exact_extract(str(raster), polygons, list(PEER), output="pandas")
    assert found.to_numpy() == pytest.approx(peer[list(PEER)].to_numpy(), rel=1e-9)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000), how=st.sampled_from(["exact", "centre"]))
def test_partition_conserves_the_people_of_the_raster(tmp_path: Path, seed: int, how: Any) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 99, (30, 30)).astype("int32")
    raster = written(tmp_path / "r.tif", values, from_origin(0, 20, 20 / 30, 20 / 30))
    found = zonal(raster, frame(*partition(rng, 12, 20)), stats=["sum", "count"], how=how)
    assert found["sum"].sum() == pytest.approx(values.sum(), rel=1e-12)
    assert found["count"].sum() == pytest.approx(900, rel=1e-12)


def test_centres_equal_gdal(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    values = rng.uniform(0, 9, (40, 40))
    transform = from_origin(0, 20, 0.5, 0.5)
    raster = written(tmp_path / "r.tif", values, transform)
    shapes = partition(rng, 9, 20)
    burnt = rasterize(
        zip(shapes, range(1, 10), strict=True), out_shape=(40, 40), transform=transform
    )
    expected = np.bincount(burnt.ravel(), values.ravel(), 10)[1:]
    found = zonal(raster, frame(*shapes), how="centre")
    assert found["sum"].to_numpy() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "transform",
    [Affine(1, 0, 0, 0, 1, -1), Affine(-1, 0, 9, 0, -1, 9), Affine(0.8, 0.6, 1, 0.6, -0.8, 3)],
    ids=["south up", "from the east", "turned"],
)
def test_rasters_that_lie_otherwise_give_the_same(tmp_path: Path, transform: Affine) -> None:
    rng = np.random.default_rng(5)
    values = rng.uniform(1, 9, (9, 9))
    shapes = partition(rng, 4, 9)
    found = zonal(written(tmp_path / "r.tif", values, transform), frame(*shapes))
    assert found["sum"].to_numpy() == pytest.approx(
        by_shapely(values, shapes, transform), rel=1e-11
    )


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("kind", "nodata"), [("float32", 0.1), ("float64", np.nan), ("uint8", 255), ("int16", -9)]
)
def test_cells_without_data_count_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, nodata: float, compiled: bool
) -> None:
    monkeypatch.setattr(module, "MANY_CELLS", 0 if compiled else 10**9)
    values = HAND.astype(kind)
    values[0, 0] = values[3, 3] = nodata
    raster = written(tmp_path / "r.tif", values, nodata=nodata)
    found = zonal(raster, frame(box(0, 0, 4, 4), box(0, 3, 0.5, 4)), stats=PEER)
    assert found.loc["d0"].tolist() == [119, 119 / 14, 14, 2, 15]
    assert found.loc["d1"].fillna(-1).tolist() == [0, -1, 0, -1, -1]


def test_nan_is_no_data_even_beside_another_value_of_no_data(tmp_path: Path) -> None:
    values = HAND.copy()
    values[0, :2] = [np.nan, -1]
    found = zonal(
        written(tmp_path / "r.tif", values, nodata=-1),
        frame(box(0, 3, 4, 4)),
        stats=["sum", "count"],
    )
    assert found.loc["d0"].tolist() == [7, 2]


def test_mask_of_the_file_hides_cells(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(raster, "r+") as dataset:
        dataset.write_mask(HAND != 16)
    assert zonal(raster, frame(box(0, 0, 4, 4)))["sum"].tolist() == [120]


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    with rasterio.open(raster, "r+") as dataset:
        dataset.scales, dataset.offsets = (-2.0,), (5.0,)
    found = zonal(raster, frame(box(0, 3, 2, 3.5)), stats=PEER)
    assert found.loc["d0"].tolist() == [2, 2, 1, 1, 3]


@pytest.mark.parametrize(
    "block", [{"blockysize": 3}, {"tiled": True, "blockxsize": 16, "blockysize": 16}]
)
def test_windows_together_are_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: dict[str, Any]
) -> None:
    rng = np.random.default_rng(8)
    values = rng.integers(0, 9, (70, 50)).astype("uint16")
    raster = written(
        tmp_path / "r.tif", values, from_origin(0, 20, 0.4, 0.3), compress="deflate", **block
    )
    polygons = frame(*partition(rng, 9, 20))
    whole = zonal(raster, polygons, stats=PEER)
    monkeypatch.setattr(module, "WINDOW_CELLS", 300)
    pd.testing.assert_frame_equal(zonal(raster, polygons, stats=PEER), whole, rtol=1e-12)
    assert zonal(raster, polygons).equals(zonal(raster, polygons))


def test_other_band_is_read(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND, count=2)
    with rasterio.open(raster, "r+") as dataset:
        dataset.write(HAND * 10, 2)
    assert zonal(raster, frame(box(0, 0, 4, 4)), band=2)["sum"].tolist() == [1360]


def test_polygons_are_reprojected_to_the_raster(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND, from_origin(6e5, 4.2e6, 100, 100))
    polygons = frame(box(6e5 + 50, 4.2e6 - 200, 6e5 + 250, 4.2e6 - 50))
    degrees = zonal(raster, polygons.to_crs(4326), stats=PEER)
    pd.testing.assert_frame_equal(degrees, zonal(raster, polygons, stats=PEER), rtol=1e-6)


def test_what_cannot_be_answered_is_refused(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    square = frame(box(0, 0, 1, 1))
    with pytest.raises(AnalysisError, match=r"no polygon on the raster r\.tif"):
        zonal(raster, frame(box(50, 50, 51, 51)))
    with pytest.raises(AnalysisError, match="found no CRS"):
        zonal(raster, frame(box(0, 0, 1, 1), crs=None))
    with pytest.raises(AnalysisError, match="found none"):
        zonal(raster, square.iloc[:0])
    with pytest.raises(AnalysisError, match="'d1'"):
        zonal(raster, frame(box(0, 0, 1, 1), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])))
    with pytest.raises(AnalysisError, match=r"median.*sum, mean"):
        zonal(raster, square, stats=["median"])
    with pytest.raises(AnalysisError, match="how: found 'all'"):
        zonal(raster, square, how="all")  # type: ignore[arg-type]


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    square = frame(box(0, 0, 1, 1))
    with pytest.raises(InputError, match=r"none\.tif.*expected a raster"):
        zonal(tmp_path / "none.tif", square)
    with pytest.raises(InputError, match=r"no band 2, expected a band from 1 to 1"):
        zonal(written(tmp_path / "r.tif", HAND), square, band=2)
    with pytest.raises(InputError, match="found no CRS"):
        zonal(written(tmp_path / "bare.tif", HAND, crs=None), square)
    with pytest.raises(InputError, match="complex"):
        zonal(written(tmp_path / "c.tif", HAND.astype("complex64")), square)
    torn = written(tmp_path / "torn.tif", np.random.default_rng(0).random((64, 64)))
    torn.write_bytes(torn.read_bytes()[:9000])
    with pytest.raises(InputError, match=r"torn\.tif"):
        zonal(torn, frame(box(0, -60, 64, 4)))


@pytest.mark.parametrize("compiled", [False, True])
def test_several_bands_are_each_band_by_itself(
    tmp_path: Path, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY_CELLS", 0 if compiled else 10**9)
    rng = np.random.default_rng(3)
    profile = {"driver": "GTiff", "dtype": "float32", "crs": CRS, "transform": NORTH_UP}
    path = tmp_path / "bands.tif"
    with rasterio.open(path, "w", height=4, width=4, count=3, nodata=-1, **profile) as made:
        made.write(rng.integers(-1, 9, (3, 4, 4)).astype("float32"))
        made.scales, made.offsets = (1.0, 0.1, 2.0), (0.0, 5.0, 0.0)
    squares = frame(box(0.5, 0.5, 3, 3), box(2, 2, 4, 4))
    both = zonal(path, squares, stats=PEER, band=[3, 1])
    assert both.columns.names == ["band", "stat"]
    assert both.columns.levels[0].tolist() == [3, 1]
    for number in (3, 1):
        pd.testing.assert_frame_equal(
            both[number], zonal(path, squares, stats=PEER, band=number), check_names=False
        )
    peer = exactextract.exact_extract(str(path), squares, ["count"], output="pandas")
    assert both[3]["count"].tolist() == pytest.approx(peer["band_3_count"].tolist())
    assert list(zonal(path, squares, band=(2,)).columns) == [(2, "sum")]
    with pytest.raises(InputError, match=r"(?s)no band 4.*no band 9"):
        zonal(path, squares, band=[1, 4, 9])
    with pytest.raises(AnalysisError, match="different numbers"):
        zonal(path, squares, band=[1, 1])


def test_small_rasters_never_load_the_compiler(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    code = (
        "import sys, geopandas as gpd; from shapely import box;"
        "from ecity_geo.geo.zonal import zonal;"
        f"frame = gpd.GeoDataFrame(geometry=[box(0, 0, 4, 4)], crs='{CRS}');"
        f"print(zonal({str(raster)!r}, frame)['sum'].tolist(), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[136.0] False"


def test_polygons_that_all_lie_beside_the_raster_are_refused_though_their_box_does_not(
    tmp_path: Path,
) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    aside = frame(box(-3, 6, -2, 9), box(6, -3, 9, -2))
    with pytest.raises(AnalysisError, match="no polygon on the raster"):
        zonal(raster, aside)


def test_the_share_of_a_polygon_on_cells_with_data_is_told(tmp_path: Path) -> None:
    # By hand: half of it beside the raster; beside it; a quarter of it without data; a hole.
    values = HAND.copy()
    values[0, 0] = -1
    raster = written(tmp_path / "r.tif", values, nodata=-1)
    ring = box(0.5, 0.5, 3.5, 2.5) - box(1, 1, 3, 2)
    shapes = frame(box(-1, 0, 1, 1), box(9, 9, 10, 10), box(0, 2, 2, 4), ring)
    found = zonal(raster, shapes, stats=["covered", "sum"])
    assert found["covered"].tolist() == pytest.approx([0.5, 0, 0.75, 1])
    assert found["sum"].tolist()[:2] == [13, 0]


@pytest.mark.parametrize(
    ("kind", "mark"),
    [("float32", -9999), ("float64", -99999), ("float32", -3.4e38), ("int16", -32768)],
)
def test_an_undeclared_mark_for_no_data_is_no_value(tmp_path: Path, kind: str, mark: float) -> None:
    values = HAND.astype(kind)
    values[0, 0] = mark
    raster = written(tmp_path / "r.tif", values)
    whole = frame(box(0, 0, 4, 4))
    with pytest.raises(InputError, match="in cells below the polygons"):
        zonal(raster, whole)
    known = float(values[0, 0])
    assert zonal(raster, whole, nodata=known)["sum"].tolist() == [HAND.sum() - 1]
    taken = zonal(raster, whole, stats=["min"], nodata=float("nan"))
    assert taken["min"].tolist() == [known]
    # Where the mark lies outside the polygons it harms nobody.
    assert zonal(raster, frame(box(1, 0, 4, 4)))["sum"].tolist() == [HAND[:, 1:].sum()]


def test_nodata_given_takes_the_place_of_the_declared(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND, nodata=16)
    whole = frame(box(0, 0, 4, 4))
    assert zonal(raster, whole)["sum"].tolist() == [120]
    assert zonal(raster, whole, nodata=1)["sum"].tolist() == [135]
    with pytest.raises(AnalysisError, match="nodata: found '1'"):
        zonal(raster, whole, nodata="1")  # type: ignore[arg-type]


def test_a_vrt_under_the_name_of_a_tiff_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "r.tif", HAND)
    text = (
        '<VRTDataset rasterXSize="4" rasterYSize="4"><SRS>EPSG:32638</SRS>'
        "<GeoTransform>0, 1, 0, 4, 0, -1</GeoTransform>"
        '<VRTRasterBand dataType="Float64" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">r.tif</SourceFilename></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    for name in ("disguised.tif", "open.vrt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="points to other data"):
        zonal(tmp_path / "disguised.tif", frame(box(0, 0, 4, 4)))
    assert zonal(tmp_path / "open.vrt", frame(box(0, 0, 4, 4)))["sum"].tolist() == [136]


def test_what_is_no_path_band_stat_or_layer_is_told(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    whole = frame(box(0, 0, 4, 4))
    with pytest.raises(AnalysisError, match="raster: found a ndarray, expected the path"):
        zonal(HAND, whole)  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="band: found"):
        zonal(raster, whole, band=[1, [2]])  # type: ignore[list-item]
    with pytest.raises(AnalysisError, match="stats: found None"):
        zonal(raster, whole, stats=None)  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="polygons: found a GeoDataFrame without geometry"):
        zonal(raster, gpd.GeoDataFrame({"a": [1]}))
    with pytest.raises(AnalysisError, match="polygons: found a DataFrame without geometry"):
        zonal(raster, pd.DataFrame({"a": [1]}))  # type: ignore[arg-type]


def test_polygons_without_a_place_in_the_crs_of_the_raster_are_told(tmp_path: Path) -> None:
    raster = written(tmp_path / "r.tif", HAND)
    poles = frame(box(0, 0, 1e12, 1e12), crs="EPSG:32633")
    with pytest.raises(AnalysisError, match=r"no place in .* the CRS of the raster"):
        zonal(raster, poles)
