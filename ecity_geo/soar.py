"""SOAR: strengths, opportunities, aspirations, results, and the strategy that they point to.

The sheet is an internal and an external half, as in the factor matrices of strategic planning:
strengths and opportunities are weighed against one another, and so are aspirations and results.
Stavros & Hinrichs (2009), The Thin Book of SOAR.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

from ecity_geo.errors import AnalysisError

INTERNAL = ("strengths", "opportunities")
EXTERNAL = ("aspirations", "results")
QUADRANTS = (*INTERNAL, *EXTERNAL)
STRATEGIES = {
    "SA": ("strengths", "aspirations"),
    "SR": ("strengths", "results"),
    "OA": ("opportunities", "aspirations"),
    "OR": ("opportunities", "results"),
}
"""Strategies, and the two quadrants that each builds on."""
WEIGHT_TOLERANCE = 1e-6
_COLUMNS = ("id", "quadrant", "weight", "score")
_TIE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Soar:
    """What a SOAR sheet says.

    Parameters
    ----------
    quadrants
        A row per quadrant: `quadrant`, `half` (``"internal"`` or ``"external"``), `items`,
        `weight` (their sum) and `score` (sum of weight times score).
    items
        A row per item: what was given, `weighted` (weight times score) and `flip`: the change of
        its score alone from which on another strategy would be chosen; NaN where the scale does
        not reach so far.
    choice
        A row per strategy, best first: `strategy`, `first`, `second` (its quadrants), `score`
        (their sum), `behind` (how far behind the best), `chosen`, and `survival`: share of the
        draws in which it would have been chosen.
    strategy
        The one chosen; empty where several are equally good.
    tied
        Strategies that are equally good, if several are.
    internal, external
        Sums of the two halves.
    lead
        Score of the chosen strategy less that of the runner-up.
    survival, survival_error
        Share of the draws in which the choice stands, and its Monte Carlo standard error.
    draws, move, seed
        How scores were moved: each by a whole number from ``-move`` to ``move``, all alike
        likely, held within the scale.
    """

    quadrants: pd.DataFrame
    items: pd.DataFrame
    choice: pd.DataFrame
    strategy: str
    tied: tuple[str, ...]
    internal: float
    external: float
    lead: float
    survival: float
    survival_error: float
    draws: int
    move: int
    seed: int


def soar(
    items: pd.DataFrame,
    *,
    scale: tuple[float, float] = (1, 4),
    move: int = 1,
    draws: int = 10_000,
    seed: int = 0,
) -> Soar:
    """Score the quadrants of a SOAR sheet, choose the strategy, and say how firm the choice is.

    Parameters
    ----------
    items
        A row per item: `id`, `quadrant` (``"strengths"``, ``"opportunities"``,
        ``"aspirations"`` or ``"results"``), `weight` and `score`; other columns come along. The
        weights of strengths and opportunities together sum to 1, and so do those of aspirations
        and results.
    scale
        Least and greatest score.
    move
        Most points by which a draw moves a score.
    draws
        Draws.
    seed
        Of the draws.

    Returns
    -------
    soar
        Scores, choice, and how firm it is.

    Raises
    ------
    AnalysisError
        If a column is missing, an id stands twice, a quadrant is unknown or empty, a weight is
        not positive, a score lies off the scale, or the weights of a half do not sum to 1.

    Notes
    -----
    A quadrant scores the sum of its items' weights times scores, a strategy the sum of its two
    quadrants. Both halves are chosen in one: the best strategy pairs the better internal with the
    better external quadrant. So one item changes the choice once its quadrant falls, or rises,
    by the difference within its half: `flip` is that difference over its weight.
    """
    table = _checked(items, scale)
    if move < 0 or draws < 1:
        raise AnalysisError(f"Scores cannot be moved by {move} points in {draws} draws.")
    weight, score = (table[name].to_numpy(dtype=float) for name in ("weight", "score"))
    member = np.array([table["quadrant"] == name for name in QUADRANTS], dtype=float)
    totals = member @ (weight * score)
    strategies = _strategy_scores(totals[None])[0]
    best = strategies.max()
    tied = tuple(
        name for name, value in zip(STRATEGIES, strategies, strict=True) if value > best - _TIE
    )
    won = _won(member * weight, score, scale, move, draws, seed)
    share = won.mean(axis=0)
    at = list(STRATEGIES).index(tied[0])
    survival = float(share[at]) if len(tied) == 1 else 0.0
    second = np.partition(strategies, -2)[-2]
    return Soar(
        quadrants=_quadrants(table, member, totals),
        items=table.assign(weighted=weight * score, flip=_flips(table, totals, scale)),
        choice=_choice(strategies, share, tied),
        strategy=tied[0] if len(tied) == 1 else "",
        tied=tied if len(tied) > 1 else (),
        internal=float(totals[:2].sum()),
        external=float(totals[2:].sum()),
        lead=float(best - second) if len(tied) == 1 else 0.0,
        survival=survival,
        survival_error=sqrt(survival * (1 - survival) / draws),
        draws=draws,
        move=move,
        seed=seed,
    )


def resolve_evidence(pointers: pd.Series, figures: Mapping[str, float]) -> pd.Series:
    """Look up the figures that put items on a sheet.

    Parameters
    ----------
    pointers
        Per item the name of a figure, such as ``"item:gis"`` (its mean answer),
        ``"construct:services"`` or ``"city:covered_share"``; empty for none.
    figures
        Value per name.

    Returns
    -------
    evidence
        Values; NaN where there is no pointer.

    Raises
    ------
    AnalysisError
        If a pointer names no figure.
    """
    unknown = [name for name in pointers if name and name not in figures]
    if unknown:
        kinds = sorted({name.split(":")[0] for name in figures})
        raise AnalysisError(
            f"No figure has the name {unknown[0]!r}. Evidence is named <kind>:<id>, and the "
            f"kinds here are {', '.join(kinds)}."
        )
    return pointers.map(lambda name: float(figures[name]) if name else np.nan)


def _checked(items: pd.DataFrame, scale: tuple[float, float]) -> pd.DataFrame:
    lacking = [name for name in _COLUMNS if name not in items]
    if lacking:
        raise AnalysisError(f"The SOAR sheet has no column {', '.join(lacking)}.")
    table = items.reset_index(drop=True)
    faults = []
    if table["id"].duplicated().any():
        faults.append(f"id {table['id'][table['id'].duplicated()].iloc[0]!r} stands twice")
    unknown = sorted(set(table["quadrant"]) - set(QUADRANTS))
    if unknown:
        faults.append(f"{unknown[0]!r} is no quadrant; they are {', '.join(QUADRANTS)}")
    empty = [name for name in QUADRANTS if name not in set(table["quadrant"])]
    if empty:
        faults.append(f"{', '.join(empty)} have no items")
    weight, score = (pd.to_numeric(table[name], errors="coerce") for name in ("weight", "score"))
    if not (weight > 0).all():
        faults.append(f"item {table['id'][~(weight > 0)].iloc[0]!r} has no positive weight")
    off = ~score.between(*scale)
    if off.any():
        faults.append(
            f"item {table['id'][off].iloc[0]!r} has a score off the scale from {scale[0]:g} to "
            f"{scale[1]:g}"
        )
    for name, half in (("internal", INTERNAL), ("external", EXTERNAL)):
        total = float(weight[table["quadrant"].isin(half)].sum())
        if abs(total - 1) > WEIGHT_TOLERANCE:
            faults.append(
                f"the weights of {' and '.join(half)} ({name}) sum to {total:.6g}, not to 1"
            )
    if faults:
        raise AnalysisError(f"The SOAR sheet cannot be scored: {'; '.join(faults)}.")
    return table.assign(weight=weight.astype(float), score=score.astype(float))


def _strategy_scores(totals: np.ndarray) -> np.ndarray:
    """Return the score of each strategy, draws x strategies."""
    pairs = [[QUADRANTS.index(name) for name in pair] for pair in STRATEGIES.values()]
    return np.stack([totals[:, a] + totals[:, b] for a, b in pairs], axis=1)


def _won(
    weights: np.ndarray,
    score: np.ndarray,
    scale: tuple[float, float],
    move: int,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Return which strategy alone is best in each draw, draws x strategies."""
    rng = np.random.default_rng(seed)
    moved = np.clip(score + rng.integers(-move, move + 1, (draws, len(score))), *scale)
    strategies = _strategy_scores(moved @ weights.T)
    leading = strategies > strategies.max(axis=1, keepdims=True) - _TIE
    return np.asarray(leading & (leading.sum(axis=1, keepdims=True) == 1))


