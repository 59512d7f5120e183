"""Steps of invariance of ordered answers against lavaan (reference/invariance_ordinal.R)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.invariance import ORDERED_STEPS, invariance
from ecity_geo.stats.sem_moments import select_sample
from ecity_geo.stats.sem_ordinal_groups import ThresholdDiscrepancy, fit_ordered_groups
from ecity_geo.stats.sem_ordinal_sample import ordered_samples
from ecity_geo.stats.sem_syntax import parse_syntax

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "invariance_ordinal.json").read_text("utf-8"))
ITEMS = ["A2", "A3", "A4", "A5", "N1", "N2", "N3", "N4"]
MODEL = "a =~ A2 + A3 + A4 + A5\nn =~ N1 + N2 + N3 + N4"
ENDS = {"three": (3, 5), "four": (2, 5), "six": (1, 6)}


@pytest.fixture(scope="module")
def traits() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "bfi_182x25.csv")


@pytest.fixture(scope="module")
def groups(traits: pd.DataFrame) -> pd.Series:
    return pd.Series(np.where(traits["C2"] > 4, "high", "low"))


@pytest.mark.parametrize("case", list(ENDS))
def test_steps_and_scaled_differences_are_those_of_lavaan(
    case: str, traits: pd.DataFrame, groups: pd.Series
) -> None:
    answers = traits[ITEMS].clip(*ENDS[case])
    ours = invariance(MODEL, answers, groups, estimator="WLSMV").set_index("step")
    assert list(ours.index) == list(ORDERED_STEPS)
    for step, theirs in R[case]["indices"].items():
        for name, other in (("chi_square", "chisq.scaled"), ("p", "pvalue.scaled")):
            assert ours.loc[step, name] == pytest.approx(theirs[other], rel=1e-5)
        assert ours.loc[step, "df"] == theirs["df"]
        for name, other in (("cfi", "cfi.scaled"), ("rmsea", "rmsea.scaled"), ("srmr", "srmr")):
            assert ours.loc[step, name] == pytest.approx(theirs[other], abs=2e-6)
    for step, (chi_square, df, p) in zip(list(ours.index)[1:], R[case]["differences"], strict=True):
        assert ours.loc[step, "delta_df"] == df
        if df:
            assert ours.loc[step, "delta_chi_square"] == pytest.approx(chi_square, rel=1e-4)
            assert ours.loc[step, "p_delta"] == pytest.approx(p, rel=1e-4)


def test_equal_thresholds_of_three_answers_hold_nothing_and_say_so(
    traits: pd.DataFrame, groups: pd.Series
) -> None:
    # Wu and Estabrook's proposition 1: as many levels and spreads are freed as thresholds held.
    ours = invariance(MODEL, traits[ITEMS].clip(3, 5), groups, estimator="WLSMV").iloc[1]
    assert ours["delta_df"] == 0
    assert np.isnan(ours["p_delta"])
    assert "nothing equal yet" in ours["problem"]


def test_groups_drawn_alike_hold_every_step_and_another_level_is_found() -> None:
    rng = np.random.default_rng(3)
    factor = rng.normal(size=1200)
    behind = 0.75 * factor[:, None] + 0.66 * rng.normal(size=(1200, 5))
    answers = pd.DataFrame(np.digitize(behind, [-1, -0.2, 0.6, 1.3]), columns=list("vwxyz"))
    groups = pd.Series(np.arange(1200) % 2)
    alike = invariance("f =~ v + w + x + y + z", answers, groups, estimator="WLSMV")
    assert alike["verdict"].tolist() == ["base", *["holds"] * 4]
    assert (alike["p_delta"][1:] > 0.01).all()
    # The second group answers z alone some half a standard deviation higher.
    behind[1::2, 4] += 0.5
    answers = pd.DataFrame(np.digitize(behind, [-1, -0.2, 0.6, 1.3]), columns=list("vwxyz"))
    moved = invariance("f =~ v + w + x + y + z", answers, groups, estimator="WLSMV")
    assert moved["verdict"].tolist()[:4] == ["base", "holds", "holds", "does not hold"]
    assert moved["p_delta"][3] < 1e-6


def test_derivatives_are_difference_quotients(traits: pd.DataFrame, groups: pd.Series) -> None:
    samples = ordered_samples(
        select_sample(traits[ITEMS].clip(2, 5), ITEMS, groups=groups), ITEMS, missing="complete"
    )
    equal = ("thresholds", "loadings")
    found = fit_ordered_groups(parse_syntax(MODEL), samples, equal=equal)
    made: ThresholdDiscrepancy = found.discrepancy
    theta = found.theta + np.random.default_rng(0).normal(0, 0.05, made.count)
    gradient = made.evaluate(theta).gradient
    for at in range(made.count):
        step = np.zeros(made.count)
        step[at] = 1e-5
        quotient = (made.value(theta + step) - made.value(theta - step)) / 2e-5
        assert gradient[at] == pytest.approx(quotient, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(
    ("model", "ends", "told"),
    [
        (MODEL, (4, 5), "three answers to each item"),
        (f"{MODEL}\nn ~ a", (2, 5), "Line 3 .* n ~ a"),
        (f"{MODEL}\na ~~ 0*n", (2, 5), "without labels or fixed values"),
        ("a =~ A2 + A3 + A4 + A5\nn =~ N1", (2, 5), "not identified"),
    ],
)
def test_what_has_no_steps_is_said(
    model: str, ends: tuple[int, int], told: str, traits: pd.DataFrame, groups: pd.Series
) -> None:
    with pytest.raises(AnalysisError, match=told):
        invariance(model, traits[ITEMS].clip(*ends), groups, estimator="WLSMV")


def test_an_answer_that_a_group_lacks_is_named(traits: pd.DataFrame, groups: pd.Series) -> None:
    answers = traits[ITEMS].clip(2, 5)
    lacking = answers.mask((answers["A2"] == 2) & (groups == "high"), 3)
    with pytest.raises(AnalysisError, match="'high' answered 2 to 'A2'"):
        invariance(MODEL, lacking, groups, estimator="WLSMV")
