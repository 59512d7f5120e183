"""A SOAR sheet: its items with weight and score, and the strategies it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecity_geo.inputs.sections import Label
from ecity_geo.inputs.toml import Document, Section, check_schema

QUADRANTS = ("strengths", "opportunities", "aspirations", "results")
STRATEGIES = ("SA", "SR", "OA", "OR")
_KINDS = ("item", "construct", "city")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoarItem:
    """An item of the sheet.

    Parameters
    ----------
    id
        Its name.
    quadrant
        One of `QUADRANTS`.
    label
        In both languages.
    weight
        Its share of the internal or the external half.
    score
        On the scale of the sheet.
    evidence
        Name of the figure that put it there, such as ``"item:gis"``; empty for none.
    """

    id: str
    quadrant: str
    label: Label
    weight: float
    score: float
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoarSheet:
    """A SOAR sheet.

    Parameters
    ----------
    items
        In the order of the file.
    scale
        Least and greatest score.
    strategies
        Measures per strategy (``"SR"``), in both languages.
    synthetic
        Whether weights and scores are made up.
    note
        What a reader must know of it.
    """

    items: tuple[SoarItem, ...]
    scale: tuple[int, int]
    strategies: dict[str, tuple[Label, ...]]
    synthetic: bool
    note: Label

    def frame(self) -> pd.DataFrame:
        """Return the items as a table: `id`, `quadrant`, `weight`, `score`, `evidence`."""
        names = ("id", "quadrant", "weight", "score", "evidence")
        return pd.DataFrame({name: [getattr(one, name) for one in self.items] for name in names})


def read_soar(path: Path, *, source: str) -> SoarSheet:
    """Read a SOAR sheet.

    Parameters
    ----------
    path
        The TOML file.
    source
        The file as the user named it.

    Returns
    -------
    sheet
        Its items and strategies.

    Raises
    ------
    InputError
        With every fault of the file at once: ids used twice, unknown quadrants, scores off the
        scale, weights of a half that do not sum to 1, unknown keys, wrong types.
    """
    document = Document(path, source)
    root = document.root
    check_schema(root)
    scale = root.section("scale")
    low, high = scale.whole("min", 1), scale.whole("max", 4)
    if not low < high:
        scale.fault("max", high, f"a whole number above min = {low}")
    scale.close()
    seen: set[str] = set()
    tables = root.sections("item")
    items = tuple(_item(table, seen, low, high) for table in tables)
    sheet = SoarSheet(
        items=items,
        scale=(low, high),
        strategies=_strategies(root),
        synthetic=root.flag("synthetic"),
        note=root.label("note"),
    )
    _check_halves(root, items)
    root.close()
    document.close()
    return sheet


def _item(table: Section, seen: set[str], low: int, high: int) -> SoarItem:
    item = SoarItem(
        id=table.text("id", required=True),
        quadrant=table.text("quadrant", required=True, choices=QUADRANTS),
        label=table.label("label", required=True),
        weight=table.number("weight", 0.0, above=0),
        score=table.number("score", float(low)),
        evidence=table.text("evidence"),
    )
    for key in ("weight", "score"):
        if key not in table:
            table.missing(key, "a number")
    if not low <= item.score <= high:
        table.fault("score", item.score, f"a number from {low} to {high}")
    if item.id in seen:
        table.fault("id", item.id, "an id of its own")
    seen.add(item.id)
    kind, _, name = item.evidence.partition(":")
    if item.evidence and (kind not in _KINDS or not name):
        expected = "item:<id>, construct:<id> or city:<figure>"
        table.fault("evidence", item.evidence, expected)
    table.close()
    return item


def _strategies(root: Section) -> dict[str, tuple[Label, ...]]:
    found: dict[str, tuple[Label, ...]] = {}
    for table in root.sections("strategy", required=False):
        name = table.text("id", required=True, choices=STRATEGIES)
        found[name] = (*found.get(name, ()), table.label("label", required=True))
        table.close()
    return found


def _check_halves(root: Section, items: tuple[SoarItem, ...]) -> None:
    for half in (QUADRANTS[:2], QUADRANTS[2:]):
        own = [item for item in items if item.quadrant in half]
        empty = [name for name in half if not any(item.quadrant == name for item in own)]
        total = sum(item.weight for item in own)
        if empty:
            root.fault("item", f"none of {empty[0]}", "an item in each quadrant", "Add one.")
        elif abs(total - 1) > 1e-6:
            found = f"weights of {' and '.join(half)} that sum to {total:.6g}"
            root.fault("item", found, "a sum of 1", "Divide each weight by the sum.")
