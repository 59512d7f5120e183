"""What the checks of an audit share: the survey, its rows of figures, and a finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from ecity_geo.stats.figures import Figure, parse_figure, parse_setting
from ecity_geo.stats.grim import Scale
from ecity_geo.stats.published import COUNTS, FIGURES, label_of

Verdict = Literal["possible", "doubtful", "impossible"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one printed figure.

    Parameters
    ----------
    table, cell
        Where it stands: the table's name, and the row and column as ``"security.t"``.
    verdict
        ``"impossible"`` when no answers can give it, ``"doubtful"`` when it contradicts the
        text or custom, else ``"possible"``.
    why
        The arithmetic, in one sentence.
    """

    table: str
    cell: str
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What is known of the survey behind the figures.

    Parameters
    ----------
    n
        Respondents.
    scale
        Smallest and largest answer.
    test_value
        Value that one-sample tests test against.
    tails
        2 for two-sided tests.
    population
        People who could have been asked.
    margin
        Margin of error that the sample should have.
    items
        Number of items per construct.
    """

    n: int
    scale: Scale | None
    test_value: Fraction | None
    tails: int
    population: int | None
    margin: float
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a published table.

    Parameters
    ----------
    table
        Name of the table.
    label
        Name of the row.
    figures
        Its printed figures.
    counts
        Whole numbers that say what the row is made of: `n`, `items`, `predictors` ...
    """

    table: str
    label: str
    figures: Mapping[str, Figure]
    counts: Mapping[str, int]

    def judge(self, column: str, possible: bool, why: str) -> Finding:
        """Return the finding on one figure of the row."""
        verdict: Verdict = "possible" if possible else "impossible"
        return Finding(self.table, f"{self.label}.{column}", verdict, why)


def survey_of(published: Mapping[str, Any]) -> Survey:
    """Return the survey that checked figures describe."""
    study = published["study"]
    test_value = parse_setting(study.get("test_value"))
    margin = parse_setting(study.get("margin", "0.05"))
    scale = study.get("scale")
    return Survey(
        n=study["n"],
        scale=(scale[0], scale[1]) if scale else None,
        test_value=test_value.value if test_value else None,
        tails=study.get("tails", 2),
        population=study.get("population", study.get("population_of_experts")),
        margin=float(margin.value) if margin else 0.05,
        items={str(one["id"]): len(one["items"]) for one in published.get("constructs", [])},
    )


def rows_of(table: str, block: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a checked table; of a path, the part before the arrow names the row."""
    rows = block.get("rows", [])
    short = [label_of(row).split("->")[0].strip() for row in rows]
    return [
        row_of(table, name if short.count(name) == 1 else label_of(row), row)
        for name, row in zip(short, rows, strict=True)
    ]


def row_of(table: str, label: str, row: Mapping[str, Any]) -> Row:
    """Return one checked object as a row."""
    return Row(
        table=table,
        label=label,
        figures=dict(_figures(row)),
        counts={name: row[name] for name in COUNTS if row.get(name) is not None},
    )


def _figures(row: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for name in FIGURES:
        figure = parse_figure(row.get(name))
        if figure is not None:
            yield name, figure
