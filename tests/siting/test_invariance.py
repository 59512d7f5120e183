"""What must not change a plan, and what must change it by a known amount.

The authorities are identities of the two models (Church & ReVelle 1976 for the one between them,
Bellman for what is left once a site stands), enumeration, and SciPy's own `milp` on the textbook
formulations, which shares neither our pairs nor our reductions.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting import mclp, p_median
from ecity_geo.siting.plan import SitingPlan

from .conftest import City, cities, city_from, random_city

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
STANDARD = 3.0
FULL = cities(missing=False)


def solve(model: str, city: City, *, standard: float = STANDARD, **changes: Any) -> SitingPlan:
    asked: dict[str, Any] = {"p": city.p, **city.sites, **changes}
    if model == "mclp":
        return mclp(city.cost, city.population, standard=standard, **asked)
    return p_median(city.cost, city.population, **asked)


def same(one: SitingPlan, two: SitingPlan) -> None:
    """Hold that two plans choose the same sites and promise the same."""
    assert one.sites.tolist() == two.sites.tolist()
    assert two.objective == pytest.approx(one.objective, rel=1e-12)
    assert one.status == two.status == "optimal"


def whole(city: City) -> City:
    """The same city with whole people, whose sums are exact in any order."""
    return replace(city, population=(city.population * 10).round())


both = pytest.mark.parametrize("model", ["mclp", "p_median"])


# --- identities -------------------------------------------------------------------------------


@EXAMPLES
@given(city=FULL)
def test_covering_is_the_median_of_costs_zero_and_one(city: City) -> None:
    # Church & ReVelle (1976): cost 0 within the standard and 1 beyond makes the p-median count
    # those whom no site covers.
    beyond = replace(city, frame=(city.frame > STANDARD).astype(float))
    covered, left = solve("mclp", city), solve("p_median", beyond)
    assert covered.objective + left.objective == pytest.approx(city.population.sum())


@both
@EXAMPLES
@given(city=FULL)
def test_once_the_best_site_stands_the_rest_of_the_plan_is_best(model: str, city: City) -> None:
    # Bellman: p - 1 sites beside a site of an optimum are worth as much as the optimum.
    assume(city.p > 1)
    plan = solve(model, city)
    for site in plan.sites:
        rest = solve(
            model,
            city,
            p=city.p - 1,
            existing=city.existing.append(pd.Index([site], dtype=object)),
            candidates=city.candidates.drop(site),
        )
        assert rest.objective == pytest.approx(plan.objective)


@both
@EXAMPLES
@given(city=FULL)
def test_all_candidates_together_leave_no_choice(model: str, city: City) -> None:
    everything = tuple(city.candidates)
    plan = solve(model, city, p=len(everything))
    assert set(plan.sites) == set(everything)
    expected = (
        city.covered(everything, STANDARD) if model == "mclp" else city.person_cost(everything)
    )
    assert plan.objective == pytest.approx(expected)
    assert (plan.bound, plan.gap, plan.ties) == (plan.objective, 0, 0)


@both
@EXAMPLES
@given(city=FULL)
def test_one_candidate_is_taken_whatever_it_is_worth(model: str, city: City) -> None:
    only = city.candidates[:1]
    plan = solve(model, city, p=1, candidates=only)
    assert plan.sites.tolist() == only.tolist()
    value = city.covered if model == "mclp" else city.person_cost
    arguments = (tuple(only), STANDARD) if model == "mclp" else (tuple(only),)
    assert plan.objective == pytest.approx(value(*arguments))


@EXAMPLES
@given(city=cities(), standards=st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, 4.25, 7.5])] * 2))
def test_a_wider_standard_never_covers_fewer(city: City, standards: tuple[float, float]) -> None:
    narrow, wide = (solve("mclp", city, standard=each) for each in sorted(standards))
    assert narrow.objective <= wide.objective + 1e-9


@EXAMPLES
@given(city=cities())
def test_a_standard_beyond_every_cost_covers_whom_a_site_reaches(city: City) -> None:
    plan = solve("mclp", city, standard=1e6, p=len(city.candidates))
    reached = np.isfinite(city.nearest(tuple(city.candidates)))
    assert plan.objective == pytest.approx(city.population[reached].sum())
    assert plan.unreachable.tolist() == city.population.index[~reached].tolist()


@both
@EXAMPLES
@given(city=FULL)
def test_existing_sites_never_make_a_plan_worse(model: str, city: City) -> None:
    alone = solve(model, city, existing=None)
    beside = solve(model, city)
    sign = 1 if model == "mclp" else -1
    assert sign * beside.objective >= sign * alone.objective - 1e-9


@EXAMPLES
@given(city=FULL)
def test_what_sites_add_falls_from_the_first_to_the_last(city: City) -> None:
    # Coverage is submodular (Nemhauser, Wolsey & Fisher 1978): in greedy order gains fall.
    added = solve("mclp", city).gains["added"]
    assert (added.diff().dropna() <= 1e-9).all()
    assert (added >= 0).all()


# --- what changes nothing ---------------------------------------------------------------------


@both
@EXAMPLES
@given(city=FULL, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_more_people_everywhere_only_scale_the_objective(
    model: str, city: City, factor: float
) -> None:
    # Powers of two scale floating numbers exactly.
    larger = solve(model, replace(city, population=city.population * factor))
    plan = solve(model, city)
    assert larger.sites.tolist() == plan.sites.tolist()
    assert larger.objective == pytest.approx(plan.objective * factor)
    pd.testing.assert_frame_equal(larger.assignment, plan.assignment)
    pd.testing.assert_series_equal(larger.gains["share"], plan.gains["share"])


@both
@EXAMPLES
@given(city=FULL, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_another_unit_of_cost_only_scales_the_costs(model: str, city: City, factor: float) -> None:
    scaled = replace(city, frame=city.frame * factor)
    other = solve(model, scaled, standard=STANDARD * factor)
    plan = solve(model, city)
    assert other.sites.tolist() == plan.sites.tolist()
    expected = plan.objective * (1 if model == "mclp" else factor)
    assert other.objective == pytest.approx(expected)
    assert (other.assignment["cost"] == plan.assignment["cost"] * factor).all()


@both
@EXAMPLES
@given(city=FULL)
def test_a_candidate_that_serves_nobody_better_changes_nothing(model: str, city: City) -> None:
    far = city.frame.assign(far=city.frame.max(axis=None) + STANDARD + 1)
    more = replace(city, frame=far, candidates=city.candidates.append(pd.Index(["far"])))
    same(solve(model, city), solve(model, more))


@both
@EXAMPLES
@given(city=FULL)
def test_a_twin_of_a_candidate_changes_no_value_of_one_site(model: str, city: City) -> None:
    twins = city.frame.assign(**{f"{name}'": city.frame[name] for name in city.candidates})
    more = replace(
        city,
        frame=twins,
        candidates=city.candidates.append(pd.Index([f"{name}'" for name in city.candidates])),
        p=1,
    )
    plan = solve(model, more)
    same(solve(model, replace(city, p=1)), plan)
    assert plan.ties >= 1  # its twin would do as well


@both
@EXAMPLES
@given(city=FULL)
def test_places_where_nobody_lives_change_nothing(model: str, city: City) -> None:
    empty = city.frame.iloc[::-1].set_axis([f"empty {name}" for name in city.frame.index])
    people = pd.concat([city.population, pd.Series(0.0, empty.index)])
    more = replace(city, frame=pd.concat([city.frame, empty]), population=people)
    same(solve(model, city), solve(model, more))


@both
@EXAMPLES
@given(city=FULL)
def test_a_home_in_two_halves_is_one_home(model: str, city: City) -> None:
    halves = [city.frame.set_axis([f"{name} {half}" for name in city.frame.index]) for half in "ab"]
    people = np.tile(city.population.to_numpy() / 2, 2)
    frame = pd.concat(halves)
    parted = replace(city, frame=frame, population=pd.Series(people, frame.index))
    one, two = solve(model, city), solve(model, parted)
    assert two.objective == pytest.approx(one.objective)
    assert two.status == "optimal"


@both
@EXAMPLES
@given(city=FULL.map(whole), seed=st.integers(0, 99))
def test_other_names_of_homes_and_sites_change_nothing(model: str, city: City, seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes = dict(zip(city.frame.index, rng.permutation(len(city.frame)), strict=True))
    sites = {name: f"سایت {n}" for n, name in zip(rng.permutation(99), city.frame, strict=False)}
    renamed = replace(
        city,
        frame=city.frame.rename(index=homes, columns=sites),
        population=city.population.rename(index=homes),
        existing=city.existing.map(sites),
        candidates=city.candidates.map(sites),
    )
    plan, other = solve(model, city), solve(model, renamed)
    assert other.objective == plan.objective
    assert other.sites.tolist() == [sites[site] for site in plan.sites]
    assert other.assignment["cost"].tolist() == plan.assignment["cost"].tolist()


@both
def test_nobody_at_all_still_gets_the_first_candidates(model: str) -> None:
    city = city_from([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], [0.0, 0.0], 0, 2)
    plan = solve(model, city)
    assert plan.sites.tolist() == ["site 0", "site 1"]
    assert (plan.objective, plan.status) == (0, "optimal")
    assert plan.gains["share"].isna().all()


# --- peers on instances too large to enumerate ------------------------------------------------


def textbook_mclp(city: City, standard: float) -> float:
    """Church & ReVelle (1974): y_i <= sum of x_j that cover i; as many as p sites."""
    costs = city.frame[list(city.candidates)].to_numpy()
    people = city.population.to_numpy()
    already = (city.frame[list(city.existing)] <= standard).any(axis=1).to_numpy()
    left = ~already
    homes, sites = int(left.sum()), costs.shape[1]
    covers = (costs[left] <= standard).astype(float)
    link = LinearConstraint(np.hstack([-covers, np.eye(homes)]), ub=0)
    count = LinearConstraint(np.r_[np.ones(sites), np.zeros(homes)], city.p, city.p)
    found = milp(
        np.r_[np.zeros(sites), -people[left]],
        constraints=[link, count],
        integrality=np.r_[np.ones(sites), np.zeros(homes)],
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return float(people[already].sum() - found.fun)


def textbook_median(city: City) -> float:
    """ReVelle & Swain (1970): assign each home once, to an open site only."""
    names = [*city.existing, *city.candidates]
    weighted = city.frame[names].to_numpy() * city.population.to_numpy()[:, None]
    homes, sites = weighted.shape
    once = np.kron(np.eye(homes), np.ones(sites))
    opened = np.hstack([np.eye(homes * sites), -np.kron(np.ones((homes, 1)), np.eye(sites))])
    stand = np.r_[np.ones(len(city.existing)), np.zeros(len(city.candidates))]
    new = np.r_[np.zeros(homes * sites), 1 - stand]
    found = milp(
        np.r_[weighted.ravel(), np.zeros(sites)],
        constraints=[
            LinearConstraint(np.hstack([once, np.zeros((homes, sites))]), 1, 1),
            LinearConstraint(opened, ub=0),
            LinearConstraint(new, city.p, city.p),
        ],
        integrality=np.r_[np.zeros(homes * sites), np.ones(sites)],
        bounds=Bounds(np.r_[np.zeros(homes * sites), stand], 1),
        options={"mip_rel_gap": 0.0},
    )
    return float(found.fun)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("existing", [0, 3])
def test_mclp_agrees_with_the_textbook_program_in_scipy(seed: int, existing: int) -> None:
    city = random_city(150, 40, p=6, existing=existing, seed=seed)
    plan = solve("mclp", city, standard=1500)
    assert plan.objective == pytest.approx(textbook_mclp(city, 1500))
    assert plan.objective == pytest.approx(city.covered(tuple(plan.sites), 1500))
    assert plan.status == "optimal"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("existing", [0, 2])
def test_p_median_agrees_with_the_textbook_program_in_scipy(seed: int, existing: int) -> None:
    city = random_city(40, 15, p=4, existing=existing, seed=seed, clusters=5)
    plan = solve("p_median", city)
    assert plan.objective == pytest.approx(textbook_median(city))
    assert plan.objective == pytest.approx(city.person_cost(tuple(plan.sites)))
    assert plan.status == "optimal"


@both
@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_plans_hold_none_that_is_better(model: str, seed: int) -> None:
    city = random_city(60, 12, p=5, existing=2, seed=seed, clusters=4)
    plan = solve(model, city, standard=1200)
    every = list(combinations(city.candidates, city.p))
    assert len(every) == 792
    if model == "mclp":
        best = max(city.covered(sites, 1200) for sites in every)
    else:
        best = min(city.person_cost(sites) for sites in every)
    assert plan.objective == pytest.approx(best)


# --- time -------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("seconds", [1e-6, 0.02, 0.3])
def test_whatever_the_time_the_bound_holds_the_optimum(model: str, seconds: float) -> None:
    city = random_city(150, 40, p=6, seed=11, clusters=9)
    best = solve(model, city, standard=1500)
    hasty = solve(model, city, standard=1500, time_limit=seconds)
    assert best.status == "optimal"
    assert len(set(hasty.sites)) == city.p
    sign = 1 if model == "mclp" else -1
    assert sign * hasty.objective <= sign * best.objective + 1e-6
    assert sign * hasty.bound >= sign * best.objective - 1e-6
    assert hasty.gap == pytest.approx(abs(hasty.bound - hasty.objective) / hasty.objective)
    assert (hasty.status == "optimal") == (hasty.gap == 0)


@both
@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_no_time_is_no_question(model: str, seconds: float) -> None:
    with pytest.raises(AnalysisError, match="time limit must be more than 0"):
        solve(model, random_city(5, 3, p=1), time_limit=seconds)


# --- the matrix that the models read ----------------------------------------------------------


@EXAMPLES
@given(city=cities())
def test_pairs_beyond_the_standard_are_as_good_as_absent(city: City) -> None:
    cut = city.frame.where(city.frame <= STANDARD)
    full, sparse = solve("mclp", city), solve("mclp", replace(city, frame=cut))
    same(full, sparse)
    pd.testing.assert_frame_equal(full.assignment, sparse.assignment)


def test_matrix_of_another_shape_than_its_ids_is_a_bug_of_the_caller() -> None:
    good = CostMatrix.from_frame(pd.DataFrame([[1.0, 2.0]], index=["h"]), unit="m")
    with pytest.raises(ValueError, match=r"shape \(1, 2\), the ids say \(1, 1\)"):
        replace(good, facility_ids=good.facility_ids[:1])
