"""Sites moved along the streets: each held to all junctions around it, measured anew."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from ecity_geo import siting
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets
from ecity_geo.siting import refine_along_streets

CRS = "EPSG:32638"
STANDARD = 4.0


def layer(places: Any, prefix: str, **columns: Any) -> gpd.GeoDataFrame:
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T
    ids = [f"{prefix}{at}" for at in range(len(x))]
    return gpd.GeoDataFrame(columns, index=ids, geometry=gpd.points_from_xy(x, y), crs=CRS)


class Town:
    """Streets every 200 m with speeds of their own, some one-way, and a plan of two sites."""

    def __init__(self, seed: int, model: str) -> None:
        rng = np.random.default_rng(seed)
        steps = range(6)
        ends = [((i, j), (i + 1, j)) for i in steps[:-1] for j in steps]
        ends += [((j, i), (j, i + 1)) for i in steps[:-1] for j in steps]
        lines = np.array([LineString(np.array(pair) * 200.0) for pair in ends], dtype=object)
        oneway = rng.choice([0, 0, 0, 1], len(ends))
        self.streets = StreetGraph.from_lines(lines, rng.uniform(1, 4, len(ends)), oneway=oneway)
        people = rng.integers(0, 40, 25).astype(float)
        self.demand = layer(rng.random((25, 2)) * 1000, "h", population=people)
        old, new = layer(rng.random((1, 2)) * 1000, "e"), layer(rng.random((5, 2)) * 1000, "s")
        self.sites = gpd.GeoDataFrame(pd.concat([old, new]), crs=CRS)
        self.plan = getattr(siting, model)(
            along_streets(self.demand, self.sites, self.streets),
            self.demand["population"],
            p=2,
            candidates=new.index,
            existing=old.index,
            **({"standard": STANDARD} if model == "mclp" else {}),
        )

    def objective(self, places: np.ndarray) -> float:
        """Measured anew with the existing site and sites at these places."""
        old = shapely.get_coordinates(self.sites.geometry.loc[self.plan.existing].to_numpy())
        goals = layer(np.concatenate([old, places]), "k")
        way = along_streets(self.demand, goals, self.streets).to_frame().min(axis=1)
        people = self.demand["population"]
        if self.plan.model == "mclp":
            return float(people[way <= STANDARD].sum())
        return float((people * way)[people > 0].sum())


@pytest.mark.parametrize("model", ["mclp", "p_median"])
@given(seed=st.integers(0, 10_000), farthest=st.sampled_from([150.0, 400.0]))
@settings(max_examples=6, deadline=None)
def test_no_junction_around_one_site_would_be_better(
    model: str, seed: int, farthest: float
) -> None:
    town = Town(seed, model)
    found = refine_along_streets(
        town.plan, town.demand, town.sites, town.streets, farthest=farthest
    )
    places = shapely.get_coordinates(found.sites.geometry.to_numpy())
    assert found.before == pytest.approx(town.plan.objective)
    assert found.after == pytest.approx(town.objective(places))
    sign = 1 if model == "mclp" else -1
    assert sign * (found.after - found.before) == pytest.approx(found.sites["gain"].sum())
    assert (found.sites["gain"] >= 0).all()
    start = shapely.get_coordinates(town.sites.geometry.loc[found.sites.index].to_numpy())
    nodes = np.column_stack([town.streets.x, town.streets.y])
    for site in range(2):
        assert np.hypot(*(places[site] - start[site])) <= farthest
        for node in nodes[np.hypot(*(nodes - start[site]).T) <= farthest]:
            other = places.copy()
            other[site] = node
            assert sign * town.objective(other) <= sign * found.after * (1 + sign * 1e-9)


def test_sites_stay_in_the_area() -> None:
    town = Town(3, "p_median")
    stands = town.sites.loc[town.plan.sites]
    area = gpd.GeoSeries([shapely.union_all(stands.buffer(120).to_numpy())], crs=CRS)
    move = partial(refine_along_streets, town.plan, town.demand, town.sites, town.streets)
    free, fenced = move(farthest=400), move(farthest=400, within=area)
    assert fenced.sites.within(area.iloc[0]).all()
    assert free.after <= fenced.after <= fenced.before
    assert move(farthest=0.01).sites["moved"].tolist() == [0, 0]


def test_what_is_not_the_plan_along_these_streets_says_so() -> None:
    town = Town(1, "mclp")
    move = partial(refine_along_streets, town.plan, town.demand, town.sites, town.streets)
    with pytest.raises(AnalysisError, match="are not the way along these streets"):
        move(farthest=100, unit="m")
    with pytest.raises(AnalysisError, match="farthest = inf m"):
        move(farthest=np.inf)
    with pytest.raises(AnalysisError, match="outside the area"):
        move(farthest=9, within=gpd.GeoSeries([shapely.box(-9, -9, -8, -8)], crs=CRS))
    with pytest.raises(AnalysisError, match="cannot be refined"):
        refine_along_streets(
            replace(town.plan, model="lscp"), town.demand, town.sites, town.streets, farthest=9
        )
