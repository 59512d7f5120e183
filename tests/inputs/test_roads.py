"""Streets: layers and OSM extracts become graphs; each bad value is named with its feature."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from pyproj import CRS
from scipy.sparse.csgraph import connected_components
from shapely import LineString, MultiLineString, Point

import city
from ecity_geo.crs import bounds_of, to_lonlat, widen
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs import road_speeds
from ecity_geo.inputs.config import StreetsConfig
from ecity_geo.inputs.roads import read_streets
from ecity_geo.inputs.schema import Checked
from ecity_geo.inputs.street_file import read_street_graph

X, Y = city.ORIGIN
HELSINKI = next(
    (
        up / "shared" / "data" / "helsinki_roads" / "Helsinki.osm.pbf"
        for up in Path(__file__).resolve().parents
        if (up / "shared").is_dir()
    ),
    Path("nowhere"),
)


def lines(*ends: tuple[float, float, float, float], **columns: Any) -> gpd.GeoDataFrame:
    """Straight lines given in metres from the city's corner."""
    shapes = [LineString([(X + a, Y + b), (X + c, Y + d)]) for a, b, c, d in ends]
    return gpd.GeoDataFrame(columns, index=range(len(shapes)), geometry=shapes, crs=city.CRS)


def read(folder: Path, frame: gpd.GeoDataFrame, **changes: Any) -> Checked[StreetGraph]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(folder / "streets.gpkg")
    here = city.districts()
    return read_streets(
        StreetsConfig(**{"path": "streets.gpkg"} | changes),
        folder=folder,
        crs=CRS(city.CRS),
        bounds=bounds_of(here),
        box=widen(to_lonlat(bounds_of(here), CRS(city.CRS))),
    )


def facts(folder: Path, frame: gpd.GeoDataFrame, **changes: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, frame, **changes)
    return [each.fact() for each in caught.value.faults]


def edges(graph: StreetGraph) -> set[tuple[float, float, float, float, float]]:
    """Directed edges: coordinates from the city's corner, and minutes."""
    tails = np.column_stack([graph.x[graph.tail] - X, graph.y[graph.tail] - Y])
    heads = np.column_stack([graph.x[graph.head] - X, graph.y[graph.head] - Y])
    rows = np.column_stack([tails, heads, graph.minutes]).round(3)
    return {tuple(float(value) for value in row) for row in rows}


def test_grid_of_the_city_is_a_graph_of_its_crossings(tmp_path: Path) -> None:
    # Nine by nine crossings, 2 x 9 x 8 streets, each both ways.
    found = read(tmp_path, city.streets(), minutes="minutes")
    graph = found.data
    assert len(graph.x) == 81
    assert len(graph.tail) == 2 * 144
    assert set(graph.minutes) == {1.0}
    assert graph.metres == pytest.approx(250.0)
    assert graph.snap == 500.0
    assert (found.tallies[0].role, found.tallies[0].read, found.tallies[0].matched) == (
        "streets",
        144,
        144,
    )
    assert found.repairs == ()


def test_walking_time_follows_from_length(tmp_path: Path) -> None:
    # 4.8 km/h are 80 m a minute.
    graph = read(tmp_path, lines((0, 0, 800, 0)), snap=80).data
    assert graph.minutes == pytest.approx([10.0, 10.0])
    assert graph.snap == 80


def test_speed_turns_into_minutes(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), (1000, 0, 1000, 500), kmh=[60.0, 30.0])
    graph = read(tmp_path, frame, speed="kmh", mode="drive").data
    assert sorted(set(graph.minutes.round(9))) == [1.0]


def test_minutes_win_over_speed(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), kmh=[60.0], t=[7.0])
    assert set(read(tmp_path, frame, speed="kmh", minutes="t").data.minutes) == {7.0}


