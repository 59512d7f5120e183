"""``ecity-geo site`` with need, draws and fairness: against the library, and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import city
import ecity_geo
from ecity_geo import cli, siting
from ecity_geo.errors import InputError
from ecity_geo.findings import travel_costs
from ecity_geo.site_findings import need_weights

READINESS = pd.Series({district: float(answer) for district, answer in city.ANSWER.items()})


def call(*words: str | Path) -> Result:
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*words: str | Path) -> dict[str, Any]:
    result = call("site", *words, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return city.write_city(tmp_path_factory.mktemp("city"))


def needy(folder: Path, **keys: Any) -> Path:
    return city.write_city(folder, study={"siting": {"p": 1, **keys}})


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        # Gaps to 5 of the districts: 1, 3, 2, 0 of 4, over people (1000 + 6000 + 6000) / 40000.
        ("readiness", {"1": 10 / 13, "2": 30 / 13, "3": 20 / 13, "4": 1e-6}),
        ("both", {"1": 23 / 26, "2": 43 / 26, "3": 33 / 26, "4": 0.5}),
    ],
)
def test_need_weighs_people_by_the_gap_of_their_district(
    need: str, expected: dict[str, float], tmp_path: Path
) -> None:
    loaded = ecity_geo.load_study(needy(tmp_path, need=need))
    weights = need_weights(loaded, READINESS)
    assert weights is not None
    each = weights / loaded.demand["population"]
    found = each.groupby(loaded.demand["district_id"]).agg(["min", "max"])
    for district, weight in expected.items():
        assert found.loc[district].tolist() == pytest.approx([weight, weight])


def test_need_moves_the_site_and_gains_stay_people(tmp_path: Path) -> None:
    # Without a planned service the square of 2,000 people at readiness 2 has the greater need,
    # and that of 3,000 at 3 more people.
    path = needy(tmp_path, include_planned=False, models=["mclp"])
    alike, by_need = told(path), told(path, "--need", "readiness")
    assert alike["rows"][0]["district_id"] == "3"
    plan = by_need["plans"]["mclp"]
    assert (alike["plans"]["mclp"]["need"], plan["need"]) == ("population", "readiness")
    loaded = ecity_geo.load_study(path)
    costs = travel_costs(loaded)
    asked: dict[str, Any] = {
        "standard": 500,
        "p": 1,
        "candidates": loaded.candidates.index,
        "existing": pd.Index(["k1", "k2"]),
    }
    weights = need_weights(
        ecity_geo.load_study(needy(tmp_path, include_planned=False, need="readiness")), READINESS
    )
    assert weights is not None
    best = siting.mclp(costs, weights, **asked)
    assert plan["objective"] == pytest.approx(best.objective)
    assert plan["sites"] == list(best.sites)
    row = by_need["rows"][0]
    assert row["added"] == row["reached"]  # people, whatever weighs them
    assert "people weighted by readiness gap" in call("site", path, "--need", "readiness").stderr


def test_need_without_a_model_that_reads_it_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"siting\.need"):
        ecity_geo.load_study(needy(tmp_path, models=["lscp"], need="both"))


def test_robust_sites_are_those_of_every_draw_where_all_agree(study: Path) -> None:
    found = told(study, "-p", "2", "--robust", "5")  # all respondents of a district answer alike
    plan = told(study, "-p", "2", "--model", "mclp", "--need", "readiness")["plans"]["mclp"]
    assert found["table"] == "robust_sites"
    assert found["plan"]["sites"] == plan["sites"]
    assert found["plan"]["objective"] == pytest.approx(plan["objective"])
    assert found["regret"] == {"draws": 5, "mean": 0.0, "worst": 0.0}
    assert {row["site_id"] for row in found["rows"]} == set(plan["sites"])
    assert {(row["chosen"], row["in_plan"]) for row in found["rows"]} == {(1.0, True)}
    assert list(found["rows"][0]) == [
        *("site_id", "name_fa", "name_en", "district_id", "chosen", "in_plan"),
    ]
    assert "misses 0.00% of what" in call("site", study, "--robust", "5").stderr


def test_shares_of_draws_add_up_to_the_sites_of_each(tmp_path: Path) -> None:
    answers = city.responses()
    for item in city.ITEMS:
        answers[item] = [1 + (at * 7 + at // 10) % 5 for at in range(len(answers))]
    path = city.write_city(tmp_path, responses=answers)
    words = ("-p", "2", "--robust", "30")
    found = told(path, *words)
    assert sum(row["chosen"] for row in found["rows"]) == pytest.approx(2)
    assert sum(row["in_plan"] for row in found["rows"]) == 2
    assert 0 <= found["regret"]["mean"] <= found["regret"]["worst"]
    assert told(path, *words) == found  # the study's seed


def test_price_of_fairness_is_that_of_the_library(study: Path) -> None:
    words = ("-p", "2", "--price-of-fairness", "--floor", "0.4")
    rows = told(study, *words)["rows"]
    loaded = ecity_geo.load_study(study)
    plans = siting.price_of_fairness(
        travel_costs(loaded),
        loaded.demand["population"],
        standard=loaded.options.standard,
        p=2,
        groups=loaded.demand["district_id"],
        candidates=loaded.candidates.index,
        existing=loaded.services.index,
        floors=[0.4],
    )
    assert [row["plan"] for row in rows] == ["most people", "floor", "fairest"]
    for name in ("covered", "worst", "lost"):
        found = [row[name] for row in rows]
        assert found == pytest.approx(plans[name].round(4).tolist(), abs=1e-4, nan_ok=True)
    assert [row["sites"].split() for row in rows] == [list(each) for each in plans["sites"]]
    stderr = call("site", study, *words).stderr
    assert "most people: covers" in stderr
    assert "costs 0 people (0.00%), optimal." in stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--robust 5 --curve 3", "--curve and --robust tell a table of their own each"),
        ("--robust 5 --model mclp", "--robust asks the model mclp: leave out --model"),
        ("--robust 5 --need population", "leave out --need population"),
        ("--robust 1", "1 is not in the range"),
        ("--price-of-fairness --gini 0.1", "leave out --gini"),
        ("--price-of-fairness --need both", "leave out --need"),
        ("--curve 3 --need both", "--curve counts people: leave out --need"),
        ("--model lscp --need both", "--need is read by mclp"),
    ],
)
def test_what_would_be_ignored_is_refused(words: str, said: str, study: Path) -> None:
    result = call("site", study, *words.split())
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
