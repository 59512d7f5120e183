"""Tables of the models of a survey, where a construct is too short to be tested."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecity_geo.datasets import load_tabriz
from ecity_geo.outputs.reasons import reason_text
from ecity_geo.outputs.text import catalogue
from ecity_geo.study import Study
from ecity_geo.survey_findings import analyse_survey


@pytest.fixture(scope="module")
def three_items() -> Study:
    study = load_tabriz()
    first = study.instrument.constructs[2]
    short = replace(first, items=first.items[:3])
    return replace(study, instrument=replace(study.instrument, constructs=(short,)))


def test_a_model_that_fits_any_answers_says_so_beside_its_figures(three_items: Study) -> None:
    # Three items have three covariances, and one factor three loadings: nothing is left to test.
    table = analyse_survey(three_items, only=["cfa-fit"]).tables["cfa-fit"]
    assert table["df"].eq(0).all()
    assert table["chi_square"].to_numpy() == pytest.approx(0, abs=1e-8)
    assert table["problem"].str.contains("no degrees of freedom").all()
    # As R lavaan has them for both robust estimators: fits, and no more.
    robust = table.loc[table["estimator"] != "ML", ["cfi_robust", "tli_robust", "rmsea_robust"]]
    assert robust.to_numpy().tolist() == [[1, 1, 0]] * 2
    assert reason_text(table["problem"][0], "fa") != catalogue("fa")["reasons.unknown"]


def test_an_item_nobody_turned_round_is_named_beside_reliability() -> None:
    study = load_tabriz()
    responses = study.responses.assign(it_users=6 - study.responses["it_users"])
    table = analyse_survey(replace(study, responses=responses), only=["validity"]).tables[
        "validity"
    ]
    problems = table.set_index("construct")["problem"]
    assert "load: it_users." in problems["organisation"]
    assert problems["services"] == ""
    assert reason_text(problems["organisation"], "fa") != catalogue("fa")["reasons.unknown"]


def test_steps_of_invariance_stand_for_numbers_and_for_ordered_answers() -> None:
    study = load_tabriz()
    halves = study.responses["district_id"].isin(["1", "3", "5", "7"])
    fabric = pd.Series(np.where(halves, "planned", "rural"), index=halves.index)
    answers = [item.id for item in study.instrument.items]
    # Rare answers are joined, so that each group has each of them.
    joined = study.responses[answers].clip(upper=4).clip(lower=2)
    organisation = study.instrument.constructs[2]
    four = replace(organisation, items=organisation.items[:4])
    few = replace(study.instrument, constructs=(four,))
    study = replace(
        study, instrument=few, responses=study.responses.assign(fabric=fabric, **joined)
    )
    table = analyse_survey(study, only=["invariance"]).tables["invariance"]
    assert table["by"].eq("fabric").all()
    steps = table.groupby("estimator", sort=False)["step"].agg(list)
    assert steps["ML"] == ["configural", "metric", "scalar", "strict"]
    assert steps["WLSMV"][:2] == ["configural", "thresholds"]
    assert table["problem"].iloc[5].startswith("Items of three answers")
    # An answer that one group alone gives: no figure, and a reason.
    users = study.responses["it_users"]
    lacking = study.responses.assign(it_users=users.mask(halves & (users == 2), 3))
    bare = replace(study, responses=lacking)
    table = analyse_survey(bare, only=["invariance"]).tables["invariance"]
    last = table.iloc[-1]
    assert (last["estimator"], last["verdict"]) == ("WLSMV", "no answer")
    assert reason_text(last["problem"], "fa") != catalogue("fa")["reasons.unknown"]
