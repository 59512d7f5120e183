"""Effects of path models and steps of invariance against lavaan and least squares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.effects import effects, hypotheses
from ecity_geo.stats.invariance import invariance
from ecity_geo.stats.resampling import resampling
from ecity_geo.stats.sem import SemFit, fit_model

REFERENCE = Path(__file__).parent / "reference"
R: dict[str, Any] = json.loads((REFERENCE / "effects.json").read_text())
DEMOCRACY = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
"""
VISUAL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def democracy() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "PoliticalDemocracy.csv")


@pytest.fixture(scope="module")
def fit(democracy: pd.DataFrame) -> SemFit:
    return fit_model(DEMOCRACY, democracy)


@pytest.fixture(scope="module")
def chain() -> pd.DataFrame:
    """Three variables in a row, and a direct path beside."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=120)
    m = 0.5 * x + rng.normal(size=120)
    return pd.DataFrame({"x": x, "m": m, "y": 0.4 * m + 0.2 * x + rng.normal(size=120)})


def test_effects_and_errors_are_those_of_lavaan(fit: SemFit, democracy: pd.DataFrame) -> None:
    table = effects(fit, democracy, replicates=0)
    pair = table[(table["from"] == "ind60") & (table["to"] == "dem65")].set_index("kind")
    ours = pair.loc[["indirect", "total"]]
    np.testing.assert_allclose(ours["estimate"], R["est"], rtol=1e-5)
    np.testing.assert_allclose(ours["se"], R["se"], rtol=1e-4)
    np.testing.assert_allclose(ours["std"], R["std"], rtol=1e-5)
    std_se = (ours["std_high"] - ours["std_low"]) / (2 * 1.959963984540054)
    np.testing.assert_allclose(std_se, R["std_se"], rtol=1e-4)
    assert ours["via"].tolist() == ["dem60", ""]


def test_hypotheses_are_the_paths_of_lavaan(fit: SemFit) -> None:
    ours = hypotheses(fit)
    theirs = pd.DataFrame(R["paths"])
    assert ours["path"].tolist() == (theirs["rhs"] + " -> " + theirs["lhs"]).tolist()
    for name, other in (
        ("estimate", "est"),
        ("se", "se"),
        ("critical_ratio", "z"),
        ("std", "std.all"),
    ):
        np.testing.assert_allclose(ours[name], theirs[other], rtol=1e-4)
    assert ours["verdict"].eq("confirmed").all()


def test_a_path_against_its_expected_sign_is_not_confirmed(fit: SemFit) -> None:
    ours = hypotheses(fit, signs={"ind60 -> dem60": -1})
    assert ours["verdict"].tolist() == ["not confirmed", "confirmed", "confirmed"]


@pytest.mark.parametrize("method", ["percentile", "bc"])
def test_the_bootstrap_is_that_of_least_squares(chain: pd.DataFrame, method: str) -> None:
    """In a saturated model of observed variables, ML is least squares, resample by resample."""
    fit = fit_model("m ~ x\ny ~ m + x", chain)
    table = effects(fit, chain, replicates=300, method=method, seed=7).set_index("kind")
    drawn = []
    for counts in resampling(chain.index).counts(300, np.random.default_rng(7)):
        for row in counts.astype(int):
            some = chain.iloc[np.repeat(np.arange(120), row)].to_numpy()
            x, m, y = (some - some.mean(axis=0)).T
            a = (x @ m) / (x @ x)
            b = np.linalg.lstsq(np.column_stack([m, x]), y, rcond=None)[0][0]
            drawn.append(a * b)
    indirect = table.loc["indirect"]
    if method == "percentile":
        low, high = np.quantile(drawn, [0.025, 0.975])
        assert (indirect["low"], indirect["high"]) == pytest.approx((low, high), abs=1e-5)
    assert indirect["failed"] == 0
    assert indirect["low"] < indirect["estimate"] < indirect["high"]


def _each(frame: pd.DataFrame, seed: int) -> list[np.ndarray]:
    """Return the rows of 300 resamples of a frame."""
    counts = np.vstack(list(resampling(frame.index).counts(300, np.random.default_rng(seed))))
    places = np.arange(len(frame))
    return [frame.to_numpy()[np.repeat(places, row)] for row in counts.astype(int)]


def test_a_standardised_path_of_one_predictor_is_the_correlation() -> None:
    """In every resample: a skewed predictor varies more in some than in others."""
    rng = np.random.default_rng(3)
    x = rng.exponential(size=80)
    frame = pd.DataFrame({"x": x, "y": 0.5 * x + rng.normal(size=80)})
    row = effects(fit_model("y ~ x", frame), frame, replicates=300, seed=7).iloc[0]
    drawn = [np.corrcoef(some.T)[0, 1] for some in _each(frame, 7)]
    assert row["std"] == pytest.approx(np.corrcoef(frame.to_numpy().T)[0, 1], abs=1e-8)
    ends = np.quantile(drawn, [0.025, 0.975])
    np.testing.assert_allclose(row[["std_low", "std_high"]].astype(float), ends, atol=1e-5)


def test_a_fixed_intercept_stays_where_it_is_in_resamples() -> None:
    """Then ML is least squares through that point."""
    rng = np.random.default_rng(5)
    x = 5 + rng.normal(size=80)
    frame = pd.DataFrame({"x": x, "y": 2 + 0.5 * x + rng.normal(size=80)})
    fit = fit_model("y ~ x\ny ~ 2*1", frame, meanstructure=True)
    row = effects(fit, frame, replicates=300, seed=7).iloc[0]
    drawn = [s[:, 0] @ (s[:, 1] - 2) / (s[:, 0] @ s[:, 0]) for s in _each(frame, 7)]
    ends = np.quantile(drawn, [0.025, 0.975])
    np.testing.assert_allclose(row[["low", "high"]].astype(float), ends, atol=1e-5)


def test_answers_that_are_not_those_of_the_fit_are_refused(chain: pd.DataFrame) -> None:
    fit = fit_model("m ~ x\ny ~ m + x", chain)
    with pytest.raises(AnalysisError, match="100 complete respondents, where it has 120"):
        effects(fit, chain.iloc[:100])
    with pytest.raises(AnalysisError, match="other values"):
        effects(fit, chain.assign(y=chain["y"] + 1))
    with pytest.raises(AnalysisError, match=r"no columns \['y'\]"):
        effects(fit, chain[["x", "m"]])


def test_effects_add_up(chain: pd.DataFrame) -> None:
    longer = chain.assign(z=chain["y"] + chain["m"] + np.random.default_rng(1).normal(size=120))
    fit = fit_model("m ~ x\ny ~ m + x\nz ~ m + y", longer)
    table = effects(fit, longer, replicates=0)
    pair = table[(table["from"] == "x") & (table["to"] == "z")].set_index("kind")
    # Routes x-m-z, x-m-y-z and x-y-z; nothing direct.
    routes = pair.loc[["indirect"], "estimate"]
    assert len(routes) == 3
    assert pair.loc["indirect, all", "estimate"] == pytest.approx(routes.sum(), rel=1e-12)
    # The total effect is what least squares of z on x alone finds.
    slope = np.polyfit(longer["x"], longer["z"], 1)[0]
    total = pair.loc["indirect, all", "estimate"]
    assert total == pytest.approx(slope, abs=0.35)


def test_what_has_no_effects_is_said(chain: pd.DataFrame, democracy: pd.DataFrame) -> None:
    fit = fit_model("m ~ x\ny ~ m + x", chain)
    with pytest.raises(AnalysisError, match="No method 'bca'"):
        effects(fit, chain, method="bca")
    with pytest.raises(AnalysisError, match="no tails"):
        effects(fit, chain, replicates=20)
    measured = fit_model("ind60 =~ x1 + x2 + x3", democracy)
    with pytest.raises(AnalysisError, match="no paths"):
        hypotheses(measured)
    full = fit_model("m ~ x\ny ~ m + x", chain, missing="fiml", fixed_x=False)
    with pytest.raises(AnalysisError, match="replicates=0"):
        effects(full, chain)


# --- invariance


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_steps_of_invariance_are_those_of_lavaan(estimator: str) -> None:
    hs = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")
    ours, theirs = invariance(VISUAL, hs, hs["school"], estimator=estimator), R[estimator]
    assert ours["step"].tolist() == ["configural", "metric", "scalar", "strict"]
    for name, other in (("chi_square", "chisq"), ("df", "df"), ("cfi", "cfi")):
        np.testing.assert_allclose(ours[name], theirs[other], rtol=1e-5)
    np.testing.assert_allclose(ours["rmsea"], theirs["rmsea"], atol=1e-6)
    np.testing.assert_allclose(ours["srmr"], theirs["srmr"], atol=1e-5)
    np.testing.assert_allclose(ours["delta_chi_square"][1:], theirs["diff"], rtol=1e-4)
    np.testing.assert_allclose(ours["p_delta"][1:], theirs["p"], rtol=1e-3)
    # The known case: intercepts differ between the schools, loadings do not.
    assert ours["verdict"].tolist()[:3] == ["base", "holds", "does not hold"]


def test_small_groups_take_no_part_and_are_counted() -> None:
    hs = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")
    groups = hs["school"].where(hs.index >= 20, "tiny")
    ours = invariance(VISUAL, hs, groups)
    assert ours["groups"].eq(2).all()
    assert ours["left_out"].eq(20).all()
    # 3 left out in a row of 301 would be known to be 3: another group goes with them.
    three = hs["school"].mask(hs.index % 3 == 0, "third").where(hs.index >= 3, "tiny")
    assert invariance(VISUAL, hs, three)["left_out"].eq(3).all()
    smallest = three.value_counts().drop("tiny").min()
    assert invariance(VISUAL, hs, three, hide_below=5)["left_out"].eq(3 + smallest).all()
    with pytest.raises(AnalysisError, match="two groups of at least 200"):
        invariance(VISUAL, hs, hs["school"], min_count=200)


def test_a_model_that_measures_nothing_and_comments_are_minded() -> None:
    hs = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")
    with pytest.raises(AnalysisError, match="no =~"):
        invariance("x7 ~ x1 + x4", hs, hs["school"])
    holes = hs.assign(grade=np.nan)
    ours = invariance(f"# not by grade\n{VISUAL}", holes, hs["school"])
    assert ours["n"].eq(301).all()


def test_limits_are_stricter_in_small_samples() -> None:
    hs = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")
    large, small = (invariance(VISUAL, part, part["school"]) for part in (hs, hs.iloc[:-10]))
    # Chen 2007: with 300 respondents or fewer CFI may fall by .005, RMSEA rise by .010.
    metric = [table.set_index("step").loc["metric"] for table in (large, small)]
    assert metric[0]["verdict"] == "holds"
    assert small["n"].eq(291).all()
    fell = metric[1]["delta_cfi"] < -0.005 or metric[1]["delta_rmsea"] > 0.010
    assert (metric[1]["verdict"] == "does not hold") is bool(fell)
