"""Whether groups of respondents differ: ANOVA, Welch, Kruskal-Wallis, and which pairs do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.adjust import adjust_p
from ecity_geo.stats.answers import as_numbers, check_confidence
from ecity_geo.stats.group_tests import METHODS, TESTS, Grouped, compare_each_pair, snapped
from ecity_geo.stats.homogeneous import compact_letters

_LEAST = 2


def compare_groups(
    scores: pd.DataFrame,
    groups: pd.Series,
    *,
    min_count: int = 5,
    hide_below: int = 0,
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
    hide_below
        Where those groups hold fewer scores than this between them, the smallest of the others
        takes no part either: else `n` and the size of the survey would give away how many they
        are (complementary suppression). 0 hides nothing.
    confidence
        Level of the intervals of effect sizes.

    Returns
    -------
    tests
        A row per measure and test: `measure`, `test` (``"kruskal_wallis"``, ``"anova"``,
        ``"welch"``; ``"levene"`` and ``"brown_forsythe"``, which test equal variances),
        `statistic` (H or F), `df1`, `df2` (NaN for H), `p`, `p_adjusted` (Holm, over the
        measures), `effect`, `effect_low`, `effect_high`, `effect_name` (``"epsilon_squared"`` or
        ``"omega_squared"``; NaN and ``""`` where there is none), `n`, `groups` (how many took
        part), `left_out` (respondents without a score, without a group, or in one that takes
        no part), `small_groups` (names of those groups, with commas between) and `problem` (why a
        test cannot be made; its figures are then NaN, and Holm's p counts the other measures).

    Raises
    ------
    AnalysisError
        If a respondent comes twice, or a measure has fewer than two groups that are large
        enough, or scores that do not vary, at all or within each group.

    Notes
    -----
    Kruskal & Wallis (1952) with the correction for ties, and ``ε² = H / (n - 1)`` (Tomczak &
    Tomczak 2014), the share of the variance of ranks between groups, with the interval of the
    noncentral F of those ranks (Conover & Iman 1981). Fisher's F and Welch's (1951);
    ``ω² = df1 (F - 1) / (df1 (F - 1) + n)`` (Hays 1963) with the interval of the noncentral F
    (Steiger 2004, doi:10.1037/1082-989X.9.2.164), which is that of the population's share of
    variance. F of the distances from the means is Levene's test (1960), from the medians that of
    Brown & Forsythe (1974), which keeps its level where scores are skewed.

    Scores that differ by less than 1e-12 of the largest are taken as equal: means of the same
    answers may differ so by rounding, and are ties.
    """
    check_confidence(confidence)
    rows = []
    for name, parts, apart in _measures(scores, groups, min_count, hide_below):
        whole = {"n": int(parts.n.sum()), "groups": len(parts.names), **apart}
        for test, run in TESTS.items():
            found = run(parts, confidence)
            problem = {"problem": found.pop("problem")}
            rows.append({"measure": name, "test": test, **found, **whole, **problem})
    table = pd.DataFrame(rows)
    table.insert(6, "p_adjusted", np.nan)
    for test in TESTS:
        of_test = (table["test"] == test) & table["p"].notna()
        table.loc[of_test, "p_adjusted"] = adjust_p(table.loc[of_test, "p"].to_numpy(), "holm")
    return table.astype(dict.fromkeys(("n", "groups", "left_out"), "Int64"))


