"""The survey's instrument: constructs, items, labels, scale, reversed items, weights."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ecity_geo.inputs.sections import Label
from ecity_geo.inputs.toml import Document, Section, check_schema

RESERVED = ("district_id", "fabric", "weight", "respondent_id", "overall", "city")
# Tables have the columns readiness_<construct> beside readiness_low and its like.
RESERVED_CONSTRUCTS = (*RESERVED, "low", "high", "n", "reason")
_WIDEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question.

    Parameters
    ----------
    id
        Column of the responses.
    label
        Text in both languages.
    reverse
        Whether a high answer means low readiness.
    weight
        Weight in its construct's mean.
    """

    id: str
    label: Label
    reverse: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """A group of items that measure one thing (the paper's "index").

    Parameters
    ----------
    id
        Short name.
    label
        Text in both languages.
    items
        Its items.
    weight
        Weight in the overall score.
    """

    id: str
    label: Label
    items: tuple[Item, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A questionnaire.

    Parameters
    ----------
    name
        Title in both languages.
    scale_min, scale_max
        Ends of the answer scale.
    constructs
        Its constructs, in order.
    scale_labels
        Label per scale point, where given.
    outcomes
        Questions on the same scale that measure what the constructs are to explain; no part of
        readiness.
    """

    name: Label
    scale_min: int
    scale_max: int
    constructs: tuple[Construct, ...]
    scale_labels: dict[int, Label] = field(default_factory=dict)
    outcomes: tuple[Item, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All items of the constructs, in order."""
        return tuple(item for construct in self.constructs for item in construct.items)

    @property
    def questions(self) -> tuple[Item, ...]:
        """Everything that is asked: all items, then the outcomes."""
        return (*self.items, *self.outcomes)


def read_instrument(path: Path, *, source: str) -> Instrument:
    """Read and check an instrument file.

    Parameters
    ----------
    path
        The ``instrument.toml``.
    source
        The file as the user named it.

    Returns
    -------
    instrument
        Name, scale, constructs, items and outcomes in the order of the file.

    Raises
    ------
    InputError
        With every fault of the file at once: ids used twice, constructs without items, a scale
        whose ends are the wrong way round, unknown keys, wrong types.
    """
    document = Document(path, source)
    root = document.root
    check_schema(root)
    root.flag("synthetic")
    root.label("note")
    scale = root.section("scale", required=True)
    low, high = _ends(scale)
    name = root.label("name", required=True)
    seen: dict[str, str] = {}
    instrument = Instrument(
        name=name,
        scale_min=low,
        scale_max=high,
        constructs=tuple(_construct(table, seen) for table in root.sections("construct")),
        scale_labels=_scale_labels(scale, low, high),
        outcomes=tuple(_outcome(table, seen) for table in root.sections("outcome", required=False)),
    )
    for section in (scale, root):
        section.close()
    document.close()
    return instrument


def _ends(scale: Section) -> tuple[int, int]:
    for key in ("min", "max"):
        if key not in scale and scale.data:
            scale.missing(key, "a whole number")
    low, high = scale.whole("min", 1), scale.whole("max", 5)
    if not low < high <= low + _WIDEST:
        expected = f"a whole number above min = {low}, by {_WIDEST} at most"
        scale.fault("max", high, expected)
    return low, high


def _scale_labels(scale: Section, low: int, high: int) -> dict[int, Label]:
    labels = scale.labels("labels")
    points: dict[int, Label] = {}
    for key, label in labels.items():
        if re.fullmatch(r"-?\d{1,9}", key) and low <= int(key) <= high:
            points[int(key)] = label
        else:
            expected = f"a point of the scale from {low} to {high}"
            scale.fault(f"labels.{key}", key, expected)
    return points


def _construct(table: Section, seen: dict[str, str]) -> Construct:
    construct = Construct(
        id=_identifier(table, seen, RESERVED_CONSTRUCTS),
        label=table.label("label", required=True),
        weight=table.number("weight", 1.0, above=0),
        items=tuple(_item(item, seen) for item in table.sections("item")),
    )
    table.close()
    return construct


def _item(table: Section, seen: dict[str, str]) -> Item:
    item = Item(
        id=_identifier(table, seen, RESERVED),
        label=table.label("label", required=True),
        reverse=table.flag("reverse"),
        weight=table.number("weight", 1.0, above=0),
    )
    table.close()
    return item


def _outcome(table: Section, seen: dict[str, str]) -> Item:
    outcome = Item(id=_identifier(table, seen, RESERVED), label=table.label("label", required=True))
    table.close()
    return outcome


def _identifier(table: Section, seen: dict[str, str], names: tuple[str, ...]) -> str:
    """Scores of items and of constructs are columns of one table: each id stands once.

    `seen` holds the ids so far and where they stand.
    """
    identifier = table.text("id", required=True)
    if identifier != identifier.strip() or identifier in names:
        reserved = ", ".join(f"'{name}'" for name in names)
        table.fault("id", identifier, f"a name without spaces around it, none of {reserved}")
    if identifier and identifier in seen:
        table.fault("id", identifier, f"an id of its own; {seen[identifier]} has it already")
    seen.setdefault(identifier, table.path)
    return identifier
