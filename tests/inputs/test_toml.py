"""TOML read key by key: lines of keys, and values of any kind.

tomllib says what a file holds; the lines are counted in the test's own text.
"""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import city
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import read_config
from ecity_geo.inputs.instrument import read_instrument
from ecity_geo.inputs.toml import Document

TEXT = """\
# a comment = 1
top = 1
[plain]
key = "a [bracket] and # no comment"
"quoted key" = 2
dotted.fa = "x"
[plain.inner]
deep = true
[[list]]
name = "first"
[[list.sub]]
name = "first of first"
[[list.sub]]
name = "second of first"
[[list]]
name = "second"
[[list.sub]]
name = "first of second"
"""


def document(folder: Path, text: str) -> Document:
    path = folder / "file.toml"
    path.write_text(text, encoding="utf-8")
    return Document(path, "file.toml")


def told(document: Document) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        document.close()
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("top", 2),
        ("plain", 3),
        ("plain.key", 4),
        ("plain.quoted key", 5),
        ("plain.dotted.fa", 6),
        ("plain.missing", 3),
        ("plain.inner.deep", 8),
        ("list[1].name", 10),
        ("list[1].sub[2].name", 14),
        ("list[2]", 15),
        ("list[2].sub[1].name", 18),
        ("list[2].sub[1].missing", 17),
    ],
)
def test_a_fault_stands_at_the_line_of_its_key(key: str, line: int, tmp_path: Path) -> None:
    file = document(tmp_path, TEXT)
    file.fault(key, "x", "y", "z")
    (fault,) = told(file)
    assert fault.where == f"line {line}"


def test_a_key_of_no_known_place_has_no_line(tmp_path: Path) -> None:
    file = document(tmp_path, TEXT)
    file.fault("elsewhere", "x", "y", "z")
    assert told(file)[0].where == ""


def test_faults_come_in_the_order_of_the_lines(tmp_path: Path) -> None:
    file = document(tmp_path, TEXT)
    for key in ("list[2].name", "top", "plain.key"):
        file.fault(key, "x", "y", "z")
    assert [fault.field for fault in told(file)] == ["top", "plain.key", "list[2].name"]


def test_a_document_without_faults_closes_in_silence(tmp_path: Path) -> None:
    file = document(tmp_path, "a = 1\n")
    assert file.root.whole("a", 0) == 1
    file.root.close()
    file.close()


@pytest.mark.parametrize(
    ("text", "take", "expected"),
    [
        ("a = 1", lambda root: root.number("a", 0.0), 1.0),
        ("a = 2.5", lambda root: root.number("a", 0.0, above=2, most=2.5), 2.5),
        ("", lambda root: root.number("a", 7.0), 7.0),
        ("a = 3", lambda root: root.whole("a", 0, least=3), 3),
        ("a = true", lambda root: root.flag("a"), True),
        ("", lambda root: root.flag("a", default=True), True),
        ('a = "x"', lambda root: root.text("a", choices=("x", "y")), "x"),
        ('a = ""', lambda root: root.text("a", "d", choices=("x",)), ""),
        ('a = ["x", "y"]', lambda root: root.texts("a"), ("x", "y")),
        ('a = [1, "x"]', lambda root: root.items("a", (int, str), "any"), (1, "x")),
        ('a = { fa = "ف" }', lambda root: root.label("a").text("en"), "ف"),
        ('a.x = { en = "X" }', lambda root: root.labels("a")["x"].fa, ""),
    ],
)
def test_good_values_are_taken_as_written(
    text: str, take: Any, expected: object, tmp_path: Path
) -> None:
    file = document(tmp_path, text)
    assert take(file.root) == expected
    file.close()


@pytest.mark.parametrize(
    ("text", "take"),
    [
        ("a = true", lambda root: root.number("a", 0.0)),
        ("a = true", lambda root: root.whole("a", 0)),
        ("a = 1.0", lambda root: root.whole("a", 0)),
        ("a = 2", lambda root: root.number("a", 0.0, above=2)),
        ("a = 2", lambda root: root.number("a", 0.0, below=2)),
        ("a = inf", lambda root: root.number("a", 0.0)),
        ("a = 1", lambda root: root.flag("a")),
        ("a = 1", lambda root: root.text("a")),
        ('a = " "', lambda root: root.text("a", required=True)),
        ('a = "z"', lambda root: root.text("a", choices=("x",))),
        ("a = []", lambda root: root.texts("a")),
        ('a = ["x", "x"]', lambda root: root.texts("a")),
        ("a = [true]", lambda root: root.items("a", (int,), "whole numbers")),
        ("a = 1", lambda root: root.section("a")),
        ("a = [1]", lambda root: root.sections("a")),
        ('a = { de = "x" }', lambda root: root.label("a")),
        ("a = 1979-05-27", lambda root: root.text("a")),
    ],
)
def test_other_values_are_one_fault_and_the_default_is_carried_on(
    text: str, take: Any, tmp_path: Path
) -> None:
    file = document(tmp_path, text)
    take(file.root)
    (fault,) = told(file)
    assert fault.field.startswith("a")
    assert fault.where == "line 1"


def test_long_values_are_cut_in_messages(tmp_path: Path) -> None:
    file = document(tmp_path, f'a = "{"x" * 5000}"')
    file.root.number("a", 0.0)
    (fault,) = told(file)
    assert len(fault.found) == 80


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_faults_and_never_a_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Lines of good files are dropped, doubled, swapped or cut; what is still good is read."""
    folder = tmp_path_factory.mktemp("toml")
    study = city.write_toml(folder / "study.toml", city.STUDY).read_text(encoding="utf-8")
    kind = data.draw(st.sampled_from(["study", "instrument"]))
    lines = (study if kind == "study" else city.INSTRUMENT).splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        damage = data.draw(st.sampled_from(["drop", "double", "swap", "cut"]))
        if damage == "drop" and len(lines) > 1:
            del lines[place]
        elif damage == "double":
            lines.insert(place, lines[place])
        elif damage == "swap":
            lines[place], lines[0] = lines[0], lines[place]
        else:
            lines[place] = lines[place][: data.draw(st.integers(0, len(lines[place])))]
    path = folder / "damaged.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with contextlib.suppress(InputError):
        if kind == "study":
            read_config(path)
        else:
            read_instrument(path, source="damaged.toml")
        assert tomllib.loads("\n".join(lines))["schema"] == 1


def test_lists_nested_without_end_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nested too deep"):
        document(tmp_path, "a = " + "[" * 100_000)
