"""Readiness scores per respondent, and their means per city, district and fabric.

Small cells are suppressed before anything leaves this module: the mean of a few answers is
neither a statistic nor anonymous.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError

OVERALL = "overall"
CITY = "city"


def score_respondents(
    responses: pd.DataFrame,
    items: pd.DataFrame,
    *,
    scale: tuple[float, float],
    construct_weights: pd.Series | None = None,
    min_answered: float = 0.8,
) -> pd.DataFrame:
    """Score each respondent on each item, construct and overall.

    Parameters
    ----------
    responses
        A row per respondent, a numeric column per item (raw answers, missing where unanswered).
    items
        Indexed by item: `construct`, `reverse` (bool), `weight` (in its construct).
    scale
        Smallest and largest answer; a reversed item becomes ``min + max - answer``.
    construct_weights
        Weight per construct in the overall score; 1 each by default.
    min_answered
        A construct needs answers to at least this share of its items, otherwise its score is
        missing; the overall score needs all constructs.

    Returns
    -------
    scores
        Indexed like `responses`: a column per item (in the direction of readiness), one per
        construct (weighted mean of the answered items) and ``"overall"`` (weighted mean of
        the constructs).

    Raises
    ------
    AnalysisError
        If an item has no column in `responses`.
    """
    missing = items.index.difference(responses.columns)
    if len(missing):
        raise AnalysisError(f"The responses have no columns {missing.tolist()}.")
    answers = responses[items.index].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    reverse = items["reverse"].to_numpy(dtype=bool)
    answers[:, reverse] = sum(scale) - answers[:, reverse]
    columns = {item: answers[:, at] for at, item in enumerate(items.index)}
    constructs = list(dict.fromkeys(items["construct"]))
    for construct in constructs:
        inside = (items["construct"] == construct).to_numpy()
        weight = items["weight"].to_numpy(dtype=float)[inside]
        columns[construct] = _mean_of_answered(answers[:, inside], weight, min_answered)
    weights = pd.Series(1.0, index=constructs) if construct_weights is None else construct_weights
    parts = np.column_stack([columns[construct] for construct in constructs])
    columns[OVERALL] = parts @ (weights[constructs] / weights[constructs].sum()).to_numpy()
    return pd.DataFrame(columns, index=responses.index)


def _mean_of_answered(answers: np.ndarray, weight: np.ndarray, min_answered: float) -> np.ndarray:
    answered = np.isfinite(answers)
    enough = answered.mean(axis=1) >= min_answered
    total = np.where(answered, answers, 0.0) @ weight
    with np.errstate(invalid="ignore"):
        return np.where(enough, total / (answered @ weight), np.nan)


def cell_means(
    scores: pd.DataFrame,
    by: pd.Series,
    *,
    weight: pd.Series | None = None,
    confidence: float = 0.95,
    scale: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Mean and interval of every score in every group.

    Parameters
    ----------
    scores
        A row per respondent, a column per measure; missing scores are left out, measure by
        measure.
    by
        Group of each respondent; respondents without one are left out.
    weight
        Survey weight of each respondent; 1 each by default.
    confidence
        Level of the interval.
    scale
        Ends of the scale: the interval of a mean cannot leave them.

    Returns
    -------
    cells
        Long table: `unit_id`, `measure`, `n`, `mean`, `sd`, `low`, `high`. The interval needs
        two respondents.

    Notes
    -----
    Student's t interval of the weighted mean, with the linearised variance
    ``n / (n - 1) * sum(w^2 (x - m)^2) / sum(w)^2`` (Saerndal, Swensson & Wretman 1992, 5.7);
    with equal weights this is the textbook ``s^2 / n``.
    """
    weights = pd.Series(1.0, index=scores.index) if weight is None else weight.loc[scores.index]
    units = by.loc[scores.index]
    rows = []
    for unit, members in scores.groupby(units, sort=True):
        w = weights.loc[members.index].to_numpy(dtype=float)[:, None]
        rows.append(_unit_means(members, w, confidence).assign(unit_id=str(unit)))
    columns = ["unit_id", "measure", "n", "mean", "sd", "low", "high"]
    if not rows:
        return pd.DataFrame(columns=columns).astype({"n": "Int64"})
    cells = pd.concat(rows, ignore_index=True)[columns]
    if scale is not None:
        cells[["low", "high"]] = cells[["low", "high"]].clip(*scale)
    return cells


