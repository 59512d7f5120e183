"""Urban fabric: zones drawn over the districts, and the faces that both layers share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from tabriz.plan import Floats, Ground, densify, noise, smooth

FABRICS = ("planned", "historic", "rural", "informal")

_WAVES = ((2.6, 0.16, 7), (1.1, 0.06, 9))
"""Roughness of the zones: wavelength and amplitude in km, number of waves."""
_LEAST_FACE = 0.4
"""Faces smaller than this (km2) join a neighbour of the same district: no slivers."""
_GRID = 1e-4
"""Plan coordinates are rounded to this (km), so that lines meet where they cross."""

# Zones in plan kilometres, later ones over earlier ones; the rest of the city is planned.
# District 8 is historic throughout and is added to its zone.
_ZONES: tuple[tuple[str, list[tuple[float, float]]], ...] = (
    # west: villages and fields around the airport
    ("rural", [(-15, -1.5), (-15, 8), (-5.0, 8), (-3.2, 5.6), (-3.8, 3.4), (-5.2, 1.9),
               (-6.8, -0.6), (-8.4, -2.0), (-10.4, -4.6), (-13, -4)]),
    # outer edge of district 7
    ("rural", [(-12, -1.8), (-8.6, -2.0), (-8.2, -4.4), (-6.4, -5.0), (-4.2, -5.0), (-4, -7),
               (-12, -7)]),
    # southern slopes
    ("rural", [(-2.6, -7.5), (-2.2, -5.6), (-0.2, -5.4), (1.4, -5.3), (2.2, -7.5)]),
    # eastern edge: the new town is half built
    ("rural", [(12.3, 0.6), (12.6, -1.6), (12.8, -2.6), (12.2, -3.7), (10.4, -4.2), (10.2, -5.5),
               (14.5, -5.5), (14.5, 0.6)]),
    # hills behind district 5
    ("rural", [(8.0, 5.4), (8.8, 3.9), (10.0, 3.0), (10.8, 1.2), (13.0, 1.0), (13.0, 5.4)]),
    # northern slope
    ("informal", [(-3.4, 6.2), (-3.2, 3.9), (-2.0, 2.3), (-0.6, 2.0), (1.0, 1.4), (2.4, 1.5),
                  (3.8, 2.0), (5.2, 3.1), (6.8, 3.0), (7.0, 5.6), (2.0, 5.6)]),
    # south-west
    ("informal", [(-8.8, -2.0), (-6.2, -0.5), (-4.0, -0.9), (-2.0, -2.6), (-1.9, -4.0),
                  (-3.0, -5.2), (-5.2, -4.9), (-6.8, -4.9), (-9.0, -4.1)]),
    # south of district 3
    ("informal", [(0.6, -4.6), (2.2, -3.6), (4.3, -4.2), (3.9, -5.8), (1.0, -6.4)]),
    # the old town and its quarters around the centre
    ("historic", [(-0.9, -0.6), (-0.9, 0.9), (0.4, 1.7), (2.0, 2.0), (3.6, 1.2), (4.2, 0.2),
                  (3.9, -1.3), (2.6, -2.4), (0.8, -2.4), (-0.2, -1.9)]),
)  # fmt: skip

PUBLISHED = {"3": "planned", "5": "planned", "7": "informal", "8": "historic"}
"""District fabrics that rest on a published class, in the words of the fabric layer."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What one district has of one fabric.

    Parameters
    ----------
    district, fabric
        What it belongs to.
    shape
        Longitude and latitude, rounded as written.
    """

    district: str
    fabric: str
    shape: BaseGeometry


def draw_faces(
    districts: dict[str, Polygon], ground: Ground, rng: np.random.Generator
) -> list[Face]:
    """Return the faces of districts and fabrics on the ground.

    All lines are noded on the plan before they are bent, so both layers are unions of the same
    faces and share every vertex.
    """
    zones = _zones(districts, rng)
    lines = [p.boundary for p in districts.values()] + [zone.boundary for _, zone in zones]
    noded = shapely.union_all(lines, grid_size=_GRID)
    city = shapely.union_all(list(districts.values())).buffer(_GRID)
    pieces = [p for p in polygonize(noded) if city.contains(p.representative_point())]
    labels = [(_district_of(p, districts), _fabric_of(p, zones)) for p in pieces]
    joined = _join_slivers(pieces, labels)
    groups: dict[tuple[str, str], list[Polygon]] = {}
    for piece, label in sorted(zip(pieces, joined, strict=True), key=lambda pair: _order(pair[1])):
        groups.setdefault(label, []).append(piece)
    return [
        Face(*label, shapely.transform(densify(shapely.coverage_union_all(group)), ground.degrees))
        for label, group in groups.items()
    ]


def _order(label: tuple[str, str]) -> tuple[int, int]:
    return int(label[0]), FABRICS.index(label[1])


def _zones(
    districts: dict[str, Polygon], rng: np.random.Generator
) -> list[tuple[str, BaseGeometry]]:
    """Return the zones with rough edges, the old town with district 8 in it."""
    east, north = noise(rng, _WAVES), noise(rng, _WAVES)

    def roughen(points: Floats) -> Floats:
        moved = np.column_stack([east.at(points), north.at(points)])
        return np.round(points + moved, 9)

    zones: list[tuple[str, BaseGeometry]] = [
        (name, shapely.transform(smooth(ring), roughen).buffer(0)) for name, ring in _ZONES
    ]
    name, old_town = zones[-1]
    return [*zones[:-1], (name, old_town.union(districts["8"]))]


def _district_of(piece: Polygon, districts: dict[str, Polygon]) -> str:
    inside = piece.representative_point()
    return next(name for name, shape in districts.items() if shape.contains(inside))


def _fabric_of(piece: Polygon, zones: list[tuple[str, BaseGeometry]]) -> str:
    inside = piece.representative_point()
    return next((name for name, zone in reversed(zones) if zone.contains(inside)), "planned")


def _join_slivers(pieces: list[Polygon], labels: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give faces that are too small the fabric of the neighbour with the longest border."""
    joined = list(labels)
    for small in sorted(range(len(pieces)), key=lambda i: pieces[i].area):
        if pieces[small].area >= _LEAST_FACE:
            break
        borders = [
            (pieces[small].intersection(pieces[i]).length, joined[i])
            for i in range(len(pieces))
            if i != small and joined[i][0] == joined[small][0]
        ]
        joined[small] = max(borders)[1]
    return joined


def district_shapes(faces: list[Face]) -> dict[str, BaseGeometry]:
    """Return each district as the union of its faces, in longitude and latitude."""
    groups: dict[str, list[BaseGeometry]] = {}
    for face in faces:
        groups.setdefault(face.district, []).append(face.shape)
    return {name: shapely.coverage_union_all(shapes) for name, shapes in groups.items()}
