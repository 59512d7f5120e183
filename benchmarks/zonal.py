"""Zonal sums with exact fractions against exactextract and reading alone, as a JSON line.

    python benchmarks/zonal.py [--full] [--repeat 3]

A tiled deflate GeoTIFF of single-precision densities (`--full`: 10,000 x 10,000, else 3,000 x
3,000) and 1,000 polygons that part it. Each contender runs in a process of its own, so that
`peak_mb` is its own; `seconds` are medians after one run that compiles. `read` decodes the file
with rasterio window by window, `read_threads` with as many threads and datasets as this package.
`differ` is the greatest relative difference of the sums from exactextract's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import from_origin

from ecity_geo.geo.compiled import threads
from ecity_geo.geo.zonal import zonal

WEST, SOUTH, CELL = 5e5, 4.2e6, 10.0
POLYGONS = 1_000
BLOCK = 512


def write_raster(path: Path, size: int) -> None:
    rng = np.random.default_rng(0)
    transform = from_origin(WEST, SOUTH + size * CELL, CELL, CELL)
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "crs": "EPSG:32638"}
    tiles = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate"}
    with rasterio.open(
        path, "w", height=size, width=size, transform=transform, **profile, **tiles
    ) as made:
        for row in range(0, size, BLOCK):
            rows = min(BLOCK, size - row)
            people = rng.gamma(0.5, 6.0, (rows, size)).astype("float32")
            made.write(people, 1, window=((row, row + rows), (0, size)))


def districts(size: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    wide = size * CELL
    seeds = shapely.multipoints(rng.uniform(0, wide, (POLYGONS, 2)) + [WEST, SOUTH])
    square = shapely.box(WEST, SOUTH, WEST + wide, SOUTH + wide)
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=square))
    shapes = shapely.segmentize(shapely.intersection(cells, square), wide / 300)
    return gpd.GeoDataFrame(geometry=shapes, crs="EPSG:32638")


def ours(path: Path, size: int) -> Callable[[], object]:
    frame = districts(size)
    return lambda: np.array(zonal(path, frame)["sum"])


def peer(path: Path, size: int) -> Callable[[], object]:
    from exactextract import exact_extract

    frame = districts(size)
    return lambda: np.array(exact_extract(str(path), frame, ["sum"], output="pandas")["sum"])


def read_window(path: Path, row: int, size: int) -> None:
    with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(path) as dataset:
        dataset.read(1, window=((row, min(row + BLOCK, size)), (0, size)))


def read(path: Path, size: int) -> Callable[[], object]:
    return lambda: [read_window(path, row, size) for row in range(0, size, BLOCK)]


def read_threads(path: Path, size: int) -> Callable[[], object]:
    def work() -> None:
        with ThreadPoolExecutor(threads()) as pool:
            list(pool.map(lambda row: read_window(path, row, size), range(0, size, BLOCK)))

    return work


def alone(make: object, path: Path, size: int, repeat: int, pipe: object) -> None:
    work = make(path, size)
    first = work()
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pipe.send((statistics.median(seconds), peak, first))


def in_its_own_process(*task: object) -> tuple[float, int, np.ndarray]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=alone, args=(*task, there))
    process.start()
    row = here.recv()
    process.join()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    size = 10_000 if given.full else 3_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.tif"
        write_raster(path, size)
        row: dict[str, object] = {"cores": os.cpu_count(), "size": size, "polygons": POLYGONS}
        seconds, peak, sums = in_its_own_process(ours, path, size, given.repeat)
        row |= {"seconds": round(seconds, 3), "peak_mb": peak}
        for make, repeat in ((read_threads, given.repeat), (read, 1), (peer, 1)):
            other, other_peak, theirs = in_its_own_process(make, path, size, repeat)
            name = make.__name__
            row |= {name: round(other, 3), f"{name}_peak_mb": other_peak}
            row[f"ratio_{name}"] = round(other / seconds, 2)
        row["differ"] = float(np.abs(sums / theirs - 1).max())
    print(json.dumps(row))


if __name__ == "__main__":
    main()
