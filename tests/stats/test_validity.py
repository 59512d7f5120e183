"""Instrument quality: content, factorability, omega, AVE, HTMT against R and published values."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.content import content_validity, critical_cvr
from ecity_geo.stats.factorability import factorability
from ecity_geo.stats.omega import omega, omegas, ordinal_alpha
from ecity_geo.stats.reliability import cronbach_alpha
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.stats.validity import convergent_validity, fornell_larcker, htmt

REFERENCE = Path(__file__).parent / "reference"
CONSTRUCTS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"]} | {
    "speed": ["x7", "x8", "x9"]
}
MODEL = "\n".join(f"{name} =~ {' + '.join(items)}" for name, items in CONSTRUCTS.items())
R: dict[str, Any] = json.loads((REFERENCE / "validity.json").read_text())
PUBLISHED: dict[str, Any] = json.loads((REFERENCE / "ave_cr_htmt_hs.json").read_text())


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")


@pytest.fixture(scope="module")
def fit(hs: pd.DataFrame) -> SemFit:
    return fit_model(MODEL, hs)


# --- content validity


def panel(essential: list[int], relevance: list[int | None] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"item": "a", "panelist": range(len(essential)), "essential": essential})
    return frame if relevance is None else frame.assign(relevance=relevance)


def test_critical_ratios_are_the_exact_ones_of_r() -> None:
    table = pd.read_csv(REFERENCE / "cvr_lawshe.csv")
    for row in table.itertuples():
        needed, ratio = critical_cvr(int(row.N))
        assert (needed, ratio) == (row.ne_crit_exact, pytest.approx(row.cvr_crit_exact))
    # Ayre & Scally 2014, table 2: 9 of 10, against Lawshe's printed .62.
    assert critical_cvr(10) == (9, pytest.approx(0.8))


def test_a_panel_too_small_can_never_be_sure() -> None:
    needed, ratio = critical_cvr(4)
    assert needed == 5
    assert ratio > 1


def test_ratio_and_indices_by_hand() -> None:
    # Polit, Beck & Owen 2007, table 3: 6 experts of whom 5 agree: I-CVI .83, chance .094, k* .81.
    found = content_validity(panel([1, 1, 1, 1, 1, 2], [4, 4, 3, 3, 4, 2]))
    row = found.items.loc["a"]
    assert row["cvr"] == pytest.approx(2 / 3)
    assert row["cvr_critical"] == 1
    assert row["i_cvi"] == pytest.approx(5 / 6)
    assert row["kappa"] == pytest.approx(0.8160, abs=1e-4)
    assert row["verdict"] == "look"
    assert (found.s_cvi_average, found.s_cvi_universal) == (pytest.approx(5 / 6), 0)


def test_missing_ratings_are_left_out_and_counted() -> None:
    found = content_validity(panel([1] * 6, [4, 4, None, 4, 3, 3]))
    assert found.missing == 1
    assert found.items.loc["a", "raters"] == 5
    assert found.items.loc["a", "verdict"] == "keep"


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"item": ["a"]}), "needs the columns"),
        (panel([1, 4]), "none of 1 to 3"),
        (pd.concat([panel([1]), panel([1])]), "twice"),
        (panel([1])[:0], "no ratings"),
        (panel([1]).assign(essential=np.nan), "Nobody"),
    ],
)
def test_faults_of_a_panel_are_said(frame: pd.DataFrame, told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        content_validity(frame)


# --- factorability


def test_kmo_and_bartlett_are_those_of_psych() -> None:
    theirs = json.loads((REFERENCE / "kmo_bartlett.json").read_text())
    ours = factorability(pd.read_csv(REFERENCE / "bfi_182x25.csv").iloc[:, :18])
    assert ours.kmo == pytest.approx(theirs["kmo"], abs=1e-9)
    assert ours.word == "middling"
    np.testing.assert_allclose(ours.items, list(theirs["msa"].values()), atol=1e-9)
    assert ours.chi_square == pytest.approx(theirs["bartlett_chisq"], rel=1e-9)
    assert (ours.df, ours.p) == (theirs["df"], pytest.approx(theirs["p"], rel=1e-6))


def test_an_item_made_of_others_is_said(hs: pd.DataFrame) -> None:
    made = hs[["x1", "x2"]].assign(both=hs["x1"] + hs["x2"])
    with pytest.raises(AnalysisError, match="made of others"):
        factorability(made)


# --- omega


def test_omega_is_that_of_lavaan() -> None:
    ours = omega(pd.read_csv(REFERENCE / "attitude.csv"))
    assert (ours.omega, ours.low, ours.high) == pytest.approx(R["attitude_omega"], abs=2e-5)


def test_ordinal_alpha_is_alpha_of_polychorics() -> None:
    answers = pd.read_csv(REFERENCE / "bfi_182x25.csv").iloc[:, 1:5].dropna()
    assert ordinal_alpha(answers) == pytest.approx(R["ordinal_alpha"], abs=1e-6)


def test_omega_and_alpha_agree_where_items_are_alike() -> None:
    # Equal loadings and errors make both the same (McDonald 1999); the sample decides the rest.
    rng = np.random.default_rng(0)
    answers = pd.DataFrame(rng.normal(size=(4000, 1)) + rng.normal(size=(4000, 4)))
    answers.columns = list("abcd")
    assert omega(answers).omega == pytest.approx(cronbach_alpha(answers).alpha, abs=1e-3)


def test_constructs_without_omega_have_a_reason(hs: pd.DataFrame) -> None:
    table = omegas(hs, {"visual": ["x1", "x2", "x3"], "pair": ["x1", "x2"]})
    assert table.loc["visual", "omega"] > 0.6
    assert np.isnan(table.loc["pair", "omega"])
    assert "three items" in table.loc["pair", "reason"]


# --- validity


def test_reliability_and_variance_are_those_of_semtools(fit: SemFit) -> None:
    ours = convergent_validity(fit)
    (omegas_of_r,) = (row for row in PUBLISHED["semtools_reliability"] if row["_row"] == "omega")
    for name in CONSTRUCTS:
        assert ours.loc[name, "cr"] == pytest.approx(PUBLISHED["cr_std"][name], abs=1e-6)
        assert ours.loc[name, "ave"] == pytest.approx(PUBLISHED["ave_std"][name], abs=1e-6)
        assert ours.loc[name, "omega"] == pytest.approx(omegas_of_r[name], abs=1e-6)
        assert ours.loc[name, "ave_raw"] == pytest.approx(R["ave"][name], abs=1e-6)
    assert ours["verdict"].tolist() == ["weak", "holds", "weak"]


def test_fornell_larcker_is_the_published_matrix(fit: SemFit) -> None:
    ours = fornell_larcker(fit)
    phi = pd.DataFrame(PUBLISHED["phi"]).set_index("_row")
    for a, b in combinations(CONSTRUCTS, 2):
        assert ours.loc[b, a] == pytest.approx(phi.loc[b, a], abs=1e-5)
        assert np.isnan(ours.loc[a, b])
    for name, root in PUBLISHED["sqrt_ave"].items():
        assert ours.loc[name, name] == pytest.approx(root, abs=1e-6)
    assert ours["holds"].all()


@pytest.mark.parametrize("variant", ["htmt", "htmt2"])
def test_htmt_is_that_of_semtools(hs: pd.DataFrame, variant: str) -> None:
    ours = htmt(hs, CONSTRUCTS, variant=variant, replicates=500, seed=3)
    np.testing.assert_allclose(ours["htmt"], R[variant], atol=1e-8)
    assert (ours["low"] < ours["htmt"]).all()
    assert (ours["htmt"] < ours["high"]).all()
    assert ours["verdict"].eq("distinct").all()


def test_resamples_are_what_drawing_rows_gives(hs: pd.DataFrame) -> None:
    """The matrix product against resampled rows and numpy's corrcoef."""
    answers = hs[[item for items in CONSTRUCTS.values() for item in items]]
    fast = htmt(answers, CONSTRUCTS, replicates=400, seed=1)
    rng = np.random.default_rng(5)
    slow = [_htmt(answers.iloc[rng.integers(0, 301, 301)]) for _ in range(400)]
    low, high = np.quantile(slow, [0.025, 0.975])
    first = fast.iloc[0]
    assert (first["low"], first["high"]) == pytest.approx((low, high), abs=0.04)


