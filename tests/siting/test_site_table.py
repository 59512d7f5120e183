"""The table of sites: which columns are read, and what is said of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix

FRAME = pd.DataFrame({"A": [1.0, 1, 9], "B": [9.0, 9, 1]}, index=list("abc"))
COST = CostMatrix.from_frame(FRAME, unit="km")
PEOPLE = pd.Series([100.0, 100, 10], index=FRAME.index)


def plan(sites: Any, **changes: Any) -> siting.ConditionedPlan:
    asked: dict[str, Any] = {"standard": 2, "p": 1, **changes}
    return siting.plan_sites(COST, PEOPLE, sites, **asked)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("existing", "standing"),
        ("open", "standing"),
        ("Standing", "standing"),
        ("standng", "standing"),
        ("cost", "price"),
        ("prise", "price"),
        ("prices", "price"),
        ("cap", "capacity"),
        ("capcity", "capacity"),
        ("capacity_people", "capacity"),
        ("closeable", "closable"),
        ("places", "place"),
    ],
)
def test_a_column_under_another_name_is_told_the_right_one(column: str, meant: str) -> None:
    with pytest.raises(AnalysisError, match=f"'{column}' for '{meant}'. Rename them, or leave"):
        plan(pd.DataFrame({column: [1, 1]}, index=["A", "B"]))


def test_all_columns_under_another_name_are_told_at_once() -> None:
    sites = pd.DataFrame({"existing": [True, False], "cap": [1, 1]}, index=["A", "B"])
    with pytest.raises(AnalysisError, match="'existing' for 'standing', 'cap' for 'capacity'"):
        plan(sites)


def test_other_columns_pass() -> None:
    names = ["name", "geometry", "district", "kind", "type", "population", "x", "lon", "note", 7]
    sites = pd.DataFrame({name: ["q", "r"] for name in names}, index=["A", "B"])
    # beside the column itself its other word is one of the caller's own
    sites = sites.assign(price=[1, 1], cost=["dear", "cheap"])
    assert list(plan(sites).plan.sites) == ["A"]  # by hand: 200 people against 10


@pytest.mark.parametrize(
    ("sites", "message"),
    [
        (["A", "B"], r"a list\. Give pd\.DataFrame\(index=ids\).* standing, closable, price"),
        (pd.Index(["A", "B"]), r"not a Index\. Give"),
        (pd.DataFrame(), "has no rows. Give a row per site"),
        (pd.DataFrame(index=["A", "A"]), "more than once: 'A'. Give each"),
        (pd.DataFrame({"price": [1, -2]}, index=["A", "B"]), "less than 0 at 1 sites: 'B'"),
        (pd.DataFrame({"price": [1, float("inf")]}, index=["A", "B"]), "1 sites is infinite: 'B'"),
        (pd.DataFrame({"capacity": [-1, -2]}, index=["A", "B"]), "2 sites is negative: 'A', 'B'"),
        (pd.DataFrame({"price": ["1", 2]}, index=["A", "B"]), "1 sites it is none, first '1': 'A'"),
        (
            pd.DataFrame({"standing": pd.array([True, None], dtype="boolean")}, index=["A", "B"]),
            "at 1 sites it is neither, first <NA>: 'B'. Correct these",
        ),
        (
            pd.DataFrame([[1, 2], [1, 2]], index=["A", "B"], columns=["price", "price"]),
            "more than one column 'price'. Leave",
        ),
    ],
)
def test_a_table_that_is_none_is_told_where_and_what_to_do(sites: Any, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        plan(sites)


GROUPS = pd.Series(["x", "x", "y"], index=FRAME.index)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": None}, "budget must be a number, not None. Leave it out"),
        ({"budget": "4"}, "budget must be a number, not '4'"),
        ({"budget": -np.inf, "p": None}, "budget must be a number, not -inf. Leave"),
        ({"p": "1"}, "whole number from 0, not '1'"),
        ({"standard": "1"}, "standard must be a number from 0, not '1'"),
        ({"time_limit": None}, "more than 0 seconds, not None"),
        ({"gini": 2}, "between 0 and 1, not 2. Leave it out"),
        ({"groups": ["x", "x", "y"]}, "table of groups is a list, .* Give a Series"),
        ({"groups": GROUPS, "floors": pd.Series({"x": 0.5})}, r"Give floors\.to_dict\(\)"),
        ({"groups": GROUPS, "floors": {"x": "much"}}, "between 0 and 1, not 'much'"),
        ({"groups": GROUPS, "floors": {"z": 0.5}}, "1 of the groups .*: 'z'. The groups are 'x', "),
        ({"groups": GROUPS.set_axis([1, 2, 3]), "floors": 0.5}, "Index the groups like the demand"),
        ({"floors": 0.5}, "there are none. Give the group of each"),
    ],
)
def test_a_condition_that_is_none_is_told_with_its_cure(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        plan(pd.DataFrame(index=["A", "B"]), **changes)


def test_a_table_of_costs_is_told_how_to_become_a_matrix() -> None:
    with pytest.raises(AnalysisError, match=r"CostMatrix\.from_frame\(frame, unit="):
        siting.plan_sites(FRAME, PEOPLE, pd.DataFrame(index=["A"]), standard=1, p=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("readiness", "message"),
    [
        (pd.Series([1.0, 6.0, 2.0], index=list("abc")), "no number, at 1 demand points: 'b'"),
        (pd.Series(["low", 2.0, 0.0], index=list("abc")), "at 2 demand points: 'a', 'c'"),
        (pd.Series([1.0, 2.0], index=list("de")), "Nobody's readiness is known. Index it like"),
        ([1, 2, 3], "a column per draw, not a list"),
    ],
)
def test_readiness_that_is_none_is_named_by_its_ids(readiness: Any, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        siting.need(PEOPLE, readiness, scale=(1, 5))


def test_need_of_people_in_a_list_is_told_to_take_ids() -> None:
    with pytest.raises(AnalysisError, match="The population is a list, which does not say whose"):
        siting.need([1, 2], pd.Series([1.0, 2.0]), scale=(1, 5))  # type: ignore[arg-type]
