"""Sample moments: all that maximum likelihood needs of complete answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import as_numbers, refuse_constant, refuse_unanswered

WHAT = "The model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Mean and covariance of one group.

    Parameters
    ----------
    n
        Respondents.
    weight
        What the discrepancy is multiplied by: n, or n - 1 in the convention of AMOS.
    covariance
        Divided by `weight`, p x p.
    mean
        Length p.
    log_determinant
        Logarithm of the determinant of the covariance.
    """

    n: int
    weight: float
    covariance: np.ndarray
    mean: np.ndarray
    log_determinant: float


def moments_of(values: np.ndarray, *, convention: str = "lavaan") -> Moments:
    """Moments of complete answers.

    Parameters
    ----------
    values
        n x p.
    convention
        ``"lavaan"`` divides by n (normal likelihood), ``"amos"`` by n - 1 (Wishart likelihood).

    Returns
    -------
    moments
        Of these answers.
    """
    n = len(values)
    mean = values.mean(axis=0)
    centred = values - mean
    weight = n if convention == "lavaan" else n - 1
    covariance = centred.T @ centred / weight
    return Moments(
        n=n,
        weight=float(weight),
        covariance=covariance,
        mean=mean,
        log_determinant=float(np.linalg.slogdet(covariance)[1]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Answers of the variables of a model, ready to be analysed.

    Parameters
    ----------
    values
        Per group an n x p array; NaN where missing.
    labels
        Of the groups; one empty word when there are none.
    left_out
        Respondents not used: for a missing answer (every answer, where missing ones are
        allowed) or a missing group.
    """

    values: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    left_out: int

    @property
    def n(self) -> int:
        """Return the number of respondents used."""
        return sum(len(part) for part in self.values)


def select_sample(
    answers: pd.DataFrame,
    variables: Sequence[str],
    *,
    groups: pd.Series | None = None,
    incomplete: bool = False,
    required: Collection[str] = (),
) -> Sample:
    """Take the variables of a model out of a frame, group by group.

    Parameters
    ----------
    answers
        A row per respondent.
    variables
        Observed variables of the model.
    groups
        Group of each respondent, aligned by index. Groups are in order of first appearance, as
        in lavaan.
    incomplete
        Keep respondents who answered something; else only those who answered everything.
    required
        Variables that must be answered even so: exogenous ones, whose moments are given.

    Returns
    -------
    sample
        Never with fewer respondents in a group than variables + 1.

    Raises
    ------
    AnalysisError
        If a variable is unknown, without answers, constant within a group or a linear
        combination of others, or a group has too few respondents.
    """
    unknown = [name for name in variables if name not in answers.columns]
    if unknown:
        raise AnalysisError(
            f"The answers have no columns {unknown}, which the model names. Correct the model, "
            "or add the columns."
        )
    numbers = as_numbers(answers[list(variables)])
    there = numbers.notna()
    usable = there.all(axis=1)
    if incomplete:
        own = [name for name in variables if name not in required]
        usable = there[list(required)].all(axis=1) & there[own].any(axis=1)
    refuse_unanswered(numbers, what=WHAT)
    parts = {"": numbers[usable]} if groups is None else _by_group(numbers, usable, groups)
    for label, part in parts.items():
        _check_part(part, label, incomplete=incomplete)
    values = tuple(part.to_numpy() for part in parts.values())
    left_out = len(answers) - sum(map(len, values))
    return Sample(values=values, labels=tuple(parts), left_out=left_out)


def _by_group(
    numbers: pd.DataFrame, usable: pd.Series, groups: pd.Series
) -> dict[str, pd.DataFrame]:
    if not numbers.index.isin(groups.index).all() or not groups.index.is_unique:
        raise AnalysisError(
            "The groups do not name each respondent once. Give a series with the index of the "
            "answers."
        )
    aligned = groups.reindex(numbers.index)
    labels = aligned.dropna().unique()
    if len(labels) < 2:
        raise AnalysisError("A comparison of groups needs at least two; there is one.")
    return {str(label): numbers[usable & (aligned == label).fillna(False)] for label in labels}


def _check_part(part: pd.DataFrame, label: str, *, incomplete: bool) -> None:
    where = f" in group {label!r}" if label else ""
    n, p = part.shape
    if n <= p:
        raise AnalysisError(
            f"{WHAT} of {p} variables needs at least {p + 1} respondents{where}; there are {n}. "
            "Use fewer items, or larger groups."
        )
    refuse_constant(part.dropna() if not incomplete else part, what=f"{WHAT}{where}")
    if not incomplete:
        refuse_dependent(np.cov(part.to_numpy().T), list(part.columns), where)


def refuse_dependent(covariance: np.ndarray, names: Sequence[str], where: str = "") -> None:
    """Raise an `AnalysisError` that names variables which determine one another.

    Parameters
    ----------
    covariance
        Of the variables.
    names
        Of the variables.
    where
        Words for the message.
    """
    covariance = np.atleast_2d(covariance)
    spread = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    if values[0] > 1e-10:
        return
    weights = np.abs(vectors[:, 0])
    part = [name for name, weight in zip(names, weights, strict=True) if weight > 1e-4]
    raise AnalysisError(
        f"{WHAT} cannot use variables that determine one another{where}: {', '.join(part)}. "
        "One of them is a copy or a sum of the others; leave it out."
    )
