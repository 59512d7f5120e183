"""Plans under conditions: marked prices and ways, useless sites, moves, gains, and why not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import enough

SMALL = settings(max_examples=25, deadline=None)


def matrix(frame: pd.DataFrame) -> CostMatrix:
    return CostMatrix.from_frame(frame, unit="km")


class Village:
    """Seven homes and six sites, two of which may stand and be closed; some prices are marked."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        names = [f"s{n}" for n in range(6)]
        homes = [f"h{n}" for n in range(7)]
        away = np.round(rng.random((7, 6)) * 20, 1)
        self.mark = 10.0 ** rng.integers(5, 13)
        away[rng.random(away.shape) < 0.25] = self.mark
        self.frame = pd.DataFrame(away, index=homes, columns=names)
        self.people = pd.Series(rng.integers(1, 9, 7).astype(float), index=homes)
        standing = np.arange(6) < rng.integers(0, 3)
        price = rng.integers(1, 6, 6).astype(float)
        price[~standing & (rng.random(6) < 0.3)] = self.mark
        price[standing] = -rng.integers(0, 4, int(standing.sum())).astype(float)
        self.sites = pd.DataFrame(
            {"standing": standing, "closable": standing, "price": price}, index=names
        )

    def choices(self) -> list[tuple[list[str], float]]:
        """Each set of open sites and its price."""
        found = []
        standing, price = self.sites["standing"].to_numpy(), self.sites["price"].to_numpy()
        for bits in product([False, True], repeat=6):
            opened = np.array(bits)
            paid = price[opened & ~standing].sum() + price[~opened & standing].sum()
            found.append(([*self.sites.index[opened]], float(paid)))
        return found

    def covered(self, opened: list[str], standard: float) -> float:
        return float(self.people[(self.frame[opened] <= standard).any(axis=1)].sum())


@given(st.integers(0, 10_000), st.integers(0, 9), st.sampled_from([5.0, 9.0]))
@SMALL
def test_marked_prices_useless_sites_and_moves_against_enumeration(
    seed: int, budget: int, standard: float
) -> None:
    village = Village(seed)
    found = siting.plan_sites(
        matrix(village.frame), village.people, village.sites, standard=standard, budget=budget
    )
    payable = [
        (village.covered(o, standard), -paid) for o, paid in village.choices() if paid <= budget
    ]
    most, cheapest = max(payable)
    assert (found.plan.objective, found.plan.status) == (most, "optimal")
    assert found.price == -cheapest <= budget
    assert found.plan.gains["added"].gt(0).all()


@given(st.integers(0, 10_000), st.integers(1, 3))
@SMALL
def test_marked_ways_never_make_travel_worse_than_p_median(seed: int, p: int) -> None:
    village = Village(seed)
    names = village.frame.columns
    cost, people = matrix(village.frame), village.people
    found = siting.plan_sites(cost, people, pd.DataFrame(index=names), objective="travel", p=p)
    plain = siting.p_median(cost, people, p=p, candidates=names)
    assert found.plan.objective == pytest.approx(plain.objective)


@given(st.integers(0, 10_000))
@SMALL
def test_a_large_home_beside_small_capacities_is_served_no_more_than_there_is_room(
    seed: int,
) -> None:
    village = Village(seed)
    people = village.people.copy()
    people.iloc[0] = 10.0 ** (seed % 5 + 5)
    room = pd.DataFrame({"capacity": 5.0}, index=village.frame.columns)
    found = siting.plan_sites(matrix(village.frame), people, room, standard=9, p=3)
    assert (found.load["people"] <= 5.0).all()
    assert found.plan.objective <= 15.0
    assert found.plan.bound >= found.plan.objective


