"""Popups: each row is a figure of the findings, and a name is never empty."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from ecity_geo.inputs.sections import Label
from ecity_geo.outputs import popups
from ecity_geo.outputs.people import covered_by, share_after
from ecity_geo.outputs.places import fabric_lines, place_layers, service_marks, type_shapes
from ecity_geo.outputs.places import site_marks as all_site_marks
from outputs.factory import HOSTILE, make_findings


def test_readiness_popup_names_every_construct_and_n() -> None:
    assert popups.readiness_rows(make_findings(), "en")[0] == [
        ("Readiness", "3.40 (3.20 to 3.60)"),
        ("Technical infrastructure", "3.70 (3.50 to 3.90)"),
        ("People", "3.10 (2.90 to 3.30)"),
        ("Respondents", "20"),
        ("People", "1,000"),
        ("Main fabric", "Planned"),
    ]


def test_suppressed_district_shows_its_reason_once_and_no_count() -> None:
    rows = popups.readiness_rows(make_findings(), "en")[3]
    assert rows[0] == ("Readiness", "fewer than 5 answered")
    assert [label for label, value in rows if not value] == ["Technical infrastructure", "People"]
    assert rows[3] == ("Respondents", "too few to show")
    assert not any("3.4" in value or "2.8" in value for _, value in rows)


def test_coverage_popup_holds_the_district_figures() -> None:
    rows = dict(popups.coverage_rows(make_findings(), "en")[1])
    assert rows["Covered share"] == "50%"
    assert rows["People not covered today"] == "1,000"
    assert rows["Mean travel"] == "16.0 minutes"
    assert rows["Open services per 10,000 people"] == "5.00"


def test_unpeopled_district_has_no_data_instead_of_numbers() -> None:
    rows = dict(popups.coverage_rows(make_findings(), "en")[5])
    assert rows["Covered share"] == rows["Mean travel"] == "no data"


def test_gap_popup_holds_class_and_rank_with_its_interval() -> None:
    rows = dict(popups.gap_rows(make_findings(), "en")[1])
    assert rows["Kind of gap"] == "low readiness and low coverage"
    assert rows["Rank"] == "3 (2 to 3)"
    assert dict(popups.gap_rows(make_findings(), "en")[4])["Rank"] == "no data"


def test_siting_popup_compares_before_and_after_by_model() -> None:
    findings = make_findings()
    after = {m: share_after(findings, covered_by(findings, m)) for m in findings.plans}
    rows = dict(popups.siting_rows(findings, after, "en")[2])
    assert rows["Covered today"] == "0%"
    assert rows["Covered with Maximal covering"] == rows["Covered with p-median"] == "75%"


@pytest.mark.parametrize(
    ("fa", "en", "lang", "name"),
    [
        ("یک", "One", "fa", "یک"),
        ("یک", "One", "en", "One"),
        ("", "One", "fa", "\u2068One\u2069"),
        (None, None, "en", "7"),
        ("  ", " ", "fa", "7"),
        (float("nan"), "One", "en", "One"),
    ],
)
def test_a_place_always_has_a_name(fa: object, en: object, lang: str, name: str) -> None:
    assert popups.place_name(pd.Series({"name_fa": fa, "name_en": en}, name="7"), lang) == name


def test_direction_controls_of_a_name_are_gone() -> None:
    row = pd.Series({"name_fa": "", "name_en": "\u202egnp.txt"}, name="7")
    assert popups.place_name(row, "en") == "gnp.txt"


@pytest.mark.parametrize(
    ("names", "shorts"),
    [
        (["District 1", "District 2"], ["1", "2"]),
        (["منطقه ۱", "منطقه ۲"], ["۱", "۲"]),
        (["North", "South"], ["North", "South"]),
        (["Old Town", "Old"], ["Old Town", "Old"]),
        (["Alone here"], ["Alone here"]),
        (["Ward 1", "Ward 1"], ["1", "1"]),
        ([], []),
    ],
)
def test_short_names_leave_out_what_all_begin_with(names: list[str], shorts: list[str]) -> None:
    assert popups.short_names(names) == shorts


def test_labels_come_from_the_study_then_the_catalogue_then_the_word() -> None:
    study = make_findings().study
    assert popups.fabric_label(study, "informal", "en") == "Informal"
    assert popups.fabric_label(study, "historic", "en") == "Historic"
    assert popups.fabric_label(study, "garden", "en") == "garden"
    assert popups.fabric_label(study, None, "en") == "no data"
    assert popups.type_label(study, "kiosk", "fa") == "کیوسک"
    assert popups.type_label(study, "post_office", "en") == "post office"


def test_service_popup_says_whom_it_reaches() -> None:
    marks = service_marks(make_findings(), "en")
    assert marks[0]["layer"] == "open"
    assert marks[3]["layer"] == "planned"
    assert dict(marks[0]["rows"])["People within 15 minutes"] == "1,000"
    assert "Capacity" not in dict(marks[2]["rows"])
    assert [mark["open"] for mark in marks] == [True, True, True, False]


def test_types_have_shapes_the_commonest_first() -> None:
    findings = make_findings()
    assert type_shapes(findings.study) == {"kiosk": "circle", "post_office": "square"}
    many = findings.services.sample(n=8, replace=True, random_state=1)
    many = many.assign(type=[f"t{n}" for n in range(8)])
    shapes = type_shapes(replace(findings.study, services=many))
    assert list(shapes) == [f"t{n}" for n in range(8)]
    assert len(set(shapes.values())) == 5


def test_types_beyond_the_shapes_share_a_legend_line() -> None:
    findings = make_findings()
    many = findings.services.sample(n=8, replace=True, random_state=1)
    many = many.assign(type=[f"t{n}" for n in range(8)], status="open")
    crowded = replace(findings, services=many, study=replace(findings.study, services=many))
    layer = place_layers(crowded, "en", services=True, shown=True, fabric=False)[0]
    assert [item.label for item in layer.items] == ["t0", "t1", "t2", "t3", "Other types"]
    assert [item.amount for item in layer.items] == ["1", "1", "1", "1", "4"]


def test_sites_say_what_they_add_in_the_terms_of_their_model() -> None:
    marks = all_site_marks(make_findings(), "en")
    assert [mark["text"] for mark in marks] == ["1", "2", "1"]
    assert marks[0]["name"] == "New site 1: Station one"
    assert marks[1]["name"] == "New site 2"
    assert dict(marks[0]["rows"])["People it adds to those covered"] == "2,250"
    # 30,000 person-minutes over 15,000 people; a fifth of them are its own.
    assert dict(marks[2]["rows"])["Travel it saves, minutes per person"] == "2.00"
    assert dict(marks[2]["rows"])["People for whom it is the nearest"] == "3,000"


def test_of_many_sites_only_the_foremost_are_told_apart() -> None:
    findings = make_findings()
    many = findings.sites.iloc[[0] * 30].assign(order=range(1, 31), model="mclp")
    marks = all_site_marks(replace(findings, sites=many), "en")
    assert [bool(mark.get("minor")) for mark in marks] == [False] * 25 + [True] * 5


def test_fabric_is_outlined_from_the_districts_where_it_has_no_layer() -> None:
    lines = fabric_lines(make_findings(), "en")
    names = sorted(line["properties"]["name"] for line in lines)
    assert names == ["Historic", "Informal", "Planned", "Planned", "Rural"]


def test_a_study_without_fabric_has_no_outlines() -> None:
    findings = make_findings()
    bare = replace(findings.study, districts=findings.study.districts.assign(fabric=None))
    assert fabric_lines(replace(findings, study=bare), "en") == ()


def test_hostile_fabric_stays_one_plain_string() -> None:
    study = make_findings().study
    odd = replace(
        study, options=replace(study.options, fabric_labels={"x": Label(fa="", en=HOSTILE[0])})
    )
    assert popups.fabric_label(odd, "x", "en") == HOSTILE[0]


@pytest.mark.parametrize(
    ("name", "lang", "shown"),
    [
        ("منطقهٔ 12", "fa", "منطقهٔ ۱۲"),
        ("District 12", "fa", "\u2068District 12\u2069"),
        ("12", "fa", "12"),
        ("District 12", "en", "District 12"),
    ],
)
def test_digits_of_a_persian_name_are_persian(name: str, lang: str, shown: str) -> None:
    row = pd.Series({"name_fa": name, "name_en": name}, name="12")
    assert popups.place_name(row, lang) == shown
