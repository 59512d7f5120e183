"""Sentences hold for any city: what is not known is not said to be none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import city
import ecity_geo
from ecity_geo.findings import Findings
from ecity_geo.outputs import brief, maps
from ecity_geo.outputs.qgis import styles
from ecity_geo.outputs.views import district_view

Make = Callable[..., Findings]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(**changes: object) -> Findings:
        return ecity_geo.analyse(ecity_geo.load_study(city.write_city(tmp_path, **changes)))

    return make


def said(findings: Findings) -> str:
    return "\n".join(brief.sentences(findings, "en"))


def test_suppressed_readiness_is_not_called_free_of_gaps(make: Make) -> None:
    findings = make(responses=city.responses().groupby("district_id").head(1))
    assert set(findings.districts["gap_class"]) == {"unknown"}
    assert "nobody can say" in said(findings)
    assert "In no district are readiness" not in said(findings)
    tile = {tile.label: tile.figure for tile in brief.tiles(findings, "en")}
    assert tile["Double gap"] == "–"
    assert "nobody can say" in maps.gaps_map(findings, "en").sheet.headline


def test_one_unknown_district_limits_the_claim(make: Make) -> None:
    answers = city.responses()
    answers = answers[answers["district_id"] != "2"]
    findings = make(responses=answers)
    assert "whose readiness is known" in said(findings)


def test_parts_that_score_alike_are_not_called_strongest_and_weakest(make: Make) -> None:
    # All four squares answer every question alike.
    assert "strongest" not in said(make())


def test_different_parts_are_named(make: Make) -> None:
    answers = city.responses()
    answers[["skills", "habit"]] = 1
    text = said(make(responses=answers))
    assert "The strongest part is Infrastructure" in text
    assert "the weakest People (1.00)" in text


@pytest.mark.parametrize(("p", "words"), [(1, "1 new site would"), (2, "2 new sites would")])
def test_new_sites_are_counted_in_words(p: int, words: str, make: Make) -> None:
    findings = make(study={"siting": {"p": p}})
    assert words in said(findings)
    assert words in maps.siting_map(findings, "en").sheet.headline.replace(
        "and the planned services ", ""
    )


def test_nobody_out_of_reach_is_said_plainly(make: Make) -> None:
    findings = make(study={"access": {"measure": "straight", "unit": "m", "standard": 5000}})
    assert "100% of the people live within 5,000 metres of an open service." in said(findings)


def test_legend_of_readiness_stays_on_the_scale(make: Make) -> None:
    view = district_view(make(), "readiness", "en")
    labels = " ".join(item.label for item in view.legend.items)
    # The squares answer 2 to 5 on a scale of 1 to 5.
    assert "6" not in labels
    assert "5" in labels
    assert None not in view.fills


@pytest.mark.parametrize("answer", [1, 5])
def test_a_city_at_an_end_of_the_scale_has_its_maps(answer: int, make: Make) -> None:
    findings = make(responses=city.responses().assign(**dict.fromkeys(city.ITEMS, answer)))
    for measure in ("readiness", "readiness_technical"):
        view = district_view(findings, measure, "en")
        assert None not in view.fills
        assert len(set(view.fills)) == 1
        assert not any(word in str(view.legend.items) for word in ("0.9", "5.1"))
    [style] = [each for each in styles(findings, "en") if each.name == "readiness"]
    assert style.qml.count("<rule ") == len(view.legend.items) + 1
