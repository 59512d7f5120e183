"""Models of ordered items in several groups, whose thresholds may be held equal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special
from scipy.linalg import block_diag, null_space

from ecity_geo.stats.sem_fit import Test, comparative_indices, rmsea_indices
from ecity_geo.stats.sem_matrices import CompiledModel, compile_model
from ecity_geo.stats.sem_ordinal_fit import shifted
from ecity_geo.stats.sem_ordinal_sample import OrderedSample
from ecity_geo.stats.sem_parameters import problems_of
from ecity_geo.stats.sem_search import Evaluation, search
from ecity_geo.stats.sem_syntax import Syntax
from ecity_geo.stats.sem_table import Parameter, ParameterTable, build_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThresholdDiscrepancy:
    """Weighted squares between sample and implied thresholds and correlations.

    Parameters
    ----------
    model
        Compiled with means, in the units in which the residuals of the first group have variance
        1 (theta parameterisation).
    samples
        One per group.
    item
        Place of the item of each threshold.
    number
        Number of each threshold among all parameters, per group; those of the model come first.
    count
        Of parameters.
    """

    model: CompiledModel
    samples: Sequence[OrderedSample]
    item: np.ndarray
    number: Sequence[np.ndarray]
    count: int

    def value(self, theta: np.ndarray) -> float:
        """Return half the chi-square, infinite where a variance is not positive."""
        total = 0.0
        for group, one in enumerate(self.samples):
            sigma, mu = self.model.total(theta, group)
            p = self.model.observed
            spread = np.diag(sigma)[:p]
            if not (np.isfinite(spread).all() and (spread > 0).all()):
                return np.inf
            told = _standardised(sigma[:p, :p], mu[:p], theta[self.number[group]], self.item)
            total += (one.n - 1) * float(one.weights("WLSMV") @ (_said(one) - told) ** 2) / 2
        return total

    def evaluate(self, theta: np.ndarray) -> Evaluation:
        """Return the objective with its gradient and Gauss-Newton information."""
        value, gradient = 0.0, np.zeros(self.count)
        information = np.zeros((self.count, self.count))
        for group, one in enumerate(self.samples):
            told, slopes = self.slopes(theta, group)
            short, weight = _said(one) - told, one.weights("WLSMV")
            value += (one.n - 1) * float(weight @ short**2) / 2
            gradient -= (one.n - 1) * slopes.T @ (weight * short)
            information += (one.n - 1) * slopes.T @ (weight[:, None] * slopes)
        return Evaluation(value, gradient, information, information)

    def slopes(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what is implied of a group, thresholds first, and its derivatives."""
        at, number = self.model.slopes(theta, group), self.number[group]
        above = np.triu_indices(self.model.observed, k=1)
        spread = np.sqrt(np.diag(at.sigma))
        told = _standardised(at.sigma, at.mu, theta[number], self.item)
        thresholds, correlations = np.split(told, [len(number)])
        # Relative change of each standard deviation by each parameter of the model.
        change = np.diagonal(at.covariance, axis1=1, axis2=2) / (2 * spread**2)
        slopes = np.zeros((len(told), self.count))
        levels = -at.mean[:, self.item] / spread[self.item] - thresholds * change[:, self.item]
        slopes[: len(number), : self.model.count] = levels.T
        slopes[np.arange(len(number)), number] += 1 / spread[self.item]
        pairs = at.covariance[:, above[0], above[1]] / (spread[above[0]] * spread[above[1]])
        pairs -= correlations * (change[:, above[0]] + change[:, above[1]])
        slopes[len(number) :, : self.model.count] = pairs.T
        return told, slopes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupsSolution:
    """Estimates of a model of ordered items in several groups.

    Parameters
    ----------
    discrepancy
        What was made small.
    theta
        Its parameters.
    chi_square, df
        Unadjusted.
    problems
        What forbids to publish it.
    """

    discrepancy: ThresholdDiscrepancy
    theta: np.ndarray
    chi_square: float
    df: int
    problems: tuple[str, ...]