@pytest.mark.parametrize(
    ("mark", "ways"),
    [("yes", {"there"}), ("-1", {"back"}), ("no", {"there", "back"}), (None, {"there", "back"})]
    + [("True", {"there"}), ("1", {"there"}), ("0", {"there", "back"})]
    + [("reversible", {"there", "back"})],
)
def test_one_way_streets_bind_those_who_drive(
    mark: str | None, ways: set[str], tmp_path: Path
) -> None:
    frame = lines((0, 0, 1000, 0), (1000, 0, 2000, 0), t=[1.0, 1.0], ow=[mark, "no"])
    there, back = (0.0, 0.0, 1000.0, 0.0, 1.0), (1000.0, 0.0, 0.0, 0.0, 1.0)
    driven = edges(read(tmp_path, frame, minutes="t", oneway="ow", mode="drive").data)
    assert ({"there"} if there in driven else set()) | (
        {"back"} if back in driven else set()
    ) == ways
    walked = edges(read(tmp_path, frame, minutes="t", oneway="ow", mode="walk").data)
    assert {there, back} <= walked


def test_numbers_mark_one_way_streets_too(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), (0, 9, 1000, 9), t=[1.0, 1.0], ow=[1.0, -1.0])
    graph = read(tmp_path, frame, minutes="t", oneway="ow", mode="drive").data
    assert edges(graph) == {(0.0, 0.0, 1000.0, 0.0, 1.0), (1000.0, 9.0, 0.0, 9.0, 1.0)}


@pytest.mark.parametrize(
    ("values", "rows"),
    [([0.0, 1.0], ["feature 1"]), ([-1.0, np.nan], ["feature 1", "feature 2"])]
    + [([1.0, np.inf], ["feature 2"]), (["fast", "3"], ["feature 1"])],
)
@pytest.mark.parametrize("key", ["minutes", "speed"])
def test_times_and_speeds_of_nothing_are_named(
    key: str, values: list[Any], rows: list[str], tmp_path: Path
) -> None:
    frame = lines((0, 0, 1000, 0), (1000, 0, 2000, 0), v=values)
    found = facts(tmp_path, frame, **{key: "v", "mode": "drive"})
    assert len(found) == len(rows)
    for fact, row in zip(found, rows, strict=True):
        assert fact.startswith(f'streets.gpkg, {row}, field "v"')
        assert "above 0" in fact


def test_unknown_one_way_mark_is_named(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), t=[1.0], ow=["F"])
    (found,) = facts(tmp_path, frame, minutes="t", oneway="ow", mode="drive")
    assert "'F'" in found


def test_faults_of_fields_and_geometries_come_together(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), (0, 9, 1000, 9), (0, 19, 1000, 19), t=[1.0, 1.0, 1.0])
    frame.loc[1, "geometry"] = None
    frame.loc[2, "geometry"] = Point(X, Y)
    found = "\n".join(facts(tmp_path, frame, minutes="time"))
    assert '"time": found no such field' in found
    assert 'feature 2, field "geometry": found no geometry' in found
    assert 'feature 3, field "geometry": found a Point' in found


def test_driving_needs_times_or_speeds(tmp_path: Path) -> None:
    (found,) = facts(tmp_path, lines((0, 0, 1000, 0)), mode="drive")
    assert 'neither "minutes" nor "speed"' in found


def test_parts_of_a_street_share_its_time_by_length(tmp_path: Path) -> None:
    parts = MultiLineString([[(X, Y), (X + 300, Y)], [(X, Y + 50), (X + 100, Y + 50)]])
    frame = gpd.GeoDataFrame({"t": [4.0]}, geometry=[parts], crs=city.CRS)
    graph = read(tmp_path, frame, minutes="t").data
    assert sorted(set(graph.minutes.round(9))) == [1.0, 3.0]


def test_streets_far_from_the_city_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = lines((0, 0, 1000, 0), (-4000, 0, -3000, 0), (9000, 0, 9100, 0), (5, 5, 5, 5))
    found = read(tmp_path, frame)
    assert len(found.data.tail) == 4
    tally = found.tallies[0]
    assert (tally.read, tally.matched, tally.rejected) == (4, 2, 2)
    assert [(repair.kind, repair.count) for repair in found.repairs] == [("left_out", 2)]


def test_streets_of_another_zone_are_a_fault(tmp_path: Path) -> None:
    frame = city.streets().set_crs("EPSG:32639", allow_override=True)
    (found,) = facts(tmp_path, frame, minutes="minutes")
    assert "EPSG:32639" in found


