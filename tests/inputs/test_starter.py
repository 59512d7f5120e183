"""The starter: what `ecity-geo new` writes must itself be a good study.

Its files are read by the readers of the package, and completed with those of the test city.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import city
from ecity_geo.errors import InputError
from ecity_geo.inputs.config import Options, StudyConfig, read_config
from ecity_geo.inputs.instrument import read_instrument
from ecity_geo.inputs.starter import write_starter
from ecity_geo.study import load_study


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    write_starter(tmp_path / "mine")
    return tmp_path / "mine"


def config_of(folder: Path) -> StudyConfig:
    return read_config(folder / "study.toml")


def test_the_written_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    written = write_starter(folder)
    assert [path.relative_to(folder).as_posix() for path in written] == [
        "study.toml",
        "survey/instrument.toml",
        "README.md",
    ]
    assert all(path.stat().st_size for path in written)


def test_the_study_file_parses_and_shows_the_defaults(starter: Path) -> None:
    config = config_of(starter)
    assert config.options == Options()
    assert config.id == "my-city"
    instrument = read_instrument(starter / config.survey.instrument, source="instrument.toml")
    assert [item.id for item in instrument.items] == ["internet", "outages", "skills", "trust"]
    assert [item.reverse for item in instrument.items] == [False, True, False, False]
    assert sorted(instrument.scale_labels) == [1, 5]


def test_every_line_that_is_left_out_is_a_key_that_exists(starter: Path) -> None:
    """Without their mark the optional lines parse, alone and under their section."""
    text = (starter / "study.toml").read_text(encoding="utf-8")
    optional = re.sub(r'^# (?=\[|[a-z_.]+ = |")', "", text, flags=re.MULTILINE)
    assert len(tomllib.loads(optional)) > len(tomllib.loads(text))
    (starter / "study.toml").write_text(optional, encoding="utf-8")
    config = config_of(starter)
    assert config.streets is not None
    assert config.survey.missing == (0, 99)
    assert config.fabric.labels["planned"].en == "Planned"


def test_readme_names_the_paths_of_the_study_file(starter: Path) -> None:
    config = config_of(starter)
    readme = (starter / "README.md").read_text(encoding="utf-8")
    for section in (config.boundaries, config.survey, config.services, config.population):
        assert f"`{section.path}`" in readme
        assert (starter / section.path).parent.is_dir()


def test_starter_with_the_files_of_a_city_is_a_study(starter: Path) -> None:
    config = config_of(starter)
    city.districts().to_file(starter / config.boundaries.path, driver="GeoJSON")
    city.services().to_csv(starter / config.services.path, index=False)
    city.write_raster(starter / config.population.path, city.population())
    items = dict(zip(city.ITEMS, ["internet", "outages", "skills", "trust"], strict=True))
    responses = city.responses().rename(columns=items)
    responses.to_csv(starter / config.survey.path, index=False)
    study = load_study(starter / "study.toml")
    assert len(study.responses) == 40
    assert study.demand["population"].sum() == pytest.approx(sum(city.PEOPLE.values()))


def test_nothing_is_written_over(starter: Path) -> None:
    (starter / "study.toml").unlink()
    (starter / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_starter(starter)
    assert [Path(fault.source).name for fault in caught.value.faults] == [
        "instrument.toml",
        "README.md",
    ]
    assert not (starter / "study.toml").exists()
    assert (starter / "README.md").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        write_starter(tmp_path / "file")
