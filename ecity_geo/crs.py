"""What a metre is, and whether a layer lies where the city is.

Coordinates are asked for their reference system once, at the border. Behind it every frame is
in one projected CRS with metres as its unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import geopandas as gpd
from pyproj import CRS, Proj, Transformer
from pyproj.exceptions import CRSError, ProjError

from ecity_geo.errors import AnalysisError, Fault, InputError

Bounds = tuple[float, float, float, float]

LONLAT = CRS.from_epsg(4326)
WEB_MERCATOR = CRS.from_epsg(3857)

MAX_STRETCH = 0.02
"""A working CRS may measure lengths wrong by this share: national grids do by 1 %."""

WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
MARGIN_SHARE = 1.0
"""A layer may reach beyond the city by this share of the city's own extent ..."""
MARGIN_DEGREES = 0.25
"""... and by no less than this: hinterland is wanted, another UTM zone (6 degrees) is not."""


def why_not_metric(crs: CRS | None) -> str:
    """Say why distances cannot be measured in a CRS.

    Parameters
    ----------
    crs
        The CRS, or None for a missing one.

    Returns
    -------
    reason
        Text for a message; empty when the CRS is projected, in metres and true to scale.
    """
    if crs is None:
        return "no CRS"
    if crs.is_geographic:
        return f"{crs_name(crs)}, whose unit is the degree"
    if not crs.is_projected:
        return f"{crs_name(crs)}, which is not a map projection"
    if any(axis.unit_conversion_factor != 1.0 for axis in crs.axis_info[:2]):
        return f"{crs_name(crs)}, whose unit is the {crs.axis_info[0].unit_name}"
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    if "Pseudo Mercator" in method:
        return f"{crs_name(crs)} (web mercator), which stretches lengths by 1 / cos(latitude)"
    return ""


def require_metric(frame: gpd.GeoDataFrame | gpd.GeoSeries, name: str) -> CRS:
    """Hold that a frame's coordinates are metres, and true to scale where it lies.

    Parameters
    ----------
    frame
        Any frame or series of geometries; of an empty one only the CRS is looked at.
    name
        What the frame is to the caller, for the message.

    Returns
    -------
    crs
        The frame's CRS.

    Raises
    ------
    AnalysisError
        If there is no geometry, or the CRS is missing, geographic, in another unit than the metre,
        web mercator, or stretches lengths by more than 2 % in the middle of the frame.
    """
    try:
        crs = frame.crs
    except AttributeError as error:
        raise AnalysisError(
            f"{name}: found a {type(frame).__name__} without geometry, expected a GeoDataFrame "
            "with a geometry column. Set it with set_geometry()."
        ) from error
    reason = why_not_metric(crs)
    if not reason and len(frame):
        reason = _why_not_true(CRS(crs), bounds_of(frame))
    if reason:
        raise AnalysisError(
            f"{name}: found {reason}, expected a projected CRS in metres. "
            "Reproject with to_crs(), for example to estimate_utm_crs()."
        )
    return CRS(crs)


def crs_name(crs: CRS) -> str:
    """Return the short name of a CRS: its authority code, or its title."""
    code = crs.to_authority()
    return f"{code[0]}:{code[1]}" if code else f'"{crs.name}"'


