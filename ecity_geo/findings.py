"""From a study to everything that is said of it: the only orchestrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import geopandas as gpd
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.evenness import clustering_of, clusters_of, inequality_of
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.travel import cost_matrix
from ecity_geo.geo.useful import useful_costs
from ecity_geo.indicators import access, gaps, readiness, supply
from ecity_geo.indicators.catchment import floating_catchment
from ecity_geo.inputs.conditions import CONDITIONED
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.ranking.composite import Ranking, rank_districts
from ecity_geo.ranking.uncertainty import bootstrap_means
from ecity_geo.site_findings import Sited, need_weights, site
from ecity_geo.site_findings.conditions import closing_prices
from ecity_geo.siting.conditioned import ConditionedPlan
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.study import Study

RANK_DRAWS = 2000

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """All results of one study; every output is written from these.

    Parameters
    ----------
    study
        The study they come from.
    readiness
        Long table of `ecity_geo.indicators.readiness.readiness_table`.
    districts
        Polygons indexed by `district_id` with one column per measure.
    fabrics
        The measures per urban fabric.
    demand
        Points indexed by `demand_id`: `population`, `district_id`, `fabric`, `cost` (infinite
        where no service can be reached), `nearest_service`, `covered`, `access_per_1000`,
        `covered_planned`.
    services
        Services with `people_within` (the standard) and `people_nearest`.
    plans
        Per location model its plan.
    sites
        Chosen new sites, a row per model and site, in the order of what they add; see
        `ecity_geo.site_findings.work.Sited`, also for `served`, `before_after`, `curve`,
        `conditioned` and `out_of_reach`.
    ranking
        Ranking of the districts.
    city
        Headline figures.
    costs
        Travel cost from demand to the services that stand (and are planned), as far as it bears
        on anything; see `travel_costs`.
    """

    study: Study
    readiness: pd.DataFrame
    districts: gpd.GeoDataFrame
    fabrics: pd.DataFrame
    demand: gpd.GeoDataFrame
    services: gpd.GeoDataFrame
    plans: dict[str, SitingPlan]
    sites: gpd.GeoDataFrame
    ranking: Ranking
    city: dict[str, float | int | str]
    costs: CostMatrix
    served: dict[str, pd.DataFrame] = field(default_factory=dict)
    before_after: pd.DataFrame = field(default_factory=pd.DataFrame)
    curve: pd.DataFrame | None = None
    conditioned: ConditionedPlan | None = None
    out_of_reach: str = ""


def analyse(study: Study, *, progress: Progress | None = None) -> Findings:
    """Analyse a study: readiness, access, gaps, new sites, ranking.

    Parameters
    ----------
    study
        The checked study.
    progress
        Called with a word for each stage as it begins.

    Returns
    -------
    findings
        All results, joined by id.

    Raises
    ------
    AnalysisError
        If a question of the study has no valid answer, such as no open service at all.
    """
    tell = progress or (lambda stage: None)
    tell("readiness")
    scores = score_survey(study)
    table = readiness_of(study, scores)
    tell("access")
    costs = travel_costs(study)
    open_costs = costs.select(_open(study))
    demand, services = access_of(study, costs, open_costs)
    tell("siting")
    overall = readiness.overall_by_unit(table, "district")["readiness"]
    sited = site(study, costs, weights=need_weights(study, overall))
    tell("ranking")
    demand["covered_planned"] = covered_with(demand, sited, standard=study.options.standard)
    by_unit = partial(_people_measures, study, demand, open_costs)
    districts = districts_of(
        study, table, by_unit(demand["district_id"], study.districts.index), services
    )
    ranking = ranking_of(study, districts, scores)
    districts[["rank", "score"]] = ranking.table[["rank", "score"]].reindex(districts.index)
    city = pd.Series(readiness.CITY, index=demand.index)
    return Findings(
        study=study,
        readiness=table,
        districts=districts,
        fabrics=fabrics_of(table, by_unit(demand["fabric"], fabric_ids(study)), districts),
        demand=demand,
        services=services,
        plans=sited.plans,
        sites=sited.sites,
        served=sited.served,
        before_after=sited.before_after,
        curve=sited.curve,
        conditioned=sited.conditioned,
        out_of_reach=sited.out_of_reach,
        ranking=ranking,
        city=headline(study, table, districts, demand, by_unit(city, pd.Index([readiness.CITY]))),
        costs=costs.select(services.index),
    )


def score_survey(study: Study) -> pd.DataFrame:
    """Score the study's respondents; see `ecity_geo.indicators.readiness`."""
    weights = pd.Series({c.id: c.weight for c in study.instrument.constructs}, dtype=float)
    return readiness.score_respondents(
        study.responses,
        item_table(study.instrument),
        scale=_scale(study),
        construct_weights=weights,
    )


