"""One city and one survey, checked and immutable: what every analysis starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from ecity_geo.crs import Bounds, bounds_of, in_city, to_lonlat, widen
from ecity_geo.errors import Fault, InputError
from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.boundaries import dominant_fabric, read_boundaries, read_fabric
from ecity_geo.inputs.candidates import read_candidates
from ecity_geo.inputs.config import Label, Options, StreetsConfig, StudyConfig, read_config
from ecity_geo.inputs.files import check_safe, resolve, sha256
from ecity_geo.inputs.instrument import Instrument, read_instrument
from ecity_geo.inputs.model import complete_model
from ecity_geo.inputs.options import complete_options
from ecity_geo.inputs.panel import read_panel
from ecity_geo.inputs.points import district_of
from ecity_geo.inputs.population import read_population
from ecity_geo.inputs.roads import read_streets
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.services import read_services
from ecity_geo.inputs.soar import SoarSheet, read_soar
from ecity_geo.inputs.survey import read_survey

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that the study was read from.

    Parameters
    ----------
    role
        ``"boundaries"``, ``"survey"`` ...
    path
        As written in the study file.
    sha256
        Hash of its bytes.
    """

    role: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """A city and its survey; every frame is in `crs`, joined by id.

    Parameters
    ----------
    id
        Short name, safe in file names.
    name
        Name of the city in both languages.
    crs
        Working CRS: projected, in metres.
    synthetic
        Whether the data are made up; marked in every output then.
    note
        What a reader must know of the data, in both languages.
    districts
        Polygons indexed by `district_id`: `name_fa`, `name_en`, `fabric`.
    fabrics
        Polygons of urban fabric: `fabric`; missing when districts carry it.
    demand
        Points indexed by `demand_id`: `population`, `district_id`, `fabric`.
    services
        Points indexed by `service_id`: `name_fa`, `name_en`, `type`, `capacity`, `status`,
        `district_id`.
    candidates
        Points indexed by `site_id`: `name_fa`, `name_en`, `district_id`, `fabric`.
    streets
        Street graph, where the study has one.
    instrument
        Constructs, items, labels and scale of the survey.
    responses
        A row per respondent, indexed by `respondent_id`: a nullable integer per item and per
        outcome, `district_id`, `fabric`, `weight`.
    options
        Standards, weights, p and the rest of the study file.
    panel
        A row per item and panelist, where experts rated the items: `item`, `panelist`,
        `essential` (1-3), `relevance` (1-4).
    soar
        The SOAR sheet, where the study has one.
    repairs, tallies, matches, sources
        What happened to the data on the way in.
    """

    id: str
    name: Label
    crs: CRS
    synthetic: bool
    note: Label
    districts: gpd.GeoDataFrame
    fabrics: gpd.GeoDataFrame | None
    demand: gpd.GeoDataFrame
    services: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    streets: StreetGraph | None
    instrument: Instrument
    responses: pd.DataFrame
    options: Options
    panel: pd.DataFrame | None = None
    soar: SoarSheet | None = None
    repairs: tuple[Repair, ...] = ()
    tallies: tuple[Tally, ...] = ()
    matches: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: tuple[Source, ...] = ()


