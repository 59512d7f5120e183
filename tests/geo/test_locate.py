"""Points in polygons: the same answer as GEOS gives point by point, in the order of the points."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.locate import locate, locate_codes

CRS = city.CRS
SQUARES = gpd.GeoDataFrame(
    geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], index=pd.Index(["w", "e"], name="d"), crs=CRS
)


def series(*places: tuple[float, float], index: list[str] | None = None) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(place) for place in places], index=index, crs=CRS)


def by_sjoin(points: gpd.GeoSeries, polygons: gpd.GeoDataFrame) -> list[object]:
    """The peer: geopandas.sjoin, of several polygons the first in the frame."""
    numbered = gpd.GeoDataFrame(geometry=polygons.geometry.to_numpy(), crs=polygons.crs)
    joined = gpd.sjoin(gpd.GeoDataFrame(geometry=points), numbered, predicate="intersects")
    first = joined.groupby(level=0)["index_right"].min()
    return [polygons.index[int(first[i])] if i in first.index else None for i in points.index]


def test_ids_come_back_in_the_order_of_the_points() -> None:
    found = locate(series((1.5, 0.5), (9, 9), (0.5, 0.5), index=["b", "c", "a"]), SQUARES)
    assert found.to_dict() == {"b": "e", "c": None, "a": "w"}
    assert found.index.tolist() == ["b", "c", "a"]
    assert found.dtype == object
    assert found.name == "d"


def test_shared_border_belongs_to_the_first_of_the_frame() -> None:
    places = series((1, 0.5), (1, 0), (0, 0), (2, 1))
    assert locate(places, SQUARES).tolist() == ["w", "w", "w", "e"]
    assert locate(places, SQUARES.iloc[::-1]).tolist() == ["e", "e", "w", "e"]


def test_overlap_belongs_to_the_first_of_the_frame() -> None:
    over = gpd.GeoDataFrame(geometry=[box(0, 0, 2, 2), box(1, 1, 3, 3)], crs=CRS)
    assert locate(([1.5, 2.5, 0.5], [1.5, 2.5, 0.5]), over).tolist() == [0, 1, 0]


def test_hole_holds_nothing_but_its_border_does() -> None:
    ring = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    frame = gpd.GeoDataFrame(geometry=[ring], index=["ring"], crs=CRS)
    assert locate(series((4, 4), (3, 4), (1, 1)), frame).tolist() == [None, "ring", "ring"]


def test_parts_of_a_multipolygon_are_one_district() -> None:
    parts = MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)])
    frame = gpd.GeoDataFrame(geometry=[parts], index=["both"], crs=CRS)
    assert locate(series((0.5, 0.5), (5.5, 5.5), (3, 3)), frame).tolist() == ["both", "both", None]


def test_heights_are_ignored() -> None:
    high = gpd.GeoDataFrame(
        geometry=shapely.force_3d(SQUARES.geometry.to_numpy(), z=7), index=["w", "e"], crs=CRS
    )
    point = gpd.GeoSeries([Point(0.5, 0.5, 99)], crs=CRS)
    assert locate(point, high).tolist() == ["w"]


def test_coordinate_arrays_are_numbered_from_zero() -> None:
    found = locate((np.array([1.5, 0.5]), [0.5, 0.5]), SQUARES)
    assert found.to_dict() == {0: "e", 1: "w"}


def test_no_points_give_no_answers() -> None:
    assert locate(([], []), SQUARES).empty


def test_a_layer_without_polygons_is_refused_and_no_point_is_called_outside() -> None:
    for find in (locate, locate_codes):
        with pytest.raises(AnalysisError, match="found an empty layer"):
            find(([0.5], [0.5]), SQUARES.iloc[:0])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 6.28), shift=st.sampled_from([0.0, 4.2e6]))
def test_agrees_with_geos_on_borders_corners_and_anywhere(
    seed: int, turn: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    seeds = rng.integers(0, 8, (12, 2)) + rng.random((12, 2)) * (seed % 2)
    cells = shapely.voronoi_polygons(shapely.multipoints(np.unique(seeds, axis=0)))
    turned = shapely.affinity.rotate(cells, turn, origin=(0, 0), use_radians=True)
    polygons = gpd.GeoDataFrame(
        geometry=[shapely.affinity.translate(c, shift, shift) for c in turned.geoms], crs=CRS
    )
    corners = shapely.get_coordinates(polygons.geometry.to_numpy())
    middles = (corners[1:] + corners[:-1]) / 2
    west, south, east, north = polygons.total_bounds
    anywhere = rng.uniform([west - 1, south - 1], [east + 1, north + 1], (60, 2))
    places = np.concatenate([corners, middles, anywhere])
    points = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=CRS)
    assert locate(points, polygons).tolist() == by_sjoin(points, polygons)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_partition_gives_each_inner_point_one_district_whatever_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = [box(c, r, c + 1, r + 1) for r in range(3) for c in range(3)]
    polygons = gpd.GeoDataFrame(geometry=grid, index=[f"d{i}" for i in range(9)], crs=CRS)
    x, y = rng.uniform(0, 3, (2, 40))
    found = locate((x, y), polygons)
    assert found.tolist() == [f"d{int(b) * 3 + int(a)}" for a, b in zip(x, y, strict=True)]
    assert locate((x, y), polygons.sample(frac=1, random_state=seed)).equals(found)


def test_other_crs_is_refused_by_name() -> None:
    with pytest.raises(AnalysisError, match=r"EPSG:4326 and EPSG:32638.*to_crs"):
        locate(gpd.GeoSeries([Point(46, 38)], crs="EPSG:4326"), SQUARES)
    with pytest.raises(AnalysisError, match="none and EPSG:32638"):
        locate(gpd.GeoSeries([Point(0, 0)]), SQUARES)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_coordinates_that_are_not_finite_are_named(odd: float) -> None:
    with pytest.raises(AnalysisError, match="not finite at 1"):
        locate(([0.5, odd], [0.5, 0.5]), SQUARES)
    with pytest.raises(AnalysisError, match="not finite at 'b'"):
        locate(series((0, 0), (0, odd), index=["a", "b"]), SQUARES)


@pytest.mark.parametrize("strange", [None, Point(), box(0, 0, 1, 1)])
def test_rows_without_a_point_are_named(strange: object) -> None:
    points = gpd.GeoSeries([Point(0, 0), strange], index=["a", "b"], crs=CRS)
    with pytest.raises(AnalysisError, match="'b'"):
        locate(points, SQUARES)


@pytest.mark.parametrize(
    "bad", [Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), Polygon(), None, Point(0, 0)]
)
def test_polygons_that_hold_no_area_are_named(bad: object) -> None:
    frame = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), bad], index=["w", "bow"], crs=CRS)
    with pytest.raises(AnalysisError, match=r"at 'bow'.*expected .* in each row"):
        locate(([0.5], [0.5]), frame)


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(AnalysisError, match=r"\(2,\).*\(1,\)"):
        locate(([0.5, 0.5], [0.5]), SQUARES)


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ((["a"], ["b"]), "no numbers"),
        (([1j], [0.5]), "no numbers"),
        (([1.0, 2.0],), "a pair of lists"),
        (gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=CRS), "found GeoDataFrame"),
    ],
)
def test_what_is_no_list_of_points_is_refused(points: object, word: str) -> None:
    with pytest.raises(AnalysisError, match=word):
        locate(points, SQUARES)  # type: ignore[arg-type]


def test_many_bad_points_are_counted() -> None:
    with pytest.raises(AnalysisError, match="0, 1, 2, 3, 4 and 3 more"):
        locate((np.full(8, np.nan), np.zeros(8)), SQUARES)


def test_the_fault_of_a_polygon_is_named() -> None:
    square = box(0, 0, 1, 1)
    with np.errstate(invalid="ignore"):
        nowhere = Polygon([(0, 0), (1, 0), (np.nan, 1)])
    faults = {
        "no geometry": None,
        "something else than a polygon": shapely.Point(0, 0),
        "coordinates that are not finite": nowhere,
        "Self-intersection": Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
    }
    for fault, shape in faults.items():
        layer = gpd.GeoDataFrame(geometry=[square, shape], index=["a", "b"], crs=CRS)
        with pytest.raises(AnalysisError, match=rf"at 'b' \({fault}"):
            locate(([0.5], [0.5]), layer)
    with pytest.raises(AnalysisError, match="found a GeoDataFrame without geometry"):
        locate(([0.5], [0.5]), gpd.GeoDataFrame({"a": [1]}))
