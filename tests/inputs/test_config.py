"""The study file: defaults, and every fault at once with its line.

TOML itself is tomllib's; what is held here is what the schema of the study file promises.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.conditions import Conditions, SiteKind
from ecity_geo.inputs.config import Label, ModelOptions, Options, StudyConfig, read_config

MINIMAL = """\
schema = 1
[study]
id = "city"
name = { fa = "شهر", en = "City" }
[boundaries]
path = "d.geojson"
[survey]
path = "r.csv"
instrument = "i.toml"
district = "district"
[services]
path = "s.csv"
[population]
path = "pop.tif"
"""


def save(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "study.toml"
    path.write_bytes(text.encode(encoding))
    return path


def read(folder: Path, text: str) -> StudyConfig:
    return read_config(save(folder, text))


def faults_of(folder: Path, text: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    return list(caught.value.faults)


def test_a_minimal_study_takes_the_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL)
    assert config.name == Label(fa="شهر", en="City")
    assert config.folder == tmp_path
    assert config.source == str(tmp_path / "study.toml")
    assert config.options == Options()
    assert config.test_value is None
    assert config.streets is None
    assert config.candidates.spacing == 0
    assert config.survey.crs == "EPSG:4326"
    assert config.boundaries.id == "district_id"


def test_every_section_is_read_as_written(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        'id = "city"', 'id = "city"\nseed = 7\ncrs = "EPSG:32638"\nbox = [46, 37.9, 46.6, 38.3]'
    ).replace(
        'district = "district"',
        'district = "d"\nmissing = [0, 99, "NA"]\n[survey.answers]\n"کاملاً موافقم" = 5',
    )
    text += """
