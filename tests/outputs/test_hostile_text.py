"""Text of a user's files never becomes markup, script or a broken map."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from ecity_geo.outputs import maps
from outputs.factory import HOSTILE, hostile_findings, make_findings
from pages import Browser, Reader, browser

PAGES = [(kind, lang) for kind in maps.KINDS for lang in ("fa", "en")]


@cache
def hostile_html(kind: str, lang: str) -> str:
    return maps.map_html(maps.make_map(hostile_findings(), kind, lang))


@cache
def plain_html(kind: str, lang: str) -> str:
    return maps.map_html(maps.make_map(make_findings(), kind, lang))


def shape(html: str) -> set[tuple[str, frozenset[str]]]:
    """Kinds of elements of a page, each with the names of its attributes."""
    return {(tag, frozenset(attrs)) for tag, attrs in Reader(html).tags}


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_hostile_names_add_no_element_and_no_attribute(kind: str, lang: str) -> None:
    assert shape(hostile_html(kind, lang)) <= shape(plain_html(kind, lang))


@pytest.mark.parametrize(("kind", "lang"), PAGES)
def test_running_scripts_are_the_same_whatever_the_names(kind: str, lang: str) -> None:
    hostile = Reader(hostile_html(kind, lang)).running_scripts
    assert hostile == Reader(plain_html(kind, lang)).running_scripts


@pytest.mark.parametrize("kind", maps.KINDS)
def test_hostile_names_arrive_as_they_are_in_the_data(kind: str) -> None:
    features = Reader(hostile_html(kind, "en")).data()["areas"]["features"]
    names = [feature["properties"]["name"] for feature in features]
    # All but the control that would turn the line round, which is taken out.
    assert names == [name.replace("\u202e", "") for name in HOSTILE[:6]]


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_no_name_turns_its_line_round(lang: str) -> None:
    assert "\u202e" not in hostile_html("gaps", lang)


@pytest.mark.parametrize("kind", maps.KINDS)
def test_templates_in_names_are_not_filled(kind: str) -> None:
    findings = hostile_findings(
        ("{{ 7*7 }}", "${7*7}", "{name}", "{0}", "%s", "{% if %}", "#{7*7}", "`")
    )
    html = maps.map_html(maps.make_map(findings, kind, "en"))
    names = [f["properties"]["name"] for f in Reader(html).data()["areas"]["features"]]
    assert names[:4] == ["{{ 7*7 }}", "${7*7}", "{name}", "{0}"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        # Set before any page runs: an alert would otherwise wait for somebody to close it.
        opened.command(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": "window.ran = 0; window.alert = () => { window.ran += 1; };"},
        )
        yield opened


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("kind", maps.KINDS)
def test_nothing_hostile_runs_and_the_map_works(chromium: Browser, kind: str) -> None:
    chromium.open(hostile_html(kind, "en"))
    opened = chromium.run(
        """
        let opened = 0;
        for (const path of document.querySelectorAll("path.leaflet-interactive")) {
          const { left, top, width, height } = path.getBoundingClientRect();
          const at = { bubbles: true, clientX: left + width / 2, clientY: top + height / 2 };
          for (const kind of ["mouseover", "mousemove", "click"]) {
            path.dispatchEvent(new MouseEvent(kind, at));
          }
          if (document.querySelector(".leaflet-popup .card h2").textContent) opened += 1;
        }
        document.querySelectorAll("input").forEach((input) => input.click());
        document.querySelectorAll("details").forEach((details) => { details.open = true; });
        return opened;
        """
    )
    assert opened >= 6
    assert chromium.run("return window.ran") == 0
    assert chromium.errors() == []
    assert chromium.requests() == []


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_policy_stops_a_script_that_got_in_all_the_same(chromium: Browser) -> None:
    hole = "<script>window.ran += 1</script><img src=x onerror='window.ran += 1'>"
    html = plain_html("gaps", "en").replace('<main class="stage">', f'{hole}<main class="stage">')
    chromium.open(html)
    assert chromium.run("return window.ran") == 0
    assert any("Content Security Policy" in error for error in chromium.errors())
    assert chromium.run("return document.querySelectorAll('path.leaflet-interactive').length") == 6
