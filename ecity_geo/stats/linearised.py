"""Weighted means and variances, with what each respondent adds to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import as_numbers

if TYPE_CHECKING:
    from ecity_geo.stats.design import Design

Floats = NDArray[np.float64]

# Share of the weight beyond which a mean is one respondent's answer, and its error nothing.
_ONE_VOICE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Linearised:
    """Weighted means and what each respondent adds to them.

    Parameters
    ----------
    answered
        Respondents x items.
    mean, variance
        Per item; the variance with n - 1.
    pull
        Respondents x items: linearised contribution to the mean.
    deviation
        Respondents x items: answer less mean, 0 where missing.
    share
        Respondents x items: weight over the sum of the weights of those who answered.
    """

    answered: NDArray[np.bool_]
    mean: Floats
    variance: Floats
    pull: Floats
    deviation: Floats
    share: Floats


def linearise(answers: pd.DataFrame, design: Design) -> Linearised:
    """Make the weighted mean and variance of each item, and the pull of each respondent.

    Parameters
    ----------
    answers
        As in `survey_means`.
    design
        How the sample was drawn and weighted.

    Returns
    -------
    linearised
        For `Design.variance`.

    Raises
    ------
    AnalysisError
        As in `survey_means`.
    """
    numbers = aligned_answers(answers, design)
    few = [name for name, values in numbers.items() if values.nunique() < 2]
    if few:
        raise AnalysisError(
            f"A weighted mean needs two answers that differ; too few to items {few[:5]}. Leave "
            "them out."
        )
    x = numbers.to_numpy()
    answered = np.isfinite(x)
    weight = np.where(answered, design.weights[:, None], 0.0)
    share = weight / weight.sum(axis=0)
    _refuse_one_voice(share, numbers)
    mean = (share * np.where(answered, x, 0.0)).sum(axis=0)
    deviation = np.where(answered, x - mean, 0.0)
    n = answered.sum(axis=0)
    return Linearised(
        answered=answered,
        mean=mean,
        variance=(share * deviation**2).sum(axis=0) * n / (n - 1),
        pull=share * deviation,
        deviation=deviation,
        share=share,
    )


def _refuse_one_voice(share: Floats, numbers: pd.DataFrame) -> None:
    """Refuse means that are one respondent's answer: their error would come out next to none."""
    heaviest = share.max(axis=0)
    at = int(heaviest.argmax())
    if heaviest[at] > _ONE_VOICE:
        raise AnalysisError(
            f"One respondent holds {heaviest[at]:.0%} of the weight of {numbers.columns[at]!r}: "
            "how far such a mean may be off cannot be told. Trim the weights, or merge strata."
        )


def aligned_answers(answers: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return answers as numbers, in the order of a design's respondents.

    Parameters
    ----------
    answers
        A row per respondent of `design`.
    design
        How the sample was drawn and weighted.

    Returns
    -------
    aligned
        NaN where missing.

    Raises
    ------
    AnalysisError
        If the respondents differ from the design's, or an answer is no number.
    """
    unknown = design.index.symmetric_difference(answers.index)
    if len(unknown) or answers.index.has_duplicates:
        raise AnalysisError(
            f"The answers are not those of the weighted respondents: {len(unknown)} stand in one "
            "of both only, or one comes twice."
        )
    return as_numbers(answers.reindex(design.index))
