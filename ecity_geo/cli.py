"""The command ``ecity-geo``: data on stdout, words on stderr, stable exit codes.

0 done, 1 bad data, 2 usage, 3 no valid answer, 130 interrupted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecity_geo import __version__, cli_form, cli_stats
from ecity_geo.errors import AnalysisError, InputError
from ecity_geo.inputs.conditions import CONDITIONED, GROUPS, MODELS, Conditions
from ecity_geo.progress import stages

if TYPE_CHECKING:
    from ecity_geo.findings import Findings
    from ecity_geo.study import Study

BAD_DATA, NO_ANSWER, INTERRUPTED = 1, 3, 130
CURVE, REFINED = "coverage_curve", "refined_sites"
REFINABLE = ("mclp", "p_median")


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
        except KeyboardInterrupt:
            _fail(ctx, "Interrupted; earlier outputs are as they were.", INTERRUPTED)


def _fail(ctx: click.Context, message: str, code: int) -> None:
    click.echo(message, err=True)
    ctx.exit(code)


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

    loaded = _load(study, strict=strict)
    _emit(tables.check_table(loaded), style, study=loaded, name="check")
    click.echo(f"{loaded.name.text('en')}: no faults, {len(loaded.repairs)} repairs.", err=True)


@main.command()
@study_argument
@format_option
@strict_option
def rank(study: Path, style: str, strict: bool) -> None:
    """Rank the districts; each rank with its interval."""
    from ecity_geo.outputs import tables

    loaded = _load(study, strict=strict)
    findings = _analyse(_with_options(loaded, models=()))
    _emit(tables.tables(findings)["ranking"], style, study=loaded, name="ranking")


@main.command()
@study_argument
@click.option("-p", "p", type=click.IntRange(min=1), help="Number of new sites.")
@click.option("--standard", type=click.FloatRange(min=0, min_open=True), help="Greatest cost.")
@click.option(
    "--model",
    type=click.Choice(MODELS),
    help="Location model; lscp finds how many sites it takes to cover all who can be.",
)
@click.option(
    "--floor",
    type=click.FloatRange(0, 1),
    help="Least covered share of each district or fabric (model conditioned).",
)
@click.option("--floor-by", type=click.Choice(GROUPS), help="Groups that the floor is of.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0),
    help="Greatest price of all sites, in place of -p (model conditioned).",
)
@click.option(
    "--curve",
    "curve",
    type=click.IntRange(min=1),
    metavar="N",
    help="Tell instead what 0 to N sites cover, and what each one more brings.",
)
@click.option(
    "--refine",
    type=click.FloatRange(min=0, min_open=True),
    metavar="METRES",
    help="Tell instead how much better sites do that may move so far off their candidates.",
)
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), help="Seconds a model.")
@format_option
@strict_option
def site(
    study: Path,
    p: int | None,
    standard: float | None,
    model: str | None,
    floor: float | None,
    floor_by: str | None,
    budget: float | None,
    curve: int | None,
    refine: float | None,
    time_limit: float | None,
    style: str,
    strict: bool,
) -> None:
    """Propose new sites, each with what it adds, and the proof of how good the plan is."""
    from ecity_geo.outputs import tables

    conditions = _given(floor=floor, floor_by=floor_by, budget=budget)
    _refuse_together(p=p, model=model, curve=curve, conditions=conditions)
    if refine is not None and (curve is not None or model not in (None, *REFINABLE)):
        models = " or ".join(REFINABLE)
        raise click.UsageError(f"--refine moves the sites of {models}: leave out the others.")
    loaded = _load(study, strict=strict)
    changes = _given(p=p, standard=standard, time_limit=time_limit)
    if conditions:
        model = CONDITIONED
    changes |= {"models": (model,)} if model else {}
    loaded = _with_options(loaded, **changes, conditions=_conditions(loaded, p, conditions))
    if curve is not None:
        _emit(_curve_table(loaded, curve), style, study=loaded, name=CURVE)
        return
    _refuse_unread(loaded, p=p, floor_by=floor_by)
    if refine is not None:
        _emit(_refined_table(loaded, refine), style, study=loaded, name=REFINED)
        return
    findings = _analyse(_with_options(loaded, curve=0))
    _emit(tables.tables(findings)["sites"], style, study=loaded, name="sites")
    for plan in findings.plans.values():
        click.echo(
            f"{plan.model}: objective {plan.objective:,.1f}, bound {plan.bound:,.1f}, "
            f"gap {plan.gap:.2%}, {plan.status}.",
            err=True,
        )


def _given(**values: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def _refuse_together(
    *, p: int | None, model: str | None, curve: int | None, conditions: dict[str, Any]
) -> None:
    """Refuse options of which one would be ignored in silence."""
    if conditions and model not in (None, CONDITIONED):
        raise click.UsageError(f"--floor and --budget are read by the model {CONDITIONED} alone.")
    if "budget" in conditions and p is not None:
        raise click.UsageError("--budget decides how many sites there are: leave out -p.")
    if curve is not None and (conditions or p is not None or model not in (None, "mclp")):
        raise click.UsageError(
            "--curve asks the model mclp for each number of sites: leave out -p, --floor, "
            "--budget and other models."
        )


def _conditions(study: Study, p: int | None, given: dict[str, Any]) -> Conditions:
    """Return the conditions of a study with those given; a number of sites replaces its budget."""
    changed = {"budget": None, **given} if p is not None else given
    return replace(study.options.conditions, **changed)


def _refuse_unread(study: Study, *, p: int | None, floor_by: str | None) -> None:
    """Refuse what the study's models do not read: it would be ignored in silence."""
    options = study.options
    conditions = options.conditions
    counting = {"lscp", CONDITIONED} if conditions.objective == "price" else {"lscp"}
    if p is not None and counting.issuperset(options.models):
        models = ", ".join(options.models)
        raise click.UsageError(f"{models} finds how many sites it takes: leave out -p.")
    if floor_by is not None and not conditions.floor and conditions.objective != "fairest":
        raise click.UsageError("--floor-by names the groups of a floor: give --floor too.")


