"""Cheapest ways from a few starts through a large graph, as far as a limit and no farther.

SciPy's search fills a row of all nodes for each start, whatever the limit. The compiled one
touches the nodes within the limit only, one start per thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ecity_geo.geo.compiled import kernels, threads

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int32]
Whole = NDArray[np.integer[Any]]
Reached = tuple[Whole, Whole, Floats]

MANY = 20_000_000
"""Starts times nodes from which compiled code pays, even where it must be compiled first."""
BLOCK = 4_000_000
"""Costs held at once by SciPy's search (32 MB)."""
MOST_BUCKETS = 65_536
"""Of the compiled search; its buckets are wider where an edge costs far more than others."""


def reached_within(
    graph: csr_array, starts: Integers, *, limit: float = np.inf, first: int = 0
) -> Reached:
    """Find the nodes within a limit of each start.

    Parameters
    ----------
    graph
        Costs of 0 or more, ``n x n``, from the node of the row to that of the column. A stored
        zero is an edge without cost; each pair is stored once at most.
    starts
        Nodes to start from.
    limit
        Greatest cost, inclusive.
    first
        Only nodes from this one on are told.

    Returns
    -------
    start, node, cost
        Position in `starts`, ascending; node minus `first`, in no order within a start; the cost
        of the cheapest way. Nodes that no way leads to within the limit are left out.

    Notes
    -----
    Dijkstra (1959), doi:10.1007/BF01386390.
    """
    many = len(starts) * graph.shape[0] >= MANY
    module = kernels("ecity_geo.geo.search_kernels") if many else None
    if module is not None:
        return _compiled(module, graph, starts, limit, first)
    blocks = list(_plain(graph, starts, limit, first))
    start, node, cost = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return start, node, cost


def nearest_start(
    graph: csr_array, starts: Integers, *, limit: float = np.inf, first: int = 0
) -> tuple[Integers, Floats]:
    """Find the start from which each node is reached at the least cost, in one search from all.

    Parameters
    ----------
    graph, starts, limit, first
        As for `reached_within`.

    Returns
    -------
    start, cost
        One per node from `first` on: position in `starts`, of starts that cost the same the
        first, -1 where no way leads to the node within the limit; and the cost, infinite there.
        To the last bit the least of those that a search from each start would give.
    """
    cost, _, source = dijkstra(
        graph, indices=starts, min_only=True, limit=limit, return_predecessors=True
    )
    position = np.empty(graph.shape[0], dtype=np.int64)
    position[starts[::-1]] = np.arange(len(starts))[::-1]
    start = np.full(graph.shape[0], -1)
    reached = np.isfinite(cost)
    start[reached] = position[source[reached]]
    _first_of_equals(graph, start, cost)
    return start[first:], cost[first:]


def _first_of_equals(graph: csr_array, start: Integers, cost: Floats) -> None:
    """Hand on the first of the starts of least cost along the ways of least cost.

    A search from all tells any one of them. Where no two are equally near, nothing is handed on.
    """
    tail = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    edge = np.flatnonzero(np.isfinite(cost[tail]))
    edge = edge[cost[tail[edge]] + graph.data[edge] == cost[graph.indices[edge]]]
    tail, head = tail[edge], graph.indices[edge].astype(np.int64)
    better = np.flatnonzero(start[tail] < start[head])
    while better.size:
        np.minimum.at(start, head[better], start[tail[better]])
        changed = np.zeros(len(start), dtype=bool)
        changed[head[better]] = True
        better = np.flatnonzero(changed[tail] & (start[tail] < start[head]))


def _plain(graph: csr_array, starts: Integers, limit: float, first: int) -> Iterator[Reached]:
    block = max(1, BLOCK // graph.shape[0])
    for begin in range(0, len(starts), block):
        costs = dijkstra(graph, indices=starts[begin : begin + block], limit=limit)[:, first:]
        start, node = np.nonzero(np.isfinite(costs))
        yield begin + start, node, costs[start, node]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Space:
    """What a thread works in: all costs beyond the limit, all buckets empty between searches."""

    cost: Floats
    touched: Codes
    head: Codes
    links: Codes

    @classmethod
    def empty(cls, nodes: int, ring: int, beyond: float, module: ModuleType) -> _Space:
        return cls(
            cost=np.full(nodes, beyond),
            touched=np.empty(nodes, dtype=np.int32),
            head=np.full(ring, module.END, dtype=np.int32),
            links=np.full((nodes, 2), module.OUT, dtype=np.int32),
        )


def _compiled(
    module: ModuleType, graph: csr_array, starts: Integers, limit: float, first: int
) -> Reached:
    edges = (
        graph.indptr.astype(np.int32, copy=False),
        graph.indices.astype(np.int32, copy=False),
        graph.data.astype(np.float64, copy=False),
    )
    beyond = float(np.nextafter(limit, np.inf))
    scale, ring = _buckets(edges[2])
    spaces: SimpleQueue[_Space] = SimpleQueue()
    for _ in range(threads()):
        spaces.put(_Space.empty(graph.shape[0], ring, beyond, module))

    def search(start: int) -> tuple[Codes, Floats]:
        space = spaces.get()
        reached = module.spread(
            start, edges, beyond, scale, space.cost, space.touched, space.head, space.links
        )
        nodes, costs = np.empty(reached, dtype=np.int32), np.empty(reached)
        told = module.collect(space.touched, reached, first, beyond, space.cost, nodes, costs)
        spaces.put(space)
        return nodes[:told], costs[:told]

    with ThreadPoolExecutor(threads()) as pool:
        found = list(pool.map(search, starts.tolist()))
    nodes, costs = (np.concatenate(part) for part in zip(*found, strict=True))
    numbers = np.arange(len(starts), dtype=np.int32)
    return np.repeat(numbers, [len(each) for each, _ in found]), nodes, costs


def _buckets(costs: Floats) -> tuple[float, int]:
    """Buckets per cost, and how many at least: half as wide as an edge costs on average."""
    greatest = float(costs.max(initial=0.0))
    if greatest == 0.0:
        return 1.0, 2
    width = max(float(costs.mean()) / 2, greatest / MOST_BUCKETS)
    # One for the bucket at hand, one for the rounding; a power of two is cheap to divide by.
    return 1 / width, 1 << (int(greatest / width) + 2).bit_length()
