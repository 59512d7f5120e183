"""2SFCA in a straight line against PySAL `access`, as a JSON line.

    python benchmarks/catchment.py [--full] [--repeat 5]

100,000 demand points (`--full`; else 10,000) and 1,000 facilities lie evenly in a square of 20 km,
the catchment is 1.5 km. `points` begins with the points on both sides; PySAL then joins each
point with each facility (5 GB with `--full`) and runs once. `pairs` begins with the pairs within
the catchment, a cost matrix here, a frame there. Otherwise medians over `repeat` runs that take
turns, after one; `first_call` is the first of the process, `peak_mb` what it took by then.
`differs` is the greatest relative difference of the access from PySAL's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.travel import straight_line
from ecity_geo.indicators.catchment import floating_catchment
from ecity_geo.indicators.straight import straight_catchment

SIZE = 20_000.0
FACILITIES = 1_000
REACH = 1_500.0


def places(n: int, seed: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, n)) * SIZE + np.array([[6e5], [4.2e6]])
    amount = rng.integers(1, 100, n).astype(float)
    return gpd.GeoDataFrame({"amount": amount}, geometry=gpd.points_from_xy(x, y), crs=32638)


def timed(work: Callable[[], object], into: list[float]) -> object:
    began = time.perf_counter()
    found = work()
    into.append(time.perf_counter() - began)
    return found


def peak_mb() -> int:
    high = next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return int(high.split()[1]) // 1024


def frame_of(cost: CostMatrix) -> pd.DataFrame:
    near = cost.costs
    return pd.DataFrame({"origin": cost.rows(), "dest": near.indices, "cost": near.data})


def their_pairs(demand: gpd.GeoDataFrame, services: gpd.GeoDataFrame) -> pd.DataFrame:
    from access import Access

    made = Access(
        demand_df=demand,
        demand_index=True,
        demand_value="amount",
        supply_df=services,
        supply_index=True,
        supply_value="amount",
        cost_df=pd.DataFrame({"origin": [0], "dest": [0], "cost": [0.0]}),
        cost_origin="origin",
        cost_dest="dest",
        cost_name="cost",
    )
    made.create_euclidean_distance(threshold=REACH)
    found = made.cost_df[["origin", "dest", "euclidean"]].dropna()
    return found.rename(columns={"euclidean": "cost"})


def theirs(demand: gpd.GeoDataFrame, services: gpd.GeoDataFrame, pairs: pd.DataFrame) -> pd.Series:
    from access import fca

    people, capacity = (
        frame[["amount"]].rename(columns={"amount": name}).rename_axis("geoid")
        for frame, name in ((pd.DataFrame(demand), "demand"), (pd.DataFrame(services), "supply"))
    )
    return fca.two_stage_fca(people, capacity, pairs, max_cost=REACH)


def measure(n: int, repeat: int) -> dict[str, object]:
    demand, services = places(n, 0), places(FACILITIES, 1)
    given = demand["amount"], services["amount"]

    def from_points() -> pd.Series:
        return straight_catchment(demand, services, *given, catchment=REACH)

    first, points, mine, others, crossed = [], [], [], [], []
    timed(from_points, first)
    for _ in range(repeat):
        timed(from_points, points)
    peak = peak_mb()
    cost = straight_line(demand, services, cutoff=REACH)
    pairs = frame_of(cost)
    for _ in range(repeat + 1):
        found = timed(lambda: floating_catchment(cost, *given, catchment=REACH), mine)
        peer = timed(lambda: theirs(demand, services, pairs), others)
    timed(lambda: theirs(demand, services, their_pairs(demand, services)), crossed)
    with_points, with_pairs = statistics.median(points), statistics.median(mine[1:])
    access_pairs = statistics.median(others[1:])
    peer = peer.reindex(found.index, fill_value=0.0)
    straight = from_points()
    row = {
        "demand": n,
        "facilities": FACILITIES,
        "pairs": len(pairs),
        "first_call": first[0],
        "points": with_points,
        "access_points": crossed[0],
        "ratio_points": crossed[0] / with_points,
        "with_pairs": with_pairs,
        "access_with_pairs": access_pairs,
        "ratio_pairs": access_pairs / with_pairs,
        "peak_mb": peak,
        "differs": float((straight - peer).abs().max() / peer.max()),
    }
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")  # of the peer, which uses what pandas 3 calls old
    row = measure(100_000 if given.full else 10_000, given.repeat)
    print(json.dumps({"cores": os.cpu_count(), **row}))


if __name__ == "__main__":
    main()
