"""Before and after: what a plan changes for the city, each district and each fabric."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

CITY = "city"
STATES = ("before", "standing", "after")


def before_after(
    ways: Mapping[str, pd.Series],
    people: pd.Series,
    groups: Mapping[str, pd.Series],
    *,
    standard: float,
) -> pd.DataFrame:
    """Compare how people reach a service today and once a plan's sites stand.

    Parameters
    ----------
    ways
        Cost of each demand point to its nearest service, infinite where it reaches none:
        ``"before"`` (open today), ``"standing"`` (with planned ones that the plan counts on) and
        ``"after"`` (with the new sites), each indexed by demand id.
    people
        Persons per demand point, by id.
    groups
        Per level (``"district"``, ``"fabric"``) the unit of each demand point, by id; points of
        no unit count for the city alone.
    standard
        Greatest acceptable cost, inclusive.

    Returns
    -------
    change
        A row for the city (`level` and `unit_id` ``"city"``), then one per unit of each level in
        the order of their ids: `population` and, for each state, `covered_*` (share of people
        within the standard), `uncovered_*` (people beyond it), `mean_*` and `longest_*` cost of
        those who reach a service at all, and `out_of_reach_*` people who reach none.
    """
    whole = {CITY: pd.Series(CITY, index=people.index), **groups}
    living = people > 0
    rows = []
    for level, units in whole.items():
        by = units.reindex(people.index).astype(object).where(living)
        table = pd.DataFrame({"population": people.groupby(by).sum()})
        for state in STATES:
            way = ways[state].reindex(people.index).to_numpy(dtype=float)
            table = table.join(
                _state(pd.Series(way, index=people.index), people, by, standard, state)
            )
        table.insert(0, "unit_id", [str(unit) for unit in table.index])
        table.insert(0, "level", level)
        rows.append(table)
    return pd.concat(rows, ignore_index=True)


def _state(
    way: pd.Series, people: pd.Series, by: pd.Series, standard: float, state: str
) -> pd.DataFrame:
    reached = np.isfinite(way)
    sums = (
        pd.DataFrame(
            {
                "all": people,
                "covered": people.where(way <= standard, 0.0),
                "travelled": (people * way).where(reached, 0.0),
                "reached": people.where(reached, 0.0),
            }
        )
        .groupby(by)
        .sum()
    )
    longest = way.where(reached).groupby(by).max()
    return pd.DataFrame(
        {
            f"covered_{state}": sums["covered"] / sums["all"],
            f"uncovered_{state}": sums["all"] - sums["covered"],
            f"mean_{state}": sums["travelled"] / sums["reached"].where(sums["reached"] > 0),
            f"longest_{state}": longest.reindex(sums.index),
            f"out_of_reach_{state}": sums["all"] - sums["reached"],
        }
    )
