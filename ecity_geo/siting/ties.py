"""Ties: the earlier candidate stands in a plan, and exchanges that are as good are counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from ecity_geo.siting.exchange import TIE
from ecity_geo.siting.instance import Flags, Floats, Integers


def earliest(chosen: Integers, equal: Callable[[Integers], Flags]) -> tuple[Integers, int]:
    """Replace columns by earlier ones that are exactly as good, and count the ties that remain.

    Parameters
    ----------
    chosen
        Columns.
    equal
        Tells of some columns, sorted, which exchanges leave the objective as it is: row a for the
        a-th of them that leaves, a column for each that comes.

    Returns
    -------
    chosen, ties
        The columns, sorted, and the number of exchanges that would leave the objective as it is.
    """
    chosen = np.sort(chosen)
    while True:
        same = equal(chosen)
        same[:, chosen] = False
        earlier = same & (np.arange(same.shape[1]) < chosen[:, None])
        coming = np.flatnonzero(earlier.any(axis=0))
        if not coming.size:
            return chosen, int(same.sum())
        # The earliest comes for the latest that may leave: the sum of positions falls each time.
        leaving = np.flatnonzero(earlier[:, coming[0]])[-1]
        chosen = np.sort(np.append(np.delete(chosen, leaving), coming[0]))


def earliest_cover(covers: csr_array, price: Floats, chosen: Integers) -> tuple[Integers, int]:
    """Prefer earlier columns in a cover at the same price, and count the ties.

    Parameters
    ----------
    covers
        Rows x columns, 1 where the column covers the row.
    price
        Of each column.
    chosen
        Columns that cover every row.

    Returns
    -------
    chosen, ties
        As from `earliest`.
    """

    def equal(columns: Integers) -> Flags:
        own = covers[:, columns]
        # what one column alone covers is what another that comes for it must cover
        alone = np.asarray(own.sum(axis=1)).ravel() == 1
        mine = own[alone]
        needed = np.asarray(mine.sum(axis=0)).ravel()
        reached = (mine.T @ covers[alone]).toarray()
        same_price = np.abs(price[columns][:, None] - price) <= TIE * price[columns][:, None]
        return np.asarray((reached == needed[:, None]) & same_price)

    return earliest(chosen, equal)


def earliest_backup(
    covers: csr_array, people: Floats, standing: Integers, backup: float, chosen: Integers
) -> tuple[Integers, int]:
    """Prefer earlier columns that cover as many once and twice, and count the ties.

    Parameters
    ----------
    covers
        Rows x columns, 1 where the column covers the row.
    people
        Per row.
    standing
        How many existing sites cover each row.
    backup
        Weight of the second cover; the rest is that of the first.
    chosen
        Columns.

    Returns
    -------
    chosen, ties
        As from `earliest`.
    """
    slack = TIE * (float(people.sum()) or 1.0)
    step = np.array([1 - backup, backup, 0.0])

    def equal(columns: Integers) -> Flags:
        own = covers[:, columns]
        times = standing + np.asarray(own.sum(axis=1)).ravel().astype(np.int64)
        comes = people * step[np.minimum(times, 2)]
        leaves = people * step[np.clip(times - 1, 0, 2)]
        # where both cover a row the newcomer finds one cover less
        shared = own.multiply((leaves - comes)[:, None]).tocsr().T @ covers
        gain = (covers.T @ comes)[None, :] + shared.toarray()
        return np.asarray(np.abs(gain - (own.T @ leaves)[:, None]) <= slack)

    return earliest(chosen, equal)
