"""The global permutation tests against every order of the values, and against chance."""

from __future__ import annotations

from itertools import permutations as every_order

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import SpatialWeights, distance_band, k_nearest
from ecity_geo.stats.clusters import local_moran
from ecity_geo.stats.spatial import bivariate_moran, moran

MONTE_CARLO = 0.04
"""Four standard errors of a two-sided p from 10,000 draws: 4 x 2 x 0.5 / 100."""


def places(n: int, seed: int) -> tuple[gpd.GeoSeries, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    points = gpd.GeoSeries(gpd.points_from_xy(*rng.uniform(0, 100, (2, n))), crs="EPSG:32638")
    return points, pd.Series(rng.normal(size=n)), pd.Series(rng.normal(size=n))


def by_enumeration(x: np.ndarray, y: np.ndarray, w: np.ndarray, both: bool) -> tuple[float, float]:
    """p and mean over all orders; of both variables alike, or of y alone."""
    one, two = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    observed = one @ w @ two / w.sum()
    orders = np.array([list(order) for order in every_order(range(len(x)))])
    first = one[orders] if both else np.broadcast_to(one, orders.shape)
    drawn = np.einsum("ki,ij,kj->k", first, w, two[orders], optimize=True) / w.sum()
    tail = min((drawn >= observed - 1e-12).mean(), (drawn <= observed + 1e-12).mean())
    return min(2 * tail, 1.0), drawn.mean()


@pytest.mark.parametrize("seed", range(4))
def test_p_of_morans_i_is_that_of_all_orders_of_the_values(seed: int) -> None:
    points, x, _ = places(7, seed)
    weights = k_nearest(points, 3)
    matrix = weights.row_standardised().matrix.toarray()
    p, mean = by_enumeration(x.to_numpy(), x.to_numpy(), matrix, both=True)
    found = moran(x, weights, permutations=9999)
    assert found.p == pytest.approx(p, abs=MONTE_CARLO)
    assert found.expected == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_p_of_two_variables_is_that_of_all_orders_of_y(seed: int) -> None:
    points, x, y = places(7, seed)
    weights = k_nearest(points, 3)
    matrix = weights.row_standardised().matrix.toarray()
    p, mean = by_enumeration(x.to_numpy(), y.to_numpy(), matrix, both=False)
    found = bivariate_moran(x, y, weights, permutations=9999)
    assert found.p == pytest.approx(p, abs=MONTE_CARLO)
    assert found.expected == pytest.approx(mean, abs=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("n", [10, 40])
def test_p_of_morans_i_is_that_of_esda(n: int) -> None:
    esda, peers = pytest.importorskip("esda"), pytest.importorskip("libpysal.weights")
    points, x, _ = places(n, 3)
    weights = k_nearest(points, 4)
    peer = peers.W({i: weights.matrix.indices[4 * i : 4 * i + 4].tolist() for i in range(n)})
    peer.transform = "r"
    np.random.seed(1)  # noqa: NPY002 - the peer draws from it
    theirs = esda.Moran(x.to_numpy(), peer, permutations=9999)
    found = moran(x, weights, permutations=9999)
    assert found.p / 2 == pytest.approx(theirs.p_sim, abs=MONTE_CARLO)


def test_ten_places_without_a_pattern_are_rarely_called_clustered() -> None:
    # At the level 0.05, of 200 maps 10 on average; above 22 once in 5,000 times (binomial).
    found = [places(10, seed) for seed in range(200)]
    small = [moran(x, k_nearest(p, 4), permutations=199).p <= 0.05 for p, x, _ in found]
    assert sum(small) <= 22


@pytest.mark.parametrize("n", [4, 5, 10, 15])
def test_neighbours_of_all_can_show_no_pattern(n: int) -> None:
    # I is -1 / (n - 1) for each order of the values, so that p is 1.
    points, x, _ = places(n, n)
    found = moran(x, distance_band(points, 1000))
    assert (found.i, found.p) == (pytest.approx(-1 / (n - 1)), 1.0)
    assert np.isnan(found.z)
    assert "wherever the values lie" in found.note


@pytest.mark.parametrize("value", [1e160, 1j])
def test_values_that_cannot_be_squared_are_named(value: complex) -> None:
    points, x, _ = places(10, 0)
    with pytest.raises(AnalysisError, match="value"):
        moran(x * value, k_nearest(points, 3))


@pytest.mark.parametrize("alpha", [0, 1, 2, float("nan")])
def test_a_level_that_is_none_is_named(alpha: float) -> None:
    points, x, _ = places(10, 0)
    weights: SpatialWeights = k_nearest(points, 3)
    with pytest.raises(AnalysisError, match="alpha"):
        local_moran(x, weights, alpha=alpha)
