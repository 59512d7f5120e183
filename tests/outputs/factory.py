"""Findings made by hand: six squares of two kilometres, every figure written down here.

::

    +-----+-----+-----+    people     readiness   covered
    | 4   | 5   | 6   |    d1  1000   3.4  n 20   100 %   both kiosks' homes
    |     |     |     |    d2  2000   2.2  n 20    50 %
    +-----+-----+-----+    d3  3000   2.8  n 20     0 %
    | 1   | 2   | 3   |    d4  4000   (too few)    25 %
    |     |     |     |    d5  5000   (secondary)  75 %
    +-----+-----+-----+    d6     0   (nobody)     nobody lives there
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import Point, box

from ecity_geo.findings import Findings
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.inputs.instrument import Construct, Instrument, Item
from ecity_geo.inputs.sections import Label, Options
from ecity_geo.ranking.composite import Ranking
from ecity_geo.site_findings import before_after
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.study import Study

CITY_CRS = "EPSG:32638"
WEST, SOUTH, SIDE = 610_000.0, 4_214_000.0, 2000.0
IDS = ["1", "2", "3", "4", "5", "6"]
READINESS = [3.4, 2.2, 2.8, np.nan, np.nan, np.nan]
REASONS = ["", "", "", "too_few", "secondary", "no_respondents"]
PEOPLE = [1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 0.0]
COVERED = [1.0, 0.5, 0.0, 0.25, 0.75, np.nan]
COVERED_PLANNED = [1.0, 1.0, 0.75, 0.25, 1.0, np.nan]
FABRIC = ["planned", "historic", "informal", "rural", "planned", None]
CONSTRUCTS = ("technical", "people")

# Each would run, break the map or turn the line round, where text is not kept as text.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "`+alert(1)+`",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "\u202egnp.txt",
    r"C:\new\table",
    "{{ 7*7 }}{% raw %}",
)


def make_findings(**changes: Any) -> Findings:
    """Make findings; `changes` replaces fields of `Findings`, or of its study under ``study``."""
    study = replace(_study(), **changes.pop("study", {}))
    sites = _sites()
    findings = Findings(
        study=study,
        readiness=_readiness(),
        districts=_districts(),
        fabrics=_fabrics(),
        demand=_demand(),
        services=_services(),
        plans={model: _plan(model) for model in ("mclp", "p_median")},
        sites=sites,
        ranking=_ranking(),
        city=_city(),
        costs=_costs(),
        served={model: _plan(model).assignment for model in ("mclp", "p_median")},
        before_after=pd.concat([_before_after(model) for model in ("mclp", "p_median")]),
        curve=_curve(),
    )
    return replace(findings, **changes)


def hostile_findings(names: tuple[str, ...] = HOSTILE) -> Findings:
    """Findings in which every text of the user is hostile."""
    plain = make_findings()
    districts, services, sites = plain.districts.copy(), plain.services.copy(), plain.sites.copy()
    for frame, shift in ((districts, 0), (services, 2), (sites, 4)):
        chosen = [names[(place + shift) % len(names)] for place in range(len(frame))]
        frame["name_fa"], frame["name_en"] = chosen, chosen
    districts["fabric"] = [*names[:5], None]
    services["type"] = [names[place % len(names)] for place in range(len(services))]
    study = plain.study
    label = Label(fa=names[0], en=names[3])
    instrument = replace(
        study.instrument,
        constructs=tuple(
            replace(construct, label=Label(fa=names[place], en=names[place + 2]))
            for place, construct in enumerate(study.instrument.constructs)
        ),
    )
    study = replace(
        study,
        name=label,
        note=Label(fa=names[1], en=names[2]),
        districts=districts[["name_fa", "name_en", "fabric", "geometry"]],
        services=services,
        instrument=instrument,
    )
    return replace(plain, study=study, districts=districts, services=services, sites=sites)


def _square(number: int) -> Any:
    column, row = number % 3, number // 3
    west, south = WEST + SIDE * column, SOUTH + SIDE * row
    return box(west, south, west + SIDE, south + SIDE)


def _names(word_fa: str, word_en: str, count: int) -> dict[str, list[str]]:
    return {
        "name_fa": [f"{word_fa} {number}" for number in range(1, count + 1)],
        "name_en": [f"{word_en} {number}" for number in range(1, count + 1)],
    }


def _district_frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {**_names("منطقهٔ", "District", 6), "fabric": FABRIC},
        index=pd.Index(IDS, name="district_id"),
        geometry=[_square(number) for number in range(6)],
        crs=CITY_CRS,
    )


def _districts() -> gpd.GeoDataFrame:
    low, high = np.array(READINESS) - 0.2, np.array(READINESS) + 0.2
    people, covered = np.array(PEOPLE), np.array(COVERED)
    return _district_frame().assign(
        area_km2=4.0,
        population=people,
        density_km2=people / 4,
        readiness=READINESS,
        readiness_low=low,
        readiness_high=high,
        readiness_n=pd.array([20, 20, 20, pd.NA, pd.NA, 0], dtype="Int64"),
        readiness_reason=REASONS,
        readiness_technical=np.array(READINESS) + 0.3,
        readiness_people=np.array(READINESS) - 0.3,
        services_open=[1, 1, 0, 0, 1, 0],
        services_planned=[0, 0, 1, 0, 0, 0],
        services_per_10k=[10, 5, 0, 0, 2, np.nan],
        mean_cost=[5.0, 16.0, 33.0, np.nan, 9.5, np.nan],
        covered_share=covered,
        covered_share_planned=COVERED_PLANNED,
        people_uncovered=np.where(people > 0, people * (1 - np.nan_to_num(covered)), 0.0),
        people_unreachable=0.0,
        access_per_1000=[60.0, 20.0, 0.0, 4.0, 11.0, np.nan],
        gap_index=[0.0, 0.59, 0.74, np.nan, np.nan, np.nan],
        gap_class=["neither", "both", "readiness", "unknown", "unknown", "unknown"],
        rank=pd.array([1, 3, 2, pd.NA, pd.NA, pd.NA], dtype="Int64"),
        score=[1.0, 0.2, 0.4, np.nan, np.nan, np.nan],
    )


def _readiness() -> pd.DataFrame:
    rows = []
    for measure, shift in (("overall", 0.0), ("technical", 0.3), ("people", -0.3)):
        kind = "overall" if measure == "overall" else "construct"
        for unit, mean, reason in zip(IDS, READINESS, REASONS, strict=True):
            n = {"too_few": pd.NA, "secondary": pd.NA, "no_respondents": 0}.get(reason, 20)
            middle = mean + shift
            rows.append(
                ("district", unit, kind, measure, n, middle, 0.8, middle - 0.2, middle + 0.2)
                + (bool(reason), reason)
            )
        middle = 2.8 + shift
        rows.append(
            ("city", "city", kind, measure, 64, middle, 0.8, middle - 0.1, middle + 0.1, False, "")
        )
    columns = ["level", "unit_id", "kind", "measure", "n", "mean", "sd", "low", "high"]
    table = pd.DataFrame(rows, columns=[*columns, "suppressed", "reason"])
    return table.astype({"n": "Int64"})


def _fabrics() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "population": [6000.0, 2000.0, 3000.0, 4000.0],
            "districts": [2, 1, 1, 1],
            "readiness": [3.4, 2.2, 2.8, np.nan],
            "readiness_low": [3.2, 2.0, 2.6, np.nan],
            "readiness_high": [3.6, 2.4, 3.0, np.nan],
            "readiness_n": pd.array([20, 20, 20, pd.NA], dtype="Int64"),
            "readiness_reason": ["", "", "", "too_few"],
            "covered_share": [0.79, 0.5, 0.0, 0.25],
            "mean_cost": [8.0, 16.0, 33.0, np.nan],
            "people_uncovered": [1250.0, 1000.0, 3000.0, 3000.0],
            "access_per_1000": [20.0, 20.0, 0.0, 4.0],
        },
        index=pd.Index(["planned", "historic", "informal", "rural"], name="fabric"),
    )


def _demand() -> gpd.GeoDataFrame:
    """Four homes per peopled district, of which the covered share lies within the standard."""
    rows, places = [], []
    for number, (unit, people) in enumerate(zip(IDS, PEOPLE, strict=True)):
        if not people:
            continue
        west, south = _square(number).bounds[:2]
        for home in range(4):
            covered = home < 4 * COVERED[number]
            planned = home < 4 * COVERED_PLANNED[number]
            cost = 6.0 if covered else (np.inf if unit == "4" and home == 3 else 21.0 + 5 * home)
            rows.append((people / 4, unit, FABRIC[number], cost, covered, planned))
            places.append(Point(west + 500 + 1000 * (home % 2), south + 500 + 1000 * (home // 2)))
    columns = ["population", "district_id", "fabric", "cost", "covered", "covered_planned"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.index = pd.Index([f"c{n:06d}" for n in range(len(frame))], name="demand_id")
    frame["nearest_service"] = np.where(np.isfinite(frame["cost"]), "k1", None)
    frame["access_per_1000"] = 10.0
    return gpd.GeoDataFrame(frame, geometry=places, crs=CITY_CRS)


def _services() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            **_names("کیوسک", "Kiosk", 4),
            "type": ["kiosk", "kiosk", "post_office", "kiosk"],
            "capacity": [100.0, 200.0, np.nan, 300.0],
            "status": ["open", "open", "open", "planned"],
            "district_id": ["1", "2", "5", "3"],
            "people_within": [1000.0, 1000.0, 4750.0, 1500.0],
            "people_nearest": [3000.0, 5000.0, 7000.0, 0.0],
        },
        index=pd.Index(["k1", "k2", "k3", "k4"], name="service_id"),
        geometry=[_square(number).centroid for number in (0, 1, 4, 2)],
        crs=CITY_CRS,
    )


def _sites() -> gpd.GeoDataFrame:
    chosen = [("mclp", 1, "s1", 3), ("mclp", 2, "s2", 2), ("p_median", 1, "s2", 2)]
    frame = pd.DataFrame(chosen, columns=["model", "order", "site_id", "square"])
    frame["name_fa"] = ["ایستگاه یک", "", ""]
    frame["name_en"] = ["Station one", "", ""]
    frame["district_id"] = [IDS[number] for number in frame["square"]]
    frame["fabric"] = [FABRIC[number] for number in frame["square"]]
    frame["added"] = [2250.0, 1250.0, 30_000.0]
    frame["cumulative"] = [10_000.0, 11_250.0, 200_000.0]
    frame["share"] = [0.15, 0.083, 0.2]
    frame["kind"] = ""
    frame["reached"] = [2250.0, 1250.0, 1250.0]
    frame["nearest"] = [2250.0, 1250.0, 3000.0]
    frame["mean_cost"] = [6.0, 6.0, 11.0]
    places = [_square(number).centroid for number in frame.pop("square")]
    return gpd.GeoDataFrame(frame, geometry=places, crs=CITY_CRS)


def _before_after(model: str) -> pd.DataFrame:
    """Compare the homes' way today, with the planned kiosk, and in the plan."""
    demand = _demand()
    table = before_after(
        {
            "before": demand["cost"],
            "standing": _costs().nearest()["cost"],
            "after": _plan(model).assignment["cost"],
        },
        demand["population"],
        {"district": demand["district_id"], "fabric": demand["fabric"]},
        standard=15.0,
    )
    return table.assign(model=model)


