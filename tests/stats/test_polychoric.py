"""Polychoric correlations against lavaan, psych and the integral; and what must not change them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import ndtr

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.binormal import (
    binormal_cdf,
    binormal_pdf,
    binormal_pdf_slope,
    rectangles,
)
from ecity_geo.stats.polychoric import polychoric

REFERENCE = Path(__file__).parent / "reference"
ROOT = Path(__file__).parents[2]
R: dict[str, Any] = json.loads((REFERENCE / "polychoric.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "bfi_182x25.csv")


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / "survey" / "responses.csv").iloc[:, 2:20]


def with_holes(bfi: pd.DataFrame) -> pd.DataFrame:
    """Answers 1-10 with about every 29th missing, as the R script makes them."""
    holes = pd.DataFrame(R["holes"]).to_numpy() == 1
    return bfi.iloc[:, :10].astype(float).mask(holes).iloc[:, :5]


def assert_agrees(answers: pd.DataFrame, expected: dict[str, Any], missing: str) -> None:
    ours = polychoric(answers, missing=missing, covariance=True)
    assert ours.n == expected["n"]
    np.testing.assert_allclose(ours.correlations, expected["correlations"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(ours.thresholds["value"], expected["thresholds"], atol=1e-10)
    assert ours.gamma is not None
    assert list(ours.gamma.index) == expected["gamma_names"]
    np.testing.assert_allclose(ours.gamma, expected["gamma"], rtol=0, atol=1e-6)


# --- the bivariate normal distribution


@pytest.mark.parametrize(
    ("x", "y", "rho"),
    [
        (0.0, 0.0, 0.5),
        (0.0, -1.0, -0.99),
        (1.2, -0.4, 0.2),
        (-3.0, -2.9, 0.999),
        (2.5, 2.4, -0.95),
        (3.0, -3.0, 0.9),
        (0.7, 0.7, -0.999),
    ],
)
def test_binormal_cdf_is_placketts_integral(x: float, y: float, rho: float) -> None:
    def integrand(angle: float) -> float:
        square = x * x + y * y - 2 * x * y * np.sin(angle)
        return float(np.exp(-square / (2 * np.cos(angle) ** 2)) / (2 * np.pi))

    part, _ = integrate.quad(integrand, 0, np.arcsin(rho), epsabs=1e-14, limit=500)
    ours = binormal_cdf(np.array(x), np.array(y), np.array(rho))
    assert float(ours) == pytest.approx(ndtr(x) * ndtr(y) + part, abs=1e-13)


def test_binormal_cdf_at_infinite_limits_is_that_of_the_other_variable() -> None:
    rho = np.array([0.3, -0.9, 0.999])
    np.testing.assert_allclose(
        binormal_cdf(np.inf, np.array([-1.0, 0.0, 2.0]), rho), ndtr([-1, 0, 2])
    )
    assert binormal_cdf(-np.inf, np.array([-1.0, 0.0, 2.0]), rho).max() < 1e-15


def test_derivatives_by_the_correlation_are_difference_quotients() -> None:
    x, y, rho = np.array([0.3, -1.0]), np.array([-0.8, -1.2]), np.array([0.4, -0.7])
    h = 1e-5
    quotient = (binormal_cdf(x, y, rho + h) - binormal_cdf(x, y, rho - h)) / (2 * h)
    np.testing.assert_allclose(binormal_pdf(x, y, rho), quotient, rtol=1e-8)
    quotient = (binormal_pdf(x, y, rho + h) - binormal_pdf(x, y, rho - h)) / (2 * h)
    np.testing.assert_allclose(binormal_pdf_slope(x, y, rho), quotient, rtol=1e-8)


def test_rectangles_sum_to_one_and_padding_has_no_probability() -> None:
    x = np.array([[-1.0, 0.5], [0.2, np.inf]])
    y = np.array([[0.0, 1.0, np.inf], [-2.0, -1.0, 3.0]])
    cells = rectangles(x, y, np.array([0.6, -0.3]))
    np.testing.assert_allclose(cells.sum(axis=(1, 2)), 1)
    assert np.abs(cells[0, :, 3]).max() < 1e-15
    assert np.abs(cells[1, 2]).max() < 1e-15
    # Orthant probability, Sheppard (1899): 1/4 + arcsin(rho) / (2 pi).
    zero = np.zeros((1, 1))
    quarter = rectangles(zero, zero, np.array([0.5]))[0, 0, 0]
    assert quarter == pytest.approx(1 / 3, abs=1e-15)


# --- agreement with R


def test_correlations_thresholds_and_covariance_agree_with_lavaan(bfi: pd.DataFrame) -> None:
    assert_agrees(bfi.iloc[:, :6], R["bfi"], "complete")


def test_survey_agrees_with_lavaan(survey: pd.DataFrame) -> None:
    ours = polychoric(survey, covariance=True)
    np.testing.assert_allclose(ours.correlations, R["survey_correlations"], rtol=0, atol=1e-6)
    assert ours.gamma is not None
    np.testing.assert_allclose(np.diag(ours.gamma), R["survey_gamma_diagonal"], atol=1e-6)


def test_items_of_two_and_three_answers_agree_with_lavaan() -> None:
    assert_agrees(pd.DataFrame(R["three"]), R["small"], "complete")


def test_empty_cell_of_a_two_by_two_table_is_filled_as_in_lavaan() -> None:
    answers = pd.DataFrame(R["two"])
    assert (answers.groupby(["a", "b"]).size().unstack().isna()).to_numpy().sum() == 1
    assert_agrees(answers, R["empty_cell"], "complete")


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
def test_missing_answers_agree_with_lavaan(bfi: pd.DataFrame, missing: str) -> None:
    assert_agrees(with_holes(bfi), R[missing], missing)


def test_correlations_agree_with_psych(bfi: pd.DataFrame) -> None:
    # psych rounds its thresholds and stops its search early: 2e-5.
    ours = polychoric(bfi.iloc[:, :15]).correlations
    np.testing.assert_allclose(ours, R["psych"]["rho"], rtol=0, atol=1e-4)


# --- what is counted


def test_left_out_and_empty_cells_are_counted(bfi: pd.DataFrame) -> None:
    answers = with_holes(bfi)
    answers.iloc[0] = np.nan
    complete, pairwise = (polychoric(answers, missing=m) for m in ("complete", "pairwise"))
    assert complete.n + complete.missing == len(answers) == pairwise.n + pairwise.missing
    assert pairwise.missing == 1
    assert (complete.pairs["n"] == complete.n).all()
    pair = pairwise.pairs.iloc[0]
    both = answers[[pair["item"], pair["other"]]].dropna()
    assert pair["n"] == len(both)
    table = pd.crosstab(both.iloc[:, 0], both.iloc[:, 1])
    assert pair["empty_cells"] == (table == 0).to_numpy().sum()


def test_thresholds_name_the_answer_below_them() -> None:
    # By hand: half of the answers are 2, so the threshold lies at 0.
    answers = pd.DataFrame({"a": [2, 2, 7, 7, 2, 7], "b": [1, 1, 1, 3, 1, 3]})
    thresholds = polychoric(answers).thresholds
    assert thresholds["item"].tolist() == ["a", "b"]
    assert thresholds["answer"].tolist() == [2, 1]
    assert thresholds["value"].iloc[0] == pytest.approx(0, abs=1e-15)


def test_standard_errors_shrink_with_the_root_of_n(survey: pd.DataFrame) -> None:
    items = survey.iloc[:, :4]
    once = polychoric(items, covariance=True)
    four = polychoric(pd.concat([items] * 4, ignore_index=True), covariance=True)
    np.testing.assert_allclose(four.standard_errors() * 2, once.standard_errors(), rtol=1e-8)


# --- what must not change anything


@st.composite
def small_answers(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    k, n = draw(st.integers(2, 4)), draw(st.integers(40, 80))
    common = rng.normal(size=(n, 1))
    values = common * rng.uniform(-0.8, 0.8, k) + rng.normal(size=(n, k))
    cuts = [np.sort(rng.normal(0, 0.7, draw(st.integers(1, 4)))) for _ in range(k)]
    codes = np.column_stack([np.digitize(values[:, at], cuts[at]) for at in range(k)])
    codes[:2] = [[0] * k, [1] * k]
    return pd.DataFrame(codes, columns=[f"i{at}" for at in range(k)])


@settings(max_examples=15, deadline=None)
@given(small_answers(), st.integers(0, 10_000))
def test_only_the_order_of_answers_and_not_of_items_counts(
    answers: pd.DataFrame, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    plain = polychoric(answers, covariance=True)
    labels = np.cumsum(rng.uniform(0.1, 3, 10))
    relabelled = polychoric(answers.map(lambda code: labels[code]), covariance=True)
    pd.testing.assert_frame_equal(relabelled.correlations, plain.correlations)
    assert plain.gamma is not None
    assert relabelled.gamma is not None
    pd.testing.assert_frame_equal(relabelled.gamma, plain.gamma)
    mixed = polychoric(answers[rng.permutation(answers.columns)]).correlations
    assert mixed.loc[answers.columns, answers.columns].to_numpy() == pytest.approx(
        plain.correlations.to_numpy(), abs=1e-9
    )


@settings(max_examples=15, deadline=None)
@given(small_answers())
def test_reversing_an_item_turns_its_correlations_and_thresholds_round(
    answers: pd.DataFrame,
) -> None:
    plain = polychoric(answers)
    turned = polychoric(answers.assign(i0=-answers["i0"]))
    np.testing.assert_allclose(
        turned.correlations["i0"].drop("i0"), -plain.correlations["i0"].drop("i0"), atol=1e-9
    )
    rest = plain.correlations.drop(index="i0", columns="i0")
    pd.testing.assert_frame_equal(turned.correlations.drop(index="i0", columns="i0"), rest)
    before, after = (p.thresholds.query("item == 'i0'")["value"] for p in (plain, turned))
    np.testing.assert_allclose(after, -before.to_numpy()[::-1], atol=1e-12)


def test_correlation_behind_the_answers_is_found_again() -> None:
    # 20,000 simulated respondents: the standard error of the correlation is about 0.008.
    rng = np.random.default_rng(7)
    behind = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=20_000)
    answers = pd.DataFrame(np.digitize(behind, [-1.5, -0.2, 0.4]), columns=["a", "b"])
    found = polychoric(answers, covariance=True)
    error = found.correlations.loc["a", "b"] - 0.6
    assert abs(error) < 3 * found.standard_errors()["a~~b"]
    assert abs(np.corrcoef(answers.T)[0, 1] - 0.6) > 0.03


# --- no answer


def test_item_that_all_answer_alike_is_refused(bfi: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="alike: 'A1'"):
        polychoric(bfi.assign(A1=3))
    with pytest.raises(AnalysisError, match="alike: 'A1'"):
        polychoric(bfi.assign(A1=3), missing="pairwise")


def test_nearly_perfect_correlation_is_refused(bfi: pd.DataFrame) -> None:
    copy = bfi["A1"].mask(bfi["A1"] == 6, 5)
    with pytest.raises(AnalysisError, match=r"'A1' and 'copy'.*beyond"):
        polychoric(bfi[["A1", "A2"]].assign(copy=copy))


def test_two_empty_cells_of_a_two_by_two_table_are_refused() -> None:
    answers = pd.DataFrame({"a": [1, 2, 1, 2, 2], "b": [5, 3, 5, 3, 3], "c": [1, 1, 2, 2, 1]})
    with pytest.raises(AnalysisError, match=r"'a' and 'b'.*beyond"):
        polychoric(answers)


def test_numbers_that_are_no_categories_are_refused() -> None:
    answers = pd.DataFrame({"a": np.arange(60.0), "b": np.arange(60) % 3})
    with pytest.raises(AnalysisError, match="'a' has 60 different"):
        polychoric(answers)


def test_pair_without_variation_among_those_who_answered_both_is_refused() -> None:
    answers = pd.DataFrame({"a": [1, 1, 1, 2, 2, 1], "b": [1, 2, 2, None, None, 1]})
    with pytest.raises(AnalysisError, match="'a' and 'b' is not defined"):
        polychoric(answers, missing="pairwise")


def test_too_little_and_unknown_words_are_refused(bfi: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="at least two items"):
        polychoric(bfi[["A1"]])
    with pytest.raises(AnalysisError, match="as many respondents as items"):
        polychoric(bfi.head(3), missing="pairwise")
    with pytest.raises(AnalysisError, match="'listwise'"):
        polychoric(bfi, missing="listwise")
    with pytest.raises(AnalysisError, match="covariance=True"):
        polychoric(bfi.iloc[:, :3]).standard_errors()
