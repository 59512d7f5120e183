"""Forms: what is written is a form to pyxform, and nothing is lost on the way out and back.

The peer is pyxform, which KoboToolbox and ODK Central convert forms with. Submissions are built
from the XForm that it makes, and laid out as the two servers export them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

import city
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.form_names import METADATA, form_names, tails
from ecity_geo.inputs.instrument import (
    RESERVED_CONSTRUCTS,
    Construct,
    Instrument,
    Item,
    read_instrument,
)
from ecity_geo.inputs.instrument_file import instrument_text, write_instrument
from ecity_geo.inputs.sections import Label, SurveyConfig
from ecity_geo.inputs.survey import read_survey
from ecity_geo.inputs.xlsform import read_form, write_form

XFORMS = "{http://www.w3.org/2002/xforms}"
SMALL = Instrument(
    name=Label(fa="پرسشنامه", en="Questionnaire"),
    scale_min=1,
    scale_max=5,
    scale_labels={1: Label(fa="خیلی کم", en="Very low"), 5: Label(fa="خیلی زیاد")},
    constructs=(
        Construct(
            id="technical",
            label=Label(fa="فنی", en="Technical"),
            items=(
                Item(id="network", label=Label(fa="شبکه (فیبر/DSL)", en="Network: fibre/DSL")),
                Item(id="old-network", label=Label(en="Old network"), reverse=True, weight=0.5),
            ),
            weight=2.0,
        ),
        Construct(
            id="نیروی انسانی",
            label=Label(fa="انسانی", en="People"),
            items=(
                Item(id="مهارت", label=Label(fa="مهارت")),
                Item(id="version", label=Label(en="=SUM(A1)")),
            ),
        ),
    ),
    outcomes=(Item(id="realisation", label=Label(fa="تحقق", en="Overall")),),
)


def districts() -> gpd.GeoDataFrame:
    return city.districts().set_index("district_id")


def faults_of(path: Path) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read_form(path)
    return list(caught.value.faults)


# --- there and back


words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\r"),
    min_size=1,
    max_size=12,
).filter(lambda text: bool(text.strip()) and "${" not in text)
labels = st.builds(Label, fa=words | st.just(""), en=words)
ids = words.map(str.strip).filter(lambda text: text not in RESERVED_CONSTRUCTS)
weights = st.just(1.0) | st.floats(min_value=1e-9, max_value=1e9)
items = st.builds(Item, id=st.just(""), label=labels, reverse=st.booleans(), weight=weights)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    outcomes = draw(st.integers(0, 2))
    names = iter(
        draw(
            st.lists(
                ids,
                unique=True,
                min_size=sum(sizes) + len(sizes) + outcomes,
                max_size=sum(sizes) + len(sizes) + outcomes,
            )
        )
    )
    low = draw(st.integers(-7, 7))
    high = low + draw(st.integers(1, 9))
    constructs = tuple(
        Construct(
            id=next(names),
            label=draw(labels),
            weight=draw(weights),
            items=tuple(replace(draw(items), id=next(names)) for _ in range(size)),
        )
        for size in sizes
    )
    return Instrument(
        name=draw(labels),
        scale_min=low,
        scale_max=high,
        constructs=constructs,
        scale_labels=draw(st.dictionaries(st.integers(low, high), labels)),
        outcomes=tuple(Item(id=next(names), label=draw(labels)) for _ in range(outcomes)),
    )


@settings(max_examples=60, deadline=None)
@given(instrument=instruments())
@example(instrument=SMALL)
def test_any_instrument_comes_back_from_its_form(
    instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("form") / "form.xlsx"
    assert read_form(write_form(instrument, path)) == instrument


@settings(max_examples=60, deadline=None)
@given(instrument=instruments())
@example(instrument=SMALL)
def test_any_instrument_comes_back_from_its_file(
    instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("toml") / "instrument.toml"
    write_instrument(instrument, path)
    assert read_instrument(path, source="instrument.toml") == instrument


def test_texts_that_toml_must_escape_come_back(tmp_path: Path) -> None:
    name = Label(en='a "b" \\ \x7f\x01\n\t')
    instrument = replace(SMALL, name=name)
    write_instrument(instrument, tmp_path / "i.toml")
    assert read_instrument(tmp_path / "i.toml", source="i.toml") == instrument
    assert instrument_text(SMALL).count("weight") == 2


@settings(max_examples=60, deadline=None)
@given(instrument=instruments())
def test_names_in_the_form_differ_and_are_plain(instrument: Instrument) -> None:
    names = form_names(instrument)
    parts = [*instrument.constructs, *instrument.questions]
    assert set(names) == {part.id for part in parts}
    assert len({name.lower() for name in names.values()}) == len(names)
    for name in names.values():
        assert name.isascii()
        assert name[0].isalpha()
        assert not METADATA.fullmatch(name)
        assert not {*name} & {*" /:'\""}


def test_the_form_does_not_change_with_the_clock(tmp_path: Path) -> None:
    one = write_form(SMALL, tmp_path / "a.xlsx", districts=districts()).read_bytes()
    assert write_form(SMALL, tmp_path / "b.xlsx", districts=districts()).read_bytes() == one
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


# --- as pyxform sees it


def xform(path: Path) -> ET.Element:
    convert = pytest.importorskip("pyxform.xls2xform").convert
    result = convert(str(path))
    assert result.warnings == []
    return ET.fromstring(result.xform)  # noqa: S314 - made by pyxform here


def test_the_form_is_sound_to_pyxform_in_both_languages(tmp_path: Path) -> None:
    path = write_form(SMALL, tmp_path / "f.xlsx", districts=districts(), coordinates=True)
    form = xform(path)
    translations = {
        each.get("lang"): [value.text for value in each.iter(f"{XFORMS}value")]
        for each in form.iter(f"{XFORMS}translation")
    }
    assert set(translations) == {"Persian (fa)", "English (en)"}
    assert {"شبکه (فیبر/DSL)", "خیلی کم", "۳", "منطقه یک"} <= set(translations["Persian (fa)"])
    assert {"=SUM(A1)", "Very low", "3", "District one"} <= set(translations["English (en)"])
    binds = {each.get("nodeset"): each for each in form.iter(f"{XFORMS}bind")}
    assert binds["/data/technical/network"].get("required") == "true()"
    assert binds["/data/technical"].get("relevant") == " /data/consent  = 'yes'"
    assert binds["/data/location"].get("type") == "geopoint"
    groups = [each.get("ref") for each in form.iter(f"{XFORMS}group")]
    assert groups[0] == "/data/technical"
    assert len(groups) == 2
    selects = [each.get("ref") for each in form.iter(f"{XFORMS}select1")]
    assert selects[-1] == "/data/realisation"


@settings(max_examples=15, deadline=None)
@given(instrument=instruments())
def test_any_instrument_is_a_form_to_pyxform(
    instrument: Instrument, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_form(instrument, tmp_path_factory.mktemp("form") / "form.xlsx")
    selects = list(xform(path).iter(f"{XFORMS}select1"))
    assert len(selects) == len(instrument.questions) + 1


# --- what comes back


RNG_ROWS = 12


def submissions(form: ET.Element) -> list[dict[str, str]]:
    """Answers by path in the form, drawn; every fourth respondent skips a question."""
    instance = next(form.iter(f"{XFORMS}instance"))[0]
    paths = list(leaves(instance, ""))
    rng = np.random.default_rng(5)
    rows = []
    for number in range(RNG_ROWS):
        row = {path: str(rng.integers(1, 6)) for path in paths}
        row |= {"district": str(rng.integers(1, 5)), "consent": "yes", "introduction": ""}
        row["meta/instanceID"] = f"uuid:{number:04d}"
        if number % 4 == 0 and "technical/old-network" in row:
            row["technical/old-network"] = ""
        rows.append(row)
    return rows


def leaves(node: ET.Element, prefix: str) -> Iterator[str]:
    for child in node:
        path = f"{prefix}{child.tag.rpartition('}')[2]}"
        if len(child):
            yield from leaves(child, f"{path}/")
        else:
            yield path


def expected(rows: list[dict[str, str]], names: dict[str, str]) -> pd.DataFrame:
    paths = {path.rpartition("/")[2]: path for path in rows[0]}
    return pd.DataFrame(
        {
            question.id: pd.array(
                [int(row[paths[names[question.id]]] or -1) for row in rows], dtype="Int64"
            )
            for question in SMALL.questions
        }
    ).replace(-1, pd.NA)


def kobo_rows(rows: list[dict[str, str]]) -> pd.DataFrame:
    """XML values and headers: groups before a slash, ids of the server behind."""
    frame = pd.DataFrame(rows).drop(columns="meta/instanceID")
    return frame.assign(
        __version__="v1",
        _id=[str(900 + number) for number in range(len(rows))],
        _uuid=[row["meta/instanceID"].removeprefix("uuid:") for row in rows],
        _submission_time="2024-05-01T10:00:00",
        _tags="",
    )


def kobo_labels(rows: list[dict[str, str]], language: str, names: dict[str, str]) -> pd.DataFrame:
    """Labels in one language, with the labels of groups before them."""
    labels = {names[each.id]: each.label.text(language) for each in SMALL.questions}
    groups = {names[each.id]: each.label.text(language) for each in SMALL.constructs}
    labels["district"] = {"fa": "در کدام منطقه‌ی شهر زندگی می‌کنید؟"}.get(
        language, "In which district do you live?"
    )
    points = {
        str(point): SMALL.scale_labels[point].text(language)
        if point in SMALL.scale_labels
        else str(point).translate(str.maketrans("12345", "۱۲۳۴۵"))
        for point in range(1, 6)
    }
    place = dict(zip(city.PEOPLE, city.districts()[f"name_{language}"], strict=True))
    frame = kobo_rows(rows)
    frame["district"] = frame["district"].map(place)
    answers = [path for path in frame if path.rpartition("/")[2] in names.values()]
    frame[answers] = frame[answers].replace(points)

    def header(path: str) -> str:
        group, _, name = path.rpartition("/")
        label = labels.get(name, name)
        return f"{groups[group]}/{label}" if group else label

    return frame.rename(columns=header)


def central_rows(rows: list[dict[str, str]]) -> pd.DataFrame:
    """ODK Central: groups before a hyphen, coordinates split, its own columns around."""
    frame = pd.DataFrame(rows)
    frame.insert(0, "SubmissionDate", "2024-05-01T10:00:00.000Z")
    frame = frame.rename(columns=lambda path: path.replace("/", "-"))
    return frame.assign(
        KEY=frame["meta-instanceID"],
        SubmitterID="7",
        SubmitterName="x",
        AttachmentsPresent="0",
        AttachmentsExpected="0",
        Status="",
        ReviewState="",
        DeviceID="",
        Edits="0",
        FormVersion="1",
    )


EXPORTS = ("kobo", "kobo excel", "kobo labels fa", "kobo labels en", "central")


def export(name: str, rows: list[dict[str, str]], names: dict[str, str], folder: Path) -> str:
    if name == "kobo excel":
        kobo_rows(rows).to_excel(folder / "s.xlsx", sheet_name="پرسشنامه", index=False)
        return "s.xlsx"
    frame = {
        "kobo": lambda: kobo_rows(rows),
        "kobo labels fa": lambda: kobo_labels(rows, "fa", names),
        "kobo labels en": lambda: kobo_labels(rows, "en", names),
        "central": lambda: central_rows(rows),
    }[name]()
    frame.to_csv(folder / "s.csv", sep="," if name == "central" else ";", index=False)
    return "s.csv"


@pytest.mark.parametrize("declared", ["", "kobo"])
@pytest.mark.parametrize("name", EXPORTS)
def test_answers_to_the_form_come_back_equal(name: str, declared: str, tmp_path: Path) -> None:
    path = write_form(SMALL, tmp_path / "form.xlsx", districts=districts())
    rows, names = submissions(xform(path)), form_names(SMALL)
    config = SurveyConfig(
        path=export(name, rows, names, tmp_path),
        instrument="form.xlsx",
        district="district",
        district_by="name",
        format=declared,
    )
    survey = read_survey(config, read_form(path), districts(), folder=tmp_path, crs=CRS(city.CRS))
    questions = [question.id for question in SMALL.questions]
    found = survey.data[questions].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected(rows, names))
    assert survey.data["district_id"].tolist() == [row["district"] for row in rows]
    uuids = [row["meta/instanceID"] for row in rows]
    if name != "central":
        uuids = [uuid.removeprefix("uuid:") for uuid in uuids]
    assert survey.data.index.tolist() == uuids
    assert "ignored_columns" not in {repair.kind for repair in survey.repairs}


def test_places_on_the_map_come_back_from_central(tmp_path: Path) -> None:
    path = write_form(SMALL, tmp_path / "form.xlsx", coordinates=True)
    frame = central_rows(submissions(xform(path))).drop(columns=["district", "location"])
    lon, lat = city.lonlat(1500, 500)
    frame = frame.assign(**{"location-Latitude": str(lat), "location-Longitude": str(lon)})
    frame.to_csv(tmp_path / "s.csv", index=False)
    config = SurveyConfig(
        path="s.csv",
        instrument="form.xlsx",
        district_by="coordinates",
        x="location-Longitude",
        y="location-Latitude",
    )
    survey = read_survey(config, SMALL, districts(), folder=tmp_path, crs=CRS(city.CRS))
    assert survey.data["district_id"].eq("2").all()


def test_who_does_not_consent_is_left_out_and_counted(tmp_path: Path) -> None:
    path = write_form(SMALL, tmp_path / "form.xlsx", districts=districts())
    rows = submissions(xform(path))
    rows[3] |= {key: "" for key in rows[3] if not key.startswith("meta")} | {"consent": "no"}
    config = SurveyConfig(
        path=export("kobo", rows, {}, tmp_path), instrument="form.xlsx", district="district"
    )
    survey = read_survey(config, SMALL, districts(), folder=tmp_path, crs=CRS(city.CRS))
    assert len(survey.data) == RNG_ROWS - 1
    assert {"without_answers": 1}.items() <= {r.kind: r.count for r in survey.repairs}.items()


@pytest.mark.parametrize("name", ["kobo", "central"])
def test_items_called_as_the_server_calls_its_columns_come_back(name: str, tmp_path: Path) -> None:
    clashing = ("district", "consent", "status", "start", "_id", "KEY")
    construct = Construct(
        id="technical",
        label=Label(en="Technical"),
        items=tuple(Item(id=key, label=Label(en=f"Item {key}")) for key in clashing),
    )
    instrument = replace(SMALL, constructs=(construct,), outcomes=())
    path = write_form(instrument, tmp_path / "form.xlsx", districts=districts())
    rows, names = submissions(xform(path)), form_names(instrument)
    assert not set(names.values()) & set(clashing)
    config = SurveyConfig(
        path=export(name, rows, names, tmp_path), instrument="form.xlsx", district="district"
    )
    survey = read_survey(config, instrument, districts(), folder=tmp_path, crs=CRS(city.CRS))
    for key in clashing:
        written = [int(row[f"technical/{names[key]}"]) for row in rows]
        assert survey.data[key].tolist() == written, key
    assert survey.data["district_id"].tolist() == [row["district"] for row in rows]


def test_tails_of_a_header() -> None:
    assert tails("a/b-c:d") == ["a/b-c:d", "b-c:d", "c:d", "d"]
    assert tails("plain name") == ["plain name"]


# --- forms that others made


def book(folder: Path, survey: list[list[object]], choices: list[list[object]]) -> Path:
    written = openpyxl.Workbook()
    written.remove(written.worksheets[0])
    for title, rows in (("survey", survey), ("choices", choices)):
        sheet = written.create_sheet(title)
        for row in rows:
            sheet.append(row)
    written.save(folder / "form.xlsx")
    return folder / "form.xlsx"


FOREIGN = [
    ["type", "name", "label"],
    ["text", "remarks", "Remarks"],
    ["begin group", "technical", "Technical"],
    ["select_one agree", "network", "The network is good"],
    ["begin group", "inner", "زیرساخت"],
    ["select_one agree", "outages", "قطعی کم است"],
    ["end group", None, None],
    ["end group", None, None],
    ["select_one agree", "overall_view", "All in all"],
    ["select_one sex", "sex", "Sex"],
]
AGREE = [
    ["list name", "name", "label"],
    *[["agree", point, word] for point, word in zip(range(1, 4), "abc", strict=True)],
    ["sex", "f", "female"],
    ["sex", "m", "male"],
]


def test_a_form_of_other_making_gives_what_it_has(tmp_path: Path) -> None:
    instrument = read_form(book(tmp_path, FOREIGN, AGREE))
    assert instrument.name == Label(en="form")
    assert (instrument.scale_min, instrument.scale_max) == (1, 3)
    assert instrument.scale_labels == {n: Label(en=w) for n, w in ((1, "a"), (2, "b"), (3, "c"))}
    assert [
        (each.id, each.label, [item.id for item in each.items]) for each in instrument.constructs
    ] == [
        ("technical", Label(en="Technical"), ["network"]),
        ("inner", Label(fa="زیرساخت"), ["outages"]),
    ]
    assert [each.id for each in instrument.outcomes] == ["overall_view"]


def test_every_fault_of_a_form_is_told_at_once(tmp_path: Path) -> None:
    survey = [
        ["type", "name", "label", "ecity_weight"],
        ["begin_group", "low", "Technical", None],
        ["select_one agree", "network", "Network", "much"],
        ["select_one agree", "network", None, None],
        ["end_group", None, None, None],
    ]
    choices = [*AGREE, ["agree", 99, "unknown"], ["agree", 2, "twice"]]
    faults = faults_of(book(tmp_path, survey, choices))
    assert [(fault.where, fault.found) for fault in faults] == [
        ("sheet 'choices', row 7", "the choice 99 apart from the scale"),
        ("sheet 'choices', row 8", "the choice 2 again"),
        ("sheet 'survey', row 2", "the name 'low'"),
        ("sheet 'survey', row 3", "the weight 'much'"),
        ("sheet 'survey', row 4", "'network' again, as in sheet 'survey', row 3"),
        ("sheet 'survey', row 4", "no label of 'network'"),
    ]
    assert "survey.missing" in faults[0].cure


def test_a_form_without_a_scale_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(book(tmp_path, [["type", "name"], ["text", "a"]], AGREE))
    assert "no question" in fault.found
    ungrouped = [row for row in FOREIGN if "group" not in str(row[0])]
    (fault,) = faults_of(book(tmp_path, ungrouped, AGREE))
    assert fault.expected == "a group per construct"


def test_a_file_that_is_no_form_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "form.csv").write_text("type,name\n", encoding="utf-8")
    (fault,) = faults_of(tmp_path / "form.csv")
    assert "XLSForm" in fault.expected
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "form.xlsx")
    (fault,) = faults_of(tmp_path / "form.xlsx")
    assert "no sheet 'survey'" in fault.found


@pytest.mark.parametrize("text", ["a${b}", "a\x01", "x" * 40_000])
def test_texts_that_no_form_holds_are_faults(tmp_path: Path, text: str) -> None:
    (technical, people) = SMALL.constructs
    odd = replace(SMALL, constructs=(technical, replace(people, label=Label(en=text))))
    with pytest.raises(InputError) as caught:
        write_form(odd, tmp_path / "f.xlsx")
    assert {fault.where for fault in caught.value.faults} == {"sheet 'survey', row 10"}
    assert not (tmp_path / "f.xlsx").exists()


def test_a_place_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    for write in (write_form, write_instrument):
        with pytest.raises(InputError, match="cannot be written"):
            write(SMALL, tmp_path / "none" / "f")
