"""How unequally people have access."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError


def gini(access: pd.Series, population: pd.Series) -> float:
    """Gini coefficient of access over people.

    Parameters
    ----------
    access
        Access of each person at a demand point, 0 or more.
    population
        Persons per demand point, aligned by id.

    Returns
    -------
    gini
        0 when all people have the same, towards 1 when few have it all; NaN when nobody lives
        anywhere or nobody has any access.

    Raises
    ------
    AnalysisError
        If an access or a population is missing, negative or infinite.

    Notes
    -----
    Twice the area between the Lorenz curve of persons sorted by access and the diagonal, which
    is half the mean difference between two people over the mean (Gini 1912); all people at a
    demand point count as equals, and the population is not taken for a sample.
    """
    frame = pd.DataFrame({"access": access, "people": population.reindex(access.index)})
    amounts = frame.sort_values("access", kind="stable").to_numpy(dtype=float)
    if not (np.isfinite(amounts).all() and (amounts >= 0).all()):
        raise AnalysisError(
            "gini: found an access or a population that is missing, negative or infinite, "
            "expected numbers of 0 or more for each demand point. Leave those points out."
        )
    have, people = amounts.T
    held = np.cumsum(have * people)
    if not held.size or held[-1] == 0:
        return float("nan")
    before = held - have * people
    twice_below = (people * (held + before)).sum() / (people.sum() * held[-1])
    return max(float(1 - twice_below), 0.0)
