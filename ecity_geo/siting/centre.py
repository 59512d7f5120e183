"""The p-center: bisection over the costs by quick means, then the proof right below the best."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.exchange import greedy, interchange, prefer_earlier
from ecity_geo.siting.few_covers import STEPS, cover_of_few
from ecity_geo.siting.instance import Floats, Integers, build
from ecity_geo.siting.median import reach_all, travel
from ecity_geo.siting.question import Question
from ecity_geo.siting.watching import SILENT, Teller

NARROW = 32
"""Costs among which the best one lies, as far as quick means tell: it is asked for proof."""
QUICK = STEPS // 10
"""Exchanges at each cost until then."""


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
    people: Floats
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

    def radius(self, chosen: Integers) -> float:
        """Return the greatest of them."""
        return float(self.nearest(chosen).max())

    @property
    def lowest(self) -> float:
        """The greatest cost if all candidates were chosen."""
        return self.radius(np.arange(self.n_columns))


def find_centre(question: Question, *, deadline: float, tell: Teller = SILENT) -> Centre:
    """Choose the candidates of a p-center.

    Parameters
    ----------
    question
        Demand, pairs and p.
    deadline
        Time at which the best choice so far is returned with its proven bound.
    tell
        Told of shorter longest ways, and of bounds.

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
    chosen, radius, bound = np.arange(question.p), 0.0, 0.0
    if len(rows.base):
        chosen = _farthest_first(rows, question.p)
        if np.isinf(rows.radius(chosen)):
            left = max(deadline - time.monotonic(), 0.01)
            chosen = reach_all(question, travel(question), time_limit=left)
        chosen, bound = _bisect(question, rows, chosen, deadline, tell)
        radius = rows.radius(chosen)
        chosen = _shorter_for_all(question, rows, chosen, radius, deadline)
    return Centre(chosen=chosen, radius=radius, bound=bound, ties=_ties(rows, chosen, radius))


def _bisect(
    question: Question, rows: _Rows, chosen: Integers, deadline: float, tell: Teller
) -> tuple[Integers, float]:
    """Ask for covers within ever closer costs; return the best columns and the bound."""
    radius, bound = rows.radius(chosen), rows.lowest
    costs = np.unique(np.concatenate([rows.cost, rows.base[np.isfinite(rows.base)]]))
    steps = costs[(costs >= bound) & (costs < radius)]
    # Below this place among the steps quick means have found no cover, which may prove nothing.
    least = 0
    while len(steps) and time.monotonic() < deadline:
        tell(cost=radius, bound=bound)
        quick = len(steps) - least > NARROW
        # One proof right below the best choice ends the search; in the middle it would be one of
        # several that are as hard.
        asked = (least + len(steps) - 1) // 2 if quick else len(steps) - 1
        cover = cover_of_few(
            rows.within(float(steps[asked])),
            question.p,
            time_limit=deadline - time.monotonic(),
            start=chosen,
            steps=QUICK if quick else STEPS,
            decide=not quick,
        )
        if cover.chosen is not None:
            chosen, radius = cover.chosen, rows.radius(cover.chosen)
            steps = steps[steps < radius]
        elif np.isinf(cover.bound):
            steps, least = steps[asked + 1 :], max(least - asked - 1, 0)
            bound = float(steps.min(initial=radius))
        elif quick:
            least = asked + 1
        else:
            break
    return chosen, bound if len(steps) else radius


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
        people=question.people[binds],
        n_columns=len(question.candidates),
    )


def _farthest_first(rows: _Rows, p: int) -> Integers:
    """Choose the nearest column of the row that has farthest to go, so many times.

    After Gonzalez (1985), doi:10.1016/0304-3975(85)90224-5.
    """
    near = rows.base.copy()
    free = np.ones(rows.n_columns, dtype=bool)
    for _ in range(p):
        far = near == near.max()
        pair = np.flatnonzero(far[rows.row] & free[rows.column])
        # Of rows that are equally far the one whose column is nearest, or comes first.
        order = np.lexsort((rows.column[pair], rows.cost[pair]))
        column = rows.column[pair[order[0]]] if len(order) else np.flatnonzero(free)[0]
        free[column] = False
        pair = np.flatnonzero(rows.column == column)
        np.minimum.at(near, rows.row[pair], rows.cost[pair])
    return np.flatnonzero(~free)


def _shorter_for_all(
    question: Question, rows: _Rows, chosen: Integers, radius: float, deadline: float
) -> Integers:
    """Fill up and exchange columns for the sake of all people, none going farther than `radius`."""
    near = rows.cost <= radius
    instance = build(
        rows.row[near],
        rows.column[near],
        (rows.cost * rows.people[rows.row])[near],
        np.where(rows.base <= radius, rows.base * rows.people, np.inf),
        n_columns=rows.n_columns,
        p=question.p,
        scale=1.0,
    )
    chosen, found = interchange(instance, greedy(instance, chosen), deadline=deadline)
    chosen, _ = prefer_earlier(replace(instance, scale=found or 1.0), chosen)
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
