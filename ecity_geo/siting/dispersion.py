"""p-dispersion: sites as far from one another as they can be."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import shown, types_differ
from ecity_geo.siting import highs
from ecity_geo.siting.arguments import (
    candidate_ids,
    check_cost,
    check_sites,
    check_time,
    site_ids,
)
from ecity_geo.siting.instance import CLOSED_GAP, Flags, Floats, Integers
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.question import joined
from ecity_geo.siting.ties import earliest


def p_dispersion(
    cost: CostMatrix,
    *,
    p: int,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    time_limit: float = 20.0,
) -> SitingPlan:
    """Choose ``p`` new sites so that the two sites nearest to one another are far apart.

    Parameters
    ----------
    cost
        Cost between sites: rows and columns both hold the candidates and the existing sites.
        Where the two directions differ, the smaller counts; a pair that is absent is infinitely
        far apart.
    p
        Number of new sites, at least two where none exist.
    candidates, existing
        Ids of the possible sites (by default all facilities of `cost` that are not existing), and
        of those that stand and stay: these, too, keep the new ones away, but not one another.
    time_limit
        Seconds after which the best plan so far is returned with its proven bound.

    Returns
    -------
    plan
        Its objective is the smallest cost between a new site and any other (infinite where no
        pair among them is given); nobody is assigned. Its gains tell in `cumulative` how far
        apart the sites up to each one are. Earlier candidates are taken where they do as well.

    Raises
    ------
    AnalysisError
        If a site lacks a row or a column or is given twice, p is not between 1 and the number of
        candidates, or there is no second site to be far from.

    Notes
    -----
    Kuby (1987), doi:10.1111/j.1538-4632.1987.tb00133.x, by bisection over the costs with an
    independent set at each (Sayyady & Fathi 2016, doi:10.1016/j.ejor.2016.01.034).
    """
    began = time.monotonic()
    check_cost(cost)
    stand = site_ids(existing)
    candidates = candidate_ids(candidates, stand, cost.facility_ids)
    check_sites(p, candidates, stand)
    check_time(time_limit)
    if p < 2 and not len(stand):
        raise AnalysisError("p = 1 alone: there must be a second site to be far from. Raise p.")
    apart, away = _distances(cost, candidates, stand)
    chosen, radius, bound = _search(apart, away, int(p), deadline=began + time_limit)
    chosen, ties = _prefer_earlier(apart, away, chosen, radius)
    radius = _spread(apart, away, chosen)
    order = _by_spread(apart, away, chosen)
    sites = candidates.take(order)
    gap = _gap(radius, bound)
    spread = np.array([_spread(apart, away, order[: k + 1]) for k in range(len(order))])
    finite = np.where(np.isfinite(spread), spread, np.nan)
    gains = pd.DataFrame({"added": np.nan, "cumulative": finite, "share": np.nan}, index=sites)
    return SitingPlan(
        model="p_dispersion",
        sites=sites,
        existing=stand,
        assignment=pd.DataFrame({"facility_id": [], "cost": []}),
        objective=radius,
        bound=radius if gap == 0 else bound,
        gap=gap,
        status="optimal" if gap == 0 else "time_limit",
        gains=gains,
        standard=None,
        unit=cost.unit,
        unreachable=pd.Index([], dtype=object),
        ties=ties,
        seconds=time.monotonic() - began,
    )


def _gap(radius: float, bound: float) -> float:
    """Return by how much the bound exceeds the spread, in shares of it; 1 if there is none."""
    if bound == radius:
        return 0.0
    gap = (bound - radius) / radius if radius else 1.0
    return gap if gap > CLOSED_GAP else 0.0


def _distances(cost: CostMatrix, candidates: pd.Index, existing: pd.Index) -> tuple[Floats, Floats]:
    """Return costs among the candidates, and of each to the nearest existing site."""
    sites = joined(existing, candidates)
    for name, ids in (("row", cost.demand_ids), ("column", cost.facility_ids)):
        absent = sites[~sites.isin(ids)]
        if len(absent):
            raise AnalysisError(
                f"The costs between sites have no {name} for {shown(absent)}."
                f"{types_differ(absent, ids)} Give a row and a column for each site."
            )
    frame = cost.to_frame().loc[sites, sites].to_numpy()
    both = np.minimum(frame, frame.T)
    n = len(existing)
    apart = both[n:, n:].copy()
    np.fill_diagonal(apart, np.inf)
    return apart, both[n:, :n].min(axis=1, initial=np.inf)


def _spread(apart: Floats, away: Floats, chosen: Integers) -> float:
    """Return the smallest cost between a chosen site and any other."""
    inner = apart[np.ix_(chosen, chosen)].min(initial=np.inf)
    return float(min(inner, away[chosen].min(initial=np.inf)))


def _search(
    apart: Floats, away: Floats, p: int, *, deadline: float
) -> tuple[Integers, float, float]:
    chosen = _farthest(apart, away, p)
    radius, bound = _spread(apart, away, chosen), _ceiling(apart, away, p)
    costs = np.unique(np.concatenate([apart.ravel(), away]))
    steps = costs[(costs > radius) & (costs <= bound)]
    while len(steps) and time.monotonic() < deadline:
        middle = float(steps[len(steps) // 2])
        found, proven = _independent(
            apart < middle, away >= middle, p, time_limit=deadline - time.monotonic()
        )
        if found is not None:
            chosen, radius = found, _spread(apart, away, found)
            steps = steps[steps > radius]
        elif proven:
            steps = steps[steps < middle]
            bound = float(steps.max(initial=radius))
        else:
            break
    return chosen, radius, radius if not len(steps) else bound


def _ceiling(apart: Floats, away: Floats, p: int) -> float:
    """Return a spread that none exceeds: each of p sites needs p - 1 others so far away."""
    # the diagonal is infinite, so that a site counts among its own p
    others = np.partition(apart, -p, axis=1)[:, -p]
    return float(np.sort(np.minimum(others, away))[-p])


def _prefer_earlier(
    apart: Floats, away: Floats, chosen: Integers, radius: float
) -> tuple[Integers, int]:
    """Replace sites by earlier candidates that are as far apart; count the ties that remain."""

    def equal(columns: Integers) -> Flags:
        same = np.zeros((len(columns), len(away)), dtype=bool)
        for at in range(len(columns)):
            rest = np.delete(columns, at)
            near = np.minimum(apart[:, rest].min(axis=1, initial=np.inf), away)
            same[at] = near >= radius
        return same

    return earliest(chosen, equal)


def _farthest(apart: Floats, away: Floats, p: int) -> Integers:
    """Insert the farthest candidate, again and again (Erkut 1990)."""
    if np.isfinite(away).any():
        chosen = [int(np.argmax(away))]
    else:
        finite = np.where(np.isfinite(apart), apart, -1.0)
        first = int(np.argmax(finite.max(axis=1)))
        chosen = [first]
    while len(chosen) < p:
        near = np.minimum(apart[:, chosen].min(axis=1), away)
        near[chosen] = -1.0
        chosen.append(int(np.argmax(near)))
    return np.sort(np.array(chosen))


def _independent(
    conflict: Flags, allowed: Flags, p: int, *, time_limit: float
) -> tuple[Integers | None, bool]:
    """Find ``p`` allowed candidates of which no two conflict, or prove that there are none."""
    use = np.flatnonzero(allowed)
    if len(use) < p:
        return None, True
    cliques = _cliques(conflict[np.ix_(use, use)])
    rows = csr_array(
        (
            np.ones(sum(map(len, cliques)) + len(use)),
            (
                np.concatenate(
                    [
                        *(np.full(len(each), at) for at, each in enumerate(cliques)),
                        np.full(len(use), len(cliques)),
                    ]
                ),
                np.concatenate([*cliques, np.arange(len(use))]),
            ),
        ),
        shape=(len(cliques) + 1, len(use)),
    )
    program = highs.Program(
        cost=np.zeros(len(use)),
        limit=np.ones(len(use)),
        whole=np.ones(len(use), dtype=bool),
        rows=rows,
        lower=np.append(np.zeros(len(cliques)), float(p)),
        upper=np.append(np.ones(len(cliques)), float(p)),
    )
    answer = highs.solve(program, time_limit=time_limit, tolerance=0.5)
    if answer.x is None:
        return None, math.isinf(answer.bound) and answer.bound > 0
    return use[answer.x > 0.5], True


def _cliques(conflict: Flags) -> list[Integers]:
    """Cover every conflict by a set of candidates of which all conflict: a stronger limit."""
    left = np.triu(conflict, 1)
    found = []
    while left.any():
        a, b = np.unravel_index(int(np.argmax(left)), left.shape)
        members = [int(a), int(b)]
        common = conflict[a] & conflict[b]
        while common.any():
            each = int(np.argmax(common))
            members.append(each)
            common = common & conflict[each]
        clique = np.sort(np.array(members))
        left[np.ix_(clique, clique)] = False
        found.append(clique)
    return found


def _by_spread(apart: Floats, away: Floats, chosen: Integers) -> Integers:
    """Order sites so that each one keeps the others as far apart as can be."""
    left = [int(each) for each in chosen]
    order: list[int] = []
    while left:
        best = min(
            left,
            key=lambda each: (-_spread(apart, away, np.array([*order, each])), each),
        )
        left.remove(best)
        order.append(best)
    return np.array(order, dtype=np.int64)
