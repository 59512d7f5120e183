"""The nearest facility along streets by one search against all costs, as a JSON line per case.

    python benchmarks/nearest.py [--full] [--repeat 5]

Streets are a grid of blocks of 100 m, each with a speed of its own (25 to 50 km/h), a tenth of them
one-way; 200,000 junctions (`--full`; else 20,000), 20,000 homes anywhere among them. `seconds` is
`nearest_along_streets`; `table` is `along_streets(...).nearest()`, which is the same answer by way
of all costs; `scipy` is the multi-source search of SciPy alone on the graph that is made already,
without joining the points. Medians over `repeat` runs that take turns, after one of each. `differs`
is the greatest difference of the costs. Peaks are of a process of its own for each.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from ecity_geo.geo.joined import join_streets, reversed_with_places
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets, nearest_along_streets

BLOCK = 100.0
HOMES = 20_000
FACILITIES = (10, 100, 1000)


def streets(nodes: int) -> StreetGraph:
    side = round(nodes**0.5)
    at = np.arange(side * side)
    east, north = at[at % side < side - 1], at[at < side * (side - 1)]
    tail, head = np.r_[east, north], np.r_[east + 1, north + side]
    rng = np.random.default_rng(0)
    ends = np.stack([np.column_stack([x % side, x // side]) for x in (tail, head)], axis=1)
    speed = rng.uniform(25, 50, len(tail)) * 1000 / 60
    oneway = rng.choice([0.0, 1.0], len(tail), p=[0.9, 0.1])
    return StreetGraph.from_lines(shapely.linestrings(ends * BLOCK), BLOCK / speed, oneway=oneway)


def points(count: int, graph: StreetGraph, seed: int) -> gpd.GeoDataFrame:
    at = np.random.default_rng(seed).random((count, 2)) * graph.x.max()
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*at.T), crs="EPSG:32638")


def by_table(homes: gpd.GeoDataFrame, goals: gpd.GeoDataFrame, graph: StreetGraph) -> pd.DataFrame:
    return along_streets(homes, goals, graph).nearest()


def scipy_alone(
    homes: gpd.GeoDataFrame, goals: gpd.GeoDataFrame, graph: StreetGraph
) -> Callable[[], object]:
    at_home, _ = join_streets(graph, shapely.get_coordinates(homes.geometry.array), "home")
    at_goal, _ = join_streets(graph, shapely.get_coordinates(goals.geometry.array), "facility")
    matrix = reversed_with_places(graph, at_home, at_goal, unit="min")
    starts = np.arange(len(graph.x), len(graph.x) + len(goals))
    return lambda: dijkstra(matrix, indices=starts, min_only=True, return_predecessors=True)


def timed(work: Callable[[], object], into: list[float]) -> object:
    began = time.perf_counter()
    found = work()
    into.append(time.perf_counter() - began)
    return found


WAYS = {"nearest": nearest_along_streets, "table": by_table}


def peak(pipe: object, way: str, nodes: int, facilities: int) -> None:
    graph = streets(nodes)
    WAYS[way](points(HOMES, graph, 1), points(facilities, graph, 2), graph)
    # Of this process alone; getrusage would count what the parent held when it began.
    high = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    pipe.send(int(high.split()[1]) // 1024)


def peak_of(way: str, nodes: int, facilities: int) -> int:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=peak, args=(there, way, nodes, facilities))
    process.start()
    found = here.recv()
    process.join()
    return int(found)


def measure(graph: StreetGraph, nodes: int, facilities: int, repeat: int) -> dict[str, object]:
    homes, goals = points(HOMES, graph, 1), points(facilities, graph, 2)
    search = scipy_alone(homes, goals, graph)
    mine, table, scipy = [], [], []
    for _ in range(repeat + 1):
        found = timed(lambda: nearest_along_streets(homes, goals, graph), mine)
        peer = timed(lambda: by_table(homes, goals, graph), table)
        timed(search, scipy)
    seconds, other, alone = (statistics.median(each[1:]) for each in (mine, table, scipy))
    row = {
        "nodes": nodes,
        "homes": HOMES,
        "facilities": facilities,
        "seconds": seconds,
        "table": other,
        "scipy": alone,
        "ratio": other / seconds,
        "peak_mb": peak_of("nearest", nodes, facilities),
        "peak_mb_table": peak_of("table", nodes, facilities),
        "differs": float((found["cost"] - peer["cost"]).abs().max()),
        "same_facility": bool(found["facility_id"].equals(peer["facility_id"])),
    }
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    nodes = 200_000 if given.full else 20_000
    graph = streets(nodes)
    for facilities in FACILITIES:
        row = measure(graph, nodes, facilities, given.repeat)
        print(json.dumps({"cores": os.cpu_count(), **row}), flush=True)


if __name__ == "__main__":
    main()
