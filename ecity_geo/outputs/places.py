"""Places on the maps: services by type, new sites, and the outlines of urban fabric."""

from __future__ import annotations

from typing import Any

import geopandas as gpd

from ecity_geo.findings import Findings
from ecity_geo.outputs import layers
from ecity_geo.outputs.popups import (
    fabric_label,
    service_mark,
    site_mark,
    type_label,
)
from ecity_geo.outputs.sheet import Item, Layer
from ecity_geo.outputs.symbols import SHAPES
from ecity_geo.outputs.text import number, text
from ecity_geo.study import Study

MAX_FABRIC_NAMES = 24


def service_marks(findings: Findings, lang: str) -> tuple[dict[str, Any], ...]:
    """Mark the services, in the groups ``"open"`` and ``"planned"``."""
    shapes = type_shapes(findings.study)
    services = findings.services
    return layers.marks(
        services,
        layer=services["status"].tolist(),
        describe=lambda row: service_mark(findings, row, shapes[str(row["type"])], lang),
    )


def site_marks(findings: Findings, lang: str) -> tuple[dict[str, Any], ...]:
    """Mark the new sites, in a group per model."""
    sites = findings.sites
    return layers.marks(
        sites,
        layer=[f"sites_{model}" for model in sites["model"]],
        describe=lambda row: site_mark(findings, row, lang),
    )


def type_shapes(study: Study) -> dict[str, str]:
    """Give each type of service a shape, the commonest first.

    Parameters
    ----------
    study
        The study.

    Returns
    -------
    shapes
        Type to shape; when there are more types than shapes, the rarest share the last one.
    """
    counts = study.services["type"].astype(str).value_counts()
    # value_counts leaves the order of equal counts to the data; here the name decides.
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    return {name: SHAPES[min(place, len(SHAPES) - 1)] for place, name in enumerate(names)}


def place_layers(
    findings: Findings,
    lang: str,
    *,
    services: bool,
    shown: bool,
    fabric: bool,
    catchments: bool = False,
) -> tuple[Layer, ...]:
    """List the layers that a reader can switch.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.
    services
        Whether the map marks the services.
    shown
        Whether their marks are on at first.
    fabric
        Whether the map has outlines of urban fabric.
    catchments
        Whether it has those of the new sites.

    Returns
    -------
    layers
        Services by status with their types, catchments, district names, urban fabric.
    """
    found = _service_layers(findings, lang, shown=shown) if services else []
    if catchments:
        label = text("map.layer.catchments", lang)
        found.append(Layer(id="catchments", label=label, kind="outline"))
    found.append(Layer(id="names", label=text("map.layer.names", lang)))
    if fabric:
        found.append(
            Layer(id="lines", label=text("map.layer.fabric", lang), kind="line", shown=False)
        )
    return tuple(found)


def _service_layers(findings: Findings, lang: str, *, shown: bool) -> list[Layer]:
    shapes = type_shapes(findings.study)
    few = len(findings.services) <= layers.MAX_MARKS
    found = []
    for status in ("open", "planned"):
        chosen = findings.services[findings.services["status"] == status]
        if chosen.empty:
            continue
        items = _type_items(findings.study, chosen, shapes, lang) if few else ()
        found.append(
            Layer(
                id=status,
                label=text(f"map.layer.{status}", lang),
                kind="none" if items else "shape",
                open=status == "open",
                items=items,
                shown=shown and few,
            )
        )
    return found


def _type_items(
    study: Study, services: gpd.GeoDataFrame, shapes: dict[str, str], lang: str
) -> tuple[Item, ...]:
    """One line per shape, with those in the city counted; types may share the last shape."""
    inside = services["district_id"].notna()
    counts = services["type"].astype(str)[inside].value_counts()
    present = set(services["type"].astype(str))
    by_shape: dict[str, list[str]] = {}
    for name, shape in shapes.items():
        if name in present:
            by_shape.setdefault(shape, []).append(name)
    items = [
        Item(
            label=type_label(study, names[0], lang)
            if len(names) == 1
            else text("map.table.other_types", lang),
            kind="shape",
            shape=shape,
            open=bool((services["status"] == "open").all()),
            amount=number(sum(counts.get(name, 0) for name in names), lang),
        )
        for shape, names in by_shape.items()
    ]
    if not inside.all():
        outside = number(int((~inside).sum()), lang)
        items.append(Item(label=text("map.layer.outside", lang, count=outside)))
    return tuple(items)


def fabric_lines(findings: Findings, lang: str) -> tuple[dict[str, Any], ...]:
    """Outline the urban fabrics, of the fabric layer or else of the districts.

    Parameters
    ----------
    findings
        The findings.
    lang
        Language.

    Returns
    -------
    lines
        A GeoJSON feature per fabric and part, with `name` and `at` on the largest parts.
    """
    study = findings.study
    polygons = study.fabrics if study.fabrics is not None else study.districts
    polygons = polygons[polygons["fabric"].notna()]
    if polygons.empty:
        return ()
    whole = polygons[["fabric", "geometry"]].dissolve("fabric").explode()
    whole = whole[whole.geom_type == "Polygon"]
    outlines = layers.light_outlines(gpd.GeoSeries(whole.geometry.to_numpy(), crs=whole.crs))
    places = layers.lat_lon(layers.label_points(outlines))
    named = set(outlines.area.sort_values(ascending=False, kind="stable").index[:MAX_FABRIC_NAMES])
    features = []
    for number_, geometry in enumerate(layers.geojson_geometries(outlines)):
        properties: dict[str, Any] = {}
        if number_ in named:
            label = fabric_label(study, whole.index[number_], lang)
            properties = {"name": label, "at": places[number_]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return tuple(features)