def fit_ordered_groups(
    syntax: Syntax, samples: Sequence[OrderedSample], *, equal: Collection[str] = ()
) -> GroupsSolution:
    """Fit a measurement model to ordered items of several groups (WLSMV).

    Parameters
    ----------
    syntax
        Of loadings and covariances alone; items have three answers or more.
    samples
        One per group, with the same answers.
    equal
        What is held equal: ``"thresholds"``, ``"loadings"``, ``"intercepts"``, ``"residuals"``.

    Returns
    -------
    solution
        Converged or not: its `problems` tell.

    Notes
    -----
    Identified as by Wu & Estabrook (2016), doi:10.1007/s11336-016-9506-0: residual variances are
    1 and intercepts 0 in the first group; with equal thresholds both are free in the others,
    with equal intercepts they are 0 everywhere and latent means free in the others, and equal
    residuals are 1 everywhere. Latent variances are 1, in the others only until loadings are
    equal.
    """
    table = _table(syntax, len(samples), frozenset(equal))
    model = compile_model(table)
    number, count = _numbers(model, samples, shared="thresholds" in equal)
    item = np.array([table.observed.index(name) for name in samples[0].thresholds["item"]])
    made = ThresholdDiscrepancy(model=model, samples=samples, item=item, number=number, count=count)
    found = search(made, [_start(made)])
    information = made.evaluate(found.theta).information
    problems = problems_of(
        model, found.theta, _of_model(information, model.count), converged=found.converged
    )
    return GroupsSolution(
        discrepancy=made,
        theta=found.theta,
        chi_square=2 * found.value,
        df=sum(len(one.gamma) for one in samples) - count,
        problems=problems,
    )


def groups_indices(solution: GroupsSolution) -> dict[str, float]:
    """Compute the adjusted fit indices of a solution.

    Parameters
    ----------
    solution
        Without problems.

    Returns
    -------
    indices
        `chi_square`, `p`, `cfi` and `rmsea` from chi-squares scaled and shifted, `df`, and
        `srmr` of the correlations.
    """
    made, df = solution.discrepancy, solution.df
    weight, gamma = _joined(made.samples)
    left = _left(solution)
    product = weight[:, None] * (left @ gamma)
    own = shifted(solution.chi_square, df, float(np.trace(product)), _square(product))
    baseline = _baseline(made.samples)
    test = Test(chi_square=own.chi_square, df=df, **baseline)
    n = sum(one.n - 1 for one in made.samples)
    rmsea = rmsea_indices(own.chi_square, df, n, groups=len(made.samples))["rmsea"]
    return {
        "chi_square": own.chi_square,
        "df": float(df),
        "p": float(special.chdtrc(df, own.chi_square)) if df > 0 else np.nan,
        "cfi": comparative_indices(test)["cfi"],
        "rmsea": rmsea,
        "srmr": _srmr(solution),
    }


def scaled_difference(freer: GroupsSolution, stricter: GroupsSolution) -> tuple[float, int]:
    """Return the adjusted difference of two nested models, and its degrees of freedom.

    Parameters
    ----------
    freer, stricter
        Without problems, of the same samples.

    Returns
    -------
    chi_square, df
        Scaled and shifted, from the derivatives of both models (Satorra 2000,
        doi:10.1007/978-1-4615-4603-0_17), as lavaan's ``lavTestLRT`` does.
    """
    weight, gamma = _joined(freer.discrepancy.samples)
    own, other = _slopes(freer), _slopes(stricter)
    df = stricter.df - freer.df
    inverse = np.linalg.inv(own.T @ (weight[:, None] * own))
    # Directions of the freer model that the stricter one has not.
    held = null_space(np.linalg.lstsq(own, other, rcond=None)[0].T).T
    between = inverse @ held.T @ np.linalg.inv(held @ inverse @ held.T) @ held @ inverse
    weighed = weight[:, None] * own
    product = weighed @ between @ weighed.T @ gamma
    difference = stricter.chi_square - freer.chi_square
    adjusted = shifted(difference, df, float(np.trace(product)), _square(product))
    return adjusted.chi_square, df


def _table(syntax: Syntax, groups: int, equal: frozenset[str]) -> ParameterTable:
    words = tuple(equal & {"loadings"})
    plain = build_table(syntax)
    table = build_table(
        syntax, groups=groups, equal=words, means=True, std_lv=True, ordered=plain.observed
    )
    freed = [_freed(row, equal, table) for row in table.rows]
    index, numbers = np.full(len(freed), -1), len(set(table.index[table.index >= 0].tolist()))
    for at, (row, old) in enumerate(zip(freed, table.index, strict=True)):
        if row.free:
            index[at] = old if old >= 0 else numbers
            numbers += old < 0
    return replace(table, rows=tuple(freed), index=index)


def _freed(row: Parameter, equal: frozenset[str], table: ParameterTable) -> Parameter:
    """Free what the thresholds and levels held equal identify in later groups."""
    if row.group == 0 or "thresholds" not in equal:
        return row
    item = row.lhs in table.observed
    level = item if "intercepts" not in equal else not item
    spread = row.op == "~~" and row.lhs == row.rhs and item and "residuals" not in equal
    if (row.op == "~1" and level) or spread:
        return replace(row, free=True, value=np.nan)
    return row


