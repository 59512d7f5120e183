"""``[model]`` of the study file: how the constructs of the survey are taken to hang together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.files import resolve
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.sections import ModelOptions, StudyConfig
from ecity_geo.inputs.text import nearest
from ecity_geo.inputs.toml import Section

ESTIMATORS = ("ML", "MLR", "WLSMV", "ULSMV")
CONVENTIONS = ("lavaan", "amos")
MOST_SAMPLES = 100_000
_PATH = re.compile(r"([^~]+)(~~?)([^~]+)")
_FORM = 'a path such as "services ~ technical + organisation"'
_MAX_BYTES = 1024**2


def read_model(section: Section) -> tuple[ModelOptions, str]:
    """Read ``[model]``.

    Parameters
    ----------
    section
        The section, perhaps empty.

    Returns
    -------
    model
        As written: paths are not yet held against the instrument.
    file
        Name of the file with the whole syntax; mostly empty.
    """
    default = ModelOptions()
    file = section.text("syntax")
    model = ModelOptions(
        paths=section.texts("paths"),
        estimator=section.text("estimator", default.estimator, choices=ESTIMATORS),
        convention=section.text("convention", default.convention, choices=CONVENTIONS),
        bootstrap=section.whole("bootstrap", default.bootstrap, least=0, most=MOST_SAMPLES),
    )
    if file and model.paths:
        cure = "Remove one of the keys; a file holds its own regressions."
        section.fault("paths", list(model.paths), "paths or a file with the syntax, not both", cure)
    section.close()
    return model, file


def complete_model(config: StudyConfig, instrument: Instrument) -> ModelOptions:
    """Hold the model against the instrument, and fill in what the study file leaves out.

    Parameters
    ----------
    config
        The study file.
    instrument
        Constructs, items and outcomes that paths may name.

    Returns
    -------
    model
        With the text of the syntax file, or with paths: without any declared, each outcome on
        all constructs.

    Raises
    ------
    InputError
        With every path that is none or names something else (and the nearest name), or if the
        file of the syntax is no text.
    """
    model = config.options.model
    if config.model_file:
        return replace(model, syntax=_text(config.model_file, config.folder))
    constructs = [construct.id for construct in instrument.constructs]
    if not model.paths:
        explained = " + ".join(constructs)
        paths = tuple(f"{outcome.id} ~ {explained}" for outcome in instrument.outcomes)
        return replace(model, paths=paths)
    known = [*constructs, *(question.id for question in instrument.questions)]
    faults = [fault for path in model.paths for fault in _path_faults(path, known, config.source)]
    if faults:
        raise InputError(faults)
    return model


def _path_faults(path: str, known: list[str], source: str) -> Iterator[Fault]:
    parts = _PATH.fullmatch(path)
    left, right = (_names(parts[side], known) for side in (1, 3)) if parts else ([], [])
    if parts is None or "" in (*left, *right):
        cure = "Write names joined by +, on both sides of one ~ (or ~~ for a covariance)."
        yield _fault(source, f'"{path}"', _FORM, cure)
        return
    for name in dict.fromkeys((*left, *right)):
        if name not in known:
            yield _unknown(name, path, known, source)
        elif parts[2] == "~" and name in left and name in right:
            found = f"'{name}' on both sides of \"{path}\""
            yield _fault(source, found, "an effect of something else", "Remove one of the two.")


def _names(side: str, known: list[str]) -> list[str]:
    """Names of one side, without what stands before a star: a label or a fixed value."""
    terms = (term.strip() for term in side.split("+"))
    return [term if term in known else term.rpartition("*")[2].strip() for term in terms]


def _unknown(name: str, path: str, known: list[str], source: str) -> Fault:
    close = nearest(name, known)
    shown = ", ".join(f"'{other}'" for other in close or known[:8])
    return _fault(
        source,
        f"'{name}' in \"{path}\"",
        f"a construct, an item or an outcome; {'nearest' if close else 'there are'}: {shown}",
        "Correct the name, or add the outcome to the instrument.",
    )


def _text(name: str, folder: Path) -> str:
    path = resolve(name, folder)
    found = "no UTF-8 text"
    try:
        if path.stat().st_size > _MAX_BYTES:
            found = "more than 1 MB"
        else:
            text = path.read_text(encoding="utf-8-sig")
            if text.strip():
                return text
            found = "an empty file"
    except UnicodeDecodeError:
        pass
    except OSError as error:
        found = f"a file that cannot be read ({error.strerror})"
    expected, cure = "a model in lavaan's syntax", "Save the model as UTF-8 text."
    raise InputError(Fault(source=name, found=found, expected=expected, cure=cure))


def _fault(source: str, found: str, expected: str, cure: str) -> Fault:
    return Fault(
        source=source, where="[model]", field="paths", found=found, expected=expected, cure=cure
    )
