"""Plans under conditions against enumeration, the plain models and properties."""

from __future__ import annotations

from itertools import chain, combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

SMALL = settings(max_examples=25, deadline=None)


class Town:
    """Five homes and five sites at random places on a line."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        homes, sites = rng.integers(0, 20, 5), rng.integers(0, 20, 5)
        names = [f"s{n}" for n in range(5)]
        self.frame = pd.DataFrame(
            np.abs(homes[:, None] - sites[None]).astype(float),
            index=[f"h{n}" for n in range(5)],
            columns=names,
        )
        self.people = pd.Series(rng.integers(1, 10, 5).astype(float), index=self.frame.index)
        self.capacity = pd.Series(rng.integers(3, 15, 5).astype(float), index=names)
        self.price = pd.Series(rng.integers(1, 5, 5).astype(float), index=names)
        self.sites = pd.DataFrame({"standing": [True, *[False] * 4]}, index=names)

    @property
    def cost(self) -> CostMatrix:
        return CostMatrix.from_frame(self.frame, unit="m")

    def served(self, chosen: tuple[str, ...], standard: float) -> float:
        """Most people whom sites can serve within the standard, by SciPy's linear programs."""
        pairs = [
            (home, site) for home, site in product(self.frame.index, chosen)
            if self.frame.loc[home, site] <= standard
        ]  # fmt: skip
        if not pairs:
            return 0.0
        rows = [[float(home == each) for home, _ in pairs] for each in self.frame.index]
        rows += [[self.people[home] * (site == each) for home, site in pairs] for each in chosen]
        limits = [1.0] * 5 + [float(self.capacity[site]) for site in chosen]
        best = linprog([-self.people[home] for home, _ in pairs], A_ub=rows, b_ub=limits)
        return float(-best.fun)

    def choices(self) -> list[tuple[str, ...]]:
        free = list(self.frame.columns[1:])
        sets = chain.from_iterable(combinations(free, n) for n in range(5))
        return [("s0", *chosen) for chosen in sets]


@given(st.integers(0, 10_000), st.integers(0, 9))
@SMALL
def test_capacities_and_a_budget_are_kept_and_used_best(seed: int, budget: int) -> None:
    town = Town(seed)
    sites = town.sites.assign(capacity=town.capacity, price=town.price)
    found = siting.plan_sites(town.cost, town.people, sites, standard=6, budget=budget)
    best = max(
        town.served(chosen, 6)
        for chosen in town.choices()
        if town.price[list(chosen[1:])].sum() <= budget
    )
    assert found.plan.objective == pytest.approx(best, abs=1e-6)
    assert found.price <= budget
    assert (found.load["people"] <= found.load["capacity"] + 1e-6).all()
    assert found.shares["people"].sum() == pytest.approx(best, abs=1e-6)


@given(st.integers(0, 10_000), st.integers(1, 3))
@SMALL
def test_without_conditions_it_is_mclp_and_p_median(seed: int, p: int) -> None:
    town = Town(seed)
    asked = {"p": p, "candidates": town.frame.columns[1:], "existing": town.frame.columns[:1]}
    plain = siting.mclp(town.cost, town.people, standard=6, **asked)
    found = siting.plan_sites(town.cost, town.people, town.sites, standard=6, p=p)
    assert found.plan.objective == pytest.approx(plain.objective)
    median = siting.p_median(town.cost, town.people, **asked)
    found = siting.plan_sites(town.cost, town.people, town.sites, objective="travel", p=p)
    assert found.plan.objective == pytest.approx(median.objective)


