"""Figures of a survey's own tables under the names that published figures have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.audit import block_name
from ecity_geo.stats.compare import METHOD, Key, published_figures
from ecity_geo.stats.evidence import rows_of
from ecity_geo.stats.figures import Figure
from ecity_geo.stats.published import blocks

Tables = Mapping[str, pd.DataFrame]

_ARROW = re.compile(r"\s*(?:->|→)\s*")
_FITS = ("GFI", "AGFI", "NFI", "IFI", "TLI", "CFI", "RMSEA", "SRMR")
_ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "one-sample": ("item", ("n", "mean", "sd", "t", "df", "p")),
    "mean-ranks": ("item", ("mean_rank",)),
    "one-predictor": ("construct", ("R", "R2", "adj_R2", "B", "beta", "F", "t", "p", "se")),
    "hypotheses": ("path", ("estimate", "critical_ratio", "p", "se")),
    "cfa-fit": ("model", _FITS),
}
"""Tables whose rows are those of published tables: the column of names, and the figures."""


def own_figures(published: Mapping[str, Any], tables: Tables) -> dict[Key, float]:
    """Find our value of each published figure in the tables of a survey.

    Parameters
    ----------
    published
        Checked figures: which are asked for.
    tables
        Tables of the survey by name, as far as there are any; others are passed over.
        ``"sample-size"`` (`n`); ``"reliability"`` (`construct` with a row ``"overall"``,
        `alpha`); ``"one-sample"`` (`item`, `n`, `mean`, `sd`, `t`, `df`, `p`, `verdict`);
        ``"mean-ranks"`` (`item`, `mean_rank`); ``"friedman"`` (`chi_square`, `df`, `p`);
        ``"one-predictor"`` (see `one_predictor`); ``"regression"`` (`durbin_watson`);
        ``"coefficients"`` (`term`, `b`); ``"cfa-fit"`` (`model`, fit indices);
        ``"path-fit"`` (fit indices); ``"hypotheses"`` (`path` as ``"outcome ~ predictor"`` or
        ``"predictor -> outcome"``, `std`, `critical_ratio`, `p`); ``"soar"`` (`quadrant`,
        `score`).

    Returns
    -------
    figures
        Value per figure, for `compare`; figures that no table holds are absent.

    Notes
    -----
    What a paper calls the estimate of a path between 0 and 1 is the standardised one (`std`).
    The order of the items is how many of them stand, by our means, where they stand by the
    published ones; equal published means may stand either way.
    """
    asked = published_figures(published)
    paths = _path_rows(published)
    indexed = _indexed(tables)
    figures: dict[Key, float] = {}
    for key in asked:
        value = _whole(tables, key)
        if value is None:
            path = paths.get(key[:2], "")
            value = _in_row(indexed, path or key[1], key[2], of_path=bool(path))
        if value is not None:
            figures[key] = value
    for table in dict.fromkeys(key[0] for key in asked if key[1:] == ("items", "order")):
        value = _in_order(asked, table, figures)
        if value is not None:
            figures[table, "items", "order"] = value
    return figures


def one_predictor(scores: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Regress an outcome on each construct alone, as papers that print one R per construct did.

    Parameters
    ----------
    scores
        A column per construct.
    outcome
        Aligned by index; pairs with a missing value are left out per construct.

    Returns
    -------
    regressions
        Indexed by `construct`: `n`, `R`, `R2`, `adj_R2`, `B`, `beta`, `se`, `t`, `F`, `p`.

    Raises
    ------
    AnalysisError
        If fewer than three pairs are left, or one of a pair never varies.

    Notes
    -----
    With one predictor R is the absolute correlation, beta the correlation itself, and
    F = t² = R² (n - 2) / (1 - R²).
    """
    rows = {}
    for name in scores:
        pairs = pd.DataFrame({"x": scores[name], "y": outcome.astype(float)}).dropna()
        n = len(pairs)
        if n < 3 or (pairs.nunique() < 2).any():
            raise AnalysisError(
                f"The outcome cannot be regressed on '{name}': {n} pairs, of which one side never "
                "varies or which are fewer than three. Ask for constructs and outcomes that vary."
            )
        line = stats.linregress(pairs["x"], pairs["y"])
        r = float(line.rvalue)
        t = float(line.slope / line.stderr) if line.stderr else np.inf * np.sign(r)
        rows[str(name)] = {
            "n": n,
            "R": abs(r),
            "R2": r**2,
            "adj_R2": 1 - (1 - r**2) * (n - 1) / (n - 2),
            "B": float(line.slope),
            "beta": r,
            "se": float(line.stderr),
            "t": t,
            "F": t**2,
            "p": float(line.pvalue),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("construct")


def _path_rows(published: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Find the rows that are paths of a model, and which: their p is not that of a regression."""
    found = {}
    for key, block in blocks(published):
        table = block_name(key, block)
        for row, printed in zip(rows_of(table, block), block.get("rows", []), strict=True):
            if printed.get("path"):
                found[table, row.label] = _path(str(printed["path"]))
    return found


def _indexed(tables: Tables) -> dict[str, pd.DataFrame]:
    """Index the tables by what their rows are; of several rows of a name, the first is kept."""
    found = {}
    for name, (index, _) in _ROWS.items():
        if name in tables:
            table = tables[name]
            table = table if table.index.name == index else table.set_index(index)
            if name == "hypotheses":
                table = table.rename(index=_path).assign(estimate=table["std"].to_numpy())
            found[name] = table[~table.index.duplicated()]
    return found


def _in_row(tables: Tables, row: str, column: str, *, of_path: bool) -> float | None:
    """Look a figure up by its row and column."""
    for name, (_, columns) in _ROWS.items():
        if name in tables and column in columns and of_path == (name == "hypotheses"):
            table = tables[name]
            own = column if column in table else column.lower()
            if row in table.index and own in table:
                return _number(table.loc[row, own])
    return None


def _whole(tables: Tables, key: Key) -> float | None:
    """Look a figure of a whole table up."""
    _, row, column = key
    if row == "soar":
        return _soar(tables, column)
    if row == "structural_model":
        return _at(tables, "path-fit", column.lower())
    if row == "friedman":
        return _at(tables, "friedman", column)
    if key[1:] == ("stated", "critical_items") and "one-sample" in tables:
        return float((tables["one-sample"]["verdict"] == "below").sum())
    singles = {
        (METHOD, "n"): lambda: _at(tables, "sample-size", "n"),
        (METHOD, "alpha"): lambda: _where(tables, "reliability", "overall", "alpha"),
        (key[0], "durbin_watson"): lambda: _at(tables, "regression", "durbin_watson"),
        (key[0], "constant_B"): lambda: _constant(tables),
    }
    return singles[key[:2]]() if key[:2] in singles else None


def _constant(tables: Tables) -> float | None:
    """Look the constant of the regression up, whatever the table calls it."""
    found = (
        _where(tables, "coefficients", row, column)
        for row in ("constant", "(constant)", "const", "Intercept", "(Intercept)")
        for column in ("b", "B", "estimate")
    )
    return next((value for value in found if value is not None), None)


def _soar(tables: Tables, column: str) -> float | None:
    """Look a quadrant's score up, or the sum of the two inside or outside the organisation."""
    sums = {"internal": ("strengths", "opportunities"), "external": ("aspirations", "results")}
    parts = sums.get(column, (column,))
    scores = [_where(tables, "soar", part, "score") for part in parts]
    known = [score for score in scores if score is not None]
    return sum(known) if len(known) == len(parts) else None


def _at(tables: Tables, name: str, column: str) -> float | None:
    """Look a column of a table of one row up."""
    table = tables.get(name)
    if table is None or column not in table or table.empty:
        return None
    return _number(table[column].iloc[0])


def _where(tables: Tables, name: str, row: str, column: str) -> float | None:
    """Look a column up where the index, or the first column, names the row."""
    table = tables.get(name)
    if table is None or column not in table:
        return None
    names = table.index if table.index.name else table.iloc[:, 0]
    found = table.loc[np.asarray(names == row), column]
    return _number(found.iloc[0]) if len(found) else None


def _number(value: object) -> float | None:
    number = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
    return None if pd.isna(number) else float(number)


def _path(path: str) -> str:
    """Write a path in one way: ``"predictor -> outcome"``."""
    if "~" in path:
        outcome, _, predictor = path.partition("~")
        return f"{predictor.strip()} -> {outcome.strip()}"
    return " -> ".join(part.strip() for part in _ARROW.split(path))


def _in_order(
    asked: Mapping[Key, Figure], table: str, figures: Mapping[Key, float]
) -> float | None:
    """Count items that stand, by our means, where they stand by the published ones."""
    printed = {
        key: float(figure.value)
        for key, figure in asked.items()
        if key[0] == table and key[2] == "mean"
    }
    if any(key not in figures for key in printed):
        return None
    ours = sorted(printed, key=lambda key: (figures[key], printed[key]))
    theirs = sorted(printed.values())
    return float(sum(printed[key] == mean for key, mean in zip(ours, theirs, strict=True)))
