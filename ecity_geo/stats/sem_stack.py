"""The normal likelihood of one model for many samples at once, as a bootstrap needs it.

With the columns z of ``Z = [reach, total]`` each cell of a matrix of the model moves the implied
covariance by ``f (z_a z_b' + z_b z_a')``. All derivatives are then picked out of ``Z' W Z`` and
``Z' E Z``, where W is the inverse of the implied covariance, and E is ``W - W C W`` with the
sample's C: nothing of the size parameters x variables x variables is ever made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from ecity_geo.stats.sem_matrices import CompiledModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Moments of many samples of the same size.

    Parameters
    ----------
    weight
        What each discrepancy is multiplied by, as in `Moments`.
    covariance, mean
        Samples x p x p, and samples x p.
    log_determinant
        Of each covariance.
    """

    weight: float
    covariance: Floats
    mean: Floats
    log_determinant: Floats

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.mean)

    def part(self, who: Integers | slice) -> Samples:
        """Return some of them."""
        return Samples(
            weight=self.weight,
            covariance=self.covariance[who],
            mean=self.mean[who],
            log_determinant=self.log_determinant[who],
        )


def drawn_samples(values: Floats, counts: Iterable[Floats], weight: float) -> Samples:
    """Return the moments of resamples: the cross-products of all of them are one product.

    Parameters
    ----------
    values
        Respondents x variables.
    counts
        Blocks of how often each respondent was drawn, resamples x respondents.
    weight
        What covariances are divided by, as in `Moments`.

    Returns
    -------
    samples
        Without the resamples whose variables determine one another.
    """
    n, p = values.shape
    centre = values.mean(axis=0)
    x = values - centre
    at = np.tril_indices(p)
    products = x[:, at[0]] * x[:, at[1]]
    parts = [(drawn @ x / n, drawn @ products) for drawn in counts]
    means, sums = map(np.concatenate, zip(*parts, strict=True))
    covariance = np.empty((len(means), p, p))
    covariance[:, at[0], at[1]] = covariance[:, at[1], at[0]] = sums
    covariance = (covariance - n * means[:, :, None] * means[:, None, :]) / weight
    sign, log_determinant = np.linalg.slogdet(covariance)
    return Samples(
        weight=weight, covariance=covariance, mean=means + centre, log_determinant=log_determinant
    ).part(np.flatnonzero(sign > 0))


@dataclass(frozen=True, slots=True, eq=False)
class StackCells:
    """Free cells of the matrices: `paths` of them, then `spreads`, then levels.

    `left` and `right` are columns of Z, and `factor` is 0 for levels; `row` and `column` are
    places in the matrix, and `index` is the number of the parameter.
    """

    row: Integers
    column: Integers
    index: Integers
    left: Integers
    right: Integers
    factor: Floats
    paths: int
    spreads: int


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """Total effects, and covariance and mean of all variables, a layer per sample."""

    directed: Floats
    effect: Floats
    total: Floats
    place: Floats


def stack_cells(model: CompiledModel) -> StackCells:
    """Put the free cells of a model of one group in a row.

    Parameters
    ----------
    model
        Compiled.

    Returns
    -------
    cells
        Paths, spreads, levels.
    """
    made, m = model.groups[0], len(model.variables)
    parts = (made.directed_cells, made.symmetric_cells, made.intercept_cells)
    paths, spreads, levels = (len(part.index) for part in parts)
    row, column, index = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("row", "column", "index")
    )
    kind = np.repeat([0, 1, 2], [paths, spreads, levels])
    on_diagonal = (kind == 1) & (row == column)
    return StackCells(
        row=row,
        column=column,
        index=index,
        left=row,
        right=np.where(kind == 0, m + column, np.where(kind == 1, column, 0)),
        factor=np.where(kind == 2, 0.0, np.where(on_diagonal, 0.5, 1.0)),
        paths=paths,
        spreads=spreads,
    )


def implied_stack(model: CompiledModel, theta: Floats, samples: Samples) -> Implied:
    """Return what the model implies for each sample at its own parameters.

    Parameters
    ----------
    model
        Of one group.
    theta
        Samples x parameters.
    samples
        From which exogenous variables take their moments.

    Returns
    -------
    implied
        NaN where the paths cannot be followed to an end.
    """
    made = model.groups[0]
    directed, symmetric, intercept = (
        np.broadcast_to(fixed, (len(theta), *fixed.shape)).copy()
        for fixed in (made.directed, made.symmetric, made.intercept)
    )
    cells = made.directed_cells
    directed[:, cells.row, cells.column] = theta[:, cells.index]
    cells = made.symmetric_cells
    symmetric[:, cells.row, cells.column] = theta[:, cells.index]
    symmetric[:, cells.column, cells.row] = theta[:, cells.index]
    cells = made.intercept_cells
    intercept[:, cells.row] = theta[:, cells.index]
    at = np.array([model.variables.index(name) for name in model.table.exogenous], dtype=int)
    symmetric[:, at[:, None], at] = samples.covariance[:, at[:, None], at]
    if model.table.means:
        intercept[:, at] = samples.mean[:, at]
    effect = inverses(np.eye(len(model.variables)) - directed)
    total = effect @ symmetric @ effect.swapaxes(1, 2)
    return Implied(directed, effect, total, (effect @ intercept[:, :, None])[:, :, 0])


def root_diagonals(stack: Floats) -> Floats:
    """Return the diagonals of the Cholesky roots.

    Parameters
    ----------
    stack
        Symmetric matrices, layers x p x p.

    Returns
    -------
    diagonals
        Layers x p; with NaN where a matrix is not positive definite.
    """
    result = np.full(stack.shape[:2], np.nan)
    for at, one in enumerate(stack):
        root, fault = lapack.dpotrf(one, lower=1, clean=0)
        if not fault:
            result[at] = root.diagonal()
    return result


def inverses(stack: Floats) -> Floats:
    """Return the inverses of a stack of matrices, NaN where one is singular."""
    try:
        return np.asarray(np.linalg.inv(stack))
    except np.linalg.LinAlgError:
        regular = np.isfinite(np.linalg.slogdet(stack)[1])
        stack = np.where(regular[:, None, None], stack, np.eye(stack.shape[1]))
        return np.where(regular[:, None, None], np.linalg.inv(stack), np.nan)
