"""The statistics page: tables as published, a sentence first, a reason where there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecity_geo.outputs import assets, headlines, report, statistics
from ecity_geo.outputs.apa import bounded, brackets, p_value
from ecity_geo.outputs.reasons import reason_text
from ecity_geo.outputs.statistics import statistics_page
from ecity_geo.outputs.statistics_figures import figures, path_figure
from ecity_geo.outputs.statistics_table import study_labels, table_html
from ecity_geo.outputs.text import without_direction
from ecity_geo.outputs.write import survey_part, write_outputs
from ecity_geo.survey_findings import CHAPTERS, SurveyFindings, analyse_survey
from outputs.factory import HOSTILE, hostile_findings, make_findings
from pages import Reader, browser, loaded, outside_addresses

LANGUAGES = ("fa", "en")
ONE_SAMPLE = pd.DataFrame(
    {
        "item": ["network", "skills"],
        "n": [64, 60],
        "missing": [0, 4],
        "mean": [3.404, 2.5],
        "low": [3.2, 2.3],
        "high": [3.6, 2.7],
        "t": [4.0, -5.25],
        "df": [63, 59],
        "p": [0.0002, 0.0412],
        "d": [0.5, -0.68],
        "verdict": ["above", "below"],
    }
)
RELIABILITY = pd.DataFrame(
    {
        "construct": ["technical", "people", "overall"],
        "items": [7, 1, 8],
        "n": [64, 64, 64],
        "missing": [0, 0, 0],
        "alpha": [0.712, np.nan, 0.8],
        "low": [0.6, np.nan, 0.7],
        "high": [0.8, np.nan, 0.88],
        "reason": ["", "one_item", ""],
    }
)
SAMPLE = pd.DataFrame(
    {"n": [182], "population": [1400], "confidence": [0.95], "margin": [0.0677],
     "cochran_5_percent": [302], "krejcie_morgan_5_percent": [302]}
)  # fmt: skip
FRIEDMAN = pd.DataFrame({"items": [2], "n": [64], "chi_square": [12.5], "df": [1], "p": [0.0001],
                         "kendall_w": [0.301]})  # fmt: skip
MEAN_RANKS = pd.DataFrame({"item": ["network", "skills"], "mean_rank": [1.75, 1.25]})


def survey(**tables: pd.DataFrame) -> SurveyFindings:
    """Statistics of the six squares, where everyone answers alike, with tables put in."""
    found = analyse_survey(make_findings().study)
    named = {name.replace("_", "-"): table for name, table in tables.items()}
    known = {"one-sample": ONE_SAMPLE, "reliability": RELIABILITY, "sample-size": SAMPLE,
             "friedman": FRIEDMAN, "mean-ranks": MEAN_RANKS} | named  # fmt: skip
    return replace(
        found,
        tables=found.tables | known,
        untold={name: why for name, why in found.untold.items() if name not in known},
    )


def cells(html: str) -> list[list[str]]:
    """Rows of the first table, tags taken out."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [Reader(cell).text for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def headings(html: str) -> list[int]:
    return [int(tag[1]) for tag, _ in Reader(html).tags if re.fullmatch("h[1-6]", tag)]


@pytest.mark.parametrize(
    ("value", "en", "fa"),
    [
        (0.00049, "< .001", "< ۰٫۰۰۱"),
        (0.0412, ".041", "۰٫۰۴۱"),
        (1.0, "1.000", "۱٫۰۰۰"),
        (np.nan, "–", "–"),
    ],
)
def test_p_is_written_as_journals_write_it(value: float, en: str, fa: str) -> None:
    assert p_value(value, "en") == en
    assert p_value(value, "fa") == fa


def test_what_cannot_pass_one_has_no_zero_in_latin_digits() -> None:
    assert bounded(0.712, "en") == ".71"
    assert bounded(-0.25, "en") == "−.25"
    assert bounded(0.999, "en") == "1.00"
    assert bounded(0.712, "fa") == "۰٫۷۱"
    assert bounded(-0.25, "fa") == "\u200e−۰٫۲۵"
    assert brackets(-1.5, 2, "en") == "[−1.50, 2.00]"
    assert brackets(0.1, 0.2, "fa", below_one=True) == "[۰٫۱۰، ۰٫۲۰]"
    assert brackets(np.nan, 2, "en") == "–"


