"""People of an area, shared among the districts that it lies in, by area."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.inputs.polygons import quiet

WHOLE = 1 - 1e-9
"""A share above this is the whole: the rest is rounding."""


def apportion(
    shapes: NDArray[np.object_], ids: pd.Index, districts: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Cut areas along the borders of districts.

    Parameters
    ----------
    shapes
        Valid polygons in the CRS of `districts`, in metres.
    ids
        Their ids.
    districts
        Polygons that only share borders.

    Returns
    -------
    pieces
        `id`, `district_id`, `share` of the area that lies in the district, and `x`, `y`: a place
        within the piece, its centre of gravity where that lies inside. Ordered by area, then
        district. Shares of one area sum to less than 1 where it reaches outside.
    """
    borders = districts.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    district, area = tree.query(borders, predicate="intersects")
    order = np.lexsort((district, area))
    district, area = district[order], area[order]
    shapely.prepare(borders)
    inside = shapely.contains_properly(borders[district], shapes[area])
    pieces = shapes[area].copy()
    with quiet():
        pieces[~inside] = shapely.intersection(shapes[area[~inside]], borders[district[~inside]])
    share = np.where(inside, 1.0, shapely.area(pieces) / shapely.area(shapes[area]))
    share[share > WHOLE] = 1.0
    centres = shapely.centroid(pieces)
    astray = ~shapely.covers(pieces, centres)
    centres[astray] = shapely.point_on_surface(pieces[astray])
    found = pd.DataFrame(
        {
            "id": ids[area],
            "district_id": districts.index.to_numpy()[district],
            "share": share,
            "x": shapely.get_x(centres),
            "y": shapely.get_y(centres),
        }
    )
    return found[found["share"] > 1 - WHOLE].reset_index(drop=True)
