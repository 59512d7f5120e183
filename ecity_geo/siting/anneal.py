"""Better covering plans for large problems: many annealed plans, and the best of their sites.

Plans that simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983, doi:10.1126/science.220.4598.671)
ends at share most of their sites. The program on the sites of a few of them is small, is solved in
moments, and its plan is better than each of them, as tours are merged (Cook & Seymour 2003,
doi:10.1287/ijoc.15.3.233.16078).
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.geo.compiled import kernels, threads
from ecity_geo.siting import highs
from ecity_geo.siting.chains import chains, program, solution
from ecity_geo.siting.incumbent import Incumbent
from ecity_geo.siting.instance import Instance, Integers

TOGETHER = 2
"""Plans that are merged at a time: more make programs that are no longer solved in moments."""
FRUITLESS = 2
"""Generations in a row that may bring nothing."""
WORK = 80_000_000
"""Rows that the moves of one plan go through: half a second."""
FEWEST_MOVES = 20_000
HOT, COLD = 1 / 20, 1 / 400
"""Temperatures, as parts of what one site covers."""
CLOSE = 0.9
MERGE_NODES = 1
OBJECTIVE_SIZE = 1e5


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is annealed.

    Parameters
    ----------
    plans
        Plans of a generation.
    seeds
        One for each generation.
    """

    plans: int
    seeds: range


EARLY = Effort(plans=8, seeds=range(1))
LATE = Effort(plans=8, seeds=range(1, 6))
"""Before and after the relaxation is priced, which often decides nearly all that is left."""


def can_anneal(instance: Instance) -> bool:
    """Tell whether rows are only covered or not, none must be, and there is something to move."""
    finite = bool(np.isfinite(instance.base).all())
    return finite and not instance.cost.any() and 1 < instance.p < instance.n_columns


def anneal(incumbent: Incumbent, columns: Integers, *, effort: Effort) -> bool:
    """Improve a plan by generations of annealed and merged plans, until some bring nothing.

    Parameters
    ----------
    incumbent
        Best plan so far of an instance that `can_anneal`; it is improved.
    columns
        Columns that a better plan may have.
    effort
        How many plans, how often.

    Returns
    -------
    annealed
        False where loops cannot be compiled: nothing was done.
    """
    module = kernels("ecity_geo.siting.anneal_kernels")
    if module is None:
        return False
    columns = np.union1d(columns, incumbent.chosen)
    instance = incumbent.instance.restrict(columns, p=incumbent.instance.p)
    merged = partial(_merged, instance, deadline=incumbent.deadline)
    fruitless = 0
    for seed in effort.seeds:
        before = incumbent.cost
        start = np.searchsorted(columns, incumbent.chosen)
        rngs = np.random.default_rng(seed).spawn(effort.plans)
        plans = _annealed(instance, start, module, rngs)
        while len(plans) > 1 and not incumbent.late:
            groups = [plans[at : at + TOGETHER] for at in range(0, len(plans), TOGETHER)]
            with ThreadPoolExecutor(threads()) as pool:
                plans = list(pool.map(merged, groups))
        incumbent.improve(columns[min(plans, key=instance.objective)])
        fruitless = 0 if incumbent.cost < before else fruitless + 1
        if incumbent.late or fruitless == FRUITLESS:
            break
    return True


def _annealed(
    instance: Instance, chosen: Integers, module: ModuleType, rngs: list[np.random.Generator]
) -> list[Integers]:
    order = np.lexsort((instance.row, instance.column))
    start = np.searchsorted(instance.column[order], np.arange(instance.n_columns + 1))
    near = _neighbours(instance)
    covered = float(instance.base.sum() + instance.offset - instance.objective(chosen))
    one = covered / instance.p or 1.0
    moves = int(WORK * instance.n_columns / (1 + 2 * len(instance.row)))
    run = partial(
        module.anneal,
        start,
        instance.row[order],
        instance.base,
        near.indptr.astype(np.int64),
        near.indices.astype(np.int64),
        chosen,
        max(moves, FEWEST_MOVES),
        HOT * one,
        COLD * one,
        CLOSE,
    )
    with ThreadPoolExecutor(threads()) as pool:
        return list(pool.map(run, rngs))


def _neighbours(instance: Instance) -> csr_array:
    """Return which columns share a row."""
    covers = csr_array(
        (np.ones(len(instance.row), dtype=np.int32), (instance.row, instance.column)),
        shape=(instance.n_rows, instance.n_columns),
    )
    near = (covers.T @ covers).tocsr()
    near.setdiag(0)
    near.eliminate_zeros()
    near.sort_indices()
    return near


def _merged(instance: Instance, plans: list[Integers], *, deadline: float) -> Integers:
    """Return the best plan from the sites of some plans, or one at least as good as each."""
    best = min(plans, key=instance.objective)
    columns = np.unique(np.concatenate(plans))
    if len(columns) == instance.p:
        return best
    inner = instance.restrict(columns, p=instance.p)
    factor = OBJECTIVE_SIZE / instance.scale
    sets = chains(inner)
    answer = highs.solve(
        program(sets, inner, factor=factor),
        time_limit=deadline - time.monotonic(),
        tolerance=factor * instance.tolerance,
        start=solution(sets, inner, np.searchsorted(columns, np.sort(best))),
        nodes=MERGE_NODES,
    )
    if answer.x is None:
        return best
    found = columns[np.flatnonzero(answer.x[: inner.n_columns] > 0.5)]
    return min([best, found], key=instance.objective)
