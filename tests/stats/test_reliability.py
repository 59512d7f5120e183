"""Cronbach's alpha: against R's psych, and by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.omega import omegas
from ecity_geo.stats.reliability import cronbach_alpha, item_reliability, reliability

HERE = Path(__file__).parent / "reference"
PSYCH = json.loads((HERE / "alpha_omega.json").read_text(encoding="utf-8"))


def attitude() -> pd.DataFrame:
    return pd.read_csv(HERE / "attitude.csv")


def agree() -> pd.DataFrame:
    data = pd.read_csv(HERE / "bfi_182x25.csv").iloc[:, :5]
    return data.assign(A1=7 - data["A1"])


@pytest.mark.parametrize(
    ("key", "data"), [("attitude", attitude()), ("bfi_agree_A1reversed", agree())]
)
def test_alpha_and_feldt_interval_agree_with_psych(key: str, data: pd.DataFrame) -> None:
    ours = cronbach_alpha(data)
    low, alpha, high, _ = PSYCH[key]["feldt"]
    assert (ours.low, ours.alpha, ours.high) == pytest.approx((low, alpha, high), abs=1e-9)
    assert (ours.n, ours.items, ours.missing) == (len(data), data.shape[1], 0)


@pytest.mark.parametrize(
    ("key", "data"), [("attitude", attitude()), ("bfi_agree_A1reversed", agree())]
)
def test_alpha_of_the_rest_agrees_with_psych(key: str, data: pd.DataFrame) -> None:
    ours = item_reliability(data, {"all": data.columns})
    dropped = [row["raw_alpha"] for row in PSYCH[key]["item_dropped"]]
    assert ours["alpha_dropped"].tolist() == pytest.approx(dropped, abs=1e-9)


def test_item_rest_correlation_agrees_with_psych() -> None:
    ours = item_reliability(attitude(), {"all": attitude().columns})
    drop = [row["r.drop"] for row in PSYCH["attitude"]["item_stats"]]
    assert ours["item_rest"].tolist() == pytest.approx(drop, abs=1e-9)


def test_alpha_by_hand() -> None:
    # Variances 1 and 1, covariance 0.5: the sum has 3, so 2/1 (1 - 2/3) = 2/3.
    answers = pd.DataFrame({"a": [1, 2, 3], "b": [2, 1, 3]})
    assert cronbach_alpha(answers).alpha == pytest.approx(2 / 3)


def test_each_construct_and_the_whole_have_a_row() -> None:
    data = attitude().astype("Float64")
    data.loc[0, "rating"] = pd.NA
    parts = {
        "first": ["rating", "complaints"],
        "second": ["learning", "raises"],
        "one": ["advance"],
    }
    table = reliability(data, parts)
    assert list(table.index) == ["first", "second", "one", "overall"]
    assert table["items"].tolist() == [2, 2, 1, 5]
    assert table["missing"].tolist() == [1, 0, 0, 1]
    assert table["n"].tolist() == [29, 30, 30, 29]
    assert table["reason"].tolist() == ["", "", "one_item", ""]
    assert table["alpha"].isna().tolist() == [False, False, True, False]
    alone = cronbach_alpha(data[["learning", "raises"]], confidence=0.95)
    assert table.loc["second", "alpha"] == alone.alpha
    items = item_reliability(data, parts)
    assert items["item"].tolist() == ["rating", "complaints", "learning", "raises"]
    assert items["alpha_dropped"].isna().all()  # one other item has no alpha
    # With two items both correlate with "the rest" alike: it is their correlation.
    expected = data["learning"].astype(float).corr(data["raises"].astype(float))
    assert items["item_rest"].tolist()[2:] == pytest.approx([expected, expected])


def test_constructs_of_one_item_have_no_items_table() -> None:
    assert item_reliability(attitude(), {"one": ["advance"]}).empty


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.integers(-5, 5))
def test_alpha_does_not_mind_shifts_and_order_and_lies_in_its_interval(
    seed: int, shift: int
) -> None:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(30, 1)) + rng.normal(size=(30, 4)))
    one = cronbach_alpha(data)
    assert one.low <= one.alpha <= one.high <= 1
    other = cronbach_alpha(data[data.columns[::-1]].sample(frac=1, random_state=1) * 2 + shift)
    assert other.alpha == pytest.approx(one.alpha)


def test_wider_interval_for_higher_confidence() -> None:
    narrow, wide = (cronbach_alpha(agree(), confidence=level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (pd.DataFrame({"a": [1], "b": [2]}), "at least 2"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [2, 2, 2]}), "'b'"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}), "'a' and 'b'"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]}), "same sum"),
        (pd.DataFrame(np.eye(5)[:3], columns=list("abcde")), "at least 5"),
    ],
)
def test_alpha_without_an_answer_says_why(answers: pd.DataFrame, words: str) -> None:
    with pytest.raises(AnalysisError, match=words):
        cronbach_alpha(answers)


def test_unknown_items_and_a_reserved_name_are_told() -> None:
    with pytest.raises(AnalysisError, match="speed"):
        reliability(attitude(), {"a": ["rating", "speed"]})
    with pytest.raises(AnalysisError, match="overall"):
        reliability(attitude(), {"overall": ["rating", "advance"]})
    with pytest.raises(AnalysisError, match="confidence"):
        cronbach_alpha(attitude(), confidence=1.0)


def test_omegas_of_items_that_are_not_there_are_refused() -> None:
    with pytest.raises(AnalysisError, match=r"no columns \['c'\]"):
        omegas(pd.DataFrame({"a": [1, 2], "b": [2, 3]}), {"A": ["a", "b", "c"]})
