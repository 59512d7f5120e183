"""The study file: what is where, and with which options."""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import replace
from pathlib import Path

from ecity_geo.errors import InputError
from ecity_geo.inputs.model import read_model
from ecity_geo.inputs.sections import (
    BoundariesConfig,
    CandidatesConfig,
    FabricConfig,
    Label,
    Language,
    ModelOptions,
    Options,
    PopulationConfig,
    ServicesConfig,
    StreetsConfig,
    StudyConfig,
    SurveyConfig,
)
from ecity_geo.inputs.siting import read_siting
from ecity_geo.inputs.toml import Document, Section, check_schema

__all__ = [
    "BoundariesConfig",
    "CandidatesConfig",
    "FabricConfig",
    "Label",
    "Language",
    "ModelOptions",
    "Options",
    "PopulationConfig",
    "ServicesConfig",
    "StreetsConfig",
    "StudyConfig",
    "SurveyConfig",
    "check_schema",
    "read_config",
]

LANGUAGES = ("fa", "en")
SOURCES = ("file", "grid", "streets")
_NO_SURVEY = (
    "Add a section [survey] with the answers; without answers, use the parts on your own frames "
    "(README, 'Parts, with your own frames')."
)
COMPONENTS = ("readiness", "coverage", "access")


def read_config(path: str | Path) -> StudyConfig:
    """Read and check a study file.

    Parameters
    ----------
    path
        The ``study.toml``, as the user named it.

    Returns
    -------
    config
        Its sections, with defaults for what it leaves out. Paths are as written, relative to
        `config.folder`; whether they lead anywhere is for the readers to say.

    Raises
    ------
    InputError
        With every fault of the file at once: unknown keys (and the nearest known one), missing
        keys, wrong types, values out of range; or the line that is not TOML.
    """
    document = Document(Path(path), str(path))
    root = document.root
    check_schema(root)
    study = root.section("study", required=True)
    streets = root.section("streets")
    analysis = root.section("analysis")
    seed = study.whole("seed", 0, least=0)
    fabric = _fabric(root.section("fabric"))
    services = _services(root.section("services", required=True))
    survey = _survey(root)
    model, model_file = read_model(root.section("model"))
    soar = root.section("soar")
    soar_file = soar.text("path")
    soar.close()
    test_value = analysis.number("test_value", math.nan)
    config = StudyConfig(
        id=_identity(study),
        name=study.label("name", required=True),
        crs=_working_crs(study),
        synthetic=study.flag("synthetic"),
        note=study.label("note"),
        seed=seed,
        box=_box(study),
        boundaries=_boundaries(root.section("boundaries", required=True)),
        fabric=fabric,
        survey=survey,
        services=services,
        population=_population(root.section("population", required=True)),
        streets=_streets(streets) if "streets" in root else None,
        candidates=_candidates(root.section("candidates"), has_streets="streets" in root),
        options=replace(
            _options(root, analysis, fabric.labels, services.labels, seed),
            survey_population=survey.population,
            model=model,
        ),
        model_file=model_file,
        soar=soar_file,
        test_value=None if math.isnan(test_value) else test_value,
        folder=Path(path).absolute().parent,
        source=str(path),
    )
    for section in (study, analysis, root):
        section.close()
    document.close()
    return config


def _identity(study: Section) -> str:
    identity = study.text("id", required=True)
    if identity and not re.fullmatch(r"[a-z0-9_-]{1,64}", identity):
        expected = "1 to 64 letters a-z, digits, _ or - (it names files)"
        study.fault("id", identity, expected)
    return identity


def _working_crs(study: Section) -> str:
    from ecity_geo.crs import parse_crs, why_not_metric  # geopandas is slow to load

    text = _crs(study, "crs")
    if text and (reason := why_not_metric(parse_crs(text, source=study.document.source))):
        cure = "Name the UTM zone of the city, or leave the key out to have it estimated."
        study.fault("crs", text, f"a projected CRS in metres, not {reason}", cure)
    return text


def _crs(section: Section, key: str, default: str = "") -> str:
    from ecity_geo.crs import parse_crs  # geopandas is slow to load

    text = section.text(key, default)
    if not text:
        return text
    try:
        parse_crs(text, source=section.document.source)
    except InputError as error:
        (fault,) = error.faults
        section.fault(key, text, fault.expected, fault.cure)
        return ""
    return text