def parse_crs(text: CRS | str | int, *, source: str, field: str = "crs") -> CRS:
    """Read a CRS as a user writes it.

    Parameters
    ----------
    text
        Such as ``"EPSG:32638"``, or any other text that PROJ understands.
    source, field
        Where it was written, for the message.

    Returns
    -------
    crs
        The CRS.

    Raises
    ------
    InputError
        If PROJ does not know it.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise InputError(
            Fault(
                source=source,
                field=field,
                found=f"{text!r}",
                expected="a coordinate reference system",
                cure='Write an EPSG code such as "EPSG:32638".',
            )
        ) from error


def working_crs(boundaries: gpd.GeoDataFrame, given: str = "", *, source: str = "study") -> CRS:
    """Choose the one CRS that a study is measured in.

    A projection may have metres for its unit and stretch them all the same: those of the whole
    world do, such as World Mercator or the equal-area grids that population rasters come in.

    Parameters
    ----------
    boundaries
        Districts in the CRS of their file.
    given
        The CRS that the study asks for; empty for the UTM zone of the boundaries.
    source
        Where `given` was written, for the message.

    Returns
    -------
    crs
        A projected CRS in metres.

    Raises
    ------
    InputError
        If the given CRS is unknown, not metric or not true to scale in this city, or no zone
        fits.
    """
    if not given:
        return _utm_of(boundaries, source)
    crs = parse_crs(given, source=source)
    reason = why_not_metric(crs)
    if not reason:
        own = CRS(boundaries.crs)
        reason = _why_not_true(crs, to_lonlat(bounds_of(boundaries), own), own=LONLAT)
    if reason:
        raise InputError(
            Fault(
                source=source,
                field="crs",
                found=reason,
                expected="a projected CRS in metres",
                cure="Name the UTM zone of the city, or leave the key out to have it estimated.",
            )
        )
    return crs


def _why_not_true(crs: CRS, bounds: Bounds, *, own: CRS | None = None) -> str:
    """Say how far a metric CRS is from true to scale in the middle of bounds, beyond what it may.

    The bounds are in the CRS itself, or in `own`. Of places that lie nowhere on Earth, such as
    those of an example, nothing is said.
    """
    west, south, east, north = bounds
    at = (west + east) / 2, (south + north) / 2
    if own is None:
        at = _lonlat_of(crs).transform(*at)
    if not all(map(math.isfinite, at)):
        return ""
    try:
        scale = _projection(crs).get_factors(*at, errcheck=True)
    except ProjError:
        return ""
    ends = (float(scale.meridional_scale), float(scale.parallel_scale))
    worst = max(ends, key=lambda end: abs(end - 1))
    if abs(worst - 1) <= MAX_STRETCH:
        return ""
    return f"{crs_name(crs)}, in which a metre of this city measures {worst:.3g}"


@lru_cache(maxsize=32)
def _projection(crs: CRS) -> Proj:
    return Proj(crs)


@lru_cache(maxsize=32)
def _lonlat_of(crs: CRS) -> Transformer:
    """From a CRS to degrees: making one takes longer than many a small analysis."""
    return Transformer.from_crs(crs, LONLAT, always_xy=True)


def _utm_of(boundaries: gpd.GeoDataFrame, source: str) -> CRS:
    """UTM zone (WGS 84) of the boundaries' centre."""
    west, south, east, north = to_lonlat(bounds_of(boundaries), CRS(boundaries.crs))
    if not all(map(math.isfinite, (west, south, east, north))) or south < -80 or north > 84:
        raise InputError(
            Fault(
                source=source,
                field="crs",
                found=f"boundaries at {show_box((west, south, east, north))}",
                expected="a place that has a UTM zone",
                cure="Name the working CRS in the study file.",
            )
        )
    return _utm((west + east) / 2, (south + north) / 2)


