"""One site after the other moved to a better place, until none of them has one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_same_crs, coordinates
from ecity_geo.given import shown
from ecity_geo.indicators.amounts import align_amounts
from ecity_geo.siting.plan import SitingPlan

Floats = NDArray[np.float64]
Area = gpd.GeoDataFrame | gpd.GeoSeries
Sites = gpd.GeoDataFrame | gpd.GeoSeries

MODELS = ("mclp", "p_median")
SAME = 1e-6
"""Share by which the costs of a plan may differ from those measured anew."""
WORTH = 1e-9
"""Share of the objective below which a move is not worth making."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refinement:
    """Where the sites of a plan stand once they may stand elsewhere.

    Parameters
    ----------
    sites
        Points indexed by `site_id`, in the order of the plan: `moved` (metres from the
        candidate, in a straight line) and `gain` (by how much its moves made the objective
        better).
    before, after
        Objective of the plan and of the sites as they stand now: people covered (MCLP: never
        fewer), or person-cost (p-median: never more).
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layers:
    """Homes and the sites of a plan, checked and aligned by id.

    Parameters
    ----------
    homes, people
        Places of the plan's demand, n x 2, and how many live there, in the plan's order; nobody
        where a p-median leaves people out because no candidate reaches them.
    places
        New sites, m x 2.
    old
        Existing sites, k x 2.
    """

    homes: Floats
    people: Floats
    places: Floats
    old: Floats

    @classmethod
    def of(cls, plan: SitingPlan, demand: gpd.GeoDataFrame, sites: Sites) -> Layers:
        """Take the layers of a plan.

        Parameters
        ----------
        plan
            The plan.
        demand
            Points in a metric CRS with `population`.
        sites
            Points in that CRS, by id.

        Returns
        -------
        layers
            What the plan uses of them.

        Raises
        ------
        AnalysisError
            If the plan's model is not one of `MODELS`, an id is missing or there twice, the CRS
            is not metric or differs, or a population is missing or impossible.
        """
        if plan.model not in MODELS:
            raise AnalysisError(
                f"Sites of the model {plan.model!r} cannot be refined, only those of "
                f"{' and '.join(MODELS)}. Refine a plan of these, or give more candidates."
            )
        require_metric(demand, "demand")
        check_same_crs(demand, sites, "demand and sites")
        if "population" not in demand:
            raise AnalysisError("demand: found no column 'population', expected the plan's people.")
        ids = plan.assignment.index
        people = align_amounts(demand["population"], ids, "population", "demand point")
        if plan.model == "p_median":
            people = np.where(ids.isin(plan.unreachable), 0.0, people)
        homes = coordinates(gpd.GeoSeries(demand.geometry.loc[ids]), "demand")
        at = _places_of(plan, sites)
        count = len(plan.sites)
        return cls(homes=np.column_stack(homes), people=people, places=at[:count], old=at[count:])


def _places_of(plan: SitingPlan, sites: Sites) -> Floats:
    """Coordinates of the new sites, then of the existing ones."""
    used = pd.Index([*plan.sites, *plan.existing], dtype=object)
    unknown = used[~used.isin(sites.index)]
    if len(unknown):
        raise AnalysisError(f"The layer of sites lacks {shown(unknown)}, which the plan uses.")
    if not sites.index.is_unique:
        twice = sites.index[sites.index.duplicated()].unique()
        raise AnalysisError(f"Some sites are given more than once: {shown(twice)}.")
    return np.column_stack(coordinates(gpd.GeoSeries(sites.geometry.loc[used]), "sites"))


@dataclass(slots=True, kw_only=True, eq=False)
class Town:
    """The sites as they stand at the moment, and what it costs to reach them.

    Parameters
    ----------
    people
        Persons per home.
    places
        New sites, m x 2.
    fixed
        Cost from each home to the nearest existing site.
    cost
        Cost from each home to each new site, n x m.
    standard
        Service standard of a covering plan, missing for the p-median.
    """

    people: Floats
    places: Floats
    fixed: Floats
    cost: Floats
    standard: float | None

    def nearest(self, but: int | None = None) -> Floats:
        """Cost to the nearest site of all, or of all but one."""
        others = self.cost if but is None else np.delete(self.cost, but, axis=1)
        return np.asarray(np.minimum(self.fixed, others.min(axis=1, initial=np.inf)))

    def objective(self) -> float:
        """People covered, or person-cost."""
        nearest = self.nearest()
        if self.standard is None:
            living = self.people > 0
            return float(self.people[living] @ nearest[living])
        return float(self.people[nearest <= self.standard].sum())

    def move(self, site: int, place: Floats, cost: Floats) -> float:
        """Move a site, or leave it where it is if that is no better; return what it gains."""
        before, old = self.objective(), (self.places[site].copy(), self.cost[:, site].copy())
        self.places[site], self.cost[:, site] = place, cost
        sign = -1.0 if self.standard is None else 1.0
        gain = sign * (self.objective() - before)
        if gain > WORTH * before:
            return gain
        self.places[site], self.cost[:, site] = old
        return 0.0


Step = Callable[[Town, int], tuple[Floats, Floats] | None]
"""Best place of one site and the costs to reach it, if there is any place for it."""


def refine(plan: SitingPlan, town: Town, step: Step, *, rounds: int, crs: CRS | None) -> Refinement:
    """Move one site after the other until none moves.

    Parameters
    ----------
    plan
        The plan.
    town
        Its sites; they are moved.
    step
        How to place one of them.
    rounds
        Number of times that each site may be looked at.
    crs
        CRS of the places.

    Returns
    -------
    refinement
        The sites as they stand then.

    Raises
    ------
    AnalysisError
        If the plan has another objective than its sites have here.
    """
    start, before = town.places.copy(), town.objective()
    _check_objective(plan, before)
    gain = np.zeros(len(start))
    count, settled = 0, False
    while count < rounds and not settled:
        count, settled = count + 1, True
        for site in range(len(start)):
            found = step(town, site)
            gained = 0.0 if found is None else town.move(site, *found)
            gain[site] += gained
            settled &= gained == 0
    layer = gpd.GeoDataFrame(
        {"moved": np.hypot(*(town.places - start).T), "gain": gain},
        index=pd.Index(plan.sites, name="site_id"),
        geometry=gpd.points_from_xy(town.places[:, 0], town.places[:, 1], crs=crs),
    )
    return Refinement(
        sites=layer, before=before, after=town.objective(), rounds=count, settled=settled
    )


def _check_objective(plan: SitingPlan, found: float) -> None:
    if abs(found - plan.objective) > SAME * max(abs(found), 1.0):
        raise AnalysisError(
            f"The plan has an objective of {plan.objective:,.6g}; with these people it is "
            f"{found:,.6g}. Give the population that the plan was made for."
        )


def check_costs(plan: SitingPlan, cost: Floats, what: str) -> None:
    """Hold that a plan was made with the costs between these places.

    Parameters
    ----------
    plan
        The plan.
    cost
        Cost from each home to the site that serves it, in the order of the plan's assignment;
        not read where none does.
    what
        What the costs are, for the message.

    Raises
    ------
    AnalysisError
        If a cost of the plan differs.
    """
    served = plan.assignment["facility_id"].notna().to_numpy()
    own = plan.assignment["cost"].to_numpy(dtype=float)[served]
    wrong = ~(np.abs(cost[served] - own) <= SAME * np.maximum(own, 1.0))
    if wrong.any():
        raise AnalysisError(
            f"{int(wrong.sum())} of {len(own)} costs of the plan (unit {plan.unit!r}) are not "
            f"{what} from home to site. Give the layers that the plan was made with."
        )


def whole_area(sites: Sites, within: Area, places: Floats, names: pd.Index) -> shapely.Geometry:
    """Return the area that sites may stand in, as one.

    Parameters
    ----------
    sites
        The layer of sites, for its CRS.
    within
        Polygons.
    places, names
        Where sites stand, n x 2, and their ids.

    Returns
    -------
    area
        The polygons together.

    Raises
    ------
    AnalysisError
        If the CRS differs, or a site stands outside.
    """
    check_same_crs(sites, within, "sites and the area that they may stand in")
    area = shapely.union_all(within.geometry.to_numpy())
    outside = names[~np.asarray(shapely.covers(area, shapely.points(places)))]
    if len(outside):
        raise AnalysisError(
            f"Sites stand outside the area that they may stand in: {shown(outside)}. "
            "Widen it, or choose among candidates inside."
        )
    return area
