"""The survey read into responses: counted, placed, or refused by line and field.

Answers are those of the test city, known before they are written; correlations are compared with
numpy, points with geopandas' own spatial join.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

import city
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.answers import odd_answers
from ecity_geo.inputs.config import Label, SurveyConfig
from ecity_geo.inputs.instrument import Construct, Instrument, Item, read_instrument
from ecity_geo.inputs.schema import Checked
from ecity_geo.inputs.survey import read_survey

BASE = SurveyConfig(
    path="responses.csv",
    instrument="instrument.toml",
    respondent="respondent_id",
    district="district_id",
)
WORDS = {"خیلی کم": 1, "کم": 2, "متوسط": 3, "زیاد": 4, "خیلی زیاد": 5}


@pytest.fixture(scope="module")
def instrument(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    path = tmp_path_factory.mktemp("instrument") / "instrument.toml"
    path.write_text(city.INSTRUMENT, encoding="utf-8")
    return read_instrument(path, source="instrument.toml")


def districts() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def read(
    folder: Path, frame: pd.DataFrame | None, instrument: Instrument, **changes: Any
) -> Checked[pd.DataFrame]:
    config = replace(BASE, **changes)
    if frame is not None:
        frame.to_csv(folder / "responses.csv", index=False)
    return read_survey(config, instrument, districts(), folder=folder, crs=CRS(city.CRS))


def faults_of(*args: Any, **changes: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read(*args, **changes)
    return list(caught.value.faults)


def texts() -> pd.DataFrame:
    return city.responses().astype(str)


def kinds(checked: Checked[pd.DataFrame]) -> dict[str, int]:
    return {repair.kind: repair.count for repair in checked.repairs}


def test_responses_have_the_documented_form(tmp_path: Path, instrument: Instrument) -> None:
    survey = read(tmp_path, city.responses(), instrument)
    data = survey.data
    assert data.index.name == "respondent_id"
    assert data.columns.tolist() == [*city.ITEMS, "district_id", "weight"]
    assert all(data[item].dtype == "Int64" for item in city.ITEMS)
    assert data["weight"].eq(1.0).all()
    for district, answer in city.ANSWER.items():
        assert data.loc[data["district_id"] == district, "skills"].eq(answer).sum() == 10
    (tally,) = survey.tallies
    assert (tally.read, tally.matched, tally.unmatched, tally.rejected) == (40, 40, 0, 0)
    assert survey.repairs == ()
    assert survey.matches["rows"].tolist() == [10, 10, 10, 10]


def test_answer_outside_scale_names_line_and_field(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts()
    frame.loc[5, "network"] = "7"
    frame.loc[2, "habit"] = "3.5"
    frame.loc[9, "skills"] = "good"
    faults = faults_of(tmp_path, frame, instrument)
    assert [(fault.where, fault.field, fault.found) for fault in faults] == [
        ("line 4", "habit", "3.5"),
        ("line 7", "network", "7"),
        ("line 11", "skills", "'good'"),
    ]
    assert faults[1].expected == "1-5 (scale of the instrument)"
    assert "instrument.toml" in faults[1].cure


def test_persian_digits_are_folded_and_counted(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts()
    frame.loc[:3, "network"] = ["۴", "٤", " ۴ ", "4.0"]
    frame.loc[0, "district_id"] = "۱"
    survey = read(tmp_path, frame, instrument)
    assert survey.data["network"].iloc[:4].eq(4).all()
    assert kinds(survey) == {"folded_digits": 3, "folded_text": 1}


def test_text_answers_are_read_by_the_declared_table(
    tmp_path: Path, instrument: Instrument
) -> None:
    words = {value: word for word, value in WORDS.items()}
    frame = city.responses().replace(dict.fromkeys(city.ITEMS, words)).astype(str)
    frame.loc[0, "network"] = "زياد"
    frame.loc[1, "network"] = "خیلی‌ زياد"
    survey = read(tmp_path, frame, instrument, answers=WORDS)
    assert survey.data["network"].iloc[:3].tolist() == [4, 5, 4]
    assert survey.data["habit"].tolist() == city.responses()["habit"].tolist()
    assert kinds(survey)["text_answers"] == 160
    table = survey.matches.set_index("value")
    assert table.loc["زياد", ["matched", "tier"]].tolist() == ["4", 1]


def test_answers_in_undeclared_words_are_one_fault(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts().assign(network="موافقم", skills="مخالفم", habit="موافقم")
    (fault,) = faults_of(tmp_path, frame, instrument)
    assert fault.found == "120 answers in words ('مخالفم', 'موافقم')"
    assert "survey.answers" in fault.cure


def test_declared_codes_are_missing_and_counted(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts()
    frame.loc[:3, "network"] = ["99", "۹۹", "NA", ""]
    frame.loc[0, "district_id"] = "99"
    survey = read(tmp_path, frame, instrument, missing=(99, "na"))
    assert survey.data["network"].isna().sum() == 4
    assert kinds(survey)["missing_codes"] == 3
    assert survey.tallies[0].unmatched == 1


def test_codes_and_words_off_the_scale_are_faults_of_the_study_file(
    tmp_path: Path, instrument: Instrument
) -> None:
    faults = faults_of(tmp_path, texts(), instrument, missing=(3,), answers={"yes": 6})
    assert {fault.field for fault in faults} == {"survey.missing", "survey.answers.yes"}


def test_respondents_without_district_are_kept_and_counted(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = texts()
    frame.loc[:2, "district_id"] = ["", " ", ""]
    survey = read(tmp_path, frame, instrument)
    assert len(survey.data) == 40
    assert survey.data["district_id"].isna().sum() == 3
    (tally,) = survey.tallies
    assert (tally.read, tally.matched, tally.unmatched) == (40, 37, 3)


def test_respondents_without_answers_are_rejected_and_counted(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = texts()
    frame.loc[:1, list(city.ITEMS)] = ""
    frame.loc[2, list(city.ITEMS)] = "99"
    survey = read(tmp_path, frame, instrument, missing=(99,))
    assert survey.data.index[0] == "r13"
    assert survey.tallies[0].rejected == 3
    assert kinds(survey)["without_answers"] == 3


def test_repeated_respondent_is_a_fault_or_the_last_row(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = texts()
    frame.loc[7, "respondent_id"] = "R1۰"
    (fault,) = faults_of(tmp_path, frame, instrument)
    assert (fault.where, fault.found) == ("line 9", "'R1۰' again, as in line 2")
    frame.loc[0, "network"] = "77"
    survey = read(tmp_path, frame, instrument, duplicates="last")
    assert len(survey.data) == 39
    assert survey.tallies[0].rejected == kinds(survey)["repeated_respondents"] == 1


def test_missing_ids_are_faults_and_no_ids_are_numbered(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = texts()
    frame.loc[3, "respondent_id"] = ""
    (fault,) = faults_of(tmp_path, frame, instrument)
    assert fault.where == "line 5"
    survey = read(tmp_path, frame.drop(columns="respondent_id"), instrument, respondent="")
    assert survey.data.index[:2].tolist() == ["line 2", "line 3"]


def test_unknown_districts_name_their_neighbours(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts().assign(district_id="District one")
    frame.loc[2:3, "district_id"] = "Distrikt on"
    frame.loc[4, "district_id"] = "منطقه يک"
    (fault,) = faults_of(tmp_path, frame, instrument, district_by="name")
    assert fault.where == "line 4 (2 rows)"
    assert "'District one'" in fault.expected
    assert fault.field == "district_id"


def test_districts_by_name_in_either_language_and_alias(
    tmp_path: Path, instrument: Instrument
) -> None:
    names = ["منطقه\u200cيک", "DISTRICT TWO", "سه", "4"]
    frame = texts().iloc[[0, 10, 20, 30]].assign(district_id=names)
    (tmp_path / "aliases.csv").write_text("value,district_id\nسه,3\n", encoding="utf-8")
    survey = read(tmp_path, frame, instrument, district_by="name", aliases="aliases.csv")
    assert survey.data["district_id"].tolist() == ["1", "2", "3", "4"]
    assert survey.matches["tier"].tolist() == [1, 1, 0, 0]
    assert kinds(survey)["folded_text"] == 2


@pytest.mark.parametrize(
    ("text", "where", "field"),
    [
        ("value,district_id\nx,9\n", "line 2", "district_id"),
        ("value,district_id\nx,1\nx,2\n", "line 3", "value"),
        ("value,district\nx,1\n", "", "district_id"),
    ],
)
def test_faults_of_the_aliases_name_their_file(
    text: str, where: str, field: str, tmp_path: Path, instrument: Instrument
) -> None:
    (tmp_path / "aliases.csv").write_text(text, encoding="utf-8")
    (fault,) = faults_of(tmp_path, texts(), instrument, aliases="aliases.csv")
    assert (fault.source, fault.where, fault.field) == ("aliases.csv", where, field)


def test_missing_columns_name_the_nearest(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts().rename(columns={"network": "netwrok", "district_id": "distrct"})
    faults = faults_of(tmp_path, frame, instrument)
    assert [fault.field for fault in faults] == ["district_id", "network"]
    assert "'netwrok'" in faults[1].expected


def test_columns_are_found_in_other_typing_and_unused_ones_told(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = texts().rename(columns={"network": " Network"}).assign(_id="1", start="x", age="30")
    survey = read(tmp_path, frame, instrument)
    assert kinds(survey) == {"folded_columns": 1, "ignored_columns": 1}
    assert "age" in survey.repairs[1].detail
    twice = frame.assign(NETWORK="1")
    (fault,) = faults_of(tmp_path, twice, instrument)
    assert fault.found == "2 columns of that name but for typing"


def test_weights_are_positive_numbers(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts().assign(w="۱٫۵")
    survey = read(tmp_path, frame, instrument, weight="w")
    assert survey.data["weight"].eq(1.5).all()
    frame.loc[:2, "w"] = ["0", "", "x"]
    faults = faults_of(tmp_path, frame, instrument, weight="w")
    assert [fault.where for fault in faults] == ["line 2", "line 3", "line 4"]


def test_all_kinds_of_faults_come_at_once_by_line(tmp_path: Path, instrument: Instrument) -> None:
    frame = texts().assign(w="1")
    frame.loc[4, "w"] = "-1"
    frame.loc[3, "district_id"] = "12"
    frame.loc[2, "skills"] = "6"
    frame.loc[1, "respondent_id"] = "r10"
    faults = faults_of(tmp_path, frame, instrument, weight="w")
    assert [fault.where for fault in faults] == ["line 3", "line 4", "line 5", "line 6"]


# --- coordinates


def with_coordinates() -> pd.DataFrame:
    middle = {"1": (500, 500), "2": (1500, 500), "3": (500, 1500), "4": (1500, 1500)}
    frame = texts()
    places = [city.lonlat(*middle[district]) for district in frame["district_id"]]
    frame["lon"], frame["lat"] = ([f"{place[axis]:.7f}" for place in places] for axis in (0, 1))
    return frame


BY_PLACE = {"district_by": "coordinates", "x": "lon", "y": "lat", "district": ""}


def test_districts_by_coordinates_agree_with_the_codes(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = with_coordinates()
    frame.loc[0, ["lon", "lat"]] = ""
    lon, lat = city.lonlat(-700, 500)
    frame.loc[1, ["lon", "lat"]] = [str(lon), str(lat)]
    survey = read(tmp_path, frame, instrument, **BY_PLACE)
    assert survey.data["district_id"].iloc[:2].isna().all()
    assert survey.data["district_id"].iloc[2:].tolist() == frame["district_id"].iloc[2:].tolist()
    assert survey.tallies[0].unmatched == 2
    assert "lon" not in survey.data


@settings(max_examples=15, deadline=None)
@given(places=st.lists(st.tuples(st.floats(-500, 2500), st.floats(-500, 2500)), min_size=1))
def test_random_points_agree_with_a_spatial_join(
    places: list[tuple[float, float]],
    instrument: Instrument,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    x, y = np.array(places).T.round(3) + np.array(city.ORIGIN)[:, None]
    frame = pd.DataFrame(dict.fromkeys(city.ITEMS, "3"), index=range(len(places)))
    frame = frame.assign(lon=x, lat=y)
    folder = tmp_path_factory.mktemp("points")
    survey = read(folder, frame, instrument, **BY_PLACE, crs=city.CRS, respondent="")
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y, crs=city.CRS))
    joined = gpd.sjoin(points, districts(), predicate="intersects")["district_id"]
    for row, found in enumerate(survey.data["district_id"]):
        expected = joined[joined.index == row].tolist()
        assert found in expected if expected else found is None


def test_impossible_coordinates_are_faults_with_their_line(
    tmp_path: Path, instrument: Instrument
) -> None:
    frame = with_coordinates()
    frame.loc[0, "lon"] = ""
    frame.loc[1, ["lon", "lat"]] = "0"
    frame.loc[2, "lat"] = "north"
    frame.loc[3, "lat"] = "381"
    faults = faults_of(tmp_path, frame, instrument, **BY_PLACE)
    assert [fault.where for fault in faults] == ["line 2", "line 3", "line 4", "line 5"]
    assert faults[0].found.startswith("(nothing, 38.0")


def test_swapped_axes_are_recognised(tmp_path: Path, instrument: Instrument) -> None:
    swapped = BY_PLACE | {"x": "lat", "y": "lon"}
    (fault,) = faults_of(tmp_path, with_coordinates(), instrument, **swapped)
    assert "swapped" in fault.found


# --- other files


def test_excel_agrees_with_csv(tmp_path: Path, instrument: Instrument) -> None:
    book = openpyxl.Workbook()
    frame = city.responses()
    book.active.append(frame.columns.tolist())
    for row in frame.itertuples(index=False, name=None):
        book.active.append(row)
    book.save(tmp_path / "responses.xlsx")
    from_excel = read(tmp_path, None, instrument, path="responses.xlsx")
    pd.testing.assert_frame_equal(from_excel.data, read(tmp_path, frame, instrument).data)
    book.active["C3"] = 8
    book.save(tmp_path / "responses.xlsx")
    (fault,) = faults_of(tmp_path, None, instrument, path="responses.xlsx")
    assert (fault.where, fault.field) == ("row 3", "network")


def test_spss_reads_codes_or_labels(tmp_path: Path, instrument: Instrument) -> None:
    frame = city.responses().astype({"district_id": float, **dict.fromkeys(city.ITEMS, float)})
    labels = {float(value): word for word, value in WORDS.items()}
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "r.sav"),
        variable_value_labels={
            "district_id": {1.0: "منطقه یک", 2.0: "منطقه دو", 3.0: "منطقه سه", 4.0: "منطقه چهار"},
            **dict.fromkeys(city.ITEMS, labels),
        },
    )
    expected = read(tmp_path, city.responses(), instrument).data
    by_code = read(tmp_path, None, instrument, path="r.sav")
    pd.testing.assert_frame_equal(by_code.data, expected)
    by_label = read(tmp_path, None, instrument, path="r.sav", district_by="name", answers=WORDS)
    pd.testing.assert_frame_equal(by_label.data, expected)
    assert by_label.matches["value"].iloc[0] == "منطقه یک"


def kobo(frame: pd.DataFrame) -> pd.DataFrame:
    grouped = frame.drop(columns="respondent_id").rename(
        columns={item: f"technical/{item}" for item in city.ITEMS}
    )
    grouped = grouped.rename(columns={"district_id": "place/district_id"})
    return grouped.assign(_id=range(40), _uuid=frame["respondent_id"], _submission_time="x")


def test_a_form_export_is_read_by_its_own_ids(tmp_path: Path, instrument: Instrument) -> None:
    kobo(texts()).to_csv(tmp_path / "responses.csv", index=False, sep=";")
    survey = read(tmp_path, None, instrument, respondent="", format="kobo")
    pd.testing.assert_frame_equal(survey.data, read(tmp_path, texts(), instrument).data)


def test_a_label_export_is_read_by_its_wording(tmp_path: Path, instrument: Instrument) -> None:
    labels = {item.id: f"بخش/{item.label.fa}" for item in instrument.items}
    kobo(texts().rename(columns=labels)).assign(start="x").to_csv(
        tmp_path / "responses.csv", index=False
    )
    survey = read(tmp_path, None, instrument, respondent="")
    pd.testing.assert_frame_equal(survey.data, read(tmp_path, texts(), instrument).data)


def test_wording_that_two_questions_share_is_no_name(
    tmp_path: Path, instrument: Instrument
) -> None:
    first, second = instrument.constructs
    twin = replace(first.items[1], label=first.items[0].label)
    same = replace(
        instrument,
        constructs=(replace(first, items=(first.items[0], twin)), second),
    )
    frame = kobo(texts()).rename(columns={"technical/network": "شبکه"})
    (fault,) = faults_of(tmp_path, frame, same, respondent="")
    assert fault.found == "1 columns named by the wording of their question"


def test_a_table_headed_by_wording_is_recognised(tmp_path: Path, instrument: Instrument) -> None:
    labels = {item.id: item.label.fa for item in instrument.items}
    (fault,) = faults_of(tmp_path, texts().rename(columns=labels), instrument)
    assert fault.found == "4 columns named by the wording of their question"
    assert "XML values" in fault.cure


# --- oddities


def scores(reverse: bool) -> tuple[pd.DataFrame, Instrument]:
    rng = np.random.default_rng(1)
    latent = rng.integers(1, 6, 60)
    noisy = np.clip(latent + rng.integers(-1, 2, 60), 1, 5)
    values = pd.DataFrame({"a": latent, "b": noisy, "c": 6 - latent, "d": noisy}).astype("Int64")
    items = tuple(
        Item(id=key, label=Label(en=key), reverse=reverse and key == "c") for key in "abcd"
    )
    construct = Construct(id="all", label=Label(en="All"), items=items)
    return values, Instrument(name=Label(en="x"), scale_min=1, scale_max=5, constructs=(construct,))


def test_an_undeclared_reversed_item_is_warned_of() -> None:
    values, instrument = scores(reverse=False)
    (warning,) = odd_answers(values, instrument, source="r.csv")
    rest = values[["a", "b", "d"]].astype(float).mean(axis=1)
    r = np.corrcoef(values["c"].astype(float), rest)[0, 1]
    assert warning.kind == "warning_negative_item"
    assert f"'c' correlates {r:.2f}" in warning.detail
    values, instrument = scores(reverse=True)
    assert list(odd_answers(values, instrument, source="r.csv")) == []


def test_constant_items_and_straight_liners_are_warned_of() -> None:
    values, instrument = scores(reverse=True)
    values["d"] = pd.array([4] * 60, dtype="Int64")
    (warning,) = odd_answers(values, instrument, source="r.csv")
    assert (warning.kind, warning.count) == ("warning_constant_item", 60)
    wide = replace(
        instrument,
        constructs=(
            Construct(
                id="all",
                label=Label(en="All"),
                items=tuple(Item(id=f"q{n}", label=Label(en="q")) for n in range(6)),
            ),
        ),
    )
    answers = pd.DataFrame(np.tile([[3], [1], [5]], (1, 6)), columns=[f"q{n}" for n in range(6)])
    answers.iloc[0, 0] = 4
    (straight,) = odd_answers(answers.astype("Int64"), wide, source="r.csv")
    assert (straight.kind, straight.count) == ("warning_straight_liners", 2)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_rows_always_add_up_or_are_faults(
    data: st.DataObject, instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cell = st.sampled_from(["1", "۵", "", "99", "3", "6", "x"])
    place = st.sampled_from(["1", "۲", "", "4", "9"])
    rows = data.draw(st.lists(st.tuples(place, cell, cell, cell, cell), min_size=1, max_size=8))
    frame = pd.DataFrame(rows, columns=["district_id", *city.ITEMS])
    frame.insert(0, "respondent_id", [f"r{n}" for n in range(len(rows))])
    bad = sum(text in {"6", "x"} for row in rows for text in row[1:]) + any(
        row[0] == "9" for row in rows
    )
    folder = tmp_path_factory.mktemp("rows")
    try:
        survey = read(folder, frame, instrument, missing=(99,))
    except InputError:
        assert bad
    else:
        (tally,) = survey.tallies
        empty = sum(set(row[1:]) <= {"", "99"} for row in rows)
        assert (tally.read, tally.rejected) == (len(rows), empty)
        assert tally.matched + tally.unmatched == len(survey.data)


def test_a_survey_that_nobody_answered_is_a_fault(tmp_path: Path, instrument: Instrument) -> None:
    blank = city.responses()
    blank[list(city.ITEMS)] = ""
    (fault,) = faults_of(tmp_path, blank, instrument)
    assert fault.found == "40 rows without an answer to any item"
