"""Figures of trade-offs: what is drawn is what the front and the curve hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.outputs import drawing
from ecity_geo.outputs.chart_rows import SMALL
from ecity_geo.outputs.curve_figure import coverage_curve_figure
from ecity_geo.outputs.plane import Plane, round_ticks
from ecity_geo.outputs.tradeoff_figure import pareto_figure
from ecity_geo.siting import Front, coverage_curve, pareto_front
from outputs.factory import HOSTILE
from pages import outside_addresses

LANGUAGES = ("fa", "en")
WIDTHS = (drawing.WIDE, drawing.NARROW)
SVG = "{http://www.w3.org/2000/svg}"
CURVE = pd.DataFrame(
    {
        "covered": [1000.0, 1200.0, 1500.0, 1600.0],
        "share": [0.5, 0.6, 0.75, 0.8],
        "added": [np.nan, 200.0, 300.0, 100.0],
        "bound": [1000.0, 1200.0, 1500.0, 1700.0],
        "gap": [0.0, 0.0, 0.0, 0.0625],
        "kept": [0, 0, 1, 2],
        "sites": [(), ("a",), ("a", "b"), ("a", "b", "c")],
    },
    index=pd.Index([0, 1, 2, 3], name="p"),
)


def front_of(against: str, other: list[float], **changes: Any) -> Front:
    """Four plans of 1,000 people; the other aim as told."""
    covered = np.array([500.0, 600.0, 650.0, 800.0])
    table = pd.DataFrame(
        {
            "covered": covered,
            "share": covered / 1000,
            "status": "optimal",
            "n_sites": [0, 1, 2, 4],
        }
    ).rename_axis("plan")
    column = {"price": "price", "travel": "travel", "fairness": "worst"}[against]
    table[column] = other
    if against == "travel":
        table["mean"] = table["travel"] / 1000
    empty = pd.DataFrame(
        columns=["covered_from", "covered_to", "other_from", "other_to"], dtype=float
    )
    front = Front(
        against=against,
        table=table,
        unexplored=empty,
        complete=True,
        people=1000.0,
        unit="min",
        standard=15.0,
        p=None if against == "price" else 3,
        existing=pd.Index([]),
        seconds=0.1,
    )
    return replace(front, **changes)


PRICE = front_of("price", [0.0, 2.5, 4.0, 10.0])
TRAVEL = front_of("travel", [12_000.0, 12_400.0, 13_000.0, 15_000.0])
FAIR = front_of("fairness", [0.4, 0.35, 0.2, 0.0])
FRONTS = {"price": PRICE, "travel": TRAVEL, "fairness": FAIR}
OPEN = pd.DataFrame(
    {"covered_from": [651.0], "covered_to": [799.0], "other_from": [4.0], "other_to": [np.inf]}
)


def hasty() -> Front:
    table = PRICE.table.assign(status=["optimal", "optimal", "time_limit", "optimal"])
    return replace(PRICE, table=table, unexplored=OPEN, complete=False)


def elements(svg: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(SVG + tag))  # noqa: S314  our own output


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in elements(svg, "text")]


def place(element: ET.Element, *names: str) -> tuple[float, ...]:
    return tuple(float(element.get(name, "nan")) for name in names)


def points(svg: str) -> list[tuple[float, float]]:
    """Centres of the plans: ellipses that tell their values."""
    titled = [each for each in elements(svg, "ellipse") if each.find(SVG + "title") is not None]
    return [(x, y) for x, y in (place(each, "cx", "cy") for each in titled)]


def figures(lang: str, width: float = drawing.WIDE) -> dict[str, str]:
    drawn = {
        name: pareto_figure(front, lang=lang, chosen=2, width=width)
        for name, front in FRONTS.items()
    }
    drawn["hasty"] = pareto_figure(hasty(), lang=lang, width=width)
    drawn["curve"] = coverage_curve_figure(
        CURVE, lang=lang, standard=15, unit="min", chosen=2, width=width
    )
    return drawn


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_figures_are_sound_and_ask_for_nothing(lang: str, width: float) -> None:
    for name, svg in figures(lang, width).items():
        root = ET.fromstring(svg)  # noqa: S314  our own output
        assert root.get("role") == "img"
        assert root.get("lang") == lang
        share = (
            {"en": "75.0%", "fa": "۷۵٫۰٪"} if name == "curve" else {"en": "65.0%", "fa": "۶۵٫۰٪"}
        )
        assert share[lang] in str(root.get("aria-label"))
        assert outside_addresses(svg) == set()
        assert "<script" not in svg
        if lang == "fa":
            assert not set("0123456789") & set("".join(texts(svg)))
            assert {each.get("direction") for each in elements(svg, "text")} == {"rtl"}


@pytest.mark.parametrize("against", FRONTS)
@pytest.mark.parametrize(("lang", "turn"), [("en", 1), ("fa", -1)])
def test_points_lie_at_their_values(against: str, lang: str, turn: int) -> None:
    front = FRONTS[against]
    column = "mean" if against == "travel" else front.other
    at = np.array(points(pareto_figure(front, lang=lang)))
    for values, places in (
        (front.table[column], turn * at[:, 0]),
        (front.table["share"], -at[:, 1]),
    ):
        spread = np.asarray(values - values.iloc[0]) / (values.iloc[-1] - values.iloc[0])
        drawn = (places - places[0]) / (places[-1] - places[0])
        assert drawn == pytest.approx(spread, abs=0.002)
    onwards = turn * (at[-1, 0] - at[0, 0])
    assert onwards < 0 if against == "fairness" else onwards > 0


def test_titles_tell_the_aims_and_their_units() -> None:
    titles = {name: texts(pareto_figure(front, lang="en")) for name, front in FRONTS.items()}
    assert all("People within 15 minutes of a service" in said for said in titles.values())
    assert "Price of the new sites" in titles["price"]
    assert "Mean travel to the nearest service (minutes)" in titles["travel"]
    assert "Share covered of the group that is served worst" in titles["fairness"]
    money = texts(pareto_figure(PRICE, lang="fa", money="میلیون تومان"))
    assert "بهای مکان‌های تازه (میلیون تومان)" in money
    assert any(each.startswith("۲٫۵ میلیون تومان") for each in money)
    own = replace(TRAVEL, unit="steps")
    assert "People within 15 steps of a service" in texts(pareto_figure(own, lang="en"))


def test_a_price_of_one_for_each_site_is_their_number() -> None:
    counted = front_of("price", [0.0, 1.0, 2.0, 4.0])
    said = texts(pareto_figure(counted, lang="en"))
    assert "New sites" in said
    assert {"no new site: 50.0%", "1 new site: 60.0%", "4 new sites: 80.0%"} <= set(said)
    assert "New sites" not in texts(pareto_figure(counted, lang="en", money="dollars"))


def rings(svg: str) -> list[ET.Element]:
    return [each for each in elements(svg, "ellipse") if each.get("fill") == "none"]


def test_the_chosen_plan_is_ringed_and_named() -> None:
    svg = pareto_figure(TRAVEL, lang="en", chosen=1)
    assert [place(each, "cx", "cy") for each in rings(svg)[1:]] == [points(svg)[1]]
    assert "the chosen plan" in texts(svg)
    assert "12.4 minutes: 60.0%" in texts(svg)
    assert "Chosen: 12.4 minutes: 60.0%." in svg
    assert not rings(pareto_figure(TRAVEL, lang="en"))


@pytest.mark.parametrize("against", ["price", "travel", "fairness"])
def test_both_ends_of_a_front_have_their_label(against: str) -> None:
    worst = [0.36, 0.358, 0.24, 0.13] if against == "fairness" else [0.0, 1.0, 2.0, 4.0]
    figure = pareto_figure(front_of(against, worst), lang="en")
    labels = [words for words in texts(figure) if "50.0%" in words or "80.0%" in words]
    assert len(labels) == 2


def test_what_is_not_proven_looks_otherwise() -> None:
    svg = pareto_figure(hasty(), lang="en")
    dots = [each for each in elements(svg, "ellipse") if each.find(SVG + "title") is not None]
    assert [each.get("fill") == "#ffffff" for each in dots] == [False, False, True, False]
    assert {"best plan in the time, not proven", "more plans may lie here"} <= set(texts(svg))
    (ground,) = [each for each in elements(svg, "rect") if each.get("fill") == "#f7e6dd"][1:]
    left, top, wide, high = place(ground, "x", "y", "width", "height")
    third, last = points(svg)[2:]
    assert left == pytest.approx(third[0], abs=0.2)
    assert left + wide > last[0]  # without an end: to the side
    assert top == pytest.approx(last[1], abs=1.0)
    assert top + high == pytest.approx(third[1], abs=1.0)
    assert "The time was over before all were found." in svg
    assert "more plans may lie here" not in texts(pareto_figure(PRICE, lang="en"))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", range(4))
def test_labels_keep_apart_and_inside(lang: str, width: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    share = np.sort(rng.random(25))
    table = pd.DataFrame(
        {"covered": 1000 * share, "share": share, "price": np.sort(rng.random(25) * 9)}
    ).assign(status="optimal", n_sites=3)
    svg = pareto_figure(replace(PRICE, table=table), lang=lang, width=width)
    boxes = []
    for each in elements(svg, "text"):
        if ":" in (each.text or ""):
            x, y = place(each, "x", "y")
            wide = drawing.words_width(each.text or "", SMALL)
            onwards = (each.get("text-anchor") == "start") is (lang == "en")
            boxes.append((x if onwards else x - wide, y, x + wide if onwards else x))
    assert len(boxes) >= 3
    assert all(left >= 0 and right <= width for left, _, right in boxes)
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or abs(one[1] - other[1]) >= SMALL
        assert apart


def test_the_curve_has_points_bars_and_bounds() -> None:
    svg = coverage_curve_figure(CURVE, lang="en", standard=15, unit="min")
    at = np.array(points(svg))
    assert np.diff(at[:, 0]) == pytest.approx([at[1, 0] - at[0, 0]] * 3, abs=0.2)
    heights = (at[:, 1] - at[0, 1]) / (at[2, 1] - at[0, 1])  # 50, 60, 75, 80 per cent
    assert heights == pytest.approx([0, 0.4, 1, 1.2], abs=0.005)
    bars = [each for each in elements(svg, "rect") if each.find(SVG + "title") is not None]
    assert [each.findtext(SVG + "title") for each in bars] == ["200", "300", "100"]
    tall = [place(each, "height")[0] for each in bars]
    assert np.array(tall) / tall[0] == pytest.approx([1, 1.5, 0.5], abs=0.01)
    assert {"no plan covers more", "200", "300", "100", "New sites"} <= set(texts(svg))
    mark = [each for each in elements(svg, "path") if each.get("stroke-dasharray")][-1]
    start, end = (float(pair.split(",")[1]) for pair in str(mark.get("d")).strip("M").split("L"))
    rise = (start - end) / (at[0, 1] - at[3, 1])  # from 80 to 85 per cent, of 30
    assert rise == pytest.approx(5 / 30, abs=0.01)


def test_a_curve_begins_at_its_first_number() -> None:
    svg = coverage_curve_figure(CURVE.iloc[:3], lang="fa", standard=800, unit="m")
    assert len(points(svg)) == 3
    assert "مردم در فاصلهٔ ۸۰۰ متری یک خدمت" in texts(svg)
    assert "no plan covers more" not in svg
    assert "no new site: 50.0%" in coverage_curve_figure(CURVE, lang="en", standard=15, unit="min")
    one = coverage_curve_figure(CURVE.iloc[:1], lang="en", standard=15, unit="min", chosen=0)
    assert len(points(one)) == 1


def test_real_answers_can_be_drawn() -> None:
    costs = pd.DataFrame({"x": [1.0, 5.0, 9.0], "y": [9.0, 1.0, 5.0]}, index=["a", "b", "c"])
    cost = CostMatrix.from_frame(costs, unit="m")
    people = pd.Series([10.0, 20.0, 30.0], index=costs.index)
    asked = {"standard": 5.0, "candidates": pd.Index(["x", "y"])}
    groups = pd.Series(["n", "s", "s"], index=costs.index)
    for against, more in (
        ("price", {}),
        ("travel", {"p": 1}),
        ("fairness", {"p": 1, "groups": groups}),
    ):
        front = pareto_front(cost, people, against=against, **asked, **more)  # type: ignore[arg-type]
        assert len(points(pareto_figure(front, lang="fa"))) == len(front.table)
    curve = coverage_curve(cost, people, ps=[1, 2], **asked)  # type: ignore[arg-type]
    svg = coverage_curve_figure(curve, lang="en", standard=5, unit="m")
    assert len(points(svg)) == 3


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("bad", [*HOSTILE, "\x00\x1b[31m"])
def test_a_hostile_unit_stays_text(lang: str, bad: str) -> None:
    svg = pareto_figure(replace(TRAVEL, unit=bad), lang=lang)
    svg += pareto_figure(PRICE, lang=lang, money=bad)
    whole = ET.fromstring(f"<both>{svg}</both>")  # noqa: S314  our own output
    assert {each.tag.removeprefix(SVG) for each in whole.iter()} <= {
        "both", "svg", "rect", "path", "text", "title", "ellipse",
    }  # fmt: skip


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(AnalysisError, match="no plan 9: its 4 plans are numbered from 0"):
        pareto_figure(PRICE, lang="en", chosen=9)
    with pytest.raises(AnalysisError, match="no plan of 9 sites"):
        coverage_curve_figure(CURVE, lang="en", standard=15, unit="min", chosen=9)
    for nothing in (CURVE.iloc[:0], CURVE.assign(share=np.nan)):
        with pytest.raises(AnalysisError, match="nothing to draw"):
            coverage_curve_figure(nothing, lang="en", standard=15, unit="min")


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(0, 1e6).filter(lambda span: not 0 < span < 1e-3),
    most=st.integers(3, 12),
    whole=st.booleans(),
)
def test_ticks_are_even_and_hold_the_ends(low: float, span: float, most: int, whole: bool) -> None:
    low, span = (float(round(low)), float(round(span))) if whole else (low, span)
    ticks = round_ticks(low, low + span, most=most, whole=whole)
    slack = 1e-6 * (abs(low) + span + 1)
    assert 2 <= len(ticks) <= most
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + span - slack
    steps = [after - before for before, after in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-4)
    assert not whole or all(tick == round(tick) for tick in ticks)


def test_a_label_that_must_stand_does() -> None:
    sheet = drawing.Drawing(400, "en")
    plane = Plane(
        drawing=sheet, left=50, right=390, top=20, bottom=200, x_ends=(0, 1), y_ticks=[0, 1]
    )
    plane.taken.append((0, 0, 400, 200))
    plane.label(200, 100, "hidden", [(1, -1)])
    plane.label(200, 100, "shown", [(1, -1)], always=True)
    svg = sheet.svg(200, label="", kind="test")
    assert texts(svg) == ["shown"]
