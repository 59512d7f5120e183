"""An instrument as an XLSForm, the format of KoboToolbox and ODK: https://xlsform.org.

What the format has no place for (reversed items, weights, ids that are no XML names, texts that
one language lacks) stands in columns of our own, ``ecity_...``, which form servers pass over.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.form_names import (
    CONSENT,
    DISTRICT,
    FIELDS,
    INTRODUCTION,
    LANGUAGES,
    LOCATION,
    SCALE,
    form_names,
)
from ecity_geo.inputs.form_reader import read_form
from ecity_geo.inputs.instrument import Construct, Instrument, Item
from ecity_geo.inputs.sections import Label
from ecity_geo.inputs.sheets import optional

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["CONSENT_TEXT", "read_form", "write_form"]

Row = dict[str, str]

CONSENT_TEXT = Label(
    fa="پاسخ‌های شما فقط برای برنامه‌ریزی خدمات الکترونیک شهر به کار می‌رود، تک‌به‌تک در اختیار کسی "
    "گذاشته نمی‌شود و هر زمان می‌توانید انصراف دهید. آیا می‌پذیرید که شرکت کنید؟",
    en="Your answers serve to plan the electronic services of the city and nothing else, are "
    "passed on to nobody one by one, and you may stop at any time. Do you agree to take part?",
)
_YES_NO = {"yes": Label(fa="بله", en="Yes"), "no": Label(fa="خیر", en="No")}
_SURVEY = ("required", "relevant", "appearance")
_OWN = ("ecity_role", "ecity_id", "ecity_reverse", "ecity_weight", "ecity_only")
_PERSIAN = str.maketrans("0123456789-", "۰۱۲۳۴۵۶۷۸۹−")
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LONGEST = 32_767
# Excel knows no earlier day that every zip can hold; a form does not change with the clock.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_form(
    instrument: Instrument,
    path: Path,
    *,
    form_id: str = "ecity_survey",
    version: str = "1",
    default_language: str = "fa",
    districts: pd.DataFrame | None = None,
    coordinates: bool = False,
    consent: Label | None = CONSENT_TEXT,
    required: bool = True,
) -> Path:
    """Write an instrument as an XLSForm for KoboToolbox, ODK Central and their like.

    Parameters
    ----------
    instrument
        Becomes a group per construct with a question per item, and a question per outcome.
    path
        The ``.xlsx`` to write.
    form_id, version
        Under which a server knows the form; a new wave of a changed form has a new version.
    default_language
        ``"fa"`` or ``"en"``; the form has both.
    districts
        Choices of the question where the respondent lives: ids as index, and where there are
        such columns their names, `name_fa` and `name_en`. Without it there is no such question.
    coordinates
        Whether the respondent may mark a place on the map: personal data, asked for only where
        districts do not do.
    consent
        Text that must be agreed to before anything is asked; None to leave it out.
    required
        Whether the items must be answered.

    Returns
    -------
    path
        The file: the same bytes for the same instrument. `read_form` gives the instrument again.

    Raises
    ------
    InputError
        With every text that a form cannot hold, and if the file cannot be written or
        ``openpyxl`` is missing.
    """
    optional("openpyxl", str(path))
    names = form_names(instrument)
    survey = [
        *_opening(instrument, districts, coordinates=coordinates, consent=consent),
        *_questions(instrument, names, required=required, relevant=consent is not None),
    ]
    choices = list(_choices(instrument, districts, consent=consent))
    head = {"form_title": instrument.name.text(default_language), "form_id": form_id}
    head |= {"version": version, "default_language": LANGUAGES[default_language]}
    head |= {"ecity_name_fa": instrument.name.fa, "ecity_name_en": instrument.name.en}
    order = [default_language, *(key for key in LANGUAGES if key != default_language)]
    labels = tuple(f"label::{LANGUAGES[key]}" for key in order)
    columns = ("type", "name", *labels, *_SURVEY, *_OWN)
    sheets = {
        "survey": (columns, survey),
        "choices": (("list_name", "name", *labels, "ecity_only"), choices),
        "settings": (tuple(head), [head]),
    }
    _check(sheets, str(path))
    _save(sheets, path)
    return path


def _opening(
    instrument: Instrument,
    districts: pd.DataFrame | None,
    *,
    coordinates: bool,
    consent: Label | None,
) -> Iterator[Row]:
    yield {"type": "start", "name": "start"}
    yield {"type": "end", "name": "end"}
    yield {"type": "note", "name": INTRODUCTION} | _texts(instrument.name)
    asked = {} if consent is None else {"relevant": f"${{{CONSENT}}} = 'yes'"}
    if consent is not None:
        row = {"type": "select_one yes_no", "name": CONSENT, "required": "yes"}
        yield row | _texts(consent)
    if districts is not None:
        row = {"type": "select_one district", "name": DISTRICT, "required": "yes"}
        yield row | _texts(FIELDS[DISTRICT]) | asked
    if coordinates:
        yield {"type": "geopoint", "name": LOCATION} | _texts(FIELDS[LOCATION]) | asked


def _questions(
    instrument: Instrument, names: dict[str, str], *, required: bool, relevant: bool
) -> Iterator[Row]:
    asked = {"relevant": f"${{{CONSENT}}} = 'yes'"} if relevant else {}
    answer = {"type": f"select_one {SCALE}"} | ({"required": "yes"} if required else {})
    for construct in instrument.constructs:
        group = {"type": "begin_group", "appearance": "field-list", "ecity_role": "construct"}
        yield group | _entry(construct, names) | asked
        for item in construct.items:
            yield answer | _entry(item, names) | {"ecity_role": "item"}
        yield {"type": "end_group"}
    for outcome in instrument.outcomes:
        yield answer | _entry(outcome, names) | {"ecity_role": "outcome"} | asked


def _entry(entry: Construct | Item, names: dict[str, str]) -> Row:
    row = {"name": names[entry.id]} | _texts(entry.label)
    if names[entry.id] != entry.id:
        row["ecity_id"] = entry.id
    if entry.weight != 1:
        row["ecity_weight"] = repr(float(entry.weight))
    if isinstance(entry, Item) and entry.reverse:
        row["ecity_reverse"] = "yes"
    return row


def _texts(label: Label) -> Row:
    """Columns of a label; where a language has no text the other stands in, and is told."""
    row = {f"label::{LANGUAGES[key]}": label.text(key) for key in LANGUAGES}
    given = [key for key in LANGUAGES if getattr(label, key)]
    return row | ({"ecity_only": given[0]} if len(given) == 1 else {})


def _choices(
    instrument: Instrument, districts: pd.DataFrame | None, *, consent: Label | None
) -> Iterator[Row]:
    for point in range(instrument.scale_min, instrument.scale_max + 1):
        row = {"list_name": SCALE, "name": str(point)}
        if point in instrument.scale_labels:
            yield row | _texts(instrument.scale_labels[point])
        else:
            plain = Label(fa=str(point).translate(_PERSIAN), en=str(point))
            yield row | _texts(plain) | {"ecity_only": "none"}
    if consent is not None:
        for name, label in _YES_NO.items():
            yield {"list_name": "yes_no", "name": name} | _texts(label)
    if districts is not None:
        for key, fa, en in _named(districts):
            label = Label(fa=fa, en=en) if fa or en else Label(fa=key, en=key)
            yield {"list_name": "district", "name": key} | _texts(label)


def _named(districts: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    blank = pd.Series("", districts.index)
    columns = [districts.get(f"name_{key}", blank).fillna("") for key in ("fa", "en")]
    for key, fa, en in zip(districts.index, *columns, strict=True):
        yield str(key), str(fa).strip(), str(en).strip()


def _check(sheets: dict[str, tuple[tuple[str, ...], list[Row]]], source: str) -> None:
    """Find texts that Excel cannot hold, or that a form server would take for a reference."""
    faults = []
    for sheet, (_, rows) in sheets.items():
        for number, row in enumerate(rows, start=2):
            for column, text in row.items():
                found = ""
                if _UNFIT.search(text):
                    found = "control characters"
                elif len(text) > _LONGEST:
                    found = f"{len(text):,} characters"
                elif "${" in text and column != "relevant":
                    found = '"${", which a form takes for a reference to another question'
                if found:
                    faults.append(
                        Fault(
                            source=source,
                            where=f"sheet '{sheet}', row {number}",
                            field=column,
                            found=f"{found} in '{text[:40]}'",
                            expected=f"a text of at most {_LONGEST:,} plain characters",
                            cure="Change the text in the instrument.",
                        )
                    )
    if faults:
        raise InputError(faults)


def _save(sheets: dict[str, tuple[tuple[str, ...], list[Row]]], path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, (columns, rows) in sheets.items():
        sheet = book.create_sheet(title)
        _fill(sheet, 1, columns)
        for number, row in enumerate(rows, start=2):
            _fill(sheet, number, [row.get(column, "") for column in columns])
        sheet.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    try:
        path.write_bytes(_without_clock(content))
    except OSError as error:
        raise InputError(
            Fault(
                source=str(path),
                found=f"a file that cannot be written ({error.strerror})",
                expected="a place for the form",
                cure="Name another file, or ask for the right to write there.",
            )
        ) from error


def _fill(sheet: Worksheet, number: int, texts: tuple[str, ...] | list[str]) -> None:
    for column, text in enumerate(texts, start=1):
        if text:
            cell = sheet.cell(number, column)
            cell.value = text
            cell.data_type = "s"  # a text that begins with = is no formula


def _without_clock(content: io.BytesIO) -> bytes:
    """Write an archive again without the times at which it was made."""
    written = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            data = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z", old.read(name))
            entry = zipfile.ZipInfo(name, date_time=_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, data)
    return written.getvalue()
