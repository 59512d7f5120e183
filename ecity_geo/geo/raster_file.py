"""Raster files as the threads read them: judged once, opened by each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ecity_geo.errors import AnalysisError, Fault, InputError
from ecity_geo.geo.compiled import threads
from ecity_geo.geo.indirect import HEAD, points_elsewhere

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Readers: TypeAlias = "SimpleQueue[DatasetReader]"
Window = tuple[int, int, int, int]

CACHE_MEGABYTES = 64
"""Decoded blocks that GDAL keeps; each is read once, in order, so that few are enough."""
MARKS = (-999.0, -9999.0, -99999.0, -999999.0, -32768.0, -2147483648.0)
"""Values that usually mean that there is no data, and ..."""
ABSURD = 1e30
"""... from which on, either way, a value is such a mark too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """What the threads must know to read one band.

    Parameters
    ----------
    path, band, height, width, block, transform, crs
        The file, the number of the band, rows and columns, those of a block, and where they lie.
    nodata
        Value of cells without data as the band stores it; NaN for none.
    masked
        Whether the file has a mask besides.
    trusted
        Whether the caller has said what means no data, so that no value is suspicious.
    scale, offset
        From the stored values to those that are meant.
    """

    path: Path
    band: int
    height: int
    width: int
    block: tuple[int, int]
    transform: tuple[float, float, float, float, float, float]
    crs: CRS
    nodata: float
    masked: bool
    trusted: bool
    scale: float
    offset: float


def inspect(path: Path, bands: list[int], nodata: float | None = None) -> list[Raster]:
    """Judge the bands of a raster file before it is read.

    Parameters
    ----------
    path
        The file.
    bands
        Numbers of the bands, from 1.
    nodata
        Value that means no data, in place of the one that a band declares.

    Returns
    -------
    bands
        One for each.

    Raises
    ------
    InputError
        If the file cannot be read, holds text that points to other data although it is not called
        ``.vrt``, has no CRS, no such band, or no real numbers.
    """
    import rasterio
    from rasterio.errors import RasterioError

    _check_content(path)
    try:
        with rasterio.open(path) as dataset:
            faults = [_fault(dataset, str(path), band) for band in bands]
            wrong = [fault for fault in faults if fault]
            if wrong:
                raise InputError(wrong)
            return [_described(dataset, path, band, nodata) for band in bands]
    except RasterioError as error:
        raise InputError(
            Fault(
                source=str(path),
                found=str(error).split("\n", 1)[0],
                expected="a raster",
                cure="Check the path, or write the file anew.",
            )
        ) from error


def _check_content(path: Path) -> None:
    """Refuse a text that sends GDAL elsewhere under the name of a raster."""
    if path.suffix.lower() == ".vrt" or not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(HEAD)
    # GDAL looks for such text up to the first zero byte.
    if points_elsewhere(head.partition(b"\0")[0]):
        raise InputError(
            Fault(
                source=str(path),
                found="a description that points to other data (VRT, web service)",
                expected=f"the content of a {path.suffix or 'raster'} file",
                cure="Export the data itself, or call a VRT of your own .vrt.",
            )
        )


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


def _described(dataset: DatasetReader, path: Path, band: int, given: float | None) -> Raster:
    from rasterio.enums import MaskFlags

    at = band - 1
    kind = np.dtype(dataset.dtypes[at])
    stated = dataset.nodatavals[at] if given is None else given
    nodata = np.nan if stated is None else float(stated)
    plain = ([MaskFlags.all_valid], [MaskFlags.nodata])
    return Raster(
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
        trusted=given is not None,
        scale=dataset.scales[at],
        offset=dataset.offsets[at],
    )


@contextmanager
def readers_of(path: Path) -> Iterator[Readers]:
    """Open a file once for each thread: a dataset serves one at a time.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    readers
        Datasets to take and to put back.
    """
    import rasterio

    readers: Readers = SimpleQueue()
    with ExitStack() as opened:
        opened.enter_context(rasterio.Env(GDAL_CACHEMAX=CACHE_MEGABYTES))
        for _ in range(threads()):
            readers.put(opened.enter_context(rasterio.open(path)))
        yield readers


def read(source: Raster, window: Window, readers: Readers) -> NDArray[Any]:
    """Read a window of a band.

    Parameters
    ----------
    source
        The band.
    window
        First row and the one behind the last, first column and the one behind the last.
    readers
        Where to take a dataset from.

    Returns
    -------
    values
        As stored; NaN where the mask of the file hides them.

    Raises
    ------
    InputError
        If a block cannot be read.
    """
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


def check_marks(source: Raster, values: NDArray[np.float64]) -> None:
    """Refuse values that look like an undeclared mark for "no data".

    Parameters
    ----------
    source
        The band.
    values
        Least and greatest values of its cells, as stored; may be infinite or NaN for none.

    Raises
    ------
    InputError
        If one of them is such a mark, unless the caller has said what means no data.
    """
    if source.trusted:
        return
    found = values[np.isfinite(values)]
    odd = np.isin(found, MARKS) | (np.abs(found) >= ABSURD)
    if odd.any():
        worst = float(found[odd][0])
        declared = "none" if math.isnan(source.nodata) else f"{source.nodata:g}"
        raise InputError(
            Fault(
                source=str(source.path),
                field=f"band {source.band}",
                found=f"{worst:g} in cells below the polygons",
                expected=f"values; as no data the file declares {declared}",
                cure=f"If it means no data, give nodata={worst!r} or declare it: gdal_edit.py "
                f"-a_nodata {worst!r} FILE. If it is a value, give nodata=float('nan').",
            )
        )


def raster_outline(raster: str | Path, crs: CRS) -> shapely.Polygon:
    """Draw the outline of a raster in a CRS.

    Parameters
    ----------
    raster
        The file.
    crs
        CRS of the outline.

    Returns
    -------
    outline
        With 20 corners a side, to follow it through the change of CRS.

    Raises
    ------
    InputError
        As for `inspect`.
    """
    source = inspect(path_of(raster), [1])[0]
    a, b, west, d, e, north = source.transform
    steps, one = np.linspace(0, 1, 20, endpoint=False), np.ones(20)
    right = np.concatenate([steps, one, 1 - steps, 0 * one]) * source.width
    down = np.concatenate([0 * one, steps, one, 1 - steps]) * source.height
    x, y = a * right + b * down + west, d * right + e * down + north
    at = Transformer.from_crs(source.crs, crs, always_xy=True).transform(x, y)
    return shapely.Polygon(np.column_stack(at))


def path_of(raster: object) -> Path:
    """Return the path of a raster that the caller names.

    Parameters
    ----------
    raster
        A path, as text or as an object.

    Returns
    -------
    path
        The path.

    Raises
    ------
    AnalysisError
        If it is something else, such as an array or an open dataset.
    """
    if isinstance(raster, str | Path):
        return Path(raster)
    raise AnalysisError(
        f"raster: found a {type(raster).__name__}, expected the path of a file. "
        "Write an array to a GeoTIFF first; of an open dataset give its name."
    )
