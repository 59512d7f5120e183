"""Catchments on the siting map: they hold those whom they say they hold, and nobody else."""

from __future__ import annotations

import pytest

from ecity_geo.outputs import maps
from ecity_geo.outputs.catchments import catchment_areas, catchment_lines, nearest_site
from ecity_geo.outputs.layers import PeopleGrid
from outputs.factory import make_findings


def test_a_catchment_holds_the_homes_that_its_site_is_nearest_to_and_no_other() -> None:
    findings = make_findings()
    areas = catchment_areas(findings, PeopleGrid(findings.demand))
    assert areas[["model", "order", "site_id"]].to_numpy().tolist() == [
        ["mclp", 1, "s1"],
        ["mclp", 2, "s2"],
        ["p_median", 1, "s2"],
    ]
    for area in areas.itertuples():
        within = findings.demand.geometry.within(area.geometry)
        nearest = findings.served[area.model]["facility_id"] == area.site_id
        assert within.tolist() == nearest.tolist()
        assert area.geometry.is_valid


def test_catchments_are_shown_with_the_sites_of_their_model() -> None:
    findings = make_findings()
    lines = catchment_lines(catchment_areas(findings, PeopleGrid(findings.demand)))
    assert [line["properties"]["group"] for line in lines] == [
        *("sites_mclp", "sites_mclp", "sites_p_median"),
    ]
    sheet = maps.siting_map(findings, "en").sheet
    assert sheet.outlines == lines
    assert "catchments" in [layer.id for layer in sheet.layers]
    assert not maps.coverage_map(findings, "en").sheet.outlines


def test_older_services_have_no_number() -> None:
    findings = make_findings()
    third = findings.demand["district_id"] == "3"
    fourth = findings.demand["district_id"] == "4"
    classes = nearest_site(findings, "mclp")
    assert set(classes[third]) == {2}
    assert set(classes[fourth]) == {1}
    assert set(classes[~third & ~fourth]) == {0}


@pytest.mark.parametrize("kind", ["plans", "far"])
def test_without_people_there_is_no_catchment(kind: str) -> None:
    findings = make_findings()
    if kind == "plans":
        bare = make_findings(plans={}, sites=findings.sites.iloc[:0])
    else:
        nobody = findings.served["mclp"].assign(facility_id="k1")
        bare = make_findings(served=dict.fromkeys(findings.plans, nobody))
    areas = catchment_areas(bare, PeopleGrid(bare.demand))
    assert areas.empty
    assert areas.crs == findings.study.crs
    layers = [layer.id for layer in maps.siting_map(bare, "en").sheet.layers]
    assert "catchments" not in layers
