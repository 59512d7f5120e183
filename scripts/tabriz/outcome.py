"""What the survey is to explain, and a panel that judged its questions: both simulated.

The published study regresses "realisation" on its three constructs but does not say how it was
measured, and names no panel. Each has a random stream of its own, so that the answers to the
18 published items stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tabriz.facts import CONSTRUCTS, ITEMS, RESPONDENTS, SCALE
from tabriz.population import apportion
from tabriz.survey import Answers

OUTCOME = "realisation"
OUTCOME_EN = "Overall realisability of the electronic city"
OUTCOME_FA = "تحقق‌پذیری کلی شهر الکترونیک"
EXPERTS = 10

_EFFECT = {"technical": 0.35, "services": 0.4, "organisation": 0.3}
"""Weight of each construct's score, in standard deviations."""
_LUCK = 0.95
_SHARES = (0.09, 0.27, 0.34, 0.22, 0.08)
"""Share of each answer."""
_DOUBTFUL = ("gis", "value_added_services", "strategy_alignment")
"""Items that the simulated panel does not agree on."""
_ESSENTIAL = {False: (0.95, 0.04, 0.01), True: (0.6, 0.3, 0.1)}
_RELEVANCE = {False: (0.65, 0.31, 0.03, 0.01), True: (0.4, 0.35, 0.2, 0.05)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One expert's rating of one item.

    Parameters
    ----------
    item
        Id of the item.
    panelist
        Id of the expert.
    essential
        1 essential, 2 useful, 3 not necessary.
    relevance
        1 not relevant to 4 highly relevant.
    """

    item: str
    panelist: str
    essential: int
    relevance: int


def realise(answers: Answers, rng: np.random.Generator) -> Answers:
    """Return one answer per respondent: by the three construct scores, and by luck."""
    score = _LUCK * rng.normal(size=RESPONDENTS)
    for construct in CONSTRUCTS:
        own = [column for column, item in enumerate(ITEMS) if item.construct == construct]
        mean = answers[:, own].mean(axis=1)
        score += _EFFECT[construct] * (mean - mean.mean()) / mean.std()
    points = np.arange(SCALE[0], SCALE[1] + 1)
    outcome = np.empty(RESPONDENTS, dtype=np.int64)
    outcome[np.argsort(score, kind="stable")] = np.repeat(
        points, apportion(np.array(_SHARES), RESPONDENTS)
    )
    return outcome


def judge(rng: np.random.Generator) -> list[Rating]:
    """Return what a panel says of each item."""
    return [
        Rating(
            item=item.id,
            panelist=f"e{expert:02d}",
            essential=int(rng.choice([1, 2, 3], p=_ESSENTIAL[item.id in _DOUBTFUL])),
            relevance=int(rng.choice([4, 3, 2, 1], p=_RELEVANCE[item.id in _DOUBTFUL])),
        )
        for item in ITEMS
        for expert in range(1, EXPERTS + 1)
    ]
