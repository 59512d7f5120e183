"""Bootstrap of everything that is said of items: means, spreads, t, d, mean ranks, alpha and W.

Respondents are drawn again and again, whole, with all their answers. All figures are functions of
sums over respondents, so that one product of (how often each was drawn) with (what each adds to
the sums) makes every figure of every resample, and leaving out a respondent is a subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import (
    as_numbers,
    check_confidence,
    check_test_value,
    complete_answers,
)
from ecity_geo.stats.concordance import concordance
from ecity_geo.stats.ranks import rank_rows
from ecity_geo.stats.reliability import WHOLE
from ecity_geo.stats.resampling import Resampling, bca_interval, percentile_interval, resampling

Floats = NDArray[np.float64]

METHODS = ("bca", "percentile")
# Share of resamples without a figure beyond which the others say too little.
_FAILED = 0.05


def bootstrap_table(
    answers: pd.DataFrame,
    *,
    constructs: Mapping[str, Sequence[str]] | None = None,
    test_value: float = 3.0,
    confidence: float = 0.95,
    replicates: int = 2000,
    method: str = "bca",
    strata: pd.Series | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Bootstrap intervals of the figures of a table of items.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Resamples hold whole respondents.
        Mean, SD, t and d leave out who missed the item; mean ranks and W who missed any item;
        alpha who missed one of its items: each row counts them.
    constructs
        Items of each construct, for alpha; constructs of one item have none. Without them
        there is the alpha of all items only.
    test_value
        Value that t and d compare with.
    confidence
        Level of the intervals.
    replicates
        Resamples, at least 100.
    method
        ``"bca"`` (bias-corrected and accelerated) or ``"percentile"``. Kendall's W always has
        ``"bootstrap-t"``: see `ecity_geo.stats.concordance.w_interval`.
    strata
        Stratum of each respondent, such as the district, by the index of `answers`: resamples
        then draw as many from each stratum as it has.
    seed
        Of the random numbers.

    Returns
    -------
    table
        A row per figure: `figure` (``"mean"``, ``"sd"``, ``"t"``, ``"d"``, ``"mean_rank"``,
        ``"alpha"``, ``"kendall_w"``), `of` (item, construct, or ``"overall"``), `n`, `missing`,
        `estimate`, `bias` (mean of the resamples minus estimate), `se`, `low`, `high`,
        `method`, `replicates`, `failed` (resamples without the figure, as where all drawn
        answers are alike) and `seed`.

    Raises
    ------
    AnalysisError
        As in `ecity_geo.stats.answers.complete_answers`; for an unknown method, fewer than 100
        replicates, an unknown item, a respondent without a stratum, a stratum of one, or a
        figure that more than 5 % of the resamples lack.

    Notes
    -----
    Efron (1987), doi:10.1080/01621459.1987.10478410; in strata, Davison & Hinkley (1997),
    Bootstrap Methods and their Application, 5.3. The interval of t is that of a sample of this
    size, not of another.
    """
    check_confidence(confidence)
    check_test_value(test_value)
    if method not in METHODS:
        raise AnalysisError(f"No method '{method}'; there are {', '.join(METHODS)}.")
    if replicates < 100:
        raise AnalysisError(f"{replicates} resamples have no tails; ask for 100 or more.")
    sums = _gather(answers, constructs or {}, test_value)
    ways = resampling(answers.index, strata)
    drawn, w_interval = _resample(sums, ways, replicates, confidence, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = sums.figures(sums.each.sum(axis=0)[None, :])[0]
        left_out = sums.figures(ways.leave_one_out(sums.each))
    table = sums.rows.assign(estimate=estimate)
    held = np.isfinite(drawn)
    _refuse_failed(table, (~held).mean(axis=0))
    drawn = np.where(held, drawn, np.nan)
    table["bias"] = np.nanmean(drawn, axis=0) - estimate
    table["se"] = np.nanstd(drawn, axis=0, ddof=1)
    ends = [w_interval] * len(table)
    for at in np.flatnonzero(table["figure"] != "kendall_w"):
        values = drawn[held[:, at], at]
        if method == "percentile":
            ends[at] = percentile_interval(values, confidence=confidence)
        else:
            pull = ways.acceleration(left_out[:, at])
            ends[at] = bca_interval(values, estimate[at], pull, confidence=confidence)
    table["low"], table["high"] = np.array(ends).T
    table["method"] = np.where(table["figure"] == "kendall_w", "bootstrap-t", method)
    return table.assign(replicates=replicates, failed=(~held).sum(axis=0), seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """What each respondent adds, and how figures follow from the sums.

    `each` holds, side by side: for items, who answered, the answers and their squares; the
    centred ranks, with who is ranked; and per alpha, who counts, the answers, their squares
    added up, and the total with its square.
    """

    each: Floats
    rows: pd.DataFrame
    items: int
    centre: Floats
    test_value: float
    scales: tuple[int, ...]
    ranks: Floats
    ranked: NDArray[np.bool_]

    def figures(self, sums: Floats) -> Floats:
        """Return all figures, a row per row of `sums`, in the order of `rows`."""
        k = self.items
        n, first, second = (sums[:, at * k : (at + 1) * k] for at in range(3))
        mean = first / n
        sd = np.sqrt(np.maximum(second - first * mean, 0.0) / (n - 1))
        # Sums of squares leave crumbs where all answers are alike.
        sd[sd < 1e-7] = 0.0
        mean = mean + self.centre
        d = (mean - self.test_value) / sd
        ranks = sums[:, 3 * k : 4 * k] / sums[:, 4 * k + 1, None]
        within = sums[:, 4 * k] / sums[:, 4 * k + 1]
        w = (ranks**2).sum(axis=1) / within
        parts = [mean, sd, d * np.sqrt(n), d, ranks + (k + 1) / 2, w[:, None]]
        at = 4 * k + 2
        for items in self.scales:
            parts.append(_alphas(sums[:, at : at + items + 4], items))
            at += items + 4
        return np.concatenate(parts, axis=1)


def _alphas(sums: Floats, items: int) -> Floats:
    n, squares, total, total_squares = sums[:, 0], *sums[:, items + 1 :].T
    own = squares - (sums[:, 1 : items + 1] ** 2).sum(axis=1) / n
    whole = total_squares - total**2 / n
    return np.asarray((items / (items - 1) * (1 - own / whole))[:, None])


def _gather(
    answers: pd.DataFrame, constructs: Mapping[str, Sequence[str]], test_value: float
) -> _Sums:
    numbers = as_numbers(answers)
    complete, _ = complete_answers(numbers, what="A bootstrap of mean ranks and W")
    scales = _scales(numbers, constructs)
    x = numbers.to_numpy()
    answered = np.isfinite(x)
    centre = np.nanmean(x, axis=0)
    shifted = np.where(answered, x - centre, 0.0)
    ranked = answered.all(axis=1)
    ranks = rank_rows(complete.to_numpy())
    centred = np.zeros(x.shape)
    centred[ranked] = ranks - (x.shape[1] + 1) / 2
    within = (centred**2).sum(axis=1, keepdims=True)
    blocks = [answered, shifted, shifted**2, centred, within, ranked[:, None]]
    for items in scales.values():
        at = numbers.columns.get_indexer(pd.Index(items))
        blocks += _scale_sums(answered[:, at], shifted[:, at])
    return _Sums(
        each=np.concatenate(blocks, axis=1).astype(np.float64),
        rows=_rows(numbers, scales),
        items=x.shape[1],
        centre=centre,
        test_value=test_value,
        scales=tuple(len(items) for items in scales.values()),
        ranks=ranks,
        ranked=ranked,
    )


def _scale_sums(answered: NDArray[np.bool_], shifted: Floats) -> list[NDArray[np.generic]]:
    """Return what a respondent adds to an alpha; nothing where an item is missing."""
    whole = answered.all(axis=1, keepdims=True)
    own = np.where(whole, shifted, 0.0)
    total = own.sum(axis=1, keepdims=True)
    return [whole, own, (own**2).sum(axis=1, keepdims=True), total, total**2]


def _rows(numbers: pd.DataFrame, scales: Mapping[str, list[str]]) -> pd.DataFrame:
    """Name the figures in the order of `_Sums.figures`, with the respondents behind each."""
    ranked = len(numbers.dropna())
    counted = [
        (figure, name, int(n))
        for figure in ("mean", "sd", "t", "d")
        for name, n in numbers.count().items()
    ]
    counted += [("mean_rank", name, ranked) for name in numbers.columns]
    counted.append(("kendall_w", WHOLE, ranked))
    counted += [("alpha", name, len(numbers[items].dropna())) for name, items in scales.items()]
    rows = pd.DataFrame(counted, columns=["figure", "of", "n"])
    return rows.assign(missing=len(numbers) - rows["n"])


def _scales(numbers: pd.DataFrame, constructs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the items of each alpha, all together last."""
    if WHOLE in constructs:
        raise AnalysisError(f"No construct may be called '{WHOLE}'.")
    every = list(dict.fromkeys(item for items in constructs.values() for item in items))
    unknown = [item for item in every if item not in numbers]
    if unknown:
        raise AnalysisError(f"The answers lack items {unknown[:5]} of the constructs.")
    scales = {name: list(items) for name, items in constructs.items() if len(items) > 1}
    scales[WHOLE] = every or list(numbers.columns)
    for name, items in scales.items():
        complete, _ = complete_answers(numbers[items], what=f"Cronbach's alpha of {name!r}")
        if complete.sum(axis=1).nunique() < 2:
            raise AnalysisError(f"The items of {name!r} sum to the same for everybody.")
    return scales


def _resample(
    sums: _Sums, ways: Resampling, replicates: int, confidence: float, seed: int
) -> tuple[Floats, tuple[float, float]]:
    """Return every figure of every resample, and the interval of W."""
    whole = concordance(sums.ranks, ways.strata[sums.ranked])
    rng = np.random.default_rng(seed)
    figures, agreement = [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for counts in ways.counts(replicates, rng):
            figures.append(sums.figures(counts @ sums.each))
            agreement.append(whole.estimate(counts[:, sums.ranked]))
    r, se = (np.concatenate(part) for part in zip(*agreement, strict=True))
    ends = whole.interval(r, se, confidence=confidence)
    return np.concatenate(figures), ends


def _refuse_failed(table: pd.DataFrame, share: Floats) -> None:
    bad = table[share > _FAILED]
    if len(bad):
        row = bad.iloc[0]
        raise AnalysisError(
            f"{share[bad.index[0]]:.0%} of the resamples have no {row['figure']} of "
            f"{row['of']!r}: nearly all answered it alike. Leave it out."
        )
