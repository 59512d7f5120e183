"""One-sample tests and Friedman's test: against R, scipy and scikit-posthocs."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.friedman import friedman, friedman_pairs
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.onesample import cohen_d_interval, signed_rank
from ecity_geo.stats.reliability import cronbach_alpha
from ecity_geo.stats.sem import fit_model

HERE = Path(__file__).parent / "reference"


def reference(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def bfi(items: int) -> pd.DataFrame:
    return pd.read_csv(HERE / "bfi_182x25.csv").iloc[:, :items]


def rounding() -> pd.DataFrame:
    return pd.read_csv(HERE / "friedman_rounding_times.csv")


def likert(seed: int, n: int, k: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.integers(1, 6, (n, k)), columns=[f"q{at}" for at in range(k)])


# --- one sample


@pytest.mark.parametrize(("key", "test_value"), [("sleep_extra_mu0", 0.0), ("bfi_A1_mu3", 3.0)])
def test_one_sample_agrees_with_r(key: str, test_value: float) -> None:
    data = pd.read_csv(HERE / "sleep.csv")[["extra"]] if "sleep" in key else bfi(1)
    r, ours = reference("one_sample_t.json")[key], one_sample(data, test_value=test_value).iloc[0]
    for name in ("n", "mean", "sd", "t", "df", "p"):
        assert ours[name] == pytest.approx(r[name], rel=1e-9), name
    assert ours["d"] == pytest.approx(r["cohen_d"], rel=1e-9)
    assert (ours["low"], ours["high"]) == pytest.approx(r["ci_mean"], rel=1e-8)
    # psych's search stops 4e-7 short; see the next test for the exact ends.
    assert (ours["d_low"], ours["d_high"]) == pytest.approx(r["d_ci_noncentral"], abs=1e-6)


@pytest.mark.parametrize(
    ("t", "n"), [(3.4129649953, 20), (-7.4486005924, 182), (0.0, 5), (2.0, 2), (12.0, 182)]
)
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_ends_of_the_interval_of_d_are_quantiles_of_scipys_noncentral_t(
    t: float, n: int, confidence: float
) -> None:
    low, high = cohen_d_interval(t, n, confidence=confidence)
    tails = [stats.nct.cdf(t, n - 1, end * sqrt(n)) for end in (low, high)]
    assert tails == pytest.approx([(1 + confidence) / 2, (1 - confidence) / 2], abs=1e-9)


def test_interval_of_d_holds_where_scipy_has_none() -> None:
    # Mean 4.77 of 182 answers 1-5 reaches t = 50. For large n the interval nears the normal
    # one, d -+ 1.96 sqrt(1/n + d^2 / 2n) (Hedges & Olkin 1985).
    t, n = 50.0, 182
    low, high = cohen_d_interval(t, n)
    d = t / sqrt(n)
    half = 1.96 * sqrt(1 / n + d**2 / (2 * n))
    assert (low, high) == pytest.approx((d - half, d + half), abs=0.03)
    assert cohen_d_interval(-t, n) == pytest.approx((-high, -low))


def test_wilcoxon_with_ties_agrees_with_r() -> None:
    r = reference("one_sample_t.json")["bfi_A1_wilcoxon_mu3"]
    ours = one_sample(bfi(1)).iloc[0]
    assert ours["wilcoxon_v"] == r["V"]
    assert ours["wilcoxon_p"] == pytest.approx(r["p_cc"], rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 60))
def test_signed_rank_agrees_with_scipy(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    continuous = rng.normal(0.2, 1, n)
    method = "exact" if n < 50 else "asymptotic"
    peer = stats.wilcoxon(continuous, method=method, correction=True)
    assert signed_rank(continuous)[1] == pytest.approx(peer.pvalue)
    tied = rng.integers(-2, 3, n + 20).astype(float)
    peer = stats.wilcoxon(tied, method="asymptotic", correction=True)
    assert signed_rank(tied)[1] == pytest.approx(peer.pvalue)


@pytest.mark.parametrize("method", ["holm", "hochberg", "bh", "by", "bonferroni"])
def test_adjusted_p_agree_with_r(method: str) -> None:
    r = reference("p_adjust.json")
    assert adjust_p(np.array(r["p"]), method) == pytest.approx(r[method], rel=1e-9)


def test_unadjusted_p_stay_and_bad_p_are_told() -> None:
    assert adjust_p(np.array([0.2, 0.1]), "none").tolist() == [0.2, 0.1]
    with pytest.raises(AnalysisError, match="holm"):
        adjust_p(np.array([0.1]), "tukey")
    with pytest.raises(AnalysisError, match="outside"):
        adjust_p(np.array([0.1, np.nan]), "holm")


def test_verdict_follows_the_adjusted_p() -> None:
    answers = pd.DataFrame(
        {"high": [4, 5] * 20, "low": [1, 2] * 20, "even": [2, 4] * 20, "near": [3, 3, 3, 4] * 10}
    )
    table = one_sample(answers)
    assert table["verdict"].tolist() == ["above", "below", "cannot tell", "above"]
    strict = one_sample(answers.iloc[:8])
    assert strict.loc["near", "p"] < strict.loc["near", "p_holm"]
    assert strict.loc["near", "verdict"] == "cannot tell"
    assert table.loc["even", ["t", "p", "d"]].tolist() == [0, 1, 0]


def test_missing_answers_leave_out_of_their_item_only_and_are_counted() -> None:
    answers = pd.DataFrame({"a": [1, 2, None, 4], "b": [1, 2, 3, 5]}, dtype="Int64")
    table = one_sample(answers)
    assert table["n"].tolist() == [3, 4]
    assert table["missing"].tolist() == [1, 0]
    peer = stats.ttest_1samp([1, 2, 4], 3)
    assert table.loc["a", "p"] == pytest.approx(peer.pvalue)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_mirrored_answers_mirror_the_test(seed: int) -> None:
    answers = likert(seed, 25, 3)
    table, mirrored = one_sample(answers), one_sample(6 - answers)
    for name, opposite in (("t", "t"), ("d_low", "d_high")):
        assert table[name].tolist() == pytest.approx((-mirrored[opposite]).tolist(), abs=1e-9)
    assert table["wilcoxon_p"].tolist() == pytest.approx(mirrored["wilcoxon_p"].tolist())


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (pd.DataFrame({"a": [3, 3, 3], "b": [1, 2, 3]}), "'a'"),
        (pd.DataFrame({"a": [3]}), "two answers"),
        (pd.DataFrame({"a": [None, None, 2]}, dtype="Int64"), "two answers"),
        (pd.DataFrame({"a": ["good", "bad"]}), "no numbers"),
        (pd.DataFrame({"a": [1.0, np.inf]}), "infinite"),
        (pd.DataFrame(index=[0, 1]), "no items"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "same name"),
    ],
)
def test_one_sample_without_an_answer_says_why(answers: pd.DataFrame, words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        one_sample(answers)


def test_impossible_levels_are_told() -> None:
    with pytest.raises(AnalysisError, match="confidence of 95"):
        one_sample(likert(0, 9, 2), confidence=95)
    with pytest.raises(AnalysisError, match="n = 1"):
        cohen_d_interval(1.0, 1)
    with pytest.raises(AnalysisError, match="not zero"):
        signed_rank(np.zeros(3))


# --- Friedman


@pytest.mark.parametrize("name", ["rounding", "bfi18"])
def test_friedman_with_ties_agrees_with_r(name: str) -> None:
    answers = rounding() if name == "rounding" else bfi(18)
    r, ours = reference("friedman.json")[name], friedman(answers)
    assert ours.chi_square == pytest.approx(r["chisq"], rel=1e-10)
    assert (ours.df, ours.missing) == (r["df"], 0)
    assert ours.p == pytest.approx(r["p"], rel=1e-8)
    assert ours.kendall_w == pytest.approx(r["kendall_W"], rel=1e-9)
    assert ours.mean_ranks.tolist() == pytest.approx(r["mean_ranks"], rel=1e-9)


def test_iman_davenport_agrees_with_pingouin() -> None:
    # pingouin 0.7.0, friedman(method="f") on the rounding times; it takes other df.
    ours = friedman(rounding())
    assert ours.f == pytest.approx(7.121739130434782)
    assert ours.f_df == (2, 42)
    assert ours.f_p == pytest.approx(stats.f.sf(7.121739130434782, 2, 42))


def test_wilcoxon_pairs_agree_with_r() -> None:
    r = reference("friedman.json")["rounding"]["wilcoxon_holm"]
    pairs = friedman_pairs(rounding(), method="wilcoxon")
    assert pairs["p_adjusted"].tolist() == pytest.approx([r[1][0], r[2][0], r[2][1]], rel=1e-8)
    assert set(pairs["correction"]) == {"holm"}


# scikit-posthocs 0.17.1 on the rounding times: posthoc_conover_friedman (plain and
# p_adjust="holm") and posthoc_nemenyi_friedman.
@pytest.mark.parametrize(
    ("method", "correction", "expected"),
    [
        ("conover", "none", [0.3012090214393702, 0.000691453476085363, 0.012282857347898928]),
        ("conover", "holm", [0.3012090214393702, 0.0020743604282560894, 0.024565714695797856]),
        ("nemenyi", "holm", [0.6374271670186252, 0.004409820445457013, 0.06137075925394708]),
    ],
)
def test_pairs_agree_with_scikit_posthocs(
    method: str, correction: str, expected: list[float]
) -> None:
    pairs = friedman_pairs(rounding(), method=method, correction=correction)
    assert pairs["p_adjusted"].tolist() == pytest.approx(expected, rel=1e-6)
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("round_out", "narrow_angle"),
        ("round_out", "wide_angle"),
        ("narrow_angle", "wide_angle"),
    ]


def test_conover_on_tied_likert_answers_agrees_with_scikit_posthocs() -> None:
    pairs = friedman_pairs(bfi(4), correction="none").set_index(["first", "second"])["p"]
    # scikit-posthocs 0.17.1, posthoc_conover_friedman on bfi A1-A4.
    assert pairs["A1", "A2"] == pytest.approx(2.017321428033716e-42, rel=1e-6)
    assert pairs["A2", "A3"] == pytest.approx(0.12269876164675793, rel=1e-9)
    assert pairs["A3", "A4"] == pytest.approx(0.6644960817913503, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(3, 6))
def test_friedman_agrees_with_scipy_and_mean_ranks_add_up(seed: int, k: int) -> None:
    answers = likert(seed, 20, k)
    ours = friedman(answers)
    peer = stats.friedmanchisquare(*answers.to_numpy().T)
    assert (ours.chi_square, ours.p) == pytest.approx((peer.statistic, peer.pvalue))
    assert ours.mean_ranks.sum() == pytest.approx(k * (k + 1) / 2)
    assert 0 <= ours.kendall_w <= 1
    shuffled = answers[answers.columns[::-1]].sample(frac=1, random_state=seed)
    assert friedman(shuffled).mean_ranks[answers.columns].tolist() == pytest.approx(
        ours.mean_ranks.tolist()
    )


def test_full_agreement_has_w_one_and_no_nan() -> None:
    answers = pd.DataFrame([[1, 2, 3], [2, 3, 4], [3, 4, 5], [1, 3, 5]], columns=list("abc"))
    ours = friedman(answers)
    assert (ours.kendall_w, ours.chi_square) == pytest.approx((1, 8))
    assert ours.f_p == pytest.approx(0, abs=1e-12)
    pairs = friedman_pairs(answers)
    assert pairs["p"].tolist() == pytest.approx([0, 0, 0], abs=1e-12)


def test_respondents_with_a_missing_answer_are_left_out_and_counted() -> None:
    answers = rounding().astype("Float64")
    broken = pd.concat([answers, answers.iloc[:2]], ignore_index=True)
    broken.iloc[-2:, 1] = pd.NA
    ours = friedman(broken)
    assert (ours.n, ours.missing) == (22, 2)
    assert ours.chi_square == pytest.approx(11.1428571429)


BAD = {
    "one respondent": (pd.DataFrame({"a": [1], "b": [2]}), "at least 2 respondents"),
    "fewer respondents than items": (likert(1, 3, 5), "at least 5 respondents"),
    "constant item": (likert(1, 9, 2).assign(c=3), "'c'"),
    "identical items": (likert(1, 9, 2).assign(c=lambda x: x["q1"]), "'q1' and 'c'"),
    "one item": (likert(1, 9, 1), "two items"),
    "nobody complete": (pd.DataFrame({"a": [1, None], "b": [None, 1]}), "2 left out"),
}


@pytest.mark.parametrize("name", BAD)
def test_friedman_without_an_answer_says_why(name: str) -> None:
    answers, words = BAD[name]
    for ask in (friedman, friedman_pairs):
        with pytest.raises(AnalysisError, match=words):
            ask(answers)  # type: ignore[operator]


def test_unknown_method_or_correction_is_told() -> None:
    with pytest.raises(AnalysisError, match="conover, wilcoxon, nemenyi"):
        friedman_pairs(rounding(), method="dunn")
    with pytest.raises(AnalysisError, match="holm"):
        friedman_pairs(rounding(), correction="tukey")


def test_an_item_that_nobody_answered_is_named() -> None:
    rng = np.random.default_rng(0)
    answers = pd.DataFrame(rng.integers(1, 6, (40, 3)).astype(float), columns=list("abc"))
    answers["b"] = np.nan
    for run in (
        lambda: friedman(answers),
        lambda: cronbach_alpha(answers),
        lambda: fit_model("f =~ a + b + c", answers),
        lambda: fit_model("f =~ a + b + c", answers, missing="fiml"),
    ):
        with pytest.raises(AnalysisError, match="nobody answered: 'b'"):
            run()
