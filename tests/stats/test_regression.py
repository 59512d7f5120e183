"""Regression against R (lm, car, sandwich) and NIST's certified Longley values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.regression import CONSTANT, Regression, r2_limits, regress

REFERENCE = Path(__file__).parent / "reference"


def stored(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text())


@pytest.fixture(scope="module")
def cars() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "mtcars.csv")


@pytest.fixture(scope="module")
def fitted(cars: pd.DataFrame) -> Regression:
    return regress(cars[["wt", "hp", "qsec"]], cars["mpg"])


def test_coefficients_are_those_of_r(fitted: Regression) -> None:
    theirs, ours = stored("ols.json")["mtcars"], fitted.coefficients
    assert ours["term"].tolist() == [CONSTANT, "wt", "hp", "qsec"]
    for column, name in (("b", "Estimate"), ("se", "Std. Error"), ("t", "t value")):
        expected = [row[name] for row in theirs["coef"]]
        np.testing.assert_allclose(ours[column], expected, rtol=1e-9)
    np.testing.assert_allclose(ours["p"], [row["Pr(>|t|)"] for row in theirs["coef"]], rtol=1e-9)
    np.testing.assert_allclose(ours["beta"][1:], theirs["beta"], rtol=1e-9)
    np.testing.assert_allclose(ours["vif"][1:], list(theirs["vif"].values()), rtol=1e-9)
    interval = [(row["2.5 %"], row["97.5 %"]) for row in theirs["ci"]]
    np.testing.assert_allclose(ours[["low", "high"]], interval, rtol=1e-8)


def test_summary_is_that_of_r(fitted: Regression) -> None:
    theirs, ours = stored("ols.json")["mtcars"], fitted.summary
    expected = {"r": "R", "r2": "R2", "r2_adjusted": "adjR2", "se": "sigma", "durbin_watson": "DW"}
    for name, other in expected.items():
        assert ours[name] == pytest.approx(theirs[other], rel=1e-9)
    assert (ours["f"], ours["df1"], ours["df2"]) == (
        pytest.approx(theirs["F"]["value"]),
        theirs["F"]["numdf"],
        theirs["F"]["dendf"],
    )
    limits = stored("regression.json")["r2_random"]["mtcars"]
    assert (ours["r2_low"], ours["r2_high"]) == pytest.approx(limits, abs=1e-8)
    # Predictors taken as fixed would promise more.
    low, high = stored("regression.json")["r2"]
    assert ours["r2_low"] < low
    assert high < ours["r2_high"]


@pytest.mark.parametrize(
    ("name", "r2", "n", "predictors"),
    [("bfi", None, 182, 3), ("strong", 0.99, 50, 2), ("weak", 0.02, 60, 3)],
)
def test_interval_of_r2_is_that_of_the_whole_sum(
    name: str, r2: float | None, n: int, predictors: int
) -> None:
    theirs = stored("regression.json")
    found = r2_limits(theirs["bfi"]["r2"] if r2 is None else r2, n, predictors)
    assert found == pytest.approx(theirs["r2_random"][name], abs=1e-8)


def test_interval_of_r2_needs_figures_that_have_one() -> None:
    assert r2_limits(0.0, 30, 2) == (0, 0)
    for r2, n, predictors in ((1.0, 30, 2), (0.4, 3, 2), (0.4, 30, 0)):
        with pytest.raises(AnalysisError, match="No interval"):
            r2_limits(r2, n, predictors)


def test_checks_and_robust_errors_are_those_of_r(fitted: Regression) -> None:
    theirs = stored("regression.json")
    checks = fitted.checks.set_index("check")
    np.testing.assert_allclose(fitted.coefficients["se_hc3"], theirs["hc3"], rtol=1e-9)
    for check, name in (
        ("breusch_pagan", "breusch_pagan"),
        ("reset", "reset"),
        ("jarque_bera", "jarque_bera"),
        ("shapiro_wilk", "shapiro"),
        ("condition_number", "kappa"),
    ):
        assert checks.loc[check, "statistic"] == pytest.approx(theirs[name], rel=1e-6)
    assert checks.loc["reset", "p"] == pytest.approx(theirs["reset_p"], rel=1e-6)
    assert checks.loc["breusch_pagan", "p"] == pytest.approx(theirs["breusch_pagan_p"], rel=1e-9)
    assert checks["verdict"].to_dict() == {
        "breusch_pagan": "fine",
        "white": "fine",
        "reset": "look",
        "jarque_bera": "fine",
        "shapiro_wilk": "fine",
        "cooks_distance_above_1": "fine",
        "largest_vif": "fine",
        "condition_number": "look",
    }
    assert not fitted.summary["robust_needed"]
    assert fitted.summary["robust_reason"] == ""


@pytest.fixture(scope="module")
def traits() -> pd.DataFrame:
    answers = pd.read_csv(REFERENCE / "bfi_182x25.csv")
    parts = {name: answers.filter(regex=f"^{name}\\d") for name in "EACN"}
    return pd.DataFrame({name: part.mean(axis=1) for name, part in parts.items()})


def test_real_answers_give_what_lmtest_and_car_give(traits: pd.DataFrame) -> None:
    theirs, ours = stored("regression.json")["bfi"], regress(traits[["A", "C", "N"]], traits["E"])
    table, whole = ours.coefficients, ours.summary
    for columns, name in (
        (["b", "se", "t", "p"], "coef"),
        (["low", "high"], "ci"),
        (["b", "se_hc3", "t_hc3", "p_hc3"], "hc3"),
        (["low_hc3", "high_hc3"], "hc3_ci"),
    ):
        np.testing.assert_allclose(table[columns], theirs[name], rtol=1e-9, atol=1e-11)
    for column in ("beta", "vif"):
        np.testing.assert_allclose(table[column][1:], theirs[column], rtol=1e-9)
    assert whole[["f", "df1", "df2"]].tolist() == pytest.approx(theirs["f"], rel=1e-9)
    for name in ("n", "p", "r2", "r2_adjusted", "se", "durbin_watson"):
        assert whole[name] == pytest.approx(theirs[name], rel=1e-8, abs=1e-12)


def test_checks_of_real_answers_are_those_of_lmtest(traits: pd.DataFrame) -> None:
    theirs = stored("regression.json")["bfi"]
    checks = regress(traits[["A", "C", "N"]], traits["E"]).checks.set_index("check")
    for check, name in (
        ("breusch_pagan", "breusch_pagan"),
        ("reset", "reset"),
        ("shapiro_wilk", "shapiro"),
    ):
        found = checks.loc[check, ["statistic", "p"]].tolist()
        assert found == pytest.approx(theirs[name], rel=1e-6)
    white = checks.loc["white", ["statistic", "df", "p"]].tolist()
    assert white == pytest.approx(theirs["white"], rel=1e-8)
    # A predictor of two values has no square of its own: R drops the term, and so do we.
    two = traits.assign(Y=(traits["N"] > 3).astype(float))
    white = regress(two[["Y", "A"]], two["E"]).checks.set_index("check").loc["white"]
    assert white[["statistic", "df", "p"]].tolist() == pytest.approx(
        theirs["white_of_two_values"], rel=1e-8
    )


def test_longley_keeps_the_digits_that_nist_certifies() -> None:
    data = pd.read_csv(REFERENCE / "longley.csv")
    names = ["GNP.deflator", "GNP", "Unemployed", "Armed.Forces", "Population", "Year"]
    ours = regress(data[names], data["Employed"]).coefficients
    expected = [row["Estimate"] for row in stored("ols.json")["longley"]["coef"]]
    np.testing.assert_allclose(ours["b"], expected, rtol=1e-7)


def test_unequal_variance_asks_for_robust_errors() -> None:
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"x": rng.uniform(0, 4, 300)})
    y = pd.Series(x["x"] + rng.normal(0, 0.2 + x["x"]), name="y")
    whole = regress(x, y).summary
    assert whole["robust_needed"]
    assert "breusch_pagan p = " in whole["robust_reason"]


def test_a_predictor_of_two_values_leaves_reset_nothing_to_add() -> None:
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"asked": np.repeat([0, 1], 30)})
    checks = regress(x, pd.Series(rng.normal(size=60))).checks.set_index("check")
    assert checks.loc["reset", "verdict"] == "cannot tell"
    assert np.isnan(checks.loc["reset", "p"])
    # With squares that are copies, White's test is Breusch and Pagan's.
    assert checks.loc["white", "statistic"] == pytest.approx(
        checks.loc["breusch_pagan", "statistic"], rel=1e-9
    )


def test_residuals_of_one_size_and_powers_that_explain_all_are_no_finding() -> None:
    # By hand: every residual is 1/2 or -1/2, so their squares explain nothing at all.
    x = pd.DataFrame({"x": [1.0, 1, 2, 2, 3, 3]})
    checks = regress(x, pd.Series([1.0, 2, 2, 3, 3, 4])).checks.set_index("check")
    assert checks.loc[["breusch_pagan", "white"], "statistic"].tolist() == [0, 0]
    # Five terms pass through these six answers, two of which are alike: no residual is left.
    x = pd.DataFrame(
        {"a": [2, 2, 1.75, 2, 2, 1.25], "b": [4 / 3, 7 / 3, 4 / 3, 5 / 3, 5 / 3, 5 / 3]}
    )
    checks = regress(x, pd.Series([3.0, 3, 2, 1, 1, 1])).checks.set_index("check")
    assert checks.loc["reset", "verdict"] == "cannot tell"


def test_the_fewest_respondents_and_the_closest_fit_have_figures_all_the_same() -> None:
    rng = np.random.default_rng(3)
    x = pd.DataFrame({"x": rng.normal(size=20_000)})
    few = regress(x.head(4), pd.Series(rng.normal(size=4)))
    assert few.summary["df2"] == 2
    assert few.checks.set_index("check").loc["reset", "verdict"] == "cannot tell"
    close = regress(x, x["x"] + pd.Series(rng.normal(0, 1e-3, 20_000))).summary
    assert close["f"] > 1e10
    assert 0 < close["r2_low"] < close["r2"] < close["r2_high"] < 1
    # Olkin and Finn (1995): the standard error of R² is 2 r (1 - r²) / sqrt(n).
    width = 4 * 1.959964 * (1 - close["r2"]) * np.sqrt(close["r2"] / 2e4)
    assert close["r2_high"] - close["r2_low"] == pytest.approx(width, rel=0.01)


def test_respondents_with_a_gap_are_left_out_and_counted(cars: pd.DataFrame) -> None:
    holes = cars[["wt", "hp"]].astype(float)
    holes.iloc[3, 0] = np.nan
    outcome = cars["mpg"].astype(float).copy()
    outcome.iloc[7] = np.nan
    ours = regress(holes, outcome)
    kept = cars.drop(index=cars.index[[3, 7]])
    alone = regress(kept[["wt", "hp"]], kept["mpg"])
    assert (ours.summary["n"], ours.summary["missing"]) == (30, 2)
    pd.testing.assert_frame_equal(ours.coefficients, alone.coefficients)


@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.01, 100))
@settings(max_examples=15, deadline=None)
def test_order_and_unit_change_nothing_that_has_none(seed: int, shift: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(25, 2)), columns=["a", "b"])
    y = pd.Series(x["a"] - x["b"] + rng.normal(size=25), name="y")
    one, order = regress(x, y), rng.permutation(25)
    other = regress((x * size + shift).iloc[order], y)
    np.testing.assert_allclose(one.coefficients["beta"], other.coefficients["beta"], atol=1e-8)
    np.testing.assert_allclose(one.coefficients["t"][1:], other.coefficients["t"][1:], rtol=1e-6)
    assert one.summary["r2_low"] <= one.summary["r2"] <= one.summary["r2_high"]
    # R² of any regression on more predictors is no smaller.
    assert one.summary["r2"] >= regress(x[["a"]], y).summary["r2"] - 1e-12


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"a": 1.0}, "alike: 'a'"),
        ({"y": 2.0}, "alike: 'y'"),
        ({"c": "a + b"}, "cannot tell 'c' from 'a', 'b'"),
        ({"c": "2 * b + 1"}, "cannot tell 'c' from 'b', which"),
        ({"c": [1.0] + [0.0] * 19}, "Respondent '0' alone fixes"),
        ({"y": "a + 2 * b"}, "to the last digit"),
    ],
)
def test_what_has_no_regression_is_said(change: dict[str, Any], told: str) -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(20, 3)), columns=["a", "b", "y"])
    for name, value in change.items():
        data[name] = data.eval(value) if isinstance(value, str) else value
    predictors = [name for name in data if name != "y"]
    with pytest.raises(AnalysisError, match=told):
        regress(data[predictors], data["y"])


def test_too_few_respondents_and_a_doubled_name_are_said(cars: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="at least 5 respondents"):
        regress(cars[["wt", "hp"]].head(4), cars["mpg"].head(4))
    with pytest.raises(AnalysisError, match="at once"):
        regress(cars[["wt", "mpg"]], cars["mpg"])


def test_no_predictor_and_a_respondent_twice_are_said(cars: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="needs a predictor"):
        regress(cars[[]], cars["mpg"])
    twice = cars.set_axis([0, *range(len(cars) - 1)])
    with pytest.raises(AnalysisError, match="an id comes twice"):
        regress(twice[["wt"]], twice["mpg"])
