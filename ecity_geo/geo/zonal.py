"""Sums, means and counts of raster cells in polygons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.errors import AnalysisError, Fault, InputError
from ecity_geo.geo.compiled import kernels, threads
from ecity_geo.geo.coverage import How, Runs, covered_runs
from ecity_geo.geo.rings import Floats, Integers, edges_of, valid_polygons

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Readers: TypeAlias = "SimpleQueue[DatasetReader]"

STATS = ("sum", "mean", "count", "min", "max")
WINDOW_CELLS = 6_000_000
"""Cells that a thread reads at a time."""
MANY_CELLS = 4_000_000
"""Cells from which compiled code pays, even where it must be compiled first (a second, once)."""
CACHE_MEGABYTES = 64
"""Decoded blocks that GDAL keeps; each is read once, in order, so that few are enough."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Raster:
    """What the threads must know to read one band."""

    path: Path
    band: int
    height: int
    width: int
    block: tuple[int, int]
    transform: tuple[float, float, float, float, float, float]
    crs: CRS
    nodata: float
    masked: bool
    scale: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Zones:
    """Edges of the polygons in columns and rows of the raster."""

    edges: Floats
    owner: Integers
    number: int
    how: How


def zonal(
    raster: str | Path,
    polygons: gpd.GeoDataFrame,
    *,
    stats: Sequence[str] = ("sum",),
    how: How = "exact",
    band: int | Sequence[int] = 1,
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
        Columns wanted, of ``"sum"``, ``"mean"``, ``"count"``, ``"min"`` and ``"max"``.
    how
        ``"exact"``: a cell counts with the share of it that the polygon covers. ``"centre"``: it
        counts wholly where the polygon holds its centre; a centre on a border goes to one side,
        so that polygons that share a border share no cell.
    band
        Number of the band, from 1; or several, which are read in one go.

    Returns
    -------
    stats
        A column for each of `stats`, indexed like `polygons`, in the unit of the band with its
        scale and offset applied. With shares `w` and values `v` of the cells that hold data:
        sum of `w v`, sum of `w` (count, in cells), their quotient (mean), least and greatest `v`
        with `w` above zero. With several bands, the columns are pairs of `band` and `stat`. Cells
        without data, or NaN, count nowhere. A polygon without any cell has sum and count 0 and
        NaN otherwise.

    Raises
    ------
    InputError
        If the file cannot be read, has no CRS, no such band, or complex numbers.
    AnalysisError
        If an option is unknown, the polygons have no CRS, are none, invalid or missing, or none of
        them meets the raster.

    Notes
    -----
    The semantics of exactextract, with shares in double precision (there: single). The file is
    read once, window by window along its blocks, in threads; memory does not grow with it.
    """
    _check_options(stats, how)
    numbers = _bands(band)
    sources = _inspect(Path(raster), numbers)
    zones = _zones(sources[0], polygons, how)
    windows = list(_windows(sources[0], zones.edges))
    cells = sum((bottom - top) * (right - left) for top, bottom, left, right in windows)
    many = cells * len(sources) >= MANY_CELLS
    module = kernels("ecity_geo.geo.zonal_kernels") if many else None
    totals = _totals(len(sources), zones.number)
    with _readers(sources[0].path) as readers, ThreadPoolExecutor(threads()) as pool:
        # In the order of the windows, so that the sums are the same in each run.
        for part in pool.map(lambda at: _window(sources, zones, at, readers, module), windows):
            totals[..., :2] += part[..., :2]
            np.minimum(totals[..., 2], part[..., 2], out=totals[..., 2])
            np.maximum(totals[..., 3], part[..., 3], out=totals[..., 3])
    tables = [
        _table(total, source, polygons.index)[list(stats)]
        for total, source in zip(totals, sources, strict=True)
    ]
    if np.ndim(band) == 0:
        return tables[0]
    return pd.concat(tables, axis=1, keys=numbers, names=["band", "stat"])


def _check_options(stats: Sequence[str], how: str) -> None:
    unknown = [name for name in stats if name not in STATS]
    if unknown or not stats or isinstance(stats, str) or len(set(stats)) < len(stats):
        raise AnalysisError(
            f"stats: found {unknown or stats!r}, expected a list of different ones of "
            f"{', '.join(STATS)}."
        )
    if how not in get_args(How):
        raise AnalysisError(f'how: found {how!r}, expected "exact" or "centre".')


def _bands(band: int | Sequence[int]) -> list[int]:
    given = np.atleast_1d(band)
    numbers: list[int] = given.tolist()
    if given.dtype.kind not in "iu" or given.ndim > 1 or len(set(numbers)) < len(numbers):
        raise AnalysisError(
            f"band: found {band!r}, expected one or more different numbers, from 1."
        )
    return numbers


def _inspect(path: Path, bands: list[int]) -> list[_Raster]:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path) as dataset:
            faults = [_fault(dataset, str(path), band) for band in bands]
            wrong = [fault for fault in faults if fault]
            if wrong:
                raise InputError(wrong)
            return [_described(dataset, path, band) for band in bands]
    except RasterioError as error:
        raise InputError(
            Fault(
                source=str(path),
                found=str(error).split("\n", 1)[0],
                expected="a raster",
                cure="Check the path, or write the file anew.",
            )
        ) from error


def _fault(dataset: DatasetReader, source: str, band: int) -> Fault | None:
    if not 1 <= band <= dataset.count:
        found, expected = f"no band {band}", f"a band from 1 to {dataset.count}"
    elif dataset.crs is None:
        found, expected = "no CRS", "a raster that says where it lies"
    elif np.dtype(dataset.dtypes[band - 1]).kind not in "iuf":
        found, expected = f"a band of {dataset.dtypes[band - 1]}", "a band of real numbers"
    elif not np.isfinite([dataset.scales[band - 1], dataset.offsets[band - 1]]).all():
        found, expected = "a scale or offset that is not finite", "numbers"
    elif dataset.transform.determinant == 0:
        found, expected = "cells without an area", "a transform to rows and columns"
    else:
        return None
    return Fault(source=source, found=found, expected=expected, cure="Give another band or file.")


def _described(dataset: DatasetReader, path: Path, band: int) -> _Raster:
    from rasterio.enums import MaskFlags

    at = band - 1
    kind = np.dtype(dataset.dtypes[at])
    nodata = np.nan if dataset.nodatavals[at] is None else float(dataset.nodatavals[at])
    plain = ([MaskFlags.all_valid], [MaskFlags.nodata])
    return _Raster(
        path=path,
        band=band,
        height=dataset.height,
        width=dataset.width,
        block=dataset.block_shapes[at],
        transform=tuple(dataset.transform)[:6],
        crs=CRS(dataset.crs.to_wkt()),
        # As the band itself stores it: 0.1 is another number in single precision.
        nodata=float(kind.type(nodata)) if kind.kind == "f" else nodata,
        masked=dataset.mask_flag_enums[at] not in plain,
        scale=dataset.scales[at],
        offset=dataset.offsets[at],
    )


def _zones(source: _Raster, polygons: gpd.GeoDataFrame, how: How) -> _Zones:
    if polygons.crs is None:
        raise AnalysisError("polygons: found no CRS, expected one. Set it with set_crs().")
    if not len(polygons):
        raise AnalysisError("polygons: found none, expected one at least.")
    valid_polygons(polygons)
    placed = polygons if CRS(polygons.crs).equals(source.crs, True) else polygons.to_crs(source.crs)
    edges, owner = edges_of(valid_polygons(placed))
    zones = _Zones(
        edges=_in_cells(edges, source.transform), owner=owner, number=len(polygons), how=how
    )
    u, v = zones.edges[:, [0, 2]], zones.edges[:, [1, 3]]
    if u.max() <= 0 or v.max() <= 0 or u.min() >= source.width or v.min() >= source.height:
        raise AnalysisError(
            f"zonal: found no polygon on the raster {source.path.name}, expected one at least. "
            "Check the CRS of both, and that they show the same place."
        )
    return zones


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


def _windows(source: _Raster, edges: Floats) -> Iterator[tuple[int, int, int, int]]:
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
    sources: list[_Raster],
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
        values = _read(source, window, readers)
        if module is None:
            _add_runs(values, source.nodata, top, runs, total)
        else:
            cells = runs.owner, runs.row, runs.start, runs.stop, runs.share
            module.add_runs(values, source.nodata, top, *cells, total)
    return totals


@contextmanager
def _readers(path: Path) -> Iterator[Readers]:
    """Open the file once for each thread: a dataset serves one at a time."""
    import rasterio

    readers: Readers = SimpleQueue()
    with ExitStack() as opened:
        opened.enter_context(rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES))
        for _ in range(threads()):
            readers.put(opened.enter_context(rasterio.open(path)))
        yield readers


def _read(source: _Raster, window: tuple[int, int, int, int], readers: Readers) -> NDArray[Any]:
    from rasterio.errors import RasterioError

    top, bottom, left, right = window
    place = ((top, bottom), (left, right))
    dataset = readers.get()
    try:
        values: NDArray[Any] = dataset.read(source.band, window=place)
        if source.masked:
            hidden = dataset.read_masks(source.band, window=place) == 0
            values = np.where(hidden, np.nan, values)
    except RasterioError as error:
        raise InputError(
            Fault(
                source=str(source.path),
                where=f"rows {top} to {bottom - 1}",
                found=str(error).split("\n", 1)[0],
                expected="readable blocks",
                cure="Fetch or write the file anew.",
            )
        ) from error
    finally:
        readers.put(dataset)
    return values


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


def _table(totals: Floats, source: _Raster, index: pd.Index) -> pd.DataFrame:
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
        },
        index=index,
    )
