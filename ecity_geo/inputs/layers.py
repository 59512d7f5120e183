"""Vector files of any common format, as 2D frames with a CRS."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import CRSError as OgrCRSError
from pyogrio.errors import (
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
)
from pyproj import CRS
from pyproj.exceptions import CRSError

from ecity_geo.crs import bounds_of, is_degrees
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.files import check_safe
from ecity_geo.inputs.frames import agree_crs, first_line
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.shapefile import (
    check_encoding,
    missing_parts,
    mojibake,
    shapefile_encoding,
    unpack,
)

FORMATS = (".geojson", ".json", ".gpkg", ".shp", ".fgb")
GEOJSON = (".geojson", ".json")
FORMAT_NAMES = "GeoJSON, GeoPackage, Shapefile, GeoParquet or FlatGeobuf"
READ_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    OgrCRSError,
    CRSError,
    shapely.errors.GEOSException,
    UnicodeDecodeError,
    ValueError,
    OSError,
    IndexError,  # pyogrio's answer to a FlatGeobuf that breaks off
)


def read_vector(
    path: Path, *, layer: str = "", crs: str = "", encoding: str = "", source: str = ""
) -> Checked[gpd.GeoDataFrame]:
    """Read one layer of a vector file.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, Shapefile (also zipped), GeoParquet or FlatGeobuf.
    layer
        Layer to read; empty where the file has but one.
    crs
        CRS of a file that states none.
    encoding
        Encoding of attribute text that the file does not state.
    source
        The file, as the user named it; by default the path.

    Returns
    -------
    frame
        Features in file order with a RangeIndex, 2D, in the file's CRS. A geometry that cannot
        be built is missing, like one that is not there.

    Raises
    ------
    InputError
        If the file is of another format, damaged, without a CRS or without geometry, or the
        layer is unknown or not chosen.
    """
    source = source or path.name
    check_safe(path, "boundaries", source=source)
    if path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory(prefix="ecity_geo_") as folder:
            inner = unpack(path, Path(folder), layer=layer, source=source)
            return _read(inner, "", crs, encoding, source)
    return _read(path, layer, crs, encoding, source)


def _read(
    path: Path, layer: str, crs: str, encoding: str, source: str
) -> Checked[gpd.GeoDataFrame]:
    kind = path.suffix.lower()
    repairs: list[Repair] = []
    if kind == ".parquet":
        frame = _read_parquet(path, source)
    elif kind in FORMATS:
        frame, repairs = _read_ogr(path, layer, encoding, source)
    else:
        raise InputError(_unreadable(source, f"a {kind} file"))
    frame = _with_crs(frame, _stated_crs(path, frame), crs, source)
    frame, flattened = _flatten(frame, source)
    return Checked(data=frame, repairs=(*repairs, *flattened))


def _read_parquet(path: Path, source: str) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(path)
    except ImportError as error:
        raise InputError(
            Fault(
                source=source,
                found="a GeoParquet file, and no pyarrow to read it with",
                expected="pyarrow",
                cure='Install it: pip install "ecity_geo[parquet]".',
            )
        ) from error
    except READ_ERRORS as error:
        raise InputError(
            _unreadable(source, f"no readable GeoParquet ({first_line(error)})")
        ) from error
    return frame.reset_index(drop=True)


def _read_ogr(
    path: Path, layer: str, encoding: str, source: str
) -> tuple[gpd.GeoDataFrame, list[Repair]]:
    repairs: list[Repair] = []
    options: dict[str, Any] = {}
    if path.suffix.lower() == ".shp":
        if missing := missing_parts(path):
            found = f"a .shp without its {' and '.join(missing)}"
            cure = "Copy all parts of the Shapefile into the folder, or zip them together."
            raise InputError(_unreadable(source, found, cure))
        check_encoding(encoding, source)
        detected = "" if encoding else shapefile_encoding(path, source)
        if encoding or detected:
            options["encoding"] = encoding or detected
        if detected:
            detail = f"attribute text is in no stated encoding; read as {detected}"
            repairs.append(Repair(source=source, kind="encoding", count=1, detail=detail))
    if path.suffix.lower() == ".gpkg":
        options["layer"] = _choose_layer(path, layer, source)
    frame, messages = ogr_frame(_gdal_name(path), source, **options)
    for message, count in messages.items():
        repairs.append(Repair(source=source, kind="reader_notice", count=count, detail=message))
    return frame, repairs


def ogr_frame(name: str, source: str, **options: Any) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Read with pyogrio; its errors and warnings become ours.

    Parameters
    ----------
    name
        What GDAL opens. The caller has made sure of the format.
    source
        The file, as the user named it.
    **options
        Of :func:`pyogrio.read_dataframe`.

    Returns
    -------
    frame, messages
        The features, and each distinct warning with its count.

    Raises
    ------
    InputError
        If GDAL cannot read it, or cannot decode its text.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(name, on_invalid="ignore", **options)
    except UnicodeDecodeError as error:
        raise InputError(_wrong_text(source, f"bytes that are not {error.encoding}")) from error
    except READ_ERRORS as error:
        found = f"a file that GDAL refuses ({first_line(error)})"
        raise InputError(_unreadable(source, found)) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(_unreadable(source, "a table without geometry"))
    messages: dict[str, int] = {}
    for warning in caught:
        messages[str(warning.message)] = messages.get(str(warning.message), 0) + 1
    if wrong := [text for text in messages if "converted correctly" in text]:
        raise InputError(_wrong_text(source, wrong[0]))
    _refuse_mojibake(frame, source)
    return frame, messages


def _refuse_mojibake(frame: gpd.GeoDataFrame, source: str) -> None:
    """Refuse Arabic script that was read as Western European, in the first field that holds any."""
    for name in frame.columns.drop([frame.geometry.name]):
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            continue
        texts = dict.fromkeys(each for each in frame[name] if isinstance(each, str))
        for text in texts:
            if meant := mojibake(text):
                found = f"'{text}', which looks like '{meant}' read in the wrong encoding"
                raise InputError(_wrong_text(source, found, str(name)))


def _wrong_text(source: str, found: str, field: str = "") -> Fault:
    return Fault(
        source=source,
        field=field,
        found=found,
        expected="readable text",
        cure='State the true "encoding", such as "cp1256", or save the layer as GeoPackage.',
    )


def _gdal_name(path: Path) -> str:
    # The prefix keeps GDAL's other drivers, which search the text for their XML, off the file.
    return f"GeoJSON:{path}" if path.suffix.lower() in GEOJSON else str(path)


def _choose_layer(path: Path, layer: str, source: str) -> str:
    try:
        listed = pyogrio.list_layers(path)
    except READ_ERRORS as error:
        found = f"a file that GDAL refuses ({first_line(error)})"
        raise InputError(_unreadable(source, found)) from error
    names = [str(name) for name, geometry in listed if geometry is not None]
    if layer in names:
        return layer
    if len(names) == 1 and not layer:
        return names[0]
    raise InputError(
        Fault(
            source=source,
            field="layer",
            found=f"'{layer}'" if layer else f"{len(names)} layers and no choice",
            expected="one of " + ", ".join(f"'{name}'" for name in names[:10]),
            cure='Name the layer with "layer", or give a file with one layer.',
        )
    )


def _stated_crs(path: Path, frame: gpd.GeoDataFrame) -> CRS | None:
    # GDAL gives WGS 84 to a GeoJSON that states none.
    if frame.crs is None or (path.suffix.lower() in GEOJSON and not _states_crs(path)):
        return None
    return CRS(frame.crs)


def _states_crs(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(65_536)
        file.seek(max(0, path.stat().st_size - 4096))
        return b'"crs"' in head or b'"crs"' in file.read()


def _with_crs(
    frame: gpd.GeoDataFrame, stated: CRS | None, given: str, source: str
) -> gpd.GeoDataFrame:
    crs = agree_crs(stated, given, source=source)
    if crs is not None:
        return frame.set_crs(crs, allow_override=True)
    drawn = bool(np.isfinite(frame.total_bounds).all())
    if frame.crs is not None and not (drawn and not is_degrees(bounds_of(frame))):
        return frame  # GeoJSON without a crs member is in WGS 84 (RFC 7946, section 4)
    raise InputError(_no_crs(frame, source))


def _no_crs(frame: gpd.GeoDataFrame, source: str) -> Fault:
    west, south, east, north = bounds_of(frame)
    geojson = " (a GeoJSON without one means degrees)" if frame.crs is not None else ""
    return Fault(
        source=source,
        field="crs",
        found=(
            f"no CRS{geojson}, and coordinates x {west:.10g} to {east:.10g}, "
            f"y {south:.10g} to {north:.10g}"
        ),
        expected="a stated coordinate reference system",
        cure='State it with "crs" in the study file, or in the file itself.',
    )


def _flatten(frame: gpd.GeoDataFrame, source: str) -> tuple[gpd.GeoDataFrame, list[Repair]]:
    shapes = frame.geometry.to_numpy()
    tall = shapely.has_z(shapes) | shapely.has_m(shapes)
    count = int(np.sum(tall))
    if not count:
        return frame, []
    frame = frame.set_geometry(shapely.force_2d(shapes), crs=frame.crs)
    detail = f"Z or M values of {count} geometries left out"
    return frame, [Repair(source=source, kind="flattened", count=count, detail=detail)]


def _unreadable(
    source: str,
    found: str,
    cure: str = "Open it in a GIS and save it again, for example as GeoPackage.",
) -> Fault:
    return Fault(
        source=source,
        found=found,
        expected=f"a readable layer ({FORMAT_NAMES})",
        cure=cure,
    )
