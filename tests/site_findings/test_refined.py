"""Sites of a study moved off their candidates: what is said holds when it is measured anew."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import geopandas as gpd
import pandas as pd
import pytest

import city
import ecity_geo
from ecity_geo.errors import AnalysisError
from ecity_geo.findings import travel_costs
from ecity_geo.geo.travel import straight_line
from ecity_geo.site_findings import refined, site
from ecity_geo.site_findings.work import standing
from ecity_geo.study import Study


@lru_cache(maxsize=1)
def study() -> Study:
    loaded = ecity_geo.load_study(city.write_city(Path(mkdtemp())))
    return replace(loaded, options=replace(loaded.options, p=3, standard=330.0))


def moved(study: Study, farthest: float = 400.0) -> gpd.GeoDataFrame:
    return refined(study, travel_costs(study), farthest=farthest)


def test_moved_sites_measured_anew_give_the_objective_that_is_said() -> None:
    found = moved(study())
    people = study().demand["population"]
    plans = site(study(), travel_costs(study())).plans
    old = study().services.loc[standing(study()), ["geometry"]]
    for model, mine in found.groupby("model"):
        layer = gpd.GeoDataFrame(pd.concat([old, mine[["geometry"]]]), crs=study().crs)
        way = straight_line(study().demand, layer).nearest()["cost"]
        again = people[way <= 330].sum() if model == "mclp" else (people * way).sum()
        assert mine["before"].unique() == pytest.approx([plans[model].objective])
        assert mine["after"].unique() == pytest.approx([again])
        assert mine["site_id"].tolist() == plans[model].sites.tolist()
    assert (found["moved"] <= 400).all()
    assert found.within(study().districts.union_all()).all()
    held = study().districts.geometry.loc[found["district_id"]]
    assert found.within(held.reset_index(drop=True)).all()


def test_a_plan_with_a_site_outside_the_districts_may_leave_them() -> None:
    away = study().candidates.copy()
    away["geometry"] = away.translate(yoff=-1200.0)
    away["district_id"] = None
    found = moved(replace(study(), candidates=away), farthest=2000.0)
    assert (found["after"] != found["before"]).any()


def test_models_without_a_best_place_of_their_own_are_refused() -> None:
    options = replace(study().options, models=("lscp", "p_center"))
    with pytest.raises(AnalysisError, match="None of the models lscp, p_center can be refined"):
        moved(replace(study(), options=options))
