"""Catchments of new sites: the outlines of where people live for whom a site is the nearest."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ecity_geo.findings import Findings
from ecity_geo.outputs.layers import PeopleGrid, geojson_geometries

# In widths of a cell: circles that reach so far melt together, and are then drawn in again to
# end half a cell from the last home, where the circles of the next catchment begin.
_REACH, _BACK, _LIGHT = 0.85, 0.35, 0.1


def catchment_areas(findings: Findings, grid: PeopleGrid) -> gpd.GeoDataFrame:
    """Outline whom each new site of each plan is nearest to.

    Parameters
    ----------
    findings
        The findings.
    grid
        Their demand points, gathered.

    Returns
    -------
    catchments
        Polygons in the CRS of the study around the cells most of whose people have no other
        service or site nearer: `model`, `order`, `site_id`, `nearest` (people). A site that is
        nearest to most people of no cell has none.
    """
    rows, shapes = [], []
    for model in findings.plans:
        sites = findings.sites[findings.sites["model"] == model]
        classes = nearest_site(findings, model)
        cells = grid.majority(classes, len(sites) + 1)
        for (_, site), number in zip(sites.iterrows(), range(1, len(sites) + 1), strict=True):
            mine = grid.centres[cells == number]
            if mine.empty:
                continue
            rows.append({name: site[name] for name in ("model", "order", "site_id", "nearest")})
            shapes.append(_outline(mine, grid.size))
    columns = ["model", "order", "site_id", "nearest"]
    frame = pd.DataFrame(rows, columns=columns)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=findings.study.crs))


def nearest_site(findings: Findings, model: str) -> np.ndarray:
    """Return for each demand point the number of its nearest new site, 0 for an older one."""
    order = {site: at for at, site in enumerate(findings.plans[model].sites, start=1)}
    nearest = findings.served[model]["facility_id"].reindex(findings.demand.index)
    return np.array([order.get(site, 0) for site in nearest], dtype=np.int64)


def catchment_lines(areas: gpd.GeoDataFrame) -> tuple[dict[str, Any], ...]:
    """Write catchments as GeoJSON features, each in the group of its model's sites."""
    geometries = geojson_geometries(areas.geometry)
    return tuple(
        {"type": "Feature", "properties": {"group": f"sites_{model}"}, "geometry": geometry}
        for model, geometry in zip(areas["model"], geometries, strict=True)
    )


def _outline(centres: gpd.GeoSeries, size: float) -> Any:
    circles = shapely.buffer(centres.to_numpy(), _REACH * size, quad_segs=4)
    whole = shapely.buffer(shapely.union_all(circles), -_BACK * size, quad_segs=4)
    return shapely.simplify(whole, _LIGHT * size)
