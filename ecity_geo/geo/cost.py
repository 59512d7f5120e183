"""Travel cost from demand to facilities, aligned by id, with its unit and cutoff inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ecity_geo.errors import AnalysisError
from ecity_geo.geo.options import as_number

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
        data = self.costs.data
        if data.size and not (np.isfinite(data).all() and data.min() >= 0):
            raise AnalysisError(
                "Travel costs must be finite and not negative; leave an unreachable pair out."
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
            raise AnalysisError("A pair of a demand point and a facility has more than one cost.")
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
        try:
            values = frame.to_numpy(dtype=float)
        except (TypeError, ValueError) as fault:
            raise AnalysisError(f"A table of costs holds numbers only: {fault}.") from fault
        if not as_number(cutoff, "cutoff", "a cost of 0 or more") >= 0:
            raise AnalysisError(f"The cutoff must be a number from 0, not {cutoff!r}.")
        if (values == -np.inf).any():
            raise AnalysisError("A table of costs has a cost of minus infinity.")
        demand, facility = np.nonzero(np.isfinite(values) & (values <= cutoff))
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
            unknown = facility_ids[position < 0].tolist()[:5]
            raise AnalysisError(f"The cost matrix has no facilities {unknown}.")
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
        standard = as_number(standard, "standard", "a cost of 0 or more")
        if not standard >= 0:
            raise AnalysisError(f"standard: found {standard:g}, expected a cost of 0 or more.")
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
            twice = ids[ids.duplicated()].tolist()[:5]
            raise AnalysisError(f"{name} ids of a cost matrix must be unique; twice: {twice}.")
