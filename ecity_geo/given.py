"""What a caller gives, told back to them: ids that are not there, values that are no numbers."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context
from numbers import Real
from typing import TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ecity_geo.errors import AnalysisError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHOWN_IDS = 10


def shown(ids: pd.Index) -> str:
    """First ids as text, the rest counted."""
    text = ", ".join(repr(each) for each in ids[:SHOWN_IDS].tolist())
    rest = len(ids) - SHOWN_IDS
    return f"{text} and {rest} more" if rest > 0 else text


def types_differ(asked: pd.Index, known: pd.Index) -> str:
    """Say so where ids are missing only because one side has them as text: '1' for 1; or "".

    Parameters
    ----------
    asked
        Ids that are not there.
    known
        Ids that are.

    Returns
    -------
    told
        A sentence that begins with a space, or nothing.
    """
    texts = {str(each): each for each in known.tolist()}
    for each in asked.tolist():
        like = texts.get(str(each))
        if like is not None:
            kinds = type(each).__name__, type(like).__name__
            return f" The types differ: {each!r} ({kinds[0]}) is no {like!r} ({kinds[1]})."
    return ""


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number: no text such as "1", and neither True nor False."""
    return isinstance(value, Real) and not isinstance(value, bool)


def numbers(values: pd.Series) -> tuple[Floats, Flags]:
    """Take the numbers of a column.

    Parameters
    ----------
    values
        Of any type.

    Returns
    -------
    numbers
        NaN where a value is missing or no number.
    wrong
        Which values are there and are no numbers; a number that is written as text is none.
    """
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values):
        return values.to_numpy(dtype=float, na_value=np.nan), np.zeros(len(values), dtype=bool)
    cells = values.astype(object)
    missing = cells.isna().to_numpy(dtype=bool)
    number = np.array([is_number(value) for value in cells], dtype=bool) & ~missing
    found = np.full(len(cells), np.nan)
    found[number] = cells[number].astype(float)
    return found, ~number & ~missing


def as_number(value: object, name: str, expected: str) -> float:
    """Return an option as a number.

    Parameters
    ----------
    value
        What the caller gave.
    name, expected
        The option and what it may be, for the message.

    Returns
    -------
    number
        May be infinite or NaN.

    Raises
    ------
    AnalysisError
        If it is no real number: text, a list, a yes or no.
    """
    if is_number(value):
        return float(value)
    raise AnalysisError(f"{name}: found {value!r}, expected {expected}.")


def as_numbers(values: ArrayLike, name: str, expected: str) -> NDArray[np.float64]:
    """Return a list of numbers as an array.

    Parameters
    ----------
    values
        What the caller gave.
    name, expected
        The argument and what it may be, for the message.

    Returns
    -------
    numbers
        One-dimensional.

    Raises
    ------
    AnalysisError
        If it is no list, or holds anything but numbers.
    """
    try:
        given = np.asarray(values)
        read = given.astype(float) if given.ndim == 1 and given.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        read = None
    if read is None:
        found = repr(values)
        found = found if len(found) <= 80 else f"{found[:77]}..."
        raise AnalysisError(f"{name}: found {found}, expected {expected}.")
    return read


def enough(number: float, digits: int = 6) -> str:
    """Write a number, rounded up to some digits: what is said to do must do.

    Parameters
    ----------
    number
        The least that does.
    digits
        How many to write at most.
    """
    short = f"{number:.{digits}g}"
    if float(short) >= number:
        return short
    up = Context(prec=digits, rounding=ROUND_CEILING).create_decimal_from_float(number)
    return f"{float(up):.{digits}g}"
