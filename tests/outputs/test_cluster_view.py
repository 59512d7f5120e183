"""Clusters of districts on the map and on the page: what is drawn is what was found."""

from __future__ import annotations

import numpy as np
import pytest

from ecity_geo.findings import Findings
from ecity_geo.outputs import maps, report
from ecity_geo.outputs.brief_spread import spread
from ecity_geo.outputs.cluster_view import COLOURS, cluster_view, clusters
from ecity_geo.outputs.tables import tables
from outputs.factory import make_findings

FOUND = ["low-low", "high-high", "none", "low-low", "low-high", np.nan]


def clustered() -> Findings:
    districts = make_findings().districts
    return make_findings(districts=districts.assign(cluster=FOUND))


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_colours_are_those_of_the_clusters_and_all_in_the_legend(lang: str) -> None:
    view = cluster_view(clustered(), lang)
    assert list(view.fills) == [COLOURS.get(each) for each in FOUND]
    assert {item.colour for item in view.legend.items if item.kind == "area"} == {
        fill for fill in view.fills if fill
    }
    assert view.legend.items[-1].kind == "missing"
    labels = [item.label for item in view.legend.items]
    assert set(view.values) == set(labels)
    assert len(set(labels)) == len(labels)


def test_only_a_city_of_many_districts_has_the_view() -> None:
    assert clusters(make_findings()) is None
    for findings, count in ((make_findings(), 2), (clustered(), 3)):
        sheet = maps.coverage_map(findings, "en").sheet
        assert len(sheet.views) == count
        heads = [getattr(each, "label", each) for each in sheet.tables[0].columns]
        assert ("Cluster" in heads) == (count == 3)


def test_page_names_the_districts_of_low_coverage_and_the_method() -> None:
    assert (
        "Low coverage clusters in District 1 and District 4, and" in spread(clustered(), "en")[-1]
    )
    (told,) = [
        m.text for m in report.methods(clustered(), "en") if m.title == "Shares and patterns"
    ]
    assert "local Moran's I" in told
    (untold,) = [
        m.text for m in report.methods(make_findings(), "en") if m.title == "Shares and patterns"
    ]
    assert untold.endswith("from 20 districts on.")


def test_table_has_the_cluster_of_each_district() -> None:
    assert tables(clustered())["districts"]["cluster"].tolist()[:5] == FOUND[:5]
    assert tables(make_findings())["districts"]["cluster"].isna().all()
