"""Where low readiness and low coverage meet, and how many people live there."""

from __future__ import annotations

import numpy as np
import pandas as pd

CLASSES = ("both", "coverage", "readiness", "neither", "unknown")


def gap_index(
    readiness: pd.Series, covered_share: pd.Series, *, scale: tuple[float, float]
) -> pd.Series:
    """Joint gap of readiness and coverage, 0 (none) to 1 (nothing ready, nobody covered).

    Parameters
    ----------
    readiness
        Mean readiness per district, on the survey scale.
    covered_share
        Covered share of population per district; aligned with `readiness` by id.
    scale
        Ends of the survey scale.

    Returns
    -------
    gap_index
        Indexed like `readiness`; missing where either part is.

    Notes
    -----
    Geometric mean of the two shortfalls, ``sqrt((max - r) / (max - min) * (1 - c))``: unlike
    an average it is high only where both are (compare the Human Development Index since 2010).
    """
    low, high = scale
    shortfall = (high - readiness) / (high - low)
    uncovered = 1 - covered_share.reindex(readiness.index)
    joint = shortfall * uncovered.clip(lower=0)
    return joint.pow(0.5).rename("gap_index")


def gap_class(
    readiness: pd.Series,
    covered_share: pd.Series,
    *,
    test_value: float,
    coverage_target: float,
) -> pd.Series:
    """Sort districts by which gap they have.

    Parameters
    ----------
    readiness
        Mean readiness per district.
    covered_share
        Covered share per district; aligned by id.
    test_value
        Readiness below it is low.
    coverage_target
        Coverage below it is low.

    Returns
    -------
    gap_class
        ``"both"``, ``"coverage"``, ``"readiness"``, ``"neither"``, or ``"unknown"`` where
        readiness or coverage is missing.
    """
    covered = covered_share.reindex(readiness.index)
    low_readiness = readiness < test_value
    low_coverage = covered < coverage_target
    known = readiness.notna() & covered.notna()
    classes = np.select(
        [~known, low_readiness & low_coverage, low_coverage, low_readiness],
        ["unknown", "both", "coverage", "readiness"],
        default="neither",
    )
    return pd.Series(classes, index=readiness.index, name="gap_class")
