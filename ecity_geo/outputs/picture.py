"""A still picture of the districts, drawn here as SVG: for print, and where no script runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import product

import geopandas as gpd
import numpy as np
import shapely

from ecity_geo.findings import Findings
from ecity_geo.outputs.layers import label_points, light_outlines
from ecity_geo.outputs.popups import FOREMOST, district_names, short_names
from ecity_geo.outputs.sheet import Item, View
from ecity_geo.outputs.symbols import INK
from ecity_geo.outputs.text import number
from ecity_geo.outputs.views import district_view

WIDTH, MARGIN, LINE = 640.0, 12.0, 26.0
MAX_HEIGHT = 640.0
Move = Callable[[np.ndarray], np.ndarray]
Box = tuple[float, float, float, float]
Mark = tuple[float, float, float]  # place and radius
FEW = 12  # more sites than these are drawn smaller
SHIFTS = sorted(
    product((0, 18, -18, 34, -34), (0, 14, -14, 21, -21, 32, -32)),
    key=lambda shift: (shift[0] ** 2 + shift[1] ** 2, shift),
)

SPILL = 1.5  # how much wider than its district a name may be
LETTER = 7.2  # rough width of a letter at 13 px, enough to keep names apart


def district_svg(
    findings: Findings, measure: str, lang: str, *, sites: gpd.GeoSeries | None = None
) -> str:
    """Draw the districts coloured by a measure, with their names and the legend.

    Parameters
    ----------
    findings
        The findings.
    measure
        As in `ecity_geo.outputs.views.district_view`.
    lang
        Language.
    sites
        Points that are marked with their number, in order; none by default.

    Returns
    -------
    svg
        An ``<svg>`` element without styles, scripts or addresses; names are escaped, and its
        label tells a screen reader every district's value.
    """
    return draw(findings, district_view(findings, measure, lang), lang, sites=sites)


def draw(findings: Findings, view: View, lang: str, *, sites: gpd.GeoSeries | None = None) -> str:
    """Draw the districts of a view; see `district_svg`."""
    outlines = light_outlines(findings.districts.geometry, max_vertices=4_000)
    names = district_names(findings, lang)
    move, height = _paper(outlines)
    frame = gpd.GeoSeries(shapely.transform(outlines.to_numpy(), move))
    marker = f"hatch-{lang}"
    shapes = "".join(
        _area(shape, fill, f"{name}: {value}", marker)
        for shape, fill, name, value in zip(frame, view.fills, names, view.values, strict=True)
    )
    marks = _marks(sites, move)
    items = [item for item in view.legend.items if item.kind != "heading"]
    legend, bottom = _legend(view.legend.title, items, height + 14, lang, marker)
    spoken = "; ".join(f"{n}: {v}" for n, v in zip(names, view.values, strict=True))
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {bottom:g}" role="img" lang="{lang}" '
        f'aria-label="{escape(f"{view.legend.title}. {spoken}")}" '
        f'font-size="13" fill="{INK}">{_hatch(marker)}{shapes}'
        f"{_names(frame, names, marks, lang)}{_numbered(marks, lang)}{legend}</svg>"
    )


def _paper(outlines: gpd.GeoSeries) -> tuple[Move, float]:
    """Find how coordinates move onto the paper, north up, and the height that they take."""
    west, south, east, north = outlines.total_bounds
    scale = min((WIDTH - 2 * MARGIN) / (east - west), MAX_HEIGHT / (north - south))
    left = (WIDTH - scale * (east - west)) / 2

    def move(xy: np.ndarray) -> np.ndarray:
        x = left + scale * (xy[:, 0] - west)
        y = MARGIN + scale * (north - xy[:, 1])
        return np.column_stack([x, y]).round(1)

    return move, MARGIN * 2 + scale * (north - south)


def _marks(sites: gpd.GeoSeries | None, move: Move) -> list[Mark]:
    """Place the marks; of many, all are smaller and those after the foremost are dots."""
    if sites is None or sites.empty:
        return []
    size = 11.0 if len(sites) <= FEW else 8.5
    places = move(shapely.get_coordinates(sites.to_numpy()))
    return [
        (float(x), float(y), size if at < FOREMOST else 4.0) for at, (x, y) in enumerate(places)
    ]


def _numbered(marks: list[Mark], lang: str) -> str:
    """Draw the marks with their numbers; the first lies on top, as it matters most."""
    drawn = [
        f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{INK}" stroke="#ffffff" stroke-width="2"/>'
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" dominant-baseline="central" '
        f'font-size="{1.2 * r:.1f}" fill="#ffffff" font-weight="700">{number(order, lang)}</text>'
        if order <= FOREMOST
        else f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="#ffffff" stroke="{INK}" '
        'stroke-width="2.5"/>'
        for order, (x, y, r) in enumerate(marks, start=1)
    ]
    return "".join(reversed(drawn))


def _area(shape: shapely.Geometry, fill: str | None, title: str, marker: str) -> str:
    path = "".join(
        "M" + "L".join(f"{x:g},{y:g}" for x, y in ring.coords[:-1]) + "z"
        for part in shapely.get_parts(shape)
        for ring in (part.exterior, *part.interiors)
    )
    if fill is None:
        look = f'fill="url(#{marker})" stroke="#5d6972" stroke-width="1.4" stroke-dasharray="5 4"'
    elif fill == "":
        look = 'fill="#f5f5f2" stroke="#5d6972" stroke-width="1.1"'
    else:
        look = f'fill="{fill}" stroke="#ffffff" stroke-width="1.6"'
    return f'<path d="{path}" fill-rule="evenodd" {look}><title>{escape(title)}</title></path>'


def _names(frame: gpd.GeoSeries, names: list[str], marks: list[Mark], lang: str) -> str:
    """Write the names clear of one another and of marks, the larger districts first."""
    places = label_points(frame)
    taken = [(x - r - 1, y - r - 1, x + r + 1, y + r + 1) for x, y, r in marks]
    written = []
    shorts, city = short_names(names), frame.union_all()
    for at in np.argsort(-frame.area.to_numpy(), kind="stable"):
        shape = frame.iloc[at]
        middle = places.iloc[at].x, places.iloc[at].y
        # The number of a district stands where its name finds no place.
        found = next(
            (
                (name, box)
                for name in _fitting((names[at], shorts[at]), SPILL * _width(shape))
                for box in _boxes(name, middle, shape, city if name == shorts[at] else None)
                if not any(_overlap(box, other) for other in taken)
            ),
            None,
        )
        if found is None:
            continue
        name, box = found
        taken.append(box)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        written.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" dominant-baseline="central" '
            f'direction="{_direction(lang)}" unicode-bidi="plaintext" font-weight="600" '
            'stroke="#ffffff" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke">'
            f"{escape(name)}</text>"
        )
    return "".join(written)


def _width(shape: shapely.Geometry) -> float:
    west, _, east, _ = shapely.bounds(shape)
    return float(east - west)


def _boxes(
    name: str,
    middle: tuple[float, float],
    shape: shapely.Geometry,
    city: shapely.Geometry | None,
) -> Iterator[Box]:
    """Offer the places of a name: its own, others in its district, then beside the city."""
    half = LETTER * len(name) / 2
    at = np.asarray(middle) + np.asarray(SHIFTS, dtype=float)
    # Head and foot of the letters: a name across a border would seem to name both sides.
    head, foot = (shapely.points(at + [0, lower]) for lower in (-7, 7))
    inside = shapely.contains(shape, head) & shapely.contains(shape, foot)
    inside[0] = True
    beside = np.zeros(len(at), dtype=bool)
    if city is not None:
        beside = ~shapely.contains(city, shapely.points(at))
    for chosen in (inside, beside):
        for x, y in at[chosen]:
            yield (x - half, y - 9, x + half, y + 9)


def _fitting(names: Iterable[str], room: float) -> list[str]:
    """Keep the names that fit: one that spills would seem to name its neighbours."""
    cut = (name if len(name) <= 22 else f"{name[:21]}…" for name in names)
    return [name for name in dict.fromkeys(cut) if LETTER * len(name) <= room]


def _legend(title: str, items: list[Item], top: float, lang: str, marker: str) -> tuple[str, float]:
    """Write the legend under the map, from the side where the script begins."""
    rtl = lang == "fa"

    def words(text: str, indent: float, y: float, weight: int) -> str:
        x = WIDTH - MARGIN - indent if rtl else MARGIN + indent
        return (
            f'<text x="{x:g}" y="{y:g}" direction="{_direction(lang)}" text-anchor="start" '
            f'dominant-baseline="central" font-weight="{weight}">{escape(text)}</text>'
        )

    parts = [words(title, 0, top + LINE / 2, 700)]
    y = top + LINE
    for item in items:
        x = WIDTH - MARGIN - 28 if rtl else MARGIN
        fill = f"url(#{marker})" if item.kind == "missing" else item.colour
        if item.kind in ("area", "missing", "dot"):
            parts.append(
                f'<rect x="{x:g}" y="{y + 4:g}" width="28" height="18" rx="3" fill="{fill}"/>'
            )
            label = f"{item.label} – {item.amount}" if item.amount else item.label
            parts.append(words(label, 38, y + LINE / 2, 400))
            y += LINE
    return "".join(parts), y + MARGIN


def _hatch(marker: str) -> str:
    return (
        f'<defs><pattern id="{marker}" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="7" height="7" fill="#e3e3e0"/>'
        '<rect width="1.6" height="7" fill="#b4b8b9"/></pattern></defs>'
    )


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _direction(lang: str) -> str:
    return "rtl" if lang == "fa" else "ltr"
