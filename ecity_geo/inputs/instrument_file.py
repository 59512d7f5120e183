"""An instrument written as ``instrument.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.instrument import Construct, Instrument, Item
from ecity_geo.inputs.sections import Label


def write_instrument(instrument: Instrument, path: Path) -> Path:
    """Write an instrument so that `read_instrument` gives it again.

    Parameters
    ----------
    instrument
        The instrument.
    path
        The ``.toml`` to write.

    Returns
    -------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        path.write_bytes(instrument_text(instrument).encode("utf-8"))
    except OSError as error:
        raise InputError(
            Fault(
                source=str(path),
                found=f"a file that cannot be written ({error.strerror})",
                expected="a place for the instrument",
                cure="Name another file, or ask for the right to write there.",
            )
        ) from error
    return path


def instrument_text(instrument: Instrument) -> str:
    """Return an instrument as TOML.

    Parameters
    ----------
    instrument
        The instrument.

    Returns
    -------
    text
        The same text for the same instrument; what has its default is left out.
    """
    lines = ["schema = 1", f"name = {_label(instrument.name)}", "", "[scale]"]
    lines += [f"min = {instrument.scale_min}", f"max = {instrument.scale_max}"]
    points = sorted(instrument.scale_labels.items())
    lines += [f'labels."{point}" = {_label(label)}' for point, label in points]
    for construct in instrument.constructs:
        lines += ["", *_table("construct", construct)]
        for item in construct.items:
            lines += ["", *_table("construct.item", item)]
    for outcome in instrument.outcomes:
        lines += ["", *_table("outcome", outcome)]
    return "\n".join(lines) + "\n"


def _table(name: str, entry: Construct | Item) -> Iterator[str]:
    yield f"[[{name}]]"
    yield f"id = {_text(entry.id)}"
    yield f"label = {_label(entry.label)}"
    if isinstance(entry, Item) and entry.reverse:
        yield "reverse = true"
    if entry.weight != 1:
        yield f"weight = {float(entry.weight)!r}"


def _label(label: Label) -> str:
    given = [(key, text) for key, text in (("fa", label.fa), ("en", label.en)) if text]
    return "{ " + ", ".join(f"{key} = {_text(text)}" for key, text in given) + " }"


def _text(text: str) -> str:
    """Quote a text: the escapes of JSON are TOML's too, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
