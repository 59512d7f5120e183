"""Structural equation models against R lavaan 0.6-14 (reference/sem.R)."""

import numpy as np
import pandas as pd
import pytest

from ecity_geo.stats.sem import fit_model
from stats import sem_reference as r

THREE = r.model("three")
# lavaan's search leaves gradients of 1e-5 in these; ours has the smaller chi-square.
LOOSE = {"scalar_wishart": 1e-4, "mimic_groups": 2e-4}
# Relative: lavaan differentiates the gradient numerically for its observed information.
ROBUST = 1e-6


@pytest.mark.parametrize("name", r.names())
def test_estimates_and_standard_errors_agree_with_lavaan(name):
    fit, expected = r.ours(name), pd.DataFrame(r.theirs(name)["parameters"])
    got = fit.parameters
    assert list(zip(got["lhs"], got["op"], strict=True)) == list(
        zip(expected["lhs"], expected["op"], strict=True)
    )
    tolerance = LOOSE.get(name, 1e-5)
    pairs = {"est": "estimate", "se": "se", "std.all": "std", "ci.lower": "low", "ci.upper": "high"}
    for theirs, mine in pairs.items():
        values = expected[theirs].astype(float).to_numpy()
        np.testing.assert_allclose(got[mine], values, atol=tolerance, rtol=1e-5, err_msg=mine)
    free = expected["se"] > 0
    np.testing.assert_allclose(got["p"][free], expected["pvalue"][free].astype(float), atol=5e-5)
    assert got["p"][~free].isna().all()


@pytest.mark.parametrize("name", r.names())
def test_fit_indices_agree_with_lavaan(name):
    found, expected = r.ours(name).fit_indices(), r.indices(name)
    assert len(expected) >= 15
    for key, value in expected.items():
        tolerance = 5e-6 if name == "scalar_wishart" else 1e-6
        relative = ROBUST if key.endswith("scaled") else 0
        assert found[key] == pytest.approx(value, abs=tolerance, rel=relative), key


@pytest.mark.parametrize("name", [n for n in r.names() if "indices" in r.theirs(n)])
def test_modification_indices_agree_with_lavaan(name):
    fit = r.ours(name)
    given = set(fit.model.table.given)
    expected = {}
    for row in r.theirs(name)["indices"]:
        group = fit.groups[row.get("group", 1) - 1]
        expected[row["lhs"], row["op"], row["rhs"], group] = row
        if row["op"] == "~~":
            expected[row["rhs"], row["op"], row["lhs"], group] = row
    # lavaan multiplies by n under Wishart too, where its chi-square counts n - 1.
    share = 300 / 301 if name == "hs_wishart" else 1
    found = fit.modification_indices()
    for row in found.itertuples():
        told = expected.pop((row.lhs, row.op, row.rhs, row.group))
        expected.pop((row.rhs, row.op, row.lhs, row.group), None)
        assert row.mi == pytest.approx(told["mi"] * share, abs=2e-3)
        assert row.epc == pytest.approx(told["epc"], abs=1e-4)
        assert row.std_epc == pytest.approx(told["sepc.all"], abs=1e-4)
    assert found["mi"].is_monotonic_decreasing
    # What we leave out explains given variables, or has nothing to gain.
    assert all(row["mi"] < 1e-5 or row["lhs"] in given for row in expected.values())


def test_freeing_the_best_parameter_gains_about_its_index():
    before = r.ours("hs")
    best = before.modification_indices().iloc[0]
    after = fit_model(f"{THREE}\n{best.lhs} {best.op} {best.rhs}", r.answers("hs"))
    row = after.parameters.query("lhs == @best.lhs and op == @best.op and rhs == @best.rhs")
    assert before.chi_square - after.chi_square == pytest.approx(best.mi, rel=0.15)
    assert row["estimate"].iloc[0] == pytest.approx(best.epc, rel=0.3)


def test_holzinger_swineford_is_as_published():
    """The figures that every textbook prints (Rosseel 2012, section 3)."""
    found = fit_model(THREE, r.answers("hs")).fit_indices()
    published = {"chi_square": 85.306, "df": 24, "cfi": 0.931, "tli": 0.896, "rmsea": 0.092}
    published |= {"rmsea_low": 0.071, "rmsea_high": 0.114, "srmr": 0.065, "p_close": 0.001}
    for key, value in published.items():
        assert found[key] == pytest.approx(value, abs=6e-4), key


def test_chi_square_stays_when_variables_are_rescaled_or_rows_shuffled():
    data = r.answers("hs")
    first = fit_model(THREE, data)
    scaled = data.copy()
    for at, item in enumerate(f"x{k}" for k in range(1, 10)):
        scaled[item] = scaled[item] * 10.0 ** (at % 4 - 1) + at
    shuffled = scaled.sample(frac=1, random_state=1)[scaled.columns[::-1]]
    second = fit_model(THREE, shuffled)
    assert second.chi_square == pytest.approx(first.chi_square, abs=1e-8)
    np.testing.assert_allclose(second.parameters["std"], first.parameters["std"], atol=1e-8)
    np.testing.assert_allclose(
        second.fit_indices()["gfi":"srmr"], first.fit_indices()["gfi":"srmr"], atol=1e-8
    )


@pytest.mark.parametrize("missing", ["complete", "fiml"])
def test_standardised_solution_does_not_depend_on_how_the_scale_is_set(missing):
    data = r.answers("missing")
    by_loading = fit_model(THREE, data, missing=missing)
    by_variance = fit_model(THREE, data, missing=missing, std_lv=True)
    np.testing.assert_allclose(
        by_loading.parameters["std"], by_variance.parameters["std"], atol=1e-7
    )
    assert by_loading.chi_square == pytest.approx(by_variance.chi_square, abs=1e-8)


