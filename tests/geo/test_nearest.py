"""The nearest facility along streets by one search: the same as the least of all costs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.search import nearest_start
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets, nearest_along_streets

CRS = "EPSG:32638"


def points(places: object, prefix: str) -> gpd.GeoDataFrame:
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T
    ids = [f"{prefix}{number}" for number in range(len(x))]
    return gpd.GeoDataFrame(index=ids, geometry=gpd.points_from_xy(x, y), crs=CRS)


def town(rng: np.random.Generator, *, whole: bool) -> StreetGraph:
    """Streets every 256 m, a third of them gone and a third of the others one-way."""
    steps = range(6)
    ends = [((i, j), (i + 1, j)) for i in steps[:-1] for j in steps]
    ends += [((j, i), (j, i + 1)) for i in steps[:-1] for j in steps]
    kept = [ends[at] for at in np.flatnonzero(rng.random(len(ends)) < 0.7)]
    lines = np.array([LineString(np.array(pair) * 256.0) for pair in kept], dtype=object)
    minutes = rng.choice([1.0, 2.0, 4.0], len(kept)) if whole else rng.random(len(kept)) * 5
    return StreetGraph.from_lines(
        lines, minutes, oneway=rng.choice([0, 0, 1], len(kept)), snap=3000
    )


@pytest.mark.parametrize("unit", ["min", "m"])
@given(seed=st.integers(0, 100_000), cutoff=st.sampled_from([np.inf, 6.0, 700.0]))
@settings(max_examples=40, deadline=None)
def test_nearest_is_the_least_of_all_costs(unit: str, seed: int, cutoff: float) -> None:
    rng = np.random.default_rng(seed)
    streets = town(rng, whole=False)
    homes = points(rng.random((20, 2)) * 1500 - 100, "h")
    goals = points(rng.random((rng.integers(1, 8), 2)) * 1500 - 100, "k")
    asked = {"unit": unit, "cutoff": cutoff}
    table = along_streets(homes, goals, streets, **asked)
    found = nearest_along_streets(homes, goals, streets, **asked)
    wide = table.to_frame()
    np.testing.assert_allclose(found["cost"], wide.min(axis=1), rtol=0, atol=1e-9)
    served = found["facility_id"].dropna()
    own = [wide.at[home, goal] for home, goal in served.items()]
    np.testing.assert_allclose(own, found.loc[served.index, "cost"], rtol=0, atol=1e-9)
    assert (np.isfinite(found["cost"]) == found["facility_id"].notna()).all()
    pd.testing.assert_frame_equal(found, table.nearest())


@given(seed=st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_of_equally_near_facilities_the_first_is_named(seed: int) -> None:
    # Whole minutes on streets of 256 m, joined at quarters of them: ties, and no rounding.
    rng = np.random.default_rng(seed)
    streets = town(rng, whole=True)
    homes, goals = (
        points(np.column_stack([rng.integers(0, 21, n) * 64, rng.integers(0, 6, n) * 256]), prefix)
        for n, prefix in ((25, "h"), (8, "k"))
    )
    table = along_streets(homes, goals, streets)
    pd.testing.assert_frame_equal(nearest_along_streets(homes, goals, streets), table.nearest())


def test_costs_run_towards_the_facility() -> None:
    # One-way round the block: 80 m ahead is near, 80 m behind is 3,920 m away.
    block = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 0)]
    lines = np.array([LineString(block)], dtype=object)
    streets = StreetGraph.from_lines(lines, [40.0], oneway=[1])
    home, goals = points([(500, 0)], "h"), points([(420, 0), (620, 0)], "k")
    found = nearest_along_streets(home, goals, streets, unit="m")
    assert found.loc["h0"].to_dict() == {"cost": pytest.approx(120), "facility_id": "k1"}
    back = nearest_along_streets(goals, home, streets, unit="m")
    assert back["cost"].tolist() == pytest.approx([80, 3880])


def test_who_is_far_from_every_street_is_out_of_reach() -> None:
    lines = np.array([LineString([(0, 0), (1000, 0)])], dtype=object)
    streets = StreetGraph.from_lines(lines, shapely.length(lines) / 80)
    homes, goals = points([(0, 900), (0, 80)], "h"), points([(0, 900), (400, 0)], "k")
    found = nearest_along_streets(homes, goals, streets)
    assert found["cost"].tolist() == [np.inf, pytest.approx(6)]
    assert found["facility_id"].tolist() == [None, "k1"]
    with pytest.raises(AnalysisError, match="No facility lies within 500 m"):
        nearest_along_streets(homes, goals.iloc[:1], streets)
    with pytest.raises(AnalysisError, match="must be unique"):
        nearest_along_streets(homes, goals.set_axis(["k", "k"]), streets)


@given(seed=st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_first_start_is_handed_on_over_edges_without_cost(seed: int) -> None:
    """Held to SciPy's search from each start alone, on small whole costs with zeros."""
    rng = np.random.default_rng(seed)
    nodes, edges = 12, rng.integers(5, 50)
    pair = rng.choice(nodes * nodes, edges, replace=False)
    tail, head = np.divmod(pair[pair // nodes != pair % nodes], nodes)
    costs = rng.integers(0, 3, len(tail)).astype(float)
    graph = coo_array((costs, (tail, head)), shape=(nodes, nodes)).tocsr()
    starts = rng.choice(nodes, rng.integers(1, 5), replace=False)
    start, cost = nearest_start(graph, starts)
    each = dijkstra(graph, indices=starts)
    np.testing.assert_array_equal(cost, each.min(axis=0))
    expected = np.where(np.isfinite(cost), each.argmin(axis=0), -1)
    np.testing.assert_array_equal(start, expected)
