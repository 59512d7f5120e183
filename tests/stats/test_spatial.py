"""Clusters: esda's statistics to 1e-12, its p within Monte Carlo error, and draws without i."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import permutations as every_order
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.weights import SpatialWeights, distance_band, k_nearest, queen
from ecity_geo.stats import permutation
from ecity_geo.stats.clusters import (
    LocalClusters,
    getis_ord,
    local_bivariate_moran,
    local_geary,
    local_moran,
)
from ecity_geo.stats.permutation import conditional_tails, difference_tails
from ecity_geo.stats.spatial import bivariate_moran, join_counts, moran

UTM = "EPSG:32638"
# Two runs of 999 draws at p = 0.5 differ by 0.022 (one standard error); five of them for 300.
MONTE_CARLO = 0.11


def city(n: int = 300, seed: int = 0) -> tuple[gpd.GeoSeries, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 10_000
    points = gpd.GeoSeries(gpd.points_from_xy(*xy.T), [f"p{i}" for i in range(n)], crs=UTM)
    x = pd.Series(np.sin(xy[:, 0] / 2000) + rng.normal(size=n) / 2, index=points.index)
    return points, x, x + rng.normal(size=n)


def grid(side: int) -> gpd.GeoSeries:
    cells = [shapely.box(i, j, i + 1, j + 1) for i in range(side) for j in range(side)]
    return gpd.GeoSeries(cells, [f"c{i}" for i in range(side**2)], crs=UTM)


def with_peer(weights: SpatialWeights) -> object:
    peer = pytest.importorskip("libpysal.weights", reason="PySAL is not installed")
    matrix = weights.row_standardised().matrix.tocoo()
    ids = range(len(weights.ids))
    pairs = pd.DataFrame({"i": matrix.row, "j": matrix.col, "w": matrix.data})
    near = {i: group["j"].tolist() for i, group in pairs.groupby("i")}
    by = {i: group["w"].tolist() for i, group in pairs.groupby("i")}
    whole = {i: near.get(i, []) for i in ids}
    made = peer.W(whole, {i: by.get(i, []) for i in ids}, silence_warnings=True)
    made.transform = "r"
    return made


def smaller_tail(table: pd.DataFrame) -> np.ndarray:
    """The peer's p is of one side."""
    return table["p"].to_numpy() / 2


# Of the peers only: they use what pandas 3 and numpy call old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.mark.parametrize("make", [lambda p: k_nearest(p, 6), lambda p: distance_band(p, 900)])
def test_global_moran_is_that_of_esda(
    make: Callable[[gpd.GeoSeries], SpatialWeights], esda: ModuleType
) -> None:
    points, x, y = city()
    weights = make(points)
    if len(weights.islands):
        weights = make(points.drop(weights.islands))
    one, two = x[weights.ids], y[weights.ids]
    theirs = esda.Moran(one.to_numpy(), with_peer(weights), permutations=9)
    found = moran(x.iloc[::-1], weights)
    assert found.i == pytest.approx(theirs.I, abs=1e-12)
    assert found.z == pytest.approx(theirs.z_rand, abs=1e-9)
    assert found.p_normal == pytest.approx(theirs.p_rand, rel=1e-6)
    assert found.p == pytest.approx(0.002)
    both = esda.Moran_BV(one.to_numpy(), two.to_numpy(), with_peer(weights), permutations=9)
    assert bivariate_moran(x, y, weights).i == pytest.approx(both.I, abs=1e-12)


@pytest.mark.parametrize("kind", ["moran", "bivariate", "gi", "geary"])
def test_local_statistics_are_those_of_esda(kind: str, esda: ModuleType) -> None:
    points, x, y = city()
    weights = k_nearest(points, 6)
    peer = with_peer(weights)
    above = x - x.min()
    found: LocalClusters
    if kind == "moran":
        found = local_moran(x, weights)
        theirs = esda.Moran_Local(x.to_numpy(), peer, permutations=999, seed=1, n_jobs=1)
        statistic = theirs.Is
    elif kind == "bivariate":
        found = local_bivariate_moran(x, y, weights)
        theirs = esda.Moran_Local_BV(
            x.to_numpy(), y.to_numpy(), peer, permutations=999, seed=1, n_jobs=1
        )
        statistic = theirs.Is
    elif kind == "gi":
        found = getis_ord(above, weights)
        theirs = esda.G_Local(above.to_numpy(), peer, star=True, transform="B", seed=1, n_jobs=1)
        statistic = theirs.Zs
    else:
        found = local_geary(x, weights)
        theirs = esda.Geary_Local(connectivity=peer, permutations=999, seed=1, n_jobs=1).fit(
            x.to_numpy()
        )
        statistic = theirs.localG
    assert np.abs(found.table["statistic"] - statistic).max() < 1e-12
    assert np.abs(smaller_tail(found.table) - theirs.p_sim).max() < MONTE_CARLO


