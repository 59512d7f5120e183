"""Street lines as they are given: checked, and cut where they meet."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from ecity_geo.crs import crs_name, require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.given import as_numbers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Geometries = NDArray[np.object_]

LINESTRING = 1
"""Shapely's type number of a line."""
MILLIMETRE = 1e-3
"""Vertices this far apart or less are one junction; also if ..."""
SLACK = 1e-6
"""... the rounding of coordinates far from the origin adds to their distance."""
CELL, ASIDE = 0.25, 0.37
"""Metres, and the share of them by which cells lie aside of round coordinates."""


def lines_of(
    geometry: gpd.GeoSeries | gpd.GeoDataFrame | ArrayLike, crs: CRS | str | int | None
) -> tuple[Geometries, CRS | None]:
    """Return the geometries of a layer or list, and the CRS that is known of them.

    Parameters
    ----------
    geometry
        A layer, or geometries.
    crs
        The CRS that the caller states.

    Returns
    -------
    geometry, crs
        An array, and the CRS of the layer or as stated; None where neither tells.

    Raises
    ------
    AnalysisError
        If PROJ does not know the CRS, or the layer has another.
    """
    try:
        stated = None if crs is None else CRS.from_user_input(crs)
    except CRSError as error:
        raise AnalysisError(
            f'streets: found the CRS {crs!r}, expected one such as "EPSG:32638".'
        ) from error
    own = None
    if isinstance(geometry, gpd.GeoSeries | gpd.GeoDataFrame):
        own = None if geometry.crs is None else CRS(geometry.crs)
        geometry = geometry.geometry.to_numpy()
    if own is not None and stated is not None and not own.equals(stated, True):
        raise AnalysisError(
            f"streets: found the CRS {crs_name(own)} in the layer and {crs_name(stated)} as "
            "stated, expected the same. Leave crs out, or reproject the layer with to_crs()."
        )
    return np.asarray(geometry, dtype=object), own if stated is None else stated


def per_line(values: ArrayLike, geometry: object, name: str, expected: str) -> Floats:
    """Return the numbers that belong to lines, one each.

    Parameters
    ----------
    values
        Numbers in the order of the lines.
    geometry
        The lines; if both are pandas objects, their labels must agree.
    name, expected
        What the numbers are to the caller, and what they may be, for the message.

    Returns
    -------
    numbers
        In the order of the lines.

    Raises
    ------
    AnalysisError
        If they are no list of numbers, or labelled otherwise than the lines.
    """
    labels = getattr(geometry, "index", None)
    if (
        isinstance(values, pd.Series)
        and isinstance(labels, pd.Index)
        and len(values) == len(labels)
        and not values.index.equals(labels)
    ):
        raise AnalysisError(
            f"{name}: found other labels than those of the lines, expected the same in the same "
            "order. Take both from one frame, or give a list."
        )
    return as_numbers(values, name, expected)


def check_lines(streets: Geometries, minutes: Floats, marks: Floats, crs: CRS | None) -> None:
    """Hold that each street is a line that can be travelled.

    Parameters
    ----------
    streets, minutes, marks
        Lines, travel times and one-way marks.
    crs
        Their CRS, where it is known.

    Raises
    ------
    AnalysisError
        As for `ecity_geo.geo.streets.StreetGraph.from_lines`.
    """
    if not len(streets) == len(minutes) == len(marks):
        raise AnalysisError(
            f"streets: found {len(streets)} lines, {len(minutes)} travel times and {len(marks)} "
            "one-way marks, expected one of each per line."
        )
    points, source = shapely.get_coordinates(streets, return_index=True)
    nowhere = np.zeros(len(streets), dtype=bool)
    nowhere[source[~np.isfinite(points).all(axis=1)]] = True
    # A line of no length takes no time; it is left out later.
    timeless = (minutes <= 0) & ((minutes < 0) | (shapely.length(streets) > 0))
    faults = {
        "something else than a line": shapely.get_type_id(streets) != LINESTRING,
        "coordinates that are not finite": nowhere,
        "a travel time that is not above 0 or not finite": ~np.isfinite(minutes) | timeless,
        "a one-way mark that is not 1, 0 or -1": ~np.isin(marks, (1, 0, -1)),
    }
    for fault, wrong in faults.items():
        if wrong.any():
            first, count = int(np.argmax(wrong)), int(wrong.sum())
            raise AnalysisError(
                f"streets: found {fault} in {count} of {len(wrong)} lines, the first at position "
                f"{first}. Correct them or leave them out."
            )
    if crs is not None:
        require_metric(gpd.GeoSeries(streets, crs=crs), "streets")


