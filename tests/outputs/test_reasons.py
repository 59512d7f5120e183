"""Reasons in Persian: each sentence of the catalogue is one that is raised, and none is English."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ecity_geo
from ecity_geo.datasets import load_tabriz
from ecity_geo.outputs.quality import repair_grid
from ecity_geo.outputs.reasons import detail_text, reason_text
from ecity_geo.outputs.statistics import statistics_page
from ecity_geo.outputs.text import catalogue, without_direction
from ecity_geo.survey_findings import analyse_survey
from outputs.factory import make_findings
from pages import Reader

UNKNOWN = catalogue("fa")["reasons.unknown"]
SAID = {
    key: sentence for key, sentence in catalogue("en").items() if key.startswith("reasons.say.")
}
# Put together from two places, or from words chosen there.
JOINED = {
    "by_district", "by_fabric", "no_indices", "no_modifications", "no_effects",
    "latent_not_definite", "residuals_not_definite", "perhaps_reversed", "perhaps_not_reversed",
    "few_for_group", "few_for_model", "dependent_in_group", "constant_in_group",
    "invariance_groups", "sample_too_large", "omega_ordered", "omega_undefined", "unrated",
    "polychoric_copies", "dependent",
}  # fmt: skip


def template(node: ast.expr) -> str:
    """Return a message as it stands in the source, `X` for each figure."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return template(node.left) + template(node.right)
    return "X"


