"""Polygons of a layer: each whole, and none on top of another."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from ecity_geo.errors import Fault
from ecity_geo.inputs.schema import Repair

INVALID = "an invalid polygon"
HARMLESS = 1e-3
"""A ring that merely touches itself is mended when its area moves by less than this share."""
SLIVER = 1e-6
"""Overlaps and gaps below this area (m2) are rounding."""


def quiet() -> np.errstate:
    """Return a context in which the floating-point flags that GEOS leaves behind are no news."""
    return np.errstate(all="ignore")


def check_polygons(
    shapes: gpd.GeoSeries, places: Sequence[str], *, repair: bool, source: str
) -> tuple[gpd.GeoSeries, list[Fault], list[Repair]]:
    """Hold that every geometry of a layer is a valid polygon.

    Parameters
    ----------
    shapes
        Geometries as read.
    places
        Name of each feature, for faults.
    repair
        Whether invalid rings are mended whatever it does to their area.
    source
        The file, as the user named it.

    Returns
    -------
    shapes, faults, repairs
        The geometries, mended ones replaced; what is wrong; and what was mended, with the areas
        before and after in the units of the layer.
    """
    mended = shapes.to_numpy().copy()
    faults: list[Fault] = []
    details: list[str] = []
    for row, (shape, place) in enumerate(zip(mended, places, strict=True)):
        problem = _problem(shape)
        if not problem:
            continue
        fixed = _polygonal(shape) if problem.startswith(INVALID) else None
        if fixed is not None and (repair or _harmless(shape, fixed)):
            mended[row] = fixed
            details.append(f"{place}: {problem}, area {shape.area:g} to {fixed.area:g}")
        else:
            faults.append(_fault(source, place, problem))
    repairs = []
    if details:
        text = "; ".join(details[:10]) + ("; ..." if len(details) > 10 else "")
        repairs.append(Repair(source=source, kind="mended", count=len(details), detail=text))
    return gpd.GeoSeries(mended, index=shapes.index, crs=shapes.crs), faults, repairs


def _problem(shape: BaseGeometry | None) -> str:
    if shape is None:
        return "no geometry, or a ring that is not closed"
    if shape.is_empty:
        return "an empty geometry"
    if not isinstance(shape, Polygon | MultiPolygon):
        return f"a {shape.geom_type}"
    if not np.isfinite(shape.bounds).all():
        return "coordinates that are no numbers"
    return "" if shape.is_valid else f"{INVALID} ({shapely.is_valid_reason(shape)})"


def _polygonal(shape: BaseGeometry) -> BaseGeometry | None:
    """Polygon parts of the mended shape; lines and points that mending leaves are dropped."""
    fixed = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(fixed) if isinstance(part, Polygon)]
    for part in shapely.get_parts(fixed):
        if isinstance(part, MultiPolygon):
            parts.extend(part.geoms)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _harmless(shape: BaseGeometry, fixed: BaseGeometry) -> bool:
    return abs(fixed.area - shape.area) <= HARMLESS * fixed.area


def _fault(source: str, place: str, problem: str) -> Fault:
    return Fault(
        source=source,
        where=place,
        field="geometry",
        found=problem,
        expected="a valid polygon",
        cure=(
            'Mend it in a GIS, or set "repair = true" in [boundaries].'
            if problem.startswith(INVALID)
            else "Draw the polygon, or remove the feature."
        ),
    )


def overlaps(shapes: gpd.GeoSeries) -> pd.DataFrame:
    """Measure where polygons lie on top of one another.

    Parameters
    ----------
    shapes
        Valid polygons in a metric CRS.

    Returns
    -------
    pairs
        `one`, `other` (index labels, in order) and `area` in square metres, for each pair that
        shares more than rounding.
    """
    tree = shapely.STRtree(shapes.to_numpy())
    one, other = tree.query(shapes.to_numpy(), predicate="intersects")
    later = one < other
    one, other = one[later], other[later]
    with quiet():
        shared = shapely.intersection(shapes.to_numpy()[one], shapes.to_numpy()[other])
    areas = shapely.area(shared)
    real = areas > SLIVER
    return pd.DataFrame(
        {
            "one": shapes.index[one[real]],
            "other": shapes.index[other[real]],
            "area": areas[real],
        }
    )


def gaps(shapes: gpd.GeoSeries) -> np.ndarray:
    """Measure the holes that polygons leave between them.

    Parameters
    ----------
    shapes
        Valid polygons in a metric CRS.

    Returns
    -------
    areas
        Square metres of each hole of their union, largest first.
    """
    union = shapely.union_all(shapes.to_numpy())
    outlines = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(union)))
    with quiet():
        holes = shapely.difference(shapely.union_all(outlines), union)
    areas = shapely.area(shapely.get_parts(holes))
    return np.sort(areas[areas > SLIVER])[::-1]
