"""Classes and colours: round borders that hold every value, colours that can be ordered."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from ecity_geo.outputs import palette

numbers = st.floats(-1e6, 1e6, allow_nan=False, allow_infinity=False)


def lightness(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@settings(max_examples=60)
@given(st.lists(numbers, min_size=1, max_size=20))
@example([3.0])
@example([0.0, 1.0])
def test_every_value_lies_in_a_class(values: list[float]) -> None:
    breaks = palette.round_breaks(values)
    assert len(breaks) == 6
    assert np.allclose(np.diff(breaks), breaks[1] - breaks[0])
    classes = palette.classify(pd.Series(values), breaks)
    assert classes.between(0, 4).all()


@settings(max_examples=60)
@given(st.lists(st.floats(1, 5), min_size=1, max_size=12))
@example([5.0])
@example([1.0])
@example([4.97, 5.0])
def test_classes_kept_on_a_scale_hold_every_value(values: list[float]) -> None:
    breaks = palette.keep_within(palette.round_breaks(values), 1.0, 5.0)
    assert breaks[0] >= 1.0
    assert breaks[-1] <= 5.0
    assert len(breaks) >= 2
    assert (palette.classify(pd.Series(values), breaks) != palette.MISSING).all()


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 1e5), min_size=2, max_size=20))
def test_classes_rise_with_the_values(values: list[float]) -> None:
    ordered = pd.Series(sorted(values))
    assert palette.classify(ordered, palette.round_breaks(ordered)).is_monotonic_increasing


@pytest.mark.parametrize(
    ("values", "breaks"),
    [
        ([2.41, 3.29], (2.4, 2.6, 2.8, 3.0, 3.2, 3.4)),
        ([0.0, 1.0], (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ([1.0, 5.0], (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)),
        ([2.66, 3.2], (2.55, 2.7, 2.85, 3.0, 3.15, 3.3)),
        ([-0.3, 0.9], (-0.3, 0.0, 0.3, 0.6, 0.9, 1.2)),
    ],
)
def test_borders_are_round(values: list[float], breaks: tuple[float, ...]) -> None:
    assert palette.round_breaks(values) == pytest.approx(breaks)


def test_missing_and_infinite_values_make_no_classes() -> None:
    assert palette.round_breaks([np.nan, np.inf]) == ()
    values = pd.Series([np.nan, 1.0, 9.0], index=["a", "b", "c"])
    assert palette.classify(values, ()).to_dict() == {"a": -1, "b": -1, "c": -1}
    assert palette.classify(values, (0.0, 1.0, 2.0)).to_dict() == {"a": -1, "b": 1, "c": -1}


def test_a_class_holds_its_lower_border_and_the_last_one_both() -> None:
    values = pd.Series([0.0, 0.2, 0.999, 1.0])
    assert palette.classify(values, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)).tolist() == [0, 1, 4, 4]


@pytest.mark.parametrize(
    ("breaks", "decimals"), [((1.0, 2.0), 0), ((0.2, 0.4), 1), ((2.55, 2.7), 2), ((1 / 3, 1.0), 6)]
)
def test_decimals_tell_the_borders_apart(breaks: tuple[float, ...], decimals: int) -> None:
    assert palette.decimals_of(breaks) == decimals


def test_colours_are_those_of_viridis() -> None:
    viridis = mpl.colormaps["viridis"]
    expected = [mpl.colors.to_hex(viridis(place)) for place in (0.08, 0.29, 0.5, 0.71, 0.92)]
    assert list(palette.VIRIDIS) == expected


def test_colours_darken_in_one_direction() -> None:
    assert np.all(np.diff([lightness(c) for c in palette.colours(5)]) > 0)
    assert palette.colours(5, reverse=True) == palette.colours(5)[::-1]
    assert palette.colours(3) == (palette.VIRIDIS[0], palette.VIRIDIS[2], palette.VIRIDIS[4])


def test_categories_differ_without_their_hue() -> None:
    ordered = sorted(lightness(colour) for colour in palette.GAP_COLOURS.values())
    assert min(np.diff(ordered)) > 0.05
