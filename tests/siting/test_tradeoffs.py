"""Fronts, the price of fairness and the curve over the number of sites, against enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.siting import Front, few_plans
from ecity_geo.siting.boxes import step_of
from ecity_geo.siting.price_aims import PriceAims
from ecity_geo.siting.question import ask

from .conftest import City, cities, city_from, random_city

EXAMPLES = settings(max_examples=40, deadline=None)
STANDARD = 3.0
AGAINST = ("price", "travel", "fairness")
Values = tuple[float, float]


def all_plans(city: City, against: str) -> Iterator[tuple[str, ...]]:
    """Every plan that the question allows: of any size against price, else of p sites."""
    if against == "price":
        sizes = range(len(city.candidates) + 1)
        return chain.from_iterable(combinations(city.candidates, size) for size in sizes)
    return iter(city.choices())


def worst_share(city: City, groups: pd.Series, chosen: tuple[str, ...], standard: float) -> float:
    people = city.population.groupby(groups).sum()
    met = city.population[city.nearest(chosen) <= standard].groupby(groups).sum()
    shares = (met.reindex(people.index).fillna(0) / people)[people > 0]
    return float(shares.min())


def other_value(
    city: City,
    against: str,
    chosen: tuple[str, ...],
    prices: pd.Series,
    groups: pd.Series,
    standard: float,
) -> float:
    """The other aim, written so that less is better."""
    if against == "price":
        return float(prices[list(chosen)].sum())
    if against == "travel":
        return city.person_cost(chosen)
    return -worst_share(city, groups, chosen, standard)


def enumerated(
    city: City,
    against: str,
    prices: pd.Series,
    groups: pd.Series,
    *,
    standard: float = STANDARD,
    budget: float = np.inf,
) -> list[Values]:
    """Undominated values by rising coverage; values within a millionth of the whole are one."""
    both = [
        (
            city.covered(chosen, standard),
            other_value(city, against, chosen, prices, groups, standard),
        )
        for chosen in all_plans(city, against)
    ]
    front: list[Values] = []
    slack = 1e-6 * float(city.population.sum())
    for covered, other in sorted(both, key=lambda pair: (pair[1], -pair[0])):
        allowed = other <= budget and np.isfinite(other)
        if allowed and (not front or covered > front[-1][0] + slack):
            front.append((covered, other))
    return front


def front_of(
    city: City,
    against: str,
    prices: pd.Series,
    groups: pd.Series,
    *,
    standard: float = STANDARD,
    **changes: Any,
) -> Front:
    asked: dict[str, Any] = {"prices": prices} if against == "price" else {"p": city.p}
    if against == "fairness":
        asked["groups"] = groups
    return siting.pareto_front(
        city.cost,
        city.population,
        standard=standard,
        against=against,
        **city.sites,
        **(asked | changes),
    )


def values(front: Front) -> list[Values]:
    sign = -1 if front.against == "fairness" else 1
    other = sign * front.table[front.other]
    return list(zip(front.table["covered"], other, strict=True))


def same_front(front: Front, expected: list[Values]) -> None:
    assert front.complete
    assert front.unexplored.empty
    assert (front.table["status"] == "optimal").all()
    found = values(front)
    assert len(found) == len(expected)
    for (covered, other), (most, least) in zip(found, expected, strict=True):
        assert covered == pytest.approx(most, rel=1e-5, abs=1e-9)
        assert other == pytest.approx(least, rel=1e-5, abs=1e-9)


@st.composite
def questions(draw: st.DrawFn) -> tuple[City, pd.Series, pd.Series]:
    """A city, prices (whole or not, free ones among them) and groups (some homes in none)."""
    city = draw(cities())
    assume(city.population.sum() > 0)
    tariff = draw(st.sampled_from([[1.0], [1.0, 2.0, 5.0, 0.0], [0.1, 0.25, 1.5], [0.3, 0.70711]]))
    n = len(city.candidates)
    prices = draw(st.lists(st.sampled_from(tariff), min_size=n, max_size=n))
    n = len(city.population)
    groups = draw(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=n, max_size=n))
    groups[int(np.argmax(city.population))] = "a"
    return (
        city,
        pd.Series(prices, index=city.candidates),
        pd.Series(groups, index=city.population.index, dtype=object),
    )


def town(seed: int, *, homes: int = 50, sites: int = 9, p: int = 3) -> Any:
    """A city with ways, prices and people that are no whole numbers, and groups that lie apart."""
    rng = np.random.default_rng(seed)
    city = random_city(homes, sites, p=p, existing=1, seed=seed)
    city = replace(city, population=city.population + rng.random(homes))
    prices = pd.Series(rng.random(sites) + 0.5, index=city.candidates)
    groups = pd.qcut(city.frame.iloc[:, 1], 3, labels=["near", "middle", "far"])
    return city, prices, groups.astype(object)


# --- the front


@pytest.mark.parametrize("against", AGAINST)
@EXAMPLES
@given(question=questions())
def test_the_front_is_that_of_all_plans(
    against: str, question: tuple[City, pd.Series, pd.Series]
) -> None:
    expected = enumerated(question[0], against, *question[1:])
    assume(expected)  # with so few sites somebody may not be reached at all
    same_front(front_of(question[0], against, *question[1:]), expected)


@pytest.mark.parametrize("against", AGAINST)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("work", [0, few_plans.WORK])
def test_the_front_of_real_numbers_is_that_of_all_plans(
    monkeypatch: pytest.MonkeyPatch, against: str, seed: int, work: int
) -> None:
    # Without work for looking at every plan of a box each box goes to HiGHS.
    monkeypatch.setattr(few_plans, "WORK", work)
    asked = town(seed) if against == "price" else town(seed, sites=11, p=4)
    expected = enumerated(asked[0], against, *asked[1:], standard=2000)
    same_front(front_of(asked[0], against, *asked[1:], standard=2000), expected)


@pytest.mark.parametrize("against", AGAINST)
def test_each_plan_has_the_values_that_the_table_says(against: str) -> None:
    city, prices, groups = town(5)
    front = front_of(city, against, prices, groups, standard=2000)
    for plan, pair in zip(front.table.to_dict("records"), values(front), strict=True):
        sites = plan["sites"]
        assert plan["covered"] == pytest.approx(city.covered(sites, 2000))
        assert pair[1] == pytest.approx(other_value(city, against, sites, prices, groups, 2000))
        assert plan["share"] == pytest.approx(plan["covered"] / city.population.sum())
        assert plan["n_sites"] == len(set(sites))
        assert against == "price" or plan["n_sites"] == city.p
    if against == "travel":
        mean = front.table["travel"] / city.population.sum()
        assert front.table["mean"].tolist() == pytest.approx(mean.tolist())


@pytest.mark.parametrize("against", AGAINST)
def test_coverage_rises_and_the_other_aim_is_paid_for_it(against: str) -> None:
    front = front_of(*town(7)[:1], against, *town(7)[1:], standard=2000)
    covered, other = np.array(values(front)).T
    assert (np.diff(covered) > 0).all()
    assert (np.diff(other) > 0).all()


@pytest.mark.parametrize("against", AGAINST)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 50))
def test_tables_in_another_order_give_the_same_front(against: str, seed: int) -> None:
    city, prices, groups = town(11)
    rng = np.random.default_rng(seed)
    homes, sites = rng.permutation(city.frame.index), rng.permutation(city.frame.columns)
    mixed = replace(
        city,
        frame=city.frame.loc[homes, sites],
        population=city.population.loc[rng.permutation(homes)],
        candidates=city.candidates[rng.permutation(len(city.candidates))],
    )
    one = front_of(city, against, prices, groups, standard=2000)
    two = front_of(
        mixed,
        against,
        prices.loc[rng.permutation(prices.index)],
        groups.loc[rng.permutation(homes)],
        standard=2000,
    )
    assert np.allclose(values(one), values(two), rtol=1e-12, atol=0)
    if against != "fairness":  # there sites that add nobody fill up to p, the first ones first
        for first, second in zip(one.table["sites"], two.table["sites"], strict=True):
            assert set(first) == set(second)


def test_equal_prices_are_the_curve_over_the_number_of_sites() -> None:
    city = random_city(60, 12, p=1, existing=2, seed=3)
    front = front_of(city, "price", pd.Series(2.5, city.candidates), pd.Series(dtype=object))
    front = siting.pareto_front(
        city.cost,
        city.population,
        standard=1500,
        against="price",
        prices=pd.Series(2.5, city.candidates),
        **city.sites,
    )
    curve = siting.coverage_curve(
        city.cost, city.population, standard=1500, ps=range(1, 13), **city.sites
    )
    assert front.table["price"].iloc[0] == 0
    for _, plan in front.table.iloc[1:].iterrows():
        assert plan["price"] == 2.5 * plan["n_sites"]
        assert plan["covered"] == curve.loc[plan["n_sites"], "covered"]
    assert front.table["covered"].iloc[-1] == curve["covered"].max()


def test_the_dear_end_of_many_sites_is_found_in_few_searches() -> None:
    # One by one, from all candidates down to those that are needed, took longer than any deadline.
    city = random_city(80, 150, p=1, existing=1, seed=5)
    question = ask(city.cost.within(1500), city.population, p=1, time_limit=1.0, **city.sites)
    aims = PriceAims(question, np.ones(150), np.inf)
    _, dear = aims.ends(deadline=0.0)
    assert dear.columns is not None
    covering = (city.frame <= 1500).any(axis=1)
    assert aims.total(dear.columns) == city.population[covering].sum()
    assert len(dear.columns) < 60
    assert len(aims.known) < 20


def test_no_plan_without_sites_covers_more_than_what_stands_however_short_the_time() -> None:
    city = random_city(80, 40, p=1, existing=3, seed=5)
    asked = {"standard": 1500, "time_limit": 1e-6}
    front = front_of(city, "price", pd.Series(1.0, city.candidates), pd.Series(), **asked)
    assert not front.complete
    nothing = front.table.iloc[0]
    assert (nothing["price"], nothing["status"], nothing["gap"]) == (0, "optimal", 0)
    assert nothing["covered_bound"] == nothing["covered"] == city.covered((), 1500)


def test_a_budget_cuts_the_front_off() -> None:
    city, prices, groups = town(2)
    whole = front_of(city, "price", prices, groups, standard=2000)
    part = front_of(city, "price", prices, groups, standard=2000, budget=2.0)
    expected = [pair for pair in values(whole) if pair[1] <= 2.0]
    assert np.allclose(values(part), expected)
    nothing = front_of(city, "price", prices, groups, standard=2000, budget=0.0)
    assert nothing.table["sites"].tolist() == [()]


def test_the_ends_against_travel_are_the_two_models() -> None:
    city, prices, groups = town(4)
    front = front_of(city, "travel", prices, groups, standard=2000)
    shortest = siting.p_median(city.cost, city.population, p=city.p, **city.sites)
    most = siting.mclp(city.cost, city.population, standard=2000, p=city.p, **city.sites)
    assert front.table["travel"].iloc[0] == pytest.approx(shortest.objective)
    assert front.table["covered"].iloc[-1] == pytest.approx(most.objective)


def test_the_fair_end_is_the_fairest_plan() -> None:
    # Another program: shares of demand that are served, in `plan_sites`.
    city, _, groups = town(6)
    front = front_of(city, "fairness", pd.Series(), groups, standard=2000)
    sites = pd.DataFrame(
        {"standing": [site in city.existing for site in city.frame]}, index=city.frame.columns
    )
    fairest = siting.plan_sites(
        city.cost,
        city.population,
        sites,
        objective="fairest",
        standard=2000,
        p=city.p,
        groups=groups,
    )
    assert front.table["worst"].iloc[0] == pytest.approx(fairest.groups["share"].min())
    assert front.table["covered"].iloc[0] >= fairest.shares["people"].sum() - 1e-6


@pytest.mark.parametrize("against", AGAINST)
@pytest.mark.parametrize("seconds", [1e-6, 0.02, 0.05])
def test_what_an_early_end_leaves_out_is_named(against: str, seconds: float) -> None:
    asked = town(8, homes=60, sites=10)
    expected = enumerated(asked[0], against, *asked[1:], standard=2000)
    front = front_of(asked[0], against, *asked[1:], standard=2000, time_limit=seconds)
    assert front.complete == front.unexplored.empty
    sign = -1 if against == "fairness" else 1
    ranges = front.unexplored.assign(
        low=(sign * front.unexplored[["other_from", "other_to"]]).min(axis=1),
        high=(sign * front.unexplored[["other_from", "other_to"]]).max(axis=1),
    )
    for covered, other in expected:
        here = np.isclose(values(front), (covered, other), rtol=1e-5).all(axis=1).any()
        inside = (ranges["low"] <= other * (1 + sign * 1e-5)) & (other <= ranges["high"] + 1e-5)
        inside &= (ranges["covered_from"] <= covered + 0.1) & (covered <= ranges["covered_to"] + 1)
        assert here or inside.any()
    for plan, pair in zip(front.table.to_dict("records"), values(front), strict=True):
        better = [each for each in expected if each[0] > pair[0] and each[1] <= pair[1]]
        assert plan["covered_bound"] >= max([pair[0], *(each[0] for each in better)]) - 0.1
        assert plan["status"] == ("optimal" if plan["gap"] == 0 else "time_limit")
        if plan["status"] == "optimal":
            assert np.isclose(expected, pair, rtol=1e-5).all(axis=1).any()


def test_a_group_that_nobody_can_cover_leaves_one_plan() -> None:
    city = city_from([[1.0, 9.0], [9.0, 9.0]], [10.0, 20.0], 0, 1)
    groups = pd.Series(["near", "far"], index=city.population.index)
    front = front_of(city, "fairness", pd.Series(), groups)
    assert values(front) == [(10.0, 0.0)]
    assert front.table["group"].tolist() == ["far"]


def test_a_front_by_hand() -> None:
    # Site A covers 100 for 1, site B 300 for 2, both 400 for 3; C covers what A does for 5.
    frame = [[1.0, 9.0, 1.0], [9.0, 1.0, 9.0]]
    city = city_from(frame, [100.0, 300.0], 0, 1)
    prices = pd.Series([1, 2, 5], index=city.candidates)
    front = front_of(city, "price", prices, pd.Series())
    assert values(front) == [(0, 0), (100, 1), (300, 2), (400, 3)]
    assert front.table["sites"].tolist() == [(), ("site 0",), ("site 1",), ("site 0", "site 1")]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"against": "beauty"}, "against 'beauty'. Take one of price, travel, fairness"),
    ({"standard": -1.0}, "from 0, not -1"),
    ({"p": 2}, "give a budget, not p"),
    ({"against": "travel"}, "number of new sites p is needed"),
    ({"against": "travel", "p": 1, "budget": 2.0}, "for fronts against price"),
    ({"against": "fairness", "p": 1}, "between groups. Give the group"),
    ({"groups": pd.Series(["a"])}, "against price has no groups"),
    ({"budget": float("nan")}, "budget must be a number from 0"),
    ({"prices": pd.Series([1.0], index=["site 0"])}, "1 candidates have no price: 'site 1'"),
    ({"prices": pd.Series([1.0, -1.0], index=["site 0", "site 1"])}, "negative, missing"),
    (
        {"prices": pd.Series([1.0] * 3, index=["site 0", "site 1", "site 1"])},
        "ids more than once: 'site 1'",
    ),
    ({"candidates": pd.Index([], dtype=object)}, "only 0 candidates"),
    ({"time_limit": 0.0}, "more than 0 seconds"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_an_impossible_question_is_refused(changes: dict[str, Any], message: str) -> None:
    city = city_from([[1.0, 9.0], [9.0, 1.0]], [10.0, 20.0], 0, 1)
    asked: dict[str, Any] = {"against": "price", "standard": 3.0, **city.sites}
    with pytest.raises(AnalysisError, match=message):
        siting.pareto_front(city.cost, city.population, **(asked | changes))


@pytest.mark.parametrize("groups", [pd.Series(["a"], ["nobody"]), pd.Series([None], ["home 0"])])
def test_groups_of_nobody_are_refused(groups: pd.Series) -> None:
    city = city_from([[1.0, 9.0], [9.0, 1.0]], [10.0, 20.0], 0, 1)
    with pytest.raises(AnalysisError, match="No demand with people has a group"):
        front_of(city, "fairness", pd.Series(), groups)
    twice = pd.Series(["a", "b"], ["home 0", "home 0"])
    with pytest.raises(AnalysisError, match="more than once: 'home 0'"):
        front_of(city, "fairness", pd.Series(), twice)


def test_the_step_of_sums_is_their_common_part() -> None:
    assert step_of(np.array([2.0, 4.0, 10.0]), scale=16) == (2.0, True)
    assert step_of(np.array([0.25, 1.5]), scale=2) == (0.25, True)
    assert step_of(np.array([]), scale=0)[1] is False
    step, exact = step_of(np.array([np.pi, 1.0]), scale=100)
    assert (step, exact) == (pytest.approx(1e-4), False)


# --- the price of fairness


def fair_plans(city: City, groups: pd.Series, standard: float) -> list[Values]:
    return [
        (city.covered(chosen, standard), worst_share(city, groups, chosen, standard))
        for chosen in city.choices()
    ]


@EXAMPLES
@given(question=questions(), floors=st.lists(st.sampled_from([0.1, 0.25, 0.5, 1.0]), max_size=3))
def test_the_price_of_fairness_is_that_of_all_plans(
    question: tuple[City, pd.Series, pd.Series], floors: list[float]
) -> None:
    city, _, groups = question
    plans = fair_plans(city, groups, STANDARD)
    best, worst = max(covered for covered, _ in plans), max(share for _, share in plans)
    table = siting.price_of_fairness(
        city.cost,
        city.population,
        standard=STANDARD,
        p=city.p,
        groups=groups,
        floors=floors,
        **city.sites,
    )
    assert table["plan"].tolist() == ["most people", *["floor"] * len(set(floors)), "fairest"]
    assert table["floor"].iloc[-1] == pytest.approx(worst)
    for row in table.to_dict("records"):
        fair = [covered for covered, share in plans if share >= row["floor"] - 1e-9]
        if not fair:
            assert row["status"] == "infeasible"
            continue
        assert row["status"] == "optimal"
        assert row["covered"] == pytest.approx(max(fair))
        assert row["lost"] == pytest.approx(best - max(fair))
        price = (best - max(fair)) / best if best else 0.0
        assert [row[name] for name in ("price", "price_low", "price_high")] == pytest.approx(
            [price] * 3, abs=1e-8
        )


def test_a_higher_floor_never_covers_more() -> None:
    city, _, groups = town(9)
    table = siting.price_of_fairness(
        city.cost,
        city.population,
        standard=2000,
        p=3,
        groups=groups,
        floors=[0.0, 0.1, 0.2, 0.3, 0.9],
        **city.sites,
    )
    known = table[table["status"] == "optimal"].sort_values("floor")
    assert known["covered"].is_monotonic_decreasing
    assert (known["price"].between(0, 1)).all()
    assert (known["worst"] >= known["floor"] - 1e-9).all()
    assert table["status"].tolist()[-2] == "infeasible"


def test_a_price_that_is_not_proven_lies_between_its_ends() -> None:
    city, _, groups = town(10, homes=80, sites=20, p=5)
    asked = {"standard": 1500, "p": 5, "groups": groups, "floors": [0.2], **city.sites}
    true = siting.price_of_fairness(city.cost, city.population, **asked)
    hasty = siting.price_of_fairness(city.cost, city.population, time_limit=1e-6, **asked)
    for was, now in zip(true.to_dict("records"), hasty.to_dict("records"), strict=True):
        if now["status"] in ("optimal", "time_limit") and was["plan"] != "fairest":
            assert now["price_low"] - 1e-9 <= was["price"] <= now["price_high"] + 1e-9


@pytest.mark.parametrize("floor", [-0.1, 1.1, float("nan")])
def test_a_floor_that_is_no_share_is_refused(floor: float) -> None:
    city, _, groups = town(9)
    asked = {"standard": 2000, "p": 3, "groups": groups, **city.sites}
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        siting.price_of_fairness(city.cost, city.population, floors=[floor], **asked)


# --- the curve


@EXAMPLES
@given(city=cities())
def test_the_curve_is_that_of_all_plans(city: City) -> None:
    numbers = range(1, len(city.candidates) + 1)
    curve = siting.coverage_curve(
        city.cost, city.population, standard=STANDARD, ps=numbers, **city.sites
    )
    assert curve.index.tolist() == [0, *numbers]
    standing = city.covered((), STANDARD) if len(city.existing) else 0.0
    assert curve.loc[0, "covered"] == pytest.approx(standing)
    assert curve.loc[0, "bound"] == curve.loc[0, "covered"]
    assert curve.loc[0, "sites"] == ()
    assert np.isnan(curve.loc[0, "added"])
    for p in numbers:
        best = max(city.covered(chosen, STANDARD) for chosen in city.choices(p))
        assert curve.loc[p, "covered"] == pytest.approx(best)
        assert curve.loc[p, "bound"] == pytest.approx(best)
        assert len(curve.loc[p, "sites"]) == p


@pytest.mark.parametrize("seconds", [1e-6, 0.01, 0.1])
def test_the_curve_never_falls_whenever_the_time_ends(seconds: float) -> None:
    city = random_city(200, 60, p=1, seed=12, clusters=9)
    asked = {"standard": 1500, "ps": range(1, 16), **city.sites}
    best = siting.coverage_curve(city.cost, city.population, **asked)
    hasty = siting.coverage_curve(city.cost, city.population, time_limit=seconds, **asked)
    assert (hasty["added"].iloc[1:] >= 0).all()
    assert hasty["bound"].is_monotonic_increasing
    assert (hasty["covered"] <= best["covered"] + 1e-6).all()
    assert (hasty["bound"] >= best["covered"] - 1e-6).all()


def test_a_curve_without_numbers_or_standard_is_refused() -> None:
    city = random_city(5, 3, p=1)
    with pytest.raises(AnalysisError, match="at least one number"):
        siting.coverage_curve(city.cost, city.population, standard=9, ps=[], **city.sites)
    with pytest.raises(AnalysisError, match="from 0, not -1"):
        siting.coverage_curve(city.cost, city.population, standard=-1, ps=[1], **city.sites)
    with pytest.raises(AnalysisError, match=r"whole number from 0, not 1\.5"):
        siting.coverage_curve(city.cost, city.population, standard=9, ps=[1, 1.5], **city.sites)
    with pytest.raises(AnalysisError, match="only 3 candidates"):
        siting.coverage_curve(city.cost, city.population, standard=9, ps=[2, 4], **city.sites)


def test_the_curve_begins_with_the_sites_that_stand_even_where_no_other_may() -> None:
    city = city_from([[1.0], [9.0]], [10.0, 20.0], 1, 1)
    curve = siting.coverage_curve(city.cost, city.population, standard=3, ps=[0], **city.sites)
    assert curve[["covered", "kept"]].values.tolist() == [[10.0, 0]]
    assert curve.loc[0, "share"] == pytest.approx(1 / 3)


# --- what each aim costs in the others


def aims_of(city: City, standard: float = STANDARD) -> pd.DataFrame:
    return siting.compare_aims(
        city.cost, city.population, standard=standard, p=city.p, **city.sites
    )


def enumerated_aims(
    city: City, chosen: tuple[str, ...], standard: float
) -> tuple[float, float, float, float]:
    """Covered share, then mean and longest way of all whom some site reaches; those without."""
    way, people = city.nearest(chosen), city.population
    could = (city.frame < np.inf).any(axis=1) & (people > 0)
    return (
        city.covered(chosen, standard) / people.sum(),
        float((people * way)[could].sum() / people[could].sum()),
        float(way[could].max()),
        float(people[(people > 0) & ~(way < np.inf)].sum()),
    )


@EXAMPLES
@given(city=cities(), standard=st.sampled_from([0.0, 1.0, 3.0, 100.0]))
def test_no_plan_is_better_in_an_aim_than_the_row_of_that_aim(city: City, standard: float) -> None:
    assume(city.population[(city.frame < np.inf).any(axis=1)].sum() > 0)
    plans = {chosen: enumerated_aims(city, chosen, standard) for chosen in city.choices()}
    assume(any(np.isfinite(mean) for _, mean, _, _ in plans.values()))
    aims = aims_of(city, standard)
    assert aims["gap"].tolist() == [0, 0, 0]
    for row in aims.to_dict("records"):
        shown = [row[name] for name in ("covered", "mean", "longest", "out_of_reach")]
        assert shown == pytest.approx(plans[tuple(sorted(row["sites"]))])
    assert aims.loc["coverage", "covered"] == pytest.approx(max(each[0] for each in plans.values()))
    assert aims.loc["mean", "mean"] == pytest.approx(min(each[1] for each in plans.values()))
    assert aims.loc["longest", "longest"] == pytest.approx(min(each[2] for each in plans.values()))


def test_a_plan_that_leaves_people_without_a_way_has_no_shorter_one() -> None:
    # Site 0 covers 100 people and has no way to the other 10; site 1 is 4 from both.
    city = city_from([[1.0, 4.0], [None, 4.0]], [100.0, 10.0], 0, 1)
    aims = aims_of(city)
    assert aims["sites"].tolist() == [("site 0",), ("site 1",), ("site 1",)]
    assert aims["mean"].tolist() == [np.inf, 4.0, 4.0]
    assert aims["longest"].tolist() == [np.inf, 4.0, 4.0]
    assert aims["out_of_reach"].tolist() == [10.0, 0.0, 0.0]


def test_people_whom_nothing_reaches_are_out_of_reach_of_every_plan() -> None:
    city = city_from([[1.0, 4.0], [None, None]], [100.0, 10.0], 0, 1)
    aims = aims_of(city)
    assert aims["mean"].tolist() == [1.0, 1.0, 1.0]
    assert aims["out_of_reach"].tolist() == [10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("costs", "people", "message"),
    [
        ([[1.0], [2.0]], [0.0, 0.0], "Nobody lives at the 2 demand points"),
        ([[None], [2.0]], [5.0, 0.0], "no candidate reaches anybody"),
        ([], [], "Nobody lives at the 0 demand points"),
    ],
)
def test_aims_of_nobody_are_refused(
    costs: list[list[float | None]], people: list[float], message: str
) -> None:
    city = city_from(costs or [[1.0]], people or [1.0], 0, 1)
    if not costs:
        city = replace(city, frame=city.frame.iloc[:0], population=city.population.iloc[:0])
    with pytest.raises(AnalysisError, match=message):
        aims_of(city)


def test_demand_without_a_group_is_named_and_counted() -> None:
    city = city_from([[1, 9], [9, 1], [1, 9], [9, 1]], [10, 20, 5, 0], existing=0, p=1)
    groups = pd.Series(["x", "y"], index=["home 0", "home 1"])
    asked: dict[str, Any] = {"standard": 1, "p": 1, "groups": groups}
    front = siting.pareto_front(city.cost, city.population, against="fairness", **asked)
    assert list(front.ungrouped) == ["home 2"]  # nobody lives at home 3
    fair = siting.price_of_fairness(city.cost, city.population, **asked)
    assert fair["ungrouped"].tolist() == [5.0, 5.0]
    sites = pd.DataFrame(index=city.candidates)
    found = siting.plan_sites(city.cost, city.population, sites, **asked)
    assert list(found.ungrouped) == ["home 2"]
    asked.pop("groups")
    assert siting.plan_sites(city.cost, city.population, sites, **asked).ungrouped.empty
    front = siting.pareto_front(city.cost, city.population, against="travel", **asked)
    assert front.ungrouped.empty
