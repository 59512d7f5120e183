"""Classes and colours: how a number becomes a colour that a reader can look up again.

Sequential colours are viridis (darker is worse on every map), which colour-blind readers can
order; categories differ in lightness as well as in hue.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

# matplotlib's viridis at 0.08, 0.29, 0.5, 0.71, 0.92: its ends would vanish against text or paper.
VIRIDIS = ("#481d6f", "#365d8d", "#21918c", "#48c16e", "#cae11f")
GAP_COLOURS = {
    "both": "#6b2455",
    "coverage": "#e08a2e",
    "readiness": "#3f76b5",
    "neither": "#bcdcc4",
}
NO_DATA = "#e3e3e0"
N_CLASSES = len(VIRIDIS)
MISSING = -1

_STEPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)


def round_breaks(values: Iterable[float], *, n_classes: int = N_CLASSES) -> tuple[float, ...]:
    """Find equal classes with round borders that hold all values.

    Parameters
    ----------
    values
        The values; missing and infinite ones are left out.
    n_classes
        Number of classes.

    Returns
    -------
    breaks
        ``n_classes + 1`` rising borders; the widths are 1, 1.5, 2, 2.5, 3, 4 or 5 times a power
        of ten. Empty when there is no value.

    Notes
    -----
    Round borders rather than quantiles: a reader can say them aloud, and the same classes can
    stand on several maps that are meant to be compared.
    """
    finite = np.asarray([value for value in values if np.isfinite(value)], dtype=float)
    if finite.size == 0:
        return ()
    low, high = float(finite.min()), float(finite.max())
    spread = max(high - low, 0.05 * max(abs(low), abs(high), 1.0))
    power = int(np.floor(np.log10(spread / n_classes)))
    for exponent in (power, power + 1):
        for step in _STEPS:
            width = step * 10.0**exponent
            first = np.floor(low / width + 1e-9)
            if (first + n_classes) * width >= high - 1e-9 * width:
                steps = first + np.arange(n_classes + 1)
                return tuple(float(border) for border in np.round(steps * width, 12))
    raise ArithmeticError(f"no round classes hold {low} to {high}")


def keep_within(breaks: tuple[float, ...], low: float, high: float) -> tuple[float, ...]:
    """Move and cut classes so that they do not reach past the ends of a scale.

    Parameters
    ----------
    breaks
        Rising borders of equal classes, which hold values on the scale.
    low, high
        Ends of the scale.

    Returns
    -------
    breaks
        At least two borders, which hold the same values; empty if there were none.
    """
    if not breaks:
        return ()
    # Cutting alone would leave one border and no class where every value is the highest.
    width = breaks[1] - breaks[0]
    spare = max(int(np.floor((breaks[-1] - high) / width + 1e-9)), 0)
    moved = (round(border - spare * width, 12) for border in breaks)
    return tuple(dict.fromkeys(min(max(border, low), high) for border in moved))


def classify(values: pd.Series, breaks: tuple[float, ...]) -> pd.Series:
    """Sort values into classes.

    Parameters
    ----------
    values
        The values.
    breaks
        Rising borders; a class holds its lower border, the last one its upper border as well.

    Returns
    -------
    classes
        Indexed like `values`: 0 for the lowest class, -1 where the value is missing or lies
        outside the borders.
    """
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if not breaks:
        return pd.Series(MISSING, index=values.index)
    # A value that rounding put just outside the first or last border belongs inside.
    slack = 1e-8 * (breaks[1] - breaks[0])
    inside = (numbers >= breaks[0] - slack) & (numbers <= breaks[-1] + slack)
    classes = np.searchsorted(np.asarray(breaks), numbers, side="right") - 1
    classes = np.clip(classes, 0, len(breaks) - 2)
    return pd.Series(np.where(inside, classes, MISSING), index=values.index)


def decimals_of(breaks: tuple[float, ...]) -> int:
    """Count the decimals that tell the borders apart.

    Parameters
    ----------
    breaks
        Borders of classes.

    Returns
    -------
    decimals
        At most 6.
    """
    for digits in range(6):
        if all(abs(round(border, digits) - border) < 1e-9 for border in breaks):
            return digits
    return 6


def ranges(breaks: tuple[float, ...]) -> list[tuple[float, float]]:
    """Pair the borders of each class, lowest first."""
    return list(pairwise(breaks))


def colours(n_classes: int, *, reverse: bool = False) -> tuple[str, ...]:
    """Pick colours spread over viridis.

    Parameters
    ----------
    n_classes
        How many, at most five.
    reverse
        Whether the darkest stands for the highest class instead of the lowest.

    Returns
    -------
    colours
        Lowest class first.
    """
    places = np.round(np.linspace(0, N_CLASSES - 1, n_classes)).astype(int)
    picked = tuple(VIRIDIS[place] for place in places)
    return picked[::-1] if reverse else picked
