"""Bootstrap of tables: against R's boot, scipy's intervals, the plain functions, and formulas."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.bootstrap import bootstrap_table
from ecity_geo.stats.friedman import friedman
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.reliability import cronbach_alpha
from ecity_geo.stats.resampling import bca_interval, percentile_interval, resampling

HERE = Path(__file__).parent / "reference"
CONSTRUCTS = {"A": ["q0", "q1", "q2"], "B": ["q3", "q4"]}


def survey(seed: int, n: int = 60, *, gaps: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, 5)) + rng.standard_normal((n, 1)) + np.linspace(-0.5, 0.5, 5)
    answers = pd.DataFrame(np.clip(np.rint(3 + latent), 1, 5), columns=[f"q{i}" for i in range(5)])
    return answers.mask(rng.random(answers.shape) < gaps)


def figures(answers: pd.DataFrame, test_value: float = 3.0) -> dict[tuple[str, str], float]:
    """Return what scipy says of ranks and the functions of the single figures, in their order."""
    tests = one_sample(answers, test_value=test_value)
    found = {(name, str(item)): float(tests.loc[item, name])
             for name in ("mean", "sd", "t", "d") for item in answers}  # fmt: skip
    complete = answers.dropna()
    ranks = stats.rankdata(complete, axis=1).mean(axis=0)
    found |= {("mean_rank", str(item)): rank for item, rank in zip(answers, ranks, strict=True)}
    chi_square = stats.friedmanchisquare(*complete.to_numpy().T).statistic
    found["kendall_w", "overall"] = chi_square / (len(complete) * (answers.shape[1] - 1))
    for name, items in CONSTRUCTS.items():
        found["alpha", name] = cronbach_alpha(answers[items]).alpha
    found["alpha", "overall"] = cronbach_alpha(answers).alpha
    return found


# --- figures


@pytest.mark.parametrize("gaps", [0.0, 0.08])
def test_estimates_and_counts_are_those_of_the_single_functions(gaps: float) -> None:
    answers = survey(1, gaps=gaps)
    table = bootstrap_table(answers, constructs=CONSTRUCTS, test_value=2.5, replicates=200)
    expected = figures(answers, test_value=2.5)
    assert list(zip(table["figure"], table["of"], strict=True)) == list(expected)
    assert table["estimate"].tolist() == pytest.approx(list(expected.values()), rel=1e-10)
    own = table.set_index(["figure", "of"])
    assert own.loc[("mean", "q1"), "n"] == answers["q1"].count()
    assert own.loc[("kendall_w", "overall"), "n"] == len(answers.dropna())
    assert own.loc[("alpha", "B"), "n"] == len(answers[["q3", "q4"]].dropna())
    assert (table["n"] + table["missing"] == 60).all()


def test_every_figure_of_every_resample_is_what_the_single_functions_make_of_it() -> None:
    # The same draws as frames of respondents, and the percentiles of what they give.
    answers = survey(2)
    rng = np.random.default_rng(9)
    blocks = list(resampling(answers.index).counts(100, rng))
    frames = [answers.iloc[np.repeat(np.arange(60), row.astype(int))] for row in blocks[0]]
    drawn = pd.DataFrame([list(figures(one.reset_index(drop=True)).values()) for one in frames])
    table = bootstrap_table(
        answers, constructs=CONSTRUCTS, replicates=100, seed=9, method="percentile"
    )
    assert len(drawn) == 100
    assert table["se"].tolist() == pytest.approx(drawn.std().tolist(), rel=1e-9)
    bias = drawn.mean() - table["estimate"]
    assert table["bias"].tolist() == pytest.approx(bias.tolist(), abs=1e-9)
    plain = table["figure"] != "kendall_w"
    for name, share in (("low", 0.025), ("high", 0.975)):
        ends = drawn.quantile(share)
        assert table.loc[plain, name].tolist() == pytest.approx(ends[plain].tolist(), rel=1e-9)
    assert (table["failed"] == 0).all()


def test_intervals_of_a_mean_agree_with_rs_boot() -> None:
    reference: dict[str, Any] = json.loads((HERE / "bootstrap_mean_bfi_A1.json").read_text("utf-8"))
    answers = pd.read_csv(HERE / "bfi_182x25.csv").iloc[:, :2]
    for method, key in (("percentile", "perc"), ("bca", "bca")):
        row = bootstrap_table(answers, method=method, replicates=10_000).iloc[0]
        # Both are random: 20,000 resamples there.
        assert (row["low"], row["high"]) == pytest.approx(reference[key], abs=0.02)


def test_errors_of_means_are_those_of_the_formula() -> None:
    answers = survey(4, n=150)
    means = bootstrap_table(answers, replicates=20_000).iloc[:5]
    exact = answers.std(ddof=0) / sqrt(150)
    # A bootstrap error of B resamples varies by 1/sqrt(2 B): five of these.
    assert means["se"].tolist() == pytest.approx(exact.tolist(), rel=5 / sqrt(40_000))
    assert (means["bias"].abs().to_numpy() < 5 * exact.to_numpy() / sqrt(20_000)).all()


def test_w_has_the_interval_of_friedman() -> None:
    answers = survey(5)
    table = bootstrap_table(answers, replicates=300, seed=4).set_index("figure")
    test = friedman(answers, replicates=300, seed=4, draws=0)
    assert table.loc["kendall_w", "method"] == "bootstrap-t"
    assert table.loc["kendall_w", "low"] == pytest.approx(test.w_low, rel=1e-12)
    assert table.loc["kendall_w", "high"] == pytest.approx(test.w_high, rel=1e-12)


# --- intervals


STATISTICS: dict[str, Callable[..., Any]] = {
    "sd": lambda x, axis: np.std(x, ddof=1, axis=axis),
    "mean": lambda x, axis: np.mean(x, axis=axis),
}


def compare_with_scipy(x: np.ndarray, name: str, confidence: float) -> None:
    """Compare the intervals of one set of resamples."""
    figure = STATISTICS[name]
    n = len(x)
    first = stats.bootstrap((x,), figure, n_resamples=400, axis=0, rng=n)
    left_out = np.array([figure(np.delete(x, at), axis=0) for at in range(n)])
    pull = resampling(pd.RangeIndex(n)).acceleration(left_out)
    drawn = first.bootstrap_distribution
    ours = {
        "BCa": bca_interval(drawn, figure(x, axis=0), pull, confidence=confidence),
        "percentile": percentile_interval(drawn, confidence=confidence),
    }
    for method, (low, high) in ours.items():
        # No new resamples: scipy makes the interval of those that it is given.
        peer = stats.bootstrap(
            (x,), figure, n_resamples=0, bootstrap_result=first, axis=0, method=method,
            confidence_level=confidence,
        ).confidence_interval  # fmt: skip
        assert (low, high) == pytest.approx((peer.low, peer.high), rel=1e-9), method


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(15, 60),
    name=st.sampled_from(sorted(STATISTICS)),
    confidence=st.sampled_from([0.8, 0.95]),
)
def test_intervals_of_given_resamples_are_those_of_scipy(
    seed: int, n: int, name: str, confidence: float
) -> None:
    # 15 at least: a resample of fewer may hold everybody once, and scipy then counts the crumbs
    # of summing in another order as below or above the estimate.
    compare_with_scipy(np.random.default_rng(seed).exponential(size=n), name, confidence)


def test_resamples_equal_to_the_estimate_count_half_as_in_scipy() -> None:
    # Means of eight whole numbers are exact, and many resamples have the mean of the sample.
    compare_with_scipy(np.array([1.0, 1, 2, 3, 3, 4, 5, 5]), "mean", 0.95)


def test_a_figure_that_never_varies_has_no_width() -> None:
    drawn = np.full(200, 2.5)
    assert bca_interval(drawn, 2.5, 0.0, confidence=0.95) == (2.5, 2.5)
    assert resampling(pd.RangeIndex(4)).acceleration(np.full(4, 2.5)) == 0


def test_tables_are_seeded_and_intervals_widen_with_confidence() -> None:
    answers = survey(6)
    first = bootstrap_table(answers, replicates=300, seed=1)
    assert first.equals(bootstrap_table(answers, replicates=300, seed=1))
    other = bootstrap_table(answers, replicates=300, seed=2)
    assert not first["se"].equals(other["se"])
    assert (other["seed"] == 2).all()
    sure = bootstrap_table(answers, replicates=300, seed=1, confidence=0.99)
    assert (sure["high"] - sure["low"] > first["high"] - first["low"]).all()
    assert first["estimate"].equals(sure["estimate"])


def test_intervals_of_a_mean_cover() -> None:
    # 300 items of one survey, independent of each other, are 300 surveys of one item.
    rng = np.random.default_rng(1395)
    values = rng.choice([1.0, 2, 3, 4, 5], (120, 300), p=[0.4, 0.25, 0.15, 0.1, 0.1])
    each = np.concatenate([np.ones((120, 1)), values], axis=1)
    ways = resampling(pd.RangeIndex(120))
    counts = np.concatenate(list(ways.counts(1000, rng)))
    drawn, left_out = (
        sums[:, 1:] / sums[:, :1] for sums in (counts @ each, ways.leave_one_out(each))
    )
    hits = 0
    for at in range(300):
        pull = ways.acceleration(left_out[:, at])
        low, high = bca_interval(drawn[:, at], values[:, at].mean(), pull, confidence=0.95)
        hits += low <= 2.25 <= high
    # Three Monte Carlo errors of 300 draws; shared resamples leave the items independent.
    assert abs(hits / 300 - 0.95) < 3 * sqrt(0.95 * 0.05 / 300)


# --- strata


def test_resamples_keep_the_size_of_each_stratum() -> None:
    strata = pd.Series(["x", "y", "y", "x", "z", "z", "z", "y"])
    ways = resampling(strata.index, strata.sample(frac=1, random_state=0))
    counts = np.concatenate(list(ways.counts(50, np.random.default_rng(0))))
    for name, size in strata.value_counts().items():
        assert (counts[:, (strata == name).to_numpy()].sum(axis=1) == size).all()
    assert len({tuple(row) for row in counts}) > 40


def test_leaving_out_keeps_strata_whole_and_is_a_subtraction_without() -> None:
    each = np.random.default_rng(0).random((7, 2))
    strata = pd.Series(list("xxxyyyy"))
    plain = resampling(strata.index).leave_one_out(each)
    assert plain[2] == pytest.approx(np.delete(each, 2, axis=0).sum(axis=0))
    kept = resampling(strata.index, strata).leave_one_out(each)
    expected = 3 * each[[0, 1]].mean(axis=0) + each[3:].sum(axis=0)
    assert kept[2] == pytest.approx(expected)


def test_errors_of_a_stratified_mean_are_those_of_the_formula() -> None:
    answers = survey(8, n=90)
    strata = pd.Series(np.repeat(["x", "y", "z"], [20, 30, 40]))
    answers["q0"] += strata.map({"x": -1.0, "y": 0.0, "z": 1.0}).to_numpy()
    row = bootstrap_table(answers, strata=strata, replicates=20_000).iloc[0]
    parts = answers["q0"].groupby(strata)
    exact = sqrt(float((parts.count() * parts.var(ddof=0)).sum())) / 90
    assert row["se"] == pytest.approx(exact, rel=5 / sqrt(40_000))
    whole = bootstrap_table(answers, replicates=20_000).iloc[0]
    assert row["se"] < 0.9 * whole["se"]


# --- refusals


def nearly_alike() -> pd.DataFrame:
    answers = survey(3)
    return answers.assign(q0=np.where(answers.index == 7, 4.0, 3.0))


A = survey(3)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: bootstrap_table(A, method="student"), "No method 'student'"),
        (lambda: bootstrap_table(A, replicates=99), "no tails"),
        (lambda: bootstrap_table(A, confidence=1.0), "confidence of 1.0"),
        (lambda: bootstrap_table(A, constructs={"A": ["q0", "q9"]}), r"lack items \['q9'\]"),
        (lambda: bootstrap_table(A, constructs={"overall": ["q0", "q1"]}), "called 'overall'"),
        (lambda: bootstrap_table(A.assign(q0=2)), "answered alike: 'q0'"),
        (lambda: bootstrap_table(A.assign(q1=A["q0"])), "'q0' and 'q1'"),
        (lambda: bootstrap_table(A.iloc[:3]), "at least 5 respondents"),
        (lambda: bootstrap_table(A.iloc[:1]), "alike|respondents"),
        (lambda: bootstrap_table(nearly_alike()), r"of the resamples have no t of 'q0'"),
        (lambda: bootstrap_table(A, strata=A["q0"].iloc[1:]), "1 of 60 respondents have no"),
        (
            lambda: bootstrap_table(A, strata=pd.Series(["x"] * 59 + ["y"])),
            r"one respondent .*\['y'\]",
        ),
        (
            lambda: bootstrap_table(A, strata=pd.Series("x", index=[*range(60), 0])),
            "strata are whose: 0 come more than once",
        ),
        (
            lambda: bootstrap_table(
                A[["q0", "q1"]].assign(q1=6 - A["q0"]), constructs={"A": ["q0", "q1"]}
            ),
            "sum to the same",
        ),
    ],
)
def test_what_no_bootstrap_can_be_made_from_is_said(
    run: Callable[[], object], message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        run()
