"""Tables on a terminal: whole people, units in the heads, and nothing that says nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.outputs.tables import shape
from ecity_geo.outputs.terminal import table_text


def curve(count: int) -> pd.DataFrame:
    sites = " ".join(f"s{number:04d}" for number in range(count))
    rows = {"p": [0, count], "covered": [999692.0, 1027223.4], "share": [0.5, 0.6447]}
    return shape("coverage_curve", pd.DataFrame({**rows, "gap": 0.0, "sites": ["", sites]}))


def cells(text: str) -> list[list[str]]:
    lines = [line.split() for line in text.splitlines()]
    return [lines[0], *lines[2:]]


def test_people_are_whole_and_grouped_and_the_head_says_what_they_are() -> None:
    head, first, second = cells(table_text(curve(2), name="coverage_curve", unit="min"))
    assert " ".join(head) == "p covered (people) share gap sites"
    assert first == ["0", "999,692", "0.5000", "0"]
    assert second == ["2", "1,027,223", "0.6447", "0", "s0000", "s0001"]


def test_columns_that_are_empty_are_left_out_but_heads_of_an_empty_table_are_not() -> None:
    assert "added" not in table_text(curve(2), name="coverage_curve", unit="min")
    assert "added" in table_text(curve(2).iloc[:0], name="coverage_curve", unit="min")


def test_long_lists_are_cut_and_counted() -> None:
    assert "..." not in table_text(curve(10), name="coverage_curve", unit="min")
    text = table_text(curve(1000), name="coverage_curve", unit="min")
    assert "s0012 ... (1000 in all)" in text
    assert max(map(len, text.splitlines())) < 200


def test_numbers_end_under_one_another() -> None:
    lines = table_text(curve(2), name="coverage_curve", unit="min").splitlines()
    ends = {line.index(word) + len(word) for line, word in zip(
        [lines[0], *lines[2:]], ["covered (people)", "999,692", "1,027,223"], strict=True
    )}  # fmt: skip
    assert len(ends) == 1


def test_costs_have_the_unit_of_the_study_and_components_say_that_they_are_rescaled() -> None:
    sites = shape("sites", pd.DataFrame({"site_id": ["a"], "mean_cost": [12.5], "x": [600000.5]}))
    head = table_text(sites, name="sites", unit="min").splitlines()[0]
    assert head.split("   ")[-1] == "mean_cost (min)"
    ranking = shape("ranking", pd.DataFrame({"coverage": [0.7249, np.nan], "score": [1.0, 0.5]}))
    assert "coverage (rescaled)" in table_text(ranking, name="ranking", unit="min")
