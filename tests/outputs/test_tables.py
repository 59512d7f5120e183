"""Findings as CSV and JSON: every column is in the dictionary, every number as it was found."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.findings import Findings
from ecity_geo.inputs.schema import Repair, Tally
from ecity_geo.outputs import tables as tabling
from ecity_geo.outputs.runinfo import run_info
from ecity_geo.outputs.runinfo import to_json as to_run
from ecity_geo.outputs.tables import check_table, columns, tables, to_csv, to_json, to_text
from outputs.factory import make_findings

TALLY = Tally(source="responses.csv", role="survey", read=65, matched=64, unmatched=1)
REPAIR = Repair(source="services.csv", kind="reprojected", count=4, detail="EPSG:4326 to UTM")
MATCHES = pd.DataFrame(
    {
        "source": ["responses.csv"] * 3 + ["services.csv"],
        "value": ["منطقه يك", "2", "4", "4"],
        "matched": ["1", "2", "4", "4"],
        "tier": [1, 0, 0, 0],
        "rows": [20, 20, 2, 2],
    }
)


def with_history(**changes: Any) -> Findings:
    study = {"tallies": (TALLY,), "repairs": (REPAIR,), "matches": MATCHES}
    return make_findings(study=study, **changes)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return with_history()


@pytest.fixture(scope="module")
def made(findings: Findings) -> dict[str, pd.DataFrame]:
    return tables(findings)


def test_every_column_is_in_the_dictionary_and_the_reverse(made: dict[str, pd.DataFrame]) -> None:
    for table, frame in made.items():
        listed = [column.name for column in columns() if column.table == table]
        plain = [name for name in listed if not name.endswith("*")]
        families = [name[:-1] for name in listed if name.endswith("*")]
        assert [name for name in frame if name in plain] == plain, table
        extra = [name for name in frame if name not in plain]
        assert all(any(name.startswith(stem) for stem in families) for name in extra), table


def test_the_dictionary_is_whole() -> None:
    layers = {"check", "catchments", "demand", "refined_sites", "pareto_front"}
    layers |= {"robust_sites", "price_of_fairness"}
    assert {column.table for column in columns()} == {*tabling.table_names(), *layers}
    for column in columns():
        assert column.meaning.fa, column
        assert column.meaning.en, column
        assert (column.digits is None) <= (column.unit == ""), column
    names = [(column.table, column.name) for column in columns()]
    assert len(names) == len(set(names))


def test_constructs_have_a_column_each(made: dict[str, pd.DataFrame]) -> None:
    names = list(made["districts"])
    at = names.index("readiness_reason")
    assert names[at + 1 : at + 3] == ["readiness_technical", "readiness_people"]


def test_numbers_are_those_of_the_findings(
    made: dict[str, pd.DataFrame], findings: Findings
) -> None:
    expected = {
        "ranking": findings.ranking.table["score"],
        "districts": findings.districts["population"],
        "fabrics": findings.fabrics["people_uncovered"],
        "readiness": findings.readiness["mean"],
        "services": findings.services["people_within"],
        "sites": findings.sites["added"],
    }
    for table, column in expected.items():
        found = made[table][column.name].to_numpy()
        np.testing.assert_allclose(found, column.to_numpy(dtype=float), atol=1e-4)


def test_ranking_keeps_its_order_and_finds_names_by_id(made: dict[str, pd.DataFrame]) -> None:
    ranking = made["ranking"]
    assert ranking["district_id"].tolist() == ["1", "3", "2", "4", "5", "6"]
    assert ranking["name_en"].tolist()[:3] == ["District 1", "District 3", "District 2"]


def test_coordinates_are_those_of_proj(made: dict[str, pd.DataFrame], findings: Findings) -> None:
    degrees = findings.services.to_crs("EPSG:4326").geometry
    np.testing.assert_allclose(made["services"]["lon"], degrees.x, atol=1e-6)
    np.testing.assert_allclose(made["services"]["lat"], degrees.y, atol=1e-6)
    assert "geometry" not in made["services"]


def test_labels_stand_beside_the_codes(made: dict[str, pd.DataFrame]) -> None:
    fabrics = made["fabrics"].set_index("fabric")
    assert fabrics.loc["informal", "label_fa"] == "غیررسمی"
    assert fabrics.loc["rural", "label_fa"] == "rural"
    readiness = made["readiness"]
    assert readiness.loc[readiness["measure"] == "people", "measure_fa"].unique() == ["مردم"]
    assert readiness.loc[readiness["level"] == "city", "unit_en"].unique() == ["Six squares"]


def test_no_table_has_a_row_per_respondent(
    made: dict[str, pd.DataFrame], findings: Findings
) -> None:
    ids = set(findings.study.responses.index)
    for table, frame in made.items():
        assert not ids & set(frame.astype(str).to_numpy().ravel()), table


def test_count_of_a_withheld_district_is_withheld_in_the_matches_too(
    made: dict[str, pd.DataFrame],
) -> None:
    assert made["matches"]["rows"].tolist() == [20, 20, pd.NA, 2]
    hidden = made["districts"].set_index("district_id").loc["4"]
    assert pd.isna(hidden["readiness_n"])
    assert pd.isna(hidden["readiness"])
    assert hidden["readiness_reason"] == "too_few"


def test_plan_without_a_standard_has_none(made: dict[str, pd.DataFrame]) -> None:
    plans = made["plans"].set_index("model")
    assert plans["standard"].isna().to_dict() == {"mclp": False, "p_median": True}
    assert "seconds" not in plans


@pytest.mark.parametrize("counted", [True, False])
def test_ties_that_were_not_counted_are_missing_and_not_none(*, counted: bool) -> None:
    plans = make_findings().plans
    under = replace(plans["mclp"], model="conditioned_coverage", ties=None)
    findings = make_findings(plans={**(plans if counted else {}), "conditioned": under})
    frame = tables(findings)["plans"].set_index("model")
    assert frame["ties"].dtype == "Int64"
    assert pd.isna(frame.loc["conditioned", "ties"])
    ends = [line.split(",")[11] for line in to_csv(tables(findings)["plans"]).splitlines()]
    assert ends == ["ties", *["0", "0"][: 2 * counted], ""]
    rows = json.loads(to_json(tables(findings)["plans"], name="plans", study=findings.study))
    assert rows["rows"][-1]["ties"] is None
    assert json.loads(to_run(run_info(findings)))["plans"]["conditioned"]["ties"] is None


def test_without_plans_the_tables_keep_their_columns() -> None:
    sites = make_findings().sites.iloc[:0]
    bare = tables(make_findings(plans={}, sites=sites))
    full = tables(make_findings())
    for table in ("sites", "plans", "repairs", "matches"):
        assert bare[table].empty
        assert list(bare[table]) == list(full[table])


def test_check_tells_counts_and_repairs(findings: Findings) -> None:
    frame = check_table(findings.study)
    assert frame["kind"].tolist() == ["read", "matched", "unmatched", "reprojected"]
    assert frame["count"].tolist() == [65, 64, 1, 4]


def test_csv_reads_back(made: dict[str, pd.DataFrame]) -> None:
    for table, frame in made.items():
        again = pd.read_csv(StringIO(to_csv(frame)), dtype={"district_id": str, "matched": str})
        assert list(again) == list(frame), table
        assert len(again) == len(frame), table
        for name in frame:
            if pd.api.types.is_float_dtype(frame[name].dtype):
                np.testing.assert_array_equal(again[name].astype(float), frame[name])


def test_a_byte_order_mark_does_not_trouble_pandas(made: dict[str, pd.DataFrame]) -> None:
    content = (tabling.BYTE_ORDER_MARK + to_csv(made["ranking"])).encode()
    assert next(iter(pd.read_csv(BytesIO(content)))) == "rank"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(1)"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    frame = pd.DataFrame({"name": [text, "plain"], "value": [-1.5, 2.0]})
    rows = list(csv.reader(StringIO(to_csv(frame), newline="")))
    assert rows[1] == ["'" + text.replace("\r", "\n"), "-1.5"]
    assert rows[2] == ["plain", "2.0"]


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_text_cell_begins_a_formula_and_json_keeps_it_whole(text: str) -> None:
    frame = pd.DataFrame({"name": [text]}, dtype=object)
    cell = list(csv.reader(StringIO(to_csv(frame), newline="")))[1:]
    assert not (cell and cell[0] and cell[0][0].startswith(("=", "+", "-", "@", "\t", "\r")))
    stored = json.loads(to_json(frame, name="x", study=make_findings().study))
    assert stored["rows"] == [{"name": text}]


def test_json_has_its_head_and_null_for_missing(
    made: dict[str, pd.DataFrame], findings: Findings
) -> None:
    stored = json.loads(to_json(made["ranking"], name="ranking", study=findings.study))
    assert list(stored) == ["schema_version", "table", "study", "synthetic", "rows"]
    assert (stored["schema_version"], stored["study"], stored["synthetic"]) == (1, "squares", True)
    assert stored["rows"][0]["rank"] == 1
    assert stored["rows"][3]["rank"] is None
    assert list(stored["rows"][0]) == list(made["ranking"])


def test_an_empty_table_is_valid_json(findings: Findings) -> None:
    stored = json.loads(to_json(pd.DataFrame(), name="sites", study=findings.study))
    assert stored["rows"] == []


def test_infinite_and_minus_zero_never_reach_a_file() -> None:
    findings = make_findings()
    districts = findings.districts.assign(mean_cost=np.inf, gap_index=-1e-9)
    shaped = tables(replace(findings, districts=districts))["districts"]
    assert shaped["mean_cost"].isna().all()
    assert "-0.0" not in to_csv(shaped)


def test_numbers_are_rounded_as_the_dictionary_says() -> None:
    findings = make_findings()
    districts = findings.districts.assign(readiness=1 / 3, population=2 / 3)
    shaped = tables(replace(findings, districts=districts))["districts"]
    assert shaped["readiness"].unique() == [0.3333]
    assert shaped["population"].unique() == [0.7]


def test_text_is_aligned_and_harmless() -> None:
    frame = pd.DataFrame({"name": ["[red]a[/red]", "b\x1b[31m"], "value": [1, 20]})
    lines = to_text(frame).splitlines()
    assert "[red]a[/red]" in lines[-2]
    assert "\x1b" not in to_text(frame)
    assert lines[-2].endswith(" 1")
    assert len(lines[-2]) == len(lines[-1])


def test_writing_a_table_does_not_load_the_map_library() -> None:
    code = (
        "import sys, ecity_geo.outputs.tables; "
        "print([m for m in ('folium', 'fontTools', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
