"""Maximum likelihood from sample moments: discrepancy, gradient and expected information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from ecity_geo.stats.sem_curvature import curvature
from ecity_geo.stats.sem_matrices import CompiledModel, Slopes
from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_search import Evaluation, Solution, search


@dataclass(frozen=True, slots=True)
class MomentLikelihood:
    """Half the likelihood-ratio chi-square of a model against unrestricted moments.

    Parameters
    ----------
    model
        Compiled.
    moments
        One per group, variables in the order of the model.

    Notes
    -----
    ``sum of weight/2 (log|sigma| + tr(S sigma^-1) - log|S| - p + d' sigma^-1 d)`` with
    d = mean - mu where the model has means (Joereskog 1967, doi:10.1007/BF02289658).
    """

    model: CompiledModel
    moments: Sequence[Moments]

    def value(self, theta: np.ndarray) -> float:
        """Return the objective; infinite where an implied covariance is not positive definite."""
        parts = self.parts(theta)
        return float(sum(parts))

    def parts(self, theta: np.ndarray) -> list[float]:
        """Return each group's share of the objective."""
        try:
            implied = self.model.implied(theta)
        except np.linalg.LinAlgError:
            return [np.inf]
        parts = []
        for (sigma, mu), sample in zip(implied, self.moments, strict=True):
            root = inverse_root(sigma)
            parts.append(np.inf if root is None else self._discrepancy(root, mu, sample))
        return parts

    def evaluate(self, theta: np.ndarray) -> Evaluation:
        """Return the objective with its derivatives."""
        q = self.model.count
        value, gradient = 0.0, np.zeros(q)
        hessian, information = np.zeros((q, q)), np.zeros((q, q))
        for group, sample in enumerate(self.moments):
            slopes = self.model.slopes(theta, group)
            root = inverse_root(slopes.sigma)
            if root is None:
                return Evaluation(np.inf, gradient, hessian, information)
            value += self._discrepancy(root, slopes.mu, sample)
            difference = self._difference(sample, slopes.mu)
            parts = self._derivatives(group, slopes, root, sample, difference)
            gradient += sample.weight * parts[0]
            hessian += sample.weight * parts[1]
            information += sample.weight * parts[2]
        return Evaluation(value, gradient, hessian, information)

    def _derivatives(
        self,
        group: int,
        slopes: Slopes,
        root: np.ndarray,
        sample: Moments,
        difference: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return gradient, Hessian and information of half a discrepancy."""
        q, one = self.model.count, np.eye(len(root))
        whitened = root @ slopes.covariance @ root.T
        flat = whitened.reshape(q, -1)
        residual = root @ _second_moment(sample, difference) @ root.T
        excess = one - residual
        gradient = flat @ excess.ravel() / 2
        information = flat @ flat.T / 2
        hessian = (whitened @ (2 * residual - one)).reshape(q, -1) @ flat.T / 2
        pull, push = root.T @ excess @ root / 2, np.zeros(len(root))
        if self.model.table.means:
            distance = root @ difference
            shift = slopes.mean @ root.T
            gradient -= shift @ distance
            crossed = (whitened @ distance) @ shift.T
            information += shift @ shift.T
            hessian += shift @ shift.T + crossed + crossed.T
            push = -(root.T @ distance)
        hessian += curvature(self.model, group, slopes, pull, push)
        return gradient, (hessian + hessian.T) / 2, information

    def _difference(self, sample: Moments, mu: np.ndarray) -> np.ndarray:
        return sample.mean - mu if self.model.table.means else np.zeros(len(mu))

    def _discrepancy(self, root: np.ndarray, mu: np.ndarray, sample: Moments) -> float:
        second = _second_moment(sample, self._difference(sample, mu))
        fit = float(np.sum((root @ second) * root)) - len(root)
        log_sigma = -2 * float(np.log(np.diag(root)).sum())
        return sample.weight / 2 * (log_sigma - sample.log_determinant + fit)


def fit_moments(model: CompiledModel, moments: Sequence[Moments], start: np.ndarray) -> Solution:
    """Estimate a model by maximum likelihood from moments.

    Parameters
    ----------
    model
        Compiled; exogenous moments must be those of `moments`.
    moments
        One per group.
    start
        Free parameters to begin with.

    Returns
    -------
    solution
        Its `value` is half the chi-square.
    """
    return search(MomentLikelihood(model, moments), start)


def refit(model: CompiledModel, moments: Sequence[Moments], start: np.ndarray) -> Solution:
    """Estimate a model again for another sample, as a bootstrap does.

    Parameters
    ----------
    model
        Compiled for the first sample.
    moments
        Of the other sample, one per group.
    start
        Estimates of the first sample.

    Returns
    -------
    solution
        As `fit_moments`.
    """
    return fit_moments(model.with_exogenous(moments), moments, start)


def _second_moment(sample: Moments, difference: np.ndarray) -> np.ndarray:
    return sample.covariance + np.outer(difference, difference)


def inverse_root(sigma: np.ndarray) -> np.ndarray | None:
    """Return W, lower triangular with ``W sigma W' = 1``; None unless positive definite."""
    root, fault = lapack.dpotrf(sigma, lower=1, clean=1)
    if fault or not np.isfinite(root).all():
        return None
    inverse, fault = lapack.dtrtri(root, lower=1)
    return None if fault else inverse
