"""Conditions of new sites from the study file to the plan, held to enumeration."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import city
import ecity_geo
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.findings import travel_costs
from ecity_geo.site_findings import Sited, site
from ecity_geo.study import Study


def load(folder: Path, siting: dict[str, Any], **changes: Any) -> Study:
    asked = {"siting": {"models": ["conditioned"], **siting}}
    return ecity_geo.load_study(city.write_city(folder, study=asked, **changes))


def sited(study: Study) -> Sited:
    return site(study, travel_costs(study))


def unequal(share: pd.Series, people: pd.Series) -> float:
    """Half the mean difference between two people, over the mean: the Gini coefficient."""
    n, c = people.to_numpy(), share.to_numpy()
    apart = np.abs(c[:, None] - c[None]) * n[:, None] * n[None]
    return float(apart.sum() / (2 * n.sum() * (n @ c)))


@pytest.mark.parametrize("by", ["district", "fabric"])
def test_most_people_within_a_gini_limit_are_those_of_enumeration(by: str, tmp_path: Path) -> None:
    limit = 0.01
    study = load(tmp_path, {"p": 3, "gini": limit, "floor_by": by})
    wide, people = travel_costs(study).to_frame(), study.demand["population"]
    group = study.demand["district_id" if by == "district" else "fabric"]
    total = people.groupby(group).sum()
    best = free = 0.0
    for chosen in combinations(study.candidates.index, 3):
        within = wide[[*study.services.index, *chosen]].min(axis=1) <= study.options.standard
        share = (people * within).groupby(group).sum() / total
        covered = float(people[within].sum())
        free = max(free, covered)
        if unequal(share, total) <= limit + 1e-9:
            best = max(best, covered)
    found = sited(study)
    assert found.conditioned is not None
    groups = found.conditioned.groups
    assert found.plans["conditioned"].objective == pytest.approx(best)
    assert best < free
    assert unequal(groups["share"], groups["people"]) <= limit + 1e-6
    assert found.before_after.query("level == @by")["served"].notna().all()


def test_people_of_one_place_go_to_one_site_as_in_enumeration(tmp_path: Path) -> None:
    cells = np.zeros((20, 20), dtype=np.float32)
    cells[12, [3, 5, 7, 9, 11, 13]] = [60, 50, 70, 40, 80, 30]
    asked = {"p": 1, "people_per_capacity": 10, "kinds": {"kiosk": {"capacity": 12}}}
    services = city.services().iloc[:1].assign(capacity=10.0)
    both = {"population": cells, "services": services}
    split = sited(load(tmp_path / "split", asked, **both))
    study = load(tmp_path / "one", {**asked, "single_source": True}, **both)
    reach = travel_costs(study).to_frame() <= study.options.standard
    best = max(
        _most_served(reach[["k1", place]].to_numpy(), study.demand["population"].to_numpy())
        for place in study.candidates.index
    )
    found = sited(study)
    assert found.conditioned is not None
    assert found.plans["conditioned"].objective == best
    assert found.conditioned.shares["demand_id"].is_unique
    assert found.conditioned.shares["share"].min() == pytest.approx(1.0)
    assert best < split.plans["conditioned"].objective


def _most_served(reach: np.ndarray, people: np.ndarray) -> float:
    """Try each way to send homes to the service (100 people), the new site (120) or nowhere."""
    best = 0.0
    for choice in product((0, 1, None), repeat=len(people)):
        sent = [(home, at) for home, at in enumerate(choice) if at is not None]
        load = [sum(people[home] for home, at in sent if at == each) for each in (0, 1)]
        if all(reach[home, at] for home, at in sent) and load[0] <= 100 and load[1] <= 120:
            best = max(best, sum(load))
    return best


def test_a_gini_limit_that_no_plan_keeps_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"a Gini limit of 0\.\d+ instead of 0"):
        sited(load(tmp_path, {"p": 1, "gini": 0}))


def test_groups_that_nobody_is_in_are_a_fault(tmp_path: Path) -> None:
    siting = {"models": ["conditioned"], "gini": 0.2, "floor_by": "fabric"}
    path = city.write_city(tmp_path, study={"siting": siting, "boundaries": {"fabric": None}})
    with pytest.raises(InputError, match="people who live in a fabric") as told:
        ecity_geo.load_study(path)
    (fault,) = told.value.faults
    assert fault.field == "floor_by"


def priced(folder: Path, siting: dict[str, Any], prices: list[float], **changes: Any) -> Study:
    """A study whose sites, one at the middle of each square, have prices of their own."""
    places = [city.lonlat(x, y) for y in (500, 1500) for x in (500, 1500)]
    rows = [f"s{at + 1},{x},{y},{prices[at]}" for at, (x, y) in enumerate(places)]
    folder.mkdir(exist_ok=True)
    (folder / "sites.csv").write_text("\n".join(["id,x,y,price", *rows]), encoding="utf-8")
    candidates = {"path": "sites.csv", "id": "id", "x": "x", "y": "y", "crs": "EPSG:4326"}
    study = {
        "candidates": {"spacing": None, "price": "price", **candidates},
        "siting": siting,
        **changes.pop("study", {}),
    }
    return ecity_geo.load_study(city.write_city(folder, study=study, **changes))


def test_sites_cost_what_their_file_says(tmp_path: Path) -> None:
    # Squares 2 and 3 have no service within 500 m when the planned one does not count; the
    # third, of 3,000 people, costs more than there is.
    asked = {"models": ["conditioned"], "budget": 2, "include_planned": False}
    found = sited(priced(tmp_path / "a", asked, [1, 2, 3, 1]))
    assert found.conditioned is not None
    assert (list(found.plans["conditioned"].sites), found.conditioned.price) == (["s2"], 2.0)
    dear = {**asked, "kinds": {"kiosk": {"price": 1}}, "budget": 3}
    kinds = sited(priced(tmp_path / "b", dear, [1, 2, 3, 1]))
    assert kinds.conditioned is not None
    assert kinds.conditioned.price == 3.0  # the place and the kiosk


def test_covering_all_takes_the_cheapest_sites(tmp_path: Path) -> None:
    study = priced(tmp_path, {"models": ["lscp"], "include_planned": False}, [1, 2, 4, 1])
    plan = sited(study).plans["lscp"]
    assert (sorted(plan.sites), plan.objective) == (["s2", "s3"], 6.0)


def test_only_services_with_a_price_of_closing_close(tmp_path: Path) -> None:
    # Without a budget, a site in the third square, 30 people a cell, is paid for by closing k1
    # in the first, 10 a cell; closing k2, 40 a cell, would save more and may not be.
    services = city.services().assign(shut=["-1", "", ""])
    asked = {"siting": {"models": ["conditioned"], "budget": 0}}
    path = city.write_city(tmp_path / "none", services=services, study=asked)
    stays = sited(ecity_geo.load_study(path)).conditioned
    assert stays is not None
    assert list(stays.closed) == []
    path = city.write_city(
        tmp_path / "shut", services=services, study=asked | {"services": {"closing": "shut"}}
    )
    found = sited(ecity_geo.load_study(path)).conditioned
    assert found is not None
    assert (list(found.closed), found.price, len(found.plan.sites)) == (["k1"], 0.0, 1)
