"""Instrument quality: content, factorability, omega, AVE, HTMT against R and published values."""

from __future__ import annotations

import json
from itertools import combinations, product
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
from ecity_geo.stats.omega import omega, omegas, ordinal_alpha, ordinal_omega
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


def test_lawshe_s_table_asks_for_as_many_panelists() -> None:
    """His ratios (1975, as reprinted) are no higher from ten on; they take as many panelists."""
    table = pd.read_csv(REFERENCE / "cvr_lawshe.csv").dropna()
    assert len(table) == 16
    for row in table.itertuples():
        size = int(row.N)
        counts = np.arange(size + 1)
        enough = np.round(2 * counts / size - 1, 2) >= np.minimum(row.lawshe1975, 1)
        assert counts[enough][0] == critical_cvr(size)[0]
    ten_up = table[table["N"] >= 10]
    assert (ten_up["lawshe1975"] < ten_up["cvr_crit_exact"] + 0.005).all()


@pytest.mark.parametrize(
    ("raters", "agree", "index", "kappa"),
    [
        *((10, 8, 0.80, 0.79), (10, 9, 0.90, 0.90), (10, 7, 0.70, 0.66)),
        *((9, 8, 0.89, 0.89), (9, 7, 0.78, 0.76), (9, 6, 0.67, 0.60), (10, 10, 1.0, 1.0)),
    ],
)
def test_kappa_is_that_of_a_published_panel(
    raters: int, agree: int, index: float, kappa: float
) -> None:
    # BMC Health Services Research 2017, doi:10.1186/s12913-017-2469-8, table 10.
    found = content_validity(relevance([4] * agree + [2] * (raters - agree))).items.loc["a"]
    assert (found["i_cvi"], found["kappa"]) == pytest.approx((index, kappa), abs=0.005)
    # Lynn 1986: seven of nine and eight of ten are enough, seven of ten are not.
    assert found["verdict"] == ("keep" if index >= 0.78 else "drop")


def test_the_scale_s_indices_are_those_of_a_published_panel() -> None:
    # PMC7253559, table 4: twelve items, six experts; all find ten relevant, five the other two.
    sixth = [2, 3, 4, 3, 3, 4]
    rows = [[4, 4, 4, 4, 4, 4]] * 10 + [sixth, [3, 3, 4, 2, 3, 4]]
    parts = [relevance(row).assign(item=f"i{at}") for at, row in enumerate(rows)]
    found = content_validity(pd.concat(parts))
    assert found.s_cvi_average == pytest.approx(0.97, abs=0.005)
    assert found.s_cvi_universal == pytest.approx(0.83, abs=0.005)
    assert found.items["verdict"].eq("keep").all()


def relevance(ratings: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"item": "a", "panelist": range(len(ratings)), "relevance": ratings})


def test_a_panel_too_small_decides_nothing() -> None:
    assert content_validity(panel([1] * 4)).items.loc["a", "verdict"] == "cannot tell"
    assert content_validity(relevance([4, 4])).items.loc["a", "verdict"] == "cannot tell"
    # Four who find it relevant can tell, though no four can say essential beyond chance.
    both = content_validity(panel([1] * 4, [4] * 4)).items.loc["a"]
    assert both["verdict"] == "keep"
    assert content_validity(panel([1] * 4, [4, 4, 4, 1])).items.loc["a", "verdict"] == "drop"


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
        (panel([1, 1]).assign(panelist=["e", None]), "1 rows of the panel have no item or no"),
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


def test_as_many_respondents_as_items_are_too_few(hs: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="more respondents than items; 4 answered"):
        factorability(hs[["x1", "x2", "x4", "x7"]].head(4))


def test_an_item_made_of_others_is_said(hs: pd.DataFrame) -> None:
    made = hs[["x1", "x2"]].assign(both=hs["x1"] + hs["x2"])
    with pytest.raises(AnalysisError, match="made of others"):
        factorability(made)


# --- omega


def test_omega_is_that_of_lavaan() -> None:
    ours = omega(pd.read_csv(REFERENCE / "attitude.csv"))
    assert (ours.omega, ours.low, ours.high) == pytest.approx(R["attitude_omega"], abs=2e-5)


