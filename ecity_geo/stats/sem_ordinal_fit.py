"""Adjusted chi-squares and fit indices of models of ordered items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special
from scipy.linalg import block_diag

from ecity_geo.stats.sem_fit import Test, comparative_indices, rmsea_indices
from ecity_geo.stats.sem_ml import inverse_root
from ecity_geo.stats.sem_ordinal import OrderedSolution, joined
from ecity_geo.stats.sem_ordinal_sample import correlation_gamma

_ROBUST = ("cfi", "tli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """A chi-square scaled and shifted to the mean and variance that it should have.

    Parameters
    ----------
    chi_square
        Adjusted.
    factor
        What it was divided by.
    shift
        What was added then.
    """

    chi_square: float
    factor: float
    shift: float


def shifted(chi_square: float, df: int, trace: float, trace_of_square: float) -> Shifted:
    """Adjust mean and variance of a chi-square.

    Parameters
    ----------
    chi_square, df
        As estimated.
    trace, trace_of_square
        Of ``U Γ`` and of ``U Γ U Γ``.

    Returns
    -------
    shifted
        ``a chi2 + df - a tr(UΓ)`` with ``a = √(df / tr(UΓUΓ))`` (Asparouhov & Muthén 2010,
        "Simple second order chi-square correction"); as it was without degrees of freedom.
    """
    if df <= 0:
        return Shifted(chi_square=chi_square, factor=1.0, shift=0.0)
    by = float(np.sqrt(df / trace_of_square))
    shift = df - by * trace
    return Shifted(chi_square=by * chi_square + shift, factor=1 / by, shift=shift)


def ordered_indices(solution: OrderedSolution, *, estimator: str) -> pd.Series:
    """Compute the fit indices of a model of ordered items.

    Parameters
    ----------
    solution
        Of `fit_ordered`.
    estimator
        ``"WLSMV"`` and ``"ULSMV"`` have twins of the indices: ``_scaled`` from the adjusted
        chi-squares, and ``_robust`` (Savalei 2021, doi:10.1080/00273171.2020.1717922), which
        estimate what the index of normal answers would be; NaN where the polychoric correlations
        or the implied ones are not positive definite. ``"DWLS"`` has none.

    Returns
    -------
    indices
        As `SemFit.fit_indices` names them, without likelihoods. `p` is NaN for ``"ULSMV"``: its
        plain statistic has no known distribution.
    """
    samples = solution.discrepancy.samples
    n, groups = sum(one.n for one in samples), len(samples)
    base, base_df = baseline_chi_square(solution)
    chi, df = solution.chi_square, solution.df
    test = Test(chi_square=chi, df=df, baseline_chi_square=base, baseline_df=base_df)
    known = df > 0 and estimator != "ULSMV"
    found = {
        "n": n,
        "npar": len(solution.discrepancy.free) + sum(len(one.thresholds) for one in samples),
        "chi_square": chi,
        "df": df,
        "p": float(special.chdtrc(df, chi)) if known else np.nan,
        "chi_square_df": chi / df if df > 0 else np.nan,
        "baseline_chi_square": base,
        "baseline_df": base_df,
        **comparative_indices(test),
        **_absolute(solution, estimator),
        **rmsea_indices(chi, df, n - groups, groups=groups),
        "srmr": _srmr(solution),
    }
    if estimator != "DWLS":
        scaled = _scaled(solution, test)
        found |= {f"{name}_scaled": value for name, value in scaled.items()}
        found |= {f"{name}_robust": value for name, value in _robust(solution, test).items()}
    return pd.Series(found, name="fit")


def scaled_test(solution: OrderedSolution) -> Shifted:
    """Return the adjusted chi-square of a solution.

    Parameters
    ----------
    solution
        Of `fit_ordered`.

    Returns
    -------
    test
        By `shifted`.
    """
    weight, left, gamma = joined(solution)
    product = weight[:, None] * (left @ gamma)
    square = float(np.sum(product * product.T))
    return shifted(solution.chi_square, solution.df, float(np.trace(product)), square)


def baseline_chi_square(solution: OrderedSolution) -> tuple[float, int]:
    """Return chi-square and degrees of freedom of the model without any correlation.

    Parameters
    ----------
    solution
        Of any model of the same items.

    Returns
    -------
    chi_square, df
        There is nothing to estimate: it is the weighted sum of squared correlations.
    """
    made = solution.discrepancy
    p = made.model.observed
    df = len(made.samples) * p * (p - 1) // 2
    return float(sum(made.parts([np.eye(p)] * len(made.samples)))), df


def _scaled(solution: OrderedSolution, test: Test) -> dict[str, float]:
    samples, df = solution.discrepancy.samples, solution.df
    own = scaled_test(solution)
    products = [
        weight[:, None] * correlation_gamma(one)
        for weight, one in zip(solution.discrepancy.weights, samples, strict=True)
    ]
    baseline = shifted(
        test.baseline_chi_square,
        int(test.baseline_df),
        float(sum(np.trace(part) for part in products)),
        float(sum(np.sum(part * part.T) for part in products)),
    )
    adjusted = Test(
        chi_square=own.chi_square,
        df=df,
        baseline_chi_square=baseline.chi_square,
        baseline_df=test.baseline_df,
    )
    n = sum(one.n - 1 for one in samples)
    return {
        "chi_square": own.chi_square,
        "df": df,
        "p": float(special.chdtrc(df, own.chi_square)) if df > 0 else np.nan,
        "scaling_factor": own.factor,
        "shift": own.shift,
        "baseline_chi_square": baseline.chi_square,
        "baseline_scaling_factor": baseline.factor,
        **comparative_indices(adjusted),
        **rmsea_indices(own.chi_square, df, n, groups=len(samples)),
    }


def _robust(solution: OrderedSolution, test: Test) -> dict[str, float]:
    """Take the normal discrepancy between correlations, scaled by its mean under the model."""
    made = solution.discrepancy
    implied = [sigma for sigma, _ in made.model.implied(solution.theta)]
    observed = [one.correlations for one in made.samples]
    n, df = sum(one.n - 1 for one in made.samples), solution.df
    identity = np.eye(len(implied[0]))
    if df == 0:
        # As good as can be, like the plain twins: the model repeats the correlations.
        return dict.fromkeys(_ROBUST, 1.0) | rmsea_indices(0.0, 0, n, groups=len(implied))
    chi = _normal(solution, observed, implied)
    base = _normal(solution, observed, [identity] * len(implied))
    if not np.isfinite([chi, base]).all():
        return dict.fromkeys((*_ROBUST, "rmsea", "rmsea_low", "rmsea_high", "p_close"), np.nan)
    scale, base_scale = _normal_scales(solution, implied)
    robust = Test(
        chi_square=chi,
        df=df,
        baseline_chi_square=base,
        baseline_df=test.baseline_df,
        scale=scale,
        baseline_scale=base_scale,
    )
    comparative = comparative_indices(robust)
    groups = len(implied)
    return {name: comparative[name] for name in _ROBUST} | rmsea_indices(
        chi, df, n, groups=groups, scale=scale, tested=chi / scale
    )


def _normal(
    solution: OrderedSolution, observed: Sequence[np.ndarray], implied: Sequence[np.ndarray]
) -> float:
    """Return the normal chi-square between correlation matrices, NaN where there is none."""
    total = 0.0
    pairs = zip(solution.discrepancy.samples, observed, implied, strict=True)
    for one, sample, model in pairs:
        roots = inverse_root(sample), inverse_root(model)
        if roots[0] is None or roots[1] is None:
            return np.nan
        inner = roots[1] @ sample @ roots[1].T
        total += one.n * (np.trace(inner) - len(inner) - np.linalg.slogdet(inner)[1])
    return float(total)


def _normal_scales(solution: OrderedSolution, implied: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the means of the normal chi-squares of model and baseline, per degree of freedom."""
    _, left, gamma = joined(solution)
    samples = solution.discrepancy.samples
    total = sum(one.n for one in samples)
    normal = block_diag(
        *(one.n / total * _normal_weights(s) for one, s in zip(samples, implied, strict=True))
    )
    mean = np.sum((left.T @ normal @ left) * gamma)
    return float(mean / solution.df), float(np.trace(gamma) / len(gamma))


