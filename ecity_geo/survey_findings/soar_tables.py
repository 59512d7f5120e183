"""Tables of the SOAR sheet: quadrants, items with their evidence, and the choice."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.soar import resolve_evidence
from ecity_geo.survey_findings.work import Work


def quadrants(work: Work) -> pd.DataFrame:
    """Return the score of each quadrant."""
    return work.soar.quadrants


def items(work: Work) -> pd.DataFrame:
    """Return the items of the sheet, each with the figure that it points to.

    Figures of the city are there in a whole run, which has analysed the map; without one their
    value is missing, and the pointer stands alone.
    """
    table = work.soar.items.rename(columns={"id": "entry"})
    pointers = table["evidence"]
    known = pointers.where(~pointers.str.startswith("city:") | bool(work.settings.city), "")
    table["figure"] = resolve_evidence(known, figures(work))
    names = ["entry", "quadrant", "weight", "score", "weighted", "flip", "evidence", "figure"]
    return table[names]


def choice(work: Work) -> pd.DataFrame:
    """Return the strategies, the chosen one first, and how firm the choice is."""
    return work.soar.choice


def measures(work: Work) -> pd.DataFrame:
    """Return the measures that each strategy asks for, the chosen strategy's first."""
    sheet = work.study.soar
    given = {} if sheet is None else sheet.strategies
    rows = [
        {
            "strategy": strategy,
            "measure": f"{strategy}.{number}",
            "fa": label.fa,
            "en": label.en,
        }
        for strategy in work.soar.choice["strategy"]
        for number, label in enumerate(given.get(strategy, ()), start=1)
    ]
    if not rows:
        raise AnalysisError(
            "The SOAR sheet names no measures. Add a [[strategy]] for each, with id and label."
        )
    return pd.DataFrame(rows)


def figures(work: Work) -> dict[str, float]:
    """Name every figure that an item may point to."""
    data = work.data
    named = {f"item:{name}": mean for name, mean in data.answers.mean().items()}
    named |= {f"item:{name}": mean for name, mean in data.outcomes.mean().items()}
    named |= {f"construct:{name}": mean for name, mean in data.scores.mean().items()}
    numbers = {
        name: float(value)
        for name, value in (work.settings.city or {}).items()
        if isinstance(value, int | float | np.number)
    }
    return named | {f"city:{name}": value for name, value in numbers.items()}
