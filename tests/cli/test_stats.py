"""``ecity-geo audit`` and ``ecity-geo stats``: tables, CSV, JSON, words and exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import city
from ecity_geo import cli, cli_stats, survey_findings
from ecity_geo.datasets import shipped_study_path
from ecity_geo.survey_findings import CHAPTERS

PAPER = Path(__file__).parents[2] / "data" / "survey" / "published.json"
TABLES = list(survey_findings.TABLES)
# Tables that the small city of these tests has no data for.
MORE = [
    *(name for part in ("regression", "path", "soar", "compare") for name in CHAPTERS[part]),
    *("content", "invariance"),
]
PLAIN = [name for name in TABLES if name not in (*MORE, "modification", "groups", "group-pairs")]


def call(*words: str | Path) -> Result:
    group = cli.Commands("ecity-geo", commands=[cli_stats.audit, cli_stats.stats])
    result = CliRunner().invoke(group, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four squares, whose respondents do not agree to the letter, one item reversed."""
    rng = np.random.default_rng(1)
    frame = city.responses()
    noise = rng.integers(-1, 2, (len(frame), len(city.ITEMS)))
    items = list(city.ITEMS)
    frame[items] = (frame[items] + noise).clip(1, 5)
    frame["habit"] = 6 - frame["habit"]
    instrument = city.INSTRUMENT + "reverse = true\n"
    folder = tmp_path_factory.mktemp("city")
    return city.write_city(folder, responses=frame, instrument=instrument)


# --- audit


