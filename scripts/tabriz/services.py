"""E-service points: dense where the city is planned, thin where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tabriz.plan import Floats, to_degrees
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
    "8": "municipality e_office kiosk",
    "10": "municipality",
}
_PLANNED = (("7", "kiosk"), ("10", "kiosk"), ("6", "e_office"), ("9", "municipality"))

_REACH = 900.0
"""Metres within which a point takes the people from the next one's reckoning."""
_PULL = {"planned": 1.0, "historic": 1.2, "rural": 0.5, "informal": 0.45}
"""How much people count when a place is chosen: this is what leaves the gaps."""
_LUCK = 0.1
"""Standard deviation of the luck that keeps the choice from being the best one."""

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A place of service, as a row of the file."""

    service_id: str
    name_fa: str
    name_en: str
    type: str
    capacity: int
    status: str
    lon: float
    lat: float
    synthetic: str = "yes"


def place_services(streets: Streets, cells: Cells, rng: np.random.Generator) -> list[Service]:
    """Return the open services, district by district, then the planned ones."""
    wanted = [(district, kind, "open") for district, mix in _MIX.items() for kind in mix.split()]
    wanted += [(district, kind, "planned") for district, kind in _PLANNED]
    tree = KDTree(cells.centres)
    reach = tree.query_ball_point(streets.nodes, _REACH)
    at = tree.query(streets.nodes)[1]
    district_of = cells.district[at]
    left = np.maximum(cells.persons, 0.0) * np.array([_PULL.get(f, 0.0) for f in cells.fabric])
    services: list[Service] = []
    for district, kind, status in wanted:
        nodes = np.flatnonzero(district_of == district)
        node = int(nodes[_appeal(reach, nodes, left, rng).argmax()])
        left[reach[node]] *= 0.1
        number = sum(f" {district}" in s.name_en and s.type == kind for s in services) + 1
        services.append(
            _service(len(services), (district, kind, status), number, streets.nodes[node], rng)
        )
    return services


def _appeal(
    reach: NDArray[np.object_], nodes: NDArray[np.int64], left: Floats, rng: np.random.Generator
) -> Floats:
    people = np.array([left[reach[node]].sum() for node in nodes])
    appeal: Floats = people * np.exp(rng.normal(0, _LUCK, len(nodes)))
    return appeal


def _service(
    count: int, what: tuple[str, str, str], number: int, node: Floats, rng: np.random.Generator
) -> Service:
    district, kind, status = what
    (lon, lat) = to_degrees((node + rng.uniform(-25, 25, 2))[None])[0]
    fa, en = (name.format(d=district, n=number) for name in NAMES[kind])
    low, high = _CAPACITY[kind]
    return Service(
        service_id=f"k{count + 1:02d}",
        name_fa=fa.translate(_PERSIAN),
        name_en=en,
        type=kind,
        capacity=int(rng.integers(low // 10, high // 10 + 1)) * 10,
        status=status,
        lon=float(lon),
        lat=float(lat),
    )
