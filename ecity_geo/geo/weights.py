"""Who is whose neighbour: sparse spatial weights of polygons and points.

Islands (places without a neighbour) stay in, with an empty row; every result names them.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_finite, name_some
from ecity_geo.geo.rings import valid_polygons
from ecity_geo.given import as_number

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpatialWeights:
    """Neighbours of each place and their weights.

    Parameters
    ----------
    matrix
        ``n x n``, row i the neighbours of i; nothing on the diagonal, all weights above 0.
    ids
        Id of each place.
    kind
        How they were made, such as ``"queen"`` or ``"8 nearest"``.
    """

    matrix: csr_array
    ids: pd.Index
    kind: str

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not self.ids.is_unique:
            raise AnalysisError(
                f"Spatial weights: found the ids {name_some(self.ids, self.ids.duplicated())} more "
                "than once, expected unique ids. Dissolve parts of one place, or reset the index."
            )
        if self.matrix.shape != (n, n):
            raise AnalysisError(
                f"Spatial weights: found a matrix of shape {self.matrix.shape} and {n} ids, "
                "expected a row and a column for each id."
            )
        data = self.matrix.data
        if data.size and not (np.isfinite(data).all() and data.min() > 0):
            raise AnalysisError("Spatial weights must be finite and above 0; leave others out.")
        if self.matrix.diagonal().any():
            raise AnalysisError("A place must not be its own neighbour.")

    @property
    def cardinality(self) -> pd.Series:
        """Number of neighbours of each place."""
        return pd.Series(np.diff(self.matrix.indptr), index=self.ids, name="neighbours")

    @property
    def islands(self) -> pd.Index:
        """Places without a neighbour."""
        return self.ids.take(np.flatnonzero(np.diff(self.matrix.indptr) == 0))

    def row_standardised(self) -> SpatialWeights:
        """Return weights whose rows sum to 1 (those of islands stay empty)."""
        counts = np.diff(self.matrix.indptr)
        sums = np.asarray(self.matrix.sum(axis=1)).ravel()
        data = self.matrix.data / np.repeat(sums, counts)
        matrix = csr_array((data, self.matrix.indices, self.matrix.indptr), self.matrix.shape)
        return SpatialWeights(matrix=matrix, ids=self.ids, kind=self.kind)


def queen(polygons: gpd.GeoSeries | gpd.GeoDataFrame, *, tolerance: float = 0.0) -> SpatialWeights:
    """Neighbours are polygons that share a point.

    Parameters
    ----------
    polygons
        Valid polygons in a metric CRS, indexed by id.
    tolerance
        Borders this far apart count as shared, in metres: for layers whose borders do not meet
        exactly.

    Returns
    -------
    weights
        Binary and symmetric.

    Raises
    ------
    AnalysisError
        If the CRS is missing or not in metres, ids are not unique, a polygon is invalid or
        missing, or the tolerance is negative.
    """
    require_metric(polygons, "spatial weights")
    shapes = valid_polygons(polygons)
    tolerance = as_number(tolerance, "queen: tolerance", "0 or more metres")
    if not tolerance >= 0:
        raise AnalysisError(f"queen: found a tolerance of {tolerance}, expected 0 or more metres.")
    tree = shapely.STRtree(shapes)
    if tolerance > 0:
        one, other = tree.query(shapes, predicate="dwithin", distance=tolerance)
    else:
        one, other = tree.query(shapes, predicate="intersects")
    return _binary(one, other, polygons.index, "queen")


def k_nearest(points: gpd.GeoSeries | gpd.GeoDataFrame, k: int) -> SpatialWeights:
    """Neighbours are the k nearest points, or the k nearest polygons by their centroids.

    Parameters
    ----------
    points
        Points or polygons in a metric CRS, indexed by id.
    k
        Neighbours of each, from 1 to one fewer than there are points.

    Returns
    -------
    weights
        Binary; not symmetric.

    Raises
    ------
    AnalysisError
        If the CRS is missing or not in metres, ids are not unique, or `k` is out of range.
    """
    xy = _places(points)
    n = len(xy)
    if n < 2:
        raise AnalysisError(f"k_nearest: found {n} places, expected two at least.")
    given: object = k  # whatever the annotation says
    if isinstance(given, bool) or not isinstance(given, Integral) or given not in range(1, n):
        raise AnalysisError(
            f"k_nearest: found k = {k!r}, expected 1 to {n - 1} for {n} places, a whole number."
        )
    near = np.asarray(KDTree(xy).query(xy, k=k + 1)[1])
    own = near == np.arange(n)[:, None]
    # Where more than k others stand at the very same place, a point may not be among its own.
    own[~own.any(axis=1), -1] = True
    return _binary(np.repeat(np.arange(n), k), near[~own], points.index, f"{k} nearest")


def distance_band(points: gpd.GeoSeries | gpd.GeoDataFrame, distance: float) -> SpatialWeights:
    """Neighbours are all points within a distance, or polygons by their centroids.

    Parameters
    ----------
    points
        Points or polygons in a metric CRS, indexed by id.
    distance
        Metres, inclusive.

    Returns
    -------
    weights
        Binary and symmetric.

    Raises
    ------
    AnalysisError
        If the CRS is missing or not in metres, ids are not unique, or the distance is not above
        0.
    """
    distance = as_number(distance, "distance_band", "metres above 0")
    if not (np.isfinite(distance) and distance > 0):
        raise AnalysisError(f"distance_band: found {distance}, expected metres above 0.")
    xy = _places(points)
    pairs = KDTree(xy).query_pairs(distance, output_type="ndarray")
    one = np.concatenate([pairs[:, 0], pairs[:, 1]])
    other = np.concatenate([pairs[:, 1], pairs[:, 0]])
    return _binary(one, other, points.index, f"within {distance:g} m")


def _binary(one: Integers, other: Integers, ids: pd.Index, kind: str) -> SpatialWeights:
    apart = one != other
    ones = np.ones(int(apart.sum()))
    matrix = csr_array((ones, (one[apart], other[apart])), shape=(len(ids), len(ids)))
    matrix.sort_indices()
    return SpatialWeights(matrix=matrix, ids=ids, kind=kind)


def _metric(layer: gpd.GeoSeries | gpd.GeoDataFrame) -> NDArray[np.object_]:
    require_metric(layer, "spatial weights")
    shapes: NDArray[np.object_] = layer.geometry.to_numpy()
    unusable = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if unusable.any():
        lost = layer.index[unusable].tolist()[:5]
        raise AnalysisError(f"Spatial weights need a geometry for each place; none at {lost}.")
    return shapes


def _places(layer: gpd.GeoSeries | gpd.GeoDataFrame) -> Floats:
    shapes = _metric(layer)
    points = shapely.get_type_id(shapes) == 0
    centres = np.where(points, shapes, shapely.centroid(shapes))
    x, y = shapely.get_coordinates(centres).T
    check_finite(x, y, layer.index, "spatial weights")
    return np.column_stack([x, y])
