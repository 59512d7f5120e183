"""MCLP and p-median against enumeration and published optima."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

from .conftest import City, cities, city_from

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


@EXAMPLES
@given(city=cities())
def test_mclp_equals_enumeration(city: City) -> None:
    plan = siting.mclp(city.cost, city.population, standard=3.0, p=city.p, **city.sites)
    assert plan.objective == pytest.approx(max(city.covered(s, 3.0) for s in city.choices()))
    assert (plan.status, plan.gap, plan.bound) == ("optimal", 0.0, plan.objective)
    assert city.covered(tuple(plan.sites), 3.0) == pytest.approx(plan.objective)
    assert len(plan.sites) == city.p
    assert set(plan.sites) <= set(city.candidates)


@EXAMPLES
@given(city=cities())
def test_p_median_equals_enumeration_or_says_what_would_do(city: City) -> None:
    best = min(city.person_cost(s) for s in city.choices())
    if np.isfinite(best):
        plan = siting.p_median(city.cost, city.population, p=city.p, **city.sites)
        assert plan.objective == pytest.approx(best)
        assert (plan.status, plan.gap, plan.bound) == ("optimal", 0.0, plan.objective)
        assert city.person_cost(tuple(plan.sites)) == pytest.approx(best)
        return
    counts = range(city.p + 1, len(city.candidates) + 1)
    enough = next(p for p in counts if min(map(city.person_cost, city.choices(p))) < np.inf)
    with pytest.raises(AnalysisError, match=f"p = {enough} would reach all"):
        siting.p_median(city.cost, city.population, p=city.p, **city.sites)


def test_mclp_of_san_francisco_is_the_published_one(
    san_francisco: tuple[CostMatrix, pd.Series],
) -> None:
    cost, people = san_francisco
    plan = siting.mclp(cost, people, standard=5000, p=4, candidates=cost.facility_ids)
    assert plan.objective == plan.bound == 875_247
    assert plan.gains["share"].sum() == pytest.approx(0.91638, abs=5e-6)
    assert plan.assignment["facility_id"].notna().mean() == pytest.approx(0.89756, abs=5e-6)


def test_p_median_of_san_francisco_is_the_published_one(
    san_francisco: tuple[CostMatrix, pd.Series],
) -> None:
    cost, people = san_francisco
    plan = siting.p_median(cost, people, p=4, candidates=cost.facility_ids)
    assert plan.objective == pytest.approx(2_848_268_129.7145, abs=1e-3)
    assert plan.objective / people.sum() == pytest.approx(2982.1269, abs=1e-4)


@EXAMPLES
@given(city=cities(missing=False))
def test_plan_is_never_worse_when_p_grows_or_a_candidate_is_added(city: City) -> None:
    one = city.candidates[:1]
    kept = {"candidates": one, "existing": city.existing}
    few = siting.mclp(city.cost, city.population, standard=2.0, p=1, **kept)
    more = siting.mclp(city.cost, city.population, standard=2.0, p=1, **city.sites)
    most = siting.mclp(city.cost, city.population, standard=2.0, p=city.p, **city.sites)
    assert few.objective <= more.objective <= most.objective
    few = siting.p_median(city.cost, city.population, p=1, **kept)
    more = siting.p_median(city.cost, city.population, p=1, **city.sites)
    most = siting.p_median(city.cost, city.population, p=city.p, **city.sites)
    assert few.objective >= more.objective - 1e-9 >= most.objective - 2e-9


@EXAMPLES
@given(city=cities())
def test_gains_add_up_to_the_objective(city: City) -> None:
    plan = siting.mclp(city.cost, city.population, standard=3.0, p=city.p, **city.sites)
    assert list(plan.gains.index) == list(plan.sites)
    covered_before = city.covered((), 3.0) if len(city.existing) else 0.0
    assert covered_before + plan.gains["added"].sum() == pytest.approx(plan.objective)
    # each site adds no more than the one before it: coverage is submodular
    assert (plan.gains["added"].diff().dropna() <= 1e-9).all()
    for k in range(1, city.p + 1):
        now = city.covered(tuple(plan.sites[:k]), 3.0)
        assert plan.gains["cumulative"].iloc[k - 1] == pytest.approx(now)


@EXAMPLES
@given(city=cities())
def test_assignment_names_the_nearest_and_sums_to_the_objective(city: City) -> None:
    people = city.population
    plan = siting.mclp(city.cost, people, standard=3.0, p=city.p, **city.sites)
    nearest = city.nearest(tuple(plan.sites))
    assert plan.assignment.index.equals(city.frame.index)
    within = nearest <= 3.0
    assert plan.assignment["cost"].equals(nearest.where(within, np.inf).rename("cost"))
    assert (plan.assignment["facility_id"].notna() == within).all()
    assert people[within].sum() == pytest.approx(plan.objective)
    reached = city.nearest(tuple(city.candidates)) <= 3.0
    assert list(plan.unreachable) == list(city.frame.index[~reached])


def test_gains_of_a_p_median_are_person_cost_saved() -> None:
    city = city_from([[6, 2, 5], [6, 5, 3], [1, 9, 9]], [10, 10, 10], existing=1, p=2)
    plan = siting.p_median(city.cost, city.population, p=2, **city.sites)
    assert list(plan.sites) == ["site 1", "site 2"]
    assert plan.gains["added"].tolist() == [50, 20]
    assert plan.gains["cumulative"].tolist() == [80, 60]
    assert plan.gains["share"].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_gain_of_a_first_site_is_unknown_where_nobody_was_reached_before() -> None:
    city = city_from([[0, 4], [4, 0]], [3, 1], existing=0, p=2)
    plan = siting.p_median(city.cost, city.population, p=2, **city.sites)
    assert plan.gains["added"].isna().tolist() == [True, False]
    assert plan.gains["cumulative"].tolist() == [4, 0]


def test_demand_that_no_site_reaches_is_named_and_left_out() -> None:
    city = city_from([[1, 2], [None, None], [2, 1]], [5, 7, 5], existing=0, p=1)
    plan = siting.p_median(city.cost, city.population, p=1, **city.sites)
    assert list(plan.unreachable) == ["home 1"]
    assert plan.objective == 15
    assert plan.assignment.loc["home 1", "facility_id"] is None
    assert plan.assignment.loc["home 1", "cost"] == np.inf


def test_demand_out_of_reach_of_every_plan_is_named_with_the_cure() -> None:
    city = city_from([[1, None], [None, 1]], [5, 7], existing=0, p=1)
    message = r"p = 1 is too small.* 1 of 2 .*\(7 people\).*: 'home 1'\. p = 2 would reach all"
    with pytest.raises(AnalysisError, match=message):
        siting.p_median(city.cost, city.population, p=1, **city.sites)


def test_reaching_all_comes_before_saving_much() -> None:
    city = city_from([[100, None, 1], [None, 1, None]], [900, 1], existing=1, p=1)
    plan = siting.p_median(city.cost, city.population, p=1, **city.sites)
    assert list(plan.sites) == ["site 1"]
    assert plan.objective == 900 * 100 + 1


def test_demand_without_people_binds_no_plan() -> None:
    city = city_from([[1, None], [None, 1]], [5, 0], existing=0, p=1)
    plan = siting.p_median(city.cost, city.population, p=1, **city.sites)
    assert list(plan.sites) == ["site 0"]
    assert len(plan.unreachable) == 0


def test_sites_that_add_nobody_fill_up_to_p_in_candidate_order() -> None:
    city = city_from([[9, 9, 1, 9]], [5], existing=0, p=3)
    plan = siting.mclp(city.cost, city.population, standard=1, p=3, **city.sites)
    assert list(plan.sites) == ["site 2", "site 0", "site 1"]
    assert plan.gains["added"].tolist() == [5, 0, 0]


def test_standard_is_inclusive() -> None:
    city = city_from([[3.0]], [5], existing=0, p=1)
    plan = siting.mclp(city.cost, city.population, standard=3.0, p=1, **city.sites)
    assert plan.objective == 5


def test_city_without_people_has_an_empty_optimum() -> None:
    city = city_from([[1, 2]], [0], existing=0, p=1)
    covering = siting.mclp(city.cost, city.population, standard=3, p=1, **city.sites)
    median = siting.p_median(city.cost, city.population, p=1, **city.sites)
    for plan in (covering, median):
        assert (plan.objective, plan.gap, plan.status) == (0.0, 0.0, "optimal")
        assert list(plan.sites) == ["site 0"]


def test_plan_carries_its_question() -> None:
    city = city_from([[1, 2]], [4], existing=1, p=1)
    plan = siting.mclp(city.cost, city.population, standard=3, p=1, **city.sites)
    assert (plan.model, plan.standard, plan.unit) == ("mclp", 3.0, "m")
    assert list(plan.existing) == ["site 0"]
    median = siting.p_median(city.cost, city.population, p=1, **city.sites)
    assert (median.model, median.standard) == ("p_median", None)
