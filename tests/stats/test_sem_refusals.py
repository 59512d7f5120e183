"""What structural equation models refuse, and in which words."""

import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem import fit_model
from ecity_geo.stats.sem_syntax import parse_syntax
from stats import sem_reference as r

THREE = r.model("three")


def heywood(n: int = 400) -> pd.DataFrame:
    """Items whose correlations ask for a loading beyond 1: .9 * .9 / .5 > 1."""
    correlation = np.array([[1, 0.9, 0.9], [0.9, 1, 0.5], [0.9, 0.5, 1]]) * 0.95
    np.fill_diagonal(correlation, 1)
    raw = np.random.default_rng(5).normal(size=(n, 3))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return pd.DataFrame(white @ np.linalg.cholesky(correlation).T, columns=["a", "b", "c"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("f = a + b", 'Line 1 of the model, "f = a \\+ b": there is no operator'),
        ("f =~ a + b\n\ng ~~ ", "Line 3 .*something is missing beside ~~"),
        ("f =~ a + + b", "a name is missing"),
        ("f =~ a ~ b", "two operators"),
        ("f =~ c(1, 2*a", "parenthesis"),
        ("f =~ 2x", "'2x' is no name"),
        ("f =~ c(1, k)*a + b", "numbers and labels"),
        ("f =~ start(k)*a", "'k' is no number"),
        ("a == b", "same label"),
        ("a | t1", "thresholds"),
        ("f <~ a", "formative"),
        ("a ~ a", "cannot explain itself"),
        ("f =~ a + 1*b\nf =~ 2*b", "stands there twice"),
    ],
)
def test_malformed_syntax_names_line_and_text(text, message):
    with pytest.raises(AnalysisError, match=message):
        parse_syntax(text)


def test_all_faults_of_a_model_are_told_at_once():
    with pytest.raises(AnalysisError) as caught:
        parse_syntax("f = a\nf =~ a + b\ng =~ 2x\n")
    assert "Line 1" in str(caught.value)
    assert "Line 3" in str(caught.value)


def test_syntax_reads_comments_continuations_semicolons_and_persian_names():
    read = parse_syntax("f =~ a +   # first\n  2*b\n + k*پرسش; f ~~ start(0.3)*f ! end\na ~ 1")
    told = [(t.lhs, t.op, t.rhs, t.fixed, t.start, t.label) for t in read.terms]
    assert told == [
        ("f", "=~", "a", (), (), ()),
        ("f", "=~", "b", (2.0,), (), ()),
        ("f", "=~", "پرسش", (), (), ("k",)),
        ("f", "~~", "f", (), (0.3,), ()),
        ("a", "~1", "", (), (), ()),
    ]


def test_negative_variance_is_named_and_forbids_a_fit_table():
    fit = fit_model("f =~ a + b + c", heywood())
    assert any("negative (Heywood case): a (-" in problem for problem in fit.problems)
    with pytest.raises(AnalysisError, match=r"no fit indices.*Heywood"):
        fit.fit_indices()
    with pytest.raises(AnalysisError, match="Heywood"):
        fit.modification_indices()


def test_more_parameters_than_moments_is_a_problem():
    fit = fit_model("f =~ NA*a + b + c", heywood())
    assert "not identified: it has 7 parameters for 6 moments" in fit.problems[0]
    assert fit.parameters["se"][fit.parameters["free"]].isna().all()


def test_underidentified_part_is_named_though_df_is_not_negative():
    fit = fit_model(THREE.replace("=~ x1", "=~ NA*x1"), r.answers("hs"))
    assert fit.df > 0
    assert any("visual=~x1" in p and "not identified" in p for p in fit.problems)


def test_correlation_beyond_one_is_a_problem():
    fit = fit_model(f"{THREE}\nvisual ~~ 1.2*speed", r.answers("hs"), std_lv=True)
    assert any("latent variables is not positive definite" in p for p in fit.problems)


def test_search_recovers_from_a_start_without_positive_definite_covariance():
    fit = fit_model(f"{THREE}\nvisual ~~ 3*speed", r.answers("hs"))
    assert fit.iterations > 0
    assert np.isfinite(fit.chi_square)


def test_constant_item_unknown_item_and_copies_are_refused():
    data = r.answers("hs")
    with pytest.raises(AnalysisError, match="answered alike: 'x2'"):
        fit_model(THREE, data.assign(x2=3))
    with pytest.raises(AnalysisError, match=r"no columns \['x9'\]"):
        fit_model(THREE, data.drop(columns="x9"))
    with pytest.raises(AnalysisError, match="determine one another: x1, x2"):
        fit_model(THREE, data.assign(x2=data["x1"]))
    with pytest.raises(AnalysisError, match="determine one another: x1, x2, x3"):
        fit_model(THREE, data.assign(x3=data["x1"] + data["x2"]), missing="fiml")


@pytest.mark.parametrize("n", [0, 1, 9])
def test_as_few_respondents_as_items_are_refused(n):
    with pytest.raises(AnalysisError, match=f"needs at least 10 respondents; there are {n}"):
        fit_model(THREE, r.answers("hs").head(n))


def test_small_group_is_named():
    data = r.answers("hs")
    few = pd.Series(np.where(data.index < 5, "small", "large"), index=data.index)
    with pytest.raises(AnalysisError, match="in group 'small'; there are 5"):
        fit_model(THREE, data, groups=few)


def test_pair_that_nobody_answered_is_refused():
    data = r.answers("hs").astype({"x1": float})
    data.loc[::2, "x1"] = np.nan
    data.loc[1::2, "x2"] = np.nan
    with pytest.raises(AnalysisError, match="Nobody answered both 'x1' and 'x2'"):
        fit_model(THREE, data, missing="fiml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "PLS"}, "estimator 'PLS' is unknown"),
        ({"missing": "mean"}, "missing 'mean' is unknown"),
        ({"convention": "lisrel"}, "convention 'lisrel' is unknown"),
        ({"convention": "amos", "missing": "fiml"}, "AMOS"),
        ({"equal": ["loading"]}, "cannot be held equal"),
        ({"confidence": 95}, "does not lie between 0 and 1"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(AnalysisError, match=message):
        fit_model(THREE, r.answers("hs"), **options)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("d := a*zz", "no parameter has the label 'zz'"),
        ("d := a*", "it is no formula"),
        ("d := __import__('os')", "only labels, numbers"),
        ("a := 2", "has a meaning already"),
        ("d := a/0", "divides by zero"),
    ],
)
def test_definitions_that_cannot_be_evaluated_are_refused(line, message):
    with pytest.raises(AnalysisError, match=message):
        fit_model(f"x7 ~ a*x1 + x4\n{line}", r.answers("hs"))


def test_modifier_must_fit_the_number_of_groups():
    data = r.answers("hs")
    with pytest.raises(AnalysisError, match="3 values in a modifier for 2 groups"):
        fit_model("f =~ x1 + c(a, b, c)*x2 + x3", data, groups=data["school"])
