"""Which polygon holds each point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from ecity_geo.errors import AnalysisError, Fault, InputError
from ecity_geo.geo.locate_grid import PolygonGrid, grid_for
from ecity_geo.geo.points import check_finite, check_same_crs, coordinates
from ecity_geo.geo.rings import Floats, Geometries, check_layer, valid_polygons

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

Points: TypeAlias = gpd.GeoSeries | tuple[ArrayLike, ArrayLike]

NOWHERE = -1
BUFFER = 1 << 20
"""Bytes of a column that are read from the file at a time."""


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
        If the CRS differ, a coordinate is not finite, there is no polygon, or one is invalid or
        missing.

    Notes
    -----
    Exactly the predicate ``intersects`` of GEOS: for interior points ``contains``, on boundaries
    ``touches``. Few points are asked of GEOS, many of :mod:`ecity_geo.geo.locate_grid`.
    """
    x, y, index = _coordinates(points, polygons)
    codes = _holders(x, y, index, valid_polygons(polygons))
    return _labelled(codes, polygons.index, index)


def locate_codes(points: Points, polygons: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Find the row of the polygon that holds each point.

    As :func:`locate`, without the cost of a label per point.

    Parameters
    ----------
    points, polygons
        As for :func:`locate`.

    Returns
    -------
    code
        Row of the polygon that holds each point, counted from 0; -1 where none does. One per
        point, in the order of the points.

    Raises
    ------
    AnalysisError
        As for :func:`locate`.
    """
    x, y, index = _coordinates(points, polygons)
    return _holders(x, y, index, valid_polygons(polygons))


def locate_parquet(
    path: str | Path, polygons: gpd.GeoDataFrame, *, x: str, y: str, batch: int = 1_000_000
) -> Iterator[pd.Series]:
    """Find the polygon that holds each point of a Parquet file, a batch at a time.

    Parameters
    ----------
    path
        Parquet file.
    polygons
        As for :func:`locate`.
    x, y
        Its columns of coordinates, in the CRS of `polygons`.
    batch
        Points held in memory at a time.

    Yields
    ------
    polygon
        As from :func:`locate`, indexed by the rows of the file, counted from 0.

    Raises
    ------
    InputError
        If the file cannot be read, or has no such columns of numbers.
    AnalysisError
        If a coordinate is missing or not finite (the message names its row), a polygon is invalid
        or missing, or `batch` is not above zero.
    """
    if batch < 1:
        raise AnalysisError(f"batch: found {batch}, expected a number of points above 0.")
    geometry = valid_polygons(polygons)
    table = _open(Path(path), [x, y])
    return _located_batches(table, [x, y], batch, geometry, polygons.index, str(path))


def _open(path: Path, columns: list[str]) -> ParquetFile:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(
            Fault(
                source=str(path),
                found="a Parquet file, and no pyarrow to read it with",
                expected="pyarrow",
                cure='Install it: pip install "ecity_geo[parquet]".',
            )
        ) from error
    try:
        # Without a look ahead and with a small buffer, even one row group of the whole file is
        # decoded page by page.
        table = parquet.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            Fault(
                source=str(path),
                found=str(error).split("\n", 1)[0],
                expected="a Parquet file",
                cure="Check the path, or write the file anew.",
            )
        ) from error
    _check_columns(table, columns, str(path))
    return table


def _check_columns(table: ParquetFile, columns: list[str], source: str) -> None:
    kinds = {field.name: str(field.type) for field in table.schema_arrow}
    faults = [
        Fault(
            source=source,
            field=column,
            found=kinds.get(column, "no such column"),
            expected="a column of numbers",
            cure=f"Name one of its columns: {', '.join(list(kinds)[:10])}.",
        )
        for column in columns
        if not _numeric(kinds.get(column, ""))
    ]
    if faults:
        raise InputError(faults)


def _numeric(kind: str) -> bool:
    return kind.startswith(("double", "float", "halffloat", "int", "uint"))


def _located_batches(
    table: ParquetFile,
    columns: list[str],
    batch: int,
    geometry: Geometries,
    labels: pd.Index,
    source: str,
) -> Iterator[pd.Series]:
    grid = grid_for(geometry, table.metadata.num_rows)
    begin = 0
    with table:
        for rows in _batches(table, columns, batch, source):
            x, y = (
                rows.column(column).to_numpy(zero_copy_only=False).astype(float, copy=False)
                for column in columns
            )
            index = pd.RangeIndex(begin, begin + len(x))
            name = f"rows of {columns[0]!r} and {columns[1]!r}"
            yield _labelled(_ask(grid, x, y, index, geometry, name), labels, index)
            begin += len(x)


def _batches(
    table: ParquetFile, columns: list[str], batch: int, source: str
) -> Iterator[RecordBatch]:
    try:
        yield from table.iter_batches(batch_size=batch, columns=columns)
    except OSError as error:
        raise InputError(
            Fault(
                source=source,
                found=str(error).split("\n", 1)[0],
                expected="readable pages",
                cure="Fetch or write the file anew.",
            )
        ) from error


def _labelled(codes: NDArray[np.int32], labels: pd.Index, index: pd.Index) -> pd.Series:
    # The code for nowhere takes the last entry.
    table = np.full(len(labels) + 1, None, dtype=object)
    table[:-1] = labels.to_numpy(dtype=object)
    return pd.Series(table[codes], index=index, dtype=object, name=labels.name, copy=False)


def _coordinates(points: Points, polygons: gpd.GeoDataFrame) -> tuple[Floats, Floats, pd.Index]:
    check_layer(polygons, "polygons")
    if isinstance(points, gpd.GeoSeries):
        check_same_crs(points, polygons, "points and polygons")
        return *coordinates(points, "points"), points.index
    if not isinstance(points, tuple) or len(points) != 2:
        raise AnalysisError(
            f"points: found {type(points).__name__}, expected a GeoSeries (the geometry of a "
            "frame), or a pair of lists, x and y."
        )
    try:
        x, y = (_numbers(axis) for axis in points)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"points: found coordinates that are no numbers: {error}.") from error
    if x.ndim != 1 or x.shape != y.shape:
        raise AnalysisError(
            f"points: found x of shape {x.shape} and y of shape {y.shape}, "
            "expected two lists of the same length."
        )
    return x, y, pd.RangeIndex(len(x))


def _numbers(axis: ArrayLike) -> Floats:
    if np.asarray(axis).dtype.kind in "cmM":
        raise TypeError(f"values of type {np.asarray(axis).dtype}")
    # What is masked must not come back as the number below the mask.
    return np.asarray(np.ma.filled(np.ma.asarray(axis, dtype=float), np.nan), dtype=np.float64)


def _holders(x: Floats, y: Floats, index: pd.Index, polygons: Geometries) -> NDArray[np.int32]:
    return _ask(grid_for(polygons, len(x)), x, y, index, polygons, "points")


def _ask(
    grid: PolygonGrid | None,
    x: Floats,
    y: Floats,
    index: pd.Index,
    polygons: Geometries,
    name: str,
) -> NDArray[np.int32]:
    """Position of the first polygon that holds each point, all of which must be finite."""
    if grid is None:
        check_finite(x, y, index, name)
        return _first_holder(x, y, polygons)
    codes, finite = grid.locate(x, y)
    if not finite:
        check_finite(x, y, index, name)
    return codes


def _first_holder(x: Floats, y: Floats, polygons: Geometries) -> NDArray[np.int32]:
    """Position of the first polygon that intersects each point, -1 for none.

    The points are sorted by x once, so that each polygon looks at a strip of them only; and the
    polygons are prepared, not the points, which is what makes ``sjoin`` slow.
    """
    position = np.full(len(x), NOWHERE, dtype=np.int32)
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
