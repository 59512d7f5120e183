"""Arrows of a path diagram: between layers, out of a layer and back, and the figures on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecity_geo.outputs.apa import bounded
from ecity_geo.outputs.drawing import ACCENT, ALERT, SOFT, Drawing, words_width
from ecity_geo.outputs.path_layout import Arrow, Model, Places, Point, Slot, bezier, curve, place
from ecity_geo.outputs.symbols import INK

Labels = Mapping[str, str]
Box = tuple[float, float, float, float]

LEVEL = 0.05
MARGIN = 14.0
ARC = 50.0  # how much further each wider covariance reaches out
DASH = "6 4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Sizes of a diagram; layers follow one another along, parts of a layer lie across.

    Parameters
    ----------
    column, gap
        Room of a layer, and between layers.
    across
        Room of a part across its layer, without its items.
    apart, lane
        Room between parts of a layer, and of a lane.
    turned
        Whether layers run from top to bottom instead of from side to side.
    """

    column: float = 216.0
    gap: float = 150.0
    across: float = 68.0
    apart: float = 30.0
    lane: float = 30.0
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A construct or variable: its middle and half sizes, along (x) and across (y) the layers."""

    x: float
    y: float
    rx: float
    ry: float
    latent: bool

    def port(self, side: int, shift: float) -> Point:
        """Return a place on the outline: before (-1) or behind (1) the part, `shift` lower."""
        across = self.rx * float(np.sqrt(1 - (shift / self.ry) ** 2)) if self.latent else self.rx
        return self.x + side * across, self.y + shift

    @property
    def box(self) -> Box:
        """Return the room that it takes."""
        return self.x - self.rx, self.y - self.ry, self.x + self.rx, self.y + self.ry


class Sheet:
    """A diagram as it comes to be: parts, arrows, and the room that figures have taken."""

    def __init__(
        self, drawing: Drawing, labels: Labels, measures: Measures, left: float, top: float
    ) -> None:
        self.drawing = drawing
        self.labels = labels
        self.measures = measures
        self.left, self.top = left, top
        self.taken: list[Box] = []
        self.curves: list[tuple[Arrow, np.ndarray]] = []

    def name(self, part: str) -> str:
        """Return the label of a part."""
        return self.labels.get(part) or part

    def start(self, layer: int) -> float:
        """Return where a layer begins."""
        return self.left + layer * (self.measures.column + self.measures.gap)

    def paper(self, place: Point) -> Point:
        """Turn a place along and across the layers into one on the drawing."""
        return (place[1], place[0]) if self.measures.turned else place

    def path(
        self,
        commands: Iterable[tuple[str, list[Point]]],
        *,
        stroke: str = "none",
        weight: float = 1.2,
        fill: str = "none",
        dash: str = "",
    ) -> None:
        """Draw a path along and across the layers."""
        turned = [
            (command, [self.paper(point) for point in points]) for command, points in commands
        ]
        self.drawing.path(turned, stroke=stroke, weight=weight, fill=fill, dash=dash)


def split_routes(model: Model) -> tuple[list[Arrow], list[Arrow]]:
    """Tell arrows that run between layers from covariances that bend out of one."""
    places = place(model, model.paths, dict.fromkeys(model.nodes, 1.0), gap=0, lane=0)
    known = [a for a in model.covariances if {a.source, a.target} <= set(model.nodes)]
    across = [a for a in known if places.layer_of[a.source] != places.layer_of[a.target]]
    level = [a for a in model.paths if places.layer_of[a.source] == places.layer_of[a.target]]
    within = [a for a in known if a not in across]
    return [a for a in [*model.paths, *across] if a not in level], [*within, *level]


def draw_route(
    sheet: Sheet,
    arrow: Arrow,
    parts: Mapping[str, Part],
    lanes: list[Slot],
    at: int,
    routes: list[Arrow],
    places: Places,
) -> None:
    """Draw an arrow from layer to layer, through its lanes."""
    one, other = places.layer_of[arrow.source], places.layer_of[arrow.target]
    forwards = one < other
    source, target = parts[arrow.source], parts[arrow.target]
    side = 1 if forwards else -1
    points = [source.port(side, _port(sheet, arrow.source, at, routes, parts, places))]
    order = range(one + 1, other) if forwards else range(one - 1, other, -1)
    for layer, slot in zip(order, lanes if forwards else reversed(lanes), strict=True):
        x = sheet.start(layer)
        y = sheet.top + slot.middle
        ends = [(x, y), (x + sheet.measures.column, y)]
        points += ends if forwards else ends[::-1]
    points.append(target.port(-side, _port(sheet, arrow.target, at, routes, parts, places)))
    _stroke(sheet, arrow, points)


def _stroke(sheet: Sheet, arrow: Arrow, points: list[Point]) -> None:
    """Draw an arrow as curves between layers and straight lines through its lanes."""
    commands: list[tuple[str, list[Point]]] = [("M", points[:1])]
    sampled = []
    for at, (start, end) in enumerate(pairwise(points)):
        if at % 2:
            commands.append(("L", [end]))
            sampled.append(np.linspace(start, end, 24))
        else:
            commands.append(("C", curve(start, end)[1:]))
            sampled.append(bezier(start, end))
    both = arrow.op == "~~"
    colour = SOFT if both else ACCENT
    sheet.path(commands, stroke=colour, weight=line_weight(arrow), dash=line_dash(arrow))
    step = 1.0 if points[-1][0] > points[-2][0] else -1.0
    draw_head(sheet, (points[-1][0] - step, points[-1][1]), points[-1], colour, 9)
    if both:
        draw_head(sheet, (points[0][0] + step, points[0][1]), points[0], colour, 9)
    sheet.curves.append((arrow, np.vstack(sampled)))


def _port(
    sheet: Sheet,
    name: str,
    at: int,
    routes: list[Arrow],
    parts: Mapping[str, Part],
    places: Places,
) -> float:
    """Spread the arrows at one side of a part, in the order of where they come from."""
    layer = places.layer_of

    def toward(index: int) -> tuple[bool, float]:
        arrow = routes[index]
        other = arrow.target if arrow.source == name else arrow.source
        lanes = places.lanes[index]
        before = layer[other] < layer[name]
        if not lanes:
            return before, parts[other].y
        rising = layer[arrow.source] < layer[arrow.target]
        return before, sheet.top + lanes[-1 if rising == before else 0].middle

    mine = [i for i, a in enumerate(routes) if name in (a.source, a.target)]
    side = toward(at)[0]
    same = sorted((toward(i)[1], i) for i in mine if toward(i)[0] == side)
    place_in = [i for _, i in same].index(at)
    room = min(14.0, 1.4 * parts[name].ry / max(len(same), 1))
    return room * (place_in - (len(same) - 1) / 2)


def reach_of_arcs(arcs: list[Arrow], places: Places) -> int:
    """Count how many parts the widest covariance of the first layer spans."""
    spans = [_span(arrow, places) for arrow in arcs if places.layer_of[arrow.source] == 0]
    return max(spans, default=0)


def _span(arrow: Arrow, places: Places) -> int:
    layer = [s.name for s in places.layers[places.layer_of[arrow.source]] if not s.lane]
    return abs(layer.index(arrow.source) - layer.index(arrow.target))


def draw_arc(sheet: Sheet, arrow: Arrow, parts: Mapping[str, Part], places: Places) -> None:
    """Bend a covariance of two parts of a layer out of it; a path in a loop has one head."""
    one, other = sorted((parts[arrow.source], parts[arrow.target]), key=lambda part: part.y)
    span = _span(arrow, places)
    out = (ARC * span + 10) / 0.75  # a cubic reaches three quarters of its controls
    if places.layer_of[arrow.source]:
        out = 50.0
    shift = min(6.0 + 4.0 * span, one.ry * 0.8)
    start, end = one.port(-1, shift), other.port(-1, -shift)
    controls = [start, (start[0] - out, start[1]), (end[0] - out, end[1]), end]
    sheet.path(
        [("M", [start]), ("C", controls[1:])],
        stroke=SOFT,
        weight=line_weight(arrow),
        dash=line_dash(arrow),
    )
    for tip, part in ((start, one), (end, other)):
        if arrow.op == "~~" or part is parts[arrow.target]:
            draw_head(sheet, (tip[0] - 1, tip[1]), tip, SOFT, 8)
    t = np.linspace(0.35, 0.65, 13)[:, None]
    a, b, c, d = (np.array(point) for point in controls)
    points = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    sheet.curves.append((arrow, points))


def draw_head(sheet: Sheet, start: Point, end: Point, colour: str, size: float) -> None:
    """Draw the head of an arrow that comes from `start`, its tip at `end`."""
    direction = np.subtract(end, start)
    along = direction / (np.hypot(*direction) or 1.0)
    across = np.array([-along[1], along[0]])
    back = np.array(end) - size * along
    corners = [back + 0.42 * size * across, back - 0.42 * size * across]
    sheet.path(
        [("M", [end]), ("L", [(float(x), float(y)) for x, y in corners]), ("Z", [])], fill=colour
    )


def write_estimate(sheet: Sheet, arrow: Arrow, points: np.ndarray) -> None:
    """Write an estimate on its arrow, where it covers least of the rest."""
    words = bounded(arrow.std, sheet.drawing.lang)
    along, across = sheet.paper((words_width(words, 12.5) / 2 + 3, 10.0))
    others = [line for other, line in sheet.curves if other is not arrow]
    crowd = np.vstack(others) if others else np.empty((0, 2))

    def cost(place: np.ndarray) -> float:
        box = (place[0] - along, place[1] - across, place[0] + along, place[1] + across)
        hit = sum(_overlap(box, other) for other in sheet.taken)
        near = ((crowd >= box[:2]) & (crowd <= box[2:])).all(axis=1).sum()
        return 100.0 * hit + float(near)

    inner = points[len(points) // 8 : -max(len(points) // 8, 1)]
    middle = abs(np.arange(len(inner)) - (len(inner) - 1) / 2) / len(inner)
    best = inner[int(np.argmin([cost(p) + m for p, m in zip(inner, middle, strict=True)]))]
    x, y = float(best[0]), float(best[1])
    sheet.taken.append((x - along, y - across, x + along, y + across))
    sheet.drawing.words(
        *sheet.paper((x, y)),
        words,
        anchor="middle",
        size=12.5,
        weight=600,
        fill=ink_of(arrow),
        plate=True,
    )


def line_weight(arrow: Arrow) -> float:
    """Return how thick a line is: the more, the larger its estimate."""
    return round(1.0 + 2.6 * min(abs(arrow.std), 1.0), 2) if np.isfinite(arrow.std) else 1.0


def line_dash(arrow: Arrow) -> str:
    """Return the dashes of a line whose estimate could be zero."""
    return DASH if arrow.p >= LEVEL else ""


def ink_of(arrow: Arrow) -> str:
    """Return the colour of an estimate."""
    return ALERT if arrow.std < 0 else INK


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
