"""The Fermat-Weber point: where people travel least in a straight line, in all the plane or part.

The travel ``f(y) = sum_i w_i |x_i - y|`` is convex. Weiszfeld's step (1937) lowers it from any
place that is not one of the points, that of Vardi & Zhang (2000, doi:10.1073/pnas.97.4.1423) from
one of them too; Newton's step is far quicker near the end. A place is proven to be the best when it
is a point that holds against the pull of all others (Kuhn 1973, doi:10.1007/BF01584648), or when
``f(y) - |f'(y)| r``, which nothing within `r` can fall below, is `f(y)` to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLOSE = 1e-13
"""Share of the travel within which a place counts as the best."""
MOST_STEPS = 2000
MOST_PAIRS = 4_000_000
"""Distances held at once."""
HALVINGS = 60


def fermat_weber(
    points: Floats, weights: Floats, *, area: shapely.Geometry | None = None
) -> Floats:
    """Find the place from which the weighted sum of distances to some points is least.

    Parameters
    ----------
    points
        Coordinates, n x 2, at least one.
    weights
        One per point, above 0.
    area
        Polygons that the place must lie in; the whole plane by default.

    Returns
    -------
    place
        Coordinates. Where all points lie on a line and several places are as good, one of them.
        In an area the place may lie on its edge, as near as rounding puts it.
    """
    origin = np.asarray(np.average(points, axis=0, weights=weights))
    best: Floats = _free(points - origin, weights) + origin
    if area is None or shapely.covers(area, shapely.Point(best)):
        return best
    return _on_edge(points, weights, area)


def travel(points: Floats, weights: Floats, places: Floats) -> Floats:
    """Sum the weighted distances from each of some places to all points.

    Parameters
    ----------
    points, weights
        Coordinates, n x 2, and their weights.
    places
        Coordinates, m x 2.

    Returns
    -------
    travel
        One sum per place.
    """

    def summed(some: Floats) -> Floats:
        away = some[:, None] - points
        return np.asarray(np.hypot(away[..., 0], away[..., 1]) @ weights)

    return _by_parts(summed, places, len(points))


def _free(points: Floats, weights: Floats) -> Floats:
    """Weighted mean first, then steps down until nothing is lower."""
    place = np.zeros(2)
    value = float(travel(points, weights, place[None])[0])
    for _ in range(MOST_STEPS):
        away = points - place
        metres = np.hypot(away[:, 0], away[:, 1])
        nearest = points[int(np.argmin(metres))]
        if _holds(points, weights, nearest):
            return np.asarray(nearest)
        pull = _pull(away, metres, weights)
        if float(np.hypot(*pull)) * float(metres.max()) <= CLOSE * value and metres.min() > 0:
            return place
        for step in (_newton, _weiszfeld):
            then = step(points, place, metres, weights)
            lower = float(travel(points, weights, then[None])[0])
            if lower < value:
                break
        else:
            return place
        place, value = then, lower
    return place


def _pull(away: Floats, metres: Floats, weights: Floats) -> Floats:
    """Sum of the unit vectors towards the points, those at the place itself left out."""
    other = metres > 0
    return np.asarray((weights[other] / metres[other]) @ away[other])


def _holds(points: Floats, weights: Floats, place: Floats) -> bool:
    """Tell whether the weight at a place is at least the pull of all others."""
    away = points - place
    metres = np.hypot(away[:, 0], away[:, 1])
    pull = float(np.hypot(*_pull(away, metres, weights)))
    return pull <= float(weights[metres == 0].sum()) * (1 + CLOSE)


def _newton(points: Floats, place: Floats, metres: Floats, weights: Floats) -> Floats:
    """Step to where the pull would be none if it went on changing as it does here."""
    if not metres.min() > 0:
        return place
    unit = (points - place) / metres[:, None]
    stiff = weights / metres
    across = stiff.sum() * np.eye(2) - (unit * stiff[:, None]).T @ unit
    if not np.linalg.cond(across) < 1 / np.finfo(float).eps:
        return place
    return np.asarray(place + np.linalg.solve(across, weights @ unit))


def _weiszfeld(points: Floats, place: Floats, metres: Floats, weights: Floats) -> Floats:
    """Mean of the points by weight over distance; from a point, held back by its own weight."""
    other = metres > 0
    stiff = weights[other] / metres[other]
    mean = np.asarray(stiff @ points[other] / stiff.sum())
    own = float(weights[~other].sum())
    if not own:
        return mean
    held = min(1.0, own / float(np.hypot(*_pull(points - place, metres, weights))))
    return np.asarray((1 - held) * mean + held * place)


def _on_edge(points: Floats, weights: Floats, area: shapely.Geometry) -> Floats:
    """Find the best place on the edge of an area that the best place of all lies outside of.

    It is the best of the area: from anywhere inside, the travel falls all the way towards the
    place outside. Along one straight edge the travel is convex, and the place where it turns is
    found by halving. Edges that cannot hold it are left out: by Jensen's inequality the travel is
    at least all weight times the distance to the mean point, and it lies above its tangents.
    """
    start, end = edges(area)
    middle, half = (start + end) / 2, (end - start) / 2
    mean = np.average(points, axis=0, weights=weights)
    least = travel(points, weights, _nearest_on(start, end, mean)[None]).min()
    long = np.hypot(half[:, 0], half[:, 1])
    near = np.hypot(*(middle - mean).T) - long <= least / weights.sum() * (1 + CLOSE)
    middle, half = middle[near], half[near]
    at_middle = travel(points, weights, middle)
    falls = np.abs(_slope(points, weights, middle, half))
    kept = at_middle - falls <= min(least, at_middle.min()) * (1 + CLOSE)
    middle, half = middle[kept], half[kept]
    low, high = -np.ones(len(middle)), np.ones(len(middle))
    for _ in range(HALVINGS):
        share = (low + high) / 2
        rises = _slope(points, weights, middle + share[:, None] * half, half) > 0
        low, high = np.where(rises, low, share), np.where(rises, share, high)
    places = middle + ((low + high) / 2)[:, None] * half
    return np.asarray(places[int(np.argmin(travel(points, weights, places)))])


def edges(area: shapely.Geometry) -> tuple[Floats, Floats]:
    """Return the ends of each straight edge of polygons.

    Parameters
    ----------
    area
        Polygons.

    Returns
    -------
    start, end
        Coordinates, n x 2 each.
    """
    corners, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(area)), return_index=True
    )
    same = ring[1:] == ring[:-1]
    return corners[:-1][same], corners[1:][same]


def _nearest_on(start: Floats, end: Floats, place: Floats) -> Floats:
    """Return the place on any edge that is nearest to a place."""
    along = end - start
    square = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    share = np.clip(((place - start) * along).sum(axis=1) / square, 0.0, 1.0)
    found = start + share[:, None] * along
    return np.asarray(found[int(np.argmin(((found - place) ** 2).sum(axis=1)))])


def _slope(points: Floats, weights: Floats, places: Floats, along: Floats) -> Floats:
    """How fast the travel rises at places, each in a direction of its own."""

    def risen(some: Floats) -> Floats:
        at, way = some[:, :2], some[:, 2:]
        away = at[:, None] - points
        metres = np.hypot(away[..., 0], away[..., 1])
        share = np.divide(weights, metres, out=np.zeros_like(metres), where=metres > 0)
        return np.asarray(np.einsum("mn,mnk,mk->m", share, away, way))

    return _by_parts(risen, np.hstack([places, along]), len(points))


def _by_parts(function: Callable[[Floats], Floats], rows: Floats, columns: int) -> Floats:
    """Apply a function to some rows at a time, so that its table stays small."""
    step = max(1, MOST_PAIRS // max(columns, 1))
    parts = [function(rows[at : at + step]) for at in range(0, len(rows), step)]
    return np.concatenate(parts) if parts else np.empty(0)
