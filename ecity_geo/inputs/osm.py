"""OpenStreetMap extracts (PBF), through GDAL's own reader."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from ecity_geo.crs import Bounds
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.files import check_safe
from ecity_geo.inputs.frames import first_line
from ecity_geo.inputs.layers import READ_ERRORS, ogr_frame
from ecity_geo.inputs.schema import Checked, Repair

_KEY = re.compile(r"[A-Za-z0-9_:.-]+")


def read_osm(
    path: Path, layer: str, *, where: str, box: Bounds, source: str
) -> Checked[gpd.GeoDataFrame]:
    """Read one kind of OSM feature around the city.

    Parameters
    ----------
    path
        The ``.osm.pbf``.
    layer
        ``"points"``, ``"lines"`` or ``"multipolygons"``.
    where
        OGR SQL condition.
    box
        West, south, east, north in degrees; features elsewhere are not read.
    source
        The file, as the user named it.

    Returns
    -------
    frame
        In EPSG:4326, with a column `tags` that holds all tags of each feature as a dict.
        Features whose geometry cannot be built are left out and counted as a repair.

    Raises
    ------
    InputError
        If the file is no OSM extract.
    """
    check_safe(path, "streets", source=source)
    frame, messages = ogr_frame(
        str(path), source, layer=layer, where=where, bbox=box, TAGS_FORMAT="JSON"
    )
    frame["tags"] = pd.Series(_tags(frame), index=frame.index, dtype=object)
    broken = frame.geometry.isna() | frame.geometry.is_empty
    repairs = []
    if broken.any():
        told = "; ".join(text.partition(". ")[0] for text in list(messages)[:3])
        detail = f"{int(broken.sum())} {layer} without a usable geometry left out ({told})"
        repairs.append(
            Repair(source=source, kind="left_out", count=int(broken.sum()), detail=detail)
        )
    return Checked(data=frame[~broken].reset_index(drop=True), repairs=tuple(repairs))


def _tags(frame: gpd.GeoDataFrame) -> list[dict[str, str]]:
    """All tags: those that GDAL gives a column, and the rest."""
    own = [name for name in frame.columns if name not in {"geometry", "other_tags", "z_order"}]
    others = [_parsed(each) for each in frame["other_tags"]]
    for name in own:
        for tags, value in zip(others, frame[name], strict=True):
            if isinstance(value, str):
                tags[name] = value
    return others


def _parsed(tags: object) -> dict[str, str]:
    if isinstance(tags, str):  # pyogrio before 0.12 hands JSON on as text
        tags = json.loads(tags)
    return dict(tags) if isinstance(tags, dict) else {}


def tag_condition(path: Path, layer: str, tags: Mapping[str, Sequence[str]], *, source: str) -> str:
    """Write the condition that selects features by their tags.

    Parameters
    ----------
    path
        The extract.
    layer
        Its layer; each has its own columns, all other tags stand in `other_tags`.
    tags
        Key to values. Values of a key without a column are compared later: the condition may
        select too much, never too little.
    source
        The file, as the user named it.

    Returns
    -------
    where
        OGR SQL.

    Raises
    ------
    InputError
        If a key is no OSM key, or the file is unreadable.
    """
    if wrong := [key for key in tags if not _KEY.fullmatch(key)]:
        raise InputError(
            Fault(
                source=source,
                field="tags",
                found=f"{wrong[0]!r}",
                expected="an OSM key such as 'amenity'",
                cure="Correct the key in [services] tags.",
            )
        )
    try:
        columns = set(pyogrio.read_info(str(path), layer=layer)["fields"])
    except READ_ERRORS as error:
        raise InputError(
            Fault(
                source=source,
                found=f"an extract that GDAL refuses ({first_line(error)})",
                expected="an OSM PBF",
                cure="Download the extract again.",
            )
        ) from error
    parts = [
        f'"{key}" IS NOT NULL' if key in columns else f"other_tags LIKE '%\"{key}\"%'"
        for key in tags
    ]
    return " OR ".join(parts)


def read_tagged(
    path: Path, tags: Mapping[str, Sequence[str]], *, box: Bounds, source: str
) -> Checked[gpd.GeoDataFrame]:
    """Read the points and areas that bear one of some tags.

    Parameters
    ----------
    path
        The ``.osm.pbf``.
    tags
        Key to values, such as ``{"amenity": ("townhall", "bank")}``; no values: any.
    box
        West, south, east, north in degrees.
    source
        The file, as the user named it.

    Returns
    -------
    features
        `id` (``"n1"`` node, ``"w2"`` way, ``"r3"`` relation), `type` (the tag's value), `tags`,
        geometry in EPSG:4326, ordered by id.

    Raises
    ------
    InputError
        If the extract is unreadable, or has no such feature near the city.
    """
    parts: list[pd.DataFrame] = []
    repairs: list[Repair] = []
    for layer in ("points", "multipolygons"):
        where = tag_condition(path, layer, tags, source=source)
        read = read_osm(path, layer, where=where, box=box, source=source)
        frame = read.data
        frame["type"] = [_matched(each, tags) for each in frame["tags"]]
        frame["id"] = _ids(frame, layer)
        parts.append(frame.loc[frame["type"].notna(), ["id", "type", "tags", "geometry"]])
        repairs.extend(read.repairs)
    found = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs="EPSG:4326")
    if found.empty:
        shown = ", ".join(f"{key} = {'|'.join(values)}" for key, values in tags.items())
        raise InputError(
            Fault(
                source=source,
                field="tags",
                found=f"no feature with {shown} near the city",
                expected="at least one",
                cure="Correct [services] tags, or give an extract that holds the city.",
            )
        )
    # Nodes and areas apart, then by number: the order of the file says nothing.
    order = found["id"].str[0] + found["id"].str[1:].str.zfill(20)
    return Checked(
        data=found.iloc[order.argsort(kind="stable")].reset_index(drop=True),
        repairs=tuple(repairs),
    )


def _matched(tags: Mapping[str, str], wanted: Mapping[str, Sequence[str]]) -> str | None:
    for key, values in wanted.items():
        # OSM parts several values of one key by semicolons.
        for value in (part.strip() for part in tags.get(key, "").split(";")):
            if value and (not values or value in values):
                return value
    return None


def _ids(frame: gpd.GeoDataFrame, layer: str) -> list[str]:
    if layer == "points":
        return [f"n{osm}" for osm in frame["osm_id"]]
    return [
        f"w{way}" if isinstance(way, str) else f"r{relation}"
        for way, relation in zip(frame["osm_way_id"], frame["osm_id"], strict=True)
    ]