def split(streets: Geometries) -> tuple[Floats, Geometries, Integers, Integers, Floats]:
    """Cut lines at every vertex that they share with another line or pass twice.

    Parameters
    ----------
    streets
        Lines in a metric CRS.

    Returns
    -------
    nodes, pieces, ends, line, metres
        Node coordinates, the pieces, their end nodes (n x 2), the line that each is a part of,
        and their length.

    Raises
    ------
    AnalysisError
        If no line has a length.
    """
    places, place, source = _vertices(streets)
    end = np.ones(len(place), dtype=bool)
    end[1:-1] = (source[1:-1] != source[:-2]) | (source[1:-1] != source[2:])
    stop = np.flatnonzero(end | (np.bincount(place)[place] > 1))
    joined = source[stop[:-1]] == source[stop[1:]]
    first, last = stop[:-1][joined], stop[1:][joined]
    if not len(first):
        raise AnalysisError("streets: found no line of any length, expected some streets.")

    size = last - first + 1
    piece = np.repeat(np.arange(len(size)), size)
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    lines = shapely.linestrings(places[place[np.repeat(first, size) + within]], indices=piece)
    used, ends = np.unique(place[np.column_stack([first, last])], return_inverse=True)
    return places[used], lines, ends.reshape(-1, 2), source[first], shapely.length(lines)


def _vertices(streets: Geometries) -> tuple[Floats, Integers, Integers]:
    """Return the distinct places, and of each vertex its place and its line.

    A vertex that repeats the one before it in its line is left out.
    """
    points, source = shapely.get_coordinates(streets, return_index=True)
    # As complex numbers, x + iy, NumPy sorts them without Python objects.
    different, which = np.unique(points.view(np.complex128).ravel(), return_inverse=True)
    places = different.view(np.float64).reshape(-1, 2)
    place = _united(places)[which]
    moved = np.ones(len(place), dtype=bool)
    moved[1:] = (place[1:] != place[:-1]) | (source[1:] != source[:-1])
    return places, place[moved], source[moved].astype(np.int64)


def _united(places: Floats) -> Integers:
    """Of each place the first of those that it is one with.

    Rounding to a grid would part two places beside each other that lie on either side of the
    middle of a cell, and another two if the city were moved.
    """
    first = np.arange(len(places))
    some = _not_alone(places)
    one, other = KDTree(places[some]).query_pairs(MILLIMETRE + SLACK, output_type="ndarray").T
    if not len(one):
        return first
    steps = coo_array((np.ones(len(one)), (one, other)), shape=(len(some), len(some)))
    _, part = connected_components(steps, directed=False)
    _, least = np.unique(part, return_index=True)
    first[some] = some[least[part]]
    return first


def _not_alone(places: Floats) -> Integers:
    """Places that may have another within a millimetre: in one cell, or at its edge."""
    at = places / CELL + ASIDE
    cell = np.floor(at)
    _, which, count = np.unique(
        cell.view(np.complex128).ravel(), return_inverse=True, return_counts=True
    )
    edge = np.abs(at - cell - 0.5) > 0.5 - 2 * MILLIMETRE / CELL
    return np.flatnonzero(edge.any(axis=1) | (count[which] > 1))
