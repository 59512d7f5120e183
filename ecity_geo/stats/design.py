"""What a weighted sample says of the people behind it: means, totals, shares, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import by_respondent, check_confidence
from ecity_geo.stats.linearised import aligned_answers, linearise
from ecity_geo.stats.sampling import design_effect

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """How a sample was drawn and weighted; `survey_design` makes it.

    Parameters
    ----------
    index
        The respondents.
    weights
        One per respondent.
    strata
        Number of each respondent's stratum.
    sizes
        Respondents per stratum.
    sampled
        Share of each stratum's people who were asked; 0 where unknown.
    people
        People in all strata; None where unknown.
    margins
        Respondents x categories that the weights were fitted to, ones and zeros; no columns
        without any.
    leverage
        Whether residuals are set right for their leverage.
    """

    index: pd.Index
    weights: Floats
    strata: Integers
    sizes: Integers
    sampled: Floats
    people: float | None
    margins: Floats
    leverage: bool

    @property
    def df(self) -> int:
        """Degrees of freedom: respondents less strata."""
        return len(self.index) - len(self.sizes)

    def variance(self, pull: Floats) -> Floats:
        """Variance of estimates from what each respondent adds to them.

        Parameters
        ----------
        pull
            Respondents x estimates: the linearised contribution, weight included.

        Returns
        -------
        variance
            Per estimate: ``sum over strata of (1 - f) n / (n - 1) sum (z - mean z)^2``, of the
            residuals where the weights were fitted to margins.
        """
        z = self._residuals(pull) if self.margins.shape[1] else pull
        sums = np.zeros((len(self.sizes), z.shape[1]))
        np.add.at(sums, self.strata, z)
        centred = z - (sums / self.sizes[:, None])[self.strata]
        squares = np.zeros_like(sums)
        np.add.at(squares, self.strata, centred**2)
        factor = (1 - self.sampled) * self.sizes / np.maximum(self.sizes - 1, 1)
        return np.asarray(factor @ squares)

    def _residuals(self, pull: Floats) -> Floats:
        """Return what the margins do not explain, weighed as the weights were fitted."""
        root = np.sqrt(self.weights)[:, None]
        design, scaled = self.margins * root, pull / root
        residuals = scaled - design @ np.linalg.lstsq(design, scaled, rcond=None)[0]
        if self.leverage:
            left = 1 - np.einsum("ij,ji->i", design, np.linalg.pinv(design))
            _refuse_alone(self.index[left < 1e-9])
            residuals = residuals / left[:, None]
        return np.asarray(residuals * root)


def survey_design(
    weights: pd.Series,
    *,
    strata: pd.Series | None = None,
    population: float | pd.Series | None = None,
    margins: pd.DataFrame | None = None,
    leverage: bool = True,
) -> Design:
    """Say how a sample was drawn and weighted.

    Parameters
    ----------
    weights
        Weight of each respondent, positive, indexed by respondent.
    strata
        Stratum of each, where they were drawn within strata.
    population
        People who could have been asked: a number, or with `strata` one per stratum. It makes
        the finite population correction; None leaves it out.
    margins
        Category of each respondent in each margin that the weights were raked or
        post-stratified to: what they explain adds nothing to the error.
    leverage
        Divide the residuals from the margins by 1 less their leverage (Valliant 2002, *Survey
        Methodology* 28, 103-114), as the jackknife does. Without it errors are those of R's
        survey; of 30 and 60 respondents raked to two margins, such intervals of 95 % cover 87 %,
        with it 93 to 94 %.

    Returns
    -------
    design
        For the estimates of this module.

    Raises
    ------
    AnalysisError
        If a weight is missing or not positive, a respondent comes twice or lacks a stratum or
        category, a stratum of one respondent was not asked whole, or a population is smaller
        than the sample from it. Estimates raise one too where a respondent is alone in a
        category of a margin.
    """
    w = by_respondent(weights, weights.index, what="weights").to_numpy(dtype=float)
    design_effect(weights)
    codes, names = _codes(weights.index, strata)
    sizes = np.bincount(codes)
    sampled, people = _sampled(sizes, names, population, stratified=strata is not None)
    alone = [name for name, n, f in zip(names, sizes, sampled, strict=True) if n == 1 and f < 1]
    if alone:
        raise AnalysisError(
            f"One respondent does not show how a stratum varies: {alone[:5]}. Merge it with "
            "another."
        )
    return Design(
        index=weights.index,
        weights=w,
        strata=codes,
        sizes=sizes,
        sampled=sampled,
        people=people,
        margins=_indicators(weights.index, margins),
        leverage=leverage,
    )


def survey_means(
    answers: pd.DataFrame, design: Design, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate the mean of each item over the people behind the sample.

    Parameters
    ----------
    answers
        A row per respondent of `design`, a numeric column per item. A missing answer leaves the
        respondent out of that item, as a domain: the design stays whole, and they are counted.
    design
        How the sample was drawn and weighted.
    confidence
        Level of the intervals.

    Returns
    -------
    means
        Indexed by item: `n`, `missing`, `mean`, `sd` (weighted), `se`, `df`, `low`, `high`
        (Student's), `design_effect` (variance over that of a simple random sample of as many,
        without replacement where the design has a population) and `kish_effect` (what unequal
        weights alone do).

    Raises
    ------
    AnalysisError
        If the respondents differ from the design's, fewer than two answered an item
        differently, or one respondent holds more than half of the weight of an item's answers.

    Notes
    -----
    Ratio estimator ``sum w y / sum w`` with the variance of ``w (y - mean) / sum w`` (Taylor
    linearisation; Särndal, Swensson & Wretman 1992, 5.7), from residuals on the margins where
    weights were fitted (Deville & Särndal 1992, doi:10.2307/2290268).
    """
    check_confidence(confidence)
    parts = linearise(answers, design)
    se = np.sqrt(design.variance(parts.pull))
    effects = [design_effect(pd.Series(design.weights[each])) for each in parts.answered.T]
    n = parts.answered.sum(axis=0)
    represented = design.weights @ parts.answered / design.weights.sum()
    rest = 1.0 if design.people is None else 1 - n / (design.people * represented)
    simple = parts.variance / n * rest
    half = float(stdtrit(design.df, (1 + confidence) / 2)) * se
    table = pd.DataFrame(
        {
            "n": n,
            "missing": len(design.index) - n,
            "mean": parts.mean,
            "sd": np.sqrt(parts.variance),
            "se": se,
            "df": design.df,
            "low": parts.mean - half,
            "high": parts.mean + half,
            "design_effect": np.divide(se**2, simple, out=np.ones_like(se), where=simple > 0),
            "kish_effect": effects,
        },
        index=answers.columns.rename("item"),
    )
    return table.astype(dict.fromkeys(("n", "missing", "df"), "Int64"))


