"""Words on stderr for work that takes longer than two seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer

import click

PATIENCE = 2.0


@contextmanager
def stages(patience: float = PATIENCE) -> Iterator[Callable[[str], None]]:
    """Tell the stages of a piece of work, once it has lasted longer than `patience`.

    Parameters
    ----------
    patience
        Seconds of silence.

    Yields
    ------
    tell
        Call it with the name of each stage as the stage begins.
    """
    reached: list[str] = []
    late: list[bool] = []
    lock = Lock()

    def tell(stage: str) -> None:
        with lock:
            reached.append(stage)
            if late:
                click.echo(f"... {stage}", err=True)

    def grow_impatient() -> None:
        with lock:
            late.append(True)
            if reached:
                click.echo(f"... {reached[-1]}", err=True)

    timer = Timer(patience, grow_impatient)
    timer.daemon = True
    timer.start()
    try:
        yield tell
    finally:
        timer.cancel()
