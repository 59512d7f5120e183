"""Friedman's test and what follows it: against R, scipy, scikit-posthocs, tables, enumeration.

The agreement of chi-square, F and pairs on R's examples is in test_inference.py.
"""

from __future__ import annotations

import json
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.concordance import w_interval
from ecity_geo.stats.friedman import friedman, friedman_pairs
from ecity_geo.stats.friedman_null import exact_p, permutation_p
from ecity_geo.stats.homogeneous import compact_letters, homogeneous_groups
from ecity_geo.stats.onesample import signed_rank
from ecity_geo.stats.ranks import rank_rows, signed_rank_pairs, studentized_range_sf
from ecity_geo.stats.resampling import resampling

HERE = Path(__file__).parent / "reference"
R: dict[str, Any] = json.loads((HERE / "friedman_null.json").read_text(encoding="utf-8"))


def bfi() -> pd.DataFrame:
    return pd.read_csv(HERE / "bfi_182x25.csv")


def likert(seed: int, n: int, k: int, spread: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, k)) + np.linspace(-spread, spread, k)
    answers = np.clip(np.rint(3 + latent), 1, 5).astype(int)
    return pd.DataFrame(answers, columns=[f"q{at}" for at in range(k)])


EXAMPLES = {
    "rounding": pd.read_csv(HERE / "friedman_rounding_times.csv"),
    "bfi_first12_A1_A4": bfi().iloc[:12, :4],
    "bfi_first15_A1_C1": bfi().iloc[:15, :6],
}


# --- ranks by counting


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    k=st.integers(2, 6),
    kind=st.sampled_from(["short scale", "negative", "long scale", "decimals"]),
)
def test_ranks_equal_those_of_scipy_for_any_values(seed: int, k: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 6, (70, k)).astype(float)
    values = {
        "short scale": values,
        "negative": values - 4,
        "long scale": rng.integers(0, 100, (70, k)).astype(float),
        "decimals": values / 10,
    }[kind]
    assert np.array_equal(rank_rows(values), stats.rankdata(values, axis=1))
    v, p = signed_rank_pairs(values)
    pairs = combinations(range(k), 2)
    single = [signed_rank(values[:, a] - values[:, b]) for a, b in pairs]
    assert np.column_stack([v, p]) == pytest.approx(np.array(single), rel=1e-12)


def test_wilcoxon_pairs_of_many_respondents_agree_with_scipy() -> None:
    x = likert(3, 20_000, 3, 0.02).to_numpy(dtype=float)
    _, p = signed_rank_pairs(x)
    for at, (a, b) in enumerate(combinations(range(3), 2)):
        peer = stats.wilcoxon(x[:, a], x[:, b], correction=True, method="asymptotic")
        assert p[at] == pytest.approx(peer.pvalue, rel=1e-9)


def test_pairs_answered_alike_are_refused_also_when_counted() -> None:
    x = likert(1, 60, 2).assign(c=lambda frame: frame["q0"]).to_numpy(dtype=float)
    with pytest.raises(AnalysisError, match="not zero"):
        signed_rank_pairs(x)


@pytest.mark.parametrize("k", [2, 3, 18])
def test_studentized_range_agrees_with_scipy_and_keeps_digits_far_out(k: int) -> None:
    q = np.array([0.0, 0.5, 2.0, 3.5, 5.0])
    peer = stats.studentized_range.sf(q, k, np.inf)
    assert studentized_range_sf(q, k) == pytest.approx(peer, rel=1e-7, abs=1e-12)
    # The range of two normals is normal itself: an identity far beyond scipy's quadrature.
    far = np.array([8.0, 20.0, 40.0])
    assert studentized_range_sf(far, 2) == pytest.approx(
        2 * stats.norm.sf(far / np.sqrt(2)), rel=1e-9
    )


# --- exact and permutation p


# Hollander & Wolfe (1999), table A.22: P(S >= s) for k items and n blocks without ties.
@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([[1, 2, 3]] * 3, 0.028),
        ([[1, 2, 3]] * 4, 0.0046),
        ([[1, 2, 3, 4]] * 2, 0.042),
        ([[1, 2, 3], [1, 2, 3], [1, 3, 2]], 0.194),
    ],
)
def test_exact_p_agrees_with_published_tables(ranks: list[list[int]], expected: float) -> None:
    found = exact_p(np.array(ranks, dtype=float))
    assert found == pytest.approx(expected, abs=5e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 4))
