"""All fit indices of an estimated model in one series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from ecity_geo.stats.sem_estimate import Estimated, estimate_baseline, estimate_saturated
from ecity_geo.stats.sem_fiml import available_moments
from ecity_geo.stats.sem_fit import (
    Test,
    absolute_indices,
    comparative_indices,
    rmsea_indices,
)
from ecity_geo.stats.sem_moments import Moments
from ecity_geo.stats.sem_robust import Correction, correction


def fit_indices(estimated: Estimated, *, estimator: str) -> pd.Series:
    """Compute every fit index that the estimator has.

    Parameters
    ----------
    estimated
        A proper solution.
    estimator
        ``"ML"`` or ``"MLR"``.

    Returns
    -------
    indices
        As `SemFit.fit_indices` names them.
    """
    baseline = estimate_baseline(estimated)
    test = Test(
        chi_square=estimated.chi_square,
        df=estimated.df,
        baseline_chi_square=baseline.chi_square,
        baseline_df=baseline.df,
    )
    found = _plain(estimated, test)
    if estimator == "MLR" or estimated.missing == "fiml":
        saturated = estimate_saturated(estimated)
        mine, its = (
            correction(one, saturated, estimator=estimator, missing=estimated.missing)
            for one in (estimated, baseline)
        )
        if estimator == "MLR":
            found |= _scaled(estimated, test, mine, its)
        found |= _robust(estimated, test, mine, its)
    return pd.Series(found, name="fit")


def _scaled(
    estimated: Estimated, test: Test, mine: Correction, its: Correction
) -> dict[str, float]:
    chi, df = test.chi_square / mine.scale, test.df
    base = test.baseline_chi_square / its.scale
    scaled = replace(test, chi_square=chi, baseline_chi_square=base)
    # The noncentrality of the unscaled chi-square counts from its mean, df times the factor.
    around = rmsea_indices(
        test.chi_square,
        df * mine.scale,
        estimated.weight,
        groups=estimated.model.table.groups,
    )
    found = {
        "chi_square": chi,
        "df": df,
        "p": float(special.chdtrc(df, chi)) if df > 0 else np.nan,
        "baseline_chi_square": base,
        "baseline_df": test.baseline_df,
        **comparative_indices(scaled),
        **around,
    }
    factors = {"scaling_factor": mine.scale, "baseline_scaling_factor": its.scale}
    return {f"{name}_scaled": value for name, value in found.items()} | factors


def _robust(
    estimated: Estimated, test: Test, mine: Correction, its: Correction
) -> dict[str, float]:
    robust = replace(
        test,
        chi_square=mine.chi_square,
        baseline_chi_square=its.chi_square,
        scale=mine.robust_scale,
        baseline_scale=its.robust_scale,
    )
    compared = comparative_indices(robust)
    around = rmsea_indices(
        mine.chi_square,
        test.df,
        estimated.weight,
        groups=estimated.model.table.groups,
        scale=mine.robust_scale,
        tested=mine.chi_square / mine.robust_scale,
    )
    found = {"cfi": compared["cfi"], "tli": compared["tli"], **around}
    return {f"{name}_robust": value for name, value in found.items()}


def _plain(estimated: Estimated, test: Test) -> dict[str, float]:
    model, chi, df = estimated.model, test.chi_square, test.df
    groups, means = model.table.groups, model.table.means
    absolute = absolute_indices(
        estimated.moments,
        model.implied(estimated.theta),
        estimated.objective.groups,
        _available(estimated),
        _given(estimated),
        means=means,
        df=df,
    )
    return {
        "n": estimated.sample.n,
        "npar": model.count,
        "chi_square": chi,
        "df": df,
        "p": float(special.chdtrc(df, chi)) if df > 0 else np.nan,
        "chi_square_df": chi / df if df > 0 else np.nan,
        "baseline_chi_square": test.baseline_chi_square,
        "baseline_df": test.baseline_df,
        **comparative_indices(test),
        "gfi": absolute["gfi"],
        "agfi": absolute["agfi"],
        **rmsea_indices(chi, df, estimated.weight, groups=groups),
        "srmr": absolute["srmr"],
        **_likelihood(estimated),
    }


def _available(estimated: Estimated) -> Sequence[Moments]:
    if estimated.missing == "complete":
        return estimated.moments
    return [available_moments(part) for part in estimated.sample.values]


def _given(estimated: Estimated) -> list[int]:
    table = estimated.model.table
    return [table.observed.index(name) for name in table.exogenous]


def _likelihood(estimated: Estimated) -> dict[str, float]:
    value = estimated.objective.log_likelihood(estimated.theta)
    value -= _given_log_likelihood(estimated)
    q, n = estimated.model.count, estimated.sample.n
    return {"log_likelihood": value, "aic": 2 * q - 2 * value, "bic": q * np.log(n) - 2 * value}


def _given_log_likelihood(estimated: Estimated) -> float:
    """Return the log-likelihood of the exogenous variables, which is not the model's."""
    at = np.array(_given(estimated), dtype=int)
    total = 0.0
    for sample in estimated.moments if len(at) else ():
        own = sample.covariance[np.ix_(at, at)]
        constant = len(at) * (np.log(2 * np.pi) + 1)
        total -= sample.n / 2 * (constant + float(np.linalg.slogdet(own)[1]))
    return total
