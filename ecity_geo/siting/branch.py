"""Branch and bound on columns, with the Lagrangian bound at each node.

Where costs differ from pair to pair (p-median) this closes in seconds what a linear program has
not begun to: a node costs some sums over the pairs that are left. The open node of least bound
comes first, so that the proven bound rises all the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecity_geo.siting.incumbent import Incumbent
from ecity_geo.siting.instance import Floats
from ecity_geo.siting.lagrange import Ascent, Relaxation
from ecity_geo.siting.reduce import Core, decide, tighten

ITERATIONS = 60
PATIENCE = 8
OPEN_PAIRS = 20_000_000
"""Above this many pairs in open nodes (half a gigabyte) the newest node comes first."""
EVERY = 25
"""Each so many nodes an interchange begins from the node's columns."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """What is left to decide in a part of the search, with prices to begin from."""

    bound: float
    core: Core
    u: Floats


def branch(root: Node, incumbent: Incumbent, *, nodes: int | None = None) -> float:
    """Search below a node, improving the incumbent.

    Parameters
    ----------
    root
        Where to begin.
    incumbent
        Best plan so far; it is improved.
    nodes
        Greatest number of nodes; none: until the deadline of the incumbent.

    Returns
    -------
    bound
        No plan below the node is better than both this and the incumbent.
    """
    waiting = [root]
    done = 0
    while waiting and not incumbent.late and (nodes is None or done < nodes):
        node = waiting.pop(_next(waiting))
        waiting.extend(_expand(node, incumbent, interchange=done % EVERY == 0))
        if incumbent.tell.due and waiting:
            incumbent.tell(bound=min(node.bound for node in waiting))
        done += 1
    return min((node.bound for node in waiting), default=np.inf)


def _next(waiting: list[Node]) -> int:
    if sum(len(node.core.instance.row) for node in waiting) > OPEN_PAIRS:
        return len(waiting) - 1
    return min(range(len(waiting)), key=lambda at: waiting[at].bound)


def _expand(node: Node, incumbent: Incumbent, *, interchange: bool) -> list[Node]:
    """Bound a node and return its children, if a better plan may lie below it."""
    enough = incumbent.cost - incumbent.instance.tolerance
    if node.bound > enough:
        return []
    ascent = Relaxation(node.core.instance).ascend(
        node.u,
        incumbent.cost,
        iterations=ITERATIONS,
        patience=PATIENCE,
        deadline=incumbent.deadline,
    )
    bound = max(node.bound, ascent.best.bound)
    if interchange:
        incumbent.improve(node.core.whole(ascent.best.chosen))
    if bound > enough:
        return []
    core = tighten(node.core, ascent.best, incumbent.cost)
    if core.solved:
        incumbent.improve(core.last_choice())
    if core.solved or core.hopeless:
        return []
    return _children(node.core, core, ascent, bound)


def _children(before: Core, core: Core, ascent: Ascent, bound: float) -> list[Node]:
    """Decide the column that the ascent chose most nearly half of the time."""
    share = ascent.share[np.isin(before.columns, core.columns)]
    column = int(np.argmin(np.abs(share - 0.5)))
    u = ascent.best.u[np.isin(before.rows, core.rows)]
    children = []
    for chosen in (False, True):
        child = decide(core, column, chosen=chosen)
        if not child.hopeless:
            prices = u[np.isin(core.rows, child.rows)]
            children.append(Node(bound=bound, core=child, u=prices))
    return children
