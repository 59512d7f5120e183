"""Street graphs from frames of nodes and edges: by hand, and as networkx walks the same frames."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, MultiLineString, Point

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.street_frames import streets_from_edges
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets

NODES = gpd.GeoDataFrame(
    geometry=[Point(0, 0), Point(1000, 0), Point(1000, 3000)], index=["a", "b", "c"], crs=city.CRS
)
EDGES = pd.DataFrame({"from": ["a", "b"], "to": ["b", "c"], "minutes": [2.0, 6.0]})


def points(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[Point(place) for place in places], crs=city.CRS)


def test_edges_meet_at_their_nodes() -> None:
    streets = streets_from_edges(NODES, EDGES)
    cost = along_streets(points((500, 0)), points((1000, 1500)), streets)
    assert cost.costs.data.tolist() == pytest.approx([1 + 3])
    assert streets.crs == NODES.crs


def test_edges_that_cross_or_touch_without_a_node_do_not_meet() -> None:
    nodes = gpd.GeoDataFrame(
        geometry=[Point(0, 0), Point(9, 0), Point(5, 0), Point(5, 9)], crs=city.CRS
    )
    apart = streets_from_edges(nodes, pd.DataFrame({"u": [0, 2], "v": [1, 3]}), kmh=5)
    assert apart.components.weak == 2


def test_length_speed_and_one_way_marks_are_used() -> None:
    edges = EDGES.drop(columns="minutes").assign(length=[1200, 3000], speed=[30, 60])
    streets = streets_from_edges(NODES, edges.assign(oneway=[True, "-1"]))
    found = sorted(zip(streets.tail, streets.head, streets.metres, streets.minutes, strict=True))
    assert found == [(0, 1, 1200, pytest.approx(2.4)), (2, 1, 3000, pytest.approx(3.0))]
    walked = streets_from_edges(NODES, edges, kmh=4.8)
    assert walked.minutes.tolist() == pytest.approx([15, 37.5] * 2)


def osmnx_frames(rng: np.random.Generator) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Frames as `osmnx.graph_to_gdfs` gives them: a row for each direction of a street."""
    places = rng.uniform(0, 3000, (9, 2))
    nodes = gpd.GeoDataFrame(
        {"x": places[:, 0], "y": places[:, 1]},
        index=pd.Index(rng.permutation(9) + 100, name="osmid"),
        geometry=gpd.points_from_xy(*places.T),
        crs=city.CRS,
    )
    rows = []
    for _ in range(16):
        u, v = rng.integers(0, 9, 2)
        bend = rng.uniform(0, 3000, 2)
        line = LineString([places[u], bend, bend + 100, places[v]])
        time, key = rng.uniform(10, 300), len(rows)
        rows.append((nodes.index[u], nodes.index[v], key, line, time))
        if rng.random() < 0.7:
            rows.append((nodes.index[v], nodes.index[u], key + 1, line.reverse(), time))
    edges = gpd.GeoDataFrame(
        rows, columns=["u", "v", "key", "geometry", "travel_time"], crs=city.CRS
    )
    edges["oneway"] = True  # must not be asked
    return nodes, edges.set_index(["u", "v", "key"])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_frames_of_osmnx_cost_what_networkx_finds(seed: int) -> None:
    nodes, edges = osmnx_frames(np.random.default_rng(seed))
    streets = streets_from_edges(nodes, edges)
    peer = nx.MultiDiGraph()
    for (u, v, key), row in edges.iterrows():
        peer.add_edge(u, v, key, minutes=row["travel_time"] / 60)
    ids = nodes.index[nodes.index.isin({*peer.nodes})]
    found = pd.DataFrame(dijkstra(streets.matrix("min")), ids, ids)
    for start, costs in nx.all_pairs_dijkstra_path_length(peer, weight="minutes"):
        expected = [costs.get(each, np.inf) for each in ids]
        assert found.loc[start].tolist() == pytest.approx(expected)
    # There and back along one drawing is one street, from whose middle both ways lead on.
    assert len(streets.lines) == 16
    assert len(streets.tail) == len(edges)


def test_a_two_way_street_of_osmnx_is_left_either_way() -> None:
    edges = pd.concat([EDGES, EDGES.rename(columns={"from": "to", "to": "from"})])
    edges["key"] = 0
    streets = streets_from_edges(NODES, edges.set_index(["from", "to", "key"]))
    cost = along_streets(points((500, 0)), points((0, 0), (1000, 0)), streets)
    assert cost.costs.data.tolist() == pytest.approx([1, 1])
    pairs = streets_from_edges(NODES, edges.drop(columns="key"), directed=True)
    assert pairs.lines.tolist() == streets.lines.tolist()


def test_a_drawing_against_its_edge_is_turned() -> None:
    lines = [LineString([(1000, 0), (500, 400), (0, 0)]), None]
    drawn = gpd.GeoDataFrame(EDGES.assign(oneway=1), geometry=lines, crs=city.CRS)
    streets = streets_from_edges(NODES, drawn)
    assert list(zip(streets.tail, streets.head, strict=True)) in (
        [(0, 1), (1, 2)],
        [(1, 2), (0, 1)],
    )
    ends = streets.line_ends()
    for line, (first, last) in zip(streets.lines, ends, strict=True):
        assert line.coords[0] == NODES.geometry.iloc[first].coords[0]
        assert line.coords[-1] == NODES.geometry.iloc[last].coords[0]


def test_faults_of_the_frames_are_named() -> None:
    def drawn(line: object) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(EDGES, geometry=[line, None], crs=city.CRS)

    several = MultiLineString([[(0, 0), (9, 0)], [(9, 0), (1000, 0)]])
    asked = [
        ("found nodes that are not among the nodes at 1", NODES, EDGES.assign(to=["b", "x"])),
        ("neither minutes nor a speed", NODES, EDGES[["from", "to"]]),
        ("no usable 'minutes' at 0", NODES, EDGES.assign(minutes=[0, 1])),
        ("edges: minutes: found", NODES, EDGES.assign(minutes=["a", "b"])),
        ("unknown one-way marks at 1", NODES, EDGES.assign(oneway=["no", "maybe"])),
        (r"expected 'from' and 'to'", NODES, EDGES.rename(columns={"from": "f"})),
        ("do not end at their nodes at 0", NODES, drawn(LineString([(0, 0), (900, 0)]))),
        ("something else than a line at 0", NODES, drawn(several)),
        ("whose unit is the degree", NODES.to_crs(4326), EDGES),
        ("nodes and edges: found the CRS", NODES, drawn(None).to_crs(32639)),
        ("ids 'a' more than once", NODES.set_axis(["a", "b", "a"]), EDGES),
        ("none of any length", NODES, EDGES.assign(to=["a", "b"])),
    ]
    for message, nodes, edges in asked:
        with pytest.raises(AnalysisError, match=message):
            streets_from_edges(nodes, edges)
    with pytest.raises(AnalysisError, match="kmh: found 0"):
        streets_from_edges(NODES, EDGES, kmh=0)
    with pytest.raises(AnalysisError, match="snap: found"):
        streets_from_edges(NODES, EDGES, snap=0)
    assert isinstance(streets_from_edges(NODES, drawn(None)), StreetGraph)
