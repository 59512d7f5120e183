"""Where the cells of a raster lie, and how areas are shared: against rasterio and geopandas."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio import transform as peer
from rasterio.mask import mask
from shapely import box

import city
from ecity_geo.errors import InputError
from ecity_geo.inputs import raster
from ecity_geo.inputs.apportion import apportion
from ecity_geo.inputs.config import PopulationConfig
from ecity_geo.inputs.raster import Cells, Grid, read_cells

X, Y = city.ORIGIN
CONFIG = PopulationConfig(path="population.tif")


def districts() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def read(path: Path, frame: gpd.GeoDataFrame | None = None) -> Cells:
    return read_cells(path, CONFIG, districts() if frame is None else frame)


def grid(transform: Affine, size: int = 20) -> Grid:
    same = Transformer.from_crs(city.CRS, city.CRS, always_xy=True)
    return Grid(transform=transform, to_metres=same, crs=CRS(city.CRS), width=size, height=size)


@pytest.mark.parametrize(
    "transform",
    [
        Affine(100, 0, X, 0, -100, Y),
        Affine(30, 0, X, 0, 30, Y),  # rows run to the north
        Affine(70, 70, X, 70, -70, Y),  # rotated
        Affine(100, 0, X, 0, -50, Y),  # oblong cells
    ],
)
def test_places_are_those_of_rasterio(transform: Affine) -> None:
    rows, columns = (part.ravel() for part in np.indices((20, 20)))
    found = grid(transform).places((rows, columns))
    expected = np.column_stack(peer.xy(transform, rows, columns))
    np.testing.assert_allclose(found, expected)


def test_outlines_tile_the_extent() -> None:
    # Identity: cells do not overlap, and their union is the raster.
    whole = grid(Affine(70, 70, X, 70, -70, Y))
    rows, columns = (part.ravel() for part in np.indices((20, 20)))
    cells = whole.polygons((rows, columns))
    assert shapely.area(cells).sum() == pytest.approx(whole.extent().area)
    assert shapely.union_all(cells).symmetric_difference(whole.extent()).area < 1e-3


def test_ids_keep_their_width_over_the_whole_raster() -> None:
    cells = Cells(
        cells=(np.array([0, 3]), np.array([7, 19])),
        values=np.ones(2),
        empty=(np.array([], dtype=int), np.array([], dtype=int)),
        grid=grid(Affine(100, 0, X, 0, -100, Y)),
    )
    assert cells.ids().tolist() == ["c007", "c079"]


def test_window_holds_all_that_a_mask_would_take(tmp_path: Path) -> None:
    # Peer: rasterio.mask with every touched cell, over one square of a wider raster.
    wide = np.random.default_rng(7).uniform(1, 9, (60, 60)).astype("float32")
    path = city.write_raster(tmp_path / "population.tif", wide, west=X - 2000, north=Y + 4000)
    one = districts().loc[["4"]]
    with rasterio.open(path) as file:
        taken, _ = mask(file, one.geometry, all_touched=True, filled=False)
    cells = read(path, one)
    assert set(taken.compressed().astype(float)) <= set(cells.values)
    assert len(cells.values) < 0.2 * wide.size


def test_only_the_window_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 400 million cells as a sparse tiled file: a full read would take 1.6 GB.
    path = tmp_path / "population.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=20_000,
        width=20_000,
        count=1,
        dtype="float32",
        crs=city.CRS,
        transform=Affine(100, 0, X - 1_000_000, 0, -100, Y + 1_000_000),
        nodata=-99999.0,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
        sparse_ok=True,
    ) as file:
        window = ((9980, 10_000), (10_000, 10_020))
        file.write(city.population(), 1, window=window)
    monkeypatch.setattr(raster, "MAX_CELLS", 1000)
    cells = read(path)
    assert cells.values.sum() == pytest.approx(10_000)
    assert cells.ids()[0] == f"c{9980 * 20_000 + 10_000:09d}"


def test_too_many_people_cells_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = city.write_raster(tmp_path / "population.tif", city.population())
    monkeypatch.setattr(raster, "MAX_POPULATED", 399)
    with pytest.raises(InputError, match="400 cells over the city, expected at most 399"):
        read(path)


def test_mask_band_hides_cells_as_nodata_does(tmp_path: Path) -> None:
    path = city.write_raster(tmp_path / "population.tif", city.population(), nodata=None)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        hide = np.full((20, 20), 255, dtype="uint8")
        hide[:, :10] = 0
        file.write_mask(hide)
    cells = read(path)
    assert cells.values.sum() == pytest.approx(2000 + 4000)
    assert len(cells.empty[0]) == 200


shares = st.tuples(st.floats(-400, 1900), st.floats(-400, 1900), st.floats(50, 1500))


@given(st.lists(shares, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_shares_are_those_of_an_overlay(drawn: list[tuple[float, float, float]]) -> None:
    # Peer: geopandas.overlay.
    shapes = [box(X + x, Y + y, X + x + side, Y + y + side) for x, y, side in drawn]
    ids = pd.Index([f"a{n}" for n in range(len(shapes))])
    pieces = apportion(np.array(shapes, dtype=object), ids, districts())
    areas = gpd.GeoDataFrame({"id": ids}, geometry=shapes, crs=city.CRS)
    with np.errstate(all="ignore"):
        parts = districts().reset_index()[["district_id", "geometry"]]
        cut = areas.overlay(parts, keep_geom_type=True)
    cut["share"] = cut.area / areas.set_index("id").area.reindex(cut["id"]).to_numpy()
    expected = cut[cut["share"] > 1e-9].set_index(["id", "district_id"])["share"].to_dict()
    found = pieces.set_index(["id", "district_id"])["share"].to_dict()
    assert found == pytest.approx(expected, abs=1e-9)


def test_pieces_are_ordered_by_area_then_district() -> None:
    shapes = np.array([box(X + 900, Y + 900, X + 1100, Y + 1100)] * 2, dtype=object)
    pieces = apportion(shapes, pd.Index(["b", "a"]), districts())
    assert pieces["id"].tolist() == ["b"] * 4 + ["a"] * 4
    assert pieces["district_id"].tolist() == ["1", "2", "3", "4"] * 2
    assert pieces["share"].tolist() == pytest.approx([0.25] * 8)


def test_area_that_only_touches_a_district_has_no_share_of_it() -> None:
    shapes = np.array([box(X, Y, X + 1000, Y + 1000)], dtype=object)
    pieces = apportion(shapes, pd.Index(["a"]), districts())
    assert pieces[["district_id", "share"]].to_numpy().tolist() == [["1", 1.0]]


def test_cells_without_size_are_a_fault(tmp_path: Path) -> None:
    path = city.write_raster(tmp_path / "population.tif", city.population(), size=0.0)
    with pytest.raises(InputError, match="no position of the cells"):
        read(path)
