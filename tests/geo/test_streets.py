"""From lines to a graph that can be travelled: meetings, one-way streets, places on streets."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, MultiLineString, Point

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.streets import StreetGraph


def graph(*lines: list[tuple[float, float]], **options: object) -> StreetGraph:
    geometry = np.array([LineString(line) for line in lines], dtype=object)
    minutes = options.pop("minutes", shapely.length(geometry) / 100)
    return StreetGraph.from_lines(geometry, minutes, **options)


def edges(streets: StreetGraph) -> dict[tuple[tuple[float, float], tuple[float, float]], float]:
    """Minutes of each directed edge by the coordinates of its ends."""
    place = list(zip(streets.x.tolist(), streets.y.tolist(), strict=True))
    ends = zip(streets.tail, streets.head, streets.minutes.tolist(), strict=True)
    return {(place[a], place[b]): minutes for a, b, minutes in ends}


A, B, C, D, X = (0.0, 0.0), (10.0, 0.0), (5.0, -5.0), (5.0, 5.0), (5.0, 0.0)


def test_lines_meet_where_they_share_a_vertex_in_their_middle() -> None:
    found = edges(graph([A, X, B], [C, X, D], minutes=[4, 2]))
    assert len(found) == 8
    assert found[A, X] == found[X, B] == found[B, X] == 2
    assert found[C, X] == found[X, D] == 1


def test_bridge_without_a_shared_vertex_does_not_meet_the_street_below() -> None:
    streets = graph([A, B], [C, D])
    assert len(streets.x) == 4
    assert streets.components.weak == 2
    assert streets.components.largest_weak == pytest.approx(0.5)


def test_bend_that_nobody_shares_is_no_junction() -> None:
    streets = graph([A, (0, 30), (40, 30)])
    assert len(streets.x) == 2
    assert streets.metres.tolist() == [70, 70]
    assert shapely.get_num_coordinates(streets.lines).tolist() == [3]


def test_minutes_are_shared_out_by_length() -> None:
    found = edges(graph([(0, 0), (30, 0), (100, 0)], [(30, 0), (30, 9)], minutes=[10, 1]))
    assert found[(0, 0), (30, 0)] == pytest.approx(3)
    assert found[(30, 0), (100, 0)] == pytest.approx(7)


def test_one_way_lines_carry_one_edge_in_the_direction_marked() -> None:
    found = edges(graph([A, X], [X, B], [X, D], oneway=[1, -1, 0]))
    assert set(found) == {(A, X), (B, X), (X, D), (D, X)}


def test_vertices_agree_to_the_millimetre() -> None:
    near = (10.0004, 0.0)
    assert graph([A, B], [near, (20, 0)]).components.weak == 1
    assert graph([A, B], [(10.002, 0.0), (20, 0)]).components.weak == 2


def test_line_through_its_own_vertex_makes_a_loop_that_is_kept() -> None:
    streets = graph([A, B, (10, 10), (5, 10), B])
    loop = streets.tail == streets.head
    assert loop.sum() == 2
    assert len(streets.lines) == 2
    # The loop is no way to anywhere, so the matrix leaves it out.
    assert streets.matrix("m").nnz == 2


def test_of_parallel_lines_the_matrix_takes_the_cheapest_per_unit() -> None:
    streets = graph([A, B], [A, (5, 9), B], minutes=[9, 1])
    assert streets.matrix("min").data.tolist() == [1, 1]
    assert streets.matrix("m").data.tolist() == [10, 10]
    assert len(streets.lines) == 2


def test_repeated_vertices_and_lines_of_no_length_vanish() -> None:
    streets = graph([A, A, B, B], [X, X], minutes=[1, 7])
    assert edges(streets) == {(A, B): 1, (B, A): 1}


def test_heights_and_distance_from_the_origin_do_not_matter() -> None:
    low = graph([A, X, B], [C, X, D])
    far = np.array([[610_000.0, 4_214_000.0]])
    lifted = [
        LineString(np.column_stack([np.array(line) + far, [9, 8, 7]]))
        for line in ([A, X, B], [C, X, D])
    ]
    high = StreetGraph.from_lines(lifted, [0.1, 0.1])
    assert high.metres == pytest.approx(low.metres)
    assert high.tail.tolist() == low.tail.tolist()


def test_strong_parts_count_what_one_way_streets_cut_off() -> None:
    parts = graph([A, X], [X, B], oneway=[0, 1]).components
    assert (parts.weak, parts.strong) == (1, 2)
    assert parts.largest_weak == 1
    assert parts.largest_strong == pytest.approx(0.5)
    assert parts.islands == pytest.approx(0.5)


def test_grid_of_the_test_city() -> None:
    lines = city.streets()
    streets = StreetGraph.from_lines(lines.geometry.to_numpy(), lines["minutes"].to_numpy())
    assert (len(streets.x), len(streets.lines), len(streets.tail)) == (81, 144, 288)
    assert set(streets.metres) == {250.0}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_way_costs_what_networkx_finds_over_all_vertices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines, minutes, oneway = random_lines(rng)
    streets = StreetGraph.from_lines(lines, minutes, oneway=oneway)
    peer = nx.DiGraph()
    for line, time, mark in zip(lines, minutes, oneway, strict=True):
        for a, b in pairwise(line.coords):
            share = time * np.hypot(b[0] - a[0], b[1] - a[1]) / line.length
            for one, other, open_ in ((a, b, mark >= 0), (b, a, mark <= 0)):
                if open_ and share < peer.get_edge_data(one, other, {"t": np.inf})["t"]:
                    peer.add_edge(one, other, t=share)
    found = dijkstra(streets.matrix("min"))
    places = list(zip(streets.x.tolist(), streets.y.tolist(), strict=True))
    for i, place in enumerate(places):
        costs = nx.single_source_dijkstra_path_length(peer, place, weight="t")
        assert found[i].tolist() == pytest.approx([costs.get(each, np.inf) for each in places])
    total = shapely.length(np.array(lines)).sum()
    assert shapely.length(streets.lines).sum() == pytest.approx(total)


def random_lines(rng: np.random.Generator) -> tuple[list[LineString], np.ndarray, np.ndarray]:
    """Lines over a small grid, so that they meet, cross, run parallel and close rings."""
    lines: list[LineString] = []
    while len(lines) < 9:
        corners = rng.integers(0, 4, (rng.integers(2, 6), 2)) * 10.0
        moved = np.r_[True, (np.diff(corners, axis=0) != 0).any(axis=1)]
        if moved.sum() > 1:
            lines.append(LineString(corners[moved]))
    minutes = rng.integers(1, 5, len(lines)).astype(float)
    return lines, minutes, rng.integers(-1, 2, len(lines))


def mainland_by_networkx(streets: StreetGraph) -> list[LineString]:
    """Lines between the largest strongly connected parts; all are shorter than 2 km here."""
    peer = nx.MultiDiGraph(zip(streets.tail.tolist(), streets.head.tolist(), strict=True))
    ends = streets.line_ends().tolist()
    parts = list(nx.strongly_connected_components(peer))
    held = [
        sum(line.length for line, e in zip(streets.lines, ends, strict=True) if part >= set(e))
        for part in parts
    ]
    kept = set().union(*(p for p, m in zip(parts, held, strict=True) if m >= max(held) - 1e-9))
    return [line for line, e in zip(streets.lines, ends, strict=True) if kept >= set(e)]


def test_island_is_no_place_to_join() -> None:
    main = [(0.0, 0.0), (3000.0, 0.0)]
    courtyard = [(100.0, 50.0), (120.0, 50.0)]
    streets = graph(main, courtyard)
    assert streets.on_mainland.tolist() == [True, False]
    assert streets.components.islands == pytest.approx(20 / 3020)
    places = streets.snap_points([110], [49])
    assert places.line.tolist() == [0]
    assert places.metres == pytest.approx([49])


def test_one_way_stub_that_leaves_the_extract_is_no_place_to_join() -> None:
    streets = graph([(0, 0), (900, 0)], [(900, 0), (900, 700)], oneway=[0, 1])
    assert streets.on_mainland.tolist() == [True, False]


def test_town_of_its_own_is_no_island() -> None:
    streets = graph([(0, 0), (9000, 0)], [(0, 50), (2000, 50)], [(0, 90), (1999, 90)])
    assert streets.on_mainland.tolist() == [True, True, False]


def test_where_no_street_leads_back_all_of_them_count() -> None:
    assert graph([A, X], [X, B], oneway=[1, 1]).on_mainland.all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), snap=st.sampled_from([1.0, 5.0, 50.0]))
def test_snapped_place_is_on_a_street_and_none_is_nearer(seed: int, snap: float) -> None:
    rng = np.random.default_rng(seed)
    lines, minutes, oneway = random_lines(rng)
    streets = StreetGraph.from_lines(lines, minutes, oneway=oneway, snap=snap)
    x, y = rng.uniform(-9, 45, (2, 25))
    places = streets.snap_points(x, y)
    together = shapely.union_all(mainland_by_networkx(streets))
    for i, point in enumerate(shapely.points(x, y)):
        away = shapely.distance(point, together)
        if away > snap:
            assert places.line[i] == -1
            assert places.metres[i] == np.inf
        else:
            line = streets.lines[places.line[i]]
            place = line.interpolate(places.along[i], normalized=True)
            assert places.metres[i] == pytest.approx(away, abs=1e-9)
            assert point.distance(place) == pytest.approx(away, abs=2e-3)


def test_place_beside_a_street_is_a_share_of_its_length() -> None:
    places = graph([(0, 0), (100, 0)]).snap_points([25, -3, 104], [7, 4, 3])
    assert places.along.tolist() == [0.25, 0, 1]
    assert places.metres == pytest.approx([7, 5, 5])


def test_snap_is_inclusive_and_what_lies_beyond_joins_nothing() -> None:
    places = graph([(0, 0), (100, 0)], snap=50).snap_points([50, 50], [50, 50.001])
    assert places.line.tolist() == [0, -1]


def test_no_points_snap_to_nothing() -> None:
    assert graph([A, B]).snap_points([], []).line.tolist() == []


def test_a_hair_behind_a_junction_is_at_the_junction() -> None:
    assert graph([A, B]).snap_points([1e-7, 10 - 1e-7], [0, 0]).along.tolist() == [0, 1]


def test_lines_keep_their_ends_and_costs_per_direction() -> None:
    streets = graph([A, X], [B, X], oneway=[1, -1], minutes=[2, 3])
    place = np.column_stack([streets.x, streets.y])[streets.line_ends()]
    assert place.tolist() == [[list(A), list(X)], [list(B), list(X)]]
    assert streets.line_costs("min").tolist() == [[2, np.inf], [np.inf, 3]]
    assert streets.line_costs("m").tolist() == [[5, np.inf], [np.inf, 5]]


@pytest.mark.parametrize("minutes", [-1, 0, np.nan, np.inf])
def test_impossible_travel_times_are_refused(minutes: float) -> None:
    with pytest.raises(AnalysisError, match=r"travel time .* 1 of 2 lines.* position 1"):
        graph([A, X], [X, B], minutes=[1, minutes])


@pytest.mark.parametrize(
    "bad", [Point(0, 0), MultiLineString([[A, B]]), None, shapely.box(0, 0, 1, 1)]
)
def test_anything_but_a_line_is_refused(bad: object) -> None:
    with pytest.raises(AnalysisError, match="else than a line in 1 of 2"):
        StreetGraph.from_lines(np.array([LineString([A, B]), bad], dtype=object), [1, 1])


def test_other_faults_are_refused() -> None:
    with np.errstate(invalid="ignore"):
        broken = LineString([A, (np.nan, 3)])
    with pytest.raises(AnalysisError, match="not finite in 1 of 1"):
        StreetGraph.from_lines([broken], [1])
    with pytest.raises(AnalysisError, match="one-way mark"):
        graph([A, B], oneway=[2])
    with pytest.raises(AnalysisError, match="1 lines, 2 travel times"):
        graph([A, B], minutes=[1, 2])
    with pytest.raises(AnalysisError, match="no line of any length"):
        graph([A, A], minutes=[1])
    with pytest.raises(AnalysisError, match="no line of any length"):
        StreetGraph.from_lines([], [])
    with pytest.raises(AnalysisError, match="snap: found 0 m"):
        graph([A, B], snap=0)


def test_ends_meet_wherever_the_middle_of_a_millimetre_lies() -> None:
    for end in (500.0003, 500.0005, 500.00099999):
        first, second = [(0, 0), (end, 0)], [(end + 1e-8, 0), (3000, 0)]
        assert graph(first, second).components.weak == 1


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-8, 1e-6, 1e-4, 3e-4]),
    shift=st.sampled_from([0.0, 0.0005, 612_345.6785, 4_213_000.0005]),
)
def test_noise_and_moving_the_city_part_no_streets(seed: int, noise: float, shift: float) -> None:
    # By hand: 6 x 6 crossings, however the ends of their 60 streets are off by less than half
    # a millimetre.
    rng = np.random.default_rng(seed)
    steps = [((i, j), (i + 1, j)) for i in range(5) for j in range(6)]
    steps += [(one[::-1], other[::-1]) for one, other in steps]
    ends = np.array(steps) * 100.0 + shift
    moved = ends + rng.uniform(-noise, noise, ends.shape)
    streets = StreetGraph.from_lines(shapely.linestrings(moved), np.ones(len(moved)))
    assert (len(streets.x), len(streets.lines), streets.components.strong) == (36, 60, 1)


def test_a_chain_of_steps_below_a_millimetre_is_one_place() -> None:
    ends = [10 + 0.0009 * step for step in range(4)]
    spokes = [[(end, 0), (end, 50)] for end in ends]
    streets = graph(*spokes)
    assert streets.components.weak == 1
    # A millimetre from one to the next is enough, wherever the coordinates round.
    assert graph([(0, 0), (4e6, 0)], [(4e6 + 0.001, 0), (5e6, 0)]).components.weak == 1


def test_streets_carry_the_crs_of_their_layer_or_as_stated() -> None:
    layer = gpd.GeoSeries([LineString([A, B])], crs="EPSG:32638")
    assert StreetGraph.from_lines(layer, [1]).crs == layer.crs
    assert StreetGraph.from_lines(layer.to_frame("geometry"), [1]).crs == layer.crs
    assert StreetGraph.from_lines([LineString([A, B])], [1], crs=32638).crs == layer.crs
    assert StreetGraph.from_lines([LineString([A, B])], [1]).crs is None


def test_streets_in_degrees_or_under_two_crs_are_refused() -> None:
    degrees = gpd.GeoSeries([LineString([(46.3, 38), (46.31, 38)])], crs="EPSG:4326")
    with pytest.raises(AnalysisError, match="streets: found EPSG:4326, whose unit is the degree"):
        StreetGraph.from_lines(degrees, [1])
    metric = degrees.to_crs(32638)
    with pytest.raises(AnalysisError, match="EPSG:32638 in the layer and EPSG:32639 as stated"):
        StreetGraph.from_lines(metric, [1], crs="EPSG:32639")
    with pytest.raises(AnalysisError, match="found the CRS 'here'"):
        StreetGraph.from_lines(metric, [1], crs="here")


def test_words_in_place_of_numbers_are_told() -> None:
    line = [LineString([A, B])]
    with pytest.raises(AnalysisError, match="minutes: found 5, expected one number for each line"):
        StreetGraph.from_lines(line, 5)
    with pytest.raises(AnalysisError, match=r"minutes: found \['a'\]"):
        StreetGraph.from_lines(line, ["a"])
    with pytest.raises(AnalysisError, match=r"oneway: found \['yes'\], expected 1, -1 or 0"):
        StreetGraph.from_lines(line, [1], oneway=["yes"])
    with pytest.raises(AnalysisError, match="snap: found '5'"):
        StreetGraph.from_lines(line, [1], snap="5")  # type: ignore[arg-type]


def test_times_of_other_lines_are_told_by_their_labels() -> None:
    layer = gpd.GeoSeries([LineString([A, B]), LineString([B, C])], index=["a", "b"])
    with pytest.raises(AnalysisError, match="minutes: found other labels"):
        StreetGraph.from_lines(layer, pd.Series({"b": 1.0, "a": 2.0}))
