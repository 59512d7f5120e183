"""Candidate sites: given ones checked, generated ones where people live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

import city
from ecity_geo.crs import bounds_of, to_lonlat, widen
from ecity_geo.errors import InputError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.candidates import (
    WANTED,
    grid_sites,
    read_candidates,
    street_sites,
    wanted_spacing,
)
from ecity_geo.inputs.config import CandidatesConfig
from ecity_geo.inputs.schema import Checked
from ecity_geo.siting import grid_candidates

X, Y = city.ORIGIN


def demand(*rows: tuple[float, float, float], district: str | None = "1") -> gpd.GeoDataFrame:
    """Points given in metres from the city's corner, with their people."""
    x, y, people = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return gpd.GeoDataFrame(
        {"population": people, "district_id": [district] * len(rows)},
        index=pd.Index([f"c{n:03d}" for n in range(len(rows))], name="demand_id"),
        geometry=gpd.points_from_xy(x + X, y + Y),
        crs=city.CRS,
    )


def cells() -> gpd.GeoDataFrame:
    rows, columns = (grid.ravel() for grid in np.indices((20, 20)))
    places = zip(columns * 100 + 50, 1950 - rows * 100, city.population().ravel(), strict=True)
    return demand(*places)


def read(folder: Path, **changes: Any) -> Checked[gpd.GeoDataFrame]:
    frame = city.districts().set_index("district_id")
    return read_candidates(
        CandidatesConfig(**changes),
        folder=folder,
        districts=frame,
        demand=cells(),
        box=widen(to_lonlat(bounds_of(frame), CRS(city.CRS))),
    )


def test_a_site_stands_in_each_square_where_people_live() -> None:
    # Squares of 500 m over 2 x 2 km: sixteen, each site on the middle cell.
    sites = grid_sites(cells(), spacing=500)
    assert len(sites) == 16
    assert sites.index.tolist()[:2] == ["500mN4215500E610000", "500mN4215500E610500"]
    assert sites.index.name == "site_id"
    assert (sites.geometry.iloc[0].x - X, sites.geometry.iloc[0].y - Y) == (250, 1750)
    assert (sites["name_fa"] == "").all()


def test_the_grid_is_that_of_grid_candidates_and_a_home_elsewhere_renames_nothing() -> None:
    frame = cells()
    sites = grid_sites(frame, spacing=300, most=300)
    same = grid_candidates(frame, spacing=300, most=300)
    assert sites.index.equals(same.index)
    assert sites.geometry.geom_equals(same.geometry).all()
    far = pd.concat([demand((-3333, 9999, 7)).set_axis(["far"]), frame])
    more = grid_sites(far, spacing=300, most=300)
    assert len(more) == len(sites) + 1
    assert more.loc[sites.index].geometry.geom_equals(sites.geometry).all()


def test_sites_stand_from_the_north_west_row_by_row() -> None:
    sites = grid_sites(cells(), spacing=500)
    order = list(zip(-sites.geometry.y, sites.geometry.x, strict=True))
    assert order == sorted(order)


def test_empty_squares_have_no_site() -> None:
    sites = grid_sites(demand((0, 0, 5), (5000, 5000, 5)), spacing=600)
    assert len(sites) == 2


def test_site_leans_to_where_most_people_are() -> None:
    # The centre of 1, 1 and 98 people at 0, 100 and 200 m lies at 197 m.
    sites = grid_sites(demand((0, 0, 1), (100, 0, 1), (200, 0, 98)), spacing=1000)
    assert sites.geometry.iloc[0].x == X + 200


def test_equally_near_places_are_told_apart_by_people_then_by_id() -> None:
    # The centre of 3, 1, 1, 3 lies in the middle, 50 m from both inner points: the first by id.
    rows = [(0, 0, 3), (100, 0, 1), (200, 0, 1), (300, 0, 3)]
    assert grid_sites(demand(*rows), spacing=1000).geometry.iloc[0].x == X + 100
    assert grid_sites(demand(*rows[::-1]), spacing=1000).geometry.iloc[0].x == X + 200


def test_people_of_no_district_get_no_site() -> None:
    frame = demand((0, 0, 5), (5000, 0, 5))
    frame.loc["c001", "district_id"] = None
    assert len(grid_sites(frame, spacing=600)) == 1
    with pytest.raises(InputError, match="nobody in any district"):
        grid_sites(demand((0, 0, 5), district=None), spacing=600)


places = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 9)),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