@given(st.integers(0, 10_000))
@SMALL
def test_the_cheapest_plan_serves_all(seed: int) -> None:
    town = Town(seed)
    sites = town.sites.assign(capacity=town.capacity, price=town.price)
    total = town.people.sum()
    prices = [
        town.price[list(chosen[1:])].sum()
        for chosen in town.choices()
        if town.served(chosen, 12) >= total - 1e-9
    ]
    asked = {"objective": "price", "standard": 12}
    if not prices:
        with pytest.raises(AnalysisError, match=r"No plan|lie beyond|have room|places are missing"):
            siting.plan_sites(town.cost, town.people, sites, **asked)
        return
    found = siting.plan_sites(town.cost, town.people, sites, **asked)
    assert found.plan.objective == pytest.approx(min(prices))
    assert found.shares.groupby("demand_id")["share"].sum().round(6).eq(1).all()


@given(st.integers(0, 10_000))
@SMALL
def test_closing_and_opening_is_moving(seed: int) -> None:
    """Closing saves money that opens another site elsewhere."""
    town = Town(seed)
    sites = town.sites.assign(closable=True, price=town.price.where(town.price.index != "s0", -3))
    found = siting.plan_sites(town.cost, town.people, sites, standard=6, budget=1)
    kept = siting.plan_sites(
        town.cost, town.people, sites.assign(closable=False), standard=6, budget=1
    )
    assert found.plan.objective >= kept.plan.objective - 1e-9
    assert found.price <= 1
    best = 0.0
    for chosen in town.choices():
        for stay in (True, False):
            open_sites = chosen if stay else chosen[1:]
            price = town.price[list(chosen[1:])].sum() + (0 if stay else -3)
            if price <= 1:
                near = (town.frame[list(open_sites)] <= 6).any(axis=1)
                best = max(best, float(town.people[near].sum()))
    assert found.plan.objective == pytest.approx(best)


def test_one_kind_of_site_at_each_place() -> None:
    frame = pd.DataFrame({"kiosk": [1.0, 1], "office": [1.0, 1]}, index=["a", "b"])
    people = pd.Series([60.0, 50], index=["a", "b"])
    sites = pd.DataFrame(
        {"capacity": [50, 200], "price": [1, 3], "place": ["square", "square"]},
        index=["kiosk", "office"],
    )
    cost = CostMatrix.from_frame(frame, unit="km")
    cheap = siting.plan_sites(cost, people, sites, standard=2, budget=2)
    assert (list(cheap.plan.sites), cheap.plan.objective) == (["kiosk"], 50)
    rich = siting.plan_sites(cost, people, sites, standard=2, budget=9)
    assert (list(rich.plan.sites), rich.plan.objective) == (["office"], 110)
    assert rich.load.loc["office", "used"] == pytest.approx(0.55)


def test_floors_cost_coverage_and_are_kept() -> None:
    frame = pd.DataFrame(
        {"east": [0.0, 9, 9], "west": [9.0, 0, 9], "south": [9.0, 9, 0]}, index=["e", "w", "s"]
    )
    people = pd.Series({"e": 100.0, "w": 80, "s": 10})
    groups = pd.Series({"e": "planned", "w": "planned", "s": "informal"})
    sites = pd.DataFrame(index=frame.columns)
    asked = {"standard": 1, "p": 2, "groups": groups}
    cost = CostMatrix.from_frame(frame, unit="km")
    free = siting.plan_sites(cost, people, sites, **asked)
    fair = siting.plan_sites(cost, people, sites, floors={"informal": 0.5}, **asked)
    assert (free.plan.objective, fair.plan.objective) == (180, 110)  # the price of fairness: 70
    assert fair.groups.loc["informal", "share"] == 1
    fairest = siting.plan_sites(cost, people, sites, objective="fairest", **asked)
    assert set(fairest.plan.sites) == {"east", "south"}
    assert fairest.plan.objective == pytest.approx(100 / 180)
    with pytest.raises(AnalysisError) as caught:
        siting.plan_sites(cost, people, sites, floors=1.0, **asked)
    # Each of the three homes needs its own site; the fairest plan serves 100 of 180 planned.
    told = (
        "One of these changes would do: p = 3 instead of 2, or a floor of 0.555 instead of 1 "
        "('planned' is worst)."
    )
    assert str(caught.value) == f"No plan keeps all conditions together (proven). {told}"


