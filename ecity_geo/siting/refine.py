"""Chosen sites moved off their candidates, each to the best place around where it stands."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.siting.disc import best_disc
from ecity_geo.siting.fermat import fermat_weber
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

EDGE = 1e-3
"""Metres that sites keep from the edge of an area, so that rounding puts none outside."""
CORNERS = 32
"""Of a quarter of the circle that a site must stay in."""


def refine_sites(
    plan: SitingPlan,
    demand: gpd.GeoDataFrame,
    sites: Sites,
    *,
    within: Area | None = None,
    farthest: float = np.inf,
    rounds: int = 50,
) -> Refinement:
    """Move the new sites of a plan to better places anywhere in the plane, one at a time.

    Parameters
    ----------
    plan
        Of :func:`ecity_geo.siting.models.mclp` or :func:`ecity_geo.siting.models.p_median`, on
        straight-line costs in metres.
    demand
        Points in a metric CRS with the `population` that the plan was made for, aligned by id.
    sites
        Points in that CRS, by id: the plan's new sites and the existing ones, which stay.
    within
        Polygons in that CRS that new sites must stand in (and do); anywhere by default.
    farthest
        Metres from its candidate that a site may move at most.
    rounds
        Number of times that each site may be looked at.

    Returns
    -------
    refinement
        The sites, and the objective before and after. Moving any one of them again, alone, to
        any place where it may stand could not cover more people (MCLP). For the p-median, none
        could serve better the people who now go there; this is a local best. People whom the
        p-median leaves out as out of reach stay out of its objective.

    Raises
    ------
    AnalysisError
        If the plan is of another model or not on straight lines, the population is not the
        plan's, an id is missing, the CRS is not metric or differs, a site stands outside the
        area, or a number is out of range.

    Notes
    -----
    p-median: each site goes to the Fermat-Weber point of the people who are nearest to it, and
    they choose anew (alternate location-allocation: Cooper 1964, doi:10.1137/1006005). MCLP: each
    goes where a disc holds most of the people whom no other site covers (Church 1984,
    doi:10.1111/j.1435-5597.1984.tb00831.x). Sites keep a millimetre from the edge of the area.
    """
    if not (farthest > EDGE and rounds >= 1):
        raise AnalysisError(
            f"Found farthest = {farthest:g} m and rounds = {rounds}, expected more than a "
            "millimetre and at least 1 round."
        )
    layers = Layers.of(plan, demand, sites)
    town = _town(plan, layers)
    areas = _areas(layers.places, plan.sites, sites, within, farthest)
    place = _covering if plan.model == "mclp" else _travelling
    return refine(plan, town, place(layers, areas), rounds=rounds, crs=demand.crs)


def _town(plan: SitingPlan, layers: Layers) -> Town:
    """Measure the straight lines of a plan, and hold that it was made with them."""
    homes = layers.homes
    new = np.column_stack([_metres(homes, each) for each in layers.places])
    old = [_metres(homes, each) for each in layers.old]
    every = np.column_stack([new, *old])
    position = pd.Index([*plan.sites, *plan.existing]).get_indexer(plan.assignment["facility_id"])
    own = every[np.arange(len(homes)), position]
    check_costs(plan, own, "the straight line in metres")
    return Town(
        people=layers.people,
        places=layers.places.copy(),
        fixed=np.min(old or [np.full(len(homes), np.inf)], axis=0),
        cost=new,
        standard=plan.standard if plan.model == "mclp" else None,
    )


def _covering(layers: Layers, areas: list[shapely.Geometry | None]) -> Step:
    """Place a site so that it covers most people whom no other does."""

    def step(town: Town, site: int) -> tuple[Floats, Floats] | None:
        if _nowhere(area := areas[site]):
            return None
        standard = float(town.standard or 0.0)
        left = (town.nearest(but=site) > standard) & (town.people > 0)
        homes, people = layers.homes[left], town.people[left]
        place = best_disc(homes, people, standard, start=town.places[site], area=area)[0]
        return place, _metres(layers.homes, place)

    return step


def _travelling(layers: Layers, areas: list[shapely.Geometry | None]) -> Step:
    """Place a site best for the people who are nearest to it."""

    def step(town: Town, site: int) -> tuple[Floats, Floats] | None:
        own = (town.cost[:, site] < town.nearest(but=site)) & (town.people > 0)
        if not own.any() or _nowhere(area := areas[site]):
            return None
        place = fermat_weber(layers.homes[own], town.people[own], area=area)
        return place, _metres(layers.homes, place)

    return step


def _nowhere(area: shapely.Geometry | None) -> bool:
    return area is not None and bool(shapely.area(area) == 0)


def _metres(homes: Floats, place: Floats) -> Floats:
    return np.asarray(np.hypot(homes[:, 0] - place[0], homes[:, 1] - place[1]))


def _areas(
    places: Floats,
    names: pd.Index,
    sites: Sites,
    within: Area | None,
    farthest: float,
) -> list[shapely.Geometry | None]:
    """Where each site may stand, a hair inside the edge; None for everywhere."""
    whole = None
    if within is not None:
        area = whole_area(sites, within, places, names)
        whole = shapely.buffer(area, -EDGE, join_style="mitre")
    if not np.isfinite(farthest):
        return [whole] * len(places)
    # The corners of a polygon about a place lie on the circle, its edges inside.
    rounds = [shapely.Point(place).buffer(farthest - EDGE, quad_segs=CORNERS) for place in places]
    return [each if whole is None else shapely.intersection(each, whole) for each in rounds]
