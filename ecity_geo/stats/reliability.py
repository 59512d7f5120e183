"""Whether the items of a construct measure one thing: Cronbach's alpha, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence, complete_answers

WHOLE = "overall"
INTERVALS = ("feldt", "bonett")
_WHAT = "Cronbach's alpha"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alpha:
    """Cronbach's alpha of some items.

    Parameters
    ----------
    alpha
        Raw alpha, at most 1; below 0 when items disagree.
    low, high
        Feldt's interval.
    confidence
        Its level.
    items
        Number of items.
    n
        Respondents who answered all of them.
    missing
        Respondents left out because they did not.
    """

    alpha: float
    low: float
    high: float
    confidence: float
    items: int
    n: int
    missing: int


def cronbach_alpha(answers: pd.DataFrame, *, confidence: float = 0.95) -> Alpha:
    """Raw alpha of items that point the same way.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item, reversed items turned round already.
        Respondents with a missing answer are left out, and counted.
    confidence
        Level of the interval.

    Returns
    -------
    alpha
        With its interval.

    Raises
    ------
    AnalysisError
        With fewer than two items, fewer respondents than items, an item that all answer alike,
        two items that everybody answers alike, or items whose sum is the same for everybody.

    Notes
    -----
    ``k/(k-1) (1 - sum of variances / variance of the sum)`` (Cronbach 1951,
    doi:10.1007/BF02310555); interval ``1 - (1 - alpha) F`` with n - 1 and (n - 1)(k - 1) degrees
    of freedom (Feldt 1965, doi:10.1007/BF02289499).
    """
    check_confidence(confidence)
    complete, missing = complete_answers(answers, what=_WHAT)
    n, k = complete.shape
    alpha = _alpha(np.cov(complete.to_numpy(), rowvar=False))
    low, high = alpha_interval(alpha, n=n, items=k, confidence=confidence)
    return Alpha(
        alpha=alpha,
        low=low,
        high=high,
        confidence=confidence,
        items=k,
        n=n,
        missing=missing,
    )


def alpha_interval(
    alpha: float, *, n: int, items: int, confidence: float = 0.95, method: str = "feldt"
) -> tuple[float, float]:
    """Interval of an alpha of which no more than the size of its sample is known.

    Parameters
    ----------
    alpha
        Of the sample, below 1.
    n
        Respondents, three or more.
    items
        Items, two or more.
    confidence
        Level of the interval.
    method
        ``"feldt"`` or ``"bonett"``.

    Returns
    -------
    low, high
        Ends.

    Raises
    ------
    AnalysisError
        If there are too few respondents or items, the alpha is 1 or more, or the method unknown.

    Notes
    -----
    Feldt: ``1 - (1 - alpha) F`` (1965). Bonett: ``1 - (1 - alpha) (n - 1)/n
    exp(±z √(2k / ((k - 1)(n - 2))))`` (2002, doi:10.3102/10769986027004335). Both take items to
    be normal with equal covariances; with 30 respondents their ends differ by about .01.
    """
    check_confidence(confidence)
    if method not in INTERVALS:
        raise AnalysisError(f"No interval '{method}'; there are {', '.join(INTERVALS)}.")
    if not 3 <= n < np.inf or not 2 <= items < np.inf:
        raise AnalysisError(
            f"The interval of an alpha needs three respondents and two items; there are {n} "
            f"and {items}."
        )
    if not alpha < 1:
        raise AnalysisError(f"An alpha of {alpha} has no interval: it must lie below 1.")
    tail = (1 - confidence) / 2
    if method == "feldt":
        df = n - 1, (n - 1) * (items - 1)
        wide, narrow = float(stats.f.isf(tail, *df)), float(stats.f.ppf(tail, *df))
    else:
        spread = float(stats.norm.isf(tail)) * np.sqrt(2 * items / ((items - 1) * (n - 2)))
        wide, narrow = ((n - 1) / n * float(np.exp(side * spread)) for side in (1, -1))
    return 1 - (1 - alpha) * wide, 1 - (1 - alpha) * narrow


def reliability(
    answers: pd.DataFrame,
    constructs: Mapping[str, Sequence[str]],
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Alpha of each construct, and of all items together.

    Parameters
    ----------
    answers
        As in `cronbach_alpha`; each row leaves out the respondents who miss one of its items.
    constructs
        Items of each construct.
    confidence
        Level of the intervals.

    Returns
    -------
    reliability
        Indexed by construct, ``"overall"`` last: `items`, `n`, `missing`, `alpha`, `low`,
        `high`, and `reason` (``"one_item"`` where a construct has but one: no alpha then).

    Raises
    ------
    AnalysisError
        If a construct names an item that `answers` lacks or is called ``"overall"``, or as in
        `cronbach_alpha`.
    """
    if WHOLE in constructs:
        raise AnalysisError(f"No construct may be called '{WHOLE}'.")
    parts = {name: list(items) for name, items in constructs.items()}
    every = list(dict.fromkeys(item for items in parts.values() for item in items))
    check_items(answers, every)
    rows = {name: _row(answers[items], confidence) for name, items in parts.items()}
    rows[WHOLE] = _row(answers[every], confidence)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("construct")
    return table.astype(dict.fromkeys(("items", "n", "missing"), "Int64"))


