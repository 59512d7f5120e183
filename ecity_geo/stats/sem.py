"""Structural equation models: measurement models, path models and both together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial as bound

import numpy as np
import pandas as pd
from scipy import special

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import check_confidence
from ecity_geo.stats.one_thread import one_thread
from ecity_geo.stats.sem_defined import check_definitions
from ecity_geo.stats.sem_estimate import Estimated, estimate
from ecity_geo.stats.sem_indices import fit_indices
from ecity_geo.stats.sem_matrices import CompiledModel, compile_model
from ecity_geo.stats.sem_modification import modification_indices
from ecity_geo.stats.sem_moments import Moments, Sample, select_sample
from ecity_geo.stats.sem_ordinal import ESTIMATORS as ORDINAL
from ecity_geo.stats.sem_ordinal import check_ordered, fit_ordered
from ecity_geo.stats.sem_ordinal_fit import ordered_indices
from ecity_geo.stats.sem_ordinal_sample import as_moments, ordered_samples
from ecity_geo.stats.sem_ordinal_table import ordered_modifications, ordered_parameters
from ecity_geo.stats.sem_parameters import parameter_frame, problems_of
from ecity_geo.stats.sem_robust import estimate_covariance
from ecity_geo.stats.sem_syntax import parse_syntax
from ecity_geo.stats.sem_table import ParameterTable, build_table

ESTIMATORS = ("ML", "MLR", *ORDINAL)
CONVENTIONS = ("lavaan", "amos")
MISSING = ("complete", "fiml", "pairwise")


@dataclass(frozen=True, kw_only=True)
class SemFit:
    """A fitted structural equation model.

    Parameters
    ----------
    parameters
        A row per parameter, as `parameter_frame` tells.
    n
        Respondents used.
    left_out
        Respondents not used: a missing answer, no answer at all under FIML, or no group.
    estimator, missing, convention
        As asked.
    groups
        Labels of the groups; one empty word when there are none.
    iterations
        Steps of the search.
    problems
        What forbids to publish the solution, a sentence each: not converged, not identified, a
        negative variance, a covariance matrix that is not positive definite.
    chi_square, df, p
        Test against unrestricted moments, by likelihood ratio or, with an ordinal estimator, by
        weighted squares; p is NaN without degrees of freedom, and with ``"ULSMV"``, whose plain
        statistic has no known distribution (`fit_indices` has the adjusted one).
    model
        Compiled model with the moments of exogenous variables.
    theta
        Estimates of the free parameters.
    covariance
        Of these estimates.
    moments
        Unrestricted moments of each group.
    """

    parameters: pd.DataFrame
    n: int
    left_out: int
    estimator: str
    missing: str
    convention: str
    groups: tuple[str, ...]
    iterations: int
    problems: tuple[str, ...]
    chi_square: float
    df: int
    p: float
    model: CompiledModel = field(repr=False)
    theta: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    moments: tuple[Moments, ...] = field(repr=False)
    indices: Callable[[], pd.Series] = field(repr=False)
    modifications: Callable[[], pd.DataFrame] = field(repr=False)

    def fit_indices(self) -> pd.Series:
        """Return the fit indices.

        Returns
        -------
        indices
            Named `n`, `npar`, `chi_square`, `df`, `p`, `chi_square_df`, `baseline_chi_square`,
            `baseline_df`, `cfi`, `tli`, `nfi`, `rfi`, `ifi`, `gfi`, `agfi`, `rmsea`,
            `rmsea_low`, `rmsea_high` (90 %), `p_close`, `srmr`, `log_likelihood`, `aic`, `bic`;
            robust estimators add twins that end in ``_scaled`` and ``_robust``.

        Raises
        ------
        AnalysisError
            Telling `problems`, if there are any: indices of such a solution mean nothing.
        """
        self._refuse("fit indices")
        return self.indices()

    def modification_indices(self) -> pd.DataFrame:
        """Return what freeing each fixed parameter would gain.

        Returns
        -------
        modifications
            `lhs`, `op`, `rhs`, `group`, `mi` (fall of chi-square), `epc` (expected value),
            `std_epc`, greatest first.

        Raises
        ------
        AnalysisError
            As in `fit_indices`.
        """
        self._refuse("modification indices")
        return self.modifications()

    def implied(self) -> list[tuple[pd.DataFrame, pd.Series]]:
        """Return implied covariance and mean of the observed variables, per group."""
        names = list(self.model.table.observed)
        return [
            (pd.DataFrame(sigma, index=names, columns=names), pd.Series(mu, index=names))
            for sigma, mu in self.model.implied(self.theta)
        ]

    def residuals(self) -> pd.DataFrame:
        """Return how far implied correlations are from the observed.

        Returns
        -------
        residuals
            A row per group and pair: `group`, `lhs`, `rhs`, `observed` and `implied` covariance,
            and `residual`, their difference over the observed standard deviations (those that
            SRMR averages). The largest in size come first.
        """
        names = self.model.table.observed
        at = np.tril_indices(len(names))
        parts = []
        pairs = zip(self.groups, self.moments, self.model.implied(self.theta), strict=True)
        for label, sample, (sigma, _) in pairs:
            spread = np.sqrt(np.diag(sample.covariance))
            apart = (sample.covariance - sigma) / np.outer(spread, spread)
            columns = {
                "group": label,
                "lhs": [names[i] for i in at[1]],
                "rhs": [names[i] for i in at[0]],
                "observed": sample.covariance[at],
                "implied": sigma[at],
                "residual": apart[at],
            }
            parts.append(pd.DataFrame(columns))
        table = pd.concat(parts, ignore_index=True)
        order = table["residual"].abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index(drop=True)

    def _refuse(self, what: str) -> None:
        if self.problems:
            raise AnalysisError(f"There are no {what}. " + " ".join(self.problems))


def fit_model(
    syntax: str,
    answers: pd.DataFrame,
    *,
    estimator: str = "ML",
    missing: str = "complete",
    convention: str = "lavaan",
    groups: pd.Series | None = None,
    equal: Collection[str] = (),
    partial: Collection[str] = (),
    meanstructure: bool | None = None,
    fixed_x: bool = True,
    std_lv: bool = False,
    confidence: float = 0.95,
) -> SemFit:
    """Fit a structural equation model written in lavaan's language.

    Parameters
    ----------
    syntax
        Model, as `parse_syntax` reads it; completed by the defaults of `build_table`.
    answers
        A row per respondent; columns that the model does not name are ignored.
    estimator
        ``"ML"``, or ``"MLR"`` for standard errors and a chi-square that stand non-normal answers;
        ``"WLSMV"`` and ``"ULSMV"`` for items that are all ordered (polychoric correlations with
        robust errors and an adjusted chi-square), ``"DWLS"`` the same without them.
    missing
        ``"complete"`` leaves out who misses an answer; ``"fiml"`` uses what they answered;
        ``"pairwise"``, for ordinal estimators, does so pair by pair.
    convention
        ``"lavaan"``: normal likelihood, n; ``"amos"``: Wishart likelihood, n - 1.
    groups
        Group of each respondent, aligned by index.
    equal
        What is equal in all groups: ``"loadings"``, ``"intercepts"``, ``"means"``,
        ``"regressions"``, ``"residuals"``, ``"residual.covariances"``, ``"lv.variances"``,
        ``"lv.covariances"``.
    partial
        Relations exempt from `equal`, such as ``"visual=~x2"``.
    meanstructure
        Whether means are part of the model; by default with groups and FIML only.
    fixed_x
        Take the moments of exogenous observed variables as given.
    std_lv
        Set the scale of latent variables by variance 1 in place of a first loading of 1.
    confidence
        Level of the intervals.

    Returns
    -------
    fit
        With its `problems`, if any.

    Raises
    ------
    AnalysisError
        If the syntax cannot be read (naming the line), a variable is unknown or constant,
        variables determine one another, there are no more respondents than variables, or an
        option is unknown.

    Notes
    -----
    The definitions are those of Rosseel (2012), doi:10.18637/jss.v048.i02, and Bollen (1989),
    doi:10.1002/9781118619179.
    """
    _check_options(estimator, missing, convention)
    check_confidence(confidence)
    parsed = parse_syntax(syntax)
    count = 1 if groups is None else groups.reindex(answers.index).nunique()
    ordinal = estimator in ORDINAL
    needed = groups is not None or missing == "fiml" or bool(meanstructure)
    table = build_table(
        parsed,
        groups=max(count, 1),
        equal=equal,
        partial=partial,
        means=needed and not ordinal,
        fixed_x=fixed_x,
        std_lv=std_lv,
    )
    check_definitions(table.definitions, [row.label for row in table.rows if row.label])
    if ordinal:
        check_ordered(table, equal)
    sample = select_sample(
        answers,
        table.observed,
        groups=groups,
        incomplete=missing != "complete",
        required=table.exogenous,
    )
    with one_thread():
        if ordinal:
            return _fit_ordered(table, sample, estimator, missing, confidence)
        estimated = estimate(table, sample, missing=missing, convention=convention)
        return _told(estimated, estimator, missing, convention, confidence)


def _told(
    estimated: Estimated, estimator: str, missing: str, convention: str, confidence: float
) -> SemFit:
    model, theta = estimated.model, estimated.theta
    covariance = estimate_covariance(estimated, estimator=estimator, missing=missing)
    df = estimated.df
    return SemFit(
        parameters=parameter_frame(
            model, theta, covariance, labels=estimated.sample.labels, confidence=confidence
        ),
        n=estimated.sample.n,
        left_out=estimated.sample.left_out,
        estimator=estimator,
        missing=missing,
        convention=convention,
        groups=estimated.sample.labels,
        iterations=estimated.solution.iterations,
        problems=problems_of(
            model, theta, estimated.final.information, converged=estimated.solution.converged
        ),
        chi_square=estimated.chi_square,
        df=df,
        p=float(special.chdtrc(df, estimated.chi_square)) if df > 0 else np.nan,
        model=model,
        theta=theta,
        covariance=covariance,
        moments=estimated.moments,
        indices=bound(fit_indices, estimated, estimator=estimator),
        modifications=bound(modification_indices, estimated),
    )


def _fit_ordered(
    table: ParameterTable, sample: Sample, estimator: str, missing: str, confidence: float
) -> SemFit:
    samples = ordered_samples(sample, table.observed, missing=missing)
    found = fit_ordered(compile_model(table), samples, estimator=estimator)
    known = found.df > 0 and estimator != "ULSMV"
    return SemFit(
        parameters=ordered_parameters(found, labels=sample.labels, confidence=confidence),
        n=sample.n,
        left_out=sample.left_out,
        estimator=estimator,
        missing=missing,
        convention="lavaan",
        groups=sample.labels,
        iterations=found.iterations,
        problems=problems_of(
            found.discrepancy.model, found.theta, found.information, converged=found.converged
        ),
        chi_square=found.chi_square,
        df=found.df,
        p=float(special.chdtrc(found.df, found.chi_square)) if known else np.nan,
        model=found.discrepancy.model,
        theta=found.theta,
        covariance=found.covariance,
        moments=tuple(as_moments(one) for one in samples),
        indices=bound(ordered_indices, found, estimator=estimator),
        modifications=bound(ordered_modifications, found, labels=sample.labels),
    )


def _check_options(estimator: str, missing: str, convention: str) -> None:
    options = (
        ("estimator", estimator, ESTIMATORS),
        ("missing", missing, MISSING),
        ("convention", convention, CONVENTIONS),
    )
    for name, value, known in options:
        if value not in known:
            raise AnalysisError(f"{name} {value!r} is unknown; expected {' or '.join(known)}.")
    if missing == ("fiml" if estimator in ORDINAL else "pairwise"):
        raise AnalysisError(
            f"missing {missing!r} does not go with estimator {estimator!r}: 'fiml' is for ML and "
            "MLR, 'pairwise' for ordinal estimators."
        )
    if convention == "amos" and (missing == "fiml" or estimator != "ML"):
        raise AnalysisError(
            "The convention of AMOS (Wishart likelihood) exists for complete answers and "
            "estimator ML only. Use convention='lavaan'."
        )