def test_exact_p_equals_enumeration_under_ties(seed: int, k: int) -> None:
    ranks = rank_rows(np.random.default_rng(seed).integers(1, 4, (3, k)).astype(float))
    orders = [[np.array(order) for order in permutations(row)] for row in ranks]
    uneven = [float(((a + b + c - 1.5 * (k + 1)) ** 2).sum()) for a, b, c in product(*orders)]
    own = float(((ranks.sum(axis=0) - 1.5 * (k + 1)) ** 2).sum())
    share = np.mean(np.array(uneven) >= own - 1e-9)
    assert exact_p(ranks) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize("name", EXAMPLES)
def test_exact_and_permutation_p_lie_in_coins_interval(name: str) -> None:
    ours = friedman(EXAMPLES[name], draws=20_000)
    low, high = R[name]["interval"]
    assert ours.chi_square == pytest.approx(R[name]["chisq"], rel=1e-9)
    if ours.p_exact is not None:
        assert low <= ours.p_exact <= high
    # Both are estimates: four standard errors of the difference.
    slack = 4 * np.sqrt(R[name]["p"] * (1 / 20_000 + 1 / 200_000))
    assert ours.p_permutation == pytest.approx(R[name]["p"], abs=slack)
    assert ours.draws == 20_000


def test_permutation_p_is_seeded_never_zero_and_near_the_exact_one() -> None:
    ranks = rank_rows(EXAMPLES["rounding"].to_numpy(dtype=float))
    first, again = (permutation_p(ranks, draws=4999, seed=5) for _ in range(2))
    assert first == again
    exact = exact_p(ranks)
    assert exact is not None
    assert first == pytest.approx(exact, abs=4 * np.sqrt(exact / 4999))
    clear = rank_rows(likert(1, 40, 5, 3.0).to_numpy(dtype=float))
    assert permutation_p(clear, draws=99, seed=0) == pytest.approx(0.01)
    with pytest.raises(AnalysisError, match="0 draws"):
        permutation_p(ranks, draws=0, seed=0)


def test_exact_p_stands_for_few_and_permutation_for_more_and_neither_for_very_many() -> None:
    few, some = friedman(likert(2, 8, 3)), friedman(bfi().iloc[:, :18])
    assert few.p_exact is not None
    assert (few.p_permutation, few.draws) == (None, 0)
    assert some.p_exact is None
    assert (some.p_permutation, some.draws) == (1 / 2000, 1999)
    many = friedman(likert(2, 9000, 3))
    assert (many.p_exact, many.p_permutation, many.draws) == (None, None, 0)
    assert friedman(likert(2, 9000, 3), draws=19).draws == 19


# --- interval of W


def test_interval_of_w_is_seeded_and_holds_the_mean_rank_correlation() -> None:
    answers = bfi().iloc[:, :18]
    ours = friedman(answers, seed=7)
    assert (ours.w_low, ours.w_high) == (
        friedman(answers, seed=7).w_low,
        friedman(answers, seed=7).w_high,
    )
    # Identity: (n W - 1)/(n - 1) is the mean Spearman correlation of two respondents, when
    # weighted by their rank variances, as W itself is.
    ranks = rank_rows(answers.to_numpy(dtype=float)) - 9.5
    cross = ranks @ ranks.T
    between = (cross.sum() - np.trace(cross)) / (182 * 181)
    assert (182 * ours.kendall_w - 1) / 181 == pytest.approx(between / (np.trace(cross) / 182))
    assert ours.w_low < between / (np.trace(cross) / 182) < ours.w_high
    assert 0 <= ours.w_low < ours.w_high <= 1
    assert ours.w_method == "bootstrap-t"


def test_interval_of_w_narrows_with_respondents_and_widens_with_confidence() -> None:
    wide = [friedman(likert(4, n, 5, 1.0)) for n in (40, 400, 4000)]
    widths = [one.w_high - one.w_low for one in wide]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]
    assert wide[2].w_method == "student"
    sure = friedman(likert(4, 40, 5, 1.0), confidence=0.99)
    assert sure.w_high - sure.w_low > widths[0]


def test_student_and_bootstrap_intervals_of_w_agree_for_many_respondents() -> None:
    answers = likert(6, 2100, 4, 0.6)
    ranks = rank_rows(answers.to_numpy(dtype=float))
    student = w_interval(ranks, resampling(answers.index), confidence=0.95, replicates=500, seed=0)
    drawn = friedman(answers.iloc[:1999])
    assert student[2] == "student"
    assert (student[0], student[1]) == pytest.approx((drawn.w_low, drawn.w_high), abs=0.01)


