"""What the tests of clusters say beside their figures: too few places, islands, no way to tell."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import k_nearest, queen
from ecity_geo.stats.clusters import getis_ord, local_geary, local_moran
from ecity_geo.stats.spatial import join_counts

UTM = "EPSG:32638"


def city(n: int) -> tuple[gpd.GeoSeries, pd.Series]:
    rng = np.random.default_rng(0)
    points = gpd.GeoSeries(
        gpd.points_from_xy(*rng.random((2, n)) * 10_000), [f"p{i}" for i in range(n)], crs=UTM
    )
    return points, pd.Series(rng.normal(size=n), points.index)


def grid(side: int) -> gpd.GeoSeries:
    cells = [shapely.box(i, j, i + 1, j + 1) for i in range(side) for j in range(side)]
    return gpd.GeoSeries(cells, [f"c{i}" for i in range(side**2)], crs=UTM)


def test_a_cluster_that_the_adjustment_cannot_find_is_told() -> None:
    # By hand: four places at the least p of 2 / 1000, times 400 / 4 places, are 0.2. A p of 0.05
    # times 4 / 400 can come up from 4,000 draws on: 3,999 permutations, and the map itself.
    cells = grid(20)
    values = pd.Series(np.random.default_rng(3).normal(size=400), cells.index)
    values[[f"c{i}" for i in (42, 43, 62, 63)]] += 8
    weights = queen(cells)
    found = local_moran(values, weights)
    floor = int((found.table["p"] <= 0.002).sum())
    assert (found.table["cluster"] == "not significant").all()
    assert f"No p of {floor} places can be smaller than 0.002" in found.note
    least = int(found.note.split("It takes ")[1].split()[0].replace(",", ""))
    assert least == int(np.ceil(2 * 400 / (0.05 * floor))) - 1
    again = local_moran(values, weights, permutations=99_999)
    assert (again.table["cluster"] == "high-high").sum() >= 4
    assert again.note == ""


def test_no_draws_help_where_there_are_few_choices_of_neighbours() -> None:
    # One neighbour of 29 others: the lag itself is one of 29, so that no p is below 2 / 30.
    points, x = city(30)
    note = local_moran(x, k_nearest(points, 1)).note
    assert "only 29 choices of neighbours" in note
    assert "more neighbours" in note


def test_islands_are_named_by_every_test_of_clusters() -> None:
    cells = pd.concat([grid(5), gpd.GeoSeries([shapely.box(90, 90, 91, 91)], ["far"], crs=UTM)])
    weights, values = queen(cells), pd.Series(np.arange(26.0), cells.index)
    for find in (local_moran, local_geary, getis_ord):
        found = find(values, weights)
        assert found.islands == ("far",)
        assert "1 place has no neighbour: far." in found.note
    joins = join_counts(values > 12, weights)
    assert joins.attrs["islands"] == ("far",)
    assert joins["islands"].tolist() == [1, 1, 1]
    assert joins["note"].unique().tolist() == ["1 place has no neighbour: far."]


def test_join_counts_of_ten_districts_are_said_to_be_few() -> None:
    points, x = city(10)
    joins = join_counts(x > 0, k_nearest(points, 3))
    assert joins["note"].str.contains("10 places are too few").all()
    points, x = city(30)
    assert (join_counts(x > 0, k_nearest(points, 3))["note"] == "").all()


def test_groups_that_stand_twice_are_named() -> None:
    points, x = city(30)
    with pytest.raises(AnalysisError, match=r"ids twice \['p0'\]"):
        join_counts(pd.concat([x, x.head(1)]) > 0, k_nearest(points, 3))


@pytest.mark.parametrize("alpha", ["x", None, [0.05]])
def test_a_level_that_is_no_number_is_named(alpha: float) -> None:
    points, x = city(30)
    with pytest.raises(AnalysisError, match="alpha: found"):
        local_moran(x, k_nearest(points, 3), alpha=alpha)
