"""Where people live: cells of a raster, or a layer with a count, as points of demand."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely import Polygon

from ecity_geo.crs import Bounds, crs_name
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.apportion import apportion
from ecity_geo.inputs.config import PopulationConfig
from ecity_geo.inputs.files import check_safe, resolve
from ecity_geo.inputs.frames import as_text, feature_place, missing_fields, to_working
from ecity_geo.inputs.layers import read_vector
from ecity_geo.inputs.points import district_of
from ecity_geo.inputs.polygons import check_polygons
from ecity_geo.inputs.raster import Cells, read_cells
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.text import to_number

COARSE = 0.25
"""A cell above this share of the smallest district is shared by area, not by its centre."""


def read_population(
    config: PopulationConfig, *, folder: Path, districts: gpd.GeoDataFrame, box: Bounds
) -> Checked[gpd.GeoDataFrame]:
    """Read where the people of the districts live.

    Parameters
    ----------
    config
        The section ``[population]``.
    folder
        Folder that its path starts from.
    districts
        Districts in the working CRS.
    box
        Where the city may lie, in degrees.

    Returns
    -------
    demand
        Points in the working CRS indexed by `demand_id`: `population` (above zero) and
        `district_id`. A point in a gap between districts keeps None; people beyond the outline
        of the city are not its people: they are counted as rejected, with their number.

    Raises
    ------
    InputError
        With every fault of the file, or if nobody lives in the districts.
    """
    path = resolve(config.path, folder)
    check_safe(path, "population", source=config.path)
    if path.suffix.lower() in {".tif", ".tiff"}:
        demand = _from_raster(path, config, districts)
    else:
        demand = _from_layer(path, config, districts, box)
    if demand.data["district_id"].isna().all():
        raise InputError(
            Fault(
                source=config.path,
                found="nobody in any district",
                expected="people in the city",
                cure="Check the band or field, and that the file covers the city.",
            )
        )
    return demand


def _from_raster(
    path: Path, config: PopulationConfig, districts: gpd.GeoDataFrame
) -> Checked[gpd.GeoDataFrame]:
    cells = read_cells(path, config, districts)
    ids, people = cells.ids(), cells.values
    notes = _raster_notes(cells, config, districts)
    coarse = _coarse(cells, config, districts)
    if not (coarse or config.density or config.assign == "area"):
        places = cells.grid.places(cells.cells)
        points = gpd.GeoSeries(shapely.points(places), index=ids, crs=districts.crs)
        return _placed(points, people, districts, config.path, notes)
    shapes = cells.grid.polygons(cells.cells)
    if config.density:
        people = people * shapely.area(shapes) / 1e6
    if coarse or config.assign == "area":
        return _shared(shapes, ids, people, districts, config.path, [*notes, *coarse])
    points = gpd.GeoSeries(shapely.centroid(shapes), index=ids, crs=districts.crs)
    return _placed(points, people, districts, config.path, notes)


def _coarse(cells: Cells, config: PopulationConfig, districts: gpd.GeoDataFrame) -> list[Repair]:
    """Say that cells are too large to be placed by their centres, if they are."""
    rows, columns = cells.cells
    if config.assign == "area" or not len(rows):
        return []
    middle = len(rows) // 2
    one = cells.grid.polygons((rows[middle : middle + 1], columns[middle : middle + 1]))
    size, smallest = float(shapely.area(one[0])), float(districts.area.min())
    if size <= COARSE * smallest:
        return []
    detail = (
        f"cells of {size / 1e6:.3g} km2 against a district of {smallest / 1e6:.3g} km2: "
        "people shared by area"
    )
    return [Repair(source=config.path, kind="coarse_cells", count=len(rows), detail=detail)]


def _raster_notes(
    cells: Cells, config: PopulationConfig, districts: gpd.GeoDataFrame
) -> list[Repair]:
    notes = []
    if not cells.grid.crs.equals(CRS(districts.crs), True):
        detail = (
            f"cell by cell from {crs_name(cells.grid.crs)} to {crs_name(CRS(districts.crs))}; "
            "no person lost or made"
        )
        notes.append(
            Repair(source=config.path, kind="reprojected", count=len(cells.values), detail=detail)
        )
    empty = int(in_outline(cells.grid.places(cells.empty), districts).sum())
    if empty:
        detail = f"{empty:,} cells of the city are without data and hold nobody"
        notes.append(Repair(source=config.path, kind="no_data", count=empty, detail=detail))
    covered = shapely.area(shapely.intersection(districts.geometry.to_numpy(), cells.grid.extent()))
    share = pd.Series(covered / districts.area.to_numpy(), index=districts.index)
    partly = share[share < 0.999]
    if len(partly):
        shown = ", ".join(f"'{key}' {value:.0%}" for key, value in partly[:10].items())
        detail = f"the raster covers only part of {len(partly)} districts: {shown}"
        notes.append(
            Repair(source=config.path, kind="partial_overlap", count=len(partly), detail=detail)
        )
    return notes


def _placed(
    points: gpd.GeoSeries,
    people: NDArray[np.float64],
    districts: gpd.GeoDataFrame,
    source: str,
    notes: list[Repair],
    rejected: int = 0,
) -> Checked[gpd.GeoDataFrame]:
    """Points whose district is the one that they lie in."""
    found = district_of(points, districts)
    inside = found.notna().to_numpy() | in_outline(points.get_coordinates().to_numpy(), districts)
    demand = gpd.GeoDataFrame(
        {"population": people[inside], "district_id": found[inside]},
        geometry=points[inside],
        crs=points.crs,
    )
    demand.index.name = "demand_id"
    unmatched = int(demand["district_id"].isna().sum())
    tally = Tally(
        source=source,
        role="population",
        read=len(points) + rejected,
        matched=len(demand) - unmatched,
        unmatched=unmatched,
        rejected=int((~inside).sum()) + rejected,
    )
    beyond = _beyond(
        int((~inside).sum()), float(people[~inside].sum()), float(people.sum()), source
    )
    return Checked(data=demand, repairs=(*notes, *beyond), tallies=(tally,))


def _shared(
    shapes: NDArray[np.object_],
    ids: pd.Index,
    people: NDArray[np.float64],
    districts: gpd.GeoDataFrame,
    source: str,
    notes: list[Repair],
    rejected: int = 0,
) -> Checked[gpd.GeoDataFrame]:
    """Areas whose people are shared among the districts that they lie in."""
    pieces = apportion(shapes, ids, districts)
    counts = pd.Series(people, index=ids)
    several = pieces["id"].duplicated(keep=False)
    names = pieces["id"].where(~several, pieces["id"] + "-" + pieces["district_id"])
    demand = gpd.GeoDataFrame(
        {
            "population": (counts.reindex(pieces["id"]).to_numpy() * pieces["share"]).to_numpy(),
            "district_id": pieces["district_id"].astype(object).to_numpy(),
        },
        index=pd.Index(names, name="demand_id"),
        geometry=gpd.points_from_xy(pieces["x"], pieces["y"]),
        crs=districts.crs,
    )
    matched = int(pieces["id"].nunique())
    outside = counts.sum() - demand["population"].sum()
    partly = counts * (1 - pieces.groupby("id")["share"].sum().reindex(ids).fillna(0))
    beyond = _beyond(
        int((partly > 1e-9 * counts).sum()), float(outside), float(counts.sum()), source
    )
    tally = Tally(
        source=source,
        role="population",
        read=len(ids) + rejected,
        matched=matched,
        rejected=len(ids) - matched + rejected,
    )
    return Checked(data=demand, repairs=(*notes, *beyond), tallies=(tally,))


def in_outline(places: NDArray[np.float64], districts: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which places lie within the outline of the city, gaps between districts included.

    Parameters
    ----------
    places
        ``n x 2`` coordinates in the CRS of the districts.
    districts
        Polygons.

    Returns
    -------
    inside
        One truth value per place.
    """
    parts = shapely.get_parts(shapely.union_all(districts.geometry.to_numpy()))
    outline = shapely.union_all([Polygon(part.exterior) for part in parts])
    shapely.prepare(outline)
    return np.asarray(shapely.intersects_xy(outline, places), dtype=bool)


