"""Real layers of every kind pass; the same under a wrong name do not.

The layers are written by GDAL (through pyogrio and rasterio) and pyarrow, or lie in this file as
bytes; nothing here was shaped for the reader.
"""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import city
from ecity_geo.errors import InputError
from ecity_geo.inputs.files import check_safe
from ecity_geo.inputs.sniff import RASTERS, TABLES, VECTORS

# The head of an OSM extract: length, "OSMHeader", as the format's documentation lays it out.
PBF = b"\x00\x00\x00\x0e\x0a\x09OSMHeader\x18\x7c\x10\x71\x1a\x78\x9c"


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One good file of each kind that a study may name."""
    folder = tmp_path_factory.mktemp("layers")
    frame = city.districts()
    for name in ("d.geojson", "d.gpkg", "d.fgb"):
        frame.to_file(folder / name, layer="d" if name == "d.gpkg" else None)
    frame[["fabric", "geometry"]].to_file(folder / "d.shp")
    frame.to_file(folder / "d.json", driver="GeoJSON")
    frame.to_parquet(folder / "d.parquet")
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        for part in folder.glob("d.shp"):
            archive.write(part, part.name)
    (folder / "d.pbf").write_bytes(PBF)
    for name in ("d.tif", "d.tiff"):
        city.write_raster(folder / name, city.population())
    text = "id,name\n1,تبریز\n"
    for name in ("d.csv", "d.tsv", "d.txt"):
        (folder / name).write_text(text, encoding="utf-8")
    openpyxl.Workbook().save(folder / "d.xlsx")
    pyreadstat.write_sav(pd.DataFrame({"a": [1.0]}), str(folder / "d.sav"))
    pyreadstat.write_sav(pd.DataFrame({"a": [1.0]}), str(folder / "d.zsav"), compress=True)
    return {path.suffix: path for path in folder.glob("d.*")}


@pytest.mark.parametrize("suffix", [*VECTORS, *RASTERS, *TABLES])
def test_a_real_file_of_each_kind_passes(suffix: str, layers: dict[str, Path]) -> None:
    role = "population" if suffix in RASTERS else "services"
    check_safe(layers[suffix], role)


SAME = [{".tif", ".tiff"}, {".geojson", ".json"}, {".sav", ".zsav"}, {".csv", ".tsv", ".txt"}]


@pytest.mark.parametrize("suffix", [*VECTORS, *RASTERS, *TABLES])
def test_no_file_passes_under_the_name_of_another_kind(
    suffix: str, layers: dict[str, Path], tmp_path: Path
) -> None:
    content = layers[suffix].read_bytes()
    passed = {suffix}
    for other in (*VECTORS, *RASTERS, *TABLES):
        path = tmp_path / f"x{other}"
        path.write_bytes(content)
        try:
            check_safe(path, "any")
        except InputError:
            continue
        passed.add(other)
    expected = next((kinds for kinds in SAME if suffix in kinds), {suffix})
    # Text is text: a GeoJSON may be looked at as a table, which then has no such columns.
    assert passed - {".csv", ".tsv", ".txt"} == expected - {".csv", ".tsv", ".txt"}
    binary = suffix not in {".geojson", ".json", ".csv", ".tsv", ".txt", ".pbf"}
    assert not (binary and passed & {".csv", ".tsv", ".txt"})


@pytest.mark.parametrize(
    ("role", "suffix"),
    [
        ("boundaries", ".csv"),
        ("boundaries", ".tif"),
        ("streets", ".xlsx"),
        ("population", ".csv"),
        ("survey", ".geojson"),
        ("survey", ".zip"),
    ],
)
def test_a_kind_that_does_not_suit_its_role_names_those_that_do(
    role: str, suffix: str, layers: dict[str, Path]
) -> None:
    with pytest.raises(InputError) as caught:
        check_safe(layers[suffix], role)
    (fault,) = caught.value.faults
    assert fault.found == f"a file of type '{suffix}'"
    assert suffix not in fault.expected.split(", ")


def test_old_and_foreign_office_files_are_told_apart(tmp_path: Path) -> None:
    for name in ("r.xls", "r.ods", "r.numbers", "r"):
        path = tmp_path / name
        path.write_bytes(b"\xd0\xcf\x11\xe0")
        with pytest.raises(InputError, match="Convert the file"):
            check_safe(path, "survey")
    path = tmp_path / "r.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(InputError, match="an old Office file"):
        check_safe(path, "survey")


def test_an_archive_under_a_password_is_refused(tmp_path: Path, layers: dict[str, Path]) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(layers[".geojson"], "d.geojson")
    raw = bytearray((tmp_path / "d.zip").read_bytes())
    central = raw.index(b"PK\x01\x02")
    raw[central + 8] |= 1  # general purpose bit 0: encrypted (APPNOTE 4.4.4)
    (tmp_path / "d.zip").write_bytes(bytes(raw))
    with pytest.raises(InputError, match="under a password"):
        check_safe(tmp_path / "d.zip", "boundaries")


def test_members_that_share_their_bytes_are_refused(
    tmp_path: Path, layers: dict[str, Path]
) -> None:
    """A directory may name one member many times: an archive larger inside than its parts."""
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(layers[".geojson"], "d.geojson")
        info = archive.filelist[0]
        archive.filelist.extend([info] * 40)
        archive._didModify = True
    with pytest.raises(InputError, match="share the same bytes"):
        check_safe(tmp_path / "d.zip", "boundaries")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_layer_passes_or_is_a_fault(
    data: st.DataObject, layers: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    suffix = data.draw(st.sampled_from([".zip", ".xlsx", ".geojson", ".gpkg", ".csv"]))
    raw = bytearray(layers[suffix].read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"d{suffix}"
    path.write_bytes(bytes(raw[: data.draw(st.integers(1, len(raw)))]))
    with contextlib.suppress(InputError):
        check_safe(path, "services")


def test_what_passes_opens(layers: dict[str, Path]) -> None:
    for suffix in (".geojson", ".json", ".gpkg", ".fgb"):
        assert len(gpd.read_file(layers[suffix])) == 4
