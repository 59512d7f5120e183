"""Compiled loops of :mod:`ecity_geo.geo.search`: cheapest ways by buckets of like cost.

Nodes that wait to be looked at lie in buckets, in a ring of them. Each bucket is a linked list,
so that a node that becomes cheaper moves in no time. Within a bucket the order is free: a node
that was looked at too early is looked at again, so the costs are exact whatever the width (Dial
1969, doi:10.1145/363269.363610; the label-correcting buckets of Meyer & Sanders 2003,
doi:10.1016/S0196-6774(03)00076-2). On streets that beats a heap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

END = -1
OUT = -2
"""As the follower of a node: it waits in no bucket."""


@kernel
def link(node: int, bucket: int, head: Codes, links: Codes) -> None:
    """Put a node at the head of a bucket; `links` hold who follows it and who is before it."""
    first = head[bucket]
    links[node, 0], links[node, 1] = first, END
    if first != END:
        links[first, 1] = node
    head[bucket] = node


@kernel
def unlink(node: int, bucket: int, head: Codes, links: Codes) -> None:
    """Take a node out of its bucket."""
    following, previous = links[node, 0], links[node, 1]
    if previous == END:
        head[bucket] = following
    else:
        links[previous, 0] = following
    if following != END:
        links[following, 1] = previous
    links[node, 0] = OUT


@kernel
def spread(
    start: int,
    edges: tuple[Codes, Codes, Floats],
    beyond: float,
    scale: float,
    cost: Floats,
    touched: Codes,
    head: Codes,
    links: Codes,
) -> int:
    """Write the costs below `beyond`, and the nodes that have one; return how many these are.

    All costs are `beyond` before. `scale` is buckets per cost; the ring of them, a power of two,
    must hold the costliest edge.
    """
    indptr, indices, costs = edges
    mask = len(head) - 1
    cost[start], touched[0] = 0.0, start
    link(start, 0, head, links)
    reached, waiting, at = 1, 1, 0
    while waiting:
        node = head[at & mask]
        if node == END:
            at += 1
            continue
        unlink(node, at & mask, head, links)
        waiting -= 1
        key = cost[node]
        for edge in range(indptr[node], indptr[node + 1]):
            to, way = indices[edge], key + costs[edge]
            known = cost[to]
            if way >= known:
                continue
            if known == beyond:
                touched[reached] = to
                reached += 1
            cost[to] = way
            # Nothing leads on from a leaf, such as a home.
            if indptr[to] == indptr[to + 1]:
                continue
            bucket = int(way * scale) & mask
            if links[to, 0] != OUT:
                before = int(known * scale) & mask
                if before == bucket:
                    continue
                unlink(to, before, head, links)
                waiting -= 1
            link(to, bucket, head, links)
            waiting += 1
    return reached


@kernel
def collect(
    touched: Codes,
    reached: int,
    first: int,
    beyond: float,
    cost: Floats,
    node: Codes,
    paid: Floats,
) -> int:
    """Tell nodes from `first` on and their costs, and forget all; return how many were told."""
    told = 0
    for at in range(reached):
        if touched[at] >= first:
            node[told], paid[told] = touched[at] - first, cost[touched[at]]
            told += 1
        cost[touched[at]] = beyond
    return told
