"""Service areas: known shapes on a grid of streets, and the costs of `along_streets` anywhere."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.service_area import service_areas
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets

X, Y = city.ORIGIN
BLOCK = 250.0


def points(places: object, prefix: str = "k") -> gpd.GeoDataFrame:
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T + np.array([[X], [Y]])
    ids = [f"{prefix}{number}" for number in range(len(x))]
    return gpd.GeoDataFrame(index=ids, geometry=gpd.points_from_xy(x, y), crs=city.CRS)


def grid(oneway: object = None) -> StreetGraph:
    lines = city.streets()
    return StreetGraph.from_lines(
        lines.geometry.to_numpy(), lines["minutes"].to_numpy(), oneway=oneway
    )


def diamond(x: float, y: float, reach: float) -> Polygon:
    """All places within a city-block distance (Minkowski)."""
    corners = [(reach, 0), (0, reach), (-reach, 0), (0, -reach)]
    return Polygon([(X + x + a, Y + y + b) for a, b in corners])


@pytest.mark.parametrize("limit", [0.4, 1.0, 1.5, 2.0, 3.25])
def test_streets_of_a_block_city_are_reached_in_a_diamond(limit: float) -> None:
    areas = service_areas(points([1000, 1000]), [limit], streets=grid(), unit="min", width=1.0)
    shape = areas.geometry.iloc[0]
    all_streets = shapely.union_all(city.streets().geometry.to_numpy())
    reached = all_streets.intersection(diamond(1000, 1000, limit * BLOCK))
    if limit == 2.0:  # 4 streets lead from the crossing, 12 from the next four
        assert reached.length == pytest.approx(16 * BLOCK)
    # Square where the limit cuts a street, round at crossings that one can go beyond.
    flat = shapely.buffer(shapely.get_parts(reached), 1.0, cap_style="flat")
    lines = city.streets()
    crossings = shapely.MultiPoint(shapely.get_coordinates(lines.geometry.to_numpy()))
    inner = crossings.intersection(diamond(1000, 1000, limit * BLOCK - 1e-6))
    expected = shapely.union_all([*flat, shapely.buffer(inner, 1.0, quad_segs=4)])
    assert shape.symmetric_difference(expected).area < 1e-3
    assert shape.is_valid


def test_the_way_from_a_facility_in_a_block_to_its_street_counts() -> None:
    # 80 m, a minute's walk, from the middle of a street whose ends are half a minute away; of
    # the next streets 0.2 minutes are left.
    areas = service_areas(points([1125, 1080]), [1.7, 0.9], streets=grid(), unit="min", width=0.5)
    assert areas["limit"].tolist() == [0.9, 1.7]
    assert areas.geometry.iloc[0].is_empty
    reached = BLOCK + 2 * 3 * 0.2 * BLOCK
    assert areas.geometry.iloc[1].area == pytest.approx(reached, rel=0.01)


def test_one_way_streets_are_reached_against_their_arrows() -> None:
    ring = [(X, Y), (X + 1000, Y), (X + 1000, Y + 1000), (X, Y + 1000), (X, Y)]
    once = StreetGraph.from_lines([LineString(ring)], [4.0], oneway=[1])
    area = service_areas(points([500, 0]), [1.0], streets=once, unit="min", width=1.0)
    expected = LineString([(X, Y + 500), (X, Y), (X + 500, Y)]).buffer(
        1.0, quad_segs=4, cap_style="flat"
    )
    assert area.geometry.iloc[0].symmetric_difference(expected).area < 1e-3


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), limit=st.floats(0.3, 6), unit=st.sampled_from(["m", "min"]))
def test_homes_inside_are_those_within_the_limit(seed: int, limit: float, unit: str) -> None:
    rng = np.random.default_rng(seed)
    streets = grid(rng.integers(-1, 2, len(city.streets())))
    reach = limit if unit == "min" else limit * BLOCK
    services = points(rng.uniform(100, 1900, (2, 2)))
    line, along = rng.integers(0, len(streets.lines), 80), rng.uniform(0.05, 0.95, 80)
    places = shapely.line_interpolate_point(streets.lines[line], along, normalized=True)
    homes = gpd.GeoDataFrame(geometry=places, crs=city.CRS)
    # Streets that nobody can leave are joined by no home, which then goes to the next street.
    homes = homes[streets.on_mainland[line]]
    cost = along_streets(homes, services, streets, unit=unit).to_frame()
    areas = service_areas(services, [reach], streets=streets, unit=unit, width=0.01)
    for facility, shape in zip(areas["facility_id"], areas.geometry, strict=True):
        inside = shapely.intersects(shape, homes.geometry.to_numpy())
        sure = (cost[facility] - reach).abs() > 1e-3 * reach
        assert (inside == (cost[facility] <= reach))[sure].all()


def test_larger_limits_hold_smaller_areas_and_rows_are_told() -> None:
    services = points([(300, 300), (1700, 900)])
    areas = service_areas(services, [3, 1, 2], streets=grid(), unit="min")
    assert areas["facility_id"].tolist() == ["k0"] * 3 + ["k1"] * 3
    assert areas["limit"].tolist() == [1, 2, 3, 1, 2, 3]
    assert areas.crs == services.crs
    for _, rows in areas.groupby("facility_id"):
        small, middle, large = rows.geometry
        assert middle.buffer(1e-6).covers(small)
        assert large.buffer(1e-6).covers(middle)


def test_straight_areas_are_circles() -> None:
    areas = service_areas(points([(0, 0), (900, 0)]), [500, 1000])
    # A polygon of 64 corners in a circle has 32 sin(2 pi / 64) / pi of its area.
    share = 32 * np.sin(2 * np.pi / 64) / np.pi
    expected = np.pi * np.array([500.0, 1000, 500, 1000]) ** 2 * share
    assert areas.area.tolist() == pytest.approx(expected.tolist())
    assert areas.geometry.iloc[0].covers(box(X - 300, Y - 300, X + 300, Y + 300))


def test_a_facility_far_from_every_street_has_an_empty_area() -> None:
    areas = service_areas(points([(1000, 1000), (9000, 0)]), [1], streets=grid(), unit="min")
    assert areas.geometry.is_empty.tolist() == [False, True]


def test_what_cannot_be_answered_is_refused() -> None:
    service = points([1000, 1000])
    for wrong in ([], [0], [1, -2], [np.inf], [np.nan]):
        with pytest.raises(AnalysisError, match="limits: found"):
            service_areas(service, wrong)
    with pytest.raises(AnalysisError, match="width: found"):
        service_areas(service, [1], width=0)
    with pytest.raises(AnalysisError, match="not in 'min'"):
        service_areas(service, [1], unit="min")
    with pytest.raises(AnalysisError, match="No facility lies within"):
        service_areas(points([1e5, 0]), [1], streets=grid())
    with pytest.raises(AnalysisError, match="There are no facilities to draw"):
        service_areas(service.iloc[:0], [1])
    with pytest.raises(AnalysisError, match=r"^facilities: found .* without a point"):
        service_areas(service.buffer(1).to_frame("geometry"), [1])
    with pytest.raises(AnalysisError, match="degree"):
        service_areas(service.to_crs(4326), [1])


def test_an_area_ends_where_its_limit_does() -> None:
    road = StreetGraph.from_lines([LineString([(X, Y), (X + 2000, Y)])], [20])
    (area,) = service_areas(points([1000, 0]), [500], streets=road, width=50).geometry
    assert area.equals(box(X + 500, Y - 50, X + 1500, Y + 50))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_wide_areas_hold_all_homes_in_reach_and_what_lies_beside_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    streets = grid(rng.integers(-1, 2, len(city.streets())))
    services = points(rng.uniform(100, 1900, (2, 2)))
    line = rng.choice(np.flatnonzero(streets.on_mainland), 120)
    places = shapely.line_interpolate_point(streets.lines[line], rng.random(120), normalized=True)
    cost = along_streets(
        gpd.GeoDataFrame(geometry=places, crs=city.CRS), services, streets, unit="m"
    )
    areas = service_areas(services, [700], streets=streets, width=30)
    for facility, shape in zip(areas["facility_id"], areas.geometry, strict=True):
        within = cost.to_frame()[facility].to_numpy() <= 700
        assert shapely.dwithin(shape, places, 1e-6)[within].all()
        beyond = ~within & shapely.intersects(shape, places)
        # Of these a reached stretch lies within the width.
        thin = service_areas(services, [700], streets=streets, width=0.01)
        stretch = thin.set_index("facility_id").geometry[facility]
        assert shapely.dwithin(stretch, places[beyond], 30.01).all()
