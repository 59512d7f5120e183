"""Reliability without Cronbach's assumptions: McDonald's omega, and that of ordered answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence, complete_answers
from ecity_geo.stats.binormal import binormal_cdf, pad_thresholds
from ecity_geo.stats.polychoric import polychoric
from ecity_geo.stats.reliability import check_items
from ecity_geo.stats.sem import SemFit, fit_model

Floats = NDArray[np.float64]

_WHAT = "McDonald's omega"


@dataclass(frozen=True, slots=True, kw_only=True)
class Omega:
    """McDonald's omega of some items.

    Parameters
    ----------
    omega
        Share of the variance of their sum that one factor explains.
    low, high
        Interval by the delta method on the scale of ``ln(1 - omega)``, with robust errors.
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
    likelihood: omega total of one factor, semTools' compRelSEM with ``obs.var = FALSE`` (its
    default divides by the observed variance of the sum instead). psych's omega fits several
    factors by least squares, and is another figure. Loadings may differ, which alpha forbids;
    where they do, alpha is smaller. The interval is symmetric for ``ln(1 - omega)``, the scale
    that Bonett (2002, doi:10.3102/10769986027004335) has for alpha: of 30 respondents one that is
    symmetric for omega itself covers 89 to 91 %, this one 93 to 94 %.
    """
    check_confidence(confidence)
    fit, missing = _one_factor(answers, estimator="MLR")
    row = fit.parameters[fit.parameters["op"] == ":="].iloc[0]
    estimate, error = float(row["estimate"]), float(row["se"])
    reach = np.exp(float(ndtri((1 + confidence) / 2)) * error / (1 - estimate))
    return Omega(
        omega=estimate,
        low=1 - (1 - estimate) * reach,
        high=1 - (1 - estimate) / reach,
        confidence=confidence,
        items=answers.shape[1],
        n=fit.n,
        missing=missing,
    )


def ordinal_omega(answers: pd.DataFrame) -> float:
    """Estimate the reliability of a sum of ordered answers, taken as ordered.

    Parameters
    ----------
    answers
        As in `omega`, with answers of up to 20 ordered steps.

    Returns
    -------
    omega
        Of the sum of the answers in the order they have, numbered 1, 2, ...

    Raises
    ------
    AnalysisError
        As in `omega`, and in `ecity_geo.stats.polychoric.polychoric`.

    Notes
    -----
    Green & Yang (2009), doi:10.1007/s11336-008-9099-3: one factor behind polychoric correlations
    (DWLS), from which the covariances of the answers follow, those of an item with its repetition
    among them; semTools' compRelSEM with ``ord.scale = TRUE, obs.var = FALSE``. Other than
    `ordinal_alpha` it is about the sum that is formed.
    """
    fit, _ = _one_factor(answers, estimator="DWLS")
    parameters = fit.parameters
    loadings = parameters.loc[parameters["op"] == "=~", "std"].to_numpy()
    thresholds = parameters[parameters["op"] == "|"]
    taus = pad_thresholds(
        [
            thresholds.loc[thresholds["lhs"] == item, "estimate"].to_numpy()
            for item in parameters.loc[parameters["op"] == "=~", "rhs"]
        ]
    )
    shared = _answer_covariance(taus, np.outer(loadings, loadings))
    own = np.trace(shared) - _answer_variance(taus).sum()
    return float(shared.sum() / (shared.sum() - own))


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
        Indexed by construct: `omega`, `omega_low`, `omega_high`, `omega_ordinal`,
        `alpha_ordinal`, and `reason` where a figure is missing.

    Raises
    ------
    AnalysisError
        If `answers` lack an item of a construct.
    """
    check_items(answers, [item for items in constructs.values() for item in items])
    rows = {name: _row(answers[list(items)], confidence) for name, items in constructs.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("construct")


def _row(answers: pd.DataFrame, confidence: float) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(
        ("omega", "omega_low", "omega_high", "omega_ordinal", "alpha_ordinal"), np.nan
    )
    reasons = []
    try:
        found = omega(answers, confidence=confidence)
        row |= {"omega": found.omega, "omega_low": found.low, "omega_high": found.high}
    except AnalysisError as error:
        reasons.append(str(error))
    for name, figure in (("omega_ordinal", ordinal_omega), ("alpha_ordinal", ordinal_alpha)):
        try:
            row[name] = figure(answers)
        except AnalysisError as error:
            reasons.append(str(error))
    return row | {"reason": " ".join(dict.fromkeys(reasons))}


def _one_factor(answers: pd.DataFrame, *, estimator: str) -> tuple[SemFit, int]:
    """Fit one factor to the complete answers; tell how many are left out."""
    complete, missing = complete_answers(answers, what=_WHAT)
    k = complete.shape[1]
    if k < 3:
        raise AnalysisError(f"{_WHAT} needs three items or more; there are {k}. Take alpha.")
    named = complete.set_axis([f"x{at}" for at in range(k)], axis=1)
    ordered = estimator == "DWLS"
    syntax = "f =~ " + " + ".join(f"x{at}" for at in range(k)) if ordered else _syntax(k)
    try:
        fit = fit_model(syntax, named, estimator=estimator, std_lv=True)
    except AnalysisError as error:
        raise AnalysisError(_with_names(str(error), complete.columns)) from error
    if fit.problems:
        taken = " of ordered answers" if ordered else ""
        told = _with_names(" ".join(fit.problems), complete.columns)
        raise AnalysisError(f"{_WHAT}{taken} is not defined. {told}")
    return fit, missing


def _with_names(told: str, items: pd.Index) -> str:
    """Put the items' own names, which no syntax need understand, in place of x0, x1, ..."""
    names = {f"x{at}": str(name) for at, name in enumerate(items)}
    return re.sub(r"\bx\d+\b", lambda found: names.get(found[0], found[0]), told)


def _answer_covariance(taus: Floats, correlations: Floats) -> Floats:
    """Return covariances of the answers that thresholds cut out of correlated variables."""
    below = binormal_cdf(
        taus[:, None, :, None], taus[None, :, None, :], correlations[:, :, None, None]
    )
    means = ndtr(taus)
    products = means[:, None, :, None] * means[None, :, None, :]
    return np.asarray((below - products).sum(axis=(2, 3)))


def _answer_variance(taus: Floats) -> Floats:
    """Return variances of the answers: the covariances where the correlation is 1."""
    means = ndtr(taus)
    below = np.minimum(means[:, :, None], means[:, None, :])
    return np.asarray((below - means[:, :, None] * means[:, None, :]).sum(axis=(1, 2)))


def _syntax(k: int) -> str:
    loadings = " + ".join(f"l{at}*x{at}" for at in range(k))
    errors = "\n".join(f"x{at} ~~ e{at}*x{at}" for at in range(k))
    together = "(" + " + ".join(f"l{at}" for at in range(k)) + ")^2"
    rest = " + ".join(f"e{at}" for at in range(k))
    return f"f =~ {loadings}\n{errors}\nomega := {together} / ({together} + {rest})"
