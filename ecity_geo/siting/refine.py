"""Chosen sites moved off their candidates, each to the best place around where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_same_crs, coordinates
from ecity_geo.indicators.amounts import align_amounts
from ecity_geo.siting.disc import best_disc
from ecity_geo.siting.fermat import fermat_weber
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import shown

Floats = NDArray[np.float64]
Area = gpd.GeoDataFrame | gpd.GeoSeries

MODELS = ("mclp", "p_median")
SAME = 1e-6
"""Share by which the costs of a plan may differ from straight lines."""
WORTH = 1e-9
"""Share of the objective below which a move is not worth making."""
EDGE = 1e-3
"""Metres that sites keep from the edge of an area, so that rounding puts none outside."""
CORNERS = 32
"""Of a quarter of the circle that a site must stay in."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refinement:
    """Where the sites of a plan stand once they may stand anywhere.

    Parameters
    ----------
    sites
        Points indexed by `site_id`, in the order of the plan: `moved` (metres from the
        candidate) and `gain` (by how much its moves made the objective better).
    before, after
        Objective of the plan and of the sites as they stand now: people covered (MCLP: never
        fewer), or person-metres (p-median: never more).
    rounds
        How often each site was looked at; in the last round none moved.
    settled
        Whether the rounds sufficed; if not, more of them could still do better.
    """

    sites: gpd.GeoDataFrame
    before: float
    after: float
    rounds: int
    settled: bool


