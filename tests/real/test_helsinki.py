"""The whole job on real streets and service points: a part of Helsinki.

The extract (OpenStreetMap contributors, ODbL) lies beside the checkout where there is one. The
three districts are drawn over it by hand, and the people and answers are made up.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

import city
import ecity_geo
from ecity_geo.findings import Findings
from ecity_geo.outputs.write import write_outputs

EXTRACT = Path(__file__).parents[3] / "shared" / "data" / "helsinki_roads" / "Helsinki.osm.pbf"

pytestmark = pytest.mark.skipif(not EXTRACT.exists(), reason="the extract is not beside this clone")

WEST, SOUTH, EAST, NORTH = 24.936, 60.1645, 24.953, 60.1785


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("helsinki")
    thirds = np.linspace(WEST, EAST, 4)
    districts = gpd.GeoDataFrame(
        {
            "code": ["kamppi", "keskusta", "kruununhaka"],
            "fa": ["کامپی", "مرکز", "کرونونهاکا"],
            "en": ["Kamppi", "Centre", "Kruununhaka"],
        },
        geometry=[box(w, SOUTH, e, NORTH) for w, e in pairwise(thirds)],
        crs="EPSG:4326",
    )
    districts.to_file(folder / "districts.gpkg", driver="GPKG")
    rng = np.random.default_rng(60)
    homes = gpd.GeoDataFrame(
        {"persons": rng.integers(1, 40, 300)},
        geometry=[
            Point(x, y)
            for x, y in zip(
                rng.uniform(WEST, EAST, 300), rng.uniform(SOUTH, NORTH, 300), strict=True
            )
        ],
        crs="EPSG:4326",
    )
    homes.to_file(folder / "homes.gpkg", driver="GPKG")
    answers = pd.DataFrame(rng.integers(1, 6, (60, 4)), columns=list(city.ITEMS))
    answers.insert(0, "who", [f"p{i}" for i in range(60)])
    answers.insert(1, "where", np.tile(["Kamppi", "Centre", "KRUUNUNHAKA"], 20))
    answers.to_csv(folder / "answers.csv", index=False, sep=";")
    (folder / "instrument.toml").write_text(city.INSTRUMENT, encoding="utf-8")
    return city.write_toml(
        folder / "study.toml",
        {
            "study": {"id": "helsinki", "name": {"fa": "هلسینکی", "en": "Helsinki"}},
            "boundaries": {
                "path": "districts.gpkg",
                "id": "code",
                "name_fa": "fa",
                "name_en": "en",
            },
            "survey": {
                "path": "answers.csv",
                "instrument": "instrument.toml",
                "respondent": "who",
                "district": "where",
                "district_by": "name",
            },
            "services": {
                "path": str(EXTRACT),
                "tags": {"amenity": ["townhall", "post_office", "bank", "library"]},
            },
            "population": {"path": "homes.gpkg", "count": "persons"},
            "streets": {"path": str(EXTRACT), "mode": "walk"},
            "candidates": {"spacing": 150},
            "access": {"measure": "streets", "unit": "min", "standard": 4},
            "siting": {"p": 2},
        },
    )


@pytest.fixture(scope="module")
def findings(study_file: Path) -> Findings:
    return ecity_geo.analyse(ecity_geo.load_study(study_file))


def test_working_crs_is_the_utm_zone_of_helsinki(findings: Findings) -> None:
    assert findings.study.crs.to_epsg() == 32635


def test_services_are_the_points_that_gdal_finds(findings: Findings) -> None:
    import pyogrio

    points = pyogrio.read_dataframe(EXTRACT, layer="points", read_geometry=False)
    tags = points["other_tags"].fillna("")
    wanted = tags.str.contains(r'"amenity"=>"(?:townhall|post_office|bank|library)"', regex=True)
    # Building outlines may add to the points, never take away.
    assert len(findings.services) >= wanted.sum() > 10


def test_walking_is_never_faster_than_the_crow(findings: Findings) -> None:
    walk = findings.costs.to_frame()
    for service in findings.services.index[:5]:
        metres = findings.demand.distance(findings.services.geometry[service])
        assert (walk[service] >= metres / 80 - 1e-6).all()


def test_everybody_is_counted_once(findings: Findings) -> None:
    inside = findings.demand["district_id"].notna()
    assert findings.districts["population"].sum() == pytest.approx(
        findings.demand.loc[inside, "population"].sum()
    )
    for tally in findings.study.tallies:
        assert tally.read == tally.matched + tally.unmatched + tally.rejected


def test_new_sites_never_lower_coverage(findings: Findings) -> None:
    assert findings.city["covered_share_planned"] >= findings.city["covered_share"]
    assert len(findings.plans["mclp"].sites) == 2


def test_outputs_are_written(findings: Findings, tmp_path: Path) -> None:
    written = write_outputs(findings, tmp_path / "maps")
    names = {path.name for path in written}
    assert {"index.html", "siting.fa.html", "study.gpkg", "run.json", "ranking.csv"} <= names
