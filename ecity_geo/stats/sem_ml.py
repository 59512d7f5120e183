"""Normal likelihood of a model: discrepancy, gradient, Hessian and expected information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from ecity_geo.stats.sem_curvature import curvature
from ecity_geo.stats.sem_matrices import CompiledModel, Slopes
from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_search import Evaluation


@dataclass(frozen=True, slots=True)
class Pattern:
    """Respondents of a group who answered the same variables.

    Parameters
    ----------
    at
        Places of the variables that they answered; None for all.
    moments
        Of these variables, divided by the number of respondents.
    """

    at: np.ndarray | None
    moments: Moments


@dataclass(frozen=True, slots=True)
class NormalLikelihood:
    """Half the likelihood-ratio chi-square of a model against unrestricted moments.

    Parameters
    ----------
    model
        Compiled.
    groups
        Patterns of each group: one when all answers are there.
    saturated
        What the sum below reaches for unrestricted moments.

    Notes
    -----
    Sum over groups and patterns of ``weight/2 (log|sigma| + tr(S sigma^-1) + d' sigma^-1 d)``
    with d = mean - mu where the model has means, less `saturated` (Joereskog 1967,
    doi:10.1007/BF02289658; with missing answers Arbuckle 1996).
    """

    model: CompiledModel
    groups: Sequence[Sequence[Pattern]]
    saturated: float = 0.0

    def value(self, theta: np.ndarray) -> float:
        """Return the objective; infinite where an implied covariance is not positive definite."""
        try:
            implied = self.model.implied(theta)
        except np.linalg.LinAlgError:
            return np.inf
        total = -self.saturated
        for made, patterns in zip(implied, self.groups, strict=True):
            for pattern in patterns:
                total += pattern.moments.weight / 2 * self._deviance(made, pattern)
        return total

    def log_likelihood(self, theta: np.ndarray) -> float:
        """Return the log-likelihood of the answers."""
        total = 0.0
        for made, patterns in zip(self.model.implied(theta), self.groups, strict=True):
            for pattern in patterns:
                p, n = len(pattern.moments.mean), pattern.moments.n
                total -= n / 2 * (p * np.log(2 * np.pi) + self._deviance(made, pattern))
        return total

    def evaluate(self, theta: np.ndarray) -> Evaluation:
        """Return the objective with its derivatives."""
        q, p = self.model.count, self.model.observed
        value, gradient = self.value(theta), np.zeros(q)
        hessian, information = np.zeros((q, q)), np.zeros((q, q))
        if not np.isfinite(value):
            return Evaluation(value, gradient, hessian, information)
        for group, patterns in enumerate(self.groups):
            slopes = self.model.slopes(theta, group)
            pull, push = np.zeros((p, p)), np.zeros(p)
            for pattern in patterns:
                parts = _derivatives(slopes, pattern, means=self.model.table.means)
                gradient += parts.gradient
                hessian += parts.hessian
                information += parts.information
                at = np.arange(p) if pattern.at is None else pattern.at
                pull[np.ix_(at, at)] += parts.pull
                push[at] += parts.push
            hessian += curvature(self.model, group, slopes, pull, push)
        return Evaluation(value, gradient, (hessian + hessian.T) / 2, information)

    def _deviance(self, implied: tuple[np.ndarray, np.ndarray], pattern: Pattern) -> float:
        """Return ``log|sigma| + tr(S sigma^-1) + d' sigma^-1 d`` of a pattern."""
        sigma, mu = implied
        root = inverse_root(_square(sigma, pattern.at))
        if root is None:
            return np.inf
        second = pattern.moments.covariance
        if self.model.table.means:
            apart = pattern.moments.mean - _part(mu, pattern.at)
            second = second + np.outer(apart, apart)
        return float(np.sum((root @ second) * root) - 2 * np.log(np.diag(root)).sum())


@dataclass(frozen=True, slots=True)
class _Parts:
    """Derivatives by a pattern; `pull` and `push` weigh the second derivatives of moments."""

    gradient: np.ndarray
    hessian: np.ndarray
    information: np.ndarray
    pull: np.ndarray
    push: np.ndarray


def _derivatives(slopes: Slopes, pattern: Pattern, *, means: bool) -> _Parts:
    at, sample = pattern.at, pattern.moments
    by_covariance, by_mean = slopes.covariance, slopes.mean
    if at is not None:
        by_covariance, by_mean = by_covariance[:, at[:, None], at], by_mean[:, at]
    root = inverse_root(_square(slopes.sigma, at))
    if root is None:
        raise np.linalg.LinAlgError
    q, one, half = len(by_mean), np.eye(len(root)), sample.weight / 2
    apart = sample.mean - _part(slopes.mu, at) if means else np.zeros(len(root))
    whitened = root @ by_covariance @ root.T
    flat = whitened.reshape(q, -1)
    residual = root @ (sample.covariance + np.outer(apart, apart)) @ root.T
    excess = one - residual
    gradient = half * (flat @ excess.ravel())
    information = half * (flat @ flat.T)
    hessian = half * ((whitened @ (2 * residual - one)).reshape(q, -1) @ flat.T)
    push = np.zeros(len(root))
    if means:
        distance, shift = root @ apart, by_mean @ root.T
        gradient -= sample.weight * (shift @ distance)
        level = sample.weight * (shift @ shift.T)
        crossed = sample.weight * ((whitened @ distance) @ shift.T)
        information += level
        hessian += level + crossed + crossed.T
        push = -sample.weight * (root.T @ distance)
    return _Parts(gradient, hessian, information, half * (root.T @ excess @ root), push)


def moment_likelihood(model: CompiledModel, moments: Sequence[Moments]) -> NormalLikelihood:
    """Return the likelihood of complete answers.

    Parameters
    ----------
    model
        Compiled.
    moments
        One per group, variables in the order of the model.

    Returns
    -------
    likelihood
        0 at the moments themselves.
    """
    p = model.observed
    saturated = sum(one.weight / 2 * (one.log_determinant + p) for one in moments)
    return NormalLikelihood(model, [[Pattern(None, one)] for one in moments], saturated)


def _square(matrix: np.ndarray, at: np.ndarray | None) -> np.ndarray:
    return matrix if at is None else matrix[at[:, None], at]


def _part(vector: np.ndarray, at: np.ndarray | None) -> np.ndarray:
    return vector if at is None else vector[at]


def inverse_root(sigma: np.ndarray) -> np.ndarray | None:
    """Return W, lower triangular with ``W sigma W' = 1``; None unless positive definite."""
    root, fault = lapack.dpotrf(sigma, lower=1, clean=1)
    if fault or not np.isfinite(root).all():
        return None
    inverse, fault = lapack.dtrtri(root, lower=1)
    return None if fault else inverse
