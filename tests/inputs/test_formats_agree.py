"""One city in every format: the same districts, the same responses, the same people.

The authority is the writing library (GDAL, the csv module, openpyxl, pyreadstat, rasterio) and the
frame that was written: what comes back through our readers is that, whatever lay between.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyreadstat
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import box

import city
from ecity_geo.crs import bounds_of, to_lonlat, widen
from ecity_geo.inputs.boundaries import read_boundaries
from ecity_geo.inputs.candidates import read_candidates
from ecity_geo.inputs.config import (
    BoundariesConfig,
    CandidatesConfig,
    PopulationConfig,
    ServicesConfig,
    StreetsConfig,
    SurveyConfig,
)
from ecity_geo.inputs.instrument import Instrument, read_instrument
from ecity_geo.inputs.population import read_population
from ecity_geo.inputs.roads import read_streets
from ecity_geo.inputs.schema import Checked
from ecity_geo.inputs.services import read_services
from ecity_geo.inputs.survey import read_survey

FIELDS = {"id": "code", "name_fa": "fa", "name_en": "en", "fabric": "fabric"}
BOX = widen(to_lonlat(bounds_of(city.districts()), CRS(city.CRS)))
ARABIC = str.maketrans("یک", "يك")


def layer() -> gpd.GeoDataFrame:
    """The districts under names that fit a .dbf, in Arabic letters that fit cp1256."""
    frame = city.districts().rename(
        columns={"district_id": "code", "name_fa": "fa", "name_en": "en"}
    )
    return frame.assign(fa=frame["fa"].str.translate(ARABIC))


def indexed() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def shapefile(folder: Path, frame: gpd.GeoDataFrame, encoding: str) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(folder / "d.shp", encoding=encoding)
    return folder / "d.shp"


def as_geojson(folder: Path) -> Path:
    layer().to_file(folder / "d.geojson", driver="GeoJSON")
    return folder / "d.geojson"


def as_geopackage(folder: Path) -> Path:
    layer().to_file(folder / "d.gpkg")
    return folder / "d.gpkg"


def as_cp1256_without_cpg(folder: Path) -> Path:
    path = shapefile(folder, layer(), "cp1256")
    path.with_suffix(".cpg").unlink()
    return path


def as_utf8_shapefile(folder: Path) -> Path:
    return shapefile(folder, layer(), "UTF-8")


def as_zip(folder: Path) -> Path:
    parts = sorted(shapefile(folder, layer(), "UTF-8").parent.glob("d.*"))
    with zipfile.ZipFile(folder / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.write(part, f"مرزها/{part.name}")
    return folder / "z.zip"


def as_zipped_geopackage(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.write(as_geopackage(folder), "d.gpkg")
    return folder / "z.zip"


def as_parquet(folder: Path) -> Path:
    layer().to_parquet(folder / "d.parquet")
    return folder / "d.parquet"


def as_flatgeobuf(folder: Path) -> Path:
    layer().to_file(folder / "d.fgb", SPATIAL_INDEX="NO")
    return folder / "d.fgb"


LAYERS = [
    as_geojson,
    as_geopackage,
    as_cp1256_without_cpg,
    as_utf8_shapefile,
    as_zip,
    as_zipped_geopackage,
    as_parquet,
    as_flatgeobuf,
]


@pytest.mark.parametrize("write", LAYERS)
def test_districts_are_the_same_from_every_format(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    config = BoundariesConfig(path=write(tmp_path).name, **FIELDS)
    checked = read_boundaries(config, folder=tmp_path, crs=city.CRS, box=BOX)
    found, written = checked.data, layer().set_index("code")
    assert found.index.tolist() == written.index.tolist()
    assert found.index.name == "district_id"
    assert found["name_fa"].str.translate(ARABIC).tolist() == written["fa"].tolist()
    assert found["name_en"].tolist() == written["en"].tolist()
    assert found["fabric"].tolist() == written["fabric"].tolist()
    assert found.geometry.area.tolist() == pytest.approx([1e6] * 4)
    apart = found.geometry.symmetric_difference(written.geometry, align=True).area
    assert apart.max() < 1e-3
    (tally,) = checked.tallies
    assert (tally.read, tally.matched) == (4, 4)


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:32639", "EPSG:3857", "EPSG:32638"])
def test_districts_are_the_same_from_every_crs(code: str, tmp_path: Path) -> None:
    # A straight edge stays straight only in its own projection: over 1 km of UTM the bend of an
    # edge of another one is below a decimetre, so the areas agree to 1e-4.
    layer().to_crs(code).to_file(tmp_path / "d.gpkg")
    config = BoundariesConfig(path="d.gpkg", **FIELDS)
    checked = read_boundaries(config, folder=tmp_path, crs=city.CRS, box=BOX)
    assert checked.data.crs == CRS(city.CRS)
    assert checked.data.geometry.area.tolist() == pytest.approx([1e6] * 4, rel=1e-4)
    moved = [repair.kind for repair in checked.repairs if repair.kind == "reprojected"]
    assert moved == ([] if code == city.CRS else ["reprojected"])


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(4)), columns=st.permutations([*FIELDS.values(), "geometry"]))
def test_order_of_features_and_fields_changes_no_district(
    order: list[int], columns: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("order")
    layer().iloc[order][columns].to_file(folder / "d.gpkg")
    config = BoundariesConfig(path="d.gpkg", **FIELDS)
    found = read_boundaries(config, folder=folder, crs=city.CRS, box=BOX).data
    assert found.index.tolist() == layer()["code"].iloc[order].tolist()
    again = found.loc[list(city.PEOPLE)]
    assert again["name_en"].tolist() == city.districts()["name_en"].tolist()
    assert again.geometry.normalize().tolist() == indexed().geometry.normalize().tolist()


# --- the survey -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("instrument") / "instrument.toml"
    path.write_text(city.INSTRUMENT, encoding="utf-8")
    return read_instrument(path, source="instrument.toml")


def answers() -> pd.DataFrame:
    """Forty respondents of mixed opinion, some of whom skip a question."""
    rng = np.random.default_rng(7)
    frame = city.responses()
    drawn = pd.DataFrame(rng.integers(1, 6, (len(frame), 4)), columns=list(city.ITEMS))
    drawn = drawn.astype("Int64").mask(rng.random(drawn.shape) < 0.1)
    frame[list(city.ITEMS)] = drawn
    names = dict(zip(city.PEOPLE, city.districts()["name_fa"], strict=True))
    return frame.assign(district=frame["district_id"].map(names)).drop(columns="district_id")


def csv(**options: str) -> Callable[[Path], dict[str, str]]:
    def write(folder: Path) -> dict[str, str]:
        answers().to_csv(folder / "s.csv", index=False, **options)
        return {"path": "s.csv"}

    return write


def as_cp1256(folder: Path) -> dict[str, str]:
    frame = answers().assign(district=answers()["district"].str.translate(ARABIC))
    frame.to_csv(folder / "s.csv", index=False, encoding="cp1256")
    return {"path": "s.csv"}


def as_excel(folder: Path) -> dict[str, str]:
    answers().to_excel(folder / "s.xlsx", index=False)
    return {"path": "s.xlsx"}


def as_second_sheet(folder: Path) -> dict[str, str]:
    with pd.ExcelWriter(folder / "s.xlsx") as book:
        pd.DataFrame({"a": [1, 2]}).to_excel(book, sheet_name="notes", index=False)
        answers().to_excel(book, sheet_name="پاسخ‌ها", index=False)
    return {"path": "s.xlsx", "sheet": "پاسخ‌ها"}


def as_spss(folder: Path) -> dict[str, str]:
    numbers = answers().astype(dict.fromkeys(city.ITEMS, float))
    pyreadstat.write_sav(numbers, folder / "s.sav")
    return {"path": "s.sav"}


def as_packed_spss(folder: Path) -> dict[str, str]:
    numbers = answers().astype(dict.fromkeys(city.ITEMS, float))
    pyreadstat.write_sav(numbers, folder / "s.zsav", compress=True)
    return {"path": "s.zsav"}


def as_kobo(folder: Path) -> dict[str, str]:
    frame = answers().rename(columns={item: f"group_a/{item}" for item in city.ITEMS})
    frame.assign(_uuid=range(len(frame))).to_csv(folder / "s.csv", index=False, sep=";")
    return {"path": "s.csv"}


def in_persian_digits(folder: Path) -> dict[str, str]:
    digits = str.maketrans("12345", "۱۲۳۴۵")
    items = {name: answers()[name].astype("string").str.translate(digits) for name in city.ITEMS}
    answers().assign(**items).to_csv(folder / "s.csv", index=False)
    return {"path": "s.csv"}


SURVEYS = {
    "comma": csv(),
    "semicolon": csv(sep=";"),
    "tab": csv(sep="\t"),
    "bom": csv(encoding="utf-8-sig"),
    "utf-16": csv(encoding="utf-16"),
    "utf-16 tab": csv(encoding="utf-16", sep="\t"),
    "crlf": csv(lineterminator="\r\n"),
    "cp1256": as_cp1256,
    "excel": as_excel,
    "second sheet": as_second_sheet,
    "spss": as_spss,
    "packed spss": as_packed_spss,
    "kobo": as_kobo,
    "persian digits": in_persian_digits,
}


def read_responses(folder: Path, instrument: Instrument, **keys: str) -> Checked[pd.DataFrame]:
    config = SurveyConfig(
        instrument="instrument.toml",
        respondent="respondent_id",
        district="district",
        district_by="name",
        **keys,
    )
    return read_survey(config, instrument, indexed(), folder=folder, crs=CRS(city.CRS))


@pytest.mark.parametrize("name", SURVEYS)
def test_responses_are_the_same_from_every_format(
    name: str, instrument: Instrument, tmp_path: Path
) -> None:
    found = read_responses(tmp_path, instrument, **SURVEYS[name](tmp_path))
    written = answers().set_index("respondent_id")
    pd.testing.assert_frame_equal(
        found.data[list(city.ITEMS)], written[list(city.ITEMS)], check_index_type=False
    )
    assert found.data["district_id"].tolist() == city.responses()["district_id"].tolist()
    (tally,) = found.tallies
    assert (tally.read, tally.matched, tally.unmatched, tally.rejected) == (40, 40, 0, 0)


@settings(max_examples=10, deadline=None)
@given(
    rows=st.permutations(range(40)),
    columns=st.permutations(["respondent_id", "district", *city.ITEMS]),
)
def test_order_of_rows_and_columns_changes_no_response(
    rows: list[int],
    columns: list[str],
    instrument: Instrument,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("survey")
    answers().iloc[rows][columns].to_csv(folder / "s.csv", index=False)
    found = read_responses(folder, instrument, path="s.csv").data
    written = answers().set_index("respondent_id")[list(city.ITEMS)]
    pd.testing.assert_frame_equal(
        found.loc[written.index, list(city.ITEMS)], written, check_index_type=False
    )


# --- the population ---------------------------------------------------------------------------


def counts() -> tuple[np.ndarray, Affine]:
    """Whole people on cells of a thousandth of a degree, only in cells inside the city."""
    west, south, east, north = to_lonlat(bounds_of(city.districts()), CRS(city.CRS))
    step = 0.001
    shape = (int((north - south) / step) + 3, int((east - west) / step) + 3)
    transform = Affine(step, 0, west - step, 0, -step, north + step)
    people = np.random.default_rng(3).integers(1, 50, shape).astype("float32")
    outline = indexed().geometry.union_all().buffer(-1)
    inside = cells(people, transform).to_crs(city.CRS).geometry.within(outline)
    return people * inside.to_numpy().reshape(shape), transform


def cells(people: np.ndarray, transform: Affine) -> gpd.GeoDataFrame:
    """Each cell as a polygon in degrees."""
    row, column = np.indices(people.shape).reshape(2, -1)
    west, north = transform.c + column * transform.a, transform.f + row * transform.e
    shapes = box(west, north + transform.e, west + transform.a, north)
    return gpd.GeoDataFrame({"people": people.ravel()}, geometry=shapes, crs="EPSG:4326")


def read_people(folder: Path, **keys: str) -> Checked[gpd.GeoDataFrame]:
    config = PopulationConfig(**keys)
    return read_population(config, folder=folder, districts=indexed(), box=BOX)


def by_district(found: Checked[gpd.GeoDataFrame]) -> pd.Series:
    sums: pd.Series = found.data.groupby("district_id")["population"].sum()
    return sums


def write_counts(folder: Path) -> gpd.GeoDataFrame:
    people, transform = counts()
    with rasterio.open(
        folder / "p.tif",
        "w",
        driver="GTiff",
        height=people.shape[0],
        width=people.shape[1],
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=transform,
    ) as raster:
        raster.write(people, 1)
    lived = cells(people, transform)
    return lived[lived["people"] > 0]


def test_people_are_conserved_as_raster_points_and_polygons(tmp_path: Path) -> None:
    lived = write_counts(tmp_path)
    lived.to_file(tmp_path / "areas.gpkg")
    lived.set_geometry(middles(lived)).to_file(tmp_path / "points.gpkg")
    total = float(lived["people"].sum())
    raster = read_people(tmp_path, path="p.tif")
    points = read_people(tmp_path, path="points.gpkg", count="people")
    shared = read_people(tmp_path, path="p.tif", assign="area")
    areas = read_people(tmp_path, path="areas.gpkg", count="people", assign="area")
    for found in (raster, points, shared, areas):
        assert found.data["population"].sum() == pytest.approx(total)
        assert found.data["district_id"].notna().all()
    pd.testing.assert_series_equal(by_district(raster), by_district(points))
    # Peer: geopandas' overlay shares each cell by the area in each district.
    metric = lived.to_crs(city.CRS)
    whole = metric.assign(whole=metric.area)
    pieces = gpd.overlay(whole, indexed().reset_index()[["district_id", "geometry"]])
    pieces["part"] = pieces["people"] * pieces.area / pieces["whole"]
    expected = pieces.groupby("district_id")["part"].sum()
    for found in (shared, areas):
        assert by_district(found).to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-4)


def middles(lived: gpd.GeoDataFrame) -> gpd.GeoSeries:
    corners = lived.bounds
    return gpd.GeoSeries(
        gpd.points_from_xy(
            (corners["minx"] + corners["maxx"]) / 2, (corners["miny"] + corners["maxy"]) / 2
        ),
        index=lived.index,
        crs=lived.crs,
    )


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:32639", "EPSG:3857"])
def test_points_of_another_crs_hold_the_same_people(code: str, tmp_path: Path) -> None:
    lived = write_counts(tmp_path)
    middle = gpd.GeoDataFrame(lived[["people"]], geometry=middles(lived)).to_crs(code)
    middle.sample(frac=1, random_state=1).to_file(tmp_path / "points.gpkg")
    points = read_people(tmp_path, path="points.gpkg", count="people")
    expected = by_district(read_people(tmp_path, path="p.tif"))
    pd.testing.assert_series_equal(by_district(points), expected)


@pytest.mark.parametrize(
    "profile",
    [
        {"compress": "deflate", "predictor": 3},
        {"tiled": True, "blockxsize": 16, "blockysize": 16},
        {"compress": "lzw", "interleave": "band"},
        {"BIGTIFF": "YES"},
    ],
)
def test_packing_of_a_raster_changes_no_person(profile: dict[str, object], tmp_path: Path) -> None:
    city.write_raster(tmp_path / "a.tif", city.population())
    city.write_raster(tmp_path / "b.tif", city.population(), **profile)
    one, two = (read_people(tmp_path, path=name).data for name in ("a.tif", "b.tif"))
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint32", "float32", "float64"])
def test_number_type_of_a_raster_changes_no_person(kind: str, tmp_path: Path) -> None:
    mark = 255 if kind == "uint8" else 32_000
    city.write_raster(tmp_path / "a.tif", city.population().astype(kind), nodata=mark)
    assert by_district(read_people(tmp_path, path="a.tif")).to_dict() == city.PEOPLE


@pytest.mark.parametrize("parts", [2, 5])
def test_finer_cells_hold_the_same_people(parts: int, tmp_path: Path) -> None:
    fine = np.kron(city.population(), np.ones((parts, parts), "float32")) / parts**2
    city.write_raster(tmp_path / "a.tif", fine, size=100 / parts)
    assert by_district(read_people(tmp_path, path="a.tif")).to_dict() == pytest.approx(city.PEOPLE)


# --- services, candidates and streets ---------------------------------------------------------


def kiosks() -> gpd.GeoDataFrame:
    table = city.services()
    places = gpd.points_from_xy(table.pop("lon"), table.pop("lat"))
    return gpd.GeoDataFrame(table, geometry=places, crs="EPSG:4326")


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".fgb", ".parquet"])
@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:32639"])
def test_services_of_every_layer_are_those_of_the_table(
    ending: str, code: str, tmp_path: Path
) -> None:
    frame = kiosks().to_crs(code)
    path = tmp_path / f"k{ending}"
    if ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, **({"SPATIAL_INDEX": "NO"} if ending == ".fgb" else {}))
    city.services().to_csv(tmp_path / "k.csv", index=False)
    keys = {
        key: value
        for key, value in city.STUDY["services"].items()
        if key not in {"path", "x", "y", "crs"}
    }
    table = ServicesConfig(path="k.csv", x="lon", y="lat", crs="EPSG:4326", **keys)
    drawn = ServicesConfig(path=path.name, **keys)
    one, two = (
        read_services(config, folder=tmp_path, districts=indexed(), box=BOX).data
        for config in (table, drawn)
    )
    plain = ["name_fa", "name_en", "type", "capacity", "status", "district_id"]
    pd.testing.assert_frame_equal(pd.DataFrame(one[plain]), pd.DataFrame(two[plain]))
    # GDAL rounds the degrees of a GeoJSON to 7 places, a centimetre.
    assert one.distance(two).max() < 0.02


@pytest.mark.parametrize("code", [city.CRS, "EPSG:4326", "EPSG:32639"])
def test_candidates_of_every_crs_stand_at_the_same_places(code: str, tmp_path: Path) -> None:
    sites = gpd.GeoDataFrame(
        {"site": ["b", "a"], "fa": ["ب", "الف"]},
        geometry=[city.square(1, 1).centroid, city.square(0, 0).centroid],
        crs=city.CRS,
    )
    sites.to_crs(code).to_file(tmp_path / "c.gpkg")
    config = CandidatesConfig(path="c.gpkg", id="site", name_fa="fa")
    demand = gpd.GeoDataFrame({"population": []}, geometry=[], crs=city.CRS)
    found = read_candidates(
        config, folder=tmp_path, districts=indexed(), demand=demand, box=BOX
    ).data
    assert found.index.tolist() == ["b", "a"]
    assert found["district_id"].tolist() == ["4", "1"]
    assert found.geometry.distance(sites.set_index("site").geometry).max() < 1e-3


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".fgb", ".parquet"])
def test_streets_of_every_format_have_the_same_length_and_minutes(
    ending: str, tmp_path: Path
) -> None:
    lines, path = city.streets(), tmp_path / f"s{ending}"
    if ending == ".parquet":
        lines.to_parquet(path)
    else:
        lines.to_file(path)
    graph = read_streets(
        StreetsConfig(path=path.name, minutes="minutes", mode="walk"),
        folder=tmp_path,
        crs=CRS(city.CRS),
        bounds=bounds_of(city.districts()),
        box=BOX,
    ).data
    assert len(graph.x) == 81
    # Walkers go both ways; each of the 144 blocks is one street of a minute and 250 m.
    assert graph.matrix("min").sum() == pytest.approx(2 * len(lines))
    assert graph.matrix("m").sum() == pytest.approx(2 * lines.length.sum())
