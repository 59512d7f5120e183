"""The table of sites of a plan under conditions: its columns held to what they must be."""

from __future__ import annotations

import difflib
import math
from collections.abc import Hashable

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.given import is_number, numbers, shown
from ecity_geo.siting.arguments import kind

COLUMNS = ("standing", "closable", "price", "capacity", "place")
ALIASES = {
    **dict.fromkeys(("existing", "exists", "open", "opened", "stands", "stand"), "standing"),
    **dict.fromkeys(("close", "closed", "closing", "may_close"), "closable"),
    **dict.fromkeys(("cost", "costs"), "price"),
    **dict.fromkeys(("cap", "capacity_people", "room"), "capacity"),
    **dict.fromkeys(("location", "site_place"), "place"),
}
"""Other words for a column, of which some are those of the other models' arguments."""

LIKENESS = 0.8
"""Likeness of texts from which one is taken for the other, misspelt (`difflib`)."""


def site_table(sites: pd.DataFrame) -> pd.DataFrame:
    """Fill in what is not given, and check what is.

    Parameters
    ----------
    sites
        A row per site, as `ecity_geo.siting.planning.plan_sites` takes it.

    Returns
    -------
    table
        `standing`, `closable`, `price`, `capacity` and `place` (a number) of every site.

    Raises
    ------
    AnalysisError
        If ids are missing or given twice, a column is another word for one that is read, or a
        value is none of its kind.
    """
    _check_ids(sites)
    _check_columns(sites.columns)
    table = pd.DataFrame(index=sites.index)
    for name in ("standing", "closable"):
        table[name] = _flags(sites[name]) if name in sites else False
    table["price"] = _prices(sites, table["standing"])
    table["capacity"] = _capacities(sites)
    place = sites["place"] if "place" in sites else pd.Series(sites.index, index=sites.index)
    table["place"] = pd.factorize(place.astype(object).where(place.notna(), sites.index))[0]
    return table


def _check_ids(sites: object) -> None:
    if not isinstance(sites, pd.DataFrame):
        raise AnalysisError(
            f"The sites are a table with a row each, not {kind(sites)}. "
            "Give pd.DataFrame(index=ids), with any of the columns " + ", ".join(COLUMNS) + "."
        )
    if not len(sites):
        raise AnalysisError("The table of sites has no rows. Give a row per site, indexed by id.")
    twice = sites.index[sites.index.duplicated()].unique()
    if len(twice):
        raise AnalysisError(
            f"The table of sites names some more than once: {shown(twice)}. "
            "Give each site an id of its own; kinds of site at one place share a `place`."
        )


def _check_columns(columns: pd.Index) -> None:
    """Refuse columns that would be read under another name, so that none is lost in silence."""
    twice = [name for name in COLUMNS if int((columns == name).sum()) > 1]
    if twice:
        raise AnalysisError(
            f"The table of sites has more than one column {twice[0]!r}. Leave all but one out."
        )
    meant = {column: _meant(column, columns) for column in columns}
    wrong = {column: name for column, name in meant.items() if name}
    if wrong:
        pairs = ", ".join(f"{column!r} for {name!r}" for column, name in wrong.items())
        raise AnalysisError(
            f"The table of sites has columns that are not read, but look like some that are: "
            f"{pairs}. Rename them, or leave them out."
        )


def _meant(column: Hashable, columns: pd.Index) -> str | None:
    """Return the column that another one is a word for, where that one is not there itself."""
    if not isinstance(column, str) or column in COLUMNS:
        return None
    word = column.strip().lower().replace(" ", "_")
    close = difflib.get_close_matches(word, COLUMNS, n=1, cutoff=LIKENESS)
    name = ALIASES.get(word) or (close[0] if close else None)
    return None if name is None or name in columns else name


def _flags(given: pd.Series) -> pd.Series:
    """Return yes and no; words such as "False" are neither, and so is what is missing."""
    wrong = np.array([not _is_flag(value) for value in given], dtype=bool)
    if wrong.any():
        raise AnalysisError(
            f"{given.name!r} must be True or False, and at {int(wrong.sum())} sites it is neither, "
            f"first {given[wrong].tolist()[0]!r}: {shown(given.index[wrong])}. "
            "Correct these, such as with fillna(False)."
        )
    return given.astype(bool)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool | np.bool_) or (is_number(value) and value in (0, 1))


def _prices(sites: pd.DataFrame, standing: pd.Series) -> pd.Series:
    price = _numbers(sites, "price").fillna((~standing).astype(float))
    wrong = price.index[~np.isfinite(price)]
    if len(wrong):
        raise AnalysisError(
            f"The price of {len(wrong)} sites is infinite: {shown(wrong)}. "
            "Leave out sites that cannot be had."
        )
    saving = price.index[(price < 0) & ~standing]
    if len(saving):
        raise AnalysisError(
            f"Opening costs less than 0 at {len(saving)} sites: {shown(saving)}. "
            "Correct the price; only closing may save."
        )
    return price


def _capacities(sites: pd.DataFrame) -> pd.Series:
    capacity = _numbers(sites, "capacity").fillna(math.inf)
    wrong = capacity.index[capacity < 0]
    if len(wrong):
        raise AnalysisError(
            f"The capacity of {len(wrong)} sites is negative: {shown(wrong)}. "
            "Correct it, or leave it empty where it does not bind."
        )
    return capacity


def _numbers(sites: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of numbers; what is missing, or the whole column, is NaN."""
    if name not in sites:
        return pd.Series(np.nan, index=sites.index)
    found, wrong = numbers(sites[name])
    if wrong.any():
        raise AnalysisError(
            f"{name!r} must be a number, and at {int(wrong.sum())} sites it is none, first "
            f"{sites.loc[wrong, name].tolist()[0]!r}: {shown(sites.index[wrong])}. "
            "Make numbers of what is text, or leave it empty."
        )
    return pd.Series(found, index=sites.index)
