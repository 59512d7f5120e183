"""What a terminal shows while a location model works, and a pipe does not."""

from __future__ import annotations

import io
import sys

import pytest

from ecity_geo.progress import gap_line, stages
from ecity_geo.siting import SitingProgress
from ecity_geo.siting.watching import teller

AT = SitingProgress(model="p_median", objective=22685461.5, bound=22640000.0, gap=0.002, seconds=7)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_tells_plan_bound_gap_and_time() -> None:
    assert gap_line(AT) == "... p_median: 22685462, bound 22640000, gap 0.20%, 7 s"
    unproven = SitingProgress(
        model="conditioned_coverage",
        objective=-1234567.89,
        bound=float("-inf"),
        gap=float("inf"),
        seconds=12345,
    )
    assert "gap open" in gap_line(unproven)
    assert len(gap_line(unproven)) < 80


@pytest.mark.parametrize("terminal", [True, False])
def test_the_gap_is_shown_on_a_terminal_alone(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with stages(0.0, siting=True) as tell:
        tell("siting")
        teller("mclp")(cost=10.0, bound=9.0)
    shown = stderr.getvalue()
    assert ("mclp: 10, bound 9, gap 10.00%" in shown) == terminal
    assert shown.endswith("\r\x1b[K") == terminal  # nothing of it stays


def test_a_quick_model_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with stages(100.0, siting=True):
        teller("mclp")(cost=10.0, bound=9.0)
    assert stderr.getvalue() == ""
