"""Districts and fabric: every fault of a file at once, repairs counted, topology measured."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.affinity import translate

import city
from ecity_geo.errors import InputError
from ecity_geo.inputs.boundaries import dominant_fabric, read_boundaries, read_fabric
from ecity_geo.inputs.config import BoundariesConfig, FabricConfig
from ecity_geo.inputs.polygons import check_polygons, gaps, overlaps
from ecity_geo.inputs.schema import Checked

X, Y = city.ORIGIN
CONFIG: dict[str, Any] = {
    "path": "districts.gpkg",
    "name_fa": "name_fa",
    "name_en": "name_en",
    "fabric": "fabric",
}


def read(folder: Path, frame: gpd.GeoDataFrame, **changes: Any) -> Checked[gpd.GeoDataFrame]:
    place = {key: changes.pop(key) for key in ("crs", "box") if key in changes}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(folder / "districts.gpkg", engine="pyogrio")
    return read_boundaries(BoundariesConfig(**CONFIG | changes), folder=folder, **place)


def faults(folder: Path, frame: gpd.GeoDataFrame, **changes: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, frame, **changes)
    return [each.fact() for each in caught.value.faults]


def with_shapes(**shapes: object) -> gpd.GeoDataFrame:
    frame = city.districts()
    for row, shape in shapes.items():
        frame.loc[int(row[1:]), "geometry"] = shape
    return frame


def bow_tie(side: float = 900) -> Polygon:
    return Polygon([(X, Y), (X + side, Y + side), (X + side, Y), (X, Y + side)])


def test_districts_arrive_in_file_order_with_names_and_fabric(tmp_path: Path) -> None:
    found = read(tmp_path, city.districts().iloc[::-1], crs=city.CRS)
    assert found.data.index.tolist() == ["4", "3", "2", "1"]
    assert found.data.index.name == "district_id"
    assert found.data["fabric"].tolist() == ["rural", "informal", "historic", "planned"]
    assert found.data["name_fa"].iloc[0] == "منطقه چهار"
    assert found.data.area.tolist() == [1e6] * 4
    assert found.repairs == ()
    assert (found.tallies[0].read, found.tallies[0].matched) == (4, 4)


def test_names_stand_in_for_each_other_and_the_id_for_both(tmp_path: Path) -> None:
    frame = city.districts()
    frame.loc[0, "name_fa"] = None
    frame.loc[1, ["name_fa", "name_en"]] = [None, " "]
    read_with = read(tmp_path, frame)
    found = read_with.data
    assert found["name_fa"].tolist()[:2] == ["District one", "2"]
    assert found["name_en"].tolist()[:2] == ["District one", "2"]
    told = {each.detail: each.count for each in read_with.repairs if each.kind == "unnamed"}
    assert told == {
        "the other name or the id stands in for name_fa: '1', '2'": 2,
        "the other name or the id stands in for name_en: '2'": 1,
    }
    without = read(tmp_path, frame, name_fa="", name_en="", fabric="")
    assert not [each for each in without.repairs if each.kind == "unnamed"]
    bare = without.data
    assert bare["name_en"].tolist() == ["1", "2", "3", "4"]
    assert bare["fabric"].isna().all()


def test_whole_numbers_as_ids_lose_their_point(tmp_path: Path) -> None:
    frame = city.districts().assign(district_id=[1.0, 2.0, 3.0, 4.0])
    assert read(tmp_path, frame).data.index.tolist() == ["1", "2", "3", "4"]


def test_degrees_are_moved_to_the_estimated_zone_and_recorded(tmp_path: Path) -> None:
    found = read(tmp_path, city.districts().to_crs(4326))
    assert found.data.crs == CRS(city.CRS)
    np.testing.assert_allclose(found.data.area, 1e6, rtol=1e-6)
    assert [repair.kind for repair in found.repairs] == ["reprojected"]


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    frame = with_shapes(r0=bow_tie(), r1=None, r2=LineString([(X, Y), (X + 1, Y + 1)]))
    frame["district_id"] = ["1", "2", "2", None]
    found = faults(tmp_path, frame, name_fa="nam_fa", fabric="urban")
    text = "\n".join(found)
    assert len(found) == 7
    for words in (
        "\"nam_fa\": found no such field, expected one of 'name_fa'",
        '"urban"',
        'feature 4, field "district_id": found no id',
        "'2' 2 times",
        "feature 1 (district_id '1'), field \"geometry\": found an invalid polygon",
        "(Self-intersection[610450 4214450])",
        "feature 2 (district_id '2'), field \"geometry\": found no geometry",
        "feature 3 (district_id '2'), field \"geometry\": found a LineString",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (MultiPolygon(), "an empty geometry"),
        (Point(X, Y), "a Point"),
        (shapely.GeometryCollection([box(X, Y, X + 1, Y + 1), Point(X, Y)]), "GeometryCollection"),
    ],
)
def test_what_is_no_polygon_is_named(shape: object, words: str, tmp_path: Path) -> None:
    (found,) = faults(tmp_path, with_shapes(r1=shape))
    assert "feature 2 (district_id '2')" in found
    assert words in found


def test_empty_layer_is_a_fault(tmp_path: Path) -> None:
    assert "no features" in faults(tmp_path, city.districts().head(0))[0]


def test_bow_tie_is_mended_on_request_with_both_areas(tmp_path: Path) -> None:
    # Two triangles of base 900 and height 450; by its ring alone its area is 0.
    found = read(tmp_path, with_shapes(r0=bow_tie()), repair=True)
    assert found.data.area["1"] == pytest.approx(2 * 900 * 450 / 2)
    mended = next(repair for repair in found.repairs if repair.kind == "mended")
    assert mended.count == 1
    assert "area 0 to 405000" in mended.detail


def test_ring_that_only_touches_itself_is_mended_and_counted(tmp_path: Path) -> None:
    # A hole drawn as a bay whose mouth has closed: invalid by the rules, the same area.
    x0, y0 = X, Y
    ring = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 500)]
    ring += [(200, 600), (200, 400), (0, 500), (0, 0)]
    shape = Polygon([(x0 + x, y0 + y) for x, y in ring])
    assert not shape.is_valid
    found = read(tmp_path, with_shapes(r0=shape))
    assert found.data.area["1"] == pytest.approx(1e6 - 200 * 200 / 2)
    assert found.repairs[0].kind == "mended"


def test_overlaps_above_the_tolerance_are_faults_with_areas(tmp_path: Path) -> None:
    frame = with_shapes(r0=translate(city.square(0, 0), 100, 0))
    (found,) = faults(tmp_path, frame)
    assert "districts '1' and '2': found an overlap of 100,000.0 m2, expected at most 1 m2" in found
    # The tolerance that the message names is enough.
    with pytest.raises(InputError) as error:
        read(tmp_path, frame)
    (tolerance,) = re.findall(r"overlap_tolerance = (\d+)", str(error.value))
    assert read(tmp_path, frame, overlap_tolerance=int(tolerance)).repairs[0].kind == "overlaps"


def test_overlap_within_the_tolerance_is_told(tmp_path: Path) -> None:
    frame = with_shapes(r0=box(X, Y, X + 1000.0005, Y + 1000))
    notes = read(tmp_path, frame).repairs
    assert [(note.kind, note.count) for note in notes] == [("overlaps", 1)]
    assert "0.5 m2" in notes[0].detail


def test_gaps_are_measured_and_told(tmp_path: Path) -> None:
    hole = city.square(0, 0).difference(box(X + 600, Y + 600, X + 700, Y + 700))
    notes = read(tmp_path, with_shapes(r0=hole)).repairs
    assert [(note.kind, note.count) for note in notes] == [("gaps", 1)]
    assert "10,000.0 m2" in notes[0].detail


def test_zone_38_labelled_39_is_found_by_the_working_crs_or_the_box(tmp_path: Path) -> None:
    frame = city.districts().set_crs("EPSG:32639", allow_override=True)
    for place in ({"crs": city.CRS}, {"box": (46.0, 37.9, 46.6, 38.3)}):
        (found,) = faults(tmp_path, frame, **place)
        assert "52.25" in found
    assert "would fit in EPSG:32638" in _cure(tmp_path, frame, crs=city.CRS)


def _cure(folder: Path, frame: gpd.GeoDataFrame, **changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, frame, **changes)
    return caught.value.faults[0].cure


def test_swapped_axes_are_called_so_and_never_mended(tmp_path: Path) -> None:
    frame = city.districts().to_crs(4326)
    frame.geometry = gpd.GeoSeries(
        shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1]), crs=4326
    )
    (found,) = faults(tmp_path, frame, crs=city.CRS)
    assert "swapped? x looks like latitude" in found


def test_districts_beyond_the_box_of_the_study_are_a_fault(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, city.districts(), box=(46.0, 37.9, 46.26, 38.3))
    assert "districts over longitude 46.25 to 46.28" in found


def test_layer_of_half_a_continent_is_no_city(tmp_path: Path) -> None:
    frame = with_shapes().to_crs(4326)
    frame.loc[3, "geometry"] = box(20, 30, 21, 31)
    (found,) = faults(tmp_path, frame)
    assert "one city, at most 12 degrees wide" in found


squares = st.lists(
    st.tuples(*[st.floats(0, 10), st.floats(0, 10), st.floats(0.5, 4)]), min_size=2, max_size=6
)


@given(squares)
@settings(max_examples=40, deadline=None)
def test_overlaps_are_those_of_every_pair(drawn: list[tuple[float, float, float]]) -> None:
    # Enumeration of all pairs.
    shapes = gpd.GeoSeries([box(x, y, x + side, y + side) for x, y, side in drawn])
    expected = {
        (i, j): shapes[i].intersection(shapes[j]).area
        for i in range(len(shapes))
        for j in range(i + 1, len(shapes))
    }
    expected = {pair: area for pair, area in expected.items() if area > 1e-6}
    found = overlaps(shapes)
    assert dict(
        zip(zip(found["one"], found["other"], strict=True), found["area"], strict=True)
    ) == (pytest.approx(expected))


@given(squares)
@settings(max_examples=40, deadline=None)
def test_gaps_and_union_fill_the_outline(drawn: list[tuple[float, float, float]]) -> None:
    # Identity: area of the outlines without holes = area of the union + gaps.
    shapes = gpd.GeoSeries([box(x, y, x + side, y + side) for x, y, side in drawn])
    union = shapes.union_all()
    filled = shapely.union_all([Polygon(part.exterior) for part in shapely.get_parts(union)])
    assert gaps(shapes).sum() + union.area == pytest.approx(filled.area, abs=1e-4)


def test_island_in_a_moat_is_no_gap() -> None:
    moat = box(0, 0, 10, 10).difference(box(2, 2, 8, 8))
    shapes = gpd.GeoSeries([moat, box(4, 4, 6, 6)])
    assert gaps(shapes).tolist() == pytest.approx([36 - 4])


def test_coordinates_that_are_no_numbers_are_named() -> None:
    shapes = gpd.GeoSeries([Polygon([(0, 0), (1, np.inf), (1, 0)])])
    _, found, _ = check_polygons(shapes, ["feature 1"], repair=True, source="a")
    assert "no numbers" in found[0].found


def fabric(folder: Path, shapes: Sequence[object], names: Sequence[str | None]) -> Path:
    frame = gpd.GeoDataFrame({"fabric": list(names)}, geometry=list(shapes), crs=city.CRS)
    frame.to_file(folder / "fabric.gpkg")
    return folder


def read_fabrics(folder: Path, **changes: Any) -> Checked[gpd.GeoDataFrame]:
    config = FabricConfig(**{"path": "fabric.gpkg"} | changes)
    return read_fabric(config, folder=folder, crs=CRS(city.CRS), box=(45.5, 37.5, 47, 39))


def test_fabric_layer_is_read(tmp_path: Path) -> None:
    fabric(tmp_path, [city.square(0, 0), city.square(1, 0)], ["historic", "planned"])
    found = read_fabrics(tmp_path)
    assert found.data["fabric"].tolist() == ["historic", "planned"]
    assert found.tallies[0].role == "fabric"


def test_fabric_without_a_name_or_field_is_a_fault(tmp_path: Path) -> None:
    fabric(tmp_path, [city.square(0, 0), city.square(1, 0)], ["historic", None])
    with pytest.raises(InputError, match=r"feature 2.*no fabric"):
        read_fabrics(tmp_path)
    with pytest.raises(InputError, match="'fabric'"):
        read_fabrics(tmp_path, field="fabrik")


def test_two_fabrics_on_one_place_are_a_fault_and_one_twice_is_not(tmp_path: Path) -> None:
    shapes = [city.square(0, 0), translate(city.square(0, 0), 500, 0)]
    fabric(tmp_path, shapes, ["historic", "planned"])
    with pytest.raises(InputError, match=r"historic and planned on the same 500,000\.0 m2"):
        read_fabrics(tmp_path)
    fabric(tmp_path, shapes, ["planned", "planned"])
    assert len(read_fabrics(tmp_path).data) == 2


def test_fabric_of_another_zone_is_a_fault(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"fabric": ["a"]}, geometry=[city.square(0, 0)], crs="EPSG:32639")
    frame.to_file(tmp_path / "fabric.gpkg")
    with pytest.raises(InputError, match="EPSG:32638"):
        read_fabrics(tmp_path)


def test_dominant_fabric_is_by_people_and_not_by_area() -> None:
    demand = pd.DataFrame(
        {
            "population": [10.0, 1, 1, 1, 5, 5, 7],
            "district_id": ["1", "1", "1", "1", "2", "2", None],
            "fabric": ["historic", "rural", "rural", "rural", "planned", "historic", "rural"],
        }
    )
    found = dominant_fabric(demand, pd.Index(["2", "1", "3"], name="district_id"))
    assert found.tolist() == ["historic", "historic", None]  # a tie goes to the first by name
    assert found.index.tolist() == ["2", "1", "3"]


def test_repair_that_leaves_no_polygon_is_a_fault() -> None:
    flat = Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    _, found, repairs = check_polygons(gpd.GeoSeries([flat]), ["f"], repair=True, source="a")
    assert len(found) == 1
    assert not repairs


def test_mending_keeps_the_polygon_parts_only() -> None:
    # A spike of no width comes out of make_valid as a line beside the square.
    spiked = Polygon([(0, 0), (1, 0), (1, 1), (1, 3), (1, 1), (0, 1)])
    shapes, found, repairs = check_polygons(
        gpd.GeoSeries([spiked]), ["f"], repair=False, source="a"
    )
    assert not found
    assert shapes.iloc[0].equals(box(0, 0, 1, 1))
    assert repairs[0].count == 1


def test_a_wrong_crs_of_the_study_does_not_only_blame_the_file(tmp_path: Path) -> None:
    cure = _cure(tmp_path, city.districts(), crs="EPSG:32640")
    assert cure.startswith('If the file is right, correct "crs" in [study] of study.toml.')
