"""``ecity-geo site --front`` and ``--svg``: what they tell agrees with the models they weigh."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

import city
from ecity_geo import cli
from ecity_geo.cli_plans import amount, percent

KEYS = [
    *("plan", "against", "covered", "share", "price", "travel", "mean", "worst", "group"),
    *("covered_bound", "other_bound", "gap", "status", "n_sites", "sites"),
]
SVG = "{http://www.w3.org/2000/svg}svg"


def call(*words: str | Path) -> Result:
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(*words: str | Path) -> list[dict[str, Any]]:
    result = call("site", *words, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout)["rows"])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city.write_city(tmp_path_factory.mktemp("city"))


def changed(folder: Path, siting: str) -> Path:
    """A study with more keys in its ``[siting]``."""
    path = city.write_city(folder)
    old = path.read_text(encoding="utf-8")
    path.write_text(old.replace("[siting]\n", f"[siting]\n{siting}\n"), encoding="utf-8")
    return path


PLAN_KEYS = [
    *("status", "objective", "bound", "gap", "sites", "closed", "price", "standard", "unit"),
    *("unreachable", "unreachable_people", "need", "ties", "seed", "covered"),
]


def test_json_holds_the_proof_of_each_plan_beside_its_sites(study: Path) -> None:
    result = call("site", study, "-p", "2", "--format", "json")
    told = json.loads(result.stdout)
    assert list(told) == ["schema_version", "table", "study", "synthetic", "rows", "plans"]
    assert list(told["plans"]) == ["mclp", "p_median"]
    plan = told["plans"]["mclp"]
    assert list(plan) == PLAN_KEYS
    own = [row for row in told["rows"] if row["model"] == "mclp"]
    assert plan["sites"] == [row["site_id"] for row in own]
    assert (plan["status"], plan["gap"], plan["seed"]) == ("optimal", 0.0, 0)
    assert plan["objective"] == plan["bound"] == own[-1]["cumulative"]
    by = dict.fromkeys(("district", "fabric"), 0.0)
    for group in plan["covered"]:
        by[group["level"]] += group["covered"]
        assert group["people"] == city.PEOPLE.get(group["group"], group["people"])
    assert by["district"] == by["fabric"] == plan["objective"]  # everybody lives in one of each


def test_who_is_out_of_reach_is_said_with_the_standard_that_would_do(study: Path) -> None:
    result = call("site", study, "--model", "lscp", "--standard", "60")
    assert result.exit_code == 0
    assert "people) lie beyond 60 m from every site that could be open" in result.stderr
    assert "m would reach all" in result.stderr
    near = call("site", study, "--model", "p_median", "--standard", "60")
    assert "lie beyond" not in near.stderr  # a p-median has no standard


def test_closed_services_and_prices_are_said(tmp_path: Path) -> None:
    siting = 'models = ["conditioned"]\nbudget = 1\nclosing = -1'
    study = changed(tmp_path, siting)
    result = call("site", study, "--format", "json")
    plan = json.loads(result.stdout)["plans"]["conditioned"]
    assert plan["closed"]
    assert f"closes {', '.join(plan['closed'])}." in result.stderr
    assert f"price {plan['price']:g}." in result.stderr


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.3624, "0.3624"), (155.0, "155"), (22_685_461.5, "22,685,461.5"), (0.0, "0")],
)
def test_small_objectives_keep_their_digits(value: float, told: str) -> None:
    assert amount(value) == told


@pytest.mark.parametrize(
    ("share", "told"), [(0.0, "0.00%"), (0.0123, "1.23%"), (4e-5, "0.004%"), (0.0001, "0.01%")]
)
def test_a_small_gap_is_not_told_as_none(share: float, told: str) -> None:
    assert percent(share) == told


def test_front_against_price_is_the_curve_where_each_site_costs_the_same(study: Path) -> None:
    found = rows(study, "--front", "price", "--budget", "4")
    assert all(list(row) == KEYS for row in found)
    curve = {row["p"]: row["covered"] for row in rows(study, "--curve", "4")}
    assert [row["price"] for row in found] == [0, 1, 2, 3, 4]
    for row in found:
        assert (row["covered"], row["status"]) == (curve[row["n_sites"]], "optimal")
        assert row["n_sites"] == len(row["sites"].split())
        assert (row["travel"], row["worst"], row["group"]) == (None, None, None)


def test_ends_of_the_front_against_travel_are_the_two_models(study: Path) -> None:
    found = rows(study, "--front", "travel", "-p", "2")
    nearest = rows(study, "-p", "2", "--model", "p_median")[-1]["cumulative"]
    most = rows(study, "-p", "2", "--model", "mclp")[-1]["cumulative"]
    assert found[0]["travel"] == pytest.approx(nearest)
    assert found[-1]["covered"] == pytest.approx(most)
    assert found[0]["mean"] == pytest.approx(nearest / 10_000, abs=0.001)  # the people of the city
    assert {row["against"] for row in found} == {"travel"}


@pytest.mark.parametrize("groups", ["district", "fabric"])
def test_front_against_fairness_ends_at_the_most_people(study: Path, groups: str) -> None:
    found = rows(study, "--front", "fairness", "-p", "2", "--floor-by", groups)
    most = rows(study, "-p", "2", "--model", "mclp")[-1]["cumulative"]
    assert found[-1]["covered"] == pytest.approx(most)
    shares = [row["worst"] for row in found]
    assert shares == sorted(shares, reverse=True)
    units = city.FABRIC.values() if groups == "fabric" else city.PEOPLE
    assert {row["group"] for row in found} <= set(units)


def test_front_takes_prices_and_budget_of_the_study(tmp_path: Path) -> None:
    kinds = "kinds.kiosk.price = 2.5\nkinds.office.price = 3"
    study = changed(tmp_path, f'models = ["conditioned"]\nbudget = 6\n{kinds}')
    counted = [0, 2.5, 5]  # at the price of the cheaper kind; a third one is beyond the budget
    assert [row["price"] for row in rows(study, "--front", "price")] == counted
    dearer = rows(study, "--front", "price", "--budget", "8")
    assert [row["price"] for row in dearer] == [*counted, 7.5]


def test_front_says_whether_it_is_whole(study: Path) -> None:
    whole = call("site", study, "--front", "travel", "-p", "2")
    assert whole.exit_code == 0
    assert "that no other betters in both coverage and travel, each proven" in whole.stderr
    hasty = call("site", study, "--front", "travel", "-p", "3", "--time-limit", "0.000001")
    assert hasty.exit_code == 0
    assert "the time was over before all were found" in hasty.stderr
    assert "time_limit" in hasty.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--front price --curve 3", "--curve and --front tell a table of their own each"),
        ("--front price --refine 100", "--front and --refine tell"),
        ("--curve 2 --refine 100", "--curve and --refine tell"),
        ("--front travel --model mclp", "leave out --model"),
        ("--front fairness --floor 0.5", "leave out --floor"),
        ("--front price -p 3", "leave out -p"),
        ("--front travel --budget 3", "leave out --budget"),
        ("--front travel --floor-by fabric", "leave out --floor-by"),
        ("--refine 100 --floor 0.5", "mclp or p_median"),
        ("--svg figure.svg", "--curve or --front: give one"),
        ("--curve 3 --svg figure.png", "not .png: name it figure.svg"),
        ("--curve 3 --svg figure", "a file without a suffix: name it figure.svg"),
        ("--curve 3 --lang fa", "give --svg too"),
        ("--front beauty", "'price', 'travel', 'fairness'"),
        ("--standard nan", "nan is not a finite number"),
        ("--standard inf", "inf is not a finite number"),
        ("--floor nan", "nan is not a finite number"),
        ("--budget inf", "inf is not a finite number"),
        ("--refine nan", "nan is not a finite number"),
        ("--time-limit nan", "nan is not a finite number"),
        ("--standard 0", "0.0 is not in the range"),
    ],
)
def test_what_makes_no_sense_together_is_a_usage_error(words: str, told: str, study: Path) -> None:
    result = call("site", study, *words.split())
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_front_without_an_answer_is_no_bad_input(study: Path) -> None:
    result = call("site", study, "--front", "travel", "-p", "5000")
    assert result.exit_code == 3
    assert "p = 5000 new sites are asked for" in result.stderr


@pytest.mark.parametrize("lang", ["fa", "en"])
@pytest.mark.parametrize(
    ("asked", "kind"), [(("--curve", "3"), "coverage-curve"), (("--front", "price"), "pareto")]
)
def test_the_figure_is_written_beside_the_table(
    study: Path, tmp_path: Path, asked: tuple[str, ...], kind: str, lang: str
) -> None:
    asked = (*asked, "--budget", "2") if "--front" in asked else asked
    file = tmp_path / "figure.svg"
    plain = call("site", study, *asked)
    drawn = call("site", study, *asked, "--svg", file, "--lang", lang)
    assert (drawn.exit_code, drawn.stdout) == (0, plain.stdout)
    assert b"@font-face" in file.read_bytes()  # as in the figures of a run: Persian everywhere
    root = ET.fromstring(file.read_bytes())  # noqa: S314  our own output
    assert (root.tag, root.get("lang")) == (SVG, lang)
    assert kind in str(root.get("class"))
    assert "font-face" in file.read_text("utf-8")
    assert ":" in str(root[0].text)
    assert "desc" not in {each.tag.rpartition("}")[2] for each in root}


def test_a_figure_of_a_synthetic_study_says_so(tmp_path: Path) -> None:
    made_up = city.write_city(tmp_path)
    text = made_up.read_text(encoding="utf-8")
    made_up.write_text(text.replace("[study]\n", "[study]\nsynthetic = true\n", 1), "utf-8")
    call("site", made_up, "--curve", "1", "--svg", tmp_path / "figure.svg")
    assert "synthetic data" in (tmp_path / "figure.svg").read_text("utf-8")


def test_a_figure_that_cannot_be_written_is_said_in_one_sentence(
    study: Path, tmp_path: Path
) -> None:
    result = call("site", study, "--curve", "1", "--svg", tmp_path / "nowhere" / "figure.svg")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert result.stdout == ""
