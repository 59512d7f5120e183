"""Which polygon holds each point."""

from __future__ import annotations

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_finite, check_same_crs, coordinates, name_some

Floats = NDArray[np.float64]
Points: TypeAlias = gpd.GeoSeries | tuple[ArrayLike, ArrayLike]

POLYGONAL = (3, 6)
"""Shapely's type numbers of polygon and multipolygon."""


def locate(points: Points, polygons: gpd.GeoDataFrame) -> pd.Series:
    """Find the polygon that holds each point.

    A point on a boundary is held by each polygon that it touches; of several polygons that hold
    a point (at a shared border, or where they overlap) the first row of the frame counts.

    Parameters
    ----------
    points
        Points, or their ``(x, y)`` coordinates, which must then be in the CRS of `polygons`.
    polygons
        Valid polygons or multipolygons; holes hold nothing, a third dimension is ignored.

    Returns
    -------
    polygon
        Index label of the polygon that holds each point, None where none does; one per point in
        the order of the points, indexed like them (from 0 for coordinates).

    Raises
    ------
    AnalysisError
        If the CRS differ, a coordinate is not finite, or a polygon is invalid or missing.

    Notes
    -----
    Exactly the predicate ``intersects`` of GEOS with the polygons prepared: for interior points
    ``contains``, on boundaries ``touches``.
    """
    x, y, index = _coordinates(points, polygons)
    position = _first_holder(x, y, _polygons(polygons))
    label = np.full(len(x), None, dtype=object)
    inside = position >= 0
    label[inside] = polygons.index.to_numpy(dtype=object)[position[inside]]
    return pd.Series(label, index=index, dtype=object, name=polygons.index.name)


def _coordinates(points: Points, polygons: gpd.GeoDataFrame) -> tuple[Floats, Floats, pd.Index]:
    if isinstance(points, gpd.GeoSeries):
        check_same_crs(points, polygons, "points and polygons")
        return *coordinates(points, "points"), points.index
    x, y = (np.asarray(axis, dtype=float) for axis in points)
    if x.ndim != 1 or x.shape != y.shape:
        raise AnalysisError(
            f"points: found x of shape {x.shape} and y of shape {y.shape}, "
            "expected two lists of the same length."
        )
    index = pd.RangeIndex(len(x))
    check_finite(x, y, index, "points")
    return x, y, index


def _polygons(polygons: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the geometries, held to be valid: GEOS answers at random for those that are not."""
    geometry = polygons.geometry.to_numpy()
    odd = (
        ~np.isin(shapely.get_type_id(geometry), POLYGONAL)
        | shapely.is_empty(geometry)
        | ~shapely.is_valid(geometry)
    )
    if odd.any():
        raise AnalysisError(
            f"polygons: found no valid polygon at {name_some(polygons.index, odd)}, expected one "
            "in each row. Repair these rows with make_valid(), or leave them out."
        )
    return np.array(geometry, dtype=object)


def _first_holder(x: Floats, y: Floats, polygons: NDArray[np.object_]) -> NDArray[np.int64]:
    """Position of the first polygon that intersects each point, -1 for none.

    The points are sorted by x once, so that each polygon looks at a strip of them only; and the
    polygons are prepared, not the points, which is what makes ``sjoin`` slow.
    """
    position = np.full(len(x), -1, dtype=np.int64)
    order = np.argsort(x, kind="stable")
    bounds = shapely.bounds(polygons)
    first = np.searchsorted(x[order], bounds[:, 0], side="left")
    last = np.searchsorted(x[order], bounds[:, 2], side="right")
    for number, (polygon, (_, south, _, north)) in enumerate(zip(polygons, bounds, strict=True)):
        strip = order[first[number] : last[number]]
        open_ = (position[strip] < 0) & (y[strip] >= south) & (y[strip] <= north)
        near = strip[open_]
        shapely.prepare(polygon)
        position[near[shapely.intersects_xy(polygon, x[near], y[near])]] = number
    return position
