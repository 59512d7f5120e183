"""Sites moved off their candidates: never worse, as good as each alone can be, where allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.travel import straight_line
from ecity_geo.siting import Refinement, SitingPlan, refine_sites

CRS = "EPSG:32638"
STANDARD = 600.0


def layer(places: Any, prefix: str, **columns: Any) -> gpd.GeoDataFrame:
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T
    ids = [f"{prefix}{at}" for at in range(len(x))]
    return gpd.GeoDataFrame(columns, index=ids, geometry=gpd.points_from_xy(x, y), crs=CRS)


class Town:
    """Homes, candidates and an existing site on 4 x 4 km, and a plan for them."""

    def __init__(self, seed: int, model: str, *, p: int = 3) -> None:
        rng = np.random.default_rng(seed)
        people = rng.integers(0, 40, 60).astype(float)
        self.demand = layer(rng.random((60, 2)) * 4000, "h", population=people)
        old, new = layer(rng.random((1, 2)) * 4000, "e"), layer(rng.random((9, 2)) * 4000, "s")
        self.sites = gpd.GeoDataFrame(pd.concat([old, new]), crs=CRS)
        asked = {"standard": STANDARD} if model == "mclp" else {}
        self.plan: SitingPlan = getattr(siting, model)(
            straight_line(self.demand, self.sites),
            self.demand["population"],
            p=p,
            candidates=new.index,
            existing=old.index,
            **asked,
        )

    def metres(self, sites: gpd.GeoDataFrame) -> pd.DataFrame:
        """Distances by GEOS to the existing site and to some others."""
        together = pd.concat([self.sites.geometry.loc[self.plan.existing], sites.geometry])
        return pd.DataFrame({name: self.demand.distance(at) for name, at in together.items()})

    def objective(self, sites: gpd.GeoDataFrame) -> float:
        nearest = self.metres(sites).min(axis=1)
        people = self.demand["population"]
        if self.plan.model == "mclp":
            return float(people[nearest <= STANDARD].sum())
        return float((people * nearest).sum())

    def refine(self, **changes: Any) -> Refinement:
        return refine_sites(self.plan, self.demand, self.sites, **changes)


def test_a_kiosk_moves_between_the_homes_that_it_could_not_all_reach() -> None:
    # 500 m reach from A only the first home, from between them both.
    demand = layer([(0, 0), (900, 0), (3000, 0)], "h", population=[10, 20, 5])
    sites = layer([(0, 300), (3000, 300)], "s")
    cost = straight_line(demand, sites)
    given_ = {"p": 1, "candidates": sites.index}
    plan = siting.mclp(cost, demand["population"], standard=500, **given_)
    found = refine_sites(plan, demand, sites)
    assert (found.before, found.after, found.rounds, found.settled) == (10, 30, 2, True)
    assert found.sites.geometry.iloc[0].coords[0] == (450, 0)
    assert found.sites["gain"].tolist() == [20]
    # The p-median goes to the home where most of the weight is (20 > 10 + 5).
    plan = siting.p_median(cost, demand["population"], **given_)
    found = refine_sites(plan, demand, sites)
    assert found.sites.geometry.iloc[0].coords[0] == (900, 0)
    assert found.after == 10 * 900 + 5 * 2100


@pytest.mark.parametrize("model", ["mclp", "p_median"])
@given(st.integers(0, 10_000), st.sampled_from([np.inf, 300.0]), st.booleans())
@settings(max_examples=12, deadline=None)
def test_refined_sites_are_never_worse_and_stay_where_they_may(
    model: str, seed: int, farthest: float, fenced: bool
) -> None:
    town = Town(seed, model)
    start = town.sites.loc[town.plan.sites]
    ground = shapely.union_all(start.buffer(800, quad_segs=2).to_numpy())
    fence = gpd.GeoSeries([shapely.intersection(ground, shapely.box(0, 0, 4000, 4000))], crs=CRS)
    found = town.refine(farthest=farthest, within=fence if fenced else None)
    assert found.settled
    assert found.before == pytest.approx(town.plan.objective)
    assert found.after == pytest.approx(town.objective(found.sites), rel=1e-12)
    better = found.after - found.before if model == "mclp" else found.before - found.after
    assert better >= 0
    assert found.sites["gain"].sum() == pytest.approx(better, abs=1e-6)
    assert found.sites.index.equals(pd.Index(town.plan.sites, name="site_id"))
    np.testing.assert_allclose(found.sites["moved"], found.sites.distance(start))
    assert (found.sites["moved"] <= farthest).all()
    assert not fenced or found.sites.within(fence.iloc[0]).all()


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_no_place_of_a_fine_lattice_lets_one_site_cover_more(seed: int) -> None:
    town = Town(seed, "mclp")
    found = town.refine()
    people = town.demand["population"].to_numpy()
    steps = np.stack(np.meshgrid(*[np.arange(0, 4001, 50.0)] * 2), axis=-1).reshape(-1, 2)
    homes = shapely.get_coordinates(town.demand.geometry.to_numpy())
    near = np.hypot(*(homes[:, None] - steps).transpose(2, 0, 1)) <= STANDARD
    for site in found.sites.index:
        others = town.metres(found.sites.drop(site)).min(axis=1).to_numpy() <= STANDARD
        assert found.after >= (people @ (near | others[:, None])).max()


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_scipy_serves_the_people_of_no_site_better(seed: int) -> None:
    town = Town(seed, "p_median")
    found = town.refine()
    people = town.demand["population"].to_numpy()
    homes = shapely.get_coordinates(town.demand.geometry.to_numpy())
    metres = town.metres(found.sites)
    own = metres.columns[metres.to_numpy().argmin(axis=1)]
    for site, place in found.sites.geometry.items():
        mine = np.asarray(own == site)

        def paid(at: np.ndarray, mine: np.ndarray = mine) -> float:
            return float(np.hypot(*(homes[mine] - at).T) @ people[mine])

        best = minimize(paid, np.add(place.coords[0], 5), method="Nelder-Mead").fun
        assert paid(np.array(place.coords[0])) <= best + 1e-6 * found.after


def test_one_round_may_not_settle() -> None:
    town = Town(5, "p_median")
    found = town.refine(rounds=1)
    assert (found.rounds, found.settled) == (1, False)
    assert town.refine().after < found.after < found.before


def test_people_out_of_reach_of_a_median_stay_out_of_it() -> None:
    demand = layer([(0, 0), (900, 0), (9000, 0)], "h", population=[10, 20, 500])
    sites = layer([(0, 300)], "s")
    cost = straight_line(demand, sites, cutoff=1000)
    plan = siting.p_median(cost, demand["population"], p=1, candidates=sites.index)
    assert plan.unreachable.tolist() == ["h2"]
    found = refine_sites(plan, demand, sites)
    assert (found.before, found.after) == (pytest.approx(plan.objective), 9000)


def test_order_of_the_rows_changes_nothing() -> None:
    town = Town(2, "mclp")
    again = refine_sites(town.plan, town.demand.iloc[::-1], town.sites.iloc[::-1])
    assert again.after == town.refine().after
    assert again.sites.geometry.geom_equals(town.refine().sites.geometry).all()


def test_plans_that_cannot_be_refined_say_why() -> None:
    town = Town(1, "mclp")
    demand, sites, plan = town.demand, town.sites, town.plan
    where = gpd.GeoSeries([shapely.box(9000, 0, 9001, 1)], crs=CRS)
    costs = plan.assignment.assign(cost=plan.assignment["cost"] / 80)
    wrong: dict[str, tuple[Any, ...]] = {
        "of the model 'lscp' cannot be refined": (replace(plan, model="lscp"), demand, sites),
        "are not the straight line": (replace(plan, assignment=costs), demand, sites),
        "Give the population that the plan was made for": (
            plan, demand.assign(population=demand["population"] * 2), sites,
        ),
        "no column 'population'": (plan, demand.drop(columns="population"), sites),
        "found none for 30 of 60 demand points": (plan, demand.iloc[:30], sites),
        "layer of sites lacks 'e0'": (plan, demand, sites.iloc[1:]),
        "more than once: 's1'": (plan, demand, pd.concat([sites, sites.loc[["s1"]]])),
        "expected the same": (plan, demand, sites.to_crs("EPSG:32639")),
        "metre": (plan, demand.to_crs("EPSG:4326"), sites),
    }  # fmt: skip
    for message, args in wrong.items():
        with pytest.raises(AnalysisError, match=message):
            refine_sites(*args)
    with pytest.raises(AnalysisError, match="outside the area that they may stand in: 's"):
        town.refine(within=where)
    with pytest.raises(AnalysisError, match="more than a millimetre and at least 1 round"):
        town.refine(farthest=0)
