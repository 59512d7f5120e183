"""A study file and everything that it names: joined, counted, and every fault at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import box

import city
from ecity_geo.errors import InputError
from ecity_geo.study import Study, load_study

X, Y = city.ORIGIN
SHIPPED = Path(__file__).resolve().parents[1] / "data" / "study.toml"


def load(folder: Path, **changes: Any) -> Study:
    return load_study(city.write_city(folder, **changes))


def faults(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(folder, **changes)
    return [each.fact() for each in caught.value.faults]


def test_study_of_four_squares_is_what_its_files_say(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert study.crs == CRS(city.CRS)
    assert (study.id, study.name.en, study.synthetic) == ("squares", "Four squares", False)
    assert study.districts.index.tolist() == ["1", "2", "3", "4"]
    assert study.districts["fabric"].to_dict() == city.FABRIC
    assert study.demand.groupby("district_id")["population"].sum().to_dict() == city.PEOPLE
    assert study.demand["fabric"].eq(study.demand["district_id"].map(city.FABRIC)).all()
    assert study.services["district_id"].tolist() == ["1", "4", "2"]
    assert len(study.candidates) == 16
    assert study.candidates["fabric"].eq(study.candidates["district_id"].map(city.FABRIC)).all()
    assert len(study.responses) == 40
    assert study.responses["fabric"].eq(study.responses["district_id"].map(city.FABRIC)).all()
    assert study.streets is None
    assert study.fabrics is None


def test_every_frame_is_in_the_working_crs_and_has_the_promised_columns(tmp_path: Path) -> None:
    study = load(tmp_path, streets=True)
    expected = {
        "districts": {"name_fa", "name_en", "fabric", "geometry"},
        "demand": {"population", "district_id", "fabric", "geometry"},
        "services": {"name_fa", "name_en", "type", "capacity", "status", "district_id", "geometry"},
        "candidates": {"name_fa", "name_en", "district_id", "fabric", "geometry"},
    }
    for name, columns in expected.items():
        frame = getattr(study, name)
        assert set(frame.columns) == columns, name
        assert frame.crs == study.crs, name
        assert frame.index.is_unique, name
        assert all(isinstance(key, str) for key in frame.index), name
    assert study.streets is not None


def test_candidates_may_stand_at_junctions_near_people(tmp_path: Path) -> None:
    change = {"candidates": {"from": "streets", "spacing": 500}}
    study = load(tmp_path, streets=True, study=change)
    assert study.streets is not None
    nodes = set(zip(study.streets.x, study.streets.y, strict=True))
    places = list(zip(study.candidates.geometry.x, study.candidates.geometry.y, strict=True))
    assert set(places) <= nodes
    assert len(places) == 25
    assert study.candidates["fabric"].eq(study.candidates["district_id"].map(city.FABRIC)).all()


def test_bad_streets_are_the_only_fault_of_candidates_at_them(tmp_path: Path) -> None:
    change = {"candidates": {"from": "streets"}, "streets": {"path": "missing.gpkg"}}
    (fault,) = faults(tmp_path, streets=True, study=change)
    assert "missing.gpkg" in fault


def test_rows_of_every_file_add_up(tmp_path: Path) -> None:
    study = load(tmp_path, streets=True)
    roles = {tally.role: tally for tally in study.tallies}
    assert set(roles) == {"boundaries", "survey", "services", "population", "streets"}
    for tally in study.tallies:
        assert tally.read == tally.matched + tally.unmatched + tally.rejected
    assert roles["survey"].read == 40
    assert study.matches["rows"].sum() == 40


def test_sources_carry_the_hash_of_each_file(tmp_path: Path) -> None:
    # Peer: hashlib over the whole file.
    study = load(tmp_path, streets=True)
    assert [source.role for source in study.sources] == [
        "study",
        "boundaries",
        "survey",
        "instrument",
        "services",
        "population",
        "streets",
    ]
    for source in study.sources:
        content = (tmp_path / source.path).read_bytes()
        assert source.sha256 == hashlib.sha256(content).hexdigest()
        assert str(tmp_path) not in source.path


def test_parts_of_a_shapefile_are_hashed_one_by_one(tmp_path: Path) -> None:
    path = city.write_city(tmp_path, study={"boundaries": {"path": "d.shp", "id": "code"}})
    city.districts().rename(columns={"district_id": "code"}).to_file(tmp_path / "d.shp")
    names = [s.path for s in load_study(path).sources if s.role == "boundaries"]
    assert names == ["d.shp", "d.shx", "d.dbf", "d.prj", "d.cpg"]


def test_same_files_give_the_same_study(tmp_path: Path) -> None:
    path = city.write_city(tmp_path)
    one, two = load_study(path), load_study(path)
    for name in ("districts", "demand", "services", "candidates"):
        assert getattr(one, name).to_json() == getattr(two, name).to_json()
    pd.testing.assert_frame_equal(one.responses, two.responses)
    assert (one.repairs, one.tallies, one.sources) == (two.repairs, two.tallies, two.sources)


def test_study_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = city.write_city(tmp_path / "study")
    monkeypatch.chdir(tmp_path)
    assert len(load_study(os.path.relpath(path)).demand) == 400


def fabric_layer(folder: Path, edge: float) -> None:
    """Historic west of `edge` metres, informal east of it, in the southern half only."""
    frame = gpd.GeoDataFrame(
        {"kind": ["historic", "informal"]},
        geometry=[box(X, Y, X + edge, Y + 1000), box(X + edge, Y, X + 2000, Y + 1000)],
        crs=city.CRS,
    )
    frame.to_file(folder / "fabric.gpkg")


def test_fabric_comes_by_overlay_and_by_people(tmp_path: Path) -> None:
    # The line at 400 m leaves square 1 with 400 historic and 600 informal people.
    path = city.write_city(tmp_path, study={"fabric": {"path": "fabric.gpkg", "field": "kind"}})
    fabric_layer(tmp_path, 400)
    study = load_study(path)
    people = study.demand.groupby(["district_id", "fabric"])["population"].sum()
    assert people["1", "historic"] == pytest.approx(400)
    assert people["1", "informal"] == pytest.approx(600)
    # Squares 3 and 4 lie beside the layer: they keep the fabric of their own field.
    assert study.districts["fabric"].tolist() == ["informal", "informal", "informal", "rural"]
    beside = next(repair for repair in study.repairs if repair.kind == "beside_fabric")
    assert "7,000 people" in beside.detail
    assert study.fabrics is not None
    assert study.fabrics["fabric"].tolist() == ["historic", "informal"]


def test_without_any_fabric_there_is_none(tmp_path: Path) -> None:
    study = load(tmp_path, study={"boundaries": {"fabric": None}})
    for frame in (study.districts, study.demand, study.candidates, study.responses):
        assert frame["fabric"].isna().all()


@given(edge=st.integers(1, 19).map(lambda n: n * 100))
@settings(max_examples=8, deadline=None)
def test_overlay_conserves_people(tmp_path_factory: pytest.TempPathFactory, edge: int) -> None:
    # Enumeration: people of squares 1 and 2 live evenly, so widths tell how many.
    folder = tmp_path_factory.mktemp("fabric")
    path = city.write_city(folder, study={"fabric": {"path": "fabric.gpkg", "field": "kind"}})
    fabric_layer(folder, edge)
    south = load_study(path).demand.query("district_id in ['1', '2']")
    historic = south.loc[south["fabric"] == "historic", "population"].sum()
    assert historic == pytest.approx(min(edge, 1000) + 2 * max(edge - 1000, 0))
    assert south["population"].sum() == pytest.approx(3000)


def test_test_value_defaults_to_the_middle_of_the_scale(tmp_path: Path) -> None:
    wide = city.INSTRUMENT.replace("max = 5", "max = 7")
    assert load(tmp_path, instrument=wide).options.test_value == 4.0
    assert load(tmp_path, study={"analysis": {"test_value": 3.5}}).options.test_value == 3.5


def test_catchment_defaults_to_the_standard(tmp_path: Path) -> None:
    assert load(tmp_path).options.catchment == 500.0
    assert load(tmp_path, study={"access": {"catchment": 900}}).options.catchment == 900.0


@pytest.mark.parametrize(
    ("study", "words"),
    [
        ({"siting": {"p": 17}}, ['"p"', "17 new sites", "at most 16"]),
        ({"analysis": {"test_value": 9}}, ["test_value", "9", "1 to 5"]),
        ({"access": {"measure": "streets", "unit": "min"}}, ["measure", "streets"]),
        ({"access": {"measure": "straight", "unit": "min"}}, ["unit", "min"]),
    ],
)
def test_option_that_cannot_be_met_is_named(
    study: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    text = "\n".join(faults(tmp_path, study=study))
    assert "study.toml" in text
    for word in words:
        assert word in text


def test_faults_of_all_files_come_in_one_error(tmp_path: Path) -> None:
    cells = city.population()
    cells[0, 0] = -1
    services = city.services().assign(capacity=[-1, 2, 3])
    answers = city.responses().astype({"network": object})
    answers.loc[3, "network"] = 9
    lines = city.streets()
    lines.loc[5, "minutes"] = 0
    found = faults(tmp_path, population=cells, services=services, responses=answers, streets=lines)
    assert [fact.partition(",")[0] for fact in found] == [
        "responses.csv",
        "services.csv",
        "population.tif",
        "streets.gpkg",
    ]


def test_broken_districts_do_not_hide_other_missing_files(tmp_path: Path) -> None:
    frame = city.districts().assign(district_id=["1", "1", "3", "4"])
    path = city.write_city(tmp_path, districts=frame)
    (tmp_path / "services.csv").unlink()
    (tmp_path / "instrument.toml").write_text("schema = 1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_study(path)
    sources = [fault.source for fault in caught.value.faults]
    assert {"districts.geojson", "services.csv", "instrument.toml"} == set(sources)
    assert len(sources) == len(set(caught.value.faults))


def test_boundaries_of_the_wrong_zone_are_blamed_themselves(tmp_path: Path) -> None:
    frame = city.districts().set_crs("EPSG:32639", allow_override=True)
    found = faults(tmp_path, districts=frame, study={"study": {"crs": None}})
    assert found[0].startswith('districts.geojson, field "crs"')
    assert "none of services.csv, population.tif lies" in found[0]


def test_one_layer_elsewhere_does_not_blame_the_boundaries(tmp_path: Path) -> None:
    path = city.write_city(tmp_path)
    city.write_raster(tmp_path / "population.tif", city.population(), crs="EPSG:32639")
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert [fault.source for fault in caught.value.faults] == ["population.tif"]


def test_layers_of_different_crs_meet_in_the_working_one(tmp_path: Path) -> None:
    # Web mercator services, boundaries in degrees, a working CRS that is the city's zone.
    path = city.write_city(
        tmp_path,
        districts=city.districts().to_crs(4326),
        study={
            "study": {"crs": None},
            "services": {"path": "k.gpkg", "x": None, "y": None, "crs": None},
        },
    )
    table = city.services()
    points = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326
    )
    points.to_crs(3857).to_file(tmp_path / "k.gpkg")
    study = load_study(path)
    assert study.crs == CRS(city.CRS)
    assert study.services["district_id"].tolist() == ["1", "4", "2"]
    np.testing.assert_allclose(study.districts.area, 1e6, rtol=1e-6)
    moved = [repair.source for repair in study.repairs if repair.kind == "reprojected"]
    assert moved == ["districts.geojson", "k.gpkg"]


def test_shipped_study_loads_with_its_published_people() -> None:
    # Census 1395 of the ten districts: 1,593,373 (data/README.md gives the source).
    study = load_study(SHIPPED)
    assert len(study.districts) == 10
    assert study.demand["population"].sum() == pytest.approx(1_593_373, abs=0.5)
    assert study.demand["district_id"].notna().all()
    assert study.synthetic
    assert len(study.responses) == 182
    assert study.streets is not None


def test_generated_candidates_never_share_an_id_with_a_service(tmp_path: Path) -> None:
    first = load(tmp_path / "before").candidates.index[0]
    services = city.services().assign(service_id=[first, "s0002", "k3"])
    study = load(tmp_path / "after", services=services)
    assert study.candidates.index[0] == f"new-{first}"
    assert study.candidates.index.name == "site_id"
    assert study.candidates.index.intersection(study.services.index).empty


def test_given_candidates_with_the_id_of_a_service_are_a_fault(tmp_path: Path) -> None:
    lon, lat = city.lonlat(700, 700)
    (tmp_path / "sites.csv").write_text(f"id,lon,lat\nk1,{lon},{lat}\n", encoding="utf-8")
    given = {"path": "sites.csv", "id": "id", "x": "lon", "y": "lat", "crs": "EPSG:4326"}
    (fact,) = faults(tmp_path, study={"candidates": {**given, "spacing": None}})
    assert "sites.csv" in fact
    assert "1 ids that services have: 'k1'" in fact
