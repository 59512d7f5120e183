"""The study that ships with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecity_geo.study import Study


def shipped_study_path() -> Path:
    """Return the path of the shipped Tabriz study's ``study.toml``.

    A wheel carries the study inside the package; an editable install reads the repository's
    ``data`` folder.

    Returns
    -------
    shipped_study_path
        Path of an existing file.

    Raises
    ------
    FileNotFoundError
        If the installation holds neither: it is broken, not the user's data.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if (path := folder / "study.toml").is_file():
            return path
    raise FileNotFoundError(f"the shipped study is missing from the installation in {package}")


def load_tabriz() -> Study:
    """Return the shipped demonstration study of Tabriz.

    Population, areas and the survey's means are published figures; borders, people per cell,
    streets, services and single answers are made from them and marked synthetic.

    Returns
    -------
    load_tabriz
        The checked study: ten districts, 182 respondents.

    Raises
    ------
    InputError
        If a file of the study has been changed and is no longer valid.
    """
    from ecity_geo.study import load_study

    return load_study(shipped_study_path())
