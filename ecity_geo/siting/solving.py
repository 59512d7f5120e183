"""A model to HiGHS and back, at a size that suits its tolerances."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecity_geo.siting import highs
from ecity_geo.siting.instance import Floats
from ecity_geo.siting.program import COVERAGE, FAIREST, PRICE, Model, site_prices
from ecity_geo.siting.rows import program
from ecity_geo.siting.start import greedy_start
from ecity_geo.siting.taming import too_dear
from ecity_geo.siting.watching import teller

_SIZE = 1e5
"""HiGHS works to absolute tolerances of 1e-6, so the objective is brought to this size."""
_CUTS = 30
"""Choices that are left out one by one before a solver is no longer asked."""


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
    cuts = model.cuts
    answer = highs.Answer(x=None, bound=-np.inf)
    while len(cuts) <= len(model.cuts) + _CUTS:
        answer = _solve(replace(model, cuts=cuts), deadline, start)
        if answer.x is None:
            return answer
        opened = answer.x[: model.n_sites] > 0.5
        if not too_dear(model, opened):
            return answer
        # what the tolerances of the solver let pass is too dear with any further site as well
        price, _ = site_prices(model)
        cuts = (
            *cuts,
            (np.flatnonzero(opened & (price > 0)), np.flatnonzero(~opened & (price < 0))),
        )
    return highs.Answer(x=None, bound=answer.bound)


def _solve(model: Model, deadline: float, start: Floats | None) -> highs.Answer:
    written = program(model)
    largest = float(np.abs(written.cost).max())
    factor = _SIZE / (largest * (1 if model.objective == FAIREST else len(written.cost)) or 1.0)
    if start is None and model.covers is None and not model.aim:
        start = greedy_start(model, written)
    tell = teller(f"conditioned_{model.objective}", _value_of(model))
    answer = highs.solve(
        replace(written, cost=written.cost * factor),
        time_limit=deadline - time.monotonic(),
        tolerance=1e-9,
        start=start,
        report=tell.reporter(scale=1 / factor),
    )
    return replace(answer, bound=answer.bound / factor)


def _value_of(model: Model) -> Callable[[float], float]:
    """Return how the cost of a program becomes the objective that the user reads."""
    if model.objective in (COVERAGE, FAIREST):
        return operator.neg
    given = float(model.sites.price[model.sites.closable].sum()) if model.objective == PRICE else 0
    return lambda cost: cost + given
