"""Counts and rates carried over from one layer of polygons to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ecity_geo.crs import require_metric
from ecity_geo.errors import AnalysisError
from ecity_geo.geo.points import check_same_crs, name_some
from ecity_geo.geo.raster_file import raster_outline
from ecity_geo.geo.rings import POLYGONAL, Floats, Geometries, Integers, valid_polygons
from ecity_geo.geo.zonal import zonal

OVERLAP = 1e-6
"""Share of a source that targets may hold twice: digitised borders never meet exactly."""
BESIDE = 0.01
"""Share of a source that may lie beside the raster: its cells end where they end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interpolated:
    """What the target polygons got.

    Parameters
    ----------
    table
        Indexed by target: a column for each count, then for each rate. A target that meets no
        source has counts of 0 and rates that are missing.
    outside
        Indexed by count: what lies in no target. With it the table adds up to the source.
    covered
        Share of each target's area that lies on the source; above 1 where sources overlap.
    by_area
        Sources shared out by area although a raster was given: nobody lives there, or more than
        1 % of the source lies beside the raster, which knows nothing of who lives in that part.
    """

    table: pd.DataFrame
    outside: pd.Series
    covered: pd.Series
    by_area: pd.Index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """Intersections of sources and targets, and what is left of each source."""

    source: Integers
    target: Integers
    area: Floats
    rest_area: Floats
    shapes: Geometries


def areal_interpolate(
    source: gpd.GeoDataFrame,
    target: gpd.GeoDataFrame,
    *,
    extensive: Sequence[str] = (),
    intensive: Sequence[str] = (),
    raster: str | Path | None = None,
    band: int = 1,
    nodata: float | None = None,
) -> Interpolated:
    """Carry counts and rates over from source to target polygons.

    Parameters
    ----------
    source, target
        Valid polygons or multipolygons in one metric CRS. Targets must not overlap.
    extensive
        Columns of `source` that are counts, such as people, 0 or more: they are shared out.
    intensive
        Other columns, that are rates or means, such as a score: they are averaged.
    raster
        Population raster for dasymetric weights: what lies where people live. Without one, the
        weight of a piece is its area.
    band
        Number of the raster's band, from 1.
    nodata
        Stored value that means no data, as for `ecity_geo.geo.zonal.zonal`.

    Returns
    -------
    interpolated
        The table of the targets, and what lies outside them.

    Raises
    ------
    AnalysisError
        If the CRS is not metric or differs, a polygon is invalid, a column is missing, there or
        asked for twice or holds no finite number, a count is negative, targets overlap, or the
        raster shows another place or negative people.
    InputError
        If the raster cannot be read.

    Notes
    -----
    With the weight ``w`` of the piece of source ``s`` in target ``t``, a count is
    ``sum_s v_s w_st / w_s``, ``w_s`` being the weight of the whole source, and a rate
    ``sum_s v_s w_st / sum_s w_st``. Goodchild & Lam (1980), Areal interpolation: a variant of the
    traditional spatial problem; dasymetric: Wright (1936), doi:10.2307/209467. Where nobody lives
    in a source, or for a rate in a target, its area is the weight.
    """
    require_metric(source, "source")
    check_same_crs(source, target, "source and target")
    counts, rates = _columns(source, extensive), _columns(source, intensive)
    _check_columns(counts, rates, source.index)
    pieces = _cut(source, target)
    weight, rest = pieces.area, pieces.rest_area
    total = _per(pieces.source, weight, len(source)) + rest
    empty = np.zeros(len(source), dtype=bool)
    if raster is not None:
        weight, rest = _people(pieces, raster, band, nodata, CRS(source.crs))
        beside = _beside(source, raster)
        # Beside the raster nothing is known, so that the area decides for the whole source.
        weight = np.where(beside[pieces.source], 0.0, weight)
        lived = _per(pieces.source, weight, len(source)) + rest
        empty = (lived == 0) | beside
        total = np.where(empty, total, lived)
    lone = empty[pieces.source]
    share = np.where(lone, pieces.area, weight) / total[pieces.source]
    left = np.where(empty, pieces.rest_area, rest) / total
    means = _mean_weights(pieces, weight, len(target))
    table = {
        name: _per(pieces.target, share * of[pieces.source], len(target))
        for name, of in counts.items()
    } | {name: _mean(pieces, means, of, len(target)) for name, of in rates.items()}
    covered = _per(pieces.target, pieces.area, len(target)) / target.area.to_numpy()
    return Interpolated(
        table=pd.DataFrame(table, index=target.index),
        outside=pd.Series({name: float(left @ of) for name, of in counts.items()}, dtype=float),
        covered=pd.Series(covered, index=target.index, name="covered"),
        by_area=source.index[empty],
    )


