"""The study file: what is where, and with which options."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Language = Literal["fa", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text in both languages; either stands in for the other when it is empty.

    Parameters
    ----------
    fa, en
        Persian and English text.
    """

    fa: str = ""
    en: str = ""

    def text(self, language: str) -> str:
        """Return the text in one language, or in the other where it is missing."""
        return (self.fa or self.en) if language == "fa" else (self.en or self.fa)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the study is analysed and shown; see ``study.toml``.

    Parameters
    ----------
    measure
        ``"straight"`` or ``"streets"``.
    unit
        Unit of travel cost, ``"m"`` or ``"min"``.
    standard
        Greatest acceptable cost to the nearest service, inclusive.
    catchment
        Catchment of the floating catchment method, in `unit`.
    min_count
        Cells with fewer respondents are suppressed.
    confidence
        Level of all intervals.
    test_value
        Readiness threshold on the survey scale.
    coverage_target
        Covered share below which a district counts as badly covered.
    p
        Number of new sites.
    models
        Location models to solve.
    time_limit
        Seconds per model.
    include_planned
        Whether planned services count as existing when new ones are sited.
    weights
        Weight per component of the ranking.
    languages
        Languages of the outputs.
    fabric_labels, type_labels
        Labels of fabrics and of service types.
    seed
        Seed of everything random.
    """

    measure: str = "straight"
    unit: str = "m"
    standard: float = 1000.0
    catchment: float = 1000.0
    min_count: int = 5
    confidence: float = 0.95
    test_value: float = 3.0
    coverage_target: float = 0.8
    p: int = 5
    models: tuple[str, ...] = ("mclp", "p_median")
    time_limit: float = 20.0
    include_planned: bool = True
    weights: dict[str, float] = field(
        default_factory=lambda: {"readiness": 1.0, "coverage": 1.0, "access": 1.0}
    )
    languages: tuple[str, ...] = ("fa", "en")
    fabric_labels: dict[str, Label] = field(default_factory=dict)
    type_labels: dict[str, Label] = field(default_factory=dict)
    seed: int = 0
