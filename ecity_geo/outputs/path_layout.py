"""Where the parts of a path diagram lie: layers, order within them, and the ways of arrows.

The layered drawing of Sugiyama, Tagawa & Toda (1981, doi:10.1109/TSMC.1981.4308636): an arrow that
passes a layer gets a lane of its own in it, so that it runs over no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

Point = tuple[float, float]

_SWEEPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A parameter between two parts of the model.

    Parameters
    ----------
    source, target
        Ids: from a cause to its effect, from a construct to its item.
    op
        Operator of the parameter: ``"~"``, ``"=~"`` or ``"~~"``.
    std, p
        Standardised estimate and p; p is missing where the parameter was fixed.
    """

    source: str
    target: str
    op: str
    std: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model read from its parameters.

    Parameters
    ----------
    latent
        Constructs, in order.
    nodes
        Constructs and observed variables between which there are paths.
    items
        Loadings of each construct on items that take part in no path.
    paths
        Regressions, and loadings of constructs on constructs.
    covariances
        Between different variables.
    r2
        Share of variance explained, where a variable depends on others.
    """

    latent: tuple[str, ...]
    nodes: tuple[str, ...]
    items: dict[str, list[Arrow]]
    paths: list[Arrow]
    covariances: list[Arrow]
    r2: dict[str, float]


@dataclass(slots=True)
class Slot:
    """A place in a layer: of a part, or a lane for an arrow that passes."""

    name: str
    size: float
    middle: float = 0.0
    lane: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Layers, and where their slots lie across them.

    Parameters
    ----------
    layers
        Slots of each layer, in order.
    layer_of
        Layer of each part.
    lanes
        Per arrow that passes layers (by its place in the list) its slots on the way.
    extent
        Room that the widest layer takes.
    """

    layers: list[list[Slot]]
    layer_of: dict[str, int]
    lanes: dict[int, list[Slot]] = field(default_factory=dict)
    extent: float = 0.0

    def slot(self, name: str) -> Slot:
        """Return the slot of a part."""
        return next(s for s in self.layers[self.layer_of[name]] if s.name == name and not s.lane)


def read_model(parameters: pd.DataFrame) -> Model:
    """Read a model from the table of its parameters.

    Parameters
    ----------
    parameters
        `lhs`, `op`, `rhs`, `std`, `p` of one group, as `SemFit.parameters` has them. Intercepts
        and defined parameters are left out of the figure.

    Returns
    -------
    model
        What is to be drawn.
    """
    rows = list(
        zip(
            *(parameters[name].astype(str) for name in ("lhs", "op", "rhs")),
            parameters["std"].astype(float),
            parameters["p"].astype(float),
            strict=True,
        )
    )
    latent = list(dict.fromkeys(lhs for lhs, op, *_ in rows if op == "=~"))
    observed = [name for lhs, op, rhs, *_ in rows if op == "~" for name in (rhs, lhs)]
    nodes = list(dict.fromkeys([*latent, *observed]))
    arrows: dict[str, list[Arrow]] = {"=~": [], "~": [], "~~": []}
    explained = {lhs for lhs, op, *_ in rows if op == "~"}
    r2 = {}
    for lhs, op, rhs, std, p in rows:
        if op == "~~" and lhs == rhs and lhs in explained:
            r2[lhs] = 1 - std
        elif op in arrows and lhs != rhs:
            source, target = (rhs, lhs) if op == "~" else (lhs, rhs)
            arrows[op].append(Arrow(source=source, target=target, op=op, std=std, p=p))
    return Model(
        latent=tuple(latent),
        nodes=tuple(nodes),
        items={
            name: [a for a in arrows["=~"] if a.source == name and a.target not in nodes]
            for name in latent
        },
        paths=[*arrows["~"], *(a for a in arrows["=~"] if a.target in nodes)],
        covariances=arrows["~~"],
        r2=r2,
    )


