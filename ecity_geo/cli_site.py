"""The command ``ecity-geo site``; ``ecity_geo.cli`` adds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ecity_geo.cli_common import (
    Number,
    analyse_study,
    emit,
    format_option,
    load,
    strict_option,
    study_argument,
    with_options,
)
from ecity_geo.cli_fair import FAIRNESS, ROBUST, fairness_table, robust_table
from ecity_geo.cli_plans import plan_lines
from ecity_geo.errors import AnalysisError
from ecity_geo.inputs.conditions import CONDITIONED, GROUPS, MIX, MODELS, WEIGHED, Conditions
from ecity_geo.progress import stages

if TYPE_CHECKING:
    import pandas as pd

    from ecity_geo.geo.cost import CostMatrix
    from ecity_geo.siting import Front
    from ecity_geo.study import Study

CURVE, FRONT, REFINED = "coverage_curve", "pareto_front", "refined_sites"
REFINABLE = ("mclp", "p_median")
AIMS = ("price", "travel", "fairness")
CONDITIONS = ("floor", "floor_by", "gini", "budget")
INSTEAD = ("curve", "front", "refine", "robust", "price_of_fairness")
"""Options that ask for a table of their own instead of that of the sites."""


class _Asked(NamedTuple):
    """A figure, and the file and language that it is asked for in."""

    svg: Path | None
    lang: str
    drawn: str


@click.command()
@study_argument
@click.option("-p", "p", type=click.IntRange(min=1), help="Number of new sites.")
@click.option("--standard", type=Number(min=0, min_open=True), help="Greatest cost.")
@click.option(
    "--model",
    type=click.Choice(MODELS),
    help="Location model; lscp finds how many sites it takes to cover all who can be.",
)
@click.option(
    "--floor",
    type=Number(0, 1),
    help="Least covered share of each district or fabric (model conditioned).",
)
@click.option(
    "--floor-by",
    type=click.Choice(GROUPS),
    help="Groups that the floor and --gini are of, or the fairness of --front.",
)
@click.option(
    "--gini",
    type=Number(0, 1),
    help="Greatest Gini coefficient of the districts' or fabrics' covered shares (conditioned).",
)
@click.option(
    "--budget",
    type=Number(min=0),
    help="Greatest price of all sites, in place of -p (model conditioned, --front price).",
)
@click.option(
    "--curve",
    type=click.IntRange(min=1),
    metavar="N",
    help="Tell instead what 0 to N sites cover, and what each one more brings.",
)
@click.option(
    "--front",
    type=click.Choice(AIMS),
    help="Tell instead every plan that none betters both in coverage and in this.",
)
@click.option(
    "--refine",
    type=Number(min=0, min_open=True),
    metavar="METRES",
    help="Tell instead how much better sites do that may move so far off their candidates.",
)
@click.option(
    "--need",
    type=click.Choice(tuple(MIX)),
    help="What people are weighted by (mclp, p_median, gradual and backup coverage).",
)
@click.option(
    "--robust",
    type=click.IntRange(min=2),
    metavar="N",
    help="Tell instead how often N draws of the survey choose each site, and a plan for all.",
)
@click.option(
    "--price-of-fairness",
    is_flag=True,
    default=None,
    help="Tell instead what the fairest plan, and a --floor, cost in people covered.",
)
@click.option(
    "--time-limit",
    type=Number(min=0, min_open=True),
    help="Seconds a model, a whole curve or a whole front.",
)
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the figure of the curve or the front to a file, too.",
)
@click.option(
    "--lang", type=click.Choice(["fa", "en"]), help="Language of the figure. Default: en."
)
@format_option
@strict_option
def site(
    study: Path, style: str, strict: bool, svg: Path | None, lang: str | None, **options: Any
) -> None:
    """Propose new sites, each with what it adds, and the proof of how good the plan is."""
    given = {name: value for name, value in options.items() if value is not None}
    _refuse_together(given)
    _refuse_figure(given, svg, lang)
    loaded = _asked(load(study, strict=strict), given)
    if "curve" in given:
        table, figure = _curve(loaded, given["curve"], svg, lang or "en")
        _write(loaded, table, style, CURVE, _Asked(svg, lang or "en", figure))
    elif "front" in given:
        table, figure = _front(loaded, given["front"], svg, lang or "en")
        _write(loaded, table, style, FRONT, _Asked(svg, lang or "en", figure))
    elif "robust" in given:
        table, lines, more = robust_table(loaded, given["robust"])
        emit(table, style, study=loaded, name=ROBUST, more=more)
        click.echo("\n".join(lines), err=True)
    elif "price_of_fairness" in given:
        table, lines = fairness_table(loaded)
        emit(table, style, study=loaded, name=FAIRNESS)
        click.echo("\n".join(lines), err=True)
    else:
        _refuse_unread(loaded, given)
        if "refine" in given:
            emit(_refined(loaded, given["refine"]), style, study=loaded, name=REFINED)
        else:
            _tell_plans(loaded, style)


def _refuse_together(given: dict[str, Any]) -> None:
    """Refuse options of which one would be ignored in silence."""
    instead = [f"--{name.replace('_', '-')}" for name in INSTEAD if name in given]
    if len(instead) > 1:
        told = " and ".join(instead)
        raise click.UsageError(f"{told} tell a table of their own each: ask for one.")
    _refuse_beside_fairness(given)
    conditions = set(CONDITIONS) & given.keys()
    model = given.get("model")
    if "front" in given:
        _refuse_beside_front(given)
    elif "refine" in given and (conditions or model not in (None, *REFINABLE)):
        models = " or ".join(REFINABLE)
        raise click.UsageError(f"--refine moves the sites of {models}: leave out the others.")
    elif "price_of_fairness" in given:
        return
    elif conditions and model not in (None, CONDITIONED):
        raise click.UsageError(
            f"--floor, --gini and --budget are read by the model {CONDITIONED} alone."
        )
    elif "budget" in given and "p" in given:
        raise click.UsageError("--budget decides how many sites there are: leave out -p.")
    elif "curve" in given and (conditions or "p" in given or model not in (None, "mclp")):
        raise click.UsageError(
            "--curve asks the model mclp for each number of sites: leave out -p, --floor, "
            "--gini, --budget and other models."
        )


def _refuse_beside_fairness(given: dict[str, Any]) -> None:
    """Refuse what neither a robust plan nor the price of fairness reads."""
    for table, read in (("robust", ("need",)), ("price_of_fairness", ("floor", "floor_by"))):
        if table not in given:
            continue
        for name in ("model", "need", *CONDITIONS):
            if name in given and name not in read:
                raise click.UsageError(
                    f"--{table.replace('_', '-')} asks the model mclp: leave out "
                    f"--{name.replace('_', '-')}."
                )
    if given.get("robust") and given.get("need") == "population":
        raise click.UsageError("--robust draws readiness: leave out --need population.")
    weighs = {"curve", "front", "refine"} & given.keys()
    if given.get("need", "population") != "population" and weighs:
        raise click.UsageError(f"--{weighs.pop()} counts people: leave out --need.")


def _refuse_beside_front(given: dict[str, Any]) -> None:
    against = given["front"]
    for name in ("model", "floor", "gini"):
        if name in given:
            raise click.UsageError(
                f"--front weighs coverage against {against} in all plans that there are: "
                f"leave out --{name}."
            )
    if against == "price" and "p" in given:
        raise click.UsageError("Against price any number of sites is allowed: leave out -p.")
    if against != "price" and "budget" in given:
        raise click.UsageError(f"Against {against} sites have no price: leave out --budget.")
    if against != "fairness" and "floor_by" in given:
        raise click.UsageError(f"Against {against} there are no groups: leave out --floor-by.")


def _refuse_figure(given: dict[str, Any], svg: Path | None, lang: str | None) -> None:
    if svg is not None and not {"curve", "front"} & given.keys():
        raise click.UsageError("--svg writes the figure of --curve or --front: give one of them.")
    if svg is not None and svg.suffix.lower() != ".svg":
        raise click.UsageError(
            f"--svg writes SVG, not {svg.suffix or 'a file without a suffix'}: "
            f"name it {svg.with_suffix('.svg').name}."
        )
    if lang is not None and svg is None:
        raise click.UsageError("--lang is the language of the figure: give --svg too.")


def _refuse_unread(study: Study, given: dict[str, Any]) -> None:
    """Refuse what the study's models do not read: it would be ignored in silence."""
    options = study.options
    conditions = options.conditions
    if "need" in given and not set(options.models) & set(WEIGHED):
        models = ", ".join(WEIGHED)
        raise click.UsageError(f"--need is read by {models}: leave it out, or ask for one.")
    counting = {"lscp", CONDITIONED} if conditions.objective == "price" else {"lscp"}
    if "p" in given and counting.issuperset(options.models):
        models = ", ".join(options.models)
        raise click.UsageError(f"{models} finds how many sites it takes: leave out -p.")
    if "floor_by" in given and not conditions.between_groups:
        raise click.UsageError(
            "--floor-by names the groups of a floor: give --floor too, or --gini."
        )
    if "gini" in given and conditions.serves_all:
        raise click.UsageError(
            f"The study's objective {conditions.objective!r} serves all, so that no share can be "
            "unequal: leave out --gini."
        )


