"""Polygons as edges: what the compiled walks over boundaries start from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.compiled import threads
from ecity_geo.geo.points import name_some

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Geometries = NDArray[np.object_]

POLYGONAL = (3, 6)
"""Shapely's type numbers of polygon and multipolygon."""
MANY = 200
"""Geometries from which threads pay for their start."""


def valid_polygons(polygons: gpd.GeoDataFrame | gpd.GeoSeries) -> Geometries:
    """Return the geometries of a layer, held to be valid polygons.

    Parameters
    ----------
    polygons
        Any layer. GEOS answers at random for polygons that cross themselves.

    Returns
    -------
    geometry
        Polygons and multipolygons, in the order of the layer.

    Raises
    ------
    AnalysisError
        If there is no row, or one is missing, empty, not a polygon or invalid; the message names
        the rows.
    """
    check_layer(polygons, "polygons")
    if not len(polygons):
        raise AnalysisError(
            "polygons: found an empty layer, expected one polygon at least. "
            "Check what was read, or what was left out of it."
        )
    geometry = polygons.geometry.to_numpy()
    polygonal = np.isin(shapely.get_type_id(geometry), POLYGONAL)
    if not (polygonal & ~shapely.is_empty(geometry) & in_threads(shapely.is_valid, geometry)).all():
        raise AnalysisError(_odd_polygons(geometry, polygons.index))
    return np.array(geometry, dtype=object)


def check_layer(layer: object, name: str) -> None:
    """Hold that an argument is a layer with geometry.

    Parameters
    ----------
    layer
        What the caller gave.
    name
        What it is to the caller, for the message.

    Raises
    ------
    AnalysisError
        If it is neither a GeoSeries nor a GeoDataFrame with a geometry column.
    """
    if isinstance(layer, gpd.GeoSeries):
        return
    if not isinstance(layer, gpd.GeoDataFrame) or layer.active_geometry_name is None:
        raise AnalysisError(
            f"{name}: found a {type(layer).__name__} without geometry, expected a GeoDataFrame "
            "with a geometry column. Set it with set_geometry()."
        )


def _odd_polygons(geometry: Geometries, index: pd.Index) -> str:
    """Say what is no valid polygon, the first kind of fault that there is."""
    kind = shapely.get_type_id(geometry)
    rows, which = shapely.get_coordinates(geometry, return_index=True)
    unplaced = np.zeros(len(geometry), dtype=bool)
    unplaced[which[~np.isfinite(rows).all(axis=1)]] = True
    faults = {
        "no geometry": (kind < 0) | shapely.is_empty(geometry),
        "something else than a polygon": ~np.isin(kind, POLYGONAL),
        "coordinates that are not finite": unplaced,
    }
    fault = next((name for name, wrong in faults.items() if wrong.any()), "")
    cure = "Leave these rows out" if fault else "Repair these rows with make_valid()"
    wrong = faults.get(fault, ~shapely.is_valid(geometry))
    fault = fault or str(shapely.is_valid_reason(geometry[wrong][0]))
    return (
        f"polygons: found no valid polygon at {name_some(index, wrong)} ({fault}), expected one "
        f"in each row. {cure}, or give their polygons anew."
    )


def corners_of(polygons: Geometries) -> tuple[Floats, Integers, Integers]:
    """List the corners of polygons, ring by ring.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons; a third dimension is ignored.

    Returns
    -------
    corners
        ``x, y`` of each corner, an array of shape (n, 2); the first of a ring is also its last.
    ring
        Position of the ring of each corner, ascending.
    polygon
        Position of the polygon of each ring, ascending: holes and parts follow each other.
    """
    parts, polygon_of_part = shapely.get_parts(polygons, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    corners, ring_of_corner = shapely.get_coordinates(rings, return_index=True)
    return corners, ring_of_corner, polygon_of_part[part_of_ring]


def edges_of(polygons: Geometries) -> tuple[Floats, Integers]:
    """Cut the rings of polygons into edges.

    Parameters
    ----------
    polygons
        Valid polygons or multipolygons; a third dimension is ignored.

    Returns
    -------
    edges
        ``x1, y1, x2, y2`` of each edge, an array of shape (n, 4), walking along shells
        counter-clockwise and holes clockwise, so that the inside is on the left.
    owner
        Position of the polygon of each edge, ascending.
    """
    corners, ring, polygon = corners_of(shapely.orient_polygons(polygons))
    begin = np.flatnonzero(ring[1:] == ring[:-1])
    edges = np.concatenate([corners[begin], corners[begin + 1]], axis=1)
    return edges, polygon[ring[begin]].astype(np.int64)


def in_threads(work: Callable[[Geometries], NDArray[Any]], geometry: Geometries) -> NDArray[Any]:
    """Let GEOS work on parts of an array of geometries at once.

    Parameters
    ----------
    work
        A function of shapely that gives one value per geometry.
    geometry
        Any geometries; few are worked on here.

    Returns
    -------
    values
        In the order of the geometries.
    """
    workers = threads()
    if workers == 1 or len(geometry) < MANY:
        return work(geometry)
    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(work, np.array_split(geometry, workers))))
