"""Bounds, reductions and each exact way on its own, and what a time limit leaves."""

from __future__ import annotations

import subprocess
import sys
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.siting import branch, incumbent, search
from ecity_geo.siting import instance as instances
from ecity_geo.siting.chains import chains, program, solution
from ecity_geo.siting.covering import covering_instance, undominated
from ecity_geo.siting.exchange import exchange_changes, greedy, interchange, two_nearest
from ecity_geo.siting.instance import Instance, Integers, build
from ecity_geo.siting.lagrange import Relaxation
from ecity_geo.siting.reduce import tighten, whole_core

from .conftest import City, cities, city_from, random_city

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def travel_instance(city: City) -> Instance:
    costs = city.frame.to_numpy()
    row, column = np.nonzero(np.isfinite(costs))
    return build(
        row,
        column,
        costs[row, column] * city.population.to_numpy()[row],
        np.full(len(costs), np.inf),
        n_columns=costs.shape[1],
        p=city.p,
        scale=1.0,
    )


def best_cost(instance: Instance) -> float:
    choices = combinations(range(instance.n_columns), instance.p)
    return min(instance.objective(np.array(choice)) for choice in choices)


def without_heuristics(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_it_is(instance: Instance, chosen: Integers, **_: float) -> tuple[Integers, float]:
        return np.sort(chosen), instance.objective(chosen)

    monkeypatch.setattr(search, "ROUNDS", 0)
    monkeypatch.setattr(incumbent, "SHAKES", 0)
    monkeypatch.setattr(incumbent, "interchange", as_it_is)


@EXAMPLES
@given(city=cities())
def test_highs_alone_equals_enumeration(city: City) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        without_heuristics(monkeypatch)
        monkeypatch.setattr(search, "SMALL_PAIRS", 10**9)
        check_both_models(city)


@EXAMPLES
@given(city=cities())
def test_branching_alone_equals_enumeration(city: City) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        without_heuristics(monkeypatch)
        monkeypatch.setattr(search, "SMALL_PAIRS", -1)
        monkeypatch.setattr(search, "LARGE_PAIRS", -1)
        monkeypatch.setattr(branch, "ITERATIONS", 3)
        monkeypatch.setattr(branch, "OPEN_PAIRS", 20)
        check_both_models(city)


def check_both_models(city: City) -> None:
    plan = siting.mclp(city.cost, city.population, standard=3.0, p=city.p, **city.sites)
    assert plan.objective == pytest.approx(max(city.covered(s, 3.0) for s in city.choices()))
    assert plan.status == "optimal"
    best = min(city.person_cost(s) for s in city.choices())
    if np.isfinite(best):
        plan = siting.p_median(city.cost, city.population, p=city.p, **city.sites)
        assert plan.objective == pytest.approx(best)
        assert plan.status == "optimal"


def test_plan_that_is_one_person_short_is_not_called_optimal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # greedy takes site 0 (3 + 3) and site 1 (2), and leaves one person; sites 1 and 2 take all
    without_heuristics(monkeypatch)
    city = city_from([[1, 1, 9], [1, 9, 1], [9, 1, 9], [9, 9, 1]], [3, 3, 2, 1], existing=0, p=2)
    plan = siting.mclp(city.cost, city.population, standard=1, p=2, **city.sites)
    assert plan.objective == 9


@EXAMPLES
@given(city=cities(missing=False))
def test_lagrangian_bound_is_never_above_the_optimum(city: City) -> None:
    instance = travel_instance(city)
    optimum = best_cost(instance)
    start = np.where(np.isfinite(instance.base), instance.base, 5.0)
    ascent = Relaxation(instance).ascend(start, optimum + 1, iterations=50, patience=5)
    assert ascent.best.bound <= optimum + 1e-9
    assert ((ascent.share >= 0) & (ascent.share <= 1)).all()


@EXAMPLES
@given(city=cities(missing=False))
def test_reduction_keeps_every_better_plan(city: City) -> None:
    instance = travel_instance(city)
    optimum = best_cost(instance)
    prices = Relaxation(instance).evaluate(np.full(instance.n_rows, 4.0))
    core = tighten(whole_core(instance), prices, optimum + 3.0)
    # with a plan 3 above the optimum known, the optimum must still be there
    inner = core.instance
    choices = combinations(range(inner.n_columns), inner.p)
    best = min(inner.objective(np.array(choice, dtype=int)) for choice in choices)
    assert best == pytest.approx(optimum)


@EXAMPLES
@given(city=cities(), base=st.sampled_from([0.0, 500.0, 9000.0, np.inf]), cells=st.integers(0, 1))
def test_the_two_nearest_are_those_of_the_whole_table(city: City, base: float, cells: int) -> None:
    whole = travel_instance(city)
    pays = np.full(whole.n_rows, base)
    pairs = (whole.row, whole.column, whole.cost, pays)
    instance = build(*pairs, n_columns=whole.n_columns, p=city.p, scale=1.0)
    people = city.population.to_numpy()[:, None]
    chosen = np.arange(whole.n_columns)[-city.p :]
    costs = np.where(np.isfinite(city.frame), city.frame.to_numpy() * people, np.inf)[:, chosen]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "TABLE_CELLS", cells * 1_000)  # by ranks, or by pairs
        nearest, first, second = two_nearest(instance, chosen)
        pay = instance.pay(chosen)
    sites = np.sort(np.column_stack([costs, pays, pays]), axis=1)
    assert pay.tolist() == np.minimum(pays, costs.min(axis=1)).tolist()
    assert first.tolist() == instance.priced(sites[:, 0]).tolist()
    assert second.tolist() == instance.priced(np.minimum(sites[:, 1], pays)).tolist()
    served = costs.min(axis=1) < pays
    assert ((nearest >= 0) == served).all()
    assert nearest[served].tolist() == costs[served].argmin(axis=1).tolist()


