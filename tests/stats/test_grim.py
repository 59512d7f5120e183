"""GRIM, GRIMMER and the limits of a scale: against scrutiny's examples and enumeration."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.figures import Figure, parse_figure
from ecity_geo.stats.grim import Answers, grim, grimmer, sd_limits


def figure(text: str) -> Figure:
    found = parse_figure(text)
    assert found is not None
    return found


# Worked examples of the R package scrutiny (tests/testthat/test-grim.R), rounding "up_or_down".
@pytest.mark.parametrize(
    ("start", "digits", "n", "items", "expected"),
    [
        ("5.19", 2, 28, 1, [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0]),
        ("0.150", 3, 120, 3, [1, 0, 0, 1, 0, 0, 1, 0, 1, 0]),
        ("0.80", 2, 28, 2, [1, 0, 1, 0, 1, 0, 1, 1, 1, 1]),
    ],
)
def test_grim_agrees_with_scrutiny(
    start: str, digits: int, n: int, items: int, expected: list[int]
) -> None:
    first = Fraction(start)
    means = [
        f"{float(first + Fraction(step, 10**digits)):.{digits}f}" for step in range(len(expected))
    ]
    assert [int(grim(mean, n, items=items)) for mean in means] == expected


def test_grimmer_agrees_with_rsprite() -> None:
    # Commented tests of rsprite2 / scrutiny (test-grimmer.R).
    assert grimmer("5.21", "1.60", 28)
    assert not grimmer("3.44", "2.47", 18)


def test_sd_limits_agree_with_rsprite() -> None:
    low, high = sd_limits("4.2", 5, scale=(1, 7))
    assert (round(low, 2), round(high, 2)) == (0.45, 3.03)


def every_sample(n: int, low: int, high: int) -> list[tuple[int, ...]]:
    return list(combinations_with_replacement(range(low, high + 1), n))


@pytest.mark.parametrize(("n", "low", "high"), [(2, 1, 5), (5, 1, 4), (6, -2, 2), (7, 0, 3)])
def test_limits_are_those_of_every_sample(n: int, low: int, high: int) -> None:
    answers = Answers(n=n, scale=(low, high))
    by_sum: dict[int, list[tuple[int, ...]]] = {}
    for sample in every_sample(n, low, high):
        by_sum.setdefault(sum(sample), []).append(sample)
    for total, samples in by_sum.items():
        squares = [sum(x * x for x in sample) for sample in samples]
        assert answers.squares(total) == (min(squares), max(squares))
        sds = [np.std(sample, ddof=1) for sample in samples]
        assert answers.sd_range(total) == pytest.approx((min(sds), max(sds)))
        assert all((q - total) % 2 == 0 for q in squares)


@pytest.mark.parametrize(("n", "digits"), [(4, 2), (6, 1), (6, 3)])
def test_nothing_that_a_sample_prints_is_called_impossible(n: int, digits: int) -> None:
    mu = Fraction(3)
    for sample in every_sample(n, 1, 5):
        mean, sd = f"{np.mean(sample):.{digits}f}", f"{np.std(sample, ddof=1):.{digits}f}"
        assert grim(mean, n, scale=(1, 5)), sample
        assert grimmer(mean, sd, n, scale=(1, 5)), sample
        if len(set(sample)) == 1:
            continue
        t = f"{stats.ttest_1samp(sample, 3).statistic:.{digits}f}"
        answers = Answers(n=n, scale=(1, 5))
        fits = [
            answers.can_have(total, t=figure(t), sd=figure(sd), test_value=mu)
            for total in answers.sums(figure(mean))
        ]
        assert any(fits), (sample, t)


def test_t_that_no_sample_prints_is_called_impossible_but_near_the_widest_spread() -> None:
    # All samples of five answers 1-5 with the sum 18, and their t against 3 to two decimals.
    reached = {
        f"{stats.ttest_1samp(sample, 3).statistic:.2f}"
        for sample in every_sample(5, 1, 5)
        if sum(sample) == 18
    }
    answers = Answers(n=5, scale=(1, 5))
    called = {
        text
        for text in (f"{hundredths / 100:.2f}" for hundredths in range(-500, 501))
        if answers.can_have(18, t=figure(text), test_value=Fraction(3))
    }
    # One step of parity below the widest spread no answers lie: the test is necessary only.
    assert called - reached == {"0.74"}
    assert reached <= called


def test_range_and_neighbours_of_t_hold_what_samples_reach() -> None:
    answers = Answers(n=5, scale=(1, 5))
    reached = sorted(
        stats.ttest_1samp(sample, 3).statistic
        for sample in every_sample(5, 1, 5)
        if sum(sample) == 18
    )
    assert answers.t_range(18, Fraction(3)) == pytest.approx((reached[0], reached[-1]))
    near = answers.nearest_t(18, figure("1.00"), Fraction(3))
    assert near == pytest.approx(
        (max(t for t in reached if t < 1), min(t for t in reached if t > 1))
    )


@settings(max_examples=40, deadline=None)
@given(
    scores=st.lists(st.integers(3, 15), min_size=3, max_size=40),
    digits=st.integers(1, 4),
)
def test_means_over_items_are_never_called_impossible(scores: list[int], digits: int) -> None:
    # A score is the mean of three answers 1-5: any whole sum from 3 to 15, over 3.
    means = np.array(scores) / 3
    mean, sd = f"{means.mean():.{digits}f}", f"{means.std(ddof=1):.{digits}f}"
    assert grim(mean, len(scores), items=3, scale=(1, 5))
    assert grimmer(mean, sd, len(scores), items=3, scale=(1, 5))


def test_without_a_scale_only_wholeness_binds() -> None:
    assert grimmer("100.0", "250.0", 10)
    assert not grimmer("3.50", "0.10", 10)  # five 3 and five 4 are the closest: 0.53
    assert not grim("5.1", 10, scale=(1, 5))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: grim("many", 10),
        lambda: grim("3.0", 0),
        lambda: grim("3.0", 10, scale=(5, 1)),
        lambda: sd_limits("3.33", 10, scale=(1, 5)),
        lambda: sd_limits("3.00", 1, scale=(1, 5)),
        lambda: grim("3.45", float("nan")),
    ],
)
def test_question_without_sense_is_told(ask: object) -> None:
    with pytest.raises(AnalysisError):
        ask()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("4.60", Fraction(46, 10), Fraction(1, 100)),
        ("-.93", Fraction(-93, 100), Fraction(1, 100)),
        ("−۳٫۲۸", Fraction(-328, 100), Fraction(1, 100)),
        ("1.20e-5", Fraction(12, 1_000_000), Fraction(1, 10_000_000)),
        ("12", Fraction(12), Fraction(1)),
    ],
)
def test_printed_number_is_read_exactly(text: str, value: Fraction, unit: Fraction) -> None:
    read = figure(text)
    assert (read.value, read.unit) == (value, unit)
    assert read.high - read.low == unit


@pytest.mark.parametrize(
    "text", ["", ".", "-", "1,5", "4.6.0", "nan", "1e999", "9" * 40, None, True]
)
def test_what_spells_no_number_is_none(text: object) -> None:
    assert parse_figure(text) is None


@settings(max_examples=60, deadline=None)
@given(value=st.floats(-1e6, 1e6), digits=st.integers(0, 6))
def test_interval_holds_every_number_that_prints_like_it(value: float, digits: int) -> None:
    read = figure(f"{value:.{digits}f}")
    assert read.low <= Fraction(value) <= read.high