def test_omega_divides_by_what_the_model_implies() -> None:
    """compRelSEM with obs.var = FALSE; its default is the other figure."""
    ours = omega(pd.read_csv(REFERENCE / "attitude.csv")).omega
    implied, observed = R["attitude_compRelSEM"]
    assert ours == pytest.approx(implied, abs=1e-6)
    assert abs(ours - observed) > 0.02


@pytest.mark.parametrize("letter", ["A", "N"])
def test_ordinal_omega_is_that_of_semtools(letter: str) -> None:
    answers = pd.read_csv(REFERENCE / "bfi_182x25.csv")
    items = [f"{letter}{at}" for at in range(1 if letter == "N" else 2, 6)]
    assert ordinal_omega(answers[items]) == pytest.approx(R["ordinal_omega"][letter], abs=1e-7)
    # Only the order of the answers counts.
    assert ordinal_omega(answers[items] ** 3) == pytest.approx(ordinal_omega(answers[items]))


def test_ordinal_omega_and_alpha_by_hand() -> None:
    # Three yes-no items with correlations of .5 behind them: all alike in 3 of 12 for yes and for
    # no, each other pattern in 1 of 12 (Sheppard: arcsin(.5) = π/6). Covariance 1/12, variance
    # 1/4, an item with its repetition 1/12: 9/12 of 6/12 + 3/4. Behind them alpha is 3/2 (1 - 3/6).
    patterns = list(product([0, 1], repeat=3))
    rows = [row for row in patterns for _ in range(3 if len(set(row)) == 1 else 1)]
    answers = pd.DataFrame(rows * 5, columns=list("abc"))
    assert ordinal_omega(answers) == pytest.approx(0.6, abs=1e-6)
    assert ordinal_alpha(answers) == pytest.approx(0.75, abs=1e-6)


def test_ordinal_omega_is_the_reliability_of_the_sum_of_answers() -> None:
    """Against the correlation of two parallel forms, simulated."""
    rng = np.random.default_rng(4)
    loadings, cuts = np.array([0.8, 0.7, 0.6, 0.5]), np.array([-1.0, 0.2, 1.1])
    factor = rng.normal(size=(40_000, 1))
    forms = [
        np.digitize(
            factor * loadings + rng.normal(size=(40_000, 4)) * np.sqrt(1 - loadings**2), cuts
        )
        for _ in range(2)
    ]
    truth = np.corrcoef(*(form.sum(axis=1) for form in forms))[0, 1]
    assert ordinal_omega(pd.DataFrame(forms[0]).add_prefix("i")) == pytest.approx(truth, abs=0.01)


def test_a_model_without_omega_names_the_items() -> None:
    hs = pd.read_csv(REFERENCE / "HolzingerSwineford1939.csv")[["x1", "x2", "x7"]]
    named = hs.set_axis(["x2", "speed of adding", "x0"], axis=1)
    with pytest.raises(AnalysisError, match=r"Heywood case\): speed of adding "):
        omega(named)
    with pytest.raises(AnalysisError, match="'speed of adding' has"):
        ordinal_omega(named.assign(x2=hs["x1"].round(), x0=hs["x7"].round()))


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


def test_items_that_load_against_the_others_are_those_keyed_negatively() -> None:
    # The scoring key of the inventory (psych's bfi.keys): A1 is turned round, no N is.
    answers = pd.read_csv(Path(__file__).parent / "reference" / "bfi_182x25.csv")
    model = "\n".join(f"{c} =~ " + " + ".join(f"{c}{i}" for i in range(1, 6)) for c in "AN")
    table = convergent_validity(fit_model(model, answers))
    assert table["against"].to_dict() == {"A": "A1", "N": ""}
    turned = convergent_validity(fit_model(model, answers.assign(A1=7 - answers["A1"])))
    assert turned["against"].eq("").all()
    assert turned.loc["A", "cr"] > table.loc["A", "cr"]
    assert turned.loc["A", "ave"] == pytest.approx(table.loc["A", "ave"], abs=1e-7)


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
    own = ours["signed" if variant == "htmt" else "htmt"]
    assert (ours["low"] < own).all()
    assert (own < ours["high"]).all()
    assert ours["verdict"].eq("distinct").all()