def _encoding(section: Section) -> str:
    text = section.text("encoding")
    try:
        codecs.lookup(text or "utf-8")
    except (LookupError, ValueError):  # ValueError: a zero character
        section.fault("encoding", text, 'a known encoding such as "utf-8" or "cp1256"')
    return text


def _box(study: Section) -> tuple[float, float, float, float] | None:
    expected = "four numbers in degrees: west, south, east, north"
    numbers = study.items("box", (int, float), expected)
    if not numbers:
        return None
    if len(numbers) == 4:
        west, south, east, north = (float(number) for number in numbers)
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            return west, south, east, north
    study.fault("box", list(numbers), expected)
    return None


def _boundaries(section: Section) -> BoundariesConfig:
    config = BoundariesConfig(
        path=section.text("path", required=True),
        layer=section.text("layer"),
        id=section.text("id", "district_id"),
        name_fa=section.text("name_fa"),
        name_en=section.text("name_en"),
        fabric=section.text("fabric"),
        crs=_crs(section, "crs"),
        encoding=_encoding(section),
        repair=section.flag("repair"),
        overlap_tolerance=section.number("overlap_tolerance", 1.0, least=0),
    )
    section.close()
    return config


def _fabric(section: Section) -> FabricConfig:
    config = FabricConfig(
        path=section.text("path"),
        field=section.text("field", "fabric"),
        labels=section.labels("labels"),
    )
    section.close()
    return config


def _survey(root: Section) -> SurveyConfig:
    if "survey" not in root:
        root.section("survey")
        root.missing("survey", "a table: a study joins a survey to a map", _NO_SURVEY)
        return SurveyConfig(path="", instrument="")
    section = root.section("survey")
    answers = section.section("answers")
    config = SurveyConfig(
        path=section.text("path", required=True),
        instrument=section.text("instrument", required=True),
        respondent=section.text("respondent"),
        district=section.text("district"),
        district_by=section.text("district_by", "code", choices=("code", "name", "coordinates")),
        x=section.text("x"),
        y=section.text("y"),
        crs=_crs(section, "crs", "EPSG:4326"),
        weight=section.text("weight"),
        missing=section.items("missing", (int, float, str), "a list of numbers or texts"),
        sheet=section.text("sheet"),
        delimiter=section.text("delimiter", choices=(",", ";", "\t", "|")),
        encoding=_encoding(section),
        format=section.text("format", choices=("csv", "excel", "spss", "kobo")),
        duplicates=section.text("duplicates", "error", choices=("error", "last")),
        aliases=section.text("aliases"),
        answers={text: answers.whole(text, 0) for text in answers.data},
        population=section.whole("population", 0, least=1) or None,
        panel=section.text("panel"),
    )
    for key in ("x", "y") if config.district_by == "coordinates" else ("district",):
        if not section.data.get(key):
            section.missing(key, "the name of a field")
    section.close()
    return config


def _services(section: Section) -> ServicesConfig:
    tags = section.section("tags")
    config = ServicesConfig(
        path=section.text("path", required=True),
        id=section.text("id"),
        name_fa=section.text("name_fa"),
        name_en=section.text("name_en"),
        type=section.text("type"),
        capacity=section.text("capacity"),
        status=section.text("status"),
        closing=section.text("closing"),
        x=section.text("x"),
        y=section.text("y"),
        crs=_crs(section, "crs"),
        tags={key: tags.texts(key) for key in tags.data},
        labels=section.labels("labels"),
    )
    _both_or_none(section)
    section.close()
    return config


def _both_or_none(section: Section) -> None:
    for key, other in (("x", "y"), ("y", "x")):
        if section.data.get(other) and not section.data.get(key):
            section.missing(key, f"a field, as '{other}' names one")


def _population(section: Section) -> PopulationConfig:
    config = PopulationConfig(
        path=section.text("path", required=True),
        count=section.text("count"),
        band=section.whole("band", 1, least=1),
        assign=section.text("assign", "centre", choices=("centre", "area")),
        density=section.flag("density"),
        crs=_crs(section, "crs"),
    )
    section.close()
    return config


