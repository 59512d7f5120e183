"""Standard errors and tests that stand answers which are not normal, or missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecity_geo.stats.sem_estimate import Estimated
from ecity_geo.stats.sem_ml import moment_likelihood
from ecity_geo.stats.sem_parameters import invert_information


def estimate_covariance(estimated: Estimated, *, estimator: str, missing: str) -> np.ndarray:
    """Return the covariance of the estimates.

    Parameters
    ----------
    estimated
        Model with its estimates.
    estimator
        ``"ML"``: inverse of the expected information, of the observed with incomplete answers.
        ``"MLR"``: ``H^-1 (sum of s s') H^-1`` with the observed information H and the scores s
        of the respondents (Huber 1967, White 1980).
    missing
        ``"complete"`` or ``"fiml"``.

    Returns
    -------
    covariance
        q x q; NaN where the model is not identified.
    """
    final = estimated.final
    if estimator == "ML":
        return invert_information(final.information if missing == "complete" else final.hessian)
    bread = invert_information(final.hessian)
    scores = respondent_scores(estimated)
    covariance: np.ndarray = bread @ (scores.T @ scores) @ bread
    return covariance


def respondent_scores(estimated: Estimated) -> np.ndarray:
    """Return the gradient of each respondent's log-likelihood.

    Parameters
    ----------
    estimated
        Model with its estimates.

    Returns
    -------
    scores
        n x q, groups one after another; the columns sum to 0 at the estimates.
    """
    model, theta = estimated.model, estimated.theta
    parts = []
    for group, values in enumerate(estimated.sample.values):
        slopes = model.slopes(theta, group)
        centre = slopes.mu if model.table.means else estimated.moments[group].mean
        by_mean, by_covariance = _moment_scores(values, centre, slopes.sigma)
        flat = slopes.covariance.reshape(model.count, -1)
        parts.append(by_covariance.reshape(len(values), -1) @ flat.T + by_mean @ slopes.mean.T)
    return np.vstack(parts)


def _moment_scores(
    values: np.ndarray, mu: np.ndarray, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return gradients by mean (n x p) and by each cell of the covariance (n x p x p)."""
    n, p = values.shape
    by_mean, by_covariance = np.zeros((n, p)), np.zeros((n, p, p))
    there = ~np.isnan(values)
    kinds, kind = np.unique(there, axis=0, return_inverse=True)
    for number, answered in enumerate(kinds):
        rows, at = np.flatnonzero(kind.ravel() == number), np.flatnonzero(answered)
        inverse = np.linalg.inv(sigma[np.ix_(at, at)])
        pulled = (values[np.ix_(rows, at)] - mu[at]) @ inverse
        by_mean[np.ix_(rows, at)] = pulled
        squares = pulled[:, :, None] * pulled[:, None, :] - inverse
        by_covariance[np.ix_(rows, at, at)] = squares / 2
    return by_mean, by_covariance


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How a chi-square strays when answers are not normal.

    Parameters
    ----------
    scale
        Yuan and Bentler's factor: chi-square divided by it has the mean of its df.
    chi_square
        For robust indices: of the unrestricted moments as if all had answered.
    robust_scale
        Its factor.
    """

    scale: float
    chi_square: float
    robust_scale: float


def correction(
    estimated: Estimated, saturated: Estimated, *, estimator: str, missing: str
) -> Correction:
    """Compute what scaled and robust indices need.

    Parameters
    ----------
    estimated
        Model, or its baseline.
    saturated
        Unrestricted moments of the same sample, from `estimate_saturated`.
    estimator, missing
        As in `estimate_covariance`.

    Returns
    -------
    correction
        Factors 1 without degrees of freedom.

    Notes
    -----
    ``scale = (tr(H1^-1 B1) - tr(H0^-1 B0)) / df`` of unrestricted and restricted model (Yuan &
    Bentler 2000, doi:10.1111/0081-1750.00078, in the form of Mplus). Robust indices of incomplete
    answers by Zhang & Savalei (2023), doi:10.1037/met0000445: variant V3 with MLR, V6 with ML.
    """
    df = estimated.df
    if df <= 0:
        return Correction(scale=1.0, chi_square=estimated.chi_square, robust_scale=1.0)
    scale = 1.0
    if estimator == "MLR":
        scale = (_trace(saturated) - _trace(estimated)) / df
    if missing == "complete":
        return Correction(scale=scale, chi_square=estimated.chi_square, robust_scale=scale)
    complete = moment_likelihood(estimated.model, estimated.moments)
    return Correction(
        scale=scale,
        chi_square=max(2 * complete.value(estimated.theta), 0.0),
        robust_scale=_incomplete_trace(estimated, saturated, estimator) / df,
    )


def _trace(estimated: Estimated) -> float:
    scores = respondent_scores(estimated)
    bread = invert_information(estimated.final.hessian)
    return float(np.sum(bread * (scores.T @ scores)))


def _incomplete_trace(estimated: Estimated, saturated: Estimated, estimator: str) -> float:
    observed = saturated.final.hessian
    inverse = invert_information(observed)
    delta = _delta(estimated, saturated)
    reach = observed @ delta
    left = observed - reach @ np.linalg.solve(delta.T @ reach, reach.T)
    complete = moment_likelihood(saturated.model, saturated.moments)
    middle = inverse @ complete.evaluate(saturated.theta).hessian @ inverse
    if estimator == "ML":
        return float(np.sum(middle * left.T))
    scores = respondent_scores(saturated)
    gamma = inverse @ (scores.T @ scores) @ inverse
    return float(np.trace(left @ middle @ left @ gamma))


def _delta(estimated: Estimated, saturated: Estimated) -> np.ndarray:
    """Return derivatives of the unrestricted moments by the parameters of the model."""
    table = saturated.model.table
    place = {name: at for at, name in enumerate(table.observed)}
    result = np.zeros((saturated.model.count, estimated.model.count))
    slopes = [estimated.model.slopes(estimated.theta, group) for group in range(table.groups)]
    for row, at in zip(table.rows, table.index, strict=True):
        if at < 0:
            continue
        if row.op == "~~":
            result[at] = slopes[row.group].covariance[:, place[row.lhs], place[row.rhs]]
        else:
            result[at] = slopes[row.group].mean[:, place[row.lhs]]
    return result
