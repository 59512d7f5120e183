"""Cuts of set covers: what three rows ask of whole columns, and not of parts of columns."""

from __future__ import annotations

import numpy as np

from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.swaps import Matrix

MOST = 60
"""Cuts of one round: those that are violated most."""
VIOLATED = 0.02
"""Below this a cut is not worth its row."""
TIGHT = 1e-6


def triple_cuts(rows: Matrix, x: Floats) -> Matrix:
    """Return cuts ``cut @ y >= 2`` that every cover keeps and `x` does not.

    Parameters
    ----------
    rows
        Rows x columns, 1 where the column covers the row.
    x
        Parts of columns that cover every row.

    Returns
    -------
    cuts
        A row each, the most violated ones first.

    Notes
    -----
    Three rows, added up and halved, ask for 1.5; whole columns, each rounded up to 1 (it covers
    one or two of the rows) or 2 (all three), make 2. A Chvatal-Gomory cut with multipliers of one
    half (Caprara & Fischetti 1996, doi:10.1007/BF02592196; for covers Balas & Ng 1989,
    doi:10.1007/BF01589093). Where `x` covers the three rows just once each, the cut is violated by
    ``c12 + c13 + c23 - 2 c123 - 1``, where c is what `x` has of columns that cover all of these.
    """
    tight = np.flatnonzero(rows @ x < 1 + TIGHT)
    used = np.flatnonzero(x > 0)
    part, share = rows[np.ix_(tight, used)], x[used].astype(np.float32)
    both = np.asarray((part * share) @ part.T, dtype=np.float32)
    triples = _likely(both)
    first, second, third = triples.T
    all_three = (part[first] * part[second] * part[third]) @ share
    amount = both[first, second] + both[first, third] + both[second, third] - 2 * all_three - 1
    order = np.argsort(-amount, kind="stable")[: int((amount > VIOLATED).sum())]
    three = tight[triples[order[:MOST]]]
    return np.asarray(np.ceil((rows[three[:, 0]] + rows[three[:, 1]] + rows[three[:, 2]]) / 2))


def _likely(both: Matrix) -> Integers:
    """Return triples that could be violated as far as their pairs tell; the first is the largest.

    Of three pairs that add up to more than 1, one has more than a third.
    """
    both = both.copy()
    np.fill_diagonal(both, -1.0)
    first, second = np.nonzero(np.triu(both > (1 + VIOLATED) / 3, 1))
    pair = both[first, second][:, None]
    one, other = both[first], both[second]
    at, third = np.nonzero((pair + one + other > 1 + VIOLATED) & (one <= pair) & (other <= pair))
    triples = np.stack([first[at], second[at], third], axis=1)
    return np.unique(np.sort(triples, axis=1), axis=0)
