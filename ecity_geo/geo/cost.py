"""Travel cost from demand to facilities, aligned by id, with its unit and cutoff inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.given import is_number, numbers, shown, types_differ

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostMatrix:
    """Sparse travel costs, ``n_demand x n_facility``.

    A stored pair is reachable within `cutoff`; a pair that is not stored is farther, or not
    connected at all. A stored zero is a true zero, so never call ``eliminate_zeros``.

    Parameters
    ----------
    costs
        Costs, rows demand and columns facilities, column indices sorted within a row.
    demand_ids, facility_ids
        Unique ids of rows and columns.
    unit
        ``"m"`` or ``"min"``, or a unit of the caller's own.
    cutoff
        Greatest cost that was looked for, inclusive; infinite when nothing was cut.
    unjoined
        Of costs along streets, the points that join none: `role` (``"demand"`` or
        ``"facility"``), `id`, `reason` and `metres` as from `ecity_geo.geo.joined.unjoined`.
    """

    costs: csr_array
    demand_ids: pd.Index
    facility_ids: pd.Index
    unit: str
    cutoff: float = np.inf
    unjoined: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        shape = (len(self.demand_ids), len(self.facility_ids))
        if self.costs.shape != shape:
            raise ValueError(f"costs have shape {self.costs.shape}, the ids say {shape}")
        check_unique(self.demand_ids, self.facility_ids)
        wrong = np.flatnonzero(~((self.costs.data >= 0) & (self.costs.data < np.inf)))
        if wrong.size:
            self._refuse(wrong)

    def _refuse(self, wrong: Integers) -> None:
        """Raise an AnalysisError that names the first of some stored costs."""
        row, column = self.rows()[wrong[0]], self.costs.indices[wrong[0]]
        raise AnalysisError(
            f"Travel costs must be finite and not negative, and {len(wrong)} of {self.costs.nnz} "
            f"are not, first {self.costs.data[wrong[0]]:g} in "
            f"{_cell(self.demand_ids, self.facility_ids, row, column)}. "
            "Correct them, and leave a pair out that cannot be travelled (empty in a table)."
        )

    @classmethod
    def from_pairs(
        cls,
        demand: Integers,
        facility: Integers,
        cost: Floats,
        *,
        demand_ids: pd.Index,
        facility_ids: pd.Index,
        unit: str,
        cutoff: float = np.inf,
        unjoined: pd.DataFrame | None = None,
    ) -> CostMatrix:
        """Build from pairs given by row and column position.

        Parameters
        ----------
        demand, facility
            Positions, each pair at most once.
        cost
            Cost of each pair, in `unit`.
        demand_ids, facility_ids
            Ids of rows and columns.
        unit
            Unit of `cost`.
        cutoff
            Greatest cost that was looked for.
        unjoined
            Points that join no street; see the class.

        Returns
        -------
        cost_matrix
            The sparse matrix.

        Raises
        ------
        AnalysisError
            If the pairs differ in length, a position is out of range, or a pair stands twice.
        """
        shape = (len(demand_ids), len(facility_ids))
        if not len(demand) == len(facility) == len(cost):
            raise AnalysisError(
                f"pairs: found {len(demand)} demand positions, {len(facility)} facility positions "
                f"and {len(cost)} costs, expected one of each for a pair."
            )
        for name, at, size in zip(("demand", "facility"), (demand, facility), shape, strict=True):
            if len(at) and not (np.min(at) >= 0 and np.max(at) < size):
                raise AnalysisError(
                    f"pairs: found {name} positions from {np.min(at)} to {np.max(at)}, expected "
                    f"0 to {size - 1}, the rows of the ids."
                )
        costs = csr_array((np.asarray(cost, dtype=float), (demand, facility)), shape=shape)
        if costs.nnz != len(cost):
            # scipy adds them up, which is no cost of anything
            pair, count = np.unique(np.stack([demand, facility]), axis=1, return_counts=True)
            row, column = pair[:, count > 1][:, 0]
            raise AnalysisError(
                f"{int((count > 1).sum())} pairs of a demand point and a facility have more than "
                f"one cost, first {_cell(demand_ids, facility_ids, row, column)}. "
                "Give each pair once."
            )
        return cls(
            costs=costs,
            demand_ids=demand_ids,
            facility_ids=facility_ids,
            unit=unit,
            cutoff=cutoff,
            unjoined=unjoined,
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, unit: str, cutoff: float = np.inf) -> CostMatrix:
        """Build from a wide table: a row per demand point, a column per facility.

        Parameters
        ----------
        frame
            Costs; index and columns are the ids. NaN or infinite: not reachable.
        unit
            Unit of the costs.
        cutoff
            Costs above it are dropped.

        Returns
        -------
        cost_matrix
            The sparse matrix.
        """
        values = _table(frame)
        if not is_number(cutoff) or not cutoff >= 0:
            raise AnalysisError(
                f"The cutoff must be a number from 0, not {cutoff!r}. Leave it out for no cutoff."
            )
        # minus infinity stays, to be refused: it is no pair that cannot be travelled
        demand, facility = np.nonzero((values < np.inf) & (values <= cutoff))
        return cls.from_pairs(
            demand,
            facility,
            values[demand, facility],
            demand_ids=frame.index,
            facility_ids=frame.columns,
            unit=unit,
            cutoff=cutoff,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the wide table; pairs that are not stored are infinite.

        Returns
        -------
        costs
            ``n_demand x n_facility``, in `unit`.
        """
        dense = np.full(self.costs.shape, np.inf)
        dense[self.rows(), self.costs.indices] = self.costs.data
        return pd.DataFrame(dense, index=self.demand_ids, columns=self.facility_ids)

    def rows(self) -> Integers:
        """Return the row position of each stored pair, in storage order."""
        return np.repeat(np.arange(self.costs.shape[0]), np.diff(self.costs.indptr))

    def select(self, facility_ids: pd.Index) -> CostMatrix:
        """Keep some facilities, in the order given.

        Parameters
        ----------
        facility_ids
            Ids to keep; each must be a column.

        Returns
        -------
        cost_matrix
            The same demand, fewer facilities.
        """
        position = self.facility_ids.get_indexer(facility_ids)
        if (position < 0).any():
            unknown = facility_ids[position < 0]
            raise AnalysisError(
                f"The cost matrix has no facilities {shown(unknown)}: {len(unknown)} of the "
                f"{len(facility_ids)} asked for."
                f"{types_differ(unknown, self.facility_ids)} "
                "Ask for ids of its columns, `facility_ids`, or build it with these."
            )
        new_column = np.full(len(self.facility_ids), -1)
        new_column[position] = np.arange(len(position))
        columns = new_column[self.costs.indices]
        kept = columns >= 0
        return CostMatrix.from_pairs(
            self.rows()[kept],
            columns[kept],
            self.costs.data[kept],
            demand_ids=self.demand_ids,
            facility_ids=facility_ids,
            unit=self.unit,
            cutoff=self.cutoff,
            unjoined=_unjoined_of(self.unjoined, facility_ids),
        )

    def within(self, standard: float) -> CostMatrix:
        """Keep the pairs within a service standard, inclusive.

        Parameters
        ----------
        standard
            Greatest acceptable cost, in `unit`.

        Returns
        -------
        cost_matrix
            The same ids, fewer pairs.

        Raises
        ------
        AnalysisError
            If `standard` exceeds the cutoff (pairs would be missing in silence), is negative, or
            is not a number.
        """
        if not is_number(standard) or not standard >= 0:
            raise AnalysisError(
                f"standard: found {standard!r}, expected a cost of 0 or more. "
                f"Give the greatest acceptable cost, in {self.unit}."
            )
        if standard > self.cutoff:
            raise AnalysisError(
                f"The standard of {standard:g} {self.unit} exceeds the cutoff of "
                f"{self.cutoff:g} {self.unit} that the costs were built with. "
                "Build them with a larger cutoff."
            )
        kept = self.costs.data <= standard
        if kept.all():
            return replace(self, cutoff=standard)
        ends = np.concatenate([[0], np.cumsum(kept)])[self.costs.indptr]
        costs = csr_array(
            (self.costs.data[kept], self.costs.indices[kept], ends), shape=self.costs.shape
        )
        return replace(self, costs=costs, cutoff=standard)

    def unreached(self) -> pd.DataFrame:
        """Tell which demand points reach no facility, and which facilities nobody reaches.

        Returns
        -------
        unreached
            A row each: `role` (``"demand"`` or ``"facility"``), `id`, `reason` and `metres` to
            the nearest street (missing where that is not the reason). Reasons: ``"too far"``
            from every street, on an ``"island"`` of streets, ``"beyond the cutoff"``, and, where
            nothing was cut, ``"not connected"``. With a cutoff nobody looked on whether a way
            leads there at all.
        """
        ends = {"demand": self.demand_ids, "facility": self.facility_ids}
        counts = {
            "demand": np.diff(self.costs.indptr),
            "facility": np.bincount(self.costs.indices, minlength=len(self.facility_ids)),
        }
        empty = pd.DataFrame(
            [(role, at) for role, ids in ends.items() for at in ids[counts[role] == 0]],
            columns=["role", "id"],
        )
        apart = "not connected" if np.isinf(self.cutoff) else "beyond the cutoff"
        if self.unjoined is None or empty.empty:
            return empty.assign(reason=apart, metres=np.nan)
        told = empty.merge(self.unjoined, on=["role", "id"], how="left")
        return told.assign(reason=told["reason"].fillna(apart))

    def nearest(self) -> pd.DataFrame:
        """Find each demand point's nearest facility; ties go to the first column.

        Returns
        -------
        nearest
            Indexed by demand id: `cost` (infinite where none is stored) and `facility_id`
            (missing there).
        """
        starts = self.costs.indptr[:-1]
        some = np.flatnonzero(np.diff(self.costs.indptr))
        cost = np.full(len(self.demand_ids), np.inf)
        facility = np.full(len(self.demand_ids), -1)
        if some.size:
            cost[some] = np.minimum.reduceat(self.costs.data, starts[some])
        rows = self.rows()
        least = np.flatnonzero(self.costs.data == cost[rows])
        # Backwards, so that of equally near ones the first column is written last.
        facility[rows[least[::-1]]] = self.costs.indices[least[::-1]]
        # One id more than there are facilities, so that there is one to take where there are none.
        names = np.array([*self.facility_ids, None], dtype=object)
        ids = pd.Series(names[facility], index=self.demand_ids, dtype=object)
        return pd.DataFrame({"cost": cost, "facility_id": ids})