[services.tags]
amenity = ["bank", "townhall"]
[services.labels]
bank = { fa = "بانک", en = "Bank" }
[fabric.labels]
planned = { fa = "برنامه‌ریزی‌شده", en = "Planned" }
[streets]
path = "s.gpkg"
[access]
unit = "min"
standard = 15
[analysis]
test_value = 4
[siting]
models = ["p_median"]
[ranking.weights]
access = 2
[output]
languages = ["en"]
"""
    config = read(tmp_path, text)
    assert config.box == (46.0, 37.9, 46.6, 38.3)
    assert config.survey.missing == (0, 99, "NA")
    assert config.survey.answers == {"کاملاً موافقم": 5}
    assert config.services.tags == {"amenity": ("bank", "townhall")}
    assert config.streets is not None
    assert config.test_value == 4
    assert config.options == Options(
        measure="streets",
        unit="min",
        standard=15,
        catchment=15,
        models=("p_median",),
        weights={"readiness": 1, "coverage": 1, "access": 2},
        languages=("en",),
        fabric_labels={"planned": Label(fa="برنامه‌ریزی‌شده", en="Planned")},
        type_labels={"bank": Label(fa="بانک", en="Bank")},
        seed=7,
    )


def test_conditions_of_new_sites_are_read(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + """
[siting]
models = ["lscp", "conditioned"]
budget = 12.5
floor = { planned = 0.6 }
floor_by = "fabric"
gini = 0.2
single_source = true
closing = -0.5
people_per_capacity = 40
curve = 0
kinds = { kiosk = { capacity = 150 }, office = { price = 3 } }
"""
    )
    options = read(tmp_path, text).options
    assert options.models == ("lscp", "conditioned")
    assert options.curve == 0
    assert options.conditions == Conditions(
        budget=12.5,
        floor={"planned": 0.6},
        floor_by="fabric",
        gini=0.2,
        single_source=True,
        closing=-0.5,
        people_per_capacity=40,
        kinds={"kiosk": SiteKind(capacity=150), "office": SiteKind(price=3)},
    )


def test_a_misspelt_model_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, MINIMAL + '[siting]\nmodels = ["mclp", "p_centre"]\n')
    assert fault.cure == "Did you mean 'p_center' in place of 'p_centre'?"


def test_a_misspelt_curve_is_told_like_any_other_key(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, MINIMAL + "[siting]\ncurv = 5\n")
    assert fault.cure == "Did you mean 'curve'?"


def test_all_faults_of_a_file_come_at_once_with_line_and_cure(tmp_path: Path) -> None:
    text = MINIMAL.replace('path = "d.geojson"', 'pth = "d.geojson"\nrepair = "yes"')
    text += "[access]\nstandart = 5\n[analysis]\nconfidence = 95\n[siting]\np = 2.5\n[rankin]\n"
    told = [(fault.where, fault.field, fault.found) for fault in faults_of(tmp_path, text)]
    assert told == [
        ("line 5", "boundaries.path", "nothing"),
        ("line 6", "boundaries.pth", "an unknown key"),
        ("line 7", "boundaries.repair", '"yes"'),
        ("line 17", "access.standart", "an unknown key"),
        ("line 19", "analysis.confidence", "95"),
        ("line 21", "siting.p", "2.5"),
        ("line 22", "rankin", "an unknown table"),
    ]
    cures = {fault.field: fault.cure for fault in faults_of(tmp_path, text)}
    assert cures["boundaries.pth"] == "Did you mean 'path'?"
    assert cures["access.standart"] == "Did you mean 'standard'?"
    assert cures["rankin"] == "Did you mean 'ranking'?"


@pytest.mark.parametrize(
    ("section", "line", "field"),
    [
        ("access", "standard = 0", "access.standard"),
        ("access", "standard = inf", "access.standard"),
        ("access", "standard = nan", "access.standard"),
        ("access", "standard = true", "access.standard"),
        ("access", "catchment = -1", "access.catchment"),
        ("access", 'measure = "roads"', "access.measure"),
        ("access", 'measure = "streets"', "access.measure"),
        ("access", 'unit = "min"\nstandard = 5', "access.unit"),
        ("analysis", "confidence = 1", "analysis.confidence"),
        ("analysis", "coverage_target = 80", "analysis.coverage_target"),
        ("analysis", "min_count = 0", "analysis.min_count"),
        ("siting", "p = 0", "siting.p"),
        ("siting", "p = true", "siting.p"),
        ("siting", 'models = ["mclp", "lscpp"]', "siting.models"),
        ("siting", 'models = "mclp"', "siting.models"),
        ("siting", "models = []", "siting.models"),
        ("siting", "time_limit = 0", "siting.time_limit"),
        ("siting", "curve = -1", "siting.curve"),
        ("siting", 'models = ["backup_coverage"]\nbackup = 2', "siting.backup"),
        ("siting", "backup = 0.5", "siting.backup"),
        ("siting", "budget = 5", "siting.budget"),
        ("siting", 'models = ["gradual_coverage"]\ndecay = "gausian"', "siting.decay"),
        ("siting", 'models = ["conditioned"]\nfloor = 60', "siting.floor"),
        ("siting", 'models = ["conditioned"]\nfloor = { planned = 2 }', "siting.floor.planned"),
        ("siting", 'models = ["conditioned"]\nobjective = "fair"', "siting.objective"),
        ("siting", 'models = ["conditioned"]\nfloor_by = "fabric"', "siting.floor_by"),
        ("siting", "gini = 0.2", "siting.gini"),
        ("siting", "single_source = true", "siting.single_source"),
        ("siting", 'models = ["conditioned"]\ngini = 20', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = -0.1', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = nan', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = true', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = "0.2"', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = { "1" = 0.2 }', "siting.gini"),
        ("siting", 'models = ["conditioned"]\ngini = 0.2\nobjective = "price"', "siting.gini"),
        ("siting", 'models = ["conditioned"]\nsingle_source = 1', "siting.single_source"),
        ("siting", 'models = ["conditioned"]\nsingle_source = true', "siting.single_source"),
        (
            "siting",
            'models = ["conditioned"]\nkinds = { kiosk = { cost = 1 } }',
            "siting.kinds.kiosk.cost",
        ),
        ("output", 'languages = ["fa", "fa"]', "output.languages"),
        ("output", 'languages = ["de"]', "output.languages"),
        ("ranking.weights", "access = -1", "ranking.weights.access"),
        ("ranking.weights", "access = 0\nreadiness = 0\ncoverage = 0", "ranking.weights"),
        ("ranking.weights", "speed = 1", "ranking.weights.speed"),
        ("candidates", 'x = "lon"', "candidates.y"),
        ("candidates", "spacing = 0", "candidates.spacing"),
        ("candidates", 'from = "osm"', "candidates.from"),
        ("candidates", 'from = "file"', "candidates.path"),
        ("candidates", 'from = "streets"', "candidates.from"),
        ("candidates", 'from = "grid"\npath = "s.csv"', "candidates.path"),
        ("candidates", 'from = "file"\npath = "s.csv"\nspacing = 9', "candidates.spacing"),
        ("candidates", 'from = "grid"\nreach = 9', "candidates.reach"),
        ("candidates", 'path = "s.csv"\nmost = 9', "candidates.most"),
        ("candidates", "most = 0", "candidates.most"),
        ("fabric.labels", "planned = {}", "fabric.labels.planned"),
        ("fabric.labels", 'planned = "Planned"', "fabric.labels.planned"),
        ("streets", 'path = "s.gpkg"\nmode = "car"', "streets.mode"),
        ("streets", 'path = ""', "streets.path"),
        ("services.tags", 'amenity = "bank"', "services.tags.amenity"),
        ("survey.answers", '"yes" = "5"', "survey.answers.yes"),
    ],
)
def test_value_out_of_range_is_one_fault_at_its_key(
    section: str, line: str, field: str, tmp_path: Path
) -> None:
    (fault,) = faults_of(tmp_path, f"{MINIMAL}[{section}]\n{line}\n")
    assert fault.field == field
    assert fault.where.startswith("line ")
    assert fault.cure


@pytest.mark.parametrize(
    ("lines", "source"),
    [
        ("", "grid"),
        ("spacing = 600", "grid"),
        ('path = "s.csv"', "file"),
        ('path = "s.csv"\nspacing = 600', "file"),
        ('from = "file"\npath = "s.csv"', "file"),
        ('from = "grid"\nmost = 900', "grid"),
        ('from = "streets"\nspacing = 400\nreach = 300\n[streets]\npath = "s.gpkg"', "streets"),
    ],
)
def test_candidates_say_where_they_come_from_or_are_told_by_their_file(
    lines: str, source: str, tmp_path: Path
) -> None:
    assert read(tmp_path, f"{MINIMAL}[candidates]\n{lines}\n").candidates.from_ == source


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("schema = 1\n", "", "schema"),
        ("schema = 1", "schema = 2", "schema"),
        ('id = "city"', 'id = "My City"', "study.id"),
        ('id = "city"', 'id = "city"\ncrs = "EPSG:4326"', "study.crs"),
        ('id = "city"', 'id = "city"\ncrs = "EPSG:3857"', "study.crs"),
        ('id = "city"', 'id = "city"\ncrs = "EPSG:99"', "study.crs"),
        ('id = "city"', 'id = "city"\nseed = -1', "study.seed"),
        ('id = "city"', 'id = "city"\nbox = [38.3, 46, 37.9, 46.6]', "study.box"),
        ('id = "city"', 'id = "city"\nbox = [1, 2, 3]', "study.box"),
        ('id = "city"', 'id = "city"\nbox = ["a"]', "study.box"),
        ('en = "City" }', 'En = "City" }', "study.name.En"),
        ('{ fa = "شهر", en = "City" }', '{ fa = "" }', "study.name"),
        ('{ fa = "شهر", en = "City" }', '"City"', "study.name"),
        ('district = "district"', "", "survey.district"),
        ('district = "district"', 'district = "d"\nformat = "xls"', "survey.format"),
        ('district = "district"', 'district = "d"\nencoding = "cp-1256x"', "survey.encoding"),
        ('district = "district"', 'district_by = "coordinates"\nx = "lon"', "survey.y"),
        ("[population]", "[populations]", "population"),
    ],
)
def test_what_must_stand_in_the_file(old: str, new: str, field: str, tmp_path: Path) -> None:
    assert field in {fault.field for fault in faults_of(tmp_path, MINIMAL.replace(old, new))}


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("path = d.geojson", "double quotes"),
        ('path = "C:\\data\\d.geojson"', "with /"),
        ('path = "a"\npath = "b"', "stands once"),
        ("[study]", "stands once"),
    ],
)
def test_a_line_that_is_not_toml_is_named(line: str, cure: str, tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, MINIMAL.replace('path = "d.geojson"', line))
    assert fault.where in {"line 6", "line 7"}
    assert cure in fault.cure


def test_files_that_are_no_text_are_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        read_config(save(tmp_path, MINIMAL, "cp1256"))
    with pytest.raises(InputError, match="a folder"):
        read_config(tmp_path)
    with pytest.raises(InputError, match="no readable file"):
        read_config(tmp_path / "missing.toml")
    with pytest.raises(InputError, match="1 MB"):
        read_config(save(tmp_path, MINIMAL + "#" * 2**20))
    assert read_config(save(tmp_path, MINIMAL, "utf-8-sig")).id == "city"


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from([line.split(" ")[0] for line in MINIMAL.splitlines() if "=" in line]),
    value=st.sampled_from(["1", "-1", "1.5", "true", '"x"', '""', "[]", "[1]", "{}", "1979-05-27"]),
)
def test_any_value_gives_a_study_or_faults(
    key: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "\n".join(
        f"{key} = {value}" if line.startswith(f"{key} ") else line for line in MINIMAL.splitlines()
    )
    try:
        config = read(tmp_path_factory.mktemp("any"), text)
    except InputError as error:
        told = [fault.fact() for fault in error.faults]
        assert all(key in fact for fact in told)
    else:
        assert {item.name for item in dataclasses.fields(config)} >= {"id", "survey", "options"}


def test_the_model_and_who_could_be_asked_are_read(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        'district = "district"', 'district = "district"\npopulation = 1400\npanel = "p.csv"'
    )
    text += '[model]\npaths = ["a ~ b + c", "d ~ a"]\nestimator = "MLR"\nconvention = "amos"\n'
    config = read(tmp_path, text + "bootstrap = 0\n")
    assert config.options.survey_population == 1400
    assert config.survey.panel == "p.csv"
    assert config.options.model == ModelOptions(
        paths=("a ~ b + c", "d ~ a"), estimator="MLR", convention="amos", bootstrap=0
    )
    assert config.model_file == ""
    assert read(tmp_path, MINIMAL + '[model]\nsyntax = "m.txt"\n').model_file == "m.txt"


def test_faults_of_the_model_come_together(tmp_path: Path) -> None:
    text = MINIMAL.replace('path = "r.csv"', 'path = "r.csv"\npopulation = 0')
    text += '[model]\npaths = ["a ~ b"]\nsyntax = "m.txt"\nestimator = "WLSM"\nboots = 5\n'
    faults = {fault.field: fault for fault in faults_of(tmp_path, text + "bootstrap = 1000000\n")}
    assert set(faults) == {
        "survey.population",
        "model.paths",
        "model.estimator",
        "model.boots",
        "model.bootstrap",
    }
    assert "not both" in faults["model.paths"].expected
    assert "WLSMV" in faults["model.estimator"].cure
    assert "at least 0 and at most 100000" in faults["model.bootstrap"].expected
    assert "bootstrap" in faults["model.boots"].cure


def test_a_study_without_a_survey_is_one_fault_that_says_what_to_do(tmp_path: Path) -> None:
    before, rest = MINIMAL.split("[survey]")
    (fault,) = faults_of(tmp_path, before + rest[rest.index("[services]") :])
    assert fault.field == "survey"
    assert "Parts, with your own frames" in fault.cure


def test_every_key_of_siting_is_among_those_that_are_offered(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'curve', 'models'"):
        read(tmp_path, MINIMAL + "[siting]\ncurv = 4\n")
