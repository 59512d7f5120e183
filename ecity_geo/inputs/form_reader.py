"""The instrument of an XLSForm: one of ours loses nothing, any other gives what it has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.instrument import (
    RESERVED,
    RESERVED_CONSTRUCTS,
    Construct,
    Instrument,
    Item,
)
from ecity_geo.inputs.sections import Label
from ecity_geo.inputs.sheets import cell_text, open_book
from ecity_geo.inputs.sniff import check_safe

_LABEL = re.compile(r"label(?:\s*::?\s*(.*))?", re.IGNORECASE)
_LANGUAGES = {
    "fa": "fa",
    "persian": "fa",
    "farsi": "fa",
    "فارسی": "fa",
    "en": "en",
    "english": "en",
}
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_POINT = re.compile(r"-?\d{1,9}")
_YES = {"yes", "true", "1"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a sheet: its place, and its cells by column."""

    where: str
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class _Group:
    """A group of the form with the items found in it so far."""

    row: _Row
    items: list[tuple[_Row, Item]] = field(default_factory=list)


def read_form(path: Path, *, source: str = "") -> Instrument:
    """Read the instrument of an XLSForm.

    Parameters
    ----------
    path
        An existing ``.xlsx`` with the sheets ``survey`` and ``choices``.
    source
        The file as the user named it; by default its name.

    Returns
    -------
    instrument
        Of a form that `write_form` made, the very instrument. Of any other, its most used list of
        whole numbers is the scale; each group with questions on it is a construct, each such
        question outside every group an outcome; nothing is reversed, and all weights are 1.
        Labels without a language are Persian where they hold Arabic letters. Other questions
        are no part of an instrument.

    Raises
    ------
    InputError
        With every fault of the form at once: no question on a scale, points apart from the scale,
        ids used twice, texts or weights that are none.
    """
    source = source or path.name
    if path.suffix.lower() != ".xlsx":
        raise InputError(
            _fault(source, "", f"a file of type '{path.suffix}'", "an XLSForm (.xlsx)")
        )
    check_safe(path, "table", source=source)
    sheets = _sheets(path, source)
    scale = _scale_of(sheets["survey"], sheets["choices"], source)
    points = [row for row in sheets["choices"] if row.get("list_name") == scale]
    groups, outcomes = _walk(sheets["survey"], scale)
    faults = [
        *_scale_faults(points, source),
        *_entry_faults(groups, outcomes, source),
    ]
    if not groups:
        told = "no group with questions on the scale"
        faults.append(_fault(source, "sheet 'survey'", told, "a group per construct"))
    if faults:
        raise InputError(faults)
    settings = sheets["settings"][0] if sheets["settings"] else _Row("", {})
    numbers = {int(row.get("name")): row for row in points}
    return Instrument(
        name=_name(settings, path),
        scale_min=min(numbers),
        scale_max=max(numbers),
        constructs=tuple(_construct(group) for group in groups),
        scale_labels={point: _label(row) for point, row in numbers.items() if _is_labelled(row)},
        outcomes=tuple(item for _, item in outcomes),
    )


def _sheets(path: Path, source: str) -> dict[str, list[_Row]]:
    book = open_book(path, source)
    titles = {sheet.title.strip().lower(): sheet for sheet in book.worksheets}
    missing = [name for name in ("survey", "choices") if name not in titles]
    if missing:
        found = f"no sheet '{missing[0]}'; there are {', '.join(book.sheetnames)}"
        raise InputError(_fault(source, "", found, "the sheets 'survey' and 'choices'"))
    sheets: dict[str, list[_Row]] = {"settings": []}
    for name in ("survey", "choices", "settings"):
        if name in titles:
            rows = [[_text(value) for value in row] for row in titles[name].values]
            head = [column.strip() for column in rows[0]] if rows else []
            sheets[name] = [
                _Row(f"sheet '{name}', row {number}", _cells(head, row))
                for number, row in enumerate(rows[1:], start=2)
            ]
    return sheets


def _text(value: Any) -> str:
    """Spaces around a label are part of it; numbers are written as in a CSV."""
    return value if isinstance(value, str) else cell_text(value)


def _cells(head: list[str], row: list[str]) -> dict[str, str]:
    """Cells by column, labels under ``label_fa``, ``label_en`` or ``label``."""
    cells: dict[str, str] = {}
    for column, text in zip(head, row, strict=True):
        if not column or not text:
            continue
        matched = _LABEL.fullmatch(column)
        if matched is None:
            own = column.lower().replace(" ", "_")
            cells["list_name" if own == "listname" else own] = text
        elif not matched[1]:
            cells["label"] = text
        elif language := _language(matched[1]):
            cells[f"label_{language}"] = text
    return cells


def _language(words: str) -> str:
    found = re.search(r"\((\w+)\)\s*$", words)
    return _LANGUAGES.get((found[1] if found else words).strip().lower(), "")


def _kind(row: _Row) -> tuple[str, str]:
    """Type of a question and its list, ``("select_one", "scale")``."""
    words = row.get("type").split()
    if words[:2] in (["begin", "group"], ["end", "group"], ["begin", "repeat"], ["end", "repeat"]):
        words = ["_".join(words[:2])]
    return (words[0].lower() if words else "", words[1] if len(words) > 1 else "")


