"""Points of a Parquet file in polygons: seconds and peak memory, as a JSON line.

    python benchmarks/parquet.py [--full] [--group 1_000_000] [--folder DIR]

The points lie evenly over a city of 10 polygons x 1,000 vertices; `--full` is 100 million of them
(1.6 GB on disk), else 2 million. The file is written in chunks and deleted at the end. Writing,
locating and the peer run in processes of their own. `peak_mb` is the peak of the process that
locates; `seconds` is its one run, which begins with code that must be loaded. The peer is
prepared `contains_xy` over the same batches of pyarrow, on the first two million points, scaled;
`same_counts` says whether both find as many of these in each polygon.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from locate import SIZE, SOUTH, WEST, city, contains_xy

from ecity_geo.geo.locate import locate_parquet

BATCH = 1_000_000
PEER_POINTS = 2_000_000


def write(path: Path, points: int, group: int) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(0)
    schema = pa.schema([("x", pa.float64()), ("y", pa.float64())])
    with parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as made:
        for start in range(0, points, group):
            number = min(group, points - start)
            x = rng.uniform(WEST - 300, WEST + SIZE + 300, number)
            y = rng.uniform(SOUTH - 300, SOUTH + SIZE + 300, number)
            made.write_table(pa.table({"x": x, "y": y}, schema), row_group_size=group)


def batches_of_codes(path: Path, who: str) -> Iterator[np.ndarray]:
    frame = city(10, 1_000)
    if who == "ours":
        for labels in locate_parquet(path, frame, x="x", y="y", batch=BATCH):
            yield labels.fillna(-1).to_numpy(dtype=np.int64)
        return
    from pyarrow import parquet

    for rows in parquet.ParquetFile(path, pre_buffer=False).iter_batches(BATCH):
        yield contains_xy(rows.column("x").to_numpy(), rows.column("y").to_numpy(), frame)


def run(path: Path, who: str, points: int) -> dict[str, object]:
    """Locate the first points of the file: seconds, peak, and points per polygon."""
    counts: Counter[int] = Counter()
    began, done, at_peer = time.perf_counter(), 0, {}
    for codes in batches_of_codes(path, who):
        counts.update(dict(enumerate(np.bincount(codes + 1))))
        done += len(codes)
        if done == min(points, PEER_POINTS):
            at_peer = dict(counts)
        if done >= points:
            break
    return {
        "seconds": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "counts": at_peer,
    }


def alone(work: Callable[..., object], *task: object) -> object:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *task).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--group", type=int, default=1_000_000, help="rows of a row group")
    parser.add_argument("--folder", help="where the file is written; default: the temporary one")
    given = parser.parse_args()
    points = 100_000_000 if given.full else PEER_POINTS
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "points.parquet"
        alone(write, path, points, given.group)
        mine = alone(run, path, "ours", points)
        theirs = alone(run, path, "contains_xy", PEER_POINTS)
    other = theirs["seconds"] * points / PEER_POINTS
    row = {
        "cores": os.cpu_count(),
        "points": points,
        "seconds": round(mine["seconds"], 2),
        "peak_mb": mine["peak_mb"],
        "contains_xy_scaled": round(other, 2),
        "contains_xy_peak_mb": theirs["peak_mb"],
        "ratio_contains_xy": round(other / mine["seconds"], 1),
        "same_counts": mine["counts"] == theirs["counts"],
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