def _curve() -> pd.DataFrame:
    """Of 15,000 people 8,250 are covered, 10,000 with one site, 11,250 with two."""
    return pd.DataFrame(
        {
            "covered": [8250.0, 10_000.0, 11_250.0],
            "share": [8250.0 / 15_000, 10_000 / 15_000, 0.75],
            "added": [np.nan, 1750.0, 1250.0],
            "bound": [8250.0, 10_000.0, 11_250.0],
            "gap": 0.0,
            "kept": [0, 0, 1],
            "sites": [(), ("s1",), ("s1", "s2")],
        },
        index=pd.Index([0, 1, 2], name="p"),
    )


def _plan(model: str) -> SitingPlan:
    demand, sites = _demand(), _sites()
    chosen = sites[sites["model"] == model].set_index("site_id")
    cost = np.where(demand["covered_planned"], 6.0, 25.0)
    # Each new site serves the homes of the district that it stands in.
    mine = {chosen.loc[site, "district_id"]: site for site in chosen.index}
    nearest = [mine.get(district, "k1") for district in demand["district_id"]]
    return SitingPlan(
        model=model,
        sites=chosen.index,
        existing=pd.Index(["k1", "k2", "k3", "k4"]),
        assignment=pd.DataFrame({"facility_id": nearest, "cost": cost}, index=demand.index),
        objective=11_250.0,
        bound=11_250.0,
        gap=0.0,
        status="optimal",
        gains=pd.DataFrame(chosen[["added", "cumulative", "share"]]),
        standard=15.0 if model == "mclp" else None,
        unit="min",
        unreachable=pd.Index([]),
        ties=0,
        seconds=0.1,
    )


