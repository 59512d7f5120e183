"""Tables of the answers themselves: sample, instrument, level and order of the items."""

from __future__ import annotations

import pandas as pd

from ecity_geo.errors import AnalysisError
from ecity_geo.stats import homogeneous, inference, reliability, sampling
from ecity_geo.stats.alpha_precision import pilot_reliability
from ecity_geo.stats.content import content_validity
from ecity_geo.stats.factorability import factorability
from ecity_geo.survey_findings.work import Work

PILOT = 30
"""Respondents of a pilot, as the paper had them."""


def sample_size(work: Work) -> pd.DataFrame:
    """Return what margin of error the respondents give, and how many a usual one takes."""
    everyone = round(float(work.study.demand["population"].sum()))
    people = work.settings.population or work.options.survey_population or everyone
    n, level = len(work.data.answers), work.confidence
    row = {
        "n": n,
        "population": people,
        "confidence": level,
        "margin": sampling.margin_of_error(n, people, confidence=level),
        "cochran_5_percent": sampling.cochran(people, confidence=level),
        "krejcie_morgan_5_percent": sampling.krejcie_morgan(people, confidence=level),
    }
    return pd.DataFrame([row])


def allocation(work: Work) -> pd.DataFrame:
    """Return what each district's share of as many respondents would be.

    In proportion to its people, and as Neyman has it for the mean of the overall score. A
    district with fewer scores than may be told takes the spread of all.
    """
    study = work.study
    people = study.demand.groupby("district_id")["population"].sum()
    sizes = people.reindex(study.districts.index).fillna(0.0).round()
    n = len(study.responses)
    shares = sampling.allocate_proportional(n, sizes)
    table = pd.DataFrame({"population": sizes.astype("Int64"), "proportional": shares})
    spread = _spread(work).reindex(sizes.index).fillna(work.data.scores["overall"].std())
    if spread.gt(0).any():
        table["neyman"] = sampling.allocate_neyman(n, sizes, spread)
    return table.rename_axis("district_id").reset_index()


def _spread(work: Work) -> pd.Series:
    """Return the standard deviation of the overall score in each district with enough scores."""
    scores = work.data.scores["overall"].groupby(work.data.groupings["district"])
    return scores.std()[scores.count() >= max(work.options.min_count, 2)]


def alphas(work: Work) -> pd.DataFrame:
    """Return Cronbach's alpha per construct and of all items."""
    data = work.data
    table = reliability.reliability(data.answers, data.constructs, confidence=work.confidence)
    return table.reset_index()


def items(work: Work) -> pd.DataFrame:
    """Return what each item does for its construct."""
    return reliability.item_reliability(work.data.answers, work.data.constructs)


def content(work: Work) -> pd.DataFrame:
    """Return what the panel of experts says of each item."""
    if work.study.panel is None:
        raise AnalysisError(
            "No panel of experts has rated the items. Name its file with [survey] panel."
        )
    return content_validity(work.study.panel).items.reset_index()


def suited(work: Work) -> pd.DataFrame:
    """Return in one row whether the answers suit a factor model."""
    found = factorability(work.data.answers)
    names = ("n", "missing", "kmo", "word", "chi_square", "df", "p")
    return pd.DataFrame([{name: getattr(found, name) for name in names}])


def pilot(work: Work) -> pd.DataFrame:
    """Return what the first respondents would have said of the questionnaire's reliability."""
    first = work.data.answers.dropna().head(PILOT)
    if first.empty:
        raise AnalysisError("Nobody answered every item: there is no pilot to judge.")
    table = pilot_reliability(first, work.data.constructs, confidence=work.confidence)
    return table[["n", "alpha", "low", "high", "verdict", "needed", "reason"]].reset_index()


def one_sample(work: Work) -> pd.DataFrame:
    """Return the test of each item's mean, with the survey's weights where there are any."""
    table = inference.one_sample(
        work.data.answers,
        test_value=work.test_value,
        confidence=work.confidence,
        weights=work.data.weights,
    )
    return table.reset_index()


def friedman(work: Work) -> pd.DataFrame:
    """Return Friedman's test in one row."""
    test = work.friedman
    names = ["n", "missing", "chi_square", "df", "p", "p_exact", "p_permutation", "draws"]
    names += ["kendall_w", "w_low", "w_high", "f"]
    row: dict[str, object] = {"items": len(test.mean_ranks)}
    row |= {name: getattr(test, name) for name in names}
    row |= {"f_df1": test.f_df[0], "f_df2": test.f_df[1], "f_p": test.f_p}
    table = pd.DataFrame([row])
    return table.astype({"p_exact": float, "p_permutation": float})


def mean_ranks(work: Work) -> pd.DataFrame:
    """Return the mean ranks, with letters of the items that cannot be told apart."""
    ranks = work.friedman.mean_ranks
    letters = homogeneous.compact_letters(ranks, work.pairs, alpha=1 - work.confidence)
    return (
        pd.DataFrame({"mean_rank": ranks, "group": letters["letters"]})
        .loc[ranks.index]
        .rename_axis("item")
        .reset_index()
    )


def pairs(work: Work) -> pd.DataFrame:
    """Return all pairs of items compared."""
    return work.pairs