def _numbers(
    model: CompiledModel, samples: Sequence[OrderedSample], *, shared: bool
) -> tuple[list[np.ndarray], int]:
    each = len(samples[0].thresholds)
    first = model.count + np.arange(each)
    numbers = [first + (0 if shared else group * each) for group in range(len(samples))]
    return numbers, int(numbers[-1][-1]) + 1


def _start(made: ThresholdDiscrepancy) -> np.ndarray:
    """Begin with half of each item's variance explained, items turned as they correlate."""
    theta = np.zeros(made.count)
    table = made.model.table
    place = {name: at for at, name in enumerate(table.observed)}
    first: dict[str, int] = {}
    for row, at in zip(table.rows, table.index, strict=True):
        if row.op == "=~" and row.rhs in place:
            marker = first.setdefault(row.lhs, place[row.rhs])
            turned = made.samples[0].correlations[marker, place[row.rhs]] < 0
            if at >= 0:
                theta[at] = -1.0 if turned else 1.0
        elif row.op == "~~" and row.lhs == row.rhs and at >= 0:
            theta[at] = 1.0
    for one, number in zip(made.samples, made.number, strict=True):
        theta[number] = one.thresholds["value"] * np.sqrt(2)
    return theta


def _of_model(information: np.ndarray, count: int) -> np.ndarray:
    """Return what is known of the parameters of the model when those of the thresholds are not."""
    between, own = information[:count, count:], information[count:, count:]
    return np.asarray(information[:count, :count] - between @ np.linalg.solve(own, between.T))


def _said(one: OrderedSample) -> np.ndarray:
    return np.concatenate([one.thresholds["value"].to_numpy(), one.above])


def _standardised(
    sigma: np.ndarray, mu: np.ndarray, thresholds: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """Return thresholds and correlations as they are of variables of mean 0 and variance 1."""
    spread = np.sqrt(np.diag(sigma))
    correlations = sigma / np.outer(spread, spread)
    above = correlations[np.triu_indices(len(sigma), k=1)]
    return np.concatenate([(thresholds - mu[item]) / spread[item], above])


def _joined(samples: Sequence[OrderedSample]) -> tuple[np.ndarray, np.ndarray]:
    """Put weights and covariances of all groups together, by their shares of respondents."""
    total = sum(one.n for one in samples)
    weight = np.concatenate([one.n / total * one.weights("WLSMV") for one in samples])
    return weight, block_diag(*(one.gamma * total / one.n for one in samples))


def _slopes(solution: GroupsSolution) -> np.ndarray:
    made = solution.discrepancy
    return np.vstack([made.slopes(solution.theta, group)[1] for group in range(len(made.samples))])


def _left(solution: GroupsSolution) -> np.ndarray:
    """Return what turns deviations of thresholds and correlations into residuals."""
    weight, _ = _joined(solution.discrepancy.samples)
    slopes = _slopes(solution)
    weighed = weight[:, None] * slopes
    inverse = np.linalg.inv(slopes.T @ weighed)
    return np.asarray(np.eye(len(slopes)) - slopes @ inverse @ weighed.T)


def _square(product: np.ndarray) -> float:
    """Return the trace of a matrix times itself."""
    return float(np.sum(product * product.T))


def _baseline(samples: Sequence[OrderedSample]) -> dict[str, float]:
    """Return the adjusted test of the model without any correlation, thresholds free."""
    chi_square, df, trace, square = 0.0, 0, 0.0, 0.0
    for one in samples:
        pairs = len(one.above)
        weight = one.weights("WLSMV")[-pairs:]
        product = weight[:, None] * one.gamma[-pairs:, -pairs:]
        chi_square += (one.n - 1) * float(weight @ one.above**2)
        df += pairs
        trace += float(np.trace(product))
        square += _square(product)
    own = shifted(chi_square, df, trace, square)
    return {"baseline_chi_square": own.chi_square, "baseline_df": float(df)}


def _srmr(solution: GroupsSolution) -> float:
    made = solution.discrepancy
    found = []
    for group, one in enumerate(made.samples):
        told = made.slopes(solution.theta, group)[0][-len(one.above) :]
        p = made.model.observed
        found.append(np.sqrt(np.sum((one.above - told) ** 2) / (p * (p + 1) / 2)))
    return float(np.average(found, weights=[one.n for one in made.samples]))
