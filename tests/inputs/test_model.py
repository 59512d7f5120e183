"""The model of the survey: held against the instrument, completed where the study says nothing.

Names are those of the small city in ``city.py``; paths are lavaan's syntax (Rosseel 2012).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import city
from ecity_geo.errors import Fault, InputError
from ecity_geo.study import Study, load_study

INSTRUMENT = city.INSTRUMENT + '[[outcome]]\nid = "realisation"\nlabel = { en = "Overall" }\n'


def load(folder: Path, *, model: dict[str, Any] | None = None, **changes: Any) -> Study:
    answers = city.responses()
    changes = {
        "instrument": INSTRUMENT,
        "responses": answers.assign(realisation=answers["network"]),
    } | changes
    study = changes.pop("study", {}) | ({"model": model} if model else {})
    return load_study(city.write_city(folder, study=study, **changes))


def faults_of(folder: Path, **changes: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        load(folder, **changes)
    return list(caught.value.faults)


def test_each_outcome_depends_on_all_constructs_by_default(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert study.options.model.paths == ("realisation ~ technical + people",)
    assert study.responses["realisation"].dtype == "Int64"
    assert study.responses.columns[:5].tolist() == [*city.ITEMS, "realisation"]


def test_without_outcomes_there_are_no_paths(tmp_path: Path) -> None:
    study = load(tmp_path, instrument=city.INSTRUMENT)
    assert study.options.model.paths == ()
    assert any("realisation" in repair.detail for repair in study.repairs)


def test_paths_may_name_constructs_items_and_outcomes(tmp_path: Path) -> None:
    paths = ["people ~ b1*technical", "realisation ~ people + network", "habit ~~ skills"]
    study = load(tmp_path, model={"paths": paths, "estimator": "WLSMV"})
    assert study.options.model.paths == tuple(paths)
    assert study.options.model.estimator == "WLSMV"


def test_every_path_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    paths = [
        "peopel ~ technical",
        "realisation ~ people + ",
        "people = technical",
        "people ~ people + technical",
        "realisation ~ 1",
    ]
    faults = faults_of(tmp_path, model={"paths": paths})
    assert [fault.where for fault in faults] == ["[model]"] * 5
    assert "'people'" in faults[0].expected
    assert faults[1].found == '"realisation ~ people + "'
    assert 'such as "services ~ technical' in faults[2].expected
    assert "on both sides" in faults[3].found
    assert "a construct, an item or an outcome" in faults[4].expected


def test_a_whole_model_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("f =~ network + skills\n", encoding="utf-8")
    study = load(tmp_path, model={"syntax": "model.txt"})
    assert study.options.model.syntax == "f =~ network + skills\n"
    assert study.options.model.paths == ()
    assert [source.path for source in study.sources if source.role == "model"] == ["model.txt"]


@pytest.mark.parametrize(
    ("content", "found"), [(b"", "an empty file"), (b"\xff\xfe\x00", "no UTF-8 text")]
)
def test_a_file_that_is_no_model_is_a_fault(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "model.txt").write_bytes(content)
    (fault,) = faults_of(tmp_path, model={"syntax": "model.txt"})
    assert (fault.source, fault.found) == ("model.txt", found)


def test_more_answers_than_people_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, study={"survey": {"population": 39}})
    assert (fault.field, fault.found) == ("population", "39 people")
    assert load(tmp_path, study={"survey": {"population": 40}}).options.survey_population == 40


def test_an_outcome_is_read_like_an_item_and_is_none(tmp_path: Path) -> None:
    answers = city.responses().astype(object)
    words = {1: "کم", 2: "کم", 3: "متوسط", 4: "زیاد", 5: "زیاد"}
    answers["realisation"] = answers["network"].map(words)
    answers.loc[0, "realisation"] = "۹۹"
    survey = {"missing": [99], "answers": {"کم": 1, "متوسط": 3, "زیاد": 5}}
    study = load(tmp_path, responses=answers, study={"survey": survey})
    assert study.responses["realisation"].isna().sum() == 1
    assert set(study.responses["realisation"].dropna()) == {1, 3, 5}
    assert len(study.instrument.items) == 4
    answers.loc[1, "realisation"] = "7"
    (fault,) = faults_of(tmp_path, responses=answers, study={"survey": survey})
    assert (fault.where, fault.field, fault.found) == ("line 3", "realisation", "7")


def test_who_answers_the_outcome_alone_is_left_out_and_counted(tmp_path: Path) -> None:
    answers = city.responses().astype(object).assign(realisation=3)
    answers.loc[0, list(city.ITEMS)] = ""
    study = load(tmp_path, responses=answers)
    assert len(study.responses) == 39
    assert any(repair.kind == "without_answers" for repair in study.repairs)


def test_a_column_that_the_outcome_needs_is_missed(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, responses=city.responses().assign(realization=3))
    assert fault.field == "realisation"
    assert "'realization'" in fault.expected
