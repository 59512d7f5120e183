"""The command ``ecity-geo``: data on stdout, words on stderr, stable exit codes.

0 done, 1 bad data, 2 usage, 3 no valid answer, 130 interrupted.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecity_geo import __version__, cli_form, cli_site, cli_stats
from ecity_geo.cli_common import (
    BAD_DATA,
    INTERRUPTED,
    NO_ANSWER,
    analyse_study,
    emit,
    format_option,
    language_option,
    load,
    strict_option,
    study_argument,
    with_options,
)
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.progress import stages

if TYPE_CHECKING:
    from ecity_geo.findings import Findings


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}


class Commands(click.Group):
    """A group that turns the library's errors into messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; see the module for the exit codes."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            _fail(ctx, str(error), BAD_DATA)
        except AnalysisError as error:
            _fail(ctx, str(error), NO_ANSWER)
        except OSError as error:
            # Outputs in files have said what stands in their way: this is a full stdout.
            if error.errno not in _FULL:
                raise
            _fail(ctx, f"stdout: cannot be written ({error.strerror}). Make room.", BAD_DATA)
        except KeyboardInterrupt:
            _fail(ctx, "Interrupted; earlier outputs are as they were.", INTERRUPTED)


def _fail(ctx: click.Context, message: str, code: int) -> None:
    click.echo(message, err=True)
    ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ecity-geo")
def main() -> None:
    """Turn a readiness survey and a map into decisions that a city council can defend."""


@main.command()
@study_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("maps"),
    show_default=True,
    help="Folder for maps, council page, tables and GeoPackage.",
)
@language_option
@strict_option
def run(study: Path, out: Path, languages: tuple[str, ...], strict: bool) -> None:
    """Do everything: check, join, analyse, and write maps, page and tables."""
    _run(study, out, languages, strict=strict)


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("ecity-geo-demo"),
    show_default=True,
    help="Folder for the outputs.",
)
@language_option
def demo(out: Path, languages: tuple[str, ...]) -> None:
    """Run the Tabriz study that comes with the package (a demonstration, partly synthetic)."""
    from ecity_geo.datasets import shipped_study_path

    _run(shipped_study_path(), out, languages)


@main.command()
@study_argument
@format_option
@strict_option
def check(study: Path, style: str, strict: bool) -> None:
    """Read and check a study: row counts and repairs on stdout, faults on stderr."""
    from ecity_geo.outputs import tables

    loaded = load(study, strict=strict)
    emit(tables.check_table(loaded), style, study=loaded, name="check")
    click.echo(f"{loaded.name.text('en')}: no faults, {len(loaded.repairs)} repairs.", err=True)


@main.command()
@study_argument
@format_option
@strict_option
def rank(study: Path, style: str, strict: bool) -> None:
    """Rank the districts; each rank with its interval."""
    from ecity_geo.outputs import tables

    loaded = load(study, strict=strict)
    findings = analyse_study(with_options(loaded, models=()))
    emit(tables.tables(findings)["ranking"], style, study=loaded, name="ranking")
    if style == "table":
        click.echo(
            "readiness, coverage and access are rescaled: 0 is the worst district, 1 the best. "
            "Means and covered shares stand in tables/districts.csv of a run.",
            err=True,
        )


@main.command("map")
@study_argument
@click.argument("kind", type=click.Choice(["readiness", "coverage", "gaps", "siting"]))
@click.option("--lang", type=click.Choice(["fa", "en"]), default="en", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="HTML file to write.",
)
@strict_option
def map_(study: Path, kind: str, lang: str, out: Path, strict: bool) -> None:
    """Write one map as a page that opens without a network."""
    from ecity_geo.outputs.files import check_place
    from ecity_geo.outputs.write import write_map

    check_place(out.absolute().parent)
    loaded = load(study, strict=strict)
    findings = analyse_study(loaded)
    click.echo(write_map(findings, kind, lang, out))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def new(folder: Path) -> None:
    """Write a commented starter study: name your files in it, then run it."""
    from ecity_geo.inputs.starter import write_starter

    for path in write_starter(folder):
        click.echo(path)


main.add_command(cli_site.site)
main.add_command(cli_stats.audit)
main.add_command(cli_stats.stats)
main.add_command(cli_form.form)


def _run(path: Path, out: Path, languages: tuple[str, ...], *, strict: bool = False) -> None:
    from ecity_geo.outputs.files import check_place
    from ecity_geo.outputs.write import write_outputs

    check_place(out)
    study = load(path, strict=strict)
    findings = analyse_study(study)
    with stages() as tell:
        tell("writing")
        written = write_outputs(findings, out, languages=languages or None)
    click.echo(next(path for path in written if path.name == "index.html"))
    click.echo(_summary(findings, len(written), out), err=True)


def _summary(findings: Findings, n_files: int, out: Path) -> str:
    city = findings.city
    made_up = " (synthetic data)" if findings.study.synthetic else ""
    counted = findings.study.options.include_planned and city["services_planned"]
    planned = "planned services and the " if counted else ""
    return (
        f"{findings.study.name.text('en')}{made_up}: {city['population']:,.0f} people, "
        f"{city['covered_share']:.1%} within {city['standard']:g} {city['unit']} of an open "
        f"service, {city['covered_share_planned']:.1%} with the {planned}new sites. "
        f"{n_files} files in {out}."
    )