def _normal_weights(sigma: np.ndarray) -> np.ndarray:
    """Return the information that normal variables have about their correlations."""
    inverse = np.linalg.inv(sigma)
    i, j = np.triu_indices(len(sigma), k=1)
    straight = inverse[np.ix_(i, i)] * inverse[np.ix_(j, j)]
    return np.asarray(straight + inverse[np.ix_(i, j)] * inverse[np.ix_(j, i)])


def _absolute(solution: OrderedSolution, estimator: str) -> dict[str, float]:
    """Return GFI and AGFI; thresholds, which fit perfectly, count as in lavaan."""
    made = solution.discrepancy
    gfis, count = [], 0
    implied = made.model.implied(solution.theta)
    parts = made.parts([sigma for sigma, _ in implied])
    for one, part in zip(made.samples, parts, strict=True):
        moments = np.concatenate([one.thresholds["value"].to_numpy(), one.above])
        whole = (one.n - 1) * float(one.weights(estimator) @ moments**2)
        gfis.append(1 - part / whole)
        count += len(moments)
    gfi = float(np.average(gfis, weights=[one.n for one in made.samples]))
    agfi = 1 - count / solution.df * (1 - gfi) if solution.df > 0 else 1.0
    return {"gfi": gfi, "agfi": agfi}


def _srmr(solution: OrderedSolution) -> float:
    """Return the root mean square of residual correlations, those of items with themselves too."""
    made = solution.discrepancy
    at = np.triu_indices(made.model.observed)
    found = [
        np.sqrt(np.mean((one.correlations - sigma)[at] ** 2))
        for one, (sigma, _) in zip(made.samples, made.model.implied(solution.theta), strict=True)
    ]
    return float(np.average(found, weights=[one.n for one in made.samples]))
