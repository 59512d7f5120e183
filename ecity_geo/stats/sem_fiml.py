"""Full information from incomplete answers: patterns, and unrestricted moments by EM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_ml import NormalLikelihood, Pattern
from ecity_geo.stats.sem_moments import Moments, moments_of, refuse_dependent

_STEPS = 10_000
_ENOUGH = 1e-11


def patterns_of(values: np.ndarray) -> list[Pattern]:
    """Sort respondents by what they answered.

    Parameters
    ----------
    values
        n x p, NaN where missing; nobody misses everything.

    Returns
    -------
    patterns
        Each with the moments of its respondents.
    """
    there = ~np.isnan(values)
    kinds, kind = np.unique(there, axis=0, return_inverse=True)
    result = []
    for number, answered in enumerate(kinds):
        at = np.flatnonzero(answered)
        mine = values[kind.ravel() == number][:, at]
        mean = mine.mean(axis=0)
        centred = mine - mean
        covariance = centred.T @ centred / len(mine)
        moments = Moments(
            n=len(mine),
            weight=float(len(mine)),
            covariance=covariance,
            mean=mean,
            log_determinant=np.nan,
        )
        result.append(Pattern(at, moments))
    return result


def unrestricted_moments(values: np.ndarray, names: Sequence[str]) -> Moments:
    """Estimate mean and covariance from incomplete answers.

    Parameters
    ----------
    values
        n x p, NaN where missing.
    names
        Of the variables, for messages.

    Returns
    -------
    moments
        Maximum likelihood under a normal model and answers missing at random.

    Raises
    ------
    AnalysisError
        If two variables are never answered together, variables determine one another, or the
        search does not settle.

    Notes
    -----
    EM algorithm of Dempster, Laird & Rubin (1977), doi:10.1111/j.2517-6161.1977.tb01600.x.
    """
    there = ~np.isnan(values)
    if there.all():
        refuse_dependent(np.cov(values.T), names)
        return moments_of(values)
    _refuse_unseen_pairs(there, names)
    patterns = patterns_of(values)
    mean = np.nanmean(values, axis=0)
    covariance = np.diag(np.nanvar(values, axis=0))
    for _ in range(_STEPS):
        before, was = covariance, mean
        mean, covariance = _step(patterns, mean, covariance)
        spread = np.sqrt(np.diag(covariance))
        moved = np.abs((covariance - before) / np.outer(spread, spread)).max()
        if max(moved, np.abs((mean - was) / spread).max()) < _ENOUGH:
            refuse_dependent(covariance, names)
            return Moments(
                n=len(values),
                weight=float(len(values)),
                covariance=covariance,
                mean=mean,
                log_determinant=float(np.linalg.slogdet(covariance)[1]),
            )
    raise AnalysisError(
        "Mean and covariance of the incomplete answers do not settle: too much is missing. "
        "Leave out the items that few answered."
    )


def _step(
    patterns: Sequence[Pattern], mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fill in what is missing by regression, and take moments of the result."""
    p = len(mean)
    n, first, second = 0.0, np.zeros(p), np.zeros((p, p))
    for pattern in patterns:
        at, sample = _places(pattern), pattern.moments
        # Regression of all variables on those answered; of these it gives themselves.
        weights = np.linalg.solve(covariance[np.ix_(at, at)], covariance[at]).T
        remains = covariance - weights @ covariance[at]
        centre = mean + weights @ (sample.mean - mean[at])
        spread = weights @ sample.covariance @ weights.T + remains
        n += sample.weight
        first += sample.weight * centre
        second += sample.weight * (spread + np.outer(centre, centre))
    new = first / n
    return new, second / n - np.outer(new, new)


def _refuse_unseen_pairs(there: np.ndarray, names: Sequence[str]) -> None:
    together = there.T.astype(float) @ there
    if together.all():
        return
    one, other = np.argwhere(together == 0)[0]
    raise AnalysisError(
        f"Nobody answered both {names[one]!r} and {names[other]!r}, so nothing tells how they "
        "are related. Leave one of them out."
    )


def pattern_likelihood(
    model: CompiledModel, values: Sequence[np.ndarray], moments: Sequence[Moments]
) -> NormalLikelihood:
    """Return the likelihood of incomplete answers.

    Parameters
    ----------
    model
        Compiled; it has means.
    values
        Answers of each group.
    moments
        Unrestricted moments of each group, from `unrestricted_moments`.

    Returns
    -------
    likelihood
        0 at the unrestricted moments.
    """
    groups = [patterns_of(part) for part in values]
    pairs = zip(groups, moments, strict=True)
    return NormalLikelihood(model, groups, sum(_deviance(*pair) for pair in pairs))


def _deviance(patterns: Sequence[Pattern], moments: Moments) -> float:
    total = 0.0
    for pattern in patterns:
        at, sample = _places(pattern), pattern.moments
        inverse = np.linalg.inv(moments.covariance[np.ix_(at, at)])
        apart = sample.mean - moments.mean[at]
        fit = np.sum(inverse * sample.covariance) + apart @ inverse @ apart
        total += sample.weight / 2 * float(fit - np.linalg.slogdet(inverse)[1])
    return total


def _places(pattern: Pattern) -> np.ndarray:
    return np.arange(len(pattern.moments.mean)) if pattern.at is None else pattern.at


def available_moments(values: np.ndarray) -> Moments:
    """Return moments of the answers available for each variable and each pair.

    Parameters
    ----------
    values
        n x p, NaN where missing.

    Returns
    -------
    moments
        Each covariance from those who answered both. lavaan's GFI compares with these.
    """
    n = len(values)
    frame = pd.DataFrame(values)
    covariance = frame.cov().to_numpy() * (n - 1) / n
    return Moments(
        n=n,
        weight=float(n),
        covariance=covariance,
        mean=frame.mean().to_numpy(),
        log_determinant=np.nan,
    )
