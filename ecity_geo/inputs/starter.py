"""A commented study to begin with."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ecity_geo.errors import Fault, InputError

TEMPLATES = ("study.toml", "survey/instrument.toml", "README.md")
FOLDERS = ("boundaries", "survey", "services", "population", "roads")


def write_starter(folder: Path) -> list[Path]:
    """Write a commented study file, an instrument and a README that tells what goes where.

    Parameters
    ----------
    folder
        Folder of the new study; made if it is not there, with a folder for each input.

    Returns
    -------
    written
        ``study.toml``, ``survey/instrument.toml`` and ``README.md``.

    Raises
    ------
    InputError
        If any of them exists already (nothing is written then), or the folder cannot be made.
    """
    written = [folder / name for name in TEMPLATES]
    taken = [path for path in written if path.exists()]
    if taken:
        raise InputError(
            Fault(
                source=str(path),
                found="a file that is there already",
                expected="a place for the file of a new study",
                cure="Name another folder; nothing was written.",
            )
            for path in taken
        )
    templates = files("ecity_geo.inputs") / "starter"
    try:
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, path in zip(TEMPLATES, written, strict=True):
            with path.open("xb") as file:
                file.write((templates / name).read_bytes())
    except OSError as error:
        raise InputError(
            Fault(
                source=str(folder),
                found=f"a folder that cannot be written ({error.strerror})",
                expected="a folder for a new study",
                cure="Name another folder, or ask for the right to write there.",
            )
        ) from error
    return written
