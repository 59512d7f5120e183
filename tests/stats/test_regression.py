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
from ecity_geo.stats.regression import CONSTANT, Regression, regress

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
    assert (ours["r2_low"], ours["r2_high"]) == pytest.approx(
        stored("regression.json")["r2"], abs=1e-7
    )


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
        "reset": "look",
        "jarque_bera": "fine",
        "shapiro_wilk": "fine",
        "cooks_distance_above_1": "fine",
        "largest_vif": "fine",
        "condition_number": "look",
    }
    assert not fitted.summary["robust_needed"]


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
    assert regress(x, y).summary["robust_needed"]


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
        ({"c": "a + b"}, "cannot tell 'c'"),
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
