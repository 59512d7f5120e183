"""Newton's method for many samples at once: the fits of a bootstrap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_stack import Samples, root_diagonals
from ecity_geo.stats.sem_stack_slopes import StackedLikelihood, StackedSlopes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LIMIT, _HALVINGS = 30, 30
_ENOUGH, _NOISE, _PIVOT = 1e-8, 1e-7, 1e-6
# Samples worked on together: few enough for their matrices to stay near the processor.
_BLOCK = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refits:
    """Where the searches ended.

    Parameters
    ----------
    theta
        Samples x parameters.
    value
        Half the chi-square of each sample.
    converged
        Whether the next step would change it by less than 1e-8.
    """

    theta: Floats
    value: Floats
    converged: Flags


def refit_all(model: CompiledModel, samples: Samples, start: Floats) -> Refits:
    """Estimate a model by maximum likelihood for many other samples, as a bootstrap does.

    Parameters
    ----------
    model
        Of one group, compiled for a first sample.
    samples
        Moments of the others.
    start
        Estimates of the first sample, where all searches begin.

    Returns
    -------
    refits
        Searches that Newton's method does not end within 30 steps have not converged.

    Notes
    -----
    The steps of `ecity_geo.stats.sem_search.search`, without what it does where they do not
    suffice: the spread of resamples hides more than these searches leave undone.
    """
    every = StackedLikelihood(model, samples)
    theta = np.tile(start, (len(samples), 1))
    value = _values(every, theta)
    converged = np.zeros(len(samples), dtype=bool)
    who = np.flatnonzero(np.isfinite(value))
    for _ in range(_LIMIT):
        if not len(who):
            break
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step, gain = _steps(every.part(who), theta[who])
        done = gain < _ENOUGH
        converged[who[done]] = True
        who, step, gain = who[~done], step[~done], gain[~done]
        theta[who], value[who] = _moved(every.part(who), theta[who], value[who], step, gain)
        who = who[np.isfinite(value[who])]
    return Refits(theta=theta, value=value, converged=converged)


def _blocks(count: int) -> Iterator[slice]:
    return (slice(at, at + _BLOCK) for at in range(0, count, _BLOCK))


def _values(likelihood: StackedLikelihood, theta: Floats) -> Floats:
    parts = [likelihood.part(some).values(theta[some]) for some in _blocks(len(theta))]
    return np.concatenate(parts) if parts else np.empty(0)


def _moved(
    likelihood: StackedLikelihood, theta: Floats, value: Floats, step: Floats, gain: Floats
) -> tuple[Floats, Floats]:
    """Return where the steps lead, each halved until it descends; infinite where none does."""
    theta, found = theta.copy(), np.full(len(theta), np.inf)
    # Rounding hides a descent below the noise; Newton steps need no proof there.
    floor = np.where(gain < _NOISE, np.inf, value)
    share, left = 1.0, np.arange(len(theta))
    for _ in range(_HALVINGS):
        tried = theta[left] + share * step[left]
        reached = _values(likelihood.part(left), tried)
        good = reached <= floor[left] - 1e-4 * share * gain[left]
        theta[left[good]], found[left[good]] = tried[good], reached[good]
        left = left[~good]
        if not len(left):
            break
        share /= 2
    return theta, found


def _steps(likelihood: StackedLikelihood, theta: Floats) -> tuple[Floats, Floats]:
    """Return the steps, and what each promises to gain.

    Newton's where the Hessian is positive definite, else those of scoring, damped if need be.
    """
    step, gain = np.empty_like(theta), np.empty(len(theta))
    for some in _blocks(len(theta)):
        slopes = likelihood.part(some).slopes(theta[some])
        gradient = slopes.gradient()
        step[some] = -_step(slopes, gradient)
        gain[some] = -(gradient * step[some]).sum(axis=1)
    return step, gain


def _step(slopes: StackedSlopes, gradient: Floats) -> Floats:
    step = _solved(slopes.hessian(), gradient, 0.0)
    for damping in (0.0, *10.0 ** np.arange(-8, 1)):
        left = np.flatnonzero(np.isnan(step).any(axis=1))
        if not len(left):
            break
        step[left] = _solved(slopes.information(left), gradient[left], damping)
    return step


def _solved(matrices: Floats, right: Floats, damping: float) -> Floats:
    """Solve with scaled and damped matrices; NaN where they are not positive definite."""
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    # As `sem_search` has it.
    scale = np.sqrt(np.where(diagonal > 1e-200, diagonal, 1.0))
    one = np.eye(matrices.shape[1])
    scaled = matrices / (scale[:, :, None] * scale[:, None, :]) + damping * one
    good: Flags = np.min(root_diagonals(scaled), axis=1) >= _PIVOT
    held = np.where(good[:, None, None], scaled, one)
    solved = np.linalg.solve(held, (right / scale)[:, :, None])[:, :, 0] / scale
    return np.where(good[:, None], solved, np.nan)
