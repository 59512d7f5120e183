"""Figures of answers, means and ranks: what is drawn is what the frames hold."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from ecity_geo.outputs import drawing
from ecity_geo.outputs.charts import answer_shares, likert_svg, mean_ranks_svg, means_svg
from outputs.factory import HOSTILE
from pages import browser, outside_addresses

LANGUAGES = ("fa", "en")
WIDTHS = (drawing.WIDE, drawing.NARROW)
SVG = "{http://www.w3.org/2000/svg}"
ANSWERS = pd.DataFrame(
    {
        "roads": pd.array([1, 1, 2, 3, 3, 3, 4, 5, 5, 5], dtype="Int64"),
        "water": pd.array([4, 4, 4, 4, 5, 5, 5, 5, None, None], dtype="Int64"),
    }
)
LABELS = {"roads": "Roads", "water": "Water", "works": "Public works"}
TESTS = pd.DataFrame(
    {
        "mean": [2.0, 3.1, 4.5],
        "low": [1.8, 2.9, 4.0],
        "high": [2.2, 3.3, 5.0],
        "verdict": ["below", "cannot tell", "above"],
    },
    index=["a", "b", "c"],
)
RANKS = pd.DataFrame(
    {
        "mean_rank": [1.25, 2.5, 2.75, 3.5],
        "low": [1.0, 2.2, 2.4, 3.2],
        "high": [1.5, 2.8, 3.1, 3.8],
        "group": ["c", "ab", "a", "b"],
    },
    index=["p", "q", "r", "s"],
)


def elements(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(SVG + tag))  # noqa: S314  our own output


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in elements(svg, "text")]


def place(element: ET.Element, *names: str) -> tuple[float, ...]:
    return tuple(float(element.get(name, "nan")) for name in names)


def segments(svg: str) -> list[tuple[float, float, str, str]]:
    """Bars of answers: start, width, colour, and what their title says."""
    return [
        (*place(each, "x", "width"), each.get("fill") or "", str(each.findtext(SVG + "title")))
        for each in elements(svg, "rect")
        if each.find(SVG + "title") is not None
    ]


def all_figures(lang: str, width: float, labels: dict[str, str]) -> dict[str, str]:
    groups = {"works": ["roads", "water"]}
    common = {"lang": lang, "labels": labels, "width": width}
    return {
        "likert": likert_svg(ANSWERS, scale=(1, 5), constructs=groups, **common),
        "means": means_svg(TESTS, test_value=3, **common),
        "ranks": mean_ranks_svg(RANKS, **common),
    }


def test_shares_are_of_those_who_answered() -> None:
    shares, counts = answer_shares(ANSWERS, scale=(1, 5))
    assert shares.loc["roads"].tolist() == [0.2, 0.1, 0.3, 0.1, 0.3]
    assert shares.loc["water"].tolist() == [0, 0, 0, 0.5, 0.5]
    assert counts.loc["water"].tolist() == [8, 2]
    nobody, _ = answer_shares(ANSWERS.assign(roads=pd.NA), scale=(1, 5))
    assert nobody.loc["roads"].tolist() == [0] * 5


def test_bars_are_as_wide_as_the_shares_and_part_at_the_neutral_answer() -> None:
    svg = likert_svg(ANSWERS, scale=(1, 5), lang="en", labels=LABELS)
    roads = segments(svg)[:5]
    assert [title for *_, title in roads] == ["20%", "10%", "30%", "10%", "30%"]
    unit = roads[0][1] / 0.2
    assert [width / unit for _, width, *_ in roads] == pytest.approx(
        [0.2, 0.1, 0.3, 0.1, 0.3], abs=1e-3
    )
    for before, after in pairwise(roads):
        assert before[0] + before[1] == pytest.approx(after[0], abs=0.21)
    middle = roads[2][0] + roads[2][1] / 2
    water = segments(svg)[5:]
    assert water[0][0] == pytest.approx(middle, abs=0.11)  # nothing below, nothing neutral
    assert len({fill for *_, fill, _ in roads}) == 5


def test_an_even_scale_has_no_neutral_answer() -> None:
    svg = likert_svg(ANSWERS[["roads"]], scale=(1, 6), lang="en")
    found = segments(svg)
    low = [each for each in found if each[3] in ("20%", "10%", "30%")][:3]
    axis = next(place for place in (float(x) for x in lines_down(svg)) if place > low[-1][0] + 1)
    assert low[-1][0] + low[-1][1] == pytest.approx(axis, abs=0.2)


def lines_down(svg: str) -> list[str]:
    return [
        str(each.get("d")).lstrip("M").split(",")[0]
        for each in elements(svg, "path")
        if each.get("stroke") == "#16222e"
    ]


def test_counts_and_missing_answers_stand_beside_the_bars() -> None:
    said = texts(likert_svg(ANSWERS, scale=(1, 5), lang="en", labels=LABELS))
    assert [said[said.index("Water") + at] for at in (-2, -1)] == ["10", "0"]
    assert said[-2:] == ["8", "2"]
    assert "۸" in texts(likert_svg(ANSWERS, scale=(1, 5), lang="fa"))


def test_answers_are_called_by_their_names() -> None:
    svg = likert_svg(ANSWERS, scale=(1, 5), lang="en", scale_labels={1: "Never", 5: "", 3: "So"})
    assert texts(svg)[:5] == ["Never", "2", "So", "4", "5 (highest)"]


@pytest.mark.parametrize(("lang", "turn"), [("en", 1), ("fa", -1)])
def test_means_lie_on_their_axis_and_the_test_value_line(lang: str, turn: int) -> None:
    svg = means_svg(TESTS, test_value=3, lang=lang)
    (ring,) = elements(svg, "ellipse")[-1:]
    red = [each for each in elements(svg, "path") if each.get("stroke") == drawing.ALERT]
    test = float(str(red[0].get("d")).lstrip("M").split(",")[0])
    marks = [each for each in elements(svg, "path") if each.get("d", "").endswith("Z")]
    tips = [marker_tip(each) for each in marks[-2:]]
    below, above = tips
    unit = turn * (above[0] - below[0]) / 2.5  # 4.5 - 2.0
    assert unit > 0
    assert turn * (test - below[0]) / unit == pytest.approx(1.0, abs=0.01)
    assert turn * (place(ring, "cx")[0] - below[0]) / unit == pytest.approx(1.1, abs=0.01)
    bands = [each for each in elements(svg, "path") if each.get("stroke-width") == "5"]
    ends = [float(x.split(",")[0]) for x in str(bands[2].get("d")).lstrip("M").split("L")]
    assert turn * (ends[1] - ends[0]) / unit == pytest.approx(1.0, abs=0.01)


def marker_tip(path: ET.Element) -> tuple[float, float]:
    """Tip of a triangle: the corner that shares its height with no other."""
    corners = [
        tuple(float(each) for each in pair.split(","))
        for pair in str(path.get("d")).strip("MZ").replace("L", " ").split()
    ]
    heights = [y for _, y in corners]
    return next((x, y) for x, y in corners if heights.count(y) == 1)


def test_verdicts_differ_in_shape() -> None:
    svg = means_svg(TESTS, test_value=3, lang="en")
    marks = [each for each in elements(svg, "path") if each.get("d", "").endswith("Z")][-2:]
    for mark, down in zip(marks, (True, False), strict=True):
        tip = marker_tip(mark)
        others = [
            float(pair.split(",")[1])
            for pair in str(mark.get("d")).strip("MZ").replace("L", " ").split()
        ]
        assert (tip[1] == max(others)) is down
    assert texts(svg)[:3] == ["above 3", "cannot tell", "below 3"]
    assert elements(svg, "ellipse")[-1].get("fill") == "#ffffff"


def test_ranks_are_sorted_and_groups_joined() -> None:
    svg = mean_ranks_svg(RANKS, lang="en")
    written = [each for each in texts(svg) if each in ("3.50", "2.75", "2.50", "1.25")]
    assert written == ["3.50", "2.75", "2.50", "1.25"]
    dots = [
        place(each, "cx", "cy")
        for each in elements(svg, "ellipse")
        if each.get("fill") == drawing.ACCENT
    ]
    unit = (dots[0][0] - dots[3][0]) / 2.25
    assert (dots[0][0] - dots[1][0]) / unit == pytest.approx(0.75, abs=0.02)
    joined = [
        place(each, "cx", "cy")
        for each in elements(svg, "ellipse")
        if each.get("fill") == drawing.SOFT
    ]
    rows = [y for _, y in dots]  # s, r, q, p from the top
    columns = sorted({x for x, _ in joined})
    members = [[rows.index(y) for x, y in joined if x == column] for column in columns]
    assert members == [[1, 2], [0, 2], [3]]  # a: r q; b: s q; c: p


def test_ranks_without_intervals_and_groups_are_dots() -> None:
    svg = mean_ranks_svg(RANKS[["mean_rank"]], lang="fa")
    assert not [each for each in elements(svg, "path") if each.get("stroke-width") == "5"]
    assert len(elements(svg, "ellipse")) == 4
    assert "میله" not in str(ET.fromstring(svg).get("aria-label"))  # noqa: S314


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_figures_tell_their_figures_and_ask_for_nothing(lang: str, width: float) -> None:
    for name, svg in all_figures(lang, width, LABELS).items():
        root = ET.fromstring(svg)  # noqa: S314  our own output
        assert root.get("role") == "img"
        said = str(root.get("aria-label"))
        expected = {"likert": "20%", "means": "3.10", "ranks": "2.75"}[name]
        persian = {"likert": "۲۰٪", "means": "۳٫۱۰", "ranks": "۲٫۷۵"}[name]
        assert (persian if lang == "fa" else expected) in said
        assert outside_addresses(svg) == set()
        assert "<script" not in svg
        assert "style" not in root.attrib
        if lang == "fa":
            assert not set("0123456789") & set("".join(texts(svg)))
            assert {each.get("direction") for each in elements(svg, "text")} == {"rtl"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_names_stay_text(lang: str) -> None:
    for bad in [*HOSTILE, "\x00\x1b[31m"]:
        names = dict.fromkeys(["roads", "water", "works", "a", "b", "c", "p", "q"], bad)
        for svg in all_figures(lang, drawing.WIDE, names).values():
            tags = {each.tag.removeprefix(SVG) for each in ET.fromstring(svg).iter()}  # noqa: S314
            assert tags <= {"svg", "rect", "path", "ellipse", "text", "title"}
            assert not any(
                name.startswith("on") or "href" in name
                for each in ET.fromstring(svg).iter()  # noqa: S314
                for name in each.attrib
            )


def test_long_names_are_broken_and_cut() -> None:
    lines = drawing.wrap("one two three four five six", 60, lines=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(drawing.words_width(line) <= 60 for line in lines)
    assert "".join(drawing.wrap("abcdefghijklmnopqrstuvwxyz", 40, lines=9)) == (
        "abcdefghijklmnopqrstuvwxyz"
    )
    assert drawing.wrap("", 40) == [""]


def test_an_item_without_any_answer_has_a_row_and_no_bar() -> None:
    svg = likert_svg(
        pd.DataFrame({"x": pd.array([None, None], dtype="Int64")}), scale=(1, 5), lang="en"
    )
    assert segments(svg) == []
    assert texts(svg)[-2:] == ["0", "2"]


def test_one_answer_alike_has_room_on_the_axis() -> None:
    same = TESTS.assign(mean=3.0, low=np.nan, high=np.nan)
    svg = means_svg(same, test_value=3, lang="en")
    assert "nan" not in svg
    assert math.isfinite(float(lines_x(svg)))


def lines_x(svg: str) -> str:
    red = [each for each in elements(svg, "path") if each.get("stroke") == drawing.ALERT]
    return str(red[0].get("d")).lstrip("M").split(",")[0]


def test_a_file_of_its_own_brings_its_fonts() -> None:
    svg = drawing.standalone(means_svg(TESTS, test_value=3, lang="fa"))
    root = ET.fromstring(svg)  # noqa: S314  our own output
    style = root.findtext(SVG + "style")
    assert style is not None
    assert "Noto Sans Arabic" in style
    assert "data:font/woff" in style
    assert outside_addresses(svg) == set()
    assert (root.get("width"), root.get("height")) != (None, None)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_words_are_no_wider_than_was_reckoned() -> None:
    names = {
        "roads": "Internet network (fibre, wireless, DSL ...)",
        "water": "سرویس‌های ارزش افزوده‌ی شبکه (ویدئو کنفرانس، FTB و ...)",
        "works": "آمادگی سازمانی شهرداری",
    }
    with browser() as window:
        for lang in LANGUAGES:
            for width in WIDTHS:
                for svg in all_figures(lang, width, names).values():
                    page = f"<!DOCTYPE html><html><style>{drawing.assets.font_css()}</style>{svg}"
                    window.open(page, width=1280)
                    assert window.errors() == []
                    assert window.requests() == []
                    spill = window.run(
                        "const s = document.querySelector('svg').getBoundingClientRect();"
                        "return [...document.querySelectorAll('text')].filter(t => {"
                        "const b = t.getBoundingClientRect();"
                        "return b.left < s.left - 1 || b.right > s.right + 1;}).map("
                        "t => t.textContent)"
                    )
                    assert spill == [], (lang, width)
