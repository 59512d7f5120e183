"""Ask every location model of a study, given the services that stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.travel import cost_matrix
from ecity_geo.indicators import decay
from ecity_geo.inputs.conditions import CONDITIONED, WEIGHED
from ecity_geo.site_findings.change import before_after
from ecity_geo.site_findings.conditions import conditioned, kind_sites
from ecity_geo.site_findings.reach import beyond_all
from ecity_geo.siting import (
    ConditionedPlan,
    SitingPlan,
    backup_coverage,
    coverage_curve,
    gradual_coverage,
    lscp,
    mclp,
    p_center,
    p_dispersion,
    p_median,
)
from ecity_geo.siting.grouped import covered_shares
from ecity_geo.study import Study

CURVE_FACTOR = 2
_EXPLAINED = ("reached", "nearest", "mean_cost")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sited:
    """New sites by every model of a study.

    Parameters
    ----------
    plans
        Per model its plan.
    sites
        A row per model and new site, in the order of what they add: `model`, `order`, `site_id`,
        what is known of the place, `kind`, `added`, `cumulative` and `share` of its plan, and the
        same for every model: `reached` (people whom it newly brings within the standard, after
        those before it), `nearest` (people who have no other site of the plan nearer) and their
        `mean_cost`.
    served
        Per model the `facility_id` nearest to each demand point once the plan stands, and its
        `cost`.
    before_after
        `ecity_geo.site_findings.change.before_after` of every plan, with its `model`; `floor`
        and `served` (share of people within the capacities) where the plan has them.
    curve
        `ecity_geo.siting.tradeoffs.coverage_curve` from no site on; missing where not asked for.
    conditioned
        What the plan under conditions says beyond its sites.
    out_of_reach
        Who lies beyond the standard from every site that could be open, and which standard would
        do, as a sentence; empty where nobody does.
    """

    plans: dict[str, SitingPlan]
    sites: gpd.GeoDataFrame
    served: dict[str, pd.DataFrame]
    before_after: pd.DataFrame
    curve: pd.DataFrame | None = None
    conditioned: ConditionedPlan | None = None
    out_of_reach: str = ""


def site(study: Study, costs: CostMatrix, *, weights: pd.Series | None = None) -> Sited:
    """Choose new sites by every model of the study, given the services that stand.

    Parameters
    ----------
    study
        The study.
    costs
        Travel costs from all demand to all services and candidates.
    weights
        Weight of each demand point, by id, in place of its people in the models of
        `ecity_geo.inputs.conditions.WEIGHED`. Their objective and bound count weights; gains are
        told in people for all.

    Returns
    -------
    sited
        The plans and what they change.

    Raises
    ------
    AnalysisError
        If a model has no answer; the message says why.
    """
    existing = standing(study)
    under = None
    if CONDITIONED in study.options.models:
        under = conditioned(study, costs, existing=existing)
    plans = {
        model: under.plan
        if under is not None and model == CONDITIONED
        else _plan(model, study, costs, existing, weights)
        for model in study.options.models
    }
    places = kind_sites(study)["place"]
    served = {model: _served(costs, plan, places) for model, plan in plans.items()}
    plans = {model: _grouped(study, plan, served[model]["cost"]) for model, plan in plans.items()}
    open_today = study.services.index[study.services["status"] == "open"]
    return Sited(
        plans=plans,
        sites=_sites(study, costs, plans, served),
        served=served,
        before_after=_changes(study, costs, plans, served, open_today, under),
        curve=_curve(study, costs),
        conditioned=under,
        out_of_reach=beyond_all(study, costs, existing) if plans else "",
    )


def standing(study: Study) -> pd.Index:
    """Return the services that plans count on: the open ones, and planned ones if so asked."""
    status = study.services["status"]
    counted = status == "open"
    if study.options.include_planned:
        counted |= status == "planned"
    return study.services.index[counted]


def _plan(
    model: str,
    study: Study,
    costs: CostMatrix,
    existing: pd.Index,
    weights: pd.Series | None,
) -> SitingPlan:
    people, candidates = study.demand["population"], study.candidates.index
    if weights is None or model not in WEIGHED:
        return _ask(model, study, costs, existing, people, candidates, study.options.p)
    plan = _ask(model, study, costs, existing, weights, candidates, study.options.p)
    # the same sites, in the order and the terms of what they bring to people
    real = _ask(model, study, costs, existing, people, plan.sites, len(plan.sites))
    return replace(plan, sites=real.sites, gains=real.gains)


def _ask(
    model: str,
    study: Study,
    costs: CostMatrix,
    existing: pd.Index,
    people: pd.Series,
    candidates: pd.Index,
    p: int,
) -> SitingPlan:
    options = study.options
    standard = options.standard
    worth = {"gaussian": decay.gaussian, "exponential": decay.exponential}[options.decay]
    models: dict[str, Callable[..., SitingPlan]] = {
        "mclp": partial(mclp, costs, people, standard=standard, p=p),
        "p_median": partial(p_median, costs, people, p=p),
        "p_center": partial(p_center, costs, people, p=p),
        "lscp": partial(
            lscp,
            costs,
            people,
            standard=standard,
            prices=study.candidates.get("price"),
            cover="reachable",
        ),
        "gradual_coverage": partial(gradual_coverage, costs, people, decay=worth(standard), p=p),
        "backup_coverage": partial(
            backup_coverage, costs, people, standard=standard, p=p, backup=options.backup
        ),
        "p_dispersion": lambda **given: p_dispersion(_between_sites(study, existing), p=p, **given),
    }
    return models[model](candidates=candidates, existing=existing, time_limit=options.time_limit)


def _between_sites(study: Study, existing: pd.Index) -> CostMatrix:
    """Travel costs between the sites that stand or could."""
    layers = [study.services.loc[existing, ["geometry"]], study.candidates[["geometry"]]]
    sites = gpd.GeoDataFrame(pd.concat(layers), crs=study.crs)
    return cost_matrix(
        sites,
        sites,
        measure=cast("Literal['straight', 'streets']", study.options.measure),
        unit=cast("Literal['m', 'min']", study.options.unit),
        streets=study.streets,
    )


def _served(costs: CostMatrix, plan: SitingPlan, places: pd.Series) -> pd.DataFrame:
    """Find the nearest site of each demand point once a plan stands."""
    chosen = {places.get(site, site): site for site in plan.sites}
    nearest = costs.select(pd.Index([*plan.existing, *chosen])).nearest()
    nearest["facility_id"] = [chosen.get(site, site) for site in nearest["facility_id"]]
    return nearest


def _grouped(study: Study, plan: SitingPlan, way: pd.Series) -> SitingPlan:
    """Add whom a plan covers by district and fabric."""
    covered = covered_shares(
        way,
        study.demand["population"],
        groups_of(study),
        standard=study.options.standard,
        served=plan.assignment.get("served"),
    )
    return replace(plan, covered=covered)


def groups_of(study: Study) -> dict[str, pd.Series]:
    """Say in which district and fabric each demand point is."""
    return {"district": study.demand["district_id"], "fabric": study.demand["fabric"]}


def _sites(
    study: Study,
    costs: CostMatrix,
    plans: dict[str, SitingPlan],
    served: dict[str, pd.DataFrame],
) -> gpd.GeoDataFrame:
    """Chosen sites of all plans as one layer, in the order of what they add."""
    layers = [study.candidates.iloc[:0].assign(**dict.fromkeys(("model", "kind"), ""))]
    places = kind_sites(study)
    plain = study.candidates.assign(place=study.candidates.index, kind="")
    for model, plan in plans.items():
        source = places if model == CONDITIONED else plain
        layer = source.loc[plan.sites].join(plan.gains[["added", "cumulative", "share"]])
        layer = layer.assign(**_explained(study, costs, plan, layer["place"], served[model]))
        layer["site_id"] = layer["place"]
        layers.append(layer.assign(model=model, order=np.arange(1, len(layer) + 1)))
    together = pd.concat(layers, ignore_index=True) if plans else layers[0]
    names = study.candidates.columns.drop(["geometry", "price"], errors="ignore")
    columns = ["model", "order", "site_id", *names, "added", "cumulative", "share"]
    columns += ["kind", *_EXPLAINED, "geometry"]
    whole = together.reindex(columns=columns)
    return gpd.GeoDataFrame(whole.astype({"order": "int64"}), crs=study.crs)


def _explained(
    study: Study,
    costs: CostMatrix,
    plan: SitingPlan,
    places: pd.Series,
    served: pd.DataFrame,
) -> dict[str, list[float]]:
    """Say of each new site what can be said of any model's."""
    people = study.demand["population"].reindex(costs.demand_ids).fillna(0.0).to_numpy(dtype=float)
    standard = study.options.standard
    within = costs.select(plan.existing).nearest()["cost"].to_numpy() <= standard
    own = costs.select(pd.Index(places.to_numpy())).costs.tocsc()
    nearest, way = served["facility_id"].to_numpy(), served["cost"].to_numpy()
    found: dict[str, list[float]] = {name: [] for name in _EXPLAINED}
    for at, site in enumerate(places.index):
        column = slice(own.indptr[at], own.indptr[at + 1])
        reached = own.indices[column][own.data[column] <= standard]
        found["reached"].append(float(people[reached][~within[reached]].sum()))
        within[reached] = True
        mine = (nearest == site) & (people > 0)
        near = float(people[mine].sum())
        found["nearest"].append(near)
        found["mean_cost"].append(float(people[mine] @ way[mine]) / near if near else np.nan)
    return found


