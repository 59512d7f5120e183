"""What is asked of a location model, checked and aligned by id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.siting.instance import Floats, Integers

SHOWN_IDS = 10


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
    candidates: pd.Index,
    existing: pd.Index | None,
    time_limit: float,
    least: int = 1,
) -> Question:
    """Check the arguments that all models share, and align them by id; `p` is from `least` on."""
    candidates, existing = site_ids(candidates), site_ids(existing)
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


def aligned_population(population: pd.Series, demand_ids: pd.Index) -> Floats:
    """Return the population in the order of the demand ids; missing or impossible: an error."""
    twice = population.index[population.index.duplicated()].unique()
    if len(twice):
        raise AnalysisError(
            f"The population names some demand ids more than once: {shown(twice)}. "
            "Give each demand point one row."
        )
    absent = demand_ids.difference(population.index, sort=False)
    if len(absent):
        raise AnalysisError(
            f"The population lacks {len(absent)} of the {len(demand_ids)} demand ids of the cost "
            f"matrix: {shown(absent)}. Index it like the rows of the costs."
        )
    people = population.reindex(demand_ids).to_numpy(dtype=float, na_value=np.nan)
    wrong = demand_ids[~(np.isfinite(people) & (people >= 0))]
    if len(wrong):
        raise AnalysisError(
            f"The population of {len(wrong)} demand points is negative, missing or infinite: "
            f"{shown(wrong)}. Correct the values, or leave these points out of the costs."
        )
    return people


def joined(existing: pd.Index, candidates: pd.Index) -> pd.Index:
    """Existing sites, then candidates; of any type, so that an empty one changes nothing."""
    ids: pd.Index = pd.Index([*existing, *candidates], dtype=object)
    return ids


def site_ids(ids: pd.Index | Iterable[object] | None) -> pd.Index:
    """Return ids as an index, whatever holds them; none if there are none."""
    if ids is None:
        return pd.Index([], dtype=object)
    if isinstance(ids, str | pd.DataFrame):
        raise AnalysisError(
            f"Candidates and existing sites are ids, not a {type(ids).__name__}. "
            "Give an index or a list, such as that of a table: table.index."
        )
    return ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype=object)


def shown(ids: pd.Index) -> str:
    """First ids as text, the rest counted."""
    text = ", ".join(repr(each) for each in ids[:SHOWN_IDS])
    rest = len(ids) - SHOWN_IDS
    return f"{text} and {rest} more" if rest > 0 else text


def check_time(time_limit: float) -> None:
    """Raise AnalysisError unless there is time to answer in."""
    if not time_limit > 0:
        raise AnalysisError(f"The time limit must be more than 0 seconds, not {time_limit!r}.")


def _is_whole(number: object) -> bool:
    return isinstance(number, Real) and float(number).is_integer()


def check_sites(p: int, candidates: pd.Index, existing: pd.Index, *, least: int = 1) -> None:
    """Raise AnalysisError unless p of the candidates can be chosen beside the existing sites."""
    for name, ids in (("candidates", candidates), ("existing sites", existing)):
        twice = ids[ids.duplicated()].unique()
        if len(twice):
            raise AnalysisError(f"Some {name} are given more than once: {shown(twice)}.")
    both = candidates[candidates.isin(existing)]
    if len(both):
        raise AnalysisError(
            f"Some sites are both existing and candidates: {shown(both)}. "
            "Leave those that stand already out of the candidates."
        )
    if not _is_whole(p) or p < least:
        raise AnalysisError(
            f"The number of new sites p must be a whole number from {least}, not {p!r}."
        )
    if p > len(candidates):
        raise AnalysisError(
            f"p = {int(p)} new sites are asked for, but there are only {len(candidates)} "
            "candidates. Lower p, or give more candidates."
        )