def test_full_agreement_leaves_no_width_and_strata_are_taken() -> None:
    alike = pd.DataFrame([[1, 2, 3], [2, 3, 4], [3, 4, 5], [1, 3, 5]], columns=list("abc"))
    assert (friedman(alike).w_low, friedman(alike).w_high) == (1.0, 1.0)
    answers = likert(5, 40, 4, 1.0)
    strata = pd.Series(["x", "y"] * 20)
    assert friedman(answers, strata=strata).w_low != friedman(answers).w_low
    with pytest.raises(AnalysisError, match=r"one respondent .*'z'"):
        friedman(answers, strata=strata.where(strata.index > 0, "z"))
    with pytest.raises(AnalysisError, match="1 of 40 respondents have no stratum"):
        friedman(answers, strata=strata.iloc[1:])


# --- groups


def wilcoxon_pairs() -> tuple[pd.Series, pd.DataFrame]:
    answers = bfi().iloc[:, :10]
    return friedman(answers).mean_ranks, friedman_pairs(answers, method="wilcoxon")


def test_pairs_told_apart_are_those_of_r() -> None:
    _, pairs = wilcoxon_pairs()
    names = pairs["first"] + "-" + pairs["second"]
    ours = dict(zip(names, (pairs["p_adjusted"] < 0.05).tolist(), strict=True))
    assert ours == R["told"]


def test_letters_part_the_items_as_multcomp_does() -> None:
    means, pairs = wilcoxon_pairs()
    ours = compact_letters(means, pairs)["letters"]
    theirs = R["letters"]
    for a, b in combinations(ours.index, 2):
        assert bool(set(ours[a]) & set(ours[b])) == bool(set(theirs[a]) & set(theirs[b])), (a, b)
    assert len(set("".join(ours))) == len(set("".join(theirs.values())))
    assert ours.iloc[0].startswith("a")
    assert ours.index.tolist() == means.sort_values(ascending=False).index.tolist()


@settings(max_examples=40, deadline=None)
@given(k=st.integers(2, 7), seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_groups_are_all_maximal_sets_without_a_difference(k: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    names = [f"q{at}" for at in range(k)]
    rows = [(a, b, 0.01 if rng.random() < share else 0.5) for a, b in combinations(names, 2)]
    pairs = pd.DataFrame(rows, columns=["first", "second", "p_adjusted"])
    apart = {frozenset((a, b)) for a, b, p in rows if p < 0.05}
    alike = [
        set(some)
        for size in range(1, k + 1)
        for some in combinations(names, size)
        if not any(frozenset(pair) in apart for pair in combinations(some, 2))
    ]
    maximal = [one for one in alike if not any(one < other for other in alike)]
    groups = homogeneous_groups(pd.Series(rng.random(k), index=names), pairs)
    assert sorted(map(sorted, groups)) == sorted(map(sorted, maximal))


def test_groups_stand_in_order_of_mean_rank() -> None:
    level = pd.Series({"low": 1.2, "mid": 2.0, "high": 2.8}, name="mean_rank")
    rows = [("low", "mid", 0.2), ("low", "high", 0.001), ("mid", "high", 0.2)]
    pairs = pd.DataFrame(rows, columns=["first", "second", "p_adjusted"])
    assert homogeneous_groups(level, pairs) == (("high", "mid"), ("mid", "low"))
    letters = compact_letters(level, pairs)
    assert letters["letters"].to_dict() == {"high": "a", "mid": "ab", "low": "b"}
    assert letters["mean_rank"].tolist() == [2.8, 2.0, 1.2]


def test_more_groups_than_letters_are_still_told_apart() -> None:
    names = [f"q{at}" for at in range(28)]
    rows = [(a, b, 0.001) for a, b in combinations(names, 2)]
    pairs = pd.DataFrame(rows, columns=["first", "second", "p_adjusted"])
    letters = compact_letters(pd.Series(range(28), index=names), pairs)["letters"]
    assert letters.tolist()[-2:] == ["a2", "b2"]
    assert letters.is_unique


def test_groups_of_incomplete_pairs_are_refused() -> None:
    level = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0})
    rows = [("a", "b", 0.2), ("a", "c", 0.001), ("b", "c", 0.2)]
    pairs = pd.DataFrame(rows, columns=["first", "second", "p_adjusted"])
    for broken in (
        pairs.iloc[:2],
        pd.concat([pairs, pairs.iloc[:1]]),
        pairs.replace("c", "d"),
    ):
        with pytest.raises(AnalysisError, match="3 pairs once"):
            homogeneous_groups(level, broken)
    with pytest.raises(AnalysisError, match="no adjusted p"):
        homogeneous_groups(level, pairs.assign(p_adjusted=[0.1, np.nan, 0.2]))
    with pytest.raises(AnalysisError, match="level of 5"):
        homogeneous_groups(level, pairs, alpha=5)
    with pytest.raises(AnalysisError, match="its level"):
        homogeneous_groups(level.mask(level > 2), pairs)
