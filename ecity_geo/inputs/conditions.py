"""Location models of a study, and what new sites must keep beside their number."""

from __future__ import annotations

from dataclasses import dataclass, field

CONDITIONED = "conditioned"
MODELS = (
    "mclp",
    "p_median",
    "p_center",
    "lscp",
    "gradual_coverage",
    "backup_coverage",
    "p_dispersion",
    CONDITIONED,
)
GROUPS = ("district", "fabric")
POPULATION, READINESS, BOTH = "population", "readiness", "both"
MIX = {POPULATION: 0.0, READINESS: 1.0, BOTH: 0.5}
"""What people are weighted by, and how much of that is the gap of their readiness."""
WEIGHED = ("mclp", "p_median", "gradual_coverage", "backup_coverage")
"""Models that weigh people; the others bring all of them within reach, or as near as can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKind:
    """A kind of new site, such as a kiosk or an office; ``[siting.kinds]`` of the study file.

    Parameters
    ----------
    price
        What opening one takes of the budget.
    capacity
        As for the services; missing where it does not bind.
    """

    price: float = 1.0
    capacity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a plan of the model ``"conditioned"`` must keep; keys of ``[siting]``.

    Parameters
    ----------
    objective
        ``"coverage"``, ``"travel"``, ``"price"`` or ``"fairest"``, as in
        `ecity_geo.siting.planning.plan_sites`.
    budget
        Greatest price of opening and closing together, in place of p; missing without one.
    floor
        Least covered share of every district or fabric, or by its id.
    floor_by
        ``"district"`` or ``"fabric"``: the groups of the floor, of `gini` and of ``"fairest"``.
    gini
        Greatest Gini coefficient of the groups' shares served; 1 asks for nothing.
    single_source
        Whether the people of each demand point are served at one site; else they are split among
        sites where a capacity asks for it.
    closing
        Price of closing a service that stands, below 0 where it saves; all stay where missing.
    people_per_capacity
        People whom one unit of capacity is enough for; capacities do not bind where missing.
    kinds
        Kinds of new site by type; a place holds one of them. Empty for sites of one kind.
    """

    objective: str = "coverage"
    budget: float | None = None
    floor: float | dict[str, float] = 0.0
    floor_by: str = "district"
    gini: float = 1.0
    single_source: bool = False
    closing: float | None = None
    people_per_capacity: float | None = None
    kinds: dict[str, SiteKind] = field(default_factory=dict)

    @property
    def serves_all(self) -> bool:
        """Whether everybody is served, so that no share can be unequal."""
        return self.objective in ("travel", "price")

    @property
    def between_groups(self) -> bool:
        """Whether anything is asked of the districts or fabrics."""
        return bool(self.floor) or self.gini < 1 or self.objective == "fairest"
