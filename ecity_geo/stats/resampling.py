"""Resamples of respondents as counts, and intervals from what they gave.

A resample is how often each respondent was drawn. Sums over it are then a matrix product, for all
resamples at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import by_respondent

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Counts held at once.
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampling:
    """How respondents are drawn.

    Parameters
    ----------
    strata
        Number of each respondent's stratum, from 0; all 0 without strata.
    sizes
        Respondents per stratum.
    """

    strata: Integers
    sizes: Integers

    def counts(self, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
        """Yield blocks of resamples: how often each respondent was drawn, resamples x n."""
        n = len(self.strata)
        order = np.argsort(self.strata, kind="stable")
        step = max(_BLOCK // n, 1)
        for start in range(0, replicates, step):
            some = min(step, replicates - start)
            drawn = order[self._places(some, rng)]
            at = (drawn + n * np.arange(some)[:, None]).ravel()
            yield np.bincount(at, minlength=some * n).reshape(some, n).astype(np.float64)

    def leave_one_out(self, each: Floats) -> Floats:
        """Return the sums without each respondent in turn.

        Parameters
        ----------
        each
            What each respondent adds to the sums, n x sums.

        Returns
        -------
        sums
            n x sums. Where there are several strata, the others of the stratum stand in for the
            one left out, so that the strata keep their sizes.
        """
        whole = each.sum(axis=0)
        if len(self.sizes) == 1:
            return np.asarray(whole - each)
        stratum = np.zeros((len(self.sizes), each.shape[1]))
        np.add.at(stratum, self.strata, each)
        own = stratum[self.strata]
        size = self.sizes[self.strata][:, None]
        return np.asarray(whole - own + (own - each) * size / (size - 1))

    def acceleration(self, left_out: Floats) -> float:
        """Return the acceleration of a figure from its values without each respondent."""
        size = self.sizes[self.strata]
        mean = np.bincount(self.strata, weights=left_out) / self.sizes
        pull = (mean[self.strata] - left_out) * (size - 1) / size
        spread = float((pull**2).sum())
        return float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0

    def _places(self, some: int, rng: np.random.Generator) -> Integers:
        n = len(self.strata)
        if len(self.sizes) == 1:
            return rng.integers(0, n, (some, n))
        starts = np.repeat(self.sizes.cumsum() - self.sizes, self.sizes)
        return starts + rng.integers(0, np.repeat(self.sizes, self.sizes), (some, n))


def resampling(index: pd.Index, strata: pd.Series | None = None) -> Resampling:
    """Prepare to draw respondents, all alike or within strata.

    Parameters
    ----------
    index
        The respondents.
    strata
        Stratum of each, by `index`; None to draw from all alike.

    Returns
    -------
    resampling
        How they are drawn.

    Raises
    ------
    AnalysisError
        If a respondent comes twice or has no stratum, or a stratum but one respondent.
    """
    if strata is None:
        zeros = np.zeros(len(index), dtype=np.int64)
        return Resampling(strata=zeros, sizes=np.array([len(index)]))
    given = by_respondent(strata, index, what="strata")
    if given.isna().any():
        raise AnalysisError(
            f"{int(given.isna().sum())} of {len(given)} respondents have no stratum. Give them "
            "one, leave them out, or draw without strata."
        )
    codes, names = pd.factorize(given, sort=True)
    sizes = np.bincount(codes)
    alone = [name for name, size in zip(names, sizes, strict=True) if size == 1]
    if alone:
        raise AnalysisError(
            f"A stratum of one respondent is always drawn whole: {alone[:5]}. Merge it with "
            "another, or draw without strata."
        )
    return Resampling(strata=codes.astype(np.int64), sizes=sizes)


def percentile_interval(drawn: Floats, *, confidence: float) -> tuple[float, float]:
    """Interval between percentiles of the resampled figure.

    Parameters
    ----------
    drawn
        The figure in each resample.
    confidence
        Level of the interval.

    Returns
    -------
    low, high
        Ends.
    """
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def bca_interval(
    drawn: Floats, estimate: float, acceleration: float, *, confidence: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated interval.

    Parameters
    ----------
    drawn
        The figure in each resample.
    estimate
        The figure of the sample.
    acceleration
        As `Resampling.acceleration` makes it.
    confidence
        Level of the interval.

    Returns
    -------
    low, high
        Ends.

    Notes
    -----
    Efron (1987), doi:10.1080/01621459.1987.10478410. Resamples equal to the estimate count half
    below it, which matters where answers are whole numbers.
    """
    slack = 1e-10 * max(abs(estimate), float(np.ptp(drawn)))
    below = (drawn < estimate - slack).mean() / 2 + (drawn <= estimate + slack).mean() / 2
    edge = 0.5 / len(drawn)
    bias = ndtri(np.clip(below, edge, 1 - edge))
    z = bias + ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
    low, high = np.quantile(drawn, ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)
