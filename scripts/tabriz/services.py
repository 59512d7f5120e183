"""E-service points: dense where the city is planned, thin where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from tabriz.plan import Floats, Ints, to_degrees
from tabriz.population import Cells
from tabriz.streets import Streets

NAMES = {
    "municipality": ("شهرداری منطقه {d}", "Municipality of district {d}"),
    "e_office": ("دفتر خدمات الکترونیک {d}-{n}", "E-service office {d}-{n}"),
    "kiosk": ("کیوسک خدمات شهری {d}-{n}", "City service kiosk {d}-{n}"),
    "post_office": ("دفتر پستی {d}-{n}", "Post office {d}-{n}"),
}
_CAPACITY = {
    "municipality": (500, 900),
    "e_office": (220, 420),
    "kiosk": (90, 180),
    "post_office": (180, 320),
}

_MIX = {
    "1": "municipality e_office e_office kiosk post_office",
    "2": "municipality e_office e_office kiosk post_office",
    "3": "municipality e_office e_office e_office kiosk kiosk post_office",
    "4": "municipality e_office e_office kiosk kiosk post_office",
    "5": "municipality e_office e_office kiosk kiosk post_office",
    "6": "municipality post_office",
    "7": "municipality kiosk",
    "8": "municipality e_office",
    "10": "municipality",
}
_PLANNED = (("7", "kiosk"), ("10", "kiosk"), ("6", "e_office"), ("9", "municipality"))

_WALK = 1150.0
"""Metres along the streets within which a point serves people."""
_PULL = {"planned": 1.0, "historic": 1.2, "rural": 0.5, "informal": 0.45}
"""How much people count when a place is chosen: this is what leaves the gaps."""
_MARGIN = 100.0
"""Metres between a service and the border of its district."""
_LUCK = 0.05
"""Standard deviation of the luck that keeps the choice from being the best one."""

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A place of service."""

    service_id: str
    name_fa: str
    name_en: str
    type: str
    capacity: int
    status: str
    lon: float
    lat: float
    district: str


def place_services(
    streets: Streets,
    cells: Cells,
    districts: dict[str, BaseGeometry],
    rng: np.random.Generator,
) -> list[Service]:
    """Return the open services, district by district, then the planned ones.

    `districts` are in metres; nothing is put close to their borders, where a few steps would
    give it to another district.
    """
    wanted = [(district, kind, "open") for district, mix in _MIX.items() for kind in mix.split()]
    wanted += [(district, kind, "planned") for district, kind in _PLANNED]
    nearest = KDTree(streets.nodes).query(cells.centres)[1]
    people = np.maximum(cells.persons, 0.0) * np.array([_PULL.get(f, 0.0) for f in cells.fabric])
    left = np.bincount(nearest, weights=people, minlength=len(streets.nodes))
    services: list[Service] = []
    for district, whats in groupby(wanted, key=lambda what: what[0]):
        inner = districts[district].buffer(-_MARGIN)
        nodes = np.flatnonzero(shapely.contains_xy(inner, *streets.nodes.T))
        near = _within_walk(streets, nodes)
        for what in whats:
            luck = np.exp(rng.normal(0, _LUCK, len(nodes)))
            best = int((near @ left * luck).argmax())
            left[near[best]] = 0.0
            services.append(_service(what, services, streets.nodes[nodes[best]], rng))
    return services


def _within_walk(streets: Streets, nodes: Ints) -> NDArray[np.bool_]:
    """Return which nodes (columns) lie within a walk of which (rows)."""
    start, end = streets.edges.T
    length = np.hypot(*(streets.nodes[start] - streets.nodes[end]).T)
    count = len(streets.nodes)
    graph = coo_array((length, (start, end)), shape=(count, count)).tocsr()
    walk = dijkstra(graph, directed=False, indices=nodes, limit=_WALK)
    near: NDArray[np.bool_] = np.isfinite(walk)
    return near


def _service(
    what: tuple[str, str, str], before: list[Service], node: Floats, rng: np.random.Generator
) -> Service:
    district, kind, status = what
    (lon, lat) = to_degrees((node + rng.uniform(-25, 25, 2))[None])[0]
    number = sum(each.type == kind and each.district == district for each in before) + 1
    fa, en = (name.format(d=district, n=number) for name in NAMES[kind])
    low, high = _CAPACITY[kind]
    return Service(
        service_id=f"k{len(before) + 1:02d}",
        name_fa=fa.translate(_PERSIAN),
        name_en=en,
        type=kind,
        capacity=int(rng.integers(low // 10, high // 10 + 1)) * 10,
        status=status,
        lon=float(lon),
        lat=float(lat),
        district=district,
    )
