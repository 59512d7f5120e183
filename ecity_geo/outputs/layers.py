"""Layers of a study as plain values for a page: outlines, circles of people, places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

WGS84 = "EPSG:4326"
DECIMALS = 5  # of a degree: about a metre
MAX_VERTICES = 15_000
MAX_CELLS = 2_000
MAX_MARKS = 600

Rows = Sequence[tuple[str, str]]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def light_outlines(polygons: gpd.GeoSeries, *, max_vertices: int = MAX_VERTICES) -> gpd.GeoSeries:
    """Simplify polygons until a page can carry them; shared borders stay shared.

    Parameters
    ----------
    polygons
        Polygons in a metric CRS.
    max_vertices
        How many vertices all of them may have together.

    Returns
    -------
    polygons
        The same ones when they are light enough already. The tolerance doubles from 1 m.
    """
    if shapely.get_num_coordinates(polygons.to_numpy()).sum() <= max_vertices:
        return polygons
    light = _simplified(tuple(shapely.to_wkb(polygons.to_numpy())), max_vertices)
    return gpd.GeoSeries(light, index=polygons.index, crs=polygons.crs)


@lru_cache(maxsize=4)
def _simplified(shapes: tuple[bytes, ...], max_vertices: int) -> NDArray[np.object_]:
    """Simplify polygons once for all the maps and pages that draw them."""
    polygons = light = shapely.from_wkb(np.array(shapes, dtype=object))
    tolerance = 1.0
    while shapely.get_num_coordinates(light).sum() > max_vertices and tolerance < 5e3:
        light = shapely.coverage_simplify(polygons, tolerance)
        tolerance *= 2
    return np.asarray(light)


def label_points(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
    """Find the roomiest place of each polygon, where its name is written.

    Parameters
    ----------
    polygons
        Polygons in a metric CRS.

    Returns
    -------
    points
        The centroid where it has at least two thirds of the room that there is anywhere, else
        the centre of the largest inscribed circle.
    """
    shapes = polygons.to_numpy()
    tolerance = np.maximum(np.sqrt(shapely.area(shapes)) / 50, 1e-9)
    radii = shapely.maximum_inscribed_circle(shapes, tolerance=tolerance)
    centroids = shapely.centroid(shapes)
    room = shapely.distance(centroids, shapely.boundary(shapes))
    central = shapely.within(centroids, shapes) & (room >= shapely.length(radii) * 2 / 3)
    places = np.where(central, centroids, shapely.get_point(radii, 0))
    return gpd.GeoSeries(places, index=polygons.index, crs=polygons.crs)


def area_features(
    districts: gpd.GeoDataFrame,
    *,
    names: Sequence[str],
    shorts: Sequence[str],
    rows: Sequence[Rows],
) -> dict[str, Any]:
    """Write districts as GeoJSON with what their popups say.

    Parameters
    ----------
    districts
        Polygons in a metric CRS.
    names, shorts
        Name of each in its popup and on the map.
    rows
        Pairs of label and value for each popup.

    Returns
    -------
    collection
        A FeatureCollection in longitude and latitude; see `ecity_geo.outputs.sheet.Sheet`.
    """
    outlines = light_outlines(districts.geometry)
    geometries = geojson_geometries(outlines)
    places = lat_lon(label_points(outlines))
    # The larger a district, the earlier its name is written; position breaks ties.
    ranks = np.empty(len(districts), dtype=int)
    ranks[np.argsort(-districts.area.to_numpy(), kind="stable")] = np.arange(len(districts))
    features = [
        {
            "type": "Feature",
            "properties": {
                "index": number,
                "name": names[number],
                "short": shorts[number],
                "at": places[number],
                "rank": int(ranks[number]),
                "rows": [list(pair) for pair in rows[number]],
            },
            "geometry": geometry,
        }
        for number, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features}


def geojson_geometries(shapes: gpd.GeoSeries) -> list[dict[str, Any]]:
    """Return GeoJSON geometries in longitude and latitude, rounded to about a metre."""
    degrees = shapely.transform(shapes.to_crs(WGS84).to_numpy(), lambda xy: np.round(xy, DECIMALS))
    return [_plain(shapely.geometry.mapping(shape)) for shape in degrees]


def lat_lon(points: gpd.GeoSeries) -> list[list[float]]:
    """Return latitude and longitude of points, rounded to about a metre."""
    degrees = points.to_crs(WGS84)
    pairs = np.column_stack([degrees.y, degrees.x]).round(DECIMALS)
    return [[float(lat), float(lon)] for lat, lon in pairs]


def bounds(shapes: gpd.GeoSeries) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the south-west and north-east corners, latitude first."""
    west, south, east, north = shapes.to_crs(WGS84).total_bounds.round(DECIMALS)
    return (float(south), float(west)), (float(north), float(east))


def _plain(geometry: Any) -> dict[str, Any]:
    """Turn shapely's tuples into lists, as JSON has them."""

    def lists(part: Any) -> Any:
        return [lists(each) for each in part] if isinstance(part, tuple | list) else part

    return {"type": geometry["type"], "coordinates": lists(geometry["coordinates"])}


