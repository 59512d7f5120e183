"""The GeoPackage reads back as it was found, carries its styles, and is the same each time."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyogrio
import pytest

from ecity_geo.outputs import palette
from ecity_geo.outputs.geopackage import write_geopackage
from ecity_geo.outputs.qgis import styles
from outputs.factory import HOSTILE, hostile_findings, make_findings

LAYERS = ["districts", "fabrics", "demand", "services", "candidates", "catchments", "sites"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_geopackage(make_findings(), tmp_path_factory.mktemp("gpkg") / "study.gpkg")


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def parse(qml: str) -> ET.Element:
    return ET.fromstring(qml)  # noqa: S314 (our own)


def district_styles() -> dict[str, ET.Element]:
    made = styles(make_findings(), "en")
    return {style.name: parse(style.qml) for style in made if style.layer == "districts"}


def test_all_layers_are_there_in_the_working_crs(package: Path) -> None:
    found = [name for name, kind in pyogrio.list_layers(package) if kind is not None]
    assert found == LAYERS
    for layer in LAYERS:
        assert "32638" in pyogrio.read_info(package, layer=layer)["crs"]


def test_geometry_and_numbers_read_back(package: Path) -> None:
    findings = make_findings()
    districts = pyogrio.read_dataframe(package, layer="districts").set_index("district_id")
    assert districts.geometry.area.tolist() == findings.districts.area.tolist()
    np.testing.assert_allclose(districts["readiness"], findings.districts["readiness"])
    assert districts["name_fa"].tolist() == findings.districts["name_fa"].tolist()
    sites = pyogrio.read_dataframe(package, layer="sites")
    assert sites["order"].tolist() == [1, 2, 1]
    assert sites.geometry.geom_equals(findings.sites.geometry).all()


def test_withheld_and_unreachable_are_null(package: Path) -> None:
    districts = pyogrio.read_dataframe(package, layer="districts").set_index("district_id")
    assert np.isnan(districts.loc["4", "readiness"])
    assert np.isnan(districts.loc["4", "readiness_n"])
    demand = pyogrio.read_dataframe(package, layer="demand")
    assert demand["cost"].isna().sum() == np.isinf(make_findings().demand["cost"]).sum() == 1


def test_no_layer_holds_respondents(package: Path) -> None:
    content = package.read_bytes()
    assert not [r for r in make_findings().study.responses.index if r.encode() in content]


def test_fabrics_cover_their_districts(package: Path) -> None:
    fabrics = pyogrio.read_dataframe(package, layer="fabrics").set_index("fabric")
    districts = make_findings().districts
    by_fabric = districts.area.groupby(districts["fabric"]).sum()
    assert fabrics.area.to_dict() == by_fabric.to_dict()


def test_a_fabric_layer_of_its_own_gives_the_polygons(tmp_path: Path) -> None:
    study = make_findings().study
    halves = study.districts[["fabric", "geometry"]].dropna().reset_index(drop=True)
    halves.geometry = halves.geometry.scale(0.5, 0.5)
    findings = make_findings(study={"fabrics": halves})
    path = write_geopackage(findings, tmp_path / "study.gpkg")
    fabrics = pyogrio.read_dataframe(path, layer="fabrics")
    assert fabrics.area.sum() == pytest.approx(halves.area.sum())


def test_every_layer_opens_with_one_style(package: Path) -> None:
    rows = query(package, "SELECT f_table_name, f_geometry_column, useAsDefault FROM layer_styles")
    defaults = [layer for layer, _, default in rows if default]
    assert sorted(map(str, defaults)) == sorted(LAYERS)
    assert {column for _, column, _ in rows} == {"geom"}
    tables = query(package, "SELECT table_name FROM gpkg_contents WHERE data_type = 'attributes'")
    assert tables == [("layer_styles",)]


def test_styles_are_wellformed_and_their_symbols_exist() -> None:
    for style in styles(make_findings(), "en"):
        root = parse(style.qml)
        symbols = {symbol.get("name") for symbol in root.iter("symbol")}
        used = {each.get("symbol") for each in [*root.iter("rule"), *root.iter("category")]}
        assert used == symbols, style.name
        labels = [each.get("label") for each in root.iter("rule")]
        assert all(labels), style.name


def test_each_district_meets_exactly_one_rule(package: Path) -> None:
    made = district_styles()
    for name in ("readiness", "coverage", "gaps"):
        rules = [rule.get("filter") for rule in made[name].iter("rule")]
        told = [rule for rule in rules if rule != "ELSE"]
        assert rules[-1] == "ELSE"
        # QGIS expressions of this kind are SQL, so SQLite can say what they select.
        met = " + ".join(f"coalesce({rule}, 0)" for rule in told)
        counts = query(package, f"SELECT max({met}), sum({met}) FROM districts")  # noqa: S608
        shown = {"readiness": 3, "coverage": 5, "gaps": 3}[name]
        assert counts == [(1, shown)], name


def test_colours_are_those_of_the_maps() -> None:
    fills = [each.get("v") for each in district_styles()["gaps"].iter("prop")]
    red, green, blue = (int(palette.GAP_COLOURS["both"][at : at + 2], 16) for at in (1, 3, 5))
    assert f"{red},{green},{blue},255" in fills


def test_legends_speak_the_language() -> None:
    labels = {
        lang: parse(styles(make_findings(), lang)[0].qml).find(".//rule").get("label")
        for lang in ("en", "fa")
    }
    assert labels == {"en": "2.1 to 2.4", "fa": "۲٫۱ تا ۲٫۴"}


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    findings = hostile_findings()
    path = write_geopackage(findings, tmp_path / "study.gpkg")
    names = pyogrio.read_dataframe(path, layer="districts")["name_en"]
    assert names.tolist() == list(HOSTILE[:6])
    for (qml,) in query(path, "SELECT styleQML FROM layer_styles"):
        parse(str(qml))


def test_without_plans_the_sites_are_an_empty_layer(tmp_path: Path) -> None:
    bare = make_findings(plans={}, sites=make_findings().sites.iloc[:0])
    path = write_geopackage(bare, tmp_path / "study.gpkg")
    assert pyogrio.read_info(path, layer="sites")["features"] == 0


@pytest.mark.parametrize(("synthetic", "words"), [(True, "Synthetic data. "), (False, "")])
def test_it_says_whether_the_data_are_made_up(tmp_path: Path, synthetic: bool, words: str) -> None:
    findings = make_findings(study={"synthetic": synthetic})
    path = write_geopackage(findings, tmp_path / "study.gpkg")
    about = query(path, "SELECT description FROM gpkg_contents WHERE table_name = 'districts'")
    assert about == [(words + "Made for the tests.",)]
    metadata = pyogrio.read_info(path, layer="districts")["layer_metadata"]
    assert metadata["SYNTHETIC"] == str(synthetic).lower()


def test_same_findings_give_the_same_bytes(package: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a clock that were written into the file would have moved on
    again = write_geopackage(make_findings(), tmp_path / "study.gpkg")
    assert again.read_bytes() == package.read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
