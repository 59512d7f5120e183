"""The p-center: bisection over the costs, a set cover at each."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.siting.covers import greedy_cover, solve_cover
from ecity_geo.siting.exchange import greedy, interchange
from ecity_geo.siting.instance import Floats, Instance, Integers, build
from ecity_geo.siting.question import Question


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Centre:
    """Columns of a p-center.

    Parameters
    ----------
    chosen
        Candidates by position, as many as were asked for.
    radius
        Greatest cost of a row to the nearest of them.
    bound
        No choice has a smaller one.
    ties
        Exchanges of one column for another that would leave the radius as it is.
    """

    chosen: Integers
    radius: float
    bound: float
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Pairs of candidates with the rows that bind, and what the existing sites do for them."""

    row: Integers
    column: Integers
    cost: Floats
    base: Floats
    n_columns: int

    def within(self, radius: float) -> csr_array:
        """Return which columns reach which of the rows that are not served so near already."""
        open_row = self.base > radius
        place = np.cumsum(open_row) - 1
        pair = open_row[self.row] & (self.cost <= radius)
        return csr_array(
            (np.ones(int(pair.sum())), (place[self.row[pair]], self.column[pair])),
            shape=(int(open_row.sum()), self.n_columns),
        )

    def nearest(self, chosen: Integers) -> Floats:
        """Return the cost of each row to the nearest site."""
        use = np.zeros(self.n_columns, dtype=bool)
        use[chosen] = True
        pair = use[self.column]
        cost = self.base.copy()
        np.minimum.at(cost, self.row[pair], self.cost[pair])
        return cost


