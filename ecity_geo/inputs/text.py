"""Persian and Arabic text: folded in tiers, so that keys meet without guessing.

Tier 0 is the text as written. Tier 1 folds what is only a way of typing: Unicode form, ي and ی,
ك and ک, digits, half-spaces, direction marks, tatweel, white space, case. Tier 2 also folds what
may tell two words apart: hamza and alef forms, diacritics, ه and ة. A key is matched at the
lowest tier that finds it, and a key that finds two ids there is a fault, never a choice.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from ecity_geo.errors import Fault
from ecity_geo.inputs.schema import Repair

TIERS = (0, 1, 2)
_DIGITS = {chr(zero + n): str(n) for zero in (0x0660, 0x06F0) for n in range(10)}
# Tatweel, soft hyphen, ZWSP to RLM, bidi embeddings and isolates, word joiner, BOM.
_MARKS = [0x0640, 0x00AD, 0x061C, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]
_MARKS += [*range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF]
_MARK_TABLE = dict.fromkeys(_MARKS)
_TYPING = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"} | _DIGITS)
_SPELLING = str.maketrans({"ٱ": "ا", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ء": None})
_PRESENTATION = re.compile(r"[\uFB50-\uFDFF\uFE70-\uFEFC\uFF01-\uFF5E]+")
# A space between two digits parts two numbers; any other may as well be a half-space.
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")
_NUMBER = re.compile(r"[+-]?(\d+(,\d{3})*(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


def fold(text: str, tier: int) -> str:
    """Fold a text to the key that it is compared by.

    Parameters
    ----------
    text
        Any text.
    tier
        0 as written, 1 ways of typing, 2 also ways of spelling.

    Returns
    -------
    key
        The folded text; folding it again changes nothing.
    """
    if tier == 0:
        return text
    key = _typing(text)
    if tier == 1:
        return key
    bare = "".join(c for c in unicodedata.normalize("NFD", key) if unicodedata.category(c) != "Mn")
    return _typing(bare.translate(_SPELLING))


def _typing(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text.lower()  # most ids and codes; the rest comes to the same for them
    plain = _PRESENTATION.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    plain = unicodedata.normalize("NFC", plain.translate(_MARK_TABLE)).translate(_TYPING)
    plain = re.sub(r"\s+", " ", _SPACE.sub("", plain)).strip()
    # Canonical caseless matching: Unicode 15.0, section 3.13, definition D145.
    folded = unicodedata.normalize("NFD", plain).casefold()
    return unicodedata.normalize("NFC", folded).translate(_TYPING)


def to_number(text: str) -> float | None:
    """Read a number written with Persian, Arabic or Latin digits.

    Parameters
    ----------
    text
        Such as ``"۱۲٬۳۴۵٫۶"``, ``"12,345.6"``, ``" ٤ "`` or ``"-3"``.

    Returns
    -------
    number
        Its value; missing where the text is not one plain number. ``٫`` is the decimal
        point, ``٬`` and ``,`` part thousands and nothing else.
    """
    plain = text.translate(_MARK_TABLE).translate(_TYPING).strip()
    plain = plain.replace("٫", ".").replace("٬", ",").replace("−", "-")
    if not _NUMBER.fullmatch(plain) or not plain.isascii():
        return None
    number = float(plain.replace(",", ""))
    return number if math.isfinite(number) else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchResult:
    """Values of a file matched to ids.

    Parameters
    ----------
    mapping
        Value as written to id; values with a fault are absent.
    table
        A row per distinct value: `source`, `value`, `matched` (id, or missing), `tier`
        (missing without a match), `rows`.
    faults
        Ambiguous and unknown values.
    repairs
        How many rows needed folding.
    """

    mapping: dict[str, str]
    table: pd.DataFrame
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()


def match_keys(
    values: pd.Series[str],
    keys: pd.DataFrame,
    *,
    source: str,
    aliases: Mapping[str, str] | None = None,
    name: str = "",
    cure: str = "Correct the value, or declare it in the file of aliases.",
) -> MatchResult:
    """Match each distinct value to the id that it names, at the lowest tier that finds one.

    Parameters
    ----------
    values
        Values as written; missing and blank ones are left alone. Where the index has a name
        (``"line"``, ``"row"``), faults name the first place of a value by it.
    keys
        Indexed by id; each column holds another name of it. Ids themselves are names too.
    source
        File of `values`, as the user named it.
    aliases
        Further names to ids; they go before the names of `keys`.
    name
        Column of `values`, for the faults; by default the name of the series.
    cure
        What to do about a value that finds no id, or several.

    Returns
    -------
    result
        Mapping, match table, faults and the count of folded rows.
    """
    written = values.dropna().astype(str)
    written = written[written.str.strip() != ""]
    counts = written.value_counts(sort=False)
    names = [_names(keys, tier) for tier in TIERS]
    others = [_alias_names(aliases or {}, tier) for tier in TIERS]
    mapping: dict[str, str] = {}
    tiers: dict[str, int] = {}
    faults: list[Fault] = []
    for place, value in written[~written.duplicated()].items():
        tier, ids = _lookup(value, names, others)
        if len(ids) == 1:
            mapping[value], tiers[value] = next(iter(ids)), tier
            continue
        faults.append(
            Fault(
                source=source,
                where=_place(place, written.index.name, int(counts[value])),
                field=name or str(values.name or ""),
                found=f"'{value}'",
                expected=_expected(value, ids, keys),
                cure=cure,
            )
        )
    table = _match_table(source, counts, mapping, tiers)
    return MatchResult(
        mapping=mapping, table=table, faults=tuple(faults), repairs=_folded(table, source)
    )


def _match_table(
    source: str, counts: pd.Series[int], mapping: dict[str, str], tiers: dict[str, int]
) -> pd.DataFrame:
    values = counts.index.tolist()
    table = pd.DataFrame(
        {
            "source": source,
            "value": values,
            "matched": [mapping.get(value) for value in values],
            "tier": [tiers.get(value) for value in values],
            "rows": counts.tolist(),
        }
    )
    return table.astype({"source": str, "tier": "Int64", "rows": "Int64"})


def _names(keys: pd.DataFrame, tier: int) -> dict[str, set[str]]:
    """All names of all ids at one tier, to the ids that bear them."""
    found: dict[str, set[str]] = {}
    ids = [str(key) for key in keys.index]
    for column in [ids, *(keys[label].tolist() for label in keys.columns)]:
        for key, value in zip(ids, column, strict=True):
            if isinstance(value, str) and (folded := fold(value, tier)):
                found.setdefault(folded, set()).add(key)
    return found


def _alias_names(aliases: Mapping[str, str], tier: int) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for value, key in aliases.items():
        if folded := fold(value, tier):
            found.setdefault(folded, set()).add(key)
    return found


def _lookup(
    value: str, names: list[dict[str, set[str]]], others: list[dict[str, set[str]]]
) -> tuple[int, set[str]]:
    for tier in TIERS:
        key = fold(value, tier)
        ids = others[tier].get(key) or names[tier].get(key)
        if ids:
            return tier, ids
    return TIERS[-1], set()


def _expected(value: str, ids: set[str], keys: pd.DataFrame) -> str:
    if ids:
        several = ", ".join(f"'{key}'" for key in sorted(ids))
        return f"a name of one id, but it names {several}"
    texts = [str(key) for key in keys.index]
    for label in keys.columns:
        texts.extend(text for text in keys[label] if isinstance(text, str) and text.strip())
    close = nearest(value, texts)
    if close:
        return "a known name; nearest: " + ", ".join(f"'{text}'" for text in close)
    some = ", ".join(f"'{key}'" for key in list(keys.index)[:5])
    return f"one of the {len(keys)} known ids ({some}{', ...' if len(keys) > 5 else ''})"


def nearest(value: str, texts: Iterable[str], count: int = 3) -> list[str]:
    """Find the texts that look most like a value, best first.

    Parameters
    ----------
    value
        What was written.
    texts
        What is known.
    count
        How many to name at most.

    Returns
    -------
    close
        Texts as known; empty when nothing looks like it.
    """
    folded: dict[str, str] = {}
    for text in texts:
        folded.setdefault(fold(text, 2), text)
    return [
        folded[key]
        for key in difflib.get_close_matches(fold(value, 2), list(folded), n=count, cutoff=0.6)
    ]


def _place(first: object, index_name: object, count: int) -> str:
    place = f"{index_name} {first}" if index_name else ""
    more = f"{count} rows" if count > 1 else ""
    return f"{place} ({more})" if place and more else place or more


def _folded(table: pd.DataFrame, source: str) -> tuple[Repair, ...]:
    folded = table[(table["tier"] > 0).fillna(value=False)]
    if folded.empty:
        return ()
    examples = ", ".join(
        f"'{value}' as {key}"
        for value, key in zip(folded["value"][:5], folded["matched"][:5], strict=True)
    )
    detail = f"{len(folded)} spellings matched after folding: {examples}"
    return (
        Repair(source=source, kind="folded_text", count=int(folded["rows"].sum()), detail=detail),
    )
