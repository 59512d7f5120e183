"""Comparisons of groups against R and properties."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.group_effects import cliffs_delta, f_limits
from ecity_geo.stats.groups import compare_groups, compare_pairs, group_letters

REFERENCE = Path(__file__).parent / "reference"
R: dict[str, Any] = json.loads((REFERENCE / "groups.json").read_text())


@pytest.fixture(scope="module")
def bfi() -> tuple[pd.DataFrame, pd.Series]:
    answers = pd.read_csv(REFERENCE / "bfi_182x25.csv").iloc[:, :5]
    cut = np.repeat(["a", "b", "c", "d"], [40, 35, 55, 52])
    scores = answers.mean(axis=1, skipna=False).to_frame("agreeable")
    return scores, pd.Series(cut, index=answers.index)


def test_every_test_of_all_groups_is_that_of_r(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    ours = compare_groups(*bfi).set_index("test")
    assert ours["n"].eq(R["n"]).all()
    assert ours["groups"].eq(4).all()
    for test, name in (
        ("kruskal_wallis", "kruskal"),
        ("anova", "anova"),
        ("brown_forsythe", "brown_forsythe"),
    ):
        assert ours.loc[test, ["statistic", "p"]].tolist() == pytest.approx(R[name], rel=1e-9)
    welch = ours.loc["welch", ["statistic", "df2", "p"]].tolist()
    assert welch == pytest.approx(R["welch"], rel=1e-9)
    n = R["n"]
    low, high = R["f_limits"]
    limits = ours.loc["anova", ["effect_low", "effect_high"]].tolist()
    assert limits == pytest.approx([low / (low + n), high / (high + n)], abs=1e-8)
    limits = ours.loc["kruskal_wallis", ["effect_low", "effect_high"]].tolist()
    assert limits == pytest.approx([nc / (nc + n) for nc in R["h_limits"]], abs=1e-8)


@pytest.mark.parametrize("method", ["dunn", "tukey", "games_howell"])
def test_every_pair_is_that_of_r(bfi: tuple[pd.DataFrame, pd.Series], method: str) -> None:
    ours = compare_pairs(*bfi, method=method, correction="none")
    assert (ours["first"] + "-" + ours["second"]).tolist() == R["pairs"]
    np.testing.assert_allclose(ours["p"], R[f"{method}_p"], rtol=1e-6)
    if method == "tukey":
        np.testing.assert_allclose(ours["difference"], R["tukey_difference"], rtol=1e-9)
    else:
        np.testing.assert_allclose(ours["statistic"], R[method], rtol=1e-9)


PUBLISHED = ("chickwts", "InsectSprays")


def published(name: str) -> tuple[dict[str, Any], pd.DataFrame, pd.Series]:
    theirs = R[name]
    return theirs, pd.DataFrame({"m": theirs["y"]}, dtype=float), pd.Series(theirs["g"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_groups_that_differ_give_what_r_and_car_give(name: str) -> None:
    theirs, scores, groups = published(name)
    ours = compare_groups(scores, groups).set_index("test")
    for test in ("kruskal_wallis", "anova", "welch", "levene", "brown_forsythe"):
        found = ours.loc[test, ["statistic", "p"]].tolist()
        assert found == pytest.approx(theirs[test], rel=1e-9)
    assert ours.loc["welch", "df2"] == pytest.approx(theirs["welch_df2"], rel=1e-9)
    effects = ours[["effect", "effect_low", "effect_high"]]
    for test, effect in (("anova", "omega"), ("kruskal_wallis", "epsilon")):
        expected = [theirs[effect], *theirs[f"{effect}_limits"]]
        np.testing.assert_allclose(effects.loc[test], expected, rtol=1e-8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_pairs_that_differ_give_what_r_gives(name: str) -> None:
    theirs, scores, groups = published(name)
    dunn = compare_pairs(scores, groups)
    assert (dunn["first"] + "-" + dunn["second"]).tolist() == theirs["pairs"]
    np.testing.assert_allclose(dunn["statistic"], theirs["dunn"], rtol=1e-9)
    np.testing.assert_allclose(dunn["p_adjusted"], theirs["dunn_holm"], rtol=1e-9)
    sizes = ["effect", "effect_low", "effect_high"]
    np.testing.assert_allclose(dunn[sizes], theirs["cliff"], rtol=1e-9, atol=1e-12)
    tukey = compare_pairs(scores, groups, method="tukey")
    # ptukey and SciPy's studentised range agree to some 1e-9, absolutely.
    np.testing.assert_allclose(tukey["p"], theirs["tukey_p"], rtol=1e-6, atol=1e-8)
    # multcomp integrates by random numbers, to 1e-3.
    np.testing.assert_allclose(tukey["p"], theirs["multcomp_p"], atol=1e-3)
    np.testing.assert_allclose(tukey[sizes], theirs["hedges"], rtol=1e-9)
    howell = compare_pairs(scores, groups, method="games_howell")
    np.testing.assert_allclose(howell["statistic"], theirs["games_howell"], rtol=1e-9)
    np.testing.assert_allclose(howell["p"], theirs["games_howell_p"], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_letters_share_where_those_of_multcomp_share(name: str) -> None:
    theirs, scores, groups = published(name)
    ours = group_letters(scores, groups, method="tukey").set_index("group")
    other = dict(zip(sorted(set(groups)), theirs["letters"], strict=True))
    for (one, mine), (two, yours) in product(other.items(), repeat=2):
        shared = bool(set(ours.loc[one, "letters"]) & set(ours.loc[two, "letters"]))
        assert shared == bool(set(mine) & set(yours))
    assert ours["level"].is_monotonic_decreasing
    assert ours["letters"].iloc[0].startswith("a")
    assert ours["n"].to_dict() == groups.value_counts().to_dict()


def test_letters_of_ranks_are_those_of_dunn() -> None:
    _, scores, groups = published("InsectSprays")
    pairs = compare_pairs(scores, groups)
    ours = group_letters(scores, groups).set_index("group")
    for pair in pairs.itertuples():
        shared = set(ours.loc[pair.first, "letters"]) & set(ours.loc[pair.second, "letters"])
        assert bool(shared) == (pair.p_adjusted >= 0.05)
    ranks = scores["m"].rank().groupby(groups).mean()
    np.testing.assert_allclose(ours["level"], ranks[ours.index], rtol=1e-12)


def test_cliffs_delta_of_the_published_example() -> None:
    # The example of the Python package cliffsDelta: -0.0667.
    x, y = [10.0, 20, 20, 20, 30, 30, 30, 40, 50, 100], [10.0, 20, 30, 40, 40, 50]
    delta, low, high = cliffs_delta(np.array(x), np.array(y), 0.95)
    assert delta == pytest.approx(-0.06666666666666667, abs=1e-15)
    assert low < delta < high


def test_noncentral_f_far_out_joins_on_to_its_normal() -> None:
    # On both sides of where SciPy's distribution gives up, an interval grows as F does.
    near, far = f_limits(2e10, 1, 180, 0.95), f_limits(2e13, 1, 180, 0.95)
    np.testing.assert_allclose(np.array(far) / np.array(near), 1000, rtol=1e-4)


def test_dunn_of_two_groups_is_kruskal_wallis(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    scores, groups = bfi
    two = groups[groups.isin(["a", "d"])]
    z = compare_pairs(scores.loc[two.index], two)["statistic"].iloc[0]
    h = compare_groups(scores.loc[two.index], two)["statistic"].iloc[0]
    assert z**2 == pytest.approx(h, rel=1e-12)


def test_cliffs_delta_is_that_of_mann_whitney(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    scores, groups = bfi
    pair = compare_pairs(scores, groups).iloc[0]
    x, y = (scores["agreeable"][groups == name].dropna() for name in "ab")
    u = stats.mannwhitneyu(x, y).statistic
    assert pair["effect"] == pytest.approx(2 * u / (len(x) * len(y)) - 1, abs=1e-12)
    assert pair["effect_low"] < pair["effect"] < pair["effect_high"]


def test_hedges_g_is_d_times_its_correction() -> None:
    # Hedges 1981: for 2 groups of 4, J(6) = 0.8683 by the approximation 1 - 3/(4*6-1) = .8696.
    x, y = np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])
    scores = pd.DataFrame({"m": np.concatenate([y, x])})
    groups = pd.Series(["up"] * 4 + ["down"] * 4)
    pair = compare_pairs(scores, groups, method="tukey", min_count=2).iloc[0]
    assert (pair["first"], pair["second"]) == ("down", "up")
    d = -2 / np.sqrt(5 / 3)
    assert pair["effect"] == pytest.approx(d * 0.8683, abs=2e-3)


def test_small_groups_take_no_part_and_are_counted() -> None:
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"m": rng.normal(size=25)})
    groups = pd.Series(["a"] * 10 + ["b"] * 9 + ["tiny"] * 4 + [None] * 2)
    ours = compare_groups(scores, groups, min_count=5)
    assert ours["n"].eq(19).all()
    assert ours["left_out"].eq(6).all()
    assert ours["small_groups"].eq("tiny").all()
    pairs = compare_pairs(scores, groups, min_count=5)
    assert "tiny" not in {*pairs["first"], *pairs["second"]}
    assert set(group_letters(scores, groups, min_count=5)["group"]) == {"a", "b"}
    # What the small group scores moves nothing.
    scores.loc[groups == "tiny", "m"] = 1e6
    pd.testing.assert_frame_equal(ours, compare_groups(scores, groups, min_count=5))


def test_a_small_group_is_not_given_away_by_subtraction() -> None:
    # 4 of 33 respondents are in the small group: with 29 in the tests anybody can tell.
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"m": rng.normal(size=33)})
    groups = pd.Series(["a"] * 10 + ["b"] * 9 + ["c"] * 10 + ["tiny"] * 4)
    assert compare_groups(scores, groups)["left_out"].eq(4).all()
    ours = compare_groups(scores, groups, hide_below=5)
    assert ours["n"].eq(20).all()
    assert ours["left_out"].eq(13).all()
    assert ours["small_groups"].eq("b, tiny").all()
    # The tests are those of the others alone, and pairs and letters leave out the same.
    others = ~groups.isin(["b", "tiny"])
    alone = compare_groups(scores[others], groups[others])
    pd.testing.assert_series_equal(ours["statistic"], alone["statistic"])
    assert len(compare_pairs(scores, groups, hide_below=5)) == 1
    assert set(group_letters(scores, groups, hide_below=5)["group"]) == {"a", "c"}
    with pytest.raises(AnalysisError, match="give away how many they are"):
        compare_groups(scores[groups != "b"], groups[groups != "b"], hide_below=5)


def test_small_groups_that_hide_each_other_cost_no_other() -> None:
    scores = pd.DataFrame({"m": np.random.default_rng(0).normal(size=26)})
    groups = pd.Series(["a"] * 10 + ["b"] * 9 + ["tiny"] * 4 + ["small"] * 3)
    plain, hidden = compare_groups(scores, groups), compare_groups(scores, groups, hide_below=5)
    pd.testing.assert_frame_equal(plain, hidden)


def test_a_group_without_a_score_is_left_out_of_that_measure_only() -> None:
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.normal(size=(18, 2)), columns=["one", "two"])
    groups = pd.Series(list("aaaaaabbbbbbcccccc"))
    scores.loc[groups == "c", "two"] = np.nan
    ours = compare_groups(scores, groups).groupby("measure").first()
    assert ours["groups"].tolist() == [3, 2]
    assert ours["left_out"].tolist() == [0, 6]
    assert ours["small_groups"].tolist() == ["", "c"]


def test_a_group_that_scores_alike_has_no_welch_and_says_why() -> None:
    # Seven times 3.4 have a variance of 2e-31 by the formula, not 0.
    rng = np.random.default_rng(0)
    flat = [3.4] * 7 + list(rng.integers(5, 25, 13) / 5)
    scores = pd.DataFrame({"flat": flat, "fine": rng.normal(size=20)})
    groups = pd.Series(list("aaaaaaabbbbbbbcccccc"))
    welch = compare_groups(scores, groups).set_index(["test", "measure"]).loc["welch"]
    assert welch.loc["flat", "problem"] == "in group 'a' all score alike"
    assert np.isnan(welch.loc["flat", "p"])
    # Holm counts the tests that were made.
    assert welch.loc["fine", "p_adjusted"] == welch.loc["fine", "p"]
    with pytest.raises(AnalysisError, match="group 'a' all score alike"):
        compare_pairs(scores, groups, method="games_howell")


def test_scores_equally_far_from_the_centre_have_no_test_of_spread() -> None:
    # 3.6 - 3.5 and 3.5 - 3.4 are not the same floating-point number.
    scores = pd.DataFrame({"m": [3.4, 3.6] * 6 + [3.4, 3.6, 3.4, 3.6]})
    ours = compare_groups(scores, pd.Series(["a"] * 8 + ["b"] * 8)).set_index("test")
    assert (ours.loc[["levene", "brown_forsythe"], "problem"] != "").all()
    assert ours.loc["anova", "problem"] == ""
    # Two are always equally far from their mean; of ninths, distances end halfway at 12 digits.
    ninths = pd.DataFrame({"m": np.array([42, 40, 40, 42, 31, 43]) / 9})
    ours = compare_groups(ninths, pd.Series(list("cabbca")), min_count=2).set_index("test")
    assert (ours.loc[["levene", "brown_forsythe"], "problem"] != "").all()


def test_rounding_of_means_makes_no_new_ranks() -> None:
    values = np.repeat([1.0, 2, 3, 4], 6) / 3
    noise = np.tile([0, 1, -1], 8) * 1e-16
    groups = pd.Series(np.tile(["a", "b"], 12))
    one = compare_groups(pd.DataFrame({"m": values}), groups)
    other = compare_groups(pd.DataFrame({"m": values + noise}), groups)
    pd.testing.assert_frame_equal(one, other)


def test_groups_of_the_same_name_are_one() -> None:
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"m": rng.normal(size=30)})
    mixed = pd.Series([1] * 10 + ["1"] * 10 + ["b"] * 10, dtype=object)
    alike = compare_groups(scores, pd.Series(["1"] * 20 + ["b"] * 10))
    pd.testing.assert_frame_equal(compare_groups(scores, mixed), alike)


def test_p_are_adjusted_over_the_measures(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    scores, groups = bfi
    two = scores.assign(other=-scores["agreeable"])
    ours = compare_groups(two, groups)
    f = ours[ours["test"] == "anova"]
    # Holm of two equal p: both doubled.
    np.testing.assert_allclose(f["p_adjusted"], 2 * f["p"])


@given(st.integers(0, 10_000), st.floats(-20, 20), st.floats(0.1, 30))
@settings(max_examples=15, deadline=None)
def test_order_names_and_unit_change_nothing(seed: int, shift: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    scores = pd.DataFrame({"m": rng.integers(1, 6, 60).astype(float)})
    groups = pd.Series(rng.choice(["a", "b", "c"], 60))
    order = rng.permutation(60)
    one = compare_groups(scores, groups)
    other = compare_groups((scores * size + shift).iloc[order], groups)
    names = ["statistic", "p", "effect", "effect_low", "effect_high"]
    np.testing.assert_allclose(one[names], other[names], rtol=1e-6, atol=1e-9)
    assert (one["effect"].dropna() <= 1).all()
    renamed = compare_groups(scores, groups.map({"a": "z", "b": "y", "c": "x"}))
    np.testing.assert_allclose(one[names], renamed[names], rtol=1e-9)


@given(st.integers(0, 10_000), st.sampled_from(["dunn", "games_howell"]))
@settings(max_examples=8, deadline=None)
def test_the_other_order_of_groups_turns_every_sign(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    scores = pd.DataFrame({"m": rng.integers(1, 6, 45).astype(float)})
    groups = pd.Series(np.repeat(["a", "b", "c"], 15))
    one = compare_pairs(scores, groups, method=method).iloc[::-1]
    other = compare_pairs(scores, groups.map({"a": "z", "b": "y", "c": "x"}), method=method)
    for mine, yours in zip(
        ("statistic", "effect", "effect_low"), ("statistic", "effect", "effect_high"), strict=True
    ):
        np.testing.assert_allclose(one[mine], -other[yours], atol=1e-9)
    np.testing.assert_allclose(one["p_adjusted"], other["p_adjusted"], atol=1e-9)


@pytest.mark.parametrize(
    ("scores", "groups", "told"),
    [
        ([1.0] * 12, "aaaaaabbbbbb", "score 'm' alike"),
        ([1.0, 2] * 6, "aaaaaaaaaaab", "has 1 groups"),
        ([1.0] * 6 + [2.0] * 6, "aaaaaabbbbbb", "no error"),
    ],
)
def test_what_cannot_be_compared_is_said(scores: list[float], groups: str, told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        compare_groups(pd.DataFrame({"m": scores}), pd.Series(list(groups)))


def test_tukey_without_error_and_a_respondent_twice_are_said() -> None:
    scores, groups = pd.DataFrame({"m": [0.1] * 7 + [0.3] * 7}), pd.Series(list("a" * 7 + "b" * 7))
    with pytest.raises(AnalysisError, match="no error to use"):
        compare_pairs(scores, groups, method="tukey")
    twice = [0, *range(13)]
    with pytest.raises(AnalysisError, match="an id comes twice"):
        compare_groups(scores.set_axis(twice), groups.set_axis(twice))


def test_groups_without_overlap_have_an_interval_all_the_same() -> None:
    scores = pd.DataFrame({"m": [1.0, 1, 2, 2, 2, 4, 4, 5, 5, 5]})
    pair = compare_pairs(scores, pd.Series(list("aaaaabbbbb"))).iloc[0]
    assert (pair["effect"], pair["effect_low"]) == (-1, -1)
    assert -1 < pair["effect_high"] < 0


def test_unknown_words_are_said(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    with pytest.raises(AnalysisError, match="No method 'lsd'"):
        compare_pairs(*bfi, method="lsd")
    with pytest.raises(AnalysisError, match="No adjustment 'sidak'"):
        compare_pairs(*bfi, correction="sidak")
