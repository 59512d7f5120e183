"""Correlations of what lies behind ordered answers, with their asymptotic covariance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import as_numbers, complete_answers, refuse_constant
from ecity_geo.stats.binormal import (
    binormal_pdf,
    binormal_pdf_slope,
    corners,
    pad_thresholds,
    rectangles,
)
from ecity_geo.stats.polychoric_covariance import asymptotic_covariance

_WHAT = "Polychoric correlation"
_MOST_ANSWERS = 20
_EDGE = 0.999
_NEARLY_ONE = 0.99
_ROUNDS = 100
_EXACT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Polychoric:
    """Thresholds and polychoric correlations of ordered items.

    Parameters
    ----------
    correlations
        Items x items.
    thresholds
        A row per threshold: `item`, `threshold` (1, 2, ...), `answer` (the highest below it) and
        `value` (in standard deviations of what lies behind the item).
    pairs
        A row per pair of items: `item`, `other`, `correlation`, `n` (who answered both) and
        `empty_cells` (combinations of answers that nobody gave; many of them make the
        correlation uncertain).
    n
        Respondents used.
    missing
        Respondents left out: for any missing answer with ``"complete"``, for no answer at all
        with ``"pairwise"``.
    policy
        ``"complete"`` or ``"pairwise"``.
    gamma
        Asymptotic covariance of √n times thresholds and correlations, rows and columns named
        ``item|t1`` and ``item~~other``; None unless asked for.
    """

    correlations: pd.DataFrame
    thresholds: pd.DataFrame
    pairs: pd.DataFrame
    n: int
    missing: int
    policy: str
    gamma: pd.DataFrame | None = None

    def standard_errors(self) -> pd.Series:
        """Return standard errors of thresholds and correlations, √(gamma / n).

        Raises
        ------
        AnalysisError
            If the covariance was not asked for.
        """
        if self.gamma is None:
            raise AnalysisError(
                "Standard errors of polychoric correlations need their covariance; "
                "ask for it with covariance=True."
            )
        return pd.Series(np.sqrt(np.diag(self.gamma) / self.n), self.gamma.index, name="se")


@dataclass(frozen=True, slots=True)
class Categories:
    """Answers as numbers of categories.

    Parameters
    ----------
    codes
        Respondents x items, from 0; -1 where missing.
    answers
        The distinct answers of each item, ascending.
    """

    codes: np.ndarray
    answers: tuple[np.ndarray, ...]

    @property
    def sizes(self) -> np.ndarray:
        """Return how many categories each item has."""
        return np.array([len(answers) for answers in self.answers])


def polychoric(
    answers: pd.DataFrame, *, missing: str = "complete", covariance: bool = False
) -> Polychoric:
    """Correlations of the normal variables that ordered answers were cut out of.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Only the order of the answers counts;
        an answer that nobody gave is no category.
    missing
        ``"complete"`` leaves out respondents with a missing answer; ``"pairwise"`` uses all
        answers of an item for its thresholds and all who answered both for a correlation.
    covariance
        Whether to compute `Polychoric.gamma`.

    Returns
    -------
    polychoric
        As lavaan's ``lavCor(ordered=)`` gives them.

    Raises
    ------
    AnalysisError
        With fewer than two items, fewer respondents than items, an item that all answer alike or
        with more than 20 different answers, identical items, or a correlation beyond ±0.99.

    Notes
    -----
    Two steps (Olsson 1979, doi:10.1007/BF02296207): thresholds are normal quantiles of the
    cumulative shares, then each correlation maximises the likelihood of its table. In a table of
    2 x 2 with one empty cell, half an answer is moved into it with the margins kept. Covariance by
    the estimating equations of Muthén (1984, doi:10.1007/BF02294210), as lavaan has them.
    """
    numbers, left_out = _usable(answers, missing)
    categories = categorise(numbers)
    names = [str(name) for name in numbers.columns]
    taus = _thresholds(categories)
    first, second = np.triu_indices(len(names), k=1)
    tables = _pair_tables(categories, first, second)
    _check_tables(tables, names, first, second)
    padded = pad_thresholds(taus)
    x, y = padded[first], padded[second]
    two_by_two = (categories.sizes[first] == 2) & (categories.sizes[second] == 2)
    rho = _most_likely(_without_gap(tables, two_by_two), x, y)
    _check_correlations(rho, names, first, second)
    gamma = None
    if covariance:
        matrix = asymptotic_covariance(categories.codes, taus, rho, first, second, tables)
        labels = _labels(names, taus)
        gamma = pd.DataFrame(matrix, index=labels, columns=labels)
    return Polychoric(
        correlations=_square(rho, numbers.columns, first, second),
        thresholds=_threshold_frame(categories, taus, numbers.columns),
        pairs=_pair_frame(rho, tables, numbers.columns, first, second, categories.sizes),
        n=len(numbers),
        missing=left_out,
        policy=missing,
        gamma=gamma,
    )


def categorise(numbers: pd.DataFrame) -> Categories:
    """Give the answers of each item numbers from 0 in their order.

    Parameters
    ----------
    numbers
        Answers as floats, NaN where missing.

    Returns
    -------
    categories
        Answers that nobody gave have no number.

    Raises
    ------
    AnalysisError
        If an item has more than 20 different answers: it is no ordered item.
    """
    values = numbers.to_numpy()
    codes = np.full(values.shape, -1)
    answers = []
    for at, name in enumerate(numbers.columns):
        given = ~np.isnan(values[:, at])
        distinct, codes[given, at] = np.unique(values[given, at], return_inverse=True)
        if len(distinct) > _MOST_ANSWERS:
            raise AnalysisError(
                f"{_WHAT} takes items of up to {_MOST_ANSWERS} ordered answers; {name!r} has "
                f"{len(distinct)} different ones. Cut it into categories, or treat it as numeric."
            )
        answers.append(distinct)
    return Categories(codes, tuple(answers))


def _usable(answers: pd.DataFrame, missing: str) -> tuple[pd.DataFrame, int]:
    if missing == "complete":
        return complete_answers(answers, what=_WHAT)
    if missing != "pairwise":
        raise AnalysisError(f"There is no policy {missing!r}; expected 'complete' or 'pairwise'.")
    numbers = as_numbers(answers).dropna(how="all")
    n, k = numbers.shape
    if k < 2 or n < max(2, k):
        raise AnalysisError(
            f"{_WHAT} needs at least two items, and as many respondents as items; there are "
            f"{k} items and {n} respondents."
        )
    refuse_constant(numbers, what=_WHAT)
    return numbers, len(answers) - n


def _thresholds(categories: Categories) -> list[np.ndarray]:
    taus = []
    for at, size in enumerate(categories.sizes):
        codes = categories.codes[:, at]
        counts = np.bincount(codes[codes >= 0], minlength=size)
        taus.append(ndtri(np.cumsum(counts)[:-1] / counts.sum()))
    return taus


def _pair_tables(categories: Categories, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cross-tabulate all pairs in one product of indicators, pairs x answers x answers."""
    widest = int(categories.sizes.max())
    n, k = categories.codes.shape
    given = (categories.codes[:, :, None] == np.arange(widest)).astype(float)
    indicators = given.reshape(n, k * widest)
    counts = (indicators.T @ indicators).reshape(k, widest, k, widest)
    tables: np.ndarray = counts[first, :, second, :]
    return tables


