"""The sections of a study file as types; a field is named as its key."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ecity_geo.inputs.conditions import Conditions

Language = Literal["fa", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text in both languages; either stands in for the other when it is empty.

    Parameters
    ----------
    fa, en
        Persian and English text.
    """

    fa: str = ""
    en: str = ""

    def text(self, language: str) -> str:
        """Return the text in one language, or in the other where it is missing."""
        return (self.fa or self.en) if language == "fa" else (self.en or self.fa)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How the constructs are taken to hang together; ``[model]`` of the study file.

    Parameters
    ----------
    paths
        Regressions among constructs, items and outcomes in lavaan's syntax,
        ``"services ~ technical + organisation"``; by default each outcome on all constructs.
    syntax
        Text of a whole model in lavaan's syntax, in place of `paths`; empty without one.
    estimator
        ``"ML"``, ``"MLR"``, ``"WLSMV"`` or ``"ULSMV"``.
    convention
        ``"lavaan"`` (n) or ``"amos"`` (n - 1).
    bootstrap
        Samples of the bootstrap intervals; 0 for none.
    """

    paths: tuple[str, ...] = ()
    syntax: str = ""
    estimator: str = "ML"
    convention: str = "lavaan"
    bootstrap: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the study is analysed and shown; see ``study.toml``.

    Parameters
    ----------
    measure
        ``"straight"`` or ``"streets"``.
    unit
        Unit of travel cost, ``"m"`` or ``"min"``.
    standard
        Greatest acceptable cost to the nearest service, inclusive.
    catchment
        Catchment of the floating catchment method, in `unit`.
    min_count
        Cells with fewer respondents are suppressed.
    confidence
        Level of all intervals.
    test_value
        Readiness threshold on the survey scale.
    coverage_target
        Covered share below which a district counts as badly covered.
    p
        Number of new sites.
    models
        Location models to solve.
    time_limit
        Seconds per model.
    include_planned
        Whether planned services count as existing when new ones are sited.
    backup
        Weight of a second service within the standard, in backup coverage.
    decay
        How the worth of a site falls with its cost in gradual coverage: ``"gaussian"`` (0.61 at
        the standard) or ``"exponential"`` (0.37 there).
    curve
        Number of new sites up to which the coverage curve goes; missing for twice `p`.
    need
        What people are weighted by in the models of `ecity_geo.inputs.conditions.WEIGHED`:
        ``"population"`` (all alike), ``"readiness"`` (in proportion to the gap of their
        district's readiness) or ``"both"`` (half and half).
    conditions
        What a plan of the model ``"conditioned"`` must keep.
    weights
        Weight per component of the ranking.
    languages
        Languages of the outputs.
    fabric_labels, type_labels
        Labels of fabrics and of service types.
    survey_population
        People who could have been asked; missing where the study file does not say.
    model
        Model of the survey; complete once the instrument is read.
    seed
        Seed of everything random.
    """

    measure: str = "straight"
    unit: str = "m"
    standard: float = 1000.0
    catchment: float = 1000.0
    min_count: int = 5
    confidence: float = 0.95
    test_value: float = 3.0
    coverage_target: float = 0.8
    p: int = 5
    models: tuple[str, ...] = ("mclp", "p_median")
    time_limit: float = 20.0
    include_planned: bool = True
    backup: float = 0.5
    decay: str = "gaussian"
    curve: int | None = None
    need: str = "population"
    conditions: Conditions = field(default_factory=Conditions)
    weights: dict[str, float] = field(
        default_factory=lambda: {"readiness": 1.0, "coverage": 1.0, "access": 1.0}
    )
    languages: tuple[str, ...] = ("fa", "en")
    fabric_labels: dict[str, Label] = field(default_factory=dict)
    type_labels: dict[str, Label] = field(default_factory=dict)
    survey_population: int | None = None
    model: ModelOptions = field(default_factory=ModelOptions)
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundariesConfig:
    """``[boundaries]``: the polygons of the districts.

    Parameters
    ----------
    path
        File, relative to the study file.
    layer
        Layer of the file; empty for its only one.
    id
        Field of the district's id.
    name_fa, name_en, fabric
        Fields of the names and of the urban fabric; empty where the file has none.
    crs
        CRS of a file that states none.
    encoding
        Encoding of attribute text that the file does not state, such as ``"cp1256"``.
    repair
        Whether invalid rings are mended (and counted) instead of refused.
    overlap_tolerance
        Greatest overlap of two districts that is not a fault, in square metres.
    """

    path: str
    layer: str = ""
    id: str = "district_id"
    name_fa: str = ""
    name_en: str = ""
    fabric: str = ""
    crs: str = ""
    encoding: str = ""
    repair: bool = False
    overlap_tolerance: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricConfig:
    """``[fabric]``: a polygon layer of urban fabric, and how fabrics are called.

    Parameters
    ----------
    path
        File, relative to the study file; empty when the districts carry their fabric.
    field
        Field of the fabric.
    labels
        Label per fabric.
    """

    path: str = ""
    field: str = "fabric"
    labels: dict[str, Label] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyConfig:
    """``[survey]``: the responses and their instrument.

    Parameters
    ----------
    path, instrument
        Files, relative to the study file.
    respondent
        Field of the respondent's id; empty for the export's own id, or numbered rows.
    district
        Field of the respondent's district, unless located by coordinates.
    district_by
        ``"code"``, ``"name"`` or ``"coordinates"``.
    x, y, crs
        Fields and CRS of the coordinates.
    weight
        Field of the survey weight; empty for equal weights.
    missing
        Answers that stand for "no answer".
    sheet, delimiter, encoding, format
        What is otherwise detected; format is ``"csv"``, ``"excel"``, ``"spss"`` or ``"kobo"``.
    duplicates
        ``"error"``, or ``"last"`` to keep a respondent's last row.
    aliases
        CSV of further district names, with columns ``value`` and ``district_id``.
    answers
        Text answer to scale point.
    population
        People who could have been asked.
    panel
        Table of experts' ratings of the items; empty without a panel.
    """

    path: str
    instrument: str
    respondent: str = ""
    district: str = ""
    district_by: str = "code"
    x: str = ""
    y: str = ""
    crs: str = "EPSG:4326"
    weight: str = ""
    missing: tuple[float | str, ...] = ()
    sheet: str = ""
    delimiter: str = ""
    encoding: str = ""
    format: str = ""
    duplicates: str = "error"
    aliases: str = ""
    answers: dict[str, int] = field(default_factory=dict)
    population: int | None = None
    panel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicesConfig:
    """``[services]``: where services are.

    Parameters
    ----------
    path
        File, relative to the study file.
    id, name_fa, name_en, type, capacity, status, closing
        Fields; empty where the file has none. `closing` holds the price of closing a service.
    x, y, crs
        Fields and CRS of the coordinates in a CSV; `crs` also for a layer that states none.
    tags
        OSM tags to select, key to values; the value becomes the type.
    labels
        Label per type.
    """

    path: str
    id: str = ""
    name_fa: str = ""
    name_en: str = ""
    type: str = ""
    capacity: str = ""
    status: str = ""
    closing: str = ""
    x: str = ""
    y: str = ""
    crs: str = ""
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationConfig:
    """``[population]``: where people live.

    Parameters
    ----------
    path
        Raster or layer, relative to the study file.
    count
        Field of the persons in a point or polygon layer.
    band
        Band of a raster, from 1.
    assign
        District of a cell: of its ``"centre"``, or shared by ``"area"``.
    density
        Whether cells hold persons per square kilometre.
    crs
        CRS of a file that states none.
    """

    path: str
    count: str = ""
    band: int = 1
    assign: str = "centre"
    density: bool = False
    crs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetsConfig:
    """``[streets]``: the street lines that travel follows.

    Parameters
    ----------
    path, layer
        File, relative to the study file, and its layer.
    minutes
        Field of a street's travel time.
    speed
        Field of a street's speed in km/h, used without `minutes` to drive.
    class_
        Field of its class, used without either.
    speeds
        Speed in km/h by class, in place of the built-in ones.
    oneway
        Field of the one-way mark.
    mode
        ``"walk"`` or ``"drive"``.
    snap
        Greatest distance of a point from the streets, in metres.
    """

    path: str
    layer: str = ""
    minutes: str = ""
    speed: str = ""
    class_: str = ""
    speeds: dict[str, float] = field(default_factory=dict)
    oneway: str = ""
    mode: str = "walk"
    snap: float = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesConfig:
    """``[candidates]``: where a new service may stand.

    Parameters
    ----------
    from_
        ``"file"``, ``"grid"`` (where people live) or ``"streets"`` (junctions near people); the
        key is `from`.
    path
        File, relative to the study file; empty where sites are generated.
    id, name_fa, name_en, price, x, y, crs
        Fields and CRS, as for services; `price` holds that of opening a site there.
    spacing
        Side of a square of the grid, or least distance between junctions, in metres; 0 for one
        that gives about 250 squares with people.
    most
        A square of the grid with more people is parted in four; missing where none is.
    reach
        Greatest distance from a junction to people, in metres; 0 for the spacing.
    """

    from_: str = "grid"
    path: str = ""
    id: str = ""
    name_fa: str = ""
    name_en: str = ""
    price: str = ""
    x: str = ""
    y: str = ""
    crs: str = ""
    spacing: float = 0.0
    most: float | None = None
    reach: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyConfig:
    """A study file, checked.

    Parameters
    ----------
    id
        Short name, safe in file names.
    name
        Name of the city.
    crs
        Working CRS; empty for the UTM zone of the boundaries.
    synthetic
        Whether the data are made up.
    note
        What a reader must know of the data.
    seed
        Seed of everything random.
    box
        West, south, east, north in degrees, in which the city must lie.
    boundaries, fabric, survey, services, population, streets, candidates
        The inputs; `streets` is missing where the study has none.
    options
        How the study is analysed and shown.
    model_file
        File that holds `options.model.syntax`, relative to the study file; mostly empty.
    soar
        File of the SOAR sheet; empty where the study has none.
    test_value
        As the file gives it; when missing, the middle of the scale takes the place of
        `options.test_value` once the instrument is read.
    folder
        Folder of the study file, which its paths start from.
    source
        The study file, as the user named it.
    """

    id: str
    name: Label
    boundaries: BoundariesConfig
    survey: SurveyConfig
    services: ServicesConfig
    population: PopulationConfig
    folder: Path
    source: str
    crs: str = ""
    synthetic: bool = False
    note: Label = field(default_factory=Label)
    seed: int = 0
    box: tuple[float, float, float, float] | None = None
    fabric: FabricConfig = field(default_factory=FabricConfig)
    streets: StreetsConfig | None = None
    candidates: CandidatesConfig = field(default_factory=CandidatesConfig)
    options: Options = field(default_factory=Options)
    model_file: str = ""
    soar: str = ""
    test_value: float | None = None
