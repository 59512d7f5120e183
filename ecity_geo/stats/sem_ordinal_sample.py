"""What ordered answers say to a model: thresholds, correlations and their covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.polychoric import polychoric
from ecity_geo.stats.sem_moments import Moments, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedSample:
    """What ordered answers of one group say.

    Parameters
    ----------
    n
        Respondents.
    thresholds
        A row per threshold: `item`, `threshold`, `value`.
    correlations
        Polychoric, p x p.
    gamma
        Asymptotic covariance of √n times thresholds, then correlations above the diagonal.
    """

    n: int
    thresholds: pd.DataFrame
    correlations: np.ndarray
    gamma: np.ndarray

    @property
    def above(self) -> np.ndarray:
        """Return the correlations above the diagonal, row by row."""
        return np.asarray(self.correlations[np.triu_indices(len(self.correlations), k=1)])

    def weights(self, estimator: str) -> np.ndarray:
        """Return the weights of thresholds, then correlations: 1, or one over the variances."""
        spread = np.diag(self.gamma)
        return np.ones_like(spread) if estimator == "ULSMV" else 1 / spread


def ordered_samples(
    sample: Sample, names: Sequence[str], *, missing: str
) -> tuple[OrderedSample, ...]:
    """Estimate thresholds and polychoric correlations of each group.

    Parameters
    ----------
    sample
        Answers of the variables of a model.
    names
        Of the variables.
    missing
        ``"complete"`` or ``"pairwise"``.

    Returns
    -------
    samples
        One per group.

    Raises
    ------
    AnalysisError
        As in `polychoric`, or if a group lacks an answer that another has: thresholds of groups
        would not be of the same answers.
    """
    frames = [pd.DataFrame(values, columns=list(names)) for values in sample.values]
    _check_categories(frames, sample.labels)
    made = []
    for frame in frames:
        found = polychoric(frame, missing=missing, covariance=True)
        gamma = np.zeros((0, 0)) if found.gamma is None else found.gamma.to_numpy()
        made.append(
            OrderedSample(
                n=found.n,
                thresholds=found.thresholds,
                correlations=found.correlations.to_numpy(),
                gamma=gamma,
            )
        )
    return tuple(made)


def correlation_gamma(sample: OrderedSample) -> np.ndarray:
    """Return the part of gamma that belongs to the correlations."""
    pairs = len(sample.above)
    return sample.gamma[-pairs:, -pairs:]


def as_moments(sample: OrderedSample) -> Moments:
    """Show polychoric correlations as moments, for what only asks for a covariance.

    Parameters
    ----------
    sample
        Of a group.

    Returns
    -------
    moments
        With means 0.
    """
    p = len(sample.correlations)
    return Moments(
        n=sample.n,
        weight=float(sample.n),
        covariance=sample.correlations,
        mean=np.zeros(p),
        log_determinant=float(np.linalg.slogdet(sample.correlations)[1]),
    )


def _check_categories(frames: Sequence[pd.DataFrame], labels: Sequence[str]) -> None:
    for name in frames[0]:
        answers = [set(frame[name].dropna()) for frame in frames]
        every = set.union(*answers)
        for given, label in zip(answers, labels, strict=True):
            if given != every:
                lacking = ", ".join(f"{answer:g}" for answer in sorted(every - given))
                raise AnalysisError(
                    f"Nobody in group {label!r} answered {lacking} to {name!r}; an ordinal "
                    "estimator needs each answer in each group. Join rare answers, or groups."
                )
