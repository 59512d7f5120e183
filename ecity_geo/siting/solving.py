"""A model to HiGHS and back, at a size that suits its tolerances."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Floats
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, Model, program
from ecity_geo.siting.start import greedy_start
from ecity_geo.siting.watching import teller

_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6, so the objective is brought to this size."""


def solve(model: Model, *, deadline: float, start: Floats | None = None) -> highs.Answer:
    """Solve a model as one program.

    Parameters
    ----------
    model
        The question.
    deadline
        On the monotonic clock, in seconds.
    start
        A solution to begin from; by default the greedy one.

    Returns
    -------
    answer
        Variables as :func:`~ecity_geo.siting.program.program` has them, and their bound.
    """
    written = program(model)
    largest = float(np.abs(written.cost).max())
    factor = _SIZE / (largest * (1 if model.objective == FAIREST else len(written.cost)) or 1.0)
    tell = teller(f"conditioned_{model.objective}", _value_of(model))
    answer = highs.solve(
        replace(written, cost=written.cost * factor),
        time_limit=deadline - time.monotonic(),
        tolerance=1e-9,
        start=greedy_start(model, written) if start is None else start,
        report=tell.reporter(scale=1 / factor),
    )
    return replace(answer, bound=answer.bound / factor)


def _value_of(model: Model) -> Callable[[float], float]:
    """Return how the cost of a program becomes the objective that the user reads."""
    if model.objective in (COVERAGE, FAIREST):
        return operator.neg
    given = float(model.sites.price[model.sites.closable].sum()) if model.objective == PRICE else 0
    return lambda cost: cost + given