def test_no_street_near_the_districts_is_a_fault(tmp_path: Path) -> None:
    (found,) = facts(tmp_path, lines((12_000, 0, 13_000, 0)))
    assert "no street near the districts" in found


@pytest.mark.parametrize(
    ("tags", "walk", "drive"),
    [
        ({"highway": "residential"}, 4.8, 30),
        ({"highway": "motorway"}, 0, 100),
        ({"highway": "footway"}, 4.8, 0),
        ({"highway": "steps"}, 4.8, 0),
        ({"highway": "construction"}, 0, 0),
        ({"highway": "residential", "foot": "no"}, 0, 30),
        ({"highway": "service", "access": "private"}, 0, 0),
        ({"highway": "service", "access": "private", "foot": "yes"}, 4.8, 0),
        ({"highway": "service", "access": "no", "motor_vehicle": "yes"}, 0, 15),
        ({"highway": "residential", "maxspeed": "20"}, 4.8, 20),
        ({"highway": "primary", "maxspeed": "30 mph"}, 4.8, 48.28032),
        ({"highway": "primary", "maxspeed": "walk"}, 4.8, 50),
        ({"highway": "primary", "maxspeed": "0"}, 4.8, 50),
    ],
)
def test_tags_say_who_may_pass_and_how_fast(
    tags: dict[str, str], walk: float, drive: float
) -> None:
    assert road_speeds.walk_speed(tags, StreetsConfig(path="x")) == walk
    assert road_speeds.drive_speed(tags, StreetsConfig(path="x", mode="drive")) == pytest.approx(
        drive
    )


@pytest.mark.parametrize(
    ("tags", "mark"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "no", "highway": "motorway"}, 0),
        ({"highway": "motorway"}, 1),
        ({"junction": "roundabout"}, 1),
        ({"oneway": "alternating"}, 0),
    ],
)
def test_one_way_tags_and_what_implies_them(tags: dict[str, str], mark: int) -> None:
    assert road_speeds.osm_oneway(tags) == mark


@pytest.mark.skipif(not HELSINKI.is_file(), reason="the real extract is not beside the repository")
class TestHelsinki:
    """A real OSM extract with 2504 highways, by its SOURCE.md."""

    def read(self, mode: str) -> Checked[StreetGraph]:
        corners = gpd.GeoSeries([Point(24.935, 60.164), Point(24.953, 60.179)], crs=4326)
        crs = CRS.from_epsg(32635)
        return read_streets(
            StreetsConfig(path=HELSINKI.name, mode=mode),
            folder=HELSINKI.parent,
            crs=crs,
            bounds=bounds_of(corners.to_crs(crs)),
            box=(24.9, 60.1, 25.0, 60.2),
        )

    def highways(self) -> pd.Series:
        frame = pyogrio.read_dataframe(HELSINKI, layer="lines", where="highway IS NOT NULL")
        return frame["highway"].value_counts()

    def test_every_highway_is_counted(self) -> None:
        # The count of SOURCE.md and of GDAL; walking leaves out what nobody can walk.
        tally = self.read("walk").tallies[0]
        assert tally.read == self.highways().sum()
        assert tally.matched > 0.9 * tally.read

    def test_walkers_use_the_whole_width_of_a_street_and_drivers_obey(self) -> None:
        walk, drive = self.read("walk").data, self.read("drive").data
        assert len(walk.lines) > 2 * len(drive.lines)
        assert len(walk.tail) == 2 * len(walk.lines)
        assert len(drive.lines) < len(drive.tail) < 2 * len(drive.lines)
        # 80 m a minute, but for vertices rounded to the millimetre.
        np.testing.assert_allclose(walk.metres / walk.minutes, 80.0, rtol=2e-3)

    def test_streets_hang_together(self) -> None:
        # A street network of a town is one piece but for a few yards and platforms.
        graph = self.read("walk").data
        _, label = connected_components(graph.matrix("m"), directed=False)
        assert np.bincount(label).max() > 0.95 * len(graph.x)


