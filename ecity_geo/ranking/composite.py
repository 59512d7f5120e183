"""A composite index of districts: normalise, weigh, add up, rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.ranking.uncertainty import rank_intervals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Districts in order of their composite score, with the uncertainty of that order.

    Parameters
    ----------
    table
        Indexed by district, best first: `rank`, `score` (0 to 1), `rank_low`, `rank_high`, a
        column per component (normalised), and `reason` why a district has no rank.
    weights
        Weight of each component, summing to 1.
    confidence
        Level of the rank intervals.
    draws
        Number of bootstrap draws behind them.
    seed
        Seed of the draws.
    """

    table: pd.DataFrame
    weights: pd.Series
    confidence: float
    draws: int
    seed: int


def normalise(indicators: pd.DataFrame) -> pd.DataFrame:
    """Bring each column to 0 (worst district) to 1 (best district).

    Parameters
    ----------
    indicators
        A row per district, a column per indicator, higher is better.

    Returns
    -------
    components
        The same shape; a column in which all districts are equal is 0.5 throughout, as it
        tells nothing of their order.

    Notes
    -----
    Min-max normalisation, OECD/JRC Handbook on Constructing Composite Indicators (2008), 5.3.
    """
    return pd.DataFrame(
        min_max(indicators.to_numpy(dtype=float)),
        index=indicators.index,
        columns=indicators.columns,
    )


def min_max(values: np.ndarray) -> np.ndarray:
    """Scale districts (the last axis but one) to 0-1; where all are equal, to 0.5."""
    low = np.nanmin(values, axis=-2, keepdims=True)
    span = np.nanmax(values, axis=-2, keepdims=True) - low
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (values - low) / span
    return np.where(np.isfinite(values) & (span == 0), 0.5, scaled)


def rank_districts(
    indicators: pd.DataFrame,
    *,
    weights: dict[str, float],
    draws: dict[str, pd.DataFrame] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Rank districts by the weighted mean of their normalised indicators.

    Parameters
    ----------
    indicators
        Indexed by district, a column per indicator, higher is better.
    weights
        Weight per indicator, not negative, not all zero.
    draws
        Per uncertain indicator its bootstrap draws (draws x districts); the others are held, and
        those of an indicator without weight are not used.
    confidence
        Level of the rank intervals.
    seed
        Seed that made the draws, recorded.

    Returns
    -------
    ranking
        Districts with a missing indicator of positive weight come last, unranked, with the
        reason. Equal scores share the better rank.

    Raises
    ------
    AnalysisError
        If a weight is negative, names no indicator, or all are zero.
    """
    share = _shares(weights, indicators.columns)
    used = indicators[share.index]
    ranked = used.dropna().index
    components = normalise(used.loc[ranked]) if len(ranked) else used.loc[ranked]
    score = (components @ share).rename("score")
    table = pd.DataFrame({"rank": ranks(score), "score": score}).join(components)
    drawn = {name: frame for name, frame in (draws or {}).items() if name in share.index}
    intervals = rank_intervals(
        used.loc[ranked], share, draws=drawn, normalise=min_max, confidence=confidence
    )
    table = table.join(_around(intervals, table["rank"]))
    table["order"] = np.arange(len(table))
    table = table.sort_values(["rank", "order"]).drop(columns="order")
    table = table.reindex([*table.index, *indicators.index.difference(ranked, sort=False)])
    table["reason"] = _reasons(used).reindex(table.index)
    for column in ("rank", "rank_low", "rank_high"):
        table[column] = table[column].astype("Int64")
    table.index.name = indicators.index.name
    order = ["rank", "score", "rank_low", "rank_high", *share.index, "reason"]
    n_draws = max((len(frame) for frame in drawn.values()), default=0)
    return Ranking(
        table=table[order], weights=share, confidence=confidence, draws=n_draws, seed=seed
    )


def ranks(score: pd.Series) -> pd.Series:
    """Rank 1 for the highest score; equal scores share the better rank."""
    # Scores that differ by rounding only are equal: nine digits are far below any meaning.
    return score.round(9).rank(ascending=False, method="min").astype("Int64")


def _around(intervals: pd.DataFrame, rank: pd.Series) -> pd.DataFrame:
    """Widen an interval to hold the rank itself, which a percentile bootstrap may miss."""
    low = intervals["rank_low"].astype("Int64")
    high = intervals["rank_high"].astype("Int64")
    return pd.DataFrame(
        {
            "rank_low": low.where(low.isna() | (low < rank), rank),
            "rank_high": high.where(high.isna() | (high > rank), rank),
        }
    )


def _shares(weights: dict[str, float], indicators: pd.Index) -> pd.Series:
    unknown = sorted(set(weights) - set(indicators))
    if unknown:
        raise AnalysisError(f"Weights name no indicator: {unknown}; there are {list(indicators)}.")
    share = pd.Series(weights, dtype=float)
    if (share < 0).any() or not share.sum() > 0 or not np.isfinite(share).all():
        raise AnalysisError(
            f"Weights of the ranking must be positive numbers or zero, and not all zero: {weights}."
        )
    return share[share > 0] / share.sum()


def _reasons(used: pd.DataFrame) -> pd.Series:
    lacks = used.isna()
    reasons = [
        "no " + ", ".join(used.columns[row]) if row.any() else "" for row in lacks.to_numpy()
    ]
    return pd.Series(reasons, index=used.index, dtype=object)
