"""Leaflet and the fonts stand inside the page, complete and without an address."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from importlib.metadata import distribution
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from ecity_geo.outputs import assets
from pages import VOCABULARIES, outside_addresses

PERSIAN = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیئءأؤۀة"
DIGITS = "۰۱۲۳۴۵۶۷۸۹"


@pytest.fixture(scope="module")
def fonts() -> dict[str, TTFont]:
    found = re.findall(r'font-family:"([^"]+)".*?base64,([^"]+)"', assets.font_css())
    return {name: TTFont(BytesIO(base64.b64decode(content))) for name, content in found}


def test_leaflet_is_the_packaged_one_but_for_its_addresses() -> None:
    script = assets.leaflet_js()
    assert 't.version="1.9' in script
    assert script.startswith("/* @preserve")
    assert "Vladimir Agafonkin" in script
    assert outside_addresses(script) == set()
    assert "sourceMappingURL" not in script
    assert "</script" not in script


def test_leaflet_style_asks_for_no_picture() -> None:
    style = assets.leaflet_css()
    assert "url(" not in style
    assert ".leaflet-popup-content" in style
    assert style.count("{") == style.count("}")


def test_allowed_addresses_are_names_of_vocabularies() -> None:
    assert assets.ALLOWED_ADDRESSES <= VOCABULARIES


def test_arabic_font_holds_every_persian_letter_and_digit(fonts: dict[str, TTFont]) -> None:
    known = fonts["Noto Sans Arabic"].getBestCmap()
    half_space, isolates = "\u200c", "\u2068\u2069"
    assert [
        letter for letter in PERSIAN + DIGITS + "٪٫٬؟،؛" + half_space if ord(letter) not in known
    ] == []
    # Isolates are invisible: a browser needs no glyph of its own for them.
    assert len(isolates) == 2


def test_arabic_font_keeps_what_shapes_and_joins_letters(fonts: dict[str, TTFont]) -> None:
    features = {
        record.FeatureTag
        for record in fonts["Noto Sans Arabic"]["GSUB"].table.FeatureList.FeatureRecord
    }
    assert {"init", "medi", "fina", "rlig"} <= features
    positions = {
        record.FeatureTag
        for record in fonts["Noto Sans Arabic"]["GPOS"].table.FeatureList.FeatureRecord
    }
    assert {"mark", "mkmk"} <= positions


def test_latin_font_holds_english_and_its_punctuation(fonts: dict[str, TTFont]) -> None:
    known = fonts["Noto Sans"].getBestCmap()
    assert [c for c in "AZaz09.,;:!?()%+−–—“”‘’…×°²éü" if ord(c) not in known] == []


def test_fonts_vary_in_weight_only(fonts: dict[str, TTFont]) -> None:
    for font in fonts.values():
        axes = {axis.axisTag: (axis.minValue, axis.maxValue) for axis in font["fvar"].axes}
        assert axes == {"wght": (400, 700)}
        assert font.flavor == "woff"


def test_fonts_stay_light() -> None:
    assert len(assets.font_css()) < 130_000


def test_another_process_makes_the_same_bytes() -> None:
    code = (
        "import hashlib; from ecity_geo.outputs import assets; "
        "print(hashlib.sha256((assets.font_css() + assets.leaflet_js()).encode()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256((assets.font_css() + assets.leaflet_js()).encode()).hexdigest()
    assert done.stdout.strip() == here


def test_licences_name_installed_packages_that_hold_their_text() -> None:
    for licence in assets.licences():
        package = distribution(licence.package)
        assert licence.holder.startswith("©")
        if licence.licence == "OFL-1.1":
            texts = [
                file.locate().read_text("utf-8")  # type: ignore[attr-defined]
                for file in package.files or []
                if file.name == "LICENSE"
            ]
            assert any("SIL Open Font License, Version 1.1" in text for text in texts)
    assert {licence.licence for licence in assets.licences()} == {"BSD-2-Clause", "OFL-1.1"}


def test_hash_source_is_the_one_of_the_csp_standard() -> None:
    # The example of CSP Level 3, section 8.3: alert('Hello, world.');
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert assets.hash_source("alert('Hello, world.');") == expected
