"""The best disc against all circle intersections, fine lattices, and what can be seen by eye."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.siting.disc import best_disc

FAR = np.array([610_000.0, 4_214_000.0])
RADIUS = 500.0


def held(points: np.ndarray, weights: np.ndarray, place: np.ndarray, slack: float = 0.0) -> float:
    return float(weights[np.hypot(*(points - place).T) <= RADIUS + slack].sum())


def crossings(points: np.ndarray) -> list[np.ndarray]:
    """Church's set: the points, and where two circles about them meet."""
    found = list(points)
    for one, other in combinations(points, 2):
        away = other - one
        metres = np.hypot(*away)
        if 0 < metres <= 2 * RADIUS:
            up = np.sqrt(RADIUS**2 - metres**2 / 4) * np.array([-away[1], away[0]]) / metres
            found += [(one + other) / 2 + up, (one + other) / 2 - up]
    return found


def town(seed: int, *, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 25)
    # On a lattice of 100 m many homes are exactly 500 m from a third place (3, 4, 5).
    places = rng.integers(0, 30, (count, 2)) * 100.0 if whole else rng.random((count, 2)) * 3000
    return places + FAR, rng.integers(1, 50, count).astype(float)


def test_two_homes_a_kilometre_apart_are_served_from_the_middle() -> None:
    points = np.array([[0.0, 0], [1000, 0], [5000, 0]])
    place, weight = best_disc(points, np.array([2.0, 3.0, 4.0]), RADIUS, start=points[2])
    assert weight == 5
    assert place.tolist() == [500, 0]


def test_three_homes_are_served_from_the_centre_of_their_circle() -> None:
    corners = 400 * np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    place, weight = best_disc(corners, np.ones(3), RADIUS, start=np.array([9e3, 9e3]))
    assert weight == 3
    assert place == pytest.approx(corners.mean(axis=0))


@pytest.mark.parametrize(("radius", "most"), [(0.0, 5), (1e-3, 5), (1e9, 9)])
def test_radius_may_be_nothing_or_far_more_than_the_city(radius: float, most: float) -> None:
    points = np.array([[0.0, 0], [1000, 0], [1000, 0], [5000, 0]])
    people = np.array([4.0, 2.0, 3.0])
    place, weight = best_disc(points[:3], people, radius, start=points[3])
    assert weight == most == people[np.hypot(*(points[:3] - place).T) <= radius].sum()


def test_place_that_holds_as_much_is_not_left() -> None:
    start = np.array([77.0, 33.0])
    place, weight = best_disc(np.array([[0.0, 0], [100, 0]]), np.ones(2), RADIUS, start=start)
    assert (place.tolist(), weight) == ([77, 33], 2)


@pytest.mark.parametrize("whole", [True, False], ids=["lattice", "anywhere"])
@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_disc_holds_as_much_as_the_best_of_all_intersections(whole: bool, seed: int) -> None:
    points, weights = town(seed, whole=whole)
    place, weight = best_disc(points, weights, RADIUS, start=points[0])
    assert weight == held(points, weights, place)
    assert weight == max(held(points, weights, each, 1e-6) for each in crossings(points))


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_disc_in_an_area_holds_as_much_as_any_place_of_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, weights = town(seed, whole=False)
    centre, size = FAR + rng.random(2) * 3000, rng.choice([30.0, 300.0, 900.0])
    area = shapely.Point(centre).buffer(size, quad_segs=int(rng.integers(1, 9)))
    if seed % 2:
        area = shapely.difference(area, shapely.Point(centre).buffer(size / 2, quad_segs=2))
    start = shapely.get_coordinates(area.representative_point())[0]
    place, weight = best_disc(points, weights, RADIUS, start=start, area=area)
    assert area.distance(shapely.Point(place)) <= 1e-9 * RADIUS
    assert weight == held(points, weights, place)
    inside = [each for each in crossings(points) if area.covers(shapely.Point(each))]
    edge = shapely.get_coordinates(shapely.segmentize(area, size / 100))
    steps = FAR + np.stack(np.meshgrid(*[np.arange(0, 3001, 60.0)] * 2), -1).reshape(-1, 2)
    lattice = steps[shapely.covers(area, shapely.points(steps))]
    assert weight >= max(held(points, weights, each) for each in [*inside, *edge, *lattice])


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_disc_in_an_area_meets_circles_at_its_edge(seed: int) -> None:
    # Homes outside a square, so that a best place lies on its edge: all crossings of each side.
    rng = np.random.default_rng(seed)
    points = rng.random((12, 2)) * 1200 + [-100, 400]
    weights = rng.integers(1, 50, 12).astype(float)
    area = shapely.box(0, 0, 1000, 100)
    _, weight = best_disc(points, weights, RADIUS, start=np.array([500.0, 50.0]), area=area)
    places = [each for each in crossings(points) if area.covers(shapely.Point(each))]
    for home in points:
        ring = shapely.Point(home).buffer(RADIUS, quad_segs=4000).exterior
        places += list(shapely.get_coordinates(ring.intersection(area.exterior)))
    places += list(shapely.get_coordinates(area))
    assert weight == max(held(points, weights, each, 1e-3) for each in places)
