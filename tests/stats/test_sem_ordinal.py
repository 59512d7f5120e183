"""Models of ordered items against lavaan, and what must not change them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.stats.sem_matrices import compile_model
from ecity_geo.stats.sem_moments import select_sample
from ecity_geo.stats.sem_ordinal import fit_ordered
from ecity_geo.stats.sem_ordinal_fit import shifted
from ecity_geo.stats.sem_ordinal_sample import ordered_samples
from ecity_geo.stats.sem_syntax import parse_syntax
from ecity_geo.stats.sem_table import build_table

REFERENCE = Path(__file__).parent / "reference"
ROOT = Path(__file__).parents[2]


def read_json(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REFERENCE / name).read_text(encoding="utf-8"))
    return found


R = read_json("sem_ordinal.json")
NAMES = {
    "chisq": "chi_square",
    "pvalue": "p",
    "chisq.scaled": "chi_square_scaled",
    "pvalue.scaled": "p_scaled",
    "chisq.scaling.factor": "scaling_factor_scaled",
    "baseline.chisq": "baseline_chi_square",
    "baseline.chisq.scaled": "baseline_chi_square_scaled",
    "baseline.chisq.scaling.factor": "baseline_scaling_factor_scaled",
}
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "bfi_182x25.csv")


def ordered_hs() -> pd.DataFrame:
    """Nine tests of Holzinger & Swineford, cut into two to five categories as in the R script."""
    scores = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")
    for item, cuts in R["cuts"].items():
        scores[item] = np.digitize(scores[item], np.atleast_1d(cuts))
    return scores


def answers_of(case: str) -> pd.DataFrame:
    if case.startswith(("survey", "paths")):
        return pd.read_csv(ROOT / "data" / "survey" / "responses.csv")
    if case.startswith("hs"):
        return ordered_hs()
    if case in ("pairwise", "complete"):
        holes = pd.DataFrame(read_json("polychoric.json")["holes"]).to_numpy() == 1
        return bfi().iloc[:, :10].astype(float).mask(holes)
    return bfi()


def fitted(case: str) -> SemFit:
    answers = answers_of(case)
    grouped = case in ("hs_groups", "hs_equal")
    return fit_model(
        R[case]["model"],
        answers,
        estimator=R[case]["estimator"],
        missing="pairwise" if case == "pairwise" else "complete",
        groups=answers["school"] if grouped else None,
        equal=["loadings"] if case == "hs_equal" else [],
        std_lv=case == "hs_std",
    )


def our_name(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    name = name.replace("rmsea.pvalue", "p_close").replace("rmsea.ci.lower", "rmsea_low")
    return name.replace("rmsea.ci.upper", "rmsea_high").replace(".", "_")


def beside_lavaan(fit: SemFit, case: str) -> pd.DataFrame:
    """Set our parameters beside lavaan's, row by row: the order must be the same."""
    theirs = pd.DataFrame(R[case]["parameters"])
    ours = fit.parameters
    assert len(ours) == len(theirs)
    pd.testing.assert_frame_equal(
        ours.loc[ours["op"] != ":=", ["lhs", "op", "rhs"]].astype(object),
        theirs.loc[theirs["op"] != ":=", ["lhs", "op", "rhs"]].astype(object),
    )
    return ours.assign(r_estimate=theirs["est"], r_se=theirs["se"], r_std=theirs["std"])


CASES = [name for name, case in R.items() if isinstance(case, dict) and "fit" in case]


