"""Vector files: each format read, each disguise refused, no text mangled, no CRS guessed."""

from __future__ import annotations

import json
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS
from shapely import Point, Polygon

import city
from ecity_geo.crs import widen
from ecity_geo.errors import InputError
from ecity_geo.inputs import frames, layers
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.shapefile import mojibake

DATA = next(
    (up / "shared" / "data" for up in Path(__file__).resolve().parents if (up / "shared").is_dir()),
    Path("nowhere"),
)
PERSIAN = ["تبريز", "باغ ميشه", "مرکز"]  # Arabic yeh: cp1256 has no Persian one


def small() -> gpd.GeoDataFrame:
    names = pd.DataFrame({"code": ["1", "2", "3", "4"], "name": [*PERSIAN, "x"]})
    return gpd.GeoDataFrame(names, geometry=city.districts().geometry, crs=city.CRS)


def save(frame: gpd.GeoDataFrame, path: Path, **options: object) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shapefiles shorten names and warn about it
        frame.to_file(path, **options)
    return path


def fault(path: Path, **options: str) -> str:
    with pytest.raises(InputError) as caught:
        read_vector(path, **options)
    return str(caught.value)


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp", "a.fgb"])
def test_every_format_gives_the_same_layer(name: str, tmp_path: Path) -> None:
    driver = "GeoJSON" if "json" in name else None
    options = {"SPATIAL_INDEX": "NO"} if name == "a.fgb" else {}  # its index reorders
    path = save(small(), tmp_path / name, driver=driver, **options)
    read = read_vector(path)
    assert read.data["name"].tolist() == [*PERSIAN, "x"]
    assert read.data.crs == CRS(city.CRS)
    assert read.data.geometry.normalize().geom_equals(small().geometry.normalize()).all()
    assert read.repairs == ()


