"""Inequality over people: each measure against its definition, person by person."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.indicators.inequality import concentration_index, gini, lorenz, palma, theil


def by_pairs(access: np.ndarray, people: np.ndarray) -> float:
    """Half the mean difference between two people over the mean (Gini 1912)."""
    differences = np.abs(access[:, None] - access) * people[:, None] * people
    mean = (access * people).sum() / people.sum()
    return float(differences.sum() / (2 * mean * people.sum() ** 2))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 12))
def test_agrees_with_the_mean_difference_between_two_people(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    access = rng.integers(0, 5, count) + rng.random(count) * (seed % 2) + 0.01
    people = rng.integers(0, 9, count) + 0.5
    found = gini(pd.Series(access), pd.Series(people).iloc[::-1])
    assert found == pytest.approx(by_pairs(access, people), abs=1e-12)
    assert found == pytest.approx(gini(pd.Series(access * 1000), pd.Series(people * 7)))


def test_equal_access_has_no_inequality() -> None:
    assert gini(pd.Series([0.3] * 7), pd.Series([1.0, 2, 3, 4, 5, 6, 7])) == pytest.approx(0)


def test_one_in_ten_who_has_all() -> None:
    assert gini(pd.Series([5.0, 0.0]), pd.Series([1.0, 9.0])) == pytest.approx(0.9)


def test_splitting_a_place_changes_nothing() -> None:
    whole = gini(pd.Series([1.0, 3.0]), pd.Series([10.0, 20.0]))
    assert gini(pd.Series([3.0, 1.0, 3.0]), pd.Series([15.0, 10.0, 5.0])) == pytest.approx(whole)


@pytest.mark.parametrize(("access", "people"), [([], []), ([0.0, 0.0], [1.0, 2.0]), ([3.0], [0.0])])
def test_nothing_to_share_out_has_no_coefficient(access: list[float], people: list[float]) -> None:
    with pytest.raises(AnalysisError, match="gini: nobody has any access"):
        gini(pd.Series(access, dtype=float), pd.Series(people, dtype=float))


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_impossible_amounts_are_refused(wrong: float) -> None:
    for access, people in (([1.0, wrong], [1.0, 1.0]), ([1.0, 1.0], [1.0, wrong])):
        with pytest.raises(AnalysisError, match="missing, negative or infinite"):
            gini(pd.Series(access), pd.Series(people))
    with pytest.raises(AnalysisError):
        gini(pd.Series([1.0, 2.0]), pd.Series([1.0]))


def crowd(seed: int) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Access, whole numbers of people and a fabric for a dozen places; some have nothing."""
    rng = np.random.default_rng(seed)
    ids = [f"h{i}" for i in range(12)]
    access = pd.Series(rng.integers(0, 6, 12) * rng.random(12).round(2), index=ids)
    access.iloc[0] = 1.0
    people = pd.Series(rng.integers(1, 9, 12).astype(float), index=ids)
    fabric = pd.Series(rng.choice(["planned", "informal", "rural"], 12), index=ids)
    return access, people, fabric


def persons(values: pd.Series, people: pd.Series) -> np.ndarray:
    return np.repeat(values.to_numpy(), people.astype(int).to_numpy())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lorenz_encloses_half_of_gini(seed: int) -> None:
    access, people, _ = crowd(seed)
    curve = lorenz(access, people.iloc[::-1])
    area = np.trapezoid(curve["people"] - curve["access"], curve["people"])
    assert 2 * area == pytest.approx(gini(access, people))
    assert curve.iloc[[0, -1]].to_numpy().ravel().tolist() == pytest.approx([0, 0, 1, 1])
    # Convex, and never above the diagonal.
    slopes = np.diff(curve["access"]) / np.diff(curve["people"])
    assert (np.diff(slopes) >= -1e-12).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_theil_is_its_sum_over_persons_and_splits_without_rest(seed: int) -> None:
    access, people, fabric = crowd(seed)
    found = theil(access, people.iloc[::-1], by=fabric.iloc[::-1])
    ratio = persons(access, people) / persons(access, people).mean()
    logs = np.log(np.where(ratio > 0, ratio, 1))
    assert found.total == pytest.approx((ratio * logs).mean())
    assert found.between + found.within == pytest.approx(found.total)
    assert found.groups[["between", "within"]].sum().tolist() == pytest.approx(
        [found.between, found.within]
    )
    means = access.groupby(fabric).agg(lambda group: np.average(group, weights=people[group.index]))
    levelled = fabric.map(means)
    assert theil(levelled, people, by=fabric).total == pytest.approx(found.between)
    for name, group in access.groupby(fabric):
        alone = found.groups.loc[name, "theil"]
        if group.sum() > 0:
            inside = theil(group, people[group.index], by=fabric).total
            assert alone == pytest.approx(inside)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_concentration_is_its_covariance_over_persons(seed: int) -> None:
    access, people, _ = crowd(seed)
    rank_by = pd.Series(np.random.default_rng(seed + 1).integers(0, 4, 12), index=access.index)
    found = concentration_index(access, people, rank_by=rank_by.iloc[::-1])
    order = pd.Series(persons(rank_by, people)).rank(method="average").to_numpy()
    fractional = (order - 0.5) / len(order)
    have = persons(access, people)
    assert found == pytest.approx(2 * np.cov(have, fractional, ddof=0)[0, 1] / have.mean())
    assert concentration_index(access, people, rank_by=-rank_by) == pytest.approx(-found)
    assert concentration_index(access, people, rank_by=access) == pytest.approx(
        gini(access, people)
    )


