"""Population: no person lost or made, and nothing read as people that is none."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely import MultiPoint, Point, box

import city
from ecity_geo.crs import bounds_of, to_lonlat, widen
from ecity_geo.errors import InputError
from ecity_geo.inputs.apportion import apportion
from ecity_geo.inputs.config import PopulationConfig
from ecity_geo.inputs.population import in_outline, read_population
from ecity_geo.inputs.schema import Checked

X, Y = city.ORIGIN


def districts(**shapes: object) -> gpd.GeoDataFrame:
    frame = city.districts().set_index("district_id")
    for key, shape in shapes.items():
        frame.loc[key[1:], "geometry"] = shape
    return frame


def read(
    folder: Path, frame: gpd.GeoDataFrame | None = None, **changes: Any
) -> Checked[gpd.GeoDataFrame]:
    frame = districts() if frame is None else frame
    config = PopulationConfig(**{"path": "population.tif"} | changes)
    box_ = widen(to_lonlat(bounds_of(frame), CRS(frame.crs)))
    return read_population(config, folder=folder, districts=frame, box=box_)


def raster(folder: Path, cells: np.ndarray | None = None, **changes: Any) -> Path:
    return city.write_raster(
        folder / "population.tif", city.population() if cells is None else cells, **changes
    )


def fact(folder: Path, **changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, **changes)
    return str(caught.value)


def sums(found: Checked[gpd.GeoDataFrame]) -> dict[str, float]:
    return found.data.groupby("district_id")["population"].sum().to_dict()


def kinds(found: Checked[gpd.GeoDataFrame]) -> list[str]:
    return [repair.kind for repair in found.repairs]


@pytest.mark.parametrize("assign", ["centre", "area"])
def test_cells_become_points_whose_sums_are_those_of_the_districts(
    assign: str, tmp_path: Path
) -> None:
    raster(tmp_path)
    found = read(tmp_path, assign=assign)
    assert sums(found) == pytest.approx(city.PEOPLE)
    assert found.repairs == ()
    tally = found.tallies[0]
    assert (tally.role, tally.read, tally.matched) == ("population", 400, 400)


def test_ids_are_the_flat_index_of_the_whole_raster(tmp_path: Path) -> None:
    # A wider raster, read by a window: ids must not depend on the window.
    wide = np.zeros((100, 50), dtype="float32")
    wide[40:60, 10:30] = city.population()
    raster(tmp_path, wide, west=X - 1000, north=Y + 6000)
    found = read(tmp_path).data
    assert found.index[0] == f"c{40 * 50 + 10:04d}"
    assert found.geometry.iloc[0].equals(Point(X + 50, Y + 1950))
    assert found.index.is_monotonic_increasing
    assert found.index.name == "demand_id"


def test_empty_cells_are_no_demand(tmp_path: Path) -> None:
    cells = city.population()
    cells[:, :5] = 0
    raster(tmp_path, cells)
    assert len(read(tmp_path).data) == 300


@pytest.mark.parametrize("mark", [-99999.0, float("nan"), -3.4e38])
def test_declared_nodata_inside_the_city_is_counted(mark: float, tmp_path: Path) -> None:
    cells = city.population()
    cells[0, :7] = mark
    raster(tmp_path, cells, nodata=mark)
    found = read(tmp_path)
    assert sums(found)["3"] == pytest.approx(3000 - 7 * 30)
    assert [(repair.kind, repair.count) for repair in found.repairs] == [("no_data", 7)]


def test_nan_without_a_declaration_is_no_data_too(tmp_path: Path) -> None:
    cells = city.population()
    cells[0, 0] = np.nan
    raster(tmp_path, cells, nodata=None)
    assert kinds(read(tmp_path)) == ["no_data"]


def test_no_data_around_the_city_is_not_worth_a_word(tmp_path: Path) -> None:
    cells = np.full((40, 40), -99999.0, dtype="float32")
    cells[10:30, 10:30] = city.population()
    raster(tmp_path, cells, west=X - 1000, north=Y + 3000)
    assert read(tmp_path).repairs == ()


@pytest.mark.parametrize(
    ("dtype", "mark", "nodata"),
    [
        ("float32", -99999, None),
        ("float32", -9999, -99999.0),
        ("float32", 3.4e38, None),
        ("float32", np.inf, None),
        ("int16", -1, None),
        ("uint16", 65535, None),
        ("int32", 2147483647, None),
    ],
)
def test_what_is_no_people_must_be_declared(
    dtype: str, mark: float, nodata: float | None, tmp_path: Path
) -> None:
    cells = city.population().astype(dtype)
    cells[3, 4:6] = mark
    raster(tmp_path, cells, nodata=nodata)
    message = fact(tmp_path)
    assert message.startswith('population.tif, row 3, column 4, field "band 1": found ')
    assert "in 2 cells" in message
    assert "gdal_edit.py -a_nodata" in message


def test_negative_cell_far_from_the_city_does_not_stop_it(tmp_path: Path) -> None:
    wide = np.zeros((100, 100), dtype="float32")
    wide[40:60, 40:60] = city.population()
    wide[0, 0] = -5
    raster(tmp_path, wide, west=X - 4000, north=Y + 6000)
    assert sums(read(tmp_path)) == pytest.approx(city.PEOPLE)


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    path = raster(tmp_path, (city.population() * 10).astype("int16"), nodata=-1)
    with rasterio.open(path, "r+") as file:
        file.scales = (0.1,)
    assert sums(read(tmp_path)) == pytest.approx(city.PEOPLE)


def test_density_is_turned_into_people(tmp_path: Path) -> None:
    # 1000, 2000 ... persons per square kilometre on squares of one square kilometre.
    raster(tmp_path, city.population() * 100)
    assert sums(read(tmp_path, density=True)) == pytest.approx(city.PEOPLE)


def degrees(folder: Path, *, size: float = 0.001) -> np.ndarray:
    """A raster of degrees around the city, one person in each cell."""
    west, south, east, north = (float(v) for v in city.districts().to_crs(4326).total_bounds)
    shape = (int((north - south) / size) + 6, int((east - west) / size) + 6)
    cells = np.ones(shape, dtype="float32")
    raster(folder, cells, crs="EPSG:4326", west=west - 2 * size, north=north + 2 * size, size=size)
    return cells


def test_density_in_degrees_uses_the_area_on_the_ellipsoid(tmp_path: Path) -> None:
    # Identity: density 1 everywhere is a population equal to the area; pyproj.Geod measures it.
    degrees(tmp_path)
    found = read(tmp_path, density=True)
    assert kinds(found) == ["reprojected", "beyond"]
    lonlat = districts().to_crs(4326)
    geod = Geod(ellps="WGS84")
    area = sum(abs(geod.geometry_area_perimeter(shape)[0]) for shape in lonlat.geometry) / 1e6
    assert found.data["population"].sum() == pytest.approx(area, rel=0.05)  # cells by centre
    exact = read(tmp_path, density=True, assign="area").data["population"].sum()
    assert exact == pytest.approx(area, rel=1e-3)  # UTM stretches areas by less


def test_raster_in_degrees_is_moved_cell_by_cell_without_losing_a_person(tmp_path: Path) -> None:
    # Enumeration: each cell centre through pyproj, each square by its own inequalities.
    cells = degrees(tmp_path)
    with rasterio.open(tmp_path / "population.tif") as file:
        transform = file.transform
    rows, columns = (grid.ravel() for grid in np.indices(cells.shape))
    lon = transform.c + (columns + 0.5) * transform.a
    lat = transform.f + (rows + 0.5) * transform.e
    x, y = Transformer.from_crs(4326, city.CRS, always_xy=True).transform(lon, lat)
    expected = {
        str(1 + column + 2 * row): int(
            (
                (x > X + 1000 * column)
                & (x < X + 1000 * (column + 1))
                & (y > Y + 1000 * row)
                & (y < Y + 1000 * (row + 1))
            ).sum()
        )
        for column in (0, 1)
        for row in (0, 1)
    }
    found = read(tmp_path)
    assert sums(found) == pytest.approx(expected)
    beyond = next(repair for repair in found.repairs if repair.kind == "beyond")
    tally = found.tallies[0]
    assert tally.rejected == beyond.count
    assert tally.matched == sum(expected.values())


@given(
    shift=st.tuples(st.floats(-99, 99), st.floats(-99, 99)),
    size=st.sampled_from([130.0, 90.0, 450.0, 700.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_sharing_by_area_conserves_people_whatever_the_grid(
    tmp_path_factory: pytest.TempPathFactory, shift: tuple[float, float], size: float, seed: int
) -> None:
    # Identity: people in districts + people told as beyond = people in the raster.
    folder = tmp_path_factory.mktemp("p")
    count = int(2400 / size) + 2
    cells = np.random.default_rng(seed).uniform(0, 9, (count, count))
    raster(folder, cells, west=X - 200 + shift[0], north=Y + 2200 + shift[1], size=size)
    found = read(folder, assign="area")
    grid = [
        box(
            X - 200 + shift[0] + j * size,
            Y + 2200 + shift[1] - (i + 1) * size,
            X - 200 + shift[0] + (j + 1) * size,
            Y + 2200 + shift[1] - i * size,
        )
        for i in range(count)
        for j in range(count)
    ]
    union = districts().union_all()
    inside = np.array([cell.intersection(union).area / cell.area for cell in grid])
    assert found.data["population"].sum() == pytest.approx((inside * cells.ravel()).sum())
    assert found.data.index.is_unique
    assert (found.data["population"] > 0).all()
    located = gpd.sjoin(found.data[["geometry"]], districts()[["geometry"]], predicate="intersects")
    assert set(located.index) == set(found.data.index)


def test_coarse_cells_are_shared_by_area_and_told(tmp_path: Path) -> None:
    # One cell of 2 x 2 km over four squares: a quarter each.
    raster(tmp_path, np.array([[1000.0]]), size=2000.0)
    found = read(tmp_path)
    assert sums(found) == pytest.approx(dict.fromkeys("1234", 250.0))
    assert found.data.index.tolist() == ["c0-1", "c0-2", "c0-3", "c0-4"]
    assert kinds(found) == ["coarse_cells"]
    assert (found.tallies[0].read, found.tallies[0].matched) == (1, 1)


def test_gaps_keep_their_people_and_the_outside_is_counted(tmp_path: Path) -> None:
    # A hole of 200 x 200 m in square 1; square 4 is not of this city.
    hole = city.square(0, 0).difference(box(X + 400, Y + 400, X + 600, Y + 600))
    frame = districts(d1=hole).drop(index="4")
    raster(tmp_path)
    found = read(tmp_path, frame)
    unmatched = found.data["district_id"].isna()
    assert found.data.loc[unmatched, "population"].sum() == 4 * 10
    tally = found.tallies[0]
    assert (tally.matched, tally.unmatched, tally.rejected) == (296, 4, 100)
    beyond = next(repair for repair in found.repairs if repair.kind == "beyond")
    assert "4,000 people (40.0%" in beyond.detail


def test_partial_cover_is_told_per_district(tmp_path: Path) -> None:
    raster(tmp_path, city.population()[5:], north=Y + 1500)  # without the 500 m in the north
    found = read(tmp_path)
    notes = [repair for repair in found.repairs if repair.kind == "partial_overlap"]
    assert notes[0].count == 2
    assert notes[0].detail.endswith("'3' 50%, '4' 50%")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"crs": "EPSG:32639"}, ["EPSG:32639", "would fit in EPSG:32638"]),
        ({"crs": "EPSG:4326"}, ["cannot be degrees", "EPSG:32638"]),
        ({"crs": None}, ["no CRS"]),
        ({"west": X + 50_000}, ["population.tif"]),
        ({"west": X + 5_000}, ["does not reach the districts"]),
    ],
)
def test_raster_without_a_place_in_the_city_is_refused(
    changes: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    raster(tmp_path, **changes)
    message = fact(tmp_path)
    for word in words:
        assert word in message


def test_crs_of_the_study_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    raster(tmp_path, crs=None)
    assert sums(read(tmp_path, crs=city.CRS)) == pytest.approx(city.PEOPLE)
    raster(tmp_path)
    assert "in the file and" in fact(tmp_path, crs="EPSG:32639")


def test_raster_without_a_position_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            tmp_path / "population.tif",
            "w",
            driver="GTiff",
            height=20,
            width=20,
            count=1,
            dtype="float32",
            crs=city.CRS,
            transform=Affine.identity(),
        ) as file:
            file.write(city.population(), 1)
    assert "no position of the cells" in fact(tmp_path)


def test_band_that_is_not_there_is_named(tmp_path: Path) -> None:
    raster(tmp_path)
    assert 'field "band": found band 3, expected 1 to 1' in fact(tmp_path, band=3)


def test_disguised_and_damaged_rasters_are_refused(tmp_path: Path) -> None:
    path = raster(tmp_path)
    whole = path.read_bytes()
    for content in (b"", b"<VRTDataset rasterXSize='1'/>", whole[:200], b"II*\x00" + b"\xff" * 99):
        path.write_bytes(content)
        assert fact(tmp_path).startswith("population.tif")


def test_png_called_tif_is_refused(tmp_path: Path) -> None:
    (tmp_path / "population.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64)
    assert fact(tmp_path).startswith("population.tif")


def test_raster_of_nobody_is_a_fault(tmp_path: Path) -> None:
    raster(tmp_path, np.zeros((20, 20), dtype="float32"))
    assert "nobody in any district" in fact(tmp_path)


def test_window_of_too_many_cells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raster(tmp_path)
    monkeypatch.setattr("ecity_geo.inputs.raster.MAX_CELLS", 100)
    assert "Sum the raster to larger cells" in fact(tmp_path)


def layer(folder: Path, shapes: list[object], people: list[object]) -> dict[str, str]:
    frame = gpd.GeoDataFrame({"people": people}, geometry=shapes, crs=city.CRS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(folder / "people.gpkg")
    return {"path": "people.gpkg", "count": "people"}


def test_points_with_a_count_are_demand(tmp_path: Path) -> None:
    shapes = [Point(X + 500, Y + 500), Point(X + 1500, Y + 500), Point(X + 9000, Y), Point(X, Y)]
    found = read(tmp_path, **layer(tmp_path, shapes, [5.0, 7.0, 11.0, None]))
    assert sums(found) == {"1": 5.0, "2": 7.0}
    tally = found.tallies[0]
    assert (tally.read, tally.matched, tally.rejected) == (4, 2, 2)
    assert kinds(found) == ["no_data", "beyond"]


def test_polygons_with_a_count_are_shared_by_area(tmp_path: Path) -> None:
    # 300 people on the middle third of squares 1 and 2, 100 on a block inside square 3.
    shapes = [box(X + 500, Y, X + 1250, Y + 1000), box(X + 100, Y + 1100, X + 200, Y + 1200)]
    found = read(tmp_path, **layer(tmp_path, shapes, [300, 100]))
    assert sums(found) == pytest.approx({"1": 200.0, "2": 100.0, "3": 100.0})
    assert found.data.index.tolist() == ["c1-1", "c1-2", "c2"]
    assert found.data.geometry["c2"].equals(Point(X + 150, Y + 1150))


@pytest.mark.parametrize(
    ("shape", "people", "words"),
    [
        (Point(X, Y), -3, ["feature 1", "'-3'", "not negative"]),
        (Point(X, Y), "many", ["feature 1", "'many'"]),
        (None, 3, ["feature 1", "no geometry"]),
        (MultiPoint([(X, Y), (X + 1, Y)]), 3, ["feature 1", "a MultiPoint"]),
    ],
)
def test_faulty_feature_of_a_layer_is_named(
    shape: object, people: object, words: list[str], tmp_path: Path
) -> None:
    options = layer(
        tmp_path, [shape, Point(X + 5, Y + 5)], [people, "4" if people == "many" else 4]
    )
    message = fact(tmp_path, **options)
    for word in words:
        assert word in message


def test_layer_needs_the_name_of_its_count(tmp_path: Path) -> None:
    options = layer(tmp_path, [Point(X, Y)], [1])
    assert 'no "count"' in fact(tmp_path, **options | {"count": ""})
    assert "'people'" in fact(tmp_path, **options | {"count": "peple"})


def test_pieces_stand_inside_themselves() -> None:
    # A U whose centre of gravity lies between its arms.
    arms = box(0, 0, 90, 90).difference(box(30, 30, 60, 90))
    frame = gpd.GeoDataFrame(geometry=[box(-10, -10, 100, 100)], index=["a"])
    pieces = apportion(np.array([arms]), pd.Index(["u"]), frame)
    assert shapely.intersects_xy(arms, pieces["x"], pieces["y"]).all()
    assert pieces["share"].tolist() == [1.0]


def test_outline_fills_gaps_and_nothing_else() -> None:
    ring = box(0, 0, 10, 10).difference(box(4, 4, 6, 6))
    frame = gpd.GeoDataFrame(geometry=[ring])
    places = np.array([[5.0, 5.0], [1.0, 1.0], [11.0, 5.0]])
    assert in_outline(places, frame).tolist() == [True, True, False]


def test_undeclared_255_of_a_byte_raster_is_a_fault(tmp_path: Path) -> None:
    cells = city.population().astype("uint8")
    cells[0, 0] = 255
    raster(tmp_path, cells, nodata=None)
    assert "255" in fact(tmp_path)


def test_byte_raster_whose_people_reach_255_is_read(tmp_path: Path) -> None:
    cells = np.arange(400, dtype="int64").reshape(20, 20).clip(0, 255).astype("uint8")
    raster(tmp_path, cells, nodata=None)
    assert read(tmp_path).data["population"].sum() == cells.sum()
