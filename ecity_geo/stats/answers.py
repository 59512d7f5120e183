"""Answers as numbers, and what no statistic can be made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError

Given = TypeVar("Given", pd.Series, pd.DataFrame)


def as_numbers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers as floats, NaN where missing.

    Parameters
    ----------
    answers
        A row per respondent, a column per item.

    Returns
    -------
    numbers
        The same shape.

    Raises
    ------
    AnalysisError
        If there are no items, two have the same name, or an answer is no finite number.
    """
    if answers.shape[1] == 0:
        raise AnalysisError("There are no items to analyse.")
    twice = answers.columns[answers.columns.duplicated()].tolist()
    if twice:
        raise AnalysisError(f"Two items have the same name: {_names(twice)}.")
    columns = {}
    for name, values in answers.items():
        try:
            columns[name] = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise AnalysisError(f"Item {name!r} has answers that are no numbers.") from error
        if np.isinf(columns[name]).any():
            raise AnalysisError(f"Item {name!r} has an infinite answer.")
    return pd.DataFrame(columns, index=answers.index)


def complete_answers(answers: pd.DataFrame, *, what: str) -> tuple[pd.DataFrame, int]:
    """Return the respondents who answered every item, if a statistic can be made from them.

    Parameters
    ----------
    answers
        A row per respondent, a column per item.
    what
        Name of the statistic, for messages.

    Returns
    -------
    complete
        Their answers as floats.
    missing
        How many respondents were left out.

    Raises
    ------
    AnalysisError
        With fewer than two items, an item that nobody answered, fewer than two respondents,
        fewer respondents than items, an item that all answer alike, or two items that everybody
        answers alike.
    """
    numbers = as_numbers(answers)
    complete = numbers.dropna()
    missing = len(numbers) - len(complete)
    n, k = complete.shape
    if k < 2:
        raise AnalysisError(f"{what} needs at least two items; there is one.")
    if n < max(2, k):
        refuse_unanswered(numbers, what=what)
        raise AnalysisError(
            f"{what} of {k} items needs at least {max(2, k)} respondents who answered all of "
            f"them; there are {n} ({missing} left out for a missing answer)."
        )
    refuse_constant(complete, what=what)
    _refuse_identical(complete, what)
    return complete, missing


def refuse_unanswered(numbers: pd.DataFrame, *, what: str) -> None:
    """Raise an `AnalysisError` that names the items without any answer, if anybody answered."""
    nobody = [name for name, values in numbers.items() if values.isna().all()]
    if nobody and len(nobody) < numbers.shape[1]:
        raise AnalysisError(
            f"{what} cannot use items that nobody answered: {_names(nobody)}. Leave them out."
        )


def refuse_constant(numbers: pd.DataFrame, *, what: str) -> None:
    """Raise an `AnalysisError` that names the items without any difference between answers."""
    constant = [name for name, values in numbers.items() if values.nunique() < 2]
    if constant:
        raise AnalysisError(
            f"{what} cannot use items that all respondents answered alike: "
            f"{_names(constant)}. Leave them out."
        )


def by_respondent(given: Given, index: pd.Index, *, what: str) -> Given:
    """Return what is known of respondents in the order of an index, missing where it is not known.

    Parameters
    ----------
    given
        Indexed by respondent (or stratum).
    index
        The order wanted.
    what
        Name of what is given, for messages.

    Returns
    -------
    ordered
        A row per entry of `index`.

    Raises
    ------
    AnalysisError
        If a respondent comes twice in either.
    """
    for labels in (index, given.index):
        twice = labels[labels.duplicated()].unique().tolist()
        if twice:
            raise AnalysisError(
                f"There is no telling whose {what} are whose: {_names(twice)} come more than once."
            )
    return given.reindex(index)


def check_confidence(confidence: float) -> None:
    """Raise an `AnalysisError` unless the level lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise AnalysisError(f"A confidence of {confidence} does not lie between 0 and 1.")


def check_test_value(test_value: float) -> None:
    """Raise an `AnalysisError` unless the value to test against is a finite number."""
    if not np.isfinite(test_value):
        raise AnalysisError(f"A mean cannot be tested against {test_value}; give a number.")


def _refuse_identical(numbers: pd.DataFrame, what: str) -> None:
    first: dict[bytes, object] = {}
    for name, values in numbers.items():
        other = first.setdefault(values.to_numpy().tobytes(), name)
        if other != name:
            raise AnalysisError(
                f"{what} cannot use items {other!r} and {name!r}: everybody answered them "
                "alike. One may be a copy of the other; leave one out."
            )


def _names(names: Sequence[object]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