def test_the_least_budget_that_would_do_is_said() -> None:
    frame = pd.DataFrame({"a": [0.0, 9], "b": [9.0, 0]}, index=["x", "y"])
    cost = CostMatrix.from_frame(frame, unit="km")
    people = pd.Series([3.0, 4], index=["x", "y"])
    sites = pd.DataFrame({"price": [2.0, 3.5]}, index=["a", "b"])
    with pytest.raises(AnalysisError, match=r"change would do: a budget of 5.5 instead of 4\."):
        siting.plan_sites(cost, people, sites, objective="price", standard=1, budget=4)


@given(st.integers(0, 5000))
@SMALL
def test_more_capacity_and_more_money_never_serve_fewer(seed: int) -> None:
    town = Town(seed)
    sites = town.sites.assign(capacity=town.capacity, price=town.price)
    asked = {"standard": 6, "budget": 4}
    one = siting.plan_sites(town.cost, town.people, sites, **asked).plan.objective
    more = sites.assign(capacity=town.capacity + 2)
    assert siting.plan_sites(town.cost, town.people, more, **asked).plan.objective >= one - 1e-6
    rich = siting.plan_sites(town.cost, town.people, sites, standard=6, budget=5)
    assert rich.plan.objective >= one - 1e-6


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"objective": "profit"}, "no objective 'profit'. Take one of"),
        ({"standard": None}, "there is none. Give the standard"),
        ({"p": None}, "every site would be opened"),
        ({"p": 9}, "of fewer candidates"),
        ({"floors": 0.5}, "of groups"),
        ({"objective": "fairest"}, "between groups"),
        ({"objective": "price", "standard": 0}, "lie beyond 0 m .* would reach all"),
        ({"p": None, "budget": -np.inf}, "budget must be a number, not -inf"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict[str, object], told: str) -> None:
    town = Town(1)
    town.frame += 0.5
    asked = {"standard": 6, "p": 1} | change
    with pytest.raises(AnalysisError, match=told):
        siting.plan_sites(town.cost, town.people, town.sites, **asked)


def test_too_little_room_is_said_in_people() -> None:
    town = Town(2)
    sites = town.sites.assign(capacity=1.0)
    with pytest.raises(AnalysisError, match=f"{town.people.sum() - 5:g} too many"):
        siting.plan_sites(town.cost, town.people, sites, objective="travel", p=4)


@pytest.mark.parametrize("objective", ["coverage", "price", "fairest"])
def test_a_time_limit_that_strikes_at_once_leaves_the_greedy_plan(objective: str) -> None:
    rng = np.random.default_rng(4)
    homes, sites = rng.random((600, 2)) * 10_000, rng.random((80, 2)) * 10_000
    frame = pd.DataFrame(
        np.hypot(*(homes[:, None] - sites[None]).transpose(2, 0, 1)),
        columns=[f"s{n}" for n in range(80)],
    )
    people = pd.Series(rng.integers(1, 500, 600).astype(float))
    room = pd.DataFrame({"capacity": 20_000.0}, index=frame.columns)
    found = siting.plan_sites(
        CostMatrix.from_frame(frame, unit="m"),
        people,
        room,
        objective=objective,
        standard=3000,
        p=None if objective == "price" else 10,
        groups=pd.Series(np.where(homes[:, 0] < 5000, "west", "east")),
        time_limit=0.01,
    )
    # Greedy on a submodular gain serves 1 - 1/e of what any plan serves (Nemhauser et al. 1978):
    # ten sites of 20,000 have room for all.
    served = found.shares["people"].sum()
    assert served >= (1 - 1 / np.e) * people.sum() * 0.9
    assert (found.load["people"] <= found.load["capacity"] + 1e-6).all()
    assert np.isfinite(found.plan.bound)
    if objective == "coverage":
        assert served <= found.plan.bound <= people.sum()


