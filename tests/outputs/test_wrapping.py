"""Words of a figure broken into lines that fit, however long they are."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecity_geo.outputs.drawing import words_width, wrap


@settings(max_examples=60, deadline=None)
@given(words=st.text(alphabet="abکی‌ ي…MW", max_size=80), room=st.floats(30, 300))
def test_lines_fit_and_lose_no_letter_but_behind_an_ellipsis(words: str, room: float) -> None:
    lines = wrap(words, room, lines=3)
    assert 1 <= len(lines) <= 3
    assert all(words_width(line) <= room + 1e-9 for line in lines)
    kept, whole = "".join("".join(lines).split()), "".join(words.split())
    assert kept == whole or (kept.endswith("…") and whole.startswith(kept[:-1]))


@pytest.mark.parametrize("words", ["W" * 20_000, "منطقه‌ی بسیار دراز " * 2_000])
def test_very_long_names_are_cut_at_once(words: str) -> None:
    begun = perf_counter()
    lines = wrap(words, 200.0)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert perf_counter() - begun < 1.0  # a letter at a time it was minutes
