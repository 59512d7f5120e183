"""Large plans that serve everybody, made small: against enumeration and SciPy's transport."""

from __future__ import annotations

import math
import time
from itertools import chain, combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ecity_geo import siting
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting import deciding, serving
from ecity_geo.siting.knapsacks import Knapsacks
from ecity_geo.siting.program import PRICE, TRAVEL, Model, Sites

SMALL = settings(max_examples=40, deadline=None)


class Quarter:
    """Four homes and four or five sites, some standing, of different price, room and place."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.homes, self.sites = 4, int(rng.integers(4, 6))
        self.cost = rng.integers(0, 20, (self.homes, self.sites)).astype(float)
        self.people = rng.integers(1, 10, self.homes).astype(float)
        self.standing = rng.random(self.sites) < 0.3
        self.closable = self.standing & (rng.random(self.sites) < 0.5)
        self.price = rng.integers(0, 6, self.sites).astype(float)
        self.price[self.standing & ~self.closable] = 0.0
        self.price[self.closable & (rng.random(self.sites) < 0.5)] *= -1
        self.room = rng.integers(0, int(self.people.sum()) + 3, self.sites).astype(float)
        self.place = rng.integers(0, 2 * self.sites, self.sites)
        self.p = None if rng.random() < 0.5 else int(rng.integers(0, self.sites))
        self.budget = math.inf if rng.random() < 0.5 else float(rng.integers(0, 12))

    def model(self, objective: str, *, single: bool) -> Model:
        row, column = np.indices(self.cost.shape)
        return Model(
            row=row.ravel(),
            column=column.ravel(),
            cost=self.cost.ravel(),
            people=self.people,
            sites=Sites(
                standing=self.standing,
                closable=self.closable,
                price=self.price,
                capacity=self.room,
                place=self.place,
            ),
            objective=objective,
            p=self.p,
            budget=self.budget,
            group=np.full(self.homes, -1),
            floor=np.zeros(0),
            served=True,
            single=single,
        )

    def choices(self) -> list[tuple[tuple[int, ...], float]]:
        """Sets of open sites that are permitted, with what opening and closing costs."""
        every = range(self.sites)
        found = []
        for chosen in chain.from_iterable(combinations(every, n) for n in range(self.sites + 1)):
            is_open = np.isin(every, chosen)
            kept = not (self.standing & ~self.closable & ~is_open).any()
            new = int((is_open & ~self.standing).sum())
            apart = len({self.place[site] for site in chosen}) == len(chosen)
            paid = float(self.price[is_open & ~self.standing].sum())
            paid += float(self.price[~is_open & self.standing].sum())
            if kept and apart and paid <= self.budget and self.p in (None, new):
                found.append((chosen, paid))
        return found

    def travel(self, chosen: tuple[int, ...], *, single: bool) -> float:
        """Least person-cost from these sites; infinite where they have no room for all."""
        if not chosen:
            return math.inf
        return self._whole(chosen) if single else self._split(chosen)

    def _whole(self, chosen: tuple[int, ...]) -> float:
        best = math.inf
        for sites in product(chosen, repeat=self.homes):
            load = np.bincount(sites, self.people, self.sites)
            if (load <= self.room).all():
                best = min(best, float(self.people @ self.cost[np.arange(self.homes), sites]))
        return best

    def _split(self, chosen: tuple[int, ...]) -> float:
        n = len(chosen)
        once = np.kron(np.eye(self.homes), np.ones(n))
        load = np.kron(self.people, np.eye(n))
        weighed = (self.people[:, None] * self.cost[:, list(chosen)]).ravel()
        answer = linprog(
            weighed, A_ub=load, b_ub=self.room[list(chosen)], A_eq=once, b_eq=np.ones(self.homes)
        )
        return float(answer.fun) if answer.status == 0 else math.inf

    def best(self, objective: str, *, single: bool) -> float:
        values = [math.inf]
        for chosen, paid in self.choices():
            way = self.travel(chosen, single=single)
            values.append(way if objective == TRAVEL else paid if math.isfinite(way) else way)
        return min(values)

    def given(self, objective: str) -> float:
        """What the program leaves out of its cost: closing all that may be closed."""
        return float(self.price[self.closable].sum()) if objective == PRICE else 0.0


@pytest.mark.parametrize("objective", [TRAVEL, PRICE])
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("nearest", [1, 10])
@given(seed=st.integers(0, 10_000))
@SMALL
def test_a_plan_in_parts_is_as_good_as_the_best_of_all_choices(
    objective: str, single: bool, nearest: int, seed: int
) -> None:
    """Enumeration of sites and of assignments, and SciPy's transport where rows may be split."""
    quarter = Quarter(seed)
    model = quarter.model(objective, single=single)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "_NEAREST", nearest)
        answer = serving.serve_all(model, deadline=time.monotonic() + 20)
    best = quarter.best(objective, single=single)
    assert answer.solved
    assert answer.bound + quarter.given(objective) == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert (answer.x is None) == math.isinf(best)


@pytest.mark.parametrize("objective", [TRAVEL, PRICE])
@given(seed=st.integers(0, 10_000), level=st.floats(0.0, 30.0))
@SMALL
def test_no_prices_prove_more_than_the_best_plan_costs(
    objective: str, seed: int, level: float
) -> None:
    """Weak duality: any prices of the rows bound the best of all choices from below."""
    quarter = Quarter(seed)
    best = quarter.best(objective, single=False) - quarter.given(objective)
    u = np.random.default_rng(seed).random(quarter.homes) * level
    relaxed = Knapsacks(quarter.model(objective, single=False)).evaluate(u)
    assert relaxed.bound <= best + 1e-6


@given(seed=st.integers(0, 10_000))
@SMALL
def test_a_site_that_is_regretted_is_in_no_better_plan(seed: int) -> None:
    """By enumeration: no permitted choice with the site costs less than bound and regret."""
    quarter = Quarter(seed)
    model = quarter.model(TRAVEL, single=False)
    relaxation = Knapsacks(model)
    prices, _ = relaxation.ascend(
        np.full(quarter.homes, 5.0), math.inf, iterations=60, deadline=math.inf
    )
    for chosen, _ in quarter.choices():
        value = quarter.travel(chosen, single=False)
        assert value >= prices.bound + prices.regret[list(chosen)].max(initial=0.0) - 1e-6


def test_large_plans_with_room_for_few_are_near_what_is_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same city as one program (HiGHS alone, small enough to prove) and in parts."""
    rng = np.random.default_rng(3)
    homes, sites = rng.uniform(0, 5_000, (80, 2)), rng.uniform(0, 5_000, (40, 2))
    way = np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1))
    frame = pd.DataFrame(way, [f"h{n}" for n in range(80)], [f"s{n}" for n in range(40)])
    people = pd.Series(rng.integers(1, 100, 80).astype(float), index=frame.index)
    table = pd.DataFrame({"capacity": people.sum() / 5}, index=frame.columns)
    cost = CostMatrix.from_frame(frame, unit="m")
    values = []
    for large in (0, 10**9):
        monkeypatch.setattr(deciding, "LARGE", large)
        plan = siting.plan_sites(cost, people, table, objective=TRAVEL, p=6, time_limit=60).plan
        assert plan.status == "optimal"
        values.append(plan.objective)
    assert values[0] == pytest.approx(values[1], rel=1e-7)
