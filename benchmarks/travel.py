"""Travel within 15 minutes along streets against SciPy's Dijkstra, as a JSON line per case.

    python benchmarks/travel.py [--full] [--repeat 5]

Streets are a grid of blocks of 100 m, each way with a speed of its own: 500,000 junctions
(`--full`; else 50,000), 100 facilities. `drive` goes at 25 to 50 km/h, `walk` at 4 to 6. The task
is the cost from each facility to all junctions within the limit, as sparse pairs: `scipy` is
`dijkstra(limit=..., indices=...)`, whose table is dense, `scipy_sparse` adds the picking out of
its pairs. Medians over `repeat` runs that take turns, after one of each; `first_call` compiles,
or loads, the code. `differs` is the greatest difference of the costs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from ecity_geo.geo.search import reached_within

BLOCK = 100.0
MINUTES = 15.0
FACILITIES = 100
SPEEDS = {"drive": (25.0, 50.0), "walk": (4.0, 6.0)}


def grid(nodes: int, speeds: tuple[float, float]) -> csr_array:
    side = round(nodes**0.5)
    at = np.arange(side * side)
    east, north = at[at % side < side - 1], at[at < side * (side - 1)]
    tail, head = np.r_[east, north], np.r_[east + 1, north + side]
    speed = np.random.default_rng(0).uniform(*speeds, 2 * len(tail)) * 1000 / 60
    ends = np.r_[tail, head], np.r_[head, tail]
    return coo_array((BLOCK / speed, ends), shape=(side * side,) * 2).tocsr()


def timed(work: Callable[[], object], into: list[float]) -> object:
    began = time.perf_counter()
    found = work()
    into.append(time.perf_counter() - began)
    return found


def ours(graph: csr_array, starts: np.ndarray) -> tuple[np.ndarray, ...]:
    return reached_within(graph, starts, limit=MINUTES)


def picked_out(dense: np.ndarray) -> tuple[np.ndarray, ...]:
    return np.nonzero(np.isfinite(dense))


def peak(pipe: object, nodes: int, mode: str) -> None:
    graph = grid(nodes, SPEEDS[mode])
    ours(graph, np.random.default_rng(1).choice(graph.shape[0], FACILITIES, replace=False))
    # Of this process alone; getrusage would count what the parent held when it began.
    high = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    pipe.send(int(high.split()[1]) // 1024)


def peak_of_ours(nodes: int, mode: str) -> int:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=peak, args=(there, nodes, mode))
    process.start()
    found = here.recv()
    process.join()
    return int(found)


def measure(nodes: int, mode: str, repeat: int) -> dict[str, object]:
    graph = grid(nodes, SPEEDS[mode])
    starts = np.random.default_rng(1).choice(graph.shape[0], FACILITIES, replace=False)
    first, mine, table, sparse = [], [], [], []
    timed(lambda: ours(graph, starts), first)
    for _ in range(repeat + 1):
        found = timed(lambda: ours(graph, starts), mine)
        dense = timed(lambda: dijkstra(graph, indices=starts, limit=MINUTES), table)
        pairs = timed(partial(picked_out, dense), sparse)
    again = np.full(dense.shape, np.inf)
    again[found[0], found[1]] = found[2]
    seconds, scipy, picked = (statistics.median(each[1:]) for each in (mine, table, sparse))
    row = {
        "nodes": graph.shape[0],
        "mode": mode,
        "pairs": len(pairs[0]),
        "first_call": first[0],
        "seconds": seconds,
        "scipy": scipy,
        "scipy_sparse": scipy + picked,
        "ratio": scipy / seconds,
        "ratio_sparse": (scipy + picked) / seconds,
        "peak_mb": peak_of_ours(nodes, mode),
        "differs": float(np.abs(again[pairs] - dense[pairs]).max()),
        "same_pairs": bool((np.isfinite(again) == np.isfinite(dense)).all()),
    }
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    for mode in SPEEDS:
        row = measure(500_000 if given.full else 50_000, mode, given.repeat)
        print(json.dumps({"cores": os.cpu_count(), **row}), flush=True)


if __name__ == "__main__":
    main()
