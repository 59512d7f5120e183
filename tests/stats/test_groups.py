"""Comparisons of groups against R and properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.groups import compare_groups, compare_pairs

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
    assert limits == pytest.approx([value / n for value in R["h_limits"]], abs=1e-8)


@pytest.mark.parametrize("method", ["dunn", "tukey", "games_howell"])
def test_every_pair_is_that_of_r(bfi: tuple[pd.DataFrame, pd.Series], method: str) -> None:
    ours = compare_pairs(*bfi, method=method, correction="none")
    assert (ours["first"] + "-" + ours["second"]).tolist() == R["pairs"]
    np.testing.assert_allclose(ours["p"], R[f"{method}_p"], rtol=1e-6)
    if method == "tukey":
        np.testing.assert_allclose(ours["difference"], R["tukey_difference"], rtol=1e-9)
    else:
        np.testing.assert_allclose(ours["statistic"], R[method], rtol=1e-9)


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
    pairs = compare_pairs(scores, groups, min_count=5)
    assert "tiny" not in {*pairs["first"], *pairs["second"]}


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


def test_groups_without_overlap_have_an_interval_all_the_same() -> None:
    scores = pd.DataFrame({"m": [1.0, 1, 2, 2, 2, 4, 4, 5, 5, 5]})
    pair = compare_pairs(scores, pd.Series(list("aaaaabbbbb"))).iloc[0]
    assert (pair["effect"], pair["effect_low"]) == (-1, -1)
    assert -1 < pair["effect_high"] < 0


def test_unknown_words_are_said(bfi: tuple[pd.DataFrame, pd.Series]) -> None:
    with pytest.raises(AnalysisError, match="No method 'lsd'"):
        compare_pairs(*bfi, method="lsd")
