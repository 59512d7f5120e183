"""Ordinary least squares of an outcome on scores, with its checks; statsmodels inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ecity_geo.errors import AnalysisError
from ecity_geo.stats.answers import as_numbers, check_confidence, refuse_constant

CONSTANT = "constant"
"""Name of the constant among the coefficients."""
_WHAT = "A regression"
_VIF_LIMIT, _CONDITION_LIMIT = 10.0, 30.0
_SHAPIRO_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """A linear regression.

    Parameters
    ----------
    summary
        `n`, `missing` (respondents left out for a missing value), `r`, `r2`, `r2_adjusted`,
        `r2_low`, `r2_high`, `se` (standard error of the estimate), `durbin_watson`, `f`, `df1`,
        `df2`, `p`, and `robust_needed`.
    coefficients
        A row per term, ``"constant"`` first: `term`, `b`, `se`, `beta`, `t`, `p`, `low`,
        `high`, `vif`, and by the heteroscedasticity-consistent HC3: `se_hc3`, `p_hc3`,
        `low_hc3`, `high_hc3`.
    checks
        A row per check of the residuals and the predictors: `check`, `statistic`, `df`, `p`,
        `verdict` (``"fine"`` or ``"look"``).
    """

    summary: pd.Series
    coefficients: pd.DataFrame
    checks: pd.DataFrame


def regress(scores: pd.DataFrame, outcome: pd.Series, *, confidence: float = 0.95) -> Regression:
    """Regress an outcome on scores by ordinary least squares.

    Parameters
    ----------
    scores
        A row per respondent, a column per predictor.
    outcome
        Aligned by index. Respondents with a missing value are left out, and counted.
    confidence
        Level of the intervals, and of the checks.

    Returns
    -------
    regression
        Summary, coefficients with robust twins, and checks.

    Raises
    ------
    AnalysisError
        With fewer than two respondents more than terms, a predictor or an outcome that never
        varies, a predictor that others determine (it is named), or an outcome without residual.

    Notes
    -----
    Standard errors HC3 of MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7; they are
    needed where Breusch and Pagan's test, studentised by Koenker (1981), tells unequal variance.
    The interval of R² inverts the noncentral F, as if the predictors were fixed (Smithson 2003);
    with random predictors it is a little too short. Durbin-Watson is about residuals that
    follow one another in time: respondents have no order, and it says nothing of them.
    """
    check_confidence(confidence)
    x, y, missing = _complete(scores, outcome)
    _refuse_collinear(x)
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.stattools import durbin_watson

    fit = OLS(y.to_numpy(), _design(x)).fit()
    if fit.ssr <= 1e-12 * fit.centered_tss:
        raise AnalysisError(
            f"The predictors determine {y.name!r} to the last digit: there is no error to test "
            "against. The outcome may be a score of the predictors."
        )
    checks = _checks(fit, x, 1 - confidence)
    low, high = _r2_interval(fit, confidence)
    unequal = checks["verdict"][checks["check"] == "breusch_pagan"].iloc[0] == "look"
    summary = {
        "n": int(fit.nobs),
        "missing": missing,
        "r": float(np.sqrt(fit.rsquared)),
        "r2": float(fit.rsquared),
        "r2_adjusted": float(fit.rsquared_adj),
        "r2_low": low,
        "r2_high": high,
        "se": float(np.sqrt(fit.scale)),
        "durbin_watson": float(durbin_watson(fit.resid)),
        "f": float(fit.fvalue),
        "df1": int(fit.df_model),
        "df2": int(fit.df_resid),
        "p": float(fit.f_pvalue),
        "robust_needed": bool(unequal),
    }
    return Regression(
        summary=pd.Series(summary, dtype=object),
        coefficients=_coefficients(fit, x, y, confidence),
        checks=checks,
    )


def _complete(scores: pd.DataFrame, outcome: pd.Series) -> tuple[pd.DataFrame, pd.Series, int]:
    name = str(outcome.name or "outcome")
    if name in scores.columns:
        raise AnalysisError(f"{name!r} is an outcome and a predictor at once; leave one out.")
    together = as_numbers(scores.assign(**{name: outcome.reindex(scores.index)}))
    complete = together.dropna()
    needed = scores.shape[1] + 3
    if len(complete) < needed:
        raise AnalysisError(
            f"{_WHAT} on {scores.shape[1]} predictors needs at least {needed} respondents with "
            f"every score and the outcome; there are {len(complete)}."
        )
    refuse_constant(complete, what=_WHAT)
    return complete[list(scores.columns)], complete[name], len(together) - len(complete)


def _refuse_collinear(x: pd.DataFrame) -> None:
    """Name the first predictor that those before it determine."""
    centred = x.to_numpy() - x.to_numpy().mean(axis=0)
    centred /= np.linalg.norm(centred, axis=0)
    rest = np.abs(np.diag(np.linalg.qr(centred, mode="r")))
    bad = [str(name) for name, size in zip(x.columns, rest, strict=True) if size < 1e-8]
    if bad:
        raise AnalysisError(
            f"{_WHAT} cannot tell {bad[0]!r} from the other predictors, which determine it. "
            "Leave it out."
        )


def _design(x: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(x)), x.to_numpy()])


def _coefficients(fit: Any, x: pd.DataFrame, y: pd.Series, confidence: float) -> pd.DataFrame:
    robust = fit.get_robustcov_results("HC3", use_t=True)
    spread = x.std(ddof=1).to_numpy() / y.std(ddof=1)
    interval = fit.conf_int(alpha=1 - confidence)
    wide = robust.conf_int(alpha=1 - confidence)
    return pd.DataFrame(
        {
            "term": [CONSTANT, *(str(name) for name in x.columns)],
            "b": fit.params,
            "se": fit.bse,
            "beta": np.concatenate([[np.nan], fit.params[1:] * spread]),
            "t": fit.tvalues,
            "p": fit.pvalues,
            "low": interval[:, 0],
            "high": interval[:, 1],
            "vif": np.concatenate([[np.nan], variance_inflation(x)]),
            "se_hc3": robust.bse,
            "p_hc3": robust.pvalues,
            "low_hc3": wide[:, 0],
            "high_hc3": wide[:, 1],
        }
    )


def variance_inflation(scores: pd.DataFrame) -> np.ndarray:
    """Return the variance inflation factor of each predictor.

    Parameters
    ----------
    scores
        A row per respondent, complete, a column per predictor; none determined by the others.

    Returns
    -------
    vif
        ``1 / (1 - R²)`` of each regressed on the others: the diagonal of the inverse of their
        correlations (Belsley, Kuh & Welsch 1980).
    """
    correlation = np.atleast_2d(np.corrcoef(scores.to_numpy(), rowvar=False))
    return np.asarray(np.diag(np.linalg.inv(correlation)))


def _r2_interval(fit: Any, confidence: float) -> tuple[float, float]:
    """Invert the noncentral F for the share of explained variance."""
    from scipy.optimize import brentq

    f, df1, df2, n = fit.fvalue, fit.df_model, fit.df_resid, fit.nobs

    def noncentrality(level: float) -> float:
        if stats.f.cdf(f, df1, df2) <= level:
            return 0.0
        top = 10.0 + 4 * f * df1
        while stats.ncf.cdf(f, df1, df2, top) > level:
            top *= 2
        found = brentq(lambda nc: stats.ncf.cdf(f, df1, df2, nc) - level, 0.0, top)
        return float(found)

    tail = (1 - confidence) / 2
    low, high = noncentrality(1 - tail), noncentrality(tail)
    return low / (low + n), high / (high + n)


def _checks(fit: Any, x: pd.DataFrame, alpha: float) -> pd.DataFrame:
    from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
    from statsmodels.stats.stattools import jarque_bera

    df = float(x.shape[1])
    breusch, breusch_p, _, _ = het_breuschpagan(fit.resid, fit.model.exog)
    reset = linear_reset(fit, power=3, use_f=True)
    bera, bera_p, _, _ = jarque_bera(fit.resid)
    rows: list[dict[str, Any]] = [
        _tested("breusch_pagan", breusch, df, breusch_p, alpha),
        _tested("reset", float(reset.fvalue), float(reset.df_num), float(reset.pvalue), alpha),
        _tested("jarque_bera", bera, 2.0, bera_p, alpha),
    ]
    if len(fit.resid) <= _SHAPIRO_MOST:
        shapiro = stats.shapiro(fit.resid)
        rows.append(
            _tested("shapiro_wilk", float(shapiro.statistic), np.nan, float(shapiro.pvalue), alpha)
        )
    far = int((fit.get_influence().cooks_distance[0] > 1).sum())
    scaled = _design(x) / np.linalg.norm(_design(x), axis=0)
    rows += [
        _measured("cooks_distance_above_1", far, far > 0),
        _measured("largest_vif", variance_inflation(x).max(), _VIF_LIMIT),
        _measured("condition_number", np.linalg.cond(scaled), _CONDITION_LIMIT),
    ]
    return pd.DataFrame(rows)


def _tested(check: str, statistic: float, df: float, p: float, alpha: float) -> dict[str, Any]:
    verdict = "look" if p < alpha else "fine"
    return {"check": check, "statistic": statistic, "df": df, "p": p, "verdict": verdict}


def _measured(check: str, value: float, limit: float | bool) -> dict[str, Any]:
    bad = limit if isinstance(limit, bool) else value > limit
    verdict = "look" if bad else "fine"
    figures = {"statistic": float(value), "df": np.nan, "p": np.nan}
    return {"check": check, **figures, "verdict": verdict}