def _utm(longitude: float, latitude: float) -> CRS:
    zone = min(max(int((longitude + 180) // 6) + 1, 1), 60)
    return CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)


def bounds_of(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> Bounds:
    """Return west, south, east and north of a frame, as plain numbers in its CRS."""
    west, south, east, north = (float(value) for value in frame.total_bounds)
    return (west, south, east, north)


def area_of_use(crs: CRS) -> Bounds:
    """Return where a CRS is meant to be used.

    Parameters
    ----------
    crs
        Any CRS.

    Returns
    -------
    box
        West, south, east, north in degrees, two degrees wider than defined since a city may
        straddle two zones; the whole world where PROJ knows no area.
    """
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return WORLD
    return (area.west - 2, area.south - 2, area.east + 2, area.north + 2)


def to_lonlat(bounds: Bounds, crs: CRS) -> Bounds:
    """Transform bounds to degrees.

    Parameters
    ----------
    bounds
        West, south, east, north in `crs`.
    crs
        Their CRS.

    Returns
    -------
    box
        West, south, east, north in degrees; infinite where PROJ cannot say.
    """
    try:
        transformer = Transformer.from_crs(crs, LONLAT, always_xy=True)
        box = transformer.transform_bounds(*bounds, densify_pts=21)
    except ProjError:
        box = (math.inf, math.inf, math.inf, math.inf)
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def widen(box: Bounds) -> Bounds:
    """Return the box that a city's other layers are looked for in, in degrees."""
    west, south, east, north = box
    dx = max((east - west) * MARGIN_SHARE, MARGIN_DEGREES)
    dy = max((north - south) * MARGIN_SHARE, MARGIN_DEGREES)
    return (west - dx, south - dy, east + dx, north + dy)


def show_box(box: Bounds) -> str:
    """Write a box in degrees for a message."""
    west, south, east, north = box
    return f"longitude {west:.4g} to {east:.4g}, latitude {south:.4g} to {north:.4g}"


def in_city(box: Bounds) -> str:
    """Say what a misplaced layer was expected to hold."""
    return f"coordinates of the city ({show_box(box)})"


def overlaps(one: Bounds, other: Bounds) -> bool:
    """Tell whether two boxes share a place; an infinite one shares none."""
    finite = all(map(math.isfinite, one))
    return bool(
        finite
        and one[0] <= other[2]
        and other[0] <= one[2]
        and one[1] <= other[3]
        and other[1] <= one[3]
    )


def check_in_box(bounds: Bounds, crs: CRS, box: Bounds, *, source: str) -> None:
    """Hold that a layer lies where the city is.

    Parameters
    ----------
    bounds
        West, south, east, north of the layer, in `crs`.
    crs
        The CRS that the layer claims.
    box
        Where the city may lie, in degrees; see :func:`widen`.
    source
        The file, as the user named it.

    Raises
    ------
    InputError
        If the layer lies elsewhere; the fault says what fits better, where anything does.
    """
    fault = misplaced(bounds, crs, box, source=source)
    if fault:
        raise InputError(fault)


def misplaced(bounds: Bounds, crs: CRS, box: Bounds, *, source: str) -> Fault | None:
    """Find out how a layer's coordinates and its CRS disagree.

    Swapped axes, degrees in a metric CRS, metres labelled as degrees and a neighbouring UTM zone
    are each tried against the city's box. Nothing is ever mended here: a guess is offered.

    Parameters
    ----------
    bounds, crs, box, source
        As for :func:`check_in_box`.

    Returns
    -------
    fault
        None when the layer meets the box.
    """
    place = to_lonlat(bounds, crs) if _plausible(bounds, crs) else (math.inf,) * 4
    if overlaps(place, box):
        return None
    west, south, east, north = bounds
    shown = f"x {west:.10g} to {east:.10g}, y {south:.10g} to {north:.10g} in {crs_name(crs)}"
    if all(map(math.isfinite, place)) and crs.is_projected:
        shown += f" (that is {show_box(place)})"
    return Fault(
        source=source,
        field="crs",
        found=shown + _hint(bounds, crs, box),
        expected=in_city(box),
        cure=_cure(bounds, crs, box),
    )


def _plausible(bounds: Bounds, crs: CRS) -> bool:
    """Degrees stay below 180 and 90; metres of a city hardly ever do."""
    return is_degrees(bounds) == crs.is_geographic


def is_degrees(bounds: Bounds) -> bool:
    """Tell whether coordinates can be longitude and latitude."""
    west, south, east, north = bounds
    return -180.001 <= west <= east <= 180.001 and -90.001 <= south <= north <= 90.001


def _hint(bounds: Bounds, crs: CRS, box: Bounds) -> str:
    if _swapped_fits(bounds, crs, box):
        return "; swapped? x looks like latitude" if crs.is_geographic else "; x and y swapped?"
    if crs.is_geographic and not is_degrees(bounds):
        return ", which cannot be degrees"
    if crs.is_projected and is_degrees(bounds):
        return ", which look like degrees in a metric CRS"
    return ""


def _cure(bounds: Bounds, crs: CRS, box: Bounds) -> str:
    if _swapped_fits(bounds, crs, box):
        return "Exchange the x and y fields, or the axes of the file."
    fitting = fitting_crs(bounds, crs, box)
    if fitting:
        return f"The coordinates would fit in {crs_name(fitting)}: correct the CRS of the file."
    return "Correct the CRS, or give a file of this city."


def _swapped_fits(bounds: Bounds, crs: CRS, box: Bounds) -> bool:
    west, south, east, north = bounds
    swapped = (south, west, north, east)
    if crs.is_projected and is_degrees(bounds):
        return False
    return _plausible(swapped, crs) and overlaps(to_lonlat(swapped, crs), box)


def fitting_crs(bounds: Bounds, crs: CRS, box: Bounds) -> CRS | None:
    """Find a common CRS in which coordinates would lie where the city is.

    Parameters
    ----------
    bounds, crs, box
        As for :func:`check_in_box`.

    Returns
    -------
    crs
        The first that fits among WGS 84, the city's UTM zone and its two neighbours, and web
        mercator; None when none of them does.
    """
    for other in _common(box):
        if other == crs or not _plausible(bounds, other):
            continue
        if overlaps(to_lonlat(bounds, other), box):
            return other
    return None


def _common(box: Bounds) -> Iterator[CRS]:
    """CRS that city data usually come in, the likeliest first."""
    longitude, latitude = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    yield LONLAT
    if box[2] - box[0] > 20:
        return  # a box this wide is no evidence for any projection
    for shift in (0, -6, 6):
        yield _utm(longitude + shift, latitude)
    yield WEB_MERCATOR
