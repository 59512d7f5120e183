"""Where respondents live: districts by code, by name, or by coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from ecity_geo.crs import bounds_of, parse_crs, to_lonlat, widen
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.answers import is_missing_code
from ecity_geo.inputs.files import read_table, resolve
from ecity_geo.inputs.points import place_points
from ecity_geo.inputs.schema import Repair
from ecity_geo.inputs.sections import SurveyConfig
from ecity_geo.inputs.survey_columns import DISTRICT, X, Y, missing_column, place_of
from ecity_geo.inputs.text import fold, match_keys, to_number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """District of each respondent, and what it took to find it.

    Parameters
    ----------
    ids
        `district_id` per row of the file, None without one.
    faults
        Unknown or ambiguous districts, coordinates that are none.
    repairs
        Folded names, points outside every district, reprojection.
    matches
        Match table of codes or names; missing for coordinates.
    """

    ids: pd.Series
    faults: tuple[Fault, ...] = ()
    repairs: tuple[Repair, ...] = ()
    matches: pd.DataFrame | None = None


def read_aliases(config: SurveyConfig, districts: gpd.GeoDataFrame, folder: Path) -> dict[str, str]:
    """Read further names of districts.

    Parameters
    ----------
    config
        Names the CSV, with columns ``value`` and ``district_id``; or none.
    districts
        Indexed by `district_id`.
    folder
        Folder of the study file.

    Returns
    -------
    aliases
        Value to `district_id`.

    Raises
    ------
    InputError
        For missing columns, unknown ids, and values that stand twice.
    """
    if not config.aliases:
        return {}
    table = read_table(resolve(config.aliases, folder), source=config.aliases).data
    faults = [
        missing_column(name, [], [str(column) for column in table.columns], config.aliases)
        for name in ("value", "district_id")
        if name not in table
    ]
    if faults:
        raise InputError(faults)
    ids = match_keys(
        table["district_id"], pd.DataFrame(index=districts.index), source=config.aliases
    )
    repeated = table.loc[table["value"].str.strip().duplicated(), "value"]
    faults = [
        Fault(
            source=config.aliases,
            where=place_of(table, row),
            field="value",
            found=f"'{text}' again",
            expected="each value once",
            cure="Remove one of the lines.",
        )
        for row, text in repeated.items()
    ]
    if faults or ids.faults:
        raise InputError([*ids.faults, *faults])
    pairs = zip(table["value"], table["district_id"].map(ids.mapping), strict=True)
    return {value: key for value, key in pairs if isinstance(key, str)}


def by_name(
    data: pd.DataFrame, config: SurveyConfig, districts: gpd.GeoDataFrame, aliases: dict[str, str]
) -> Places:
    """Find districts by code (ids) or by name (ids and names in both languages).

    Parameters
    ----------
    data
        With a column `DISTRICT`; a blank cell or a declared missing code has no district.
    config
        Says which of the two it is.
    districts
        Indexed by `district_id`, with `name_fa` and `name_en`.
    aliases
        See `read_aliases`.

    Returns
    -------
    places
        Districts, and the match table.
    """
    named = config.district_by == "name"
    keys = pd.DataFrame(districts[["name_fa", "name_en"] if named else []])
    values = data[DISTRICT].str.strip()
    if named:
        values = values.replace(data.attrs.get("value_labels", {}).get(DISTRICT, {}))
    ids = {fold(key, 1) for key in districts.index}
    coded = [
        text
        for text in values.unique()
        if fold(text, 1) not in ids and is_missing_code(text, config)
    ]
    result = match_keys(
        values.mask(values.isin(coded), ""),
        keys,
        source=config.path,
        aliases=aliases,
        name=config.district,
        cure="Correct the district, or declare the value in the file of aliases.",
    )
    found = values.map(result.mapping).astype(object)
    return Places(
        ids=found.where(found.notna(), None),
        faults=result.faults,
        repairs=result.repairs,
        matches=result.table,
    )


def by_coordinates(
    data: pd.DataFrame, config: SurveyConfig, districts: gpd.GeoDataFrame, crs: CRS
) -> Places:
    """Find districts by coordinates.

    Parameters
    ----------
    data
        With columns `X` and `Y`; respondents with both cells blank have no district.
    config
        Gives the CRS of the coordinates.
    districts
        Polygons in `crs`.
    crs
        Working CRS.

    Returns
    -------
    places
        Districts; coordinates themselves go no further.
    """
    numbers = data[[X, Y]].apply(lambda column: column.map(to_number)).astype(float)
    given = (data[[X, Y]].apply(lambda column: column.str.strip()) != "").any(axis=1)
    own = parse_crs(config.crs, source="study file", field="survey.crs")
    bad = given & _impossible(numbers, geographic=own.is_geographic)
    nobody = pd.Series(None, data.index, dtype=object)
    if bad.any() or not given.any():
        faults = tuple(
            _coordinate_fault(place_of(data, row), x, y, config)
            for row, x, y in data.loc[bad, [X, Y]].itertuples(name=None)
        )
        return Places(ids=nobody, faults=faults)
    located = numbers[given]
    shapes = gpd.points_from_xy(located[X], located[Y])
    places = [place_of(data, row) for row in located.index]
    points = gpd.GeoDataFrame(geometry=shapes, index=pd.Index(places), crs=own)
    box = widen(to_lonlat(bounds_of(districts), crs))
    try:
        placed = place_points(points, districts, source=config.path, box=box)
    except InputError as error:
        return Places(ids=nobody, faults=error.faults)
    nobody.loc[located.index] = placed.data["district_id"].to_numpy()
    return Places(ids=nobody, repairs=placed.repairs)


def _impossible(numbers: pd.DataFrame, *, geographic: bool) -> pd.Series:
    """No number, (0, 0), or beyond the globe; the whole file beyond it has another CRS."""
    x, y = numbers[X], numbers[Y]
    bad = numbers.isna().any(axis=1) | ((x == 0) & (y == 0))
    beyond = (x.abs() > 180) | (y.abs() > 90)
    return bad | beyond if geographic and not beyond.all() else bad


def _coordinate_fault(where: str, x: str, y: str, config: SurveyConfig) -> Fault:
    shown = ", ".join(text.strip()[:24] or "nothing" for text in (x, y))
    return Fault(
        source=config.path,
        where=where,
        field=f"{config.x}, {config.y}",
        found=f"({shown})",
        expected=f"coordinates in {config.crs}, or two empty cells",
        cure="Correct the coordinates, or empty both cells.",
    )
