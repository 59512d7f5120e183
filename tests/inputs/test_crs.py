"""What a metre is, and whether a layer lies where the city is."""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from shapely import Point, box

import city
from ecity_geo import crs
from ecity_geo.errors import AnalysisError, InputError

TABRIZ = (46.0, 37.9, 46.6, 38.3)
UTM38, UTM39 = CRS.from_epsg(32638), CRS.from_epsg(32639)
SQUARES = (610_000.0, 4_214_000.0, 612_000.0, 4_216_000.0)


def frame(code: object, *points: Point) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(points) or [Point(46.3, 38.1)], crs=code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "no CRS"),
        ("EPSG:4326", "degree"),
        ("EPSG:3857", "web mercator"),
        ("EPSG:2263", "US survey foot"),
        ("EPSG:4978", "not a map projection"),
    ],
)
def test_what_is_not_metric_is_refused_with_its_reason(code: str | None, reason: str) -> None:
    with pytest.raises(AnalysisError, match=reason) as caught:
        crs.require_metric(frame(code), "kiosks")
    assert str(caught.value).startswith("kiosks: ")


@pytest.mark.parametrize("code", ["EPSG:32638", "EPSG:3067", "EPSG:32738"])
def test_projected_metres_pass_and_are_returned(code: str) -> None:
    assert crs.require_metric(frame(code), "kiosks") == CRS(code)


@pytest.mark.parametrize(
    ("longitude", "latitude", "zone"),
    [(46.3, 38.1, 32638), (51.4, 35.7, 32639), (24.94, 60.17, 32635), (-58.4, -34.6, 32721)],
)
def test_estimated_zone_is_that_of_geopandas(longitude: float, latitude: float, zone: int) -> None:
    # Peer: GeoDataFrame.estimate_utm_crs.
    here = frame("EPSG:4326", Point(longitude, latitude).buffer(0.01))
    found = crs.working_crs(here)
    assert found == here.estimate_utm_crs() == CRS.from_epsg(zone)


def test_given_working_crs_wins_over_the_zone() -> None:
    here = frame("EPSG:4326", Point(24.9, 60.2))
    assert crs.working_crs(here, "EPSG:3067").to_epsg() == 3067


@pytest.mark.parametrize("given_crs", ["EPSG:4326", "EPSG:3857", "EPSG:2263", "no such thing"])
def test_working_crs_that_is_not_metric_names_the_study_file(given_crs: str) -> None:
    with pytest.raises(InputError) as caught:
        crs.working_crs(frame("EPSG:4326"), given_crs, source="study.toml")
    assert caught.value.faults[0].source == "study.toml"
    assert caught.value.faults[0].field == "crs"


def test_poles_have_no_zone() -> None:
    with pytest.raises(InputError, match="UTM zone"):
        crs.working_crs(frame("EPSG:4326", Point(10, 87)))


def test_unknown_crs_is_a_fault_and_no_traceback() -> None:
    with pytest.raises(InputError, match="'EPSG:99999999'"):
        crs.parse_crs("EPSG:99999999", source="study.toml")


def test_layer_in_the_city_passes() -> None:
    crs.check_in_box(SQUARES, UTM38, TABRIZ, source="a.gpkg")
    crs.check_in_box((46.2, 38.0, 46.4, 38.2), crs.LONLAT, TABRIZ, source="a.gpkg")


