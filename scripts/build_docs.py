"""Write docs/api.md and docs/outputs.md from the code, so that they cannot drift from it.

``python scripts/build_docs.py`` writes them; a test holds the files against this script.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click

import ecity_geo
from ecity_geo import cli

DOCS = Path(__file__).parents[1] / "docs"
PRIVATE_MODULES = ("ecity_geo.__main__", "ecity_geo._data")
# What an analyst calls; the rest is machinery behind these.
DOCUMENTED = (
    "ecity_geo.crs",
    "ecity_geo.datasets",
    "ecity_geo.errors",
    "ecity_geo.findings",
    "ecity_geo.geo.",
    "ecity_geo.indicators.",
    "ecity_geo.inputs.boundaries",
    "ecity_geo.inputs.candidates",
    "ecity_geo.inputs.config",
    "ecity_geo.inputs.instrument",
    "ecity_geo.inputs.population",
    "ecity_geo.inputs.roads",
    "ecity_geo.inputs.schema",
    "ecity_geo.inputs.sections",
    "ecity_geo.inputs.services",
    "ecity_geo.inputs.soar",
    "ecity_geo.inputs.starter",
    "ecity_geo.inputs.survey",
    "ecity_geo.inputs.text",
    "ecity_geo.inputs.xlsform",
    "ecity_geo.outputs.geopackage",
    "ecity_geo.outputs.maps",
    "ecity_geo.outputs.charts",
    "ecity_geo.outputs.path_figure",
    "ecity_geo.outputs.report",
    "ecity_geo.outputs.soar_figure",
    "ecity_geo.outputs.statistics",
    "ecity_geo.outputs.statistics_table",
    "ecity_geo.outputs.tables",
    "ecity_geo.outputs.text",
    "ecity_geo.outputs.write",
    "ecity_geo.ranking.",
    "ecity_geo.siting.candidates",
    "ecity_geo.siting.coverage_models",
    "ecity_geo.siting.covering_models",
    "ecity_geo.siting.dispersion",
    "ecity_geo.siting.fairness",
    "ecity_geo.siting.front",
    "ecity_geo.siting.grouped",
    "ecity_geo.siting.models",
    "ecity_geo.siting.moving",
    "ecity_geo.siting.need",
    "ecity_geo.siting.conditioned",
    "ecity_geo.siting.plan",
    "ecity_geo.siting.refine",
    "ecity_geo.siting.tradeoffs",
    "ecity_geo.siting.watching",
    "ecity_geo.soar",
    "ecity_geo.stats.",
    "ecity_geo.study",
    "ecity_geo.survey_findings",
)


def modules() -> Iterator[ModuleType]:
    """Yield every module of the package, in the order of its name."""
    found = pkgutil.walk_packages(ecity_geo.__path__, "ecity_geo.")
    for info in sorted(found, key=lambda info: info.name):
        if not info.name.startswith(PRIVATE_MODULES):
            yield importlib.import_module(info.name)


def public_names(module: ModuleType) -> dict[str, Any]:
    """Return the functions and classes that a module defines for others."""
    return {
        name: thing
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == module.__name__
    }


def first_line(thing: object) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]


def signature(name: str, thing: object) -> str:
    """Return a name with its parameters, without their types."""
    if inspect.isclass(thing):
        return name
    parameters = inspect.signature(thing).parameters.values()  # type: ignore[arg-type]
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return name + str(inspect.Signature(plain))


def api_page() -> str:
    """Write the page of commands and public names."""
    lines = [
        "# Commands and public names",
        "",
        "Made from the code by `scripts/build_docs.py`; docstrings have the rest (`help(name)`).",
        "",
        "## Commands",
        "",
    ]
    for name, command in sorted(cli.main.commands.items()):
        lines += [f"### ecity-geo {name}", "", (command.help or "").strip(), ""]
        lines += ["| | |", "| --- | --- |", *options(command), ""]
    lines += ["## Modules", ""]
    for module in modules():
        if not module.__name__.startswith(DOCUMENTED):
            continue
        names = public_names(module)
        lines += [f"### {module.__name__}", "", first_line(module), ""]
        if names:
            lines += ["| name | |", "| --- | --- |"]
            lines += [f"| `{signature(n, t)}` | {first_line(t)} |" for n, t in names.items()]
            lines += [""]
    return "\n".join(lines)


def options(command: click.Command) -> list[str]:
    """Return a row for each argument and option of a command."""
    rows = []
    for parameter in command.params:
        name = ", ".join(parameter.opts) if parameter.opts else str(parameter.name)
        if isinstance(parameter, click.Option):
            rows.append(f"| `{name}` | {parameter.help or ''} |")
        else:
            rows.append(f"| `{parameter.metavar or name.upper()}` | |")
    return rows


def outputs_page() -> str:
    """Write the page of files, tables and columns, from the column dictionary."""
    intro = (DOCS / "outputs.intro.md").read_text(encoding="utf-8").rstrip()
    lines = [intro, "", "## Columns", ""]
    dictionary = Path(ecity_geo.__path__[0]) / "outputs" / "columns.csv"
    with dictionary.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for table in dict.fromkeys(row["table"] for row in rows):
        lines += [f"### {table}", "", "| column | unit | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{row['column']}` | {row['unit']} | {row['en']} |"
            for row in rows
            if row["table"] == table
        ]
        lines += [""]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """Return every generated page with its text."""
    return {DOCS / "api.md": api_page(), DOCS / "outputs.md": outputs_page()}


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text.rstrip() + "\n", encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
