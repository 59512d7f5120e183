"""The builder gives the committed files again, and the package finds them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

import ecity_geo.datasets
from build_tabriz import DATA, build
from ecity_geo.datasets import load_tabriz, shipped_study_path
from tabriz.plan import densify, draw_ground, smooth

# Written by hand: a text, and the paper's own tables.
BY_HAND = ("README.md", "published.json")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in BY_HAND
    }


def test_build_gives_the_committed_bytes(tmp_path: Path) -> None:
    build(tmp_path)
    built, committed = files(tmp_path), files(DATA)
    assert list(built) == list(committed)
    changed = [name for name, content in built.items() if content != committed[name]]
    assert not changed, (
        "run scripts/build_tabriz.py and commit; GDAL of another version writes other bytes"
    )


def test_files_are_small_and_name_no_machine() -> None:
    for name, content in files(DATA).items():
        assert len(content) < 2_000_000, name
        assert b"/home/" not in content, name
        assert b"\\Users\\" not in content, name


def test_study_file_names_files_that_exist() -> None:
    study = tomllib.loads((DATA / "study.toml").read_text(encoding="utf-8"))
    sections = ("boundaries", "fabric", "survey", "services", "population", "streets")
    paths = [study[name]["path"] for name in sections]
    paths += [study["survey"][key] for key in ("instrument", "panel")]
    assert all((DATA / path).is_file() for path in paths)
    assert study["study"]["synthetic"] is True
    assert "Synthetic" in study["study"]["note"]["en"]


def test_repository_study_is_found_without_a_wheel() -> None:
    assert shipped_study_path() == DATA / "study.toml"


def test_wheel_study_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "ecity_geo"
    (package / "_data").mkdir(parents=True)
    (package / "_data/study.toml").touch()
    monkeypatch.setattr(ecity_geo.datasets, "__file__", str(package / "datasets.py"))
    assert shipped_study_path() == package / "_data/study.toml"


def test_broken_installation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecity_geo.datasets, "__file__", str(tmp_path / "ecity_geo/datasets.py"))
    with pytest.raises(FileNotFoundError, match="shipped study is missing"):
        shipped_study_path()


def test_neighbours_cut_a_shared_border_at_the_same_points() -> None:
    left = Polygon([(0, 0), (1, 0.3), (1.1, 1.7), (0, 1)])
    right = Polygon([(1, 0.3), (2, 0), (2, 2), (1.1, 1.7)])
    points = [
        {tuple(point) for point in shapely.get_coordinates(densify(shape, 0.07))}
        for shape in (left, right)
    ]
    assert len(points[0] & points[1]) == 22  # a border of 1.404 in 21 pieces


def test_cut_corners_stay_inside_and_converge() -> None:
    # Chaikin (1974): the limit of a square's corners cuts a sixth of its area away.
    assert smooth([(0, 0), (1, 0), (1, 1), (0, 1)], rounds=8).area == pytest.approx(5 / 6, abs=1e-4)
    assert box(0, 0, 1, 1).contains(smooth([(0, 0), (1, 0), (1, 1), (0, 1)]))


def test_a_place_on_the_plan_has_one_place_on_the_ground() -> None:
    ground = draw_ground(np.random.default_rng(1))
    points = np.random.default_rng(2).uniform(-10, 10, (500, 2))
    together = ground.degrees(points)
    alone = np.vstack([ground.degrees(point[None]) for point in points])
    assert np.array_equal(together, alone)


def test_shipped_study_loads_whole() -> None:
    study = load_tabriz()
    assert study.synthetic
    assert (len(study.districts), len(study.responses), len(study.services)) == (10, 182, 40)
    assert study.demand["population"].sum() == 1_593_373  # sum of the published districts
    assert study.demand["district_id"].notna().all()
    assert all(tally.unmatched == tally.rejected == 0 for tally in study.tallies)
    assert {repair.kind for repair in study.repairs} == {"reprojected"}
    assert study.options.survey_population == 1400  # published
    assert study.options.model.paths == (
        "services ~ technical + organisation",
        "realisation ~ technical + services + organisation",
    )
    assert study.soar is not None
    assert len(study.soar.items) == 22
    assert study.panel is not None
    assert len(study.panel) == 180
