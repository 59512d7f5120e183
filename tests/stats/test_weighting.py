"""Weights and weighted estimates: against R's survey package, statsmodels, identities, simulation.

R's results are those of weighting.R and of the example that comes with the package, on the
Academic Performance Index of Californian schools (api_schools.csv).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.design import (
    Design,
    survey_design,
    survey_means,
    survey_shares,
    survey_totals,
)
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.linearised import linearise
from ecity_geo.stats.weighting import post_stratify, rake

HERE = Path(__file__).parent / "reference"
R: dict[str, Any] = json.loads((HERE / "weighting.json").read_text(encoding="utf-8"))
EXAMPLE: dict[str, Any] = json.loads((HERE / "survey_poststrat.json").read_text(encoding="utf-8"))
TYPES, WIDE = pd.Series(R["types"]), pd.Series(R["wide"])
SCHOOLS = int(TYPES.sum())


def schools(sample: str) -> pd.DataFrame:
    both = pd.read_csv(HERE / "api_schools.csv")
    return both[both["sample"] == sample].reset_index(drop=True)


def stratified(*, population: bool = True) -> tuple[pd.DataFrame, Design]:
    data = schools("strat")
    people = data.groupby("stype")["fpc"].first() if population else None
    return data, survey_design(data["pw"], strata=data["stype"], population=people)


def drawn(seed: int, n: int, items: int = 2) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    answers = pd.DataFrame(rng.integers(1, 6, (n, items)), columns=[f"q{i}" for i in range(items)])
    answers.iloc[:2] = [[1] * items, [5] * items]
    return answers, pd.Series(rng.uniform(0.3, 4, n), index=answers.index)


# --- weights


def test_post_stratified_mean_and_error_agree_with_the_example_of_rs_survey() -> None:
    data = schools("srs")
    cells = pd.Series({row["stype"]: row["Freq"] for row in EXAMPLE["poststrat"]["pop"]})
    weighting = post_stratify(data["stype"], cells, base=data["pw"])
    design = survey_design(
        weighting.weights, population=SCHOOLS, margins=data[["stype"]], leverage=False
    )
    found = survey_means(data[["api00"]], design).loc["api00"]
    assert found["mean"] == pytest.approx(EXAMPLE["poststrat"]["mean"], rel=1e-11)
    assert found["se"] == pytest.approx(EXAMPLE["poststrat"]["se"], rel=1e-10)


def test_raked_weights_and_mean_agree_with_r() -> None:
    data = schools("srs")
    margins = data[["stype", "sch.wide"]]
    weighting = rake(margins, {"stype": TYPES, "sch.wide": WIDE}, base=data["pw"])
    assert weighting.weights[:20].tolist() == pytest.approx(R["raked"]["weights"], rel=1e-8)
    design = survey_design(weighting.weights, population=SCHOOLS, margins=margins, leverage=False)
    found = survey_means(data[["api00"]], design).loc["api00"]
    assert found["mean"] == pytest.approx(R["raked"]["mean"], rel=1e-9)
    # R regresses with the weights before raking, here with those after (Deville & Särndal 1992).
    assert found["se"] == pytest.approx(R["raked"]["se"], rel=1e-4)


def test_errors_of_fitted_weights_are_those_of_the_residuals_of_statsmodels() -> None:
    data = schools("srs")
    margins = data[["stype", "sch.wide"]]
    weights = rake(margins, {"stype": TYPES, "sch.wide": WIDE}).weights
    dummies = pd.get_dummies(margins, drop_first=True, dtype=float)
    y = data["api00"].astype(float)
    residuals = sm.WLS(y, sm.add_constant(dummies), weights=weights).fit().resid
    z = weights * residuals / weights.sum()
    design = survey_design(weights, margins=margins, leverage=False)
    expected = sqrt(len(z) * z.var(ddof=1))
    assert survey_means(data[["api00"]], design)["se"].iloc[0] == pytest.approx(expected, rel=1e-10)
    # Residuals of predictions without the respondent himself.
    apart = sm.OLS(y * weights**0.5, sm.add_constant(dummies).mul(weights**0.5, axis=0)).fit()
    z = weights**0.5 * apart.get_influence().resid_press / weights.sum()
    design = survey_design(weights, margins=margins)
    expected = sqrt(len(z) * z.var(ddof=1))
    assert survey_means(data[["api00"]], design)["se"].iloc[0] == pytest.approx(expected, rel=1e-9)


def test_intervals_of_raked_means_cover_in_small_samples() -> None:
    # Simulation: 30 respondents of three sorts and two sexes, the sorts of different means.
    rng = np.random.default_rng(2)
    inside, surveys = 0, 250
    for _ in range(surveys):
        sort, sex = np.arange(30) % 3, rng.integers(0, 2, 30)
        answers = pd.DataFrame({"q": 0.8 * sort + 0.3 * sex + rng.normal(size=30)})
        margins = pd.DataFrame({"sort": sort, "sex": sex}).astype(str)
        totals = {
            "sort": pd.Series({"0": 500, "1": 300, "2": 200}),
            "sex": pd.Series({"0": 450, "1": 550}),
        }
        design = survey_design(rake(margins, totals).weights, margins=margins)
        row = survey_means(answers, design).iloc[0]
        inside += row["low"] <= 0.8 * 0.7 + 0.3 * 0.55 <= row["high"]
    assert 0.92 <= inside / surveys <= 0.98


def test_a_respondent_alone_in_a_category_of_a_margin_is_refused() -> None:
    answers = pd.DataFrame({"q": [1.0, 2, 3, 5, 4, 2]})
    margins = pd.DataFrame({"m": list("aaaaab")})
    weights = pd.Series(1.0, index=answers.index)
    with pytest.raises(AnalysisError, match="1 respondents are alone in a category"):
        survey_means(answers, survey_design(weights, margins=margins))
    assert (
        survey_means(answers, survey_design(weights, margins=margins, leverage=False))
        .notna()
        .all(axis=None)
    )


def test_post_stratification_by_hand() -> None:
    # Two of three respondents are women, but women are half of 12 people: 6/2, 6/2 and 6/1.
    weighting = post_stratify(pd.Series(["w", "w", "m"], name="sex"), pd.Series({"m": 6, "w": 6}))
    assert weighting.weights.tolist() == [3.0, 3.0, 6.0]
    assert weighting.totals.to_dict("list") == {
        "margin": ["sex", "sex"],
        "category": ["m", "w"],
        "n": [1, 2],
        "known": [6.0, 6.0],
        "weighted": [6.0, 6.0],
    }
    # Kish: 3 (9 + 9 + 36) / 12^2.
    assert weighting.design_effect == pytest.approx(1.125)
    assert (weighting.iterations, weighting.trimmed) == (1, 0)


def crossed(seed: int) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """Return respondents of all 3 x 2 cells, and margins of people who live in all of them."""
    rng = np.random.default_rng(seed)
    cells = np.array([(a, b) for a in "xyz" for b in "mw"])
    at = np.concatenate([np.arange(6), rng.integers(0, 6, 40)])
    people = rng.uniform(1, 100, (3, 2))
    known = {
        "place": pd.Series(people.sum(axis=1), index=pd.Index(list("xyz"))),
        "sex": pd.Series(people.sum(axis=0), index=list("mw")),
    }
    return pd.DataFrame(cells[at], columns=["place", "sex"]), known


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), based=st.booleans())
def test_raking_meets_all_margins_and_keeps_odds_ratios(seed: int, based: bool) -> None:
    categories, known = crossed(seed)
    rng = np.random.default_rng(seed)
    base = pd.Series(rng.uniform(0.2, 3, len(categories)) if based else 1.0, categories.index)
    weighting = rake(categories, known, base=base)
    for name, totals in known.items():
        sums = weighting.weights.groupby(categories[name]).sum()
        assert sums.to_dict() == pytest.approx(totals.to_dict(), rel=1e-9)
    assert weighting.gap <= 1e-10
    # What makes it raking: the factor is a product of one per category, so that odds stay.
    factor = (weighting.weights / base).groupby([categories["place"], categories["sex"]])
    assert (factor.max() / factor.min()).max() == pytest.approx(1)
    odds = factor.first().unstack()
    assert (odds["m"] / odds["w"]).to_numpy() == pytest.approx(
        odds["m"].iloc[0] / odds["w"].iloc[0]
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_post_stratified_mean_is_the_mean_of_cell_means(seed: int) -> None:
    categories, known = crossed(seed)
    answers, _ = drawn(seed, len(categories))
    weights = post_stratify(categories["place"], known["place"]).weights
    means = survey_means(answers, survey_design(weights))["mean"]
    within = answers.groupby(categories["place"]).mean()
    share = known["place"] / known["place"].sum()
    assert means.to_dict() == pytest.approx(within.mul(share, axis=0).sum().to_dict())


def test_totals_in_the_samples_own_proportions_leave_weights_equal() -> None:
    categories, _ = crossed(3)
    totals = {name: 10.0 * categories[name].value_counts() for name in ("place", "sex")}
    weighting = rake(categories, totals)
    assert weighting.weights.to_numpy() == pytest.approx(10)
    assert weighting.design_effect == pytest.approx(1)


def test_limits_hold_the_weights_and_the_totals_are_still_met() -> None:
    categories, known = crossed(11)
    base = pd.Series(np.random.default_rng(1).uniform(0.2, 3, len(categories)))
    free = rake(categories, known, base=base)
    held = rake(categories, known, base=base, limits=(0.4, 2.0))
    ratio = held.weights / held.weights.mean()
    assert (free.weights / free.weights.mean()).max() > 2.5
    assert (ratio.min(), ratio.max()) == pytest.approx((0.4, 2.0))
    assert held.trimmed == ((ratio < 0.4 + 1e-9) | (ratio > 2 - 1e-9)).sum()
    assert (free.trimmed, held.gap <= 1e-10) == (0, True)
    assert held.design_effect < free.design_effect
    # Limits that nobody passes change nothing.
    wide = rake(categories, known, base=base, limits=(0, np.inf))
    assert wide.weights.to_numpy() == pytest.approx(free.weights.to_numpy(), rel=1e-9)
    assert wide.trimmed == 0
    with pytest.raises(AnalysisError, match=r"respondents of .* cannot add up"):
        rake(categories, known, limits=(0.99, 1.01))


def reachable(
    categories: pd.DataFrame, known: dict[str, pd.Series], low: float, high: float
) -> bool:
    """Say whether weights within limits meet the totals, by scipy's linear programming."""
    dummies = [
        (categories[name] == one).to_numpy(dtype=float)
        for name, totals in known.items()
        for one in totals.index
    ]
    sums = np.concatenate([totals.to_numpy() for totals in known.values()])
    mean = known["sex"].sum() / len(categories)
    bounds = (low * mean, high * mean)
    found = optimize.linprog(np.zeros(len(categories)), A_eq=dummies, b_eq=sums, bounds=bounds)
    return bool(found.status == 0)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.floats(0, 0.9), high=st.floats(1.1, 3))
