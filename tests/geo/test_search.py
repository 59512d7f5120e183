"""Bounded searches: the same costs as SciPy and networkx, whichever way they are done."""

from __future__ import annotations

import subprocess
import sys

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ecity_geo.geo import search
from ecity_geo.geo.search import reached_within


@pytest.fixture(params=["plain", "compiled"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(search, "MANY", 0 if request.param == "compiled" else np.inf)
    return str(request.param)


def one_way_graph(rng: np.random.Generator, nodes: int, edges: int) -> csr_array:
    """A graph without symmetry, some edges free and one far costlier than the others."""
    cost = np.round(rng.random((nodes, nodes)) * 4, 1) * (rng.random((nodes, nodes)) < 0.8)
    cost[rng.integers(nodes), rng.integers(nodes)] = 3e6
    at = rng.choice(nodes * nodes, edges, replace=False)
    return csr_array((cost.ravel()[at], divmod(at, nodes)), shape=(nodes, nodes))


def dense(graph: csr_array, starts: list[int], limit: float) -> np.ndarray:
    start, node, cost = reached_within(graph, np.array(starts), limit=limit)
    assert (np.diff(start) >= 0).all()
    table = np.full((len(starts), graph.shape[0]), np.inf)
    assert len(np.unique(start * graph.shape[0] + node)) == len(start)
    table[start, node] = cost
    return table


def test_costs_run_with_the_edges_by_hand(way: str) -> None:
    # 0 -> 1 -> 2 costs 1 + 0; back only by 2 -> 0 for 5.
    graph = csr_array((np.array([1.0, 0.0, 5.0]), (np.array([0, 1, 2]), np.array([1, 2, 0]))))
    found = dense(graph, [0, 1, 2], 5.0)
    assert found.tolist() == [[0, 1, 1], [5, 0, 0], [5, np.inf, 0]]
    assert dense(graph, [0], 0.5).tolist() == [[0, np.inf, np.inf]]


@pytest.mark.parametrize("way", ["compiled"], indirect=True)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 100_000), limit=st.sampled_from([0.0, 1.3, 6.0, np.inf]))
def test_a_directed_graph_is_searched_as_scipy_does(way: str, seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    graph = one_way_graph(rng, 25, int(rng.integers(0, 90)))
    starts = rng.integers(0, 25, 6).tolist()
    peer = dijkstra(graph, indices=starts, limit=limit)
    np.testing.assert_allclose(dense(graph, starts, limit), peer, rtol=1e-9, atol=1e-9)


def test_networkx_finds_the_same_on_a_directed_graph(way: str) -> None:
    graph = one_way_graph(np.random.default_rng(3), 40, 150)
    peer = nx.DiGraph()
    peer.add_nodes_from(range(40))
    rows, columns = graph.tocoo().coords
    peer.add_weighted_edges_from(zip(rows.tolist(), columns.tolist(), graph.data, strict=True))
    for start in (0, 7, 19):
        lengths = nx.single_source_dijkstra_path_length(peer, start, cutoff=9.0)
        expected = pd.Series(lengths).reindex(range(40), fill_value=np.inf)
        np.testing.assert_allclose(dense(graph, [start], 9.0)[0], expected)


def test_only_the_nodes_asked_for_are_told(way: str) -> None:
    graph = csr_array((np.ones(3), (np.array([0, 1, 2]), np.array([1, 2, 3]))), shape=(4, 4))
    start, node, cost = reached_within(graph, np.array([0, 1]), first=2)
    found = sorted(zip(start.tolist(), node.tolist(), cost.tolist(), strict=True))
    assert found == [(0, 0, 2), (0, 1, 3), (1, 0, 1), (1, 1, 2)]


def test_more_starts_than_threads_come_in_their_order(way: str) -> None:
    rng = np.random.default_rng(1)
    graph = one_way_graph(rng, 60, 500)
    starts = rng.integers(0, 60, 150)
    expected = dijkstra(graph, indices=starts, limit=4.0)
    np.testing.assert_allclose(dense(graph, starts.tolist(), 4.0), expected)


def test_small_graphs_never_load_the_compiler() -> None:
    code = (
        "import sys, numpy as np; from scipy.sparse import csr_array;"
        "from ecity_geo.geo.search import reached_within;"
        "graph = csr_array(np.ones((4, 4)));"
        "print(len(reached_within(graph, np.arange(4))[0]), 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "16 False"