def _asked(study: Study, given: dict[str, Any]) -> Study:
    """Return a study with the options that were given in place of its own."""
    changed = {name: given[name] for name in CONDITIONS if name in given}
    conditioned = changed and "price_of_fairness" not in given
    model = given.get("model") or (CONDITIONED if conditioned else None)
    options: dict[str, Any] = {
        name: given[name] for name in ("p", "standard", "time_limit", "need") if name in given
    }
    options |= {"models": (model,)} if model else {}
    return with_options(study, **options, conditions=_conditions(study, given, changed))


def _conditions(study: Study, given: dict[str, Any], changed: dict[str, Any]) -> Conditions:
    """Return the conditions of a study with those given; a number of sites replaces its budget."""
    changed = {"budget": None, **changed} if "p" in given else changed
    return replace(study.options.conditions, **changed)


def _costs(study: Study, tell: Any) -> CostMatrix:
    from ecity_geo.findings import travel_costs

    tell("access")
    costs = travel_costs(study)
    tell("siting")
    return costs


def _curve(study: Study, count: int, svg: Path | None, lang: str) -> tuple[pd.DataFrame, str]:
    """Return the table of a coverage curve, and its figure where one is asked for."""
    from ecity_geo.outputs import tables
    from ecity_geo.outputs.curve_figure import coverage_curve_figure
    from ecity_geo.site_findings import coverage_of

    if count > len(study.candidates):
        raise AnalysisError(
            f"--curve {count} asks for more sites than there are candidates: "
            f"{len(study.candidates)}. Ask for fewer, or give more candidates."
        )
    with stages(siting=True) as tell:
        curve = coverage_of(study, _costs(study, tell), count)
    figure = ""
    if svg is not None:
        options = study.options
        figure = coverage_curve_figure(
            curve, lang=lang, standard=options.standard, unit=options.unit
        )
    return tables.curve_table(curve), figure


