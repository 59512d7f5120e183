"""Names and fixed questions of a form: what an export of KoboToolbox or ODK calls its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.sections import Label

CONSENT, DISTRICT, LOCATION, INTRODUCTION = "consent", "district", "location", "introduction"
FIELDS = {
    CONSENT: Label(fa="رضایت", en="Consent"),
    DISTRICT: Label(fa="در کدام منطقه‌ی شهر زندگی می‌کنید؟", en="In which district do you live?"),
    LOCATION: Label(fa="محل سکونت روی نقشه", en="Where you live, on the map"),
    INTRODUCTION: Label(),
}
"""Questions of a form that are no part of the instrument."""
LANGUAGES = {"fa": "Persian (fa)", "en": "English (en)"}
SCALE = "scale"
"""List of the choices of every item."""
METADATA = re.compile(
    r"_.*|(start|end|today|device_?id|username|sim_?serial|subscriber_?id|phone_?number|audit"
    r"|instance_?(id|name)|key|uuid|submission_?date|submitter_?(id|name)|review_?state"
    r"|attachments_?(present|expected)|status|edits"
    r"|form_?version|version|synthetic|(meta|formhub)[/:-].*)",
    re.IGNORECASE,
)
"""Columns that a form server adds."""
_SEPARATOR = re.compile(r"[/:.-]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def form_names(instrument: Instrument) -> dict[str, str]:
    """Name each construct, item and outcome as a form may call it.

    Parameters
    ----------
    instrument
        Its ids may hold any letters; the names of a form are XML names, here in ASCII.

    Returns
    -------
    names
        Id to name, in the order of the instrument; the id itself where it is a name that no
        server uses. All names differ, also without regard to case.
    """
    ids = [
        part for each in instrument.constructs for part in (each.id, *(i.id for i in each.items))
    ]
    ids += [outcome.id for outcome in instrument.outcomes]
    names = {key: key for key in _own_names(ids)}
    taken = {name.lower() for name in (*FIELDS, *names.values(), "meta", "data")}
    for key in ids:
        if key not in names:
            names[key] = _free(key, taken)
            taken.add(names[key].lower())
    return {key: names[key] for key in ids}


def _own_names(ids: list[str]) -> Iterator[str]:
    """Ids that can stand as they are; of two that differ by case only, the first."""
    seen = {*FIELDS, "meta", "data"}
    for key in ids:
        if _NAME.fullmatch(key) and not METADATA.fullmatch(key) and key.lower() not in seen:
            seen.add(key.lower())
            yield key


def _free(key: str, taken: set[str]) -> str:
    base = re.sub(r"[^A-Za-z0-9_]+", "_", key).strip("_")[:48]
    base = f"q_{base}" if base else "q"
    number = 1
    while (name := base if number == 1 else f"{base}_{number}").lower() in taken:
        number += 1
    return name


def tails(header: str) -> list[str]:
    """List what a header may name: all of it, and what is left behind each separator.

    Parameters
    ----------
    header
        Such as ``"wave/technical/network"`` or ``"technical-network"``.

    Returns
    -------
    tails
        Longest first.
    """
    return [header, *(header[cut.end() :] for cut in _SEPARATOR.finditer(header))]
