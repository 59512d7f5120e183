"""How many services a district has, and how many for its people."""

from __future__ import annotations

import pandas as pd

STATUSES = ("open", "planned")


def services_by_district(services: pd.DataFrame, district_ids: pd.Index) -> pd.DataFrame:
    """Count the open and the planned services of each district.

    Parameters
    ----------
    services
        A row per service: `status` (``"open"`` or ``"planned"``) and `district_id`; services
        outside every district are counted in none.
    district_ids
        All districts, in the order in which they are wanted.

    Returns
    -------
    counts
        Indexed by district: `services_open` and `services_planned`, whole numbers; 0 where a
        district has none.
    """
    counts = {
        f"services_{status}": services.loc[services["status"] == status, "district_id"]
        .value_counts()
        .reindex(district_ids, fill_value=0)
        .astype("int64")
        for status in STATUSES
    }
    return pd.DataFrame(counts, index=district_ids)


def services_per_10k(count: pd.Series, population: pd.Series) -> pd.Series:
    """Services per 10,000 people.

    Parameters
    ----------
    count
        Services per district.
    population
        Persons per district, aligned by id.

    Returns
    -------
    services_per_10k
        Indexed like `count`; NaN where nobody lives or the population is not known.
    """
    people = population.reindex(count.index)
    return (10_000 * count / people.where(people > 0)).rename("services_per_10k")