def gini_of(shares: dict[str, float], people: dict[str, float]) -> float:
    """By its definition: the mean difference between two persons, over twice the mean."""
    names = list(shares)
    total = sum(people.values())
    mean = sum(people[n] * shares[n] for n in names) / total
    apart = sum(
        people[a] * people[b] * abs(shares[a] - shares[b]) for a, b in product(names, names)
    )
    return apart / total**2 / (2 * mean) if mean else 0.0


@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.1, 0.2, 0.3, 0.5]))
@SMALL
def test_a_limit_of_inequality_is_kept_and_costs_no_more_than_it_must(
    seed: int, limit: float
) -> None:
    town = Town(seed)
    groups = pd.Series(["a", "a", "b", "b", "c"], index=town.frame.index)
    totals = town.people.groupby(groups).sum().to_dict()
    best, least = -1.0, 1.0
    for chosen in (each for each in town.choices() if len(each) == 3):
        reached = (town.frame[list(chosen)] <= 3).any(axis=1)
        served = (town.people * reached).groupby(groups).sum()
        shares = {name: served[name] / totals[name] for name in totals}
        least = min(least, gini_of(shares, totals))
        if gini_of(shares, totals) <= limit + 1e-9:
            best = max(best, float(served.sum()))
    asked = {"standard": 3, "p": 2, "groups": groups, "gini": limit}
    if best < 0:
        with pytest.raises(AnalysisError) as caught:
            siting.plan_sites(town.cost, town.people, town.sites, **asked)
        # rounded up to a thousandth
        would_do = float(str(caught.value).split("a Gini limit of ")[1].split(" ")[0])
        assert least - 1e-6 <= would_do <= least + 0.001 + 1e-6
        return
    found = siting.plan_sites(town.cost, town.people, town.sites, **asked)
    assert found.plan.objective == pytest.approx(best)
    assert found.plan.status == "optimal"
    assert gini_of(found.groups["share"].to_dict(), totals) <= limit + 1e-6


@given(st.integers(0, 10_000))
@SMALL
def test_each_home_has_one_site_where_that_is_asked(seed: int) -> None:
    # by enumeration of who goes where
    town = Town(seed)
    sites = town.sites.assign(capacity=town.capacity)
    best = 0.0
    for chosen in (each for each in town.choices() if len(each) == 3):
        for where in product([None, *chosen], repeat=5):
            load = dict.fromkeys(chosen, 0.0)
            goes = [(h, s) for h, s in zip(town.frame.index, where, strict=True) if s]
            if any(town.frame.loc[h, s] > 6 for h, s in goes):
                continue
            for home, site in goes:
                load[site] += town.people[home]
            if all(load[site] <= town.capacity[site] for site in chosen):
                best = max(best, sum(load.values()))
    found = siting.plan_sites(town.cost, town.people, sites, standard=6, p=2, single_source=True)
    assert found.plan.objective == pytest.approx(best)
    assert found.shares["share"].tolist() == pytest.approx([1.0] * len(found.shares))
    assert not found.shares["demand_id"].duplicated().any()


def test_fairest_plan_serves_most_of_the_fairest() -> None:
    # each group is served whole by its own site; the third site serves ten people or two
    frame = pd.DataFrame(
        {"a": [0.0, 9, 9, 9], "b": [9.0, 0, 9, 9], "c": [9.0, 9, 0, 9], "d": [9.0, 9, 9, 0]},
        index=["w", "x", "y", "z"],
    )
    people = pd.Series([100.0, 100, 10, 2], index=frame.index)
    groups = pd.Series(["one", "two", None, None], index=frame.index)
    found = siting.plan_sites(
        CostMatrix.from_frame(frame, unit="m"),
        people,
        pd.DataFrame(index=frame.columns),
        objective="fairest",
        standard=1,
        p=3,
        groups=groups,
    )
    assert set(found.plan.sites) == {"a", "b", "c"}
    assert (found.plan.objective, found.plan.status) == (1.0, "optimal")


