"""Points from a table with coordinates or from a vector file, each with its place in the file."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from ecity_geo.crs import LONLAT, Bounds, parse_crs
from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.locate import locate
from ecity_geo.inputs.files import check_safe, read_table, resolve
from ecity_geo.inputs.frames import as_text, feature_place, missing_fields, to_working
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.sniff import TABLES
from ecity_geo.inputs.text import to_number

POINT_CURE = "Correct the coordinates, or remove the row."


def read_points(
    path: str,
    *,
    folder: Path,
    section: str,
    fields: dict[str, str],
    x: str = "",
    y: str = "",
    crs: str = "",
) -> Checked[gpd.GeoDataFrame]:
    """Read points with their attributes as text.

    Parameters
    ----------
    path
        Table (CSV, Excel) or vector file, as the user named it.
    folder
        Folder that `path` starts from.
    section
        Section of the study file, for faults.
    fields
        Key of the study file to field of the file; empty ones are left out.
    x, y
        Fields of the coordinates of a table.
    crs
        CRS of a table, or of a vector file that states none.

    Returns
    -------
    points
        Indexed by place (``"line 3"``), one text column per key of `fields`, point geometry in
        the CRS of the file. Polygons become their centre of gravity, counted.

    Raises
    ------
    InputError
        With every missing field and every row without usable coordinates.
    """
    file = resolve(path, folder)
    check_safe(file, section, source=path)
    if file.suffix.lower() in TABLES:
        return _from_table(file, path, section, fields, x, y, crs)
    return _from_layer(file, path, section, fields, crs)


def _from_table(
    file: Path, source: str, section: str, fields: dict[str, str], x: str, y: str, crs: str
) -> Checked[gpd.GeoDataFrame]:
    faults = [
        Fault(
            source=source,
            field=key,
            found=f'no "{key}" in [{section}]',
            expected="the fields and the CRS of a table's coordinates",
            cure=f'Set "x", "y" and "crs" (such as "EPSG:4326") in [{section}].',
        )
        for key, value in (("x", x), ("y", y), ("crs", crs))
        if not value
    ]
    table = read_table(file, source=source)
    frame = table.data
    faults += missing_fields(frame, {**fields, "x": x, "y": y}, source=source, section=section)
    if faults:
        raise InputError(faults)
    own = parse_crs(crs, source=source)
    frame.index = pd.Index([f"{frame.index.name} {number}" for number in frame.index])
    wrong, folded, coordinates = _coordinates(frame, x, y, source)
    wrong += _impossible(coordinates, own, source)
    if wrong:
        raise InputError(wrong)
    notes = []
    if folded:
        detail = f"{folded} coordinates in Persian or Arabic digits"
        notes.append(Repair(source=source, kind="folded_digits", count=folded, detail=detail))
    shapes = gpd.points_from_xy(coordinates["x"], coordinates["y"])
    points = gpd.GeoDataFrame(_attributes(frame, fields), geometry=shapes, crs=own)
    return Checked(data=points, repairs=(*table.repairs, *notes))


def _attributes(frame: pd.DataFrame, fields: dict[str, str]) -> pd.DataFrame:
    texts = {key: as_text(frame[field]) for key, field in fields.items() if field}
    return pd.DataFrame(texts, index=frame.index)


def _coordinates(
    frame: pd.DataFrame, x: str, y: str, source: str
) -> tuple[list[Fault], int, pd.DataFrame]:
    faults: list[Fault] = []
    folded = 0
    values = {}
    for axis, field in (("x", x), ("y", y)):
        numbers = [to_number(text) for text in frame[field]]
        folded += sum(not text.isascii() for text in frame[field])
        values[axis] = [np.nan if number is None else number for number in numbers]
        for place, text, number in zip(frame.index, frame[field], numbers, strict=True):
            if number is None:
                found = f"'{text}'" if text.strip() else "no coordinate"
                faults.append(_bad_point(source, str(place), field, found))
    return faults, folded, pd.DataFrame(values, index=frame.index)


def _bad_point(source: str, place: str, field: str, found: str) -> Fault:
    return Fault(
        source=source,
        where=place,
        field=field,
        found=found,
        expected="a coordinate",
        cure=POINT_CURE,
    )


def _impossible(coordinates: pd.DataFrame, crs: CRS, source: str) -> list[Fault]:
    """Rows at (0, 0) mean "not located"; single rows beyond 180 or 90 degrees are typing errors.

    When no row at all can be degrees, the CRS is wrong and not the rows: that is told later.
    """
    x, y = coordinates["x"].to_numpy(), coordinates["y"].to_numpy()
    bad = (x == 0) & (y == 0)
    if crs.is_geographic:
        beyond = (np.abs(x) > 180) | (np.abs(y) > 90)
        bad |= beyond & ~beyond.all()
    return [
        _bad_point(source, str(coordinates.index[row]), "geometry", f"({x[row]:g}, {y[row]:g})")
        for row in np.flatnonzero(bad).tolist()
    ]


def _from_layer(
    file: Path, source: str, section: str, fields: dict[str, str], crs: str
) -> Checked[gpd.GeoDataFrame]:
    layer = read_vector(file, crs=crs, source=source)
    frame = layer.data
    faults = missing_fields(frame, fields, source=source, section=section)
    if frame.empty:
        faults.append(
            Fault(
                source=source,
                found="no features",
                expected="at least one point",
                cure="Export the layer again, without a filter.",
            )
        )
    kinds = frame.geometry.geom_type
    lost = frame.geometry.isna() | frame.geometry.is_empty
    good = kinds.isin(["Point", "Polygon", "MultiPolygon"]) & ~lost
    for row in np.flatnonzero(~good).tolist():
        found = "no geometry" if lost.iloc[row] else f"a {kinds.iloc[row]}"
        faults.append(_bad_point(source, feature_place(row), "geometry", found))
    if faults:
        raise InputError(faults)
    areas = int((kinds != "Point").sum())
    notes = []
    if areas:
        detail = f"{areas} polygons replaced by their centre of gravity"
        notes.append(Repair(source=source, kind="centroids", count=areas, detail=detail))
    points = gpd.GeoDataFrame(_attributes(frame, fields), geometry=centres(frame.geometry))
    points.index = pd.Index([feature_place(row) for row in range(len(points))])
    coordinates = pd.DataFrame({"x": points.geometry.x, "y": points.geometry.y})
    if wrong := _impossible(coordinates, CRS(frame.crs), source):
        raise InputError(wrong)
    return Checked(data=points, repairs=(*layer.repairs, *notes))


def centres(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the centre of gravity of each geometry, in the CRS of the series.

    Over the extent of a building the plane through its corners is as good as the globe.
    """
    return gpd.GeoSeries(shapely.centroid(shapes.to_numpy()), shapes.index, crs=shapes.crs)


