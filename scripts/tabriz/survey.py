"""182 simulated respondents who keep Table 2 to the digit, and alpha with it.

Each item's answers are fixed first: so many of each scale point that the printed mean holds.
Latent scores then decide only *who* gives which answer, by rank, so that no loading can move a
mean. The one free number, the loading, is searched until Cronbach's alpha prints as published.
Standard deviations, district and fabric effects are assumptions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from tabriz.facts import ALPHA, CONSTRUCTS, DISTRICTS, ITEMS, RESPONDENTS, SCALE
from tabriz.plan import Floats, Ints
from tabriz.population import apportion

FLOOR = 6
"""Least respondents of a district that has any."""
SMALLEST = 10_000
"""Districts below this many people have none."""

_READY = {"1": 0.1, "2": 0.7, "3": 0.5, "4": -0.4, "5": 0.9, "6": -0.2, "7": -0.8, "8": 0.6,
          "10": -0.9}  # fmt: skip
_FABRIC_READY = {"planned": 0.25, "historic": 0.1, "rural": -0.25, "informal": -0.35}
_OWN = 0.35
"""Standard deviation of a district's own turn on one construct."""
_SHARE = {"person": 0.55, "construct": 0.55, "place": 0.5}
"""Weight of what a person, a construct and a place bring to the common score."""

Answers = Ints


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Districts and answers of the respondents.

    Parameters
    ----------
    district
        One per respondent.
    answers
        Respondents x items.
    """

    district: NDArray[np.str_]
    answers: Answers


def simulate(fabric: dict[str, str], rng: np.random.Generator) -> Survey:
    """Return the survey; `fabric` is each district's dominant fabric."""
    district = rng.permutation(np.repeat([d.id for d in DISTRICTS], list(respondents().values())))
    place = np.array([_READY[d] + _FABRIC_READY[fabric[d]] for d in district])
    common = np.column_stack([_common(district, place, rng) for _ in CONSTRUCTS])
    column = [list(CONSTRUCTS).index(item.construct) for item in ITEMS]
    luck = rng.normal(size=(RESPONDENTS, len(ITEMS)))
    person = _SHARE["person"] * rng.normal(size=RESPONDENTS)
    given = [np.sort(answers_of(item.mean)) for item in ITEMS]

    def answer(loading: float) -> Answers:
        scores = loading * (common[:, column] + person[:, None]) + luck
        answers = np.empty(scores.shape, dtype=np.int64)
        for item, sorted_answers in enumerate(given):
            answers[np.argsort(scores[:, item], kind="stable"), item] = sorted_answers
        return answers

    return Survey(district, _with_alpha(answer))


def respondents() -> dict[str, int]:
    """Respondents per district: Hamilton's method on the census, with a floor."""
    counts = {d.id: 0 for d in DISTRICTS}
    sharing = [d for d in DISTRICTS if d.population >= SMALLEST]
    everyone = sum(d.population for d in sharing)
    small = [d for d in sharing if d.population * RESPONDENTS < FLOOR * everyone]
    large = [d for d in sharing if d not in small]
    counts |= {d.id: FLOOR for d in small}
    left = RESPONDENTS - FLOOR * len(small)
    shares = apportion(np.array([float(d.population) for d in large]), left)
    return counts | {d.id: int(n) for d, n in zip(large, shares, strict=True)}


def answers_of(mean: str) -> Answers:
    """Return whole answers whose mean prints as given, bell-shaped within the scale."""
    low, high = SCALE
    total = int((Decimal(mean) * RESPONDENTS).to_integral_value())
    points = np.arange(low, high + 1)
    spread = 0.62 + 0.38 * min(float(mean) - low, high - float(mean)) / 2
    centre = _centre(points, float(mean), spread)
    weights = np.exp(-0.5 * ((points - centre) / spread) ** 2)
    answers = np.repeat(points, apportion(weights, RESPONDENTS))
    return _nudge(answers, total)


def _centre(points: Answers, mean: float, spread: float) -> float:
    """Return the centre of the cut bell whose mean is wanted, by bisection."""
    low, high = -10.0, 16.0
    for _ in range(80):
        middle = (low + high) / 2
        weights = np.exp(-0.5 * ((points - middle) / spread) ** 2)
        if (points * weights).sum() < mean * weights.sum():
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _nudge(answers: Answers, total: int) -> Answers:
    """Move single answers by one, from the commonest point, until the sum is right."""
    moved = answers.copy()
    while (off := total - int(moved.sum())) != 0:
        step = 1 if off > 0 else -1
        movable = moved[(moved + step >= SCALE[0]) & (moved + step <= SCALE[1])]
        commonest = np.bincount(movable).argmax()
        moved[np.flatnonzero(moved == commonest)[0]] += step
    return moved


def _common(district: NDArray[np.str_], place: Floats, rng: np.random.Generator) -> Floats:
    """Return what a construct's items share: the place, its own turn there, the person."""
    turns = {d.id: rng.normal(0, _OWN) for d in DISTRICTS}
    own = np.array([turns[d] for d in district])
    common: Floats = _SHARE["place"] * (place + own)
    return common + _SHARE["construct"] * rng.normal(size=len(district))


def alpha(answers: Answers) -> float:
    """Return Cronbach's alpha of respondents x items."""
    items = answers.shape[1]
    single = answers.var(axis=0, ddof=1).sum()
    return float(items / (items - 1) * (1 - single / answers.sum(axis=1).var(ddof=1)))


def _with_alpha(answer: Callable[[float], Answers]) -> Answers:
    """Search the loading, by bisection, at which alpha prints as published."""
    low, high = 0.0, 3.0
    for _ in range(60):
        answers = answer((low + high) / 2)
        found = alpha(answers)
        if f"{found:.3f}" == ALPHA:
            return answers
        low, high = ((low + high) / 2, high) if found < float(ALPHA) else (low, (low + high) / 2)
    raise RuntimeError(f"no loading gives alpha {ALPHA}")
