"""Options and lists that must be numbers: a word is told, not left to NumPy."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecity_geo.errors import AnalysisError


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
    # NumPy's numbers are registered as real; its truth values are not.
    if not isinstance(value, bool) and isinstance(value, Real):
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
        numbers = given.astype(float) if given.ndim == 1 and given.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        shown = repr(values)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        raise AnalysisError(f"{name}: found {shown}, expected {expected}.")
    return numbers
