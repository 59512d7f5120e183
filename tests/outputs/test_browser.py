"""The maps in a real browser with the network off, at the size of a desk and of a phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from selenium.webdriver import Keys

from ecity_geo.outputs import layers, maps
from outputs.factory import make_findings
from pages import Browser, browser

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESK, PHONE = (1280, 900), (390, 844)


@cache
def html(kind: str, lang: str) -> str:
    return maps.map_html(maps.make_map(make_findings(), kind, lang))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def focused(chromium: Browser) -> str:
    return str(chromium.run("return document.activeElement.getAttribute('aria-label') || ''"))


def tab_to(chromium: Browser, label: str) -> None:
    for _ in range(40):
        chromium.press(Keys.TAB)
        if focused(chromium).startswith(label):
            return
    raise AssertionError(f"Tab never came to {label}")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("kind", maps.KINDS)
def test_map_draws_without_error_or_request(
    chromium: Browser, kind: str, lang: str, size: tuple[int, int]
) -> None:
    chromium.open(html(kind, lang), width=size[0], height=size[1])
    assert chromium.run("return document.querySelectorAll('path[role=button]').length") == 6
    assert chromium.run("return document.documentElement.scrollWidth <= window.innerWidth")
    assert chromium.errors() == []
    assert chromium.requests() == []


def test_very_many_services_are_drawn_as_dots(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "MAX_MARKS", 2)
    chromium.open(maps.map_html(maps.coverage_map(make_findings(), "en")))
    chromium.run("document.querySelectorAll('input[data-layer]').forEach((i) => i.click())")
    assert chromium.run("return document.querySelectorAll('.leaflet-shapes-pane path').length") == 0
    assert chromium.errors() == []


def test_map_without_plans_still_draws(chromium: Browser) -> None:
    findings = make_findings()
    bare = replace(findings, plans={}, sites=findings.sites.iloc[:0])
    chromium.open(maps.map_html(maps.siting_map(bare, "fa")))
    assert chromium.run("return document.querySelectorAll('path[role=button]').length") == 6
    assert chromium.errors() == []


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_text_is_set_in_the_fonts_of_the_page(chromium: Browser, lang: str) -> None:
    chromium.open(html("readiness", lang))
    faces = chromium.run(
        "return [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)"
    )
    assert {face.strip('"') for face in faces} >= {
        "Noto Sans Arabic" if lang == "fa" else "Noto Sans"
    }


def test_persian_letters_are_joined(chromium: Browser) -> None:
    # A word is narrower than its letters standing alone, once a font joins them.
    chromium.open(html("readiness", "fa"))
    joined, apart = chromium.run(
        """
        const width = (text) => {
          const span = document.createElement("span");
          span.textContent = text;
          document.body.append(span);
          return span.getBoundingClientRect().width;
        };
        return [width("سلامت"), width([..."سلامت"].join("\u200c"))];
        """
    )
    assert joined < 0.9 * apart


def test_words_stand_on_the_side_where_their_script_begins(chromium: Browser) -> None:
    sides = {}
    for lang in ("fa", "en"):
        chromium.open(html("gaps", lang))
        sides[lang] = chromium.run(
            "const panel = document.querySelector('.panel').getBoundingClientRect();"
            "const zoom = document.querySelector('.leaflet-control-zoom').getBoundingClientRect();"
            "return panel.left < zoom.left"
        )
    assert sides == {"fa": True, "en": False}


def test_scale_and_buttons_speak_persian(chromium: Browser) -> None:
    chromium.open(html("gaps", "fa"))
    scale = chromium.run("return document.querySelector('.leaflet-control-scale-line').textContent")
    assert scale.split()[1] in ("متر", "کیلومتر")
    assert not set(scale) & set("0123456789")
    zoom = chromium.run("return document.querySelector('.leaflet-control-zoom-in').title")
    assert zoom == "بزرگ‌نمایی"


def test_tab_names_each_district_with_its_score(chromium: Browser) -> None:
    chromium.open(html("readiness", "en"))
    tab_to(chromium, "District 1: 3.40 (3.20 to 3.60)")
    chromium.press(Keys.TAB)
    assert focused(chromium).startswith("District 2: 2.20")


def test_focus_has_a_ring_in_two_colours(chromium: Browser) -> None:
    chromium.open(html("readiness", "en"))
    tab_to(chromium, "District 1")
    rings = (
        "return [...document.querySelectorAll('.leaflet-ring-pane path')]"
        ".map((path) => path.getAttribute('stroke'))"
    )
    assert chromium.run(rings) == ["#16222e", "#ffffff"]
    tab_to(chromium, "District 2")
    assert len(chromium.run(rings)) == 2


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_enter_opens_the_figures_and_escape_returns_to_the_district(
    chromium: Browser, size: tuple[int, int]
) -> None:
    chromium.open(html("readiness", "fa"), width=size[0], height=size[1])
    tab_to(chromium, "منطقهٔ ۱")
    chromium.press(Keys.ENTER)
    where = ".drawer" if size == PHONE else ".leaflet-popup"
    card = chromium.run(f"return document.querySelector('{where} .card').textContent")
    assert "زیرساخت‌های فنی۳٫۷۰" in card
    assert chromium.run("return document.activeElement.className") == "card"
    assert chromium.run("return document.activeElement.dir") == "rtl"
    chromium.press(Keys.ESCAPE)
    assert focused(chromium).startswith("منطقهٔ ۱")


@pytest.mark.parametrize(("lang", "word"), [("fa", "بستن"), ("en", "Close")])
def test_close_button_says_so_in_the_language(chromium: Browser, lang: str, word: str) -> None:
    chromium.open(html("gaps", lang))
    tab_to(chromium, "منطقهٔ ۱" if lang == "fa" else "District 1")
    chromium.press(Keys.ENTER, Keys.TAB)
    assert focused(chromium) == word
    chromium.press(Keys.ENTER)
    assert focused(chromium).startswith("منطقهٔ ۱" if lang == "fa" else "District 1")


def test_popup_of_a_phone_lies_inside_the_screen(chromium: Browser) -> None:
    chromium.open(html("siting", "fa"), width=PHONE[0], height=PHONE[1])
    chromium.run("document.querySelector('.site').click()")
    box = chromium.run("return document.querySelector('.drawer').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0
    assert box["right"] <= PHONE[0]
    assert box["bottom"] <= PHONE[1]
    assert box["top"] > PHONE[1] * 0.3


def test_switching_the_view_changes_colours_legend_and_labels(chromium: Browser) -> None:
    chromium.open(html("coverage", "en"))
    fills = (
        "return [...document.querySelectorAll('path[role=button]')]"
        ".map((path) => path.getAttribute('fill'))"
    )
    before = chromium.run(fills)
    chromium.run("document.querySelector('input[name=view][value=\"1\"]').click()")
    after = chromium.run(fills)
    assert before == ["#ffffff"] * 6
    assert after[0] == "#cae11f"
    assert after[5] == "url(#no-data)"
    shown = "return [...document.querySelectorAll('.legend')].map((l) => !l.hidden)"
    assert chromium.run(shown) == [False, True]
    tab_to(chromium, "District 1: 100%")


def test_each_model_shows_its_own_sites(chromium: Browser) -> None:
    chromium.open(html("siting", "en"))
    sites = "return [...document.querySelectorAll('.site')].map((site) => site.textContent)"
    assert chromium.run(sites) == ["1", "2"]
    chromium.run("document.querySelector('input[name=view][value=\"1\"]').click()")
    assert chromium.run(sites) == ["1"]


def test_layers_go_and_come(chromium: Browser) -> None:
    chromium.open(html("coverage", "en"))
    count = "return document.querySelectorAll('.leaflet-shapes-pane path').length"
    assert chromium.run(count) == 4
    chromium.run("document.querySelector('input[data-layer=open]').click()")
    assert chromium.run(count) == 1
    chromium.run("document.querySelector('input[data-layer=open]').click()")
    assert chromium.run(count) == 4


def test_names_of_districts_do_not_lie_on_one_another(chromium: Browser) -> None:
    for size in (DESK, PHONE):
        chromium.open(html("siting", "en"), width=size[0], height=size[1])
        boxes = chromium.run(
            "return [...document.querySelectorAll('.area-label span:not([hidden]), .site')]"
            ".map((box) => box.getBoundingClientRect().toJSON())"
        )
        names = [box for box in boxes if box["width"]]
        assert len(names) >= 6
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                assert (
                    one["right"] <= other["left"]
                    or other["right"] <= one["left"]
                    or one["bottom"] <= other["top"]
                    or other["bottom"] <= one["top"]
                )


def test_names_stay_with_their_districts(chromium: Browser) -> None:
    findings = make_findings()
    names = [f"Municipal district number {number}" for number in range(1, 7)]
    districts = findings.districts.assign(name_en=names)
    page = maps.map_html(maps.gaps_map(replace(findings, districts=districts), "en"))
    # Squares of 2 km: less than 60 pixels wide in a window of this size.
    chromium.open(page, width=560, height=400)
    pairs = chromium.run(
        """return [...document.querySelectorAll('.area-label span')].filter((one) => !one.hidden)
          .map((one) => {
            const number = one.textContent.match(/\\d+$/)[0];
            const path = document.querySelectorAll('path[role=button]')[number - 1];
            const [name, area] = [one.getBoundingClientRect(), path.getBoundingClientRect()];
            const middle = (name.top + name.bottom) / 2;
            return [one.textContent, area.width, name.width,
                    area.top < middle && middle < area.bottom];
          });"""
    )
    assert len(pairs) == 6
    for words, room, width, inside in pairs:
        assert words.isdigit() or room > 100
        assert width <= 1.5 * room
        assert inside


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_district_of_the_siting_map_is_without_a_name(
    chromium: Browser, size: tuple[int, int]
) -> None:
    chromium.open(html("siting", "en"), width=size[0], height=size[1])
    shown = "return document.querySelectorAll('.area-label span:not([hidden])').length"
    assert chromium.run(shown) == 6


def test_names_lie_over_services_and_below_new_sites(chromium: Browser) -> None:
    chromium.open(html("siting", "en"))
    shapes, names, marks = (
        int(
            chromium.run(
                f"return getComputedStyle(document.querySelector('.leaflet-{pane}-pane')).zIndex"
            )
        )
        for pane in ("shapes", "names", "marks")
    )
    assert shapes < names < marks


def test_the_headline_is_that_of_the_plan_in_view(chromium: Browser) -> None:
    chromium.open(html("siting", "en"))
    read = "return document.querySelector('.headline').textContent"
    first = chromium.run(read)
    chromium.run("document.querySelectorAll('input[name=view]')[1].click()")
    second = chromium.run(read)
    assert "Maximal covering" in first
    assert "p-median" in second
    assert "shorter per person" in second


def test_a_new_site_is_named_with_what_it_brings(chromium: Browser) -> None:
    chromium.open(html("siting", "en"))
    label = chromium.run("return document.querySelector('.site').getAttribute('aria-label')")
    assert label.startswith("New site 1")
    assert "People it adds to those covered: 2,250" in label


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("kind", maps.KINDS)
def test_every_map_is_printed_on_one_sheet(chromium: Browser, kind: str, lang: str) -> None:
    chromium.open(html(kind, lang))
    assert chromium.printed().count(b"/Type /Page\n") == 1


def test_print_shows_the_whole_city_on_one_page(chromium: Browser) -> None:
    chromium.open(html("readiness", "fa"))
    chromium.run("window.dispatchEvent(new Event('beforeprint'))")
    inside = chromium.run(
        """
        const frame = document.querySelector("#map").getBoundingClientRect();
        return [...document.querySelectorAll("path[role=button]")].every((path) => {
          const box = path.getBoundingClientRect();
          return box.left >= frame.left && box.right <= frame.right
            && box.top >= frame.top && box.bottom <= frame.bottom;
        });
        """
    )
    assert inside
    chromium.run("window.dispatchEvent(new Event('afterprint'))")


def test_without_scripts_a_picture_stands_in(chromium: Browser) -> None:
    chromium.command("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.open(html("gaps", "fa"))
        # The driver's own scripts still run.
        assert chromium.run("return document.querySelectorAll('.static svg path').length") >= 6
        assert chromium.run("return document.querySelectorAll('.leaflet-pane').length") == 0
        assert chromium.errors() == []
    finally:
        chromium.command("Emulation.setScriptExecutionDisabled", {"value": False})
