"""New sites of a study by every model, held to the plain table of costs and to one another."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pytest

import city
import ecity_geo
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.findings import travel_costs
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.inputs.conditions import MODELS, Conditions, SiteKind
from ecity_geo.site_findings import Sited, before_after, site
from ecity_geo.study import Study


@lru_cache(maxsize=1)
def study() -> Study:
    return ecity_geo.load_study(city.write_city(Path(mkdtemp())))


@lru_cache(maxsize=1)
def costs() -> CostMatrix:
    return travel_costs(study())


def sited(*models: str, **options: Any) -> Sited:
    conditions = Conditions(**options.pop("conditions", {}))
    asked = replace(study().options, models=models, conditions=conditions, **options)
    changed = replace(study(), options=asked)
    return site(changed, travel_costs(changed) if "standard" in options else costs())


@lru_cache(maxsize=1)
def every_model() -> Sited:
    return sited(*MODELS, p=3)


@pytest.mark.parametrize("model", MODELS)
def test_what_a_plan_changes_is_what_the_table_of_costs_says(model: str) -> None:
    found = every_model()
    plan = found.plans[model]
    wide, people = costs().to_frame(), study().demand["population"]
    way = wide[[*plan.existing, *plan.sites]].min(axis=1)
    rows = found.before_after[found.before_after["model"] == model].set_index(["level", "unit_id"])
    whole = rows.loc[("city", "city")]
    assert whole["covered_after"] == pytest.approx(people[way <= 500].sum() / people.sum())
    assert whole["mean_after"] == pytest.approx((people * way).sum() / people.sum())
    assert whole["longest_after"] == pytest.approx(way[people > 0].max())
    for district, mine in people.groupby(study().demand["district_id"]):
        share = mine[way[mine.index] <= 500].sum() / mine.sum()
        assert rows.loc[("district", district), "covered_after"] == pytest.approx(share)
    for level in ("district", "fabric"):
        assert rows.loc[level, "uncovered_after"].sum() == pytest.approx(whole["uncovered_after"])


@pytest.mark.parametrize("model", MODELS)
def test_each_site_says_what_it_adds_and_whom_it_is_nearest_to(model: str) -> None:
    found = every_model()
    sites = found.sites[found.sites["model"] == model]
    assert sites["order"].tolist() == list(range(1, len(sites) + 1))
    whole = found.before_after.query("model == @model and level == 'city'").iloc[0]
    brought = whole["uncovered_standing"] - whole["uncovered_after"]
    assert sites["reached"].sum() == pytest.approx(brought)
    served = found.served[model]["facility_id"]
    people = study().demand["population"].groupby(served).sum()
    expected = people.reindex(found.plans[model].sites).fillna(0.0)
    assert sites["nearest"].tolist() == pytest.approx(expected.tolist())


def test_objectives_are_those_of_the_change() -> None:
    found = every_model()
    whole = found.before_after[found.before_after["level"] == "city"].set_index("model")
    people = whole["population"].iloc[0]
    plans = found.plans
    assert plans["mclp"].objective == pytest.approx(people * whole.loc["mclp", "covered_after"])
    assert plans["p_median"].objective == pytest.approx(
        people * whole.loc["p_median", "mean_after"]
    )
    assert plans["p_center"].objective == pytest.approx(whole.loc["p_center", "longest_after"])
    assert whole["covered_after"].drop("lscp").max() <= whole.loc["mclp", "covered_after"] + 1e-12
    assert whole["longest_after"].drop("lscp").min() >= plans["p_center"].objective - 1e-9
    assert whole.loc["lscp", "covered_after"] == 1
    # Without conditions the plan under conditions is that of the most people covered.
    assert plans["conditioned"].objective == pytest.approx(plans["mclp"].objective)


def test_curve_goes_through_the_plan_and_never_falls() -> None:
    found = every_model()
    assert found.curve is not None
    assert found.curve.index.tolist() == [0, 1, 2, 3, 4, 5, 6]
    whole = found.before_after.query("model == 'mclp' and level == 'city'").iloc[0]
    standing = whole["population"] - whole["uncovered_standing"]
    assert found.curve.loc[0, "covered"] == pytest.approx(standing)
    assert found.curve.loc[3, "covered"] == pytest.approx(found.plans["mclp"].objective)
    assert (found.curve["covered"].diff().dropna() >= 0).all()
    assert sited("mclp", curve=0).curve is None


def test_a_floor_is_kept_and_told() -> None:
    plain = sited("conditioned", p=4)
    found = sited("conditioned", p=4, conditions={"floor": 0.5})
    table = found.before_after.query("level == 'district'")
    assert (table["served"] >= 0.5 - 1e-9).all()
    assert (table["floor"] == 0.5).all()
    assert (table["covered_after"] >= table["served"] - 1e-9).all()
    assert found.plans["conditioned"].objective <= plain.plans["conditioned"].objective + 1e-6
    named = sited("conditioned", p=4, conditions={"floor": {"3": 0.7}})
    floors = named.before_after.query("level == 'district'").set_index("unit_id")["floor"]
    assert floors.to_dict() == {"1": 0, "2": 0, "3": 0.7, "4": 0}


def test_a_floor_that_no_plan_keeps_names_what_is_in_the_way() -> None:
    with pytest.raises(AnalysisError, match="instead of 1"):
        sited("conditioned", p=1, conditions={"floor": 0.99})


def test_kinds_compete_for_a_place_and_for_the_budget() -> None:
    kinds = {"kiosk": SiteKind(price=1, capacity=10), "office": SiteKind(price=3, capacity=100)}
    asked = {"budget": 5.0, "kinds": kinds, "people_per_capacity": 20}
    found = sited("conditioned", conditions=asked)
    assert found.conditioned is not None
    assert found.conditioned.price <= 5
    sites = found.sites
    assert set(sites["kind"]) <= {"kiosk", "office"}
    assert sites["site_id"].is_unique
    assert sites["site_id"].isin(study().candidates.index).all()
    prices = sites["kind"].map({"kiosk": 1, "office": 3})
    assert prices.sum() == pytest.approx(found.conditioned.price)
    room = sites["kind"].map({"kiosk": 200, "office": 2000})
    assert (sites["added"] <= room + 1e-6).all()


def test_services_may_be_closed_where_that_saves() -> None:
    asked = {"objective": "price", "closing": -2.0}
    found = sited("conditioned", standard=2000, conditions=asked)
    assert found.conditioned is not None
    plan = found.plans["conditioned"]
    assert len(found.conditioned.closed)
    assert not plan.existing.isin(found.conditioned.closed).any()
    whole = found.before_after.query("level == 'city'").iloc[0]
    assert whole["covered_after"] == 1


def test_before_and_after_by_hand() -> None:
    ways = {
        "before": pd.Series({"a": 1.0, "b": 4.0, "c": np.inf}),
        "standing": pd.Series({"a": 1.0, "b": 4.0, "c": np.inf}),
        "after": pd.Series({"c": 3.0, "b": 2.0, "a": 1.0}),
    }
    people = pd.Series({"b": 300.0, "a": 100.0, "c": 100.0})
    unit = pd.Series({"a": "x", "b": "x", "c": None})
    rows = before_after(ways, people, {"district": unit}, standard=2).set_index("unit_id")
    # Today only a is within 2: 100 of 500; c reaches nothing; then a and b are: 400 of 500.
    assert rows.loc["city", ["covered_before", "covered_after"]].tolist() == [0.2, 0.8]
    assert rows.loc["city", ["uncovered_before", "uncovered_after"]].tolist() == [400, 100]
    assert rows.loc["city", ["mean_before", "mean_after"]].tolist() == [1300 / 400, 1000 / 500]
    assert rows.loc["city", ["longest_before", "longest_after"]].tolist() == [4, 3]
    assert rows.loc["city", ["out_of_reach_before", "out_of_reach_after"]].tolist() == [100, 0]
    assert rows.loc["x", ["covered_before", "covered_after"]].tolist() == [0.25, 1]


def test_floor_of_an_unknown_district_is_a_fault_with_the_nearest(tmp_path: Path) -> None:
    siting = {"models": ["conditioned"], "floor_by": "fabric", "floor": {"plannned": 0.5}}
    path = city.write_city(tmp_path, study={"siting": siting})
    with pytest.raises(InputError, match="planned") as told:
        ecity_geo.load_study(path)
    (fault,) = told.value.faults
    assert fault.cure == "Did you mean 'planned'?"
