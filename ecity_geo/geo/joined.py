"""Places joined to a street graph, and the graph turned round, so that ways run towards goals."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.streets import Snapped, StreetGraph, Unit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WALK = 80.0
"""Walking speed off the streets, in metres per minute (4.8 km/h)."""


def walking(unit: Unit) -> float:
    """Return the metres off the streets that one unit of cost pays for.

    Parameters
    ----------
    unit
        ``"m"`` or ``"min"``.

    Returns
    -------
    metres
        Per minute, or 1.

    Raises
    ------
    AnalysisError
        If there is no such unit.
    """
    if unit not in get_args(Unit):
        raise AnalysisError(f'unit: found {unit!r}, expected "m" or "min".')
    return WALK if unit == "min" else 1.0


def join_streets(streets: StreetGraph, points: Floats, name: str) -> tuple[Snapped, Integers]:
    """Snap points.

    Parameters
    ----------
    streets
        Street graph.
    points
        Coordinates, n x 2.
    name
        What one of them is, for the message.

    Returns
    -------
    places, position
        The places of those near a street, and which of the points they are.

    Raises
    ------
    AnalysisError
        If no point is near a street.
    """
    return _near(streets, streets.snap_points(points[:, 0], points[:, 1]), name)


def join_both(
    streets: StreetGraph, homes: Floats, goals: Floats
) -> tuple[tuple[Snapped, Integers], tuple[Snapped, Integers]]:
    """Snap demand points and facilities as `join_streets` does, looking the streets up once.

    Parameters
    ----------
    streets
        Street graph.
    homes, goals
        Coordinates, n x 2 and m x 2.

    Returns
    -------
    homes, goals
        Places and positions of each, as from `join_streets`.

    Raises
    ------
    AnalysisError
        If no demand point or no facility is near a street.
    """
    points = np.concatenate([homes, goals])
    found = streets.snap_points(points[:, 0], points[:, 1])
    count = len(homes)
    first, last = (
        Snapped(line=found.line[part], along=found.along[part], metres=found.metres[part])
        for part in (slice(None, count), slice(count, None))
    )
    return _near(streets, first, "demand point"), _near(streets, last, "facility")


def _near(streets: StreetGraph, places: Snapped, name: str) -> tuple[Snapped, Integers]:
    """Keep the places of points near a street."""
    near = np.flatnonzero(places.line >= 0)
    if not near.size:
        raise AnalysisError(
            f"No {name} lies within {streets.snap:g} m of a street. "
            "Give streets of this city in the CRS of the points, or a larger snap."
        )
    kept = Snapped(line=places.line[near], along=places.along[near], metres=places.metres[near])
    return kept, near


def reversed_with_places(
    streets: StreetGraph, homes: Snapped, goals: Snapped, *, unit: Unit
) -> csr_array:
    """Turn the streets round and join places to them.

    Parameters
    ----------
    streets
        Street graph of n nodes.
    homes, goals
        Places where ways begin and end.
    unit
        ``"m"`` or ``"min"``.

    Returns
    -------
    graph
        The streets turned round, behind them a node per goal, and behind these a node per home.
        Goals lead onto their line, and lines onto their homes. Nothing leads to a goal or from a
        home, so no way can run through a place that is not its own.
    """
    nodes, count = len(streets.x), len(goals.line)
    speed = walking(unit)
    run = streets.line_costs(unit)
    back = streets.matrix(unit).tocoo()
    goal, onto, arrive = _to_ends(streets, goals, run[goals.line], speed)
    home, off, leave = _to_ends(streets, homes, run[homes.line][:, ::-1], speed)
    at, near, direct = _on_the_way(homes, goals, run, speed)
    tail, head = back.coords
    return csr_array(
        (
            np.concatenate([back.data, arrive, leave, direct]),
            (
                np.concatenate([head, nodes + goal, off, nodes + at]),
                np.concatenate([tail, onto, nodes + count + home, nodes + count + near]),
            ),
        ),
        shape=(nodes + count + len(homes.line),) * 2,
    )


def _to_ends(
    streets: StreetGraph, places: Snapped, run: Floats, speed: float
) -> tuple[Integers, Integers, Floats]:
    """Places, the ends of their lines, and the cost between them where the way is open.

    `run` is the cost of the whole line in the direction of the way at its first and at its last
    vertex. A place at an end is there without cost, even where that direction is closed.
    """
    share = np.column_stack([places.along, 1 - places.along])
    legs = np.multiply(share, run, out=np.zeros_like(share), where=share > 0)
    legs += (places.metres / speed)[:, None]
    ends = streets.line_ends()[places.line]
    loop = ends[:, 0] == ends[:, 1]
    legs[loop, 0] = legs[loop].min(axis=1)
    legs[loop, 1] = np.inf
    place, end = np.nonzero(np.isfinite(legs))
    return place, ends[place, end], legs[place, end]


def _on_the_way(
    homes: Snapped, goals: Snapped, run: Floats, speed: float
) -> tuple[Integers, Integers, Floats]:
    """Goals and homes on one line that can be run from home to goal, and that cost."""
    order = np.argsort(homes.line, kind="stable")
    first, last = (
        np.searchsorted(homes.line[order], goals.line, side) for side in ("left", "right")
    )
    goal = np.repeat(np.arange(len(goals.line)), last - first)
    within = np.arange(len(goal)) - np.repeat(np.cumsum(last - first) - last, last - first)
    home = order[within]
    ahead = goals.along[goal] - homes.along[home]
    way = run[homes.line[home], (ahead < 0).astype(int)]
    cost = np.multiply(np.abs(ahead), way, out=np.zeros_like(way), where=ahead != 0)
    cost += (goals.metres[goal] + homes.metres[home]) / speed
    open_ = np.isfinite(cost)
    return goal[open_], home[open_], cost[open_]
