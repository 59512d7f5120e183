"""The disc that holds most people: where one more site covers most, anywhere in the plane.

What a place covers changes only where it crosses a circle about somebody. So a best place lies
where two such circles meet, or at a point of demand: the circle intersection point set of Church
(1984, doi:10.1111/j.1435-5597.1984.tb00831.x). Each circle is walked round once, and the arcs that
others cover are counted as they begin and end (Chazelle & Lee 1986, doi:10.1007/BF02238188). Where
sites may not stand everywhere, a best place may also lie where a circle meets the edge of the area.
Circles are looked at from the square of the plane on that could hold most, until no square that is
left could hold more than the best place found.
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
FINE = 8
"""Squares to the radius, by which places are ruled out, ..."""
MOST_SIDE = 400
"""... and squares to the side of the city at most."""
HALVINGS = 24
DECIMALS = 3
"""To the millimetre: homes on a grid meet at whole places, which rounding would miss."""

STEPS = 10.0 ** np.arange(-3, -10, -2)
TURNS = np.linspace(0.0, TURN, 48, endpoint=False)
AROUND = np.concatenate([s * np.column_stack([np.cos(TURNS), np.sin(TURNS)]) for s in STEPS])
"""Small steps to all sides, in radii: the longest first."""


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
        Of the disc, inclusive; from 0.
    start
        A place in the area, which is left only for one that holds more.
    area
        Polygons that the centre must lie in, or on their edge as near as rounding puts it (a
        thousand-millionth of the radius); the whole plane by default.

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
    if radius > 0:
        search.walk_all()
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
        # A place on the edge is no more than rounding beside it.
        return np.asarray(shapely.dwithin(self.area, shapely.points(places), HAIR * self.radius))

    def homes(self) -> Integers:
        """Return the allowed point whose disc holds most, if any is allowed."""
        allowed = np.flatnonzero(self.allowed(self.points))
        held = self.sums(self.points[allowed], self.radius)
        return allowed[np.argsort(-held, kind="stable")[:1]]

    def try_all(self, places: Floats) -> None:
        for place in places:
            if self.more(self.weigh(place)):
                self.take(place)

    def walk_all(self) -> None:
        """Walk round every circle that crosses a square where more may be held, most first."""
        tree = KDTree(self.points)
        walked = np.zeros(len(self.points), dtype=bool)
        centres, half = self.squares()
        most = self.sums(centres, self.radius + half)
        for square in np.argsort(-most, kind="stable"):
            if not self.more(most[square]):
                return
            near = np.array(tree.query_ball_point(centres[square], self.radius + half), dtype=int)
            away = np.hypot(*(self.points[near] - centres[square]).T)
            for home in near[(away >= self.radius - half) & ~walked[near]]:
                others = tree.query_ball_point(self.points[home], 2 * self.radius * (1 + HAIR))
                self.walk_round(int(home), np.array(others, dtype=np.int64))
                walked[home] = True

    def squares(self) -> tuple[Floats, float]:
        """Centres of squares over all places that hold anybody, and how far their corners are."""
        low, high = (f(self.points, axis=0) for f in (np.min, np.max))
        low, high = low - self.radius, high + self.radius
        side = max(self.radius / FINE, float((high - low).max()) / MOST_SIDE)
        x, y = (np.arange(low[k] + side / 2, high[k] + side, side) for k in (0, 1))
        centres = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        half = side * np.sqrt(0.5) * (1 + HAIR) + HAIR * self.radius
        if self.area is not None:
            centres = centres[shapely.dwithin(self.area, shapely.points(centres), half)]
        return centres, half

    def sums(self, places: Floats, reach: float) -> Floats:
        """Weight within reach of each place."""
        total = np.zeros(len(places))
        if len(places):
            pairs = NearPairs.of(self.points, places, reach)
            for block in pairs.blocks:
                point, place, _ = pairs.read(block)
                total += np.bincount(place, weights=self.weights[point], minlength=len(total))
        return total

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
        self.keep(np.stack([settled.round(DECIMALS), settled, place.round(DECIMALS), place]))
        if self.more(float(self.weights[inside].sum())):
            # At a corner of its own making, with no way to the middle inside the area.
            self.keep(place + AROUND * self.radius)

    def keep(self, places: Floats) -> None:
        for each in places:
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