def _beyond(count: int, people: float, total: float, source: str) -> list[Repair]:
    if not count:
        return []
    detail = (
        f"{people:,.0f} people ({people / total:.1%} of those around the city) live beyond the "
        "outline of the districts and are left out"
    )
    return [Repair(source=source, kind="beyond", count=count, detail=detail)]


def _from_layer(
    path: Path, config: PopulationConfig, districts: gpd.GeoDataFrame, box: Bounds
) -> Checked[gpd.GeoDataFrame]:
    layer = read_vector(path, crs=config.crs, source=config.path)
    frame = layer.data
    faults = _field_faults(config) + missing_fields(
        frame, {"count": config.count}, source=config.path, section="population"
    )
    if faults:
        raise InputError(faults)
    places = [feature_place(row) for row in range(len(frame))]
    counts, faults = _counts(frame[config.count], places, config)
    areal = bool(frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).any())
    shapes, found, repairs = (
        check_polygons(frame.geometry, places, repair=False, source=config.path)
        if areal
        else (frame.geometry, _no_points(frame.geometry, places, config), [])
    )
    if faults or found:
        raise InputError([*faults, *found])
    moved = to_working(frame.set_geometry(shapes), CRS(districts.crs), config.path, box=box)
    notes = [*layer.repairs, *repairs, *moved.repairs]
    unknown = counts.isna().to_numpy()
    if unknown.any():
        detail = f"{int(unknown.sum())} features without a count hold nobody"
        notes.append(
            Repair(source=config.path, kind="no_data", count=int(unknown.sum()), detail=detail)
        )
    width = len(str(len(frame)))
    ids = pd.Index([f"c{row + 1:0{width}d}" for row in range(len(frame))])
    peopled = (counts > 0).to_numpy()
    people = counts.to_numpy(dtype=float)[peopled]
    drawn = moved.data.geometry.to_numpy()[peopled]
    empty = int((~peopled).sum())
    if areal:
        return _shared(drawn, ids[peopled], people, districts, config.path, notes, empty)
    points = gpd.GeoSeries(drawn, index=ids[peopled], crs=districts.crs)
    return _placed(points, people, districts, config.path, notes, empty)


