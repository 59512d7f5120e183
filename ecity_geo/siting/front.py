"""All plans that nobody can better in both of two aims: the Pareto front, proven."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.given import is_number, types_differ
from ecity_geo.siting.arguments import aligned_prices, by_id, within
from ecity_geo.siting.boxes import Aims, Box, Explored, Point, explore
from ecity_geo.siting.fair_aims import FairAims
from ecity_geo.siting.instance import CLOSED_GAP, Integers
from ecity_geo.siting.price_aims import PriceAims
from ecity_geo.siting.question import Question, ask
from ecity_geo.siting.travel_aims import TravelAims

PRICE, TRAVEL, FAIRNESS = "price", "travel", "fairness"
AGAINST = {PRICE: "price", TRAVEL: "travel", FAIRNESS: "worst"}
"""What coverage can be weighed against, and the column of the table that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Front:
    """Plans of which none is better than another in both aims.

    Parameters
    ----------
    against
        ``"price"``, ``"travel"`` or ``"fairness"``.
    table
        A row per plan, by rising coverage: `covered` people and their `share` of all; the other
        aim in `price` (in the unit of the prices), `travel` (person-cost of all who reach a site;
        `mean` is that per person) or `worst` (share covered of the group served worst, `group` is
        its name); `covered_bound` and `other_bound`, which no plan exceeds that is as good in the
        other aim; `gap`, the larger relative distance to these; `status`, ``"optimal"`` where
        both are met, else ``"time_limit"``; `n_sites` and `sites`, the new ones.
    unexplored
        Ranges in which more plans may lie, because the time was over: `covered_from`,
        `covered_to`, `other_from`, `other_to`. Empty where the front is complete.
    complete
        Whether the table holds all plans of the front, each proven.
    people
        All people, of which `share` is a part.
    unit
        Unit of the travel costs.
    standard
        Service standard, in `unit`.
    p
        Number of new sites; missing against price.
    existing
        Ids of the sites that stand.
    seconds
        Wall time.
    ungrouped
        Ids of the demand with people whose group is not given, against fairness: they count in
        the coverage only.
    """

    against: str
    table: pd.DataFrame
    unexplored: pd.DataFrame
    complete: bool
    people: float
    unit: str
    standard: float
    p: int | None
    existing: pd.Index
    seconds: float
    ungrouped: pd.Index = field(default_factory=lambda: pd.Index([], dtype=object))

    @property
    def other(self) -> str:
        """Column of the table that holds the other aim."""
        return AGAINST[self.against]


def pareto_front(
    cost: CostMatrix,
    population: pd.Series,
    *,
    standard: float,
    against: str,
    candidates: pd.Index | None = None,
    existing: pd.Index | None = None,
    p: int | None = None,
    prices: pd.Series | None = None,
    budget: float = np.inf,
    groups: pd.Series | None = None,
    time_limit: float = 60.0,
) -> Front:
    """Find every plan that no other betters in coverage without being worse in another aim.

    Parameters
    ----------
    cost
        Travel cost from demand to the existing sites and the candidates; other columns are not
        used.
    population
        Persons per demand point, aligned by id.
    standard
        Greatest acceptable cost, in the unit of `cost`. Inclusive.
    against
        ``"price"``: coverage against what the new sites cost together; ``"travel"``: against the
        person-cost to the nearest site, with `p` new sites; ``"fairness"``: against the share
        covered of the group that is served worst, with `p` new sites.
    candidates
        Ids of the possible sites; by default all facilities of `cost` that are not existing.
    existing
        Ids of the sites that stand and stay; none by default.
    p
        Number of new sites; needed against travel and fairness.
    prices
        Price of each candidate, by id, whole or not; 1 each by default, so that the front is that
        of coverage against the number of sites.
    budget
        Greatest price.
    groups
        Group of each demand point, such as its district or fabric, by id; needed against
        fairness. Demand without a group counts in the coverage only, and is named in
        `Front.ungrouped`; a group without people does not count.
    time_limit
        Seconds for the whole front.

    Returns
    -------
    front
        One plan for each pair of values, the same pair once.

    Raises
    ------
    AnalysisError
        If an argument is missing, unknown or impossible, or as in
        `ecity_geo.siting.models.mclp` and, against travel, `ecity_geo.siting.models.p_median`.

    Notes
    -----
    Values of whole people and whole prices are told apart exactly. Of others, two that differ by
    less than a millionth of the whole count as one. Front by the boxes of Hamacher, Pedersen
    & Ruzika (2007), doi:10.1016/j.orl.2006.08.002; each box is an epsilon-constraint problem
    (Haimes, Lasdon & Wismer 1971) in both aims, one after the other.
    """
    began = time.monotonic()
    _check(against, p=p, prices=prices, budget=budget, groups=groups)
    number = 1 if p is None else p
    near = within(cost, standard)
    question = ask(
        cost if against == TRAVEL else near,
        population,
        p=number,
        candidates=candidates,
        existing=existing,
        time_limit=time_limit,
    )
    aims, names, ungrouped = _aims(against, question, standard, prices, budget, groups)
    left = time_limit - (time.monotonic() - began)
    found = explore(aims, time_limit=left)
    return Front(
        against=against,
        table=_table(against, question, aims, found, names),
        unexplored=_unexplored(against, found.boxes),
        complete=not found.boxes,
        people=float(question.people.sum()),
        unit=cost.unit,
        standard=float(standard),
        p=None if against == PRICE else number,
        existing=question.existing,
        seconds=time.monotonic() - began,
        ungrouped=ungrouped,
    )