def test_quadrants_are_those_of_esda(esda: ModuleType) -> None:
    points, x, _ = city()
    weights = k_nearest(points, 6)
    theirs = esda.Moran_Local(x.to_numpy(), with_peer(weights), permutations=9, seed=1).q
    names = np.array(["", "high-high", "low-high", "low-low", "high-low"])[theirs]
    assert local_moran(x, weights).table["quadrant"].tolist() == names.tolist()


# --- the draws


def every_lag(values: np.ndarray, matrix: csr_array, i: int) -> np.ndarray:
    """All lags of i that exist: its weights over every ordered choice of the others."""
    weights = matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]]
    others = np.delete(values, i)
    return np.array([weights @ others[list(pick)] for pick in every_order(range(5), len(weights))])


@pytest.mark.parametrize("equal", [True, False])
def test_draws_agree_with_enumeration_and_never_hold_the_place_itself(equal: bool) -> None:
    # Six places; one value is so large that a draw of the place itself would show at once.
    rng = np.random.default_rng(4)
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 1e6])
    rows, columns = np.nonzero((rng.random((6, 6)) < 0.5) & ~np.eye(6, dtype=bool))
    data = np.ones(len(rows)) if equal else rng.random(len(rows)) + 0.1
    matrix = csr_array((data, (rows, columns)), shape=(6, 6))
    observed = matrix @ values
    tails = conditional_tails(values, matrix, permutations=20_000, seed=1)
    for i in range(6):
        lags = every_lag(values, matrix, i)
        # Five standard errors of a share from 20,000 draws.
        assert tails.at_least[i] / 20_000 == pytest.approx(
            (lags >= observed[i] - 1e-6).mean(), abs=0.018
        )
        assert tails.at_most[i] / 20_000 == pytest.approx(
            (lags <= observed[i] + 1e-6).mean(), abs=0.018
        )


def test_squared_differences_agree_with_enumeration() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 3.0, 0.5])
    matrix = csr_array(np.roll(np.eye(6), 1, axis=1) * 0.7 + np.roll(np.eye(6), 2, axis=1) * 0.3)
    pairs = matrix.toarray()
    observed = (pairs * (values[:, None] - values) ** 2).sum(axis=1)
    tails = difference_tails(values, matrix, permutations=20_000, seed=2)
    for i in range(6):
        w = matrix.data[matrix.indptr[i] : matrix.indptr[i + 1]]
        others = (values[i] - np.delete(values, i)) ** 2
        sums = np.array([w @ others[list(pick)] for pick in every_order(range(5), 2)])
        assert tails.at_least[i] / 20_000 == pytest.approx(
            (sums >= observed[i] - 1e-9).mean(), abs=0.018
        )