def _htmt(answers: pd.DataFrame) -> float:
    size = answers.corr().abs()
    a, b = CONSTRUCTS["visual"], CONSTRUCTS["textual"]
    within = [np.mean([size.loc[i, j] for i, j in combinations(own, 2)]) for own in (a, b)]
    return float(size.loc[a, b].to_numpy().mean() / np.sqrt(within[0] * within[1]))


@given(st.integers(0, 1000), st.floats(0.1, 20), st.floats(-9, 9))
@settings(max_examples=10, deadline=None)
def test_units_and_signs_change_no_htmt(seed: int, size: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    answers = pd.DataFrame(
        rng.normal(size=(60, 4)) + rng.normal(size=(60, 1)), columns=list("abcd")
    )
    parts = {"p": ["a", "b"], "q": ["c", "d"]}
    other = answers * [size, -1, 1, -size] + shift
    names = ["htmt", "low", "high"]
    np.testing.assert_allclose(
        htmt(answers, parts, replicates=100)[names],
        htmt(other, parts, replicates=100)[names],
        rtol=1e-6,
    )


def test_what_has_no_validity_is_said(hs: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="two constructs"):
        htmt(hs, {"visual": ["x1", "x2"], "one": ["x3"]})
    crossed = fit_model("a =~ x1 + x2 + x3 + x4\nb =~ x4 + x5 + x6", hs)
    with pytest.raises(AnalysisError, match="one construct each"):
        convergent_validity(crossed)
    tied = fit_model("a =~ x4 + x5 + x6 + x7 + x8 + x9\nx7 ~~ x8", hs)
    with pytest.raises(AnalysisError, match="not correlated"):
        convergent_validity(tied)
    alone = fit_model("a =~ x1 + x2 + x3", hs)
    with pytest.raises(AnalysisError, match="One construct"):
        fornell_larcker(alone)
