"""Gradual and backup covering, need and trade-offs against enumeration, MCLP and spopt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators.decay import exponential

from .conftest import City, cities, random_city

SMALL = settings(max_examples=40, deadline=None)


@given(cities(), st.floats(1, 60))
@SMALL
def test_gradual_coverage_is_the_best_of_all_choices(city: City, scale: float) -> None:
    decay = exponential(scale)

    def worth(chosen: tuple[str, ...]) -> float:
        near = city.nearest(chosen)
        there = np.isfinite(near)
        return float(city.population[there] @ decay(near[there].to_numpy()))

    best = max(worth(chosen) for chosen in city.choices())
    plan = siting.gradual_coverage(city.cost, city.population, decay=decay, p=city.p, **city.sites)
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert plan.objective == pytest.approx(worth(tuple(plan.sites)), rel=1e-9, abs=1e-9)
    assert plan.gap == 0


@given(cities(), st.integers(0, 100))
@SMALL
def test_a_worth_of_all_or_nothing_is_mclp(city: City, standard: int) -> None:
    plain = siting.mclp(city.cost, city.population, standard=standard, p=city.p, **city.sites)
    plan = siting.gradual_coverage(
        city.cost,
        city.population,
        decay=lambda cost: (cost <= standard).astype(float),
        p=city.p,
        **city.sites,
    )
    assert plan.objective == pytest.approx(plain.objective)


def test_a_worth_that_rises_is_refused() -> None:
    city = random_city(10, 4, p=1, seed=1)
    with pytest.raises(AnalysisError, match="must fall"):
        siting.gradual_coverage(
            city.cost, city.population, decay=lambda cost: cost / 1e9, p=1, **city.sites
        )


@pytest.mark.parametrize(
    ("decay", "message"),
    [
        (lambda _: 1.0, r"weights of shape \(\) for 40 costs"),
        (lambda cost: cost[:3] * 0, r"weights of shape \(3,\) for 40 costs"),
        (lambda cost: cost[:, None] * 0, r"weights of shape \(40, 1\) for 40 costs"),
        (lambda cost: [[0.0], *[0.0 for _ in cost[1:]]], "weights that are no numbers"),
        (lambda cost: ["near" for _ in cost], "weights that are no numbers"),
        (lambda cost: cost * np.nan, "must fall"),
    ],
)
def test_a_worth_that_is_not_one_number_per_cost_is_refused(
    decay: Callable[[Any], Any], message: str
) -> None:
    city = random_city(10, 4, p=1, seed=1)
    with pytest.raises(AnalysisError, match=message):
        siting.gradual_coverage(city.cost, city.population, decay=decay, p=1, **city.sites)


@given(cities(), st.integers(0, 100), st.floats(0, 1))
@SMALL
def test_backup_coverage_is_the_best_of_all_choices(
    city: City, standard: int, backup: float
) -> None:
    def worth(chosen: tuple[str, ...]) -> float:
        times = (city.frame[[*city.existing, *chosen]] <= standard).sum(axis=1)
        once, twice = (city.population[times >= count].sum() for count in (1, 2))
        return float((1 - backup) * once + backup * twice)

    best = max(worth(chosen) for chosen in city.choices())
    plan = siting.backup_coverage(
        city.cost, city.population, standard=standard, p=city.p, backup=backup, **city.sites
    )
    assert plan.objective == pytest.approx(best, rel=1e-6, abs=1e-5)
    assert worth(tuple(plan.sites)) == pytest.approx(plan.objective)
    assert plan.status == "optimal"


def test_a_standing_site_is_a_first_cover_and_no_second() -> None:
    # One kiosk covers both homes; the candidate reaches only b, who is then covered twice.
    cost = CostMatrix.from_frame(
        pd.DataFrame({"E": [1, 1], "A": [9, 1]}, index=["a", "b"]), unit="min"
    )
    plan = siting.backup_coverage(
        cost,
        pd.Series({"a": 100.0, "b": 300.0}),
        standard=1,
        p=1,
        candidates=pd.Index(["A"]),
        existing=pd.Index(["E"]),
    )
    assert (plan.objective, plan.bound, plan.gap) == (0.5 * 400 + 0.5 * 300, 350, 0)


def test_a_time_limit_that_strikes_at_once_leaves_a_greedy_backup_plan() -> None:
    city = random_city(600, 80, p=10, seed=5)
    asked = {"standard": 1200, "p": 10, **city.sites}
    soon = siting.backup_coverage(city.cost, city.population, time_limit=0.01, **asked)
    best = siting.backup_coverage(city.cost, city.population, **asked)
    assert best.status == "optimal"
    # 0.5 once and 0.5 twice is submodular: greedy keeps 1 - 1/e (Nemhauser et al. 1978)
    assert (1 - 1 / np.e) * best.objective <= soon.objective <= best.objective <= soon.bound


def test_backup_is_a_share() -> None:
    city = random_city(10, 4, p=1, seed=1)
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        siting.backup_coverage(city.cost, city.population, standard=1, p=1, backup=2, **city.sites)


# --- need


def test_need_by_hand() -> None:
    people = pd.Series({"a": 100.0, "b": 300})
    # Gaps of (5-3)/4 = .5 and (5-4)/4 = .25; over people (50 + 75)/400 = .3125.
    weights = siting.need(people, pd.Series({"a": 3.0, "b": 4.0}), scale=(1, 5))
    assert weights.tolist() == pytest.approx([160, 240])
    half = siting.need(people, pd.Series({"a": 3.0, "b": 4.0}), scale=(1, 5), mix=0.5)
    assert half.tolist() == pytest.approx([130, 270])


@given(st.integers(0, 5000), st.floats(0, 1))
@SMALL
def test_weights_add_up_to_the_people(seed: int, mix: float) -> None:
    rng = np.random.default_rng(seed)
    people = pd.Series(rng.integers(0, 50, 8).astype(float) + 1)
    ready = pd.DataFrame(rng.uniform(1, 4.9, (8, 3)))
    ready.iloc[rng.integers(0, 8)] = np.nan
    weights = siting.need(people, ready, scale=(1, 5), mix=mix)
    np.testing.assert_allclose(weights.sum(), people.sum())
    assert (weights >= 0).all(axis=None)


def test_need_without_a_gap_is_refused() -> None:
    people = pd.Series({"a": 1.0})
    for ready, told in ((5.0, "top of the scale"), (6.0, "off the scale"), (np.nan, "Nobody's")):
        with pytest.raises(AnalysisError, match=told):
            siting.need(people, pd.Series({"a": ready}), scale=(1, 5))


@given(cities(missing=False), st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_the_robust_plan_is_best_in_expectation(city: City, standard: int) -> None:
    rng = np.random.default_rng(standard)
    draws = pd.DataFrame(
        city.population.to_numpy()[:, None] * rng.uniform(0.5, 2, (len(city.population), 6)),
        index=city.population.index,
    )
    found = siting.robust_mclp(city.cost, draws, standard=standard, p=city.p, **city.sites)
    means = draws.mean(axis=1)
    best = max(float(means[city.nearest(chosen) <= standard].sum()) for chosen in city.choices())
    assert found.plan.objective == pytest.approx(best)
    assert found.draws["covered"].mean() == pytest.approx(best)
    assert (found.draws["regret"] >= 0).all()
    assert (found.draws["best"] >= found.draws["covered"] - 1e-9).all()
    assert found.chosen["share"].sum() == pytest.approx(city.p)
    assert found.chosen["in_plan"].sum() == city.p


def test_draws_need_names_of_their_own() -> None:
    city = random_city(10, 4, p=1, seed=1)
    twice = pd.concat([city.population, city.population], axis=1, keys=["one", "one"])
    with pytest.raises(AnalysisError, match="name of its own"):
        siting.robust_mclp(city.cost, twice, standard=9, p=1, **city.sites)


# --- trade-offs


def test_the_curve_rises_and_each_point_is_mclp() -> None:
    city = random_city(60, 12, p=2, seed=3)
    asked = {"standard": 1500, **city.sites}
    curve = siting.coverage_curve(city.cost, city.population, ps=[4, 1, 2, 3], **asked)
    assert curve.index.tolist() == [0, 1, 2, 3, 4]
    assert curve["covered"].is_monotonic_increasing
    for p, row in curve.iloc[1:].iterrows():
        alone = siting.mclp(city.cost, city.population, p=int(p), **asked)
        assert row["covered"] == alone.objective
    assert curve["added"].sum() == pytest.approx(np.ptp(curve["covered"]))
