"""The survey: every respondent read, placed in a district or counted without one."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.answers import Answers, odd_answers, read_answers
from ecity_geo.inputs.files import read_table, resolve
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.schema import Checked, Repair, Tally
from ecity_geo.inputs.sections import SurveyConfig
from ecity_geo.inputs.survey_columns import RESPONDENT, WEIGHT, place_of, survey_columns
from ecity_geo.inputs.survey_places import by_coordinates, by_name, read_aliases
from ecity_geo.inputs.text import fold, to_number


def read_survey(
    config: SurveyConfig,
    instrument: Instrument,
    districts: gpd.GeoDataFrame,
    *,
    folder: Path,
    crs: CRS,
) -> Checked[pd.DataFrame]:
    """Read the responses of a survey.

    Parameters
    ----------
    config
        ``[survey]`` of the study file.
    instrument
        Items, outcomes and scale.
    districts
        Polygons in `crs`, indexed by `district_id`, with `name_fa` and `name_en`.
    folder
        Folder of the study file.
    crs
        Working CRS.

    Returns
    -------
    responses
        Indexed by `respondent_id` (text): a nullable integer column per item and then per
        outcome, `district_id` (missing where the respondent has none or is outside every
        district), `weight` (1.0 without a declared field). Respondents without an answer to any
        item, and earlier rows of a repeated respondent where that is declared, are rejected and
        counted; nobody else is left out.

    Raises
    ------
    InputError
        With every fault of the file at once; missing columns come first and alone.
    """
    source = config.path
    aliases = read_aliases(config, districts, folder)
    table = read_table(
        resolve(config.path, folder),
        sheet=config.sheet,
        delimiter=config.delimiter,
        encoding=config.encoding,
        format=config.format,
        source=source,
    )
    data, notes = survey_columns(table.data, config, instrument)
    ids, faults = _respondents(data, config)
    kept, dropped = _latest(data, ids, config)
    texts = _labelled(kept, [question.id for question in instrument.questions], config)
    answers = read_answers(texts, instrument, config, source=source)
    if not answers.faults:
        kept, empty = _answered(kept, answers, instrument, source)
        dropped += empty
    weights, weight_faults = _weights(kept, config)
    places = (
        by_coordinates(kept, config, districts, crs)
        if config.district_by == "coordinates"
        else by_name(kept, config, districts, aliases)
    )
    faults += [*answers.faults, *weight_faults, *places.faults]
    if kept.empty:
        faults.append(_nobody(len(data), source))
    if faults:
        raise InputError(sorted(faults, key=_line))
    values = answers.values.loc[kept.index]
    responses = values.assign(district_id=places.ids, weight=weights)
    responses.index = pd.Index(ids.loc[kept.index], name="respondent_id")
    odd = odd_answers(values, instrument, source=source)
    return Checked(
        data=responses,
        repairs=(*table.repairs, *notes, *dropped, *answers.repairs, *places.repairs, *odd),
        tallies=(_tally(responses, len(data), source),),
        matches=pd.concat([places.matches, answers.matches], ignore_index=True),
    )


def _tally(responses: pd.DataFrame, read: int, source: str) -> Tally:
    matched = int(responses["district_id"].notna().sum())
    return Tally(
        source=source,
        role="survey",
        read=read,
        matched=matched,
        unmatched=len(responses) - matched,
        rejected=read - len(responses),
    )


def _line(fault: Fault) -> int:
    number = re.search(r"\d+", fault.where)
    return int(number[0]) if number else 0


def _respondents(data: pd.DataFrame, config: SurveyConfig) -> tuple[pd.Series, list[Fault]]:
    """Ids as text; rows are numbered by their place where no column holds one."""
    if RESPONDENT not in data:
        return pd.Series([place_of(data, row) for row in data.index], data.index), []
    ids = data[RESPONDENT].str.strip()
    return ids, [
        Fault(
            source=config.path,
            where=place_of(data, row),
            field=config.respondent,
            found="an empty cell",
            expected="the id of the respondent",
            cure="Give each respondent an id, or remove the key 'respondent' to number the rows.",
        )
        for row in ids.index[ids == ""]
    ] + _repeated(data, ids, config)


def _repeated(data: pd.DataFrame, ids: pd.Series, config: SurveyConfig) -> list[Fault]:
    if config.duplicates == "last":
        return []
    seen: dict[str, object] = {}
    faults = []
    for row, key, written in zip(ids.index, _keys(ids), ids, strict=True):
        if key and key in seen:
            faults.append(
                Fault(
                    source=config.path,
                    where=place_of(data, row),
                    field=config.respondent,
                    found=f"'{written}' again, as in {place_of(data, seen[key])}",
                    expected="one row per respondent",
                    cure='Remove one of the rows, or set duplicates = "last" to keep the later.',
                )
            )
        seen.setdefault(key, row)
    return faults


def _keys(ids: pd.Series) -> pd.Series:
    return ids.map(lambda value: fold(value, 1))


def _latest(
    data: pd.DataFrame, ids: pd.Series, config: SurveyConfig
) -> tuple[pd.DataFrame, list[Repair]]:
    """Keep each respondent's last row, where the study says so."""
    keys = _keys(ids)
    earlier = keys.duplicated(keep="last") & (keys != "")
    if config.duplicates != "last" or not earlier.any():
        return data, []
    detail = "earlier rows of respondents who have a later one were left out"
    count = int(earlier.sum())
    repair = Repair(source=config.path, kind="repeated_respondents", count=count, detail=detail)
    return data[~earlier], [repair]


def _answered(
    kept: pd.DataFrame, answers: Answers, instrument: Instrument, source: str
) -> tuple[pd.DataFrame, list[Repair]]:
    items = [item.id for item in instrument.items]
    answered = answers.values[items].notna().any(axis=1)
    if answered.all():
        return kept, []
    count = int((~answered).sum())
    detail = "respondents without any answer were left out"
    return kept[answered], [
        Repair(source=source, kind="without_answers", count=count, detail=detail)
    ]


def _nobody(rows: int, source: str) -> Fault:
    return Fault(
        source=source,
        found=f"{rows} rows without an answer to any item",
        expected="answers of at least one respondent",
        cure="Export the answers again, or correct survey.missing in the study file.",
    )


def _labelled(data: pd.DataFrame, columns: list[str], config: SurveyConfig) -> pd.DataFrame:
    """SPSS codes give way to their labels where the study declares answers in words."""
    texts = data[columns]
    if not config.answers:
        return texts
    labels = data.attrs.get("value_labels", {})
    worded = {name: texts[name].replace(labels[name]) for name in columns if name in labels}
    return texts.assign(**worded)


def _weights(data: pd.DataFrame, config: SurveyConfig) -> tuple[pd.Series, list[Fault]]:
    if WEIGHT not in data:
        return pd.Series(1.0, data.index), []
    numbers = data[WEIGHT].map(to_number).astype(float)
    return numbers, [
        Fault(
            source=config.path,
            where=place_of(data, row),
            field=config.weight,
            found=f"'{text[:40]}'",
            expected="a weight above 0",
            cure="Give each respondent a weight, or remove the key 'weight'.",
        )
        for row, text in data.loc[~(numbers > 0), WEIGHT].items()
    ]
