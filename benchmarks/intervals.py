"""Do nominal 95 % intervals cover, and do tests keep their level? JSON lines from simulation.

    python benchmarks/intervals.py [--surveys 1000] [--seed 0]

Answers 1-5 are cut from normal variables with one factor per construct, so that they have ties;
truths are those of a survey of 400,000 drawn in the same way. An interval should cover in 93 to
97 % of the surveys, a test at 5 % should reject in 3 to 7 % where there is nothing to find.
Surveys are of 30, as a pilot, and of 182; constructs correlate .6, or .1 (HTMT alone). Weighted
means are of respondents drawn with unequal chances, raked to two margins.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.design import survey_design, survey_means
from ecity_geo.stats.friedman import friedman
from ecity_geo.stats.groups import compare_groups
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.omega import omega
from ecity_geo.stats.ranks import rank_rows
from ecity_geo.stats.reliability import cronbach_alpha
from ecity_geo.stats.validity import htmt
from ecity_geo.stats.weighting import rake

CUTS = np.array([-1.5, -0.5, 0.5, 1.5])
ITEMS = {"a": ["a1", "a2", "a3", "a4"], "b": ["b1", "b2", "b3", "b4"]}
SIZES = (30, 182)
SORTS, CHANCES = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.5, 1.0, 1.5, 3.0])


def survey(
    rng: np.random.Generator, n: int, *, shift: bool = False, apart: bool = False
) -> pd.DataFrame:
    """Draw answers: two factors correlated .6 or .1, loadings .6; items may differ in level."""
    between = 0.1 if apart else 0.6
    factors = rng.multivariate_normal([0, 0], [[1, between], [between, 1]], n)
    columns = {}
    for factor, (_, items) in enumerate(ITEMS.items()):
        for at, item in enumerate(items):
            latent = 0.6 * factors[:, factor] + 0.8 * rng.normal(size=n)
            columns[item] = 1.0 + np.searchsorted(CUTS, latent + (0.25 * at if shift else 0.0))
    return pd.DataFrame(columns)


def mean_rank_correlation(answers: pd.DataFrame) -> float:
    """Return the population's W: the mean rank correlation of two respondents."""
    ranks = rank_rows(answers.to_numpy()) - (answers.shape[1] + 1) / 2
    n = len(ranks)
    w = n * float((ranks.mean(axis=0) ** 2).sum()) / float((ranks**2).sum())
    return float((n * w - 1) / (n - 1))


def ratio(answers: pd.DataFrame) -> float:
    """Return the population's HTMT."""
    return float(htmt(answers, ITEMS, replicates=100)["htmt"].iloc[0])


