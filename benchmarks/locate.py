"""Points in polygons against prepared shapely, geopandas and SedonaDB, as a JSON line per case.

    python benchmarks/locate.py [--full] [--repeat 5]

The polygons part a square of 20 km at wavering borders; the points lie evenly in it and a little
beyond. `--full` is 10 million in 10 polygons of 1,000 vertices and 1 million in 1,000; the
default a tenth and a half of that. `seconds` are medians over `repeat` runs after one that
compiles, each from plain coordinate arrays and a frame to a code per point (`labels`: to a Series
of labels). `contains_xy` prepares each polygon once and asks it all points; `strip` is the plain
path of this package, which asks each polygon the points near it. sjoin runs once, on 100,000
points, and is scaled to their number. SedonaDB runs where it is installed (package `sedonadb`),
from the same arrays to an Arrow table of point and polygon, after one run. `differ` counts the
points whose code is not GEOS's. Each case runs in a process of its own,
and `peak_mb` is taken before the peers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context

import geopandas as gpd
import numpy as np
import shapely

from ecity_geo.geo.locate import _first_holder, locate, locate_codes

SIZE = 20_000.0
WEST, SOUTH = 5e5, 4.2e6
SJOIN_POINTS = 100_000


def wavering(xy: np.ndarray) -> np.ndarray:
    """Bend the plane a little, so that shared borders stay shared and are not straight."""
    x, y = (xy - [WEST, SOUTH]).T
    return xy + np.stack([40 * np.sin(y / 130) * np.sin(y / 37), 40 * np.sin(x / 110)], axis=1)


def city(polygons: int, vertices: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(polygons)
    seeds = rng.uniform(0, SIZE, (polygons, 2)) + [WEST, SOUTH]
    square = shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE)
    cells = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=square)
    shapes = shapely.intersection(shapely.get_parts(cells), square)
    step = float(np.mean(shapely.length(shapes))) / vertices
    bent = shapely.transform(shapely.segmentize(shapes, step), wavering)
    return gpd.GeoDataFrame(geometry=bent[shapely.is_valid(bent)], crs="EPSG:32638")


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def contains_xy(x: np.ndarray, y: np.ndarray, frame: gpd.GeoDataFrame) -> np.ndarray:
    found = np.full(len(x), -1, dtype=np.int32)
    for number, polygon in enumerate(frame.geometry):
        shapely.prepare(polygon)
        found[shapely.contains_xy(polygon, x, y)] = number
    return found


def by_sedona(x: np.ndarray, y: np.ndarray, frame: gpd.GeoDataFrame) -> Callable[[], object] | None:
    """Return the join of SedonaDB, None where it is not installed."""
    if find_spec("sedonadb") is None:
        return None
    import pyarrow as pa
    import sedonadb

    session = sedonadb.connect()
    numbered = frame.assign(code=np.arange(len(frame)))[["code", "geometry"]]
    session.create_data_frame(numbered).to_view("polygons")
    join = (
        "SELECT p.i, d.code FROM points p JOIN polygons d "
        f"ON ST_Intersects(d.geometry, ST_SetSRID(ST_Point(p.x, p.y), {frame.crs.to_epsg()}))"
    )

    def work() -> object:
        table = pa.table({"i": np.arange(len(x)), "x": x, "y": y})
        session.create_data_frame(table).to_view("points", overwrite=True)
        return session.sql(join).to_arrow_table()

    work()
    return work


def measure(points: int, polygons: int, vertices: int, repeat: int) -> dict[str, object]:
    frame = city(polygons, vertices)
    rng = np.random.default_rng(0)
    x = rng.uniform(WEST - 300, WEST + SIZE + 300, points)
    y = rng.uniform(SOUTH - 300, SOUTH + SIZE + 300, points)
    began = time.perf_counter()
    codes = locate_codes((x, y), frame)
    first = time.perf_counter() - began
    row: dict[str, object] = {"points": points, "polygons": len(frame), "first_call": first}
    row["vertices"] = float(shapely.get_num_coordinates(frame.geometry.to_numpy()).mean())
    row["seconds"] = ours = median_seconds(lambda: locate_codes((x, y), frame), repeat)
    row["labels"] = labels = median_seconds(lambda: locate((x, y), frame), repeat)
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    polygons_array = frame.geometry.to_numpy()
    row["strip"] = median_seconds(lambda: _first_holder(x, y, polygons_array), 1)
    row["ratio_strip"] = float(row["strip"]) / ours
    row["differ"] = int((codes != _first_holder(x, y, polygons_array)).sum())
    if polygons <= 50:
        row["contains_xy"] = median_seconds(lambda: contains_xy(x, y, frame), 3)
        row["ratio_contains_xy"] = float(row["contains_xy"]) / ours
    few = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x[:SJOIN_POINTS], y[:SJOIN_POINTS]))
    few = few.set_crs(frame.crs)
    share = points / len(few)
    row["sjoin_scaled"] = share * median_seconds(lambda: gpd.sjoin(few, frame, how="left"), 1)
    row["ratio_sjoin"] = float(row["sjoin_scaled"]) / labels
    join = by_sedona(x, y, frame)
    if join is not None:
        row["sedonadb"] = median_seconds(join, min(repeat, 3))
        row["ratio_sedonadb"] = float(row["sedonadb"]) / ours
    return {key: float(f"{value:.4g}") if key != "points" else value for key, value in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    many, some = (10_000_000, 1_000_000) if given.full else (1_000_000, 500_000)
    for points, polygons, vertices in ((many, 10, 1_000), (some, 1_000, 100)):
        # One task a process, which the next case does not inherit.
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            row = alone.submit(measure, points, polygons, vertices, given.repeat).result()
        print(json.dumps({"cores": os.cpu_count(), **row}), flush=True)


if __name__ == "__main__":
    main()
