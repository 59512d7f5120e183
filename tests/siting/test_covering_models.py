"""LSCP, p-center and p-dispersion against enumeration, published optima and properties."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.covers import greedy_cover, solve_cover
from ecity_geo.siting.plan import SitingPlan

from .conftest import ORLIB, City, cities, city_from, random_city
from .test_known_optima import shortest_paths

SMALL = settings(max_examples=40, deadline=None)


def needs(city: City) -> pd.Series:
    """Cost to the nearest of all sites, of demand with people."""
    return city.nearest(tuple(city.candidates))[city.population > 0]


def fewest(city: City, standard: float) -> int:
    """Enumerate the location set covering problem; demand out of reach is left out."""
    lives = (city.population > 0) & (city.nearest(tuple(city.candidates)) <= standard)
    for count in range(len(city.candidates) + 1):
        for chosen in combinations(city.candidates, count):
            if (city.nearest(chosen)[lives] <= standard).all():
                return count
    raise AssertionError


@given(cities(), st.integers(0, 100))
@SMALL
def test_lscp_takes_no_more_sites_than_enumeration(city: City, standard: int) -> None:
    plan = siting.lscp(
        city.cost, city.population, standard=standard, cover="reachable", **city.sites
    )
    assert (plan.objective, plan.gap) == (fewest(city, standard), 0)
    assert len(plan.sites) == plan.objective
    served = plan.assignment["cost"] <= standard
    assert (served | plan.assignment.index.isin(plan.unreachable) | (city.population == 0)).all()


@given(cities(), st.sampled_from([0.0, 1.0, 3.0]))
@SMALL
def test_lscp_and_mclp_agree_on_who_is_out_of_reach(city: City, standard: float) -> None:
    asked = {"standard": standard, **city.sites}
    cover = siting.lscp(city.cost, city.population, cover="reachable", **asked)
    most = siting.mclp(city.cost, city.population, p=city.p, **asked)
    within = (city.frame <= standard).any(axis=1)
    assert list(cover.unreachable) == list(city.frame.index[~within])  # with people or without
    assert list(most.unreachable) == list(cover.unreachable)


def test_lscp_needs_no_candidates_where_the_sites_that_stand_do() -> None:
    city = city_from([[1.0], [2.0]], [10.0, 20.0], 1, 1)
    plan = siting.lscp(city.cost, city.population, standard=2, **city.sites)
    assert (len(plan.sites), plan.objective, plan.status) == (0, 0.0, "optimal")
    assert plan.assignment["facility_id"].tolist() == ["site 0", "site 0"]
    with pytest.raises(AnalysisError, match=r"1 of 2 demand points .*standard of 2 m would reach"):
        siting.lscp(city.cost, city.population, standard=1, **city.sites)
    plan = siting.lscp(city.cost, city.population, standard=1, cover="reachable", **city.sites)
    assert list(plan.unreachable) == ["home 1"]


@given(cities(), st.integers(0, 100))
@SMALL
def test_a_wider_standard_never_takes_more_sites(city: City, standard: int) -> None:
    assume(np.isfinite(needs(city)).all())
    reach = float(needs(city).max()) if len(needs(city)) else 0.0
    given_all = {"cost": city.cost, "population": city.population, **city.sites}
    one = siting.lscp(standard=reach + standard, **given_all)
    other = siting.lscp(standard=reach + standard + 10, **given_all)
    assert other.objective <= one.objective


def test_prices_decide_what_is_cheapest() -> None:
    frame = pd.DataFrame({"big": [1.0, 1, 1], "a": [1, 9, 9], "b": [9, 1, 1]}, index=list("xyz"))
    people = pd.Series(1.0, index=frame.index)
    cost = CostMatrix.from_frame(frame, unit="km")
    asked = {"standard": 2, "candidates": frame.columns}
    assert list(siting.lscp(cost, people, **asked).sites) == ["big"]
    prices = pd.Series({"big": 5.0, "a": 2, "b": 2.5})
    plan = siting.lscp(cost, people, prices=prices, **asked)
    assert set(plan.sites) == {"a", "b"}
    assert plan.objective == 4.5


def test_who_is_out_of_reach_is_said_with_what_would_do() -> None:
    frame = pd.DataFrame({"s": [1.0, 5, 7]}, index=list("xyz"))
    cost = CostMatrix.from_frame(frame, unit="km")
    people = pd.Series([10.0, 20, 30], index=list("xyz"))
    with pytest.raises(AnalysisError) as caught:
        siting.lscp(cost, people, standard=2, candidates=frame.columns)
    told = str(caught.value)
    for part in (
        "2 of 3 demand points",
        "(50 people)",
        "'z' (7 km), 'y' (5 km)",
        "a standard of 7 km",
    ):
        assert part in told
    plan = siting.lscp(cost, people, standard=7, candidates=frame.columns)
    assert plan.objective == 1


def test_san_francisco_needs_the_published_number_of_stores(
    san_francisco: tuple[CostMatrix, pd.Series],
) -> None:
    # The published solutions of spopt's examples: 8 stores within 5,000 m, 3 within 8,000 m.
    cost, people = san_francisco
    for standard, stores in ((5000, 8), (8000, 3)):
        plan = siting.lscp(cost, people, standard=standard, candidates=cost.facility_ids)
        assert (plan.objective, plan.status) == (stores, "optimal")


@given(cities(missing=False), st.data())
@SMALL
def test_prices_of_any_kind_are_proven_cheapest(city: City, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([[1.0, 2.0], [2.0, 3.0, 5.0], [0.1, 0.25, 1.3], [7.5, 15.0]]))
    drawn = [data.draw(st.sampled_from(kind)) for _ in city.candidates]
    prices = pd.Series(drawn, index=city.candidates)
    lives = city.population > 0
    covering = [
        float(prices[list(chosen)].sum())
        for count in range(len(city.candidates) + 1)
        for chosen in combinations(city.candidates, count)
        if (city.nearest(chosen)[lives] <= 4.25).all()
    ]
    asked = {"standard": 4.25, "prices": prices, **city.sites}
    if not covering:
        with pytest.raises(AnalysisError, match=r"a standard of 7\.5 m would reach all"):
            siting.lscp(city.cost, city.population, **asked)
        return
    plan = siting.lscp(city.cost, city.population, **asked)
    assert plan.objective == pytest.approx(min(covering))
    assert (plan.bound, plan.status) == (plan.objective, "optimal")


def test_demand_without_any_way_is_said_and_what_to_do_about_it() -> None:
    frame = pd.DataFrame({"s": [1.0, np.nan]}, index=["x", "y"])
    cost = CostMatrix.from_frame(frame, unit="km")
    people = pd.Series([10.0, 20], index=frame.index)
    with pytest.raises(AnalysisError, match=r"'y' \(no way\).*at any standard: build the costs"):
        siting.lscp(cost, people, standard=2, candidates=frame.columns)
    plan = siting.lscp(cost, people, standard=2, candidates=frame.columns, cover="reachable")
    assert (list(plan.sites), list(plan.unreachable)) == (["s"], ["y"])


@pytest.mark.parametrize("seconds", [1e-6, 0.1, 20.0])
def test_whatever_the_time_the_bound_of_a_cover_holds_the_fewest(seconds: float) -> None:
    city = random_city(400, 120, p=1, seed=8)
    asked = {"standard": 1200, "cover": "reachable", **city.sites}
    best = siting.lscp(city.cost, city.population, **asked)
    hasty = siting.lscp(city.cost, city.population, time_limit=seconds, **asked)
    assert best.status == "optimal"
    assert hasty.bound <= best.objective <= hasty.objective
    assert (hasty.status == "optimal") == (hasty.gap == 0)
    reached = ~hasty.assignment.index.isin(hasty.unreachable)
    assert (hasty.assignment["cost"][reached] <= 1200).all()


# --- p-center


@given(cities())
@SMALL
def test_p_center_is_the_least_longest_way(city: City) -> None:
    lives = (city.population > 0) & np.isfinite(city.nearest(tuple(city.candidates)))
    best = min(float(city.nearest(chosen)[lives].max()) if lives.any() else 0.0
               for chosen in city.choices())  # fmt: skip
    if np.isinf(best):
        with pytest.raises(AnalysisError, match="too small"):
            siting.p_center(city.cost, city.population, p=city.p, **city.sites)
        return
    plan = siting.p_center(city.cost, city.population, p=city.p, **city.sites)
    assert (plan.objective, plan.bound, plan.gap) == (best, best, 0)
    assert len(plan.sites) == city.p
    assert plan.assignment["cost"][lives].max() == best if lives.any() else True
    assert plan.ties == ties(city, plan, lives)


def ties(city: City, plan: SitingPlan, lives: pd.Series) -> int:
    others = [site for site in city.candidates if site not in set(plan.sites)]
    count = 0
    for out in plan.sites:
        for other in others:
            chosen = tuple(site for site in plan.sites if site != out) + (other,)
            longest = city.nearest(chosen)[lives].max() if lives.any() else 0.0
            count += bool(longest <= plan.objective)
    return count


@given(cities())
@SMALL
def test_one_more_site_never_lengthens_the_longest_way(city: City) -> None:
    assume(len(city.candidates) > city.p)
    try:
        one = siting.p_center(city.cost, city.population, p=city.p, **city.sites)
    except AnalysisError:
        assume(False)
    more = siting.p_center(city.cost, city.population, p=city.p + 1, **city.sites)
    assert more.objective <= one.objective


@pytest.mark.skipif(not ORLIB.is_dir(), reason="the OR-Library instances are not here")
@pytest.mark.parametrize("number", range(1, 21))
def test_or_library_p_centers_are_proven(number: int) -> None:
    costs, p = shortest_paths((ORLIB / f"pmed{number}.txt").read_text())
    optima = pd.read_csv(ORLIB / "optima.csv", index_col="instance")
    ids = [f"n{node:03}" for node in range(len(costs))]
    frame = pd.DataFrame(costs, index=ids, columns=ids)
    people = pd.Series(1.0, index=ids)
    plan = siting.p_center(
        CostMatrix.from_frame(frame, unit="m"), people, p=p, candidates=pd.Index(ids)
    )
    assert plan.objective == optima.loc[f"pmed{number}", "p_center"]
    assert plan.status == "optimal"


def test_shuffled_tables_give_the_same_plan() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.integers(1, 100, (40, 9)).astype(float))
    frame.index, frame.columns = [f"h{n}" for n in range(40)], [f"s{n}" for n in range(9)]
    people = pd.Series(rng.integers(1, 9, 40).astype(float), index=frame.index)
    asked = {"p": 3, "candidates": frame.columns}
    one = siting.p_center(CostMatrix.from_frame(frame, unit="m"), people, **asked)
    mixed = frame.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    other = siting.p_center(CostMatrix.from_frame(mixed, unit="m"), people[::-1], **asked)
    assert list(one.sites) == list(other.sites)
    assert one.objective == other.objective


def test_a_time_limit_leaves_a_plan_with_its_gap() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(np.hypot(*rng.random((2, 400, 120))))
    people = pd.Series(1.0, index=frame.index)
    plan = siting.p_center(
        CostMatrix.from_frame(frame, unit="m"), people, p=9, candidates=frame.columns,
        time_limit=0.05,
    )  # fmt: skip
    assert plan.bound <= plan.objective
    assert len(plan.sites) == 9


# --- p-dispersion


@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(0, 2))
@SMALL
def test_p_dispersion_is_the_widest_of_all_choices(seed: int, p: int, existing: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 12, (7 + existing, 2)).astype(float)
    names = pd.Index([f"s{n}" for n in range(len(places))])
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    frame = pd.DataFrame(apart, index=names, columns=names)
    stand, free = names[:existing], names[existing:]
    best = 0.0
    for chosen in combinations(free, p):
        inner = min(frame.loc[a, b] for a, b in combinations(chosen, 2))
        outer = frame.loc[list(chosen), stand].to_numpy().min(initial=np.inf)
        best = max(best, min(inner, outer))
    plan = siting.p_dispersion(
        CostMatrix.from_frame(frame, unit="m"), p=p, candidates=free, existing=stand
    )
    assert (plan.objective, plan.gap) == (pytest.approx(best), 0)
    assert len(plan.sites) == p


def test_dispersion_without_a_second_site_is_refused() -> None:
    frame = pd.DataFrame([[0.0, 1], [1, 0]], index=["a", "b"], columns=["a", "b"])
    cost = CostMatrix.from_frame(frame, unit="m")
    with pytest.raises(AnalysisError, match="second site"):
        siting.p_dispersion(cost, p=1, candidates=frame.index)
    with pytest.raises(AnalysisError, match="no row"):
        siting.p_dispersion(cost, p=2, candidates=pd.Index(["a", "c"]))


# --- covers


@given(st.integers(0, 10_000))
@SMALL
def test_reductions_keep_the_cheapest_cover(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = (rng.random((8, 6)) < 0.4).astype(float)
    dense[dense.sum(axis=1) == 0, 0] = 1
    price = rng.integers(1, 4, 6).astype(float)
    best = min(
        price[list(chosen)].sum()
        for count in range(7)
        for chosen in combinations(range(6), count)
        if dense[:, list(chosen)].any(axis=1).all()
    )
    found = solve_cover(csr_array(dense), price, time_limit=5)
    assert found.chosen is not None
    assert price[found.chosen].sum() == best
    assert found.bound <= best + 1e-6
    greedy = greedy_cover(csr_array(dense), price)
    assert dense[:, greedy].any(axis=1).all()