@pytest.mark.parametrize(
    ("bounds", "label", "words"),
    [
        (SQUARES, 32639, ["52.25", "EPSG:32638"]),
        (SQUARES, 32637, ["40.25", "EPSG:32638"]),
        (SQUARES, 4326, ["cannot be degrees", "EPSG:32638"]),
        ((46.2, 38.0, 46.4, 38.2), 32638, ["look like degrees", "EPSG:4326"]),
        ((38.0, 46.2, 38.2, 46.4), 32638, ["look like degrees"]),
        ((38.0, 46.2, 38.2, 46.4), 4326, ["swapped? x looks like latitude", "Exchange"]),
        ((4.214e6, 6.1e5, 4.216e6, 6.12e5), 32638, ["x and y swapped?", "Exchange"]),
        ((5.15e6, 4.59e6, 5.16e6, 4.60e6), 32638, ["EPSG:3857"]),
        ((51.3, 35.6, 51.5, 35.8), 4326, ["a file of this city"]),
    ],
    ids=[
        "39N",
        "37N",
        "metres as degrees",
        "degrees as metres",
        "swapped degrees as metres",
        "lat lon",
        "north east",
        "3857",
    ]
    + ["elsewhere"],
)
def test_misplaced_layer_is_told_what_would_fit(
    bounds: crs.Bounds, label: int, words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        crs.check_in_box(bounds, CRS.from_epsg(label), TABRIZ, source="kiosks.csv")
    message = str(caught.value)
    assert message.startswith('kiosks.csv, field "crs"')
    for word in words:
        assert word in message


def test_without_a_box_degrees_are_still_no_metres() -> None:
    assert crs.misplaced(SQUARES, crs.LONLAT, crs.WORLD, source="a") is not None
    assert crs.misplaced((46.2, 38.0, 46.4, 38.2), UTM38, crs.WORLD, source="a") is not None
    assert crs.misplaced(SQUARES, UTM39, crs.WORLD, source="a") is None


def test_longitude_beyond_90_is_not_taken_for_a_swap() -> None:
    found = crs.misplaced((-107.6, 34.3, -105.3, 36.2), UTM38, crs.WORLD, source="a")
    assert found is not None
    assert "look like degrees" in found.found
    assert "EPSG:4326" in found.cure


def test_without_a_box_no_zone_is_guessed() -> None:
    assert crs.fitting_crs(SQUARES, crs.LONLAT, crs.WORLD) is None


@given(
    longitude=st.floats(-170, 170),
    latitude=st.floats(-70, 70).filter(lambda value: abs(value) > 3),
    shift=st.sampled_from([-1, 1]),
)
@settings(max_examples=40, deadline=None)
def test_neighbouring_zone_is_always_found_out(
    longitude: float, latitude: float, shift: int
) -> None:
    # Identity: a city written in its own UTM zone and labelled as a neighbour fits its own.
    zone = int((longitude + 180) // 6) + 1
    base = 32600 if latitude > 0 else 32700
    to_metres = Transformer.from_crs(4326, base + zone, always_xy=True)
    bounds = to_metres.transform_bounds(
        longitude - 0.02, latitude - 0.02, longitude + 0.02, latitude + 0.02
    )
    city_box = crs.widen((longitude - 0.02, latitude - 0.02, longitude + 0.02, latitude + 0.02))
    wrong = CRS.from_epsg(base + (zone - 1 + shift) % 60 + 1)
    assert crs.misplaced(bounds, CRS.from_epsg(base + zone), city_box, source="a") is None
    assert crs.misplaced(bounds, wrong, city_box, source="a") is not None
    assert crs.fitting_crs(bounds, wrong, city_box) == CRS.from_epsg(base + zone)


def test_widened_box_holds_the_hinterland_but_no_other_zone() -> None:
    west, south, east, north = crs.widen(TABRIZ)
    assert west == pytest.approx(45.4)
    assert east == pytest.approx(47.2)
    assert (south, north) == (pytest.approx(37.5), pytest.approx(38.7))
    assert east - west < 6


def test_bounds_travel_to_degrees_and_nonsense_becomes_infinite() -> None:
    west, south, east, north = crs.to_lonlat(SQUARES, UTM38)
    lon, lat = city.lonlat(0, 0)
    assert west == pytest.approx(lon, abs=1e-3)
    assert south == pytest.approx(lat, abs=1e-3)
    assert west < east
    assert south < north
    assert not math.isfinite(crs.to_lonlat((1e30, 1e30, 2e30, 2e30), UTM38)[0])


def test_area_of_use_is_two_degrees_wider_than_the_zone() -> None:
    assert crs.area_of_use(UTM38) == (40.0, -2.0, 50.0, 86.0)
    assert crs.area_of_use(CRS.from_proj4("+proj=laea +lat_0=38 +lon_0=46")) == crs.WORLD


def test_bounds_of_a_frame_are_plain_numbers() -> None:
    found = crs.bounds_of(gpd.GeoSeries([box(0, 1, 2, 3)], crs=32638))
    assert found == (0.0, 1.0, 2.0, 3.0)
    assert all(type(value) is float for value in found)


def test_crs_without_a_code_is_called_by_its_title() -> None:
    assert crs.crs_name(UTM38) == "EPSG:32638"
    assert crs.crs_name(CRS.from_proj4("+proj=laea +lat_0=38 +lon_0=46")) == '"unknown"'


@pytest.mark.parametrize("code", ["EPSG:3395", "ESRI:54009", "EPSG:6933", "EPSG:32662"])
def test_a_working_crs_that_stretches_the_city_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="a metre of this city measures"):
        crs.working_crs(frame(4326, Point(46.2, 38.0), Point(46.4, 38.1)), code)


@pytest.mark.parametrize("code", ["EPSG:32638", "EPSG:32639", "EPSG:3395", "EPSG:6933"])
def test_a_stretch_is_that_of_the_geodesic(code: str) -> None:
    # A kilometre to the east and one to the north, once on the ellipsoid and once on the plane.
    places, geod = [Point(46.3, 38.1)], Geod(ellps="WGS84")
    places += [Point(geod.fwd(46.3, 38.1, azimuth, 1000)[:2]) for azimuth in (0, 90)]
    drawn = gpd.GeoSeries(places, crs=4326).to_crs(code)
    stretch = [drawn[0].distance(end) / 1000 for end in drawn[1:]]
    refused = max(abs(each - 1) for each in stretch) > crs.MAX_STRETCH
    try:
        crs.working_crs(frame(4326, *places), code)
    except InputError:
        assert refused
    else:
        assert not refused