def test_the_limit_of_htmt_decides_its_verdict(hs: pd.DataFrame) -> None:
    first = htmt(hs, CONSTRUCTS, replicates=200).iloc[0]
    assert first["limit"] == 0.9
    inside = (first["low"] + first["high"]) / 2
    for limit, verdict in (
        (inside, "cannot tell"),
        (first["low"] / 2, "the same"),
        (0.85, "distinct"),
    ):
        assert htmt(hs, CONSTRUCTS, replicates=200, limit=limit).iloc[0]["verdict"] == verdict
    with pytest.raises(AnalysisError, match=r"limit of 1\.2"):
        htmt(hs, CONSTRUCTS, limit=1.2)


def test_variance_and_reliability_of_ordered_items_are_those_of_semtools() -> None:
    answers = pd.read_csv(REFERENCE / "bfi_182x25.csv")
    model = "agree =~ A2 + A3 + A4 + A5\nwork =~ C1 + C2 + C3"
    ours = convergent_validity(fit_model(model, answers, estimator="WLSMV"))
    for name, figure in R["ordinal_ave"].items():
        assert ours.loc[name, ["ave", "ave_raw"]].tolist() == pytest.approx([figure] * 2, abs=1e-6)
        assert ours.loc[name, "cr"] == pytest.approx(R["ordinal_cr"][name], abs=1e-6)


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
    size = answers.corr()
    a, b = CONSTRUCTS["visual"], CONSTRUCTS["textual"]
    within = [np.mean([size.loc[i, j] for i, j in combinations(own, 2)]) for own in (a, b)]
    return float(size.loc[a, b].to_numpy().mean() / np.sqrt(within[0] * within[1]))


def test_the_signed_ratio_is_that_of_semtools_and_minds_no_item_turned_round(
    hs: pd.DataFrame,
) -> None:
    # semTools 0.5-6: htmt(model, HolzingerSwineford1939, absolute = FALSE, htmt2 = FALSE).
    theirs = R["htmt_signed"]
    items = [item for own in CONSTRUCTS.values() for item in own]
    ours = htmt(hs[items], CONSTRUCTS, replicates=100)
    np.testing.assert_allclose(ours["signed"], theirs, atol=1e-8)
    turned = htmt(hs[items] * [1, -1, 1, -1, -1, -1, 1, 1, -1], CONSTRUCTS, replicates=100)
    pd.testing.assert_frame_equal(turned, ours)


def test_the_interval_covers_where_constructs_hardly_correlate() -> None:
    # Simulation: a true ratio of 0.1, which absolute correlations of 60 hardly ever admit.
    rng = np.random.default_rng(1)
    inside = []
    for seed in range(60):
        factors = rng.multivariate_normal([0, 0], [[1, 0.1], [0.1, 1]], 60)
        answers = np.repeat(factors, 3, axis=1) + rng.normal(size=(60, 6))
        frame = pd.DataFrame(answers, columns=list("abcdef"))
        parts = {"p": ["a", "b", "c"], "q": ["d", "e", "f"]}
        row = htmt(frame, parts, replicates=200, seed=seed).iloc[0]
        inside.append(row["low"] <= 0.1 <= row["high"])
    assert np.mean(inside) >= 0.9


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
    for tie in ("x7 ~~ x8", "x7 ~~ 0.3*x8"):
        tied = fit_model(f"a =~ x4 + x5 + x6 + x7 + x8 + x9\n{tie}", hs)
        with pytest.raises(AnalysisError, match="not correlated"):
            convergent_validity(tied)
    with pytest.raises(AnalysisError, match=r"one item .*\['one'\]"):
        convergent_validity(fit_model("one =~ x1\nother =~ x4 + x5 + x6", hs))
    with pytest.raises(AnalysisError, match="'whole' is made of constructs"):
        convergent_validity(fit_model(f"{MODEL}\nwhole =~ visual + textual + speed", hs))
    with pytest.raises(AnalysisError, match="paths that explain"):
        fornell_larcker(fit_model(f"{MODEL}\nvisual ~ ageyr\ntextual ~ ageyr\nspeed ~ ageyr", hs))
    alone = fit_model("a =~ x1 + x2 + x3", hs)
    with pytest.raises(AnalysisError, match="One construct"):
        fornell_larcker(alone)
