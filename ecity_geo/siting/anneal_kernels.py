"""Compiled loop of :mod:`ecity_geo.siting.anneal`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecity_geo.geo.compiled import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@kernel
def anneal(
    start: Integers,
    row: Integers,
    weight: Floats,
    near_start: Integers,
    near: Integers,
    chosen: Integers,
    moves: int,
    hot: float,
    cold: float,
    close: float,
    rng: np.random.Generator,
) -> Integers:
    """Return the columns left after exchanging one at a time, ever less for the worse.

    ``row[start[b]:start[b + 1]]`` are the rows that column `b` covers, `near` likewise the columns
    that share a row with it, of which a share `close` of the moves takes the newcomer. A move that
    loses `d` is made with probability ``exp(-d / t)``, `t` falling from `hot` to `cold`.
    """
    columns, p = len(start) - 1, len(chosen)
    covers = np.zeros(len(weight), dtype=np.int64)
    inside = np.zeros(columns, dtype=np.bool_)
    now = chosen.copy()
    for column in chosen:
        inside[column] = True
        enter(row[start[column] : start[column + 1]], weight, covers)
    heat, cooling = hot, (cold / hot) ** (1.0 / moves)
    for _ in range(moves):
        heat *= cooling
        place = rng.integers(0, p)
        leaving = now[place]
        around = near[near_start[leaving] : near_start[leaving + 1]]
        coming = rng.integers(0, columns)
        if len(around) and rng.random() < close:
            coming = around[rng.integers(0, len(around))]
        if inside[coming]:
            continue
        lost = row[start[leaving] : start[leaving + 1]]
        won = row[start[coming] : start[coming + 1]]
        gain = enter(won, weight, covers) - leave(lost, weight, covers)
        if gain >= 0 or rng.random() < np.exp(gain / heat):
            now[place] = coming
            inside[leaving], inside[coming] = False, True
        else:
            enter(lost, weight, covers)
            leave(won, weight, covers)
    return now


@kernel
def enter(rows: Integers, weight: Floats, covers: Integers) -> float:
    """Cover rows once more; return the weight of those that were not covered."""
    gained = 0.0
    for at in rows:
        if covers[at] == 0:
            gained += weight[at]
        covers[at] += 1
    return gained


@kernel
def leave(rows: Integers, weight: Floats, covers: Integers) -> float:
    """Cover rows once less; return the weight of those that are no longer covered."""
    lost = 0.0
    for at in rows:
        covers[at] -= 1
        if covers[at] == 0:
            lost += weight[at]
    return lost
