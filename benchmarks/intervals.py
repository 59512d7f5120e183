"""Do nominal 95 % intervals cover, and do tests keep their level? JSON lines from simulation.

    python benchmarks/intervals.py [--surveys 1000] [--seed 0]

Answers 1-5 are cut from normal variables with one factor per construct, so that they have ties;
truths are those of a survey of 400,000 drawn in the same way. An interval should cover in 93 to
97 % of the surveys, a test at 5 % should reject in 3 to 7 % where there is nothing to find.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.stats.friedman import friedman
from ecity_geo.stats.groups import compare_groups
from ecity_geo.stats.inference import one_sample
from ecity_geo.stats.ranks import rank_rows
from ecity_geo.stats.reliability import cronbach_alpha
from ecity_geo.stats.validity import htmt

CUTS = np.array([-1.5, -0.5, 0.5, 1.5])
ITEMS = {"a": ["a1", "a2", "a3", "a4"], "b": ["b1", "b2", "b3", "b4"]}
N = 182


def survey(rng: np.random.Generator, n: int, *, shift: bool = False) -> pd.DataFrame:
    """Draw answers: two factors correlated .6, loadings .6; items may differ in level."""
    factors = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n)
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


def line(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def intervals(surveys: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = survey(rng, 400_000, shift=True)
    true = {
        "mean (t)": float(truth["a2"].mean()),
        "alpha (Feldt)": cronbach_alpha(truth[ITEMS["a"]]).alpha,
        "W (bootstrap-t)": mean_rank_correlation(truth),
        "HTMT (percentile)": float(
            htmt(truth.head(100_000), ITEMS, replicates=100)["htmt"].iloc[0]
        ),
    }
    hits = dict.fromkeys(true, 0)
    for number in range(surveys):
        answers = survey(rng, N, shift=True)
        row = one_sample(answers[["a2"]]).iloc[0]
        alpha = cronbach_alpha(answers[ITEMS["a"]])
        test = friedman(answers, draws=0, replicates=999, seed=number)
        ratio = htmt(answers, ITEMS, replicates=999, seed=number).iloc[0]
        found = {
            "mean (t)": (row["low"], row["high"]),
            "alpha (Feldt)": (alpha.low, alpha.high),
            "W (bootstrap-t)": (test.w_low, test.w_high),
            "HTMT (percentile)": (ratio["low"], ratio["high"]),
        }
        for name, (low, high) in found.items():
            hits[name] += bool(low <= true[name] <= high)
    for name, count in hits.items():
        line(interval=name, n=N, surveys=surveys, truth=round(true[name], 4),
             covered=round(count / surveys, 4))  # fmt: skip


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
    levels(asked.surveys, asked.seed + 1)


if __name__ == "__main__":
    main()
