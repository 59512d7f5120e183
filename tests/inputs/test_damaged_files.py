"""Damage that a file picks up on its way: each a fault with file and cure, never a traceback.

The bytes are broken as disks, mail and interrupted downloads break them: cut, overwritten, named
otherwise. What the fault must say follows from what was done to the file.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyreadstat
import pytest
from pyproj import CRS
from shapely import GeometryCollection, LineString, Point, Polygon, box

import city
from ecity_geo.crs import to_lonlat, working_crs
from ecity_geo.errors import AnalysisError, Fault, InputError
from ecity_geo.geo.points import check_same_crs, coordinates, name_some
from ecity_geo.inputs import sniff
from ecity_geo.inputs.files import read_table, resolve
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.points import read_points
from ecity_geo.inputs.polygons import check_polygons
from ecity_geo.inputs.schema import Tally
from ecity_geo.inputs.sniff import check_safe


def faults(act: Callable[[], object]) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        act()
    found = list(caught.value.faults)
    assert all(fault.source and fault.found and fault.expected and fault.cure for fault in found)
    return found


def overwrite(path: Path, member: str, share: float) -> None:
    """Overwrite forty packed bytes of a member, at a share of its length."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    raw = bytearray(path.read_bytes())
    at = info.header_offset + 30 + len(info.filename.encode()) + int(info.compress_size * share)
    raw[at : at + 40] = b"\xff" * 40
    path.write_bytes(raw)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_zipped_layer_with_a_bad_sector_is_a_fault(share: float, tmp_path: Path) -> None:
    # zlib has an error of its own, which is neither OSError nor BadZipFile.
    city.districts().to_file(tmp_path / "d.gpkg")
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "d.gpkg", "d.gpkg")
    overwrite(tmp_path / "d.zip", "d.gpkg", share)
    (fault,) = faults(lambda: read_vector(tmp_path / "d.zip"))
    assert fault.source == "d.zip"
    assert "Pack" in fault.cure


@pytest.mark.parametrize(
    "member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("share", [0.0, 0.4])
def test_a_workbook_with_a_bad_sector_is_a_fault(member: str, share: float, tmp_path: Path) -> None:
    city.responses().to_excel(tmp_path / "s.xlsx", index=False)
    overwrite(tmp_path / "s.xlsx", member, share)
    (fault,) = faults(lambda: read_table(tmp_path / "s.xlsx"))
    assert (fault.source, "export it as CSV" in fault.cure) == ("s.xlsx", True)


def files(folder: Path) -> dict[str, Path]:
    """A good file of each kind that holds more than text."""
    districts = city.districts()
    districts.to_file(folder / "d.gpkg")
    districts.to_file(folder / "d.fgb")
    districts.to_parquet(folder / "d.parquet")
    city.responses().to_excel(folder / "s.xlsx", index=False)
    pyreadstat.write_sav(city.responses(), folder / "s.sav")
    return {path.suffix: path for path in folder.iterdir()}


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet", ".xlsx", ".sav"])
@pytest.mark.parametrize("kept", [12, 200, 0.5])
def test_a_download_that_broke_off_is_a_fault(suffix: str, kept: float, tmp_path: Path) -> None:
    path = files(tmp_path)[suffix]
    raw = path.read_bytes()
    path.write_bytes(raw[: int(kept if kept > 1 else kept * len(raw))])
    read = read_table if suffix in {".xlsx", ".sav"} else read_vector
    found = faults(lambda: read(path))
    assert {fault.source for fault in found} == {path.name}


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet", ".xlsx", ".sav"])
def test_an_empty_file_is_called_so(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.touch()
    role = "table" if suffix in {".xlsx", ".sav"} else "boundaries"
    (fault,) = faults(lambda: check_safe(path, role))
    assert fault.found == "an empty file"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>404</body></html>", "like XML or HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "like an old Office file"),
        (b"\x00\x01\x02\x03", "of no known format"),
        (b"PAR1\x15\x04", "like a .parquet file"),
        (b"a,b\n1,2\n", "like text"),
    ],
)
def test_content_of_another_kind_is_recognised(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "d.gpkg").write_bytes(content)
    (fault,) = faults(lambda: read_vector(tmp_path / "d.gpkg"))
    assert words in fault.found
    assert fault.expected == "the content of a .gpkg file"


def test_a_table_beyond_the_limit_is_refused_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sniff, "MAX_TABLE", 2 * sniff.MEBIBYTE)
    with (tmp_path / "s.csv").open("wb") as file:
        file.write(b"a,b\n")
        file.truncate(5 * sniff.MEBIBYTE)  # sparse: takes no room
    (fault,) = faults(lambda: read_table(tmp_path / "s.csv"))
    assert (fault.found, fault.expected) == ("5 MB", "at most 2 MB")


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    # A folder of that name is refused by the system like a file without permission.
    (tmp_path / "s.csv").mkdir()
    (fault,) = faults(lambda: check_safe(tmp_path / "s.csv", "survey"))
    assert "cannot be read" in fault.found
    assert "permissions" in fault.cure


