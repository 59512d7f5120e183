"""Files found, judged and read: every file here is a real one on disk.

Tables are compared with what the csv module, openpyxl and pyreadstat were told to write; the
refusals follow what GDAL was seen to do with such files.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import random
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyogrio
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.files import check_safe, read_table, resolve, sha256
from ecity_geo.inputs.sniff import TABLES

GEOJSON = '{"type": "FeatureCollection", "features": []}'
VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/http://h/x'
ROWS = [["id", "نام", "answer"], ["1", "تبریز", "4"], ["2", "اهر", "۵"]]


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def workbook(path: Path, rows: list[list[Any]], title: str = "data") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)
    return book


def faults_of(call: Any, *args: Any, **options: Any) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    return caught.value.faults


# --- resolve


def test_path_is_relative_to_the_study_file(tmp_path: Path) -> None:
    (tmp_path / "survey").mkdir()
    file = write(tmp_path / "survey" / "r.csv", "a\n1\n")
    assert resolve("survey/r.csv", tmp_path) == file
    assert resolve("survey\\r.csv", tmp_path) == file
    assert resolve(file, tmp_path / "elsewhere") == file


@pytest.mark.parametrize(
    "path",
    [
        "/vsicurl/http://host/d.geojson",
        "/VSIZIP/a.zip/b.shp",
        "data/vsimem/x.tif",
        "http://host/d.geojson",
        "GeoJSON:/vsicurl/http://host/d",
        "GTIFF_DIR:1:pop.tif",
        "<OGRVRTDataSource/>",
        "file://etc/passwd",
        "a\x00b",
        "",
        "  ",
    ],
)
def test_anything_but_a_plain_local_path_is_refused(path: str, tmp_path: Path) -> None:
    (fault,) = faults_of(resolve, path, tmp_path)
    assert fault.expected == "the path of a file on this machine"


def test_missing_file_names_files_of_similar_name(tmp_path: Path) -> None:
    write(tmp_path / "Responses.csv", "a")
    write(tmp_path / "response.xlsx", "a")
    (fault,) = faults_of(resolve, "responses.csv", tmp_path)
    assert fault.source == "responses.csv"
    assert "Responses.csv" in fault.cure
    (folder,) = faults_of(resolve, "missing/responses.csv", tmp_path)
    assert "'missing'" in folder.found
    (itself,) = faults_of(resolve, ".", tmp_path)
    assert itself.found == "a folder"


def test_hash_is_that_of_hashlib(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(300_000)
    assert sha256(write(tmp_path / "x.bin", content)) == hashlib.sha256(content).hexdigest()


# --- check_safe


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.geojson", VRT),
        ("d.geojson", "\ufeff  \n" + VRT),
        ("d.geojson", '{"type":"FeatureCollection", "x": "' + VRT),
        ("d.geojson", '{"type": "gdal_streamed_alg", "command_line": "gdal vector"}'),
        ("d.geojson", '{"type":"Topology"}'),
        ("d.gpkg", VRT),
        ("d.shp", VRT),
        ("d.parquet", "text"),
        ("d.osm.pbf", VRT),
        ("d.zip", VRT),
        ("d.geojson", ""),
        ("d.gpkg", "version https://git-lfs.github.com/spec/v1\n"),
        ("d.csv", "<html>"),
        ("d.vrt", VRT),
    ],
)
def test_a_layer_that_is_not_what_its_name_says_is_refused(
    name: str, content: str, tmp_path: Path
) -> None:
    (fault,) = faults_of(check_safe, write(tmp_path / name, content), "boundaries", source="x/d")
    assert fault.source == "x/d"
    assert fault.cure


def test_a_raster_that_holds_vrt_is_refused(tmp_path: Path) -> None:
    vrt = '<VRTDataset rasterXSize="1"><SourceFilename>/vsicurl/http://h'
    (fault,) = faults_of(check_safe, write(tmp_path / "pop.tif", vrt), "population")
    assert "points to other data" in fault.found
    metadata = b"II*\x00" + b"<GDALMetadata>" + bytes(100)
    check_safe(write(tmp_path / "ok.tif", metadata), "population")


def test_good_layers_pass(tmp_path: Path) -> None:
    check_safe(write(tmp_path / "d.geojson", GEOJSON), "boundaries")
    frame = pd.DataFrame({"a": ["x"]})
    for name in ("d.gpkg", "d.shp"):
        pyogrio.write_dataframe(frame_with_point(frame), tmp_path / name)
        check_safe(tmp_path / name, "services")


def frame_with_point(frame: pd.DataFrame) -> Any:
    import geopandas as gpd

    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy([46.3], [38.0]), crs=4326)


def packed(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "b.zip", {"d.geojson": GEOJSON + " " * 40_000_000})
    assert bomb.stat().st_size < 200_000
    (fault,) = faults_of(check_safe, bomb, "boundaries")
    assert "38 MB packed into" in fault.found


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"../d.geojson": GEOJSON}, "leads out of the archive"),
        ({"/etc/d.geojson": GEOJSON}, "leads out of the archive"),
        ({"d.geojson": GEOJSON, "in.zip": b"PK\x03\x04"}, ".zip file inside"),
        ({"d.vrt": VRT}, ".vrt file inside"),
        ({"d.geojson": VRT}, "points to other data"),
        ({"readme.txt": "hello"}, "no layer inside"),
        ({f"{n}.dbf": b"" for n in range(1001)}, "1001 files"),
    ],
)
def test_archives_hold_one_layer_and_nothing_else(
    members: dict[str, bytes | str], found: str, tmp_path: Path
) -> None:
    (fault,) = faults_of(check_safe, packed(tmp_path / "d.zip", members), "boundaries")
    assert found in fault.found


def test_a_damaged_archive_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(check_safe, write(tmp_path / "d.zip", b"PK\x03\x04junk"), "boundaries")
    assert "damaged" in fault.found


def test_a_good_archive_passes(tmp_path: Path) -> None:
    check_safe(packed(tmp_path / "d.zip", {"a/d.geojson": GEOJSON, "a/x.xml": "<m/>"}), "fabric")


# --- read_table: text files


@pytest.mark.parametrize(
    ("encoding", "delimiter", "kinds"),
    [
        ("utf-8", ",", []),
        ("utf-8-sig", ";", ["encoding", "delimiter"]),
        ("utf-16", "\t", ["encoding", "delimiter"]),
        ("utf-16-le", ",", ["encoding"]),
        ("utf-8", "|", ["delimiter"]),
    ],
)
def test_encoding_and_delimiter_are_found_and_said(
    encoding: str, delimiter: str, kinds: list[str], tmp_path: Path
) -> None:
    path = write(tmp_path / "r.csv", as_csv(ROWS, delimiter), encoding)
    table = read_table(path)
    assert table.data.columns.tolist() == ROWS[0]
    assert table.data.to_numpy().tolist() == ROWS[1:]
    assert table.data.index.tolist() == [2, 3]
    assert [repair.kind for repair in table.repairs] == kinds
    assert all(repair.count == 2 for repair in table.repairs)


def test_cp1256_is_detected_and_named(tmp_path: Path) -> None:
    rows = [["id", "نام"], ["1", "تبريز"], ["2", "اهر، «گچ»"]]
    path = write(tmp_path / "r.csv", as_csv(rows, ";"), "cp1256")
    table = read_table(path)
    assert table.data["نام"].tolist() == ["تبريز", "اهر، «گچ»"]
    assert "cp1256" in table.repairs[0].detail
    declared = read_table(path, encoding="cp1256", delimiter=";")
    assert declared.repairs == ()
    pd.testing.assert_frame_equal(declared.data, table.data)


def test_bytes_of_no_known_encoding_name_their_line(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", b"id,name\n1,a\n2,\xff\xe9\xe8\xf6\n")
    (fault,) = faults_of(read_table, path)
    assert fault.where == "line 3"
    (declared,) = faults_of(read_table, path, encoding="utf-8")
    assert declared.where == "line 3"
    (unknown,) = faults_of(read_table, path, encoding="utf-9")
    assert unknown.field == "encoding"


def test_latin_text_is_not_taken_for_cp1256(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", "id,name\n1,Mädchen\n2,Grün\n3,Käse\n", "cp1252")
    (fault,) = faults_of(read_table, path)
    assert fault.where == "line 2"
    assert read_table(path, encoding="cp1252").data["name"].tolist() == ["Mädchen", "Grün", "Käse"]


@pytest.mark.parametrize(("true", "wrong"), [("utf-8", "cp1252"), ("cp1256", "latin-1")])
def test_text_decoded_wrongly_before_is_noticed(true: str, wrong: str, tmp_path: Path) -> None:
    broken = "بازار".encode(true).decode(wrong)
    (fault,) = faults_of(read_table, write(tmp_path / "r.csv", f"id,name\n1,{broken}\n"))
    assert fault.where == "line 2"
    assert "wrong encoding" in fault.expected


def test_european_text_is_not_taken_for_broken_text(tmp_path: Path) -> None:
    text = "id,name\n1,Çeşme\n2,créée à Köln\n3,ÅÄÖ Øvre\n"
    assert len(read_table(write(tmp_path / "r.csv", text)).data) == 3


def test_each_row_of_another_width_is_a_fault_with_its_line(tmp_path: Path) -> None:
    text = 'id,a,b\n1,2,3\n2,2\n3,"two\nlines",3\n4,2,3,9\n5,1,2,\n'
    faults = faults_of(read_table, write(tmp_path / "r.csv", text))
    assert [(fault.where, fault.found) for fault in faults] == [
        ("line 3", "2 cells"),
        ("line 6", "4 cells"),
    ]


def test_lines_count_quoted_line_ends_and_blank_rows_are_counted(tmp_path: Path) -> None:
    text = 'id,a\n1,"x\ny"\n\n,\n2,z\n\n,,\n'
    table = read_table(write(tmp_path / "r.csv", text))
    assert table.data.index.tolist() == [2, 6]
    assert [(repair.kind, repair.count) for repair in table.repairs] == [("blank_rows", 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('id,a\n1,"open\n', "a record that cannot be parted into cells"),
        ("id,a,a\n1,2,3\n", "the same name over columns 2 and 3"),
        ("id,,b\n1,2,3\n", "no name over column 2"),
        ("Survey of Tabriz,,\nid,a,b\n1,2,3\n", "a title"),
        ("id,a\n", "a header without rows"),
        ("\n\n", "no rows"),
        (",".join(f"c{n}" for n in range(6000)) + "\n1\n", "6000 columns"),
        ("id,a\n1," + "x" * 200_000 + "\n", "a record that cannot be parted into cells"),
        ("id,a\n1,\x00\n", "a zero byte"),
    ],
)
def test_faults_of_form_are_told(text: str, found: str, tmp_path: Path) -> None:
    faults = faults_of(read_table, write(tmp_path / "r.csv", text))
    assert faults[0].found.startswith(found)


def test_excels_own_separator_line_is_skipped(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "r.csv", "sep=;\r\nid;a\r\n1;2\r\n"))
    assert table.data.columns.tolist() == ["id", "a"]
    assert table.data.index.tolist() == [3]


CELLS = st.text(alphabet='ab,;"\n\t|۱تx ', min_size=1, max_size=6).map(lambda text: f"v{text}")


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_what_the_csv_module_writes_is_read_back(
    cells: list[list[str]], delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(
        tmp_path_factory.mktemp("csv") / "r.csv",
        as_csv([["id", "b", "c"], *cells], delimiter),
    )
    assert read_table(path, delimiter=delimiter).data.to_numpy().tolist() == cells


# --- read_table: Excel


def test_excel_cells_read_as_a_csv_would_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    day = pd.Timestamp("2016-03-20").to_pydatetime()
    workbook(
        path, [[None, None], ["id", "a", "b", "c"], [1, 4.0, 2.5, day], ["۲", True, None, " x "]]
    )
    table = read_table(path)
    assert table.data.index.tolist() == [3, 4]
    assert table.data.index.name == "row"
    assert table.data.to_numpy().tolist() == [
        ["1", "4", "2.5", "2016-03-20"],
        ["۲", "true", "", "x"],
    ]


def test_merged_cells_formulas_and_errors_name_their_range(tmp_path: Path) -> None:
    book = workbook(
        tmp_path / "r.xlsx", [["id", "d"], [1, "East"], [2, None], [3, "=A2"], [4, "=A3"]]
    )
    book.active.merge_cells("B2:B3")
    cell = book.active["A5"]
    cell.value, cell.data_type = "#N/A", "e"
    book.save(tmp_path / "r.xlsx")
    faults = faults_of(read_table, tmp_path / "r.xlsx")
    assert [(fault.where, fault.found) for fault in faults] == [
        ("sheet 'data', cells B2:B3", "merged cells"),
        ("sheet 'data', cell B4 and 1 more of its column", "a formula"),
        ("sheet 'data', cell A5", "an error value"),
    ]


def test_sheets_are_named_or_single_and_hidden_ones_told(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    book = workbook(path, [["id"], ["1"]])
    other = book.create_sheet("notes")
    other.append(["x"])
    other.append(["2"])
    book.save(path)
    (fault,) = faults_of(read_table, path)
    assert fault.expected == "one of the sheets 'data', 'notes'"
    assert read_table(path, sheet="notes").data["x"].tolist() == ["2"]
    (unknown,) = faults_of(read_table, path, sheet="Notes 2")
    assert unknown.found == "no sheet 'Notes 2'"
    other.sheet_state = "hidden"
    book.save(path)
    table = read_table(path)
    assert table.data["id"].tolist() == ["1"]
    assert table.repairs[0].detail == "hidden sheets were not read: notes"


def test_title_above_the_header_of_a_sheet_is_a_fault(tmp_path: Path) -> None:
    workbook(tmp_path / "r.xlsx", [["Results 1395"], ["id", "a"], [1, 2]])
    (fault,) = faults_of(read_table, tmp_path / "r.xlsx")
    assert fault.where == "row 1"
    assert fault.found == "a title"


def test_a_stray_cell_far_away_is_a_fault_and_no_endless_read(tmp_path: Path) -> None:
    book = workbook(tmp_path / "r.xlsx", [["id", "a"], [1, 2]])
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "r.xlsx")
    (fault,) = faults_of(read_table, tmp_path / "r.xlsx")
    assert fault.found == "cells as far as XFD1048576"


def test_entities_of_a_workbook_do_not_swell(tmp_path: Path) -> None:
    workbook(tmp_path / "r.xlsx", [["id", "a"], ["x", "y"]])
    with zipfile.ZipFile(tmp_path / "r.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE worksheet [<!ENTITY e0 "lolololololololololol">{bomb}]>'
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    assert "<t>y</t>" in sheet
    sheet = sheet[sheet.index("<worksheet") :].replace("<t>y</t>", "<t>&e9;</t>")
    members["xl/worksheets/sheet1.xml"] = (head + sheet).encode()
    (fault,) = faults_of(read_table, packed(tmp_path / "bomb.xlsx", members))
    assert "undamaged Excel" in fault.expected


def test_a_damaged_workbook_is_a_fault(tmp_path: Path) -> None:
    path = packed(tmp_path / "r.xlsx", {"xl/workbook.xml": "<broken", "[Content_Types].xml": "<"})
    (fault,) = faults_of(read_table, path)
    assert "undamaged Excel" in fault.expected


def test_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook(tmp_path / "r.xlsx", [["id"], [1]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (fault,) = faults_of(read_table, tmp_path / "r.xlsx")
    assert 'pip install "ecity_geo[survey]"' in fault.cure


# --- read_table: SPSS


def test_spss_codes_labels_and_declared_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b", "c"], "district": [1.0, 2.0, 2.0], "q1": [4.0, 99.0, None]}
    )
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "r.sav"),
        variable_value_labels={"district": {1: "منطقه ۱", 2: "منطقه ۲"}},
        missing_ranges={"q1": [{"lo": 99, "hi": 99}]},
    )
    table = read_table(tmp_path / "r.sav")
    assert table.data.to_numpy().tolist() == [["a", "1", "4"], ["b", "2", ""], ["c", "2", ""]]
    assert table.data.index.tolist() == [1, 2, 3]
    assert table.data.attrs["value_labels"] == {"district": {"1": "منطقه ۱", "2": "منطقه ۲"}}
    assert [(repair.kind, repair.count) for repair in table.repairs] == [("missing_codes", 1)]


def test_a_damaged_spss_file_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(read_table, write(tmp_path / "r.sav", b"$FL2" + bytes(50)))
    assert "undamaged SPSS" in fault.expected


# --- read_table: form exports and formats


def test_groups_of_a_form_export_fall_away_unless_they_part_two_questions(tmp_path: Path) -> None:
    text = "start;tech/q1;tech/q2;a/name;b/name;_uuid\n1;2;3;4;5;u\n"
    table = read_table(write(tmp_path / "r.csv", text))
    assert table.data.columns.tolist() == ["start", "q1", "q2", "a/name", "b/name", "_uuid"]
    assert [(repair.kind, repair.count) for repair in table.repairs][-1] == ("group_columns", 2)
    plain = read_table(write(tmp_path / "p.csv", "g/q1,id\n1,2\n"))
    assert plain.data.columns.tolist() == ["g/q1", "id"]
    declared = read_table(tmp_path / "p.csv", format="kobo")
    assert declared.data.columns.tolist() == ["q1", "id"]


def test_an_export_of_odk_central_joins_its_groups_with_hyphens(tmp_path: Path) -> None:
    text = "SubmissionDate,tech-q1,tech-q2,meta-instanceID,KEY\n2016,1,2,uuid:1,uuid:1\n"
    table = read_table(write(tmp_path / "odk.csv", text))
    assert table.data.columns.tolist() == ["SubmissionDate", "q1", "q2", "instanceID", "KEY"]
    hyphens = read_table(write(tmp_path / "kobo.csv", "q-1,_uuid\n1,u\n"))
    assert hyphens.data.columns.tolist() == ["q-1", "_uuid"]


def test_declared_format_must_fit_the_file(tmp_path: Path) -> None:
    (fault,) = faults_of(read_table, write(tmp_path / "r.csv", "a\n1\n"), format="spss")
    assert fault.expected == "a file of format 'spss'"


@pytest.mark.parametrize("suffix", TABLES)
@settings(max_examples=15, deadline=None)
@given(content=st.binary(max_size=300))
def test_no_content_gives_a_traceback(
    suffix: str, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    starts = {".xlsx": b"PK\x03\x04", ".sav": b"$FL2", ".zsav": b"$FL3"}
    path = write(tmp_path_factory.mktemp("any") / f"r{suffix}", starts.get(suffix, b"") + content)
    with contextlib.suppress(InputError):
        read_table(path)


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "hex"])
def test_codecs_that_are_no_text_encodings_are_a_fault(encoding: str, tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "respondent_id,a\n1,2\n")
    (fault,) = faults_of(read_table, path, encoding=encoding)
    assert (fault.field, fault.found) == ("encoding", f"'{encoding}'")
