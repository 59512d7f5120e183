"""The worked examples of the spatial engine's pages give what the pages say."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("points-in-polygons.md", "rasters.md", "travel.md", "access.md", "clusters.md")


@pytest.mark.parametrize("page", PAGES)
def test_examples_of_the_page_hold(page: str) -> None:
    result = doctest.testfile(str(DOCS / page), module_relative=False, encoding="utf-8")
    assert result.attempted >= 4
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_overview_leads_to_the_page(page: str) -> None:
    assert f"]({page})" in (DOCS / "spatial-engine.md").read_text(encoding="utf-8")