def test_a_name_longer_than_the_disk_allows_is_a_missing_file(tmp_path: Path) -> None:
    (fault,) = faults(lambda: resolve("d" * 5000 + ".gpkg", tmp_path))
    assert fault.expected == "an existing file"


@pytest.mark.parametrize("ending", [".shx", ".dbf"])
def test_a_shapefile_that_travelled_without_a_part_names_it(ending: str, tmp_path: Path) -> None:
    frame = city.districts()[["district_id", "geometry"]].rename(columns={"district_id": "id"})
    frame.to_file(tmp_path / "d.shp")
    (tmp_path / f"d{ending}").unlink()
    (fault,) = faults(lambda: read_vector(tmp_path / "d.shp"))
    assert ending in fault.found
    assert "Copy all parts" in fault.cure


def test_parts_of_a_shapefile_may_be_in_capitals(tmp_path: Path) -> None:
    frame = city.districts()[["district_id", "geometry"]].rename(columns={"district_id": "id"})
    frame.to_file(tmp_path / "d.shp")
    for ending in (".shx", ".dbf", ".prj", ".cpg"):
        shutil.move(tmp_path / f"d{ending}", tmp_path / f"d{ending.upper()}")
    found = read_vector(tmp_path / "d.shp").data
    assert found["id"].tolist() == list(city.PEOPLE)
    assert found.crs == CRS(city.CRS)


def test_a_layer_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    table = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(1, 1)], crs=city.CRS)
    table.to_file(tmp_path / "d.gpkg", layer="points")
    (fault,) = faults(lambda: read_vector(tmp_path / "d.gpkg", layer="districts"))
    assert (fault.field, fault.found, fault.expected) == (
        "layer",
        "'districts'",
        "one of 'points'",
    )


def test_points_of_a_layer_on_the_origin_are_named_by_feature(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[Point(46.2, 38.1), Point(0, 0)], crs=4326)
    frame.to_file(tmp_path / "k.gpkg")
    (fault,) = faults(lambda: read_points("k.gpkg", folder=tmp_path, section="services", fields={}))
    assert (fault.source, fault.where) == ("k.gpkg", "feature 2")


def test_mending_a_bow_tie_keeps_its_two_wings() -> None:
    # Two triangles of half a unit square each, by the shoelace formula: 1/4 + 1/4.
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    shapes = gpd.GeoSeries([bow, box(5, 5, 6, 6)], crs=city.CRS)
    mended, found, repairs = check_polygons(shapes, ["a", "b"], repair=True, source="d.gpkg")
    assert found == []
    assert mended.area.tolist() == pytest.approx([0.5, 1.0])
    assert sum(repair.count for repair in repairs) == 1


@pytest.mark.parametrize("shape", [Point(0, 0), LineString([(0, 0), (1, 1)]), GeometryCollection()])
def test_what_has_no_area_is_named_whether_mending_or_not(shape: object) -> None:
    shapes = gpd.GeoSeries([shape], crs=city.CRS)
    for repair in (False, True):
        _, found, _ = check_polygons(shapes, ["feature 1"], repair=repair, source="d.gpkg")
        assert [fault.where for fault in found] == ["feature 1"]


# --- places that PROJ cannot tell -------------------------------------------------------------


def test_bounds_on_the_moon_are_nowhere_on_earth() -> None:
    assert to_lonlat((0, 0, 1, 1), CRS("IAU_2015:30100")) == (np.inf,) * 4


def test_working_crs_that_cannot_see_the_city_is_left_to_the_reprojection() -> None:
    # The far half of an orthographic globe has no scale at all, so no stretch can be told.
    far = "+proj=ortho +lat_0=-40 +lon_0=-130 +units=m"
    assert working_crs(city.districts(), far) == CRS(far)


# --- points -----------------------------------------------------------------------------------


def test_coordinates_are_those_of_the_points_in_their_order() -> None:
    points = gpd.GeoSeries([Point(3, 4, 9), Point(1, 2)], index=["b", "a"])
    x, y = coordinates(points, "homes")
    assert (x.tolist(), y.tolist()) == ([3, 1], [4, 2])


def test_points_that_are_none_are_named_first_five_and_counted() -> None:
    points = gpd.GeoSeries([LineString([(0, 0), (1, 1)])] * 7, index=[f"h{n}" for n in range(7)])
    with pytest.raises(AnalysisError, match=r"homes: found 'h0'.*'h4' and 2 more without a point"):
        coordinates(points, "homes")
    chosen = np.array([True, False, True])
    assert name_some(pd.Index([1, 2, 3]), chosen) == "1, 3"


def test_two_crs_are_named_in_the_message() -> None:
    one, other = gpd.GeoSeries([Point(0, 0)], crs=city.CRS), gpd.GeoSeries([Point(0, 0)])
    with pytest.raises(AnalysisError, match=r"EPSG:32638 and none.*to_crs"):
        check_same_crs(one, other, "homes and services")


def test_rows_that_do_not_add_up_are_a_bug_and_no_tally() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Tally(source="s.csv", role="survey", read=3, matched=1, unmatched=1)
