"""The linear relaxation of a set cover in HiGHS, solved again and again from where it stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecity_geo.siting.instance import Floats, Integers
from ecity_geo.siting.swaps import Matrix

Marks = NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """Where the simplex method stood: a mark of HiGHS for each column and row."""

    column: Marks
    row: Marks

    def part(self, columns: Integers, rows: Integers) -> Basis:
        """Keep some columns and rows."""
        return Basis(column=self.column[columns], row=self.row[rows])

    def with_row(self, at: int) -> Basis:
        """Let a row that binds nothing yet stand at a place."""
        import highspy

        marks = [*self.row[:at], highspy.HighsBasisStatus.kBasic, *self.row[at:]]
        return Basis(column=self.column, row=np.array(marks, dtype=object))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """A solution of a relaxation.

    Parameters
    ----------
    x
        Parts of the columns.
    price
        Of each row; any prices of 0 or more prove the bound, however exact HiGHS is.
    bound
        No cover has fewer columns.
    reduced
        By how much the bound rises if a column is chosen.
    """

    x: Floats
    price: Floats
    bound: float
    reduced: Floats


class CoverProgram:
    """Minimise the number of columns (at most 1 of each) that fill every row."""

    def __init__(self) -> None:
        import highspy

        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        options: dict[str, bool | int | str] = {
            "output_flag": False,
            "threads": 1,
            "presolve": "off",
            "solver": "simplex",
        }
        for option, value in options.items():
            self.highs.setOptionValue(option, value)
        self.rows: Matrix = np.empty((0, 0), dtype=np.float32)
        self.lower: Floats = np.empty(0)

    def load(self, rows: Matrix, lower: Floats, basis: Basis | None) -> None:
        """Pose a program, to be solved from a basis of it or of one that is much like it."""
        import highspy

        m, n = rows.shape
        self.rows, self.lower = rows, lower
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n, m
        model.col_cost_ = model.col_upper_ = np.ones(n)
        model.col_lower_ = np.zeros(n)
        model.row_lower_, model.row_upper_ = lower, np.full(m, np.inf)
        row, column = np.nonzero(rows)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.searchsorted(row, np.arange(m + 1))
        model.a_matrix_.index_ = column
        model.a_matrix_.value_ = rows[row, column].astype(float)
        self.highs.passModel(model)
        if basis is not None:
            self.stand(basis)

    def add(self, rows: Matrix, lower: Floats) -> None:
        """Add rows."""
        for row, at_least in zip(rows, lower, strict=True):
            self._add(row, float(at_least))
        self.rows = np.concatenate([self.rows, rows])
        self.lower = np.concatenate([self.lower, lower])

    def solve(self) -> Relaxed:
        """Solve it from where it stands."""
        x, price = self._run()
        reduced = 1 - price @ self.rows
        bound = float(price @ self.lower + np.minimum(reduced, 0).sum())
        return Relaxed(x=x, price=price, bound=bound, reduced=reduced)

    def without(self, columns: Integers) -> Relaxed:
        """Solve it without some columns, and stand where it stood before."""
        basis, n = self.basis, len(columns)
        index = columns.astype(np.int32)
        self.highs.changeColsBounds(n, index, np.zeros(n), np.zeros(n))
        x, price = self._run()
        self.highs.changeColsBounds(n, index, np.zeros(n), np.ones(n))
        self.stand(basis)
        reduced = 1 - price @ self.rows
        gain = np.minimum(reduced, 0)
        gain[columns] = 0.0
        bound = float(price @ self.lower + gain.sum())
        return Relaxed(x=x, price=price, bound=bound, reduced=reduced)

    def within(self, row: Matrix) -> Relaxed:
        """Solve it with one more row to be covered, and stand where it stood before."""
        basis, m = self.basis, len(self.lower)
        self._add(row, 1.0)
        x, price = self._run()
        self.highs.deleteRows(1, np.array([m], dtype=np.int32))
        self.stand(basis)
        reduced = 1 - price[:m] @ self.rows - price[m] * row
        bound = float(price[:m] @ self.lower + price[m] + np.minimum(reduced, 0).sum())
        return Relaxed(x=x, price=price[:m], bound=bound, reduced=reduced)

    @property
    def basis(self) -> Basis:
        """Where it stands."""
        basis = self.highs.getBasis()
        return Basis(
            column=np.array(basis.col_status, dtype=object),
            row=np.array(basis.row_status, dtype=object),
        )

    def stand(self, basis: Basis) -> None:
        """Go on from a basis; what is missing of it HiGHS fills in."""
        import highspy

        given = highspy.HighsBasis()
        given.col_status, given.row_status = basis.column.tolist(), basis.row.tolist()
        given.valid = given.alien = True
        self.highs.setBasis(given)

    def _add(self, row: Matrix, at_least: float) -> None:
        index = np.flatnonzero(row)
        values = row[index].astype(float)
        self.highs.addRow(at_least, np.inf, len(index), index.astype(np.int32), values)

    def _run(self) -> tuple[Floats, Any]:
        self.highs.run()
        solution = self.highs.getSolution()
        return np.array(solution.col_value), np.maximum(np.array(solution.row_dual), 0.0)