def line(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def ends(answers: pd.DataFrame, apart: pd.DataFrame, seed: int) -> dict[str, tuple[float, float]]:
    """Return the interval of each figure; those without one, as a Heywood case, are left out."""
    found = {}
    row = one_sample(answers[["a2"]]).iloc[0]
    found["mean (t)"] = row["low"], row["high"]
    alpha = cronbach_alpha(answers[ITEMS["a"]])
    found["alpha (Feldt)"] = alpha.low, alpha.high
    test = friedman(answers, draws=0, replicates=999, seed=seed)
    found["W (bootstrap-t)"] = test.w_low, test.w_high
    for name, frame in (("HTMT (signed, BC)", answers), ("HTMT .1 (signed, BC)", apart)):
        try:
            pair = htmt(frame, ITEMS, replicates=999, seed=seed).iloc[0]
        except AnalysisError:
            continue
        found[name] = pair["low"], pair["high"]
    try:
        whole = omega(answers[ITEMS["a"]])
    except AnalysisError:
        return found
    return found | {"omega (ln(1 - omega))": (whole.low, whole.high)}


def intervals(surveys: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, far = survey(rng, 400_000, shift=True), survey(rng, 400_000, shift=True, apart=True)
    true = {
        "mean (t)": float(truth["a2"].mean()),
        "alpha (Feldt)": cronbach_alpha(truth[ITEMS["a"]]).alpha,
        "W (bootstrap-t)": mean_rank_correlation(truth),
        "HTMT (signed, BC)": ratio(truth.head(100_000)),
        "HTMT .1 (signed, BC)": ratio(far.head(100_000)),
        "omega (ln(1 - omega))": omega(truth[ITEMS["a"]].head(100_000)).omega,
    }
    for n in SIZES:
        hits: Counter[str] = Counter()
        made: Counter[str] = Counter()
        for number in range(surveys):
            apart = survey(rng, n, shift=True, apart=True)
            found = ends(survey(rng, n, shift=True), apart, number)
            made.update(found.keys())
            hits.update(name for name, (low, high) in found.items() if low <= true[name] <= high)
        for name, figure in true.items():
            line(interval=name, n=n, surveys=made[name], truth=round(figure, 4),
                 covered=round(hits[name] / made[name], 4))  # fmt: skip


def people(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Draw people of four sorts and two sexes, who answer at different levels."""
    sort, sex = rng.choice(4, size=count, p=SORTS), rng.choice(2, size=count)
    behind = rng.normal(size=count) + np.array([-0.4, 0, 0.3, 0.8])[sort] + 0.2 * sex
    return pd.DataFrame({"sort": sort, "sex": sex, "y": 1.0 + np.searchsorted(CUTS, behind)})


def weighted(surveys: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    everyone = people(rng, 400_000)
    true, chance = float(everyone["y"].mean()), CHANCES[everyone["sort"]]
    totals = {name: everyone[name].value_counts(normalize=True) * 1e4 for name in ("sort", "sex")}
    for n in SIZES:
        hits, made = 0, 0
        for _ in range(surveys):
            asked = everyone.iloc[rng.choice(len(everyone), n, p=chance / chance.sum())]
            asked = asked.reset_index(drop=True)
            margins, base = asked[["sort", "sex"]], pd.Series(1 / CHANCES[asked["sort"]])
            try:
                weights = rake(margins, totals, base=base).weights
                row = survey_means(asked[["y"]], survey_design(weights, margins=margins)).iloc[0]
            except AnalysisError:
                continue
            made += 1
            hits += bool(row["low"] <= true <= row["high"])
        line(interval="raked mean (leverage)", n=n, surveys=made, truth=round(true, 4),
             covered=round(hits / made, 4))  # fmt: skip


def levels(surveys: int, seed: int) -> None:
    """Nothing to find: symmetric answers against 3, items alike, small groups alike."""
    rng = np.random.default_rng(seed)
    hits = dict.fromkeys(("t", "wilcoxon", "friedman", "kruskal_wallis", "anova", "welch"), 0)
    for _ in range(surveys):
        answers = survey(rng, 40)
        row = one_sample(answers[["a1"]]).iloc[0]
        hits["t"] += bool(row["p"] < 0.05)
        hits["wilcoxon"] += bool(row["wilcoxon_p"] < 0.05)
        apart = survey(rng, 40)[["a1"]].to_numpy()
        independent = pd.DataFrame(
            np.hstack([apart, *(survey(rng, 40)[["a1"]].to_numpy() for _ in range(3))])
        )
        hits["friedman"] += bool(friedman(independent, draws=0, replicates=199).p < 0.05)
        groups = pd.Series(np.repeat(["x", "y", "z"], [6, 10, 24]))
        table = compare_groups(answers[["a1"]], groups).set_index("test")
        for name in ("kruskal_wallis", "anova", "welch"):
            hits[name] += bool(table.loc[name, "p"] < 0.05)
    for name, count in hits.items():
        low, high = stats.binomtest(count, surveys).proportion_ci()
        line(test=name, n=40, surveys=surveys, rejected=round(count / surveys, 4),
             within=[round(low, 3), round(high, 3)])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    intervals(asked.surveys, asked.seed)
    weighted(asked.surveys, asked.seed + 2)
    levels(asked.surveys, asked.seed + 1)


if __name__ == "__main__":
    main()