def _check(
    against: str,
    *,
    p: int | None,
    prices: pd.Series | None,
    budget: float,
    groups: pd.Series | None,
) -> None:
    if against not in AGAINST:
        raise AnalysisError(
            f"Coverage cannot be weighed against {against!r}. Take one of {', '.join(AGAINST)}."
        )
    if against == PRICE and p is not None:
        raise AnalysisError("Against price the number of sites is free: give a budget, not p.")
    if against != PRICE and p is None:
        raise AnalysisError(f"Against {against} the number of new sites p is needed. Give p.")
    if against != PRICE and (prices is not None or budget != np.inf):
        raise AnalysisError(
            f"Prices and a budget are for fronts against price, not {against}. Leave them out."
        )
    if not is_number(budget) or not budget >= 0:
        raise AnalysisError(
            f"The budget must be a number from 0, not {budget!r}. Leave it out for no limit."
        )
    if groups is None and against == FAIRNESS:
        raise AnalysisError(
            "A front against fairness is between groups. Give the group of each demand point."
        )
    if groups is not None and against != FAIRNESS:
        raise AnalysisError(f"A front against {against} has no groups. Leave them out.")


def _aims(
    against: str,
    question: Question,
    standard: float,
    prices: pd.Series | None,
    budget: float,
    groups: pd.Series | None,
) -> tuple[Aims, list[object], pd.Index]:
    """Return both aims; against fairness the groups, and who has none."""
    nobody = question.asked[:0]
    if against == PRICE:
        return PriceAims(question, aligned_prices(prices, question.candidates), budget), [], nobody
    if groups is None:
        return TravelAims(question, standard), [], nobody
    group, names = group_codes(groups, question)
    return FairAims(question, group, len(names)), names, question.living(group < 0)


def group_codes(groups: pd.Series, question: Question) -> tuple[Integers, list[object]]:
    """Give the groups that have people numbers, in the order of the caller's demand.

    Parameters
    ----------
    groups
        Group of each demand point, by id; missing for none.
    question
        What is asked.

    Returns
    -------
    group
        Per demand point of the question, -1 for none.
    names
        Of the groups.
    """
    groups = by_id(groups, "The table of groups", "demand")
    given = groups.reindex(question.asked).astype(object)
    people = pd.Series(question.people, index=question.demand).reindex(question.asked)
    lives = given.notna() & (people > 0)
    names = list(dict.fromkeys(given[lives]))
    if not names:
        raise AnalysisError(
            "No demand with people has a group."
            f"{types_differ(question.asked, groups.index)} Index the groups like the demand."
        )
    number = {name: at for at, name in enumerate(names)}
    codes = given.map(lambda name: number.get(name, -1) if pd.notna(name) else -1)
    return codes.reindex(question.demand).to_numpy(dtype=np.int64), names


def _table(
    against: str, question: Question, aims: Aims, found: Explored, names: list[object]
) -> pd.DataFrame:
    total = float(question.people.sum()) or np.nan
    rows = []
    for point in found.points:
        most, least = _bounds(point, found.boxes)
        gap = max(_relative(most, point.covered), _relative(least, point.other))
        sign = -1.0 if against == FAIRNESS else 1.0
        row: dict[str, object] = {"covered": point.covered, "share": point.covered / total}
        row[AGAINST[against]] = sign * point.other + 0.0
        if isinstance(aims, TravelAims):
            row["mean"] = point.other / (aims.total or np.nan)
        if isinstance(aims, FairAims):
            row["group"] = names[int(np.argmin(aims.shares(point.columns)))]
        row |= {
            "covered_bound": most,
            "other_bound": sign * least + 0.0,
            "gap": gap,
            "status": "optimal" if gap == 0 else "time_limit",
            "n_sites": len(point.columns),
            "sites": tuple(question.candidates.take(point.columns)),
        }
        rows.append(row)
    return pd.DataFrame(rows).rename_axis("plan")


def _bounds(point: Point, boxes: list[Box]) -> tuple[float, float]:
    """Return what a plan might have that is as good in the other aim."""
    most, least = point.covered, point.other
    for box in boxes:
        if box.low < point.other and box.most >= point.covered:
            most = max(most, box.most)
            least = min(least, _lowest(box))
    return most, least


def _lowest(box: Box) -> float:
    """Return the lowest value of the other aim in a box, whose lower end is open."""
    return float(np.nextafter(box.low, np.inf))


def _relative(bound: float, value: float) -> float:
    gap = abs(bound - value) / abs(value) if value else float(bound != value)
    return 0.0 if gap <= CLOSED_GAP else gap


def _unexplored(against: str, boxes: list[Box]) -> pd.DataFrame:
    sign = -1.0 if against == FAIRNESS else 1.0
    ends = [sorted((sign * _lowest(box) + 0.0, sign * box.high)) for box in boxes]
    table = pd.DataFrame(
        {
            "covered_from": [box.least for box in boxes],
            "covered_to": [box.most for box in boxes],
            "other_from": [low for low, _ in ends],
            "other_to": [high for _, high in ends],
        },
        dtype=float,
    )
    return table.sort_values(["covered_from", "other_from"], ignore_index=True)
