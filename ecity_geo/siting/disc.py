"""The disc that holds most people: where one more site covers most, anywhere in the plane.

What a place covers changes only where it crosses a circle about somebody. So a best place lies
where two such circles meet, or at a point of demand: the circle intersection point set of Church
(1984, doi:10.1111/j.1435-5597.1984.tb00831.x). Each circle is walked round once, and the arcs that
others cover are counted as they begin and end (Chazelle & Lee 1986, doi:10.1007/BF02238188). Where
sites may not stand everywhere, a best place may also lie where a circle meets the edge of the area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ecity_geo.geo.near import NearPairs
from ecity_geo.siting.fermat import edges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

TURN = 2 * np.pi
HAIR = 1e-9
"""Against rounding: widening of arcs in radians, of discs as a share of their radius, ..."""
NOISE = 1e-12
"""... and weight that is no more than another sum of the same, as a share of all."""
HALVINGS = 24
DECIMALS = 3
"""To the millimetre: homes on a grid meet at whole places, which rounding would miss."""


def best_disc(
    points: Floats,
    weights: Floats,
    radius: float,
    *,
    start: Floats,
    area: shapely.Geometry | None = None,
) -> tuple[Floats, float]:
    """Find the centre whose disc holds most weight.

    Parameters
    ----------
    points
        Coordinates, n x 2.
    weights
        One per point, above 0.
    radius
        Of the disc, inclusive, above 0.
    start
        A place in the area, which is left only for one that holds more.
    area
        Polygons that the centre must lie in; the whole plane by default.

    Returns
    -------
    place
        The centre. Of the places that hold the same points it lies as near to the centre of the
        smallest circle about them as it may, away from where rounding could lose one.
    held
        Weight within the radius of it.
    """
    if area is not None:
        shapely.prepare(area)
        near = shapely.dwithin(area, shapely.points(points), radius * (1 + HAIR))
        points, weights = points[near], weights[near]
    search = _Search(points=points, weights=weights, radius=radius, area=area, place=start)
    if not len(points):
        return start, 0.0
    search.held = search.weigh(start)
    search.try_all(search.points[search.homes()])
    if area is not None:
        # An area within reach of the same points as a whole is met by none of their circles.
        search.try_all(shapely.get_coordinates(area))
    others = KDTree(points).query_ball_point(points, 2 * radius * (1 + HAIR))
    most = np.array([weights[each].sum() for each in others])
    for home in np.argsort(-most, kind="stable"):
        if not search.more(most[home]):
            break
        search.walk_round(int(home), np.array(others[home], dtype=np.int64))
    return search.place, search.held


@dataclass(slots=True, kw_only=True, eq=False)
class _Search:
    """The best place so far, and what it is looked for among."""

    points: Floats
    weights: Floats
    radius: float
    area: shapely.Geometry | None
    place: Floats
    held: float = 0.0
    noise: float = 0.0
    lines: tuple[Floats, Floats] | None = None

    def __post_init__(self) -> None:
        self.noise = NOISE * float(self.weights.sum())
        if self.area is not None:
            self.lines = edges(self.area)

    def more(self, held: float) -> bool:
        return bool(held > self.held + self.noise)

    def weigh(self, place: Floats) -> float:
        """Weight within the radius of a place."""
        away = self.points - place
        return float(self.weights[np.hypot(away[:, 0], away[:, 1]) <= self.radius].sum())

    def allowed(self, places: Floats) -> Flags:
        if self.area is None:
            return np.ones(len(places), dtype=bool)
        return np.asarray(shapely.covers(self.area, shapely.points(places)))

    def homes(self) -> Integers:
        """Return the allowed point whose disc holds most, if any is allowed."""
        held = np.zeros(len(self.points))
        pairs = NearPairs.of(self.points, self.points, self.radius)
        for block in pairs.blocks:
            point, centre, _ = pairs.read(block)
            held += np.bincount(centre, weights=self.weights[point], minlength=len(held))
        allowed = np.flatnonzero(self.allowed(self.points))
        return allowed[np.argsort(-held[allowed], kind="stable")[:1]]

    def try_all(self, places: Floats) -> None:
        for place in places:
            if self.more(self.weigh(place)):
                self.take(place)

    def walk_round(self, home: int, near: Integers) -> None:
        """Try the places on one circle that may hold more, most first."""
        angles, held = self.arcs(home, near)
        places = self.points[home] + self.radius * np.column_stack([np.cos(angles), np.sin(angles)])
        more = np.flatnonzero(held > self.held + self.noise)
        more = more[self.allowed(places[more])]
        for at in more[np.argsort(-held[more], kind="stable")]:
            if not self.more(held[at]):
                return
            self.take(places[at])

    def arcs(self, home: int, near: Integers) -> tuple[Floats, Floats]:
        """Angles on a circle at which a centre may come to hold more, and what at most."""
        away = self.points[near] - self.points[home]
        metres = np.hypot(away[:, 0], away[:, 1])
        other = metres > 0
        weights = self.weights[near[other]]
        half = np.arccos(np.minimum(metres[other] / (2 * self.radius), 1.0))
        begin = (np.arctan2(away[other, 1], away[other, 0]) - half) % TURN
        angles = np.concatenate([[0.0], begin, self.crossings(self.points[home])])
        held = np.full(len(angles), float(self.weights[near[~other]].sum()))
        # An arc that runs over the full turn is met a turn earlier.
        for turn in (0.0, TURN):
            held += _until(begin - HAIR - turn, weights, angles, "right")
            held -= _until(begin + 2 * half + HAIR - turn, weights, angles, "left")
        return angles, held

    def crossings(self, centre: Floats) -> Floats:
        """Angles at which a circle meets the edge of the area."""
        if self.lines is None:
            return np.empty(0)
        start, along = self.lines[0] - centre, self.lines[1] - self.lines[0]
        a, b = (along**2).sum(axis=1), (start * along).sum(axis=1)
        root = b**2 - a * ((start**2).sum(axis=1) - self.radius**2)
        met = np.flatnonzero((root >= 0) & (a > 0))
        root = np.sqrt(root[met])
        share = (np.stack([-root, root]) - b[met]) / a[met]
        side, at = np.nonzero((share >= 0) & (share <= 1))
        x, y = (start[met[at]] + share[side, at][:, None] * along[met[at]]).T
        return np.asarray(np.arctan2(y, x) % TURN)

    def take(self, place: Floats) -> None:
        """Keep a place, or one near it with room to spare, if it holds more."""
        away = self.points - place
        inside = np.hypot(away[:, 0], away[:, 1]) <= self.radius * (1 + HAIR)
        settled = self.towards(place, _middle(away[inside]) + place)
        for each in (settled.round(DECIMALS), settled, place.round(DECIMALS), place):
            if self.more(held := self.weigh(each)) and self.allowed(each[None]).all():
                self.place, self.held = each, held

    def towards(self, place: Floats, goal: Floats) -> Floats:
        """Go from a place as far towards a goal, by halves, as the area lets."""
        shares = np.concatenate([0.5 ** np.arange(HALVINGS), [0.0]])
        places = place + shares[:, None] * (goal - place)
        return np.asarray(places[int(np.argmax(self.allowed(places)))])


def _middle(points: Floats) -> Floats:
    """Return the centre of the smallest circle about points."""
    if not len(points):
        return np.zeros(2)
    if not np.ptp(points, axis=0).any():
        return np.asarray(points[0])
    circle = shapely.minimum_bounding_circle(shapely.multipoints(points))
    return np.asarray(shapely.get_coordinates(shapely.centroid(circle))[0])


def _until(at: Floats, weights: Floats, angles: Floats, side: Literal["left", "right"]) -> Floats:
    """Weight of the arcs that begin or end up to each angle, itself included on the right."""
    order = np.argsort(at, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(total[np.searchsorted(at[order], angles, side)])
