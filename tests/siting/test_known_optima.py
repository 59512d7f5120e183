"""p-medians of the OR-Library, whose optima are proven, and spopt as a peer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ecity_geo import siting
from ecity_geo.geo.cost import CostMatrix

from .conftest import ORLIB, City, random_city


def shortest_paths(text: str) -> tuple[np.ndarray, int]:
    n, _, p = (int(word) for word in text.split()[:3])
    edges = np.array(text.split()[3:], dtype=float).reshape(-1, 3)
    dense = np.zeros((n, n))
    for one, other, cost in edges:
        # edges are repeated with different costs; the last one wins
        dense[int(one) - 1, int(other) - 1] = dense[int(other) - 1, int(one) - 1] = cost
    return dijkstra(csr_array(dense), directed=False), p


@pytest.mark.skipif(not ORLIB.is_dir(), reason="the OR-Library instances are not here")
@pytest.mark.parametrize("number", range(1, 21))
def test_or_library_p_median_is_proven_optimal(number: int) -> None:
    optimum = pd.read_csv(ORLIB / "optima.csv", index_col="instance").loc[f"pmed{number}"]
    costs, p = shortest_paths((ORLIB / f"pmed{number}.txt").read_text())
    nodes = pd.Index([f"n{node:03}" for node in range(len(costs))])
    cost = CostMatrix.from_frame(pd.DataFrame(costs, index=nodes, columns=nodes), unit="m")
    plan = siting.p_median(cost, pd.Series(1.0, index=nodes), p=p, candidates=nodes)
    assert plan.objective == plan.bound == optimum["p_median"]
    assert plan.status == "optimal"


@pytest.fixture(scope="module")
def city() -> City:
    return random_city(150, 25, p=4, seed=7)


@pytest.mark.filterwarnings("ignore")
def test_mclp_agrees_with_spopt(city: City) -> None:
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    peer = locate.MCLP.from_cost_matrix(
        city.frame.to_numpy(), city.population.to_numpy(), 1500, p_facilities=4
    ).solve(pulp.HiGHS(msg=False))
    plan = siting.mclp(city.cost, city.population, standard=1500, p=4, **city.sites)
    assert plan.objective == pytest.approx(peer.problem.objective.value())


@pytest.mark.filterwarnings("ignore")
def test_p_median_agrees_with_spopt(city: City) -> None:
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    peer = locate.PMedian.from_cost_matrix(
        city.frame.to_numpy(), city.population.to_numpy(), p_facilities=4
    ).solve(pulp.HiGHS(msg=False))
    plan = siting.p_median(city.cost, city.population, p=4, **city.sites)
    assert plan.objective == pytest.approx(peer.problem.objective.value(), rel=1e-6)
