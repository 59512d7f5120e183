"""How fast streets are travelled, and which way: by class, and by the tags of OSM."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ecity_geo.inputs.config import StreetsConfig

WALK_KMH = 4.8
"""Comfortable walking speed of adults, 1.33 m/s (Bohannon 1997, doi:10.1093/ageing/26.1.15)."""
DRIVE_KMH = {
    "motorway": 100.0,
    "motorway_link": 50.0,
    "trunk": 80.0,
    "trunk_link": 40.0,
    "primary": 50.0,
    "primary_link": 40.0,
    "secondary": 50.0,
    "secondary_link": 40.0,
    "tertiary": 40.0,
    "tertiary_link": 30.0,
    "unclassified": 40.0,
    "residential": 30.0,
    "road": 30.0,
    "service": 15.0,
    "living_street": 10.0,
}
"""Speed by OSM class where no maxspeed is tagged; the classes that a car may use."""
NO_WALK = {
    "motorway",
    "motorway_link",
    "construction",
    "proposed",
    "abandoned",
    "razed",
    "raceway",
    "bus_guideway",
    "busway",
    "escape",
    "corridor",
    "elevator",
    "platform",
}
_CLOSED = {"no", "private"}
_OPEN = {"yes", "designated", "permissive", "official"}
ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}
BOTH_WAYS = {"no", "false", "0", "reversible", "alternating"}
_MAXSPEED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh)?\s*")


def class_speed(name: str, config: StreetsConfig) -> float:
    """Return the speed of a class as given or built in, or 0 where nobody goes.

    Parameters
    ----------
    name
        The class, in OSM's words or those of `speeds`.
    config
        The section ``[streets]``.

    Returns
    -------
    kmh
        Km/h.
    """
    if name in config.speeds:
        return config.speeds[name]
    if config.mode == "walk":
        return 0.0 if name in NO_WALK else WALK_KMH
    return DRIVE_KMH.get(name, 0.0)


def walk_speed(tags: Mapping[str, str], config: StreetsConfig) -> float:
    """Return the walking speed, or 0 where walking is not allowed.

    Parameters
    ----------
    tags
        OSM tags.
    config
        The section ``[streets]``.

    Returns
    -------
    kmh
        Km/h.
    """
    if tags.get("foot") in _CLOSED:
        return 0.0
    closed = tags.get("access") in _CLOSED and tags.get("foot") not in _OPEN
    return 0.0 if closed else class_speed(tags.get("highway", ""), config)


def drive_speed(tags: Mapping[str, str], config: StreetsConfig) -> float:
    """Return the speed as tagged or by class, or 0 where cars are not allowed.

    Parameters
    ----------
    tags
        OSM tags.
    config
        The section ``[streets]``.

    Returns
    -------
    kmh
        Km/h.
    """
    speed = class_speed(tags.get("highway", ""), config)
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:  # the most particular key decides
            speed = 0.0 if tags[key] in _CLOSED else speed
            break
    limit = _MAXSPEED.fullmatch(tags.get("maxspeed", ""))
    if not speed or limit is None or not float(limit[1]):
        return speed
    return float(limit[1]) * (1.609344 if limit[2] == "mph" else 1.0)


def osm_oneway(tags: Mapping[str, str]) -> int:
    """Return the one-way mark of a street.

    Parameters
    ----------
    tags
        OSM tags.

    Returns
    -------
    mark
        1 (as drawn), -1 (against it) or 0 (both ways).
    """
    mark = tags.get("oneway")
    if mark is not None:
        return ONEWAY.get(mark, 0)
    implied = tags.get("junction") in {"roundabout", "circular"}
    return int(implied or tags.get("highway") == "motorway")