def test_a_table_shows_the_figures_of_its_frame() -> None:
    labels = study_labels(make_findings().study, "en")
    html = table_html(ONE_SAMPLE, "one-sample", "en", labels=labels)
    head, network, skills = cells(html)
    assert head[:4] == ["Question", "n", "Missing", "M"]
    assert head[4] == "95% CI"
    assert network == ["Network", "64", "0", "3.40", "[3.20, 3.60]", "4.00", "63", "< .001",
                       "0.50", "above"]  # fmt: skip
    assert skills[-5:] == ["−5.25", "59", ".041", "−0.68", "below"]


def test_persian_words_and_digits_are_chosen_apart() -> None:
    labels = study_labels(make_findings().study, "fa")
    persian = cells(table_html(ONE_SAMPLE, "one-sample", "fa", labels=labels))
    assert persian[1][0] == "شبکه"
    assert persian[1][7] == "< ۰٫۰۰۱"
    assert persian[2][-1] == "پایین‌تر"
    latin = cells(table_html(ONE_SAMPLE, "one-sample", "fa", labels=labels, digits="en"))
    assert latin[1][7] == "< .001"
    assert latin[1][0] == "شبکه"
    html = table_html(ONE_SAMPLE, "one-sample", "fa")
    assert 'dir="rtl"' in html
    # A minus or a bracket would change sides in a line from right to left.
    assert '<bdi dir="ltr">\u200e−۵٫۲۵</bdi>' in html


def test_what_all_rows_share_moves_into_the_note() -> None:
    html = table_html(RELIABILITY, "reliability", "en")
    assert cells(html)[0] == ["Part", "Questions", "α", "95% CI of α", "Remark"]
    note = Reader(html).text
    assert "n: 64. Missing: 0." in note
    assert "Feldt" in note
    assert cells(html)[2][2:] == ["–", "–", "one question: no α"]
    assert cells(html)[3][0] == "All parts"


def test_one_row_stands_upright() -> None:
    html = table_html(SAMPLE, "sample-size", "en")
    assert dict(row for row in cells(html)) == {
        "Measure": "Value",
        "Respondents": "182",
        "People who could have been asked": "1,400",
        "Confidence": "95%",
        "Margin of error of a share": "6.8%",
        "Needed for 5% (Cochran)": "302",
        "Needed for 5% (Krejcie & Morgan)": "302",
    }


def test_a_table_that_nobody_described_is_written_by_its_kinds() -> None:
    frame = pd.DataFrame(
        {
            "which_way": ["up & <down>", "b"],
            "p_other": [0.0001, 0.5],
            "strange_number": [1.23456, np.nan],
            "whole": pd.array([1, None], dtype="Int64"),
            "sure": [True, False],
            "empty": [np.nan, np.nan],
        }
    )
    html = table_html(frame, "brand-new", "en")
    assert Reader(html).text.count("Brand new") == 1
    assert cells(html) == [
        ["Which way", "P other", "Strange number", "Whole", "Sure"],
        ["up & <down>", "< .001", "1.235", "1", "yes"],
        ["b", ".500", "–", "–", "no"],
    ]
    assert "<down>" not in html


