"""Coordinates of point layers, checked before anything is computed from them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.crs import crs_name, require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.given import as_number

Floats = NDArray[np.float64]

POINT = 0
"""Shapely's type number of a point."""


def coordinates(points: gpd.GeoSeries, name: str) -> tuple[Floats, Floats]:
    """Return the coordinates of points.

    Parameters
    ----------
    points
        Points; a third dimension is ignored.
    name
        What the points are to the caller, for the message.

    Returns
    -------
    x, y
        Coordinates in the unit of the CRS, in the order of the points.

    Raises
    ------
    AnalysisError
        If a geometry is missing, empty, not a point, or has a coordinate that is not finite.
    """
    geometry = points.to_numpy()
    strange = shapely.get_type_id(geometry) != POINT
    places = shapely.get_coordinates(geometry)
    # An empty point has no coordinates to give.
    if strange.any() or len(places) < len(geometry):
        strange |= shapely.is_empty(geometry)
        raise AnalysisError(
            f"{name}: found {name_some(points.index, strange)} without a point, "
            "expected a point in each row. Leave these rows out, or give their centroids."
        )
    x, y = places.T
    check_finite(x, y, points.index, name)
    return x, y


def places_of(
    demand: gpd.GeoDataFrame | gpd.GeoSeries,
    facilities: gpd.GeoDataFrame | gpd.GeoSeries,
    cutoff: float = np.inf,
) -> tuple[Floats, Floats]:
    """Return the places that travel is measured between.

    Parameters
    ----------
    demand, facilities
        Points in one metric CRS.
    cutoff
        Greatest cost that will be looked for.

    Returns
    -------
    homes, goals
        Coordinates in metres, n x 2 and m x 2.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point is missing or not finite, there is no demand
        or no facility, or the cutoff is negative or not a number.
    """
    require_metric(demand, "demand")
    check_same_crs(demand, facilities, "demand and facilities")
    if not as_number(cutoff, "cutoff", "a cost of 0 or more") >= 0:
        raise AnalysisError(f"cutoff: found {cutoff:g}, expected a cost of 0 or more.")
    if demand.empty or facilities.empty:
        name = "demand points" if demand.empty else "facilities"
        raise AnalysisError(f"There are no {name} to measure travel between.")
    homes = coordinates(demand.geometry, "demand")
    goals = coordinates(facilities.geometry, "facilities")
    return np.column_stack(homes), np.column_stack(goals)


def check_finite(x: Floats, y: Floats, index: pd.Index, name: str) -> None:
    """Hold that every coordinate is a number.

    Parameters
    ----------
    x, y
        Coordinates.
    index
        Labels of the points, for the message.
    name
        What the points are to the caller, for the message.

    Raises
    ------
    AnalysisError
        If a coordinate is NaN or infinite; the message names the points.
    """
    odd = ~(np.isfinite(x) & np.isfinite(y))
    if odd.any():
        raise AnalysisError(
            f"{name}: found coordinates that are not finite at {name_some(index, odd)}, "
            "expected numbers. Leave these points out."
        )


def check_same_crs(
    one: gpd.GeoSeries | gpd.GeoDataFrame, other: gpd.GeoSeries | gpd.GeoDataFrame, name: str
) -> None:
    """Hold that two layers have the same CRS, or both none.

    Parameters
    ----------
    one, other
        The layers.
    name
        What they are to the caller, such as ``"points and polygons"``.

    Raises
    ------
    AnalysisError
        If the CRS differ.
    """
    if one.crs != other.crs:
        found = " and ".join(crs_name(each.crs) if each.crs else "none" for each in (one, other))
        raise AnalysisError(
            f"{name}: found the CRS {found}, expected the same. Reproject one with to_crs()."
        )


def name_some(index: pd.Index, chosen: NDArray[np.bool_]) -> str:
    """Name the first labels that are chosen, and count the rest.

    Parameters
    ----------
    index
        Labels.
    chosen
        Which of them are meant.

    Returns
    -------
    text
        Such as ``"'h1', 'h2' and 7 more"``.
    """
    labels = index[chosen]
    shown = ", ".join(repr(label) for label in labels[:5].tolist())
    return f"{shown} and {len(labels) - 5} more" if len(labels) > 5 else shown
