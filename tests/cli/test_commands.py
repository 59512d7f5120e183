"""The command line: data on stdout, words on stderr, stable keys and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import city
from ecity_geo import cli
from ecity_geo.inputs.conditions import MODELS


def call(*words: str | Path) -> Result:
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city.write_city(tmp_path_factory.mktemp("city"))


def test_help_names_every_command() -> None:
    out = call("--help").stdout
    assert all(name in out for name in ["run", "check", "rank", "site", "map", "new", "demo"])


def test_rank_json_keys_are_stable(study: Path) -> None:
    payload = json.loads(call("rank", study, "--format", "json").stdout)
    assert payload["schema_version"] == 1
    assert payload["synthetic"] is False
    first = payload["rows"][0]
    assert list(first) == [
        "rank",
        "district_id",
        "name_fa",
        "name_en",
        "score",
        "rank_low",
        "rank_high",
        "readiness",
        "coverage",
        "access",
        "reason",
    ]
    assert first["district_id"] == "1"
    assert first["rank"] == 1


def test_rank_csv_is_one_header_and_a_row_per_district(study: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(call("rank", study, "--format", "csv").stdout)))
    assert rows[0]["district_id"] == "1"
    assert len(rows) == 4


def test_rank_table_is_for_reading(study: Path) -> None:
    result = call("rank", study)
    assert "District four" in result.stdout
    assert "coverage (rescaled)" in result.stdout
    assert "0 is the worst district, 1 the best" in result.stderr


def test_site_takes_p_and_model(study: Path) -> None:
    result = call("site", study, "-p", "2", "--model", "p_median", "--format", "json")
    rows = json.loads(result.stdout)["rows"]
    assert [row["model"] for row in rows] == ["p_median", "p_median"]
    assert "gap" in result.stderr


def test_site_standard_changes_the_answer(study: Path) -> None:
    near, far = (
        json.loads(
            call(
                "site", study, "--model", "mclp", "--standard", standard, "--format", "json"
            ).stdout
        )["rows"][0]["added"]
        for standard in ("200", "800")
    )
    assert far > near


def test_more_sites_than_candidates_is_no_valid_answer(study: Path) -> None:
    result = call("site", study, "-p", "5000")
    assert result.exit_code == 3
    assert "5000" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("model", MODELS)
def test_site_takes_every_model(study: Path, model: str) -> None:
    count = [] if model == "lscp" else ["-p", "2"]
    result = call("site", study, *count, "--model", model, "--format", "json")
    rows = json.loads(result.stdout)["rows"]
    assert {row["model"] for row in rows} == {model}
    assert list(rows[0]) == [
        *("model", "order", "site_id", "name_fa", "name_en", "district_id", "fabric"),
        *("added", "cumulative", "share", "x", "y", "lon", "lat"),
        *("kind", "reached", "nearest", "mean_cost"),
    ]
    assert "gap 0.00%" in result.stderr


@pytest.mark.parametrize("model", ["lscp", "mclp"])
def test_site_says_whom_an_optimal_plan_leaves_and_what_would_reach_them(
    model: str, study: Path
) -> None:
    result = call("site", study, "--model", model, "--standard", "1")
    told = " ".join(result.stderr.split())
    assert "people within the standard (" in told
    left = re.search(
        r"\(([\d,]+) people\) lie beyond 1 (?:m|min) from every site that could be open: .*; "
        r"a standard of ([\d.]+) ",
        told,
    )
    assert left is not None, told
    whole = float(re.findall(r"of ([\d,]+) people", told)[0].replace(",", ""))
    assert 0 < float(left[1].replace(",", "")) <= whole
    enough = call("site", study, "--model", model, "--standard", left[2])
    assert "lie beyond" not in enough.stderr


def test_every_command_says_that_a_study_is_synthetic(study: Path, tmp_path: Path) -> None:
    made_up = city.write_city(tmp_path)
    text = made_up.read_text(encoding="utf-8")
    made_up.write_text(text.replace("[study]\n", "[study]\nsynthetic = true\n", 1), "utf-8")
    for command in ("check", "rank", "site"):
        assert "synthetic data." in call(command, made_up, "--format", "csv").stderr
    assert "synthetic" not in call("rank", study, "--format", "csv").stderr


def test_site_keeps_a_floor_and_a_budget(study: Path) -> None:
    result = call("site", study, "-p", "4", "--floor", "0.5", "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 4
    result = call("site", study, "--budget", "2", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["model"] for row in rows] == ["conditioned"] * 2


def test_site_keeps_a_gini_limit_as_the_study_file_does(study: Path, tmp_path: Path) -> None:
    asked = {"models": ["conditioned"], "p": 3, "gini": 0.01, "floor_by": "fabric"}
    written = call("site", city.write_city(tmp_path, study={"siting": asked}), "--format", "csv")
    words = ["-p", "3", "--gini", "0.01", "--floor-by", "fabric", "--format", "csv"]
    given = call("site", study, *words)
    assert given.stdout == written.stdout
    rows = list(csv.DictReader(io.StringIO(given.stdout)))
    assert [row["model"] for row in rows] == ["conditioned"] * 3
    # 8,710 people by enumeration in tests/site_findings; without the limit it is 8,820.
    assert "objective 8,710.0" in given.stderr
    free = call("site", study, "-p", "3", "--model", "conditioned")
    assert "objective 8,820.0" in free.stderr


def test_site_refuses_a_gini_limit_where_all_are_served(tmp_path: Path) -> None:
    asked = {"models": ["conditioned"], "objective": "travel"}
    result = call("site", city.write_city(tmp_path, study={"siting": asked}), "--gini", "0.2")
    assert result.exit_code == 2
    assert "leave out --gini" in result.stderr


def test_study_file_with_conditions_that_bind_nothing_is_refused(tmp_path: Path) -> None:
    asked = {"models": ["conditioned"], "gini": 1.5, "single_source": True}
    result = call("site", city.write_city(tmp_path, study={"siting": asked}))
    assert result.exit_code == 1
    assert 'field "siting.gini": found 1.5, expected a number at least 0 and at most 1' in (
        " ".join(result.stderr.split())
    )
    assert "people_per_capacity" in result.stderr
    assert result.stdout == ""


def test_site_says_which_condition_cannot_be_kept(study: Path) -> None:
    for words, told in (
        ("--floor 0.99", "a floor of"),
        ("--gini 0", "a Gini limit of"),
    ):
        result = call("site", study, "-p", "1", *words.split())
        assert result.exit_code == 3
        assert told in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--floor 0.5 --model mclp", "conditioned alone"),
        ("--budget 2 --model lscp", "conditioned alone"),
        ("--budget 2 -p 2", "leave out -p"),
        ("--model lscp -p 2", "lscp finds how many sites it takes"),
        ("--gini 0.2 --model p_median", "conditioned alone"),
        ("--floor-by fabric", "give --floor too, or --gini"),
        ("--curve 3 --gini 0.2", "leave out -p"),
        ("--front fairness --gini 0.2", "leave out --gini"),
        ("--refine 100 --gini 0.2", "mclp or p_median"),
        ("--gini 20", "'--gini'"),
        ("--gini nan", "'--gini'"),
        ("--curve 3 --model p_median", "leave out -p"),
        ("--curve 3 --floor 0.5", "leave out -p"),
        ("--curve 3 -p 3", "leave out -p"),
    ],
)
def test_what_would_be_ignored_is_a_usage_error(words: str, told: str, study: Path) -> None:
    result = call("site", study, *words.split())
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_number_of_sites_replaces_the_budget_of_the_study(tmp_path: Path) -> None:
    study = city.write_city(tmp_path)
    old = study.read_text(encoding="utf-8")
    new = '[siting]\nmodels = ["conditioned"]\nbudget = 1\n'
    study.write_text(old.replace("[siting]\n", new), encoding="utf-8")
    counts = [
        len(json.loads(call("site", study, *more, "--format", "json").stdout)["rows"])
        for more in ([], ["-p", "3"], ["--budget", "2"])
    ]
    assert counts == [1, 3, 2]


def test_curve_says_what_each_more_site_brings(study: Path) -> None:
    rows = json.loads(call("site", study, "--curve", "3", "--format", "json").stdout)["rows"]
    assert list(rows[0]) == [
        *("p", "covered", "share", "added", "bound", "gap", "kept", "sites"),
    ]
    assert [row["p"] for row in rows] == [0, 1, 2, 3]
    assert (rows[0]["added"], rows[0]["sites"]) == (None, "")
    assert rows[1]["added"] == pytest.approx(rows[1]["covered"] - rows[0]["covered"])
    one = json.loads(call("site", study, "-p", "3", "--model", "mclp", "--format", "json").stdout)
    assert rows[3]["covered"] == pytest.approx(one["rows"][-1]["cumulative"])
    assert call("site", study, "--curve", "5000").exit_code == 3


def test_refine_moves_sites_and_says_what_that_brings(study: Path) -> None:
    asked = ("site", study, "-p", "2", "--standard", "300")
    plan = json.loads(call(*asked, "--model", "mclp", "--format", "json").stdout)["rows"]
    rows = json.loads(call(*asked, "--refine", "200", "--format", "json").stdout)["rows"]
    assert list(rows[0]) == [
        *("model", "order", "site_id", "district_id", "moved", "gain", "before", "after"),
        *("x", "y", "lon", "lat"),
    ]
    assert [row["model"] for row in rows] == ["mclp"] * 2 + ["p_median"] * 2
    assert rows[0]["before"] == plan[-1]["cumulative"]
    assert rows[0]["after"] == rows[0]["before"] + rows[0]["gain"] + rows[1]["gain"]
    assert rows[2]["after"] <= rows[2]["before"]
    assert all(row["moved"] <= 200 for row in rows)
    result = call("site", study, "--model", "lscp", "--refine", "200")
    assert result.exit_code == 2
    assert "mclp or p_median" in result.stderr


def test_sites_of_a_study_along_streets_move_to_junctions(tmp_path: Path) -> None:
    study = city.write_city(tmp_path, streets=True)
    asked = ("-p", "2", "--standard", "2", "--refine", "300", "--format", "json")
    rows = json.loads(call("site", study, *asked).stdout)["rows"]
    for row in rows:
        assert row["moved"] == 0 or (row["x"] % 250, row["y"] % 250) == (0, 0)
    assert any(row["moved"] > 0 for row in rows)


def test_check_counts_rows(study: Path) -> None:
    rows = json.loads(call("check", study, "--format", "json").stdout)["rows"]
    assert rows
    assert all(key in rows[0] for key in ("source", "kind"))


def test_run_writes_and_names_the_page_to_open(study: Path, tmp_path: Path) -> None:
    result = call("run", study, "--out", tmp_path / "maps", "--lang", "en")
    assert result.exit_code == 0
    page = Path(result.stdout.strip())
    assert page.name == "index.html"
    assert page.exists()
    assert not (page.parent / "index.fa.html").exists()


def test_map_writes_one_page(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "gaps.html"
    assert call("map", study, "gaps", "--lang", "fa", "--out", out).exit_code == 0
    assert 'dir="rtl"' in out.read_text(encoding="utf-8")


def test_new_writes_a_starter_and_will_not_write_over_it(tmp_path: Path) -> None:
    result = call("new", tmp_path / "mine")
    assert result.exit_code == 0
    assert (tmp_path / "mine" / "study.toml").exists()
    assert call("new", tmp_path / "mine").exit_code == 1


def test_strict_turns_repairs_into_errors(tmp_path: Path) -> None:
    # Coordinates of the services are reprojected: a repair.
    study = city.write_city(tmp_path)
    assert call("check", study).exit_code == 0
    assert call("check", study, "--strict").exit_code == 1


@pytest.mark.parametrize(
    "words",
    [["fly"], ["rank"], ["rank", "x.toml", "--format", "xml"], ["site", "x.toml", "-p", "0"]],
)
def test_wrong_words_are_usage_errors(words: list[str]) -> None:
    assert call(*words).exit_code == 2


def test_missing_study_is_bad_data_not_a_traceback(tmp_path: Path) -> None:
    result = call("rank", tmp_path / "nothing.toml")
    assert result.exit_code == 1
    assert "nothing.toml" in result.stderr


def test_pipe_to_head_ends_quietly(study: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m ecity_geo rank {study} --format csv | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("rank,district_id")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_ctrl_c_ends_with_130_and_keeps_earlier_outputs(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps"
    call("run", study, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    process = subprocess.Popen(
        [sys.executable, "-m", "ecity_geo", "run", str(study), "--out", str(out)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stderr is not None
    first = process.stderr.read(1)  # the first stage is told: the program is at work
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    told, rest = process.communicate(timeout=60)
    err = first + rest
    if process.returncode == -signal.SIGINT:
        assert told  # all was done and said: Python was taking itself down
    else:
        assert process.returncode in (0, 130)
    assert b"Traceback" not in err
    assert {path: path.read_bytes() for path in before} == before


def test_summary_says_when_planned_services_are_in_the_coverage(
    study: Path, tmp_path: Path
) -> None:
    # By hand: k1 and k2 are open, k3 is planned and counts.
    told = call("run", study, "--out", tmp_path / "with").stderr
    assert "with the planned services and the new sites" in told
    alone = city.write_city(tmp_path / "city", study={"siting": {"include_planned": False}})
    told = call("run", alone, "--out", tmp_path / "without").stderr
    assert "% with the new sites" in told
