"""Newton's method with a line search, and BFGS where that gets stuck."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import optimize
from scipy.linalg import lapack

_LIMIT = 100
_ENOUGH = 1e-15
_NOISE = 1e-7


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Half the chi-square at a point, with its gradient, Hessian and expected information."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    information: np.ndarray


class Objective(Protocol):
    """What `search` makes as small as it can."""

    def value(self, theta: np.ndarray) -> float:
        """Return the objective, infinite where it is not defined."""

    def evaluate(self, theta: np.ndarray) -> Evaluation:
        """Return the objective with its derivatives, where it is defined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Where a search ended.

    Parameters
    ----------
    theta
        Free parameters.
    value
        Objective there.
    iterations
        Steps taken.
    converged
        Whether the gradient vanished.
    """

    theta: np.ndarray
    value: float
    iterations: int
    converged: bool


def search(objective: Objective, starts: Iterable[np.ndarray]) -> Solution:
    """Find the least value of a discrepancy.

    Parameters
    ----------
    objective
        Discrepancy in units of half a chi-square.
    starts
        Free parameters to begin with; each is taken only where the search from those before it
        has failed. The objective must be finite at one of them.

    Returns
    -------
    solution
        `converged` when the next step would change the chi-square by less than 1e-14.

    Notes
    -----
    Newton steps where the Hessian is positive definite, else scoring with the expected
    information (Lee & Jennrich 1979, doi:10.1007/BF02293789), each step halved until it
    descends. Where that stalls from every start, BFGS goes on from the best place and Newton
    finishes.
    """
    found: list[Solution] = []
    for start in starts:
        found.append(_newton(objective, start, _LIMIT))
        if found[-1].converged:
            return _after(found, found[-1])
    best = min(found, key=lambda one: one.value)
    if np.isfinite(best.value):
        found.append(_quasi_newton(objective, best.theta))
    return _after(found, min(found, key=lambda one: (not one.converged, one.value)))


def _quasi_newton(objective: Objective, theta: np.ndarray) -> Solution:
    found, _, told = optimize.fmin_l_bfgs_b(
        lambda theta: _value_and_gradient(objective, theta),
        theta,
        maxiter=2000,
        factr=1.0,
        pgtol=1e-9,
    )
    last = _newton(objective, found, _LIMIT)
    return replace(last, iterations=last.iterations + int(told["nit"]))


def _after(found: list[Solution], best: Solution) -> Solution:
    """Return a solution with the steps of all searches that led to it."""
    return replace(best, iterations=sum(one.iterations for one in found))


def _value_and_gradient(objective: Objective, theta: np.ndarray) -> tuple[float, np.ndarray]:
    if not np.isfinite(objective.value(theta)):
        return 1e10, np.zeros_like(theta)
    at = objective.evaluate(theta)
    return at.value, at.gradient


def _newton(objective: Objective, theta: np.ndarray, limit: int) -> Solution:
    value = objective.value(theta)
    converged = False
    steps = 0
    while np.isfinite(value) and steps < limit:
        at = objective.evaluate(theta)
        step = -_step(at)
        gain = -float(at.gradient @ step)
        if gain < _ENOUGH:
            converged = True
            break
        steps += 1
        if gain < _NOISE:
            # Rounding hides so small a descent; Newton steps need no proof here.
            theta = theta + step
            value = objective.value(theta)
            continue
        theta, value, moved = _descend(objective, theta, at.value, step, gain)
        if not moved:
            break
    return Solution(theta=theta, value=value, iterations=steps, converged=converged)


def _descend(
    objective: Objective, theta: np.ndarray, value: float, step: np.ndarray, gain: float
) -> tuple[np.ndarray, float, bool]:
    share = 1.0
    for _ in range(30):
        tried = objective.value(theta + share * step)
        if tried <= value - 1e-4 * share * gain:
            return theta + share * step, tried, True
        share /= 2
    return theta, value, False


def _step(at: Evaluation) -> np.ndarray:
    """Return the Newton step, or where the Hessian does not allow it the scoring step."""
    step = _solve(at.hessian, at.gradient, 0.0)
    damping = 0.0
    while step is None:
        step = _solve(at.information, at.gradient, damping)
        damping = max(10 * damping, 1e-8)
    return step


def _solve(matrix: np.ndarray, gradient: np.ndarray, damping: float) -> np.ndarray | None:
    """Solve with a scaled and damped matrix; None unless it is positive definite."""
    diagonal = np.diag(matrix)
    # Of a variance in large units next to nothing is known per unit; only 0 is nothing.
    scale = np.sqrt(np.where(diagonal > 1e-200, diagonal, 1.0))
    scaled = matrix / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += damping
    root, fault = lapack.dpotrf(scaled, lower=1)
    if fault or np.diag(root).min() < 1e-6:
        return None
    solved, _ = lapack.dpotrs(root, gradient / scale, lower=1)
    return np.asarray(solved) / scale
