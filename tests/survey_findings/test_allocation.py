"""The table of allocation: shares by people, and by people times spread."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from ecity_geo.datasets import load_tabriz
from ecity_geo.survey_findings import analyse_survey
from ecity_geo.survey_findings.data import survey_data


def test_neyman_goes_by_people_times_spread() -> None:
    study = load_tabriz()
    table = analyse_survey(study, only=["allocation"]).tables["allocation"].set_index("district_id")
    n = len(study.responses)
    assert table["neyman"].sum() == table["proportional"].sum() == n
    # Neyman's formula by hand: N S over the sum of all, to the nearest or the next.
    data = survey_data(study)
    by_district = data.scores["overall"].groupby(data.groupings["district"])
    spread = by_district.std().reindex(table.index).fillna(data.scores["overall"].std())
    exact = n * table["population"] * spread / (table["population"] * spread).sum()
    assert (table["neyman"] - exact).abs().max() < 1


def test_a_district_too_small_to_tell_of_takes_the_spread_of_all() -> None:
    study = load_tabriz()
    strict = replace(study, options=replace(study.options, min_count=1000))
    table = analyse_survey(strict, only=["allocation"]).tables["allocation"]
    pd.testing.assert_series_equal(table["neyman"], table["proportional"], check_names=False)


def test_answers_all_alike_have_no_spread_to_go_by() -> None:
    study = load_tabriz()
    items = [item.id for item in study.instrument.items]
    same = study.responses.assign(**dict.fromkeys(items, 3))
    table = analyse_survey(replace(study, responses=same), only=["allocation"]).tables["allocation"]
    assert "neyman" not in table
    assert table["proportional"].sum() == pytest.approx(len(same))
