"""Tables of a survey with a small district: nothing that is shown gives away how small it is."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from ecity_geo.datasets import load_tabriz
from ecity_geo.study import Study
from ecity_geo.survey_findings import analyse_survey


@pytest.fixture(scope="module")
def study() -> Study:
    return load_tabriz()


def with_few(study: Study, few: int) -> tuple[Study, str, pd.Series]:
    """Return the study with so many respondents of its smallest district, its id, and sizes."""
    responses = study.responses
    smallest = str(responses["district_id"].value_counts().index[-1])
    there = responses.index[responses["district_id"] == smallest]
    kept = responses.drop(there[few:])
    counts = kept["district_id"].value_counts()
    return replace(study, responses=kept), smallest, counts


def test_left_out_is_never_a_small_district_alone(study: Study) -> None:
    small, _, counts = with_few(study, 3)
    table = analyse_survey(small, only=["groups"]).tables["groups"]
    districts = table[table["by"] == "district"]
    # The next smallest hides it: all that can be worked out is what both have together.
    assert districts["left_out"].eq(3 + counts.iloc[-2]).all()
    assert districts["groups"].eq(len(counts) - 2).all()
    pairs = analyse_survey(small, only=["group-pairs"]).tables["group-pairs"]
    named = pairs.loc[pairs["by"] == "district", ["first", "second"]]
    assert not named.isin(counts.index[-2:]).to_numpy().any()


def test_a_reason_does_not_tell_who_stands_alone(study: Study) -> None:
    alone, smallest, _ = with_few(study, 1)
    reason = analyse_survey(alone, only=["estimates"]).untold["estimates"]
    assert "too few respondents" in reason
    assert smallest not in reason
    assert "One" not in reason
