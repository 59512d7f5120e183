"""A city of four squares of one kilometre, whose answers can be done in the head.

::

    +-----------+-----------+     people   fabric     respondents (all four items)
    | 3         | 4         |     1  1000  planned    10, answering 4
    |           |     k2    |     2  2000  historic   10, answering 2
    +-----------+-----------+     3  3000  informal   10, answering 3
    | 1         | 2         |     4  4000  rural      10, answering 5
    |     k1    |  (k3)     |
    +-----------+-----------+     k1, k2 open, k3 planned; each at a square's centre

The south-west corner lies at `ORIGIN` in EPSG:32638, close to Tabriz. People live evenly on
cells of 100 m. Streets, when asked for, run along a grid of 250 m, a minute each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from affine import Affine
from pyproj import Transformer
from shapely import LineString, Polygon, box

CRS = "EPSG:32638"
ORIGIN = (610_000.0, 4_214_000.0)
SIDE = 1000.0
PEOPLE = {"1": 1000.0, "2": 2000.0, "3": 3000.0, "4": 4000.0}
FABRIC = {"1": "planned", "2": "historic", "3": "informal", "4": "rural"}
ANSWER = {"1": 4, "2": 2, "3": 3, "4": 5}
ITEMS = ("network", "computers", "skills", "habit")


def square(column: float, row: float, *, side: float = SIDE) -> Polygon:
    """The square in a column and a row of the city, counted from the south-west."""
    x, y = ORIGIN[0] + column * SIDE, ORIGIN[1] + row * SIDE
    return box(x, y, x + side, y + side)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place given in metres from `ORIGIN`."""
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(ORIGIN[0] + x, ORIGIN[1] + y)
    return float(lon), float(lat)


def districts() -> gpd.GeoDataFrame:
    """The four districts as a file would hold them."""
    return gpd.GeoDataFrame(
        {
            "district_id": list(PEOPLE),
            "name_fa": ["منطقه یک", "منطقه دو", "منطقه سه", "منطقه چهار"],
            "name_en": ["District one", "District two", "District three", "District four"],
            "fabric": list(FABRIC.values()),
        },
        geometry=[square(0, 0), square(1, 0), square(0, 1), square(1, 1)],
        crs=CRS,
    )


def services() -> pd.DataFrame:
    """Two open kiosks and a planned one, each in the middle of a square."""
    places = [lonlat(500, 500), lonlat(1500, 1500), lonlat(1500, 500)]
    return pd.DataFrame(
        {
            "service_id": ["k1", "k2", "k3"],
            "name_fa": ["کیوسک یک", "کیوسک دو", "کیوسک سه"],
            "name_en": ["Kiosk one", "Kiosk two", "Kiosk three"],
            "type": ["kiosk", "kiosk", "kiosk"],
            "capacity": [100.0, 200.0, 300.0],
            "status": ["open", "open", "planned"],
            "lon": [lon for lon, _ in places],
            "lat": [lat for _, lat in places],
        }
    )


def population() -> np.ndarray:
    """Persons per cell of 100 m, 20 x 20, first row in the north."""
    cells = np.empty((20, 20), dtype=np.float32)
    cells[10:, :10], cells[10:, 10:] = PEOPLE["1"] / 100, PEOPLE["2"] / 100
    cells[:10, :10], cells[:10, 10:] = PEOPLE["3"] / 100, PEOPLE["4"] / 100
    return cells


def responses() -> pd.DataFrame:
    """Ten respondents per district who agree with one another."""
    rows = [(f"r{d}{n}", d, *[ANSWER[d]] * len(ITEMS)) for d in PEOPLE for n in range(10)]
    return pd.DataFrame(rows, columns=["respondent_id", "district_id", *ITEMS])


def streets() -> gpd.GeoDataFrame:
    """Straight streets through the whole city every 250 m, cut at each crossing."""
    steps = np.arange(0, 2001, 250.0)
    x, y = steps + ORIGIN[0], steps + ORIGIN[1]
    lines = [LineString([(a, c), (b, c)]) for c in y for a, b in pairwise(x)]
    lines += [LineString([(c, a), (c, b)]) for c in x for a, b in pairwise(y)]
    return gpd.GeoDataFrame({"minutes": 1.0}, index=range(len(lines)), geometry=lines, crs=CRS)


