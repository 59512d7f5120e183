"""Everything that a run writes: complete, the same each time, and never half of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import city
import ecity_geo
from ecity_geo.errors import InputError
from ecity_geo.findings import Findings
from ecity_geo.inputs.schema import Repair, Tally
from ecity_geo.outputs import runinfo
from ecity_geo.outputs.text import text
from ecity_geo.outputs.write import output_names, write_map, write_outputs
from ecity_geo.study import Source
from outputs.factory import hostile_findings, make_findings
from pages import Reader

ROOT = Path(__file__).parents[1]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "maps"
    write_outputs(make_findings(), folder)
    return folder


def test_every_named_file_is_written(written: Path) -> None:
    for name in output_names(("fa", "en")):
        assert (written / name).stat().st_size > 0, name
    assert (written / "index.fa.html").exists()
    assert (written / "tables" / "ranking.json").exists()


def test_page_to_open_comes_first(tmp_path: Path) -> None:
    paths = write_outputs(make_findings(), tmp_path / "maps", languages=["en"])
    assert paths[0] == tmp_path / "maps" / "index.html"
    assert all(path.exists() for path in paths)
    assert not list((tmp_path / "maps").glob("*.fa.html"))


def test_same_findings_give_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_outputs(make_findings(), tmp_path / "maps")
    again, before = bytes_of(tmp_path / "maps"), bytes_of(written)
    assert [name for name in before if before[name] != again[name]] == []


def test_another_process_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from outputs.factory import make_findings; "
        "from ecity_geo.outputs.write import write_outputs; "
        "write_outputs(make_findings(), Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "maps")],
        check=True,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"},
    )
    again, before = bytes_of(tmp_path / "maps"), bytes_of(written)
    assert [name for name in before if before[name] != again[name]] == []


def test_a_run_without_a_language_removes_its_pages(tmp_path: Path) -> None:
    write_outputs(make_findings(), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_outputs(make_findings(), tmp_path, languages=("fa",))
    assert not (tmp_path / "index.en.html").exists()
    assert (tmp_path / "index.fa.html").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_failing_output_leaves_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_outputs(make_findings(), tmp_path)
    before = bytes_of(tmp_path)

    def fail(*_: object) -> None:
        raise RuntimeError("no GeoPackage today")

    monkeypatch.setattr("ecity_geo.outputs.write.write_geopackage", fail)
    with pytest.raises(RuntimeError, match="no GeoPackage"):
        write_outputs(hostile_findings(), tmp_path)
    assert bytes_of(tmp_path) == before


def test_no_output_names_a_respondent(written: Path) -> None:
    ids = [str(each).encode() for each in make_findings().study.responses.index]
    for name, content in bytes_of(written).items():
        # Base64 letters of the fonts may spell anything.
        plain = re.sub(rb"base64,[A-Za-z0-9+/=]+", b"", content)
        assert not [each for each in ids if each in plain], name


def test_every_output_says_that_the_data_are_synthetic(written: Path) -> None:
    for path in written.rglob("*.html"):
        words = "ساختگی" if path.name.endswith(".fa.html") else "synthetic"
        assert words in Reader(path.read_text("utf-8")).text, path.name
    for path in written.rglob("*.json"):
        if path.parent.name != ".ecity-geo":
            assert json.loads(path.read_text("utf-8"))["synthetic"] is True, path.name


def test_figures_say_as_files_what_they_show_and_that_it_is_synthetic(written: Path) -> None:
    figures = sorted((written / "figures").glob("*.svg"))
    assert figures
    for path in figures:
        lang = path.name.split(".")[-2]
        svg = ET.fromstring(path.read_text("utf-8"))  # noqa: S314  our own output
        said = [element.text or "" for element in svg.iter() if element.tag.endswith("}text")]
        badge = text("common.synthetic", lang)
        city_name = make_findings().study.name.text(lang)
        assert any(badge in line for line in said), path.name
        assert any(city_name in line for line in said[:2]), path.name
        assert city_name in svg[0].text
        assert svg[1].text == badge


def test_a_note_beside_the_csv_tables_says_that_they_are_synthetic(tmp_path: Path) -> None:
    findings = make_findings()
    write_outputs(findings, tmp_path, languages=["en"])
    note = (tmp_path / "tables" / "SYNTHETIC.txt").read_text("utf-8")
    assert "synthetic data" in note
    assert "ساختگی" in note
    real = replace(findings, study=replace(findings.study, synthetic=False))
    write_outputs(real, tmp_path, languages=["en"])
    assert not (tmp_path / "tables" / "SYNTHETIC.txt").exists()
    for path in (tmp_path / "figures").glob("*.svg"):
        assert "synthetic" not in path.read_text("utf-8")


def test_tables_for_spreadsheets_begin_with_a_mark(written: Path) -> None:
    for path in (written / "tables").glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name
    assert not (written / "tables" / "ranking.json").read_bytes().startswith(b"\xef\xbb\xbf")


def test_siting_card_numbers_the_sites(written: Path) -> None:
    html = (written / "index.en.html").read_text("utf-8")
    assert html.count('r="11"') == 2


def test_one_map_goes_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write_map(make_findings(), "gaps", "fa", tmp_path / "gaps.html")
    assert 'lang="fa"' in path.read_text("utf-8")
    with pytest.raises(InputError, match="Make the folder first"):
        write_map(make_findings(), "gaps", "fa", tmp_path / "no" / "gaps.html")


def history() -> Findings:
    study = {
        "sources": (
            Source(role="survey", path="survey/responses.csv", sha256="ab" * 32),
            Source(role="streets", path="/home/user/city/streets.gpkg", sha256="cd" * 32),
        ),
        "tallies": (Tally(source="C:\\data\\services.csv", role="services", read=4, matched=4),),
        "repairs": (Repair(source="a.csv", kind="encoding", count=1, detail="cp1256"),),
    }
    return make_findings(study=study)


def test_run_record_tells_inputs_options_and_plans() -> None:
    run = json.loads(runinfo.to_json(runinfo.run_info(history())))
    assert run["schema_version"] == 1
    assert run["inputs"][0] == {
        "role": "survey",
        "path": "survey/responses.csv",
        "sha256": "ab" * 32,
    }
    assert run["options"]["standard"] == 15
    assert run["crs"]["code"] == "EPSG:32638"
    assert run["repairs"][0]["kind"] == "encoding"
    assert run["plans"]["mclp"]["sites"] == ["s1", "s2"]
    assert "seconds" not in run["plans"]["mclp"]
    assert run["versions"]["ecity_geo"] == ecity_geo.__version__
    assert {"numpy", "gdal", "geos", "proj"} <= set(run["versions"])


def test_run_record_names_no_folder_of_the_machine() -> None:
    run = json.loads(runinfo.to_json(runinfo.run_info(history())))
    assert run["inputs"][1]["path"] == "streets.gpkg"
    assert run["rows"][0]["source"] == "services.csv"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_run_record_has_null_for_what_is_no_number(value: float) -> None:
    findings = make_findings()
    odd = replace(findings, city=findings.city | {"mean_cost": value, "gini": 1 / 3})
    run = json.loads(runinfo.to_json(runinfo.run_info(odd)))
    assert run["city"]["mean_cost"] is None
    assert run["city"]["gini"] == 0.333333333


def test_no_output_names_the_folder_of_the_inputs(tmp_path: Path) -> None:
    inputs = tmp_path / "somebody" / "city"
    path = city.write_city(
        inputs,
        study={
            "survey": {
                "path": str(inputs / "responses.csv"),
                "instrument": str(inputs / "instrument.toml"),
            },
            "services": {"path": str(inputs / "services.csv")},
        },
    )
    outputs = write_outputs(ecity_geo.analyse(ecity_geo.load_study(path)), tmp_path / "maps")
    assert [each.name for each in outputs if b"somebody" in each.read_bytes()] == []
    assert "responses.csv" in (tmp_path / "maps" / "tables" / "tallies.csv").read_text("utf-8")