def place_points(
    points: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, *, source: str, box: Bounds
) -> Checked[gpd.GeoDataFrame]:
    """Bring points to the working CRS and find the district of each.

    Parameters
    ----------
    points
        As from :func:`read_points`.
    districts
        Districts in the working CRS.
    source
        The file, as the user named it.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    points
        In the working CRS, with `district_id` (None outside every district); those outside are
        kept and told as a repair ``"outside"``.

    Raises
    ------
    InputError
        If the layer lies elsewhere, or single rows have their axes swapped.
    """
    moved = to_working(points, CRS(districts.crs), source, box=box)
    if faults := _swapped_rows(points, box, source):
        raise InputError(faults)
    placed = moved.data.assign(district_id=district_of(moved.data.geometry, districts))
    outside = placed.index[placed["district_id"].isna()]
    notes = list(moved.repairs)
    if len(outside):
        shown = ", ".join(map(str, outside[:10])) + (", ..." if len(outside) > 10 else "")
        detail = f"{len(outside)} points outside every district are kept: {shown}"
        notes.append(Repair(source=source, kind="outside", count=len(outside), detail=detail))
    return Checked(data=placed, repairs=tuple(notes))


def _swapped_rows(points: gpd.GeoDataFrame, box: Bounds, source: str) -> list[Fault]:
    if not CRS(points.crs).is_geographic:
        return []
    degrees = points.geometry.to_crs(LONLAT)
    x, y = degrees.x.to_numpy(), degrees.y.to_numpy()
    swapped = _in_box(y, x, box) & ~_in_box(x, y, box)
    return [
        Fault(
            source=source,
            where=str(points.index[row]),
            field="geometry",
            found=f"({x[row]:.6g}, {y[row]:.6g}); swapped? x looks like latitude",
            expected="longitude and latitude of the city",
            cure="Exchange the coordinates of the row.",
        )
        for row in np.flatnonzero(swapped).tolist()
    ]


def _in_box(x: np.ndarray, y: np.ndarray, box: Bounds) -> np.ndarray:
    return (box[0] <= x) & (x <= box[2]) & (box[1] <= y) & (y <= box[3])


def district_of(points: gpd.GeoSeries, polygons: gpd.GeoDataFrame) -> pd.Series:
    """Find the polygon of each point.

    Parameters
    ----------
    points, polygons
        In the same CRS.

    Returns
    -------
    label
        Index label of the polygon, None outside all; indexed like `points`.
    """
    found: pd.Series = locate(points, polygons).astype(object)
    return found.where(found.notna(), None)
