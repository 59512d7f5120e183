"""Our figures of the survey beside published ones."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.compare import compare, constructed_figures
from ecity_geo.stats.own_figures import own_figures
from ecity_geo.survey_findings import answer_tables, comparison_tables, model_tables, soar_tables
from ecity_geo.survey_findings.work import Work

_NEEDED: dict[str, Callable[[Work], pd.DataFrame]] = {
    "sample-size": answer_tables.sample_size,
    "reliability": answer_tables.alphas,
    "one-sample": answer_tables.one_sample,
    "mean-ranks": answer_tables.mean_ranks,
    "friedman": answer_tables.friedman,
    "one-predictor": comparison_tables.one_by_one,
    "regression": comparison_tables.regression,
    "coefficients": comparison_tables.coefficients,
    "cfa-fit": model_tables.cfa_fit,
    "path-fit": model_tables.path_fit,
    "hypotheses": model_tables.supposed,
    "soar": soar_tables.quadrants,
}


def compare_published(work: Work) -> pd.DataFrame:
    """Return the published figures, ours beside each, and whether they agree.

    Answers that were simulated to match a paper agree with some of its figures by construction;
    those are marked. Figures that the survey cannot give are ``"not computed"``.
    """
    published = work.settings.published
    if published is None:
        raise AnalysisError(
            "There are no published figures to compare with. Name their file with --compare."
        )
    made = constructed_figures(published) if work.study.synthetic else set()
    return compare(published, own_figures(published, _tables(work)), by_construction=made)


def _tables(work: Work) -> dict[str, pd.DataFrame]:
    """Make the tables that published figures are looked up in, as far as they have an answer."""
    tables = {}
    for name, make in _NEEDED.items():
        try:
            tables[name] = make(work)
        except AnalysisError:
            continue
    return tables