def item_table(instrument: Instrument) -> pd.DataFrame:
    """Return the items as a frame: `construct`, `reverse`, `weight`, indexed by item."""
    rows = [
        (item.id, construct.id, item.reverse, item.weight)
        for construct in instrument.constructs
        for item in construct.items
    ]
    return pd.DataFrame(rows, columns=["item", "construct", "reverse", "weight"]).set_index("item")


def readiness_of(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """Mean readiness of city, districts and fabrics, small cells suppressed."""
    return readiness.readiness_table(
        scores,
        districts=study.responses["district_id"],
        fabrics=study.responses["fabric"],
        district_ids=study.districts.index,
        fabric_ids=fabric_ids(study),
        items=item_table(study.instrument),
        weight=study.responses["weight"],
        confidence=study.options.confidence,
        min_count=study.options.min_count,
        scale=_scale(study),
    )


def district_readiness(study: Study, scores: pd.DataFrame) -> pd.Series:
    """Mean readiness of each district; missing where it is suppressed."""
    return readiness.overall_by_unit(readiness_of(study, scores), "district")["readiness"]


def fabric_ids(study: Study) -> pd.Index:
    """Fabrics of the study: the declared ones in their order, then any others."""
    found = pd.concat([study.demand["fabric"], study.districts["fabric"]]).dropna().unique()
    declared = [fabric for fabric in study.options.fabric_labels if fabric in set(found)]
    return pd.Index([*declared, *sorted(set(found) - set(declared))], name="fabric", dtype=object)


def travel_costs(study: Study) -> CostMatrix:
    """Travel costs from all demand to all services and candidates of the study.

    A service farther than the standard, the catchment and the nearest open service is of no use
    to anybody, and its cost is left out; unless a plan may close services, or send people on from
    full ones.
    """
    options = study.options
    facilities = pd.concat([study.services[["geometry"]], study.candidates[["geometry"]]])
    points = study.demand, gpd.GeoDataFrame(facilities, crs=study.crs)
    measure = cast("Literal['straight', 'streets']", options.measure)
    unit = cast("Literal['m', 'min']", options.unit)
    if CONDITIONED in options.models and (
        closing_prices(study).notna().any() or options.conditions.objective == "travel"
    ):
        return cost_matrix(*points, measure=measure, unit=unit, streets=study.streets)
    return useful_costs(
        *points,
        standing=_open(study),
        within=max(options.standard, options.catchment),
        measure=measure,
        unit=unit,
        streets=study.streets,
    )


def _open(study: Study) -> pd.Index:
    """Ids of the services that stand today."""
    ids = study.services.index[study.services["status"] == "open"]
    if ids.empty:
        raise AnalysisError(
            "The study has no open service, so there is no access to measure. "
            "Give at least one service the status 'open'."
        )
    return ids


def access_of(
    study: Study, costs: CostMatrix, open_costs: CostMatrix
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Measure access of each demand point, and the people that each service serves."""
    options = study.options
    population = study.demand["population"]
    working = study.services.loc[open_costs.facility_ids]
    capacity, _ = access.fill_capacity(working["capacity"], working["type"])
    demand = study.demand.copy()
    nearest = open_costs.nearest()
    demand["cost"] = nearest["cost"]
    demand["nearest_service"] = nearest["facility_id"]
    demand["covered"] = access.covered(open_costs, standard=options.standard)
    demand["access_per_1000"] = 1000 * floating_catchment(
        open_costs, population, capacity, catchment=options.catchment
    )
    services = study.services.copy()
    service_costs = costs.select(services.index)
    services["people_within"] = access.people_within(
        service_costs, population, standard=options.standard
    )
    services["people_nearest"] = (
        population.groupby(demand["nearest_service"]).sum().reindex(services.index).fillna(0.0)
    )
    return demand, services


def covered_with(demand: gpd.GeoDataFrame, sited: Sited, *, standard: float) -> pd.Series:
    """Tell which demand is covered once the new sites stand (of the covering plan, if any)."""
    model = covering_model(sited.plans)
    if model is None:
        return demand["covered"]
    return sited.served[model]["cost"].reindex(demand.index) <= standard


def covering_model(plans: dict[str, SitingPlan]) -> str | None:
    """Return the model whose plan the figures "with the new sites" belong to, if any."""
    return "mclp" if "mclp" in plans else next(iter(plans), None)


def districts_of(
    study: Study,
    table: pd.DataFrame,
    people: pd.DataFrame,
    services: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Join every measure to the district polygons, by id."""
    options = study.options
    ids = study.districts.index
    measures = [
        readiness.overall_by_unit(table, "district").reindex(ids),
        supply.services_by_district(services, ids),
        people,
    ]
    districts = study.districts.drop(columns="geometry").join(pd.concat(measures, axis=1))
    districts["area_km2"] = study.districts.area / 1e6
    districts["density_km2"] = districts["population"] / districts["area_km2"]
    districts["services_per_10k"] = supply.services_per_10k(
        districts["services_open"], districts["population"]
    )
    districts["gap_index"] = gaps.gap_index(
        districts["readiness"], districts["covered_share"], scale=_scale(study)
    )
    districts["gap_class"] = gaps.gap_class(
        districts["readiness"],
        districts["covered_share"],
        test_value=options.test_value,
        coverage_target=options.coverage_target,
    )
    placed = gpd.GeoDataFrame(districts, geometry=study.districts.geometry, crs=study.crs)
    placed["cluster"] = clusters_of(placed, seed=options.seed)
    return placed


def fabrics_of(
    table: pd.DataFrame, people: pd.DataFrame, districts: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Join every measure per urban fabric, by its name."""
    fabrics = people.join(readiness.overall_by_unit(table, "fabric"))
    counts = districts["fabric"].value_counts().reindex(fabrics.index).fillna(0).astype(int)
    fabrics.insert(1, "districts", counts)
    fabrics.index.name = "fabric"
    return fabrics


def _people_measures(
    study: Study,
    demand: gpd.GeoDataFrame,
    open_costs: CostMatrix,
    by: pd.Series,
    units: pd.Index,
) -> pd.DataFrame:
    """Measure the access of the people of each district, fabric, or the city."""
    people = demand["population"]
    standard = study.options.standard
    population = people.groupby(by).sum().reindex(units).fillna(0.0)
    inhabited = population.where(population > 0)
    sums = (
        pd.DataFrame(
            {
                "planned": people * demand["covered_planned"],
                "access": people * demand["access_per_1000"],
            }
        )
        .groupby(by)
        .sum()
        .reindex(units)
    )
    share = access.covered_share(open_costs, people, standard=standard, by=by).reindex(units)
    costs = access.mean_cost(open_costs, people, by=by).reindex(units)
    return pd.DataFrame(
        {
            "population": population,
            "mean_cost": costs["mean_cost"],
            "covered_share": share,
            "covered_share_planned": sums["planned"] / inhabited,
            "people_uncovered": population * (1 - share).fillna(0.0),
            "people_unreachable": costs["people_unreachable"].fillna(0.0),
            "access_per_1000": sums["access"] / inhabited,
        },
        index=units,
    )


def ranking_of(study: Study, districts: gpd.GeoDataFrame, scores: pd.DataFrame) -> Ranking:
    """Rank the districts by readiness, coverage and access, with bootstrap intervals."""
    options = study.options
    indicators = pd.DataFrame(
        {
            "readiness": districts["readiness"],
            "coverage": districts["covered_share"],
            "access": districts["access_per_1000"],
        }
    )
    draws = bootstrap_means(
        scores["overall"],
        study.responses["district_id"],
        units=districts.index,
        weight=study.responses["weight"],
        draws=RANK_DRAWS,
        seed=options.seed,
    )
    return rank_districts(
        indicators,
        weights=options.weights,
        draws={"readiness": draws},
        confidence=options.confidence,
        seed=options.seed,
    )


def headline(
    study: Study,
    table: pd.DataFrame,
    districts: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    people: pd.DataFrame,
) -> dict[str, float | int | str]:
    """Return the city's figures, one number each."""
    options = study.options
    status = study.services["status"]
    overall = table[(table["level"] == "city") & (table["kind"] == "overall")]
    mean, low, high = overall[["mean", "low", "high"]].to_numpy(dtype=float)[0].tolist()
    both = districts[districts["gap_class"] == "both"]
    return {
        **{str(name): float(values.iloc[0]) for name, values in people.items()},
        "population_outside": people_outside(demand),
        "area_km2": float(districts["area_km2"].sum()),
        "respondents": len(study.responses),
        "services_open": int((status == "open").sum()),
        "services_planned": int((status == "planned").sum()),
        "capacity_guessed": int((study.services["capacity"].isna() & (status == "open")).sum()),
        "people_both": float(both["population"].sum()),
        "uncovered_both": float(both["people_uncovered"].sum()),
        **inequality_of(demand, districts["readiness"]),
        **clustering_of(districts, seed=options.seed),
        "readiness": mean,
        "readiness_low": low,
        "readiness_high": high,
        "standard": options.standard,
        "unit": options.unit,
        "measure": options.measure,
        "p": options.p,
    }


def people_outside(demand: gpd.GeoDataFrame) -> float:
    """Count the people who live outside every district."""
    return float(demand.loc[demand["district_id"].isna(), "population"].sum())


def _scale(study: Study) -> tuple[float, float]:
    return float(study.instrument.scale_min), float(study.instrument.scale_max)