def _front(study: Study, against: str, svg: Path | None, lang: str) -> tuple[pd.DataFrame, str]:
    """Return the table of a front, and its figure where one is asked for; say if it is whole."""
    from ecity_geo.outputs import tables
    from ecity_geo.outputs.tradeoff_figure import pareto_figure
    from ecity_geo.site_findings import front_of

    with stages(siting=True) as tell:
        front = front_of(study, _costs(study, tell), against)
    click.echo(_told(front), err=True)
    return tables.front_table(front), "" if svg is None else pareto_figure(front, lang=lang)


def _told(front: Front) -> str:
    alone = len(front.ungrouped)
    told = f" {alone} demand points with people have no group: no share is theirs." if alone else ""
    return _told_whole(front) + told


def _told_whole(front: Front) -> str:
    count, aims = len(front.table), f"coverage and {front.against}"
    if front.complete:
        return f"{count} plans: all that no other betters in both {aims}, each proven."
    least, most = front.unexplored["covered_from"].min(), front.unexplored["covered_to"].max()
    return (
        f"{count} plans between {aims}; the time was over before all were found: more may cover "
        f"{least:,.0f} to {most:,.0f} people. Give a longer --time-limit."
    )


def _refined(study: Study, farthest: float) -> pd.DataFrame:
    from ecity_geo.outputs import site_tables, tables
    from ecity_geo.site_findings import refined

    with stages(siting=True) as tell:
        found = refined(study, _costs(study, tell), farthest=farthest)
    return tables.shape(REFINED, site_tables.refined(found))


def _write(study: Study, table: pd.DataFrame, style: str, name: str, figure: _Asked) -> None:
    """Write the figure where one is asked for, then the table."""
    from ecity_geo.outputs.drawing import standalone
    from ecity_geo.outputs.files import write_file
    from ecity_geo.outputs.text import text

    if figure.svg is not None:
        city = study.name.text(figure.lang)
        badge = text("common.synthetic", figure.lang) if study.synthetic else ""
        title = text(f"tradeoff.title.{name}", figure.lang, city=city)
        write_file(figure.svg, standalone(figure.drawn, title=title, badge=badge).encode())
    emit(table, style, study=study, name=name)


def _tell_plans(study: Study, style: str) -> None:
    """Write the sites of all plans, and on stderr how good each plan is."""
    from ecity_geo.outputs import tables
    from ecity_geo.outputs.plan_facts import plan_facts

    findings = analyse_study(with_options(study, curve=0))
    plans = {"plans": plan_facts(findings)}
    emit(tables.tables(findings)["sites"], style, study=study, name="sites", more=plans)
    for line in plan_lines(findings):
        click.echo(line, err=True)
