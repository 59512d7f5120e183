"""The council page says what was found, in both languages, and runs nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecity_geo.findings import Findings
from ecity_geo.inputs.schema import Repair, Tally
from ecity_geo.outputs import assets, brief, grids, quality, report, site_grids
from ecity_geo.outputs.grid import Grid
from outputs.factory import HOSTILE, hostile_findings, make_findings
from pages import Reader, browser, loaded, outside_addresses

LANGUAGES = ("fa", "en")


def cards(lang: str) -> dict[str, report.Card]:
    return {
        kind: report.Card(
            title=f"Map {kind}",
            sentence="It says so.",
            picture='<svg viewBox="0 0 9 9"></svg>',
            href=f"{kind}.{lang}.html",
        )
        for kind in report.MAPS
    }


def page(findings: Findings, lang: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    return report.council_page(findings, lang, cards(lang), languages=languages)


def column(grid: Grid, label: str) -> list[str]:
    at = [head.label for head in grid.columns].index(label)
    return [row[at].text for row in grid.rows]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_runs_no_script_and_asks_nothing_of_the_network(lang: str) -> None:
    html = page(make_findings(), lang)
    assert outside_addresses(html) == set()
    reader = Reader(html)
    assert reader.scripts == []
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and "content" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    for style in reader.styles:
        assert assets.hash_source(style) in policy
    assert not [tag for tag, attrs in reader.tags if "style" in attrs]


def test_page_leads_to_maps_tables_and_the_other_language() -> None:
    targets = set(loaded(page(make_findings(), "fa")))
    assert {f"{kind}.fa.html" for kind in report.MAPS} <= targets
    assert {"index.en.html", "tables/ranking.csv", "study.gpkg", "run.json"} <= targets
    assert "index.en.html" not in loaded(page(make_findings(), "fa", ("fa",)))


def test_persian_page_runs_from_right_to_left_in_persian_digits() -> None:
    reader = Reader(page(make_findings(), "fa"))
    root = next(attrs for tag, attrs in reader.tags if tag == "html")
    assert (root["lang"], root["dir"]) == ("fa", "rtl")
    assert "۱۵٬۰۰۰" in reader.text
    # What still has Latin digits: sources, a formula, codes, versions, and names from files.
    latin = re.sub(
        r"doi:\S+|EPSG:\d+|\(\d{4}\)|OFL-1\.1|[0-9.]+\.[0-9]+|1 −|© \d+", "", reader.text
    )
    latin = re.sub(r"(District|منطقهٔ|Kiosk|کیوسک|zone|WGS) \d+\w?", "", latin)
    assert re.findall("[0-9]+", latin) == []


@pytest.mark.parametrize(("synthetic", "count"), [(True, 1), (False, 0)])
def test_synthetic_data_are_marked(synthetic: bool, count: int) -> None:
    html = page(make_findings(study={"synthetic": synthetic}), "en")
    assert Reader(html).text.count("synthetic data") == count
    assert "Made for the tests." in html


def test_headline_figures_are_those_of_the_city() -> None:
    figures = {tile.label: tile.figure for tile in brief.tiles(make_findings(), "en")}
    assert figures == {
        "People": "15,000",
        "Respondents": "64",
        "Readiness": "2.80",
        "Covered": "45%",
        "Not covered": "8,250",
        "Double gap": "2,000",
        "New sites": "+3,000",
    }


def test_sentences_say_what_the_figures_say() -> None:
    said = brief.sentences(make_findings(), "en")
    assert said[0].endswith(
        "below the threshold of 3. The strongest part is Technical infrastructure (3.10), "
        "the weakest People (2.50)."
    )
    assert "The largest numbers of them, 3,000 each, live in District 3 and District 4." in said[1]
    assert said[2] == "In District 2, both readiness and coverage are low: 2,000 people live there."
    # 75 % less 45 % of 15,000 are 4,500 people; the planned kiosk brings 1,500 of them.
    assert said[3].startswith("The services already planned bring 1,500 people within reach.")
    assert "2 new sites would bring 3,000 more" in said[3]
    assert said[4].startswith("District 1 is best placed and District 2 is last of the 3")
    assert said[5] == "Not ranked for lack of data: District 4, District 5, and District 6."


def test_sentences_leave_out_what_does_not_apply() -> None:
    findings = make_findings(plans={}, sites=make_findings().sites.iloc[:0])
    findings = replace(
        findings,
        city=findings.city | {"readiness": np.nan},
        districts=findings.districts.assign(gap_class="neither", people_uncovered=0.0),
        ranking=replace(
            findings.ranking,
            table=findings.ranking.table.assign(rank=pd.array([pd.NA] * 6, dtype="Int64")),
        ),
    )
    said = brief.sentences(findings, "en")
    assert said[0] == "Too few people answered for a figure of the whole city."
    assert said[1] == "45% of the people live within 15 minutes of an open service."
    assert said[2] == "In no district are readiness and coverage both low."
    assert len(said) == 4
    html = page(findings, "en")
    assert "no new sites were asked for" in html


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(2.7, 2.9, "below"), (3.1, 3.4, "above"), (2.9, 3.1, "not clearly different")],
)
def test_verdict_depends_on_the_interval(low: float, high: float, words: str) -> None:
    findings = make_findings()
    city = findings.city | {"readiness_low": low, "readiness_high": high}
    assert brief.verdict(replace(findings, city=city), "en").startswith(words)


def test_many_names_are_counted() -> None:
    assert brief.listing(list("abcdefgh"), "en") == "a, b, c, d, e, f, and 2 more"
    assert brief.listing(["الف", "ب"], "fa") == "الف و ب"


def test_ranking_has_intervals_and_reasons() -> None:
    grid = grids.ranking_grid(make_findings(), "en")
    assert column(grid, "Rank") == ["1", "2", "3", "–", "–", "–"]
    assert column(grid, "Rank could be") == ["1", "2 to 3", "2 to 3", "", "", ""]
    notes = [row[4].note for row in grid.rows]
    assert notes[3:] == [
        "fewer than 5 answered",
        "withheld, so that no small group can be worked out",
        "nobody answered",
    ]
    drawn = grid.rows[1][4].bar
    assert drawn is not None
    assert (drawn.low, drawn.at, drawn.high) == (50, 50, 100)


def test_suppressed_cells_show_a_reason_and_no_number() -> None:
    grid = grids.readiness_grid(make_findings(), "en")
    hidden = {row[0].text: row for row in grid.rows}["District 4"]
    assert [cell.text for cell in hidden[1:]] == ["–", "", "–", "–", "–"]
    assert {cell.note for cell in hidden[3:]} == {"fewer than 5 answered"}
    assert hidden[2].bar is None
    shown = {row[0].text: row for row in grid.rows}["District 1"]
    assert (shown[3].text, shown[3].note) == ("3.40", "3.20 to 3.60")


def test_bars_hold_every_interval_and_the_threshold() -> None:
    for lang in LANGUAGES:
        for row in grids.readiness_grid(make_findings(), lang).rows:
            bar = row[2].bar
            if bar is not None:
                assert bar.mark is not None
                assert 0 <= bar.low <= bar.at <= bar.high <= 100
                assert 0 <= bar.mark <= 100


def test_questions_stand_under_their_part() -> None:
    findings = make_findings()
    city = findings.readiness[findings.readiness["level"] == "city"]
    items = city[city["kind"] == "overall"].assign(kind="item", measure="skills")
    with_items = replace(findings, readiness=pd.concat([findings.readiness, items]))
    grid = grids.question_grid(with_items, "en")
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["Skills", "People", "", "2.80", "64"]
    ]
    assert "Readiness, question by question" in page(with_items, "en")


def test_coverage_shows_today_and_after() -> None:
    grid = grids.coverage_grid(make_findings(), "en")
    assert column(grid, "Today") == ["100%", "50%", "0%", "25%", "75%", "–"]
    assert column(grid, "With new sites") == ["100%", "100%", "75%", "25%", "100%", "–"]
    assert grid.rows[5][7].note == "nobody lives there"


def test_people_not_covered_stand_beside_the_state_that_they_belong_to() -> None:
    findings = make_findings()
    for lang, heads in {
        "en": ("People not covered today", "People not covered with new sites"),
        "fa": ("جمعیت بدون پوشش، امروز", "جمعیت بدون پوشش، با مکان‌های تازه"),
    }.items():
        grid = grids.coverage_grid(findings, lang)
        labels = [each.label for each in grid.columns]
        kept = [label for label in labels if label != grid.columns[7].label]
        assert kept.index(heads[0]) == kept.index(grid.columns[5].label) + 1
        assert labels[-1] == heads[1]
    grid = grids.coverage_grid(findings, "en")
    assert column(grid, "People not covered today")[:3] == ["0", "1,000", "3,000"]
    change = findings.before_after.query("model == 'mclp' and level == 'district'")
    left = change.set_index("unit_id")["uncovered_after"]
    assert column(grid, "People not covered with new sites") == [
        f"{left.get(district, 0):,.0f}" for district in findings.districts.index
    ]
    bare = grids.coverage_grid(make_findings(plans={}), "en")
    assert "People not covered with new sites" not in [each.label for each in bare.columns]
    assert all(len(row) == len(bare.columns) for row in bare.rows)


def test_the_table_of_fabrics_says_whose_readiness_it_has() -> None:
    assert "districts whose main fabric it is" in grids.fabric_grid(make_findings(), "en").note
    assert "بافت اصلی" in grids.fabric_grid(make_findings(), "fa").note


def test_coordinates_can_be_pasted_into_any_map() -> None:
    grid = site_grids.site_grid(make_findings(), "mclp", "fa")
    assert re.fullmatch(r"[0-9]+\.[0-9]{5}, [0-9]+\.[0-9]{5}", grid.rows[0][-1].text)


def test_fabrics_are_called_by_their_labels() -> None:
    assert column(grids.fabric_grid(make_findings(), "fa"), "بافت شهری")[2] == "غیررسمی"


def test_sites_come_with_place_gain_and_proof() -> None:
    grid = site_grids.site_grid(make_findings(), "mclp", "en")
    assert column(grid, "Site") == ["Station one", "New site 2"]
    assert column(grid, "People it adds") == ["2,250", "1,250"]
    assert column(grid, "Share of all people") == ["66.7%", "75.0%"]
    latitude, longitude = column(grid, "Latitude, longitude")[0].split(", ")
    expected = make_findings().sites.to_crs("EPSG:4326").geometry.iloc[0]
    assert (float(latitude), float(longitude)) == pytest.approx((expected.y, expected.x), abs=1e-5)
    assert grid.note.startswith("Proved best: no other 2 of these places")
    saved = site_grids.site_grid(make_findings(), "p_median", "en")
    assert column(saved, "Minutes saved, over all people") == ["30,000"]


def test_a_plan_that_ran_out_of_time_says_so() -> None:
    findings = make_findings()
    late = replace(findings.plans["mclp"], status="time_limit", gap=0.0123)
    assert "up to 1.23% better" in site_grids.proof(
        replace(findings, plans={"mclp": late}), "mclp", "en"
    )


def test_data_section_counts_rows_repairs_and_matches() -> None:
    study = {
        "tallies": (Tally(source="r.csv", role="survey", read=65, matched=64, unmatched=1),),
        "repairs": (
            Repair(source="r.csv", kind="folded_text", count=3, detail="ي to ی"),
            Repair(source="r.csv", kind="something_new", count=1, detail=""),
        ),
        "matches": pd.DataFrame({"tier": [0, 0, 2]}),
    }
    findings = make_findings(study=study)
    assert column(quality.tally_grid(findings, "en"), "Rows") == ["65"]
    assert column(quality.tally_grid(findings, "fa"), "نقش") == ["پیمایش"]
    done = column(quality.repair_grid(findings, "en"), "What")
    assert done == ["Letters unified", "something new"]
    said = " ".join(quality.remarks(findings, "en"))
    assert "2 matched as written, 1 after letters and digits were folded" in said
    assert "1,000 people can reach no open service" in said


def test_methods_name_options_and_sources() -> None:
    html = page(make_findings(), "en")
    assert "fewer than 5 respondents" in html
    assert "doi:10.1007/BF01942293" in html
    assert "equal weights" in html
    findings = make_findings()
    weights = pd.Series({"readiness": 0.5, "coverage": 0.5, "access": 0.0})
    other = replace(findings, ranking=replace(findings.ranking, weights=weights))
    assert "weights of 50%, 50%, 0%" in page(other, "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_text_stays_text(lang: str) -> None:
    findings = hostile_findings()
    names = list(findings.study.responses.index)
    html = page(findings, lang)
    reader = Reader(html)
    assert reader.scripts == []
    assert not [tag for tag, attrs in reader.tags if any(a.startswith("on") for a in attrs)]
    assert "img" not in {tag for tag, _ in reader.tags}
    for text in HOSTILE[:7]:  # the last is the name of a service, and the page has none
        assert text.replace("\u202e", "") in reader.text.replace("\u202e", ""), text
    assert not [name for name in names if name in html]


def test_names_stand_in_bdi() -> None:
    html = page(make_findings(), "fa")
    assert "<bdi>منطقهٔ ۱</bdi>" in html


def test_chooser_leads_to_each_language() -> None:
    html = report.chooser_page(make_findings(), LANGUAGES)
    assert loaded(html) == ["index.fa.html", "index.en.html"]
    assert outside_addresses(html) == set()
    assert "synthetic data" in html
    assert loaded(report.chooser_page(make_findings(), ("en",))) == ["index.en.html"]
    assert "<img" not in report.chooser_page(hostile_findings(), LANGUAGES)


def test_same_findings_give_the_same_page() -> None:
    assert page(make_findings(), "fa") == page(make_findings(), "fa")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_page_opens_offline_and_fits_a_phone() -> None:
    with browser() as window:
        for lang in LANGUAGES:
            for findings in (make_findings(), hostile_findings()):
                html = page(findings, lang)
                for width in (1280, 390):
                    window.open(html, width=width)
                    assert window.errors() == []
                    assert window.requests() == []
                    root = "document.documentElement"
                    wide = window.run(f"return {root}.scrollWidth - {root}.clientWidth")
                    assert wide == 0, (lang, width)
        assert window.printed().startswith(b"%PDF")
