"""What is asked of a location model, checked and aligned by id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.arguments import (
    aligned_population,
    candidate_ids,
    check_cost,
    check_sites,
    check_time,
    site_ids,
)
from ecity_geo.siting.instance import Flags, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Demand, facilities and pairs of one question.

    The demand stands in the order of its ids, so that the order of the caller's rows cannot
    change a sum, and the facilities stand as existing sites first, then candidates.

    Parameters
    ----------
    asked
        Ids of the demand in the caller's order.
    demand
        Ids of the demand, sorted.
    people
        Population of each demand point.
    existing, candidates
        Ids of the facilities.
    row, column, cost
        Pairs by position; a column under ``len(existing)`` is an existing site.
    p
        Number of new sites.
    """

    asked: pd.Index
    demand: pd.Index
    people: Floats
    existing: pd.Index
    candidates: pd.Index
    row: Integers
    column: Integers
    cost: Floats
    p: int

    @property
    def n_existing(self) -> int:
        """Number of existing sites."""
        return len(self.existing)

    @property
    def facilities(self) -> pd.Index:
        """Ids of the columns."""
        return joined(self.existing, self.candidates)

    @property
    def unreachable(self) -> pd.Index:
        """Ids of the demand, with people or without, that no facility has a pair with."""
        reached = np.zeros(len(self.demand), dtype=bool)
        reached[self.row] = True
        return self.asked[self.asked.isin(self.demand[~reached])]

    def living(self, among: Flags) -> pd.Index:
        """Ids of the demand with people among some of the rows, in the caller's order."""
        return self.asked[self.asked.isin(self.demand[among & (self.people > 0)])]

    def reach(self, rows: Flags) -> csr_array:
        """Return which candidates reach which of the rows: some rows x candidates."""
        pair = (self.column >= self.n_existing) & rows[self.row]
        place = np.cumsum(rows) - 1
        at = place[self.row[pair]], self.column[pair] - self.n_existing
        return csr_array(
            (np.ones(int(pair.sum())), at), shape=(int(rows.sum()), len(self.candidates))
        )

    def nearest(self, columns: Integers, *, standard: float = np.inf) -> tuple[Integers, Floats]:
        """Nearest of some columns for each demand point, and its cost.

        Where two are as near, the earlier column serves; -1 and infinity where none does.
        """
        use = np.zeros(len(self.existing) + len(self.candidates), dtype=bool)
        use[columns] = True
        kept = np.flatnonzero(use[self.column] & (self.cost <= standard))
        kept = kept[np.lexsort((self.column[kept], self.cost[kept], self.row[kept]))]
        row, first = np.unique(self.row[kept], return_index=True)
        facility = np.full(len(self.demand), -1)
        cost = np.full(len(self.demand), np.inf)
        facility[row] = self.column[kept[first]]
        cost[row] = self.cost[kept[first]]
        return facility, cost


def ask(
    cost: CostMatrix,
    population: pd.Series,
    *,
    p: int,
    candidates: pd.Index | None,
    existing: pd.Index | None,
    time_limit: float,
    least: int = 1,
) -> Question:
    """Check the arguments that all models share, and align them by id; `p` is from `least` on."""
    check_cost(cost)
    existing = site_ids(existing)
    candidates = candidate_ids(candidates, existing, cost.facility_ids)
    check_sites(p, candidates, existing, least=least)
    check_time(time_limit)
    people = aligned_population(population, cost.demand_ids)
    used = cost.select(joined(existing, candidates))
    # ids may be of mixed types, which do not compare; their text does
    order = np.array(sorted(range(len(people)), key=lambda at: str(cost.demand_ids[at])), dtype=int)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return Question(
        asked=cost.demand_ids,
        demand=cost.demand_ids[order],
        people=people[order],
        existing=existing,
        candidates=candidates,
        row=place[used.rows()],
        column=used.costs.indices.astype(np.int64),
        cost=used.costs.data,
        p=int(p),
    )


def joined(existing: pd.Index, candidates: pd.Index) -> pd.Index:
    """Existing sites, then candidates; of any type, so that an empty one changes nothing."""
    ids: pd.Index = pd.Index([*existing, *candidates], dtype=object)
    return ids
