"""Weights that make a sample add up to known totals: post-stratification and raking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import by_respondent
from ecity_geo.stats.sampling import design_effect

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Largest relative difference of a weighted total from the known one.
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighting:
    """Weights that reproduce known totals.

    Parameters
    ----------
    weights
        One per respondent, positive; they add up to the people that the totals speak of.
    totals
        A row per margin and category: `margin`, `category`, `n` (respondents), `known` and
        `weighted` (the sum of their weights).
    iterations
        Rounds over all margins; 1 for post-stratification.
    gap
        Largest relative difference of `weighted` from `known`: at most 1e-10.
    trimmed
        Respondents held at a limit.
    design_effect
        Kish's, of the weights.
    """

    weights: pd.Series
    totals: pd.DataFrame
    iterations: int
    gap: float
    trimmed: int
    design_effect: float


def post_stratify(
    cells: pd.Series,
    totals: pd.Series,
    *,
    base: pd.Series | None = None,
    limits: tuple[float, float] | None = None,
) -> Weighting:
    """Weight respondents so that each cell adds up to its known total.

    Parameters
    ----------
    cells
        Cell of each respondent, such as the district, indexed by respondent.
    totals
        People per cell, indexed by cell.
    base, limits
        As in `rake`.

    Returns
    -------
    weighting
        Weights ``base * N_c / sum of base in c``.

    Raises
    ------
    AnalysisError
        As in `rake`.

    Notes
    -----
    Holt & Smith (1979), doi:10.2307/2344652.
    """
    name = str(cells.name or "cell")
    return rake(cells.to_frame(name), {name: totals}, base=base, limits=limits)


def rake(
    categories: pd.DataFrame,
    totals: Mapping[str, pd.Series],
    *,
    base: pd.Series | None = None,
    limits: tuple[float, float] | None = None,
    iterations: int = 1000,
) -> Weighting:
    """Weight respondents so that each of several margins adds up to its known totals.

    Parameters
    ----------
    categories
        A row per respondent, a column per margin, such as district and age group.
    totals
        People per category of each margin; all margins add up to the same number.
    base
        Weights to begin with, by respondent; 1 each by default.
    limits
        Least and greatest weight, as multiples of the mean weight. Who would pass one is held
        there, and the others make up for it, so that the totals are still met.
    iterations
        Rounds after which raking gives up.

    Returns
    -------
    weighting
        Weights, with the totals they give.

    Raises
    ------
    AnalysisError
        If a respondent lacks a category or a base weight, a category lacks a total or a total
        its respondents, totals are not positive or add up differently, or no weights (within
        the limits) meet all totals.

    Notes
    -----
    Iterative proportional fitting (Deming & Stephan 1940, doi:10.1214/aoms/1177731829): of all
    weights that meet the totals, those nearest to `base` in relative entropy. With limits each
    step finds the factor at which the weights held within them add up, which leads to the
    nearest within the limits (Deville, Särndal & Sautory 1993, doi:10.2307/2290793).
    """
    totals = {name: pd.to_numeric(known, errors="coerce") for name, known in totals.items()}
    _check_totals(categories, totals)
    margins = [_Margin.of(categories[name], known) for name, known in totals.items()]
    start = _base(categories.index, base)
    start = start * (margins[0].known.sum() / start.sum())
    low, high = _limits(limits, float(start.mean()), len(start))
    if limits is not None:
        _check_limits(totals, margins, low, high)
    weights, rounds = _fit(start, margins, low, high, iterations)
    held = (weights <= low) | (weights >= high)
    return _weighting(categories, totals, margins, weights, rounds, int(held.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Margin:
    name: str
    codes: Integers
    known: Floats

    @classmethod
    def of(cls, given: pd.Series, known: pd.Series) -> _Margin:
        codes = known.index.get_indexer(pd.Index(given)).astype(np.int64)
        return cls(str(given.name), codes, known.to_numpy(dtype=float))

    def sums(self, weights: Floats) -> Floats:
        return np.bincount(self.codes, weights, len(self.known)).astype(np.float64)

    def factors(self, weights: Floats, low: float, high: float) -> Floats:
        """Return by how much to multiply each category's weights to meet its total."""
        if low == 0 and high == np.inf:
            return np.asarray(self.known / self.sums(weights))
        parts = (weights[self.codes == code] for code in range(len(self.known)))
        pairs = zip(parts, self.known, strict=True)
        return np.array([_stretch(part, low, high, known) for part, known in pairs])

    def gap(self, weights: Floats) -> float:
        return float(np.abs(self.sums(weights) / self.known - 1).max())


