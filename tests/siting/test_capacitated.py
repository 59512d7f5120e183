"""``capacity=`` of the classic models, against enumeration and their forms without it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

HOMES, SITES = 6, 5
STANDARD = 6.0
Instance = tuple[pd.DataFrame, pd.Series, pd.Series]


def instance(seed: int) -> Instance:
    """A table of ways, people, and capacities that bind but leave room for all."""
    rng = np.random.default_rng(seed)
    homes, sites = [f"h{at}" for at in range(HOMES)], [f"s{at}" for at in range(SITES)]
    km = pd.DataFrame(rng.integers(1, 11, (HOMES, SITES)).astype(float), homes, sites)
    people = pd.Series(rng.integers(1, 20, HOMES).astype(float), homes)
    capacity = pd.Series(rng.integers(10, 40, SITES).astype(float), sites)
    return km, people, capacity


def served(given: Instance, opened: tuple[str, ...], standard: float) -> tuple[float, float | None]:
    """Most people that open sites can serve, and the least person-cost to serve all."""
    km, people, capacity = given
    cost = km[list(opened)].to_numpy()
    n = len(opened)
    limits = np.vstack([np.repeat(np.eye(HOMES), n, axis=1), np.tile(np.eye(n), HOMES)])
    room = np.concatenate([people, capacity[list(opened)]])
    bounds = [(0, None if way <= standard else 0) for way in cost.ravel()]
    most = linprog(-np.ones(HOMES * n), A_ub=limits, b_ub=room, bounds=bounds)
    least = linprog(
        cost.ravel(), A_ub=limits[HOMES:], b_ub=room[HOMES:], A_eq=limits[:HOMES],
        b_eq=people, bounds=bounds,
    )  # fmt: skip
    return -float(most.fun or 0.0), float(least.fun or 0.0) if least.status == 0 else None


def plans(p: int) -> list[tuple[str, ...]]:
    """Choices of so many sites beside the one that stands."""
    return [("s0", *new) for new in itertools.combinations([f"s{at}" for at in range(1, SITES)], p)]


@pytest.mark.parametrize("seed", range(8))
def test_capacitated_models_equal_enumeration(seed: int) -> None:
    given = km, people, capacity = instance(seed)
    cost = CostMatrix.from_frame(km, unit="km")
    asked: dict[str, Any] = {
        "candidates": km.columns[1:],
        "existing": km.columns[:1],
        "capacity": capacity,
    }
    covering = siting.mclp(cost, people, standard=STANDARD, p=2, **asked)
    assert covering.objective == pytest.approx(
        max(served(given, each, STANDARD)[0] for each in plans(2))
    )
    ways = [served(given, each, math.inf)[1] for each in plans(2)]
    least = min((way for way in ways if way is not None), default=None)
    if least is None:
        with pytest.raises(AnalysisError):
            siting.p_median(cost, people, p=2, **asked)
    else:
        median = siting.p_median(cost, people, p=2, **asked)
        assert median.objective == pytest.approx(least)
    enough = [
        p for p in range(SITES) if any(served(given, e, STANDARD)[1] is not None for e in plans(p))
    ]
    fewest = min(enough, default=None)
    if fewest is None:
        with pytest.raises(AnalysisError):
            siting.lscp(cost, people, standard=STANDARD, **asked)
    else:
        assert siting.lscp(cost, people, standard=STANDARD, **asked).objective == fewest


@pytest.mark.parametrize("seed", range(4))
def test_room_for_any_number_is_the_model_without_capacities(seed: int) -> None:
    km, people, _ = instance(seed)
    cost = CostMatrix.from_frame(km, unit="km")
    asked: dict[str, Any] = {"candidates": km.columns[1:], "existing": km.columns[:1]}
    room = pd.Series(math.inf, km.columns)
    models: list[tuple[Callable[..., siting.SitingPlan], dict[str, Any]]] = [
        (siting.mclp, {"standard": STANDARD, "p": 2}),
        (siting.p_median, {"p": 2}),
        (siting.lscp, {"standard": 10.0}),
    ]
    for model, more in models:
        plain = model(cost, people, **asked, **more)
        roomy = model(cost, people, **asked, **more, capacity=room)
        assert roomy.objective == pytest.approx(plain.objective)
        assert (roomy.model, roomy.status) == (plain.model, "optimal")
        assert list(roomy.existing) == ["s0"]


def test_capacities_are_aligned_by_id() -> None:
    km, people, capacity = instance(3)
    cost = CostMatrix.from_frame(km, unit="km")
    asked: dict[str, Any] = {"candidates": km.columns, "standard": STANDARD, "p": 2}
    plan = siting.mclp(cost, people, capacity=capacity, **asked)
    shuffled = siting.mclp(cost, people[::-1], capacity=capacity[::-1], **asked)
    assert (list(shuffled.sites), shuffled.objective) == (list(plan.sites), plan.objective)


@pytest.mark.parametrize("value", [math.nan, -1.0, None])
def test_a_site_without_a_capacity_is_named(value: float | None) -> None:
    km, people, capacity = instance(0)
    wrong = capacity.drop("s2") if value is None else capacity.where(capacity.index != "s2", value)
    with pytest.raises(
        AnalysisError, match=r"1 of the 5 sites is missing, negative or no number: 's2'"
    ):
        siting.mclp(
            CostMatrix.from_frame(km, unit="km"),
            people,
            standard=STANDARD,
            p=1,
            candidates=km.columns,
            capacity=wrong,
        )


def test_people_whom_no_site_reaches_are_left_out_and_named() -> None:
    km, people, capacity = instance(1)
    km.loc["h0"] = np.nan
    cost = CostMatrix.from_frame(km, unit="km")
    room = capacity * 10
    median = siting.p_median(cost, people, p=2, candidates=km.columns, capacity=room)
    assert list(median.unreachable) == ["h0"]
    asked: dict[str, Any] = {"standard": 10.0, "candidates": km.columns, "capacity": room}
    with pytest.raises(AnalysisError, match="h0"):
        siting.lscp(cost, people, **asked)
    assert list(siting.lscp(cost, people, cover="reachable", **asked).unreachable) == ["h0"]
