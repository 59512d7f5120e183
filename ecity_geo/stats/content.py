"""Content validity: what a panel of experts says of the items before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ecity_geo.errors import AnalysisError

ESSENTIAL, RELEVANT = 1, 3
"""Rating that counts as essential, and the least that counts as relevant on 1 to 4."""
LEVEL = 0.05
_COLUMNS = {"item", "panelist"}
_KAPPA_GOOD, _ICVI_SMALL = 0.6, 1.0
# Lynn's .78 is seven of nine, rounded.
_ICVI = 7 / 9
_FEWEST_RATERS = 3
_SLACK = 1e-9
_MOST_PANELISTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContentValidity:
    """What a panel says of an instrument.

    Parameters
    ----------
    items
        Indexed by item: `panelists` (who rated it essential or not), `essential`, `cvr`,
        `cvr_critical`, `needed` (panelists who must say essential), `raters` (who rated its
        relevance), `i_cvi`, `kappa` and `verdict`: ``"keep"`` where both kinds of rating pass
        (or the one that there is), ``"look"`` where one does not, ``"drop"`` where none does.
        A kind with too few raters to pass at all decides nothing: five are needed for essential,
        three for relevance. Where neither has them the verdict is ``"cannot tell"``.
    s_cvi_average
        Mean of the items' I-CVI; NaN without ratings of relevance.
    s_cvi_universal
        Share of the items that all find relevant.
    missing
        Ratings that are not there.
    """

    items: pd.DataFrame
    s_cvi_average: float
    s_cvi_universal: float
    missing: int


def content_validity(panel: pd.DataFrame) -> ContentValidity:
    """Judge the items by a panel's ratings.

    Parameters
    ----------
    panel
        A row per item and panelist: `item`, `panelist`, and one or both of `essential` (1
        essential, 2 useful, 3 not necessary) and `relevance` (1 to 4). A missing rating leaves
        the panelist out of that figure, and is counted.

    Returns
    -------
    validity
        Per item and of the whole.

    Raises
    ------
    AnalysisError
        If a column is missing, a row has no item or no panelist, a panelist rates an item twice,
        a rating is none of those above, or an item has no rating at all.

    Notes
    -----
    ``CVR = (n_e - N/2) / (N/2)`` (Lawshe 1975, doi:10.1111/j.1744-6570.1975.tb01393.x). Its
    critical value is the exact one at 5 %, one-sided, of a fair coin (Ayre & Scally 2014,
    doi:10.1177/0748175613513808). Lawshe's printed table has .99 for 1 up to seven panelists
    and mostly lower ratios from ten on, which no panel can have: .62 for ten, of whom eight give
    .60 and nine .80. It asks for as many panelists at each size that it prints.
    I-CVI is the share who rate 3 or 4, to be 1 with three to five raters and .78 with more (Lynn
    1986); kappa takes chance agreement ``C(N, A) 2^-N`` out (Polit, Beck & Owen 2007,
    doi:10.1002/nur.20199), good from .60 on.
    """
    _check(panel)
    order = list(dict.fromkeys(panel["item"]))
    items = pd.DataFrame(index=pd.Index(order, name="item"))
    if "essential" in panel:
        items = items.join(_ratios(panel, order))
    if "relevance" in panel:
        items = items.join(_indices(panel, order))
    items["verdict"] = _verdicts(items)
    rated = items.get("i_cvi", pd.Series(dtype=float)).dropna()
    ratings = [name for name in ("essential", "relevance") if name in panel]
    full = len(order) * panel["panelist"].nunique() * len(ratings)
    return ContentValidity(
        items=items,
        s_cvi_average=float(rated.mean()) if len(rated) else np.nan,
        s_cvi_universal=float((rated == 1).mean()) if len(rated) else np.nan,
        missing=full - int(panel[ratings].notna().to_numpy().sum()),
    )


def critical_cvr(panelists: int, *, level: float = LEVEL) -> tuple[int, float]:
    """How many of a panel must say essential so that it is not by chance.

    Parameters
    ----------
    panelists
        Size of the panel.
    level
        Greatest chance that as many say so who toss a coin.

    Returns
    -------
    needed, cvr
        Panelists, and the content validity ratio they give. A panel too small for the level
        needs more than it has: the ratio is above 1 then.

    Raises
    ------
    AnalysisError
        If there are no panelists.
    """
    if not 1 <= panelists <= _MOST_PANELISTS or panelists != int(panelists):
        raise AnalysisError(
            f"A panel has at least one panelist and at most {_MOST_PANELISTS:,}; found {panelists}."
        )
    counts = np.arange(panelists + 2)
    needed = int(counts[stats.binom.sf(counts - 1, panelists, 0.5) <= level][0])
    return needed, 2 * needed / panelists - 1


def _check(panel: pd.DataFrame) -> None:
    lacking = _COLUMNS - set(panel)
    if lacking or not {"essential", "relevance"} & set(panel):
        raise AnalysisError(
            "A panel needs the columns item and panelist, and essential or relevance; it has "
            f"{', '.join(map(str, panel.columns))}."
        )
    if panel.empty:
        raise AnalysisError("The panel has no ratings.")
    nameless = int(panel[["item", "panelist"]].isna().any(axis=1).sum())
    if nameless:
        raise AnalysisError(f"{nameless} rows of the panel have no item or no panelist.")
    twice = panel[panel.duplicated(["item", "panelist"])]
    if len(twice):
        row = twice.iloc[0]
        raise AnalysisError(f"Panelist {row['panelist']!r} rates item {row['item']!r} twice.")
    for name, most in (("essential", 3), ("relevance", 4)):
        if name in panel:
            values = panel[name].dropna()
            bad = values[~values.isin(range(1, most + 1))]
            if len(bad):
                raise AnalysisError(f"A rating {name} of {bad.iloc[0]} is none of 1 to {most}.")


def _verdicts(items: pd.DataFrame) -> NDArray[np.str_]:
    """Return a verdict per item: 1 and 0 are a kind of rating passed and failed, NaN undecided."""
    rated, passed = [], []
    if "cvr" in items:
        rated.append(items["panelists"] > 0)
        good = items["cvr"] >= items["cvr_critical"]
        passed.append(good.where(items["needed"] <= items["panelists"]))
    if "i_cvi" in items:
        rated.append(items["raters"] > 0)
        wanted = np.where(items["raters"] <= 5, _ICVI_SMALL, _ICVI) - _SLACK
        good = (items["i_cvi"] >= wanted) & (items["kappa"] >= _KAPPA_GOOD - _SLACK)
        passed.append(good.where(items["raters"] >= _FEWEST_RATERS))
    alone = ~pd.concat(rated, axis=1).any(axis=1)
    if alone.any():
        names = items.index[alone].tolist()[:5]
        raise AnalysisError(f"Nobody on the panel rated {names}. Leave them out.")
    share = pd.concat(passed, axis=1).astype(float).mean(axis=1)
    known = [share == 1, share == 0, share.isna()]
    return np.select(known, ["keep", "drop", "cannot tell"], "look")


def _ratios(panel: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    rated = panel.dropna(subset=["essential"])
    n, essential = _counts(rated["essential"] == ESSENTIAL, rated["item"], order)
    half = np.where(n > 0, n / 2, np.nan)
    limits = [critical_cvr(int(size)) if size else (0, np.nan) for size in n]
    table = pd.DataFrame(index=pd.Index(order, name="item"))
    table["panelists"] = pd.array(n.astype(np.int64), dtype="Int64")
    table["essential"] = pd.array(essential.astype(np.int64), dtype="Int64")
    table["cvr"] = (essential - half) / half
    table["cvr_critical"] = [limit for _, limit in limits]
    table["needed"] = pd.array([needed for needed, _ in limits], dtype="Int64")
    return table


def _counts(
    said: pd.Series, item: pd.Series, order: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count who rated each item, and who said it."""
    everyone = item.value_counts().reindex(order, fill_value=0)
    some = item[said].value_counts().reindex(order, fill_value=0)
    return np.asarray(everyone, dtype=np.float64), np.asarray(some, dtype=np.float64)


def _indices(panel: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    rated = panel.dropna(subset=["relevance"])
    n, a = _counts(rated["relevance"] >= RELEVANT, rated["item"], order)
    share = np.divide(a, n, out=np.full(len(n), np.nan), where=n > 0)
    # One rater agrees with himself by chance alone as often as not.
    chance = stats.binom.pmf(a, n, 0.5)
    table = pd.DataFrame(index=pd.Index(order, name="item"))
    table["raters"] = pd.array(n.astype(np.int64), dtype="Int64")
    table["i_cvi"] = share
    table["kappa"] = (share - chance) / (1 - chance)
    return table