def _field_faults(config: PopulationConfig) -> list[Fault]:
    if config.count:
        return []
    return [
        Fault(
            source=config.path,
            field="count",
            found='no "count" in [population]',
            expected="the field that holds the number of people",
            cure='Set "count" in [population].',
        )
    ]


def _counts(
    values: pd.Series, places: list[str], config: PopulationConfig
) -> tuple[pd.Series, list[Fault]]:
    texts = as_text(values)
    numbers = [None if text is None else to_number(text) for text in texts]
    faults = [
        Fault(
            source=config.path,
            where=place,
            field=config.count,
            found=f"'{text}'",
            expected="a number of people, not negative",
            cure="Correct the count; leave it empty where it is unknown.",
        )
        for place, text, number in zip(places, texts, numbers, strict=True)
        if text is not None and (number is None or number < 0)
    ]
    return pd.Series(numbers, index=values.index, dtype=float), faults


def _no_points(shapes: gpd.GeoSeries, places: list[str], config: PopulationConfig) -> list[Fault]:
    kinds = shapes.geom_type
    wrong = shapes.isna() | shapes.is_empty | (kinds != "Point")
    return [
        Fault(
            source=config.path,
            where=places[row],
            field="geometry",
            found="no geometry" if shapes.isna().iloc[row] else f"a {kinds.iloc[row] or 'empty'}",
            expected="a point or a polygon",
            cure="Locate the feature, or remove it.",
        )
        for row in np.flatnonzero(wrong).tolist()
    ]