@pytest.mark.parametrize("case", [name for name in CASES if name != "mediator"])
def test_estimates_and_indices_agree_with_lavaan(case: str) -> None:
    fit = fitted(case)
    assert fit.problems == ()
    assert fit.n == R[case]["n"]
    both = beside_lavaan(fit, case)
    np.testing.assert_allclose(both["estimate"], both["r_estimate"], rtol=0, atol=2e-5)
    np.testing.assert_allclose(both["se"], both["r_se"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(both["std"], both["r_std"], rtol=0, atol=1e-5)
    indices = fit.fit_indices()
    expected = {our_name(name): value for name, value in R[case]["fit"].items() if value != "NA"}
    expected = {name: value for name, value in expected.items() if value is not None}
    for name, value in expected.items():
        # R finds the ends of the interval of RMSEA by a search that stops at 1e-4.
        assert indices[name] == pytest.approx(value, rel=2e-5, abs=1e-7), name
    assert indices["chi_square"] == pytest.approx(R[case]["fit"]["chisq"], rel=1e-6)
    assert fit.df == R[case]["fit"]["df"]


def test_survey_gives_the_chi_squares_known_beforehand() -> None:
    indices = fitted("survey").fit_indices()
    assert indices["chi_square"] == pytest.approx(129.754, abs=5e-4)
    assert indices["chi_square_scaled"] == pytest.approx(152.067, abs=5e-4)


def test_ordered_variable_between_others_keeps_a_variance_of_one() -> None:
    # lavaan 0.6-14 leaves N1, explained by the ordered E1, with an implied variance of 1.012, so
    # that its residual variance and standardised values are another's; all else agrees.
    fit = fitted("mediator")
    both = beside_lavaan(fit, "mediator")
    rest = both[~((both["lhs"] == "N1") & both["op"].isin(["~", "~~"]))]
    np.testing.assert_allclose(rest["estimate"], rest["r_estimate"], atol=1e-5)
    np.testing.assert_allclose(both["se"], both["r_se"], atol=3e-4)
    path = both[(both["lhs"] == "N1") & (both["rhs"] == "E1")].iloc[0]
    assert path["estimate"] == pytest.approx(path["r_estimate"], abs=1e-6)
    assert path["std"] == pytest.approx(path["estimate"], abs=1e-12)
    np.testing.assert_allclose(np.diag(fit.implied()[0][0]), 1, atol=1e-12)
    lavaan = R["mediator"]["fit"]
    indices = fit.fit_indices()
    for name in ("chisq", "chisq.scaled", "cfi.scaled", "rmsea.scaled", "srmr"):
        assert indices[our_name(name)] == pytest.approx(lavaan[name], rel=1e-5)


@pytest.mark.parametrize("case", ["survey", "paths", "bfi", "hs", "hs_extra"])
def test_modification_indices_agree_with_lavaan(case: str) -> None:
    expected = pd.DataFrame(R[case]["modification"])
    ours = fitted(case).modification_indices().head(len(expected))
    pd.testing.assert_frame_equal(
        ours[["lhs", "op", "rhs"]].astype(object), expected[["lhs", "op", "rhs"]].astype(object)
    )
    np.testing.assert_allclose(ours["mi"], expected["mi"], rtol=1e-4)
    np.testing.assert_allclose(ours["epc"], expected["epc"], atol=1e-4)
    np.testing.assert_allclose(ours["std_epc"], expected["sepc.all"], atol=1e-4)


# --- identities


def test_derivatives_of_correlations_are_difference_quotients() -> None:
    # A path through an ordered variable: residual variances hang on paths there.
    table = build_table(parse_syntax(R["mediator"]["model"]))
    sample = select_sample(bfi(), table.observed)
    samples = ordered_samples(sample, table.observed, missing="complete")
    found = fit_ordered(compile_model(table), samples, estimator="WLSMV")
    made = found.discrepancy
    reduced = found.theta[made.free]
    _, slopes = made.slopes(found.theta, 0)
    h = 1e-6
    for at in range(len(reduced)):
        step = h * np.eye(len(reduced))[at]
        up, down = (made.slopes(made.complete(reduced + d), 0)[0] for d in (step, -step))
        np.testing.assert_allclose(slopes[:, at], (up - down) / (2 * h), atol=1e-8)


def test_shift_gives_mean_and_variance_of_a_chi_square() -> None:
    # By hand: eigenvalues 1, 2, 3 of U Gamma, so the statistic has mean 6 and variance 28.
    # Divided by sqrt(14/3) it has variance 6 = 2 df; the shift brings the mean to 3 = df.
    found = shifted(6.0, 3, 6.0, 14.0)
    assert found.factor == pytest.approx(np.sqrt(14 / 3))
    assert found.chi_square == pytest.approx(3)
    assert found.shift == pytest.approx(3 - 6 / np.sqrt(14 / 3))


def test_model_without_degrees_of_freedom_fits_perfectly() -> None:
    fit = fit_model("f =~ x1 + x2 + x3", ordered_hs(), estimator="WLSMV")
    indices = fit.fit_indices()
    assert fit.df == 0
    assert np.isnan(fit.p)
    assert indices["chi_square"] == pytest.approx(0, abs=1e-12)
    assert indices["cfi"] == 1
    assert indices["rmsea_scaled"] == 0


def test_dwls_has_no_twins_and_the_estimates_of_wlsmv() -> None:
    robust, plain = fitted("survey"), fitted("survey_dwls")
    np.testing.assert_allclose(plain.parameters["estimate"], robust.parameters["estimate"])
    assert not [name for name in plain.fit_indices().index if name.endswith("_scaled")]


# --- what must not change anything


def test_only_the_order_of_answers_and_of_respondents_does_not_count() -> None:
    answers = ordered_hs()
    plain = fit_model(HS, answers, estimator="WLSMV")
    labels = {0: -3.0, 1: 0.5, 2: 0.6, 3: 8.0, 4: 100.0}
    items = [f"x{number}" for number in range(1, 10)]
    mixed = answers[items].map(lambda code: labels[code]).sample(frac=1, random_state=1)
    again = fit_model(HS, mixed, estimator="WLSMV")
    pd.testing.assert_frame_equal(again.parameters, plain.parameters, rtol=1e-6, atol=1e-8)
    pd.testing.assert_series_equal(again.fit_indices(), plain.fit_indices(), rtol=1e-6, atol=1e-8)


def test_reversed_item_turns_the_sign_of_its_loading_and_nothing_else() -> None:
    answers = ordered_hs()
    plain = fit_model(HS, answers, estimator="ULSMV")
    turned = fit_model(HS, answers.assign(x5=-answers["x5"]), estimator="ULSMV")
    assert turned.chi_square == pytest.approx(plain.chi_square, rel=1e-9)
    own = plain.parameters["rhs"].eq("x5") & plain.parameters["op"].eq("=~")
    sign = np.where(own, -1, 1)
    rest = plain.parameters["lhs"].ne("x5")
    np.testing.assert_allclose(
        turned.parameters["estimate"][rest], (sign * plain.parameters["estimate"])[rest], atol=1e-6
    )


# --- no answer


def test_category_that_a_group_lacks_is_named() -> None:
    answers = ordered_hs()
    pasteur = answers["school"] == "Pasteur"
    answers.loc[pasteur & (answers["x1"] == 3), "x1"] = 2
    with pytest.raises(AnalysisError, match="group 'Pasteur' answered 3 to 'x1'"):
        fit_model(HS, answers, estimator="WLSMV", groups=answers["school"])


@pytest.mark.parametrize(
    ("syntax", "options", "message"),
    [
        ("visual =~ x1 + x2 + x3\nvisual ~ ageyr", {}, "no observed predictors, as ageyr"),
        ("visual =~ x1 + x2 + x3\nx1 ~ 1", {}, "thresholds in place of intercepts"),
        ("visual =~ x1 + x2 + x3\nx1 ~~ 0.5*x1", {}, "residual variance of 'x1'"),
        ("visual =~ x1 + x2 + x3\none =~ x4", {}, "residual variance of 'x4'"),
        (HS, {"missing": "fiml"}, "'fiml' is for ML"),
        (HS, {"convention": "amos"}, "AMOS"),
        (HS, {"equal": ["loadings", "intercepts"]}, "intercepts cannot be held equal"),
    ],
)
def test_what_ordinal_estimators_cannot_do_is_told(
    syntax: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        fit_model(syntax, ordered_hs(), estimator="WLSMV", **options)


def test_pairwise_answers_are_for_ordinal_estimators_only() -> None:
    with pytest.raises(AnalysisError, match="'pairwise' for ordinal"):
        fit_model(HS, ordered_hs(), missing="pairwise")


def test_model_that_is_not_identified_has_no_fit_table() -> None:
    fit = fit_model("f =~ x1 + x2", ordered_hs(), estimator="WLSMV")
    assert "not identified" in fit.problems[0]
    with pytest.raises(AnalysisError, match="not identified"):
        fit.fit_indices()


def test_negative_residual_variance_is_named_and_has_no_fit_table() -> None:
    # A Heywood case by hand: correlations 0.9, 0.9 and 0.6 need a loading of sqrt(1.35) > 1.
    rng = np.random.default_rng(3)
    behind = rng.multivariate_normal(
        [0, 0, 0], [[1, 0.9, 0.85], [0.9, 1, 0.6], [0.85, 0.6, 1]], size=400
    )
    answers = pd.DataFrame(np.digitize(behind, [-0.6, 0.5]), columns=["a", "b", "c"])
    fit = fit_model("f =~ a + b + c", answers, estimator="WLSMV")
    assert "negative" in fit.problems[0]
    assert "a (" in fit.problems[0]
    with pytest.raises(AnalysisError, match="Heywood"):
        fit.fit_indices()