def _unjoined_of(unjoined: pd.DataFrame | None, facility_ids: pd.Index) -> pd.DataFrame | None:
    if unjoined is None:
        return None
    return unjoined[(unjoined["role"] == "demand") | unjoined["id"].isin(facility_ids)]


def check_unique(demand_ids: pd.Index, facility_ids: pd.Index) -> None:
    """Hold that ids name one demand point or facility each.

    Parameters
    ----------
    demand_ids, facility_ids
        Ids of rows and columns.

    Raises
    ------
    AnalysisError
        If an id is there twice.
    """
    for name, ids in (("demand", demand_ids), ("facility", facility_ids)):
        if not ids.is_unique:
            twice = ids[ids.duplicated()].unique()
            raise AnalysisError(
                f"{name} ids of a cost matrix must be unique, and {len(twice)} are there more "
                f"than once: {shown(twice)}. Give each its own id."
            )


def _table(frame: pd.DataFrame) -> Floats:
    """Return the numbers of a wide table; anything else in it, or another thing: an error."""
    if not isinstance(frame, pd.DataFrame):
        raise AnalysisError(
            f"A table of costs is a DataFrame, not {type(frame).__name__}. Give it the ids of "
            "demand and facilities: pd.DataFrame(costs, index=demand_ids, columns=facility_ids)."
        )
    if all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in frame.dtypes):
        return frame.to_numpy(dtype=float)
    found, wrong = np.empty(frame.shape), np.zeros(frame.shape, dtype=bool)
    for at in range(frame.shape[1]):
        found[:, at], wrong[:, at] = numbers(frame.iloc[:, at])
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise AnalysisError(
            f"A table of costs holds numbers only, and {int(wrong.sum())} of its values are none, "
            f"first {frame.iloc[row, column]!r} in "
            f"{_cell(frame.index, frame.columns, row, column)}. "
            "Make them numbers, and leave a pair empty (NaN) that cannot be travelled."
        )
    return found


def _cell(demand_ids: pd.Index, facility_ids: pd.Index, row: int, column: int) -> str:
    """Name a pair by its ids."""
    demand, facility = demand_ids[[row]].tolist()[0], facility_ids[[column]].tolist()[0]
    return f"row {demand!r}, column {facility!r}"