def test_streets_cut_off_from_the_rest_are_told(tmp_path: Path) -> None:
    main = [(0, y, 2000, y) for y in (0, 500, 1000)] + [(0, 0, 0, 1000)]
    frame = lines(*main, (5, 1200, 105, 1200), minutes=1.0)
    repairs = read(tmp_path, frame, minutes="minutes").repairs
    told = {repair.kind: repair for repair in repairs}["street_islands"]
    # 100 m of 7,100 m
    assert "1.4%" in told.detail


def test_network_in_one_piece_has_no_islands(tmp_path: Path) -> None:
    frame = lines((0, 0, 2000, 0), (0, 0, 0, 1000), minutes=1.0)
    kinds = {repair.kind for repair in read(tmp_path, frame, minutes="minutes").repairs}
    assert "street_islands" not in kinds


def test_nobody_walks_at_the_speed_limit(tmp_path: Path) -> None:
    found = read(tmp_path, lines((0, 0, 800, 0), v=[30.0]), speed="v", mode="walk")
    # By hand: 800 m at 80 m/min.
    assert found.data.minutes.tolist() == pytest.approx([10, 10])
    (told,) = [each for each in found.repairs if each.kind == "unused_speed"]
    assert told.detail == '"v" is not used: walking takes 4.8 km/h on every street'
    driven = read(tmp_path, lines((0, 0, 800, 0), v=[30.0]), speed="v", mode="drive")
    assert driven.data.minutes.tolist() == pytest.approx([1.6, 1.6])


CLASSES = ["residential", "lane", "footway", "motorway"]


@pytest.mark.parametrize(
    ("mode", "speeds", "kmh"),
    [
        ("drive", {}, [30, None, None, 100]),
        ("drive", {"lane": 10.0, "residential": 20.0}, [20, 10, None, 100]),
        ("walk", {}, [4.8, 4.8, 4.8, None]),
        ("walk", {"lane": 2.4}, [4.8, 2.4, 4.8, None]),
    ],
)
def test_speeds_by_class(
    tmp_path: Path, mode: str, speeds: dict[str, float], kmh: list[float | None]
) -> None:
    frame = lines(*[(0, y, 1000, y) for y in (0, 100, 200, 300)], highway=CLASSES)
    found = read(tmp_path, frame, class_="highway", speeds=speeds, mode=mode)
    kept = [each for each in kmh if each]
    minutes = sorted(60 / each for each in kept)
    assert sorted(found.data.minutes[: len(kept)].tolist()) == pytest.approx(minutes)
    (told,) = [each for each in found.repairs if each.kind == "left_out"]
    closed = sorted(name for name, each in zip(CLASSES, kmh, strict=True) if not each)
    assert told.detail == (f"{len(closed)} lines of classes without a speed: {', '.join(closed)}")


def test_a_file_of_ones_own_is_a_graph_without_a_study(tmp_path: Path) -> None:
    path = tmp_path / "own.gpkg"
    frame = lines((0, 0, 1000, 0), (1000, 0, 1000, 500), kind=["lane", "road"], ow=["yes", "no"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_crs(4326).to_file(path)
    found = read_street_graph(
        path, mode="drive", road_class="kind", speeds={"lane": 10}, oneway="ow"
    )
    assert found.data.crs == CRS(city.CRS)
    assert edges(found.data) == {
        (0.0, 0.0, 1000.0, 0.0, 6.0),
        (1000.0, 0.0, 1000.0, 500.0, 1.0),
        (1000.0, 500.0, 1000.0, 0.0, 1.0),
    }
    assert [each.matched for each in found.tallies] == [2]
    assert read_street_graph(path, crs=32639).data.crs == CRS.from_epsg(32639)
    with pytest.raises(AnalysisError, match="whose unit is the degree"):
        read_street_graph(path, crs=4326)
    with pytest.raises(AnalysisError, match="mode: found 'run'"):
        read_street_graph(path, mode="run")
    with pytest.raises(AnalysisError, match="speeds: found 0 for 'lane'"):
        read_street_graph(path, mode="drive", road_class="kind", speeds={"lane": 0})
    with pytest.raises(InputError, match="neither"):
        read_street_graph(path, mode="drive")