class _Reading:
    """Reads one file after another; the faults of all are raised together."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.repairs: list[Repair] = []
        self.tallies: list[Tally] = []
        self.matches: list[pd.DataFrame] = []

    def take(self, read: Callable[[], Checked[T]]) -> T | None:
        """Return what a reader read, or None where it found faults."""
        try:
            checked = read()
        except InputError as error:
            self.faults.extend(error.faults)
            return None
        self.repairs.extend(checked.repairs)
        self.tallies.extend(checked.tallies)
        if len(checked.matches):
            self.matches.append(checked.matches)
        return checked.data

    def match_table(self) -> pd.DataFrame:
        """Return the match tables of all files as one."""
        tables = self.matches or [Checked(data=None).matches]
        return pd.concat(tables, ignore_index=True)

    def all_faults(self) -> InputError:
        """Return one error with every fault so far, each once."""
        return InputError(dict.fromkeys(self.faults))


def load_study(path: str | Path) -> Study:
    """Read a study file and everything that it names.

    Parameters
    ----------
    path
        The ``study.toml``.

    Returns
    -------
    study
        Checked and joined: every frame in one metric CRS, every row counted.

    Raises
    ------
    InputError
        With the faults of all files at once. Where the districts themselves are at fault, what
        is placed by them is only held to exist and to be of its kind.
    """
    config = read_config(path)
    reading = _Reading()
    instrument = reading.take(lambda: _instrument(config))
    districts = reading.take(
        lambda: read_boundaries(
            config.boundaries,
            folder=config.folder,
            crs=config.crs,
            box=config.box,
            study=config.source,
        )
    )
    if districts is None:
        for role, name in _files(config):
            reading.take(partial(_existing, config, role, name))
        raise reading.all_faults()
    box = widen(to_lonlat(bounds_of(districts), CRS(districts.crs)))
    return _assemble(config, reading, districts, instrument, box)


def _files(config: StudyConfig) -> Iterator[tuple[str, str]]:
    """Role and name of each file that the study names, in the order of the study file."""
    named = {
        "boundaries": config.boundaries.path,
        "fabric": config.fabric.path,
        "survey": config.survey.path,
        "instrument": config.survey.instrument,
        "aliases": config.survey.aliases,
        "panel": config.survey.panel,
        "model": config.model_file,
        "soar": config.soar,
        "services": config.services.path,
        "population": config.population.path,
        "streets": config.streets.path if config.streets else "",
        "candidates": config.candidates.path,
    }
    return ((role, name) for role, name in named.items() if name)


def _existing(config: StudyConfig, role: str, name: str) -> Checked[None]:
    path = resolve(name, config.folder)
    if role not in {"instrument", "aliases", "model", "soar"}:
        check_safe(path, "table" if role == "panel" else role, source=name)
    return Checked(data=None)


def _instrument(config: StudyConfig) -> Checked[Instrument]:
    path = resolve(config.survey.instrument, config.folder)
    return Checked(data=read_instrument(path, source=config.survey.instrument))


def _assemble(
    config: StudyConfig,
    reading: _Reading,
    districts: gpd.GeoDataFrame,
    instrument: Instrument | None,
    box: Bounds,
) -> Study:
    """Read what lies in the districts, and join it to them."""
    crs, folder = CRS(districts.crs), config.folder
    fabrics = responses = streets = candidates = panel = model = soar = None
    if config.fabric.path:
        fabrics = reading.take(lambda: read_fabric(config.fabric, folder=folder, crs=crs, box=box))
    if instrument is not None:
        responses = reading.take(
            lambda: read_survey(config.survey, instrument, districts, folder=folder, crs=crs)
        )
        model = reading.take(lambda: Checked(data=complete_model(config, instrument)))
        if config.survey.panel:
            panel = reading.take(lambda: read_panel(config.survey.panel, instrument, folder=folder))
    if config.soar:
        soar = reading.take(
            lambda: Checked(data=read_soar(resolve(config.soar, folder), source=config.soar))
        )
    services = reading.take(
        lambda: read_services(config.services, folder=folder, districts=districts, box=box)
    )
    demand = reading.take(
        lambda: read_population(config.population, folder=folder, districts=districts, box=box)
    )
    if config.streets is not None:
        streets = reading.take(partial(_streets, config.streets, districts, folder, box))
    if demand is not None and (streets is not None or config.candidates.from_ != "streets"):
        candidates = reading.take(
            lambda: read_candidates(
                config.candidates,
                folder=folder,
                districts=districts,
                demand=demand,
                box=box,
                streets=streets,
            )
        )
    if (
        reading.faults
        or instrument is None
        or responses is None
        or model is None
        or services is None
        or demand is None
        or candidates is None
    ):
        reading.faults[:0] = _odd_one_out(config, reading.faults, box)
        raise reading.all_faults()
    candidates = _apart(config, candidates, services)
    layers = [districts] if fabrics is None else [districts, fabrics]
    options = complete_options(
        config,
        instrument,
        model,
        candidates=len(candidates),
        respondents=len(responses),
        districts=districts.index,
        fabrics=sorted({str(each) for layer in layers for each in layer["fabric"].dropna()}),
    )
    demand["fabric"] = _fabric_of(demand, districts, fabrics)
    if fabrics is not None:
        reading.repairs.extend(_beside_fabric(config, demand, fabrics))
        districts["fabric"] = dominant_fabric(demand, districts.index).fillna(districts["fabric"])
    candidates["fabric"] = _fabric_of(candidates, districts, fabrics)
    responses["fabric"] = responses["district_id"].map(districts["fabric"]).astype(object)
    return Study(
        id=config.id,
        name=config.name,
        crs=crs,
        synthetic=config.synthetic,
        note=config.note,
        districts=districts,
        fabrics=fabrics,
        demand=demand,
        services=services,
        candidates=candidates,
        streets=streets,
        instrument=instrument,
        responses=responses,
        options=options,
        panel=panel,
        soar=soar,
        repairs=tuple(reading.repairs),
        tallies=tuple(reading.tallies),
        matches=reading.match_table(),
        sources=tuple(_sources(config)),
    )


def _apart(
    config: StudyConfig, candidates: gpd.GeoDataFrame, services: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Hold that no candidate has the id of a service; numbers of our own give way."""
    same = candidates.index.intersection(services.index)
    if same.empty:
        return candidates
    if not (config.candidates.path and config.candidates.id):
        return candidates.rename(index="new-{}".format)
    raise InputError(
        Fault(
            source=config.candidates.path,
            field=config.candidates.id,
            found=f"{len(same)} ids that services have: {', '.join(map(repr, same[:10]))}",
            expected=f"ids that do not stand in {config.services.path}",
            cure='Rename these sites, or remove "id" from [candidates] to have them numbered.',
        )
    )


