"""Respondents that an alpha needs: against published counts, psych, and simulated samples."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.alpha_precision import (
    pilot_reliability,
    respondents_for_lower_limit,
    respondents_for_width,
)
from ecity_geo.stats.reliability import alpha_interval, cronbach_alpha

REFERENCE = Path(__file__).parent / "reference"


def bfi() -> pd.DataFrame:
    data = pd.read_csv(REFERENCE / "bfi_182x25.csv")
    return data.assign(A1=7 - data["A1"])


def test_feldt_ends_are_those_of_psych() -> None:
    for row in json.loads((REFERENCE / "validity.json").read_text())["feldt"]:
        ends = alpha_interval(row["alpha"], n=row["n"], items=row["items"])
        assert ends == pytest.approx(row["ends"], abs=1e-9)


def test_bonett_ends_by_hand() -> None:
    # n = 30, k = 6: √(2·6 / (5·28)) = .29277, times 1.95996 = .57382; .3 · 29/30 = .29.
    low, high = alpha_interval(0.7, n=30, items=6, method="bonett")
    assert low == pytest.approx(1 - 0.29 * np.exp(0.57382), abs=1e-5)
    assert high == pytest.approx(1 - 0.29 * np.exp(-0.57382), abs=1e-5)


@pytest.mark.parametrize(
    ("alpha", "items", "width", "method", "n"),
    [
        # Examples printed with R's statpsych, size.ci.cronbach (Bonett & Wright 2015).
        (0.85, 5, 0.10, "feldt", 89),
        (0.75, 5, 0.15, "feldt", 109),
        # Examples printed with R's presize, prec_cronb (the same source).
        (0.70, 5, 0.10, "bonett", 349),
        (0.80, 7, 0.10, "bonett", 147),
    ],
)
def test_respondents_for_a_width_are_the_published_ones(
    alpha: float, items: int, width: float, method: str, n: int
) -> None:
    assert respondents_for_width(alpha, items, width=width, method=method) == n


def test_respondents_for_a_lower_limit_are_near_bonett_s() -> None:
    # statpsych's printed example, size.test.cronbach(.05, .85, .80, 5, .7): 139, by his formula.
    found = respondents_for_lower_limit(0.8, 5, lower=0.7, power=0.85)
    z = stats.norm.isf(0.025) + stats.norm.isf(0.15)
    formula = 2 * 5 / 4 * (z / log(0.3 / 0.2)) ** 2 + 2
    assert np.ceil(formula) == 139
    assert abs(found - formula) < 5


def test_so_many_respondents_reach_the_limit_as_often_as_wanted() -> None:
    """Samples of five normal items of alpha .8, whose intervals shall begin at .7 in 85 of 100."""
    n = respondents_for_lower_limit(0.8, 5, lower=0.7, power=0.85)
    rng = np.random.default_rng(7)
    # Parallel items: alpha = k r / (1 + (k - 1) r) is .8 at r = 4/9.
    common, own = rng.normal(size=(4000, n, 1)), rng.normal(size=(4000, n, 5))
    answers = common * np.sqrt(4 / 9) + own * np.sqrt(5 / 9)
    spread = answers.var(axis=1, ddof=1).sum(axis=1) / answers.sum(axis=2).var(axis=1, ddof=1)
    alphas = 5 / 4 * (1 - spread)
    lows = np.array([alpha_interval(float(alpha), n=n, items=5)[0] for alpha in alphas[:2000]])
    assert (lows >= 0.7).mean() == pytest.approx(0.85, abs=0.025)


@settings(max_examples=25, deadline=None)
@given(
    alpha=st.floats(0.3, 0.95),
    items=st.integers(2, 20),
    width=st.floats(0.05, 0.5),
    method=st.sampled_from(["feldt", "bonett"]),
)
def test_one_respondent_fewer_is_too_few(
    alpha: float, items: int, width: float, method: str
) -> None:
    n = respondents_for_width(alpha, items, width=width, method=method)
    assert _width(alpha, n, items, method) <= width
    assert n == 3 or _width(alpha, n - 1, items, method) > width


def _width(alpha: float, n: int, items: int, method: str) -> float:
    low, high = alpha_interval(alpha, n=n, items=items, method=method)
    return high - low


def test_a_pilot_tells_what_it_can() -> None:
    constructs = {
        "agree": ["A1", "A2", "A3", "A4", "A5"],
        "calm": ["N1", "N2", "N3", "N4", "N5"],
        "one": ["E1"],
    }
    table = pilot_reliability(bfi().head(30), constructs, lower=0.7)
    calm = cronbach_alpha(bfi().head(30)[constructs["calm"]])
    row = table.loc["calm"]
    assert (row["alpha"], row["low"], row["high"]) == (calm.alpha, calm.low, calm.high)
    assert row["verdict"] == "cannot tell"
    assert row["needed"] == respondents_for_lower_limit(calm.alpha, 5, lower=0.7) > 30
    assert row["reason"] == ""
    # An alpha that is not above the wanted one can never be shown to be.
    assert table.loc["agree", "needed"] is pd.NA
    assert "No number of respondents" in table.loc["agree", "reason"]
    assert table.loc["one", "reason"] == "one_item"
    assert table.index[-1] == "overall"


def test_a_pilot_s_verdict_follows_its_interval() -> None:
    constructs = {"calm": ["N1", "N2", "N3", "N4", "N5"]}
    told = {
        lower: pilot_reliability(bfi(), constructs, lower=lower).loc["calm", "verdict"]
        for lower in (0.5, 0.8, 0.95)
    }
    assert told == {0.5: "above", 0.8: "cannot tell", 0.95: "below"}


def test_what_cannot_be_counted_is_said() -> None:
    with pytest.raises(AnalysisError, match=r"an alpha of 0\.600 above 0\.700"):
        respondents_for_lower_limit(0.6, 5, lower=0.7)
    with pytest.raises(AnalysisError, match="10,000,000"):
        respondents_for_lower_limit(0.70001, 5, lower=0.7)
    with pytest.raises(AnalysisError, match="power"):
        respondents_for_lower_limit(0.8, 5, lower=0.7, power=1.0)
    with pytest.raises(AnalysisError, match="two items"):
        respondents_for_lower_limit(0.8, 1, lower=0.7)
    with pytest.raises(AnalysisError, match="not above 0"):
        respondents_for_width(0.8, 5, width=0.0)
    with pytest.raises(AnalysisError, match="below 1"):
        alpha_interval(1.0, n=30, items=5)
    with pytest.raises(AnalysisError, match="three respondents"):
        alpha_interval(0.8, n=2, items=5)
    with pytest.raises(AnalysisError, match="No interval 'wald'"):
        alpha_interval(0.8, n=30, items=5, method="wald")
