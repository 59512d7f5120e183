"""p-dispersion: what must not change it, what a time limit leaves, and who is chosen in a tie."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.plan import SitingPlan

SMALL = settings(max_examples=30, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10_000)


def places(seed: int, n: int = 9, side: int = 6) -> pd.DataFrame:
    """Distances between places on a coarse grid, where ties and shared places are common."""
    at = np.random.default_rng(seed).integers(0, side, (n, 2)).astype(float)
    names = [f"s{place}" for place in range(n)]
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    return pd.DataFrame(apart, index=names, columns=names)


def spread(apart: pd.DataFrame, chosen: list[str]) -> float:
    return min(float(apart.loc[one, other]) for one, other in combinations(chosen, 2))


def widest(apart: pd.DataFrame, p: int, **asked: object) -> SitingPlan:
    given_ = {"candidates": apart.columns, **asked}
    return siting.p_dispersion(CostMatrix.from_frame(apart, unit="m"), p=p, **given_)  # type: ignore[arg-type]


@SMALL
@given(SEEDS, st.integers(2, 4))
def test_one_more_site_brings_sites_no_further_apart(seed: int, p: int) -> None:
    apart = places(seed)
    assert widest(apart, p + 1).objective <= widest(apart, p).objective


@SMALL
@given(SEEDS, st.integers(2, 4))
def test_one_more_candidate_never_brings_sites_nearer(seed: int, p: int) -> None:
    apart = places(seed)
    fewer = widest(apart, p, candidates=apart.columns[:-1])
    assert widest(apart, p).objective >= fewer.objective


@SMALL
@given(SEEDS, st.integers(2, 4))
def test_order_of_rows_and_columns_changes_nothing(seed: int, p: int) -> None:
    apart = places(seed)
    mixed = apart.sample(frac=1, random_state=seed).sample(frac=1, axis=1, random_state=seed + 1)
    one, other = widest(apart, p), widest(mixed, p, candidates=apart.columns)
    assert (list(one.sites), one.objective, one.ties) == (
        list(other.sites),
        other.objective,
        other.ties,
    )


@SMALL
@given(SEEDS, st.integers(2, 4))
def test_ties_are_counted_and_no_later_candidate_stands_for_an_earlier(seed: int, p: int) -> None:
    apart = places(seed)
    plan = widest(apart, p)
    chosen = set(plan.sites)
    assert spread(apart, list(chosen)) == plan.objective
    equal = [
        (leaving, coming)
        for leaving in chosen
        for coming in set(apart.columns) - chosen
        if spread(apart, [*(chosen - {leaving}), coming]) >= plan.objective
    ]
    assert plan.ties == len(equal)
    assert all(coming > leaving for leaving, coming in equal)


@pytest.mark.parametrize("seconds", [1e-6, 0.1, 20.0])
def test_whatever_the_time_the_bound_holds_the_optimum(seconds: float) -> None:
    # A limit that strikes at once once left "optimal" beside a plan a sixth below the optimum.
    rng = np.random.default_rng(1)
    at = rng.random((100, 2))
    apart = pd.DataFrame(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)))
    best = widest(apart, 14)
    hasty = widest(apart, 14, time_limit=seconds)
    assert best.status == "optimal"
    assert hasty.objective <= best.objective <= hasty.bound
    assert (hasty.status == "optimal") == (hasty.gap == 0) == (hasty.bound == hasty.objective)
    assert hasty.gap == pytest.approx((hasty.bound - hasty.objective) / hasty.objective)


def test_what_the_clock_leaves_unproven_is_not_called_optimal() -> None:
    apart = places(3, n=40, side=20)
    plan = widest(apart, 12, time_limit=1e-6)
    assert (plan.status, plan.gap > 0, plan.bound > plan.objective) == ("time_limit", True, True)


def test_sites_at_one_place_are_no_distance_apart() -> None:
    apart = pd.DataFrame(0.0, index=list("abc"), columns=list("abc"))
    plan = widest(apart, 2)
    assert (plan.objective, plan.status, list(plan.sites)) == (0, "optimal", ["a", "b"])
    # any of the two may leave for c
    assert plan.ties == 2


def test_pairs_that_are_not_given_are_infinitely_far_apart() -> None:
    apart = pd.DataFrame(np.nan, index=list("abc"), columns=list("abc"))
    plan = widest(apart, 3)
    assert (plan.objective, plan.gap, plan.status) == (np.inf, 0, "optimal")


def test_the_shorter_of_two_directions_counts() -> None:
    apart = pd.DataFrame(
        [[0.0, 9, 4], [2, 0, 5], [4, 5, 0]], index=list("abc"), columns=list("abc")
    )
    plan = widest(apart, 2)
    assert (sorted(plan.sites), plan.objective) == (["b", "c"], 5)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"candidates": pd.Index(["s1", "s1", "s2"])}, "more than once: 's1'"),
        ({"existing": pd.Index(["s1"])}, "both existing and candidates: 's1'"),
        ({"p": 99}, "only 9 candidates"),
        ({"p": 0}, "whole number from 1"),
        ({"p": 1}, "second site"),
        ({"time_limit": 0}, "more than 0 seconds"),
    ],
)
def test_impossible_argument_is_named(asked: dict[str, object], told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        widest(places(1), **{"p": 2, **asked})  # type: ignore[arg-type]
