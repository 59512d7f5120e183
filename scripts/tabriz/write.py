"""The text files of the study, written to the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from tabriz.fabric import FABRICS, PUBLISHED, Face
from tabriz.facts import (
    CENSUS_SOURCE,
    CODES_SOURCE,
    CONSTRUCTS,
    DISTRICTS,
    FABRIC_SOURCE,
    ITEMS,
    SCALE,
    SURVEY_SOURCE,
    SYNTHETIC_EN,
    SYNTHETIC_FA,
)
from tabriz.outcome import OUTCOME, OUTCOME_EN, OUTCOME_FA, Rating
from tabriz.plan import DECIMALS
from tabriz.services import Service
from tabriz.survey import Answers, Survey

_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
FABRIC_LABELS = {
    "planned": ("برنامه‌ریزی‌شده", "Planned"),
    "historic": ("تاریخی", "Historic"),
    "rural": ("روستایی", "Rural"),
    "informal": ("غیررسمی", "Informal"),
}

_INSTRUMENT = """\
# {source}.
# Constructs, items and labels are published; the answers in responses.csv are simulated.
schema = 1
name = {{ fa = "پرسشنامه‌ی آمادگی شهر الکترونیک تبریز", en = "Electronic city readiness, Tabriz" }}
scale = {{ min = {low}, max = {high} }}
synthetic = true
note.fa = \"\"\"پاسخ‌ها شبیه‌سازی شده‌اند: ۱۸۲ نفر، سهم مناطق به روش همیلتون بر پایه‌ی سرشماری ۱۳۹۵، \\
دست‌کم ۶ نفر در هر منطقه‌ی بالای ۱۰٬۰۰۰ نفر و هیچ‌کس در منطقه ۹ (۲٬۲۵۰ نفر).\"\"\"
note.en = \"\"\"Answers are simulated: 182 people, shared among the districts by Hamilton's \\
method on the census of 1395, at least 6 in each district of more than 10,000 inhabitants \\
and none in district 9 (2,250 inhabitants).\"\"\"
"""
_OUTCOME = """
# What the constructs are to explain. Simulated: the published study regresses "realisation" on
# its constructs, but does not say how it was measured. No part of readiness.
[[outcome]]
id = "{id}"
{label}
"""


def district_rows(
    shapes: dict[str, BaseGeometry], fabric: dict[str, str]
) -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Return the districts as (properties, shape), in the order of their numbers."""
    return [
        (
            {
                "district_id": fact.id,
                "name_fa": f"منطقه {fact.id}".translate(_DIGITS),
                "name_en": f"District {fact.id}",
                "fabric": fabric[fact.id],
                "fabric_source": _source(fact.id),
                "published_fabric": fact.published_fabric,
                "population_1395": fact.population,
                "area_km2": fact.area_km2,
                "stat_code": fact.stat_code,
                "position_fa": fact.position_fa,
                "position_en": fact.position_en,
                "synthetic": True,
            },
            shapes[fact.id],
        )
        for fact in DISTRICTS
    ]


def fabric_rows(faces: Iterable[Face]) -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Return the fabrics of each district as (properties, shape)."""
    return [
        (
            {
                "fabric_id": f"{face.district}-{face.fabric}",
                "fabric": face.fabric,
                "fabric_fa": FABRIC_LABELS[face.fabric][0],
                "district_id": face.district,
                "fabric_source": _source(face.district, face.fabric),
                "synthetic": True,
            },
            face.shape,
        )
        for face in sorted(faces, key=lambda f: (int(f.district), FABRICS.index(f.fabric)))
    ]


def _source(district: str, fabric: str | None = None) -> str:
    published = district in PUBLISHED and fabric in (None, PUBLISHED[district])
    return "published study" if published else "our assumption"


def write_geojson(
    path: Path, name: str, rows: Iterable[tuple[dict[str, Any], BaseGeometry]]
) -> None:
    """Write a GeoJSON file, a feature a line, with its sources and its mark."""
    head = {
        "type": "FeatureCollection",
        "name": name,
        "synthetic": True,
        "note": {"fa": SYNTHETIC_FA, "en": SYNTHETIC_EN},
        "borders": "schematic: drawn for this demonstration, not surveyed",
        "sources": [CENSUS_SOURCE, CODES_SOURCE, FABRIC_SOURCE],
    }
    features = [
        _json({"type": "Feature", "properties": properties, "geometry": _geometry(shape)})
        for properties, shape in rows
    ]
    body = _json(head)[:-1] + ',"features":[\n' + ",\n".join(features) + "\n]}\n"
    _write_text(path, body)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _geometry(shape: BaseGeometry) -> dict[str, Any]:
    parts = [orient(part) for part in shapely.get_parts(shape)]
    rings = [[_ring(part.exterior), *map(_ring, part.interiors)] for part in parts]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def _ring(line: BaseGeometry) -> list[list[float]]:
    return [
        [round(x, DECIMALS), round(y, DECIMALS)] for x, y in shapely.get_coordinates(line).tolist()
    ]


def write_services(path: Path, services: list[Service]) -> None:
    """Write the services as CSV."""
    head = ["service_id", "name_fa", "name_en", "type", "capacity", "status", "lon", "lat"]
    rows = [[*(getattr(service, name) for name in head), "yes"] for service in services]
    _write_csv(path, [*head, "synthetic"], rows)


def write_responses(path: Path, survey: Survey, outcome: Answers) -> None:
    """Write a row per respondent: no age, no sex, no place but the district."""
    head = ["respondent_id", "district_id", *(item.id for item in ITEMS), OUTCOME, "synthetic"]
    rows = [
        [f"r{number:03d}", district, *answers.tolist(), realised, "yes"]
        for number, (district, answers, realised) in enumerate(
            zip(survey.district.tolist(), survey.answers, outcome.tolist(), strict=True), start=1
        )
    ]
    _write_csv(path, head, rows)


def write_panel(path: Path, ratings: Iterable[Rating]) -> None:
    """Write a row per item and expert."""
    head = ["item", "panelist", "essential", "relevance"]
    rows = [[*(getattr(rating, name) for name in head), "yes"] for rating in ratings]
    _write_csv(path, [*head, "synthetic"], rows)


def write_instrument(path: Path) -> None:
    """Write the instrument: constructs, items and labels of the published study."""
    lines = [
        _INSTRUMENT.format(source="\n# ".join(wrap(SURVEY_SOURCE, 96)), low=SCALE[0], high=SCALE[1])
    ]
    for construct, (en, fa) in CONSTRUCTS.items():
        lines += ["[[construct]]", f'id = "{construct}"', _label(fa, en)]
        for item in ITEMS:
            if item.construct == construct:
                lines += ["[[construct.item]]", f'id = "{item.id}"', _label(item.fa, item.en)]
    outcome = _OUTCOME.format(id=OUTCOME, label=_label(OUTCOME_FA, OUTCOME_EN))
    _write_text(path, "\n".join(lines) + "\n" + outcome)


def _label(fa: str, en: str) -> str:
    return f'label = {{ fa = "{fa}", en = "{en}" }}'


def _write_csv(path: Path, head: list[str], rows: list[list[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    _write_text(path, text.getvalue())


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))
