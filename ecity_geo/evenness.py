"""How evenly access is shared: over people, and over the map."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.geo.weights import SpatialWeights, queen
from ecity_geo.indicators import inequality
from ecity_geo.stats.clusters import QUADRANTS, local_moran
from ecity_geo.stats.spatial import FEW, moran

NONE = "none"
PERMUTATIONS = 9999
"""Enough for a p that stays below 0.05 when it is adjusted for 250 districts."""

APART = 1.0
"""Metres that borders may lie apart and still be shared: layers are rarely drawn to the point."""


def inequality_of(demand: gpd.GeoDataFrame) -> dict[str, float]:
    """Say how evenly access is shared over people.

    Parameters
    ----------
    demand
        Demand points with `access_per_1000` and `population`.

    Returns
    -------
    inequality
        `gini`, and `lower_half`: the share of all capacity that the half of the people with least
        have. Both are missing where nobody has any.
    """
    access, people = demand["access_per_1000"], demand["population"]
    gini = inequality.gini(access, people)
    if not gini >= 0:
        return {"gini": gini, "lower_half": float("nan")}
    curve = inequality.lorenz(access, people)
    half = float(np.interp(0.5, curve["people"], curve["access"]))
    return {"gini": gini, "lower_half": half}


def clustering_of(districts: gpd.GeoDataFrame, *, seed: int) -> dict[str, float]:
    """Say whether districts of like coverage lie together.

    Parameters
    ----------
    districts
        Polygons with `covered_share`, missing where nobody lives.
    seed
        Of the permutations.

    Returns
    -------
    clustering
        `moran_i` and its `moran_p`, two-sided. Both are missing where there are fewer than `FEW`
        districts with people, where none has a neighbour, or where all are covered alike.
    """
    found = _comparable(districts)
    if found is None:
        return {"moran_i": float("nan"), "moran_p": float("nan")}
    whole = moran(*found, permutations=PERMUTATIONS, seed=seed)
    return {"moran_i": whole.i, "moran_p": whole.p}


def clusters_of(districts: gpd.GeoDataFrame, *, seed: int) -> pd.Series:
    """Say which districts lie among neighbours covered like, or unlike, themselves.

    Parameters
    ----------
    districts
        Polygons with `covered_share`, missing where nobody lives.
    seed
        Of the permutations.

    Returns
    -------
    clusters
        Per district one of `ecity_geo.stats.clusters.QUADRANTS`, or ``"none"`` where its local
        Moran's I is not beyond chance, p adjusted over the districts (Benjamini & Hochberg).
        Missing for a district without people or without a neighbour, and for all where
        `clustering_of` has no answer.
    """
    clusters = pd.Series(np.nan, index=districts.index, dtype=object, name="cluster")
    found = _comparable(districts)
    if found is None:
        return clusters
    table = local_moran(*found, permutations=PERMUTATIONS, seed=seed).table
    told = table.loc[table["cluster"] != "island", "cluster"]
    clusters.loc[told.index] = told.where(told.isin(QUADRANTS), NONE)
    return clusters


def _comparable(districts: gpd.GeoDataFrame) -> tuple[pd.Series, SpatialWeights] | None:
    """Return the covered shares and who is whose neighbour, where a test can tell anything."""
    share = districts["covered_share"].dropna()
    if len(share) < FEW or share.nunique() < 2:
        return None
    weights = queen(districts.loc[share.index], tolerance=APART)
    return (share, weights) if weights.matrix.nnz else None
