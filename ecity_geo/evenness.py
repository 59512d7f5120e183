"""How evenly access is shared: over people, and over the map."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.geo.weights import SpatialWeights, queen
from ecity_geo.indicators import inequality
from ecity_geo.stats.cluster_notes import FEW
from ecity_geo.stats.clusters import QUADRANTS, local_moran
from ecity_geo.stats.spatial import moran

NONE = "none"
MISSING = float("nan")
PERMUTATIONS = 9999
"""Enough for a p that stays below 0.05 when it is adjusted for 250 districts."""

APART = 1.0
"""Metres that borders may lie apart and still be shared: layers are rarely drawn to the point."""


def inequality_of(demand: gpd.GeoDataFrame, readiness: pd.Series) -> dict[str, float]:
    """Say how evenly access is shared over people.

    Parameters
    ----------
    demand
        Demand points with `access_per_1000`, `population`, `district_id` and `fabric`.
    readiness
        Mean readiness per district; missing where it is suppressed.

    Returns
    -------
    inequality
        `gini`; `lower_half`: the share of all capacity that the half of the people with least
        have; `between_fabrics`: the share of Theil's T that lies between urban fabrics, over the
        people of one; `concentration`: above 0 where people in districts of higher readiness have
        more, over those whose readiness is known. Missing where there is nothing to compare.
    """
    access, people = demand["access_per_1000"], demand["population"]
    curve = inequality.lorenz(access, people) if (access * people).sum() > 0 else None
    return {
        "gini": MISSING if curve is None else inequality.gini(access, people),
        "lower_half": MISSING if curve is None else _at_half(curve),
        "between_fabrics": _between(demand[demand["fabric"].notna()]),
        "concentration": _concentration(demand, demand["district_id"].map(readiness)),
    }


def _at_half(curve: pd.DataFrame) -> float:
    return float(np.interp(0.5, curve["people"], curve["access"]))


def _between(demand: gpd.GeoDataFrame) -> float:
    living = demand[demand["population"] > 0]
    access, people, by = living["access_per_1000"], living["population"], living["fabric"]
    if by.nunique() < 2 or not (access * people).sum() > 0:
        return MISSING
    found = inequality.theil(access, people, by=by)
    return found.between / found.total if found.total > 0 else MISSING


def _concentration(demand: gpd.GeoDataFrame, order: pd.Series) -> float:
    known = order.notna() & (demand["population"] > 0)
    access, people = demand.loc[known, "access_per_1000"], demand.loc[known, "population"]
    if order[known].nunique() < 2 or not (access * people).sum() > 0:
        return MISSING
    return inequality.concentration_index(access, people, rank_by=order[known])


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
        return {"moran_i": MISSING, "moran_p": MISSING}
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
