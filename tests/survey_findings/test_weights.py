"""Tables of a survey with weights say whether these are in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecity_geo.datasets import load_tabriz
from ecity_geo.outputs.statistics import statistics_page
from ecity_geo.survey_findings import SurveyFindings, analyse_survey

ASKED = ["sample-size", "reliability", "one-sample", "friedman", "loadings", "groups", "soar"]


@pytest.fixture(scope="module")
def weighted() -> SurveyFindings:
    study = load_tabriz()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(study.responses))
    study = replace(study, responses=study.responses.assign(weight=weight))
    return analyse_survey(study, only=ASKED)


def test_each_table_of_answers_tells_of_the_weights(weighted: SurveyFindings) -> None:
    said = {name: table.get("weights") for name, table in weighted.tables.items()}
    assert said["one-sample"].eq("used").all()
    for name in ("reliability", "friedman", "loadings", "groups"):
        assert said[name].eq("not used").all()
    assert said["sample-size"] is None
    assert said["soar"] is None


def test_the_page_says_so_in_the_note_of_each_table(weighted: SurveyFindings) -> None:
    page = statistics_page(weighted, "en", languages=("en",), alone=True)
    # Once a table: in the note of three, and upright in that of Friedman's one row.
    assert page.count("not used") == 4
    assert "به کار نرفته" in statistics_page(weighted, "fa", languages=("fa",), alone=True)


def test_equal_weights_are_not_spoken_of() -> None:
    tables = analyse_survey(load_tabriz(), only=["reliability", "one-sample"]).tables
    assert not any("weights" in table for table in tables.values())