def _changes(
    study: Study,
    costs: CostMatrix,
    plans: dict[str, SitingPlan],
    served: dict[str, pd.DataFrame],
    open_today: pd.Index,
    under: ConditionedPlan | None,
) -> pd.DataFrame:
    before = costs.select(open_today).nearest()["cost"]
    now = costs.select(standing(study)).nearest()["cost"]
    people = study.demand["population"]
    tables = []
    for model in plans:
        ways = {"before": before, "standing": now, "after": served[model]["cost"]}
        table = before_after(ways, people, groups_of(study), standard=study.options.standard)
        table.insert(0, "model", model)
        tables.append(table)
    together = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return _with_floors(study, together, under)


def _with_floors(
    study: Study, changes: pd.DataFrame, under: ConditionedPlan | None
) -> pd.DataFrame:
    """Add what the plan under conditions had to keep, and what it serves within capacities."""
    for name in ("served", "floor"):
        changes[name] = np.nan
    if under is None:
        return changes
    mine = (changes["model"] == CONDITIONED) & (
        changes["level"] == study.options.conditions.floor_by
    )
    for name, column in (("served", "share"), ("floor", "floor")):
        changes.loc[mine, name] = changes.loc[mine, "unit_id"].map(under.groups[column])
    return changes


def _curve(study: Study, costs: CostMatrix) -> pd.DataFrame | None:
    options = study.options
    asked = CURVE_FACTOR * options.p if options.curve is None else options.curve
    count = min(asked, len(study.candidates))
    return coverage_of(study, costs, count) if options.models and count else None


def coverage_of(study: Study, costs: CostMatrix, count: int) -> pd.DataFrame:
    """Cover most people with no new site, one, two ..., all together in the time of one model.

    Parameters
    ----------
    study
        The study.
    costs
        Travel costs from all demand to all services and candidates.
    count
        Greatest number of sites.

    Returns
    -------
    curve
        As `ecity_geo.siting.tradeoffs.coverage_curve` gives it.
    """
    return coverage_curve(
        costs,
        study.demand["population"],
        standard=study.options.standard,
        ps=range(1, count + 1),
        candidates=study.candidates.index,
        existing=standing(study),
        time_limit=study.options.time_limit / count,
    )
