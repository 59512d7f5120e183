"""Words on stderr for work that takes longer than two seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ecity_geo.siting import SitingProgress

PATIENCE = 2.0
_CLEAR = "\r\x1b[K"
"""Back to the beginning of the line, and nothing on it."""


@contextmanager
def stages(patience: float = PATIENCE, *, siting: bool = False) -> Iterator[Callable[[str], None]]:
    """Tell the stages of a piece of work, once it has lasted longer than `patience`.

    Parameters
    ----------
    patience
        Seconds of silence.
    siting
        Whether to show on a terminal how the gap of each location model shrinks, too.

    Yields
    ------
    tell
        Call it with the name of each stage as the stage begins.
    """
    voice = _Voice(patience)
    timer = Timer(patience, voice.grow_impatient)
    timer.daemon = True
    timer.start()
    with ExitStack() as stack:
        stack.callback(voice.clear)
        stack.callback(timer.cancel)
        if siting and sys.stderr.isatty():
            from ecity_geo.siting import watch

            stack.enter_context(watch(voice.show))
        yield voice.tell


class _Voice:
    """What is said on stderr: lines that stay, and one that is written over."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.reached: list[str] = []
        self.late = False
        self.passing = False
        self.lock = Lock()

    def tell(self, stage: str) -> None:
        with self.lock:
            self.reached.append(stage)
            if self.late:
                self._say(f"... {stage}")

    def grow_impatient(self) -> None:
        with self.lock:
            self.late = True
            if self.reached:
                self._say(f"... {self.reached[-1]}")

    def show(self, progress: SitingProgress) -> None:
        with self.lock:
            if progress.seconds >= self.patience:
                click.echo(_CLEAR + gap_line(progress), err=True, nl=False)
                self.passing = True

    def clear(self) -> None:
        with self.lock:
            self._clear()

    def _say(self, line: str) -> None:
        self._clear()
        click.echo(line, err=True)

    def _clear(self) -> None:
        if self.passing:
            click.echo(_CLEAR, err=True, nl=False)
        self.passing = False


def gap_line(progress: SitingProgress) -> str:
    """Say in a line, of less than 80 characters, how far a model has come.

    Parameters
    ----------
    progress
        As `ecity_geo.siting.watch` tells it.
    """
    gap = f"{progress.gap:.2%}" if progress.gap < 10 else "open"
    return (
        f"... {progress.model}: {progress.objective:.8g}, bound {progress.bound:.8g}, "
        f"gap {gap}, {progress.seconds:.0f} s"
    )
