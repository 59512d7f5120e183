"""Shares of cells: the compiled walk along the rows against NumPy's, and both against areas."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Polygon, box

from ecity_geo.geo import zonal_kernels
from ecity_geo.geo.coverage import Runs, covered_runs
from ecity_geo.geo.rings import edges_of

WIDTH, ROWS = 7, (2, 8)


def dense(runs: Runs, polygons: int) -> NDArray[np.float64]:
    """Share of each cell of the rows, a layer per polygon; runs must not overlap."""
    shares = np.zeros((polygons, ROWS[1] - ROWS[0], WIDTH))
    for owner, row, start, stop, share in zip(
        runs.owner, runs.row, runs.start, runs.stop, runs.share, strict=True
    ):
        assert not shares[owner, row - ROWS[0], start:stop].any()
        shares[owner, row - ROWS[0], start:stop] = share
    return shares


def by_area(polygons: list[Polygon]) -> NDArray[np.float64]:
    rows, columns = np.mgrid[ROWS[0] : ROWS[1], 0:WIDTH]
    cells = shapely.box(columns, rows, columns + 1, rows + 1)
    return np.stack([shapely.area(shapely.intersection(cells, shape)) for shape in polygons])


def some_polygons(seed: int) -> list[Polygon]:
    """Polygons around the cells, some with corners on their borders, some with a hole."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(6):
        steps = rng.choice([1, 2, 4, 1e9])
        corners = np.round(rng.uniform(-3, 12, (rng.integers(3, 9), 2)) * steps) / steps
        shape = shapely.multipoints(corners).convex_hull
        if rng.random() < 0.5:
            shape = shape.difference(shape.centroid.buffer(rng.uniform(0.2, 1.5)))
        made += [part for part in shapely.get_parts(shape) if part.area > 0]
    return made


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_compiled_shares_are_those_of_numpy_and_of_areas(seed: int) -> None:
    polygons = some_polygons(seed)
    edges, owner = edges_of(np.array(polygons, dtype=object))
    # Rows grow downwards: what is left of a rising edge is right of it there.
    edges = edges[:, [2, 3, 0, 1]]
    plain, compiled = (
        dense(covered_runs(edges, owner, rows=ROWS, width=WIDTH, compiled=kernels), len(polygons))
        for kernels in (None, zonal_kernels)
    )
    assert plain == pytest.approx(by_area(polygons), abs=1e-9)
    assert compiled == pytest.approx(plain, abs=1e-12)


def test_many_pieces_of_one_edge_find_room() -> None:
    wide = 5_000
    flat = np.array([Polygon([(0, 0), (wide, 0.5), (wide, 3), (0, 3)])], dtype=object)
    edges, owner = edges_of(flat)
    edges = edges[:, [2, 3, 0, 1]]
    runs = covered_runs(edges, owner, rows=(0, 3), width=wide, compiled=zonal_kernels)
    covered = (runs.share * (runs.stop - runs.start)).sum()
    assert covered == pytest.approx(3 * wide - wide * 0.5 / 2, rel=1e-12)


def test_polygons_beside_the_rows_cover_nothing() -> None:
    beside = np.array([box(-9, 3, -1, 6), box(WIDTH + 1, 3, 12, 6)], dtype=object)
    edges, owner = edges_of(beside)
    for kernels in (None, zonal_kernels):
        runs = covered_runs(edges, owner, rows=ROWS, width=WIDTH, compiled=kernels)
        assert len(runs.owner) == 0
