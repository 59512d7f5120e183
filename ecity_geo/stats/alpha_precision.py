"""How many respondents an alpha needs, and what a pilot says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence
from ecity_geo.stats.reliability import alpha_interval, reliability

_FEWEST, _MOST = 3, 10_000_000


def respondents_for_width(
    alpha: float, items: int, *, width: float, confidence: float = 0.95, method: str = "feldt"
) -> int:
    """Count the respondents that an interval of alpha takes to be no wider than wanted.

    Parameters
    ----------
    alpha
        Expected alpha, below 1. A smaller one is on the safe side.
    items
        Items of the construct, two or more.
    width
        Greatest distance from the interval's low end to its high end.
    confidence
        Level of the interval.
    method
        ``"feldt"`` or ``"bonett"``, as in `ecity_geo.stats.reliability.alpha_interval`.

    Returns
    -------
    respondents
        The fewest whose interval is that narrow if the sample has the expected alpha.

    Raises
    ------
    AnalysisError
        If the width is not above 0, more than ten million would be needed, or as in
        `ecity_geo.stats.reliability.alpha_interval`.

    Notes
    -----
    Bonett's formula ``8k/(k - 1) (1 - alpha)² (z/width)² + 2`` (2002,
    doi:10.3102/10769986027004335) approximates this count, which comes from the interval itself.
    """
    if not width > 0:
        raise AnalysisError(f"A width of {width} is not above 0.")

    def narrow(n: int) -> bool:
        ends = alpha_interval(alpha, n=n, items=items, confidence=confidence, method=method)
        return ends[1] - ends[0] <= width

    return _fewest(narrow)


def respondents_for_lower_limit(
    alpha: float, items: int, *, lower: float, power: float = 0.8, confidence: float = 0.95
) -> int:
    """Count the respondents whose interval of alpha will probably lie above a wanted value.

    Parameters
    ----------
    alpha
        True alpha, above `lower` and below 1.
    items
        Items of the construct, two or more.
    lower
        Value that the low end of the interval shall reach.
    power
        Chance that it does.
    confidence
        Level of the interval.

    Returns
    -------
    respondents
        The fewest for which it does with that chance.

    Raises
    ------
    AnalysisError
        If the alpha is not between `lower` and 1, the power not between 0 and 1, there are fewer
        than two items, or more than ten million respondents would be needed.

    Notes
    -----
    Exact for Feldt's interval: ``(1 - alpha) / (1 - a)`` of a sample's a has the F distribution
    with n - 1 and (n - 1)(k - 1) degrees of freedom (Feldt 1965, doi:10.1007/BF02289499).
    Bonett (2002) approximates it by ``2k/(k - 1) ((z₁ + z₂) / ln δ)² + 2`` with
    ``δ = (1 - lower) / (1 - alpha)``.
    """
    check_confidence(confidence)
    if not 0 < power < 1:
        raise AnalysisError(f"A power of {power} does not lie between 0 and 1.")
    if items < 2:
        raise AnalysisError(f"An alpha needs two items; there are {items}.")
    if not lower < alpha < 1:
        raise AnalysisError(
            f"No number of respondents lifts the interval of an alpha of {alpha:.3f} above "
            f"{lower:.3f}: the alpha must lie between that and 1."
        )
    return _fewest(lambda n: _chance(alpha, items, n, lower, confidence) >= power)


def pilot_reliability(
    answers: pd.DataFrame,
    constructs: Mapping[str, Sequence[str]],
    *,
    lower: float = 0.7,
    power: float = 0.8,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Tell what a pilot shows of each alpha, and how many respondents would settle it.

    Parameters
    ----------
    answers
        A row per respondent of the pilot, a numeric column per item, reversed items turned round.
    constructs
        Items of each construct.
    lower
        Alpha that the instrument shall have at least.
    power
        Chance of showing it that `needed` respondents shall give.
    confidence
        Level of the intervals.

    Returns
    -------
    pilot
        As `ecity_geo.stats.reliability.reliability`, with Feldt's interval in `low` and `high`,
        and: `bonett_low`, `bonett_high`; `verdict`: ``"above"`` where the whole interval lies
        from `lower` on, ``"below"`` where it ends before it, else ``"cannot tell"``; `needed`:
        respondents of whom the interval would lie above with the wanted chance, were the pilot's
        alpha true. `needed` is missing, with a `reason`, where that alpha is not above `lower`.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.stats.reliability.reliability`.
    """
    table = reliability(answers, constructs, confidence=confidence)
    rows = [_judge(row, lower, power, confidence) for _, row in table.iterrows()]
    judged = pd.DataFrame(rows, index=table.index)
    judged["needed"] = judged["needed"].astype("Int64")
    return table.drop(columns="reason").join(judged)


def _judge(row: pd.Series, lower: float, power: float, confidence: float) -> dict[str, object]:
    told: dict[str, object] = {"bonett_low": np.nan, "bonett_high": np.nan}
    told |= {"verdict": "cannot tell", "needed": pd.NA, "reason": row["reason"]}
    if row["reason"]:
        return told
    alpha, n, items = float(row["alpha"]), int(row["n"]), int(row["items"])
    told["bonett_low"], told["bonett_high"] = alpha_interval(
        alpha, n=n, items=items, confidence=confidence, method="bonett"
    )
    told["verdict"] = (
        "above" if row["low"] >= lower else "below" if row["high"] < lower else "cannot tell"
    )
    try:
        told["needed"] = respondents_for_lower_limit(
            alpha, items, lower=lower, power=power, confidence=confidence
        )
    except AnalysisError as error:
        told["reason"] = str(error)
    return told


def _chance(alpha: float, items: int, n: int, lower: float, confidence: float) -> float:
    """Return the chance that Feldt's interval of a sample begins at `lower` or above."""
    df = n - 1, (n - 1) * (items - 1)
    wide = stats.f.isf((1 - confidence) / 2, *df)
    return float(stats.f.sf((1 - alpha) / (1 - lower) * wide, *df))


def _fewest(enough: Callable[[int], bool]) -> int:
    """Return the least n for which it is enough, of a condition that n only helps."""
    low, high = _FEWEST - 1, _FEWEST
    while not enough(high):
        low, high = high, 2 * high
        if low > _MOST:
            raise AnalysisError(f"More than {_MOST:,} respondents would be needed.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