def _curve_table(study: Study, count: int) -> Any:
    from ecity_geo.findings import travel_costs
    from ecity_geo.outputs import tables
    from ecity_geo.site_findings import coverage_of

    if count > len(study.candidates):
        raise AnalysisError(
            f"--curve {count} asks for more sites than there are candidates: "
            f"{len(study.candidates)}. Ask for fewer, or give more candidates."
        )
    with stages() as tell:
        tell("access")
        costs = travel_costs(study)
        tell("siting")
        return tables.curve_table(coverage_of(study, costs, count))


def _refined_table(study: Study, farthest: float) -> Any:
    from ecity_geo.findings import travel_costs
    from ecity_geo.outputs import site_tables, tables
    from ecity_geo.site_findings import refined

    with stages() as tell:
        tell("access")
        costs = travel_costs(study)
        tell("siting")
        found = refined(study, costs, farthest=farthest)
        return tables.shape(REFINED, site_tables.refined(found))


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
    loaded = _load(study, strict=strict)
    findings = _analyse(loaded)
    click.echo(write_map(findings, kind, lang, out))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def new(folder: Path) -> None:
    """Write a commented starter study: name your files in it, then run it."""
    from ecity_geo.inputs.starter import write_starter

    for path in write_starter(folder):
        click.echo(path)


main.add_command(cli_stats.audit)
main.add_command(cli_stats.stats)
main.add_command(cli_form.form)


def _run(path: Path, out: Path, languages: tuple[str, ...], *, strict: bool = False) -> None:
    from ecity_geo.outputs.files import check_place
    from ecity_geo.outputs.write import write_outputs

    check_place(out)
    study = _load(path, strict=strict)
    findings = _analyse(study)
    with stages() as tell:
        tell("writing")
        written = write_outputs(findings, out, languages=languages or None)
    click.echo(next(path for path in written if path.name == "index.html"))
    click.echo(_summary(findings, len(written), out), err=True)


def _load(path: Path, *, strict: bool) -> Study:
    from ecity_geo.study import load_study

    with stages() as tell:
        tell("reading")
        study = load_study(path)
    if strict and study.repairs:
        lines = [f"{repair.source}: {repair.detail}" for repair in study.repairs]
        lines.append("Mend the files, or run without --strict.")
        click.echo("\n".join(lines), err=True)
        click.get_current_context().exit(BAD_DATA)
    return study


def _analyse(study: Study) -> Findings:
    from ecity_geo.findings import analyse

    with stages() as tell:
        return analyse(study, progress=tell)


def _with_options(study: Study, **changes: Any) -> Study:
    return replace(study, options=replace(study.options, **changes))


def _emit(frame: Any, style: str, *, study: Study, name: str) -> None:
    from ecity_geo.outputs import tables

    if style == "csv":
        click.echo(tables.to_csv(frame), nl=False)
    elif style == "json":
        click.echo(tables.to_json(frame, name=name, study=study), nl=False)
    else:
        click.echo(tables.to_text(frame), nl=False)


def _summary(findings: Findings, n_files: int, out: Path) -> str:
    city = findings.city
    made_up = " (synthetic data)" if findings.study.synthetic else ""
    return (
        f"{findings.study.name.text('en')}{made_up}: {city['population']:,.0f} people, "
        f"{city['covered_share']:.1%} within {city['standard']:g} {city['unit']} of an open "
        f"service, {city['covered_share_planned']:.1%} with the new sites. "
        f"{n_files} files in {out}."
    )
