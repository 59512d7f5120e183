"""Small location problems, and their answers by enumeration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from ecity_geo.geo.cost import CostMatrix

SHARED = Path(__file__).parents[3] / "shared" / "reference" / "location"
SF = SHARED / "spopt_sf"
ORLIB = SHARED / "orlib_pmed"


@dataclass(frozen=True, kw_only=True, eq=False)
class City:
    """A location problem whose tables are small enough to enumerate."""

    frame: pd.DataFrame
    population: pd.Series
    candidates: pd.Index
    existing: pd.Index
    p: int

    @property
    def cost(self) -> CostMatrix:
        return CostMatrix.from_frame(self.frame, unit="m")

    @property
    def sites(self) -> dict[str, pd.Index]:
        return {"candidates": self.candidates, "existing": self.existing}

    def nearest(self, chosen: tuple[str, ...]) -> pd.Series:
        return self.frame[[*self.existing, *chosen]].fillna(np.inf).min(axis=1)

    def covered(self, chosen: tuple[str, ...], standard: float) -> float:
        return float(self.population[self.nearest(chosen) <= standard].sum())

    def person_cost(self, chosen: tuple[str, ...]) -> float:
        """Infinite if people whom some site reaches are not reached by these."""
        reachable = self.nearest(tuple(self.candidates)) < np.inf
        lives = reachable & (self.population > 0)
        return float((self.population[lives] * self.nearest(chosen)[lives]).sum())

    def choices(self, p: int | None = None) -> list[tuple[str, ...]]:
        return list(combinations(self.candidates, p or self.p))


def city_from(costs: list[list[float | None]], people: list[float], existing: int, p: int) -> City:
    table = np.array(costs, dtype=float)
    demand = [f"home {row}" for row in range(len(people))]
    sites = [f"site {column}" for column in range(table.shape[1])]
    return City(
        frame=pd.DataFrame(table, index=demand, columns=sites),
        population=pd.Series(people, index=demand),
        existing=pd.Index(sites[:existing], dtype=object),
        candidates=pd.Index(sites[existing:], dtype=object),
        p=p,
    )


@st.composite
def cities(draw: st.DrawFn, *, missing: bool = True) -> City:
    """Cities of up to 12 homes and 7 candidates, with ties, zeros and missing pairs."""
    homes, existing, candidates = (
        draw(st.integers(1, 12)),
        draw(st.integers(0, 3)),
        draw(st.integers(1, 7)),
    )
    value = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.25, 7.5, *([None, None] if missing else [])])
    row = st.lists(value, min_size=existing + candidates, max_size=existing + candidates)
    costs = draw(st.lists(row, min_size=homes, max_size=homes))
    person = st.sampled_from([0.0, 1.0, 2.0, 3.0, 12.5, 0.1])
    people = draw(st.lists(person, min_size=homes, max_size=homes))
    return city_from(costs, people, existing, draw(st.integers(1, candidates)))


def random_city(
    homes: int, candidates: int, *, p: int, existing: int = 0, seed: int = 0, clusters: int = 0
) -> City:
    """A city of 10 km with straight-line costs."""
    rng = np.random.default_rng(seed)
    at = rng.random((homes, 2)) * 10_000
    if clusters:
        centre = rng.random((clusters, 2)) * 10_000
        at = centre[rng.integers(0, clusters, homes)] + rng.normal(0, 700, (homes, 2))
    sites = rng.random((existing + candidates, 2)) * 10_000
    costs = np.hypot(*(at[:, None, :] - sites[None, :, :]).transpose(2, 0, 1))
    people = rng.integers(1, 500, homes).astype(float)
    return city_from(costs.tolist(), people.tolist(), existing, p)


@pytest.fixture
def san_francisco() -> tuple[CostMatrix, pd.Series]:
    """Costs of 16 stores and 205 tracts, and people, in the two orders of the two files."""
    if not SF.is_dir():
        pytest.skip("the San Francisco data of spopt are not here")
    pairs = pd.read_csv(SF / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    wide = pairs.pivot_table(index="DestinationName", columns="name", values="distance")
    people = pd.read_csv(SF / "SF_demand_205_centroid_uniform_weight.csv")
    return CostMatrix.from_frame(wide, unit="m"), people.set_index("NAME")["POP2000"]
