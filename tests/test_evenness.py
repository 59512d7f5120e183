"""How evenly access is shared: clusters of districts against esda, shares of people by hand."""

from __future__ import annotations

from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import city
from ecity_geo.evenness import clustering_of, clusters_of, inequality_of


def board(shares: np.ndarray) -> gpd.GeoDataFrame:
    """Square districts, a row of the array for a row of the board."""
    rows, columns = shares.shape
    return gpd.GeoDataFrame(
        {"covered_share": shares.ravel()},
        geometry=[city.square(n % columns, n // columns) for n in range(rows * columns)],
        index=pd.Index([str(n) for n in range(rows * columns)]),
        crs=city.CRS,
    )


def two_ends(columns: int = 10) -> np.ndarray:
    """Least covered at one end, best at the other, each district with a share of its own."""
    step = np.array([0.0] * 3 + [0.5] * (columns - 6) + [1.0] * 3)
    return step + np.linspace(0, 0.01, 4 * columns).reshape(4, columns)


def test_ends_of_a_city_are_clusters_and_its_middle_is_none() -> None:
    found = clusters_of(board(two_ends()), seed=1).to_numpy().reshape(4, 10)
    # Districts of the edge have fewer neighbours, and are less sure.
    assert (found[1:3, :2] == "low-low").all()
    assert (found[1:3, -2:] == "high-high").all()
    assert (found[:, 4:6] == "none").all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_clusters_are_those_of_esda(esda: ModuleType) -> None:
    weights = pytest.importorskip("libpysal").weights
    districts = board(two_ends())
    w = weights.Queen.from_dataframe(districts, use_index=True)
    w.transform = "r"
    peer = esda.Moran_Local(
        districts["covered_share"], w, permutations=9999, seed=1, n_jobs=1, keep_simulations=False
    )
    # Its p is one-sided; which ones pass at 5 % of discoveries is Benjamini and Hochberg again.
    both = np.minimum(2 * peer.p_sim, 1.0)
    sure = both <= esda.fdr(both, 0.05)
    words = np.array(["", "high-high", "low-high", "low-low", "high-low"])
    expected = np.where(sure, words[peer.q], "none")
    assert clusters_of(districts, seed=1).tolist() == expected.tolist()


def test_whole_map_is_clustered_where_its_ends_are() -> None:
    found = clustering_of(board(two_ends()), seed=1)
    assert found["moran_i"] > 0.5
    assert found["moran_p"] < 0.001


def test_a_chessboard_lies_apart() -> None:
    shares = np.indices((5, 5)).sum(axis=0) % 2 + np.linspace(0, 0.01, 25).reshape(5, 5)
    districts = board(shares.astype(float))
    rook = districts.assign(geometry=districts.buffer(-1).to_numpy())
    assert clusters_of(rook, seed=1).isna().all()  # nobody touches anybody
    assert clustering_of(districts, seed=1)["moran_i"] < 0


@pytest.mark.parametrize("shares", [two_ends()[:, :4], np.full((5, 5), 0.5)])
def test_nothing_is_told_of_few_districts_or_of_equal_ones(shares: np.ndarray) -> None:
    assert np.isnan(clustering_of(board(shares), seed=1)["moran_i"])
    assert clusters_of(board(shares), seed=1).isna().all()


def test_districts_without_people_are_left_out() -> None:
    shares = two_ends()
    shares[0, 0] = np.nan
    found = clusters_of(board(shares), seed=1)
    assert pd.isna(found.iloc[0])
    assert found.iloc[1:].notna().all()


def homes(**columns: list[object]) -> pd.DataFrame:
    """Four homes in two districts of two fabrics; `columns` replaces theirs."""
    return pd.DataFrame(
        {
            "access_per_1000": [50.0, 50.0, 0.0, 0.0],
            "population": [100.0, 100.0, 150.0, 150.0],
            "district_id": ["a", "a", "b", "b"],
            "fabric": ["planned", "planned", "informal", "informal"],
            **columns,
        }
    )


READY = pd.Series({"a": 4.0, "b": 2.0})


def test_inequality_by_hand() -> None:
    # 200 people have 50 each, 300 have none: Gini 1 - 200/500. All of it is between the two
    # fabrics, and ranked by readiness people are ranked by access: the index is the Gini.
    found = inequality_of(homes(), READY)
    assert found == pytest.approx(
        {"gini": 0.6, "lower_half": 0.0, "between_fabrics": 1.0, "concentration": 0.6}
    )


def test_half_with_least_has_what_the_lorenz_curve_says() -> None:
    # 300 people share all; of the half of 250 people 50 are among them: 50/300.
    found = inequality_of(homes(population=[150.0, 150.0, 100.0, 100.0]), READY)
    assert found["lower_half"] == pytest.approx(1 / 6)


def test_inequality_inside_a_fabric_is_not_between_fabrics() -> None:
    found = inequality_of(homes(fabric=["planned", "informal", "planned", "informal"]), READY)
    assert found["between_fabrics"] == pytest.approx(0.0, abs=1e-12)


def test_capacity_where_readiness_is_low_is_below_nought() -> None:
    assert inequality_of(homes(), 6 - READY)["concentration"] == pytest.approx(-0.6)


def test_what_is_unknown_is_left_out_or_missing() -> None:
    outside = homes(district_id=["a", "a", "b", None], fabric=["planned", None, None, None])
    found = inequality_of(outside, READY)
    assert found["concentration"] > 0
    assert np.isnan(found["between_fabrics"])  # one fabric is nothing to compare
    hidden = inequality_of(homes(), pd.Series({"a": 4.0, "b": np.nan}))
    assert np.isnan(hidden["concentration"])


def test_nobody_has_a_share_where_there_is_nothing() -> None:
    found = inequality_of(homes(access_per_1000=[0.0] * 4), READY)
    assert all(np.isnan(value) for value in found.values())