@given(st.integers(0, 10_000))
@SMALL
def test_the_cheapest_of_the_plans_of_least_travel_is_taken(seed: int) -> None:
    """Without a number of sites everybody goes to the nearest of all, and no site is for nobody."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(0, 4, (6, 5)).astype(float), columns=list("ABCDE"))
    price = pd.Series(rng.integers(1, 5, 5).astype(float), index=frame.columns)
    people = pd.Series(1.0, index=frame.index)
    found = siting.plan_sites(
        matrix(frame), people, pd.DataFrame({"price": price}), objective="travel"
    )
    least = frame.min(axis=1)
    prices = [
        price[list(np.array(frame.columns)[list(bits)])].sum()
        for bits in product([False, True], repeat=5)
        if any(bits) and frame.loc[:, list(bits)].min(axis=1).equals(least)
    ]
    assert found.plan.objective == least.sum()
    assert found.price == min(prices)


def city(homes: int, sites: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(5)
    a, b = rng.random((homes, 2)) * 10, rng.random((sites, 2)) * 10
    frame = pd.DataFrame(
        np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1)),
        index=[f"h{n}" for n in range(homes)],
        columns=[f"s{n}" for n in range(sites)],
    )
    people = pd.Series(rng.integers(1, 200, homes).astype(float), index=frame.index)
    quarter = (a[:, 0] // 5).astype(int) * 2 + (a[:, 1] // 5).astype(int)
    return frame, people, pd.Series(quarter, index=frame.index).astype(str)


def test_what_does_not_bind_costs_nothing() -> None:
    """The plain models answer where capacities, floors and money leave room."""
    frame, people, quarter = city(400, 60)
    cost, names = matrix(frame), frame.columns
    mclp = siting.mclp(cost, people, standard=1.5, p=8, candidates=names)
    free = pd.DataFrame({"capacity": people.sum()}, index=names)
    for more in ({}, {"budget": 8}, {"groups": quarter, "floors": 0.1}):
        found = siting.plan_sites(cost, people, free, standard=1.5, p=8, **more)
        assert found.plan.objective == mclp.objective
        assert found.plan.status == mclp.status == "optimal"
    median = siting.p_median(cost, people, p=8, candidates=names)
    found = siting.plan_sites(cost, people, free, objective="travel", p=8)
    assert found.plan.objective == pytest.approx(median.objective)
    worst = siting.price_of_fairness(
        cost, people, standard=1.5, p=8, candidates=names, groups=quarter
    )["worst"].max()
    fairest = siting.plan_sites(
        cost, people, free, objective="fairest", standard=1.5, p=8, groups=quarter
    )
    assert fairest.plan.objective >= worst - 1e-9


def test_plans_are_never_worse_with_one_site_more_however_short_the_time() -> None:
    frame, people, _ = city(400, 60)
    room = pd.DataFrame({"capacity": people.sum() / 7}, index=frame.columns)
    values = [
        siting.plan_sites(
            matrix(frame), people, room, objective="travel", p=p, time_limit=1
        ).plan.objective
        for p in (8, 9, 10)
    ]
    assert values == sorted(values, reverse=True)


def test_moving_sites_is_as_good_as_choosing_them_all_anew() -> None:
    """Closing pays for opening, one for one: that is the MCLP of all sites."""
    frame, people, _ = city(400, 60)
    standing = np.arange(60) < 8
    sites = pd.DataFrame(
        {"standing": standing, "closable": standing, "price": np.where(standing, -1.0, 1.0)},
        index=frame.columns,
    )
    found = siting.plan_sites(matrix(frame), people, sites, standard=1.5, budget=0)
    anew = siting.mclp(matrix(frame), people, standard=1.5, p=8, candidates=frame.columns)
    assert found.plan.objective == anew.objective
    assert found.price <= 0


def test_a_site_adds_what_standing_ones_do_not_serve_already() -> None:
    frame = pd.DataFrame({"N": [1.0, 1, 1], "E": [2.0, 2, 9]}, index=list("abc"))
    people = pd.Series([100.0, 50, 7], index=frame.index)
    sites = pd.DataFrame({"standing": [False, True]}, index=["N", "E"])
    found = siting.plan_sites(matrix(frame), people, sites, standard=2, p=1)
    assert found.plan.gains.loc["N", ["added", "cumulative"]].tolist() == [7, 157]
    assert found.load["people"].to_dict() == {"N": 157, "E": 0}  # all go to the nearest


def test_missing_places_are_counted_and_told_for_whom() -> None:
    frame = pd.DataFrame({"A": [1.0, 1, 9], "B": [9.0, 9, 1]}, index=list("abc"))
    people = pd.Series([100.0, 100, 10], index=frame.index)
    sites = pd.DataFrame({"capacity": [150.0, 500]}, index=["A", "B"])
    with pytest.raises(AnalysisError, match=r"200 people: 'a', 'b'.*50 places are missing"):
        siting.plan_sites(matrix(frame), people, sites, objective="price", standard=2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"floors": {"x": 0.5}, "standard": 0.5}, r"'x' \(0 of 0.5; a standard of 1 km would do"),
        ({"gini": 0.0}, "a Gini limit of 0.048 instead of 0"),
        ({"floors": 0.8}, "p = 2 instead of 1, or leaving out the floors"),
    ],
)
def test_what_would_do_is_said(change: dict[str, object], told: str) -> None:
    # A serves x whole (200 of 210), B serves y: shares 1 and 0 have a Gini coefficient of 10 / 210
    frame = pd.DataFrame({"A": [1.0, 1, 9], "B": [9.0, 9, 1]}, index=list("abc"))
    people = pd.Series([100.0, 100, 10], index=frame.index)
    asked = {"standard": 2, "p": 1, "groups": pd.Series(list("xxy"), index=frame.index)} | change
    with pytest.raises(AnalysisError, match=told):
        siting.plan_sites(matrix(frame), people, pd.DataFrame(index=["A", "B"]), **asked)


def test_contradictions_are_told_as_such() -> None:
    frame = pd.DataFrame({"A": [1.0], "B": [1.0]}, index=["a"])
    people = pd.Series([1.0], index=["a"])
    sites = pd.DataFrame({"standing": True, "place": "square"}, index=["A", "B"])
    with pytest.raises(AnalysisError, match=r"stand at one place.*'A', 'B'"):
        siting.plan_sites(matrix(frame), people, sites, standard=2, p=0)
    strangers = pd.Series(["g"], index=["elsewhere"])
    with pytest.raises(AnalysisError, match="No demand with people is in a group"):
        siting.plan_sites(
            matrix(frame), people, sites[:1], standard=2, p=0, groups=strangers, floors=0.5
        )


def test_the_share_of_the_fairest_plan_is_that_of_its_people() -> None:
    people = pd.Series([1.0, 1, 1], index=list("abc"))
    frame = pd.DataFrame({"A": [0.0, 0, 9]}, index=people.index)
    found = siting.plan_sites(
        matrix(frame),
        people,
        pd.DataFrame(index=["A"]),
        objective="fairest",
        standard=1,
        p=1,
        groups=pd.Series("g", index=people.index),
    )
    assert found.plan.objective == found.groups.loc["g", "share"] == 2 / 3


@pytest.mark.parametrize(("objective", "limit"), [("travel", {"p": 0}), ("coverage", {"p": 0})])
def test_of_many_pairs_where_no_site_may_come_what_stands_is_the_plan(
    objective: str, limit: dict[str, object]
) -> None:
    frame, people, _ = city(400, 12)
    sites = pd.DataFrame({"standing": np.arange(12) < 4}, index=frame.columns)
    found = siting.plan_sites(
        matrix(frame), people, sites, objective=objective, standard=30.0, **limit
    )
    nearest = frame.iloc[:, :4].min(axis=1)
    told = {"travel": float(people @ nearest), "coverage": float(people[nearest <= 30].sum())}
    assert found.plan.sites.empty
    assert found.plan.objective == pytest.approx(told[objective])
    assert found.plan.status == "optimal"


def test_gains_end_at_the_objective_where_homes_stay_whole() -> None:
    # Two sites of 10 for three homes of 6: only two homes can stay whole.
    frame = pd.DataFrame(1.0, index=list("abc"), columns=list("AB"))
    people = pd.Series(6.0, index=frame.index)
    sites = pd.DataFrame({"capacity": 10.0}, index=frame.columns)
    found = siting.plan_sites(matrix(frame), people, sites, standard=1, p=2, single_source=True)
    assert found.plan.objective == 12
    assert found.plan.gains["cumulative"].iloc[-1] == 12


def test_a_budget_that_would_do_does() -> None:
    frame = pd.DataFrame({"A": [0.0, 9], "B": [9.0, 0]}, index=["a", "b"])
    people = pd.Series(1.0, index=frame.index)
    sites = pd.DataFrame({"price": [1_234_564.0, 1_000_003.0]}, index=["A", "B"])
    asked = {"standard": 1, "objective": "travel"}
    with pytest.raises(AnalysisError) as caught:
        siting.plan_sites(matrix(frame).within(1), people, sites, budget=100, **asked)
    enough = float(str(caught.value).split("a budget of ")[1].split(" ")[0])
    assert enough == 2_234_567
    found = siting.plan_sites(matrix(frame).within(1), people, sites, budget=enough, **asked)
    assert found.price == enough


@given(st.floats(1e-3, 1e9))
@SMALL
def test_what_is_said_to_be_enough_is(number: float) -> None:
    assert number <= float(enough(number)) <= number * (1 + 2e-5)


def test_a_number_of_few_digits_is_said_as_it_is() -> None:
    assert [enough(number) for number in (5.4, 4.2, 17.0)] == ["5.4", "4.2", "17"]
