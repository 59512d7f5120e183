"""Estimation of one model for one sample, and of its baseline for the same sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ecity_geo.stats.sem_baseline import baseline_table, saturated_table
from ecity_geo.stats.sem_fiml import pattern_likelihood, unrestricted_moments
from ecity_geo.stats.sem_marker import in_first_units, strongest_markers
from ecity_geo.stats.sem_matrices import CompiledModel, compile_model
from ecity_geo.stats.sem_ml import NormalLikelihood, moment_likelihood
from ecity_geo.stats.sem_moments import Moments, Sample, moments_of
from ecity_geo.stats.sem_search import Evaluation, Solution, search
from ecity_geo.stats.sem_start import starting_values
from ecity_geo.stats.sem_table import ParameterTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """A model with its estimates.

    Parameters
    ----------
    model
        Compiled, with the moments of exogenous variables.
    sample
        Answers.
    missing
        ``"complete"`` or ``"fiml"``.
    moments
        Unrestricted moments, per group.
    objective
        What was minimised.
    solution
        Where the search ended.
    final
        The objective there, with its derivatives.
    """

    model: CompiledModel
    sample: Sample
    missing: str
    moments: tuple[Moments, ...]
    objective: NormalLikelihood
    solution: Solution
    final: Evaluation

    @property
    def theta(self) -> np.ndarray:
        """Return the estimates."""
        return self.solution.theta

    @property
    def chi_square(self) -> float:
        """Return the likelihood-ratio statistic, never below 0."""
        return max(2 * self.solution.value, 0.0)

    @property
    def df(self) -> int:
        """Return the degrees of freedom."""
        return self.model.moment_count() - self.model.count

    @property
    def weight(self) -> float:
        """Return the number of respondents, as the convention counts them."""
        return sum(one.weight for one in self.moments)


def estimate(table: ParameterTable, sample: Sample, *, missing: str, convention: str) -> Estimated:
    """Estimate a model by maximum likelihood.

    Parameters
    ----------
    table
        Of the model.
    sample
        Answers of its observed variables.
    missing
        ``"complete"`` or ``"fiml"``.
    convention
        ``"lavaan"`` or ``"amos"``.

    Returns
    -------
    estimated
        Converged or not: its `solution` tells.
    """
    if missing == "fiml":
        moments = tuple(unrestricted_moments(part, table.observed) for part in sample.values)
    else:
        moments = tuple(moments_of(part, convention=convention) for part in sample.values)
    return _estimate(table, sample, moments, missing)


def estimate_baseline(estimated: Estimated) -> Estimated:
    """Estimate the model in which nothing is related, for the same sample.

    Parameters
    ----------
    estimated
        Any model.

    Returns
    -------
    baseline
        Of its variables.
    """
    return _other(estimated, baseline_table(estimated.model.table))


def estimate_saturated(estimated: Estimated) -> Estimated:
    """Put the unrestricted moments of the same sample into the form of a model.

    Parameters
    ----------
    estimated
        Any model.

    Returns
    -------
    saturated
        Of its variables; its estimates are the moments.
    """
    return _other(estimated, saturated_table(estimated.model.table))


def _other(estimated: Estimated, table: ParameterTable) -> Estimated:
    return _estimate(table, estimated.sample, estimated.moments, estimated.missing)


def _estimate(
    table: ParameterTable, sample: Sample, moments: tuple[Moments, ...], missing: str
) -> Estimated:
    def likelihood(of: ParameterTable) -> NormalLikelihood:
        model = compile_model(of, moments)
        if missing == "fiml":
            return pattern_likelihood(model, sample.values, moments)
        return moment_likelihood(model, moments)

    objective = likelihood(table)
    solution = search(objective, _starts(objective, moments, likelihood))
    return Estimated(
        model=objective.model,
        sample=sample,
        missing=missing,
        moments=moments,
        objective=objective,
        solution=solution,
        final=objective.evaluate(solution.theta),
    )


def _starts(
    objective: NormalLikelihood,
    moments: Sequence[Moments],
    likelihood: Callable[[ParameterTable], NormalLikelihood],
) -> Iterator[np.ndarray]:
    """Guess from the moments; where that fails, solve with the strongest items as units."""
    table = objective.model.table
    for start in starting_values(table, moments):
        yield _feasible(objective, table, start)
    other = strongest_markers(table, moments)
    if other is not None:
        told = likelihood(other)
        starts = (_feasible(told, other, start) for start in starting_values(other, moments))
        yield in_first_units(table, other, search(told, starts).theta)


def _feasible(objective: NormalLikelihood, table: ParameterTable, start: np.ndarray) -> np.ndarray:
    """Return a start whose covariance is positive definite: with larger variances, if need be."""
    variances = [
        int(at)
        for row, at in zip(table.rows, table.index, strict=True)
        if at >= 0 and row.op == "~~" and row.lhs == row.rhs
    ]
    for factor in (1.0, 2.0, 5.0, 25.0, 125.0):
        raised = start.copy()
        raised[variances] *= factor
        if np.isfinite(objective.value(raised)):
            return raised
    return start
