"""Annealed and merged covering plans, and the prices of the linear relaxation."""

from __future__ import annotations

import importlib
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from ecity_geo import siting
from ecity_geo.siting import anneal, search
from ecity_geo.siting.covering import covering_instance
from ecity_geo.siting.exchange import greedy
from ecity_geo.siting.incumbent import Incumbent
from ecity_geo.siting.instance import Instance

from .conftest import City, cities, random_city

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)


def cover(city: City, standard: float) -> Instance:
    row, column = np.nonzero(city.frame.to_numpy() <= standard)
    people = city.population.to_numpy(dtype=float)
    count = city.frame.shape[1]
    return covering_instance(row, column, people, n_columns=count, p=city.p, scale=people.sum())


def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anneal a few thousand moves, so that it ends far from the best plan."""
    monkeypatch.setattr(anneal, "WORK", 0)
    monkeypatch.setattr(anneal, "FEWEST_MOVES", 2_000)


def annealed(instance: Instance) -> Incumbent:
    best = Incumbent(instance, greedy(instance), deadline=time.monotonic() + 60)
    assert anneal.anneal(best, np.arange(instance.n_columns), effort=anneal.EARLY)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_annealed_plan_is_as_good_as_the_best_of_all(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # by enumeration of the 4,845 plans
    brief(monkeypatch)
    instance = cover(random_city(200, 20, p=4, seed=seed), 2500)
    best = min(instance.objective(np.array(c)) for c in combinations(range(20), 4))
    assert annealed(instance).cost == pytest.approx(best)


def test_annealing_never_loses_people_and_is_repeatable(monkeypatch: pytest.MonkeyPatch) -> None:
    brief(monkeypatch)
    instance = cover(random_city(1500, 150, p=25, seed=3, clusters=12), 900)
    before = Incumbent(instance, greedy(instance), deadline=time.monotonic() + 60)
    one, other = annealed(instance), annealed(instance)
    assert one.cost < before.cost
    assert one.cost == instance.objective(one.chosen)
    assert (one.chosen == other.chosen).all()


def test_merged_plan_is_the_best_from_the_sites_of_both() -> None:
    # by enumeration of the 8 sites that two disjoint plans of 4 have
    instance = cover(random_city(300, 20, p=4, seed=7), 2500)
    plans = [np.arange(0, 8, 2), np.arange(1, 9, 2)]
    found = anneal._merged(instance, plans, deadline=time.monotonic() + 60)
    best = min(instance.objective(np.array(c)) for c in combinations(range(8), 4))
    assert instance.objective(found) == pytest.approx(best)


def test_a_late_merge_is_the_better_of_both() -> None:
    instance = cover(random_city(300, 20, p=4, seed=7), 2500)
    plans = [np.arange(4), np.arange(4, 8)]
    found = anneal._merged(instance, plans, deadline=time.monotonic() - 1)
    assert instance.objective(found) <= min(map(instance.objective, plans))


@EXAMPLES
@given(city=cities())
def test_search_of_wide_cores_equals_enumeration(city: City) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        brief(monkeypatch)
        monkeypatch.setattr(search, "ROUNDS", 0)
        monkeypatch.setattr(search, "LARGE_PAIRS", 0)
        plan = siting.mclp(city.cost, city.population, standard=3.0, p=city.p, **city.sites)
    assert plan.objective == pytest.approx(max(city.covered(s, 3.0) for s in city.choices()))
    assert plan.status == "optimal"


def test_without_a_compiler_wide_cores_are_shaken(monkeypatch: pytest.MonkeyPatch) -> None:
    city = random_city(300, 30, p=5, seed=2)
    question = {"standard": 1500, "p": 5, **city.sites}
    expected = siting.mclp(city.cost, city.population, **question)

    def no_numba(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(search, "ROUNDS", 0)
    monkeypatch.setattr(search, "LARGE_PAIRS", 0)
    monkeypatch.setattr(importlib, "import_module", no_numba)
    plan = siting.mclp(city.cost, city.population, **question)
    assert plan.objective == expected.objective
    assert plan.status == "optimal"


@pytest.mark.parametrize("seed", range(3))
def test_prices_of_the_relaxation_bound_as_well_as_it_does(seed: int) -> None:
    # peer: the linear program of MCLP (Church & ReVelle 1974), solved by scipy
    instance = cover(random_city(600, 100, p=12, seed=seed), 1500)
    rows, columns = instance.n_rows, instance.n_columns
    covers = csr_array(
        (-np.ones(len(instance.row)), (instance.row, instance.column)), shape=(rows, columns)
    )
    uncovered = -eye_array(rows)
    pick = np.concatenate([np.ones(columns), np.zeros(rows)])[None]
    peer = linprog(
        np.concatenate([np.zeros(columns), instance.base]),
        A_ub=hstack([covers, uncovered]),
        b_ub=-np.ones(rows),
        A_eq=pick,
        b_eq=[instance.p],
        bounds=(0, 1),
    )
    hunt = search.Search(instance, greedy(instance), time_limit=60)
    hunt._price()
    assert hunt.bound < hunt.best.cost - instance.tolerance
    assert hunt.bound == pytest.approx(instance.offset + peer.fun, rel=1e-5)
