"""Whether groups of respondents differ: ANOVA, Welch, Kruskal-Wallis, and which pairs do."""

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
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import as_numbers, check_confidence
from ecity_geo.stats.group_effects import chi2_limits, cliffs_delta, f_limits, hedges_g

Floats = NDArray[np.float64]

METHODS = ("dunn", "games_howell", "tukey")
_LEAST = 2


def compare_groups(
    scores: pd.DataFrame,
    groups: pd.Series,
    *,
    min_count: int = 5,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Test whether the groups of respondents score alike.

    Parameters
    ----------
    scores
        A row per respondent, a column per measure.
    groups
        Group of each respondent, aligned by index; missing where unknown.
    min_count
        Groups with fewer scores of a measure take no part in its tests; at least 2.
    confidence
        Level of the intervals of effect sizes.

    Returns
    -------
    tests
        A row per measure and test: `measure`, `test` (``"kruskal_wallis"``, ``"anova"``,
        ``"welch"``, ``"brown_forsythe"``: the last tests equal variances), `statistic` (H or F),
        `df1`, `df2` (NaN for H), `p`, `p_adjusted` (Holm, over the measures), `effect`,
        `effect_low`, `effect_high`, `effect_name` (``"epsilon_squared"`` or
        ``"omega_squared"``; NaN and ``""`` where there is none), `n`, `groups` (how many took
        part) and `left_out` (respondents without a score, without a group, or in one that is
        too small).

    Raises
    ------
    AnalysisError
        If a measure has fewer than two groups that are large enough, or scores that do not vary.

    Notes
    -----
    Kruskal & Wallis (1952) with the correction for ties, and ``ε² = H / (n - 1)`` (Tomczak &
    Tomczak 2014) with an interval from the noncentral chi-square. Fisher's F and Welch's (1951);
    ``ω² = df1 (F - 1) / (df1 (F - 1) + n)`` (Hays 1963) with the interval of the noncentral F
    (Steiger 2004, doi:10.1037/1082-989X.9.2.164), which is that of the population's share of
    variance. Brown & Forsythe (1974): F of the distances from the medians.
    """
    check_confidence(confidence)
    rows = []
    for name, parts, left_out in _measures(scores, groups, min_count):
        whole = {"n": int(parts.n.sum()), "groups": len(parts.names), "left_out": left_out}
        for test, run in _TESTS.items():
            rows.append({"measure": name, "test": test, **run(parts, confidence), **whole})
    table = pd.DataFrame(rows)
    table.insert(6, "p_adjusted", np.nan)
    for test in _TESTS:
        of_test = table["test"] == test
        table.loc[of_test, "p_adjusted"] = adjust_p(table.loc[of_test, "p"].to_numpy(), "holm")
    return table.astype(dict.fromkeys(("n", "groups", "left_out"), "Int64"))


def compare_pairs(
    scores: pd.DataFrame,
    groups: pd.Series,
    *,
    method: str = "dunn",
    correction: str = "holm",
    min_count: int = 5,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare each pair of groups.

    Parameters
    ----------
    scores, groups, min_count, confidence
        As in `compare_groups`.
    method
        ``"dunn"`` (after Kruskal-Wallis: mean ranks of all groups), ``"games_howell"`` (after
        Welch: unequal variances) or ``"tukey"`` (after ANOVA).
    correction
        Of Dunn's p over the pairs of a measure, as in `ecity_geo.stats.adjust.adjust_p`; the p
        of the other two are adjusted already, in a single step.

    Returns
    -------
    pairs
        A row per measure and pair: `measure`, `first`, `second`, `difference` (of mean ranks,
        or of means), `statistic` (z or q), `p`, `p_adjusted`, `effect`, `effect_low`,
        `effect_high`, `effect_name` (``"cliffs_delta"`` after ranks, ``"hedges_g"`` after
        means), `method`, `correction`. Positive where the first scores higher.

    Raises
    ------
    AnalysisError
        If the method or correction is unknown, or as in `compare_groups`.

    Notes
    -----
    Dunn (1964), doi:10.1080/00401706.1964.10490181; Games & Howell (1976); Tukey-Kramer.
    Cliff's delta with his interval (1996, asymmetric, unbiased variance); Hedges' g with the
    standard error of Hedges & Olkin (1985).
    """
    check_confidence(confidence)
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    adjust_p(np.array([]), correction)
    tables = []
    for name, parts, _ in _measures(scores, groups, min_count):
        table = _pairs(parts, method, confidence)
        step = "none" if method != "dunn" else correction
        table["p_adjusted"] = adjust_p(table["p"].to_numpy(), step)
        table.insert(0, "measure", name)
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    table["method"] = method
    table["correction"] = correction if method == "dunn" else "single step"
    order = ["measure", "first", "second", "difference", "statistic", "p", "p_adjusted", "effect"]
    return table[[*order, "effect_low", "effect_high", "effect_name", "method", "correction"]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Groups:
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
        return np.array([part.var(ddof=1) for part in self.scores])


def _measures(
    scores: pd.DataFrame, groups: pd.Series, min_count: int
) -> list[tuple[str, _Groups, int]]:
    """Return each measure's scores by group, without the groups that are too small."""
    numbers = as_numbers(scores)
    known = groups.reindex(numbers.index)
    found = []
    for name in numbers:
        values = numbers[name][known.notna()].dropna()
        grouped = {str(key): one.to_numpy() for key, one in values.groupby(known[values.index])}
        kept = {key: one for key, one in grouped.items() if len(one) >= max(min_count, _LEAST)}
        if len(kept) < 2:
            raise AnalysisError(
                f"{name!r} has {len(kept)} groups of at least {max(min_count, _LEAST)} scores; a "
                "comparison needs two. Merge groups, or ask for fewer scores each."
            )
        pooled = np.concatenate(list(kept.values()))
        if np.ptp(pooled) == 0:
            raise AnalysisError(f"All respondents score {name!r} alike; no groups differ.")
        parts = _Groups(names=list(kept), scores=list(kept.values()))
        found.append((str(name), parts, len(numbers) - len(pooled)))
    return found


def _kruskal(groups: _Groups, confidence: float) -> dict[str, Any]:
    h, p = stats.kruskal(*groups.scores)
    n, df = groups.n.sum(), len(groups.names) - 1
    low, high = (nc / n for nc in chi2_limits(float(h), df, confidence))
    return {
        "statistic": float(h),
        "df1": float(df),
        "df2": np.nan,
        "p": float(p),
        "effect": float(h) / (n - 1),
        "effect_low": min(low, 1.0),
        "effect_high": min(high, 1.0),
        "effect_name": "epsilon_squared",
    }


def _anova(groups: _Groups, confidence: float) -> dict[str, Any]:
    if all(np.ptp(part) == 0 for part in groups.scores):
        raise AnalysisError("Within each group all score alike: an F test has no error to use.")
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
    }


def _welch(groups: _Groups, confidence: float) -> dict[str, Any]:
    """Return Welch's F; a group without spread leaves it without an answer."""
    n, mean, variance = groups.n, groups.mean, groups.variance
    if (variance == 0).any():
        return {"statistic": np.nan, "df1": np.nan, "df2": np.nan, "p": np.nan, **_NO_EFFECT}
    k, weight = len(groups.names), n / variance
    share = weight / weight.sum()
    between = (weight * (mean - share @ mean) ** 2).sum() / (k - 1)
    lost = ((1 - share) ** 2 / (n - 1)).sum()
    f = between / (1 + 2 * (k - 2) / (k**2 - 1) * lost)
    df2 = (k**2 - 1) / (3 * lost)
    p = float(stats.f.sf(f, k - 1, df2))
    return {"statistic": float(f), "df1": k - 1.0, "df2": float(df2), "p": p, **_NO_EFFECT}


def _brown_forsythe(groups: _Groups, confidence: float) -> dict[str, Any]:
    distances = [np.abs(part - np.median(part)) for part in groups.scores]
    n, k = int(groups.n.sum()), len(groups.names)
    df = {"df1": k - 1.0, "df2": float(n - k)}
    if all(np.ptp(part) == 0 for part in distances):
        return {"statistic": np.nan, **df, "p": np.nan, **_NO_EFFECT}
    f, p = stats.f_oneway(*distances)
    return {"statistic": float(f), **df, "p": float(p), **_NO_EFFECT}


_NO_EFFECT: dict[str, Any] = {
    "effect": np.nan,
    "effect_low": np.nan,
    "effect_high": np.nan,
    "effect_name": "",
}
_TESTS: dict[str, Callable[[_Groups, float], dict[str, Any]]] = {
    "kruskal_wallis": _kruskal,
    "anova": _anova,
    "welch": _welch,
    "brown_forsythe": _brown_forsythe,
}


def _pairs(groups: _Groups, method: str, confidence: float) -> pd.DataFrame:
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


_Indices = NDArray[np.int64]


def _dunn(groups: _Groups, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    pooled, n = np.concatenate(groups.scores), groups.n
    total = len(pooled)
    ranks = stats.rankdata(pooled)
    means = np.array([part.mean() for part in np.split(ranks, np.cumsum(n)[:-1].astype(int))])
    _, ties = np.unique(ranks, return_counts=True)
    spread = total * (total + 1) / 12 - float((ties**3 - ties).sum()) / (12 * (total - 1))
    difference = means[a] - means[b]
    z = difference / np.sqrt(spread * (1 / n[a] + 1 / n[b]))
    return difference, z, 2 * special.ndtr(-np.abs(z))


def _tukey(groups: _Groups, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    n, mean, variance = groups.n, groups.mean, groups.variance
    df = n.sum() - len(groups.names)
    error = ((n - 1) * variance).sum() / df
    q = (mean[a] - mean[b]) / np.sqrt(error / 2 * (1 / n[a] + 1 / n[b]))
    p = stats.studentized_range.sf(np.abs(q), len(groups.names), df)
    return mean[a] - mean[b], q, np.asarray(p)


def _games_howell(groups: _Groups, a: _Indices, b: _Indices) -> tuple[Floats, Floats, Floats]:
    n, mean, variance = groups.n, groups.mean, groups.variance
    if (variance == 0).any():
        flat = [name for name, one in zip(groups.names, variance, strict=True) if one == 0]
        raise AnalysisError(f"In group {flat[0]!r} all score alike; compare it by ranks (dunn).")
    each = variance / n
    together = each[a] + each[b]
    df = together**2 / (each[a] ** 2 / (n[a] - 1) + each[b] ** 2 / (n[b] - 1))
    q = (mean[a] - mean[b]) / np.sqrt(together / 2)
    p = stats.studentized_range.sf(np.abs(q), len(groups.names), df)
    return mean[a] - mean[b], q, np.asarray(p)
