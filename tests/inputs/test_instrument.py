"""The instrument: read as written, every fault at once.

The counts are those of the file in the test; the real one is held in the tests of the study.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import Label
from ecity_geo.inputs.instrument import Instrument, read_instrument

GOOD = """\
schema = 1
name = { fa = "پرسش‌نامه", en = "Questionnaire" }
synthetic = true
scale = { min = 1, max = 5, labels = { "1" = { en = "Poor" }, "5" = { en = "Good" } } }
[[construct]]
id = "technical"
label = { fa = "فنی", en = "Technical" }
weight = 2
[[construct.item]]
id = "network"
label = { en = "Network" }
[[construct.item]]
id = "outages"
label = { en = "Outages" }
reverse = true
weight = 0.5
[[construct]]
id = "human"
label = { en = "Human" }
[[construct.item]]
id = "skills"
label = { en = "Skills" }
"""


def read(folder: Path, text: str) -> Instrument:
    path = folder / "instrument.toml"
    path.write_text(text, encoding="utf-8")
    return read_instrument(path, source="survey/instrument.toml")


def faults_of(folder: Path, text: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    return list(caught.value.faults)


def test_constructs_and_items_keep_their_order(tmp_path: Path) -> None:
    instrument = read(tmp_path, GOOD)
    assert [construct.id for construct in instrument.constructs] == ["technical", "human"]
    assert [item.id for item in instrument.items] == ["network", "outages", "skills"]
    assert instrument.constructs[0].weight == 2
    assert (instrument.items[1].reverse, instrument.items[1].weight) == (True, 0.5)
    assert (instrument.scale_min, instrument.scale_max) == (1, 5)
    assert instrument.scale_labels == {1: Label(en="Poor"), 5: Label(en="Good")}
    assert instrument.name.text("fa") == "پرسش‌نامه"


def test_all_faults_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = (
        GOOD.replace("max = 5", "max = 1")
        .replace('id = "outages"', 'id = "network"')
        .replace("reverse = true", "reversed = true")
        .replace('id = "human"', 'id = "technical"')
    )
    text += '[[construct]]\nid = "empty"\nlabel = { en = "Empty" }\n'
    told = [(fault.where, fault.field) for fault in faults_of(tmp_path, text)]
    assert told == [
        ("line 4", "scale.max"),
        ("line 4", "scale.labels.5"),
        ("line 13", "construct[1].item[2].id"),
        ("line 15", "construct[1].item[2].reversed"),
        ("line 18", "construct[2].id"),
        ("line 23", "construct[3].item"),
    ]


def test_a_repeated_item_names_where_it_stands_first(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, GOOD.replace('id = "skills"', 'id = "network"'))
    assert fault.expected == "an id of its own; construct[1].item[1] has it already"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("min = 1, ", "", "scale.min"),
        ("min = 1", "min = 1.5", "scale.min"),
        ("max = 5", "max = 5000", "scale.max"),
        ('"5" =', '"6" =', "scale.labels.6"),
        ('"5" =', '"five" =', "scale.labels.five"),
        ("weight = 2", "weight = 0", "construct[1].weight"),
        ('id = "human"', 'id = ""', "construct[2].id"),
        ('id = "human"', 'id = "overall"', "construct[2].id"),
        ('id = "skills"', 'id = " skills"', "construct[2].item[1].id"),
        ('label = { en = "Skills" }', "", "construct[2].item[1].label"),
        ("reverse = true", 'reverse = "yes"', "construct[1].item[2].reverse"),
        ("schema = 1", "schema = 3", "schema"),
    ],
)
def test_each_fault_stands_at_its_key(old: str, new: str, field: str, tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, GOOD.replace(old, new))
    assert fault.field == field
    assert fault.source == "survey/instrument.toml"


def test_an_instrument_without_constructs_is_a_fault(tmp_path: Path) -> None:
    head = GOOD.split("[[construct]]", maxsplit=1)[0]
    (fault,) = faults_of(tmp_path, head)
    assert fault.cure == "Add a table [[construct]]."
    (fault,) = faults_of(tmp_path, head + "construct = 5")
    assert fault.field == "construct"


def test_an_item_and_a_construct_cannot_share_an_id(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, GOOD.replace('"skills"', '"technical"'))
    assert fault.field == "construct[2].item[1].id"
    assert "construct[1] has it already" in fault.expected


def test_a_construct_cannot_have_the_name_of_a_column_of_its_own_table(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, GOOD.replace('"human"', '"low"'))
    assert "'low'" in fault.expected
    assert read(tmp_path, GOOD.replace('"skills"', '"low"')).items[2].id == "low"


OUTCOME = """\
[[outcome]]
id = "realisation"
label = { fa = "تحقق", en = "Realisability" }
"""


def test_outcomes_stand_beside_the_items(tmp_path: Path) -> None:
    instrument = read(tmp_path, GOOD + OUTCOME)
    assert [outcome.id for outcome in instrument.outcomes] == ["realisation"]
    assert instrument.outcomes[0].label == Label(fa="تحقق", en="Realisability")
    assert [item.id for item in instrument.items] == ["network", "outages", "skills"]
    assert [each.id for each in instrument.questions] == [
        "network",
        "outages",
        "skills",
        "realisation",
    ]
    assert read(tmp_path, GOOD).outcomes == ()


def test_faults_of_outcomes_name_their_table(tmp_path: Path) -> None:
    twice = OUTCOME.replace('"realisation"', '"technical"')
    odd = OUTCOME.replace('"realisation"', '"overall"') + "weight = 2\n"
    faults = faults_of(tmp_path, GOOD + twice + odd)
    assert [fault.field for fault in faults] == [
        "outcome[1].id",
        "outcome[2].id",
        "outcome[2].weight",
    ]
    assert "construct[1] has it already" in faults[0].expected
    assert faults[2].found == "an unknown key"
