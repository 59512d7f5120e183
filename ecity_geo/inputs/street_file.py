"""A street graph from an analyst's own file, without a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pyproj import CRS

from ecity_geo.crs import parse_crs, why_not_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.streets import StreetGraph, check_snap
from ecity_geo.given import as_number
from ecity_geo.inputs.config import StreetsConfig
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.roads import graph_of, read_lines
from ecity_geo.inputs.schema import Checked


def read_street_graph(
    path: str | Path,
    *,
    mode: str = "walk",
    layer: str = "",
    minutes: str = "",
    speed: str = "",
    road_class: str = "",
    speeds: Mapping[str, float] | None = None,
    oneway: str = "",
    snap: float = 500.0,
    crs: CRS | str | int | None = None,
) -> Checked[StreetGraph]:
    """Read all streets of a file as a graph, without a study.

    Parameters
    ----------
    path
        A layer of lines, such as a GeoPackage, or an OSM extract (``.osm.pbf``).
    mode
        ``"walk"`` (4.8 km/h, one-way marks and `speed` ignored) or ``"drive"``.
    layer
        Layer of the file, where it has several.
    minutes, speed, road_class, oneway
        Fields with the travel time, with km/h, with a class such as OSM's ``residential``, and
        with one-way marks; of the first three the first that is named decides. An OSM extract
        has its own tags.
    speeds
        Speed in km/h by class, beside or in place of the built-in ones; see
        `ecity_geo.inputs.road_speeds.DRIVE_KMH`.
    snap
        A point farther than this many metres from every street is unreachable.
    crs
        Metric CRS of the graph; by default the UTM zone of the streets.

    Returns
    -------
    streets
        The graph, with the repairs and the number of lines read and left out.

    Raises
    ------
    InputError
        With every fault of the file, as for `ecity_geo.inputs.roads.read_streets`.
    AnalysisError
        If the CRS is not metric, or an option is none.
    """
    config = StreetsConfig(
        path=str(path),
        layer=layer,
        minutes=minutes,
        speed=speed,
        class_=road_class,
        speeds=_checked_speeds(speeds or {}),
        oneway=oneway,
        mode=mode,
        snap=snap,
    )
    if mode not in ("walk", "drive"):
        raise AnalysisError(f'mode: found {mode!r}, expected "walk" or "drive".')
    check_snap(snap)
    file = resolve(path, Path.cwd())
    target = None if crs is None else parse_crs(crs, source=str(path))
    if target is not None and (reason := why_not_metric(target)):
        raise AnalysisError(f"crs: found {reason}, expected a projected CRS in metres.")
    return graph_of(read_lines(file, config, crs=target), config)


def _checked_speeds(speeds: Mapping[str, float]) -> dict[str, float]:
    for name, kmh in speeds.items():
        if not 0 < as_number(kmh, f"speeds: {name}", "km/h above 0") < math.inf:
            raise AnalysisError(f"speeds: found {kmh:g} for {name!r}, expected km/h above 0.")
    return dict(speeds)
