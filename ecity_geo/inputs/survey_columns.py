"""Columns of a survey file: which one plays which part."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.form_names import FIELDS, METADATA, form_names, tails
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.schema import Repair
from ecity_geo.inputs.sections import SurveyConfig
from ecity_geo.inputs.text import fold, nearest

# No item may be called so: the names of parts that are no items begin with a mark.
RESPONDENT, DISTRICT, X, Y, WEIGHT = "#respondent", "#district", "#x", "#y", "#weight"
_EXPORT_IDS = ("_uuid", "instanceID", "KEY", "_id")


def place_of(data: pd.DataFrame, number: object) -> str:
    """Name a row by its place in the file: ``"line 57"``."""
    return f"{data.index.name} {number}"


def survey_columns(
    table: pd.DataFrame, config: SurveyConfig, instrument: Instrument
) -> tuple[pd.DataFrame, list[Repair]]:
    """Pick the columns that the study names, each under the part that it plays.

    Parameters
    ----------
    table
        The file as text.
    config
        Names the columns.
    instrument
        The ids of its items and outcomes are columns too.

    Returns
    -------
    data
        Columns `RESPONDENT`, `DISTRICT`, `X`, `Y`, `WEIGHT` as far as the study has them, and one
        per item; value labels of SPSS under the same names in ``attrs["value_labels"]``.
    notes
        Columns found by folding their name, and columns that nothing uses.

    Raises
    ------
    InputError
        With every missing column and the nearest ones, or one fault for an export whose headers
        are the wording of the questions.
    """
    known = [str(column) for column in table.columns]
    wanted = _wanted(config, instrument, known)
    folded: dict[str, list[str]] = {}
    for name in known:
        folded.setdefault(fold(name, 1), []).append(name)
    found: dict[str, str] = {}
    faults: list[Fault] = []
    owners = _owners(table, wanted, instrument)
    for role, name in wanted.items():
        same = [name] if name in known else folded.get(fold(name, 1), [])
        same = [column for column in same if owners.get(column, role) == role]
        same = same or [column for column, owner in owners.items() if owner == role]
        if len(same) == 1:
            found[role] = same[0]
        else:
            faults.append(missing_column(name, same, known, config.path))
    if faults:
        raise InputError(_label_headers(known, found, instrument, config) or faults)
    data = table[list(found.values())].set_axis(list(found), axis=1)
    data.attrs = {
        "value_labels": {
            role: labels
            for role, name in found.items()
            if (labels := table.attrs.get("value_labels", {}).get(name))
        }
    }
    unused = [
        name for name in known if name not in found.values() and owners.get(name) not in FIELDS
    ]
    return data, [*_folded_columns(wanted, found, config), *_ignored(unused, config)]


def _wanted(config: SurveyConfig, instrument: Instrument, known: list[str]) -> dict[str, str]:
    """Role to the column that the study names for it; items and outcomes play themselves."""
    export = next((name for name in _EXPORT_IDS if name in known), "")
    wanted = {RESPONDENT: config.respondent or export, WEIGHT: config.weight}
    if config.district_by == "coordinates":
        wanted |= {X: config.x, Y: config.y}
    else:
        wanted[DISTRICT] = config.district
    named = {role: name for role, name in wanted.items() if name}
    return named | {item.id: item.id for item in instrument.questions}


def _owners(table: pd.DataFrame, wanted: dict[str, str], instrument: Instrument) -> dict[str, str]:
    """Columns of a form export to the part they play: named behind groups, or by their wording.

    A column belongs to what the most of its header names, so that ``technical-old-network`` is no
    ``network``; where a form had to rename an item called ``status``, ``Status`` is the server's.
    Nothing for other tables, where what stands behind a mark is part of a name.
    """
    headers: dict[str, str] | None = table.attrs.get("headers")
    if headers is None:
        return {}
    words, names = _wording(wanted, instrument), _names(wanted, instrument)
    owners: dict[str, str] = {}
    renamed: set[str] = set()
    for column in map(str, table.columns):
        parts = tails(headers.get(column, column))
        found = (names.get(fold(part, 1)) for part in parts)
        owner, other = next((each for each in found if each), ("", False))
        owners[column] = owner or next(
            (words[text] for text in (fold(part, 2) for part in parts) if text in words), ""
        )
        if other:
            renamed.add(column)
    sure = {owners[column] for column in renamed}
    return {
        column: "" if owner in sure and column not in renamed else owner
        for column, owner in owners.items()
        if owner
    }


def _names(wanted: dict[str, str], instrument: Instrument) -> dict[str, tuple[str, bool]]:
    """Map folded names to the part that the column plays, and whether only a form says so."""
    parts = {fold(name, 1): (name, False) for name in FIELDS}
    parts |= {fold(name, 1): (role, False) for role, name in wanted.items() if role == name}
    for key, name in form_names(instrument).items():
        if key in wanted and key != name:
            parts[fold(name, 1)] = (key, True)
    # A field of the form goes before an item of that name, which the form calls otherwise.
    return parts | {fold(name, 1): (role, False) for role, name in wanted.items() if role != name}


def _wording(wanted: dict[str, str], instrument: Instrument) -> dict[str, str]:
    """Map folded wording to the part that the column plays; none where two questions share it."""
    labels = {question.id: question.label for question in instrument.questions}
    labels |= {role: FIELDS[name] for role, name in wanted.items() if role != name in FIELDS}
    words: dict[str, str] = {}
    for role, label in labels.items():
        for text in {fold(label.fa, 2), fold(label.en, 2)} - {""}:
            words[text] = "" if text in words else role
    return words


def missing_column(name: str, same: list[str], known: list[str], source: str) -> Fault:
    """Tell that a column is not there, or several times but for typing.

    Parameters
    ----------
    name
        Column that is looked for.
    same
        Columns that differ from it by typing only.
    known
        All columns.
    source
        The file, as the user named it.
    """
    close = nearest(name, known)
    shown = ", ".join(f"'{other}'" for other in close or known[:8])
    told = f"{len(same)} columns of that name but for typing" if same else "no such column"
    return Fault(
        source=source,
        field=name,
        found=told,
        expected=f"a column; {'nearest' if close else 'there are'}: {shown}",
        cure="Rename the column, or correct its name in the study file or the instrument.",
    )


def _label_headers(
    known: list[str], found: dict[str, str], instrument: Instrument, config: SurveyConfig
) -> list[Fault]:
    """One fault when the columns are called by the wording of the questions."""
    headers = {fold(name, 2) for name in known}
    asked = [item for item in instrument.questions if item.id not in found]
    worded = [
        item
        for item in asked
        if {fold(text, 2) for text in (item.label.fa, item.label.en)} & headers
        and fold(item.id, 2) not in headers
    ]
    if len(worded) * 2 <= len(asked):
        return []
    return [
        Fault(
            source=config.path,
            found=f"{len(worded)} columns named by the wording of their question",
            expected=f"columns named by id, such as '{worded[0].id}'",
            cure="This is an export with labels. Export again with values and headers by name "
            '(KoboToolbox: "XML values and headers").',
        )
    ]


def _folded_columns(
    wanted: dict[str, str], found: dict[str, str], config: SurveyConfig
) -> Iterator[Repair]:
    other = [f"'{found[role]}' as {wanted[role]}" for role in found if found[role] != wanted[role]]
    if other:
        detail = f"columns found after folding their names: {', '.join(other[:10])}"
        yield Repair(source=config.path, kind="folded_columns", count=len(other), detail=detail)


def _ignored(unused: list[str], config: SurveyConfig) -> Iterator[Repair]:
    """Tell of columns that nothing uses, unless they are plainly a form server's own."""
    names = [name for name in unused if not METADATA.fullmatch(name)]
    if names:
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        detail = f"columns that the study does not name: {shown}"
        yield Repair(source=config.path, kind="ignored_columns", count=len(names), detail=detail)