def _ranking() -> Ranking:
    table = pd.DataFrame(
        {
            "rank": pd.array([1, 2, 3, pd.NA, pd.NA, pd.NA], dtype="Int64"),
            "score": [1.0, 0.4, 0.2, np.nan, np.nan, np.nan],
            "rank_low": pd.array([1, 2, 2, pd.NA, pd.NA, pd.NA], dtype="Int64"),
            "rank_high": pd.array([1, 3, 3, pd.NA, pd.NA, pd.NA], dtype="Int64"),
            "readiness": [1.0, 0.5, 0.0, np.nan, np.nan, np.nan],
            "coverage": [1.0, 0.0, 0.5, 0.25, 0.75, np.nan],
            "access": [1.0, 0.0, 0.3, 0.1, 0.2, np.nan],
            "reason": ["", "", "", "readiness", "readiness", "readiness, coverage, access"],
        },
        index=pd.Index(["1", "3", "2", "4", "5", "6"], name="district_id"),
    )
    weights = pd.Series({"readiness": 1 / 3, "coverage": 1 / 3, "access": 1 / 3})
    return Ranking(table=table, weights=weights, confidence=0.95, draws=2000, seed=1)


def _costs() -> CostMatrix:
    """Travel from each home to each service; only the open ones of its own district are near."""
    demand = _demand()
    costs = pd.DataFrame(40.0, index=demand.index, columns=["k1", "k2", "k3", "k4"])
    costs["k1"] = np.minimum(demand["cost"], 60.0)
    half = demand.index[(demand["district_id"] == "3").to_numpy()][:2]
    costs.loc[half, "k4"] = 10.0
    return CostMatrix.from_frame(costs, unit="min")


