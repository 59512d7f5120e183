"""TOML files read key by key, every fault of a file collected before one is raised."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.sections import Label
from ecity_geo.inputs.text import nearest

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\s*=""")
_PLACE = re.compile(r" \(at (line \d+), column \d+\)")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_KINDS |= {list: "a list", dict: "a table"}
_MAX_BYTES = 1024**2
SCHEMA = 1


class Document:
    """A TOML file and the faults found in it so far.

    Parameters
    ----------
    path
        The file.
    source
        The file as the user named it.

    Raises
    ------
    InputError
        If there is no such file, or it is not TOML in UTF-8.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.source = source
        self._faults: list[tuple[int, Fault]] = []
        text = self._text(path)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(_syntax(str(error), source)) from error
        except RecursionError as error:
            raise InputError(_syntax("lists or tables nested too deep", source)) from error
        self._lines = _lines(text)
        self.root = Section(self, data, "")

    def _text(self, path: Path) -> str:
        found, cure = "", "Correct the path."
        try:
            raw = path.read_bytes()
            if len(raw) <= _MAX_BYTES:
                return raw.decode("utf-8-sig").replace("\r\n", "\n")
            found = f"{len(raw):,} bytes"
        except UnicodeDecodeError:
            found, cure = "text that is not UTF-8", "Save the file as UTF-8."
        except IsADirectoryError:
            found, cure = "a folder", "Name the .toml file inside the folder."
        except OSError as error:
            found = f"no readable file ({error.strerror})"
        expected = "a TOML file in UTF-8 of at most 1 MB"
        raise InputError(Fault(source=self.source, found=found, expected=expected, cure=cure))

    def fault(self, key: str, found: str, expected: str, cure: str) -> None:
        """Note a fault at a dotted key.

        Parameters
        ----------
        key
            Dotted path of the key, entries of a list of tables numbered from 1.
        found, expected, cure
            See `Fault`.
        """
        table, line = key, self._lines.get(key)
        while line is None and "." in table:
            table = table.rpartition(".")[0]
            line = self._lines.get(table)
        where = f"line {line}" if line else ""
        fault = Fault(
            source=self.source, where=where, field=key, found=found, expected=expected, cure=cure
        )
        self._faults.append((line or 0, fault))

    def close(self) -> None:
        """Raise what was found.

        Raises
        ------
        InputError
            With every fault of the file in the order of its lines, if there is one.
        """
        if self._faults:
            raise InputError(fault for _, fault in sorted(self._faults, key=lambda told: told[0]))


class Section:
    """A table of a document: typed look-ups that note what is wrong and carry on.

    Parameters
    ----------
    document
        The document that collects the faults.
    data
        The table's content.
    path
        Its dotted path; empty for the root.
    """

    def __init__(self, document: Document, data: Mapping[str, Any], path: str) -> None:
        self.document = document
        self.data = data
        self.path = path
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def fault(self, key: str, found: object, expected: str, cure: str = "") -> None:
        """Note a fault at a key of this table; by default the cure is to correct the value."""
        path = f"{self.path}.{key}" if self.path and key else key or self.path
        cure = cure or f"Correct the value of '{path}'."
        self.document.fault(path, _shown(found), expected, cure)

    def missing(self, key: str, expected: str, cure: str = "") -> None:
        """Note that a key is not there; by default the cure is to add it."""
        self.fault(key, _Nothing(), expected, cure or f"Add the key '{key}'.")

    def _take(self, key: str, kind: type, *, required: bool = False) -> Any:
        self._known.append(key)
        if key not in self.data:
            if required:
                self.missing(key, _KINDS[kind])
            return None
        value = self.data[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.fault(key, value, _KINDS[kind])
            return None
        return value

    def text(
        self,
        key: str,
        default: str = "",
        *,
        required: bool = False,
        choices: Collection[str] = (),
    ) -> str:
        """Take a text; `choices` limits a text that is not empty."""
        value = self._take(key, str, required=required)
        if required and value is not None and not value.strip():
            self.fault(key, value, "a text that is not empty")
        if value and choices and value not in choices:
            close = nearest(value, choices, 1)
            hint = f"Did you mean '{close[0]}'?" if close else ""
            self.fault(key, value, _one_of(choices), hint)
            return default
        return default if value is None else str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Take a truth value."""
        value = self._take(key, bool)
        return default if value is None else bool(value)

    def number(
        self,
        key: str,
        default: float,
        *,
        above: float = float("-inf"),
        least: float = float("-inf"),
        below: float = float("inf"),
        most: float = float("inf"),
    ) -> float:
        """Take a finite number between bounds; `above` and `below` are exclusive."""
        value = self._take(key, float)
        if value is None:
            return default
        if not (above < value < below and least <= value <= most):
            bounds = {"above": above, "at least": least, "below": below, "at most": most}
            told = [f"{name} {bound:g}" for name, bound in bounds.items() if abs(bound) < 1e300]
            self.fault(key, self.data[key], "a number " + (" and ".join(told) or "that is finite"))
            return default
        return float(value)

    def whole(
        self, key: str, default: int, *, least: int | None = None, most: int | None = None
    ) -> int:
        """Take a whole number between bounds, both inclusive."""
        value = self._take(key, int)
        if value is None:
            return default
        if (least is not None and value < least) or (most is not None and value > most):
            bounds = {"at least": least, "at most": most}
            told = [f"{name} {bound}" for name, bound in bounds.items() if bound is not None]
            self.fault(key, value, "a whole number of " + " and ".join(told))
            return default
        return int(value)

    def texts(
        self, key: str, default: tuple[str, ...] = (), *, choices: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Take a list of distinct texts that is not empty."""
        value = self._take(key, list)
        if value is None:
            return default
        good = all(isinstance(text, str) and (not choices or text in choices) for text in value)
        if not value or not good or len(set(value)) < len(value):
            kinds = f"each {_one_of(choices)}" if choices else "texts"
            wrong = [text for text in value if isinstance(text, str) and text not in choices]
            close = nearest(wrong[0], choices, 1) if wrong else []
            hint = f"Did you mean '{close[0]}' in place of '{wrong[0]}'?" if close else ""
            self.fault(key, value, f"a list, not empty, without repetition, {kinds}", hint)
            return default
        return tuple(value)

    def items(self, key: str, kinds: tuple[type, ...], expected: str) -> tuple[Any, ...]:
        """Take a list whose entries are of some kinds; `expected` tells them."""
        value = self._take(key, list)
        if value is None:
            return ()
        if not all(isinstance(entry, kinds) and not isinstance(entry, bool) for entry in value):
            self.fault(key, value, expected)
            return ()
        return tuple(value)

    def label(self, key: str, *, required: bool = False) -> Label:
        """Take a text in both languages: ``{ fa = "...", en = "..." }``."""
        table = self.section(key, required=required)
        label = Label(fa=table.text("fa"), en=table.text("en"))
        table.close()
        if required and isinstance(self.data.get(key), dict) and not label.text("fa").strip():
            self.fault(key, table.data, 'a text: { fa = "...", en = "..." }')
        return label

    def labels(self, key: str) -> dict[str, Label]:
        """Take a table of labels: ``planned = { fa = "...", en = "..." }``."""
        table = self.section(key)
        return {name: table.label(name, required=True) for name in table.data}

    def section(self, key: str, *, required: bool = False) -> Section:
        """Take a table; an empty one when it is missing or no table."""
        value = self._take(key, dict, required=required)
        return Section(self.document, value or {}, f"{self.path}.{key}" if self.path else key)

    def sections(self, key: str, *, required: bool = True) -> list[Section]:
        """Take a list of tables; where it is required it must hold one."""
        self._known.append(key)
        if not required and key not in self.data:
            return []
        value = self.data.get(key)
        if not (isinstance(value, list) and value and all(isinstance(t, dict) for t in value)):
            shown = self.data.get(key, _Nothing())
            self.fault(key, shown, "one table or more", f"Add a table [[{key}]].")
            return []
        prefix = f"{self.path}.{key}" if self.path else key
        return [
            Section(self.document, table, f"{prefix}[{number}]")
            for number, table in enumerate(value, start=1)
        ]

    def close(self) -> None:
        """Note each key that nothing asked for, with the known key nearest to it."""
        for key in self.data:
            if key in self._known:
                continue
            close = nearest(key, self._known, 1)
            cure = f"Did you mean '{close[0]}'?" if close else "Remove the key."
            kind = "table" if isinstance(self.data[key], dict) else "key"
            self.fault(key, _Nothing(f"an unknown {kind}"), _one_of(self._known), cure)


def check_schema(root: Section) -> None:
    """Note a fault unless a file says that it follows the schema of this version.

    Parameters
    ----------
    root
        The whole document.
    """
    found = root.whole("schema", SCHEMA)
    if "schema" not in root:
        root.missing("schema", str(SCHEMA), f"Write schema = {SCHEMA} at the top of the file.")
    elif found != SCHEMA:
        cure = f"Set schema = {SCHEMA}, or update ecity_geo if the file is newer."
        root.fault("schema", found, str(SCHEMA), cure)


class _Nothing:
    """What stands for a value in a fault when there is none to show."""

    def __init__(self, words: str = "nothing") -> None:
        self.words = words


def _shown(value: object) -> str:
    if isinstance(value, _Nothing):
        return value.words
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _one_of(choices: Collection[str]) -> str:
    return "one of " + ", ".join(f"'{choice}'" for choice in choices)


def _syntax(message: str, source: str) -> Fault:
    place = _PLACE.search(message)
    cure = "Correct the line; texts stand in double quotes, keys one to a line."
    if "\\" in message:
        cure = "Write paths with / in place of \\."
    elif "overwrite" in message or "twice" in message:
        cure = "Each key and each table stands once; remove the second."
    return Fault(
        source=source,
        where=place[1] if place else "last line" if "end of document" in message else "",
        found=f"a line that is not TOML ({_PLACE.sub('', message)})",
        expected="TOML",
        cure=cure,
    )


def _lines(text: str) -> dict[str, int]:
    """Line of each table and key by dotted path; entries of lists of tables are numbered."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if table := _TABLE.match(line):
            prefix = _numbered(table[2], counts, new=table[1] == "[[")
            lines.setdefault(prefix, number)
            lines.setdefault(re.sub(r"\[\d+\]$", "", prefix), number)
        elif key := _KEY.match(line):
            name = next(part for part in key.groups() if part is not None)
            lines.setdefault(f"{prefix}.{name}" if prefix else name, number)
    return lines


def _numbered(header: str, counts: dict[str, int], *, new: bool) -> str:
    """Dotted path of a table header, each list of tables on the way with its current number."""
    parts = [part.strip().strip("\"'") for part in header.split(".")]
    path = ""
    for depth, part in enumerate(parts, start=1):
        path = f"{path}.{part}" if path else part
        if new and depth == len(parts):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path
