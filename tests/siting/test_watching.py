"""Progress: whoever watches sees the gap shrink, and changes nothing by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ecity_geo import siting
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting import SitingPlan, SitingProgress

LESS = {"p_median", "p_center", "lscp"}
"""Models whose objective is made small."""


@pytest.fixture(scope="module")
def town() -> tuple[CostMatrix, pd.Series]:
    rng = np.random.default_rng(5)
    homes, sites = rng.random((300, 2)), rng.random((60, 2))
    km = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))
    ids = [f"h{number}" for number in range(300)]
    table = pd.DataFrame(km, index=ids, columns=[f"s{number}" for number in range(60)])
    people = pd.Series(rng.integers(1, 100, 300).astype(float), index=ids)
    return CostMatrix.from_frame(table, unit="km"), people


def model(name: str, cost: CostMatrix, people: pd.Series) -> SitingPlan:
    given = {"candidates": cost.facility_ids}
    asked: dict[str, Callable[[], SitingPlan]] = {
        "mclp": lambda: siting.mclp(cost, people, standard=0.12, p=6, **given),
        "p_median": lambda: siting.p_median(cost, people, p=6, **given),
        "p_center": lambda: siting.p_center(cost, people, p=6, **given),
        "lscp": lambda: siting.lscp(cost, people, standard=0.2, cover="reachable", **given),
        "backup_coverage": lambda: siting.backup_coverage(
            cost, people, standard=0.12, p=6, **given
        ),
        "gradual_coverage": lambda: siting.gradual_coverage(
            cost, people, decay=lambda way: np.exp(-5 * way), p=6, **given
        ),
    }
    return asked[name]()


MODELS = ("mclp", "p_median", "p_center", "lscp", "backup_coverage", "gradual_coverage")


@pytest.mark.parametrize("name", MODELS)
def test_what_is_told_encloses_the_optimum_and_ends_at_the_plan(
    name: str, town: tuple[CostMatrix, pd.Series]
) -> None:
    told: list[SitingProgress] = []
    with siting.watch(told.append, every=0.0):
        plan = model(name, *town)
    assert plan.status == "optimal"
    assert {each.model for each in told} == {name}
    sign = 1.0 if name in LESS else -1.0
    costs = np.array([sign * each.objective for each in told])
    bounds = np.array([sign * each.bound for each in told])
    slack = 1e-6 * abs(plan.objective)
    assert (costs >= sign * plan.objective - slack).all()
    assert (bounds <= sign * plan.objective + slack).all()
    assert (np.diff(costs) <= slack).all()
    assert (np.diff(bounds[np.isfinite(bounds)]) >= -slack).all()
    last = told[-1]
    assert (last.objective, last.bound, last.gap) == (plan.objective, plan.bound, plan.gap)


@pytest.mark.parametrize("name", MODELS)
def test_a_plan_is_the_same_whether_anybody_watches(
    name: str, town: tuple[CostMatrix, pd.Series]
) -> None:
    alone = model(name, *town)
    with siting.watch(lambda progress: None, every=0.0):
        watched = model(name, *town)
    assert list(watched.sites) == list(alone.sites)
    assert (watched.objective, watched.bound) == (alone.objective, alone.bound)
    assert (watched.status, watched.ties) == (alone.status, alone.ties)


def test_a_watcher_is_told_no_more_often_than_it_asks(town: tuple[CostMatrix, pd.Series]) -> None:
    told: list[SitingProgress] = []
    with siting.watch(told.append, every=1e9):
        model("mclp", *town)
    assert len(told) == 2  # the first plan, and the last


def test_nobody_is_told_after_the_block(town: tuple[CostMatrix, pd.Series]) -> None:
    told: list[SitingProgress] = []
    with siting.watch(told.append):
        pass
    model("mclp", *town)
    assert told == []


@pytest.mark.parametrize("name", ["mclp", "backup_coverage"])
def test_an_error_of_the_watcher_reaches_the_caller(
    name: str, town: tuple[CostMatrix, pd.Series]
) -> None:
    def stop(progress: SitingProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), siting.watch(stop):
        model(name, *town)


def test_conditions_are_watched_too(town: tuple[CostMatrix, pd.Series]) -> None:
    cost, people = town
    sites = pd.DataFrame({"capacity": people.sum() / 5}, index=cost.facility_ids)
    told: list[SitingProgress] = []
    with siting.watch(told.append, every=0.0):
        plan = siting.plan_sites(cost, people, sites, standard=0.12, p=6).plan
    assert {each.model for each in told} == {plan.model}
    assert (told[-1].objective, told[-1].bound) == (plan.objective, plan.bound)


def test_nobody_is_told_of_the_price_that_a_plan_of_coverage_is_held_to(
    town: tuple[CostMatrix, pd.Series],
) -> None:
    cost, people = town
    sites = pd.DataFrame(index=cost.facility_ids)
    told: list[SitingProgress] = []
    with siting.watch(told.append, every=0.0):
        siting.plan_sites(cost, people, sites, standard=0.12, budget=6)
    assert {each.model for each in told} == {"conditioned_coverage"}
