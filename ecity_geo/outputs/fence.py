"""A `folium.Map` with a fence around it: no network, no markup from data, the same bytes.

A stock folium page asks eleven files of four hosts and writes popup texts into JavaScript
template literals, where escaping does not help. Here Leaflet and the font stand inside the page,
data travel as JSON and are set as text, and a Content-Security-Policy that names the hash of each
script and style is the second wall.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import files
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template
from jinja2 import Environment, StrictUndefined

from ecity_geo.outputs import assets
from ecity_geo.outputs.sheet import Sheet
from ecity_geo.outputs.symbols import swatch

BYTE_BUDGET = 1_500_000


class OfflineMap(folium.Map):
    """A folium map that opens without a network.

    Further elements may be added as to any `folium.Map`, as long as they need Leaflet alone
    (`GeoJson`, `CircleMarker`, `Marker` without a string popup); one that brings scripts or
    styles from elsewhere is refused when the page is written.

    Parameters
    ----------
    sheet
        What stands on the page.
    """

    # Lists of this class: those of folium.Map are shared by every map of the process.
    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    _template = Template(
        """
        {% macro html(this, kwargs) %}<div id="map" dir="ltr"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
        var map = L.map("map", {{ this.options|tojavascript }});
        drawCity(map, JSON.parse(document.getElementById("map-data").textContent));
        {% endmacro %}
        """
    )

    def __init__(self, sheet: Sheet) -> None:
        (south, west), (north, east) = sheet.bounds
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            tiles=None,
            zoom_control=False,
            zoom_snap=0.25,
            max_zoom=18,
        )
        # folium drops max_zoom when there are no tiles, and Leaflet needs a view to begin with.
        self.options.update({"center": self.location, "zoom": 10, "max_zoom": 18})
        self.sheet = sheet
        Page(sheet).add_child(self, name="map")

    def get_name(self) -> str:
        """Return the map's name in the page: always the same, unlike folium's random ones."""
        return "map"


class Page(Figure):
    """The page around a map.

    Parameters
    ----------
    sheet
        What stands on the page.
    """

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(title=sheet.title, ratio="85%")
        self.sheet = sheet
        self.header = Element()
        self.header._parent = self  # noqa: SLF001

    def render(self, **kwargs: Any) -> str:
        """Return the page as HTML.

        Raises
        ------
        ValueError
            If an element of the map would fetch a script or a style.
        """
        for child in self._children.values():
            child.render(**kwargs)
        for name, element in self.header._children.items():  # noqa: SLF001
            if isinstance(element, JavascriptLink | CssLink):
                raise ValueError(  # noqa: TRY004
                    f"The map holds an element that fetches {name!r} from {element.url}; "
                    "maps open without a network. Use elements that need Leaflet alone."
                )
        styles = [assets.font_css(), assets.leaflet_css(), _template_file("map.css")]
        scripts = [assets.leaflet_js(), _template_file("map.js"), self.script.render(**kwargs)]
        page: str = _page_template().render(
            page=self.sheet,
            policy=content_policy(scripts, styles),
            styles=styles,
            scripts=scripts,
            header=self.header.render(**kwargs).strip(),
            body=self.html.render(**kwargs).strip(),
            data=json_in_html(page_data(self.sheet)),
            licences=assets.licences(),
            swatch=swatch,
        )
        return page


def content_policy(scripts: list[str], styles: list[str]) -> str:
    """Write a Content-Security-Policy that lets these scripts and styles run, and nothing else.

    Parameters
    ----------
    scripts, styles
        What stands between the tags.

    Returns
    -------
    policy
        For a ``<meta http-equiv>``.
    """
    script_sources = " ".join(assets.hash_source(script) for script in scripts)
    style_sources = " ".join(assets.hash_source(style) for style in styles)
    return (
        f"default-src 'none'; script-src {script_sources}; style-src {style_sources}; "
        "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
    )


def page_data(sheet: Sheet) -> dict[str, Any]:
    """Collect what the page's script draws from.

    Parameters
    ----------
    sheet
        What stands on the page.

    Returns
    -------
    data
        Plain values.
    """
    kept = ("fills", "values", "cells", "colours", "groups", "headline")
    views = [{key: value for key, value in asdict(v).items() if key in kept} for v in sheet.views]
    return {
        "lang": sheet.lang,
        "dir": sheet.dir,
        "words": sheet.words,
        "bounds": sheet.bounds,
        "areas": sheet.areas,
        "cells": sheet.cells,
        "marks": sheet.marks,
        "lines": sheet.lines,
        "outlines": sheet.outlines,
        "views": views,
    }


def json_in_html(data: Any) -> str:
    """Write JSON that may stand inside a ``<script>`` element.

    Parameters
    ----------
    data
        Plain values; NaN and infinity are refused.

    Returns
    -------
    text
        JSON in which no ``<``, ``>`` or ``&`` remains, so nothing in it can close the element.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@lru_cache(maxsize=8)
def _template_file(name: str) -> str:
    return (files("ecity_geo.outputs") / "templates" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _page_template() -> Any:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_template_file("map.html"))
