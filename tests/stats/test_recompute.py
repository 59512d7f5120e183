"""p from its statistic: statcheck's own examples, and scipy's tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.figures import parse_figure
from ecity_geo.stats.recompute import p_value, parse_result, recompute

# statcheck, tests/testthat/test-decisionerror.R: text, and whether it is a decision error.
STATCHECK = [
    ("t(28) = 2.20, p = .06", True),
    ("t(28) = 1.20, p = .03", True),
    ("F(2, 28) = 22.20, p = .06", True),
    ("F(2, 28) = 2.20, p = .03", True),
    ("r(28) = .22, p = .03", True),
    ("r(28) = .52, p = .06", True),
    ("chi2(28) = 2.20, p = .03", True),
    ("chi2(28) = 52.20, p = .06", True),
    ("z = 1.20, p = .03", True),
    ("z = 2.20, p = .06", True),
    ("t(28) = 2.20, p = .05", False),
    ("t(48) = 1.02, p < .05", True),
]


@pytest.mark.parametrize(("text", "decision_error"), STATCHECK)
def test_decision_errors_agree_with_statcheck(text: str, decision_error: bool) -> None:
    parsed = parse_result(text)
    assert parsed is not None
    kind, value, p, df = parsed
    result = recompute(kind, value, p, df)
    assert result.decision_error is decision_error
    assert not result.agrees  # each of them is an error, if not one of decision


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), digits=st.integers(2, 4))
def test_what_scipy_prints_agrees(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0.3, 1, 30), rng.normal(0, 1, 30)
    t = stats.ttest_1samp(x, 0)
    r = stats.pearsonr(x, y)
    f = stats.f_oneway(x, y, rng.normal(0.5, 1, 30))
    chi2 = stats.friedmanchisquare(x, y, rng.normal(0, 1, 30))
    for text in (
        f"t(29) = {t.statistic:.{digits}f}, p = {t.pvalue:.3f}",
        f"r(28) = {r.statistic:.{digits}f}, p = {r.pvalue:.3f}",
        f"F(2, 87) = {f.statistic:.{digits}f}, p = {f.pvalue:.3f}",
        f"chi2(2, N = 30) = {chi2.statistic:.{digits}f}, p = {chi2.pvalue:.3f}",
        f"t(29) = {t.statistic:.{digits}f}, p < {t.pvalue + 0.01:.3f}",
    ):
        parsed = parse_result(text)
        assert parsed is not None, text
        kind, value, p, df = parsed
        assert recompute(kind, value, p, df).agrees, text


@pytest.mark.parametrize(
    ("kind", "value", "df", "expected"),
    [
        # Two-sided 5 % points as every statistics table prints them.
        ("t", 2.048, (28.0,), 0.05),
        ("z", 1.96, (), 0.05),
        ("F", 3.34, (2.0, 28.0), 0.05),
        ("chi2", 41.337, (28.0,), 0.05),
        ("r", 0.361, (28.0,), 0.05),
    ],
)
def test_p_agrees_with_printed_tables(
    kind: str, value: float, df: tuple[float, ...], expected: float
) -> None:
    assert p_value(kind, value, df) == pytest.approx(expected, abs=2e-4)


def test_statistic_that_may_be_zero_has_p_up_to_one() -> None:
    value, p = parse_figure("0.0"), parse_figure("1.000")
    assert value is not None
    assert p is not None
    result = recompute("t", value, p, (10.0,))
    assert result.high == 1.0
    assert result.agrees


def test_a_perfect_correlation_has_p_zero() -> None:
    assert p_value("r", 1.0, (5.0,)) == 0.0


@pytest.mark.parametrize(("kind", "df"), [("q", (3.0,)), ("t", ()), ("F", (2.0,)), ("t", (0.0,))])
def test_unknown_statistic_is_told(kind: str, df: tuple[float, ...]) -> None:
    with pytest.raises(AnalysisError, match="no known test statistic"):
        p_value(kind, 1.0, df)


@pytest.mark.parametrize(
    "text", ["t = 2.2, p = .03", "F(2) = 3.1, p = .1", "p = .03", "t(28) = 2.2"]
)
def test_text_that_is_no_whole_result_is_none(text: str) -> None:
    assert parse_result(text) is None
