"""No page that is ever written names an address outside itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import city
import ecity_geo
from ecity_geo.outputs import maps
from outputs.factory import hostile_findings, make_findings
from pages import Reader, loaded, outside_addresses


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize("kind", maps.KINDS)
def test_no_map_names_an_address(kind: str, lang: str) -> None:
    html = maps.map_html(maps.make_map(make_findings(), kind, lang))
    assert outside_addresses(html) == set()
    assert loaded(html) == []


def test_no_file_of_a_whole_run_names_an_address(tmp_path: Path) -> None:
    study = ecity_geo.load_study(city.write_city(tmp_path / "city"))
    written = ecity_geo.write_outputs(ecity_geo.analyse(study), tmp_path / "maps")
    pages = {path: path.read_text("utf-8") for path in written if path.suffix == ".html"}
    assert len(pages) >= 8
    for path, html in pages.items():
        assert outside_addresses(html) == set(), path.name
        # Pages lead to one another and to the tables beside them.
        for target in loaded(html):
            assert (path.parent / target.split("#")[0]).exists(), (path.name, target)


@pytest.mark.parametrize("kind", maps.KINDS)
def test_names_that_are_addresses_stay_text(kind: str) -> None:
    address = "https://example.org/x.js"
    html = maps.map_html(maps.make_map(hostile_findings((address,) * 8), kind, "en"))
    assert {found[:21] for found in outside_addresses(html)} == {address[:21]}
    assert loaded(html) == []
    assert all("src" not in attrs and "href" not in attrs for _, attrs in Reader(html).tags)


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        "<link href='//cdn.example.org/a.css'>",
        "<style>a{background:url(//cdn.example.org/a.png)}</style>",
        "<script>\n//# sourceMappingURL=https://example.org/a.map\n</script>",
        "<!-- http://example.org -->",
        "<style>@import 'https://example.org/a.css'</style>",
    ],
)
def test_the_search_finds_what_it_should(page: str) -> None:
    assert outside_addresses(page)


@pytest.mark.parametrize("page", ["<script>a = 1 // b\n</script>", "<p>1//2</p>"])
def test_the_search_leaves_comments_alone(page: str) -> None:
    assert outside_addresses(page) == set()
