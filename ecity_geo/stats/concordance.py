"""How sure Kendall's coefficient of concordance is: its interval by the studentized bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ecity_geo.stats.resampling import Resampling

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Respondents from which on the interval is Student's: both agree to a hundredth of their width.
BOOTSTRAP_BELOW = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concordance:
    """What Kendall's W of some ranks is made of.

    Parameters
    ----------
    centred
        Ranks less (k + 1)/2, respondents x items.
    within
        Sum of their squares per respondent.
    strata
        Which stratum each respondent is in, respondents x strata, ones and zeros.
    """

    centred: Floats
    within: Floats
    strata: Floats

    def estimate(self, counts: Floats) -> tuple[Floats, Floats]:
        """Return the population's W as estimated, and its standard error, per resample.

        Parameters
        ----------
        counts
            How often each respondent was drawn, resamples x respondents.

        Returns
        -------
        r, se
            ``(n W - 1)/(n - 1)``, and the standard error from the influence of each respondent.
        """
        n = counts.sum(axis=1)
        means = counts @ self.centred / n[:, None]
        spread = counts @ self.within / n
        between = (means**2).sum(axis=1)
        w = between / spread
        pull = 2 * (means @ self.centred.T - between[:, None])
        pull -= w[:, None] * (self.within - spread[:, None])
        pull /= spread[:, None]
        size = counts @ self.strata
        weighted = counts * pull
        squares = (weighted * pull) @ self.strata - (weighted @ self.strata) ** 2 / np.maximum(
            size, 1
        )
        variance = (squares * size / np.maximum(size - 1, 1)).sum(axis=1) / n**2
        return (n * w - 1) / (n - 1), np.sqrt(np.maximum(variance, 0.0))

    def interval(self, r: Floats, se: Floats, *, confidence: float) -> tuple[float, float]:
        """Return the interval of the population's W from resamples.

        Parameters
        ----------
        r, se
            As `estimate` gives them, per resample.
        confidence
            Level of the interval.

        Returns
        -------
        low, high
            Within 0 and 1; of no width where all respondents rank alike.
        """
        n = len(self.centred)
        own, error = (float(part[0]) for part in self.estimate(np.ones((1, n))))
        # What the sample's W is to the population's, the resample's r is to the sample's W.
        w = (own * (n - 1) + 1) / n
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.nan_to_num((r - w) / se, nan=0.0, posinf=np.inf, neginf=-np.inf)
        tail = (1 - confidence) / 2
        low, high = np.quantile(t, [tail, 1 - tail], method="nearest")
        return _held(own, error, high), _held(own, error, low)


def concordance(ranks: Floats, strata: Integers) -> Concordance:
    """Prepare the interval of Kendall's W.

    Parameters
    ----------
    ranks
        Respondents x items.
    strata
        Number of each respondent's stratum, from 0.

    Returns
    -------
    concordance
        Its parts.
    """
    centred = ranks - (ranks.shape[1] + 1) / 2
    member = np.zeros((len(ranks), int(strata.max()) + 1))
    member[np.arange(len(ranks)), strata] = 1.0
    return Concordance(centred=centred, within=(centred**2).sum(axis=1), strata=member)


def w_interval(
    ranks: Floats, resampling: Resampling, *, confidence: float, replicates: int, seed: int
) -> tuple[float, float, str]:
    """Interval of the population's coefficient of concordance.

    Parameters
    ----------
    ranks
        Respondents x items.
    resampling
        How the respondents are drawn.
    confidence
        Level of the interval.
    replicates
        Resamples, for fewer than 2,000 respondents.
    seed
        Of the resamples.

    Returns
    -------
    low, high, method
        ``"bootstrap-t"``, or ``"student"`` from 2,000 respondents on.

    Notes
    -----
    The sample's W lies too high by (1 - W)/n, and its resamples once more: percentile and BCa
    intervals of 182 respondents who hardly agree miss the truth nine times of ten, and four of
    ten. ``r = (n W - 1)/(n - 1)``, the mean rank correlation of two respondents, has no such
    bias without ties; its studentized bootstrap (Davison & Hinkley 1997, 5.2.1) covers.
    """
    whole = concordance(ranks, resampling.strata)
    if len(ranks) >= BOOTSTRAP_BELOW:
        r, se = (float(part[0]) for part in whole.estimate(np.ones((1, len(ranks)))))
        t = float(stdtrit(len(ranks) - len(resampling.sizes), (1 + confidence) / 2))
        return _held(r, se, t), _held(r, se, -t), "student"
    rng = np.random.default_rng(seed)
    parts = [whole.estimate(counts) for counts in resampling.counts(replicates, rng)]
    r_drawn, se_drawn = (np.concatenate(part) for part in zip(*parts, strict=True))
    low, high = whole.interval(r_drawn, se_drawn, confidence=confidence)
    return low, high, "bootstrap-t"


def _held(r: float, se: float, t: float) -> float:
    """Return ``r - t se`` within 0 and 1; r itself where there is no spread."""
    return float(np.clip(r - t * se if se > 0 else r, 0.0, 1.0))
