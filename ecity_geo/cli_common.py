"""What the commands of ``ecity-geo`` share: options, reading, analysing, and tables on stdout."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecity_geo.progress import stages

if TYPE_CHECKING:
    from ecity_geo.findings import Findings
    from ecity_geo.study import Study

BAD_DATA, NO_ANSWER, INTERRUPTED = 1, 3, 130

study_argument = click.argument("study", metavar="STUDY.toml", type=click.Path(path_type=Path))
format_option = click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How the data stand on stdout.",
)
strict_option = click.option(
    "--strict", is_flag=True, help="Treat every repair of the input as an error."
)
language_option = click.option(
    "--lang",
    "languages",
    type=click.Choice(["fa", "en"]),
    multiple=True,
    help="Language of the outputs; give it twice for both. Default: as the study says.",
)


class Number(click.FloatRange):
    """A number in a range; ``nan`` and ``inf``, which Python reads as numbers too, are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read a number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def load(path: Path, *, strict: bool) -> Study:
    """Read a study; with `strict`, end where anything had to be mended."""
    from ecity_geo.study import load_study

    with stages() as tell:
        tell("reading")
        study = load_study(path)
    if study.synthetic:
        # Tables and CSV keep their columns, so that nothing in them could say it.
        click.echo(f"{study.name.text('en')}: synthetic data.", err=True)
    if strict and study.repairs:
        lines = [f"{repair.source}: {repair.detail}" for repair in study.repairs]
        lines.append("Mend the files, or run without --strict.")
        click.echo("\n".join(lines), err=True)
        click.get_current_context().exit(BAD_DATA)
    return study


def analyse_study(study: Study) -> Findings:
    """Analyse a study, and say on stderr how far that is."""
    from ecity_geo.findings import analyse

    with stages(siting=True) as tell:
        return analyse(study, progress=tell)


def with_options(study: Study, **changes: Any) -> Study:
    """Return a study with some of its options changed."""
    return replace(study, options=replace(study.options, **changes))


def emit(
    frame: Any, style: str, *, study: Study, name: str, more: dict[str, Any] | None = None
) -> None:
    """Write a table to stdout; in JSON, more beside its rows."""
    from ecity_geo.outputs import tables

    if style == "csv":
        click.echo(tables.to_csv(frame), nl=False)
    elif style == "json":
        click.echo(tables.to_json(frame, name=name, study=study, more=more), nl=False)
    else:
        from ecity_geo.outputs.terminal import table_text

        click.echo(table_text(frame, name=name, unit=study.options.unit), nl=False)
