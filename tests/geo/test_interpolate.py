"""Counts and rates between polygon layers: by hand, against tobler, and by what must hold."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from shapely import Polygon, box

from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.geo.interpolate import areal_interpolate

CRS = "EPSG:32638"
WEST, SOUTH = 6e5, 4.2e6


def frame(shapes: object, prefix: str, **columns: list[float]) -> gpd.GeoDataFrame:
    geometry = list(shapes)
    index = [f"{prefix}{number}" for number in range(len(geometry))]
    return gpd.GeoDataFrame(columns, index=index, geometry=geometry, crs=CRS)


def cells(seed: int, number: int, side: int) -> np.ndarray:
    """A square parted among seeds."""
    rng = np.random.default_rng(seed)
    square = box(0, 0, side, side)
    seeds = shapely.multipoints(rng.integers(0, side, (number, 2)).astype(float))
    parted = shapely.voronoi_polygons(seeds, extend_to=square, ordered=True)
    return shapely.intersection(shapely.get_parts(parted), square)


def people_raster(path: Path, values: np.ndarray, cell: float = 1.0) -> Path:
    height, width = values.shape
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "crs": CRS}
    transform = from_origin(0, height * cell, cell, cell)
    with rasterio.open(
        path, "w", height=height, width=width, transform=transform, **profile
    ) as made:
        made.write(values, 1)
    return path


HALVES = frame([box(0, 0, 2, 2), box(2, 0, 4, 2)], "s", people=[80.0, 40.0], rate=[0.5, 0.2])


def test_counts_are_shared_out_and_rates_averaged_by_hand() -> None:
    # t0 is the left half of s0; t1 half of s0 and a quarter of s1; a quarter of s1 is in t2, whose
    # other half lies beyond; half of s1 is in no target.
    target = frame([box(0, 0, 1, 2), box(1, 0, 2.5, 2), box(3.5, 0, 4.5, 2)], "t")
    found = areal_interpolate(HALVES, target, extensive=["people"], intensive=["rate"])
    assert found.table["people"].tolist() == [40, 50, 10]
    assert found.table["rate"].tolist() == pytest.approx([0.5, (2 * 0.5 + 1 * 0.2) / 3, 0.2])
    assert found.outside.to_dict() == {"people": 20}
    assert found.covered.to_dict() == {"t0": 1, "t1": 1, "t2": 0.5}
    assert found.by_area.empty


def test_people_go_where_the_raster_says_by_hand(tmp_path: Path) -> None:
    # In s0 all live in the right half, three at the top and one below; in s1 nobody lives.
    values = np.array([[0.0, 3, 0, 0], [0, 1, 0, 0]])
    raster = people_raster(tmp_path / "people.tif", values)
    target = frame([box(0, 0, 1, 2), box(1, 1, 3, 2), box(1, 0, 2, 1)], "t")
    found = areal_interpolate(
        HALVES, target, extensive=["people"], intensive=["rate"], raster=raster
    )
    assert found.table["people"].tolist() == pytest.approx([0, 60 + 10, 20])
    assert found.outside["people"] == pytest.approx(30)
    assert found.by_area.tolist() == ["s1"]
    # Nobody lives in t0, so its rate is by area; in t1 only people of s0 live.
    assert found.table["rate"].tolist() == pytest.approx([0.5, 0.5, 0.5])


def test_tobler_gives_the_same() -> None:
    # Computed with tobler 0.13.0: area_interpolate(..., allocate_total=False). It keeps areas in
    # single precision, 6e-8 each.
    source = frame(
        cells(1, 6, 100),
        "s",
        people=[100.0, 250, 40, 900, 310, 75],
        rate=[0.1, 0.9, 0.4, 0.35, 0.6, 0.2],
    )
    found = areal_interpolate(
        source, frame(cells(2, 4, 80), "t"), extensive=["people"], intensive=["rate"]
    )
    people = [68.99545717266935, 129.35381983627508, 255.80074198917345, 120.52221011496023]
    rate = [0.20618574768304826, 0.5163990259170532, 0.2772235839627683, 0.5707518171984701]
    np.testing.assert_allclose(found.table["people"], people, rtol=2e-7)
    np.testing.assert_allclose(found.table["rate"], rate, rtol=2e-7)
    assert found.outside["people"] == pytest.approx(1675 - sum(people), rel=1e-6)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10_000),
    shift=st.sampled_from([0.0, 0.3, 40.0]),
    lived=st.sampled_from([None, "somewhere", "almost nowhere"]),
)
def test_totals_are_conserved_and_rates_stay_within_range(
    tmp_path: Path, seed: int, shift: float, lived: str | None
) -> None:
    rng = np.random.default_rng(seed)
    shapes = cells(seed, 7, 60)
    source = frame(
        shapes,
        "s",
        people=rng.integers(0, 99, len(shapes)).astype(float).tolist(),
        rate=rng.random(len(shapes)).tolist(),
        same=[1 / 3] * len(shapes),
    )
    target = frame(shapely.transform(cells(seed + 1, 6, 60), lambda xy: xy + shift), "t")
    raster = None
    if lived:
        values = rng.random((20, 20)) * (rng.random((20, 20)) < (0.5 if lived[0] == "s" else 0.02))
        raster = people_raster(tmp_path / "people.tif", values, 3.0)
    found = areal_interpolate(
        source, target, extensive=["people"], intensive=["rate", "same"], raster=raster
    )
    whole = source["people"].sum()
    assert found.table["people"].sum() + found.outside["people"] == pytest.approx(whole)
    assert (found.table["people"] >= 0).all()
    if shift == 0:
        assert found.outside["people"] == pytest.approx(0, abs=1e-9 * max(whole, 1))
    for name, shape in target.geometry.items():
        near = source[source.intersection(shape).area > 0]
        if near.empty:
            assert np.isnan(found.table.loc[name, "rate"])
        else:
            low, high = near["rate"].min() - 1e-12, near["rate"].max() + 1e-12
            assert low <= found.table.loc[name, "rate"] <= high
            assert found.table.loc[name, "same"] == 1 / 3


def test_an_even_raster_is_the_area_and_itself_is_itself(tmp_path: Path) -> None:
    source = frame(cells(5, 6, 40), "s", people=[1.0, 20, 3, 40, 5, 60])
    target = frame(cells(6, 5, 40), "t")
    even = people_raster(tmp_path / "even.tif", np.full((40, 40), 2.5))
    by_area = areal_interpolate(source, target, extensive=["people"]).table
    by_people = areal_interpolate(source, target, extensive=["people"], raster=even).table
    pd.testing.assert_frame_equal(by_people, by_area)
    for asked in ({"extensive": ["people"]}, {"intensive": ["people"]}):
        same = areal_interpolate(source, source, **asked).table
        assert same["people"].tolist() == pytest.approx(source["people"].tolist())


def test_turning_the_city_changes_nothing() -> None:
    source = frame(cells(3, 5, 50), "s", people=[9.0, 8, 7, 6, 5])
    target = frame(cells(4, 5, 45), "t")
    before = areal_interpolate(source, target, extensive=["people"])
    turned = [
        each.set_geometry(each.rotate(37, origin=(0, 0)).translate(WEST, SOUTH))
        for each in (source, target)
    ]
    after = areal_interpolate(*turned, extensive=["people"])
    pd.testing.assert_frame_equal(after.table, before.table, rtol=1e-6)


def test_what_cannot_be_answered_is_refused(tmp_path: Path) -> None:
    target = frame([box(0, 0, 4, 2)], "t")
    with pytest.raises(AnalysisError, match=r"overlap in the source at 's0'"):
        areal_interpolate(HALVES, frame([box(0, 0, 2, 2), box(1, 0, 2, 2)], "t"))
    with pytest.raises(AnalysisError, match=r"found no columns \['persons'\]"):
        areal_interpolate(HALVES, target, extensive=["persons"])
    with pytest.raises(AnalysisError, match="expected a list of columns"):
        areal_interpolate(HALVES, target, extensive="people")
    with pytest.raises(AnalysisError, match=r"no finite 'people' at 's1'"):
        areal_interpolate(HALVES.assign(people=[1, np.nan]), target, extensive=["people"])
    with pytest.raises(AnalysisError, match="degree"):
        areal_interpolate(HALVES.set_crs(4326, allow_override=True), target)
    with pytest.raises(AnalysisError, match="the CRS"):
        areal_interpolate(HALVES, target.set_crs(32639, allow_override=True))
    crossed = frame([Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], "t")
    with pytest.raises(AnalysisError, match="'t0'"):
        areal_interpolate(HALVES, crossed)
    negative = people_raster(tmp_path / "nodata.tif", np.full((2, 4), -99.0))
    with pytest.raises(AnalysisError, match=r"expected 0 or more\. Declare"):
        areal_interpolate(HALVES, target, extensive=["people"], raster=negative)
    with pytest.raises(InputError, match=r"none\.tif"):
        areal_interpolate(HALVES, target, extensive=["people"], raster=tmp_path / "none.tif")


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (box(0, 0, 1000, 1000), [box(400, 0, 700, 1000), box(600, 0, 900, 1000)]),
        (box(0, 0, 4, 1), [box(0, 0, 2, 1), box(1, 0, 3, 1)]),
    ],
)
def test_an_overlap_is_told_though_a_gap_of_its_size_hides_it(
    whole: Polygon, parts: list[Polygon]
) -> None:
    source = gpd.GeoDataFrame({"people": [100.0]}, geometry=[whole], crs=CRS)
    target = gpd.GeoDataFrame(geometry=parts, crs=CRS)
    with pytest.raises(AnalysisError, match="polygons that overlap"):
        areal_interpolate(source, target, extensive=["people"])
    # GEOS: what the union of the targets leaves of the source.
    made = areal_interpolate(source, target.dissolve(), extensive=["people"])
    outside = whole.difference(shapely.union_all(parts)).area / whole.area
    assert made.outside["people"] == pytest.approx(100 * outside)


def test_a_column_is_a_count_or_a_rate() -> None:
    source = gpd.GeoDataFrame({"people": [3.0]}, geometry=[box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(AnalysisError, match=r"found \['people'\] as extensive and as intensive"):
        areal_interpolate(source, source, extensive=["people"], intensive=["people"])
    twice = pd.concat([source, source[["people"]]], axis=1)
    with pytest.raises(AnalysisError, match=r"several columns \['people'\]"):
        areal_interpolate(twice, source, extensive=["people"])


def test_counts_below_zero_are_named() -> None:
    source = gpd.GeoDataFrame({"people": [-3.0]}, geometry=[box(0, 0, 1, 1)], index=["a"], crs=CRS)
    with pytest.raises(AnalysisError, match="negative 'people' at 'a'"):
        areal_interpolate(source, source, extensive=["people"])
    assert areal_interpolate(source, source, intensive=["people"]).table["people"].tolist() == [-3]


def test_a_source_half_beside_the_raster_is_shared_out_by_area(tmp_path: Path) -> None:
    source = frame([box(0, 0, 10, 10), box(0, 0, 5, 10)], "s", people=[100.0, 100])
    halves = frame([box(0, 0, 5, 10), box(5, 0, 10, 10)], "t")
    west = people_raster(tmp_path / "west.tif", np.ones((10, 5)))
    made = areal_interpolate(source, halves, extensive=["people"], raster=west)
    # By hand: the first half and half; all of the second in the west.
    assert made.table["people"].tolist() == pytest.approx([150, 50])
    assert made.by_area.tolist() == ["s0"]


def test_marks_for_no_data_are_people_nowhere(tmp_path: Path) -> None:
    values = np.ones((10, 10))
    values[:, :5] = -9999
    raster = people_raster(tmp_path / "marks.tif", values)
    source = frame([box(0, 0, 10, 10)], "s", people=[100.0])
    halves = frame([box(0, 0, 5, 10), box(5, 0, 10, 10)], "t")
    with pytest.raises(InputError, match="-9999 in cells below"):
        areal_interpolate(source, halves, extensive=["people"], raster=raster)
    made = areal_interpolate(source, halves, extensive=["people"], raster=raster, nodata=-9999)
    assert made.table["people"].tolist() == [0, 100]
