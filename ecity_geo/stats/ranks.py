"""Ranks within respondents, and signed ranks of every pair of items, by counting.

Answers on a short scale take few values, and ranks hang only on how often each value was given.
Counting that is one pass over the answers per value, where sorting is one per respondent. Values
that are no small whole numbers are sorted; both ways give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.onesample import EXACT_BELOW, signed_rank

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Steps of a scale up to which counting is faster than sorting.
_LEVELS = 12
# Respondents counted at once, so that counts stay in the cache of the processor.
_BLOCK = 8192


def rank_rows(answers: Floats) -> Floats:
    """Rank the answers of each respondent.

    Parameters
    ----------
    answers
        Respondents x items, finite.

    Returns
    -------
    ranks
        1 for the lowest answer of a row; equal answers share the mean of their ranks.
    """
    codes = _codes(answers)
    if codes is None:
        return np.asarray(stats.rankdata(answers, axis=1), dtype=np.float64)
    levels = int(codes.max()) + 1
    ranks = np.zeros(answers.shape)
    below = np.zeros(len(answers))
    for level in range(levels):
        here = codes == level
        count = here.sum(axis=1, dtype=np.int32)
        ranks += here * (below + (count + 1) / 2)[:, None]
        below += count
    return ranks


def signed_rank_pairs(answers: Floats) -> tuple[Floats, Floats]:
    """Wilcoxon's signed rank test of each pair of items.

    Parameters
    ----------
    answers
        Respondents x items, finite.

    Returns
    -------
    v, p
        As `ecity_geo.stats.onesample.signed_rank` gives them for the differences of each pair,
        pairs in the order of `itertools.combinations`.

    Raises
    ------
    AnalysisError
        If everybody answered two items alike.
    """
    codes = _codes(answers)
    pairs = list(combinations(range(answers.shape[1]), 2))
    if codes is None or len(answers) < EXACT_BELOW:
        tests = [signed_rank(answers[:, a] - answers[:, b]) for a, b in pairs]
        v, p = np.array(tests).T
        return v, p
    return _signed_from_counts(_differences(codes))


def _codes(answers: Floats) -> NDArray[np.uint8] | None:
    """Return whole answers counted from their lowest; None where there are too many levels."""
    low, high = answers.min(), answers.max()
    if high - low >= _LEVELS or not (answers == np.rint(answers)).all():
        return None
    codes: NDArray[np.uint8] = (answers - low).astype(np.uint8)
    return codes


def _differences(codes: NDArray[np.uint8]) -> Integers:
    """Count the differences of each pair of items, pairs x (2 levels - 1), from the lowest."""
    items, levels = codes.shape[1], int(codes.max()) + 1
    crossed = np.zeros((items * levels, items * levels))
    for given in _indicators(codes, levels):
        crossed += given.T @ given
    tables = crossed.reshape(items, levels, items, levels).transpose(0, 2, 1, 3)
    first, second = np.triu_indices(items, 1)
    counts = [np.trace(tables, lag, 3, 2) for lag in range(1 - levels, levels)]
    return np.stack([count[first, second] for count in counts], axis=1).astype(np.int64)


def _indicators(codes: NDArray[np.uint8], levels: int) -> Iterator[NDArray[np.float32]]:
    """Yield which answer each respondent gave: one column per item and level."""
    scale = np.arange(levels, dtype=np.uint8)
    for start in range(0, len(codes), _BLOCK):
        block = codes[start : start + _BLOCK]
        # Counts of one block are exact in single precision, and twice as fast.
        yield (block[:, :, None] == scale).reshape(len(block), -1).astype(np.float32)


def _signed_from_counts(counts: Integers) -> tuple[Floats, Floats]:
    """Return V and p from how often each difference occurs, as `signed_rank` makes them."""
    levels = (counts.shape[1] + 1) // 2
    negative, positive = counts[:, : levels - 1][:, ::-1], counts[:, levels:]
    ties = negative + positive
    used = ties.sum(axis=1)
    if not used.all():
        raise AnalysisError("A signed rank test needs a difference that is not zero.")
    ranks = ties.cumsum(axis=1) - (ties - 1) / 2
    v = (positive * ranks).sum(axis=1)
    m, t = used.astype(float), ties.astype(float)
    variance = m * (m + 1) * (2 * m + 1) / 24 - (t**3 - t).sum(axis=1) / 48
    distance = np.maximum(np.abs(v - m * (m + 1) / 4) - 0.5, 0.0)
    return v, 2 * stats.norm.sf(distance / np.sqrt(variance))


def studentized_range_sf(q: Floats, k: int) -> Floats:
    """Probability that the range of k standard normal values exceeds q.

    Parameters
    ----------
    q
        Ranges, none negative.
    k
        Number of values.

    Returns
    -------
    p
        As `scipy.stats.studentized_range.sf` with infinite degrees of freedom, to the last
        digits also far out.

    Notes
    -----
    ``k`` times the integral over z of ``phi(z) [Phi(z)^(k-1) - (Phi(z) - Phi(z - q))^(k-1)]``:
    the difference, not one minus the distribution, so that small p keep their digits.
    """
    nodes, weights = np.polynomial.legendre.leggauss(800)
    # The far tail of q lies at z = q / 2.
    z = 20 * nodes + 11
    mass = 20 * weights * stats.norm.pdf(z)
    whole = stats.norm.cdf(z)
    share = np.clip(stats.norm.cdf(z - np.asarray(q)[:, None]) / whole, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        lost = -np.expm1((k - 1) * np.log1p(-share))
    return np.asarray(np.clip(k * (lost * whole ** (k - 1)) @ mass, 0.0, 1.0))


def conover_t(ranks: Floats, difference: Floats) -> tuple[Floats, Floats]:
    """Conover's t of differences between mean ranks.

    Parameters
    ----------
    ranks
        Respondents x items.
    difference
        Differences of mean ranks.

    Returns
    -------
    t, p
        Two-sided, with (n - 1)(k - 1) degrees of freedom; infinite where all rank alike.
    """
    n, k = ranks.shape
    df = (n - 1) * (k - 1)
    sums = ranks.sum(axis=0)
    rest = max(float(2 * (n * np.vdot(ranks, ranks) - (sums**2).sum())), 0.0)
    with np.errstate(divide="ignore"):
        t = n * difference / sqrt(rest / df)
    return t, 2 * stats.t.sf(np.abs(t), df)
