"""The engine for many points: the same codes as GEOS, also where rounding would decide."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon, box

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo import locate_grid
from ecity_geo.geo.locate import locate, locate_codes
from ecity_geo.geo.locate_grid import MANY, grid_for
from ecity_geo.geo.locate_kernels import side

Places = NDArray[np.float64]
ROOT = Path(__file__).parents[2]


def by_geos(places: Places, polygons: list[Polygon]) -> list[int]:
    """The peer: each pair asked of GEOS; the first polygon that intersects."""
    hits = shapely.intersects_xy(np.array(polygons)[:, None], *places.T)
    return np.where(hits.any(axis=0), hits.argmax(axis=0), -1).tolist()


def by_grid(places: Places, polygons: list[Polygon]) -> list[int]:
    grid = grid_for(np.array(polygons, dtype=object), MANY)
    assert grid is not None
    codes, finite = grid.locate(*places.T)
    assert finite
    return codes.tolist()


def awkward_places(polygons: list[Polygon], rng: np.random.Generator) -> Places:
    """Corners, points on edges, their floating-point neighbours, level with corners, anywhere."""
    corners = shapely.get_coordinates(polygons)
    share = rng.choice([0.5, 0.25, 1 / 3, rng.random()], (len(corners) - 1, 1))
    on_edges = corners[:-1] + share * (corners[1:] - corners[:-1])
    hair = np.nextafter(on_edges, rng.choice([-np.inf, np.inf], on_edges.shape))
    low, high = corners.min(axis=0), corners.max(axis=0)
    width = high - low
    anywhere = rng.uniform(low - 0.1 * width, high + 0.1 * width, (300, 2))
    level = anywhere[:100].copy()
    level[:, 1] = rng.choice(corners[:, 1], 100)
    upright = anywhere[100:200].copy()
    upright[:, 0] = rng.choice(corners[:, 0], 100)
    return np.concatenate([corners, on_edges, hair, anywhere, level, upright])


def stars(rng: np.random.Generator, number: int) -> list[Polygon]:
    """Overlapping stars with spikes, one with a hole, one in two parts."""
    made = []
    for _ in range(number):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        radius = rng.uniform(0.05, 3, (40, 1))
        ring = rng.uniform(0, 10, 2) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        made.append(shapely.make_valid(Polygon(ring)))
    polygons = [shapely.get_parts(s)[0] if s.geom_type != "Polygon" else s for s in made]
    polygons[0] = polygons[0].buffer(2).difference(polygons[0].buffer(1))
    polygons[-1] = MultiPolygon([box(0, 0, 1, 1), box(1, 1, 3, 2), box(5, 5, 6, 6)])
    return [p for p in polygons if p.area > 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.sampled_from([0.0, 4.2e6, -5e5]))
def test_overlapping_stars_holes_and_parts_equal_geos(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    moved = [shapely.affinity.translate(star, shift, shift / 3) for star in stars(rng, 8)]
    polygons = [star for star in moved if star.is_valid]
    places = awkward_places(polygons, rng)
    assert by_grid(places, polygons) == by_geos(places, polygons)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 6.28), shift=st.sampled_from([0.0, 4.2e6]))
def test_shared_borders_equal_geos(seed: int, turn: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    seeds = rng.integers(0, 9, (15, 2)) + rng.random((15, 2)) * (seed % 2)
    cells = shapely.voronoi_polygons(shapely.multipoints(np.unique(seeds, axis=0)))
    turned = shapely.affinity.rotate(cells, turn, origin=(0, 0), use_radians=True)
    polygons = [shapely.affinity.translate(c, shift, shift) for c in turned.geoms]
    places = awkward_places(polygons, rng)
    assert by_grid(places, polygons) == by_geos(places, polygons)


@settings(max_examples=25, deadline=None)
@given(
    slope=st.floats(1e-9, 1e-3),
    width=st.sampled_from([1e-9, 1e-6, 1e-3]),
    shift=st.sampled_from([0.0, 5e5]),
)
def test_slivers_equal_geos(slope: float, width: float, shift: float) -> None:
    rise = slope * 1000
    sliver = Polygon([(0, 0), (1000, rise), (1000, rise + width), (0, width)])
    upright = shapely.transform(sliver, lambda xy: xy[:, ::-1])
    made = [shapely.affinity.translate(s, shift, shift) for s in (sliver, upright)]
    polygons = [s for s in [*made, box(shift, shift, shift + 10, shift + 5)] if s.is_valid]
    places = awkward_places(polygons, np.random.default_rng(0))
    assert by_grid(places, polygons) == by_geos(places, polygons)


def test_polygons_no_wider_than_some_steps_of_the_number_line_equal_geos() -> None:
    step = np.spacing(4.2e6)
    polygons = [box(4.2e6, 4.2e6, 4.2e6 + 9 * step, 4.2e6 + 7 * step)]
    places = 4.2e6 + step * np.stack(np.meshgrid(np.arange(-2, 12), np.arange(-2, 12)), -1)
    flat = places.reshape(-1, 2)
    assert by_grid(flat, polygons) == by_geos(flat, polygons)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.integers(-6, 6).map(lambda k: 0.5 + k * 2.0**-53) | st.floats(-1e7, 1e7, width=32),
        min_size=6,
        max_size=6,
    )
)
def test_side_of_a_line_is_the_sign_of_the_exact_determinant(at: list[float]) -> None:
    ax, ay, bx, by, px, py = map(Fraction, at)
    exact = (ax - px) * (by - py) - (ay - py) * (bx - px)
    assert side(*at) == (exact > 0) - (exact < 0)


@settings(max_examples=50, deadline=None)
@given(scale=st.integers(1, 1000), steps=st.integers(-3, 3), at=st.integers(1, 40))
def test_side_of_a_line_next_to_it_is_exact(scale: int, steps: int, at: int) -> None:
    corners = [12.0 + scale / 7, 12.0 - scale / 9, 24.0 * scale / 5, 24.1]
    px, py = (corners[k] + at / 41 * (corners[k + 2] - corners[k]) for k in (0, 1))
    point = [px, py + steps * np.spacing(py)]
    ax, ay, bx, by, x, y = map(Fraction, [*corners, *point])
    exact = (ax - x) * (by - y) - (ay - y) * (bx - x)
    assert side(*corners, *point) == (exact > 0) - (exact < 0)


def test_many_points_give_the_labels_that_few_give(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    polygons = gpd.GeoDataFrame(
        geometry=[box(0, 0, 5, 5), box(4, 4, 9, 9)], index=["a", "b"], crs=city.CRS
    )
    x, y = rng.uniform(-1, 10, (2, MANY))
    many = locate((x, y), polygons)
    monkeypatch.setattr(locate_grid, "MANY", MANY + 1)
    assert many.equals(locate((x, y), polygons))
    assert locate_codes((x, y), polygons)[:9].tolist() == [
        {"a": 0, "b": 1, None: -1}[label] for label in many[:9]
    ]


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("axis", [0, 1])
def test_of_many_coordinates_one_that_is_not_finite_is_named(odd: float, axis: int) -> None:
    polygons = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=city.CRS)
    places = np.random.default_rng(0).uniform(-1, 2, (2, MANY))
    places[axis, MANY - 7] = odd
    with pytest.raises(AnalysisError, match=f"not finite at {MANY - 7}"):
        locate_codes((places[0], places[1]), polygons)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), threads=st.sampled_from([1, 2, 3, 5, 8]))
def test_the_number_of_threads_changes_no_code(seed: int, threads: int) -> None:
    rng = np.random.default_rng(seed)
    polygons = [star for star in stars(rng, 8) if star.is_valid]
    places = awkward_places(polygons, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locate_grid, "threads", lambda: threads)
        assert by_grid(places, polygons) == by_geos(places, polygons)


def unusable_cache(name: str) -> object:
    raise RuntimeError(f"cannot cache function: no locator available for {name}")


def no_numba(name: str) -> object:
    raise ImportError(name)


@pytest.mark.parametrize("broken", [unusable_cache, no_numba])
def test_without_compiled_code_the_plain_path_answers(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[[str], object]
) -> None:
    monkeypatch.setattr(importlib, "import_module", broken)
    assert grid_for(np.array([box(0, 0, 1, 1)]), MANY) is None
    polygons = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs=city.CRS)
    x, y = np.random.default_rng(0).uniform(0, 2, (2, MANY))
    assert (locate_codes((x, y), polygons) == np.where((x <= 1) & (y <= 1), 0, -1)).all()


def test_coordinates_beyond_reason_are_left_to_geos() -> None:
    assert grid_for(np.array([box(0, 0, 1e150, 1e150)]), MANY) is None
    assert grid_for(np.array([], dtype=object), MANY) is None


def test_few_points_never_load_the_compiler() -> None:
    code = (
        "import sys, geopandas as gpd; from shapely import box; from ecity_geo.geo import locate;"
        "frame = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)], crs='EPSG:32638');"
        "print(locate.locate(([0.5], [0.5]), frame).tolist(), 'numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[0] False"
