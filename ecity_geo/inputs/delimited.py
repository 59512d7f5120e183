"""CSV of any dialect: encoding and delimiter found out, said, and every row as wide as its header.

Files come from Excel in Persian Windows (cp1256, semicolons), from form servers (UTF-8) and from
"Unicode text" exports (UTF-16, tabs). Text that was decoded wrongly before it came here cannot be
told from good text by a parser, so it is looked for.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import islice
from pathlib import Path

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.tableform import frame_of

DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_ARABIC = re.compile(r"[\u0600-\u06FF]")
_MIXED = re.compile(r"[A-Za-z][\u0600-\u06FF]|[\u0600-\u06FF][A-Za-z]")
# UTF-8 read as Latin text gives pairs such as "Ø³"; cp1256 read so gives runs such as "ÈÇÒÇÑ".
_MOJIBAKE = re.compile(r"(?:[ØÙÚÛ][^\x00-\x7f\u0600-\u06ff\s]){2}|[À-ÖØ-öø-ÿ]{4}|\ufffd")


def read_delimited(
    path: Path, *, delimiter: str, encoding: str, source: str
) -> Checked[pd.DataFrame]:
    """Read a CSV as text, indexed by line.

    Parameters
    ----------
    path
        An existing file.
    delimiter, encoding
        Empty to detect them.
    source
        The file as the user named it.

    Returns
    -------
    table
        Columns of text, index ``"line"`` (the line a row begins at, the header being line 1);
        repairs name a detected encoding or delimiter.

    Raises
    ------
    InputError
        If the text cannot be decoded, or the table has faults of form.
    """
    text, encoding_repair = _decode(path.read_bytes(), encoding, source)
    _refuse_mojibake(text, source)
    used = delimiter or _delimiter(text)
    try:
        rows = _rows(text, used, source)
    except _BrokenQuoteError as error:
        raise InputError(error.fault) from error
    table = frame_of(rows, place="line", source=source)
    repairs = [*table.repairs]
    if encoding_repair:
        repairs.insert(0, Repair(count=len(table.data), **encoding_repair))
    if used != "," and not delimiter:
        shown = {"\t": "tab", ";": "semicolon", "|": "bar"}[used]
        detail = f"the columns are parted by: {shown}"
        repairs.append(
            Repair(source=source, kind="delimiter", count=len(table.data), detail=detail)
        )
    return Checked(data=table.data, repairs=tuple(repairs))


def _decode(raw: bytes, encoding: str, source: str) -> tuple[str, dict[str, str]]:
    if encoding:
        return _decode_as(raw, encoding, source), {}
    for mark, codec, name in _BOMS:
        if raw.startswith(mark):
            return _decode_as(raw, codec, source), _encoding_repair(source, name)
    if raw.count(0) > len(raw) // 5:
        codec = "utf-16-le" if raw[1::2].count(0) > raw[::2].count(0) else "utf-16-be"
        return _decode_as(raw, codec, source), _encoding_repair(source, "UTF-16 without a mark")
    try:
        return raw.decode("utf-8"), {}
    except UnicodeDecodeError as error:
        text = raw.decode("cp1256")
        if _is_arabic_text(text):
            return text, _encoding_repair(source, "cp1256 (Windows Arabic)")
        raise InputError(_undecodable(raw, error, "UTF-8", source)) from error


def _is_arabic_text(text: str) -> bool:
    """Most letters beyond ASCII are Arabic, and they stand with one another, not in Latin words."""
    strange = sum(ord(character) > 127 for character in text)
    arabic = len(_ARABIC.findall(text))
    return arabic >= 0.7 * strange and 4 * len(_MIXED.findall(text)) <= arabic


def _decode_as(raw: bytes, encoding: str, source: str) -> str:
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(_undecodable(raw, error, encoding, source)) from error
    except (LookupError, UnicodeError) as error:  # codecs of Python that are no text encodings
        fault = Fault(
            source=source,
            field="encoding",
            found=f"'{encoding}'",
            expected='a known encoding such as "utf-8", "cp1256" or "utf-16"',
            cure="Correct the key 'encoding', or remove it to detect the encoding.",
        )
        raise InputError(fault) from error


def _encoding_repair(source: str, name: str) -> dict[str, str]:
    return {"source": source, "kind": "encoding", "detail": f"the text was read as {name}"}


def _undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str, source: str) -> Fault:
    line = raw.count(b"\n", 0, error.start) + 1
    return Fault(
        source=source,
        where=f"line {line}",
        found=f"bytes that are not {encoding}",
        expected=f"text in {encoding}",
        cure="Save the file as UTF-8, or name its encoding with the key 'encoding'.",
    )


def _refuse_mojibake(text: str, source: str) -> None:
    hit = _MOJIBAKE.search(text)
    if not hit and "\0" not in text:
        return
    start = hit.start() if hit else text.index("\0")
    raise InputError(
        Fault(
            source=source,
            where=f"line {text.count(chr(10), 0, start) + 1}",
            found=f"'{hit[0]}'" if hit else "a zero byte",
            expected="readable text: this looks like text decoded with the wrong encoding",
            cure="Export the file again as UTF-8, or name its encoding with the key 'encoding'.",
        )
    )


def _delimiter(text: str) -> str:
    """Pick the delimiter that gives the widest header and rows of one width."""

    def score(candidate: str) -> tuple[bool, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=candidate)
        try:
            widths = [len(row) for row in islice(reader, 20) if row]
        except csv.Error:
            return False, 0
        header = widths[0] if widths else 0
        return header > 1 and set(widths) == {header}, header

    return max(DELIMITERS, key=score)


class _BrokenQuoteError(Exception):
    """A record that no reader can part into cells."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.found)
        self.fault = fault


def _rows(text: str, delimiter: str, source: str) -> list[tuple[int, list[str]]]:
    """Part text into records with their first lines; an Excel ``sep=`` line is skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for record in reader:
            if record and not (start == 1 and len(record) <= 2 and record[0].startswith("sep=")):
                rows.append((start, record))
            start = reader.line_num + 1
    except csv.Error as error:
        raise _BrokenQuoteError(
            Fault(
                source=source,
                where=f"line {start}",
                found=f"a record that cannot be parted into cells ({error})",
                expected='quotes that close, doubled inside a quoted cell ("")',
                cure="Mend the quotes of this line.",
            )
        ) from error
    return rows
