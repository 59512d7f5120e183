"""Sums, means and counts of raster cells in polygons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.compiled import kernels, threads
from ecity_geo.geo.coverage import How, Runs, covered_runs
from ecity_geo.geo.raster_file import (
    Raster,
    Readers,
    check_marks,
    inspect,
    path_of,
    read,
    readers_of,
)
from ecity_geo.geo.rings import Floats, Integers, check_layer, edges_of, valid_polygons
from ecity_geo.given import as_number

STATS = ("sum", "mean", "count", "min", "max", "covered")
WINDOW_CELLS = 6_000_000
"""Cells that a thread reads at a time."""
MANY_CELLS = 4_000_000
"""Cells from which compiled code pays, even where it must be compiled first (a second, once)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Zones:
    """Edges of the polygons in columns and rows of the raster, and how many cells each holds."""

    edges: Floats
    owner: Integers
    number: int
    area: Floats
    how: How


def zonal(
    raster: str | Path,
    polygons: gpd.GeoDataFrame,
    *,
    stats: Sequence[str] = ("sum",),
    how: How = "exact",
    band: int | Sequence[int] = 1,
    nodata: float | None = None,
) -> pd.DataFrame:
    """Summarise the cells of a raster in each polygon.

    Parameters
    ----------
    raster
        File of one of GDAL's raster formats, with a CRS; turned rasters are read too.
    polygons
        Valid polygons or multipolygons with a CRS. In another CRS than the raster, their corners
        are reprojected, and the raster is left as it is.
    stats
        Columns wanted, of ``"sum"``, ``"mean"``, ``"count"``, ``"min"``, ``"max"`` and
        ``"covered"``.
    how
        ``"exact"``: a cell counts with the share of it that the polygon covers. ``"centre"``: it
        counts wholly where the polygon holds its centre; a centre on a border goes to one side,
        so that polygons that share a border share no cell.
    band
        Number of the band, from 1; or several, which are read in one go.
    nodata
        Stored value that means no data, in place of the one that the band declares; NaN if each
        cell holds data.

    Returns
    -------
    stats
        A column for each of `stats`, indexed like `polygons`, in the unit of the band with its
        scale and offset applied. With shares `w` and values `v` of the cells that hold data:
        sum of `w v`, sum of `w` (count, in cells), their quotient (mean), least and greatest `v`
        with `w` above zero, and count by the cells that the polygon would hold (covered: the share
        of it that lies on cells with data, 0 beside the raster; with ``"centre"`` about that).
        With several bands, the columns are pairs of `band` and `stat`. Cells
        without data, or NaN, count nowhere. A polygon without any cell has sum and count 0 and
        NaN otherwise.

    Raises
    ------
    InputError
        If the file cannot be read, holds text that points to other data although it is not called
        ``.vrt``, has no CRS, no such band, or complex numbers; or if cells below the polygons hold
        a mark that usually means no data, such as -9999, and `nodata` is not given.
    AnalysisError
        If an option is unknown, the polygons have no CRS, are none, invalid or missing, or none of
        them meets the raster.

    Notes
    -----
    The semantics of exactextract, with shares in double precision (there: single). The file is
    read once, window by window along its blocks, in threads: memory grows with its blocks, not
    with the file. A file of a single strip is one block, and is unpacked as a whole.
    """
    _check_options(stats, how)
    numbers = _bands(band)
    if nodata is not None:
        nodata = as_number(nodata, "nodata", "the stored value that means no data")
    sources = inspect(path_of(raster), numbers, nodata)
    zones = _zones(sources[0], polygons, how)
    windows = list(_windows(sources[0], zones.edges))
    cells = sum((bottom - top) * (right - left) for top, bottom, left, right in windows)
    many = cells * len(sources) >= MANY_CELLS
    module = kernels("ecity_geo.geo.zonal_kernels") if many else None
    totals = _totals(len(sources), zones.number)
    with readers_of(sources[0].path) as readers, ThreadPoolExecutor(threads()) as pool:
        # In the order of the windows, so that the sums are the same in each run.
        for part in pool.map(lambda at: _window(sources, zones, at, readers, module), windows):
            totals[..., :2] += part[..., :2]
            np.minimum(totals[..., 2], part[..., 2], out=totals[..., 2])
            np.maximum(totals[..., 3], part[..., 3], out=totals[..., 3])
    for total, source in zip(totals, sources, strict=True):
        check_marks(source, total[:, 2:].ravel())
    tables = [
        _table(total, source, zones.area, polygons.index)[list(stats)]
        for total, source in zip(totals, sources, strict=True)
    ]
    if np.ndim(band) == 0:
        return tables[0]
    return pd.concat(tables, axis=1, keys=numbers, names=["band", "stat"])


