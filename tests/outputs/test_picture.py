"""The still picture: well-formed, readable without scripts, and about the same districts."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import geopandas as gpd
import pytest
from shapely import Point, Polygon

from ecity_geo.outputs.picture import district_svg
from ecity_geo.outputs.views import district_view
from outputs.factory import hostile_findings, make_findings
from outputs.test_views import MEASURES
from pages import Reader, outside_addresses


def parts(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(tag))  # noqa: S314  our own output


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("measure", MEASURES)
def test_picture_is_well_formed_and_asks_for_nothing(measure: str, lang: str) -> None:
    svg = district_svg(make_findings(), measure, lang)
    assert len(parts(svg, "path")) >= 6
    assert outside_addresses(svg) == set()
    assert "style=" not in svg
    assert "<script" not in svg


def test_picture_has_the_colours_of_the_view() -> None:
    findings = make_findings()
    svg = district_svg(findings, "covered_share", "en")
    fills = [path.get("fill") for path in parts(svg, "path")][:6]
    expected = district_view(findings, "covered_share", "en").fills
    assert fills == [fill or "url(#hatch-en)" for fill in expected]


def test_picture_tells_every_district_to_a_screen_reader() -> None:
    findings = make_findings()
    svg = ET.fromstring(district_svg(findings, "gap_class", "en"))  # noqa: S314  our own output
    assert svg.get("role") == "img"
    for name in findings.districts["name_en"]:
        assert f"{name}: " in str(svg.get("aria-label"))


def test_persian_picture_runs_from_right_to_left() -> None:
    texts = parts(district_svg(make_findings(), "readiness", "fa"), "text")
    assert {text.get("direction") for text in texts} == {"rtl"}
    assert all(
        not set(text.text or "") & set("0123456789") or "منطقه" in str(text.text) for text in texts
    )


def test_areas_on_paper_are_in_proportion() -> None:
    paths = parts(district_svg(make_findings(), "readiness", "en"), "path")[:6]
    areas = []
    for path in paths:
        pairs = str(path.get("d"))[1:-1].split("L")
        areas.append(Polygon([tuple(map(float, pair.split(","))) for pair in pairs]).area)
    assert areas == pytest.approx([areas[0]] * 6, rel=0.01)


def test_names_do_not_lie_on_one_another() -> None:
    findings = make_findings()
    flat = findings.districts.geometry.scale(1, 0.05, origin=(0, 0))
    crowded = findings.districts.set_geometry(flat).assign(name_en="A very long name of a district")
    svg = district_svg(replace(findings, districts=crowded), "readiness", "en")
    places = [t for t in parts(svg, "text") if t.text == "A very long name of a…"]
    assert 0 < len(places) < 6
    for one, other in combinations(places, 2):
        apart_x, apart_y = (abs(float(one.attrib[a]) - float(other.attrib[a])) for a in "xy")
        assert apart_x > 22 * 6 or apart_y > 16


def test_a_name_that_would_name_its_neighbours_is_shortened_or_left_out() -> None:
    findings = make_findings()
    words = "a municipal district of a long name"
    names = [f"{words} {number}" for number in range(1, 7)]
    narrow = findings.districts.copy()
    narrow["name_en"] = names
    narrow.geometry = narrow.scale(0.1, 1.0, origin=(0, 0))
    svg = district_svg(replace(findings, districts=narrow), "readiness", "en")
    written = [text.text or "" for text in parts(svg, "text")]
    assert {"1", "6"} <= set(written)
    assert not any("munic" in each for each in written)
    narrow["name_en"] = [name[::-1] for name in names]
    svg = district_svg(replace(findings, districts=narrow), "readiness", "en")
    assert not any("cinum" in (text.text or "") for text in parts(svg, "text"))


def test_hostile_names_stay_text() -> None:
    svg = district_svg(hostile_findings(), "readiness", "en")
    ET.fromstring(svg)  # noqa: S314  our own output
    tags = {tag for tag, _ in Reader(svg).tags}
    assert tags == {"svg", "defs", "pattern", "rect", "path", "title", "text"}
    handlers = [n for _, attrs in Reader(svg).tags for n in attrs if n.startswith("on")]
    assert handlers == []


def test_a_district_full_of_sites_still_has_its_number() -> None:
    findings = make_findings()
    middle = findings.districts.geometry.iloc[1].centroid
    # 9.74 m are a pixel: the name itself finds no free place among these.
    around = [(0, 0), (390, 0), (-390, 0), (0, 253), (0, -253)]
    sites = gpd.GeoSeries(
        [Point(middle.x + x, middle.y + y) for x, y in around], crs=findings.districts.crs
    )
    svg = district_svg(findings, "covered_share", "en", sites=sites)
    names = [element.text for element in parts(svg, "text") if element.get("paint-order")]
    assert "2" in names
    assert "District 2" not in names


def test_of_many_sites_the_later_ones_are_dots() -> None:
    findings = make_findings()
    west, south, east, north = findings.districts.total_bounds
    places = [Point(west + (east - west) * at / 31, (south + north) / 2) for at in range(1, 31)]
    sites = gpd.GeoSeries(places, crs=findings.districts.crs)
    svg = district_svg(findings, "covered_share", "en", sites=sites)
    numbers = [e.text for e in parts(svg, "text") if e.get("fill") == "#ffffff"]
    assert sorted(map(int, numbers)) == list(range(1, 26))
    assert len(parts(svg, "circle")) == 30