def item_reliability(
    answers: pd.DataFrame, constructs: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Show what each item does for its construct.

    Parameters
    ----------
    answers, constructs
        As in `reliability`.

    Returns
    -------
    items
        A row per construct and item: `construct`, `item`, `n`, `missing`, `alpha_dropped`
        (alpha of the other items; missing where only one other is left) and `item_rest`
        (correlation of the item with the sum of the others; below 0 it may need turning round).
        Constructs of one item have no rows.

    Raises
    ------
    AnalysisError
        As in `reliability`, or if the other items of an item sum to the same for everybody.
    """
    check_items(answers, [item for items in constructs.values() for item in items])
    tables = [
        _items(answers[list(items)]).assign(construct=name)
        for name, items in constructs.items()
        if len(items) > 1
    ]
    columns = ["construct", "item", "n", "missing", "alpha_dropped", "item_rest"]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]


def _row(answers: pd.DataFrame, confidence: float) -> dict[str, object]:
    if answers.shape[1] == 1:
        n = int(answers.iloc[:, 0].count())
        row: dict[str, object] = {"items": 1, "n": n, "missing": len(answers) - n}
        return row | {"alpha": np.nan, "low": np.nan, "high": np.nan, "reason": "one_item"}
    one = cronbach_alpha(answers, confidence=confidence)
    row = {name: getattr(one, name) for name in ("items", "n", "missing", "alpha", "low", "high")}
    return row | {"reason": ""}


def _items(answers: pd.DataFrame) -> pd.DataFrame:
    complete, missing = complete_answers(answers, what=_WHAT)
    covariance = np.cov(complete.to_numpy(), rowvar=False)
    k = len(covariance)
    dropped, rest = [], []
    for at in range(k):
        others = np.delete(np.arange(k), at)
        without = covariance[np.ix_(others, others)]
        dropped.append(_alpha(without) if k > 2 else np.nan)
        _check_sum(without)
        spread = without.sum() * covariance[at, at]
        rest.append(float(covariance[at, others].sum() / np.sqrt(spread)))
    return pd.DataFrame(
        {
            "item": complete.columns,
            "n": pd.array([len(complete)] * k, dtype="Int64"),
            "missing": pd.array([missing] * k, dtype="Int64"),
            "alpha_dropped": dropped,
            "item_rest": rest,
        }
    )


def _alpha(covariance: np.ndarray) -> float:
    k = len(covariance)
    _check_sum(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _check_sum(covariance: np.ndarray) -> None:
    """Refuse a sum without variance, which leaves nothing to divide by."""
    if covariance.sum() <= 1e-12 * np.trace(covariance):
        raise AnalysisError(
            f"{_WHAT} is not defined: the items add up to the same sum for every respondent. "
            "An item may need turning round, or be the complement of the others."
        )


def check_items(answers: pd.DataFrame, items: Sequence[str]) -> None:
    """Raise an `AnalysisError` that names the items which the answers lack."""
    missing = [item for item in dict.fromkeys(items) if item not in answers.columns]
    if missing:
        raise AnalysisError(f"The answers have no columns {missing}.")
