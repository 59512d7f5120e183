"""Docs against code: what is documented exists, and what exists is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import build_docs
from ecity_geo import cli
from ecity_geo.inputs import config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", build_docs.pages(), ids=lambda path: path.name)
def test_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == build_docs.pages()[path].rstrip() + "\n", (
        "run python scripts/build_docs.py"
    )


def test_every_command_is_in_the_readme() -> None:
    for name in cli.main.commands:
        assert re.search(rf"ecity-geo {name}\b", README), name


def test_every_key_of_the_study_file_is_documented() -> None:
    page = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
    sections = [
        thing
        for name, thing in vars(config).items()
        if name.endswith("Config") and name != "StudyConfig"
    ]
    assert len(sections) == 7
    for section in sections:
        for field in fields(section):
            key = field.name.rstrip("_")
            assert re.search(rf"`(\w+\.)?{key}`", page), f"{section.__name__}.{key}"


def test_every_public_name_has_a_docstring() -> None:
    bare = [
        f"{module.__name__}.{name}"
        for module in build_docs.modules()
        for name, thing in build_docs.public_names(module).items()
        if not build_docs.first_line(thing)
    ]
    assert bare == []


def test_ci_runs_the_readme_commands_to_the_letter() -> None:
    blocks = re.findall(r"```\n(python3\.11 -m venv .*?)\n```", README)
    assert len(blocks) == 2
    assert blocks[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_of_the_docs_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_nothing_committed_names_a_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