def _columns(source: gpd.GeoDataFrame, names: Sequence[str]) -> dict[str, Floats]:
    if isinstance(names, str):
        raise AnalysisError(f"source: found the one name {names!r}, expected a list of columns.")
    unknown = [name for name in names if name not in source.columns]
    if unknown:
        raise AnalysisError(
            f"source: found no columns {unknown}, expected some of {list(source.columns)}."
        )
    twice = [name for name in names if list(source.columns).count(name) > 1]
    if twice:
        raise AnalysisError(
            f"source: found several columns {twice}, expected one of each name. Rename them."
        )
    columns = {name: pd.to_numeric(source[name], errors="coerce") for name in names}
    for name, column in columns.items():
        wrong = ~np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
        if wrong.any():
            raise AnalysisError(
                f"source: found no finite {name!r} at {name_some(source.index, wrong)}, expected "
                "one in each row. Leave these rows out, or fill them."
            )
    return {name: column.to_numpy(dtype=float) for name, column in columns.items()}


def _check_columns(counts: dict[str, Floats], rates: dict[str, Floats], index: pd.Index) -> None:
    """Hold that a column is a count or a rate, and that counts are none below zero."""
    if both := [name for name in counts if name in rates]:
        raise AnalysisError(
            f"source: found {both} as extensive and as intensive, expected either: a count is "
            "shared out, a rate averaged. Ask for each column once, or copy it under another name."
        )
    for name, values in counts.items():
        if (values < 0).any():
            raise AnalysisError(
                f"source: found negative {name!r} at {name_some(index, values < 0)}, expected "
                "counts of 0 or more. Give gains and losses as two columns."
            )


def _cut(source: gpd.GeoDataFrame, target: gpd.GeoDataFrame) -> _Pieces:
    """Cut the sources along the targets."""
    sources, targets = valid_polygons(source), valid_polygons(target)
    one, other = shapely.STRtree(targets).query(sources, predicate="intersects")
    shapes = shapely.intersection(sources[one], targets[other])
    area = shapely.area(shapes)
    some = area > 0
    one, other, area = one[some], other[some], area[some]
    whole = shapely.area(sources)
    outside = _left_over(sources, targets)
    # Not what the pieces leave of the whole: a gap as large as an overlap would hide it.
    rest = shapely.area(outside)
    twice = _per(one, area, len(sources)) + rest > whole * (1 + OVERLAP)
    if twice.any():
        raise AnalysisError(
            "target: found polygons that overlap in the source at "
            f"{name_some(source.index, twice)}, expected none: what lies there would count twice."
        )
    # Rounding, or borders that meet badly, is no area.
    return _Pieces(
        source=one.astype(np.int64),
        target=other.astype(np.int64),
        area=area,
        rest_area=np.where(rest > OVERLAP * whole, rest, 0.0),
        shapes=np.concatenate([shapes[some], outside]),
    )


def _left_over(sources: Geometries, targets: Geometries) -> Geometries:
    return np.array(shapely.difference(sources, shapely.union_all(targets)), dtype=object)


def _beside(source: gpd.GeoDataFrame, raster: str | Path) -> NDArray[np.bool_]:
    """Whether more of each source lies beside the raster than digitising explains."""
    shapes = source.geometry.to_numpy()
    on = shapely.area(shapely.intersection(shapes, raster_outline(raster, CRS(source.crs))))
    beside: NDArray[np.bool_] = on < (1 - BESIDE) * shapely.area(shapes)
    return beside


def _people(
    pieces: _Pieces, raster: str | Path, band: int, nodata: float | None, crs: CRS
) -> tuple[Floats, Floats]:
    """Sum the raster on each piece, and on what is left of each source."""
    shapes = np.array([_polygonal(shape) for shape in pieces.shapes], dtype=object)
    some = ~shapely.is_empty(shapes)
    people = np.zeros(len(shapes))
    frame = gpd.GeoDataFrame(geometry=shapes[some], crs=crs)
    sums = zonal(raster, frame, stats=["sum"], band=band, nodata=nodata)["sum"]
    people[some] = sums.to_numpy()
    if (people < 0).any():
        raise AnalysisError(
            f"raster: found {people.min():g} people on a piece of a polygon, expected 0 or more. "
            "Declare the raster's nodata value, or give it as nodata."
        )
    return people[: len(pieces.source)], people[len(pieces.source) :]


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Drop the points and lines that an intersection may hold beside its polygons."""
    if shapely.get_type_id(shape) in POLYGONAL:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), POLYGONAL)])


def _mean_weights(pieces: _Pieces, weight: Floats, targets: int) -> Floats:
    """Weights for rates: by area in targets where nobody lives."""
    lone = _per(pieces.target, weight, targets) == 0
    return np.where(lone[pieces.target], pieces.area, weight)


def _mean(pieces: _Pieces, weight: Floats, values: Floats, targets: int) -> Floats:
    total = _per(pieces.target, weight, targets)
    held = _per(pieces.target, weight * values[pieces.source], targets)
    mean = np.divide(held, total, out=np.full(targets, np.nan), where=total > 0)
    # The last bit of a mean must not leave the range of what it is a mean of.
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    return np.asarray(np.clip(mean, low, high), dtype=np.float64)


def _per(owner: Integers, amounts: Floats, number: int) -> Floats:
    return np.bincount(owner, weights=amounts, minlength=number).astype(np.float64)
