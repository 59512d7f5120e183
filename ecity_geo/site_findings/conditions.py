"""The model ``"conditioned"``: a study's sites with their prices, capacities and floors."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.indicators.access import fill_capacity
from ecity_geo.inputs.conditions import SiteKind
from ecity_geo.siting import ConditionedPlan, plan_sites
from ecity_geo.study import Study

PRICE = "price"
WITHIN = ("coverage", "fairest", PRICE)
"""Objectives that count people within the standard; the other one counts their travel."""


def conditioned(study: Study, costs: CostMatrix, *, existing: pd.Index) -> ConditionedPlan:
    """Choose sites under the conditions of a study.

    Parameters
    ----------
    study
        The study; `Options.conditions` are its conditions.
    costs
        Travel costs from all demand to all services and candidates.
    existing
        Ids of the services that stand.

    Returns
    -------
    plan
        Its sites are ids of `kind_sites`. With a budget the number of sites follows from it, else
        it is `Options.p`; at the lowest price it is as small as can be. There, people whom no site
        could reach are left out, and named in the plan.

    Raises
    ------
    AnalysisError
        If no plan keeps the conditions: the message says which one, and what would do.
    """
    options = study.options
    conditions = options.conditions
    by_price = conditions.objective == PRICE
    within = conditions.objective in WITHIN
    expanded = _with_kinds(study, costs, existing)
    return plan_sites(
        expanded,
        _reachable(study, expanded) if by_price else study.demand["population"],
        site_table(study, existing),
        objective=conditions.objective,
        standard=options.standard if within else None,
        p=None if by_price or conditions.budget is not None else options.p,
        budget=math.inf if conditions.budget is None else conditions.budget,
        groups=groups_of_floor(study) if conditions.between_groups else None,
        floors=conditions.floor,
        gini=conditions.gini,
        single_source=conditions.single_source,
        time_limit=options.time_limit,
    )


def kind_sites(study: Study) -> gpd.GeoDataFrame:
    """Return every place with every kind of site that may stand there.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    sites
        Candidates with `place` (their own id) and `kind`, indexed by ``"place:kind"``; by the id
        alone where the study has no kinds, with an empty `kind`.
    """
    kinds = study.options.conditions.kinds
    layers = []
    for kind in kinds or [""]:
        layer = study.candidates.assign(place=study.candidates.index, kind=kind)
        layers.append(layer.rename(index=f"{{}}:{kind}".format) if kind else layer)
    together = gpd.GeoDataFrame(pd.concat(layers), crs=study.crs)
    together.index = pd.Index(together.index, name="site_id")
    return together


def site_table(study: Study, existing: pd.Index) -> pd.DataFrame:
    """Tell what stands, what may be closed, and what sites cost and hold.

    Parameters
    ----------
    study
        The study.
    existing
        Ids of the services that stand.

    Returns
    -------
    sites
        As `ecity_geo.siting.planning.plan_sites` takes them: the services, then `kind_sites`.
    """
    conditions = study.options.conditions
    standing = study.services.loc[existing]
    per_unit = conditions.people_per_capacity
    closing = closing_prices(study).loc[existing]
    filled, _ = fill_capacity(standing["capacity"], standing["type"])
    old = pd.DataFrame(
        {
            "standing": True,
            "closable": closing.notna(),
            "price": closing.fillna(0.0),
            "capacity": math.inf if per_unit is None else filled * per_unit,
            "place": existing,
        },
        index=existing,
    )
    sites = kind_sites(study)
    unknown = SiteKind()
    kinds = [conditions.kinds.get(kind, unknown) for kind in sites["kind"]]
    given = np.array([np.nan if kind.capacity is None else kind.capacity for kind in kinds])
    new = pd.DataFrame(
        {
            "standing": False,
            "closable": False,
            "price": _opening(sites, [kind.price for kind in kinds], study),
            "capacity": math.inf if per_unit is None else given * per_unit,
            "place": sites["place"],
        },
        index=sites.index,
    )
    return pd.concat([old, new])


def closing_prices(study: Study) -> pd.Series:
    """Return the price of closing each service; missing where it has to stay.

    Parameters
    ----------
    study
        The study: a price of its own goes before that of all, `Conditions.closing`.
    """
    all_ = study.options.conditions.closing
    own = study.services.get("closing", pd.Series(np.nan, index=study.services.index))
    return own.astype(float).fillna(math.nan if all_ is None else all_)


def _opening(sites: pd.DataFrame, kind: list[float], study: Study) -> pd.Series:
    """Price each place: its own price, and that of its kind where there are kinds."""
    if "price" not in sites:
        return pd.Series(kind, index=sites.index, dtype=float)
    added = kind if study.options.conditions.kinds else 0.0
    return sites["price"] + added


def groups_of_floor(study: Study) -> pd.Series:
    """Say which people are in which group of the floor and of the limit of inequality.

    Parameters
    ----------
    study
        The study; `Conditions.floor_by` says whether these are districts or fabrics.
    """
    by = study.options.conditions.floor_by
    groups = study.demand["district_id" if by == "district" else "fabric"]
    if groups.isna().all():
        raise AnalysisError(
            f"A floor, a Gini coefficient and 'fairest' are between groups, and nobody's {by} is "
            "known. Give the study a layer of them, or take the other groups with floor_by."
        )
    return groups


def _with_kinds(study: Study, costs: CostMatrix, existing: pd.Index) -> CostMatrix:
    """Give each kind of site at a place a column of its own."""
    repeats = max(len(study.options.conditions.kinds), 1)
    parts = [costs.select(existing), *[costs.select(study.candidates.index)] * repeats]
    joined = csr_array(hstack([part.costs for part in parts], format="csr"))
    joined.sort_indices()
    return CostMatrix(
        costs=joined,
        demand_ids=costs.demand_ids,
        facility_ids=pd.Index([*existing, *kind_sites(study).index]),
        unit=costs.unit,
        cutoff=costs.cutoff,
    )


def _reachable(study: Study, costs: CostMatrix) -> pd.Series:
    """Count only people whom some site could reach within the standard."""
    could = costs.nearest()["cost"] <= study.options.standard
    return study.demand["population"].where(could.reindex(study.demand.index), 0.0)
