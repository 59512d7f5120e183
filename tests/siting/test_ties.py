"""Ties: the earlier candidate stands, and as good exchanges are counted; by enumeration."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.siting.plan import SitingPlan

from .conftest import City, cities, city_from

SMALL = settings(max_examples=60, deadline=None)
Value = Callable[[tuple[str, ...]], float]


def exchanges(city: City, plan: SitingPlan, value: Value) -> list[tuple[str, str]]:
    """Every exchange of a new site for another candidate that leaves the objective."""
    chosen = set(plan.sites)
    return [
        (leaving, coming)
        for leaving in chosen
        for coming in set(city.candidates) - chosen
        if value((*(chosen - {leaving}), coming)) == pytest.approx(plan.objective, abs=1e-9)
    ]


def holds(city: City, plan: SitingPlan, value: Value) -> None:
    """The count is right, and no earlier candidate could stand for one of the plan."""
    equal = exchanges(city, plan, value)
    assert plan.ties == len(equal)
    place = {site: at for at, site in enumerate(city.candidates)}
    assert all(place[coming] > place[leaving] for leaving, coming in equal)


@given(cities(), st.sampled_from([0.0, 1.0, 3.0]), st.integers(0, 99))
@SMALL
def test_ties_of_lscp_equal_enumeration(city: City, standard: float, seed: int) -> None:
    prices = pd.Series(np.random.default_rng(seed).integers(0, 3, len(city.candidates)) * 1.0)
    prices = prices.set_axis(city.candidates)
    reach = city.nearest(tuple(city.candidates)) <= standard
    lives = (city.population > 0) & reach

    def value(chosen: tuple[str, ...]) -> float:
        covered = bool((city.nearest(chosen)[lives] <= standard).all())
        return float(prices[list(chosen)].sum()) if covered else np.inf

    asked: dict[str, Any] = {"standard": standard, "cover": "reachable", **city.sites}
    plan = siting.lscp(city.cost, city.population, prices=prices, **asked)
    every = [
        value(chosen)
        for count in range(len(city.candidates) + 1)
        for chosen in combinations(city.candidates, count)
    ]
    assert (plan.objective, plan.gap) == (min(every), 0)
    holds(city, plan, value)


@given(cities(), st.sampled_from([0.0, 1.0, 3.0]), st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]))
@SMALL
def test_ties_of_backup_coverage_equal_enumeration(
    city: City, standard: float, backup: float
) -> None:
    def value(chosen: tuple[str, ...]) -> float:
        near = city.frame[[*city.existing, *chosen]] <= standard
        once, twice = (float(city.population[near.sum(axis=1) >= n].sum()) for n in (1, 2))
        return (1 - backup) * once + backup * twice

    asked: dict[str, Any] = {"standard": standard, "p": city.p, "backup": backup, **city.sites}
    plan = siting.backup_coverage(city.cost, city.population, **asked)
    assert plan.objective == pytest.approx(max(map(value, city.choices())), abs=1e-9)
    holds(city, plan, value)


def test_of_three_sites_at_one_place_the_first_two_back_one_another_up() -> None:
    city = city_from([[0, 0, 0]], [1], existing=0, p=2)
    plan = siting.backup_coverage(city.cost, city.population, standard=1, p=2, **city.sites)
    # by hand: the third one for either of them
    assert (list(plan.sites), plan.ties) == (["site 0", "site 1"], 2)


def test_lscp_takes_what_costs_nothing_and_no_more_of_it_than_it_needs() -> None:
    city = city_from([[1, 1, 1, 9], [9, 9, 1, 9], [9, 9, 9, 1]], [1, 1, 1], existing=0, p=1)
    prices = pd.Series([5.0, 0.0, 0.0, 2.0], index=city.candidates)
    plan = siting.lscp(city.cost, city.population, standard=1, prices=prices, **city.sites)
    # by hand: site 2 covers two homes for nothing, site 3 the third for 2
    assert (sorted(plan.sites), plan.objective, plan.ties) == (["site 2", "site 3"], 2.0, 0)


def test_free_sites_alone_cost_nothing() -> None:
    city = city_from([[1, 1]], [1], existing=0, p=1)
    prices = pd.Series(0.0, index=city.candidates)
    plan = siting.lscp(city.cost, city.population, standard=1, prices=prices, **city.sites)
    assert (list(plan.sites), plan.objective, plan.ties) == (["site 0"], 0.0, 1)
    assert plan.status == "optimal"


@pytest.mark.parametrize("objective", ["coverage", "travel", "price"])
@given(city=cities(missing=False), standard=st.sampled_from([1.0, 3.0, 7.5]))
@SMALL
def test_ties_of_plain_plans_under_conditions_equal_enumeration(
    objective: str, city: City, standard: float
) -> None:
    lives = city.population > 0

    def value(chosen: tuple[str, ...]) -> float:
        if objective == "coverage":
            return city.covered(chosen, standard)
        if objective == "travel":
            return city.person_cost(chosen)
        return len(chosen) if bool((city.nearest(chosen)[lives] <= 7.5).all()) else np.inf

    sites = pd.DataFrame({"standing": city.frame.columns.isin(city.existing)}, city.frame.columns)
    asked: dict[str, Any] = {"objective": objective, "p": city.p, "standard": 7.5}
    if objective == "coverage":
        asked["standard"] = standard
    found = siting.plan_sites(city.cost, city.population, sites, **asked)
    holds(city, found.plan, value)


TIED = city_from([[1, 1, 9, 9], [9, 9, 1, 1]], [5, 5], existing=0, p=2)


@pytest.mark.parametrize(
    ("column", "value", "asked"),
    [
        ("capacity", 5.0, {}),
        ("place", ["x", "y", "z", "x"], {}),
        ("price", [1, 2, 1, 1], {"budget": 3}),
        ("price", 1, {"groups": pd.Series(["x", "y"], TIED.population.index), "floors": 0.5}),
    ],
)
def test_where_a_condition_may_bind_ties_are_missing_and_not_none(
    column: str, value: Any, asked: dict[str, Any]
) -> None:
    sites = pd.DataFrame({column: value}, index=TIED.candidates)
    found = siting.plan_sites(TIED.cost, TIED.population, sites, standard=1, p=2, **asked)
    assert found.plan.ties is None
    free = pd.DataFrame(index=TIED.candidates)
    found = siting.plan_sites(TIED.cost, TIED.population, free, standard=1, p=2)
    # by hand: site 1 for site 0, site 3 for site 2
    assert (sorted(found.plan.sites), found.plan.ties) == (["site 0", "site 2"], 2)
