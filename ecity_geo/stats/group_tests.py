"""Scores of one measure by group: the tests of all groups, and of each pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.group_effects import cliffs_delta, f_limits, hedges_g

Floats = NDArray[np.float64]
_Indices = NDArray[np.int64]

METHODS = ("dunn", "games_howell", "tukey")
# Digits of the largest score beyond which a difference is rounding: scores are often means.
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouped:
    """Scores of one measure by group.

    Parameters
    ----------
    names
        Of the groups.
    scores
        Per group.
    """

    names: list[str]
    scores: list[Floats]

    @property
    def n(self) -> Floats:
        """Scores in each group."""
        return np.array([len(part) for part in self.scores], dtype=float)

    @property
    def mean(self) -> Floats:
        """Mean of each group."""
        return np.array([part.mean() for part in self.scores])

    @property
    def variance(self) -> Floats:
        """Variance of each group."""
        # Of equal scores such as 3.4 the formula gives not 0 but rounding error.
        return np.array([part.var(ddof=1) if np.ptp(part) else 0.0 for part in self.scores])

    @property
    def mean_rank(self) -> Floats:
        """Mean rank of each group among the scores of all."""
        ends = np.cumsum(self.n)[:-1].astype(int)
        ranks = np.split(stats.rankdata(np.concatenate(self.scores)), ends)
        return np.array([part.mean() for part in ranks])

    def flat(self) -> list[str]:
        """Return the groups in which all score alike."""
        return [name for name, one in zip(self.names, self.scores, strict=True) if not np.ptp(one)]


def snapped(values: Floats, size: float) -> Floats:
    """Round values to the digits that a score of that size has, so that equal ones are equal."""
    return np.asarray(np.round(values / size, _DIGITS) * size if size else values)


def _kruskal(groups: Grouped, confidence: float) -> dict[str, Any]:
    h, p = stats.kruskal(*groups.scores)
    n, df = groups.n.sum(), len(groups.names) - 1
    refuse_flat(groups)
    # F of the ranks: H is the share of their variance between groups, times n - 1.
    rest = n - len(groups.names)
    f = float(h / df / ((n - 1 - h) / rest))
    low, high = (nc / (nc + n) for nc in f_limits(f, df, int(rest), confidence))
    return {
        "statistic": float(h),
        "df1": float(df),
        "df2": np.nan,
        "p": float(p),
        "effect": float(h) / (n - 1),
        "effect_low": low,
        "effect_high": high,
        "effect_name": "epsilon_squared",
        "problem": "",
    }


def refuse_flat(groups: Grouped) -> None:
    """Refuse groups that each score alike: nothing is left to compare their means with."""
    if len(groups.flat()) == len(groups.names):
        raise AnalysisError("Within each group all score alike: an F test has no error to use.")


def _anova(groups: Grouped, confidence: float) -> dict[str, Any]:
    refuse_flat(groups)
    f, p = stats.f_oneway(*groups.scores)
    n, df1 = int(groups.n.sum()), len(groups.names) - 1
    df2 = n - len(groups.names)
    low, high = (nc / (nc + n) for nc in f_limits(float(f), df1, df2, confidence))
    return {
        "statistic": float(f),
        "df1": float(df1),
        "df2": float(df2),
        "p": float(p),
        "effect": max(df1 * (f - 1) / (df1 * (f - 1) + n), 0.0),
        "effect_low": low,
        "effect_high": high,
        "effect_name": "omega_squared",
        "problem": "",
    }


def _welch(groups: Grouped, confidence: float) -> dict[str, Any]:
    n, mean, variance = groups.n, groups.mean, groups.variance
    k, flat = len(groups.names), groups.flat()
    if flat:
        return _untold(k - 1.0, np.nan, f"in group {flat[0]!r} all score alike")
    weight = n / variance
    share = weight / weight.sum()
    between = (weight * (mean - share @ mean) ** 2).sum() / (k - 1)
    lost = ((1 - share) ** 2 / (n - 1)).sum()
    f = between / (1 + 2 * (k - 2) / (k**2 - 1) * lost)
    df2 = (k**2 - 1) / (3 * lost)
    p = float(stats.f.sf(f, k - 1, df2))
    return {"statistic": float(f), "df1": k - 1.0, "df2": float(df2), "p": p, **_NO_EFFECT}


def _levene(groups: Grouped, confidence: float) -> dict[str, Any]:
    return _spread(groups, np.mean)


def _brown_forsythe(groups: Grouped, confidence: float) -> dict[str, Any]:
    return _spread(groups, np.median)


def _spread(groups: Grouped, centre: Callable[[Floats], Any]) -> dict[str, Any]:
    """Test by F whether the distances from the centre of each group differ."""
    size = float(max(np.abs(part).max() for part in groups.scores))
    distances = [snapped(np.abs(part - centre(part)), size) for part in groups.scores]
    n, k = int(groups.n.sum()), len(groups.names)
    # Scores that were rounded may have distances halfway between two rounded ones.
    if all(np.ptp(part) <= 1e-10 * size for part in distances):
        return _untold(k - 1.0, float(n - k), "in each group all lie equally far from the centre")
    f, p = stats.f_oneway(*distances)
    return {
        "statistic": float(f),
        "df1": k - 1.0,
        "df2": float(n - k),
        "p": float(p),
        **_NO_EFFECT,
    }


def _untold(df1: float, df2: float, problem: str) -> dict[str, Any]:
    """Return a test that cannot be made, and why."""
    nothing = {"statistic": np.nan, "df1": df1, "df2": df2, "p": np.nan}
    return {**nothing, **_NO_EFFECT, "problem": problem}


_NO_EFFECT: dict[str, Any] = {
    "effect": np.nan,
    "effect_low": np.nan,
    "effect_high": np.nan,
    "effect_name": "",
    "problem": "",
}
TESTS: dict[str, Callable[[Grouped, float], dict[str, Any]]] = {
    "kruskal_wallis": _kruskal,
    "anova": _anova,
    "welch": _welch,
    "levene": _levene,
    "brown_forsythe": _brown_forsythe,
}


def compare_each_pair(groups: Grouped, method: str, confidence: float) -> pd.DataFrame:
    """Compare each pair of groups, in the order of their names."""
    first, second = np.array(list(combinations(range(len(groups.names)), 2))).T
    compare = {"dunn": _dunn, "games_howell": _games_howell, "tukey": _tukey}[method]
    difference, statistic, p = compare(groups, first, second)
    size = cliffs_delta if method == "dunn" else hedges_g
    effects = [
        size(groups.scores[a], groups.scores[b], confidence)
        for a, b in zip(first, second, strict=True)
    ]
    effect, low, high = np.array(effects).T
    names = np.array(groups.names, dtype=object)
    return pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "difference": difference,
            "statistic": statistic,
            "p": p,
            "effect": effect,
            "effect_low": low,
            "effect_high": high,
            "effect_name": "cliffs_delta" if method == "dunn" else "hedges_g",
        }
    )


def _dunn(groups: Grouped, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    pooled, n, means = np.concatenate(groups.scores), groups.n, groups.mean_rank
    total = len(pooled)
    _, ties = np.unique(pooled, return_counts=True)
    spread = total * (total + 1) / 12 - float((ties**3 - ties).sum()) / (12 * (total - 1))
    difference = means[a] - means[b]
    z = difference / np.sqrt(spread * (1 / n[a] + 1 / n[b]))
    return difference, z, 2 * special.ndtr(-np.abs(z))


def _tukey(groups: Grouped, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    refuse_flat(groups)
    n, mean, variance = groups.n, groups.mean, groups.variance
    df = n.sum() - len(groups.names)
    error = ((n - 1) * variance).sum() / df
    q = (mean[a] - mean[b]) / np.sqrt(error / 2 * (1 / n[a] + 1 / n[b]))
    p = stats.studentized_range.sf(np.abs(q), len(groups.names), df)
    return mean[a] - mean[b], q, np.asarray(p)


def _games_howell(groups: Grouped, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    n, mean, variance = groups.n, groups.mean, groups.variance
    flat = groups.flat()
    if flat:
        raise AnalysisError(f"In group {flat[0]!r} all score alike; compare it by ranks (dunn).")
    each = variance / n
    together = each[a] + each[b]
    df = together**2 / (each[a] ** 2 / (n[a] - 1) + each[b] ** 2 / (n[b] - 1))
    q = (mean[a] - mean[b]) / np.sqrt(together / 2)
    p = stats.studentized_range.sf(np.abs(q), len(groups.names), df)
    return mean[a] - mean[b], q, np.asarray(p)