def _fit(
    start: Floats, margins: list[_Margin], low: float, high: float, iterations: int
) -> tuple[Floats, int]:
    """Rake, and return the weights and the rounds it took."""
    pulled = start.copy()
    for number in range(1, iterations + 1):
        for margin in margins:
            pulled *= margin.factors(pulled, low, high)[margin.codes]
        weights = np.clip(pulled, low, high)
        if max(margin.gap(weights) for margin in margins) <= _TOLERANCE:
            return weights, number
    worst = max(margins, key=lambda margin: margin.gap(weights))
    raise AnalysisError(
        f"Raking did not meet the totals in {iterations} rounds; margin {worst.name!r} is off by "
        f"{worst.gap(weights):.2g}. Combinations without respondents may rule the totals out: "
        "merge categories" + (", or widen the limits." if low > 0 or high < np.inf else ".")
    )


def _stretch(values: Floats, low: float, high: float, known: float) -> float:
    """Return the factor that makes values, held within limits, add up to a known sum.

    The sum is a broken line in the factor: it bends where a value leaves the lower limit and
    where it reaches the upper one.
    """
    at = np.concatenate([low / values, high / values])
    order = np.argsort(at)
    slope = np.concatenate([values, -values])[order].cumsum()
    rise = slope[:-1] * np.diff(at[order])
    sums = low * len(values) + np.concatenate([[0.0], rise.cumsum()])
    return float(np.interp(known, sums, at[order]))


def _weighting(
    categories: pd.DataFrame,
    totals: Mapping[str, pd.Series],
    margins: list[_Margin],
    weights: Floats,
    rounds: int,
    trimmed: int,
) -> Weighting:
    rows = [
        pd.DataFrame(
            {
                "margin": name,
                "category": known.index,
                "n": margin.sums(np.ones(len(weights))).astype(np.int64),
                "known": margin.known,
                "weighted": margin.sums(weights),
            }
        )
        for margin, (name, known) in zip(margins, totals.items(), strict=True)
    ]
    named = pd.Series(weights, index=categories.index, name="weight")
    return Weighting(
        weights=named,
        totals=pd.concat(rows, ignore_index=True),
        iterations=rounds,
        gap=max(margin.gap(weights) for margin in margins),
        trimmed=trimmed,
        design_effect=design_effect(named),
    )


def _check_totals(categories: pd.DataFrame, totals: Mapping[str, pd.Series]) -> None:
    if not totals or not len(categories):
        raise AnalysisError("Weights need respondents, and at least one margin of known totals.")
    faults = [
        fault for name, known in totals.items() for fault in _margin_faults(categories, name, known)
    ]
    if faults:
        raise AnalysisError(f"No weights meet these totals: {'; '.join(faults)}.")
    sums = {name: float(known.sum()) for name, known in totals.items()}
    first = next(iter(sums.values()))
    if any(abs(value / first - 1) > 1e-9 for value in sums.values()):
        raise AnalysisError(f"The margins add up to different numbers of people: {sums}.")


def _margin_faults(categories: pd.DataFrame, name: str, known: pd.Series) -> list[str]:
    """Say everything that is wrong with one margin."""
    if name not in categories:
        return [f"the respondents have no margin {name!r}"]
    given = categories[name]
    bad = known.index[~(np.isfinite(known.to_numpy(dtype=float)) & (known > 0).to_numpy())]
    cases = {
        "{} of {} comes twice": known.index[known.index.duplicated()],
        "{} of {} has no positive total": bad,
        "{} of {} has respondents but no total": pd.Index(given.dropna().unique()).difference(
            known.index
        ),
        "{} of {} has a total but no respondents (merge it with another)": known.index.difference(
            pd.Index(given.dropna().unique())
        ).difference(bad),
    }
    faults = [
        text.format(", ".join(repr(one) for one in found[:5]), repr(name))
        for text, found in cases.items()
        if len(found)
    ]
    missing = int(given.isna().sum())
    return [*faults, f"{missing} respondents have no {name!r}"] if missing else faults


def _base(index: pd.Index, base: pd.Series | None) -> Floats:
    if base is None:
        return np.ones(len(index))
    given = by_respondent(base, index, what="base weights").to_numpy(dtype=float)
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise AnalysisError("Each respondent needs a base weight, and each of them positive.")
    return given


def _limits(
    limits: tuple[float, float] | None, mean: float, respondents: int
) -> tuple[float, float]:
    low, high = (0.0, np.inf) if limits is None else limits
    if not 0 <= low < 1 < high:
        raise AnalysisError(
            f"Limits of {low} and {high} mean weights; they must lie on both sides of 1."
        )
    # No weight can be more than all of them.
    return low * mean, high * mean if limits is None else min(high, 2 * respondents) * mean


def _check_limits(
    totals: Mapping[str, pd.Series], margins: list[_Margin], low: float, high: float
) -> None:
    """Refuse limits within which the respondents of a category cannot add up to its total."""
    for margin, known in zip(margins, totals.values(), strict=True):
        n = margin.sums(np.ones(len(margin.codes)))
        beyond = (n * low > margin.known) | (n * high < margin.known)
        if beyond.any():
            raise AnalysisError(
                f"With these limits the respondents of {known.index[beyond].tolist()[:5]} cannot "
                f"add up to their totals of {margin.name!r}. Widen the limits."
            )
