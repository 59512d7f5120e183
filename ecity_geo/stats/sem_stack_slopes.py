"""Value, gradient, Hessian and expected information of one model for many samples at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecity_geo.stats.sem_matrices import CompiledModel
from ecity_geo.stats.sem_stack import (
    Implied,
    Samples,
    StackCells,
    implied_stack,
    inverses,
    root_diagonals,
    stack_cells,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    """What derivatives are picked from, a layer per sample.

    `inverse` is ``Z' W Z``, `excess` is ``Z' E Z``, and `distance` is ``Z' W d`` with the
    distance d of the mean from the implied one.
    """

    implied: Implied
    inverse: Floats
    excess: Floats
    distance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StackedLikelihood:
    """Half the likelihood-ratio chi-square of a model of one group, for many samples.

    Parameters
    ----------
    model
        Compiled.
    samples
        Their moments.

    Notes
    -----
    `ecity_geo.stats.sem_ml.NormalLikelihood` of one pattern, layer by layer.
    """

    model: CompiledModel
    samples: Samples

    def part(self, who: Integers | slice) -> StackedLikelihood:
        """Return that of some samples."""
        return StackedLikelihood(self.model, self.samples.part(who))

    def values(self, theta: Floats) -> Floats:
        """Return the objective of each sample; infinite where it is not defined.

        Parameters
        ----------
        theta
            Samples x parameters.

        Returns
        -------
        values
            One per sample.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            implied = implied_stack(self.model, theta, self.samples)
            p = self.model.observed
            sigma = implied.total[:, :p, :p]
            roots = root_diagonals(sigma)
            good: NDArray[np.bool_] = np.isfinite(roots.sum(axis=1))
            inverse = inverses(np.where(good[:, None, None], sigma, np.eye(p)))
            apart = self._apart(implied)
            trace = (inverse * self._second(apart)).sum(axis=(1, 2))
            deviance = 2 * np.log(roots).sum(axis=1) + trace
            value = self.samples.weight / 2 * (deviance - self.samples.log_determinant - p)
        # What Cholesky takes for positive definite may still be singular to the last bit.
        return np.where(np.isfinite(value), value, np.inf)

    def slopes(self, theta: Floats) -> StackedSlopes:
        """Prepare the derivatives at a point where the objective is defined.

        Parameters
        ----------
        theta
            Samples x parameters.

        Returns
        -------
        slopes
            Of all samples.
        """
        p = self.model.observed
        implied = implied_stack(self.model, theta, self.samples)
        inverse = inverses(implied.total[:, :p, :p])
        apart = self._apart(implied)
        excess = inverse - inverse @ self._second(apart) @ inverse
        z = np.concatenate([implied.effect[:, :p], implied.total[:, :p]], axis=2)
        turned = z.swapaxes(1, 2)
        distance = turned @ (inverse @ apart[:, :, None])
        products = _Products(implied, turned @ inverse @ z, turned @ excess @ z, distance[:, :, 0])
        return StackedSlopes(self.model, stack_cells(self.model), self.samples.weight, products)

    def _apart(self, implied: Implied) -> Floats:
        p = self.model.observed
        if not self.model.table.means:
            return np.zeros((len(self.samples), p))
        return np.asarray(self.samples.mean - implied.place[:, :p])

    def _second(self, apart: Floats) -> Floats:
        return np.asarray(self.samples.covariance + apart[:, :, None] * apart[:, None, :])