def test_audit_as_json_is_a_list_of_verdicts() -> None:
    result = call("audit", PAPER, "--format", "json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert all(list(row) == ["table", "cell", "verdict", "why"] for row in rows)
    # Counts of the reference audit.
    assert "52 impossible, 2 doubtful, 48 possible" in result.stderr
    assert len(rows) == 102
    first = next(row for row in rows if row["cell"] == "local_network.t")
    assert (first["table"], first["verdict"]) == ("2", "impossible")


def test_audit_as_csv_and_table_hold_the_same_cells() -> None:
    rows = list(csv.DictReader(io.StringIO(call("audit", PAPER, "--format", "csv").stdout)))
    assert len(rows) == 102
    table = call("audit", PAPER).stdout
    assert all(row["cell"] in table for row in rows)
    assert "\n\n" not in table


def test_bad_file_of_figures_ends_with_one_and_names_all(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text('{"study": {"n": 0}, "t": {"rows": [{"item": "a", "mean": "x"}]}}')
    result = call("audit", path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "figures.json, study" in result.stderr
    assert "t, row 1 (a)" in result.stderr


def test_missing_file_is_bad_data_and_missing_word_is_usage(tmp_path: Path) -> None:
    assert call("audit", tmp_path / "none.json").exit_code == 1
    assert call("audit").exit_code == 2


# --- stats


def test_all_tables_come_as_one_object(study: Path) -> None:
    result = call("stats", study, "--format", "json")
    assert result.exit_code == 0, result.stderr
    told = {line.split(":")[0] for line in result.stderr.splitlines()}
    # The squares have no outcome, panel or SOAR sheet, and no groups large enough for invariance.
    own = [name for name in TABLES if name not in (*MORE, *told)]
    assert list(json.loads(result.stdout)) == own


def test_the_shipped_study_has_every_table() -> None:
    result = call("stats", "--format", "json", "--bootstrap", "100", "--compare", PAPER)
    assert result.exit_code == 0, result.stderr
    # Every figure that the paper prints.
    assert len(json.loads(result.stdout)) == 155
    result = call("stats", "--format", "json", "--bootstrap", "100")
    assert result.exit_code == 0, result.stderr
    assert {*json.loads(result.stdout), "invariance", "compare"} == set(TABLES)
    assert "invariance: By district" in result.stderr


@pytest.mark.parametrize("what", PLAIN)
def test_each_table_comes_alone_in_each_format(study: Path, what: str) -> None:
    rows = json.loads(call("stats", study, what, "--format", "json").stdout)
    lines = list(csv.DictReader(io.StringIO(call("stats", study, what, "--format", "csv").stdout)))
    assert rows
    assert [list(row) for row in rows] == [list(line) for line in lines]
    text = call("stats", study, what).stdout
    assert all(name in text for name in rows[0])


def test_numbers_are_those_of_pandas_and_the_reversed_item_is_turned_round(study: Path) -> None:
    answers = pd.read_csv(study.parent / "responses.csv")
    rows = json.loads(call("stats", study, "one-sample", "--format", "json").stdout)
    means = {row["item"]: row["mean"] for row in rows}
    assert means["network"] == pytest.approx(answers["network"].mean(), rel=1e-5)
    assert means["habit"] == pytest.approx(6 - answers["habit"].mean(), rel=1e-5)
    items = json.loads(call("stats", study, "items", "--format", "json").stdout)
    assert min(row["item_rest"] for row in items) > 0.3


def test_a_test_value_off_the_scale_is_refused(study: Path) -> None:
    for value in ("9", "nan"):
        result = call("stats", study, "one-sample", "--test-value", value)
        assert result.exit_code == 3
        assert f"A test value of {value} lies outside the scale of the answers, 1 to 5" in (
            result.stderr
        )


def test_words_and_figures_have_the_test_value_that_was_asked_for(study: Path) -> None:
    page = call("stats", study, "one-sample", "--test-value", "4.5", "--format", "html").stdout
    assert "4.5" in re.sub("<table.*?</table>", "", page, flags=re.DOTALL)
    assert "below 3" not in page


def test_test_value_moves_the_verdict(study: Path) -> None:
    rows = json.loads(
        call("stats", study, "one-sample", "--test-value", "5", "--format", "json").stdout
    )
    assert {row["verdict"] for row in rows} == {"below"}


def test_population_sets_the_margin() -> None:
    result = call(
        "stats", shipped_study_path(), "sample-size", "--population", "1400", "--format", "json"
    )
    row = json.loads(result.stdout)[0]
    # The paper: 182 of 1,400 experts; reference audit: margin 0.068, 302 needed.
    assert (row["n"], row["cochran_5_percent"]) == (182, 302)
    assert row["margin"] == pytest.approx(0.068, abs=5e-4)


def test_shipped_survey_has_the_published_alpha() -> None:
    result = call("stats", shipped_study_path(), "reliability", "--format", "json")
    assert json.loads(result.stdout)[-1]["alpha"] == pytest.approx(0.712, abs=5e-4)


def test_allocation_adds_up_to_the_respondents(study: Path) -> None:
    rows = json.loads(call("stats", study, "allocation", "--format", "json").stdout)
    # 1,000, 2,000, 3,000 and 4,000 people; 40 respondents.
    assert [row["proportional"] for row in rows] == [4, 8, 12, 16]


def test_posthoc_and_correction_are_named_in_the_table(study: Path) -> None:
    words = ("--posthoc", "wilcoxon", "--correction", "bh", "--format", "json")
    rows = json.loads(call("stats", study, "pairs", *words).stdout)
    assert {(row["method"], row["correction"]) for row in rows} == {("wilcoxon", "bh")}
    assert len(rows) == 6


def test_csv_of_all_tables_is_a_usage_error(study: Path) -> None:
    result = call("stats", study, "--format", "csv")
    assert result.exit_code == 2
    assert "one table" in result.stderr


def test_what_cannot_be_told_does_not_hide_the_rest(tmp_path: Path) -> None:
    # In the untouched squares everybody answers all items alike.
    path = city.write_city(tmp_path)
    result = call("stats", path, "--format", "json")
    assert result.exit_code == 0
    assert "friedman: " in result.stderr
    tables = json.loads(result.stdout)
    assert {"sample-size", "allocation", "one-sample"} <= set(tables)
    assert "friedman" not in tables
    alone = call("stats", path, "friedman")
    assert (alone.exit_code, alone.stdout) == (3, "")
    assert "leave one out" in alone.stderr


def test_unused_weights_are_said(tmp_path: Path) -> None:
    frame = city.responses()
    frame["w"] = np.linspace(0.5, 2, len(frame))
    path = city.write_city(tmp_path, responses=frame, study={"survey": {"weight": "w"}})
    told = call("stats", path, "sample-size").stderr
    assert "used by the tables one-sample and estimates alone" in told


def test_study_and_table_stand_in_either_order(study: Path) -> None:
    assert call("stats", "items", study).stdout == call("stats", study, "items").stdout


def test_without_a_study_the_shipped_one_is_taken_and_said() -> None:
    result = call("stats", "reliability", "--format", "json")
    assert json.loads(result.stdout)[-1]["alpha"] == pytest.approx(0.712, abs=5e-4)
    assert "Tabriz" in result.stderr


def test_a_chapter_gives_its_tables_and_as_csv_the_first(study: Path) -> None:
    names = survey_findings.CHAPTERS["ranks"]
    assert tuple(json.loads(call("stats", study, "ranks", "--format", "json").stdout)) == names
    csv_text = call("stats", study, "ranks", "--format", "csv").stdout
    assert csv_text == call("stats", study, names[0], "--format", "csv").stdout


def test_a_word_that_is_no_table_is_a_usage_error(study: Path) -> None:
    for words in ((study, "friedmann"), ("friedmann",), (study, "items", "pairs")):
        result = call("stats", *words)
        assert result.exit_code == 2
        assert "mean-ranks" in result.stderr


def test_bad_study_ends_with_one(tmp_path: Path) -> None:
    assert call("stats", tmp_path / "none.toml").exit_code == 1


def test_published_figures_stand_beside_ours() -> None:
    result = call("stats", "--compare", PAPER, "--format", "json")
    rows = {(row["table"], row["cell"]): row for row in json.loads(result.stdout)}
    assert rows["method", "n"]["agrees"] == "by construction"
    assert rows["2", "security.t"]["agrees"] == "no"
    assert rows["2", "security.t"]["audit"] == "impossible"
    # SOAR sums were made to fit.
    assert rows["7", "soar.results"]["ours"] == pytest.approx(1.851)


def test_compare_takes_no_other_table() -> None:
    result = call("stats", "friedman", "--compare", PAPER)
    assert result.exit_code == 2
    assert "leave out" in result.stderr


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_html_is_a_page_of_its_own(study: Path, lang: str) -> None:
    result = call("stats", study, "ranks", "--format", "html", "--lang", lang, "--digits", "en")
    assert result.stdout.startswith("<!DOCTYPE html>")
    assert 'href="' not in result.stdout.replace('href="#', "")
    assert result.stdout.count("<table>") == 3
    figures = re.findall(r'<td class="number"><bdi[^>]*>([^<]*)', result.stdout)
    assert figures
    assert not set("۰۱۲۳۴۵۶۷۸۹") & set("".join(figures))


def test_other_words_for_a_chapter_do(study: Path) -> None:
    ours = json.loads(call("stats", study, "cfa", "--format", "json").stdout)
    assert ours == json.loads(call("stats", study, "measurement", "--format", "json").stdout)
    assert "loadings" in ours
