"""How likely Friedman's statistic is when nobody ranks anything above anything: exact, or drawn.

Under that hypothesis each respondent's own ranks, ties and all, fall on the items in any order. The
statistic then grows with the sum of squares of the items' rank sums, which is a whole number when
ranks are doubled and centred: nothing is lost to rounding, and equal values count as equal.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Items beyond which a respondent's orders are too many to go through.
_ITEMS = 6
# Orders gone through in all: about a quarter of a second.
_WORK = 1_500_000
# Ranks permuted at once.
_BLOCK = 4_000_000


def exact_p(ranks: Floats) -> float | None:
    """Exact p of Friedman's test, given each respondent's ties.

    Parameters
    ----------
    ranks
        Respondents x items, as `ecity_geo.stats.ranks.rank_rows` makes them.

    Returns
    -------
    p
        Probability of rank sums at least as uneven; None where there are too many to go through
        (more than 6 items, or some tens of respondents).

    Notes
    -----
    The rank sums are built up respondent by respondent, each with all distinct orders of its
    ranks. Items may be renamed under the hypothesis, so that only sorted sums are kept.
    """
    centred = _centred(ranks)
    if centred.shape[1] > _ITEMS:
        return None
    observed = int((centred.sum(axis=0) ** 2).sum())
    rows, first = np.sort(centred, axis=1)[:-1], np.sort(centred[-1])
    states, chances = first[None, :], np.ones(1)
    work = 0
    for number, row in enumerate(rows):
        orders = _orders(row)
        work += len(states) * len(orders)
        if work > _WORK:
            return None
        sums = (states[:, None, :] + orders).reshape(-1, len(row))
        spread = np.repeat(chances / len(orders), len(orders))
        if number == len(rows) - 1:
            return min(float(spread[(sums**2).sum(axis=1) >= observed].sum()), 1.0)
        states, chances = _merged(np.sort(sums, axis=1), spread)
    return 1.0


def permutation_p(ranks: Floats, *, draws: int, seed: int) -> float:
    """Judge Friedman's statistic by random orders of each respondent's ranks.

    Parameters
    ----------
    ranks
        As in `exact_p`.
    draws
        Random orders of everybody's ranks, at least one.
    seed
        Of the random numbers.

    Returns
    -------
    p
        ``(b + 1) / (draws + 1)`` where b draws have rank sums at least as uneven (Phipson &
        Smyth 2010, doi:10.2202/1544-6115.1585): never 0, and a valid level at any `draws`.

    Raises
    ------
    AnalysisError
        If `draws` is below 1.
    """
    if draws < 1:
        raise AnalysisError(f"A permutation test of {draws} draws says nothing; ask for 1,999.")
    centred = _centred(ranks)
    observed = int((centred.sum(axis=0) ** 2).sum())
    n, k = centred.shape
    rng = np.random.default_rng(seed)
    at_least, done, block = 0, 0, max(_BLOCK // (n * k), 1)
    while done < draws:
        some = min(block, draws - done)
        # Whole numbers far below 2^53 stay exact as floats, which permute faster.
        orders = np.tile(centred.astype(np.float64), (some, 1))
        rng.permuted(orders, axis=1, out=orders)
        sums = orders.reshape(some, n, k).sum(axis=1)
        at_least += int(((sums**2).sum(axis=1) >= observed).sum())
        done += some
    return (at_least + 1) / (draws + 1)


def _centred(ranks: Floats) -> Integers:
    centred: Integers = np.rint(2 * ranks - (ranks.shape[1] + 1)).astype(np.int64)
    return centred


def _orders(row: Integers) -> Integers:
    """Return the distinct orders of a respondent's ranks; each is equally likely."""
    return np.array(sorted(set(permutations(row.tolist()))), dtype=np.int64)


def _merged(sums: Integers, chances: Floats) -> tuple[Integers, Floats]:
    """Return the distinct rows of sorted sums, and their chances."""
    low = int(sums.min())
    base = int(sums.max()) - low + 1
    # The sums of a row add up to zero: the last one says nothing new.
    powers = base ** np.arange(sums.shape[1] - 1, dtype=np.int64)
    keys = (sums[:, :-1] - low) @ powers
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return sums[first], np.bincount(which, weights=chances).astype(np.float64)
