"""A study with everything that several tables share, made once when first asked for."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.inputs.sections import ModelOptions
from ecity_geo.soar import Soar, soar
from ecity_geo.stats.friedman import Friedman, friedman, friedman_pairs
from ecity_geo.stats.sem import SemFit, fit_model
from ecity_geo.study import Study
from ecity_geo.survey_findings.data import Settings, SurveyData, survey_data

ALL = "all"
"""The measurement model of all constructs together; others are named by their construct."""


class Work:
    """A study, what is asked of it, and what several tables share.

    Parameters
    ----------
    study
        The study.
    settings
        What is asked otherwise than the study file says.
    """

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.settings = settings
        self.options = study.options
        self._fits: dict[tuple[str, str], SemFit] = {}

    @property
    def confidence(self) -> float:
        """Level of all intervals."""
        return self.options.confidence

    @property
    def test_value(self) -> float:
        """Value that items are tested against."""
        return self.options.test_value

    @property
    def model(self) -> ModelOptions:
        """How the constructs are taken to hang together."""
        return self.options.model

    @property
    def replicates(self) -> int:
        """Resamples behind intervals of effects."""
        asked = self.settings.bootstrap
        return self.model.bootstrap if asked is None else asked

    @cached_property
    def data(self) -> SurveyData:
        """The answers."""
        return survey_data(self.study)

    @cached_property
    def everything(self) -> pd.DataFrame:
        """Answers to items and outcomes side by side."""
        return pd.concat([self.data.answers, self.data.outcomes], axis=1)

    @cached_property
    def friedman(self) -> Friedman:
        """Friedman's test of all items."""
        return friedman(self.data.answers, confidence=self.confidence, seed=self.options.seed)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """All pairs of items compared."""
        settings = self.settings
        return friedman_pairs(
            self.data.answers, method=settings.posthoc, correction=settings.correction
        )

    @cached_property
    def soar(self) -> Soar:
        """The SOAR sheet, scored."""
        sheet = self.study.soar
        if sheet is None:
            raise AnalysisError("The study has no SOAR sheet. Name its file with [soar] path.")
        return soar(sheet.frame(), scale=sheet.scale, seed=self.options.seed)

    def measurement_syntax(self, construct: str = ALL) -> str:
        """Write the measurement model of a construct, or of all, in lavaan's language."""
        constructs = self.data.constructs
        chosen = constructs if construct == ALL else {construct: constructs[construct]}
        return "\n".join(f"{name} =~ {' + '.join(items)}" for name, items in chosen.items())

    def measurement(self, construct: str = ALL, estimator: str = "ML") -> SemFit:
        """Fit a measurement model; each is fitted once."""
        asked = construct, estimator
        if asked not in self._fits:
            plain = estimator == "ML"
            self._fits[asked] = fit_model(
                self.measurement_syntax(construct),
                self.data.answers,
                estimator=estimator,
                convention=self.model.convention if plain else "lavaan",
                confidence=self.confidence,
            )
        return self._fits[asked]

    def measured_by_several(self) -> SemFit:
        """Fit all constructs of two items or more: one item is no sample of a construct."""
        several = {name: items for name, items in self.data.constructs.items() if len(items) > 1}
        if len(several) == len(self.data.constructs):
            return self.measurement()
        syntax = "\n".join(f"{name} =~ {' + '.join(items)}" for name, items in several.items())
        if not syntax:
            raise AnalysisError("No construct has two items: there is nothing that they share.")
        return fit_model(
            syntax,
            self.data.answers,
            convention=self.model.convention,
            confidence=self.confidence,
        )

    @cached_property
    def path_syntax(self) -> str:
        """Return the whole structural model: measurement and paths, or the study's own file."""
        if self.model.syntax:
            return self.model.syntax
        if not self.model.paths:
            raise AnalysisError(
                "There is no path model: the study file declares none, and the instrument has "
                "no outcome. Add [model] paths to the study, or an [[outcome]] to the instrument."
            )
        return "\n".join([self.measurement_syntax(), *self.model.paths])

    @cached_property
    def path_fit(self) -> SemFit:
        """Return the structural model, fitted."""
        return fit_model(
            self.path_syntax,
            self.everything,
            estimator=self.model.estimator,
            convention=self.model.convention,
            confidence=self.confidence,
        )
