"""The whole analysis on four squares whose answers can be done in the head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import city
import ecity_geo
from ecity_geo.errors import AnalysisError
from ecity_geo.findings import Findings
from ecity_geo.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return ecity_geo.load_study(city.write_city(tmp_path_factory.mktemp("city")))


@pytest.fixture(scope="module")
def findings(study: Study) -> Findings:
    return ecity_geo.analyse(study)


def cells_within(radius: float) -> int:
    """Cells of a square whose centre lies within a radius of the square's centre."""
    steps = np.arange(-450, 451, 100.0)
    return int((np.hypot(*np.meshgrid(steps, steps)) <= radius).sum())


def test_population_is_that_of_the_raster(findings: Findings) -> None:
    assert findings.districts["population"].to_dict() == pytest.approx(city.PEOPLE)
    assert findings.city["population"] == pytest.approx(10_000)
    assert findings.city["population_outside"] == 0
    assert findings.districts["area_km2"].tolist() == pytest.approx([1, 1, 1, 1])


def test_readiness_is_what_they_answered(findings: Findings) -> None:
    assert findings.districts["readiness"].to_dict() == city.ANSWER
    assert findings.districts["readiness_n"].tolist() == [10, 10, 10, 10]
    assert findings.city["readiness"] == pytest.approx(np.mean(list(city.ANSWER.values())))
    assert findings.fabrics["readiness"].to_dict() == {
        city.FABRIC[d]: city.ANSWER[d] for d in city.PEOPLE
    }


def test_covered_share_counts_the_cells_around_the_open_kiosks(findings: Findings) -> None:
    share = cells_within(500) / 100
    covered = findings.districts["covered_share"].to_dict()
    assert covered == pytest.approx({"1": share, "2": 0, "3": 0, "4": share})
    assert findings.city["covered_share"] == pytest.approx(share * 5000 / 10_000)
    assert findings.city["people_uncovered"] == pytest.approx(10_000 - share * 5000)


def test_services_per_ten_thousand(findings: Findings) -> None:
    per_10k = findings.districts["services_per_10k"].to_dict()
    assert per_10k == pytest.approx({"1": 10, "2": 0, "3": 0, "4": 2.5})
    assert findings.districts["services_planned"].to_dict() == {"1": 0, "2": 1, "3": 0, "4": 0}


def test_access_adds_up_to_the_capacity_of_the_open_kiosks(findings: Findings) -> None:
    people = findings.demand["population"] * findings.demand["access_per_1000"] / 1000
    assert people.sum() == pytest.approx(100 + 200)


def test_gap_classes_follow_readiness_and_coverage(findings: Findings) -> None:
    # Readiness 4, 2, 3, 5 against 3; coverage 80 %, 0, 0, 80 % against 80 %.
    assert cells_within(500) == 80
    assert findings.districts["gap_class"].to_dict() == {
        "1": "neither",
        "2": "both",
        "3": "coverage",
        "4": "neither",
    }
    assert findings.city["people_both"] == pytest.approx(2000)
    assert findings.districts.loc["2", "gap_index"] == pytest.approx(np.sqrt(3 / 4))


def test_new_kiosk_goes_where_most_are_out_of_reach(findings: Findings) -> None:
    # District 2 has the planned kiosk; 3 has three thousand people and nothing.
    best = findings.sites.set_index("model").loc["mclp"]
    assert best["district_id"] == "3"
    assert best["added"] <= 0.8 * 3000
    plan = findings.plans["mclp"]
    standing = 0.8 * (1000 + 4000 + 2000)
    assert plan.objective == pytest.approx(standing + best["added"])
    assert plan.status == "optimal"
    after = findings.city["covered_share_planned"]
    assert after == pytest.approx(plan.objective / 10_000)


def test_ranking_holds_the_best_district_first(findings: Findings) -> None:
    table = findings.ranking.table
    # Readiness 2/3, coverage and access the best: 8/9. District 4: 1, 1 and half the access.
    assert table["score"].to_dict() == pytest.approx({"1": 8 / 9, "4": 5 / 6, "3": 1 / 9, "2": 0})
    assert table["rank"].tolist() == sorted(table["rank"])
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    # All respondents of a district agree, so resampling them changes nothing.
    assert (table["rank_low"] == table["rank_high"]).all()


def test_every_district_table_is_indexed_by_district(findings: Findings, study: Study) -> None:
    assert findings.districts.index.equals(study.districts.index)
    assert set(findings.ranking.table.index) == set(study.districts.index)
    assert findings.districts.crs == study.crs


def test_same_study_gives_the_same_findings(findings: Findings, study: Study) -> None:
    again = ecity_geo.analyse(study)
    pd.testing.assert_frame_equal(again.ranking.table, findings.ranking.table)
    pd.testing.assert_frame_equal(
        again.sites.drop(columns="geometry"), findings.sites.drop(columns="geometry")
    )


def test_shuffled_districts_change_nothing_but_the_order(study: Study, findings: Findings) -> None:
    shuffled = replace(study, districts=study.districts.sample(frac=1, random_state=1))
    again = ecity_geo.analyse(shuffled).districts.loc[findings.districts.index]
    columns = ["population", "readiness", "covered_share", "gap_index", "rank", "score"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(again[columns]), pd.DataFrame(findings.districts[columns])
    )


def test_without_models_there_are_no_sites(study: Study) -> None:
    bare = ecity_geo.analyse(replace(study, options=replace(study.options, models=())))
    assert bare.plans == {}
    assert bare.sites.empty
    assert bare.districts["covered_share_planned"].equals(bare.districts["covered_share"])


def test_no_open_service_is_an_error_with_its_cure(study: Study) -> None:
    closed = replace(study, services=study.services.assign(status="planned"))
    with pytest.raises(AnalysisError, match="no open service"):
        ecity_geo.analyse(closed)


def test_walking_along_streets_covers_what_the_grid_says(tmp_path: Path) -> None:
    findings = ecity_geo.analyse(ecity_geo.load_study(city.write_city(tmp_path, streets=True)))
    # Three minutes along streets reach no farther than 3 x 250 m.
    reached = findings.demand["cost"] <= 3
    straight = ecity_geo.analyse(ecity_geo.load_study(city.write_city(tmp_path / "straight")))
    assert (straight.demand.loc[reached, "cost"] <= 750).all()
    assert 0 < findings.city["covered_share"] < 1


def test_stages_are_told_in_order(study: Study) -> None:
    told: list[str] = []
    ecity_geo.analyse(study, progress=told.append)
    assert told == ["readiness", "access", "siting", "ranking"]


def test_half_of_the_people_hold_none_where_half_the_cells_reach_nothing(
    findings: Findings,
) -> None:
    # By the definition of the Lorenz curve, from the cells sorted by what they have.
    cells = findings.demand.sort_values("access_per_1000")
    people = cells["population"].cumsum() / cells["population"].sum()
    held = (cells["population"] * cells["access_per_1000"]).cumsum()
    expected = np.interp(0.5, [0, *people], [0, *(held / held.iloc[-1])])
    assert findings.city["lower_half"] == pytest.approx(expected)


def test_clusters_are_not_told_of_four_districts(findings: Findings) -> None:
    assert np.isnan([findings.city["moran_i"], findings.city["moran_p"]]).all()
