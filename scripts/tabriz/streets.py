"""A planar street graph: a lattice on the plan, thinned, jittered and bent onto the ground."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from shapely.geometry.base import BaseGeometry

from tabriz.facts import CRS, SYNTHETIC_EN, SYNTHETIC_FA
from tabriz.plan import Floats, Ground, Ints
from tabriz.population import CELL, Cells

SPACING = 0.2
"""Between neighbouring streets, in plan kilometres."""
WALKING_KMH = 4.8

_TURN = -0.14
_REACH = 90
_MAIN = 6
_COARSE = 2
_JITTER = {"planned": 0.05, "historic": 0.24, "rural": 0.18, "informal": 0.22, "": 0.1}
_DROPPED = {"planned": 0.07, "historic": 0.15, "rural": 0.25, "informal": 0.3, "": 0.25}
_SPEED = {"main": 50, "collector": 30, "local": 20}


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """Nodes and undirected edges.

    Parameters
    ----------
    nodes
        Metres, n x 2, rounded to a decimetre.
    fabric
        Of each node.
    edges
        Node positions, m x 2.
    road_class
        ``"main"``, ``"collector"`` or ``"local"`` per edge.
    """

    nodes: Floats
    fabric: NDArray[np.str_]
    edges: Ints
    road_class: NDArray[np.str_]


def lay_streets(
    ground: Ground, cells: Cells, city: BaseGeometry, rng: np.random.Generator
) -> Streets:
    """Return a connected street graph of the city.

    Every second street runs through empty land, all of them where people live; main streets
    keep straight, and what a spanning tree does not need may be missing.
    """
    places = np.array([(i, j) for i in range(-_REACH, _REACH) for j in range(-_REACH, _REACH)])
    turn = np.array([[np.cos(_TURN), np.sin(_TURN)], [-np.sin(_TURN), np.cos(_TURN)]])
    wobble = rng.uniform(-1, 1, places.shape)
    plan = places * SPACING @ turn
    here = ground.metres(plan)
    fabric, lived = _look_up(cells, here)
    jitter = np.array([_JITTER[name] for name in fabric])
    jitter[(places % _MAIN == 0).any(axis=1)] = 0.03
    nodes = np.round(ground.metres(plan + wobble * (jitter * SPACING)[:, None]), 1)
    inner = city.buffer(-40.0)
    shapely.prepare(inner)
    kept = shapely.contains_xy(inner, nodes[:, 0], nodes[:, 1])
    kept &= lived | (places % _COARSE == 0).all(axis=1)
    edges = _lattice_edges(places, kept)
    lines = shapely.linestrings(nodes[edges])
    edges = edges[shapely.contains(inner, lines)]
    edges, used = _largest_component(edges, len(nodes))
    road_class = _classes(places, edges)
    keep = _thin(edges, road_class, fabric, rng)
    return Streets(nodes[used], fabric[used], np.searchsorted(used, edges[keep]), road_class[keep])


def _look_up(cells: Cells, points: Floats) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Return the fabric at points, and whether somebody lives there."""
    column = np.floor((points[:, 0] - cells.west) / CELL).astype(int)
    row = np.floor((cells.north - points[:, 1]) / CELL).astype(int)
    rows, columns = cells.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    flat = np.where(inside, row * columns + column, 0)
    fabric = np.where(inside, cells.fabric[flat], "")
    return fabric, inside & (cells.persons[flat] > 0)


def _lattice_edges(places: Ints, kept: NDArray[np.bool_]) -> Ints:
    """Join each node to the next one on its street, at most `_COARSE` steps away."""
    number = {(int(i), int(j)): at for at, (i, j) in enumerate(places) if kept[at]}
    edges = []
    for (i, j), at in number.items():
        for di, dj, along in ((1, 0, j), (0, 1, i)):
            for step in range(1, _COARSE + 1 if along % _COARSE == 0 else 2):
                other = number.get((i + di * step, j + dj * step))
                if other is not None:
                    edges.append((at, other))
                    break
    return np.array(edges, dtype=np.int64)


def _largest_component(edges: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the edges of the largest connected part, and its nodes in order."""
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    largest = np.bincount(part).argmax()
    inside = edges[part[edges[:, 0]] == largest]
    return inside, np.unique(inside)


def _classes(places: Ints, edges: Ints) -> NDArray[np.str_]:
    """Every sixth street is a main street, every third a collector."""
    start, end = places[edges[:, 0]], places[edges[:, 1]]
    line = np.where(start[:, 0] == end[:, 0], start[:, 0], start[:, 1])
    return np.select(
        [line % _MAIN == 0, line % (_MAIN // 2) == 0], ["main", "collector"], "local"
    ).astype("U9")


def _thin(
    edges: Ints, road_class: NDArray[np.str_], fabric: NDArray[np.str_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Leave out some local streets, never one that a random spanning tree needs."""
    chance = rng.uniform(0.5, 1.0, len(edges))
    chance[road_class != "local"] *= 0.1
    count = int(edges.max()) + 1
    graph = coo_array((chance, (edges[:, 0], edges[:, 1])), shape=(count, count))
    tree = set(zip(*minimum_spanning_tree(graph.tocsr()).nonzero(), strict=True))
    needed = np.array([(a, b) in tree for a, b in edges])
    dropped = np.array([_DROPPED[fabric[a]] for a in edges[:, 0]])
    kept: NDArray[np.bool_] = (
        needed | (road_class != "local") | (rng.uniform(0, 1, len(edges)) >= dropped)
    )
    return kept


def write_streets(path: Path, streets: Streets) -> None:
    """Write the streets as a GeoPackage whose time stamp is fixed."""
    lines = shapely.linestrings(streets.nodes[streets.edges])
    frame = gpd.GeoDataFrame(
        {
            "street_id": [f"s{number:05d}" for number in range(1, len(streets.edges) + 1)],
            "class": streets.road_class,
            "speed_kmh": [_SPEED[name] for name in streets.road_class],
            "minutes": np.round(shapely.length(lines) / (WALKING_KMH * 1000 / 60), 3),
            "oneway": False,
            "synthetic": True,
        },
        geometry=lines,
        crs=CRS,
    )
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2016-10-01T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(
            frame,
            path,
            layer="streets",
            driver="GPKG",
            geometry_type="LineString",
            layer_metadata={
                "SYNTHETIC": "true",
                "DESCRIPTION": SYNTHETIC_EN,
                "NOTE_FA": SYNTHETIC_FA,
            },
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