def survey_totals(
    answers: pd.DataFrame, design: Design, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate the sum of each column over the people behind the sample.

    Parameters
    ----------
    answers, design, confidence
        As in `survey_means`, but no answer may be missing: a total cannot leave people out.

    Returns
    -------
    totals
        Indexed by column: `n`, `total`, `se`, `df`, `low`, `high`.

    Raises
    ------
    AnalysisError
        If an answer is missing, or the respondents differ from the design's.

    Notes
    -----
    Horvitz & Thompson (1952), doi:10.2307/2280784; the variance of ``w y``.
    """
    check_confidence(confidence)
    numbers = aligned_answers(answers, design)
    short = numbers.columns[numbers.isna().any()].tolist()
    if short:
        raise AnalysisError(
            f"A total cannot leave people out; answers are missing to {short[:5]}. Weight those "
            "who answered anew, or ask for the mean."
        )
    pull = numbers.to_numpy() * design.weights[:, None]
    total, se = pull.sum(axis=0), np.sqrt(design.variance(pull))
    half = float(stdtrit(design.df, (1 + confidence) / 2)) * se
    table = {"n": len(numbers), "total": total, "se": se, "df": design.df}
    table |= {"low": total - half, "high": total + half}
    frame = pd.DataFrame(table, index=numbers.columns.rename("item"))
    return frame.astype(dict.fromkeys(("n", "df"), "Int64"))


def survey_shares(choices: pd.Series, design: Design, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the share of people behind each choice.

    Parameters
    ----------
    choices
        What each respondent of `design` chose. Missing ones are left out, as in `survey_means`.
    design, confidence
        As in `survey_means`.

    Returns
    -------
    shares
        Indexed by choice: `n` (who chose it), `missing`, `share`, `se`, `df`, `low`, `high`,
        `design_effect`.

    Raises
    ------
    AnalysisError
        If the respondents differ from the design's, or all chose alike.

    Notes
    -----
    Intervals on the logit scale with Student's t, so that they stay between 0 and 1 (Korn &
    Graubard 1998 compare such intervals; R's ``svyciprop(method = "logit")``).
    """
    names = sorted(choices.dropna().unique())
    if len(names) < 2:
        raise AnalysisError("Shares need two choices that were made; all chose alike.")
    given = pd.DataFrame({name: choices == name for name in names}, dtype="Float64")
    means = survey_means(given.mask(choices.isna(), axis=0), design, confidence=confidence)
    p, t = means["mean"], float(stdtrit(design.df, (1 + confidence) / 2))
    half = t * means["se"] / (p * (1 - p))
    table = pd.DataFrame({"n": [int((choices == name).sum()) for name in names]}, index=p.index)
    table = table.assign(missing=means["missing"], share=p, se=means["se"], df=means["df"])
    table["low"], table["high"] = expit(logit(p) - half), expit(logit(p) + half)
    table["design_effect"] = means["design_effect"]
    return table.rename_axis("choice").astype({"n": "Int64"})


def _refuse_alone(respondents: pd.Index) -> None:
    if len(respondents):
        # Who they are is nobody's business.
        raise AnalysisError(
            f"{len(respondents)} respondents are alone in a category of a margin: how it varies "
            "cannot be told. Merge categories."
        )


def _codes(index: pd.Index, strata: pd.Series | None) -> tuple[Integers, list[object]]:
    if strata is None:
        return np.zeros(len(index), dtype=np.int64), ["all"]
    given = by_respondent(strata, index, what="strata")
    if given.isna().any():
        raise AnalysisError(f"{int(given.isna().sum())} respondents have no stratum.")
    codes, names = pd.factorize(given, sort=True)
    return codes.astype(np.int64), list(names)


def _sampled(
    sizes: Integers,
    names: list[object],
    population: float | pd.Series | None,
    *,
    stratified: bool,
) -> tuple[Floats, float | None]:
    if population is None:
        return np.zeros(len(sizes)), None
    if isinstance(population, pd.Series):
        known = by_respondent(population, pd.Index(names), what="populations of the strata")
        people = known.to_numpy(dtype=float)
    elif stratified:
        raise AnalysisError("With strata, say how many people each stratum has.")
    else:
        people = np.array([float(population)])
    wrong = [name for name, n, of in zip(names, sizes, people, strict=True) if not n <= of]
    if wrong:
        raise AnalysisError(
            f"A population is missing or smaller than the sample from it: {wrong[:5]}."
        )
    return sizes / people, float(people.sum())


def _indicators(index: pd.Index, margins: pd.DataFrame | None) -> Floats:
    if margins is None:
        return np.zeros((len(index), 0))
    given = by_respondent(margins, index, what="margins")
    if given.isna().to_numpy().any():
        raise AnalysisError("A respondent lacks a category of a margin that the weights fit.")
    parts = [pd.get_dummies(given[name].astype(str)).to_numpy(dtype=float) for name in given]
    return np.concatenate(parts, axis=1)
