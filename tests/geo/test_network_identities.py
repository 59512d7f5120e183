"""What any way through a network must obey, whoever computes it.

The authorities are the axioms of a shortest-path metric: no detour is shorter, another street
never lengthens a way, a name or an order is no length, and a cutoff only leaves pairs out.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from shapely import LineString, Point

import city
from ecity_geo.geo.cost import CostMatrix
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.geo.travel import along_streets, straight_line
from ecity_geo.inputs.config import StreetsConfig
from ecity_geo.inputs.roads import read_streets

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True)
X, Y = city.ORIGIN
WORLD = (-180.0, -90.0, 180.0, 90.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streets")


def graph(lines: gpd.GeoDataFrame, folder: Path) -> StreetGraph:
    path = str(folder / "s.gpkg")
    lines.to_file(path, layer="s", driver="GPKG")
    config = StreetsConfig(path=path, minutes="minutes", mode="walk")
    bounds = tuple(lines.total_bounds.tolist())
    read = read_streets(config, folder=folder, crs=CRS(city.CRS), bounds=bounds, box=WORLD)
    return read.data


def points(seed: int, count: int, name: str) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(seed)
    at = rng.uniform(20, 1980, (count, 2)) + [X, Y]
    return gpd.GeoDataFrame(
        index=[f"{name}{n}" for n in range(count)], geometry=gpd.points_from_xy(*at.T), crs=city.CRS
    )


def wide(costs: CostMatrix) -> np.ndarray:
    return costs.to_frame().to_numpy()


@EXAMPLES
@given(seed=st.integers(0, 10_000))
def test_walkers_take_as_long_back_as_there(seed: int, folder: Path) -> None:
    homes, goals, net = (
        points(seed, 5, "h"),
        points(seed + 1, 4, "g"),
        graph(city.streets(), folder),
    )
    there, back = along_streets(homes, goals, net), along_streets(goals, homes, net)
    assert wide(there) == pytest.approx(wide(back).T)


@EXAMPLES
@given(seed=st.integers(0, 10_000))
def test_a_block_city_is_measured_by_blocks(seed: int, folder: Path) -> None:
    # Between crossings of a grid the way is |dx| + |dy| (Minkowski), 250 m and a minute a block.
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 9, (2, 6, 2))
    homes, goals = (
        gpd.GeoDataFrame(
            index=range(6), geometry=gpd.points_from_xy(*(block * 250.0 + [X, Y]).T), crs=city.CRS
        )
        for block in at
    )
    blocks = np.abs(at[0][:, None, :] - at[1][None, :, :]).sum(axis=2)
    net = graph(city.streets(), folder)
    assert wide(along_streets(homes, goals, net)) == pytest.approx(blocks)
    assert wide(along_streets(homes, goals, net, unit="m")) == pytest.approx(250.0 * blocks)


@EXAMPLES
@given(seed=st.integers(0, 10_000), cutoff=st.floats(0, 12))
def test_a_cutoff_only_leaves_pairs_out(seed: int, cutoff: float, folder: Path) -> None:
    homes, goals, net = (
        points(seed, 6, "h"),
        points(seed + 1, 5, "g"),
        graph(city.streets(), folder),
    )
    full = wide(along_streets(homes, goals, net))
    cut = wide(along_streets(homes, goals, net, cutoff=cutoff))
    assert cut == pytest.approx(np.where(full <= cutoff, full, np.inf))


@EXAMPLES
@given(seed=st.integers(0, 10_000))
def test_no_way_is_shorter_than_the_crow_flies(seed: int, folder: Path) -> None:
    homes, goals, net = (
        points(seed, 6, "h"),
        points(seed + 1, 5, "g"),
        graph(city.streets(), folder),
    )
    walked = wide(along_streets(homes, goals, net, unit="m"))
    assert (walked >= wide(straight_line(homes, goals)) - 1e-6).all()


@EXAMPLES
@given(corner=st.tuples(st.integers(0, 8), st.integers(0, 8)), other=st.integers(0, 80))
def test_a_new_street_between_crossings_lengthens_no_way(
    corner: tuple[int, int], other: int, folder: Path
) -> None:
    ends = [(X + 250 * a, Y + 250 * b) for a, b in (corner, divmod(other, 9))]
    if ends[0] == ends[1]:
        return
    new = gpd.GeoDataFrame({"minutes": [1.0]}, geometry=[LineString(ends)], crs=city.CRS)
    more = pd.concat([city.streets(), new], ignore_index=True)
    crossings = [Point(X + 250 * a, Y + 250 * b) for a in range(0, 9, 2) for b in range(0, 9, 4)]
    homes = gpd.GeoDataFrame(index=range(len(crossings)), geometry=crossings, crs=city.CRS)
    before = wide(along_streets(homes, homes, graph(city.streets(), folder)))
    after = wide(along_streets(homes, homes, graph(more, folder)))
    assert (after <= before + 1e-9).all()