def test_geoparquet_is_read(tmp_path: Path) -> None:
    small().to_parquet(tmp_path / "a.parquet")
    assert read_vector(tmp_path / "a.parquet").data["name"].tolist() == [*PERSIAN, "x"]


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small().to_parquet(tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "ecity_geo[parquet]" in fault(tmp_path / "a.parquet")


def test_parquet_without_geometry_is_a_fault(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    assert "no readable GeoParquet" in fault(tmp_path / "a.parquet")


def zipped(folder: Path, names: Iterator[Path] | list[Path], *, under: str = "") -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for path in names:
            archive.write(path, under + path.name)
    return folder / "a.zip"


@pytest.mark.parametrize("under", ["", "مرزها/", "a folder/deeper/"])
def test_zipped_shapefile_is_read_wherever_it_lies_inside(under: str, tmp_path: Path) -> None:
    save(small(), tmp_path / "d.shp")
    path = zipped(tmp_path, sorted(tmp_path.glob("d.*")), under=under)
    read = read_vector(path)
    assert read.data["name"].tolist() == [*PERSIAN, "x"]
    assert read.data.crs == CRS(city.CRS)


def test_zip_with_two_layers_asks_which(tmp_path: Path) -> None:
    save(small(), tmp_path / "one.geojson")
    save(small().head(2), tmp_path / "two.geojson")
    path = zipped(tmp_path, sorted(tmp_path.glob("*.geojson")))
    message = fault(path)
    assert "one.geojson" in message
    assert "two.geojson" in message
    assert len(read_vector(path, layer="two").data) == 2


def test_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d.geojson", '{"type": "FeatureCollection"}' + " " * 50_000_000)
    assert "at most" in fault(tmp_path / "a.zip")


def test_zip_with_a_disguised_member_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.geojson").write_text("<OGRVRTDataSource/>", encoding="utf-8")
    assert "d.geojson" in fault(zipped(tmp_path, [tmp_path / "d.geojson"]))


VRT = (
    "<OGRVRTDataSource><OGRVRTLayer name='secret'>"
    "<SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
)


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.shp", "a.fgb", "a.json"])
def test_vrt_under_another_name_is_refused(name: str, tmp_path: Path) -> None:
    secret = save(small(), tmp_path / "secret.gpkg")
    (tmp_path / name).write_text(VRT.format(secret), encoding="utf-8")
    assert "a.g" in fault(tmp_path / name) or name in fault(tmp_path / name)


def test_vrt_inside_valid_geojson_never_reaches_the_other_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GDAL searches the text for VRT: this file, valid GeoJSON, opens as the secret layer.
    secret = save(small(), tmp_path / "secret.gpkg")
    shape = json.loads(shapely.to_geojson(Point(46.3, 38.1)))
    content = {
        "type": "FeatureCollection",
        "note": VRT.format(secret),
        "features": [{"type": "Feature", "properties": {"a": 1}, "geometry": shape}],
    }
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert pyogrio.read_info(path)["driver"] == "OGR_VRT"
    assert "points to other data" in fault(path)
    monkeypatch.setattr(layers, "check_safe", lambda *_, **__: None)
    assert read_vector(path).data.columns.tolist() == ["a", "geometry"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"type": "FeatureCollection", "features": [',
        b'{"type": "Topology", "objects": {}}',
        b'{"type": "FeatureCollection", "features": 7}',
        b"not json",
        b"\x00" * 100,
    ],
)
def test_damaged_geojson_is_one_clear_fault(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(content)
    assert fault(path, source="borders/a.geojson").startswith("borders/a.geojson")


def test_truncated_files_are_faults(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.fgb"):
        path = save(small(), tmp_path / name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert fault(path).startswith(name)


def test_shapes_cut_off_a_shapefile_are_missing_and_not_gone(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.shp")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read_vector(path).data.geometry.isna().sum() == 3


def test_shapefile_without_its_table_says_which_part_is_missing(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.shp")
    (tmp_path / "a.dbf").unlink()
    assert ".shp without its .dbf" in fault(path)


def cp1256(folder: Path, *, names: list[str] | None = None) -> Path:
    frame = small().assign(name=[*(names or PERSIAN), "x"])
    path = save(frame, folder / "a.shp", encoding="cp1256")
    (folder / "a.cpg").unlink(missing_ok=True)
    table = bytearray((folder / "a.dbf").read_bytes())
    table[29] = 0  # language driver: not stated
    (folder / "a.dbf").write_bytes(table)
    return path


def test_cp1256_without_a_cpg_is_detected_and_told(tmp_path: Path) -> None:
    path = cp1256(tmp_path)
    assert PERSIAN[0] not in gpd.read_file(path)["name"].tolist()  # what plain code reads
    read = read_vector(path)
    assert read.data["name"].tolist() == [*PERSIAN, "x"]
    assert [(repair.kind, "cp1256" in repair.detail) for repair in read.repairs] == [
        ("encoding", True)
    ]


def test_utf8_without_a_cpg_is_detected(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.shp", encoding="utf-8")
    (tmp_path / "a.cpg").unlink()
    table = bytearray((tmp_path / "a.dbf").read_bytes())
    table[29] = 0
    (tmp_path / "a.dbf").write_bytes(table)
    read = read_vector(path)
    assert read.data["name"].tolist() == [*PERSIAN, "x"]
    assert "UTF-8" in read.repairs[0].detail


def test_stated_encoding_is_used_without_a_repair(tmp_path: Path) -> None:
    read = read_vector(cp1256(tmp_path), encoding="cp1256")
    assert read.data["name"].tolist() == [*PERSIAN, "x"]
    assert read.repairs == ()


def test_text_that_is_neither_shows_what_was_tried(tmp_path: Path) -> None:
    path = cp1256(tmp_path, names=["a", "b", "c"])
    table = (tmp_path / "a.dbf").read_bytes().replace(b"a  ", "Ä€½¼¾×÷§".encode("cp1252")[:3], 1)
    (tmp_path / "a.dbf").write_bytes(table)
    message = fault(path)
    assert "tried: UTF-8" in message
    assert "cp1256" in message
    assert "cp1252" in message


@pytest.mark.parametrize("stated", ["utf-8", "cp1252", "latin1"])
def test_wrongly_stated_encoding_is_found_out(stated: str, tmp_path: Path) -> None:
    message = fault(cp1256(tmp_path), encoding=stated)
    assert '"cp1256"' in message
    assert "not utf-8" in message or f"looks like '{PERSIAN[0]}'" in message


def test_encoding_that_nobody_knows_is_a_fault(tmp_path: Path) -> None:
    assert "'cp12566'" in fault(cp1256(tmp_path), encoding="cp12566")


@pytest.mark.parametrize("true", ["utf-8", "cp1256"])
@pytest.mark.parametrize("name", PERSIAN)
def test_mojibake_is_read_back(name: str, true: str) -> None:
    assert mojibake(name.encode(true).decode("latin-1")) == name


@pytest.mark.parametrize(
    "name",
    ["", "Tabriz", "Düsseldorf", "Åland", "Öræfajökull", "São João", "Łódź", "Αθήνα", "Ελλάδα"]
    + ["تبریز", "منطقه ۱", "東京", "ÄÖÜ", "Ÿ", "Straße 7", "Ångström", "Là-bas"],
)
def test_honest_names_are_left_alone(name: str) -> None:
    assert mojibake(name) == ""


def test_zipped_cp1256_is_detected_too(tmp_path: Path) -> None:
    cp1256(tmp_path)
    read = read_vector(zipped(tmp_path, sorted(tmp_path.glob("a.[sdp]*"))))
    assert read.data["name"].tolist() == [*PERSIAN, "x"]


def test_missing_crs_is_a_fault_unless_given(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    message = fault(path)
    assert "no CRS" in message
    assert "610000" in message
    assert read_vector(path, crs=city.CRS).data.crs == CRS(city.CRS)


def test_projected_geojson_without_crs_member_is_a_fault_unless_given(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.geojson")
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["crs"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert gpd.read_file(path).crs == CRS("EPSG:4326")  # what plain code believes
    assert "a GeoJSON without one means degrees" in fault(path)
    assert read_vector(path, crs=city.CRS).data.crs == CRS(city.CRS)


def test_geojson_in_degrees_needs_no_crs_member(tmp_path: Path) -> None:
    path = save(small().to_crs(4326), tmp_path / "a.geojson", RFC7946="YES")
    assert read_vector(path).data.crs == CRS("EPSG:4326")


def test_two_opinions_about_the_crs_are_a_fault(tmp_path: Path) -> None:
    path = save(small(), tmp_path / "a.gpkg")
    message = fault(path, crs="EPSG:32639")
    assert "EPSG:32638 in the file and EPSG:32639 in the study" in message
    assert read_vector(path, crs="EPSG:32638").data.crs == CRS(city.CRS)


def test_third_dimension_is_dropped_and_counted(tmp_path: Path) -> None:
    frame = small()
    frame.geometry = gpd.GeoSeries(
        [
            shapely.force_3d(each, 1340.0) if row < 3 else each
            for row, each in enumerate(frame.geometry)
        ],
        crs=city.CRS,
    )
    read = read_vector(save(frame, tmp_path / "a.gpkg"))
    assert not read.data.geometry.has_z.any()
    assert [(repair.kind, repair.count) for repair in read.repairs][-1] in {
        ("flattened", 3),
        ("flattened", 4),  # a layer of mixed dimension may be written with Z throughout
    }
    assert read.data.geometry.area.tolist() == [1e6] * 4


def test_layer_of_a_geopackage_is_chosen_by_name(tmp_path: Path) -> None:
    save(small(), tmp_path / "a.gpkg", layer="districts")
    save(small().head(1), tmp_path / "a.gpkg", layer="parks")
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg", layer="plain_table")
    message = fault(tmp_path / "a.gpkg")
    assert "2 layers" in message
    assert "'districts', 'parks'" in message
    assert "'park'" in fault(tmp_path / "a.gpkg", layer="park")
    assert len(read_vector(tmp_path / "a.gpkg", layer="parks").data) == 1


def test_open_ring_becomes_a_missing_geometry_and_a_notice(tmp_path: Path) -> None:
    ring = [[46.3, 38.1], [46.4, 38.1], [46.4, 38.2]]
    content = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": code},
                "geometry": {"type": "Polygon", "coordinates": [coordinates]},
            }
            for code, coordinates in (("open", ring), ("closed", [*ring, ring[0]]))
        ],
    }
    (tmp_path / "a.geojson").write_text(json.dumps(content), encoding="utf-8")
    read = read_vector(tmp_path / "a.geojson")
    assert read.data.geometry.isna().tolist() == [True, False]


def test_to_working_moves_and_records(tmp_path: Path) -> None:
    degrees = small().to_crs(4326)
    box = widen(tuple(degrees.total_bounds))
    moved = frames.to_working(degrees, CRS(city.CRS), "a.gpkg", box=box)
    assert moved.data.geometry.geom_equals_exact(small().geometry, 1e-6).all()
    assert moved.repairs[0].kind == "reprojected"
    assert moved.repairs[0].detail == "EPSG:4326 to EPSG:32638"
    assert frames.to_working(small(), CRS(city.CRS), "a.gpkg", box=box).repairs == ()


def test_to_working_refuses_a_layer_from_elsewhere() -> None:
    tehran = gpd.GeoDataFrame(geometry=[Point(51.4, 35.7)], crs=4326)
    with pytest.raises(InputError, match="coordinates of the city"):
        frames.to_working(tehran, CRS(city.CRS), "a.gpkg", box=(45, 37, 47, 39))


def test_text_of_ids_is_as_a_reader_sees_it() -> None:
    mixed = pd.Series([1.0, 2.5, " a ", "", None, float("nan"), 7, pd.NA], dtype=object)
    assert frames.as_text(mixed).tolist() == ["1", "2.5", "a", None, None, None, "7", None]


def test_missing_field_names_the_nearest() -> None:
    found = frames.missing_fields(
        small(), {"id": "cod", "name_fa": "name", "name_en": ""}, source="a", section="boundaries"
    )
    assert [(each.field, each.expected) for each in found] == [("cod", "one of 'code'")]
    assert "[boundaries]" in found[0].cure


def test_repeated_and_missing_ids_are_each_named_with_their_places() -> None:
    ids = pd.Series(["a", "b", "a", None], index=[f"line {n}" for n in range(2, 6)])
    faults = frames.check_ids(ids, source="k.csv", field="id")
    assert [(each.where, each.found) for each in faults] == [
        ("line 5", "no id"),
        ("line 2, line 4", "'a' 2 times"),
    ]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real layers are not beside the repository")
def test_real_iranian_layers_are_read() -> None:
    # Figures of their SOURCE.md: 175.8 km2 in EPSG:32638.
    outline = read_vector(DATA / "tabriz_outline" / "tabriz_city_outline.geojson")
    assert outline.repairs == ()
    area = outline.data.to_crs(32638).area.iloc[0] / 1e6
    assert area == pytest.approx(175.8, abs=0.05)
    places = read_vector(DATA / "tabriz_outline" / "localities_points.geojson").data
    assert len(places) == 121
    assert read_vector(DATA / "tabriz_outline" / "tabriz_county.geojson").data.is_valid.all()


def test_polygon_of_a_hundred_thousand_vertices_is_read(tmp_path: Path) -> None:
    ring = shapely.get_coordinates(Point(610_000, 4_214_000).buffer(5000, quad_segs=25_000))
    frame = gpd.GeoDataFrame({"code": ["1"]}, geometry=[Polygon(ring)], crs=city.CRS)
    read = read_vector(save(frame, tmp_path / "a.gpkg"))
    assert shapely.get_num_coordinates(read.data.geometry.iloc[0]) == len(ring)
