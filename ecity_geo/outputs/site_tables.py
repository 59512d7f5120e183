"""The tables of new sites: plans, what they change for whom, and what one more site brings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.findings import Findings
from ecity_geo.inputs.sections import Label
from ecity_geo.siting import Front, RobustPlan
from ecity_geo.study import Study

_PLACE = ("name_fa", "name_en", "district_id")


def plans(findings: Findings) -> pd.DataFrame:
    """Return a row per plan: how good it is proved to be, and what it leaves."""
    population = findings.demand["population"]
    rows = [
        {
            "model": name,
            "status": plan.status,
            "objective": plan.objective,
            "bound": plan.bound,
            "gap": plan.gap,
            "new_sites": len(plan.sites),
            "existing": len(plan.existing),
            "standard": plan.standard,
            "unit": plan.unit,
            "unreachable_points": len(plan.unreachable),
            "unreachable_people": population.reindex(plan.unreachable).sum(),
            "ties": plan.ties,
            **_price(findings, name),
        }
        for name, plan in findings.plans.items()
    ]
    return pd.DataFrame(rows)


def _price(findings: Findings, model: str) -> dict[str, float | str]:
    """Tell what a plan under conditions costs, and which services it closes."""
    under = findings.conditioned
    if model != "conditioned" or under is None:
        return {}
    return {"price": under.price, "closed": " ".join(map(str, under.closed))}


def before_after(findings: Findings) -> pd.DataFrame:
    """Return what each plan changes, districts and fabrics in the order of their tables."""
    table = findings.before_after
    if table.empty:
        return table
    units = [("city", "city"), *(("district", str(each)) for each in findings.districts.index)]
    units += [("fabric", str(each)) for each in findings.fabrics.index]
    place = {unit: at for at, unit in enumerate(units)}
    at = [
        place.get(unit, len(place)) for unit in zip(table["level"], table["unit_id"], strict=True)
    ]
    first = pd.factorize(table["model"])[0]
    ordered = table.iloc[np.lexsort((np.array(at), first))]
    names = unit_names(findings.study)
    keys = list(zip(ordered["level"], ordered["unit_id"], strict=True))
    return ordered.assign(
        **{
            f"unit_{lang}": [names.get(key, Label()).text(lang) or key[1] for key in keys]
            for lang in ("fa", "en")
        }
    )


def curve(found: pd.DataFrame | None) -> pd.DataFrame:
    """Return a coverage curve with the sites of each number in one text; empty without one."""
    if found is None:
        return pd.DataFrame()
    sites = [" ".join(map(str, chosen)) for chosen in found["sites"]]
    return found.reset_index().assign(sites=sites)


def front(found: Front) -> pd.DataFrame:
    """Return the plans of a front with the sites of each in one text."""
    sites = [" ".join(map(str, chosen)) for chosen in found.table["sites"]]
    return found.table.reset_index().assign(against=found.against, sites=sites)


def robust(found: RobustPlan, study: Study) -> pd.DataFrame:
    """Return how often each site is chosen across the draws, and whether the plan has it."""
    places = study.candidates.reindex(found.chosen.index)
    named = found.chosen.rename(columns={"share": "chosen"}).join(places[list(_PLACE)])
    return named.rename_axis("site_id").reset_index()


def fairness(plans: pd.DataFrame) -> pd.DataFrame:
    """Return plans by their fairness, with the sites of each in one text."""
    return plans.assign(sites=[" ".join(map(str, chosen)) for chosen in plans["sites"]])


def refined(found: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return sites that were moved off their candidates, with their coordinates."""
    degrees = found.geometry.to_crs("EPSG:4326")
    return pd.DataFrame(found.drop(columns="geometry")).assign(
        x=found.geometry.x, y=found.geometry.y, lon=degrees.x, lat=degrees.y
    )


def unit_names(study: Study) -> dict[tuple[str, str], Label]:
    """Name the city, the districts and the fabrics, by level and id."""
    names: dict[tuple[str, str], Label] = {("city", "city"): study.name}
    for row in study.districts.itertuples():
        names["district", str(row.Index)] = Label(fa=str(row.name_fa), en=str(row.name_en))
    for fabric, label in study.options.fabric_labels.items():
        names["fabric", fabric] = label
    return names