def test_cumulative_gains_end_at_the_people_served() -> None:
    town = Town(3)
    found = siting.plan_sites(town.cost, town.people, town.sites, standard=6, p=2)
    assert found.plan.gains["cumulative"].iloc[-1] == pytest.approx(found.plan.objective)


def test_the_greatest_floor_that_would_do_is_said() -> None:
    frame = pd.DataFrame({"a": [0.0, 9, 9], "b": [9.0, 0, 9]}, index=["x", "y", "z"])
    groups = pd.Series(["one", "two", "two"], index=frame.index)
    with pytest.raises(AnalysisError, match=r"a floor of 0.75 instead of 0.9"):
        siting.plan_sites(
            CostMatrix.from_frame(frame, unit="km"),
            pd.Series([5.0, 3, 1], index=frame.index),
            pd.DataFrame(index=frame.columns),
            standard=1,
            p=2,
            groups=groups,
            floors=0.9,
        )


@pytest.mark.parametrize(
    ("columns", "change", "told"),
    [
        ({"closable": "False"}, {}, "must be True or False, .* first 'False'"),
        ({"standing": np.nan}, {}, "must be True or False, .* first nan"),
        ({"price": "dear"}, {}, "'price' must be a number, .* first 'dear': 's0'"),
        ({"capacity": "big"}, {}, "'capacity' must be a number, .* first 'big'"),
        ({}, {"p": float("nan")}, "p must be a whole number"),
        ({}, {"p": 1.5}, "p must be a whole number"),
        ({}, {"budget": float("nan")}, "budget must be a number"),
        ({}, {"gini": 1.5}, "between 0 and 1"),
        ({}, {"gini": 0.5}, "between groups"),
        ({}, {"floors": float("nan"), "groups": "one"}, "share of the people"),
        ({}, {"groups": "twice"}, "table of groups names some demand ids more than once: 'h0'"),
    ],
)
def test_what_is_no_number_or_no_answer_is_refused(
    columns: dict[str, object], change: dict[str, object], told: str
) -> None:
    town = Town(1)
    sites = town.sites.astype(object).assign(**columns)
    asked = {"standard": 6, "p": 1} | change
    if change.get("groups") == "one":
        asked["groups"] = pd.Series("g", index=town.frame.index)
    if change.get("groups") == "twice":
        asked["groups"] = pd.Series("g", index=[*town.frame.index, "h0"])
    with pytest.raises(AnalysisError, match=told):
        siting.plan_sites(town.cost, town.people, sites, **asked)


def test_groups_keep_their_type() -> None:
    town = Town(1)
    groups = pd.Series([1, 1, "1", 2, 2], index=town.frame.index, dtype=object)
    asked = {"standard": 30, "p": 1, "groups": groups, "floors": {2: 0.5, "1": 0.25}}
    found = siting.plan_sites(town.cost, town.people, town.sites, **asked)
    assert found.groups["floor"].to_dict() == {1: 0.0, "1": 0.25, 2: 0.5}
    people = town.people.groupby([f"{each!r}" for each in groups]).sum()
    assert found.groups["people"].rename(repr).to_dict() == people.to_dict()
    with pytest.raises(AnalysisError, match=r"'2'\. The types differ: '2' \(str\) is no 2 \(int\)"):
        siting.plan_sites(town.cost, town.people, town.sites, **asked | {"floors": {"2": 0.5}})


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_size_of_people_and_prices_changes_no_plan(size: float) -> None:
    town = Town(12)
    sites = town.sites.assign(capacity=town.capacity, price=town.price)
    plain = siting.plan_sites(town.cost, town.people, sites, standard=6, budget=4)
    sized = sites.assign(capacity=town.capacity * size, price=town.price * size)
    asked = {"standard": 6, "budget": 4 * size}
    found = siting.plan_sites(town.cost, town.people * size, sized, **asked)
    assert found.plan.objective == pytest.approx(size * plain.plan.objective, rel=1e-6)
    assert found.price <= 4 * size * (1 + 1e-9)