@pytest.mark.parametrize("block", [1, 5_000, 19_701])
def test_counts_are_the_same_whatever_is_held_in_memory_at_once(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    # Identity: blocks of one place, of 50, of all but one, against all 200 in one block.
    points, x, _ = city(200)
    near = k_nearest(points, 6)
    data = np.random.default_rng(3).random(near.matrix.nnz) + 0.1
    falling = csr_array((data, near.matrix.indices, near.matrix.indptr), near.matrix.shape)
    weights = SpatialWeights(matrix=falling, ids=near.ids, kind="falling")
    whole = [find(x, weights, permutations=99, seed=2).table for find in (local_moran, local_geary)]
    monkeypatch.setattr(permutation, "_BLOCK", block)
    parts = [find(x, weights, permutations=99, seed=2).table for find in (local_moran, local_geary)]
    for one, other in zip(whole, parts, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_memory_does_not_grow_with_the_map() -> None:
    # 40,000 places, whose 999 lags each would be 320 MB: what is held at once is a tenth of it.
    n = 40_000
    ring = np.arange(n)
    ends, rows = np.concatenate([(ring + 1) % n, (ring + 2) % n]), np.tile(ring, 2)
    matrix = csr_array((np.where(ends > rows, 2.0, 1.0), (rows, ends)), shape=(n, n))
    values = np.random.default_rng(1).normal(size=n)
    matrix.data[:n] *= 3
    tracemalloc.start()
    conditional_tails(values, matrix, permutations=999, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def test_level_is_kept_where_there_is_no_pattern() -> None:
    points, _, _ = city(400)
    weights = k_nearest(points, 8)
    rng = np.random.default_rng(7)
    share = [
        (
            local_moran(pd.Series(rng.normal(size=400), points.index), weights).table["p"] < 0.05
        ).mean()
        for _ in range(20)
    ]
    # 8,000 tests: 0.05 with a standard error of 0.0024 if they were independent.
    assert np.mean(share) == pytest.approx(0.05, abs=0.012)


def test_the_seed_is_kept_and_decides() -> None:
    points, x, _ = city(60)
    weights = k_nearest(points, 4)
    one, again, other = (local_moran(x, weights, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one.table, again.table)
    assert not one.table["p"].equals(other.table["p"])
    assert (one.seed, one.permutations) == (3, 999)


# --- what must hold


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_unit_of_the_values_and_place_of_the_city_change_nothing(
    seed: int, shift: float, scale: float
) -> None:
    points, x, _ = city(40, seed)
    moved = points.translate(5000, -300)
    one = local_moran(x, k_nearest(points, 4)).table
    two = local_moran(x * scale + shift, k_nearest(moved, 4)).table
    assert two["statistic"].tolist() == pytest.approx(one["statistic"].tolist(), abs=1e-6)
    assert two["p"].tolist() == pytest.approx(one["p"].tolist(), abs=0.011)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_local_morans_sum_to_the_global_one(seed: int) -> None:
    points, x, _ = city(50, seed)
    weights = k_nearest(points, 5)
    local = local_moran(x, weights, permutations=9).table["statistic"].sum()
    assert local / 49 == pytest.approx(moran(x, weights, permutations=9).i)


def test_chessboard_and_halves_by_hand() -> None:
    cells = grid(6)
    rook_like = distance_band(cells, 1.0)
    corner = pd.Series([(i + j) % 2 for i in range(6) for j in range(6)], cells.index, dtype=float)
    halves = pd.Series([int(i < 3) for i in range(6) for _ in range(6)], cells.index, dtype=float)
    assert moran(corner, rook_like).i == pytest.approx(-1)
    assert moran(halves, rook_like).i > 0.7
    joins = join_counts(corner.map({0.0: "planned", 1.0: "informal"}), rook_like)
    assert joins.loc["all", "joins"] == 0
    joins = join_counts(halves.map({0.0: "planned", 1.0: "informal"}), rook_like)
    # A half of 3 x 6 cells has 2 * 6 + 3 * 5 pairs; by chance 18 * 17 / (36 * 35) of all 60.
    assert joins.loc["planned", "joins"] == 27
    assert joins.loc["planned", "expected"] == pytest.approx(60 * 18 * 17 / (36 * 35))
    assert joins.loc["all", "p"] <= 0.002


def test_join_counts_are_those_of_esda(esda: ModuleType) -> None:
    points, x, _ = city(120)
    weights = distance_band(points, 2500)
    groups = pd.Series(np.where(x > 0, "b", "w"), points.index)
    peer = with_peer(weights)
    peer.transform = "b"  # type: ignore[attr-defined]
    theirs = esda.Join_Counts((x > 0).to_numpy().astype(int), peer, permutations=99)
    found = join_counts(groups, weights)
    assert found.loc[["b", "w"], "joins"].tolist() == [theirs.bb, theirs.ww]


# --- weights


def test_weights_are_those_of_libpysal() -> None:
    peer = pytest.importorskip("libpysal.weights")
    points, _, _ = city(80)
    xy = np.column_stack([points.x, points.y])
    cells = grid(5)
    pairs = [
        (k_nearest(points, 5), peer.KNN.from_array(xy, 5)),
        (
            distance_band(points, 1500),
            peer.DistanceBand.from_array(xy, 1500, silence_warnings=True),
        ),
        (queen(cells), peer.Queen.from_iterable(cells.tolist())),
    ]
    for ours, theirs in pairs:
        assert (ours.matrix.toarray() == theirs.full()[0]).all(), ours.kind


def test_islands_stay_and_are_named() -> None:
    cells = pd.concat([grid(3), gpd.GeoSeries([shapely.box(90, 90, 91, 91)], ["far"], crs=UTM)])
    weights = queen(cells)
    assert weights.islands.tolist() == ["far"]
    values = pd.Series(np.arange(10.0), cells.index)
    table = local_moran(values, weights).table
    assert table.loc["far", ["quadrant", "cluster"]].tolist() == ["island", "island"]
    assert table.loc["far", ["statistic", "p", "p_fdr"]].isna().all()
    assert table.drop(index="far")["p"].notna().all()
    assert moran(values, weights).islands == ("far",)


def test_queen_asks_for_valid_polygons() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    cells = gpd.GeoSeries([bow, shapely.box(1, 0, 2, 1)], index=["bow", "box"], crs=UTM)
    with pytest.raises(AnalysisError, match=r"no valid polygon at 'bow'.*make_valid"):
        queen(cells)
    with pytest.raises(AnalysisError, match="no valid polygon at 'bow', 'box'"):
        queen(cells.centroid)
    with pytest.raises(AnalysisError, match="found an empty layer"):
        queen(cells.iloc[:0])
    assert queen(cells.make_valid()).cardinality.tolist() == [1, 1]


def test_borders_that_do_not_meet_need_a_tolerance() -> None:
    cells = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1.2, 0, 2, 1)], crs=UTM)
    assert len(queen(cells).islands) == 2
    assert not len(queen(cells, tolerance=0.3).islands)


def test_coincident_points_are_neighbours_and_never_of_themselves() -> None:
    points = gpd.GeoSeries(gpd.points_from_xy([0] * 6 + [9.0], [0] * 7), crs=UTM)
    weights = k_nearest(points, 3)
    assert weights.cardinality.tolist() == [3] * 7
    assert not weights.matrix.diagonal().any()


def test_ten_districts_are_said_to_be_few() -> None:
    points, x, _ = city(10)
    assert "10 places are too few" in local_moran(x, k_nearest(points, 3)).note
    assert "too few" in moran(x, k_nearest(points, 3)).note
    points, x, _ = city(30)
    assert local_moran(x, k_nearest(points, 3)).note == ""
    assert "take more" in local_moran(x, k_nearest(points, 3), permutations=19).note


def test_what_cannot_be_tested_is_said() -> None:
    points, x, _ = city(30)
    weights = k_nearest(points, 3)
    for values, word in (
        (x.drop("p3"), "'p3'"),
        (x.mask(x.index == "p4", np.inf), "'p4'"),
        (x * 0 + 1, "same value"),
        (pd.concat([x, x.head(1)]), "twice"),
        (x.astype(str), "needs numbers"),
        (x * 1e-320, "same value"),
    ):
        with pytest.raises(AnalysisError, match=word):
            local_moran(values, weights)
    with pytest.raises(AnalysisError, match="0 or more"):
        getis_ord(x - 100, weights)
    with pytest.raises(AnalysisError, match="No place has a neighbour"):
        moran(x, distance_band(points, 0.001))
    with pytest.raises(AnalysisError, match="at least two groups"):
        join_counts(x * 0, weights)
    with pytest.raises(AnalysisError, match="expected a projected CRS"):
        k_nearest(points.set_crs("EPSG:4326", allow_override=True), 3)
    with pytest.raises(AnalysisError, match="expected 1 to 29"):
        k_nearest(points, 30)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"permutations": 0}, "found 0, expected 1 or more"),
        ({"permutations": 9.5}, "found 9.5"),
        ({"seed": -1}, "found -1, expected a whole number"),
    ],
)
def test_draws_that_cannot_be_made_are_said(wrong: dict[str, int], word: str) -> None:
    points, x, _ = city(30)
    weights = k_nearest(points, 3)
    for find in (local_moran, getis_ord, local_geary, moran):
        with pytest.raises(AnalysisError, match=word):
            find(x - x.min(), weights, **wrong)
    with pytest.raises(AnalysisError, match=word):
        join_counts(x > 0, weights, **wrong)


def test_places_that_are_nowhere_are_named() -> None:
    odd = gpd.GeoSeries(gpd.points_from_xy([0, np.inf, 1], [0, 0, 1]), ["a", "b", "c"], crs=UTM)
    for make in (lambda: k_nearest(odd, 1), lambda: distance_band(odd, 5)):
        with pytest.raises(AnalysisError, match="not finite at 'b'"):
            make()
    with pytest.raises(AnalysisError, match="found 1 places"):
        k_nearest(odd.head(1), 1)
    with pytest.raises(AnalysisError, match=r"k = 1\.5"):
        k_nearest(odd.drop("b"), 1.5)  # type: ignore[arg-type]