def _unit_means(members: pd.DataFrame, w: np.ndarray, confidence: float) -> pd.DataFrame:
    x = members.to_numpy(dtype=float)
    known = np.isfinite(x)
    w = np.where(known, w, 0.0)
    x = np.where(known, x, 0.0)
    n = known.sum(axis=0)
    total = w.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (w * x).sum(axis=0) / total
        squares = np.where(known, x - mean, 0.0) ** 2
        sd = np.sqrt((w * squares).sum(axis=0) / total * n / (n - 1))
        error = np.sqrt((w**2 * squares).sum(axis=0) * n / (n - 1)) / total
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * error
    return pd.DataFrame(
        {
            "measure": members.columns,
            "n": pd.array(n, dtype="Int64"),
            "mean": mean,
            "sd": sd,
            "low": mean - half,
            "high": mean + half,
        }
    )


def suppress(
    cells: pd.DataFrame, *, units: pd.Index, min_count: int, inside: pd.Series | None = None
) -> pd.DataFrame:
    """Blank the cells of too few respondents, and those that would give them away.

    Parameters
    ----------
    cells
        Table of `cell_means`, of units that do not overlap or lie in one another.
    units
        Every unit; one without respondents gets rows too.
    min_count
        A cell with fewer respondents is suppressed. Whoever takes the printed parts of a printed
        whole from it learns of the remaining respondents; while these are some, but fewer than
        this, the next smallest printed part is suppressed as well.
    inside
        For each unit that lies in another, that one. By default all units are parts of one
        whole and nobody of it is outside them; its figures count as printed.

    Returns
    -------
    cells
        A row per unit and measure, with `suppressed` and `reason` (empty,
        ``"no_respondents"``, ``"too_few"``, ``"secondary"``); n, mean, sd and interval of a
        suppressed cell are missing.
    """
    measures = pd.Index(cells["measure"].unique())
    full = pd.MultiIndex.from_product([units, measures], names=["unit_id", "measure"])
    table = cells.set_index(["unit_id", "measure"]).reindex(full).reset_index()
    n = table["n"].fillna(0).astype(int)
    table["reason"] = np.select([n == 0, n < min_count], ["no_respondents", "too_few"], default="")
    whole = {} if inside is None else {str(unit): str(of) for unit, of in inside.items()}
    for _, rows in table.groupby("measure", sort=False):
        counts = dict(zip(rows["unit_id"], n[rows.index], strict=True))
        shown = set(rows.loc[rows["reason"] == "", "unit_id"])
        hidden = _give_away(counts, whole, shown, min_count)
        table.loc[rows.index[rows["unit_id"].isin(hidden)], "reason"] = "secondary"
    table["suppressed"] = table["reason"] != ""
    table["n"] = n.astype("Int64").mask(table["reason"].isin(["too_few", "secondary"]))
    statistics = ["mean", "sd", "low", "high"]
    table[statistics] = table[statistics].astype(float).mask(table["suppressed"])
    return table


def _give_away(
    counts: dict[str, int], whole: dict[str, str], shown: set[str], min_count: int
) -> set[str]:
    """Find the units that must be hidden for the rest of no printed unit to be a small group."""
    hidden: set[str] = set()
    top = sum(count for unit, count in counts.items() if unit not in whole)
    while True:
        parts: dict[str | None, list[str]] = {None: []}
        printed = [unit for unit in counts if unit in shown and unit not in hidden]
        for unit in sorted(printed, key=lambda unit: counts[unit]):
            above = whole.get(unit)
            while above is not None and (above not in shown or above in hidden):
                above = whole.get(above)
            parts.setdefault(above, []).append(unit)
        size: dict[str | None, int] = {None: top}
        size.update(counts)
        rest = {unit: size[unit] - sum(size[part] for part in parts[unit]) for unit in parts}
        small = [unit for unit in parts if parts[unit] and 0 < rest[unit] < min_count]
        if not small:
            return hidden
        hidden.add(parts[small[0]][0])


