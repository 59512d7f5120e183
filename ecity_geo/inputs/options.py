"""Options that depend on what was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ecity_geo.errors import Fault, InputError
from ecity_geo.inputs.instrument import Instrument
from ecity_geo.inputs.sections import ModelOptions, Options, StudyConfig
from ecity_geo.inputs.siting import floor_faults


def complete_options(
    config: StudyConfig,
    instrument: Instrument,
    model: ModelOptions,
    *,
    candidates: int,
    respondents: int,
    districts: Iterable[object] = (),
    fabrics: Iterable[object] = (),
) -> Options:
    """Hold the options against what was read, and fill in what depends on it.

    Parameters
    ----------
    config
        The study file.
    instrument
        Gives the scale, whose middle is the default test value.
    model
        The model, complete.
    candidates, respondents
        How many there are.
    districts, fabrics
        Ids of the districts, and the fabrics that people live in.

    Returns
    -------
    options
        Those of the study file, with `test_value` and `model`.

    Raises
    ------
    InputError
        If the test value is off the scale, if more sites are asked for than there are
        candidates, a floor is of a group that is not there, or fewer people could have been asked
        than answered.
    """
    low, high = instrument.scale_min, instrument.scale_max
    test_value = (low + high) / 2 if config.test_value is None else config.test_value
    options = replace(config.options, test_value=test_value, model=model)
    faults = []
    if not low <= test_value <= high:
        faults.append(
            Fault(
                source=config.source,
                where="[analysis]",
                field="test_value",
                found=f"{test_value:g}",
                expected=f"{low} to {high}, the scale of the instrument",
                cure="Correct it, or leave it out for the middle of the scale.",
            )
        )
    if options.p > candidates:
        faults.append(
            Fault(
                source=config.source,
                where="[siting]",
                field="p",
                found=f"{options.p} new sites",
                expected=f"at most {candidates}, the number of candidates",
                cure="Lower p, or give more candidates: a smaller spacing, or a longer list.",
            )
        )
    faults.extend(floor_faults(config, districts=districts, fabrics=fabrics))
    if options.survey_population is not None and options.survey_population < respondents:
        faults.append(
            Fault(
                source=config.source,
                where="[survey]",
                field="population",
                found=f"{options.survey_population} people",
                expected=f"at least {respondents}, the respondents",
                cure="Name how many people could have been asked, or leave the key out.",
            )
        )
    if faults:
        raise InputError(faults)
    return options
