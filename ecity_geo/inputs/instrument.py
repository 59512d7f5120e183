"""The survey's instrument: constructs, items, labels, scale, reversed items, weights."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecity_geo.inputs.config import Label


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
    """

    name: Label
    scale_min: int
    scale_max: int
    constructs: tuple[Construct, ...]
    scale_labels: dict[int, Label] = field(default_factory=dict)

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in order."""
        return tuple(item for construct in self.constructs for item in construct.items)
