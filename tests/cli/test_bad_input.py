"""Every fault that the users' files are known for: one clear error, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from shapely import MultiPolygon, Point, Polygon
from shapely.affinity import translate

import city
from ecity_geo import cli

VRT_VECTOR = '<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'
VRT_RASTER = '<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>'


def check(study: Path) -> Result:
    result = CliRunner().invoke(cli.main, ["check", str(study)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def with_geometry(row: int, geometry: object) -> gpd.GeoDataFrame:
    frame = city.districts()
    frame.loc[row, "geometry"] = geometry
    return frame


def with_answer(value: object, *, column: str = "network") -> pd.DataFrame:
    frame = city.responses().astype(object)
    frame.loc[5, column] = value
    return frame


def with_service(**changes: object) -> pd.DataFrame:
    frame = city.services().astype(object)
    for column, value in changes.items():
        frame.loc[1, column] = value
    return frame


def shifted_zone() -> gpd.GeoDataFrame:
    return city.districts().set_crs("EPSG:32639", allow_override=True)


def swapped() -> pd.DataFrame:
    return city.services().rename(columns={"lon": "lat", "lat": "lon"})


def cells(value: float) -> np.ndarray:
    values = city.population()
    values[3, 3] = value
    return values


def bow_tie() -> Polygon:
    x, y = city.ORIGIN
    return Polygon([(x, y), (x + 900, y + 900), (x + 900, y), (x, y + 900)])


# What is changed in the four squares, and the words that the message must hold.
FAULTS: dict[str, tuple[dict[str, object], list[str]]] = {
    "answer outside the scale": (
        {"responses": with_answer(7)},
        ["responses.csv", "line 7", "network", "7", "1-5"],
    ),
    "answer that is no whole number": ({"responses": with_answer(3.5)}, ["line 7", "3.5"]),
    "answer in words": ({"responses": with_answer("good")}, ["line 7", "good"]),
    "unknown district": (
        {"responses": with_answer("12", column="district_id")},
        ["responses.csv", "12"],
    ),
    "duplicate respondent": (
        {"responses": with_answer("r10", column="respondent_id")},
        ["responses.csv", "r10"],
    ),
    "survey field that is not there": (
        {"study": {"survey": {"district": "distrct_id"}}},
        ["distrct_id", "district_id"],
    ),
    "duplicate district": (
        {"districts": city.districts().assign(district_id=["1", "1", "3", "4"])},
        ["districts.geojson", "district_id", "1"],
    ),
    "null polygon": ({"districts": with_geometry(1, None)}, ["districts.geojson", "2"]),
    "empty polygon": ({"districts": with_geometry(1, MultiPolygon())}, ["districts.geojson", "2"]),
    "bow-tie polygon": ({"districts": with_geometry(0, bow_tie())}, ["districts.geojson", "1"]),
    "point among polygons": (
        {"districts": with_geometry(0, Point(*city.ORIGIN))},
        ["districts.geojson", "Point"],
    ),
    "overlapping districts": (
        {"districts": with_geometry(0, translate(city.square(0, 0), 100, 0))},
        ["districts.geojson", "overlap"],
    ),
    "zone 38N data labelled 39N": (
        {"districts": shifted_zone(), "study": {"study": {"crs": None}}},
        ["districts.geojson"],
    ),
    "swapped axes": ({"services": swapped()}, ["services.csv", "swapped"]),
    "service at zero, zero": ({"services": with_service(lon=0, lat=0)}, ["services.csv", "0"]),
    "service without coordinates": (
        {"services": with_service(lon="")},
        ["services.csv", "line 3", "lon"],
    ),
    "duplicate service": ({"services": with_service(service_id="k1")}, ["services.csv", "k1"]),
    "negative capacity": ({"services": with_service(capacity=-5)}, ["services.csv", "-5"]),
    "unknown status": ({"services": with_service(status="maybe")}, ["services.csv", "maybe"]),
    "negative population": ({"population": cells(-7)}, ["population.tif", "-7"]),
    "geographic working crs": ({"study": {"study": {"crs": "EPSG:4326"}}}, ["EPSG:4326"]),
    "web mercator working crs": ({"study": {"study": {"crs": "EPSG:3857"}}}, ["3857"]),
    "unknown crs": ({"study": {"study": {"crs": "EPSG:1"}}}, ["EPSG:1"]),
    "misspelt key": (
        {"study": {"access": {"standart": 500}}},
        ["study.toml", "standart", "standard"],
    ),
    "standard of zero": ({"study": {"access": {"standard": 0}}}, ["study.toml", "standard"]),
    "p larger than the candidates": ({"study": {"siting": {"p": 10_000}}}, ["10000"]),
    "streets asked for and not given": (
        {"study": {"access": {"measure": "streets", "unit": "min", "standard": 3}}},
        ["streets"],
    ),
    "path that is an address": (
        {"study": {"boundaries": {"path": "https://example.org/d.geojson"}}},
        ["https://example.org"],
    ),
    "path into a virtual file system": (
        {"study": {"boundaries": {"path": "/vsicurl/http://localhost/d.geojson"}}},
        ["/vsi"],
    ),
    "reversed scale": (
        {"instrument": city.INSTRUMENT.replace("min = 1, max = 5", "min = 5, max = 1")},
        ["instrument.toml"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    changes, words = FAULTS[name]
    result = check(city.write_city(tmp_path, **changes))
    assert result.exit_code == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def far_raster(folder: Path) -> None:
    city.write_raster(folder / "population.tif", city.population(), west=city.ORIGIN[0] + 50_000)


def undeclared_nodata(folder: Path) -> None:
    values = city.population()
    values[0, 0] = -99999
    city.write_raster(folder / "population.tif", values, nodata=None)


def raster_without_crs(folder: Path) -> None:
    city.write_raster(folder / "population.tif", city.population(), crs=None)


def disguised_raster(folder: Path) -> None:
    (folder / "population.tif").write_text(VRT_RASTER, encoding="utf-8")


def disguised_vector(folder: Path) -> None:
    (folder / "districts.geojson").write_text(VRT_VECTOR, encoding="utf-8")


def broken_vector(folder: Path) -> None:
    (folder / "districts.geojson").write_text('{"type": "FeatureColl', encoding="utf-8")


def empty_survey(folder: Path) -> None:
    (folder / "responses.csv").write_text("", encoding="utf-8")


def broken_toml(folder: Path) -> None:
    (folder / "study.toml").write_text("[study\n", encoding="utf-8")


def no_services(folder: Path) -> None:
    (folder / "services.csv").unlink()


def ragged_survey(folder: Path) -> None:
    path = folder / "responses.csv"
    path.write_text(path.read_text(encoding="utf-8") + "r99,1,4,4,4,4,4,4\n", encoding="utf-8")


DAMAGE: dict[Callable[[Path], None], str] = {
    far_raster: "population.tif",
    undeclared_nodata: "population.tif",
    raster_without_crs: "population.tif",
    disguised_raster: "population.tif",
    disguised_vector: "districts.geojson",
    broken_vector: "districts.geojson",
    empty_survey: "responses.csv",
    broken_toml: "study.toml",
    no_services: "services.csv",
    ragged_survey: "responses.csv",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damaged_file_is_named(damage: Callable[[Path], None], tmp_path: Path) -> None:
    study = city.write_city(tmp_path)
    damage(tmp_path)
    result = check(study)
    assert result.exit_code == 1
    assert DAMAGE[damage] in result.stderr


def test_merged_cells_of_a_workbook_are_named(tmp_path: Path) -> None:
    study = city.write_city(tmp_path, study={"survey": {"path": "responses.xlsx"}})
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [list(city.responses().columns), *city.responses().to_numpy().tolist()]:
        sheet.append(row)
    sheet.merge_cells("B2:B4")
    book.save(tmp_path / "responses.xlsx")
    result = check(study)
    assert result.exit_code == 1
    assert "B2:B4" in result.stderr


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    study = city.write_city(
        tmp_path, responses=with_answer(9), services=with_service(capacity=-5), population=cells(-1)
    )
    message = check(study).stderr
    assert all(name in message for name in ("responses.csv", "services.csv", "population.tif"))


def test_missing_crs_of_a_shapefile_is_named(tmp_path: Path) -> None:
    study = city.write_city(tmp_path, study={"boundaries": {"path": "districts.shp", "id": "id"}})
    short = city.districts().rename(columns={"district_id": "id"})
    short.to_file(tmp_path / "districts.shp")
    (tmp_path / "districts.prj").unlink()
    result = check(study)
    assert result.exit_code == 1
    assert "CRS" in result.stderr


def test_respondents_without_a_district_are_counted_not_dropped(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli.main,
        [
            "check",
            str(city.write_city(tmp_path, responses=with_answer("", column="district_id"))),
            "--format",
            "csv",
        ],
    )
    assert result.exit_code == 0, result.stderr
    lines = [line.split(",") for line in result.stdout.splitlines() if "responses.csv" in line]
    counts = {kind: count for _, kind, count, *_ in lines}
    assert (counts["read"], counts["matched"], counts["unmatched"]) == ("40", "39", "1")


def test_service_outside_the_city_is_kept_and_counted(tmp_path: Path) -> None:
    lon, lat = city.lonlat(-800, 500)
    result = check(city.write_city(tmp_path, services=with_service(lon=lon, lat=lat)))
    assert result.exit_code == 0, result.stderr


def nowhere(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "missing")
    return folder / "link"


PLACES: dict[str, Callable[[Path], Path]] = {
    "below a file": lambda folder: folder / "study.toml" / "maps",
    "a file": lambda folder: folder / "study.toml",
    "link to nowhere": nowhere,
    "name too long": lambda folder: folder / ("x" * 300) / "maps",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", ["run", "map"])
def test_place_that_cannot_be_written_is_named(command: str, place: str, tmp_path: Path) -> None:
    study = city.write_city(tmp_path)
    out = PLACES[place](tmp_path)
    words = ["run", str(study), "--out", str(out)]
    if command == "map":
        words = ["map", str(study), "gaps", "--out", str(out / "gaps.html")]
    result = CliRunner().invoke(cli.main, words)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs a device that is full")
def test_full_stdout_is_said_and_is_no_success(tmp_path: Path) -> None:
    study = city.write_city(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ecity_geo", "check", str(study), "--format", "csv"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "stdout: cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
