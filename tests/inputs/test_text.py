"""Folding of Persian text and matching of keys.

Pairs of spellings are those of the Unicode standard and of Iranian place names as they stand in
public registers; the properties hold for any text.
"""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecity_geo.inputs.text import fold, match_keys, nearest, to_number

PERSIAN = st.text(
    alphabet="اآأإٱبپتيىیئكکهةۀەءؤو\u0654\u0653\u064e\u200c\u200f\u0640 ۰۱۲٣٤0129aAİéßﻻﯼ\t\u0301",
    max_size=12,
)

SAME_TYPING = [
    ("تبريز", "تبریز"),
    ("كندوان", "کندوان"),
    ("منطقه ۱", "منطقه\u200c1"),
    ("منطقه ١", " منطقه  1 "),
    ("شـهرک", "شهرک"),
    ("\u202bباغمیشه\u202c", "باغمیشه"),
    ("ﺗﺒﺮﯾﺰ", "تبریز"),
    ("ئ", "ي\u0654"),
    ("District 7", "DISTRICT 7"),
    ("\ufeffid", "id"),
]
SAME_SPELLING = [
    ("آخوندی", "اخوندی"),
    ("مسئول", "مسیول"),
    ("ناحیهٔ", "ناحیه"),
    ("ناحیۀ", "ناحیه"),
    ("حومة", "حومه"),
    ("مُحمّد", "محمد"),
    ("أهر", "اهر"),
]


@pytest.mark.parametrize(("left", "right"), SAME_TYPING)
def test_ways_of_typing_meet_at_tier_1(left: str, right: str) -> None:
    assert left != right
    assert fold(left, 1) == fold(right, 1)


@pytest.mark.parametrize(("left", "right"), SAME_SPELLING)
def test_ways_of_spelling_meet_at_tier_2_and_not_before(left: str, right: str) -> None:
    assert fold(left, 1) != fold(right, 1)
    assert fold(left, 2) == fold(right, 2)


def test_two_numbers_do_not_run_together() -> None:
    assert fold("1 2", 2) != fold("12", 2)
    assert fold("منطقه 1 2", 2) != fold("منطقه 12", 2)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(PERSIAN, st.text(max_size=10)), tier=st.sampled_from([0, 1, 2]))
@example(text="a \u0301", tier=1)
@example(text="ي\u200c\u0654", tier=1)
def test_folding_twice_is_folding_once(text: str, tier: int) -> None:
    once = fold(text, tier)
    assert fold(once, tier) == once


@settings(max_examples=150, deadline=None)
@given(left=PERSIAN, right=PERSIAN)
def test_a_higher_tier_never_parts_what_a_lower_one_joined(left: str, right: str) -> None:
    for tier in (1, 2):
        if fold(left, tier - 1) == fold(right, tier - 1):
            assert fold(left, tier) == fold(right, tier)
    decomposed = unicodedata.normalize("NFD", left)
    assert fold(decomposed, 1) == fold(left, 1)


@settings(max_examples=100, deadline=None)
@given(
    number=st.integers(-(10**9), 10**9),
    digits=st.sampled_from(["0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"]),
)
def test_a_number_reads_the_same_in_all_digits(number: int, digits: str) -> None:
    table = str.maketrans("0123456789", digits)
    assert to_number(str(number).translate(table)) == number
    assert to_number(f"{number:,}".replace(",", "٬").translate(table)) == number
    assert to_number(f"{number}.25".replace(".", "٫").translate(table)) == pytest.approx(
        float(f"{number}.25")
    )


@pytest.mark.parametrize(
    "text", ["", " ", "موافقم", "1,5", "12,34", "3/5", "nan", "inf", "1 2", "۳-", "0x10", "1_000"]
)
def test_what_is_not_one_plain_number_is_missing(text: str) -> None:
    assert to_number(text) is None


@pytest.fixture
def districts() -> pd.DataFrame:
    return pd.DataFrame(
        {"name_fa": ["شرق", "آزادی", "كوی ولی‌عصر"], "name_en": ["East", "Azadi", ""]},
        index=pd.Index(["1", "2", "3"], name="district_id"),
    )


def lines(*values: str | None) -> pd.Series:
    return pd.Series(values, index=pd.RangeIndex(2, 2 + len(values), name="line"), name="district")


def test_each_value_is_matched_at_its_lowest_tier(districts: pd.DataFrame) -> None:
    values = lines("شرق", "۱", "AZADI", "ازادی", "کوی ولیعصر", "کوی ولیعصر", None, " ")
    result = match_keys(values, districts, source="r.csv")
    assert result.faults == ()
    assert result.table[["value", "matched", "tier", "rows"]].to_numpy().tolist() == [
        ["شرق", "1", 0, 1],
        ["۱", "1", 1, 1],
        ["AZADI", "2", 1, 1],
        ["ازادی", "2", 2, 1],
        ["کوی ولیعصر", "3", 1, 2],
    ]
    assert [repair.count for repair in result.repairs] == [5]
    assert values.map(result.mapping).tolist()[:6] == ["1", "1", "2", "2", "3", "3"]


def test_unknown_value_names_its_nearest_neighbours(districts: pd.DataFrame) -> None:
    (fault,) = match_keys(lines("شرق", "شزق", "شزق"), districts, source="r.csv").faults
    assert fault.where == "line 3 (2 rows)"
    assert fault.field == "district"
    assert "'شرق'" in fault.expected


def test_unknown_value_without_neighbours_names_some_ids(districts: pd.DataFrame) -> None:
    (fault,) = match_keys(lines("xyzzy"), districts, source="r.csv").faults
    assert "one of the 3 known ids ('1', '2', '3')" in fault.expected


def test_ambiguous_value_is_a_fault_at_the_tier_where_it_first_matches() -> None:
    keys = pd.DataFrame({"name": ["آزاد", "ازاد"]}, index=["a", "b"])
    result = match_keys(lines("آزاد", "أزاد"), keys, source="r.csv")
    assert result.mapping == {"آزاد": "a"}
    (fault,) = result.faults
    assert fault.found == "'أزاد'"
    assert "'a', 'b'" in fault.expected


def test_alias_settles_an_ambiguous_name() -> None:
    keys = pd.DataFrame({"name": ["آزاد", "ازاد"]}, index=["a", "b"])
    result = match_keys(lines("أزاد"), keys, source="r.csv", aliases={"أزاد": "b"})
    assert result.mapping == {"أزاد": "b"}


@settings(max_examples=60, deadline=None)
@given(names=st.lists(PERSIAN, min_size=1, max_size=6), data=st.data())
def test_every_value_is_matched_or_a_fault_and_rows_add_up(
    names: list[str], data: st.DataObject
) -> None:
    keys = pd.DataFrame({"name": names}, index=[f"id{n}" for n in range(len(names))])
    values = data.draw(st.lists(st.one_of(st.sampled_from(names), PERSIAN), max_size=8))
    result = match_keys(pd.Series(values, dtype=object), keys, source="x")
    told = [value for value in values if value.strip()]
    assert result.table["rows"].sum() == len(told)
    assert len(result.mapping) + len(result.faults) == len(set(told))
    for value, key in result.mapping.items():
        assert fold(value, 2) in {fold(key, 2), fold(keys.loc[key, "name"], 2)}


def test_nearest_compares_folded_text_and_returns_it_as_known() -> None:
    assert nearest("ولیعصز", ["ولي‌عصر", "شرق"]) == ["ولي‌عصر"]


def test_a_number_beyond_all_numbers_is_missing() -> None:
    assert to_number("1e308") == 1e308
    assert to_number("1e400") is None
