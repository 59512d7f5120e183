"""One city and one survey, checked and immutable: what every analysis starts from."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from ecity_geo.geo.streets import StreetGraph
from ecity_geo.inputs.config import Label, Options
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.schema import Repair, Tally


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
        A row per respondent, indexed by `respondent_id`: a nullable integer per item,
        `district_id`, `fabric`, `weight`.
    options
        Standards, weights, p and the rest of the study file.
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
    repairs: tuple[Repair, ...] = ()
    tallies: tuple[Tally, ...] = ()
    matches: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: tuple[Source, ...] = ()
