"""SOAR: sums, choice and firmness against the paper's figures, identities and enumeration."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.datasets import load_tabriz
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.inputs.soar import read_soar
from ecity_geo.outputs.soar_figure import soar_svg
from ecity_geo.soar import QUADRANTS, STRATEGIES, resolve_evidence, soar
from ecity_geo.survey_findings import Settings, analyse_survey

SHEET = """\
schema = 1
scale = { min = 1, max = 4 }
[[item]]
id = "s"
quadrant = "strengths"
label = { fa = "س", en = "S" }
weight = 0.6
score = 4
evidence = "item:gis"
[[item]]
id = "o"
quadrant = "opportunities"
label = { fa = "ف", en = "O" }
weight = 0.4
score = 2
[[item]]
id = "a"
quadrant = "aspirations"
label = { fa = "آ", en = "A" }
weight = 0.5
score = 3
[[item]]
id = "r"
quadrant = "results"
label = { fa = "ن", en = "R" }
weight = 0.5
score = 4
[[strategy]]
id = "SR"
label = { fa = "کار", en = "Do it" }
"""


def sheet(scores: tuple[float, ...] = (4, 2, 3, 4)) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": list("soar"),
            "quadrant": QUADRANTS,
            "weight": [0.6, 0.4, 0.5, 0.5],
            "score": scores,
        }
    )


def test_shipped_sheet_has_the_published_sums_and_choice() -> None:
    study = load_tabriz()
    assert study.soar is not None
    found = soar(study.soar.frame(), scale=study.soar.scale)
    # The paper: 1.569, 1.549, 1.368, 1.851; 3.118 and 3.219; SR.
    assert found.quadrants["score"].round(3).tolist() == [1.569, 1.549, 1.368, 1.851]
    assert (found.internal, found.external) == pytest.approx((3.118, 3.219), abs=1e-9)
    assert found.strategy == "SR"
    assert found.lead == pytest.approx(0.020, abs=1e-9)
    assert study.soar.synthetic
    assert {len(measures) for measures in study.soar.strategies.values()} == {3}


def test_scores_by_hand() -> None:
    found = soar(sheet())
    # Strengths .6 * 4, opportunities .4 * 2, aspirations .5 * 3, results .5 * 4.
    assert found.quadrants["score"].tolist() == pytest.approx([2.4, 0.8, 1.5, 2.0])
    assert found.choice["strategy"].tolist() == ["SR", "SA", "OR", "OA"]
    assert found.lead == pytest.approx(0.5)
    flips = found.items.set_index("id")["flip"]
    # Results lead aspirations by .5: r must fall by 1, a rise by 1; s would have to fall by 2.67.
    assert flips[["a", "r", "s"]].tolist() == pytest.approx([1, -1, -8 / 3])
    assert np.isnan(flips["o"])


def test_survival_is_the_share_of_all_moves() -> None:
    """Against all 3^4 moves, each as likely."""
    won = 0
    for moves in product((-1, 0, 1), repeat=4):
        moved = np.clip(np.array([4, 2, 3, 4]) + moves, 1, 4)
        s, o, a, r = moved * [0.6, 0.4, 0.5, 0.5]
        won += (s > o) and (r > a)
    found = soar(sheet(), draws=40_000, seed=5)
    assert found.survival == pytest.approx(won / 81, abs=4 * found.survival_error)
    assert found.survival_error == pytest.approx(
        np.sqrt(found.survival * (1 - found.survival) / 40_000)
    )


def test_equal_strategies_are_named_and_none_is_chosen() -> None:
    found = soar(sheet((4, 2, 3, 3)))
    assert found.strategy == ""
    assert found.tied == ("SA", "SR")
    assert (found.lead, found.survival) == (0, 0)
    assert found.choice["chosen"].tolist() == [True, True, False, False]


@given(st.lists(st.integers(1, 4), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_flip_is_where_the_choice_turns(scores: list[int]) -> None:
    before = soar(sheet(tuple(scores)), draws=1)
    if before.tied:
        return
    for at, change in enumerate(before.items["flip"]):
        if np.isnan(change):
            continue
        for share, same in ((0.999, True), (1.001, False)):
            moved = [float(score) for score in scores]
            moved[at] = float(moved[at] + share * change)
            if 1 <= moved[at] <= 4:
                assert (soar(sheet(tuple(moved)), draws=1).strategy == before.strategy) is same


@given(st.integers(0, 5000))
@settings(max_examples=25, deadline=None)
def test_the_best_strategy_pairs_the_better_halves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quadrant = [*QUADRANTS, *rng.choice(QUADRANTS, 6)]
    weight = rng.uniform(0.1, 1, 10)
    inner = np.isin(quadrant, QUADRANTS[:2])
    weight = np.where(inner, weight / weight[inner].sum(), weight / weight[~inner].sum())
    frame = pd.DataFrame({"id": range(10), "quadrant": quadrant, "weight": weight})
    found = soar(frame.assign(score=rng.integers(1, 5, 10)), draws=200)
    scores = found.quadrants.set_index("quadrant")["score"]
    best = max(QUADRANTS[:2], key=scores.get), max(QUADRANTS[2:], key=scores.get)
    assert STRATEGIES[found.choice["strategy"].iloc[0]] == best
    assert found.choice["survival"].sum() <= 1 + 1e-12


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weight": [0.6, 0.5, 0.5, 0.5]}, "sum to 1.1, not to 1"),
        ({"score": [5, 2, 3, 4]}, "off the scale"),
        ({"quadrant": ["strengths"] * 4}, "have no items"),
        ({"quadrant": ["threats", *QUADRANTS[1:]]}, "'threats' is no quadrant"),
        ({"id": ["s", "s", "a", "r"]}, "stands twice"),
        ({"weight": [0.6, 0.4, 1.5, -0.5]}, "no positive weight"),
    ],
)
def test_sheets_that_cannot_be_scored_are_refused(change: dict[str, list], told: str) -> None:
    with pytest.raises(AnalysisError, match=told):
        soar(sheet().assign(**change))


def test_evidence_is_looked_up_and_unknown_names_are_said() -> None:
    found = resolve_evidence(pd.Series(["item:gis", ""]), {"item:gis": 3.0})
    assert found.iloc[0] == 3
    assert np.isnan(found.iloc[1])
    with pytest.raises(AnalysisError, match="'item:none'"):
        resolve_evidence(pd.Series(["item:none"]), {"item:gis": 3.0})


def test_items_stand_beside_the_survey_and_the_map() -> None:
    study = load_tabriz()
    given_city = Settings(city={"covered_share": 0.588, "unit": "min"})
    table = analyse_survey(study, only=["soar-items"], settings=given_city).tables["soar-items"]
    figures = table.set_index("entry")["figure"]
    # Published mean of the item, and what was handed over.
    assert figures["network"] == pytest.approx(4.37, abs=0.005)
    assert figures["one_stop"] == 0.588


def test_measures_of_the_chosen_strategy_come_first() -> None:
    table = analyse_survey(load_tabriz(), only=["soar-measures"]).tables["soar-measures"]
    assert table["strategy"].tolist() == [name for name in ("SR", "OR", "SA", "OA") for _ in "123"]
    # The paper's measures of SR and OA.
    assert table["en"].iloc[0].startswith("Develop infrastructure and equipment")
    assert "whole city is covered" in table["en"].iloc[-1]


# --- the file


def test_a_sheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "soar.toml"
    path.write_text(SHEET, encoding="utf-8")
    found = read_soar(path, source="soar.toml")
    assert found.frame()["score"].tolist() == [4, 2, 3, 4]
    assert found.items[0].evidence == "item:gis"
    assert found.strategies["SR"][0].text("en") == "Do it"


def test_all_faults_of_a_sheet_come_at_once(tmp_path: Path) -> None:
    text = SHEET.replace('"results"', '"result"').replace("score = 3", "score = 9")
    text = text.replace("weight = 0.6", "weight = 0.7").replace("item:gis", "gis")
    path = tmp_path / "soar.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_soar(path, source="soar.toml")
    told = str(caught.value)
    for part in ('"result"', "from 1 to 4", "sum to 1.1", "item:<id>"):
        assert part in told
    assert len(caught.value.faults) >= 4


# --- the figure


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_the_matrix_shows_scores_and_escapes_what_it_is_given(lang: str) -> None:
    svg = soar_svg(soar(sheet()), lang=lang, labels={"s": "<script>x</script>"})
    assert "<script>" not in svg
    assert ("2.400" if lang == "en" else "۲٫۴۰۰") in svg
    assert svg.count("<rect") == 4
    narrow = soar_svg(soar(sheet()), lang=lang, width=360)
    assert 'width="360"' in narrow


def test_long_quadrants_are_cut_and_say_so() -> None:
    many = pd.concat(
        [
            pd.DataFrame({"id": [f"s{n}" for n in range(12)], "quadrant": "strengths"}).assign(
                weight=0.05, score=2
            ),
            sheet().iloc[1:],
        ]
    )
    svg = soar_svg(soar(many), lang="en")
    assert "and 3 more" in svg
