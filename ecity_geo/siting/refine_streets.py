"""Chosen sites moved along the streets, each to the best junction around where it stands."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.streets import StreetGraph, Unit
from ecity_geo.geo.travel import along_streets
from ecity_geo.siting.moving import (
    Area,
    Layers,
    Refinement,
    Sites,
    Step,
    Town,
    check_costs,
    refine,
    whole_area,
)
from ecity_geo.siting.plan import SitingPlan

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def refine_along_streets(
    plan: SitingPlan,
    demand: gpd.GeoDataFrame,
    sites: Sites,
    streets: StreetGraph,
    *,
    unit: Unit = "min",
    farthest: float,
    within: Area | None = None,
    rounds: int = 50,
) -> Refinement:
    """Move the new sites of a plan to better junctions of the streets, one at a time.

    Parameters
    ----------
    plan
        Of :func:`ecity_geo.siting.models.mclp` or :func:`ecity_geo.siting.models.p_median`, on
        costs of :func:`ecity_geo.geo.travel.along_streets`.
    demand
        Points in the CRS of the streets with the `population` that the plan was made for,
        aligned by id.
    sites
        Points in that CRS, by id: the plan's new sites and the existing ones, which stay.
    streets
        Street graph that the costs were made with. Its islands are left out.
    unit
        Unit of the costs.
    farthest
        Metres in a straight line from its candidate that a site may move at most.
    within
        Polygons in that CRS that new sites must stand in; anywhere by default.
    rounds
        Number of times that each site may be looked at.

    Returns
    -------
    refinement
        The sites, and the objective before and after. No one of them could do better, alone, at
        another junction within `farthest` of its candidate. People whom a p-median leaves out
        as out of reach stay out of its objective.

    Raises
    ------
    AnalysisError
        As for :func:`ecity_geo.siting.refine.refine_sites`, where the costs of the plan are not
        those along the streets, and as for :func:`ecity_geo.geo.travel.along_streets`.

    Notes
    -----
    If people live at junctions, no place along a street serves a p-median better than a junction
    (Hakimi 1964, doi:10.1287/opre.12.3.450).
    """
    if not (0 < farthest < np.inf and rounds >= 1):
        raise AnalysisError(
            f"Found farthest = {farthest:g} m and rounds = {rounds}, expected metres above 0 and "
            "at least 1 round."
        )
    layers = Layers.of(plan, demand, sites)
    if within is not None:
        within = gpd.GeoSeries(
            [whole_area(sites, within, layers.places, plan.sites)], crs=demand.crs
        )
    junctions, options = _junctions(streets, layers.places, farthest, within)
    homes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*layers.homes.T), crs=demand.crs)
    at = np.concatenate([layers.places, layers.old, junctions])
    goals = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*at.T), crs=demand.crs)
    cost = along_streets(homes, goals, streets, unit=unit)
    new, old = len(layers.places), len(layers.old)
    town = _town(plan, layers, cost.select(pd.RangeIndex(new + old)))
    there = cost.select(pd.RangeIndex(new + old, len(at))).to_frame().to_numpy()
    return refine(plan, town, _best_of(junctions, there, options), rounds=rounds, crs=demand.crs)


def _junctions(
    streets: StreetGraph, places: Floats, farthest: float, within: Area | None
) -> tuple[Floats, list[Integers]]:
    """Junctions that any site may move to, and which of them each may."""
    node = np.unique(streets.line_ends()[streets.on_mainland])
    at = np.column_stack([streets.x[node], streets.y[node]])
    if within is not None:
        at = at[shapely.covers(within.iloc[0], shapely.points(at))]
    near = [np.hypot(*(at - place).T) <= farthest for place in places]
    used = np.flatnonzero(np.any(near, axis=0))
    return at[used], [np.flatnonzero(each[used]) for each in near]


def _town(plan: SitingPlan, layers: Layers, cost: CostMatrix) -> Town:
    """Take the costs of a plan's sites, and hold that it was made with them."""
    every = cost.to_frame().to_numpy()
    new = every[:, : len(layers.places)]
    position = pd.Index([*plan.sites, *plan.existing]).get_indexer(plan.assignment["facility_id"])
    check_costs(plan, every[np.arange(len(every)), position], "the way along these streets")
    return Town(
        people=layers.people,
        places=layers.places.copy(),
        fixed=every[:, len(layers.places) :].min(axis=1, initial=np.inf),
        cost=new.copy(),
        standard=plan.standard if plan.model == "mclp" else None,
    )


def _best_of(junctions: Floats, cost: Floats, options: list[Integers]) -> Step:
    """Place a site at the junction from which the plan does best, the first of equals."""

    def step(town: Town, site: int) -> tuple[Floats, Floats] | None:
        may = options[site]
        if not len(may):
            return None
        others = town.nearest(but=site)[:, None]
        living = town.people > 0
        nearest = np.minimum(others, cost[:, may])[living]
        if town.standard is None:
            at = may[int(np.argmin(town.people[living] @ nearest))]
        else:
            at = may[int(np.argmax(town.people[living] @ (nearest <= town.standard)))]
        return junctions[at], cost[:, at]

    return step