def _check_options(stats: Sequence[str], how: str) -> None:
    listed = isinstance(stats, Sequence) and not isinstance(stats, str)
    unknown = [name for name in stats if name not in STATS] if listed else []
    if unknown or not listed or not stats or len(set(stats)) < len(stats):
        raise AnalysisError(
            f"stats: found {unknown or stats!r}, expected a list of different ones of "
            f"{', '.join(STATS)}."
        )
    if how not in get_args(How):
        raise AnalysisError(f'how: found {how!r}, expected "exact" or "centre".')


def _bands(band: int | Sequence[int]) -> list[int]:
    try:
        given = np.atleast_1d(band)
    except ValueError:  # a list within the list
        given = np.empty((0, 0))
    numbers: list[int] = given.tolist()
    if given.dtype.kind not in "iu" or given.ndim > 1 or len(set(numbers)) < len(numbers):
        raise AnalysisError(
            f"band: found {band!r}, expected one or more different numbers, from 1."
        )
    return numbers


def _zones(source: Raster, polygons: gpd.GeoDataFrame, how: How) -> _Zones:
    check_layer(polygons, "polygons")
    if polygons.crs is None:
        raise AnalysisError("polygons: found no CRS, expected one. Set it with set_crs().")
    if not len(polygons):
        raise AnalysisError("polygons: found none, expected one at least.")
    valid_polygons(polygons)
    placed = polygons if CRS(polygons.crs).equals(source.crs, True) else polygons.to_crs(source.crs)
    if not np.isfinite(placed.total_bounds).all():
        raise AnalysisError(
            f"polygons: found corners that have no place in {source.crs.name}, the CRS of the "
            "raster. Check the CRS of both."
        )
    edges, owner = edges_of(valid_polygons(placed))
    cells = _in_cells(edges, source.transform)
    zones = _Zones(
        edges=cells, owner=owner, number=len(polygons), area=_areas(cells, owner), how=how
    )
    if not _meets(zones, source).any():
        raise AnalysisError(
            f"zonal: found no polygon on the raster {source.path.name}, expected one at least. "
            "Check the CRS of both, and that they show the same place."
        )
    return zones


def _meets(zones: _Zones, source: Raster) -> NDArray[np.bool_]:
    """Whether the box of each polygon shares a place with the raster."""
    first = np.flatnonzero(np.diff(zones.owner, prepend=-1))
    least, most = (each.reduceat(zones.edges, first) for each in (np.minimum, np.maximum))
    size = np.array([source.width, source.height])
    return np.asarray(((most[:, :2] > 0) & (least[:, :2] < size)).all(axis=1))


def _areas(edges: Floats, owner: Integers) -> Floats:
    """Cells that each polygon holds, by the shoelace formula."""
    # Near the polygon, so that the products stay small.
    corner = edges[np.flatnonzero(np.diff(owner, prepend=-1))][owner, :2]
    x1, y1, x2, y2 = (edges - np.tile(corner, 2)).T
    return np.abs(np.bincount(owner, weights=x1 * y2 - x2 * y1)) / 2


