"""Groups of items that cannot be told apart, as letters and as lists."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import pandas as pd

from ecity_geo.errors import AnalysisError


def homogeneous_groups(
    level_of: pd.Series, pairs: pd.DataFrame, *, alpha: float = 0.05
) -> tuple[tuple[str, ...], ...]:
    """Gather the items into the largest groups without a pair that can be told apart.

    Parameters
    ----------
    level_of
        What the items are ordered by, such as `Friedman.mean_ranks`, indexed by item.
    pairs
        A row per pair: `first`, `second`, `p_adjusted`, as
        `ecity_geo.stats.friedman.friedman_pairs` makes them.
    alpha
        Pairs with a smaller adjusted p are told apart.

    Returns
    -------
    groups
        Items of each group, highest level first, and the groups in that order. An item may be in
        several groups; each pair that cannot be told apart is together in at least one, and no
        group is part of another.

    Raises
    ------
    AnalysisError
        If a pair is missing, comes twice, names an unknown item or has no p, or `alpha` does not
        lie between 0 and 1.

    Notes
    -----
    Insert and absorb (Piepho 2004, doi:10.1198/1061860043515): from one group of all, each pair
    told apart parts every group that holds both.
    """
    if not 0 < alpha < 1:
        raise AnalysisError(f"A level of {alpha} does not lie between 0 and 1.")
    order = _ordered(level_of)
    groups = [frozenset(order)]
    for first, second in _told_apart(order, pairs, alpha):
        held = {first, second}
        whole = [group for group in groups if not held <= group]
        parted = [group - {item} for group in groups if held <= group for item in held]
        groups = _largest(whole + parted)
    place = {item: at for at, item in enumerate(order)}
    seats = sorted(sorted(place[item] for item in group) for group in groups)
    return tuple(tuple(order[at] for at in group) for group in seats)


def compact_letters(
    level_of: pd.Series, pairs: pd.DataFrame, *, alpha: float = 0.05
) -> pd.DataFrame:
    """Give each item the letters of its groups: items that share none can be told apart.

    Parameters
    ----------
    level_of, pairs, alpha
        As in `homogeneous_groups`.

    Returns
    -------
    letters
        Indexed by item, highest level first: the level under its own name, and `letters`, such
        as ``"ab"``; ``"a"`` is the group of the highest.

    Raises
    ------
    AnalysisError
        As in `homogeneous_groups`.
    """
    groups = homogeneous_groups(level_of, pairs, alpha=alpha)
    names = [_letter(number) for number in range(len(groups))]
    order = _ordered(level_of)
    shown = [
        "".join(name for name, group in zip(names, groups, strict=True) if item in group)
        for item in order
    ]
    values = {str(item): value for item, value in level_of.items()}
    table = {str(level_of.name or "level"): [values[item] for item in order], "letters": shown}
    return pd.DataFrame(table, index=pd.Index(order, name="item"))


def _ordered(level_of: pd.Series) -> list[str]:
    if level_of.isna().any() or level_of.index.has_duplicates or not len(level_of):
        raise AnalysisError("Groups need items of different names, each with its level.")
    return [str(item) for item in level_of.sort_values(ascending=False, kind="stable").index]


def _told_apart(order: Sequence[str], pairs: pd.DataFrame, alpha: float) -> list[tuple[str, str]]:
    """Return the pairs told apart, once it is sure that each pair of items is there once."""
    first, second = pairs["first"].astype(str), pairs["second"].astype(str)
    found = [frozenset(pair) for pair in zip(first, second, strict=True)]
    known = all(len(pair) == 2 and pair <= set(order) for pair in found)
    wanted = len(order) * (len(order) - 1) // 2
    if not known or len(set(found)) != len(found) or len(found) != wanted:
        raise AnalysisError(
            f"Groups of {len(order)} items need each of their {wanted} pairs once; there are "
            f"{len(set(found))} different ones in {len(found)} rows."
        )
    if pairs["p_adjusted"].isna().any():
        raise AnalysisError("A pair has no adjusted p; groups need it for each pair.")
    apart = (pairs["p_adjusted"] < alpha).to_numpy()
    return list(zip(first[apart], second[apart], strict=True))


def _largest(groups: list[frozenset[str]]) -> list[frozenset[str]]:
    """Drop the groups that are part of another, and copies."""
    kept: list[frozenset[str]] = []
    for group in sorted(set(groups), key=lambda one: (-len(one), sorted(one))):
        if not any(group <= other for other in kept):
            kept.append(group)
    return kept


def _letter(number: int) -> str:
    """Return a, b ... z, then a2, b2 ...: each one letter, told apart when strung together."""
    turn, at = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[at] + (str(turn + 1) if turn else "")
