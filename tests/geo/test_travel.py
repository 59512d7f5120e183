"""Costs from people to services: straight, and along streets as networkx would walk them."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import LineString

import city
from ecity_geo.errors import AnalysisError
from ecity_geo.geo import search
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.joined import unjoined
from ecity_geo.geo.service_area import service_areas
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import (
    along_streets,
    cost_matrix,
    nearest_along_streets,
    straight_line,
)
from ecity_geo.geo.useful import useful_costs
from ecity_geo.siting import street_candidates


def points(places: object, prefix: str = "h") -> gpd.GeoDataFrame:
    x, y = np.asarray(places, dtype=float).reshape(-1, 2).T
    ids = [f"{prefix}{number}" for number in range(len(x))]
    return gpd.GeoDataFrame(index=ids, geometry=gpd.points_from_xy(x, y), crs=city.CRS)


def streets(*lines: list[tuple[float, float]], **options: object) -> StreetGraph:
    geometry = np.array([LineString(line) for line in lines], dtype=object)
    minutes = options.pop("minutes", shapely.length(geometry) / 100)
    return StreetGraph.from_lines(geometry, minutes, **options)


def test_straight_line_by_pythagoras() -> None:
    cost = straight_line(points([(0, 0), (3, 0)]), points([(0, 4)], "k"))
    assert cost.to_frame()["k0"].to_dict() == {"h0": 4, "h1": 5}
    assert cost.unit == "m"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cutoff=st.sampled_from([0.0, 1.0, 2.5, 5.0, 30.0]))
def test_straight_line_with_cutoff_agrees_with_geopandas(seed: int, cutoff: float) -> None:
    # On whole coordinates many distances equal the cutoff exactly: it is inclusive.
    rng = np.random.default_rng(seed)
    demand = points(rng.integers(0, 9, (30, 2)))
    facilities = points(rng.integers(0, 9, (12, 2)), "k")
    peer = pd.DataFrame({k: demand.distance(p) for k, p in facilities.geometry.items()})
    cut = straight_line(demand, facilities, cutoff=cutoff)
    assert cut.cutoff == cutoff
    pd.testing.assert_frame_equal(cut.to_frame(), peer.where(peer <= cutoff, np.inf))
    pd.testing.assert_frame_equal(straight_line(demand, facilities).to_frame(), peer)


def test_point_at_a_service_has_a_stored_zero() -> None:
    cost = straight_line(points([(1, 1)]), points([(1, 1)], "k"), cutoff=5)
    assert cost.costs.nnz == 1
    assert cost.nearest().loc["h0"].to_dict() == {"cost": 0.0, "facility_id": "k0"}


# Farther west the zone stretches by more than the 2 % that a CRS may.
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), turn=st.floats(0, 360), shift=st.floats(-5e5, 1e6))
def test_moving_and_turning_the_city_changes_no_distance(
    seed: int, turn: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    demand, facilities = points(rng.random((8, 2)) * 1e4), points(rng.random((3, 2)) * 1e4, "k")
    before = straight_line(demand, facilities).to_frame()

    def moved(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return frame.set_geometry(frame.rotate(turn, origin=(0, 0)).translate(shift, -shift))

    after = straight_line(moved(demand), moved(facilities)).to_frame()
    np.testing.assert_allclose(after, before, atol=1e-6)


ROAD = [(0.0, 0.0), (1000.0, 0.0)]


def one_cost(cost: CostMatrix) -> float:
    return float(cost.to_frame().iloc[0, 0])


def test_partial_streets_at_both_ends_count() -> None:
    lines = streets([(0, 0), (1000, 0)], [(1000, 0), (1000, 500)])
    cost = along_streets(points([(400, 0)]), points([(1000, 200)], "k"), lines)
    assert one_cost(cost) == pytest.approx(6 + 2)


def test_way_to_the_street_is_walked_at_eighty_metres_a_minute() -> None:
    home, kiosk = points([(100, 80)]), points([(300, -160)], "k")
    assert one_cost(along_streets(home, kiosk, streets(ROAD))) == pytest.approx(1 + 2 + 2)
    metres = along_streets(home, kiosk, streets(ROAD), unit="m")
    assert one_cost(metres) == pytest.approx(80 + 200 + 160)
    assert metres.unit == "m"


def test_same_street_needs_no_junction() -> None:
    cost = along_streets(points([(200, 0), (700, 0)]), points([(300, 0)], "k"), streets(ROAD))
    assert cost.to_frame()["k0"].tolist() == pytest.approx([1, 4])


def test_same_one_way_street_leads_round_the_block() -> None:
    block = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 0)]
    once = streets(block, oneway=[1])
    home, kiosk = points([(600, 0)]), points([(200, 0)], "k")
    assert one_cost(along_streets(home, kiosk, once)) == pytest.approx(36)
    assert one_cost(along_streets(kiosk, home, once)) == pytest.approx(4)
    against = streets(block, oneway=[-1])
    assert one_cost(along_streets(home, kiosk, against)) == pytest.approx(4)


def test_loop_at_the_end_of_a_street_is_entered_from_its_near_side() -> None:
    loop = [(100, 0), (200, 0), (200, 100), (100, 100), (100, 0)]
    home, kiosk = points([(0, 0), (200, 50)]), points([(100, 50)], "k")
    both = along_streets(home, kiosk, streets([(0, 0), (100, 0)], loop), unit="m")
    assert both.to_frame()["k0"].tolist() == pytest.approx([150, 200])
    once = streets([(0, 0), (100, 0)], loop, oneway=[0, 1])
    assert along_streets(home, kiosk, once, unit="m").costs.data.tolist() == [450, 200]
    assert along_streets(kiosk, home, once, unit="m").costs.data.tolist() == [150, 200]


def test_costs_run_from_demand_to_facility() -> None:
    lines = streets([(0, 0), (100, 0)], [(100, 0), (100, 900), (0, 0)], oneway=[1, 1])
    there = along_streets(points([(0, 0)]), points([(100, 0)], "k"), lines)
    back = along_streets(points([(100, 0)]), points([(0, 0)], "k"), lines)
    assert one_cost(there) == pytest.approx(1)
    assert one_cost(back) > 9


def test_home_at_the_mouth_of_a_one_way_street_is_at_the_junction() -> None:
    # Rounding puts it a hair inside the street that leaves; nobody must drive round for that.
    round_ = [(500.0, 0.0), (500.0, 500.0), (0.0, 500.0)]
    lines = streets([(0, 0), (500, 0)], [(0, 0), (0, 500)], round_, oneway=[1, 0, 1])
    assert lines.snap_points([1e-8], [0]).line.tolist() == [0]
    cost = along_streets(points([(1e-8, 0)]), points([(0, 300)], "k"), lines)
    assert one_cost(cost) == pytest.approx(3)


def test_unconnected_streets_leave_the_pair_out() -> None:
    lines = streets([(0, 0), (100, 0)], [(0, 500), (100, 500)])
    cost = along_streets(points([(0, 0), (0, 500)]), points([(50, 0)], "k"), lines)
    assert cost.to_frame()["k0"].tolist() == pytest.approx([0.5, np.inf])


def test_point_beyond_the_snap_is_unreachable_and_keeps_its_row() -> None:
    lines = streets(ROAD, snap=50)
    cost = along_streets(points([(0, 51), (0, 50)]), points([(0, 0), (0, 90)], "k"), lines)
    assert cost.to_frame().to_numpy().tolist() == [[np.inf, np.inf], [50 / 80, np.inf]]


def test_wholly_elsewhere_is_an_error() -> None:
    with pytest.raises(AnalysisError, match="No demand point lies within 500 m of a street"):
        along_streets(points([(9e5, 0)]), points([(0, 0)], "k"), streets(ROAD))
    with pytest.raises(AnalysisError, match="No facility"):
        along_streets(points([(0, 0)]), points([(9e5, 0)], "k"), streets(ROAD))


def test_cutoff_is_inclusive() -> None:
    cost = along_streets(
        points([(100, 0), (100.5, 0)]), points([(0, 0)], "k"), streets(ROAD), cutoff=1
    )
    assert cost.costs.nnz == 1
    assert cost.cutoff == 1


def by_networkx(
    lines: StreetGraph, demand: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, unit: str
) -> pd.DataFrame:
    """The peer: every point a node, put into its street, with its own way to the street."""
    peer = nx.MultiDiGraph()
    stops: dict[int, list[tuple[float, object]]] = {i: [] for i in range(len(lines.lines))}
    for frame in (demand, facilities):
        places = lines.snap_points(frame.geometry.x, frame.geometry.y)
        for name, line, along, metres in zip(
            frame.index, places.line, places.along, places.metres, strict=True
        ):
            peer.add_node(name)
            if line >= 0:
                stops[line].append((along, ("at", name)))
                walk = metres / 80 if unit == "min" else metres
                peer.add_edge(name, ("at", name), w=walk)
                peer.add_edge(("at", name), name, w=walk)
    ends, costs = lines.line_ends(), lines.line_costs(unit)
    for line, found in stops.items():
        along = sorted(
            [(0.0, 0, ends[line, 0]), *((a, 1, n) for a, n in found), (1.0, 2, ends[line, 1])],
            key=lambda stop: stop[:2],
        )
        for (a, _, one), (b, _, other) in pairwise(along):
            for tail, head, whole in ((one, other, costs[line, 0]), (other, one, costs[line, 1])):
                if b == a:
                    peer.add_edge(tail, head, w=0.0)
                elif np.isfinite(whole):
                    peer.add_edge(tail, head, w=(b - a) * whole)
    table = {
        name: nx.single_source_dijkstra_path_length(peer, name, weight="w") for name in demand.index
    }
    return pd.DataFrame(
        [[table[d].get(f, np.inf) for f in facilities.index] for d in demand.index],
        index=demand.index,
        columns=facilities.index,
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    unit=st.sampled_from(["m", "min"]),
    cutoff=st.sampled_from([3.0, 40.0, np.inf]),
    snap=st.sampled_from([2.0, 60.0]),
)
def test_agrees_with_networkx_on_small_graphs(
    seed: int, unit: str, cutoff: float, snap: float
) -> None:
    rng = np.random.default_rng(seed)
    lines = random_streets(rng, snap)
    # Whole coordinates fall on streets and junctions, the others beside them.
    demand = points(
        np.r_[rng.integers(0, 31, (9, 2)), rng.uniform(-5, 35, (9, 2)), lines_xy(lines)]
    )
    facilities = points(np.r_[rng.integers(0, 31, (4, 2)), lines_xy(lines)], "k")
    if not (near_street(lines, demand) and near_street(lines, facilities)):
        with pytest.raises(AnalysisError, match="lies within"):
            along_streets(demand, facilities, lines, unit=unit, cutoff=cutoff)
        return
    peer = by_networkx(lines, demand, facilities, unit)
    found = along_streets(demand, facilities, lines, unit=unit, cutoff=cutoff).to_frame()
    near = (peer - cutoff).abs() < 1e-9
    expected = peer.where(peer <= cutoff, np.inf)
    np.testing.assert_allclose(found.mask(near, 0), expected.mask(near, 0), rtol=1e-9, atol=1e-9)


def near_street(lines: StreetGraph, places: gpd.GeoDataFrame) -> bool:
    return bool((lines.snap_points(places.geometry.x, places.geometry.y).line >= 0).any())


def lines_xy(lines: StreetGraph) -> np.ndarray:
    return np.column_stack([lines.x, lines.y])[:3]


def random_streets(rng: np.random.Generator, snap: float) -> StreetGraph:
    """Streets over a small grid: one-way, parallel, looped, unconnected, some without cost."""
    corners = rng.integers(0, 4, (14, 4, 2)) * 10.0
    lines = [LineString(line[: rng.integers(2, 5)]) for line in corners]
    kept = np.array([line for line in lines if line.length > 0], dtype=object)
    minutes = rng.integers(1, 4, len(kept)) * (1 - rng.random(len(kept)))
    return StreetGraph.from_lines(kept, minutes, oneway=rng.integers(-1, 2, len(kept)), snap=snap)


def test_blocks_of_facilities_give_the_same_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    lines = random_streets(rng, 60)
    demand, facilities = (
        points(rng.uniform(0, 30, (20, 2))),
        points(rng.uniform(0, 30, (7, 2)), "k"),
    )
    whole = along_streets(demand, facilities, lines)
    monkeypatch.setattr(search, "BLOCK", 1)
    pd.testing.assert_frame_equal(
        along_streets(demand, facilities, lines).to_frame(), whole.to_frame()
    )


@pytest.mark.parametrize("cutoff", [12.0, np.inf])
def test_compiled_search_gives_the_same_costs(
    cutoff: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(8)
    lines = random_streets(rng, 60)
    demand, facilities = (
        points(rng.uniform(0, 30, (50, 2))),
        points(rng.uniform(0, 30, (40, 2)), "k"),
    )
    plain = along_streets(demand, facilities, lines, cutoff=cutoff).to_frame()
    monkeypatch.setattr(search, "MANY", 0)
    compiled = along_streets(demand, facilities, lines, cutoff=cutoff).to_frame()
    np.testing.assert_allclose(compiled, plain, rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=0)
def test_walkers_never_beat_the_crow_and_reversing_every_street_reverses_costs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 4, (12, 2, 2)) * 10.0
    lines = [LineString(line) for line in corners if (line[0] != line[1]).any()]
    marks = rng.integers(-1, 2, len(lines))
    time = shapely.length(np.array(lines)) / 80
    one, other = points(rng.uniform(0, 30, (6, 2))), points(rng.uniform(0, 30, (5, 2)), "k")
    there = along_streets(one, other, StreetGraph.from_lines(lines, time, oneway=marks))
    back = along_streets(other, one, StreetGraph.from_lines(lines, time, oneway=-marks))
    np.testing.assert_allclose(there.to_frame(), back.to_frame().T)
    assert (80 * there.to_frame() >= straight_line(one, other).to_frame() - 1e-6).all(axis=None)


def test_shuffled_rows_only_change_the_order() -> None:
    lines = city.streets()
    grid = StreetGraph.from_lines(lines.geometry.to_numpy(), lines["minutes"].to_numpy())
    rng = np.random.default_rng(1)
    demand = points(rng.uniform(0, 2000, (30, 2)) + city.ORIGIN)
    facilities = points(rng.uniform(0, 2000, (5, 2)) + city.ORIGIN, "k")
    cost = along_streets(demand, facilities, grid).to_frame()
    shuffled = along_streets(demand.iloc[::-1], facilities.iloc[::-1], grid).to_frame()
    pd.testing.assert_frame_equal(shuffled.loc[cost.index, cost.columns], cost)


def test_measure_and_unit_choose_the_way() -> None:
    home, kiosk, road = points([(0, 60)]), points([(100, 60)], "k"), streets(ROAD)
    assert one_cost(cost_matrix(home, kiosk)) == 100
    assert one_cost(cost_matrix(home, kiosk, measure="streets", unit="m", streets=road)) == 220
    minutes = cost_matrix(home, kiosk, measure="streets", unit="min", streets=road, cutoff=2)
    assert minutes.costs.nnz == 0
    assert cost_matrix(home, kiosk, cutoff=99).costs.nnz == 0


def test_questions_without_an_answer() -> None:
    home, kiosk = points([(0, 0)]), points([(1, 1)], "k")
    with pytest.raises(AnalysisError, match="needs a street graph"):
        cost_matrix(home, kiosk, measure="streets", unit="min")
    with pytest.raises(AnalysisError, match="in metres, not in 'min'"):
        cost_matrix(home, kiosk, unit="min")
    with pytest.raises(AnalysisError, match="degree"):
        cost_matrix(home.set_crs(4326, allow_override=True), kiosk)
    with pytest.raises(AnalysisError, match="EPSG:32638 and EPSG:32639"):
        cost_matrix(home, kiosk.set_crs(32639, allow_override=True))
    with pytest.raises(AnalysisError, match="cutoff: found -1"):
        cost_matrix(home, kiosk, cutoff=-1)
    with pytest.raises(AnalysisError, match="no facilities"):
        cost_matrix(home, kiosk.iloc[:0])
    with pytest.raises(AnalysisError, match="no demand points"):
        cost_matrix(home.iloc[:0], kiosk)
    with pytest.raises(AnalysisError, match=r"unique.*'k0'"):
        cost_matrix(home, pd.concat([kiosk, kiosk]))
    with pytest.raises(AnalysisError, match=r"demand: found .* 'h0'"):
        cost_matrix(points([(np.nan, 0)]), kiosk)


def beside(street: float, crs: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=gpd.points_from_xy([613_000, 614_000], [4_213_000 + street] * 2), crs=crs
    )


def test_streets_in_another_crs_than_the_points_are_refused() -> None:
    # ED50 and WGS 84 lie 179 m apart here, which the snap would pass over in silence.
    line = LineString([(612_500, 4_213_000), (614_500, 4_213_000)])
    drawn = gpd.GeoSeries([line], crs=32638)
    homes, services = beside(0, "EPSG:32638"), beside(0, "EPSG:32638")
    right = along_streets(homes, services, StreetGraph.from_lines(drawn, [5]), unit="m")
    assert right.costs.max() == pytest.approx(1000)
    other = StreetGraph.from_lines(drawn.to_crs(23038), [5])
    calls = [
        lambda: along_streets(homes, services, other),
        lambda: nearest_along_streets(homes, services, other),
        lambda: service_areas(services, [100], streets=other),
        lambda: unjoined(other, homes),
        lambda: street_candidates(other, crs=32638, spacing=100),
        lambda: useful_costs(
            homes, services, standing=services.index, within=9, streets=other, unit="m"
        ),
    ]
    for call in calls:
        with pytest.raises(AnalysisError, match="the CRS EPSG:23038 and EPSG:32638, expected the"):
            call()
    assert street_candidates(StreetGraph.from_lines(drawn, [5]), spacing=100).crs == drawn.crs


def test_lines_in_place_of_a_graph_are_told() -> None:
    layer = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (9, 0)])], crs=city.CRS)
    home = points([(0, 0)])
    with pytest.raises(AnalysisError, match="found a GeoDataFrame, expected a StreetGraph"):
        along_streets(home, home, layer)  # type: ignore[arg-type]


def test_streets_that_are_given_are_travelled() -> None:
    detour = streets([(0, 0), (0, 300), (400, 300), (400, 0)])
    home, service = points([(0, 0)]), points([(400, 0)], "k")
    assert cost_matrix(home, service).costs.data.tolist() == [400]
    assert cost_matrix(home, service, streets=detour).costs.data.tolist() == [1000]
    straight = cost_matrix(home, service, streets=detour, measure="straight")
    assert straight.costs.data.tolist() == [400]


def test_who_reaches_nothing_is_named_with_the_reason() -> None:
    # By hand: a street of 9 km, a yard of its own beside it, and another town.
    network = streets([(0, 0), (9000, 0)], [(0, 800), (50, 800)], [(0, 9e4), (9000, 9e4)])
    homes = points([(0, 0), (0, 1200), (20, 800), (9000, 0), (0, 9e4)])
    service = points([(100, 0), (5000, 700)], "k")
    cost = along_streets(homes, service, network, unit="m", cutoff=1000)
    told = cost.unreached()
    assert told[["role", "id", "reason"]].to_numpy().tolist() == [
        ["demand", "h1", "island"],
        ["demand", "h2", "island"],
        ["demand", "h3", "beyond the cutoff"],
        ["demand", "h4", "beyond the cutoff"],
        ["facility", "k1", "too far"],
    ]
    assert told["metres"].fillna(-1).tolist() == [400, 0, -1, -1, 700]
    assert unjoined(network, homes)["reason"].to_dict() == {"h1": "island", "h2": "island"}
    whole = along_streets(homes, service, network, unit="m").unreached().set_index("id")
    assert whole["reason"].to_dict() == {
        "h1": "island",
        "h2": "island",
        "h4": "not connected",
        "k1": "too far",
    }
    kept = cost.select(pd.Index(["k0"])).within(500)
    assert kept.unreached()["id"].tolist() == ["h1", "h2", "h3", "h4"]
    useful = useful_costs(
        homes, service, standing=service.index[:0], within=9, streets=network, unit="m"
    )
    assert useful.unreached()["id"].tolist() == ["h1", "h2", "h4", "k1"]
    assert straight_line(homes, service, cutoff=1).unreached()["reason"].nunique() == 1


def test_a_home_at_a_street_that_is_cut_off_is_told_so() -> None:
    network = streets([(0, 0), (9000, 0)], [(0, 800), (50, 800)])
    with pytest.raises(AnalysisError, match="the 1 nearest a street are on islands"):
        along_streets(points([(20, 800)]), points([(0, 0)]), network)
    with pytest.raises(AnalysisError, match="the nearest is 1,000 m away"):
        along_streets(points([(20, 1800)]), points([(0, 0)]), network)


def test_pairs_that_do_not_match_their_ids_are_told() -> None:
    ids = {"demand_ids": pd.Index(["a"]), "facility_ids": pd.Index(["k"]), "unit": "m"}
    with pytest.raises(AnalysisError, match="found 2 demand positions, 1 facility positions"):
        CostMatrix.from_pairs(np.array([0, 0]), np.array([0]), np.array([1.0]), **ids)
    with pytest.raises(AnalysisError, match="demand positions from 3 to 3, expected 0 to 0"):
        CostMatrix.from_pairs(np.array([3]), np.array([0]), np.array([1.0]), **ids)


def test_a_cutoff_that_is_a_word_is_told() -> None:
    with pytest.raises(AnalysisError, match="cutoff: found '5', expected a cost"):
        straight_line(points([(0, 0)]), points([(0, 0)]), cutoff="5")  # type: ignore[arg-type]
