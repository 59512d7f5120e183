"""Figures of statistics as journals print them: p, values bounded by one, intervals."""

from __future__ import annotations

from typing import Any

from ecity_geo.outputs.text import MISSING, finite, number

LEAST_P = 0.001


def bounded(value: Any, lang: str, digits: int = 2) -> str:
    """Write a value that cannot pass 1, such as a correlation.

    Parameters
    ----------
    value
        The value; missing and infinite ones become an en dash.
    lang
        Language of the digits: ``"en"`` leaves out the zero before the point, as APA style
        does; ``"fa"`` keeps it.
    digits
        Decimals.

    Returns
    -------
    written
        ``".71"`` or ``"۰٫۷۱"``.
    """
    written = number(value, lang, digits)
    known = finite(value)
    if lang == "fa" or known is None or abs(round(known, digits)) >= 1:
        return written
    return written.replace("0.", ".", 1)


def p_value(value: Any, lang: str) -> str:
    """Write a probability of a test.

    Parameters
    ----------
    value
        The probability.
    lang
        Language of the digits.

    Returns
    -------
    written
        Three decimals, and ``"< .001"`` for less.
    """
    known = finite(value)
    if known is None:
        return MISSING
    if known < LEAST_P:
        return f"< {bounded(LEAST_P, lang, 3)}"
    return bounded(min(known, 1.0), lang, 3)


def brackets(low: Any, high: Any, lang: str, digits: int = 2, *, below_one: bool = False) -> str:
    """Write an interval in brackets.

    Parameters
    ----------
    low, high
        Its ends.
    lang
        Language of the digits.
    digits
        Decimals.
    below_one
        Whether the ends are `bounded`.

    Returns
    -------
    written
        ``"[2.31, 2.55]"``, to be set from left to right in any language; an en dash where an end
        is missing.
    """
    if finite(low) is None or finite(high) is None:
        return MISSING
    write = bounded if below_one else number
    comma = "، " if lang == "fa" else ", "
    return f"[{write(low, lang, digits)}{comma}{write(high, lang, digits)}]"
