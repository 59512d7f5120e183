"""Few points that stand for many: one for the people of each square, or none nearer than so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import hypot

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.geo.near import NearPairs
from ecity_geo.geo.streets import StreetGraph

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

KEYS = ["block_row", "block_column", "level", "row", "column"]
"""What tells one square from another, in the order in which squares are numbered."""
MOST_LEVELS = 20
"""Halvings of a square at most, to a millionth of its side."""
CROSSING = 3
"""Streets that meet at a crossing, at least."""


def squares(
    points: pd.DataFrame,
    *,
    side: float,
    corner: tuple[float, float],
    most: float = np.inf,
    smallest: float = 0.0,
) -> pd.DataFrame:
    """Put points into the squares of a grid, and into finer ones where people are many.

    Parameters
    ----------
    points
        `x`, `y` in metres and `people`.
    side
        Side of a square, in metres.
    corner
        North-west corner of the square in row 0 and column 0. A point on an edge belongs to the
        square to the south or east of it.
    most
        A square with more people than this is parted in four, and those again (a quadtree:
        Finkel & Bentley 1974, doi:10.1007/BF00288933) ...
    smallest
        ... as long as the parts are not narrower than this, in metres.

    Returns
    -------
    squares
        Indexed like `points`: row and column of the whole square (`block_row`, `block_column`,
        rows counted southwards), how often it was parted (`level`), and `row` and `column` in
        the grid of that level.
    """
    west, north = corner
    x, y = points["x"].to_numpy(dtype=float), points["y"].to_numpy(dtype=float)
    found = pd.DataFrame(index=points.index)
    found["block_row"] = found["row"] = np.floor((north - y) / side).astype(np.int64)
    found["block_column"] = found["column"] = np.floor((x - west) / side).astype(np.int64)
    found["level"] = 0
    people = points["people"]
    for level in range(1, MOST_LEVELS + 1):
        part = side / 2**level
        held = people.groupby([found[key] for key in KEYS]).transform("sum").to_numpy()
        crowded = (found["level"].to_numpy() == level - 1) & (held > most)
        if part < smallest or not crowded.any():
            break
        finer = np.floor(np.column_stack([north - y, x - west])[crowded] / part).astype(np.int64)
        found.loc[crowded, ["row", "column"]] = finer
        found.loc[crowded, "level"] = level
    return found[KEYS]


def central(
    points: pd.DataFrame, squares: pd.DataFrame, *, allowed: Flags | None = None
) -> pd.DataFrame:
    """Find the point of each square that is nearest to the centre of its people.

    Parameters
    ----------
    points
        `x`, `y` in metres and `people`, above 0.
    squares
        Square of each point, as from `squares`.
    allowed
        Which points may be chosen; all by default. Squares without any are left out.

    Returns
    -------
    centres
        A row per square, row by row from the north-west: `x` and `y` of the centre of its people,
        its `people`, the label of the `home` that is nearest, and the keys of the square. Of
        homes that are equally near, to the millimetre, the one with more people, then the first
        by label.

    Notes
    -----
    With the squares of distances weighted by people, the home is the square's median: the sum of
    ``w_i |x_i - x|^2`` is that about the centre plus ``w |centre - x|^2``.
    """
    keys = [squares[key] for key in KEYS]
    total = points["people"].groupby(keys).transform("sum")
    weight = points["people"] / total
    centre_x = (points["x"] * weight).groupby(keys).transform("sum")
    centre_y = (points["y"] * weight).groupby(keys).transform("sum")
    # Rounded to the millimetre, so that equal distances are equal.
    distance = np.hypot(points["x"] - centre_x, points["y"] - centre_y).round(3)
    ranked = squares.assign(
        x=centre_x,
        y=centre_y,
        people=total,
        distance=distance,
        home=points.index,
        fewer=-points["people"],
    )
    if allowed is not None:
        ranked = ranked[allowed]
    ranked = ranked.sort_values([*KEYS, "distance", "fewer", "home"], kind="stable")
    return ranked.drop_duplicates(KEYS)[["x", "y", "people", "home", *KEYS]].reset_index(drop=True)


def sides(centres: pd.DataFrame, spacing: float) -> Floats:
    """Sides of squares in metres.

    Parameters
    ----------
    centres
        As from `central`.
    spacing
        Side of a square that was not parted.

    Returns
    -------
    sides
        One per square.
    """
    return np.asarray(spacing / 2.0 ** centres["level"].to_numpy())


def square_codes(centres: pd.DataFrame, spacing: float) -> list[str]:
    """Name the squares of a grid with a corner in the origin by their place.

    Parameters
    ----------
    centres
        As from `central`.
    spacing
        Side of a square that was not parted.

    Returns
    -------
    codes
        Side and south-west corner in metres, as in ``"500mN4212000E603500"``: a home more or
        less anywhere else changes none of them.
    """
    side = sides(centres, spacing)
    south = -(centres["row"].to_numpy() + 1) * side
    west = centres["column"].to_numpy() * side
    return [f"{s:g}mN{y:.10g}E{x:.10g}" for s, y, x in zip(side, south, west, strict=True)]


def place_codes(places: pd.DataFrame) -> list[str]:
    """Name places by their coordinates in whole metres.

    Parameters
    ----------
    places
        `x` and `y`, 2 m or more apart.

    Returns
    -------
    codes
        As in ``"N4212345E603210"``; to the millimetre where places are nearer than that.
    """
    for digits in (0, 3):
        codes = [
            f"N{y:.{digits}f}E{x:.{digits}f}" for x, y in zip(places["x"], places["y"], strict=True)
        ]
        if len(set(codes)) == len(codes):
            break
    return codes


def junctions(streets: StreetGraph, *, homes: Floats, people: Floats, reach: float) -> pd.DataFrame:
    """List the junctions of streets, without those of islands, and how many people live near.

    Parameters
    ----------
    streets
        Street graph.
    homes
        Where people live, n x 2 in its CRS; may be nowhere.
    people
        How many live at each home.
    reach
        What is near, in metres in a straight line; inclusive.

    Returns
    -------
    junctions
        A row per junction or street end: `x`, `y`, `streets` that meet there, and `people` near.
    """
    ends = streets.line_ends()
    meet = np.bincount(ends.ravel(), minlength=len(streets.x))
    node = np.unique(ends[streets.on_mainland])
    places = np.column_stack([streets.x[node], streets.y[node]])
    near = np.zeros(len(node))
    if len(homes):
        pairs = NearPairs.of(homes, places, reach)
        for block in pairs.blocks:
            home, place, _ = pairs.read(block)
            near += np.bincount(place, weights=people[home], minlength=len(node))
    x, y = places.T
    return pd.DataFrame({"x": x, "y": y, "streets": meet[node], "people": near})


def spread_out(junctions: pd.DataFrame, *, spacing: float) -> pd.DataFrame:
    """Keep junctions that lie apart.

    Parameters
    ----------
    junctions
        As from `junctions`.
    spacing
        Least distance between two that are kept, in metres, above 0.

    Returns
    -------
    kept
        Rows from the north-west on. Of junctions that are too near to each other crossings go
        before bends and dead ends, then more people go before fewer, north before south and west
        before east.
    """
    ranked = junctions.assign(
        plain=junctions["streets"] < CROSSING,
        # Rounded, so that the order in which people were added up does not decide.
        fewer=-junctions["people"].round(6),
        south=-junctions["y"],
    ).sort_values(["plain", "fewer", "south", "x"], kind="stable")
    kept = apart(ranked["x"].to_numpy(), ranked["y"].to_numpy(), spacing=spacing)
    return ranked.iloc[kept].sort_values(["south", "x"], kind="stable")[junctions.columns]


def apart(x: Floats, y: Floats, *, spacing: float) -> Integers:
    """Thin points out, the first before the later ones, until none is nearer than a spacing.

    Parameters
    ----------
    x, y
        Coordinates in metres, in the order in which points are to be kept.
    spacing
        Least distance between two points that are kept, above 0.

    Returns
    -------
    kept
        Positions, ascending. Every other point lies nearer than `spacing` to one before it.
    """
    columns = np.floor(x / spacing).astype(np.int64).tolist()
    rows = np.floor(y / spacing).astype(np.int64).tolist()
    taken: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    kept = []
    for at, (east, north) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        cell = columns[at], rows[at]
        near = (place for each in _around(*cell) for place in taken.get(each, ()))
        if all(hypot(east - i, north - j) >= spacing for i, j in near):
            taken[cell].append((east, north))
            kept.append(at)
    return np.array(kept, dtype=np.int64)


def _around(column: int, row: int) -> Iterator[tuple[int, int]]:
    """Cell and its eight neighbours."""
    return ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
