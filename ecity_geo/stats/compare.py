"""Our figures beside published ones: where they agree, and which of the published can be true."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from ecity_geo.stats.audit import SOAR_TABLE, audit, block_name
from ecity_geo.stats.evidence import rows_of
from ecity_geo.stats.figures import Figure, parse_figure
from ecity_geo.stats.published import FIT_FIGURES, blocks, check_published

Key = tuple[str, str, str]
"""Table, row and column of a figure, as the audit names them: ``("2", "security", "t")``."""

COLUMNS = ["table", "cell", "published", "ours", "difference", "agrees", "audit"]
BY_CONSTRUCTION, YES, NO, NOT_COMPUTED = "by construction", "yes", "no", "not computed"
METHOD = "method"
_STUDY = {"n": "n", "cronbach_alpha_total": "alpha"}
_FITS = ("GFI", "AGFI", "TLI", "SRMR")
"""Figures that no check of the audit knows, but that can be compared."""
_NO_FIGURES = {"table", "n", "items", "predictors", "indicators", "df_model"}


def compare(
    published: Mapping[str, Any],
    figures: Mapping[Key, float | None],
    *,
    by_construction: Collection[Key] = (),
) -> pd.DataFrame:
    """Set figures of one's own beside the published ones.

    Parameters
    ----------
    published
        Figures as `ecity_geo.stats.published.read_published` returns them.
    figures
        Our value per published figure; `ecity_geo.stats.own_figures.own_figures` makes them from
        tables of a survey. None or NaN is the same as no value.
    by_construction
        Figures that our answers were made to give; see `constructed_figures`.

    Returns
    -------
    comparison
        A row per published figure in the order of the file: `table`, `cell` (row and column),
        `published` (as printed), `ours`, `difference` (ours less published; NaN without ours),
        `agrees` (``"yes"`` where ours, rounded to the printed digits, prints alike;
        ``"by construction"`` where it had to; ``"no"``; ``"not computed"``) and `audit` (whether
        the published figure is possible at all, see `audit`; ``""`` where no check knows it).

    Raises
    ------
    InputError
        If the published figures have not the shape of the format, or are no numbers.

    Notes
    -----
    Halves may have been rounded up or down: 2.345 prints as 2.34 and as 2.35. A figure printed as
    a bound (``< .05``) agrees where ours keeps it.
    """
    check_published(published)
    judged = audit(published)
    verdicts = {
        (table, cell): verdict
        for table, cell, verdict in zip(
            judged["table"], judged["cell"], judged["verdict"], strict=True
        )
    }
    rows = []
    for key, figure in published_figures(published).items():
        table, cell = key[0], ".".join(part for part in key[1:] if part)
        ours = figures.get(key)
        value = math.nan if ours is None else float(ours)
        rows.append(
            {
                "table": table,
                "cell": cell,
                "published": figure.text,
                "ours": value,
                "difference": value - float(figure.value),
                "agrees": _agreement(figure, value, constructed=key in by_construction),
                "audit": verdicts.get((table, cell), ""),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def published_figures(published: Mapping[str, Any]) -> dict[Key, Figure]:
    """Find every published figure and how it was printed.

    Parameters
    ----------
    published
        Checked figures.

    Returns
    -------
    figures
        In the order of the file. Figures of a whole table have one name, with an empty column:
        ``("3", "durbin_watson", "")``. How many items stand in the order of their published
        means has the row ``"items"`` and the column ``"order"``.
    """
    found = dict(_study_figures(published))
    fits = ""
    for key, block in blocks(published):
        table = block_name(key, block)
        rows = rows_of(table, block)
        for row, printed in zip(rows, block.get("rows", []), strict=True):
            found |= {(table, row.label, name): one for name, one in row.figures.items()}
            more = {name: printed.get(name) for name in _FITS}
            found |= {(table, row.label, name): one for name, one in _figures(more)}
        if any("NFI" in row.figures for row in rows):
            fits = fits or table
        means = [row.figures["mean"] for row in rows if "mean" in row.figures]
        if len(means) > 1:
            found[table, "items", "order"] = _count(len(means))
        if not rows and any(name in block for name in FIT_FIGURES):
            table = str(block.get("table", fits or key))
            found |= {(table, key, name): one for name, one in _figures(block)}
        else:
            found |= {(table, name, ""): one for name, one in _figures(block)}
        for part in ("friedman", "stated"):
            found |= {(table, part, name): one for name, one in _figures(block.get(part, {}))}
        if key == "soar" and "scores" in block:
            table = str(block.get("table", SOAR_TABLE))
            found |= {(table, key, name): one for name, one in _figures(block["scores"])}
    return found


def constructed_figures(published: Mapping[str, Any]) -> set[Key]:
    """Find the figures that the shipped answers were made to give.

    Parameters
    ----------
    published
        Checked figures of the study that the answers were simulated after.

    Returns
    -------
    keys
        Respondents, alpha of all items, each mean, and the order of the items by it.
    """
    return {
        key
        for key in published_figures(published)
        if key[0] == METHOD or key[2] == "mean" or key[1:] == ("items", "order")
    }


def _study_figures(published: Mapping[str, Any]) -> Iterator[tuple[Key, Figure]]:
    for name, short in _STUDY.items():
        text = published["study"].get(name)
        # A figure without quotation marks is a number that JSON kept as printed.
        figure = parse_figure(text)
        if figure is not None:
            yield (METHOD, short, ""), figure


def _figures(block: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for name, text in block.items():
        figure = None if name in _NO_FIGURES else parse_figure(text)
        if figure is not None:
            yield name, figure


def _count(number: int) -> Figure:
    figure = parse_figure(number)
    if figure is None:
        raise ValueError(f"no figure: {number}")
    return figure


def _agreement(figure: Figure, ours: float, *, constructed: bool) -> str:
    if math.isnan(ours):
        return NOT_COMPUTED
    slack = 1e-9 * max(1.0, abs(float(figure.value)))
    if figure.relation == "=":
        low, high = figure.ends
        alike = low - slack <= ours <= high + slack
    else:
        below = ours < float(figure.value)
        alike = below if figure.relation == "<" else not below
    return (BY_CONSTRUCTION if constructed else YES) if alike else NO