def _city() -> dict[str, float | int | str]:
    return {
        "population": 15_000.0,
        "population_outside": 0.0,
        "area_km2": 24.0,
        "respondents": 64,
        "services_open": 3,
        "services_planned": 1,
        "covered_share": 6750 / 15_000,
        "covered_share_planned": 11_250 / 15_000,
        "people_uncovered": 8250.0,
        "people_unreachable": 1000.0,
        "people_both": 2000.0,
        "uncovered_both": 1000.0,
        "mean_cost": 16.4,
        "gini": 0.41,
        "lower_half": 0.18,
        "between_fabrics": 0.25,
        "concentration": 0.12,
        "moran_i": np.nan,
        "moran_p": np.nan,
        "readiness": 2.8,
        "readiness_low": 2.7,
        "readiness_high": 2.9,
        "standard": 15.0,
        "unit": "min",
        "measure": "streets",
        "p": 2,
    }


def _study() -> Study:
    districts = _district_frame()
    demand, services, sites = _demand(), _services(), _sites()
    instrument = Instrument(
        name=Label(fa="پرسشنامهٔ آمادگی", en="Readiness questionnaire"),
        scale_min=1,
        scale_max=5,
        constructs=(
            Construct(
                id="technical",
                label=Label(fa="زیرساخت‌های فنی", en="Technical infrastructure"),
                items=(Item(id="network", label=Label(fa="شبکه", en="Network")),),
            ),
            Construct(
                id="people",
                label=Label(fa="مردم", en="People"),
                items=(Item(id="skills", label=Label(fa="مهارت", en="Skills")),),
            ),
        ),
    )
    responses = pd.DataFrame(
        {
            "network": pd.array([3] * 64, dtype="Int64"),
            "skills": pd.array([3] * 64, dtype="Int64"),
            "district_id": (IDS[:3] * 20 + ["4", "4", "5", "5"]),
            "fabric": "planned",
            "weight": 1.0,
        },
        index=pd.Index([f"r{number:03d}" for number in range(64)], name="respondent_id"),
    )
    candidates = sites.iloc[:2].set_index("site_id")
    return Study(
        id="squares",
        name=Label(fa="شش‌گوش", en="Six squares"),
        crs=CRS(CITY_CRS),
        synthetic=True,
        note=Label(fa="داده‌ها برای آزمون ساخته شده‌اند.", en="Made for the tests."),
        districts=districts,
        fabrics=None,
        demand=demand[["population", "district_id", "fabric", "geometry"]],
        services=services.drop(columns=["people_within", "people_nearest"]),
        candidates=candidates[["name_fa", "name_en", "district_id", "fabric", "geometry"]],
        streets=None,
        instrument=instrument,
        responses=responses,
        options=Options(
            measure="streets",
            unit="min",
            standard=15.0,
            catchment=15.0,
            p=2,
            fabric_labels={"informal": Label(fa="غیررسمی", en="Informal")},
            type_labels={"kiosk": Label(fa="کیوسک", en="Kiosk")},
        ),
    )