def _quadrants(table: pd.DataFrame, member: np.ndarray, totals: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "quadrant": QUADRANTS,
            "half": ["internal"] * 2 + ["external"] * 2,
            "items": member.sum(axis=1).astype(int),
            "weight": member @ table["weight"].to_numpy(),
            "score": totals,
        }
    )


def _choice(strategies: np.ndarray, share: np.ndarray, tied: tuple[str, ...]) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "strategy": list(STRATEGIES),
            "first": [pair[0] for pair in STRATEGIES.values()],
            "second": [pair[1] for pair in STRATEGIES.values()],
            "score": strategies,
            "behind": strategies.max() - strategies,
            "chosen": [name in tied for name in STRATEGIES],
            "survival": share,
        }
    )
    return table.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _flips(table: pd.DataFrame, totals: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return the change of each item's score that would change the choice."""
    partner = {"strengths": 1, "opportunities": 0, "aspirations": 3, "results": 2}
    own = table["quadrant"].map(QUADRANTS.index).to_numpy()
    other = table["quadrant"].map(partner).to_numpy()
    score = table["score"].to_numpy()
    change = (totals[other] - totals[own]) / table["weight"].to_numpy()
    reached = score + change
    return np.where((reached >= scale[0]) & (reached <= scale[1]), change, np.nan)
