"""docs/statistics.md against the code: its examples, its names, its numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from ecity_geo.stats.audit import audit
from ecity_geo.stats.friedman import friedman
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.published import COUNTS, FIGURES, LABELS, check_published
from ecity_geo.survey_findings import ALIASES, CHAPTERS, TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_every_field_of_the_format_is_documented() -> None:
    missing = [
        name
        for name in (*FIGURES, *COUNTS, *LABELS, "scale", "test_value", "tails", "margin")
        if not re.search(rf"`[^`]*\b{name}\b", PAGE)
    ]
    assert missing == []


def test_every_table_of_the_command_is_documented() -> None:
    head = PAGE.split("## ")[0]
    missing = [name for name in TABLES if not re.search(rf"(?<![\w-]){name}(?![\w-])", head)]
    assert missing == []
    assert all(f"`{name}`" in head or name in ALIASES.values() for name in CHAPTERS)


def test_example_of_the_format_is_read_and_says_what_the_page_says() -> None:
    block = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    published = json.loads(block[1])
    check_published(published)
    found = audit(published).set_index("cell")
    assert found.loc["network.t", "verdict"] == "impossible"
    assert "from 18.01 to 44.14" in found.loc["network.t", "why"]
    assert found.loc["results.1.p", "verdict"] == "impossible"
    assert found.loc["mean_ranks.sum", "verdict"] == "possible"


def test_one_sample_example_by_hand() -> None:
    row = one_sample(pd.DataFrame({"a": [4, 5, 3, 4]})).loc["a"]
    found = [row["mean"], row["sd"], row["t"], row["p"], row["d"], row["wilcoxon_v"]]
    assert found == pytest.approx([4, 0.816, 2.449, 0.092, 1.225, 6], abs=5e-4)


def test_friedman_example_by_hand() -> None:
    # The ranks of the page; the third respondent answers one higher throughout.
    test = friedman(pd.DataFrame([[1, 2, 3], [1, 3, 2], [2, 3, 4]]))
    assert (test.chi_square, test.kendall_w) == pytest.approx((4.667, 0.778), abs=5e-4)
