"""Streets: lines with travel times from a layer or an OSM extract, as a graph."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from shapely import box as rectangle

from ecity_geo.crs import WORLD, Bounds, to_lonlat, working_crs
from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.config import StreetsConfig
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.frames import as_text, feature_place, missing_fields, to_working
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.osm import read_osm
from ecity_geo.inputs.road_speeds import (
    BOTH_WAYS,
    ONEWAY,
    WALK_KMH,
    class_speed,
    drive_speed,
    osm_oneway,
    walk_speed,
)
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.text import to_number

REACH = 5000.0
"""Metres around the districts in which streets are wanted: ways to a service may lead outside."""


def read_streets(
    config: StreetsConfig, *, folder: Path, crs: CRS, bounds: Bounds, box: Bounds
) -> Checked[StreetGraph]:
    """Read the streets in and around the districts.

    Parameters
    ----------
    config
        The section ``[streets]``.
    folder
        Folder that its path starts from.
    crs
        Working CRS.
    bounds
        West, south, east, north of the districts in `crs`; streets farther than 5 km from them
        are left out and counted.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    streets
        The graph. Walking ignores one-way marks.

    Raises
    ------
    InputError
        With every fault of the file: fields, geometries, times, speeds, one-way marks.
    """
    path = resolve(config.path, folder)
    west, south, east, north = bounds
    reach = (west - REACH, south - REACH, east + REACH, north + REACH)
    return graph_of(read_lines(path, config, crs=crs, reach=reach, box=box), config)


def read_lines(
    path: Path,
    config: StreetsConfig,
    *,
    crs: CRS | None = None,
    reach: Bounds | None = None,
    box: Bounds | None = None,
) -> Checked[gpd.GeoDataFrame]:
    """Read street lines with their travel times.

    Parameters
    ----------
    path
        An existing file.
    config
        The section ``[streets]``.
    crs
        Working CRS; by default the UTM zone of the lines.
    reach
        West, south, east, north in it; lines elsewhere are left out and counted.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    lines
        Single lines with `minutes`, `oneway` and `metres`.

    Raises
    ------
    InputError
        As for `read_streets`.
    """
    if path.suffix.lower() == ".pbf":
        return _from_osm(path, config, crs, reach)
    return _from_layer(path, config, crs, reach, box)


def graph_of(read: Checked[gpd.GeoDataFrame], config: StreetsConfig) -> Checked[StreetGraph]:
    """Make the graph of street lines, and tell how much of it is cut off.

    Parameters
    ----------
    read
        As from `read_lines`.
    config
        The section ``[streets]``.

    Returns
    -------
    streets
        The graph, with the repairs and counts of the lines.

    Raises
    ------
    InputError
        If there is no line.
    """
    lines = read.data
    if lines.empty:
        raise InputError(
            Fault(
                source=config.path,
                found="no street near the districts",
                expected=f"lines to {config.mode} along",
                cure="Give an extract that holds the city, or another mode.",
            )
        )
    graph = StreetGraph.from_lines(
        lines.geometry,
        lines["minutes"].to_numpy(dtype=float),
        oneway=lines["oneway"].to_numpy(dtype=np.int64),
        snap=config.snap,
    )
    repairs = (*read.repairs, *_islands(graph, config.path))
    return Checked(data=graph, repairs=repairs, tallies=read.tallies)


def _islands(graph: StreetGraph, source: str) -> list[Repair]:
    """Tell how much of the network is cut off: no point joins it, so it leads nowhere."""
    share = graph.components.islands
    if share == 0:
        return []
    apart = int((~graph.on_mainland).sum())
    detail = f"{share:.1%} of the street length is cut off from the rest; no point joins it"
    return [Repair(source=source, kind="street_islands", count=apart, detail=detail)]


def _from_layer(
    path: Path, config: StreetsConfig, crs: CRS | None, reach: Bounds | None, box: Bounds | None
) -> Checked[gpd.GeoDataFrame]:
    layer = read_vector(path, layer=config.layer, source=config.path)
    frame = layer.data
    fields = {"minutes": config.minutes, "speed": config.speed, "oneway": config.oneway}
    fields["class"] = config.class_
    faults = missing_fields(frame, fields, source=config.path, section="streets")
    if config.mode == "drive" and not (config.minutes or config.speed or config.class_):
        faults.append(_no_speed(config))
    places = [feature_place(row) for row in range(len(frame))]
    faults += _geometry_faults(frame.geometry, places, config)
    if faults:
        raise InputError(faults)
    moved = to_working(frame, crs or working_crs(frame, source=config.path), config.path, box=box)
    metres = np.asarray(moved.data.geometry.length, dtype=np.float64)
    minutes, faults = _minutes(frame, metres, places, config)
    oneway, wrong = _oneway(frame, places, config)
    if faults or wrong:
        raise InputError([*faults, *wrong])
    lines = gpd.GeoDataFrame(
        {"minutes": minutes, "oneway": oneway, "metres": metres}, geometry=moved.data.geometry
    )
    near = metres > 0
    if reach is not None:
        near &= lines.intersects(rectangle(*reach)).to_numpy()
    closed = near & ~np.isfinite(minutes)
    notes = [*layer.repairs, *moved.repairs, *_left_out(int((~near).sum()), config.path)]
    notes += [*_closed(frame, closed, config), *_unused_speed(config, len(frame))]
    near &= ~closed
    return Checked(
        data=_single(lines[near]),
        repairs=tuple(notes),
        tallies=(_tally(config.path, len(lines), int(near.sum())),),
    )


def _no_speed(config: StreetsConfig) -> Fault:
    return Fault(
        source=config.path,
        found='neither "minutes" nor "speed" nor "class" in [streets]',
        expected="travel times, speeds or classes to drive by",
        cure='Name the field in "minutes", "speed" or "class", or set mode = "walk".',
    )


def _left_out(count: int, source: str) -> list[Repair]:
    if not count:
        return []
    detail = f"{count} lines farther than {REACH / 1000:g} km from the districts, or of no length"
    return [Repair(source=source, kind="left_out", count=count, detail=detail)]


def _closed(
    frame: gpd.GeoDataFrame, closed: NDArray[np.bool_], config: StreetsConfig
) -> list[Repair]:
    """Tell which classes have no speed: nobody travels there."""
    if not closed.any():
        return []
    names = sorted({str(name) for name in frame[config.class_][closed]})
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    detail = f"{int(closed.sum())} lines of classes without a speed: {shown}"
    return [Repair(source=config.path, kind="left_out", count=int(closed.sum()), detail=detail)]


def _unused_speed(config: StreetsConfig, count: int) -> list[Repair]:
    """Tell that nobody walks at the speed limit."""
    if config.mode != "walk" or config.minutes or not config.speed:
        return []
    detail = f'"{config.speed}" is not used: walking takes {WALK_KMH} km/h on every street'
    return [Repair(source=config.path, kind="unused_speed", count=count, detail=detail)]


def _tally(source: str, read: int, kept: int) -> Tally:
    return Tally(source=source, role="streets", read=read, matched=kept, rejected=read - kept)


def _geometry_faults(
    shapes: gpd.GeoSeries, places: list[str], config: StreetsConfig
) -> list[Fault]:
    kinds = shapes.geom_type
    finite = np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
    good = kinds.isin(["LineString", "MultiLineString"]).to_numpy() & finite
    return [
        Fault(
            source=config.path,
            where=places[row],
            field="geometry",
            found=f"a {kinds.iloc[row]}" if isinstance(kinds.iloc[row], str) else "no geometry",
            expected="a line with coordinates",
            cure="Remove the feature, or name the layer of the streets.",
        )
        for row in np.flatnonzero(~good).tolist()
    ]


def _minutes(
    frame: gpd.GeoDataFrame,
    metres: NDArray[np.float64],
    places: list[str],
    config: StreetsConfig,
) -> tuple[NDArray[np.float64], list[Fault]]:
    walking = config.mode == "walk"
    field = config.minutes or ("" if walking else config.speed)
    if not field and config.class_:
        names = [text or "" for text in as_text(frame[config.class_])]
        kmh = np.array([class_speed(name, config) for name in names])
        return np.divide(metres * 0.06, kmh, out=np.full(len(kmh), np.nan), where=kmh > 0), []
    if not field:
        return metres / 1000 / WALK_KMH * 60, []
    texts = as_text(frame[field])
    numbers = [math.nan if text is None else to_number(text) for text in texts]
    values = np.array([math.nan if number is None else number for number in numbers])
    what = "minutes" if config.minutes else "km/h"
    faults = [
        Fault(
            source=config.path,
            where=places[row],
            field=field,
            found="nothing" if texts.iloc[row] is None else f"'{texts.iloc[row]}'",
            expected=f"{what} above 0",
            cure="Correct the value, or leave the street out.",
        )
        for row in np.flatnonzero(~(values > 0) | np.isinf(values)).tolist()
    ]
    if config.minutes or faults:
        return values, faults
    return metres / 1000 / values * 60, []


def _oneway(
    frame: gpd.GeoDataFrame, places: list[str], config: StreetsConfig
) -> tuple[NDArray[np.int64], list[Fault]]:
    """One-way marks; on foot nobody minds them."""
    marks = np.zeros(len(frame), dtype=np.int64)
    if config.mode == "walk" or not config.oneway:
        return marks, []
    faults = []
    for row, text in enumerate(as_text(frame[config.oneway])):
        mark = (text or "no").lower()
        marks[row] = ONEWAY.get(mark, 0)
        if mark not in ONEWAY and mark not in BOTH_WAYS:
            faults.append(
                Fault(
                    source=config.path,
                    where=places[row],
                    field=config.oneway,
                    found=f"'{text}'",
                    expected="yes, no or -1 (against the line)",
                    cure="Correct the mark; an empty one means both ways.",
                )
            )
    return marks, faults


def _single(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut multi-part lines; each part takes its share of the time by length."""
    parts = lines.explode(ignore_index=True)
    share = parts.geometry.length / parts["metres"]
    parts["minutes"] = parts["minutes"] * share
    return parts[share > 0].reset_index(drop=True)


def _from_osm(
    path: Path, config: StreetsConfig, crs: CRS | None, reach: Bounds | None
) -> Checked[gpd.GeoDataFrame]:
    box = WORLD if reach is None or crs is None else to_lonlat(reach, crs)
    read = read_osm(path, "lines", where="highway IS NOT NULL", box=box, source=config.path)
    tags = read.data["tags"]
    speed = walk_speed if config.mode == "walk" else drive_speed
    kmh = [speed(each, config) for each in tags]
    moved = to_working(read.data, crs or working_crs(read.data, source=config.path), config.path)
    lines = gpd.GeoDataFrame({"kmh": pd.Series(kmh, dtype=float)}, geometry=moved.data.geometry)
    lines["metres"] = lines.geometry.length
    lines["minutes"] = lines["metres"] / 1000 / lines["kmh"] * 60
    lines["oneway"] = 0 if config.mode == "walk" else [osm_oneway(each) for each in tags]
    kept = (lines["kmh"] > 0) & (lines["metres"] > 0)
    return Checked(
        data=lines[kept].reset_index(drop=True),
        repairs=(*read.repairs, *moved.repairs),
        tallies=(_tally(config.path, len(lines), int(kept.sum())),),
    )
