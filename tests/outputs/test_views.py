"""Views: the colour, the text and the legend of each district agree with the findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecity_geo.outputs import palette
from ecity_geo.outputs.layers import PeopleGrid
from ecity_geo.outputs.people import (
    COVER_COLOURS,
    coverage_view,
    covered_by,
    share_after,
    siting_view,
    whole_percents,
)
from ecity_geo.outputs.views import district_view, plain, readiness_measures, readiness_texts
from outputs.factory import COVERED_PLANNED, PEOPLE, make_findings

MEASURES = [
    "readiness",
    "readiness_technical",
    "readiness_people",
    "covered_share",
    "covered_share_planned",
    "gap_class",
    "gap_index",
    "score",
]


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("measure", MEASURES)
def test_every_district_has_a_colour_and_a_text(measure: str, lang: str) -> None:
    view = district_view(make_findings(), measure, lang)
    assert len(view.fills) == len(view.values) == 6
    assert all(view.values)
    in_legend = {item.colour for item in view.legend.items if item.kind == "area"}
    assert {fill for fill in view.fills if fill} <= in_legend


@pytest.mark.parametrize("measure", MEASURES)
def test_missing_figures_are_hatched_and_in_the_legend(measure: str) -> None:
    findings = make_findings()
    view = district_view(findings, measure, "en")
    values = findings.districts[measure]
    missing = (values == "unknown") if measure == "gap_class" else values.isna()
    assert [fill is None for fill in view.fills] == missing.tolist()
    assert any(item.kind == "missing" for item in view.legend.items) == missing.any()


@pytest.mark.parametrize(
    ("measure", "worst_is_high"),
    [("readiness", False), ("covered_share", False), ("gap_index", True), ("score", False)],
)
def test_darker_is_worse_on_every_map(measure: str, worst_is_high: bool) -> None:
    findings = make_findings()
    values = findings.districts[measure].to_numpy(dtype=float)
    order = np.argsort(-values if worst_is_high else values)
    fills = district_view(findings, measure, "en").fills
    places = [palette.VIRIDIS.index(fills[n]) for n in order if fills[n] is not None]  # type: ignore[arg-type]
    assert places == sorted(places)
    assert len(set(places)) > 1


def test_constructs_share_their_classes() -> None:
    findings = make_findings()
    legends = [
        [item.label for item in district_view(findings, measure, "en").legend.items]
        for measure in ("readiness_technical", "readiness_people")
    ]
    assert legends[0] == legends[1]
    assert legends[0] != [i.label for i in district_view(findings, "readiness", "en").legend.items]


def test_unknown_measure_is_refused_with_what_there_is() -> None:
    with pytest.raises(
        ValueError, match=r"no measure 'rainfall'; there are readiness, .*gap_class"
    ):
        district_view(make_findings(), "rainfall", "en")


def test_suppressed_readiness_tells_its_reason_and_no_number() -> None:
    texts = readiness_texts(make_findings(), "overall", "en")
    assert texts[0] == "3.40 (3.20 to 3.60)"
    assert texts[3:] == [
        "fewer than 5 answered",
        "withheld, so that no small group can be worked out",
        "nobody answered",
    ]


def test_persian_texts_have_persian_digits_only() -> None:
    for measure in readiness_measures(make_findings()).values():
        for text in readiness_texts(make_findings(), measure, "fa"):
            assert not set(text) & set("0123456789")


def test_shares_of_the_gap_classes_are_of_people() -> None:
    view = district_view(make_findings(), "gap_class", "en")
    amounts = [item.amount for item in view.legend.items]
    # d1 1000 neither, d2 2000 both, d3 3000 readiness, 9000 of 15,000 unknown.
    assert amounts == ["13%", "0%", "20%", "7%", "60%"]


def test_covered_share_has_five_fixed_classes() -> None:
    view = district_view(make_findings(), "covered_share", "en")
    assert [item.label for item in view.legend.items] == [
        "80% to 100%",
        "60% to 80%",
        "40% to 60%",
        "20% to 40%",
        "0% to 20%",
        "nobody lives there",
    ]
    assert view.values == ("100%", "50%", "0%", "25%", "75%", "no data")


def test_people_are_coloured_by_their_travel() -> None:
    findings = make_findings()
    view = coverage_view(findings, PeopleGrid(findings.demand), "en")
    # 6 minutes against a standard of 15 lies in the first half; 21 in the third class.
    expected = np.searchsorted([7.5, 15, 22.5, 30], findings.demand["cost"], side="left")
    assert view.cells == tuple(expected)
    assert set(view.fills) == {""}
    labels = [(item.kind, item.label) for item in view.legend.items]
    assert labels[0] == ("heading", "Within the standard")
    assert labels[-1] == ("dot", "over 30 minutes, or no way at all")


def test_a_home_at_the_standard_is_within_it() -> None:
    findings = make_findings()
    demand = findings.demand.assign(cost=15.0)
    view = coverage_view(replace(findings, demand=demand), PeopleGrid(demand), "en")
    assert set(view.cells) == {1}


def test_amounts_of_travel_add_up_to_the_covered_share() -> None:
    findings = make_findings()
    view = coverage_view(findings, PeopleGrid(findings.demand), "en")
    shares = [int(item.amount.rstrip("%")) for item in view.legend.items if item.amount]
    people = findings.demand["population"]
    covered = (people * findings.demand["covered"]).sum() / people.sum()
    assert sum(shares[:2]) == pytest.approx(100 * covered, abs=1)
    assert sum(shares) == pytest.approx(100, abs=2)


def test_people_are_sorted_by_what_covers_them() -> None:
    findings = make_findings()
    classes = covered_by(findings, "mclp")
    assert (classes[findings.demand["covered"]] == 0).all()
    third = (findings.demand["district_id"] == "3").to_numpy()
    # In district 3 the planned kiosk reaches two homes, the plan a third one.
    assert classes[third].tolist() == [1, 1, 2, 3]


def test_share_after_counts_planned_and_new_services() -> None:
    findings = make_findings()
    after = share_after(findings, covered_by(findings, "mclp"))
    assert after.tolist() == pytest.approx(COVERED_PLANNED, nan_ok=True)
    together = (after * PEOPLE).sum() / sum(PEOPLE)
    assert together == pytest.approx(findings.city["covered_share_planned"])


def test_planned_services_do_not_count_where_the_plan_leaves_them_out() -> None:
    findings = make_findings()
    plan = findings.plans["mclp"]
    alone = replace(plan, existing=plan.existing.drop("k4"))
    assert 1 not in covered_by(replace(findings, plans={"mclp": alone}), "mclp")


def test_siting_view_shows_its_own_sites() -> None:
    findings = make_findings()
    grid = PeopleGrid(findings.demand)
    classes = covered_by(findings, "p_median")
    view = siting_view(findings, grid, "p_median", classes, "en")
    assert view.groups == ("sites_p_median",)
    assert view.colours == COVER_COLOURS
    assert view.cells == tuple(classes)
    assert view.values[2] == "0% today, 75% with the new sites"


@pytest.mark.parametrize(
    ("value", "written"), [(15.0, "15"), (7.5, "7.5"), (2.25, "2.25"), (1000.0, "1,000")]
)
def test_plain_number_has_the_decimals_it_needs(value: float, written: str) -> None:
    assert plain(value, "en") == written


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda each: sum(each) > 1e-3),
    st.integers(0, 8),
)
def test_percentages_of_a_legend_add_up_to_what_the_headline_says(
    weights: list[float], split: int
) -> None:
    shares = [each / sum(weights) for each in weights]
    end = min(split, len(shares))
    rounded = whole_percents(shares, (end, len(shares)))
    assert len(rounded) == len(shares)
    for given_, kept in zip(shares, rounded, strict=True):
        assert abs(given_ - kept) < 0.02


def test_a_legend_adds_up_to_its_headline() -> None:
    # 14.4 and 44.4 are 58.8, which a headline writes as 59.
    shares = [0.144, 0.444, 0.206, 0.106, 0.1]
    rounded = [round(100 * each) for each in whole_percents(shares, (2, 5))]
    assert sum(rounded[:2]) == 59
    assert sum(rounded) == 100
    assert whole_percents([0.001, 0.999], (2,))[0] == pytest.approx(0.001)
