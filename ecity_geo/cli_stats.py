"""The commands ``ecity-geo audit`` and ``ecity-geo stats``; ``ecity_geo.cli`` adds them.

The data stand on stdout, words on stderr. An audit that finds impossible figures is done, and ends
with 0: the file was good, the paper was not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecity_geo.errors import AnalysisError
from ecity_geo.progress import stages

if TYPE_CHECKING:
    import pandas as pd

    from ecity_geo.study import Study

NO_ANSWER = 3
# Tables and command line show more digits than anyone trusts, and fewer than a float has.
_DIGITS = 6

_format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How the data stand on stdout.",
)


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@_format_option
def audit(file: Path, style: str) -> None:
    """Check published survey figures: possible, doubtful or impossible, with the arithmetic."""
    from ecity_geo.stats.audit import audit as judge
    from ecity_geo.stats.published import read_published

    table = judge(read_published(file))
    _emit({"audit": table}, style)
    counts = table["verdict"].value_counts()
    told = [f"{counts.get(word, 0)} {word}" for word in ("impossible", "doubtful", "possible")]
    click.echo(f"{len(table)} figures checked: {', '.join(told)}.", err=True)


@click.command()
@click.argument("study", metavar="STUDY.toml", type=click.Path(path_type=Path))
@click.argument(
    "what",
    required=False,
    type=click.Choice(
        [
            "reliability",
            "items",
            "one-sample",
            "friedman",
            "mean-ranks",
            "pairs",
            "sample-size",
            "allocation",
        ]
    ),
)
@click.option("--test-value", type=float, help="Value to test against. Default: as the study says.")
@click.option(
    "--population",
    type=click.IntRange(min=1),
    help="People who could have been asked. Default: the population of the study.",
)
@click.option(
    "--posthoc",
    type=click.Choice(["conover", "wilcoxon", "nemenyi"]),
    default="conover",
    show_default=True,
    help="How pairs of items are compared.",
)
@click.option(
    "--correction",
    type=click.Choice(["none", "bonferroni", "holm", "hochberg", "bh", "by"]),
    default="holm",
    show_default=True,
    help="How the p of the pairs are adjusted.",
)
@_format_option
def stats(
    study: Path,
    what: str | None,
    test_value: float | None,
    population: int | None,
    posthoc: str,
    correction: str,
    style: str,
) -> None:
    """Survey statistics of a study: all tables, or the one named."""
    if style == "csv" and what is None:
        raise click.UsageError("CSV holds one table: name one, or take --format json.")
    loaded = _load(study, test_value)
    makers = _makers(loaded, population, posthoc, correction)
    if what is not None:
        _emit({what: makers[what]()}, style)
        return
    tables: dict[str, pd.DataFrame] = {}
    untold: list[str] = []
    for name, make in makers.items():
        try:
            tables[name] = make()
        except AnalysisError as error:
            untold.append(f"{name}: {error}")
    _emit(tables, style, named=True)
    if untold:
        click.echo("\n".join(untold), err=True)
        click.get_current_context().exit(NO_ANSWER)


def _makers(
    study: Study, population: int | None, posthoc: str, correction: str
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return a function per table, so that one without an answer does not hide the others."""
    from ecity_geo.stats import inference, reliability

    answers = _answers(study)
    constructs = {
        construct.id: [item.id for item in construct.items]
        for construct in study.instrument.constructs
    }
    level = study.options.confidence
    test_value = study.options.test_value
    return {
        "reliability": lambda: reliability.reliability(
            answers, constructs, confidence=level
        ).reset_index(),
        "items": lambda: reliability.item_reliability(answers, constructs),
        "one-sample": lambda: inference.one_sample(
            answers, test_value=test_value, confidence=level
        ).reset_index(),
        "friedman": lambda: _friedman_row(answers),
        "mean-ranks": lambda: _mean_ranks(answers),
        "pairs": lambda: inference.friedman_pairs(answers, method=posthoc, correction=correction),
        "sample-size": lambda: _sample_size(study, population),
        "allocation": lambda: _allocation(study),
    }


def _load(path: Path, test_value: float | None) -> Study:
    from ecity_geo.study import load_study

    with stages() as tell:
        tell("reading")
        study = load_study(path)
    weight = study.responses["weight"]
    if (weight != weight.iloc[0]).any():
        click.echo("These statistics do not use the survey's weights.", err=True)
    if test_value is None:
        return study
    return replace(study, options=replace(study.options, test_value=test_value))


def _answers(study: Study) -> pd.DataFrame:
    """Answers of all items, the reversed ones turned round."""
    answers = study.responses[[item.id for item in study.instrument.items]].astype("Float64")
    ends = study.instrument.scale_min + study.instrument.scale_max
    for item in study.instrument.items:
        if item.reverse:
            answers[item.id] = ends - answers[item.id]
    return answers


def _friedman_row(answers: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    from ecity_geo.stats.inference import friedman

    test = friedman(answers)
    row: dict[str, Any] = {"items": len(test.mean_ranks)}
    for name in ("n", "missing", "chi_square", "df", "p", "kendall_w", "f"):
        row[name] = getattr(test, name)
    row |= {"f_df1": test.f_df[0], "f_df2": test.f_df[1], "f_p": test.f_p}
    return pd.DataFrame([row])


def _mean_ranks(answers: pd.DataFrame) -> pd.DataFrame:
    from ecity_geo.stats.inference import friedman

    return friedman(answers).mean_ranks.reset_index()


def _sample_size(study: Study, population: int | None) -> pd.DataFrame:
    import pandas as pd

    from ecity_geo.stats.sampling import cochran, krejcie_morgan, margin_of_error

    people = population or round(float(study.demand["population"].sum()))
    n, level = len(study.responses), study.options.confidence
    row = {
        "n": n,
        "population": people,
        "confidence": level,
        "margin": margin_of_error(n, people, confidence=level),
        "cochran_5_percent": cochran(people, confidence=level),
        "krejcie_morgan_5_percent": krejcie_morgan(people, confidence=level),
    }
    return pd.DataFrame([row])


def _allocation(study: Study) -> pd.DataFrame:
    """Return what each district's share of as many respondents would be."""
    import pandas as pd

    from ecity_geo.stats.sampling import allocate_proportional

    demand = study.demand
    people = demand.groupby("district_id")["population"].sum()
    sizes = people.reindex(study.districts.index).fillna(0.0).round()
    shares = allocate_proportional(len(study.responses), sizes)
    table = pd.DataFrame({"population": sizes.astype("Int64"), "proportional": shares})
    return table.rename_axis("district_id").reset_index()


def _emit(tables: dict[str, pd.DataFrame], style: str, *, named: bool = False) -> None:
    from ecity_geo.outputs.tables import to_csv, to_text

    if style == "json":
        parts = {name: _records(table) for name, table in tables.items()}
        data: object = parts if named else next(iter(parts.values()))
        click.echo(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))
        return
    for name, table in tables.items():
        if named:
            click.echo(f"{name}\n{'=' * len(name)}")
        short = table.map(_short)
        click.echo(to_csv(short) if style == "csv" else to_text(short), nl=named)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what has no finite value is null."""
    rows = table.astype(object).to_dict(orient="records")
    return [{str(name): _plain(_short(value)) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    import pandas as pd

    if pd.isna(value) or value in (float("inf"), float("-inf")):
        return None
    return value.item() if hasattr(value, "item") else value


def _short(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