def test_limited_weights_are_the_nearest_that_there_are(seed: int, low: float, high: float) -> None:
    categories, known = crossed(seed)
    rng = np.random.default_rng(seed)
    base = pd.Series(rng.uniform(0.5, 2, len(categories)), index=categories.index)
    if not reachable(categories, known, low, high):
        with pytest.raises(AnalysisError, match="iden the limits"):
            rake(categories, known, base=base, limits=(low, high))
        return
    # At the very edge of the possible, rounds may run out.
    if not reachable(categories, known, 1.03 * low, 0.97 * high):
        return
    weights = rake(categories, known, base=base, limits=(low, high)).weights.to_numpy()
    # Kuhn and Tucker: ln(w / base) is a sum over categories for the free, no higher than that
    # for who is held below, and no lower for who is held above.
    ends = np.array([low, high]) * weights.mean()
    free = (weights > ends[0] * (1 + 1e-9)) & (weights < ends[1] * (1 - 1e-9))
    dummies = pd.get_dummies(categories).to_numpy(dtype=float)
    if np.linalg.matrix_rank(dummies[free]) < np.linalg.matrix_rank(dummies):
        return
    pull = np.log(weights / base.to_numpy())
    fitted = dummies @ np.linalg.lstsq(dummies[free], pull[free], rcond=None)[0]
    assert fitted[free] == pytest.approx(pull[free], abs=1e-7)
    assert (fitted <= pull + 1e-7)[weights <= ends[0] * (1 + 1e-9)].all()
    assert (fitted >= pull - 1e-7)[weights >= ends[1] * (1 - 1e-9)].all()


