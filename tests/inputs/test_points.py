"""Points of tables, layers and OSM extracts, and the district that each lies in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import Point, box

import city
from ecity_geo.crs import widen
from ecity_geo.errors import InputError
from ecity_geo.inputs import osm
from ecity_geo.inputs.points import centres, district_of, place_points, read_points

X, Y = city.ORIGIN
HELSINKI = next(
    (
        up / "shared" / "data" / "helsinki_roads" / "Helsinki.osm.pbf"
        for up in Path(__file__).resolve().parents
        if (up / "shared").is_dir()
    ),
    Path("nowhere"),
)
AROUND = (24.9, 60.1, 25.0, 60.2)


def districts() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def table(folder: Path, text: str, **changes: Any) -> gpd.GeoDataFrame:
    (folder / "p.csv").write_text(text, encoding="utf-8")
    options = {"fields": {"id": "id"}, "x": "x", "y": "y", "crs": "EPSG:4326"} | changes
    return read_points("p.csv", folder=folder, section="services", **options).data


def test_rows_are_indexed_by_their_line(tmp_path: Path) -> None:
    points = table(tmp_path, "id,x,y\na,46.1,38.1\n\nb,46.2,38.2\n")
    assert points.index.tolist() == ["line 2", "line 4"]
    assert points["id"].tolist() == ["a", "b"]
    assert points.crs == CRS("EPSG:4326")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_decimal_marks_are_read(separator: str, tmp_path: Path) -> None:
    text = "id,x,y\na,46٫5,۳۸٫۱\n".replace(",", separator)
    points = table(tmp_path, text)
    assert (points.geometry.iloc[0].x, points.geometry.iloc[0].y) == (46.5, 38.1)


def test_each_unusable_coordinate_is_its_own_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        table(tmp_path, "id,x,y\na,,\nb,east,38.2\nc,0,0\nd,46.3,38.1\ne,46.3,98\n")
    assert [(each.where, each.field) for each in caught.value.faults] == [
        ("line 2", "x"),
        ("line 3", "x"),
        ("line 2", "y"),
        ("line 4", "geometry"),
        ("line 6", "geometry"),
    ]


def test_origin_of_a_local_grid_is_still_no_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\(0, 0\)"):
        table(tmp_path, "id,x,y\na,0,0\n", crs=city.CRS)


def test_empty_layer_is_a_fault(tmp_path: Path) -> None:
    city.districts().head(0).to_file(tmp_path / "p.gpkg")
    with pytest.raises(InputError, match="no features"):
        read_points("p.gpkg", folder=tmp_path, section="services", fields={})


def test_file_of_another_kind_is_refused_by_its_role(tmp_path: Path) -> None:
    city.write_raster(tmp_path / "p.tif", city.population())
    with pytest.raises(InputError, match=r"'\.tif'"):
        read_points("p.tif", folder=tmp_path, section="services", fields={})


def test_centre_of_a_bent_building_may_lie_outside_it() -> None:
    # An L of three unit squares: centre of gravity at (5/6, 5/6).
    bent = box(0, 0, 2, 1).union(box(0, 1, 1, 2))
    (found,) = centres(gpd.GeoSeries([bent], crs=city.CRS))
    assert (found.x, found.y) == pytest.approx((5 / 6, 5 / 6))


def test_points_outside_are_kept_and_told() -> None:
    shapes = [Point(X + 500, Y + 500), Point(X - 500, Y + 500)]
    points = gpd.GeoDataFrame(index=["line 2", "line 3"], geometry=shapes, crs=city.CRS)
    box_ = widen((46.25, 38.06, 46.28, 38.09))
    placed = place_points(points, districts(), source="p.csv", box=box_)
    assert placed.data["district_id"].tolist() == ["1", None]
    assert [(each.kind, each.count) for each in placed.repairs] == [("outside", 1)]


@given(st.lists(st.tuples(st.floats(-500, 2500), st.floats(-500, 2500)), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_districts_are_those_of_a_spatial_join(places: list[tuple[float, float]]) -> None:
    # Peer: geopandas.sjoin; on a shared border it gives every district, we give the first.
    points = gpd.GeoSeries([Point(X + x, Y + y) for x, y in places], crs=city.CRS)
    found = district_of(points, districts())
    joined = gpd.sjoin(gpd.GeoDataFrame(geometry=points), districts(), predicate="intersects")
    first = joined["district_id"].groupby(level=0).first()
    expected = first.reindex(points.index)
    assert found.fillna("").tolist() == expected.fillna("").tolist()


def test_nobody_is_outside_as_none_and_not_as_nan() -> None:
    found = district_of(gpd.GeoSeries([Point(0, 0)], crs=city.CRS), districts())
    assert found.tolist() == [None]


@pytest.mark.parametrize(
    ("tags", "wanted", "value"),
    [
        ({"amenity": "bank"}, {"amenity": ("bank",)}, "bank"),
        ({"amenity": "bank"}, {"amenity": ("atm",)}, None),
        ({"amenity": "cafe;bank"}, {"amenity": ("bank",)}, "bank"),
        ({"office": "government"}, {"amenity": ("bank",), "office": ()}, "government"),
        ({}, {"amenity": ()}, None),
    ],
)
def test_tag_values_are_matched(
    tags: dict[str, str], wanted: dict[str, tuple[str, ...]], value: str | None
) -> None:
    assert osm._matched(tags, wanted) == value


def test_tags_are_parsed_whatever_pyogrio_hands_on() -> None:
    assert osm._parsed('{"a": "1"}') == {"a": "1"}
    assert osm._parsed({"a": "1"}) == {"a": "1"}
    assert osm._parsed(None) == {}
    assert osm._parsed(float("nan")) == {}


@pytest.mark.skipif(not HELSINKI.is_file(), reason="the real extract is not beside the repository")
class TestHelsinki:
    """Tags of a real extract; GDAL cannot build 11 of its 1095 areas."""

    def test_areas_that_cannot_be_built_are_counted(self) -> None:
        found = osm.read_osm(HELSINKI, "multipolygons", where="", box=AROUND, source="h.pbf")
        (repair,) = found.repairs
        assert (repair.kind, repair.count) == ("left_out", 11)
        assert len(found.data) + repair.count == 1095

    def test_tags_of_columns_and_others_come_together(self) -> None:
        found = osm.read_osm(
            HELSINKI, "lines", where="highway IS NOT NULL", box=AROUND, source="h.pbf"
        ).data
        tags = pd.Series(list(found["tags"]))
        assert tags.map(lambda each: each["highway"]).tolist() == found["highway"].tolist()
        assert tags.map(lambda each: "oneway" in each).sum() > 100
        assert not tags.map(lambda each: "other_tags" in each).any()

    def test_features_far_from_the_box_are_not_read(self) -> None:
        with pytest.raises(InputError, match="near the city"):
            osm.read_tagged(HELSINKI, {"amenity": ("bank",)}, box=(46, 37, 47, 39), source="h.pbf")

    def test_features_are_ordered_by_id_within_their_kind(self) -> None:
        found = osm.read_tagged(HELSINKI, {"amenity": ()}, box=AROUND, source="h.pbf").data
        keys = [(each[0], int(each[1:])) for each in found["id"]]
        assert keys == sorted(keys)
        assert {kind for kind, _ in keys} <= {"n", "w", "r"}
