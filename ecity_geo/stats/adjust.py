"""Many tests at once: p values adjusted for their number."""

from __future__ import annotations

import numpy as np

from ecity_geo.errors import AnalysisError

ADJUSTMENTS = ("none", "bonferroni", "holm", "hochberg", "bh", "by")


def adjust_p(p: np.ndarray, method: str) -> np.ndarray:
    """Adjust p values for their number.

    Parameters
    ----------
    p
        One per test, none missing.
    method
        ``"bonferroni"``, ``"holm"``, ``"hochberg"`` (family-wise), ``"bh"`` (Benjamini &
        Hochberg), ``"by"`` (Benjamini & Yekutieli; false discovery rate) or ``"none"``.

    Returns
    -------
    adjusted
        In the order of `p`, at most 1; as R's ``p.adjust``.

    Raises
    ------
    AnalysisError
        If the method is unknown, or a p is missing or outside 0-1.
    """
    p = np.asarray(p, dtype=float)
    if method not in ADJUSTMENTS:
        raise AnalysisError(f"No adjustment '{method}'; there are {', '.join(ADJUSTMENTS)}.")
    if not ((p >= 0) & (p <= 1)).all():
        raise AnalysisError("A p to adjust is missing, or lies outside 0-1.")
    m = len(p)
    if method == "none" or m == 0:
        return p.copy()
    if method == "bonferroni":
        return np.asarray(np.minimum(p * m, 1.0))
    order = np.argsort(p)  # equal p are adjusted alike, whatever their order
    rank = np.arange(1, m + 1)
    if method == "holm":
        stepped = np.maximum.accumulate(p[order] * (m - rank + 1))
    else:
        factor = {
            "hochberg": (m - rank + 1.0),
            "bh": m / rank,
            "by": m / rank * (1 / rank).sum(),
        }[method]
        stepped = np.minimum.accumulate((p[order] * factor)[::-1])[::-1]
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
