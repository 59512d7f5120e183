"""Tables of comparisons: the outcome against the constructs, groups against one another."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats import groups as between
from ecity_geo.stats.design import survey_design, survey_means
from ecity_geo.stats.own_figures import one_predictor
from ecity_geo.stats.regression import Regression, regress
from ecity_geo.stats.weighting import post_stratify
from ecity_geo.survey_findings.work import Work


def regression(work: Work) -> pd.DataFrame:
    """Return the regression of each outcome on the constructs, a row each."""
    return _of_outcomes(work, lambda fit: fit.summary.to_frame().T)


def coefficients(work: Work) -> pd.DataFrame:
    """Return the coefficients of these regressions, with robust errors beside."""
    return _of_outcomes(work, lambda fit: fit.coefficients)


def checks(work: Work) -> pd.DataFrame:
    """Return the checks of these regressions."""
    return _of_outcomes(work, lambda fit: fit.checks)


def _of_outcomes(work: Work, part: Callable[[Regression], pd.DataFrame]) -> pd.DataFrame:
    found = []
    for name in _outcomes(work):
        fit = regress(
            work.data.scores.drop(columns="overall"),
            work.data.outcomes[name],
            confidence=work.confidence,
        )
        table = part(fit).infer_objects()
        table.insert(0, "outcome", name)
        found.append(table)
    return pd.concat(found, ignore_index=True)


def one_by_one(work: Work) -> pd.DataFrame:
    """Return the regression of the first outcome on each construct alone, as papers print it."""
    name = _outcomes(work)[0]
    table = one_predictor(work.data.scores.drop(columns="overall"), work.data.outcomes[name])
    return table.reset_index()


def _outcomes(work: Work) -> list[str]:
    names = [str(name) for name in work.data.outcomes.columns]
    if not names:
        raise AnalysisError(
            "The survey asks for no outcome that the constructs could explain. Add an "
            "[[outcome]] to the instrument."
        )
    return names


def group_tests(work: Work) -> pd.DataFrame:
    """Return the tests of all scores between districts and between fabrics."""
    return _by_grouping(
        work,
        lambda grouping: between.compare_groups(
            work.data.scores,
            grouping,
            min_count=work.options.min_count,
            hide_below=work.options.min_count,
            confidence=work.confidence,
        ),
    )


def group_pairs(work: Work) -> pd.DataFrame:
    """Return all pairs of districts and of fabrics compared, by ranks."""
    return _by_grouping(
        work,
        lambda grouping: between.compare_pairs(
            work.data.scores,
            grouping,
            correction=work.settings.correction,
            min_count=work.options.min_count,
            hide_below=work.options.min_count,
            confidence=work.confidence,
        ),
    )


def _by_grouping(work: Work, make: Callable[[pd.Series], pd.DataFrame]) -> pd.DataFrame:
    """Make a table per grouping; one that has no answer is left out unless none has."""
    found, reasons = [], []
    for by, grouping in work.data.groupings.items():
        try:
            table = make(grouping)
        except AnalysisError as error:
            reasons.append(f"By {by}: {error}")
            continue
        table.insert(0, "by", by)
        found.append(table)
    if not found:
        raise AnalysisError(" ".join(reasons))
    return pd.concat(found, ignore_index=True)


def estimates(work: Work) -> pd.DataFrame:
    """Return the mean scores as answered, and as they would be with each district at its weight.

    Respondents are weighted so that each district counts by its people (post-stratification),
    the survey's own weights being the base. Districts without respondents are represented by
    nobody, and their share of the people is told.
    """
    data, study = work.data, work.study
    scores = data.scores.dropna()
    places = data.groupings["district"][scores.index].dropna()
    scores = scores.loc[places.index]
    people = study.demand.groupby("district_id")["population"].sum()
    asked = people[people.index.isin(places.unique()) & (people > 0)]
    if asked.empty:
        raise AnalysisError("No respondent has a district with inhabitants to be weighted by.")
    kept = places.isin(asked.index)
    scores, places = scores[kept], places[kept].rename("district")
    counts = places.value_counts()
    if (counts < 2).any():
        # Which one it is, and how few it has, is nobody's business.
        raise AnalysisError(
            "A district has too few respondents to stand for its people: means weighted by "
            "population would have no error. Merge districts, or ask more people there."
        )
    base = None if data.weights is None else data.weights[scores.index]
    weighting = post_stratify(places, asked, base=base)
    plain = scores.mean()
    design = survey_design(weighting.weights, strata=places)
    table = survey_means(scores, design, confidence=work.confidence).reset_index()
    table = table.rename(columns={"item": "measure", "mean": "mean_weighted"})
    table.insert(3, "mean", table["measure"].map(plain).to_numpy(dtype=float))
    names = ["measure", "n", "mean", "mean_weighted", "se", "low", "high", "design_effect"]
    return table[names].assign(people_represented=float(asked.sum() / people.sum()))
