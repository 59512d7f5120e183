"""Whether constructs hold together and apart: omega, AVE, Fornell-Larcker, HTMT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence, complete_answers
from ecity_geo.stats.resampling import bca_interval, percentile_interval, resampling
from ecity_geo.stats.sem import SemFit

Floats = NDArray[np.float64]

VARIANTS = ("htmt", "htmt2")
CLOSE = 0.90
"""HTMT from which on two constructs count as one; .85 where they are nothing alike in meaning."""
_WHAT = "HTMT"
_FAILED = 0.05


def convergent_validity(fit: SemFit) -> pd.DataFrame:
    """Composite reliability and average variance extracted of each construct.

    Parameters
    ----------
    fit
        A measurement model of one group, in which each construct has two items or more, no item
        measures two constructs and the errors are not correlated.

    Returns
    -------
    validity
        Indexed by construct: `items`, `cr` (composite reliability from standardised loadings,
        as published tables have it), `omega` (the same from the loadings as they are, as
        semTools' compRelSEM with ``obs.var = FALSE``), `ave` (from standardised loadings),
        `ave_raw` (as semTools' AVE), `against` (items whose loadings have the other sign than
        most of the construct, separated by commas: as they stand, its reliability is that of a
        sum in which they cancel the others) and `verdict`: ``"holds"`` where CR is at least .7
        and AVE at least .5, ``"fair"`` where only CR is, ``"weak"`` else.

    Raises
    ------
    AnalysisError
        If the fit has problems, several groups, constructs of one item or made of constructs,
        items of two constructs or correlated errors.

    Notes
    -----
    ``CR = (Σλ)² / ((Σλ)² + Σθ)``, ``AVE = Σλ² / (Σλ² + Σθ)`` (Fornell & Larcker 1981,
    doi:10.1177/002224378101800104); λ standardised and ``θ = 1 - λ²`` for `cr` and `ave`, in the
    items' own units for `omega` (McDonald 1999) and `ave_raw`. The denominator is what the
    model implies. Ordinal fits have items of variance 1: both are alike then.
    """
    loadings = _simple_structure(fit)
    rows: dict[str, dict[str, object]] = {}
    for name, own in loadings.groupby("lhs", sort=False):
        std, raw = own["std"].to_numpy(), own["raw"].to_numpy()
        error = own["error"].to_numpy()
        cr, ave = _share(std, 1 - std**2)
        omega, ave_raw = _share(raw, error)
        rows[str(name)] = {"items": len(own), "cr": cr, "omega": omega}
        rows[str(name)] |= {"ave": ave, "ave_raw": ave_raw, "against": _against(own)}
        rows[str(name)]["verdict"] = _verdict(cr, ave)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("construct")


def fornell_larcker(fit: SemFit) -> pd.DataFrame:
    """Correlations of the constructs, with the root of each one's AVE on the diagonal.

    Parameters
    ----------
    fit
        As in `convergent_validity`, with two constructs or more and no paths to them: what a
        model with paths correlates are the constructs' residuals.

    Returns
    -------
    matrix
        Constructs x constructs, above the diagonal missing; and `holds`: whether the root of
        the AVE exceeds every correlation of the construct in size.

    Raises
    ------
    AnalysisError
        As in `convergent_validity`, or with one construct, constructs that the model does not
        correlate, or paths that explain a construct.

    Notes
    -----
    Fornell & Larcker (1981): a construct shall share more variance with its items than with
    another construct.
    """
    ave = convergent_validity(fit)["ave"]
    names = list(ave.index)
    if len(names) < 2:
        raise AnalysisError("One construct has none to be told apart from.")
    parameters = fit.parameters
    if ((parameters["op"] == "~") & parameters["lhs"].isin(names)).any():
        raise AnalysisError(
            "Correlations of constructs are those of a measurement model, without paths that "
            "explain a construct. Fit it alone."
        )
    latent = parameters[(parameters["op"] == "~~") & parameters["lhs"].isin(names)]
    found = latent.set_index(["lhs", "rhs"])["std"]
    correlation = np.eye(len(names))
    for a, b in combinations(range(len(names)), 2):
        pair = (names[a], names[b])
        value = found.get(pair, found.get(pair[::-1]))
        if value is None:
            raise AnalysisError(f"The model does not correlate {pair[0]!r} and {pair[1]!r}.")
        correlation[a, b] = correlation[b, a] = float(value)
    largest = np.abs(correlation - np.eye(len(names))).max(axis=1)
    shown = correlation.copy()
    np.fill_diagonal(shown, np.sqrt(ave))
    shown[np.triu_indices(len(names), 1)] = np.nan
    table = pd.DataFrame(shown, index=ave.index, columns=names)
    table["holds"] = np.sqrt(ave.to_numpy()) > largest
    return table


def htmt(
    answers: pd.DataFrame,
    constructs: Mapping[str, Sequence[str]],
    *,
    variant: str = "htmt",
    limit: float = CLOSE,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Heterotrait-monotrait ratio of each pair of constructs, with its interval.

    Parameters
    ----------
    answers
        A row per respondent, a numeric column per item. Respondents with a missing answer are
        left out, and counted.
    constructs
        Items of each construct; those of one item take no part.
    variant
        ``"htmt"``: means of absolute correlations (Henseler, Ringle & Sarstedt 2015);
        ``"htmt2"``: geometric means (Roemer, Schuberth & Henseler 2021).
    limit
        Ratio from which on two constructs count as one: .90, or .85 to be strict, as Henseler et
        al. advise for constructs that differ in meaning.
    confidence
        Level of the interval.
    replicates
        Resamples, at least 100.
    seed
        Of the resamples.

    Returns
    -------
    ratios
        A row per pair: `first`, `second`, `n`, `missing`, `htmt`, `signed` (with ``"htmt"``: the
        size of the ratio of correlations that keep their signs, items of a construct turned
        alike), `low`, `high` (interval of `signed`, or of HTMT2), `variant`, `limit`,
        `replicates`, `failed` and `verdict`: ``"distinct"`` where the interval lies below the
        limit, ``"the same"`` where it lies above, else ``"cannot tell"``.

    Raises
    ------
    AnalysisError
        With fewer than two constructs of two items or more, an unknown variant or item, a limit
        not between 0 and 1, more than 5 % of resamples without a figure, or as in
        `ecity_geo.stats.answers.complete_answers`.

    Notes
    -----
    doi:10.1007/s11747-014-0403-8; doi:10.1108/IMDS-02-2021-0082. Mean correlation between the
    items of both over the geometric mean of the mean correlations within each. `htmt` takes
    absolute values, as semTools does; the original of 2015 has signed ones for items turned
    alike, which is `signed`. They are the same where no correlation has the wrong sign, as in
    the population; in a sample, absolute values make ratios of chance, and resamples once more:
    their percentiles cover a true ratio of .10 in 27 % of 182 respondents, and never in 30. The
    interval is therefore that of `signed`, bias-corrected (Efron 1987): 93 to 98 % there. `htmt`
    may lie above it. HTMT2 has percentiles, which hold too much.
    """
    check_confidence(confidence)
    if variant not in VARIANTS:
        raise AnalysisError(f"No variant '{variant}'; there are {', '.join(VARIANTS)}.")
    if not 0 < limit <= 1:
        raise AnalysisError(f"A limit of {limit} does not lie between 0 and 1.")
    if replicates < 100:
        raise AnalysisError(f"{replicates} resamples have no tails; ask for 100 or more.")
    parts = _measured(answers, constructs)
    items = [item for own in parts.values() for item in own]
    complete, missing = complete_answers(answers[items], what=_WHAT)
    blocks = _blocks(parts)
    x = complete.to_numpy() - complete.to_numpy().mean(axis=0)
    correlations = np.corrcoef(x, rowvar=False)
    whole = _ratios(correlations[None], blocks, variant)[0]
    own = "signed" if variant == "htmt" else variant
    turned = x * _turned(correlations, blocks)
    own_whole = _ratios(np.corrcoef(turned, rowvar=False)[None], blocks, own)[0]
    drawn = _resampled(turned, blocks, own, replicates, seed)
    rows = []
    for at, (a, b) in enumerate(combinations(parts, 2)):
        values = drawn[np.isfinite(drawn[:, at]), at]
        failed = replicates - len(values)
        if not np.isfinite(own_whole[at]) or failed > _FAILED * replicates:
            raise AnalysisError(
                f"{_WHAT} of {a!r} and {b!r} is not defined: the items of one do not correlate."
            )
        ends = _ends(values, float(own_whole[at]), own, confidence)
        row = {"first": a, "second": b, "n": len(complete), "missing": missing}
        row |= {"htmt": whole[at], **ends}
        row |= {"variant": variant, "limit": limit, "replicates": replicates, "failed": failed}
        rows.append(row | {"verdict": _distinct(ends["low"], ends["high"], limit)})
    return pd.DataFrame(rows)


def _ends(drawn: Floats, estimate: float, variant: str, confidence: float) -> dict[str, float]:
    """Return the interval of a ratio, and the size of a signed one."""
    if variant != "signed":
        low, high = percentile_interval(drawn, confidence=confidence)
        return {"low": low, "high": high}
    low, high = _size(*bca_interval(drawn, estimate, 0.0, confidence=confidence))
    return {"signed": abs(estimate), "low": low, "high": high}


def _distinct(low: float, high: float, limit: float) -> str:
    return "distinct" if high < limit else "the same" if low > limit else "cannot tell"


def _measured(
    answers: pd.DataFrame, constructs: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the constructs of two items or more."""
    parts = {name: list(items) for name, items in constructs.items() if len(items) > 1}
    if len(parts) < 2:
        raise AnalysisError("HTMT needs two constructs of at least two items each.")
    items = [item for own in parts.values() for item in own]
    unknown = [item for item in items if item not in answers.columns]
    if unknown:
        raise AnalysisError(f"The answers have no columns {unknown[:5]}.")
    return parts


def _simple_structure(fit: SemFit) -> pd.DataFrame:
    """Return loadings with raw size and error, of a model where CR and AVE have a meaning."""
    if fit.problems:
        raise AnalysisError(" ".join(fit.problems))
    if len(fit.groups) > 1:
        raise AnalysisError("Composite reliability is of one group; fit each of them alone.")
    parameters = fit.parameters
    loadings = parameters[parameters["op"] == "=~"]
    _refuse_others(loadings)
    covary = parameters[(parameters["op"] == "~~") & (parameters["lhs"] != parameters["rhs"])]
    if (covary["lhs"].isin(set(loadings["rhs"])) & (covary["estimate"] != 0)).any():
        raise AnalysisError("Composite reliability needs errors that are not correlated.")
    variance = parameters[(parameters["op"] == "~~") & (parameters["lhs"] == parameters["rhs"])]
    size = variance.set_index("lhs")["estimate"]
    error = size.reindex(loadings["rhs"]).to_numpy()
    return loadings.assign(raw=_raw(loadings, fit), error=error)


def _refuse_others(loadings: pd.DataFrame) -> None:
    """Refuse constructs whose loadings say nothing of a sum of items."""
    higher = loadings.loc[loadings["rhs"].isin(set(loadings["lhs"])), "lhs"]
    if len(higher):
        raise AnalysisError(
            f"Construct {higher.iloc[0]!r} is made of constructs, not of items; composite "
            "reliability is of items. Fit a model of the first order."
        )
    if loadings["rhs"].duplicated().any() or loadings.empty:
        raise AnalysisError("Composite reliability needs items that measure one construct each.")
    sizes = loadings["lhs"].value_counts()
    alone = [name for name in dict.fromkeys(loadings["lhs"]) if sizes[name] == 1]
    if alone:
        raise AnalysisError(
            f"Constructs of one item have no composite reliability: {alone[:5]}. Its loading is "
            "1 because nobody measured its error."
        )


def _raw(loadings: pd.DataFrame, fit: SemFit) -> Floats:
    """Return loadings on constructs of variance 1, in the units of the items."""
    (sigma, _), *_ = fit.implied()
    spread = np.sqrt(np.diag(sigma.loc[loadings["rhs"], loadings["rhs"]]))
    return np.asarray(loadings["std"].to_numpy() * spread)


def _share(loading: Floats, error: Floats) -> tuple[float, float]:
    """Return composite reliability and average variance extracted."""
    together, squares = loading.sum() ** 2, (loading**2).sum()
    rest = error.sum()
    return float(together / (together + rest)), float(squares / (squares + rest))


def _against(loadings: pd.DataFrame) -> str:
    """Name the items whose loadings have the other sign than the sum of all."""
    turned = loadings["std"] * np.sign(loadings["std"].sum()) < 0
    return ", ".join(loadings.loc[turned, "rhs"])


def _verdict(cr: float, ave: float) -> str:
    return ("holds" if ave >= 0.5 else "fair") if cr >= 0.7 else "weak"


def _blocks(parts: Mapping[str, Sequence[str]]) -> list[NDArray[np.int64]]:
    ends = np.cumsum([len(own) for own in parts.values()])
    return np.split(np.arange(ends[-1]), ends[:-1])


def _resampled(
    x: Floats, blocks: list[NDArray[np.int64]], variant: str, replicates: int, seed: int
) -> Floats:
    """Return the ratios of each resample: its cross-products are one matrix product."""
    n, k = x.shape
    at = np.tril_indices(k)
    products = x[:, at[0]] * x[:, at[1]]
    ways = resampling(pd.RangeIndex(n))
    found = []
    for counts in ways.counts(replicates, np.random.default_rng(seed)):
        means = counts @ x / n
        cross = np.empty((len(counts), k, k))
        cross[:, at[0], at[1]] = counts @ products / n - means[:, at[0]] * means[:, at[1]]
        cross[:, at[1], at[0]] = cross[:, at[0], at[1]]
        # Rounding may leave a resample of equal answers a variance below 0.
        spread = np.sqrt(np.maximum(np.einsum("rkk->rk", cross), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(
                _ratios(cross / (spread[:, :, None] * spread[:, None, :]), blocks, variant)
            )
    return np.concatenate(found)


def _ratios(correlations: Floats, blocks: list[NDArray[np.int64]], variant: str) -> Floats:
    """Return the ratio of each pair of blocks, per matrix of correlations."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = correlations if variant == "signed" else np.abs(correlations)
        scale = np.log(scale) if variant == "htmt2" else scale
        within = []
        for own in blocks:
            a, b = (own[part] for part in np.tril_indices(len(own), -1))
            within.append(scale[:, a, b].mean(axis=1))
        ratios = []
        for i, j in combinations(range(len(blocks)), 2):
            between = scale[:, blocks[i][:, None], blocks[j][None, :]].mean(axis=(1, 2))
            if variant == "htmt2":
                ratios.append(np.exp(between - (within[i] + within[j]) / 2))
            else:
                # Both negative would make a positive product of what measures nothing.
                some = np.minimum(within[i], within[j]) > 0
                product = np.where(some, within[i] * within[j], np.nan)
                ratios.append(between / np.sqrt(product))
    return np.stack(ratios, axis=1)


def _turned(correlations: Floats, blocks: list[NDArray[np.int64]]) -> Floats:
    """Return 1 or -1 per item: the signs of the first principal component of its construct."""
    signs = np.ones(len(correlations))
    for own in blocks:
        component = np.linalg.eigh(correlations[np.ix_(own, own)])[1][:, -1]
        signs[own] = np.where(component < 0, -1.0, 1.0)
    return signs


def _size(low: float, high: float) -> tuple[float, float]:
    """Return the interval of the size of a figure that lies between two signed ends."""
    ends = sorted((abs(low), abs(high)))
    return (0.0 if low <= 0 <= high else ends[0]), ends[1]
