"""Schematic districts: a power diagram inside an outline of our own, with published areas."""

from __future__ import annotations

import dataclasses

import numpy as np
import shapely
from scipy.optimize import root
from shapely import Polygon
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from tabriz.facts import DISTRICTS
from tabriz.plan import Floats, Ground, densify, smooth

# Kilometres from the centre. Drawn by hand after the lie of the land: hills in the north, the
# plain opening to the west, the new town in the south-east. It is not a copy of any outline.
_OUTLINE = [
    (-13.1, 4.7), (-11, 6.8), (-7.7, 6.6), (-4.9, 5.1), (-2.2, 4.2), (0.7, 3.9), (3.8, 3.8),
    (7.6, 4.5), (10.4, 3.6), (11.3, 1.1), (13.1, -1.1), (13.5, -3.4), (11.2, -4.5), (8.1, -4.1),
    (5.9, -5.3), (2.7, -5.1), (0.2, -6.5), (-2.9, -5.9), (-5, -5), (-7.9, -5.9), (-10.1, -4),
    (-10.3, -0.9), (-13, 1.4),
]  # fmt: skip

_SITES = {
    "1": (3.6, 1.0),
    "2": (5.8, -3.0),
    "3": (0.0, -4.0),
    "4": (-4.0, 0.6),
    "5": (8.4, 1.9),
    "6": (-9.6, 3.6),
    "7": (-6.4, -3.9),
    "8": (0.0, 0.0),
    "9": (12.6, -2.9),
    "10": (0.7, 3.0),
}


def draw_districts(ground: Ground) -> tuple[dict[str, Polygon], Ground]:
    """Return the districts on the plan, and the ground scaled and centred on them.

    The power diagram's weights are solved for the areas *after* bending, so no later
    correction has to touch the borders.
    """
    outline = smooth(_OUTLINE)
    sites = np.array([_SITES[district.id] for district in DISTRICTS])
    target = np.array([district.area_km2 for district in DISTRICTS])

    def off(weights: Floats) -> Floats:
        areas = np.array([_bent(cell, ground).area for cell in _cells(outline, sites, weights)])
        wrong: Floats = (areas / areas.sum() - target / target.sum())[1:] * 100
        return wrong

    solved = root(off, np.zeros(len(sites) - 1), method="hybr", options={"eps": 1e-3})
    if not solved.success or np.abs(off(solved.x)).max() > 0.01:
        raise RuntimeError(f"the districts did not reach their areas: {solved.message}")
    # Rounded, because the last digits of a solver depend on the processor's linear algebra.
    cells = _cells(outline, sites, np.round(solved.x, 6))
    area = sum(_bent(cell, ground).area for cell in cells)
    districts = dict(zip(_SITES, cells, strict=True))
    middle = _bent(districts["8"], ground).centroid
    placed = dataclasses.replace(
        ground,
        scale=round(float(np.sqrt(target.sum() / area)), 9),
        centre=(round(middle.x, 6), round(middle.y, 6)),
    )
    return districts, placed


def _bent(polygon: Polygon, ground: Ground) -> BaseGeometry:
    return shapely.transform(densify(polygon), ground.bend)


def _cells(outline: Polygon, sites: Floats, weights: Floats) -> list[Polygon]:
    """Return the cells of the power diagram; the first site's weight is zero."""
    full = np.concatenate([[0.0], weights])
    return [_cell(outline, sites, full, which) for which in range(len(sites))]


def _cell(outline: Polygon, sites: Floats, weights: Floats, which: int) -> Polygon:
    cell: BaseGeometry = outline
    for other in range(len(sites)):
        if other != which:
            cell = cell.intersection(_nearer(sites, weights, which, other))
    return Polygon(shapely.get_exterior_ring(cell))


def _nearer(sites: Floats, weights: Floats, which: int, other: int) -> Polygon:
    """Return the half plane in which one site's power distance is less than the other's."""
    apart = sites[other] - sites[which]
    length = float(np.hypot(*apart))
    reach = (length**2 + weights[which] - weights[other]) / (2 * length)
    half = box(-200.0, -200.0, reach, 200.0)
    cos, sin = apart / length
    x, y = sites[which]

    def turn(points: Floats) -> Floats:
        along, across = points.T
        return np.column_stack([x + cos * along - sin * across, y + sin * along + cos * across])

    turned: Polygon = shapely.transform(half, turn)
    return turned
