"""Words and numbers in Persian and English.

Texts live in ``locale/<section>.<language>.toml``; the key of a text is the section, then the
tables and the name in the file, joined by dots: ``title`` in ``report.fa.toml`` is
``report.title``. Digits are converted for display only: tables and JSON keep Latin ones.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, SupportsFloat

import numpy as np
import pandas as pd
from babel.numbers import format_decimal

LANGUAGES = ("fa", "en")
DIRECTION = {"fa": "rtl", "en": "ltr"}
MISSING = "–"

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
# CLDR: the mark keeps a minus before its number in a line that runs from right to left.
MINUS = {"fa": "\u200e\u2212", "en": "\u2212"}
_PERCENT = {"fa": "٪", "en": "%"}
_ISOLATE, _POP = "\u2068", "\u2069"
_DIRECTION_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_STRONG = {"fa": {"L"}, "en": {"R", "AL"}}


class Joined(str):
    """A text that was put together of isolated parts: to isolate it as a whole would undo that.

    A list of foreign names would take the direction of its first one, commas and "and" too.
    """

    __slots__ = ()


def text(key: str, lang: str, **values: str) -> str:
    """Return a text of the catalogues.

    Parameters
    ----------
    key
        Key of the text.
    lang
        ``"fa"`` or ``"en"``.
    **values
        What stands for the ``{placeholders}`` of the text, as text already: numbers come through
        `number`, so that none slips through with foreign digits.

    Returns
    -------
    text
        The text; a value that runs the other way is isolated, and cannot turn its neighbours.

    Raises
    ------
    KeyError
        If the catalogue has no such text, or a placeholder has no value: a bug, not bad input.
    """
    found = catalogue(lang).get(key)
    if found is None:
        raise KeyError(f"no text {key!r} in language {lang!r}")
    return found.format_map(
        {
            name: value if isinstance(value, Joined) else isolate(value, lang)
            for name, value in values.items()
        }
    )


def has_text(key: str, lang: str) -> bool:
    """Tell whether the catalogues hold a text: for words that a study may bring itself.

    Parameters
    ----------
    key
        Key of the text.
    lang
        Language.

    Returns
    -------
    has_text
        Whether it is there.
    """
    return key in catalogue(lang)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """Return all texts of a language.

    Parameters
    ----------
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    catalogue
        Key to text.
    """
    if lang not in LANGUAGES:
        raise KeyError(f"no language {lang!r}; there are {', '.join(LANGUAGES)}")
    texts: dict[str, str] = {}
    folder = files("ecity_geo.outputs") / "locale"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        section, _, rest = file.name.partition(".")
        if rest == f"{lang}.toml":
            entries = tomllib.loads(file.read_text(encoding="utf-8"))
            texts.update(_flatten(section, entries))
    return texts


def _flatten(prefix: str, entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, entry in entries.items():
        key = f"{prefix}.{name}"
        if isinstance(entry, Mapping):
            yield from _flatten(key, entry)
        else:
            yield key, str(entry)


def isolate(value: str, lang: str) -> str:
    """Make a text safe to stand inside a sentence of a language.

    Parameters
    ----------
    value
        The text, perhaps from a file.
    lang
        Language of the sentence.

    Returns
    -------
    isolated
        Without controls of direction of its own (a name with an override would turn the rest
        of the line); between isolates if it has letters that run the other way.
    """
    plain = without_direction(value)
    foreign = _STRONG[lang]
    if any(unicodedata.bidirectional(letter) in foreign for letter in plain):
        return f"{_ISOLATE}{plain}{_POP}"
    return plain


def without_direction(value: str) -> str:
    """Return a text without controls of direction of its own.

    Parameters
    ----------
    value
        The text, perhaps from a file.

    Returns
    -------
    plain
        The same letters.
    """
    return _DIRECTION_CONTROLS.sub("", value)


def number(value: SupportsFloat | None, lang: str, digits: int = 0) -> str:
    """Write a number for a reader.

    Parameters
    ----------
    value
        The number; missing and infinite ones become an en dash.
    lang
        Language.
    digits
        Decimals, all of them shown.

    Returns
    -------
    number
        With the separators and digits of the language.
    """
    known = finite(value)
    if known is None:
        return MISSING
    rounded = round(known, digits)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = format_decimal(abs(rounded), format=pattern, locale=lang, numbering_system="default")
    sign = MINUS[lang] if rounded < 0 else ""
    return sign + localise_digits(written, lang)


def percent(value: SupportsFloat | None, lang: str, digits: int = 0) -> str:
    """Write a share as per cent.

    Parameters
    ----------
    value
        A fraction: 0.25 for 25 %.
    lang
        Language.
    digits
        Decimals of the percentage.

    Returns
    -------
    percent
        With the percent sign of the language; an en dash if missing. A share that is neither
        none nor all keeps up to two more decimals rather than be written as 0 % or 100 %.
    """
    known = finite(value)
    if known is None:
        return MISSING
    share = 100 * known
    enough = (each for each in range(digits, digits + 3) if round(share, each) not in (0, 100))
    return number(share, lang, next(enough, digits)) + _PERCENT[lang]


def interval(
    low: SupportsFloat | None, high: SupportsFloat | None, lang: str, digits: int = 0
) -> str:
    """Write an interval in words, which reads the same from either side.

    Parameters
    ----------
    low, high
        Its ends.
    lang
        Language.
    digits
        Decimals.

    Returns
    -------
    interval
        ``"3.1 to 3.5"``; an en dash if an end is missing.
    """
    if finite(low) is None or finite(high) is None:
        return MISSING
    return text(
        "common.interval", lang, low=number(low, lang, digits), high=number(high, lang, digits)
    )


def localise_digits(plain: str, lang: str) -> str:
    """Replace the digits of a text by those of the language, and nothing else.

    Parameters
    ----------
    plain
        A text.
    lang
        Language.

    Returns
    -------
    text
        The same text.
    """
    return plain.translate(_PERSIAN_DIGITS) if lang == "fa" else plain


def reason(word: str, lang: str, *, min_count: int) -> str:
    """Tell why a number is missing.

    Parameters
    ----------
    word
        ``"no_respondents"``, ``"too_few"``, ``"secondary"``, or empty.
    lang
        Language.
    min_count
        Fewest respondents of a cell that is shown.

    Returns
    -------
    reason
        A short phrase; empty for an empty word.
    """
    return text(f"common.reason.{word}", lang, min_count=number(min_count, lang)) if word else ""


def finite(value: Any) -> float | None:
    """Return a number as a float, and None where it is missing or infinite.

    Parameters
    ----------
    value
        A number, None, NA or NaN.

    Returns
    -------
    known
        The float, if there is one.
    """
    if value is None or value is pd.NA:
        return None
    known = float(value)
    return known if np.isfinite(known) else None
