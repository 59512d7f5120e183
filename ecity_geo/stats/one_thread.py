"""Linear algebra on one thread: matrices of twenty variables are lost on several."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Hold linear algebra on one thread while small matrices are worked on, many times over.

    Threads that wait for one another take ten times as long on a busy machine.

    Returns
    -------
    context
        For a ``with`` statement.
    """
    limited: AbstractContextManager[Any] = _controller().limit(limits=1)
    return limited
