"""What the readers of layers and tables share: places, ids, numbers, the working CRS."""

from __future__ import annotations

import math
from typing import TypeGuard

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from ecity_geo.crs import Bounds, bounds_of, check_in_box, crs_name, parse_crs
from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.schema import Checked, Repair
from ecity_geo.inputs.text import nearest


def agree_crs(stated: CRS | None, given: str, *, source: str) -> CRS | None:
    """Take the CRS that a file states, or the one that the study gives in its place.

    Parameters
    ----------
    stated
        CRS of the file, if it states one.
    given
        CRS in the study file, or empty.
    source
        The file, as the user named it.

    Returns
    -------
    crs
        None when neither is known.

    Raises
    ------
    InputError
        If the two differ.
    """
    declared = parse_crs(given, source=source) if given else None
    if stated is not None and declared is not None and not declared.equals(stated, True):
        raise InputError(
            Fault(
                source=source,
                field="crs",
                found=f"{crs_name(stated)} in the file and {crs_name(declared)} in the study",
                expected="one CRS",
                cure='Remove "crs" from the study file, or correct the CRS of the file.',
            )
        )
    return stated or declared


def to_working(
    frame: gpd.GeoDataFrame, crs: CRS, source: str, *, box: Bounds | None = None
) -> Checked[gpd.GeoDataFrame]:
    """Bring a layer to the working CRS, once it is known to lie where the city is.

    Parameters
    ----------
    frame
        A layer with a CRS.
    crs
        Working CRS.
    source
        The file, as the user named it.
    box
        Where the city may lie, in degrees; the layer must meet it.

    Returns
    -------
    frame
        The same rows in `crs`; a change of CRS is recorded as a repair.

    Raises
    ------
    InputError
        If the layer lies elsewhere.
    """
    own = CRS(frame.crs)
    located = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if box is not None and len(located):
        check_in_box(bounds_of(located), own, box, source=source)
    if own.equals(crs, True):
        return Checked(data=frame.set_crs(crs, allow_override=True))
    detail = f"{crs_name(own)} to {crs_name(crs)}"
    repair = Repair(source=source, kind="reprojected", count=len(frame), detail=detail)
    return Checked(data=frame.to_crs(crs), repairs=(repair,))


def feature_place(position: int, name: str = "", value: object = None) -> str:
    """Name a feature the way a fault does.

    Parameters
    ----------
    position
        Place in the file, from 0.
    name, value
        Id field and id, where there is one.

    Returns
    -------
    place
        Such as ``"feature 3 (district_id '7')"``; counted from 1.
    """
    place = f"feature {position + 1}"
    return f"{place} ({name} '{value}')" if name and not _missing(value) else place


def as_text(values: pd.Series) -> pd.Series:
    """Read a column as text: whole numbers lose their ``.0``, blanks become missing.

    Parameters
    ----------
    values
        Any column of a file.

    Returns
    -------
    text
        Stripped text (object), or None.
    """
    return values.map(_text).astype(object).where(lambda text: text.notna(), None)


def has_text(value: object) -> TypeGuard[str]:
    """Tell whether a cell holds text: missing values come as None or NaN.

    Parameters
    ----------
    value
        Any cell of a frame.

    Returns
    -------
    has_text
        True for text that is not blank.
    """
    return isinstance(value, str) and bool(value.strip())


def blank(index: pd.Index) -> pd.Series:
    """Return a column of None for what a file does not have."""
    return pd.Series([None] * len(index), index=index, dtype=object)


def _text(value: object) -> str | None:
    if _missing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _missing(value: object) -> bool:
    nan = isinstance(value, float) and math.isnan(value)
    return nan or value is None or value is pd.NA or value is pd.NaT


def first_line(error: Exception) -> str:
    """Return what a library said, short enough to stand in a fault."""
    return str(error).strip().partition("\n")[0][:200]


def missing_fields(
    frame: pd.DataFrame, fields: dict[str, str], *, source: str, section: str
) -> list[Fault]:
    """List the fields that a study names and a file does not have.

    Parameters
    ----------
    frame
        The file's table.
    fields
        Key of the study file to field of the file; empty fields are not asked for.
    source
        The file, as the user named it.
    section
        Section of the study file that names the fields.

    Returns
    -------
    faults
        One per missing field, with the nearest names.
    """
    columns = [str(column) for column in frame.columns if column != "geometry"]
    faults = []
    for key, name in fields.items():
        if not name or name in columns:
            continue
        close = ", ".join(f"'{column}'" for column in nearest(name, columns) or columns[:8])
        faults.append(
            Fault(
                source=source,
                field=name,
                found="no such field",
                expected=f"one of {close}" if close else "a field of that name",
                cure=f'Correct "{key}" in [{section}] of the study file.',
            )
        )
    return faults


def check_ids(ids: pd.Series, *, source: str, field: str) -> list[Fault]:
    """List missing and repeated ids.

    Parameters
    ----------
    ids
        Ids as text or None, indexed by the place in the file (such as ``"line 3"``).
    source, field
        File and field, for the faults.

    Returns
    -------
    faults
        One per missing id, and one per id that stands twice, with its places.
    """
    faults = [
        Fault(
            source=source,
            where=str(place),
            field=field,
            found="no id",
            expected="a unique id",
            cure="Give each row an id of its own.",
        )
        for place in ids.index[ids.isna()]
    ]
    known = ids.dropna()
    for key, group in known[known.duplicated(keep=False)].groupby(known, sort=False):
        faults.append(
            Fault(
                source=source,
                where=", ".join(map(str, group.index[:6])),
                field=field,
                found=f"'{key}' {len(group)} times",
                expected="a unique id",
                cure="Give each row an id of its own; dissolve parts of one district before.",
            )
        )
    return faults
