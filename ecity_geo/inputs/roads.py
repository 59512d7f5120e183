"""Streets: lines with travel times from a layer or an OSM extract, as a graph."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS
from shapely import box as rectangle

from ecity_geo.crs import Bounds, to_lonlat
from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.config import StreetsConfig
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.frames import as_text, feature_place, missing_fields, to_working
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.osm import read_osm
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.text import to_number

REACH = 5000.0
"""Metres around the districts in which streets are wanted: ways to a service may lead outside."""
WALK_KMH = 4.8
"""Comfortable walking speed of adults, 1.33 m/s (Bohannon 1997, doi:10.1093/ageing/26.1.15)."""
DRIVE_KMH = {
    "motorway": 100.0,
    "motorway_link": 50.0,
    "trunk": 80.0,
    "trunk_link": 40.0,
    "primary": 50.0,
    "primary_link": 40.0,
    "secondary": 50.0,
    "secondary_link": 40.0,
    "tertiary": 40.0,
    "tertiary_link": 30.0,
    "unclassified": 40.0,
    "residential": 30.0,
    "road": 30.0,
    "service": 15.0,
    "living_street": 10.0,
}
"""Speed by OSM class where no maxspeed is tagged; the classes that a car may use."""
NO_WALK = {
    "motorway",
    "motorway_link",
    "construction",
    "proposed",
    "abandoned",
    "razed",
    "raceway",
    "bus_guideway",
    "busway",
    "escape",
    "corridor",
    "elevator",
    "platform",
}
_CLOSED = {"no", "private"}
_OPEN = {"yes", "designated", "permissive", "official"}
_ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}
_BOTH = {"no", "false", "0", "reversible", "alternating"}
_MAXSPEED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh)?\s*")


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
    if path.suffix.lower() == ".pbf":
        read = _from_osm(path, config, crs, reach)
    else:
        read = _from_layer(path, config, crs, reach, box)
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
    path: Path, config: StreetsConfig, crs: CRS, reach: Bounds, box: Bounds
) -> Checked[gpd.GeoDataFrame]:
    layer = read_vector(path, layer=config.layer, source=config.path)
    frame = layer.data
    fields = {"minutes": config.minutes, "speed": config.speed, "oneway": config.oneway}
    faults = missing_fields(frame, fields, source=config.path, section="streets")
    if config.mode == "drive" and not (config.minutes or config.speed):
        faults.append(_no_speed(config))
    places = [feature_place(row) for row in range(len(frame))]
    faults += _geometry_faults(frame.geometry, places, config)
    if faults:
        raise InputError(faults)
    moved = to_working(frame, crs, config.path, box=box)
    metres = np.asarray(moved.data.geometry.length, dtype=np.float64)
    minutes, faults = _minutes(frame, metres, places, config)
    oneway, wrong = _oneway(frame, places, config)
    if faults or wrong:
        raise InputError([*faults, *wrong])
    lines = gpd.GeoDataFrame(
        {"minutes": minutes, "oneway": oneway, "metres": metres}, geometry=moved.data.geometry
    )
    near = lines.intersects(rectangle(*reach)).to_numpy() & (metres > 0)
    notes = [*layer.repairs, *moved.repairs, *_left_out(int((~near).sum()), config.path)]
    return Checked(
        data=_single(lines[near]),
        repairs=tuple(notes),
        tallies=(_tally(config.path, len(lines), int(near.sum())),),
    )


def _no_speed(config: StreetsConfig) -> Fault:
    return Fault(
        source=config.path,
        found='neither "minutes" nor "speed" in [streets]',
        expected="travel times or speeds to drive by",
        cure='Name the field in "minutes" or "speed", or set mode = "walk".',
    )


def _left_out(count: int, source: str) -> list[Repair]:
    if not count:
        return []
    detail = f"{count} lines farther than {REACH / 1000:g} km from the districts, or of no length"
    return [Repair(source=source, kind="left_out", count=count, detail=detail)]


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
    field = config.minutes or config.speed
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
        marks[row] = _ONEWAY.get(mark, 0)
        if mark not in _ONEWAY and mark not in _BOTH:
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
    path: Path, config: StreetsConfig, crs: CRS, reach: Bounds
) -> Checked[gpd.GeoDataFrame]:
    read = read_osm(
        path, "lines", where="highway IS NOT NULL", box=to_lonlat(reach, crs), source=config.path
    )
    tags = read.data["tags"]
    kmh = [_walk_speed(each) if config.mode == "walk" else _drive_speed(each) for each in tags]
    moved = to_working(read.data, crs, config.path)
    lines = gpd.GeoDataFrame({"kmh": pd.Series(kmh, dtype=float)}, geometry=moved.data.geometry)
    lines["metres"] = lines.geometry.length
    lines["minutes"] = lines["metres"] / 1000 / lines["kmh"] * 60
    lines["oneway"] = 0 if config.mode == "walk" else [_osm_oneway(each) for each in tags]
    kept = (lines["kmh"] > 0) & (lines["metres"] > 0)
    return Checked(
        data=lines[kept].reset_index(drop=True),
        repairs=(*read.repairs, *moved.repairs),
        tallies=(_tally(config.path, len(lines), int(kept.sum())),),
    )


def _walk_speed(tags: Mapping[str, str]) -> float:
    """Return the walking speed, or 0 where walking is not allowed."""
    if tags.get("highway") in NO_WALK or tags.get("foot") in _CLOSED:
        return 0.0
    closed = tags.get("access") in _CLOSED and tags.get("foot") not in _OPEN
    return 0.0 if closed else WALK_KMH


def _drive_speed(tags: Mapping[str, str]) -> float:
    """Return the speed as tagged or by class, or 0 where cars are not allowed."""
    speed = DRIVE_KMH.get(tags.get("highway", ""), 0.0)
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:  # the most particular key decides
            speed = 0.0 if tags[key] in _CLOSED else speed
            break
    limit = _MAXSPEED.fullmatch(tags.get("maxspeed", ""))
    if not speed or limit is None or not float(limit[1]):
        return speed
    return float(limit[1]) * (1.609344 if limit[2] == "mph" else 1.0)


def _osm_oneway(tags: Mapping[str, str]) -> int:
    mark = tags.get("oneway")
    if mark is not None:
        return _ONEWAY.get(mark, 0)
    implied = tags.get("junction") in {"roundabout", "circular"}
    return int(implied or tags.get("highway") == "motorway")
