"""Districts and urban fabric: polygons that share borders and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from ecity_geo.crs import (
    WORLD,
    Bounds,
    area_of_use,
    bounds_of,
    misplaced,
    parse_crs,
    show_box,
    to_lonlat,
    working_crs,
)
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.config import BoundariesConfig, FabricConfig
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.frames import (
    as_text,
    blank,
    check_ids,
    feature_place,
    missing_fields,
    to_working,
)
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.polygons import check_polygons, gaps, overlaps
from ecity_geo.inputs.schema import Checked, Repair, Tally

MAX_SPAN = 12.0
"""Degrees of longitude that one UTM zone can still measure within about one per cent."""


def read_boundaries(
    config: BoundariesConfig,
    *,
    folder: Path,
    crs: str = "",
    box: Bounds | None = None,
    study: str = "study.toml",
) -> Checked[gpd.GeoDataFrame]:
    """Read the districts of a city.

    Parameters
    ----------
    config
        The section ``[boundaries]``.
    folder
        Folder that its path starts from.
    crs
        Working CRS; empty for the UTM zone of the boundaries.
    box
        West, south, east, north in degrees, in which the city must lie.
    study
        The study file, as the user named it.

    Returns
    -------
    districts
        Valid 2D polygons in the working CRS, indexed by `district_id` in file order, with
        `name_fa`, `name_en` (each standing in for the other, and the id for both) and `fabric`
        (None where unknown).

    Raises
    ------
    InputError
        With every fault of the file: fields, ids, geometries, place, overlaps.
    """
    path = resolve(config.path, folder)
    layer = read_vector(
        path, layer=config.layer, crs=config.crs, encoding=config.encoding, source=config.path
    )
    frame = layer.data
    if frame.empty:
        raise InputError(_no_features(config.path))
    fields = {"id": config.id, "name_fa": config.name_fa, "name_en": config.name_en}
    faults = missing_fields(
        frame, fields | {"fabric": config.fabric}, source=config.path, section="boundaries"
    )
    places = _places(frame, config.id)
    if config.id in frame.columns:
        ids = pd.Series(as_text(frame[config.id]).to_numpy(), index=places)
        faults += check_ids(ids, source=config.path, field=config.id)
    shapes, found, repairs = check_polygons(
        frame.geometry, places, repair=config.repair, source=config.path
    )
    faults += found
    misplacement = _place_fault(shapes, crs, box, config.path, study)
    if misplacement or faults:
        raise InputError([*([misplacement] if misplacement else []), *faults])
    work = working_crs(frame, crs, source=study)
    moved = to_working(frame.set_geometry(shapes), work, config.path)
    districts = _tidy(moved.data, config)
    notes = _unnamed(moved.data, config)
    notes += _topology(districts, config.overlap_tolerance, config.path)
    return Checked(
        data=districts,
        repairs=(*layer.repairs, *repairs, *moved.repairs, *notes),
        tallies=(
            Tally(source=config.path, role="boundaries", read=len(frame), matched=len(frame)),
        ),
    )


def _no_features(source: str) -> Fault:
    return Fault(
        source=source,
        found="no features",
        expected="a polygon per district",
        cure="Export the layer again, without a filter.",
    )


def _places(frame: gpd.GeoDataFrame, field: str) -> list[str]:
    ids = as_text(frame[field]) if field in frame.columns else [None] * len(frame)
    return [feature_place(position, field, value) for position, value in enumerate(ids)]


def _place_fault(
    shapes: gpd.GeoSeries, crs: str, box: Bounds | None, source: str, study: str
) -> Fault | None:
    """Hold the boundaries against the box of the study, or against where their CRS is used."""
    drawn = gpd.GeoSeries(shapes[~(shapes.isna() | shapes.is_empty)])
    if drawn.empty:
        return None
    bounds, own = bounds_of(drawn), CRS(shapes.crs)
    expected = box or (area_of_use(parse_crs(crs, source=study)) if crs else WORLD)
    fault = misplaced(bounds, own, expected, source=source)
    if fault and crs and not box:
        # The file may well be right: then relabelling it would move the city.
        cure = f'If the file is right, correct "crs" in [study] of {study}. Otherwise: {fault.cure}'
        return replace(fault, cure=cure)
    if fault:
        return fault
    place = to_lonlat(bounds, own)
    inside = box is None or (
        box[0] <= place[0] and box[1] <= place[1] and place[2] <= box[2] and place[3] <= box[3]
    )
    if not inside or (not crs and place[2] - place[0] > MAX_SPAN) or place[0] > place[2]:
        return Fault(
            source=source,
            found=f"districts over {show_box(place)}",
            expected=show_box(box) if box else f"one city, at most {MAX_SPAN:g} degrees wide",
            cure='Correct the layer, or "box" and "crs" in [study].',
        )
    return None


def _tidy(frame: gpd.GeoDataFrame, config: BoundariesConfig) -> gpd.GeoDataFrame:
    ids = as_text(frame[config.id])
    columns: dict[str, pd.Series] = {}
    for column, field in (("name_fa", config.name_fa), ("name_en", config.name_en)):
        columns[column] = as_text(frame[field]) if field else blank(frame.index)
    fabric = as_text(frame[config.fabric]) if config.fabric else blank(frame.index)
    districts = gpd.GeoDataFrame(
        {
            "name_fa": columns["name_fa"].fillna(columns["name_en"]).fillna(ids).astype(str),
            "name_en": columns["name_en"].fillna(columns["name_fa"]).fillna(ids).astype(str),
            "fabric": fabric,
        },
        geometry=frame.geometry,
        crs=frame.crs,
    )
    districts.index = pd.Index(ids.astype(str), name="district_id")
    return districts


def _unnamed(frame: gpd.GeoDataFrame, config: BoundariesConfig) -> list[Repair]:
    """Tell of names that the file has a field for and lacks: a page shows what stands in."""
    repairs = []
    for field in (config.name_fa, config.name_en):
        lacking = as_text(frame[field]).isna() if field else pd.Series(dtype=bool)
        if lacking.any():
            ids = as_text(frame[config.id])[lacking].tolist()
            names = ", ".join(f"'{each}'" for each in ids[:5])
            names += f" and {len(ids) - 5} more" if ids[5:] else ""
            detail = f"the other name or the id stands in for {field}: {names}"
            repairs.append(
                Repair(source=config.path, kind="unnamed", count=len(ids), detail=detail)
            )
    return repairs


def _topology(districts: gpd.GeoDataFrame, tolerance: float, source: str) -> list[Repair]:
    """Overlaps above the tolerance are faults, the rest and all gaps are told."""
    pairs = overlaps(districts.geometry)
    large = pairs[pairs["area"] > tolerance]
    if len(large):
        enough = math.ceil(large["area"].max())
        raise InputError(
            Fault(
                source=source,
                where=f"districts '{one}' and '{other}'",
                found=f"an overlap of {area:,.1f} m2",
                expected=f"at most {tolerance:g} m2",
                cure="Snap the shared borders, or accept all these overlaps by "
                f"overlap_tolerance = {enough} in [boundaries].",
            )
            for one, other, area in large.itertuples(index=False)
        )
    notes = []
    if len(pairs):
        detail = (
            f"{len(pairs)} pairs of districts overlap by {pairs['area'].sum():.3g} m2 in all, "
            f"within the tolerance of {tolerance:g} m2"
        )
        notes.append(Repair(source=source, kind="overlaps", count=len(pairs), detail=detail))
    holes = gaps(districts.geometry)
    if len(holes):
        detail = f"{len(holes)} gaps between districts, {holes.sum():,.1f} m2 in all"
        notes.append(Repair(source=source, kind="gaps", count=len(holes), detail=detail))
    return notes


def read_fabric(
    config: FabricConfig, *, folder: Path, crs: CRS, box: Bounds | None = None
) -> Checked[gpd.GeoDataFrame]:
    """Read a polygon layer of urban fabric.

    Parameters
    ----------
    config
        The section ``[fabric]``, with a path.
    folder
        Folder that its path starts from.
    crs
        Working CRS.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    fabrics
        Polygons in the working CRS with `fabric`, RangeIndex in file order.

    Raises
    ------
    InputError
        With every fault of the file; two fabrics that overlap by more than 1 m2 are one.
    """
    path = resolve(config.path, folder)
    layer = read_vector(path, source=config.path)
    frame = layer.data
    faults = missing_fields(frame, {"field": config.field}, source=config.path, section="fabric")
    if frame.empty:
        faults.append(_no_features(config.path))
    if faults:
        raise InputError(faults)
    names = as_text(frame[config.field])
    places = _places(frame, config.field)
    faults += [_no_fabric(config, places[row]) for row in np.flatnonzero(names.isna()).tolist()]
    shapes, found, repairs = check_polygons(
        frame.geometry, places, repair=False, source=config.path
    )
    if faults or found:
        raise InputError([*faults, *found])
    moved = to_working(frame.set_geometry(shapes), crs, config.path, box=box)
    fabrics = gpd.GeoDataFrame({"fabric": names.astype(str)}, geometry=moved.data.geometry)
    _refuse_two_fabrics(fabrics, config.path)
    return Checked(
        data=fabrics,
        repairs=(*layer.repairs, *repairs, *moved.repairs),
        tallies=(Tally(source=config.path, role="fabric", read=len(frame), matched=len(frame)),),
    )


def _no_fabric(config: FabricConfig, place: str) -> Fault:
    return Fault(
        source=config.path,
        where=place,
        field=config.field,
        found="no fabric",
        expected="a fabric such as 'planned'",
        cure="Name its fabric, or leave the polygon out.",
    )


def _refuse_two_fabrics(fabrics: gpd.GeoDataFrame, source: str) -> None:
    pairs = overlaps(fabrics.geometry)
    names = fabrics["fabric"]
    faults = [
        Fault(
            source=source,
            where=f"features {one + 1} and {other + 1}",
            found=f"{names[one]} and {names[other]} on the same {area:,.1f} m2",
            expected="one fabric per place",
            cure="Cut the polygons so that they only share borders.",
        )
        for one, other, area in pairs.itertuples(index=False)
        if area > 1 and names[one] != names[other]
    ]
    if faults:
        raise InputError(faults)


def dominant_fabric(demand: pd.DataFrame, districts: pd.Index) -> pd.Series:
    """Find the fabric in which most people of each district live.

    Parameters
    ----------
    demand
        Columns `population`, `district_id`, `fabric`.
    districts
        Ids of the districts.

    Returns
    -------
    fabric
        Indexed by `district_id`; None where nobody lives in a known fabric. Of two fabrics with
        the same number of people the first by name is taken.
    """
    people = demand.dropna(subset=["district_id", "fabric"])
    sums = people.groupby(["district_id", "fabric"])["population"].sum().reset_index()
    sums = sums.sort_values(["population", "fabric"], ascending=[False, True], kind="stable")
    first = sums.drop_duplicates("district_id").set_index("district_id")["fabric"]
    return first.reindex(districts).astype(object).where(lambda text: text.notna(), None)
