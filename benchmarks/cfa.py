"""Confirmatory factor analysis of 18 items by 182 respondents against semopy, as a JSON line.

    python benchmarks/cfa.py [--repeat 15] [--refits 1000]

Both fit three factors to data/survey/responses.csv by maximum likelihood and give estimates with
standard errors (`seconds`, `semopy`; `ratio` of the medians) and all their fit indices
(`with_indices`, `semopy_with_indices`). The two take turns, so that a busy machine hurts both.
`differ` is the greatest difference of an estimate, `chi_square_differ` that of the chi-square
(semopy's own default search stops early; its L-BFGS-B is as fast and nearer). Linear algebra
runs in one thread for both: waiting threads of the one would slow the other. `refits` is the
time of that many bootstrap refits, `refits_failed` how many did not converge.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ecity_geo.stats.resampling import resampling
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.stats.sem_refit import refit_all
from ecity_geo.stats.sem_stack import drawn_samples

DATA = Path(__file__).parents[1] / "data" / "survey" / "responses.csv"
ITEMS = 18


def survey() -> tuple[pd.DataFrame, str]:
    raw = pd.read_csv(DATA)
    items = raw.columns[raw.columns.get_loc("district_id") + 1 :][:ITEMS]
    answers = raw[list(items)].astype(float).dropna()
    thirds = (items[at : at + 6] for at in range(0, ITEMS, 6))
    return answers, "\n".join(f"f{k} =~ {' + '.join(part)}" for k, part in enumerate(thirds, 1))


def theirs(syntax: str, answers: pd.DataFrame, *, indices: bool) -> tuple[float, pd.DataFrame]:
    import semopy

    model = semopy.Model(syntax)
    model.fit(answers, solver="L-BFGS-B")
    table = model.inspect()
    chi = float(semopy.calc_stats(model)["chi2"].iloc[0]) if indices else np.nan
    return chi, table


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(fit: SemFit, other: pd.DataFrame) -> float:
    mine = {(row.lhs, row.op, row.rhs): row.estimate for row in fit.parameters.itertuples()}
    apart = []
    for row in other.itertuples():
        key = (row.rval, "=~", row.lval) if row.op == "~" else (row.lval, row.op, row.rval)
        value = mine.get(key, mine.get((key[2], key[1], key[0])))
        apart.append(abs(value - row.Estimate))
    return max(apart)


def bootstrap(fit: SemFit, answers: pd.DataFrame, times: int) -> int:
    values = answers[list(fit.model.table.observed)].to_numpy()
    counts = resampling(answers.index).counts(times, np.random.default_rng(0))
    samples = drawn_samples(values, counts, fit.moments[0].weight)
    refits = refit_all(fit.model, samples, fit.theta)
    return times - int(refits.converged.sum())


def in_one_thread() -> None:
    """Start again with one thread, which linear algebra reads when it is loaded."""
    names = [f"{library}_NUM_THREADS" for library in ("OPENBLAS", "OMP", "MKL")]
    if any(os.environ.get(name) != "1" for name in names):
        os.execve(
            sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(names, "1")
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--refits", type=int, default=1000)
    given = parser.parse_args()
    in_one_thread()
    warnings.simplefilter("ignore")
    answers, syntax = survey()
    contenders: dict[str, Callable[[], object]] = {
        "seconds": lambda: fit_model(syntax, answers),
        "semopy": lambda: theirs(syntax, answers, indices=False),
        "with_indices": lambda: fit_model(syntax, answers).fit_indices(),
        "semopy_with_indices": lambda: theirs(syntax, answers, indices=True),
    }
    fit, (chi, table) = fit_model(syntax, answers), theirs(syntax, answers, indices=True)
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(given.repeat):
        for name, work in contenders.items():
            took[name].append(timed(work))
    medians = {name: statistics.median(values) for name, values in took.items()}
    row: dict[str, object] = {"cores": os.cpu_count(), "n": len(answers), "items": ITEMS}
    row |= {name: round(value, 4) for name, value in medians.items()}
    row["ratio"] = round(medians["semopy"] / medians["seconds"], 1)
    row["ratio_with_indices"] = round(medians["semopy_with_indices"] / medians["with_indices"], 1)
    row["differ"] = float(compare(fit, table))
    row["chi_square_differ"] = abs(chi - fit.chi_square)
    began = time.perf_counter()
    row["refits_failed"] = bootstrap(fit, answers, given.refits)
    row["refits"] = round(time.perf_counter() - began, 2)
    print(json.dumps(row))


if __name__ == "__main__":
    main()