def test_concentration_leaves_out_who_has_no_rank() -> None:
    access, people, _ = crowd(5)
    rank_by = pd.Series(np.arange(12.0), index=access.index)
    kept = access.index[:9]
    assert concentration_index(access, people, rank_by=rank_by[kept]) == pytest.approx(
        concentration_index(access[kept], people[kept], rank_by=rank_by)
    )


def test_palma_by_hand() -> None:
    # Ten people with 1 to 10: the best has 10, the worst four 1 + 2 + 3 + 4.
    access = pd.Series(np.arange(1.0, 11))
    assert palma(access, pd.Series(np.ones(10))) == pytest.approx(10 / 10)
    assert palma(pd.Series([2.0]), pd.Series([7.0])) == pytest.approx(0.25)
    assert palma(pd.Series([0.0, 1.0]), pd.Series([5.0, 5.0])) == np.inf
    # A tenth that ends inside a place takes part of it.
    assert palma(pd.Series([1.0, 2.0]), pd.Series([3.0, 1.0])) == pytest.approx(0.2 / 0.4)


@pytest.mark.parametrize("measure", [lorenz, palma])
def test_nothing_to_share_is_said(measure: Callable[[pd.Series, pd.Series], object]) -> None:
    with pytest.raises(AnalysisError, match="nobody has any access"):
        measure(pd.Series([0.0, 0.0]), pd.Series([1.0, 2.0]))


def test_a_place_without_a_group_is_named() -> None:
    access, people, fabric = crowd(2)
    with pytest.raises(AnalysisError, match="no group for \\['h3'\\]"):
        theil(access, people, by=fabric.drop("h3"))


def test_theil_ignores_access_where_nobody_lives() -> None:
    # The identity: leaving such places out changes nothing, also in a group that has none else.
    access = pd.Series([1.0, 3.0, 5.0, 0.0, 2.0])
    people = pd.Series([1, 2, 0, 4, 0])
    by = pd.Series(["a", "a", "b", "b", "c"])
    living = people > 0
    found = theil(access, people, by=by)
    left = theil(access[living], people[living], by=by[living])
    assert (found.total, found.between) == (left.total, left.between)


def test_amounts_that_cannot_be_aligned_or_counted_are_named() -> None:
    access = pd.Series([1.0, 2.0])
    with pytest.raises(AnalysisError, match="found ids twice"):
        gini(access, access.set_axis([0, 0]))
    with pytest.raises(AnalysisError, match="expected numbers"):
        gini(pd.Series(["a", "b"]), access)


def test_who_has_people_but_no_access_value_is_not_left_out() -> None:
    # Nobody leaves in silence: 9 people without an access value are no equals of anybody.
    access, people = pd.Series({"a": 1.0}), pd.Series({"a": 1.0, "b": 9.0})
    for measure in (gini, lorenz, palma):
        with pytest.raises(AnalysisError, match=r"9 people live at 1 points without .*\['b'\]"):
            measure(access, people)
    assert gini(access, people * [1, 0]) == 0


def test_who_can_get_nowhere_ranks_last_and_not_nowhere() -> None:
    # By hand: ranked by cost, the half that reaches nothing has all the access, or none.
    access, people = pd.Series([1.0, 0.0]), pd.Series([5.0, 5.0])
    cost = pd.Series([100.0, np.inf])
    assert concentration_index(access, people, rank_by=cost) == pytest.approx(-0.5)
    assert concentration_index(access, people, rank_by=-cost) == pytest.approx(0.5)
    finite = concentration_index(access, people, rank_by=cost.replace(np.inf, 1e9))
    assert concentration_index(access, people, rank_by=cost) == finite


def test_ranks_of_other_points_are_said_to_rank_nobody() -> None:
    access, people = pd.Series({"a": 1.0}), pd.Series({"a": 1.0})
    with pytest.raises(AnalysisError, match="found no rank for anybody"):
        concentration_index(access, people, rank_by=pd.Series({0: 1.0}))
