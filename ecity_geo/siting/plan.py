"""The answer of a location model, with the proof of how good it is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

SHOWN = 10
SEED = 0
"""Of everything random in a search; it is fixed, so that the same question has one answer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitingPlan:
    """Chosen sites and what they do for whom.

    Parameters
    ----------
    model
        ``"mclp"``, ``"p_median"``, ``"lscp"``, ``"p_center"``, ``"p_dispersion"``,
        ``"gradual_coverage"``, ``"backup_coverage"`` or ``"conditioned_..."``.
    sites
        Ids of the new sites, in the order of what they add (largest first).
    existing
        Ids of the facilities that were open already.
    assignment
        Indexed like the demand: `facility_id` of the nearest open site (missing where out of
        reach; for MCLP: beyond the standard) and its `cost` (infinite there).
    objective
        Value of the plan: people covered (MCLP), person-cost in all (p-median), price of the new
        sites (LSCP), greatest cost (p-center), smallest cost between sites (p-dispersion).
    bound
        Proven bound: no plan is better.
    gap
        ``|bound - objective| / |objective|``; 0 means proven optimal.
    status
        ``"optimal"`` (gap at most 1e-9) or ``"time_limit"``.
    gains
        Indexed by site id, in the order of `sites`: `added` (people whom it newly covers, or
        person-cost that it saves, after those before it), `cumulative` (the objective with
        it), and `share` of all people: newly covered by it (MCLP), or nearest to it in the
        whole plan (p-median). `added` and `cumulative` of a p-median are missing as long as
        somebody is out of reach of the sites so far.
    standard
        Service standard, in `unit`; missing where the model has none.
    unit
        Unit of the costs.
    unreachable
        Demand ids, with people or without, that no existing site and no candidate reaches (within
        the standard, where the model has one).
    ties
        Number of exchanges of one new site for another candidate that would be exactly as
        good; the earlier candidate stands in the plan. Missing where they were not counted: in
        `ecity_geo.siting.planning.plan_sites`, where a condition may rule exchanges out.
    seconds
        Wall time of the solution (not written to outputs: these are the same bytes each time).
    seed
        Fixed seed of the shaking and of HiGHS; annealing draws from this one and those after it.
    covered
        Indexed by `level` (such as ``"district"``, ``"fabric"``) and `group`: `people`, how many
        of them are `covered`, and their `share` (missing where nobody lives). Missing where no
        groups were given: `ecity_geo.siting.grouped.covered_by` adds it, and a study has it.
    """

    model: str
    sites: pd.Index
    existing: pd.Index
    assignment: pd.DataFrame
    objective: float
    bound: float
    gap: float
    status: str
    gains: pd.DataFrame
    standard: float | None
    unit: str
    unreachable: pd.Index
    ties: int | None
    seconds: float
    seed: int = SEED
    covered: pd.DataFrame | None = None

    def __repr__(self) -> str:
        """Tell the plan in a line; its tables are in the attributes."""
        ids = ", ".join(str(site) for site in self.sites[:SHOWN])
        rest = len(self.sites) - SHOWN
        named = f"{ids} and {rest} more" if rest > 0 else ids or "none"
        proof = f", gap {self.gap:.2g}" if self.gap else ""
        return (
            f"<SitingPlan {self.model}: new sites {named}; objective {self.objective:.12g}, "
            f"bound {self.bound:.12g}{proof}, {self.status}>"
        )
