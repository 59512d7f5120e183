"""Ratings of a panel: read in long form, every fault of the table at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import city
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.instrument import Instrument, read_instrument
from ecity_geo.inputs.panel import read_panel
from ecity_geo.inputs.schema import Checked
from ecity_geo.study import load_study

GOOD = """\
item,panelist,essential,relevance,synthetic
network,p1,1,4,yes
network,p2,2,3,yes
skills,p1,۳,,yes
habit,p1,,,yes
"""


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("instrument") / "instrument.toml"
    path.write_text(city.INSTRUMENT, encoding="utf-8")
    return read_instrument(path, source="instrument.toml")


def read(folder: Path, text: str, instrument: Instrument) -> Checked[pd.DataFrame]:
    (folder / "panel.csv").write_text(text, encoding="utf-8")
    return read_panel("panel.csv", instrument, folder=folder)


def faults_of(folder: Path, text: str, instrument: Instrument) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read(folder, text, instrument)
    return list(caught.value.faults)


def test_ratings_are_whole_numbers_in_long_form(tmp_path: Path, instrument: Instrument) -> None:
    panel = read(tmp_path, GOOD, instrument)
    expected = pd.DataFrame(
        {
            "item": ["network", "network", "skills"],
            "panelist": ["p1", "p2", "p1"],
            "essential": pd.array([1, 2, 3], dtype="Int64"),
            "relevance": pd.array([4, 3, pd.NA], dtype="Int64"),
        }
    )
    pd.testing.assert_frame_equal(panel.data, expected, check_dtype=False)
    assert panel.data["relevance"].dtype == "Int64"
    assert [(repair.kind, repair.count) for repair in panel.repairs] == [("without_ratings", 1)]


def test_excel_holds_the_same_panel(tmp_path: Path, instrument: Instrument) -> None:
    expected = read(tmp_path, GOOD, instrument).data
    pd.read_csv(tmp_path / "panel.csv").to_excel(tmp_path / "panel.xlsx", index=False)
    found = read_panel("panel.xlsx", instrument, folder=tmp_path).data
    pd.testing.assert_frame_equal(found, expected)


def test_one_kind_of_rating_is_enough(tmp_path: Path, instrument: Instrument) -> None:
    panel = read(tmp_path, "Item,Panelist,Relevance\nnetwork,1,4\n", instrument).data
    assert panel["essential"].isna().all()
    assert panel["relevance"].tolist() == [4]


def test_every_fault_is_told_in_the_order_of_lines(tmp_path: Path, instrument: Instrument) -> None:
    text = (
        "item,panelist,essential,relevance\n"
        "network,p1,1,5\n"
        "netwrok,p1,1,4\n"
        "network,,1,4\n"
        "network,P1,2,4\n"
        "skills,p1,essential,2.5\n"
    )
    faults = faults_of(tmp_path, text, instrument)
    assert [(fault.where, fault.field) for fault in faults] == [
        ("line 2", "relevance"),
        ("line 3", "item"),
        ("line 4", "panelist"),
        ("line 5", "panelist"),
        ("line 6", "essential"),
        ("line 6", "relevance"),
    ]
    assert "'network'" in faults[1].expected
    assert faults[3].found == "'network' again, as in line 2"
    assert faults[4].expected == "a whole number from 1 to 3"


def test_missing_columns_come_first(tmp_path: Path, instrument: Instrument) -> None:
    faults = faults_of(tmp_path, "items,expert,value\nnetwork,p1,1\n", instrument)
    assert [fault.field for fault in faults] == ["item", "panelist", "essential"]
    assert "'items'" in faults[0].expected


def test_a_panel_that_rates_nothing_is_a_fault(tmp_path: Path, instrument: Instrument) -> None:
    (fault,) = faults_of(tmp_path, "item,panelist,relevance\nnetwork,p1,\n", instrument)
    assert fault.found == "1 rows without a rating"


def test_the_study_holds_the_panel_and_its_hash(tmp_path: Path) -> None:
    path = city.write_city(tmp_path, study={"survey": {"panel": "panel.csv"}})
    (tmp_path / "panel.csv").write_text(GOOD, encoding="utf-8")
    study = load_study(path)
    assert study.panel is not None
    assert len(study.panel) == 3
    assert "panel" in {source.role for source in study.sources}
    assert load_study(city.write_city(tmp_path / "without")).panel is None
