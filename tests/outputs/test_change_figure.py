"""The figure of before and after: its words and places against the figures it is drawn from."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from ecity_geo.outputs.change_figure import change_svg
from ecity_geo.outputs.site_figures import site_figures, unit_labels
from outputs.factory import HOSTILE, hostile_findings, make_findings

SVG = "{http://www.w3.org/2000/svg}"


def drawn(lang: str, width: float = 760.0) -> ET.Element:
    findings = make_findings()
    change = findings.before_after.query("model == 'mclp'")
    labels = unit_labels(findings, lang)
    svg = change_svg(change, lang=lang, labels=labels, target=0.6, width=width)
    return ET.fromstring(svg)  # noqa: S314 (our own)


def words(figure: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in figure.iter(f"{SVG}text")]


def rings(figure: ET.Element) -> list[float]:
    """Places of the rings of today, in the order of the rows; the first one is the legend's."""
    found = [each for each in figure.iter(f"{SVG}ellipse") if each.get("fill") == "#ffffff"]
    return [float(each.get("cx", "nan")) for each in found][1:]


@pytest.mark.parametrize("width", [760.0, 380.0])
def test_units_stand_least_covered_first_with_both_shares(width: float) -> None:
    said = words(drawn("en", width))
    names = [word for word in said if word.startswith("District ")]
    # Covered today: 0, 25, 50, 75 and 100 %; nobody lives in district 6.
    assert names == ["District 3", "District 4", "District 2", "District 5", "District 1"]
    assert {"Districts", "Urban fabrics"} <= set(said)
    shares = [word for word in said[said.index("Six squares") + 1 :] if word.endswith("%")]
    assert shares[:12] == [
        *("45%", "75%", "0%", "75%", "25%", "25%"),
        *("50%", "100%", "75%", "100%", "100%", "100%"),
    ]


def test_places_are_in_proportion_to_the_shares() -> None:
    places = rings(drawn("en"))[1:6]
    steps = [late - early for early, late in pairwise(places)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.11)
    assert steps[0] > 0


def test_persian_figure_is_the_mirror_image() -> None:
    left, right = rings(drawn("en")), rings(drawn("fa"))
    assert [760 - place for place in right] == pytest.approx(left, abs=0.11)
    assert "۷۵٪" in words(drawn("fa"))
    assert not any(re.search("[0-9]", word) for word in words(drawn("fa")))


def test_label_says_what_the_figure_shows() -> None:
    label = drawn("en").get("aria-label", "")
    assert "District 3: 0% today, 75% after, 2,250 more people" in label


def test_a_unit_that_nothing_changes_has_a_ring_alone() -> None:
    findings = make_findings()
    one = findings.before_after.query("model == 'mclp' and unit_id == '4'")
    svg = change_svg(one, lang="en", labels={}, target=None)
    # One dot, that of the legend; the unit's own id stands for a name.
    assert svg.count('fill="#00805a"') == 1
    assert "district:4" in svg


def test_page_and_phone_have_it_and_a_study_without_plans_has_not() -> None:
    figures = site_figures(make_findings(), "fa")
    assert figures["before-after"].wide != figures["before-after"].narrow
    bare = make_findings(plans={}, sites=make_findings().sites.iloc[:0])
    assert site_figures(bare, "en") == {}


def test_hostile_names_stay_text() -> None:
    figure = site_figures(hostile_findings(), "en")["before-after"].wide
    assert ET.fromstring(figure) is not None  # noqa: S314 (our own)
    assert HOSTILE[0] not in figure