def readiness_table(
    scores: pd.DataFrame,
    *,
    districts: pd.Series,
    fabrics: pd.Series,
    district_ids: pd.Index,
    fabric_ids: pd.Index,
    items: pd.DataFrame,
    weight: pd.Series | None = None,
    confidence: float = 0.95,
    min_count: int = 5,
    scale: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Mean readiness of the city, each district and each fabric, per item and construct.

    Parameters
    ----------
    scores
        Scores of `score_respondents`.
    districts, fabrics
        District of each respondent, and the fabric of that district.
    district_ids, fabric_ids
        All districts and fabrics, in the order in which they are shown.
    items
        Indexed by item: `construct`; tells items from constructs.
    weight
        Survey weight of each respondent.
    confidence
        Level of the intervals.
    min_count
        Cells with fewer respondents are suppressed.
    scale
        Ends of the scale.

    Returns
    -------
    readiness
        Long table: `level`, `unit_id`, `kind`, `measure`, `n`, `mean`, `sd`, `low`, `high`,
        `suppressed`, `reason`.

    Raises
    ------
    AnalysisError
        If the respondents of one district have several fabrics: what is printed of the one could
        then give away the other.
    """
    city = pd.Series(CITY, index=scores.index)
    cells, units = [], []
    for level, by, ids in (
        ("city", city, pd.Index([CITY])),
        ("district", districts, district_ids),
        ("fabric", fabrics, fabric_ids),
    ):
        means = cell_means(scores, by, weight=weight, confidence=confidence, scale=scale)
        cells.append(means.assign(unit_id=f"{level}:" + means["unit_id"].astype(str)))
        units += [f"{level}:{unit}" for unit in ids]
    table = suppress(
        pd.concat(cells, ignore_index=True),
        units=pd.Index(units),
        min_count=min_count,
        inside=_inside(units, districts, fabrics),
    )
    table[["level", "unit_id"]] = table["unit_id"].str.split(":", n=1, expand=True)
    kinds = dict.fromkeys(items.index, "item") | {OVERALL: "overall"}
    table["kind"] = table["measure"].map(kinds).fillna("construct")
    columns = ["level", "unit_id", "kind", "measure", "n", "mean", "sd", "low", "high"]
    return table[[*columns, "suppressed", "reason"]]


def _inside(units: list[str], districts: pd.Series, fabrics: pd.Series) -> pd.Series:
    """Name what each unit is a part of: a district of its fabric, the rest of the city."""
    pairs = pd.DataFrame({"district": districts, "fabric": fabrics.loc[districts.index]})
    pairs = pairs.dropna(subset=["district"]).drop_duplicates()
    repeated = pairs["district"].duplicated()
    if repeated.any():
        twice = pairs.loc[repeated, "district"].tolist()[:5]
        raise AnalysisError(
            f"fabrics: found several among the respondents of districts {twice}, expected the "
            "fabric of the district. Give each district one fabric."
        )
    whole = dict.fromkeys(units, f"city:{CITY}")
    del whole[f"city:{CITY}"]
    for district, fabric in pairs.dropna().itertuples(index=False, name=None):
        whole[f"district:{district}"] = f"fabric:{fabric}"
    return pd.Series(whole)


def overall_by_unit(readiness: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return the overall score and the constructs as columns, a row per unit.

    Parameters
    ----------
    readiness
        Table of `readiness_table`.
    level
        ``"district"`` or ``"fabric"``.

    Returns
    -------
    wide
        Indexed by unit: `readiness`, `readiness_low`, `readiness_high`, `readiness_n`,
        `readiness_reason`, and ``readiness_<construct>`` for each construct.
    """
    rows = readiness[readiness["level"] == level]
    overall = rows[rows["kind"] == "overall"].set_index("unit_id")
    wide = overall[["mean", "low", "high", "n", "reason"]]
    wide.columns = [
        "readiness",
        "readiness_low",
        "readiness_high",
        "readiness_n",
        "readiness_reason",
    ]
    constructs = rows[rows["kind"] == "construct"]
    means = constructs.pivot_table(
        index="unit_id", columns="measure", values="mean", dropna=False, sort=False
    ).add_prefix("readiness_")
    return wide.join(means)
