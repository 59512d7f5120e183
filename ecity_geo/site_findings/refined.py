"""New sites of a study moved off their candidates, to better places around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.locate import locate
from ecity_geo.site_findings.work import site
from ecity_geo.siting import Refinement, SitingPlan, refine_along_streets, refine_sites
from ecity_geo.siting.moving import MODELS
from ecity_geo.study import Study


def refined(study: Study, costs: CostMatrix, *, farthest: float) -> gpd.GeoDataFrame:
    """Move the new sites of a study to better places: junctions, or anywhere in straight lines.

    Parameters
    ----------
    study
        The study; of its models those that can be refined are.
    costs
        Travel costs from all demand to all services and candidates.
    farthest
        Metres that a site may move from its candidate at most.

    Returns
    -------
    sites
        A row per model and new site, in the order of the plan: `model`, `order`, `site_id` of the
        candidate, `district_id` that it stands in now, metres `moved`, by how much that made the
        objective better (`gain`), and the objective of the whole plan `before` and `after`. Sites
        stay in the districts, unless the plan has one outside them.

    Raises
    ------
    AnalysisError
        If none of the study's models can be refined, or as for the models and
        :func:`ecity_geo.siting.refine.refine_sites`, or along streets
        :func:`ecity_geo.siting.refine_streets.refine_along_streets`.
    """
    options = study.options
    models = tuple(model for model in options.models if model in MODELS)
    if not models:
        raise AnalysisError(
            f"None of the models {', '.join(options.models)} can be refined, only "
            f"{' and '.join(MODELS)}. Ask for one of these."
        )
    plans = site(replace(study, options=replace(options, models=models, curve=0)), costs).plans
    layers = [_moved(study, plan, farthest) for plan in plans.values()]
    return gpd.GeoDataFrame(pd.concat(layers, ignore_index=True), crs=study.crs)


def _moved(study: Study, plan: SitingPlan, farthest: float) -> gpd.GeoDataFrame:
    layers = [study.services[["geometry"]], study.candidates[["geometry"]]]
    homeless = study.candidates.loc[plan.sites, "district_id"].isna().any()
    sites = gpd.GeoDataFrame(pd.concat(layers), crs=study.crs)
    move: Callable[..., Refinement] = partial(refine_sites, plan, study.demand, sites)
    if study.options.measure == "streets" and study.streets is not None:
        unit = cast("Literal['m', 'min']", study.options.unit)
        move = partial(refine_along_streets, plan, study.demand, sites, study.streets, unit=unit)
    found = move(within=None if homeless else study.districts, farthest=farthest)
    district = locate(found.sites.geometry, study.districts).astype(object)
    moved = found.sites.reset_index().assign(
        model=plan.model,
        order=np.arange(1, len(found.sites) + 1),
        district_id=district.where(district.notna(), None).to_numpy(),
        before=found.before,
        after=found.after,
    )
    names = ["model", "order", "site_id", "district_id", "moved", "gain", "before", "after"]
    return moved[[*names, "geometry"]]