def _in_cells(edges: Floats, transform: tuple[float, float, float, float, float, float]) -> Floats:
    """Columns and rows of edges whose inside is on the left, turned as `covered_runs` wants it."""
    a, b, west, d, e, north = transform
    x, y = edges[:, [0, 2]] - west, edges[:, [1, 3]] - north
    turn = a * e - b * d
    if b == 0.0 and d == 0.0:
        u, v = x / a, y / e
    else:
        u, v = (e * x - b * y) / turn, (a * y - d * x) / turn
    # Rows that grow to the north mirror the polygon, and with it the walk around it.
    first, second = (0, 1) if turn < 0 else (1, 0)
    return np.stack([u[:, first], v[:, first], u[:, second], v[:, second]], axis=1)


def _windows(source: Raster, edges: Floats) -> Iterator[tuple[int, int, int, int]]:
    """Cut the part of the raster below the polygons along its blocks: top, bottom, left, right."""
    high, wide = source.block
    least, most = edges.min(axis=0), edges.max(axis=0)
    left = max(int(min(least[0], least[2])) // wide * wide, 0)
    top = max(int(min(least[1], least[3])) // high * high, 0)
    right = min(int(np.ceil(max(most[0], most[2]))), source.width)
    bottom = min(int(np.ceil(max(most[1], most[3]))), source.height)
    columns = right - left
    if high * columns > WINDOW_CELLS:
        columns = max(WINDOW_CELLS // (high * wide), 1) * wide
    rows = max(WINDOW_CELLS // (high * columns), 1) * high
    for row in range(top, bottom, rows):
        for column in range(left, right, columns):
            yield row, min(row + rows, bottom), column, min(column + columns, right)


def _window(
    sources: list[Raster],
    zones: _Zones,
    window: tuple[int, int, int, int],
    readers: Readers,
    module: ModuleType | None,
) -> Floats:
    top, bottom, left, right = window
    runs = covered_runs(
        zones.edges - [left, 0, left, 0],
        zones.owner,
        rows=(top, bottom),
        width=right - left,
        how=zones.how,
        compiled=module,
    )
    totals = _totals(len(sources), zones.number)
    if not len(runs.owner):
        return totals
    for source, total in zip(sources, totals, strict=True):
        values = read(source, window, readers)
        if module is None:
            _add_runs(values, source.nodata, top, runs, total)
        else:
            cells = runs.owner, runs.row, runs.start, runs.stop, runs.share
            module.add_runs(values, source.nodata, top, *cells, total)
    return totals


def _add_runs(values: NDArray[Any], nodata: float, first: int, runs: Runs, totals: Floats) -> None:
    """Add runs of cells to the totals as the compiled loop does, for small rasters."""
    length = runs.stop - runs.start
    run = np.repeat(np.arange(len(length)), length)
    column = np.arange(len(run)) - np.repeat(np.cumsum(length) - length - runs.start, length)
    found = values[runs.row[run] - first, column].astype(float)
    good = ~np.isnan(found) & (found != nodata)
    run, found = run[good], found[good]
    zone, share = runs.owner[run], runs.share[run]
    totals[:, 0] += np.bincount(zone, share * found, len(totals))
    totals[:, 1] += np.bincount(zone, share, len(totals))
    np.minimum.at(totals[:, 2], zone, found)
    np.maximum.at(totals[:, 3], zone, found)


def _totals(bands: int, zones: int) -> Floats:
    return np.tile([0.0, 0.0, np.inf, -np.inf], (bands, zones, 1))


def _table(totals: Floats, source: Raster, area: Floats, index: pd.Index) -> pd.DataFrame:
    total, count, least, greatest = totals.T
    empty = count == 0
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=~empty)
    low, high = (source.scale * np.where(empty, np.nan, at) for at in (least, greatest))
    return pd.DataFrame(
        {
            "sum": total * source.scale + count * source.offset,
            "mean": mean * source.scale + source.offset,
            "count": count,
            "min": np.minimum(low, high) + source.offset,
            "max": np.maximum(low, high) + source.offset,
            "covered": count / area,
        },
        index=index,
    )