@dataclass(frozen=True, slots=True, eq=False)
class StackedSlopes:
    """Derivatives of a `StackedLikelihood` at a point."""

    model: CompiledModel
    cells: StackCells
    weight: float
    products: _Products

    def gradient(self) -> Floats:
        """Return the gradients, samples x parameters."""
        cells, products = self.cells, self.products
        by_cell = cells.factor * products.excess[:, cells.left, cells.right]
        if self.model.table.means:
            by_cell -= self._shift() * products.distance[:, cells.left]
        return self._gathered(self.weight * by_cell)

    def information(self, who: Integers) -> Floats:
        """Return the expected information of some samples, those x parameters x parameters."""
        inverse, cells = self.products.inverse[who], self.cells
        aa, bb, ab = self._picked(inverse)
        scale = cells.factor[:, None] * cells.factor
        result = scale * (aa * bb + ab * ab.swapaxes(1, 2))
        if self.model.table.means:
            shift = self._shift()[who]
            result += shift[:, :, None] * shift[:, None, :] * aa
        return self._gathered_twice(self.weight * result)

    def hessian(self) -> Floats:
        """Return the Hessians, samples x parameters x parameters."""
        cells, products = self.cells, self.products
        aa, bb, ab = self._picked(products.inverse)
        own = self._picked(products.excess)
        crossed = (ab - 2 * own[2]).swapaxes(1, 2) * ab
        result = crossed + crossed.swapaxes(1, 2)
        result += (bb - 2 * own[1]) * aa + (aa - 2 * own[0]) * bb
        result *= cells.factor[:, None] * cells.factor / 2
        if self.model.table.means:
            result += self._of_means(aa, ab)
        self._bend(result, own[0], own[2])
        return self._gathered_twice(self.weight * result)

    def _of_means(self, aa: Floats, ab: Floats) -> Floats:
        """Return what the distance of means adds where second derivatives are left out."""
        shift, cells, distance = self._shift(), self.cells, self.products.distance
        level = shift[:, :, None] * shift[:, None, :] * aa
        mixed = aa * distance[:, cells.right, None]
        mixed += ab.swapaxes(1, 2) * distance[:, cells.left, None]
        mixed *= cells.factor[:, None] * shift[:, None, :]
        return np.asarray(level + mixed + mixed.swapaxes(1, 2))

    def _bend(self, result: Floats, aa: Floats, ab: Floats) -> None:
        """Add the second derivatives of the moments, in place: `sem_curvature` says how.

        `aa` and `ab` are picked from the excess.
        """
        cells, implied = self.cells, self.products.implied
        k, end = cells.paths, cells.paths + cells.spreads
        to, origin = cells.row[:k], cells.column[:k]
        back = ab[:, :k, :k]
        push = self.products.distance[:, to]
        if self.model.table.means:
            back = back - push[:, :, None] * implied.place[:, None, origin]
        chained = implied.effect[:, origin[:, None], to] * back
        result[:, :k, :k] += chained + chained.swapaxes(1, 2)
        result[:, :k, :k] += aa[:, :k, :k] * implied.total[:, origin[:, None], origin]
        one, other = cells.row[k:end], cells.column[k:end]
        spread = implied.effect[:, origin[:, None], one] * ab[:, :k, k:end]
        spread += implied.effect[:, origin[:, None], other] * aa[:, :k, k:end]
        spread *= cells.factor[k:end]
        levels = -implied.effect[:, origin[:, None], cells.row[end:]] * push[:, :, None]
        for block, at in ((spread, slice(k, end)), (levels, slice(end, None))):
            result[:, :k, at] += block
            result[:, at, :k] += block.swapaxes(1, 2)

    def _shift(self) -> Floats:
        """Return how much a cell moves the mean along its column of Z, samples x cells."""
        cells, place = self.cells, self.products.implied.place
        shift = np.zeros((len(place), len(cells.index)))
        shift[:, : cells.paths] = place[:, cells.column[: cells.paths]]
        shift[:, cells.paths + cells.spreads :] = 1.0
        return shift

    def _picked(self, products: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the products of left with left, right with right and left with right ends."""
        left, right = self.cells.left, self.cells.right
        size = products.shape[1]
        flat = products.reshape(len(products), -1)
        aa, bb, ab = (
            flat.take(one[:, None] * size + other, axis=1)
            for one, other in ((left, left), (right, right), (left, right))
        )
        return aa, bb, ab

    def _gathered(self, by_cell: Floats) -> Floats:
        """Add up cells that share a parameter."""
        return by_cell @ self._members()

    def _gathered_twice(self, by_cells: Floats) -> Floats:
        members = self._members()
        if members.shape[0] == members.shape[1]:
            order = self.cells.index.argsort()
            return by_cells[:, order[:, None], order]
        return np.asarray(members.T @ by_cells @ members)

    def _members(self) -> Floats:
        """Return which cell has which parameter, cells x parameters."""
        members = np.zeros((len(self.cells.index), self.model.count))
        members[np.arange(len(members)), self.cells.index] = 1.0
        return members
