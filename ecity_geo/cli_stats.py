"""The commands ``ecity-geo audit`` and ``ecity-geo stats``; ``ecity_geo.cli`` adds them.

The data stand on stdout, words on stderr. An audit that finds impossible figures is done, and ends
with 0: the file was good, the paper was not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecity_geo.cli_common import NO_ANSWER, format_option
from ecity_geo.errors import AnalysisError
from ecity_geo.progress import stages

if TYPE_CHECKING:
    import pandas as pd

    from ecity_geo.study import Study

# Tables and command line show more digits than anyone trusts, and fewer than a float has.
_DIGITS = 6
# A table with more columns than a screen holds, and few rows, is printed upright.
_WIDE, _FEW = 14, 8


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@format_option
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
@click.argument("words", metavar="[STUDY.toml] [WHAT]", nargs=-1)
@click.option("--test-value", type=float, help="Value to test against. Default: as the study says.")
@click.option(
    "--population",
    type=click.IntRange(min=1),
    help="People who could have been asked. Default: as the study says, else its inhabitants.",
)
@click.option(
    "--posthoc",
    type=click.Choice(["conover", "wilcoxon", "nemenyi"]),
    default="conover",
    show_default=True,
    help="How pairs of items are compared.",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(min=0, max=100_000),
    help="Resamples behind the intervals of effects. Default: as the study says.",
)
@click.option(
    "--correction",
    type=click.Choice(["none", "bonferroni", "holm", "hochberg", "bh", "by"]),
    default="holm",
    show_default=True,
    help="How the p of the pairs are adjusted.",
)
@click.option(
    "--compare",
    "published",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Set our figures beside published ones (JSON, as for audit).",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json", "html"]),
    default="table",
    show_default=True,
    help="How the data stand on stdout.",
)
@click.option(
    "--lang", type=click.Choice(["fa", "en"]), default="en", help="Language of HTML. Default: en."
)
@click.option(
    "--digits", type=click.Choice(["fa", "en"]), help="Digits in HTML. Default: as the language."
)
def stats(
    words: tuple[str, ...],
    style: str,
    lang: str,
    digits: str | None,
    published: Path | None,
    **asked: Any,
) -> None:
    """Survey statistics of a study: all tables, or those named.

    WHAT is a table (reliability, one-sample, friedman, sample-size ...) or a chapter of several
    (regression, cfa, path, soar, groups ...), of which CSV holds the first. Without a study, the
    Tabriz study that comes with the package is taken.
    """
    from ecity_geo.stats.published import read_published
    from ecity_geo.survey_findings import Settings, analyse_survey

    path, what = _words(words)
    if published is not None:
        if what not in (None, "compare"):
            raise click.UsageError(f"--compare makes a table of its own; leave out {what!r}.")
        what = "compare"
        asked["published"] = read_published(published)
    names, single = _wanted(what, style)
    study = _load(path)
    with stages() as tell:
        findings = analyse_survey(study, only=names, settings=Settings(**asked), progress=tell)
    if single and findings.untold:
        raise AnalysisError(next(iter(findings.untold.values())))
    if style == "html":
        from ecity_geo.outputs.statistics import statistics_page

        page = statistics_page(findings, lang, languages=(lang,), digits=digits, alone=True)
        click.echo(page, nl=False)
    else:
        _emit(findings.tables, style, named=not single)
    if findings.untold:
        told = [f"{name}: {reason}" for name, reason in findings.untold.items()]
        click.echo("\n".join(told), err=True)
        if not findings.tables:
            click.get_current_context().exit(NO_ANSWER)


def _words(words: tuple[str, ...]) -> tuple[Path | None, str | None]:
    """Tell the study from the name of a table; they may stand in either order."""
    from ecity_geo.survey_findings import ALIASES, CHAPTERS, TABLES

    known = dict.fromkeys([*CHAPTERS, *ALIASES, *TABLES])
    names = [word for word in words if word in known]
    others = [word for word in words if word not in known]
    if len(names) > 1 or len(others) > 1:
        raise click.UsageError(f"Name one study and one of: {', '.join(known)}.")
    if others and "." not in others[0] and not Path(others[0]).exists():
        raise click.UsageError(f"No study or table {others[0]!r}. Tables: {', '.join(known)}.")
    return (Path(others[0]) if others else None), (names[0] if names else None)


def _wanted(what: str | None, style: str) -> tuple[list[str] | None, bool]:
    """Return the tables to make, None for all, and whether the answer is one table."""
    from ecity_geo.survey_findings import ALIASES, CHAPTERS

    if what is None:
        if style == "csv":
            raise click.UsageError("CSV holds one table: name one, or take --format json.")
        return None, False
    name = ALIASES.get(what, what)
    chapter = CHAPTERS.get(name, (name,))
    if style == "csv" or len(chapter) == 1:
        return [chapter[0]], True
    return list(chapter), False


def _load(path: Path | None) -> Study:
    from ecity_geo.datasets import shipped_study_path
    from ecity_geo.study import load_study

    if path is None:
        click.echo("No study named: the one of Tabriz that comes with the package.", err=True)
    with stages() as tell:
        tell("reading")
        study = load_study(shipped_study_path() if path is None else path)
    weight = study.responses["weight"]
    if (weight != weight.iloc[0]).any():
        click.echo(
            "The survey's weights are used by the tables one-sample and estimates alone.", err=True
        )
    return study


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
        click.echo(to_csv(short) if style == "csv" else to_text(_readable(short)), nl=named)


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """Turn a table that is wider than any screen, and has few rows, on its side."""
    import pandas as pd

    if len(table.columns) <= _WIDE or len(table) > _FEW:
        return table
    turned = table.astype(object).T
    turned.columns = pd.Index([f"{number}" for number in range(1, len(table) + 1)])
    return turned.rename_axis("figure").reset_index()


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
