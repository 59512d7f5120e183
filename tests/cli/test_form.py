"""``ecity-geo form``: an instrument becomes a form, and a form an instrument."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from ecity_geo import cli
from ecity_geo.datasets import shipped_study_path
from ecity_geo.inputs.instrument import read_instrument
from ecity_geo.inputs.xlsform import read_form

INSTRUMENT = shipped_study_path().parent / "survey/instrument.toml"


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.main, ["form", *map(str, words)])


def test_the_round_trip_loses_nothing(tmp_path: Path) -> None:
    form, back = tmp_path / "form.xlsx", tmp_path / "back.toml"
    assert call(INSTRUMENT, "--out", form).exit_code == 0
    result = call(form, "--out", back)
    assert result.stdout.strip() == str(back)
    original = read_instrument(INSTRUMENT, source="instrument.toml")
    assert read_instrument(back, source="back.toml") == original


def test_districts_of_a_study_become_a_choice(tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    result = call(INSTRUMENT, "--out", form, "--study", shipped_study_path(), "--optional")
    assert result.exit_code == 0, result.output
    import openpyxl

    choices = openpyxl.load_workbook(form)["choices"]
    districts = [row[1].value for row in choices.iter_rows() if row[0].value == "district"]
    assert len(districts) == 10
    assert len(read_form(form).items) == 18


def test_faults_and_wrong_ends_are_said(tmp_path: Path) -> None:
    result = call(tmp_path / "none.toml", "--out", tmp_path / "form.xlsx")
    assert result.exit_code == 1
    assert "none.toml" in result.stderr
    result = call(INSTRUMENT, "--out", tmp_path / "form.csv")
    assert result.exit_code == 2
    assert ".xlsx" in result.stderr
