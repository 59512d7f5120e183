"""Words and numbers in both languages; separators and digits are those of Unicode's CLDR."""

from __future__ import annotations

from string import Formatter

import numpy as np
import pandas as pd
import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.outputs import text as words
from ecity_geo.outputs.brief import listing
from ecity_geo.outputs.text import catalogue, interval, isolate, number, percent, reason, text

PERSIAN = dict(zip("۰۱۲۳۴۵۶۷۸۹", "0123456789", strict=True))


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(catalogue("fa")) == set(catalogue("en"))


def test_both_catalogues_have_the_same_placeholders() -> None:
    english, persian = catalogue("en"), catalogue("fa")
    differ = [key for key in english if placeholders(english[key]) != placeholders(persian[key])]
    assert differ == []


def test_no_text_is_empty_or_in_the_wrong_letters() -> None:
    for key, message in catalogue("fa").items():
        assert message.strip(), key
        literal = "".join(part for part, *_ in Formatter().parse(message))
        assert not set("يك٤٥٦") & set(literal), key


def test_missing_key_and_missing_value_are_bugs() -> None:
    with pytest.raises(KeyError, match=r"no text 'common\.nowhere'"):
        text("common.nowhere", "en")
    with pytest.raises(KeyError, match="low"):
        text("common.interval", "en", high="3")
    with pytest.raises(KeyError, match="no language 'de'"):
        text("common.interval", "de")
    assert words.has_text("common.interval", "fa")
    assert not words.has_text("common.nowhere", "fa")


@pytest.mark.parametrize(
    ("value", "digits", "english", "persian"),
    [
        (1_558_693, 0, "1,558,693", "۱٬۵۵۸٬۶۹۳"),
        (3.14159, 2, "3.14", "۳٫۱۴"),
        (0, 1, "0.0", "۰٫۰"),
        (-0.04, 1, "0.0", "۰٫۰"),
        (-12.5, 1, "\u221212.5", "\u200e\u2212۱۲٫۵"),
        (999.96, 1, "1,000.0", "۱٬۰۰۰٫۰"),
    ],
)
def test_numbers_are_written_as_cldr_says(
    value: float, digits: int, english: str, persian: str
) -> None:
    assert number(value, "en", digits) == english
    assert number(value, "fa", digits) == persian


def test_signs_are_those_of_cldr() -> None:
    symbols = Locale("fa").number_symbols["arabext"]
    assert percent(-0.5, "fa") == symbols["minusSign"] + "۵۰" + symbols["percentSign"]
    assert number(1234.5, "fa", 1) == "۱" + symbols["group"] + "۲۳۴" + symbols["decimal"] + "۵"


@settings(max_examples=60)
@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_a_number_reads_back_in_both_languages(value: float, digits: int) -> None:
    persian = number(value, "fa", digits)
    latin = "".join(PERSIAN.get(sign, sign) for sign in persian)
    latin = latin.replace("\u200e", "").replace("٬", ",").replace("٫", ".")
    assert latin == number(value, "en", digits)
    back = float(latin.replace(",", "").replace("\u2212", "-"))
    assert back == pytest.approx(round(value, digits))


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf"), pd.NA, np.float64("nan")])
def test_missing_number_is_a_dash(missing: float | None) -> None:
    assert number(missing, "fa", 2) == "–"
    assert percent(missing, "en") == "–"
    assert interval(1.0, missing, "en") == "–"


def test_share_and_interval() -> None:
    assert percent(0.805, "en", 1) == "80.5%"
    assert percent(0.805, "fa", 1) == "۸۰٫۵٪"
    assert interval(3.1, 3.5, "en", 1) == "3.1 to 3.5"
    assert interval(3.1, 3.5, "fa", 1) == "۳٫۱ تا ۳٫۵"


def test_reason_of_a_missing_number_is_told() -> None:
    assert reason("too_few", "en", min_count=5) == "fewer than 5 answered"
    assert reason("too_few", "fa", min_count=5) == "کمتر از ۵ پاسخگو"
    assert reason("", "en", min_count=5) == ""


def test_foreign_letters_are_isolated_and_own_ones_are_not() -> None:
    assert isolate("Kiosk 7", "fa") == "\u2068Kiosk 7\u2069"
    assert isolate("Kiosk 7", "en") == "Kiosk 7"
    assert isolate("کیوسک", "en") == "\u2068کیوسک\u2069"
    assert isolate("کیوسک", "fa") == "کیوسک"


def test_a_value_cannot_turn_the_line_or_open_a_placeholder() -> None:
    assert isolate("a\u202eb\u2069", "en") == "ab"
    assert text("common.people", "en", count="{x}") == "{x} people"


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.0014, "0.1%"),
        (0.00012, "0.01%"),
        (0.996, "99.6%"),
        (0.9996, "99.96%"),
        (0.004999, "0.5%"),
        (1 - 1e-12, "100%"),
        (1e-12, "0%"),
    ],
)
def test_none_and_all_are_said_of_none_and_all(share: float, written: str) -> None:
    assert percent(share, "en") == written


@pytest.mark.parametrize("lang", ["fa", "en"])
def test_a_list_of_foreign_names_keeps_the_order_of_its_language(lang: str) -> None:
    foreign = {"en": "منطقه", "fa": "District"}[lang]
    names = [f"{foreign} {number}" for number in (10, 6, 7)]
    listed = listing(names, lang)
    said = text("report.brief.gaps", lang, districts=listed, people="1")
    for name in names:
        assert f"\u2068{name}\u2069" in said
    conjunction = {"en": " and ", "fa": " و "}[lang]
    assert f"\u2068{names[1]}\u2069" in said.split(conjunction)[0]
