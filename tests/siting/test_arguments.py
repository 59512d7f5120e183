"""Arguments that make no question, and alignment by id."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.plan import SitingPlan

from .conftest import City, cities, city_from, random_city

CITY = city_from([[1, 2, 3], [3, 1, 2], [2, 3, 1]], [10, 20, 30], existing=1, p=1)


def both(city: City, **changes: Any) -> list[SitingPlan]:
    given_ = {"p": city.p, **city.sites, **changes}
    people = given_.pop("population", city.population)
    return [
        siting.mclp(city.cost, people, standard=1.0, **given_),
        siting.p_median(city.cost, people, **given_),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p": 3}, "p = 3 new sites are asked for, but there are only 2 candidates"),
        ({"p": 0}, "whole number from 1, not 0"),
        ({"p": 1.5}, "whole number from 1, not 1.5"),
        ({"time_limit": 0}, "more than 0 seconds, not 0"),
        ({"candidates": pd.Index(["site 9"])}, "no facilities 'site 9': 1 of the 2"),
        ({"candidates": pd.Index(["site 1"] * 2)}, "candidates are given more than once: 'site 1'"),
        ({"existing": pd.Index(["site 0"] * 2)}, "existing sites are given more than once"),
        ({"candidates": {"site 1", "site 2"}}, r"a set has none\. Give a list: sorted\(ids\)"),
        ({"existing": frozenset(["site 0"])}, "a set has none"),
        ({"candidates": 3}, "are ids, not a int"),
        ({"existing": pd.Index(["site 1"])}, "both existing and candidates: 'site 1'"),
        ({"population": CITY.population.drop("home 1")}, "lacks 1 of the 3 .*: 'home 1'"),
        ({"population": CITY.population * -1}, "of 3 demand points is negative.*'home 2'"),
        ({"population": CITY.population.replace(20.0, np.nan)}, "1 demand points .*: 'home 1'"),
        ({"population": CITY.population.replace(20.0, np.inf)}, "infinite: 'home 1'"),
        ({"population": pd.concat([CITY.population] * 2)}, "more than once: 'home 0'"),
        ({"population": [10, 20, 30]}, r"a list, .* Give a Series with the id of each demand"),
        ({"population": CITY.population.to_numpy()}, "a ndarray, which does not say whose"),
        ({"population": CITY.population.to_dict()}, "a dict, which does not say whose"),
        ({"population": None}, "is None, which does not say whose"),
        ({"population": CITY.population.to_frame("n")}, r"columns 'n', .* Give one column"),
        ({"population": CITY.population.astype(str)}, "of 3 demand points is no number: 'home 0'"),
        (
            {"population": CITY.population.astype(object).replace(20.0, "many")},
            "of 1 demand points is no number: 'home 1'",
        ),
        ({"population": CITY.population.set_axis([0, 1, 2])}, "lacks 3 of the 3"),
        ({"time_limit": None}, "more than 0 seconds, not None"),
        ({"time_limit": "1"}, "more than 0 seconds, not '1'"),
        ({"p": "1"}, "whole number from 1, not '1'"),
        ({"p": None}, "whole number from 1, not None"),
        ({"p": True}, "whole number from 1, not True"),
        (
            {"cost": CITY.frame},
            r"a DataFrame. Make it of a table: CostMatrix.from_frame\(frame, unit",
        ),
        ({"cost": None}, "not None. Make it of a table"),
    ],
)
@pytest.mark.parametrize("model", ["mclp", "p_median"])
def test_impossible_argument_is_named(model: str, changes: dict[str, Any], message: str) -> None:
    given_ = {"p": 1, **CITY.sites, **changes}
    people = given_.pop("population", CITY.population)
    cost = given_.pop("cost", CITY.cost)
    extra = {"standard": 1.0} if model == "mclp" else {}
    with pytest.raises(AnalysisError, match=message):
        getattr(siting, model)(cost, people, **extra, **given_)


def test_standard_beyond_the_cutoff_is_refused() -> None:
    cost = CostMatrix.from_frame(CITY.frame, unit="min", cutoff=2.0)
    with pytest.raises(AnalysisError, match="standard of 3 min exceeds the cutoff of 2 min"):
        siting.mclp(cost, CITY.population, standard=3.0, p=1, candidates=CITY.candidates)


@pytest.mark.parametrize("standard", [-1.0, float("nan"), "1", None])
def test_standard_that_is_no_distance_is_refused(standard: Any) -> None:
    with pytest.raises(AnalysisError, match="standard must be a number from 0"):
        siting.mclp(CITY.cost, CITY.population, standard=standard, p=1, **CITY.sites)


def test_candidates_are_all_that_do_not_stand_where_none_are_named() -> None:
    asked: dict[str, Any] = {"standard": 1.0, "p": 1, "existing": CITY.existing}
    others: dict[str, Any] = {"p": 1, "existing": CITY.existing}
    cost, people = CITY.cost, CITY.population
    square = CostMatrix.from_frame(CITY.frame.set_axis(CITY.frame.columns), unit="m")
    for named in ({}, {"candidates": CITY.candidates}):
        plans = [
            siting.mclp(cost, people, **asked, **named),
            siting.p_median(cost, people, **others, **named),
            siting.p_center(cost, people, **others, **named),
            siting.lscp(cost, people, standard=1, existing=CITY.existing, **named),
            siting.backup_coverage(cost, people, **asked, **named),
            siting.gradual_coverage(cost, people, decay=lambda c: 1 / (1 + c), **others, **named),
            siting.p_dispersion(square, **others, **named),
            siting.robust_mclp(cost, people.to_frame(), **asked, **named).plan,
        ]
        told = [(list(plan.sites), plan.objective, plan.ties) for plan in plans]
        tables = [
            siting.coverage_curve(
                cost, people, standard=1, ps=[1], existing=CITY.existing, **named
            ),
            siting.compare_aims(cost, people, **asked, **named),
            siting.price_of_fairness(cost, people, groups=people > 10, **asked, **named),
            siting.pareto_front(cost, people, against="travel", **asked, **named).table,
        ]
        if not named:
            first, tables_first = told, tables
    assert told == first
    for table, other in zip(tables, tables_first, strict=True):
        pd.testing.assert_frame_equal(table, other)


def test_no_candidates_are_none_and_not_all() -> None:
    with pytest.raises(AnalysisError, match="there are only 0 candidates"):
        siting.mclp(CITY.cost, CITY.population, standard=1, p=1, candidates=pd.Index([]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c, n: siting.gradual_coverage(c, n, decay="gaussian", p=1), r"gaussian\(bandwidth"),
        (lambda c, n: siting.robust_mclp(c, n, standard=1, p=1), "a column per draw, not a Series"),
        (
            lambda c, n: siting.robust_mclp(c, n.astype(str).to_frame(), standard=1, p=1),
            "no numbers at 3 demand points",
        ),
        (lambda c, n: siting.coverage_curve(c, n, standard=1, ps=3), r"not one. Write \[3\]"),
        (lambda c, n: siting.coverage_curve(c, n, standard=1, ps="3"), "not a str. Give a list"),
        (
            lambda c, n: siting.price_of_fairness(c, n, standard=1, p=1, groups=n, floors=0.2),
            r"Floors .* Write \[0.2\]",
        ),
        (
            lambda c, n: siting.price_of_fairness(c, n, standard=1, p=1, groups=["a"] * 3),
            "table of groups is a list",
        ),
        (
            lambda c, n: siting.pareto_front(c, n, standard=1, against="price", budget=None),
            "budget must be a number from 0, not None",
        ),
        (lambda c, n: siting.lscp(c, n, standard=1, prices=[1, 1, 1]), "table of prices is a list"),
        (
            lambda c, n: siting.lscp(c, n, standard=1, prices=pd.Series(1.0, [0, 1])),
            "3 candidates have no price: 'site 0'",
        ),
        (lambda c, n: siting.backup_coverage(c, n, standard=1, p=1, backup="1"), "not '1'"),
        (lambda c, _: siting.p_dispersion(c, p=2), "no row for 'site 0'.*Give a row"),
    ],
)
def test_natural_slips_are_told_with_their_cure(call: Any, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        call(CITY.cost, CITY.population)


def test_population_indexed_by_text_for_numbers_is_told_so() -> None:
    cost = CostMatrix.from_frame(pd.DataFrame({"A": [1.0, 2.0]}, index=[1, 2]), unit="m")
    with pytest.raises(AnalysisError, match=r"The types differ: 1 \(int\) is no '1' \(str\)"):
        siting.mclp(cost, pd.Series([1.0, 2.0], index=["1", "2"]), standard=1, p=1)


def test_long_lists_of_ids_are_cut_and_counted() -> None:
    city = random_city(30, 2, p=1)
    with pytest.raises(AnalysisError, match=r"'home 9' and 20 more"):
        siting.p_median(city.cost, -city.population, p=1, **city.sites)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(city=cities(missing=False), seed=st.integers(0, 99))
def test_order_of_rows_columns_and_people_changes_nothing(city: City, seed: int) -> None:
    shuffled = replace(
        city,
        frame=city.frame.sample(frac=1, random_state=seed).sample(
            frac=1, axis=1, random_state=seed
        ),
        population=city.population.sample(frac=1, random_state=seed + 1),
    )
    for plan, other in zip(both(city), both(shuffled), strict=True):
        assert list(plan.sites) == list(other.sites)
        assert (plan.objective, plan.bound, plan.ties) == (other.objective, other.bound, other.ties)
        pd.testing.assert_frame_equal(plan.gains, other.gains, check_exact=True)
        pd.testing.assert_frame_equal(
            plan.assignment, other.assignment.loc[plan.assignment.index], check_exact=True
        )


def test_san_francisco_in_another_order_gives_the_published_optimum(
    san_francisco: tuple[CostMatrix, pd.Series],
) -> None:
    cost, people = san_francisco
    assert list(cost.demand_ids) != list(people.index)
    mixed = people.sample(frac=1, random_state=1)
    plan = siting.p_median(cost, mixed, p=4, candidates=cost.facility_ids)
    # aligned by position it would be 2,938,326,503.94
    assert plan.objective == pytest.approx(2_848_268_129.7145, abs=1e-3)


def test_people_of_demand_that_has_no_costs_are_left_out() -> None:
    more = pd.concat([CITY.population, pd.Series({"home 9": 1000.0})])
    for plan, other in zip(both(CITY), both(CITY, population=more), strict=True):
        assert plan.objective == other.objective


def test_columns_that_are_not_asked_for_are_not_used() -> None:
    plan = siting.p_median(CITY.cost, CITY.population, p=1, candidates=pd.Index(["site 2"]))
    assert plan.objective == 10 * 3 + 20 * 2 + 30 * 1


def test_plans_as_good_as_each_other_go_to_the_earlier_candidate() -> None:
    city = city_from([[1, 1, 9, 9], [9, 9, 1, 1]], [5, 5], existing=0, p=2)
    for plan in both(city):
        assert sorted(plan.sites) == ["site 0", "site 2"]
        # site 1 for site 0, or site 3 for site 2
        assert plan.ties == 2
    backwards = city.candidates[::-1]
    for plan in both(city, candidates=backwards):
        assert sorted(plan.sites) == ["site 1", "site 3"]


def test_same_question_gives_the_same_plan_each_time() -> None:
    city = random_city(300, 60, p=6, existing=3, seed=3)
    first, second = both(city), both(city)
    for plan, other in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(plan.gains, other.gains, check_exact=True)
        assert plan.bound == other.bound
