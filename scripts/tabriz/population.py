"""Persons per cell: a plausible density, then rounded so that each district's census holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray

from tabriz.fabric import Face
from tabriz.facts import CENSUS_SOURCE, CRS, DISTRICTS, SYNTHETIC_EN, SYNTHETIC_FA
from tabriz.plan import Floats, Ints, noise, to_metres

CELL = 200.0
NODATA = -1.0

_CROWDING = {"planned": 1.0, "historic": 0.8, "rural": 0.6, "informal": 1.6}
_EMPTY = {"planned": -1.05, "historic": -2.0, "rural": 0.3, "informal": -1.3}
"""A cell is empty where the vacancy field lies below this."""
_DECAY = 3.8
"""Kilometres over which density falls from the centre."""
_VILLAGE = 6.0
"""Beyond this many kilometres a village is no thinner for lying farther out."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A raster of the city, flat, row by row from the north-west.

    Parameters
    ----------
    shape
        Rows and columns.
    west, north
        Corner in metres.
    centres
        Cell centres in metres, n x 2.
    district, fabric
        Of each cell by its centre; empty outside the city.
    persons
        Whole persons; `NODATA` outside the city.
    """

    shape: tuple[int, int]
    west: float
    north: float
    centres: Floats
    district: NDArray[np.str_]
    fabric: NDArray[np.str_]
    persons: Floats


def populate(faces: list[Face], rng: np.random.Generator) -> Cells:
    """Return the cells of the city with their people."""
    shapes = [shapely.transform(face.shape, to_metres) for face in faces]
    west, south, east, north = shapely.total_bounds(shapes)
    west, north = np.floor(west / CELL) * CELL, np.ceil(north / CELL) * CELL
    columns, rows = int(np.ceil((east - west) / CELL)), int(np.ceil((north - south) / CELL))
    x, y = np.meshgrid(
        west + CELL * (np.arange(columns) + 0.5), north - CELL * (np.arange(rows) + 0.5)
    )
    centres = np.column_stack([x.ravel(), y.ravel()])
    district = np.full(len(centres), "", dtype="U2")
    fabric = np.full(len(centres), "", dtype="U8")
    for face, shape in zip(faces, shapes, strict=True):
        shapely.prepare(shape)
        inside = shapely.contains_xy(shape, centres[:, 0], centres[:, 1])
        district[inside], fabric[inside] = face.district, face.fabric
    raw = _density(centres, fabric, rng)
    persons = np.full(len(centres), NODATA)
    for fact in DISTRICTS:
        here = district == fact.id
        persons[here] = apportion(raw[here], fact.population)
    return Cells((rows, columns), float(west), float(north), centres, district, fabric, persons)


def _density(centres: Floats, fabric: NDArray[np.str_], rng: np.random.Generator) -> Floats:
    """Return relative density: fabric, distance from the centre, and what grew where."""
    km = (centres - centres.mean(axis=0)) / 1000
    middle = km[fabric == "historic"].mean(axis=0)
    out = np.hypot(*(km - middle).T)
    grown = noise(rng, ((4.0, 0.2, 9), (1.6, 0.3, 9), (0.6, 0.1, 9))).at(km)
    vacancy = noise(rng, ((3.0, 0.6, 11), (1.3, 0.5, 11), (0.5, 0.25, 9))).at(km)
    crowding = np.array([_CROWDING.get(name, 0.0) for name in fabric])
    empty = vacancy < np.array([_EMPTY.get(name, 0.0) for name in fabric])
    rural = fabric == "rural"
    out[rural] = np.minimum(out[rural], _VILLAGE)
    density: Floats = crowding * np.exp(grown - out / _DECAY)
    density[empty] = 0.0
    return density


def apportion(weights: Floats, total: int) -> Ints:
    """Share a whole number by weight with Hamilton's method of largest remainders."""
    quota = weights / weights.sum() * total
    whole: Ints = np.floor(quota).astype(np.int64)
    late = np.argsort(whole - quota, kind="stable")[: total - int(whole.sum())]
    whole[late] += 1
    return whole


def write_population(path: Path, cells: Cells) -> None:
    """Write the persons as a GeoTIFF that says what it is."""
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells.shape[0],
        width=cells.shape[1],
        count=1,
        dtype="float32",
        crs=CRS,
        transform=rasterio.Affine(CELL, 0.0, cells.west, 0.0, -CELL, cells.north),
        nodata=NODATA,
        compress="deflate",
        predictor=3,
    ) as raster:
        raster.write(cells.persons.reshape(cells.shape).astype(np.float32), 1)
        raster.set_band_description(1, "persons per cell (synthetic)")
        raster.update_tags(
            SYNTHETIC="true",
            NOTE_EN=SYNTHETIC_EN,
            NOTE_FA=SYNTHETIC_FA,
            SOURCE=CENSUS_SOURCE,
            UNIT="whole persons per cell of 200 m",
        )
