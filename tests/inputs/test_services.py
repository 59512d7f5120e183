"""Services: read from tables, layers and OSM; each row placed, counted or named as a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

import city
from ecity_geo.crs import bounds_of, to_lonlat, widen
from ecity_geo.errors import InputError
from ecity_geo.inputs.config import ServicesConfig
from ecity_geo.inputs.schema import Checked
from ecity_geo.inputs.services import _same_place, read_services

HELSINKI = next(
    (
        up / "shared" / "data" / "helsinki_roads" / "Helsinki.osm.pbf"
        for up in Path(__file__).resolve().parents
        if (up / "shared").is_dir()
    ),
    Path("nowhere"),
)
CONFIG: dict[str, Any] = {"path": "services.csv"} | {
    key: value for key, value in city.STUDY["services"].items() if key != "path"
}


def districts() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def box() -> tuple[float, float, float, float]:
    frame = districts()
    return widen(to_lonlat(bounds_of(frame), frame.crs))


def read(folder: Path, table: pd.DataFrame, **changes: Any) -> Checked[gpd.GeoDataFrame]:
    table.to_csv(folder / "services.csv", index=False)
    return read_file(folder, **changes)


def read_file(folder: Path, **changes: Any) -> Checked[gpd.GeoDataFrame]:
    config = ServicesConfig(**CONFIG | changes)
    return read_services(config, folder=folder, districts=districts(), box=box())


def with_row(row: int = 1, **changes: object) -> pd.DataFrame:
    table = city.services().astype(object)
    for column, value in changes.items():
        table.loc[row, column] = value
    return table


def facts(folder: Path, table: pd.DataFrame, **changes: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, table, **changes)
    return [each.fact() for each in caught.value.faults]


def test_table_becomes_points_in_their_districts(tmp_path: Path) -> None:
    found = read(tmp_path, city.services())
    services = found.data
    assert services.index.tolist() == ["k1", "k2", "k3"]
    assert services["district_id"].tolist() == ["1", "4", "2"]
    assert services["status"].tolist() == ["open", "open", "planned"]
    assert services["capacity"].tolist() == [100.0, 200.0, 300.0]
    np.testing.assert_allclose(services.geometry.x - city.ORIGIN[0], [500, 1500, 1500], atol=1e-4)
    assert [repair.kind for repair in found.repairs] == ["reprojected"]
    tally = found.tallies[0]
    assert (tally.role, tally.read, tally.matched) == ("services", 3, 3)


def test_persian_digits_are_folded_and_counted(tmp_path: Path) -> None:
    table = city.services().astype(str)
    table.loc[0, "lon"] = table.loc[0, "lon"].translate(str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫"))
    table.loc[0, "capacity"] = "۱۰۰"
    found = read(tmp_path, table)
    assert found.data["district_id"].tolist() == ["1", "4", "2"]
    assert found.data["capacity"].iloc[0] == 100.0
    assert ("folded_digits", 1) in [(repair.kind, repair.count) for repair in found.repairs]


@pytest.mark.parametrize(
    ("word", "status"),
    [("open", "open"), ("Planned", "planned"), ("باز", "open"), ("برنامه", "planned"), ("", "open")]
    + [("برنامه ريزي شده", "planned"), ("فعال", "open")],
)
def test_status_is_read_in_both_languages(word: str, status: str, tmp_path: Path) -> None:
    assert read(tmp_path, with_row(status=word)).data["status"].iloc[1] == status


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"service_id": "k1"}, ["line 2, line 3", "'k1' 2 times"]),
        ({"service_id": ""}, ["line 3", "no id"]),
        ({"lon": ""}, ["line 3", '"lon"', "no coordinate"]),
        ({"lat": "38.0.1"}, ["line 3", '"lat"', "'38.0.1'"]),
        ({"lat": "NaN"}, ["line 3", "'NaN'"]),
        ({"lon": 0, "lat": 0}, ["line 3", "(0, 0)"]),
        ({"lon": 460}, ["line 3", "(460, "]),
        ({"capacity": -5}, ["line 3", '"capacity"', "'-5'", "not negative"]),
        ({"capacity": "many"}, ["line 3", "'many'"]),
        ({"status": "maybe"}, ["line 3", '"status"', "'maybe'", "'open' or 'planned'"]),
    ],
)
def test_faulty_row_is_named(changes: dict[str, object], words: list[str], tmp_path: Path) -> None:
    (found,) = facts(tmp_path, with_row(**changes))
    assert found.startswith("services.csv, ")
    for word in words:
        assert word in found


def test_faults_of_all_rows_come_at_once(tmp_path: Path) -> None:
    table = with_row(status="maybe")
    table.loc[0, "capacity"] = -1
    table.loc[2, "service_id"] = "k1"
    assert len(facts(tmp_path, table)) == 3


def test_one_swapped_row_is_named_and_not_mended(tmp_path: Path) -> None:
    lon, lat = city.services().loc[1, ["lon", "lat"]]
    (found,) = facts(tmp_path, with_row(lon=lat, lat=lon))
    assert "line 3" in found
    assert "swapped? x looks like latitude" in found


def test_swapped_layer_is_one_fault(tmp_path: Path) -> None:
    (found,) = facts(tmp_path, city.services(), x="lat", y="lon")
    assert 'services.csv, field "crs"' in found
    assert "swapped? x looks like latitude" in found


def test_metres_labelled_as_degrees_are_one_fault_and_not_one_per_row(tmp_path: Path) -> None:
    table = city.services().assign(
        lon=[610_500, 611_500, 611_500], lat=[4_214_500, 4.2155e6, 4.2145e6]
    )
    (found,) = facts(tmp_path, table)
    assert "cannot be degrees" in found
    assert read(tmp_path, table, crs=city.CRS).data["district_id"].tolist() == ["1", "4", "2"]


def test_twin_at_the_same_place_is_a_fault_naming_both(tmp_path: Path) -> None:
    lon, lat = city.services().loc[0, ["lon", "lat"]]
    (found,) = facts(tmp_path, with_row(lon=lon, lat=lat))
    assert "line 2, line 3" in found
    assert "'k1', 'k2'" in found


def test_two_kinds_under_one_roof_are_told(tmp_path: Path) -> None:
    lon, lat = city.services().loc[0, ["lon", "lat"]]
    found = read(tmp_path, with_row(lon=lon, lat=lat, type="bank"))
    assert len(found.data) == 3
    assert ("same_place", 2) in [(repair.kind, repair.count) for repair in found.repairs]


def test_service_outside_is_kept_flagged_and_unmatched(tmp_path: Path) -> None:
    lon, lat = city.lonlat(-3000, 500)
    found = read(tmp_path, with_row(lon=lon, lat=lat))
    assert found.data["district_id"].tolist() == ["1", None, "2"]
    tally = found.tallies[0]
    assert (tally.read, tally.matched, tally.unmatched, tally.rejected) == (3, 2, 1, 0)
    outside = next(repair for repair in found.repairs if repair.kind == "outside")
    assert outside.detail.endswith("line 3")


def test_zero_capacity_is_left_out_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, with_row(capacity=0))
    assert found.data.index.tolist() == ["k1", "k3"]
    tally = found.tallies[0]
    assert (tally.read, tally.matched, tally.rejected) == (3, 2, 1)
    assert "k2" in next(r.detail for r in found.repairs if r.kind == "zero_capacity")
    assert "all of capacity zero" in facts(tmp_path, city.services().assign(capacity=0))[0]


def test_unknown_capacity_stays_unknown(tmp_path: Path) -> None:
    assert np.isnan(read(tmp_path, with_row(capacity="")).data["capacity"].iloc[1])


def test_fields_that_the_file_lacks_take_their_defaults(tmp_path: Path) -> None:
    table = city.services()[["lon", "lat"]]
    blank = dict.fromkeys(["id", "name_fa", "name_en", "type", "capacity", "status"], "")
    found = read(tmp_path, table, **blank).data
    assert found.index.tolist() == ["1", "2", "3"]
    assert found["type"].tolist() == ["service"] * 3
    assert found["status"].tolist() == ["open"] * 3
    assert found["name_fa"].tolist() == [""] * 3


def test_one_language_stands_in_for_the_other(tmp_path: Path) -> None:
    found = read(tmp_path, with_row(name_fa=""), name_en="name_en").data
    assert found["name_fa"].iloc[1] == "Kiosk two"


def test_missing_fields_and_coordinates_of_a_table_are_named(tmp_path: Path) -> None:
    found = facts(tmp_path, city.services(), x="", crs="", type="kind")
    text = "\n".join(found)
    assert len(found) == 3
    assert 'no "x" in [services]' in text
    assert 'no "crs" in [services]' in text
    assert '"kind": found no such field' in text


def test_vector_file_gives_the_same_services_as_a_table(tmp_path: Path) -> None:
    table = city.services()
    layer = gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]),
        geometry=gpd.points_from_xy(table["lon"], table["lat"]),
        crs=4326,
    )
    layer.to_crs(city.CRS).to_file(tmp_path / "services.gpkg")
    from_layer = read_file(tmp_path, path="services.gpkg", crs="")
    from_table = read(tmp_path, table)
    pd.testing.assert_frame_equal(
        from_layer.data.drop(columns="geometry"), from_table.data.drop(columns="geometry")
    )
    assert from_layer.data.geom_equals_exact(from_table.data, 1e-4).all()
    assert from_layer.repairs == ()


def test_layer_with_an_id_alone_is_enough(tmp_path: Path) -> None:
    x, y = city.ORIGIN
    points = [Point(x + 500, y + 500), Point(x + 1500, y + 500)]
    pumps = gpd.GeoDataFrame({"Id": [7, 8]}, geometry=points, crs=city.CRS)
    pumps.to_file(tmp_path / "pumps.shp")
    config = ServicesConfig(path="pumps.shp", id="Id")
    services = read_services(config, folder=tmp_path, districts=districts(), box=box()).data
    assert services.index.tolist() == ["7", "8"]
    assert services["status"].tolist() == ["open", "open"]
    assert services["capacity"].isna().all()


def test_buildings_become_their_centres_and_are_counted(tmp_path: Path) -> None:
    shapes = [city.square(0.4, 0.4, side=200), Point(city.ORIGIN[0] + 1500, city.ORIGIN[1] + 500)]
    layer = gpd.GeoDataFrame({"service_id": ["a", "b"]}, geometry=shapes, crs=city.CRS)
    layer.to_file(tmp_path / "services.gpkg")
    blank = dict.fromkeys(["name_fa", "name_en", "type", "capacity", "status", "crs"], "")
    found = read_file(tmp_path, path="services.gpkg", **blank)
    assert found.data.geometry.iloc[0].equals(Point(city.ORIGIN[0] + 500, city.ORIGIN[1] + 500))
    assert [(repair.kind, repair.count) for repair in found.repairs] == [("centroids", 1)]


def test_lines_and_missing_geometries_of_a_layer_are_named(tmp_path: Path) -> None:
    x, y = city.ORIGIN
    shapes = [LineString([(x, y), (x + 1, y)]), None, Point(x + 5, y + 5)]
    layer = gpd.GeoDataFrame({"service_id": ["a", "b", "c"]}, geometry=shapes, crs=city.CRS)
    layer.to_file(tmp_path / "services.gpkg")
    blank = dict.fromkeys(["name_fa", "name_en", "type", "capacity", "status", "crs"], "")
    with pytest.raises(InputError) as caught:
        read_file(tmp_path, path="services.gpkg", **blank)
    assert [(each.where, each.found) for each in caught.value.faults] == [
        ("feature 1", "a LineString"),
        ("feature 2", "no geometry"),
    ]


@given(
    st.lists(
        st.tuples(st.floats(-3000, 5000), st.floats(-3000, 5000), st.sampled_from(["", "0", "7"])),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:2],
    )
)
@settings(max_examples=25, deadline=None)
def test_every_row_is_counted_and_placed_where_it_lies(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, str]]
) -> None:
    # Enumeration: the squares' own arithmetic says which district holds a point.
    rows = [(50.0, 50.0, "7"), *((x, y, size) for x, y, size in rows if (x, y) != (50.0, 50.0))]
    table = pd.DataFrame(rows, columns=["lon", "lat", "capacity"])
    table["lon"] += city.ORIGIN[0]
    table["lat"] += city.ORIGIN[1]
    blank = dict.fromkeys(["id", "name_fa", "name_en", "type", "status"], "")
    table = table.drop_duplicates(["lon", "lat"])
    found = read(tmp_path_factory.mktemp("s"), table, crs=city.CRS, **blank)
    tally = found.tallies[0]
    assert tally.read == len(table) == tally.matched + tally.unmatched + tally.rejected
    assert tally.rejected == int((table["capacity"] == "0").sum())
    for shape, district in zip(found.data.geometry, found.data["district_id"], strict=True):
        x, y = shape.x - city.ORIGIN[0], shape.y - city.ORIGIN[1]
        inside = 0 <= x <= 2000 and 0 <= y <= 2000
        assert (district is not None) == inside
        if inside and 1000 not in {x, y}:
            assert district == str(1 + int(x > 1000) + 2 * int(y > 1000))


@pytest.mark.skipif(not HELSINKI.is_file(), reason="the real extract is not beside the repository")
class TestHelsinki:
    """A real OSM extract: SOURCE.md counts 41 nodes of these kinds, GDAL cannot build 11 areas."""

    def read(self, **tags: tuple[str, ...]) -> Checked[gpd.GeoDataFrame]:
        shape = gpd.GeoSeries.from_wkt(
            ["POLYGON((24.93 60.16, 24.96 60.16, 24.96 60.18, 24.93 60.18, 24.93 60.16))"], crs=4326
        )
        around = gpd.GeoDataFrame(index=["all"], geometry=shape.to_numpy(), crs=4326).to_crs(32635)
        config = ServicesConfig(path=HELSINKI.name, tags=tags)
        return read_services(
            config, folder=HELSINKI.parent, districts=around, box=(24.9, 60.1, 25, 60.2)
        )

    def test_nodes_and_areas_with_the_tags_are_found(self) -> None:
        found = self.read(amenity=("townhall", "post_office", "bank", "library", "atm")).data
        nodes = found.index.str.startswith("n")
        assert nodes.sum() == 41
        assert found.index.is_unique
        assert set(found["type"]) <= {"townhall", "post_office", "bank", "library", "atm"}
        assert (found["district_id"] == "all").all()
        assert (found["status"] == "open").all()
        assert found.geometry.geom_type.eq("Point").all()

    def test_any_value_of_a_key_is_found_without_values(self) -> None:
        amenities = self.read(amenity=())
        assert len(amenities.data) > 500
        assert amenities.tallies[0].read == len(amenities.data)

    def test_tag_that_nobody_bears_is_a_fault(self) -> None:
        with pytest.raises(InputError, match="no feature with amenity = kiosk_of_the_city"):
            self.read(amenity=("kiosk_of_the_city",))

    def test_key_that_is_no_key_is_a_fault(self) -> None:
        with pytest.raises(InputError, match="an OSM key"):
            self.read(**{"a' OR 1=1 --": ("x",)})

    def test_tags_must_be_given(self) -> None:
        with pytest.raises(InputError, match="tags"):
            self.read()


def test_file_that_is_no_pbf_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.osm.pbf").write_bytes(b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"\xff" * 99)
    with pytest.raises(InputError, match=r"a\.osm\.pbf"):
        read_file(tmp_path, path="a.osm.pbf", tags={"amenity": ("bank",)})


def test_twins_of_an_osm_extract_are_kept_and_told() -> None:
    at = [Point(city.ORIGIN)] * 2
    frame = gpd.GeoDataFrame({"type": ["bank", "bank"]}, geometry=at, crs=city.CRS)
    ids = pd.Series(["n1", "n2"])
    faults, notes = _same_place(frame, ids, "city.osm.pbf", mapped=True)
    assert faults == []
    assert [(note.kind, note.count) for note in notes] == [("same_place", 2)]
    assert len(_same_place(frame, ids, "services.csv", mapped=False)[0]) == 1


def test_services_with_a_price_of_closing_may_close(tmp_path: Path) -> None:
    table = city.services().assign(shut=["-2", "", "۱"])
    assert "closing" not in read(tmp_path, table).data
    closing = read(tmp_path, table, closing="shut").data["closing"]
    assert closing.dropna().to_dict() == {"k1": -2.0, "k3": 1.0}
    told = facts(tmp_path, table.assign(shut=["", "cheap", ""]), closing="shut")
    assert told == ["services.csv, line 3, field \"shut\": found 'cheap', expected a price."]
