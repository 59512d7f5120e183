"""All statistics of a study's survey, as plain tables: `analyse_survey` is the one entry.

Pages, commands and notebooks print these tables; the arithmetic is in `ecity_geo.stats`. A table
without an answer (an item that all answered alike, no outcome in the survey) does not hide the
others: it stands in `SurveyFindings.untold` with the reason.
"""

from ecity_geo.survey_findings.analyse import (
    ALIASES,
    CHAPTERS,
    TABLES,
    SurveyFindings,
    analyse_survey,
)
from ecity_geo.survey_findings.data import Settings, SurveyData, survey_data

__all__ = [
    "ALIASES",
    "CHAPTERS",
    "TABLES",
    "Settings",
    "SurveyData",
    "SurveyFindings",
    "analyse_survey",
    "survey_data",
]