def test_saturated_model_has_chi_square_0_and_repeats_least_squares():
    data = r.answers("hs")
    fit = fit_model("x7 ~ x1 + x4", data)
    x = np.column_stack((np.ones(len(data)), data[["x1", "x4"]]))
    slopes = np.linalg.lstsq(x, data["x7"], rcond=None)[0]
    assert fit.chi_square == pytest.approx(0, abs=1e-9)
    assert fit.df == 0
    np.testing.assert_allclose(fit.parameters["estimate"][:2], slopes[1:], atol=1e-10)
    found = fit.fit_indices()
    assert (found["cfi"], found["rmsea"], found["srmr"]) == pytest.approx((1, 0, 0), abs=1e-9)


def test_fiml_without_missing_answers_is_ml():
    data = r.answers("hs")
    complete = fit_model(THREE, data, meanstructure=True)
    fiml = fit_model(THREE, data, missing="fiml")
    assert fiml.chi_square == pytest.approx(complete.chi_square, abs=1e-7)
    np.testing.assert_allclose(
        fiml.parameters["estimate"], complete.parameters["estimate"], atol=1e-7
    )


def test_left_out_respondents_are_counted():
    data = r.answers("missing")
    items = [f"x{k}" for k in range(1, 10)]
    complete = fit_model(THREE, data)
    fiml = fit_model(THREE, data, missing="fiml")
    assert complete.n == len(data[items].dropna())
    assert complete.n + complete.left_out == len(data)
    assert (fiml.n, fiml.left_out) == (300, 1)


def test_groups_are_aligned_by_index_not_by_position():
    data = r.answers("hs")
    schools = data["school"].sample(frac=1, random_state=3)
    fit = fit_model(THREE, data, groups=schools)
    assert fit.chi_square == pytest.approx(r.theirs("configural")["fit"]["chisq"], abs=1e-5)
    assert fit.groups == ("Pasteur", "Grant-White")


def test_definition_is_a_product_with_its_standard_error():
    """Sobel's formula by hand: sqrt(b^2 se_a^2 + a^2 se_b^2) for independent estimates."""
    table = r.ours("mediation").parameters.set_index("label")
    a, b, product = table.loc["a"], table.loc["b"], table.loc["indirect"]
    assert product.estimate == pytest.approx(a.estimate * b.estimate)
    sobel = np.hypot(b.estimate * a.se, a.estimate * b.se)
    assert product.se == pytest.approx(sobel, rel=1e-6)


def test_residuals_average_to_srmr():
    fit = r.ours("hs")
    residual = fit.residuals()
    assert len(residual) == 45
    srmr = np.sqrt((residual["residual"] ** 2).mean())
    assert srmr == pytest.approx(fit.fit_indices()["srmr"])
    assert residual["residual"].abs().is_monotonic_decreasing


def test_full_digits_of_lavaan_are_reached():
    """The same fit stored with all digits: lavaan's own search stops within 2e-8 of ours."""
    found = fit_model(THREE, r.answers("hs")).fit_indices()
    exact = {"chi_square": 85.3055217699727, "gfi": 0.943332061258475, "ifi": 0.931490849987258}
    for key, value in exact.items():
        assert found[key] == pytest.approx(value, abs=2e-8)


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("estimator", ["ML", "WLSMV"])
def test_an_item_that_hardly_belongs_may_set_the_unit_all_the_same(seed: int, estimator: str):
    # Identity: the model does not know how its latent variables are scaled.
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(150, 2)) @ np.linalg.cholesky([[1, 0.4], [0.4, 1]]).T
    loadings = np.array([0.02, 0.5, 0.6, -0.7, -0.05, 0.5, 0.7, 0.6])
    noise = rng.normal(size=(150, 8)) * np.sqrt(1 - loadings**2)
    behind = np.repeat(factors, 4, axis=1) * loadings + noise
    answers = pd.DataFrame(np.clip(np.round(behind + 3), 1, 5), columns=list("abcdefgh"))
    syntax = "f =~ a + b + c + d\ng =~ e + f1 + g1 + h"
    answers = answers.rename(columns={"f": "f1", "g": "g1"})
    fit = fit_model(syntax, answers, estimator=estimator)
    same = fit_model(syntax, answers, estimator=estimator, std_lv=True)
    assert fit.problems == same.problems == ()
    assert fit.chi_square == pytest.approx(same.chi_square, rel=1e-8)
    paths = fit.parameters["op"] == "=~"
    assert fit.parameters["std"][paths].abs().to_numpy() == pytest.approx(
        same.parameters["std"][paths].abs().to_numpy(), abs=1e-5
    )


@pytest.mark.parametrize("unit", [1e-9, 1e9, 1e12])
@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_the_unit_of_answers_does_not_count_however_large(unit: float, estimator: str):
    # Identity: incomes in rials are incomes. Chi-square has no unit, loadings of markers none.
    data = r.answers("hs")
    own = fit_model(THREE, data, estimator=estimator)
    other = data.assign(**{f"x{at}": data[f"x{at}"] * unit for at in range(1, 10)})
    scaled = fit_model(THREE, other, estimator=estimator)
    assert scaled.problems == ()
    pd.testing.assert_series_equal(
        scaled.fit_indices().drop(["aic", "bic", "log_likelihood"]),
        own.fit_indices().drop(["aic", "bic", "log_likelihood"]),
        rtol=1e-6,
        atol=1e-7,
    )
    np.testing.assert_allclose(scaled.parameters["std"], own.parameters["std"], atol=1e-6)
