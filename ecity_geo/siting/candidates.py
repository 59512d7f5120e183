"""Where new sites could stand: where people live, or at the junctions of their streets."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.joined import check_streets
from ecity_geo.geo.points import check_same_crs, coordinates
from ecity_geo.geo.spread import (
    central,
    junctions,
    place_codes,
    sides,
    spread_out,
    square_codes,
    squares,
)
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.indicators.amounts import align_amounts

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Area = gpd.GeoDataFrame | gpd.GeoSeries


def grid_candidates(
    demand: gpd.GeoDataFrame,
    *,
    spacing: float,
    most: float = np.inf,
    smallest: float | None = None,
    fewest: float = 0.0,
    at: Literal["home", "centre"] = "home",
    within: Area | None = None,
) -> gpd.GeoDataFrame:
    """Place a candidate for the people of each square of a grid, and none where nobody lives.

    Parameters
    ----------
    demand
        Points in a metric CRS with `population`.
    spacing
        Side of a square in metres. Its corners lie at multiples of it in the CRS, so that a home
        more or less changes its own square only.
    most
        A square with more people is parted in four, and those again (a quadtree) ...
    smallest
        ... down to this side, in metres; a quarter of `spacing` by default.
    fewest
        A square with fewer people has no candidate.
    at
        ``"home"``: on the point of demand that is nearest to the centre of the square's people,
        so that somebody lives there; ``"centre"``: at that centre.
    within
        Polygons in the CRS of the demand that candidates must stand in. Where the centre lies
        outside, the nearest home inside takes its place.

    Returns
    -------
    candidates
        Points from the north-west, row by row, indexed by `site_id`, the size and south-west
        corner of the square, as in ``"500mN4212000E603500"``; `population` of the square and its
        `side` in metres.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point or a population is missing or impossible, a
        number is out of range, or no square has people enough.

    Notes
    -----
    By the home nearest to the centre the square's people travel least in squared distance. The
    ids follow the grid codes of INSPIRE, Data Specification on Geographical Grid Systems (2014).
    """
    smallest = spacing / 4 if smallest is None else smallest
    _check_grid(spacing=spacing, most=most, smallest=smallest, fewest=fewest)
    living = _living(demand)
    allowed = inside(gpd.GeoSeries(demand.geometry.loc[living.index]), within)
    parts = squares(living, side=spacing, corner=(0.0, 0.0), most=most, smallest=smallest)
    centres = central(living, parts, allowed=allowed)
    centres = centres[centres["people"] >= fewest]
    if centres.empty:
        raise AnalysisError(
            f"No square of {spacing:g} m has {fewest:g} people or more and a home where a site "
            "may stand. Ask for fewer people, or a larger area."
        )
    places = _placed(centres, living, at, within, demand.crs)
    side = sides(centres, spacing)
    return gpd.GeoDataFrame(
        {"population": centres["people"].to_numpy(), "side": side},
        index=pd.Index(square_codes(centres, spacing), name="site_id"),
        geometry=gpd.points_from_xy(*places.T),
        crs=demand.crs,
    )


def street_candidates(
    streets: StreetGraph,
    *,
    crs: CRS | str | int | None = None,
    spacing: float,
    near: gpd.GeoDataFrame | None = None,
    reach: float | None = None,
    within: Area | None = None,
) -> gpd.GeoDataFrame:
    """Choose junctions of streets as candidates, thinned out to a spacing.

    Parameters
    ----------
    streets
        Street graph. Its islands, which no point joins, are left out.
    crs
        Its CRS, metric; by default as the graph tells.
    spacing
        Least distance between two candidates, in metres.
    near
        Points in that CRS with `population`; then only junctions near people are candidates.
    reach
        How near: metres in a straight line, inclusive; `spacing` by default.
    within
        Polygons in that CRS that candidates must stand in.

    Returns
    -------
    candidates
        Points from the north-west on, indexed by `site_id`, the place in whole metres, as in
        ``"N4212345E603210"``; `streets` that meet there, and the `population` within reach
        (missing without `near`). Where streets are dense, crossings go before bends and dead
        ends, then the junction with more people within reach, then the one farther north, then
        west.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a point or a population is missing or impossible, a
        number is out of range, or no junction is left.
    """
    reach = spacing if reach is None else reach
    if not (2 <= spacing < np.inf and 0 <= reach < np.inf):
        raise AnalysisError(
            f"Found a spacing of {spacing:g} m and a reach of {reach:g} m, expected a spacing of "
            "2 m or more and a reach of 0 or more."
        )
    living = None if near is None else _living(near)
    nodes = _junctions(streets, living, reach)
    layer = gpd.GeoSeries(
        gpd.points_from_xy(nodes["x"], nodes["y"]), crs=streets.crs if crs is None else crs
    )
    require_metric(layer, "streets")
    check_streets(streets, layer)
    if near is not None:
        check_same_crs(layer, near, "streets and people")
    kept = spread_out(_usable(nodes, layer, near is not None, within, reach), spacing=spacing)
    people = kept["people"] if near is not None else np.nan
    return gpd.GeoDataFrame(
        kept.assign(population=people)[["streets", "population"]].set_axis(
            pd.Index(place_codes(kept), name="site_id")
        ),
        geometry=gpd.points_from_xy(kept["x"], kept["y"]),
        crs=layer.crs,
    )


def _junctions(streets: StreetGraph, living: pd.DataFrame | None, reach: float) -> pd.DataFrame:
    if living is None:
        return junctions(streets, homes=np.empty((0, 2)), people=np.empty(0), reach=reach)
    homes = living[["x", "y"]].to_numpy(dtype=float)
    return junctions(streets, homes=homes, people=living["people"].to_numpy(), reach=reach)


def _usable(
    nodes: pd.DataFrame, layer: gpd.GeoSeries, peopled: bool, within: Area | None, reach: float
) -> pd.DataFrame:
    """Keep the junctions where a site may stand and, if people are given, some live near."""
    usable = inside(layer, within)
    if peopled:
        usable &= nodes["people"].to_numpy() > 0
    if not usable.any():
        near = f" and has people within {reach:g} m" if peopled else ""
        raise AnalysisError(
            f"None of {len(nodes)} junctions lies where a site may stand{near}. "
            "Check that streets, people and area are those of one city, or widen the reach."
        )
    return nodes[usable]


def inside(points: gpd.GeoSeries, area: Area | None) -> Flags:
    """Tell which points lie in an area, edges included.

    Parameters
    ----------
    points
        Points.
    area
        Polygons in the CRS of the points; everywhere if missing.

    Returns
    -------
    inside
        One flag per point.

    Raises
    ------
    AnalysisError
        If the CRS differs.
    """
    if area is None:
        return np.ones(len(points), dtype=bool)
    check_same_crs(points, area, "sites and the area that they may stand in")
    whole = shapely.union_all(area.geometry.to_numpy())
    shapely.prepare(whole)
    return np.asarray(shapely.covers(whole, points.to_numpy()))


def _living(demand: gpd.GeoDataFrame) -> pd.DataFrame:
    """Coordinates and people of the points where anybody lives."""
    require_metric(demand, "demand")
    if "population" not in demand:
        raise AnalysisError(
            f"demand: found the columns {', '.join(map(str, demand.columns))}, expected "
            "'population'. Rename the column that holds the people."
        )
    people = align_amounts(demand["population"], demand.index, "population", "demand point")
    x, y = coordinates(demand.geometry, "demand")
    living = pd.DataFrame({"x": x, "y": y, "people": people}, index=demand.index)[people > 0]
    if living.empty:
        raise AnalysisError("Nobody lives at any demand point, so there is nobody to serve.")
    return living


def _check_grid(**numbers: float) -> None:
    for name, number in numbers.items():
        above = name in ("spacing", "smallest")
        if not (number > 0 if above else number >= 0) or (name != "most" and number == np.inf):
            raise AnalysisError(
                f"{name}: found {number:g}, expected a number {'above 0' if above else 'from 0'}."
            )


def _placed(
    centres: pd.DataFrame,
    living: pd.DataFrame,
    at: str,
    within: Area | None,
    crs: CRS | None,
) -> Floats:
    """Coordinates of the candidates, n x 2."""
    homes = living.loc[centres["home"], ["x", "y"]].to_numpy(dtype=float)
    if at == "home":
        return homes
    if at != "centre":
        raise AnalysisError(f"at: found {at!r}, expected 'home' or 'centre'.")
    places = centres[["x", "y"]].to_numpy(dtype=float)
    allowed = inside(gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=crs), within)
    return np.where(allowed[:, None], places, homes)
