"""Useful costs against the whole matrix, which answers every question about the nearest alike."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point

from ecity_geo.errors import AnalysisError
from ecity_geo.geo import useful
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import cost_matrix
from ecity_geo.geo.useful import useful_costs
from ecity_geo.siting import mclp, p_center, p_median

CRS = "EPSG:32638"
STANDARD = 150.0


def points(rng: np.random.Generator, count: int, letter: str) -> gpd.GeoDataFrame:
    # Whole metres on a small place, so that many are equally far.
    where = rng.integers(0, 1000, (count, 2))
    return gpd.GeoDataFrame(
        index=[f"{letter}{k}" for k in range(count)],
        geometry=gpd.points_from_xy(where[:, 0], where[:, 1]),
        crs=CRS,
    )


def streets_of(lines: list[LineString], snap: float = 500.0) -> StreetGraph:
    return StreetGraph.from_lines(lines, [line.length / 80 for line in lines], snap=snap)


def grid_streets() -> StreetGraph:
    hundreds = range(0, 1001, 100)
    lines = [LineString([(x, y) for x in hundreds]) for y in hundreds]
    lines += [LineString([(x, y) for y in hundreds]) for x in hundreds]
    return streets_of(lines, snap=80)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    measure=st.sampled_from(["straight", "streets"]),
    standing=st.integers(0, 4),
)
def test_nearest_and_covered_are_those_of_the_whole_matrix(
    seed: int, measure: str, standing: int
) -> None:
    rng = np.random.default_rng(seed)
    homes, sites = points(rng, 60, "h"), points(rng, 12, "s")
    how = {"measure": measure, "unit": "m", "streets": grid_streets()}
    whole = cost_matrix(homes, sites, **how)
    stands = sites.index[:standing]
    found = useful_costs(homes, sites, standing=stands, within=STANDARD, **how)
    for more in (sites.index[:0], sites.index[6:9], sites.index[standing:]):
        some = pd.Index([*stands, *more]).unique()
        pd.testing.assert_frame_equal(
            found.select(some).nearest(), whole.select(some).nearest(), check_exact=True
        )
    pd.testing.assert_frame_equal(
        found.within(STANDARD).to_frame(), whole.within(STANDARD).to_frame(), check_exact=True
    )


@pytest.mark.parametrize("seed", range(4))
def test_plans_are_those_of_the_whole_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes, sites = points(rng, 80, "h"), points(rng, 25, "s")
    people = pd.Series(rng.integers(1, 50, 80).astype(float), index=homes.index)
    whole = cost_matrix(homes, sites)
    found = useful_costs(homes, sites, standing=sites.index[:5], within=STANDARD)
    assert found.costs.nnz < whole.costs.nnz / 2
    given = {"candidates": sites.index[5:], "existing": sites.index[:5], "p": 4}
    for model in (p_median, p_center):
        one, other = model(found, people, **given), model(whole, people, **given)
        assert (list(one.sites), one.objective) == (list(other.sites), other.objective)
    one = mclp(found, people, standard=STANDARD, **given)
    other = mclp(whole, people, standard=STANDARD, **given)
    assert (list(one.sites), one.objective) == (list(other.sites), other.objective)


def test_home_that_reaches_no_standing_facility_keeps_all_its_costs() -> None:
    apart = [LineString([(0, 0), (3000, 0)]), LineString([(0, 5000), (3000, 5000)])]
    streets = streets_of(apart)
    homes = gpd.GeoDataFrame(index=["near", "far"], geometry=[Point(0, 0), Point(0, 5000)], crs=CRS)
    sites = gpd.GeoDataFrame(
        index=["old", "new", "other"],
        geometry=[Point(100, 0), Point(2000, 0), Point(2000, 5000)],
        crs=CRS,
    )
    found = useful_costs(
        homes,
        sites,
        standing=pd.Index(["old"]),
        within=50,
        measure="streets",
        unit="m",
        streets=streets,
    )
    assert found.to_frame().to_numpy().tolist() == [[100, np.inf, np.inf], [np.inf, np.inf, 2000]]


def test_costs_are_the_same_however_many_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    homes, sites = points(rng, 40, "h"), points(rng, 10, "s")
    how = {"measure": "streets", "unit": "min", "streets": grid_streets()}
    once = useful_costs(homes, sites, standing=sites.index[:2], within=2.0, **how)
    monkeypatch.setattr(useful, "PAIRS", 1)
    pd.testing.assert_frame_equal(
        useful_costs(homes, sites, standing=sites.index[:2], within=2.0, **how).to_frame(),
        once.to_frame(),
        check_exact=True,
    )


def test_standing_facility_must_be_a_facility() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(AnalysisError, match="not among the facilities"):
        useful_costs(points(rng, 3, "h"), points(rng, 2, "s"), standing=pd.Index(["x"]), within=1.0)
