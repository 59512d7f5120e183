"""A model as matrices (reticular action model), and how moments move with its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_table import Parameter, ParameterTable


@dataclass(frozen=True, slots=True)
class Cells:
    """Where free parameters stand in one matrix: row, column and number of each.

    `unique` tells whether no two cells share a parameter.
    """

    row: np.ndarray
    column: np.ndarray
    index: np.ndarray
    unique: bool

    def add(self, slopes: np.ndarray, parts: np.ndarray) -> None:
        """Add the derivative by each cell to that by its parameter, in place."""
        if self.unique:
            slopes[self.index] += parts
        else:
            np.add.at(slopes, self.index, parts)


@dataclass(frozen=True, slots=True)
class GroupMatrices:
    """Matrices of one group with their fixed values, 0 where a parameter is free."""

    directed: np.ndarray
    symmetric: np.ndarray
    intercept: np.ndarray
    directed_cells: Cells
    symmetric_cells: Cells
    intercept_cells: Cells


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """A parameter table turned into matrices.

    Parameters
    ----------
    table
        What was compiled.
    variables
        Observed, then latent: rows and columns of the matrices.
    groups
        Matrices of each group.

    Notes
    -----
    ``sigma = F (I - A)^-1 S (I - A)^-T F'`` and ``mu = F (I - A)^-1 m`` with directed paths A,
    symmetric (co)variances S, intercepts m and the filter F of observed variables (McArdle &
    McDonald 1984, doi:10.1111/j.2044-8317.1984.tb00802.x).
    """

    table: ParameterTable
    variables: tuple[str, ...]
    groups: tuple[GroupMatrices, ...]

    @property
    def count(self) -> int:
        """Return the number of free parameters."""
        return self.table.count

    @property
    def observed(self) -> int:
        """Return the number of observed variables."""
        return len(self.table.observed)

    def moment_count(self) -> int:
        """Return how many sample moments the model explains, those of exogenous ones left out."""
        p, x = self.observed, len(self.table.exogenous)
        each = p * (p + 1) // 2 - x * (x + 1) // 2
        return self.table.groups * (each + (p - x if self.table.means else 0))

    def filled(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return directed, symmetric and intercept matrices of a group at `theta`."""
        made = self.groups[group]
        directed, symmetric = made.directed.copy(), made.symmetric.copy()
        intercept = made.intercept.copy()
        cells = made.directed_cells
        directed[cells.row, cells.column] = theta[cells.index]
        cells = made.symmetric_cells
        symmetric[cells.row, cells.column] = theta[cells.index]
        symmetric[cells.column, cells.row] = theta[cells.index]
        cells = made.intercept_cells
        intercept[cells.row] = theta[cells.index]
        return directed, symmetric, intercept

    def total(self, theta: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Return implied covariance and mean of all variables, latent ones too."""
        directed, symmetric, intercept = self.filled(theta, group)
        effect = np.linalg.inv(np.eye(len(directed)) - directed)
        return effect @ symmetric @ effect.T, effect @ intercept

    def implied(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return covariance (p x p) and mean (p) that the model implies, per group.

        Parameters
        ----------
        theta
            Free parameters.

        Returns
        -------
        implied
            Observed variables in the order of the table.
        """
        p = self.observed
        totals = (self.total(theta, group) for group in range(len(self.groups)))
        return [(sigma[:p, :p], mu[:p]) for sigma, mu in totals]

    def jacobian(self, theta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return derivatives of covariance (p*p x q) and mean (p x q) by `theta`, per group.

        Parameters
        ----------
        theta
            Free parameters.

        Returns
        -------
        jacobian
            Covariances row by row.
        """
        slopes = [self.slopes(theta, group) for group in range(len(self.groups))]
        return [(s.covariance.reshape(self.count, -1).T, s.mean.T) for s in slopes]

    def slopes(self, theta: np.ndarray, group: int) -> Slopes:
        """Return implied moments of a group with their derivatives."""
        made = self.groups[group]
        directed, symmetric, intercept = self.filled(theta, group)
        p, q = self.observed, self.count
        effect = np.linalg.inv(np.eye(len(directed)) - directed)
        reach = effect[:p]
        total = effect @ symmetric @ effect.T
        place = effect @ intercept
        by_covariance, by_mean = np.zeros((q, p, p)), np.zeros((q, p))
        paths, spreads, levels = made.directed_cells, made.symmetric_cells, made.intercept_cells
        one_way = reach.T[paths.row, :, None] * total[:p].T[paths.column, None, :]
        paths.add(by_covariance, one_way + one_way.swapaxes(1, 2))
        both = reach.T[spreads.row, :, None] * reach.T[spreads.column, None, :]
        both *= np.where(spreads.row == spreads.column, 0.5, 1.0)[:, None, None]
        spreads.add(by_covariance, both + both.swapaxes(1, 2))
        paths.add(by_mean, reach.T[paths.row] * place[paths.column, None])
        levels.add(by_mean, reach.T[levels.row])
        return Slopes(total[:p, :p], place[:p], by_covariance, by_mean, effect, total, place)

    def with_exogenous(self, moments: Sequence[Moments]) -> CompiledModel:
        """Return the model with the moments of exogenous variables of another sample.

        Parameters
        ----------
        moments
            One per group, variables in the order of the table.

        Returns
        -------
        model
            Itself when it has no exogenous variables.
        """
        if not self.table.exogenous:
            return self
        at = [self.variables.index(name) for name in self.table.exogenous]
        groups = []
        for made, sample in zip(self.groups, moments, strict=True):
            symmetric, intercept = made.symmetric.copy(), made.intercept.copy()
            symmetric[np.ix_(at, at)] = sample.covariance[np.ix_(at, at)]
            if self.table.means:
                intercept[at] = sample.mean[at]
            groups.append(replace(made, symmetric=symmetric, intercept=intercept))
        return replace(self, groups=tuple(groups))


@dataclass(frozen=True, slots=True)
class Slopes:
    """Implied moments of a group with their derivatives.

    Parameters
    ----------
    sigma, mu
        Covariance and mean of the observed variables.
    covariance, mean
        Their derivatives, parameter first: q x p x p and q x p.
    effect, total, place
        ``(I - A)^-1``, and covariance and mean of all variables.
    """

    sigma: np.ndarray
    mu: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    effect: np.ndarray
    total: np.ndarray
    place: np.ndarray


def compile_model(table: ParameterTable, moments: Sequence[Moments] = ()) -> CompiledModel:
    """Turn a parameter table into matrices.

    Parameters
    ----------
    table
        Completed by `build_table`.
    moments
        Sample moments per group, for exogenous variables; not needed without them.

    Returns
    -------
    model
        Ready to be evaluated.
    """
    variables = (*table.observed, *table.latent)
    place = {name: at for at, name in enumerate(variables)}
    groups = []
    for group in range(table.groups):
        rows = [
            (row, int(index))
            for row, index in zip(table.rows, table.index, strict=True)
            if row.group == group
        ]
        groups.append(_group_matrices(rows, place))
    model = CompiledModel(table, variables, tuple(groups))
    return model.with_exogenous(moments) if moments else model


def _group_matrices(rows: list[tuple[Parameter, int]], place: dict[str, int]) -> GroupMatrices:
    m = len(place)
    directed, symmetric, intercept = np.zeros((m, m)), np.zeros((m, m)), np.zeros(m)
    free: dict[str, list[tuple[int, int, int]]] = {"A": [], "S": [], "m": []}
    for row, index in rows:
        kind, to, origin = _cell(row, place)
        if index >= 0:
            free[kind].append((to, origin, index))
        elif row.exogenous:
            continue
        elif kind == "A":
            directed[to, origin] = row.value
        elif kind == "S":
            symmetric[to, origin] = symmetric[origin, to] = row.value
        else:
            intercept[to] = row.value
    cells = {kind: _cells(at) for kind, at in free.items()}
    return GroupMatrices(directed, symmetric, intercept, cells["A"], cells["S"], cells["m"])


def _cells(at: list[tuple[int, int, int]]) -> Cells:
    row, column, index = np.array(at, dtype=int).reshape(-1, 3).T
    return Cells(row, column, index, len(set(index.tolist())) == len(index))


def _cell(row: Parameter, place: dict[str, int]) -> tuple[str, int, int]:
    """Return the matrix of a parameter and its cell there."""
    if row.op == "=~":
        return "A", place[row.rhs], place[row.lhs]
    if row.op == "~":
        return "A", place[row.lhs], place[row.rhs]
    if row.op == "~~":
        return "S", place[row.lhs], place[row.rhs]
    return "m", place[row.lhs], 0
