"""The command ``ecity-geo form``; ``ecity_geo.cli`` adds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write: .xlsx from an instrument, .toml from a form.",
)
@click.option(
    "--study",
    "study",
    metavar="STUDY.toml",
    type=click.Path(path_type=Path),
    help="Study whose districts the form offers as a choice.",
)
@click.option("--form-id", default="ecity_survey", show_default=True, help="Id on the server.")
@click.option("--version", default="1", show_default=True, help="Version of the form.")
@click.option(
    "--lang",
    type=click.Choice(["fa", "en"]),
    default="fa",
    show_default=True,
    help="Language that the form opens in; it holds both.",
)
@click.option("--coordinates", is_flag=True, help="Ask for a place on the map too.")
@click.option("--optional", is_flag=True, help="Let respondents skip questions.")
def form(
    source: Path,
    out: Path,
    study: Path | None,
    form_id: str,
    version: str,
    lang: str,
    coordinates: bool,
    optional: bool,
) -> None:
    """Write an instrument as an XLSForm for KoboToolbox and ODK, or a form as an instrument.

    SOURCE is the instrument's .toml, or an .xlsx form; --out is the other of the two. The round
    trip loses nothing.
    """
    from ecity_geo.inputs.instrument import read_instrument
    from ecity_geo.inputs.instrument_file import write_instrument
    from ecity_geo.inputs.xlsform import read_form, write_form

    if source.suffix.lower() == ".xlsx":
        _check_end(out, ".toml")
        click.echo(write_instrument(read_form(source), out))
        return
    _check_end(out, ".xlsx")
    path = write_form(
        read_instrument(source, source=str(source)),
        out,
        form_id=form_id,
        version=version,
        default_language=lang,
        districts=_districts(study) if study else None,
        coordinates=coordinates,
        required=not optional,
    )
    click.echo(path)


def _check_end(out: Path, end: str) -> None:
    if out.suffix.lower() != end:
        raise click.UsageError(f"--out is {str(out)!r}; from such a source comes a {end} file.")


def _districts(study: Path) -> pd.DataFrame:
    from ecity_geo.study import load_study

    return load_study(study).districts