@pytest.fixture(scope="module")
def raised() -> str:
    root = Path(ecity_geo.__file__).parent
    found = []
    for folder in ("stats", "survey_findings", "inputs", "."):
        for path in sorted((root / folder).glob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            kinds = ast.JoinedStr, ast.Constant, ast.BinOp
            found += [template(node) for node in ast.walk(tree) if isinstance(node, kinds)]
    return "\n".join(found)


def test_every_sentence_is_one_that_is_raised(raised: str) -> None:
    stale = []
    for key, sentence in SAID.items():
        words = re.sub(r"\{\w+\}", "X", sentence)
        if key.rsplit(".", 1)[-1] not in JOINED and words not in raised.replace("'X'", "X"):
            stale.append(key)
    assert stale == []


@pytest.mark.parametrize("key", SAID)
def test_every_sentence_is_said_in_persian_with_its_figures(key: str) -> None:
    names = re.findall(r"\{(\w+)\}", SAID[key])
    given = {name: f"{at + 2}7" for at, name in enumerate(names)}
    told = reason_text(SAID[key].format(**given), "fa")
    assert told != UNKNOWN
    for at in range(len(names)):
        assert f"{'۰۱۲۳۴۵۶۷۸۹'[at + 2]}۷" in told
    assert reason_text(SAID[key].format(**given), "en") == SAID[key].format(**given)


def test_sentences_stand_in_a_row_and_names_are_those_of_the_study() -> None:
    said = (
        "By district: 'technical' has 1 groups of at least 5 scores; a comparison needs two. Merge "
        "groups, or ask for fewer scores each. By fabric: All respondents score 'technical' "
        "alike; no groups differ."
    )
    told = reason_text(said, "fa", {"technical": "زیرساخت"})
    assert told.count("زیرساخت") == 2
    assert told.index("منطقه") < told.index("بافت")
    assert not re.search("[A-Za-z]", told)
    listed = "A t test cannot use items that all respondents answered alike: 'a', 'b' and 7 more."
    told = reason_text(f"{listed} Leave them out.", "fa", {"a": "الف", "b": "ب"})
    assert "الف، ب و ۷ مورد دیگر" in told


@pytest.mark.parametrize("key", SAID)
@pytest.mark.parametrize("n", ["1", "7", "10"])
def test_a_count_is_no_district_of_that_number(key: str, n: str) -> None:
    labels = {f"district:{each}": f"District {each}" for each in range(1, 11)}
    names = re.findall(r"\{(\w+)\}", SAID[key])
    given = {name: "x" if name in ("group", "names") else n for name in names}
    for lang in ("fa", "en"):
        assert "District" not in reason_text(SAID[key].format(**given), lang, labels)


def test_a_group_is_still_called_by_its_name() -> None:
    labels = {"district:7": "منطقهٔ هفت"}
    said = (
        "The model of 15 variables needs at least 16 respondents in group 7; there are 7. "
        "Use fewer items, or larger groups."
    )
    told = reason_text(said, "fa", labels)
    assert told.count("منطقهٔ هفت") == 1
    assert "۷" in told


def test_an_english_reason_names_parts_by_their_labels() -> None:
    said = (
        "A variance is negative (Heywood case): services (-0.00139). The model is wrong for these "
        "items, or the sample too small; leave an item out or fix its variance."
    )
    told = reason_text(said, "en", {"services": "E-services"})
    assert told == said.replace("services (", "E-services (")
    quoted = "All respondents score 'technical' alike; no groups differ."
    told = reason_text(quoted, "en", {"technical": "Infrastructure"})
    assert told == quoted.replace("'technical'", "Infrastructure")
    assert reason_text("Something else went wrong.", "en", {"wrong": "x"}) == (
        "Something else went wrong."
    )


def test_a_decimal_mark_ends_no_sentence() -> None:
    said = "An alpha of 1.25 has no interval: it must lie below 1."
    assert "۱٫۲۵" in reason_text(said, "fa")


def test_figures_and_words_beside_names_are_persian_too() -> None:
    said = "The residuals vary unequally: breusch_pagan p = 0.012, white p = 3.1e-05."
    told = reason_text(said, "fa")
    assert "بروش" in told
    assert "p = ۰٫۰۱۲" in told
    assert "۳٫۱e-۰۵" in told
    said = (
        "A variance is negative (Heywood case): q1 (-0.02). The model is wrong for these items, "
        "or the sample too small; leave an item out or fix its variance."
    )
    assert "امنیت (\u200e−۰٫۰۲)" in reason_text(said, "fa", {"q1": "امنیت"})


def test_what_the_catalogue_lacks_is_said_in_general() -> None:
    assert reason_text("Something else went wrong. By far.", "fa") == UNKNOWN
    assert reason_text("Something else went wrong. By far.", "en").startswith("Something else")
    assert detail_text("EPSG:4326 to UTM zone 38N", "fa") == "EPSG:4326 to UTM zone 38N"
    assert detail_text("some words that nobody has put into another language", "fa") == ""


def sentences(html: str) -> list[str]:
    """Return what reads as English: four words of small letters in a row."""
    return re.findall(r"\b[a-z]{2,}(?: [a-z]{2,}){3,}", Reader(html).text)


def test_no_reason_of_a_poor_survey_is_english_on_the_persian_page() -> None:
    study = load_tabriz()
    items = [item.id for item in study.instrument.items]
    alike = study.responses.copy()
    alike[items[0]] = 3
    copied = study.responses.copy()
    copied[items[1]] = copied[items[0]]
    few = study.responses.iloc[:6]
    gaps = study.responses.copy()
    lost = np.random.default_rng(0).random((len(gaps), len(items))) < 0.7
    gaps[items] = gaps[items].mask(lost)
    for responses in (alike, copied, few, few.iloc[:1], gaps):
        found = analyse_survey(replace(study, responses=responses))
        assert found.untold
        html = statistics_page(found, "fa")
        told = {name: reason_text(why, "fa") for name, why in found.untold.items()}
        assert {name: found.untold[name] for name in told if told[name] == UNKNOWN} == {}
        assert sentences(html) == []


def test_no_repair_is_english_on_the_persian_page() -> None:
    findings = make_findings()
    findings = replace(findings, study=load_tabriz())
    assert findings.study.repairs
    for row in repair_grid(findings, "fa").rows:
        assert sentences(row[-1].text) == [], row


@pytest.mark.parametrize(
    ("detail", "persian"),
    [
        ("EPSG:3067 to EPSG:32635", "از EPSG:3067 به EPSG:32635"),
        ("the columns are parted by: semicolon", "جداکنندهٔ ستون‌ها: نقطه‌ویرگول"),
        (
            "30 points outside every district are kept: line 2, line 3, ...",
            "۳۰ نقطه بیرون از همهٔ مناطق است و نگه داشته شد: سطر ۲، سطر ۳، ...",
        ),
        (
            "8 spellings matched after folding: '۷' as 07, '۸' as 08",
            "۸ نوشتار پس از یکسان‌سازی تطبیق یافت: ۷ = ۰۷، ۸ = ۰۸",
        ),
        (
            "the other name or the id stands in for name_fa: 'a', 'b' and 2 more",
            "نام دیگر یا شناسه به جای name_fa آمده است: a، b و ۲ مورد دیگر",
        ),
    ],
)
def test_no_english_word_is_left_between_names(detail: str, persian: str) -> None:
    assert without_direction(detail_text(detail, "fa")) == persian
    assert detail_text(detail, "en") == detail
