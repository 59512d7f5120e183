"""p-center: published values, what must not change it, who wins a tie, and what time leaves.

The authorities are the published San Francisco value, enumeration, and identities.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting import covers
from ecity_geo.siting.plan import SitingPlan

from .conftest import City, cities, random_city

SMALL = settings(max_examples=40, deadline=None, derandomize=True)
FULL = cities(missing=False)


def centre(city: City, **changes: Any) -> SitingPlan:
    asked: dict[str, Any] = {"p": city.p, **city.sites, **changes}
    return siting.p_center(city.cost, city.population, **asked)


def longest(city: City, chosen: tuple[str, ...]) -> float:
    """Greatest cost of demand with people that some site reaches."""
    lives = (city.population > 0) & np.isfinite(city.nearest(tuple(city.candidates)))
    return float(city.nearest(chosen)[lives].max()) if lives.any() else 0.0


def test_p_center_of_san_francisco_is_the_published_one(
    san_francisco: tuple[CostMatrix, pd.Series],
) -> None:
    cost, people = san_francisco
    mixed = people.sample(frac=1, random_state=3)
    plan = siting.p_center(cost, mixed, p=4, candidates=cost.facility_ids)
    assert plan.objective == plan.bound == pytest.approx(7403.0638, abs=1e-4)
    assert plan.status == "optimal"


@SMALL
@given(city=FULL)
def test_no_exchange_that_keeps_the_longest_way_is_shorter_for_all(city: City) -> None:
    plan = centre(city)
    chosen = set(plan.sites)
    here = city.person_cost(tuple(chosen))
    place = list(city.candidates).index
    for leaving in chosen:
        for coming in set(city.candidates) - chosen:
            other = (*(chosen - {leaving}), coming)
            if longest(city, other) > plan.objective:
                continue
            there = city.person_cost(other)
            assert there >= here - 1e-9 * here
            if there <= here * (1 + 1e-13):
                assert place(coming) > place(leaving)


@SMALL
@given(city=FULL, seed=st.integers(0, 99))
def test_other_names_and_another_order_change_nothing(city: City, seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes = dict(zip(city.frame.index, rng.permutation(len(city.frame)), strict=True))
    sites = {name: f"سایت {n}" for n, name in zip(rng.permutation(99), city.frame, strict=False)}
    named = city.frame.rename(index=homes, columns=sites)
    other = replace(
        city,
        frame=named.sample(frac=1, random_state=seed).sample(frac=1, axis=1, random_state=seed),
        population=(city.population * 8).rename(index=homes).sample(frac=1, random_state=seed),
        existing=city.existing.map(sites),
        candidates=city.candidates.map(sites),
    )
    one, two = centre(replace(city, population=city.population * 8)), centre(other)
    assert (one.objective, one.bound, one.ties) == (two.objective, two.bound, two.ties)
    assert [sites[site] for site in one.sites] == two.sites.tolist()


@SMALL
@given(city=FULL)
def test_one_more_candidate_never_lengthens_the_longest_way(city: City) -> None:
    if city.p < len(city.candidates):
        fewer = centre(city, candidates=city.candidates[:-1])
        assert centre(city).objective <= fewer.objective


@SMALL
@given(city=FULL, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_another_unit_of_cost_only_scales_the_costs(city: City, factor: float) -> None:
    plan, other = centre(city), centre(replace(city, frame=city.frame * factor))
    assert other.sites.tolist() == plan.sites.tolist()
    assert other.objective == plan.objective * factor


@SMALL
@given(city=FULL)
def test_as_many_sites_as_a_cover_needs_keep_its_standard(city: City) -> None:
    # Minieka (1970): p sites keep a standard if and only if the smallest cover has at most p.
    plan = centre(city)
    needed = siting.lscp(city.cost, city.population, standard=plan.objective, **city.sites)
    assert needed.objective <= city.p
    nearer = city.frame.to_numpy()[city.frame.to_numpy() < plan.objective]
    if len(nearer):
        closer = siting.lscp(
            city.cost,
            city.population,
            standard=float(nearer.max()),
            cover="reachable",
            **city.sites,
        )
        assert closer.objective > city.p or len(closer.unreachable)


@pytest.mark.parametrize("seconds", [1e-6, 0.05, 0.4, 20.0])
@pytest.mark.parametrize("clusters", [0, 9])
def test_whatever_the_time_the_bound_holds_the_optimum(seconds: float, clusters: int) -> None:
    city = random_city(300, 60, p=8, seed=5, clusters=clusters)
    best, hasty = centre(city), centre(city, time_limit=seconds)
    assert best.status == "optimal"
    assert hasty.bound <= best.objective <= hasty.objective
    assert longest(city, tuple(hasty.sites)) == hasty.objective
    assert (hasty.status == "optimal") == (hasty.gap == 0)
    assert hasty.gap == pytest.approx((hasty.objective - hasty.bound) / hasty.objective)


@SMALL
@given(city=cities())
def test_too_few_sites_name_the_smallest_number_that_would_do(city: City) -> None:
    enough = next(
        count
        for count in range(len(city.candidates) + 1)
        if any(np.isfinite(longest(city, each)) for each in combinations(city.candidates, count))
    )
    if enough <= city.p:
        assert np.isfinite(centre(city).objective)
        return
    with pytest.raises(AnalysisError, match=f"p = {enough} would reach all") as told:
        centre(city)
    with pytest.raises(AnalysisError) as same:
        siting.p_median(city.cost, city.population, p=city.p, **city.sites)
    assert str(told.value) == str(same.value)


@SMALL
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 0.9))
def test_sets_are_compared_alike_one_by_one_and_all_at_once(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    dense = (rng.random((12, 9)) < share).astype(float)
    dense[:, 0] = 1
    matrix = csr_array(dense)
    price = rng.integers(1, 3, 9).astype(float)
    one = covers._deciding_rows(matrix), covers._best_columns(matrix, price)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covers, "DOMINANCE_WORK", -1)
        other = covers._deciding_rows(matrix), covers._best_columns(matrix, price)
        patch.setattr(covers, "DENSE_CELLS", 0)
        none = covers._deciding_rows(matrix)
    assert [flags.tolist() for flags in one] == [flags.tolist() for flags in other]
    assert none.all()
