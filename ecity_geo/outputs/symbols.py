"""Symbols of legends, drawn as small SVG pictures without text."""

from __future__ import annotations

from ecity_geo.outputs.palette import NO_DATA
from ecity_geo.outputs.sheet import Item, Layer

INK = "#16222e"
# Also in templates/map.js; darker than the people whom new sites cover, so that it shows on them.
CATCHMENT = "#004d38"

# Order in which service types take their shapes; further types share the last one.
SHAPES = ("circle", "square", "diamond", "triangle", "down")

_OUTLINES = {
    "circle": '<circle cx="13" cy="9" r="6" {0}/>',
    "square": '<path d="M7.5 3.5h11v11h-11z" {0}/>',
    "diamond": '<path d="M13 1.8L20.2 9L13 16.2L5.8 9z" {0}/>',
    "triangle": '<path d="M13 2.2L19.9 14.5L6.1 14.5z" {0}/>',
    "down": '<path d="M13 15.8L19.9 3.5L6.1 3.5z" {0}/>',
}

_FIXED = {
    "area": '<rect x="0.5" y="0.5" width="25" height="17" rx="3" fill="{0}"/>',
    "dot": (
        f'<circle cx="13" cy="9" r="7" fill="{{0}}" stroke="{INK}" stroke-width="0.6" '
        'stroke-opacity="0.35"/>'
    ),
    "line": f'<path d="M0 9H26" stroke="{INK}" stroke-width="1.6" stroke-dasharray="2 5"/>',
    "outline": (
        f'<rect x="1.5" y="1.5" width="23" height="15" rx="7" fill="none" stroke="{CATCHMENT}" '
        'stroke-width="2"/>'
    ),
    "number": (
        f'<circle cx="13" cy="9" r="8" fill="{INK}"/>'
        '<circle cx="13" cy="9" r="2.5" fill="#ffffff"/>'
    ),
    "missing": (
        f'<rect x="1" y="1" width="24" height="16" fill="{NO_DATA}"/>'
        '<path d="M-8 17L8 1M0 17L16 1M8 17L24 1M16 17L32 1" stroke="#b4b8b9" stroke-width="1.6"/>'
        '<rect x="1" y="1" width="24" height="16" fill="none" stroke="#5d6972" '
        'stroke-width="1.4" stroke-dasharray="5 4"/>'
    ),
}


def swatch(item: Item | Layer) -> str:
    """Draw the symbol of a legend line.

    Parameters
    ----------
    item
        The line; colours and shapes are ours, never the user's.

    Returns
    -------
    svg
        An ``<svg>`` element that assistive software skips; empty for a line without a symbol.
    """
    drawing = _drawing(item)
    if not drawing:
        return ""
    return (
        '<svg class="swatch" viewBox="0 0 26 18" aria-hidden="true" focusable="false">'
        f"{drawing}</svg>"
    )


def _drawing(item: Item | Layer) -> str:
    if item.kind == "shape":
        fill, width = (INK, 0) if item.open else ("#ffffff", 2)
        style = f'fill="{fill}" stroke="{INK}" stroke-width="{width}"'
        return _OUTLINES[item.shape].format(style)
    return _FIXED.get(item.kind, "").format(item.colour)