def _odd_one_out(config: StudyConfig, faults: list[Fault], box: Bounds) -> list[Fault]:
    """Blame the boundaries when several other layers agree that they lie elsewhere."""
    elsewhere = dict.fromkeys(fault.source for fault in faults if fault.expected == in_city(box))
    if config.box is not None or len(elsewhere) < 2:
        return []
    return [
        Fault(
            source=config.boundaries.path,
            field="crs",
            found=f"districts where none of {', '.join(elsewhere)} lies",
            expected="the same city in every file",
            cure='If those are right, correct the CRS of the boundaries; "box" in [study] decides.',
        )
    ]


def _streets(
    config: StreetsConfig, districts: gpd.GeoDataFrame, folder: Path, box: Bounds
) -> Checked[StreetGraph]:
    crs, bounds = CRS(districts.crs), bounds_of(districts)
    return read_streets(config, folder=folder, crs=crs, bounds=bounds, box=box)


def _fabric_of(
    points: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, fabrics: gpd.GeoDataFrame | None
) -> pd.Series:
    """Fabric of each point: of the polygon that it lies in, else of its district."""
    by_district = points["district_id"].map(districts["fabric"])
    if fabrics is None:
        return by_district.astype(object).where(by_district.notna(), None)
    own = district_of(points.geometry, fabrics).map(fabrics["fabric"])
    found = own.fillna(by_district).astype(object)
    return found.where(found.notna(), None)


def _beside_fabric(
    config: StudyConfig, demand: gpd.GeoDataFrame, fabrics: gpd.GeoDataFrame
) -> Iterator[Repair]:
    beside = district_of(demand.geometry, fabrics).isna()
    if not beside.any():
        return
    people = demand.loc[beside, "population"].sum()
    detail = (
        f"{people:,.0f} people at {int(beside.sum())} points live beside the fabric layer; "
        "they take the fabric of their district, if it has one"
    )
    yield Repair(
        source=config.fabric.path, kind="beside_fabric", count=int(beside.sum()), detail=detail
    )


def _sources(config: StudyConfig) -> Iterator[Source]:
    """Every file that was read, the parts of a Shapefile one by one."""
    yield Source(role="study", path=Path(config.source).name, sha256=sha256(Path(config.source)))
    for role, name in _files(config):
        path = resolve(name, config.folder)
        yield Source(role=role, path=name, sha256=sha256(path))
        if path.suffix.lower() == ".shp":
            for ending in (".shx", ".dbf", ".prj", ".cpg"):
                part = path.with_suffix(ending)
                if part.is_file():
                    part_name = str(Path(name).with_suffix(ending))
                    yield Source(role=role, path=part_name, sha256=sha256(part))
