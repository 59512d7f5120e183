"""Points located from a Parquet file, batch by batch."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import city
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.geo.locate import locate, locate_parquet
from ecity_geo.geo.locate_grid import MANY

SQUARES = gpd.GeoDataFrame(
    geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], index=pd.Index(["w", "e"], name="d"), crs=city.CRS
)


def written(folder: Path, number: int) -> tuple[Path, pd.DataFrame]:
    x, y = np.random.default_rng(number).uniform(-0.5, 2.5, (2, number))
    frame = pd.DataFrame({"lon": x, "lat": y, "name": "n"})
    frame.to_parquet(folder / "points.parquet")
    return folder / "points.parquet", frame


@pytest.mark.parametrize("number", [10, 1000, MANY])
def test_batches_together_are_the_answer_for_the_whole(tmp_path: Path, number: int) -> None:
    path, frame = written(tmp_path, number)
    batches = list(locate_parquet(path, SQUARES, x="lon", y="lat", batch=number // 3 + 1))
    assert len(batches) == 3
    whole = locate((frame["lon"], frame["lat"]), SQUARES)
    assert pd.concat(batches).equals(whole)
    assert batches[0].name == "d"


def test_whole_numbers_are_coordinates_too(tmp_path: Path) -> None:
    pd.DataFrame({"x": [0, 2, 7], "y": [0, 1, 7]}).to_parquet(tmp_path / "p.parquet")
    (found,) = locate_parquet(tmp_path / "p.parquet", SQUARES, x="x", y="y")
    assert found.tolist() == ["w", "e", None]


def test_row_without_a_coordinate_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [0.5] * 9, "y": [0.5] * 7 + [None, np.inf]})
    frame.to_parquet(tmp_path / "p.parquet")
    batches = locate_parquet(tmp_path / "p.parquet", SQUARES, x="x", y="y", batch=5)
    assert next(batches).tolist() == ["w"] * 5
    with pytest.raises(AnalysisError, match=r"rows of 'x' and 'y'.*not finite at 7, 8"):
        next(batches)


def test_columns_that_are_no_coordinates_are_named_together(tmp_path: Path) -> None:
    path, _ = written(tmp_path, 3)
    with pytest.raises(InputError) as caught:
        locate_parquet(path, SQUARES, x="name", y="northing")
    assert len(caught.value.faults) == 2
    assert 'field "northing": found no such column' in str(caught.value)
    assert "lon, lat, name" in str(caught.value)


def test_files_that_are_no_parquet_are_refused_at_once(tmp_path: Path) -> None:
    text = tmp_path / "p.parquet"
    text.write_text("x,y\n1,2\n")
    for path in (text, tmp_path / "none.parquet"):
        with pytest.raises(InputError, match="expected a Parquet file"):
            locate_parquet(path, SQUARES, x="x", y="y")


def test_batch_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="batch: found 0"):
        locate_parquet(tmp_path / "p.parquet", SQUARES, x="x", y="y", batch=0)
