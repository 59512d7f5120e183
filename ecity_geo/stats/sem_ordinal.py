"""Models of ordered items: least squares on polychoric correlations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.sem_marker import in_first_units, strongest_markers
from ecity_geo.stats.sem_matrices import CompiledModel, compile_model
from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_ordinal_sample import OrderedSample, as_moments, correlation_gamma
from ecity_geo.stats.sem_parameters import invert_information
from ecity_geo.stats.sem_search import Evaluation, search
from ecity_geo.stats.sem_start import starting_values
from ecity_geo.stats.sem_table import ParameterTable

ESTIMATORS = ("WLSMV", "ULSMV", "DWLS")


@dataclass(frozen=True, slots=True)
class CorrelationDiscrepancy:
    """Weighted squares between polychoric and implied correlations, in units of half a chi-square.

    Parameters
    ----------
    model
        Compiled, with the residual variances of items free.
    samples
        One per group.
    weights
        Of the correlations of each group.
    residuals
        Numbers of the residual variances of each group. They are no parameters: what is behind an
        item has variance 1 (lavaan's delta parameterisation), so they follow from the others.
    free
        Numbers of the true parameters.
    """

    model: CompiledModel
    samples: Sequence[OrderedSample]
    weights: Sequence[np.ndarray]
    residuals: Sequence[np.ndarray]
    free: np.ndarray

    def complete(self, reduced: np.ndarray) -> np.ndarray:
        """Return all parameters, with the residual variances that make total variances 1."""
        theta = np.zeros(self.model.count)
        theta[self.free] = reduced
        for group, residuals in enumerate(self.residuals):
            slopes = self.model.slopes(theta, group)
            by_residual = np.diagonal(slopes.covariance[residuals], axis1=1, axis2=2)
            # Variances are linear in residual variances, whatever the paths are.
            theta[residuals] = np.linalg.solve(by_residual.T, 1 - np.diag(slopes.sigma))
        return theta

    def value(self, theta: np.ndarray) -> float:
        """Return the objective, infinite where paths go round in a circle without end."""
        try:
            implied = self.model.implied(self.complete(theta))
        except np.linalg.LinAlgError:
            return np.inf
        parts = self.parts([sigma for sigma, _ in implied])
        total = float(sum(parts)) / 2
        return total if np.isfinite(total) else np.inf

    def parts(self, sigmas: Sequence[np.ndarray]) -> list[float]:
        """Return each group's share of the chi-square."""
        return [
            (one.n - 1) * float(weight @ (one.above - _above(sigma)) ** 2)
            for one, weight, sigma in zip(self.samples, self.weights, sigmas, strict=True)
        ]

    def evaluate(self, theta: np.ndarray) -> Evaluation:
        """Return the objective with its gradient and Gauss-Newton information."""
        value, gradient = 0.0, np.zeros(len(theta))
        information = np.zeros((len(theta), len(theta)))
        whole = self.complete(theta)
        for group, (one, weight) in enumerate(zip(self.samples, self.weights, strict=True)):
            sigma, slopes = self.slopes(whole, group)
            short = one.above - sigma
            value += (one.n - 1) * float(weight @ short**2) / 2
            gradient -= (one.n - 1) * slopes.T @ (weight * short)
            information += (one.n - 1) * slopes.T @ (weight[:, None] * slopes)
        # Correlations are fitted closely: the Hessian without its curvature is near enough.
        return Evaluation(value, gradient, information, information)

    def slopes(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Return implied correlations and their derivatives (pairs x parameters) of a group."""
        slopes, residuals = self.model.slopes(theta, group), self.residuals[group]
        above = np.triu_indices(self.model.observed, k=1)
        variances = np.diagonal(slopes.covariance, axis1=1, axis2=2)
        pairs = slopes.covariance[:, above[0], above[1]]
        # A parameter that raises a variance takes as much from the residual variance.
        answer = -np.linalg.solve(variances[residuals].T, variances[self.free].T)
        return slopes.sigma[above], pairs[self.free].T + pairs[residuals].T @ answer

    def information(self, theta: np.ndarray) -> np.ndarray:
        """Return the expected information of one respondent."""
        total = sum(one.n for one in self.samples)
        parts = (
            one.n / total * slopes.T @ (weight[:, None] * slopes)
            for one, weight, slopes in zip(
                self.samples, self.weights, self.all_slopes(theta), strict=True
            )
        )
        return np.asarray(sum(parts))

    def all_slopes(self, theta: np.ndarray) -> list[np.ndarray]:
        """Return the derivatives of implied correlations, group by group."""
        return [self.slopes(theta, group)[1] for group in range(len(self.samples))]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedSolution:
    """Estimates of a model of ordered items.

    Parameters
    ----------
    discrepancy
        What was made small.
    theta
        All parameters of the compiled model, residual variances among them.
    covariance
        Of `theta`; 0 for residual variances, NaN where the information is singular.
    information
        Expected, of the whole sample; 1 stands for residual variances.
    chi_square
        Weighted squares times n - 1, summed over groups.
    iterations, converged
        Of the search.
    """

    discrepancy: CorrelationDiscrepancy
    theta: np.ndarray
    covariance: np.ndarray
    information: np.ndarray
    chi_square: float
    iterations: int
    converged: bool

    @property
    def df(self) -> int:
        """Return correlations less parameters; thresholds cost what they bring."""
        pairs = sum(len(weight) for weight in self.discrepancy.weights)
        return pairs - len(self.discrepancy.free)


def check_ordered(table: ParameterTable, equal: Collection[str] = ()) -> None:
    """Refuse models that ordinal estimators cannot estimate.

    Parameters
    ----------
    table
        Of the model.
    equal
        What is to be held equal over groups.

    Raises
    ------
    AnalysisError
        If the model has exogenous observed variables or means, fixes or equates the residual
        variance of an item, or `equal` names intercepts or means.
    """
    levels = sorted({"intercepts", "means"} & set(equal))
    if levels:
        raise AnalysisError(
            f"{' and '.join(levels)} cannot be held equal with an ordinal estimator: thresholds "
            "are free in each group. Leave them out, or use ML or MLR."
        )
    _residual_variances(table)


def fit_ordered(
    model: CompiledModel, samples: Sequence[OrderedSample], *, estimator: str
) -> OrderedSolution:
    """Estimate a model whose observed variables are all ordered.

    Parameters
    ----------
    model
        Compiled without means, the residual variances of items free.
    samples
        One per group.
    estimator
        ``"WLSMV"`` and ``"DWLS"`` weigh squares by one over the variance of each correlation,
        ``"ULSMV"`` does not weigh. ``"DWLS"`` trusts its weights for standard errors; the two
        others have robust ones.

    Returns
    -------
    solution
        Thresholds are those of the samples: nothing in the model moves them.

    Raises
    ------
    AnalysisError
        As in `check_ordered`.

    Notes
    -----
    Diagonally weighted least squares (Muthén, du Toit & Spisic 1997); robust errors are
    ``E⁻¹ Δ' W Γ W Δ E⁻¹ / (n - groups)`` with ``E = Δ' W Δ``.
    """
    table = model.table
    residuals = _residual_variances(table)
    free = np.setdiff1d(np.arange(model.count), np.concatenate(residuals))
    weights = [one.weights(estimator)[-len(one.above) :] for one in samples]
    discrepancy = CorrelationDiscrepancy(model, samples, weights, residuals, free)
    moments = [as_moments(one) for one in samples]
    found = search(discrepancy, _starts(discrepancy, moments))
    theta = discrepancy.complete(found.theta)
    information = np.eye(model.count)
    information[np.ix_(free, free)] = discrepancy.information(theta) * sum(s.n for s in samples)
    return OrderedSolution(
        discrepancy=discrepancy,
        theta=theta,
        covariance=_covariance(discrepancy, theta, robust=estimator != "DWLS"),
        information=information,
        chi_square=2 * found.value,
        iterations=found.iterations,
        converged=found.converged,
    )


def _starts(
    discrepancy: CorrelationDiscrepancy, moments: Sequence[Moments]
) -> Iterator[np.ndarray]:
    """Guess from the correlations; where that fails, solve with the strongest items as units."""
    table = discrepancy.model.table
    for start in starting_values(table, moments):
        yield start[discrepancy.free]
    other = strongest_markers(table, moments)
    if other is not None:
        told = replace(discrepancy, model=compile_model(other))
        found = search(told, (start[told.free] for start in starting_values(other, moments)))
        start = in_first_units(table, other, told.complete(found.theta))
        yield start[discrepancy.free]


def _covariance(
    discrepancy: CorrelationDiscrepancy, theta: np.ndarray, *, robust: bool
) -> np.ndarray:
    bread = invert_information(discrepancy.information(theta))
    total = sum(one.n for one in discrepancy.samples)
    if robust:
        weighed = [
            weight[:, None] * slopes
            for weight, slopes in zip(
                discrepancy.weights, discrepancy.all_slopes(theta), strict=True
            )
        ]
        parts = zip(discrepancy.samples, weighed, strict=True)
        filling = sum(one.n / total * own.T @ correlation_gamma(one) @ own for one, own in parts)
        bread = bread @ filling @ bread
    whole = np.zeros((len(theta), len(theta)))
    whole[np.ix_(discrepancy.free, discrepancy.free)] = bread
    return np.asarray(whole / (total - len(discrepancy.samples)))


def joined(solution: OrderedSolution) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put all groups one below the other, each weighed by its share of respondents.

    Parameters
    ----------
    solution
        Of `fit_ordered`, of an identified model.

    Returns
    -------
    weight
        W, the weight of each correlation.
    left
        ``1 - Δ E⁻¹ Δ' W``, which turns deviations of correlations into residuals.
    gamma
        Γ of the correlations.
    """
    made = solution.discrepancy
    shares = np.array([one.n for one in made.samples]) / sum(one.n for one in made.samples)
    weight = np.concatenate([s * w for s, w in zip(shares, made.weights, strict=True)])
    slopes = np.vstack(made.all_slopes(solution.theta))
    weighed = weight[:, None] * slopes
    left = np.eye(len(slopes)) - slopes @ np.linalg.inv(slopes.T @ weighed) @ weighed.T
    gamma = block_diag(
        *(correlation_gamma(one) / s for one, s in zip(made.samples, shares, strict=True))
    )
    return weight, left, gamma


def _above(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(matrix[np.triu_indices(len(matrix), k=1)])


def _residual_variances(table: ParameterTable) -> list[np.ndarray]:
    """Return the numbers of the items' residual variances, group by group."""
    if table.exogenous:
        raise AnalysisError(
            f"Ordinal estimators take no observed predictors, as {', '.join(table.exogenous)} "
            "here. Measure them by a latent variable, or use ML or MLR."
        )
    if table.means:
        raise AnalysisError(
            "Ordinal estimators have thresholds in place of intercepts. Leave the intercepts "
            "and means out of the model."
        )
    found: list[list[int]] = [[] for _ in range(table.groups)]
    for row, index in zip(table.rows, table.index, strict=True):
        if row.op == "~~" and row.lhs == row.rhs and row.lhs in table.observed:
            if index < 0 or (table.index == index).sum() > 1:
                raise AnalysisError(
                    f"The residual variance of {row.lhs!r} cannot be fixed or held equal with an "
                    "ordinal estimator: it is what the model leaves of a variance of 1. Take a "
                    "single indicator itself in place of its latent variable."
                )
            found[row.group].append(int(index))
    return [np.array(numbers, dtype=int) for numbers in found]
