"""A published figure: the digits as printed, and every number that would print like that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Relation = Literal["=", "<", ">"]

# Persian and Arabic digits, decimal mark and minus signs, as printed in papers of the region.
_FOLDED = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫−–≤≥", "01234567890123456789.--<>")
_FIGURE = re.compile(r"([<>=]?)=?\s*([-+]?)(\d{0,15})(?:\.(\d{0,15}))?(?:[eE]([-+]?\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as printed.

    Parameters
    ----------
    text
        The digits, as in the source.
    value
        The number that they spell.
    unit
        One in the last printed digit: 0.01 for ``"4.60"``.
    relation
        ``"<"`` or ``">"`` where a bound is printed, as in ``"< .05"``.
    """

    text: str
    value: Fraction
    unit: Fraction
    relation: Relation = "="

    def __str__(self) -> str:
        return self.text

    @property
    def low(self) -> Fraction:
        """Smallest number that is rounded to the figure (halves may go up or down)."""
        return self.value - self.unit / 2

    @property
    def high(self) -> Fraction:
        """Largest number that is rounded to the figure."""
        return self.value + self.unit / 2

    @property
    def ends(self) -> tuple[float, float]:
        """Smallest and largest number that are rounded to the figure."""
        return float(self.low), float(self.high)


def parse_figure(text: object) -> Figure | None:
    """Read a printed number.

    Parameters
    ----------
    text
        ``"4.60"``, ``"-.93"``, ``"< .05"``, ``"۴٫۶۰"``, or a whole number.

    Returns
    -------
    figure
        None when the text spells no number, or one of more than 15 digits.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        return None
    plain = str(text).translate(_FOLDED).strip()
    match = _FIGURE.fullmatch(plain)
    if match is None or not (match[3] or match[4]):
        return None
    relation, sign, whole, decimals, power = match.groups()
    unit = Fraction(10) ** (int(power or 0) - len(decimals or ""))
    value = int((whole or "0") + (decimals or "")) * unit
    kind: Relation = "<" if relation == "<" else ">" if relation == ">" else "="
    return Figure(str(text).strip(), -value if sign == "-" else value, unit, kind)


def parse_setting(value: object) -> Figure | None:
    """Read a number that was chosen, not printed: its last zeros mean nothing.

    Parameters
    ----------
    value
        As in `parse_figure`, or a float.

    Returns
    -------
    figure
        None when it is no finite number.
    """
    return parse_figure(str(value) if isinstance(value, float) else value)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether two closed intervals share a number, but for the last bits of a float."""
    slack = 1e-12 * max(1.0, *(abs(end) for end in (*one, *other) if abs(end) != float("inf")))
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack
