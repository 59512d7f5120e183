"""Reliability without Cronbach's assumptions: McDonald's omega, and alpha of ordered answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence, complete_answers
from ecity_geo.stats.polychoric import polychoric
from ecity_geo.stats.sem import fit_model

_WHAT = "McDonald's omega"


@dataclass(frozen=True, slots=True, kw_only=True)
class Omega:
    """McDonald's omega of some items.

    Parameters
    ----------
    omega
        Share of the variance of their sum that one factor explains.
    low, high
        Interval by the delta method, with robust errors.
    confidence
        Its level.
    items, n, missing
        Items, respondents who answered all of them, and those left out.
    """

    omega: float
    low: float
    high: float
    confidence: float
    items: int
    n: int
    missing: int


def omega(answers: pd.DataFrame, *, confidence: float = 0.95) -> Omega:
    """Estimate the reliability of a sum of items that one factor lies behind.

    Parameters
    ----------
    answers
        A row per respondent, three numeric columns or more, reversed items turned round.
        Respondents with a missing answer are left out, and counted.
    confidence
        Level of the interval.

    Returns
    -------
    omega
        With its interval.

    Raises
    ------
    AnalysisError
        With fewer than three items, a model without a proper solution (an item with a negative
        variance is named), or as in `ecity_geo.stats.answers.complete_answers`.

    Notes
    -----
    ``(Σλ)² / ((Σλ)² + Σθ)`` of a factor of variance 1 (McDonald 1999), fitted by maximum
    likelihood: omega total of one factor, semTools' compRelSEM. psych's omega fits several
    factors, and is another figure. Loadings may differ, which alpha forbids; where they do,
    alpha is smaller.
    """
    check_confidence(confidence)
    complete, missing = complete_answers(answers, what=_WHAT)
    k = complete.shape[1]
    if k < 3:
        raise AnalysisError(f"{_WHAT} needs three items or more; there are {k}. Take alpha.")
    named = complete.set_axis([f"x{at}" for at in range(k)], axis=1)
    fit = fit_model(_syntax(k), named, estimator="MLR", std_lv=True, confidence=confidence)
    if fit.problems:
        told = " ".join(fit.problems)
        for at, name in reversed(list(enumerate(complete.columns))):
            told = told.replace(f"x{at}", str(name))
        raise AnalysisError(f"{_WHAT} is not defined. {told}")
    row = fit.parameters[fit.parameters["op"] == ":="].iloc[0]
    return Omega(
        omega=float(row["estimate"]),
        low=float(row["low"]),
        high=min(float(row["high"]), 1.0),
        confidence=confidence,
        items=k,
        n=len(complete),
        missing=missing,
    )


def ordinal_alpha(answers: pd.DataFrame) -> float:
    """Cronbach's alpha of what lies behind ordered answers.

    Parameters
    ----------
    answers
        As in `omega`; two items will do.

    Returns
    -------
    alpha
        Of the polychoric correlations.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.stats.polychoric.polychoric`.

    Notes
    -----
    Zumbo, Gadermann & Zeisser (2007), doi:10.22237/jmasm/1177992180. It is the reliability of a
    sum that nobody can form, of the continuous variables, and above that of the answers
    (Chalmers 2018, doi:10.1177/0013164417727036): not to be read as theirs.
    """
    correlations = polychoric(answers).correlations.to_numpy()
    k = len(correlations)
    return float(k / (k - 1) * (1 - k / correlations.sum()))


def omegas(
    answers: pd.DataFrame, constructs: Mapping[str, Sequence[str]], *, confidence: float = 0.95
) -> pd.DataFrame:
    """Omega and ordinal alpha of each construct.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item.
    constructs
        Items of each construct.
    confidence
        Level of the intervals.

    Returns
    -------
    omegas
        Indexed by construct: `omega`, `omega_low`, `omega_high`, `alpha_ordinal`, and `reason`
        where a figure is missing.
    """
    rows = {name: _row(answers[list(items)], confidence) for name, items in constructs.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("construct")


def _row(answers: pd.DataFrame, confidence: float) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(
        ("omega", "omega_low", "omega_high", "alpha_ordinal"), np.nan
    )
    reasons = []
    try:
        found = omega(answers, confidence=confidence)
        row |= {"omega": found.omega, "omega_low": found.low, "omega_high": found.high}
    except AnalysisError as error:
        reasons.append(str(error))
    try:
        row["alpha_ordinal"] = ordinal_alpha(answers)
    except AnalysisError as error:
        reasons.append(str(error))
    return row | {"reason": " ".join(reasons)}


def _syntax(k: int) -> str:
    loadings = " + ".join(f"l{at}*x{at}" for at in range(k))
    errors = "\n".join(f"x{at} ~~ e{at}*x{at}" for at in range(k))
    together = "(" + " + ".join(f"l{at}" for at in range(k)) + ")^2"
    rest = " + ".join(f"e{at}" for at in range(k))
    return f"f =~ {loadings}\n{errors}\nomega := {together} / ({together} + {rest})"
