"""Ties of a plan under conditions: broken and counted where no condition is in the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.covering import covering_instance
from ecity_geo.siting.exchange import prefer_earlier
from ecity_geo.siting.instance import Flags, Floats, Instance, Integers, build
from ecity_geo.siting.program import FAIREST, PRICE, TRAVEL, Model
from ecity_geo.siting.ties import earliest_cover


def settle(model: Model, opened: Flags) -> tuple[Flags, int | None]:
    """Let earlier sites stand in a plan where they do as well, and count the ties.

    Parameters
    ----------
    model
        The question.
    opened
        Open sites of its plan.

    Returns
    -------
    opened, ties
        The sites, and the number of exchanges of one new site for another that would be as good;
        None, and the sites as they are, where a condition may rule exchanges out.
    """
    if _something_binds(model):
        return opened, None
    new = np.flatnonzero(~model.sites.standing)
    chosen = np.flatnonzero(opened[new])
    if model.objective == PRICE:
        chosen, ties = earliest_cover(_covers(model, new), model.sites.price[new], chosen)
    else:
        pose = _travel if model.objective == TRAVEL else _coverage
        chosen, ties = prefer_earlier(_scaled(pose(model, new, len(chosen)), chosen), chosen)
    settled = model.sites.standing.copy()
    settled[new[chosen]] = True
    return settled, ties


def nearest_shares(model: Model, opened: Flags) -> Floats:
    """Return the share of each pair where all go to the nearest open site, of equals the first."""
    use = np.flatnonzero(opened[model.column])
    use = use[np.lexsort((model.column[use], model.cost[use], model.row[use]))]
    _, first = np.unique(model.row[use], return_index=True)
    share = np.zeros(len(model.row))
    share[use[first]] = 1.0
    return share


def _something_binds(model: Model) -> bool:
    sites = model.sites
    price = sites.price[~sites.standing]
    alike = bool((price == price[:1]).all())
    return bool(
        model.objective == FAIREST
        or (sites.capacity < model.people.sum()).any()
        or (sites.closable & sites.standing).any()
        or len(np.unique(sites.place)) < model.n_sites
        or model.floor.any()
        or model.gini < 1
        or not (alike or model.objective == PRICE)
    )


def _scaled(instance: Instance, chosen: Integers) -> Instance:
    """Give an instance the size of its objective, to which ties are relative."""
    worst = float(instance.base[np.isfinite(instance.base)].sum())
    return replace(instance, scale=max(worst, instance.objective(chosen)) or 1.0)


def _coverage(model: Model, new: Integers, p: int) -> Instance:
    row, column = _open_pairs(model, new)
    return covering_instance(
        row, column, model.people, n_columns=len(new), p=p, scale=float(model.people.sum())
    )


def _travel(model: Model, new: Integers, p: int) -> Instance:
    place = _places(model, new)
    old, pair = place[model.column] < 0, place[model.column] >= 0
    base = np.full(len(model.people), np.inf)
    np.minimum.at(base, model.row[old], model.cost[old])
    return build(
        model.row[pair],
        place[model.column[pair]],
        model.people[model.row[pair]] * model.cost[pair],
        model.people * base,
        n_columns=len(new),
        p=p,
        scale=1.0,
    )


def _covers(model: Model, new: Integers) -> csr_array:
    """Return which new sites reach which of the rows that no standing one does."""
    row, column = _open_pairs(model, new)
    rows, at = np.unique(row, return_inverse=True)
    return csr_array((np.ones(len(row)), (at, column)), shape=(len(rows), len(new)))


def _open_pairs(model: Model, new: Integers) -> tuple[Integers, Integers]:
    """Return the pairs of new sites with rows that no standing one reaches."""
    place = _places(model, new)
    done = np.zeros(len(model.people), dtype=bool)
    done[model.row[place[model.column] < 0]] = True
    pair = (place[model.column] >= 0) & ~done[model.row]
    return model.row[pair], place[model.column[pair]]


def _places(model: Model, new: Integers) -> Integers:
    place = np.full(model.n_sites, -1)
    place[new] = np.arange(len(new))
    return place