def _without_gap(tables: np.ndarray, two_by_two: np.ndarray) -> np.ndarray:
    """Fill the one empty cell of a 2 x 2 table with half an answer, keeping the margins."""
    filled: np.ndarray = tables.copy()
    corner = filled[:, :2, :2]  # A view: what is added here is added to the tables.
    gap = two_by_two & ((corner == 0).sum(axis=(1, 2)) == 1)
    on_diagonal = (corner[:, 0, 0] == 0) | (corner[:, 1, 1] == 0)
    moved = np.where(gap, np.where(on_diagonal, 0.5, -0.5), 0.0)
    corner += moved[:, None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return filled


def _most_likely(tables: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solve the likelihood equations of all pairs by Newton's method inside brackets."""
    low, high = np.full(len(tables), -_EDGE), np.full(len(tables), _EDGE)
    rho = np.zeros(len(tables))
    for _ in range(_ROUNDS):
        slope, curvature = _likelihood(tables, x, y, rho)
        low, high = np.where(slope > 0, rho, low), np.where(slope > 0, high, rho)
        step = rho - slope / np.where(curvature < 0, curvature, -np.inf)
        inside = (curvature < 0) & (low <= step) & (step <= high)
        new = np.where(slope == 0, rho, np.where(inside, step, (low + high) / 2))
        done = np.abs(new - rho).max(initial=0.0) < _EXACT
        rho = new
        if done:
            break
    return rho


def _likelihood(
    tables: np.ndarray, x: np.ndarray, y: np.ndarray, rho: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return first and second derivatives of the log-likelihoods by the correlations."""
    at = x[:, :, None], y[:, None, :], rho[:, None, None]
    probability = rectangles(x, y, rho)
    # As in lavaan, a cell with next to no probability says nothing.
    seen = probability > np.sqrt(np.finfo(float).eps)
    probability = np.where(seen, probability, 1.0)
    first = np.where(seen, corners(binormal_pdf(*at)), 0.0) / probability
    second = np.where(seen, corners(binormal_pdf_slope(*at)), 0.0) / probability
    return (tables * first).sum(axis=(1, 2)), (tables * (second - first**2)).sum(axis=(1, 2))


def _check_tables(
    tables: np.ndarray, names: list[str], first: np.ndarray, second: np.ndarray
) -> None:
    rows, columns = (tables.sum(axis=2) > 0).sum(axis=1), (tables.sum(axis=1) > 0).sum(axis=1)
    bare = np.flatnonzero((rows < 2) | (columns < 2))
    if len(bare):
        at = bare[0]
        raise AnalysisError(
            f"{_WHAT} of {names[first[at]]!r} and {names[second[at]]!r} is not defined: those who "
            "answered both gave the same answer to one of them. Leave one out."
        )


def _check_correlations(
    rho: np.ndarray, names: list[str], first: np.ndarray, second: np.ndarray
) -> None:
    near = np.flatnonzero(np.abs(rho) > _NEARLY_ONE)
    if len(near):
        at = near[0]
        more = f" ({len(near) - 1} more such pairs)" if len(near) > 1 else ""
        raise AnalysisError(
            f"Items {names[first[at]]!r} and {names[second[at]]!r} have a polychoric correlation "
            f"beyond ±{_NEARLY_ONE}{more}: one is all but a copy of the other, or the table has "
            "too many empty cells. Leave one out, or join rare answers."
        )


def _labels(names: list[str], taus: list[np.ndarray]) -> list[str]:
    thresholds = [
        f"{name}|t{number}"
        for name, tau in zip(names, taus, strict=True)
        for number in range(1, len(tau) + 1)
    ]
    return thresholds + [f"{one}~~{other}" for one, other in combinations(names, 2)]


def _square(
    rho: np.ndarray, names: pd.Index, first: np.ndarray, second: np.ndarray
) -> pd.DataFrame:
    matrix = np.eye(len(names))
    matrix[first, second] = matrix[second, first] = rho
    return pd.DataFrame(matrix, index=names, columns=names)


def _threshold_frame(
    categories: Categories, taus: list[np.ndarray], names: pd.Index
) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "item": name,
                "threshold": np.arange(1, len(tau) + 1),
                "answer": answers[:-1],
                "value": tau,
            }
        )
        for name, answers, tau in zip(names, categories.answers, taus, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _pair_frame(
    rho: np.ndarray,
    tables: np.ndarray,
    names: pd.Index,
    first: np.ndarray,
    second: np.ndarray,
    sizes: np.ndarray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": names[first],
            "other": names[second],
            "correlation": rho,
            "n": tables.sum(axis=(1, 2)).astype(int),
            "empty_cells": sizes[first] * sizes[second] - (tables > 0).sum(axis=(1, 2)),
        }
    )