def find_centre(question: Question, *, deadline: float) -> Centre:
    """Choose the candidates of a p-center.

    Parameters
    ----------
    question
        Demand, pairs and p.
    deadline
        Time at which the best choice so far is returned with its proven bound.

    Returns
    -------
    centre
        The choice.

    Raises
    ------
    AnalysisError
        If no ``p`` candidates reach all rows that some candidate reaches.
    """
    rows = _binding(question)
    if not len(rows.base):
        chosen = np.arange(question.p)
        return Centre(chosen=chosen, radius=0.0, bound=0.0, ties=0)
    best = np.full(len(rows.base), np.inf)
    np.minimum.at(best, rows.row, rows.cost)
    lowest = float(np.minimum(best, rows.base).max())
    chosen = _start(question, rows, deadline)
    radius = float(rows.nearest(chosen).max())
    costs = np.unique(np.concatenate([rows.cost, rows.base[np.isfinite(rows.base)]]))
    if np.isinf(radius):
        chosen = _reaching(question, rows, float(costs[-1]), deadline)
        radius = float(rows.nearest(chosen).max())
    steps = costs[(costs >= lowest) & (costs < radius)]
    bound, probe = lowest, False
    while len(steps) and time.monotonic() < deadline:
        # A choice just found may be the best: then one question, right below it, ends the search.
        middle = float(steps[-1] if probe else steps[(len(steps) - 1) // 2])
        cover = solve_cover(
            rows.within(middle),
            np.ones(rows.n_columns),
            at_most=question.p,
            time_limit=deadline - time.monotonic(),
        )
        if cover.chosen is not None:
            chosen = _improved(question, rows, cover.chosen, deadline)
            radius = float(rows.nearest(chosen).max())
            steps = steps[steps < radius]
            probe = not probe
        elif np.isinf(cover.bound):
            bound = float(steps[steps > middle].min(initial=radius))
            steps = steps[steps > middle]
            probe = False
        else:
            break
    if not len(steps):
        bound = radius
    filled = _filled(question, rows, chosen)
    return Centre(chosen=filled, radius=radius, bound=bound, ties=_ties(rows, filled, radius))


def _binding(question: Question) -> _Rows:
    """Return the rows that have people, and that some site reaches."""
    _, base = question.nearest(np.arange(question.n_existing))
    _, could = question.nearest(np.arange(len(question.facilities)))
    binds = (question.people > 0) & np.isfinite(could)
    place = np.cumsum(binds) - 1
    pair = (question.column >= question.n_existing) & binds[question.row]
    return _Rows(
        row=place[question.row[pair]],
        column=question.column[pair] - question.n_existing,
        cost=question.cost[pair],
        base=base[binds],
        n_columns=len(question.candidates),
    )


def _start(question: Question, rows: _Rows, deadline: float) -> Integers:
    """Choose columns by the p-median of high powers of the cost, which minds the longest ways."""
    top = float(rows.cost.max(initial=0.0)) or 1.0
    instance = _powers(question, rows, top, power=8)
    chosen, _ = interchange(instance, greedy(instance), deadline=deadline)
    return _improved(question, rows, np.sort(chosen), deadline)


def _improved(question: Question, rows: _Rows, chosen: Integers, deadline: float) -> Integers:
    """Exchange columns as long as that shortens the longest ways."""
    radius = float(rows.nearest(chosen).max())
    if not 0 < radius < np.inf:
        return chosen
    full = _filled(question, rows, chosen)
    instance = _powers(question, rows, radius, power=32)
    better, _ = interchange(instance, full, deadline=deadline)
    better = np.sort(better)
    return better if float(rows.nearest(better).max()) < radius else chosen


def _powers(question: Question, rows: _Rows, top: float, *, power: int) -> Instance:
    """Pose the p-median of powers of the cost, as shares of `top`, held within what a float is."""
    share = np.minimum(rows.cost / top, 4.0) ** power
    base = np.where(np.isfinite(rows.base), np.minimum(rows.base / top, 4.0) ** power, np.inf)
    return build(
        rows.row,
        rows.column,
        share,
        base,
        n_columns=rows.n_columns,
        p=question.p,
        scale=1.0,
    )


def _reaching(question: Question, rows: _Rows, widest: float, deadline: float) -> Integers:
    """Find columns that reach every row at all."""
    covers = rows.within(widest)
    left = max(deadline - time.monotonic(), 0.01)
    cover = solve_cover(covers, np.ones(rows.n_columns), time_limit=left)
    if cover.chosen is None or len(cover.chosen) > question.p:
        least = len(greedy_cover(covers, np.ones(rows.n_columns)))
        enough = least if cover.chosen is None else len(cover.chosen)
        raise AnalysisError(
            f"p = {question.p} is too small: no choice of so many candidates reaches all demand "
            f"that some candidate reaches. p = {enough} would; or build the costs with a larger "
            "cutoff."
        )
    return cover.chosen


def _filled(question: Question, rows: _Rows, chosen: Integers) -> Integers:
    """Add columns up to p, each the one that shortens the ways of all most."""
    people = question.people[question.people > 0]
    people = people if len(people) == len(rows.base) else np.ones(len(rows.base))
    chosen = np.sort(chosen)
    while len(chosen) < question.p:
        now = rows.nearest(chosen)
        saved = np.maximum(now[rows.row] - rows.cost, 0.0) * people[rows.row]
        gain = np.bincount(rows.column, weights=saved, minlength=rows.n_columns)
        gain[chosen] = -1.0
        chosen = np.sort(np.append(chosen, int(np.argmax(gain))))
    return chosen


def _ties(rows: _Rows, chosen: Integers, radius: float) -> int:
    """Count exchanges of one column for another after which all are as near."""
    covers = rows.within(radius).tocsc()
    if not covers.shape[0]:
        return len(chosen) * (rows.n_columns - len(chosen))
    times = np.asarray(covers[:, chosen].sum(axis=1)).ravel()
    others = np.setdiff1d(np.arange(rows.n_columns), chosen)
    count = 0
    for column in chosen:
        own = covers.indices[covers.indptr[column] : covers.indptr[column + 1]]
        alone = own[times[own] == 1]
        reached = np.asarray(covers[alone][:, others].sum(axis=0)).ravel()
        count += int((reached == len(alone)).sum())
    return count