def refine_sites(
    plan: SitingPlan,
    demand: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
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
        any place could not cover more people (MCLP). For the p-median, none could serve better
        the people who now go there; this is a local best.

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
    town = _town(plan, demand, sites)
    areas = _areas(town.places, plan.sites, sites, within, farthest)
    step = _covering(town) if plan.model == "mclp" else _travelling(town)
    before = town.objective()
    _check_objective(plan, before)
    gain, count, settled = _move_all(town, areas, step, rounds)
    layer = gpd.GeoDataFrame(
        {"moved": np.hypot(*(town.places - town.start).T), "gain": gain},
        index=pd.Index(plan.sites, name="site_id"),
        geometry=gpd.points_from_xy(*town.places.T),
        crs=demand.crs,
    )
    return Refinement(
        sites=layer, before=before, after=town.objective(), rounds=count, settled=settled
    )


@dataclass(slots=True, kw_only=True, eq=False)
class _Town:
    """Homes, the sites as they stand at the moment, and how far each is from each.

    Parameters
    ----------
    homes, people
        Where people live, n x 2, and how many.
    start, places
        New sites at first and now, m x 2.
    fixed
        Metres from each home to the nearest existing site.
    metres
        Metres from each home to each new site, n x m.
    standard
        Service standard of a covering plan, missing for the p-median.
    """

    homes: Floats
    people: Floats
    start: Floats
    places: Floats
    fixed: Floats
    metres: Floats
    standard: float | None

    def nearest(self, but: int | None = None) -> Floats:
        """Metres to the nearest site of all, or of all but one."""
        others = self.metres if but is None else np.delete(self.metres, but, axis=1)
        return np.asarray(np.minimum(self.fixed, others.min(axis=1, initial=np.inf)))

    def objective(self) -> float:
        """People covered, or person-metres."""
        nearest = self.nearest()
        if self.standard is None:
            return float(self.people @ nearest)
        return float(self.people[nearest <= self.standard].sum())

    def move(self, site: int, place: Floats) -> float:
        """Move a site, or leave it where it is if that is no better; return what it gains."""
        before, old = self.objective(), (self.places[site].copy(), self.metres[:, site].copy())
        self.places[site], self.metres[:, site] = place, _metres(self.homes, place)
        sign = -1.0 if self.standard is None else 1.0
        gain = sign * (self.objective() - before)
        if gain > WORTH * before:
            return gain
        self.places[site], self.metres[:, site] = old
        return 0.0


Step = Callable[[int, shapely.Geometry | None], Floats]


def _covering(town: _Town) -> Step:
    """Tell how to place one site so that it covers most people whom no other does."""
    standard = float(town.standard or 0.0)

    def step(site: int, area: shapely.Geometry | None) -> Floats:
        left = (town.nearest(but=site) > standard) & (town.people > 0)
        homes, people = town.homes[left], town.people[left]
        return best_disc(homes, people, standard, start=town.places[site], area=area)[0]

    return step


def _travelling(town: _Town) -> Step:
    """Tell how to place one site best for the people who are nearest to it."""

    def step(site: int, area: shapely.Geometry | None) -> Floats:
        own = (town.metres[:, site] < town.nearest(but=site)) & (town.people > 0)
        if not own.any():
            return np.array(town.places[site])
        return fermat_weber(town.homes[own], town.people[own], area=area)

    return step


def _move_all(
    town: _Town, areas: list[shapely.Geometry | None], step: Step, rounds: int
) -> tuple[Floats, int, bool]:
    """Move one site after the other until none moves; return gains and rounds."""
    gain = np.zeros(len(town.places))
    for count in range(1, rounds + 1):
        moved = False
        for site, area in enumerate(areas):
            if area is not None and shapely.area(area) == 0:
                continue
            gained = town.move(site, step(site, area))
            gain[site] += gained
            moved |= gained > 0
        if not moved:
            return gain, count, True
    return gain, rounds, False


def _town(
    plan: SitingPlan, demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame | gpd.GeoSeries
) -> _Town:
    """Check the layers against the plan, and align them by id."""
    if plan.model not in MODELS:
        raise AnalysisError(
            f"Sites of the model {plan.model!r} cannot be refined, only those of "
            f"{' and '.join(MODELS)}. Refine a plan of these, or give more candidates."
        )
    require_metric(demand, "demand")
    check_same_crs(demand, sites, "demand and sites")
    ids = plan.assignment.index
    if "population" not in demand:
        raise AnalysisError("demand: found no column 'population', expected the plan's people.")
    people = align_amounts(demand["population"], ids, "population", "demand point")
    used = pd.Index([*plan.sites, *plan.existing], dtype=object)
    unknown = used[~used.isin(sites.index)]
    if not sites.index.is_unique:
        twice = sites.index[sites.index.duplicated()].unique()
        raise AnalysisError(f"Some sites are given more than once: {shown(twice)}.")
    if len(unknown):
        raise AnalysisError(f"The layer of sites lacks {shown(unknown)}, which the plan uses.")
    homes = np.column_stack(coordinates(gpd.GeoSeries(demand.geometry.loc[ids]), "demand"))
    at = np.column_stack(coordinates(gpd.GeoSeries(sites.geometry.loc[used]), "sites"))
    _check_straight(plan, homes, pd.DataFrame(at, index=used))
    new, old = at[: len(plan.sites)], at[len(plan.sites) :]
    return _Town(
        homes=homes,
        people=people,
        start=new.copy(),
        places=new.copy(),
        fixed=np.min(
            [_metres(homes, each) for each in old] or [np.full(len(homes), np.inf)], axis=0
        ),
        metres=np.column_stack([_metres(homes, each) for each in new]),
        standard=plan.standard if plan.model == "mclp" else None,
    )


def _metres(homes: Floats, place: Floats) -> Floats:
    return np.asarray(np.hypot(homes[:, 0] - place[0], homes[:, 1] - place[1]))


def _check_straight(plan: SitingPlan, homes: Floats, places: pd.DataFrame) -> None:
    """Hold that the plan was made with the straight lines between these places."""
    served = plan.assignment["facility_id"].notna().to_numpy()
    cost = plan.assignment["cost"].to_numpy(dtype=float)[served]
    goal = places.loc[plan.assignment["facility_id"][served]].to_numpy()
    away = homes[served] - goal
    wrong = np.abs(np.hypot(away[:, 0], away[:, 1]) - cost) > SAME * np.maximum(cost, 1.0)
    if wrong.any():
        raise AnalysisError(
            f"{int(wrong.sum())} of {len(cost)} costs of the plan are not the straight line "
            f"between home and site (unit {plan.unit!r}). Sites can be refined for straight "
            "lines in metres only: make the plan with straight_line(), and give its own layers."
        )


def _check_objective(plan: SitingPlan, found: float) -> None:
    if len(plan.unreachable) and plan.model == "p_median":
        return
    if abs(found - plan.objective) > SAME * max(abs(found), 1.0):
        raise AnalysisError(
            f"The plan has an objective of {plan.objective:,.6g}; with these people it is "
            f"{found:,.6g}. Give the population that the plan was made for."
        )


def _areas(
    places: Floats,
    names: pd.Index,
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    within: Area | None,
    farthest: float,
) -> list[shapely.Geometry | None]:
    """Where each site may stand, a hair inside the edge; None for everywhere."""
    whole = None
    if within is not None:
        check_same_crs(sites, within, "sites and the area that they may stand in")
        whole = shapely.union_all(within.geometry.to_numpy())
        outside = names[~np.asarray(shapely.covers(whole, shapely.points(places)))]
        if len(outside):
            raise AnalysisError(
                f"Sites stand outside the area that they may stand in: {shown(outside)}. "
                "Widen it, or choose among candidates inside."
            )
        whole = shapely.buffer(whole, -EDGE, join_style="mitre")
    if not np.isfinite(farthest):
        return [whole] * len(places)
    # The corners of a polygon about a place lie on the circle, its edges inside.
    rounds = [shapely.Point(place).buffer(farthest - EDGE, quad_segs=CORNERS) for place in places]
    return [each if whole is None else shapely.intersection(each, whole) for each in rounds]