def test_totals_that_nobody_can_meet_are_refused() -> None:
    # All of x are men and all of y women: 10 men cannot be 8 of x.
    split = pd.DataFrame({"place": list("xxyy"), "sex": list("mmww")})
    totals = {"place": pd.Series({"x": 8, "y": 7}), "sex": pd.Series({"m": 10, "w": 5})}
    with pytest.raises(AnalysisError, match="Combinations without respondents"):
        rake(split, totals)


CELLS = pd.DataFrame({"sex": ["m", "w", "w"]})
HALVES = pd.Series({"m": 5.0, "w": 5.0})


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: rake(CELLS, {}), "at least one margin"),
        (lambda: rake(CELLS.iloc[:0], {"sex": HALVES}), "need respondents"),
        (lambda: rake(CELLS, {"age": HALVES}), "no margin 'age'"),
        (lambda: rake(CELLS, {"sex": HALVES.iloc[:1]}), "'w' of 'sex' has respondents but no"),
        (lambda: rake(CELLS, {"sex": pd.Series({1: 5, 2: 5})}), "1, 2 of 'sex' has a total but"),
        (lambda: rake(CELLS, {"sex": HALVES - 5}), "no positive total"),
        (lambda: rake(CELLS, {"sex": pd.Series({"m": "many", "w": "5"})}), "'m' .*no positive"),
        (lambda: rake(CELLS, {"sex": pd.concat([HALVES, HALVES])}), "comes twice"),
        (lambda: rake(CELLS.where(CELLS != "m"), {"sex": HALVES}), "1 respondents have no 'sex'"),
        (
            lambda: rake(CELLS.assign(age="y"), {"sex": HALVES, "age": pd.Series({"y": 11})}),
            "different numbers of people",
        ),
        (lambda: rake(CELLS, {"sex": HALVES}, base=pd.Series([1.0, 2, 0])), "base weight"),
        (lambda: rake(CELLS, {"sex": HALVES}, base=pd.Series([1.0])), "base weight"),
        (
            lambda: rake(CELLS, {"sex": HALVES}, base=pd.Series([1.0] * 3, index=[0, 0, 1])),
            "0 come more than once",
        ),
        (lambda: rake(CELLS, {"sex": HALVES}, limits=(1.2, 3)), "both sides of 1"),
    ],
)
def test_what_no_weights_can_be_made_from_is_said(run: Callable[[], object], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        run()


# --- estimates


@pytest.mark.parametrize(
    ("key", "column"), [("srs", "api00"), ("strat", "api00"), ("partial", "partial")]
)
def test_means_errors_intervals_and_design_effects_agree_with_r(key: str, column: str) -> None:
    data, design = stratified()
    if key == "srs":
        data = schools("srs")
        design = survey_design(data["pw"], population=SCHOOLS)
    found = survey_means(data[[column]], design).loc[column]
    for name, theirs in (("mean", "mean"), ("se", "se"), ("df", "df"), ("design_effect", "deff")):
        assert found[name] == pytest.approx(R[key][theirs], rel=1e-9), name
    assert (found["low"], found["high"]) == pytest.approx(R[key]["interval"], rel=1e-10)
    assert found["missing"] == (18 if key == "partial" else 0)
    if key == "strat":
        assert found["sd"] == pytest.approx(R["sd"], rel=1e-10)


def test_without_a_population_errors_agree_with_r_and_the_effect_is_against_replacement() -> None:
    data, design = stratified(population=False)
    found = survey_means(data[["api00"]], design).loc["api00"]
    assert found["se"] == pytest.approx(R["without_fpc"]["se"], rel=1e-10)
    assert (found["low"], found["high"]) == pytest.approx(R["without_fpc"]["interval"], rel=1e-10)
    # R compares with a sample without replacement all the same, from the sum of the weights.
    without = R["without_fpc"]["deff"] * (1 - 200 / data["pw"].sum())
    assert found["design_effect"] == pytest.approx(without, rel=1e-9)


def test_totals_agree_with_r() -> None:
    data, design = stratified()
    found = survey_totals(data[["enroll"]], design).loc["enroll"]
    assert found["total"] == pytest.approx(R["total"]["total"], rel=1e-12)
    assert found["se"] == pytest.approx(R["total"]["se"], rel=1e-10)
    half = stats.t.ppf(0.975, 197) * R["total"]["se"]
    assert found["high"] - found["total"] == pytest.approx(half, rel=1e-9)
    with pytest.raises(AnalysisError, match=r"cannot leave people out.*partial"):
        survey_totals(data[["partial"]], design)


def test_shares_agree_with_rs_logit_intervals_and_add_up() -> None:
    data, design = stratified()
    found = survey_shares(data["sch.wide"], design)
    yes = found.loc["Yes"]
    assert yes["share"] == pytest.approx(R["share"]["share"], rel=1e-8)
    assert yes["se"] == pytest.approx(R["share"]["se"], rel=1e-8)
    assert (yes["low"], yes["high"]) == pytest.approx(R["share"]["interval"], rel=1e-8)
    assert found["share"].sum() == pytest.approx(1)
    # Of two choices the one is what the other is not.
    no = found.loc["No"]
    assert (no["low"], no["high"]) == pytest.approx((1 - yes["high"], 1 - yes["low"]))
    assert found["n"].tolist() == [48, 152]
    some = survey_shares(data["sch.wide"].where(data.index > 3), design)
    assert some["missing"].tolist() == [4, 4]
    with pytest.raises(AnalysisError, match="all chose alike"):
        survey_shares(data["sch.wide"].where(data["sch.wide"] == "Yes"), design)


def test_weighted_t_agrees_with_r() -> None:
    data, design = stratified()
    found = one_sample(data[["api00"]], test_value=650, weights=design).loc["api00"]
    assert found["t"] == pytest.approx(R["t650"]["t"], rel=1e-9)
    # svyttest takes one more degree of freedom than svymean has; ours has those of svymean.
    assert 2 * stats.t.sf(found["t"], R["t650"]["df"]) == pytest.approx(R["t650"]["p"], rel=1e-8)
    assert found["df"] == R["strat"]["df"]
    assert found["p"] == pytest.approx(2 * stats.t.sf(found["t"], found["df"]), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(8, 60), weight=st.floats(0.01, 100))
def test_equal_weights_give_the_plain_test(seed: int, n: int, weight: float) -> None:
    answers, _ = drawn(seed, n)
    gaps = answers.astype(float).mask(np.random.default_rng(seed).random(answers.shape) < 0.1)
    gaps.iloc[:2] = answers.iloc[:2]
    plain = one_sample(gaps.dropna())
    weighted = one_sample(gaps.dropna(), weights=pd.Series(weight, index=answers.index).reindex(
        gaps.dropna().index))  # fmt: skip
    for name in ("n", "mean", "sd", "low", "high", "t", "df", "p", "p_holm", "p_bh", "d"):
        assert weighted[name].tolist() == pytest.approx(plain[name].tolist(), rel=1e-9), name
    assert weighted["verdict"].tolist() == plain["verdict"].tolist()
    assert weighted["design_effect"].to_numpy() == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_estimates_do_not_hang_on_the_size_of_weights_or_the_order_of_respondents(
    seed: int,
) -> None:
    answers, weights = drawn(seed, 30)
    strata = pd.Series(["x", "y", "z"] * 10)
    first = survey_means(answers, survey_design(weights, strata=strata))
    mixed = answers.sample(frac=1, random_state=seed)
    again = survey_means(mixed, survey_design(7 * weights, strata=strata))
    assert again.to_numpy(dtype=float) == pytest.approx(first.to_numpy(dtype=float), rel=1e-9)


def test_interval_of_weighted_d_agrees_with_the_jackknife() -> None:
    answers, weights = drawn(5, 400, 1)
    found = one_sample(answers, weights=weights).iloc[0]
    x, w = answers["q0"].to_numpy(dtype=float), weights.to_numpy()
    left_out = []
    for at in range(400):
        y, v = np.delete(x, at), np.delete(w, at)
        mean = np.average(y, weights=v)
        left_out.append((mean - 3) / sqrt(np.average((y - mean) ** 2, weights=v) * 399 / 398))
    error = sqrt(399 / 400 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    half = stats.t.ppf(0.975, 399) * error
    assert found["d_high"] - found["d"] == pytest.approx(half, rel=0.01)
    assert found["d"] - found["d_low"] == pytest.approx(half, rel=0.01)


def test_missing_answers_leave_the_respondent_out_of_that_item_only() -> None:
    answers, weights = drawn(2, 40)
    gaps = answers.astype("Float64").mask(pd.DataFrame({"q0": answers.index < 9, "q1": False}))
    gaps.loc[12, "q0"] = 1
    means = survey_means(gaps, survey_design(weights))
    assert means["missing"].tolist() == [9, 0]
    assert means["mean"].iloc[0] == pytest.approx(
        np.average(answers["q0"][9:].where(answers.index[9:] != 12, 1), weights=weights[9:])
    )
    whole = survey_means(answers, survey_design(weights))
    assert means.loc[["q1"]].to_dict() == whole.loc[["q1"]].to_dict()


def test_a_census_has_no_error_and_nothing_to_test() -> None:
    answers, weights = drawn(4, 20)
    design = survey_design(weights, population=20)
    means = survey_means(answers, design)
    assert means["se"].tolist() == [0, 0]
    assert means["low"].tolist() == means["high"].tolist() == means["mean"].tolist()
    with pytest.raises(AnalysisError, match="nothing to test"):
        one_sample(answers, weights=design)
    # Margins that explain the answers altogether leave no error either.
    told = survey_design(weights, margins=answers[["q0"]])
    with pytest.raises(AnalysisError, match="nothing to test"):
        one_sample(answers[["q0"]], weights=told)


def test_a_stratum_asked_whole_may_have_one_respondent() -> None:
    answers, weights = drawn(1, 11)
    strata = pd.Series(["x"] * 5 + ["y"] * 5 + ["z"])
    people = pd.Series({"x": 50, "y": 60, "z": 1})
    design = survey_design(weights, strata=strata, population=people)
    assert design.df == 8
    assert (survey_means(answers, design)["se"] > 0).all()
    with pytest.raises(AnalysisError, match=r"One respondent does not show .*'z'"):
        survey_design(weights, strata=strata)


def test_intervals_of_post_stratified_means_cover() -> None:
    # 2,000 items of 150 respondents at once; the people's mean is known: .5 * 2 + .3 * 3 + .2 * 4.
    rng = np.random.default_rng(1395)
    places = pd.Series(np.repeat(["x", "y", "z"], [30, 40, 80]), name="place")
    levels = places.map({"x": 2.0, "y": 3.0, "z": 4.0}).to_numpy()
    values = levels[:, None] + rng.choice([-1, 0, 1], (150, 2000))
    weights = post_stratify(places, pd.Series({"x": 500, "y": 300, "z": 200})).weights
    design = survey_design(weights, margins=places.to_frame())
    means = survey_means(pd.DataFrame(values), design)
    covered = ((means["low"] <= 2.7) & (means["high"] >= 2.7)).mean()
    # Three Monte Carlo errors of 2,000 draws around 95 %, and a hundredth for so small cells.
    assert abs(covered - 0.95) < 3 * sqrt(0.95 * 0.05 / 2000) + 0.01


# --- refusals

W = pd.Series([1.0, 2.0, 3.0, 1.0])
HALF = pd.Series(list("aabb"))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: survey_design(W.iloc[:0]), "each of them positive"),
        (lambda: survey_design(W.where(W > 1)), "each of them positive"),
        (lambda: survey_design(W - 1), "each of them positive"),
        (lambda: survey_design(W.set_axis([0, 0, 1, 2])), "weights are whose: 0 come more"),
        (lambda: survey_design(W.iloc[:1]), "One respondent does not show"),
        (lambda: survey_design(W, strata=HALF.iloc[1:]), "1 respondents have no stratum"),
        (lambda: survey_design(W, strata=HALF.set_axis([0, 0, 1, 2])), "strata are whose"),
        (lambda: survey_design(W, strata=HALF, population=100), "how many people each stratum"),
        (lambda: survey_design(W, strata=HALF, population=pd.Series({"a": 9})), r"\['b'\]"),
        (lambda: survey_design(W, population=3), "smaller than the sample"),
        (lambda: survey_design(W, margins=HALF.iloc[1:].to_frame("m")), "lacks a category"),
    ],
)
def test_what_is_no_design_is_said(run: Callable[[], object], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        run()


def test_answers_that_no_weighted_figure_can_be_made_from_are_refused() -> None:
    design = survey_design(W)
    answers = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 2, 2]})
    with pytest.raises(AnalysisError, match=r"two answers that differ.*'b'"):
        linearise(answers, design)
    with pytest.raises(AnalysisError, match="2 stand in one"):
        survey_means(answers[["a"]].set_axis([0, 1, 2, 9]), design)
    with pytest.raises(AnalysisError, match="comes twice"):
        survey_means(answers[["a"]].iloc[[0, 1, 2, 3, 3]], design)
    with pytest.raises(AnalysisError, match="confidence of 95"):
        survey_means(answers[["a"]], design, confidence=95)


def test_a_mean_that_is_one_answer_has_no_error() -> None:
    # Of weights 1000 and 181 times 0.001 the linearised error is 1e-4: sure, and of one person.
    rng = np.random.default_rng(0)
    answers = pd.DataFrame({"a": rng.integers(1, 6, 182), "b": rng.integers(1, 6, 182)})
    weights = pd.Series(0.001, index=answers.index)
    weights.iloc[0] = 1000.0
    for run in (
        lambda: survey_means(answers, survey_design(weights)),
        lambda: one_sample(answers, weights=weights),
    ):
        with pytest.raises(AnalysisError, match="One respondent holds 100% of the weight of 'a'"):
            run()
    weights.iloc[0] = 0.001 * 181
    assert np.isfinite(survey_means(answers, survey_design(weights))["se"]).all()
