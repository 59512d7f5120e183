"""All result layers in one GeoPackage that opens in QGIS with its styles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from ecity_geo.findings import Findings
from ecity_geo.outputs.catchments import catchment_areas
from ecity_geo.outputs.layers import PeopleGrid
from ecity_geo.outputs.qgis import Style, styles
from ecity_geo.outputs.tables import shape, tables

# GeoPackage wants a time of the last change; the time of the run would change the bytes.
_DATE = "2000-01-01T00:00:00.000Z"
_GEOMETRY = "geom"
_AREAS = ("districts", "fabrics", "catchments")
# Table and columns as QGIS itself makes them.
_STYLE_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME
)
"""


def write_geopackage(findings: Findings, path: Path) -> Path:
    """Write all result layers, with styles and what a reader must know of the data.

    Parameters
    ----------
    findings
        The findings.
    path
        A file that does not exist yet.

    Returns
    -------
    path
        The same path. Layers `districts`, `fabrics`, `demand`, `services`, `candidates`,
        `catchments` and `sites`, in the working CRS; columns as in ``columns.csv``. Same
        findings, same bytes.
    """
    study = findings.study
    note = study.note.text("en")
    about = f"Synthetic data. {note}".strip() if study.synthetic else note
    metadata = {"STUDY": study.id, "SYNTHETIC": str(study.synthetic).lower(), "NOTE": note}
    with _gdal_options():
        for name, layer in layers(findings).items():
            pyogrio.write_dataframe(
                layer,
                path,
                layer=name,
                driver="GPKG",
                promote_to_multi=name in _AREAS,
                append=path.exists(),
                geometry_type="MultiPolygon" if name in _AREAS else "Point",
                layer_metadata=metadata,
                layer_options={"DESCRIPTION": about, "GEOMETRY_NAME": _GEOMETRY},
            )
    _write_styles(path, styles(findings, study.options.languages[0]))
    return path


def layers(findings: Findings) -> dict[str, gpd.GeoDataFrame]:
    """Prepare the layers.

    Parameters
    ----------
    findings
        The findings.

    Returns
    -------
    layers
        Per layer its frame, rounded as the tables are; infinite costs are missing.
    """
    made = tables(findings)
    located = ["x", "y", "lon", "lat"]
    study = findings.study
    return {
        "districts": _with_geometry(made["districts"], findings.districts),
        "fabrics": _fabrics(findings, made["fabrics"]),
        "demand": _demand(findings),
        "services": _with_geometry(made["services"].drop(columns=located), findings.services),
        "candidates": _with_geometry(
            pd.DataFrame(study.candidates.drop(columns="geometry"))
            .rename_axis("site_id")
            .reset_index(),
            study.candidates,
        ),
        "catchments": _catchments(findings),
        "sites": _with_geometry(made["sites"].drop(columns=located), findings.sites),
    }


def _with_geometry(frame: pd.DataFrame, source: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame, geometry=source.geometry.to_numpy(), crs=source.crs)


def _fabrics(findings: Findings, frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Join the figures per fabric to its polygons: of the fabric layer, or else the districts."""
    study = findings.study
    source = study.districts if study.fabrics is None else study.fabrics
    known = source.loc[source["fabric"].notna(), ["fabric", "geometry"]]
    whole = known.dissolve("fabric").geometry.reindex(frame["fabric"])
    joined = gpd.GeoDataFrame(frame, geometry=list(whole), crs=study.crs)
    return joined[joined.geometry.notna()]


def _catchments(findings: Findings) -> gpd.GeoDataFrame:
    areas = catchment_areas(findings, PeopleGrid(findings.demand))
    return _with_geometry(shape("catchments", pd.DataFrame(areas.drop(columns="geometry"))), areas)


def _demand(findings: Findings) -> gpd.GeoDataFrame:
    demand = findings.demand
    frame = pd.DataFrame(demand.drop(columns="geometry")).rename_axis("demand_id").reset_index()
    return _with_geometry(shape("demand", frame), demand)


@contextmanager
def _gdal_options() -> Iterator[None]:
    """Fix the date, and leave it to the caller to bring the finished file to the disk."""
    options = {"OGR_CURRENT_DATE": _DATE, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _write_styles(path: Path, made: list[Style]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute(_STYLE_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, "
            "last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (_DATE,),
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, "
            "update_time) VALUES ('', '', ?, ?, ?, ?, '', ?, ?, '', ?)",
            [
                (each.layer, _GEOMETRY, each.name, each.qml, each.default, each.name, _DATE)
                for each in made
            ],
        )
