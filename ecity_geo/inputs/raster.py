"""Cells of a population raster around the city, each with its persons."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from ecity_geo.crs import Bounds, bounds_of, misplaced, to_lonlat, widen
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import PopulationConfig
from ecity_geo.inputs.frames import agree_crs, first_line

MAX_CELLS = 50_000_000
"""Cells in the window of the city, and ..."""
MAX_POPULATED = 2_000_000
"""... cells with people: 30 m over a city of 40 km. More is finer than any decision needs."""
HUGE = 1e9
"""No cell holds as many people; what does is a mark for "no data"."""


CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Where the cells of a raster lie in the working CRS.

    Parameters
    ----------
    transform
        Affine transform of the raster, from column and row to its own CRS.
    to_metres
        From the CRS of the raster to the working CRS.
    crs
        CRS of the raster.
    width, height
        Cells of the whole raster.
    """

    transform: Any
    to_metres: Transformer
    crs: CRS
    width: int
    height: int

    def places(self, cells: Places, right: float = 0.5, down: float = 0.5) -> Floats:
        """Return a place of each cell, ``n x 2`` metres; by default its centre."""
        rows, columns = cells
        at = _apply(self.transform, columns + right, rows + down)
        return np.column_stack(self.to_metres.transform(*at))

    def polygons(self, cells: Places) -> NDArray[np.object_]:
        """Return the outline of each cell."""
        corners = np.stack([self.places(cells, *corner) for corner in CORNERS], axis=1)
        return np.asarray(shapely.polygons(corners), dtype=object)

    def extent(self) -> BaseGeometry:
        """Return the outline of the whole raster."""
        # 20 points a side follow it through the change of CRS.
        steps = np.linspace(0, 1, 21)
        zero, one = np.zeros(21), np.ones(21)
        right = np.concatenate([steps, one, steps[::-1], zero]) * self.width
        down = np.concatenate([zero, steps, one, steps[::-1]]) * self.height
        at = _apply(self.transform, right, down)
        outline = np.column_stack(self.to_metres.transform(*at))
        outline = outline[np.isfinite(outline).all(axis=1)]
        return shapely.make_valid(shapely.Polygon(outline))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Populated cells in the window of the city.

    Parameters
    ----------
    cells
        Row and column of each, counted in the whole raster.
    values
        Value of each: persons, or persons per square kilometre.
    empty
        Rows and columns of the window's cells without data.
    grid
        Where they lie.
    """

    cells: Places
    values: Floats
    empty: Places
    grid: Grid

    def ids(self) -> pd.Index:
        """Return ``"c"`` and the flat index of each cell in the whole raster, zero-padded."""
        width = len(str(self.grid.width * self.grid.height - 1))
        flat = self.cells[0] * self.grid.width + self.cells[1]
        return pd.Index([f"c{index:0{width}d}" for index in flat.tolist()])


def read_cells(path: Path, config: PopulationConfig, districts: gpd.GeoDataFrame) -> Cells:
    """Read the part of a GeoTIFF that covers the districts.

    Parameters
    ----------
    path
        The GeoTIFF. No other format is opened, whatever it is called.
    config
        The section ``[population]``.
    districts
        Districts in the working CRS.

    Returns
    -------
    cells
        Cells with more than zero.

    Raises
    ------
    InputError
        If the raster has no CRS or place, lies elsewhere, or holds negative values or marks for
        "no data" that it does not declare.
    """
    import rasterio  # GDAL a second time: not before it is wanted
    from rasterio.errors import RasterioError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NotGeoreferencedWarning; judged by _check_profile
            with rasterio.open(path, driver="GTiff") as raster:
                return _read(raster, config, districts)
    except (RasterioError, OSError, ValueError) as error:
        raise InputError(
            Fault(
                source=config.path,
                found=f"a raster that GDAL refuses ({first_line(error)})",
                expected="a readable GeoTIFF",
                cure="Open it in a GIS and save it again as GeoTIFF.",
            )
        ) from error


def _read(raster: Any, config: PopulationConfig, districts: gpd.GeoDataFrame) -> Cells:
    crs = _check_profile(raster, config)
    row, column, height, width = _window(raster, crs, config, districts)
    window = ((row, row + height), (column, column + width))
    band = raster.read(config.band, window=window, masked=True)
    data = np.ma.getdata(band)
    hidden = np.ma.getmaskarray(band) | np.isnan(data)
    _check_values(data, hidden, raster, config, (row, column))
    people = data.astype(float)
    people = people * raster.scales[config.band - 1] + raster.offsets[config.band - 1]
    living = ~hidden & (people > 0)
    rows, columns = np.nonzero(living)
    if len(rows) > MAX_POPULATED:
        raise InputError(_too_fine(config, len(rows), MAX_POPULATED))
    to_metres = Transformer.from_crs(crs, CRS(districts.crs), always_xy=True)
    nowhere = np.nonzero(hidden)
    return Cells(
        cells=(rows + row, columns + column),
        values=people[living],
        empty=(nowhere[0] + row, nowhere[1] + column),
        grid=Grid(
            transform=raster.transform,
            to_metres=to_metres,
            crs=crs,
            width=raster.width,
            height=raster.height,
        ),
    )


def _too_fine(config: PopulationConfig, found: int, limit: int) -> Fault:
    cure = "Sum the raster to larger cells, such as 100 m."
    return _fault(config, f"{found:,} cells over the city", f"at most {limit:,}", cure)


def _check_profile(raster: Any, config: PopulationConfig) -> CRS:
    # A raster must have a place, and the band that is asked for.
    faults = []
    if not 1 <= config.band <= raster.count:
        found, expected = f"band {config.band}", f"1 to {raster.count}"
        faults.append(_fault(config, found, expected, 'Correct "band" in [population].', "band"))
    if raster.transform.is_identity or raster.transform.is_degenerate:
        found, expected = "no position of the cells", "a georeferenced raster"
        faults.append(_fault(config, found, expected, "Export it again with its position."))
    stated = CRS.from_wkt(raster.crs.to_wkt()) if raster.crs else None
    crs = agree_crs(stated, config.crs, source=config.path)
    if crs is None:
        found, expected = "no CRS", "a stated coordinate reference system"
        cure = 'State it with "crs" in [population], or in the file itself.'
        faults.append(_fault(config, found, expected, cure, "crs"))
    if faults or crs is None:
        raise InputError(faults)
    return crs


def _fault(
    config: PopulationConfig, found: str, expected: str, cure: str, field: str = ""
) -> Fault:
    return Fault(source=config.path, field=field, found=found, expected=expected, cure=cure)


def _window(
    raster: Any, crs: CRS, config: PopulationConfig, districts: gpd.GeoDataFrame
) -> tuple[int, int, int, int]:
    """First row, first column, height and width of the cells around the districts."""
    city = bounds_of(districts)
    outline = _bounds_in(city, CRS(districts.crs), crs)
    inverse = ~raster.transform
    ends = [_apply(inverse, x, y) for x in outline[::2] for y in outline[1::2]]
    finite = np.isfinite(ends).all()
    columns, rows = zip(*ends, strict=True) if finite else ((-1.0,), (-1.0,))
    left, right = _clip(columns, raster.width)
    top, bottom = _clip(rows, raster.height)
    if left >= right or top >= bottom:
        raise InputError(
            _elsewhere(raster, crs, config, widen(to_lonlat(city, CRS(districts.crs))))
        )
    if (right - left) * (bottom - top) > MAX_CELLS:
        raise InputError(_too_fine(config, (right - left) * (bottom - top), MAX_CELLS))
    return top, left, bottom - top, right - left


def _apply(transform: Any, right: Any, down: Any) -> tuple[Any, Any]:
    """Apply an affine transform to columns and rows (its own operator changed with affine 3)."""
    a, b, c, d, e, f = transform[:6]
    return a * right + b * down + c, d * right + e * down + f


def _bounds_in(bounds: Bounds, own: CRS, other: CRS) -> Bounds:
    try:
        moved = Transformer.from_crs(own, other, always_xy=True).transform_bounds(*bounds)
    except ProjError:
        return (np.nan, np.nan, np.nan, np.nan)
    return (float(moved[0]), float(moved[1]), float(moved[2]), float(moved[3]))


def _clip(ends: tuple[float, ...], size: int) -> tuple[int, int]:
    """Whole cells between two ends, with one more on each side, inside the raster."""
    return max(math.floor(min(ends)) - 1, 0), min(math.ceil(max(ends)) + 1, size)


def _elsewhere(raster: Any, crs: CRS, config: PopulationConfig, box: Bounds) -> Fault:
    bounds = (raster.bounds.left, raster.bounds.bottom, raster.bounds.right, raster.bounds.top)
    return misplaced(bounds, crs, box, source=config.path) or _fault(
        config,
        "a raster that does not reach the districts",
        "cells over the city",
        "Give a raster of this city.",
    )


def _stands_apart(values: NDArray[Any], top: float) -> bool:
    """Tell whether the greatest byte is far above all others: 255 is then a mark, not people."""
    below = values[values < top]
    return bool(below.size) and float(below.max()) < top / 2


def _check_values(
    data: NDArray[Any],
    hidden: NDArray[np.bool_],
    raster: Any,
    config: PopulationConfig,
    corner: tuple[int, int],
) -> None:
    """Negative and absurd cells are no people; whether they are "no data" the file must say."""
    limit = np.inf
    if np.issubdtype(data.dtype, np.integer):
        limit = float(np.iinfo(data.dtype).max)
        if data.dtype.itemsize == 1 and not _stands_apart(data[~hidden], limit):
            limit = np.inf
    wrong = ~hidden & ((data < 0) | (data >= min(HUGE, limit)))
    if not wrong.any():
        return
    row, column = (int(first) for first in np.argwhere(wrong)[0])
    worst = data[wrong].min() if (data[wrong] < 0).any() else data[wrong].max()
    declared = raster.nodatavals[config.band - 1]
    expected = "persons" if declared is None else f"persons, or the declared nodata {declared:g}"
    raise InputError(
        Fault(
            source=config.path,
            where=f"row {row + corner[0]}, column {column + corner[1]}",
            field=f"band {config.band}",
            found=f"{worst:g} in {int((data[wrong] == worst).sum()):,} cells "
            f"({int(wrong.sum()):,} cells are negative or above {min(HUGE, limit):g})",
            expected=expected,
            cure=f"If it means no data, declare it: gdal_edit.py -a_nodata {worst:g} FILE.",
        )
    )