def _streets(section: Section) -> StreetsConfig:
    speeds = section.section("speeds")
    config = StreetsConfig(
        path=section.text("path", required=True),
        layer=section.text("layer"),
        minutes=section.text("minutes"),
        speed=section.text("speed"),
        class_=section.text("class"),
        speeds={name: speeds.number(name, 1.0, above=0) for name in speeds.data},
        oneway=section.text("oneway"),
        mode=section.text("mode", "walk", choices=("walk", "drive")),
        snap=section.number("snap", 500.0, above=0),
    )
    section.close()
    return config


def _candidates(section: Section, *, has_streets: bool) -> CandidatesConfig:
    most = section.number("most", math.nan, above=0)
    config = CandidatesConfig(
        from_=_candidate_source(section, has_streets=has_streets),
        path=section.text("path"),
        id=section.text("id"),
        name_fa=section.text("name_fa"),
        name_en=section.text("name_en"),
        price=section.text("price"),
        x=section.text("x"),
        y=section.text("y"),
        crs=_crs(section, "crs"),
        spacing=section.number("spacing", 0.0, above=0),
        most=None if math.isnan(most) else most,
        reach=section.number("reach", 0.0, above=0),
    )
    _both_or_none(section)
    section.close()
    return config


def _candidate_source(section: Section, *, has_streets: bool) -> str:
    """Tell where candidates come from, and note keys that this source would not read."""
    default = "file" if section.data.get("path") else "grid"
    source = section.text("from", default, choices=SOURCES)
    if source == "file" and not section.data.get("path"):
        section.missing("path", "the file of the candidates")
    if source == "streets" and not has_streets:
        cure = "Add a section [streets], or generate a grid."
        section.fault("from", source, "'file' or 'grid', as the study has no streets", cure)
    readers: dict[str, tuple[str, ...]] = {
        "path": ("file",),
        "price": ("file",),
        "most": ("grid",),
        "reach": ("streets",),
    }
    if "from" in section:
        # A file beside a spacing alone was always read.
        readers["spacing"] = ("grid", "streets")
    for key, sources in readers.items():
        if key in section and source not in sources:
            cure = f'Remove the key, or set from = "{sources[0]}".'
            section.fault(key, section.data[key], f"no '{key}' with from = \"{source}\"", cure)
    return source


def _options(
    root: Section,
    analysis: Section,
    fabric_labels: dict[str, Label],
    type_labels: dict[str, Label],
    seed: int,
) -> Options:
    default = Options()
    access, output = (root.section(key) for key in ("access", "output"))
    measure, unit = _measure(access, has_streets="streets" in root)
    standard = _standard(access, unit)
    options = Options(
        measure=measure,
        unit=unit,
        standard=standard,
        catchment=access.number("catchment", standard, above=0),
        min_count=analysis.whole("min_count", default.min_count, least=1),
        confidence=analysis.number("confidence", default.confidence, above=0, below=1),
        coverage_target=analysis.number("coverage_target", 0.8, above=0, most=1),
        **read_siting(root.section("siting")),
        weights=_weights(root.section("ranking")),
        languages=output.texts("languages", default.languages, choices=LANGUAGES),
        fabric_labels=fabric_labels,
        type_labels=type_labels,
        seed=seed,
    )
    for section in (access, output):
        section.close()
    return options


def _measure(access: Section, *, has_streets: bool) -> tuple[str, str]:
    default = "streets" if has_streets else "straight"
    measure = access.text("measure", default, choices=("straight", "streets"))
    unit = access.text("unit", "m", choices=("m", "min"))
    if measure == "streets" and not has_streets:
        cure = "Add a section [streets], or measure in straight lines."
        access.fault("measure", measure, "'straight', as the study has no streets", cure)
    elif measure == "straight" and unit == "min":
        cure = 'Set unit = "m", or measure along streets.'
        access.fault("unit", unit, "'m', as straight lines take no time", cure)
    return measure, unit


def _standard(access: Section, unit: str) -> float:
    if unit == "min" and "standard" not in access:
        access.missing("standard", "the greatest acceptable minutes")
    return access.number("standard", Options().standard, above=0)


def _weights(ranking: Section) -> dict[str, float]:
    section = ranking.section("weights")
    weights = {name: section.number(name, 1.0, least=0) for name in COMPONENTS}
    if not any(weights.values()):
        section.fault("", dict(section.data), "a weight above 0 for one component at least")
    section.close()
    ranking.close()
    return weights
