"""What the analysis and the readers say, in the language of a page.

They raise and record English sentences, for they know no language. The catalogue has these
sentences with their placeholders in English and Persian: what matches the English one is said
with the Persian one, names and figures put in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter

from ecity_geo.outputs.text import (
    MINUS,
    Joined,
    catalogue,
    has_text,
    isolate,
    localise_digits,
    text,
)

_SAY, _WORD = "reasons.say.", "reasons.word."
# What a placeholder may stand for: anything up to the end of a sentence.
_VALUE = r"(?P<{name}>(?:[^.]|\.(?!\s|$))+?)"
_MORE = re.compile(r"^(?P<names>.+?)(?: and|,) (?P<count>\d+) more$")
_ID = re.compile(r"[^\W\d][\w-]*")
_ALONE = re.compile(r"(?<![^\s(=])[-+]?\d[\d,.]*(?:e-?\d+)?(?![\w:])")
_MOVED = re.compile(r'(?P<old>EPSG:\d+|"[^"]+") to (?P<new>EPSG:\d+|"[^"]+")')
_FIGURE = re.compile(r"[-+±]*\d[\d,.]*%?")
_QUOTED = re.compile(r"'?(?P<id>[^\W\d][\w-]*)'?")
# Where a number may be the id of a district or a fabric; anywhere else it is a count.
_OF_GROUPS = {"group", "names"}


def reason_text(said: str, lang: str, labels: Mapping[str, str] | None = None) -> str:
    """Say in the language of a page why something could not be told, or what was mended.

    Parameters
    ----------
    said
        One or more English sentences, as they were raised or recorded.
    lang
        ``"fa"`` or ``"en"``.
    labels
        Names by id, of questions, parts and groups.

    Returns
    -------
    reason
        In English as it was, ids by their names. In Persian the same, or, where the catalogue
        does not have a sentence, only that the answers do not allow it.
    """
    if lang == "en" and not labels:
        return said
    worded = _named if lang == "en" else _worded
    parts, at = [], 0
    while at < len(said):
        found = next((one for one in _matches(said, at)), None)
        if found is None:
            return said if lang == "en" else text("reasons.unknown", lang)
        key, match = found
        values = {
            name: worded(value, lang, labels or {}, groups=name in _OF_GROUPS)
            for name, value in match.groupdict().items()
        }
        parts.append(text(key, lang, **values))
        at = match.end()
        at += len(said[at:]) - len(said[at:].lstrip())
    return " ".join(parts)


def detail_text(detail: str, lang: str) -> str:
    """Say in the language of a page what was mended.

    Parameters
    ----------
    detail
        As a repair has it.
    lang
        ``"fa"`` or ``"en"``.

    Returns
    -------
    detail
        As it was where the catalogue does not have it and it is but names and figures, such as
        of two coordinate systems; nothing where it is another sentence.
    """
    if lang != "en" and (moved := _MOVED.fullmatch(detail)):
        return text("reasons.crs_moved", lang, **moved.groupdict())
    told = reason_text(detail, lang)
    if told != text("reasons.unknown", lang):
        return told
    return detail if len(re.findall(r"\b[a-z]{2,}\b", detail)) < _SENTENCE else ""


# Words in small letters from which on a detail is a sentence.
_SENTENCE = 4


def _matches(said: str, at: int) -> list[tuple[str, re.Match[str]]]:
    found = ((key, pattern.match(said, at)) for key, pattern in _patterns())
    return [(key, match) for key, match in found if match is not None]


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the sentences as patterns, those with words at their head and with most of them first.

    A placeholder at the head would else take up a sentence that comes before.
    """
    found = []
    for key, sentence in catalogue("en").items():
        if key.startswith(_SAY):
            parts = list(Formatter().parse(sentence))
            pattern = "".join(
                re.escape(literal) + (_VALUE.format(name=name) if name else "")
                for literal, name, _, _ in parts
            )
            rank = not parts[0][0], -sum(len(literal) for literal, *_ in parts)
            if parts[-1][1]:
                # A list at the end has blanks of its own: such a detail stands alone.
                pattern = pattern.removesuffix(_VALUE.format(name=parts[-1][1]))
                pattern += f"(?P<{parts[-1][1]}>.+)$"
            found.append((rank, key, re.compile(pattern + r"(?=\s|$)")))
    return tuple((key, pattern) for _, key, pattern in sorted(found, key=lambda one: one[0]))


def _named(value: str, lang: str, labels: Mapping[str, str], *, groups: bool) -> str:
    """Return an English value with names in place of ids, and all else as it was."""

    def name(found: re.Match[str]) -> str:
        return isolate(labels[found["id"]], lang) if found["id"] in labels else found[0]

    plain = value.strip("'")
    if groups and (label := _group(plain, labels)):
        return label
    return Joined(_QUOTED.sub(name, value))


def _worded(value: str, lang: str, labels: Mapping[str, str], *, groups: bool) -> str:
    """Return what stands for a placeholder: a word of the catalogue, names, or a figure."""
    key = _WORD + re.sub("[^a-z0-9]+", "_", value.lower()).strip("_")
    if has_text(key, lang):
        return text(key, lang)
    more = _MORE.match(value)
    if more:
        names = _worded(more["names"], lang, labels, groups=groups)
        count = localise_digits(more["count"], lang)
        return Joined(text(f"{_WORD}and_more", lang, names=names, count=count))
    each = (_name(one, lang, labels, groups=groups) for one in value.split(", "))
    return Joined("، ".join(isolate(name, lang) for name in each))


def _group(plain: str, labels: Mapping[str, str]) -> str:
    keys = f"district:{plain}", f"fabric:{plain}"
    return next((labels[key] for key in keys if key in labels), "")


def _name(written: str, lang: str, labels: Mapping[str, str], *, groups: bool) -> str:
    plain = written.strip("[]'\"")
    label = labels.get(plain) or (_group(plain, labels) if groups else "")
    if label:
        return label
    if _FIGURE.fullmatch(plain):
        return _figure(plain, lang)
    # Parameters are ids joined by operators, variances and tests have a figure behind.
    plain = plain.replace("' ", " ").replace(" as ", " = ")
    named = _ID.sub(lambda found: _worded_id(found[0], lang, labels), plain)
    return _ALONE.sub(lambda found: _figure(found[0], lang), named)


def _figure(written: str, lang: str) -> str:
    sign = MINUS[lang] if written.startswith("-") else ""
    plain = localise_digits(written.removeprefix("-"), lang)
    return sign + plain.replace(".", "٫").replace(",", "٬")


def _worded_id(plain: str, lang: str, labels: Mapping[str, str]) -> str:
    keys = f"statistics.word.{plain}", f"{_WORD}{plain}"
    said = next((text(key, lang) for key in keys if has_text(key, lang)), plain)
    return labels.get(plain, said)