class PeopleGrid:
    """Demand points gathered on a grid that is light enough to draw.

    Parameters
    ----------
    demand
        Points in a metric CRS with `population`.
    max_cells
        How many circles a page may hold; with fewer points each keeps its own.

    Attributes
    ----------
    cell
        Cell number of each demand point, as an array along `demand`.
    population
        Persons per cell.
    centres
        Points in the CRS of `demand`.
    size
        Width of a cell, in metres.
    """

    def __init__(self, demand: gpd.GeoDataFrame, *, max_cells: int = MAX_CELLS) -> None:
        xy = shapely.get_coordinates(demand.geometry.to_numpy())
        self._people = demand["population"].to_numpy(dtype=float)
        spacing = _spacing(xy)
        if len(xy) <= max_cells:
            self.size, places = spacing, xy
            self.cell: Integers = np.arange(len(xy))
        else:
            self.size, self.cell, places = _gather(xy, spacing, max_cells)
        counted = np.bincount(self.cell, self._people, minlength=len(places))
        self.population: Floats = counted.astype(np.float64)
        self.centres = gpd.GeoSeries(shapely.points(places), crs=demand.crs)

    def circles(self) -> tuple[tuple[float, float, float], ...]:
        """Return a circle per cell, its area in proportion to the people up to a cap.

        Returns
        -------
        circles
            Latitude, longitude, radius in metres. The cap is the 95th percentile, so that one
            crowded cell does not make the rest invisible; the smallest are kept visible.
        """
        if not len(self.population):
            return ()
        full = max(float(np.percentile(self.population, 95)), 1e-12)
        relative = np.sqrt(np.clip(self.population / full, 0.0, 1.2))
        radii = np.round(self.size * np.clip(0.52 * relative, 0.1, None), 0)
        places = lat_lon(self.centres)
        return tuple((lat, lon, float(r)) for (lat, lon), r in zip(places, radii, strict=True))

    def median(self, values: Floats) -> Floats:
        """Return each cell's median over its people.

        Parameters
        ----------
        values
            Of each demand point; infinite ones count as largest.

        Returns
        -------
        medians
            The value that half of a cell's people do not exceed.
        """
        order = np.lexsort((values, self.cell))
        cell, people = self.cell[order], self._people[order]
        total = np.cumsum(people)
        last = np.searchsorted(cell, np.arange(len(self.population)), side="right") - 1
        before = np.concatenate([[0.0], total[last][:-1]])
        half = before + 0.5 * (total[last] - before)
        # Rounding in the running sum must not push a cell's half into its neighbour.
        place = np.minimum(np.searchsorted(total, half, side="left"), last)
        return np.asarray(values[order][place], dtype=float)

    def majority(self, classes: Integers, n_classes: int) -> Integers:
        """Return the class that most people of each cell belong to; ties go to the lower one."""
        votes = np.zeros((len(self.population), n_classes))
        np.add.at(votes, (self.cell, classes), self._people)
        return np.asarray(votes.argmax(axis=1), dtype=np.int64)


def _spacing(xy: Floats) -> float:
    """Typical distance between neighbours: the cell size, where the points are a raster's."""
    if len(xy) < 2:
        return 500.0
    nearest = np.asarray(cKDTree(xy).query(xy, k=2)[0])
    typical = float(np.median(nearest[:, 1]))
    return typical if typical > 0 else 500.0


def _gather(xy: Floats, spacing: float, max_cells: int) -> tuple[float, Integers, Floats]:
    """Bin points into squares of a whole number of spacings, few enough to draw."""
    corner = xy.min(axis=0) - spacing / 2
    steps = 2
    while True:
        size = steps * spacing
        squares = np.floor((xy - corner) / size).astype(np.int64)
        unique, cell = np.unique(squares, axis=0, return_inverse=True)
        if len(unique) <= max_cells:
            return size, cell.reshape(-1), corner + (unique + 0.5) * size
        steps = max(steps + 1, int(steps * np.sqrt(len(unique) / max_cells)))


def marks(
    points: gpd.GeoDataFrame,
    *,
    layer: str | Sequence[str],
    describe: Callable[[pd.Series], dict[str, Any]],
) -> tuple[dict[str, Any], ...]:
    """Turn points into marks with popups; of very many only their places are kept.

    Parameters
    ----------
    points
        Points in any CRS.
    layer
        Group of all of them, or of each.
    describe
        Called with each row: `name`, `shape`, `open`, `rows`, perhaps `text`.

    Returns
    -------
    marks
        See `ecity_geo.outputs.sheet.Sheet`.
    """
    places = lat_lon(points.geometry)
    groups = [layer] * len(points) if isinstance(layer, str) else list(layer)
    if len(points) > MAX_MARKS:
        return tuple({"at": at, "layer": group} for at, group in zip(places, groups, strict=True))
    rows = [row for _, row in points.drop(columns="geometry").iterrows()]
    return tuple(
        {"at": at, "layer": group, **describe(row)}
        for at, group, row in zip(places, groups, rows, strict=True)
    )
