"""How far a rank can be trusted: the ranks that resampled respondents would have given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def bootstrap_means(
    scores: pd.Series,
    by: pd.Series,
    *,
    units: pd.Index,
    weight: pd.Series | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Resample the respondents of each unit and take their mean.

    Parameters
    ----------
    scores
        A score per respondent; missing ones are left out.
    by
        Unit of each respondent.
    units
        Units to resample, in order; one without respondents gets missing means.
    weight
        Survey weight of each respondent.
    draws
        Number of bootstrap samples.
    seed
        Seed of `numpy.random.default_rng`.

    Returns
    -------
    means
        ``draws x units``.

    Notes
    -----
    Stratified bootstrap (Efron & Tibshirani 1993, ch. 8): each unit keeps its number of
    respondents, as the sample was spread over units by design.
    """
    known = scores.dropna()
    weights = pd.Series(1.0, index=known.index) if weight is None else weight.loc[known.index]
    units_of = by.loc[known.index]
    rng = np.random.default_rng(seed)
    means = np.full((draws, len(units)), np.nan)
    for at, unit in enumerate(units):
        inside = (units_of == unit).to_numpy(dtype=bool, na_value=False)
        n = int(inside.sum())
        if not n:
            continue
        times = rng.multinomial(n, np.full(n, 1 / n), size=draws)
        w = times * weights.to_numpy(dtype=float)[inside]
        means[:, at] = w @ known.to_numpy(dtype=float)[inside] / w.sum(axis=1)
    return pd.DataFrame(means, columns=units)


def rank_intervals(
    indicators: pd.DataFrame,
    share: pd.Series,
    *,
    draws: dict[str, pd.DataFrame],
    normalise: Callable[[np.ndarray], np.ndarray],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Interval of each district's rank over the draws of its uncertain indicators.

    Parameters
    ----------
    indicators
        Indexed by district, complete.
    share
        Weight per indicator, summing to 1.
    draws
        Per uncertain indicator, draws x districts; all of the same length.
    normalise
        How an array (draws x districts x indicators) is normalised; each draw by itself, as
        the best and the worst district may change from draw to draw.
    confidence
        Level of the interval.

    Returns
    -------
    intervals
        Indexed like `indicators`: `rank_low` (best) and `rank_high` (worst), whole ranks;
        without draws both are missing.
    """
    if not draws or indicators.empty:
        return pd.DataFrame({"rank_low": pd.NA, "rank_high": pd.NA}, index=indicators.index)
    n_draws = min(len(frame) for frame in draws.values())
    values = np.repeat(indicators.to_numpy(dtype=float)[None], n_draws, axis=0)
    for name, frame in draws.items():
        at = indicators.columns.get_loc(name)
        values[:, :, at] = frame[indicators.index].to_numpy(dtype=float)[:n_draws]
    scores = normalise(values) @ share.to_numpy(dtype=float)
    # A district's rank is one more than the number of districts above it. Counted in sorted
    # scores: all pairs of a thousand districts in every draw would be two billion comparisons.
    not_above = [np.searchsorted(np.sort(draw), draw + 1e-9, side="right") for draw in scores]
    ranks = scores.shape[1] - np.array(not_above) + 1
    tail = (1 - confidence) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return pd.DataFrame({"rank_low": low, "rank_high": high}, index=indicators.index)