@given(places, st.sampled_from([250.0, 600.0, 1000.0]), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_sites_do_not_depend_on_the_order_of_the_rows(
    rows: list[tuple[int, int, int]], spacing: float, random: Any
) -> None:
    frame = demand(*[(x * 100.0, y * 100.0, people) for x, y, people in rows])
    sites = grid_sites(frame, spacing=spacing)
    order = list(range(len(frame)))
    random.shuffle(order)
    again = grid_sites(frame.iloc[order], spacing=spacing)
    assert sites.geometry.geom_equals(again.geometry).all()
    assert sites.index.equals(again.index)
    on_people = sites.geometry.apply(lambda site: frame.distance(site).min() == 0)
    assert on_people.all()


@given(st.integers(2, 90), st.integers(2, 90))
@settings(max_examples=15, deadline=None)
def test_chosen_spacing_gives_about_250_sites(width: int, height: int) -> None:
    x, y = np.meshgrid(np.arange(width) * 200.0, np.arange(height) * 200.0)
    frame = demand(*zip(x.ravel(), y.ravel(), np.ones(x.size), strict=True))
    sites = grid_sites(frame)
    if x.size > 2 * WANTED:
        assert 0.5 * WANTED <= len(sites) <= 1.5 * WANTED
    else:
        assert len(sites) <= x.size
    assert wanted_spacing(frame) % 50 == 0


def test_generated_sites_come_without_a_file(tmp_path: Path) -> None:
    found = read(tmp_path, spacing=500.0)
    assert len(found.data) == 16
    assert found.tallies == ()


def test_squares_with_many_people_have_finer_ones() -> None:
    # District 4 has 1,000 people in each square of 500 m, the others fewer.
    sites = grid_sites(cells(), spacing=500, most=900)
    assert len(sites) == 12 + 4 * 4
    assert sites.index.is_unique
    assert sites.geometry.iloc[2].coords[0] == (X + 1050, Y + 1950)


def test_junctions_near_people_of_a_district_are_sites() -> None:
    # Streets every 250 m over the city of 2 x 2 km; people at one corner only.
    lines = city.streets()
    streets = StreetGraph.from_lines(lines.geometry, lines["minutes"])
    frame = city.districts().set_index("district_id")
    found = street_sites(streets, demand((260, 260, 9)), frame, spacing=200, reach=260)
    places = zip(found.geometry.x - X, found.geometry.y - Y, strict=True)
    assert list(places) == [(250, 500), (250, 250), (500, 250)]
    assert found.index.tolist() == ["N4214500E610250", "N4214250E610250", "N4214250E610500"]
    assert (found["district_id"] == "1").all()
    assert len(street_sites(streets, cells(), frame)) > 50
    with pytest.raises(InputError, match="no junction of a district within 5 m of people"):
        street_sites(streets, demand((260, 260, 9)), frame, spacing=200, reach=5)


def test_junctions_without_streets_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="and no streets"):
        read(tmp_path, from_="streets")


def test_given_sites_are_read_and_placed(tmp_path: Path) -> None:
    (lon, lat), (out_lon, out_lat) = city.lonlat(500, 500), city.lonlat(-900, 500)
    (tmp_path / "sites.csv").write_text(
        f"code,name,lon,lat\na,میدان,{lon},{lat}\nb,,{out_lon},{out_lat}\n", encoding="utf-8"
    )
    keys = {"id": "code", "name_fa": "name", "x": "lon", "y": "lat", "crs": "EPSG:4326"}
    found = read(tmp_path, path="sites.csv", **keys)
    assert found.data.index.tolist() == ["a", "b"]
    assert found.data["district_id"].tolist() == ["1", None]
    assert found.data["name_fa"].tolist() == ["میدان", ""]
    assert found.data["name_en"].tolist() == ["میدان", ""]
    tally = found.tallies[0]
    assert (tally.role, tally.read, tally.matched, tally.unmatched) == ("candidates", 2, 1, 1)
    numbered = read(tmp_path, path="sites.csv", **keys | {"id": ""})
    assert numbered.data.index.tolist() == ["s0001", "s0002"]


def test_given_sites_of_the_same_id_are_a_fault(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"code": ["a", "a"]}, geometry=gpd.points_from_xy([X + 1, X + 2], [Y, Y]), crs=city.CRS
    )
    frame.to_file(tmp_path / "sites.gpkg")
    with pytest.raises(InputError, match="'a' 2 times"):
        read(tmp_path, path="sites.gpkg", id="code")


def test_given_sites_at_one_place_are_a_fault(tmp_path: Path) -> None:
    points = gpd.points_from_xy([X + 1, X + 2, X + 1], [Y, Y, Y])
    frame = gpd.GeoDataFrame({"code": ["a", "b", "c"]}, geometry=points, crs=city.CRS)
    frame.to_file(tmp_path / "sites.gpkg")
    with pytest.raises(InputError, match=r"'a', 'c'.*2 candidates"):
        read(tmp_path, path="sites.gpkg", id="code")


def test_missing_file_of_candidates_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sites\.gpkg"):
        read(tmp_path, path="sites.gpkg")


def written(folder: Path, prices: list[str]) -> None:
    places = [city.lonlat(250 + 500 * at, 250) for at in range(len(prices))]
    rows = [f"s{at},{x},{y},{prices[at]}" for at, (x, y) in enumerate(places)]
    (folder / "sites.csv").write_text("\n".join(["id,x,y,price", *rows]), encoding="utf-8")


LISTED = {"from_": "file", "path": "sites.csv", "id": "id", "x": "x", "y": "y", "crs": "EPSG:4326"}


def test_each_place_has_its_price(tmp_path: Path) -> None:
    written(tmp_path, ["2.5", "۳", "0"])
    sites = read(tmp_path, **LISTED, price="price").data
    assert sites["price"].to_dict() == {"s0": 2.5, "s1": 3.0, "s2": 0.0}
    assert "price" not in read(tmp_path, **LISTED).data


def test_a_place_without_a_price_is_named(tmp_path: Path) -> None:
    written(tmp_path, ["2", "", "-1", "dear"])
    with pytest.raises(InputError) as caught:
        read(tmp_path, **LISTED, price="price")
    found = [(fault.where, fault.found) for fault in caught.value.faults]
    assert found == [("line 3", "no price"), ("line 4", "'-1'"), ("line 5", "'dear'")]
