"""The Fermat-Weber point against identities of geometry, SciPy's minimiser and fine lattices."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ecity_geo.siting.fermat import fermat_weber, travel

FAR = np.array([610_000.0, 4_214_000.0])


def paid(points: np.ndarray, weights: np.ndarray, place: np.ndarray) -> float:
    return float(np.hypot(*(points - place).T) @ weights)


def by_scipy(points: np.ndarray, weights: np.ndarray) -> float:
    """Least travel that SciPy finds, from the mean and from each point."""
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 2000}
    size = np.ptp(points, axis=0).max() or 1.0
    found = [
        minimize(
            lambda at: paid(points, weights, points[0] + at * size),
            (start - points[0]) / size + 0.01,
            method="Nelder-Mead",
            options=options,
        ).fun
        for start in (points.mean(axis=0), points[-1])
    ]
    return min(*found, *(paid(points, weights, each) for each in points))


def test_equilateral_triangle_meets_at_its_centre() -> None:
    # Exact identity: the sides are seen at 120 degrees; the travel is the square root of 3.
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    place = fermat_weber(corners, np.ones(3))
    assert place == pytest.approx(corners.mean(axis=0), abs=1e-14)
    assert paid(corners, np.ones(3), place) == pytest.approx(np.sqrt(3), rel=1e-14)


def test_every_side_of_a_triangle_is_seen_at_120_degrees() -> None:
    corners = np.array([[0.0, 0], [7, 1], [3, 5]]) + FAR
    away = corners - fermat_weber(corners, np.ones(3))
    unit = away / np.hypot(*away.T)[:, None]
    assert (unit @ unit.T)[np.triu_indices(3, 1)] == pytest.approx([-0.5] * 3, abs=1e-8)


def test_corner_of_more_than_120_degrees_is_the_place() -> None:
    corners = np.array([[-10.0, 1], [0, 0], [10, 1]])
    assert fermat_weber(corners, np.ones(3)).tolist() == [0, 0]


def test_diagonals_of_a_quadrilateral_cross_at_the_place() -> None:
    # Fagnano: (0, 0)-(4, 4) and (0, 3)-(6, 0) cross at (2, 2).
    corners = np.array([[0.0, 0], [6, 0], [4, 4], [0, 3]])
    assert fermat_weber(corners, np.ones(4)) == pytest.approx([2, 2], abs=1e-9)


def test_half_the_weight_holds_the_place() -> None:
    rng = np.random.default_rng(3)
    points, weights = rng.random((20, 2)) * 1e4, np.ones(20)
    weights[7] = 19.0
    assert fermat_weber(points, weights).tolist() == points[7].tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_points_on_a_line_meet_at_their_weighted_median(seed: int) -> None:
    rng = np.random.default_rng(seed)
    along = np.sort(rng.integers(0, 20, rng.integers(1, 9))).astype(float)
    weights = rng.integers(1, 6, len(along)).astype(float)
    points = FAR + np.outer(along, [3.0, 4.0])
    least = min(np.abs(along - each) @ weights for each in along) * 5
    assert paid(points, weights, fermat_weber(points, weights)) == pytest.approx(least, rel=1e-12)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_nothing_that_scipy_finds_is_better(seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 12)
    points = rng.integers(0, 5, (count, 2)).astype(float) if whole else rng.normal(0, 9, (count, 2))
    weights = rng.integers(1, 9, count).astype(float)
    place = fermat_weber(points, weights)
    mine, peer = paid(points, weights, place), by_scipy(points, weights)
    assert mine <= peer * (1 + 1e-12)
    assert mine == pytest.approx(peer, rel=1e-6, abs=1e-9)


def test_many_people_are_served_at_once() -> None:
    rng = np.random.default_rng(0)
    points, weights = FAR + rng.normal(0, 3000, (20_000, 2)), rng.random(20_000)
    place = fermat_weber(points, weights)
    unit = (points - place) / np.hypot(*(points - place).T)[:, None]
    assert np.hypot(*(weights @ unit)) < 1e-9 * weights.sum()


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_no_place_of_a_fine_lattice_over_the_area_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, weights = rng.random((9, 2)) * 100, rng.integers(1, 9, 9).astype(float)
    hole = shapely.Point(rng.random(2) * 100).buffer(25, quad_segs=3)
    area = shapely.difference(shapely.box(0, 0, 100, 100), hole) if seed % 2 else hole
    place = fermat_weber(points, weights, area=area)
    assert area.distance(shapely.Point(place)) < 1e-9
    steps = np.linspace(0, 100, 101)
    lattice = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    lattice = lattice[shapely.covers(area, shapely.points(lattice))]
    edge = shapely.get_coordinates(shapely.segmentize(area, 0.05))
    least = travel(points, weights, np.concatenate([lattice, edge])).min()
    mine = paid(points, weights, place)
    assert mine <= least + 1e-9
    assert mine == pytest.approx(least, rel=1e-2)
