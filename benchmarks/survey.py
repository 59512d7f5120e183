"""Speed of the survey statistics beside their peers, as JSON lines.

    python benchmarks/survey.py [--repeat 3]

Each task runs here and in the peer within one process; `ratio` is the peer's median time over
ours. The peers of Friedman's pairs are scikit-posthocs' Conover test and SciPy's Wilcoxon tests of
all pairs, whichever is faster; that of the bootstrap is scipy.stats.bootstrap of the item means
alone, a part of what ours gives.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.datasets import load_tabriz
from ecity_geo.stats.bootstrap import bootstrap_table
from ecity_geo.stats.friedman import friedman_pairs
from ecity_geo.survey_findings import survey_data


def median_time(run: Callable[[], object], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def report(task: str, ours: float, peers: dict[str, float]) -> None:
    best = min(peers, key=peers.__getitem__)
    line = {
        "task": task,
        "seconds": round(ours, 4),
        "peer": best,
        "peer_seconds": round(peers[best], 4),
        "ratio": round(peers[best] / ours, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(line))


def friedman_post_hoc(repeat: int) -> None:
    rng = np.random.default_rng(0)
    answers = pd.DataFrame(rng.integers(1, 6, (100_000, 18)).astype(float))
    answers.columns = [f"i{at:02}" for at in range(18)]
    values = answers.to_numpy()

    def wilcoxon() -> None:
        for a, b in combinations(range(18), 2):
            stats.wilcoxon(values[:, a], values[:, b], method="approx")

    peers = {"scipy.stats.wilcoxon": median_time(wilcoxon, 1)}
    try:
        from scikit_posthocs import posthoc_conover_friedman
    except ImportError:
        pass
    else:
        peers["scikit_posthocs"] = median_time(lambda: posthoc_conover_friedman(values), 1)
    for method in ("conover", "wilcoxon"):
        ours = median_time(partial(friedman_pairs, answers, method=method), repeat)
        report(f"friedman post-hoc 100,000 x 18, {method}", ours, peers)


def bootstrap_of_all_figures(repeat: int) -> None:
    data = survey_data(load_tabriz())
    ours = median_time(
        lambda: bootstrap_table(data.answers, constructs=data.constructs, replicates=2000), repeat
    )
    values = data.answers.to_numpy(dtype=float)

    def means() -> None:
        stats.bootstrap(
            (values,), np.mean, axis=0, n_resamples=2000, method="BCa", vectorized=True, rng=0
        )

    report("2,000-fold bootstrap of all figures of 18 items x 182", ours,
           {"scipy.stats.bootstrap (means only)": median_time(means, repeat)})  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    friedman_post_hoc(repeat)
    bootstrap_of_all_figures(repeat)


if __name__ == "__main__":
    main()