def _scale_of(survey: list[_Row], choices: list[_Row], source: str) -> str:
    """Find the list of whole numbers that most questions use; the first of several."""
    names: dict[str, list[str]] = {}
    for row in choices:
        names.setdefault(row.get("list_name"), []).append(row.get("name").strip())
    numbers = {
        key
        for key, points in names.items()
        if all(map(_POINT.fullmatch, points)) and len(points) > 1
    }
    marked = [row for row in survey if row.get("ecity_role") in {"item", "outcome"}]
    used = Counter(
        key for kind, key in map(_kind, marked or survey) if kind == "select_one" and key in numbers
    )
    if not used:
        found = "no question of type select_one on a list of whole numbers"
        raise InputError(_fault(source, "sheet 'survey'", found, "questions on one scale"))
    return used.most_common(1)[0][0]


def _walk(survey: list[_Row], scale: str) -> tuple[list[_Group], list[tuple[_Row, Item]]]:
    """Find the groups that hold items, in their order, and the outcomes."""
    found: list[_Group] = []
    outcomes: list[tuple[_Row, Item]] = []
    inside: list[_Group] = []
    for row in survey:
        kind, choices = _kind(row)
        if kind.startswith("begin_"):
            inside.append(_Group(row))
            found.append(inside[-1])
        elif kind.startswith("end_") and inside:
            inside.pop()
        elif kind == "select_one" and choices == scale:
            if inside and row.get("ecity_role") != "outcome":
                inside[-1].items.append((row, _item(row)))
            else:
                outcomes.append((row, replace(_item(row), reverse=False, weight=1.0)))
    return [group for group in found if group.items], outcomes


def _item(row: _Row) -> Item:
    return Item(
        id=_id(row),
        label=_label(row),
        reverse=row.get("ecity_reverse").strip().lower() in _YES,
        weight=_weight(row),
    )


def _construct(group: _Group) -> Construct:
    items = tuple(item for _, item in group.items)
    row = group.row
    return Construct(id=_id(row), label=_label(row), items=items, weight=_weight(row))


def _id(row: _Row) -> str:
    return row.get("ecity_id") or row.get("name").strip()


def _label(row: _Row) -> Label:
    """Texts of a row; where one was written for both languages, the one that was given."""
    plain = row.get("label")
    persian = bool(_ARABIC.search(plain))
    fa = row.get("label_fa") or (plain if persian else "")
    en = row.get("label_en") or ("" if persian else plain)
    only = row.get("ecity_only")
    return Label(fa="" if only == "en" else fa, en="" if only == "fa" else en)


def _is_labelled(row: _Row) -> bool:
    return row.get("ecity_only") != "none" and bool(_label(row).text("fa").strip())


def _weight(row: _Row) -> float:
    text = row.get("ecity_weight").strip()
    try:
        return float(text) if text else 1.0
    except ValueError:
        return math.nan


def _name(settings: _Row, path: Path) -> Label:
    name = Label(fa=settings.get("ecity_name_fa"), en=settings.get("ecity_name_en"))
    if name.text("fa").strip():
        return name
    title = settings.get("form_title") or path.stem
    return Label(fa=title) if _ARABIC.search(title) else Label(en=title)


def _scale_faults(points: list[_Row], source: str) -> Iterator[Fault]:
    numbers = [int(row.get("name")) for row in points]
    longest = _longest_run(set(numbers))
    for place, (row, number) in enumerate(zip(points, numbers, strict=True)):
        if number in numbers[:place]:
            yield _fault(source, row.where, f"the choice {number} again", "each point once")
        elif number not in longest:
            yield _fault(
                source,
                row.where,
                f"the choice {number} apart from the scale",
                "points that follow one another",
                "Remove the choice from a copy, and declare it in survey.missing.",
            )


def _longest_run(numbers: set[int]) -> range:
    """Find the most points that follow one another; the lowest of several runs of a length."""
    runs = []
    for first in sorted(number for number in numbers if number - 1 not in numbers):
        last = first
        while last + 1 in numbers:
            last += 1
        runs.append(range(first, last + 1))
    return max(runs, key=len)


def _entry_faults(
    groups: list[_Group], outcomes: list[tuple[_Row, Item]], source: str
) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    entries: list[tuple[_Row, tuple[str, ...]]]
    entries = [(group.row, RESERVED_CONSTRUCTS) for group in groups]
    entries += [(row, RESERVED) for group in groups for row, _ in group.items]
    entries += [(row, RESERVED) for row, _ in outcomes]
    for row, names in entries:
        key = _id(row)
        if not key.strip() or key != key.strip() or key in names:
            yield _fault(source, row.where, f"the name '{key}'", f"a name, none of {list(names)}")
        elif key in seen:
            yield _fault(source, row.where, f"'{key}' again, as in {seen[key]}", "each name once")
        seen.setdefault(key, row.where)
        if not _label(row).text("fa").strip():
            yield _fault(
                source, row.where, f"no label of '{key}'", "a text in one language at least"
            )
        if not (math.isfinite(weight := _weight(row)) and weight > 0):
            found = f"the weight '{row.get('ecity_weight')}'"
            yield _fault(source, row.where, found, "a number above 0")


def _fault(source: str, where: str, found: str, expected: str, cure: str = "") -> Fault:
    cure = cure or "Correct the form, or write it anew from the instrument."
    return Fault(source=source, where=where, found=found, expected=expected, cure=cure)