def test_paths_and_groups_are_called_by_name() -> None:
    labels = study_labels(make_findings().study, "en")
    paths = pd.DataFrame({"path": ["people ~ technical", "technical ~~ people"], "std": [0.5, 0.1]})
    shown = cells(table_html(paths, "hypotheses", "en", labels=labels))
    assert [row[0] for row in shown[1:]] == [
        "Technical infrastructure → People",
        "Technical infrastructure ↔ People",
    ]
    groups = pd.DataFrame({"by": ["district", "fabric"], "first": ["1", "informal"],
                           "second": ["2", "planned"], "p": [0.5, 0.5]})  # fmt: skip
    shown = cells(table_html(groups, "group-pairs", "en", labels=labels))
    assert shown[1][:3] == ["district", "District 1", "District 2"]
    assert shown[2][:3] == ["urban fabric", "Informal", "Planned"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_runs_no_script_and_asks_nothing_of_the_network(lang: str) -> None:
    html = statistics_page(survey(), lang)
    assert outside_addresses(html) == set()
    reader = Reader(html)
    assert reader.scripts == []
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and "content" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for style in reader.styles:
        assert assets.hash_source(style) in policy
    assert not [tag for tag, attrs in reader.tags if "style" in attrs]
    other = {"fa": "en", "en": "fa"}[lang]
    assert {f"index.{lang}.html", f"statistics.{other}.html"} <= set(loaded(html))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_headings_and_tables_can_be_walked_through(lang: str) -> None:
    html = statistics_page(survey(), lang)
    asked = {*survey().tables, *survey().untold}
    told = [name for name, tables in CHAPTERS.items() if asked & set(tables)]
    assert headings(html) == [1, *[2] * len(told)]
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    assert len(tables) >= 5
    for table in tables:
        assert len(re.findall(r"<caption>[^<]+</caption>", table)) == 1
        heads = re.findall(r"<thead>.*?</thead>", table, re.DOTALL)
        assert heads[0].count("<th ") == heads[0].count('<th scope="col"')
        body = table.split("</thead>")[1]
        assert body.count("<tr>") == body.count('<th scope="row">')


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_table_without_answer_shows_why(lang: str) -> None:
    found = analyse_survey(make_findings().study)
    assert {"one-sample", "friedman"} <= set(found.untold)
    html = statistics_page(found, lang)
    said = Reader(html).text
    labels = study_labels(found.study, lang)
    for why in found.untold.values():
        assert reason_text(why, lang, labels) in said
    assert headlines.headline(found, "level", lang) == ""


def test_headlines_say_what_the_tables_say() -> None:
    found = survey()
    said = {chapter: headlines.headline(found, chapter, "en") for chapter in CHAPTERS}
    assert said["sampling"].startswith("182 people answered of 1,400 who could have been asked")
    assert "off by 6.8 percentage points either way" in said["sampling"]
    assert "would take 302 respondents" in said["sampling"]
    assert "reliability of the whole is 0.80 (0.70 to 0.88)" in said["instrument"]
    assert said["level"].startswith("Of 2 questions 1 stand below 3 and 1 above it")
    assert "Lowest is Skills (2.50), highest Network (3.40)." in said["level"]
    assert "to some degree" in said["ranks"]
    assert "Network ranks highest, Skills lowest" in said["ranks"]
    persian = headlines.headline(found, "sampling", "fa")
    assert "۶٫۸ واحد درصد" in persian
    assert not set("0123456789") & set(persian)


@pytest.mark.parametrize(
    ("alpha", "high", "words"),
    [(0.75, 0.8, "hang together:"), (0.66, 0.73, "fairly"), (0.5, 0.6, "badly")],
)
def test_reliability_is_judged_with_its_interval(alpha: float, high: float, words: str) -> None:
    row = RELIABILITY[RELIABILITY["construct"] == "overall"].assign(alpha=alpha, high=high)
    assert words in headlines.headline(survey(reliability=row), "instrument", "en")


def test_an_order_by_chance_is_called_so() -> None:
    said = headlines.headline(survey(friedman=FRIEDMAN.assign(p=0.4)), "ranks", "en")
    assert said == "No order of the questions can be told from chance (p = .400)."


@pytest.mark.parametrize("lang", LANGUAGES)
def test_council_hears_what_drives_the_outcome(lang: str) -> None:
    paths = pd.DataFrame(
        {
            "path": ["people ~ technical", "x ~ people"],
            "std": [0.52, 0.9],
            "verdict": ["confirmed", "not confirmed"],
        }
    )
    said = headlines.council_sentences(survey(hypotheses=paths), lang)[-1]
    if lang == "en":
        assert said.startswith(
            "1 of the 2 supposed paths hold at 5% each. The strongest is Technical"
        )
        assert (
            "Technical infrastructure → People: one standard deviation more goes with 0.52" in said
        )
    else:
        assert "زیرساخت‌های فنی ← مردم" in said
        assert "۰٫۵۲" in said


def test_groups_are_counted_after_adjustment() -> None:
    tests = pd.DataFrame({"by": ["district"] * 4, "p_adjusted": [0.01, 0.05, 0.4, 0.01]})
    tests["test"] = ["kruskal_wallis"] * 3 + ["anova"]
    said = headlines.headline(survey(groups=tests), "groups", "en")
    assert said.startswith("In 1 of 3 comparisons")


def test_path_figure_has_a_form_for_a_phone() -> None:
    parameters = pd.DataFrame(
        [("people", "~", "technical", 0.52, 0.01)], columns=["lhs", "op", "rhs", "std", "p"]
    )
    drawn = path_figure(survey(), parameters, None, "en")
    assert (drawn.name, drawn.chapter) == ("path", "path")
    assert "Technical" in drawn.wide
    assert drawn.narrow != drawn.wide


def test_a_precise_sample_needs_no_more() -> None:
    said = headlines.headline(survey(sample_size=SAMPLE.assign(margin=0.04)), "sampling", "en")
    assert "5%" not in said


def test_council_hears_a_few_sentences_and_one_figure() -> None:
    found = survey()
    said = headlines.council_sentences(found, "en")
    assert 3 <= len(said) <= 4
    assert said[2] == (
        "1 of 2 questions stand below 3 even after adjustment for many tests, first of all: Skills."
    )
    part = survey_part(found, "en", figures(found, "en")["means"])
    cards = {
        kind: report.Card(title=kind, sentence="", picture="", href=f"{kind}.en.html")
        for kind in report.MAPS
    }
    html = report.council_page(make_findings(), "en", cards, languages=LANGUAGES, survey=part)
    assert said[2] in Reader(html).text
    assert "statistics.en.html" in loaded(html)
    assert html.count('class="means"') == 2  # for a page and for a phone
    without = report.council_page(make_findings(), "en", cards, languages=LANGUAGES)
    assert "statistics.en.html" not in loaded(without)


def test_no_question_below_is_said_as_well() -> None:
    above = ONE_SAMPLE.assign(verdict="above")
    said = headlines.council_sentences(survey(one_sample=above), "en")
    assert "No question stands below 3 after adjustment for many tests." in said


def test_council_hears_nothing_of_what_has_no_answer() -> None:
    found = analyse_survey(make_findings().study)
    said = headlines.council_sentences(found, "en")
    assert [sentence for sentence in said if "questions" in sentence] == []


def test_figures_stand_in_their_chapters() -> None:
    html = statistics_page(survey(), "en")
    for name, chapter in (("likert", "instrument"), ("means", "level"), ("mean-ranks", "ranks")):
        section = html.split(f'<section id="{chapter}">')[1].split("</section>")[0]
        assert section.count(f'class="{name}"') == 2
        assert f'href="figures/{name}.en.svg"' in section


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_text_stays_text(lang: str) -> None:
    found = analyse_survey(hostile_findings().study)
    worst = HOSTILE[0]
    found = replace(
        found,
        tables=found.tables | {"one-sample": ONE_SAMPLE.assign(verdict=worst, item=[worst, "b"])},
        untold={"friedman": worst},
    )
    html = statistics_page(found, lang, drawn={})
    reader = Reader(html)
    assert reader.scripts == []
    assert not [tag for tag, attrs in reader.tags if any(a.startswith("on") for a in attrs)]
    assert "img" not in {tag for tag, _ in reader.tags}


def test_a_run_writes_pages_and_figures_that_lead_to_one_another(tmp_path: Path) -> None:
    written = write_outputs(make_findings(), tmp_path / "maps", survey=survey())
    drawn = {path.name: path for path in written if path.suffix == ".svg"}
    names = ("likert", "means", "mean-ranks", "before-after", "coverage-curve")
    assert set(drawn) == {f"{name}.{lang}.svg" for name in names for lang in LANGUAGES}
    for path in drawn.values():
        assert outside_addresses(path.read_text("utf-8")) == set()
    for lang in LANGUAGES:
        page = tmp_path / "maps" / f"statistics.{lang}.html"
        for target in loaded(page.read_text("utf-8")):
            assert (page.parent / target).exists(), target


def test_long_tables_are_folded() -> None:
    many = pd.DataFrame({"first": [f"q{at}" for at in range(60)], "second": "x", "p": 0.5})
    html = statistics_page(survey(pairs=many), "en")
    assert "<summary>Questions compared in pairs – All 60 rows</summary>" in html


def test_same_findings_give_the_same_page() -> None:
    assert statistics_page(survey(), "fa") == statistics_page(survey(), "fa")


def test_reasons_are_those_of_the_analysis() -> None:
    """Everybody gave one answer: whoever asks for a test is told so."""
    found = analyse_survey(make_findings().study, only=["one-sample"])
    assert "answered alike" in found.untold["one-sample"]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_page_opens_offline_and_fits_a_phone() -> None:
    with browser() as window:
        for lang in LANGUAGES:
            html = statistics_page(survey(), lang)
            for width in (1280, 390):
                window.open(html, width=width)
                assert window.errors() == []
                assert window.requests() == []
                root = "document.documentElement"
                assert window.run(f"return {root}.scrollWidth - {root}.clientWidth") == 0
                shown = window.run(
                    "return [...document.querySelectorAll('figure svg')].filter("
                    "s => s.getBoundingClientRect().width > 0).length"
                )
                assert shown == 3


def test_a_page_has_the_foremost_rows_of_a_very_long_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST", 3)
    frame = pd.DataFrame({"first": list("abcde"), "p_adjusted": [0.5, 0.01, np.nan, 0.2, 0.01]})
    assert statistics._foremost(frame)["first"].tolist() == ["b", "d", "e"]
    assert statistics._foremost(frame[["first"]])["first"].tolist() == ["a", "b", "c"]
    assert statistics._row_count(3, 5, "en").startswith("3 of 5 rows")
    assert statistics._row_count(3, 3, "fa") == "همهٔ ۳ سطر"


def test_groups_of_a_list_are_called_by_name() -> None:
    frame = pd.DataFrame({"by": ["fabric"], "small_groups": ["rural, informal"]})
    labels = {"fabric:rural": "روستایی", "fabric:informal": "غیررسمی"}
    said = Reader(table_html(frame, "groups", "fa", labels=labels)).text
    assert "روستایی" in said
    assert "غیررسمی" in said
    assert "rural" not in said


def test_evidence_of_the_soar_sheet_is_named_in_both_languages() -> None:
    study = make_findings().study
    frame = pd.DataFrame({"evidence": ["construct:technical", "city:covered_share", "city:other"]})
    for lang, words in {"en": "Share of people covered", "fa": "سهم مردم زیر پوشش"}.items():
        labels = study_labels(study, lang)
        html = table_html(frame, "soar-items", lang, labels=labels)
        told = [without_direction(row[0]) for row in cells(html)[1:]]
        assert told == [labels["technical"], words, "city:other"]


def test_a_pilot_without_a_number_needed_says_why() -> None:
    why = (
        "No number of respondents lifts the interval of an alpha of 0.505 above 0.700: the alpha "
        "must lie between that and 1."
    )
    frame = pd.DataFrame(
        {"construct": ["technical", "people"], "needed": [np.nan] * 2, "reason": [why, "one_item"]}
    )
    html = table_html(frame, "pilot", "en")
    assert why in html
    assert "one question: no α" in html
    assert "۰٫۵۰۵" in table_html(frame, "pilot", "fa")


def test_a_count_of_respondents_has_no_decimals() -> None:
    frame = pd.DataFrame(
        {"check": ["cooks_distance_above_1", "largest_vif"], "statistic": [0.0, 1.5]}
    )
    rows = cells(table_html(frame, "regression-checks", "en"))
    assert [row[1] for row in rows[1:]] == ["0", "1.50"]


def test_each_figure_is_explained_under_it() -> None:
    drawn = figures(survey(), "en")
    html = statistics_page(survey(), "en", drawn=drawn)
    captions = [Reader(each).text for each in re.findall("<figcaption>(.*?)</figcaption>", html)]
    assert len(captions) == len(drawn)
    for figure in drawn.values():
        assert any(caption.startswith(f"{figure.title}.") for caption in captions)