@EXAMPLES
@given(city=cities(missing=False))
def test_exchange_changes_equal_the_difference_of_costs(city: City) -> None:
    instance = travel_instance(city)
    chosen = greedy(instance)
    change = exchange_changes(instance, chosen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "TABLE_CELLS", 0)
        by_pairs = exchange_changes(travel_instance(city), chosen)
    assert change == pytest.approx(by_pairs)
    for leaving in range(len(chosen)):
        for coming in np.setdiff1d(np.arange(instance.n_columns), chosen):
            trial = np.append(np.delete(chosen, leaving), coming)
            difference = instance.objective(trial) - instance.objective(chosen)
            assert change[leaving, coming] == pytest.approx(difference, abs=1e-9)


@EXAMPLES
@given(city=cities(missing=False))
def test_chains_cost_what_the_instance_costs(city: City) -> None:
    instance = travel_instance(city)
    chosen, cost = interchange(instance, greedy(instance))
    sets = chains(instance)
    x = solution(sets, instance, chosen)
    written = program(sets, instance, factor=1.0)
    assert sets.floor + written.cost @ x == pytest.approx(cost)
    assert (written.rows @ x >= written.lower - 1e-9).all()
    assert (x <= written.limit).all()


def test_rows_with_the_same_cover_become_one() -> None:
    row, column = np.array([0, 0, 1, 1, 2]), np.array([1, 0, 0, 1, 1])
    instance = covering_instance(
        row, column, np.array([2.0, 3.0, 4.0, 9.0]), n_columns=3, p=1, scale=1.0
    )
    assert sorted(instance.base) == [4.0, 5.0]


def test_dominated_columns_are_left_out_and_the_first_of_equals_stays() -> None:
    row = np.array([0, 0, 0, 1, 1])
    column = np.array([0, 1, 2, 1, 2])
    instance = covering_instance(row, column, np.array([1.0, 1.0]), n_columns=4, p=1, scale=1.0)
    assert undominated(instance).tolist() == [False, True, False, False]


@pytest.mark.parametrize("model", ["mclp", "p_median"])
def test_time_limit_returns_a_plan_with_a_proven_bound(model: str) -> None:
    # nearly full coverage without a plan for all is the hardest covering there is
    city = random_city(1500, 250, p=20)
    began = time.monotonic()
    if model == "mclp":
        plan = siting.mclp(
            city.cost, city.population, standard=1500, p=20, time_limit=0.4, **city.sites
        )
    else:
        plan = siting.p_median(city.cost, city.population, p=20, time_limit=0.02, **city.sites)
    assert time.monotonic() - began < 5
    assert plan.status == "time_limit"
    assert len(plan.sites) == 20
    better = plan.bound > plan.objective if model == "mclp" else plan.bound < plan.objective
    assert better
    assert plan.gap == pytest.approx(abs(plan.bound - plan.objective) / plan.objective)
    assert plan.gap > 1e-9


def test_solver_is_imported_only_when_it_solves() -> None:
    code = "import sys, ecity_geo.siting; sys.exit('highspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_many_clusters_that_must_be_reached_need_as_many_sites() -> None:
    # ten groups of homes, each reached by its own two candidates only
    group = np.repeat(np.arange(10), 5)
    costs = np.where(group[:, None] == np.repeat(np.arange(10), 2), 1.0, np.nan)
    city = random_city(50, 20, p=10, seed=1)
    frame = city.frame.where(np.isfinite(costs))
    city = City(
        frame=frame,
        population=city.population,
        candidates=city.candidates,
        existing=city.existing,
        p=10,
    )
    plan = siting.p_median(city.cost, city.population, p=10, **city.sites)
    nearest = frame.min(axis=1)
    assert plan.objective <= (city.population * frame.max(axis=1)).sum()
    assert plan.objective >= (city.population * nearest).sum()
    with pytest.raises(AnalysisError, match="p = 10 would reach all"):
        siting.p_median(city.cost, city.population, p=9, **city.sites)