def place(
    model: Model, routes: Sequence[Arrow], sizes: dict[str, float], *, gap: float, lane: float
) -> Places:
    """Place the parts of a model in layers.

    Parameters
    ----------
    model
        The model.
    routes
        Arrows that are led through lanes: the paths, and covariances across layers.
    sizes
        Room that each part takes across its layer.
    gap
        Room between parts.
    lane
        Room of a lane.

    Returns
    -------
    places
        Every part behind its causes; of a loop of causes the arrow that closes it is let run
        backwards.
    """
    layer_of = _layers(model)
    layers: list[list[Slot]] = [[] for _ in range(max(layer_of.values(), default=0) + 1)]
    for name in model.nodes:
        layers[layer_of[name]].append(Slot(name, sizes[name]))
    lanes: dict[int, list[Slot]] = {}
    for at, arrow in enumerate(routes):
        one, other = layer_of[arrow.source], layer_of[arrow.target]
        between = range(min(one, other) + 1, max(one, other))
        lanes[at] = [Slot(f"{at}", lane, lane=True) for _ in between]
        for passed, slot in zip(between, lanes[at], strict=True):
            layers[passed].append(slot)
    _order(layers, routes, lanes, layer_of)
    extent = max(sum(slot.size for slot in layer) + gap * (len(layer) - 1) for layer in layers)
    for layer in layers:
        _spread(layer, gap, extent)
    return Places(layers=layers, layer_of=layer_of, lanes=lanes, extent=extent)


def bezier(start: Point, end: Point, *, steps: int = 24) -> np.ndarray:
    """Sample a curve that leaves and arrives along the layers.

    Parameters
    ----------
    start, end
        Its ends.
    steps
        Number of points.

    Returns
    -------
    points
        Along the curve, steps x 2.
    """
    t = np.linspace(0, 1, steps)[:, None]
    controls = [np.array(each) for each in curve(start, end)]
    a, b, c, d = controls
    return np.asarray(
        (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    )


def curve(start: Point, end: Point) -> list[Point]:
    """Return the four control points of the curve from one place to another."""
    middle = (start[0] + end[0]) / 2
    return [start, (middle, start[1]), (middle, end[1]), end]


def _layers(model: Model) -> dict[str, int]:
    """Return the length of the longest way of causes to each part."""
    causes: dict[str, list[str]] = {name: [] for name in model.nodes}
    for arrow in model.paths:
        causes[arrow.target].append(arrow.source)
    layer_of: dict[str, int] = {}

    def depth(name: str, path: tuple[str, ...]) -> int:
        if name not in layer_of:
            before = [cause for cause in causes[name] if cause not in (*path, name)]
            found = max((depth(cause, (*path, name)) + 1 for cause in before), default=0)
            layer_of[name] = found
        return layer_of[name]

    for name in model.nodes:
        depth(name, ())
    return layer_of


def _order(
    layers: list[list[Slot]],
    routes: Sequence[Arrow],
    lanes: dict[int, list[Slot]],
    layer_of: dict[str, int],
) -> None:
    """Sort each layer by the mean place of its neighbours, to and fro."""
    slots = {slot.name: slot for layer in layers for slot in layer if not slot.lane}
    links: list[tuple[Slot, Slot]] = []
    for at, arrow in enumerate(routes):
        way = [slots[arrow.source], *lanes[at], slots[arrow.target]]
        if layer_of[arrow.source] > layer_of[arrow.target]:
            way = [way[0], *reversed(way[1:-1]), way[-1]]
        links += pairwise(way)
    rank = {id(slot): at for layer in layers for at, slot in enumerate(layer)}
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for layer in layers if forwards else reversed(layers):
            keys = {id(slot): _pull(slot, links, rank, forwards) for slot in layer}
            layer.sort(key=lambda slot: keys[id(slot)])
            rank |= {id(slot): at for at, slot in enumerate(layer)}


def _pull(
    slot: Slot, links: Iterable[tuple[Slot, Slot]], rank: dict[int, int], forwards: bool
) -> float:
    pairs = links if forwards else [(b, a) for a, b in links]
    places = [rank[id(before)] for before, after in pairs if after is slot]
    return float(np.mean(places)) if places else float(rank[id(slot)])


def _spread(layer: list[Slot], gap: float, extent: float) -> None:
    used = sum(slot.size for slot in layer) + gap * (len(layer) - 1)
    at = (extent - used) / 2
    for slot in layer:
        slot.middle = at + slot.size / 2
        at += slot.size + gap