INSTRUMENT = """\
schema = 1
name = { fa = "پرسشنامه", en = "Questionnaire" }
scale = { min = 1, max = 5 }
[[construct]]
id = "technical"
label = { fa = "زیرساخت", en = "Infrastructure" }
[[construct.item]]
id = "network"
label = { fa = "شبکه", en = "Network" }
[[construct.item]]
id = "computers"
label = { fa = "رایانه", en = "Computers" }
[[construct]]
id = "people"
label = { fa = "مردم", en = "People" }
[[construct.item]]
id = "skills"
label = { fa = "مهارت", en = "Skills" }
[[construct.item]]
id = "habit"
label = { fa = "عادت", en = "Habit" }
"""

STUDY: dict[str, dict[str, Any]] = {
    "study": {"id": "squares", "name": {"fa": "چهارگوش", "en": "Four squares"}, "crs": CRS},
    "boundaries": {
        "path": "districts.geojson",
        "id": "district_id",
        "name_fa": "name_fa",
        "name_en": "name_en",
        "fabric": "fabric",
    },
    "survey": {
        "path": "responses.csv",
        "instrument": "instrument.toml",
        "respondent": "respondent_id",
        "district": "district_id",
        "district_by": "code",
    },
    "services": {
        "path": "services.csv",
        "id": "service_id",
        "name_fa": "name_fa",
        "name_en": "name_en",
        "type": "type",
        "capacity": "capacity",
        "status": "status",
        "x": "lon",
        "y": "lat",
        "crs": "EPSG:4326",
    },
    "population": {"path": "population.tif"},
    "candidates": {"spacing": 500},
    "access": {"measure": "straight", "unit": "m", "standard": 500},
    "siting": {"p": 1},
}


def write_raster(
    path: Path,
    cells: np.ndarray,
    *,
    crs: str | None = CRS,
    west: float = ORIGIN[0],
    north: float = ORIGIN[1] + 2 * SIDE,
    size: float = 100.0,
    nodata: float | None = -99999.0,
    **profile: Any,
) -> Path:
    """Write cells as a GeoTIFF of one band."""
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells.shape[0],
        width=cells.shape[1],
        count=1,
        dtype=cells.dtype,
        crs=crs,
        transform=Affine(size, 0.0, west, 0.0, -size, north),
        nodata=nodata,
        **profile,
    ) as raster:
        raster.write(cells, 1)
    return path


def write_toml(path: Path, sections: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write sections of plain values as TOML."""
    lines = ["schema = 1"]
    for name, section in sections.items():
        lines.append(f"[{name}]")
        lines.extend(f"{json.dumps(key)} = {_toml(value)}" for key, value in section.items())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(k), ensure_ascii=False)} = {_toml(v)}" for k, v in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def write_city(folder: Path, **changes: Any) -> Path:
    """Write the city's files and return the path of its ``study.toml``.

    `changes` replaces parts: ``districts``, ``services``, ``responses`` and ``streets`` (frames;
    ``streets=True`` writes those of :func:`streets`), ``population`` (cells), ``instrument``
    (text), and ``study``: a mapping of section to keys; a key or a section given as None is left
    out. A file that a test writes by itself afterwards simply overwrites the one written here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sections = {name: dict(section) for name, section in STUDY.items()}
    changes.get("districts", districts()).to_file(folder / "districts.geojson", driver="GeoJSON")
    changes.get("services", services()).to_csv(folder / "services.csv", index=False)
    changes.get("responses", responses()).to_csv(folder / "responses.csv", index=False)
    (folder / "instrument.toml").write_text(changes.get("instrument", INSTRUMENT), encoding="utf-8")
    write_raster(folder / "population.tif", changes.get("population", population()))
    if (lines := changes.get("streets")) is not None:
        (streets() if lines is True else lines).to_file(folder / "streets.gpkg", driver="GPKG")
        sections["streets"] = {"path": "streets.gpkg", "minutes": "minutes", "mode": "walk"}
        sections["access"] = {"measure": "streets", "unit": "min", "standard": 3}
    for name, change in changes.get("study", {}).items():
        if change is None:
            sections.pop(name, None)
            continue
        merged = {**sections.get(name, {}), **change}
        sections[name] = {key: value for key, value in merged.items() if value is not None}
    return write_toml(folder / "study.toml", sections)
