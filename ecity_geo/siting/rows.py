"""A question as a mixed-integer program.

One variable opens each site, one moves each share of demand to a site within reach. All blocks are
built as arrays; HiGHS does the rest.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.program import FAIREST, Model, costs, site_prices

SHARES = 1e3
"""Rows of shares are brought to this size, as HiGHS keeps rows to an absolute 1e-6."""
_AIM = 1e3
"""Of an aim that is kept, the largest number beside which the smallest of its row still counts."""
_AIM_SLACK = 1e-8


def program(model: Model) -> highs.Program:
    """Write a model as a program.

    Parameters
    ----------
    model
        The question.

    Returns
    -------
    program
        Variables: sites (1 open), then pairs (share of the row served there), then, under a
        limit of the Gini coefficient, the differences between groups, then, for ``"fairest"``,
        the smallest share.
    """
    blocks = [
        block
        for block in (
            _served(model),
            _opened(model),
            _capacities(model),
            _places(model),
            _number(model),
            _budget(model),
            _floors(model),
            _within(model),
            _apart(model),
            _gini(model),
            _aim(model),
            _cuts(model),
        )
        if block is not None
    ]
    rows, lower, upper = (list(part) for part in zip(*blocks, strict=True))
    whole = np.zeros(model.spread, dtype=bool)
    whole[: model.n_sites + model.single * len(model.row)] = True
    limit = np.ones(model.spread)
    if model.sites.shut is not None:
        limit[: model.n_sites] = ~model.sites.shut
    return highs.Program(
        cost=costs(model),
        limit=limit,
        whole=whole,
        rows=csr_array(vstack([*rows, _fixed(model)])),
        lower=np.concatenate([*lower, _fixed_value(model)]),
        upper=np.concatenate([*upper, _fixed_value(model)]),
    )


_Block = tuple[csr_array, Floats, Floats]


def _block(model: Model, rows: Integers, columns: Integers, values: Floats, n: int) -> csr_array:
    return csr_array((values, (rows, columns)), shape=(n, model.spread))


def _pairs(model: Model) -> Integers:
    return model.n_sites + np.arange(len(model.row))


def _served(model: Model) -> _Block:
    """Serve each row once at most, or once exactly."""
    n = len(model.people)
    rows = _block(model, model.row, _pairs(model), np.ones(len(model.row)), n)
    return rows, np.full(n, float(model.served)), np.ones(n)


def _opened(model: Model) -> _Block:
    """Serve nobody at a site that is closed."""
    at = np.arange(len(model.row))
    if model.covers is not None:
        n = len(at)
        rest = csr_array((n, model.spread - model.n_sites - n))
        rows = csr_array(hstack([-model.covers, csr_array(eye_array(n)), rest]))
        return rows, np.full(n, -math.inf), np.zeros(n)
    rows = _block(
        model,
        np.concatenate([at, at]),
        np.concatenate([_pairs(model), model.column]),
        np.concatenate([np.ones(len(at)), -np.ones(len(at))]),
        len(at),
    )
    return rows, np.full(len(at), -math.inf), np.zeros(len(at))


def _capacities(model: Model) -> _Block | None:
    """Serve no more people at a site than it can."""
    limited = np.flatnonzero(np.isfinite(model.sites.capacity))
    if not len(limited):
        return None
    place = np.full(model.n_sites, -1)
    place[limited] = np.arange(len(limited))
    pair = place[model.column] >= 0
    served = np.concatenate([place[model.column[pair]], np.arange(len(limited))])
    people = np.concatenate([model.people[model.row[pair]], -model.sites.capacity[limited]])
    # HiGHS keeps rows to an absolute 1e-6, so each is brought to the size of the capacity: else a
    # large home beside a small site would let it take what it has no room for.
    size = model.sites.capacity[limited]
    rows = _block(
        model,
        served,
        np.concatenate([_pairs(model)[pair], limited]),
        people / np.where(size > 0, size, 1.0)[served],
        len(limited),
    )
    return rows, np.full(len(limited), -math.inf), np.zeros(len(limited))


def _places(model: Model) -> _Block | None:
    """Open one site at most at each place."""
    counts = np.bincount(model.sites.place)
    shared = counts[model.sites.place] > 1
    if not shared.any():
        return None
    _, at = np.unique(model.sites.place[shared], return_inverse=True)
    n = int(at.max()) + 1
    rows = _block(model, at, np.flatnonzero(shared), np.ones(int(shared.sum())), n)
    return rows, np.full(n, -math.inf), np.ones(n)


def _number(model: Model) -> _Block | None:
    if model.p is None:
        return None
    new = np.flatnonzero(~model.sites.standing)
    rows = _block(model, np.zeros(len(new), dtype=np.int64), new, np.ones(len(new)), 1)
    return rows, np.array([float(model.p)]), np.array([float(model.p)])


def _budget(model: Model) -> _Block | None:
    if not math.isfinite(model.budget):
        return None
    price, given = site_prices(model)
    use = ~model.sites.standing | model.sites.closable
    if model.sites.shut is not None:
        use &= ~model.sites.shut
    at = np.flatnonzero(use)
    size = float(np.abs(price[at]).max(initial=0.0)) or 1.0
    room = model.budget - given
    if not np.mod(price[at], 1.0).any():
        room = math.floor(room + 1e-9) + 0.4
    rows = _block(model, np.zeros(len(at), dtype=np.int64), at, price[at] / size, 1)
    return rows, np.array([-math.inf]), np.array([room / size])


def _aim(model: Model) -> _Block | None:
    """Let an aim that was reached before be no worse."""
    if not model.aim:
        return None
    cost = costs(replace(model, objective=model.aim))
    size = max(float(np.abs(cost).max(initial=0.0)), abs(model.worth) / _AIM) or 1.0
    slack = _AIM_SLACK * max(abs(model.worth), size)
    if model.covers is not None and not np.mod(model.people, 1.0).any():
        # whole people are covered or not: the next number is one less
        slack = max(slack, 0.4)
    upper = model.worth + slack
    rows = csr_array(cost[None] / size)
    return rows, np.array([-math.inf]), np.array([upper / size])


def _cuts(model: Model) -> _Block | None:
    """Leave out choices that a solver took within its tolerances, and that break a condition."""
    if not model.cuts:
        return None
    n = len(model.cuts)
    rows = np.concatenate([np.full(len(a) + len(b), at) for at, (a, b) in enumerate(model.cuts)])
    columns = np.concatenate([np.concatenate(cut) for cut in model.cuts])
    signs = np.concatenate(
        [np.concatenate([np.full(len(a), -1.0), np.ones(len(b))]) for a, b in model.cuts]
    )
    lower = np.array([1.0 - len(a) for a, _ in model.cuts])
    return _block(model, rows, columns, signs, n), lower, np.full(n, math.inf)


def _floors(model: Model) -> _Block | None:
    """Serve a share of each group at least: a given one, or the smallest that is raised."""
    fairest = model.objective == FAIREST
    if not fairest and not model.floor.any():
        return None
    n = len(model.floor)
    rows = _shares(model) * SHARES
    if fairest:
        last = np.full(n, model.spread - 1)
        smallest = _block(model, np.arange(n), last, np.full(n, -SHARES), n)
        both = csr_array(vstack([rows, rows + smallest]))
        lower = np.concatenate([model.floor * SHARES, np.zeros(n)])
        return both, lower, np.full(2 * n, math.inf)
    return rows, model.floor * SHARES, np.full(n, math.inf)


def _shares(model: Model) -> csr_array:
    """Return a row per group: the share of its people that are served."""
    pair = model.group[model.row] >= 0
    group = model.group[model.row[pair]]
    share = model.people[model.row[pair]] / model.totals[group]
    return _block(model, group, _pairs(model)[pair], share, len(model.floor))


def _within(model: Model) -> _Block | None:
    """Serve whoever is within reach of an open site without a capacity.

    Only a limit of inequality would otherwise leave people out to be more equal.
    """
    if not model.differences:
        return None
    if model.covers is not None:
        return _within_covers(model, model.covers)
    pair = np.flatnonzero(np.isinf(model.sites.capacity[model.column]))
    if not len(pair):
        return None
    of_row = csr_array(
        (np.ones(len(model.row)), (model.row, _pairs(model))),
        shape=(len(model.people), model.spread),
    )
    opened = _block(model, np.arange(len(pair)), model.column[pair], np.ones(len(pair)), len(pair))
    rows = csr_array(of_row[model.row[pair]] - opened)
    return rows, np.zeros(len(pair)), np.full(len(pair), math.inf)


def _within_covers(model: Model, covers: csr_array) -> _Block:
    pairs = covers.tocoo()
    n = len(pairs.row)
    at = np.arange(n)
    rows = _block(
        model,
        np.concatenate([at, at]),
        np.concatenate([_pairs(model)[pairs.row], pairs.col]),
        np.concatenate([np.ones(n), -np.ones(n)]),
        n,
    )
    return rows, np.zeros(n), np.full(n, math.inf)


def _apart(model: Model) -> _Block | None:
    """Let no difference between two groups be less than theirs, either way."""
    if not model.differences:
        return None
    one, other = np.triu_indices(len(model.floor), 1)
    shares = _shares(model) * SHARES
    between = shares[one] - shares[other]
    n = model.differences
    at = model.n_sites + len(model.row) + np.arange(n)
    apart = _block(model, np.arange(n), at, np.full(n, SHARES), n)
    rows = csr_array(vstack([apart - between, apart + between]))
    return rows, np.zeros(2 * n), np.full(2 * n, math.inf)


def _gini(model: Model) -> _Block | None:
    """Keep the Gini coefficient of shares over people: sum of n_i n_j |c_i - c_j| over N^2 c.

    Multiplied by the mean share c, which is linear itself, it needs no approximation.
    """
    if not model.differences:
        return None
    part = model.totals / model.totals.sum()
    one, other = np.triu_indices(len(part), 1)
    at = model.n_sites + len(model.row) + np.arange(model.differences)
    row = np.zeros(model.differences, dtype=np.int64)
    apart = _block(model, row, at, part[one] * part[other], 1)
    mean = csr_array(part[None] @ _shares(model))
    rows = csr_array((apart - model.gini * mean) * SHARES)
    return rows, np.array([-math.inf]), np.zeros(1)


def _fixed(model: Model) -> csr_array:
    """Keep the standing sites that may not be closed."""
    kept = np.flatnonzero(model.sites.standing & ~model.sites.closable)
    return _block(model, np.arange(len(kept)), kept, np.ones(len(kept)), len(kept))


def _fixed_value(model: Model) -> Floats:
    return np.ones(int((model.sites.standing & ~model.sites.closable).sum()))
