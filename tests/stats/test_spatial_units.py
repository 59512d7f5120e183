"""What values are, not how they are written: unit, origin, rounding and sameness of objects."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import SpatialWeights, k_nearest
from ecity_geo.stats.clusters import LocalClusters, getis_ord, local_geary, local_moran
from ecity_geo.stats.spatial import GlobalMoran, bivariate_moran, moran

Local = Callable[[pd.Series, SpatialWeights], LocalClusters]


def town(n: int = 60) -> tuple[pd.Series, SpatialWeights]:
    rng = np.random.default_rng(8)
    points = gpd.GeoSeries(gpd.points_from_xy(*rng.random((2, n)) * 1000), crs="EPSG:32638")
    # Whole numbers, so that many sums are ties.
    return pd.Series(rng.integers(0, 9, n).astype(float)), k_nearest(points, 5)


@pytest.mark.parametrize("value", [0.1, 0.15, 0.3, 0.6, 0.65, 0.95, 1e9 / 3])
@pytest.mark.parametrize("n", [10, 60])
def test_one_value_everywhere_is_no_pattern_even_where_its_mean_rounds(
    value: float, n: int
) -> None:
    # By hand: there is nothing to compare. The mean of ten times 0.6 is 0.6 - 1e-16.
    values, weights = town(n)
    same = values * 0 + value
    for find in (moran, local_moran, getis_ord, local_geary):
        with pytest.raises(AnalysisError, match="same value"):
            find(same, weights)
    with pytest.raises(AnalysisError, match="same value"):
        bivariate_moran(values, same, weights)


@pytest.mark.parametrize("find", [getis_ord, local_moran])
@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e-3, 1e9])
def test_p_does_not_depend_on_the_unit(find: Local, unit: float) -> None:
    # Identity: the same figures in another unit, drawn with the same seed.
    values, weights = town()
    one, other = find(values, weights).table, find(values * unit, weights).table
    assert other["p"].tolist() == one["p"].tolist()


@pytest.mark.parametrize("find", [getis_ord, local_moran])
@pytest.mark.parametrize("origin", [0.1, 1e6])
def test_p_does_not_depend_on_the_origin(find: Local, origin: float) -> None:
    values, weights = town()
    one, other = find(values / 10, weights).table, find(values / 10 + origin, weights).table
    assert other["p"].tolist() == one["p"].tolist()


def test_one_outlier_does_not_hide_what_lies_elsewhere() -> None:
    # Lags without the outlier differ by whole numbers, which 1e12 leaves apart.
    values, weights = town()
    values.iloc[0] = 1e12
    near_it = weights.matrix[:, [0]].toarray().ravel() > 0
    p = getis_ord(values, weights).table["p"][~near_it]
    assert p.nunique() > 10


def test_a_variable_against_itself_is_like_a_variable_against_its_copy() -> None:
    values, weights = town()
    fields = GlobalMoran.__dataclass_fields__
    itself, copy = (bivariate_moran(values, y, weights) for y in (values, values.copy()))
    assert repr([getattr(itself, name) for name in fields]) == repr(
        [getattr(copy, name) for name in fields]
    )
    assert itself.expected == 0
