"""Build the shipped demonstration study of Tabriz: ``python scripts/build_tabriz.py [FOLDER]``.

Published facts (``tabriz/facts.py``) and one seed give the same bytes each time. Each part draws
from a random stream of its own, so that a change to one leaves the others as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import shapely

from tabriz.districts import draw_districts
from tabriz.fabric import FABRICS, Face, district_shapes, draw_faces
from tabriz.facts import SEED
from tabriz.outcome import judge, realise
from tabriz.plan import draw_ground, to_metres
from tabriz.population import Cells, populate, write_population
from tabriz.services import place_services
from tabriz.soar import write_soar
from tabriz.streets import lay_streets, write_streets
from tabriz.study_file import study_text
from tabriz.survey import simulate
from tabriz.write import (
    district_rows,
    fabric_rows,
    write_geojson,
    write_instrument,
    write_panel,
    write_responses,
    write_services,
)

DATA = Path(__file__).parent.parent / "data"
FOLDERS = ("boundaries", "population", "roads", "services", "survey")


def build(folder: Path) -> None:
    """Write the study into a folder."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    plan_rng, zone_rng, people_rng, street_rng, service_rng, survey_rng, outcome_rng, panel_rng = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(SEED).spawn(8)
    )
    districts, ground = draw_districts(draw_ground(plan_rng))
    faces = draw_faces(districts, ground, zone_rng)
    shapes = district_shapes(faces)
    cells = populate(faces, people_rng)
    fabric = dominant_fabric(faces, cells)
    ground_shapes = {name: shapely.transform(shape, to_metres) for name, shape in shapes.items()}
    city = shapely.coverage_union_all(list(ground_shapes.values()))
    streets = lay_streets(ground, cells, city, street_rng)

    write_geojson(
        folder / "boundaries/districts.geojson", "districts", district_rows(shapes, fabric)
    )
    write_geojson(folder / "boundaries/fabric.geojson", "fabric", fabric_rows(faces))
    write_population(folder / "population/population.tif", cells)
    write_streets(folder / "roads/streets.gpkg", streets)
    write_services(
        folder / "services/services.csv", place_services(streets, cells, ground_shapes, service_rng)
    )
    write_instrument(folder / "survey/instrument.toml")
    survey = simulate(fabric, survey_rng)
    outcome = realise(survey.answers, outcome_rng)
    write_responses(folder / "survey/responses.csv", survey, outcome)
    write_panel(folder / "survey/panel.csv", judge(panel_rng))
    write_soar(folder / "survey/soar.toml")
    (folder / "study.toml").write_bytes(study_text().encode("utf-8"))


def dominant_fabric(faces: list[Face], cells: Cells) -> dict[str, str]:
    """Return the fabric in which most people of each district live."""
    return {
        district: max(
            FABRICS,
            key=lambda name: cells.persons[
                (cells.district == district) & (cells.fabric == name)
            ].sum(),
        )
        for district in dict.fromkeys(face.district for face in faces)
    }


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
