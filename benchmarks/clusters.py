"""Local Moran with 999 permutations against esda after its warm-up, as a JSON line per case.

    python benchmarks/clusters.py [--full] [--repeat 5]

Points lie evenly in a square, each with its 8 nearest neighbours. `equal` weights are 1/8 each;
`distance` weights fall with the distance. `band`, with 5,000 and 20,000 points, takes all within a
distance that holds 300 points on average, so that there are some hundreds of different counts of
neighbours, which weigh the same in each row. `--full` adds 200,000 points, the default has 20,000
(esda then runs once, as it does for `band`). Each case runs in a process of its own, so that
`first_call` is the first of a process, and `peak_mb` that of this package alone; `esda_peak_mb`
comes after it. `statistic_differs` is the largest difference of the statistics, `p_differs` of the
p of the smaller tail.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ecity_geo.geo.weights import SpatialWeights, distance_band, k_nearest
from ecity_geo.stats.clusters import local_moran


def seconds(work: Callable[[], object], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def city(n: int, kind: str) -> tuple[pd.Series, SpatialWeights]:
    rng = np.random.default_rng(n)
    xy = rng.random((n, 2)) * 20_000
    points = gpd.GeoSeries(gpd.points_from_xy(*xy.T), crs="EPSG:32638")
    values = pd.Series(np.sin(xy[:, 0] / 3000) + rng.normal(size=n), points.index)
    if kind == "band":
        return values, distance_band(points, 20_000 * np.sqrt(300 / (np.pi * n)))
    weights = k_nearest(points, 8)
    if kind == "equal":
        return values, weights
    matrix = weights.matrix
    rows = np.repeat(np.arange(n), 8)
    data = 1 / (1 + np.hypot(*(xy[rows] - xy[matrix.indices]).T))
    falling = csr_array((data, matrix.indices, matrix.indptr), matrix.shape)
    return values, SpatialWeights(matrix=falling, ids=weights.ids, kind="8 nearest, falling")


def theirs(weights: SpatialWeights) -> object:
    from libpysal.weights import W

    matrix = weights.row_standardised().matrix
    ends = matrix.indptr
    near = {i: matrix.indices[ends[i] : ends[i + 1]].tolist() for i in range(len(weights.ids))}
    by = {i: matrix.data[ends[i] : ends[i + 1]].tolist() for i in range(len(weights.ids))}
    made = W(near, by, silence_warnings=True)
    made.transform = "r"
    return made


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(n: int, kind: str, repeat: int) -> dict[str, object]:
    values, weights = city(n, kind)
    began = time.perf_counter()
    found = local_moran(values, weights)
    first = time.perf_counter() - began
    ours = seconds(lambda: local_moran(values, weights), repeat)
    peak = peak_mb()
    import esda

    warnings.filterwarnings("ignore")  # of the peer, which uses what pandas 3 calls old
    peer = theirs(weights)
    plain = values.to_numpy()
    kept: list[esda.Moran_Local] = []

    def run() -> None:
        kept.append(esda.Moran_Local(plain, peer, permutations=999, seed=1, n_jobs=1))

    small_values, small_weights = city(500, kind)
    esda.Moran_Local(small_values.to_numpy(), theirs(small_weights), permutations=99, seed=1)
    other = seconds(run, repeat if n <= 20_000 and kind != "band" else 1)
    row = {
        "places": n,
        "weights": kind,
        "neighbours": float(weights.cardinality.mean()),
        "counts": weights.cardinality.nunique(),
        "first_call": first,
        "seconds": ours,
        "esda": other,
        "ratio": other / ours,
        "peak_mb": peak,
        "esda_peak_mb": peak_mb(),
        "statistic_differs": float(np.abs(found.table["statistic"] - kept[-1].Is).max()),
        "p_differs": float(np.abs(found.table["p"] / 2 - kept[-1].p_sim).max()),
    }
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    sizes = (20_000, 200_000) if given.full else (20_000,)
    cases = [(n, kind) for n in sizes for kind in ("equal", "distance")]
    for n, kind in [*cases, (5_000, "band"), (20_000, "band")]:
        # One task a process, which the next case does not inherit.
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            row = alone.submit(measure, n, kind, given.repeat).result()
        print(json.dumps({"cores": os.cpu_count(), **row}), flush=True)


if __name__ == "__main__":
    main()