def compare_pairs(
    scores: pd.DataFrame,
    groups: pd.Series,
    *,
    method: str = "dunn",
    correction: str = "holm",
    min_count: int = 5,
    hide_below: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare each pair of groups.

    Parameters
    ----------
    scores, groups, min_count, hide_below, confidence
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
    standard error of Hedges & Olkin (1985). The p of Tukey and of Games and Howell are one less
    a distribution: below some 1e-13 they are 0.
    """
    check_confidence(confidence)
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    adjust_p(np.array([]), correction)
    tables = []
    for name, parts, _ in _measures(scores, groups, min_count, hide_below):
        table = compare_each_pair(parts, method, confidence)
        step = "none" if method != "dunn" else correction
        table["p_adjusted"] = adjust_p(table["p"].to_numpy(), step)
        table.insert(0, "measure", name)
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    table["method"] = method
    table["correction"] = correction if method == "dunn" else "single step"
    order = ["measure", "first", "second", "difference", "statistic", "p", "p_adjusted", "effect"]
    return table[[*order, "effect_low", "effect_high", "effect_name", "method", "correction"]]


def group_letters(
    scores: pd.DataFrame,
    groups: pd.Series,
    *,
    method: str = "dunn",
    correction: str = "holm",
    min_count: int = 5,
    hide_below: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Give the groups letters: those that share none can be told apart.

    Parameters
    ----------
    scores, groups, method, correction, min_count, hide_below, confidence
        As in `compare_pairs`; pairs with an adjusted p below ``1 - confidence`` are told apart.

    Returns
    -------
    letters
        A row per measure and group, highest level first: `measure`, `group`, `n`, `level` (mean
        rank with ``"dunn"``, else mean) and `letters`, such as ``"ab"``.

    Raises
    ------
    AnalysisError
        As in `compare_pairs`.

    Notes
    -----
    Piepho (2004): `ecity_geo.stats.homogeneous.homogeneous_groups`.
    """
    pairs = compare_pairs(
        scores,
        groups,
        method=method,
        correction=correction,
        min_count=min_count,
        hide_below=hide_below,
        confidence=confidence,
    )
    tables = []
    for name, parts, _ in _measures(scores, groups, min_count, hide_below):
        means = parts.mean_rank if method == "dunn" else parts.mean
        level = pd.Series(means, index=parts.names, name="level")
        letters = compact_letters(level, pairs[pairs["measure"] == name], alpha=1 - confidence)
        sizes = pd.Series(parts.n, index=parts.names).astype("Int64")
        table = letters.rename_axis("group").reset_index()
        table.insert(0, "measure", name)
        table.insert(2, "n", table["group"].map(sizes))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _measures(
    scores: pd.DataFrame, groups: pd.Series, min_count: int, hide_below: int
) -> list[tuple[str, Grouped, dict[str, Any]]]:
    """Return each measure's scores by group, and whom the groups that are too small leave out."""
    numbers, known = as_numbers(scores), _known(scores, groups)
    least = max(min_count, _LEAST)
    found = []
    for name in numbers:
        values = numbers[name][known.notna()].dropna()
        size = float(values.abs().max()) if len(values) else 0.0
        grouped = {
            str(key): snapped(one.to_numpy(), size)
            for key, one in values.groupby(known[values.index])
        }
        kept = _shown(str(name), grouped, least, hide_below)
        if np.ptp(np.concatenate(list(kept.values()))) == 0:
            raise AnalysisError(f"All respondents score {name!r} alike; no groups differ.")
        parts = Grouped(names=list(kept), scores=list(kept.values()))
        small = sorted(set(known.dropna()) - set(kept))
        left_out = len(numbers) - int(parts.n.sum())
        found.append((str(name), parts, {"left_out": left_out, "small_groups": ", ".join(small)}))
    return found


def _shown(
    name: str, grouped: dict[str, np.ndarray], least: int, hide_below: int
) -> dict[str, np.ndarray]:
    """Return the groups that are large enough, less the one that must hide the others."""
    kept = {key: one for key, one in grouped.items() if len(one) >= least}
    large = len(kept)
    if large < 2:
        raise AnalysisError(
            f"{name!r} has {large} groups of at least {least} scores; a comparison needs two. "
            "Merge groups, or ask for fewer scores each."
        )
    small = sum(len(one) for key, one in grouped.items() if key not in kept)
    if 0 < small < hide_below:
        if large == 2:
            raise AnalysisError(
                f"{name!r} has two groups of at least {least} scores beside others so small that "
                "a comparison would give away how many they are. Merge groups."
            )
        kept.pop(min(kept, key=lambda key: (len(kept[key]), key)))
    return kept


def _known(scores: pd.DataFrame, groups: pd.Series) -> pd.Series:
    """Return the name of each respondent's group, missing where unknown."""
    if scores.index.has_duplicates or groups.index.has_duplicates:
        raise AnalysisError(
            "A comparison of groups needs each respondent once, but an id comes twice. Give each "
            "its own."
        )
    # Groups 1 and "1" are one group: names are all that tables show.
    return groups.astype(object).map(str, na_action="ignore").reindex(scores.index)
