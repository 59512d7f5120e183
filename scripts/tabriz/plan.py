"""The drawing board: a flat plan in kilometres, and its smooth map onto the ground.

Borders, fabrics and streets are drawn straight on the plan. `Ground` then bends the whole plan
by one smooth field, so that lines look grown rather than ruled while everything that touched
still touches: a point of the plan has one place on the ground, whichever layer asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import LinearRing, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from tabriz.facts import CENTRE_LONLAT, CRS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP = 0.1
"""Longest straight piece of a border, in km, before it is bent."""
DECIMALS = 6
"""Decimals of longitude and latitude in the files: about a decimetre."""

# Wavelength in km, amplitude in km, number of waves: from valleys down to street corners.
_WAVES = ((9.0, 0.30, 5), (3.6, 0.11, 7), (1.5, 0.045, 9), (0.7, 0.016, 9))

_TO_GROUND = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """A smooth random field: a sum of plane waves.

    Parameters
    ----------
    vectors
        Wave vectors, n x 2, in radians per km.
    phases, amplitudes
        One per wave.
    """

    vectors: Floats
    phases: Floats
    amplitudes: Floats

    def at(self, points: Floats) -> Floats:
        """Return the field at points (n x 2, km)."""
        along = points[:, :1] * self.vectors[:, 0] + points[:, 1:] * self.vectors[:, 1]
        waves: Floats = (np.sin(along + self.phases) * self.amplitudes).sum(axis=1)
        return waves


def noise(rng: np.random.Generator, waves: tuple[tuple[float, float, int], ...]) -> Noise:
    """Draw a field from (wavelength, amplitude, count) triples."""
    vectors, amplitudes = [], []
    for length, amplitude, count in waves:
        angle = rng.uniform(0, 2 * np.pi, count)
        radians = 2 * np.pi / (length * rng.uniform(0.8, 1.25, count))
        vectors.append(np.column_stack([np.cos(angle), np.sin(angle)]) * radians[:, None])
        amplitudes.append(np.full(count, amplitude / np.sqrt(count / 2)))
    stacked = np.vstack(vectors)
    return Noise(stacked, rng.uniform(0, 2 * np.pi, len(stacked)), np.concatenate(amplitudes))


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """How the plan lies on the ground.

    Parameters
    ----------
    east, north
        Fields that displace the plan, in km.
    scale
        Factor that gives the city its published area.
    centre
        Bent place, in km, that is put on the city's centre.
    """

    east: Noise
    north: Noise
    scale: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)

    def bend(self, points: Floats) -> Floats:
        """Return plan points (n x 2, km) displaced, centred and scaled, still in km.

        Rounded to a micrometre: the same point asked for twice is the same point.
        """
        moved = np.column_stack([self.east.at(points), self.north.at(points)])
        return np.round((points + moved - self.centre) * self.scale, 9)

    def metres(self, points: Floats) -> Floats:
        """Return plan points in the working CRS, in metres."""
        origin = np.array(_TO_GROUND.transform(*CENTRE_LONLAT))
        ground: Floats = self.bend(points) * 1000 + origin
        return ground

    def degrees(self, points: Floats) -> Floats:
        """Return plan points as longitude and latitude, rounded as they are written."""
        return to_degrees(self.metres(points))


def draw_ground(rng: np.random.Generator) -> Ground:
    """Draw the bending field."""
    return Ground(noise(rng, _WAVES), noise(rng, _WAVES))


def to_degrees(metres: Floats) -> Floats:
    """Return metric points as longitude and latitude, rounded as they are written."""
    lon, lat = _TO_DEGREES.transform(metres[:, 0], metres[:, 1])
    return np.round(np.column_stack([lon, lat]), DECIMALS)


def to_metres(degrees: Floats) -> Floats:
    """Return longitude and latitude as metric points, as a reader of the file does."""
    x, y = _TO_GROUND.transform(degrees[:, 0], degrees[:, 1])
    return np.column_stack([x, y])


def smooth(corners: list[tuple[float, float]], rounds: int = 4) -> Polygon:
    """Return a polygon with its corners cut again and again (Chaikin's curve)."""
    ring = np.array(corners, dtype=float)
    for _ in range(rounds):
        after = np.roll(ring, -1, axis=0)
        ring = np.stack([0.75 * ring + 0.25 * after, 0.25 * ring + 0.75 * after], axis=1)
        ring = ring.reshape(-1, 2)
    return Polygon(ring)


def densify(shape: BaseGeometry, step: float = STEP) -> BaseGeometry:
    """Return polygons whose segments are cut into pieces no longer than `step`.

    A segment is cut from its lesser end whichever way the ring runs, so that two neighbours
    cut a shared border at the same points, to the last bit.
    """
    parts = [
        Polygon(_cut(part.exterior, step), [_cut(hole, step) for hole in part.interiors])
        for part in shapely.get_parts(shape)
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _cut(line: LinearRing, step: float) -> Floats:
    ring = shapely.get_coordinates(line)
    pieces = []
    for start, end in pairwise(ring):
        turned = tuple(start) > tuple(end)
        low, high = (end, start) if turned else (start, end)
        count = max(1, int(np.ceil(np.hypot(*(high - low)) / step)))
        share = np.arange(1, count)[:, None] / count
        inner = low + (high - low) * share
        pieces.append(np.vstack([start[None], inner[::-1] if turned else inner]))
    return np.vstack(pieces)
