"""Statistics of the survey among the tables of a run: every figure and every column is told."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecity_geo.datasets import load_tabriz
from ecity_geo.outputs.survey_tables import (
    survey_dictionary,
    survey_table_name,
    survey_tables,
)
from ecity_geo.outputs.write import output_names, write_outputs
from ecity_geo.survey_findings import TABLES, Settings, SurveyFindings, analyse_survey
from outputs.factory import make_findings

# The dear ones are made once, and few resamples do.
SETTINGS = Settings(bootstrap=100)


@pytest.fixture(scope="module")
def survey() -> SurveyFindings:
    return analyse_survey(load_tabriz(), settings=SETTINGS)


@pytest.fixture(scope="module")
def written(survey: SurveyFindings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("maps")
    write_outputs(make_findings(), out, survey=survey, languages=["en"])
    return out / "tables"


def test_every_table_is_a_file_with_a_stable_name(survey: SurveyFindings, written: Path) -> None:
    names = {path.stem for path in written.glob("survey_*.csv")}
    assert names == {survey_table_name(name) for name in survey.tables}
    assert "survey_one_sample" in names
    assert len(names) > 25
    listed = output_names(("en",), statistics_tables=survey.tables)
    assert {f"tables/{name}.csv" for name in names} <= set(listed)


def test_figures_are_those_of_the_tables(survey: SurveyFindings, written: Path) -> None:
    for name, table in survey.tables.items():
        found = pd.read_csv(written / f"{survey_table_name(name)}.csv")
        assert list(found) == [str(column) for column in table]
        assert len(found) == len(table)
        for column in table.select_dtypes("float"):
            expected = table[column].where(np.isfinite(table[column])).to_numpy()
            np.testing.assert_allclose(found[column].astype(float), expected, rtol=1e-5)


def test_every_column_is_in_the_dictionary_in_both_languages(written: Path) -> None:
    text = (written / "columns.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    entries = [(row["table"], row["column"]) for row in rows]
    assert len(entries) == len(set(entries))
    for path in written.glob("survey_*.csv"):
        head = pd.read_csv(path, nrows=0)
        mine = [row for row in rows if row["table"] == path.stem]
        assert [row["column"] for row in mine] == list(head)
        for row in mine:
            assert row["en"].strip(), row
            assert row["fa"].strip(), row


def test_ends_of_intervals_say_which_end_they_are(survey: SurveyFindings) -> None:
    rows = survey_dictionary(survey_tables(survey), confidence=0.9).splitlines()
    assert "survey_one_sample,low,,,90% CI: lower end,بازهٔ ۹۰٪: حد پایین" in rows
    assert "survey_one_sample,high,,,90% CI: upper end,بازهٔ ۹۰٪: حد بالا" in rows


def test_no_column_of_any_table_is_called_by_its_id(survey: SurveyFindings) -> None:
    # A heading made of the id is the same in both languages, and has no Persian letter.
    rows = csv.reader(StringIO(survey_dictionary(survey_tables(survey), confidence=0.95)))
    same = [row for row in rows if row[4] == row[5] == row[1].replace("_", " ").capitalize()]
    assert [row[:2] for row in same if len(row[1]) > 5] == []
    assert set(survey.tables) | set(survey.untold) | {"compare"} == set(TABLES)


def test_no_table_has_a_row_per_respondent(survey: SurveyFindings, written: Path) -> None:
    ids = set(map(str, survey.data.answers.index))
    for path in written.glob("survey_*.csv"):
        found = pd.read_csv(path, dtype=str)
        assert not ids & set(found.to_numpy().ravel()), path.name


def test_what_is_not_finite_is_empty() -> None:
    study = load_tabriz()
    table = pd.DataFrame({"f": [np.inf, 1.23456789], "n": [3, 4], "item": ["a", "=b"]})
    found = SurveyFindings(
        study=study,
        data=analyse_survey(study, only=[]).data,
        tables={"friedman": table},
        untold={},
        path_fit=None,
        soar=None,
    )
    short = survey_tables(found)["survey_friedman"]
    assert short["f"].isna().tolist() == [True, False]
    assert short["f"].iloc[1] == 1.23457
