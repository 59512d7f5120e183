"""Plans of very small and very large numbers against enumeration: no size hides a better plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

from .conftest import City, cities, city_from

SMALL = settings(max_examples=25, deadline=None)
SIZES = st.sampled_from([1e-9, 1e-6, 1e-3, 1e9])


@given(cities(), st.integers(0, 100), st.floats(0, 1), SIZES)
@SMALL
def test_a_backup_plan_is_best_whatever_the_unit_of_the_people(
    city: City, standard: int, backup: float, size: float
) -> None:
    people = city.population * size / 3

    def worth(chosen: tuple[str, ...]) -> float:
        times = (city.frame[[*city.existing, *chosen]] <= standard).sum(axis=1)
        return float((1 - backup) * people[times >= 1].sum() + backup * people[times >= 2].sum())

    best = max(worth(chosen) for chosen in city.choices())
    plan = siting.backup_coverage(
        city.cost, people, standard=standard, p=city.p, backup=backup, **city.sites
    )
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-8, abs=0)
    assert plan.objective == pytest.approx(worth(tuple(plan.sites)), rel=1e-12, abs=0)


@given(cities(), st.floats(0.3, 4))
@SMALL
def test_a_worth_of_almost_nothing_is_still_told_apart(city: City, scale: float) -> None:
    far = city.frame + 100 * scale

    def worth(chosen: tuple[str, ...]) -> float:
        near = far[[*city.existing, *chosen]].fillna(np.inf).min(axis=1)
        return float(city.population @ np.exp(-near / scale))

    best = max(worth(chosen) for chosen in city.choices())
    plan = siting.gradual_coverage(
        CostMatrix.from_frame(far, unit="m"),
        city.population,
        decay=lambda cost: np.exp(-cost / scale),
        p=city.p,
        **city.sites,
    )
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=0)
    assert plan.objective == pytest.approx(worth(tuple(plan.sites)), rel=1e-12, abs=0)


@given(cities(), st.integers(0, 100), SIZES, st.integers(0, 10**6))
@SMALL
def test_a_cover_is_cheapest_whatever_the_unit_of_the_prices(
    city: City, standard: int, size: float, seed: int
) -> None:
    drawn = np.random.default_rng(seed).uniform(0.5, 3, len(city.candidates))
    prices = pd.Series(drawn * size, index=city.candidates)
    lives = city.population > 0
    could = city.nearest(tuple(city.candidates)) <= standard
    n = len(city.candidates)
    best = min(
        float(prices[list(chosen)].sum())
        for chosen in (each for k in range(n + 1) for each in combinations(city.candidates, k))
        if (city.nearest(chosen) <= standard)[lives & could].all()
    )
    plan = siting.lscp(
        city.cost,
        city.population,
        standard=standard,
        prices=prices,
        cover="reachable",
        **city.sites,
    )
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, rel=1e-9, abs=0)


def test_whom_a_candidate_reaches_is_not_named_unreachable() -> None:
    """The second home has nobody, so the plan may leave it out; the third has no way at all."""
    city = city_from([[1, 2], [None, 1], [None, None]], [5, 0, 3], existing=0, p=1)
    plan = siting.p_center(city.cost, city.population, p=1, **city.sites)
    assert list(plan.sites) == ["site 0"]
    assert list(plan.unreachable) == ["home 2"]


def test_ids_may_be_given_in_a_list() -> None:
    city = city_from([[1, 2, 3], [4, 1, 3]], [5, 2], existing=1, p=1)
    plain = siting.mclp(city.cost, city.population, standard=2, p=1, **city.sites)
    lists = {name: list(ids) for name, ids in city.sites.items()}
    plan = siting.mclp(city.cost, city.population, standard=2, p=1, **lists)
    pd.testing.assert_frame_equal(plan.gains, plain.gains)
    pd.testing.assert_frame_equal(plan.assignment, plain.assignment)
    with pytest.raises(AnalysisError, match=r"ids, not a DataFrame.*table\.index"):
        siting.mclp(city.cost, city.population, standard=2, p=1, candidates=city.frame.T)


@pytest.mark.parametrize("p", [np.nan, np.inf, None, "2", 1.5])
def test_a_number_of_sites_that_is_none_is_refused(p: object) -> None:
    city = city_from([[1, 2]], [5], existing=0, p=1)
    with pytest.raises(AnalysisError, match="whole number from 1"):
        siting.p_median(city.cost, city.population, p=p, **city.sites)  # type: ignore[arg-type]


def test_two_prices_of_one_candidate_are_refused() -> None:
    city = city_from([[1, 2]], [5], existing=0, p=1)
    twice = pd.Series([1.0, 2.0, 3.0], index=["site 0", "site 0", "site 1"])
    with pytest.raises(AnalysisError, match="candidate ids more than once: 'site 0'"):
        siting.lscp(city.cost, city.population, standard=2, prices=twice, **city.sites)


@pytest.mark.parametrize(
    ("people", "readiness", "scale", "message"),
    [
        ([0.0, 5.0], [3.0, None], (1, 5), "Nobody's readiness is known"),
        ([1.0, 5.0], [3.0, 3.0], (3, 3), "least value to its greatest"),
        ([1.0, -5.0], [3.0, 3.0], (1, 5), "negative, missing or infinite"),
        ([1.0, None], [3.0, 3.0], (1, 5), "negative, missing or infinite"),
    ],
)
def test_need_is_never_missing_in_silence(
    people: list[float | None],
    readiness: list[float | None],
    scale: tuple[float, float],
    message: str,
) -> None:
    with pytest.raises(AnalysisError, match=message):
        siting.need(pd.Series(people, dtype=float), pd.Series(readiness, dtype=float), scale=scale)


def test_a_plan_shows_in_one_line() -> None:
    city = city_from([[1, 2, 3], [4, 1, 3]], [5, 2], existing=1, p=1)
    plan = siting.mclp(city.cost, city.population, standard=2, p=1, **city.sites)
    assert repr(plan) == "<SitingPlan mclp: new sites site 1; objective 7, bound 7, optimal>"
    many = replace(plan, sites=pd.Index(range(12)), bound=8.0, gap=1 / 7, status="time_limit")
    assert "8, 9 and 2 more; objective 7, bound 8, gap 0.14, time_limit>" in repr(many)
    none = replace(plan, sites=pd.Index([]))
    assert "new sites none;" in repr(none)
